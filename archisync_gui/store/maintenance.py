"""What is forgotten and when (rule 31): runs, events, explanations, change log, kept reads, screenshots.

What is removed is gone for good, so one wrong clock must not decide about it (rule 30): ages are measured up to a
*retention time* of our own, which follows the wall clock by a few days at most each day.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from archisync_gui.store import refused
from archisync_gui.store.schema import CHANGES, EVENTS, EXPLANATIONS, NOTES, REFUSED, RUN_ORDER, RUNS
from archisync_gui.store.types import Removed

log = logging.getLogger(__name__)

RUNS_KEPT = timedelta(days=365)
EVENTS_KEPT = timedelta(days=30)
SCREENSHOTS_KEPT = timedelta(days=14)
CHANGES_KEPT = timedelta(days=730)
STEP = timedelta(days=3)
"""The retention time advances by so much at most, once on each day that the clock shows: a clock set years ahead for an
afternoon costs three days of memory, and after a holiday the retention time catches up within some days."""
FIRST_GUESS = 100
"""Without a retention time yet, so many of the newest runs are passed over: a wrong clock may have dated them."""
NOTE = "retention"
AT_ONCE = 5_000
"""Rows removed in one transaction, so that a sync never waits long for a clean-up."""


def retention_time(connection: sa.Connection, clock: datetime) -> datetime:
    """Up to when ages are measured. Only reads: see :func:`keep_retention_time`."""
    kept = connection.scalar(sa.select(NOTES.c.value).where(NOTES.c.key == NOTE))
    time, day = _noted(kept)
    if time is None:
        found = connection.scalar(sa.select(RUNS.c.started).order_by(RUN_ORDER.desc()).offset(FIRST_GUESS).limit(1))
        oldest = connection.scalar(sa.select(RUNS.c.started).order_by(RUN_ORDER).limit(1))
        time = found or oldest or clock
    if day != _day(clock):
        time += STEP
    return min(time, clock)


def keep_retention_time(connection: sa.Connection, time: datetime, clock: datetime) -> None:
    """Keep it for the next maintenance: it advances once on each day that ``clock`` shows."""
    connection.execute(NOTES.delete().where(NOTES.c.key == NOTE))
    connection.execute(NOTES.insert().values(key=NOTE, value={"time": time.isoformat(), "day": _day(clock)}))


def _day(clock: datetime) -> str:
    return clock.astimezone(UTC).date().isoformat()


def _noted(kept: object) -> tuple[datetime | None, str | None]:
    if not isinstance(kept, dict):
        return None, None
    try:
        time = datetime.fromisoformat(str(kept.get("time")))
    except ValueError:
        return None, None
    return (time if time.tzinfo is not None else None), str(kept.get("day"))


def forget_some(connection: sa.Connection, now: datetime) -> Removed:
    """Remove what is too old at the retention time ``now``, at most :data:`AT_ONCE` rows of each table; call again
    until nothing is removed."""

    def remove(table: sa.Table, time: sa.Column[datetime], kept: timedelta) -> int:
        key = next(iter(table.primary_key))
        old = sa.select(key).where(time < now - kept).order_by(time).limit(AT_ONCE)
        return connection.execute(table.delete().where(key.in_(old))).rowcount

    # Later than it expires by STEP: a clock set ahead for an afternoon must not cost a read that can still be accepted.
    last = now - refused.KEPT - STEP
    expired = list(connection.scalars(sa.select(REFUSED.c.run_id).where(REFUSED.c.kept_at < last)))
    for run_id in expired:
        refused.forget(connection, run_id)
    return Removed(
        runs=remove(RUNS, RUNS.c.started, RUNS_KEPT),
        events=remove(EVENTS, EVENTS.c.at, EVENTS_KEPT),
        explanations=remove(EXPLANATIONS, EXPLANATIONS.c.at, EVENTS_KEPT),
        changes=remove(CHANGES, CHANGES.c.at, CHANGES_KEPT),
        refused=len(expired),
    )


def forget_screenshots(folder: Path, now: datetime) -> int:
    """Remove old pictures from a folder; how many. One that is open in another program is left for the next time."""
    limit = (now - SCREENSHOTS_KEPT).timestamp()
    removed = 0
    for file in list(folder.glob("*.png")):
        try:
            if file.stat().st_mtime < limit:
                file.unlink()
                removed += 1
        except OSError as error:
            log.warning("the picture %s could not be removed: %s", file.name, error)
    return removed
