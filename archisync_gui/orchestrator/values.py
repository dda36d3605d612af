"""Small values of the orchestrator: moments, stamps, slots and askers, and the effects that transitions request."""

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
"""Priority of a read that a form waits for; no other caller can ask for it."""

SCHEDULE = "schedule"
"""The schedule's id as an asker."""

SHARED: AccountId = ""
"""The account under which shared lists are remembered, whichever account read them."""

_T = TypeVar("_T")


def evolve(value: _T, **changes: Any) -> _T:
    """``dataclasses.replace``, many times faster for values without slots: every transition makes a new state, and a
    busy day has a hundred thousand of them."""
    fields = getattr(value, "__dict__", None)
    if fields is None:
        return replace(value, **changes)  # type: ignore[type-var]
    if not changes.keys() <= fields.keys():
        raise TypeError(f"{type(value).__name__} has no {sorted(changes.keys() - fields.keys())}")
    made = object.__new__(type(value))
    made.__dict__.update(fields, **changes)
    return made


class Moment(NamedTuple):
    """Both clocks at one time (rule 30)."""

    wall: datetime
    """Timezone-aware, UTC; may jump."""
    mono: float
    """Seconds; never jumps, means nothing in another process."""

    def after(self, seconds: float) -> Moment:
        """The moment so much later, if no clock jumps."""
        return Moment(self.wall + timedelta(seconds=seconds), self.mono + seconds)

    def wall_at(self, mono: float) -> datetime:
        """What the wall clock shows when the monotonic one shows ``mono``, if no clock jumps."""
        return self.wall + timedelta(seconds=mono - self.mono)

    def mono_at(self, wall: datetime) -> float:
        """What the monotonic clock shows when the wall clock shows ``wall``, if no clock jumps."""
        return self.mono + (wall - self.wall).total_seconds()


class Stamp(NamedTuple):
    """A moment that is remembered over restarts: as of when data are current."""

    wall: datetime
    mono: float | None = None
    """``None``: another process saw it."""
    doubtful: bool = False
    """The wall clock jumped back since, so its distance from now is unknown."""

    def age(self, now: Moment) -> float:
        """Seconds since, the larger of both clocks (rule 30); infinite when unknown."""
        wall = (now.wall - self.wall).total_seconds()
        if self.doubtful or wall < 0:
            return float("inf")
        return wall if self.mono is None else max(wall, now.mono - self.mono)

    def claim(self, now: Moment) -> datetime | None:
        """The wall time that may be shown as "current as of"; ``None`` when its age is unknown."""
        return None if self.age(now) == float("inf") else self.wall


class QueueTime(NamedTuple):
    """Seconds so far in which the queue could move: for all requests, and for those of the schedule (rule 3)."""

    anyone: float = 0.0
    schedule: float = 0.0


class Slot(NamedTuple):
    """Where a request waits; there is room for one in each (rule 4)."""

    type: SyncType
    account: AccountId
    scope: Scope
    key: str | None = None


class Asker(NamedTuple):
    """An asker of a request: it gets the outcome."""

    id: str
    """Part of a ticket, :data:`SCHEDULE`, or a session by :func:`form`."""
    origin: Origin
    priority: int


def form(handle: str) -> str:
    """A session's id as an asker."""
    return f"form {handle}"


def is_form(asker: str) -> bool:
    """True for ids made by :func:`form`."""
    return asker.startswith("form ")


class OutcomeFor(NamedTuple):
    """What became of a request, for its askers. Tickets get exactly one result (rule 5). Forms get the first
    failure, too, though the request is tried again (rule 12)."""

    askers: tuple[str, ...]
    result: RunResult | ErrorInfo


class Note(NamedTuple):
    """A small value to be kept over restarts; ``None`` removes it."""

    key: str
    value: Json


class ClockDoubt(NamedTuple):
    """The wall clock was set back: what is stored no longer tells how old the data are (rule 30)."""


Effect: TypeAlias = EventData | RunRecord | Note | ClockDoubt | OutcomeFor
"""What a transition wants done: an event for listeners and journal; something for the journal only (an attempt's row, a
note, a doubt about its times); an answer for those who asked."""
