"""Writes events to the log, in the operator's language: the result of each read, failures, holds, order forms."""

from __future__ import annotations

import logging
from collections.abc import Callable

from archisync_gui.app import words
from archisync_gui.messages import text
from archisync_gui.model import ErrorInfo, Event, as_json, events

log = logging.getLogger("archisync_gui.events")


def event_logger(language: Callable[[], str]) -> Callable[[Event], None]:
    """A listener for ``Orchestrator.subscribe``; ``language`` returns ``it`` or ``en`` and is called for each event."""

    def heard(event: Event) -> None:
        # Progress comes often and is not logged; so ``language`` is not called for it.
        line = "" if isinstance(event.data, events.SyncProgress | events.QueueUpdated) else sentence(event, language())
        if line:
            log.log(logging.WARNING if isinstance(event.data, events.SyncError) else logging.INFO, "%s", line)

    return heard


def sentence(event: Event, language: str) -> str:
    """The log's line for ``event``; ``""`` for events that are not logged (progress, queue)."""
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
