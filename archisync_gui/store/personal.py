"""One customer's data in the archive, a file or an office's server: exporting and erasing them.

Exporting only reads, also while the panel is open. Erasing changes the rows in the caller's transaction, during which
nothing else may write them (``rewritten`` for a file, ``office.one_customer`` for a server). What the program needs is
kept: its notes, and what it did when.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import RowMapping

from archisync_gui.disk import beside, put_in_place, remove_file
from archisync_gui.entities.declaration import Entity, Row
from archisync_gui.store import backups, find_index, refused, schema
from archisync_gui.store.ages import forget_seen
from archisync_gui.store.database import SIDES
from archisync_gui.store.dialect import each_row
from archisync_gui.store.doubts import NOTES_OF_DOUBT
from archisync_gui.store.errors import StoreError, translated
from archisync_gui.store.fields import FieldChange, fields_of, lines, packed
from archisync_gui.store.finding import connected, tables
from archisync_gui.store.keys import row_key, search_text
from archisync_gui.store.whose import CALLED, CODES, CUSTOMERS, IDENTIFYING, NAMES, Customer, naming

STATE_NOTES = frozenset(
    {"daily", "due", "failures", "hold", "hold-until", "login-pause", "logins", "owed", "retention", "stopped"}
)
STATE_NOTES |= NOTES_OF_DOUBT
"""First parts (up to a colon) of the keys of notes that the program needs and that belong to no customer. Only texts in
them, such as those of errors, are cleaned."""


@dataclass(frozen=True, slots=True)
class Holding:
    """A summary of what is stored of one customer, shown before it is exported or erased."""

    key: str
    """What identifies the customer: the id, else the account number."""
    name: str
    """Name in the list of customers; empty if the customer is not in it any more."""
    counts: Mapping[str, int]
    """Numbers of records by the names that :func:`export` uses, without zeros."""
    backups: tuple[Path, ...]
    """Backups that contain the customer."""
    asked: str
    """What was typed: with it the customer is found again. ``key`` may find none, or another customer who has it as
    account number."""


def export(
    connection: sa.Connection, entities: Sequence[Entity], customer: Customer
) -> dict[str, list[dict[str, Any]]]:
    """Everything about the customer: the rows of each list under its name, their changes under ``changes``, and entries
    of kept reads, runs, events, explanations and notes that name the customer."""
    found: dict[str, list[dict[str, Any]]] = {}
    keys: set[tuple[str, str, str]] = set()
    lists = tables(entities)
    for name, (entity, table) in lists.items():
        rows = list(_rows_of(connection, name, table, customer))
        keys |= {(name, row[schema.ACCOUNT], row[schema.KEY]) for row in rows}
        columns = [schema.ACCOUNT, schema.FIRST_SEEN, schema.LAST_CHANGED, *(c.name for c in entity.columns)]
        found[name] = [{column: row[column] for column in columns} for row in rows]
    found["changes"] = [
        {name: value for name, value in row.items() if name != "fields"}
        | dict(zip(FieldChange._fields, changed, strict=True))
        for row in lines(connection)
        for changed in fields_of(row)
        if _change_concerns(row, changed, keys, customer, lists)
    ]
    found["kept_reads"] = [
        dict(row)
        for _, name, row in _kept_rows(connection)
        if row is not None and _kept_row_concerns(name, row, customer, lists)
    ]
    found |= _program_tables(connection, customer, keys)
    return found


def keys_in(connection: sa.Connection, entities: Sequence[Entity], customer: Customer, name: str) -> list[str]:
    """Keys of the customer's rows in the list ``name``."""
    _, table = tables(entities)[name]
    return [str(row[schema.KEY]) for row in _rows_of(connection, name, table, customer)]


def _program_tables(
    connection: sa.Connection, customer: Customer, keys: set[tuple[str, str, str]]
) -> dict[str, list[dict[str, Any]]]:
    """The rows of runs, events, explanations and notes that name the customer."""
    runs = each_row(connection, sa.select(schema.RUNS))
    found = {"runs": [dict(row) for row in runs if _cleaned_run(row, customer, keys)]}
    for table, column in CLEANED:
        rows = each_row(connection, sa.select(table))
        found[table.name] = [dict(row) for row in rows if _mentions(row[column], customer)]
    notes = each_row(connection, sa.select(schema.NOTES))
    found["notes"] = [dict(row) for row in notes if _note_concerns(row, customer)]
    return found


def rewritten(
    path: Path, change: Callable[[sa.Connection], dict[str, int]], between: Callable[[], object] = lambda: None
) -> dict[str, int]:
    """Replace a database that is not open by a copy that was changed by ``change``. ``between`` is called when the copy
    is complete, before it takes the database's place.

    If the process is killed, the file is either unchanged or changed completely, and no old rows are left in free pages
    or in the write-ahead log. Raises :class:`StoreError`; then the file is unchanged.
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
                copy.execute("PRAGMA temp_store = MEMORY")  # else a temporary file would contain the erased data
                copy.execute("VACUUM")
            between()
            for suffix in SIDES:  # the log is empty after the checkpoint
                remove_file(path.with_name(path.name + suffix))
            put_in_place(part, path)
        except BaseException:
            backups.remove(part)
            raise
    return counts


def _belongs(name: str, key: str, row: Mapping[str, Any], customer: Customer) -> bool:
    """Whether a row belongs to the customer: it is their own record, or has their account number, or has no account
    number and their name."""
    if name == CUSTOMERS:
        return key in customer.ids
    codes = {str(row[code]) for code in CODES if row.get(code)}
    return bool(codes & customer.codes) or (not codes and any(customer.owns(row.get(column)) for column in CALLED))


def _rows_of(connection: sa.Connection, name: str, table: sa.Table, customer: Customer) -> Iterator[RowMapping]:
    """The rows that belong to the customer."""
    for row in each_row(connection, sa.select(table)):
        if _belongs(name, str(row[schema.KEY]), dict(row), customer):
            yield row


def _names_customer(column: str, value: object, customer: Customer) -> bool:
    """Whether a column of another customer's row names this one; ``column`` is one of :func:`naming`."""
    return customer.owns(value) if column in NAMES else customer.mentioned(value)


def _change_concerns(
    row: RowMapping,
    changed: FieldChange,
    keys: set[tuple[str, str, str]],
    customer: Customer,
    lists: Mapping[str, tuple[Entity, sa.Table]],
) -> bool:
    """Whether a change is one of the customer's rows, or names the customer in another's row."""
    name, key = row["entity"], str(row["row_key"])
    if (name, row["account"], row["row_key"]) in keys:
        return True
    values = [value for value in (changed.before, changed.after) if isinstance(value, str)]
    if name == CUSTOMERS:
        return key in customer.ids or any(map(customer.called, values))
    if changed.field in CODES:
        return any(value in customer.codes for value in values)
    if changed.field is not None and (name not in lists or changed.field not in naming(lists[name][0])):
        return False
    return any(_names_customer(changed.field or "", value, customer) for value in values)


def _kept_row_concerns(name: str, row: Row, customer: Customer, lists: Mapping[str, tuple[Entity, sa.Table]]) -> bool:
    """Whether a row of a kept read belongs to the customer or names them."""
    if name not in lists:
        return customer.mentioned([*row.values()])
    entity = lists[name][0]
    if _belongs(name, row_key(entity, row), row, customer):
        return True
    if name == CUSTOMERS:
        return any(customer.owns(row.get(column)) for column in IDENTIFYING)
    return any(_names_customer(column, row.get(column), customer) for column in naming(entity))


def _kept_rows(connection: sa.Connection) -> Iterator[tuple[str, str, Row | None]]:
    """Run id, list and values of each row of the kept reads; ``None`` for a chunk that cannot be read (such a read
    cannot be applied either)."""
    kept = connection.execute(sa.select(schema.REFUSED.c.run_id, schema.REFUSED.c.entity))
    names = {row.run_id: row.entity for row in kept}
    for kept_row in each_row(connection, sa.select(schema.REFUSED_ROWS.c.run_id, schema.REFUSED_ROWS.c.data)):
        run_id = kept_row["run_id"]
        try:
            yield from ((run_id, names.get(run_id, ""), row) for row in refused.unpacked(run_id, kept_row["data"]))
        except StoreError:
            yield run_id, names.get(run_id, ""), None


def erase(connection: sa.Connection, entities: Sequence[Entity], customer: Customer) -> dict[str, int]:
    """Erase the customer in the caller's transaction; returns the numbers of rows removed or cleaned."""
    counts: dict[str, int] = {}
    keys: set[tuple[str, str, str]] = set()
    lists = tables(entities)
    for name, (entity, table) in lists.items():
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
    counts["changes"] = _forget_changes(connection, keys, customer, lists)
    kept = {
        run_id
        for run_id, name, row in _kept_rows(connection)
        if row is None or _kept_row_concerns(name, row, customer, lists)
    }
    for run_id in kept:
        refused.forget(connection, run_id)
    counts["kept_reads"] = len(kept)
    counts["events"] = sum(_clean(connection, table, column, customer) for table, column in CLEANED)
    counts["notes"] = _clean_notes(connection, customer)
    counts["runs"] = _clean_runs(connection, customer, keys)
    find_index.rebuild(connection, entities)  # the table of changed rows has their old texts
    return {name: count for name, count in counts.items() if count}


def _forget_changes(
    connection: sa.Connection,
    keys: set[tuple[str, str, str]],
    customer: Customer,
    lists: Mapping[str, tuple[Entity, sa.Table]],
) -> int:
    """Remove the customer's changes from the change log; other changes in the same line are kept."""
    log, count = schema.CHANGES, 0
    for row in lines(connection):
        changed = fields_of(row)
        unreadable = row.get("fields") is not None and changed[0].field is None  # may concern the customer
        left = [
            change for change in changed if not (unreadable or _change_concerns(row, change, keys, customer, lists))
        ]
        count += len(changed) - len(left)
        if not left:
            connection.execute(log.delete().where(log.c.id == row["id"]))
        elif len(left) < len(changed):
            fields, percent = packed(left)
            connection.execute(log.update().where(log.c.id == row["id"]).values(fields=fields, percent=percent))
    return count


def _blank(connection: sa.Connection, entity: Entity, table: sa.Table, customer: Customer) -> int:
    """Empty the columns in which other customers' rows name this one (a delivery address, a note)."""
    texts, count = naming(entity), 0
    if not texts:
        return 0
    for row in each_row(connection, sa.select(table)):
        named = [name for name in texts if _names_customer(name, row[name], customer)]
        if not named:
            continue
        values: dict[str, Any] = dict.fromkeys(named)
        left = {column.name: values.get(column.name, row[column.name]) for column in entity.columns} | values
        # Without hash the next read compares the row column by column.
        values |= {schema.HASH: None, schema.SEARCH: search_text(entity, left)}
        connection.execute(
            table.update()
            .where(table.c[schema.ACCOUNT] == row[schema.ACCOUNT], table.c[schema.KEY] == row[schema.KEY])
            .values(values)
        )
        count += 1
    return count


# ---------------------------------------------------------------------------------- runs, events, explanations, notes

CLEANED = ((schema.EVENTS, "data"), (schema.EXPLANATIONS, "params"))
"""Tables with a column of JSON in which texts that name the customer are cleaned."""


def _mentions(value: Any, customer: Customer) -> bool:
    return bool(customer.without(value) != value)


def _clean(connection: sa.Connection, table: sa.Table, column: str, customer: Customer) -> int:
    """Replace what names the customer by ``[…]``; returns the number of rows changed."""
    key, count = next(iter(table.primary_key)), 0
    for row in each_row(connection, sa.select(key, table.c[column])):
        cleaned = customer.without(row[column])
        if cleaned != row[column]:
            connection.execute(table.update().where(key == row[key.name]).values({column: cleaned}))
            count += 1
    return count


def _is_state(key: str) -> bool:
    return key.partition(":")[0] in STATE_NOTES


def _note_concerns(row: RowMapping, customer: Customer) -> bool:
    if _is_state(row["key"]):  # values that are no mapping are times and ids of reads
        return isinstance(row["value"], Mapping) and _mentions(row["value"], customer)
    return customer.mentioned(row["key"]) or customer.mentioned(row["value"])


def _clean_notes(connection: sa.Connection, customer: Customer) -> int:
    """Clean the texts in the notes that the program needs, and remove other notes that name the customer."""
    notes, count = schema.NOTES, 0
    for row in each_row(connection, sa.select(notes)):
        if not _note_concerns(row, customer):
            continue
        here = notes.c.key == row["key"]
        if _is_state(row["key"]):
            connection.execute(notes.update().where(here).values(value=customer.without(row["value"])))
        else:
            connection.execute(notes.delete().where(here))
        count += 1
    return count


def _cleaned_run(row: RowMapping, customer: Customer, keys: set[tuple[str, str, str]]) -> dict[str, Any]:
    """The columns of a run that name the customer, with their cleaned values; empty if none does."""
    key, values = row["key"], dict[str, Any]()
    mine = (row["type"], row["account"], key) in keys or (row["type"] == CUSTOMERS and key in customer.ids)
    if key is not None and (mine or customer.called(key)):
        values["key"] = None
    cleaned = {name: customer.without(row[name]) for name in ("warnings", "error")}
    return values | {name: value for name, value in cleaned.items() if value != row[name]}


def _clean_runs(connection: sa.Connection, customer: Customer, keys: set[tuple[str, str, str]]) -> int:
    runs, count = schema.RUNS, 0
    for row in each_row(connection, sa.select(runs)):
        if values := _cleaned_run(row, customer, keys):
            connection.execute(runs.update().where(runs.c.id == row["id"]).values(values))
            count += 1
    return count
