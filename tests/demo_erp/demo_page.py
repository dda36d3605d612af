"""Helper functions for scripts in pages of the demo ERP: the grid, its controls and an awaited callback."""

from __future__ import annotations

import json
from typing import Any

from playwright.async_api import Page

CUSTOMERS = "CUSTTABLE_ListView_Agent/"
ORDERS = "SALESTABLE_ListView_Agent/"
DDT = "CUSTPACKINGSLIPJOUR_ListView/"
INVOICES = "CUSTINVOICEJOUR_ListView/"
PRODUCTS = "INVENTTABLE_ListView/"
PRICES = "PRICEDISCTABLE_ListView/"

PRELUDE = """
    let grid, combo, search;
    const byId = id => document.getElementById(id);
    const view = window.globalCallbackControl, all = ASPxClientControl.GetControlCollection();
    const find = () => all.ForEachControl(c => {
        if (/_LE_v\\d+$/.test(c.name) && document.getElementById(c.name)) grid = c;
        if (/_Cb$/.test(c.name)) combo = c;
        if (/_Ed$/.test(c.name)) search = c;
    });
    find();
    // The next callback that ends anywhere; true if without an error.
    const ended = start => new Promise(done => {
        const off = ok => { all.EndCallback.RemoveHandler(good); all.CallbackError.RemoveHandler(bad); done(ok); };
        const good = () => off(true), bad = () => off(false);
        all.EndCallback.AddHandler(good);
        all.CallbackError.AddHandler(bad);
        if (start) start();
    });
    const pageValues = fields => new Promise(done => grid.GetPageRowValues(fields, done));
    const painted = () => new Promise(done => {
        const look = () => {
            const row = document.querySelector("tr.dxgvDataRow_XafTheme:not([id$=new])");
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


async def run(page: Page, script: str) -> Any:
    """Evaluate a script of statements with the names above and return its JSON."""
    return json.loads(await page.evaluate(f"async () => {{ {PRELUDE} {script} }}"))
