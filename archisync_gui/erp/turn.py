"""Who may use the browser: one at a time, in the order of asking. A turn can be taken from one who does not end it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from archisync_gui.erp.failures import transient


def unheard() -> None:
    """For users of the browser whom no watchdog looks after: a step is told to nobody."""


class Hold:
    """One turn. Its holder tells of every step that begins; those who wait for the turn hear it, too, so that their
    watchdogs do not take them to stand still."""

    def __init__(self, is_lost: Callable[[], bool], tell: Callable[[], None]) -> None:
        self._is_lost = is_lost
        self._tell = tell

    @property
    def lost(self) -> bool:
        """The turn was taken away: browser and pages are another's now."""
        return self._is_lost()

    def check(self) -> None:
        """Raise ``browser-lost`` where the turn was taken away: the browser was closed then."""
        if self.lost:
            raise transient("browser-lost", step="open")

    def moved(self) -> None:
        """A step begins. Raises as :meth:`check`."""
        self.check()
        self._tell()


class Turn:
    """The right to use the browser."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._waiting: list[Callable[[], None]] = []

    @property
    def is_taken(self) -> bool:
        """Somebody uses the browser now."""
        return self._lock.locked()

    @asynccontextmanager
    async def mine(self, moves: Callable[[], None] = unheard) -> AsyncIterator[Hold]:
        """Wait for the turn and keep it. ``moves`` is told of each step: of one's own, and of those whose end is waited
        for."""
        lock = await self._acquired(moves)

        def tell() -> None:
            for told in (moves, *self._waiting):
                told()

        hold = Hold(lambda: lock is not self._lock, tell)
        try:
            yield hold
        finally:
            if not hold.lost:
                lock.release()

    def take_away(self) -> None:
        """Take the turn from the one who has it; the next one gets it at once."""
        lock, self._lock = self._lock, asyncio.Lock()
        if lock.locked():
            lock.release()  # who waits for this one goes on to the new one

    async def _acquired(self, moves: Callable[[], None]) -> asyncio.Lock:
        self._waiting.append(moves)
        try:
            while True:
                lock = self._lock
                await lock.acquire()
                if lock is self._lock:
                    return lock
                lock.release()
        finally:
            self._waiting.remove(moves)
