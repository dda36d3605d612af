"""Regression tests for broken rules: a false status, a lost read, a lock that is not released."""

from __future__ import annotations

import asyncio
import dataclasses
import sys
from collections.abc import Callable
from datetime import time, timedelta
from types import FrameType
from typing import Any

import pytest

from archisync_gui.model import (
    Account,
    EventKind,
    FailureKind,
    Finished,
    Freshness,
    Origin,
    Outcome,
    Scope,
    SyncFailure,
)
from archisync_gui.orchestrator import OfficeHours, Rules, Ticket
from tests.orchestrator.rig import QUIET, TWO, TYPES, ListJournal, Rig, opened, served
from tests.orchestrator.test_machine import NONSENSE
from tests.support.clock import MONDAY, settle

ALWAYS = Rules(office=None, daily_full=None)


# ------------------------------------------------------------------------------------------------ clocks (rule 30)


async def test_a_doubt_about_the_clock_outlives_a_restart() -> None:
    """Read at 10:00 by a clock an hour ahead; the clock is corrected; restarted at 10:00: the data are an hour old."""
    async with Rig(wall=MONDAY + timedelta(hours=1)) as rig:
        await served(rig, "a")
        rig.clock.jump(-3600)
        rig.o.touch("a")
        await rig.clock.advance(3700)
        await rig.restart()
        line = rig.o.get_status().statuses["customers"]
        assert line.freshness is Freshness.UNKNOWN
        form = opened(rig, "b")
        await settle()
        assert rig.active.slot == ("customers", "anna", Scope.NEW), "the form waits for a read"
        await rig.finish()
        assert (await form).code == "fresh"
        await rig.restart()
        assert not rig.o.state.list_state("customers", "anna").new.doubtful, "a new read ends the doubt"  # type: ignore[union-attr]


@pytest.mark.parametrize("jump", [-3600, -30, 3600])
async def test_as_of_is_never_later_than_the_reads_start(jump: float) -> None:
    """The clock is set during a read of 80 s: by the new clock the read began 80 s before its end."""
    async with Rig() as rig:
        rig.o.request_sync("customers")
        await settle()
        await rig.clock.advance(5)
        noted = rig.clock.now()
        rig.clock.jump(jump)
        await rig.clock.advance(75)
        rig.active.end(Finished(Outcome.COMPLETED, as_of=noted, rows=1))
        await settle()
        line = rig.o.get_status().statuses["customers"].accounts[0]
        assert line.new_as_of is not None
        age = (rig.clock.now() - line.new_as_of).total_seconds()
        assert age >= 75
        assert rig.journal.rows[line.last_run_id or ""].as_of == line.new_as_of, "memory and journal differ"


async def test_a_run_takes_as_long_as_the_monotonic_clock_says() -> None:
    async with Rig() as rig:
        ticket = rig.o.request_sync("orders")
        await settle()
        await rig.clock.advance(7)
        rig.clock.jump(-3600)
        await rig.clock.advance(1)
        await rig.finish()
        assert (await ticket).duration_ms == 8_000
        (row,) = rig.journal.rows.values()
        assert row.seconds == 8
        assert row.ended is not None
        assert row.ended >= row.started


# ----------------------------------------------------------------------------------------------- ends (rules 5, 20, 26)


@pytest.mark.parametrize("nonsense", NONSENSE)
async def test_no_end_of_a_run_holds_the_lock(nonsense: Callable[[], Any]) -> None:
    async with Rig() as rig:
        first, second = rig.o.request_sync("orders"), rig.o.request_sync("ddt")
        await settle()
        rig.active.do(nonsense)
        await settle()
        assert first.done
        result = await first
        assert result.outcome is Outcome.FAILED
        assert result.error is not None
        assert result.error.code == "run-internal"
        assert rig.active.type == "ddt"
        await rig.finish()
        assert (await second).outcome is Outcome.COMPLETED
        assert all(row.ended is not None for row in rig.journal.rows.values()), "rule 31"


async def test_a_run_that_ignores_cancellation_is_cancelled_again_and_then_abandoned(expected_errors: Any) -> None:
    """Rule 26: after a minute its browser is closed and its lock released; its later result is ignored."""
    expected_errors("did not end when it was told")
    async with Rig() as rig:
        ticket, deaf = await rig.deaf("orders")
        rig.o.request_sync("ddt")
        rig.o.cancel_run()
        await settle()
        assert deaf.cancelled == 1
        await rig.clock.advance(31)
        assert deaf.cancelled == 7, "not every 5 s"
        assert rig.active is deaf
        await rig.clock.advance(30)
        assert rig.closed_browsers == 1
        assert (await ticket).outcome is Outcome.CANCELLED
        assert rig.active.type == "ddt"
        status = rig.o.get_status()
        assert [(run.type, run.stopping) for run in status.abandoned] == [("orders", "abandoned")]
        row = rig.journal.rows[deaf.control.run.id]
        assert row.error is not None
        assert (row.outcome, row.error.code) == (Outcome.CANCELLED, "run-abandoned")
        with pytest.raises(BaseException, match="abandoned"):
            deaf.control.suspend_requested()
        deaf.end(Finished(Outcome.COMPLETED, as_of=rig.clock.now(), rows=99))
        await settle()
        assert rig.o.get_status().abandoned == ()
        assert rig.journal.rows[deaf.control.run.id] == row
        assert rig.o.get_status().statuses["orders"].freshness is Freshness.NEVER


async def test_a_run_past_its_deadline_that_does_not_end_is_repeated(expected_errors: Any) -> None:
    expected_errors("did not end when it was told")
    async with Rig() as rig:
        await rig.deaf("orders")
        await rig.clock.advance(120 + 60 + 5 + 1)  # watchdog, abandoned, first repeat
        assert rig.closed_browsers == 1
        assert rig.active.control.run.attempt == 2


async def test_a_browser_that_cannot_be_closed_does_not_block_the_next_run(expected_errors: Any) -> None:
    expected_errors("the browser of an abandoned run", "did not end when it was told")

    async def broken() -> None:
        raise OSError("gone")

    async with Rig() as rig:
        rig.o._dispatcher._close_browser = broken
        await rig.deaf("orders")
        rig.o.request_sync("ddt")
        rig.o.cancel_run()
        await rig.clock.advance(61)
        assert rig.active.type == "ddt"


async def test_a_suspended_run_that_another_one_satisfies_has_a_row_that_ends() -> None:
    """Rule 31: a clean whole read of anna satisfies her suspended fast read."""
    async with Rig(accounts=(Account("anna"), Account("bruno"))) as rig:
        fast = rig.o.request_sync("customers", "anna", Scope.NEW, origin=Origin.API)
        await settle()
        opened(rig, "b", account="bruno")
        await settle()
        await rig.suspend()
        suspended = rig.runs[0].control.run.id
        await rig.finish()
        await rig.clock.advance(1)
        rig.o.hold()
        await settle()
        rig.o.request_sync("customers", "anna")
        whole = next(e for e in rig.o.get_status().queue if e.scope is Scope.ALL and e.account == "anna")
        rig.o.run_anyway(whole.id)
        await settle()
        assert rig.active.slot == ("customers", "anna", Scope.ALL)
        await rig.finish()
        assert (await fast).outcome is Outcome.COMPLETED
        assert rig.journal.rows[suspended].ended is not None
        rig.o.release()
        await settle()
        await rig.drain()


# ------------------------------------------------------------------------------------------------ schedule (rule 28)


def reads(rig: Rig) -> list[str]:
    return [r.type for r in rig.runs]


async def test_a_hold_and_a_restart_lose_no_daily_read() -> None:
    """Due at 12:00 under hold, restarted at 12:09, released: all six lists are read."""
    rules = Rules(office=None, daily_full=time(12))
    async with Rig(rules=rules, wall=MONDAY) as rig:
        await rig.drain()
        for name in list(rig.o.state.types):
            rig.o.set_schedule(name, None)
        await rig.clock.advance(2 * 3600 + 55 * 60)  # 11:55 in Rome
        rig.o.hold()
        await rig.clock.advance(14 * 60)
        await rig.restart()
        rig.runs.clear()
        rig.auto = lambda run: run.finish()
        rig.o.release()
        await rig.clock.advance(40 * 60)
        assert sorted(reads(rig)) == sorted(rig.o.state.types)
        await rig.clock.advance(3600)
        assert len(rig.runs) == 6, "not made up exactly once"


async def test_a_kill_in_the_middle_of_a_read_loses_nothing() -> None:
    """Products every 24 h, killed while they are read: read again after the start, not a day later."""
    async with Rig(rules=ALWAYS) as rig:
        await rig.drain()
        rig.o.set_schedule("products", 1440)
        rig.auto = lambda run: None if run.type == "products" else run.finish()
        await rig.clock.advance(24 * 3600)
        assert rig.active.type == "products"
        await rig.restart()
        rig.auto = lambda run: run.finish()
        rig.runs.clear()
        await rig.clock.advance(31 * 60)
        assert reads(rig).count("products") == 1


@pytest.mark.parametrize("removed", [False, True])
async def test_a_read_that_is_due_again_while_one_runs_stays_owed(removed: bool) -> None:
    """Rule 28: one of the two ends, or is removed; the other is owed until it ends, even after a kill."""
    async with Rig(rules=dataclasses.replace(ALWAYS, watchdog=1e6)) as rig:
        await rig.drain()
        rig.o.set_schedule("orders", 5)
        await rig.clock.advance(5 * 60 - 1)
        await rig.drain()
        await rig.clock.advance(1)
        assert rig.active.slot == ("orders", "anna", Scope.ALL)
        await rig.clock.advance(5 * 60)
        (waiting,) = [r for r in rig.o.state.queue.values() if r.slot.type == "orders"]
        if removed:
            rig.o.remove(waiting.id)
            await settle()
        else:
            await rig.finish()
        assert rig.active.type == "orders"
        assert rig.o.state.list_state("orders", "anna").owed is not None
        await rig.killed()
        assert rig.journal.notes.get("owed:orders:anna") is not None
        rig.build()
        rig.runs.clear()
        await rig.o.start()
        rig.auto = lambda run: run.finish()
        await rig.clock.advance(2)
        assert "orders" in reads(rig)


async def test_a_shared_read_that_waits_for_another_account_stays_owed() -> None:
    """Rules 8, 28: the account that reads prices is disabled meanwhile; the next read waits for its substitute."""
    async with Rig(rules=dataclasses.replace(ALWAYS, watchdog=1e6), accounts=TWO) as rig:
        await rig.drain()
        rig.auto = lambda run: None if run.type == "prices" else run.finish()
        rig.o.set_schedule("prices", 5)
        await rig.clock.advance(5 * 60 + 1)
        assert rig.active.type == "prices"
        await rig.clock.advance(5 * 60)
        assert [r.slot.type for r in rig.o.state.queue.values() if r.slot.type == "prices"] == ["prices"]
        rig.o.set_accounts((dataclasses.replace(TWO[0], enabled=False), TWO[1]))
        await settle()
        assert rig.active.slot == ("prices", "bruno", Scope.ALL)
        assert rig.o.state.list_state("prices", "bruno").owed is not None


@pytest.mark.parametrize("minutes", [10, 30, None])
async def test_a_first_start_that_is_cut_short_is_made_up_at_once(minutes: int | None) -> None:
    """Rule 28: the program ends during the first read; lists that were never read wait for no stagger."""
    async with Rig(rules=ALWAYS) as rig:
        rig.o.set_schedule("products", minutes)
        rig.auto = None
        await settle()
        assert rig.active.type == "orders"
        await rig.close()
        rig.runs.clear()
        rig.auto = lambda run: run.finish()
        await rig.restart()
        await rig.clock.advance(1)
        assert sorted(reads(rig)) == sorted(spec.name for spec in TYPES), "not each list once and at once"


@pytest.mark.parametrize("minutes", [None, 1440])
async def test_a_changed_interval_does_not_delay_an_owed_read(minutes: int | None) -> None:
    """Rules 28, 29: killed during the read of the products, whose interval changes before it is made up."""
    async with Rig(rules=ALWAYS) as rig:
        await rig.drain()
        rig.auto = lambda run: None if run.type == "products" else run.finish()
        await rig.clock.advance(90 * 60 + 30)
        assert rig.active.type == "products"
        await rig.restart()
        rig.o.set_schedule("products", minutes)
        rig.auto = lambda run: run.finish()
        rig.runs.clear()
        await rig.clock.advance(31 * 60)
        assert reads(rig).count("products") == 1
        await rig.clock.advance(6 * 3600)
        assert reads(rig).count("products") == 1, "not made up once, and then read at the new interval"


async def test_a_computer_that_is_on_for_ten_minutes_at_a_time_reads_every_list() -> None:
    """Rule 28: the staggers do not begin anew at each start."""
    async with Rig(rules=ALWAYS) as rig:
        await rig.drain()
        rig.auto = lambda run: run.finish()
        rig.runs.clear()
        for _ in range(4):
            await rig.close()
            await rig.clock.advance(3 * 3600)
            rig.build()
            await rig.o.start()
            await rig.clock.advance(600)
        assert set(reads(rig)) == set(rig.o.state.types)


async def test_lists_due_in_the_evening_are_read_though_the_computer_is_off_at_night() -> None:
    """Office until 20:00, products due once a day in the evening, the computer off from 20:45 to 7:30."""
    rules = Rules(office=OfficeHours(), daily_full=time(20, 30))
    async with Rig(rules=rules, wall=MONDAY) as rig:
        await rig.drain()
        for name in list(rig.o.state.types):
            rig.o.set_schedule(name, None)
        rig.auto = lambda run: run.finish()
        days = 0
        for _ in range(4):
            await rig.clock.advance((20 * 60 + 45) * 60 - _seconds_of_day(rig))
            await rig.close()
            await rig.clock.advance(10 * 3600 + 45 * 60)
            before = len(rig.runs)
            rig.build()
            await rig.o.start()
            await settle()
            await rig.clock.advance(3600)
            days += sorted(reads(rig)[before:]) == sorted(rig.o.state.types)
        assert days == 4, "a list due in the evening was not read in the morning"


def _seconds_of_day(rig: Rig) -> float:
    local = rig.clock.now() + timedelta(hours=1)  # Rome in winter
    return local.hour * 3600 + local.minute * 60 + local.second


async def test_removing_a_request_of_the_schedule_uses_up_its_due_time() -> None:
    async with Rig(rules=ALWAYS) as rig:
        await rig.drain()
        rig.o.hold()
        await rig.clock.advance(11 * 60)
        waiting = next(e for e in rig.o.get_status().queue if e.type == "orders")
        rig.o.remove(waiting.id)
        await settle()
        assert rig.o.state.list_state("orders", "anna").owed is None
        assert "owed:orders:anna" not in rig.journal.notes


# ------------------------------------------------------------------------------------------------ forms (rule 17)


async def test_the_failed_read_of_a_closed_form_is_not_repeated() -> None:
    async with Rig() as rig:
        form = opened(rig, "a")
        await settle()
        rig.o.resume_other_syncs("a")
        await rig.fail()
        await rig.clock.advance(60)
        assert len(rig.runs) == 1
        assert rig.idle
        assert (await form).code == "ended"


async def test_a_closed_forms_read_that_a_hold_ends_is_not_put_back() -> None:
    async with Rig() as rig:
        form = opened(rig, "a")
        await settle()
        rig.o.resume_other_syncs("a")
        rig.o.hold()
        await settle()
        rig.o.release()
        await settle()
        assert len(rig.runs) == 1
        await form


async def test_another_asker_of_a_closed_forms_read_waits_with_its_own_priority() -> None:
    async with Rig() as rig:
        form = opened(rig, "a")
        await settle()
        ticket = rig.o.request_sync("customers", "anna", Scope.NEW, priority=7)
        rig.o.resume_other_syncs("a")
        await rig.fail()
        await settle()
        (entry,) = rig.o.get_status().queue
        assert (entry.priority, entry.origin) == (7, Origin.OPERATOR)
        await rig.clock.advance(5)
        await rig.finish()
        assert (await ticket).outcome is Outcome.COMPLETED
        await form


# ------------------------------------------------------------------------------------------------ accounts (rule 22)


async def test_the_refusal_of_an_old_password_does_not_stop_the_account_with_the_new_one() -> None:
    async with Rig() as rig:
        rig.o.request_sync("orders")
        await settle()
        await rig.clock.advance(1)
        rig.o.credentials_changed("anna")
        await rig.fail(FailureKind.CREDENTIALS)
        assert rig.o.get_status().accounts[0].stopped is None
        rig.o.request_sync("orders")
        await settle()
        await rig.fail(FailureKind.CREDENTIALS)
        assert rig.o.get_status().accounts[0].stopped is not None


# ------------------------------------------------------------------------------------------------ limits


async def test_too_many_sessions_are_refused_clearly() -> None:
    async with Rig(rules=dataclasses.replace(QUIET, sessions_limit=3)) as rig:
        for n in range(3):
            opened(rig, f"tab-{n}", wait=False)
        await settle()
        with pytest.raises(SyncFailure) as refused:
            await rig.o.smart_customer_sync("one-more")
        assert refused.value.code == "too-many-sessions"
        assert (await rig.o.smart_customer_sync("tab-1", wait=False)).code == "pending", "an open session was refused"
        rig.o.resume_other_syncs("tab-0")
        assert (await rig.o.smart_customer_sync("another", wait=False)).code == "pending"


async def test_no_page_takes_all_sessions_from_the_others() -> None:
    """Limits: one paired page makes a new id for each call; anonymous sessions count too."""
    async with Rig(rules=dataclasses.replace(QUIET, sessions_per_token=3)) as rig:
        for tab in ("tab-1", "tab-2", None):
            await rig.o.smart_customer_sync(tab, token="page", wait=False)
        for tab in ("tab-3", None):
            with pytest.raises(SyncFailure) as refused:
                await rig.o.smart_customer_sync(tab, token="page", wait=False)
            assert (refused.value.code, refused.value.params) == ("too-many-sessions", {"limit": 3})
        for tab, token in (("tab-1", "page"), ("tab-4", "other"), ("tab-5", ""), ("tab-6", "")):
            await rig.o.smart_customer_sync(tab, token=token, wait=False)
        assert rig.o.get_status().session_count == 6


async def test_a_request_costs_the_same_however_many_tickets_are_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits: measured by the number of tickets looked at, not in seconds."""
    looks = 0

    def counted(ticket: Ticket) -> bool:
        nonlocal looks
        looks += 1
        return ticket._done.done()

    monkeypatch.setattr(Ticket, "done", property(counted))
    async with Rig() as rig:
        rig.o.hold()
        for n in range(3000):
            rig.o.request_sync(list(rig.o.state.types)[n % 6])
        assert 0 < looks <= 2 * 3000


async def test_too_many_tickets_and_records_are_refused_clearly() -> None:
    rules = dataclasses.replace(QUIET, tickets_limit=4, records_limit=5)
    async with Rig(rules=rules) as rig:
        rig.o.hold()
        for _ in range(4):
            rig.o.request_sync("orders")
        with pytest.raises(SyncFailure) as refused:
            rig.o.request_sync("orders")
        assert refused.value.code == "too-many-tickets"
        rig.o.request_sync("ddt")
        for n in range(5):
            rig.o.request_sync("customers", "anna", Scope.ONE, str(n))
        with pytest.raises(SyncFailure) as refused:
            rig.o.request_sync("customers", "anna", Scope.ONE, "5")
        assert refused.value.code == "too-many-records"
        rig.o.request_sync("customers", "anna", Scope.ONE, "4")  # joins the one that waits


async def test_ticket_ids_cannot_be_guessed() -> None:
    async with Rig() as rig:
        one, two = rig.o.request_sync("orders"), rig.o.request_sync("orders")
        assert len(one.id.rsplit("-", 1)[1]) == 24
        assert one.id.rsplit("-", 1)[1] != two.id.rsplit("-", 1)[1]


# ------------------------------------------------------------------------------------------------ memory (rule 31)


async def test_a_journal_that_cannot_be_read_starts_nothing(expected_errors: Any) -> None:
    """It may contain a hold or a stopped account, so the operator has to decide."""
    expected_errors("the journal failed")
    journal = ListJournal()
    journal.error = OSError("damaged")
    async with Rig(rules=ALWAYS, journal=journal) as rig:
        assert rig.idle
        assert rig.o.get_status().hold_since is not None
        assert rig.o.get_status().journal_error is not None
        journal.error = None
        rig.o.release()
        await settle()
        assert not rig.idle


async def test_loading_the_journal_is_retried(expected_errors: Any) -> None:
    expected_errors("the journal failed")
    async with Rig() as rig:
        rig.journal.error = OSError("full")
        rig.o.hold()
        await settle()
        assert rig.o.get_status().journal_error is not None
        rig.journal.error = None
        await rig.clock.advance(61)
        assert rig.o.get_status().journal_error is None
        assert rig.journal.notes["hold"]


async def test_an_unclean_fast_read_makes_no_list_fresh() -> None:
    """Rule 12: it stores its rows and changes no time; the form learns that it failed."""
    async with Rig() as rig:
        await served(rig, "a")
        before = rig.o.state.list_state("customers", "anna")
        await rig.clock.advance(40)
        form = opened(rig, "a")
        await settle()
        await rig.finish(Outcome.UNCLEAN)
        answer = await form
        assert answer.code == "failed"
        assert answer.new_as_of == before.new.wall  # type: ignore[union-attr]


async def test_a_fast_read_that_read_everything_counts_as_a_whole_one() -> None:
    async with Rig() as rig:
        form = opened(rig, "a")
        await settle()
        rig.active.end(Finished(Outcome.COMPLETED, as_of=rig.clock.now(), rows=9, whole=True))
        await settle()
        answer = await form
        assert (answer.code, answer.new_as_of, answer.all_as_of) == ("fresh", MONDAY, MONDAY)
        assert rig.idle, "the whole list need not follow"
        assert rig.of(EventKind.SYNC_COMPLETED)


@pytest.mark.parametrize("act", ["position", "end_sessions"])
async def test_a_call_costs_no_more_than_in_proportion_to_what_waits(act: str) -> None:
    """Limits. Measured in calls of functions, which do not depend on the load of the computer."""

    async def calls(count: int) -> int:
        async with Rig(rules=Rules(schedule=False, sessions_per_token=1000)) as rig:
            rig.o.request_sync("products")
            await settle()
            forms = [asyncio.ensure_future(rig.o.smart_customer_sync(f"tab-{n:030}", "anna")) for n in range(count)]
            await settle()
            records = [
                rig.o.request_sync("customers", "anna", scope=Scope.ONE, key=str(1000 + n)) for n in range(2 * count)
            ]
            await settle()
            made = 0

            def count_calls(frame: FrameType, event: str, argument: object) -> None:
                nonlocal made
                made += event == "call"

            sys.setprofile(count_calls)
            try:
                if act == "position":
                    rig.o.position(records[-1])
                else:
                    rig.o.end_sessions()
            finally:
                sys.setprofile(None)
            rig.o.end_sessions()
            for record in records:
                rig.o.cancel(record)
            await settle()
            await asyncio.gather(*forms)
            return made

    few, many = await calls(20), await calls(80)
    assert many < 6 * few, f"four times as many waited, and it took {many / few:.1f} times as many calls"
