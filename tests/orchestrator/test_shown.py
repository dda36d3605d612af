"""What status, events and memory hold, value by value: what a reader of them would be misled by."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import timedelta
from typing import Any

import pytest

from archisync_gui.model import (
    Account,
    EventKind,
    FailureKind,
    Origin,
    Outcome,
    Progress,
    Reason,
    Scope,
    SmartSyncResult,
)
from archisync_gui.orchestrator import Rules
from tests.orchestrator.rig import QUIET, ListJournal, Rig
from tests.support.clock import MONDAY, settle


def opened(rig: Rig, tab: str, **more: Any) -> asyncio.Task[SmartSyncResult]:
    return asyncio.ensure_future(rig.o.smart_customer_sync(tab, **more))


async def test_sessions_and_quiet_are_shown_with_their_times() -> None:
    """Rules 11, 15."""
    async with Rig() as rig:
        opened(rig, "a", label="Ordine")
        await settle()
        await rig.drain()
        await rig.clock.advance(60)
        rig.o.touch("a")
        await rig.clock.advance(30)
        rig.o.connected("a")
        status = rig.o.get_status()
        assert status.quiet_until == MONDAY + timedelta(minutes=15)
        assert (status.session_count, status.smart_customer_sync_active, status.safety_timeout_active) == (
            1,
            True,
            True,
        )
        (tab,) = status.sessions
        assert (tab.label, tab.account, tab.since) == ("Ordine", "anna", MONDAY)
        assert (tab.last_sign, tab.deadline) == (MONDAY + timedelta(seconds=90), MONDAY + timedelta(seconds=690))
        assert (tab.connected, tab.anonymous) == (True, False)
        rig.o.disconnected("a")
        (tab,) = rig.o.get_status().sessions
        assert (tab.connected, tab.deadline) == (False, MONDAY + timedelta(seconds=110))


async def test_a_suspended_run_is_shown_with_its_progress_and_can_be_let_through() -> None:
    """Rules 9, 19."""
    async with Rig() as rig:
        rig.o.request_sync("products")
        await settle()
        opened(rig, "a")
        await settle()
        await rig.suspend("page 7")
        (entry,) = [e for e in rig.o.get_status().queue if e.type == "products"]
        assert entry.reason is Reason.SESSION
        assert entry.suspended_progress == Progress("read", 1, 4, 100, 400)
        assert entry.run_anyway_possible
        assert entry.requested_at == MONDAY
        assert rig.o.get_status().statuses["products"].state.value == "suspended"
        rig.o.run_anyway(entry.id)
        (entry,) = [e for e in rig.o.get_status().queue if e.type == "products"]
        assert (entry.reason, entry.run_anyway_possible) == (Reason.RUNNING, False)
        await rig.drain()


async def test_nobody_but_a_form_has_a_forms_priority() -> None:
    """Words: what others ask for is at most 99, also where they ask for exactly 100."""
    async with Rig() as rig:
        rig.o.hold()
        for type, asked in (("orders", 100), ("ddt", 101), ("prices", -5)):
            rig.o.request_sync(type, priority=asked)
        assert [(e.type, e.priority) for e in rig.o.get_status().queue] == [("orders", 99), ("ddt", 99), ("prices", 1)]
        assert not any(r.smart for r in rig.o.state.queue.values())


async def test_a_long_whole_read_does_not_hide_a_fast_read_that_began_after_it() -> None:
    """Rule 12."""
    async with Rig() as rig:
        rig.o.request_sync("customers")
        await settle()
        await rig.clock.advance(50)
        form = opened(rig, "a")
        await settle()
        await rig.suspend("page 3")
        await rig.clock.advance(2)
        await rig.finish()
        assert (await form).new_as_of == MONDAY + timedelta(seconds=50)
        assert rig.active.resumed_from == "page 3"
        rig.active.began = MONDAY
        await rig.finish()
        line = rig.o.get_status().statuses["customers"].accounts[0]
        assert (line.new_as_of, line.all_as_of) == (MONDAY + timedelta(seconds=50), MONDAY)
        assert line.last_run_time == MONDAY


async def test_data_are_never_as_of_a_moment_to_come() -> None:
    """Rules 12, 30: the wall clock was set back while it read."""
    async with Rig() as rig:
        ticket = rig.o.request_sync("orders")
        await settle()
        rig.clock.jump(-600)
        await rig.finish()
        assert (await ticket).as_of == MONDAY - timedelta(seconds=600)


async def test_forecasts_rest_on_the_last_ten_runs() -> None:
    """Rule 32."""
    async with Rig() as rig:
        for seconds in (100, *range(1, 11)):
            rig.o.request_sync("orders")
            await settle()
            await rig.clock.advance(seconds)
            await rig.finish()
        assert rig.o.state.track("orders", "anna").durations == tuple(map(float, range(1, 11)))
        rig.o.request_sync("orders")
        await settle()
        assert rig.o.get_status().current_run.remaining == 5.5  # type: ignore[union-attr]


@pytest.mark.parametrize(("failures", "minutes"), [(1, 15), (2, 30), (3, 60), (4, 120), (6, 120)])
async def test_after_failed_logins_the_account_is_left_alone_for_longer_and_longer(failures: int, minutes: int) -> None:
    """Rule 22; a login that works ends it."""
    async with Rig() as rig:
        for _ in range(failures):
            rig.o.request_sync("orders")
            await settle()
            await rig.fail(FailureKind.LOGIN)
        assert rig.o.state.accounts["anna"].login_pause == MONDAY + timedelta(minutes=minutes)
        rig.o.request_sync("orders")
        await settle()
        await rig.finish()
        assert rig.o.state.accounts["anna"].login_pause is None
        assert rig.o.state.accounts["anna"].login_failures == 0


async def test_back_off_and_failures_outlive_a_restart() -> None:
    """Rules 23, 31."""
    rules = Rules(office=None, daily_full=None)
    async with Rig(rules=rules) as rig:
        await rig.drain()
        for _ in range(4):
            rig.o.request_sync("orders")
            await settle()
            await rig.fail(FailureKind.LAYOUT)
        before = rig.o.state.track("orders", "anna")
        assert before.back_off == MONDAY + timedelta(minutes=40)
        await rig.restart()
        after = rig.o.state.track("orders", "anna")
        assert (after.back_off, after.failures) == (before.back_off, before.failures)


async def test_the_row_of_a_suspended_run_that_was_removed() -> None:
    """Rules 26, 31."""
    journal = ListJournal()
    async with Rig(journal=journal) as rig:
        rig.o.request_sync("products", origin=Origin.API)
        await settle()
        await rig.clock.advance(5)
        opened(rig, "a")
        await settle()
        await rig.suspend("page 7")
        await rig.clock.advance(3)
        (entry,) = [e for e in rig.o.get_status().queue if e.type == "products"]
        rig.o.remove(entry.id)
        await settle()
        (row,) = [r for r in journal.rows.values() if r.type == "products"]
        assert (row.outcome, row.origin, row.attempt, row.rows) == (Outcome.CANCELLED, Origin.API, 1, 100)
        assert (row.asked, row.started, row.ended) == (MONDAY, MONDAY, MONDAY + timedelta(seconds=8))
        assert row.suspensions == ((MONDAY + timedelta(seconds=5), None),)
        told = rig.of(EventKind.SYNC_CANCELLED)[-1].data
        assert (told["runId"], told["type"], told["scope"], told["cause"]) == (row.id, "products", "all", "withdrawn")
        await rig.drain()


async def test_the_events_of_a_run_say_whose_it_is() -> None:
    """Rules 7, 31."""
    async with Rig() as rig:
        ticket = rig.o.request_sync("customers", scope=Scope.NEW, origin=Origin.API, priority=40)
        await settle()
        await rig.clock.advance(2)
        rig.active.control.progress(Progress("read", 2, 3, 20, 30))
        await rig.finish(rows=30, added=2, changed=1)
        result = await ticket
        run = {
            "runId": result.run_id,
            "type": "customers",
            "account": "anna",
            "scope": "new",
            "origin": "api",
            "attempt": 1,
        }
        (started,) = rig.of(EventKind.SYNC_STARTED)
        (progress,) = rig.of(EventKind.SYNC_PROGRESS)
        (completed,) = rig.of(EventKind.SYNC_COMPLETED)
        for event in (started, progress, completed):
            assert run.items() <= dict(event.data).items()
        assert started.data["priority"] == 40
        assert (progress.data["page"], progress.data["pages"], progress.data["rows"]) == (2, 3, 20)
        assert completed.data["durationMs"] == result.duration_ms == 2000
        assert (completed.data["rows"], completed.data["added"], completed.data["changed"]) == (30, 2, 1)
        assert completed.data["asOf"] == MONDAY.isoformat()


async def test_a_hold_keeps_what_schedule_and_forms_wanted_and_ends_what_the_operator_wanted() -> None:
    """Words: hold."""
    async with Rig(rules=dataclasses.replace(QUIET, schedule=True, daily_full=None)) as rig:
        assert rig.active.type == "orders"
        mine = rig.o.request_sync("customers")
        rig.o.hold()
        await settle()
        waiting = {e.type: e.origin for e in rig.o.get_status().queue}
        assert waiting["orders"] is Origin.SCHEDULE
        assert waiting["customers"] is Origin.OPERATOR
        assert not mine.done
        assert [e.data["cause"] for e in rig.of(EventKind.SYNC_CANCELLED)] == ["hold"]
        rig.o.release()
        await settle()
        assert rig.active.type == "orders"
        ended = rig.o.request_sync("orders")
        await rig.finish()
        await settle()
        assert rig.active.type == "orders"  # asked while it ran
        rig.o.hold()
        await settle()
        assert (await ended).outcome is Outcome.CANCELLED


async def test_the_first_form_that_opens_and_the_last_that_closes_are_told() -> None:
    """Rules 7, 17."""
    async with Rig() as rig:
        first = await rig.o.smart_customer_sync("a", wait=False)
        await rig.o.smart_customer_sync("b", wait=False)
        rig.o.resume_other_syncs("a")
        assert rig.of(EventKind.SMART_SYNC_ENDED) == []
        rig.o.resume_other_syncs("b")
        (started,) = rig.of(EventKind.SMART_SYNC_STARTED)
        (ended,) = rig.of(EventKind.SMART_SYNC_ENDED)
        assert (started.data, ended.data) == ({"handle": first.handle}, {})


async def test_what_a_form_cost_is_counted_for_it_alone_and_from_the_beginning_of_quiet() -> None:
    """Rule 17: what waited before, waited for something else; who waited longest counts."""
    async with Rig(accounts=(Account("anna"), Account("bruno"))) as rig:
        opened(rig, "a", account="anna")
        await settle()
        await rig.clock.advance(2)
        await rig.drain()
        await rig.clock.advance(3)
        opened(rig, "b", account="anna")  # served at once, which says nothing about the first one
        await settle()
        rig.o.resume_other_syncs("a")
        rig.o.resume_other_syncs("b")
        await rig.clock.advance(60)
        rig.o.request_sync("orders", "anna")
        await settle()
        rig.o.request_sync("ddt", "anna")
        await rig.clock.advance(20)
        opened(rig, "c", account="anna")
        await settle()
        await rig.suspend()
        await rig.drain()
        await rig.clock.advance(30)
        rig.o.request_sync("invoices", "anna")
        await rig.clock.advance(10)
        rig.o.resume_other_syncs("c")
        costs = [(e.data["customersMs"], e.data["putOffMs"]) for e in rig.of(EventKind.SESSION_CLOSED)]
        assert costs == [(2000, None), (0, 0), (0, 40_000)]
        await rig.drain()
