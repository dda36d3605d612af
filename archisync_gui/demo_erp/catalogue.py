"""Products and prices, the same for every account."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from archisync_gui.demo_erp.invented import GROUPS, THINGS
from archisync_gui.demo_erp.streams import (
    OPEN_END,
    Cache,
    Row,
    RowSet,
    Stream,
    Ticks,
    Values,
    cents,
)


class Catalogue:
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
        self._cache = Cache()

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
        """The products as they are after so many seconds."""
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
            "DESCRIPTION": f"{random.choice(THINGS)} demo {parts[1] if len(parts) > 1 else ''}".strip(),
            "PRODUCTGROUPID.ID": str(group + 10),
            "ImageCalc": "System.Byte[]",
            "BRASPACKINGCONTENTS": f"{pack} colli" if index % 11 == 0 and pack > 1 else str(pack),
            "SEARCHNAME": name,
            "PRICEUNIT": Decimal("0.00") if index % 90 == 7 else Decimal("1.00"),
            "PRODUCTGROUPID.PRODUCTGROUPID": str(10_000 + group),
            "PRODUCTGROUPID.PRODUCTGROUP1": f"{GROUPS[group % len(GROUPS)]} {group:02d}",
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
            "PURCHPRICEPCS": cents(1 + index % 40) if index % 6 == 2 else None,
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
        """The prices as they are after so many seconds."""
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
            "TODATE": OPEN_END,
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
        values = self._entry(5 + index, item, name, cents(base * factor), second)
        if index in (11, 12, 13):
            values["ACCOUNTRELATIONID"] = values["ACCOUNTRELATIONTXT"] = None
        if index in (21, 22):
            values["UNITID"] = None
        return str(values["ID"]), values

    def _orphan(self, number: int) -> tuple[str, Values]:
        """A price of an article that is not in the catalogue."""
        record = 800_000 + number
        return str(record), self._entry(record, f"{700_000 + number}K2", f"X9.{number}.010", cents(10 + number))

    def _fresh_price(self, number: int) -> tuple[str, Values]:
        _, product = self._fresh(number)
        record = 5 + self.count + self.second + 1_000 + number
        amount = cents(5 + self._random(5, number).random() * 90)
        return str(record), self._entry(record, product["ITEMID"], product["NAME"], amount)

    def _blocked(self, number: int) -> tuple[str, Values]:
        item, name, _ = self._identity(number * 13 % self.count)
        record = 850_000 + number
        values = self._entry(record, item, name, cents(3 + number))
        return str(record), {**values, "TODATE": date(2022, 6, 30), "FROMDATE": date(2020, 1, 1), "BLOCKED": "Yes"}
