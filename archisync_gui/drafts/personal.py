"""One customer's data in the archive and the drafts: reading them, and erasing them from the files of a closed profile.

In an office both are on its server (``office.one_customer``).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from archisync_gui.drafts.drafts import FILE as DRAFTS_FILE
from archisync_gui.drafts.schema import DRAFTS, PAST_LINES, is_draft, read_document
from archisync_gui.entities.declaration import Entity
from archisync_gui.store import finding, personal
from archisync_gui.store.database import open_read_only
from archisync_gui.store.dialect import each_row
from archisync_gui.store.finding import connected
from archisync_gui.store.store import FILE
from archisync_gui.store.whose import Customer, word


@dataclass(frozen=True, slots=True)
class Archive:
    """Lists and drafts, open for reading one customer's data. Every method may raise ``StoreError``."""

    entities: Sequence[Entity]
    lists: sa.Connection
    drafts: sa.Connection | None
    """``None``: there are no drafts yet."""

    def find(self, wanted: str, known: Customer | None = None) -> Customer:
        """As :func:`finding.find`."""
        return finding.find(self.lists, self.entities, wanted, known)

    def apart(self, former: Customer) -> Customer:
        """As :func:`finding.apart`."""
        return finding.apart(self.lists, self.entities, former)

    def as_typed(self, wanted: str) -> Customer:
        """As :func:`finding.as_typed`, with the ids of such a customer in drafts."""
        typed = finding.as_typed(self.lists, self.entities, wanted)
        return replace(typed, ids=typed.ids | (self.ids_in_drafts(typed) - typed.present))

    def records(self, customer: Customer) -> dict[str, list[dict[str, Any]]]:
        """Everything about the customer, by kind."""
        found = personal.export(self.lists, self.entities, customer)
        return found if self.drafts is None else found | export(self.drafts, customer)

    def orders(self, customer: Customer) -> list[str]:
        """Keys of the customer's orders."""
        return personal.keys_in(self.lists, self.entities, customer, "orders")

    def ids_in_drafts(self, customer: Customer) -> frozenset[str]:
        """As :func:`ids_of`."""
        return frozenset() if self.drafts is None else ids_of(self.drafts, customer)


@contextmanager
def in_files(folder: Path, entities: Sequence[Entity]) -> Iterator[Archive]:
    """The archive and the drafts in a profile's folder, which may be open in the panel."""
    drafts = folder / DRAFTS_FILE
    with connected(folder / FILE) as lists:
        if not drafts.exists():
            yield Archive(entities, lists, None)
            return
        with connected(drafts) as found:
            yield Archive(entities, lists, found)


def erase_lists(folder: Path, entities: Sequence[Entity], customer: Customer) -> dict[str, int]:
    """Erase the customer from the archive in a profile's folder, which is not open; returns the numbers of rows. Raises
    ``StoreError``; then the file is unchanged."""
    return personal.rewritten(folder / FILE, lambda connection: personal.erase(connection, entities, customer))


def erase_both(folder: Path, entities: Sequence[Entity], customer: Customer) -> dict[str, int]:
    """As :func:`erase_lists`, from the archive and the drafts: from the drafts when the archive has been written anew,
    but is not in its place yet. Only drafts may say the customer's id: they stay while the archive cannot be changed,
    and are gone before it."""
    drafts: dict[str, int] = {}
    lists = personal.rewritten(
        folder / FILE,
        lambda connection: personal.erase(connection, entities, customer),
        lambda: drafts.update(erase_drafts(folder, customer)),
    )
    return lists | drafts


def erase_drafts(folder: Path, customer: Customer) -> dict[str, int]:
    """As :func:`erase_lists`, from the drafts."""
    path = folder / DRAFTS_FILE
    return personal.rewritten(path, lambda connection: erase(connection, customer)) if path.exists() else {}


def drafts_in(folder: Path, customer: Customer) -> dict[str, list[dict[str, Any]]]:
    """As :func:`export`, from the drafts in a profile's folder."""
    path = folder / DRAFTS_FILE
    if not path.exists():
        return {}
    with connected(path) as connection:
        return export(connection, customer)


def copy_holds(file: Path, customer: Customer) -> bool:
    """Whether a copy of the drafts, also one of an earlier version, has drafts or past orders of the customer, also
    those with nothing but the id. ``False`` for other files, and for those that cannot be read (so a file has to be
    searched as text, too). Blocking."""
    for document in _in_copy(file, "SELECT document FROM drafts WHERE document IS NOT NULL"):
        if _is_of(read_document(document), customer):
            return True
    lines = _in_copy(file, "SELECT DISTINCT customer FROM past_lines")
    return any(chosen in customer.ids for chosen in lines)


def found_in_copy(file: Path, wanted: str) -> Customer | None:
    """The customer with that id, number or name, as the drafts in a copy know them (past orders: by the id only);
    ``None``: none there, or several. Blocking."""
    asked = word(wanted)
    if not asked:  # a draft's customer may have no name
        return None
    chosen = [
        customer
        for document in _in_copy(file, "SELECT document FROM drafts WHERE document IS NOT NULL")
        if isinstance(customer := read_document(document).get("customer"), dict)
        and asked in {word(customer[name]) for name in _IDENTIFYING if isinstance(customer.get(name), str)}
    ]
    ids = frozenset(str(customer["id"]) for customer in chosen if customer.get("id"))
    ids = ids or frozenset(_in_copy(file, "SELECT DISTINCT customer FROM past_lines")) & {wanted.strip()}
    if len(ids) != 1:
        return None
    values = {customer.get(name) for customer in chosen for name in _IDENTIFYING[2:]}
    codes = {customer.get("accountNum") for customer in chosen}
    return Customer(ids, *(frozenset(v for v in found if isinstance(v, str) and v) for found in (codes, values)))


_IDENTIFYING = ("id", "accountNum", "name", "vatNumber", "fiscalCode")
"""The fields of a draft's customer that identify one."""


def _in_copy(file: Path, query: str) -> Iterator[str]:
    with suppress(sqlite3.Error, OSError), closing(open_read_only(file)) as raw:
        yield from (str(value) for (value,) in raw.execute(query))


def export(connection: sa.Connection, customer: Customer) -> dict[str, list[dict[str, Any]]]:
    """The drafts that are for the customer or name them, and their past orders."""
    drafts = [{**row, "document": read_document(row["document"])} for row in _drafts(connection, customer)]
    past = [{**row, "line": read_document(row["line"])} for row in _past(connection, customer)]
    return {"drafts": drafts, "past_orders": past}


def erase(connection: sa.Connection, customer: Customer) -> dict[str, int]:
    """Remove them in the caller's transaction; an erased draft's id is kept, as that of a deleted one."""
    drafts, past = list(_drafts(connection, customer)), list(_past(connection, customer))
    for row in drafts:
        values = {"document": None, "size": 0, "deleted_at": row["deleted_at"] or row["updated_at"]}
        connection.execute(DRAFTS.update().where(is_draft(row["account"], row["id"])).values(values))
    for row in past:
        c = PAST_LINES.c
        connection.execute(
            PAST_LINES.delete().where(
                c.account == row["account"], c.draft == row["draft"], c.position == row["position"]
            )
        )
    return {name: len(rows) for name, rows in (("drafts", drafts), ("past_orders", past)) if rows}


def ids_of(connection: sa.Connection, customer: Customer) -> frozenset[str]:
    """Ids of the customer in drafts that have one of their names or numbers."""
    chosen = [read_document(row["document"]).get("customer") for row in _documents(connection)]
    return frozenset(
        str(customer_data["id"])
        for customer_data in chosen
        if isinstance(customer_data, dict)
        and customer_data.get("id")
        and any(customer.called(value) for value in customer_data.values() if isinstance(value, str))
    )


def _documents(connection: sa.Connection) -> Iterator[sa.RowMapping]:
    yield from each_row(connection, sa.select(DRAFTS).where(DRAFTS.c.document.is_not(None)))


def _drafts(connection: sa.Connection, customer: Customer) -> Iterator[sa.RowMapping]:
    for row in _documents(connection):
        if _is_of(read_document(row["document"]), customer):
            yield row


def _is_of(document: Mapping[str, Any], customer: Customer) -> bool:
    """Whether a draft is for the customer or names them."""
    chosen = document.get("customer")
    return _concerns(str(chosen.get("id")) if isinstance(chosen, dict) else "", document, customer)


def _past(connection: sa.Connection, customer: Customer) -> Iterator[sa.RowMapping]:
    for row in each_row(connection, sa.select(PAST_LINES)):
        if _concerns(row["customer"], read_document(row["line"]), customer):
            yield row


def _concerns(whose: str, content: Mapping[str, Any], customer: Customer) -> bool:
    """Whether a draft or a line for the customer with the id ``whose`` is this customer's, or names them."""
    return whose in customer.ids or (whose not in customer.present and customer.mentioned(content))
