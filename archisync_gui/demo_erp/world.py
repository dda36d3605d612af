"""The invented data behind the demo ERP, as a pure function of seed, scale, account and moment; no HTML lives here.

Nothing is stored and nothing is rolled forward: *streams* say which numbered rows exist at a moment, *ticks* how often
a row was changed by then. So the same moment always shows the same world, after any restart, in any order of asking,
and each list keeps its size for ever: what appears is balanced by what the ERP archives.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from archisync_gui.demo_erp.agents import Agent
from archisync_gui.demo_erp.catalogue import Catalogue
from archisync_gui.demo_erp.clock import ROME
from archisync_gui.demo_erp.documents import Documents
from archisync_gui.demo_erp.streams import (
    BASE,
    UTC_ZONE,
    Row,
    RowSet,
    Values,
)

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
        self._catalogue = Catalogue(seed, scale)
        self._agents = {
            user: Agent(seed * 1_000 + number + 1, scale * (self.SMALL if small else 1.0), number, user)
            for number, (user, small) in enumerate(accounts)
        }
        self._documents = {user: Documents(agent) for user, agent in self._agents.items()}
        self._edits: dict[tuple[str, str], Edits] = {}
        self._edited: dict[tuple[str, str], RowSet] = {}

    def rows(self, list_name: str, user: str, at: datetime) -> RowSet:
        """Every record of that list of that account at that moment, garbage rows included, in the ERP's own order.

        KeyError: unknown list or account. Products and prices are the same for all accounts.
        """
        seconds = (at.astimezone(UTC_ZONE) - BASE).total_seconds()
        with self._lock:
            shared = list_name in ("products", "prices")
            source: Callable[[float], RowSet]
            source = getattr(self._owner(list_name, user), list_name)
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

    def _owner(self, list_name: str, user: str) -> Agent | Catalogue | Documents:
        if list_name in ("products", "prices"):
            return self._catalogue
        return self._documents[user] if list_name in ("ddt", "invoices") else self._agents[user]

    # Hand-made changes on top of the function: what tests and the fault "rows move while paging" use.

    def insert(self, list_name: str, user: str, at: datetime, values: Values | None = None) -> str:
        """Add a record (a copy of an existing one with a new identity, changed by ``values``) and return its key."""
        with self._lock:
            edits = self._edits_of(list_name, user)
            like = next(row for row in self.rows(list_name, user, at).rows if row.values.get("ID") != 0)
            edits.counter += 1
            new = with_identity(list_name, dict(like.values), edits.counter)
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

    def _edits_of(self, list_name: str, user: str) -> Edits:
        slot = ("" if list_name in ("products", "prices") else user, list_name)
        return self._edits.setdefault(slot, Edits())


@dataclass(slots=True)
class Edits:
    """Hand-made changes of one list."""

    revision: int = 0
    counter: int = 0
    added: dict[str, Row] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    changed: dict[str, Values] = field(default_factory=dict)

    def apply(self, rows: tuple[Row, ...]) -> tuple[Row, ...]:
        """These rows, with the changes that a test made."""
        kept = [
            Row(row.key, {**row.values, **self.changed[row.key]}) if row.key in self.changed else row
            for row in rows
            if row.key not in self.removed
        ]
        return (*kept, *self.added.values())


def with_identity(list_name: str, values: dict[str, Any], counter: int) -> dict[str, Any]:
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
