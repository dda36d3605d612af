"""The user's own view of a list is exactly as before each read: compared with the server's own record of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from archisync_gui.entities import ENTITIES, ORDERS, Entity
from archisync_gui.erp.lists.saved_views import SavedViews
from archisync_gui.model import SyncFailure
from tests.syncs.erp_harness import USER, World, world

TEXT_FIELD = {
    "orders": "SALESNAME",
    "customers": "NAME",
    "ddt": "DELIVERYNAME",
    "invoices": "INVOICINGNAME",
    "prices": "ITEMRELATIONTXT",
    "products": "NAME",
}
OTHER_PRESET = {
    "orders": "ListViewSalesTableOrdersThisMonth",
    "customers": "Exclusiv_customers",
    "ddt": "ListViewPackingSlipsPackingSlipsToday",
    "invoices": "open_invoices",
    "prices": "ClosedPrices",
}


WHOLE = {
    "ddt": {"preset": "ListViewPackingSlipsAll"},
    "invoices": {"preset": "All_invoices"},
}
"""The lists that open with few rows: a second page needs all."""


def user_views(name: str) -> list[dict[str, Any]]:
    """Views that a user may have left; all can be restored."""
    field = TEXT_FIELD[name]
    views: list[dict[str, Any]] = [
        {},
        {"sort": ((field, "ASC"), ("ID", "DSC"))},
        {"filter_row": [(field, "S", "BeginsWith")], "page_size": 10},
        {"group_by": (field,)},
        {"search": "Studio"},
        {"search_panel": "Studio"},
        {"page_size": -1},
        {"page_size": 10, "page_index": 1, "sort": ((field, "DSC"),), **WHOLE.get(name, {})},
    ]
    if name in OTHER_PRESET:
        views.append({"preset": OTHER_PRESET[name], "page_size": 50})
    return views


REFUSED: Sequence[tuple[dict[str, Any], str]] = (
    (
        {"builder": {"expression": "[EMAIL] <> 'x'", "field": "EMAIL", "value": "x", "negated": True}},
        "filter-builder",
    ),
    ({"filter_row": [("SALESNAME", "a", "Contains")]}, "filter-operator"),
    ({"header_filters": [("SALESNAME", ("Studio Ferri",))]}, "filter-header"),
)
"""Views of orders that cannot be restored exactly: the read is refused before anything is touched."""


def changes(before: str, after: str) -> str:
    """What of the server's record of a view is another."""
    one, two = json.loads(before), json.loads(after)
    return ", ".join(f"{name}: {one[name]} -> {two[name]}" for name in one if one[name] != two[name])


def fresh(here: World, entity: Entity, view: dict[str, Any]) -> str:
    """Give the list that view, as if nothing had gone before; the server's record of it."""
    here.erp._saved = SavedViews()
    here.demo.reset_views()
    here.demo.set_preferences(USER, entity.name, **view)
    return here.demo.view_record(USER, entity.name)


async def visit(here: World, entity: Entity) -> str:
    """Read a list as a sync does; the failure's code, or empty."""
    fields = tuple(dict.fromkeys(column.field_name for column in entity.columns))
    try:
        async with here.erp.list(entity, USER, fields, lambda: None) as opened:
            first = await opened.list.prepare(20)
            async for _ in opened.list.pages(first, lambda: False):
                pass
            await opened.list.verify_filters()
    except SyncFailure as failure:
        return failure.code
    finally:
        await here.erp.settled()
    return ""


@pytest.mark.ci
@pytest.mark.parametrize("entity", ENTITIES, ids=lambda e: e.name)
async def test_every_view_is_exactly_as_before_a_read(entity: Entity, tmp_path: Path) -> None:
    wrong = []
    async with world(tmp_path) as here:
        for view in user_views(entity.name):
            kept = fresh(here, entity, view)
            code = await visit(here, entity)
            if found := changes(kept, here.demo.view_record(USER, entity.name)) or code:
                wrong.append(f"{view}: {code} {found}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.ci
async def test_what_cannot_be_restored_is_refused_and_not_touched(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        for view, code in REFUSED:
            kept = fresh(here, ORDERS, view)
            assert await visit(here, ORDERS) == code, view
            assert changes(kept, here.demo.view_record(USER, "orders")) == "", view


VARIATIONS = (
    "english-session",
    "grid-renumbered",
    "grid-kept",
    "stale-control",
    "preset-accepted-early",
    "loads-empty",
    "other-null-texts",
    "toolbar-combo-a2",
    "page-values-absent",
    "page-values-error",
    "page-values-silent",
    "scrolling-headers",
    "sizes=10,20,50",
    "sizes=10,20,50,100,All",
)


@pytest.mark.nightly
@pytest.mark.parametrize("entity", ENTITIES, ids=lambda e: e.name)
async def test_every_view_in_every_variation(entity: Entity, tmp_path: Path) -> None:
    await _in_variations(entity, tmp_path, VARIATIONS)


@pytest.mark.ci
async def test_views_in_some_variations(tmp_path: Path) -> None:
    await _in_variations(ORDERS, tmp_path, ("grid-renumbered", "english-session", "page-values-silent"))


async def _in_variations(entity: Entity, folder: Path, variations: Sequence[str]) -> None:
    wrong = []
    async with world(folder) as here:
        for variation in variations:
            for view in user_views(entity.name)[1:]:
                kept = fresh(here, entity, view)
                here.demo.vary(variation)
                code = await visit(here, entity)
                here.demo.clear_variations()
                await here.erp.ways.forget(entity.name)
                if found := changes(kept, here.demo.view_record(USER, entity.name)) or code:
                    wrong.append(f"{variation} {view}: {code} {found}")
    assert not wrong, "\n".join(wrong)


FAULTS = ("callback-error", "hung-callback", "page-stuck", "missing-column", "session-expired-now", "error-page")
MORE_FAULTS = (
    "unavailable-503=1",
    "connection-dropped=1",
    "never-idle",
    "empty-cells",
    "renamed-column",
    "sort-ignored",
    "page-size-ignored",
    "rows-move",
    "second-list-ends-first",
)


@pytest.mark.ci
async def test_after_a_failed_read_the_view_is_restored_at_the_latest_by_the_next(tmp_path: Path) -> None:
    await _after_faults(ORDERS, tmp_path, FAULTS)


@pytest.mark.nightly
@pytest.mark.parametrize("entity", ENTITIES, ids=lambda e: e.name)
async def test_after_every_fault_the_view_is_restored(entity: Entity, tmp_path: Path) -> None:
    await _after_faults(entity, tmp_path, (*FAULTS, *MORE_FAULTS))


async def _after_faults(entity: Entity, folder: Path, faults: Sequence[str]) -> None:
    """A fault that also stops the restoring leaves the view saved; the next visit restores it."""
    wrong = []
    name = entity.name
    async with world(folder) as here:
        for fault in faults:
            kept = fresh(here, entity, {"sort": ((TEXT_FIELD[name], "ASC"),), "page_size": 50})
            here.demo.fault(fault)
            code = await visit_quietly(here, entity)
            here.demo.clear_faults()
            if changes(kept, here.demo.view_record(USER, name)) and (again := await visit(here, entity)):
                wrong.append(f"{fault}: the next read failed: {again}")
            if found := changes(kept, here.demo.view_record(USER, name)):
                wrong.append(f"{fault} ({code}): {found}")
    assert not wrong, "\n".join(wrong)


async def visit_quietly(here: World, entity: Entity) -> str:
    """As :func:`visit`; a session that expires is one of the outcomes."""
    from archisync_gui.erp.failures import SessionExpired

    try:
        return await visit(here, entity)
    except SessionExpired:
        return "session-expired"
