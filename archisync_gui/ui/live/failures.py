"""Reads of a span of time in sentences: consecutive failures as one span each, and the delays by order forms."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from archisync_gui.model import STORED, UNSUCCESSFUL, Event, EventKind, Origin, Outcome, RunRecord, Scope
from archisync_gui.ui.text import words
from archisync_gui.ui.text.i18n import clock, decimal, lasting, moment, tr


@dataclass(frozen=True, slots=True)
class FailureSpan:
    """A time in which a list could not be read."""

    first: datetime
    last: datetime
    reads: int
    why: str
    over: datetime | None
    """When it was read again; ``None``: not in the examined runs."""


def failure_spans(runs: Iterable[RunRecord]) -> list[FailureSpan]:
    """Consecutive failures of one list and account as one span each; ``runs``: oldest first."""
    spans: list[FailureSpan] = []
    streak: list[RunRecord] = []

    def close(over: datetime | None) -> None:
        if streak:
            last = streak[-1].ended or streak[-1].started
            spans.append(FailureSpan(streak[0].started, last, len(streak), words.failure_word(streak[-1].error), over))
            streak.clear()

    for run in runs:
        if run.outcome in UNSUCCESSFUL:
            streak.append(run)
        elif run.outcome in STORED and streak and _shows_recovery(run, streak):
            close(run.ended)
    close(None)
    return spans


def _shows_recovery(good: RunRecord, failed: Sequence[RunRecord]) -> bool:
    """Whether a good read shows that the failed reads work again. One of a part does not show it of the whole list."""
    if good.scope is Scope.ALL:
        return True
    return all(run.scope is good.scope and run.key == good.key for run in failed)


def span_sentence(span: FailureSpan, now: datetime) -> str:
    """``03:10–03:25 (the ERP does not answer), fine again at 03:26``."""
    until = moment(span.last, span.first)
    when = moment(span.first, now) + (f"–{until}" if until != clock(span.first) else "")
    if span.over is None:
        return tr("{when} ({why}), not read since", when=when, why=span.why)
    return tr("{when} ({why}), fine again at {time}", when=when, why=span.why, time=moment(span.over, span.last))


def forms_sentence(events: Sequence[Event], runs: Sequence[RunRecord]) -> str:
    """How order forms affected the reads: ``3 forms, customers in 2.1 s, others put off by 40 s``."""
    opened = sum(e.kind is EventKind.SESSION_OPENED for e in events)
    if not opened:
        return tr("No order form was opened.")
    taken = [
        (r.ended - r.started).total_seconds()
        for r in runs
        if r.origin is Origin.ORDER_FORM
        and r.scope is Scope.NEW
        and r.ended is not None
        and r.outcome is Outcome.COMPLETED
    ]
    late = sum((end - begin).total_seconds() for r in runs for begin, end in r.suspensions if end is not None)
    parts = [tr("%n form(s)", "", opened)]
    if taken:
        parts.append(tr("customers in {seconds} s", seconds=decimal(sum(taken) / len(taken))))
    if late >= 1:
        parts.append(tr("others put off by {time}", time=lasting(late)))
    return ", ".join(parts)
