"""Missed reads, a sleeping computer, no network: misses are reported once, and each read is made up once."""

from __future__ import annotations

import contextlib
import dataclasses
from datetime import timedelta
from typing import Any

import pytest

from archisync_gui.model import EventKind, FailureKind, Outcome, Progress, Reason, events
from archisync_gui.orchestrator import OfficeHours, Rules
from tests.orchestrator.rig import QUIET, Rig, Running, opened
from tests.support.clock import MONDAY, settle

ALWAYS = Rules(office=None, daily_full=None)
MINUTE = 60.0


def at_once(run: Running) -> None:
    run.finish()


def misses(rig: Rig, type: str | None = None) -> list[events.Missed]:
    found = [miss for e in rig.events if isinstance(e.data, events.ScheduleMissed) for miss in e.data.missed]
    return [miss for miss in found if type in (None, miss.type)]


async def test_a_read_due_while_the_computer_slept_is_reported_once_and_made_up_once() -> None:
    """Rule 28."""
    for counted in (True, False):
        async with Rig(rules=ALWAYS) as rig:
            await rig.drain()
            rig.auto = at_once
            await rig.clock.advance(MINUTE)
            read = len(rig.runs)
            await rig.clock.computer_sleeps(8 * 3600, counted=counted)
            await rig.clock.advance(MINUTE)
            assert len(rig.runs) == read + 6
            assert len(rig.of(EventKind.SCHEDULE_MISSED)) == 1
            (orders,) = misses(rig, "orders")
            # Due every ten minutes from 8:10 to 16:00; the last one is made up.
            assert orders.count == 47
            assert orders.due == MONDAY + timedelta(minutes=10)
            assert orders.last == MONDAY + timedelta(minutes=470)
            assert {m.reason for m in misses(rig)} == {"asleep"}


async def test_explanations_of_the_past_say_when_the_computer_slept_and_when_nothing_ran() -> None:
    """Rule 32."""
    async with Rig(rules=ALWAYS) as rig:
        await rig.drain()
        rig.auto = at_once
        await rig.clock.advance(MINUTE)
        await rig.clock.computer_sleeps(3600, counted=True)
        await rig.clock.advance(MINUTE)
        assert (await rig.o.explain(MONDAY + timedelta(minutes=30))).reason is Reason.ASLEEP
        assert (await rig.o.explain(MONDAY + timedelta(minutes=62))).reason is not Reason.ASLEEP
    await rig.clock.advance(3600)
    rig.build()
    rig.events.clear()
    await rig.o.start()
    await settle()
    assert (await rig.o.explain(MONDAY + timedelta(minutes=90))).reason is Reason.NOT_RUNNING
    assert {m.reason for m in misses(rig)} == {"not-running"}
    assert [m.count for m in misses(rig, "orders")] == [6]
    await rig.o.close()


async def test_a_read_that_still_waits_at_its_next_time_is_a_miss_with_its_reason() -> None:
    async with Rig(rules=ALWAYS) as rig:
        await rig.drain()
        rig.auto = at_once
        await rig.clock.advance(MINUTE)
        rig.o.hold()
        await rig.clock.advance(10 * MINUTE)
        assert misses(rig) == []  # requested when it was due; nothing is missed yet
        rig.o.request_sync("orders")  # requested by the operator, too
        await rig.clock.advance(10 * MINUTE)
        assert [(m.type, m.count, m.reason) for m in misses(rig)] == [("orders", 1, "hold")]
        rig.o.release()
        await settle()
        assert len([r for r in rig.runs if r.type == "orders"]) == 2


async def test_a_long_run_of_another_list_is_a_reason_too() -> None:
    async with Rig(rules=dataclasses.replace(ALWAYS, watchdog=1e6)) as rig:
        await rig.drain()
        rig.o.request_sync("products")
        await settle()
        assert rig.active.type == "products"
        await rig.clock.advance(19 * MINUTE)
        assert misses(rig) == []
        await rig.clock.advance(0.99 * MINUTE)
        rig.active.finish()
        await settle()
        await rig.drain()
        rig.o.request_sync("products")
        await settle()
        await rig.clock.advance(19.5 * MINUTE)
        assert [(m.type, m.reason) for m in misses(rig)] == [("orders", "behind")]


async def test_a_closed_office_is_no_miss() -> None:
    async with Rig(rules=dataclasses.replace(ALWAYS, office=OfficeHours(), longest_sleep=3600.0)) as rig:
        await rig.drain()
        rig.auto = at_once
        await rig.clock.advance(11 * 3600)  # until 20:00 in Rome
        rig.events.clear()
        await rig.clock.advance(10 * 3600)
        assert misses(rig) == []


async def test_without_network_the_schedule_waits_and_is_made_up_once() -> None:
    async with Rig(rules=ALWAYS) as rig:
        await rig.drain()
        rig.auto = at_once
        await rig.clock.advance(MINUTE)
        read = len(rig.runs)
        rig.o.set_away(Reason.OFFLINE)
        await settle()
        assert (await rig.o.explain()).reason is Reason.OFFLINE
        await rig.clock.advance(25 * MINUTE)
        assert len(rig.runs) == read
        assert rig.o.get_status().queue[0].reason is Reason.OFFLINE
        rig.o.set_away(None)
        rig.o.set_away(None)
        await settle()
        assert [r.type for r in rig.runs[read:]] == ["orders"]
        told = [e.data.away for e in rig.of(EventKind.SCHEDULE_CHANGED)]
        assert told == ["offline", None]


async def test_without_network_requests_of_the_operator_run_but_repeats_wait() -> None:
    async with Rig(rules=dataclasses.replace(ALWAYS, schedule=False)) as rig:
        rig.o.set_away(Reason.OFFLINE)
        rig.o.request_sync("orders")
        await settle()
        assert rig.active.type == "orders"
        await rig.fail(FailureKind.TRANSIENT)
        await rig.clock.advance(10 * MINUTE)
        assert rig.idle
        rig.o.set_away(None)
        await settle()
        assert rig.active.control.run.attempt == 2
        await rig.finish()


async def test_an_explanation_is_stored_once_while_it_holds_and_again_after_a_gap() -> None:
    """Rule 32."""
    async with Rig() as rig:
        await rig.clock.advance(10 * MINUTE)
        assert [e.reason for e in rig.journal.explanations] == [Reason.NO_PANEL]
        await rig.clock.computer_sleeps(3600, counted=True)
        await rig.clock.advance(10 * MINUTE)
        assert [e.reason for e in rig.journal.explanations] == [Reason.NO_PANEL, Reason.ASLEEP, Reason.NO_PANEL]
        assert (await rig.o.explain(rig.clock.now() - timedelta(minutes=5))).reason is Reason.NO_PANEL


async def test_the_next_due_time_keeps_its_phase_though_this_one_was_noticed_late() -> None:
    """Rule 28: on a busy computer the dispatcher checks the time half a minute late."""
    async with Rig(rules=ALWAYS) as rig:
        await rig.drain()
        rig.auto = at_once
        rig.clock._move(10 * MINUTE + 30)
        rig.o.touch("nobody")
        await settle()
        assert rig.runs[-1].type == "orders"
        assert rig.o.state.list_state("orders", "anna").due == MONDAY + timedelta(minutes=20)
        assert misses(rig) == []


async def test_a_suspended_read_of_the_schedule_does_not_start_over_because_its_next_time_comes() -> None:
    """Rules 4, 19: with and without another asker."""
    for also in (False, True):
        async with Rig(rules=dataclasses.replace(ALWAYS, watchdog=1e6)) as rig:
            await rig.drain()
            rig.o.set_schedule("orders", 5)
            rig.o.hold()
            await rig.clock.advance(5 * MINUTE)
            if also:
                rig.o.request_sync("orders")
            rig.o.release()
            await settle()
            assert rig.active.type == "orders"
            await rig.clock.advance(4.5 * MINUTE)
            opened(rig, "a")
            await settle()
            await rig.suspend("page 7")
            await rig.drain()
            await rig.clock.advance(MINUTE)
            assert rig.o.state.list_state("orders", "anna").due == MONDAY + timedelta(minutes=15)
            rig.o.resume_other_syncs("a")
            await settle()
            assert rig.active.resumed_from == "page 7"
            await rig.drain()


@pytest.mark.parametrize("counted", [True, False])
async def test_a_run_is_not_ended_for_the_time_the_computer_slept(counted: bool) -> None:
    """Rule 24: neither the watchdog nor the deadline nor the row counts that time."""
    async with Rig() as rig:
        ticket = rig.o.request_sync("orders")
        await settle()
        await rig.clock.advance(100)
        await rig.clock.computer_sleeps(8 * 3600, counted=counted)
        await rig.clock.advance(15)
        assert not rig.active.cancelled
        for _ in range(4):
            rig.active.control.progress(Progress("read"))
            await rig.clock.advance(100)
        assert not rig.active.cancelled
        await rig.finish()
        (row,) = rig.journal.rows.values()
        assert row.outcome is Outcome.COMPLETED
        assert row.seconds == pytest.approx(500, abs=15)  # up to half a minute between two checks may count as sleep
        assert (await ticket).duration_ms == row.seconds * 1000


@pytest.mark.parametrize("limit", ["watchdog", "deadline", "long step"])
async def test_after_a_sleep_a_run_has_the_time_that_was_left(limit: str) -> None:
    """Rule 24. Up to 30 s since the dispatcher's last check of the clocks may count as sleep."""
    rules = dataclasses.replace(QUIET, watchdog=120.0 if limit == "watchdog" else 1.0 if limit == "long step" else 1e6)
    async with Rig(rules=rules) as rig:
        rig.o.request_sync("orders")
        await settle()
        step = rig.active.control.long_step(580.0) if limit == "long step" else contextlib.nullcontext()
        with step:
            await rig.clock.advance(100 if limit == "watchdog" else 560)
            await rig.clock.computer_sleeps(8 * 3600, counted=True)
            await rig.clock.advance(15)
            assert not rig.active.cancelled
            run = rig.active
            await rig.clock.advance(60)
            assert run.cancelled


async def test_a_cancelled_run_is_not_abandoned_because_the_computer_slept(expected_errors: Any) -> None:
    """Rule 26: time in which the run could do nothing does not count."""
    expected_errors("did not end when it was told")
    async with Rig() as rig:
        await rig.deaf("orders")
        rig.o.cancel_run()
        await rig.clock.advance(40)
        await rig.clock.computer_sleeps(8 * 3600, counted=True)
        await rig.clock.advance(15)
        assert rig.o.state.abandoned == ()
        await rig.clock.advance(40)
        assert len(rig.o.state.abandoned) == 1
