"""Pages written by hand from the descriptions of the ERP are read correctly, not only those of the demo ERP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from archisync_gui.entities import CUSTOMERS, DDT, ENTITIES, INVOICES, ORDERS, PRICES, PRODUCTS, Entity, Value
from archisync_gui.erp import Browser
from archisync_gui.erp.cells.rows import RowReader
from archisync_gui.erp.driver.page_driver import Look, PageDriver, ReadPlan
from archisync_gui.erp.lists.filters import find_preset

GOLDEN = Path(__file__).with_name("golden")


@dataclass(frozen=True)
class Golden:
    """The expected result for one page. ``rows``: the values of the records that are not blank."""

    entity: Entity
    rows: tuple[dict[str, Value], ...]
    garbage: dict[str, int] = field(default_factory=dict)
    sort: tuple[list[str], ...] = ()
    footer: int | None = None
    count: int = 1
    preset: str = ""
    """The option that the page shows as chosen."""


PAGES = (
    Golden(
        ORDERS,
        (
            {
                "id": "60450",
                "order_number": "ORD/26000001",
                "delivery_address": "Via Demo, 12\n80100 Napoli Na",
                "sales_status": "open",
                "total_amount": 194636,
                "is_gift": False,
            },
            {"id": "60449", "sales_status": "open", "is_gift": False},
        ),
        sort=(["ID", "DSC"],),
        footer=2,
    ),
    Golden(
        CUSTOMERS,
        (
            {
                "id": "50120",
                "account_num": "1000001",
                "name": "Studio Rossi Demo",
                "vat_number": "01234567890",
                "pec": "demo@pec.example.test",
                "sdi": "ABCDEF1",
                "fiscal_code": "RSSMRA80A01H501U",
                "delivery_mode": "FedEx",
                "street": "Via Demo, 12",
                "postal_code": "80100",
                "city": "Napoli",
                "phone": "+390810000001",
                "mobile": "+393330000001",
                "last_order_date": "2025-06-23",
                "orders_this_year": 4,
                "sales_this_year": 123456,
                "orders_last_year": 7,
                "sales_last_year": 250000,
                "orders_year_before": 3,
                "sales_year_before": 90000,
                "type_description": "Debitor",
                "type": "CustFromConcess",
                "external_account_num": "50001",
            },
            {"id": "49987", "name": "Demo & Figli", "city": "Forlì", "orders_this_year": 0, "sales_this_year": 0},
        ),
        garbage={"id-zero": 1},
        preset="Tutti i clienti",
    ),
    Golden(
        DDT,
        (
            {
                "id": "1610",
                "ddt_number": "DDT/26000001",
                "delivery_date": "2026-01-21",
                "order_number": "ORD/26000001",
                "customer_account": "1000001",
                "customer_name": "Studio Rossi Demo",
                "delivery_name": "Studio Rossi Demo",
                "delivery_address": "Via Demo, 12 80100 Napoli Na",
                "quantity": 50_000,
                "tracking": "fidex 440000000001",
                "courier": "FEDEX",
                "tracking_number": "440000000001",
                "tracking_link": "https://www.fedex.com/fedextrack/?trknbr=440000000001",
                "delivery_terms": "CFR",
                "delivery_mode": "FedEx",
                "email": "demo@example.test",
            },
            {
                "id": "1608",
                "ddt_number": "DDT/26000000",
                "delivery_date": "2026-01-20",
                "order_number": "ORD/25000999",
                "customer_account": "1000002",
                "quantity": 1_200_000,
                "tracking": "Ups 1Z000000000000001",
                "courier": "UPS",
                "tracking_number": "1Z000000000000001",
                "tracking_link": "https://www.ups.com/track?loc=it_IT&tracknum=1Z000000000000001",
                "delivery_terms": "CFR",
                "delivery_mode": "UPS Italia",
            },
        ),
        garbage={"ghost": 1},
        sort=(["DELIVERYDATE", "DSC"],),
        footer=1110,
        count=56,
        preset="Questo mese",
    ),
    Golden(
        INVOICES,
        (
            {
                "erp_id": "9001",
                "invoice_number": "CF1/26000001",
                "invoice_date": "2026-01-31",
                "customer_account": "1000001",
                "billing_name": "Studio Rossi Demo",
                "quantity": 12_000,
                "sales_balance": 9456,
                "line_discount": 0,
                "total_discount": 2364,
                "tax": 2080,
                "amount": 11536,
                "due_date": "2026-03-31",
                "payment_terms": "201 BONIF. BANC. 60 GG.DFFM",
                "overdue_days": 60,
                "settled_amount": 0,
                "last_payment_id": "PAY000001",
                "remaining_amount": 11536,
                "order_number": "ORD/26000001",
            },
            {
                "erp_id": "9000",
                "invoice_number": "NC/26000003",
                "invoice_date": "2026-01-30",
                "customer_account": "1000001",
                "billing_name": "Studio Rossi Demo",
                "quantity": -4_000,
                "sales_balance": -36065,
                "line_discount": 0,
                "total_discount": 0,
                "tax": -7934,
                "amount": -43999,
                "due_date": "2026-01-30",
                "settled_amount": -43999,
                "last_settled_on": "2026-02-02",
                "closed_on": "2026-02-02",
                "remaining_amount": 0,
                "order_number": "ORD/25000999",
            },
        ),
        sort=(["INVOICEDATE", "DSC"],),
        preset="Tutti",
    ),
    Golden(
        PRICES,
        (
            {
                "id": "5",
                "account_kind": "Group",
                "price_group": "002",
                "price_group_name": "DETTAGLIO (consigliato)",
                "item_id": "012345K2",
                "item_name": "H1.104.010",
                "valid_from": "2022-07-01",
                "valid_until": "2154-12-31",
                "quantity_from": 1_000,
                "quantity_to": 100_000_000_000,
                "price_unit": 1_000,
                "unit_price": 1045,
                "currency": "EUR",
                "is_net": False,
            },
            {
                "id": "4976",
                "account_kind": "Group",
                "price_group": "002",
                "price_group_name": "DETTAGLIO (consigliato)",
                "item_id": "10000001",
                "item_name": "Motore demo",
                "valid_from": "2022-07-01",
                "valid_until": "2154-12-31",
                "quantity_from": 1_000,
                "quantity_to": 100_000_000_000,
                "price_unit": 1_000,
                "unit_price": 194636,
                "currency": "EUR",
                "is_net": False,
            },
        ),
        preset="Prezzi attivi",
    ),
    Golden(
        PRODUCTS,
        (
            {
                "item_id": "012345K2",
                "name": "H1.104.010",
                "description": "Fresa demo",
                "group_code": "55",
                "package_content": "5 colli",
                "search_name": "H1.104.010",
                "price_unit": 1_000,
                "product_group": "10000",
                "product_group_name": "STRUMENTI DEMO",
                "min_quantity": 5_000,
                "multiple_quantity": 5_000,
                "max_quantity": 500_000,
                "figure": "104",
                "package": "K2",
                "shank": "104",
                "size": "010",
                "data_area": "kit",
                "erp_id": "3001",
                "modified_at": "2026-02-12T20:30:00",
                "stopped": False,
            },
            {
                "item_id": "10000001",
                "name": "Motore demo",
                "description": "Motore demo",
                "price_unit": 1_000,
                "min_quantity": 1_000,
                "multiple_quantity": 1_000,
                "max_quantity": 0,
                "erp_id": "3002",
                "modified_at": "2026-02-12T20:30:00",
                "stopped": True,
            },
        ),
    ),
)


async def _pages() -> AsyncIterator[tuple[Golden, PageDriver]]:
    """Each page, opened in one browser."""

    async def serve(request: web.Request) -> web.Response:
        name = next(e.name for e in ENTITIES if e.path == f"{request.match_info['list']}/")
        text = (GOLDEN / f"{name}.html").read_text("utf-8")
        return web.Response(text=text, content_type="text/html")

    app = web.Application()
    app.router.add_get("/Archibald/{list}/", serve)
    runner = web.AppRunner(app, handle_signals=False, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    browser = Browser()
    try:
        driver = PageDriver(await browser.page("golden"), f"http://127.0.0.1:{runner.addresses[0][1]}/Archibald")
        for golden in PAGES:
            await driver.go(golden.entity.path, 30)
            yield golden, driver
    finally:
        await browser.close()
        await runner.cleanup()


def with_keys(entity: Entity, fields: tuple[str, ...], page: dict[str, Any]) -> list[list[str | None]]:
    """The rows, with the row key in place of an id that is not shown."""
    rows: list[list[str | None]] = page["rows"]
    if entity.row_key in page["shown"]:
        return rows
    at = fields.index(entity.row_key)
    return [[*row[:at], key, *row[at + 1 :]] for row, key in zip(rows, page["keys"], strict=True)]


async def test_pages_from_the_description() -> None:
    seen = []
    async for golden, driver in _pages():
        entity = golden.entity
        assert (await driver.look(Look.READY, 5))["grid"]
        state = await driver.look(Look.STATE)
        assert (state["size"], state["footer"], state["count"], state["index"]) == (20, golden.footer, golden.count, 0)
        filters = state["filters"]
        assert filters["sort"] == list(golden.sort), entity.name
        assert [filters[name] for name in ("row", "header", "group", "search", "bar")] == [[], [], [], "", ""]
        if golden.preset:
            assert entity.filter is not None
            combo, wanted = find_preset(entity.filter, filters["combos"])
            shown = next(found for found in filters["combos"] if found["id"] == combo)
            assert dict(shown["items"])[shown["value"]] == golden.preset
            assert dict(shown["items"])[wanted] == entity.filter.texts[0]
        reader = RowReader(entity)
        page = (await driver.turn(None, ReadPlan("cells", reader.fields, 1), 5, 1))["page"]
        assert "problem" not in page, page
        assert page["painted"]
        rows = reader.take(with_keys(entity, reader.fields, page))
        filled = [{name: value for name, value in row.items() if value is not None} for row in rows]
        assert filled == list(golden.rows), entity.name
        assert dict(reader.findings.garbage) == golden.garbage
        assert not reader.findings.bad
        required = {column.name for column in entity.columns if not column.optional}
        assert entity is ORDERS or all(required <= row.keys() for row in rows), "a visible column was not read"
        seen.append(entity)
    assert seen == [ORDERS, CUSTOMERS, DDT, INVOICES, PRICES, PRODUCTS]
