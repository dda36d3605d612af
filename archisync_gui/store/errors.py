"""The errors of the store, and the translation of SQLite's, PostgreSQL's and the file system's codes; no SQL."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from archisync_gui.model import FailureKind, Json, SyncFailure

UNREACHABLE = frozenset({"office-unreachable", "office-full", "office-read-only", "office-slow"})
"""Codes of temporary errors of an office's server: network, restart, too many connections, failover."""
RECOVERABLE = frozenset({"disk-full", "office-disk-full", "read-only", "locked", "disk-error"}) | UNREACHABLE
"""Codes after which the same write may succeed later without a repair of the data."""
LOST = frozenset({"damaged", "data-file-missing"})
"""Codes of an archive that cannot be used any more and may be replaced by a backup or an empty one."""
AGAIN = 3.0
"""Seconds between two attempts to reach an office's server."""


class StoreError(SyncFailure):
    """A database operation failed. ``code`` names the text in ``messages/store.toml`` or ``messages/office.toml``. It
    is a transient failure, after which a run is repeated, only for the codes of :data:`UNREACHABLE`."""

    def __init__(self, code: str, **params: Json) -> None:
        kind = FailureKind.TRANSIENT if code in UNREACHABLE else FailureKind.PERMANENT
        super().__init__(code, kind, params=params)


class EpochLost(StoreError):
    """A member of an office that does not lead (any more) tried to write: nothing was written, and it must close its
    browser. ``epoch``: the epoch of its leadership that has ended; ``None``: it does not lead."""

    def __init__(self, epoch: int | None, **params: Json) -> None:
        super().__init__("office-not-leader" if epoch is None else "office-epoch-lost", epoch=epoch, **params)
        self.epoch = epoch


class Overtaken(SyncFailure):
    """The whole list was replaced after a read began: the read has to be repeated."""

    def __init__(self, entity: str) -> None:
        super().__init__("read-overtaken", FailureKind.TRANSIENT, params={"list": entity})


class Abandoned(Exception):
    """The caller of a job was cancelled; the job's transaction is rolled back."""


_SQLITE = {
    # On a full disk SQLite cannot enlarge the shared memory file beside the database.
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
"""SQLite's extended or primary result code → our code."""

_SYSTEM = {
    errno.ENOSPC: "disk-full",
    errno.EDQUOT: "disk-full",
    errno.EACCES: "read-only",
    errno.EPERM: "read-only",
    errno.EROFS: "read-only",
    errno.EIO: "disk-error",
}
"""``errno`` of the file system → our code."""


_SERVER = {
    "57014": "interrupted",
    "53100": "office-disk-full",
    "53200": "office-unreachable",
    "53300": "office-full",
    "25006": "office-read-only",
    "42501": "office-not-allowed",
    "28000": "office-login",
    "28P01": "office-login",
    "3D000": "office-missing",
    "3F000": "office-missing",
    "42P01": "office-missing",
    "55P03": "locked",
    "40001": "locked",
    "40P01": "locked",
    "58030": "disk-error",
    "XX001": "damaged",
    "XX002": "damaged",
    "25P03": "office-unreachable",
    "57P05": "office-unreachable",
}
"""PostgreSQL's code (SQLSTATE) → our code."""
_SENTENCES = {
    "office-unreachable": (
        "database system is",
        "sistema di database",
        "connection unexpectedly",
        "unexpected eof",
        "inaspettatamente",
    ),
    "office-full": ("too many clients", "too many connections", "connection slots", "troppi client", "slot di conness"),
    "office-pooler": ("unsupported startup parameter",),
    "office-login": ("password", "pg_hba.conf", "authentication", "autenticazione", 'role "', 'ruolo "'),
    "office-missing": ('database "',),
    "office-tls": ("certificate", "certificato", "ssl error", "not support ssl"),
}
"""Our code → parts of the server's error messages (English and Italian), tried in this order. ``database "`` with its
quotation mark is followed by the database's name; without it a host named ``database`` would match."""
_CLASSES = {"08": "office-unreachable", "57": "office-unreachable", "58": "disk-error"}
"""First two characters of PostgreSQL's other codes → our code."""


def server_code(error: BaseException) -> str | None:
    """The code of an error of psycopg; ``None`` for a programming error and for other exceptions."""
    if not any(kind.__module__.startswith("psycopg") for kind in type(error).__mro__):
        return None
    state: str | None = getattr(error, "sqlstate", None)
    if state is not None:
        return _SERVER.get(state) or _CLASSES.get(state[:2])
    if not any(kind.__name__ == "OperationalError" for kind in type(error).__mro__):
        return None
    # While connecting, libpq gives no code, only the message, in the server's language (Italian or English).
    text = str(error).lower()
    found = (code for code, words in _SENTENCES.items() if any(word in text for word in words))
    return next(found, "office-unreachable")


def code_of(error: BaseException) -> str | None:
    """The code of an error of SQLite, a server or the file system; ``None`` for a programming error."""
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
    return server_code(error)


@contextmanager
def translated(path: Path | str) -> Iterator[None]:
    """Turn errors of a database and of the file system into :class:`StoreError`, and an interrupt into
    :class:`Abandoned`; other exceptions pass unchanged.

    ``path``: the file or the office's name, for the message.
    """
    try:
        yield
    except Exception as error:
        code = code_of(error)
        if code == "interrupted":
            raise Abandoned from error
        if code is None:
            raise
        raise StoreError(code, path=str(path), detail=one_line(getattr(error, "orig", None) or error)) from error


def one_line(error: BaseException) -> str:
    """An error's message, which may have several lines, in one line."""
    return " ".join(str(error).split())
