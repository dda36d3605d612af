"""The peculiarities of the real ERP's saved pages are in the demo's pages: an observer reads each of them.

The observer below uses only the documented facts: it takes filters from the controls, maps cells by the numbers of the
header cells, and leaves out rows that are no data. If its result is correct, the demo behaves as the saved pages do.
"""

from __future__ import annotations

import pytest
from demo_page import DDT, INVOICES, ORDERS, run

pytestmark = pytest.mark.one_browser

OBSERVE = """
    const own = id => byId(grid.name + id);
    const controlled = suffix => { const c = all.GetByName(grid.name + suffix); return c ? c.GetText() : ""; };
    const heads = [...grid.GetMainElement().querySelectorAll("[id^='" + grid.name + "_DXHeadersRow']")];
    const fields = heads.length === 1 ? [...heads[0].children].map(cell => {
        const found = new RegExp("^" + grid.name + "_col([0-9]+)$").exec(cell.id);
        return found ? grid.GetColumn(Number(found[1])).fieldName : "";
    }) : null;
    const text = cell => {
        const box = cell.querySelector("[class*=edtCheckBox]");
        if (box) return /CheckBox(Checked|Unchecked|Grayed)/.exec(box.className)[1];
        const copy = cell.cloneNode(true);
        for (const script of copy.querySelectorAll("script")) script.remove();
        return copy.textContent.trim().split("\\n")[0].trim();
    };
    const lines = [...own("_DXMainTable").querySelectorAll("tr")].filter(
        row => new RegExp("^" + grid.name + "_DXDataRow[0-9]+$").test(row.id));
    const rows = fields && lines.map(row => Object.fromEntries(
        [...row.children].map((cell, i) => [fields[i], text(cell)])
            .filter(([field]) => field && !field.includes("PDF"))));
    const foot = own("_DXFooterRow");
    const seen = {
        headerRows: heads.length, rows, lengths: fields && [...new Set(lines.map(row => row.children.length))],
        headers: fields && fields.length,
        painted: !!rows && rows.some(row => Object.values(row).some(value => value)),
        filters: grid.columns.map(c => grid.GetAutoFilterEditor(c.index))
            .filter(e => e && e.GetValue() !== null).length,
        search: search.GetText(), panel: controlled("_DXSE"), bar: !!own("_DXFilterBar"),
        total: foot ? Number(foot.textContent.replace(/[^0-9]/g, "")) : null,
        keys: lines.map(row => grid.GetRowKey(Number(/[0-9]+$/.exec(row.id)[0]))),
        size: [document.querySelector("input[id*=_DXPagerBottom_PSI]").value, grid.pageRowSize],
    };
"""


async def observe(page):
    """The observer's result for the page."""
    return await run(page, f"await painted(); {OBSERVE} return JSON.stringify(seen);")


@pytest.mark.parametrize(
    ("switch", "is_fault"),
    [
        ("", False),
        ("scrolling-headers", False),
        ("indent-cells", False),
        ("detail-rows", False),
        ("template-row", False),
        ("stale-control", False),
        ("no-visible-index", False),
        ("columns-added", False),
        ("footer-separator", False),
        ("moved-columns", True),
        ("new-system-column", True),
    ],
)
async def test_the_observer_reads_each_form_of_the_grid_correctly(erp, pages, switch, is_fault):
    if switch:
        (erp.fault if is_fault else erp.vary)(switch)
    page = await pages(erp, ORDERS)
    seen = await observe(page)
    truth = {str(row["ID"]): row for row in erp.rows("orders", "agente01")}
    assert len(seen["rows"]) == 20
    assert seen["lengths"] == [seen["headers"]]
    for key, row in zip(seen["keys"], seen["rows"], strict=True):
        assert row["ID"].replace(".", "") == key
        assert row["SALESID"] == (truth[key]["SALESID"] or "")
        assert row["SALESNAME"] == (truth[key]["SALESNAME"] or "")
        assert row["QUOTE"] == "Unchecked"
        assert row["CREATEDDATETIME"] == f"{truth[key]['CREATEDDATETIME']:%d/%m/%Y %H:%M:%S}"
    assert (seen["filters"], seen["search"], seen["panel"], seen["bar"]) == (0, "", "", False)
    assert seen["total"] == len(truth)


async def test_grouped_rows_keep_their_fields_apart(erp, pages):
    erp.vary("grouping-left-on", list="orders", expanded="1")
    seen = await observe(await pages(erp, ORDERS))
    truth = {str(row["ID"]): row for row in erp.rows("orders", "agente01")}
    assert seen["rows"]
    for key, row in zip(seen["keys"], seen["rows"], strict=True):
        assert (row["ID"].replace(".", ""), row["SALESID"]) == (key, truth[key]["SALESID"] or "")
        assert "SALESNAME" not in row


async def test_bands_cannot_be_mapped(erp, pages):
    erp.vary("bands")
    assert (await observe(await pages(erp, ORDERS)))["headerRows"] == 2


@pytest.mark.parametrize("path", [DDT, INVOICES])
async def test_an_empty_list_is_not_painted_though_its_file_cells_have_text(erp, pages, path):
    erp.vary("loads-empty")
    page = await pages(erp, path)
    seen = await run(page, f"{OBSERVE} return JSON.stringify(seen);")
    assert not seen["painted"]


async def test_a_filter_of_the_filter_builder_is_shown_only_in_the_bar(erp, pages):
    erp.vary("builder-left-on", list="orders")
    seen = await observe(await pages(erp, ORDERS))
    assert (seen["filters"], seen["bar"]) == (0, True)


async def test_the_size_box_may_contain_a_word_or_a_wrong_number(erp, pages):
    erp.vary("page-size-all", list="orders")
    page = await pages(erp, ORDERS)
    assert (await observe(page))["size"] == ["All", 20]
    erp.reset_views()
    erp.clear_variations()
    erp.vary("sizes", "10,20,50")
    await page.reload()
    script = """const box = document.querySelector("input[id*=_DXPagerBottom_PSI]"); box.value = "100";
        ASPx.POnPageSizeBlur(grid.name + "_DXPagerBottom", new Event("blur")); return "1";"""
    await run(page, script)
    assert (await observe(page))["size"] == ["100", 20]
