"""The demo world's virtual clock: live, stopped or set to a moment; no data lives here."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

ROME = ZoneInfo("Europe/Rome")
"""The ERP's own time zone."""

STOPPED_AT = datetime(2026, 3, 16, 10, 0, tzinfo=ROME)
"""Where ``stopped`` stands still: a Monday morning."""


class DemoClock:
    """Virtual time of the demo world. Thread-safe; ``live`` runs with the wall clock, the others only when told to."""

    def __init__(self, at: datetime | None = None) -> None:
        """``at``: stand still there (a time without zone is Rome's); None: run with the wall clock."""
        self._lock = threading.Lock()
        self._at = None if at is None else _in_rome(at)
        self._shift = timedelta()

    @classmethod
    def parse(cls, text: str) -> DemoClock:
        """``live``, ``stopped`` or an ISO 8601 moment at which the world stands still. ValueError otherwise."""
        match text.strip().lower():
            case "live":
                return cls()
            case "stopped":
                return cls(STOPPED_AT)
            case _:
                try:
                    return cls(datetime.fromisoformat(text.strip()))
                except ValueError:
                    raise ValueError(
                        f"not a demo clock: {text!r} (use live, stopped or a moment such as 2026-03-16T10:00)"
                    ) from None

    @property
    def live(self) -> bool:
        """True while it runs with the wall clock."""
        return self._at is None

    def now(self) -> datetime:
        """The virtual moment, in Rome's time."""
        with self._lock:
            if self._at is None:
                return datetime.now(ROME) + self._shift
            return self._at

    def advance(self, by: timedelta) -> datetime:
        """Move on (or back, if negative) and return the new moment."""
        with self._lock:
            if self._at is None:
                self._shift += by
                return datetime.now(ROME) + self._shift
            # Arithmetic in UTC: a day later is 24 hours later, also over a change of summer time.
            self._at = (self._at.astimezone(ZoneInfo("UTC")) + by).astimezone(ROME)
            return self._at

    def set(self, at: datetime) -> None:
        """Stand still at that moment."""
        with self._lock:
            self._at = _in_rome(at)


def _in_rome(at: datetime) -> datetime:
    return at.replace(tzinfo=ROME) if at.tzinfo is None else at.astimezone(ROME)
