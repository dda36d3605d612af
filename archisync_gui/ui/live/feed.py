"""Past runs and open sessions for bars, timeline and pages, read from the store when something ended.

It keeps what is on screen and no more; the store is the truth.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from PySide6.QtCore import QObject, QTimer, Signal

from archisync_gui.model import Event, EventKind, RunRecord, Status
from archisync_gui.ui.live.context import Context
from archisync_gui.ui.text.activity import Missed, missed_lists

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


SESSIONS_BACK = timedelta(days=8)
"""How far back sessions and missed reads are shown."""


def session_spans(
    events: Sequence[Event], later: Sequence[tuple[datetime, datetime | None]]
) -> list[tuple[datetime, datetime | None]]:
    """When at least one order form was open, from kept events; ``later`` are the spans of this program's life.

    A boot that ended with forms open ends their span: sessions never outlive a process.
    """
    spans: list[tuple[datetime, datetime | None]] = []
    start: datetime | None = None
    boot = ""
    last: datetime | None = None
    own = later[0][0] if later else None
    for event in events:
        if own is not None and event.at >= own:
            break
        if event.boot != boot and start is not None:
            spans.append((start, last))
            start = None
        boot, last = event.boot, event.at
        count = event.data.get("sessionCount")
        still = int(count) if isinstance(count, (int, float)) else int(event.kind is EventKind.SESSION_OPENED)
        if still and start is None:
            start = event.at
        elif not still and start is not None:
            spans.append((start, event.at))
            start = None
    if start is not None:
        spans.append((start, last))
    return [*spans, *later]


class Feed(QObject):
    """Reads the latest runs again after each end; tells when they changed."""

    runs_changed = Signal()
    size_changed = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._context = context
        self._reading = False
        self._again = False
        # The row of a run is written after its event was told.
        self._soon = QTimer(self, singleShot=True, interval=400)
        self._soon.timeout.connect(self.read)
        self.runs: tuple[RunRecord, ...] = ()
        self.sessions: list[tuple[datetime, datetime | None]] = []
        self.misses: list[Missed] = []
        """Reads that were due and did not happen."""
        self.size: int | None = None
        """Bytes of the database."""
        context.services_changed.connect(self.read)
        context.services_changed.connect(self._read_sessions)
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
            self._soon.start()
        missed = [m for e in events if e.kind is EventKind.SCHEDULE_MISSED for m in missed_lists(e.data)]
        if missed:
            oldest = self._context.now() - SESSIONS_BACK
            self.misses = [m for m in (*self.misses, *missed) if m.last > oldest]
            self.runs_changed.emit()

    def _read_sessions(self) -> None:
        self._context.background.run(self._past_sessions(), "sessions")

    async def _past_sessions(self) -> None:
        services = self._context.services
        if services is None or services.store is None:
            return
        now = self._context.now()
        kinds = (EventKind.SESSION_OPENED, EventKind.SESSION_CLOSED)
        found = await services.store.events(now - SESSIONS_BACK, now, kinds, limit=5000)
        self.sessions = session_spans([e.event for e in found], self.sessions)
        own = set(self.misses)
        kept = await services.store.events(now - SESSIONS_BACK, now, (EventKind.SCHEDULE_MISSED,), limit=5000)
        older = [m for e in kept for m in missed_lists(e.event.data) if m not in own]
        self.misses = [*older, *self.misses]
        self.runs_changed.emit()

    def stop(self) -> None:
        """The store is about to close: read no more."""
        self._soon.stop()

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
                self.runs = tuple(await services.store.runs(limit=BARS_LIMIT))
                self.runs_changed.emit()
                self.size = services.store.size_on_disk().database
                self.size_changed.emit()
                if not self._again:
                    break
        finally:
            self._reading = False
