"""Protocols that are implemented for the orchestrator: clock and journal, with the values that the journal loads."""

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
    """The orchestrator's clock; tests use a virtual one."""

    def now(self) -> datetime:
        """Wall clock, timezone-aware (UTC)."""

    def monotonic(self) -> float:
        """Seconds that never jump; keeps counting while the computer sleeps where the system can."""

    async def sleep(self, seconds: float) -> None:
        """Wait about ``seconds``; may return earlier, so the caller checks the clock again."""


@dataclass(frozen=True, slots=True)
class LastRead:
    """What the journal keeps about a type and account over restarts."""

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
    """Those of ``last_success``, ``new_as_of`` and ``all_as_of`` that were written before the wall clock was set
    back."""
    whole: RunRecord | None = None
    """The last attempt of a whole read that was applied, refused or failed."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """The contents of the journal at a start of the program."""

    reads: tuple[LastRead, ...] = ()
    interrupted: tuple[RunRecord, ...] = ()
    """Runs that had not ended; they are marked ``INTERRUPTED`` already."""
    notes: Mapping[str, Json] = field(default_factory=dict)
    """Small values stored by :meth:`Journal.note`: schedule, due times, hold, stopped accounts, logins …"""
    last_sign: datetime | None = None
    """When the journal was last written: from then to this start nothing ran. If it is later than now, the wall clock
    was set back meanwhile."""
    unreadable: tuple[str, ...] = ()
    """Rows and notes that this version cannot read and leaves out, each as ``kind id``."""


class Journal(Protocol):
    """The orchestrator's persistent memory; implemented by ``store`` (and by plain lists in tests). Keeps the order of
    calls.

    A call that raises (a full disk) may have kept its values for later; :meth:`flush` tries again to write them.
    """

    async def load(self) -> Remembered:
        """The contents at a start of the program. A row that cannot be read is left out; the others are loaded."""

    async def clock_doubted(self) -> None:
        """Store that the wall clock was set back: the stored times no longer show how old the data are."""

    async def flush(self) -> None:
        """Write what could not be written before; raises while that is still not possible."""

    async def run_started(self, record: RunRecord) -> None:
        """Store a run that begins."""

    async def run_ended(self, record: RunRecord) -> None:
        """Store the end of a run."""

    async def event(self, event: Event) -> None:
        """Store an event."""

    async def note(self, key: str, value: Json) -> None:
        """Store a small value under a key; ``None`` removes it."""

    async def explained(self, explanation: Explanation) -> None:
        """Store an explanation that differs from the last one."""

    async def explanation_at(self, at: datetime) -> Explanation | None:
        """The last stored explanation that is not later than ``at``."""


_BOOT_CLOCK: int | None = getattr(time, "CLOCK_MONOTONIC" if sys.platform == "darwin" else "CLOCK_BOOTTIME", None)
"""A clock that also counts while the computer sleeps. On Linux and macOS ``time.monotonic()`` does not; on Windows it
does."""


class SystemClock:
    """The computer's own clocks."""

    def now(self) -> datetime:
        """The wall clock, UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never jump."""
        return time.monotonic() if _BOOT_CLOCK is None else time.clock_gettime(_BOOT_CLOCK)

    async def sleep(self, seconds: float) -> None:
        """Wait ``seconds``."""
        await asyncio.sleep(seconds)
