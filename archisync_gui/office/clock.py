"""The office's clock: the database server's, carried on between two looks by this computer's monotonic clock."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

from archisync_gui.model import Clock, SystemClock


class OfficeClock:
    """A ``model.Clock`` whose ``now`` is the server's time, whatever this computer's wall clock shows.

    Until the server has told its time for the first time, ``now`` is this computer's.
    """

    def __init__(self, own: Clock | None = None) -> None:
        self._own = own or SystemClock()
        self._lock = threading.Lock()
        self._told: tuple[datetime, float] | None = None

    def told(self, server: datetime, asked: float, answered: float) -> None:
        """The server showed ``server`` between two readings of :meth:`monotonic`, in seconds. From any thread."""
        with self._lock:
            self._told = server, (asked + answered) / 2

    @property
    def is_told(self) -> bool:
        """The server has told its time."""
        with self._lock:
            return self._told is not None

    def now(self) -> datetime:
        """The office's time, with offset."""
        with self._lock:
            told = self._told
        if told is None:
            return self._own.now()
        server, at = told
        return server + timedelta(seconds=self._own.monotonic() - at)

    def monotonic(self) -> float:
        """This computer's monotonic clock, in seconds."""
        return self._own.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await self._own.sleep(seconds)
