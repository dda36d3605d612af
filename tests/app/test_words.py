"""The terminal's texts for an explanation and a status, in both languages."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from archisync_gui.app import words
from archisync_gui.conditions import Condition, Kind
from archisync_gui.messages import LANGUAGES
from archisync_gui.model import Explanation, Forecast, Reason, as_json

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


def answer(reason: Reason, params: dict[str, Any] | None = None, *forecast: Forecast) -> Any:
    return as_json(Explanation(NOW, reason, params or {}, forecast))


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        ("it", ["il pannello non è aperto", "solo mentre il pannello è aperto", "«archisync-gui sync all»"]),
        ("en", ["the panel is not open", "only while the panel is open", "“archisync-gui sync all”"]),
    ],
)
def test_without_a_panel_explain_says_that_nothing_is_scheduled(language: str, sentences: list[str]) -> None:
    said = words.explanation(answer(Reason.NO_PANEL), language)
    assert said.startswith(words.clock(NOW.isoformat(), language))
    for sentence in sentences:
        assert sentence in said


def test_an_explanation_names_what_comes_next_and_after_what() -> None:
    first = Forecast("orders", "anna", NOW, 20.0, None)
    then = Forecast("prices", "", NOW, 70.0, "orders")
    head, *lines = words.explanation(
        answer(Reason.NOTHING_DUE, {"type": "orders", "clock": "14:42"}, first, then), "en"
    ).splitlines()
    assert head.endswith("Nothing is due. Next read: Orders, 14:42.")
    assert lines[0].endswith("Orders (0:20)")
    assert "Prices (1:10)" in lines[1]
    assert "Orders" in lines[1]


def test_a_status_begins_with_its_conditions() -> None:
    silent = Condition(Kind.SILENT, since=NOW)
    shown = {
        "explanation": answer(Reason.NOTHING_DUE),
        "sessionCount": 0,
        "statuses": {},
        "queue": [],
        "conditions": [silent.as_json(), Condition(Kind.HOLD, since=NOW).as_json()],
    }
    first, error, warning = words.status(shown, "en").splitlines()
    assert "Nothing is due" in first
    assert error.startswith(f"! The ERP does not answer. Last answer {words.clock(NOW.isoformat(), 'en')}")
    assert warning.startswith("· Paused.")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_a_text(language: str, reason: Reason) -> None:
    """Rule 32: also where the answer lacks parameters."""
    said = words.explanation(answer(reason), language)
    assert "explain." not in said
    assert "{" not in said
