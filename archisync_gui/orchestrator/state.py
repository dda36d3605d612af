"""The orchestrator's state: one immutable value, and its parts; the effects that it carries are in ``values``.

No decision is made here; see ``decide``. Mappings are never changed, only replaced.
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
    """A request that waits or runs. Its askers decide priority and origin, so that a withdrawal leaves no trace."""

    id: str
    slot: Slot
    askers: tuple[Asker, ...]
    asked: Moment
    order: int
    """Smaller was asked earlier."""
    last_asked: float
    """Monotonic; when its last asker joined."""
    queue_time: QueueTime
    """The state's flow when it was asked."""
    attempt: int = 1
    not_before: float | None = None
    """Monotonic; the pause before the next attempt."""
    repeat: bool = False
    """Its last attempt failed, and no asker but the schedule has come since that attempt began (rule 9)."""
    anyway: bool = False
    """The operator said *run anyway*: this one run passes hold and sessions (rule 9)."""
    front: bool = False
    """The operator moved it to the front."""
    suspended: Attempt | None = None
    """Its suspended attempt, which goes on when the request starts."""

    @property
    def origin(self) -> Origin:
        """The strongest of its askers."""
        if len(self.askers) == 1:
            return self.askers[0].origin
        return max((a.origin for a in self.askers), key=_STRENGTH.__getitem__)

    @property
    def priority(self) -> int:
        """The highest asked for, without ageing."""
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
    """It has no asker any more."""
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
    """What it is for, with its present askers. While the attempt is suspended the request in the queue says that."""
    run: Run
    started: Moment
    began: Moment
    """When it last started from the first page; a request asked before is served by it (rule 6)."""
    since: Moment
    """Start of the present part, or of the present suspension; ``started`` until the first suspension."""
    progress_at: float
    """Monotonic time of the last sign of progress."""
    progress: Progress = field(default_factory=Progress)
    resume: object | None = None
    """What the runner handed over when it was suspended; ``None``: it starts from the first page."""
    long_step: float | None = None
    """Monotonic end of a long step that the runner declared."""
    spent: float = 0.0
    """Active seconds before the present part, less those that the computer slept in it."""
    suspensions: tuple[tuple[datetime, datetime | None], ...] = ()
    stop: StopCause | None = None
    stop_first: float | None = None
    """Monotonic time at which the task was cancelled first; ``None``: not yet."""
    stop_last: float | None = None
    """And last: a task that ignores it is cancelled again, and abandoned in the end (rule 26)."""

    def seconds(self, now: Moment) -> float:
        """How long the active attempt has worked; suspended time does not count."""
        return self.spent + now.mono - self.since.mono

    def after_sleep(self, seconds: float) -> Attempt:
        """The same after the computer slept for so long: none of its limits counts that time (rule 24)."""
        names = "progress_at", "long_step", "stop_first", "stop_last"
        later = {name: at + seconds for name in names if (at := getattr(self, name)) is not None}
        return evolve(self, spent=self.spent - seconds, **later)

    def record(self, **end: Any) -> RunRecord:
        """Its row in the journal (rule 31); ``end``: the fields that say how it ended."""
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
        """What every event of it says (``events.RunEvent``)."""
        run = self.run
        return run.id, run.type, run.account, run.scope, run.origin, run.attempt


# ---------------------------------------------------------------------------------------------------------- the rest


@dataclass(frozen=True)
class ListState:
    """What is known of one type of one account (of a shared type: once, under :data:`SHARED`)."""

    due: datetime | None = None
    """When the schedule asks next (wall clock)."""
    owed: datetime | None = None
    """A due time that the schedule has asked for and that no run has used up yet (rule 28); kept over restarts."""
    success: Stamp | None = None
    """Start of the last applied whole read."""
    new: Stamp | None = None
    """No customer created before is missing (rule 12)."""
    whole: Stamp | None = None
    """Start of the last clean whole read."""
    last: RunRecord | None = None
    failures: int = 0
    unclean: int = 0
    back_off: datetime | None = None
    """The schedule waits until then (rule 23)."""
    durations: tuple[float, ...] = ()


@dataclass(frozen=True)
class AccountState:
    """An ERP login and how it stands."""

    account: Account
    stopped: ErrorInfo | None = None
    """Credentials were refused (rule 22)."""
    login_failures: int = 0
    login_pause: datetime | None = None
    """The schedule leaves the account alone until then (rule 22)."""
    day: date | None = None
    """Local day that ``logins`` counts."""
    logins: int = 0
    allowed_at: float | None = None
    """Monotonic time at which the operator allowed it last: an earlier login tried an earlier password."""

    @property
    def usable(self) -> bool:
        """True when a run can log in with it."""
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
    """Seconds from its opening until the newest customers were there; ``None`` until then."""

    @property
    def ends(self) -> float:
        """Monotonic time at which it ends by itself."""
        return self.deadline if self.lost is None else min(self.deadline, self.lost)


class EndedSession(NamedTuple):
    """An ended session, remembered so that a late call gets the reason (rule 14)."""

    handle: str
    reason: SessionEnd
    until: float
    """Monotonic."""


class Lateness(NamedTuple):
    """What statuses show and time alone changes: late copies, ends of back-offs and of the day, and of quiet."""

    depends: tuple[object, ...] = ()
    """The parts of the state that ``times`` were computed from."""
    times: tuple[datetime, ...] = ()
    """When each of these changes comes, or came; in order."""
    passed: int = 0
    """How many of these have passed."""
    breathing: bool = False


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
    """Runs that lost the lock because they did not end, and whose tasks have still not ended (rule 26)."""
    unreadable: tuple[str, ...] = ()
    """What of the journal could not be read at the start."""
    backup_trouble: BackupTrouble | None = None
    sessions: Mapping[str, Session] = field(default_factory=dict)
    """By the id that only its tab knows."""
    ended_sessions: Mapping[str, EndedSession] = field(default_factory=dict)
    quiet_since: float | None = None
    """Monotonic; when the sessions began to keep others waiting (rule 11)."""
    hold_since: datetime | None = None
    hold_until: datetime | None = None
    """When the pause ends by itself; ``None``: when the operator ends it."""
    daily_due: datetime | None = None
    queue_time: QueueTime = field(default_factory=QueueTime)
    sequence: int = 0
    """Numbers requests, runs and handles in the order they came."""
    away: Reason | None = None
    """Why the computer cannot reach anything now (``OFFLINE``, ``ASLEEP``); schedule and repeats wait."""
    closing: bool = False
    lateness: Lateness = field(default_factory=Lateness)
    effects: tuple[Effect, ...] = ()
    """Effects that the dispatcher has not carried out yet."""

    def with_effects(self, *effects: Effect) -> State:
        """This state with more effects."""
        return evolve(self, effects=self.effects + effects)

    def numbered(self, letter: str) -> tuple[str, State]:
        """An unused name, and the state in which it is taken."""
        return f"{self.boot}-{letter}{self.sequence}", evolve(self, sequence=self.sequence + 1)

    def with_request(self, request: Request) -> State:
        """With the request in its slot of the queue."""
        return evolve(self, queue={**self.queue, request.slot: request})

    def without_request(self, slot: Slot) -> State:
        """With that slot of the queue free."""
        return evolve(self, queue={k: v for k, v in self.queue.items() if k != slot})

    def with_list_state(self, key: tuple[SyncType, AccountId], list_state: ListState) -> State:
        """With this known of a list."""
        return evolve(self, list_states={**self.list_states, key: list_state})

    def with_account(self, account: AccountState) -> State:
        """With this known of an account."""
        return evolve(self, accounts={**self.accounts, account.account.id: account})

    def list_key(self, sync_type: SyncType, account: AccountId) -> tuple[SyncType, AccountId]:
        """Where a type of an account is remembered."""
        return sync_type, SHARED if self.types[sync_type].shared else account

    def list_state(self, sync_type: SyncType, account: AccountId) -> ListState:
        """What is known of a list."""
        return self.list_states.get(self.list_key(sync_type, account), _BLANK)

    def running(self, run_id: str) -> Attempt | None:
        """The active run, if it has that id."""
        return self.active if self.active is not None and self.active.run.id == run_id else None

    def request(self, request_id: str) -> Request | None:
        """The waiting request of that id."""
        return next((r for r in self.queue.values() if r.id == request_id), None)

    @property
    def enabled(self) -> tuple[AccountId, ...]:
        """Accounts in use, in the order given."""
        return tuple(account for account, a in self.accounts.items() if a.account.enabled)

    @property
    def catalogue(self) -> AccountId | None:
        """Who reads the shared lists: the catalogue account, or a substitute while it cannot (rule 8)."""
        in_use = [a for a in self.accounts.values() if a.account.enabled]
        in_use.sort(key=lambda a: (not a.usable, not a.account.catalogue))
        return in_use[0].account.id if in_use else None

    def readers(self, sync_type: SyncType) -> tuple[AccountId, ...]:
        """The accounts that a request without one is expanded to (rule 8)."""
        return self._readers(shared=self.types[sync_type].shared)

    def _readers(self, *, shared: bool) -> tuple[AccountId, ...]:
        if not shared:
            return self.enabled
        catalogue = self.catalogue
        return () if catalogue is None else (catalogue,)

    def reads(self) -> Iterator[tuple[SyncType, AccountId]]:
        """Every type with each account that reads it, strongest type first."""
        readers = {shared: self._readers(shared=shared) for shared in (False, True)}
        for spec in self.types.values():
            for account in readers[spec.shared]:
                yield spec.name, account


_BLANK = ListState()


def parts_without(*names: str) -> tuple[str, ...]:
    """The parts of a state that are more than bookkeeping of its steps, but for these. What was computed from a
    state is still right while they are equal. All others are named, so that a new part is not forgotten."""
    left_out = {"at", "queue_time", "sequence", "ended_sessions", "lateness", "effects", *names}
    return tuple(part.name for part in fields(State) if part.name not in left_out)
