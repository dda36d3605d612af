"""A month of an office: the computer sleeps, is switched off and on, its clock is set, reads are held, forms are open.

How often each list is read is compared with a bound that follows from its interval, the office hours and the time in
which the schedule could read at all; see :func:`bound`. Everything is virtual and follows from a seed.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from archisync_gui.model import Account, Finished, Outcome, Progress, Reason, RunControl, Scope, Suspended
from archisync_gui.orchestrator import Orchestrator, Rules
from tests.orchestrator.rig import TYPES, ListJournal
from tests.support.clock import VirtualClock, settle

ROME = ZoneInfo("Europe/Rome")
SECONDS = {"orders": 60, "customers": 60, "ddt": 60, "invoices": 30, "prices": 100, "products": 100}
FAST = 5
CALL = 5
"""Seconds of one ERP call; between two a run can be suspended."""
ROUND = float(sum(SECONDS.values()))
INTERVAL = {t.name: (t.interval or 0) * 60.0 for t in TYPES}
STAGGER = {t.name: t.stagger * 60.0 for t in TYPES}
DAYS = 31
MINUTE = 60.0
LOOKS = 30.0
"""The dispatcher looks at its clocks at least so often (``Rules.longest_sleep``)."""

STARTS = (
    datetime(2026, 3, 2, 5, 0, tzinfo=UTC),  # the clocks go forward on 29 March
    datetime(2026, 10, 5, 5, 0, tzinfo=UTC),  # and back on 25 October
    datetime(2026, 6, 1, 5, 0, tzinfo=UTC),
)


def bound(type: str, cuts: int, clock_sets: int) -> float:
    """Seconds of *chance* that may pass between two reads of a list.

    Chance is time in which the schedule could read: the program is open and awake, the office is open by the clock that
    the computer shows, the network is there, nothing is held and no form is open. A list is read within

    ``interval + stagger + round x (1 + cuts) + looks``

    where ``interval`` and ``stagger`` are those of its type, ``round`` is one read of every list (those before it in
    the queue, and its own), ``cuts`` how often chance ended meanwhile (a run that was under way then starts over), and
    ``looks`` how long the dispatcher may not look at its clocks. Each time the clock was set may cost one more look.
    """
    return INTERVAL[type] + STAGGER[type] + ROUND * (1 + cuts) + LOOKS * (1 + clock_sets)


class OfficeClock(VirtualClock):
    """Counts true seconds, which neither sleep nor setting the clock can change."""

    true = 0.0

    def _move(self, seconds: float) -> None:
        super()._move(seconds)
        self.true += seconds


@dataclass
class Stretch:
    """A time in which nothing changed from outside."""

    begin: float
    """True seconds."""
    end: float
    wall: datetime
    """What the clock showed at its beginning."""
    may: bool
    """The schedule may read, if the office is open."""


def open_seconds(begin: datetime, end: datetime) -> float:
    """Seconds between two times in which an office in Rome is open: 7 to 20 o'clock, Monday to Saturday."""
    total, day = 0.0, begin.astimezone(ROME).date() - timedelta(days=1)
    while day <= end.astimezone(ROME).date():
        if day.weekday() < 6:
            opens = datetime(day.year, day.month, day.day, 7, tzinfo=ROME).astimezone(UTC)
            closes = datetime(day.year, day.month, day.day, 20, tzinfo=ROME).astimezone(UTC)
            total += max(0.0, (min(end, closes) - max(begin, opens)).total_seconds())
        day += timedelta(days=1)
    return total


@dataclass
class Month:
    """The office, its computer and whoever uses it."""

    seed: int
    start: datetime
    stretches: list[Stretch] = field(default_factory=list)
    reads: dict[str, list[float]] = field(default_factory=dict)
    """True times at which each list's whole reads began, without those that did not come to their end."""
    clock_sets: list[float] = field(default_factory=list)
    forms: list[asyncio.Task[Any]] = field(default_factory=list)
    events: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock = OfficeClock(self.start, mono=50.0)
        self.journal = ListJournal()
        self.random = random.Random(self.seed)
        self.held = self.away = False
        self.tab: str | None = None
        self.tabs = 0
        self.o: Orchestrator | None = None

    # -------------------------------------------------------------------------------------------- the program

    async def read(self, control: RunControl) -> Finished | Suspended:
        """As the ERP lets us: a call at a time, and suspended between two when asked to."""
        whole = control.run.scope is Scope.ALL
        total = SECONDS[control.run.type] if whole else FAST
        began, true, done = self.clock.now(), self.clock.true, 0
        if control.resume is not None:
            began, true, done = control.resume  # type: ignore[misc]
        while done < total:
            await self.clock.sleep(CALL)
            done += CALL
            control.progress(Progress("read", done // CALL, total // CALL, done, total))
            if done < total and control.suspend_requested():
                return Suspended((began, true, done), Progress("read", None, None, done, total))
        if whole:
            self.reads.setdefault(control.run.type, []).append(true)
        return Finished(Outcome.COMPLETED, as_of=min(began, self.clock.now()), rows=1)

    async def switch_on(self) -> None:
        self.o = Orchestrator(
            TYPES, self.read, [Account("anna", catalogue=True)], self.journal, clock=self.clock, rules=Rules()
        )
        await self.o.start()
        await settle()
        self.away = False

    async def switch_off(self, *, killed: bool) -> None:
        """Closed in order, or killed: what it would still write is lost."""
        assert self.o is not None
        kept = self.journal.copy() if killed else None
        closing = asyncio.ensure_future(self.o.close())
        await settle()
        assert closing.done(), "nothing here is deaf"
        if kept is not None:
            self.journal = kept
        self.o, self.tab = None, None

    async def time(self, seconds: float) -> None:
        """Time goes by, and nothing else happens."""
        if seconds <= 0:
            return
        may = self.o is not None and not self.held and not self.away and self.tab is None
        begin, wall = self.clock.true, self.clock.now()
        await self.clock.advance(seconds)
        self.stretches.append(Stretch(begin, self.clock.true, wall, may))

    async def unused(self, seconds: float, *, off: bool) -> None:
        """The computer is off, or asleep: the monotonic clock stands still; switched off it also starts anew."""
        self.stretches.append(Stretch(self.clock.true, self.clock.true + seconds, self.clock.now(), may=False))
        if off:
            clock = OfficeClock(self.clock.now() + timedelta(seconds=seconds), mono=self.random.uniform(5, 500))
            clock.true = self.clock.true + seconds
            self.clock = clock
        else:
            self.clock.true += seconds
            await self.clock.computer_sleeps(seconds, counted=self.random.random() < 0.5)

    # -------------------------------------------------------------------------------------------- what happens

    async def live(self) -> None:
        """The month, day by day, minute by minute where something happens."""
        await self.switch_on()
        end = DAYS * 24 * 3600.0
        while self.clock.true < end:
            await self.time(self.random.choice([3, 17, 45, 90, 240]) * MINUTE * self.random.random())
            await self.random.choices(
                [self.nothing, self.sleeps, self.is_off, self.is_set, self.is_held, self.is_offline, self.form],
                weights=[4, 3, 4, 1, 1, 1, 3],
            )[0]()
        if self.o is not None:
            await self.switch_off(killed=False)
        await settle()
        assert all(form.done() for form in self.forms)

    async def nothing(self) -> None:
        return None

    async def sleeps(self) -> None:
        self.events.append(f"{self.clock.now()} sleeps")
        await self.unused(self.random.choice([2, 40, 600]) * MINUTE * self.random.random(), off=False)
        await self.time(LOOKS)

    async def is_off(self) -> None:
        """Switched off at a random minute: for a moment, over night, or for a long weekend; then perhaps only briefly
        on again."""
        for _ in range(self.random.choice([1, 1, 3])):
            self.events.append(f"{self.clock.now()} off")
            await self.switch_off(killed=self.random.random() < 0.4)
            hours = self.random.choice([0.02, 0.5, 3, 12, 60]) * self.random.random()
            await self.unused(hours * 3600, off=True)
            if self.random.random() < 0.1:
                self.set_clock()
            await self.switch_on()
            await self.time(self.random.choice([1, 5, 12]) * MINUTE * self.random.random())

    def set_clock(self) -> None:
        jump = self.random.choice([-86_400, -3600, -200, 200, 3600, 86_400])
        self.events.append(f"{self.clock.now()} clock set by {jump}")
        self.clock.jump(jump)
        self.clock_sets.append(self.clock.true)

    async def is_set(self) -> None:
        """The clock is set, and put right again some hours later."""
        before = self.clock.now() - timedelta(seconds=self.clock.true)
        self.set_clock()
        await self.time(self.random.choice([1, 20, 300]) * MINUTE)
        self.clock.jump((before + timedelta(seconds=self.clock.true) - self.clock.now()).total_seconds())
        self.clock_sets.append(self.clock.true)
        await self.time(LOOKS)

    async def is_held(self) -> None:
        assert self.o is not None
        self.events.append(f"{self.clock.now()} held")
        self.o.hold()
        self.held = True
        await settle()
        await self.time(self.random.choice([1, 60, 500]) * MINUTE)
        if self.random.random() < 0.5:
            await self.is_off()
        self.o.release()
        self.held = False
        await settle()

    async def is_offline(self) -> None:
        assert self.o is not None
        self.o.set_away(Reason.OFFLINE)
        self.away = True
        await self.time(self.random.choice([1, 30]) * MINUTE)
        self.o.set_away(None)
        self.away = False

    async def form(self) -> None:
        """A form is open for a while, and signs that it lives."""
        assert self.o is not None
        self.tabs += 1
        self.tab = f"tab-{self.seed}-{self.tabs}"
        self.forms.append(asyncio.ensure_future(self.o.smart_customer_sync(self.tab)))
        await settle()
        for _ in range(self.random.choice([1, 3, 12])):
            await self.time(5 * MINUTE)
            self.o.touch(self.tab)
        self.o.resume_other_syncs(self.tab)
        self.tab = None
        await settle()

    # -------------------------------------------------------------------------------------------- what must be so

    def chance(self, begin: float, end: float) -> tuple[float, int]:
        """Chance between two true times, and how often it ended."""
        seconds, cuts, could = 0.0, 0, False
        for stretch in self.stretches:
            low, high = max(begin, stretch.begin), min(end, stretch.end)
            if low >= high:
                continue
            if stretch.may:
                at = stretch.wall + timedelta(seconds=low - stretch.begin)
                seconds += open_seconds(at, at + timedelta(seconds=high - low))
            cuts += could and not stretch.may
            could = stretch.may
        return seconds, cuts

    def check(self) -> float:
        """Every list is read as often as it can be; gives the least part of a bound that was left over."""
        least = 1.0
        for type in SECONDS:
            times = [0.0, *sorted(self.reads.get(type, ())), self.stretches[-1].end]
            for begin, end in pairwise(times):
                seconds, cuts = self.chance(begin, end)
                limit = bound(type, cuts, sum(begin <= at <= end for at in self.clock_sets))
                said = f"seed {self.seed}, {self.start:%B}: {type} was not read from {begin:.0f} to {end:.0f} s"
                assert seconds <= limit, f"{said}: {seconds:.0f} s of chance, the bound is {limit:.0f} s"
                least = min(least, 1 - seconds / limit)
        return least


async def month(seed: int) -> Month:
    found = Month(seed, STARTS[seed % len(STARTS)])
    await found.live()
    return found


@pytest.mark.ci
@pytest.mark.parametrize("seed", range(2))
async def test_every_list_is_read_as_often_as_it_can_be(seed: int) -> None:
    """Rules 3, 9, 17, 27-30: a month with the change to summer time, and one with the change back."""
    found = await month(seed)
    least = found.check()
    assert all(len(found.reads[type]) > DAYS for type in SECONDS)
    assert least < 0.5, "the bound says something"


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(2, 102))
async def test_every_list_is_read_as_often_as_it_can_be_in_many_months(seed: int) -> None:
    """Rules 3, 9, 17, 27-30."""
    (await month(seed)).check()


async def test_the_check_notices_a_list_that_is_forgotten() -> None:
    """Otherwise the tests above could not fail."""
    found = Month(0, STARTS[0])
    found.stretches.append(Stretch(0.0, 3 * 86_400.0, STARTS[0], may=True))
    with pytest.raises(AssertionError, match="orders was not read"):
        found.check()
