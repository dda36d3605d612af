"""Conditions are one ranked list: property tests over generated statuses try to make it claim what is not so."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from panel_fakes import account_type, calm, type_status

from archisync_gui import messages
from archisync_gui.conditions import (
    SERVER,
    SILENCE,
    Cause,
    Condition,
    Kind,
    cause,
    conditions,
    contact,
    text,
)
from archisync_gui.model import (
    AccountStatus,
    AccountTypeStatus,
    BackupTrouble,
    ErrorInfo,
    Explanation,
    FailureKind,
    Freshness,
    OfficeView,
    Origin,
    Outcome,
    Progress,
    Reason,
    RunView,
    Scope,
    Status,
    SyncState,
    TypeStatus,
)

NOW = datetime(2026, 11, 28, 10, 0, tzinfo=UTC)
TYPES = ("customers", "orders", "ddt")
ACCOUNTS = ("anna", "bruno")
CODES = (*sorted(SILENCE), "browser-lost", "erp-callback-error", "column-missing", "login-refused", "disk-full")
KINDS = {
    "column-missing": FailureKind.LAYOUT,
    "login-refused": FailureKind.CREDENTIALS,
    "disk-full": FailureKind.PERMANENT,
}


def error(code: str) -> ErrorInfo:
    return ErrorInfo(code, KINDS.get(code, FailureKind.TRANSIENT), code)


def moments(optional: bool = True) -> st.SearchStrategy[datetime | None]:
    """Moments of the last hours, and some in the future (a clock that was set back)."""
    some = st.integers(-600, 120).map(lambda minutes: NOW + timedelta(minutes=minutes))
    return st.none() | some if optional else some


@st.composite
def items(draw: st.DrawFn, type: str, account: str) -> AccountTypeStatus:
    outcome = draw(st.none() | st.sampled_from(list(Outcome)))
    failed = outcome in (Outcome.FAILED, Outcome.REFUSED)
    state = draw(st.sampled_from(list(SyncState)))
    waits = state in (SyncState.QUEUED, SyncState.WAITING, SyncState.SUSPENDED, SyncState.BACKING_OFF)
    freshness = draw(st.sampled_from(list(Freshness)))
    return AccountTypeStatus(
        type=type,
        account=account,
        state=state,
        reason=draw(st.sampled_from([Reason.RETRY, Reason.SESSION, Reason.HOLD]))
        if state is SyncState.WAITING
        else None,
        freshness=freshness,
        is_running=state is SyncState.RUNNING,
        queue_position=1 if waits else None,
        last_run_time=None if freshness is Freshness.NEVER else draw(moments()),
        new_as_of=None,
        all_as_of=None,
        last_attempt=None if outcome is None else draw(moments(optional=False)),
        last_outcome=outcome,
        last_error=error(draw(st.sampled_from(CODES))) if failed else None,
        last_run_id="r1",
        failures_in_a_row=draw(st.integers(0, 4)) if failed else 0,
        unclean_in_a_row=0,
        due=None,
        expected=None,
        progress=None,
        rows=None,
        added=0,
        changed=0,
        gone=0,
    )


@st.composite
def statuses(draw: st.DrawFn) -> Status:
    enabled = draw(st.lists(st.sampled_from(ACCOUNTS), unique=True))
    stopped = draw(st.none() | st.sampled_from(["login-refused", "password-missing", "certificate-changed"]))
    shown: dict[str, TypeStatus] = {}
    for name in TYPES:
        inside = tuple(draw(items(name, account)) for account in enabled)
        fresh = inside[0].freshness if inside else Freshness.NEVER
        shown[name] = TypeStatus(name, SyncState.IDLE, None, fresh, False, None, None, 30, inside)
    run = None
    if enabled and draw(st.booleans()):
        progress = Progress("read", draw(st.none() | st.integers(1, 3)), 9, draw(st.integers(0, 50)))
        run = RunView("r9", "orders", enabled[0], Scope.ALL, Origin.SCHEDULE, 1, NOW, progress)
    return Status(
        boot="b",
        revision=1,
        at=NOW,
        current_sync=None if run is None else run.type,
        current_run=run,
        queue=(),
        statuses=shown,
        smart_customer_sync_active=False,
        session_count=0,
        safety_timeout_active=False,
        breathing=False,
        quiet_until=None,
        sessions=(),
        hold_since=draw(st.none() | st.just(NOW)),
        accounts=tuple(
            AccountStatus(name, name in enabled, True, error(stopped) if stopped and name == "anna" else None, 1, 15)
            for name in ACCOUNTS
        ),
        explanation=Explanation(NOW, draw(st.sampled_from([Reason.NOTHING_DUE, Reason.OFFLINE]))),
        journal_error=draw(st.none() | st.just(error("disk-full"))),
        abandoned=() if run is None or draw(st.booleans()) else (run,),
        unreadable=draw(st.sampled_from([(), ("run r1",), ("journal",)])),
    )


def all_items(status: Status) -> list[AccountTypeStatus]:
    return [item for shown in status.statuses.values() for item in shown.accounts]


def fails(item: AccountTypeStatus) -> bool:
    """An independent reading of the rule: it failed for good, waits after a failure, or is tried again just now."""
    waiting = item.state is SyncState.BACKING_OFF or item.reason is Reason.RETRY
    again = item.last_outcome is Outcome.FAILED and (item.is_running or item.queue_position is not None)
    return waiting or again or item.failures_in_a_row > 0


def known_answers(status: Status) -> list[datetime]:
    """Every moment at which the ERP is known to have answered well, from the raw figures."""
    found = [item.last_run_time for item in all_items(status) if item.last_run_time is not None]
    good = (Outcome.COMPLETED, Outcome.UNCLEAN, Outcome.REFUSED)
    found += [i.last_attempt for i in all_items(status) if i.last_outcome in good and i.last_attempt is not None]
    if status.current_run is not None and (status.current_run.progress.page or status.current_run.progress.rows):
        found.append(NOW)
    return [at for at in found if at <= NOW + timedelta(minutes=1)]


def item(
    type: str, minutes: int, code: str | None = None, kind: FailureKind = FailureKind.TRANSIENT
) -> AccountTypeStatus:
    """A list of one account whose last attempt was ``minutes`` ago; with ``code`` it failed with that error."""
    at = NOW - timedelta(minutes=minutes)
    if code is None:
        return account_type(type, last_run_time=at, all_as_of=None, last_attempt=at)
    return account_type(
        type,
        last_run_time=None,
        all_as_of=None,
        last_attempt=at,
        last_outcome=Outcome.FAILED,
        last_error=ErrorInfo(code, kind, code),
        failures_in_a_row=1,
    )


def status_of(*items: AccountTypeStatus) -> Status:
    """A status of one account with exactly these lists, and nothing else to say."""
    return calm(at=NOW, statuses={item.type: type_status(item.type, item) for item in items})


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("office-unreachable", "does not answer"),
        ("office-slow", "does not answer"),
        ("office-full", "accepts no more connections"),
        ("office-disk-full", "is full"),
        ("office-read-only", "only allows reading"),
        ("office-login", "refuses the name or the password"),
        ("office-missing", "no longer on the server"),
        ("office-tls", "encrypted connection"),
        ("office-not-allowed", "no longer has the rights"),
        ("office-status-unread", "another version of Archisync"),
        ("office-pooler", "cannot be used"),
    ],
)
@pytest.mark.parametrize("as_of", [NOW, None])
def test_each_trouble_of_the_offices_server_is_called_what_it_is(code: str, said: str, as_of: datetime | None) -> None:
    trouble = ErrorInfo(code, FailureKind.TRANSIENT, code)
    office = OfficeView(leader=None, leads=False, trouble=trouble, as_of=as_of)
    (found,) = conditions(calm(at=NOW, office=office))
    assert found.kind is Kind.OFFICE_SILENT
    for language in messages.LANGUAGES:
        found_text = text(found.as_json(), language, str, str)
        assert found_text.what
        assert found_text.means
        assert found_text.todo
        assert "{" not in str(found_text)
    assert said in text(found.as_json(), "en", str, str).what


def test_a_later_answer_ends_the_silence_of_the_erp() -> None:
    unreachable = item("orders", 10, "erp-unreachable")
    assert [one.kind for one in conditions(status_of(unreachable))] == [Kind.SILENT]
    answered_before = status_of(unreachable, item("customers", 20))
    assert [one.kind for one in conditions(answered_before)] == [Kind.SILENT]
    assert not contact(answered_before).connected
    answered_after = status_of(unreachable, item("customers", 5))
    assert [(one.kind, one.lists) for one in conditions(answered_after)] == [(Kind.FAILED, ("orders",))]
    assert contact(answered_after).connected


@pytest.mark.parametrize("kind", [kind for kind in FailureKind if kind is not FailureKind.PERMANENT])
def test_a_failure_after_the_last_good_answer_ends_the_connection(kind: FailureKind) -> None:
    found = contact(status_of(item("customers", 20), item("orders", 10, "erp-callback-error", kind)))
    assert found.answered == NOW - timedelta(minutes=20)
    assert found.failed == NOW - timedelta(minutes=10)
    assert not found.connected


def test_a_full_disk_says_nothing_about_the_erp() -> None:
    assert contact(status_of(item("customers", 20), item("orders", 10, "disk-full", FailureKind.PERMANENT))).connected


@given(statuses())
def test_nothing_is_called_well_while_a_list_is_late_fails_or_waits_after_a_failure(status: Status) -> None:
    if conditions(status):
        return
    assert any(account.enabled for account in status.accounts)
    assert not [account for account in status.accounts if account.enabled and account.stopped is not None]
    for item in all_items(status):
        assert item.freshness is Freshness.FRESH
        assert item.state is not SyncState.REFUSED
        assert not fails(item)
    assert status.hold_since is None
    assert status.journal_error is None
    assert not status.abandoned
    assert not status.unreadable


@given(statuses())
def test_the_erp_is_not_blamed_if_it_answered_later(status: Status) -> None:
    for condition in conditions(status):
        if condition.kind is Kind.SILENT:
            assert condition.items
            for item in condition.items:
                assert item.last_error is not None
                assert item.last_error.code in SILENCE
                assert item.last_attempt is None or all(at < item.last_attempt for at in known_answers(status))


@given(statuses())
def test_one_slow_list_is_not_the_whole_erp(status: Status) -> None:
    for condition in conditions(status):
        if condition.kind is Kind.SILENT and len(condition.lists) == 1:
            assert any(item.last_error is not None and item.last_error.code in SERVER for item in condition.items)


@given(statuses())
def test_connected_needs_a_good_answer_and_no_later_failure(status: Status) -> None:
    found = contact(status)
    answers = known_answers(status)
    assert found.answered == max(answers, default=None)
    if found.connected:
        assert found.answered is not None
        for item in all_items(status):
            if item.last_outcome is Outcome.FAILED and item.last_error is not None and item.last_attempt is not None:
                permanent = item.last_error.kind is FailureKind.PERMANENT
                future = item.last_attempt > NOW + timedelta(minutes=1)
                assert permanent or future or item.last_attempt <= found.answered
        assert set(found.accounts) <= {item.account for item in all_items(status)}


@given(statuses())
def test_a_condition_names_exactly_the_lists_concerned(status: Status) -> None:
    found = conditions(status)
    named = [(item.type, item.account) for condition in found for item in condition.items]
    assert len(named) == len(set(named)), "no list is in two conditions"
    stopped = {account.id for account in status.accounts if account.enabled and account.stopped is not None}
    for item in all_items(status):
        wrong = (
            item.account in stopped
            or item.state is SyncState.REFUSED
            or fails(item)
            or item.freshness is not Freshness.FRESH
        )
        assert ((item.type, item.account) in named) == wrong


@given(statuses())
def test_the_order_is_that_of_the_kinds_and_every_text_is_complete(status: Status) -> None:
    found = conditions(status)
    ranks = [list(Kind).index(condition.kind) for condition in found]
    assert ranks == sorted(ranks)
    for condition in found:
        for language in messages.LANGUAGES:
            said = text(condition.as_json(), language, lambda name: name, lambda at: f"{at:%H:%M}")
            assert said.what
            assert all(name in str(said) for name in condition.lists) or condition.kind is Kind.STOPPED
            assert said.todo
            assert not said.what.startswith("condition."), f"no text for {said.what}"


def condition(kind: Kind, code: str | None = None) -> Condition:
    return Condition(kind, error=None if code is None else error(code))


@pytest.mark.parametrize("code", sorted(SILENCE))
def test_silence_and_causes_are_real_codes(code: str) -> None:
    assert code in messages.codes()
    assert cause(error(code)) is Cause.SILENT


def test_every_cause_has_a_text_for_a_failed_list() -> None:
    for one in Cause:
        assert f"condition.failed.{one}" in messages.codes()


def test_nothing_remembered_is_an_error_and_not_a_pause_of_the_operators() -> None:
    assert condition(Kind.UNREADABLE).code == "condition.unreadable.all"
    assert not condition(Kind.UNREADABLE).warning
    assert Condition(Kind.UNREADABLE, count=3).warning


def test_many_lists_are_counted_in_the_title_and_named_below() -> None:
    shown = {**condition(Kind.FAILED, "erp-slow").as_json(), "lists": ["orders", "ddt", "prices"]}
    said = text(shown, "en", str.upper, str)
    assert said.what == "3 lists: the ERP did not answer in time."
    assert said.means.startswith("ORDERS, DDT, PRICES. ")
    said = text({**shown, "lists": ["orders", "ddt"]}, "en", str.upper, str)
    assert said.what == "ORDERS, DDT: the ERP did not answer in time."


BROWSER = sorted(c for c in messages.codes() if c.startswith("browser-") and c != "browser-key-told")


@pytest.mark.parametrize("code", BROWSER)
@pytest.mark.parametrize("kind", [FailureKind.TRANSIENT, FailureKind.PERMANENT])
def test_a_browser_that_does_not_start_is_never_an_erp_that_does_not_answer(code: str, kind: FailureKind) -> None:
    """In no text of it, on the panel, in the status, in a notice; and what helps is said."""
    failed = ErrorInfo(code, kind, code, {"tried": "Chrome: x", "path": "x", "reason": "x", "step": "open"})
    assert cause(failed) is Cause.BROWSER
    shown = Condition(Kind.BROWSER, error=failed)
    for language in messages.LANGUAGES:
        of_code = messages.text(code, language, failed.params)
        of_condition = text({**shown.as_json(), "lists": ["orders"]}, language, str, str)
        for said in (of_code, of_condition):
            assert not re.search(r"ERP (non risponde|does not answer|did not answer)", str(said))
            assert said.todo
        by_itself = re.search("riprova da solo|retries by itself", str(of_condition))
        assert (by_itself is not None) == (kind is FailureKind.TRANSIENT)


def test_a_browser_that_died_is_not_the_erp() -> None:
    assert cause(error("browser-lost")) is Cause.BROWSER
    assert condition(Kind.BROWSER, "browser-lost").code == "condition.browser"


@pytest.mark.parametrize("language", messages.LANGUAGES)
@pytest.mark.parametrize(
    ("code", "last", "said"),
    [
        ("disk-full", NOW, "backup-failing"),
        ("disk-full", None, "always"),
        ("damaged", NOW, "damaged"),
        ("drafts-unsound", NOW, "drafts-unsound"),
    ],
)
def test_a_backup_that_fails_says_what_is_at_risk_and_what_to_do(
    language: str, code: str, last: datetime | None, said: str
) -> None:
    failed = BackupTrouble(ErrorInfo(code, FailureKind.PERMANENT, code), last)
    [found] = conditions(replace(status_of(item("customers", 20)), backup_trouble=failed))
    assert (found.kind, found.warning) == (Kind.BACKUP, False)
    assert found.code.endswith(said)
    shown = text(found.as_json(), language, lambda name: name, lambda at: "12:34")
    assert shown.what
    assert shown.means
    assert shown.todo
    assert ("12:34" in shown.means) is (said == "backup-failing")
