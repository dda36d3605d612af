"""The values in status, events and journal, one by one."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import datetime, timedelta
from typing import Any

import pytest

from archisync_gui.model import (
    Account,
    CloseResult,
    ErrorInfo,
    Event,
    EventKind,
    FailureKind,
    Finished,
    Freshness,
    LastRead,
    Origin,
    Outcome,
    Progress,
    Reason,
    Remembered,
    RunRecord,
    Scope,
    SessionEnd,
    SessionView,
    SyncState,
    events,
)
from archisync_gui.orchestrator import Rules
from archisync_gui.orchestrator.memory import remembered
from archisync_gui.orchestrator.schedule import advanced
from archisync_gui.orchestrator.status import waiting
from archisync_gui.orchestrator.values import Moment, Stamp
from tests.orchestrator.rig import QUIET, TWO, TYPES, ListJournal, Rig, opened, served
from tests.support.clock import MONDAY, settle


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


async def test_a_status_made_between_two_steps_keeps_no_old_priority() -> None:
    """Rule 3: a status may be made from a state that was last advanced some minutes before. Its cached queue is invalid
    once the state is advanced past the time at which a priority rises."""
    async with Rig() as rig:
        rig.o.request_sync("products")
        rig.o.request_sync("prices")
        await settle()
        await rig.clock.advance(400)
        state = rig.o.state
        before = Moment(state.at.wall + timedelta(seconds=190), state.at.mono + 190)
        after = Moment(state.at.wall + timedelta(seconds=210), state.at.mono + 210)
        kept = waiting(state, before)
        assert kept.holds(advanced(state, before), before)
        assert waiting(advanced(state, after), after).entries != kept.entries
        assert not kept.holds(advanced(state, after), after)


async def test_a_suspended_run_is_shown_with_its_progress_and_can_be_run_anyway() -> None:
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


async def test_only_forms_have_the_priority_of_forms() -> None:
    """Words: other requests have at most 99, also if they ask for exactly 100."""
    async with Rig() as rig:
        rig.o.hold()
        for type, asked in (("orders", 100), ("ddt", 101), ("prices", -5)):
            rig.o.request_sync(type, priority=asked)
        assert [(e.type, e.priority) for e in rig.o.get_status().queue] == [("orders", 99), ("ddt", 99), ("prices", 1)]
        assert not any(r.for_form for r in rig.o.state.queue.values())


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


async def test_the_time_of_the_data_is_never_in_the_future() -> None:
    """Rules 12, 30: the wall clock was set back during the read."""
    async with Rig() as rig:
        ticket = rig.o.request_sync("orders")
        await settle()
        rig.clock.jump(-600)
        await rig.finish()
        result = await ticket
        assert (result.as_of, result.duration_ms) == (MONDAY - timedelta(seconds=600), 0)


async def test_forecasts_rest_on_the_last_ten_runs() -> None:
    """Rule 32."""
    async with Rig() as rig:
        for seconds in (100, *range(1, 11)):
            rig.o.request_sync("orders")
            await settle()
            await rig.clock.advance(seconds)
            await rig.finish()
        assert rig.o.state.list_state("orders", "anna").durations == tuple(map(float, range(1, 11)))
        rig.o.request_sync("orders")
        await settle()
        assert rig.o.get_status().current_run.remaining == 5.5  # type: ignore[union-attr]


@pytest.mark.parametrize(("failures", "minutes"), [(1, 15), (2, 30), (3, 60), (4, 120), (6, 120)])
async def test_after_each_failed_login_the_account_pauses_for_longer(failures: int, minutes: int) -> None:
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


async def test_the_pause_after_failed_logins_outlives_a_restart() -> None:
    """Rule 22: what may have been refused is not tried at once by the next process, or by another computer."""
    async with Rig() as rig:
        for _ in range(2):
            rig.o.request_sync("orders")
            await settle()
            await rig.fail(FailureKind.LOGIN)
        await rig.restart()
        anna = rig.o.state.accounts["anna"]
        assert (anna.login_failures, anna.login_pause) == (2, MONDAY + timedelta(minutes=30))
        rig.o.credentials_changed("anna")
        await settle()
        await rig.restart()
        anna = rig.o.state.accounts["anna"]
        assert (anna.login_failures, anna.login_pause) == (0, None)


async def test_back_off_and_failures_outlive_a_restart() -> None:
    """Rules 23, 31."""
    rules = Rules(office=None, daily_full=None)
    async with Rig(rules=rules) as rig:
        await rig.drain()
        for _ in range(4):
            rig.o.request_sync("orders")
            await settle()
            await rig.fail(FailureKind.LAYOUT)
        before = rig.o.state.list_state("orders", "anna")
        assert before.back_off == MONDAY + timedelta(minutes=40)
        await rig.restart()
        after = rig.o.state.list_state("orders", "anna")
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
        assert (told.run_id, told.type, told.scope, told.cause) == (row.id, "products", "all", "withdrawn")
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
        run = events.RunEvent(result.run_id, "customers", "anna", Scope.NEW, Origin.API, 1)
        (started,) = rig.of(EventKind.SYNC_STARTED)
        (progress,) = rig.of(EventKind.SYNC_PROGRESS)
        (completed,) = rig.of(EventKind.SYNC_COMPLETED)
        for event in (started, progress, completed):
            assert {f.name: getattr(event.data, f.name) for f in dataclasses.fields(run)} == dataclasses.asdict(run)
        assert started.data.priority == 40
        assert (progress.data.page, progress.data.pages, progress.data.rows) == (2, 3, 20)
        assert completed.data.duration_ms == result.duration_ms == 2000
        assert (completed.data.rows, completed.data.added, completed.data.changed) == (30, 2, 1)
        assert completed.data.as_of == MONDAY


async def suspended_products(rig: Rig, **asked: Any) -> None:
    """Products ran for 20 s and were suspended for a form, which has been served and is still open."""
    rig.o.request_sync("products", **asked)
    await rig.clock.advance(20)
    opened(rig, "a")
    await settle()
    await rig.suspend("page 7")
    await rig.drain()


@pytest.mark.parametrize(
    ("pause", "progress", "seconds"), [(10, Progress("read", 1, 4, 100, 400), 50.0), (301, Progress(), 30.0)]
)
async def test_a_resumed_run_keeps_its_progress_and_time(pause: float, progress: Progress, seconds: float) -> None:
    """Rules 19, 32: one that was suspended for too long starts over, at zero."""
    async with Rig() as rig:
        await suspended_products(rig)
        assert rig.of(EventKind.SYNC_SUSPENDED)[0].data.rows == 100
        await rig.clock.advance(pause)
        rig.o.resume_other_syncs("a")
        await settle()
        assert rig.o.get_status().current_run.progress == progress  # type: ignore[union-attr]
        await rig.clock.advance(30)
        await rig.finish()
        assert rig.o.state.list_state("products", "anna").durations == (seconds,)


async def test_the_origin_of_a_resumed_run_is_its_strongest_asker_now() -> None:
    """Rules 4, 19."""
    async with Rig() as rig:
        await suspended_products(rig, origin=Origin.API, priority=7)
        rig.o.request_sync("products", priority=60)
        rig.o.resume_other_syncs("a")
        await settle()
        run = rig.active.control.run
        assert (run.type, run.origin, run.priority) == ("products", Origin.OPERATOR, 60)


async def test_a_resumed_run_that_fails_is_tried_again_as_a_new_attempt() -> None:
    """Rules 19, 21: the rows read so far are lost."""
    async with Rig() as rig:
        await suspended_products(rig)
        rig.o.resume_other_syncs("a")
        await settle()
        failed = rig.active
        assert failed.resumed_from == "page 7"
        await rig.fail()
        await rig.clock.advance(5)
        again = rig.active
        assert (again.type, again.control.run.attempt, again.resumed_from) == ("products", 2, None)
        assert again.control.run.id != failed.control.run.id


async def test_row_ticket_and_event_have_the_result_of_a_run() -> None:
    """Rules 7, 31; the time of the data is the one that the runner returned."""
    async with Rig() as rig:
        ticket = rig.o.request_sync("customers")
        await settle()
        as_of = MONDAY - timedelta(seconds=90)
        rig.active.end(Finished(Outcome.COMPLETED, as_of=as_of, rows=40, gone=4, warnings=("two-pages-alike",)))
        result = await ticket
        (row,) = rig.journal.rows.values()
        (told,) = rig.of(EventKind.SYNC_COMPLETED)
        assert (row.gone, row.warnings, row.as_of) == (4, ("two-pages-alike",), as_of)
        assert (result.gone, result.as_of) == (4, as_of)
        assert (told.data.gone, told.data.warnings) == (4, ("two-pages-alike",))
        line = rig.o.get_status().statuses["customers"].accounts[0]
        assert (line.last_run_time, line.new_as_of, line.all_as_of) == (as_of, as_of, as_of)
        assert (line.last_outcome, line.rows, line.gone) == (Outcome.COMPLETED, 40, 4)
        rig.o.request_sync("customers")
        await rig.clock.advance(5)
        rig.active.end(Finished(Outcome.COMPLETED))  # without a time of the data, which is then the run's start
        await settle()
        assert rig.o.get_status().statuses["customers"].last_run_time == MONDAY


async def test_unclean_reads_in_a_row_are_counted_up_to_the_next_clean_one() -> None:
    """Status: two in a row are shown to the operator."""
    async with Rig() as rig:
        for outcome, count in [(Outcome.UNCLEAN, 1), (Outcome.UNCLEAN, 2), (Outcome.COMPLETED, 0)]:
            rig.o.request_sync("orders")
            await settle()
            await rig.finish(outcome)
            assert rig.o.get_status().statuses["orders"].accounts[0].unclean_in_a_row == count


async def test_a_fast_read_asked_for_while_the_whole_list_is_read_runs_after_it() -> None:
    """Rule 6: only what was asked before the run began is served by it."""
    async with Rig() as rig:
        rig.o.request_sync("customers")
        await settle()
        rig.o.request_sync("customers", scope=Scope.NEW)
        await rig.finish()
        assert rig.active.slot == ("customers", "anna", Scope.NEW)


async def test_a_cancelled_run_leaves_its_end_and_its_outcome() -> None:
    """Rules 26, 31."""
    async with Rig() as rig:
        rig.o.request_sync("orders")
        await rig.clock.advance(7)
        rig.o.cancel_run()
        await settle()
        (row,) = rig.journal.rows.values()
        assert (row.outcome, row.ended) == (Outcome.CANCELLED, MONDAY + timedelta(seconds=7))
        line = rig.o.get_status().statuses["orders"].accounts[0]
        assert (line.last_outcome, line.last_run_id) == (Outcome.CANCELLED, row.id)


async def test_a_request_that_a_hold_keeps_waiting_belongs_to_the_schedule_alone() -> None:
    """Words: hold. The operator's part of the same request has ended."""
    async with Rig(rules=dataclasses.replace(QUIET, schedule=True, daily_full=None)) as rig:
        rig.o.hold()
        await settle()
        mine = rig.o.request_sync("orders", priority=70)
        rig.o.release()
        await settle()
        assert rig.active.control.run.origin is Origin.OPERATOR
        rig.o.hold()
        await settle()
        assert mine.result is not None
        assert mine.result.outcome is Outcome.CANCELLED
        (kept,) = [e for e in rig.o.get_status().queue if e.type == "orders"]
        assert (kept.origin, kept.priority) == (Origin.SCHEDULE, 6)


async def test_a_form_that_asks_again_after_a_hold_is_not_answered_by_the_run_the_hold_ended() -> None:
    """Rules 12, 18."""
    async with Rig() as rig:
        opened(rig, "a")
        await settle()
        run = rig.active
        run.ignores_cancel = True
        rig.o.hold()
        await settle()
        rig.o.release()
        form = opened(rig, "a")
        await settle()
        run.throw(asyncio.CancelledError())
        await settle()
        assert not form.done()
        await rig.finish()
        assert (await form).code == "fresh"


async def test_every_failed_attempt_says_whether_it_was_the_last_and_only_the_last_counts() -> None:
    """Rules 21, 23, 31."""
    async with Rig() as rig:
        rig.o.request_sync("orders")
        await settle()
        for pause, counted in [(5, 0), (10, 0), (20, 0), (0, 1)]:
            rig.active.control.progress(Progress(rows=30))
            await rig.fail()
            assert rig.o.get_status().statuses["orders"].accounts[0].failures_in_a_row == counted
            await rig.clock.advance(pause)
        assert [e.data.final for e in rig.of(EventKind.SYNC_ERROR)] == [False, False, False, True]
        assert [row.rows for row in rig.journal.rows.values()] == [30] * 4
        rig.o.request_sync("customers", scope=Scope.NEW)
        await settle()
        await rig.fail(FailureKind.PERMANENT)
        assert rig.o.get_status().statuses["customers"].accounts[0].failures_in_a_row == 0  # only whole reads count


async def test_a_new_status_is_made_when_a_sign_of_life_changed_a_deadline_and_only_then() -> None:
    """Rules 7, 15: no event reports it, but the next status has to contain it."""
    async with Rig() as rig:
        await rig.o.smart_customer_sync("a", wait=False)
        await settle()
        await rig.drain()
        first = rig.o.get_status()
        await rig.clock.advance(60)
        assert rig.o.get_status() is first
        told = len(rig.events)
        rig.o.touch("a")
        assert rig.o.get_status().revision > first.revision
        assert rig.o.get_status().sessions[0].deadline == MONDAY + timedelta(seconds=660)
        assert len(rig.events) == told


async def test_calls_of_a_runner_after_its_run_do_not_affect_the_next_one() -> None:
    """Rules 1, 2, 19."""
    async with Rig() as rig:
        rig.o.request_sync("orders")
        await settle()
        late = rig.active
        await rig.finish()
        assert not late.control.suspend_requested()
        rig.o.request_sync("products")
        await settle()
        opened(rig, "a")
        await settle()
        late.control.progress(Progress(rows=7))
        assert not late.control.suspend_requested()
        assert rig.active.control.suspend_requested()
        assert rig.o.get_status().current_run.progress == Progress()  # type: ignore[union-attr]
        await rig.suspend()
        await rig.drain()


async def test_closing_cancels_a_run_again_that_ignored_the_first_cancellation() -> None:
    """Rule 27."""
    async with Rig() as rig:
        ticket, run = await rig.deaf("orders")
        rig.o.cancel_run()
        await settle()
        assert not run.over
        run.ignores_cancel = False
        before = rig.clock.now()
        await rig.close()
        assert (await ticket).outcome is Outcome.CANCELLED
        assert rig.clock.now() == before  # closing did not wait


async def test_the_same_credentials_are_tried_with_the_list_that_was_refused() -> None:
    """Rule 22: otherwise with the account's own list of the highest priority."""
    async with Rig(accounts=(Account("anna", catalogue=True), Account("bruno"))) as rig:
        for type, account in (("ddt", "anna"), ("orders", "bruno")):
            rig.o.request_sync(type, account)
            await settle()
            await rig.fail(FailureKind.CREDENTIALS)
        retried = rig.o.retry_login("anna")
        await settle()
        assert rig.active.slot == ("ddt", "anna", Scope.ALL)
        await rig.finish()
        assert (await retried).outcome is Outcome.COMPLETED
        assert [a.stopped is None for a in rig.o.get_status().accounts] == [True, False]
        again = rig.o.retry_login("anna")
        await settle()
        assert rig.active.slot == ("orders", "anna", Scope.ALL)
        await rig.finish()
        assert (await again).outcome is Outcome.COMPLETED
    prices, ddt = (dataclasses.replace(t, priority=p) for t, p in zip(TYPES[4:1:-2], (2, 1), strict=True))
    async with Rig(types=(prices, ddt)) as rig:
        rig.o.retry_login("anna")
        await settle()
        assert rig.active.type == "ddt", "a shared list may be read by another account"
        await rig.finish()


async def test_events_report_the_beginning_and_the_end_of_a_hold() -> None:
    async with Rig() as rig:
        for change in (rig.o.hold, rig.o.hold, rig.o.release, rig.o.release):
            change()
        assert [e.data for e in rig.of(EventKind.HOLD_CHANGED)] == [events.HoldChanged(True), events.HoldChanged(False)]


async def test_other_changed_rules_do_not_move_the_daily_read() -> None:
    """Rule 29: only a changed hour or time zone moves it."""
    rules = Rules(office=None)
    async with Rig(rules=rules) as rig:
        rig.auto = lambda run: run.finish()
        await rig.drain()
        due = rig.o.state.daily_due
        assert due is not None
        rig.clock.jump(0.5)
        kept = due - timedelta(minutes=1)  # as after the clock was set
        rig.o._dispatcher.state = dataclasses.replace(rig.o.state, daily_due=kept)
        rig.o.set_rules(dataclasses.replace(rules, lease=700.0))
        assert rig.o.state.daily_due == kept
        assert rig.events[-1].kind in (EventKind.SCHEDULE_CHANGED, EventKind.QUEUE_UPDATED)
        rig.o.set_rules(dataclasses.replace(rules, lease=700.0, zone="UTC"))
        assert rig.o.state.daily_due not in (kept, due)


async def test_a_session_is_looked_up_and_ended_by_its_handle() -> None:
    """Rules 14, 16."""
    async with Rig() as rig:
        await rig.o.smart_customer_sync("a", wait=False)
        await rig.o.smart_customer_sync("b", wait=False)
        rig.o.resume_other_syncs("early")  # closed before it was opened: remembered, without a handle
        assert rig.o.session("") is SessionEnd.UNKNOWN
        first, second = (s.handle for s in rig.o.get_status().sessions)
        view = rig.o.session(first)
        assert isinstance(view, SessionView)
        assert view.handle == first
        assert rig.o.end_session(first)
        assert not rig.o.end_session(first)
        assert (rig.o.session(first), rig.o.touch("a")) == (SessionEnd.OPERATOR, SessionEnd.OPERATOR)
        assert isinstance(rig.o.session(second), SessionView)
        assert rig.o.end_sessions() == 1
        assert rig.o.end_sessions() == 0


async def test_a_close_says_whether_there_was_anything_to_close() -> None:
    """Rules 14, 16."""
    async with Rig() as rig:
        for _ in range(2):
            await rig.o.smart_customer_sync(None, token="shop", wait=False)
        await rig.o.smart_customer_sync("a", wait=False)
        anonymous = next(id for id, s in rig.o.state.sessions.items() if s.anonymous)
        assert rig.o.resume_other_syncs(anonymous) == CloseResult(False, 3, SessionEnd.UNKNOWN)
        assert rig.o.resume_other_syncs(None, "another") == CloseResult(False, 3, SessionEnd.UNKNOWN)
        assert rig.o.resume_other_syncs(None, "shop") == CloseResult(True, 2, SessionEnd.CLOSED)
        assert rig.o.resume_other_syncs("a") == CloseResult(True, 1, SessionEnd.CLOSED)
        rig.o.end_sessions()
        assert rig.o.resume_other_syncs("a") == CloseResult(False, 0, SessionEnd.CLOSED)


async def test_the_answer_to_a_form_has_its_waiting_time_and_the_counts() -> None:
    """Rule 12."""
    async with Rig() as rig:
        form = opened(rig, "a")
        await rig.clock.advance(4)
        await rig.finish(rows=9, added=2, changed=3)
        answer = await form
        assert (answer.code, answer.duration_ms, answer.added, answer.changed) == ("fresh", 4000, 2, 3)
        assert (answer.session_count, answer.new_as_of, answer.reason) == (1, MONDAY, None)
        await rig.drain()
        again = await rig.o.smart_customer_sync("a")
        assert (again.code, again.duration_ms, again.added) == ("fresh", 0, 0)
        assert rig.o._waiters._forms == {}


async def test_a_form_is_not_told_of_a_failure_of_the_following_whole_list() -> None:
    """Rules 12, 13: it waits for its fast read only."""
    async with Rig() as rig:
        first = opened(rig, "a")
        await settle()
        await rig.finish()
        assert (await first).code == "fresh"
        assert rig.active.slot == ("customers", "anna", Scope.ALL)
        await rig.clock.advance(31)
        form = opened(rig, "a")
        await settle()
        await rig.fail()
        assert not form.done()
        assert rig.active.slot == ("customers", "anna", Scope.NEW)
        await rig.finish()
        assert (await form).code == "fresh"
        await rig.drain()


async def test_a_read_starts_exactly_at_its_due_time() -> None:
    """Rules 2, 21: the dispatcher's alarm is exact to a fraction of a second."""
    async with Rig(rules=dataclasses.replace(QUIET, retry_pauses=(0.25,))) as rig:
        rig.o.request_sync("orders")
        await settle()
        assert rig.active.control.run.preemptible  # the default: the run may have to be suspended
        await rig.fail()
        await rig.clock.advance(0.25)
        assert rig.active.control.run.attempt == 2


async def test_a_list_that_the_schedule_never_reads_does_not_back_off() -> None:
    """Rule 23: it is the schedule's interval that doubles."""
    async with Rig() as rig:
        rig.o.set_schedule("orders", None)
        for _ in range(3):
            rig.o.request_sync("orders")
            await settle()
            await rig.fail(FailureKind.LAYOUT)
        line = rig.o.get_status().statuses["orders"]
        assert (line.state.value, line.accounts[0].failures_in_a_row) == ("idle", 3)


async def test_closing_waits_ten_seconds_for_a_run_that_does_not_end() -> None:
    """Rule 27: the default of the parameter."""
    async with Rig() as rig:
        await rig.deaf("orders")
        closing = asyncio.ensure_future(rig.o.close())
        await rig.clock.advance(9.5)
        assert not closing.done()
        await rig.clock.advance(0.5)
        assert closing.done()
        rig.active.finish()
        await settle()


async def test_listeners_after_one_that_makes_requests_get_events_in_order_too() -> None:
    """Rule 7."""
    async with Rig() as rig:

        def asks(event: Event) -> None:
            if event.kind is EventKind.SYNC_STARTED and event.data.type == "orders":
                rig.o.request_sync("ddt")

        heard: list[int] = []
        rig.o.subscribe(asks)
        rig.o.subscribe(lambda event: heard.append(event.revision))
        rig.o.request_sync("orders")
        await settle()
        assert len(heard) >= 2
        assert heard == sorted(heard)
        await rig.drain()


async def test_runs_ended_by_closing_are_cancelled_and_have_that_reason() -> None:
    """Rules 26, 27: the end of the program is no failure of the run."""
    async with Rig() as rig:
        ticket = rig.o.request_sync("orders")
        await settle()
        await rig.close()
        assert (await ticket).outcome is Outcome.CANCELLED
        assert [e.data.cause for e in rig.of(EventKind.SYNC_CANCELLED)] == ["closing"]


async def test_the_journal_keeps_events_but_not_the_floods_of_progress_and_queue() -> None:
    """Rule 31."""
    async with Rig() as rig:
        rig.o.request_sync("orders")
        await settle()
        rig.o.request_sync("ddt")
        rig.active.control.progress(Progress(rows=5))
        await rig.drain()
        told = set(rig.kinds())
        kept = {e.kind for e in rig.journal.events}
        assert told >= {EventKind.SYNC_PROGRESS, EventKind.QUEUE_UPDATED, EventKind.SYNC_STARTED}
        assert told - kept == {EventKind.SYNC_PROGRESS, EventKind.QUEUE_UPDATED}


async def test_a_note_is_written_once_whatever_else_is_noted_later() -> None:
    """Rule 31."""
    async with Rig() as rig:
        rig.o.hold()
        await settle()
        rig.o.login_refused("anna", ErrorInfo("login-refused", FailureKind.CREDENTIALS, "refused"))
        await settle()
    assert [c for c in rig.journal.calls if c.startswith("note ")] == ["note hold", "note stopped:anna"]


async def test_a_journal_that_fails_makes_a_new_status(expected_errors: Any) -> None:
    """Rule 31: an event (which is not stored) reports it, so that the panel shows it at once."""
    expected_errors("the journal failed")
    async with Rig() as rig:
        shown = rig.o.get_status()

        def look(event: Event) -> None:
            nonlocal shown
            shown = rig.o.get_status()

        rig.o.subscribe(look)
        rig.journal.error = OSError("disk full")
        rig.o.hold()
        assert rig.o.get_status().journal_error is None
        await settle()
        assert shown.journal_error is not None
        told = len(rig.events)
        await rig.clock.advance(61)  # it fails several times, which is reported once
        assert len(rig.events) == told
        rig.journal.error = None
        await rig.clock.advance(31)  # a retry: nothing else happens
        assert shown.journal_error is None
        assert rig.journal.notes["hold"] is not None


async def test_a_hold_keeps_requests_of_schedule_and_forms_and_ends_those_of_the_operator() -> None:
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
        assert [e.data.cause for e in rig.of(EventKind.SYNC_CANCELLED)] == ["hold"]
        rig.o.release()
        await settle()
        assert rig.active.type == "orders"
        ended = rig.o.request_sync("orders")
        await rig.finish()
        await settle()
        assert rig.active.type == "orders"  # requested during the run
        rig.o.hold()
        await settle()
        assert (await ended).outcome is Outcome.CANCELLED


async def test_events_report_the_first_form_that_opens_and_the_last_that_closes() -> None:
    """Rules 7, 17."""
    async with Rig() as rig:
        first = await rig.o.smart_customer_sync("a", wait=False)
        await rig.o.smart_customer_sync("b", wait=False)
        rig.o.resume_other_syncs("a")
        assert rig.of(EventKind.SMART_SYNC_ENDED) == []
        rig.o.resume_other_syncs("b")
        (started,) = rig.of(EventKind.SMART_SYNC_STARTED)
        (ended,) = rig.of(EventKind.SMART_SYNC_ENDED)
        assert (started.data, ended.data) == (events.SmartSyncStarted(first.handle), events.SmartSyncEnded())


async def test_the_cost_of_a_form_is_counted_for_it_alone_and_from_the_beginning_of_quiet() -> None:
    """Rule 17: time that requests waited before quiet has another cause; the longest wait of a form counts."""
    async with Rig(accounts=(Account("anna"), Account("bruno"))) as rig:
        opened(rig, "a", account="anna")
        await settle()
        await rig.clock.advance(2)
        await rig.drain()
        await rig.clock.advance(3)
        opened(rig, "b", account="anna")  # served at once, which does not change the wait of the first one
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
        costs = [(e.data.customers_ms, e.data.put_off_ms) for e in rig.of(EventKind.SESSION_CLOSED)]
        assert costs == [(2000, None), (0, 0), (0, 40_000)]
        await rig.drain()


async def test_a_list_never_read_is_expected_to_take_a_minute_and_a_fast_read_five_seconds() -> None:
    """Rule 32."""
    async with Rig(rules=Rules(office=None, daily_full=None)) as rig:
        assert {f.seconds for f in (await rig.o.explain()).forecast} == {60.0}
        await rig.drain()
        rig.o.request_sync("customers", scope=Scope.NEW)
        await settle()
        assert rig.o.get_status().current_run.remaining == 5.0  # type: ignore[union-attr]
        await rig.drain()


@pytest.mark.parametrize(("attempt", "last"), [(60, "new"), (10, "old")])
async def test_of_a_shared_list_that_two_accounts_read_the_newest_is_remembered(attempt: int, last: str) -> None:
    """Rules 8, 31: for each of the times, and for the attempts; a time in the future is doubtful (rule 30)."""

    def ago(minutes: int) -> datetime:
        return MONDAY - timedelta(minutes=minutes)

    def row(id: str, account: str, at: datetime) -> RunRecord:
        return RunRecord(id, "products", account, Scope.ALL, None, Origin.SCHEDULE, 1, at, at, at)

    durations = tuple(map(float, range(12)))
    older = LastRead("products", "anna", ago(60), ago(60), ago(60), row("old", "anna", ago(attempt)), 2, durations)
    newer = LastRead("products", "bruno", ago(30), ago(90), None, row("new", "bruno", ago(30)), 1, ())
    ahead = LastRead("orders", "anna", ago(-5), ago(0))
    async with Rig() as rig:
        now = rig.o._dispatcher.now()
        memory = remembered(
            rig.o.state, now, Remembered((newer, older, ahead), (), {"failures:products:": {"count": 2}}, None)
        )
        list_state = memory.list_state("products", "anna")
        assert (list_state.success, list_state.new, list_state.whole) == (
            Stamp(ago(30)),
            Stamp(ago(60)),
            Stamp(ago(60)),
        )
        assert list_state.last is not None
        assert list_state.last.id == last
        assert (list_state.failures, list_state.unclean, list_state.back_off) == (2, 1, None)
        assert list_state.durations == durations[-10:]
        orders = memory.list_state("orders", "anna")
        assert (orders.success, orders.new, orders.whole) == (Stamp(ago(-5), doubtful=True), Stamp(ago(0)), None)


@pytest.mark.parametrize(
    ("type", "failures", "minutes"),
    [("orders", 2, None), ("orders", 3, 20), ("orders", 6, 120), ("products", 3, 120), ("orders", 99, 120)],
)
async def test_a_restart_finds_the_same_back_off(type: str, failures: int, minutes: int | None) -> None:
    """Rules 23, 31: the interval doubles with each failure, up to two hours; a note stores count and pause."""
    async with Rig() as rig:
        for _ in range(failures):
            rig.o.request_sync(type)
            await settle()
            await rig.fail(FailureKind.LAYOUT)
        until = None if minutes is None else MONDAY + timedelta(minutes=minutes)
        before = rig.o.state.list_state(type, "anna")
        assert (before.failures, before.back_off) == (failures, until)
        await rig.restart()
        after = rig.o.state.list_state(type, "anna")
        assert (after.failures, after.back_off) == (failures, until)


async def test_a_type_is_shown_as_its_worst_account_is() -> None:
    """Status: never read counts as worse than fresh; the older last success; the first place in the queue; running if
    one account is."""
    async with Rig(accounts=(Account("anna"), Account("bruno"))) as rig:
        rig.o.request_sync("orders", "anna")
        await settle()
        await rig.finish()
        assert rig.o.get_status().statuses["orders"].freshness is Freshness.NEVER
        await rig.clock.advance(60)
        rig.o.request_sync("orders", "bruno")
        await settle()
        assert rig.o.get_status().statuses["orders"].is_running
        await rig.finish()
        rig.o.hold()
        rig.o.request_sync("orders")
        shown = rig.o.get_status().statuses["orders"]
        assert (shown.freshness, shown.last_run_time, shown.queue_position) == (Freshness.FRESH, MONDAY, 1)


async def test_each_line_shows_its_own_place_reason_and_next_run() -> None:
    """Status: of two accounts, and of several that wait."""
    async with Rig(rules=Rules(office=None, daily_full=None), accounts=TWO) as rig:
        await rig.drain()
        await rig.clock.advance(60)
        for kinds in rig.o.get_status().statuses.values():
            for line in kinds.accounts:
                assert line.expected is not None
                assert (line.expected.type, line.expected.account) == (line.type, line.account)
        for type in ("orders", "ddt", "invoices"):
            rig.o.request_sync(type, "bruno")
            await settle()
        status = rig.o.get_status()
        shown = [status.statuses[type].accounts[1] for type in ("ddt", "invoices")]
        assert [(a.state, a.reason, a.queue_position) for a in shown] == [
            (SyncState.QUEUED, Reason.RUNNING, 1),
            (SyncState.QUEUED, Reason.BEHIND, 2),
        ]
        assert [e.run_anyway_possible for e in status.queue] == [False, False]
        await rig.drain()


async def test_when_quiet_is_over_no_end_of_it_is_shown() -> None:
    """Rule 11."""
    async with Rig(rules=dataclasses.replace(QUIET, lease=1e6)) as rig:
        await served(rig, "a")
        assert rig.o.get_status().quiet_until == MONDAY + timedelta(minutes=15)
        await rig.clock.advance(900)
        status = rig.o.get_status()
        assert (status.breathing, status.quiet_until) == (True, None)


async def test_a_list_that_was_never_read_has_no_counts() -> None:
    async with Rig() as rig:
        (line,) = rig.o.get_status().statuses["orders"].accounts
        assert (line.rows, line.added, line.changed, line.gone) == (None, 0, 0, 0)
        assert (line.last_attempt, line.last_outcome, line.last_run_id) == (None, None, None)


async def test_the_status_is_built_once_for_each_revision(monkeypatch: pytest.MonkeyPatch) -> None:
    """A status needs a forecast of the whole queue; fifty pages that poll it must not cause fifty forecasts."""
    from archisync_gui.orchestrator import status as module

    built: list[int] = []
    real = module._status

    def counted(state: Any, now: Any, revision: int, *more: Any) -> Any:
        built.append(revision)
        return real(state, now, revision, *more)

    monkeypatch.setattr(module, "_status", counted)
    async with Rig() as rig:
        rig.o.hold()
        built.clear()
        first = rig.o.get_status()
        assert all(rig.o.get_status() is first for _ in range(50))
        await rig.clock.advance(5)
        assert rig.o.get_status().hold_since is not None
        rig.o.request_sync("orders")
        rig.o.get_status()
    assert len(built) == len(set(built)), "built twice for one revision"
    assert 1 <= len(built) <= 3
