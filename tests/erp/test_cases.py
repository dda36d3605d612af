"""Small pages with one trap each (``cases/``): what the driver makes of them, in a real browser.

The pages are written from what the ERP's own pages show; none was derived from the driver. The comment at the top of
each says what is right.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from archisync_gui.entities import DDT, Column, Entity, Kind
from archisync_gui.erp import Browser, Limits
from archisync_gui.erp.driver.page_driver import Act, Look, PageDriver, ReadPlan
from archisync_gui.erp.lists.filters import check_filters, refuse_what_cannot_be_restored, view_of
from archisync_gui.erp.lists.list_view import ListView
from archisync_gui.erp.lists.presets import Presets
from archisync_gui.erp.lists.saved_views import RowFilter
from archisync_gui.erp.lists.ways import ReadingWays
from archisync_gui.model import SyncFailure, SystemClock, warning_parts

CASES = Path(__file__).with_name("cases")
FIELDS = ("ID", "NAME", "STATUS")
ROSSI, BIANCHI = ["1", "Rossi", "Open"], ["2", "Bianchi", "Closed"]


class Pages:
    """Opens the case pages, one at a time, in one browser."""

    def __init__(self, browser: Browser, base: str) -> None:
        self._browser = browser
        self._base = base

    async def open(self, name: str) -> PageDriver:
        """The page ``cases/{name}.html``."""
        page = await self._browser.page("cases")
        await page.goto(f"{self._base}/{name}.html", wait_until="load")
        driver = PageDriver(page, self._base)
        assert (await driver.look(Look.READY, 5))["grid"]
        return driver

    async def script(self, expression: str) -> Any:
        """What a script of the test says about the page."""
        return await (await self._browser.page("cases")).evaluate(expression)


@pytest.fixture
async def pages() -> AsyncIterator[Pages]:
    app = web.Application()
    app.router.add_static("/", CASES)
    runner = web.AppRunner(app, handle_signals=False, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    browser = Browser()
    try:
        yield Pages(browser, f"http://127.0.0.1:{runner.addresses[0][1]}")
    finally:
        await browser.close()
        await runner.cleanup()


async def read(driver: PageDriver, fields: tuple[str, ...] = FIELDS) -> dict[str, Any]:
    """The page on show, read by its cells, without waiting long for paint."""
    answer = await driver.turn(None, ReadPlan("cells", fields, 5), 5, 0.05)
    return dict(answer["page"])


def entity(*fields: str) -> Entity:
    """A list without preset that has these text columns."""
    columns = tuple(Column(field, field.lower(), field, field, Kind.TEXT) for field in fields)
    return replace(DDT, columns=columns, key=("id",), natural_key=("id",), filter=None, garbage=(), search=())


@dataclass
class Session:
    """As much of a session as a list view needs."""

    limits: Limits


def list_view(driver: PageDriver, entity_: Entity) -> ListView:
    session: Any = Session(Limits(callback=3, dialog=3, paint=0.05, values=1))
    fields = tuple(dict.fromkeys(column.field_name for column in entity_.columns))
    return ListView(session, driver, entity_, fields, SystemClock(), ReadingWays())


def test_every_case_has_a_test() -> None:
    source = Path(__file__).read_text("utf-8")
    for page in CASES.glob("*.html"):
        number = page.name.partition("-")[0]
        assert re.search(rf"def test_(\d\d_)?{number}_", source), page.name


async def test_01_null_texts_are_no_filters(pages: Pages) -> None:
    driver = await pages.open("01-null-text")
    filters = (await driver.look(Look.STATE))["filters"]
    assert (filters["row"], filters["search"], filters["bar"], filters["unknown"]) == ([], "", "", [])
    box = await driver.look(Look.SEARCH_BOX)
    assert box["input"] == "Vertical_SearchAC_Menu_ITCNT0_xaf_a0_Ed_I"
    assert box["button"] == "Vertical_SearchAC_Menu_ITCNT0_xaf_a0_Ed_B1", "derived from the box found"


@pytest.mark.parametrize("digit", ["a1", "a2"])
async def test_02_a_preset_is_clicked_and_the_server_hears_of_it(pages: Pages, digit: str) -> None:
    driver = await pages.open(f"02-preset-{digit}")
    view = list_view(driver, replace(entity(*FIELDS), filter=DDT.filter))
    held: list[Any] = []

    async def load_again() -> Any:
        held.append(await pages.script("window.server"))
        return await view.look()

    view.load_again = load_again  # type: ignore[method-assign]
    await view.look()
    await Presets(view).choose(
        f"Vertical_mainMenu_Menu_ITCNT4_xaf_{digit}_Cb", f"xaf_xaf_{digit}ListViewPackingSlipsAll"
    )
    assert held == [{"filter": f"xaf_xaf_{digit}ListViewPackingSlipsAll", "calls": 1}], "proven by loading again"
    assert not [line for line in await pages.script("window.log") if line[1] == "SetValue"]


async def test_02_a_preset_that_does_not_survive_loading_again_is_refused(pages: Pages) -> None:
    driver = await pages.open("02-preset-a1")
    view = list_view(driver, replace(entity(*FIELDS), filter=DDT.filter))

    async def load_again() -> Any:
        await pages.open("02-preset-a1")
        return await view.look()

    view.load_again = load_again  # type: ignore[method-assign]
    await view.look()
    with pytest.raises(SyncFailure, match="filter-preset"):
        await Presets(view).choose("Vertical_mainMenu_Menu_ITCNT4_xaf_a1_Cb", "xaf_xaf_a1ListViewPackingSlipsAll")


async def test_03_yes_and_no_are_read_from_the_image(pages: Pages) -> None:
    page = await read(await pages.open("03-checkbox-image"), ("ID", "GIFT"))
    assert page["rows"] == [["1", "Checked"], ["2", "Unchecked"]]


@pytest.mark.parametrize("name", ["04-paint-script", "05-paint-na"])
async def test_04_05_scripts_and_file_cells_do_not_count_as_paint(pages: Pages, name: str) -> None:
    page = await read(await pages.open(name), ("ID", "NAME"))
    assert page["painted"] is False


async def test_06_an_indent_cell_does_not_shift_the_fields(pages: Pages) -> None:
    page = await read(await pages.open("06-indent-header"))
    assert page["rows"] == [ROSSI, BIANCHI]


async def test_07_headers_in_a_table_of_their_own(pages: Pages) -> None:
    page = await read(await pages.open("07-scroll-headers"))
    assert page["rows"] == [ROSSI, BIANCHI]


async def test_08_a_grouped_column_has_no_cell(pages: Pages) -> None:
    page = await read(await pages.open("08-grouped-left-over"))
    assert page["rows"] == [["1", "Rossi", None], ["2", "Bianchi", None]]
    assert page["shown"] == ["ID", "NAME"]


async def test_09_a_size_that_is_not_offered_is_ignored_whatever_the_box_shows(pages: Pages) -> None:
    driver = await pages.open("09-page-size-not-offered")
    view = list_view(driver, entity(*FIELDS))
    page = await view.prepare(100, sort=None)
    assert [warning_parts(text)[0] for text in view.warnings if "page-size" in text] == ["page-size-ignored"]
    state = await view.look()
    assert (state["size"], state["sizeText"]) == (20, "100")
    assert len(page.rows) == 2


async def test_10_the_size_of_all_rows_is_kept_by_its_word(pages: Pages) -> None:
    state = await (await pages.open("10-page-size-all")).look(Look.STATE)
    assert view_of(state, None).size_text == "All"


async def test_11_a_filter_of_the_filter_builder_refuses_the_read(pages: Pages) -> None:
    driver = await pages.open("11-filter-bar")
    view = list_view(driver, entity(*FIELDS))
    with pytest.raises(SyncFailure, match="filter-builder"):
        await view.prepare(20)
    assert await pages.script("window.log") == [], "nothing was touched"
    with pytest.raises(SyncFailure, match="filter-builder"):
        check_filters(view.entity, view.state)


async def test_12_the_column_dialog_is_never_opened(pages: Pages) -> None:
    """The user's own columns stay; a hidden column is read by values or, as here, not at all."""
    driver = await pages.open("12-column-dialog")
    view = list_view(driver, entity(*FIELDS))
    page = await view.prepare(20, sort=None)
    assert [row[:2] for row in page.rows] == [("1", "Rossi"), ("2", "Bianchi")]
    assert page.column("STATUS") == (None, None)
    shown = await pages.script("document.getElementById('Vertical_v1_777_LE_v1_DXCDWindow_PW-1').style.display")
    assert shown == "none"
    assert "columns-not-read" in {warning_parts(text)[0] for text in view.warnings}


async def test_13_rows_of_a_nested_grid_are_not_rows_of_the_list(pages: Pages) -> None:
    page = await read(await pages.open("13-nested-grid"))
    assert page["rows"] == [ROSSI, BIANCHI]


async def test_14_the_template_row_of_batch_editing_is_no_row(pages: Pages) -> None:
    page = await read(await pages.open("14-template-row"))
    assert page["rows"] == [ROSSI, BIANCHI]


async def test_15_a_grid_control_without_its_table_is_passed_over(pages: Pages) -> None:
    driver = await pages.open("15-stale-grid")
    assert (await driver.look(Look.STATE))["name"] == "Vertical_v1_777_LE_v1"
    assert (await read(driver))["rows"] == [ROSSI, BIANCHI]


async def test_16_a_total_with_another_thousands_sign(pages: Pages) -> None:
    assert (await read(await pages.open("16-footer-count")))["footer"] == 1110


async def test_17_banded_headers_are_refused_by_name(pages: Pages) -> None:
    driver = await pages.open("17-bands")
    page = await read(driver)
    assert (page["problem"], page["rows"]) == ("header-rows", [])
    with pytest.raises(SyncFailure, match="grid-header-rows"):
        await list_view(driver, entity(*FIELDS)).prepare(20, sort=None)


async def test_18_a_date_filter_is_kept_as_the_controls_value(pages: Pages) -> None:
    state = await (await pages.open("18-date-filter-editor")).look(Look.STATE)
    assert view_of(state, None).filter_row == (RowFilter("DAY", "2026-04-03T00:00:00"),)
    refuse_what_cannot_be_restored(entity("ID", "DAY"), state)


async def test_19_columns_without_visible_index_are_examined(pages: Pages) -> None:
    driver = await pages.open("19-no-visible-index")
    state = await driver.look(Look.STATE)
    assert [column["at"] for column in state["columns"]] == [None, None, None]
    assert (await read(driver))["rows"] == [ROSSI, BIANCHI]
    structure = await driver.look(Look.STRUCTURE)
    assert len(structure["grid"]["columns"]) == 3


async def test_values_that_the_grid_cannot_give_fall_back_to_cells(pages: Pages) -> None:
    """The grids of these pages have no ``GetPageRowValues``."""
    view = list_view(await pages.open("06-indent-header"), entity(*FIELDS))
    page = await view.prepare(20, sort=None)
    assert page.rows == (tuple(ROSSI), tuple(BIANCHI))
    assert "cells-missing" in {warning_parts(text)[0] for text in view.warnings}


async def test_page_turns_are_awaited(pages: Pages) -> None:
    driver = await pages.open("09-page-size-not-offered")
    await driver.act(Act.PAGE, 3, index=2)
    assert (await driver.look(Look.STATE))["index"] == 2
