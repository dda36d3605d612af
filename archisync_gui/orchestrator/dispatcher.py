"""The only part that acts: owns the state, reads the clocks, starts and cancels the active run, carries out effects.

All other parts change the state by :meth:`Dispatcher.apply`, which wakes the dispatcher. ``decide`` decides what to do.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime
from functools import partial
from typing import Any, Concatenate, ParamSpec, TypeVar

from archisync_gui.model import (
    Clock,
    ErrorInfo,
    Event,
    EventKind,
    Explanation,
    Finished,
    Journal,
    Json,
    Reason,
    Runner,
    RunRecord,
    RunResult,
    Suspended,
    events,
)
from archisync_gui.orchestrator import runs
from archisync_gui.orchestrator.control import Control, end_of, failure_of, internal
from archisync_gui.orchestrator.decide import Abandon, Start, Stop, decide, next_change
from archisync_gui.orchestrator.explain import explain
from archisync_gui.orchestrator.listeners import Listeners
from archisync_gui.orchestrator.memory import Writer
from archisync_gui.orchestrator.schedule import advanced, lateness_updated, next_visible_change, slept
from archisync_gui.orchestrator.state import Attempt, State, parts_without
from archisync_gui.orchestrator.tickets import Waiters
from archisync_gui.orchestrator.values import ClockDoubt, Effect, Moment, Note, OutcomeFor, evolve

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

NOT_KEPT = frozenset({EventKind.SYNC_PROGRESS, EventKind.QUEUE_UPDATED, EventKind.SESSION_UNSERVED})
"""Events that are sent to listeners but not stored in the journal: they are frequent and of no use later."""


NO_EVENT = (RunRecord, Note, ClockDoubt, OutcomeFor)
"""Effects that are not sent to listeners."""

SHOWN = parts_without("active", "abandoned", "queue", "sessions")
"""Parts of the state that a status shows and that may change without an event of their own: ``QueueUpdated`` is sent
then. The active run and abandoned runs have events of their own."""

CLOSE_BROWSER = 15.0
"""Seconds that closing the browser of an abandoned run may take."""

SOONEST = 0.001
"""Minimum seconds until an alarm, so that rounding errors of the clocks cannot make the dispatcher step endlessly."""


class Dispatcher:
    """Owns the state and does what ``decide`` returns (rule 2)."""

    def __init__(
        self,
        state: State,
        runner: Runner,
        journal: Journal,
        clock: Clock,
        waiters: Waiters,
        close_browser: Callable[[], Awaitable[object]],
    ) -> None:
        self.state = state
        self.revision = 0
        self.journal_error: ErrorInfo | None = None
        self._runner = runner
        self._journal = journal
        self._clock = clock
        self.listeners = Listeners()
        self._waiters = waiters
        self._writer = Writer(self._journal_troubled)
        self._wake = asyncio.Event()
        self._effects: deque[Effect] = deque()
        self._notes: dict[str, Json] = {}
        """Values that are not written yet, by key: only the last value of a key matters."""
        self._carrying_out = False
        self._loop: asyncio.Task[None] | None = None
        self._alarm: asyncio.Task[None] | None = None
        self._alarm_at = 0.0
        """Monotonic; valid only while an alarm is set."""
        self._run: asyncio.Task[Finished | Suspended] | None = None
        self._control: Control | None = None
        self._abandoned: set[asyncio.Task[Finished | Suspended]] = set()
        self._close_browser = close_browser
        self._giving_up: asyncio.Task[None] | None = None
        """The task that closes the browser of a run that does not end, and then takes the lock from the run."""
        self._flushing = False
        self._explained: tuple[object, object] | None = None

    # ------------------------------------------------------------------------------------------------ state

    def now(self) -> Moment:
        """The present time of both clocks."""
        return Moment(self._clock.now(), self._clock.monotonic())

    def apply(self, transition: Callable[Concatenate[State, Moment, P], State], *args: P.args, **kw: P.kwargs) -> None:
        """Change the state by a transition without an answer, and wake the dispatcher. The further arguments are passed
        to the transition."""
        self.apply_and_answer(lambda state, now: (transition(state, now, *args, **kw), None))

    def apply_and_answer(
        self, transition: Callable[Concatenate[State, Moment, P], tuple[State, T]], *args: P.args, **kw: P.kwargs
    ) -> T:
        """Change the state by a transition, wake the dispatcher, and return the transition's answer."""
        answer = self._change(transition, *args, **kw)
        self._wake.set()
        return answer

    def _change(
        self, transition: Callable[Concatenate[State, Moment, P], tuple[State, T]], *args: P.args, **kw: P.kwargs
    ) -> T:
        """Advance the state to now, change it by a transition, carry out the effects, and return the transition's
        answer. This is the only way to change the state. The answer belongs to exactly the state that was changed."""
        now = self.now()
        before = self.state
        asleep = slept(before, now)
        if asleep:
            self._keep_gap(before.at.wall, Reason.ASLEEP)
        after, answer = transition(advanced(before, now, asleep=asleep), now, *args, **kw)
        effects = after.effects
        if effects:
            after = evolve(after, effects=())
        silent = all(isinstance(effect, NO_EVENT) for effect in effects)
        shown = any(getattr(after, name) is not getattr(before, name) for name in SHOWN)
        if after.queue is not before.queue or (silent and shown):
            effects = (*effects, events.QueueUpdated(len(after.queue)))
        elif silent and after.sessions is not before.sessions:
            self.revision += 1  # a sign of life changes a deadline: no event, but the next status must show it
        self.state = after  # before listeners are called
        self._effects.extend(effects)
        self._carry_out(now)
        return answer

    def notice_time(self) -> None:
        """Apply the changes that time alone causes: leases end, due reads are requested, copies become late."""
        self.apply(lateness_updated)

    def _carry_out(self, now: Moment) -> None:
        """Carry out the effects in order, including those that listeners cause meanwhile."""
        if self._carrying_out:
            return
        self._carrying_out = True
        try:
            while self._effects:
                try:
                    self._carry_out_one(self._effects.popleft(), now)
                except Exception:  # one effect that fails must not stop the others
                    log.exception("an effect could not be carried out")
        finally:
            self._carrying_out = False

    def _carry_out_one(self, effect: Effect, now: Moment) -> None:
        match effect:
            case RunRecord():
                self._writer.write(partial(self._journal.run_ended, effect))
            case Note(key, value):
                self._notes[key] = value
                self._writer.write(self._write_notes)
            case ClockDoubt():
                self._writer.write(self._journal.clock_doubted)
            case OutcomeFor(asker_ids, result):
                self._waiters.answer_forms(asker_ids, result)
                if isinstance(result, RunResult):
                    # Tickets wait until the attempt's row is written (rule 5).
                    self._writer.then(partial(self._waiters.settle, asker_ids, result))
            case _:
                self.revision += 1
                event = Event(self.state.boot, self.revision, now.wall, effect)
                if event.kind not in NOT_KEPT:
                    self._writer.write(partial(self._journal.event, event))
                self.listeners.publish(event)

    async def _write_notes(self) -> None:
        """Write the notes that are not written yet. One that fails is kept and tried again: a hold or a stopped account
        must not be lost because the disk was full for a moment."""
        for key, value in tuple(self._notes.items()):
            await self._journal.note(key, value)
            if self._notes.get(key) == value:
                del self._notes[key]

    def journal_failed(self, error: Exception) -> None:
        """The journal could not be read at the start."""
        self._writer.fail(error)

    def _journal_troubled(self, error: Exception | None) -> None:
        """The journal failed, or (``None``) works again. The status shows it; runs go on. The event for the new status
        is of a kind that is not stored."""
        before, self.journal_error = self.journal_error, None if error is None else failure_of(error)
        self.revision += 1
        if before != self.journal_error:
            self._effects.append(events.QueueUpdated(len(self.state.queue)))
            self._carry_out(self.now())
        if error is None and self._notes:
            self._writer.write(self._write_notes)

    def _flush(self) -> None:
        """While the journal fails, try again at each step, even if nothing new is to be written."""
        if self.journal_error is None or self._flushing:
            return
        self._flushing = True

        async def job() -> None:
            try:
                await self._journal.flush()
            finally:
                self._flushing = False

        self._writer.write(job)

    # ------------------------------------------------------------------------------------------------ loop

    def start(self) -> None:
        """Begin to dispatch."""
        self._writer.start()
        self._loop = asyncio.create_task(self._dispatch(), name="orchestrator dispatcher")

    async def _dispatch(self) -> None:
        while True:
            try:
                self._step()
            except Exception:
                # An error here must neither end all syncs for ever nor keep the loop busy: the next change or the alarm
                # tries again.
                log.exception("the dispatcher stumbled")
                self._wake.clear()
                self._set_alarm(self._clock.monotonic() + self.state.rules.longest_sleep)
            await self._wake.wait()

    def _step(self) -> None:
        """Advance the state to now, do the one thing to do, and set the alarm for the next change. Runs are not
        suspended here: they ask ``suspend_requested`` at their safe points."""
        self._wake.clear()  # before the change: requests by listeners of its events need another step
        todo = self._change(stepped)
        now = self.now()
        match todo:
            case Start():
                self._start()
            case Stop() if self._run is not None:
                self._run.cancel()
            case Abandon(run_id) if self._giving_up is None:
                self._giving_up = asyncio.create_task(self._give_up(run_id), name="orchestrator abandons a run")
        # ``_give_up`` abandons a run as soon as its browser is closed, so ``next_change`` has no time for that.
        again = now.mono + self.state.rules.cancel_again if isinstance(todo, Abandon) else next_change(self.state, now)
        self._set_alarm(min(again, next_visible_change(self.state, now)))
        self._flush()
        self._keep_explanation(now)

    def _set_alarm(self, at: float) -> None:
        """Wake the dispatcher at a monotonic time. It may be woken earlier, since each step reads the clocks again: an
        alarm that is set for an earlier time is kept."""
        now = self._clock.monotonic()
        at = min(max(at, now + SOONEST), now + self.state.rules.longest_sleep)
        if self._alarm is not None and not self._alarm.done():
            if self._alarm_at <= at:
                return
            self._alarm.cancel()
        self._alarm_at = at
        self._alarm = asyncio.create_task(self._ring(at), name="orchestrator alarm")

    async def _ring(self, at: float) -> None:
        await self._clock.sleep(max(0.0, at - self._clock.monotonic()))
        self._wake.set()

    def _keep_explanation(self, now: Moment) -> None:
        """Store the explanation whenever it changes, so that ``explain`` can answer for the past (rule 32)."""
        found = explain(self.state, now)
        if (found.reason, found.params) != self._explained:
            self._explained = (found.reason, found.params)
            self._writer.write(partial(self._journal.explained, found))

    def _keep_gap(self, since: datetime, reason: Reason) -> None:
        """Store that nothing could run from ``since`` to now, so that ``explain`` can say so."""
        self._explained = None
        self._writer.write(partial(self._journal.explained, Explanation(since, reason)))

    def was_closed(self, since: datetime) -> None:
        """The program was not open from ``since`` to this start."""
        self._keep_gap(since, Reason.NOT_RUNNING)

    # ------------------------------------------------------------------------------------------------ the run

    def _start(self) -> None:
        active = self.state.active
        assert active is not None  # the transition just gave it the lock
        control = Control(active, lambda: (self.state, self.now()), self.apply)
        task = asyncio.create_task(self._execute(active, control), name=f"sync {active.run.type} {active.run.account}")
        self._run, self._control = task, control
        task.add_done_callback(partial(self._ended, control))

    async def _execute(self, active: Attempt, control: Control) -> Finished | Suspended:
        if not active.suspensions:
            # The row is written before the run begins, so that a killed process leaves a trace (rule 27).
            self._writer.write(partial(self._journal.run_started, active.record()))
            await self._writer.written()
        return await self._runner(control)

    def _ended(self, control: Control, task: asyncio.Task[Finished | Suspended]) -> None:
        """The run's task is done, however it ended: free the lock (rule 2), whatever the runner returned or raised
        (rules 5, 20). An abandoned run has lost the lock before."""
        run_id = control.run.id
        if self._run is task:
            self._run = self._control = None
        self._abandoned.discard(task)
        if control.abandoned:
            if not task.cancelled():
                task.exception()  # retrieved, so that asyncio does not log it
            self.apply(runs.abandoned_over, run_id)
            return
        end = end_of(task, asked_to_suspend=control.suspend_was_asked)
        try:
            self.apply(runs.ended, run_id, end)
        except Exception as error:
            log.exception("the end of a run could not be taken")
            failure = internal(f"the end of the run could not be taken: {type(error).__name__}")
            self.apply(runs.ended, run_id, failure)

    async def _give_up(self, run_id: str) -> None:
        """Close the browser of a run that ignores its cancellation, then take the lock from the run, so that the next
        run starts with a new browser (rule 26)."""
        control, task = self._control, self._run
        log.error("the run %s did not end when it was told to; its browser is closed", run_id)
        closing = asyncio.ensure_future(self._close_browser())
        try:
            await first_of(closing, self._clock.sleep(CLOSE_BROWSER))
            if closing.done() and not closing.cancelled() and (error := closing.exception()) is not None:
                log.error("the browser of an abandoned run could not be closed", exc_info=error)
        finally:
            closing.cancel()
            self._giving_up = None
        if control is None or task is None or task.done():
            return  # the run has ended because its browser was closed
        control.abandoned = True
        self._abandoned.add(task)
        self._run = self._control = None
        self.apply(runs.abandoned, run_id)

    # ------------------------------------------------------------------------------------------------ end

    async def run_over(self, deadline: float) -> None:
        """Cancel all runs and wait until they have ended, at most ``deadline`` seconds."""
        until = self._clock.monotonic() + deadline
        for task in self._running():
            task.cancel()  # again, for a runner that ignored the first cancellation
        while (running := self._running()) and (left := until - self._clock.monotonic()) > 0:
            await first_of(running[0], self._clock.sleep(left))

    def _running(self) -> list[asyncio.Task[Finished | Suspended]]:
        return [*self._abandoned, *(() if self._run is None else (self._run,))]

    async def stop(self, deadline: float) -> None:
        """Write what is not written yet, at most ``deadline`` seconds, and end all tasks of the dispatcher."""
        tasks = [t for t in (self._loop, self._alarm, self._giving_up) if t is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._notes:  # writing them failed before (a full disk): the last chance to keep a hold or a stopped account
            self._writer.write(self._write_notes)
        writing = asyncio.ensure_future(self._writer.written())
        await first_of(writing, self._clock.sleep(deadline))
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        await self._writer.stop()


def stepped(state: State, now: Moment) -> tuple[State, Start | Stop | Abandon | None]:
    """The state after the one thing to do now, and that thing, which the dispatcher does to the run's task."""
    state = lateness_updated(state, now)
    todo = decide(state, now)
    match todo:
        case Start(slot):
            state = runs.started(state, now, slot)
        case Stop(run_id, cause):
            state = runs.stop_sent(state, now, run_id, cause)
    return state, todo


async def first_of(wanted: asyncio.Future[Any], limit: Coroutine[Any, Any, None]) -> None:
    """Wait until ``wanted`` or ``limit`` is done; ``wanted`` is not cancelled."""
    sleep = asyncio.ensure_future(limit)
    try:
        await asyncio.wait([wanted, sleep], return_when=asyncio.FIRST_COMPLETED)
    finally:
        sleep.cancel()
        await asyncio.gather(sleep, return_exceptions=True)
