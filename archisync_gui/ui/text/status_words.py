"""Texts of header, banner and status bar about a status: the headline, the active run, office and ERP."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from archisync_gui import messages
from archisync_gui.conditions import Cause, Condition, Kind, cause, conditions, contact
from archisync_gui.conditions import text as text_of_condition
from archisync_gui.model import (
    AccountTypeStatus,
    Reason,
    RunView,
    Status,
)
from archisync_gui.ui.text.i18n import ago, language, lasting, moment, span, tr
from archisync_gui.ui.text.words import (
    CERTIFICATE,
    origin_word,
    percent,
    reason_word,
    scope_word,
    stopped_word,
    type_name,
)


def condition_of(found: Sequence[Condition], sync_type: str, account: str | None) -> Condition | None:
    """The first of these conditions that concerns a list (for that account, if one is given)."""
    return next((c for c in found for i in c.items if i.type == sync_type and account in (None, i.account)), None)


@dataclass(frozen=True, slots=True)
class Headline:
    """The two lines of the header, the first of which is also the tray's tooltip."""

    title: str
    detail: str
    tone: str
    """``ok``, ``warn``, ``bad``, ``accent`` or ``muted``."""
    kind: str
    """``starting``, ``running``, ``hold``, ``trouble``, ``session``, ``late`` or ``fresh``: the tray's shape."""
    fraction: float | None = None
    """Progress 0-1; ``None``: not known."""
    button: str = ""
    """Text of an additional button, if there is one."""
    place: str = ""
    """What that button opens, with ``what``: see ``Context.open``; ``sync``: it reads the lists in ``what``."""
    what: object = None
    running: bool = False
    """A read is under way: its progress is shown, whatever the text says."""


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
    """The headline: the active run, else the most important condition, else that everything is up to date."""
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
    """The headline of an active run; with a lasting error, if there is one."""
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
    """An account's state with its time (*password refused 00:45*, *last answer 13:20*), and a tone."""
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
    """The open order forms of an account, each with its computer: ``form open on PC-2 since 10:12``."""
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
    """Which computer reads the ERP for the office; empty without an office."""
    office = status.office
    if office is None:
        return ""
    if office.leads:
        return tr("this computer reads for the office")
    return tr("no computer reads") if office.leader is None else tr("{computer} reads", computer=office.leader)


def erp_line(status: Status, now: datetime) -> tuple[str, str, str]:
    """The status bar's text about the ERP and the office's reading computer, with tone and shape."""
    text, tone, shape = _erp_line(status, now)
    return " · ".join(filter(None, (text, office_word(status)))), tone, shape


def _erp_line(status: Status, now: datetime) -> tuple[str, str, str]:
    """The text about the ERP, with tone and shape. *Connected* only if its last answer was good."""
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
    """The text of a condition in the panel's language."""
    return text_of_condition(condition.as_json(), language(), type_name, lambda at: moment(at, now))


def condition_title(condition: Condition, now: datetime) -> str:
    """The first sentence of a condition's text, without its full stop."""
    return condition_text(condition, now).what.rstrip(".")


def remedy(condition: Condition) -> tuple[str, str, object]:
    """The button that helps with a condition: its text, and what it opens (see :class:`Headline`). ``""``: none."""
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
"""The list that order forms need."""


def why_line(status: Status, now: datetime) -> str:
    """The next read, or why nothing is read, in one phrase."""
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
    """The text of the banner about open order forms. ``reading``: all customers are being read now."""
    tabs = tr("%n tab(s)", "", status.session_count)
    if status.sessions:
        tabs += " " + tr("since {time}", time=moment(min(s.since for s in status.sessions), now))
        computers = sorted({session.computer for session in status.sessions} - {""})
        tabs += f" ({', '.join(computers)})" if computers else ""
    parts = [tabs]
    customers = status.statuses.get(CUSTOMERS)
    asking = {session.account for session in status.sessions}
    reads = [a for a in customers.accounts if a.account in asking or asking <= {None}] if customers is not None else []
    news = [a.new_as_of for a in reads]
    wholes = [a.all_as_of for a in reads]
    # With several accounts the oldest age is shown: nothing may look fresher than it is.
    if news and None not in news:
        newest = min(at for at in news if at is not None)
        seconds = (now - newest).total_seconds()
        parts.append(tr("new customers: {time}", time=ago(seconds) if seconds < 3600 else moment(newest, now)))
    if wholes and None not in wholes:
        text = tr("whole list: {time}", time=moment(min(at for at in wholes if at is not None), now))
        parts.append(tr("{text}, being read", text=text) if reading else text)
    if status.breathing:
        parts.append(tr("late lists pass one at a time"))
    elif status.quiet_until is not None and status.quiet_until > now:
        left = lasting((status.quiet_until - now).total_seconds())
        parts.append(tr("the other lists wait until it closes, at most {left}", left=left))
    return " · ".join(parts)
