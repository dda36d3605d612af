"""Simulates a month of an office: sleep, power off, restarts, a clock that is set, holds, open forms.

How often each list is read is compared with a bound that follows from its interval, the office hours and the time in
which the schedule could read at all; see :func:`bound`. Everything is virtual and follows from a seed.
"""

from __future__ import annotations

import asyncio
import math
import random
import sys
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import islice, pairwise, takewhile
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest

from archisync_gui.model import Account, Finished, Outcome, Progress, Reason, RunControl, Scope, Suspended
from archisync_gui.orchestrator import Orchestrator, Rules, decide, memory, office_hours, runs, schedule
from archisync_gui.orchestrator.blocks import Block
from archisync_gui.orchestrator.requests import put_back
from archisync_gui.orchestrator.state import Request, State
from archisync_gui.orchestrator.values import Moment
from tests.orchestrator.rig import TYPES, ListJournal
from tests.support.clock import VirtualClock, settle

ROME = ZoneInfo("Europe/Rome")
SECONDS = {"orders": 60, "customers": 60, "ddt": 60, "invoices": 30, "prices": 100, "products": 100}
FAST = 5
CALL = 5
"""Seconds of one ERP call; between two a run can be suspended."""
ROUND = float(sum(SECONDS.values()))
PRIORITY = {t.name: t.priority for t in TYPES}
INTERVAL = {t.name: (t.interval or 0) * 60.0 for t in TYPES}
STAGGER = {t.name: t.stagger * 60.0 for t in TYPES}
DAYS = 31
MINUTE = 60.0
LOOKS = 30.0
"""Seconds: the dispatcher checks its clocks at least this often (``Rules.longest_sleep``)."""

STARTS = (
    datetime(2026, 3, 2, 5, 0, tzinfo=UTC),  # summer time begins on 29 March
    datetime(2026, 10, 5, 5, 0, tzinfo=UTC),  # and ends on 25 October
    datetime(2026, 6, 1, 5, 0, tzinfo=UTC),
)


def wait(type: str) -> float:
    """The most seconds that a due list waits for others: for the active run, then for each list of higher priority
    once, and once more for the orders, which are due most often."""
    before = [other for other in SECONDS if PRIORITY[other] > PRIORITY[type]]
    again = SECONDS["orders"] if before else 0
    return max(SECONDS.values()) + sum(SECONDS[other] for other in before) + again


def most_between(type: str, cuts: int, started: bool, clock_sets: int) -> float:
    """Seconds of *chance* that may pass between the starts of two reads of a list.

    Chance is time in which the schedule could read: the program is open and awake, the office is open by the clock that
    the computer shows, the network is there, nothing is held and no form is open. A list is read within

    ``interval + (stagger, if the program was started) + wait x (1 + cuts) + looks x (1 + clock sets)``

    where ``wait`` is the time of the reads before it (:func:`wait`), ``cuts`` how often chance ended meanwhile (the
    read under way then starts over), and ``looks`` the longest time between two checks of the clocks. Each setting of
    the clock may cost one more check.
    """
    stagger = STAGGER[type] if started else 0.0
    return INTERVAL[type] + stagger + wait(type) * (1 + cuts) + LOOKS * (1 + clock_sets)


def least_reads(type: str, seconds: float) -> int:
    """The fewest reads of a list in so many seconds of chance without a cut.

    Its first due time comes within one interval (a stagger is never longer), the next ones exactly one interval apart,
    and each read begins at most one wait and one check of the clocks after its due time, and ends within the time of
    one read.
    """
    return max(0, math.floor((seconds - wait(type) - LOOKS - SECONDS[type]) / INTERVAL[type]))


def most_reads(type: str, seconds: float, daily: int) -> int:
    """The most reads of a list in so many seconds of chance without a cut: at each due time, at each daily
    time, and once each for the reads that were owed and suspended when the stretch began."""
    return math.floor(seconds / INTERVAL[type]) + 1 + daily + 2


class OfficeClock(VirtualClock):
    """Counts true seconds, which do not depend on sleep or on setting the clock."""

    true = 0.0

    def _move(self, seconds: float) -> None:
        super()._move(seconds)
        self.true += seconds


@dataclass
class Stretch:
    """A time without changes from outside."""

    begin: float
    """True seconds."""
    end: float
    wall: datetime
    """The wall clock at its beginning."""
    may: bool
    """The schedule may read, if the office is open."""
    form: bool = False
    """A form is open."""
    held: bool = False
    """The operator holds all reads."""

    def wall_at(self, true: float) -> datetime:
        return self.wall + timedelta(seconds=true - self.begin)

    def true_at(self, wall: datetime) -> float:
        return self.begin + (wall - self.wall).total_seconds()


class Uncut(NamedTuple):
    """A period of chance without a cut, in true seconds, and how many daily times it contains."""

    begin: float
    end: float
    daily: int


@cache
def at_hour(day: date, hour: int) -> datetime:
    """The time of that full hour in Rome."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=ROME).astimezone(UTC)


def days(begin: datetime, end: datetime) -> list[date]:
    """The days from the one before ``begin`` to that of ``end``."""
    first, last = begin.date() - timedelta(days=1), end.date() + timedelta(days=1)
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def noons(begin: datetime, end: datetime) -> list[datetime]:
    """The daily times (12:00) from ``begin`` until before ``end``."""
    return [noon for day in days(begin, end) if begin <= (noon := at_hour(day, 12)) < end]


def open_periods(begin: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """The opening times of an office in Rome between two times: 7:00 to 20:00, Monday to Saturday."""
    cut = [(max(begin, at_hour(d, 7)), min(end, at_hour(d, 20))) for d in days(begin, end) if d.weekday() < 6]
    return [(opens, closes) for opens, closes in cut if opens < closes]


def open_seconds(begin: datetime, end: datetime) -> float:
    """Seconds between two times in which the office is open."""
    return sum((closes - opens).total_seconds() for opens, closes in open_periods(begin, end))


@dataclass
class Month:
    """The office, its computer and its users."""

    seed: int
    start: datetime
    stretches: list[Stretch] = field(default_factory=list)
    reads: dict[str, list[float]] = field(default_factory=dict)
    """True times at which each list's whole reads began, only of those that completed."""
    starts: list[float] = field(default_factory=list)
    """True times at which the program was started."""
    suspended: list[tuple[str, float]] = field(default_factory=list)
    """Each suspension of a whole read: its list and true time."""
    ends: dict[str, list[float]] = field(default_factory=dict)
    """True times at which each list's whole reads completed."""
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
        """Read call by call, and suspend between two calls when requested."""
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
                if whole:
                    self.suspended.append((control.run.type, self.clock.true))
                return Suspended((began, true, done), Progress("read", None, None, done, total))
        if whole:
            self.reads.setdefault(control.run.type, []).append(true)
            self.ends.setdefault(control.run.type, []).append(self.clock.true)
        return Finished(Outcome.COMPLETED, as_of=min(began, self.clock.now()), rows=1)

    async def switch_on(self) -> None:
        self.starts.append(self.clock.true)
        self.o = Orchestrator(
            TYPES, self.read, [Account("anna", catalogue=True)], self.journal, clock=self.clock, rules=Rules()
        )
        await self.o.start()
        await settle()
        self.away = False

    async def switch_off(self, *, killed: bool) -> None:
        """Close the program, or kill it: then what closing would write is lost."""
        assert self.o is not None
        kept = self.journal.copy() if killed else None
        closing = asyncio.ensure_future(self.o.close())
        await settle()
        assert closing.done(), "closing waits, though each run ends at once"
        if kept is not None:
            self.journal = kept
        self.o, self.tab = None, None

    async def time(self, seconds: float) -> None:
        """Time passes, and nothing else happens."""
        if seconds <= 0:
            return
        may = self.o is not None and not self.held and not self.away and self.tab is None
        begin, wall = self.clock.true, self.clock.now()
        await self.clock.advance(seconds)
        self.stretches.append(Stretch(begin, self.clock.true, wall, may, self.tab is not None, self.held))

    async def unused(self, seconds: float, *, off: bool) -> None:
        """The computer is off (the monotonic clock starts anew), or sleeps (the clock may or may not count that
        time)."""
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
        """Run the month, as a random sequence of events."""
        await self.switch_on()
        end = DAYS * 24 * 3600.0
        while self.clock.true < end:
            await self.time(self.random.choice([3, 17, 45, 90, 240]) * MINUTE * self.random.random())
            await self.random.choices(
                [self.nothing, self.sleeps, self.is_off, self.is_set, self.is_held, self.is_offline, self.form],
                weights=[4, 3, 4, 1, 2, 1, 3],
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
        """Switched off at a random minute, for a moment up to a long weekend, perhaps several times with short times in
        between."""
        for _ in range(self.random.choice([1, 1, 3])):
            self.events.append(f"{self.clock.now()} off")
            await self.switch_off(killed=self.random.random() < 0.4)
            hours = self.random.choice([0.02, 0.5, 3, 12, 60]) * self.random.random()
            await self.unused(hours * 3600, off=True)
            if self.random.random() < 0.1:
                self.set_clock()
            await self.switch_on()
            await self.time(self.random.choice([1, 5, 12]) * MINUTE * self.random.random())

    async def is_restarted(self) -> None:
        """Closed or killed and started again at once, before anything else is due: waiting requests must be
        restored."""
        self.events.append(f"{self.clock.now()} restarted")
        await self.switch_off(killed=self.random.random() < 0.5)
        await self.unused(self.random.uniform(5, 30), off=True)
        await self.switch_on()

    def set_clock(self) -> None:
        jump = self.random.choice([-86_400, -3600, -200, 200, 3600, 86_400])
        self.events.append(f"{self.clock.now()} clock set by {jump}")
        self.clock.jump(jump)
        self.clock_sets.append(self.clock.true)

    async def is_set(self) -> None:
        """The clock is set to a wrong time, and corrected some hours later."""
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
        match self.random.choice(["stays on", "off", "restarted"]):
            case "off":
                await self.is_off()
            case "restarted":
                await self.is_restarted()
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
        """A form is open for a while, and sends signs of life."""
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
        """Seconds of chance between two true times, and how often chance ended."""
        seconds, cuts, could = 0.0, 0, False
        at = bisect_right(self.stretches, begin, key=lambda stretch: stretch.end)
        for stretch in takewhile(lambda stretch: stretch.begin < end, islice(self.stretches, at, None)):
            low, high = max(begin, stretch.begin), min(end, stretch.end)
            if stretch.may:
                seconds += open_seconds(stretch.wall_at(low), stretch.wall_at(high))
            cuts += could and not stretch.may
            could = stretch.may
        return seconds, cuts

    def uncut(self) -> list[Uncut]:
        """The periods of chance without a cut, a closed office or a clock that was set."""
        found: list[Uncut] = []
        for stretch in self.stretches:
            if not stretch.may:
                continue
            for opens, closes in open_periods(stretch.wall, stretch.wall_at(stretch.end)):
                begin, end = stretch.true_at(opens), stretch.true_at(closes)
                daily = len(noons(opens, closes))
                last = found[-1] if found else None
                if last is not None and begin - last.end < 1e-3 and not self.set_between(last.end, begin):
                    found[-1] = Uncut(last.begin, end, last.daily + daily)
                else:
                    found.append(Uncut(begin, end, daily))
        return found

    def set_between(self, begin: float, end: float) -> int:
        """How often the clock was set between two true times (a microsecond of rounding included)."""
        return sum(begin - 1e-3 <= at <= end + 1e-3 for at in self.clock_sets)

    def started_between(self, begin: float, end: float) -> bool:
        """Whether the program was started between two true times."""
        return any(begin <= at <= end for at in self.starts)

    def check(self) -> dict[str, float]:
        """Check that every list is read as often as possible and not too often. Returns, for each list, the smallest
        unused part of the bound between two reads (0: all of it was needed)."""
        self.check_suspended()
        for type in SECONDS:
            self.check_rate(type)
            self.check_daily(type)
            self.check_closed(type)
            self.check_held(type)
        return {type: self.check_gaps(type) for type in SECONDS}

    def said(self, type: str, begin: float, end: float) -> str:
        return f"seed {self.seed}, {self.start:%B}: {type} from {begin:.0f} to {end:.0f} s"

    def check_gaps(self, type: str) -> float:
        """Check the time between two reads; returns the smallest unused part of a bound."""
        least = 1.0
        for begin, end in pairwise([0.0, *sorted(self.reads.get(type, ())), self.stretches[-1].end]):
            seconds, cuts = self.chance(begin, end)
            limit = most_between(type, cuts, self.started_between(begin, end), self.set_between(begin, end))
            said = f"{self.said(type, begin, end)} was not read"
            assert seconds <= limit, f"{said}: {seconds:.0f} s of chance, the bound is {limit:.0f} s"
            least = min(least, 1 - seconds / limit)
        return least

    def check_rate(self, type: str) -> None:
        """Check that each period without a cut has as many reads as due times."""
        reads = self.reads.get(type, [])
        for period in self.uncut():
            count = sum(period.begin - 1e-3 <= at < period.end for at in reads)
            wanted = least_reads(type, period.end - period.begin)
            allowed = most_reads(type, period.end - period.begin, period.daily)
            said = f"{self.said(type, period.begin, period.end)} was read {count} times"
            assert count >= wanted, f"{said}, at least {wanted} reads were possible"
            assert count <= allowed, f"{said}, {allowed} were due"

    def check_daily(self, type: str) -> None:
        """Check that after every daily time a read begins as soon as chance allows."""
        reads = sorted(self.reads.get(type, ()))
        for noon in self.noons():
            end = next((at for at in reads if at >= noon - 1e-3), self.stretches[-1].end)
            if self.set_between(noon - 2 * 86_400, end):
                continue  # which daily times have passed depends on the clock
            seconds, cuts = self.chance(noon, end)
            stagger = STAGGER[type] if self.started_between(noon, end) else 0.0
            # While the six lists of the daily time are read, each may become due by its interval as well.
            again = sum(SECONDS[other] for other in SECONDS if PRIORITY[other] > PRIORITY[type])
            limit = stagger + (wait(type) + again) * (1 + cuts) + LOOKS
            said = f"{self.said(type, noon, end)} was not read after the daily time"
            assert seconds <= limit, f"{said}: {seconds:.0f} s of chance, the bound is {limit:.0f} s"

    def noons(self) -> list[float]:
        """The daily times of the month, in true seconds."""
        return [s.true_at(noon) for s in self.stretches for noon in noons(s.wall, s.wall_at(s.end))]

    def check_closed(self, type: str) -> None:
        """Check that, while no form is open, no read begins outside office hours."""
        for at in self.reads.get(type, ()):
            stretch = self.stretches[bisect_right(self.stretches, at, key=lambda stretch: stretch.end)]
            wall = stretch.wall_at(at)
            near = open_seconds(wall - timedelta(seconds=1), wall + timedelta(seconds=1))
            assert near or stretch.form, f"seed {self.seed}: {type} was read at {wall}, and no form asked"

    def check_held(self, type: str) -> None:
        """Check that no read begins during a hold."""
        for at in self.reads.get(type, ()):
            stretch = self.stretches[bisect_right(self.stretches, at + 1e-3, key=lambda stretch: stretch.end)]
            assert not stretch.held, f"seed {self.seed}: {type} was read {at - stretch.begin:.0f} s into a hold"

    # -------------------------------------------------------------------------------------------- quiet days

    def check_suspended(self) -> None:
        """Check that a read suspended for a form is completed within one wait of chance, once nothing stops it
        (rules 17, 19)."""
        for type, since in self.suspended:
            end = next((at for at in self.ends.get(type, ()) if at > since), self.stretches[-1].end)
            if self.set_between(since, end):
                continue
            seconds, cuts = self.chance(since, end)
            stagger = STAGGER[type] if self.started_between(since, end) else 0.0
            limit = stagger + SECONDS[type] + wait(type) * (1 + cuts) + LOOKS
            said = f"{self.said(type, since, end)} was suspended and not read to its end"
            assert seconds <= limit, f"{said}: {seconds:.0f} s of chance, the bound is {limit:.0f} s"

    async def quiet_days(self, count: int) -> None:
        """Days from eight to five, off at night, without other events; no request waits when the computer is switched
        off."""
        for _ in range(count):
            await self.switch_on()
            await self.time(9 * 3600)
            while self.o is not None and (self.o.get_status().current_run or self.o.get_status().queue):
                await self.time(10)
            await self.switch_off(killed=False)
            night = timedelta(days=1) - timedelta(seconds=self.clock.true % 86_400)
            await self.unused(night.total_seconds(), off=True)

    def check_staggers(self) -> None:
        """Check that at each start but the first, where every list is overdue, each is read at its stagger, so that a
        start does not read all lists at once."""
        for start in self.starts[1:]:
            for type, reads in self.reads.items():
                first = next(at for at in reads if at >= start) - start
                least, most = STAGGER[type], STAGGER[type] + wait(type) + LOOKS
                assert least <= first <= most, (
                    f"{type} was read {first:.0f} s after a start, not {least:.0f} to {most:.0f}"
                )


async def quiet_week(seed: int = 0) -> Month:
    found = Month(seed, datetime(2026, 6, 1, 6, 0, tzinfo=UTC))
    await found.quiet_days(5)
    return found


async def month(seed: int) -> Month:
    found = Month(seed, STARTS[seed % len(STARTS)])
    await found.live()
    return found


@pytest.mark.ci
@pytest.mark.parametrize("seed", range(2))
async def test_every_list_is_read_as_often_as_it_can_be(seed: int) -> None:
    """Rules 3, 9, 17, 27-30: a month with the change to summer time, and one with the change back."""
    found = await month(seed)
    left = found.check()
    assert all(len(found.reads[type]) > DAYS for type in SECONDS)
    assert all(part < 0.2 for part in left.values()), f"the bounds are too generous to find faults: {left}"


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(2, 102))
async def test_every_list_is_read_as_often_as_it_can_be_in_many_months(seed: int) -> None:
    """Rules 3, 9, 17, 27-30."""
    (await month(seed)).check()


async def test_the_check_notices_a_list_that_is_forgotten() -> None:
    """Shows that the tests above can fail."""
    found = Month(0, STARTS[0])
    found.stretches.append(Stretch(0.0, 3 * 86_400.0, STARTS[0], may=True))
    with pytest.raises(AssertionError, match=r"orders .* was read 0 times"):
        found.check()


async def test_after_a_night_the_lists_come_at_their_staggers() -> None:
    """Rule 28."""
    (await quiet_week()).check_staggers()


# ------------------------------------------------------------------------------------------------ mutants


def without_staggers(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sys.modules[__name__], "TYPES", [replace(t, stagger=0) for t in TYPES])


def without_owed_reads(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(schedule, "with_owed", lambda state, key, since: state)


def without_daily_reads(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(schedule, "_next_daily", lambda state, now: None)


def without_office_hours(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(office_hours, "is_open", lambda *_: True)


def with_another_interval(factor: float) -> Callable[[pytest.MonkeyPatch], None]:
    def change(patch: pytest.MonkeyPatch) -> None:
        real = schedule._next_due
        patch.setattr(schedule, "_next_due", lambda due, interval, now: real(due, int(interval * factor), now))

    return change


def blind_to_clocks_set_back(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(schedule, "set_back", lambda state, now: False)


def deaf_to_a_hold(patch: pytest.MonkeyPatch) -> None:
    real = decide.stopped_by

    def stopped_by(state: State, request: Request, now: Moment) -> Block | None:
        return real(replace(state, hold_since=None), request, now)

    patch.setattr(decide, "stopped_by", stopped_by)


def forgetful_of_due_times(patch: pytest.MonkeyPatch) -> None:
    real = memory._noted
    patch.setattr(memory, "_noted", lambda state, key, value: state if key[0] == "owed" else real(state, key, value))


def offline_for_ever(patch: pytest.MonkeyPatch) -> None:
    real = Orchestrator.set_away
    patch.setattr(Orchestrator, "set_away", lambda self, reason: real(self, reason) if reason else None)


def dropping_suspended_reads(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(runs, "put_back", lambda state, request: state if request.suspended else put_back(state, request))


MUTANTS = [
    without_staggers,
    without_owed_reads,
    without_daily_reads,
    without_office_hours,
    with_another_interval(2),
    with_another_interval(0.5),
    blind_to_clocks_set_back,
    deaf_to_a_hold,
    forgetful_of_due_times,
    offline_for_ever,
    dropping_suspended_reads,
]


@pytest.mark.parametrize(
    "mutant",
    [
        pytest.param(mutant, id=mutant.__qualname__.partition(".")[0], marks=pytest.mark.nightly if number > 1 else ())
        for number, mutant in enumerate(MUTANTS)
    ],
)
async def test_a_broken_schedule_is_noticed(mutant: Callable[[pytest.MonkeyPatch], None]) -> None:
    """Without one part of the schedule, a check above fails in one of a few short months or in the quiet days."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys.modules[__name__], "DAYS", 10)
        mutant(patch)
        found = await broken()
        print(found)
        assert found, "no check noticed it"


async def test_the_schedule_as_it_is_passes_the_same_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "DAYS", 10)
    assert await broken() == ""


async def broken() -> str:
    """The message of the first check that fails; empty when all pass."""
    try:
        week = Month(0, datetime(2026, 6, 1, 6, 0, tzinfo=UTC))
        await week.quiet_days(2)
        week.check_staggers()
        for seed in range(3):
            (await month(seed)).check()
    except AssertionError as error:
        return str(error) or "an assertion"
    return ""
