"""Transitions of time: changes that time alone causes, due reads, the daily read, intervals, the operator's pause
(rules 3, 9, 28, 29, 30)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import datetime, timedelta

from archisync_gui.model import AccountId, ErrorInfo, FailureKind, Origin, Reason, Scope, SyncFailure, SyncType, events
from archisync_gui.orchestrator import office_hours, sessions
from archisync_gui.orchestrator.blocks import breathing, late_times, quiet, stopped_by
from archisync_gui.orchestrator.decide import dues
from archisync_gui.orchestrator.requests import asked, forms_notified, scheduled, stop_asked, with_owed
from archisync_gui.orchestrator.rules import Rules
from archisync_gui.orchestrator.state import Lateness, ListState, State, StopCause
from archisync_gui.orchestrator.values import (
    SCHEDULE,
    Asker,
    ClockDoubt,
    Moment,
    Note,
    QueueTime,
    Slot,
    Stamp,
    evolve,
)

HELD = ErrorInfo("held", FailureKind.PERMANENT, "the operator holds all syncs")
"""The answer to forms that wait for a read when a pause begins."""

INTERVALS = range(5, 1441)
"""Allowed intervals of a type, in minutes."""


def advanced(state: State, now: Moment, *, asleep: bool = False) -> State:
    """Advance the state to ``now``: age requests, detect changes of the clock, end expired sessions and pauses, request
    due reads. Runs before every other transition. ``asleep``: the computer slept meanwhile (:func:`slept`); False in
    the steps of a forecast, however long they are."""
    elapsed = now.mono - state.at.mono
    back = set_back(state, now)
    before = state.at
    state = evolve(state, queue_time=_queue_time(state, 0.0 if asleep else elapsed), at=now)
    if asleep and state.active is not None:
        state = evolve(state, active=state.active.after_sleep(elapsed))
    if back:
        state = clock_doubted(_hold_moved(state, before, now), now)
    if state.closing:
        return state
    if state.hold_until is not None and state.hold_until <= now.wall:
        state = released(state)
    if state.sessions or state.ended_sessions:
        state = sessions.expired(state, now)
    if state.quiet_since is not None:
        state = sessions.drained(state, now)
    return due_requested(state, now, asleep) if state.rules.schedule else state


def held(state: State, now: Moment, until: datetime | None) -> State:
    """Begin the operator's pause, or give it another end; an end in the past ends it."""
    if until is not None and until <= now.wall:
        return released(state)
    if state.hold_since is not None:
        if until == state.hold_until:
            return state
        return _with_hold_end(state, until).with_effects(events.HoldChanged(True))
    if state.active is not None and not state.active.request.anyway:
        state = stop_asked(state, StopCause.HOLD)
    waiting = [*state.queue.values(), *([] if state.active is None else [state.active.request])]
    for request in waiting:
        known = state.accounts.get(request.slot.account)
        # If the account is stopped, the form would get no read at the end of the pause, either (rule 9).
        why = HELD if known is None or known.stopped is None else known.stopped
        state = state if request.anyway else forms_notified(state, request, why)
        if request.for_form and state.queue.get(request.slot) is request:
            state = state.with_request(evolve(request, repeat=False))  # forms expect a read after the pause (rule 9)
    state = _with_hold_end(evolve(state, hold_since=now.wall), until)
    return state.with_effects(Note("hold", now.wall.isoformat()), events.HoldChanged(True))


def _with_hold_end(state: State, until: datetime | None) -> State:
    """Set the time at which the pause ends; ``None``: the operator ends it."""
    if until is None and state.hold_until is None:
        return state
    return evolve(state, hold_until=until).with_effects(
        Note("hold-until", None if until is None else until.isoformat())
    )


def released(state: State) -> State:
    """End the pause: the operator ended it, or its end has passed. Waiting requests run in the usual order."""
    if state.hold_since is None:
        return state if state.hold_until is None else evolve(state, hold_until=None)
    return evolve(state, hold_since=None, hold_until=None).with_effects(
        Note("hold", None), Note("hold-until", None), events.HoldChanged(False)
    )


def _hold_moved(state: State, before: Moment, now: Moment) -> State:
    """The wall clock was set back: shift the pause, so that it keeps its length (rules 9, 30)."""
    since, until = state.hold_since, state.hold_until
    if since is None or until is None:
        return state
    shift = timedelta(seconds=(now.wall - before.wall).total_seconds() - (now.mono - before.mono))
    state = evolve(state, hold_since=since + shift).with_effects(Note("hold", (since + shift).isoformat()))
    return _with_hold_end(state, until + shift)


def slept(state: State, now: Moment) -> bool:
    """True when the last step was so long ago that the computer must have slept, or its clock was set forward. (Whether
    the monotonic clock counts sleep depends on the system.)"""
    elapsed = max((now.wall - state.at.wall).total_seconds(), now.mono - state.at.mono)
    return elapsed > state.rules.longest_sleep + state.rules.slept


def set_back(state: State, now: Moment) -> bool:
    """True when the wall clock was set back since the last step (rule 30)."""
    elapsed = now.mono - state.at.mono
    return (now.wall - state.at.wall).total_seconds() < elapsed - state.rules.clock_tolerance


def _queue_time(state: State, seconds: float) -> QueueTime:
    """The queue time after ``seconds``: waiting requests age only while the queue can move (rule 3)."""
    if state.hold_since is not None or quiet(state, state.at):
        return state.queue_time
    may_read = state.away is None and office_hours.is_open(state.at.wall, state.rules.office, state.rules.zone)
    return QueueTime(state.queue_time.total + seconds, state.queue_time.schedule + (seconds if may_read else 0.0))


def clock_doubted(state: State, now: Moment) -> State:
    """The wall clock was set back: mark all ages as unknown, and bring due times forward to now where they would be too
    late (rule 30)."""

    def doubted(stamp: Stamp | None) -> Stamp | None:
        return None if stamp is None else stamp._replace(doubtful=True)

    list_states = {
        key: evolve(
            list_state,
            success=doubted(list_state.success),
            new=doubted(list_state.new),
            whole=doubted(list_state.whole),
            due=None if list_state.due is None else min(list_state.due, now.wall),
            back_off=None,
        )
        for key, list_state in state.list_states.items()
    }
    accounts = {account: evolve(a, login_pause=None) for account, a in state.accounts.items()}
    state = evolve(state, list_states=list_states, accounts=accounts, daily_due=_daily_at_most(state, now))
    # The queue has not changed, but the event makes readers fetch a new status: earlier ones claim too much.
    return state.with_effects(ClockDoubt(), events.QueueUpdated(len(state.queue)))


# ---------------------------------------------------------------------------------------------------------- freshness


def lateness_updated(state: State, now: Moment) -> State:
    """Emit an event if time alone has changed the status: a copy has become late, quiet or a back-off is over, or
    another day has begun. There is no other event for these changes."""
    depends = state.list_states, state.intervals, state.accounts, state.rules
    known = state.lateness
    same = len(known.depends) == len(depends) and all(a is b for a, b in zip(depends, known.depends, strict=True))
    times = known.times if same else tuple(sorted(_visible_changes(state, now)))
    found = Lateness(depends, times, bisect_right(times, now.wall), breathing(state, now))
    if same and (found.passed, found.breathing) == (known.passed, known.breathing):
        return state
    if not same:
        return evolve(state, lateness=found)
    # With empty ``depends``, the next step computes the following times.
    return evolve(state, lateness=found._replace(depends=())).with_effects(events.QueueUpdated(len(state.queue)))


def _visible_changes(state: State, now: Moment) -> Iterator[datetime]:
    yield from late_times(state, now)
    yield from (known.back_off for known in state.list_states.values() if known.back_off is not None)
    yield office_hours.day_end(now.wall, state.rules.zone)  # logins are counted by the day


def next_visible_change(state: State, now: Moment) -> float:
    """Monotonic time at which the status changes next by time alone; infinite if it does not."""
    coming = state.lateness.times[state.lateness.passed :]
    return now.mono_at(coming[0]) if coming else float("inf")


# ---------------------------------------------------------------------------------------------------------- due


def due_requested(state: State, now: Moment, asleep: bool) -> State:
    """Request each read that is due, once, however many times were missed (rule 28), and emit the missed times. A read
    stays owed until a run uses up its due time."""
    missed: list[events.Missed] = []
    for due, sync_type, account in dues(state):
        if due <= now.wall:
            interval = state.intervals.get(sync_type)
            if interval is not None:
                missed += _missed(state, now, Slot(sync_type, account, Scope.ALL), due, interval, asleep)
            key = state.list_key(sync_type, account)
            state = with_due(state, key, None if interval is None else _next_due(due, interval, now))
            state = _scheduled(state, now, sync_type, account, due)
    state = _with_missed(state, missed)
    daily = state.daily_due
    if daily is not None and daily <= now.wall:
        for sync_type, account in list(state.reads()):
            state = _scheduled(state, now, sync_type, account, daily)
        state = with_daily(state, _next_daily(state, now))
    return state


def _next_due(due: datetime, interval: int, now: Moment) -> datetime:
    """One interval after ``due``; if that has passed, too, one interval from now."""
    following = due + timedelta(minutes=interval)
    return following if following > now.wall else now.wall + timedelta(minutes=interval)


def _missed(state: State, now: Moment, slot: Slot, due: datetime, interval: int, asleep: bool) -> list[events.Missed]:
    """The times up to now at which a read was due but not made, with the reason; at most one entry. The last time does
    not count, since it is requested now, unless the schedule's request for an earlier one still waits. A read that the
    closed office prevented does not count, either."""
    count_due = _times_due(due, interval, now)
    waiting = state.queue.get(slot)
    if waiting is None or not any(a.id == SCHEDULE for a in waiting.askers):
        count, reason = count_due - 1, Reason.ASLEEP if asleep else Reason.BEHIND
    else:
        block = stopped_by(state, waiting, now)
        count, reason = count_due, Reason.ASLEEP if asleep else Reason.BEHIND if block is None else block.reason
    return [] if count < 1 or reason is Reason.OFFICE_HOURS else [_miss(slot, due, interval, count, reason)]


def _times_due(due: datetime, interval: int, now: Moment) -> int:
    """How many times a type was due from ``due`` to now."""
    return 1 + int((now.wall - due).total_seconds() // (interval * 60))


def _miss(slot: Slot, due: datetime, interval: int, count: int, reason: Reason) -> events.Missed:
    last = due + timedelta(minutes=(count - 1) * interval)
    return events.Missed(slot.type, slot.account, due, last, count, reason)


def _with_missed(state: State, missed: list[events.Missed]) -> State:
    return state.with_effects(events.ScheduleMissed(tuple(missed))) if missed else state


def _scheduled(state: State, now: Moment, sync_type: SyncType, account: AccountId, due: datetime) -> State:
    """Add the schedule's request, unless an earlier one still waits."""
    slot = Slot(sync_type, account, Scope.ALL)
    key = state.list_key(sync_type, account)
    owed = state.list_state(sync_type, account).owed
    state = with_owed(state, key, due if owed is None else min(owed, due))
    waiting = state.queue.get(slot)
    if waiting is not None and any(a.id == SCHEDULE for a in waiting.askers):
        return state
    return asked(state, now, slot, Asker(SCHEDULE, Origin.SCHEDULE, state.types[sync_type].priority))


def with_due(state: State, key: tuple[SyncType, AccountId], due: datetime | None) -> State:
    """Set when the schedule requests a type of an account next; kept over restarts."""
    sync_type, account = key
    state = state.with_list_state(key, evolve(state.list_states.get(key, ListState()), due=due))
    return state.with_effects(Note(f"due:{sync_type}:{account}", None if due is None else due.isoformat()))


def _next_daily(state: State, now: Moment) -> datetime | None:
    at = state.rules.daily_full
    return None if at is None else office_hours.next_daily(now.wall, at, state.rules.zone)


def _daily_at_most(state: State, now: Moment) -> datetime | None:
    """When the daily read is due: as planned, but not later than it would be planned now."""
    coming = _next_daily(state, now)
    return coming if coming is None or state.daily_due is None else min(coming, state.daily_due)


def with_daily(state: State, due: datetime | None) -> State:
    """Set when the daily read of all types is due next; kept over restarts (rule 28)."""
    return evolve(state, daily_due=due).with_effects(Note("daily", None if due is None else due.isoformat()))


def planned(state: State, now: Moment) -> State:
    """Plan the schedule at a start, and when accounts or rules change: a list that was never read is due now, an
    overdue one at its stagger, the others keep their due time (rule 28)."""
    if not state.rules.schedule:
        return state
    missed: list[events.Missed] = []
    for sync_type, account in state.reads():
        key = state.list_key(sync_type, account)
        list_state = state.list_states.get(key, ListState())
        due: datetime | None
        interval = state.intervals.get(sync_type)
        if list_state.owed is not None and not _asked_already(state, sync_type, account):
            # Requested by an earlier process, whose queue is lost (rule 28).
            slot = Slot(sync_type, account, Scope.ALL)
            missed.append(_miss(slot, list_state.owed, interval or 0, 1, Reason.NOT_RUNNING))
            # Due now if the list was never read, or if its next due time has passed, too: a computer that is never on
            # for as long as the stagger would otherwise never read it.
            again = list_state.success is None or (list_state.due is not None and list_state.due <= now.wall)
            due = now.wall + timedelta(minutes=0 if again else state.types[sync_type].stagger)
        elif list_state.owed is not None:
            due = list_state.due
        elif interval is None:
            due = None
        elif list_state.success is None:
            due = now.wall
        elif list_state.due is None or list_state.due <= now.wall:
            if list_state.due is not None:
                slot, count = Slot(sync_type, account, Scope.ALL), _times_due(list_state.due, interval, now)
                missed.append(_miss(slot, list_state.due, interval, count, Reason.NOT_RUNNING))
                state = with_owed(state, key, list_state.due)
            due = now.wall + timedelta(minutes=state.types[sync_type].stagger)
        else:
            # A stored time that is more than one interval away was written with a wrong clock.
            due = min(list_state.due, now.wall + timedelta(minutes=interval))
        if due != list_state.due:
            state = with_due(state, key, due)
    state = _with_missed(state, missed)
    daily = _daily_at_most(state, now)
    return state if daily == state.daily_due else with_daily(state, daily)


def _asked_already(state: State, sync_type: SyncType, account: AccountId) -> bool:
    """True while the schedule's request for that list waits, runs or is planned within the stagger. A list that was
    never read does not count as planned."""
    list_state, at = state.list_state(sync_type, account), state.at.wall
    due = list_state.due if list_state.success is not None else None
    planned = due is not None and at < due <= at + timedelta(minutes=state.types[sync_type].stagger)
    return planned or scheduled(state, Slot(sync_type, account, Scope.ALL)) is not None


def refuse_interval(state: State, sync_type: SyncType, minutes: int | None) -> None:
    """Raise ``SyncFailure`` for an unknown list, or minutes that its interval may not have."""
    if sync_type not in state.types:
        raise SyncFailure("request-unknown-type", FailureKind.PERMANENT, params={"type": sync_type})
    # ``True in range(...)`` and ``30.0 in range(...)`` are true, but only an ``int`` is allowed.
    if minutes is not None and (isinstance(minutes, (bool, float)) or minutes not in INTERVALS):
        params = {"low": INTERVALS.start, "high": INTERVALS.stop - 1}
        raise SyncFailure("interval-range", FailureKind.PERMANENT, params=params)


def interval_set(state: State, now: Moment, sync_type: SyncType, minutes: int | None) -> State:
    """Change one type's interval; no other type's due time changes (rule 29)."""
    before = state.intervals.get(sync_type)
    if before == minutes:
        return state
    state = evolve(state, intervals={**state.intervals, sync_type: minutes})
    for account in state.readers(sync_type) if state.rules.schedule else ():
        key = state.list_key(sync_type, account)
        list_state = state.list_states.get(key, ListState())
        in_hand = scheduled(state, Slot(sync_type, account, Scope.ALL)) is not None
        if list_state.owed is not None and list_state.due is not None and not in_hand:
            continue  # a read owed since an earlier process keeps its due time, whatever the interval is (rule 28)
        if minutes is None:
            state = with_due(state, key, None)
            continue
        last = now.wall
        if before is not None and list_state.due is not None:
            last = list_state.due - timedelta(minutes=before)
        elif list_state.success is not None:
            last = list_state.success.wall
        state = with_due(state, key, max(now.wall, last + timedelta(minutes=minutes)))
    return state.with_effects(events.ScheduleChanged(sync_type, minutes, state.away))


def rules_set(state: State, now: Moment, rules: Rules) -> State:
    """Use other rules from now on. The daily read is planned again if its time or the office's zone changed."""
    before = state.rules
    kept = rules.daily_full == before.daily_full and rules.zone == before.zone
    state = planned(evolve(state, rules=rules, daily_due=state.daily_due if kept else None), now)
    return state.with_effects(events.ScheduleChanged(away=state.away))


def away_set(state: State, why: Reason | None) -> State:
    """The computer has no network or is about to sleep, or (``None``) neither of both any more."""
    if state.away is why:
        return state
    return evolve(state, away=why).with_effects(events.ScheduleChanged(away=why))
