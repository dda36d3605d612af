"""Writes what happens to the log, in the operator's language: every read with its result, failures, pauses, forms."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from archisync_gui.app import words
from archisync_gui.messages import text
from archisync_gui.model import Event, EventKind

log = logging.getLogger("archisync_gui.events")

_ENDS = frozenset({EventKind.SYNC_COMPLETED, EventKind.SYNC_SKIPPED, EventKind.SYNC_CANCELLED, EventKind.SYNC_ERROR})

_OUTCOMES = {EventKind.SYNC_SKIPPED: "skipped", EventKind.SYNC_CANCELLED: "cancelled"}


_WRITTEN = _ENDS | {
    EventKind.HOLD_CHANGED,
    EventKind.SESSION_OPENED,
    EventKind.SESSION_CLOSED,
    EventKind.ACCOUNT_CHANGED,
    EventKind.SYNC_SUSPENDED,
    EventKind.SYNC_RESUMED,
}
"""Events that may have a line. Progress, which comes often, has none."""


def event_logger(language: Callable[[], str]) -> Callable[[Event], None]:
    """A listener for ``Orchestrator.subscribe``; ``language`` is asked at each event (``it`` or ``en``)."""

    def heard(event: Event) -> None:
        line = sentence(event, language()) if event.kind in _WRITTEN else ""
        if line:
            log.log(logging.WARNING if event.kind is EventKind.SYNC_ERROR else logging.INFO, "%s", line)

    return heard


def sentence(event: Event, language: str) -> str:
    """One line about ``event``; ``""`` for what the log need not keep (progress, queue)."""
    data: Mapping[str, Any] = event.data
    if event.kind in _ENDS:
        filled = {
            "outcome": _OUTCOMES.get(event.kind, "failed"),
            "durationMs": 0,
            "rows": 0,
            "added": 0,
            "changed": 0,
            "gone": 0,
            **data,
        }
        return f"{words.result(filled, language)}{_of(data)}"
    if event.kind is EventKind.HOLD_CHANGED:
        return words.word("word.log.held" if data.get("hold") else "word.log.released", language)
    if event.kind is EventKind.SESSION_OPENED:
        return words.word("word.log.form-opened", language)
    if event.kind is EventKind.SESSION_CLOSED:
        return words.word("word.log.form-closed", language)
    if event.kind is EventKind.ACCOUNT_CHANGED and isinstance(data.get("stopped"), Mapping):
        stopped = data["stopped"]
        return str(text(str(stopped.get("code", "")), language, {"account": data.get("account"), **_params(stopped)}))
    if event.kind in (EventKind.SYNC_SUSPENDED, EventKind.SYNC_RESUMED):
        name = words.title(str(data.get("type", "")), language)
        return f"{name}: {words.word(f'word.event.{event.kind}', language)}"
    return ""


def _of(data: Mapping[str, Any]) -> str:
    account = data.get("account")
    return f"  [{account}]" if account else ""


def _params(error: Mapping[str, Any]) -> Mapping[str, Any]:
    params = error.get("params")
    return params if isinstance(params, Mapping) else {}
