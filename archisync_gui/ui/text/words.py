"""Short phrases for states, reasons, failures and runs, some with a tone.

Functions from values of :mod:`archisync_gui.model` to words; no widget and no colour (a tone is the name of one).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archisync_gui import messages
from archisync_gui.conditions import Cause, cause
from archisync_gui.model import (
    AccountTypeStatus,
    ErrorInfo,
    Json,
    Origin,
    Outcome,
    QueueEntry,
    Reason,
    RunRecord,
    RunView,
    Scope,
    is_first_read,
    warning_parts,
)
from archisync_gui.ui.text.i18n import language, number, tr

if TYPE_CHECKING:
    from archisync_gui.entities.declaration import Entity


_names: dict[str, tuple[str, str]] = {}


CERTIFICATE = frozenset({"certificate-unknown", "certificate-changed"})
"""Codes of errors that stop an account until the operator has checked a certificate."""
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


def name_types(entities: Iterable[Entity]) -> None:
    """Set the names of the lists, for :func:`type_name`."""
    _names.clear()
    _names.update({e.name: (e.it, e.en) for e in entities})


def type_name(sync_type: str) -> str:
    """``customers`` → ``Clienti``."""
    it, en = _names.get(sync_type, (sync_type.capitalize(), sync_type.capitalize()))
    return it if language() == "it" else en


def origin_word(origin: Origin | str) -> str:
    """Who requested a read."""
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
    """What a run reads."""
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


def code_text(code: str, params: Mapping[str, Json] | None = None) -> messages.Text | None:
    """The text of an error's or warning's code, with the names of lists; ``None`` when the code has no text."""
    named = {k: type_name(str(v)) if k in ("list", "type", "entity") else v for k, v in (params or {}).items()}
    found = messages.text(code, language(), named)
    return found if found.what != code else None


def failure_short(error: ErrorInfo | None) -> str:
    """A failure in one or two words, for a chip."""
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


def reason_word(reason: Reason | str | None, params: Mapping[str, Json] | None = None) -> str:
    """Why something waits, in two or three words."""
    values = params or {}
    if reason in (Reason.RUNNING, Reason.BEHIND):
        other = values.get("type") or values.get("after")
        return tr("after {type}", type=type_name(str(other))) if other else tr("others come first")
    word = _REASONS.get(reason or "")
    return word() if word is not None else tr("its turn comes")


def warning_word(found: str) -> str:
    """A run's warning (``code?name=value``) in sentences of the panel's language."""
    code, params = warning_parts(found)
    return str(code_text(code, params) or code)


def run_line(run: RunRecord) -> str:
    """The rows and changes of a stored read: ``1.604 righe · +3 ~21 −0``."""
    return f"{rows_word(run.rows)} · {brought_word(run)}"


def queue_detail(entry: QueueEntry) -> str:
    """The second line of a waiting request."""
    parts = [origin_word(entry.origin), reason_word(entry.reason, entry.params)]
    if entry.suspended_progress is not None and entry.suspended_progress.page is not None:
        parts[0] = tr("goes on from page {page}", page=entry.suspended_progress.page + 1)
    if entry.scope is not Scope.ALL:
        parts.append(scope_word(entry.scope))
    return " · ".join(parts)


def queued_sentence(entry: QueueEntry, position: int) -> str:
    """The sentence about a request that waits: its place in the queue, and why."""
    return tr(
        "{type} is in the queue at place {place}: {why}.",
        type=type_name(entry.type),
        place=position,
        why=reason_word(entry.reason, entry.params),
    )


@dataclass(frozen=True, slots=True)
class Chip:
    """A word with a tone and a shape, so that no meaning depends on colour alone."""

    text: str
    tone: str
    """``ok``, ``warn``, ``bad``, ``accent``, ``muted`` or ``session``: a colour role."""
    shape: str
    """``dot``, ``check``, ``play``, ``pause``, ``ring``, ``alert``, ``square``, ``again``: see ``ui.look.icons``."""


def rows_word(count: int) -> str:
    """``1.604 righe``."""
    return tr("%n row(s)", "", count)


def brought_word(run: RunRecord) -> str:
    """``+3 ~21 −0``, or ``first read``."""
    return tr("first read") if is_first_read(run.warnings) else delta_line(run.added, run.changed, run.gone)


def delta_line(added: int, changed: int, gone: int) -> str:
    """Rows added, changed and gone: ``+3 ~21 −0``."""
    return f"+{number(added)} ~{number(changed)} −{number(gone)}"


def percent(view_or_status: RunView | AccountTypeStatus) -> int | None:
    """Progress in percent, at most 99; ``None``: not known."""
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
