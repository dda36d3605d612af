"""The log has every read, refusal and failure in the operator's language, and no contents of records."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import pytest

from archisync_gui.app.event_log import event_logger, sentence
from archisync_gui.messages import LANGUAGES
from archisync_gui.model import FIRST_READ, ErrorInfo, Event, EventKind, FailureKind, Json, as_json, warning
from tests.support.events import an_event as event_of

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)

RUN: dict[str, Json] = {"runId": "r1", "type": "orders", "account": "anna", "scope": "all", "attempt": 1}
COUNTS: dict[str, Json] = {
    **RUN,
    "outcome": "completed",
    "rows": 1604,
    "added": 3,
    "changed": 21,
    "gone": 0,
    "durationMs": 12_000,
}


def an_event(kind: EventKind, data: dict[str, Json]) -> Event:
    return event_of(kind, "boot", 1, NOW, data)


def failed(code: str, kind: FailureKind) -> dict[str, Json]:
    return {**RUN, "outcome": "failed", "final": True, "error": as_json(ErrorInfo(code, kind, code))}


@pytest.mark.parametrize(
    ("kind", "data", "said"),
    [
        (EventKind.SYNC_COMPLETED, COUNTS, "Ordini         1.604 righe  +3 ~21 −0  in 0:12  [anna]"),
        (
            EventKind.SYNC_COMPLETED,
            {**COUNTS, "warnings": [warning(FIRST_READ)]},
            "Ordini         1.604 righe  primo aggiornamento  in 0:12  [anna]",
        ),
        (EventKind.SYNC_CANCELLED, RUN, "Ordini         annullata  [anna]"),
        (EventKind.SYNC_SKIPPED, {**COUNTS, "outcome": "skipped"}, "Ordini         saltata  [anna]"),
        (EventKind.SYNC_ERROR, failed("erp-slow", FailureKind.TRANSIENT), "L'ERP non ha risposto in tempo"),
        (EventKind.SYNC_ERROR, failed("filter-preset", FailureKind.REFUSED), "Ordini         non riuscita"),
        (EventKind.SYNC_SUSPENDED, RUN, "Ordini: in attesa per il modulo ordini"),
        (EventKind.HOLD_CHANGED, {"hold": True}, "Tutto in pausa"),
        (EventKind.HOLD_CHANGED, {"hold": False}, "Pausa finita"),
        (EventKind.SESSION_OPENED, {"label": "Ferramenta Demo"}, "Modulo ordini aperto"),
        (EventKind.SESSION_CLOSED, {"reason": "closed"}, "Modulo ordini chiuso"),
        (
            EventKind.ACCOUNT_CHANGED,
            {"account": "anna", "stopped": as_json(ErrorInfo("password-missing", FailureKind.CREDENTIALS, ""))},
            "anna",
        ),
    ],
)
def test_an_event_is_one_line(kind: EventKind, data: dict[str, Json], said: str) -> None:
    line = sentence(an_event(kind, data), "it")
    assert said in line
    assert "\n" not in line
    assert "Ferramenta" not in line, "the log contains the name of a customer"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", EventKind)
def test_every_event_has_a_text(kind: EventKind, language: str) -> None:
    line = sentence(event_of(kind, "boot", 1, NOW), language)
    assert "word." not in line


def test_failures_are_warnings_and_the_language_is_looked_up_each_time(caplog: pytest.LogCaptureFixture) -> None:
    languages = iter(["it", "en"])
    heard = event_logger(lambda: next(languages))
    with caplog.at_level(logging.INFO, "archisync_gui.events"):
        heard(an_event(EventKind.SYNC_ERROR, failed("erp-slow", FailureKind.TRANSIENT)))
        heard(an_event(EventKind.SYNC_COMPLETED, COUNTS))
    first, second = caplog.records
    assert first.levelno == logging.WARNING
    assert second.getMessage().startswith("Orders")
