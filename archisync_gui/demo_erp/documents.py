"""One agent's delivery notes and invoices: they follow from the orders."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from archisync_gui.demo_erp.agents import Agent
from archisync_gui.demo_erp.invented import NOTES, PAYMENTS
from archisync_gui.demo_erp.streams import (
    Cache,
    Row,
    RowSet,
    Values,
    cents,
    local,
)


class Documents:
    """The delivery notes and invoices of one agent's orders."""

    def __init__(self, agent: Agent) -> None:
        self.agent = agent
        self.orders_stream = agent.orders_stream
        self.number = agent.number
        self._cache = Cache()

    def _kept_orders(self, newest: int) -> Iterator[int]:
        edge = newest - self.orders_stream.recent
        return (n for n in self.orders_stream.alive(newest) if n <= edge)

    def ddt(self, seconds: float) -> RowSet:
        """The DDT as they are after so many seconds."""
        newest, hour = self.orders_stream.newest(seconds), int(seconds // 3_600)

        def build() -> Iterator[Row]:
            for number in self._kept_orders(newest):
                days = (hour * 3_600 - number * self.orders_stream.interval) / 86_400
                j = number // self.orders_stream.keep_every
                if days >= 2:
                    yield self._cache.row("ddt", 2 * j, 0, self._slip, number, 0)
                if days >= 4 and j % 17 in (0, 6, 12):
                    yield self._cache.row("ddt", 2 * j + 1, 0, self._slip, number, 1)
                if days >= 2 and j % 80 == 7:
                    yield self._cache.row("ghost", j, 0, self._ghost, number)

        return self._cache.rowset("ddt", (newest, hour), build)

    def _slip(self, number: int, part: int) -> tuple[str, Values]:
        customer, random = self.agent.customer_of(number), self.agent.random(7, number * 2 + part)
        j = number // self.orders_stream.keep_every
        delivered = self.orders_stream.born(number) + timedelta(days=2 + 2 * part)
        street, city = customer.street, customer.city
        record = 1_000 + 2 * j + part
        return str(record), {
            "InvoicePDF.FileName": None,
            "ID": record,
            "PACKINGSLIPID": f"DDT/{delivered:%y}{2 * j + part + self.number * 500_000:06d}",
            "DELIVERYDATE": delivered.date(),
            "SALESID": self.agent.order_number(number),
            "ORDERACCOUNT": customer.account,
            "SALESTABLE.SALESNAME": customer.name,
            "DELIVERYNAME": customer.name,
            "DLVADDRESS": f"{street} {city[1]} {city[0]} {city[2]}",
            "QTY": random.randint(1, 60),
            "CUSTOMERREF": f"RIF {j % 1_000}" if j % 6 == 1 else None,
            "PURCHASEORDER": random.choice(NOTES) or None,
            "BRASTRACKINGNUMBER": _tracking(random) if (2 * j + part) % 20 < 7 else None,
            "DLVTERM.TXT": "CFR",
            "DLVMODE.TXT": "FedEx" if j % 4 else "UPS Italia",
            "BRASCRMATTENTIONTO": customer.attention or ("Segreteria" if j % 5 == 2 else None),
            "DLVEMAIL": customer.email,
            "DLVCITY": city[0],
            "DLVSTREET": street,
            "DLVZIPCODE": city[1],
            "SALESTABLE.ID": self.agent.order_id(number),
            "CREATEDDATETIME": delivered,
            "MODIFIEDDATETIME": delivered,
        }

    def _ghost(self, number: int) -> tuple[str, Values]:
        """A back-order reference: no number, no tracking (docs/erp.md, Delivery notes)."""
        _, values = self._slip(number, 0)
        record = 9_000_000 + number // self.orders_stream.keep_every
        return str(record), {**values, "ID": record, "PACKINGSLIPID": None, "BRASTRACKINGNUMBER": None, "QTY": 0}

    def invoices(self, seconds: float) -> RowSet:
        """The invoices as they are after so many seconds."""
        newest, day = self.orders_stream.newest(seconds), int(seconds // 86_400)

        def build() -> Iterator[Row]:
            today = local(day * 86_400).date()
            for number in self._kept_orders(newest):
                j = number // self.orders_stream.keep_every
                if day - number * self.orders_stream.interval / 86_400 < 15 or not self.agent.named_by_an_invoice(
                    number
                ):
                    continue
                billed = (self.orders_stream.born(number) + timedelta(days=15)).date()
                closed = (today - billed).days > 75 and j % 9 != 3
                yield self._cache.row("invoice", j, closed, self._invoice, number, closed, False)
                if j % 60 == 3:
                    yield self._cache.row("credit", j, 0, self._invoice, number, True, True)

        return self._cache.rowset("invoices", (newest, day), build)

    def _invoice(self, number: int, closed: bool, credit: bool) -> tuple[str, Values]:
        customer, random = self.agent.customer_of(number), self.agent.random(8, number * 2 + credit)
        j = number // self.orders_stream.keep_every
        billed = (self.orders_stream.born(number) + timedelta(days=15 + 5 * credit)).date()
        # A collective invoice: the named order and up to two others of the same weeks.
        orders = [number - step * self.orders_stream.keep_every for step in range(1 if credit else 1 + j % 3)]
        money = [self.agent.money(each) for each in orders]
        gross, net = sum((m[0] for m in money), Decimal(0)), sum((m[2] for m in money), Decimal(0))
        sign = -1 if credit else 1
        tax = cents(float(net) * 0.22)
        payment, term = random.choice(PAYMENTS)
        amount = (net + tax) * sign
        prefix = "NC" if credit else ("CT1" if j % 8 == 0 else "CF1")
        record = 2_000 + 2 * j + credit
        return str(record), {
            "InvoicePDF.FileName": None,
            "INVOICEID": f"{prefix}/{billed:%y}{j + self.number * 500_000:06d}",
            "INVOICEDATE": billed,
            "INVOICEACCOUNT": customer.account,
            "INVOICINGNAME": customer.name,
            "QTY": random.randint(1, 800) * sign,
            "SALESBALANCEMST": net * sign,
            "SUMLINEDISCMST": Decimal("0.00"),
            "ENDDISCMST": (gross - net) * sign,
            "SUMTAXMST": tax * sign,
            "INVOICEAMOUNTMST": amount,
            "PURCHASEORDER": random.choice(NOTES) or None,
            "CUSTOMERREF": f"RIF {j % 1_000}" if j % 4 == 3 else None,
            "DUEDATE": billed + timedelta(days=term),
            "PAYMTERMID.DESCRIPTION": payment,
            "OVERDUEDAYS": 0 if closed else term,
            "SETTLEAMOUNTMST": amount if closed else Decimal("0.00"),
            "LASTSETTLEVOUCHER": f"PAY{j:06d}" if closed else None,
            "LASTSETTLEDATE": billed + timedelta(days=term) if closed else None,
            "CLOSED": billed + timedelta(days=term) if closed else None,
            "REMAINAMOUNTMST": Decimal("0.00") if closed else amount,
            "SALESID": self.agent.order_number(number),
            "ID": record,
            "DATAAREAID": "kit",
            "ORDERACCOUNT": customer.account,
            "INVADDRESS": f"{customer.street} {customer.city[1]} {customer.city[0]} {customer.city[2]}",
            "INVCITY": customer.city[0],
            "INVSTREET": customer.street,
            "DELIVERYNAME": customer.name,
            "MODIFIEDDATETIME": datetime(billed.year, billed.month, billed.day, 18, 30),  # noqa: DTZ001 - as printed
        }


def _tracking(random: Random) -> str:
    """Tracking text as seen: courier and number, mixed case, a known typo, sometimes only the number."""
    fedex = f"44{random.randint(0, 10**10 - 1):010d}"
    which = random.random()
    if which < 0.78:
        return f"fedex {fedex}"
    if which < 0.90:
        return f"Ups 1Z{random.randint(0, 10**16 - 1):016d}"
    if which < 0.94:
        return f"fidex {fedex}"
    if which < 0.97:
        return f"FedEx {fedex}"
    return fedex
