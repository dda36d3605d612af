"""What is forgotten and when (rule 31): runs, events, explanations, change log, rows that are gone, kept reads,
screenshots.

What is removed is gone for good, so one wrong clock must not decide about it (rule 30): ages are measured up to a
*retention time* of our own, which follows the wall clock by a few days at most each day.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa

from archisync_gui.entities.declaration import Entity
from archisync_gui.model import AccountId
from archisync_gui.store import ages, refused, schema
from archisync_gui.store.notes import note, put_note
from archisync_gui.store.schema import CHANGES, EVENTS, EXPLANATIONS, REFUSED, RUN_ORDER, RUNS
from archisync_gui.store.types import Removed

log = logging.getLogger(__name__)

Table = tuple[Entity, sa.Table]

RUNS_KEPT = timedelta(days=365)
EVENTS_KEPT = timedelta(days=30)
SCREENSHOTS_KEPT = timedelta(days=14)
CHANGES_KEPT = timedelta(days=730)
ROWS_KEPT = CHANGES_KEPT
"""For so long rows are kept that are gone from the ERP, and those of an account that is no longer in the settings, the
latter from its last read."""
STEP = timedelta(days=3)
"""The retention time advances by so much at most, once on each day that the clock shows: a clock set years ahead for an
afternoon costs three days of memory, and after a holiday the retention time catches up within some days."""
FIRST_GUESS = 100
"""Without a retention time yet, so many of the newest runs are passed over: a wrong clock may have dated them."""
NOTE = "retention"
AT_ONCE = 5_000
"""Rows removed in one transaction, so that a sync never waits long for a clean-up."""


class Times(NamedTuple):
    """What ages are measured by."""

    retention: datetime
    """Up to when they are measured."""
    shown_twice: datetime | None
    """What this and the maintenance before it agree on; one clock alone throws no read away that can still be
    accepted."""


def times(connection: sa.Connection, clock: datetime) -> Times:
    """Up to when ages are measured. Only reads: see :func:`keep_retention_time`."""
    kept = note(connection, NOTE)
    noted = kept if isinstance(kept, dict) else {}
    before, time = _moment(noted.get("clock")), _moment(noted.get("time"))
    day = noted.get("day") if time is not None else None
    if time is None:
        found = connection.scalar(sa.select(RUNS.c.started).order_by(RUN_ORDER.desc()).offset(FIRST_GUESS).limit(1))
        oldest = connection.scalar(sa.select(RUNS.c.started).order_by(RUN_ORDER).limit(1))
        time = found or oldest or clock
    if day != _day(clock):
        time += STEP
    return Times(min(time, clock), None if before is None else min(before, clock))


def keep_retention_time(connection: sa.Connection, time: datetime, clock: datetime) -> None:
    """Keep it for the next maintenance: it advances once on each day that ``clock`` shows."""
    put_note(connection, NOTE, {"time": time.isoformat(), "day": _day(clock), "clock": clock.isoformat()})


def _day(clock: datetime) -> str:
    return clock.astimezone(UTC).date().isoformat()


def _moment(kept: object) -> datetime | None:
    try:
        time = datetime.fromisoformat(str(kept))
    except ValueError:
        return None
    return time if time.tzinfo is not None else None


def forget_some(
    connection: sa.Connection, measured: Times, lists: Iterable[Table], accounts: Collection[AccountId] | None
) -> Removed:
    """Remove what is too old, at most :data:`AT_ONCE` rows of each table; call again until nothing is removed.

    ``lists``: the lists with their tables. ``accounts``: those in the settings; ``None``: not known, so that no rows of
    others go.
    """
    now = measured.retention

    def remove(table: sa.Table, time: sa.Column[datetime], kept: timedelta) -> int:
        key = next(iter(table.primary_key))
        old = sa.select(key).where(time < now - kept).order_by(time).limit(AT_ONCE)
        return connection.execute(table.delete().where(key.in_(old))).rowcount

    kept_at, last = REFUSED.c.kept_at, measured.shown_twice
    old_reads = kept_at < last - refused.KEPT if last is not None else sa.false()
    expired = list(connection.scalars(sa.select(REFUSED.c.run_id).where(old_reads)))
    for run_id in expired:
        refused.forget(connection, run_id)
    return Removed(
        runs=remove(RUNS, RUNS.c.started, RUNS_KEPT),
        events=remove(EVENTS, EVENTS.c.at, EVENTS_KEPT),
        explanations=remove(EXPLANATIONS, EXPLANATIONS.c.at, EVENTS_KEPT),
        changes=remove(CHANGES, CHANGES.c.at, CHANGES_KEPT),
        refused=len(expired),
        rows=sum(
            _forget_gone(connection, table, now) + _forget_left(connection, entity, table, now, accounts)
            for entity, table in lists
        ),
    )


def _forget_gone(connection: sa.Connection, table: sa.Table, now: datetime) -> int:
    """Remove rows that have long been gone from the ERP."""
    return _remove_rows(connection, table, table.c[schema.DELETED_AT] < now - ROWS_KEPT)


def _forget_left(
    connection: sa.Connection,
    entity: Entity,
    table: sa.Table,
    now: datetime,
    accounts: Collection[AccountId] | None,
) -> int:
    """Remove the rows of accounts that were long ago taken out of the settings: no dialog names them any more."""
    if accounts is None or entity.spec.shared:
        return 0
    count, owner = 0, table.c[schema.ACCOUNT]
    for account in connection.scalars(sa.select(owner).where(owner.not_in([*accounts])).distinct()).all():
        seen = connection.scalar(sa.select(sa.func.max(table.c[schema.LAST_CHANGED])).where(owner == account))
        known = ages.ages(connection, entity.name, account)
        last = max(filter(None, (seen, known.last_success, known.new_as_of, known.all_as_of)))
        if last < now - ROWS_KEPT:
            count += (gone := _remove_rows(connection, table, owner == account))
            if gone < AT_ONCE:
                ages.emptied(connection, entity.name, account)
    return count


def _remove_rows(connection: sa.Connection, table: sa.Table, which: sa.ColumnElement[bool]) -> int:
    place = table.c[schema.ACCOUNT], table.c[schema.KEY]
    old = sa.select(*place).where(which).limit(AT_ONCE)
    return connection.execute(table.delete().where(sa.tuple_(*place).in_(old))).rowcount


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
