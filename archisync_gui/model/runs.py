"""Runs: the run itself, the runner's control and results, the stored row, and the outcomes for callers."""

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
    """False if no form can interrupt it (command line without a panel), so that it may read larger pages."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is. ``rows``: raw rows read so far; figures are ``None`` while they are unknown."""

    step: str = "read"
    """``login``, ``open``, ``filter``, ``read``, ``check``, ``apply`` or ``restore``."""
    page: int | None = None
    pages: int | None = None
    rows: int = 0
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """What a runner returns for a run that ended without failing."""

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
    """True for a fast read that had to read the whole list."""


@dataclass(frozen=True, slots=True)
class Suspended:
    """What a runner returns when it stopped at a safe point because it was asked to (rules 10, 19)."""

    state: object
    """Rows and position, in memory only; the resumed run gets it as ``RunControl.resume``."""
    progress: Progress = field(default_factory=Progress)


class RunControl(Protocol):
    """A runner's interface to the orchestrator for one run."""

    @property
    def run(self) -> Run:
        """What is to be read, and for which account."""

    @property
    def resume(self) -> object | None:
        """``Suspended.state`` of the suspended run that goes on; ``None``: the run starts from the beginning."""

    def suspend_requested(self) -> bool:
        """True when the runner should return :class:`Suspended` at its next safe point."""

    def progress(self, progress: Progress) -> None:
        """Report progress; resets the watchdog."""

    def long_step(self, limit: float) -> AbstractContextManager[None]:
        """Declare a step that may take ``limit`` seconds without progress; the watchdog waits as long."""

    def logged_in(self) -> None:
        """Count one real login against the account's daily budget (rule 22)."""


Runner: TypeAlias = Callable[[RunControl], Awaitable[Finished | Suspended]]
"""Executes one run. Cancellation (``asyncio.CancelledError``) must leave nothing half-applied and no page open.
Raises :class:`SyncFailure` (or anything else, which counts as an internal failure)."""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """The stored row of one attempt, which is kept for a year (rule 31)."""

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
    """``None`` while it runs; a row without it at a start of the program is marked ``INTERRUPTED``."""
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
    """Seconds that it worked, without suspensions, by the monotonic clock; ``None``: not known."""


@dataclass(frozen=True, slots=True)
class RunResult:
    """The outcome of a request, as its ticket returns it."""

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
    """Warnings of the run; for a request for several accounts, those that all its parts have."""


@dataclass(frozen=True, slots=True)
class SmartSyncResult:
    """The answer of ``smart_customer_sync`` (rule 12)."""

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
    """The answer to closing a session."""

    closed: bool
    session_count: int
    reason: SessionEnd | None = None
