"""All durations and limits of the orchestrator, with their defaults."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import time


@dataclass(frozen=True, slots=True)
class OfficeHours:
    """When the schedule's reads may run. Times are local times of the office; an end that is not after the start is on
    the next day."""

    start: time = time(7)
    end: time = time(20)
    days: frozenset[int] = frozenset(range(6))
    """Weekdays on which the hours begin; Monday is 0."""


@dataclass(frozen=True, slots=True)
class Rules:
    """All settings of the orchestrator. Durations are in seconds; the number in brackets is that of the rule."""

    schedule: bool = True
    """False: the schedule requests nothing (command line without a panel)."""
    zone: str = "Europe/Rome"
    """IANA name of the office's time zone (30)."""
    office: OfficeHours | None = field(default_factory=OfficeHours)
    """Limits the schedule only; ``None``: always open (29)."""
    daily_full: time | None = time(12)
    """All types once a day at this local time; ``None``: never (28)."""

    ageing: float = 600.0
    """A waiting request's priority rises by 1 each time it has waited this long while the queue could move (3)."""

    quiet: float = 900.0
    """How long sessions make all other requests wait (11)."""
    answer: float = 10.0
    """A form is answered ``pending`` after this time (12)."""
    shared_read: float = 30.0
    """A fast read that began less than this time before a form opened serves that form (12)."""
    whole_age: float = 600.0
    """The whole list follows the fast read if its last clean read is older than this (13)."""
    ended_memory: float = 900.0
    """How long an ended session's id is remembered (14)."""
    ended_limit: int = 10_000
    """Maximum number of ended sessions that are remembered (14)."""
    lease: float = 600.0
    """How long a session stays open after its page's last sign of life (15)."""
    grace: float = 20.0
    """How long a session stays open after its connection was lost, unless its page calls (15)."""
    anonymous_lease: float = 180.0
    """How long a session without an id stays open; it is never renewed (16)."""

    resume_age: float = 300.0
    """A run that was suspended for less than this time goes on, else it starts over (19)."""

    retry_pauses: tuple[float, ...] = (5.0, 10.0, 20.0)
    """Pauses before the second, third and fourth attempt (21)."""
    login_pause: float = 900.0
    """How long the schedule does not use an account after a failed login; doubles up to ``back_off_limit`` (22)."""
    login_budget: int = 15
    """Logins per day and account after which schedule and repeats wait for the next day (22)."""
    back_off_after: int = 3
    """Failed requests in a row from which the schedule backs off (23)."""
    back_off_limit: float = 7200.0
    """Maximum of a doubled interval, unless the interval itself is longer (23)."""
    watchdog: float = 120.0
    """A run without progress for this time is cancelled. (The deadline of a run is set by its type.) (24)"""
    cancel_again: float = 5.0
    """Time between two cancellations of a run that does not end (26)."""
    abandon_after: float = 60.0
    """A run that has not ended this long after its first cancellation loses the lock and its browser (26)."""
    sessions_limit: int = 500
    """Open sessions (limits)."""
    sessions_per_token: int = 100
    """Open sessions of one token, so that no page takes all places from the others (limits)."""
    tickets_limit: int = 1_000
    """Tickets waiting for one request (limits)."""
    records_limit: int = 1_000
    """Waiting requests for single records (limits)."""

    late_intervals: int = 2
    """A type is late when its last success is older than this number of intervals (status)."""
    late_without_interval: float = 48 * 3600.0
    """A type whose interval is off is late when its last success is older than this (status)."""
    clock_tolerance: float = 2.0
    """If the wall clock falls behind the monotonic one by more than this, it was set back (30)."""
    longest_sleep: float = 30.0
    """Maximum time between two steps of the dispatcher, so that it notices sleep and changes of the clock."""
    slept: float = 120.0
    """If a step is late by more than this, the computer slept (28)."""

    expected_whole: float = 60.0
    """Expected duration of a whole read that was never made before (32)."""
    expected_fast: float = 5.0
    """Expected duration of a fast read (32)."""
    expected_one: float = 5.0
    """Expected duration of a read of one record (32)."""
    durations_kept: int = 10
    """Number of past durations from which the expected one is computed (32)."""

    def login_back_off(self, failures: int) -> float:
        """Seconds that the schedule does not use an account after ``failures`` failed logins in a row (22)."""
        return min(self.login_pause * 2.0 ** min(failures - 1, 20), self.back_off_limit)

    def back_off(self, interval: int | None, failures: int) -> float | None:
        """Seconds that the schedule waits after ``failures`` failed requests in a row; ``None``: it does not back off
        (23). ``interval``: the type's, in minutes; ``None`` = off."""
        if failures < self.back_off_after:
            return None
        usual = (interval or 0) * 60.0
        doubled = usual * 2.0 ** min(failures - self.back_off_after + 1, 20)
        return max(usual, min(doubled, self.back_off_limit))
