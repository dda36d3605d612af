"""The way to read a list (by values or cells) is found once and kept per profile, with a fallback; both ways agree."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from archisync_gui.demo_erp.callbacks import ListCallbacks
from archisync_gui.demo_erp.variations import VARIATIONS
from archisync_gui.entities import DDT, ENTITIES, INVOICES, ORDERS, Entity, Row
from archisync_gui.erp.cells.rows import RowReader
from archisync_gui.erp.lists.ways import SAME_FAILURES, KnownWay, ReadingWays, Way, WhyCells
from archisync_gui.model import SyncFailure, warning_parts
from archisync_gui.syncs.checks import check_cells
from tests.syncs.erp_harness import USER, World, world

pytestmark = pytest.mark.one_browser


async def read(here: World, entity: Entity, *, size: int = 20) -> tuple[list[Row], list[str], set[bool]]:
    """The records of a whole list, the codes of the warnings, and the ways in which its pages were read."""
    reader = RowReader(entity)
    rows: list[Row] = []
    typed = set()
    async with here.erp.list(entity, USER, reader.fields, lambda: None) as visit:
        view = visit.list
        first = await view.prepare(size)
        reader.learn(view.words)
        async for page in view.pages(first, lambda: False):
            rows += page.records(reader)
            typed.add(page.typed)
    check_cells(entity, reader.findings)
    assert not reader.findings.bad, reader.findings.bad
    return rows, [warning_parts(text)[0] for text in view.warnings], typed


def shown(rows: list[Row], fields: set[str]) -> list[dict[str, Any]]:
    return [{name: row[name] for name in row if name in fields} for row in rows]


async def outcome(here: World, entity: Entity) -> tuple[list[Row] | str, set[bool]]:
    """The records of a whole list, or the code with which the read was refused; and the ways of its pages."""
    try:
        rows, _, typed = await read(here, entity, size=100)
    except SyncFailure as failure:
        return failure.code, set()
    return rows, typed


REFUSED = {
    "builder-left-on": "filter-builder",
    "header-filter-left-on": "filter-header",
    "row-filter-left-on": "filter-operator",
}
"""Refused in both ways, since the user's view could not be restored."""
REFUSED_BY_CELLS = {**REFUSED, "bands": "grid-header-rows", "english-session=en": "wrong-locale"}
"""Also refused by cells: they cannot be assigned to columns, or are in the notation of another language."""

WITH_VALUES = {
    "english-session": ("english-session", "english-session=en"),
    "id-notation": ("id-notation", "id-notation=dotted", "id-notation=cells:plain,keys:dotted"),
    "sizes": ("sizes=10,20,50", "sizes=10,20,50,100,All"),
}
NO_VALUES = frozenset(name for name in VARIATIONS if name.startswith("page-values"))
ALL_SHAPES = ("", *(text for name in VARIATIONS for text in WITH_VALUES.get(name, (name,))))
SHAPES = ("", "scrolling-headers", "indent-cells", "template-row", "enum-words", "bands", "english-session=en")


@pytest.mark.ci
@pytest.mark.parametrize("entity", ENTITIES, ids=lambda e: e.name)
async def test_both_ways_read_equal_records(entity: Entity, tmp_path: Path) -> None:
    at = [each.name for each in ENTITIES].index(entity.name)
    await _differ(entity, tmp_path, ("", SHAPES[1 + at]))


@pytest.mark.nightly
@pytest.mark.parametrize("entity", ENTITIES, ids=lambda e: e.name)
async def test_both_ways_read_equal_records_in_every_variation(entity: Entity, tmp_path: Path) -> None:
    await _differ(entity, tmp_path, ALL_SHAPES)


async def _differ(entity: Entity, folder: Path, shapes: Sequence[str]) -> None:
    """For each shape of a page: cells and values agree, or the shape is refused."""
    wrong = []
    async with world(folder) as here:
        for shape in shapes:
            here.demo.reset_views()
            here.forget_views()
            if shape:
                here.demo.vary(shape)
            by_value, typed = await outcome(here, entity)
            await here.erp.ways.forget(entity.name)
            here.demo.vary("page-values-absent")
            by_cell, cells_typed = await outcome(here, entity)
            here.demo.clear_variations()
            await here.erp.ways.forget(entity.name)
            wrong += [f"{shape}: {found}" for found in _compared(entity, shape, by_value, by_cell)]
            if typed - {shape not in NO_VALUES} or cells_typed - {False}:
                wrong.append(f"{shape}: pages were read in another way: {typed}, {cells_typed}")
    assert not wrong, "\n".join(wrong)


def _compared(entity: Entity, shape: str, by_value: list[Row] | str, by_cell: list[Row] | str) -> list[str]:
    """The differences between the two ways of reading a list that are not expected."""
    wanted = REFUSED.get(shape, ""), REFUSED_BY_CELLS.get(shape, "")
    refused = by_value if isinstance(by_value, str) else "", by_cell if isinstance(by_cell, str) else ""
    if refused != wanted:
        return [f"refused as {refused}, expected {wanted}"]
    if isinstance(by_value, str) or isinstance(by_cell, str):
        return []
    fields = set(by_cell[0])
    hidden = {column.name for column in entity.columns if column.hidden} - set(entity.key)
    found = []
    if missing := {c.name for c in entity.columns if not c.optional} - hidden - fields:
        found.append(f"not read by cells: {sorted(missing)}")
    one, other = shown(by_value, fields), shown(by_cell, fields)
    if len(one) != len(other):
        found.append(f"{len(one)} and {len(other)} records")
    unlike = {name: (a[name], b[name]) for a, b in zip(one, other, strict=False) for name in a if a[name] != b[name]}
    return [*found, *(f"{name}: {values}" for name, values in unlike.items())]


def test_the_differential_table_knows_every_variation() -> None:
    assert {text.partition("=")[0] for text in ALL_SHAPES} - {""} == set(VARIATIONS)
    assert set(REFUSED_BY_CELLS) < set(ALL_SHAPES)


@pytest.mark.ci
async def test_a_fresh_profile_reads_all_lists_with_every_declared_field(tmp_path: Path) -> None:
    async with world(tmp_path, scale=0.1) as here:
        kept = {entity.name: here.demo.view_record(USER, entity.name) for entity in ENTITIES}
        for entity in ENTITIES:
            rows, warnings, _ = await read(here, entity, size=200)
            assert warnings == []
            unfilled = [c.name for c in entity.columns if not any(row.get(c.name) is not None for row in rows)]
            assert unfilled == [], f"{entity.name}: {unfilled}"
        assert {entity.name: here.demo.view_record(USER, entity.name) for entity in ENTITIES} == kept


async def test_no_read_asks_for_single_values(tmp_path: Path) -> None:
    """``GetRowValues`` answers one call at a time, each in half a second: neither way of reading uses it."""
    async with world(tmp_path) as here:
        here.demo.fault("getrowvalues-dead")
        for variation in ("version", "page-values-absent"):
            here.demo.vary(variation)
            for entity in (DDT, INVOICES):
                assert (await read(here, entity))[0], entity.name
        asked = {action.detail.split()[1] for action in here.demo.actions if action.kind == "callback"}
        assert "PAGEVALUES" in asked
        assert "ROWVALUES" not in asked


FAILING = {
    "page-values-absent": "cells-kept",
    "page-values-error": "cells-error",
    "page-values-silent": "cells-slow",
    "page-values-stale": "cells-other-rows",
    "page-values-short": "cells-other-rows",
}


@pytest.mark.parametrize(
    "again",
    [
        # It makes no difference which failure is repeated, see test_different_failures_decide_nothing.
        pytest.param({"page-values-absent", "page-values-error"}, marks=pytest.mark.ci, id="some"),
        pytest.param(set(FAILING), marks=pytest.mark.nightly, id="all"),
    ],
)
async def test_values_that_fail_are_named_and_the_cells_are_read(tmp_path: Path, again: set[str]) -> None:
    """``again``: the failures that are repeated until they decide the way of reading."""
    async with world(tmp_path) as here:
        for failing, code in FAILING.items():
            kept = here.demo.view_record(USER, "ddt")
            here.demo.vary(failing)
            rows, warnings, typed = await read(here, DDT)
            assert {str(row["id"]) for row in rows} == here.truth("ddt"), failing
            assert (typed, warnings[0]) == ({False}, code), failing
            assert here.demo.view_record(USER, "ddt") == kept, failing
            for _ in range(SAME_FAILURES - 1 if failing in again - {"page-values-absent"} else 0):
                assert (await here.erp.ways.known())["ddt"].way is Way.VALUES, failing
                await read(here, DDT)
            decided = (await here.erp.ways.known())["ddt"].way is Way.CELLS
            assert decided is (failing in again), failing
            if decided:
                _, warnings, typed = await read(here, DDT)
                assert (typed, warnings[0]) == ({False}, "cells-kept"), "values were tried again"
            here.demo.clear_variations()
            await here.erp.ways.forget("ddt")


async def test_a_way_that_works_may_fail_in_one_read(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        await read(here, ORDERS)
        here.demo.vary("page-values-error", list="orders", times=1)
        _, warnings, typed = await read(here, ORDERS)
        assert typed == {False}
        assert "cells-error" in warnings
        _, warnings, typed = await read(here, ORDERS)
        assert (typed, warnings) == ({True}, []), "values were not tried again, though they had worked before"


@pytest.mark.ci
@pytest.mark.parametrize("failing", ["error", "silent", "stale"])
async def test_a_transient_fault_of_the_first_values_does_not_decide_the_way(failing: str, tmp_path: Path) -> None:
    """The way of the list is not known yet, and the first call for values gets an error of the server."""
    async with world(tmp_path) as here:
        here.demo.vary(f"page-values-{failing}", list="ddt", times=1)
        _, warnings, typed = await read(here, DDT)
        assert (typed, warnings[0]) == ({False}, FAILING[f"page-values-{failing}"])
        _, warnings, typed = await read(here, DDT)
        assert (typed, warnings) == ({True}, [])
        found = (await here.erp.ways.known())["ddt"]
        assert (found.proven, found.failures, found.why) == (True, 0, "")


async def test_a_503_to_the_first_values_does_not_decide_the_way(tmp_path: Path) -> None:
    async with world(tmp_path) as here:

        def answered_by_503(*_: Any) -> Any:
            raise web.HTTPServiceUnavailable

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ListCallbacks, "_page_values", answered_by_503)
            _, warnings, typed = await read(here, DDT)
        assert (typed, warnings[0]) == ({False}, "cells-error")
        assert (await read(here, DDT))[2] == {True}


async def test_different_failures_decide_nothing() -> None:
    ways = ReadingWays()
    for why in (WhyCells.ERROR, WhyCells.SLOW, WhyCells.ERROR, WhyCells.OTHER_ROWS, WhyCells.ERROR, WhyCells.ERROR):
        await ways.failed("ddt", "1", why)
        assert (await ways.of("ddt", "1")).way is Way.VALUES
    await ways.failed("ddt", "1", WhyCells.ERROR)
    assert (await ways.of("ddt", "1")).way is Way.CELLS


async def test_with_a_new_version_of_the_erp_the_way_is_tried_anew(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        here.demo.vary("page-values-absent")
        _, _, typed = await read(here, INVOICES)
        assert typed == {False}
        here.demo.clear_variations()
        here.demo.vary("version")
        _, warnings, typed = await read(here, INVOICES)
        assert (typed, warnings) == ({True}, [])


async def test_the_way_is_kept_over_restarts(tmp_path: Path) -> None:
    file = tmp_path / "ways.json"
    ways = ReadingWays(file)
    await ways.worked("orders", "2.0.48")
    await ways.failed("ddt", "2.0.48", WhyCells.SLOW)
    later = ReadingWays(file)
    assert (await later.of("orders", "2.0.48")).proven
    assert await later.of("ddt", "2.0.48") == KnownWay("2.0.48", False, 1, "slow")
    assert (await later.of("ddt", "2.0.49")).way is Way.VALUES, "another version was not tried anew"
    file.write_text("{")
    assert await ReadingWays(file).known() == {}


async def test_a_folder_that_cannot_be_written_fails_no_read(tmp_path: Path) -> None:
    ways = ReadingWays(tmp_path / "nowhere" / "ways.json")
    await ways.failed("ddt", "1", WhyCells.MISSING)
    assert (await ways.of("ddt", "1")).way is Way.CELLS


@pytest.mark.parametrize(
    ("way", "expected"),
    [
        (KnownWay("1"), Way.VALUES),
        (KnownWay("1", failures=1, why="missing"), Way.CELLS),
        (KnownWay("1", failures=1, why="error"), Way.VALUES),
        (KnownWay("1", failures=2, why="slow"), Way.VALUES),
        (KnownWay("1", failures=3, why="slow"), Way.CELLS),
        (KnownWay("1", proven=True, failures=1, why="missing"), Way.VALUES),
        (KnownWay("1", proven=True, failures=3, why="missing"), Way.CELLS),
    ],
)
def test_only_a_missing_function_or_repeated_failures_decide(way: KnownWay, expected: Way) -> None:
    assert way.way is expected


COMBINATIONS = (
    ("english-session", "grouping-left-on", "other-digits", "loads-empty"),
    ("preset-left-on", "row-filter-left-on=operator:BeginsWith", "search-panel-left-on"),
    ("search-left-on", "grouping-left-on=expanded:yes", "page-size-all", "grid-renumbered", "columns-added"),
    ("page-values-absent", "scrolling-headers", "indent-cells", "template-row", "loads-empty", "preset-left-on"),
    ("page-values-silent=times:1", "grid-renumbered", "grouping-left-on", "sizes=10,20,50", "stale-control"),
    ("enum-words", "english-session=en", "id-notation=dotted", "toolbar-combo-a2", "preset-accepted-early"),
)
"""Variations in combination: handling one must not depend on the absence of another."""


@pytest.mark.parametrize(
    "entity",
    [pytest.param(DDT, marks=pytest.mark.ci), pytest.param(ORDERS, marks=pytest.mark.nightly)],
    ids=lambda e: e.name,
)
async def test_lists_with_combined_variations_are_read_whole_and_the_view_is_kept(
    entity: Entity, tmp_path: Path
) -> None:
    wrong = []
    async with world(tmp_path) as here:
        for combination in COMBINATIONS:
            here.demo.reset_views()
            for variation in combination:
                here.demo.vary(variation)
            kept = here.demo.view_records()
            rows, _, typed = await read(here, entity, size=100)
            here.demo.clear_variations()
            await here.erp.ways.forget(entity.name)
            if {str(row["id"]) for row in rows} != here.truth(entity.name):
                wrong.append(f"{combination}: {len(rows)} rows, not those of the ERP")
            if here.demo.view_records() != kept:
                wrong.append(f"{combination}: the view is another one")
            if typed != {not any(name.startswith("page-values") for name in combination)}:
                wrong.append(f"{combination}: read in another way")
    assert not wrong, "\n".join(wrong)
