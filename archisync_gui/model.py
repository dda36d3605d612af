"""The vocabulary that all parts share: requests, runs, outcomes, status, failures and the protocols between parts.

Only frozen values, enums, exceptions and protocols live here; nothing in it acts, and it imports nothing of ours.
Times are timezone-aware ``datetime`` values; durations are seconds (``float``) unless a name says otherwise.
"""

from __future__ import annotations

import asyncio
import dataclasses
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import Enum, StrEnum
from functools import cache
from typing import Any, Protocol, TypeAlias

SyncType: TypeAlias = str
"""Name of a sync type (``customers``, ``orders``, ``ddt``, …); the set is open and declared in ``entities``."""

AccountId: TypeAlias = str
"""An ERP login name (the first version's *userId*)."""

Json: TypeAlias = bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"] | None


# --------------------------------------------------------------------------------------------------- words


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


class State(StrEnum):
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


# --------------------------------------------------------------------------------------------------- declarations


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


# --------------------------------------------------------------------------------------------------- requests and runs


@dataclass(frozen=True, slots=True)
class Run:
    """One execution for exactly one account, as a runner sees it."""

    id: str
    type: SyncType
    account: AccountId
    scope: Scope
    key: str | None
    """The record's key for scope ``ONE``."""
    origin: Origin
    priority: int
    attempt: int
    """1 for the first attempt of a request."""
    preemptible: bool = True
    """False where nobody can interrupt it (command line without a panel): larger pages may be read."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is. ``rows`` counts raw rows read so far; totals are ``None`` while unknown."""

    step: str = "read"
    """``login``, ``open``, ``filter``, ``read``, ``check``, ``apply`` or ``restore``."""
    page: int | None = None
    pages: int | None = None
    rows: int = 0
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """What a runner returns when a run came to its end without failing."""

    outcome: Outcome
    """``COMPLETED``, ``UNCLEAN`` or ``SKIPPED`` (read nothing)."""
    as_of: datetime | None = None
    """Start of the first page (wall clock): the data are current as of then."""
    rows: int = 0
    added: int = 0
    """Rows that are new in the ERP. Those of a list's first read are not (:data:`FIRST_READ`)."""
    changed: int = 0
    """Rows whose values changed, and rows that came back."""
    gone: int = 0
    """Rows soft-deleted by this run."""
    warnings: tuple[str, ...] = ()
    whole: bool = False
    """A fast read that had to read the whole list."""


@dataclass(frozen=True, slots=True)
class Suspended:
    """What a runner returns when it stopped at a safe point because it was asked to (rules 10, 19)."""

    state: object
    """Rows and position, in memory only; handed back as ``RunControl.resume``."""
    progress: Progress = field(default_factory=Progress)


class RunControl(Protocol):
    """What the orchestrator hands to a runner for one run."""

    @property
    def run(self) -> Run: ...
    @property
    def resume(self) -> object | None:
        """The state of the suspended part, or ``None`` when the run starts from the beginning."""

    def suspend_requested(self) -> bool:
        """True when the runner should return :class:`Suspended` at its next safe point."""

    def progress(self, progress: Progress) -> None:
        """Report progress; feeds the watchdog."""

    def long_step(self, limit: float) -> AbstractContextManager[None]:
        """Declare a step that makes no progress for up to ``limit`` seconds, to keep the watchdog quiet."""

    def logged_in(self) -> None:
        """Count one real login against the account's daily budget (rule 22)."""


Runner: TypeAlias = Callable[[RunControl], Awaitable[Finished | Suspended]]
"""Executes one run. Cancellation (``asyncio.CancelledError``) must leave nothing half-applied and no page open.
Raises :class:`SyncFailure` (or anything else, which counts as an internal failure)."""


# --------------------------------------------------------------------------------------------------- failures


class FailureKind(StrEnum):
    """What the orchestrator does about a failure."""

    TRANSIENT = "transient"
    """Time-out, navigation, 5xx, lost browser: tried again after 5, 10 and 20 s."""
    CREDENTIALS = "credentials"
    """The ERP refused user name or password (or the pinned certificate changed): the account stops at once."""
    LOGIN = "login"
    """A login failed in any other way: no repeats, one more try 15 minutes later."""
    LAYOUT = "layout"
    """The page is not as declared (a mapped column is missing, …): not repeated by itself."""
    REFUSED = "refused"
    """The read looked wrong and was not applied: not repeated by itself; outcome ``REFUSED``."""
    PERMANENT = "permanent"
    """Ours or the machine's: disk full, bug, bad setting: not repeated by itself."""


class SyncFailure(Exception):
    """A run could not do its work. ``code`` names the text in ``resources/messages``; ``params`` fill it in.

    ``evidence`` is JSON (counts, filter state, rows that would vanish); ``screenshot`` a path of a PNG, or ``None``.
    """

    def __init__(
        self,
        code: str,
        kind: FailureKind,
        *,
        params: Mapping[str, Json] | None = None,
        evidence: Mapping[str, Json] | None = None,
        screenshot: str | None = None,
    ) -> None:
        super().__init__(f"{code} {dict(params or {})}")
        self.code = code
        self.kind = kind
        self.params: Mapping[str, Json] = dict(params or {})
        self.evidence: Mapping[str, Json] = dict(evidence or {})
        self.screenshot = screenshot


@dataclass(frozen=True, slots=True)
class ErrorInfo:
    """A failure as it is stored and shown."""

    code: str
    kind: FailureKind
    message: str
    """Technical sentence (``str`` of the exception); people read the text of ``code``."""
    params: Mapping[str, Json] = field(default_factory=dict)
    stack: str = ""
    screenshot: str | None = None
    evidence: Mapping[str, Json] = field(default_factory=dict)

    @classmethod
    def of(cls, error: SyncFailure) -> ErrorInfo:
        """What people are shown of a failure that is not stored: without stack, picture and evidence."""
        return cls(error.code, error.kind, str(error), error.params)


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One attempt as it is remembered for a year (rule 31)."""

    id: str
    type: SyncType
    account: AccountId
    scope: Scope
    key: str | None
    origin: Origin
    attempt: int
    asked: datetime
    started: datetime
    ended: datetime | None = None
    """``None`` while it runs; found so at a start it is marked ``INTERRUPTED``."""
    outcome: Outcome | None = None
    as_of: datetime | None = None
    rows: int = 0
    added: int = 0
    changed: int = 0
    gone: int = 0
    warnings: tuple[str, ...] = ()
    error: ErrorInfo | None = None
    suspensions: tuple[tuple[datetime, datetime | None], ...] = ()
    seconds: float | None = None
    """How long it worked, suspensions not counted, by the monotonic clock; ``None``: not known."""


# --------------------------------------------------------------------------------------------------- answers


@dataclass(frozen=True, slots=True)
class RunResult:
    """The outcome of a request as its ticket tells it."""

    type: SyncType
    account: AccountId
    scope: Scope
    outcome: Outcome
    rows: int = 0
    added: int = 0
    changed: int = 0
    gone: int = 0
    duration_ms: int = 0
    as_of: datetime | None = None
    error: ErrorInfo | None = None
    run_id: str | None = None
    """``None`` when no run ever started (withdrawn while waiting)."""
    warnings: tuple[str, ...] = ()
    """Of the run; of a request for several accounts those that all its parts have."""


@dataclass(frozen=True, slots=True)
class SmartSyncResult:
    """What ``smart_customer_sync`` answers (rule 12)."""

    code: str
    """``fresh``, ``pending``, ``held``, ``failed``, ``stopped`` or ``ended``."""
    handle: str
    """The public handle of the session (empty for ``ended``)."""
    session_count: int
    new_as_of: datetime | None
    all_as_of: datetime | None
    added: int = 0
    changed: int = 0
    duration_ms: int = 0
    reason: SessionEnd | None = None
    error: ErrorInfo | None = None


@dataclass(frozen=True, slots=True)
class SessionClosed:
    """What closing a session answers."""

    closed: bool
    session_count: int
    reason: SessionEnd | None = None


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
    """The type it has to wait for, if any."""


# --------------------------------------------------------------------------------------------------- status


@dataclass(frozen=True, slots=True)
class RunView:
    """The active run, for people."""

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
    """Why the run was told to end (``operator``, ``withdrawn``, ``hold``, ``account``, ``deadline``, ``watchdog``,
    ``closing``, ``abandoned``) while it has not ended yet. A runner that ignores it is abandoned after a minute."""


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
    """Same as ``account``; the first version's name."""
    reason: Reason
    params: Mapping[str, Json] = field(default_factory=dict)
    suspended_progress: Progress | None = None
    """Set for a suspended run: where it goes on."""
    run_anyway_possible: bool = False


@dataclass(frozen=True, slots=True)
class AccountTypeStatus:
    """One sync type of one account."""

    type: SyncType
    account: AccountId
    state: State
    reason: Reason | None
    freshness: Freshness
    is_running: bool
    queue_position: int | None
    """1-based."""
    last_run_time: datetime | None
    """Last success: start of the last applied whole read (completed or unclean)."""
    new_as_of: datetime | None
    """No record created before it is missing; ``None``: never read, or the wall clock was set back since (rule 30)."""
    all_as_of: datetime | None
    """Start of the last clean whole read; ``None`` likewise."""
    last_attempt: datetime | None
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


@dataclass(frozen=True, slots=True)
class TypeStatus:
    """One sync type over all its accounts: the worst one speaks, the accounts stand inside."""

    type: SyncType
    state: State
    reason: Reason | None
    freshness: Freshness
    is_running: bool
    queue_position: int | None
    last_run_time: datetime | None
    interval: int | None
    accounts: tuple[AccountTypeStatus, ...]


@dataclass(frozen=True, slots=True)
class SessionView:
    """An open smart session as others may see it: by its public handle, never its id."""

    handle: str
    label: str
    account: AccountId | None
    since: datetime
    last_sign: datetime
    deadline: datetime
    connected: bool
    anonymous: bool
    computer: str = ""
    """In an office of several computers: the one on which the form is open."""


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
    """How an office of several computers is, as one of them sees it."""

    leader: str | None
    """The computer that reads for all; ``None``: none does now."""
    leads: bool
    """This computer is the one that reads."""
    trouble: ErrorInfo | None = None
    """Why the server cannot be reached; ``None``: it can."""
    as_of: datetime | None = None
    """When what is shown was true last; ``None``: nothing was ever shown."""


@dataclass(frozen=True, slots=True)
class Status:
    """Everything a looker needs, immutable, one per revision."""

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
    """Set while the journal cannot be written: runs go on, but would not be remembered if the program ended now."""
    abandoned: tuple[RunView, ...] = ()
    """Runs that did not end when they were told to: the lock was taken from them, and their browser closed."""
    unreadable: tuple[str, ...] = ()
    """What of the journal could not be read at the start, each as ``kind id``; the rest is remembered."""
    hold_until: datetime | None = None
    """When the pause ends by itself; ``None``: there is none, or only the operator ends it."""
    office: OfficeView | None = None
    """Set on every member of an office of several computers."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. ``revision`` only grows within one ``boot``; ``data`` is JSON with camelCase keys."""

    kind: EventKind
    boot: str
    revision: int
    at: datetime
    data: Mapping[str, Json] = field(default_factory=dict)


Listener: TypeAlias = Callable[[Event], None]
"""Called in the orchestrator's loop; must return at once. What it raises is logged and harms nobody."""


# --------------------------------------------------------------------------------------------------- ports


class Clock(Protocol):
    """Time as it is handed to the orchestrator; tests hand in a virtual one."""

    def now(self) -> datetime:
        """Wall clock, timezone-aware (UTC)."""

    def monotonic(self) -> float:
        """Seconds that never jump; keeps counting while the computer sleeps where the system can."""

    async def sleep(self, seconds: float) -> None:
        """Wait about so long; may return early (the caller looks at the clock again)."""


@dataclass(frozen=True, slots=True)
class LastRead:
    """What is remembered of a type and account over restarts."""

    type: SyncType
    account: AccountId
    last_success: datetime | None = None
    new_as_of: datetime | None = None
    all_as_of: datetime | None = None
    last: RunRecord | None = None
    """The last attempt of any outcome."""
    unclean_in_a_row: int = 0
    durations: tuple[float, ...] = ()
    """Seconds of the last whole reads, newest last, for forecasts."""
    doubtful: frozenset[str] = frozenset()
    """Which of ``last_success``, ``new_as_of`` and ``all_as_of`` were written before the wall clock was set back."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the journal knows at a start."""

    reads: tuple[LastRead, ...] = ()
    interrupted: tuple[RunRecord, ...] = ()
    """Runs found open, already marked ``INTERRUPTED``."""
    notes: Mapping[str, Json] = field(default_factory=dict)
    """Small values kept by :meth:`Journal.note`: schedule, due times, hold, stopped accounts, logins …"""
    last_sign: datetime | None = None
    """When the last thing was kept that was kept at all: from then to this start nothing ran. Later than now: the wall
    clock was set back meanwhile."""
    unreadable: tuple[str, ...] = ()
    """Rows and notes that this version cannot read and leaves out, each as ``kind id``."""


class Journal(Protocol):
    """The orchestrator's memory; implemented by ``store`` (and by plain lists in tests). Calls keep their order.

    A call that raises may have kept what it was given for later (a full disk); :meth:`flush` tries again.
    """

    async def load(self) -> Remembered:
        """What is known at a start. One row that cannot be read is left out, and never makes it forget the rest."""

    async def clock_doubted(self) -> None:
        """The wall clock was set back: the stored times no longer tell how old the data are."""

    async def flush(self) -> None:
        """Write what could not be written so far; raises while that is still not possible."""

    async def run_started(self, record: RunRecord) -> None: ...
    async def run_ended(self, record: RunRecord) -> None: ...
    async def event(self, event: Event) -> None: ...
    async def note(self, key: str, value: Json) -> None:
        """Keep a small value under a key; ``None`` removes it."""

    async def explained(self, explanation: Explanation) -> None:
        """Keep what ``explain`` answered when the answer changed."""

    async def explanation_at(self, at: datetime) -> Explanation | None:
        """What was kept for that moment: the last one not later than ``at``."""


_BOOT_CLOCK: int | None = getattr(time, "CLOCK_MONOTONIC" if sys.platform == "darwin" else "CLOCK_BOOTTIME", None)
"""Counts while the computer sleeps. On Linux and macOS ``time.monotonic()`` does not; on Windows it does."""


class SystemClock:
    """The computer's own clocks."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic() if _BOOT_CLOCK is None else time.clock_gettime(_BOOT_CLOCK)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


# --------------------------------------------------------------------------------------------------- warnings


def warning(code: str, **params: str | int) -> str:
    """A warning of a run as one string: ``code?name=value&…``. ``code`` names a text in ``resources/messages``."""
    from urllib.parse import urlencode

    return f"{code}?{urlencode(params)}" if params else code


def warning_parts(text: str) -> tuple[str, dict[str, str]]:
    """What :func:`warning` put together: the text's code and its parameters."""
    from urllib.parse import parse_qsl

    code, _, query = text.partition("?")
    return code, dict(parse_qsl(query, keep_blank_values=True))


FIRST_READ = "first-read"
"""Warning of a list's first whole read: all its rows were stored, and none of them counts as new."""


def is_first_read(warnings: Iterable[Json]) -> bool:
    """True when these are the warnings of a list's first whole read."""
    return any(warning_parts(text)[0] == FIRST_READ for text in warnings if isinstance(text, str))


# --------------------------------------------------------------------------------------------------- json


def camel(name: str) -> str:
    """``last_run_time`` → ``lastRunTime``."""
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


_PLAIN = frozenset({type(None), bool, int, float, str})


def as_json(value: Any) -> Any:
    """The JSON form of any value of this module: keys in camelCase, times ISO 8601 with offset, enums by value."""
    if value.__class__ in _PLAIN:  # most are: progress comes thousands of times a second
        return value
    match value:
        case _ if dataclasses.is_dataclass(value):
            return {key: as_json(getattr(value, name)) for key, name in _json_keys(value.__class__)}
        case Enum():
            return value.value
        case int() | float() | str():
            return value
        case datetime() | date():
            return value.isoformat()
        case Mapping():
            return {str(k): as_json(v) for k, v in value.items()}
        case list() | tuple() | set() | frozenset():
            return [as_json(v) for v in value]
        case _:
            raise TypeError(f"no JSON form for {type(value).__name__}")


@cache
def _json_keys(kind: type[Any]) -> tuple[tuple[str, str], ...]:
    """JSON key and name of each field of a dataclass (cached: progress comes thousands of times a second)."""
    return tuple((camel(field.name), field.name) for field in dataclasses.fields(kind))
