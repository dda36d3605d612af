"""The immutable picture of everything that lookers get; built from the state, only when somebody looks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from types import MappingProxyType

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
    SyncType,
    TypeStatus,
)
from archisync_gui.model import (
    State as Doing,
)
from archisync_gui.orchestrator import decide
from archisync_gui.orchestrator.explain import explain, forecasts, params_of, queue_because, remaining
from archisync_gui.orchestrator.state import SHARED, Active, Moment, Request, Session, State, evolve

_WORST_STATE = (
    Doing.STOPPED,
    Doing.REFUSED,
    Doing.BACKING_OFF,
    Doing.RUNNING,
    Doing.SUSPENDED,
    Doing.WAITING,
    Doing.QUEUED,
    Doing.IDLE,
)
_WORST_FRESHNESS = (Freshness.NEVER, Freshness.UNKNOWN, Freshness.LATE, Freshness.FRESH)


def status(
    state: State,
    now: Moment,
    revision: int,
    journal_error: ErrorInfo | None = None,
    forecasts: Callable[[State, Moment], tuple[Forecast, ...]] = forecasts,
) -> Status:
    """Everything at this moment; ``forecasts`` may keep what it found before."""
    queue = [entry(state, request, block, now) for request, block in queue_because(state, now)]
    coming = {(f.type, _line(state, f.type, f.account)): f for f in forecasts(state, now)}
    active = state.active
    return Status(
        boot=state.boot,
        revision=revision,
        at=now.wall,
        current_sync=None if active is None else active.run.type,
        current_run=run_view(state, now),
        queue=tuple(queue),
        statuses=MappingProxyType({type: _type_status(state, type, now, queue, coming) for type in state.types}),
        smart_customer_sync_active=bool(state.sessions),
        session_count=len(state.sessions),
        safety_timeout_active=bool(state.sessions),
        breathing=decide.breathing(state, now),
        quiet_until=_quiet_until(state, now),
        sessions=tuple(session_view(s, now) for s in state.sessions.values()),
        hold_since=state.hold_since,
        accounts=tuple(
            AccountStatus(
                id,
                a.account.enabled,
                a.account.catalogue,
                a.stopped,
                decide.logins_today(state, id, now),
                state.rules.login_budget,
            )
            for id, a in state.accounts.items()
        ),
        explanation=evolve(explain(state, now), forecast=tuple(coming.values())),
        journal_error=journal_error,
        abandoned=tuple(evolve(view_of(state, a, now), stopping="abandoned") for a in state.abandoned),
        unreadable=state.unreadable,
    )


def run_view(state: State, now: Moment) -> RunView | None:
    """The active run."""
    return None if state.active is None else view_of(state, state.active, now)


def view_of(state: State, active: Active, now: Moment) -> RunView:
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


def entry(state: State, request: Request, block: decide.Block, now: Moment) -> QueueEntry:
    """One waiting request, with the one reason why."""
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
        suspended_progress=None if request.parked is None else request.parked.progress,
        run_anyway_possible=block.reason not in (Reason.RUNNING, Reason.BEHIND, Reason.ACCOUNT_STOPPED, Reason.CLOSING),
    )


def session_view(session: Session, now: Moment) -> SessionView:
    """A session as others may see it."""
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
    if state.quiet_since is None or not decide.quiet(state, now):
        return None
    return now.wall_at(state.quiet_since + state.rules.quiet)


def _line(state: State, type: SyncType, account: AccountId) -> AccountId:
    return SHARED if state.types[type].shared else account


def _type_status(
    state: State,
    type: SyncType,
    now: Moment,
    queue: list[QueueEntry],
    coming: dict[tuple[SyncType, AccountId], Forecast],
) -> TypeStatus:
    """One type; the worst of its accounts speaks."""
    inside = tuple(
        _account_type(state, type, account, now, queue, coming.get((type, _line(state, type, account))))
        for account in state.readers(type)
    )
    reads = [a.last_run_time for a in inside]
    speaker = min(inside, key=lambda a: _WORST_STATE.index(a.state), default=None)
    positions = [a.queue_position for a in inside if a.queue_position is not None]
    return TypeStatus(
        type=type,
        state=Doing.IDLE if speaker is None else speaker.state,
        reason=Reason.NO_ACCOUNT if speaker is None else speaker.reason,
        freshness=min((a.freshness for a in inside), key=_WORST_FRESHNESS.index, default=Freshness.NEVER),
        is_running=any(a.is_running for a in inside),
        queue_position=min(positions, default=None),
        last_run_time=None if None in reads else min((r for r in reads if r is not None), default=None),
        interval=state.intervals.get(type),
        accounts=inside,
    )


def _account_type(
    state: State,
    type: SyncType,
    account: AccountId,
    now: Moment,
    queue: list[QueueEntry],
    expected: Forecast | None,
) -> AccountTypeStatus:
    track = state.track(type, account)
    active = state.active if state.active is not None and state.active.run.type == type else None
    if active is not None and active.run.account != account:
        active = None
    places = [n for n, e in enumerate(queue, 1) if e.type == type and e.account == account]
    waiting = queue[places[0] - 1] if places else None
    doing, reason = _doing(state, type, account, now, waiting, running=active is not None)
    last = track.last
    return AccountTypeStatus(
        type=type,
        account=account,
        state=doing,
        reason=reason,
        freshness=decide.freshness(state, type, account, now),
        is_running=active is not None,
        queue_position=places[0] if places else None,
        last_run_time=None if track.success is None else track.success.wall,
        new_as_of=None if track.new is None else track.new.claim(now),
        all_as_of=None if track.whole is None else track.whole.claim(now),
        last_attempt=None if last is None else last.started,
        last_outcome=None if last is None else last.outcome,
        last_error=None if last is None else last.error,
        last_run_id=None if last is None else last.id,
        failures_in_a_row=track.failures,
        unclean_in_a_row=track.unclean,
        due=track.due,
        expected=expected,
        progress=None if active is None else active.progress,
        rows=None if last is None else last.rows,
        added=0 if last is None else last.added,
        changed=0 if last is None else last.changed,
        gone=0 if last is None else last.gone,
    )


def _doing(
    state: State, type: SyncType, account: AccountId, now: Moment, waiting: QueueEntry | None, *, running: bool
) -> tuple[Doing, Reason | None]:
    """The word for what a type of an account is doing, with its reason."""
    if running:
        return Doing.RUNNING, None
    if state.accounts[account].stopped is not None:
        return Doing.STOPPED, Reason.ACCOUNT_STOPPED
    if waiting is not None:
        if waiting.suspended_progress is not None:
            return Doing.SUSPENDED, waiting.reason
        if waiting.reason in (Reason.RUNNING, Reason.BEHIND):
            return Doing.QUEUED, waiting.reason
        return (Doing.BACKING_OFF if waiting.reason is Reason.BACK_OFF else Doing.WAITING), waiting.reason
    track = state.track(type, account)
    if track.back_off is not None and track.back_off > now.wall:
        return Doing.BACKING_OFF, Reason.BACK_OFF
    if track.last is not None and track.last.outcome is Outcome.REFUSED:
        return Doing.REFUSED, None
    return Doing.IDLE, None
