"""Work that nobody has to wait for, and its end."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


class Background:
    """Tasks that go on beside the reads."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Do this in the background."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def settled(self, limit: float | None = None) -> set[asyncio.Task[None]]:
        """Wait until nothing goes on; what is not done within ``limit`` seconds is returned."""
        return (await asyncio.wait(self._tasks, timeout=limit))[1] if self._tasks else set()

    async def end(self, limit: float) -> None:
        """Wait ``limit`` seconds, then cancel what still goes on; what ignores that is left after ``limit`` seconds."""
        for task in await self.settled(limit):
            task.cancel()
            await asyncio.wait([task], timeout=limit)
