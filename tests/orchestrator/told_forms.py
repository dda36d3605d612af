"""Judges whether each order form that waits has something to wait for; no test."""

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
    """How often the form had been told something when it called."""


class ToldForms:
    """What the forms of one orchestrator were told last, as their pages understand it."""

    def __init__(self, orchestrator: Orchestrator) -> None:
        self._o = orchestrator
        self._calls: list[Call] = []
        self._waits: dict[str, str] = {}
        """Handles of forms that were told last to wait (``pending``, ``held``), and by which word."""
        self._told: Counter[str] = Counter()
        """How often each form was told what became of its read, by handle."""
        orchestrator.subscribe(self._hear)

    def open(self, tab: str | None, account: str | None = None, token: str = "") -> asyncio.Task[SmartSyncResult]:
        """A form calls. Let the call begin before anything else happens."""
        before = self._o.state.sessions.get(tab or "")
        task = asyncio.ensure_future(self._o.smart_customer_sync(tab, account, token=token))
        self._calls.append(Call(task, tab, 0 if before is None else self._told[before.handle]))
        return task

    def forget(self, task: asyncio.Task[SmartSyncResult]) -> None:
        """A call that was refused."""
        self._calls = [call for call in self._calls if call.answer is not task]

    def _hear(self, event: Event) -> None:
        """What the lines of the forms' tabs tell them."""
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
        """A page knows better than ``pending`` what its line told it since it called."""
        for call in [call for call in self._calls if call.answer.done()]:
            self._calls.remove(call)
            answer = call.answer.result()
            if self._told[answer.handle] == call.heard or answer.code == "held":
                self._waits.pop(answer.handle, None)
                if answer.code in ("pending", "held"):
                    self._waits[answer.handle] = answer.code

    def check(self) -> None:
        """Rule 12: a form that waits has a read that runs or can run, or knows of the pause that it waits for."""
        self._answered()
        state, now = self._o.state, self._o._dispatcher.now()
        waits = {s.handle: self._waits[s.handle] for s in state.sessions.values() if s.handle in self._waits}
        waits |= {state.sessions[c.tab].handle: "" for c in self._calls if c.tab in state.sessions}
        why: dict[str, set[Reason | None]] = {handle: set() for handle in waits}
        for request in [*state.queue.values(), *([] if state.active is None else [state.active.request])]:
            running = state.active is not None and state.active.request is request
            block = None if running else stopped_by(state, request, now)
            # A repeat may wait for hours (rule 9): who waits for it was told that the read failed, or it is none.
            serves = request.slot.scope is Scope.NEW and (running or not request.repeat)
            for handle in why if serves else ():
                if form(handle) in [asker.id for asker in request.askers]:
                    why[handle].add(None if block is None else block.reason)
        for handle, word in waits.items():
            may = {None, Reason.RETRY} | ({Reason.HOLD} if word == "held" else set())
            assert why[handle] & may, f"rule 12: {handle} was told {word!r} and waits in vain: {why[handle]}"
