"""After each read the user's view of a list is exactly as before, compared with the server's own record of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from archisync_gui.demo_erp.faults import FAULTS
from archisync_gui.demo_erp.variations import LEFT_ON, VARIATIONS
from archisync_gui.entities import DDT, ENTITIES, ORDERS, Entity
from archisync_gui.erp.failures import SessionExpired
from archisync_gui.model import SyncFailure
from tests.syncs.erp_harness import USER, World, world

pytestmark = pytest.mark.one_browser

TEXT_FIELD = {
    "orders": "SALESNAME",
    "customers": "NAME",
    "ddt": "DELIVERYNAME",
    "invoices": "INVOICINGNAME",
    "prices": "ITEMRELATIONTXT",
    "products": "NAME",
}
OTHER_FIELD = {
    "orders": "SALESID",
    "customers": "STREET",
    "ddt": "PACKINGSLIPID",
    "invoices": "INVOICEID",
    "prices": "ITEMRELATIONID",
    "products": "SEARCHNAME",
}
"""Text columns that no switch of the demo ERP filters or groups."""
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
"""Lists that open with few rows: they have a second page only without a preset filter."""


def user_views(name: str) -> list[dict[str, Any]]:
    """Views that a user may have left; all can be restored."""
    field, other = TEXT_FIELD[name], OTHER_FIELD[name]
    views: list[dict[str, Any]] = [
        {},
        {"sort": ((field, "ASC"), ("ID", "DSC"))},
        {"filter_row": [(other, "a", "BeginsWith"), (field, "S", "BeginsWith")]},
        {"group_by": (field, other), "expanded": True, "sort": ((other, "DSC"),)},
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
    ({"preset": "ListViewSalesTableOrdersOfAnEarlierVersion"}, "preset-not-offered"),
)
"""Views of orders that cannot be restored exactly: the read is refused before anything is touched."""


def changes(before: str, after: str) -> str:
    """The differences between two of the server's records of a view."""
    one, two = json.loads(before), json.loads(after)
    return ", ".join(f"{name}: {one[name]} -> {two[name]}" for name in one if one[name] != two[name])


def fresh(here: World, entity: Entity, view: dict[str, Any]) -> str:
    """Set the view of the list in a fresh state; returns the server's record of it."""
    here.forget_views()
    here.demo.reset_views()
    here.demo.set_preferences(USER, entity.name, **view)
    return here.demo.view_record(USER, entity.name)


async def visit(
    here: World, entity: Entity, told: Callable[[str], None] = lambda moment: None, *, size: int = 100
) -> str:
    """Read a list as a sync does; returns the failure's code, or an empty text. ``told`` is called with ``opened``
    (before any change), ``reading`` (the first page was read) and ``leaving`` (all were read, the view is not restored
    yet)."""
    fields = tuple(dict.fromkeys(column.field_name for column in entity.columns))
    try:
        async with here.erp.list(entity, USER, fields, lambda: None) as opened:
            told("opened")
            first = await opened.list.prepare(size)
            told("reading")
            async for _ in opened.list.pages(first, lambda: False):
                pass
            await opened.list.verify_filters()
            told("leaving")
    except SyncFailure as failure:
        return failure.code
    except SessionExpired:
        return "session-expired"
    finally:
        await here.erp.settled()
    return ""


PLACES = {entity.name: at for at, entity in enumerate(ENTITIES)}
"""For the sample: each view is tested with one list, and each list with one or two views."""


@pytest.mark.ci
@pytest.mark.parametrize("entity", ENTITIES, ids=lambda e: e.name)
async def test_views_are_exactly_as_before_a_read(entity: Entity, tmp_path: Path) -> None:
    await _read_in_views(entity, tmp_path, user_views(entity.name)[PLACES[entity.name] :: len(ENTITIES)])


@pytest.mark.nightly
@pytest.mark.parametrize("entity", ENTITIES, ids=lambda e: e.name)
async def test_every_view_is_exactly_as_before_a_read(entity: Entity, tmp_path: Path) -> None:
    await _read_in_views(entity, tmp_path, user_views(entity.name))


async def _read_in_views(entity: Entity, folder: Path, views: Sequence[dict[str, Any]]) -> None:
    wrong = []
    async with world(folder) as here:
        for view in views:
            kept = fresh(here, entity, view)
            code = await visit(here, entity)
            if found := changes(kept, here.demo.view_record(USER, entity.name)) or code:
                wrong.append(f"{view}: {code} {found}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.ci
async def test_a_view_that_cannot_be_restored_is_refused_and_not_changed(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        for view, code in REFUSED:
            kept = fresh(here, ORDERS, view)
            assert await visit(here, ORDERS) == code, view
            assert changes(kept, here.demo.view_record(USER, "orders")) == "", view


def mixed_views(name: str) -> list[dict[str, Any]]:
    """Three views that together have every part that a read restores."""
    field, other = TEXT_FIELD[name], OTHER_FIELD[name]
    preset = {"preset": OTHER_PRESET[name]} if name in OTHER_PRESET else {}
    sort = ((other, "DSC"), (field, "ASC"))
    return [
        {**preset, "filter_row": [(other, "S", "BeginsWith")], "sort": sort, "page_size": 50},
        {"search": "a", "search_panel": "e", "group_by": (other,), "page_size": 10},
        {"page_size": 10, "page_index": 1, "sort": sort, **WHOLE.get(name, {})},
    ]


REFUSED_BY = {
    "builder-left-on": "filter-builder",
    "header-filter-left-on": "filter-header",
    "row-filter-left-on": "filter-operator",
}
"""Settings of a view that no call can set again: the read is refused before any change."""

WITH_VALUES = {"sizes": ("sizes=10,20,50", "sizes=10,20,50,100,All"), "id-notation": ("id-notation=dotted",)}
ALL_VARIATIONS = tuple(text for name in VARIATIONS for text in WITH_VALUES.get(name, (name,)))


def refusal(variation: str, view: dict[str, Any]) -> str:
    """The code with which a read in this variation has to fail; empty: it has to succeed."""
    if variation == "filter-bar-for-all" and view.get("filter_row"):
        return "filter-builder"  # the bar does not show where its filter comes from
    return REFUSED_BY.get(variation, "")


@pytest.mark.nightly
@pytest.mark.parametrize("entity", ENTITIES, ids=lambda e: e.name)
async def test_every_view_in_every_variation(entity: Entity, tmp_path: Path) -> None:
    await _in_variations(entity, tmp_path, ALL_VARIATIONS)


@pytest.mark.ci
@pytest.mark.parametrize(
    ("entity", "variations"),
    [(ORDERS, ("grid-renumbered", "grouping-left-on")), (DDT, ("loads-empty", "page-values-error"))],
    ids=["orders", "ddt"],
)
async def test_views_in_some_variations(entity: Entity, variations: Sequence[str], tmp_path: Path) -> None:
    await _in_variations(entity, tmp_path, variations)


async def _in_variations(entity: Entity, folder: Path, variations: Sequence[str]) -> None:
    wrong = []
    name = entity.name
    async with world(folder) as here:
        for variation in variations:
            for view in mixed_views(name)[:2]:
                fresh(here, entity, view)
                here.demo.vary(variation)
                # Settings that the variation left on are a part of the view that has to be kept.
                kept = here.demo.view_records()
                code = await visit(here, entity)
                here.demo.clear_variations()
                await here.erp.ways.forget(name)
                if found := _differences(kept, here.demo.view_records()):
                    wrong.append(f"{variation} {view}: {code}: {found}")
                if code != (wanted := refusal(variation, view)):
                    wrong.append(f"{variation} {view}: {code or 'read'}, expected {wanted or 'read'}")
    assert not wrong, "\n".join(wrong)


def _differences(before: dict[str, str], after: dict[str, str]) -> str:
    """The differences in all users' views of all lists, byte by byte."""
    return "; ".join(f"{key}: {changes(before[key], after[key])}" for key in before if before[key] != after[key])


@dataclass(frozen=True)
class Fault:
    """The text that switches a fault on, and whether it can also begin during a read."""

    text: str
    midway: bool = True


BEFORE_ONLY = frozenset(
    (
        "stuck-header-filter", "truncated-list", "empty-cells", "late-paint", "extra-menu-item", "moved-columns",
        "renamed-captions", "renamed-column", "missing-column", "new-column", "new-system-column", "value-prefix",
        "ids-changed", "other-locale", "second-login-ends-first", "other-certificate", "getrowvalues-dead",
        "login-refused", "login-fails", "slow", "stuck-search", "stuck-preset", "stuck-filter-row",
    )
)  # fmt: skip
"""Faults that a page has from the beginning, or that concern a login; and filters that the server sets: its own changes
of a view during a read are not restored, and no call could do it."""
TEXTS = {
    "unavailable-503": "unavailable-503=1",
    "connection-dropped": "connection-dropped=3",
    "truncated-list": "truncated-list=keep:0.2",
    "late-paint": "late-paint=0.2",
    "slow": "slow=2",
}
ALL_FAULTS = tuple(Fault(TEXTS.get(name, name), name not in BEFORE_ONLY) for name in FAULTS)
SOME_FAULTS = (
    Fault("callback-error"),
    Fault("stuck-preset", midway=False),
    Fault("stuck-search", midway=False),
    Fault("stuck-grouping", midway=False),
)


@pytest.mark.ci
@pytest.mark.parametrize("entity", [ORDERS], ids=lambda e: e.name)
async def test_after_some_faults_the_view_is_restored(entity: Entity, tmp_path: Path) -> None:
    await _after_faults(entity, tmp_path, SOME_FAULTS)


@pytest.mark.nightly
@pytest.mark.parametrize("entity", ENTITIES, ids=lambda e: e.name)
async def test_after_every_fault_the_view_is_restored(entity: Entity, tmp_path: Path) -> None:
    await _after_faults(entity, tmp_path, ALL_FAULTS)


async def _after_faults(entity: Entity, folder: Path, faults: Sequence[Fault]) -> None:
    """Each fault at each moment: a successful read leaves the view as it was. After a failed one the view is restored
    at once, or by the next read if the fault also stopped the restoration."""
    wrong = []
    async with world(folder) as here:
        for fault in faults:
            for moment in ("before", "opened", "reading", "leaving") if fault.midway else ("before",):
                views = mixed_views(entity.name)
                for view in views[2:] if moment == "reading" else views[:1]:
                    if found := await _after_fault(here, entity, fault.text, moment, view):
                        wrong.append(f"{fault.text} {moment} {view}: {found}")
    assert not wrong, "\n".join(wrong)


PAGE_SIZES = {"customers": 100, "prices": 100, "products": 100}
"""Rows per page, so that each list has several pages; 20 for the others."""


async def _after_fault(here: World, entity: Entity, fault: str, moment: str, view: dict[str, Any]) -> str:
    name, demo = entity.name, here.demo
    fresh(here, entity, view)
    kept = demo.view_records()
    if moment == "before":
        demo.fault(fault)

    def told(now: str) -> None:
        if now == "opened" and moment == "before" and fault.startswith("stuck"):
            # The fault itself has changed the view before the read.
            kept.update(demo.view_records())
        if now == moment:
            demo.fault(fault)

    code = await visit(here, entity, told, size=PAGE_SIZES.get(name, 20))
    demo.clear_faults()
    await here.erp.ways.forget(name)
    after = demo.view_records()
    if not code and moment == "before" and (found := _differences(kept, after)):
        return f"the read ended well, and yet {found}"
    if after != kept and (again := await visit(here, entity)):
        return f"{code}, and the next read: {again}"
    return _differences(kept, demo.view_records()) and f"{code}: {_differences(kept, demo.view_records())}"


def test_every_switch_of_the_demo_erp_is_in_the_tables() -> None:
    assert {text.partition("=")[0] for text in ALL_VARIATIONS} == set(VARIATIONS)
    assert {fault.text.partition("=")[0] for fault in ALL_FAULTS} == set(FAULTS)
    assert set(FAULTS) > BEFORE_ONLY
    assert set(REFUSED_BY) < LEFT_ON
