"""A property test of the runner: reads page by page while the ERP's data (a grid of plain lists) change.

A clean read equals some state that the ERP had during the read; an unclean one marks nothing missing; no living row is
ever removed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archisync_gui.entities import ORDERS, Entity, Row
from archisync_gui.erp.driver.session import Limits
from archisync_gui.erp.failures import SessionExpired
from archisync_gui.erp.lists.page import Page
from archisync_gui.model import Finished, Outcome, Suspended, SyncFailure
from archisync_gui.store import Ages, Batch, Delta, Known, RefusedKind, Store, StoredRow, natural_key, row_key
from archisync_gui.syncs import SyncRunner
from tests.syncs.erp_harness import USER, Control, World

SIZE = 4

WORD = "Parola nuova"
"""An enum word that is known only from the page."""


class TickingClock:
    """A clock that advances by a second with each call."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.set_by = timedelta()
        """How far the wall clock was set forward."""

    def now(self) -> datetime:
        self.seconds += 1
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.seconds) + self.set_by

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds


@dataclass
class Grid:
    """The ERP's list: ids, newest first. A scripted step changes it before each call."""

    ids: list[int]
    steps: list[Callable[[Grid], None]]
    footer: bool
    next_id: int = 10_000
    states: list[frozenset[str]] = field(default_factory=list)
    calls: int = 0
    suspend: Callable[[int], bool] = lambda _: False
    expire_at: int = -1
    texts: dict[int, str] = field(default_factory=dict)
    """Names that differ from the default, by id."""

    def move(self) -> None:
        self.calls += 1
        if self.calls == self.expire_at:
            raise SessionExpired
        if self.steps:
            self.steps.pop(0)(self)
        self.remember()

    def remember(self) -> None:
        self.states.append(frozenset(map(str, self.ids)))

    def page(self, index: int, since: datetime) -> Page:
        self.move()
        count = max(1, -(-len(self.ids) // SIZE))
        index = min(index, count - 1)
        ids = self.ids[index * SIZE : (index + 1) * SIZE]
        rows = tuple(_texts(ORDERS, number, self.texts.get(number, f"Cliente {number}")) for number in ids)
        fields = tuple(dict.fromkeys(column.field_name for column in ORDERS.columns))
        return Page(index, count, SIZE, len(self.ids) if self.footer else None, rows, since, fields, typed=False)


def _texts(entity: Entity, number: int, name: str) -> tuple[str | None, ...]:
    fields = dict.fromkeys(column.field_name for column in entity.columns)
    known = {"ID": str(number), "SALESNAME": name, "SALESSTATUS": WORD}
    return tuple(known.get(field, "") for field in fields)


class FakeList:
    """A list view of the grid."""

    def __init__(self, grid: Grid, clock: TickingClock) -> None:
        self.grid, self.clock = grid, clock
        self.warnings: list[str] = []
        self.words = {"SALESSTATUS": [("Invoiced", WORD)]}

    async def prepare(self, page_size: int, *, sort: str | None = "ID") -> Page:
        return self.grid.page(0, self.clock.now())

    async def verify_filters(self) -> dict[str, Any]:
        return {}

    async def turn_to(self, index: int) -> Page:
        return self.grid.page(index, self.clock.now())

    async def again(self) -> Page:
        return self.grid.page(0, self.clock.now())

    async def pages(self, first: Page, stop: Callable[[], bool]) -> AsyncGenerator[Page, None]:
        page = first
        while True:
            following = None if page.index >= page.count - 1 or stop() else await self.turn_to(page.index + 1)
            yield page
            if following is None:
                return
            page = following


class FakeErp:
    """The part of the ERP that a runner needs."""

    def __init__(self, grid: Grid) -> None:
        self.grid, self.clock, self.limits = grid, TickingClock(), Limits()

    @asynccontextmanager
    async def list(self, *_: Any) -> AsyncIterator[Any]:
        yield SimpleNamespace(list=FakeList(self.grid, self.clock), keep=False)

    async def close(self) -> None:
        return None


class MemoryStore:
    """A store of plain dictionaries that records its calls."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self.read = Known()
        self.batches: list[Batch] = []
        self.refused: list[tuple[Batch, RefusedKind]] = []

    async def known(self, entity: str, account: str) -> Known:
        return self.read

    async def ages(self, entity: str, account: str) -> Ages:
        return Ages(entity, account)

    async def unproven(self, entity: str, account: str) -> frozenset[str]:
        return frozenset()

    async def apply(self, entity: str, account: str, batch: Batch) -> Delta:
        self.batches.append(batch)
        rows = {row_key(ORDERS, row): row for row in batch.rows}
        added = len(rows.keys() - self.rows.keys())
        self.rows |= rows
        if batch.whole:
            naturals = frozenset(natural_key(ORDERS, row) for row in rows.values())
            self.read = Known(batch.as_of, len(rows), frozenset(rows), naturals)
        return Delta(added=added)

    async def keep_refused(
        self, entity: str, account: str, batch: Batch, kind: RefusedKind = RefusedKind.SHRINK
    ) -> None:
        self.refused.append((batch, kind))

    async def rows_by_key(self, entity: str, account: str | None, keys: Sequence[str]) -> tuple[StoredRow, ...]:
        moment = datetime(2026, 1, 1, tzinfo=UTC)
        return tuple(StoredRow(key, "a", self.rows[key], moment, moment) for key in keys if key in self.rows)


def insert(grid: Grid) -> None:
    grid.next_id += 1
    grid.ids.insert(0, grid.next_id)


def delete(at: float) -> Callable[[Grid], None]:
    def act(grid: Grid) -> None:
        if grid.ids:
            del grid.ids[int(at * len(grid.ids))]

    return act


def nothing(_: Grid) -> None:
    return None


def both(first: Callable[[Grid], None], second: Callable[[Grid], None]) -> Callable[[Grid], None]:
    def act(grid: Grid) -> None:
        first(grid)
        second(grid)

    return act


MOVES = st.one_of(
    st.just(nothing),
    st.just(nothing),
    st.just(insert),
    st.floats(0, 0.999).map(delete),
    st.floats(0, 0.999).map(lambda at: both(insert, delete(at))),
)


@settings(max_examples=150, deadline=None)
@given(
    size=st.integers(1, 30),
    steps=st.lists(MOVES, max_size=14),
    footer=st.booleans(),
    pauses=st.sets(st.integers(1, 12), max_size=3),
    long_pause=st.booleans(),
    expire_at=st.integers(-1, 8),
)
def test_reading_while_the_world_moves(
    size: int, steps: list[Callable[[Grid], None]], footer: bool, pauses: set[int], long_pause: bool, expire_at: int
) -> None:
    async def scenario() -> None:
        grid = Grid(list(range(size, 0, -1)), steps, footer, expire_at=expire_at)
        grid.remember()
        erp, store = FakeErp(grid), MemoryStore()
        sync = SyncRunner(store, erp, [ORDERS])  # type: ignore[arg-type]
        control = World.control(SimpleNamespace(numbers=iter(range(99))), "orders")  # type: ignore[arg-type]
        ended: Any = None
        for _ in range(8):
            control.suspend = False
            control.on_progress = lambda _: setattr(control, "suspend", grid.calls in pauses)
            ended = await sync(control)
            if not isinstance(ended, Suspended):
                break
            pauses.discard(grid.calls)
            erp.clock.seconds += 70 if long_pause else 1
            grid.move() if grid.calls + 1 != grid.expire_at else None
            control.resume = ended.state
        assert not isinstance(ended, Suspended)
        if ended.outcome is Outcome.SKIPPED:
            # The first read found no rows: the list may be empty, or reading it may not work.
            assert frozenset() in grid.states
            assert not store.batches
            return
        (batch,) = store.batches
        read = frozenset(str(row["id"]) for row in batch.rows)
        assert batch.clean == (ended.outcome is Outcome.COMPLETED)
        if batch.clean:
            assert read in grid.states, "a clean read has rows that the ERP never had at one time"
        else:
            assert ended.gone == 0
        assert len(read) == len(batch.rows)

    asyncio.run(scenario())


@pytest.mark.parametrize("footer", [True, False])
def test_every_single_move_at_every_moment(footer: bool) -> None:
    """Exhaustive, in contrast to the property test: before each call of a read one row is added, removed, or both."""

    async def scenario(size: int, moment: int, move: Callable[[Grid], None]) -> None:
        grid = Grid(list(range(size, 0, -1)), [*[nothing] * moment, move], footer)
        grid.remember()
        store = MemoryStore()
        sync = SyncRunner(store, FakeErp(grid), [ORDERS])  # type: ignore[arg-type]
        await sync(World.control(SimpleNamespace(numbers=iter([1])), "orders"))  # type: ignore[arg-type]
        (batch,) = store.batches
        if batch.clean:
            assert frozenset(str(row["id"]) for row in batch.rows) in grid.states, (size, moment, grid.states)

    async def all_of_them() -> None:
        for size in (6, 9, 10, 11):
            for moment in range(5):
                await scenario(size, moment, insert)
                for at in range(size):
                    await scenario(size, moment, delete((at + 0.5) / size))
                    await scenario(size, moment, both(insert, delete((at + 0.5) / size)))

    asyncio.run(all_of_them())


async def test_a_read_without_changes_is_clean() -> None:
    grid = Grid(list(range(9, 0, -1)), [], footer=False)
    grid.remember()
    store = MemoryStore()
    sync = SyncRunner(store, FakeErp(grid), [ORDERS])  # type: ignore[arg-type]
    ended = await sync(World.control(SimpleNamespace(numbers=iter([1])), "orders"))  # type: ignore[arg-type]
    assert ended.outcome is Outcome.COMPLETED  # type: ignore[union-attr]
    assert len(store.batches[0].rows) == 9
    assert store.batches[0].clean


@dataclass
class StartedOver:
    """A whole read that was suspended after its first page, started over, and was suspended there again."""

    grid: Grid
    store: Store
    sync: SyncRunner
    control: Control
    since: datetime
    """The time at which it started over, by the present wall clock."""

    async def rest(self) -> Finished:
        ended = await self.sync(self.control)
        assert isinstance(ended, Finished)
        return ended

    async def rows(self) -> dict[str, Row]:
        return {row.key: row.values for row in (await self.store.rows("orders", USER)).rows}


@asynccontextmanager
async def started_over(folder: Path, set_by: timedelta = timedelta()) -> AsyncIterator[StartedOver]:
    """``set_by``: how far the wall clock is set forward while the first page is read again."""
    grid = Grid(list(range(9, 0, -1)), [], footer=True)
    erp = FakeErp(grid)
    store = await Store.open(folder, [ORDERS], clock=erp.clock)
    try:
        sync = SyncRunner(store, erp, [ORDERS])  # type: ignore[arg-type]
        numbers: Any = SimpleNamespace(numbers=iter(range(99)))
        await sync(World.control(numbers, "orders"))
        control = World.control(numbers, "orders")
        control.on_progress = lambda progress: setattr(control, "suspend", progress.page == 1)
        since = erp.clock.now()
        for suspensions in range(2):
            ended = await sync(control)
            assert isinstance(ended, Suspended)
            control.resume, control.suspend = ended.state, False
            if not suspensions:
                insert(grid)  # changes the last page, so the read starts over
                grid.steps = [nothing, nothing, lambda _: setattr(erp.clock, "set_by", set_by)]
                since = erp.clock.now() + set_by
        yield StartedOver(grid, store, sync, control, since)
    finally:
        await store.close()


async def test_a_read_that_started_over_overwrites_no_newer_value(tmp_path: Path) -> None:
    """A form's fast read stores a value during the second suspension."""
    async with started_over(tmp_path) as read:
        row = {**(await read.rows())["9"], "customer_name": "New"}
        await read.store.apply("orders", USER, Batch("fast", read.since, [row], whole=False, clean=True))
        read.grid.texts[9] = "New"
        ended = await read.rest()
        assert (await read.rows())["9"]["customer_name"] == "New"
        assert (ended.outcome, ended.changed) == (Outcome.COMPLETED, 0)


async def test_a_read_that_started_over_knows_the_pages_words(tmp_path: Path) -> None:
    async with started_over(tmp_path) as read:
        ended = await read.rest()
        assert ended.warnings == ()
        assert {row["sales_status"] for row in (await read.rows()).values()} == {"invoiced"}


async def test_the_time_of_a_read_that_started_over_is_its_own(tmp_path: Path) -> None:
    """Rule 30: also where the wall clock was set while its first page was read."""
    async with started_over(tmp_path, timedelta(days=1)) as read:
        ended = await read.rest()
        assert ended.as_of is not None
        assert ended.as_of >= read.since


async def test_a_session_that_expires_twice_is_a_failure() -> None:
    grid = Grid(list(range(9, 0, -1)), [], footer=True)
    erp = FakeErp(grid)

    @asynccontextmanager
    async def expired(*_: Any) -> AsyncIterator[Any]:
        raise SessionExpired
        yield

    erp.list = expired  # type: ignore[method-assign]
    sync = SyncRunner(MemoryStore(), erp, [ORDERS])  # type: ignore[arg-type]
    with pytest.raises(SyncFailure) as caught:
        await sync(World.control(SimpleNamespace(numbers=iter([1])), "orders"))  # type: ignore[arg-type]
    assert caught.value.code == "session-expired-again"
