"""The settings that an office's computers share, in its database. Each has a version: if two members change the same
one at the same time, the second change is refused. Blocking."""

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
"""Seconds that the server may take for a statement; more than ``LOCK_SECONDS``, for which it waits for another member's
change of the same setting."""
VERSIONS = "SELECT coalesce(sum(version), 0)::bigint FROM settings"
"""Query: a number that grows with each change of a setting."""


@dataclass(frozen=True, slots=True)
class SharedSetting:
    """A setting of the office."""

    value: Json
    version: int
    """1 for the first value, one more with each change."""
    computer: str
    """The computer on which it was changed."""
    changed: datetime
    readable: bool = True
    """False: the row is damaged and its value is lost. A change repairs it."""


def read_shared(connection: Connection) -> dict[str, SharedSetting]:
    """All settings of the office, by key."""
    rows = connection.execute("SELECT key, value, version, computer, changed FROM settings").fetchall()
    found = {}
    for key, text, version, computer, at in rows:
        try:
            found[key] = SharedSetting(json.loads(text), int(version), computer, at)
        except (ValueError, RecursionError):
            log.warning("the office's setting %s cannot be read and is left out", key)
            found[key] = SharedSetting(None, int(version), computer, at, readable=False)
    return found


def is_behind(heard: Mapping[str, SharedSetting], known: Mapping[str, SharedSetting], prefix: str = "") -> bool:
    """Whether the received settings are older than those that are known: news and the answers to changes come over
    different connections. ``prefix``: compares only settings whose keys begin with it."""
    own = (key for key in known if key.startswith(prefix))
    return any(key not in heard or heard[key].version < known[key].version for key in own)


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
    """Change settings, all or none; returns the office's settings afterwards. ``known``: the settings that the person
    who changes them has seen.

    ``before_commit`` is called when there was no conflict; if it raises, no setting is changed. If the commit fails
    after it, this raises as well, and the caller has to undo what ``before_commit`` did.

    Raises :class:`StoreError`, with ``office-setting-conflict`` if another computer has changed one meanwhile.
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
                        continue  # the other computer has set the same value
                    at = other.changed.isoformat()
                    raise StoreError("office-setting-conflict", key=key, computer=other.computer, at=at)
            connection.execute("NOTIFY office_status")
            after = read_shared(connection)
            before_commit()
            return after
