"""Pages written by hand from the descriptions of the ERP are read as well as the demo ERP's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from archisync_gui.entities import ORDERS
from archisync_gui.erp import Browser
from archisync_gui.erp.hands import Hands, Look
from archisync_gui.erp.rows import RowReader

GOLDEN = Path(__file__).with_name("golden")


@pytest.fixture
async def hands() -> AsyncIterator[Hands]:
    async def orders(_: web.Request) -> web.Response:
        return web.Response(text=(GOLDEN / "orders.html").read_text("utf-8"), content_type="text/html")

    app = web.Application()
    app.router.add_get("/Archibald/SALESTABLE_ListView_Agent/", orders)
    runner = web.AppRunner(app, handle_signals=False, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    browser = Browser()
    try:
        page = await browser.page("golden")
        opened = Hands(page, f"http://127.0.0.1:{runner.addresses[0][1]}/Archibald")
        await opened.go("SALESTABLE_ListView_Agent/", 30)
        yield opened
    finally:
        await browser.close()
        await runner.cleanup()


async def test_a_page_from_the_description(hands: Hands) -> None:
    assert (await hands.look(Look.READY, 5))["grid"]
    state = await hands.look(Look.STATE)
    assert (state["size"], state["footer"], state["count"], state["index"]) == (20, 2, 1, 0)
    assert state["filters"]["sort"] == [["ID", "DSC"]]
    assert [state["filters"][name] for name in ("row", "header", "group", "search", "bar")] == [[], [], [], "", ""]
    reader = RowReader(ORDERS)
    answer = await hands.turn(None, reader.fields, 5, 1)
    assert answer["full"]
    first, draft = reader.take(answer["page"]["rows"])
    assert dict(first) == {
        "id": "60450",
        "order_number": "ORD/26000001",
        "delivery_address": "Via Demo, 12\n80100 Napoli Na",
        "sales_status": "open",
        "total_amount": 194636,
        "is_gift": False,
    }
    assert (draft["id"], draft["order_number"], draft["total_amount"]) == ("60449", None, None)
    assert not reader.findings.bad
