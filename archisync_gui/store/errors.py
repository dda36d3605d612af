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


def code_of(error: BaseException) -> str | None:
    """The code of an error of SQLite or the file system; ``None`` for one that is no matter of the file."""
    match error:
        case DBAPIError() if error.orig is not None:
            return code_of(error.orig)
        case sqlite3.Error():
            extended = getattr(error, "sqlite_errorcode", None)
            if extended is None:  # raised by the Python module itself, a programming error
                return None
            match extended & 0xFF:
                case sqlite3.SQLITE_FULL:
                    return "disk-full"
                case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
                    return "read-only"
                case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
                    return "damaged"
                case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
                    return "locked"
                case sqlite3.SQLITE_INTERRUPT:
                    return "interrupted"
                case sqlite3.SQLITE_IOERR:
                    # Without room SQLite cannot enlarge the shared memory file beside the database.
                    return "disk-full" if extended == sqlite3.SQLITE_IOERR_SHMSIZE else "disk-error"
            return None
        case OSError():
            match error.errno:
                case errno.ENOSPC | errno.EDQUOT:
                    return "disk-full"
                case errno.EACCES | errno.EPERM | errno.EROFS:
                    return "read-only"
                case errno.EIO:
                    return "disk-error"
            return None
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
