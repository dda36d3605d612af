"""The address of an office's server, and connections to it."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, TypeVar
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

import psycopg
from psycopg import sql
from psycopg.abc import PQGen

from archisync_gui.store.errors import StoreError

CONNECT_SECONDS = 5
READ_SECONDS = 20.0
WRITE_SECONDS = 60.0
"""Seconds that a statement of a reading and of a writing connection may take on the server."""


T = TypeVar("T")
STUCK_SECONDS = 8.0
"""The server ends a session whose transaction is idle for so long: its member sleeps, hangs or is gone."""
LOCK_SECONDS = 10.0
"""Seconds that a statement may wait for a lock on the server."""
SILENCE = 5.0
"""Seconds that the client waits for the server's answer beyond the statement's limit."""
UNACKNOWLEDGED = 15.0
"""Seconds after which the operating system ends a connection whose data are not acknowledged."""
TURN = 0.05
"""Seconds between two checks whether a waiting statement has to be cancelled."""


@dataclass(frozen=True, slots=True)
class Server:
    """The address of an office's database, and the user. The password comes from the keyring and is not in ``repr``."""

    host: str
    database: str
    user: str
    port: int = 5432
    password: str = field(default="", repr=False)
    schema: str = "archisync"
    sslmode: str = ""
    """libpq's ``sslmode``. Empty: ``verify-full`` with ``sslrootcert``, else ``require``, but ``prefer`` for a server
    on this computer."""
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
        """What identifies an office, independent of user and encryption."""
        return self.host, self.port, self.database, self.schema

    @property
    def tls(self) -> str:
        """The libpq ``sslmode`` that is used."""
        local = self.host.startswith("/") or self.host in ("localhost", "127.0.0.1", "::1")
        default = "verify-full" if self.sslrootcert is not None else "prefer" if local else "require"
        return self.sslmode or default

    def connect(
        self, purpose: str, *, statement_seconds: float = WRITE_SECONDS, autocommit: bool = False
    ) -> Connection:
        """A new connection. ``purpose`` is its ``application_name`` on the server. Raises psycopg's errors."""
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
            tcp_user_timeout=int(UNACKNOWLEDGED * 1000),
            autocommit=True,
        )
        try:
            connection.limit = CONNECT_SECONDS
            settings = {
                # Only this schema: tables of other programs in "public" may have the names of ours.
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
    """A psycopg connection whose waits have a limit, and whose statements can be cancelled from another thread."""

    limit: float | None = CONNECT_SECONDS
    """Seconds without any data from the server after which the connection is closed; ``None``: no limit."""
    unwanted: threading.Event | None = None
    """When another thread sets it, the running statement is cancelled on the server."""
    broken_off: threading.Event | None = None
    """When another thread sets it, the connection is closed at once."""

    def wait(self, gen: PQGen[T], interval: float = TURN, timeout: float | None = None) -> T:
        """As psycopg's; also raises :class:`psycopg.OperationalError` when the server is silent for too long or
        :attr:`broken_off` is set."""
        return super().wait(self._watched(gen), interval=min(interval or TURN, TURN), timeout=timeout)

    def _watched(self, gen: PQGen[T]) -> PQGen[T]:
        """The steps of ``gen``, with a check of limit and events whenever nothing was received for :data:`TURN`."""
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
