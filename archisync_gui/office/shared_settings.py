"""The settings that an office's computers share, in its database. Each has a version: of two members that change the
same one at once, the second is told so. Blocking."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from archisync_gui.model import Json
from archisync_gui.store.errors import StoreError, translated
from archisync_gui.store.postgres_server import Connection, Server

log = logging.getLogger(__name__)

PATIENCE = 15.0
"""Seconds that the server may take for a statement; more than it waits for another member's change of the same one."""
VERSIONS = "SELECT coalesce(sum(version), 0)::bigint FROM settings"
"""Another number whenever a setting was changed."""


@dataclass(frozen=True, slots=True)
class SharedSetting:
    """A setting as the office has it."""

    value: Json
    version: int
    """1 for the first value, one more with each change."""
    computer: str
    """The computer on which it was changed."""
    changed: datetime
    readable: bool = True
    """False: the row is damaged and has no value. Who changes it mends it."""


def read_shared(connection: Connection) -> dict[str, SharedSetting]:
    """All settings of the office, by key."""
    rows = connection.execute("SELECT key, value, version, computer, changed FROM settings").fetchall()
    found = {}
    for key, text, version, who, at in rows:
        try:
            found[key] = SharedSetting(json.loads(text), int(version), who, at)
        except (ValueError, RecursionError):
            log.warning("the office's setting %s cannot be read and is left out", key)
            found[key] = SharedSetting(None, int(version), who, at, readable=False)
    return found


def read_from(server: Server) -> dict[str, SharedSetting]:
    """:func:`read_shared` over a connection of its own. Raises :class:`StoreError`."""
    with translated(str(server)):
        with server.connect("archisync settings", statement_seconds=PATIENCE, autocommit=True) as connection:
            return read_shared(connection)


def change_shared(
    server: Server,
    computer: str,
    changes: Mapping[str, Json],
    known: Mapping[str, SharedSetting],
    *,
    before_commit: Callable[[], object] = lambda: None,
) -> dict[str, SharedSetting]:
    """Change settings, all or none; ``known`` is what the person who changes them saw. The office's settings after it.

    ``before_commit`` is called when the change has met no conflict; if it raises, the office's settings stay as they
    were. When the commit fails after it, this raises, too: the caller undoes what ``before_commit`` did.

    Raises :class:`StoreError`, with ``office-setting-conflict`` where another computer has changed one meanwhile.
    """
    with translated(str(server)):
        with (
            server.connect("archisync settings", statement_seconds=PATIENCE, autocommit=True) as connection,
            connection.transaction(),
        ):
            for key, value in sorted(changes.items()):
                seen = known[key].version if key in known else 0
                done = connection.execute(
                    "INSERT INTO settings (key, value, version, computer) VALUES (%s, %s, 1, %s) "
                    "ON CONFLICT (key) DO UPDATE SET value = excluded.value, version = settings.version + 1, "
                    "computer = excluded.computer, changed = clock_timestamp() WHERE settings.version = %s",
                    (key, json.dumps(value), computer, seen),
                ).rowcount
                if not done:
                    other = read_shared(connection)[key]
                    if other.readable and other.value == value:
                        continue  # both want the same
                    at = other.changed.isoformat()
                    raise StoreError("office-setting-conflict", key=key, computer=other.computer, at=at)
            connection.execute("NOTIFY office_status")
            after = read_shared(connection)
            before_commit()
            return after
