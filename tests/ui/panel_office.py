"""A small office's data in a real store: one customer with orders, parcels and invoices; articles and prices."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from panel_fakes import NOW, FakeClock

from archisync_gui.entities import ENTITIES
from archisync_gui.entities.declaration import Value
from archisync_gui.model import RunRecord
from archisync_gui.store import Batch, Store

CUSTOMER: dict[str, Value] = {
    "id": "50120",
    "account_num": "55012",
    "name": "Società Agrìcola De Rossi & Figli S.r.l.",
    "vat_number": "IT01234567890",
    "phone": "+39 0543 123456",
    "city": "Forlì",
    "street": "Via Roma 12",
    "postal_code": "47121",
    "last_order_date": "2026-03-09",
    "sales_this_year": 1_234_500,
}
ORDERS: tuple[dict[str, Value], ...] = tuple(
    {
        "id": str(900 + n),
        "order_number": f"ORD/26-00{n}",
        "customer_account": "55012",
        "customer_name": CUSTOMER["name"],
        "created_at": f"2026-03-0{n}T10:00:00",
        "sales_status": "open",
        "sales_type": "order",
        "total_amount": 10_000 * n,
    }
    for n in (1, 2, 3)
)
DDT: tuple[dict[str, Value], ...] = (
    {
        "id": "7001",
        "ddt_number": "4567",
        "order_number": "ORD/26-002",
        "customer_account": "55012",
        "customer_name": CUSTOMER["name"],
        "delivery_date": "2026-03-05",
        "tracking": "BRT 998877",
        "courier": "BRT",
        "tracking_number": "998877",
        "tracking_link": "https://vas.brt.it/vas/sped_det_show.hsm?brtcode=998877",
    },
)


def _invoice(number: int, remaining: int, due: str, order: str = "") -> dict[str, Value]:
    return {
        "erp_id": str(number),
        "invoice_number": f"FT{number}",
        "invoice_date": "2026-02-01",
        "due_date": due,
        "customer_account": "55012",
        "billing_name": CUSTOMER["name"],
        "amount": 50_000,
        "remaining_amount": remaining,
        "closed_on": None if remaining else "2026-02-20",
        "order_number": order,
    }


INVOICES = (
    _invoice(301, 50_000, "2026-03-01"),
    _invoice(302, 12_345, "2026-04-01", "ORD/26-001"),
    _invoice(303, 0, "2026-02-15"),
)
PRODUCTS: tuple[dict[str, Value], ...] = ({"item_id": "X10K2", "name": "Fresa conica", "package_content": "5 pezzi"},)
PRICES: tuple[dict[str, Value], ...] = (
    {"id": "1", "item_id": "X10K2", "item_name": "Fresa conica", "price_group_name": "Listino", "unit_price": 1250},
)


def other_customer(number: int) -> dict[str, Value]:
    """A customer without orders or invoices."""
    return {
        "id": str(60_000 + number),
        "account_num": f"6{number:04d}",
        "name": f"Ferramenta Demo {number:04d}",
        "city": "Milano",
        "phone": f"02 {number:07d}",
    }


class Office:
    """A store with the office's data, under one or several accounts."""

    def __init__(self, store: Store, clock: FakeClock) -> None:
        self.store, self.clock = store, clock
        self._runs = 0

    @classmethod
    async def open(cls, folder: Path, clock: FakeClock) -> Office:
        """A new store with all of the data, read 5 minutes ago."""
        office = cls(await Store.open(folder / "data", ENTITIES, clock=clock), clock)
        at = NOW - timedelta(minutes=5)
        customers = [CUSTOMER, *(other_customer(n) for n in range(20))]
        for name, account, rows in (
            ("customers", "agente01", customers),
            ("orders", "agente01", ORDERS),
            ("ddt", "agente01", DDT),
            ("invoices", "agente01", INVOICES),
            ("products", "", PRODUCTS),
            ("prices", "", PRICES),
        ):
            await office.read(name, account, rows, at)
        return office

    async def read(
        self, name: str, account: str, rows: tuple[Mapping[str, Value], ...] | list[dict[str, Value]], at: datetime
    ) -> None:
        """A clean whole read of one list."""
        self._runs += 1
        await self.store.apply(name, account, Batch(f"run-{self._runs}", at, list(rows), True, True))

    async def keep(self, *runs: RunRecord) -> None:
        """Store runs that have ended."""
        for run in runs:
            await self.store.journal.run_started(run)
            await self.store.journal.run_ended(run)
        await self.store.journal.flush()
