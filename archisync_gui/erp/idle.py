"""A timer that closes what nobody has used for a while; knows no browser."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any


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
