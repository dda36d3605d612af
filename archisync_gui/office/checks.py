"""What must be true of a server before an office is made on it or joined; each fault has a text. Blocking."""

from __future__ import annotations

from dataclasses import dataclass

from archisync_gui.office.sql import LEADER, MEMBERS
from archisync_gui.store.errors import StoreError, translated
from archisync_gui.store.postgres import Connection, Server

OLDEST = 130000
"""PostgreSQL 13, as the server counts its versions."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a check of the server saw."""

    version: str
    tls: bool
    exists: bool
    """There is an office in the address's schema."""
    epoch: int
    """How many leaderships there were."""
    leader: str | None
    """The computer that leads now."""
    members: tuple[str, ...]
    """The computers that take part now, by their own locks."""


def look(server: Server) -> Seen:
    """Look at the server and the office. Raises :class:`StoreError`: ``office-old-server``, ``office-pooler``, and what
    a connection can raise."""
    with translated(str(server)):
        with server.connect("archisync check", autocommit=True) as connection:
            refuse_unfit(connection, server)
            version = str(connection.info.parameter_status("server_version") or "")
            tls = bool(connection.pgconn.ssl_in_use)
            found = connection.execute("SELECT to_regclass('leader') IS NOT NULL").fetchone()
            if found is None or not found[0]:
                return Seen(version, tls, False, 0, None, ())
            row = connection.execute(LEADER).fetchone()
            epoch, leader = (0, None) if row is None else (int(row[0]), row[2])
            members = connection.execute(MEMBERS).fetchall()
            return Seen(version, tls, True, epoch, leader, tuple(name for _, name in members))


def refuse_unfit(connection: Connection, server: Server) -> None:
    """Raise :class:`StoreError` for a server on which the office's locks would mean nothing."""
    version = connection.info.server_version
    if version < OLDEST:
        raise StoreError("office-old-server", path=str(server), found=version // 10000)
    # A pooler tells its clients process ids of its own, and gives their transactions to sessions as it likes.
    row = connection.execute("SELECT pg_backend_pid()").fetchone()
    if row is None or row[0] != connection.info.backend_pid:
        raise StoreError("office-pooler", path=str(server))
