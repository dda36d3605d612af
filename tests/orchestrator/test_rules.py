"""Examples for the rules of ``docs/rules.md``; each docstring has the number of its rule."""

from __future__ import annotations

import ast
import asyncio
import dataclasses
import re
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from archisync_gui.model import (
    Account,
    EventKind,
    FailureKind,
    Freshness,
    Outcome,
    Progress,
    Reason,
    Scope,
    SessionEnd,
    SessionView,
    SmartSyncResult,
    Suspended,
    SyncFailure,
    SyncState,
    events,
)
from archisync_gui.orchestrator import OfficeHours, Rules
from archisync_gui.orchestrator.schedule import INTERVALS
from tests.orchestrator.rig import QUIET, TWO, TYPES, Rig, Running, opened
from tests.support.clock import MONDAY, settle

ALWAYS = Rules(office=None, daily_full=None)
"""The schedule at all hours, without the daily read."""


def at_once(running: Running) -> None:
    running.finish()


def rome(day: int, hour: int, minute: int = 0) -> datetime:
    """A time in March 2026, given in Rome's local time (winter time until the 29th)."""
    offset = 2 if (day, hour) >= (29, 3) else 1
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC) - timedelta(hours=offset)


# ------------------------------------------------------------------------------------------------ queue


async def test_waiting_requests_age_only_while_the_queue_can_move() -> None:
    """Rule 3."""
    async with Rig(rules=dataclasses.replace(QUIET, watchdog=1e9)) as rig:
        rig.o.request_sync("orders")
        await settle()
        rig.o.request_sync("products")
        await rig.clock.advance(590)
        assert rig.o.get_status().queue[0].priority == 1
        rig.o.hold()
        await rig.clock.advance(86_400)
        assert rig.o.get_status().queue[0].priority == 1
        entry = rig.o.get_status().queue[0]
        opened(rig, "a")
        await settle()
        rig.o.release()
        await settle()
        await rig.drain()
        await rig.clock.advance(500)
        assert next(e for e in rig.o.get_status().queue if e.id == entry.id).priority == 1
        rig.o.resume_other_syncs("a")
        rig.o.request_sync("orders")
        await settle()
        assert rig.active.type == "orders"
        await rig.clock.advance(20)
        assert next(e for e in rig.o.get_status().queue if e.id == entry.id).priority == 2


async def test_given_priorities_are_clamped() -> None:
    """Words: 1-99; only forms have 100."""
    async with Rig() as rig:
        rig.o.hold()
        rig.o.request_sync("orders", priority=1000)
        rig.o.request_sync("ddt", priority=-3)
        await settle()
        assert [e.priority for e in rig.o.get_status().queue] == [99, 1]


async def test_moved_to_front_starts_next_but_not_before_a_form() -> None:
    """Rule 3 and the operator."""
    async with Rig() as rig:
        rig.o.request_sync("orders")
        await settle()
        rig.o.request_sync("customers")
        rig.o.request_sync("products")
        last = rig.o.get_status().queue[-1]
        assert last.type == "products"
        assert rig.o.move_to_front(last.id)
        await rig.finish()
        assert rig.active.type == "products"
        assert not rig.o.move_to_front("gone")


async def test_a_request_without_account_covers_all() -> None:
    """Rule 8: counts are summed, and the worst outcome counts."""
    async with Rig(accounts=TWO) as rig:
        ticket = rig.o.request_sync("orders")
        await settle()
        await rig.finish(rows=5)
        assert not ticket.done
        await rig.finish(Outcome.UNCLEAN, rows=6)
        result = await ticket
        assert (result.outcome, result.rows, result.account) == (Outcome.UNCLEAN, 11, "")


async def test_impossible_requests_are_refused_with_a_code() -> None:
    """No call is silently ignored."""
    async with Rig() as rig:
        for ask, code in [
            (lambda: rig.o.request_sync("nonsense"), "request-unknown-type"),
            (lambda: rig.o.request_sync("orders", "nobody"), "request-unknown-account"),
            (lambda: rig.o.request_sync("orders", scope="new"), "request-bad-scope"),
            (lambda: rig.o.request_sync("customers", scope="one"), "request-bad-scope"),
            (lambda: rig.o.set_schedule("orders", 4), "interval-range"),
            (lambda: rig.o.set_schedule("orders", float("nan")), "interval-range"),  # type: ignore[arg-type]
            (lambda: rig.o.set_schedule("nonsense", 30), "request-unknown-type"),
        ]:
            with pytest.raises(SyncFailure) as refusal:
                ask()
            assert refusal.value.code == code
        with pytest.raises(SyncFailure) as refusal:
            rig.o.set_schedule("orders", 1441)
        assert refusal.value.params == {"low": 5, "high": 1440}


async def test_precedence_of_reasons() -> None:
    """Rule 9: account stopped > hold > session."""
    async with Rig() as rig:
        opened(rig, "a")
        await settle()
        rig.o.request_sync("orders")
        await rig.drain()
        reason = lambda: rig.o.get_status().queue[0].reason  # noqa: E731
        assert reason() is Reason.SESSION
        rig.o.hold()
        assert reason() is Reason.HOLD
        rig.o.release()
        rig.o.request_sync("customers", scope=Scope.ONE, key="1")
        await settle()
        await rig.fail(FailureKind.CREDENTIALS)
        assert reason() is Reason.ACCOUNT_STOPPED
        assert (await rig.o.smart_customer_sync("b")).code == "stopped"


async def test_run_anyway_passes_the_pause_before_the_next_attempt_too() -> None:
    """Rules 9, 21."""
    async with Rig() as rig:
        rig.o.hold()
        rig.o.request_sync("orders")
        await settle()
        rig.o.run_anyway(rig.o.get_status().queue[0].id)
        await settle()
        await rig.fail()
        (entry,) = rig.o.get_status().queue
        assert (entry.reason, entry.run_anyway_possible) == (Reason.RETRY, True)
        rig.o.run_anyway(entry.id)
        await settle()
        assert rig.active.control.run.attempt == 2
        await rig.finish()


async def test_run_anyway_passes_hold_for_one_run() -> None:
    """Rule 9."""
    async with Rig() as rig:
        rig.o.hold()
        rig.o.request_sync("orders")
        rig.o.request_sync("ddt")
        await settle()
        entry = rig.o.get_status().queue[0]
        assert entry.run_anyway_possible
        rig.o.run_anyway(entry.id)
        await settle()
        assert rig.active.type == "orders"
        await rig.finish()
        assert rig.idle


async def test_cancel_ends_a_run_only_when_it_has_no_other_asker() -> None:
    """Rule 26."""
    async with Rig() as rig:
        rig.o.hold()
        one, two = rig.o.request_sync("orders"), rig.o.request_sync("orders")
        rig.o.release()
        await settle()
        assert rig.o.cancel(one)
        await settle()
        assert (await one).outcome is Outcome.CANCELLED
        assert not rig.active.cancelled
        assert rig.o.cancel(two.id)
        await settle()
        assert (await two).outcome is Outcome.CANCELLED
        assert rig.idle
        assert not rig.o.cancel(two)
        batch = rig.o.request_full()
        await settle()
        await rig.finish()
        assert rig.o.cancel(batch)  # the rest of the batch
        await settle()
        assert [r.outcome for r in await batch] == [Outcome.COMPLETED] + [Outcome.CANCELLED] * 5
        assert not rig.o.cancel(batch)


async def test_a_clean_whole_read_satisfies_a_waiting_fast_one() -> None:
    """Words: all satisfies new, never the reverse."""
    async with Rig() as rig:
        rig.o.hold()
        rig.o.request_sync("customers", priority=50)
        new = rig.o.request_sync("customers", scope=Scope.NEW, priority=1)
        await rig.clock.advance(1)
        rig.o.release()
        await settle()
        await rig.finish()
        assert new.done
        assert (await new).scope is Scope.NEW, "the ticket has another scope than was requested"
        assert rig.idle
        rig.o.hold()
        new = rig.o.request_sync("customers", scope=Scope.NEW, priority=50)
        whole = rig.o.request_sync("customers", priority=1)
        await rig.clock.advance(1)
        rig.o.release()
        await settle()
        await rig.finish()
        assert new.done
        assert not whole.done


# ------------------------------------------------------------------------------------------------ sessions


async def test_quiet_then_breathing_keeps_every_type_young_enough() -> None:
    """Rule 11: forms are open all day, the fast read suspends the active run, and no type gets older than 3 intervals
    (or quiet and one round)."""
    durations = {"orders": 60, "customers": 60, "ddt": 60, "invoices": 30, "prices": 100, "products": 100}
    rules = dataclasses.replace(ALWAYS, longest_sleep=600.0)
    async with Rig(rules=rules) as rig:
        oldest: dict[str, float] = {}
        forms: list[asyncio.Task[SmartSyncResult]] = []
        for second in range(0, 6 * 3600, 5):
            if second % 400 == 0:  # the user changes tabs; the new one opens before or just after the old one closes
                tab = second // 400
                if tab % 3:
                    rig.o.resume_other_syncs(f"t{tab - 1}")
                    await rig.clock.advance(0.1)
                forms.append(opened(rig, f"t{tab}"))
                await settle()
                if not tab % 3:
                    rig.o.resume_other_syncs(f"t{tab - 1}")
            if second % 400 == 200:
                forms.append(opened(rig, f"t{second // 400}"))
            await rig.clock.advance(5)
            if not rig.idle:
                running = rig.active
                whole = running.slot[2] is Scope.ALL
                running.control.progress(Progress(rows=1))
                active = rig.o.state.active
                assert active is not None
                spent = active.spent + rig.clock.monotonic() - active.since.mono
                if spent >= (durations[running.type] if whole else 5):
                    running.began = active.began.wall
                    await rig.finish()
                elif running.control.suspend_requested():
                    await rig.suspend()
            if second > 3600:
                for key, list_state in rig.o.state.list_states.items():
                    assert list_state.success is not None
                    age = list_state.success.age(rig.o._dispatcher.now())
                    oldest[key[0]] = max(oldest.get(key[0], 0.0), age)
        for form in forms:
            await form
        for spec in TYPES:
            assert spec.interval is not None
            limit = max(3 * spec.interval * 60, 900 + sum(durations.values()))
            assert oldest[spec.name] <= limit, (spec.name, oldest)


async def test_quiet_and_breathing_are_shown() -> None:
    """Rules 10, 11: the operator's requests wait during quiet; late types run when it is over."""
    async with Rig() as rig:
        opened(rig, "a")
        await settle()
        await rig.drain()
        rig.o.request_sync("ddt")
        await rig.clock.advance(599)
        status = rig.o.get_status()
        assert (status.breathing, status.quiet_until is not None, rig.idle) == (False, True, True)
        assert status.explanation.reason is Reason.SESSION
        rig.o.touch("a")
        await rig.clock.advance(302)
        assert rig.o.get_status().breathing
        assert rig.active.type == "ddt"


async def test_answers_have_the_time_of_the_data() -> None:
    """Rules 12, 13: a fast read never changes the last success; a recent whole list does not follow again."""
    async with Rig() as rig:
        form = opened(rig, "a")
        await settle()
        began = rig.active.began
        await rig.clock.advance(3)
        await rig.finish()
        answer = await form
        assert (answer.new_as_of, answer.all_as_of, answer.duration_ms) == (began, None, 3000)
        line = rig.o.get_status().statuses["customers"].accounts[0]
        assert line.last_run_time is None
        await rig.finish()  # the whole list
        again = await rig.o.smart_customer_sync("b")
        assert again.code == "fresh"
        assert again.all_as_of is not None
        await rig.clock.advance(60)
        third = opened(rig, "c")
        await settle()
        await rig.finish()
        assert (await third).code == "fresh"
        assert rig.idle


async def test_a_form_is_answered_at_the_first_failure_and_its_read_is_repeated() -> None:
    """Rules 12, 18."""
    async with Rig() as rig:
        form = opened(rig, "a")
        await settle()
        await rig.fail()
        assert (await form).code == "failed"
        await rig.clock.advance(5)
        assert rig.active.control.run.attempt == 2
        second = await rig.o.smart_customer_sync("b", wait=False)
        assert second.code == "pending"
        await rig.finish()
        assert rig.o.get_status().statuses["customers"].accounts[0].new_as_of is not None


async def test_a_fast_read_that_ends_without_being_clean_is_not_called_fresh() -> None:
    """Rule 12."""
    async with Rig() as rig:
        form = opened(rig, "a")
        await settle()
        await rig.finish(Outcome.UNCLEAN)
        answer = await form
        assert (answer.code, answer.new_as_of) == ("failed", None)
        assert answer.error is not None
        assert answer.error.code == "fast-read-ended"


async def test_credentials_refused_during_a_forms_read() -> None:
    """Rules 12, 22."""
    async with Rig() as rig:
        form = opened(rig, "a")
        await settle()
        await rig.fail(FailureKind.CREDENTIALS)
        assert (await form).code == "stopped"


async def test_a_hold_answers_waiting_forms() -> None:
    """Rule 18."""
    async with Rig() as rig:
        form = opened(rig, "a")
        await settle()
        rig.o.hold()
        await settle()
        assert (await form).code == "held"
        assert rig.idle
        rig.o.release()
        await settle()
        assert rig.active.slot[2] is Scope.NEW  # the form still wants it


async def test_the_operator_cancels_a_forms_read() -> None:
    """Rules 12, 26."""
    async with Rig() as rig:
        form = opened(rig, "a")
        await settle()
        assert rig.o.cancel_run()
        await settle()
        assert (await form).code == "failed"
        assert not rig.o.cancel_run()


async def test_only_the_run_that_was_meant_is_cancelled() -> None:
    """Rule 26: when the operator cancels, the run shown may have ended and the next one begun."""
    async with Rig() as rig:
        form = opened(rig, "a")
        await settle()
        run = rig.o.get_status().current_run
        assert run is not None
        assert not rig.o.cancel_run("another")
        assert rig.o.get_status().current_run is not None
        await settle()
        assert not form.done()
        assert rig.o.cancel_run(run.id)
        assert (await form).code == "failed"


async def test_handles_are_shown_and_ids_are_not() -> None:
    """Rule 14."""
    async with Rig() as rig:
        secret = "QmVydGlsbG8xMjM0NTY3ODkw"
        form = opened(rig, secret, label="Ordine")
        await settle()
        await rig.drain()
        handle = (await form).handle
        view = rig.o.session(handle)
        assert isinstance(view, SessionView)
        assert (view.label, view.account, view.connected) == ("Ordine", "anna", False)
        rig.o.connected(secret)
        rig.o.disconnected(secret)
        assert secret not in str(rig.events) + str(rig.o.get_status()) + str(rig.journal.events)
        assert rig.o.end_session(handle)
        assert rig.o.session(handle) is SessionEnd.OPERATOR
        assert rig.o.session("") is SessionEnd.UNKNOWN
        assert not rig.o.end_session(handle)
        assert rig.o.connected(secret) is SessionEnd.OPERATOR


async def test_ends_are_remembered_and_forgotten() -> None:
    """Rule 14: 15 minutes, and never more than so many."""
    async with Rig(rules=dataclasses.replace(QUIET, ended_limit=3)) as rig:
        for n in range(5):
            rig.o.resume_other_syncs(f"x{n}")
        assert rig.o.touch("x1") is SessionEnd.UNKNOWN
        assert rig.o.touch("x2") is SessionEnd.CLOSED
        await rig.clock.advance(901)
        assert rig.o.touch("x4") is SessionEnd.UNKNOWN
        assert rig.o.state.ended_sessions == {}


async def test_anonymous_sessions_last_three_minutes_and_belong_to_their_token() -> None:
    """Rule 16."""
    async with Rig() as rig:
        for token in ("one", "two", "one"):
            opened(rig, None, token=token)
            await rig.clock.advance(1)
        assert rig.o.get_status().session_count == 3
        first = min(rig.o.get_status().sessions, key=lambda s: s.since).handle
        assert rig.o.resume_other_syncs(None, "one").closed
        assert rig.o.session(first) is SessionEnd.CLOSED
        opened(rig, "a", token="three")
        await settle()
        assert not rig.o.resume_other_syncs(None, "three").closed  # a tab's session ends by its id only
        assert rig.o.resume_other_syncs("a").closed
        assert rig.o.resume_other_syncs(f"anonymous:{rig.o.get_status().sessions[0].handle}").closed is False
        await rig.clock.advance(180)
        assert rig.o.get_status().session_count == 0


# ------------------------------------------------------------------------------------------------ suspension


async def test_the_event_of_the_last_closed_form_says_what_it_cost() -> None:
    """Rule 17: how long it waited for fresh customers, and how long other reads were delayed."""
    async with Rig() as rig:
        rig.o.request_sync("products")
        await settle()
        opened(rig, "a")
        await settle()
        await rig.suspend("page 3")
        await rig.clock.advance(2)
        await rig.finish()
        opened(rig, "b")
        await settle()
        await rig.drain()
        await rig.clock.advance(38)
        rig.o.resume_other_syncs("a")
        rig.o.resume_other_syncs("b")
        first, last = rig.of(EventKind.SESSION_CLOSED)
        assert (first.data.customers_ms, first.data.put_off_ms) == (2000, None)
        assert (last.data.customers_ms, last.data.put_off_ms) == (0, 40_000)
        opened(rig, "c", wait=False)
        await settle()
        rig.o.resume_other_syncs("c")
        assert rig.of(EventKind.SESSION_CLOSED)[2].data.customers_ms is None


async def test_a_suspended_run_that_is_old_starts_over() -> None:
    """Rule 19."""
    async with Rig() as rig:
        rig.o.request_sync("products")
        await settle()
        opened(rig, "a")
        await settle()
        await rig.suspend("page 3")
        await rig.drain()
        line = rig.o.get_status().statuses["products"].accounts[0]
        assert line.state is SyncState.SUSPENDED
        await rig.clock.advance(301)
        rig.o.resume_other_syncs("a")
        await settle()
        assert (rig.active.type, rig.active.resumed_from) == ("products", None)
        assert rig.of(EventKind.SYNC_RESUMED)[0].data.starts_over is True
        await rig.finish()
        row = rig.journal.rows[rig.runs[0].control.run.id]
        assert (row.outcome, len(row.suspensions)) == (Outcome.COMPLETED, 1)


async def test_a_request_that_joins_a_suspended_run_makes_it_start_over() -> None:
    """Rule 19."""
    async with Rig() as rig:
        one = rig.o.request_sync("products")
        await settle()
        opened(rig, "a")
        await settle()
        await rig.suspend()
        two = rig.o.request_sync("products")
        await rig.drain()
        rig.o.resume_other_syncs("a")
        await settle()
        assert rig.active.resumed_from is None
        await rig.finish()
        assert (await one).run_id == (await two).run_id


async def test_a_suspended_run_can_be_removed_and_does_not_survive_close() -> None:
    """Rules 19, 26, 27."""
    async with Rig() as rig:
        ticket = rig.o.request_sync("products")
        await settle()
        form = opened(rig, "a")
        await settle()
        await rig.suspend()
        (entry,) = [e for e in rig.o.get_status().queue if e.type == "products"]
        assert rig.o.position(ticket) == 1
        assert rig.o.remove(entry.id)
        assert (await ticket).outcome is Outcome.CANCELLED
        assert rig.o.position(ticket) is None
        await rig.drain()
        assert (await form).code == "fresh"
        assert rig.o.ticket(ticket.id) is ticket


async def test_a_runner_that_suspends_without_request_has_failed() -> None:
    """Rule 19: resuming it at once could repeat without end."""
    async with Rig() as rig:
        ticket = rig.o.request_sync("products")
        await settle()
        rig.active.end(Suspended("rows"))
        assert (await ticket).outcome is Outcome.FAILED
        rig.o.request_sync("products")
        await settle()
        rig.active.end("nonsense" * 100)  # type: ignore[arg-type]
        await settle()
        error = rig.o.get_status().statuses["products"].accounts[0].last_error
        assert error is not None
        assert str(error.params["error"]).startswith("the runner returned 'nonsense")
        assert len(str(error.params["error"])) == 200


# ------------------------------------------------------------------------------------------------ failures


async def test_credentials_refused_stop_the_account_until_the_operator_acts() -> None:
    """Rules 22, 25: kept over restarts, ended by a new password or by a successful single attempt."""
    async with Rig(accounts=TWO) as rig:
        ticket = rig.o.request_sync("orders", "anna")
        await settle()
        await rig.fail(FailureKind.CREDENTIALS, "credentials")
        assert (await ticket).outcome is Outcome.FAILED
        rig.o.request_sync("products")
        await settle()
        assert rig.active.control.run.account == "bruno"  # the substitute
        await rig.finish()
        await rig.restart()
        assert rig.o.get_status().accounts[0].stopped is not None
        assert rig.o.get_status().statuses["orders"].state is SyncState.STOPPED
        waiting = rig.o.request_sync("ddt", "anna")
        again = rig.o.retry_login("anna")
        await settle()
        assert rig.active.type == "orders"
        await rig.fail(FailureKind.CREDENTIALS, "credentials")
        assert (await again).outcome is Outcome.FAILED
        assert not waiting.done
        rig.o.credentials_changed("anna")
        await settle()
        await rig.drain()
        assert waiting.done
        rig.o.credentials_changed("nobody")


async def test_any_other_failed_login_gets_one_more_try_later() -> None:
    """Rule 22."""
    async with Rig(rules=ALWAYS) as rig:
        await rig.fail(FailureKind.LOGIN)
        assert rig.idle
        queue = rig.o.get_status().queue
        assert {e.reason for e in queue} == {Reason.BACK_OFF}
        await rig.clock.advance(899)
        assert rig.idle
        await rig.clock.advance(2)
        assert not rig.idle
        await rig.fail(FailureKind.LOGIN)
        await rig.clock.advance(1700)
        assert rig.idle
        await rig.clock.advance(200)
        assert not rig.idle


async def test_the_login_budget_stops_schedule_and_retries_but_never_the_operator() -> None:
    """Rules 9, 22: the count is stored, and starts at zero after midnight."""
    rules = dataclasses.replace(ALWAYS, login_budget=2)
    async with Rig(rules=rules) as rig:
        rig.active.control.logged_in()
        rig.active.control.logged_in()
        await rig.finish()
        assert rig.idle
        assert rig.o.get_status().queue[0].reason is Reason.LOGIN_BUDGET
        assert rig.o.get_status().accounts[0].logins_today == 2
        await rig.restart()
        assert rig.o.get_status().accounts[0].logins_today == 2
        ticket = rig.o.request_sync("ddt")
        await settle()
        await rig.fail()
        await rig.clock.advance(10)
        assert rig.idle
        assert not ticket.done
        (entry,) = [e for e in rig.o.get_status().queue if e.type == "ddt"]
        assert entry.reason is Reason.LOGIN_BUDGET
        rig.o.run_anyway(entry.id)
        await settle()
        await rig.finish()
        assert ticket.done
        rig.auto = at_once
        await rig.clock.advance(16 * 3600)
        assert rig.o.get_status().queue == ()


async def test_after_three_failures_the_schedule_backs_off_and_says_so() -> None:
    """Rule 23."""
    types = (dataclasses.replace(TYPES[0]),)
    async with Rig(rules=ALWAYS, types=types) as rig:
        for _ in range(3):
            if rig.idle:
                await rig.clock.advance(600)
            await rig.fail(FailureKind.LAYOUT)
        failed_at = rig.clock.now()
        line = rig.o.get_status().statuses["orders"].accounts[0]
        assert (line.failures_in_a_row, line.state) == (3, SyncState.BACKING_OFF)
        while rig.idle:
            await rig.clock.advance(60)
        assert (rig.clock.now() - failed_at).total_seconds() == pytest.approx(1200, abs=61)
        await rig.fail(FailureKind.LAYOUT)
        await rig.restart()
        assert rig.o.get_status().statuses["orders"].state is SyncState.BACKING_OFF
        rig.o.request_sync("orders")
        await settle()
        await rig.finish()
        assert rig.o.get_status().statuses["orders"].accounts[0].failures_in_a_row == 0


async def test_a_whole_list_satisfies_the_fast_reads_of_its_own_account_only() -> None:
    """Rules 4, 12: another account's list does not contain the newest customers of this one."""
    async with Rig(accounts=TWO) as rig:
        rig.o.request_sync("orders", "anna")
        await settle()
        newest = rig.o.request_sync("customers", "anna", Scope.NEW, priority=1)
        rig.o.request_sync("customers", "bruno", priority=50)
        await rig.clock.advance(1)
        await rig.finish()
        assert (rig.active.type, rig.active.control.run.account) == ("customers", "bruno")
        await rig.finish()
        run = rig.active.control.run
        assert (run.type, run.account, run.scope) == ("customers", "anna", Scope.NEW)
        assert not newest.done
        await rig.finish()
        assert newest.done


async def test_a_fast_read_does_not_end_the_back_off_of_the_whole_list() -> None:
    """Rules 12, 23: the newest customers may be readable while the others are not."""
    async with Rig() as rig:
        for _ in range(3):
            rig.o.request_sync("customers")
            await settle()
            await rig.fail(FailureKind.LAYOUT)
        back_off = rig.o.state.list_state("customers", "anna").back_off
        form = opened(rig, "a")
        await settle()
        await rig.finish()
        assert (await form).code == "fresh"
        list_state = rig.o.state.list_state("customers", "anna")
        assert (list_state.failures, list_state.back_off) == (3, back_off)
        assert back_off is not None


async def test_the_deadline_counts_all_parts_of_a_suspended_run() -> None:
    """Rules 19, 24."""
    async with Rig() as rig:
        rig.o.request_sync("orders")
        await settle()
        for part in range(2):
            for _ in range(3):
                rig.active.control.progress(Progress())
                await rig.clock.advance(95)
            form = opened(rig, f"tab-{part}")
            await settle()
            await rig.suspend(f"page {part}")
            await rig.finish()
            await form
            rig.o.resume_other_syncs(f"tab-{part}")
            await settle()
            while rig.active.type != "orders":
                await rig.finish()
            assert rig.active.resumed_from == f"page {part}"
        run = rig.active
        await rig.clock.advance(29)
        assert not run.cancelled
        await rig.clock.advance(2)
        assert run.cancelled


async def test_watchdog_deadline_and_long_steps() -> None:
    """Rule 24: neither counts suspended time."""
    async with Rig() as rig:
        rig.o.request_sync("orders")
        await settle()
        run = rig.active
        with run.control.long_step(400):
            await rig.clock.advance(390)
            assert not run.cancelled
        await rig.clock.advance(119)
        run.control.progress(Progress(rows=5))
        await rig.clock.advance(80)
        assert not run.cancelled
        await rig.clock.advance(20)
        assert run.cancelled  # 609 s: the deadline
        assert rig.of(EventKind.SYNC_ERROR)[0].data.error.code == "run-deadline"  # type: ignore[index,call-overload]


async def test_hold_ends_the_active_run_and_the_schedule_asks_again() -> None:
    """Words: hold. It is kept over restarts."""
    async with Rig(rules=ALWAYS) as rig:
        assert rig.active.type == "orders"
        rig.o.hold()
        rig.o.hold()
        await settle()
        assert rig.idle
        assert rig.o.get_status().explanation.reason is Reason.HOLD
        await rig.restart()
        assert rig.o.get_status().hold_since is not None
        assert rig.idle
        rig.o.release()
        rig.o.release()
        await settle()
        assert not rig.idle


async def test_a_runner_that_ignores_its_end_does_not_keep_close_waiting_for_ever() -> None:
    """Rule 27."""
    rig = Rig()
    await rig.o.start()
    ticket, run = await rig.deaf("orders")
    await rig.close(5.0)
    assert (await ticket).outcome is Outcome.INTERRUPTED
    run.ignores_cancel = False
    run.finish()
    await settle()
    await rig.o.close()


async def test_a_run_found_open_at_a_start_is_interrupted_and_read_again() -> None:
    """Rules 27, 28: after kill -9 during the run."""
    rig = Rig(rules=ALWAYS)
    await rig.o.start()
    await settle()
    killed = rig.journal
    row = next(iter(killed.rows.values()))
    fork = Rig(rules=ALWAYS, journal=type(killed)())
    fork.journal.rows, fork.journal.notes = dict(killed.rows), dict(killed.notes)
    await rig.close()
    async with fork:
        assert fork.journal.rows[row.id].outcome is Outcome.INTERRUPTED
        assert fork.o.get_status().statuses["orders"].accounts[0].last_outcome is Outcome.INTERRUPTED
        assert not fork.idle


# ------------------------------------------------------------------------------------------------ schedule


async def test_at_a_first_start_everything_is_read_by_priority() -> None:
    """Rule 28."""
    async with Rig(rules=ALWAYS) as rig:
        assert await rig.drain() == ["orders", "customers", "ddt", "invoices", "prices", "products"]


async def test_at_a_later_start_overdue_types_come_at_their_stagger_and_others_keep_their_time() -> None:
    """Rule 28: the computer was off for 40 minutes; missed times are made up once."""
    rig = Rig(rules=ALWAYS)
    async with rig:
        await rig.drain()
    first = len(rig.runs)
    await rig.clock.advance(40 * 60)
    rig.build()
    rig.auto = at_once
    await rig.o.start()
    await settle()
    started: list[tuple[str, float]] = []
    began = rig.clock.now()
    for _ in range(32):
        await rig.clock.advance(60)
    for run in rig.runs[first:]:
        started.append((run.type, round((run.began - began).total_seconds() / 60)))
    assert started[:5] == [("orders", 0), ("customers", 5), ("ddt", 5), ("orders", 10), ("prices", 10)]
    assert [t for t, _ in started].count("invoices") == 1
    assert "products" not in [t for t, _ in started]  # due at 90, not yet
    await rig.close()


async def test_a_changed_interval_changes_no_other_and_is_kept() -> None:
    """Rule 29."""
    async with Rig(rules=ALWAYS) as rig:
        await rig.drain()
        rig.o.set_schedule("ddt", 60)
        rig.o.set_schedule("ddt", 60)
        rig.o.set_schedule("invoices", None)
        dues = {k[0]: t.due for k, t in rig.o.state.list_states.items()}
        assert dues["ddt"] == MONDAY + timedelta(minutes=60)
        assert dues["invoices"] is None
        assert dues["orders"] == MONDAY + timedelta(minutes=10)
        await rig.restart()
        status = rig.o.get_status().statuses
        assert (status["ddt"].interval, status["invoices"].interval) == (60, None)
        rig.o.set_schedule("invoices", 30)
        assert {k[0]: t.due for k, t in rig.o.state.list_states.items()}["invoices"] == MONDAY + timedelta(minutes=30)
        assert len(rig.of(EventKind.SCHEDULE_CHANGED)) == 3


async def test_the_daily_read_is_six_ordinary_requests_made_up_once() -> None:
    """Rule 28."""
    rules = Rules(office=None, longest_sleep=3600.0)
    types = tuple(dataclasses.replace(t, interval=None) for t in TYPES)
    async with Rig(rules=rules, types=types, wall=rome(3, 11, 30)) as rig:
        rig.auto = at_once
        await rig.clock.advance(29 * 60)
        assert rig.runs == []
        await rig.clock.advance(2 * 60)
        assert len(rig.runs) == 6
    await rig.clock.advance(3 * 86_400)
    rig.build()
    rig.auto = at_once
    await rig.o.start()
    await settle()
    assert len(rig.runs) == 12
    kept = dict(rig.journal.notes)
    rig.o.set_rules(dataclasses.replace(rules, daily_full=None))
    await rig.clock.advance(2 * 86_400)
    assert len(rig.runs) == 12
    await rig.close()
    # A later start without a daily read drops the planned time of an earlier one with it.
    assert "daily" in kept
    rig.journal.notes, rig.rules = kept, dataclasses.replace(rules, daily_full=None)
    rig.build()
    await rig.o.start()
    await rig.clock.advance(86_400)
    assert len(rig.runs) == 12
    assert "daily" not in rig.journal.notes
    await rig.close()


async def test_office_hours_stop_only_the_schedule() -> None:
    """Rules 9, 29."""
    rules = Rules(office=OfficeHours(), daily_full=None, longest_sleep=3600.0)
    async with Rig(rules=rules, wall=rome(7, 19, 59)) as rig:  # Saturday evening
        rig.auto = at_once
        await rig.clock.advance(0)
        count = len(rig.runs)
        await rig.clock.advance(3600)
        explanation = await rig.o.explain()
        assert explanation.reason is Reason.OFFICE_HOURS
        assert explanation.params["until"] == "2026-03-09T06:00:00+00:00"
        assert explanation.params["clock"] == "09/03 07:00"
        rig.o.request_sync("ddt")
        await settle()
        assert len(rig.runs) >= count + 1
        before = len(rig.runs)
        await rig.clock.advance(33 * 3600)
        assert len(rig.runs) == before
        await rig.clock.advance(3600 + 120)
        assert len(rig.runs) >= before + 6


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        (rome(28, 12, 1), datetime(2026, 3, 29, 10, 0, tzinfo=UTC)),  # the night when summer time begins
        (datetime(2026, 10, 24, 10, 1, tzinfo=UTC), datetime(2026, 10, 25, 11, 0, tzinfo=UTC)),  # and when it ends
    ],
)
async def test_noon_is_noon_across_the_change_of_clocks(start: datetime, expected: datetime) -> None:
    """Rule 30."""
    types = tuple(dataclasses.replace(t, interval=None) for t in TYPES)
    async with Rig(rules=Rules(office=None), types=types, wall=start) as rig:
        assert rig.o.state.daily_due == expected


async def test_a_time_that_does_not_exist_comes_once() -> None:
    """Rule 30: 02:30 in the night when summer time begins."""
    types = (dataclasses.replace(TYPES[0], interval=None),)
    async with Rig(rules=Rules(office=None, daily_full=time(2, 30)), types=types, wall=rome(28, 12)) as rig:
        rig.auto = at_once
        await rig.clock.advance(86_400)
        assert len(rig.runs) == 1


async def test_a_clock_that_jumps_back_makes_freshness_unknown() -> None:
    """Rule 30: the list is stale and read again; leases are not affected."""
    async with Rig(rules=ALWAYS) as rig:
        rig.auto = at_once
        rig.active.finish()
        await settle()
        opened(rig, "a")
        await settle()
        rig.clock.jump(-86_400)
        assert not isinstance(rig.o.touch("a"), SessionEnd)
        assert rig.o.get_status().statuses["ddt"].freshness is Freshness.UNKNOWN
        rig.o.end_sessions()
        await rig.clock.advance(30)
        assert rig.o.get_status().statuses["ddt"].freshness is Freshness.FRESH


async def test_after_sleep_missed_reads_are_made_up_once() -> None:
    """Rules 28, 30: the monotonic clock stood still; lateness counts the time nevertheless."""
    async with Rig(rules=ALWAYS) as rig:
        rig.auto = at_once
        rig.active.finish()
        await settle()
        count = len(rig.runs)
        await rig.clock.computer_sleeps(8 * 3600, counted=False)
        assert rig.o.get_status().statuses["orders"].freshness in (Freshness.LATE, Freshness.FRESH)
        await rig.clock.advance(30)
        assert len(rig.runs) == count + 6


async def test_late_counts_opening_time_only() -> None:
    """Status: older than twice the interval, nights not counted; the interval off: 48 h."""
    rules = Rules(daily_full=None)
    async with Rig(rules=rules, wall=rome(3, 19, 50)) as rig:
        await rig.drain()
        rig.o.hold()
        await rig.clock.advance(12 * 3600)
        assert rig.o.get_status().statuses["orders"].freshness is Freshness.LATE  # 07:50, 60 minutes of opening time
        assert rig.o.get_status().statuses["ddt"].freshness is Freshness.FRESH
        rig.o.set_schedule("orders", None)
        assert rig.o.get_status().statuses["orders"].freshness is Freshness.FRESH


# ------------------------------------------------------------------------------------------------ memory and reasons


async def test_each_attempt_leaves_a_row_written_before_its_run_starts_and_before_its_ticket_resolves() -> None:
    """Rule 31."""
    async with Rig() as rig:
        rig.journal.gate = asyncio.Event()
        ticket = rig.o.request_sync("orders")
        await settle()
        assert rig.runs == []
        rig.journal.gate.set()
        await settle()
        rig.journal.gate = asyncio.Event()
        await rig.finish()
        assert rig.o.get_status().current_sync is None  # decisions do not wait for the journal
        assert not ticket.done
        rig.journal.gate.set()
        await ticket
        (row,) = rig.journal.rows.values()
        assert (row.outcome, row.attempt, row.scope) == (Outcome.COMPLETED, 1, Scope.ALL)


async def test_explain_for_now_the_past_and_the_future() -> None:
    """Rule 32: one reason for each time; the forecast uses the same decision as the dispatcher."""
    async with Rig(rules=ALWAYS) as rig:
        await rig.clock.advance(60)
        await rig.finish()
        now = await rig.o.explain()
        assert (now.reason, now.params["type"]) == (Reason.RUNNING, "customers")
        future = await rig.o.explain(rig.clock.now() + timedelta(seconds=90))
        assert future.reason is Reason.RUNNING
        assert {f.type for f in now.forecast} >= {"ddt", "invoices", "prices", "products", "orders"}
        starts = [f.starts for f in now.forecast]
        assert starts == sorted(starts)
        assert next(f for f in now.forecast if f.type == "invoices").after == "ddt"
        rig.auto = at_once
        await rig.drain()
        idle = await rig.o.explain()
        assert (idle.reason, idle.params["type"]) == (Reason.NOTHING_DUE, "orders")
        later = await rig.o.explain(rig.clock.now() + timedelta(days=1000))
        assert later.at == rig.clock.now() + timedelta(days=366)
        for moment in (rig.clock.now() + timedelta(seconds=1), rig.clock.now() - timedelta(seconds=1)):
            assert (await rig.o.explain(moment)).at == moment
        past = await rig.o.explain(MONDAY + timedelta(seconds=30))
        assert (past.reason, past.params["type"]) == (Reason.RUNNING, "orders")
        assert (await rig.o.explain(MONDAY - timedelta(days=1))).reason is Reason.NOT_KNOWN


async def test_where_nothing_will_ever_be_due_explain_says_so() -> None:
    """Rule 32: the schedule needs a panel; with one, all lists may be switched off."""
    async with Rig() as rig:
        for at in (None, rig.clock.now() + timedelta(hours=3)):
            assert (await rig.o.explain(at)).reason is Reason.NO_PANEL
    async with Rig(rules=dataclasses.replace(ALWAYS, daily_full=time(12))) as rig:
        await rig.drain()
        for name in [t.name for t in TYPES]:
            rig.o.set_schedule(name, None)
        daily = await rig.o.explain()
        assert (daily.reason, daily.params["type"], daily.params["clock"]) == (Reason.NOTHING_DUE, "orders", "12:00")
        rig.o.set_rules(ALWAYS)
        assert (await rig.o.explain()).reason is Reason.SCHEDULE_OFF


async def test_accounts_come_and_go() -> None:
    """Rules 8, 25: requests and runs of a removed account end."""
    async with Rig(accounts=TWO) as rig:
        one, two = rig.o.request_sync("orders", "bruno"), rig.o.request_sync("ddt", "bruno")
        shared = rig.o.request_sync("products")
        await settle()
        rig.o.set_accounts([Account("bruno"), Account("carla", catalogue=True)])
        await settle()
        assert not rig.active.cancelled
        await rig.finish()
        await rig.finish()
        assert rig.active.slot[:2] == ("products", "carla")
        await rig.finish()
        assert shared.done
        three = rig.o.request_sync("ddt", "bruno")
        four = rig.o.request_sync("orders", "bruno")
        await settle()
        rig.o.set_accounts([Account("carla", catalogue=True)])
        await settle()
        assert [t.result.outcome for t in (three, four)] == [Outcome.CANCELLED] * 2  # type: ignore[union-attr]
        assert one.done
        assert two.done


# ------------------------------------------------------------------------------------------------ found by mutants


async def test_quiet_suspends_what_runs_even_when_no_read_is_needed() -> None:
    """Rule 10: runs that serve no open form wait; those that serve one continue."""
    async with Rig() as rig:
        opened(rig, "a")
        await settle()
        await rig.finish()
        assert rig.active.slot == ("customers", "anna", Scope.ALL)
        assert not rig.active.control.suspend_requested()  # the whole list that follows serves the form
        await rig.finish()
        rig.o.resume_other_syncs("a")
        rig.o.request_sync("products")
        await settle()
        assert not rig.active.control.suspend_requested()
        assert (await rig.o.smart_customer_sync("b")).code == "fresh"  # read a moment ago
        assert rig.active.control.suspend_requested()
        await rig.suspend()
        assert rig.idle


async def test_run_anyway_is_not_suspended_by_quiet_but_by_a_form_that_asks() -> None:
    """Rules 9, 10."""
    async with Rig() as rig:
        opened(rig, "a")
        await settle()
        await rig.drain()
        rig.o.request_sync("products")
        await settle()
        rig.o.run_anyway(rig.o.get_status().queue[0].id)
        await settle()
        assert not rig.active.control.suspend_requested()
        await rig.clock.advance(60)
        form = opened(rig, "a", label="again")
        await settle()
        await rig.suspend("page 2")
        await rig.finish()
        assert (await form).code == "fresh"
        assert rig.active.resumed_from == "page 2"


async def test_a_session_keeps_its_label_and_ends_with_its_last_line() -> None:
    """Rule 15: two lines of one tab, one lost."""
    async with Rig() as rig:
        opened(rig, "a", label="Ordine 1")
        await settle()
        await rig.drain()
        opened(rig, "a")
        await settle()
        assert rig.o.get_status().sessions[0].label == "Ordine 1"
        rig.o.connected("a")
        rig.o.connected("a")
        rig.o.disconnected("a")
        await rig.clock.advance(30)
        assert rig.o.get_status().sessions[0].connected
        rig.o.disconnected("a")
        await rig.clock.advance(19)
        assert not isinstance(rig.o.connected("a"), SessionEnd)
        await rig.clock.advance(60)
        assert rig.o.get_status().sessions[0].connected
        rig.o.disconnected("a")
        await rig.clock.advance(20)
        assert rig.o.touch("a") is SessionEnd.LOST


@pytest.mark.parametrize("asks", [False, True], ids=["touch", "asks again"])
async def test_a_page_that_still_calls_keeps_its_session_though_its_connections_are_cut(asks: bool) -> None:
    """Rule 15: a sign of life by a call ends the 20 s; from then on the lease of 10 minutes counts."""
    async with Rig() as rig:
        opened(rig, "a")
        await settle()
        await rig.drain()
        rig.o.connected("a")
        rig.o.disconnected("a")
        await rig.clock.advance(19)
        if asks:
            opened(rig, "a")
            await settle()
            await rig.drain()
        else:
            assert not isinstance(rig.o.touch("a"), SessionEnd)
        await rig.clock.advance(599)
        assert not rig.o.get_status().sessions[0].connected
        await rig.clock.advance(1)
        assert rig.o.touch("a") is SessionEnd.TIMEOUT


async def test_expected_durations_count_active_time_only() -> None:
    """Rules 24, 32."""
    async with Rig() as rig:
        rig.o.request_sync("products")
        await settle()
        await rig.clock.advance(40)
        opened(rig, "a")
        await settle()
        await rig.suspend()
        await rig.drain()
        await rig.clock.advance(100)
        rig.o.resume_other_syncs("a")
        await settle()
        await rig.clock.advance(7)
        await rig.finish()
        assert rig.o.state.list_state("products", "anna").durations == (47.0,)


async def test_a_new_interval_counts_from_the_last_time_in_the_types_own_phase() -> None:
    """Rule 29."""
    async with Rig(rules=ALWAYS) as rig:
        rig.auto = at_once
        rig.active.finish()
        await rig.clock.advance(11 * 60)
        rig.o.request_sync("orders")
        await settle()
        rig.o.set_schedule("orders", 30)
        assert rig.o.state.list_state("orders", "anna").due == MONDAY + timedelta(minutes=40)
        rig.o.set_schedule("orders", None)
        rig.o.set_schedule("orders", 20)
        success = rig.o.state.list_state("orders", "anna").success
        assert success is not None
        assert rig.o.state.list_state("orders", "anna").due == success.wall + timedelta(minutes=20)


async def test_quiet_begins_anew_only_after_other_reads_have_run() -> None:
    """Rule 11: a short gap between two forms does not restart quiet, else other reads would starve."""
    async with Rig(rules=dataclasses.replace(QUIET, resume_age=1e9)) as rig:
        opened(rig, "a")
        await settle()
        await rig.drain()
        began = rig.o.state.quiet_since
        rig.o.request_sync("ddt")
        await rig.clock.advance(500)
        rig.o.resume_other_syncs("a")
        opened(rig, "b")
        await settle()
        assert rig.o.state.quiet_since == began
        await rig.drain()
        rig.o.resume_other_syncs("b")
        await settle()
        await rig.drain()
        await rig.clock.advance(1)
        opened(rig, "c")
        await settle()
        assert rig.o.state.quiet_since == rig.clock.monotonic()


async def test_a_tab_that_asks_again_may_name_another_account_and_label() -> None:
    """Rules 12, 15: the form was switched to another user's customers."""
    async with Rig(accounts=TWO) as rig:
        opened(rig, "a", "anna", label="Ordine 1")
        await settle()
        await rig.drain()
        opened(rig, "a", "bruno", label="Ordine 2")
        await settle()
        (tab,) = rig.o.get_status().sessions
        assert (tab.label, tab.account) == ("Ordine 2", "bruno")
        assert rig.active.slot == ("customers", "bruno", Scope.NEW)
        await rig.drain()


async def test_a_tab_that_asks_again_without_naming_them_keeps_its_account_and_label() -> None:
    """Rules 12, 15: the default (the first account in use) is only for a tab that never named one."""
    async with Rig(accounts=TWO) as rig:
        opened(rig, "a", "bruno", label="Ordine 1")
        await settle()
        await rig.drain()
        await rig.clock.advance(31)
        opened(rig, "a")
        await settle()
        (tab,) = rig.o.get_status().sessions
        assert (tab.label, tab.account) == ("Ordine 1", "bruno")
        assert rig.active.slot == ("customers", "bruno", Scope.NEW)
        await rig.drain()


async def test_a_tab_opened_before_any_account_exists_reads_with_the_first_one_added() -> None:
    """Rule 12."""
    async with Rig(accounts=()) as rig:
        assert (await opened(rig, "a")).code == "failed"
        rig.o.set_accounts(TWO)
        opened(rig, "a")
        await settle()
        assert rig.active.slot == ("customers", "anna", Scope.NEW)
        await rig.drain()


async def test_the_whole_list_follows_once_for_all_open_forms_and_for_none_that_closed() -> None:
    """Rules 13, 17."""
    async with Rig() as rig:
        opened(rig, "a")
        await settle()
        rig.o.resume_other_syncs("a")  # its read may finish, but the whole list is not needed for it
        await rig.finish()
        assert rig.idle
        await rig.clock.advance(30)
        for tab in ("b", "c"):
            opened(rig, tab)
            await settle()
        await rig.finish()
        assert rig.active.slot == ("customers", "anna", Scope.ALL)
        opened(rig, "d")  # the active run serves it too
        await settle()
        assert rig.o.state.queue == {}
        assert await rig.drain() == ["customers"]


async def test_only_a_form_suspends_a_run_and_never_the_read_of_another_form() -> None:
    """Rule 10."""
    async with Rig(accounts=TWO) as rig:
        rig.o.request_sync("orders", "anna")
        await settle()
        rig.o.request_sync("ddt", "anna")
        await settle()
        assert not rig.active.control.suspend_requested()
        await rig.finish()
        await rig.finish()
        opened(rig, "a", "anna")
        await settle()
        opened(rig, "b", "bruno")
        await settle()
        assert rig.active.slot == ("customers", "anna", Scope.NEW)
        assert not rig.active.control.suspend_requested()
        await rig.drain()


async def test_the_schedules_requests_do_not_age_while_the_office_is_closed() -> None:
    """Rule 3: at that time the operator's requests can run, those of the schedule cannot."""
    rules = Rules(daily_full=None, watchdog=1e9)
    types = (dataclasses.replace(TYPES[0], deadline=1e9), *TYPES[1:3])
    async with Rig(rules=rules, types=types, wall=rome(2, 19, 20)) as rig:
        await rig.drain()
        await rig.clock.advance(30 * 60)
        assert rig.active.type == "orders"
        rig.o.request_sync("ddt", priority=4)
        await rig.clock.advance(6 * 3600)  # ten minutes of them before closing time
        rig.o.end_sessions()
        priorities = {e.type: e.priority for e in rig.o.get_status().queue}
        assert (priorities["customers"], priorities["ddt"]) == (5 + 1, 4 + 36)


async def test_the_schedules_requests_do_not_age_without_a_network() -> None:
    """Rule 3: reads that became due without a network start in order of priority afterwards, not of age."""
    async with Rig(rules=ALWAYS) as rig:
        await rig.drain()
        rig.auto = lambda run: run.finish()
        rig.o.set_away(Reason.OFFLINE)
        await rig.clock.advance(100 * 60)
        priorities = {e.type: e.priority for e in rig.o.get_status().queue}
        assert priorities == {"orders": 6, "customers": 5, "ddt": 4, "invoices": 3, "prices": 2, "products": 1}
        rig.runs.clear()
        rig.o.set_away(None)
        await rig.clock.advance(1)
        assert [run.type for run in rig.runs] == ["orders", "customers", "ddt", "invoices", "prices", "products"]


@pytest.mark.parametrize("counted", [True, False])
async def test_requests_do_not_age_while_the_computer_sleeps(counted: bool) -> None:
    """Rule 3: no request can run meanwhile, whether or not the monotonic clock counts the time."""
    async with Rig(rules=dataclasses.replace(QUIET, watchdog=1e9)) as rig:
        for type in ("products", "prices", "ddt"):
            rig.o.request_sync(type)
            await settle()
        await rig.clock.computer_sleeps(15 * 60, counted=counted)
        assert {e.type: e.priority for e in rig.o.get_status().queue} == {"ddt": 4, "prices": 2}


async def test_a_suspended_run_goes_on_before_what_was_asked_earlier_with_the_same_priority() -> None:
    """Rule 17."""
    async with Rig() as rig:
        rig.o.request_sync("ddt", priority=3)
        await settle()
        await rig.fail()
        rig.o.request_sync("products", priority=3)
        await settle()
        opened(rig, "a")
        await settle()
        await rig.suspend()
        await rig.drain()
        await rig.clock.advance(6)
        rig.o.resume_other_syncs("a")
        await settle()
        assert rig.active.type == "products"


async def test_a_request_that_waits_while_its_slots_run_is_suspended_makes_that_start_over() -> None:
    """Rules 4, 6, 19."""
    async with Rig() as rig:
        first = rig.o.request_sync("products")
        await settle()
        second = rig.o.request_sync("products")
        opened(rig, "a")
        await settle()
        await rig.suspend("page 3")
        await rig.drain()
        rig.o.resume_other_syncs("a")
        await settle()
        assert (rig.active.type, rig.active.resumed_from) == ("products", None)
        await rig.finish()
        assert (await first) is (await second)


async def test_run_anyway_also_applies_to_joined_requests_and_to_the_next_attempt() -> None:
    """Rules 4, 9: set for the first or the second request, it applies to both when they are merged."""
    async with Rig() as rig:
        opened(rig, "a")
        await settle()
        await rig.drain()
        rig.o.request_sync("orders")
        rig.o.run_anyway(rig.o.get_status().queue[0].id)
        await settle()
        rig.o.request_sync("orders")
        await rig.fail()
        await rig.clock.advance(5)
        assert rig.active.control.run.attempt == 2
    async with Rig() as rig:
        rig.o.request_sync("orders")
        await settle()
        opened(rig, "a")
        rig.o.request_sync("orders")
        await settle()
        rig.o.run_anyway(next(e.id for e in rig.o.get_status().queue if e.type == "orders"))
        await rig.suspend("page 3")
        await rig.finish()  # the form's read
        assert rig.active.type == "orders"


async def test_reads_of_a_forms_account_serve_it_whatever_other_forms_are_open() -> None:
    """Rule 10: single records and fast reads of that account, also those requested by others."""
    async with Rig(accounts=(*TWO, Account("carla"))) as rig:
        opened(rig, "a", "anna")
        opened(rig, "b", "bruno")
        await settle()
        await rig.drain()
        rig.o.request_sync("customers", "anna", Scope.ONE, "7")
        rig.o.request_sync("customers", "carla", Scope.ONE, "8")
        await settle()
        assert rig.active.slot == ("customers", "anna", Scope.ONE)
        await rig.finish()
        assert rig.idle


async def test_a_request_stopped_by_a_session_shows_until_when() -> None:
    """Rules 11, 15: until the last session ends, or until the end of quiet if the type is late by then."""

    def until(rig: Rig, type: str) -> timedelta:
        (entry,) = [e for e in rig.o.get_status().queue if e.type == type]
        return datetime.fromisoformat(str(entry.params["until"])) - MONDAY

    for lease, orders, ddt in (
        (600.0, timedelta(minutes=11), timedelta(minutes=11)),  # both sessions end before quiet does
        (7200.0, timedelta(minutes=20), timedelta(minutes=15)),  # orders are late at 20, ddt were never read
    ):
        async with Rig(rules=dataclasses.replace(QUIET, lease=lease)) as rig:
            rig.o.request_sync("orders")
            await settle()
            await rig.finish()
            opened(rig, "a")
            await settle()
            await rig.drain()
            await rig.clock.advance(60)
            opened(rig, "b")
            await settle()
            await rig.drain()
            rig.o.request_sync("orders")
            rig.o.request_sync("ddt")
            assert (until(rig, "orders"), until(rig, "ddt")) == (orders, ddt)


async def test_of_two_pauses_the_longer_one_is_shown() -> None:
    """Rules 22, 23: the type's back-off of 20 minutes, not the account's pause of 15."""
    async with Rig(rules=ALWAYS, types=TYPES[:1]) as rig:
        await rig.fail(FailureKind.LAYOUT)
        for kind in (FailureKind.LAYOUT, FailureKind.LAYOUT, FailureKind.LOGIN):
            rig.o.request_sync("orders")
            await settle()
            await rig.fail(kind)
        list_state, account = rig.o.state.list_state("orders", "anna"), rig.o.state.accounts["anna"]
        assert (list_state.back_off, account.login_pause) == (
            MONDAY + timedelta(minutes=40),
            MONDAY + timedelta(minutes=15),
        )
        await rig.clock.advance(601)
        (entry,) = rig.o.get_status().queue
        assert (entry.reason, entry.params["until"]) == (Reason.BACK_OFF, list_state.back_off.isoformat())  # type: ignore[union-attr]


async def test_one_stopped_account_is_not_the_reason_why_nothing_is_due() -> None:
    """Rules 22, 32."""
    async with Rig(accounts=TWO) as rig:
        rig.o.request_sync("orders", "anna")
        await settle()
        await rig.fail(FailureKind.CREDENTIALS)
        assert (await rig.o.explain()).reason is Reason.NO_PANEL
        rig.o.request_sync("orders", "bruno")
        await settle()
        await rig.fail(FailureKind.CREDENTIALS)
        assert (await rig.o.explain()).reason is Reason.ACCOUNT_STOPPED


async def test_of_several_requests_moved_to_the_front_the_last_one_runs_first() -> None:
    """Rule 3 and the operator."""
    async with Rig() as rig:
        rig.o.hold()
        for type in ("orders", "ddt", "prices"):
            rig.o.request_sync(type)
        for type in ("ddt", "prices"):
            rig.o.move_to_front(next(e.id for e in rig.o.get_status().queue if e.type == type))
        assert [e.type for e in rig.o.get_status().queue] == ["prices", "ddt", "orders"]


async def test_run_anyway_does_not_wait_for_the_pause_before_a_repeat() -> None:
    """Rules 9, 21."""
    async with Rig() as rig:
        rig.o.request_sync("orders")
        await settle()
        await rig.fail()
        assert rig.idle
        rig.o.run_anyway(rig.o.get_status().queue[0].id)
        await settle()
        assert rig.active.control.run.attempt == 2


async def test_a_cancelled_request_names_its_suspended_run() -> None:
    """Rules 5, 26; one that never started has none."""
    async with Rig() as rig:
        suspended = rig.o.request_sync("products")
        await settle()
        opened(rig, "a")
        await settle()
        run = rig.active.control.run
        await rig.suspend()
        never = rig.o.request_sync("orders")
        rig.o.cancel(suspended)
        rig.o.cancel(never)
        assert ((await suspended).run_id, (await never).run_id) == (run.id, None)
        await rig.drain()


async def test_a_substitute_begins_a_suspended_shared_read_anew() -> None:
    """Rules 8, 19: the stored rows belong to the other account's list."""
    async with Rig(accounts=TWO) as rig:
        ticket = rig.o.request_sync("products")
        await settle()
        opened(rig, "a", "anna")
        await settle()
        await rig.suspend("page 3")
        rig.o.set_accounts([Account("bruno")])
        await settle()
        assert rig.of(EventKind.ACCOUNT_CHANGED)[-1].data == events.AccountChanged(accounts=("bruno",))
        rig.o.end_sessions()
        await settle()
        while rig.active.type != "products":
            await rig.finish()
        assert (rig.active.slot, rig.active.resumed_from) == (("products", "bruno", Scope.ALL), None)
        await rig.finish()
        assert (await ticket).outcome is Outcome.COMPLETED


async def test_a_suspended_shared_read_is_not_resumed_with_a_login_that_was_refused() -> None:
    """Rules 8, 22: the substitute takes it over, and its logins are counted for the substitute."""
    async with Rig(accounts=TWO) as rig:
        rig.o.request_sync("products")
        await settle()
        opened(rig, "a", "anna")
        await settle()
        await rig.suspend("page 3")
        await rig.fail(FailureKind.CREDENTIALS, "credentials")
        rig.o.end_sessions()
        await settle()
        assert (rig.active.slot, rig.active.resumed_from) == (("products", "bruno", Scope.ALL), None)
        rig.active.control.logged_in()
        assert [(a.id, a.logins_today) for a in rig.o.get_status().accounts] == [("anna", 0), ("bruno", 1)]
        await rig.finish()
        row = rig.journal.rows[rig.runs[-1].control.run.id]
        assert (row.account, row.outcome) == ("bruno", Outcome.COMPLETED)


async def test_a_new_password_ends_pauses_and_stops_for_good() -> None:
    """Rules 22, 25: the pause after failed logins starts anew, and no restart restores a stop."""
    async with Rig(rules=ALWAYS) as rig:
        for _ in range(2):
            await rig.fail(FailureKind.LOGIN)
            assert rig.idle
            assert rig.o.state.accounts["anna"].login_pause == MONDAY + timedelta(minutes=15)
            assert rig.o.state.list_state("orders", "anna").due == MONDAY + timedelta(minutes=10)
            rig.o.credentials_changed("anna")
            await settle()
        await rig.fail(FailureKind.CREDENTIALS, "credentials")
        told = rig.of(EventKind.ACCOUNT_CHANGED)[-1].data
        assert (told.account, told.stopped.code) == ("anna", "credentials")
        rig.o.credentials_changed("anna")
        assert rig.of(EventKind.ACCOUNT_CHANGED)[-1].data == events.AccountChanged("anna")
        await settle()
        rig.active.control.logged_in()
        assert rig.of(EventKind.ACCOUNT_CHANGED)[-1].data == events.AccountChanged("anna", logins=1)
        await rig.restart()
        assert rig.o.get_status().accounts[0].stopped is None


async def test_one_outcome_for_all_accounts_is_as_old_as_the_oldest_part() -> None:
    """Rule 8: if one part failed, the outcome has no time of the data."""
    async with Rig(accounts=TWO) as rig:
        for fails in (False, True):
            ticket = rig.o.request_sync("orders")
            await settle()
            began = rig.active.began
            await rig.clock.advance(3)
            await rig.finish(added=1, changed=2)
            await rig.clock.advance(4)
            if fails:
                await rig.fail(FailureKind.LAYOUT, "layout")
            else:
                await rig.finish(added=3, changed=4)
            both = await ticket
            if fails:
                assert both.error is not None
                assert (both.outcome, both.error.code, both.as_of, both.rows) == (Outcome.FAILED, "layout", None, 10)
            else:
                assert (both.as_of, both.rows, both.added, both.changed) == (began, 20, 4, 6)
                assert both.duration_ms == 7000


async def test_a_clock_set_back_makes_every_age_unknown_and_ends_every_pause() -> None:
    """Rule 30: also where the time of the read is still before the new time."""
    async with Rig() as rig:
        rig.o.request_sync("customers")
        await settle()
        await rig.finish()
        await rig.clock.advance(7200)
        for _ in range(3):
            rig.o.request_sync("orders")
            await settle()
            await rig.fail(FailureKind.LAYOUT)
        rig.o.request_sync("ddt")
        await settle()
        await rig.fail(FailureKind.LOGIN)
        assert rig.o.state.list_state("orders", "anna").back_off is not None
        rig.clock.jump(-3600)
        await rig.clock.advance(31)
        read = rig.o.state.list_state("customers", "anna")
        assert [stamp.doubtful for stamp in (read.success, read.new, read.whole) if stamp is not None] == [True] * 3
        assert rig.o.get_status().statuses["customers"].freshness is Freshness.UNKNOWN
        assert rig.o.state.list_state("orders", "anna").back_off is None
        assert rig.o.state.accounts["anna"].login_pause is None


async def test_an_interval_is_that_of_every_account_and_of_a_shared_list() -> None:
    """Rule 29."""
    async with Rig(rules=ALWAYS, accounts=TWO) as rig:
        await rig.drain()
        due = lambda name: {t.due for (type, _), t in rig.o.state.list_states.items() if type == name}  # noqa: E731
        for name in ("ddt", "prices"):
            rig.o.set_schedule(name, 60)
            assert due(name) == {MONDAY + timedelta(minutes=60)}
            rig.o.set_schedule(name, None)
            assert due(name) == {None}
            assert rig.of(EventKind.SCHEDULE_CHANGED)[-1].data == events.ScheduleChanged(name, None)


# ------------------------------------------------------------------------------------------------ all of them


def test_the_default_values_of_the_rules() -> None:
    """Rules 3, 11-16, 19, 21-24, 28-30."""
    rules, minute, hour = Rules(), 60.0, 3600.0
    assert rules.ageing == 10 * minute
    assert rules.quiet == 15 * minute
    assert (rules.answer, rules.shared_read, rules.whole_age) == (10, 30, 10 * minute)
    assert (rules.ended_memory, rules.ended_limit) == (15 * minute, 10_000)
    assert (rules.lease, rules.grace, rules.anonymous_lease) == (10 * minute, 20, 3 * minute)
    assert rules.resume_age == 5 * minute
    assert rules.retry_pauses == (5, 10, 20)
    assert (rules.login_pause, rules.login_budget) == (15 * minute, 15)
    assert (rules.back_off_after, rules.back_off_limit) == (3, 2 * hour)
    assert rules.watchdog == 2 * minute
    assert {t.name: t.deadline for t in TYPES} == {t.name: 600 if t.name != "products" else 1200 for t in TYPES}
    assert (rules.late_intervals, rules.late_without_interval) == (2, 48 * hour)
    assert rules.daily_full == time(12)
    assert rules.office == OfficeHours(time(7), time(20), frozenset({0, 1, 2, 3, 4, 5}))
    assert rules.zone == "Europe/Rome"
    assert (min(INTERVALS), max(INTERVALS)) == (5, 1440)
    waits = [rules.back_off(interval, failures) for interval, failures in ((10, 2), (10, 3), (None, 3), (1440, 3))]
    assert waits == [None, 20 * minute, 0, 24 * hour]


def test_every_rule_has_a_test_that_names_it() -> None:
    """Each number is in the docstring or name of a test; the ranges of the state machine do not count."""
    root = Path(__file__).parents[2]
    rules = {int(n) for n in re.findall(r"^(\d+)\. ", (root / "docs" / "rules.md").read_text(encoding="utf-8"), re.M)}
    assert rules == set(range(1, 33))
    named: set[int] = set()
    for path in (root / "tests").rglob("test_*.py"):
        if path.name in ("test_machine.py", "test_on_qt_loop.py"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                said = f"{node.name.replace('_', ' ')} {ast.get_docstring(node)}"
                for numbers in re.findall(r"\b[Rr]ules? ((?:\d+(?:, | and )?)+)", said):
                    named |= {int(number) for number in re.findall(r"\d+", numbers)}
    assert rules - named == set()
