"""What is handed to the orchestrator: clock and journal, with what the journal remembers."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from archisync_gui.model.events import Event
from archisync_gui.model.kinds import AccountId, Json, SyncType
from archisync_gui.model.runs import RunRecord
from archisync_gui.model.status import Explanation


class Clock(Protocol):
    """Time as it is handed to the orchestrator; tests hand in a virtual one."""

    def now(self) -> datetime:
        """Wall clock, timezone-aware (UTC)."""

    def monotonic(self) -> float:
        """Seconds that never jump; keeps counting while the computer sleeps where the system can."""

    async def sleep(self, seconds: float) -> None:
        """Wait about so long; may return early (the caller looks at the clock again)."""


@dataclass(frozen=True, slots=True)
class LastRead:
    """What is remembered of a type and account over restarts."""

    type: SyncType
    account: AccountId
    last_success: datetime | None = None
    new_as_of: datetime | None = None
    all_as_of: datetime | None = None
    last: RunRecord | None = None
    """The last attempt of any outcome."""
    unclean_in_a_row: int = 0
    durations: tuple[float, ...] = ()
    """Seconds of the last whole reads, newest last, for forecasts."""
    doubtful: frozenset[str] = frozenset()
    """Which of ``last_success``, ``new_as_of`` and ``all_as_of`` were written before the wall clock was set back."""
    whole: RunRecord | None = None
    """The last attempt of a whole read that was applied, refused or failed."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the journal knows at a start."""

    reads: tuple[LastRead, ...] = ()
    interrupted: tuple[RunRecord, ...] = ()
    """Runs found open, already marked ``INTERRUPTED``."""
    notes: Mapping[str, Json] = field(default_factory=dict)
    """Small values kept by :meth:`Journal.note`: schedule, due times, hold, stopped accounts, logins …"""
    last_sign: datetime | None = None
    """When the last thing was kept that was kept at all: from then to this start nothing ran. Later than now: the wall
    clock was set back meanwhile."""
    unreadable: tuple[str, ...] = ()
    """Rows and notes that this version cannot read and leaves out, each as ``kind id``."""


class Journal(Protocol):
    """The orchestrator's memory; implemented by ``store`` (and by plain lists in tests). Calls keep their order.

    A call that raises may have kept what it was given for later (a full disk); :meth:`flush` tries again.
    """

    async def load(self) -> Remembered:
        """What is known at a start. One row that cannot be read is left out, and never makes it forget the rest."""

    async def clock_doubted(self) -> None:
        """The wall clock was set back: the stored times no longer tell how old the data are."""

    async def flush(self) -> None:
        """Write what could not be written so far; raises while that is still not possible."""

    async def run_started(self, record: RunRecord) -> None:
        """Keep a run that begins."""

    async def run_ended(self, record: RunRecord) -> None:
        """Keep how a run ended."""

    async def event(self, event: Event) -> None:
        """Keep an event."""

    async def note(self, key: str, value: Json) -> None:
        """Keep a small value under a key; ``None`` removes it."""

    async def explained(self, explanation: Explanation) -> None:
        """Keep what ``explain`` answered when the answer changed."""

    async def explanation_at(self, at: datetime) -> Explanation | None:
        """What was kept for that moment: the last one not later than ``at``."""


_BOOT_CLOCK: int | None = getattr(time, "CLOCK_MONOTONIC" if sys.platform == "darwin" else "CLOCK_BOOTTIME", None)
"""Counts while the computer sleeps. On Linux and macOS ``time.monotonic()`` does not; on Windows it does."""


class SystemClock:
    """The computer's own clocks."""

    def now(self) -> datetime:
        """The wall clock, UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never jump."""
        return time.monotonic() if _BOOT_CLOCK is None else time.clock_gettime(_BOOT_CLOCK)

    async def sleep(self, seconds: float) -> None:
        """Wait so many seconds."""
        await asyncio.sleep(seconds)
