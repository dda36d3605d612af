"""Notes of an archive that stay when a backup takes its place: pause, stopped accounts, logins, doubts of times."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateTable

from archisync_gui.store.database import only_read
from archisync_gui.store.doubts import DOUBTED
from archisync_gui.store.schema import NOTES

OUTLIVES = f"key IN ('hold', 'hold-until', '{DOUBTED}') OR key LIKE 'stopped:%' OR key LIKE 'logins:%'"
"""Of the notes: what the operator decided, what the ERP refused, the logins of the day, and that the clock was set
back. They belong to no rows."""


class Decided(NamedTuple):
    """What outlives an archive."""

    notes: dict[str, object]
    """By key, as they are stored."""
    known: bool
    """The archive could be asked. If not, all reads are held, as at a start whose memory cannot be read (rule 31)."""


def decided_in(path: Path, now: datetime) -> Decided:
    """What outlives the archive at ``path``, which nobody has open. Blocking, changes nothing, raises nothing."""
    try:
        with closing(only_read(path)) as raw:
            notes = dict(raw.execute(f"SELECT key, value FROM notes WHERE {OUTLIVES}").fetchall())
            if raw.execute("PRAGMA quick_check(notes)").fetchall() == [("ok",)]:
                return Decided(notes, known=True)
    except (sqlite3.Error, OSError):
        notes = {}
    # A doubt about the clock cannot be ruled out, either.
    since = json.dumps(now.isoformat())
    return Decided({"hold": since, **notes, DOUBTED: since}, known=False)


def bring_into(path: Path, decided: Decided) -> None:
    """Write what was decided into a database that nobody has open, in place of what it says of that. Blocking."""
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute(str(CreateTable(NOTES, if_not_exists=True).compile(dialect=sqlite.dialect())))
        raw.execute(f"DELETE FROM notes WHERE {OUTLIVES}")
        raw.executemany("INSERT INTO notes (key, value) VALUES (?, ?)", decided.notes.items())
