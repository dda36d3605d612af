"""The office's status as its leader has written it last, for commands that only show it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from archisync_gui.office.sql import LEADER
from archisync_gui.store.errors import translated
from archisync_gui.store.postgres_server import Connection, Server

PATIENCE = 10.0
"""Seconds that the server may take to give the last status to a command."""


@dataclass(frozen=True, slots=True)
class Shown:
    """The status as the leader wrote it last."""

    epoch: int
    revision: int
    """Counts the statuses written under that epoch."""
    at: datetime
    """By the server's clock."""
    value: Any
    """The leader's status as JSON (the command line's ``status --json``)."""
    leader: str | None
    """The computer that leads; ``None``: no computer does."""
    now: datetime
    """The server's clock when this was read."""


def shown(connection: Connection) -> Shown | None:
    """The status that all members see; ``None`` before the first leader. Blocking."""
    row = connection.execute(
        "SELECT s.epoch, s.revision, s.at, s.value, l.name, clock_timestamp() "
        f"FROM status s CROSS JOIN ({LEADER}) l WHERE s.id = 1"
    ).fetchone()
    return None if row is None else Shown(row[0], row[1], row[2], json.loads(row[3]), row[4], row[5])


def last_shown(server: Server) -> Shown | None:
    """:func:`shown`, over a connection of its own. Blocking. Raises :class:`StoreError`."""
    with translated(str(server)):
        with server.connect("archisync status", autocommit=True, statement_seconds=PATIENCE) as connection:
            return shown(connection)
