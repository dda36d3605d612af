"""How a list is read is found out once, kept per profile, and falls back with a warning; both ways agree."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from archisync_gui.entities import DDT, ENTITIES, INVOICES, ORDERS, Entity, Row
from archisync_gui.erp.cells.rows import RowReader
from archisync_gui.erp.lists.ways import KnownWay, ReadingWays, Way, WhyCells
from archisync_gui.model import warning_parts
from tests.syncs.erp_harness import USER, World, world


async def read(here: World, entity: Entity, *, size: int = 20) -> tuple[list[Row], list[str], set[bool]]:
    """The records of a whole list, the warnings' codes, and which ways its pages were read."""
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
    assert not reader.findings.bad, reader.findings.bad
    return rows, [warning_parts(text)[0] for text in view.warnings], typed


def shown(rows: list[Row], fields: set[str]) -> list[dict[str, Any]]:
    return [{name: row[name] for name in row if name in fields} for row in rows]


SHAPES = ("", "scrolling-headers", "indent-cells", "template-row", "detail-rows", "enum-words", "id-notation")


@pytest.mark.ci
@pytest.mark.parametrize("entity", ENTITIES, ids=lambda e: e.name)
async def test_both_ways_read_equal_records(entity: Entity, tmp_path: Path) -> None:
    """In each shape that a page may have: all that the cells show is what the values say."""
    async with world(tmp_path) as here:
        for shape in SHAPES:
            if shape:
                here.demo.vary(shape)
            by_value, warnings, typed = await read(here, entity)
            assert (typed, warnings) == ({True}, []), shape
            here.demo.vary("page-values-absent")
            by_cell, warnings, typed = await read(here, entity)
            assert typed == {False}, shape
            assert warnings[0] == "cells-missing", shape
            fields = set(by_cell[0])
            hidden = {column.name for column in entity.columns if column.hidden} - set(entity.key)
            if shape != "columns-added":
                assert fields >= {c.name for c in entity.columns if not c.optional} - hidden, shape
            assert shown(by_value, fields) == shown(by_cell, fields), shape
            here.demo.clear_variations()
            await here.erp.ways.forget(entity.name)


@pytest.mark.ci
async def test_a_fresh_profile_reads_all_lists_with_every_declared_field(tmp_path: Path) -> None:
    async with world(tmp_path, scale=0.3) as here:
        kept = {entity.name: here.demo.view_record(USER, entity.name) for entity in ENTITIES}
        for entity in ENTITIES:
            rows, warnings, _ = await read(here, entity, size=200)
            assert warnings == []
            unfilled = [c.name for c in entity.columns if not any(row.get(c.name) is not None for row in rows)]
            assert unfilled == [], f"{entity.name}: {unfilled}"
        assert {entity.name: here.demo.view_record(USER, entity.name) for entity in ENTITIES} == kept


FAILING = {
    "page-values-absent": "cells-missing",
    "page-values-error": "cells-error",
    "page-values-silent": "cells-slow",
    "page-values-stale": "cells-other-rows",
    "page-values-short": "cells-other-rows",
}


@pytest.mark.ci
async def test_values_that_fail_are_named_and_the_cells_are_read(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        for failing, code in FAILING.items():
            kept = here.demo.view_record(USER, "ddt")
            here.demo.vary(failing)
            rows, warnings, typed = await read(here, DDT)
            assert {str(row["id"]) for row in rows} == here.truth("ddt"), failing
            assert (typed, warnings[0]) == ({False}, code), failing
            assert here.demo.view_record(USER, "ddt") == kept, failing
            assert (await here.erp.ways.known())["ddt"].way is Way.CELLS
            _, warnings, typed = await read(here, DDT)
            assert (typed, warnings[0]) == ({False}, code), "known by now: not tried again"
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
        assert (typed, warnings) == ({True}, []), "tried again, since it had worked before"


async def test_a_new_version_of_the_erp_is_asked_anew(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        here.demo.vary("page-values-absent")
        _, _, typed = await read(here, INVOICES)
        assert typed == {False}
        here.demo.clear_variations()
        here.demo.vary("version")
        _, warnings, typed = await read(here, INVOICES)
        assert (typed, warnings) == ({True}, [])


async def test_what_is_known_outlives_the_process(tmp_path: Path) -> None:
    file = tmp_path / "ways.json"
    ways = ReadingWays(file)
    await ways.worked("orders", "2.0.48")
    await ways.failed("ddt", "2.0.48", WhyCells.SLOW)
    later = ReadingWays(file)
    assert (await later.of("orders", "2.0.48")).proven
    assert await later.of("ddt", "2.0.48") == KnownWay("2.0.48", False, 1, "slow")
    assert (await later.of("ddt", "2.0.49")).way is Way.VALUES, "another version is asked anew"
    file.write_text("{")
    assert await ReadingWays(file).known() == {}


async def test_a_place_that_cannot_be_written_costs_no_read(tmp_path: Path) -> None:
    ways = ReadingWays(tmp_path / "nowhere" / "ways.json")
    await ways.failed("ddt", "1", WhyCells.ERROR)
    assert (await ways.of("ddt", "1")).way is Way.CELLS


@pytest.mark.parametrize(
    ("way", "expected"),
    [
        (KnownWay("1"), Way.VALUES),
        (KnownWay("1", failures=1), Way.CELLS),
        (KnownWay("1", proven=True, failures=1), Way.VALUES),
        (KnownWay("1", proven=True, failures=2), Way.CELLS),
    ],
)
def test_one_failure_decides_only_where_nothing_was_proven(way: KnownWay, expected: Way) -> None:
    assert way.way is expected
