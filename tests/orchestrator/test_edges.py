"""Corners that the rules do not name: late calls, damaged notes, broken parts, calendars without days."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from datetime import UTC, date, datetime, time, timedelta

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
    Outcome,
    Reason,
    RunControl,
    Scope,
    SessionEnd,
    SyncFailure,
    as_json,
)
from archisync_gui.orchestrator import OfficeHours, Orchestrator, Rules, dispatcher, office_hours, requests, runs, state
from tests.orchestrator.rig import QUIET, TYPES, ListJournal, Rig
from tests.support.clock import MONDAY, settle

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


def test_days_have_23_24_or_25_hours() -> None:
    """Rule 30."""
    assert office_hours.day_end(utc(3, 28, 23, 30), ROME) - utc(3, 28, 23) == timedelta(hours=23)
    assert office_hours.day_end(utc(10, 24, 22, 30), ROME) - utc(10, 24, 22) == timedelta(hours=25)
    assert office_hours.local_day(utc(3, 1, 23, 30), ROME) == date(2026, 3, 2)


def test_opening_time_adds_up_over_nights_and_sundays() -> None:
    """Status: late counts opening time only."""
    saturday_evening = utc(3, 7, 18, 30)
    assert office_hours.after_open_time(saturday_evening, 3600, HOURS, ROME) == utc(3, 9, 6, 30)


async def test_where_the_office_never_opens_nothing_grows_late() -> None:
    """Status."""
    never = Rules(office=OfficeHours(days=frozenset()), daily_full=None)
    async with Rig(rules=never) as rig:
        assert rig.idle
        assert rig.o.get_status().explanation.reason is Reason.OFFICE_HOURS
        rig.o.request_sync("orders")
        await settle()
        await rig.drain()
        await rig.clock.advance(86_400)
        assert rig.o.get_status().statuses["orders"].freshness is Freshness.FRESH


# ------------------------------------------------------------------------------------------------ late calls


async def test_what_an_account_does_after_it_was_removed_changes_nothing() -> None:
    """Rules 8, 22."""
    async with Rig(accounts=(Account("anna"), Account("bruno"))) as rig:
        rig.o.request_sync("orders", "bruno")
        await settle()
        run = rig.active
        run.ignores_cancel = True
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


async def test_a_suspended_fast_read_starts_over_for_want_of_a_place() -> None:
    """Rules 10, 19: only whole reads keep their rows."""
    async with Rig(accounts=(Account("anna"), Account("bruno"))) as rig:
        rig.o.request_sync("customers", "bruno", Scope.NEW)
        await settle()
        form = asyncio.ensure_future(rig.o.smart_customer_sync("a", "anna"))
        await settle()
        await rig.suspend("rows")
        await rig.finish()
        assert (await form).code == "fresh"
        rig.o.end_sessions()
        await rig.clock.advance(1)
        while rig.active.slot[2] is not Scope.NEW:
            await rig.finish()
        assert rig.active.resumed_from is None


async def test_folds_of_runs_that_are_over_change_nothing() -> None:
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
        with pytest.raises(TypeError):
            state.evolve(before, nonsense=1)


async def test_a_suspension_that_comes_after_the_end_was_asked_is_an_end() -> None:
    """Rules 19, 26."""
    async with Rig() as rig:
        ticket = rig.o.request_sync("products")
        await settle()
        asyncio.get_running_loop().call_soon(lambda: None)
        form = asyncio.ensure_future(rig.o.smart_customer_sync("a"))
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


async def test_a_runner_that_finishes_though_it_was_told_to_end_has_finished() -> None:
    """Rule 26: what is stored is stored; only a passed limit counts as failed (rule 24)."""
    async with Rig() as rig:
        ticket = rig.o.request_sync("orders")
        await settle()
        run = rig.active
        run.ignores_cancel = True
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
    """Rule 22: one more try 15 minutes later, though the type's interval is longer."""
    types = (dataclasses.replace(TYPES[5], shared=False),)
    async with Rig(rules=Rules(office=None, daily_full=None), types=types) as rig:
        await rig.fail(FailureKind.LOGIN)
        await rig.clock.advance(901)
        assert rig.active.type == "products"


# ------------------------------------------------------------------------------------------------ broken parts


async def test_a_listener_that_acts_is_told_in_order() -> None:
    """Rule 7: what it makes happen comes after what it was told."""
    async with Rig() as rig:

        def asks(event: Event) -> None:
            if event.kind is EventKind.SYNC_COMPLETED and event.data["type"] == "orders":
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


async def test_the_dispatcher_gets_up_again(monkeypatch: pytest.MonkeyPatch, expected_errors: object) -> None:
    """Rule 2: a bug in a decision must not end all syncs."""
    expected_errors("the dispatcher stumbled")  # type: ignore[operator]
    async with Rig() as rig:

        def broken(*_: object) -> None:
            raise ZeroDivisionError

        decide = dispatcher.decide
        monkeypatch.setattr(dispatcher, "decide", broken)
        rig.o.request_sync("orders")
        await settle()
        assert rig.idle
        monkeypatch.setattr(dispatcher, "decide", decide)
        await rig.clock.advance(31)
        assert rig.active.type == "orders"


async def test_damaged_notes_are_left_out(expected_errors: object) -> None:
    """Rule 31: a damaged note must not keep the office from reading."""
    expected_errors("the note due:orders:anna", "the note logins:anna", "the note stopped:anna")  # type: ignore[operator]
    journal = ListJournal()
    journal.notes = {
        "due:orders:anna": "yesterday",
        "due:ddt:anna": "2026-03-02T09:00:00",
        "logins:anna": {"day": "2026-03-02", "count": "many"},
        "stopped:anna": {"kind": "credentials"},
        "interval:orders": 20,
        "interval:nonsense": 7,
        "of a later version": True,
    }
    async with Rig(journal=journal) as rig:
        assert rig.o.get_status().statuses["orders"].interval == 20
        assert rig.o.state.track("ddt", "anna").due == utc(3, 2, 9)


async def test_a_journal_that_cannot_load_is_shown() -> None:
    """Rule 31."""
    rig = Rig()
    rig.journal.error = OSError("damaged")
    await rig.o.start()
    error = rig.o.get_status().journal_error
    assert error is not None
    assert "damaged" in error.message
    rig.journal.error = None
    await rig.close()


async def test_a_hold_that_could_not_be_written_is_written_later(expected_errors: object) -> None:
    """Words: hold is kept over restarts, whatever the disk did."""
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
    assert (await orchestrator.smart_customer_sync("late")).code == "ended"


async def test_old_tickets_are_forgotten() -> None:
    """No growth of memory."""
    async with Rig() as rig:
        rig.auto = lambda run: run.finish()
        first = rig.o.request_sync("orders")
        for _ in range(1100):
            rig.o.request_sync("orders")
            await settle()
        assert rig.o.ticket(first.id) is None
        assert rig.o.position(first.id) is None
        assert not rig.o.cancel(first.id)
        assert first.result is not None
        batch = rig.o.request_full()
        assert not batch.done
        await batch
        assert batch.done


async def test_everything_shown_has_a_json_form_and_a_text() -> None:
    """Rule 32 and the house: every reason and every code has its sentences in both languages."""
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


async def test_what_was_kept_of_an_error_comes_back() -> None:
    """Rule 22: the reason an account stopped outlives a restart."""
    from archisync_gui.orchestrator.memory import error_from

    error = ErrorInfo("credentials", FailureKind.CREDENTIALS, "no", {"a": 1}, "stack", "shot.png", {"b": 2})
    assert error_from(as_json(error)) == error
    bare = error_from({"code": "x", "kind": "credentials", "params": None})
    assert (bare.params, bare.evidence, bare.screenshot) == ({}, {}, None)


async def test_a_feed_tells_from_the_moment_it_was_asked_for() -> None:
    """Nothing is lost between a first status and the first event."""
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
