"""The lock on the browser: one holder at a time, in the order of asking. It can be taken from a read that hangs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from archisync_gui.erp.failures import transient


def ignore_step() -> None:
    """The default callback for a step, for work that no watchdog observes."""


class Hold:
    """One turn. Its holder reports every step that begins. The report also reaches the tasks that wait for the turn, so
    that their watchdogs do not cancel them meanwhile."""

    def __init__(self, is_lost: Callable[[], bool], report_step: Callable[[], None]) -> None:
        self._is_lost = is_lost
        self._report_step = report_step

    @property
    def lost(self) -> bool:
        """True after the turn was taken away: browser and pages may belong to another holder."""
        return self._is_lost()

    def check(self) -> None:
        """Raise ``browser-lost`` if the turn was taken away: the browser was closed then."""
        if self.lost:
            raise transient("browser-lost", step="open")

    def begin_step(self) -> None:
        """Report that a step begins. Raises as :meth:`check`."""
        self.check()
        self._report_step()


class Turn:
    """The right to use the browser."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._waiting: list[Callable[[], None]] = []

    @property
    def is_taken(self) -> bool:
        """Whether the browser is in use now."""
        return self._lock.locked()

    @asynccontextmanager
    async def take(self, on_step: Callable[[], None] = ignore_step) -> AsyncIterator[Hold]:
        """Wait for the turn and hold it. ``on_step`` is called at each step of the holder, and before that at each step
        of the holders that are waited for."""
        lock = await self._acquired(on_step)

        def report_step() -> None:
            for callback in (on_step, *self._waiting):
                callback()

        hold = Hold(lambda: lock is not self._lock, report_step)
        try:
            yield hold
        finally:
            if not hold.lost:
                lock.release()

    def take_away(self) -> None:
        """Take the turn away from its holder; the next task gets it at once."""
        lock, self._lock = self._lock, asyncio.Lock()
        if lock.locked():
            lock.release()  # tasks that wait for the old lock go on to the new one

    async def _acquired(self, on_step: Callable[[], None]) -> asyncio.Lock:
        self._waiting.append(on_step)
        try:
            while True:
                lock = self._lock
                await lock.acquire()
                if lock is self._lock:
                    return lock
                lock.release()
        finally:
            self._waiting.remove(on_step)
