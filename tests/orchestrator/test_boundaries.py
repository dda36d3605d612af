"""Every limit of the rules, a moment before it and at it: what an off-by-one would move."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import timedelta

import pytest

from archisync_gui.model import (
    Account,
    EventKind,
    FailureKind,
    Freshness,
    Outcome,
    Reason,
    Scope,
    SessionEnd,
)
from archisync_gui.orchestrator import Rules
from tests.orchestrator.rig import QUIET, TYPES, Rig, opened, served
from tests.support.clock import MONDAY, settle

BEFORE, AT = -0.5, 0.0
ALWAYS = Rules(office=None, daily_full=None)
ALONE = dataclasses.replace(QUIET, longest_sleep=1e6)
"""Nothing looks at the clocks every half minute: the dispatcher is woken by its own alarms, or too late."""


@pytest.mark.parametrize(("moment", "bitten"), [(BEFORE, False), (AT, True)])
async def test_the_watchdog_bites_after_two_minutes(moment: float, bitten: bool) -> None:
    """Rule 24."""
    async with Rig(rules=ALONE) as rig:
        rig.o.request_sync("orders")
        await settle()
        await rig.clock.advance(120 + moment)
        assert bool(rig.runs[0].cancelled) == bitten


@pytest.mark.parametrize(("moment", "bitten"), [(BEFORE, False), (AT, True)])
async def test_the_deadline_bites_after_ten_minutes(moment: float, bitten: bool) -> None:
    """Rule 24: progress does not move it."""
    async with Rig(rules=dataclasses.replace(QUIET, watchdog=1e6)) as rig:
        rig.o.request_sync("orders")
        await settle()
        await rig.clock.advance(600 + moment)
        assert bool(rig.runs[0].cancelled) == bitten


@pytest.mark.parametrize(("moment", "goes_on"), [(BEFORE, True), (AT, False)])
async def test_a_suspended_run_goes_on_up_to_five_minutes(moment: float, goes_on: bool) -> None:
    """Rule 19."""
    async with Rig() as rig:
        rig.o.request_sync("products")
        await settle()
        opened(rig, "a")
        await settle()
        await rig.suspend("page 7")
        await rig.drain()
        await rig.clock.advance(300 + moment)
        rig.o.resume_other_syncs("a")
        await settle()
        assert rig.active.type == "products"
        assert (rig.active.resumed_from == "page 7") == goes_on
        assert rig.of(EventKind.SYNC_RESUMED)[-1].data.starts_over != goes_on


@pytest.mark.parametrize(("moment", "reads"), [(BEFORE, 0), (AT, 1)])
async def test_a_fast_read_serves_for_thirty_seconds(moment: float, reads: int) -> None:
    """Rule 12: counted from its start."""
    async with Rig() as rig:
        await served(rig, "a")
        done = len(rig.runs)
        await rig.clock.advance(30 + moment)
        opened(rig, "b")
        await settle()
        assert len(rig.runs) - done == reads
        await rig.drain()


@pytest.mark.parametrize(("moment", "joined"), [(BEFORE, True), (AT, False)])
async def test_a_fast_read_under_way_serves_who_comes_within_thirty_seconds(moment: float, joined: bool) -> None:
    """Rule 12."""
    async with Rig() as rig:
        opened(rig, "a")
        await settle()
        await rig.clock.advance(30 + moment)
        opened(rig, "b")
        await settle()
        waiting = [r for r in rig.o.state.queue.values() if r.slot.scope is Scope.NEW]
        assert (waiting == []) == joined
        await rig.drain()


@pytest.mark.parametrize(("moment", "follows"), [(BEFORE, False), (AT, True)])
async def test_the_whole_list_follows_after_ten_minutes(moment: float, follows: bool) -> None:
    """Rule 13."""
    async with Rig(rules=dataclasses.replace(QUIET, lease=1e6)) as rig:
        await served(rig, "a")
        await rig.clock.advance(600 + moment)
        form = opened(rig, "a")
        await settle()
        await rig.finish()
        assert (await form).code == "fresh"
        assert (not rig.idle) == follows
        await rig.drain()


@pytest.mark.parametrize(("moment", "answer"), [(BEFORE, None), (AT, "pending")])
async def test_a_form_is_answered_after_ten_seconds(moment: float, answer: str | None) -> None:
    """Rule 12."""
    async with Rig() as rig:
        form = opened(rig, "a")
        await settle()
        await rig.clock.advance(10 + moment)
        assert (form.result().code if form.done() else None) == answer
        await rig.drain()
        await form


@pytest.mark.parametrize(("moment", "open_still"), [(BEFORE, True), (AT, False)])
async def test_leases_end_to_the_second(moment: float, open_still: bool) -> None:
    """Rules 15, 16: ten minutes after a sign of life, three without an id, twenty seconds after the line was lost."""
    for tab, seconds in (("a", 600.0), (None, 180.0)):
        async with Rig() as rig:
            await rig.o.smart_customer_sync(tab, wait=False)
            await rig.drain()
            await rig.clock.advance(seconds + moment)
            assert bool(rig.o.state.sessions) == open_still
    async with Rig() as rig:
        await rig.o.smart_customer_sync("a", wait=False)
        await rig.drain()
        rig.o.connected("a")
        rig.o.disconnected("a")
        await rig.clock.advance(20 + moment)
        assert bool(rig.o.state.sessions) == open_still
        if not open_still:
            assert rig.of(EventKind.SESSION_CLOSED)[0].data.reason == "lost"


@pytest.mark.parametrize(("moment", "reason"), [(BEFORE, SessionEnd.CLOSED), (AT, SessionEnd.UNKNOWN)])
async def test_ends_are_remembered_for_fifteen_minutes(moment: float, reason: SessionEnd) -> None:
    """Rule 14."""
    async with Rig() as rig:
        rig.o.resume_other_syncs("a")
        await rig.clock.advance(900 + moment)
        assert rig.o.touch("a") is reason


@pytest.mark.parametrize(("moment", "breathes"), [(BEFORE, False), (AT, True)])
async def test_quiet_lasts_fifteen_minutes(moment: float, breathes: bool) -> None:
    """Rule 11."""
    async with Rig(rules=dataclasses.replace(QUIET, lease=1e6)) as rig:
        await served(rig, "a")
        rig.o.request_sync("ddt")
        await rig.clock.advance(900 + moment)
        assert rig.o.get_status().breathing == breathes
        assert (not rig.idle) == breathes


@pytest.mark.parametrize(("moment", "freshness"), [(BEFORE, Freshness.FRESH), (AT, Freshness.LATE)])
async def test_a_copy_is_late_after_two_intervals(moment: float, freshness: Freshness) -> None:
    """Status."""
    async with Rig() as rig:
        rig.o.set_schedule("orders", 15)
        rig.o.request_sync("orders")
        await settle()
        await rig.finish()
        await rig.clock.advance(1800 + moment)
        found = rig.o.get_status().statuses["orders"]
        assert found.freshness is freshness
        assert found.last_run_time is not None
        late = (found.last_run_time + timedelta(minutes=30)).replace(microsecond=0)
        assert {part.late_at for part in found.accounts} == {late if freshness is Freshness.FRESH else None}


@pytest.mark.parametrize(("moment", "priority"), [(BEFORE, 1), (AT, 2)])
async def test_a_waiting_request_gains_one_after_ten_minutes(moment: float, priority: int) -> None:
    """Rule 3."""
    async with Rig(rules=dataclasses.replace(QUIET, watchdog=1e6)) as rig:
        rig.o.request_sync("products")
        await settle()
        rig.o.request_sync("prices", priority=1)
        await rig.clock.advance(600 + moment)
        rig.o.end_sessions()
        (entry,) = rig.o.get_status().queue
        assert entry.priority == priority


@pytest.mark.parametrize(
    ("pauses", "attempt"), [((4.5,), 1), ((5,), 2), ((5, 9.5), 2), ((5, 10), 3), ((5, 10, 19.5), 3)]
)
async def test_repeats_come_after_5_10_and_20_seconds(pauses: tuple[float, ...], attempt: int) -> None:
    """Rule 21."""
    async with Rig() as rig:
        rig.o.request_sync("orders")
        await settle()
        for pause in pauses:
            await rig.fail()
            planned = rig.of(EventKind.RETRY_PLANNED)[-1].data
            assert (planned.attempt, planned.seconds) == (len(rig.runs) + 1, (5.0, 10.0, 20.0)[len(rig.runs) - 1])
            await rig.clock.advance(pause)
        assert rig.runs[-1].control.run.attempt == attempt
        assert len(rig.runs) == attempt


@pytest.mark.parametrize(("failures", "minutes"), [(2, None), (3, 20), (4, 40), (5, 80), (6, 120), (9, 120)])
async def test_back_off_doubles_the_interval_up_to_two_hours(failures: int, minutes: int | None) -> None:
    """Rule 23."""
    async with Rig() as rig:
        for _ in range(failures):
            rig.o.request_sync("orders")
            await settle()
            await rig.fail(FailureKind.LAYOUT)
        until = rig.o.state.list_state("orders", "anna").back_off
        assert until == (None if minutes is None else MONDAY + timedelta(minutes=minutes))
        rig.o.request_sync("orders")  # the operator is never held up, and a success ends it
        await settle()
        await rig.finish()
        assert rig.o.state.list_state("orders", "anna").back_off is None


@pytest.mark.parametrize(("logins", "stopped"), [(14, False), (15, True)])
async def test_the_login_budget_is_fifteen(logins: int, stopped: bool) -> None:
    """Rule 22."""
    async with Rig(rules=ALWAYS) as rig:
        await rig.drain()
        for _ in range(logins):
            rig.o.logged_in("anna")
        await rig.clock.advance(600)
        assert rig.idle == stopped
        if stopped:
            assert rig.o.get_status().queue[0].reason is Reason.LOGIN_BUDGET


async def test_the_best_of_all_priorities_is_below_a_forms() -> None:
    """Rule 3, words: 99 is the end of ageing, and what is moved to the front has no more."""
    async with Rig(rules=dataclasses.replace(QUIET, watchdog=1e6, abandon_after=1e6)) as rig:
        await rig.deaf("products")
        rig.o.request_sync("orders", priority=98)
        rig.o.request_sync("ddt", priority=3)
        rig.o.move_to_front(next(r.id for r in rig.o.state.queue.values() if r.slot.type == "ddt"))
        await rig.clock.advance(3 * 3600)
        rig.o.end_sessions()
        assert [(e.type, e.priority) for e in rig.o.get_status().queue] == [("ddt", 99), ("orders", 99)]
        rig.active.finish(Outcome.COMPLETED)
        await settle()


@pytest.mark.parametrize(("moment", "goes_on"), [(BEFORE, True), (AT, False)])
async def test_a_suspended_whole_list_serves_a_form_for_ten_minutes(moment: float, goes_on: bool) -> None:
    """Rule 13: an older one starts over, as the form needs it younger."""
    accounts = (Account("anna"), Account("bruno"))
    async with Rig(rules=dataclasses.replace(QUIET, lease=1e6, resume_age=1e6), accounts=accounts) as rig:
        rig.o.request_sync("customers", "anna")
        await settle()
        opened(rig, "b", account="bruno")
        await settle()
        await rig.suspend("page 7")
        await rig.drain()
        await rig.clock.advance(600 + moment)
        opened(rig, "a", account="anna")
        await settle()
        await rig.finish()
        assert rig.active.slot == ("customers", "anna", Scope.ALL)
        assert (rig.active.resumed_from == "page 7") == goes_on
        await rig.drain()


# ------------------------------------------------------------------------------------------------ woken in time


@pytest.mark.parametrize(("moment", "bitten"), [(BEFORE, False), (AT, True)])
async def test_the_deadline_counts_what_ran_before_a_suspension(moment: float, bitten: bool) -> None:
    """Rule 24: twenty minutes of work, however long it was suspended in between."""
    async with Rig(rules=dataclasses.replace(ALONE, watchdog=1e6)) as rig:
        rig.o.request_sync("products")
        await settle()
        await rig.clock.advance(700)
        opened(rig, "a")
        await settle()
        await rig.suspend("page 7")
        await rig.drain()
        await rig.clock.advance(50)
        rig.o.resume_other_syncs("a")
        await settle()
        resumed = rig.active
        assert resumed.resumed_from == "page 7"
        await rig.clock.advance(500 + moment)
        assert bool(resumed.cancelled) == bitten


@pytest.mark.parametrize(("moment", "told"), [(BEFORE, False), (AT, True)])
async def test_lookers_hear_when_quiet_is_over(moment: float, told: bool) -> None:
    """Rule 11: also when nothing waits for it."""
    async with Rig(rules=dataclasses.replace(ALONE, lease=1e6)) as rig:
        await served(rig, "a")
        before = len(rig.of(EventKind.QUEUE_UPDATED))
        await rig.clock.advance(900 + moment)
        for _ in range(3):
            rig.o.touch("a")
            await settle()
        assert len(rig.of(EventKind.QUEUE_UPDATED)) == before + told  # once is enough


@pytest.mark.parametrize(("moment", "read"), [(BEFORE, False), (AT, True)])
async def test_the_daily_read_comes_on_time(moment: float, read: bool) -> None:
    """Rule 28: half an hour before noon, and nothing else is due."""
    types = (dataclasses.replace(TYPES[0], interval=None),)
    rules = Rules(office=None, longest_sleep=1e6)
    async with Rig(rules=rules, types=types, wall=MONDAY + timedelta(hours=2, minutes=30)) as rig:
        await rig.clock.advance(1800 + moment)
        assert bool(rig.runs) == read


@pytest.mark.parametrize(("moment", "freshness"), [(BEFORE, Freshness.FRESH), (AT, Freshness.LATE)])
async def test_a_wall_clock_that_loses_time_does_not_keep_a_copy_fresh(moment: float, freshness: Freshness) -> None:
    """Rule 30: the larger elapsed time counts, here the monotonic one; lookers hear of it."""
    async with Rig(rules=ALONE) as rig:
        rig.o.set_schedule("orders", 15)
        rig.o.request_sync("orders")
        await settle()
        await rig.finish()
        await rig.clock.advance(10)
        rig.clock.jump(-1.5)  # less than what counts as set back
        rig.o.credentials_changed("anna")
        await settle()
        before = len(rig.of(EventKind.QUEUE_UPDATED))
        await rig.clock.advance(1790 + moment)
        assert rig.o.get_status().statuses["orders"].freshness is freshness
        assert (len(rig.of(EventKind.QUEUE_UPDATED)) > before) == (freshness is Freshness.LATE)


@pytest.mark.parametrize(("moment", "tried"), [(BEFORE, False), (AT, True)])
async def test_one_more_try_comes_fifteen_minutes_after_a_failed_login(moment: float, tried: bool) -> None:
    """Rule 22."""
    async with Rig(rules=dataclasses.replace(ALWAYS, longest_sleep=1e6)) as rig:
        await rig.fail(FailureKind.LOGIN)
        await rig.clock.advance(900 + moment)
        assert (not rig.idle) == tried


@pytest.mark.parametrize(("seconds", "asleep"), [(150.0, False), (150.5, True)])
async def test_a_look_at_the_clocks_that_is_two_minutes_late_means_the_computer_slept(
    seconds: float, asleep: bool
) -> None:
    """Rules 28, 32: it looks every half minute."""
    async with Rig() as rig:
        await rig.clock.computer_sleeps(seconds, counted=True)
        rig.o.touch("anybody")
        await settle()
        assert (Reason.ASLEEP in {e.reason for e in rig.journal.explanations}) == asleep


@pytest.mark.parametrize("somebody_looks", [True, False])
@pytest.mark.parametrize(
    ("seconds", "freshness"),
    [
        (-1.9, Freshness.FRESH),
        (-2.0, Freshness.FRESH),
        (-2.1, Freshness.UNKNOWN),
        (-2.5, Freshness.UNKNOWN),
    ],
)
async def test_a_clock_that_falls_behind_by_two_seconds_has_not_jumped(
    seconds: float, freshness: Freshness, somebody_looks: bool
) -> None:
    """Rule 30: time servers correct clocks by fractions of a second. It looks every half minute, or when asked."""
    async with Rig() as rig:
        rig.o.request_sync("orders")
        await settle()
        await rig.finish()
        await rig.clock.advance(60)
        rig.clock.jump(seconds)
        if somebody_looks:
            rig.o.touch("anybody")
        else:
            await rig.clock.advance(30)
        assert rig.o.get_status().statuses["orders"].freshness is freshness


async def test_what_was_missed_for_exactly_one_interval_is_made_up_once() -> None:
    """Rule 28."""
    async with Rig(rules=ALWAYS, types=TYPES[:1]) as rig:
        await rig.drain()
        await rig.clock.computer_sleeps(1200, counted=True)
        assert await rig.drain() == ["orders"]
        assert rig.o.state.list_state("orders", "anna").due == MONDAY + timedelta(minutes=30)
        assert len(rig.of(EventKind.SCHEDULE_MISSED)) == 1


async def test_a_type_that_is_due_as_the_program_starts_was_missed_and_comes_at_its_stagger() -> None:
    """Rule 28: and a stored time further away than one interval was written by a wrong clock."""
    async with Rig(rules=ALWAYS, types=TYPES[2:3]) as rig:
        await rig.drain()
        await rig.close()
        await rig.clock.advance(45 * 60)
        rig.build()
        await rig.o.start()
        assert rig.o.state.list_state("ddt", "anna").due == rig.clock.now() + timedelta(minutes=20)
        assert len(rig.of(EventKind.SCHEDULE_MISSED)) == 1
        await rig.clock.advance(20 * 60)
        assert await rig.drain() == ["ddt"]
        await rig.close()
        rig.journal.notes["due:ddt:anna"] = (rig.clock.now() + timedelta(days=9)).isoformat()
        rig.build()
        await rig.o.start()
        assert rig.o.state.list_state("ddt", "anna").due == rig.clock.now() + timedelta(minutes=45)


@pytest.mark.parametrize(("moment", "over"), [(BEFORE, False), (AT, True)])
async def test_a_run_that_does_not_end_is_left_after_ten_seconds(moment: float, over: bool) -> None:
    """Rule 27."""
    async with Rig() as rig:
        await rig.deaf("orders")
        closing = asyncio.ensure_future(rig.o.close())
        await rig.clock.advance(10 + moment)
        assert closing.done() == over
        await rig.clock.advance(1)
        await closing
        rig.active.ignores_cancel = False
        rig.active.finish()
