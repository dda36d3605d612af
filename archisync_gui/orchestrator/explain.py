"""Why something runs or nothing does, now or later, and the forecast of what will run when."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from typing import NamedTuple
from zoneinfo import ZoneInfo

from archisync_gui.model import AccountId, Explanation, Finished, Forecast, Json, Outcome, Reason, Scope, SyncType
from archisync_gui.orchestrator import runs
from archisync_gui.orchestrator.blocks import Block, breathing, stopped_by
from archisync_gui.orchestrator.decide import idle_because, in_order, next_change, next_to_start
from archisync_gui.orchestrator.schedule import advanced
from archisync_gui.orchestrator.state import Attempt, Request, State, parts_without
from archisync_gui.orchestrator.values import SHARED, Moment, evolve

HORIZON = timedelta(hours=24)
"""A forecast covers this time."""
STEPS = 100
"""Maximum simulated steps of a forecast: a few dozen reach the next time of every list."""
SIMULATED_RECORDS = 12
"""Maximum waiting requests for single records in a forecast; they represent all of them."""
LATER_STEPS = 5000
"""Maximum simulated steps to a future moment: two days of six types have about 2,000."""


def explain(state: State, now: Moment) -> Explanation:
    """The one reason why something runs or nothing does now, without a forecast (rule 32)."""
    if state.active is not None:
        run = state.active.run
        params: dict[str, Json] = {
            "type": run.type,
            "account": run.account,
            "since": state.active.started.wall.isoformat(),
        }
        return Explanation(now.wall, Reason.RUNNING, params)
    block = idle_because(state, now)
    return Explanation(now.wall, block.reason, params_of(block, state, now))


def queue_because(state: State, now: Moment) -> list[tuple[Request, Block]]:
    """The waiting requests in order, each with the one reason why it waits: what stops it; else, for the first that
    could run, the active run; for each further one, the request before it that could run (rule 32)."""
    found: list[tuple[Request, Block]] = []
    run = None if state.active is None else state.active.run
    next_block = Block(Reason.RUNNING) if run is None else Block(Reason.RUNNING, None, run.type, run.account)
    for request in in_order(state):
        block = stopped_by(state, request, now)
        if block is None:
            block = next_block
            next_block = Block(Reason.BEHIND, None, request.slot.type, request.slot.account)
        found.append((request, block))
    return found


def params_of(block: Block, state: State, now: Moment) -> dict[str, Json]:
    """The parameters of a reason's text. ``until`` is ISO 8601, ``clock`` the office's time for people."""
    params: dict[str, Json] = {}
    if block.type is not None:
        params["type"] = block.type
    if block.account:
        params["account"] = block.account
    if block.until is not None:
        params["until"] = block.until.isoformat(timespec="seconds")
        params["clock"] = clock_text(block.until, now.wall, state.rules.zone)
    if block.reason is Reason.SESSION:
        params["sessions"] = len(state.sessions)
        params["breathing"] = breathing(state, now)
    if block.reason is Reason.LOGIN_BUDGET:
        params["budget"] = state.rules.login_budget
    if block.reason is Reason.HOLD and state.hold_since is not None:
        params["since"] = state.hold_since.isoformat(timespec="seconds")
    return params


def clock_text(at: datetime, now: datetime, zone: str) -> str:
    """``14:42`` today, ``24/11 07:00`` on another day, in the office's time zone."""
    there, here = at.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone))
    return there.strftime("%H:%M" if there.date() == here.date() else "%d/%m %H:%M")


# ---------------------------------------------------------------------------------------------------------- forecast


def expected_seconds(state: State, sync_type: SyncType, account: AccountId, scope: Scope) -> float:
    """Expected duration of a run: the mean of past ones, or a default."""
    if scope is not Scope.ALL:
        return state.rules.expected_fast if scope is Scope.NEW else state.rules.expected_one
    durations = state.list_state(sync_type, account).durations
    return sum(durations) / len(durations) if durations else state.rules.expected_whole


def remaining(state: State, active: Attempt, now: Moment) -> float | None:
    """Expected seconds to the end of the run: from its rows if the total is known, else from past runs; ``None``: no
    estimate."""
    spent = active.seconds(now)
    progress = active.progress
    if progress.total and progress.rows and active.run.scope is Scope.ALL:
        return max(0.0, spent * (progress.total - progress.rows) / progress.rows)
    if active.run.scope is Scope.ALL and not state.list_state(active.run.type, active.run.account).durations:
        return None
    return max(0.0, expected_seconds(state, active.run.type, active.run.account, active.run.scope) - spent)


class _Step(NamedTuple):
    """A step of the simulated future: the state after it, and the run that it started, if any."""

    state: State
    now: Moment
    started: Forecast | None


def simulated(state: State, now: Moment, until: datetime) -> Iterator[_Step]:
    """The future up to ``until``, simulated by the rules: every run takes its usual time and succeeds, and there are no
    calls."""
    after: SyncType | None = None
    while True:
        state = evolve(state, effects=())  # effects of simulated steps are dropped
        if state.active is not None:
            active = state.active
            left = remaining(state, active, now)
            if left is None:
                left = max(0.0, state.rules.expected_whole - active.seconds(now))
            end = now.after(left)
            if end.wall > until:
                return
            done = Finished(Outcome.COMPLETED, as_of=active.began.wall)
            state = runs.ended(advanced(state, end), end, active.run.id, done)
            now, after = end, active.run.type
            yield _Step(state, now, None)
            continue
        slot = next_to_start(state, now)
        if slot is not None:
            state = runs.started(state, now, slot)
            seconds = expected_seconds(state, slot.type, slot.account, slot.scope)
            yield _Step(state, now, Forecast(slot.type, slot.account, now.wall, seconds, after))
            continue
        wake = next_change(state, now)
        if wake == float("inf"):
            return
        then = now.after(max(wake - now.mono, _until_opening(state, now), 0.001))
        if then.wall > until:
            return
        state, now, after = advanced(state, then), then, None
        yield _Step(state, now, None)


def _until_opening(state: State, now: Moment) -> float:
    """Seconds until the office opens, if that is what stops every waiting request; else 0."""
    blocks = [stopped_by(state, request, now) for request in state.queue.values()]
    opens = [b.until for b in blocks if b is not None and b.reason is Reason.OFFICE_HOURS and b.until is not None]
    return (opens[0] - now.wall).total_seconds() if opens and len(opens) == len(blocks) else 0.0


def _with_fewer_records(state: State) -> State:
    """Replace hundreds of waiting single records by a few, spread over the queue, that take as long together."""
    records = [r.slot for r in in_order(state) if r.slot.scope is Scope.ONE]
    if len(records) <= SIMULATED_RECORDS:
        return state
    # Each account keeps its share: one of them may be stopped.
    of = {account: [slot for slot in records if slot.account == account] for account in state.accounts}
    some = {slot for slots in of.values() for slot in slots[:: -(-len(records) // SIMULATED_RECORDS)]}
    queue = {slot: r for slot, r in state.queue.items() if slot.scope is not Scope.ONE or slot in some}
    running = state.active is not None and state.active.run.scope is Scope.ONE
    longer = state.rules.expected_one * (len(records) + running) / (len(some) + running)
    return evolve(state, queue=queue, rules=replace(state.rules, expected_one=longer))


def forecasts(state: State, now: Moment) -> tuple[Forecast, ...]:
    """What will run when: the next run of each type and account (rule 32)."""
    return _forecasts(state, now)[0]


class Forecaster:
    """Makes forecasts, and returns the last one again while nothing that it depends on has changed."""

    def __init__(self) -> None:
        self._cached: _Cached | None = None

    def __call__(self, state: State, now: Moment) -> tuple[Forecast, ...]:
        """As :func:`forecasts`, up to :data:`INEXACT` seconds old."""
        cached, depends, end = self._cached, _depends(state), _expected_end(state, now)
        if cached is None or not cached.is_valid(depends, end, now):
            found, until = _forecasts(state, now)
            cached = self._cached = _Cached(depends, end, now, until, found)
        return cached.found


INEXACT = 2.0
"""Seconds for which a forecast is used in any case, even if its first simulated step was due in between, and by which
the expected end of the active run, or the wall clock, may have shifted since it was made."""


class _Cached(NamedTuple):
    depends: tuple[object, ...]
    end: float | None
    """Monotonic; when the active run was expected to end."""
    made: Moment
    until: float
    """Monotonic; the time of the first simulated step."""
    found: tuple[Forecast, ...]

    def is_valid(self, depends: tuple[object, ...], end: float | None, now: Moment) -> bool:
        """True if a forecast made now would be the same, up to :data:`INEXACT`."""
        if not self.made.mono <= now.mono < max(self.until, self.made.mono + INEXACT):
            return False
        if any(a is not b and a != b for a, b in zip(self.depends, depends, strict=True)):
            return False
        clock_shift = (now.wall - self.made.wall).total_seconds() - (now.mono - self.made.mono)
        end_shift = 0.0 if end is None or self.end is None else end - self.end
        return abs(clock_shift) < INEXACT and abs(end_shift) < INEXACT


_PARTS = parts_without("active")
"""Parts of the state on which a forecast depends; for the active run see :func:`_depends`."""


def _depends(state: State) -> tuple[object, ...]:
    """What the simulated future depends on, except for the clocks and the progress of the active run."""
    active = state.active
    run = None if active is None else (active.run.id, active.stop, active.suspensions)
    return run, *(getattr(state, name) for name in _PARTS)


def _expected_end(state: State, now: Moment) -> float | None:
    left = None if state.active is None else remaining(state, state.active, now)
    return None if left is None else now.mono + left


def _forecasts(state: State, now: Moment) -> tuple[tuple[Forecast, ...], float]:
    """The forecasts, and the monotonic time of the first simulated step."""
    found: dict[tuple[SyncType, AccountId], Forecast] = {}
    first = float("inf")
    state = _with_fewer_records(state)
    expected = sum(1 for _ in state.reads())
    for step in islice(simulated(state, now, now.wall + HORIZON), STEPS):
        first = min(first, step.now.mono)
        if step.started is not None:
            account = SHARED if state.types[step.started.type].shared else step.started.account
            found.setdefault((step.started.type, account), step.started)
            if len(found) >= expected:
                break
    # Without a step inside the horizon, the forecast is valid for an hour: then the horizon has moved on.
    return tuple(found.values()), min(first, now.mono + HORIZON.total_seconds() / 24)


async def explain_later(state: State, now: Moment, at: datetime) -> Explanation:
    """The reason at a future moment, and what will run after it (rule 32). Lets other tasks run every 20 steps: a day
    has about a thousand."""
    if at - now.wall > 2 * HORIZON:
        # The schedule repeats itself, so only the last day before the moment is simulated.
        now = now.after((at - HORIZON - now.wall).total_seconds())
    for number, step in enumerate(islice(simulated(state, now, at), LATER_STEPS)):
        state, now = step.state, step.now
        if number % 20 == 0:
            await asyncio.sleep(0)
    now = now.after((at - now.wall).total_seconds())
    return evolve(explain(state, now), forecast=forecasts(state, now))
