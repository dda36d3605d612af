"""Conditions: everything that is wrong, ranked, as a pure function of a status.

Header, window title, tray, status bar, notifications, the command line and the endpoint all show this list, so that
they cannot disagree. :func:`text` gives the sentences of ``resources/messages``; no texts of the panel, no Qt.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from archisync_gui import messages
from archisync_gui.model import (
    AccountId,
    AccountTypeStatus,
    ErrorInfo,
    FailureKind,
    Freshness,
    Json,
    Outcome,
    Reason,
    Status,
    SyncState,
    SyncType,
)


class Kind(StrEnum):
    """Kinds of conditions, in the order in which they are shown."""

    ARCHIVE = "archive"
    """The archive cannot be written."""
    OFFICE_SILENT = "office-silent"
    """The server of an office of several computers cannot be used; the shown status is old."""
    NOBODY_LEADS = "office-nobody-leads"
    """No computer of the office reads the ERP at the moment."""
    NO_ACCOUNT = "no-account"
    """No account is in use, so nothing can be read."""
    HOLD = "hold"
    """The operator paused everything."""
    OFFLINE = "offline"
    """The computer has no network."""
    STOPPED = "account-stopped"
    """An account's password or certificate must be corrected; one condition per error code."""
    REFUSED = "read-refused"
    """A read was refused and not stored; the operator decides."""
    BROWSER = "browser"
    """Archisync's own browser does not start or ended; this says nothing about the ERP."""
    SILENT = "erp-silent"
    """The ERP as a whole has not answered since its last good answer."""
    FAILED = "list-failed"
    """The last read of some lists failed, while the ERP answered otherwise; one condition per cause."""
    BACKUP = "backup-failing"
    """The daily backup of the archive or of the drafts cannot be made."""
    ABANDONED = "abandoned"
    """A read ignored its cancellation and has not ended."""
    UNREADABLE = "unreadable"
    """Stored entries could not be read at the start."""
    UNSURE = "age-unknown"
    """The age of the data is not known, because the computer's clock was changed."""
    LATE = "late"
    """The last read of some lists is older than their interval allows."""
    NEVER = "never-read"
    """Some lists were never read."""


WARNINGS = frozenset({Kind.NOBODY_LEADS, Kind.HOLD, Kind.UNREADABLE, Kind.UNSURE, Kind.LATE, Kind.NEVER})
"""Kinds that need no action of the operator; all others are errors."""


FEW = 2
"""Maximum lists that the first sentence of a text names; if there are more, it gives their number."""
STOPS = frozenset({"password-missing", "certificate-unknown", "certificate-changed"})
"""Codes of stopped accounts that have texts of their own; all others mean a refused password."""

OFFICE_SILENCE = frozenset({"office-unreachable", "office-slow"})
"""Codes for an office's server that does not answer."""

OFFICE_TROUBLES = frozenset(
    {f"office-{code}" for code in ("disk-full", "full", "login", "missing", "not-allowed", "read-only", "tls")}
    | {"office-status-unread"}
)
"""Other codes of an office that have texts of their own; all others share the text of a server that cannot be used."""


class Cause(StrEnum):
    """The cause of a failure, in a few groups."""

    BROWSER = "browser"
    SILENT = "erp-silent"
    ERP = "erp"
    LOGIN = "login"
    CREDENTIALS = "credentials"
    LAYOUT = "layout"
    REFUSED = "refused"
    INTERNAL = "internal"


SERVER = frozenset({"erp-unreachable", "erp-unavailable"})
"""Codes that concern the whole server."""

SILENCE = SERVER | {"erp-slow", "erp-slow-callback", "erp-never-idle"}
"""Codes for an ERP that did not answer in time, or not at all."""


def cause(error: ErrorInfo | None) -> Cause:
    """The cause of ``error``; :attr:`Cause.INTERNAL` where none is known."""
    if error is None:
        return Cause.INTERNAL
    if error.code.startswith("browser-"):
        return Cause.BROWSER
    match error.kind:
        case FailureKind.TRANSIENT if error.code in SILENCE:
            return Cause.SILENT
        case FailureKind.TRANSIENT:
            return Cause.ERP
        case FailureKind.CREDENTIALS:
            return Cause.CREDENTIALS
        case FailureKind.LOGIN:
            return Cause.LOGIN
        case FailureKind.LAYOUT:
            return Cause.LAYOUT
        case FailureKind.REFUSED:
            return Cause.REFUSED
        case _:
            return Cause.INTERNAL


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that is wrong."""

    kind: Kind
    items: tuple[AccountTypeStatus, ...] = ()
    """The lists (with their accounts) that it concerns; empty: it concerns no particular list."""
    accounts: tuple[AccountId, ...] = ()
    """The accounts that it concerns."""
    error: ErrorInfo | None = None
    """The error behind it, of the first item or account."""
    since: datetime | None = None
    """When it began, where that is known."""
    count: int = 0
    """Number of entries, if it counts something other than lists."""

    @property
    def warning(self) -> bool:
        """True: the operator need not do anything."""
        return self.kind in WARNINGS and not self._nothing_remembered

    @property
    def _nothing_remembered(self) -> bool:
        """Nothing stored of earlier runs could be read: whether reads were paused or an account stopped is unknown."""
        return self.kind is Kind.UNREADABLE and self.count == 0

    @property
    def lists(self) -> tuple[SyncType, ...]:
        """The lists that it concerns, each once, in the status's order."""
        return tuple(dict.fromkeys(item.type for item in self.items))

    @property
    def code(self) -> str:
        """The code of its text in ``resources/messages/conditions.toml``."""
        many = ".many" if len(self.lists) > 1 else ""
        match self.kind:
            case Kind.STOPPED if self.error is not None:
                return f"condition.{self.error.code if self.error.code in STOPS else 'password-refused'}"
            case Kind.FAILED:
                return f"condition.failed.{cause(self.error)}"
            case Kind.UNREADABLE if self._nothing_remembered:
                return "condition.unreadable.all"
            case Kind.OFFICE_SILENT if self.error is not None and self.error.code not in OFFICE_SILENCE:
                return f"condition.{self.error.code if self.error.code in OFFICE_TROUBLES else 'office-unusable'}"
            case Kind.BACKUP if self.error is not None and self.error.code in ("damaged", "drafts-unsound"):
                return f"condition.{self.kind}.{self.error.code}"
            case Kind.SILENT | Kind.OFFICE_SILENT | Kind.NOBODY_LEADS | Kind.BACKUP if self.since is None:
                return f"condition.{self.kind}.always"
            case Kind.BROWSER if self.error is not None and self.error.kind is FailureKind.PERMANENT:
                return "condition.browser.permanent"
            case Kind.REFUSED | Kind.LATE | Kind.NEVER | Kind.UNSURE:
                return f"condition.{self.kind}{many}"
            case _:
                return f"condition.{self.kind}"

    def as_json(self) -> dict[str, Json]:
        """The condition as endpoint and command line return it."""
        return {
            "kind": self.kind.value,
            "code": self.code,
            "warning": self.warning,
            "lists": list(self.lists),
            "accounts": list(self.accounts),
            "count": self.count or len(self.lists),
            "since": None if self.since is None else self.since.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class Contact:
    """The last contact with the ERP: when it gave a good answer, for which accounts, and when a read failed later."""

    answered: datetime | None = None
    accounts: tuple[AccountId, ...] = ()
    """Accounts for which the ERP has given a good answer."""
    failed: datetime | None = None
    """When the newest failed read began, if the ERP gave no good answer since."""

    @property
    def connected(self) -> bool:
        """True if a good answer is the newest information about the ERP."""
        return self.answered is not None and self.failed is None


def contact(status: Status) -> Contact:
    """The last contact with the ERP. Only answers count, not attempts; times in the future are ignored."""
    limit = status.at + timedelta(minutes=1)
    good: dict[AccountId, datetime] = {}
    failed: datetime | None = None
    for item in _items(status):
        times = [t for t in (item.last_run_time, item.new_as_of, item.all_as_of) if t is not None]
        if item.last_outcome in (Outcome.COMPLETED, Outcome.UNCLEAN, Outcome.REFUSED) and item.last_attempt is not None:
            times.append(item.last_attempt)
        for at in times:
            if at <= limit:
                good[item.account] = max(at, good.get(item.account, at))
        if _last_failed(item) and item.last_attempt is not None and item.last_attempt <= limit:
            failed = item.last_attempt if failed is None else max(failed, item.last_attempt)
    run = status.current_run
    if run is not None and (run.progress.rows or run.progress.page):
        good[run.account] = max(status.at, good.get(run.account, status.at))
    answered = max(good.values(), default=None)
    if answered is not None and failed is not None and failed < answered:
        failed = None
    return Contact(answered, tuple(good), failed)


_last: tuple[Status, tuple[Condition, ...]] | None = None
"""The last status and its conditions, cached: header, tray, status bar and notifications ask one after the other."""


def conditions(status: Status) -> tuple[Condition, ...]:
    """All conditions of ``status``, the most important first. Empty: everything is fresh and nothing is wrong."""
    global _last
    if _last is None or _last[0] is not status:
        _last = status, _ranked(status)
    return _last[1]


def _ranked(status: Status) -> tuple[Condition, ...]:
    found = list(_general(status))
    unused = {account.id for account in status.accounts if not account.enabled}
    rest = [item for item in _items(status) if item.account not in unused]
    for part in (_stopped, _refused, _failing, _stale):
        made = list(part(status, rest))
        concerned = {(item.type, item.account) for condition in made for item in condition.items}
        rest = [item for item in rest if (item.type, item.account) not in concerned]
        found += made
    return tuple(sorted(found, key=lambda condition: list(Kind).index(condition.kind)))


def _items(status: Status) -> Iterator[AccountTypeStatus]:
    for type_status in status.statuses.values():
        yield from type_status.accounts


def _last_failed(item: AccountTypeStatus) -> bool:
    """True if the item's last attempt failed for a reason that may lie with the ERP or the connection to it."""
    if item.last_outcome is not Outcome.FAILED:
        return False
    return item.last_error is None or item.last_error.kind is not FailureKind.PERMANENT


def _general(status: Status) -> Iterator[Condition]:
    """Conditions that concern no particular list."""
    if status.journal_error is not None:
        yield Condition(Kind.ARCHIVE, error=status.journal_error)
    office = status.office
    if office is not None and office.trouble is not None:
        yield Condition(Kind.OFFICE_SILENT, error=office.trouble, since=office.as_of)
    elif office is not None and office.leader is None:
        yield Condition(Kind.NOBODY_LEADS, since=office.as_of)
    if not any(account.enabled for account in status.accounts):
        yield Condition(Kind.NO_ACCOUNT)
    if status.hold_since is not None:
        yield Condition(Kind.HOLD, since=status.hold_since)
    if status.explanation.reason is Reason.OFFLINE:
        yield Condition(Kind.OFFLINE)
    if status.backup_trouble is not None:
        yield Condition(Kind.BACKUP, error=status.backup_trouble.error, since=status.backup_trouble.last)
    if status.abandoned:
        accounts = tuple(dict.fromkeys(run.account for run in status.abandoned))
        yield Condition(Kind.ABANDONED, accounts=accounts, since=min(run.started for run in status.abandoned))
    if status.unreadable:
        everything = "journal" in status.unreadable
        yield Condition(Kind.UNREADABLE, count=0 if everything else len(status.unreadable))


def _stopped(status: Status, items: list[AccountTypeStatus]) -> Iterator[Condition]:
    """Stopped accounts with their lists; one condition for each code."""
    by_code: dict[str, list[AccountId]] = {}
    errors: dict[str, ErrorInfo] = {}
    for account in status.accounts:
        if account.enabled and account.stopped is not None:
            by_code.setdefault(account.stopped.code, []).append(account.id)
            errors.setdefault(account.stopped.code, account.stopped)
    for code, accounts in by_code.items():
        concerned = tuple(item for item in items if item.account in accounts)
        yield Condition(Kind.STOPPED, concerned, tuple(accounts), errors[code])


def _refused(_status: Status, items: list[AccountTypeStatus]) -> Iterator[Condition]:
    concerned = tuple(
        item
        for item in items
        if item.state is SyncState.REFUSED or (item.last_outcome is Outcome.REFUSED and item.failures_in_a_row > 0)
    )
    if concerned:
        yield Condition(Kind.REFUSED, concerned, _accounts(concerned), concerned[0].last_error)


def _failing(status: Status, items: list[AccountTypeStatus]) -> Iterator[Condition]:
    """Lists whose last read failed or that wait for another attempt. They become the one condition ``erp-silent`` if
    two types, or an error of the whole server, show that the ERP does not answer, and it gave no good answer since."""
    failing = [item for item in items if _is_failing(item)]
    answered = contact(status).answered
    silent = [
        item
        for item in failing
        if cause(item.last_error) is Cause.SILENT
        and (answered is None or item.last_attempt is None or item.last_attempt > answered)
    ]
    server = any(item.last_error is not None and item.last_error.code in SERVER for item in silent)
    if server or len({item.type for item in silent}) > 1:
        yield Condition(Kind.SILENT, tuple(silent), _accounts(silent), silent[0].last_error, answered)
        failing = [item for item in failing if item not in silent]
    browser = [item for item in failing if cause(item.last_error) is Cause.BROWSER]
    if browser:
        yield Condition(Kind.BROWSER, tuple(browser), _accounts(browser), browser[0].last_error)
    by_code: dict[str, list[AccountTypeStatus]] = {}
    for item in failing:
        if item not in browser:
            by_code.setdefault(item.last_error.code if item.last_error is not None else "", []).append(item)
    for alike in by_code.values():
        yield Condition(Kind.FAILED, tuple(alike), _accounts(alike), alike[0].last_error)


def _is_failing(item: AccountTypeStatus) -> bool:
    """True for a list whose reads fail. A single record that could not be read does not count."""
    if item.failures_in_a_row > 0 or item.state is SyncState.BACKING_OFF or item.reason is Reason.RETRY:
        return True
    return item.last_outcome is Outcome.FAILED and (item.is_running or item.queue_position is not None)


def _stale(_status: Status, items: list[AccountTypeStatus]) -> Iterator[Condition]:
    kinds = {Freshness.UNKNOWN: Kind.UNSURE, Freshness.LATE: Kind.LATE, Freshness.NEVER: Kind.NEVER}
    for freshness, kind in kinds.items():
        concerned = tuple(item for item in items if item.freshness is freshness)
        if concerned:
            known = [item.last_run_time for item in concerned if item.last_run_time is not None]
            since = None if kind is Kind.UNSURE else min(known, default=None)
            yield Condition(kind, concerned, _accounts(concerned), since=since)


def _accounts(items: Iterable[AccountTypeStatus]) -> tuple[AccountId, ...]:
    return tuple(dict.fromkeys(item.account for item in items))


def text(
    condition: Mapping[str, Json],
    language: str,
    list_name: Callable[[SyncType], str],
    when: Callable[[datetime], str],
) -> messages.Text:
    """What happened, what it means and what to do, in ``language`` (``it`` or ``en``).

    ``condition``: from :meth:`Condition.as_json`; ``list_name`` returns the name of a list for people, ``when`` a time
    as text.
    """
    names = [list_name(str(name)) for name in _texts(condition["lists"])]
    lists, few = ", ".join(names), len(names) <= FEW
    params: dict[str, object] = {
        "lists": lists,
        "subject": lists if few else messages.text("condition.subject", language, {"count": len(names)}).what,
        "accounts": ", ".join(_texts(condition["accounts"])),
        "count": condition["count"],
    }
    since = condition["since"]
    if isinstance(since, str):
        params["time"] = when(datetime.fromisoformat(since))
    found = messages.text(str(condition["code"]), language, params)
    about_accounts = bool(params["accounts"]) and str(params["accounts"]) in found.what
    if few or about_accounts or lists in found.what + found.means:
        return found
    return messages.Text(found.what, f"{lists}. {found.means}", found.todo)


def _texts(value: Json) -> list[str]:
    return [str(part) for part in value] if isinstance(value, list) else []
