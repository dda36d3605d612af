"""The words of the whole program: names of kinds, outcomes, reasons and events, and what is declared of a list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

SyncType: TypeAlias = str
"""Name of a sync type (``customers``, ``orders``, ``ddt``, …); the set is open and declared in ``entities``."""

AccountId: TypeAlias = str
"""An ERP login name (the first version's *userId*)."""

Json: TypeAlias = bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"] | None


class Scope(StrEnum):
    """What a request wants read. ``ALL`` satisfies ``NEW``, never the reverse."""

    ONE = "one"
    """One record by key, from its detail page."""
    NEW = "new"
    """The fast read: newest and most recently active records only; adds and changes, never removes."""
    ALL = "all"
    """The whole list."""


class Origin(StrEnum):
    """Who asked."""

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
"""How a run ended whose rows were stored."""

UNSUCCESSFUL = frozenset({Outcome.FAILED, Outcome.REFUSED, Outcome.INTERRUPTED})
"""How a run ended that should have stored rows and did not. Cancelled and skipped ones are in neither set."""


class SyncState(StrEnum):
    """What a sync type is doing now; one of two separate words (the other is :class:`Freshness`)."""

    IDLE = "idle"
    QUEUED = "queued"
    RUNNING = "running"
    SUSPENDED = "suspended"
    WAITING = "waiting"
    BACKING_OFF = "backing-off"
    STOPPED = "stopped"
    REFUSED = "refused"


class Freshness(StrEnum):
    """How far the stored copy of a type can be trusted."""

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
    """Another run is active; the request is next or further back."""
    BEHIND = "behind"
    """Others of higher precedence wait before it."""
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
    """Asked about a moment of which nothing is kept."""


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
    """Reads were due and did not happen: which, how often, and why."""
    ACCOUNT_CHANGED = "account-changed"
    OFFICE_CHANGED = "office-changed"
    """In an office of several computers: another one leads, or the server is gone or back."""


class SessionEnd(StrEnum):
    """Why a smart session ended."""

    CLOSED = "closed"
    TIMEOUT = "timeout"
    LOST = "lost"
    OPERATOR = "operator"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class SyncTypeSpec:
    """What the orchestrator needs to know of a sync type. Built by ``entities``; the orchestrator knows no more."""

    name: SyncType
    priority: int
    """1-99; the highest starts first."""
    interval: int | None
    """Default minutes between scheduled runs (5-1440), ``None`` = off."""
    stagger: int
    """Minutes after a start at which an overdue run is asked for (rule 28)."""
    shared: bool = False
    """Read once with the catalogue account and stored for all accounts (products, prices)."""
    fast: bool = False
    """Offers the scopes ``NEW`` and ``ONE`` (customers)."""
    deadline: float = 600.0
    """Seconds a run may take, suspended time not counted (rule 24)."""


@dataclass(frozen=True, slots=True)
class Account:
    """An ERP login as the orchestrator sees it; the password is somewhere else."""

    id: AccountId
    enabled: bool = True
    catalogue: bool = False
    """Reads the shared lists; without one the first enabled account substitutes."""
