"""What is forgotten and when (rule 31): runs, events, explanations, change log, kept reads, screenshots."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from archisync_gui.store import refused
from archisync_gui.store.schema import CHANGES, EVENTS, EXPLANATIONS, REFUSED, RUNS
from archisync_gui.store.types import Removed

RUNS_KEPT = timedelta(days=365)
EVENTS_KEPT = timedelta(days=30)
SCREENSHOTS_KEPT = timedelta(days=14)
CHANGES_KEPT = timedelta(days=730)
AT_ONCE = 5_000
"""Rows removed in one transaction, so that a sync never waits long for a clean-up."""


def forget_some(connection: sa.Connection, now: datetime) -> Removed:
    """Remove what is too old, at most :data:`AT_ONCE` rows of each table; call again until nothing is removed."""

    def remove(table: sa.Table, time: sa.Column[datetime], kept: timedelta) -> int:
        key = next(iter(table.primary_key))
        old = sa.select(key).where(time < now - kept).order_by(time).limit(AT_ONCE)
        return connection.execute(table.delete().where(key.in_(old))).rowcount

    expired = list(connection.scalars(sa.select(REFUSED.c.run_id).where(REFUSED.c.kept_at < now - refused.KEPT)))
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
    """Remove old pictures from a folder."""
    limit = (now - SCREENSHOTS_KEPT).timestamp()
    old = [file for file in folder.glob("*.png") if file.stat().st_mtime < limit]
    for file in old:
        file.unlink(missing_ok=True)
    return len(old)
