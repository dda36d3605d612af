"""One SQLite file: opening it, its two threads (one writes, one reads), transactions; no table is named here.

Why a second thread: in WAL mode a reader never blocks the writer nor sees half of a transaction, so a search through
a million rows on a thread and connection of its own delays no sync, and a large apply delays no page of the panel.
Both are threads of the store; nothing of SQL runs anywhere else.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from archisync_gui.disk import PRIVATE, beside, put_in_place, remove_file
from archisync_gui.store.errors import Abandoned, StoreError, code_of, translated
from archisync_gui.store.worker import Worker

log = logging.getLogger(__name__)

T = TypeVar("T")

SIDES = ("-wal", "-shm")
"""What SQLite keeps beside a database file. The write-ahead log holds its newest transactions."""

HEADER = 100
"""Bytes of the header of a database file; :func:`make_empty` writes a whole page."""


def make_empty(path: Path) -> None:
    """Make a private database file without tables. It is there whole or not at all, so that a file of no bytes always
    means that its content was lost. Blocking."""
    part = beside(path)
    try:
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, PRIVATE))
        with closing(sqlite3.connect(part)) as empty:
            empty.execute("VACUUM")  # writes the header
        put_in_place(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


Identity: TypeAlias = tuple[int, int] | None
"""Device and inode of a file; ``None``: there is none."""


class _Place:
    """Which files a database has open, whatever is put under their names meanwhile (a copy from elsewhere, by rename):
    what is written then would be lost, and SQLite would replay the log of the one file into the other."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: Identity = None
        self._sides: dict[Path, Identity] = {}

    def require(self) -> None:
        """Raise ``file-replaced`` where another file, or none, is in the place of the one that is open."""
        found = _identity(self._path)
        if self._file is None:
            self._file = found
        elif found != self._file:
            raise StoreError("file-replaced", path=str(self._path))

    def know_sides(self) -> None:
        """Remember the log beside the open file, once there is one."""
        for side in (self._path.with_name(f"{self._path.name}{suffix}") for suffix in SIDES):
            if self._sides.get(side) is None:
                self._sides[side] = _identity(side)

    @property
    def is_kept(self) -> bool:
        """Whether the open file, if there is one, still has its name."""
        return self._file is None or _identity(self._path) == self._file

    def closed(self) -> None:
        """After closing: SQLite leaves the log of a file that has lost its name. It must not meet the other one."""
        if self.is_kept or not self._path.exists():
            return
        for side, known in self._sides.items():
            if known is not None and _identity(side) == known:
                log.error("%s belonged to a file that was replaced, and is removed", side)
                remove_file(side)


def _identity(path: Path) -> Identity:
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_dev, found.st_ino


class Database:
    """A SQLite database in WAL mode, private to its owner (file 0600, folder 0700).

    ``synchronous`` is SQLite's: ``NORMAL`` survives every crash of the program, ``FULL`` also loses no committed
    transaction when the power fails.
    """

    def __init__(self, path: Path, *, synchronous: str = "NORMAL") -> None:
        self.path = path
        self._synchronous = synchronous
        name = path.stem
        self._place = _Place(path)
        self._writer = _Side(self._place, path, Worker(f"{name}-writer"), synchronous, writes=True)
        self._reader = _Side(self._place, path, Worker(f"{name}-reader"), synchronous, writes=False)

    @property
    def place(self) -> str:
        """The file's path, for people."""
        return str(self.path)

    def require_place(self) -> None:
        """Raise :class:`StoreError` ``file-replaced`` where another file, or none, is in the place of the one that is
        open. Blocking."""
        with translated(self.path):
            self._place.require()

    async def create(self) -> None:
        """Make folder and file where they are missing, and both private. Raises :class:`StoreError`."""
        await self._writer.worker.run(self._create)

    def _create(self) -> None:
        with translated(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if os.access(self.path.parent, os.W_OK):
                self.path.parent.chmod(0o700)
            if not self.path.exists():
                make_empty(self.path)
            elif self.path.is_dir():
                raise StoreError("damaged", path=str(self.path), detail="a folder is in its place")
            elif self.path.stat().st_size < HEADER:  # SQLite takes a file of one byte for a new one, and writes into it
                raise StoreError("damaged", path=str(self.path), detail="the file is empty")
            os.close(os.open(self.path, os.O_RDWR))
            self.path.chmod(PRIVATE)

    async def write(self, job: Callable[[sa.Connection], T], *, abandoned: threading.Event | None = None) -> T:
        """Run ``job`` in one write transaction: committed when it returns, rolled back when it raises.

        ``abandoned`` is set when the caller is cancelled; a long job looks at it and raises :class:`Abandoned`. One
        that is committed all the same was cancelled too late: its result is returned.
        """
        return await self._writer.run(job, abandoned)

    async def change_schema(self, job: Callable[[sa.Connection], T]) -> T:
        """Run ``job``, a migration, in one write transaction."""
        return await self.write(job)

    async def read(self, job: Callable[[sa.Connection], T]) -> T:
        """Run ``job`` on the reading connection, which sees one committed state. Cancelling stops a long query."""
        return await self._reader.run(job, None)

    async def exclusive(self, job: Callable[[sa.Connection], T]) -> T:
        """Run ``job`` on the writing connection outside a transaction (backup, checkpoint)."""
        return await self._writer.run(job, None, transaction=False)

    async def close(self) -> None:
        """Finish what was asked for, close both connections, end both threads."""
        try:
            await self._reader.close()
        finally:
            await self._writer.close()


def unsound(connection: Any) -> str | None:
    """The first thing wrong with the open database of a :mod:`sqlite3` connection; ``None``: nothing. Blocking.

    A damaged full-text index, which SQLite 3.44 and later look at too, does not count: it is made anew from the rows.
    """
    for (line,) in connection.execute("PRAGMA quick_check(20)"):
        if line != "ok" and "FTS5 table" not in line:
            return str(line)
    return None


def only_read(path: Path) -> sqlite3.Connection:
    """A connection that changes nothing of a database that nobody has open. SQLite would make a log beside a file that
    has none, and leave it there."""
    has_log = path.with_name(f"{path.name}-wal").exists()
    how = "mode=ro" if has_log else "mode=ro&immutable=1"
    return sqlite3.connect(f"{path.resolve().as_uri()}?{how}", uri=True)


def json_or_none(text: Any) -> Any:
    """The value of a JSON cell. One that cannot be read counts as empty, so that it spoils nothing but its own row."""
    if isinstance(text, int | float):  # SQLite turns a lone number into one
        return text
    try:
        return json.loads(text)
    except (ValueError, TypeError, RecursionError):
        log.warning("a stored JSON value cannot be read and is left out: %.60r", text)
        return None


class _Side:
    """A connection and the thread it lives on."""

    def __init__(self, place: _Place, path: Path, worker: Worker, synchronous: str, *, writes: bool) -> None:
        self.worker = worker
        self._place = place
        self._path = path
        self._writes = writes
        self._connection: sa.Connection | None = None
        # Autocommit in the sqlite3 module and an explicit BEGIN, or DDL would escape from the transaction.
        self._engine = sa.create_engine(
            sa.URL.create("sqlite+pysqlite", database=str(path)), poolclass=NullPool, json_deserializer=json_or_none
        )

        @sa.event.listens_for(self._engine, "connect")
        def _connected(raw: Any, _record: object) -> None:
            raw.isolation_level = None
            raw.execute("PRAGMA busy_timeout = 5000")
            if writes:
                raw.execute("PRAGMA journal_mode = WAL")
                raw.execute(f"PRAGMA synchronous = {synchronous}")
                raw.execute("PRAGMA journal_size_limit = 33554432")
            else:
                raw.execute("PRAGMA query_only = ON")
            raw.execute("PRAGMA temp_store = MEMORY")
            raw.execute("PRAGMA cache_size = -16384")

        @sa.event.listens_for(self._engine, "begin")
        def _begun(connection: sa.Connection) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    async def run(
        self, job: Callable[[sa.Connection], T], abandoned: threading.Event | None, *, transaction: bool = True
    ) -> T:
        def call() -> T:
            with translated(self._path):
                try:
                    connection = self._open()
                    if not transaction:
                        try:
                            return job(connection)
                        finally:
                            connection.rollback()  # a question begins a transaction too
                    with connection.begin():
                        done = job(connection)
                        if self._writes:  # the last moment: what is committed into a file without a name is lost
                            self._place.require()
                            self._place.know_sides()
                        return done
                except BaseException as error:
                    self._recover(error)
                    raise

        def cancel() -> None:
            if abandoned is not None:
                abandoned.set()
            elif not self._writes and self._connection is not None:
                self._connection.connection.driver_connection.interrupt()  # type: ignore[union-attr]

        return await self.worker.run(call, on_cancel=cancel, keeps_result=abandoned is not None)

    def _open(self) -> sa.Connection:
        if self._connection is None:
            self._place.require()  # a connection that is made anew must not meet another file
            self._connection = self._engine.connect()
        return self._connection

    def _recover(self, error: BaseException) -> None:
        # After an error of the disk the connection's view of the file cannot be trusted: the next job opens anew.
        if code_of(error) in ("disk-error", "damaged", "read-only"):
            self._drop()

    def _drop(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            try:
                connection.close()
            except sa.exc.DBAPIError:
                connection.invalidate()

    async def close(self) -> None:
        await self.worker.close(self._end)

    def _end(self) -> None:
        if self._writes and self._connection is not None and not self._place.is_kept:
            # SQLite does not do it for a file without its name; whoever has moved it may put it back.
            with suppress(sa.exc.DBAPIError, sqlite3.Error):
                self._connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").close()
        self._drop()
        self._engine.dispose()
        if self._writes:
            self._place.closed()


def check(abandoned: threading.Event | None) -> None:
    """Raise :class:`Abandoned` when nobody waits for the running job any more."""
    if abandoned is not None and abandoned.is_set():
        raise Abandoned


__all__ = ["Abandoned", "Database", "StoreError", "check"]
