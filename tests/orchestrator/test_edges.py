"""Edge cases that the rules do not mention: late calls, damaged notes, broken parts, calendars without days."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from archisync_gui import messages
from archisync_gui.model import (
    Account,
    ErrorInfo,
    Event,
    EventKind,
    FailureKind,
    Finished,
    Freshness,
    Origin,
    Outcome,
    Progress,
    Reason,
    RunControl,
    RunRecord,
    Scope,
    SessionEnd,
    SyncFailure,
    as_json,
)
from archisync_gui.orchestrator import (
    OfficeHours,
    Orchestrator,
    Rules,
    dispatcher,
    memory,
    office_hours,
    requests,
    runs,
    sessions,
    state,
    values,
)
from tests.orchestrator.rig import QUIET, TYPES, ListJournal, Rig, opened
from tests.support.clock import MONDAY, VirtualClock, settle

HOURS = OfficeHours()
ROME = "Europe/Rome"


def utc(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


# ------------------------------------------------------------------------------------------------ calendar


@pytest.mark.parametrize(
    ("at", "open_now", "next_open"),
    [
        (utc(3, 2, 5, 59), False, utc(3, 2, 6)),  # Monday before seven
        (utc(3, 2, 6), True, utc(3, 2, 6)),
        (utc(3, 2, 18, 59), True, utc(3, 2, 18, 59)),
        (utc(3, 2, 19), False, utc(3, 3, 6)),
        (utc(3, 8, 12), False, utc(3, 9, 6)),  # Sunday
        (utc(3, 30, 5), True, utc(3, 30, 5)),  # Monday after the clocks went forward
    ],
)
def test_office_hours(at: datetime, open_now: bool, next_open: datetime) -> None:
    """Rules 9, 30."""
    assert office_hours.is_open(at, HOURS, ROME) is open_now
    assert office_hours.opens(at, HOURS, ROME) == next_open


def test_offices_that_are_always_never_or_nightly_open() -> None:
    """Rules 9, 30."""
    never = OfficeHours(days=frozenset())
    nightly = OfficeHours(time(22), time(6), frozenset({0}))
    assert office_hours.is_open(MONDAY, None, ROME)
    assert office_hours.opens(MONDAY, None, ROME) == MONDAY
    assert not office_hours.is_open(MONDAY, never, ROME)
    assert office_hours.opens(MONDAY, never, ROME) is None
    assert office_hours.after_open_time(MONDAY, 60, never, ROME) is None
    assert office_hours.after_open_time(MONDAY, 60, None, ROME) == MONDAY + timedelta(seconds=60)
    assert office_hours.is_open(utc(3, 3, 3), nightly, ROME)
    assert not office_hours.is_open(utc(3, 3, 6), nightly, ROME)
    half = OfficeHours(time(7), time(7, 30))
    assert office_hours.is_open(utc(3, 2, 6, 29), half, ROME)
    assert not office_hours.is_open(utc(3, 2, 6, 31), half, ROME)


def test_when_an_open_office_closes() -> None:
    """Rules 29, 30: until then the list that serves order forms may stay open."""
    assert office_hours.closes(utc(3, 2, 5, 59), HOURS, ROME) is None
    assert office_hours.closes(utc(3, 2, 6), HOURS, ROME) == utc(3, 2, 19)
    assert office_hours.closes(utc(3, 2, 19), HOURS, ROME) is None
    assert office_hours.closes(utc(3, 30, 5), HOURS, ROME) == utc(3, 30, 18)
    assert office_hours.closes(MONDAY, OfficeHours(days=frozenset()), ROME) is None
    assert office_hours.closes(utc(3, 2, 22, 59), None, ROME) == utc(3, 2, 23)


def test_days_have_23_24_or_25_hours() -> None:
    """Rule 30."""
    assert office_hours.day_end(utc(3, 28, 23, 30), ROME) - utc(3, 28, 23) == timedelta(hours=23)
    assert office_hours.day_end(utc(10, 24, 22, 30), ROME) - utc(10, 24, 22) == timedelta(hours=25)
    assert office_hours.local_day(utc(3, 1, 23, 30), ROME) == date(2026, 3, 2)


def test_opening_time_adds_up_over_nights_and_sundays() -> None:
    """Status: lateness counts opening time only."""
    saturday_evening = utc(3, 7, 18, 30)
    assert office_hours.after_open_time(saturday_evening, 3600, HOURS, ROME) == utc(3, 9, 6, 30)


async def test_where_the_office_never_opens_no_list_becomes_late() -> None:
    """Status."""
    never = Rules(office=OfficeHours(days=frozenset()), daily_full=None, longest_sleep=3600.0)
    async with Rig(rules=never) as rig:
        assert rig.idle
        assert rig.o.get_status().explanation.reason is Reason.OFFICE_HOURS
        rig.o.request_sync("orders")
        await settle()
        await rig.drain()
        await rig.clock.advance(86_400)
        assert rig.o.get_status().statuses["orders"].freshness is Freshness.FRESH


# ------------------------------------------------------------------------------------------------ late calls


async def test_calls_for_a_removed_account_change_nothing() -> None:
    """Rules 8, 22."""
    async with Rig(accounts=(Account("anna"), Account("bruno"))) as rig:
        _, run = await rig.deaf("orders", "bruno")
        rig.o.set_accounts([Account("anna")])
        await settle()
        assert run.cancelled
        run.control.logged_in()
        run.fail(FailureKind.CREDENTIALS)
        await settle()
        assert rig.idle
        assert [a.id for a in rig.o.get_status().accounts] == ["anna"]
        rig.o.request_sync("orders", "anna")
        await settle()
        rig.o.set_accounts([Account("anna", enabled=False)])
        await settle()
        assert (await rig.o.smart_customer_sync("a", "anna")).code == "failed"
        assert rig.o.get_status().statuses["orders"].accounts == ()


async def test_a_suspended_fast_read_starts_over() -> None:
    """Rules 10, 19: only whole reads keep their rows."""
    async with Rig(accounts=(Account("anna"), Account("bruno"))) as rig:
        rig.o.request_sync("customers", "bruno", Scope.NEW)
        await settle()
        form = opened(rig, "a", "anna")
        await settle()
        await rig.suspend("rows")
        await rig.finish()
        assert (await form).code == "fresh"
        rig.o.end_sessions()
        await rig.clock.advance(1)
        while rig.active.slot[2] is not Scope.NEW:
            await rig.finish()
        assert rig.active.resumed_from is None


async def test_transitions_of_runs_that_have_ended_change_nothing() -> None:
    """Rules 1, 2: only that run's own end frees the lock."""
    async with Rig() as rig:
        rig.o.request_sync("orders")
        await settle()
        now = rig.o._dispatcher.now()
        before = rig.o.state
        done = Finished(Outcome.COMPLETED)
        assert runs.ended(before, now, "another", done) is before
        assert runs.stop_sent(before, now, "another", state.StopCause.OPERATOR) is before
        assert runs.long_step(before, now, "another", 5.0) is before
        assert requests.stop_asked(requests.stop_asked(before, state.StopCause.HOLD), state.StopCause.OPERATOR) == (
            requests.stop_asked(before, state.StopCause.HOLD)
        )
        with pytest.raises(TypeError, match=r"State has no \['nonsense'\]"):
            values.evolve(before, nonsense=1)
        assert values.evolve(before, **vars(before)) == before


async def test_a_suspension_that_comes_after_the_end_was_asked_is_an_end() -> None:
    """Rules 19, 26."""
    async with Rig() as rig:
        ticket = rig.o.request_sync("products")
        await settle()
        asyncio.get_running_loop().call_soon(lambda: None)
        form = opened(rig, "a")
        await settle()
        run = rig.active
        run.ignores_cancel = True
        assert run.control.suspend_requested()
        rig.o.cancel_run()
        await settle()
        from archisync_gui.model import Suspended

        run._orders.put_nowait(lambda: Suspended("rows"))
        await settle()
        assert (await ticket).outcome is Outcome.CANCELLED
        await rig.drain()
        await form


async def test_a_cancelled_runner_that_finishes_counts_as_finished() -> None:
    """Rule 26: its rows are stored; only a run that passed a limit counts as failed (rule 24)."""
    async with Rig() as rig:
        ticket, run = await rig.deaf("orders")
        rig.o.cancel_run()
        await settle()
        run.finish()
        assert (await ticket).outcome is Outcome.COMPLETED


async def test_a_runner_that_cancels_itself_is_tried_again() -> None:
    """Rules 20, 21."""
    async with Rig() as rig:
        rig.o.request_sync("orders")
        await settle()
        rig.active.throw(asyncio.CancelledError())
        await settle()
        assert EventKind.RETRY_PLANNED in rig.kinds()


async def test_a_login_that_fails_brings_the_type_back_when_the_pause_is_over() -> None:
    """Rule 22: one more attempt 15 minutes later, though the type's interval is longer."""
    types = (dataclasses.replace(TYPES[5], shared=False),)
    async with Rig(rules=Rules(office=None, daily_full=None), types=types) as rig:
        await rig.fail(FailureKind.LOGIN)
        await rig.clock.advance(901)
        assert rig.active.type == "products"


# ------------------------------------------------------------------------------------------------ broken parts


async def test_a_listener_that_makes_requests_gets_events_in_order() -> None:
    """Rule 7: the events caused by its request come after the event that it handles."""
    async with Rig() as rig:

        def asks(event: Event) -> None:
            if event.kind is EventKind.SYNC_COMPLETED and event.data.type == "orders":
                rig.o.request_sync("ddt")

        rig.o.subscribe(asks)
        rig.o.request_sync("orders")
        await settle()
        await rig.finish()
        assert rig.active.type == "ddt"
        revisions = [e.revision for e in rig.events]
        assert revisions == sorted(set(revisions))


async def test_a_listener_may_end_a_session_as_it_opens() -> None:
    """Rule 14."""
    async with Rig() as rig:

        def ends(event: Event) -> None:
            if event.kind is EventKind.SESSION_OPENED:
                rig.o.end_sessions()

        stop = rig.o.subscribe(ends)
        answer = await rig.o.smart_customer_sync("a")
        assert (answer.code, answer.reason) == ("ended", SessionEnd.OPERATOR)
        stop()
        stop()


async def test_the_dispatcher_survives_an_error(monkeypatch: pytest.MonkeyPatch, expected_errors: object) -> None:
    """Rule 2: a bug in a decision must neither end all syncs nor keep the loop busy."""
    expected_errors("the dispatcher stumbled")  # type: ignore[operator]
    errors = 0

    def broken(*_: object) -> None:
        nonlocal errors
        errors += 1
        raise ZeroDivisionError

    async with Rig() as rig:
        decide = dispatcher.decide
        monkeypatch.setattr(dispatcher, "decide", broken)
        rig.o.request_sync("orders")
        await rig.clock.advance(65)
        assert rig.idle
        assert errors == 3  # at once, and at each check of the clocks
        monkeypatch.setattr(dispatcher, "decide", decide)
        await rig.clock.advance(30)
        assert rig.active.type == "orders"


async def test_damaged_notes_are_left_out(caplog: pytest.LogCaptureFixture) -> None:
    """Rule 31: a damaged note does not stop the program from reading, and is named in the log. An account whose stored
    reason is damaged remains stopped (rule 22)."""
    journal = ListJournal()
    journal.notes = {
        "due:orders:anna": "yesterday",
        "due:ddt:anna": "2026-03-02T09:00:00",
        "logins:anna": {"day": "2026-03-02", "count": "many"},
        "stopped:anna": {"kind": "credentials"},
        "interval:orders": 20,
        "of a later version": True,
    }
    async with Rig(journal=journal) as rig:
        assert rig.o.get_status().statuses["orders"].interval == 10, "taken from a note, as an earlier version did"
        assert rig.o.state.list_state("ddt", "anna").due == utc(3, 2, 9)
        assert rig.o.get_status().statuses["orders"].state.value == "stopped"
        assert set(rig.o.get_status().unreadable) == {"note due:orders:anna", "note logins:anna"}
    named = [r.getMessage().split()[2] for r in caplog.records]
    assert named == ["due:orders:anna", "logins:anna", "stopped:anna"]


async def test_a_journal_that_cannot_load_is_shown(expected_errors: Any) -> None:
    """Rule 31."""
    expected_errors("the journal failed")
    rig = Rig()
    rig.journal.error = OSError("damaged")
    await rig.o.start()
    error = rig.o.get_status().journal_error
    assert error is not None
    assert "damaged" in error.message
    rig.journal.error = None
    rig.o.release()
    await settle()
    assert rig.o.get_status().journal_error is None, "it works again"
    await rig.close()


async def test_a_hold_that_could_not_be_written_is_written_later(expected_errors: object) -> None:
    """Words: a hold is kept over restarts, even after errors of the disk."""
    expected_errors("the journal failed")  # type: ignore[operator]
    async with Rig() as rig:
        rig.journal.error = OSError("disk full")
        rig.o.hold()
        await settle()
        assert "hold" not in rig.journal.notes
        rig.journal.error = None
        rig.o.request_sync("orders")
        rig.o.end_sessions()
        rig.o.credentials_changed("anna")
        await settle()
        assert "hold" in rig.journal.notes
        assert rig.o.get_status().journal_error is None


async def test_rows_changed_by_hand() -> None:
    """Data rules: clearing or accepting a read changes how fresh a type is; a refused one is forgotten."""
    async with Rig() as rig:
        rig.o.request_sync("orders")
        await settle()
        await rig.fail(FailureKind.REFUSED)
        assert rig.o.get_status().statuses["orders"].state.value == "refused"
        rig.o.rows_changed("orders", "anna", last_success=MONDAY, new_as_of=None, all_as_of=MONDAY)
        line = rig.o.get_status().statuses["orders"].accounts[0]
        assert (line.last_run_time, line.all_as_of, line.state.value) == (MONDAY, MONDAY, "idle")
        rig.o.rows_changed("orders", "anna", last_success=None, new_as_of=None, all_as_of=None)
        assert rig.o.get_status().statuses["orders"].freshness is Freshness.NEVER
        ages = {"new_as_of": MONDAY - timedelta(seconds=5), "all_as_of": MONDAY - timedelta(seconds=9)}
        rig.o.rows_changed("customers", "anna", last_success=MONDAY, **ages)
        line = rig.o.get_status().statuses["customers"].accounts[0]
        assert line.freshness is Freshness.FRESH  # a read dated now is not in the future, so it is not doubtful
        assert (line.new_as_of, line.all_as_of) == (ages["new_as_of"], ages["all_as_of"])


# ------------------------------------------------------------------------------------------------ shapes


async def test_it_works_with_the_computers_own_clocks() -> None:
    """The defaults: real clocks, random boot id."""

    async def runner(control: RunControl) -> Finished:
        return Finished(Outcome.COMPLETED, rows=1)

    orchestrator = Orchestrator(TYPES, runner, [Account("anna")], ListJournal(), rules=QUIET)
    await orchestrator.start()
    first = await orchestrator.request_sync("orders")
    assert first.outcome is Outcome.COMPLETED
    assert first.as_of is None
    answer = await orchestrator.smart_customer_sync("tab")
    assert answer.code == "fresh"
    await orchestrator.close()
    await orchestrator.close()
    late = await orchestrator.smart_customer_sync("late")
    assert (late.code, late.session_count) == ("ended", 0)


async def test_old_tickets_are_forgotten() -> None:
    """Else memory would grow without limit."""
    async with Rig() as rig:
        rig.auto = lambda run: run.finish()
        first = rig.o.request_sync("orders")
        for _ in range(600):
            rig.o.request_sync("orders")
            await settle()
        latest = []
        for _ in range(500):
            latest.append(rig.o.request_sync("orders"))
            await settle()
        assert all(ticket is rig.o.ticket(ticket.id) for ticket in latest)
        assert rig.o.ticket(first.id) is None
        assert rig.o.position(first.id) is None
        assert not rig.o.cancel(first.id)
        assert first.result is not None
        batch = rig.o.request_full()
        assert not batch.done
        await batch
        assert batch.done


async def test_everything_shown_has_a_json_form_and_a_text() -> None:
    """Rule 32 and CONTRIBUTING.md: every reason and every code has its text in both languages."""
    async with Rig() as rig:
        rig.o.request_full()
        asyncio.get_running_loop().call_soon(rig.o.hold)
        await settle()
        json.dumps(as_json(rig.o.get_status()))
        json.dumps(as_json(await rig.o.explain()))
        for event in rig.events:
            json.dumps(as_json(event))
    known = messages.codes()
    for reason in Reason:
        assert f"explain.{reason.value}" in known, reason
    for code in [
        "request-closing", "request-unknown-type", "request-unknown-account", "request-bad-scope", "interval-range",
        "no-account", "run-deadline", "run-watchdog", "fast-read-ended", "held", "run-internal",
    ]:  # fmt: skip
        for language in messages.LANGUAGES:
            assert messages.text(code, language).what


async def test_a_stored_error_is_restored() -> None:
    """Rule 22: the reason an account stopped outlives a restart."""
    from archisync_gui.orchestrator.memory import error_from

    error = ErrorInfo("credentials", FailureKind.CREDENTIALS, "no", {"a": 1}, "stack", "shot.png", {"b": 2})
    assert error_from(as_json(error)) == error
    bare = error_from({"code": "x", "kind": "credentials", "params": None})
    assert (bare.params, bare.evidence, bare.screenshot) == ({}, {}, None)


async def test_a_feed_has_all_events_since_it_was_made() -> None:
    """No event is lost between a first status and the start of the reading."""
    async with Rig() as rig:
        async with rig.o.events() as feed:
            rig.o.hold()
            heard = []
            async for event in feed:
                heard.append(event.kind)
                if event.kind is EventKind.HOLD_CHANGED:
                    break
        assert heard == [EventKind.HOLD_CHANGED]
        with pytest.raises(SyncFailure):
            rig.o.request_sync("orders", "nobody")


# ------------------------------------------------------------------------------------------------ every branch


async def test_a_run_that_outlives_its_account_leaves_nothing_in_the_queue() -> None:
    """Rules 5, 24, 25: it passed its deadline before the removal, so its failure requests another attempt."""
    async with Rig(accounts=(Account("anna"), Account("bruno"))) as rig:
        ticket, run = await rig.deaf("orders", "bruno")
        await rig.clock.advance(130)
        assert run.cancelled
        rig.o.set_accounts([Account("anna")])
        run.fail()
        await settle()
        assert (await ticket).outcome is Outcome.CANCELLED
        assert rig.o.state.queue == {}


async def test_a_shared_read_that_outlives_its_account_goes_on_with_the_substitute() -> None:
    """Rules 8, 21."""
    async with Rig(accounts=(Account("anna", catalogue=True), Account("bruno"))) as rig:
        ticket, run = await rig.deaf("products")
        await rig.clock.advance(130)
        rig.o.set_accounts([Account("bruno")])
        run.fail()
        await settle()
        await rig.clock.advance(6)
        assert rig.active.slot == ("products", "bruno", Scope.ALL)
        await rig.finish()
        assert (await ticket).outcome is Outcome.COMPLETED


async def test_a_failure_that_is_final_after_its_account_went_stops_nobody() -> None:
    """Rule 22: the deadline of the fourth attempt is the request's end."""
    async with Rig(accounts=(Account("anna"), Account("bruno"))) as rig:
        ticket = rig.o.request_sync("orders", "bruno")
        await settle()
        for pause in (5, 10, 20):
            await rig.fail()
            await rig.clock.advance(pause)
        run = rig.active
        run.ignores_cancel = True
        await rig.clock.advance(130)
        rig.o.set_accounts([Account("anna")])
        run.fail()
        assert (await ticket).outcome is Outcome.FAILED
        rig.o.set_accounts([])
        assert rig.o.state.queue == {}
        ticket = rig.o.request_sync("products")
        assert (await ticket).outcome is Outcome.SKIPPED


async def test_a_login_that_fails_pauses_an_account_whose_type_is_never_due() -> None:
    """Rule 22: the pause is the account's, with or without an interval."""
    async with Rig() as rig:
        rig.o.request_sync("orders")
        await settle()
        await rig.fail(FailureKind.LOGIN)
        assert rig.of(EventKind.ACCOUNT_CHANGED)[-1].data.paused_until == (MONDAY + timedelta(minutes=15))
        assert rig.o.state.list_state("orders", "anna").due is None


async def test_a_note_that_changes_while_it_is_written_is_written_again() -> None:
    """Words: a hold is kept; the last value counts."""
    async with Rig() as rig:
        rig.journal.gate = asyncio.Event()
        rig.o.hold()
        await settle()
        rig.o.release()
        await settle()
        rig.journal.gate.set()
        rig.journal.gate = None
        await settle()
        assert "hold" not in rig.journal.notes
        assert rig.journal.calls.count("note hold") == 2


async def test_notes_that_failed_are_written_as_soon_as_the_journal_works_again(expected_errors: object) -> None:
    """Words: a stop that was not stored would be forgotten."""
    expected_errors("the journal failed")  # type: ignore[operator]
    async with Rig() as rig:
        rig.journal.error = OSError("disk full")
        rig.o.hold()
        await settle()
        rig.journal.error = None
        rig.o.resume_other_syncs("a")
        await rig.o.smart_customer_sync("b", wait=False)  # writes an event, and no note
        await settle()
        assert rig.journal.notes["hold"] == MONDAY.isoformat()


async def test_notes_that_failed_are_written_at_the_latest_when_it_closes(expected_errors: object) -> None:
    """Rules 22, 27: after a full disk, a stopped account must not be tried again by the next process."""
    expected_errors("the journal failed")  # type: ignore[operator]
    async with Rig() as rig:
        rig.o.request_sync("orders")
        await settle()
        rig.journal.error = OSError("disk full")
        await rig.fail(FailureKind.CREDENTIALS)
        rig.journal.error = None
        await rig.restart()
        assert rig.o.get_status().accounts[0].stopped is not None


async def test_the_time_left_is_estimated_from_the_rows_where_the_total_is_known() -> None:
    """Rule 32: otherwise from past runs."""
    async with Rig() as rig:
        rig.o.request_sync("orders")
        await settle()
        assert rig.o.get_status().current_run.remaining is None  # type: ignore[union-attr]
        await rig.clock.advance(30)
        rig.active.control.progress(Progress("read", 1, 4, 100, 400))
        assert rig.o.get_status().current_run.remaining == 90.0  # type: ignore[union-attr]
        await rig.finish()
        rig.o.request_sync("orders")
        await settle()
        await rig.clock.advance(12)
        rig.o.hold()  # another revision: a status is built once per revision
        assert rig.o.get_status().current_run.remaining == 18.0  # type: ignore[union-attr]
        rig.o.release()


async def test_reads_of_types_that_this_version_does_not_have_are_left_out() -> None:
    """Rule 31."""
    journal = ListJournal()
    record = RunRecord("old", "mail", "anna", Scope.ALL, None, Origin.SCHEDULE, 1, MONDAY, MONDAY, MONDAY)
    journal.rows["old"] = dataclasses.replace(record, outcome=Outcome.COMPLETED, as_of=MONDAY)
    async with Rig(journal=journal) as rig:
        assert {type for type, _ in rig.o.state.list_states} <= {t.name for t in TYPES}


async def test_closing_an_orchestrator_that_never_started_ends() -> None:
    """Rule 27."""
    rig = Rig()
    await rig.close(deadline=3)
    with pytest.raises(SyncFailure):
        rig.o.request_sync("orders")


async def test_a_ticket_knows_its_place_behind_others() -> None:
    async with Rig() as rig:
        rig.o.hold()
        rig.o.request_sync("orders")
        second = rig.o.request_sync("ddt")
        assert rig.o.position(second) == 2
        assert rig.o.position(second.id) == 2
        assert rig.o.position(rig.o.request_sync("ddt")) == 2  # one request of two
        rig.o.cancel(second)
        assert rig.o.position(second) is None


async def test_a_form_gets_one_answer_though_two_events_end_its_wait() -> None:
    """Rules 12, 18: the failure answers; the hold that follows in the same step does not."""
    async with Rig() as rig:

        def holds(event: Event) -> None:
            if event.kind is EventKind.RETRY_PLANNED:
                rig.o.hold()

        rig.o.subscribe(holds)
        form = opened(rig, "a")
        await settle()
        await rig.fail()
        answer = await form
        assert (answer.code, answer.error.code) == ("failed", "erp-slow")  # type: ignore[union-attr]


async def test_a_request_made_while_an_attempt_fails_joins_the_next_attempt() -> None:
    """Rules 4, 6, 21: both askers get the outcome of a run that started after both requests."""
    async with Rig() as rig:
        first = rig.o.request_sync("orders", priority=1)
        await settle()
        second = rig.o.request_sync("orders", priority=9)
        rig.o.move_to_front(next(iter(rig.o.state.queue.values())).id)
        await rig.fail()
        (waiting,) = rig.o.get_status().queue
        assert (waiting.priority, waiting.reason) == (99, Reason.RETRY)
        await rig.clock.advance(6)
        await rig.finish()
        assert (await first) is (await second)
        assert len(rig.runs) == 2


async def test_an_asker_that_withdraws_from_a_shared_request_takes_its_priority_back() -> None:
    """Rules 4, 26."""
    async with Rig() as rig:
        rig.o.hold()
        stays = rig.o.request_sync("orders", priority=3)
        goes = rig.o.request_sync("orders", priority=90)
        assert rig.o.get_status().queue[0].priority == 90
        assert rig.o.cancel(goes)
        await settle()
        assert (goes.done, stays.done) == (True, False)
        assert rig.o.get_status().queue[0].priority == 3


async def test_a_clock_set_back_by_days_does_not_lose_the_daily_read() -> None:
    """Rules 28, 30: the next daily read is today at noon, not on the wrong date."""
    async with Rig(rules=Rules(office=None)) as rig:
        await rig.drain()
        rig.auto = lambda run: run.finish()
        before = rig.o.state.daily_due
        assert before is not None
        rig.clock.jump(-3 * 86_400)
        await rig.clock.advance(31)
        assert rig.o.state.daily_due == before - timedelta(days=3)


async def test_a_type_switched_on_again_is_due_at_its_stagger() -> None:
    """Rules 28, 29: it was read once and has had no due time since."""
    journal = ListJournal()
    always = Rules(office=None, daily_full=None)
    async with Rig(rules=always, journal=journal) as rig:
        await rig.drain()
        rig.o.set_schedule("ddt", None)
        await settle()
    async with Rig(rules=always, journal=journal) as rig:
        assert rig.o.state.list_state("ddt", "anna").due == MONDAY + timedelta(minutes=20)


async def test_a_type_that_was_never_read_counts_its_interval_from_now() -> None:
    """Rule 29."""
    async with Rig(rules=Rules(daily_full=None), wall=MONDAY - timedelta(hours=12)) as rig:  # Sunday: nothing runs
        for name in ("orders", "ddt"):
            rig.o.set_schedule(name, None)
            rig.o.set_schedule(name, 60)
            assert rig.o.state.list_state(name, "anna").due == rig.clock.now() + timedelta(minutes=60)


@pytest.mark.parametrize(
    ("ask", "answer"),
    [
        (lambda o, handle: o.resume_other_syncs(None).closed, False),
        (lambda o, handle: o.resume_other_syncs("a").reason, SessionEnd.TIMEOUT),
        (lambda o, handle: o.end_session(handle), False),
        (lambda o, handle: o.end_sessions(), 0),
        (lambda o, handle: o.session(handle), SessionEnd.TIMEOUT),
        (lambda o, handle: o.touch("a"), SessionEnd.TIMEOUT),
        (lambda o, handle: o.connected("a"), SessionEnd.TIMEOUT),
    ],
)
async def test_an_expired_session_is_over_whichever_call_comes_first(
    ask: Callable[[Orchestrator, str], object], answer: object
) -> None:
    """Rules 14, 15, 16: the computer slept, and the dispatcher has not checked its clocks yet."""
    async with Rig() as rig:
        for id in (None, "a"):
            await rig.o.smart_customer_sync(id, wait=False)
        handle = rig.o.get_status().sessions[1].handle
        await rig.drain()
        rig.clock._mono += 700
        assert ask(rig.o, handle) == answer
        assert [e.data.reason for e in rig.of(EventKind.SESSION_CLOSED)] == ["timeout", "timeout"]


async def test_a_tab_whose_session_expired_unnoticed_learns_it_at_its_next_call() -> None:
    """Rule 14: an id is used once."""
    async with Rig() as rig:
        await rig.o.smart_customer_sync("a", wait=False)
        await rig.drain()
        rig.clock._mono += 700
        answer = await rig.o.smart_customer_sync("a")
        assert (answer.code, answer.reason, answer.session_count) == ("ended", SessionEnd.TIMEOUT, 0)


async def test_a_session_that_is_not_open_cannot_end() -> None:
    async with Rig() as rig:
        now = rig.o._dispatcher.now()
        assert sessions.ended(rig.o.state, now, "nobody", SessionEnd.CLOSED) is rig.o.state


async def test_a_clock_that_wakes_sleepers_too_early_shortens_no_limit() -> None:
    """Rules 12, 27: code that sleeps checks the clock again afterwards."""

    class EarlyClock(VirtualClock):
        async def sleep(self, seconds: float) -> None:
            await super().sleep(min(seconds, 0.75))

    async with Rig(clock=EarlyClock()) as rig:
        form = opened(rig, "a")
        await rig.clock.advance(9.9)
        assert not form.done()
        await rig.clock.advance(0.1)
        answer = await form
        assert (answer.code, answer.added, answer.changed, answer.duration_ms) == ("pending", 0, 0, 10_000)
        rig.active.ignores_cancel = True
        closing = asyncio.ensure_future(rig.o.close())
        await rig.clock.advance(9.9)
        assert not closing.done()
        await rig.clock.advance(1)
        await closing
        rig.active.ignores_cancel = False
        rig.active.finish()


async def test_an_account_is_shown_idle_during_the_run_of_another_account() -> None:
    """Status: each type has a line for each account."""
    async with Rig(accounts=(Account("anna"), Account("bruno"))) as rig:
        rig.o.request_sync("orders", "bruno")
        await settle()
        anna, bruno = rig.o.get_status().statuses["orders"].accounts
        assert (anna.is_running, anna.state.value, anna.progress) == (False, "idle", None)
        assert (bruno.is_running, bruno.state.value) == (True, "running")


async def test_a_login_outside_a_run_counts_and_a_refusal_stops_the_account() -> None:
    """Rule 22: the operator's test and the command ``doctor`` log in too; a wrong password is not tried again."""
    async with Rig() as rig:
        rig.o.logged_in("anna")
        assert rig.o.get_status().accounts[0].logins_today == 1
        refused = ErrorInfo("credentials", FailureKind.CREDENTIALS, "no")
        rig.o.login_refused("anna", refused)
        rig.o.login_refused("nobody", refused)
        rig.o.request_sync("orders")
        await settle()
        assert rig.idle
        assert rig.o.get_status().queue[0].reason is Reason.ACCOUNT_STOPPED
        rig.o.credentials_changed("anna")
        await settle()
        assert rig.active.type == "orders"


@pytest.mark.parametrize(
    ("at", "office", "expected"),
    [
        (utc(3, 2, 8), HOURS, utc(3, 2, 19)),
        (utc(3, 2, 19), HOURS, None),
        (utc(3, 1, 12), HOURS, None),  # Sunday
        (utc(3, 2, 8), OfficeHours(days=frozenset()), None),
        (utc(3, 2, 8), None, utc(3, 2, 23)),
    ],
)
def test_when_the_office_closes(at: datetime, office: OfficeHours | None, expected: datetime | None) -> None:
    """Without office hours, at midnight."""
    assert office_hours.closes(at, office, ROME) == expected


@pytest.mark.parametrize("end", [time(20, 1), time(20, 0, 1), time(20, 0, 0, 1)])
def test_an_office_closes_at_its_minute_and_not_with_its_hour(end: time) -> None:
    """Rule 29."""
    office = OfficeHours(time(7), end)
    assert office_hours.is_open(utc(3, 2, 19), office, ROME)
    closing = office_hours.instant(date(2026, 3, 2), end, ROME)
    assert not office_hours.is_open(closing, office, ROME)
    assert office_hours.closes(utc(3, 2, 19), office, ROME) == closing


def test_an_office_that_closes_when_it_opens_is_open_all_day() -> None:
    """Rule 29: an end that is not after the start means the next day."""
    office = OfficeHours(time(7), time(7), frozenset({0}))
    assert office_hours.is_open(utc(3, 3, 5, 59), office, ROME)
    assert not office_hours.is_open(utc(3, 3, 6), office, ROME)


def test_opening_time_may_end_at_closing_time() -> None:
    """Status: one hour of opening time from 19:00 ends at 20:00, not the next morning."""
    assert office_hours.after_open_time(utc(3, 2, 18), 3600, HOURS, ROME) == utc(3, 2, 19)


async def test_a_series_of_failed_writes_is_logged_once_and_so_is_the_next_success(
    caplog: pytest.LogCaptureFixture, expected_errors: object
) -> None:
    """Rule 31: a full disk fails every write for hours. Waiting for the writes does not count as a success."""
    expected_errors("the journal failed")  # type: ignore[operator]
    full, told = OSError("disk full"), []

    async def works() -> None: ...

    async def fails() -> None:
        raise full

    writer = memory.Writer(told.append)
    writer.start()
    for job in (fails, fails, works, works, fails):
        writer.write(job)
        await writer.written()
    await writer.stop()
    assert told == [full, None, full]
    assert [r.getMessage()[:18] for r in caplog.records] == ["the journal failed"] * 2
    assert [r.levelname for r in caplog.records] == ["ERROR", "WARNING"], "an ERROR only once in a process"


async def test_a_write_that_hangs_has_ended_when_the_writer_has_stopped() -> None:
    """Rule 27: no write continues after the store is closed."""
    ended: list[str] = []

    async def hangs() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("write")

    writer = memory.Writer(lambda _: None)
    writer.start()
    writer.write(hangs)
    await settle()
    await writer.stop()
    assert ended == ["write"]


def test_a_moment_advances_on_both_clocks() -> None:
    """Rule 30."""
    assert values.Moment(MONDAY, 5.0).after(60) == values.Moment(MONDAY + timedelta(seconds=60), 65.0)


def test_an_age_is_the_larger_of_both_clocks_and_unknown_where_the_wall_clock_went_back() -> None:
    """Rule 30."""
    at = values.Stamp(MONDAY, 100.0)
    assert at.age(values.Moment(MONDAY + timedelta(seconds=10), 120.0)) == 20
    assert at.age(values.Moment(MONDAY + timedelta(seconds=30), 120.0)) == 30
    assert at.age(values.Moment(MONDAY, 100.0)) == 0
    assert at._replace(mono=None).age(values.Moment(MONDAY + timedelta(seconds=30), 1.0)) == 30
    assert at.age(values.Moment(MONDAY - timedelta(seconds=1), 120.0)) == float("inf")
    assert at._replace(doubtful=True).age(values.Moment(MONDAY + timedelta(seconds=30), 130.0)) == float("inf")


def test_the_origin_of_a_request_is_its_strongest_asker() -> None:
    """Rules 4, 26: the operator's before a form's, a form's before a program's, the schedule last."""
    for stronger, weaker in itertools.combinations(
        (Origin.OPERATOR, Origin.ORDER_FORM, Origin.API, Origin.SCHEDULE), 2
    ):
        one, two = values.Asker("one", weaker, 1), values.Asker("two", stronger, 1)
        for askers in ((one, two), (two, one)):
            slot = values.Slot("orders", "anna", Scope.ALL)
            request = state.Request("id", slot, askers, values.Moment(MONDAY, 1.0), 1, 1.0, values.QueueTime())
            assert request.origin is stronger


async def test_a_run_that_finishes_after_its_account_was_removed_has_finished() -> None:
    """Rules 8, 26: its rows are stored, and the other requests continue."""
    async with Rig(accounts=(Account("anna"), Account("bruno"))) as rig:
        ticket, run = await rig.deaf("orders", "bruno")
        rig.o.set_accounts([Account("anna")])
        await settle()
        run.finish()
        await settle()
        assert ticket.result is not None
        assert ticket.result.outcome is Outcome.COMPLETED
        rig.o.request_sync("orders")
        await settle()
        assert rig.active.slot == ("orders", "anna", Scope.ALL)


async def test_a_request_for_everything_is_done_with_its_last_part() -> None:
    """Rule 5. Each such request has an id of its own."""
    async with Rig() as rig:
        first, second = rig.o.request_full(), rig.o.request_full()
        assert first.id
        assert first.id != second.id
        await settle()
        await rig.finish()
        assert not first.done
        await rig.drain()
        assert first.done
        assert second.done


async def test_a_write_under_way_at_closing_is_completed() -> None:
    """Rule 27: the disk is slow, not broken."""
    async with Rig() as rig:
        rig.journal.gate = asyncio.Event()
        rig.o.hold()
        closing = asyncio.ensure_future(rig.o.close())
        await rig.clock.advance(9)
        assert not closing.done()
        rig.journal.gate.set()
        await closing
        assert rig.journal.notes["hold"] == MONDAY.isoformat()


async def test_a_wall_clock_that_stands_still_before_a_due_time_causes_no_busy_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Rule 2: a clock that is being corrected runs slower for a while."""
    steps = 0

    def counted(*given: Any) -> Any:
        nonlocal steps
        steps += 1
        return decide(*given)

    async with Rig(rules=Rules(office=None, daily_full=None), types=TYPES[:1]) as rig:
        await rig.finish()
        await rig.clock.advance(600)
        await rig.finish()
        await rig.clock.advance(599.999999)
        assert rig.idle
        decide, stands = dispatcher.decide, rig.clock.now()
        monkeypatch.setattr(dispatcher, "decide", counted)
        monkeypatch.setattr(rig.clock, "now", lambda: stands)
        await rig.clock.advance(0.01)
        assert rig.idle
        assert 5 < steps <= 15
