"""Decides what to do now, in which order requests start, and when the decision may change: pure functions.

The dispatcher does what :func:`decide` returns. ``blocks`` says what stops a request; status, ``explain`` and the
forecast use the functions of both modules.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass
from datetime import datetime

from archisync_gui.model import AccountId, Reason, SyncType
from archisync_gui.orchestrator.blocks import Block, quiet, serves, stopped_by
from archisync_gui.orchestrator.state import Attempt, Request, State, StopCause
from archisync_gui.orchestrator.values import FORM_PRIORITY, Moment, Slot

# ---------------------------------------------------------------------------------------------------------- answers


@dataclass(frozen=True, slots=True)
class Start:
    """Start the request that waits in this slot."""

    slot: Slot


@dataclass(frozen=True, slots=True)
class Stop:
    """Cancel the active run."""

    run_id: str
    cause: StopCause


@dataclass(frozen=True, slots=True)
class Abandon:
    """Take the lock from a run that does not end."""

    run_id: str


def decide(state: State, now: Moment) -> Start | Stop | Abandon | None:
    """The one thing to do now (rules 1-3, 9-11, 17, 24, 26); ``None``: there is nothing to do. Suspending is not among
    them: at its safe points the run itself asks whether it :func:`must_yield`."""
    active = state.active
    if active is not None:
        if active.stop is not None:
            first, last = active.stop_first, active.stop_last
            if first is None or last is None:
                return Stop(active.run.id, active.stop)
            if now.mono - first >= state.rules.abandon_after:
                return Abandon(active.run.id)
            if now.mono - last >= state.rules.cancel_again:
                return Stop(active.run.id, active.stop)
        elif (cause := overrun(state, active, now)) is not None:
            return Stop(active.run.id, cause)
        return None
    slot = next_to_start(state, now)
    return None if slot is None else Start(slot)


def next_to_start(state: State, now: Moment) -> Slot | None:
    """The slot of the first request in order that nothing stops. Called while the lock is free."""
    return next((request.slot for request in in_order(state) if stopped_by(state, request, now) is None), None)


# ---------------------------------------------------------------------------------------------------------- order


def effective_priority(state: State, request: Request) -> int:
    """Priority with ageing: 1 more for every ten minutes of waiting while the queue could move, up to 99 (rule 3)."""
    if request.for_form:
        return FORM_PRIORITY
    if request.front:
        return FORM_PRIORITY - 1
    return min(FORM_PRIORITY - 1, request.priority + int(_waited(state, request) // state.rules.ageing))


def _waited(state: State, request: Request) -> float:
    """Seconds that a request has waited while the queue could move."""
    now, asked = state.queue_time, request.queue_time
    return now.schedule - asked.schedule if request.scheduled else now.total - asked.total


def until_older(state: State, request: Request) -> float:
    """Minimum seconds until ageing raises the request's priority: only time in which the queue can move counts
    (rule 3). Infinite if its priority cannot rise further."""
    if request.for_form or request.front or effective_priority(state, request) == FORM_PRIORITY - 1:
        return float("inf")
    return state.rules.ageing - _waited(state, request) % state.rules.ageing


def rank(state: State, request: Request) -> tuple[int, bool, int]:
    """Sort key for the order in which requests start: highest priority, then suspended ones (rule 17), then the one
    asked first."""
    return -effective_priority(state, request), request.suspended is None, request.order


def place_of(state: State, parts: Container[str]) -> int | None:
    """The position (1-based) in the queue of the first request with one of these askers; ``None``: none waits."""
    places = enumerate(in_order(state), 1)
    return next((at for at, request in places if any(a.id in parts for a in request.askers)), None)


def in_order(state: State) -> list[Request]:
    """The waiting requests, in the order in which they start; also those that something stops."""
    return sorted(state.queue.values(), key=lambda r: rank(state, r))


# ---------------------------------------------------------------------------------------------------------- the run


def must_yield(state: State, active: Attempt, now: Moment) -> bool:
    """True when the active run should be suspended: a form waits for a fast read, or quiet has begun (rule 10)."""
    if active.request.for_form or active.stop is not None:
        return False
    for request in state.queue.values():
        if request.for_form and stopped_by(state, request, now) is None:
            return True
    return quiet(state, now) and not active.request.anyway and not serves(state, active.request)


def overrun(state: State, active: Attempt, now: Moment) -> StopCause | None:
    """The limit of rule 24 that the run has passed; ``None``: neither. Suspended time does not count."""
    if active.seconds(now) >= state.types[active.run.type].deadline:
        return StopCause.DEADLINE
    if now.mono >= watched_until(state, active):
        return StopCause.WATCHDOG
    return None


def watched_until(state: State, active: Attempt) -> float:
    """Monotonic time at which the watchdog cancels the run unless it makes progress before."""
    limit = active.progress_at + state.rules.watchdog
    return limit if active.long_step is None else max(limit, active.long_step)


# ---------------------------------------------------------------------------------------------------------- when next


def idle_because(state: State, now: Moment) -> Block:
    """Why nothing starts: what stops the first request in the queue, else why none is waiting."""
    waiting = in_order(state)
    if waiting:
        # All waiting requests are stopped: one that could run would have been started.
        found = stopped_by(state, waiting[0], now)
        if found is not None:
            return found
    if state.closing:
        return Block(Reason.CLOSING)
    if state.hold_since is not None:
        return Block(Reason.HOLD, state.hold_until)
    if not state.enabled:
        return Block(Reason.NO_ACCOUNT)
    if not any(a.usable for a in state.accounts.values()):
        return Block(Reason.ACCOUNT_STOPPED, None, None, state.enabled[0])
    if state.away is not None:
        return Block(state.away)
    if not state.rules.schedule:
        return Block(Reason.NO_PANEL)
    coming = dues(state)
    if state.daily_due is not None:
        coming.append((state.daily_due, *next(state.reads())))
    return Block(Reason.NOTHING_DUE, *min(coming)) if coming else Block(Reason.SCHEDULE_OFF)


def dues(state: State) -> list[tuple[datetime, SyncType, AccountId]]:
    """When the schedule will request each type, for each account that reads it."""
    if not state.rules.schedule:
        return []
    lines = ((state.list_state(sync_type, account).due, sync_type, account) for sync_type, account in state.reads())
    return [(due, sync_type, account) for due, sync_type, account in lines if due is not None]


def next_change(state: State, now: Moment) -> float:
    """Monotonic time at which the decision may change by itself; infinite if only a call can change it."""
    return min(_changes(state, now), default=float("inf"))


def _changes(state: State, now: Moment) -> Iterator[float]:
    active = state.active
    if active is not None and active.stop_first is not None and active.stop_last is not None:
        yield active.stop_first + state.rules.abandon_after
        yield active.stop_last + state.rules.cancel_again
    if active is not None and active.stop is None:
        yield active.since.mono + state.types[active.run.type].deadline - active.spent
        yield watched_until(state, active)
    if state.hold_until is not None:
        yield now.mono_at(state.hold_until)
    for session in state.sessions.values():
        yield session.ends
    if state.sessions and state.quiet_since is not None and quiet(state, now):
        yield state.quiet_since + state.rules.quiet
    if active is None:
        for request in state.queue.values():
            block = stopped_by(state, request, now)
            if block is not None and block.until is not None:
                yield now.mono_at(block.until)
    for due, _, _ in dues(state):
        yield now.mono_at(due)
    if state.rules.schedule and state.daily_due is not None:
        yield now.mono_at(state.daily_due)
