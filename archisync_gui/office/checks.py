"""Checks of a server before an office is created on it or joined; each failure has a code with a text. Blocking."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from archisync_gui.office.sql import LEADER, PRESENT
from archisync_gui.store.errors import StoreError, translated
from archisync_gui.store.postgres_server import Connection, Server
from archisync_gui.store.transfer import HOLDS_DATA

OLDEST = 130000
"""PostgreSQL 13, the oldest version, as the server's number."""
CONNECTIONS = 8
"""Connections to the server that each computer needs."""

PATIENCE = 10.0
"""Seconds that the server may take for each query of a check: a person waits for the result."""

RIGHTS = """SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = %s AND c.relkind = 'r' AND NOT (
    has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT')
    AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE')
) ORDER BY 1 LIMIT 1"""
"""Query: a table of the office for which this role lacks a privilege."""

FREE = """SELECT least(
    current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
        - (SELECT count(*) FROM pg_stat_activity WHERE usesysid IS NOT NULL),
    CASE WHEN r.rolconnlimit >= 0 THEN r.rolconnlimit
        - (SELECT count(*) FROM pg_stat_activity WHERE usesysid = r.oid) END
) FROM pg_roles r WHERE r.rolname = current_user"""
"""Query: the number of further connections that the server and the role's limit allow."""


@dataclass(frozen=True, slots=True)
class SeenMember:
    """A member that is present now."""

    name: str
    """The computer's name."""
    version: str
    """Its version of Archisync."""
    since: datetime
    """Since when it is present, by the server's clock."""
    leads: bool
    """It is the leader, which reads the ERP."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The result of a check of the server."""

    place: str
    """The office's name, for messages."""
    version: str
    """The version of PostgreSQL."""
    tls: bool
    """The connection is encrypted."""
    exists: bool
    """There is an office in the address's schema."""
    epoch: int
    """The number of leaderships so far."""
    empty: bool
    """There was no leader yet, and no member has brought its data."""
    leader: str | None
    """The computer that leads now."""
    since: datetime | None
    """Since when it leads, by the server's clock."""
    members: tuple[SeenMember, ...]
    """The members that are present now, by the locks that they hold."""
    free: int
    """The number of further connections that the server accepts from this role."""

    @property
    def room(self) -> bool:
        """Whether there are enough connections for one more computer."""
        return self.free >= CONNECTIONS


def look(server: Server) -> Seen:
    """Check the server and the office. Raises :class:`StoreError`: ``office-old-server``, ``office-pooler``,
    ``office-not-allowed``, and the codes of a failed connection."""
    place = str(server)
    with translated(place):
        with server.connect("archisync check", autocommit=True, statement_seconds=PATIENCE) as connection:
            refuse_unfit(connection, server)
            version = str(connection.info.parameter_status("server_version") or "")
            tls = bool(connection.pgconn.ssl_in_use)
            row = connection.execute(FREE).fetchone()
            free = int(row[0]) if row is not None else 0
            _refuse_without_rights(connection, server)
            found = connection.execute("SELECT to_regclass('leader') IS NOT NULL").fetchone()
            if found is None or not found[0]:
                return Seen(place, version, tls, False, 0, True, None, None, (), free)
            row = connection.execute(LEADER).fetchone()
            epoch, since, leader, leading = (0, None, None, None) if row is None else row
            rows = connection.execute(PRESENT).fetchall()
            members = tuple(SeenMember(name, of, at, id == leading) for id, name, of, at in rows)
            led_since = since if leader is not None else None
            empty = not epoch and not _holds_data(connection)
            return Seen(place, version, tls, True, int(epoch), empty, leader, led_since, members, free)


def _holds_data(connection: Connection) -> bool:
    row = connection.execute(HOLDS_DATA).fetchone()
    return row is not None and bool(row[0])


def _refuse_without_rights(connection: Connection, server: Server) -> None:
    """Raise :class:`StoreError` ``office-not-allowed`` if the office exists and this role lacks rights."""
    schema = connection.execute(
        "SELECT has_schema_privilege(oid, 'USAGE') FROM pg_namespace WHERE nspname = %s", (server.schema,)
    ).fetchone()
    if schema is None:
        return
    if not schema[0]:
        raise StoreError("office-not-allowed", path=str(server), detail=f"no USAGE on schema {server.schema}")
    table = connection.execute(RIGHTS, (server.schema,)).fetchone()
    if table is not None:
        raise StoreError("office-not-allowed", path=str(server), detail=f"no full access to table {table[0]}")


def refuse_unfit(connection: Connection, server: Server) -> None:
    """Raise :class:`StoreError` for a server that is too old, or a pooler, with which session locks do not work."""
    version = connection.info.server_version
    if version < OLDEST:
        raise StoreError("office-old-server", path=str(server), found=version // 10000)
    # A pooler reports its own process ids, and distributes its clients' transactions over sessions.
    row = connection.execute("SELECT pg_backend_pid()").fetchone()
    if row is None or row[0] != connection.info.backend_pid:
        raise StoreError("office-pooler", path=str(server))
