"""Every limit of the rules, half a second before it and at it, to find off-by-one errors."""

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
"""No check of the clocks every half minute: only the dispatcher's own alarms wake it."""


@pytest.mark.parametrize(("offset", "cancelled"), [(BEFORE, False), (AT, True)])
async def test_the_watchdog_cancels_after_two_minutes(offset: float, cancelled: bool) -> None:
    """Rule 24."""
    async with Rig(rules=ALONE) as rig:
        rig.o.request_sync("orders")
        await settle()
        await rig.clock.advance(120 + offset)
        assert bool(rig.runs[0].cancelled) == cancelled


@pytest.mark.parametrize(("offset", "cancelled"), [(BEFORE, False), (AT, True)])
async def test_the_deadline_cancels_after_ten_minutes(offset: float, cancelled: bool) -> None:
    """Rule 24: progress does not move it."""
    async with Rig(rules=dataclasses.replace(QUIET, watchdog=1e6)) as rig:
        rig.o.request_sync("orders")
        await settle()
        await rig.clock.advance(600 + offset)
        assert bool(rig.runs[0].cancelled) == cancelled


@pytest.mark.parametrize(("offset", "goes_on"), [(BEFORE, True), (AT, False)])
async def test_a_suspended_run_goes_on_up_to_five_minutes(offset: float, goes_on: bool) -> None:
    """Rule 19."""
    async with Rig() as rig:
        rig.o.request_sync("products")
        await settle()
        opened(rig, "a")
        await settle()
        await rig.suspend("page 7")
        await rig.drain()
        await rig.clock.advance(300 + offset)
        rig.o.resume_other_syncs("a")
        await settle()
        assert rig.active.type == "products"
        assert (rig.active.resumed_from == "page 7") == goes_on
        assert rig.of(EventKind.SYNC_RESUMED)[-1].data.starts_over != goes_on


@pytest.mark.parametrize(("offset", "reads"), [(BEFORE, 0), (AT, 1)])
async def test_a_fast_read_serves_for_thirty_seconds(offset: float, reads: int) -> None:
    """Rule 12: counted from its start."""
    async with Rig() as rig:
        await served(rig, "a")
        done = len(rig.runs)
        await rig.clock.advance(30 + offset)
        opened(rig, "b")
        await settle()
        assert len(rig.runs) - done == reads
        await rig.drain()


@pytest.mark.parametrize(("offset", "joined"), [(BEFORE, True), (AT, False)])
async def test_a_fast_read_under_way_serves_forms_that_open_within_thirty_seconds(offset: float, joined: bool) -> None:
    """Rule 12."""
    async with Rig() as rig:
        opened(rig, "a")
        await settle()
        await rig.clock.advance(30 + offset)
        opened(rig, "b")
        await settle()
        waiting = [r for r in rig.o.state.queue.values() if r.slot.scope is Scope.NEW]
        assert (waiting == []) == joined
        await rig.drain()


@pytest.mark.parametrize(("offset", "follows"), [(BEFORE, False), (AT, True)])
async def test_the_whole_list_follows_after_ten_minutes(offset: float, follows: bool) -> None:
    """Rule 13."""
    async with Rig(rules=dataclasses.replace(QUIET, lease=1e6)) as rig:
        await served(rig, "a")
        await rig.clock.advance(600 + offset)
        form = opened(rig, "a")
        await settle()
        await rig.finish()
        assert (await form).code == "fresh"
        assert (not rig.idle) == follows
        await rig.drain()


@pytest.mark.parametrize(("offset", "answer"), [(BEFORE, None), (AT, "pending")])
async def test_a_form_is_answered_after_ten_seconds(offset: float, answer: str | None) -> None:
    """Rule 12."""
    async with Rig() as rig:
        form = opened(rig, "a")
        await settle()
        await rig.clock.advance(10 + offset)
        assert (form.result().code if form.done() else None) == answer
        await rig.drain()
        await form


@pytest.mark.parametrize(("offset", "still_open"), [(BEFORE, True), (AT, False)])
async def test_leases_end_to_the_second(offset: float, still_open: bool) -> None:
    """Rules 15, 16: ten minutes after a sign of life, three for an anonymous session, 20 s after the lost line."""
    for tab, seconds in (("a", 600.0), (None, 180.0)):
        async with Rig() as rig:
            await rig.o.smart_customer_sync(tab, wait=False)
            await rig.drain()
            await rig.clock.advance(seconds + offset)
            assert bool(rig.o.state.sessions) == still_open
    async with Rig() as rig:
        await rig.o.smart_customer_sync("a", wait=False)
        await rig.drain()
        rig.o.connected("a")
        rig.o.disconnected("a")
        await rig.clock.advance(20 + offset)
        assert bool(rig.o.state.sessions) == still_open
        if not still_open:
            assert rig.of(EventKind.SESSION_CLOSED)[0].data.reason == "lost"


@pytest.mark.parametrize(("offset", "reason"), [(BEFORE, SessionEnd.CLOSED), (AT, SessionEnd.UNKNOWN)])
async def test_ends_are_remembered_for_fifteen_minutes(offset: float, reason: SessionEnd) -> None:
    """Rule 14."""
    async with Rig() as rig:
        rig.o.resume_other_syncs("a")
        await rig.clock.advance(900 + offset)
        assert rig.o.touch("a") is reason


@pytest.mark.parametrize(("offset", "quiet_ended"), [(BEFORE, False), (AT, True)])
async def test_quiet_lasts_fifteen_minutes(offset: float, quiet_ended: bool) -> None:
    """Rule 11."""
    async with Rig(rules=dataclasses.replace(QUIET, lease=1e6)) as rig:
        await served(rig, "a")
        rig.o.request_sync("ddt")
        await rig.clock.advance(900 + offset)
        assert rig.o.get_status().breathing == quiet_ended
        assert (not rig.idle) == quiet_ended


@pytest.mark.parametrize(("offset", "freshness"), [(BEFORE, Freshness.FRESH), (AT, Freshness.LATE)])
async def test_a_copy_is_late_after_two_intervals(offset: float, freshness: Freshness) -> None:
    """Status."""
    async with Rig() as rig:
        rig.o.set_schedule("orders", 15)
        rig.o.request_sync("orders")
        await settle()
        await rig.finish()
        await rig.clock.advance(1800 + offset)
        found = rig.o.get_status().statuses["orders"]
        assert found.freshness is freshness
        assert found.last_run_time is not None
        late = (found.last_run_time + timedelta(minutes=30)).replace(microsecond=0)
        assert {part.late_at for part in found.accounts} == {late if freshness is Freshness.FRESH else None}


@pytest.mark.parametrize(("offset", "priority"), [(BEFORE, 1), (AT, 2)])
async def test_a_waiting_request_gains_one_after_ten_minutes(offset: float, priority: int) -> None:
    """Rule 3."""
    async with Rig(rules=dataclasses.replace(QUIET, watchdog=1e6)) as rig:
        rig.o.request_sync("products")
        await settle()
        rig.o.request_sync("prices", priority=1)
        await rig.clock.advance(600 + offset)
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
        rig.o.request_sync("orders")  # back-off does not stop the operator, and a success ends it
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


async def test_the_highest_other_priority_is_below_that_of_a_form() -> None:
    """Rule 3, words: ageing and moving to the front end at 99."""
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


@pytest.mark.parametrize(("offset", "goes_on"), [(BEFORE, True), (AT, False)])
async def test_a_suspended_whole_list_serves_a_form_for_ten_minutes(offset: float, goes_on: bool) -> None:
    """Rule 13: an older one starts over, since its rows would be too old for the form."""
    accounts = (Account("anna"), Account("bruno"))
    async with Rig(rules=dataclasses.replace(QUIET, lease=1e6, resume_age=1e6), accounts=accounts) as rig:
        rig.o.request_sync("customers", "anna")
        await settle()
        opened(rig, "b", account="bruno")
        await settle()
        await rig.suspend("page 7")
        await rig.drain()
        await rig.clock.advance(600 + offset)
        opened(rig, "a", account="anna")
        await settle()
        await rig.finish()
        assert rig.active.slot == ("customers", "anna", Scope.ALL)
        assert (rig.active.resumed_from == "page 7") == goes_on
        await rig.drain()


# ------------------------------------------------------------------------------------------------ woken in time


@pytest.mark.parametrize(("offset", "cancelled"), [(BEFORE, False), (AT, True)])
async def test_the_deadline_counts_what_ran_before_a_suspension(offset: float, cancelled: bool) -> None:
    """Rule 24: the deadline is twenty minutes of work, without the time of the suspension."""
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
        await rig.clock.advance(500 + offset)
        assert bool(resumed.cancelled) == cancelled


@pytest.mark.parametrize(("offset", "told"), [(BEFORE, False), (AT, True)])
async def test_an_event_reports_the_end_of_quiet(offset: float, told: bool) -> None:
    """Rule 11: also when no request waits for it."""
    async with Rig(rules=dataclasses.replace(ALONE, lease=1e6)) as rig:
        await served(rig, "a")
        before = len(rig.of(EventKind.QUEUE_UPDATED))
        await rig.clock.advance(900 + offset)
        for _ in range(3):
            rig.o.touch("a")
            await settle()
        assert len(rig.of(EventKind.QUEUE_UPDATED)) == before + told  # not repeated


@pytest.mark.parametrize(("offset", "read"), [(BEFORE, False), (AT, True)])
async def test_the_daily_read_comes_on_time(offset: float, read: bool) -> None:
    """Rule 28: it starts half an hour before noon, and nothing else is due."""
    types = (dataclasses.replace(TYPES[0], interval=None),)
    rules = Rules(office=None, longest_sleep=1e6)
    async with Rig(rules=rules, types=types, wall=MONDAY + timedelta(hours=2, minutes=30)) as rig:
        await rig.clock.advance(1800 + offset)
        assert bool(rig.runs) == read


@pytest.mark.parametrize(("offset", "freshness"), [(BEFORE, Freshness.FRESH), (AT, Freshness.LATE)])
async def test_a_wall_clock_that_loses_time_does_not_keep_a_copy_fresh(offset: float, freshness: Freshness) -> None:
    """Rule 30: the larger elapsed time counts, here the monotonic one; an event reports the change."""
    async with Rig(rules=ALONE) as rig:
        rig.o.set_schedule("orders", 15)
        rig.o.request_sync("orders")
        await settle()
        await rig.finish()
        await rig.clock.advance(10)
        rig.clock.jump(-1.5)  # less than the tolerance
        rig.o.credentials_changed("anna")
        await settle()
        before = len(rig.of(EventKind.QUEUE_UPDATED))
        await rig.clock.advance(1790 + offset)
        assert rig.o.get_status().statuses["orders"].freshness is freshness
        assert (len(rig.of(EventKind.QUEUE_UPDATED)) > before) == (freshness is Freshness.LATE)


@pytest.mark.parametrize(("offset", "tried"), [(BEFORE, False), (AT, True)])
async def test_one_more_try_comes_fifteen_minutes_after_a_failed_login(offset: float, tried: bool) -> None:
    """Rule 22."""
    async with Rig(rules=dataclasses.replace(ALWAYS, longest_sleep=1e6)) as rig:
        await rig.fail(FailureKind.LOGIN)
        await rig.clock.advance(900 + offset)
        assert (not rig.idle) == tried


@pytest.mark.parametrize(("seconds", "asleep"), [(150.0, False), (150.5, True)])
async def test_a_check_of_the_clocks_that_is_two_minutes_late_means_the_computer_slept(
    seconds: float, asleep: bool
) -> None:
    """Rules 28, 32: the dispatcher checks its clocks every half minute."""
    async with Rig() as rig:
        await rig.clock.computer_sleeps(seconds, counted=True)
        rig.o.touch("anybody")
        await settle()
        assert (Reason.ASLEEP in {e.reason for e in rig.journal.explanations}) == asleep


@pytest.mark.parametrize("checked_by_call", [True, False])
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
    seconds: float, freshness: Freshness, checked_by_call: bool
) -> None:
    """Rule 30: time servers correct clocks by fractions of a second. The dispatcher checks its clocks every half minute
    and at each call."""
    async with Rig() as rig:
        rig.o.request_sync("orders")
        await settle()
        await rig.finish()
        await rig.clock.advance(60)
        rig.clock.jump(seconds)
        if checked_by_call:
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
    """Rule 28. A stored time further in the future than one interval was written by a wrong clock."""
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


@pytest.mark.parametrize(("offset", "over"), [(BEFORE, False), (AT, True)])
async def test_a_run_that_does_not_end_is_left_after_ten_seconds(offset: float, over: bool) -> None:
    """Rule 27."""
    async with Rig() as rig:
        await rig.deaf("orders")
        closing = asyncio.ensure_future(rig.o.close())
        await rig.clock.advance(10 + offset)
        assert closing.done() == over
        await rig.clock.advance(1)
        await closing
        rig.active.ignores_cancel = False
        rig.active.finish()
