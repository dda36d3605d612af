"""Which customer is meant by a number or a name: looks into the lists and the change log, and only reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from archisync_gui.entities.declaration import Entity
from archisync_gui.store import schema
from archisync_gui.store.database import json_or_none
from archisync_gui.store.errors import StoreError, translated
from archisync_gui.store.fields import fields_of, lines
from archisync_gui.store.whose import CALLED, CODES, CUSTOMERS, IDENTIFYING, OWN, Customer, containing, word

Table = tuple[Entity, sa.Table]
Called = tuple[str, str]
"""A column of the customers and a value in it."""
KINDS = {**dict.fromkeys(CALLED, "name"), "vat_number": "vat_number"}
"""Columns of the other lists that hold what is a column of the customers."""


def tables(entities: Sequence[Entity]) -> dict[str, Table]:
    """Each list with its table, by name."""
    return {entity.name: (entity, schema.data_table(entity)) for entity in entities}


@contextmanager
def connected(path: Path) -> Iterator[sa.Connection]:
    """A connection to a file that nobody else has open. Raises :class:`StoreError`, ``damaged`` for tables that no
    program of ours has written."""
    engine = sa.create_engine(
        sa.URL.create("sqlite+pysqlite", database=str(path)), poolclass=NullPool, json_deserializer=json_or_none
    )
    try:
        with translated(path), engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA temp_store = MEMORY")
            connection.rollback()
            yield connection
    except DBAPIError as error:
        raise StoreError("damaged", path=str(path), detail=str(error.orig)) from error
    finally:
        engine.dispose()


def find(path: Path, entities: Sequence[Entity], wanted: str, known: Customer | None = None) -> Customer:
    """The customer with that id, account number, VAT number, fiscal code or name (case does not matter).

    One who is no longer in the list of customers is found by the account number in the other lists, which say the name
    and, through the change log, what stood in the list of customers before. The file may be a backup of an earlier
    version, which lacks some columns. ``known``: the same customer as other files know them. Raises
    :class:`StoreError` ``customer-unknown``, or ``customer-several`` when different customers are called so.
    """
    with connected(path) as connection:
        lists = tables(entities)
        everybody = _everybody(connection, lists[CUSTOMERS][1])
        if everybody is None:
            raise StoreError("customer-unknown", wanted=wanted)
        asked = word(wanted)
        rows = [
            row
            for row in everybody
            if asked == word(row[schema.KEY]) or asked in {word(row[name]) for name in IDENTIFYING if row[name]}
        ]
        ids = {str(row[schema.KEY]) for row in rows}
        if len(ids) > 1:
            names = ", ".join(sorted(f"{row['name']} ({row[schema.KEY]})" for row in rows)[:10])
            raise StoreError("customer-several", wanted=wanted, found=names)
        codes = {str(row["account_num"]) for row in rows if row["account_num"]} or ({wanted.strip()} - ids)
        coded = _coded(connection, lists)
        if not ids and not any(code in codes for code, _ in coded) and not _ordered(connection, lists, codes):
            raise StoreError("customer-unknown", wanted=wanted)
        others = [row for row in everybody if str(row[schema.KEY]) not in ids]
        theirs = {(name, str(row[name])) for row in others for name in OWN if row[name]}
        theirs |= {called for code, called in coded if code not in codes}
        taken = {(kind, word(value)) for kind, value in theirs}
        mine = {(name, str(row[name])) for row in rows for name in OWN if row[name]}
        mine |= {called for code, called in coded if code in codes}
        own = {called for called in mine if (called[0], word(called[1])) not in taken}
        there = {str(row[schema.KEY]) for row in others}
        before_ids, before = _before(connection, ids, own | {("account_num", code) for code in codes}, there)
        own |= {called for called in before if (called[0], word(called[1])) not in taken}
        words = {said for _, said in taken}
        more = set() if known is None else {value for value in known.values if word(value) not in words}
        values = frozenset({value for _, value in own} | more)
        ids |= before_ids | (set() if known is None else known.ids - there)
        longer = containing({value for kind, value in theirs if kind == "name"}, values)
        return Customer(frozenset(ids), frozenset(codes), values, longer)


def _everybody(connection: sa.Connection, table: sa.Table) -> list[Mapping[str, Any]] | None:
    """All rows of the list of customers, with every column; ``None`` without such a table."""
    there = schema.columns_there(connection, table.name)
    if not there:
        return None
    nothing = dict.fromkeys(table.c.keys())
    known = sa.select(*(column for column in table.c if column.name in there))
    return [{**nothing, **row} for row in connection.execute(known).mappings()]


def _coded(connection: sa.Connection, lists: Mapping[str, Table]) -> set[tuple[str, Called]]:
    """What the other lists say of customers: account number, and what is said of it."""
    found: set[tuple[str, Called]] = set()
    code = CODES[0]
    for name, (_, table) in lists.items():
        there = schema.columns_there(connection, table.name)
        if name == CUSTOMERS or code not in there or code not in table.c:
            continue
        for column in KINDS:
            if column in there and column in table.c:
                pairs = sa.select(table.c[code], table.c[column]).distinct()
                told = connection.execute(pairs.where(table.c[code] != "", table.c[column] != ""))
                found |= {(str(number), (KINDS[column], str(value))) for number, value in told}
    return found


def _ordered(connection: sa.Connection, lists: Mapping[str, Table], codes: Iterable[str]) -> bool:
    """Whether a row of another list has one of the account numbers."""
    wanted = list(codes)
    for name, (_, table) in lists.items():
        there = schema.columns_there(connection, table.name) if name != CUSTOMERS else set()
        for code in CODES:
            if code in there and code in table.c:
                row = sa.select(sa.literal(1)).where(table.c[code].in_(wanted)).limit(1)
                if connection.execute(row).first() is not None:
                    return True
    return False


def _before(
    connection: sa.Connection, ids: set[str], known: set[Called], others: set[str]
) -> tuple[set[str], set[Called]]:
    """What the change log tells of the customer's record: its ids where they are not known, which no other customer has
    now, and what else stood in it."""
    if not schema.columns_there(connection, schema.CHANGES.name):
        return set(), set()
    said: dict[str, set[Called]] = {}
    for line in lines(connection):
        if line["entity"] == CUSTOMERS and str(line["row_key"]) not in others:
            said.setdefault(str(line["row_key"]), set()).update(
                (change.field, value)
                for change in fields_of(line)
                if change.field in OWN
                for value in (change.before, change.after)
                if isinstance(value, str) and value
            )
    alike = {(kind, word(value)) for kind, value in known if kind in IDENTIFYING}
    found = {
        key
        for key, called in said.items()
        if key in ids or (not ids and any((kind, word(value)) in alike for kind, value in called))
    }
    return found, {called for key in found for called in said[key]}
