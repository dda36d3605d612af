"""What a read knows while it is under way, and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import Protocol

from archisync_gui.entities.declaration import Entity, Row, Value
from archisync_gui.erp.cells.rows import RowReader
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
SAMPLE = 400
"""Records whose columns are compared with the stored ones before a whole read is applied."""


SELDOM = 1.0
"""Seconds; a progress that was told less than this ago is not repeated. The page's limit (``page_driver.LIMIT``) and
this together are less than the watchdog's patience (rule 24)."""

CLOCK_TOLERANCE = 2.0
"""Seconds by which both clocks may differ over a read."""


@dataclass(frozen=True)
class Checked:
    """A whole read that may be applied."""

    batch: Batch
    doubts: tuple[Doubt, ...]
    """Why it is unclean; empty: it is clean."""


@dataclass
class Reading:
    """A whole read on its way: its rows and its position. This is what a suspended run keeps."""

    reader: RowReader
    rows: dict[str, Row] = field(default_factory=dict)
    """Records by key."""
    conflict: str | None = None
    """A key that came twice with different content."""
    as_of: datetime | None = None
    began: float = 0.0
    """Monotonic time of ``as_of``."""
    after: int | None = None
    """``Ages.number`` when it began."""
    totals: set[int] = field(default_factory=set)
    counts: set[int] = field(default_factory=set)
    first: tuple[str, ...] = ()
    last: Page | None = None
    """The last page that was read."""
    by_cells: bool = False
    """Pages were read by their cells."""
    checked: Checked | None = None
    again: tuple[str, ...] = ()
    warnings: dict[str, None] = field(default_factory=dict)
    evidence: dict[str, Json] = field(default_factory=dict)
    suspended_at: float = 0.0
    """Monotonic time at which it was last suspended."""
    longest_suspension: float = 0.0
    """The longest suspension so far, in seconds; the computer's sleep between two pages is one, too."""

    def start_over(self) -> None:
        """Forget what was read."""
        fresh = Reading(RowReader(self.reader.entity))
        for name in (item.name for item in fields(self)):
            setattr(self, name, getattr(fresh, name))

    @property
    def progress(self) -> Progress:
        """How far it is."""
        if self.last is None:
            return Progress("read")
        total = self.last.total
        if total is None and self.last.size:
            total = self.last.size * self.last.count
        return Progress("read", self.last.index + 1, self.last.count, self.reader.findings.raw, total)


@dataclass(frozen=True)
class Newest:
    """What a fast read found."""

    as_of: datetime
    began: float
    """Monotonic time of ``as_of``."""
    rows: Mapping[str, Row]
    steady: bool
    """The list kept its length while it was paged through, so no row slid from one page to another unseen."""


class FollowedControl:
    """A run's control that can repeat the last progress, so that a slow ERP is not taken for a dead one."""

    def __init__(self, control: RunControl, clock: Clock) -> None:
        self._control = control
        self._clock = clock
        self._last: Progress | None = None
        self._told_at = 0.0
        self.run = control.run
        self.resume = control.resume

    def progress(self, progress: Progress) -> None:
        """Report progress."""
        self._last, self._told_at = progress, self._clock.monotonic()
        self._control.progress(progress)

    def begin_step(self) -> None:
        """A step of the browser's work begins, for this run or for what it waits for: the run does not stand still."""
        if self._last is not None and self._clock.monotonic() - self._told_at >= SELDOM:
            self.progress(self._last)

    def suspend_requested(self) -> bool:
        """Whether the run has to make way at its next safe point."""
        return self._control.suspend_requested()

    def long_step(self, limit: float) -> AbstractContextManager[None]:
        """Declare a step without progress."""
        return self._control.long_step(limit)

    def logged_in(self) -> None:
        """Count one login."""
        self._control.logged_in()


def refusal(entity: Entity, rows: Mapping[str, Row], known: Known) -> SyncFailure | None:
    """Why the keys of a read cannot be those of the stored rows, if they cannot."""
    return check_keys(entity, rows, known, frozenset(natural_key(entity, row) for row in rows.values()))


def began_at(clock: Clock, since: datetime, earliest: float) -> float:
    """The monotonic time of ``since``, not before ``earliest``; that one where the wall clock was set in between."""
    at = clock.monotonic() - (clock.now() - since).total_seconds()
    return at if earliest <= at <= clock.monotonic() else earliest


def current_as_of(clock: Clock, since: datetime, began: float) -> datetime:
    """When a read began, in terms of the wall clock as it goes now: the monotonic clock decides (rule 30)."""
    at = clock.now() - timedelta(seconds=clock.monotonic() - began)
    return since if abs((at - since).total_seconds()) <= CLOCK_TOLERANCE else at


def as_whole(how: Finished | Suspended, entity: Entity, code: str | None) -> Finished | Suspended:
    """The end of a fast read that had to read the whole list, and why."""
    if isinstance(how, Suspended):
        return how
    more = () if code is None else (warning(code, list=entity.name),)
    return replace(how, whole=how.outcome is not Outcome.SKIPPED, warnings=(*how.warnings, *more))


def login_callback(control: FollowedControl) -> Callable[[], None]:
    """What is told of each login: it counts, and it takes a while."""

    def told() -> None:
        control.logged_in()
        control.progress(Progress("login"))

    return told


STANDSTILL = 240.0
"""Seconds from one page to the next that even a slow ERP does not need: two steps in its page, which have 100 each."""


def slept(before: Page, page: Page) -> float:
    """For how many seconds the computer slept between two pages, in which the list may have moved as in a suspension;
    0: it did not."""
    gone = (page.since - before.since).total_seconds()
    return gone if gone > STANDSTILL else 0.0


AT_ONCE = 25
"""Rows that are parsed in one turn of the loop, about 1 ms: a page of 100 takes 3 to 5."""


async def take(reading: Reading, page: Page) -> None:
    """Add a page's rows to the reading, all of them or none; others have their turns between."""
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
    """The keys of the records whose columns are compared with the stored ones, in parts of which each is looked at for
    itself: a sample of the read; all records page by page where cells were read, since one page's may come late."""
    keys = list(reading.rows)
    if not reading.by_cells or reading.last is None:
        yield keys[:: max(1, len(keys) // SAMPLE)]
        return
    size = min(CHUNK, max(SMALL, reading.last.size or 0))
    for start in range(0, len(keys), size):
        yield keys[start : start + size]


def descending(entity: Entity, name: str, page: Page) -> bool:
    """Whether a page is really sorted by that field, largest first, blanks last."""
    column = next(column for column in entity.columns if column.field_name == name)
    values: list[Value] = [row.get(column.name) for row in page.records(RowReader(entity))]
    keys = [(len(str(v)), str(v)) if v is not None else (0, "") for v in values]
    return keys == sorted(keys, reverse=True)


def warnings_of(reader: RowReader, reading: Reading | None, unclean: Sequence[Doubt]) -> tuple[str, ...]:
    """The warnings of a read: why it is unclean, and what of its rows could not be read."""
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
    """The end of a read that was applied. ``added`` counts rows that are new in the ERP: neither those of a first read
    nor those that came back."""
    if delta.first and batch.whole:
        warnings = (*warnings, warning(FIRST_READ))
    changed = delta.changed + delta.revived
    new = 0 if delta.first else delta.added
    return Finished(outcome, batch.as_of, len(batch.rows), new, changed, delta.gone, warnings)


class SyncStore(Protocol):
    """What a runner needs of the store."""

    async def known(self, entity: str, account: AccountId) -> Known: ...
    async def ages(self, entity: str, account: AccountId) -> Ages: ...
    async def unproven(self, entity: str, account: AccountId) -> frozenset[str]: ...
    async def apply(self, entity: str, account: AccountId, batch: Batch) -> Delta: ...
    async def keep_refused(self, entity: str, account: AccountId, batch: Batch, kind: RefusedKind = ...) -> None: ...
    async def rows_by_key(
        self, entity: str, account: AccountId | None, keys: Sequence[str]
    ) -> tuple[StoredRow, ...]: ...
