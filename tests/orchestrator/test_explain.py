"""Rule 32 for the future: the forecast and the explanation of a later time (past: ``test_rules``, ``test_away``)."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import UTC, datetime, timedelta

import pytest

from archisync_gui.model import Account, ErrorInfo, FailureKind, Progress, Reason, Scope
from archisync_gui.orchestrator import Rules
from tests.orchestrator.rig import QUIET, TWO, TYPES, Rig, opened
from tests.support.clock import MONDAY, settle


async def test_the_forecast_names_every_type_also_with_two_accounts_and_at_night() -> None:
    """Rule 32: products are due in an hour and a half, after a dozen others; at night all wait for the morning."""
    accounts = (Account("anna", catalogue=True), Account("bruno"))
    async with Rig(rules=Rules(daily_full=None), accounts=accounts) as rig:
        await rig.drain()
        rig.auto = lambda run: run.finish()
        await rig.clock.advance(60)
        coming = (await rig.o.explain()).forecast
        assert len(coming) == 10
        assert max(f.starts for f in coming) >= MONDAY + timedelta(minutes=90)
        await rig.clock.advance(13 * 3600)
        assert (await rig.o.explain()).reason is Reason.OFFICE_HOURS
        tomorrow = datetime(2026, 3, 3, 6, tzinfo=UTC)
        coming = (await rig.o.explain()).forecast
        assert [f.starts for f in coming] == [tomorrow] * 10


@pytest.mark.parametrize("later", [timedelta(hours=5, seconds=30), timedelta(days=58, hours=2, seconds=30)])
async def test_the_explanation_of_a_future_time_is_for_that_time(later: timedelta) -> None:
    """Rule 32: its forecast begins after that time, and it has one reason."""
    async with Rig(rules=Rules(daily_full=None)) as rig:
        await rig.drain()
        rig.auto = lambda run: run.finish()
        await rig.clock.advance(60)
        at = rig.clock.now() + later
        found = await rig.o.explain(at)
        assert found.at == at
        assert len(found.forecast) == 6
        if found.reason is Reason.RUNNING:
            assert found.params["type"] in {t.name for t in TYPES}
        else:
            assert found.reason is Reason.NOTHING_DUE
            assert all(f.starts > at for f in found.forecast)
            assert min(f.starts for f in found.forecast) == datetime.fromisoformat(str(found.params["until"]))


async def test_a_due_time_is_explained_by_the_run_that_starts_then() -> None:
    """Rule 32: until that run ends; then the next one counts."""
    async with Rig(rules=Rules(office=None, daily_full=None)) as rig:
        while not rig.idle:
            await rig.clock.advance(10)
            await rig.finish()
        due = rig.o.state.list_state("orders", "anna").due
        assert due is not None
        for seconds, reason in [(-1, Reason.NOTHING_DUE), (0, Reason.RUNNING), (9, Reason.RUNNING)]:
            found = await rig.o.explain(due + timedelta(seconds=seconds))
            assert (found.reason, found.params["type"]) == (reason, "orders")
        for seconds in (10, 11):
            after = await rig.o.explain(due + timedelta(seconds=seconds))
            assert after.reason is Reason.NOTHING_DUE
            assert after.params["until"] == (due + timedelta(minutes=10)).isoformat()


async def test_a_waiting_request_is_expected_at_the_estimated_end_of_the_run() -> None:
    """Rule 32: a first run is given the usual duration; one that takes longer is expected to end at once."""
    rules = dataclasses.replace(QUIET, watchdog=1e6)
    usual = timedelta(seconds=rules.expected_whole)
    types = tuple(dataclasses.replace(t, deadline=1e6) for t in TYPES)
    async with Rig(rules=rules, types=types) as rig:
        rig.o.request_sync("orders")
        await settle()
        rig.o.request_sync("ddt")
        rig.o.request_sync("customers", scope=Scope.NEW, priority=1)
        await rig.clock.advance(30)
        ddt, new = (await rig.o.explain()).forecast
        assert (ddt.type, ddt.starts, ddt.seconds, ddt.after) == ("ddt", MONDAY + usual, rules.expected_whole, "orders")
        assert (new.type, new.starts) == ("customers", MONDAY + 2 * usual)
        assert (new.seconds, new.after) == (rules.expected_fast, "ddt")
        await rig.clock.advance(2 * rules.expected_whole)
        assert (await rig.o.explain()).forecast[0].starts == rig.clock.now()
        await rig.drain()


async def test_hundreds_of_records_hide_no_list_and_take_their_time() -> None:
    """Rule 32: the forecast simulates a few of them, which represent all, with the duration of all."""
    async with Rig() as rig:
        rig.o.hold()
        for n in range(240):
            rig.o.request_sync("customers", scope=Scope.ONE, key=f"5{n:04}", priority=90)
        rig.o.request_sync("prices")
        rig.o.request_sync("ddt")
        rig.o.release()
        await settle()
        found = {f.type: f for f in (await rig.o.explain()).forecast}
        assert {"prices", "ddt", "customers"} <= found.keys()
        whole = 240 * rig.rules.expected_one
        behind = min(found[name].starts for name in ("prices", "ddt")) - MONDAY
        assert abs(behind.total_seconds() - whole) <= 0.1 * whole
        assert rig.o.get_status().statuses["ddt"].accounts[0].expected == found["ddt"]
        for _ in range(240):
            await rig.finish()
        await rig.drain()


async def test_records_of_a_stopped_account_leave_the_others_their_time() -> None:
    """Rule 32: records of two accounts alternate; one account is stopped."""
    async with Rig(accounts=TWO) as rig:
        rig.o.login_refused("anna", ErrorInfo("login-refused", FailureKind.CREDENTIALS, "refused"))
        rig.o.hold()
        for n in range(24):
            for account in ("anna", "bruno"):
                rig.o.request_sync("customers", account, scope=Scope.ONE, key=f"5{n:04}", priority=90)
        rig.o.request_sync("ddt", "bruno")
        rig.o.release()
        await settle()
        await rig.finish()  # one record of bruno's; the next one runs
        found = {(f.type, f.account): f for f in (await rig.o.explain()).forecast}
        left = found["ddt", "bruno"].starts - rig.clock.now()
        assert 0.8 * 23 * rig.rules.expected_one <= left.total_seconds() <= 1.2 * 23 * rig.rules.expected_one
        rig.o.hold()
        await settle()


async def test_the_time_left_is_never_negative() -> None:
    """Rule 32: the ERP's total is already exceeded, or unknown; a fast read reads only a part of the total."""
    async with Rig() as rig:

        async def left(seconds: float, rows: int, total: int) -> float | None:
            await rig.clock.advance(seconds)
            rig.active.control.progress(Progress(rows=rows, total=total))
            run = rig.o.get_status().current_run
            assert run is not None
            return run.remaining

        rig.o.request_sync("orders")
        assert await left(40, 0, 400) is None
        assert await left(1, 500, 400) == 0.0
        await rig.finish()
        rig.o.request_sync("customers", scope=Scope.NEW)
        assert await left(2, 10, 1000) == QUIET.expected_fast - 2
        assert await left(60, 20, 1000) == 0.0


async def test_a_stopped_request_gives_its_own_reason_though_others_are_before_it() -> None:
    """Rule 32: its own reason counts before the requests in front of it."""
    async with Rig() as rig:
        rig.o.request_sync("orders", priority=20)
        await settle()
        await rig.fail()
        for type, priority in (("ddt", 90), ("invoices", 80), ("prices", 70)):
            rig.o.request_sync(type, priority=priority)
        await settle()
        found = [(e.type, e.reason) for e in rig.o.get_status().queue]
        assert found == [("invoices", Reason.RUNNING), ("prices", Reason.BEHIND), ("orders", Reason.RETRY)]
        await rig.drain()


async def test_each_waiting_request_names_the_one_before_it() -> None:
    """Rule 32: queue and forecast agree."""
    async with Rig() as rig:
        for type, priority in (("ddt", 90), ("invoices", 80), ("prices", 70), ("orders", 60)):
            rig.o.request_sync(type, priority=priority)
            await settle()
        status = rig.o.get_status()
        assert [(e.type, e.params["type"]) for e in status.queue] == [
            ("invoices", "ddt"),
            ("prices", "invoices"),
            ("orders", "prices"),
        ]
        coming = {f.type: f.after for f in status.explanation.forecast}
        assert all(coming[e.type] == e.params["type"] for e in status.queue)
        await rig.drain()


async def test_a_reason_has_the_parameters_of_its_text_and_no_others() -> None:
    """Rule 32."""
    async with Rig() as rig:

        def said() -> dict[str, object]:
            return dict(rig.o.get_status().queue[0].params)

        assert (await rig.o.explain()).params == {}
        rig.o.request_sync("orders")
        await settle()
        rig.o.request_sync("ddt")
        rig.active.control.logged_in()
        assert said() == {"type": "orders", "account": "anna"}
        opened(rig, "a")
        await rig.finish()
        await rig.drain()
        until = {"until": (MONDAY + timedelta(minutes=10)).isoformat(), "clock": "09:10"}
        ddt = {"type": "ddt", "account": "anna"}
        assert said() == {**ddt, **until, "sessions": 1, "breathing": False}
        rig.o.hold()
        assert said() == {**ddt, "since": MONDAY.isoformat()}
        assert (await rig.o.explain()).params == {**ddt, "since": MONDAY.isoformat()}
        rig.o.login_refused("anna", ErrorInfo("login-refused", FailureKind.CREDENTIALS, "refused"))
        assert said() == ddt
        rig.o.remove(rig.o.get_status().queue[0].id)
        assert (await rig.o.explain()).params == {"since": MONDAY.isoformat()}


async def test_the_end_of_quiet_and_a_used_up_login_budget_are_explained() -> None:
    """Rules 11, 22, 32."""
    rules = dataclasses.replace(QUIET, schedule=True, daily_full=None, login_budget=1)
    async with Rig(rules=rules) as rig:
        await rig.drain()
        opened(rig, "a")
        rig.o.connected("a")
        await rig.drain()
        for _ in range(3):
            await rig.clock.advance(500)
            rig.o.touch("a")
            await rig.drain()
        rig.o.request_sync("products")
        await settle()
        (products,) = rig.o.get_status().queue
        assert (products.reason, products.params["breathing"]) == (Reason.SESSION, True)
        rig.o.remove(products.id)
        rig.o.logged_in("anna")
        rig.o.resume_other_syncs("a")
        await rig.clock.advance(600)
        found = await rig.o.explain()
        assert (found.reason, found.params["budget"], found.params["clock"]) == (Reason.LOGIN_BUDGET, 1, "03/03 00:00")


async def test_at_night_the_forecast_skips_all_due_times_until_morning() -> None:
    """Rule 32: one list with an interval of five minutes has about 130 of them."""
    orders = dataclasses.replace(TYPES[0], interval=5)
    async with Rig(rules=Rules(daily_full=None), types=(orders,)) as rig:
        await rig.drain()
        rig.auto = lambda run: run.finish()
        await rig.clock.advance(11 * 3600 + 600)
        found = await rig.o.explain()
        assert (found.reason, found.params["clock"]) == (Reason.OFFICE_HOURS, "03/03 07:00")
        assert [f.starts for f in found.forecast] == [datetime(2026, 3, 3, 6, tzinfo=UTC)]
        at_two = await rig.o.explain(datetime(2026, 3, 3, 1, tzinfo=UTC))
        assert (at_two.reason, at_two.params["clock"]) == (Reason.OFFICE_HOURS, "07:00")


async def test_a_due_time_within_a_second_is_forecast_exactly() -> None:
    """Rule 32."""
    async with Rig(rules=Rules(office=None, daily_full=None), types=TYPES[:1]) as rig:
        await rig.finish()
        await rig.clock.advance(599.75)
        assert [f.starts for f in (await rig.o.explain()).forecast] == [MONDAY + timedelta(minutes=10)]


async def test_the_explanation_of_a_later_time_does_not_block_the_loop() -> None:
    """Rule 32: the simulation until tomorrow has a thousand steps."""
    async with Rig(rules=Rules(office=None, daily_full=None)) as rig:
        await rig.drain()
        asked = asyncio.ensure_future(rig.o.explain(MONDAY + timedelta(days=1)))
        turns = 0
        while not asked.done():
            await asyncio.sleep(0)
            turns += 1
        assert turns > 20
