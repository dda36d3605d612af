"""What callers learn and when: the status changes at once, and each asker gets the true outcome of its request."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import timedelta

import pytest

from archisync_gui.model import (
    ErrorInfo,
    EventKind,
    FailureKind,
    Finished,
    Origin,
    Outcome,
    Progress,
    Reason,
    Scope,
    SessionEnd,
    SmartSyncResult,
    SyncState,
)
from archisync_gui.model import events as said
from archisync_gui.orchestrator import Feed, Rules
from archisync_gui.orchestrator.listeners import Listeners
from archisync_gui.orchestrator.values import Moment
from tests.orchestrator.rig import QUIET, TWO, Rig, opened, served
from tests.support.clock import MONDAY, settle
from tests.support.events import an_event


async def test_the_status_says_at_once_that_a_run_is_to_end() -> None:
    """Rule 26: a run that hangs is shown as stopping, not as working, until it is abandoned."""
    async with Rig() as rig:
        _, run = await rig.deaf("orders")
        assert rig.o.get_status().current_run.stopping is None  # type: ignore[union-attr]
        heard = rig.o.events()
        rig.o.cancel_run()
        assert rig.o.get_status().current_run.stopping == "operator"  # type: ignore[union-attr]
        event = await anext(heard)
        assert isinstance(event.data, said.SyncStopping)
        assert (event.data.type, event.data.cause) == ("orders", "operator")
        rig.o.cancel_run()
        await settle()
        assert len(rig.of(EventKind.SYNC_STOPPING)) == 1
        await heard.aclose()
        run.finish()
        await settle()


async def test_a_cancellation_by_the_watchdog_is_shown_at_once_too() -> None:
    """Rule 24."""
    async with Rig() as rig:
        _, run = await rig.deaf("orders")
        rig.o.get_status()
        await rig.clock.advance(121)
        assert rig.o.get_status().current_run.stopping == "watchdog"  # type: ignore[union-attr]
        run.finish()
        await settle()


@pytest.mark.parametrize("stop", ["operator", "hold", "watchdog"])
async def test_a_read_that_was_stored_before_it_was_stopped_counts_as_stored(stop: str) -> None:
    """Rule 26: when the cancellation comes after the commit, the runner returns its result. The outcome *cancelled*
    would mean that the stored data are unchanged."""
    async with Rig() as rig:
        ticket, run = await rig.deaf("orders")
        match stop:
            case "operator":
                rig.o.cancel_run()
            case "hold":
                rig.o.hold()
            case _:
                await rig.clock.advance(121)
        await settle()
        run.finish()
        assert (await ticket).outcome is Outcome.COMPLETED
        assert rig.of(EventKind.SYNC_CANCELLED) == []
        assert len(rig.of(EventKind.SYNC_COMPLETED)) == 1
        assert rig.o.get_status().statuses["orders"].accounts[0].last_run_time is not None
        assert [row.outcome for row in rig.journal.rows.values()] == [Outcome.COMPLETED]


@pytest.mark.parametrize("how", ["unclean", "skipped", "cancelled", "removed", "failed"])
async def test_a_form_that_was_answered_pending_gets_an_event_when_its_read_brought_nothing(how: str) -> None:
    """Rule 12: the call has been answered already, so the form learns it through its line."""
    async with Rig(accounts=TWO) as rig:
        if how == "removed":
            rig.o.request_sync("orders", "anna")
            await settle()
        assert (await rig.o.smart_customer_sync("a", wait=False)).code == "pending"
        assert (await rig.o.smart_customer_sync("b", "bruno", wait=False)).code == "pending"
        await settle()
        handle = rig.o.get_status().sessions[0].handle
        match how:
            case "unclean":
                await rig.finish(Outcome.UNCLEAN)
            case "skipped":
                await rig.finish(Outcome.SKIPPED)
            case "cancelled":
                rig.o.cancel_run()
                await settle()
            case "removed":
                (waiting,) = [r for r in rig.o.get_status().queue if r.account == "anna" and r.scope is Scope.NEW]
                rig.o.remove(waiting.id)
            case _:
                await rig.fail()
        (told,) = rig.of(EventKind.SESSION_UNSERVED)
        assert isinstance(told.data, said.SessionUnserved)
        assert told.data.handle == handle
        assert told.data.error.code == ("erp-slow" if how == "failed" else "fast-read-ended")


async def test_a_hold_is_reported_to_waiting_forms() -> None:
    """Rule 18."""
    async with Rig() as rig:
        await rig.o.smart_customer_sync("a", wait=False)
        await settle()
        rig.o.hold()
        await settle()
        assert [e.data.error.code for e in rig.of(EventKind.SESSION_UNSERVED)] == ["held"]
        rig.o.release()
        await settle()
        await rig.finish()
        assert (await rig.o.smart_customer_sync("a")).code == "fresh"


async def test_a_hold_is_not_reported_to_forms_that_do_not_wait_and_only_once_to_others() -> None:
    """Rule 18."""
    async with Rig(accounts=TWO) as rig:
        await served(rig, "a")  # already has its customers
        waits = await rig.o.smart_customer_sync("b", "bruno", wait=False)
        await settle()
        rig.o.hold()
        rig.o.hold(rig.clock.now() + timedelta(hours=1))
        await settle()
        assert [e.data.handle for e in rig.of(EventKind.SESSION_UNSERVED)] == [waits.handle]


async def test_a_hold_is_not_reported_to_a_form_that_has_its_new_customers() -> None:
    """Rules 13, 18: the hold stops only the whole list that follows for the form."""
    async with Rig() as rig:
        form = opened(rig, "a")
        await settle()
        await rig.finish()
        assert (await form).code == "fresh"
        assert rig.active.slot == ("customers", "anna", Scope.ALL)
        rig.o.hold()
        await settle()
        assert len(rig.of(EventKind.SYNC_CANCELLED)) == 1
        assert rig.of(EventKind.SESSION_UNSERVED) == []


REFUSED = ErrorInfo("credentials-refused", FailureKind.CREDENTIALS, "the ERP refused the password")


async def behind_a_login(rig: Rig) -> asyncio.Task[SmartSyncResult]:
    """A form's call that waits while another read of its account logs in, where no read can be suspended."""
    rig.o.request_sync("orders", "anna")
    await settle()
    form = opened(rig, "a", "anna")
    await settle()
    assert rig.active.type == "orders"
    return form


@pytest.mark.parametrize("test", [False, True])
async def test_a_form_that_was_answered_pending_gets_an_event_when_its_account_is_stopped(test: bool) -> None:
    """Rules 12, 22: stopped by another list's login, or by the operator's test of the password (``test``)."""
    async with Rig(accounts=TWO) as rig:
        form = await behind_a_login(rig)
        other = await rig.o.smart_customer_sync("b", "bruno", wait=False)
        await rig.clock.advance(10)
        answer = await form
        assert (answer.code, other.code) == ("pending", "pending")
        if test:
            rig.o.login_refused("anna", REFUSED)
        else:
            await rig.fail(FailureKind.CREDENTIALS, "credentials-refused")
        await settle()
        told = [e.data for e in rig.of(EventKind.SESSION_UNSERVED) if isinstance(e.data, said.SessionUnserved)]
        assert [(one.handle, one.error.code) for one in told] == [(answer.handle, "credentials-refused")]


@pytest.mark.parametrize("test", [False, True])
async def test_the_call_of_a_waiting_form_is_answered_when_its_account_is_stopped(test: bool) -> None:
    """Rules 12, 22."""
    async with Rig(accounts=TWO) as rig:
        form = await behind_a_login(rig)
        await rig.clock.advance(5)
        if test:
            rig.o.login_refused("anna", REFUSED)
        else:
            await rig.fail(FailureKind.CREDENTIALS, "credentials-refused")
        await settle()
        assert form.done()
        answer = await form
        assert answer.code == "stopped"
        assert answer.error is not None
        assert answer.error.code == "credentials-refused"


@pytest.mark.parametrize("reading", [False, True])
async def test_during_a_hold_a_form_with_a_stopped_account_gets_the_reason_of_the_account(reading: bool) -> None:
    """Rule 9: the end of the hold would bring it no read. Its read may be under way when the operator's test is
    refused: that read is logged in already, and the hold ends it."""
    async with Rig() as rig:
        if reading:
            assert (await rig.o.smart_customer_sync("a", "anna", wait=False)).code == "pending"
            await settle()
        rig.o.login_refused("anna", REFUSED)
        if not reading:
            assert (await rig.o.smart_customer_sync("a", "anna")).code == "stopped"
        assert rig.of(EventKind.SESSION_UNSERVED) == []
        rig.o.hold()
        await settle()
        told = [e.data for e in rig.of(EventKind.SESSION_UNSERVED) if isinstance(e.data, said.SessionUnserved)]
        assert [one.error.code for one in told] == ["credentials-refused"]


@pytest.mark.parametrize("reason", [Reason.OFFLINE, Reason.LOGIN_BUDGET])
@pytest.mark.parametrize("asks", ["form", "operator"])
async def test_a_new_request_does_not_wait_like_a_repeat(reason: Reason, asks: str) -> None:
    """Rule 9: the repeat of a failed read may wait until midnight; a new request is tried, and answered."""
    budget = 0 if reason is Reason.LOGIN_BUDGET else 15
    async with Rig(rules=dataclasses.replace(QUIET, login_budget=budget)) as rig:
        assert (await rig.o.smart_customer_sync("a", wait=False)).code == "pending"
        await settle()
        if reason is Reason.OFFLINE:
            rig.o.set_away(reason)
        await rig.fail()
        await rig.clock.advance(60)
        assert rig.idle
        assert [entry.reason for entry in rig.o.get_status().queue] == [reason]
        if asks == "form":
            form = opened(rig, "a")
            await settle()
            await rig.fail()
            assert (await form).code == "failed"
        else:
            ticket = rig.o.request_sync("customers", "anna", Scope.NEW)
            await settle()
            await rig.finish()
            assert (await ticket).outcome is Outcome.COMPLETED
            await rig.drain()


async def test_a_request_made_while_a_read_fails_does_not_wait_like_the_repeat() -> None:
    """Rules 6, 9: the second form called too late for the first one's read, so it does not get that failure."""
    async with Rig() as rig:
        assert (await rig.o.smart_customer_sync("a", wait=False)).code == "pending"
        await settle()
        await rig.clock.advance(40)
        second = opened(rig, "b")
        await settle()
        rig.o.set_away(Reason.OFFLINE)
        await rig.fail()
        assert not second.done()
        await rig.clock.advance(6)  # the pause before the repeat
        assert rig.active.slot == ("customers", "anna", Scope.NEW)
        await rig.finish()
        assert (await second).code == "fresh"
        await rig.drain()


async def test_a_request_of_the_schedule_that_joins_a_repeat_waits_like_it() -> None:
    """Rule 9: the schedule is no new request of a person."""
    async with Rig(rules=Rules(office=None, daily_full=None)) as rig:
        await rig.drain()
        rig.o.request_sync("orders")
        await settle()
        rig.o.set_away(Reason.OFFLINE)
        await rig.fail()
        runs = len(rig.runs)
        await rig.clock.advance(11 * 60)
        assert {"operator", "schedule"} == {a.origin for r in rig.o.state.queue.values() for a in r.askers}
        assert len(rig.runs) == runs


@pytest.mark.parametrize("reading", [False, True])
async def test_a_form_that_was_answered_held_gets_its_read_after_the_hold(reading: bool) -> None:
    """Rule 9: ``held`` promises a read at the end of the hold, which then does not wait like a repeat."""
    async with Rig() as rig:
        assert (await rig.o.smart_customer_sync("a", wait=False)).code == "pending"
        await settle()
        await rig.fail()
        if reading:
            await rig.clock.advance(6)
            assert rig.active.control.run.attempt == 2
        rig.o.hold()
        await settle()
        assert rig.of(EventKind.SESSION_UNSERVED)[-1].data.error.code == "held"  # type: ignore[union-attr]
        rig.o.set_away(Reason.OFFLINE)
        await rig.clock.advance(6)
        rig.o.release()
        await settle()
        assert rig.active.slot == ("customers", "anna", Scope.NEW)
        await rig.finish()
        await rig.drain()


async def test_a_form_that_asks_at_the_end_of_a_long_whole_read_gets_a_read_of_its_own() -> None:
    """Rules 6, 12: it joins a fast read that waits for its repeat; the whole read about to end began too long ago."""
    async with Rig(accounts=TWO) as rig:
        first = opened(rig, "a")
        await settle()
        await rig.fail()
        assert (await first).code == "failed"
        await rig.clock.advance(1)
        rig.o.request_sync("customers", "anna")
        whole = next(r for r in rig.o.get_status().queue if r.scope is Scope.ALL)
        rig.o.run_anyway(whole.id)
        await settle()
        assert rig.active.slot == ("customers", "anna", Scope.ALL)
        await rig.clock.advance(60)
        second = opened(rig, "b", "anna")
        await settle()
        await rig.finish()
        assert not second.done()
        assert rig.active.slot == ("customers", "anna", Scope.NEW)
        await rig.finish()
        assert (await second).code == "fresh"
        await rig.drain()


async def test_a_fast_read_that_was_joined_during_a_whole_read_is_not_satisfied_by_it() -> None:
    """Rule 6: the last asker gets rows read after its request."""
    async with Rig() as rig:
        rig.o.request_sync("orders")
        await settle()
        first = rig.o.request_sync("customers", scope=Scope.NEW, priority=1)
        rig.o.request_sync("customers")
        await rig.finish()
        assert rig.active.slot == ("customers", "anna", Scope.ALL)
        await rig.clock.advance(60)
        second = rig.o.request_sync("customers", scope=Scope.NEW, priority=1)
        await rig.finish()
        assert not second.done
        assert rig.active.slot == ("customers", "anna", Scope.NEW)
        await rig.finish()
        assert (await second).outcome is (await first).outcome is Outcome.COMPLETED


@pytest.mark.parametrize("outcome", [Outcome.COMPLETED, Outcome.UNCLEAN])
@pytest.mark.parametrize("joined", [False, True])
async def test_a_fast_read_of_the_whole_list_leaves_no_older_suspended_rows(outcome: Outcome, joined: bool) -> None:
    """Rules 6, 19: a clean one satisfies the suspended whole read; otherwise that one starts over without old rows."""
    async with Rig() as rig:
        ticket = rig.o.request_sync("customers", "anna")
        await settle()
        before = rig.active.control.run.id
        await rig.clock.advance(1)
        form = opened(rig, "a")
        await settle()
        await rig.suspend("rows of before")
        if joined:  # this request came after the fast read began, so that read is too old for it
            await rig.clock.advance(5)
            rig.o.request_sync("customers", "anna")
            await settle()
        began = rig.clock.now()
        rig.active.end(Finished(outcome, as_of=began, rows=9, whole=True))
        await settle()
        assert (await form).code == ("fresh" if outcome is Outcome.COMPLETED else "failed")
        rig.o.resume_other_syncs("a")
        await settle()
        if outcome is Outcome.COMPLETED and not joined:
            assert rig.idle
            assert (await ticket).outcome is Outcome.COMPLETED
            assert rig.journal.rows[before].outcome is Outcome.CANCELLED, "rule 31: its row ends"
        else:
            assert not ticket.done
            assert rig.active.slot == ("customers", "anna", Scope.ALL)
            assert rig.active.control.resume is None, "resumed with rows older than those of the fast read"
            await rig.finish()
            assert (await ticket).outcome is Outcome.COMPLETED
        success = rig.o.state.list_state("customers", "anna").success
        assert success is not None
        assert success.wall >= began


async def test_a_fast_read_of_the_whole_list_counts_as_the_owed_read() -> None:
    """Rule 28: the list is not read a second time at once."""
    async with Rig(rules=Rules(office=None)) as rig:
        await rig.drain()
        due = rig.o.state.list_state("customers", "anna").due
        assert due is not None
        await rig.clock.advance((due - rig.clock.now()).total_seconds() + 1)
        while rig.active.type != "customers":
            await rig.finish()
        assert rig.o.state.list_state("customers", "anna").owed == due
        form = opened(rig, "a")
        await settle()
        await rig.suspend()
        rig.active.end(Finished(Outcome.COMPLETED, as_of=rig.clock.now(), rows=9, whole=True))
        await settle()
        assert (await form).code == "fresh"
        assert rig.o.state.list_state("customers", "anna").owed is None
        await rig.drain()


async def asked_again_a_minute_later(rig: Rig) -> asyncio.Task[SmartSyncResult]:
    """A form's second call, while the read that its first one asked for is still running."""
    assert (await rig.o.smart_customer_sync("a", wait=False)).code == "pending"
    await settle()
    await rig.clock.advance(60)
    second = opened(rig, "a")
    await settle()
    return second


async def test_of_two_answers_in_one_step_a_form_gets_the_valid_one() -> None:
    """Rule 12: a read that is too old for the call ends, and a hold begins, in the same step."""
    async with Rig() as rig:
        second = await asked_again_a_minute_later(rig)
        rig.active.finish()
        rig.o.subscribe(lambda event: rig.o.hold() if event.kind is EventKind.SYNC_COMPLETED else None)
        await settle()
        assert (await second).code == "held"


async def test_no_form_is_called_fresh_by_a_read_that_was_too_old_when_it_asked() -> None:
    """Rule 12: a read without a clean base takes minutes; a call during it needs newer customers."""
    async with Rig() as rig:
        second = await asked_again_a_minute_later(rig)
        asked = rig.clock.now()
        await rig.finish()  # the read that started a minute ago
        assert not second.done()
        assert rig.active.slot == ("customers", "anna", Scope.NEW)
        await rig.finish()
        answer = await second
        assert (answer.code, answer.new_as_of) == ("fresh", asked)


async def test_a_call_whose_read_does_not_end_in_time_is_pending_though_an_older_read_ended() -> None:
    """Rule 12."""
    async with Rig() as rig:
        second = await asked_again_a_minute_later(rig)
        await rig.finish()
        await rig.clock.advance(10)
        assert (await second).code == "pending"
        await rig.finish()


async def test_no_form_suspends_the_whole_list_that_follows_for_it() -> None:
    """Rules 13, 17: the form that caused it was reloaded; the same read serves the new form."""
    async with Rig() as rig:
        rig.o.request_sync("customers", origin=Origin.SCHEDULE)
        first = opened(rig, "a")
        await settle()
        if rig.active.slot[2] is Scope.ALL:
            await rig.suspend()
        await rig.finish()
        await first
        await settle()
        assert rig.active.slot == ("customers", "anna", Scope.ALL)
        rig.o.resume_other_syncs("a")
        again = opened(rig, "b")
        await settle()
        assert (await again).code == "fresh"
        assert not rig.active.control.suspend_requested()
        await rig.finish()


async def test_a_hold_whose_end_has_passed_answers_no_form() -> None:
    """Rule 18: such a hold has no effect; the form gets its fresh customers."""
    async with Rig() as rig:
        form = opened(rig, "a")
        await settle()
        rig.o.hold(MONDAY - timedelta(minutes=1))
        await settle()
        assert not form.done()
        await rig.finish()
        assert (await form).code == "fresh"
        form = opened(rig, "b", "anna")
        await rig.clock.advance(31)
        rig.o.resume_other_syncs("b")
        await form


async def test_a_form_whose_session_ended_meanwhile_learns_that_whatever_the_read_brings() -> None:
    """Rule 14."""
    async with Rig() as rig:
        form = opened(rig, "a")
        await settle()
        rig.o.end_session(rig.o.get_status().sessions[0].handle)
        await rig.finish()
        answer = await form
        assert (answer.code, answer.handle, answer.reason) == ("ended", "", SessionEnd.OPERATOR)


@pytest.mark.parametrize("looks", range(5))
async def test_no_session_opens_under_an_id_that_ended_during_the_call(looks: int) -> None:
    """Rule 14: time passes between two calls of the clock; the lease ends between any two of them."""
    async with Rig() as rig:
        await served(rig, "a")
        await rig.clock.advance(rig.o.state.sessions["a"].deadline - rig.clock.monotonic() - 0.5 - looks)
        real = rig.o._dispatcher.now

        def now() -> Moment:
            rig.clock._move(1.0)
            return real()

        rig.o._dispatcher.now = now  # type: ignore[method-assign]
        form = opened(rig, "a")
        await settle()
        rig.o._dispatcher.now = real  # type: ignore[method-assign]
        assert not ("a" in rig.o.state.sessions and "a" in rig.o.state.ended_sessions)
        await rig.drain()
        answer = await form
        assert (answer.code == "ended") == (looks == 0)
        assert (answer.reason is SessionEnd.TIMEOUT) == (looks == 0)


async def test_a_form_that_a_whole_read_served_counts_as_served() -> None:
    """Rules 12, 13: the event at its end says how long it waited."""
    async with Rig() as rig:
        rig.o.request_sync("orders")
        await settle()
        rig.o.request_sync("customers")
        form = opened(rig, "a")
        rig.o.run_anyway(next(r.id for r in rig.o.state.queue.values() if r.slot.scope is Scope.ALL))
        front = next(r.id for r in rig.o.state.queue.values() if r.slot.scope is Scope.ALL)
        rig.o.move_to_front(front)
        await settle()
        await rig.clock.advance(2)
        while rig.active.slot != ("customers", "anna", Scope.ALL):
            if rig.active.slot[2] is Scope.NEW:
                await rig.fail()
                await rig.clock.advance(0.1)
            else:
                await rig.finish()
        await rig.finish()
        await settle()
        rig.o.resume_other_syncs("a")
        await form
        (closed,) = rig.of(EventKind.SESSION_CLOSED)
        assert isinstance(closed.data, said.SessionClosed)
        assert closed.data.customers_ms is not None
        await rig.drain()


async def test_trying_the_same_once_reads_the_list_that_failed_last() -> None:
    """Rule 22."""
    async with Rig() as rig:
        for name, kind in (("ddt", FailureKind.LAYOUT), ("orders", FailureKind.CREDENTIALS)):
            rig.o.request_sync(name)
            await settle()
            await rig.fail(kind, "refused")
            await rig.clock.advance(1)
        assert rig.o.retry_login("anna").type == "orders"
        await rig.drain()


async def test_a_request_moved_to_the_front_stays_there_for_its_repeat() -> None:
    """Rules 3, 21: also where another asker has joined it meanwhile."""
    async with Rig() as rig:
        rig.o.request_sync("orders")
        await settle()
        rig.o.request_sync("products")
        rig.o.move_to_front(next(iter(rig.o.state.queue.values())).id)
        await rig.finish()
        assert rig.active.type == "products"
        rig.o.request_sync("products", origin=Origin.API)
        await rig.fail()
        assert next(iter(rig.o.state.queue.values())).front
        await rig.drain()


async def test_the_forecast_of_a_suspended_run_counts_the_time_it_has_worked() -> None:
    """Rule 32: for a list never read a minute is expected, of which 40 s are over."""
    async with Rig() as rig:
        rig.o.request_sync("products")
        await settle()
        await rig.clock.advance(40)
        form = opened(rig, "a")
        await settle()
        await rig.suspend("page 3")
        await rig.finish()
        await form
        rig.o.resume_other_syncs("a")
        await settle()
        while rig.active.type != "products":  # the whole list that follows for the form
            await rig.finish()
        rig.active.control.progress(Progress("read", 4))
        rig.o.request_sync("prices")
        await settle()
        (prices,) = [f for f in rig.o.get_status().explanation.forecast if f.type == "prices"]
        assert prices.starts - rig.o.get_status().at == timedelta(seconds=20)
        await rig.drain()


async def test_the_status_follows_time_without_any_call() -> None:
    """Rules 22, 23: the end of a back-off and a new day are shown without any event."""
    async with Rig(rules=Rules(schedule=False, office=None)) as rig:
        for _ in range(3):
            rig.o.request_sync("orders")
            await settle()
            await rig.fail(FailureKind.LAYOUT, "column-missing")
        rig.o.logged_in("anna")

        def shown() -> tuple[SyncState, int]:
            status = rig.o.get_status()
            return status.statuses["orders"].accounts[0].state, status.accounts[0].logins_today

        assert shown() == (SyncState.BACKING_OFF, 1)
        await rig.clock.advance(20 * 60 + 1)
        assert shown() == (SyncState.IDLE, 1)
        await rig.clock.advance(86_400)
        assert shown() == (SyncState.IDLE, 0)


# ------------------------------------------------------------------------------------------------ slow readers


def _heard(limit: int, *given: tuple[EventKind, dict[str, object]]) -> list[object]:
    listeners = Listeners()
    feed: Feed = listeners.feed(limit)
    for number, (kind, data) in enumerate(given):
        listeners.publish(an_event(kind, "b", number, MONDAY, data))
    return [event.data for event in feed._waiting.values()]


@pytest.mark.parametrize(
    "given",
    [
        [
            (EventKind.ACCOUNT_CHANGED, {"account": "anna", "stopped": {"code": "x", "kind": "login", "message": ""}}),
            (EventKind.ACCOUNT_CHANGED, {"account": "anna", "logins": 3}),
        ],
        [
            (EventKind.SCHEDULE_CHANGED, {"away": "offline"}),
            (EventKind.SCHEDULE_CHANGED, {"type": "orders", "interval": 5, "away": "offline"}),
        ],
        [
            (EventKind.QUEUE_UPDATED, {"waiting": 3}),
            (EventKind.QUEUE_UPDATED, {"waiting": 3, "type": "orders", "account": "bruno"}),
        ],
    ],
)
def test_a_slow_reader_loses_only_events_that_a_later_one_replaces(
    given: list[tuple[EventKind, dict[str, object]]],
) -> None:
    """Rule 7."""
    filler = [(EventKind.SYNC_STARTED, {}) for _ in range(20)]
    heard = _heard(10, *given, *filler)
    assert [an_event(kind, "b", 0, MONDAY, data).data for kind, data in given] == heard[: len(given)]


def test_a_slow_reader_hears_of_every_missed_read() -> None:
    """Rule 28."""
    at = MONDAY.isoformat()
    missed = [
        {"type": name, "account": "anna", "due": at, "last": at, "count": 1, "reason": "hold"}
        for name in ("orders", "ddt")
    ]
    given = [(EventKind.SCHEDULE_MISSED, {"missed": [one]}) for one in missed]
    heard = _heard(10, *given, *[(EventKind.SYNC_STARTED, {}) for _ in range(20)])
    assert len([one for one in heard if isinstance(one, said.ScheduleMissed)]) == 2
