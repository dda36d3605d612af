"""The orchestrator's memory on the store: runs, events, explanations, notes; no decision about any of them."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from archisync_gui.model import (
    Clock,
    ErrorInfo,
    Event,
    EventKind,
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
from archisync_gui.store.database import Database
from archisync_gui.store.errors import RECOVERABLE, StoreError
from archisync_gui.store.schema import EVENTS, EXPLANATIONS, NOTES, READS, RUNS, utc_text

log = logging.getLogger(__name__)

DURATIONS = 10
PENDING_LIMIT = 20_000


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
    }


def run_record(row: Mapping[Any, Any]) -> RunRecord:
    """A run from its columns."""
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
        warnings=tuple(row["warnings"] or ()),
        error=None if row["error"] is None else _error(row["error"]),
        suspensions=tuple(
            (datetime.fromisoformat(a), None if b is None else datetime.fromisoformat(b))
            for a, b in row["suspensions"] or ()
        ),
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
    return ErrorInfo(**{**data, "kind": FailureKind(data["kind"])})


def event_from(row: Any) -> Event:
    """An event from its columns."""
    return Event(EventKind(row.kind), row.boot, row.revision, row.at, row.data or {})


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

    While nothing can be written (disk full, read-only, locked) the calls succeed all the same: what they were to
    write waits in memory, in order, and is written with the next call that succeeds. So no run is forgotten because
    the disk was full for a while, and the orchestrator goes on.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._pending: deque[Callable[[sa.Connection], None]] = deque(maxlen=PENDING_LIMIT)
        self._turn = asyncio.Lock()

    @property
    def pending(self) -> int:
        """How many calls wait for the disk to have room again."""
        return len(self._pending)

    async def load(self) -> Remembered:
        """What is remembered; marks runs found open as interrupted. Call once, before anything runs."""
        now = self._clock.now()
        return await self._database.write(lambda connection: _load(connection, now))

    async def run_started(self, record: RunRecord) -> None:
        """Keep a run that begins."""
        await self._write(lambda connection: _put_run(connection, record))

    async def run_ended(self, record: RunRecord) -> None:
        """Keep how a run ended."""
        await self._write(lambda connection: _put_run(connection, record))

    async def event(self, event: Event) -> None:
        """Keep an event."""
        values = {
            "at": event.at,
            "kind": event.kind.value,
            "boot": event.boot,
            "revision": event.revision,
            "data": as_json(event.data),
        }
        await self._write(lambda connection: _insert(connection, EVENTS, values))

    async def note(self, key: str, value: Json) -> None:
        """Keep a small value; ``None`` removes it."""
        stored = as_json(value)

        def job(connection: sa.Connection) -> None:
            connection.execute(NOTES.delete().where(NOTES.c.key == key))
            if stored is not None:
                _insert(connection, NOTES, {"key": key, "value": stored})

        await self._write(job)

    async def explained(self, explanation: Explanation) -> None:
        """Keep an answer of ``explain``."""
        values = {
            "at": explanation.at,
            "reason": explanation.reason.value,
            "params": as_json(explanation.params),
            "forecast": [_forecast_json(f) for f in explanation.forecast],
        }
        await self._write(lambda connection: _insert(connection, EXPLANATIONS, values))

    async def explanation_at(self, at: datetime) -> Explanation | None:
        """The last answer kept that is not later than ``at``."""

        def job(connection: sa.Connection) -> Explanation | None:
            row = connection.execute(
                sa.select(EXPLANATIONS)
                .where(EXPLANATIONS.c.at <= at)
                .order_by(EXPLANATIONS.c.at.desc(), EXPLANATIONS.c.id.desc())
                .limit(1)
            ).one_or_none()
            if row is None:
                return None
            return Explanation(row.at, Reason(row.reason), row.params or {}, tuple(map(_forecast, row.forecast or ())))

        return await self._database.read(job)

    async def flush(self) -> None:
        """Write what waits; raises :class:`StoreError` when that is still not possible."""
        async with self._turn:
            if self._pending:
                await self._database.write(self._catch_up)
                self._pending.clear()

    async def _write(self, job: Callable[[sa.Connection], None]) -> None:
        def both(connection: sa.Connection) -> None:
            self._catch_up(connection)
            job(connection)

        async with self._turn:
            try:
                await self._database.write(both)
            except StoreError as error:
                if error.code not in RECOVERABLE:
                    raise
                if not self._pending:
                    log.warning("the journal cannot be written, its entries wait in memory: %s", error)
                self._pending.append(job)
            else:
                self._pending.clear()

    def _catch_up(self, connection: sa.Connection) -> None:
        for job in list(self._pending):
            job(connection)


def _insert(connection: sa.Connection, table: sa.Table, values: Mapping[str, Any]) -> None:
    connection.execute(table.insert().values(values))


def _put_run(connection: sa.Connection, record: RunRecord) -> None:
    values = run_values(record)
    if connection.execute(RUNS.update().where(RUNS.c.id == record.id).values(values)).rowcount == 0:
        _insert(connection, RUNS, values)


def _load(connection: sa.Connection, now: datetime) -> Remembered:
    open_ids = list(connection.scalars(sa.select(RUNS.c.id).where(RUNS.c.ended.is_(None)).order_by(RUNS.c.started)))
    connection.execute(RUNS.update().where(RUNS.c.ended.is_(None)).values(ended=now, outcome=Outcome.INTERRUPTED.value))
    interrupted = tuple(
        run_record(row._mapping)
        for key in open_ids
        for row in connection.execute(sa.select(RUNS).where(RUNS.c.id == key))
    )
    pairs = connection.execute(sa.select(RUNS.c.type, RUNS.c.account).distinct()).all()
    reads = tuple(_last_read(connection, type_, account) for type_, account in sorted(tuple(pair) for pair in pairs))
    notes = {row.key: row.value for row in connection.execute(sa.select(NOTES))}
    moments = connection.execute(
        sa.select(*(sa.select(sa.func.max(column)).scalar_subquery() for column in (EVENTS.c.at, EXPLANATIONS.c.at)))
    ).one()
    last_sign = max((at for at in moments if at is not None), default=None)
    return Remembered(reads, interrupted, notes, last_sign)


def _last_read(connection: sa.Connection, type_: str, account: str) -> LastRead:
    mine = (RUNS.c.type == type_, RUNS.c.account == account)
    newest_first = (RUNS.c.started.desc(), RUNS.c.id.desc())
    # Shared lists are stored under no account, whoever read them.
    ages = connection.execute(
        sa.select(READS.c.last_success, READS.c.new_as_of, READS.c.all_as_of).where(
            READS.c.entity == type_, READS.c.account.in_([account, ""])
        )
    ).first()
    last = connection.execute(sa.select(RUNS).where(*mine).order_by(*newest_first).limit(1)).first()
    recent = connection.execute(
        sa.select(RUNS.c.scope, RUNS.c.outcome, RUNS.c.attempt, RUNS.c.started, RUNS.c.ended, RUNS.c.suspensions)
        .where(*mine)
        .order_by(*newest_first)
        .limit(500)
    ).all()
    wholes = [row for row in recent if row.scope == Scope.ALL and row.outcome in _SUCCESSES]
    return LastRead(
        type_,
        account,
        None if ages is None else ages.last_success,
        None if ages is None else ages.new_as_of,
        None if ages is None else ages.all_as_of,
        last=None if last is None else run_record(last._mapping),
        failures_in_a_row=_failures(recent),
        unclean_in_a_row=_leading(wholes, Outcome.UNCLEAN),
        durations=tuple(_seconds(row) for row in reversed(wholes[:DURATIONS])),
    )


_SUCCESSES = (Outcome.COMPLETED.value, Outcome.UNCLEAN.value)
_FAILURES = (Outcome.FAILED.value, Outcome.REFUSED.value)


def _failures(recent: Sequence[Any]) -> int:
    """Requests (not attempts) that failed since the last success, newest first. The attempts of one request are
    numbered upwards in time, so a request ends where the next newer row is no later attempt of it."""
    count = 0
    newer = None
    for row in recent:
        if row.outcome in _SUCCESSES:
            break
        if row.outcome in _FAILURES:
            if newer is None or newer.attempt <= row.attempt:
                count += 1
            newer = row
    return count


def _leading(rows: Sequence[Any], outcome: Outcome) -> int:
    return next((n for n, row in enumerate(rows) if row.outcome != outcome), len(rows))


def _seconds(row: Any) -> float:
    """How long a run worked, without its suspensions."""
    total: float = (row.ended - row.started).total_seconds()
    for begin, end in row.suspensions or ():
        total -= ((datetime.fromisoformat(end) if end else row.ended) - datetime.fromisoformat(begin)).total_seconds()
    return max(0.0, total)
