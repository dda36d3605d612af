"""Limits of rules: days of the office, long steps, reads that are being cancelled, sessions with two ends."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

from archisync_gui.model import EventKind, Freshness, Progress, Reason, SessionEnd
from archisync_gui.orchestrator import Rules
from tests.orchestrator.rig import Rig, opened
from tests.support.clock import MONDAY, settle

ALWAYS = Rules(office=None, daily_full=None)


async def test_logins_are_counted_by_the_offices_day() -> None:
    """Rule 22: the day ends at midnight in Rome, which is 23:00 UTC in winter."""
    rules = dataclasses.replace(ALWAYS, login_budget=3)
    async with Rig(rules=rules, wall=datetime(2026, 3, 2, 22, 40, tzinfo=UTC)) as rig:
        await rig.drain()
        for _ in range(3):
            rig.o.logged_in("anna")
        await rig.clock.advance(19 * 60)
        assert rig.o.get_status().accounts[0].logins_today == 3
        assert [(e.type, e.reason) for e in rig.o.get_status().queue] == [("orders", Reason.LOGIN_BUDGET)]
        assert rig.idle
        await rig.clock.advance(2 * 60)
        assert rig.o.get_status().accounts[0].logins_today == 0
        assert rig.active.type == "orders"


async def test_a_long_step_shorter_than_the_watchdogs_limit_does_not_shorten_it() -> None:
    """Rule 24: a step that announces its duration gets no less time than one that does not."""
    async with Rig() as rig:
        rig.o.request_sync("orders")
        await settle()
        with rig.active.control.long_step(5):
            await rig.clock.advance(rig.rules.watchdog - 1)
            assert not rig.runs[0].cancelled
            await rig.clock.advance(2)
            assert rig.runs[0].cancelled


async def test_a_fast_read_that_is_being_ended_serves_no_new_form() -> None:
    """Rule 12: the operator has cancelled it, so the form that opens meanwhile gets a read of its own."""
    async with Rig() as rig:
        opened(rig, "a")
        await settle()
        ending = rig.active
        ending.ignores_cancel = True
        rig.o.cancel_run()
        await settle()
        assert ending.cancelled
        answer = opened(rig, "b")
        await settle()
        ending.ignores_cancel = False
        ending.fail()
        await settle()
        assert rig.active is not ending
        await rig.finish()
        assert (await answer).code == "fresh"


async def test_a_session_whose_deadline_comes_before_its_grace_ends_by_its_deadline() -> None:
    """Rule 15."""
    async with Rig() as rig:
        opened(rig, "a")
        await settle()
        await rig.drain()
        rig.o.connected("a")
        await rig.clock.advance(rig.rules.lease - 5)
        rig.o.disconnected("a")
        await rig.clock.advance(5)
        assert rig.o.touch("a") is SessionEnd.TIMEOUT
        assert len(rig.of(EventKind.SMART_SYNC_TIMEOUT)) == 1


async def test_a_close_that_comes_after_the_end_leaves_its_reason() -> None:
    """Rule 14: the answer to each later call with that id has the reason of its end."""
    async with Rig() as rig:
        opened(rig, "a")
        await settle()
        rig.o.end_sessions()
        assert rig.o.resume_other_syncs("a").reason is SessionEnd.OPERATOR
        assert rig.o.touch("a") is SessionEnd.OPERATOR


async def test_a_read_that_starts_over_is_as_old_as_its_new_beginning() -> None:
    """Rule 19: rows from before a long suspension are dropped, so their age does not make the list late."""

    async def nine_minutes() -> None:
        for _ in range(9):
            await rig.clock.advance(60)
            rig.active.control.progress(Progress(rows=5))

    async with Rig() as rig:
        rig.o.request_sync("orders")
        await settle()
        await nine_minutes()
        opened(rig, "a")
        await settle()
        await rig.suspend()
        await rig.drain()
        await rig.clock.advance(6 * 60)
        rig.o.resume_other_syncs("a")
        await settle()
        assert (rig.active.type, rig.active.resumed_from) == ("orders", None)
        await nine_minutes()
        await rig.finish()
        # 24 minutes have passed since the first start; orders are late after 20.
        assert rig.o.get_status().statuses["orders"].freshness is Freshness.FRESH


async def test_a_read_stays_owed_since_its_first_due_time() -> None:
    """Rule 28: however many due times pass meanwhile."""
    async with Rig(rules=ALWAYS) as rig:
        await rig.drain()
        rig.o.hold()
        await rig.clock.advance(35 * 60)
        assert rig.journal.notes["owed:orders:anna"] == (MONDAY + timedelta(minutes=10)).isoformat()
