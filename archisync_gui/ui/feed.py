"""Past runs and open sessions for bars, timeline and pages, read from the store when something ended.

It keeps what is on screen and no more; the store is the truth.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from PySide6.QtCore import QObject, Signal

from archisync_gui.model import Event, EventKind, RunRecord, Status
from archisync_gui.ui.context import Context

_ENDED = frozenset(
    {
        EventKind.SYNC_COMPLETED,
        EventKind.SYNC_ERROR,
        EventKind.SYNC_CANCELLED,
        EventKind.SYNC_SKIPPED,
    }
)

BARS_LIMIT = 400
"""Runs read for the 20 bars of each type and the two-hour strip."""


def records(answer: Any) -> tuple[RunRecord, ...]:
    """The run records of a store's answer, whether a page or a plain sequence."""
    return tuple(getattr(answer, "rows", answer))


class Feed(QObject):
    """Reads the latest runs again after each end; tells when they changed."""

    runs_changed = Signal()
    size_changed = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._context = context
        self._reading = False
        self._again = False
        self.runs: tuple[RunRecord, ...] = ()
        self.sessions: list[tuple[datetime, datetime | None]] = []
        self.size: int | None = None
        """Bytes of the database."""
        context.services_changed.connect(self.read)
        context.bridge.happened.connect(self._happened)
        context.bridge.status_changed.connect(self._status)

    def spans(self, now: datetime) -> tuple[tuple[datetime, datetime], ...]:
        """When order forms were open."""
        return tuple((start, end or now) for start, end in self.sessions)

    def _status(self, status: Status) -> None:
        now = status.at
        open_now = bool(self.sessions) and self.sessions[-1][1] is None
        if status.session_count and not open_now:
            since = min((s.since for s in status.sessions), default=now)
            self.sessions.append((since, None))
        elif not status.session_count and open_now:
            self.sessions[-1] = (self.sessions[-1][0], now)
        self.sessions = [s for s in self.sessions if s[1] is None or s[1] > now - timedelta(days=8)]

    def _happened(self, events: Sequence[Event]) -> None:
        if any(e.kind in _ENDED or e.kind is EventKind.SYNC_STARTED for e in events):
            self.read()

    def read(self) -> None:
        """Read the latest runs; one reading at a time, and once more if something ended meanwhile."""
        services = self._context.services
        if services is None or services.store is None:
            return
        if self._reading:
            self._again = True
            return
        self._reading = True
        self._context.background.run(self._read(), "runs")

    async def _read(self) -> None:
        services = self._context.services
        assert services is not None
        assert services.store is not None
        try:
            while True:
                self._again = False
                self.runs = records(await services.store.runs(limit=BARS_LIMIT))
                self.runs_changed.emit()
                size = getattr(services.store, "size", None)
                if callable(size):
                    found = size()
                    self.size = await found if hasattr(found, "__await__") else found
                    self.size_changed.emit()
                if not self._again:
                    break
        finally:
            self._reading = False
