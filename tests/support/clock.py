"""Virtual time for asyncio tests: wall clock and monotonic clock change only when a test advances them."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

MONDAY = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
"""A Monday, nine o'clock in Rome."""


async def settle() -> None:
    """Run the loop until no callback is ready; no time passes."""
    loop: Any = asyncio.get_running_loop()
    ready = getattr(loop, "_timer", loop)._ready  # the queue of ready callbacks, of asyncio's loop or of the Qt loop
    await asyncio.sleep(0)
    while ready:  # noqa: ASYNC110  (not waiting for a state: emptying the loop)
        await asyncio.sleep(0)


class VirtualClock:
    """A ``model.Clock`` controlled by the test; wall clock and monotonic clock can be changed separately."""

    def __init__(self, wall: datetime = MONDAY, mono: float = 1000.0) -> None:
        self._wall = wall
        self._mono = mono
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._numbers = itertools.count()

    def now(self) -> datetime:
        return self._wall

    def monotonic(self) -> float:
        return self._mono

    async def sleep(self, seconds: float) -> None:
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._mono + max(seconds, 0.0), next(self._numbers), woken))
        await woken

    async def advance(self, seconds: float) -> None:
        """Advance both clocks; each sleeper wakes when its time has come."""
        target = self._mono + seconds
        await settle()
        while self._sleepers and self._sleepers[0][0] <= target:
            at, _, woken = heapq.heappop(self._sleepers)
            if woken.done():
                continue
            self._move(max(0.0, at - self._mono))
            woken.set_result(None)
            await settle()
        self._move(target - self._mono)
        await settle()

    def jump(self, seconds: float) -> None:
        """Set the wall clock forward or back; no sleeper wakes."""
        self._wall += timedelta(seconds=seconds)

    async def computer_sleeps(self, seconds: float, *, counted: bool) -> None:
        """The computer sleeps: the wall clock advances, the monotonic clock only where the system counts sleep
        (``counted``)."""
        self._wall += timedelta(seconds=seconds)
        if counted:
            self._mono += seconds
        await self.advance(0)

    @property
    def sleepers(self) -> int:
        """The number of tasks that sleep now."""
        return sum(not woken.done() for _, _, woken in self._sleepers)

    def _move(self, seconds: float) -> None:
        self._mono += seconds
        self._wall += timedelta(seconds=seconds)
