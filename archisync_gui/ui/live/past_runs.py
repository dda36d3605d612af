"""Past runs and sessions for timelines and pages, read from the store again whenever a run ends.

Only what is on the screen is kept in memory.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from archisync_gui import zone
from archisync_gui.entities.views import NUMBERS_OF_TODAY, TODAY, TOTALS, VIEWS, View
from archisync_gui.model import Event, EventKind, RunRecord, Status
from archisync_gui.model.events import Missed, RunEvent, SessionClosed, SessionOpened
from archisync_gui.ui.live.bridge import rows_replaced
from archisync_gui.ui.live.context import Context
from archisync_gui.ui.live.services import Services, account_ids
from archisync_gui.ui.text.activity import missed_lists
from archisync_gui.ui.text.list_words import News, news_of

if TYPE_CHECKING:
    from archisync_gui.store.store import Store
    from archisync_gui.store.types import Change

T = TypeVar("T")

ENDED = frozenset(
    {
        EventKind.SYNC_COMPLETED,
        EventKind.SYNC_ERROR,
        EventKind.SYNC_CANCELLED,
        EventKind.SYNC_SKIPPED,
    }
)

BARS_LIMIT = 400
"""Runs read for the last 20 durations of each list and for the timeline of two hours."""

RUNS = 2000
"""Runs per query where all are read."""

ENTRIES = 1000
"""Events, or lines of the change log, per query where all are read."""

SOON, LATEST = 400, 30_000
"""Milliseconds from a run's end until runs are read again, and the longest pause while a run's row is not there yet."""

SESSIONS_BACK = timedelta(days=8)
"""How far back sessions and missed reads are shown."""


def session_spans(
    events: Sequence[Event], later: Sequence[tuple[datetime, datetime | None]]
) -> list[tuple[datetime, datetime | None]]:
    """When at least one order form was open, from stored events. ``later``: the spans since this start of the program.

    A span whose process ended while forms were open ends with that process: sessions do not outlive it.
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
        still = event.data.session_count if isinstance(event.data, SessionOpened | SessionClosed) else 0
        if still and start is None:
            start = event.at
        elif not still and start is not None:
            spans.append((start, event.at))
            start = None
    if start is not None:
        spans.append((start, last))
    return [*spans, *later]


async def _all(query: Callable[..., Awaitable[Sequence[T]]], after: Callable[[T], object]) -> AsyncIterator[T]:
    """All results of a query of the store, read in parts. ``after``: the query's argument of that name for the part
    that follows an entry.

    The end is an empty part: one without the entries that this version cannot read is shorter than its limit.
    """
    part = await query()
    while part:
        for entry in part:
            yield entry
        part = await query(after=after(part[-1]))


async def kept_events(store: Store, since: datetime, until: datetime, kinds: Sequence[str]) -> list[Event]:
    """All stored events of that time and of these kinds, oldest first."""
    query = partial(store.events, since, until, kinds, limit=ENTRIES)
    return [stored.event async for stored in _all(query, lambda stored: stored.id)]


def all_changes(
    store: Store, since: datetime, until: datetime, accounts: Sequence[str], **criteria: Any
) -> AsyncIterator[Change]:
    """All entries of the change log that match ``criteria`` (arguments of ``Store.changes``), oldest first."""
    query = partial(store.changes, since, until, accounts, **criteria, limit=ENTRIES)
    return _all(query, lambda change: change.id)


async def all_runs(store: Store, criteria: Mapping[str, Any]) -> list[RunRecord]:
    """All runs that match ``criteria`` (arguments of ``Store.runs``), newest first."""
    query = partial(store.runs, **criteria, limit=RUNS)
    return [run async for run in _all(query, lambda run: run)]


def midnight(now: datetime, back: int = 0) -> datetime:
    """The beginning of the office's day, or of the day ``back`` days before it."""
    day = zone.local(now).date() - timedelta(days=back)
    return zone.local(datetime.combine(day, datetime.min.time()))


def since_of(view: View, now: datetime) -> datetime:
    """From when on changes count for a view of changed values."""
    return now - timedelta(days=view.changed_days) if view.changed_days else midnight(now)


def query_of(view: View, now: datetime) -> dict[str, Any]:
    """The arguments of ``Store.rows`` for a view, as of today."""
    from archisync_gui.store.types import Selection

    today = zone.local(now).date()
    where = tuple((name, how, today.isoformat() if value == TODAY else value) for name, how, value in view.where)
    added = None
    if view.new_days is not None:
        added = (now - timedelta(days=view.new_days) if view.new_days else midnight(now)), None
    changed = None if view.changed is None else (view.changed, since_of(view, now))
    arguments: dict[str, Any] = {"selection": Selection(where, added, changed)}
    if view.within is not None:
        name, days = view.within
        arguments["between"] = (name, today.isoformat(), (today + timedelta(days=days)).isoformat())
    return arguments


def countable(services: Services) -> list[View]:
    """The views of :data:`NUMBERS_OF_TODAY`, in that order, without those whose list lacks a column that they need."""
    found = {}
    for view in VIEWS:
        entity = services.entity(view.list)
        columns = {column.name for column in entity.columns} if entity is not None else set()
        needed = {name for name, _, _ in view.where} | {view.changed or "", view.within[0] if view.within else ""}
        if entity is not None and needed - {""} <= columns:
            found[view.name] = view
    return [found[name] for name in NUMBERS_OF_TODAY if name in found]


@dataclass(frozen=True, slots=True)
class NumberOfToday:
    """The number of rows of a view."""

    view: str
    list: str
    count: int = 0
    sum: int = 0
    """Total in hundredths of the currency, where the list has a column of amounts."""


class PastRuns(QObject):
    """Reads the latest runs again after each run's end, and emits signals when they changed."""

    runs_changed = Signal()
    size_changed = Signal()
    today_changed = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._context = context
        self._reading = False
        self._again = False
        self._stopped = False
        # A run's row is written after its event: usually soon, but later during a backup or on a full disk.
        self._soon = QTimer(self, singleShot=True, interval=SOON)
        self._soon.timeout.connect(self.read)
        self._rows_missing: set[str] = set()
        """Ids of runs that have ended and whose rows were not found yet."""
        self.runs: tuple[RunRecord, ...] = ()
        self.sessions: list[tuple[datetime, datetime | None]] = []
        self.misses: list[Missed] = []
        """Reads that were due and did not happen."""
        self._news: dict[tuple[str, str], News] = {}
        self._day: date | None = None
        """The office's day to which :attr:`_news` belongs."""
        self._accounts: tuple[str, ...] = ()
        self.numbers: tuple[NumberOfToday, ...] = ()
        """Counts of :data:`NUMBERS_OF_TODAY`, without lists that do not exist or were never read."""
        self.size: int | None = None
        """Size of the database in bytes."""
        context.services_changed.connect(self.read)
        context.services_changed.connect(self._read_sessions)
        context.bridge.happened.connect(self._happened)
        context.bridge.status_changed.connect(self._status)
        context.bridge.tick.connect(self._new_day)

    def news(self, now: datetime) -> Mapping[tuple[str, str], News]:
        """What today's reads changed, by list and account."""
        return self._news if self._day == zone.local(now).date() else {}

    def spans(self, now: datetime) -> tuple[tuple[datetime, datetime], ...]:
        """When order forms were open."""
        return tuple((start, end or now) for start, end in self.sessions)

    def _status(self, status: Status) -> None:
        now = status.at
        if (accounts := account_ids(status)) != self._accounts:
            self._accounts = accounts
            self.read()
        self._new_day()
        open_now = bool(self.sessions) and self.sessions[-1][1] is None
        if status.session_count and not open_now:
            since = min((s.since for s in status.sessions), default=now)
            self.sessions.append((since, None))
        elif not status.session_count and open_now:
            self.sessions[-1] = (self.sessions[-1][0], now)
        self.sessions = [s for s in self.sessions if s[1] is None or s[1] > now - SESSIONS_BACK]

    def _new_day(self) -> None:
        """When a new day has begun in the office, drop yesterday's counts and read again."""
        if self._day is None or self._day == self._context.today():
            return
        self._day, self._news, self.numbers = None, {}, ()
        self.runs_changed.emit()
        self.today_changed.emit()
        self.read()

    def _happened(self, events: Sequence[Event]) -> None:
        self._rows_missing.update(e.data.run_id for e in events if e.kind in ENDED and isinstance(e.data, RunEvent))
        due = any(e.kind in ENDED or e.kind is EventKind.SYNC_STARTED for e in events) or rows_replaced(events)
        if due and not self._stopped:
            self._soon.start(SOON)
        missed = [m for e in events for m in missed_lists(e.data)]
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
        found = await kept_events(services.store, now - SESSIONS_BACK, now, kinds)
        self.sessions = session_spans(found, self.sessions)
        own = set(self.misses)
        kept = await kept_events(services.store, now - SESSIONS_BACK, now, (EventKind.SCHEDULE_MISSED,))
        older = [m for e in kept for m in missed_lists(e.data) if m not in own]
        self.misses = [*older, *self.misses]
        self.runs_changed.emit()

    def stop(self) -> None:
        """Read no more: the store is about to close."""
        self._soon.stop()
        self._stopped = True

    def read(self) -> None:
        """Read the latest runs. While a reading is under way, only note that it has to be repeated."""
        services = self._context.services
        if self._stopped or services is None or services.store is None:
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
                now = self._context.now()
                self.runs = tuple(await services.store.runs(limit=BARS_LIMIT))
                self._rows_missing.difference_update(run.id for run in self.runs if run.ended is not None)
                since = midnight(now)
                whole = bool(self.runs) and self.runs[-1].started < since
                today = self.runs if whole else await all_runs(services.store, {"since": since})
                self._news = news_of(run for run in today if run.started >= since)
                self._day = zone.local(now).date()
                self.runs_changed.emit()
                if not self._stopped:
                    counted = await self._counted(services, services.store, now)
                    if counted != self.numbers:
                        self.numbers = counted
                        self.today_changed.emit()
                self.size = services.store.size_on_disk().database
                self.size_changed.emit()
                if not self._again or self._stopped:
                    break
        finally:
            self._reading = False
            if (self._rows_missing or self._day is None) and not self._stopped and not self._soon.isActive():
                self._soon.start(min(2 * self._soon.interval(), LATEST))

    async def _counted(self, services: Services, store: Store, now: datetime) -> tuple[NumberOfToday, ...]:
        """Today's numbers over all accounts in use. A list that was never read for one of them is left out: its number
        would be wrong."""
        accounts, status = self._accounts, self._context.status
        found: list[NumberOfToday] = []
        for view in countable(services):
            if self._stopped:
                return self.numbers
            known = status.statuses.get(view.list) if status is not None else None
            used = [item for item in known.accounts if item.account in ("", *accounts)] if known is not None else []
            if not used or any(item.last_run_time is None for item in used):
                continue
            entity = services.entity(view.list)
            assert entity is not None
            total_of = TOTALS.get(view.list)
            sum_of = total_of if total_of in {column.name for column in entity.columns} else None
            arguments = query_of(view, now) | ({"sum_of": sum_of} if sum_of else {})
            owners: tuple[str | None, ...] = (None,) if entity.spec.shared else accounts
            pages = [await store.rows(view.list, owner, limit=1, **arguments) for owner in owners]
            count, total = sum(page.total for page in pages), sum(page.sum or 0 for page in pages)
            found.append(NumberOfToday(view.name, view.list, count, total))
        return tuple(found)
