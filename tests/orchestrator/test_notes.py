"""Notes of an earlier process that cannot be trusted: damaged ones, and times of a wrong clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from archisync_gui.model import Account, ErrorInfo, FailureKind, Reason, Remembered
from archisync_gui.orchestrator.accounts import login_failed
from archisync_gui.orchestrator.blocks import stopped_by
from archisync_gui.orchestrator.decide import next_to_start
from archisync_gui.orchestrator.memory import restored
from archisync_gui.orchestrator.rules import Rules
from archisync_gui.orchestrator.schedule import advanced
from archisync_gui.orchestrator.state import AccountState, State
from archisync_gui.orchestrator.values import Moment
from tests.orchestrator.rig import MONDAY, TYPES

NOW = Moment(MONDAY, 1000.0)
ENDS = ["0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00", "9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59+00:00"]
"""Times that can be parsed, but whose arithmetic overflows."""
DAMAGED = [1, 0.5, True, [], {}, "", "yesterday", "2026-02-30", *ENDS]
TIMES = ["hold", "hold-until", "daily", "due:orders:anna", "owed:orders:anna"]


def with_notes(notes: dict[str, Any]) -> State:
    """The state after a start with these notes."""
    types = {spec.name: spec for spec in TYPES}
    intervals = {name: spec.interval for name, spec in types.items()}
    accounts = {name: AccountState(Account(name)) for name in ("anna", "bruno")}
    blank = State(Rules(office=None), "boot", NOW, types=types, intervals=intervals, accounts=accounts)
    return restored(blank, NOW, Remembered((), (), notes, None), failed=False)


def goes_on(state: State) -> State:
    """The state after a day in which the clock was set far back and forward again; no step may raise."""
    for wall in (timedelta(hours=1), timedelta(days=-400), timedelta(days=1)):
        now = Moment(NOW.wall + wall, state.at.mono + 30.0)
        state = advanced(state, now)
        next_to_start(state, now)
    return state


@pytest.mark.parametrize("value", DAMAGED, ids=repr)
@pytest.mark.parametrize("key", TIMES)
def test_a_note_without_a_valid_time_is_logged_and_ignored(key: str, value: Any) -> None:
    notes = {"stopped:bruno": {"code": "login-refused", "kind": "credentials"}}
    state = with_notes({key: value} | notes)
    assert state.unreadable == (f"note {key}",)
    assert state.accounts["bruno"].stopped is not None
    goes_on(state)


COUNTS = [1, "x", [], {}, {"count": "2"}, {"count": 2, "until": "yesterday"}, {"count": 2, "until": ENDS[0]}]


@pytest.mark.parametrize("value", COUNTS, ids=repr)
@pytest.mark.parametrize("key", ["failures:orders:anna", "login-pause:anna"])
def test_a_count_of_failures_that_cannot_be_read_is_named_and_counts_nothing(key: str, value: Any) -> None:
    state = with_notes({key: value})
    assert state.unreadable == (f"note {key}",)
    assert (state.accounts["anna"].login_failures, state.list_state("orders", "anna").failures) == (0, 0)
    goes_on(state)


def test_a_pause_after_failed_logins_that_a_wrong_clock_has_kept_ends_in_time() -> None:
    until = (MONDAY + timedelta(days=400)).isoformat()
    state = with_notes({"login-pause:anna": {"count": 5000, "until": until}, "login-pause:gone": {"count": 1}})
    assert state.accounts["anna"].login_pause == MONDAY + timedelta(seconds=Rules().back_off_limit)
    error = ErrorInfo("login-failed", FailureKind.LOGIN, "")
    state = login_failed(goes_on(state), NOW, "orders", "anna", error, 0.0)
    assert state.accounts["anna"].login_failures == 5001


@pytest.mark.parametrize(("failures", "minutes"), [(1, 15), (2, 30), (9, 120)])
def test_a_pause_after_failed_logins_is_no_longer_than_with_a_correct_clock(failures: int, minutes: int) -> None:
    """Rule 22: the clock was a year ahead when the login failed, and was corrected before the restart."""
    kept = {"count": failures, "until": (NOW.wall + timedelta(days=365)).isoformat()}
    state = with_notes({"login-pause:anna": kept})
    assert state.accounts["anna"].login_pause == NOW.wall + timedelta(minutes=minutes)


@pytest.mark.parametrize("value", DAMAGED, ids=repr)
def test_an_unreadable_hold_counts_as_a_hold(value: Any) -> None:
    state = with_notes({"hold": value})
    assert state.hold_since == NOW.wall
    assert next_to_start(state, NOW) is None


@pytest.mark.parametrize("value", [1, [], "x", {}, {"count": "3"}, {"count": 3, "until": ENDS[2]}], ids=repr)
def test_a_damaged_count_is_logged(value: Any) -> None:
    state = with_notes({"failures:orders:anna": value, "logins:anna": value})
    assert set(state.unreadable) == {"note failures:orders:anna", "note logins:anna"}


def test_a_pause_after_failures_is_no_longer_than_with_a_correct_clock() -> None:
    """The clock was a year ahead when the third request failed, and was corrected before the restart."""
    kept = {"count": 3, "until": (NOW.wall + timedelta(days=365)).isoformat()}
    state = with_notes({"failures:orders:anna": kept})
    until = state.list_state("orders", "anna").back_off
    assert until == NOW.wall + timedelta(minutes=20)
    later = advanced(state, NOW.after(1200.0))
    request = next(r for r in later.queue.values() if (r.slot.type, r.slot.account) == ("orders", "anna"))
    assert stopped_by(later, request, NOW.after(1200.0)) is None


def test_a_pause_after_failures_that_is_not_over_goes_on() -> None:
    until = NOW.wall + timedelta(minutes=7)
    state = with_notes({"failures:orders:anna": {"count": 3, "until": until.isoformat()}})
    later = advanced(state, NOW.after(60.0))
    request = next(r for r in later.queue.values() if (r.slot.type, r.slot.account) == ("orders", "anna"))
    block = stopped_by(later, request, NOW.after(60.0))
    assert block is not None
    assert (block.reason, block.until) == (Reason.BACK_OFF, until)


def test_times_are_kept_in_utc() -> None:
    state = with_notes({"hold": "2026-03-02T11:00:00+02:00"})
    assert state.hold_since == datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert state.hold_since.tzinfo is UTC


def test_a_pause_is_not_longer_because_the_clock_was_set_back_between_two_steps() -> None:
    """Twenty seconds pass, in which the clock is set back by an hour; the rest of the pause is as long as without
    that."""
    until = NOW.wall + timedelta(minutes=30)
    state = with_notes({"hold": NOW.wall.isoformat(), "hold-until": until.isoformat()})
    later = advanced(state, Moment(NOW.wall + timedelta(seconds=20) - timedelta(hours=1), NOW.mono + 20.0))
    assert later.hold_until == until - timedelta(hours=1)
