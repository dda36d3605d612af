"""The orchestrator's state: one immutable value, and its parts. Effects are in ``values``.

``decide`` makes the decisions. Mappings are never changed, only replaced.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from enum import StrEnum
from typing import Any, NamedTuple

from archisync_gui.model import (
    Account,
    AccountId,
    BackupTrouble,
    ErrorInfo,
    Origin,
    Progress,
    Reason,
    Run,
    RunRecord,
    Scope,
    SessionEnd,
    SyncType,
    SyncTypeSpec,
)
from archisync_gui.orchestrator.rules import Rules
from archisync_gui.orchestrator.values import (
    FORM_PRIORITY,
    SHARED,
    Asker,
    Effect,
    Moment,
    QueueTime,
    Slot,
    Stamp,
    evolve,
)

# ---------------------------------------------------------------------------------------------------------- requests


_STRENGTH = {Origin.SCHEDULE: 0, Origin.API: 1, Origin.ORDER_FORM: 2, Origin.OPERATOR: 3}


@dataclass(frozen=True)
class Request:
    """A request that waits or runs. Priority and origin follow from its present askers, so that a withdrawn asker no
    longer affects them."""

    id: str
    slot: Slot
    askers: tuple[Asker, ...]
    asked: Moment
    order: int
    """Smaller for a request that was asked earlier."""
    last_asked: float
    """Monotonic; when its last asker joined."""
    queue_time: QueueTime
    """The state's queue time when the request was asked."""
    attempt: int = 1
    not_before: float | None = None
    """Monotonic; end of the pause before the next attempt."""
    repeat: bool = False
    """True: its last attempt failed, and no asker but the schedule has come since that attempt began (rule 9)."""
    anyway: bool = False
    """True: the operator chose *run anyway* for this one run (rule 9)."""
    front: bool = False
    """True: the operator moved it to the front."""
    suspended: Attempt | None = None
    """Its suspended attempt, which goes on when the request starts."""

    @property
    def origin(self) -> Origin:
        """The strongest origin of its askers."""
        if len(self.askers) == 1:
            return self.askers[0].origin
        return max((a.origin for a in self.askers), key=_STRENGTH.__getitem__)

    @property
    def priority(self) -> int:
        """The highest priority of its askers, without ageing."""
        if len(self.askers) == 1:
            return self.askers[0].priority
        return max(a.priority for a in self.askers)

    @property
    def for_form(self) -> bool:
        """True when a form waits for this fast read."""
        return self.priority == FORM_PRIORITY

    @property
    def scheduled(self) -> bool:
        """True when the schedule is its only asker."""
        return self.origin is Origin.SCHEDULE


# ---------------------------------------------------------------------------------------------------------- runs


class StopCause(StrEnum):
    """Why a run is cancelled."""

    OPERATOR = "operator"
    WITHDRAWN = "withdrawn"
    """It no longer has an asker."""
    HOLD = "hold"
    ACCOUNT = "account"
    """Its account was removed or disabled."""
    DEADLINE = "deadline"
    WATCHDOG = "watchdog"
    CLOSING = "closing"


@dataclass(frozen=True)
class Attempt:
    """One attempt of a request, suspensions included (rule 19). The active one holds the lock (rules 1, 2); a suspended
    one waits in its request, as :attr:`Request.suspended`. One attempt is one run id and one row of the journal."""

    request: Request
    """Its request, with the present askers. While the attempt is suspended, the request in the queue has them."""
    run: Run
    started: Moment
    began: Moment
    """When it last started from the first page; it serves requests that were asked before (rule 6)."""
    since: Moment
    """Start of the present active part or suspension; ``started`` until the first suspension."""
    progress_at: float
    """Monotonic time of the last progress."""
    progress: Progress = field(default_factory=Progress)
    resume: object | None = None
    """The runner's own state from when it was suspended; ``None``: it starts from the first page."""
    long_step: float | None = None
    """Monotonic end of a long step that the runner declared."""
    spent: float = 0.0
    """Active seconds before the present part, minus the seconds that the computer slept in the present part."""
    suspensions: tuple[tuple[datetime, datetime | None], ...] = ()
    stop: StopCause | None = None
    stop_first: float | None = None
    """Monotonic time at which the task was first cancelled; ``None``: not yet."""
    stop_last: float | None = None
    """Monotonic time at which the task was last cancelled: a task that ignores it is cancelled again, and finally
    abandoned (rule 26)."""

    def seconds(self, now: Moment) -> float:
        """Seconds for which the active attempt has worked, without suspended time."""
        return self.spent + now.mono - self.since.mono

    def after_sleep(self, seconds: float) -> Attempt:
        """The attempt after the computer slept for ``seconds``, which count for none of its limits (rule 24)."""
        names = "progress_at", "long_step", "stop_first", "stop_last"
        later = {name: at + seconds for name in names if (at := getattr(self, name)) is not None}
        return evolve(self, spent=self.spent - seconds, **later)

    def record(self, **end: Any) -> RunRecord:
        """The attempt's row in the journal (rule 31); ``end``: the fields about its end."""
        run = self.run
        return RunRecord(
            id=run.id,
            type=run.type,
            account=run.account,
            scope=run.scope,
            key=run.key,
            origin=run.origin,
            attempt=run.attempt,
            asked=self.request.asked.wall,
            started=self.started.wall,
            **{"suspensions": self.suspensions, **end},
        )

    def about(self) -> tuple[str, SyncType, AccountId, Scope, Origin, int]:
        """The fields that every event of it has (``events.RunEvent``)."""
        run = self.run
        return run.id, run.type, run.account, run.scope, run.origin, run.attempt


# ---------------------------------------------------------------------------------------------------------- the rest


@dataclass(frozen=True)
class ListState:
    """What is known about one type of one account (for a shared type: once, under :data:`SHARED`)."""

    due: datetime | None = None
    """When the schedule requests it next (wall clock)."""
    owed: datetime | None = None
    """A due time for which the schedule has requested a read, and that no run has used up yet (rule 28); kept over
    restarts."""
    success: Stamp | None = None
    """Start of the last applied whole read."""
    new: Stamp | None = None
    """No customer created before this time is missing (rule 12)."""
    whole: Stamp | None = None
    """Start of the last clean whole read."""
    last: RunRecord | None = None
    failures: int = 0
    unclean: int = 0
    back_off: datetime | None = None
    """The schedule waits until then (rule 23)."""
    durations: tuple[float, ...] = ()
    """Seconds of the last whole reads."""


@dataclass(frozen=True)
class AccountState:
    """An ERP login with its logins and failures."""

    account: Account
    stopped: ErrorInfo | None = None
    """Why it was stopped: its credentials were refused (rule 22)."""
    login_failures: int = 0
    login_pause: datetime | None = None
    """The schedule does not use the account until then (rule 22)."""
    day: date | None = None
    """The office's day that ``logins`` counts."""
    logins: int = 0
    allowed_at: float | None = None
    """Monotonic time at which the operator last allowed it: logins before may have used an earlier password."""

    @property
    def usable(self) -> bool:
        """True if the account is in use and not stopped."""
        return self.account.enabled and self.stopped is None


@dataclass(frozen=True)
class Session:
    """An open order form tab: a lease (rules 14-16)."""

    handle: str
    account: AccountId | None
    label: str
    token: str
    since: Moment
    last_sign: Moment
    deadline: float
    """Monotonic."""
    connections: int = 0
    lost: float | None = None
    """Monotonic end of the grace after the last connection was lost."""
    anonymous: bool = False
    fresh_after: float | None = None
    """Seconds from its opening until the newest customers were read; ``None``: not yet."""

    @property
    def ends(self) -> float:
        """Monotonic time at which it ends by itself."""
        return self.deadline if self.lost is None else min(self.deadline, self.lost)


class EndedSession(NamedTuple):
    """An ended session, remembered so that a late call gets the reason (rule 14)."""

    handle: str
    reason: SessionEnd
    until: float
    """Monotonic; when it is forgotten."""


class Lateness(NamedTuple):
    """Changes of the status that time alone causes: late copies, the ends of back-offs, of the day and of quiet."""

    depends: tuple[object, ...] = ()
    """The parts of the state from which ``times`` were computed."""
    times: tuple[datetime, ...] = ()
    """The times of these changes, in order, but for the end of quiet."""
    passed: int = 0
    """How many of ``times`` have passed."""
    breathing: bool = False
    """True: sessions are open and quiet is over."""


# ---------------------------------------------------------------------------------------------------------- state


@dataclass(frozen=True)
class State:
    """The complete state; ``decide`` reads nothing else."""

    rules: Rules
    boot: str
    at: Moment
    """When the state was last advanced."""
    preemptible: bool = True
    types: Mapping[SyncType, SyncTypeSpec] = field(default_factory=dict)
    intervals: Mapping[SyncType, int | None] = field(default_factory=dict)
    """Minutes; ``None`` = off."""
    accounts: Mapping[AccountId, AccountState] = field(default_factory=dict)
    list_states: Mapping[tuple[SyncType, AccountId], ListState] = field(default_factory=dict)
    queue: Mapping[Slot, Request] = field(default_factory=dict)
    active: Attempt | None = None
    abandoned: tuple[Attempt, ...] = ()
    """Runs that lost the lock because they did not end, and whose tasks still have not ended (rule 26)."""
    unreadable: tuple[str, ...] = ()
    """The rows and notes of the journal that could not be read at the start."""
    backup_trouble: BackupTrouble | None = None
    sessions: Mapping[str, Session] = field(default_factory=dict)
    """By the id that only the session's tab knows."""
    ended_sessions: Mapping[str, EndedSession] = field(default_factory=dict)
    quiet_since: float | None = None
    """Monotonic; when the sessions began to make other requests wait (rule 11)."""
    hold_since: datetime | None = None
    hold_until: datetime | None = None
    """When the pause ends by itself; ``None``: only the operator ends it."""
    daily_due: datetime | None = None
    queue_time: QueueTime = field(default_factory=QueueTime)
    sequence: int = 0
    """The next number for the id of a request, a run or a session's handle."""
    away: Reason | None = None
    """``OFFLINE`` without network, ``ASLEEP`` before the computer sleeps: schedule and repeats wait (rule 9)."""
    closing: bool = False
    lateness: Lateness = field(default_factory=Lateness)
    effects: tuple[Effect, ...] = ()
    """Effects that the dispatcher has not carried out yet."""

    def with_effects(self, *effects: Effect) -> State:
        """This state with more effects."""
        return evolve(self, effects=self.effects + effects)

    def numbered(self, letter: str) -> tuple[str, State]:
        """An unused id, and the state in which it is used."""
        return f"{self.boot}-{letter}{self.sequence}", evolve(self, sequence=self.sequence + 1)

    def with_request(self, request: Request) -> State:
        """This state with the request in its slot of the queue."""
        return evolve(self, queue={**self.queue, request.slot: request})

    def without_request(self, slot: Slot) -> State:
        """This state with that slot of the queue free."""
        return evolve(self, queue={k: v for k, v in self.queue.items() if k != slot})

    def with_list_state(self, key: tuple[SyncType, AccountId], list_state: ListState) -> State:
        """This state with another state of a list."""
        return evolve(self, list_states={**self.list_states, key: list_state})

    def with_account(self, account: AccountState) -> State:
        """This state with another state of an account."""
        return evolve(self, accounts={**self.accounts, account.account.id: account})

    def list_key(self, sync_type: SyncType, account: AccountId) -> tuple[SyncType, AccountId]:
        """The key of a type of an account in ``list_states``."""
        return sync_type, SHARED if self.types[sync_type].shared else account

    def list_state(self, sync_type: SyncType, account: AccountId) -> ListState:
        """What is known about a list."""
        return self.list_states.get(self.list_key(sync_type, account), _BLANK)

    def running(self, run_id: str) -> Attempt | None:
        """The active run, if it has that id."""
        return self.active if self.active is not None and self.active.run.id == run_id else None

    def request(self, request_id: str) -> Request | None:
        """The waiting request with that id; ``None``: none waits."""
        return next((r for r in self.queue.values() if r.id == request_id), None)

    @property
    def enabled(self) -> tuple[AccountId, ...]:
        """Accounts in use, in the order given."""
        return tuple(account for account, a in self.accounts.items() if a.account.enabled)

    @property
    def catalogue(self) -> AccountId | None:
        """The account that reads the shared lists: the catalogue account, or a substitute if that cannot be used
        (rule 8)."""
        in_use = [a for a in self.accounts.values() if a.account.enabled]
        in_use.sort(key=lambda a: (not a.usable, not a.account.catalogue))
        return in_use[0].account.id if in_use else None

    def readers(self, sync_type: SyncType) -> tuple[AccountId, ...]:
        """The accounts for which a request without account reads the type (rule 8)."""
        return self._readers(shared=self.types[sync_type].shared)

    def _readers(self, *, shared: bool) -> tuple[AccountId, ...]:
        if not shared:
            return self.enabled
        catalogue = self.catalogue
        return () if catalogue is None else (catalogue,)

    def reads(self) -> Iterator[tuple[SyncType, AccountId]]:
        """Every type with each account that reads it; types by priority, the highest first."""
        readers = {shared: self._readers(shared=shared) for shared in (False, True)}
        for spec in self.types.values():
            for account in readers[spec.shared]:
                yield spec.name, account


_BLANK = ListState()


def parts_without(*names: str) -> tuple[str, ...]:
    """The names of the parts of a state on which a status or forecast may depend, without ``names``: a cached result
    is valid while these parts are the same. The list names the parts left out, so that a new part is included."""
    left_out = {"at", "queue_time", "sequence", "ended_sessions", "lateness", "effects", *names}
    return tuple(part.name for part in fields(State) if part.name not in left_out)
