"""An office's database on a PostgreSQL server: the two threads' connections, transactions, and the check that this
member leads (*fence*).

The counterpart of ``database.py``. It depends on no table of the store but ``leader``, which has the epoch.

Every wait for the server has a limit on the client's side too (:class:`Connection`): if packets are lost behind a proxy
that answers TCP's keepalives, a thread would otherwise block for ever.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Protocol

import psycopg
import sqlalchemy as sa
from psycopg import sql
from psycopg.pq import TransactionStatus
from sqlalchemy.pool import NullPool

from archisync_gui.store import dialect
from archisync_gui.store.database import json_or_none
from archisync_gui.store.errors import EpochLost, StoreError, code_of, one_line, translated
from archisync_gui.store.postgres_server import (
    READ_SECONDS,
    SILENCE,
    WRITE_SECONDS,
    Connection,
    Server,
    T,
)
from archisync_gui.store.worker import Worker

IDLE_SECONDS = 2.0
"""A connection that was idle for longer is tested before it is used."""
CHANGE_SECONDS = 60.0
"""Seconds for which the transaction of a migration or of :func:`transaction` may be idle before the server ends the
session; for others it is ``STUCK_SECONDS``."""
READING_SECONDS = 600.0
"""As ``CHANGE_SECONDS``, for a reading :func:`transaction`: its user may search this computer's backups meanwhile."""

EPOCH = sa.text("SELECT epoch FROM leader WHERE id = 1 AND epoch = :epoch AND member = :holder FOR SHARE")
"""Query: whether this member still leads with this epoch. With the member's id, since a server that lost its last
changes (a standby, a restored copy) may give another member the same epoch."""


class Fence(Protocol):
    """The epoch with which this member may write."""

    @property
    def epoch(self) -> int | None:
        """The epoch of this member's leadership; ``None`` while it does not lead."""

    @property
    def holder(self) -> str:
        """The id of this member."""

    def lost(self, epoch: int) -> None:
        """The database shows that the leadership ``epoch`` has ended. Called on the writing thread."""


class Postgres:
    """The database of an office, for one member: the same interface as ``database.Database``.

    ``fence``: its epoch is checked in every write transaction; without a fence there is no check (a database that all
    members write, tests). ``seconds``: the limit of a statement; ``None``: :data:`READ_SECONDS` and
    :data:`WRITE_SECONDS`.
    """

    def __init__(
        self, server: Server, *, name: str = "store", fence: Fence | None = None, seconds: float | None = None
    ) -> None:
        self.server = server
        self._writer = _ThreadConnection(server, f"{name}-writer", fence, seconds or WRITE_SECONDS, writes=True)
        self._reader = _ThreadConnection(server, f"{name}-reader", None, seconds or READ_SECONDS, writes=False)

    @property
    def place(self) -> str:
        """The database's name, for messages."""
        return str(self.server)

    def require_place(self) -> None:
        """Does nothing, see :class:`Connections`."""

    async def create(self) -> None:
        """Create the office's schema if it is missing. Raises :class:`StoreError`."""
        await self._writer.worker.run(self._create)

    def _create(self) -> None:
        with translated(self.place):
            with self.server.connect("archisync preparing", autocommit=True) as connection:
                found = connection.execute(
                    "SELECT 1 FROM pg_namespace WHERE nspname = %s", (self.server.schema,)
                ).fetchone()
                if found is None:
                    name = sql.Identifier(self.server.schema)
                    # Of two at the same time the second fails in spite of IF NOT EXISTS, after waiting for the first.
                    with suppress(psycopg.errors.UniqueViolation):
                        connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(name))

    async def write(self, job: Callable[[sa.Connection], T], *, abandoned: threading.Event | None = None) -> T:
        """Run ``job`` in one write transaction: committed when it returns, rolled back when it raises.

        Raises :class:`EpochLost` if this member does not lead (any more). ``abandoned`` as in ``Database.write``.
        """
        return await self._writer.run(job, abandoned)

    async def change_schema(self, job: Callable[[sa.Connection], T]) -> T:
        """Run ``job``, a migration, in a write transaction: one member at a time, also one that does not lead. It may
        be idle for ``CHANGE_SECONDS`` between its statements, since it loads Alembic, which virus scanners slow
        down."""

        def alone(connection: sa.Connection) -> T:
            connection.execute(_MAY_BE_IDLE, {"limit": f"{CHANGE_SECONDS * 1000:.0f}"})
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(hashtext(current_schema()), 2)"))
            return job(connection)

        return await self._writer.run(alone, None, fenced=False)

    async def read(self, job: Callable[[sa.Connection], T]) -> T:
        """Run ``job`` on the reading connection, which sees one committed state. Cancelling stops a long query."""
        return await self._reader.run(job, None)

    async def exclusive(self, job: Callable[[sa.Connection], T]) -> T:
        """Run ``job`` on the writing connection and roll back (checks, backups)."""
        return await self._writer.run(job, None, transaction=False, fenced=False)

    def break_off(self) -> None:
        """Close both connections, also while they run a job; from any thread. Later jobs are refused without asking the
        server. For a member that does not lead any more and may not reach the server."""
        self._reader.break_off()
        self._writer.break_off()

    async def close(self) -> None:
        """Finish the jobs in the queues, close both connections, end both threads."""
        try:
            await self._reader.close()
        finally:
            await self._writer.close()


@contextmanager
def transaction(server: Server, purpose: str, *, writes: bool) -> Iterator[sa.Connection]:
    """One transaction on a connection of its own: committed at the end of the block, rolled back if that raises.
    Without ``writes`` it is read-only and sees one committed state. Blocking.

    There is no fence: the block has to exclude the leader itself, if it writes what a leader writes. Between two
    statements it may be idle for ``CHANGE_SECONDS``; a reading one, which blocks no other, for ``READING_SECONDS``.
    Raises :class:`StoreError`.
    """
    idle = CHANGE_SECONDS if writes else READING_SECONDS

    def connect() -> Connection:
        connection = server.connect(f"archisync {purpose}")
        connection.read_only = not writes
        return connection

    engine = _engine(connect, writes=writes)
    try:
        with translated(str(server)), engine.connect() as connection, connection.begin():
            try:
                connection.execute(_MAY_BE_IDLE, {"limit": f"{idle * 1000:.0f}"})
                yield connection
            except sa.exc.DBAPIError as error:
                if code_of(error) == "interrupted":
                    raise StoreError("office-slow", path=str(server), detail=one_line(error)) from error
                raise
    finally:
        engine.dispose()


_MAY_BE_IDLE = sa.text("SELECT set_config('idle_in_transaction_session_timeout', :limit, true)")


def _engine(connect: Callable[[], Connection], *, writes: bool) -> sa.Engine:
    engine = sa.create_engine(
        "postgresql+psycopg://",
        creator=connect,
        poolclass=NullPool,
        paramstyle=dialect.PARAMSTYLE,
        json_deserializer=json_or_none,
        isolation_level="READ COMMITTED" if writes else "REPEATABLE READ",
    )
    sa.event.listen(engine, "before_cursor_execute", _without_nul, retval=True)
    return engine


class _ThreadConnection:
    """A connection and the thread that uses it."""

    def __init__(self, server: Server, name: str, fence: Fence | None, seconds: float, *, writes: bool) -> None:
        self.worker = Worker(name)
        self._server, self._name, self._fence, self._writes = server, name, fence, writes
        self._seconds = seconds
        self._connection: sa.Connection | None = None
        self._used = 0.0
        self._broken_off = threading.Event()
        self._engine = _engine(self._connect, writes=writes)

    def _connect(self) -> Connection:
        connection = self._server.connect(f"archisync {self._name}", statement_seconds=self._seconds)
        connection.broken_off = self._broken_off
        if not self._writes:
            connection.read_only = True
        return connection

    async def run(
        self,
        job: Callable[[sa.Connection], T],
        abandoned: threading.Event | None,
        *,
        transaction: bool = True,
        fenced: bool = True,
    ) -> T:
        unwanted = threading.Event()

        def call() -> T:
            with translated(str(self._server)):
                try:
                    if transaction and fenced and self._fence is not None and self._fence.epoch is None:
                        raise EpochLost(None, path=str(self._server))  # known without asking the server
                    connection = self._open(unwanted)
                    if not transaction:
                        try:
                            return job(connection)
                        finally:
                            connection.rollback()
                    with connection.begin():
                        if fenced and self._fence is not None:
                            self._check(connection, self._fence)
                        return job(connection)
                except BaseException as error:
                    self._recover(error)
                    if code_of(error) == "interrupted" and not unwanted.is_set():
                        raise StoreError("office-slow", path=str(self._server), detail=one_line(error)) from error
                    raise
                finally:
                    self._used = time.monotonic()

        def cancel() -> None:
            (abandoned or unwanted).set()

        on_cancel = cancel if abandoned is not None or not self._writes else None
        return await self.worker.run(call, on_cancel=on_cancel, keeps_result=abandoned is not None)

    def _check(self, connection: sa.Connection, fence: Fence) -> None:
        epoch = fence.epoch
        if epoch is None:
            raise EpochLost(None, path=str(self._server))
        if connection.scalar(EPOCH, {"epoch": epoch, "holder": fence.holder}) is None:
            fence.lost(epoch)
            raise EpochLost(epoch, path=str(self._server))

    def _open(self, unwanted: threading.Event) -> sa.Connection:
        if self._broken_off.is_set():
            self._drop()
            raise StoreError("office-unreachable", path=str(self._server), detail="broken off by its owner")
        if self._connection is not None and time.monotonic() - self._used > IDLE_SECONDS:
            self._ask()
        if self._connection is None:
            self._connection = self._engine.connect()
        raw: Any = self._connection.connection.driver_connection
        raw.unwanted = unwanted
        return self._connection

    def _ask(self) -> None:
        """Test the connection, and drop it if the server does not answer; no transaction is open on it."""
        assert self._connection is not None
        try:
            raw: Any = self._connection.connection.driver_connection
            limit, raw.limit = raw.limit, SILENCE
            try:
                raw.execute("SELECT 1")
                raw.rollback()
            finally:
                raw.limit = limit
        except (psycopg.Error, sa.exc.DBAPIError):
            self._drop()

    def _recover(self, error: BaseException) -> None:
        broken = self._connection is None or _lost(self._connection)
        if broken or code_of(error) in ("office-unreachable", "office-read-only", "disk-error"):
            self._drop()

    def _drop(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            try:
                if _lost(connection):
                    connection.invalidate()  # else SQLAlchemy would try to roll back, and log an error
                connection.close()
            except (psycopg.Error, sa.exc.DBAPIError):
                connection.invalidate()

    def break_off(self) -> None:
        self._broken_off.set()

    async def close(self) -> None:
        await self.worker.close(self._end)

    def _end(self) -> None:
        self._drop()
        self._engine.dispose()


def _lost(connection: sa.Connection) -> bool:
    """Whether the connection to the server is closed or broken."""
    if connection.closed or connection.invalidated:
        return True
    raw: Any = connection.connection.driver_connection
    return raw is None or raw.closed or raw.info.transaction_status is TransactionStatus.UNKNOWN


def _without_nul(
    _connection: sa.Connection, _cursor: Any, statement: str, parameters: Any, _context: Any, executemany: bool
) -> tuple[str, Any]:
    if executemany:
        return statement, [tuple(map(dialect.without_nul, row)) for row in parameters]
    return statement, tuple(map(dialect.without_nul, parameters)) if parameters else parameters
