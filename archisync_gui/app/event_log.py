"""Writes what happens to the log, in the operator's language: every read with its result, failures, pauses, forms."""

from __future__ import annotations

import logging
from collections.abc import Callable

from archisync_gui.app import words
from archisync_gui.messages import text
from archisync_gui.model import ErrorInfo, Event, as_json, events

log = logging.getLogger("archisync_gui.events")


def event_logger(language: Callable[[], str]) -> Callable[[Event], None]:
    """A listener for ``Orchestrator.subscribe``; ``language`` is asked at each event (``it`` or ``en``)."""

    def heard(event: Event) -> None:
        # Progress comes often: it has no line, and the language is not asked for.
        line = "" if isinstance(event.data, events.SyncProgress | events.QueueUpdated) else sentence(event, language())
        if line:
            log.log(logging.WARNING if isinstance(event.data, events.SyncError) else logging.INFO, "%s", line)

    return heard


def sentence(event: Event, language: str) -> str:
    """One line about ``event``; ``""`` for what the log need not keep (progress, queue)."""
    match event.data:
        case events.SyncCompleted() | events.SyncSkipped() | events.SyncError() | events.SyncCancelled() as ended:
            filled = {"outcome": "cancelled", "durationMs": 0, "rows": 0, "added": 0, "changed": 0, "gone": 0}
            account = f"  [{ended.account}]" if ended.account else ""
            return f"{words.result(filled | as_json(ended), language)}{account}"
        case events.HoldChanged(hold=hold):
            return words.word("word.log.held" if hold else "word.log.released", language)
        case events.SessionOpened():
            return words.word("word.log.form-opened", language)
        case events.SessionClosed():
            return words.word("word.log.form-closed", language)
        case events.AccountChanged(account=account, stopped=ErrorInfo() as stopped):
            return str(text(stopped.code, language, {"account": account, **stopped.params}))
        case events.SyncSuspended(type=name) | events.SyncResumed(type=name):
            return f"{words.title(name, language)}: {words.word(f'word.event.{event.kind}', language)}"
    return ""
