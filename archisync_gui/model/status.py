"""The orchestrator's status, for panel, endpoint and command line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from archisync_gui.model.failures import ErrorInfo
from archisync_gui.model.kinds import (
    AccountId,
    Freshness,
    Json,
    Origin,
    Outcome,
    Reason,
    Scope,
    SyncState,
    SyncType,
)
from archisync_gui.model.runs import Progress


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why something runs or nothing does, for one moment (rule 32)."""

    at: datetime
    reason: Reason
    params: Mapping[str, Json] = field(default_factory=dict)
    """Fills in the text ``explain.<reason>``: type, account, until, page …"""
    forecast: tuple[Forecast, ...] = ()
    """For the present and the future: what will run when, in order."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """One expected run."""

    type: SyncType
    account: AccountId
    starts: datetime
    seconds: float
    """Expected duration, from past runs."""
    after: SyncType | None = None
    """The type of the run that it has to wait for, if any."""


@dataclass(frozen=True, slots=True)
class RunView:
    """A run that has not ended, for people."""

    id: str
    type: SyncType
    account: AccountId
    scope: Scope
    origin: Origin
    attempt: int
    started: datetime
    progress: Progress
    remaining: float | None = None
    """Expected seconds to the end; ``None`` when unknown."""
    request_id: str | None = None
    stopping: str | None = None
    """Why the run was cancelled (``operator``, ``withdrawn``, ``hold``, ``account``, ``deadline``, ``watchdog``,
    ``closing``), or ``abandoned``; ``None``: it was not. A run that ignores its cancellation is abandoned after a
    minute."""


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """A waiting request (or a suspended run that waits to go on)."""

    id: str
    type: SyncType
    account: AccountId
    scope: Scope
    priority: int
    """Effective priority, ageing included."""
    origin: Origin
    requested_at: datetime
    user_id: AccountId
    """The same as ``account``, under the name of the first version."""
    reason: Reason
    params: Mapping[str, Json] = field(default_factory=dict)
    suspended_progress: Progress | None = None
    """Set for a suspended run: its progress so far."""
    run_anyway_possible: bool = False


@dataclass(frozen=True, slots=True)
class AccountTypeStatus:
    """One sync type of one account."""

    type: SyncType
    account: AccountId
    state: SyncState
    reason: Reason | None
    freshness: Freshness
    is_running: bool
    queue_position: int | None
    """1-based."""
    last_run_time: datetime | None
    """Last success: start of the last applied whole read (completed or unclean)."""
    new_as_of: datetime | None
    """No record created before this time is missing; ``None``: never read, or the wall clock was set back since
    (rule 30)."""
    all_as_of: datetime | None
    """Start of the last clean whole read; ``None`` for the same reasons."""
    last_attempt: datetime | None
    """Start of the attempt that is shown, like ``last_outcome``, ``last_error`` and ``last_run_id``. A whole read that
    failed or was refused stays shown until another whole read is applied, refused or fails."""
    last_outcome: Outcome | None
    last_error: ErrorInfo | None
    last_run_id: str | None
    failures_in_a_row: int
    unclean_in_a_row: int
    due: datetime | None
    expected: Forecast | None
    progress: Progress | None
    rows: int | None
    added: int
    changed: int
    gone: int
    late_at: datetime | None = None
    """When a fresh copy becomes late unless it is read again, to the second; ``None``: it is not fresh, or never
    becomes late."""


@dataclass(frozen=True, slots=True)
class TypeStatus:
    """One sync type over all its accounts: its fields show the worst account, ``accounts`` has each of them."""

    type: SyncType
    state: SyncState
    reason: Reason | None
    freshness: Freshness
    is_running: bool
    queue_position: int | None
    last_run_time: datetime | None
    interval: int | None
    accounts: tuple[AccountTypeStatus, ...]


@dataclass(frozen=True, slots=True)
class SessionView:
    """An open smart session without its secret id."""

    handle: str
    label: str
    account: AccountId | None
    since: datetime
    last_sign: datetime
    deadline: datetime
    connected: bool
    anonymous: bool
    computer: str = ""
    """In an office of several computers: the computer on which the form is open."""


@dataclass(frozen=True, slots=True)
class AccountStatus:
    """An ERP login."""

    id: AccountId
    enabled: bool
    catalogue: bool
    stopped: ErrorInfo | None
    logins_today: int
    login_budget: int


@dataclass(frozen=True, slots=True)
class OfficeView:
    """The state of an office of several computers, as known to one of them."""

    leader: str | None
    """The computer that reads the ERP for all; ``None``: none does at the moment."""
    leads: bool
    """True: this computer is the leader."""
    trouble: ErrorInfo | None = None
    """Why the server cannot be used; ``None``: it can."""
    as_of: datetime | None = None
    """When the shown status was last up to date; ``None``: there was never one."""


@dataclass(frozen=True, slots=True)
class BackupTrouble:
    """The daily backup of the archive or of the drafts fails."""

    error: ErrorInfo
    last: datetime | None = None
    """When the newest backup was made; ``None``: there is none."""


@dataclass(frozen=True, slots=True)
class Status:
    """The complete status: immutable, one for each revision."""

    boot: str
    revision: int
    at: datetime
    current_sync: SyncType | None
    current_run: RunView | None
    queue: tuple[QueueEntry, ...]
    statuses: Mapping[SyncType, TypeStatus]
    smart_customer_sync_active: bool
    session_count: int
    safety_timeout_active: bool
    breathing: bool
    quiet_until: datetime | None
    sessions: tuple[SessionView, ...]
    hold_since: datetime | None
    accounts: tuple[AccountStatus, ...]
    explanation: Explanation
    journal_error: ErrorInfo | None = None
    """Set while the journal cannot be written: runs go on, but would be lost from the journal if the program ended
    now."""
    abandoned: tuple[RunView, ...] = ()
    """Runs that ignored their cancellation: the lock was taken from them, and their browser was closed."""
    unreadable: tuple[str, ...] = ()
    """Rows and notes of the journal that could not be read at the start, each as ``kind id``."""
    hold_until: datetime | None = None
    """When the pause ends by itself; ``None``: there is no pause, or only the operator ends it."""
    office: OfficeView | None = None
    """Set on every member of an office of several computers."""
    backup_trouble: BackupTrouble | None = None
    """Set while the daily backup of the archive or of the drafts fails."""
