"""Every variation (a difference seen between visits of the real ERP) is switched on and observed in a real Chromium."""

from __future__ import annotations

import json
import re

import pytest
from demo_page import CUSTOMERS, DDT, INVOICES, ORDERS, PRELUDE, PRICES, PRODUCTS, run
from demo_visitor import boot
from playwright.async_api import expect

from archisync_gui.demo_erp import VARIATIONS
from archisync_gui.demo_erp.columns import LISTS
from archisync_gui.demo_erp.variations import LEFT_ON, parse_variation

pytestmark = pytest.mark.one_browser

HEADERS = """
    const headers = [...byId(grid.name + "_DXHeadersRow0").children].map(cell => {
        const found = /_col(\\d+)$/.exec(cell.id);
        return found ? grid.GetColumn(Number(found[1])).fieldName : null;
    });
    const firstRow = [...byId(grid.name + "_DXMainTable").querySelector("tr.dxgvDataRow_XafTheme").children];
"""
"""The header row's fields from left to right (None: a cell without a number) and the first data row's cells."""


async def choose(page, text, list_ending="_Cb"):
    """Choose an option of the preset filter as a user does, and wait for the page's answer."""
    await page.evaluate(f"() => {{ {PRELUDE} window.done = false; ended().then(() => window.done = true); }}")
    await page.click(f"[id$={list_ending}_B-1]")
    await page.locator(f"[id$={list_ending}_DDD_L] td[data-index]", has_text=re.compile(f"^{text} ?$")).click()
    await page.wait_for_function("() => window.done")


def test_the_table_speaks_both_languages_and_parses() -> None:
    for switch in VARIATIONS.values():
        assert switch.it
        assert switch.en != switch.it
        assert not switch.main or switch.main in {*switch.parameters, "list", "user", "times"}
    assert parse_variation("sizes=10,20,All") == ("sizes", {"offered": "10,20,All"})
    with pytest.raises(ValueError, match="no such variation"):
        parse_variation("no-such")
    assert set(VARIATIONS) > LEFT_ON


def test_every_variation_has_a_test() -> None:
    """Each name occurs in this file."""
    with open(__file__, encoding="utf-8") as file:  # noqa: PTH123 - this file
        text = file.read()
    assert [name for name in VARIATIONS if text.count(f'"{name}"') < 1] == []


# --- ids, language, version


async def test_other_digits_change_ids_and_values(erp, pages):
    erp.vary("other-digits")
    page = await pages(erp, CUSTOMERS)
    seen = await run(
        page,
        """const found = [];
        all.ForEachControl(c => {
            if (/_(Cb|Ed)$/.test(c.name)) found.push([c.name, c.GetItem ? c.GetItem(0).value : ""]);
        });
        return JSON.stringify(found);""",
    )
    assert seen == [
        ["Vertical_SearchAC_Menu_ITCNT0_xaf_a1_Ed", ""],
        ["Vertical_mainMenu_Menu_ITCNT4_xaf_a0_Cb", "xaf_xaf_a0CustomerListViewAgent"],
        ["Vertical_mainMenu_Menu_ITCNT7_xaf_a3_Cb", "xaf_xaf_a3All_Customers"],
    ]
    await page.click("#Vertical_mainMenu_Menu_ITCNT7_xaf_a3_Cb_B-1")
    await page.evaluate(f"() => {{ {PRELUDE} window.done = false; ended().then(() => window.done = true); }}")
    await page.click("#Vertical_mainMenu_Menu_ITCNT7_xaf_a3_Cb_DDD_L_LBI1T0")
    await page.wait_for_function("() => window.done")
    assert erp.get_preferences("agente01", "customers").preset == "Exclusiv_customers"


async def test_a_single_combo_may_count_as_second(erp, pages):
    erp.vary("toolbar-combo-a2", "ddt")
    page = await pages(erp, DDT)
    seen = await run(page, "return JSON.stringify([combo.name, combo.GetItem(0).value])")
    assert seen == [
        "Vertical_mainMenu_Menu_ITCNT4_xaf_a2_Cb",
        "xaf_xaf_a2ListViewPackingSlipsPackingSlipsToday",
    ]


async def test_an_english_session_shows_the_enums_own_names(erp, pages):
    erp.vary("english-session")
    page = await pages(erp, ORDERS)
    await expect(page.locator("h1")).to_have_text("Orders")
    seen = await run(
        page,
        """const e = grid.GetAutoFilterEditor(grid.GetColumnByField("TRANSFERSTATUS").index);
        const at = grid.GetColumnByField("CREATEDDATETIME").visibleIndex;
        return JSON.stringify([[...Array(e.GetItemCount()).keys()].map(i => [e.GetItem(i).value, e.GetItem(i).text]),
            combo.GetText(), grid.GetDataRow(0).children[at].textContent]);""",
    )
    assert ["Approvel_regionalmanager", "Approvel_regionalmanager"] in seen[0]
    assert ["Transfered", "Transfered"] in seen[0]
    assert seen[1] == "All orders "
    assert re.fullmatch(r"\d\d/\d\d/\d{4} \d\d:\d\d:\d\d", seen[2])  # the cells follow the browser
    erp.vary("english-session", "en")
    await page.reload()
    await expect(page.locator("tr.dxgvDataRow_XafTheme").first).to_contain_text(re.compile("[AP]M"))


async def test_another_version_and_other_null_texts(erp, pages):
    erp.vary("version", "2.0.21")
    erp.vary("other-null-texts")
    page = await pages(erp, ORDERS)
    await expect(page.locator("#Vertical_Footer")).to_contain_text("2.0.21")
    seen = await run(
        page,
        """const e = grid.GetAutoFilterEditor(grid.GetColumnByField("SALESTYPE").index);
        return JSON.stringify([byId(e.name + "_I").value, e.nullText, e.GetValue(),
            byId(search.name + "_I").value, search.nullText, search.GetValue()]);""",
    )
    assert seen == ["N/D", "N/D", None, "Type to search", "Type to search", None]


@pytest.mark.parametrize(("cells", "text"), [("plain", r"\d{5}"), ("comma", r"\d\d,\d{3}")])
async def test_ids_come_in_other_notations(erp, pages, cells, text):
    erp.vary("id-notation", cells=cells, keys="dotted")
    page = await pages(erp, ORDERS)
    seen = await run(
        page,
        """const at = grid.GetColumnByField("ID").visibleIndex;
        return JSON.stringify(
            [grid.GetDataRow(0).children[at].textContent, grid.GetRowKey(0), await pageValues("ID")]);""",
    )
    assert re.fullmatch(text, seen[0])
    assert re.fullmatch(r"\d\d\.\d{3}", seen[1])
    assert seen[2][0] == int(seen[1].replace(".", ""))


async def test_detail_pages_of_others_are_refused_and_ids_keep_their_path(erp, visit):
    visitor = visit(erp)
    await visitor.login("agente02")
    foreign = next(row["ID"] for row in erp.rows("customers", "agente01") if row["ID"])
    own = next(row["ID"] for row in erp.rows("customers", "agente02") if row["ID"])
    erp.vary("foreign-details-refused")
    erp.vary("details-by-path", "customers")
    assert (await visitor.get(f"CUSTTABLE_DetailView/{foreign}/?mode=View"))[2].endswith("Error.aspx")
    _, text, _ = await visitor.get(f"CUSTTABLE_DetailView/{own}/?mode=View")
    assert "xaf_dviLOGISTICSADDRESSZIPCODE_ZIPCODE_View" in text
    assert "xaf_dviBUSRELTYPEID_TYPEID_View" in text


# --- login page


async def test_the_login_page_may_show_a_text_before_a_login(erp, visit):
    visitor = visit(erp)
    erp.vary("login-notice", "Torniamo <domani>.")
    assert 'class="ErrorInfo">Torniamo &lt;domani&gt;.</div>' in (await visitor.get("Login.aspx"))[1]
    erp.fault("login-refused", how="reload")
    there = (await visitor.login())["redirect"].rpartition("/")[2]
    assert "password non sono corretti.</div>" in (await visitor.get(there))[1]


# --- lists that load empty


@pytest.mark.parametrize(("path", "name"), [(DDT, "ddt"), (INVOICES, "invoices")])
async def test_a_list_loads_empty_until_another_preset_is_chosen(erp, pages, path, name):
    erp.vary("loads-empty")
    page = await pages(erp, path)
    seen = await run(
        page,
        """const data = c => c.querySelector("script") ? "" : c.textContent.trim();
        const rows = [...document.querySelectorAll("tr.dxgvDataRow_XafTheme")];
        return JSON.stringify([rows.flatMap(r => [...r.children].map(data)).filter(t => t), rows.length > 0,
            grid.GetVisibleRowsOnPage(), rows[0].children[1].textContent.slice(0, 3)]);""",
    )
    assert seen[0] == []
    assert seen[1]
    assert (seen[2] == 0) == (name == "invoices")
    assert seen[3] == "N/A"
    await run(page, "await after(() => grid.Refresh()); return '1'")
    assert "/26" not in await page.locator("tr.dxgvDataRow_XafTheme").first.inner_text()
    await choose(page, "Tutti")
    await expect(page.locator("tr.dxgvDataRow_XafTheme").first).to_contain_text("/")
    other = await pages(erp, ORDERS)
    await expect(other.locator("tr.dxgvDataRow_XafTheme").first).to_contain_text("/")


# --- the grid's HTML


async def test_headers_are_in_a_separate_table(erp, pages):
    erp.vary("scrolling-headers")
    page = await pages(erp, ORDERS)
    seen = await run(
        page,
        f"""{HEADERS}
        return JSON.stringify([!!byId(grid.name + "_DXMainTable").querySelector("[id$=_DXHeadersRow0]"),
            byId(grid.name + "_DXHeadersRow0").closest("table").id === grid.name + "_DXHeaderTable",
            headers.length, firstRow.length, headers.at(-1), firstRow.at(-1).textContent]);""",
    )
    assert seen == [False, True, 25, 25, None, ""]


async def test_an_indent_cell_without_id_leads_each_row(erp, pages):
    erp.vary("indent-cells")
    page = await pages(erp, ORDERS)
    seen = await run(page, f"{HEADERS} return JSON.stringify([headers.slice(0, 4), firstRow[0].id, firstRow.length])")
    assert seen == [[None, "", "", "ID"], "", 25]


async def test_banded_headers_have_two_rows(erp, pages):
    erp.vary("bands", "ddt")
    page = await pages(erp, DDT)
    seen = await run(
        page,
        """return JSON.stringify([byId(grid.name + "_DXHeadersRow0").children.length,
            byId(grid.name + "_DXHeadersRow1").children.length, grid.columns.at(-1).fieldName]);""",
    )
    assert seen == [3, 15, ""]
    page = await pages(erp, ORDERS)
    assert await page.locator("[id$=_DXHeadersRow1]").count() == 0


async def test_nested_grids_and_template_rows_are_between_the_rows(erp, pages):
    erp.vary("detail-rows")
    erp.vary("template-row")
    page = await pages(erp, ORDERS)
    seen = await run(
        page,
        """const rows = document.querySelectorAll("tr.dxgvDataRow_XafTheme");
        return JSON.stringify([rows.length, grid.GetVisibleRowsOnPage(), rows[0].id.endsWith("_DXDataRownew"),
            rows[0].style.display, document.querySelectorAll("[id$=_dxdt0_sub_DXDataRow0]").length,
            (await pageValues("ID")).length]);""",
    )
    assert seen == [23, 20, True, "none", 1, 20]


async def test_a_stale_control_is_still_registered(erp, pages):
    erp.vary("stale-control")
    page = await pages(erp, ORDERS)
    names = await run(
        page,
        """const names = [];
        all.ForEachControl(c => { if (/_LE_v\\d+$/.test(c.name)) names.push([c.name, !!c.GetMainElement()]); });
        return JSON.stringify(names);""",
    )
    assert names[0] == ["Vertical_v1_111_LE_v1", False]
    assert [there for _, there in names] == [False, True]


async def test_the_footer_groups_thousands_otherwise(start_erp, pages):
    erp = await start_erp(scale=1.2)
    erp.vary("footer-separator")
    page = await pages(erp, ORDERS)
    total = len(erp.rows("orders", "agente01"))
    assert total > 1_000
    await expect(page.locator("[id$=_DXFooterRow]")).to_contain_text(f"Count={total:,}".replace(",", " "))


async def test_client_columns_without_visible_index(erp, pages):
    erp.vary("no-visible-index")
    page = await pages(erp, ORDERS)
    assert not await run(page, 'return JSON.stringify(grid.columns.some(c => "visibleIndex" in c))')


async def test_columns_added_shift_every_index(erp, pages):
    page = await pages(erp, ORDERS)
    script = f"""{HEADERS} return JSON.stringify([grid.GetColumnByField("MODIFIEDDATETIME").index,
        grid.GetColumnCount(), headers, grid.GetColumnByField("SALESID").visibleIndex, firstRow.length])"""
    before = await run(page, script)
    erp.vary("columns-added", 9)
    await page.reload()
    after = await run(page, script)
    assert (before[0], after[0]) == (47, 56)
    assert after[1] == before[1] + 9
    assert after[2] == [*before[2][:2], "BRASUPDATE1", *before[2][2:]]
    assert after[3] == before[3] + 1
    assert after[4] == before[4] + 1


async def test_the_filter_bar_shows_filters_of_the_builder_and_in_a_variation_all_filters(erp, pages):
    page = await pages(erp, CUSTOMERS)
    bar = page.locator("[id$=_DXFilterBar]")
    await expect(bar).to_have_count(0)
    erp.set_preferences("agente01", "customers", filter_row=[("NAME", "o", "Contains")])
    await page.reload()
    await expect(bar).to_have_count(0)
    erp.vary("filter-bar-for-all")
    await page.reload()
    await expect(bar).to_contain_text("[NAME]")
    erp.clear_variations()
    # A filter of a hidden column has no editor and is shown only in the bar.
    erp.set_preferences("agente01", "customers", filter_row=[("OURACCOUNTNUM", "1", "Equals")])
    await page.reload()
    await expect(bar).to_contain_text("[OURACCOUNTNUM]")


# --- page sizes


async def test_other_sizes_are_offered_and_others_ignored(erp, pages):
    erp.vary("sizes", "10,20,50")
    page = await pages(erp, ORDERS)
    seen = await run(
        page,
        """const box = document.querySelector("input[id*=DXPagerBottom_PSI]");
        box.value = "200";
        ASPx.POnPageSizeBlur(grid.name + "_DXPagerBottom", new Event("blur"));
        const ignored = [box.value, grid.InCallback(), grid.pageRowSize];
        await size(50);
        return JSON.stringify([ignored, grid.pageRowSize, grid.GetVisibleRowsOnPage()]);""",
    )
    total = len(erp.rows("orders", "agente01"))
    assert seen == [["200", False, 20], 50, min(50, total)]


async def test_all_rows_left_on_as_page_size(erp, pages):
    erp.vary("page-size-all", "orders")
    before = erp.view_record("agente01", "orders")
    page = await pages(erp, ORDERS)
    seen = await run(
        page,
        """const box = () => document.querySelector("input[id*=DXPagerBottom_PSI]").value;
        const first = [box(), grid.GetPageIndex(), grid.pageRowSize, grid.GetVisibleRowsOnPage()];
        await size(20); await size("All");
        return JSON.stringify([first, box()]);""",
    )
    assert seen == [["All", -1, 20, len(erp.rows("orders", "agente01"))], "All"]
    assert erp.view_record("agente01", "orders") == before


# --- what a preset does to the grid


@pytest.mark.parametrize(
    ("variation", "same_object", "same_id", "old_registered"),
    [("", False, True, False), ("grid-kept", True, True, True), ("grid-renumbered", False, False, True)],
)
async def test_a_preset_may_replace_the_grid(erp, pages, variation, same_object, same_id, old_registered):
    if variation:
        erp.vary(variation)
    page = await pages(erp, ORDERS)
    await page.evaluate(f"() => {{ {PRELUDE} window.old = grid; }}")
    await choose(page, "Ordini completati")
    seen = await run(
        page,
        """return JSON.stringify([grid === window.old, grid.name === window.old.name,
            all.GetByName(window.old.name) === window.old, (await pageValues("SALESSTATUS"))]);""",
    )
    assert seen[:3] == [same_object, same_id, old_registered]
    assert set(seen[3]) == {"Invoiced"}


async def test_the_page_may_accept_a_preset_early(erp, pages):
    erp.vary("preset-accepted-early")
    erp.fault("callback-error", "orders")
    page = await pages(erp, ORDERS)
    await choose(page, "Ordini inseriti")
    assert await run(page, "return JSON.stringify(combo.xafOldSelectedIndex === combo.GetSelectedIndex())")
    assert erp.get_preferences("agente01", "orders").preset == "ListViewSalesTableOrdersAll"


# --- row values


async def test_there_may_be_no_page_values(erp, pages):
    erp.vary("page-values-absent", "orders")
    page = await pages(erp, ORDERS)
    assert await run(page, "return JSON.stringify(typeof grid.GetPageRowValues)") == "undefined"
    page = await pages(erp, DDT)
    assert await run(page, "return JSON.stringify(typeof grid.GetPageRowValues)") == "function"


async def test_page_values_may_never_come(erp, pages):
    erp.vary("page-values-silent", "orders", times=1)
    page = await pages(erp, ORDERS)
    assert await run(page, 'grid.GetPageRowValues("ID", () => {}); return JSON.stringify(grid.InCallback())')
    await page.reload()
    assert len(await run(page, 'return JSON.stringify(await pageValues("ID"))')) == 20


async def test_page_values_may_end_in_an_error(erp, pages):
    erp.vary("page-values-error")
    page = await pages(erp, ORDERS)
    seen = await run(
        page, 'let got = 0; const ok = await ended(() => grid.GetPageRowValues("ID", () => got++)); '
        "return JSON.stringify([ok, got, grid.InCallback()])"
    )  # fmt: skip
    assert seen == [False, 0, False]


async def test_page_values_may_be_those_of_another_page(erp, pages):
    erp.vary("page-values-stale")
    page = await pages(erp, ORDERS)
    seen = await run(
        page,
        """const before = grid.keys.slice();
        await after(() => grid.NextPage());
        return JSON.stringify([before, grid.keys, (await pageValues("ID")).map(String)]);""",
    )
    assert seen[2] == seen[0]
    assert not set(seen[1]) & set(seen[2])


async def test_page_values_may_lack_rows(erp, pages):
    erp.vary("page-values-short", missing=2)
    page = await pages(erp, ORDERS)
    assert len(await run(page, 'return JSON.stringify(await pageValues("ID"))')) == 18


async def test_enum_values_may_be_words(erp, pages):
    erp.vary("enum-words")
    page = await pages(erp, ORDERS)
    assert "Ordine aperto" in await run(page, 'return JSON.stringify(await pageValues("SALESSTATUS"))')


# --- settings left on in a view


@pytest.mark.parametrize("name", sorted(LEFT_ON))
@pytest.mark.parametrize("list_name", LISTS)
async def test_settings_left_on_are_kept_for_the_user(erp, visit, name, list_name):
    shipped = erp.view_records()
    erp.vary(name, list=list_name, user="agente01")
    left = erp.view_records()
    changed = [key for key in left if left[key] != shipped[key]]
    no_presets = name == "preset-left-on" and not LISTS[list_name].options
    assert changed == ([] if no_presets else [f"agente01/{list_name}"])
    visitor = visit(erp)
    await visitor.login()
    await visitor.open(LISTS[list_name].path)
    assert erp.view_records() == left
    erp.reset_views()
    assert erp.view_records() == shipped


async def test_settings_left_on_are_visible_in_the_page(erp, pages):
    erp.vary("preset-left-on", list="prices")
    erp.vary("row-filter-left-on", list="orders")
    erp.vary("search-left-on", list="ddt")
    erp.vary("search-panel-left-on", list="invoices")
    erp.vary("header-filter-left-on", list="customers")
    erp.vary("builder-left-on", list="products")
    page = await pages(erp, PRICES)
    assert await run(page, "return JSON.stringify(combo.GetText())") == "Prezzi chiusi"
    await page.goto(f"{erp.base_url}/{ORDERS}")
    seen = await run(
        page,
        """const i = grid.GetColumnByField("SALESNAME").index;
        return JSON.stringify([grid.GetAutoFilterEditor(i).GetValue(), grid.filterRowConditions[i]]);""",
    )
    assert seen == ["a", 3]
    await page.goto(f"{erp.base_url}/{DDT}")
    assert await run(page, "return JSON.stringify(search.GetValue())") == "a"
    await page.goto(f"{erp.base_url}/{INVOICES}")
    seen = await run(page, 'return JSON.stringify([search.GetValue(), all.GetByName(grid.name + "_DXSE").GetValue()])')
    assert seen == [None, "a"]
    await page.goto(f"{erp.base_url}/{CUSTOMERS}")
    await expect(page.locator("img[alt='Filtered']")).to_have_count(1)
    await page.goto(f"{erp.base_url}/{PRODUCTS}")
    await expect(page.locator("[id$=_DXFilterBar]")).to_contain_text("[DESCRIPTION] <>")
    shown = await run(page, "return JSON.stringify(document.querySelectorAll('tr.dxgvDataRow_XafTheme').length)")
    assert shown == 20


@pytest.mark.parametrize("expanded", ["", "1"])
async def test_grouping_left_on_takes_the_columns_cell_and_adds_an_indent(erp, pages, expanded):
    erp.vary("grouping-left-on", list="orders", expanded=expanded)
    page = await pages(erp, ORDERS)
    seen = await run(
        page,
        """const heads = [...byId(grid.name + "_DXHeadersRow0").children], column = grid.GetColumnByField("SALESNAME");
        const rows = [...document.querySelectorAll("tr[id*=_DXDataRow]")];
        return JSON.stringify({ visible: column.visible, cell: !!byId(grid.name + "_col" + column.index),
            panel: !!byId(grid.name + "_groupcol" + column.index), heads: heads.length, first: heads[0].id,
            cells: rows.length ? rows[0].children.length : 0, rows: rows.length, group: column.groupIndex,
            groups: document.querySelectorAll("tr[id*=_DXGroupRow]").length,
            key: grid.GetRowKey(0), values: (await pageValues("ID")).length });
        """,
    )
    assert (seen["visible"], seen["cell"], seen["panel"], seen["group"]) == (True, False, True, 0)
    assert (seen["heads"], seen["first"]) == (24, "")  # with the indent cell the counts agree by chance
    assert seen["groups"] > 0
    assert seen["key"] is None
    assert seen["values"] == seen["rows"]
    assert seen["cells"] == (24 if expanded else 0)


async def test_the_list_follows_a_structure_from_a_report(start_erp, visit):
    from archisync_gui.demo_erp import Structure

    structure = Structure.parse(
        {
            "schema": "archisync-erp-structure/1",
            "version": "2.0.60",
            "lists": {
                "prices": {
                    "columns": [
                        {"field": "AMOUNT", "visible": True, "type": "number"},
                        {"field": "BRASUNKNOWN", "visible": True, "type": "text"},
                        {"field": "ID", "visible": False, "type": "number"},
                    ],
                    "presets": ["ActivePrices", "Nobody_knows"],
                    "page_sizes": [10, 20, "All"],
                    "toolbar": [{"index": 5, "name": "export"}, {"index": 6, "name": "preset"}],
                }
            },
        }
    )
    erp = await start_erp(structure=structure)
    visitor = visit(erp)
    await visitor.login()
    data = boot(await visitor.open("PRICEDISCTABLE_ListView"))
    fields = [(column["fieldName"], column["visible"]) for column in data["grid"]["columns"]]
    assert fields == [("", True), ("", True), ("AMOUNT", True), ("BRASUNKNOWN", True), ("ID", False)]
    assert data["combos"][0]["id"] == "Vertical_mainMenu_Menu_ITCNT6_xaf_a1_Cb"
    assert [value for value, _ in data["combos"][0]["items"]] == ["xaf_xaf_a1ActivePrices", "xaf_xaf_a1Nobody_knows"]
    assert data["grid"]["state"]["sizes"] == [10, 20, -1]
    assert data["menu"] == [[5, "export"]]
    assert json.loads(erp.view_record("agente01", "prices"))["columns"] == ["AMOUNT", "BRASUNKNOWN"]
    for wrong in ([], {"schema": "other/2"}, {"lists": {"prices": {"columns": [{"field": 1}]}}}):
        with pytest.raises(ValueError, match=r"report|column"):
            Structure.parse(wrong)


async def test_yes_and_no_may_be_words(erp, pages):
    erp.vary("yes-no-words")
    page = await pages(erp, ORDERS)
    seen = await run(
        page,
        """await painted(); const at = grid.GetColumnByField("SAMPLEORDER").visibleIndex;
        return JSON.stringify(grid.keys.map((key, i) => grid.GetDataRow(i).children[at].textContent.trim()));""",
    )
    assert set(seen) <= {"Sì", "No"}
    assert "No" in seen


async def test_amounts_of_invoices_may_have_the_currency_sign(erp, pages):
    erp.vary("invoice-amounts-signed")
    page = await pages(erp, INVOICES)
    seen = await run(
        page,
        """await painted(); const at = grid.GetColumnByField("INVOICEAMOUNTMST").visibleIndex;
        return JSON.stringify(grid.keys.map((key, i) => grid.GetDataRow(i).children[at].textContent.trim()));""",
    )
    assert seen
    assert all(re.search(r",\d\d €$", text) for text in seen), seen
