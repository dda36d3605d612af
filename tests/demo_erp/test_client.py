"""The default pages in a real Chromium: what a reader can rely on, and what it has to handle."""

from __future__ import annotations

import json
import re
from datetime import datetime

import pytest
from demo_page import CUSTOMERS, DDT, INVOICES, ORDERS, PRELUDE, PRODUCTS, run
from playwright.async_api import expect

pytestmark = pytest.mark.one_browser


async def test_orders_read_whole_equal_the_truth(erp, pages):
    page = await pages(erp, ORDERS)
    read = await run(
        page,
        """
        await size(10);
        await painted();
        const rows = [], keys = [];
        for (;;) {
            rows.push(...cells());
            const top = grid.GetTopVisibleIndex();
            for (let i = 0; i < grid.GetVisibleRowsOnPage(); i++) keys.push(grid.GetRowKey(top + i));
            if (grid.GetPageIndex() >= grid.GetPageCount() - 1) break;
            await after(() => grid.NextPage());
            await painted();
        }
        const fields = [];
        for (let i = 0; i < grid.GetColumnCount(); i++) {
            const c = grid.GetColumn(i);
            if (c.visible) fields[c.visibleIndex] = c.fieldName;
        }
        return JSON.stringify({ rows, keys, fields, pages: grid.GetPageCount(),
            footer: document.querySelector("[id$=DXFooterRow]").textContent.trim(),
            tds: document.querySelector("tr.dxgvDataRow_XafTheme").querySelectorAll("td").length });
        """,
    )
    truth = erp.rows("orders", "agente01")
    assert read["footer"] == f"Count={len(truth)}"
    assert read["pages"] == -(-len(truth) // 10)
    by_id = {row["ID"]: row for row in truth}
    moments = [by_id[int(key)]["CREATEDDATETIME"] for key in read["keys"]]
    assert len(set(read["keys"])) == len(truth)
    assert moments == sorted(moments, reverse=True)  # the default order: by CREATEDDATETIME, newest first
    assert read["tds"] > len(read["fields"])  # enum cells contain tables
    at = {field: index for index, field in enumerate(read["fields"])}
    assert len(read["fields"]) == 24
    assert "EMAIL" not in at
    for cells in read["rows"]:
        row = by_id[int(cells[at["ID"]].replace(".", ""))]
        assert cells[at["SALESID"]] == (row["SALESID"] or "")
        assert cells[at["CREATEDDATETIME"]] == f"{row['CREATEDDATETIME']:%d/%m/%Y %H:%M:%S}"
        assert cells[at["AmountTotal"]].endswith(" €")
        assert cells[at["SALESSTATUS"]] in ("Ordine aperto", "Consegnato", "Fatturato")
        assert cells[at["QUOTE"]] == ""  # yes and no are images


async def test_page_values_are_typed_and_of_hidden_columns_too(erp, pages):
    page = await pages(erp, ORDERS, timezone_id="America/New_York")
    seen = await run(
        page,
        """
        const rows = await pageValues("ID;EMAIL;CREATEDDATETIME;QUOTE;AmountTotal;SALESSTATUS;SALESID;CUSTOMERREF");
        const parts = d => [d.getFullYear(), d.getMonth() + 1, d.getDate(),
            d.getHours(), d.getMinutes(), d.getSeconds()];
        return JSON.stringify({ rows: rows.map(r => r.map(v => v instanceof Date ? parts(v) : v)),
            single: await pageValues("ID"), keys: rows.map((r, i) => grid.GetRowKey(i)),
            busy: (() => { grid.GetPageRowValues("ID", () => {}); return grid.InCallback(); })() });
        """,
    )
    by_id = {row["ID"]: row for row in erp.rows("orders", "agente01")}
    assert len(seen["rows"]) == 20
    assert seen["single"] == [row[0] for row in seen["rows"]]
    assert seen["keys"] == [str(row[0]) for row in seen["rows"]]
    assert seen["busy"]
    for record, email, created, quote, total, status, number, reference in seen["rows"]:
        row = by_id[record]
        assert (email, number, reference) == (row["EMAIL"], row["SALESID"], row["CUSTOMERREF"])
        assert datetime(*created) == row["CREATEDDATETIME"]  # noqa: DTZ001 - local parts, whatever the browser's zone
        assert (quote, total, status) == (False, float(row["AmountTotal"]), row["SALESSTATUS"])


async def test_row_values_count_over_all_pages_and_several_at_once_lose_answers(erp, pages):
    page = await pages(erp, ORDERS)
    seen = await run(
        page,
        """
        const one = await new Promise(done => grid.GetRowValues(25, "ID", done));
        const lost = [];
        grid.GetRowValues(0, "ID", v => lost.push(v));
        const two = await new Promise(done => grid.GetRowValues(1, "ID;SALESNAME", done));
        if (grid.InCallback()) await ended();
        await after(() => grid.GotoPage(1));
        return JSON.stringify([one, grid.GetRowKey(25), lost, two.length, grid.GetRowKey(0)]);
        """,
    )
    assert seen == [int(seen[1]), seen[1], [], 2, None]


async def test_a_busy_grid_takes_only_the_first_call(erp, pages):
    erp.set_preferences("agente01", "customers", filter_row=[("NAME", "o", "Contains")])
    page = await pages(erp, CUSTOMERS)
    await run(
        page,
        """
        const values = [];
        await after(() => { grid.GotoPage(1); grid.ClearFilter(); grid.GetPageRowValues("ID", v => values.push(v)); });
        return JSON.stringify(values);
        """,
    )
    view = json.loads(erp.view_record("agente01", "customers"))
    assert (view["page_index"], view["row_filters"]) == (1, [["NAME", "o", "Contains"]])


async def test_empty_editors_hold_their_null_text_as_the_inputs_value(erp, pages):
    page = await pages(erp, ORDERS)
    seen = await run(
        page,
        """
        const boxes = [...document.querySelectorAll("[id*=_DXFREditorcol][id$=_I]")];
        const index = grid.GetColumnByField("SALESSTATUS").index, editor = grid.GetAutoFilterEditor(index);
        const column = box => Number(/col(\\d+)_I/.exec(box.id)[1]);
        return JSON.stringify({
            nulls: boxes.filter(b => b.value === "N/A").map(b => grid.GetColumn(column(b)).fieldName),
            values: boxes.map(b => all.GetByName(b.id.replace(/_I$/, "")).GetValue()).filter(v => v !== null),
            editor: [editor.nullText, editor.GetValue(), editor.GetText(), editor.GetMainElement().className],
            items: [...Array(editor.GetItemCount()).keys()].map(i => [editor.GetItem(i).value, editor.GetItem(i).text]),
            search: [search.name, byId(search.name + "_I").value, search.GetValue(), search.nullText],
            text: grid.GetAutoFilterEditor(grid.GetColumnByField("SALESNAME").index).GetValue(),
            hidden: grid.GetAutoFilterEditor(grid.GetColumnByField("EMAIL").index),
        });
        """,
    )
    assert len(seen["nulls"]) == 7
    assert {"SALESSTATUS", "SALESTYPE", "DOCUMENTSTATUS", "TRANSFERSTATUS"} < set(seen["nulls"])
    assert seen["values"] == []
    assert seen["editor"][:3] == ["N/A", None, ""]
    assert "dxeNullText_XafTheme" in seen["editor"][3]
    assert [None, "N/A"] in seen["items"]
    assert ["OpenOrder", "Ordine aperto"] in seen["items"]
    assert seen["search"] == [
        "Vertical_SearchAC_Menu_ITCNT0_xaf_a0_Ed",
        "Inserire testo di ricerca",
        None,
        "Inserire testo di ricerca",
    ]
    assert (seen["text"], seen["hidden"]) == (None, None)
    # Focus removes the null text; losing it restores the text without a call to the server.
    box = page.locator("#Vertical_SearchAC_Menu_ITCNT0_xaf_a0_Ed_I")
    before = len(erp.actions)
    await box.focus()
    await expect(box).to_have_value("")
    await box.blur()
    await expect(box).to_have_value("Inserire testo di ricerca")
    assert len(erp.actions) == before


async def test_a_filter_of_an_enum_shows_the_word_and_takes_the_name(erp, pages):
    page = await pages(erp, ORDERS)
    index = await run(page, 'return JSON.stringify(grid.GetColumnByField("SALESSTATUS").index)')
    await page.click(f"[id$=_DXFREditorcol{index}_B-1]")
    option = page.locator(f"[id$=_DXFREditorcol{index}_DDD_L] td", has_text="Consegnato")
    await option.click()
    await expect(page.locator(f"[id$=_DXFREditorcol{index}_I]")).to_have_value("Consegnato")
    await run(page, "if (grid.InCallback()) await ended(); return '1'")
    editor = await run(
        page, f"const e = grid.GetAutoFilterEditor({index}); return JSON.stringify([e.GetValue(), e.GetText()])"
    )
    assert editor == ["Delivered", "Consegnato"]
    view = json.loads(erp.view_record("agente01", "orders"))
    assert view["row_filters"] == [["SALESSTATUS", "Delivered", "Equals"]]
    assert await run(page, f"return JSON.stringify(grid.filterRowConditions[{index}])") == 5
    # A filter with the null text as its value finds nothing.
    await run(page, f"await after(() => grid.AutoFilterByColumn({index}, 'N/A')); return '1'")
    assert await run(page, "return JSON.stringify(grid.GetVisibleRowsOnPage())") == 0
    await expect(page.locator("[id$=_DXEmptyRow]")).to_have_text("No data to display")


async def test_a_filter_of_a_date_shows_a_text_and_is_a_date(erp, pages):
    day = erp.rows("orders", "agente01")[0]["DELIVERYDATE"]
    erp.set_preferences("agente01", "orders", filter_row=[("DELIVERYDATE", day.isoformat())])
    page = await pages(erp, ORDERS)
    seen = await run(
        page,
        """const e = grid.GetAutoFilterEditor(grid.GetColumnByField("DELIVERYDATE").index), d = e.GetValue();
        return JSON.stringify([e.GetText(), d instanceof Date, d.getFullYear(), d.getMonth() + 1, d.getDate()]);""",
    )
    assert seen == [f"{day:%d/%m/%Y}", True, day.year, day.month, day.day]
    before = erp.view_record("agente01", "orders")
    await run(
        page,
        """const i = grid.GetColumnByField("DELIVERYDATE").index, d = grid.GetAutoFilterEditor(i).GetValue();
        await after(() => grid.AutoFilterByColumn(i, d)); return "1";""",
    )
    assert erp.view_record("agente01", "orders") == before


async def test_set_value_of_the_preset_is_not_sent_to_the_server(erp, pages):
    page = await pages(erp, DDT)
    before = erp.view_record("agente01", "ddt")
    seen = await run(
        page,
        """
        const events = [];
        combo.SelectedIndexChanged.AddHandler(() => events.push("changed"));
        combo.SetValue(combo.GetItem(combo.GetItemCount() - 1).value);
        return JSON.stringify({
            text: combo.GetText(), value: combo.GetValue(), events,
            busy: view.InCallback() || grid.InCallback(),
            accepted: combo.xafOldSelectedIndex === combo.GetSelectedIndex(),
            cells: document.querySelectorAll("[id$=_Cb_DDD_L] td").length,
        });
        """,
    )
    assert seen == {
        "text": "Tutti",
        "value": "xaf_xaf_a1ListViewPackingSlipsAll",
        "events": [],
        "busy": False,
        "accepted": False,
        "cells": 1,
    }
    assert not [action for action in erp.actions if "PRESET" in action.detail]
    assert erp.view_record("agente01", "ddt") == before


async def test_a_preset_is_chosen_by_a_users_click_and_answered_by_the_page(erp, pages):
    page = await pages(erp, DDT)
    await run(page, "window.old = grid; combo.ShowDropDown(); return '1'")
    cell = page.locator("#Vertical_mainMenu_Menu_ITCNT4_xaf_a1_Cb_DDD_L_LBI4T0")
    await expect(cell).to_be_visible()
    await cell.evaluate("cell => cell.click()")  # a scripted click has no effect
    assert not [action for action in erp.actions if "PRESET" in action.detail]
    await run(page, "combo.ShowDropDown(); return '1'")
    await page.evaluate(
        f"() => {{ {PRELUDE} window.seen = []; all.EndCallback.AddHandler(s => window.seen.push(s.name)); }}"
    )
    await cell.click()
    await page.wait_for_function("() => window.seen.length")
    seen = await run(
        page,
        """await painted();
        return JSON.stringify([window.seen, combo.GetText(), combo.xafOldSelectedIndex === combo.GetSelectedIndex(),
            grid !== window.old, window.old.GetMainElement() === grid.GetMainElement(),
            document.querySelector('[id$=DXFooterRow]').textContent.trim()]);""",
    )
    total = len(erp.rows("ddt", "agente01"))
    assert seen == [["globalCallbackControl"], "Tutti", True, True, True, f"Count={total}"]
    assert json.loads(erp.view_record("agente01", "ddt"))["preset"] == "ListViewPackingSlipsAll"
    # The count is below the number; it follows the filter.
    where = await run(
        page,
        """const foot = [...document.querySelector("[id$=DXFooterRow]").children];
        const at = foot.findIndex(c => c.textContent.includes("Count"));
        return JSON.stringify(grid.columns.find(c => c.visible && c.visibleIndex === at).fieldName);""",
    )
    assert where == "PACKINGSLIPID"


async def test_a_preset_that_the_server_ignores_is_not_shown_as_chosen(erp, pages):
    page = await pages(erp, ORDERS)
    erp.fault("stuck-preset", "orders")
    await page.click("[id$=_Cb_B-1]")
    await page.evaluate(f"() => {{ {PRELUDE} window.done = false; ended().then(() => window.done = true); }}")
    await page.locator("[id$=_Cb_DDD_L] td[data-index]", has_text="Preventivi").click()
    await page.wait_for_function("() => window.done")
    seen = await run(
        page, "return JSON.stringify([combo.GetText(), combo.xafOldSelectedIndex === combo.GetSelectedIndex()])"
    )
    assert seen == ["Preventivi", False]
    await page.reload()
    assert await run(page, "return JSON.stringify(combo.GetText())") == "Ordini odierni"


async def test_the_search_button_is_derived_from_the_box_and_asks_the_page(erp, pages):
    page = await pages(erp, CUSTOMERS)
    await page.fill("#Vertical_SearchAC_Menu_ITCNT0_xaf_a0_Ed_I", "via")
    await page.evaluate(
        f"() => {{ {PRELUDE} window.seen = []; all.EndCallback.AddHandler(s => window.seen.push(s.name)); }}"
    )
    await page.click("#Vertical_SearchAC_Menu_ITCNT0_xaf_a0_Ed_B1")
    await page.wait_for_function("() => window.seen.length")
    assert await page.evaluate("window.seen") == ["globalCallbackControl"]
    view = json.loads(erp.view_record("agente01", "customers"))
    assert (view["search"], view["search_panel"]) == ("via", "")
    await run(page, "await after(() => grid.ApplySearchPanelFilter('studio')); return '1'")
    view = json.loads(erp.view_record("agente01", "customers"))
    assert (view["search"], view["search_panel"]) == ("via", "studio")


async def test_customers_have_a_combo_for_the_view_and_one_for_the_filter(erp, pages):
    page = await pages(erp, CUSTOMERS)
    found = await run(
        page,
        """const found = [];
        all.ForEachControl(c => { if (/_Cb$/.test(c.name)) found.push([c.name, c.GetText(), c.GetItem(1).value]); });
        return JSON.stringify(found);""",
    )
    assert found == [
        ["Vertical_mainMenu_Menu_ITCNT4_xaf_a1_Cb", "Clienti", "xaf_xaf_a1CustomersRoadmapAgent"],
        ["Vertical_mainMenu_Menu_ITCNT7_xaf_a2_Cb", "Tutti i clienti", "xaf_xaf_a2Exclusiv_customers"],
    ]
    await page.click("#Vertical_mainMenu_Menu_ITCNT4_xaf_a1_Cb_B-1")
    await page.click("#Vertical_mainMenu_Menu_ITCNT4_xaf_a1_Cb_DDD_L_LBI1T0")
    await page.wait_for_url("**/CUSTTABLE_ListView_RoadMap/")


async def test_page_turns_sizes_and_events(erp, pages):
    page = await pages(erp, CUSTOMERS)
    seen = await run(
        page,
        """
        const log = [];
        grid.BeginCallback.AddHandler((s, e) => log.push("begin " + e.command + " " + s.InCallback()));
        grid.EndCallback.AddHandler((s, e) => log.push("end " + e.command + " " + s.InCallback()));
        await after(() => grid.GotoPage(2));
        const first = [grid.GetPageIndex(), grid.GetTopVisibleIndex(), !!document.querySelector("[id$=DXDataRow40]")];
        await after(() => grid.PrevPage());
        grid.PerformCallback("PAGESIZE|200");
        await after(() => {});
        const custom = grid.pageRowSize;
        await size(50);
        document.querySelector("input[id*=DXPagerBottom_PSI]").value = "37";
        ASPx.POnPageSizeBlur(grid.name + "_DXPagerBottom", new Event("blur"));
        const odd = [document.querySelector("input[id*=DXPagerBottom_PSI]").value, grid.InCallback(), grid.pageRowSize];
        return JSON.stringify({ log, first, custom, odd, rows: grid.GetVisibleRowsOnPage() });
        """,
    )
    assert seen["first"] == [2, 40, True]
    assert seen["custom"] == 20
    assert seen["odd"] == ["37", False, 50]  # a size that is not offered is ignored, but the box keeps its text
    assert seen["rows"] == 50
    assert seen["log"][:4] == ["begin PAGE true", "end PAGE false", "begin PAGE true", "end PAGE false"]
    assert erp.get_preferences("agente01", "customers").page_size == 50
    await page.click("[id$=DXPagerBottom] a.dxp-button:has(img[alt=Next])")
    await expect(page.locator("[id$=DXPagerBottom] .dxp-current")).to_have_text("2")


async def test_sort_filter_row_and_header_filter(erp, pages):
    page = await pages(erp, CUSTOMERS)
    seen = await run(
        page,
        """
        await after(() => grid.SortBy(grid.GetColumnByField("ID"), "DSC", true));
        await painted();
        const top = grid.GetRowKey(0), id = grid.GetColumnByField("ID");
        const arrow = document.getElementById(grid.name + "_col" + id.index).querySelector("img").alt;
        const data = [id.sortIndex, id.sortOrder, grid.GetColumnByField("NAME").sortIndex];
        await after(() => grid.SortBy("NAME", "ASC", true, 0));
        return JSON.stringify([top, arrow, data]);
        """,
    )
    assert seen == [str(max(row["ID"] for row in erp.rows("customers", "agente01"))), "Descending", [0, "DSC", -1]]
    column = await run(page, 'return JSON.stringify(grid.GetColumnByField("NAME").index)')
    editor = page.locator(f"[id$=DXFREditorcol{column}_I]")
    await editor.fill("studio")
    await editor.press("Enter")
    await expect(page.locator("tr.dxgvDataRow_XafTheme").first).to_contain_text("Studio")
    await expect(editor).to_have_value("studio")
    city = await run(
        page, 'if (grid.InCallback()) await ended(); return JSON.stringify(grid.GetColumnByField("CITY").index)'
    )
    await page.locator(f"[id$=_col{city}] img[alt='Not filtered']").click()
    await page.locator("[id$=DXHFP] [data-hf=one]").first.click()
    await expect(page.locator(f"[id$=_col{city}] img[alt='Filtered']")).to_have_count(1)
    view = json.loads(erp.view_record("agente01", "customers"))
    assert view["row_filters"] == [["NAME", "studio", "BeginsWith"]]
    assert view["header_filters"][0][0] == "CITY"
    await run(page, "await after(() => grid.ClearFilter()); return '1'")
    await expect(editor).to_have_value("")
    await expect(page.locator("img[alt='Filtered']")).to_have_count(0)


async def test_the_column_dialog_needs_a_users_clicks(erp, pages):
    page = await pages(erp, PRODUCTS)
    window = page.locator("[id$=_DXCDWindow_PW-1]")
    await expect(window).to_have_count(1)  # it is in the page from the start, but not shown
    await expect(window).to_be_hidden()
    await run(page, "grid.ShowCustomizationDialog(); return '1'")
    await expect(window).to_be_visible()
    column = await run(page, 'return JSON.stringify(grid.GetColumnByField("BRASSIZE").index)')
    box, apply = page.locator(f"[id$=_drag_C{column}Chk5_D]"), page.locator("[data-args*='CustDialogApply']")
    assert str(await apply.get_attribute("id")).endswith("_DXCDWindow_DXCBtn21")
    await page.locator("[id$=DXCDPageControl_T3T]").evaluate("tab => tab.click()")
    assert await box.count() == 0
    await page.click("[id$=DXCDPageControl_T3T]")
    await expect(apply).to_have_class(re.compile("dxbDisabled_XafTheme"))
    await box.click()
    await apply.click()
    await expect(page.locator("[id$=DXHeadersRow0] > td").last).to_contain_text("GRANDEZZA")
    seen = await run(
        page, 'const c = grid.GetColumnByField("BRASSIZE"); return JSON.stringify([c.visible, c.visibleIndex])'
    )
    assert seen == [True, 15]


async def test_the_toolbar_is_folded_at_page_load_below_1300_pixels(erp, pages):
    page = await pages(erp, DDT, viewport={"width": 1280, "height": 800})
    combo = page.locator('input[name*="mainMenu"][name$="Cb"]')
    await expect(combo).to_be_hidden()
    overflow = page.locator("#Vertical_mainMenu_Menu_DXI5_T")
    await expect(overflow).to_have_text("…")
    await overflow.click()
    await expect(combo).to_be_visible()
    await page.set_viewport_size({"width": 1440, "height": 900})
    await combo.click()
    await expect(page.locator('[id$="_Cb_DDD_PW-1"]')).to_be_visible()
    assert await page.locator('[id$="_Cb_DDD_L"] td[data-index]').count() == 0  # a folded combo renders no options
    await page.reload()
    await expect(overflow).to_be_hidden()
    await combo.click()
    await expect(page.locator('[id$="_Cb_DDD_L"] td[data-index]')).to_have_count(5)


async def test_command_and_file_cells_hold_scripts(erp, pages):
    page = await pages(erp, INVOICES)
    seen = await run(
        page,
        """const row = document.querySelector("tr.dxgvDataRow_XafTheme");
        return JSON.stringify([row.children[1].textContent, row.children[1].querySelectorAll("script").length]);""",
    )
    assert seen[0].startswith("N/A")
    assert "createControl" in seen[0]
    assert seen[1] == 1
    await page.goto(f"{erp.base_url}/{ORDERS}")
    text = await run(
        page, "return JSON.stringify(document.querySelector('tr.dxgvDataRow_XafTheme').children[1].textContent)"
    )
    assert "AddDisabledItems" in text


async def test_yes_and_no_are_images(erp, pages):
    gifts = {str(row["ID"]): row["SAMPLEORDER"] for row in erp.rows("orders", "agente01")}
    erp.change("orders", "agente01", next(iter(gifts)), {"SAMPLEORDER": True})
    gifts[next(iter(gifts))] = True
    page = await pages(erp, ORDERS)
    seen = await run(
        page,
        """await size(200); await painted();
        const at = grid.GetColumnByField("SAMPLEORDER").visibleIndex;
        return JSON.stringify(grid.keys.map((key, i) => [key, grid.GetDataRow(i).children[at].innerHTML]));""",
    )
    assert len(seen) == len(gifts)
    for key, cell in seen:
        assert f"CheckBox{'Checked' if gifts[key] else 'Unchecked'}_XafTheme" in cell


async def test_a_callback_error_is_reported_by_the_control_and_the_collection(erp, pages):
    page = await pages(erp, ORDERS)
    erp.fault("callback-error", times=2)
    seen = await run(
        page,
        """const seen = [];
        all.CallbackError.AddHandler((s, e) => seen.push([s.name === grid.name, e.message]));
        const own = await new Promise(done => {
            grid.CallbackError.AddHandler((s, e) => done(e.message));
            grid.Refresh();
        });
        await ended(() => grid.GetPageRowValues("ID", () => seen.push("answer")));
        return JSON.stringify([own, seen, grid.InCallback()]);""",
    )
    assert "Object reference" in seen[0]
    assert [ours for ours, _ in seen[1]] == [True, True]
    assert seen[2] is False


async def test_detail_pages_hold_grids_of_their_own(erp, pages):
    page = await pages(erp, ORDERS)
    key = erp.rows("orders", "agente01")[0]["ID"]
    await page.goto(f"{erp.base_url}/SALESTABLE_DetailViewAgent/{key}/?mode=View")
    names = await page.evaluate(
        """() => { const names = []; ASPxClientControl.GetControlCollection().ForEachControl(c => names.push(c.name));
        return names.filter(n => /_LE_v\\d+$/.test(n)); }"""
    )
    assert len(names) == 2
    await expect(page.locator("#Vertical_Footer")).to_contain_text("2.0.48")


async def test_login_needs_events_and_returns_to_the_page(erp, open_page, pages):
    page = await pages(erp, ORDERS)
    assert page.url == f"{erp.base_url}/{ORDERS}"
    await page.context.clear_cookies()
    await page.goto(f"{erp.base_url}/{ORDERS}")
    set_value = """([selector, value, events]) => {
        const input = document.querySelector(selector);
        Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(input, value);
        for (const name of events) input.dispatchEvent(new Event(name, { bubbles: true }));
    }"""
    user, password = 'input[id*="dviUserName_Edit_I"]', 'input[id*="dviPassword_Edit_I"]'
    for selector, value in ((user, "agente01"), (password, "demo")):
        await page.evaluate(set_value, [selector, value, []])
    async with page.expect_response(lambda answer: answer.request.method == "POST"):
        await page.click("#Logon_PopupActions_Menu_DXI0_T")
    await expect(page.locator("#ctl01")).to_be_hidden()
    assert "Login.aspx" in page.url
    assert erp.actions[-1].detail == "empty"
    await expect(page.locator("#Logon_ErrorInfo")).to_have_text("Il nome utente non deve essere vuoto.")
    await page.evaluate(set_value, [user, "agente01", ["input", "change"]])
    await page.evaluate(set_value, [password, "wrong", ["input", "change"]])
    await page.click("#Logon_PopupActions_Menu_DXI0_T")
    await expect(page.locator("#Logon_ErrorInfo")).to_contain_text("non sono corretti")
    assert await page.input_value(user) == "agente01"
    await page.fill(password, "demo")
    await page.press(password, "Enter")
    await page.wait_for_url(f"{erp.base_url}/{ORDERS}")


async def test_cells_are_painted_after_the_callback_ended(start_erp, pages):
    erp = await start_erp()
    erp.fault("late-paint", 0.3)
    page = await pages(erp, ORDERS)
    seen = await run(
        page,
        """
        await after(() => grid.NextPage());
        const early = [grid.InCallback(), cells()[0].join("")];
        await painted();
        return JSON.stringify([...early, cells()[0].join("") !== ""]);
        """,
    )
    assert seen == [False, "", True]


async def test_cells_follow_the_browsers_locale_and_captions_the_header(erp, pages):
    page = await pages(erp, ORDERS)
    await expect(page.locator("tr.dxgvDataRow_XafTheme").first).not_to_contain_text(re.compile("[AP]M"))
    await page.add_init_script("Object.defineProperty(navigator, 'language', { get: () => 'en-US' })")
    await page.reload()
    await expect(page.locator("h1")).to_have_text("Ordini")
    await expect(page.locator("tr.dxgvDataRow_XafTheme").first).to_contain_text(re.compile("[AP]M"))


async def test_an_expired_session_leads_to_the_login_page(erp, pages):
    page = await pages(erp, ORDERS)
    erp.fault("session-expired-now")
    async with page.expect_navigation(url=re.compile("Login.aspx")):
        await page.evaluate(f"async () => {{ {PRELUDE} grid.Refresh(); }}")
    assert not any(action.writes for action in erp.actions)


async def test_a_busy_page_never_becomes_idle(erp, pages):
    erp.fault("never-idle")
    page = await pages(erp, ORDERS)
    assert await run(page, "return JSON.stringify(grid.InCallback())")
    await expect(page.locator("[id$=_LPV]")).to_be_visible()
