"""Asyncio helpers: background tasks, work that a cancellation does not stop, and an idle timer; knows no browser."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any


class Background:
    """Tasks that run beside the reads."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run ``work`` in the background."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def settled(self, limit: float | None = None) -> set[asyncio.Task[None]]:
        """Wait until all tasks are done. Returns those that are not done within ``limit`` seconds."""
        return (await asyncio.wait(self._tasks, timeout=limit))[1] if self._tasks else set()

    async def end(self, limit: float) -> None:
        """Wait ``limit`` seconds, then cancel the tasks that still run, and wait ``limit`` seconds for each of them."""
        for task in await self.settled(limit):
            task.cancel()
            await asyncio.wait([task], timeout=limit)


async def run_to_end(work: Coroutine[Any, Any, None]) -> None:
    """Run ``work`` to its end even if the caller is cancelled meanwhile; the cancellation is raised afterwards."""
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
        """The resource is idle from now on."""
        self._timer = asyncio.get_running_loop().call_later(max(self._delay(), 0.0), self.expire)

    def stop(self) -> None:
        """The resource is used again."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def end(self) -> None:
        """Stop the timer. A ``close`` that has begun is cancelled (it may be waiting for its turn)."""
        self.stop()
        if self._closing is not None:
            self._closing.cancel()
            await asyncio.wait([self._closing])

    def expire(self) -> None:
        """The delay has passed: run ``close``."""
        self._closing = asyncio.ensure_future(self._close())
