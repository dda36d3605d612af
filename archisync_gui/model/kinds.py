"""The enums of the whole program (scopes, outcomes, reasons, events), and the declarations of types and accounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

SyncType: TypeAlias = str
"""Name of a sync type (``customers``, ``orders``, ``ddt``, …), as declared in ``entities``."""

AccountId: TypeAlias = str
"""An ERP login name (the first version's *userId*)."""

Json: TypeAlias = bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"] | None


class Scope(StrEnum):
    """What a request reads. ``ALL`` satisfies ``NEW``; the reverse only if the fast read had to read the whole list."""

    ONE = "one"
    """One record by key, from its detail page."""
    NEW = "new"
    """The fast read: newest and most recently active records only; adds and changes, never removes."""
    ALL = "all"
    """The whole list."""


class Origin(StrEnum):
    """The caller that made a request."""

    OPERATOR = "operator"
    SCHEDULE = "schedule"
    ORDER_FORM = "order-form"
    API = "api"


class Outcome(StrEnum):
    """How a run (or the last attempt of a request) ended."""

    COMPLETED = "completed"
    UNCLEAN = "unclean"
    REFUSED = "refused"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"
    INTERRUPTED = "interrupted"


STORED = frozenset({Outcome.COMPLETED, Outcome.UNCLEAN})
"""Outcomes of runs whose rows were stored."""

UNSUCCESSFUL = frozenset({Outcome.FAILED, Outcome.REFUSED, Outcome.INTERRUPTED})
"""Outcomes of runs that should have stored rows but did not. ``CANCELLED`` and ``SKIPPED`` are in neither set."""


class SyncState(StrEnum):
    """What a sync type is doing now. Separate from :class:`Freshness`."""

    IDLE = "idle"
    QUEUED = "queued"
    RUNNING = "running"
    SUSPENDED = "suspended"
    WAITING = "waiting"
    BACKING_OFF = "backing-off"
    STOPPED = "stopped"
    REFUSED = "refused"


class Freshness(StrEnum):
    """How fresh the stored copy of a type is."""

    NEVER = "never"
    FRESH = "fresh"
    LATE = "late"
    UNKNOWN = "unknown"


class Reason(StrEnum):
    """Why nothing starts, or why a request waits: exactly one at a time (rule 32)."""

    NOTHING_DUE = "nothing-due"
    NO_PANEL = "no-panel"
    """Nothing will ever be due: the schedule works only while a panel is open (command line)."""
    SCHEDULE_OFF = "schedule-off"
    """Nothing will ever be due: every interval and the daily read are off."""
    NO_ACCOUNT = "no-account"
    RUNNING = "running"
    """A run is active; the request is the next one."""
    BEHIND = "behind"
    """Another request that could run comes before it."""
    ACCOUNT_STOPPED = "account-stopped"
    HOLD = "hold"
    SESSION = "session"
    LOGIN_BUDGET = "login-budget"
    OFFICE_HOURS = "office-hours"
    BACK_OFF = "back-off"
    RETRY = "retry"
    """Waiting for the pause before the next attempt."""
    CLOSING = "closing"
    OFFLINE = "offline"
    """The computer has no network: schedule and repeats wait."""
    ASLEEP = "asleep"
    """The computer slept, or is about to."""
    NOT_RUNNING = "not-running"
    """Archisync was not open."""
    NOT_KNOWN = "not-known"
    """Nothing is stored about the time asked for."""


class EventKind(StrEnum):
    """The names of the orchestrator's events."""

    SYNC_STARTED = "sync-started"
    SYNC_PROGRESS = "sync-progress"
    SYNC_STOPPING = "sync-stopping"
    SYNC_SUSPENDED = "sync-suspended"
    SYNC_RESUMED = "sync-resumed"
    SYNC_COMPLETED = "sync-completed"
    SYNC_ERROR = "sync-error"
    SYNC_CANCELLED = "sync-cancelled"
    SYNC_SKIPPED = "sync-skipped"
    RETRY_PLANNED = "retry-planned"
    QUEUE_UPDATED = "queue-updated"
    SMART_SYNC_STARTED = "smart-sync-started"
    SMART_SYNC_ENDED = "smart-sync-ended"
    SMART_SYNC_TIMEOUT = "smart-sync-timeout"
    SESSION_OPENED = "session-opened"
    SESSION_CLOSED = "session-closed"
    SESSION_UNSERVED = "session-unserved"
    """An order form's read ended without fresh customers, or has to wait for the operator."""
    HOLD_CHANGED = "hold-changed"
    SCHEDULE_CHANGED = "schedule-changed"
    SCHEDULE_MISSED = "schedule-missed"
    """Reads were due but not made: which, how often, and why."""
    ACCOUNT_CHANGED = "account-changed"
    OFFICE_CHANGED = "office-changed"
    """In an office of several computers: another computer leads, or the server was lost or is back."""


class SessionEnd(StrEnum):
    """Why a smart session ended."""

    CLOSED = "closed"
    TIMEOUT = "timeout"
    LOST = "lost"
    OPERATOR = "operator"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class SyncTypeSpec:
    """Everything that the orchestrator knows about a sync type; declared in ``entities``."""

    name: SyncType
    priority: int
    """1-99; the highest starts first."""
    interval: int | None
    """Default minutes between scheduled runs (5-1440), ``None`` = off."""
    stagger: int
    """Minutes after a start of the program at which an overdue run is requested (rule 28)."""
    shared: bool = False
    """Read once with the catalogue account and stored for all accounts (products, prices)."""
    fast: bool = False
    """Offers the scopes ``NEW`` and ``ONE`` (customers)."""
    deadline: float = 600.0
    """Seconds a run may take, suspended time not counted (rule 24)."""


@dataclass(frozen=True, slots=True)
class Account:
    """An ERP login as the orchestrator uses it, without the password."""

    id: AccountId
    enabled: bool = True
    catalogue: bool = False
    """True: reads the shared lists. If no usable account has this set, another enabled account reads them."""
