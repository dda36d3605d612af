"""Reads must not set wrong times or remove rows wrongly: known cases and similar ones, with the real store."""

from __future__ import annotations

import itertools
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from erp_harness import USER, Control

from archisync_gui.entities import CUSTOMERS
from archisync_gui.erp.driver.session import Limits
from archisync_gui.erp.lists.page import Page
from archisync_gui.model import Finished, Origin, Outcome, Run, Scope, SyncFailure, warning_parts
from archisync_gui.store import Store
from archisync_gui.syncs import SyncRunner
from tests.support.clock import VirtualClock

FIELDS = tuple(dict.fromkeys(column.field_name for column in CUSTOMERS.columns))
SIZE = 20


@dataclass
class Erp:
    """A customers' list of plain texts, newest first; ``before_page`` is called with the number of each page call."""

    rows: list[dict[str, str]] = field(default_factory=list)
    before_page: Callable[[int], None] = lambda call: None
    clock: VirtualClock = field(default_factory=VirtualClock)
    limits: Limits = field(default_factory=Limits)
    warnings: tuple[str, ...] = ()
    words: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    calls: int = 0
    sort: str = "ID"

    def page(self, index: int) -> Page:
        self.calls += 1
        self.before_page(self.calls)
        rows = sorted(self.rows, key=lambda row: (len(row.get(self.sort, "")), row.get(self.sort, "")), reverse=True)
        count = max(1, -(-len(rows) // SIZE))
        index = min(index, count - 1)
        shown = tuple(tuple(row.get(name, "") for name in FIELDS) for row in rows[index * SIZE : (index + 1) * SIZE])
        return Page(index, count, SIZE, len(rows), shown, self.clock.now(), FIELDS, typed=False)

    async def prepare(self, page_size: int) -> Page:
        return self.page(0)

    async def newest(self, name: str, page_size: int) -> Page:
        self.sort = name
        return self.page(0)

    async def verify_filters(self) -> dict[str, Any]:
        return {}

    async def turn_to(self, index: int) -> Page:
        return self.page(index)

    async def again(self) -> Page:
        return self.page(0)

    async def pages(self, first: Page, stop: Callable[[], bool]) -> AsyncGenerator[Page, None]:
        page = first
        while True:
            yield page
            if page.index >= page.count - 1:
                return
            page = self.page(page.index + 1)

    @asynccontextmanager
    async def list(self, *given: Any) -> AsyncIterator[Any]:
        self.sort = "ID"
        yield SimpleNamespace(list=self, keep=False)

    @asynccontextmanager
    async def quick_list(self, *given: Any, leave_open: bool = False) -> AsyncIterator[Any]:
        yield SimpleNamespace(list=self, keep=False)


def customers(count: int, first: int = 50_001) -> list[dict[str, str]]:
    return [{"ID": str(first + n), "ACCOUNTNUM": f"C{first + n}", "NAME": f"Cliente {first + n}"} for n in range(count)]


@dataclass
class Office:
    erp: Erp
    store: Store
    numbers: Any = field(default_factory=itertools.count)

    async def read(self, scope: Scope = Scope.ALL) -> Finished:
        await self.erp.clock.advance(60)
        self.erp.calls = 0
        run = Run(f"r{next(self.numbers)}", "customers", USER, scope, None, Origin.ORDER_FORM, 1, 1)
        ended = await SyncRunner(self.store, self.erp, [CUSTOMERS])(Control(run))  # type: ignore[arg-type]
        assert isinstance(ended, Finished)
        self.erp.before_page = lambda call: None
        return ended

    async def refused(self, scope: Scope = Scope.ALL) -> str:
        with pytest.raises(SyncFailure) as why:
            await self.read(scope)
        return why.value.code

    async def keys(self) -> set[str]:
        """The keys of living rows that are not missing."""
        page = await self.store.rows("customers", USER, limit=1000)
        return {row.key for row in page.rows if row.missing_since is None}

    async def new_as_of(self) -> datetime | None:
        return (await self.store.ages("customers", USER)).new_as_of

    def disturb(self, at: int, move: Callable[[list[dict[str, str]]], object]) -> None:
        """Change the ERP's rows before that page call."""

        def before(call: int) -> None:
            if call == at:
                move(self.erp.rows)

        self.erp.before_page = before


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    erp = Erp()
    store = await Store.open(tmp_path, [CUSTOMERS], clock=erp.clock)
    yield Office(erp, store)
    await store.close()


# ------------------------------------------------------------------------------------------------ new as of (rule 12)


MOVES: dict[str, Callable[[list[dict[str, str]]], object]] = {
    "a row of a page that was read is deleted": lambda rows: rows.pop(70),
    "a row comes at the top": lambda rows: rows.append(customers(1, 60_000)[0]),
    "both": lambda rows: (rows.pop(70), rows.append(customers(1, 60_000)[0])),
}


@pytest.mark.parametrize("move", MOVES)
@pytest.mark.parametrize("at", [2, 3, 4])
async def test_no_fast_read_sets_a_time_while_a_customer_is_missing(office: Office, move: str, at: int) -> None:
    """The first read misses a row that moves between two pages; the pages of the fast reads have known rows only."""
    office.erp.rows = customers(76)
    office.disturb(at, MOVES[move])
    first = await office.read()
    for ended in (first, await office.read(Scope.NEW), await office.read(Scope.NEW)):
        truth = {row["ID"] for row in office.erp.rows}
        if await office.new_as_of() is not None:
            assert truth <= await office.keys(), f"{ended.outcome}: a time was set, but a customer is missing"
            assert await office.new_as_of() is not None, "without a clean base the whole list was not read"


@pytest.mark.parametrize("scope", [Scope.ALL, Scope.NEW])
@pytest.mark.parametrize(("seconds", "clean"), [(45, True), (8 * 3600, False)])
async def test_a_read_during_which_the_computer_slept_is_not_clean(
    office: Office, scope: Scope, seconds: int, clean: bool
) -> None:
    """Rows may have been added, removed and moved between pages so that no other check notices it."""
    office.erp.rows = customers(76)
    if scope is Scope.NEW:
        assert (await office.read()).outcome is Outcome.COMPLETED
        office.erp.rows += customers(SIZE + 5, 60_000)  # so that a second page is read
    before = await office.new_as_of()

    def sleep(call: int) -> None:
        if call == 2:
            office.erp.clock.jump(seconds)

    office.erp.before_page = sleep
    ended = await office.read(scope)
    assert ended.outcome is (Outcome.COMPLETED if clean else Outcome.UNCLEAN)
    assert (await office.new_as_of() != before) == clean
    if scope is Scope.ALL and not clean:
        assert "unclean-pause" in [warning_parts(text)[0] for text in ended.warnings]


@pytest.mark.parametrize("unclean", ["first", "later"])
async def test_an_unclean_whole_read_is_no_base(office: Office, unclean: str) -> None:
    office.erp.rows = customers(76)
    if unclean == "later":
        assert (await office.read()).outcome is Outcome.COMPLETED
    before = await office.new_as_of()
    office.disturb(2, lambda rows: (rows.pop(70), rows.extend(customers(2, 60_000))))
    assert (await office.read()).outcome is Outcome.UNCLEAN
    assert await office.new_as_of() == before
    ended = await office.read(Scope.NEW)
    assert {row["ID"] for row in office.erp.rows} <= await office.keys()
    assert await office.new_as_of() == (ended.as_of if ended.outcome is Outcome.COMPLETED else before)


async def test_a_fast_read_that_stops_at_rows_of_the_base_sets_a_time(office: Office) -> None:
    office.erp.rows = customers(76)
    assert (await office.read()).outcome is Outcome.COMPLETED
    office.erp.rows += customers(3, 60_000)
    ended = await office.read(Scope.NEW)
    assert (ended.outcome, ended.added) == (Outcome.COMPLETED, 3)
    assert await office.new_as_of() == ended.as_of
    assert office.erp.calls < 8, "it read the whole list"


async def test_a_sort_that_is_lost_on_a_later_page_proves_nothing(office: Office) -> None:
    """The first page is newest first; on the second the ERP has the rows in their usual order again."""
    office.erp.rows = customers(76)
    assert (await office.read()).outcome is Outcome.COMPLETED
    office.erp.rows += customers(SIZE + 5, 60_000)
    usual = office.erp.turn_to

    async def lost(index: int) -> Page:
        page = await usual(index)
        return replace(page, rows=page.rows[::-1])

    office.erp.turn_to = lost  # type: ignore[method-assign]
    ended = await office.read(Scope.NEW)
    assert ended.whole
    assert "sort-ignored" in [warning_parts(text)[0] for text in ended.warnings]


async def test_a_fast_read_refuses_a_record_that_a_page_shows_twice_with_other_content(office: Office) -> None:
    office.erp.rows = customers(76)
    assert (await office.read()).outcome is Outcome.COMPLETED
    office.erp.rows.append({**customers(1, 60_000)[0], "NAME": "One"})
    office.erp.rows.append({**customers(1, 60_000)[0], "NAME": "Another"})
    assert await office.refused(Scope.NEW) == "key-twice"
    office.erp.rows[-1]["NAME"] = "One"
    assert (await office.read(Scope.NEW)).added == 1, "twice the same says nothing wrong"


# ------------------------------------------------------------------------------------------------ empty keys, garbage


@pytest.mark.parametrize("key", ["", " ", "abc", "0", "-"])
@pytest.mark.parametrize("count", [1, 5, 6, 19])
async def test_rows_whose_key_cannot_be_read_remove_no_record(office: Office, key: str, count: int) -> None:
    """However often they are read; at most as many as garbage may grow by are taken for garbage."""
    office.erp.rows = customers(76)
    await office.read()
    for row in office.erp.rows[:count]:
        row["ID"] = key
    for _ in range(3):
        if key == "0" and count <= 5:  # the ERP's own garbage
            assert (await office.read()).outcome is Outcome.COMPLETED
        elif key == "0":
            assert await office.refused() == "garbage-grew"
        elif count >= 3:
            assert await office.refused() == "nameless"
        else:
            assert (await office.read()).outcome is Outcome.UNCLEAN
    gone = 76 - len(await office.keys())
    assert gone == (count if key == "0" and count <= 5 else 0)


# ------------------------------------------------------------------------------------------------ cells


BAD = ("29/02/2023", "31/12/2025 23:59:59 x", "00/01/2024", "12.13.2024", "9" * 25)
NUMBERS = ("€ 12,00", "1.234.567,891", "9" * 25 + ",00", "1e5", "١٢", "--5", "9223372036854775808")


@pytest.mark.parametrize(("name", "text"), [("LASTORDERDATE", t) for t in BAD] + [("SALESACT", t) for t in NUMBERS])
@pytest.mark.parametrize("count", [1, 4, 5])
async def test_a_few_cells_that_cannot_be_read_keep_their_values_and_are_named(
    office: Office, name: str, text: str, count: int
) -> None:
    office.erp.rows = customers(76)
    for row in office.erp.rows:
        row |= {"LASTORDERDATE": "02/03/2026", "SALESACT": "12,50"}
    await office.read()
    before = {row.key: row.values for row in (await office.store.rows("customers", USER, limit=100)).rows}
    for row in office.erp.rows[:count]:
        row[name] = text
    office.erp.rows[40]["NAME"] = "Changed"
    if count == 5:
        assert await office.refused() == "unreadable"
        changed = set()
    else:
        ended = await office.read()
        assert ended.outcome is Outcome.COMPLETED
        named = [parts for parts in map(warning_parts, ended.warnings) if parts[0] == "unreadable-cell"]
        assert len(named) == count
        assert {parts[1]["text"] for parts in named} == {text}
        changed = {office.erp.rows[40]["ID"]}
    after = {row.key: row.values for row in (await office.store.rows("customers", USER, limit=100)).rows}
    assert {key for key in before if before[key] != after[key]} == changed


@pytest.mark.parametrize("text", ["9" * 15, "9" * 16, "9" * 25, "-" + "9" * 25, "9" * 400])
@pytest.mark.parametrize("name", ["SALESACT", "ORDERCOUNTACT"])
async def test_a_number_of_any_length_is_stored_or_named_and_never_an_error(
    office: Office, name: str, text: str
) -> None:
    office.erp.rows = customers(10)
    office.erp.rows[0][name] = text
    assert (await office.read()).outcome is Outcome.COMPLETED
    assert len(await office.keys()) == 10


# ------------------------------------------------------------------------------------------------ nothing was read


async def test_repeated_empty_first_reads_set_no_time(office: Office) -> None:
    for scope in (Scope.ALL, Scope.NEW, Scope.ALL):
        assert (await office.read(scope)).outcome is Outcome.SKIPPED
        ages = await office.store.ages("customers", USER)
        assert (ages.last_success, ages.new_as_of, ages.all_as_of) == (None, None, None)
    office.erp.rows = customers(3)
    assert (await office.read()).outcome is Outcome.COMPLETED


async def test_a_first_read_of_garbage_alone_sets_no_time(office: Office) -> None:
    office.erp.rows = [{"ID": "0", "NAME": "x"} for _ in range(4)]
    assert (await office.read()).outcome is Outcome.SKIPPED
    assert (await office.store.ages("customers", USER)).last_success is None


async def test_an_empty_answer_after_a_good_read_is_refused_and_a_fast_one_skipped(office: Office) -> None:
    office.erp.rows = customers(3)
    await office.read()
    before = await office.store.ages("customers", USER)
    office.erp.rows = []
    assert await office.refused() == "no-rows"
    assert (await office.read(Scope.NEW)).outcome is Outcome.SKIPPED
    assert await office.store.ages("customers", USER) == before
    await office.store.clear("customers", USER)
    assert (await office.read()).outcome is Outcome.SKIPPED, "after clearing it does not count as the first read"
