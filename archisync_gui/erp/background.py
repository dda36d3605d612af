"""Work that nobody has to wait for, work that nobody can break off, and a timer that closes what nobody has used for a
while; knows no browser."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
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


async def finished(work: Coroutine[Any, Any, None]) -> None:
    """Do this to its end, also when the caller is cancelled meanwhile; the cancellation is passed on afterwards."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled
    task.result()


class IdleTimer:
    """Runs ``close`` once ``delay`` seconds have passed between :meth:`start` and :meth:`stop`. The loop's timers may
    be early or late by some per cent; that does not matter here."""

    def __init__(self, delay: Callable[[], float], close: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._delay = delay
        self._close = close
        self._timer: asyncio.TimerHandle | None = None
        self._closing: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Nobody uses it from now on."""
        self._timer = asyncio.get_running_loop().call_later(max(self._delay(), 0.0), self.over)

    def stop(self) -> None:
        """It is used again."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def end(self) -> None:
        """Stop, and end a closing that has begun: it is done, or waits for its turn."""
        self.stop()
        if self._closing is not None:
            self._closing.cancel()
            await asyncio.wait([self._closing])

    def over(self) -> None:
        """The time is over: close."""
        self._closing = asyncio.ensure_future(self._close())
