"""Transitions of the queue: asked, joined, withdrawn, moved. Nothing starts here; the dispatcher does that."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from archisync_gui.model import (
    AccountId,
    ErrorInfo,
    FailureKind,
    Json,
    Outcome,
    RunResult,
    Scope,
    SyncFailure,
    SyncType,
    SyncTypeSpec,
    events,
)
from archisync_gui.orchestrator.state import ListState, Request, State, StopCause
from archisync_gui.orchestrator.values import (
    FORM_PRIORITY,
    SCHEDULE,
    Asker,
    Moment,
    Note,
    OutcomeFor,
    Slot,
    evolve,
    form,
    is_form,
)


def clamped(priority: int) -> int:
    """The priority limited to 1-99; only forms have a higher one."""
    return max(1, min(FORM_PRIORITY - 1, priority))


def refuse_unaskable(
    types: Mapping[SyncType, SyncTypeSpec],
    accounts: Collection[AccountId],
    sync_type: SyncType,
    scope: Scope,
    key: str | None,
    account: AccountId | None,
) -> None:
    """Raise ``SyncFailure`` for a list, scope or account that cannot be requested. ``accounts``: those in use."""
    spec = types.get(sync_type)
    if spec is None:
        raise SyncFailure("request-unknown-type", FailureKind.PERMANENT, params={"type": sync_type})
    if (scope is not Scope.ALL and not spec.fast) or (scope is Scope.ONE) != (key is not None):
        raise SyncFailure("request-bad-scope", FailureKind.PERMANENT, params={"type": sync_type, "scope": scope.value})
    if account is not None and account not in accounts:
        raise SyncFailure("request-unknown-account", FailureKind.PERMANENT, params={"account": account})


def check_room(state: State, asks: Sequence[tuple[Slot, Asker]]) -> None:
    """Raise ``SyncFailure`` if too many tickets or requests wait already (limits)."""
    rules = state.rules
    for slot, _ in asks:
        waiting = state.queue.get(slot)
        if waiting is not None and len(waiting.askers) >= rules.tickets_limit:
            params: dict[str, Json] = {"type": slot.type, "limit": rules.tickets_limit}
            raise SyncFailure("too-many-tickets", FailureKind.TRANSIENT, params=params)
        full = len(state.queue) >= rules.records_limit
        if full and waiting is None and slot.scope is Scope.ONE:
            records = sum(other.scope is Scope.ONE for other in state.queue)
            if records >= rules.records_limit:
                params = {"type": slot.type, "limit": rules.records_limit}
                raise SyncFailure("too-many-records", FailureKind.TRANSIENT, params=params)


def asked(state: State, now: Moment, slot: Slot, asker: Asker, *, restart: bool = True) -> State:
    """Add a request. A second request for a slot joins the waiting one (rule 4). A suspended run that is joined starts
    over (rule 19), except with ``restart`` False: its rows are recent enough for the asker (rule 13)."""
    waiting = state.queue.get(slot)
    if waiting is None:
        request_id, state = state.numbered("q")
        return state.with_request(Request(request_id, slot, (asker,), now, state.sequence, now.mono, state.queue_time))
    return state.with_request(evolve(joined(waiting, (asker,), restart=restart), last_asked=now.mono))


def all_asked(state: State, now: Moment, asks: Sequence[tuple[Slot, Asker]]) -> State:
    """Add several requests at once."""
    for slot, asker in asks:
        state = asked(state, now, slot, asker)
    return state


def joined(request: Request, askers: tuple[Asker, ...], *, restart: bool) -> Request:
    """The request with more askers; an asker that was among them before is replaced. If any new one is not the
    schedule, the next attempt no longer counts as a repeat (rule 9)."""
    names = {a.id for a in askers}
    kept = tuple(a for a in request.askers if a.id not in names)
    suspended = request.suspended
    if suspended is not None and restart:
        suspended = evolve(suspended, resume=None)
    repeat = request.repeat and all(a.id == SCHEDULE for a in askers)
    return evolve(request, askers=kept + askers, suspended=suspended, repeat=repeat)


def put_back(state: State, request: Request) -> State:
    """Put a request that ran back into the queue, for its next attempt or suspended. It is merged with a request that
    came meanwhile; then a suspended run starts over (rules 4, 19)."""
    waiting = state.queue.get(request.slot)
    if waiting is None:
        return state.with_request(request)
    both = joined(request, waiting.askers, restart=True)
    anyway, front = request.anyway or waiting.anyway, request.front or waiting.front
    last = max(request.last_asked, waiting.last_asked)
    return state.with_request(evolve(both, anyway=anyway, front=front, last_asked=last))


def without_closed_forms(state: State, request: Request) -> Request:
    """The request without forms that have closed: a read without askers is not repeated, and no read of the schedule
    keeps a form's priority (rule 17)."""
    if not any(is_form(a.id) for a in request.askers):
        return request
    open_forms = {form(s.handle) for s in state.sessions.values()}
    askers = tuple(a for a in request.askers if not is_form(a.id) or a.id in open_forms)
    return request if len(askers) == len(request.askers) else evolve(request, askers=askers)


def withdrawn(state: State, now: Moment, asker_ids: Collection[str], *, stop: bool = True) -> State:
    """Withdraw askers. A request that has no other asker is removed; a run that has none is cancelled (``stop`` False:
    it may finish, rule 17)."""
    for request in list(state.queue.values()):
        gone = tuple(a for a in request.askers if a.id in asker_ids)
        if not gone:
            continue
        left = tuple(a for a in request.askers if a.id not in asker_ids)
        if left:
            state = _withdrawal(state.with_request(evolve(request, askers=left)), request, gone)
        else:
            state = dropped(state, now, request)
    active = state.active
    if active is None or not any(a.id in asker_ids for a in active.request.askers):
        return state
    left = tuple(a for a in active.request.askers if a.id not in asker_ids)
    if left:
        gone = tuple(a for a in active.request.askers if a.id in asker_ids)
        state = _withdrawal(state, active.request, gone)
        return evolve(state, active=evolve(active, request=evolve(active.request, askers=left)))
    return stop_asked(state, StopCause.WITHDRAWN) if stop else state


def dropped(state: State, now: Moment, request: Request) -> State:
    """Remove a waiting request; its suspended run, if any, ends (rules 5, 26)."""
    state = suspended_ended(state.without_request(request.slot), now, request, StopCause.WITHDRAWN.value)
    state = _withdrawal(state, request, request.askers)
    return state if state.closing else used_up(state, request)


def all_dropped(state: State, now: Moment) -> State:
    """Remove all waiting requests, since the program closes (rule 27)."""
    for request in list(state.queue.values()):
        state = dropped(state, now, request)
    return state


def suspended_ended(state: State, now: Moment, request: Request, cause: str) -> State:
    """End the suspended attempt, if any, of a request that leaves the queue, since every row must end (rule 31)."""
    suspended = request.suspended
    if suspended is None:
        return state
    row = suspended.record(
        ended=max(now.wall, suspended.started.wall),
        seconds=suspended.spent,
        outcome=Outcome.CANCELLED,
        rows=suspended.progress.rows,
        suspensions=(*suspended.suspensions, (suspended.since.wall, None)),
    )
    return state.with_effects(row, events.SyncCancelled(*suspended.about(), cause))


def used_up(state: State, request: Request) -> State:
    """The request has its outcome: if the schedule was an asker, its due time is used up. This is not done before, so
    that hold, shutdown and kill lose no read (rule 28). If the schedule asked again meanwhile, that read stays owed."""
    slot = request.slot
    if not any(a.id == SCHEDULE for a in request.askers):  # the schedule requests whole lists only
        return state
    other = scheduled(state, slot)
    return with_owed(state, state.list_key(slot.type, slot.account), None if other is None else other.asked.wall)


def scheduled(state: State, slot: Slot) -> Request | None:
    """The schedule's request for that list that waits or runs; ``None``: there is none."""
    key = state.list_key(slot.type, slot.account)  # a shared list may be read with another account by now
    current = [*state.queue.values(), *(() if state.active is None else (state.active.request,))]
    of_list = (r for r in current if state.list_key(r.slot.type, r.slot.account) == key)
    return next((r for r in of_list if any(a.id == SCHEDULE for a in r.askers)), None)


def with_owed(state: State, key: tuple[SyncType, AccountId], since: datetime | None) -> State:
    """Note since when the schedule owes a read of that type and account (``None``: it owes none); kept over
    restarts."""
    list_state = state.list_states.get(key, ListState())
    if list_state.owed == since:
        return state
    sync_type, account = key
    note = Note(f"owed:{sync_type}:{account}", None if since is None else since.isoformat())
    return state.with_list_state(key, evolve(list_state, owed=since)).with_effects(note)


def _withdrawal(state: State, request: Request, askers: tuple[Asker, ...]) -> State:
    slot = request.slot
    run_id = None if request.suspended is None else request.suspended.run.id
    result = RunResult(slot.type, slot.account, slot.scope, Outcome.CANCELLED, run_id=run_id)
    return delivered(state, [a.id for a in askers], result)


def delivered(state: State, asker_ids: Collection[str], result: RunResult | ErrorInfo) -> State:
    """Deliver an outcome to these askers. An open form that gets no fresh customers by it is notified by an event, too:
    its call may have been answered ``pending`` before (rule 12)."""
    if not asker_ids:
        return state
    state, error = state.with_effects(OutcomeFor(tuple(asker_ids), result)), unserved(result)
    if error is None:
        return state
    forms = [s for s in state.sessions.values() if form(s.handle) in asker_ids]
    return state.with_effects(*(events.SessionUnserved(s.handle, s.label, s.account, error) for s in forms))


def forms_notified(state: State, request: Request, error: ErrorInfo) -> State:
    """Notify the forms that wait for this fast read why they get no fresh customers for now (rule 12)."""
    fast = request.slot.scope is Scope.NEW
    return delivered(state, [a.id for a in request.askers if fast and is_form(a.id)], error)


def unserved(result: RunResult | ErrorInfo) -> ErrorInfo | None:
    """Why a form gets no fresh customers by this outcome; ``None``: it gets them, or it is no outcome of a fast
    read."""
    if isinstance(result, ErrorInfo):
        return result
    if result.scope is not Scope.NEW or result.outcome is Outcome.COMPLETED:
        return None
    return result.error or ErrorInfo("fast-read-ended", FailureKind.TRANSIENT, f"the fast read ended {result.outcome}")


def stop_asked(state: State, cause: StopCause) -> State:
    """Mark the active run to be cancelled; if it is marked already, the first cause is kept (rule 26)."""
    active = state.active
    if active is None or active.stop is not None:
        return state
    stopping = events.SyncStopping(*active.about(), cause.value)
    return evolve(state, active=evolve(active, stop=cause)).with_effects(stopping)


def removed(state: State, now: Moment, request_id: str) -> State:
    """The operator removes a waiting request."""
    request = state.request(request_id)
    return state if request is None else dropped(state, now, request)


def moved_to_front(state: State, _now: Moment, request_id: str) -> State:
    """The operator moves a waiting request before all others except forms'."""
    request = state.request(request_id)
    if request is None:
        return state
    first = min(r.order for r in state.queue.values()) - 1
    return state.with_request(evolve(request, front=True, order=first))


def run_anyway(state: State, _now: Moment, request_id: str) -> State:
    """The operator lets this one run start despite all reasons but a stopped account and the closing program
    (rule 9)."""
    request = state.request(request_id)
    return state if request is None else state.with_request(evolve(request, anyway=True, not_before=None))
