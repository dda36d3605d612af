"""The panel's texts for a status: headline, chips, freshness, expectation, activity, in both languages."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
from panel_fakes import ENTITIES, NOW, SILENT, account_type, busy, calm, entry, run_record, with_type

from archisync_gui.conditions import conditions
from archisync_gui.model import (
    FIRST_READ,
    AccountStatus,
    ErrorInfo,
    EventKind,
    FailureKind,
    Forecast,
    Freshness,
    Origin,
    Outcome,
    Reason,
    RunRecord,
    Scope,
    SyncState,
    warning,
)
from archisync_gui.ui.text import list_words, status_words, words
from archisync_gui.ui.text.activity import event_line
from archisync_gui.ui.text.i18n import ago, decimal, number, set_language, span, tr
from tests.support.events import an_event


@pytest.fixture(autouse=True)
def _names() -> None:
    words.name_types(ENTITIES)


def test_the_headline_of_a_run_has_type_scope_page_rows_times_and_asker() -> None:
    set_language("it")
    found = status_words.headline(busy(), NOW)
    assert found.title == "Clienti, elenco intero · pagina 9 di 16 · 843 righe"
    assert found.detail == (
        "Fatture: l'ERP non ha risposto in tempo · in corso da 0:15 · circa 0:12 alla fine · per il modulo ordini"
    )
    assert found.fraction == pytest.approx(843 / 1512, abs=0.01)
    assert (found.kind, found.running, found.tone) == ("trouble", True, "bad"), "the failure is hidden by the run"
    well = dataclasses.replace(calm(), current_run=busy().current_run)
    found = status_words.headline(well, NOW)
    assert found.detail == "in corso da 0:15 · circa 0:12 alla fine · per il modulo ordini"
    assert (found.kind, found.running) == ("running", True)


@pytest.mark.parametrize(
    ("change", "kind", "title"),
    [
        (lambda s: s, "fresh", "Everything up to date"),
        (lambda s: dataclasses.replace(s, hold_since=NOW), "hold", "Paused"),
        (lambda s: dataclasses.replace(s, accounts=()), "trouble", "No ERP account"),
        (
            lambda s: with_type(s, account_type("ddt", freshness=Freshness.LATE)),
            "late",
            "Delivery notes: late",
        ),
        (
            lambda s: with_type(
                s,
                account_type("ddt", last_outcome=Outcome.FAILED, last_error=SILENT, failures_in_a_row=1),
            ),
            "trouble",
            "Delivery notes: the ERP did not answer in time",
        ),
        (
            lambda s: with_type(s, account_type("ddt", state=SyncState.REFUSED, last_outcome=Outcome.REFUSED)),
            "trouble",
            "Delivery notes: a read was refused",
        ),
        (
            lambda s: dataclasses.replace(
                s,
                accounts=(AccountStatus("agente01", True, True, ErrorInfo("x", FailureKind.CREDENTIALS, "no"), 1, 15),),
            ),
            "trouble",
            "The ERP refused the password of agente01",
        ),
    ],
)
def test_each_state_has_its_headline(change: object, kind: str, title: str) -> None:
    found = status_words.headline(change(calm()), NOW)  # type: ignore[operator]
    assert (found.kind, found.title) == (kind, title)
    assert found.detail


@pytest.mark.parametrize(
    ("code", "title", "word"),
    [
        ("login-refused", "The ERP refused the password of anna", "password refused"),
        ("password-missing", "There is no password for anna", "no password"),
        ("certificate-unknown", "The ERP's certificate is not accepted yet", "certificate to be checked"),
        ("certificate-changed", "The ERP's certificate has changed", "certificate to be checked"),
    ],
)
def test_why_an_account_is_stopped(code: str, title: str, word: str) -> None:
    assert (words.stopped_title(code, "anna"), words.stopped_word(code)) == (title, word)


def test_state_and_freshness_are_separate_words() -> None:
    item = account_type(
        "orders",
        state=SyncState.WAITING,
        reason=Reason.SESSION,
        freshness=Freshness.LATE,
        last_run_time=NOW - timedelta(minutes=72),
    )
    state = list_words.state_chip(item)
    fresh = list_words.freshness_chip(item.freshness, item.last_run_time, NOW)
    assert state.text == "Waiting · form open"
    assert fresh.text == "Late · 1 h 12 min ago"


def test_every_state_has_a_word_of_its_own_and_a_shape() -> None:
    shapes = {}
    for state in SyncState:
        chip = list_words.state_chip(account_type("orders", state=state, reason=Reason.HOLD, last_error=SILENT))
        assert chip.text.strip()
        shapes[state] = (chip.tone, chip.shape)
    troubles = {shapes[s] for s in (SyncState.STOPPED, SyncState.REFUSED, SyncState.BACKING_OFF)}
    assert len({shape for _, shape in troubles}) == 3


@pytest.mark.parametrize("reason", list(Reason))
@pytest.mark.parametrize("language", ["it", "en"])
def test_every_reason_has_words(reason: Reason, language: str) -> None:
    set_language(language)
    assert words.reason_word(reason, {"type": "prices"})


def test_an_expectation_names_the_run_before_it() -> None:
    set_language("it")
    status = busy()
    orders = list_words.worst(status.statuses["orders"])
    prices = list_words.worst(status.statuses["prices"])
    assert orders is not None
    assert prices is not None
    assert list_words.expected_line(orders, status, NOW).endswith("· dopo Clienti 0:12")
    assert list_words.expected_line(prices, status, NOW).endswith("· riprende da pag. 19")


def test_a_queued_request_has_its_place_and_reason() -> None:
    assert words.queued_sentence(entry("orders", 6, 5), 2) == "Orders is in the queue at place 2: form open."
    after = entry("orders", 6, 5, reason=Reason.RUNNING, params={"type": "prices"})
    assert words.queued_sentence(after, 1) == "Orders is in the queue at place 1: after Prices."


def test_the_text_is_that_of_the_worst_account() -> None:
    status = with_type(
        calm(),
        account_type("orders", "agente01"),
        account_type("orders", "agente02", freshness=Freshness.LATE),
    )
    speaker = list_words.worst(status.statuses["orders"])
    assert speaker is not None
    assert speaker.account == "agente02"


@pytest.mark.parametrize("language", ["it", "en"])
def test_activity_in_plain_words(language: str) -> None:
    set_language(language)
    done = an_event(
        EventKind.SYNC_COMPLETED,
        "b",
        1,
        NOW,
        {"type": "customers", "rows": 1512, "added": 2, "changed": 14, "gone": 0, "durationMs": 3100},
    )
    found = event_line(done)
    assert found is not None
    expected = {"it": ("Clienti: 1.512 righe, 2 nuove, 14 cambiate", "3,1 s"),
                "en": ("Customers: 1,512 rows, 2 new, 14 changed", "3.1 s")}  # fmt: skip
    assert (found.text, found.aside) == expected[language]


@pytest.mark.parametrize(
    ("language", "line"),
    [("it", "Clienti: 1.512 righe, primo aggiornamento"), ("en", "Customers: 1,512 rows, first read")],
)
def test_a_first_read_has_no_new_rows_and_no_warnings(language: str, line: str) -> None:
    set_language(language)
    data = {"type": "customers", "rows": 1512, "added": 0, "changed": 0, "gone": 0, "warnings": [FIRST_READ]}
    found = event_line(an_event(EventKind.SYNC_COMPLETED, "b", 1, NOW, data))
    assert found is not None
    assert found.text == line
    run = run_record("customers", NOW, 20, rows=1512, added=0, changed=0, warnings=(FIRST_READ, "two-pages-alike"))
    assert words.run_line(run) == line.partition(": ")[2].replace(", ", " · ")
    assert list_words.warnings_of(run) == ("two-pages-alike",)
    assert str(words.warning_word(FIRST_READ)) != FIRST_READ, "the code in the run's JSON has no text"


@pytest.mark.parametrize("language", ["it", "en"])
def test_the_end_of_a_session_is_shown_with_its_cost(language: str) -> None:
    set_language(language)
    cost = {"reason": "closed", "customersMs": 2100, "putOffMs": 40_000}
    found = event_line(an_event(EventKind.SESSION_CLOSED, "b", 1, NOW, cost))
    assert found is not None
    expected = {
        "it": "Modulo ordini chiuso: clienti in 2,1 s, altri rimandati di 40 s",
        "en": "Order form closed: customers in 2.1 s, others put off by 40 s",
    }
    assert found.text == expected[language]
    unserved = event_line(an_event(EventKind.SESSION_CLOSED, "b", 1, NOW, cost | {"customersMs": None, "putOffMs": 0}))
    assert unserved is not None
    assert unserved.text == {"it": "Modulo ordini chiuso", "en": "Order form closed"}[language]


def test_errors_in_the_activity_are_coloured_as_errors() -> None:
    failed = an_event(
        EventKind.SYNC_ERROR,
        "b",
        1,
        NOW,
        {"type": "invoices", "attempt": 3, "error": {"kind": "transient", "code": "erp-slow", "message": "boom"}},
    )
    found = event_line(failed)
    assert found is not None
    assert found.tone == "bad"
    assert found.text == "Invoices: the ERP does not answer (3 attempts)"


def test_numbers_and_times_have_the_notation_of_the_language() -> None:
    set_language("it")
    assert number(1604) == "1.604"
    assert decimal(1234.5) == "1.234,5"
    assert [ago(s) for s in (20, 60 * 12, 3600, 4320, 86400, 3 * 86400)] == [
        "adesso",
        "12 min fa",
        "1 h fa",
        "1 h 12 min fa",
        "1 giorno fa",
        "3 giorni fa",
    ]
    assert span(75) == "1:15"
    assert tr("%n row(s)", "", 1604) == "1.604 righe"
    assert tr("%n row(s)", "", 1) == "1 riga"


def test_the_banner_is_about_customers_and_the_oldest_account_of_the_forms() -> None:
    """A fresher list of another type or account must not make the form's customers look fresh."""
    status = busy()
    customers = status.statuses["customers"]
    first = customers.accounts[0]
    older = NOW - timedelta(minutes=47)
    late = dataclasses.replace(first, account="agente02", new_as_of=older, all_as_of=older)
    orders = status.statuses["orders"]
    fresh = dataclasses.replace(orders.accounts[0], new_as_of=NOW, all_as_of=NOW)
    session = status.sessions[0]
    status = dataclasses.replace(
        status,
        sessions=(session, dataclasses.replace(session, handle="s-2", account="agente02")),
        statuses={
            **status.statuses,
            "customers": dataclasses.replace(customers, accounts=(first, late)),
            "orders": dataclasses.replace(orders, accounts=(fresh,)),
        },
    )
    set_language("en")
    line = status_words.banner_line(status, NOW)
    assert "new customers: 47 min ago" in line
    assert f"whole list: {status_words.moment(older, NOW)}" in line
    unknown = dataclasses.replace(late, new_as_of=None, all_as_of=None)
    status = dataclasses.replace(
        status, statuses={**status.statuses, "customers": dataclasses.replace(customers, accounts=(first, unknown))}
    )
    assert "new customers" not in status_words.banner_line(status, NOW)


def test_the_row_count_is_of_the_whole_list_and_not_of_a_fast_read() -> None:
    set_language("en")
    fast = dataclasses.replace(busy().statuses["customers"].accounts[0], last_outcome=Outcome.COMPLETED, rows=60)
    whole = RunRecord(
        "r", "customers", "agente01", Scope.ALL, None, Origin.SCHEDULE, 1, NOW, NOW, NOW, Outcome.COMPLETED, rows=1515
    )
    assert list_words.counts_line(fast, whole).startswith("1,515 rows")


@pytest.mark.parametrize("chosen", ["it", "en"])
def test_warnings_of_a_run_have_texts(chosen: str) -> None:
    set_language(chosen)
    said = words.warning_word(warning("unclean-total", before=10, after=12))
    assert "unclean-total" not in said
    assert "?" not in said


def test_a_warning_names_its_list_and_has_all_details() -> None:
    set_language("it")
    said = words.warning_word(warning("unclean-pause", list="invoices"))
    assert said.startswith("L'aggiornamento dell'elenco Fatture ha dovuto aspettare")
    assert "nessuna è stata segnata come mancante" in said


def test_the_status_bar_shows_connected_only_while_the_last_answer_was_good() -> None:
    set_language("en")
    well = calm()
    said, tone, _ = status_words.erp_line(well, NOW)
    assert said.startswith("ERP connected as ")
    assert tone == "ok"
    item = account_type(
        "ddt",
        last_outcome=Outcome.FAILED,
        last_attempt=NOW - timedelta(seconds=1),
        last_error=ErrorInfo("erp-callback-error", FailureKind.TRANSIENT, "x"),
        failures_in_a_row=1,
    )
    said, tone, _ = status_words.erp_line(with_type(well, item), NOW)
    assert "connected" not in said
    assert said.startswith("ERP: last answer ")
    assert tone == "warn"


@pytest.mark.parametrize("state", [SyncState.RUNNING, SyncState.QUEUED])
def test_a_list_that_is_read_now_or_next_shows_only_one_time(state: SyncState) -> None:
    """The column for the next update has it; the time of the read after that would contradict it."""
    forecast = Forecast("orders", "agente01", NOW + timedelta(minutes=9), 60)
    item = account_type(
        "orders", state=state, freshness=Freshness.NEVER, last_run_time=None, expected=forecast, reason=None
    )
    status = with_type(calm(), item)
    condition = status_words.condition_of(conditions(status), "orders", None)
    assert condition is not None
    assert "will be read at" not in list_words.list_line(item, condition, NO_NEWS, NOW).detail
    resting = dataclasses.replace(item, state=SyncState.IDLE)
    assert "will be read at" in list_words.list_line(resting, condition, NO_NEWS, NOW).detail


NO_NEWS = list_words.News(0, 0, 0, False, 0)
