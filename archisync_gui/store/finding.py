"""Finds the customer with a number or a name, in the lists and the change log. Only reads."""

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
Named = tuple[str, str]
"""A column of the list of customers, and a value in it."""
KINDS = {**dict.fromkeys(CALLED, "name"), "vat_number": "vat_number"}
"""Column of the other lists → the column of the list of customers with the same content."""


def tables(entities: Sequence[Entity]) -> dict[str, Table]:
    """Each list with its table, by name."""
    return {entity.name: (entity, schema.data_table(entity)) for entity in entities}


@contextmanager
def connected(path: Path) -> Iterator[sa.Connection]:
    """A connection to a file that is not open elsewhere. Raises :class:`StoreError`, ``damaged`` for tables that no
    version of this program writes."""
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


def find(connection: sa.Connection, entities: Sequence[Entity], wanted: str, known: Customer | None = None) -> Customer:
    """The customer with that id, account number, VAT number, fiscal code or name (case does not matter).

    A customer who is not in the list of customers any more is found by the account number in the other lists, or by the
    name or VAT number beside it. With these the change log has the former values of the list of customers. The archive
    may be a backup of an earlier version, which lacks some columns. ``known``: the same customer as found in another
    one. Raises :class:`StoreError` ``customer-unknown`` (which does not mean that nothing names them), or
    ``customer-several`` if several customers match, or a name in the other lists is that of one with another name.
    """
    lists = tables(entities)
    customers, asked = _all_customers(connection, lists[CUSTOMERS][1]), word(wanted)
    if customers is None or not asked.strip():
        raise StoreError("customer-unknown", wanted=wanted)
    rows = [
        row
        for row in customers
        if asked == word(row[schema.KEY]) or asked in {word(row[name]) for name in IDENTIFYING if row[name]}
    ]
    ids = {str(row[schema.KEY]) for row in rows}
    if len(ids) > 1:
        names = ", ".join(sorted(f"{row['name']} ({row[schema.KEY]})" for row in rows)[:10])
        raise StoreError("customer-several", wanted=wanted, found=names)
    coded = _names_by_code(connection, lists)
    codes = {str(row["account_num"]) for row in rows if row["account_num"]}
    if not ids:
        typed = {wanted.strip()}
        codes = typed if _has_code(connection, lists, typed) else _codes_of_name(coded, customers, wanted)
        if not codes:
            raise StoreError("customer-unknown", wanted=wanted)
    others = [row for row in customers if str(row[schema.KEY]) not in ids]
    theirs = {(name, str(row[name])) for row in others for name in OWN if row[name]}
    theirs |= {called for code, called in coded if code not in codes}
    taken = {(kind, word(value)) for kind, value in theirs}
    mine = {(name, str(row[name])) for row in rows for name in OWN if row[name]}
    mine |= {called for code, called in coded if code in codes}
    own = {called for called in mine if (called[0], word(called[1])) not in taken}
    there = {str(row[schema.KEY]) for row in others}
    before_ids, before = _from_change_log(connection, ids, own | {("account_num", code) for code in codes}, there)
    own |= {called for called in before if (called[0], word(called[1])) not in taken}
    words = {value for _, value in taken}
    more = set() if known is None else {value for value in known.values if word(value) not in words}
    values = frozenset({value for _, value in own} | more)
    ids |= before_ids | (set() if known is None else known.ids - there)
    longer = containing({value for kind, value in theirs if kind == "name"}, values)
    return Customer(frozenset(ids), frozenset(codes), values, longer)


def _codes_of_name(coded: Iterable[tuple[str, Named]], customers: Sequence[Mapping[str, Any]], wanted: str) -> set[str]:
    """The account number beside which the other lists have ``wanted`` as name or VAT number; empty if none has.

    Raises ``customer-several`` if there are several, or it is the number of a customer in the list: that one has
    another name now, and the number may have been another customer's before.
    """
    codes = {code for code, (_, value) in coded if word(value) == word(wanted)}
    present = {f"{row['name']} ({row[schema.KEY]})" for row in customers if str(row["account_num"]) in codes}
    if len(codes) > 1 or present:
        found = sorted(present | (codes - {str(row["account_num"]) for row in customers}))
        raise StoreError("customer-several", wanted=wanted, found=", ".join(found[:10]))
    return codes


def apart(connection: sa.Connection, entities: Sequence[Entity], former: Customer) -> Customer:
    """A customer as found in another archive, without the numbers and names that other customers have in this one now
    (who took over the business, or was given the account number)."""
    customers = _all_customers(connection, tables(entities)[CUSTOMERS][1]) or ()
    others = [row for row in customers if str(row[schema.KEY]) not in former.ids]
    taken = {word(row[name]) for row in others for name in OWN if row[name]}
    values = frozenset(value for value in former.values if word(value) not in taken)
    codes = former.codes - {str(row["account_num"]) for row in others}
    return Customer(former.ids, codes, values, containing({str(row["name"]) for row in others if row["name"]}, values))


def as_typed(connection: sa.Connection, entities: Sequence[Entity], wanted: str) -> Customer:
    """A customer of whom only one value is known, since no list has them any more: ``wanted``, an id, number or
    name."""
    value = frozenset({wanted.strip()})
    customers = _all_customers(connection, tables(entities)[CUSTOMERS][1]) or ()
    longer = containing({str(row["name"]) for row in customers if row["name"]}, value)
    return Customer(value, value, value, longer, frozenset(str(row[schema.KEY]) for row in customers))


def _all_customers(connection: sa.Connection, table: sa.Table) -> list[Mapping[str, Any]] | None:
    """All rows of the list of customers, with every column; ``None`` without such a table."""
    there = schema.columns_there(connection, table.name)
    if not there:
        return None
    nothing = dict.fromkeys(table.c.keys())
    known = sa.select(*(column for column in table.c if column.name in there))
    return [{**nothing, **row} for row in connection.execute(known).mappings()]


def _names_by_code(connection: sa.Connection, lists: Mapping[str, Table]) -> set[tuple[str, Named]]:
    """Account numbers in the other lists, each with a name or VAT number that stands beside it."""
    found: set[tuple[str, Named]] = set()
    code = CODES[0]
    for name, (_, table) in lists.items():
        there = schema.columns_there(connection, table.name)
        if name == CUSTOMERS or code not in there or code not in table.c:
            continue
        for column in KINDS:
            if column in there and column in table.c:
                pairs = sa.select(table.c[code], table.c[column]).distinct()
                pairs_found = connection.execute(pairs.where(table.c[code] != "", table.c[column] != ""))
                found |= {(str(number), (KINDS[column], str(value))) for number, value in pairs_found}
    return found


def _has_code(connection: sa.Connection, lists: Mapping[str, Table], codes: Iterable[str]) -> bool:
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


def _from_change_log(
    connection: sa.Connection, ids: set[str], known: set[Named], others: set[str]
) -> tuple[set[str], set[Named]]:
    """From the change log: the customer's ids (if ``ids`` is empty, those whose lines have one of the ``known`` values
    and that no other customer has now), and the values that the customer's record had."""
    if not schema.columns_there(connection, schema.CHANGES.name):
        return set(), set()
    named: dict[str, set[Named]] = {}
    for line in lines(connection):
        if line["entity"] == CUSTOMERS and str(line["row_key"]) not in others:
            named.setdefault(str(line["row_key"]), set()).update(
                (change.field, value)
                for change in fields_of(line)
                if change.field in OWN
                for value in (change.before, change.after)
                if isinstance(value, str) and value
            )
    alike = {(kind, word(value)) for kind, value in known if kind in IDENTIFYING}
    found = {
        key
        for key, called in named.items()
        if key in ids or (not ids and any((kind, word(value)) in alike for kind, value in called))
    }
    return found, {called for key in found for called in named[key]}
