"""The invented data behind the demo ERP, as a pure function of seed, scale, account and moment; no HTML lives here.

Nothing is stored and nothing is rolled forward: *streams* say which numbered rows exist at a moment, *ticks* how often
a row was changed by then. So the same moment always shows the same world, after any restart, in any order of asking,
and each list keeps its size for ever: what appears is balanced by what the ERP archives.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import ceil, gcd
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from archisync_gui.demo_erp.clock import ROME

Values = Mapping[str, Any]
"""Typed values by field name: str, int, Decimal, bool, date, datetime (Rome, no zone), enum code or None."""

_UTC = ZoneInfo("UTC")
_BASE = datetime(2025, 1, 1, tzinfo=_UTC)
_OPEN_END = date(2154, 12, 31)


@dataclass(frozen=True, slots=True)
class Row:
    """One record: the grid's row key, its typed values, and cells already drawn from them (a cache, by look)."""

    key: str
    values: Values
    cells: dict[Hashable, str] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class RowSet:
    """All records of one list at a moment. ``token`` changes whenever the rows do."""

    token: Hashable
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Stream:
    """Numbered rows born one every ``interval`` seconds: the ``recent`` newest exist, and of the older ones every
    ``keep_every``-th, ``kept`` of them. The number of rows that exist never changes."""

    interval: float
    recent: int
    keep_every: int = 1
    kept: int = 0

    def newest(self, seconds: float) -> int:
        """The number of the newest row born by then."""
        return int(seconds // self.interval)

    def alive(self, newest: int) -> Iterator[int]:
        """The numbers that exist when ``newest`` was just born, oldest first."""
        edge = newest - self.recent
        last = edge // self.keep_every
        for j in range(last - self.kept + 1, last + 1):
            yield j * self.keep_every
        yield from range(edge + 1, newest + 1)

    def born(self, number: int) -> datetime:
        """When that row was born, as Rome's local time."""
        return _local(number * self.interval)


@dataclass(frozen=True, slots=True)
class Ticks:
    """Changes falling on ``count`` rows in turn, one every ``interval`` seconds, in a scattered order."""

    interval: float
    count: int
    stride: int

    @classmethod
    def over(cls, count: int, interval: float) -> Ticks:
        stride = max(1, int(count * 0.618))
        while gcd(stride, max(1, count)) != 1:
            stride += 1
        return cls(interval, count, stride)

    def number(self, seconds: float) -> int:
        return int(seconds // self.interval)

    def versions(self, newest: int) -> list[int]:
        """How often each row was changed by tick ``newest``."""
        if not self.count:
            return []
        base, extra = divmod(newest + 1, self.count)
        versions = [base] * self.count
        for tick in range(extra):
            versions[tick * self.stride % self.count] += 1
        return versions

    def last(self, index: int, version: int) -> datetime:
        """When row ``index`` got that version."""
        inverse = pow(self.stride, -1, self.count) if self.count > 1 else 0
        return _local(((version - 1) * self.count + index * inverse % self.count) * self.interval)


def _local(seconds: float) -> datetime:
    """Seconds since the base as Rome's wall clock, as the ERP prints it."""
    return (_BASE + timedelta(seconds=int(seconds))).astimezone(ROME).replace(tzinfo=None)


def _cents(value: float) -> Decimal:
    return Decimal(round(value * 100)).scaleb(-2)


_SURNAMES = (
    "Rossi", "Russo", "Ferrari", "Esposito", "Bianchi", "Romano", "Colombo", "Ricci", "Marino", "Greco",
    "Bruno", "Gallo", "Conti", "De Luca", "Mancini", "Costa", "Giordano", "Rizzo", "Lombardi", "Moretti",
    "Barbieri", "Fontana", "Santoro", "Mariani", "Rinaldi", "Caruso", "Ferrara", "Galli", "Martini", "Leone",
    "Longo", "Gentile", "Martinelli", "Vitale", "Lombardo", "Serra", "Coppola", "De Santis", "D'Angelo",
    "Marchetti", "Parisi", "Villa", "Conte", "Ferraro", "Ferri", "Fabbri", "Bianco", "Marini", "Grasso",
    "Valentini", "Messina", "Sala", "De Angelis", "Gatti", "Pellegrini", "Palumbo", "Sanna", "Farina", "Rizzi",
    "Monti", "Cattaneo", "Morelli", "Amato", "Silvestri", "Mazza", "Testa", "Grassi", "Pellegrino", "Carbone",
    "Giuliani", "Benedetti", "Barone", "Rossetti", "Caputo",
)  # fmt: skip
_NAMES = (
    "Anna", "Marco", "Lucia", "Paolo", "Giulia", "Andrea", "Elena", "Stefano", "Chiara", "Davide", "Francesca",
    "Luca", "Sara", "Matteo", "Laura", "Giorgio", "Marta", "Roberto", "Silvia", "Antonio", "Valentina",
    "Michele", "Federica", "Simone", "Teresa", "Nicola", "Irene", "Pietro", "Carla", "Fabio",
)  # fmt: skip
_FIRMS = (
    "Studio {s}",
    "Studio Dott. {n} {s}",
    "Laboratorio {s} S.r.l.",
    "{s} & {t} S.n.c.",
    "Centro {s} Demo",
    "Ambulatorio {s} e {t}",
    "Officina {s} di {n} {s}",
    "{s} Forniture S.r.l.",
)
_STREETS = (
    "Via Roma", "Via Garibaldi", "Via Mazzini", "Corso Italia", "Via Verdi", "Piazza Dante", "Via Cavour",
    "Viale Europa", "Via dell'Invenzione", "Via Demo",
)  # fmt: skip
_CITIES = (
    ("Napoli", "80100", "Na"), ("Roma", "00184", "Rm"), ("Milano", "20121", "Mi"), ("Torino", "10121", "To"),
    ("Bari", "70121", "Ba"), ("Salerno", "84121", "Sa"), ("Caserta", "81100", "Ce"), ("Avellino", "83100", "Av"),
    ("Firenze", "50122", "Fi"), ("Bologna", "40121", "Bo"), ("Verona", "37121", "Vr"), ("Forlì", "47121", "Fc"),
    ("L'Aquila", "67100", "Aq"), ("Cantù", "22063", "Co"), ("Potenza", "85100", "Pz"), ("Foggia", "71121", "Fg"),
)  # fmt: skip
_GROUPS = (
    "STRUMENTI DEMO", "FRESE DEMO", "DISCHI DEMO", "LUCIDATORI DEMO", "PUNTE DEMO", "LIME DEMO", "KIT DEMO",
    "ACCESSORI DEMO", "SUPPORTI DEMO", "CERAMICHE DEMO",
)  # fmt: skip
_THINGS = (
    "Fresa", "Punta", "Disco", "Lima", "Gommino", "Spazzolino", "Mandrino", "Kit", "Inserto", "Lucidatore",
)  # fmt: skip
_NOTES = ("", "", "", "", "ordine gennaio", "consegnare al mattino", "urgente", "campioni inclusi", "vedi nota")
_PAYMENTS = (
    ("201 BONIF. BANC. 60 GG.DFFM", 60),
    ("101 RIBA 30 GG.DF", 30),
    ("103 RIBA 90 GG.DFFM", 90),
    ("001 RIMESSA DIRETTA", 0),
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


_ACCOUNTS = (("agente01", False), ("agente02", True))


class World:
    """The demo data of every account at any moment.

    ``seed`` picks the invented names and numbers; ``scale`` multiplies the number of rows (0.05 for tests, 10 or 100
    for benchmarks); ``small`` accounts have ``SMALL`` of it. Thread-safe.
    """

    SMALL = 0.08

    def __init__(self, seed: int = 1, scale: float = 1.0, accounts: Iterable[tuple[str, bool]] = _ACCOUNTS) -> None:
        if not scale > 0:
            raise ValueError("scale must be above zero")
        self.seed = seed
        self.scale = scale
        self._lock = threading.RLock()
        self._catalogue = _Catalogue(seed, scale)
        self._agents = {
            user: _Agent(seed * 1_000 + number + 1, scale * (self.SMALL if small else 1.0), number, user)
            for number, (user, small) in enumerate(accounts)
        }
        self._edits: dict[tuple[str, str], _Edits] = {}
        self._edited: dict[tuple[str, str], RowSet] = {}

    def rows(self, list_name: str, user: str, at: datetime) -> RowSet:
        """Every record of that list of that account at that moment, garbage rows included, in the ERP's own order.

        KeyError: unknown list or account. Products and prices are the same for all accounts.
        """
        seconds = (at.astimezone(_UTC) - _BASE).total_seconds()
        with self._lock:
            shared = list_name in ("products", "prices")
            source: Callable[[float], RowSet]
            source = getattr(self._catalogue, list_name) if shared else getattr(self._agents[user], list_name)
            rows = source(seconds)
            slot = ("" if shared else user, list_name)
            edits = self._edits.get(slot)
            if edits is None:
                return rows
            token = (rows.token, edits.revision)
            cached = self._edited.get(slot)
            if cached is None or cached.token != token:
                cached = self._edited[slot] = RowSet(token, edits.apply(rows.rows))
            return cached

    # Hand-made changes on top of the function: what tests and the fault "rows move while paging" use.

    def insert(self, list_name: str, user: str, at: datetime, values: Values | None = None) -> str:
        """Add a record (a copy of an existing one with a new identity, changed by ``values``) and return its key."""
        with self._lock:
            edits = self._edits_of(list_name, user)
            like = next(row for row in self.rows(list_name, user, at).rows if row.values.get("ID") != 0)
            edits.counter += 1
            new = _with_identity(list_name, dict(like.values), edits.counter)
            if list_name == "orders":
                new["CREATEDDATETIME"] = new["MODIFIEDDATETIME"] = at.astimezone(ROME).replace(
                    tzinfo=None, microsecond=0
                )
            new.update(values or {})
            row = Row(str(new["ID"]), new)
            edits.added[row.key] = row
            edits.removed.discard(row.key)
            edits.revision += 1
            return row.key

    def delete(self, list_name: str, user: str, key: str) -> None:
        """Remove the record with that key (no error if there is none)."""
        with self._lock:
            edits = self._edits_of(list_name, user)
            if edits.added.pop(key, None) is None:
                edits.removed.add(key)
            edits.revision += 1

    def change(self, list_name: str, user: str, at: datetime, key: str, values: Values) -> None:
        """Overwrite some values of the record with that key. KeyError if there is none."""
        with self._lock:
            edits = self._edits_of(list_name, user)
            row = next((row for row in self.rows(list_name, user, at).rows if row.key == key), None)
            if row is None:
                raise KeyError(key)
            if key in edits.added:
                edits.added[key] = Row(key, {**row.values, **values})
            else:
                edits.changed[key] = {**edits.changed.get(key, {}), **values}
            edits.revision += 1

    def send_draft(self, user: str, at: datetime, key: str) -> str:
        """Send the draft order with that key: it gets a number and the moment of sending as CREATEDDATETIME."""
        row = next((row for row in self.rows("orders", user, at).rows if row.key == key), None)
        if row is None:
            raise KeyError(key)
        if row.values["SALESID"]:
            raise ValueError(f"order {key} is no draft")
        sent = at.astimezone(ROME).replace(tzinfo=None, microsecond=0)
        with self._lock:
            edits = self._edits_of("orders", user)
            edits.counter += 1
            number = f"ORD/{sent:%y}{900_000 + edits.counter}"
        self.change("orders", user, at, key, {
            "SALESID": number, "CREATEDDATETIME": sent, "MODIFIEDDATETIME": sent, "SALESTYPE": "SalesOrder",
            "TRANSFERSTATUS": "Transfered", "TRANSFERREDDATE": sent.date(), "COMPLETEDDATE": sent.date(),
        })  # fmt: skip
        return number

    def forget_edits(self) -> None:
        """Drop every hand-made change."""
        with self._lock:
            self._edits.clear()
            self._edited.clear()

    def _edits_of(self, list_name: str, user: str) -> _Edits:
        slot = ("" if list_name in ("products", "prices") else user, list_name)
        return self._edits.setdefault(slot, _Edits())


@dataclass(slots=True)
class _Edits:
    """Hand-made changes of one list."""

    revision: int = 0
    counter: int = 0
    added: dict[str, Row] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    changed: dict[str, Values] = field(default_factory=dict)

    def apply(self, rows: tuple[Row, ...]) -> tuple[Row, ...]:
        kept = [
            Row(row.key, {**row.values, **self.changed[row.key]}) if row.key in self.changed else row
            for row in rows
            if row.key not in self.removed
        ]
        return (*kept, *self.added.values())


def _with_identity(list_name: str, values: dict[str, Any], counter: int) -> dict[str, Any]:
    """A copy that is a record of its own in that list."""
    values["ID"] = 900_000 + counter
    match list_name:
        case "customers":
            values["NAME"] = f"Nuovo Studio Demo {counter}"
            values["ACCOUNTNUM"] = None
            values["VATNUM"] = f"{90_000_000_000 + counter}"
        case "orders":
            values["SALESID"] = f"ORD/26{900_000 + counter}"
        case "ddt":
            values["PACKINGSLIPID"] = f"DDT/26{900_000 + counter}"
        case "invoices":
            values["INVOICEID"] = f"CF1/26{900_000 + counter}"
        case "products":
            values["ITEMID"] = f"{900_000 + counter}K2"
            values["NAME"] = values["SEARCHNAME"] = f"N9.{counter}"
        case "prices":
            values["ITEMRELATIONID"] = f"{900_000 + counter}K2"
    return values


class _Cache:
    """Remembers the rows last built for each state and each record by version."""

    def __init__(self) -> None:
        self._sets: dict[str, RowSet] = {}
        self._rows: dict[tuple[str, int], tuple[Hashable, Row]] = {}

    def rowset(self, name: str, token: Hashable, build: Callable[[], Iterable[Row]]) -> RowSet:
        found = self._sets.get(name)
        if found is None or found.token != token:
            found = self._sets[name] = RowSet(token, tuple(build()))
            if len(self._rows) > 4 * sum(len(rows.rows) for rows in self._sets.values()) + 20_000:
                self._rows.clear()
        return found

    def row(
        self, name: str, number: int, version: Hashable, build: Callable[..., tuple[str, Values]], *given: Any
    ) -> Row:
        slot = (name, number)
        found = self._rows.get(slot)
        if found is None or found[0] != version:
            found = self._rows[slot] = (version, Row(*build(*given)))
        return found[1]


class _Agent:
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
        self._cache = _Cache()

    def _random(self, salt: int, number: int) -> Random:
        return Random(((self.seed * 31 + salt) << 32) + number)

    # Customers

    def _person(self, index: int) -> tuple[Random, str, str, tuple[str, str, str]]:
        random = self._random(1, index)
        surname, other = random.choice(_SURNAMES), random.choice(_SURNAMES)
        name = random.choice(_FIRMS).format(s=surname, t=other, n=random.choice(_NAMES))
        street = f"{random.choice(_STREETS)}, {random.randint(1, 180)}"
        return random, name, street, random.choice(_CITIES)

    def _holder(self, index: int) -> _Customer:
        random, name, street, city = self._person(index)
        account = f"{(self.number + 1) * 1_000_000 + 1 + index}"
        attention = random.choice(_NAMES) if random.random() < 0.2 else None
        return _Customer(account, name, street, city, f"cliente{index}@example.test", attention)

    def customers(self, seconds: float) -> RowSet:
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
        sales = _cents(random.random() * 3_000) if random.random() < 0.6 else Decimal("0.00")
        exclusive = random.random() < 0.18
        attention = random.choice(_NAMES) if random.random() < 0.2 else None
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
            "SALESPREV": _cents(previous * random.random() * 400),
            "ORDERCOUNTPREV2": before,
            "SALESPREV2": _cents(before * random.random() * 400),
            "BUSRELTYPEID.TYPEDESCRIPTION": "Debitor" if index % 5 else "Cliente da concessionario",
            "BUSRELTYPEID.TYPEID": "CustFromConcess" if index % 5 else "Customer",
            "EXTERNALACCOUNTNUM": f"{record}",
            "OURACCOUNTNUM": f"F{record % 100_000:05d}" if index % 9 == 2 else None,
            "EXCLUSIVACTIVE": random.randint(1, 180) if exclusive else None,
            "EXCLUSIVPERIODSTART": start if exclusive else None,
            "EXCLUSIVPERIODEND": start + timedelta(days=180) if exclusive else None,
            "EXCLUSIVSALESFORECAST": _cents(500 + random.random() * 4_000) if exclusive else None,
            "EXCLUSIVSALESINPERIOD": _cents(random.random() * 2_000) if exclusive else None,
            "MECHANOGRAPHICNUMBER": f"{random.randint(100_000, 999_999)}" if exclusive else None,
        }

    def _core(self, index: int, version: int, orders: tuple[int, int]) -> tuple[str, Values]:
        account = self.holders[index // 7].account if index % 7 == 0 else None
        values = self._customer(self.first_id + index, index, account)
        touched = self._random(2, index * 1_000_003 + version)
        match version % 4:
            case 0:
                values["PHONE"] = f"+39081{touched.randint(0, 9_999_999):07d}"
            case 1:
                values["CELLULARPHONE"] = f"+39333{touched.randint(0, 9_999_999):07d}"
            case 2:
                values["STREET"] = f"{touched.choice(_STREETS)}, {touched.randint(1, 180)}"
            case _:
                values["URL"] = f"https://www{touched.randint(1, 99)}.example.test"
        if orders[0]:
            values["LASTORDERDATE"] = self.orders_stream.born(orders[1]).date()
            values["ORDERCOUNTACT"] = orders[0]
        elif not account and index % 3:
            values["LASTORDERDATE"] = date(2025, 1, 1) + timedelta(days=self._random(3, index).randint(0, 400))
        return str(values["ID"]), values

    def _newcomer(self, number: int) -> tuple[str, Values]:
        values = self._customer(self.first_id + self.core + 1_000 + number, 10_000_000 + number, None)
        return str(values["ID"]), values

    def _garbage(self, number: int) -> tuple[str, Values]:
        """A system artefact with ID 0 (docs/erp.md, customers: garbage rows)."""
        random = self._random(4, number)
        potential = random.random() < 0.6
        return "0", {
            "ID": 0,
            "NAME": f"{random.choice(_SURNAMES)} {random.choice(_NAMES)}",
            "CITY": random.choice(_CITIES)[0],
            "BUSRELTYPEID.TYPEDESCRIPTION": f"{'Potenziale cliente' if potential else 'Cliente'} da concessionario",
            "BUSRELTYPEID.TYPEID": "PotCustFromConcess" if potential else "CustFromConcess",
            "ORDERCOUNTACT": 0,
            "SALESACT": Decimal("0.00"),
        }

    # Orders and their documents. An order's whole life follows from its number and its age.

    def _customer_of(self, number: int) -> _Customer:
        return self.holders[number * 7_919 % len(self.holders)]

    def _sent(self, number: int) -> float:
        """Seconds at which an order was sent. A draft that is sent at all waits at least an hour, and half an interval
        more or less than a whole number of them, so that no two orders are sent at the same moment."""
        interval = self.orders_stream.interval
        wait = (ceil(3_600 / interval - 0.5) + 0.5) * interval if self._starts_as_draft(number) else 0.0
        return number * interval + wait

    def _starts_as_draft(self, number: int) -> bool:
        return number % self.orders_stream.keep_every == 0

    def _order_number(self, number: int) -> str:
        """The number given when the order is sent: it rises strictly with CREATEDDATETIME, unlike the ID."""
        sent = self._sent(number)
        running = round(2 * sent / self.orders_stream.interval) + self.number * 500_000
        return f"ORD/{_local(sent):%y}{running:06d}"

    def _order_id(self, number: int) -> int:
        return self.first_id + 1_000 + number

    def _money(self, number: int) -> tuple[Decimal, Decimal, Decimal]:
        random = self._random(5, number)
        gross = _cents(20 + random.random() ** 3 * 4_000)
        percent = random.choice((Decimal("0.00"), Decimal("10.00"), Decimal("20.00"), Decimal("21.49")))
        return gross, percent, _cents(float(gross) * (1 - float(percent) / 100))

    def orders(self, seconds: float) -> RowSet:
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

    def _named_by_an_invoice(self, number: int) -> bool:
        """Invoices are collective and name one order each, so most invoiced orders are named by none."""
        return number // self.orders_stream.keep_every % 10 in (0, 3, 6)

    def _order(self, number: int, stage: str) -> tuple[str, Values]:
        customer, born = self._customer_of(number), self.orders_stream.born(number)
        random = self._random(6, number)
        gross, percent, total = self._money(number)
        draft = stage == "draft"
        status, document = {
            "draft": ("OpenOrder", "None"),
            "open": ("OpenOrder", "None"),
            "delivered": ("Delivered", "PackingSlip"),
            "invoiced": ("Invoiced", "Invoice"),
        }[stage]
        transferred = stage != "draft"
        # The moment of creation that the ERP shows is the one of sending (docs/erp.md, orders: drafts).
        created = born if draft else _local(self._sent(number))
        street, city = customer.street, customer.city
        return str(self._order_id(number)), {
            "ID": self._order_id(number),
            "SALESID": None if draft else self._order_number(number),
            "CUSTACCOUNT": None if draft else customer.account,
            "SALESNAME": None if draft and number % 2 else customer.name,
            "DELIVERYNAME": customer.name,
            "DLVADDRESS": f"{street}\n{city[1]} {city[0]} {city[2]}",
            "CREATEDDATETIME": created,
            "DELIVERYDATE": (born + timedelta(days=2)).date(),
            "PURCHORDERFORMNUM": random.choice(_NOTES) or None,
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

    def _kept_orders(self, newest: int) -> Iterator[int]:
        edge = newest - self.orders_stream.recent
        return (n for n in self.orders_stream.alive(newest) if n <= edge)

    def ddt(self, seconds: float) -> RowSet:
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
        customer, random = self._customer_of(number), self._random(7, number * 2 + part)
        j = number // self.orders_stream.keep_every
        delivered = self.orders_stream.born(number) + timedelta(days=2 + 2 * part)
        street, city = customer.street, customer.city
        record = 1_000 + 2 * j + part
        return str(record), {
            "InvoicePDF.FileName": None,
            "ID": record,
            "PACKINGSLIPID": f"DDT/{delivered:%y}{2 * j + part + self.number * 500_000:06d}",
            "DELIVERYDATE": delivered.date(),
            "SALESID": self._order_number(number),
            "ORDERACCOUNT": customer.account,
            "SALESTABLE.SALESNAME": customer.name,
            "DELIVERYNAME": customer.name,
            "DLVADDRESS": f"{street} {city[1]} {city[0]} {city[2]}",
            "QTY": random.randint(1, 60),
            "CUSTOMERREF": f"RIF {j % 1_000}" if j % 6 == 1 else None,
            "PURCHASEORDER": random.choice(_NOTES) or None,
            "BRASTRACKINGNUMBER": _tracking(random) if (2 * j + part) % 20 < 7 else None,
            "DLVTERM.TXT": "CFR",
            "DLVMODE.TXT": "FedEx" if j % 4 else "UPS Italia",
            "BRASCRMATTENTIONTO": customer.attention or ("Segreteria" if j % 5 == 2 else None),
            "DLVEMAIL": customer.email,
            "DLVCITY": city[0],
            "DLVSTREET": street,
            "DLVZIPCODE": city[1],
            "SALESTABLE.ID": self._order_id(number),
            "CREATEDDATETIME": delivered,
            "MODIFIEDDATETIME": delivered,
        }

    def _ghost(self, number: int) -> tuple[str, Values]:
        """A back-order reference: no number, no tracking (docs/erp.md, delivery notes: ghosts)."""
        _, values = self._slip(number, 0)
        record = 9_000_000 + number // self.orders_stream.keep_every
        return str(record), {**values, "ID": record, "PACKINGSLIPID": None, "BRASTRACKINGNUMBER": None, "QTY": 0}

    def invoices(self, seconds: float) -> RowSet:
        newest, day = self.orders_stream.newest(seconds), int(seconds // 86_400)

        def build() -> Iterator[Row]:
            today = _local(day * 86_400).date()
            for number in self._kept_orders(newest):
                j = number // self.orders_stream.keep_every
                if day - number * self.orders_stream.interval / 86_400 < 15 or not self._named_by_an_invoice(number):
                    continue
                billed = (self.orders_stream.born(number) + timedelta(days=15)).date()
                closed = (today - billed).days > 75 and j % 9 != 3
                yield self._cache.row("invoice", j, closed, self._invoice, number, closed, False)
                if j % 60 == 3:
                    yield self._cache.row("credit", j, 0, self._invoice, number, True, True)

        return self._cache.rowset("invoices", (newest, day), build)

    def _invoice(self, number: int, closed: bool, credit: bool) -> tuple[str, Values]:
        customer, random = self._customer_of(number), self._random(8, number * 2 + credit)
        j = number // self.orders_stream.keep_every
        billed = (self.orders_stream.born(number) + timedelta(days=15 + 5 * credit)).date()
        # A collective invoice: the named order and up to two others of the same weeks.
        orders = [number - step * self.orders_stream.keep_every for step in range(1 if credit else 1 + j % 3)]
        money = [self._money(each) for each in orders]
        gross, net = sum((m[0] for m in money), Decimal(0)), sum((m[2] for m in money), Decimal(0))
        sign = -1 if credit else 1
        tax = _cents(float(net) * 0.22)
        payment, term = random.choice(_PAYMENTS)
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
            "PURCHASEORDER": random.choice(_NOTES) or None,
            "CUSTOMERREF": f"RIF {j % 1_000}" if j % 4 == 3 else None,
            "DUEDATE": billed + timedelta(days=term),
            "PAYMTERMID.DESCRIPTION": payment,
            "OVERDUEDAYS": 0 if closed else term,
            "SETTLEAMOUNTMST": amount if closed else Decimal("0.00"),
            "LASTSETTLEVOUCHER": f"PAY{j:06d}" if closed else None,
            "LASTSETTLEDATE": billed + timedelta(days=term) if closed else None,
            "CLOSED": billed + timedelta(days=term) if closed else None,
            "REMAINAMOUNTMST": Decimal("0.00") if closed else amount,
            "SALESID": self._order_number(number),
            "ID": record,
            "DATAAREAID": "kit",
            "ORDERACCOUNT": customer.account,
            "INVADDRESS": f"{customer.street} {customer.city[1]} {customer.city[0]} {customer.city[2]}",
            "INVCITY": customer.city[0],
            "INVSTREET": customer.street,
            "DELIVERYNAME": customer.name,
            "MODIFIEDDATETIME": datetime(billed.year, billed.month, billed.day, 18, 30),  # noqa: DTZ001 - as printed
        }


def _transfer_status(number: int, draft: bool) -> str:
    if draft:
        return "Edit" if number % 4 == 3 else "Approvel_regionalmanager"
    return "Transfer_error" if number % 97 == 5 else "Transfered"


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


class _Catalogue:
    """Products and prices, the same for every account."""

    _VARIANTS = ("K2", "K3", "K0", "K1", "R0")

    def __init__(self, seed: int, scale: float) -> None:
        self.seed = seed
        self.count = max(10, round(4_528 * scale))
        self.names = max(8, round(3_900 * scale))
        self.fresh = Stream(10_800 / scale, max(1, round(12 * scale)))
        self.touches = Ticks.over(self.count, 1_200 / scale)
        self.second = max(1, round(5 * scale))
        self.orphans = max(1, round(415 * scale))
        self.blocked = max(1, round(300 * scale))
        self.moves = Ticks.over(self.count + self.second, 240 / scale)
        self._cache = _Cache()

    def _random(self, salt: int, number: int) -> Random:
        return Random(((self.seed * 37 + 1_000_000 + salt) << 32) + number)

    def _identity(self, index: int) -> tuple[str, str, str]:
        """ITEMID, NAME and package variant of core product ``index``; several products share a name."""
        name = index * self.names // self.count
        first = -(-name * self.count // self.names)
        variant = self._VARIANTS[(index - first) % len(self._VARIANTS)]
        text = f"H{name // 900 + 1}.{name % 900 + 100}.{name * 7 % 90 + 10:03d}"
        if name % 50 == 49:
            return f"{10_000_000 + index}", text, ""
        return f"{name + 10_000:06d}{variant}", text, variant

    def products(self, seconds: float) -> RowSet:
        tick, newest = self.touches.number(seconds), self.fresh.newest(seconds)

        def build() -> Iterator[Row]:
            for index, version in enumerate(self.touches.versions(tick)):
                yield self._cache.row("product", index, version, self._product, index, version)
            for number in self.fresh.alive(newest):
                yield self._cache.row("fresh", number, 0, self._fresh, number)

        return self._cache.rowset("products", (tick, newest), build)

    def _item(self, index: int, item: str, name: str, variant: str, record: int) -> dict[str, Any]:
        random = self._random(1, index)
        parts = name.split(".")
        group = random.randint(0, 72)
        pack = {"K2": 5, "K3": 1, "K0": 10, "K1": 2}.get(variant, 1)
        size = parts[2] if len(parts) > 2 else None
        return {
            "ITEMID": item,
            "NAME": name,
            "DESCRIPTION": f"{random.choice(_THINGS)} demo {parts[1] if len(parts) > 1 else ''}".strip(),
            "PRODUCTGROUPID.ID": str(group + 10),
            "ImageCalc": "System.Byte[]",
            "BRASPACKINGCONTENTS": f"{pack} colli" if index % 11 == 0 and pack > 1 else str(pack),
            "SEARCHNAME": name,
            "PRICEUNIT": Decimal("0.00") if index % 90 == 7 else Decimal("1.00"),
            "PRODUCTGROUPID.PRODUCTGROUPID": str(10_000 + group),
            "PRODUCTGROUPID.PRODUCTGROUP1": f"{_GROUPS[group % len(_GROUPS)]} {group:02d}",
            "LOWESTQTY": Decimal(pack).quantize(Decimal("0.01")),
            "MULTIPLEQTY": Decimal(pack).quantize(Decimal("0.01")),
            "HIGHESTQTY": Decimal(random.choice((500, 1_000, 2_500))).quantize(Decimal("0.01")),
            "BRASFIGURE": parts[1] if len(parts) > 1 else None,
            "BRASITEMIDBULK": f"{item}B" if index % 7 == 3 else None,
            "BRASPACKAGEEXPERTS": variant or None,
            "BRASSHANK": "104" if index % 2 else "314",
            "BRASSIZE": size,
            "CONFIGID": "C1" if index % 8 == 1 else None,
            "CREATEDBY": "import",
            "CREATEDDATETIME": datetime(2022, 2, 12, 20, 30) + timedelta(minutes=index),  # noqa: DTZ001 - as printed
            "DATAAREAID": "kit",
            "DEFAULTSALESQTY": Decimal("0.00"),
            "DISPLAYPRODUCTNUMBER": item,
            "ENDDISC": Decimal(0),
            "ID": record,
            "LINEDISC.ID": "001" if index % 3 == 0 else None,
            "MODIFIEDBY": "import",
            "ORDERITEM": True,
            "PURCHPRICEPCS": _cents(1 + index % 40) if index % 6 == 2 else None,
            "STANDARDCONFIGID": "C1" if index % 8 == 1 else None,
            "STANDARDQTY": Decimal("0.00"),
            "STOPPED": "Yes" if random.random() < 0.02 else "No",
            "UNITID": "001",
            "TAXITEMGROUPID": "1" if random.random() < 0.027 else "5",
        }

    def _product(self, index: int, version: int) -> tuple[str, Values]:
        item, name, variant = self._identity(index)
        values = self._item(index, item, name, variant, 3_000 + index)
        touched = self._random(2, index * 1_000_003 + version)
        values["HIGHESTQTY"] = Decimal(touched.choice((500, 1_000, 2_500))).quantize(Decimal("0.01"))
        values["DESCRIPTION"] = f"{values['DESCRIPTION']} rev. {version}"
        values["MODIFIEDDATETIME"] = self.touches.last(index, version)
        return str(values["ID"]), values

    def _fresh(self, number: int) -> tuple[str, Values]:
        name = f"N1.{number % 900 + 100}.{number % 90 + 10:03d}"
        values = self._item(
            20_000_000 + number, f"{500_000 + number}K2", name, "K2", 3_000 + self.count + 1_000 + number
        )
        values["MODIFIEDDATETIME"] = self.fresh.born(number)
        return str(values["ID"]), values

    def prices(self, seconds: float) -> RowSet:
        tick, newest = self.moves.number(seconds), self.fresh.newest(seconds)

        def build() -> Iterator[Row]:
            for index, version in enumerate(self.moves.versions(tick)):
                yield self._cache.row("price", index, version, self._price, index, version)
            for number in range(self.orphans):
                yield self._cache.row("orphan", number, 0, self._orphan, number)
            for number in self.fresh.alive(newest):
                yield self._cache.row("fresh-price", number, 0, self._fresh_price, number)
            for number in range(self.blocked):
                yield self._cache.row("blocked", number, 0, self._blocked, number)

        return self._cache.rowset("prices", (tick, newest), build)

    def _entry(self, record: int, item: str, name: str, amount: Decimal, second: bool = False) -> dict[str, Any]:
        return {
            "ID": record,
            "ACCOUNTCODE": "Group",
            "ACCOUNTRELATIONID": "001" if second else "002",
            "ACCOUNTRELATIONTXT": "RISERVATO (demo)" if second else "DETTAGLIO (consigliato)",
            "ITEMRELATIONID": item,
            "ITEMRELATIONTXT": name,
            "FROMDATE": date(2022, 7, 1),
            "TODATE": _OPEN_END,
            "QUANTITYAMOUNTFROM": 1,
            "QUANTITYAMOUNTTO": 100_000_000,
            "PRICEUNIT": 1,
            "AMOUNT": amount,
            "CURRENCY": "EUR",
            "BRASNETPRICE": False,
            "PERCENT1": Decimal("0.00"),
            "PERCENT2": Decimal("0.00"),
            "ITEMCODE": "Table",
            "RELATION": "Price (sales)",
            "MODULE1": "Customer",
            "UNITID": "001",
            "MODIFIEDDATETIME": datetime(2026, 2, 12, 20, 30),  # noqa: DTZ001 - as printed
            "DATAAREAID": "kit",
            "BLOCKED": "No",
        }

    def _price(self, index: int, version: int) -> tuple[str, Values]:
        second = index >= self.count
        product = (index - self.count) * 11 % self.count if second else index
        item, name, _ = self._identity(product)
        base = 2 + self._random(3, product).random() ** 3 * 2_400
        factor = (0.92 if second else 1.0) * (1 + self._random(4, index * 1_000_003 + version).randint(-8, 12) / 100)
        values = self._entry(5 + index, item, name, _cents(base * factor), second)
        if index in (11, 12, 13):
            values["ACCOUNTRELATIONID"] = values["ACCOUNTRELATIONTXT"] = None
        if index in (21, 22):
            values["UNITID"] = None
        return str(values["ID"]), values

    def _orphan(self, number: int) -> tuple[str, Values]:
        """A price of an article that is not in the catalogue."""
        record = 800_000 + number
        return str(record), self._entry(record, f"{700_000 + number}K2", f"X9.{number}.010", _cents(10 + number))

    def _fresh_price(self, number: int) -> tuple[str, Values]:
        _, product = self._fresh(number)
        record = 5 + self.count + self.second + 1_000 + number
        amount = _cents(5 + self._random(5, number).random() * 90)
        return str(record), self._entry(record, product["ITEMID"], product["NAME"], amount)

    def _blocked(self, number: int) -> tuple[str, Values]:
        item, name, _ = self._identity(number * 13 % self.count)
        record = 850_000 + number
        values = self._entry(record, item, name, _cents(3 + number))
        return str(record), {**values, "TODATE": date(2022, 6, 30), "FROMDATE": date(2020, 1, 1), "BLOCKED": "Yes"}
