"""All durations and limits of the orchestrator, with their defaults."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import time


@dataclass(frozen=True, slots=True)
class OfficeHours:
    """When the schedule may work. Times are those of the office's own clocks; an end not after the start is the next
    day's."""

    start: time = time(7)
    end: time = time(20)
    days: frozenset[int] = frozenset(range(6))
    """Weekdays on which the hours begin; Monday is 0."""


@dataclass(frozen=True, slots=True)
class Rules:
    """All settings of the orchestrator. Durations are seconds; the number of the rule stands behind each."""

    schedule: bool = True
    """False: the schedule requests nothing (command line without a panel)."""
    zone: str = "Europe/Rome"
    """IANA name of the office's time zone (30)."""
    office: OfficeHours | None = field(default_factory=OfficeHours)
    """Quiets the schedule only; ``None``: always open (29)."""
    daily_full: time | None = time(12)
    """All types once a day at this local time; ``None``: never (28)."""

    ageing: float = 600.0
    """A waiting request gains 1 for each such time in which the queue could move (3)."""

    quiet: float = 900.0
    """How long sessions keep everything else waiting (11)."""
    answer: float = 10.0
    """A form is answered ``pending`` after this time (12)."""
    shared_read: float = 30.0
    """A fast read that began less than this before an opening serves it (12)."""
    whole_age: float = 600.0
    """The whole list follows the fast read when it is older (13)."""
    ended_memory: float = 900.0
    """How long an ended session's id is remembered (14)."""
    ended_limit: int = 10_000
    """Maximum number of ended sessions that are remembered, whatever a client sends (14)."""
    lease: float = 600.0
    """How long a session lives after its page's last sign of life (15)."""
    grace: float = 20.0
    """How long a session lives after its connection was lost, unless its page calls (15)."""
    anonymous_lease: float = 180.0
    """Sessions without an id are never renewed (16)."""

    resume_age: float = 300.0
    """A suspended run younger than this goes on, an older one starts over (19)."""

    retry_pauses: tuple[float, ...] = (5.0, 10.0, 20.0)
    """Pauses before the second, third and fourth attempt (21)."""
    login_pause: float = 900.0
    """How long the schedule does not use an account after a failed login; doubles up to ``back_off_limit`` (22)."""
    login_budget: int = 15
    """Logins a day and account that schedule and retries may use up (22)."""
    back_off_after: int = 3
    """Failed requests in a row (23)."""
    back_off_limit: float = 7200.0
    """A doubled interval never exceeds this, unless the interval itself does (23)."""
    watchdog: float = 120.0
    """A run without progress for this time is cancelled; the deadline of a run is a fact of its type (24)."""
    cancel_again: float = 5.0
    """Time between two cancellations of a run that does not end (26)."""
    abandon_after: float = 60.0
    """A run that has not ended this long after its first cancellation loses the lock and its browser (26)."""
    sessions_limit: int = 500
    """Open sessions (limits)."""
    sessions_per_token: int = 100
    """Open sessions of one token, so that no page takes all places from the others (limits)."""
    tickets_limit: int = 1_000
    """Tickets that wait for one request (limits)."""
    records_limit: int = 1_000
    """Requests for single records that wait (limits)."""

    late_intervals: int = 2
    """A type is late when its last success is older than this number of intervals (status)."""
    late_without_interval: float = 48 * 3600.0
    """Or than this where the interval is off (status)."""
    clock_tolerance: float = 2.0
    """A wall clock that falls behind the monotonic one by more has jumped back (30)."""
    longest_sleep: float = 30.0
    """Maximum time between two steps of the dispatcher, so that it notices sleep and changes of the clock."""
    slept: float = 120.0
    """A step that is later than this after its time means that the computer slept (28)."""

    expected_whole: float = 60.0
    """Forecast of a whole read never seen before (32)."""
    expected_fast: float = 5.0
    """Forecast of a fast read (32)."""
    expected_one: float = 5.0
    """Forecast of a read of one record (32)."""
    durations_kept: int = 10
    """Past durations that forecasts are made from (32)."""

    def back_off(self, interval: int | None, failures: int) -> float | None:
        """Seconds that the schedule waits after ``failures`` failed requests in a row; ``None``: no longer than usual
        (23). ``interval``: of the type, in minutes; ``None`` = off."""
        if failures < self.back_off_after:
            return None
        usual = (interval or 0) * 60.0
        doubled = usual * 2.0 ** min(failures - self.back_off_after + 1, 20)
        return max(usual, min(doubled, self.back_off_limit))
