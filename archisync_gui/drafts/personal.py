"""One customer's data in the drafts' file: exporting them, and erasing them while the profile is closed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from archisync_gui.drafts.drafts import FILE
from archisync_gui.drafts.schema import DRAFTS, PAST_LINES, is_draft, read_document
from archisync_gui.store.finding import connected
from archisync_gui.store.personal import rewritten
from archisync_gui.store.whose import Customer


def export(folder: Path, customer: Customer) -> dict[str, list[dict[str, Any]]]:
    """The drafts that are for the customer or name them, and their past orders. Raises ``StoreError``."""
    path = folder / FILE
    if not path.exists():
        return {}
    with connected(path) as connection:
        drafts = [{**row, "document": read_document(row["document"])} for row in _drafts(connection, customer)]
        past = [{**row, "line": read_document(row["line"])} for row in _past(connection, customer)]
    return {"drafts": drafts, "past_orders": past}


def erase(folder: Path, customer: Customer) -> dict[str, int]:
    """Remove them; an erased draft's id is kept, as that of a deleted one. Raises ``StoreError``; then the file is
    unchanged."""

    def change(connection: sa.Connection) -> dict[str, int]:
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

    path = folder / FILE
    return rewritten(path, change) if path.exists() else {}


def ids_of(folder: Path, customer: Customer) -> frozenset[str]:
    """Ids of the customer in drafts that have one of their names or numbers. Raises ``StoreError``."""
    path = folder / FILE
    if not path.exists():
        return frozenset()
    with connected(path) as connection:
        chosen = [read_document(row["document"]).get("customer") for row in _documents(connection)]
    return frozenset(
        str(customer_data["id"])
        for customer_data in chosen
        if isinstance(customer_data, dict)
        and customer_data.get("id")
        and any(customer.called(value) for value in customer_data.values() if isinstance(value, str))
    )


def _documents(connection: sa.Connection) -> Iterator[sa.RowMapping]:
    yield from connection.execute(sa.select(DRAFTS).where(DRAFTS.c.document.is_not(None))).mappings()


def _drafts(connection: sa.Connection, customer: Customer) -> Iterator[sa.RowMapping]:
    for row in _documents(connection):
        chosen = read_document(row["document"]).get("customer")
        mine = isinstance(chosen, dict) and str(chosen.get("id")) in customer.ids
        if mine or customer.mentioned(read_document(row["document"])):
            yield row


def _past(connection: sa.Connection, customer: Customer) -> Iterator[sa.RowMapping]:
    for row in connection.execute(sa.select(PAST_LINES)).mappings():
        if row["customer"] in customer.ids or customer.mentioned(read_document(row["line"])):
            yield row
