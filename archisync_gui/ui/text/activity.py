"""Events of the orchestrator as sentences, for the activity list, and missed reads. No widget."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from archisync_gui.model import (
    ErrorInfo,
    Event,
    EventData,
    EventKind,
    Outcome,
    Reason,
    SessionEnd,
    events,
    is_first_read,
)
from archisync_gui.ui.text.i18n import decimal, lasting, took, tr
from archisync_gui.ui.text.words import failure_word, reason_word, stopped_title, type_name

WHILE_AWAY = frozenset({Reason.ASLEEP, Reason.NOT_RUNNING, Reason.OFFLINE})
"""Reasons of missed reads that the activity list shows; the timeline shows all."""


@dataclass(frozen=True, slots=True)
class ActivityLine:
    """One event as a sentence."""

    at: datetime
    text: str
    tone: str
    """``text``, ``bad``, ``warn`` or ``session``."""
    aside: str = ""
    run_id: str = ""
    subject: str = ""
    """A newer line about the same subject replaces one that is a few minutes old."""
    place: str = ""
    """The page or dialog that a click opens where there is no run."""
    event: Event | None = None
    """The event, for a new sentence when the language changes."""


def event_line(event: Event) -> ActivityLine | None:
    """An event as a sentence; ``None`` for events that are not shown."""
    sentence = _words_of(event.data)
    if sentence is None:
        return None
    run_id = event.data.run_id if isinstance(event.data, events.RunEvent) else ""
    return ActivityLine(
        event.at,
        sentence.text,
        sentence.tone,
        sentence.aside,
        run_id,
        sentence.subject,
        _PLACES.get(event.kind, ""),
        event,
    )


@dataclass(frozen=True, slots=True)
class _Words:
    """The result of :func:`_words_of`; see :class:`ActivityLine`."""

    text: str
    tone: str = "text"
    aside: str = ""
    subject: str = ""


def _words_of(data: EventData) -> _Words | None:
    match data:
        case events.SyncCompleted():
            return _completed(data)
        case events.SyncError():
            return _failed(data)
        case events.SyncSuspended():
            return _suspended(data)
        case events.SyncResumed(type=name):
            return _Words(tr("{name} goes on", name=type_name(name)))
        case events.SyncCancelled(type=name):
            return _Words(tr("{name}: cancelled", name=type_name(name)))
        case events.SyncSkipped(type=name):
            return _Words(tr("{name}: nothing was read", name=type_name(name)))
        case events.SessionOpened(session_count=count):
            text = tr("Order form: tab no. {count} opened", count=count) if count > 1 else tr("Order form opened")
            return _Words(text, "session")
        case events.SessionClosed():
            return _Words(": ".join(filter(None, (_closed_text(data.reason), _cost_text(data)))), "session")
        case events.HoldChanged(hold=hold):
            return _Words(tr("Everything paused by you") if hold else tr("Updates resumed"))
        case events.ScheduleMissed() if missed := missed_lists(data, WHILE_AWAY):
            return _Words(missed_sentence(missed), "warn")
        case events.AccountChanged(account=account, stopped=ErrorInfo(code=code)):
            return _Words(stopped_title(code, account or ""), "bad")
    return None


def _completed(data: events.SyncCompleted) -> _Words:
    parts = [tr("%n row(s)", "", data.rows)]
    if data.added:
        parts.append(tr("%n new", "of rows", data.added))
    if data.changed:
        parts.append(tr("%n changed", "of rows", data.changed))
    if data.gone:
        parts.append(tr("%n gone", "of rows", data.gone))
    if not (data.added or data.changed or data.gone):
        parts.append(tr("first read") if is_first_read(data.warnings) else tr("nothing new"))
    text, tone = f"{type_name(data.type)}: {', '.join(parts)}", "text"
    if data.outcome is Outcome.UNCLEAN:
        text, tone = text + ". " + tr("Data moved while they were read"), "warn"
    return _Words(text, tone, took(data.duration_ms / 1000) if data.duration_ms else "")


def _failed(data: events.SyncError) -> _Words:
    text, subject = f"{type_name(data.type)}: {_error_text(data)}", f"error:{data.type}:{data.account}"
    if not data.final:
        return _Words(text + ". " + tr("It is tried again"), "warn", subject=subject)
    return _Words(text, "bad", subject=subject)


def _suspended(data: events.SyncSuspended) -> _Words:
    name, page, pages = type_name(data.type), data.page, data.pages
    if page and pages:
        return _Words(
            tr("{name} suspended at page {page} of {pages} for the order form", name=name, page=page, pages=pages)
        )
    return _Words(tr("{name} suspended for the order form", name=name))


KINDS = (
    EventKind.SYNC_COMPLETED,
    EventKind.SYNC_ERROR,
    EventKind.SYNC_SUSPENDED,
    EventKind.SYNC_RESUMED,
    EventKind.SYNC_CANCELLED,
    EventKind.SYNC_SKIPPED,
    EventKind.SESSION_OPENED,
    EventKind.SESSION_CLOSED,
    EventKind.HOLD_CHANGED,
    EventKind.SCHEDULE_MISSED,
    EventKind.ACCOUNT_CHANGED,
)
"""The kinds of events that :func:`event_line` makes sentences of."""

_PLACES: Mapping[EventKind, str] = {
    EventKind.SESSION_OPENED: "sessions",
    EventKind.SESSION_CLOSED: "timeline",
    EventKind.HOLD_CHANGED: "why",
    EventKind.ACCOUNT_CHANGED: "settings",
    EventKind.SCHEDULE_MISSED: "timeline",
}
"""The page or dialog that a line opens if it is about no run."""


def missed_lists(data: EventData, reasons: frozenset[Reason] = frozenset(Reason)) -> list[events.Missed]:
    """The misses in a ``schedule-missed`` event with one of these reasons; none for other events."""
    return [miss for miss in data.missed if miss.reason in reasons] if isinstance(data, events.ScheduleMissed) else []


def missed_sentence(missed: Iterable[events.Missed]) -> str:
    """``6 lists due meanwhile (the computer slept): each is read once``. Empty when nothing was missed."""
    found = list(missed)
    if not found:
        return ""
    lists = len({m.type for m in found})
    return tr("%n list(s) due meanwhile ({why}): each is read once", "", lists, why=reason_word(found[0].reason))


def _closed_text(reason: SessionEnd) -> str:
    match reason:
        case SessionEnd.LOST:
            return tr("Order form: the tab is gone")
        case SessionEnd.TIMEOUT:
            return tr("Order form: tab left open without use")
        case SessionEnd.OPERATOR:
            return tr("Order form: session ended by you")
        case _:
            return tr("Order form closed")


def _cost_text(data: events.SessionClosed) -> str:
    """The delays by an order form, shown at its end: ``clienti in 2,1 s, altri rimandati di 40 s``."""
    parts = []
    if data.customers_ms is not None:
        parts.append(tr("customers in {seconds} s", seconds=decimal(data.customers_ms / 1000)))
    if (put_off := data.put_off_ms or 0) >= 1000:
        parts.append(tr("others put off by {time}", time=lasting(put_off / 1000)))
    return ", ".join(parts)


def _error_text(data: events.SyncError) -> str:
    text, many = failure_word(data.error), tr("%n attempt(s)", "", data.attempt)
    return f"{text} ({many})" if data.attempt > 1 else text
