"""What can go wrong with a database file and how SQLite's codes become failures with a text; no SQL."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from archisync_gui.model import FailureKind, Json, SyncFailure

RECOVERABLE = frozenset({"disk-full", "read-only", "locked", "disk-error"})
"""Codes after which the same write may succeed later without anybody touching the data."""


class StoreError(SyncFailure):
    """A database file could not be used; not repeated by itself. ``code`` names the text in ``messages/store.toml``."""

    def __init__(self, code: str, **params: Json) -> None:
        super().__init__(code, FailureKind.PERMANENT, params=params)


class Overtaken(SyncFailure):
    """The whole list was replaced after a read was compared with it: the read has to be repeated."""

    def __init__(self, entity: str) -> None:
        super().__init__("read-overtaken", FailureKind.TRANSIENT, params={"list": entity})


class Abandoned(Exception):
    """A job noticed that nobody waits for it any more; its transaction is rolled back."""


_SQLITE = {
    # Without room SQLite cannot enlarge the shared memory file beside the database.
    sqlite3.SQLITE_IOERR_SHMSIZE: "disk-full",
    sqlite3.SQLITE_IOERR: "disk-error",
    sqlite3.SQLITE_FULL: "disk-full",
    sqlite3.SQLITE_READONLY: "read-only",
    sqlite3.SQLITE_CANTOPEN: "read-only",
    sqlite3.SQLITE_PERM: "read-only",
    sqlite3.SQLITE_CORRUPT: "damaged",
    sqlite3.SQLITE_NOTADB: "damaged",
    sqlite3.SQLITE_BUSY: "locked",
    sqlite3.SQLITE_LOCKED: "locked",
    sqlite3.SQLITE_INTERRUPT: "interrupted",
}
"""SQLite's extended or primary result codes with ours."""

_SYSTEM = {
    errno.ENOSPC: "disk-full",
    errno.EDQUOT: "disk-full",
    errno.EACCES: "read-only",
    errno.EPERM: "read-only",
    errno.EROFS: "read-only",
    errno.EIO: "disk-error",
}
"""The file system's error numbers with our codes."""


def code_of(error: BaseException) -> str | None:
    """The code of an error of SQLite or the file system; ``None`` for one that is no matter of the file."""
    match error:
        case DBAPIError() if error.orig is not None:
            return code_of(error.orig)
        case sqlite3.Error():
            number = getattr(error, "sqlite_errorcode", None)
            if number is None:  # raised by the Python module itself, a programming error
                return None
            return _SQLITE.get(number) or _SQLITE.get(number & 0xFF)
        case OSError():
            return _SYSTEM.get(error.errno or 0)
    return None


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn errors of SQLite and of the file system into :class:`StoreError`; anything else passes unchanged."""
    try:
        yield
    except (DBAPIError, sqlite3.Error, OSError) as error:
        code = code_of(error)
        if code == "interrupted":
            raise Abandoned from error
        if code is None:
            raise
        raise StoreError(code, path=str(path), detail=str(getattr(error, "orig", None) or error)) from error
