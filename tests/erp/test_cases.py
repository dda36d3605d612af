"""Small pages with one peculiarity each (``tests/erp/cases``): the driver reads them correctly, or refuses with the
name of the reason."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from case_pages import (
    FOLDER,
    LIMITS,
    PATH,
    SMALL,
    WITH_PRESET,
    CasePages,
    Check,
    checks_of,
    run_checks,
)

from archisync_gui.erp.driver.page_driver import Act, Look, PageDriver
from archisync_gui.erp.lists.detail import read_record
from archisync_gui.erp.lists.filters import check_filters
from archisync_gui.model import SyncFailure

ROWS = [["1", "Rossi", "Open"], ["2", "Bianchi", "Closed"]]
MENU = "Vertical_mainMenu_Menu_ITCNT4_xaf_{digit}_Cb"


async def null_texts_are_no_filters(cases: CasePages) -> None:
    await cases.open("01-null-text")
    filters = (await cases.state())["filters"]
    assert (filters["row"], filters["search"], filters["bar"], filters["unknown"]) == ([], "", "", [])


async def _preset_is_chosen(cases: CasePages, digit: str) -> None:
    view = await cases.view(f"02-preset-{digit}", WITH_PRESET)
    # As the page's own handler does after the server has accepted the choice.
    await cases.run(
        """() => { preset.onPick = v => view.call("view", [v], () => { server.filter = v; server.calls++;
        preset.xafOldSelectedIndex = preset.GetSelectedIndex(); }); }"""
    )
    await view._presets.prepare()
    assert await cases.run("server.filter") == f"xaf_xaf_{digit}ListViewPackingSlipsAll"
    assert await cases.run("server.calls") == 1
    assert await cases.run("log.filter(l => l[1] === 'SetValue').length") == 0, "chosen by a call and not by a click"
    check_filters(WITH_PRESET, await cases.state())


async def a_preset_is_chosen_as_a_person_does(cases: CasePages) -> None:
    await _preset_is_chosen(cases, "a1")


async def a_preset_with_another_digit_in_its_id_is_chosen(cases: CasePages) -> None:
    await _preset_is_chosen(cases, "a2")


async def a_choice_that_nothing_proves_is_refused(cases: CasePages) -> None:
    # Neither the page's handler nor the reloaded page shows the choice (this page loses it when it is reloaded).
    view = await cases.view("02-preset-a1", WITH_PRESET)
    with pytest.raises(SyncFailure) as caught:
        await view._presets.prepare()
    assert caught.value.code == "filter-preset"


async def check_boxes_are_read_from_their_images(cases: CasePages) -> None:
    await cases.open("03-checkbox-image")
    assert (await cases.cells("ID", "NAME", "GIFT"))["rows"] == [
        ["1", "Rossi", "Checked"],
        ["2", "Bianchi", "Unchecked"],
    ]


async def a_script_in_a_command_cell_is_no_paint(cases: CasePages) -> None:
    await cases.open("04-paint-script")
    assert (await cases.cells("ID", "NAME"))["painted"] is False


async def a_file_cell_is_no_paint(cases: CasePages) -> None:
    await cases.open("05-paint-na")
    assert (await cases.cells("ID", "NAME"))["painted"] is False
    assert (await cases.driver.look(Look.EMPTY_ROWS, ["ID", "NAME"], 0.2)) == {"rows": 2, "painted": False}


async def _rows(cases: CasePages, name: str) -> None:
    await cases.open(name)
    assert (await cases.cells())["rows"] == ROWS


async def an_indent_cell_shifts_no_field(cases: CasePages) -> None:
    await _rows(cases, "06-indent-header")


async def headers_in_a_table_of_their_own_are_found(cases: CasePages) -> None:
    await _rows(cases, "07-scroll-headers")


async def a_grouped_column_without_a_cell_shifts_no_field(cases: CasePages) -> None:
    await cases.open("08-grouped-left-over")
    assert (await cases.cells())["rows"] == [["1", "Rossi", None], ["2", "Bianchi", None]]


async def a_page_size_that_is_not_offered_is_known_as_ignored(cases: CasePages) -> None:
    view = await cases.view("09-page-size-not-offered")
    page = await view._first(100)
    assert await cases.run("document.querySelector(\"[id$='_PSI']\").value") == "100"
    assert page.size == 2, "not the number of rows of a page that is not the last one"
    assert (await cases.state())["size"] == 20
    assert [text for text in view.warnings if text.startswith("page-size-ignored")]


async def the_size_all_can_be_restored(cases: CasePages) -> None:
    await cases.open("10-page-size-all")
    assert (await cases.state())["sizeText"] == "All"


async def a_filter_of_the_filter_builder_is_refused(cases: CasePages) -> None:
    view = await cases.view("11-filter-bar")
    assert "[Amount] > 1000" in view.state["filters"]["builder"]
    with pytest.raises(SyncFailure) as caught:
        await view.prepare(20)
    assert caught.value.code == "filter-builder"
    assert await cases.run("log") == [], "the page was changed"


async def the_column_dialog_is_never_opened(cases: CasePages) -> None:
    view = await cases.view("12-column-dialog")
    await cases.run("() => { window.opened = 0; grid.onDialog = () => { window.opened++; }; }")
    page = await view.prepare(20)
    assert page.rows == (("1", "Rossi", None), ("2", "Bianchi", None)), "the hidden column was read"
    assert await cases.run("window.opened") == 0
    names = {act.value[0] for act in Act}
    assert not [name for name in names if "olumn" in name or "ialog" in name]


async def rows_of_a_nested_grid_are_not_counted(cases: CasePages) -> None:
    await _rows(cases, "13-nested-grid")


async def a_template_row_is_not_counted(cases: CasePages) -> None:
    await _rows(cases, "14-template-row")


async def a_control_whose_table_is_gone_is_not_the_grid(cases: CasePages) -> None:
    await _rows(cases, "15-stale-grid")
    assert (await cases.state())["name"] == "Vertical_v1_777_LE_v1"


async def a_footer_with_other_separators_is_not_read_as_one(cases: CasePages) -> None:
    for text, count in (
        ("Count=1 110", 1110),
        ("Count=1\\u00a0110", 1110),
        ("Count=1\\u202f110", 1110),
        ("Count=1'110", 1110),
        ("Count=1.110", 1110),
        ("Count=1,110", 1110),
        ("Count=25", 25),
        ("Conteggio=25", None),
        ("", None),
    ):
        await cases.open(
            "16-footer-count", f'() => {{ document.querySelector("[id$=\'FooterRow\'] td").textContent = "{text}"; }}'
        )
        assert (await cases.cells())["footer"] == count, text


async def several_header_rows_are_refused_by_name(cases: CasePages) -> None:
    await cases.open("17-bands")
    page = await cases.cells()
    assert (page["problem"], page["found"], page["rows"]) == ("header-rows", "2", [])
    view = await cases.view("17-bands")
    with pytest.raises(SyncFailure) as caught:
        await view.turn(None)
    assert caught.value.code == "grid-header-rows"


async def a_date_filter_is_kept_as_the_value_of_its_control(cases: CasePages) -> None:
    await cases.open("18-date-filter-editor")
    (found,) = (await cases.state())["filters"]["row"]
    assert (found["field"], found["value"]) == ("DAY", "2026-04-03T00:00:00")


async def columns_without_visible_index_are_mapped(cases: CasePages) -> None:
    await _rows(cases, "19-no-visible-index")
    assert (await cases.driver.look(Look.STRUCTURE))["grid"]["columns"][0]["at"] is None


DETAIL = replace(SMALL, detail_path=PATH)


async def _record(cases: CasePages, key: str, script: str = "") -> Mapping[str, str]:
    async def open_page(path: str, on_login: Callable[[], None]) -> PageDriver:
        return await cases.open("20-detail-twice", script)

    session: Any = SimpleNamespace(open=open_page, close=lambda: asyncio.sleep(0), limits=LIMITS)
    fields = ("ID", "NAME", "CITY", "PHONE", "FAX", "VAT")
    return await read_record(session, DETAIL, key, fields, lambda: None)


async def of_several_elements_of_one_name_the_records_own_on_show_counts(cases: CasePages) -> None:
    assert await _record(cases, "50120") == {"ID": "50.120", "NAME": "Rossi", "CITY": "Napoli"}


async def a_text_that_stands_for_one_to_come_is_not_read(cases: CasePages) -> None:
    loading = """() => {
        const name = document.querySelector("[id$='xaf_l1_xaf_dviCITY_View'], [id$='xaf_l7_xaf_dviCITY_View']");
        name.textContent = "Caricamento…";
        const panel = new make.Ctl("Vertical_v3_777_CITY");
        panel.call("load", [], () => { name.textContent = "Salerno"; });
        panel.busy = BUSY;
    }"""
    assert (await _record(cases, "50120", loading.replace("BUSY", "1")))["CITY"] == "Salerno"
    with pytest.raises(SyncFailure, match="erp-never-idle"):
        await _record(cases, "50120", loading.replace("BUSY", "2"))


async def a_record_whose_page_shows_two_ids_is_refused(cases: CasePages) -> None:
    two = """() => {
        const id = document.querySelector("[id$='xaf_dviID_View']"), other = id.cloneNode();
        other.textContent = "50.121";
        id.after(other);
    }"""
    with pytest.raises(SyncFailure) as caught:
        await _record(cases, "50120", two)
    assert caught.value.code == "record-other"


EXPECTED: dict[str, tuple[Check, ...]] = {
    "01-null-text": (null_texts_are_no_filters,),
    "02-preset-a1": (a_preset_is_chosen_as_a_person_does, a_choice_that_nothing_proves_is_refused),
    "02-preset-a2": (a_preset_with_another_digit_in_its_id_is_chosen,),
    "03-checkbox-image": (check_boxes_are_read_from_their_images,),
    "04-paint-script": (a_script_in_a_command_cell_is_no_paint,),
    "05-paint-na": (a_file_cell_is_no_paint,),
    "06-indent-header": (an_indent_cell_shifts_no_field,),
    "07-scroll-headers": (headers_in_a_table_of_their_own_are_found,),
    "08-grouped-left-over": (a_grouped_column_without_a_cell_shifts_no_field,),
    "09-page-size-not-offered": (a_page_size_that_is_not_offered_is_known_as_ignored,),
    "10-page-size-all": (the_size_all_can_be_restored,),
    "11-filter-bar": (a_filter_of_the_filter_builder_is_refused,),
    "12-column-dialog": (the_column_dialog_is_never_opened,),
    "13-nested-grid": (rows_of_a_nested_grid_are_not_counted,),
    "14-template-row": (a_template_row_is_not_counted,),
    "15-stale-grid": (a_control_whose_table_is_gone_is_not_the_grid,),
    "16-footer-count": (a_footer_with_other_separators_is_not_read_as_one,),
    "17-bands": (several_header_rows_are_refused_by_name,),
    "18-date-filter-editor": (a_date_filter_is_kept_as_the_value_of_its_control,),
    "19-no-visible-index": (columns_without_visible_index_are_mapped,),
    "20-detail-twice": (
        of_several_elements_of_one_name_the_records_own_on_show_counts,
        a_text_that_stands_for_one_to_come_is_not_read,
        a_record_whose_page_shows_two_ids_is_refused,
    ),
}


async def test_each_case_is_read_correctly_or_refused_by_name() -> None:
    await run_checks([check for checks in EXPECTED.values() for check in checks])


def test_every_case_has_a_check() -> None:
    assert {file.stem for file in FOLDER.glob("*.html")} == set(EXPECTED)


def test_every_check_has_a_case() -> None:
    assert {check for checks in EXPECTED.values() for check in checks} == set(checks_of(globals()))
