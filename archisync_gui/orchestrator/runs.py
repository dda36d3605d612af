"""Transitions of a run: started, progressed, suspended, ended, tried again.

The lock is ``State.active``: it belongs to a run id, and only that run's end frees it (rules 1, 2).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from archisync_gui.model import (
    AccountId,
    ErrorInfo,
    FailureKind,
    Finished,
    Json,
    Outcome,
    Progress,
    Run,
    RunRecord,
    RunResult,
    Scope,
    Suspended,
    SyncType,
    events,
)
from archisync_gui.orchestrator import accounts, sessions
from archisync_gui.orchestrator.decide import effective_priority
from archisync_gui.orchestrator.requests import (
    delivered,
    dropped,
    forms_notified,
    joined,
    put_back,
    stop_asked,
    suspended_ended,
    used_up,
    without_closed_forms,
)
from archisync_gui.orchestrator.state import Attempt, ListState, Request, State, StopCause
from archisync_gui.orchestrator.values import (
    SCHEDULE,
    ClockDoubt,
    Moment,
    Note,
    Slot,
    Stamp,
    counted,
    evolve,
    is_form,
)

LIMITS = {
    StopCause.DEADLINE: "run-deadline",
    StopCause.WATCHDOG: "run-watchdog",
}
"""Stop causes that count as failures (rule 24), with the failure's code."""


# ---------------------------------------------------------------------------------------------------------- life


def started(state: State, now: Moment, slot: Slot) -> State:
    """The request in ``slot`` gets the lock: a new run starts, or its suspended run goes on (rule 19)."""
    request = state.queue[slot]
    priority = effective_priority(state, request)
    state = state.without_request(slot)
    suspended = request.suspended
    if suspended is None:
        run_id, state = state.numbered("r")
        run = Run(run_id, *request.slot, request.origin, priority, request.attempt, state.preemptible)
        active = Attempt(request, run, started=now, began=now, since=now, progress_at=now.mono)
        return evolve(state, active=active).with_effects(events.SyncStarted(*active.about(), request.id, priority))
    active = evolve(
        suspended,
        request=evolve(request, suspended=None),
        run=evolve(suspended.run, origin=request.origin, priority=priority),
        since=now,
        progress_at=now.mono,
        long_step=None,
        suspensions=(*suspended.suspensions, (suspended.since.wall, now.wall)),
    )
    goes_on = suspended.resume is not None and now.mono - suspended.since.mono < state.rules.resume_age
    if not goes_on:
        active = evolve(active, began=now, resume=None, progress=Progress(), spent=0.0)
    return evolve(state, active=active).with_effects(
        events.SyncResumed(*active.about(), request.id, starts_over=not goes_on)
    )


def progressed(state: State, now: Moment, run_id: str, progress: Progress) -> State:
    """The runner reports progress; resets the watchdog (rule 24)."""
    if (active := state.running(run_id)) is None:
        return state
    active = evolve(active, progress=progress, progress_at=now.mono)
    return evolve(state, active=active).with_effects(events.SyncProgress(*active.about(), *_figures(progress)))


def _figures(progress: Progress) -> tuple[str, int | None, int | None, int, int | None]:
    return progress.step, progress.page, progress.pages, progress.rows, progress.total


def freshness_restated(
    state: State,
    now: Moment,
    sync_type: SyncType,
    account: AccountId,
    ages: tuple[datetime | None, datetime | None, datetime | None],
    doubtful: Collection[str] = (),
) -> State:
    """The operator changed the stored rows (cleared, accepted, re-keyed): take the times of last success, ``newAsOf``
    and ``allAsOf`` from the store, and no longer show a refused read as the last attempt (data rules)."""
    names = ("last_success", "new_as_of", "all_as_of")
    success, new, whole = (
        None if at is None else Stamp(at, doubtful=at > now.wall or name in doubtful)
        for name, at in zip(names, ages, strict=True)
    )
    key = state.list_key(sync_type, account)
    before = state.list_state(sync_type, account)
    list_state = evolve(before, success=success, new=new, whole=whole)
    if list_state.last is not None and list_state.last.outcome is Outcome.REFUSED:
        list_state = evolve(list_state, last=None, failures=0, back_off=None)
    return _count_kept(state.with_list_state(key, list_state), key, before, list_state).with_effects(
        events.QueueUpdated(len(state.queue), sync_type, account)
    )


def long_step(state: State, now: Moment, run_id: str, limit: float | None) -> State:
    """The runner declares a step of up to ``limit`` seconds without progress; ``None``: the step has ended
    (rule 24)."""
    if (active := state.running(run_id)) is None:
        return state
    until = None if limit is None else now.mono + limit
    return evolve(state, active=evolve(active, long_step=until, progress_at=now.mono))


def stop_sent(state: State, now: Moment, run_id: str, cause: StopCause) -> State:
    """The run's task has been cancelled; it keeps the lock until it really ends (rule 2)."""
    if (active := state.running(run_id)) is None:
        return state
    state = stop_asked(state, cause)
    first = now.mono if active.stop_first is None else active.stop_first
    return evolve(state, active=evolve(state.active, stop_first=first, stop_last=now.mono))


def abandoned(state: State, now: Moment, run_id: str) -> State:
    """The run ignored all cancellations: it loses the lock, and its result will be ignored (rule 26). Its request is
    handled as after any failed or cancelled attempt."""
    if (active := state.running(run_id)) is None:
        return state
    error = _error(active, "run-abandoned", "the run did not end and was abandoned")
    state = evolve(state, active=None, abandoned=(*state.abandoned, active))
    state = _failed(state, now, active, error) if active.stop in LIMITS else _cancelled(state, now, active, error)
    return state if active.run.account in state.enabled else accounts.orphans_dropped(state, now)


def abandoned_over(state: State, _now: Moment, run_id: str) -> State:
    """The task of an abandoned run has ended."""
    left = tuple(a for a in state.abandoned if a.run.id != run_id)
    if len(left) == len(state.abandoned):
        return state
    return evolve(state, abandoned=left).with_effects(events.QueueUpdated(len(state.queue)))


def ended(state: State, now: Moment, run_id: str, end: Finished | Suspended | ErrorInfo) -> State:
    """The run's task is done, with this end. Frees the lock."""
    if (active := state.running(run_id)) is None:
        return state
    state = _after_end(evolve(state, active=None), now, active, end)
    # If its account was removed meanwhile, no account can serve a request that was put back into the queue.
    return state if active.run.account in state.enabled else accounts.orphans_dropped(state, now)


def _after_end(state: State, now: Moment, active: Attempt, end: Finished | Suspended | ErrorInfo) -> State:
    if isinstance(end, Finished):  # the rows are stored, even if it was cancelled: that came too late (rule 26)
        return _finished(state, now, active, end)
    if active.stop in LIMITS:
        return _failed(state, now, active, _error(active, LIMITS[active.stop], "the run passed a limit"))
    if active.stop is not None:
        return _cancelled(state, now, active)  # an error that is raised after a cancellation has no meaning
    return _suspended(state, now, active, end) if isinstance(end, Suspended) else _failed(state, now, active, end)


# ---------------------------------------------------------------------------------------------------------- ends


def _finished(state: State, now: Moment, active: Attempt, end: Finished) -> State:
    """The runner finished: completed, unclean or skipped (rule 20)."""
    began = now.wall_at(active.began.mono)
    as_of, tolerance = end.as_of, timedelta(seconds=state.rules.clock_tolerance)
    if as_of is not None:
        if as_of - now.wall > tolerance:
            state = state.with_effects(ClockDoubt())  # the store may have stored that time
        set_back = active.began.wall - began > tolerance
        # After the wall clock was set back, only the monotonic clock shows how old the rows are (rule 30).
        as_of = began if as_of > now.wall or (set_back and as_of > began) else as_of
    row = final_row(
        active,
        now,
        outcome=end.outcome,
        as_of=as_of,
        rows=end.rows,
        added=end.added,
        changed=end.changed,
        gone=end.gone,
        warnings=end.warnings,
    )
    key = state.list_key(active.run.type, active.run.account)
    scope = Scope.ALL if end.whole else active.run.scope
    before = state.list_states.get(key, ListState())
    list_state = _after_success(state, before, row, Stamp(as_of or began, active.began.mono), scope)
    state = _count_kept(state.with_list_state(key, list_state), key, before, list_state)
    state = accounts.login_worked(state, active.run.account)
    result = result_of(row)
    kind = events.SyncSkipped if end.outcome is Outcome.SKIPPED else events.SyncCompleted
    counts = end.rows, end.added, end.changed, end.gone
    event = kind(*active.about(), end.outcome, *counts, as_of, result.duration_ms, end.warnings)
    state = _deliver(state.with_effects(row), active.request, result).with_effects(event)
    if end.whole and active.run.scope is Scope.NEW:
        state = _satisfied_too(state, now, active, result, Scope.ALL)
    if end.outcome is not Outcome.COMPLETED or active.run.scope is Scope.ONE:
        return state
    if active.run.scope is Scope.ALL:
        return _satisfied_too(state, now, active, result, Scope.NEW)
    return sessions.whole_list_follows(sessions.served(state, now, active.run.account), now, active)


def _after_success(state: State, list_state: ListState, row: RunRecord, stamp: Stamp, scope: Scope) -> ListState:
    """The list's state after a run that did not fail. A fast read never changes the last success (rule 12)."""
    list_state = _shown(list_state, row, scope)
    match row.outcome, scope:
        case Outcome.COMPLETED, Scope.NEW:
            return evolve(list_state, new=stamp)
        case Outcome.COMPLETED | Outcome.UNCLEAN, Scope.ALL:
            seconds = row.seconds or 0.0
            list_state = evolve(
                list_state,
                success=stamp,
                failures=0,
                back_off=None,
                unclean=list_state.unclean + 1,
                durations=(*list_state.durations, seconds)[-state.rules.durations_kept :],
            )
            if row.outcome is Outcome.COMPLETED:
                return evolve(list_state, new=_newer(list_state.new, stamp), whole=stamp, unclean=0)
    return list_state


def _shown(known: ListState, row: RunRecord, scope: Scope) -> ListState:
    """With ``row`` as the attempt that statuses show. A whole read that failed or was refused stays shown until another
    whole read is applied, refused or fails: a fast read, a single record or a cancelled attempt does not replace it."""
    if known.failures and (scope is not Scope.ALL or row.outcome in (Outcome.CANCELLED, Outcome.SKIPPED)):
        return known
    return evolve(known, last=row)


def _newer(known: Stamp | None, stamp: Stamp) -> Stamp:
    """The later stamp by the monotonic clock: a fast read that began during a whole read is newer than it (rule 12)."""
    if known is None or known.doubtful or known.mono is None or stamp.mono is None or known.mono < stamp.mono:
        return stamp
    return known


def _satisfied_too(state: State, now: Moment, active: Attempt, result: RunResult, scope: Scope) -> State:
    """A clean whole read also satisfies the waiting request of the other scope, if its last asker came before the read
    began (words, rule 6). If it does not, a suspended read of that request starts over, since its rows are older
    (rule 19)."""
    slot = Slot(active.run.type, active.run.account, scope)
    if (waiting := state.queue.get(slot)) is None:
        return state
    if waiting.last_asked >= active.began.mono or result.outcome is not Outcome.COMPLETED:
        return state.with_request(joined(waiting, (), restart=True))
    state = suspended_ended(state.without_request(slot), now, waiting, "satisfied")
    return _deliver(sessions.served(state, now, slot.account), waiting, evolve(result, scope=scope))


def _suspended(state: State, now: Moment, active: Attempt, end: Suspended) -> State:
    """The run stopped at a safe point; it waits in its slot, without page and lock (rule 19)."""
    suspended = evolve(
        active,
        since=now,
        resume=end.state if active.run.scope is Scope.ALL else None,  # at most one state per type and account
        progress=end.progress,
        spent=active.seconds(now),
    )
    whole = evolve(active.request, suspended=suspended)
    request = without_closed_forms(state, whole)
    if not request.askers and request.slot not in state.queue:
        return dropped(state, now, whole)
    state = _deliver_to_closed_forms(put_back(state, request), active.request, request, result_of(active.record()))
    return state.with_effects(events.SyncSuspended(*active.about(), *_figures(end.progress)))


def _cancelled(state: State, now: Moment, active: Attempt, error: ErrorInfo | None = None) -> State:
    """The run was cancelled and has ended (rule 26). After a hold, its askers schedule and forms go back to the
    queue."""
    assert active.stop is not None
    row = final_row(active, now, outcome=Outcome.CANCELLED, error=error)
    key = state.list_key(row.type, row.account)
    state = state.with_list_state(key, _shown(state.list_states.get(key, ListState()), row, row.scope))
    request = active.request
    if active.stop is StopCause.HOLD:
        still = without_closed_forms(state, request).askers
        keep = tuple(a for a in still if a.id == SCHEDULE or is_form(a.id))
        if keep:
            state = put_back(state, evolve(request, askers=keep, repeat=False))
            request = evolve(request, askers=tuple(a for a in request.askers if a not in keep))
    state = _deliver(state.with_effects(row), request, result_of(row))
    return state.with_effects(events.SyncCancelled(*active.about(), active.stop.value, abandoned=error is not None))


def _failed(state: State, now: Moment, active: Attempt, error: ErrorInfo) -> State:
    """The attempt failed. Transient failures are tried again, outside the lock (rule 21); credentials stop the account
    (rule 22); the others end the request."""
    outcome = Outcome.REFUSED if error.kind is FailureKind.REFUSED else Outcome.FAILED
    row = final_row(active, now, outcome=outcome, error=error, rows=active.progress.rows)
    key = state.list_key(row.type, row.account)
    before = state.list_states.get(key, ListState())
    list_state = _shown(before, row, row.scope)
    pauses = state.rules.retry_pauses
    request = without_closed_forms(state, active.request)
    wanted = bool(request.askers) or request.slot in state.queue
    again = error.kind is FailureKind.TRANSIENT and row.attempt <= len(pauses) and wanted and not state.closing
    if not again and row.scope is Scope.ALL:
        list_state = _after_failure(state, list_state, now, row)
    state = _count_kept(state.with_list_state(key, list_state).with_effects(row), key, before, list_state)
    failure = events.SyncError(*active.about(), error, outcome, final=not again)
    if not again:
        state = _deliver(state, active.request, result_of(row)).with_effects(failure)
        return accounts.login_failed(state, now, row.type, row.account, error, active.since.mono)
    pause = pauses[row.attempt - 1]
    state = _deliver_to_closed_forms(state, active.request, request, result_of(row))
    retry = evolve(request, attempt=row.attempt + 1, not_before=now.mono + pause, repeat=True)
    state = forms_notified(put_back(state, retry).with_effects(failure), retry, error)
    return state.with_effects(events.RetryPlanned(*active.about()[:-1], row.attempt + 1, pause))


def _after_failure(state: State, list_state: ListState, now: Moment, row: RunRecord) -> ListState:
    """After three failed requests in a row the schedule's interval doubles, up to two hours (rule 23)."""
    failures = list_state.failures + 1
    wait = state.rules.back_off(state.intervals.get(row.type), failures)
    back_off = list_state.back_off if wait is None else now.wall + timedelta(seconds=wait)
    return evolve(list_state, failures=failures, back_off=back_off)


def _count_kept(state: State, key: tuple[SyncType, AccountId], before: ListState, after: ListState) -> State:
    """Store the count of failures in a row, if it changed, in a note that is kept over restarts (rule 23)."""
    if (before.failures, before.back_off) == (after.failures, after.back_off):
        return state
    return state.with_effects(Note(f"failures:{key[0]}:{key[1]}", counted(after.failures, after.back_off)))


def _deliver_to_closed_forms(state: State, before: Request, after: Request, result: RunResult) -> State:
    """Deliver the outcome to the forms that closed meanwhile and are no longer in the request (rule 5)."""
    return delivered(state, [a.id for a in before.askers if a not in after.askers], result)


def _deliver(state: State, request: Request, result: RunResult) -> State:
    """Deliver the one outcome of the request to all its askers (rule 5)."""
    if not state.closing:
        state = used_up(state, request)
    return delivered(state, [a.id for a in request.askers], result)


def _error(active: Attempt, code: str, message: str) -> ErrorInfo:
    params: dict[str, Json] = {"type": active.run.type, "account": active.run.account}
    return ErrorInfo(code, FailureKind.TRANSIENT, message, params)


def final_row(active: Attempt, now: Moment, **end: Any) -> RunRecord:
    """The row of an attempt that ends now; ``end``: its outcome and counts."""
    return active.record(ended=max(now.wall, active.started.wall), seconds=active.seconds(now), **end)


def result_of(row: RunRecord) -> RunResult:
    """The outcome for tickets after the last attempt."""
    return RunResult(
        type=row.type,
        account=row.account,
        scope=row.scope,
        outcome=row.outcome or Outcome.INTERRUPTED,
        rows=row.rows,
        added=row.added,
        changed=row.changed,
        gone=row.gone,
        duration_ms=round((row.seconds or 0.0) * 1000),
        as_of=row.as_of,
        error=row.error,
        run_id=row.id,
        warnings=row.warnings,
    )
