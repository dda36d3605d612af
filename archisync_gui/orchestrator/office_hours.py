"""Calendar arithmetic in the office's time zone: opening hours, the daily time, days; knows no syncs.

Each local time is converted to an instant by itself, so a day with 23 or 25 hours needs no special case (rule 30).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from archisync_gui.orchestrator.rules import OfficeHours

_DAY = timedelta(days=1)


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def local_day(wall: datetime, zone: str) -> date:
    """The date in the office at that instant."""
    return wall.astimezone(_zone(zone)).date()


def instant(day: date, at: time, zone: str) -> datetime:
    """The instant (UTC) at which the office's clocks show ``at``. The first one of a time that occurs twice; for a time
    that the change to summer time skips, the instant an hour later by the clock."""
    return datetime.combine(day, at, tzinfo=_zone(zone)).astimezone(UTC)


def next_daily(after: datetime, at: time, zone: str) -> datetime:
    """The first instant after ``after`` at which the office's clocks show ``at``."""
    day = local_day(after, zone) - _DAY
    while (found := instant(day, at, zone)) <= after:
        day += _DAY
    return found


def day_end(wall: datetime, zone: str) -> datetime:
    """The office's next midnight."""
    return instant(local_day(wall, zone) + _DAY, time(0), zone)


def _openings(start: datetime, office: OfficeHours, zone: str) -> Iterator[tuple[datetime, datetime]]:
    """Opening periods that end after ``start``, in order; infinitely many, or none if the hours have no days."""
    if not office.days:
        return
    day = local_day(start, zone) - _DAY
    while True:
        if day.weekday() in office.days:
            last = day if office.end > office.start else day + _DAY
            opens, closes = instant(day, office.start, zone), instant(last, office.end, zone)
            if closes > start:
                yield opens, closes
        day += _DAY


@lru_cache(maxsize=256)
def _period(hour: datetime, office: OfficeHours, zone: str) -> tuple[datetime, datetime] | None:
    return next(_openings(hour, office, zone), None)


def opens(wall: datetime, office: OfficeHours | None, zone: str) -> datetime | None:
    """When the office opens next: ``wall`` itself while it is open, ``None`` if never."""
    if office is None:
        return wall
    period = next(_openings(wall, office, zone), None)
    return None if period is None else max(wall, period[0])


def is_open(wall: datetime, office: OfficeHours | None, zone: str) -> bool:
    """True within office hours, and always if there are none."""
    if office is None:
        return True
    # Called at every step of the dispatcher, so the period is cached for each hour.
    hour = wall.replace(minute=0, second=0, microsecond=0)
    period = _period(hour, office, zone)
    if period is not None and period[1] <= wall:
        period = next(_openings(wall, office, zone), None)
    return period is not None and period[0] <= wall


def closes(wall: datetime, office: OfficeHours | None, zone: str) -> datetime | None:
    """When the office closes, if it is open at ``wall`` (without office hours: midnight); ``None``: it is closed."""
    if office is None:
        return day_end(wall, zone)
    period = next(_openings(wall, office, zone), None)
    return period[1] if period is not None and period[0] <= wall else None


@lru_cache(maxsize=1024)
def after_open_time(start: datetime, seconds: float, office: OfficeHours | None, zone: str) -> datetime | None:
    """The instant at which ``seconds`` of opening time have passed since ``start``; ``None`` if never."""
    left = timedelta(seconds=seconds)
    if office is None:
        return start + left
    for opened, closes in _openings(start, office, zone):
        begin = max(start, opened)
        if begin + left <= closes:
            return begin + left
        left -= closes - begin
    return None
