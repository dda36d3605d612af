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
        thread.

        So at ``answered`` it was at least ``server``, and at most ``answered - asked`` more. The known time is changed
        only as far as it lies outside of that: an answer that is delayed by seconds must not set this clock forward and
        the next one back, since that makes all ages doubtful.
        """
        latest = server + timedelta(seconds=answered - asked)
        with self._lock:
            if self._reference is None:
                known = server  # the earliest possible time: later answers do not set the clock back
            else:
                before, at = self._reference
                known = min(max(before + timedelta(seconds=answered - at), server), latest)
            self._reference = known, answered

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
