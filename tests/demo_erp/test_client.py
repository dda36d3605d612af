"""The client objects in a real Chromium: what a driver may rely on and what it must beware of."""

from __future__ import annotations

import json
import re

import pytest
from playwright.async_api import expect

CUSTOMERS = "CUSTTABLE_ListView_Agent/"
ORDERS = "SALESTABLE_ListView_Agent/"
DDT = "CUSTPACKINGSLIPJOUR_ListView/"
INVOICES = "CUSTINVOICEJOUR_ListView/"
PRODUCTS = "INVENTTABLE_ListView/"

# Names used by the evaluated scripts below: the grid, its preset combo, one awaited callback.
PRELUDE = """
    let grid, combo;
    ASPxClientControl.GetControlCollection().ForEachControl(c => {
        if (/_LE_v\\d+$/.test(c.name)) grid = c;
        if (/_Cb$/.test(c.name)) combo = c;
    });
    const painted = () => new Promise(done => {
        const look = () => {
            const row = document.querySelector("tr.dxgvDataRow_XafTheme");
            if (!row || [...row.children].filter(c => c.textContent.trim()).length > 3) done();
            else setTimeout(look, 5);
        };
        look();
    });
    const after = start => new Promise(done => {
        const ended = () => { grid.EndCallback.RemoveHandler(ended); done(); };
        grid.EndCallback.AddHandler(ended);
        start();
    });
    const size = n => after(() => {
        document.querySelector("input[id*=DXPagerBottom_PSI]").value = String(n);
        ASPx.POnPageSizeBlur(grid.name + "_DXPagerBottom", new Event("blur"));
    });
    const cells = () => [...document.querySelectorAll("tr.dxgvDataRow_XafTheme")].map(
        row => [...row.children].map(cell => cell.textContent.split("\\n")[0].trim()));
"""


async def run(page, script):
    """Evaluate a script of statements with the names above and return its JSON."""
    return json.loads(await page.evaluate(f"async () => {{ {PRELUDE} {script} }}"))


@pytest.fixture
async def pages(open_page):
    """Open pages that fail the test on any script error."""
    errors = []

    async def open_(erp, path, **options):
        page = await open_page(erp, path, **options)
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield open_
    assert errors == []


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
    await page.evaluate(set_value, [user, "agente01", ["input", "change"]])
    await page.evaluate(set_value, [password, "wrong", ["input", "change"]])
    await page.click("#Logon_PopupActions_Menu_DXI0_T")
    await expect(page.locator("#Logon_ErrorInfo")).to_contain_text("non sono corretti")
    assert await page.input_value(user) == "agente01"
    await page.fill(password, "demo")
    await page.press(password, "Enter")
    await page.wait_for_url(f"{erp.base_url}/{ORDERS}")


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
    assert read["keys"] == [str(row["ID"]) for row in sorted(truth, key=lambda row: -row["ID"])]
    assert read["tds"] > len(read["fields"])  # enum cells hold tables of their own
    at = {field: index for index, field in enumerate(read["fields"])}
    by_id = {row["ID"]: row for row in truth}
    for cells in read["rows"]:
        row = by_id[int(cells[at["ID"]].replace(".", ""))]
        assert cells[at["SALESID"]] == (row["SALESID"] or "")
        assert cells[at["CREATEDDATETIME"]] == f"{row['CREATEDDATETIME']:%d/%m/%Y %H:%M:%S}"
        assert cells[at["AmountTotal"]].endswith(" €")
        assert cells[at["SALESSTATUS"]] in ("Ordine aperto", "Consegnato", "Fatturato")


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


async def test_events_page_moves_and_page_size(erp, pages):
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
        grid.GotoPage(1);
        grid.PerformCallback("PAGESIZE|200");
        await after(() => {});
        const custom = grid.state.pageSize;
        await size(50);
        document.querySelector("input[id*=DXPagerBottom_PSI]").value = "37";
        ASPx.POnPageSizeBlur(grid.name + "_DXPagerBottom", new Event("blur"));
        const odd = [document.querySelector("input[id*=DXPagerBottom_PSI]").value, grid.InCallback()];
        return JSON.stringify({ log, first, custom, odd, rows: grid.GetVisibleRowsOnPage() });
        """,
    )
    assert seen["first"] == [2, 40, True]
    assert seen["custom"] == 20
    assert seen["odd"] == ["50", False]
    assert seen["rows"] == 50
    assert seen["log"][:4] == ["begin PAGE true", "end PAGE false", "begin PAGE true", "end PAGE false"]
    assert erp.get_preferences("agente01", "customers").page_size == 50
    await page.click("[id$=DXPagerBottom] a.dxp-button:has(img[alt=Next])")
    await expect(page.locator("[id$=DXPagerBottom] .dxp-current")).to_have_text("2")


async def test_ddt_loads_empty_until_the_filter_is_clicked(erp, pages):
    page = await pages(erp, DDT)
    seen = await run(
        page,
        """
        const texts = new Set(cells().flat());
        const before = combo.GetText();
        combo.SetValue(combo.GetItem(combo.GetItemCount() - 1).value);
        return JSON.stringify({ texts: [...texts], before, after: combo.GetText(), busy: grid.InCallback(),
            rows: grid.GetVisibleRowsOnPage() });
        """,
    )
    assert sorted(seen["texts"]) == ["", "N/A"]
    assert seen["rows"] > 0
    assert (seen["before"], seen["after"], seen["busy"]) == ("Questo mese", "Tutti", False)
    assert not [action for action in erp.actions if "PRESET" in action.detail]
    # A scripted click in the list is no click either; only the mouse is.
    await page.reload()
    await run(page, "combo.ShowDropDown(); return '1'")
    item = page.locator('[id$="_Cb_DDD_L"] td', has_text=re.compile("^Tutti$"))
    await expect(item).to_be_visible()
    await item.evaluate("cell => cell.click()")
    assert not [action for action in erp.actions if "PRESET" in action.detail]
    await item.click()
    await expect(page.locator("tr.dxgvDataRow_XafTheme").first).to_contain_text("DDT/")
    seen = await run(
        page,
        "const footer = document.querySelector('[id$=DXFooterRow]').textContent.trim();"
        "return JSON.stringify([combo.GetText(), footer])",
    )
    assert seen == ["Tutti", f"Count={len(erp.rows('ddt', 'agente01'))}"]
    counts = await run(
        page,
        """const row = document.querySelector("tr.dxgvDataRow_XafTheme");
        return JSON.stringify([row.children.length, row.querySelectorAll("td").length,
            document.querySelectorAll("[id$=DXHeadersRow0] td").length]);""",
    )
    assert counts == [18, 22, 54]


async def test_invoices_deny_their_rows_at_first(erp, pages):
    page = await pages(erp, INVOICES)
    assert await run(page, "return JSON.stringify(grid.GetVisibleRowsOnPage())") == 0
    assert await run(
        page, "await after(() => grid.Refresh()); return JSON.stringify(new Set(cells().flat()).size <= 2)"
    )


async def test_set_value_works_on_customers_and_navigates_on_orders(erp, pages):
    page = await pages(erp, CUSTOMERS)
    names = await run(
        page,
        """const found = [];
        ASPxClientControl.GetControlCollection().ForEachControl(c => {
            if (/_Cb$/.test(c.name)) found.push(c.GetText());
        });
        await after(() => combo.SetValue("xaf_xaf_a1Exclusive_Customers"));
        return JSON.stringify([...found, combo.GetText()]);""",
    )
    assert names == ["Clienti", "Tutti i clienti", "Clienti esclusivi"]
    await page.goto(f"{erp.base_url}/{ORDERS}")
    async with page.expect_navigation():
        await run(page, 'combo.SetValue("xaf_xaf_a1ListViewSalesTableOrdersEntered"); return "1"')
    assert await run(page, "return JSON.stringify(combo.GetText())") == "Ordini inseriti"
    assert erp.get_preferences("agente01", "orders").preset == "ListViewSalesTableOrdersEntered"


async def test_sort_filter_row_search_and_header_filter(erp, pages):
    page = await pages(erp, CUSTOMERS)
    seen = await run(
        page,
        """
        await after(() => grid.SortBy(grid.GetColumnByField("ID"), "DSC", true));
        await painted();
        const top = grid.GetRowKey(0);
        const index = grid.GetColumnByField("ID").index;
        const arrow = document.getElementById(grid.name + "_col" + index).querySelector("img").alt;
        await after(() => grid.SortBy("NAME", "ASC", true, 0));
        return JSON.stringify([top, arrow]);
        """,
    )
    assert seen == [str(max(row["ID"] for row in erp.rows("customers", "agente01"))), "Descending"]
    column = await run(page, 'return JSON.stringify(grid.GetColumnByField("NAME").index)')
    editor = page.locator(f"[id$=DXFREditorcol{column}_I]")
    await editor.fill("studio")
    await editor.press("Enter")
    await expect(page.locator("tr.dxgvDataRow_XafTheme").first).to_contain_text("Studio")
    await expect(editor).to_have_value("studio")
    await page.fill("#Vertical_SearchAC_Menu_ITCNT0_xaf_a1_Ed_I", "via")
    await page.click("#Vertical_SearchAC_Menu_ITCNT0_xaf_a1_Ed_B1")
    await expect(page.locator("[id$=DXSE_I]")).to_have_value("via")
    await run(page, "if (grid.InCallback()) await after(() => {}); return '1'")
    city = await run(page, 'return JSON.stringify(grid.GetColumnByField("CITY").index)')
    await page.locator(f"[id$=_col{city}] img[alt='Not filtered']").click()
    await page.locator("[id$=DXHFP] [data-hf=one]").first.click()
    await expect(page.locator(f"[id$=_col{city}] img[alt='Filtered']")).to_have_count(1)
    preferences = erp.get_preferences("agente01", "customers")
    assert preferences.filter_row == (("NAME", "studio"),)
    assert preferences.search == "via"
    assert preferences.header_filters[0][0] == "CITY"
    await run(page, "await after(() => grid.ClearFilter()); return '1'")
    await expect(editor).to_have_value("")
    await expect(page.locator("img[alt='Filtered']")).to_have_count(0)


async def test_column_chooser_appends_the_shown_columns(erp, pages):
    page = await pages(erp, PRODUCTS)
    await run(page, "await after(() => grid.ShowCustomizationDialog()); return '1'")
    await page.click("[id$=DXCDPageControl_T3T]")
    column = await run(page, 'return JSON.stringify(grid.GetColumnByField("BRASSIZE").index)')
    await page.click(f"[id$=DXCDPageControl_C{column}Chk5_D]")
    await page.click("[id$=DXCDWindow_DXCBtn201]")
    await expect(page.locator("[id$=DXHeadersRow0] > td").last).to_contain_text("GRANDEZZA")
    seen = await run(
        page,
        'const c = grid.GetColumnByField("BRASSIZE"); return JSON.stringify([c.visible, c.visibleIndex])',
    )
    assert seen == [True, 20]


async def test_the_toolbar_folds_at_page_load_below_1300(erp, pages):
    page = await pages(erp, DDT, viewport={"width": 1280, "height": 800})
    combo = page.locator('input[name*="mainMenu"][name$="Cb"]')
    await expect(combo).to_be_hidden()
    assert await page.locator('[id$="_Cb_DDD_L"] td').count() == 0
    overflow = page.locator("#Vertical_mainMenu_Menu_DXI5_T")
    await expect(overflow).to_have_text("…")
    await overflow.click()
    await expect(combo).to_be_visible()
    await page.set_viewport_size({"width": 1440, "height": 900})
    assert await page.locator('[id$="_Cb_DDD_L"] td').count() == 0
    await page.reload()
    await expect(overflow).to_be_hidden()
    assert await page.locator('[id$="_Cb_DDD_L"] td').count() == 5


async def test_get_row_values_holds_the_grid_and_callback_error_is_told(erp, pages):
    page = await pages(erp, ORDERS)
    seen = await run(
        page,
        """
        const value = new Promise(done => grid.GetRowValues(0, "CREATEDDATETIME", done));
        const many = new Promise(done => grid.GetRowValues(1, "ID;SALESNAME", done));
        const busy = grid.InCallback();
        const results = [(await value) instanceof Date, (await many).length, busy, grid.InCallback()];
        return JSON.stringify(results);
        """,
    )
    assert seen == [True, 2, True, False]
    erp.fault("callback-error")
    message = await run(
        page,
        """return JSON.stringify(await new Promise(done => {
            grid.CallbackError.AddHandler((s, e) => done(e.message));
            grid.Refresh();
        }));""",
    )
    assert "Object reference" in message


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
