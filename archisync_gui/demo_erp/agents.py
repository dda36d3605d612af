"""One agent's customers and orders."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from math import ceil
from random import Random
from typing import Any

from archisync_gui.demo_erp.invented import CITIES, FIRMS, NAMES, NOTES, STREETS, SURNAMES
from archisync_gui.demo_erp.streams import (
    Cache,
    Row,
    RowSet,
    Stream,
    Ticks,
    Values,
    cents,
    local,
)


@dataclass(frozen=True, slots=True)
class _Customer:
    """What documents need to know about a customer with an account number."""

    account: str
    name: str
    street: str
    city: tuple[str, str, str]
    email: str
    attention: str | None


class Agent:
    """One agent's customers, orders, delivery notes and invoices."""

    def __init__(self, seed: int, scale: float, number: int, user: str) -> None:
        self.seed = seed
        self.number = number
        self.user = user
        count = max(6, round(1_255 * scale))
        self.garbage = max(2, round(1_424 * scale))
        self.core = count
        self.newcomers = Stream(720 / scale, max(1, round(60 * scale)), 20, max(1, round(200 * scale)))
        self.touches = Ticks.over(count, 90 / scale)
        self.orders_stream = Stream(480 / scale, max(2, round(90 * scale)), 36, max(4, round(960 * scale)))
        self.first_id = 50_000 if number == 0 else 20_000 + 1_000_000 * (number - 1)
        self.holders = [self._holder(index) for index in range(0, count, 7)]
        self._cache = Cache()

    def random(self, salt: int, number: int) -> Random:
        """A generator that gives the same numbers at each start for the same purpose (``salt``) and record."""
        return Random(((self.seed * 31 + salt) << 32) + number)

    # Customers

    def _person(self, index: int) -> tuple[Random, str, str, tuple[str, str, str]]:
        random = self.random(1, index)
        surname, other = random.choice(SURNAMES), random.choice(SURNAMES)
        name = random.choice(FIRMS).format(s=surname, t=other, n=random.choice(NAMES))
        street = f"{random.choice(STREETS)}, {random.randint(1, 180)}"
        return random, name, street, random.choice(CITIES)

    def _holder(self, index: int) -> _Customer:
        random, name, street, city = self._person(index)
        account = f"{(self.number + 1) * 1_000_000 + 1 + index}"
        attention = random.choice(NAMES) if random.random() < 0.2 else None
        return _Customer(account, name, street, city, f"cliente{index}@example.test", attention)

    def customers(self, seconds: float) -> RowSet:
        """The customers as they are after so many seconds."""
        newest, tick = self.newcomers.newest(seconds), self.touches.number(seconds)
        order = self.orders_stream.newest(seconds)

        def build() -> Iterator[Row]:
            bought: dict[int, tuple[int, int]] = {}
            for number in self.orders_stream.alive(order):
                holder = number * 7_919 % len(self.holders)
                bought[holder] = (bought.get(holder, (0, 0))[0] + 1, number)
            for index, version in enumerate(self.touches.versions(tick)):
                orders = bought.get(index // 7, (0, 0)) if index % 7 == 0 else (0, 0)
                yield self._cache.row("customer", index, (version, orders), self._core, index, version, orders)
            for number in self.newcomers.alive(newest):
                yield self._cache.row("newcomer", number, 0, self._newcomer, number)
            for number in range(self.garbage):
                yield self._cache.row("garbage", number, 0, self._garbage, number)

        return self._cache.rowset("customers", (newest, tick, order), build)

    def _customer(self, record: int, index: int, account: str | None) -> dict[str, Any]:
        random, name, street, city = self._person(index)
        previous, before = random.randint(0, 14), random.randint(0, 9)
        sales = cents(random.random() * 3_000) if random.random() < 0.6 else Decimal("0.00")
        exclusive = random.random() < 0.18
        attention = random.choice(NAMES) if random.random() < 0.2 else None
        start = date(2026, 1, 1) + timedelta(days=random.randint(0, 50))
        return {
            "ID": record,
            "ACCOUNTNUM": account,
            "NAME": name,
            "VATNUM": f"{random.randint(10**9, 10**10):011d}",
            "LEGALEMAIL": f"cliente{record}@pec.example.test" if random.random() < 0.8 else None,
            "LEGALAUTHORITY": "".join(random.choices("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789", k=7)),
            "FISCALCODE": f"RSSMRA{random.randint(40, 99)}A{random.randint(1, 28):02d}H501U" if index % 3 else None,
            "DLVMODE.TXT": "FedEx" if index % 4 else "UPS Italia",
            "STREET": street,
            "LOGISTICSADDRESSZIPCODE.ZIPCODE": city[1],
            "CITY": city[0],
            "PHONE": f"+39081{random.randint(0, 9_999_999):07d}",
            "CELLULARPHONE": f"+39333{random.randint(0, 9_999_999):07d}" if index % 2 else None,
            "URL": "https://www.example.test" if index % 40 == 3 else None,
            "BRASCRMATTENTIONTO": attention,
            "LASTORDERDATE": None,
            "ORDERCOUNTACT": 0,
            "SALESACT": sales,
            "ORDERCOUNTPREV": previous,
            "SALESPREV": cents(previous * random.random() * 400),
            "ORDERCOUNTPREV2": before,
            "SALESPREV2": cents(before * random.random() * 400),
            "BUSRELTYPEID.TYPEDESCRIPTION": "Debitor" if index % 5 else "Cliente da concessionario",
            "BUSRELTYPEID.TYPEID": "CustFromConcess" if index % 5 else "Customer",
            "EXTERNALACCOUNTNUM": f"{record}",
            "OURACCOUNTNUM": f"F{record % 100_000:05d}" if index % 9 == 2 else None,
            "EXCLUSIVACTIVE": random.randint(1, 180) if exclusive else None,
            "EXCLUSIVPERIODSTART": start if exclusive else None,
            "EXCLUSIVPERIODEND": start + timedelta(days=180) if exclusive else None,
            "EXCLUSIVSALESFORECAST": cents(500 + random.random() * 4_000) if exclusive else None,
            "EXCLUSIVSALESINPERIOD": cents(random.random() * 2_000) if exclusive else None,
            "MECHANOGRAPHICNUMBER": f"{random.randint(100_000, 999_999)}" if exclusive else None,
        }

    def _core(self, index: int, version: int, orders: tuple[int, int]) -> tuple[str, Values]:
        account = self.holders[index // 7].account if index % 7 == 0 else None
        values = self._customer(self.first_id + index, index, account)
        touched = self.random(2, index * 1_000_003 + version)
        match version % 4:
            case 0:
                values["PHONE"] = f"+39081{touched.randint(0, 9_999_999):07d}"
            case 1:
                values["CELLULARPHONE"] = f"+39333{touched.randint(0, 9_999_999):07d}"
            case 2:
                values["STREET"] = f"{touched.choice(STREETS)}, {touched.randint(1, 180)}"
            case _:
                values["URL"] = f"https://www{touched.randint(1, 99)}.example.test"
        if orders[0]:
            values["LASTORDERDATE"] = self.orders_stream.born(orders[1]).date()
            values["ORDERCOUNTACT"] = orders[0]
        elif not account and index % 3:
            values["LASTORDERDATE"] = date(2025, 1, 1) + timedelta(days=self.random(3, index).randint(0, 400))
        return str(values["ID"]), values

    def _newcomer(self, number: int) -> tuple[str, Values]:
        values = self._customer(self.first_id + self.core + 1_000 + number, 10_000_000 + number, None)
        return str(values["ID"]), values

    def _garbage(self, number: int) -> tuple[str, Values]:
        """A system artefact with ID 0 (docs/erp.md, Customers)."""
        random = self.random(4, number)
        potential = random.random() < 0.6
        return "0", {
            "ID": 0,
            "NAME": f"{random.choice(SURNAMES)} {random.choice(NAMES)}",
            "CITY": random.choice(CITIES)[0],
            "BUSRELTYPEID.TYPEDESCRIPTION": f"{'Potenziale cliente' if potential else 'Cliente'} da concessionario",
            "BUSRELTYPEID.TYPEID": "PotCustFromConcess" if potential else "CustFromConcess",
            "ORDERCOUNTACT": 0,
            "SALESACT": Decimal("0.00"),
        }

    # Orders and their documents. An order's whole life follows from its number and its age.

    def customer_of(self, number: int) -> _Customer:
        """The customer of the order of that number."""
        return self.holders[number * 7_919 % len(self.holders)]

    def _sent(self, number: int) -> float:
        """Seconds at which an order was sent. A draft that is sent at all waits at least an hour, and half an interval
        more or less than a whole number of them, so that no two orders are sent at the same moment."""
        interval = self.orders_stream.interval
        wait = (ceil(3_600 / interval - 0.5) + 0.5) * interval if self._starts_as_draft(number) else 0.0
        return number * interval + wait

    def _starts_as_draft(self, number: int) -> bool:
        return number % self.orders_stream.keep_every == 0

    def order_number(self, number: int) -> str:
        """The number given when the order is sent: it rises strictly with CREATEDDATETIME, unlike the ID."""
        sent = self._sent(number)
        running = round(2 * sent / self.orders_stream.interval) + self.number * 500_000
        return f"ORD/{local(sent):%y}{running:06d}"

    def order_id(self, number: int) -> int:
        """The ID that the ERP shows for the order of that number."""
        return self.first_id + 1_000 + number

    def money(self, number: int) -> tuple[Decimal, Decimal, Decimal]:
        """Gross amount, discount in per cent and net amount of an order."""
        random = self.random(5, number)
        gross = cents(20 + random.random() ** 3 * 4_000)
        percent = random.choice((Decimal("0.00"), Decimal("10.00"), Decimal("20.00"), Decimal("21.49")))
        return gross, percent, cents(float(gross) * (1 - float(percent) / 100))

    def orders(self, seconds: float) -> RowSet:
        """The orders as they are after so many seconds."""
        newest = self.orders_stream.newest(seconds)
        hour = int(seconds // 3_600)

        def build() -> Iterator[Row]:
            for number in self.orders_stream.alive(newest):
                age = hour * 3_600 - number * self.orders_stream.interval
                stage = self._stage(number, age)
                yield self._cache.row("order", number, stage, self._order, number, stage)

        return self._cache.rowset("orders", (newest, hour), build)

    def _stage(self, number: int, age: float) -> str:
        days = age / 86_400
        kept = self._starts_as_draft(number)
        waited = number * self.orders_stream.interval + age >= self._sent(number)
        if (kept and not waited) or (not kept and number % 6 == 1):
            return "draft"
        if not kept or days < 2:
            return "open"
        return "delivered" if days < 15 else "invoiced"

    def named_by_an_invoice(self, number: int) -> bool:
        """Invoices are collective and name one order each, so most invoiced orders are named by none."""
        return number // self.orders_stream.keep_every % 10 in (0, 3, 6)

    def _order(self, number: int, stage: str) -> tuple[str, Values]:
        customer, born = self.customer_of(number), self.orders_stream.born(number)
        random = self.random(6, number)
        gross, percent, total = self.money(number)
        draft = stage == "draft"
        status, document = {
            "draft": ("OpenOrder", "None"),
            "open": ("OpenOrder", "None"),
            "delivered": ("Delivered", "PackingSlip"),
            "invoiced": ("Invoiced", "Invoice"),
        }[stage]
        transferred = stage != "draft"
        # The moment of creation that the ERP shows is the one of sending (docs/erp.md, Identity).
        created = born if draft else local(self._sent(number))
        street, city = customer.street, customer.city
        return str(self.order_id(number)), {
            "ID": self.order_id(number),
            "SALESID": None if draft else self.order_number(number),
            "CUSTACCOUNT": None if draft else customer.account,
            "SALESNAME": None if draft and number % 2 else customer.name,
            "DELIVERYNAME": customer.name,
            "DLVADDRESS": f"{street}\n{city[1]} {city[0]} {city[2]}",
            "CREATEDDATETIME": created,
            "DELIVERYDATE": (born + timedelta(days=2)).date(),
            "PURCHORDERFORMNUM": random.choice(NOTES) or None,
            "CUSTOMERREF": f"RIF {random.randint(1, 999)}" if random.random() < 0.1 else None,
            "SALESSTATUS": status,
            "SALESTYPE": "Journal" if draft else "SalesOrder",
            "DOCUMENTSTATUS": document,
            "SALESORIGINID.DESCRIPTION": "Agent",
            "TRANSFERSTATUS": _transfer_status(number, draft),
            "TRANSFERREDDATE": created.date() if transferred else None,
            "COMPLETEDDATE": created.date() if transferred else None,
            "QUOTE": False,
            "MANUALDISCOUNT": percent,
            "GROSSAMOUNT": gross,
            "AmountTotal": total,
            "SAMPLEORDER": random.random() < 0.03,
            "EMAIL": customer.email,
            "MODIFIEDDATETIME": created
            + timedelta(days={"draft": 0, "open": 0, "delivered": 2, "invoiced": 15}[stage]),
            "DLVMODE.TXT": "FedEx",
            "DLVCITY": city[0],
            "DLVSTREET": street,
            "DLVZIPCODE": city[1],
            "VATNUM": f"{10_000_000_000 + int(customer.account):011d}",
            "TEXTINTERNAL": "controllare l'indirizzo" if number % 5 == 0 else None,
            "TEXTEXTERNAL": "consegna dal lunedì al venerdì" if number % 4 == 0 else None,
            "DISCPERCENT": percent,
            "LINEDISC": "001" if number % 3 == 0 else None,
            "CUSTTABLE.EXTERNALACCOUNTNUM": customer.account[-5:],
            "PRICEGROUPID": "002",
            "DATAAREAID": "kit",
            "CREATEDBY": self.user,
            "FREIGHTSLIPTYPE": "None",
            "BRASAPPROVALSTEP": "None",
            "BRASORDERKIND": "Standard",
        }


def _transfer_status(number: int, draft: bool) -> str:
    if draft:
        return "Edit" if number % 4 == 3 else "Approvel_regionalmanager"
    return "Transfer_error" if number % 97 == 5 else "Transfered"
