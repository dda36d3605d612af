"""Notes of an archive that are kept when a backup replaces it: hold, stopped accounts, logins and the pauses after
failed ones, doubt about the clock."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateTable

from archisync_gui.store.database import open_read_only
from archisync_gui.store.doubts import DOUBTED
from archisync_gui.store.schema import NOTES

LASTING = f"key IN ('hold', 'hold-until', '{DOUBTED}') OR key LIKE 'stopped:%' OR key LIKE 'login%:%'"
"""SQL condition for these notes: the operator's hold, accounts that the ERP refused, the logins of the day, the pause
after failed logins, and that the clock was set back. They do not depend on the stored rows."""


class Decisions(NamedTuple):
    """The notes that are kept when an archive is replaced."""

    notes: dict[str, object]
    """By key, as JSON texts."""
    known: bool
    """The archive could be read. If not, the notes hold all reads, as a start without readable notes does (rule 31)."""


def decisions_in(path: Path, now: datetime) -> Decisions:
    """The notes to keep of the archive at ``path``, which must not be open. Blocking; does not change it; no errors."""
    try:
        with closing(open_read_only(path)) as raw:
            notes = dict(raw.execute(f"SELECT key, value FROM notes WHERE {LASTING}").fetchall())
            if raw.execute("PRAGMA quick_check(notes)").fetchall() == [("ok",)]:
                return Decisions(notes, known=True)
    except (sqlite3.Error, OSError):
        notes = {}
    # It is not known whether the clock was set back: assume so.
    since = json.dumps(now.isoformat())
    return Decisions({"hold": since, **notes, DOUBTED: since}, known=False)


def write_decisions(path: Path, decisions: Decisions) -> None:
    """Replace these notes in a database that is not open. Blocking."""
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute(str(CreateTable(NOTES, if_not_exists=True).compile(dialect=sqlite.dialect())))
        raw.execute(f"DELETE FROM notes WHERE {LASTING}")
        raw.executemany("INSERT INTO notes (key, value) VALUES (?, ?)", decisions.notes.items())
