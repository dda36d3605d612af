"""The office's clock: the database server's time, advanced by this computer's monotonic clock between two queries."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

from archisync_gui.model import Clock, SystemClock


class OfficeClock:
    """A ``model.Clock`` whose ``now`` is the server's time, whatever this computer's wall clock shows.

    Until :meth:`set_server_time` is called for the first time, ``now`` is this computer's time.
    """

    def __init__(self, own: Clock | None = None) -> None:
        self._own = own or SystemClock()
        self._lock = threading.Lock()
        self._reference: tuple[datetime, float] | None = None

    def set_server_time(self, server: datetime, asked: float, answered: float) -> None:
        """The server's time was ``server`` at some time between two values of :meth:`monotonic` (seconds). From any
        thread."""
        with self._lock:
            self._reference = server, (asked + answered) / 2

    @property
    def has_server_time(self) -> bool:
        """Whether the server's time is known."""
        with self._lock:
            return self._reference is not None

    def now(self) -> datetime:
        """The office's time, with offset."""
        with self._lock:
            reference = self._reference
        if reference is None:
            return self._own.now()
        server, at = reference
        return server + timedelta(seconds=self._own.monotonic() - at)

    def monotonic(self) -> float:
        """This computer's monotonic clock, in seconds."""
        return self._own.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await self._own.sleep(seconds)
