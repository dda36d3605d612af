"""Retention (rule 31): removes old runs, events, explanations, lines of the change log, rows that are gone, kept reads
and screenshots.

Removed data cannot be restored, so a wrong clock must not decide about them (rule 30): ages are measured up to a stored
*retention time*, which follows the wall clock, but advances by a few days at most on each day.
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
"""How long rows are kept that are gone from the ERP; and those of an account that is not in the settings any more, from
its last read on."""
STEP = timedelta(days=3)
"""The retention time advances by this at most, once on each day that the clock shows. If the clock is set years ahead
for an afternoon, data are removed three days too early; after a holiday the retention time catches up within some
days."""
FIRST_GUESS = 100
"""While there is no retention time yet, it is taken from the runs, without the newest ones up to this number, since
they may have times of a wrong clock."""
NOTE = "retention"
"""Key of the note with the retention time."""
AT_ONCE = 5_000
"""The most rows of each table removed in one transaction, so that a sync does not wait long."""


class Times(NamedTuple):
    """The times up to which ages are measured."""

    retention: datetime
    """The retention time."""
    confirmed: datetime | None
    """The earlier one of the wall clock's times at this and at the last maintenance, for kept reads: so a clock that is
    wrong once removes no read that can still be accepted. ``None``: this is the first maintenance."""


def times(connection: sa.Connection, clock: datetime) -> Times:
    """The times for this maintenance. Writes nothing; see :func:`keep_retention_time`."""
    kept = note(connection, NOTE)
    noted = kept if isinstance(kept, dict) else {}
    before, time = _time(noted.get("clock")), _time(noted.get("time"))
    day = noted.get("day") if time is not None else None
    if time is None:
        found = connection.scalar(sa.select(RUNS.c.started).order_by(RUN_ORDER.desc()).offset(FIRST_GUESS).limit(1))
        oldest = connection.scalar(sa.select(RUNS.c.started).order_by(RUN_ORDER).limit(1))
        time = found or oldest or clock
    if day != _day(clock):
        time += STEP
    return Times(min(time, clock), None if before is None else min(before, clock))


def keep_retention_time(connection: sa.Connection, time: datetime, clock: datetime) -> None:
    """Store retention time and clock for the next maintenance."""
    put_note(connection, NOTE, {"time": time.isoformat(), "day": _day(clock), "clock": clock.isoformat()})


def _day(clock: datetime) -> str:
    return clock.astimezone(UTC).date().isoformat()


def _time(kept: object) -> datetime | None:
    try:
        time = datetime.fromisoformat(str(kept))
    except ValueError:
        return None
    return time if time.tzinfo is not None else None


def forget_some(
    connection: sa.Connection, measured: Times, lists: Iterable[Table], accounts: Collection[AccountId] | None
) -> Removed:
    """Remove what is too old, at most :data:`AT_ONCE` rows of each table; to be called until nothing is removed.

    ``lists``: the lists with their tables. ``accounts``: those in the settings; ``None``: not known, then no account
    counts as removed.
    """
    now = measured.retention

    def remove(table: sa.Table, time: sa.Column[datetime], kept: timedelta) -> int:
        key = next(iter(table.primary_key))
        old = sa.select(key).where(time < now - kept).order_by(time).limit(AT_ONCE)
        return connection.execute(table.delete().where(key.in_(old))).rowcount

    kept_at, last = REFUSED.c.kept_at, measured.confirmed
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
    """Remove rows that were soft-deleted more than :data:`ROWS_KEPT` ago."""
    return _remove_rows(connection, table, table.c[schema.DELETED_AT] < now - ROWS_KEPT)


def _forget_left(
    connection: sa.Connection,
    entity: Entity,
    table: sa.Table,
    now: datetime,
    accounts: Collection[AccountId] | None,
) -> int:
    """Remove the rows of accounts that are not in the settings and were last read more than :data:`ROWS_KEPT` ago."""
    if accounts is None or entity.spec.shared:
        return 0
    count, owner = 0, table.c[schema.ACCOUNT]
    for account in connection.scalars(sa.select(owner).where(owner.not_in([*accounts])).distinct()).all():
        seen = connection.scalar(sa.select(sa.func.max(table.c[schema.LAST_CHANGED])).where(owner == account))
        known = ages.ages(connection, entity.name, account)
        last = max(filter(None, (seen, known.last_success, known.new_as_of, known.all_as_of)), default=None)
        if last is not None and last < now - ROWS_KEPT:  # a damaged row may have no readable time: it is kept
            count += (gone := _remove_rows(connection, table, owner == account))
            if gone < AT_ONCE:
                ages.emptied(connection, entity.name, account)
    return count


def _remove_rows(connection: sa.Connection, table: sa.Table, condition: sa.ColumnElement[bool]) -> int:
    place = table.c[schema.ACCOUNT], table.c[schema.KEY]
    old = sa.select(*place).where(condition).limit(AT_ONCE)
    return connection.execute(table.delete().where(sa.tuple_(*place).in_(old))).rowcount


def forget_screenshots(folder: Path, now: datetime) -> int:
    """Remove old screenshots from a folder; returns their number. One that cannot be removed (open in another program)
    is left for the next time."""
    limit = (now - SCREENSHOTS_KEPT).timestamp()
    removed = 0
    for file in list(folder.glob("*.png")):
        try:
            if file.stat().st_mtime < limit:
                file.unlink()
                removed += 1
        except OSError as error:
            log.warning("the screenshot %s could not be removed: %s", file.name, error)
    return removed
