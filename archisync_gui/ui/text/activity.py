"""The lines of the activity list and the missed reads: events of the orchestrator in plain words. No widget."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from archisync_gui.model import (
    ErrorInfo,
    Event,
    EventKind,
    FailureKind,
    Json,
    Outcome,
    Reason,
    SessionEnd,
    is_first_read,
)
from archisync_gui.ui.text.i18n import decimal, lasting, took, tr
from archisync_gui.ui.text.words import failure_word, reason_word, stopped_title, type_name

Data = Mapping[str, Json]
"""What an event tells, as the orchestrator put it."""

WHILE_AWAY = frozenset({Reason.ASLEEP, Reason.NOT_RUNNING, Reason.OFFLINE})
"""Reasons of missed reads that are told among the activity; the others are in the timeline."""


@dataclass(frozen=True, slots=True)
class ActivityLine:
    """One event in plain words."""

    at: datetime
    text: str
    tone: str
    """``text``, ``bad``, ``warn`` or ``session``."""
    aside: str = ""
    run_id: str = ""
    subject: str = ""
    """A newer line about the same subject takes the place of one a few minutes old."""
    place: str = ""
    """What a click opens where there is no run."""
    event: Event | None = None
    """What it tells: said anew when the language changes."""


def event_line(event: Event) -> ActivityLine | None:
    """An event in plain words; ``None`` for those nobody needs to read."""
    words = _WORDS.get(event.kind)
    if words is None:
        return None
    said = words(event.data)
    if not said.text:
        return None
    run_id = str(event.data.get("runId") or "")
    return ActivityLine(
        event.at, said.text, said.tone, said.aside, run_id, said.subject, _PLACES.get(event.kind, ""), event
    )


@dataclass(frozen=True, slots=True)
class _Said:
    """What :data:`_WORDS` make of an event; see :class:`ActivityLine`."""

    text: str
    tone: str = "text"
    aside: str = ""
    subject: str = ""


def _name(data: Data) -> str:
    return type_name(str(data.get("type", "")))


def _completed(data: Data) -> _Said:
    added, changed, gone = (_int(data, key) for key in ("added", "changed", "gone"))
    first = is_first_read(given) if isinstance(given := data.get("warnings"), (list, tuple)) else False
    parts = [tr("%n row(s)", "", _int(data, "rows"))]
    if added:
        parts.append(tr("%n new", "of rows", added))
    if changed:
        parts.append(tr("%n changed", "of rows", changed))
    if gone:
        parts.append(tr("%n gone", "of rows", gone))
    if not (added or changed or gone):
        parts.append(tr("first read") if first else tr("nothing new"))
    text, tone = f"{_name(data)}: {', '.join(parts)}", "text"
    if data.get("outcome") == Outcome.UNCLEAN:
        text, tone = text + ". " + tr("Data moved while they were read"), "warn"
    duration = data.get("durationMs")
    return _Said(text, tone, took(duration / 1000) if isinstance(duration, (int, float)) else "")


def _failed(data: Data) -> _Said:
    text, subject = f"{_name(data)}: {_error_text(data)}", f"error:{data.get('type')}:{data.get('account')}"
    if data.get("final") is False:
        return _Said(text + ". " + tr("It is tried again"), "warn", subject=subject)
    return _Said(text, "bad", subject=subject)


def _suspended(data: Data) -> _Said:
    name, page, pages = _name(data), _int(data, "page"), _int(data, "pages")
    if page and pages:
        return _Said(
            tr("{name} suspended at page {page} of {pages} for the order form", name=name, page=page, pages=pages)
        )
    return _Said(tr("{name} suspended for the order form", name=name))


def _opened(data: Data) -> _Said:
    count = _int(data, "sessionCount")
    text = tr("Order form: tab no. {count} opened", count=count) if count > 1 else tr("Order form opened")
    return _Said(text, "session")


def _closed(data: Data) -> _Said:
    return _Said(": ".join(filter(None, (_closed_text(str(data.get("reason", ""))), _cost_text(data)))), "session")


def _hold(data: Data) -> _Said:
    return _Said(tr("Everything paused by you") if data.get("hold") else tr("Updates resumed"))


def _account(data: Data) -> _Said:
    stopped = data.get("stopped")
    if not isinstance(stopped, Mapping):
        return _Said("")
    return _Said(stopped_title(str(stopped.get("code", "")), str(data.get("account", ""))), "bad")


_WORDS: Mapping[EventKind, Callable[[Data], _Said]] = {
    EventKind.SYNC_COMPLETED: _completed,
    EventKind.SYNC_ERROR: _failed,
    EventKind.SYNC_SUSPENDED: _suspended,
    EventKind.SYNC_RESUMED: lambda data: _Said(tr("{name} goes on", name=_name(data))),
    EventKind.SYNC_CANCELLED: lambda data: _Said(tr("{name}: cancelled", name=_name(data))),
    EventKind.SYNC_SKIPPED: lambda data: _Said(tr("{name}: nothing was read", name=_name(data))),
    EventKind.SESSION_OPENED: _opened,
    EventKind.SESSION_CLOSED: _closed,
    EventKind.HOLD_CHANGED: _hold,
    EventKind.SCHEDULE_MISSED: lambda data: _Said(missed_sentence(missed_lists(data, WHILE_AWAY)), "warn"),
    EventKind.ACCOUNT_CHANGED: _account,
}

KINDS = tuple(_WORDS)
"""The kinds of events that :func:`event_line` has words for."""

_PLACES: Mapping[EventKind, str] = {
    EventKind.SESSION_OPENED: "sessions",
    EventKind.SESSION_CLOSED: "timeline",
    EventKind.HOLD_CHANGED: "why",
    EventKind.ACCOUNT_CHANGED: "settings",
    EventKind.SCHEDULE_MISSED: "timeline",
}
"""Where a line of activity leads that is about no run."""


@dataclass(frozen=True, slots=True)
class Missed:
    """Reads of one list that were due and did not happen."""

    type: str
    account: str
    due: datetime
    """The first."""
    last: datetime
    count: int
    reason: Reason


def missed_lists(data: Mapping[str, Json], reasons: frozenset[Reason] = frozenset(Reason)) -> list[Missed]:
    """What a ``schedule-missed`` event tells, as far as the reason is one of these."""
    found = []
    for entry in given if isinstance(given := data.get("missed"), (list, tuple)) else ():
        if isinstance(entry, Mapping) and entry.get("reason") in reasons:
            due, last = (datetime.fromisoformat(str(entry[key])) for key in ("due", "last"))
            reason = Reason(str(entry["reason"]))
            found.append(Missed(str(entry["type"]), str(entry["account"]), due, last, _int(entry, "count"), reason))
    return found


def missed_sentence(missed: Iterable[Missed]) -> str:
    """``6 lists were due meanwhile (the computer slept); each is read once now.`` Nothing for nothing."""
    found = list(missed)
    if not found:
        return ""
    lists = len({m.type for m in found})
    return tr("%n list(s) due meanwhile ({why}): each is read once", "", lists, why=reason_word(found[0].reason))


def _closed_text(reason: str) -> str:
    match reason:
        case SessionEnd.LOST.value:
            return tr("Order form: the tab is gone")
        case SessionEnd.TIMEOUT.value:
            return tr("Order form: tab left open without use")
        case SessionEnd.OPERATOR.value:
            return tr("Order form: session ended by you")
        case _:
            return tr("Order form closed")


def _cost_text(data: Mapping[str, Json]) -> str:
    """What a form cost, told at its end: ``clienti in 2,1 s, altri rimandati di 40 s``."""
    parts = []
    if "customersMs" in data and data["customersMs"] is not None:
        parts.append(tr("customers in {seconds} s", seconds=_seconds(_int(data, "customersMs"))))
    if (put_off := _int(data, "putOffMs")) >= 1000:
        parts.append(tr("others put off by {time}", time=lasting(put_off / 1000)))
    return ", ".join(parts)


def _error_text(data: Mapping[str, Json]) -> str:
    error = data.get("error")
    if isinstance(error, Mapping):
        try:
            kind = FailureKind(str(error.get("kind", "")))
        except ValueError:
            return str(error.get("message") or tr("failed", "short reason"))
        info = ErrorInfo(str(error.get("code", "")), kind, str(error.get("message", "")))
        text = failure_word(info)
    else:
        text = str(data.get("message") or tr("failed", "short reason"))
    attempts = _int(data, "attempt")
    many = tr("%n attempt(s)", "", attempts)
    return f"{text} ({many})" if attempts > 1 else text


def _int(data: Mapping[str, Json], key: str) -> int:
    value = data.get(key)
    return int(value) if isinstance(value, (int, float)) else 0


def _seconds(milliseconds: float) -> str:
    return decimal(milliseconds / 1000)
