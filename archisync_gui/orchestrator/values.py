"""Small values of the orchestrator: moments, stamps, slots and askers, and the effects of transitions."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeAlias, TypeVar

from archisync_gui.model import (
    AccountId,
    ErrorInfo,
    EventData,
    Json,
    Origin,
    RunRecord,
    RunResult,
    Scope,
    SyncType,
)

FORM_PRIORITY = 100
"""Priority of a read that a form waits for; no other caller can use it."""

SCHEDULE = "schedule"
"""The schedule's id as an asker."""

SHARED: AccountId = ""
"""The account of shared lists in ``State.list_states``, whichever account reads them."""

_T = TypeVar("_T")


def evolve(value: _T, **changes: Any) -> _T:
    """As ``dataclasses.replace``, but many times faster for values without slots: every transition makes a new state,
    and a busy day has a hundred thousand transitions."""
    fields = getattr(value, "__dict__", None)
    if fields is None:
        return replace(value, **changes)  # type: ignore[type-var]
    if not changes.keys() <= fields.keys():
        raise TypeError(f"{type(value).__name__} has no {sorted(changes.keys() - fields.keys())}")
    made = object.__new__(type(value))
    made.__dict__.update(fields, **changes)
    return made


class Moment(NamedTuple):
    """The readings of both clocks at one time (rule 30)."""

    wall: datetime
    """Wall clock: timezone-aware, UTC; may jump."""
    mono: float
    """Monotonic clock: seconds; never jumps, has no meaning in another process."""

    def after(self, seconds: float) -> Moment:
        """The moment ``seconds`` later, if no clock jumps."""
        return Moment(self.wall + timedelta(seconds=seconds), self.mono + seconds)

    def wall_at(self, mono: float) -> datetime:
        """What the wall clock shows when the monotonic one shows ``mono``, if no clock jumps."""
        return self.wall + timedelta(seconds=mono - self.mono)

    def mono_at(self, wall: datetime) -> float:
        """What the monotonic clock shows when the wall clock shows ``wall``, if no clock jumps."""
        return self.mono + (wall - self.wall).total_seconds()


class Stamp(NamedTuple):
    """A moment as of which data are current; kept over restarts."""

    wall: datetime
    mono: float | None = None
    """``None``: it was in another process."""
    doubtful: bool = False
    """True: the wall clock was set back since, so the age is unknown."""

    def age(self, now: Moment) -> float:
        """Seconds since then, by the clock that shows more (rule 30); infinite if unknown."""
        wall = (now.wall - self.wall).total_seconds()
        if self.doubtful or wall < 0:
            return float("inf")
        return wall if self.mono is None else max(wall, now.mono - self.mono)

    def claim(self, now: Moment) -> datetime | None:
        """The wall time that may be shown as "current as of"; ``None``: the age is unknown."""
        return None if self.age(now) == float("inf") else self.wall


class QueueTime(NamedTuple):
    """Seconds so far in which the queue could move: for requests of all origins (``total``), and for those of the
    schedule (rule 3)."""

    total: float = 0.0
    schedule: float = 0.0


class Slot(NamedTuple):
    """A place in the queue, for at most one waiting request (rule 4)."""

    type: SyncType
    account: AccountId
    scope: Scope
    key: str | None = None


class Asker(NamedTuple):
    """One that asked for a request and gets its outcome: a ticket's part, the schedule or a form."""

    id: str
    """Part of a ticket, :data:`SCHEDULE`, or a session by :func:`form`."""
    origin: Origin
    priority: int


def form(handle: str) -> str:
    """The asker id of a session, from its public handle."""
    return f"form {handle}"


def is_form(asker: str) -> bool:
    """True for an asker id made by :func:`form`."""
    return asker.startswith("form ")


class OutcomeFor(NamedTuple):
    """The outcome of a request, for some of its askers. Tickets get exactly one result (rule 5). Forms also get the
    first failure, even if the request is tried again (rule 12)."""

    askers: tuple[str, ...]
    result: RunResult | ErrorInfo


class Note(NamedTuple):
    """A small value to be kept over restarts; ``value`` None removes it."""

    key: str
    value: Json


def counted(failures: int, until: datetime | None) -> Json:
    """The value of a note with failures in a row and the end of the pause that follows; ``None`` without failures."""
    return {"count": failures, "until": None if until is None else until.isoformat()} if failures else None


class ClockDoubt(NamedTuple):
    """The wall clock was set back: the stored times no longer show how old the data are (rule 30)."""


Effect: TypeAlias = EventData | RunRecord | Note | ClockDoubt | OutcomeFor
"""What the dispatcher does after a transition: send an event to listeners and journal, write to the journal only (an
attempt's row, a note, a doubt about its times), or deliver an outcome to askers."""
