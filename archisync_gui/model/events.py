"""The orchestrator's events: one frozen dataclass for each kind, and the envelope in which listeners get them.

``as_json`` converts an event to JSON for journal, event stream, command line and office; :func:`data_from` and
:func:`event_from` read it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, TypeAlias

from archisync_gui.model.failures import ErrorInfo
from archisync_gui.model.kinds import AccountId, EventKind, Origin, Outcome, Reason, Scope, SessionEnd, SyncType
from archisync_gui.model.runs import Progress
from archisync_gui.model.wire import from_json

# ---------------------------------------------------------------------------------------------------------- runs


@dataclass(frozen=True, slots=True)
class RunEvent:
    """The fields of every event of a run."""

    run_id: str
    type: SyncType
    account: AccountId
    scope: Scope
    origin: Origin
    attempt: int


@dataclass(frozen=True, slots=True)
class SyncStarted(RunEvent):
    """A run began."""

    kind: ClassVar = EventKind.SYNC_STARTED
    request_id: str
    priority: int


@dataclass(frozen=True, slots=True)
class SyncResumed(RunEvent):
    """A suspended run goes on; ``starts_over``: from its first page."""

    kind: ClassVar = EventKind.SYNC_RESUMED
    request_id: str
    starts_over: bool = False


@dataclass(frozen=True, slots=True)
class _ReadingEvent(RunEvent):
    """How far a run is; see ``Progress``."""

    step: str = "read"
    page: int | None = None
    pages: int | None = None
    rows: int = 0
    total: int | None = None

    @property
    def progress(self) -> Progress:
        """These figures as a ``Progress``."""
        return Progress(self.step, self.page, self.pages, self.rows, self.total)


@dataclass(frozen=True, slots=True)
class SyncProgress(_ReadingEvent):
    """A run reports progress."""

    kind: ClassVar = EventKind.SYNC_PROGRESS


@dataclass(frozen=True, slots=True)
class SyncSuspended(_ReadingEvent):
    """A run was suspended for an order form."""

    kind: ClassVar = EventKind.SYNC_SUSPENDED


@dataclass(frozen=True, slots=True)
class _ResultEvent(RunEvent):
    """The result of a run that finished; see ``Finished``."""

    outcome: Outcome
    rows: int = 0
    added: int = 0
    changed: int = 0
    gone: int = 0
    as_of: datetime | None = None
    duration_ms: int = 0
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SyncCompleted(_ResultEvent):
    """A run completed, cleanly or not."""

    kind: ClassVar = EventKind.SYNC_COMPLETED


@dataclass(frozen=True, slots=True)
class SyncSkipped(_ResultEvent):
    """A run ended without reading anything."""

    kind: ClassVar = EventKind.SYNC_SKIPPED


@dataclass(frozen=True, slots=True)
class SyncError(RunEvent):
    """An attempt failed; ``final``: it is not tried again."""

    kind: ClassVar = EventKind.SYNC_ERROR
    error: ErrorInfo
    outcome: Outcome = Outcome.FAILED
    final: bool = True


@dataclass(frozen=True, slots=True)
class SyncStopping(RunEvent):
    """The active run is to be cancelled; it goes on until it notices that. ``cause``: a ``StopCause``."""

    kind: ClassVar = EventKind.SYNC_STOPPING
    cause: str


@dataclass(frozen=True, slots=True)
class SyncCancelled(RunEvent):
    """A run was cancelled, or a suspended one will not go on. ``cause``: a ``StopCause``, or ``satisfied`` (another
    read satisfied its request). ``abandoned``: it ignored its cancellation."""

    kind: ClassVar = EventKind.SYNC_CANCELLED
    cause: str
    abandoned: bool = False


@dataclass(frozen=True, slots=True)
class RetryPlanned(RunEvent):
    """The attempt with this number will follow after a pause of ``seconds``."""

    kind: ClassVar = EventKind.RETRY_PLANNED
    seconds: float


# ---------------------------------------------------------------------------------------------------------- forms


@dataclass(frozen=True, slots=True)
class FormEvent:
    """The fields of every event of a session: never its id (rule 14)."""

    handle: str
    label: str
    account: AccountId | None


@dataclass(frozen=True, slots=True)
class SessionOpened(FormEvent):
    """An order form was opened. ``session_count``: open sessions now."""

    kind: ClassVar = EventKind.SESSION_OPENED
    session_count: int = 1


@dataclass(frozen=True, slots=True)
class _FormEndEvent(FormEvent):
    """The end of a session, with the times that it and other requests waited."""

    reason: SessionEnd = SessionEnd.UNKNOWN
    session_count: int = 0
    """Sessions that are still open."""
    customers_ms: int | None = None
    """How long the form waited for fresh customers; ``None``: it never got them."""
    put_off_ms: int | None = None
    """How long forms put off the request that waited longest; ``None``: another form is still open."""


@dataclass(frozen=True, slots=True)
class SessionClosed(_FormEndEvent):
    """A session has ended, for any reason."""

    kind: ClassVar = EventKind.SESSION_CLOSED


@dataclass(frozen=True, slots=True)
class SmartSyncTimeout(_FormEndEvent):
    """A session ended because its page gave no sign of life; its ``SessionClosed`` follows."""

    kind: ClassVar = EventKind.SMART_SYNC_TIMEOUT


@dataclass(frozen=True, slots=True)
class SessionUnserved(FormEvent):
    """A form gets no fresh customers for now. ``error``: why; its code is ``held`` during the operator's pause."""

    kind: ClassVar = EventKind.SESSION_UNSERVED
    error: ErrorInfo


@dataclass(frozen=True, slots=True)
class SmartSyncStarted:
    """The first session was opened: from now on other requests wait."""

    kind: ClassVar = EventKind.SMART_SYNC_STARTED
    handle: str


@dataclass(frozen=True, slots=True)
class SmartSyncEnded:
    """The last session has ended: other requests go on."""

    kind: ClassVar = EventKind.SMART_SYNC_ENDED


# ---------------------------------------------------------------------------------------------------------- others


@dataclass(frozen=True, slots=True)
class QueueUpdated:
    """The queue, the freshness of a copy or another part of the status has changed. ``waiting``: requests in the queue.
    ``type`` and ``account``: set if the operator changed the rows of that list."""

    kind: ClassVar = EventKind.QUEUE_UPDATED
    waiting: int = 0
    type: SyncType | None = None
    account: AccountId | None = None


@dataclass(frozen=True, slots=True)
class HoldChanged:
    """The operator's pause began, got another end, or is over."""

    kind: ClassVar = EventKind.HOLD_CHANGED
    hold: bool


@dataclass(frozen=True, slots=True)
class ScheduleChanged:
    """An interval was set (of ``type``, in minutes, ``None`` = off), the rules changed, or :attr:`away` changed."""

    kind: ClassVar = EventKind.SCHEDULE_CHANGED
    type: SyncType | None = None
    interval: int | None = None
    away: Reason | None = None
    """``OFFLINE`` or ``ASLEEP`` while the schedule waits for one of these; set in every event of this kind."""


@dataclass(frozen=True, slots=True)
class Missed:
    """Reads of one list that were due but not made."""

    type: SyncType
    account: AccountId
    due: datetime
    """The first due time."""
    last: datetime
    """The last due time."""
    count: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class ScheduleMissed:
    """Reads were due but not made."""

    kind: ClassVar = EventKind.SCHEDULE_MISSED
    missed: tuple[Missed, ...]


@dataclass(frozen=True, slots=True)
class AccountChanged:
    """An account was stopped, allowed again, paused or logged in; or (``accounts``) other accounts are in use now."""

    kind: ClassVar = EventKind.ACCOUNT_CHANGED
    account: AccountId | None = None
    accounts: tuple[AccountId, ...] | None = None
    paused_until: datetime | None = None
    stopped: ErrorInfo | None = None
    logins: int | None = None


@dataclass(frozen=True, slots=True)
class OfficeChanged:
    """In an office of several computers: another computer leads, or the server was lost or is back."""

    kind: ClassVar = EventKind.OFFICE_CHANGED


# ---------------------------------------------------------------------------------------------------------- envelope


EventData: TypeAlias = (
    SyncStarted
    | SyncProgress
    | SyncStopping
    | SyncSuspended
    | SyncResumed
    | SyncCompleted
    | SyncError
    | SyncCancelled
    | SyncSkipped
    | RetryPlanned
    | QueueUpdated
    | SmartSyncStarted
    | SmartSyncEnded
    | SessionUnserved
    | SmartSyncTimeout
    | SessionOpened
    | SessionClosed
    | HoldChanged
    | ScheduleChanged
    | ScheduleMissed
    | AccountChanged
    | OfficeChanged
)

KINDS: Mapping[EventKind, type[EventData]] = {data.kind: data for data in EventData.__args__}
"""The dataclass of each kind."""


@dataclass(frozen=True, slots=True)
class Event:
    """An event in its envelope. ``revision`` only grows within one ``boot``. A member of an office adds events of its
    own (``OfficeChanged``, ``SessionUnserved``), with the revision of the leader's last event."""

    kind: EventKind = field(init=False)
    boot: str
    revision: int
    at: datetime
    data: EventData

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", self.data.kind)

    @property
    def mark(self) -> tuple[str, int, EventKind]:
        """Identifies an event of the orchestrator among all events, including those of members."""
        return self.boot, self.revision, self.kind


Listener: TypeAlias = Callable[[Event], None]
"""Called in the orchestrator's loop; must return at once. An exception is logged and has no other effect."""


def data_from(kind: str, data: Any) -> EventData:
    """The data of an event of that kind, from JSON. Raises as :func:`from_json` if this version cannot read it."""
    found: EventData = from_json(KINDS[EventKind(kind)], data)
    return found


def event_from(fields: Mapping[str, Any]) -> Event:
    """An event from its JSON form. Raises as :func:`data_from`."""
    at = datetime.fromisoformat(fields["at"])
    return Event(str(fields["boot"]), int(fields["revision"]), at, data_from(fields["kind"], fields["data"]))


def subject(data: EventData) -> tuple[object, ...]:
    """The subject of an event: of two events with the same kind and subject, only the later one matters."""
    match data:
        case RunEvent(type=name, account=account):
            return name, account
        case FormEvent(handle=handle) | SmartSyncStarted(handle=handle):
            return (handle,)
        case AccountChanged(account=account):
            return account, data.stopped is None, data.paused_until is None, data.logins is None
        case QueueUpdated(account=account):
            return (account,)
        case ScheduleChanged(type=name):
            return (name,)
        case ScheduleMissed(missed=missed):
            return missed
    return ()
