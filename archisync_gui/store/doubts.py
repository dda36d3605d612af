"""Marking stored times as doubtful (rule 30): the wall clock was set back, so their age is not known. No clock here."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from archisync_gui.store.ages import STAMPS
from archisync_gui.store.notes import note, put_note
from archisync_gui.store.schema import READS, REFUSED

DOUBTED = "clock-doubted"
"""Key of the note with the last doubt. The note is kept when a backup replaces the archive (:mod:`.decided`)."""
APPLIED = "clock-doubt-applied"
"""Key of the note with the last doubt for which this archive's times were marked; an older backup has another value, or
none."""
KEPT = "clock-doubted-reads"
"""Key of the note with the run ids of kept reads whose times are doubtful."""
NOTES_OF_DOUBT = frozenset({DOUBTED, APPLIED, KEPT})


def doubt(connection: sa.Connection, now: datetime) -> None:
    """Mark all stored times as doubtful. ``now`` only identifies this doubt."""
    put_note(connection, DOUBTED, now.isoformat())
    _mark(connection)


def catch_up(connection: sa.Connection) -> None:
    """Mark the times of an archive that does not know the last doubt, since it was a backup at that time."""
    doubted = note(connection, DOUBTED)
    if doubted is not None and doubted != note(connection, APPLIED):
        _mark(connection)


def is_kept_doubtful(connection: sa.Connection, run_id: str) -> bool:
    """Whether the time of a kept read is from before the last doubt."""
    kept = note(connection, KEPT)
    return isinstance(kept, list) and run_id in kept


def _mark(connection: sa.Connection) -> None:
    for row in connection.execute(
        sa.select(READS.c.entity, READS.c.account, *(READS.c[name] for name in STAMPS))
    ).all():
        known = [name for name, at in zip(STAMPS, row[2:], strict=True) if at is not None]
        where = (READS.c.entity == row.entity, READS.c.account == row.account)
        connection.execute(READS.update().where(*where).values(doubtful=known or None))
    put_note(connection, KEPT, list(connection.scalars(sa.select(REFUSED.c.run_id))))
    put_note(connection, APPLIED, note(connection, DOUBTED))
