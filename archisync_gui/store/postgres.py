"""One office's database on a PostgreSQL server: connecting, the two threads' connections, transactions, the fence.

The counterpart of ``database.py``; no table of the store is named here but ``leader``, whose epoch is the fence.

Every wait for the server is bounded on this side too (:class:`Connection`): a network that swallows packets behind a
proxy, which answers TCP's own questions, would otherwise block a thread for ever.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self, TypeVar
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

import psycopg
import sqlalchemy as sa
from psycopg import sql
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus
from sqlalchemy.pool import NullPool

from archisync_gui.store import dialect
from archisync_gui.store.database import json_or_none
from archisync_gui.store.errors import EpochLost, StoreError, code_of, one_line, translated
from archisync_gui.store.worker import Worker

log = logging.getLogger(__name__)

T = TypeVar("T")

CONNECT_SECONDS = 5
READ_SECONDS = 20.0
WRITE_SECONDS = 60.0
"""A statement of a reading and of a writing connection may take so long on the server."""
STUCK_SECONDS = 8.0
"""The server ends a session that leaves a transaction open for so long: its member sleeps, hangs or is gone."""
LOCK_SECONDS = 10.0
SILENCE = 5.0
"""Beyond the statement's limit, the client waits so long for the server's answer."""
TURN = 0.05
"""Seconds between two looks at whether a waiting statement is still wanted."""
IDLE_SECONDS = 2.0
"""A connection that was idle for longer is asked for a sign of life before it is used."""
EPOCH = sa.text("SELECT epoch FROM leader WHERE id = 1 AND epoch = :epoch FOR SHARE")


class Fence(Protocol):
    """Under which epoch this member may write."""

    @property
    def epoch(self) -> int | None:
        """The epoch of the present leadership; ``None`` while this member does not lead."""

    def lost(self, epoch: int) -> None:
        """The database says that ``epoch`` is over. Called on the writing thread."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where an office's database is and who asks. Passwords come from the keyring and are not shown."""

    host: str
    database: str
    user: str
    port: int = 5432
    password: str = field(default="", repr=False)
    schema: str = "archisync"
    sslmode: str = ""
    """As libpq's. Empty: ``verify-full`` with a certificate, else ``require``; ``prefer`` on this computer."""
    sslrootcert: Path | None = None

    @classmethod
    def from_url(cls, url: str, password: str = "") -> Self:
        """Parse ``postgresql://user@host:5432/database?schema=…&sslmode=…&sslrootcert=…``.

        Raises :class:`StoreError` ``office-address`` for anything else.
        """
        try:
            parts = urlsplit(url)
            options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
            port = parts.port or int(options.pop("port", 5432))
        except ValueError as error:
            raise StoreError("office-address") from error
        host = unquote(parts.hostname or "") or options.pop("host", "")
        database = unquote(parts.path.lstrip("/"))
        unknown = options.keys() - {"schema", "sslmode", "sslrootcert"}
        if parts.scheme not in ("postgresql", "postgres") or not (host and database and parts.username) or unknown:
            raise StoreError("office-address")
        certificate = options.get("sslrootcert")
        return cls(
            host=host,
            database=database,
            user=unquote(parts.username),
            port=port,
            password=password or unquote(parts.password or ""),
            schema=options.get("schema", "archisync"),
            sslmode=options.get("sslmode", ""),
            sslrootcert=Path(certificate) if certificate else None,
        )

    def __str__(self) -> str:
        return f"{self.database} ({self.host}:{self.port})"

    @property
    def url(self) -> str:
        """The address without the password; :meth:`from_url` reads it."""
        options = {"schema": self.schema, "sslmode": self.sslmode, "sslrootcert": str(self.sslrootcert or "")}
        query = urlencode({name: value for name, value in options.items() if value})
        host = quote(self.host, safe=":")
        host = f"[{host}]" if ":" in host else host
        return f"postgresql://{quote(self.user, safe='')}@{host}:{self.port}/{quote(self.database, safe='')}?{query}"

    @property
    def schema_key(self) -> tuple[str, int, str, str]:
        """What tells one office from another, whoever asks and however encrypted."""
        return self.host, self.port, self.database, self.schema

    @property
    def tls(self) -> str:
        """The libpq ``sslmode`` that is used."""
        here = self.host.startswith("/") or self.host in ("localhost", "127.0.0.1", "::1")
        usual = "verify-full" if self.sslrootcert is not None else "prefer" if here else "require"
        return self.sslmode or usual

    def connect(
        self, purpose: str, *, statement_seconds: float = WRITE_SECONDS, autocommit: bool = False
    ) -> Connection:
        """A new connection. ``purpose`` shows in the server's list of sessions. Raises psycopg's errors."""
        connection = Connection.connect(
            host=self.host,
            port=self.port,
            dbname=self.database,
            user=self.user,
            password=self.password or None,
            sslmode=self.tls,
            sslrootcert=None if self.sslrootcert is None else str(self.sslrootcert),
            connect_timeout=CONNECT_SECONDS,
            application_name=purpose,
            client_encoding="UTF8",
            keepalives=1,
            keepalives_idle=5,
            keepalives_interval=5,
            keepalives_count=2,
            tcp_user_timeout=10_000,
            autocommit=True,
        )
        try:
            connection.limit = CONNECT_SECONDS
            settings = {
                # Nothing else: another program's tables in "public" may have the names of ours.
                "search_path": sql.Identifier(self.schema).as_string(),
                "statement_timeout": f"{statement_seconds * 1000:.0f}",
                "lock_timeout": f"{LOCK_SECONDS * 1000:.0f}",
                "idle_in_transaction_session_timeout": f"{STUCK_SECONDS * 1000:.0f}",
                "timezone": "UTC",
            }
            for name, value in settings.items():
                connection.execute("SELECT set_config(%s, %s, false)", (name, value))
            connection.autocommit = autocommit
            connection.limit = statement_seconds + SILENCE
        except BaseException:
            connection.close()
            raise
        return connection


class Connection(psycopg.Connection[Any]):
    """A psycopg connection whose waits end: when the server is silent for too long, or when nobody wants the answer."""

    limit: float | None = CONNECT_SECONDS
    """Seconds of silence after which the connection is given up; ``None``: no limit."""
    unwanted: threading.Event | None = None
    """Set from another thread: the running statement is cancelled on the server."""
    broken_off: threading.Event | None = None
    """Set from another thread: the connection is closed at once, whatever it does."""

    def wait(self, gen: PQGen[T], interval: float = TURN, timeout: float | None = None) -> T:
        """As psycopg's; :class:`psycopg.OperationalError` also ends a wait in which the server is silent for too long,
        or that its owner breaks off."""
        return super().wait(self._watched(gen), interval=min(interval or TURN, TURN), timeout=timeout)

    def _watched(self, gen: PQGen[T]) -> PQGen[T]:
        """The same steps, with a look at the limits whenever psycopg has waited for a turn without news."""
        since = time.monotonic()
        cancelled = False
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if ready:
                    since = time.monotonic()
                elif self.broken_off is not None and self.broken_off.is_set():
                    self._give_up("broken off by its owner")
                elif self.limit is not None and time.monotonic() - since > self.limit:
                    self._give_up(f"no answer from the server for {self.limit:.0f} s")
                elif self.unwanted is not None and self.unwanted.is_set() and not cancelled:
                    cancelled = True
                    self.cancel_safe(timeout=CONNECT_SECONDS)
                wanted = gen.send(ready)
        except StopIteration as done:
            result: T = done.value
            return result

    def _give_up(self, why: str) -> None:
        self.pgconn.finish()
        raise psycopg.OperationalError(why)


class Postgres:
    """The database of an office, for one member: the same face as ``database.Database``.

    ``fence``: writing needs its epoch, which is checked in every writing transaction. Without one nothing is checked
    (a database that every member writes, tests). ``seconds``: a statement may take so long; usually
    :data:`READ_SECONDS` and :data:`WRITE_SECONDS`.
    """

    def __init__(
        self, server: Server, *, name: str = "store", fence: Fence | None = None, seconds: float | None = None
    ) -> None:
        self.server = server
        self._writer = _Side(server, f"{name}-writer", fence, seconds or WRITE_SECONDS, writes=True)
        self._reader = _Side(server, f"{name}-reader", None, seconds or READ_SECONDS, writes=False)

    @property
    def place(self) -> str:
        """The database's name for people."""
        return str(self.server)

    async def create(self) -> None:
        """Make the office's schema where it is missing. Raises :class:`StoreError`."""
        await self._writer.worker.run(self._create)

    def _create(self) -> None:
        with translated(self.place):
            with self.server.connect("archisync preparing", autocommit=True) as connection:
                found = connection.execute(
                    "SELECT 1 FROM pg_namespace WHERE nspname = %s", (self.server.schema,)
                ).fetchone()
                if found is None:
                    name = sql.Identifier(self.server.schema)
                    # Of two at once the second fails, whatever IF NOT EXISTS says: it has waited for the first one.
                    with suppress(psycopg.errors.UniqueViolation):
                        connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(name))

    async def write(self, job: Callable[[sa.Connection], T], *, abandoned: threading.Event | None = None) -> T:
        """Run ``job`` in one write transaction: committed when it returns, rolled back when it raises.

        Raises :class:`EpochLost` when this member does not lead (any more). ``abandoned`` as in ``Database.write``.
        """
        return await self._writer.run(job, abandoned)

    async def change_schema(self, job: Callable[[sa.Connection], T]) -> T:
        """Run ``job`` in a write transaction, one member at a time, whoever leads (migrations)."""

        def alone(connection: sa.Connection) -> T:
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(hashtext(current_schema()), 2)"))
            return job(connection)

        return await self._writer.run(alone, None, fenced=False)

    async def read(self, job: Callable[[sa.Connection], T]) -> T:
        """Run ``job`` on the reading connection, which sees one committed state. Cancelling stops a long query."""
        return await self._reader.run(job, None)

    async def exclusive(self, job: Callable[[sa.Connection], T]) -> T:
        """Run ``job`` on the writing connection; what it writes is not kept (checks, backups)."""
        return await self._writer.run(job, None, transaction=False, fenced=False)

    def break_off(self) -> None:
        """End what runs and drop both connections; from any thread. Whatever is asked for from now on is refused, and
        the server is not asked. For a member that does not lead any more and may be unable to reach the server."""
        self._reader.break_off()
        self._writer.break_off()

    async def close(self) -> None:
        """Finish what was asked for, close both connections, end both threads."""
        try:
            await self._reader.close()
        finally:
            await self._writer.close()


class _Side:
    """A connection and the thread it lives on."""

    def __init__(self, server: Server, name: str, fence: Fence | None, seconds: float, *, writes: bool) -> None:
        self.worker = Worker(name)
        self._server, self._name, self._fence, self._writes = server, name, fence, writes
        self._seconds = seconds
        self._connection: sa.Connection | None = None
        self._used = 0.0
        self._broken_off = threading.Event()
        self._engine = sa.create_engine(
            "postgresql+psycopg://",
            creator=self._connect,
            poolclass=NullPool,
            paramstyle=dialect.PARAMSTYLE,
            json_deserializer=json_or_none,
            isolation_level="READ COMMITTED" if writes else "REPEATABLE READ",
        )
        sa.event.listen(self._engine, "before_cursor_execute", _without_nul, retval=True)

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

        return await self.worker.run(call, on_cancel=cancel if abandoned is not None or not self._writes else None)

    def _check(self, connection: sa.Connection, fence: Fence) -> None:
        epoch = fence.epoch
        if epoch is None:
            raise EpochLost(None, path=str(self._server))
        if connection.scalar(EPOCH, {"epoch": epoch}) is None:
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
        """A sign of life, or the connection is dropped: nothing has begun yet, so a new one loses nothing."""
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
    """Whether the connection to the server is gone."""
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
