"""Rule 11's age limit: with forms that open and close at random all day and a healthy ERP, no list gets too old."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from archisync_gui.model import Account, Finished, Outcome, Progress, RunControl, Scope, Suspended
from archisync_gui.orchestrator import Orchestrator, Rules
from tests.orchestrator.attack import attack
from tests.orchestrator.rig import TYPES, ListJournal
from tests.support.clock import VirtualClock

SECONDS = {"orders": 60, "customers": 60, "ddt": 60, "invoices": 30, "prices": 100, "products": 100}
FAST = 5
CALL = 5
"""Seconds of one ERP call; between two a run can be suspended (rule 10)."""
ROUND = sum(SECONDS.values())
QUIET = 900
TABS = [f"tab-{n}" for n in range(6)]


def limit(type: str) -> float:
    """The age limit in seconds: three intervals, or quiet and one round of all six lists, if longer (rule 11)."""
    (interval,) = (t.interval for t in TYPES if t.name == type)
    assert interval is not None
    return max(3 * interval * 60, QUIET + ROUND)


class Office(RuleBasedStateMachine):
    """A working runner, users who open and close forms, and a clock."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.clock = VirtualClock()
        self.forms: list[asyncio.Task[Any]] = []
        self.numbers = 0
        self.tabs: dict[str, str] = {}
        self.broken = ""

    @initialize()
    def morning(self) -> None:
        """All lists are read once."""
        rules = Rules(office=None, daily_full=None, longest_sleep=600.0)
        account = Account("anna", catalogue=True)
        self.o = Orchestrator(TYPES, self.read, [account], ListJournal(), clock=self.clock, rules=rules)
        self.loop.run_until_complete(self.o.start())
        self.live(ROUND + 60)
        assert len(self.o.state.list_states) == len(TYPES)

    async def read(self, control: RunControl) -> Finished | Suspended:
        """Read call by call, and suspend between two calls when requested."""
        whole = control.run.scope is Scope.ALL
        total = SECONDS[control.run.type] if whole else FAST
        began, done = self.clock.now(), 0
        if control.resume is not None:
            began, done = control.resume  # type: ignore[misc]
        while done < total:
            await self.clock.sleep(CALL)
            done += CALL
            control.progress(Progress("read", done // CALL, total // CALL, done, total))
            if done < total and control.suspend_requested():
                return Suspended((began, done), Progress("read", None, None, done, total))
        if whole:
            self.check(control.run.type)  # the list has its greatest age now, just before the read counts
        return Finished(Outcome.COMPLETED, as_of=began, rows=1)

    def check(self, type: str) -> None:
        list_state = self.o.state.list_state(type, "anna")
        if list_state.success is not None:
            age = (self.clock.now() - list_state.success.wall).total_seconds()
            if age > limit(type):
                self.broken = f"rule 11: {type} is {age:.0f} s old, allowed are {limit(type):.0f}"

    def live(self, seconds: float) -> None:
        self.loop.run_until_complete(self.clock.advance(seconds))

    @rule(tab=st.sampled_from(TABS), then=st.sampled_from([0.1, 5, 29, 31, 120]))
    def opens(self, tab: str, then: float) -> None:
        """A form opens, or asks for fresh customers again."""
        if tab not in self.tabs or self.tabs[tab] not in self.o.state.sessions:
            self.numbers += 1
            self.tabs[tab] = f"{tab}/{self.numbers}"
        self.forms.append(self.loop.create_task(self.o.smart_customer_sync(self.tabs[tab])))
        self.live(then)

    @rule(tab=st.sampled_from(TABS), then=st.sampled_from([0.1, 5, 31]))
    def closes(self, tab: str, then: float) -> None:
        if tab in self.tabs:
            self.o.resume_other_syncs(self.tabs.pop(tab))
        self.live(then)

    @rule(seconds=st.sampled_from([5, 60, 300, 590, 900, 2000]), alive=st.booleans())
    def works(self, seconds: float, alive: bool) -> None:
        """Time passes; the users of the open forms work on (``alive``), or have left."""
        for _ in range(int(seconds // 300) + 1):
            for id in self.tabs.values() if alive else ():
                self.o.touch(id)
            self.live(min(seconds, 300))

    @invariant()
    def young_enough(self) -> None:
        if hasattr(self, "o"):
            for spec in TYPES:
                self.check(spec.name)
        assert not self.broken, self.broken

    def teardown(self) -> None:
        closing = self.loop.create_task(self.o.close())
        while not closing.done():
            self.live(1)
        for form in self.forms:
            assert form.done()
            assert form.exception() is None
        self.loop.close()


@pytest.mark.ci
def test_no_list_grows_too_old_while_forms_are_open() -> None:
    """Rule 11: the small sample."""
    attack(Office, examples=5, steps=40, sample=True)


@pytest.mark.nightly
def test_no_list_grows_too_old_over_many_days_of_forms() -> None:
    """Rule 11: 500 examples of 100 steps."""
    attack(Office, examples=500, steps=100)
