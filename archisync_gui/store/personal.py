"""One customer's data in the archive: finding, exporting and erasing them.

Finding and exporting only read, also beside an open panel. Erasing wants the profile closed: it works on a copy of the
file, which then takes its place. A kill at any moment leaves the file as it was or without the customer, and nothing of
the old rows stays in free pages or in the write-ahead log.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import RowMapping
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from archisync_gui.disk import beside, put_in_place, remove_file
from archisync_gui.entities.declaration import Entity, Row
from archisync_gui.store import backups, refused, schema
from archisync_gui.store import find as fulltext
from archisync_gui.store.ages import forget_seen
from archisync_gui.store.database import json_or_none
from archisync_gui.store.errors import StoreError, translated
from archisync_gui.store.fields import FieldChange, fields_of, lines, packed
from archisync_gui.store.keys import search_text

SHORTEST = 4
"""Shorter values are found only where they are a column's whole content: within a text they would be everywhere."""

CUSTOMERS = "customers"
CODES = ("customer_account", "order_account")
"""Columns of the other lists that name the customer by its account number."""
IDENTIFYING = ("account_num", "name", "vat_number", "fiscal_code")
"""Columns of the customers by which one is called."""
OWN = (*IDENTIFYING, "pec", "phone", "mobile")
"""Columns whose value is searched for everywhere, unless another customer has the same. A street, an SDI code (that of
the customer's provider) or *attention: purchasing* say nothing about whose they are."""
NAMES = ("customer_name", "delivery_name")
"""Columns of the other lists that hold a whole name: another customer's may contain this one's, as *Rossi & Bianchi*
contains *Rossi*."""

Table = tuple[Entity, sa.Table]


@dataclass(frozen=True, slots=True)
class Customer:
    """Who is meant, in all forms in which the files may name them."""

    ids: frozenset[str]
    """Keys in the list of customers."""
    codes: frozenset[str]
    """Account numbers."""
    values: frozenset[str]
    """Names, numbers, addresses: what of the customer's record names them or is how they are reached."""
    accounts: tuple[str, ...]
    """Agents in whose lists they stand."""

    def mentioned(self, value: object) -> bool:
        """Whether a stored value (a text, or JSON with texts in it) names the customer."""
        match value:
            case str():
                pattern = self._pattern()
                return pattern is not None and pattern.search(value.casefold()) is not None
            case Mapping():
                return any(self.mentioned(part) for pair in value.items() for part in pair)
            case list() | tuple():
                return any(self.mentioned(part) for part in value)
            case None | bool():
                return False
        return self.mentioned(str(value))

    def blanked(self, text: str) -> str:
        """``text`` with ``[…]`` in the place of what names the customer."""
        pattern = self._pattern(re.IGNORECASE)
        return text if pattern is None else pattern.sub("[…]", text)

    def _pattern(self, flags: int = 0) -> re.Pattern[str] | None:
        values = {value for value in self.values | self.codes if len(value) >= SHORTEST}
        if not values:
            return None
        words = {word for value in values for word in written(value)}
        chosen = (w.casefold() if not flags else w for w in sorted(words, key=lambda w: (-len(w), w)))
        # A line break within a quoted text is written as two characters, the second of them a letter.
        return re.compile(rf"(?:(?<!\w)|(?<=\\[nrt]))(?:{'|'.join(map(re.escape, chosen))})(?!\w)", flags)


@dataclass(frozen=True, slots=True)
class Holding:
    """What is stored of one customer, to be shown before it is exported or erased."""

    key: str
    """What names the customer and no other: the id, else the account number."""
    name: str
    """Name in the list of customers; empty for one who is no longer in it."""
    counts: Mapping[str, int]
    """Records by list, as :func:`export` names them; empty ones are left out."""
    backups: tuple[Path, ...]
    """Backups that hold the customer."""


def find(path: Path, entities: Sequence[Entity], wanted: str) -> Customer:
    """The customer with that id, account number, VAT number, fiscal code or name (case does not matter).

    One who is no longer in the list of customers is found by the account number in the other lists. The file may be a
    backup of an earlier version, which lacks some columns. Raises :class:`StoreError` ``customer-unknown``, or
    ``customer-several`` when different customers are called so.
    """
    with connected(path) as connection:
        tables = _tables(entities)
        _, table = tables[CUSTOMERS]
        word = wanted.strip().casefold()
        there = schema.columns_there(connection, table.name)
        if not there:
            raise StoreError("customer-unknown", wanted=wanted)
        nothing = dict.fromkeys(table.c.keys())
        known = sa.select(*(column for column in table.c if column.name in there))
        everybody = [{**nothing, **row} for row in connection.execute(known).mappings()]
        rows = [
            row
            for row in everybody
            if word == _word(row[schema.KEY]) or word in {_word(row[name]) for name in IDENTIFYING if row[name]}
        ]
        ids = {str(row[schema.KEY]) for row in rows}
        if len(ids) > 1:
            names = ", ".join(sorted(f"{row['name']} ({row[schema.KEY]})" for row in rows)[:10])
            raise StoreError("customer-several", wanted=wanted, found=names)
        if not ids and not any(_coded(connection, table, {wanted.strip()}) for _, table in tables.values()):
            raise StoreError("customer-unknown", wanted=wanted)
        others = [row for row in everybody if str(row[schema.KEY]) not in ids]
        taken = {(name, _word(row[name])) for row in others for name in OWN if row[name]}
        values = {str(row[name]) for row in rows for name in OWN if row[name] and (name, _word(row[name])) not in taken}
        codes = {str(row["account_num"]) for row in rows if row["account_num"]} or ({wanted.strip()} - ids)
        accounts = tuple(sorted({str(row[schema.ACCOUNT]) for row in rows}))
        return Customer(frozenset(ids), frozenset(codes), frozenset(values), accounts)


def export(path: Path, entities: Sequence[Entity], customer: Customer) -> dict[str, list[dict[str, Any]]]:
    """Everything about the customer: by list the rows as stored, and under ``changes`` their change log."""
    found: dict[str, list[dict[str, Any]]] = {}
    with connected(path) as connection:
        keys: set[tuple[str, str, str]] = set()
        for name, (entity, table) in _tables(entities).items():
            rows = list(_rows_of(connection, name, table, customer))
            keys |= {(name, row[schema.ACCOUNT], row[schema.KEY]) for row in rows}
            columns = [schema.ACCOUNT, schema.FIRST_SEEN, schema.LAST_CHANGED, *(c.name for c in entity.columns)]
            found[name] = [{column: row[column] for column in columns} for row in rows]
        found["changes"] = [
            {name: value for name, value in row.items() if name != "fields"}
            | dict(zip(FieldChange._fields, changed, strict=True))
            for row in lines(connection)
            for changed in fields_of(row)
            if _change_is(row, changed, keys, customer)
        ]
        found["kept_reads"] = [
            dict(row) for _, row in _kept_rows(connection) if row is not None and customer.mentioned([*row.values()])
        ]
    return found


def erase(path: Path, entities: Sequence[Entity], customer: Customer) -> dict[str, int]:
    """Replace the archive by one without the customer; how many rows of each table went or were blanked.

    Raises :class:`StoreError`; the file is as it was then.
    """
    return rewritten(path, lambda connection: _erased(connection, entities, customer))


def rewritten(path: Path, change: Callable[[sa.Connection], dict[str, int]]) -> dict[str, int]:
    """Replace a database that nobody has open by a copy in which ``change`` was made and nothing old is left.

    Raises :class:`StoreError`; the file is as it was then.
    """
    part = beside(path)
    with translated(path):
        try:
            with closing(sqlite3.connect(path)) as source:
                source.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                backups.copied(source, part, path)
            with connected(part) as connection, connection.begin():
                counts = change(connection)
            with closing(sqlite3.connect(part, isolation_level=None)) as copy:
                copy.execute("PRAGMA temp_store = MEMORY")  # a temporary file would hold what is to be gone
                copy.execute("VACUUM")
            for suffix in backups.SIDES:  # the log is empty: see above
                remove_file(path.with_name(path.name + suffix))
            put_in_place(part, path)
        except BaseException:
            backups.remove(part)
            raise
    return counts


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


def _tables(entities: Sequence[Entity]) -> dict[str, Table]:
    return {entity.name: (entity, schema.data_table(entity)) for entity in entities}


def _word(value: object) -> str:
    return str(value).strip().casefold()


def _coded(connection: sa.Connection, table: sa.Table, codes: Iterable[str]) -> bool:
    there = schema.columns_there(connection, table.name)
    names = [name for name in CODES if name in there]
    wanted = list(codes)
    return any(
        connection.execute(sa.select(sa.literal(1)).where(table.c[name].in_(wanted)).limit(1)).first() for name in names
    )


def written(value: str) -> set[str]:
    """A value as it stands in a text, and as JSON and Python quote it."""
    quoted = (json.dumps(value, ensure_ascii=False), json.dumps(value), repr(value))
    return {value, *(form[1:-1] for form in quoted)}


def _rows_of(connection: sa.Connection, name: str, table: sa.Table, customer: Customer) -> Iterator[RowMapping]:
    """The rows that belong to the customer: their own record, and what is about their account number or name."""
    values = {_word(value) for value in customer.values}
    for row in connection.execute(sa.select(table)).mappings():
        if name == CUSTOMERS:
            mine = str(row[schema.KEY]) in customer.ids
        else:
            codes = {str(row[code]) for code in CODES if code in table.c and row[code]}
            mine = bool(codes & customer.codes) or (
                not codes and "customer_name" in table.c and _word(row["customer_name"]) in values
            )
        if mine:
            yield row


def _change_is(row: RowMapping, changed: FieldChange, keys: set[tuple[str, str, str]], customer: Customer) -> bool:
    """A change of one of their rows, or one that shows them in the row of another."""
    if (row["entity"], row["account"], row["row_key"]) in keys:
        return True
    values = [value for value in (changed.before, changed.after) if isinstance(value, str)]
    if row["entity"] == CUSTOMERS or changed.field in NAMES:
        own = {_word(value) for value in customer.values}
        return any(_word(value) in own for value in values) or str(row["row_key"]) in customer.ids
    return any(customer.mentioned(value) for value in values)


def _kept_rows(connection: sa.Connection) -> Iterator[tuple[str, Row | None]]:
    """Run and values of each row of the kept reads; ``None`` for rows that cannot be read: nobody can decide about such
    a read either."""
    for run_id, data in connection.execute(sa.select(schema.REFUSED_ROWS.c.run_id, schema.REFUSED_ROWS.c.data)):
        try:
            yield from ((run_id, row) for row in refused.unpacked(run_id, data))
        except StoreError:
            yield run_id, None


def _erased(connection: sa.Connection, entities: Sequence[Entity], customer: Customer) -> dict[str, int]:
    counts: dict[str, int] = {}
    keys: set[tuple[str, str, str]] = set()
    for name, (entity, table) in _tables(entities).items():
        mine = {(row[schema.ACCOUNT], row[schema.KEY]) for row in _rows_of(connection, name, table, customer)}
        for account, key in mine:
            connection.execute(table.delete().where(table.c[schema.ACCOUNT] == account, table.c[schema.KEY] == key))
            touched = schema.TOUCHED.c
            connection.execute(
                schema.TOUCHED.delete().where(
                    touched.entity == name, touched.account == account, touched.row_key == key
                )
            )
        for account in {account for account, _ in mine}:
            forget_seen(connection, name, account, {key for owner, key in mine if owner == account})
        keys |= {(name, account, key) for account, key in mine}
        counts[name] = len(mine)
        counts[f"{name}-blanked"] = _blank(connection, entity, table, customer)
    counts["changes"] = _forget_changes(connection, keys, customer)
    kept = {run_id for run_id, row in _kept_rows(connection) if row is None or customer.mentioned([*row.values()])}
    for run_id in kept:
        refused.forget(connection, run_id)
    counts["kept_reads"] = len(kept)
    counts["events"] = sum(
        _drop(connection, table, lambda row: customer.mentioned([*row.values()]))
        for table in (schema.EVENTS, schema.EXPLANATIONS, schema.NOTES)
    )
    counts["runs"] = _blank_runs(connection, customer, {key for _, _, key in keys})
    fulltext.rebuild(connection, entities)  # the rows changed here are noted for the index with their old text
    return {name: count for name, count in counts.items() if count}


def _forget_changes(connection: sa.Connection, keys: set[tuple[str, str, str]], customer: Customer) -> int:
    """Take the customer's changes out of the change log; what else changed in a row of another stays in its line."""
    log, count = schema.CHANGES, 0
    for row in lines(connection):
        changed = fields_of(row)
        unreadable = row.get("fields") is not None and changed[0].field is None  # who stands there cannot be told
        left = [change for change in changed if not (unreadable or _change_is(row, change, keys, customer))]
        count += len(changed) - len(left)
        if not left:
            connection.execute(log.delete().where(log.c.id == row["id"]))
        elif len(left) < len(changed):
            fields, percent = packed(left)
            connection.execute(log.update().where(log.c.id == row["id"]).values(fields=fields, percent=percent))
    return count


def _drop(connection: sa.Connection, table: sa.Table, wanted: Callable[[RowMapping], bool]) -> int:
    key = next(iter(table.primary_key))
    gone = [row[key.name] for row in connection.execute(sa.select(table)).mappings() if wanted(row)]
    for value in gone:
        connection.execute(table.delete().where(key == value))
    return len(gone)


def _blank(connection: sa.Connection, entity: Entity, table: sa.Table, customer: Customer) -> int:
    """Empty the columns in which rows of others name the customer (a delivery address, a note)."""
    if entity.name == CUSTOMERS:
        return 0
    count, own = 0, {_word(value) for value in customer.values}
    texts = [column.name for column in entity.columns if column.name not in entity.key]
    for row in connection.execute(sa.select(table)).mappings():
        named = [
            name
            for name in texts
            if isinstance(row[name], str)
            and (_word(row[name]) in own if name in NAMES else customer.mentioned(row[name]))
        ]
        if not named:
            continue
        values: dict[str, Any] = dict.fromkeys(named)
        left = {column.name: values.get(column.name, row[column.name]) for column in entity.columns} | values
        # Without hash the next read compares the row anew.
        values |= {schema.HASH: None, schema.SEARCH: search_text(entity, left)}
        connection.execute(
            table.update()
            .where(table.c[schema.ACCOUNT] == row[schema.ACCOUNT], table.c[schema.KEY] == row[schema.KEY])
            .values(values)
        )
        count += 1
    return count


def _blank_runs(connection: sa.Connection, customer: Customer, keys: set[str]) -> int:
    runs, count = schema.RUNS, 0
    for row in connection.execute(sa.select(runs.c.id, runs.c.key, runs.c.warnings, runs.c.error)).mappings():
        values: dict[str, Any] = {}
        if row["key"] is not None and (row["key"] in keys or customer.mentioned(row["key"])):
            values["key"] = None
        values |= {
            name: None for name in ("warnings", "error") if row[name] is not None and customer.mentioned(row[name])
        }
        if values:
            connection.execute(runs.update().where(runs.c.id == row["id"]).values(values))
            count += 1
    return count
