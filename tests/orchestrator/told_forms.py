"""Checks that each waiting order form has something to wait for; used by tests, contains none."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass

from archisync_gui.model import Event, Outcome, Reason, Scope, SmartSyncResult, events
from archisync_gui.orchestrator import Orchestrator
from archisync_gui.orchestrator.blocks import stopped_by
from archisync_gui.orchestrator.values import form


@dataclass
class Call:
    """A call of a form that waits for its answer."""

    answer: asyncio.Task[SmartSyncResult]
    tab: str | None
    heard: int
    """How many events the form had received when it called."""


class ToldForms:
    """The last answer or event that each form of an orchestrator has received, as its page interprets it."""

    def __init__(self, orchestrator: Orchestrator) -> None:
        self._o = orchestrator
        self._calls: list[Call] = []
        self._waits: dict[str, str] = {}
        """Forms whose last answer was to wait, by handle: ``pending`` or ``held``."""
        self._told: Counter[str] = Counter()
        """How many events about the result of its read each form has received, by handle."""
        orchestrator.subscribe(self._hear)

    def open(self, tab: str | None, account: str | None = None, token: str = "") -> asyncio.Task[SmartSyncResult]:
        """A form calls. The caller has to run the loop (``settle``) before the next step."""
        before = self._o.state.sessions.get(tab or "")
        task = asyncio.ensure_future(self._o.smart_customer_sync(tab, account, token=token))
        self._calls.append(Call(task, tab, 0 if before is None else self._told[before.handle]))
        return task

    def forget(self, task: asyncio.Task[SmartSyncResult]) -> None:
        """Drop a call that was refused."""
        self._calls = [call for call in self._calls if call.answer is not task]

    def _hear(self, event: Event) -> None:
        """Handle an event that reaches the form through the line of its tab."""
        match event.data:
            case events.SessionUnserved(handle=handle, error=error):
                self._told[handle] += 1
                self._waits.pop(handle, None)
                if error.code == "held":
                    self._waits[handle] = "held"
            case events.SyncCompleted(type="customers", account=account, outcome=Outcome.COMPLETED, scope=scope):
                for session in self._o.state.sessions.values() if scope is not Scope.ONE else ():
                    if session.account == account:
                        self._told[session.handle] += 1
                        self._waits.pop(session.handle, None)

    def _answered(self) -> None:
        """Handle finished calls. An event since the call is newer information than the answer ``pending``."""
        for call in [call for call in self._calls if call.answer.done()]:
            self._calls.remove(call)
            answer = call.answer.result()
            if self._told[answer.handle] == call.heard or answer.code == "held":
                self._waits.pop(answer.handle, None)
                if answer.code in ("pending", "held"):
                    self._waits[answer.handle] = answer.code

    def check(self) -> None:
        """Rule 12: for a waiting form a read runs or can run, or it was answered ``held`` and waits for the end of a
        hold."""
        self._answered()
        state, now = self._o.state, self._o._dispatcher.now()
        waits = {s.handle: self._waits[s.handle] for s in state.sessions.values() if s.handle in self._waits}
        waits |= {state.sessions[c.tab].handle: "" for c in self._calls if c.tab in state.sessions}
        why: dict[str, set[Reason | None]] = {handle: set() for handle in waits}
        for request in [*state.queue.values(), *([] if state.active is None else [state.active.request])]:
            running = state.active is not None and state.active.request is request
            block = None if running else stopped_by(state, request, now)
            # A repeat does not count, since it may wait for hours (rule 9); its askers have been told of the failure.
            serves = request.slot.scope is Scope.NEW and (running or not request.repeat)
            for handle in why if serves else ():
                if form(handle) in [asker.id for asker in request.askers]:
                    why[handle].add(None if block is None else block.reason)
        for handle, word in waits.items():
            may = {None, Reason.RETRY} | ({Reason.HOLD} if word == "held" else set())
            assert why[handle] & may, f"rule 12: {handle} was told {word!r} and waits in vain: {why[handle]}"
