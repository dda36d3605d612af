"""The immutable status, built from the state when it is asked for, at most once per revision.

Parts that a change rarely affects are reused from the last status: forecasts, the waiting requests with their reasons,
and the sessions. A hundred waiting requests take ten times as long as everything else in a status.
"""

from __future__ import annotations

from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from archisync_gui.model import (
    AccountId,
    AccountStatus,
    AccountTypeStatus,
    ErrorInfo,
    Forecast,
    Freshness,
    Outcome,
    QueueEntry,
    Reason,
    RunView,
    SessionView,
    Status,
    SyncState,
    SyncType,
    TypeStatus,
)
from archisync_gui.orchestrator import blocks, decide, office_hours
from archisync_gui.orchestrator.explain import Forecaster, explain, params_of, queue_because, remaining
from archisync_gui.orchestrator.state import Attempt, Request, Session, State, parts_without
from archisync_gui.orchestrator.values import SHARED, Moment, evolve

_WORST_STATE = (
    SyncState.STOPPED,
    SyncState.REFUSED,
    SyncState.BACKING_OFF,
    SyncState.RUNNING,
    SyncState.SUSPENDED,
    SyncState.WAITING,
    SyncState.QUEUED,
    SyncState.IDLE,
)
WORST_FRESHNESS = (Freshness.NEVER, Freshness.UNKNOWN, Freshness.LATE, Freshness.FRESH)


class StatusView:
    """Builds statuses of one orchestrator, and caches the parts that the next one can reuse."""

    def __init__(self) -> None:
        self.forecasts = Forecaster()
        self._waiting: Waiting | None = None
        self._sessions: tuple[object, Moment, tuple[SessionView, ...]] | None = None
        self._last: Status | None = None

    def at(self, state: State, now: Moment, revision: int, journal_error: ErrorInfo | None) -> Status:
        """The status of that revision of the state; built once, and again if time alone has changed the waiting
        requests."""
        valid = self._waiting is not None and self._waiting.holds(state, now)
        if self._last is None or self._last.revision != revision or not valid:
            if self._waiting is None or not valid:
                self._waiting = waiting(state, now)
            coming = self.forecasts(state, now)
            self._last = _status(state, now, revision, journal_error, coming, self._waiting, self._views(state, now))
        return self._last

    def _views(self, state: State, now: Moment) -> tuple[SessionView, ...]:
        cached = self._sessions
        if cached is None or cached[0] is not state.sessions or _clock_moved(cached[1], now):
            cached = self._sessions = state.sessions, now, tuple(session_view(s, now) for s in state.sessions.values())
        return cached[2]


CLOCK_MOVED = 0.5
"""Seconds by which the wall clock may deviate from the monotonic one before cached times are computed again."""


def _clock_moved(then: Moment, now: Moment) -> bool:
    return abs((now.wall - then.wall).total_seconds() - (now.mono - then.mono)) > CLOCK_MOVED


class Waiting(NamedTuple):
    """The waiting requests as they are shown, and until when they stay the same if only time passes."""

    depends: tuple[object, ...]
    made: Moment
    until: float
    """Monotonic; when a priority or a reason changes by itself."""
    entries: tuple[QueueEntry, ...]
    places: dict[tuple[SyncType, AccountId], int]
    """Index of the first entry of each type and account."""

    def holds(self, state: State, now: Moment) -> bool:
        """True if entries made now would be the same."""
        if not self.made.mono <= now.mono < self.until or _clock_moved(self.made, now):
            return False
        return all(a is b for a, b in zip(self.depends, _depends(state, now), strict=True))


_PARTS = parts_without("active", "abandoned", "unreadable")
"""Parts of the state that may change a waiting request's reason; of the active run only its id counts."""


def _depends(state: State, now: Moment) -> tuple[object, ...]:
    open_now = office_hours.is_open(now.wall, state.rules.office, state.rules.zone)
    run = None if state.active is None else state.active.run.id
    return open_now, run, *(getattr(state, name) for name in _PARTS)


def waiting(state: State, now: Moment) -> Waiting:
    """The waiting requests in the order in which they start. They change by themselves when a block, a session, quiet
    or a copy's freshness ends, or a request has waited long enough for a higher priority (rules 3, 9-11)."""
    found = queue_because(state, now)
    changes = [now.mono_at(block.until) for _, block in found if block.until is not None]
    changes += [session.ends for session in state.sessions.values()]
    if state.quiet_since is not None and blocks.quiet(state, now):
        changes.append(state.quiet_since + state.rules.quiet)
    changes += [now.mono_at(late) for late in blocks.late_times(state, now) if late > now.wall]
    # Waiting times are as of ``state.at``, when the state was last advanced.
    changes += [state.at.mono + decide.until_older(state, request) for request, _ in found]
    entries = tuple(entry(state, request, block, now) for request, block in found)
    places: dict[tuple[SyncType, AccountId], int] = {}
    for index, shown in enumerate(entries):
        places.setdefault((shown.type, shown.account), index)
    return Waiting(_depends(state, now), now, min(changes, default=float("inf")), entries, places)


def _status(
    state: State,
    now: Moment,
    revision: int,
    journal_error: ErrorInfo | None,
    forecasts: tuple[Forecast, ...],
    waiting: Waiting,
    sessions: tuple[SessionView, ...],
) -> Status:
    coming = {(f.type, _line(state, f.type, f.account)): f for f in forecasts}
    active = state.active
    return Status(
        boot=state.boot,
        revision=revision,
        at=now.wall,
        current_sync=None if active is None else active.run.type,
        current_run=run_view(state, now),
        queue=waiting.entries,
        statuses=MappingProxyType(
            {sync_type: _type_status(state, sync_type, now, waiting, coming) for sync_type in state.types}
        ),
        smart_customer_sync_active=bool(state.sessions),
        session_count=len(state.sessions),
        safety_timeout_active=bool(state.sessions),
        breathing=blocks.breathing(state, now),
        quiet_until=_quiet_until(state, now),
        sessions=sessions,
        hold_since=state.hold_since,
        hold_until=state.hold_until,
        accounts=tuple(
            AccountStatus(
                account,
                a.account.enabled,
                a.account.catalogue,
                a.stopped,
                blocks.logins_today(state, account, now),
                state.rules.login_budget,
            )
            for account, a in state.accounts.items()
        ),
        explanation=evolve(explain(state, now), forecast=tuple(coming.values())),
        journal_error=journal_error,
        abandoned=tuple(evolve(view_of(state, a, now), stopping="abandoned") for a in state.abandoned),
        unreadable=state.unreadable,
        backup_trouble=state.backup_trouble,
    )


def run_view(state: State, now: Moment) -> RunView | None:
    """The active run."""
    return None if state.active is None else view_of(state, state.active, now)


def view_of(state: State, active: Attempt, now: Moment) -> RunView:
    """A run that has not ended."""
    run = active.run
    return RunView(
        id=run.id,
        type=run.type,
        account=run.account,
        scope=run.scope,
        origin=run.origin,
        attempt=run.attempt,
        started=active.started.wall,
        progress=active.progress,
        remaining=remaining(state, active, now),
        request_id=active.request.id,
        stopping=None if active.stop is None else active.stop.value,
    )


def entry(state: State, request: Request, block: blocks.Block, now: Moment) -> QueueEntry:
    """One waiting request, with the one reason why it waits."""
    return QueueEntry(
        id=request.id,
        type=request.slot.type,
        account=request.slot.account,
        scope=request.slot.scope,
        priority=decide.effective_priority(state, request),
        origin=request.origin,
        requested_at=request.asked.wall,
        user_id=request.slot.account,
        reason=block.reason,
        params=params_of(block, state, now),
        suspended_progress=None if request.suspended is None else request.suspended.progress,
        run_anyway_possible=block.reason not in (Reason.RUNNING, Reason.BEHIND, Reason.ACCOUNT_STOPPED, Reason.CLOSING),
    )


def session_view(session: Session, now: Moment) -> SessionView:
    """A session without its secret id."""
    return SessionView(
        handle=session.handle,
        label=session.label,
        account=session.account,
        since=session.since.wall,
        last_sign=session.last_sign.wall,
        deadline=now.wall_at(session.ends),
        connected=session.connections > 0,
        anonymous=session.anonymous,
    )


def _quiet_until(state: State, now: Moment) -> datetime | None:
    if state.quiet_since is None or not blocks.quiet(state, now):
        return None
    return now.wall_at(state.quiet_since + state.rules.quiet)


def _line(state: State, sync_type: SyncType, account: AccountId) -> AccountId:
    return SHARED if state.types[sync_type].shared else account


def _type_status(
    state: State,
    sync_type: SyncType,
    now: Moment,
    waiting: Waiting,
    coming: dict[tuple[SyncType, AccountId], Forecast],
) -> TypeStatus:
    """The status of a type, with state and freshness of its worst account; ``accounts`` lists all accounts."""
    inside = tuple(
        _account_type(
            state, sync_type, account, now, waiting, coming.get((sync_type, _line(state, sync_type, account)))
        )
        for account in state.readers(sync_type)
    )
    reads = [a.last_run_time for a in inside]
    worst = min(inside, key=lambda a: _WORST_STATE.index(a.state), default=None)
    positions = [a.queue_position for a in inside if a.queue_position is not None]
    return TypeStatus(
        type=sync_type,
        state=SyncState.IDLE if worst is None else worst.state,
        reason=Reason.NO_ACCOUNT if worst is None else worst.reason,
        freshness=min((a.freshness for a in inside), key=WORST_FRESHNESS.index, default=Freshness.NEVER),
        is_running=any(a.is_running for a in inside),
        queue_position=min(positions, default=None),
        last_run_time=None if None in reads else min((r for r in reads if r is not None), default=None),
        interval=state.intervals.get(sync_type),
        accounts=inside,
    )


def _account_type(
    state: State,
    sync_type: SyncType,
    account: AccountId,
    now: Moment,
    waiting: Waiting,
    expected: Forecast | None,
) -> AccountTypeStatus:
    list_state = state.list_state(sync_type, account)
    active = state.active if state.active is not None and state.active.run.type == sync_type else None
    if active is not None and active.run.account != account:
        active = None
    index = waiting.places.get((sync_type, account))
    first = None if index is None else waiting.entries[index]
    doing, reason = _doing(state, sync_type, account, now, first, running=active is not None)
    last = list_state.last
    freshness = blocks.freshness(state, sync_type, account, now)
    late = blocks.late_at(state, sync_type, account, now) if freshness is Freshness.FRESH else None
    return AccountTypeStatus(
        type=sync_type,
        account=account,
        state=doing,
        reason=reason,
        freshness=freshness,
        is_running=active is not None,
        queue_position=None if index is None else index + 1,
        last_run_time=None if list_state.success is None else list_state.success.wall,
        new_as_of=None if list_state.new is None else list_state.new.claim(now),
        all_as_of=None if list_state.whole is None else list_state.whole.claim(now),
        last_attempt=None if last is None else last.started,
        last_outcome=None if last is None else last.outcome,
        last_error=None if last is None else last.error,
        last_run_id=None if last is None else last.id,
        failures_in_a_row=list_state.failures,
        unclean_in_a_row=list_state.unclean,
        due=list_state.due,
        expected=expected,
        progress=None if active is None else active.progress,
        rows=None if last is None else last.rows,
        added=0 if last is None else last.added,
        changed=0 if last is None else last.changed,
        gone=0 if last is None else last.gone,
        late_at=None if late is None else late.replace(microsecond=0),
    )


def _doing(
    state: State, sync_type: SyncType, account: AccountId, now: Moment, waiting: QueueEntry | None, *, running: bool
) -> tuple[SyncState, Reason | None]:
    """The present state of a type of an account, with the reason."""
    if running:
        return SyncState.RUNNING, None
    if state.accounts[account].stopped is not None:
        return SyncState.STOPPED, Reason.ACCOUNT_STOPPED
    if waiting is not None:
        if waiting.suspended_progress is not None:
            return SyncState.SUSPENDED, waiting.reason
        if waiting.reason in (Reason.RUNNING, Reason.BEHIND):
            return SyncState.QUEUED, waiting.reason
        return (SyncState.BACKING_OFF if waiting.reason is Reason.BACK_OFF else SyncState.WAITING), waiting.reason
    list_state = state.list_state(sync_type, account)
    if list_state.back_off is not None and list_state.back_off > now.wall:
        return SyncState.BACKING_OFF, Reason.BACK_OFF
    if list_state.last is not None and list_state.last.outcome is Outcome.REFUSED:
        return SyncState.REFUSED, None
    return SyncState.IDLE, None
