"""Which notifications are shown: one for each condition, with back-off, resolved once, none in quiet hours."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
from panel_fakes import ENTITIES, NOW, SILENT, account_type, calm, with_type

from archisync_gui import zone
from archisync_gui.model import ErrorInfo, EventKind, FailureKind, Outcome, Status, SyncState
from archisync_gui.settings import Settings
from archisync_gui.ui.system.notify import FIRST_PAUSE, LONG_HOLD, Policy
from archisync_gui.ui.text import words
from tests.support.events import an_event

LOUD = Settings({"notify.quiet_from": "00:00", "notify.quiet_to": "00:00"})


@pytest.fixture(autouse=True)
def _names() -> None:
    words.name_types(ENTITIES)


def failing(*types: str, count: int = 1) -> Status:
    status = calm()
    for name in types:
        status = with_type(
            status,
            account_type(
                name,
                last_outcome=Outcome.FAILED,
                last_error=SILENT,
                failures_in_a_row=count,
                last_attempt=NOW - timedelta(minutes=1),
            ),
        )
    return status


def test_a_failure_is_notified_once_then_with_back_off_and_then_resolved() -> None:
    policy = Policy()
    first = policy.of_status(failing("orders"), NOW, LOUD)
    assert [m.title for m in first] == ["Orders: the update failed"]
    assert policy.of_status(failing("orders", count=2), NOW + FIRST_PAUSE / 2, LOUD) == []
    assert len(policy.of_status(failing("orders", count=3), NOW + FIRST_PAUSE, LOUD)) == 1
    assert policy.of_status(failing("orders", count=4), NOW + FIRST_PAUSE * 2, LOUD) == []
    assert len(policy.of_status(failing("orders", count=5), NOW + FIRST_PAUSE * 3, LOUD)) == 1
    assert [m.title for m in policy.of_status(calm(), NOW, LOUD)] == ["Orders: resolved"]
    assert policy.of_status(calm(), NOW, LOUD) == []


def test_an_erp_that_does_not_answer_is_one_message_not_six() -> None:
    found = Policy().of_status(failing("orders", "ddt", "prices"), NOW, LOUD)
    assert [m.title for m in found] == ["The ERP does not answer"]
    assert "Orders, Delivery notes, Prices" in found[0].text


def test_a_missing_browser_is_notified_with_a_solution() -> None:
    missing = ErrorInfo("browser-missing", FailureKind.PERMANENT, "browser-missing")
    item = account_type("orders", last_outcome=Outcome.FAILED, last_error=missing, failures_in_a_row=1)
    (found,) = Policy().of_status(with_type(calm(), item), NOW, LOUD)
    assert found.title == "Archisync's browser does not work"
    assert "no usable browser" in found.text
    assert "Install one" in found.text
    assert "by itself" not in found.text  # there are no retries before the operator acts


def test_a_new_attempt_does_not_count_as_a_recovery() -> None:
    policy = Policy()
    policy.of_status(failing("orders"), NOW, LOUD)
    again = with_type(
        calm(),
        account_type("orders", state=SyncState.RUNNING, is_running=True, last_outcome=Outcome.FAILED, last_error=SILENT,
                     failures_in_a_row=1),
    )  # fmt: skip
    assert policy.of_status(again, NOW, LOUD) == []
    assert policy.of_status(failing("orders", count=2), NOW + timedelta(minutes=1), LOUD) == []


def test_levels_can_be_turned_off() -> None:
    off = LOUD.with_({"notify.failure": False, "notify.recovery": False})
    policy = Policy()
    assert policy.of_status(failing("orders"), NOW, off) == []
    assert policy.of_status(calm(), NOW, off) == []


@pytest.mark.parametrize(("hour", "quiet"), [(19, False), (20, True), (23, True), (0, True), (6, True), (7, False)])
def test_quiet_hours_over_midnight(hour: int, quiet: bool) -> None:
    settings = LOUD.with_({"notify.quiet_from": "20:00", "notify.quiet_to": "07:00"})
    at = zone.local(NOW).replace(hour=hour)
    assert (Policy().of_status(failing("orders"), at, settings) == []) is quiet


def test_quiet_hours_within_a_day() -> None:
    settings = LOUD.with_({"notify.quiet_from": "13:00", "notify.quiet_to": "15:00"})
    told = [
        len(Policy().of_status(failing("orders"), zone.local(NOW).replace(hour=hour), settings))
        for hour in (12, 14, 15)
    ]
    assert told == [1, 0, 1]


def test_there_is_a_reminder_of_a_long_hold() -> None:
    held = dataclasses.replace(calm(), hold_since=NOW - LONG_HOLD)
    assert [m.title for m in Policy().of_status(held, NOW, LOUD)] == ["Still paused by you"]
    fresh = dataclasses.replace(calm(), hold_since=NOW)
    assert Policy().of_status(fresh, NOW, LOUD) == []


def test_a_session_left_open_is_notified() -> None:
    event = an_event(EventKind.SMART_SYNC_TIMEOUT, "b", 1, NOW, {"handle": "s-1"})
    assert [m.place for m in Policy().of_events([event, event], NOW, LOUD)] == ["sessions"]


def test_notifications_are_shown_after_quiet_hours() -> None:
    policy = Policy()
    quiet = LOUD.with_(
        {
            "notify.quiet_from": (NOW.astimezone() - timedelta(hours=1)).strftime("%H:%M"),
            "notify.quiet_to": (NOW.astimezone() + timedelta(hours=1)).strftime("%H:%M"),
        }
    )
    policy.of_status(failing("orders"), NOW - timedelta(hours=2), quiet)
    assert policy.of_status(failing("ddt"), NOW, quiet) == []
    after = [m.title for m in policy.of_status(failing("ddt"), NOW + timedelta(hours=2), quiet)]
    assert after == ["Delivery notes: the update failed", "Orders: resolved"]


def test_a_condition_that_alternates_is_notified_once_in_ten_minutes() -> None:
    policy = Policy()
    told = []
    for minute in range(0, 20, 2):
        at = NOW + timedelta(minutes=minute)
        told += policy.of_status(failing("orders") if minute % 4 == 0 else calm(), at, LOUD)
    assert [m.title for m in told] == ["Orders: the update failed", "Orders: resolved"] * 2


def test_a_refused_password_has_a_level_of_its_own() -> None:
    account = dataclasses.replace(calm().accounts[0], stopped=SILENT)
    stopped = dataclasses.replace(calm(), accounts=(account,))
    (told,) = Policy().of_status(stopped, NOW, LOUD.with_({"notify.failure": False}))
    assert told.place == "trouble"
    assert Policy().of_status(stopped, NOW, LOUD.with_({"notify.credentials": False})) == []


def test_many_sessions_left_open_are_one_message() -> None:
    policy = Policy()
    event = an_event(EventKind.SMART_SYNC_TIMEOUT, "b", 1, NOW, {"handle": "s-1"})
    assert len(policy.of_events([event, event], NOW, LOUD)) == 1
    assert policy.of_events([event], NOW + FIRST_PAUSE / 2, LOUD) == []
    assert len(policy.of_events([event], NOW + FIRST_PAUSE, LOUD)) == 1


REFUSED_PASSWORD = ErrorInfo("credentials-refused", FailureKind.CREDENTIALS, "x")


def stopped(status: Status, by: ErrorInfo | None = REFUSED_PASSWORD) -> Status:
    return dataclasses.replace(status, accounts=(dataclasses.replace(status.accounts[0], stopped=by),))


def test_a_failed_list_is_not_resolved_when_its_accounts_password_is_refused() -> None:
    policy = Policy()
    policy.of_status(failing("orders", count=3), NOW, LOUD)
    found = policy.of_status(stopped(failing("orders", count=4)), NOW + timedelta(seconds=30), LOUD)
    assert [m.key for m in found] == ["account:agente01"]


def test_a_refused_password_is_resolved_only_by_a_read() -> None:
    policy = Policy()
    policy.of_status(stopped(calm()), NOW, LOUD)
    assert policy.of_status(calm(), NOW + timedelta(seconds=5), LOUD) == [], "resolved before an attempt"
    assert policy.of_status(stopped(calm()), NOW + timedelta(seconds=25), LOUD) == []
    read = account_type("orders", last_run_time=NOW + timedelta(seconds=40), last_attempt=NOW + timedelta(seconds=40))
    found = policy.of_status(with_type(calm(), read), NOW + timedelta(seconds=60), LOUD)
    assert [m.title for m in found] == ["agente01: resolved"]


@pytest.mark.parametrize("removed", [True, False])
def test_for_an_account_no_longer_in_use_there_is_no_message_that_it_works(removed: bool) -> None:
    policy = Policy()
    policy.of_status(stopped(failing("orders", count=3)), NOW, LOUD)
    policy.of_status(failing("orders", count=3), NOW, LOUD)
    first = calm().accounts[0]
    rest = dataclasses.replace(first, id="agente02")
    others = (rest,) if removed else (dataclasses.replace(first, enabled=False), rest)
    lists = with_type(calm(), account_type("orders", "agente02")) if removed else failing("orders")
    without = dataclasses.replace(lists, accounts=others)
    assert policy.of_status(without, NOW + timedelta(hours=1), LOUD) == []
    assert policy.open == set()


def test_the_failure_of_a_cleared_list_is_resolved_when_it_is_read() -> None:
    policy = Policy()
    policy.of_status(failing("orders"), NOW, LOUD)
    cleared = account_type("orders", last_outcome=None, last_attempt=None, last_run_time=None)
    assert policy.of_status(with_type(calm(), cleared), NOW, LOUD) == []
    assert [m.title for m in policy.of_status(calm(), NOW, LOUD)] == ["Orders: resolved"]


def test_a_silent_erp_is_resolved_when_it_answers() -> None:
    policy = Policy()
    policy.of_status(failing("orders", "ddt"), NOW, LOUD)
    later = NOW + timedelta(minutes=2)
    assert [m.key for m in policy.of_status(stopped(failing("orders", "ddt")), later, LOUD)] == ["account:agente01"]
    read = account_type("orders", last_run_time=later, last_attempt=later)
    assert "The ERP: resolved" in [m.title for m in policy.of_status(with_type(calm(), read), later, LOUD)]
