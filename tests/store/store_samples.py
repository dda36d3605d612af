"""Invented entities, rows and a clock for the store's tests."""

import dataclasses
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from archisync_gui.entities.declaration import Column, Entity, Kind, Row, Value
from archisync_gui.model import Origin, Outcome, RunRecord, Scope, SyncTypeSpec
from archisync_gui.store import Batch, Store

OpenStore = Callable[[], Awaitable[Store]]
"""Opens the test's database (fixture ``open_store``)."""

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class ManualClock:
    """A clock that changes only when the test advances it."""

    def __init__(self) -> None:
        self.time = START

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("the store never waits")

    def forward(self, **units: float) -> datetime:
        self.time += timedelta(**units)
        return self.time


PARCELS = Entity(
    spec=SyncTypeSpec("parcels", priority=4, interval=30, stagger=5),
    it="Pacchi",
    en="Parcels",
    path="PARCELS_ListView/",
    columns=(
        Column("ID", "id", "ID", "ID", Kind.ID),
        Column("NAME", "name", "NOME", "Name"),
        Column("CITY", "city", "CITTÀ", "City"),
        Column("COST", "cost", "COSTO", "Cost", Kind.MONEY),
        Column("TRACKING", "tracking", "TRACKING", "Tracking", sticky=True),
        Column("OPEN", "open", "APERTO", "Open", Kind.BOOL),
        Column("SENT", "sent", "SPEDITO", "Sent", Kind.DATE),
    ),
    key=("id",),
    natural_key=("name", "city"),
    title="name",
    search=("name", "city"),
)
"""A list of each account."""

TARIFFS = Entity(
    spec=SyncTypeSpec("tariffs", priority=2, interval=30, stagger=5, shared=True),
    it="Tariffe",
    en="Tariffs",
    path="TARIFFS_ListView/",
    columns=(
        Column("ITEM", "item", "ARTICOLO", "Item"),
        Column("FROM", "quantity", "DA", "From", Kind.NUMBER),
        Column("AMOUNT", "amount", "IMPORTO", "Amount", Kind.MONEY),
    ),
    key=("item", "quantity"),
    natural_key=("item", "quantity"),
    title="item",
    search=("item",),
)
"""A shared list, with a key of two columns."""

ENTITIES = (PARCELS, TARIFFS)


def parcel(number: int, **values: Value) -> Row:
    """A parcel with a value in each field."""
    row: dict[str, Value] = {
        "id": str(number),
        "name": f"Ditta Prova {number}",
        "city": "Forlì" if number % 2 else "Milano",
        "cost": 1_000 + number,
        "tracking": f"TRK{number}",
        "open": number % 3 == 0,
        "sent": f"2026-02-{number % 28 + 1:02d}",
    }
    return row | values


def tariff(item: str, quantity: int, amount: int) -> Row:
    """A price line."""
    return {"item": item, "quantity": quantity, "amount": amount}


def run(number: int, started: datetime, **changes: object) -> RunRecord:
    """A read of the parcels that was completed."""
    record = RunRecord(
        id=f"run-{number}",
        type="parcels",
        account="agent",
        scope=Scope.ALL,
        key=None,
        origin=Origin.SCHEDULE,
        attempt=1,
        asked=started,
        started=started,
        ended=started + timedelta(seconds=30),
        outcome=Outcome.COMPLETED,
    )
    return dataclasses.replace(record, **changes)  # type: ignore[arg-type]


class Reads:
    """Makes batches, with one minute between two reads."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.count = 0

    def batch(
        self,
        rows: Sequence[Mapping[str, Value]],
        *,
        whole: bool = True,
        clean: bool = True,
        single: bool = False,
        as_of: datetime | None = None,
        after: int | None = None,
    ) -> Batch:
        self.count += 1
        self.clock.forward(minutes=1)
        return Batch(f"run-{self.count}", as_of or self.clock.now(), rows, whole, clean, single, after)
