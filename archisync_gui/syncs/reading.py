"""The state of a read in progress, and its end: helpers for ``runner`` and ``new_rows``."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import Protocol

from archisync_gui.entities.declaration import Entity, Row, Value
from archisync_gui.erp.cells.rows import RowReader
from archisync_gui.erp.driver.page_driver import LIMIT
from archisync_gui.erp.lists.page import Page
from archisync_gui.model import (
    FIRST_READ,
    AccountId,
    Clock,
    Finished,
    Json,
    Outcome,
    Progress,
    RunControl,
    Suspended,
    SyncFailure,
    warning,
)
from archisync_gui.store import Ages, Batch, Delta, Known, RefusedKind, StoredRow, natural_key, row_key
from archisync_gui.syncs.checks import (
    SMALL,
    Doubt,
    check_keys,
)

CHUNK = 400
"""Maximum rows of one query to the store."""
SAMPLE = 400
"""Records whose columns are compared with the stored ones before a whole read is applied."""


REPEAT_AFTER = 1.0
"""Seconds; progress that was reported less than this time ago is not repeated. Together with the limit of a page
(``page_driver.LIMIT``) this is less than the watchdog's time (rule 24)."""

CLOCK_TOLERANCE = 2.0
"""Seconds by which the two clocks may deviate during a read."""


@dataclass(frozen=True)
class Checked:
    """A whole read that passed the checks and may be applied."""

    batch: Batch
    doubts: tuple[Doubt, ...]
    """Why it is unclean; empty: it is clean."""


@dataclass
class Reading:
    """A whole read in progress: its rows and its position. A suspended run keeps this value."""

    reader: RowReader
    rows: dict[str, Row] = field(default_factory=dict)
    """Records by key."""
    conflict: str | None = None
    """A key that came twice with different content."""
    as_of: datetime | None = None
    began: float = 0.0
    """Monotonic time of ``as_of``."""
    after: int | None = None
    """``Ages.number`` of the list when the read began."""
    totals: set[int] = field(default_factory=set)
    counts: set[int] = field(default_factory=set)
    first: tuple[str, ...] = ()
    last: Page | None = None
    """The last page that was read."""
    by_cells: bool = False
    """True: at least one page was read by cells."""
    checked: Checked | None = None
    again: tuple[str, ...] = ()
    warnings: dict[str, None] = field(default_factory=dict)
    evidence: dict[str, Json] = field(default_factory=dict)
    suspended_at: float = 0.0
    """Monotonic time at which it was last suspended."""
    longest_suspension: float = 0.0
    """The longest suspension so far, in seconds; the computer's sleep between two pages is one, too."""

    def start_over(self) -> None:
        """Drop everything that was read."""
        fresh = Reading(RowReader(self.reader.entity))
        for name in (item.name for item in fields(self)):
            setattr(self, name, getattr(fresh, name))

    @property
    def progress(self) -> Progress:
        """How far the read is."""
        if self.last is None:
            return Progress("read")
        total = self.last.total
        if total is None and self.last.size:
            total = self.last.size * self.last.count
        return Progress("read", self.last.index + 1, self.last.count, self.reader.findings.raw, total)


@dataclass(frozen=True)
class Newest:
    """The result of a fast read."""

    as_of: datetime
    began: float
    """Monotonic time of ``as_of``."""
    rows: Mapping[str, Row]
    steady: bool
    """True: the list kept its length during the read, so no row moved from one page to another unseen."""


class FollowedControl:
    """A run's control that repeats the last progress at each step, so that the watchdog does not cancel a run because
    the ERP is slow."""

    def __init__(self, control: RunControl, clock: Clock) -> None:
        self._control = control
        self._clock = clock
        self._last: Progress | None = None
        self._reported_at = 0.0
        self.run = control.run
        self.resume = control.resume

    def progress(self, progress: Progress) -> None:
        """Report progress."""
        self._last, self._reported_at = progress, self._clock.monotonic()
        self._control.progress(progress)

    def begin_step(self) -> None:
        """A step in the browser begins, of this run or of a read that it waits for: repeat the last progress."""
        if self._last is not None and self._clock.monotonic() - self._reported_at >= REPEAT_AFTER:
            self.progress(self._last)

    def suspend_requested(self) -> bool:
        """Whether the run should be suspended at its next safe point."""
        return self._control.suspend_requested()

    def long_step(self, limit: float) -> AbstractContextManager[None]:
        """Declare a step without progress."""
        return self._control.long_step(limit)

    def logged_in(self) -> None:
        """Count one login."""
        self._control.logged_in()


def refusal(entity: Entity, rows: Mapping[str, Row], known: Known) -> SyncFailure | None:
    """The refusal of :func:`check_keys` for these rows, if any."""
    return check_keys(entity, rows, known, frozenset(natural_key(entity, row) for row in rows.values()))


def began_at(clock: Clock, since: datetime, earliest: float) -> float:
    """The monotonic time of ``since``; ``earliest`` if the result is before it or in the future, since the wall clock
    was set in between."""
    at = clock.monotonic() - (clock.now() - since).total_seconds()
    return at if earliest <= at <= clock.monotonic() else earliest


def current_as_of(clock: Clock, since: datetime, began: float) -> datetime:
    """When a read began, as a time of the present wall clock: the monotonic clock decides (rule 30)."""
    at = clock.now() - timedelta(seconds=clock.monotonic() - began)
    return since if abs((at - since).total_seconds()) <= CLOCK_TOLERANCE else at


def as_whole(end: Finished | Suspended, entity: Entity, code: str | None) -> Finished | Suspended:
    """The end of a fast read that had to read the whole list, with a warning that says why (``code`` None: without)."""
    if isinstance(end, Suspended):
        return end
    more = () if code is None else (warning(code, list=entity.name),)
    return replace(end, whole=end.outcome is not Outcome.SKIPPED, warnings=(*end.warnings, *more))


def login_callback(control: FollowedControl) -> Callable[[], None]:
    """The function to call at each login: it counts the login and reports progress."""

    def on_login() -> None:
        control.logged_in()
        control.progress(Progress("login"))

    return on_login


STANDSTILL = 2.4 * LIMIT
"""Seconds between two pages from which the computer must have slept: even a slow ERP needs less, since the two scripts
in its page end after :data:`LIMIT` seconds each."""


def slept(before: Page, page: Page) -> float:
    """Seconds between two pages if the computer slept in between, when the list may have changed as during a
    suspension; 0: it did not sleep."""
    elapsed = (page.since - before.since).total_seconds()
    return elapsed if elapsed > STANDSTILL else 0.0


AT_ONCE = 25
"""Rows that are parsed in one turn of the event loop, which takes about 1 ms; a page of 100 rows takes 3 to 5 ms."""


async def take(reading: Reading, page: Page) -> None:
    """Add a page's rows to the reading, all of them or none (if cancelled). Other tasks run in between."""
    records: list[Row] = []
    for at in range(0, len(page.rows), AT_ONCE):
        records += page.records(reading.reader, slice(at, at + AT_ONCE))
        await asyncio.sleep(0)
    if reading.as_of is None:
        reading.as_of = page.since
        reading.first = page.keys(reading.reader.entity)
    reading.last = page
    reading.by_cells = reading.by_cells or not page.typed
    reading.counts.add(page.count)
    if page.total is not None:
        reading.totals.add(page.total)
    entity = reading.reader.entity
    for row in records:
        key = row_key(entity, row)
        before = reading.rows.setdefault(key, row)
        if before is not row and dict(before) != dict(row):
            reading.conflict = reading.conflict or key


def compared(reading: Reading) -> Iterator[list[str]]:
    """The keys of the records whose columns are compared with the stored ones, in groups that are checked one by one:
    one sample of the whole read; or, if cells were read, all records page by page, since the cells of a single page may
    come late."""
    keys = list(reading.rows)
    if not reading.by_cells or reading.last is None:
        yield keys[:: max(1, len(keys) // SAMPLE)]
        return
    size = min(CHUNK, max(SMALL, reading.last.size or 0))
    for start in range(0, len(keys), size):
        yield keys[start : start + size]


def descending(entity: Entity, name: str, *pages: Page) -> bool:
    """Whether pages that follow each other are sorted by that field, largest first, blanks last."""
    column = next(column for column in entity.columns if column.field_name == name)
    values: list[Value] = [row.get(column.name) for page in pages for row in page.records(RowReader(entity))]
    keys = [(len(str(v)), str(v)) if v is not None else (0, "") for v in values]
    return keys == sorted(keys, reverse=True)


def warnings_of(reader: RowReader, reading: Reading | None, unclean: Sequence[Doubt]) -> tuple[str, ...]:
    """The warnings of a read: why it is unclean, its garbage, unreadable cells and unknown words, and those of the list
    view."""
    found = reader.findings
    entity = reader.entity
    lines = [warning(f"unclean-{doubt.value}", list=entity.name) for doubt in unclean]
    lines += [warning("garbage", list=entity.name, name=name, count=count) for name, count in found.garbage.items()]
    lines += [warning("unreadable-cell", list=entity.name, row=c.row, field=c.field, text=c.text) for c in found.bad]
    lines += [
        warning("unknown-word", list=entity.name, field=name, text=text, count=count)
        for (name, text), count in found.unknown_words.items()
    ]
    return (*lines, *(reading.warnings if reading is not None else ()))


def finished(outcome: Outcome, batch: Batch, delta: Delta, warnings: tuple[str, ...]) -> Finished:
    """The end of a read that was applied. ``added`` counts rows that are new in the ERP: not those of a first read, and
    not those that came back, which count as changed."""
    if delta.first and batch.whole:
        warnings = (*warnings, warning(FIRST_READ))
    changed = delta.changed + delta.revived
    new = 0 if delta.first else delta.added
    return Finished(outcome, batch.as_of, len(batch.rows), new, changed, delta.gone, warnings)


class SyncStore(Protocol):
    """The part of the store that a runner uses."""

    async def known(self, entity: str, account: AccountId) -> Known: ...
    async def ages(self, entity: str, account: AccountId) -> Ages: ...
    async def unproven(self, entity: str, account: AccountId) -> frozenset[str]: ...
    async def apply(self, entity: str, account: AccountId, batch: Batch) -> Delta: ...
    async def keep_refused(self, entity: str, account: AccountId, batch: Batch, kind: RefusedKind = ...) -> None: ...
    async def rows_by_key(
        self, entity: str, account: AccountId | None, keys: Sequence[str]
    ) -> tuple[StoredRow, ...]: ...
