"""One SQLite file: opening it, its writing and its reading thread, transactions. It does not depend on any table.

Why two threads: in WAL mode a reader neither blocks the writer nor sees half of a transaction. So a search in a million
rows on its own thread and connection does not delay a sync, and a large apply does not delay a page of the panel.
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

from archisync_gui.disk import PRIVATE, remove_file, replacing
from archisync_gui.store.dialect import define_functions
from archisync_gui.store.errors import Abandoned, StoreError, code_of, translated
from archisync_gui.store.worker import Worker

log = logging.getLogger(__name__)

T = TypeVar("T")

SIDES = ("-wal", "-shm")
"""Suffixes of the files that SQLite keeps beside a database file. The write-ahead log has the newest transactions."""

HEADER = 100
"""Bytes of a database file's header: a file that is smaller is damaged."""


def make_empty(path: Path) -> None:
    """Create a private database file without tables, atomically: a file with fewer bytes than the header has therefore
    lost its content. Blocking."""
    with replacing(path) as part:
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, PRIVATE))
        with closing(sqlite3.connect(part)) as empty:
            empty.execute("VACUUM")  # writes the header


Identity: TypeAlias = tuple[int, int] | None
"""Device and inode of a file; ``None``: there is none."""


class _OpenFile:
    """The identity of the open database file and its log, to notice when another file was put under its name (a copy
    from elsewhere, by rename). Then writes would be lost, and SQLite would replay one file's log into the other."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: Identity = None
        self._sides: dict[Path, Identity] = {}

    def require(self) -> None:
        """Raise ``file-replaced`` if the path leads to another file than the open one, or to none. The first call
        stores the identity."""
        found = _identity(self._path)
        if self._file is None:
            self._file = found
        elif found != self._file:
            raise StoreError("file-replaced", path=str(self._path))

    def remember_sides(self) -> None:
        """Store the identity of the log files as soon as they exist."""
        for side in (self._path.with_name(f"{self._path.name}{suffix}") for suffix in SIDES):
            if self._sides.get(side) is None:
                self._sides[side] = _identity(side)

    @property
    def still_named(self) -> bool:
        """Whether the path still leads to the open file, if there is one."""
        return self._file is None or _identity(self._path) == self._file

    def remove_stale_log(self) -> None:
        """To be called after closing: remove the log of a file that was replaced, which SQLite does not do. It must not
        be replayed into the new file."""
        if self.still_named or not self._path.exists():
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

    ``synchronous`` is SQLite's setting: with ``NORMAL`` committed transactions survive a crash of the program, with
    ``FULL`` also a power failure.
    """

    def __init__(self, path: Path, *, synchronous: str = "NORMAL") -> None:
        self.path = path
        self._synchronous = synchronous
        name = path.stem
        self._open_file = _OpenFile(path)
        self._writer = _ThreadConnection(self._open_file, path, Worker(f"{name}-writer"), synchronous, writes=True)
        self._reader = _ThreadConnection(self._open_file, path, Worker(f"{name}-reader"), synchronous, writes=False)

    @property
    def place(self) -> str:
        """The file's path, for messages."""
        return str(self.path)

    def require_place(self) -> None:
        """Raise :class:`StoreError` ``file-replaced`` if the open file was moved, replaced or deleted. Blocking."""
        with translated(self.path):
            self._open_file.require()

    async def create(self) -> None:
        """Create folder and file if they are missing, and make both private. Raises :class:`StoreError`."""
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
            elif self.path.stat().st_size < HEADER:  # SQLite would take such a file for a new one, and overwrite it
                raise StoreError("damaged", path=str(self.path), detail="the file is empty")
            os.close(os.open(self.path, os.O_RDWR))
            self.path.chmod(PRIVATE)

    async def write(self, job: Callable[[sa.Connection], T], *, abandoned: threading.Event | None = None) -> T:
        """Run ``job`` in one write transaction: committed when it returns, rolled back when it raises.

        ``abandoned`` is set when the caller is cancelled; a long job checks it and raises :class:`Abandoned`. If the
        job is committed all the same, its result is returned, since the cancellation came too late.
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
        """Finish the jobs in the queues, close both connections, end both threads."""
        try:
            await self._reader.close()
        finally:
            await self._writer.close()


def damage_in(connection: Any) -> str | None:
    """The first damage that SQLite's ``quick_check`` finds in the database of a :mod:`sqlite3` connection; ``None``: it
    is sound. Blocking.

    A damaged full-text index, which SQLite checks from 3.44 on, does not count: it can be rebuilt from the rows.
    """
    for (line,) in connection.execute("PRAGMA quick_check(20)"):
        if line != "ok" and "FTS5 table" not in line:
            return str(line)
    return None


def open_read_only(path: Path) -> sqlite3.Connection:
    """A read-only connection to a database that is not open. Without ``immutable`` SQLite would create a log beside a
    file that has none, and leave it there."""
    has_log = path.with_name(f"{path.name}-wal").exists()
    mode = "mode=ro" if has_log else "mode=ro&immutable=1"
    return sqlite3.connect(f"{path.resolve().as_uri()}?{mode}", uri=True)


def json_or_none(text: Any) -> Any:
    """The value of a JSON cell; ``None`` if it is damaged, so that only its own row is affected."""
    if isinstance(text, int | float):  # SQLite stores a text that is a number as a number
        return text
    try:
        return json.loads(text)
    except (ValueError, TypeError, RecursionError):
        log.warning("a stored JSON value cannot be read and is left out: %.60r", text)
        return None


class _ThreadConnection:
    """A connection and the thread that uses it."""

    def __init__(self, open_file: _OpenFile, path: Path, worker: Worker, synchronous: str, *, writes: bool) -> None:
        self.worker = worker
        self._open_file = open_file
        self._path = path
        self._writes = writes
        self._connection: sa.Connection | None = None
        # Autocommit in the sqlite3 module and an explicit BEGIN: else DDL would not be part of the transaction.
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
                if synchronous == "FULL":  # macOS: without this its disk may hold back what was handed to it
                    raw.execute("PRAGMA fullfsync = ON")
                raw.execute("PRAGMA journal_size_limit = 33554432")
            else:
                raw.execute("PRAGMA query_only = ON")
            raw.execute("PRAGMA temp_store = MEMORY")
            raw.execute("PRAGMA cache_size = -16384")
            define_functions(raw)

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
                            connection.rollback()  # a query begins a transaction too
                    with connection.begin():
                        done = job(connection)
                        if self._writes:  # last check before the commit: into a file without a name it would be lost
                            self._open_file.require()
                            self._open_file.remember_sides()
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
            self._open_file.require()  # a new connection must not open another file
            self._connection = self._engine.connect()
        return self._connection

    def _recover(self, error: BaseException) -> None:
        # After a disk error the connection's cache may differ from the file: the next job opens a new connection.
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
        if self._writes and self._connection is not None and not self._open_file.still_named:
            # SQLite does not do this when closing a file that was moved; the file may be moved back.
            with suppress(sa.exc.DBAPIError, sqlite3.Error):
                self._connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").close()
        self._drop()
        self._engine.dispose()
        if self._writes:
            self._open_file.remove_stale_log()


def check(abandoned: threading.Event | None) -> None:
    """Raise :class:`Abandoned` if the caller of the running job was cancelled."""
    if abandoned is not None and abandoned.is_set():
        raise Abandoned


__all__ = ["Abandoned", "Database", "StoreError", "check"]
