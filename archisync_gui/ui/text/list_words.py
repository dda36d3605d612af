"""Texts about one list: its state, its changes, its age, its next read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from archisync_gui.conditions import Condition, Kind
from archisync_gui.model import (
    STORED,
    AccountTypeStatus,
    Freshness,
    Outcome,
    Reason,
    RunRecord,
    Status,
    SyncState,
    TypeStatus,
    is_first_read,
)
from archisync_gui.ui.text.i18n import ago, moment, number, span, tr
from archisync_gui.ui.text.status_words import condition_text, remedy
from archisync_gui.ui.text.words import (
    Chip,
    delta_line,
    failure_short,
    failure_word,
    percent,
    reason_word,
    rows_word,
    run_line,
    stopped_word,
    type_name,
)


def state_chip(item: AccountTypeStatus) -> Chip:
    """The state of a list: what is done with it now, and why."""
    match item.state:
        case SyncState.RUNNING:
            part = percent(item)
            text = tr("Running") if part is None else tr("Running {part}%", part=part)
            return Chip(text, "accent", "play")
        case SyncState.QUEUED:
            place = item.queue_position
            return Chip(tr("In queue · no. {place}", place=place) if place else tr("In queue"), "accent", "ring")
        case SyncState.SUSPENDED:
            return Chip(tr("Suspended · {why}", why=reason_word(item.reason or Reason.SESSION)), "warn", "pause")
        case SyncState.WAITING:
            return Chip(tr("Waiting · {why}", why=reason_word(item.reason)), "warn", "ring")
        case SyncState.BACKING_OFF:
            return Chip(tr("Failed · %n attempt(s)", "", item.failures_in_a_row), "bad", "again")
        case SyncState.STOPPED:
            return Chip(tr("Stopped · {why}", why=failure_word(item.last_error)), "bad", "square")
        case SyncState.REFUSED:
            return Chip(tr("Read refused", "state"), "bad", "alert")
        case SyncState.IDLE:
            if item.last_outcome is Outcome.FAILED:
                return Chip(tr("Failed · {why}", why=failure_short(item.last_error)), "bad", "alert")
            if item.unclean_in_a_row >= 2:
                return Chip(tr("Data move while they are read"), "warn", "dot")
            return Chip(tr("Resting"), "muted", "dot")


@dataclass(frozen=True, slots=True)
class News:
    """What the reads of a day changed in a list, in numbers of rows."""

    added: int = 0
    changed: int = 0
    gone: int = 0
    first: bool = False
    """The list was read for the first time: its rows do not count as new."""
    runs: int = 0
    """Number of reads that were stored."""


def news_of(runs: Iterable[RunRecord]) -> dict[tuple[str, str], News]:
    """What the stored ones of these reads changed, by list and account."""
    found: dict[tuple[str, str], News] = {}
    for run in runs:
        if run.outcome not in STORED:
            continue
        key = (run.type, run.account)
        before = found.get(key, News())
        found[key] = News(
            before.added + run.added,
            before.changed + run.changed,
            before.gone + run.gone,
            before.first or is_first_read(run.warnings),
            before.runs + 1,
        )
    return found


FEMININE = frozenset({"invoices"})
"""Lists whose name is feminine in Italian."""


def news_line(news: News, sync_type: str = "") -> str:
    """``2 new · 5 changed``, without zeros."""
    if news.first:
        return tr("first read today")
    if sync_type in FEMININE:
        parts = (
            tr("%n new", "of a feminine list", news.added),
            tr("%n changed", "of a feminine list", news.changed),
            tr("%n gone", "of a feminine list", news.gone),
        )
    else:
        parts = (
            tr("%n new", "of a list", news.added),
            tr("%n changed", "of a list", news.changed),
            tr("%n gone", "of a list", news.gone),
        )
    counts = (news.added, news.changed, news.gone)
    texts = [part for part, count in zip(parts, counts, strict=True) if count]
    return " · ".join(texts) or (tr("no change") if news.runs else "–")


@dataclass(frozen=True, slots=True)
class ListLine:
    """The overview's text about a list: its state, why it is not up to date, or what changed today."""

    chip: Chip
    detail: str = ""
    more: str = ""
    """Additional text of the tooltip."""


def list_line(item: AccountTypeStatus, condition: Condition | None, news: News, now: datetime) -> ListLine:
    """The text about a list, with a second line when something is wrong. ``condition``: what is wrong."""
    brought = tr("{added} new, {changed} changed, {gone} gone today", added=number(news.added),
                 changed=number(news.changed), gone=number(news.gone))  # fmt: skip
    calm = item.state is SyncState.IDLE and item.last_outcome is not Outcome.FAILED and item.unclean_in_a_row < 2
    if condition is None:
        if calm:
            return ListLine(
                Chip(news_line(news, item.type), "muted", ""), more=brought if news.runs and not news.first else ""
            )
        return ListLine(state_chip(item))
    chip = _why_chip(item, condition) if calm else state_chip(item)
    text = chip.text[:1].upper() + chip.text[1:]
    return ListLine(Chip(text, chip.tone, chip.shape), _why_detail(item, condition, now))


def _why_chip(item: AccountTypeStatus, condition: Condition) -> Chip:
    """Why a list that nothing is done with is not up to date, in two or three words."""
    match condition.kind:
        case Kind.STOPPED if condition.error is not None:
            return Chip(stopped_word(condition.error.code), "bad", "square")
        case Kind.LATE:
            return Chip(tr("not read in time"), "warn", "alert")
        case Kind.NEVER:
            return Chip(tr("not read yet"), "warn", "ring")
        case Kind.UNSURE:
            return Chip(tr("age unknown"), "warn", "alert")
        case Kind.REFUSED:
            return Chip(tr("Read refused", "state"), "bad", "alert")
        case _:
            return Chip(failure_short(item.last_error or condition.error), "bad", "alert")


def _why_detail(item: AccountTypeStatus, condition: Condition, now: datetime) -> str:
    """What the condition means for this list, and what happens next."""
    again = item.expected
    when = moment(again.starts, now) if again is not None and again.starts > now else ""
    match condition.kind:
        case Kind.STOPPED:
            return ", ".join(condition.accounts)
        case Kind.REFUSED:
            return tr("the stored data are unchanged")
        case Kind.UNSURE:
            return condition_text(condition, now).means
        case Kind.LATE | Kind.NEVER:
            if item.state is SyncState.RUNNING:
                return ""
            why = reason_word(item.reason) if item.reason is not None else ""
            # For a queued list the column of the next update shows the time.
            later = tr("will be read at {time}", time=when) if when and item.state is not SyncState.QUEUED else ""
            parts = [part for part in (later, why) if part]
            return " · ".join(parts) or tr("will be read as soon as possible")
        case _:
            kept = tr("the stored data are unchanged")
            return tr("tried again at {time} · {kept}", time=when, kept=kept) if when else kept


def row_remedy(condition: Condition | None) -> tuple[str, str, object]:
    """The button in a list's row: as :func:`remedy`, if the condition is about this list alone."""
    if condition is None or (len(condition.lists) > 1 and condition.kind is not Kind.REFUSED):
        return "", "", None
    return remedy(condition)


def remedies() -> tuple[str, ...]:
    """The texts of all buttons that a row may show."""
    return tr("Chec&k the read…"), tr("Password…"), tr("Certi&ficate…"), tr("De&tails…"), tr("Try again now")


def freshness_chip(freshness: Freshness, last: datetime | None, now: datetime) -> Chip:
    """How fresh the stored copy is, and since when."""
    since = ago((now - last).total_seconds()) if last is not None else ""
    match freshness:
        case Freshness.FRESH:
            return Chip(tr("Fresh · {since}", since=since), "ok", "check")
        case Freshness.LATE:
            return Chip(tr("Late · {since}", since=since), "warn", "alert")
        case Freshness.NEVER:
            return Chip(tr("Never read"), "warn", "ring")
        case Freshness.UNKNOWN:
            return Chip(tr("Unsure"), "warn", "alert")  # not known since when


def counts_line(item: AccountTypeStatus, last_good: RunRecord | None = None) -> str:
    """``1.604 righe · +3 ~21 −0`` of the last whole read that was stored; after a failed attempt, why it failed.

    ``last_good`` has precedence over the status, whose numbers may be those of a fast read of a few rows.
    """
    if last_good is not None:
        return run_line(last_good)
    if item.last_outcome in STORED and item.rows is not None:
        return f"{rows_word(item.rows)} · {delta_line(item.added, item.changed, item.gone)}"
    if item.last_outcome in (Outcome.FAILED, Outcome.REFUSED):
        return failure_word(item.last_error)
    return ""


def warnings_of(run: RunRecord) -> tuple[str, ...]:
    """A run's warnings, without the note that it was a list's first read, which :func:`run_line` shows."""
    return tuple(text for text in run.warnings if not is_first_read([text]))


def expected_line(item: AccountTypeStatus, status: Status, now: datetime, interval: int | None = 1) -> str:
    """When the list will be up to date again, and after which other one. ``interval`` ``None``: it is not scheduled."""
    run = status.current_run
    if item.state is SyncState.RUNNING and run is not None and run.remaining is not None:
        return moment(datetime.fromtimestamp(now.timestamp() + run.remaining, now.tzinfo), now)
    if item.state is SyncState.RUNNING:
        return tr("being read")
    if item.state is SyncState.STOPPED:
        return tr("when the password is right")
    if item.state is SyncState.REFUSED and item.expected is None:
        return tr("when you decide")
    if status.hold_since is not None and item.state in (SyncState.WAITING, SyncState.QUEUED, SyncState.SUSPENDED):
        return tr("when you resume")
    forecast = item.expected
    if forecast is None:
        return tr("on request only") if interval is None else "–"
    end = moment(datetime.fromtimestamp(forecast.starts.timestamp() + forecast.seconds, now.tzinfo), now)
    if item.state is SyncState.SUSPENDED and item.progress is not None and item.progress.page is not None:
        return tr("{time} · goes on from page {page}", time=end, page=item.progress.page + 1)
    if item.last_outcome is Outcome.FAILED and item.state in (SyncState.IDLE, SyncState.WAITING, SyncState.BACKING_OFF):
        return tr("{time} · new attempt", time=end)
    if forecast.after is not None:
        other = next((a for a in _accounts(status, forecast.after) if a.expected), None)
        if run is not None and run.type == forecast.after and run.remaining is not None:
            length = span(run.remaining)
        else:
            length = span(other.expected.seconds) if other is not None and other.expected is not None else ""
        return tr("{time} · after {type} {length}", time=end, type=type_name(forecast.after), length=length).rstrip()
    return end


def _accounts(status: Status, sync_type: str) -> tuple[AccountTypeStatus, ...]:
    found = status.statuses.get(sync_type)
    return found.accounts if found is not None else ()


def worst(type_status: TypeStatus) -> AccountTypeStatus | None:
    """The account whose state is shown for the list: of those with the list's state, the one with the oldest data."""
    candidates = [a for a in type_status.accounts if a.state is type_status.state] or list(type_status.accounts)
    return stalest(candidates)


def stalest(items: Iterable[AccountTypeStatus]) -> AccountTypeStatus | None:
    """The account with the oldest data, whose age is shown for the list."""
    order = (Freshness.NEVER, Freshness.UNKNOWN, Freshness.LATE, Freshness.FRESH)
    return min(
        items,
        key=lambda a: (order.index(a.freshness), a.last_run_time.timestamp() if a.last_run_time else 0.0),
        default=None,
    )
