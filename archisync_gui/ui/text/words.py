"""How the panel puts things: statuses, reasons, events and headlines as short phrases with a tone.

Pure functions from :mod:`archisync_gui.model` values to words; no widget, no colour (a tone names one).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from archisync_gui import messages
from archisync_gui.conditions import Cause, Condition, Kind, cause, conditions, contact
from archisync_gui.conditions import text as text_of_condition
from archisync_gui.model import (
    STORED,
    AccountTypeStatus,
    ErrorInfo,
    Freshness,
    Json,
    Origin,
    Outcome,
    QueueEntry,
    Reason,
    RunRecord,
    RunView,
    Scope,
    State,
    Status,
    TypeStatus,
    is_first_read,
    warning_parts,
)
from archisync_gui.ui.text.i18n import ago, clock, language, lasting, moment, number, span, tr

if TYPE_CHECKING:
    from archisync_gui.entities.declaration import Entity

_names: dict[str, tuple[str, str]] = {}


def name_types(entities: Iterable[Entity]) -> None:
    """Learn what people call the sync types."""
    _names.clear()
    _names.update({e.name: (e.it, e.en) for e in entities})


def type_name(sync_type: str) -> str:
    """``customers`` → ``Clienti``."""
    it, en = _names.get(sync_type, (sync_type.capitalize(), sync_type.capitalize()))
    return it if language() == "it" else en


@dataclass(frozen=True, slots=True)
class Chip:
    """A word with a tone and a shape: never told by colour alone."""

    text: str
    tone: str
    """``ok``, ``warn``, ``bad``, ``accent``, ``muted`` or ``session``: a colour role."""
    shape: str
    """``dot``, ``check``, ``play``, ``pause``, ``ring``, ``alert``, ``square``, ``again``: see ``ui.icons``."""


def origin_word(origin: Origin | str) -> str:
    """Who asked."""
    match str(origin):
        case "operator":
            return tr("by hand")
        case "schedule":
            return tr("scheduled")
        case "order-form":
            return tr("order form", "who asked")
        case _:
            return tr("another program")


def scope_word(scope: Scope | str, key: str | None = None) -> str:
    """What is read."""
    match str(scope):
        case "one":
            return tr("record {key}", key=key or "")
        case "new":
            return tr("new ones only")
        case _:
            return tr("whole list")


def outcome_word(outcome: Outcome | str | None) -> Chip:
    """How a run ended."""
    match str(outcome or "running"):
        case "completed":
            return Chip(tr("Done"), "ok", "check")
        case "unclean":
            return Chip(tr("Done, data moved meanwhile"), "warn", "check")
        case "refused":
            return Chip(tr("Refused"), "bad", "alert")
        case "failed":
            return Chip(tr("Failed"), "bad", "alert")
        case "cancelled":
            return Chip(tr("Cancelled"), "muted", "square")
        case "skipped":
            return Chip(tr("Skipped"), "muted", "ring")
        case "interrupted":
            return Chip(tr("Interrupted"), "warn", "square")
        case _:
            return Chip(tr("Running"), "accent", "play")


def failure_word(error: ErrorInfo | None) -> str:
    """A failure in two or three words."""
    if error is None:
        return tr("failed", "short reason")
    match cause(error):
        case Cause.BROWSER:
            return tr("Archisync's browser does not work")
        case Cause.SILENT:
            return tr("the ERP does not answer")
        case Cause.ERP:
            return tr("the ERP's page was interrupted")
        case Cause.CREDENTIALS:
            return stopped_word(error.code)
        case Cause.LOGIN:
            return tr("login failed")
        case Cause.LAYOUT:
            return tr("the ERP's page changed")
        case Cause.REFUSED:
            return tr("read refused")
        case Cause.INTERNAL:
            return tr("internal fault")


def told(code: str, params: Mapping[str, Json] | None = None) -> messages.Text | None:
    """The text of an error's code with lists called by their names; ``None`` when the code has no text."""
    named = {k: type_name(str(v)) if k in ("list", "type", "entity") else v for k, v in (params or {}).items()}
    found = messages.text(code, language(), named)
    return found if found.what != code else None


def failure_short(error: ErrorInfo | None) -> str:
    """A failure as it fits into a chip."""
    match cause(error) if error is not None else None:
        case Cause.SILENT:
            return tr("ERP silent")
        case Cause.BROWSER:
            return tr("our browser")
        case Cause.ERP:
            return tr("interrupted")
        case Cause.LAYOUT:
            return tr("page changed")
        case _:
            return failure_word(error)


CERTIFICATE = frozenset({"certificate-unknown", "certificate-changed"})
"""Codes that stop an account until a certificate was looked at."""


def stopped_word(code: str) -> str:
    """Why an account is stopped, in two or three words."""
    if code in CERTIFICATE:
        return tr("certificate to be checked")
    return tr("no password") if code == "password-missing" else tr("password refused")


def stopped_title(code: str, account: str) -> str:
    """Why an account is stopped, in one sentence."""
    match code:
        case "certificate-unknown":
            return tr("The ERP's certificate is not accepted yet")
        case "certificate-changed":
            return tr("The ERP's certificate has changed")
        case "password-missing":
            return tr("There is no password for {account}", account=account)
    return tr("The ERP refused the password of {account}", account=account)


_REASONS: Mapping[str, Callable[[], str]] = {
    Reason.ACCOUNT_STOPPED: lambda: tr("account stopped"),
    Reason.HOLD: lambda: tr("paused by you"),
    Reason.SESSION: lambda: tr("form open"),
    Reason.LOGIN_BUDGET: lambda: tr("too many logins today"),
    Reason.OFFICE_HOURS: lambda: tr("outside office hours"),
    Reason.BACK_OFF: lambda: tr("slowed down after failures"),
    Reason.RETRY: lambda: tr("new attempt soon"),
    Reason.NO_ACCOUNT: lambda: tr("no ERP account"),
    Reason.SCHEDULE_OFF: lambda: tr("nothing is due"),
    Reason.NO_PANEL: lambda: tr("nothing is due"),
    Reason.OFFLINE: lambda: tr("no network"),
    Reason.ASLEEP: lambda: tr("the computer slept"),
    Reason.NOT_RUNNING: lambda: tr("Archisync was not open"),
    Reason.CLOSING: lambda: tr("closing"),
}
"""Why something waits, in two or three words of the panel's language."""


def reason_word(reason: Reason | str | None, params: Mapping[str, Json] | None = None) -> str:
    """Why something waits, in two or three words."""
    given = params or {}
    if reason in (Reason.RUNNING, Reason.BEHIND):
        other = given.get("type") or given.get("after")
        return tr("after {type}", type=type_name(str(other))) if other else tr("others come first")
    word = _REASONS.get(reason or "")
    return word() if word is not None else tr("its turn comes")


def percent(view_or_status: RunView | AccountTypeStatus) -> int | None:
    """How far, 0-100, where it is known."""
    progress = view_or_status.progress
    if progress is None:
        return None
    if progress.step in ("check", "apply", "restore"):
        return 99  # all pages are read
    if progress.total:
        return min(99, int(100 * progress.rows / progress.total))
    if progress.page is not None and progress.pages:
        return min(99, int(100 * progress.page / progress.pages))
    return None


def state_chip(item: AccountTypeStatus) -> Chip:
    """The state of a type: what it does now and why."""
    match item.state:
        case State.RUNNING:
            part = percent(item)
            text = tr("Running") if part is None else tr("Running {part}%", part=part)
            return Chip(text, "accent", "play")
        case State.QUEUED:
            place = item.queue_position
            return Chip(tr("In queue · no. {place}", place=place) if place else tr("In queue"), "accent", "ring")
        case State.SUSPENDED:
            return Chip(tr("Suspended · {why}", why=reason_word(item.reason or Reason.SESSION)), "warn", "pause")
        case State.WAITING:
            return Chip(tr("Waiting · {why}", why=reason_word(item.reason)), "warn", "ring")
        case State.BACKING_OFF:
            return Chip(tr("Failed · %n attempt(s)", "", item.failures_in_a_row), "bad", "again")
        case State.STOPPED:
            return Chip(tr("Stopped · {why}", why=failure_word(item.last_error)), "bad", "square")
        case State.REFUSED:
            return Chip(tr("Read refused", "state"), "bad", "alert")
        case State.IDLE:
            if item.last_outcome is Outcome.FAILED:
                return Chip(tr("Failed · {why}", why=failure_short(item.last_error)), "bad", "alert")
            if item.unclean_in_a_row >= 2:
                return Chip(tr("Data move while they are read"), "warn", "dot")
            return Chip(tr("Resting"), "muted", "dot")


@dataclass(frozen=True, slots=True)
class News:
    """What the reads of a day changed in a list."""

    added: int = 0
    changed: int = 0
    gone: int = 0
    first: bool = False
    """The list was read for the first time: none of its rows counts as new."""
    runs: int = 0
    """Reads that were stored."""


def news_of(runs: Iterable[RunRecord]) -> dict[tuple[str, str], News]:
    """What stored reads brought, by list and account."""
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
    """``2 new · 5 changed``; nothing is said of what did not happen."""
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
    said = [part for part, count in zip(parts, counts, strict=True) if count]
    return " · ".join(said) or (tr("no change") if news.runs else "–")


def condition_of(found: Sequence[Condition], sync_type: str, account: str | None) -> Condition | None:
    """The first of these conditions that concerns a list (of that account, if one is given)."""
    return next((c for c in found for i in c.items if i.type == sync_type and account in (None, i.account)), None)


@dataclass(frozen=True, slots=True)
class ListLine:
    """What the overview says of a list: what it does, why it is not fresh, or what changed today."""

    chip: Chip
    detail: str = ""
    more: str = ""
    """What the tooltip adds."""


def list_line(item: AccountTypeStatus, condition: Condition | None, news: News, now: datetime) -> ListLine:
    """A list in one line; with a second one when something is wrong."""
    brought = tr("{added} new, {changed} changed, {gone} gone today", added=number(news.added),
                 changed=number(news.changed), gone=number(news.gone))  # fmt: skip
    calm = item.state is State.IDLE and item.last_outcome is not Outcome.FAILED and item.unclean_in_a_row < 2
    if condition is None:
        if calm:
            return ListLine(
                Chip(news_line(news, item.type), "muted", ""), more=brought if news.runs and not news.first else ""
            )
        return ListLine(state_chip(item))
    chip = _why_chip(item, condition) if calm else state_chip(item)
    said = chip.text[:1].upper() + chip.text[1:]
    return ListLine(Chip(said, chip.tone, chip.shape), _why_detail(item, condition, now))


def _why_chip(item: AccountTypeStatus, condition: Condition) -> Chip:
    """Why a list that rests is not fresh, in two or three words."""
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
    """What it means for this list, and what happens next."""
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
            if item.state is State.RUNNING:
                return ""
            why = reason_word(item.reason) if item.reason is not None else ""
            # A queued list has its time in the column of the next update.
            later = tr("will be read at {time}", time=when) if when and item.state is not State.QUEUED else ""
            parts = [part for part in (later, why) if part]
            return " · ".join(parts) or tr("will be read as soon as possible")
        case _:
            kept = tr("the stored data are unchanged")
            return tr("tried again at {time} · {kept}", time=when, kept=kept) if when else kept


def row_remedy(condition: Condition | None) -> tuple[str, str, object]:
    """What the row of a list offers: as :func:`remedy`, where the condition is about this list alone."""
    if condition is None or (len(condition.lists) > 1 and condition.kind is not Kind.REFUSED):
        return "", "", None
    return remedy(condition)


def remedies() -> tuple[str, ...]:
    """The texts of all buttons that a row may offer."""
    return tr("Chec&k the read…"), tr("Password…"), tr("Certi&ficate…"), tr("De&tails…"), tr("Try again now")


def freshness_chip(freshness: Freshness, last: datetime | None, now: datetime) -> Chip:
    """How far the copy can be trusted, and since when."""
    since = ago((now - last).total_seconds()) if last is not None else ""
    match freshness:
        case Freshness.FRESH:
            return Chip(tr("Fresh · {since}", since=since), "ok", "check")
        case Freshness.LATE:
            return Chip(tr("Late · {since}", since=since), "warn", "alert")
        case Freshness.NEVER:
            return Chip(tr("Never read"), "warn", "ring")
        case Freshness.UNKNOWN:
            return Chip(tr("Unsure"), "warn", "alert")  # nobody knows since when


def counts_line(item: AccountTypeStatus, last_good: RunRecord | None = None) -> str:
    """``1.604 righe · +3 ~21 −0`` of the last whole read that was stored; of a failed attempt, that it failed.

    ``last_good`` goes before the status, whose figures may be those of a fast read of a few rows.
    """
    if last_good is not None:
        return run_line(last_good)
    if item.last_outcome in STORED and item.rows is not None:
        return f"{rows_word(item.rows)} · {delta_line(item.added, item.changed, item.gone)}"
    if item.last_outcome in (Outcome.FAILED, Outcome.REFUSED):
        return failure_word(item.last_error)
    return ""


def warning_word(found: str) -> str:
    """A run's warning (``code?name=value``) in sentences of the panel's language."""
    code, params = warning_parts(found)
    return str(told(code, params) or code)


def rows_word(count: int) -> str:
    """``1.604 righe``."""
    return tr("%n row(s)", "", count)


def run_line(run: RunRecord) -> str:
    """What a stored read brought: ``1.604 righe · +3 ~21 −0``."""
    return f"{rows_word(run.rows)} · {brought_word(run)}"


def brought_word(run: RunRecord) -> str:
    """``+3 ~21 −0``, or that it was the list's first read."""
    return tr("first read") if is_first_read(run.warnings) else delta_line(run.added, run.changed, run.gone)


def warnings_of(run: RunRecord) -> tuple[str, ...]:
    """A run's warnings. That it was a list's first read is none: :func:`run_line` tells it."""
    return tuple(text for text in run.warnings if not is_first_read([text]))


def delta_line(added: int, changed: int, gone: int) -> str:
    """``+3 ~21 −0``."""
    return f"+{number(added)} ~{number(changed)} −{number(gone)}"


def expected_line(item: AccountTypeStatus, status: Status, now: datetime, interval: int | None = 1) -> str:
    """When the type will be fresh again, and after what."""
    run = status.current_run
    if item.state is State.RUNNING and run is not None and run.remaining is not None:
        return clock(datetime.fromtimestamp(now.timestamp() + run.remaining, now.tzinfo))
    if item.state is State.RUNNING:
        return tr("being read")
    if item.state is State.STOPPED:
        return tr("when the password is right")
    if item.state is State.REFUSED and item.expected is None:
        return tr("when you decide")
    if status.hold_since is not None and item.state in (State.WAITING, State.QUEUED, State.SUSPENDED):
        return tr("when you resume")
    forecast = item.expected
    if forecast is None:
        return tr("on request only") if interval is None else "–"
    end = clock(datetime.fromtimestamp(forecast.starts.timestamp() + forecast.seconds, now.tzinfo))
    if item.state is State.SUSPENDED and item.progress is not None and item.progress.page is not None:
        return tr("{time} · goes on from page {page}", time=end, page=item.progress.page + 1)
    if item.last_outcome is Outcome.FAILED and item.state in (State.IDLE, State.WAITING, State.BACKING_OFF):
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
    """The account that speaks for the type: the one whose state is the type's, the stalest among those."""
    candidates = [a for a in type_status.accounts if a.state is type_status.state] or list(type_status.accounts)
    order = (Freshness.NEVER, Freshness.UNKNOWN, Freshness.LATE, Freshness.FRESH)
    return min(
        candidates,
        key=lambda a: (order.index(a.freshness), a.last_run_time.timestamp() if a.last_run_time else 0.0),
        default=None,
    )


@dataclass(frozen=True, slots=True)
class Headline:
    """The header's two lines, and the tray's one."""

    title: str
    detail: str
    tone: str
    """``ok``, ``warn``, ``bad``, ``accent`` or ``muted``."""
    kind: str
    """``starting``, ``running``, ``hold``, ``trouble``, ``session``, ``late`` or ``fresh``: the tray's shape."""
    fraction: float | None = None
    """Progress 0-1; ``None``: not known."""
    button: str = ""
    """What can be pressed about it, if anything beyond the usual."""
    place: str = ""
    """What that button opens, and with what: see ``Context.open``; ``sync``: it reads the lists in ``what``."""
    what: object = None
    running: bool = False
    """A read is under way: its progress is shown, whatever else is said."""


def run_title(run: RunView) -> str:
    """``Clienti, elenco intero · pagina 9 di 16 · 843 righe``."""
    parts = [f"{type_name(run.type)}, {scope_word(run.scope)}"]
    progress = run.progress
    match progress.step:
        case "login":
            parts.append(tr("logging in"))
        case "open" | "filter":
            parts.append(tr("opening the list"))
        case "check":
            parts.append(tr("checking"))
        case "apply":
            parts.append(tr("storing"))
        case _ if progress.page is not None:
            parts.append(
                tr("page {page} of {pages}", page=progress.page, pages=progress.pages)
                if progress.pages
                else tr("page {page}", page=progress.page)
            )
    if progress.rows:
        parts.append(tr("%n row(s)", "", progress.rows))
    return " · ".join(parts)


def headline(status: Status, now: datetime) -> Headline:
    """All is well, what is wrong, or what runs: the one sentence an operator reads first."""
    found = conditions(status)
    errors = [condition for condition in found if not condition.warning]
    run = status.current_run
    if run is not None:
        return _running(run, status, now, errors)
    if not found:
        kind = "session" if status.session_count else "fresh"
        answered = contact(status).answered
        detail = why_line(status, now)
        if answered is not None:
            detail = tr("last answer of the ERP {time}", time=moment(answered, now)) + " · " + detail
        return Headline(tr("Everything up to date"), detail, "ok", kind)
    first, others = found[0], [condition for condition in errors if condition is not found[0]]
    text = condition_text(first, now)
    detail = text.means if first.kind in (Kind.LATE, Kind.NEVER, Kind.HOLD) else f"{text.means} {text.todo}"
    if first.kind is Kind.HOLD and status.hold_until is not None:
        left = lasting(max(60.0, (status.hold_until - now).total_seconds()))
        detail = tr("It ends by itself at {time}, in {left}.", time=moment(status.hold_until, now), left=left)
    if others:
        detail = f"{condition_title(others[0], now)} · {detail}"
    elif first.kind in (Kind.LATE, Kind.NEVER):
        detail = f"{detail.rstrip('.')} · {why_line(status, now)}"
    look = "hold" if first.kind is Kind.HOLD else "late" if first.warning else "trouble"
    offered = [remedy(condition) for condition in (first, *others)]
    button, place, what = next((found for found in offered if found[0]), offered[0])
    tone = "bad" if errors else "warn"
    return Headline(text.what.rstrip("."), detail, tone, look, None, button, place, what)


def _running(run: RunView, status: Status, now: datetime, errors: list[Condition]) -> Headline:
    """What runs; an error that lasts meanwhile stays in view."""
    parts = [tr("running for {time}", time=span((now - run.started).total_seconds()))]
    if run.remaining is not None:
        parts.append(tr("about {time} left", time=span(run.remaining)))
    parts.append(origin_word(run.origin))
    if run.attempt > 1:
        parts.append(tr("attempt {count}", count=run.attempt))
    if run.stopping is not None:
        parts = [tr("being ended at the next safe point")]
    if len(status.accounts) > 1:
        parts.append(run.account)
    part = percent(run)
    fraction = None if part is None else part / 100
    if not errors:
        return Headline(run_title(run), " · ".join(parts), "accent", "running", fraction, running=True)
    button, place, what = remedy(errors[0])
    detail = " · ".join([condition_title(errors[0], now), *parts])
    return Headline(run_title(run), detail, "bad", "trouble", fraction, button, place, what, True)


def account_line(status: Status | None, account: str, now: datetime) -> tuple[str, str]:
    """An account's state with its time, and a tone: *password refused 00:45*, *last answer 13:20*."""
    known = None if status is None else next((a for a in status.accounts if a.id == account), None)
    if status is None or known is None:
        return "", "muted"
    own = [item for item in _items_of(status) if item.account == account]
    if known.stopped is not None:
        tried = max((i.last_attempt for i in own if i.last_error == known.stopped and i.last_attempt), default=None)
        word = stopped_word(known.stopped.code)
        return (word if tried is None else f"{word} {moment(tried, now)}"), "bad"
    good = max((item.last_run_time for item in own if item.last_run_time), default=None)
    if good is None:
        return tr("no answer of the ERP yet"), "muted"
    return tr("last answer {time}", time=moment(good, now)), "ok"


def forms_line(status: Status | None, account: str, now: datetime) -> str:
    """The order forms that are open for an account, each with its computer: ``form open on PC-2 since 10:12``."""
    found = []
    for session in status.sessions if status is not None else ():
        if session.account == account:
            since = moment(session.since, now)
            if session.computer:
                found.append(tr("form open on {computer} since {time}", computer=session.computer, time=since))
            else:
                found.append(tr("form open since {time}", time=since))
    return " · ".join(found)


def _items_of(status: Status) -> list[AccountTypeStatus]:
    return [item for type_status in status.statuses.values() for item in type_status.accounts]


def office_word(status: Status) -> str:
    """Which computer reads the ERP for the office; empty: this one works for itself."""
    office = status.office
    if office is None:
        return ""
    if office.leads:
        return tr("this computer reads for the office")
    return tr("no computer reads") if office.leader is None else tr("{computer} reads", computer=office.leader)


def erp_line(status: Status, now: datetime) -> tuple[str, str, str]:
    """The status bar's words about the ERP, with tone and shape, and which computer of an office reads it."""
    said, tone, shape = _erp_line(status, now)
    return " · ".join(filter(None, (said, office_word(status)))), tone, shape


def _erp_line(status: Status, now: datetime) -> tuple[str, str, str]:
    """*Connected* only if the ERP's last answer was good."""
    found = contact(status)
    answered = "" if found.answered is None else tr("last answer {time}", time=moment(found.answered, now))
    for condition in conditions(status):
        match condition.kind:
            case Kind.NO_ACCOUNT:
                return tr("ERP: no account"), "bad", "alert"
            case Kind.OFFLINE:
                return " · ".join(filter(None, (tr("ERP: no network"), answered))), "bad", "alert"
            case Kind.STOPPED if condition.error is not None:
                names = ", ".join(condition.accounts)
                why = stopped_word(condition.error.code)
                return tr("ERP: {account}: {why}", account=names, why=why), "bad", "alert"
            case Kind.BROWSER:
                return tr("Archisync's browser does not work"), "bad", "alert"
            case Kind.SILENT:
                return " · ".join(filter(None, (tr("ERP does not answer"), answered))), "bad", "alert"
    if found.connected:
        names = ", ".join(found.accounts[:2]) + ("…" if len(found.accounts) > 2 else "")
        return tr("ERP connected as {account}", account=names) + " · " + answered, "ok", "dot"
    if answered:
        return tr("ERP: {answered}", answered=answered), "warn", "ring"
    return tr("ERP: no answer yet"), "muted", "ring"


def condition_text(condition: Condition, now: datetime) -> messages.Text:
    """The sentences of a condition in the panel's language."""
    return text_of_condition(condition.as_json(), language(), type_name, lambda at: moment(at, now))


def condition_title(condition: Condition, now: datetime) -> str:
    """A condition in one sentence without its full stop."""
    return condition_text(condition, now).what.rstrip(".")


def remedy(condition: Condition) -> tuple[str, str, object]:
    """What can be pressed about a condition: the button's text, the place it opens, and with what. ``""``: nothing."""
    code = condition.error.code if condition.error is not None else ""
    match condition.kind:
        case Kind.NO_ACCOUNT:
            return tr("Enter acco&unt…"), "settings", "erp.accounts"
        case Kind.STOPPED:
            button = tr("Certi&ficate…") if code in CERTIFICATE else tr("Password…")
            return button, "trouble" if code in CERTIFICATE else "password", condition.accounts[0]
        case Kind.REFUSED:
            return tr("Chec&k the read…"), "trouble", condition.items[0]
        case Kind.FAILED if cause(condition.error) in (Cause.LAYOUT, Cause.INTERNAL):
            run_id = condition.items[0].last_run_id
            return (tr("De&tails…"), "run", run_id) if run_id is not None else ("", "", None)
        case Kind.FAILED | Kind.SILENT | Kind.BROWSER if cause(condition.error) is not Cause.LOGIN:
            return tr("Try again now"), "sync", condition.lists
        case _:
            return "", "", None


CUSTOMERS = "customers"
"""The type that smart sessions are about."""


def why_line(status: Status, now: datetime) -> str:
    """What comes next, in one phrase."""
    explanation = status.explanation
    upcoming = sorted(explanation.forecast, key=lambda f: f.starts)
    if explanation.reason in (Reason.NOTHING_DUE, Reason.RUNNING) or not upcoming:
        if upcoming:
            first = upcoming[0]
            return tr("next: {type} at {time}", type=type_name(first.type), time=moment(first.starts, now))
        if explanation.reason is Reason.NOTHING_DUE:
            return tr("nothing is due")
    return reason_word(explanation.reason, explanation.params)


def banner_line(status: Status, now: datetime, reading: bool = False) -> str:
    """The session banner's sentence."""
    tabs = tr("%n tab(s)", "", status.session_count)
    if status.sessions:
        tabs += " " + tr("since {time}", time=clock(min(s.since for s in status.sessions)))
        computers = sorted({session.computer for session in status.sessions} - {""})
        tabs += f" ({', '.join(computers)})" if computers else ""
    parts = [tabs]
    customers = status.statuses.get(CUSTOMERS)
    asking = {session.account for session in status.sessions}
    reads = [a for a in customers.accounts if a.account in asking or asking <= {None}] if customers is not None else []
    news = [a.new_as_of for a in reads]
    wholes = [a.all_as_of for a in reads]
    # With several accounts the oldest speaks: nothing may look fresher than it is.
    if news and None not in news:
        newest = min(at for at in news if at is not None)
        seconds = (now - newest).total_seconds()
        parts.append(tr("new customers: {time}", time=ago(seconds) if seconds < 3600 else clock(newest)))
    if wholes and None not in wholes:
        text = tr("whole list: {time}", time=moment(min(at for at in wholes if at is not None), now))
        parts.append(tr("{text}, being read", text=text) if reading else text)
    if status.breathing:
        parts.append(tr("late lists pass one at a time"))
    elif status.quiet_until is not None and status.quiet_until > now:
        left = lasting((status.quiet_until - now).total_seconds())
        parts.append(tr("the other lists wait until it closes, at most {left}", left=left))
    return " · ".join(parts)


def queue_detail(entry: QueueEntry) -> str:
    """The small line under a waiting request."""
    parts = [origin_word(entry.origin), reason_word(entry.reason, entry.params)]
    if entry.suspended_progress is not None and entry.suspended_progress.page is not None:
        parts[0] = tr("goes on from page {page}", page=entry.suspended_progress.page + 1)
    if entry.scope is not Scope.ALL:
        parts.append(scope_word(entry.scope))
    return " · ".join(parts)


def queued_sentence(entry: QueueEntry, position: int) -> str:
    """What is said when a request had to queue: where and why."""
    return tr(
        "{type} is in the queue at place {place}: {why}.",
        type=type_name(entry.type),
        place=position,
        why=reason_word(entry.reason, entry.params),
    )
