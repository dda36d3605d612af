"""Runs: what is asked for, what a runner holds and returns, and what is remembered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeAlias

from archisync_gui.model.failures import ErrorInfo
from archisync_gui.model.kinds import AccountId, Origin, Outcome, Scope, SessionEnd, SyncType


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
    def run(self) -> Run:
        """What is to be read, and for whom."""

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
class CloseResult:
    """What closing a session answers."""

    closed: bool
    session_count: int
    reason: SessionEnd | None = None
