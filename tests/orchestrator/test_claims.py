"""Compares every claim of the status (fresh, "as of", connected, complete) with the truth; each case tries to make one
of them false.

The truth comes from a clock that cannot be set. After each case one check compares all claims with it.
``tests/endpoint/test_claims.py`` does the same for the answers of the local endpoint.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from archisync_gui.model import (
    Account,
    FailureKind,
    Finished,
    Freshness,
    Origin,
    Outcome,
    Reason,
    RunRecord,
    Scope,
    SessionEnd,
)
from archisync_gui.orchestrator import Rules
from tests.orchestrator.rig import TWO, TYPES, ListJournal, Rig, opened
from tests.support.clock import MONDAY, VirtualClock, settle

RULES = Rules(schedule=False, office=None)
INTERVAL = {t.name: (t.interval or 0) * 60.0 for t in TYPES}
SHARED = {t.name for t in TYPES if t.shared}
TOLERANCE = RULES.clock_tolerance


class TrueClock(VirtualClock):
    """Also counts true seconds, which do not depend on setting the clock or on sleep."""

    true = 0.0

    def _move(self, seconds: float) -> None:
        super()._move(seconds)
        self.true += seconds

    async def computer_sleeps(self, seconds: float, *, counted: bool) -> None:
        self.true += seconds
        await super().computer_sleeps(seconds, counted=counted)


@dataclass
class Truth:
    """True start of the last read of each kind; ``None`` before the first."""

    whole: float | None = None
    clean: float | None = None
    new: float | None = None


@dataclass
class World:
    """An orchestrator, and the truth about its reads."""

    rig: Rig
    truths: dict[tuple[str, str], Truth] = field(default_factory=dict)
    claimed: set[str] = field(default_factory=set)

    @property
    def clock(self) -> TrueClock:
        assert isinstance(self.rig.clock, TrueClock)
        return self.rig.clock

    def truth(self, type: str, account: str) -> Truth:
        return self.truths.setdefault((type, "" if type in SHARED else account), Truth())

    async def begin(self, type: str, account: str = "anna", scope: Scope = Scope.ALL) -> float:
        """Start a run; returns its true start."""
        self.rig.o.request_sync(type, account, scope, "17" if scope is Scope.ONE else None)
        await settle()
        assert self.rig.active.type == type
        return self.clock.true

    async def read(
        self,
        type: str,
        outcome: Outcome = Outcome.COMPLETED,
        *,
        account: str = "anna",
        seconds: float = 60.0,
        scope: Scope = Scope.ALL,
    ) -> None:
        """Do a run that ends with this outcome, and record the truth after it."""
        began = await self.begin(type, account, scope)
        await self.clock.advance(seconds)
        self.rig.active.finish(outcome)
        await settle()
        self.was_read(type, account, began, outcome, scope)

    def was_read(self, type: str, account: str, began: float, outcome: Outcome, scope: Scope = Scope.ALL) -> None:
        truth = self.truth(type, account)
        if scope is Scope.ALL and outcome in (Outcome.COMPLETED, Outcome.UNCLEAN):
            truth.whole = began
        if scope is Scope.ALL and outcome is Outcome.COMPLETED:
            truth.clean = began
        if scope is not Scope.ONE and outcome is Outcome.COMPLETED:
            truth.new = began

    async def off(self, seconds: float, *, jump: float = 0.0) -> None:
        """The program is closed for a while; the wall clock may be set, and the monotonic clock starts anew."""
        await self.rig.close()
        clock = TrueClock(self.clock.now() + timedelta(seconds=seconds + jump), mono=5.0)
        clock.true = self.clock.true + seconds
        self.rig.clock = clock
        self.rig.build()
        await self.rig.o.start()
        await settle()

    async def holds(self) -> None:
        """Check that no claim is better than the truth, first in the (cached) status, then in a form's answer."""
        status, now = self.rig.o.get_status(), self.clock.now()
        for type, found in status.statuses.items():
            if found.freshness is Freshness.FRESH:
                assert all(line.freshness is Freshness.FRESH for line in found.accounts)
            for line in found.accounts:
                truth = self.truth(type, line.account)
                where = f"{type} of {line.account}"
                if line.freshness is Freshness.FRESH:
                    self.claimed.add("fresh")
                    assert truth.whole is not None, f"{where}: fresh, never read"
                    assert self.clock.true - truth.whole < 2 * INTERVAL[type] + TOLERANCE, f"{where}: fresh, too old"
                for name, at, true in (
                    ("new as of", line.new_as_of, truth.new),
                    ("all as of", line.all_as_of, truth.clean),
                    ("last read", line.last_run_time if line.freshness is not Freshness.UNKNOWN else None, truth.whole),
                ):
                    if at is not None:
                        self.claimed.add(name)
                        assert true is not None, f"{where}: {name} {at}, never read"
                        age, real = (now - at).total_seconds(), self.clock.true - true
                        assert age >= real - TOLERANCE, f"{where}: {name} {age:.0f} s ago, in truth {real:.0f} s"
        for account in status.accounts:
            truth = self.truth("customers", account.id)
            form = await self.rig.o.smart_customer_sync(f"probe {account.id}", account.id, wait=False)
            if form.code == "fresh":
                self.claimed.add("form fresh")
                assert truth.new is not None
                assert self.clock.true - truth.new < RULES.shared_read + TOLERANCE
            for at, true in ((form.new_as_of, truth.new), (form.all_as_of, truth.clean)):
                if at is not None:
                    assert true is not None, "the answer to a form has the time of a read that did not happen"
                    assert (now - at).total_seconds() >= self.clock.true - true - TOLERANCE


Case = Callable[[World], Awaitable[None]]
CASES: list[Case] = []


def case(attempt: Case) -> Case:
    CASES.append(attempt)
    return attempt


# ------------------------------------------------------------------------------------------------ reads


@case
async def nothing_was_ever_read(world: World) -> None:
    return None


@case
async def everything_was_just_read(world: World) -> None:
    for spec in TYPES:
        await world.read(spec.name, seconds=5)
    await world.read("customers", scope=Scope.NEW, seconds=5)


@case
async def a_read_ends_without_proof(world: World) -> None:
    await world.read("customers", Outcome.UNCLEAN)
    await world.read("customers", Outcome.SKIPPED)
    await world.read("customers", Outcome.UNCLEAN, scope=Scope.NEW)
    await world.read("customers", Outcome.SKIPPED, scope=Scope.NEW)
    await world.read("customers", scope=Scope.ONE)


@case
async def an_unclean_read_follows_a_clean_one(world: World) -> None:
    await world.read("customers")
    await world.clock.advance(3000)
    await world.read("customers", Outcome.UNCLEAN)


@case
async def reads_fail_after_a_good_one(world: World) -> None:
    await world.read("orders")
    for kind in FailureKind:
        await world.clock.advance(600)
        await world.begin("orders")
        await world.rig.fail(kind)
        await world.clock.advance(50)
        while not world.rig.idle:
            await world.rig.fail(FailureKind.PERMANENT)
        world.rig.o.credentials_changed("anna")


@case
async def a_run_returns_nonsense(world: World) -> None:
    await world.begin("customers")
    world.rig.active.end(Finished(Outcome.COMPLETED, as_of=world.clock.now(), rows=-1))
    await settle()


@case
async def a_runner_dates_its_rows_in_the_future(world: World) -> None:
    began = await world.begin("customers")
    await world.clock.advance(100)
    world.rig.active.end(Finished(Outcome.COMPLETED, as_of=world.clock.now() + timedelta(hours=1), rows=1))
    await settle()
    world.was_read("customers", "anna", began, Outcome.COMPLETED)


@case
async def an_abandoned_run_returns_after_all(world: World) -> None:
    await world.begin("customers")
    deaf = world.rig.active
    deaf.ignores_cancel = True
    world.rig.o.cancel_run()
    await world.clock.advance(90)
    assert world.rig.o.get_status().abandoned
    deaf.finish()
    await settle()
    assert not world.rig.o.get_status().abandoned


@case
async def a_suspended_read_goes_on_minutes_later(world: World) -> None:
    began = await world.begin("products")
    form = opened(world.rig, "a", "anna")
    await settle()
    await world.rig.suspend()
    fast = world.clock.true
    await world.clock.advance(5)
    await world.rig.finish()
    world.was_read("customers", "anna", fast, Outcome.COMPLETED, Scope.NEW)
    await form
    whole = world.clock.true
    await world.clock.advance(100)
    await world.rig.finish()
    world.was_read("customers", "anna", whole, Outcome.COMPLETED)
    world.rig.o.resume_other_syncs("a")
    await settle()
    await world.clock.advance(30)
    world.rig.active.end(Finished(Outcome.COMPLETED, rows=1))
    await settle()
    world.was_read("products", "anna", began, Outcome.COMPLETED)


@case
async def one_of_two_accounts_was_read(world: World) -> None:
    world.rig.o.set_accounts(TWO)
    await world.read("customers", account="anna", seconds=5)
    await world.read("orders", account="bruno", seconds=5)
    await world.read("prices", seconds=5)


@case
async def the_catalogue_is_read_by_another_account_from_now_on(world: World) -> None:
    await world.read("prices", seconds=5)
    world.rig.o.set_accounts((Account("bruno", catalogue=True),))


@case
async def an_account_is_removed_and_added_again(world: World) -> None:
    await world.read("customers", seconds=5)
    world.rig.o.set_accounts((Account("bruno"),))
    await world.clock.advance(3 * INTERVAL["customers"])
    world.rig.o.set_accounts((Account("bruno"), Account("anna")))


@case
async def the_rows_are_cleared(world: World) -> None:
    await world.read("customers", seconds=5)
    world.rig.o.rows_changed("customers", "anna", last_success=None, new_as_of=None, all_as_of=None)
    world.truths.clear()


@case
async def a_kept_read_is_accepted(world: World) -> None:
    """Its rows are as old as the refused read, however late it is accepted."""
    refused = world.clock.now()
    truth = world.truth("customers", "anna")
    truth.whole = truth.clean = truth.new = world.clock.true
    await world.clock.advance(7200)
    world.rig.o.rows_changed("customers", "anna", last_success=refused, new_as_of=refused, all_as_of=refused)


# ------------------------------------------------------------------------------------------------ time


@case
async def time_goes_by(world: World) -> None:
    await everything_was_just_read(world)
    for _ in range(100):
        await world.clock.advance(120)
        await world.holds()


@case
async def the_interval_is_switched_off(world: World) -> None:
    await world.read("orders", seconds=5)
    world.rig.o.set_schedule("orders", None)
    world.rig.o.set_schedule("orders", 10)
    await world.clock.advance(2 * INTERVAL["orders"] + 1)


@case
async def the_computer_sleeps(world: World) -> None:
    await everything_was_just_read(world)
    await world.clock.computer_sleeps(3 * 3600, counted=False)


@case
async def the_computer_sleeps_during_a_read(world: World) -> None:
    began = await world.begin("customers")
    noted = world.clock.now()
    await world.clock.computer_sleeps(100, counted=False)
    world.rig.active.end(Finished(Outcome.COMPLETED, as_of=noted, rows=1))
    await settle()
    world.was_read("customers", "anna", began, Outcome.COMPLETED)


@case
async def the_wall_clock_stands_still(world: World) -> None:
    await everything_was_just_read(world)
    for _ in range(200):
        await world.clock.advance(60)
        world.clock.jump(-60)
        await settle()


@case
async def the_program_was_closed(world: World) -> None:
    await everything_was_just_read(world)
    await world.off(3 * 3600)


# ------------------------------------------------------------------------------------------------ the clock is set


def set_clock(jump: float, *, noticed: bool) -> Case:
    async def attempt(world: World) -> None:
        await everything_was_just_read(world)
        await world.clock.advance(120)
        world.clock.jump(jump)
        if noticed:
            await world.clock.advance(40)

    attempt.__name__ = f"the_clock_is_set_by_{jump:.0f}_{'a_while_ago' if noticed else 'just_now'}"
    return attempt


for _jump in (-90_000.0, -3600.0, -100.0, -10.0, 10.0, 3600.0, 90_000.0):
    CASES += [set_clock(_jump, noticed=False), set_clock(_jump, noticed=True)]


def set_clock_during_a_read(jump: float, *, corrected: bool) -> Case:
    async def attempt(world: World) -> None:
        await world.begin("customers")
        await world.clock.advance(5)
        first_page = world.clock.true
        noted, mono = world.clock.now(), world.clock.monotonic()
        world.clock.jump(jump)
        await world.clock.advance(80)
        if corrected:  # as the real runner does, with the help of the monotonic clock
            noted = world.clock.now() - timedelta(seconds=world.clock.monotonic() - mono)
        world.rig.active.end(Finished(Outcome.COMPLETED, as_of=noted, rows=1))
        await settle()
        world.was_read("customers", "anna", first_page, Outcome.COMPLETED)

    attempt.__name__ = f"the_clock_is_set_by_{jump:.0f}_during_a_read_{'' if corrected else 'not_'}corrected"
    return attempt


for _jump in (-3600.0, -60.0, -10.0, 60.0, 3600.0):
    CASES += [set_clock_during_a_read(_jump, corrected=False), set_clock_during_a_read(_jump, corrected=True)]


@case
async def the_clock_was_ahead_and_is_put_right_before_a_restart(world: World) -> None:
    """After the restart the stored times are in the past again, and still wrong."""
    world.clock.jump(3600)
    await everything_was_just_read(world)
    world.clock.jump(-3600)
    await world.clock.advance(3700)
    await world.off(5)


@case
async def the_clock_is_set_back_while_the_program_is_closed(world: World) -> None:
    await everything_was_just_read(world)
    await world.off(60, jump=-7200)


@case
async def the_clock_is_set_back_while_closed_but_not_behind_the_last_read(world: World) -> None:
    """At the next start all stored times are in the past, except that of the last record."""
    await everything_was_just_read(world)
    await world.clock.advance(3600)
    world.rig.o.hold()
    world.rig.o.release()
    await world.off(60, jump=-1800)


@case
async def the_clock_is_a_day_back_at_one_start_and_right_again_at_the_next(world: World) -> None:
    """The doubt found at the first start is stored, though the times look right at the second."""
    await everything_was_just_read(world)
    await world.off(60, jump=-90_000)
    await world.off(60, jump=90_000)
    assert world.rig.o.get_status().statuses["orders"].freshness is Freshness.UNKNOWN


@case
async def rows_change_by_hand_after_the_clock_was_set_back(world: World) -> None:
    """The store reports doubtful times when rows are changed by hand."""
    world.clock.jump(3600)
    await world.read("customers", seconds=5)
    kept = world.rig.o.state.list_state("customers", "anna")
    world.clock.jump(-3600)
    await world.clock.advance(3700)
    assert kept.success is not None
    at = kept.success.wall
    doubtful = {"last_success", "new_as_of", "all_as_of"}
    world.rig.o.rows_changed(
        "customers", "anna", last_success=at, new_as_of=at, all_as_of=at, doubtful=frozenset(doubtful)
    )


@case
async def only_the_fast_read_was_repeated_after_the_clock_was_set_back(world: World) -> None:
    world.clock.jump(3600)
    await world.read("customers", seconds=5)
    world.clock.jump(-3600)
    await world.clock.advance(600)
    await world.read("customers", scope=Scope.NEW, seconds=5)
    status = world.rig.o.get_status().statuses["customers"].accounts[0]
    assert status.new_as_of is not None, "a read after the clock was set has no time"
    assert status.all_as_of is None
    await world.clock.advance(3600)
    await world.off(5)


@case
async def a_clock_in_the_past_is_put_right_later(world: World) -> None:
    world.clock.jump(-86_400)
    await everything_was_just_read(world)
    world.clock.jump(86_400)


@pytest.mark.parametrize("attempt", CASES, ids=lambda attempt: attempt.__name__)
async def test_no_claim_is_better_than_the_truth(attempt: Case, expected_errors: Any) -> None:
    """Rules 12, 20, 26, 30: see the cases."""
    expected_errors.allow("did not end when it was told")
    async with Rig(rules=RULES, clock=TrueClock(MONDAY)) as rig:
        world = World(rig)
        await attempt(world)
        await world.holds()
        await rig.clock.advance(1)
        await world.holds()


async def test_true_claims_are_made() -> None:
    """Otherwise the test above would pass with a status that never claims anything."""
    async with Rig(rules=RULES, clock=TrueClock(MONDAY)) as rig:
        world = World(rig)
        await everything_was_just_read(world)
        await world.holds()
        assert world.claimed == {"fresh", "new as of", "all as of", "last read", "form fresh"}


# ------------------------------------------------------------------------------------------------ connected


async def test_only_tabs_with_an_open_line_are_connected() -> None:
    """Rule 15: two lines of one tab, lost one after the other; a line that was never open; a tab that has ended."""
    async with Rig() as rig:

        def connected() -> list[bool]:
            return [view.connected for view in rig.o.get_status().sessions]

        form = opened(rig, "a")
        await settle()
        await rig.finish()
        await form
        assert connected() == [False], "opened without a line"
        rig.o.disconnected("a")
        assert connected() == [False]
        rig.o.connected("a")
        rig.o.connected("a")
        rig.o.disconnected("a")
        assert connected() == [True]
        rig.o.disconnected("a")
        rig.o.disconnected("a")
        assert connected() == [False], "lost lines never count below zero"
        rig.o.connected("a")
        assert connected() == [True]
        rig.o.resume_other_syncs("a")
        assert connected() == []
        assert rig.o.connected("a") is SessionEnd.CLOSED
        assert connected() == []


# ------------------------------------------------------------------------------------------------ complete


@pytest.mark.parametrize("end", ["hold", "cancel", "deadline", "account", "close", "throw", "skipped", "unclean"])
async def test_only_completed_runs_are_called_completed(end: str) -> None:
    """Rules 5, 20, 24, 26: ticket, row, status and event have the same outcome, which is not *completed*."""
    async with Rig(accounts=TWO) as rig:
        ticket = rig.o.request_sync("orders", "bruno")
        await settle()
        match end:
            case "hold":
                rig.o.hold()
            case "cancel":
                rig.o.cancel_run()
            case "deadline":
                for _ in range(4):
                    while not rig.idle:
                        rig.active.control.progress(replace(rig.o.state.active.progress, rows=1))  # type: ignore[union-attr]
                        await rig.clock.advance(100)
                    await rig.clock.advance(21)
            case "account":
                rig.o.set_accounts((TWO[0],))
            case "close":
                await rig.close()
            case "throw":
                await rig.fail(FailureKind.PERMANENT)
            case _:
                await rig.finish(Outcome(end))
        await settle()
        result = await ticket
        assert result.outcome is not Outcome.COMPLETED
        assert {row.outcome for row in rig.journal.rows.values()} == {result.outcome}
        assert not any(getattr(event.data, "outcome", None) == "completed" for event in rig.events)
        lines = [line for line in rig.o.get_status().statuses["orders"].accounts if line.account == "bruno"]
        assert [line.last_outcome for line in lines] == ([] if end == "account" else [result.outcome])


async def test_a_run_of_an_earlier_process_that_never_ended_is_not_called_completed() -> None:
    """Rule 27: its row becomes interrupted, and nothing counts as read."""
    journal = ListJournal()
    journal.rows["r"] = RunRecord(
        id="r",
        type="orders",
        account="anna",
        scope=Scope.ALL,
        key=None,
        origin=Origin.SCHEDULE,
        attempt=1,
        asked=MONDAY,
        started=MONDAY,
    )
    async with Rig(journal=journal) as rig:
        (line,) = rig.o.get_status().statuses["orders"].accounts
        assert (line.last_outcome, line.freshness) == (Outcome.INTERRUPTED, Freshness.NEVER)
        assert rig.o.get_status().explanation.reason is Reason.NO_PANEL


async def test_a_batch_is_done_with_its_last_part_only() -> None:
    """Rule 8: a batch is complete when all its parts have completed."""
    async with Rig(accounts=TWO) as rig:
        ticket = rig.o.request_sync("orders")
        await settle()
        await rig.finish()
        assert not ticket.done
        await rig.fail(FailureKind.PERMANENT)
        await asyncio.sleep(0)
        assert (await ticket).outcome is Outcome.FAILED
