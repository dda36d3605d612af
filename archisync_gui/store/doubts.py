"""Doubt about stored times (rule 30): the clock was set back, so nothing tells how old they are; no age, no clock."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from archisync_gui.store.ages import STAMPS
from archisync_gui.store.notes import note, put_note
from archisync_gui.store.schema import READS, REFUSED

DOUBTED = "clock-doubted"
"""The note of the last doubt. It outlives the archive when a backup takes its place (:mod:`.decided`)."""
APPLIED = "clock-doubt-applied"
"""The note of the last doubt that the times of this archive have; a backup from before has another one, or none."""
KEPT = "clock-doubted-reads"
"""The note of the kept reads whose times are doubtful."""
NOTES_OF_DOUBT = frozenset({DOUBTED, APPLIED, KEPT})


def doubt(connection: sa.Connection, now: datetime) -> None:
    """No stored time says any more how old the rows are. ``now`` only names this doubt."""
    put_note(connection, DOUBTED, now.isoformat())
    _mark(connection)


def catch_up(connection: sa.Connection) -> None:
    """Doubt the times of an archive that comes from before the last doubt: it was a backup then."""
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
