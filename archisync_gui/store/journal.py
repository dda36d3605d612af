"""The orchestrator's journal in the database: runs, events, explanations, notes."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from archisync_gui.model import (
    Clock,
    ErrorInfo,
    Event,
    Explanation,
    FailureKind,
    Forecast,
    Json,
    LastRead,
    Origin,
    Outcome,
    Reason,
    Remembered,
    RunRecord,
    Scope,
    as_json,
)
from archisync_gui.model.events import data_from
from archisync_gui.store.ages import names_of
from archisync_gui.store.connections import Connections
from archisync_gui.store.dialect import any_text
from archisync_gui.store.doubts import NOTES_OF_DOUBT, doubt
from archisync_gui.store.entries import Entries
from archisync_gui.store.errors import StoreError
from archisync_gui.store.notes import put_note
from archisync_gui.store.schema import EVENTS, EXPLANATIONS, NOTES, READS, RUN_ORDER, RUN_PAIRS, RUNS, utc_text

log = logging.getLogger(__name__)

DURATIONS = 10
"""How many durations of the last whole reads are loaded."""


# ------------------------------------------------------------------------------------------- values ↔ columns


def run_values(record: RunRecord) -> dict[str, Any]:
    """The columns of a run."""
    return {
        "id": record.id,
        "type": record.type,
        "account": record.account,
        "scope": record.scope.value,
        "key": record.key,
        "origin": record.origin.value,
        "attempt": record.attempt,
        "asked": record.asked,
        "started": record.started,
        "ended": record.ended,
        "outcome": None if record.outcome is None else record.outcome.value,
        "as_of": record.as_of,
        "rows": record.rows,
        "added": record.added,
        "changed": record.changed,
        "gone": record.gone,
        "warnings": list(record.warnings),
        "error": None if record.error is None else _error_json(record.error),
        "suspensions": [[utc_text(a), None if b is None else utc_text(b)] for a, b in record.suspensions],
        "seconds": record.seconds,
    }


def run_record(row: Mapping[Any, Any]) -> RunRecord | None:
    """A run from its columns; ``None``, and a warning in the log, if this version cannot read it."""
    try:
        return _run_record(row)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        log.warning("the run %r cannot be read and is left out: %s", row.get("id"), error)
        return None


def _run_record(row: Mapping[Any, Any]) -> RunRecord:
    if not (isinstance(row["asked"], datetime) and isinstance(row["started"], datetime)):
        raise ValueError("no time")
    return RunRecord(
        id=row["id"],
        type=row["type"],
        account=row["account"],
        scope=Scope(row["scope"]),
        key=row["key"],
        origin=Origin(row["origin"]),
        attempt=row["attempt"],
        asked=row["asked"],
        started=row["started"],
        ended=row["ended"],
        outcome=None if row["outcome"] is None else Outcome(row["outcome"]),
        as_of=row["as_of"],
        rows=row["rows"],
        added=row["added"],
        changed=row["changed"],
        gone=row["gone"],
        warnings=tuple(str(text) for text in row["warnings"] or ()),
        error=None if row["error"] is None else _error(row["error"]),
        suspensions=tuple(
            (datetime.fromisoformat(a), None if b is None else datetime.fromisoformat(b))
            for a, b in row["suspensions"] or ()
        ),
        seconds=row["seconds"] if isinstance(row["seconds"], float) else None,
    )


def _error_json(error: ErrorInfo) -> dict[str, Any]:
    return {
        "code": error.code,
        "kind": error.kind.value,
        "message": error.message,
        "params": as_json(error.params),
        "stack": error.stack,
        "screenshot": error.screenshot,
        "evidence": as_json(error.evidence),
    }


def _error(data: Mapping[str, Any]) -> ErrorInfo:
    """The failure of a run. Keys of a later version are ignored; an unknown kind counts as permanent."""
    known = {field.name for field in dataclasses.fields(ErrorInfo)}
    kind = data["kind"] if data["kind"] in set(FailureKind) else FailureKind.PERMANENT
    return ErrorInfo(**{**{name: value for name, value in data.items() if name in known}, "kind": FailureKind(kind)})


def stored_event(row: Any) -> Event | None:
    """An event from its columns; ``None`` if this version cannot read it."""
    try:
        return Event(row.boot, row.revision, row.at, data_from(row.kind, row.data)) if row.at is not None else None
    except (KeyError, TypeError, ValueError):
        return None


def _forecast_json(forecast: Forecast) -> dict[str, Any]:
    return {
        "type": forecast.type,
        "account": forecast.account,
        "starts": utc_text(forecast.starts),
        "seconds": forecast.seconds,
        "after": forecast.after,
    }


def _forecast(data: Mapping[str, Any]) -> Forecast:
    return Forecast(**{**data, "starts": datetime.fromisoformat(data["starts"])})


# ----------------------------------------------------------------------------------------------------- journal


class StoreJournal:
    """``model.Journal`` on a database.

    While nothing can be written (disk full, read-only, locked), calls raise, so that the status shows it. Their entries
    wait in memory and are written, in order, with the next call that succeeds. So no run is lost because the disk was
    full for a while, and the orchestrator can go on.
    """

    def __init__(self, database: Connections, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._entries = Entries(database)

    @property
    def pending(self) -> int:
        """Number of entries that wait to be written."""
        return self._entries.pending

    async def load(self) -> Remembered:
        """Load what the orchestrator needs at a start; runs without an end are marked as interrupted. To be called
        once, before anything runs."""
        found = await self._database.read(_load)
        now = self._clock.now()
        marked = tuple(
            dataclasses.replace(run, ended=max(now, run.started), outcome=Outcome.INTERRUPTED)
            for run in found.interrupted
        )

        def job(connection: sa.Connection) -> None:
            still_open = RUNS.update().where(RUNS.c.ended.is_(None), RUNS.c.outcome.is_(None))
            connection.execute(still_open.values(ended=now, outcome=Outcome.INTERRUPTED.value))

        try:
            await self._write(job)
        except StoreError as error:  # goes on: the entry waits to be written
            log.warning("the runs found open cannot be marked as interrupted yet: %s", error)
        by_id = {run.id: run for run in marked}
        reads = tuple(
            read if read.last is None else dataclasses.replace(read, last=by_id.get(read.last.id, read.last))
            for read in found.reads
        )
        return dataclasses.replace(found, reads=reads, interrupted=marked)

    async def clock_doubted(self) -> None:
        """Mark all stored times as doubtful (:func:`doubts.doubt`)."""
        now = self._clock.now()
        await self._write(lambda connection: doubt(connection, now))

    async def run_started(self, record: RunRecord) -> None:
        """Store a run that begins."""
        await self._write(lambda connection: _put_run(connection, record))

    async def run_ended(self, record: RunRecord) -> None:
        """Store a run that has ended."""
        await self._write(lambda connection: _put_run(connection, record))

    async def event(self, event: Event) -> None:
        """Store an event."""
        values = {
            "at": event.at,
            "kind": event.kind.value,
            "boot": event.boot,
            "revision": event.revision,
            "data": as_json(event.data),
        }
        await self._add(EVENTS, values, "at", "boot", "revision")

    async def note(self, key: str, value: Json) -> None:
        """Store a small value; ``None`` removes it."""
        stored = as_json(value)
        await self._write(lambda connection: put_note(connection, key, stored))

    async def explained(self, explanation: Explanation) -> None:
        """Store an answer of ``explain``."""
        values = {
            "at": explanation.at,
            "reason": explanation.reason.value,
            "params": as_json(explanation.params),
            "forecast": [_forecast_json(f) for f in explanation.forecast],
        }
        await self._add(EXPLANATIONS, values, "at", "reason")

    async def explanation_at(self, at: datetime) -> Explanation | None:
        """The last stored answer that is not later than ``at``; ``None`` if there is none that can be read."""

        def job(connection: sa.Connection) -> Explanation | None:
            row = connection.execute(
                sa.select(EXPLANATIONS)
                .where(EXPLANATIONS.c.at <= at)
                .order_by(EXPLANATIONS.c.at.desc(), EXPLANATIONS.c.id.desc())
                .limit(1)
            ).one_or_none()
            if row is None or row.at is None or row.reason not in set(Reason):
                return None
            try:
                forecast = tuple(map(_forecast, row.forecast or ()))
            except (ValueError, TypeError, KeyError):
                forecast = ()
            return Explanation(row.at, Reason(row.reason), row.params or {}, forecast)

        return await self._database.read(job)

    async def flush(self) -> None:
        """Write the waiting entries; raises :class:`StoreError` when that is still not possible."""
        await self._entries.flush()

    async def _add(self, table: sa.Table, values: Mapping[str, Any], *identity: str) -> None:
        """Insert a row. ``identity``: the columns that no other row has like it."""
        same = [table.c[name] == values[name] for name in identity]
        tried = False

        def job(connection: sa.Connection) -> None:
            nonlocal tried
            # After a lost connection an office's server may have committed it already.
            if not (tried and connection.scalar(sa.select(sa.exists().where(*same)))):
                _insert(connection, table, values)
            tried = True

        await self._write(job)

    async def _write(self, job: Callable[[sa.Connection], None]) -> None:
        await self._entries.write(job)


def _insert(connection: sa.Connection, table: sa.Table, values: Mapping[str, Any]) -> None:
    connection.execute(table.insert().values(values))


def _put_run(connection: sa.Connection, record: RunRecord) -> None:
    values = run_values(record)
    if connection.execute(RUNS.update().where(RUNS.c.id == record.id).values(values)).rowcount == 0:
        _insert(connection, RUNS, values)


def _load(connection: sa.Connection) -> Remembered:
    with any_text(connection):
        found, unreadable = _runs(connection, RUNS.c.ended.is_(None), RUNS.c.outcome.is_(None))
        pairs = connection.execute(RUN_PAIRS).all()
        names = sorted((kind, name) for kind, name in pairs if isinstance(kind, str) and isinstance(name, str))
        reads = tuple(_last_read(connection, type_, account) for type_, account in names)
        notes = {row.key: row.value for row in connection.execute(sa.select(NOTES)) if row.key not in NOTES_OF_DOUBT}
        # The times of the rows written last, not the latest times, which may be from a clock that was ahead.
        times = [
            connection.scalar(sa.select(table.c.at).order_by(table.c.id.desc()).limit(1))
            for table in (EVENTS, EXPLANATIONS)
        ]
    last_sign = max((at for at in times if at is not None), default=None)
    return Remembered(reads, tuple(found), notes, last_sign, unreadable)


def _runs(
    connection: sa.Connection, *where: sa.ColumnElement[bool], limit: int | None = None
) -> tuple[list[RunRecord], tuple[str, ...]]:
    """Runs, the last begun first; and names of those among them that cannot be read."""
    rows = connection.execute(sa.select(RUNS).where(*where).order_by(RUN_ORDER.desc()).limit(limit)).all()
    found = [(row.id, run_record(row._mapping)) for row in rows]
    return [run for _, run in found if run is not None], tuple(f"run {run_id}" for run_id, run in found if run is None)


RECENT = 20
"""How many of the latest runs are tried until one can be read."""


def _last_read(connection: sa.Connection, type_: str, account: str) -> LastRead:
    mine = (RUNS.c.type == type_, RUNS.c.account == account)
    read = READS.c.entity == type_, READS.c.account.in_([account, ""])  # shared lists have no account
    ages = sa.select(READS.c.last_success, READS.c.new_as_of, READS.c.all_as_of, READS.c.doubtful).where(*read)
    success, new, clean, doubtful = connection.execute(ages).first() or (None, None, None, None)
    # One query for each scope, in which the index gives the order; all scopes together would be sorted with whole rows.
    newest = [
        sa.select(RUN_ORDER.label("at")).where(*mine, RUNS.c.scope == scope.value).order_by(sa.desc("at")).limit(RECENT)
        for scope in Scope
    ]
    found = sa.union_all(*(sa.select(each.subquery().c.at) for each in newest))
    last, _ = _runs(connection, RUN_ORDER.in_(found), limit=RECENT)
    whole, _ = _runs(connection, *mine, RUNS.c.scope == Scope.ALL.value, RUNS.c.outcome.in_(_CONCLUSIVE), limit=RECENT)
    wholes = connection.execute(
        sa.select(RUNS.c.outcome, RUNS.c.started, RUNS.c.ended, RUNS.c.suspensions, RUNS.c.seconds)
        .where(*mine, RUNS.c.scope == Scope.ALL.value, RUNS.c.outcome.in_(_SUCCESSES))
        .order_by(RUN_ORDER.desc())
        .limit(UNCLEAN_LIMIT)
    ).all()
    return LastRead(
        type_,
        account,
        success,
        new,
        clean,
        doubtful=names_of(doubtful),
        last=last[0] if last else None,
        whole=whole[0] if whole else None,
        unclean_in_a_row=next((n for n, row in enumerate(wholes) if row.outcome != Outcome.UNCLEAN), len(wholes)),
        durations=tuple(s for row in reversed(wholes[:DURATIONS]) if (s := _seconds(row)) is not None),
    )


_SUCCESSES = (Outcome.COMPLETED.value, Outcome.UNCLEAN.value)
_CONCLUSIVE = (*_SUCCESSES, Outcome.REFUSED.value, Outcome.FAILED.value)
"""Outcomes of a whole read that show something about the list."""
UNCLEAN_LIMIT = 100
"""Unclean reads in a row are counted up to this number."""


def _seconds(row: Any) -> float | None:
    """A run's duration without its suspensions; for rows of schema version 0001 computed from wall clock times."""
    if isinstance(row.seconds, float):
        return max(0.0, row.seconds)
    try:
        total: float = (row.ended - row.started).total_seconds()
        for begin, end in row.suspensions or ():
            since = datetime.fromisoformat(begin)
            total -= ((datetime.fromisoformat(end) if end else row.ended) - since).total_seconds()
    except (ValueError, TypeError):
        return None
    return total if total >= 0 else None
