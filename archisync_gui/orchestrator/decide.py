"""What is to be done at one moment, and what stops each waiting request: pure questions, no change of anything.

The dispatcher does what :func:`decide` answers; status, ``explain`` and forecast ask the same functions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from archisync_gui.model import AccountId, Freshness, Reason, Scope, SyncType
from archisync_gui.orchestrator import office_hours
from archisync_gui.orchestrator.state import AccountState, Attempt, Request, Session, State, StopCause
from archisync_gui.orchestrator.values import SMART, Moment, Slot, is_form

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


@dataclass(frozen=True, slots=True)
class Block:
    """What stops something."""

    reason: Reason
    until: datetime | None = None
    """When it stops stopping, as far as anyone knows."""
    type: SyncType | None = None
    account: AccountId | None = None


def decide(state: State, now: Moment) -> Start | Stop | Abandon | None:
    """The one decision for this moment (rules 1-3, 9-11, 17, 24, 26); ``None``: there is nothing to do. To suspend is
    none: the run itself asks whether it :func:`must_yield`, at its safe points."""
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
    """The first request in order that nothing stops, while the lock is free."""
    free = [request for request in state.queue.values() if stopped_by(state, request, now) is None]
    return min(free, key=lambda r: rank(state, r)).slot if free else None


# ---------------------------------------------------------------------------------------------------------- order


def effective_priority(state: State, request: Request) -> int:
    """Priority with ageing: 1 more for every ten minutes in which the queue could move, up to 99 (rule 3)."""
    if request.smart:
        return SMART
    if request.front:
        return SMART - 1
    waited = (
        state.flow.schedule - request.flow.schedule if request.scheduled else state.flow.anyone - request.flow.anyone
    )
    return min(SMART - 1, request.priority + int(waited // state.rules.ageing))


def until_older(state: State, request: Request) -> float:
    """Seconds until the request's age raises its priority, at the soonest: only time in which the queue can move counts
    (rule 3). Infinite where age changes nothing more."""
    if request.smart or request.front or effective_priority(state, request) == SMART - 1:
        return float("inf")
    flow, asked = state.flow, request.flow
    waited = flow.schedule - asked.schedule if request.scheduled else flow.anyone - asked.anyone
    return state.rules.ageing - waited % state.rules.ageing


def rank(state: State, request: Request) -> tuple[int, bool, int]:
    """Sorts requests in the order they start: priority, then the suspended one (rule 17), then the earliest asked."""
    return -effective_priority(state, request), request.parked is None, request.order


def in_order(state: State) -> list[Request]:
    """The waiting requests, first to start first, whatever stops them."""
    return sorted(state.queue.values(), key=lambda r: rank(state, r))


# ---------------------------------------------------------------------------------------------------------- what stops


def stopped_by(state: State, request: Request, now: Moment) -> Block | None:
    """What stops a waiting request, the strongest first (rule 9); ``None`` when only the lock or others do."""
    account = state.accounts.get(request.slot.account)

    def block(reason: Reason, until: datetime | None = None) -> Block:
        return Block(reason, until, request.slot.type, request.slot.account)

    if state.closing:
        return block(Reason.CLOSING)
    if account is None or account.stopped is not None:
        return block(Reason.ACCOUNT_STOPPED)
    if state.hold_since is not None and not request.anyway:
        return block(Reason.HOLD, state.hold_until)
    if state.sessions and not (request.anyway or may_run_in_session(state, request, now)):
        return block(Reason.SESSION, session_until(state, request, now))
    if not request.anyway and (request.scheduled or request.attempt > 1):
        if logins_today(state, request.slot.account, now) >= state.rules.login_budget:
            return block(Reason.LOGIN_BUDGET, office_hours.day_end(now.wall, state.rules.zone))
        if state.away is not None:
            return block(state.away)
        if request.scheduled and (found := _schedule_stopped(state, request, account, now)):
            return block(*found)
    if request.not_before is not None and request.not_before > now.mono:
        return block(Reason.RETRY, now.wall_at(request.not_before))
    return None


def _schedule_stopped(
    state: State, request: Request, account: AccountState, now: Moment
) -> tuple[Reason, datetime | None] | None:
    """What stops requests of the schedule only, and until when: office hours, and the pause after failures."""
    rules = state.rules
    if not office_hours.is_open(now.wall, rules.office, rules.zone):
        return Reason.OFFICE_HOURS, office_hours.opens(now.wall, rules.office, rules.zone)
    track = state.track(request.slot.type, request.slot.account)
    pauses = [p for p in (track.back_off, account.login_pause) if p is not None and p > now.wall]
    return (Reason.BACK_OFF, max(pauses)) if pauses else None


def serves(state: State, request: Request) -> bool:
    """True for what an open form is waiting for: fast reads and single records of its account, and the whole list that
    follows for it (rules 10, 13)."""
    if any(is_form(w.who) for w in request.wants):
        return True
    return request.slot.scope is not Scope.ALL and any(
        s.account == request.slot.account for s in state.sessions.values()
    )


def breathing(state: State, now: Moment) -> bool:
    """True when sessions are open and quiet has lasted its time (rule 11)."""
    return state.quiet_since is not None and bool(state.sessions) and now.mono - state.quiet_since >= state.rules.quiet


def quiet(state: State, now: Moment) -> bool:
    """True while sessions keep everything else waiting."""
    return bool(state.sessions) and not breathing(state, now)


def may_run_in_session(state: State, request: Request, now: Moment) -> bool:
    """Forms are served at any time, late types when quiet is over (rules 10, 11)."""
    if serves(state, request):
        return True
    return breathing(state, now) and freshness(state, request.slot.type, request.slot.account, now) is not (
        Freshness.FRESH
    )


def session_until(state: State, request: Request, now: Moment) -> datetime | None:
    """When sessions stop blocking a request if no page shows a sign of life from now on."""
    last_end = now.wall_at(_last_end(state.sessions))
    breath = now.wall_at((state.quiet_since or 0.0) + state.rules.quiet)
    late = late_at(state, request.slot.type, request.slot.account, now)
    return last_end if late is None else min(last_end, max(breath, late))


_latest: tuple[Mapping[str, Session], float] = ({}, 0.0)


def _last_end(sessions: Mapping[str, Session]) -> float:
    """Monotonic time at which the last session ends by itself. Remembered for the mapping asked about last: a status
    asks once for each waiting request, of which there may be a thousand."""
    global _latest
    if _latest[0] is not sessions:
        _latest = sessions, max(s.ends for s in sessions.values())
    return _latest[1]


def logins_today(state: State, account: AccountId, now: Moment) -> int:
    """Real logins of the office's day so far (rule 22)."""
    known = state.accounts[account]
    return known.logins if known.day == office_hours.local_day(now.wall, state.rules.zone) else 0


# ---------------------------------------------------------------------------------------------------------- the run


def must_yield(state: State, active: Attempt, now: Moment) -> bool:
    """True when the active run should be suspended: a form waits for a fast read, or quiet began (rule 10)."""
    if active.request.smart or active.stop is not None:
        return False
    for request in state.queue.values():
        if request.smart and stopped_by(state, request, now) is None:
            return True
    return quiet(state, now) and not active.request.anyway and not serves(state, active.request)


def overrun(state: State, active: Attempt, now: Moment) -> StopCause | None:
    """Which limit of rule 24 the run has passed. Suspended time does not count."""
    if active.seconds(now) >= state.types[active.run.type].deadline:
        return StopCause.DEADLINE
    if now.mono >= watched_until(state, active):
        return StopCause.WATCHDOG
    return None


def watched_until(state: State, active: Attempt) -> float:
    """Monotonic time at which the watchdog cancels the run if there is no progress."""
    limit = active.progress_at + state.rules.watchdog
    return limit if active.long_step is None else max(limit, active.long_step)


# ---------------------------------------------------------------------------------------------------------- freshness


def late_after(state: State, sync_type: SyncType) -> float:
    """Seconds of opening time after which a copy is late."""
    interval = state.intervals.get(sync_type)
    if interval is None:
        return state.rules.late_without_interval
    return state.rules.late_intervals * interval * 60.0


def late_at(state: State, sync_type: SyncType, account: AccountId, now: Moment) -> datetime | None:
    """When the copy becomes late, by the wall clock as it goes now; already past for one that is stale. ``None``: never
    (the office never opens)."""
    success = state.track(sync_type, account).success
    if success is None or success.age(now) == float("inf"):
        return now.wall
    rules = state.rules
    late = office_hours.after_open_time(success.wall, late_after(state, sync_type), rules.office, rules.zone)
    if late is None:
        return None
    # Where the wall clock lost time against the monotonic one, the larger elapsed time counts.
    lost = success.age(now) - (now.wall - success.wall).total_seconds()
    return late - timedelta(seconds=lost)


def late_times(state: State, now: Moment) -> list[datetime]:
    """When each copy becomes, or became, late."""
    found = [late_at(state, sync_type, account, now) for sync_type, account in state.lines()]
    return [late for late in found if late is not None]


def freshness(state: State, sync_type: SyncType, account: AccountId, now: Moment) -> Freshness:
    """How far the stored copy can be trusted (status, rule 30)."""
    success = state.track(sync_type, account).success
    if success is None:
        return Freshness.NEVER
    if success.age(now) == float("inf"):
        return Freshness.UNKNOWN
    late = late_at(state, sync_type, account, now)
    return Freshness.LATE if late is not None and late <= now.wall else Freshness.FRESH


# ---------------------------------------------------------------------------------------------------------- when next


def idle_because(state: State, now: Moment) -> Block:
    """Why nothing starts: what stops the first in the queue, else that nothing is due."""
    waiting = in_order(state)
    if waiting:
        # Only asked when everything that waits is stopped; a request that could run would have been started.
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
        coming.append((state.daily_due, *next(state.lines())))
    return Block(Reason.NOTHING_DUE, *min(coming)) if coming else Block(Reason.SCHEDULE_OFF)


def dues(state: State) -> list[tuple[datetime, SyncType, AccountId]]:
    """When the schedule will ask for each type of each account in use."""
    if not state.rules.schedule:
        return []
    lines = ((state.track(sync_type, account).due, sync_type, account) for sync_type, account in state.lines())
    return [(due, sync_type, account) for due, sync_type, account in lines if due is not None]


def next_change(state: State, now: Moment) -> float:
    """Monotonic time at which the answer may change by itself; infinite when only a call can change it."""
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
