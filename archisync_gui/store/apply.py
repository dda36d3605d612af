"""Applying a read to a data table in one transaction: added, changed, missing, gone, revived, sticky; no checks.

Whether a read may be applied at all is decided before (``syncs``). Rows are handled some hundred at a time, so that
no step holds the interpreter's lock for long and memory stays flat.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import compress, count
from operator import itemgetter, ne
from typing import Any, NamedTuple, cast

import sqlalchemy as sa

from archisync_gui.entities.declaration import Entity, Value
from archisync_gui.store import schema
from archisync_gui.store.ages import reads_row, remember
from archisync_gui.store.database import check, json_or_none
from archisync_gui.store.dialect import insert_rows, raw_rows
from archisync_gui.store.errors import Overtaken
from archisync_gui.store.keys import Reader, change_hash, is_blank, natural_key, percent_change, row_key, search_text
from archisync_gui.store.schema import CHANGES, READS, TOUCHED, UNFILLED, utc_text
from archisync_gui.store.seen_keys import CHUNK, chunks, unpack_keys
from archisync_gui.store.types import Batch, ChangeKind, Delta, Known

Changed = tuple[str | None, Value, Value, int | None]
"""A changed field: its name, before, after, percent. A million of them are made for a large list: no named tuple."""
BLANKS_UNTIL_TAKEN = 2


class State(NamedTuple):
    """What is out of the ordinary about a stored row."""

    missing: bool = False
    deleted: bool = False
    counted: bool = False
    """A sticky field of it was blank once."""
    newer: bool = False
    """Written by a read that was applied after the one at hand began (a fast read during a suspension): its values
    stay."""


ORDINARY = State()


@dataclass(frozen=True)
class _Index:
    """The stored rows before they are compared: plain texts and bytes, which cost the garbage collector nothing."""

    hashes: dict[str, bytes]
    states: dict[str, State]
    """Only of rows that are not ordinary."""


@dataclass
class _Tally:
    added: int = 0
    changed: int = 0
    gone: int = 0
    missing: int = 0
    revived: int = 0
    unchanged: int = 0
    written: int = 0


class _Statement:
    """A statement compiled from Core once and run on plain sequences, whose items stand in the order of ``names``.

    Binding dictionaries costs twice the time of the insert itself (5,000 rows of 30 columns: 155 ms against 84 ms).
    """

    def __init__(self, compiled: sa.Compiled, names: Sequence[str]) -> None:
        place = {name: at for at, name in enumerate(names)}
        self.sql = str(compiled)
        self.table = cast("Any", compiled).statement.table
        self.columns = tuple(cast("Any", compiled).positiontup)
        self.pick = itemgetter(*(place[name] for name in cast("Any", compiled).positiontup))


@dataclass
class _Writer:
    """Collects the SQL of one apply."""

    connection: sa.Connection
    table: sa.Table
    entity: Entity
    account: str
    batch: Batch
    tally: _Tally = field(default_factory=_Tally)

    def __post_init__(self) -> None:
        names = [column.name for column in self.entity.columns]
        dialect = self.connection.dialect
        row = [*schema.META, *names]
        self._insert = _Statement(self.table.insert().inline().compile(dialect=dialect, column_keys=row), row)
        written = [schema.HASH, schema.LAST_CHANGED, schema.BLANKS, schema.SEARCH, *names]
        update = self.table.update().where(
            self.table.c[schema.ACCOUNT] == sa.bindparam("_account"), self.table.c[schema.KEY] == sa.bindparam("_key")
        )
        given = ["_account", "_key", *(f"_{name}" for name in written)]
        values: dict[str, Any] = {name: sa.bindparam(f"_{name}") for name in written}
        self._update = _Statement(update.values(values).compile(dialect=dialect), given)
        # Rarely needed, and apart: naming the columns of an index makes SQLite write the index of every row anew.
        present = {schema.MISSING_SINCE: sa.null(), schema.DELETED_AT: sa.null()}
        self._update_back = _Statement(update.values(values | present).compile(dialect=dialect), given)
        log = CHANGES.insert().inline().compile(dialect=dialect, column_keys=[*LOG_ORDER])
        self._log = _Statement(log, LOG_ORDER)
        self._lines: list[Sequence[Any]] = []
        self.written: list[str] = []
        """Keys of the rows added, changed or revived."""
        self.at = utc_text(self.batch.as_of)

    def insert(self, rows: Sequence[Sequence[Any]]) -> None:
        """Add rows: the values of ``schema.META``, then those of the columns."""
        self.tally.written += self._add(self._insert, rows)

    def update(self, rows: Sequence[Sequence[Any]], *, back: bool) -> None:
        """Rewrite rows: account, key, hash, last change, blanks, search text, then the columns. ``back``: they were
        missing or deleted and are there again."""
        self._many(self._update_back if back else self._update, rows)

    def mark(self, column: str, keys: Sequence[str]) -> None:
        """Set a time column of some rows to the time of the read."""
        if keys:
            statement = (
                self.table.update()
                .where(self.table.c[schema.ACCOUNT] == self.account, self.table.c[schema.KEY] == sa.bindparam("_key"))
                .values({column: self.batch.as_of})
            )
            self._count(self.connection.execute(statement, [{"_key": key} for key in keys]))

    def log(self, key: str, kind: ChangeKind, changed: Sequence[Changed] = ()) -> None:
        """Add a line to the change log (:data:`LOG_ORDER`)."""
        fields = packed(changed) if changed else (None, None)
        self._lines.append((self.at, self.batch.run_id, self.entity.name, self.account, key, kind.value, *fields))

    def flush(self) -> None:
        """Write the lines of the change log."""
        self._add(self._log, self._lines)
        self._lines = []

    def _add(self, statement: _Statement, rows: Sequence[Sequence[Any]]) -> int:
        if not rows:
            return 0
        picked = [statement.pick(row) for row in rows]
        return insert_rows(self.connection, statement.table, statement.columns, statement.sql, picked)

    def _many(self, statement: _Statement, rows: Sequence[Sequence[Any]]) -> None:
        if rows:
            values = [statement.pick(row) for row in rows]
            self._count(self.connection.exec_driver_sql(statement.sql, values))

    def _count(self, done: sa.CursorResult[Any]) -> None:
        self.tally.written += done.rowcount  # without what triggers wrote


_encode = json.JSONEncoder(default=repr, separators=(",", ":")).encode  # a damaged cell may hold bytes


def packed(changed: Sequence[Changed]) -> tuple[str, int | None]:
    """The columns ``fields`` and ``percent`` of a line; the latter is that of the amount that moved most."""
    moved = [change[3] for change in changed if change[3] is not None]
    return _encode(changed), max(moved, key=abs) if moved else None


LOG_ORDER = ("at", "run_id", "entity", "account", "row_key", "kind", "fields", "percent")


def apply(
    connection: sa.Connection,
    entity: Entity,
    table: sa.Table,
    account: str,
    batch: Batch,
    *,
    abandoned: threading.Event | None = None,
) -> tuple[Delta, int]:
    """Bring the stored rows of one account to what ``batch`` found; returns the delta and the data rows written.

    Runs inside the caller's transaction. Raises ``read-overtaken`` when the whole list was replaced after ``batch`` was
    compared with it.
    """
    reader = Reader(entity)
    writer = _Writer(connection, table, entity, account, batch)
    tally = writer.tally
    last = reads_row(connection, entity.name, account)
    if batch.compared_with is not None and last.whole_number > batch.compared_with:
        raise Overtaken(entity.name)
    first_load = last.last_success is None
    unfilled = _unfilled(connection, entity.name, account)
    after = last.number if batch.after is None else batch.after
    stored = _index(connection, table, account, _touched_after(connection, entity.name, account, after))
    seen: dict[str, None] = {}
    for part in chunks(batch.rows):
        check(abandoned)
        added: list[tuple[Any, ...]] = []
        suspects: dict[str, tuple[tuple[Value, ...], bytes]] = {}
        for row in part:
            key = row_key(entity, row)
            if key in seen:  # the checks let only equal rows through twice
                continue
            seen[key] = None
            values = reader.values(row)
            digest = change_hash(values)
            known = stored.hashes.get(key)
            if known is None:
                search = search_text(entity, row)
                added.append((account, key, digest, writer.at, writer.at, None, None, None, search, *values))
                writer.written.append(key)
                if not first_load:
                    writer.log(key, ChangeKind.ADDED)
            elif known == digest and key not in stored.states:
                tally.unchanged += 1
            else:
                suspects[key] = values, digest
        writer.insert(added)
        tally.added += len(added)
        if suspects:
            _compare(writer, reader, stored, suspects, unfilled)
        writer.flush()
    if batch.whole and batch.clean:
        _absences(writer, stored, seen, abandoned)
        if unfilled:
            connection.execute(UNFILLED.delete().where(UNFILLED.c.entity == entity.name, UNFILLED.c.account == account))
    check(abandoned)
    remember(connection, entity.name, account, batch, last, seen, writer.written)
    delta = Delta(tally.added, tally.changed, tally.gone, tally.missing, tally.revived, tally.unchanged, first_load)
    return delta, tally.written


def _index(connection: sa.Connection, table: sa.Table, account: str, newer: frozenset[str]) -> _Index:
    c = table.c
    result = connection.execute(
        sa.select(
            c[schema.KEY],
            c[schema.HASH],
            c[schema.MISSING_SINCE].is_not(None),
            c[schema.DELETED_AT].is_not(None),
            c[schema.BLANKS].is_not(None),
        ).where(c[schema.ACCOUNT] == account)
    )
    index = _Index({}, {})
    for part in result.partitions(CHUNK):
        for key, digest, missing, deleted, blanks in part:
            index.hashes[key] = digest or b""  # none since its key was changed: compared column by column
            if missing or deleted or blanks or key in newer:
                index.states[key] = State(bool(missing), bool(deleted), bool(blanks), key in newer)
    return index


def _touched_after(connection: sa.Connection, entity: str, account: str, number: int) -> frozenset[str]:
    """Keys of the rows that a read or the operator wrote after that number."""
    c = TOUCHED.c
    mine = (c.entity == entity, c.account == account, c.number > number)
    return frozenset(connection.scalars(sa.select(c.row_key).where(*mine)))


def _compare(
    writer: _Writer,
    reader: Reader,
    stored: _Index,
    suspects: dict[str, tuple[tuple[Value, ...], bytes]],
    unfilled: frozenset[str],
) -> None:
    """Compare rows whose hash or state differs with the stored ones, column by column, and write what differs."""
    table, tally, batch, names = writer.table, writer.tally, writer.batch, reader.names
    searched = {i for i, name in enumerate(names) if name in (*writer.entity.search, *writer.entity.key)}
    statement = sa.select(
        table.c[schema.KEY],
        sa.type_coerce(table.c[schema.LAST_CHANGED], sa.String),
        table.c[schema.BLANKS],
        table.c[schema.SEARCH],
        *(table.c[name] for name in names),
    ).where(table.c[schema.ACCOUNT] == writer.account, table.c[schema.KEY].in_(list(suspects)))
    ordinary: list[tuple[Any, ...]] = []
    back: list[tuple[Any, ...]] = []
    for key, last_changed, kept_blanks, search, *raw in raw_rows(writer.connection, statement):
        old = reader.with_bools(raw)
        values, digest = suspects[key]
        state = stored.states.get(key, ORDINARY)
        if state.newer and not state.deleted:
            tally.unchanged += 1
            continue
        blanks = _counts(kept_blanks)
        effective, counters = _with_sticky(reader, values, old, blanks, clean_whole=batch.whole and batch.clean)
        if effective is not values:
            digest = change_hash(effective)
        fields = list(compress(count(), map(ne, effective, old)))
        if unfilled:
            fields = [i for i in fields if not (old[i] is None and names[i] in unfilled)]
        if state.deleted:
            tally.revived += 1
            writer.log(key, ChangeKind.REVIVED)
        elif fields:
            tally.changed += 1
        else:
            tally.unchanged += 1
        if fields or state.deleted:
            writer.written.append(key)
        if fields:
            amounts = reader.percent
            changed = [
                (names[i], old[i], effective[i], percent_change(old[i], effective[i]) if amounts[i] else None)
                for i in fields
            ]
            writer.log(key, ChangeKind.CHANGED, changed)
        if stored.hashes[key] == digest and not state.missing and not state.deleted and blanks == counters:
            continue
        if unfilled or not stored.hashes[key] or not searched.isdisjoint(fields):
            search = search_text(writer.entity, dict(zip(names, effective, strict=True)))
        row = (
            writer.account,
            key,
            digest,
            writer.at if fields or state.deleted else last_changed,
            json.dumps(counters) if counters else None,
            search,
            *effective,
        )
        (back if state.missing or state.deleted else ordinary).append(row)
    writer.update(ordinary, back=False)
    writer.update(back, back=True)


def _with_sticky(
    reader: Reader, values: Sequence[Value], old: Sequence[Value], blanks: Mapping[str, int], *, clean_whole: bool
) -> tuple[Sequence[Value], dict[str, int]]:
    """``values`` themselves, or with the stored values where a sticky field turned blank too few times; and how often
    each of these was blank by now."""
    kept: dict[int, Value] = {}
    counters: dict[str, int] = {}
    for i in reader.sticky:
        if is_blank(values[i]) and not is_blank(old[i]):
            times = blanks.get(reader.names[i], 0) + (1 if clean_whole else 0)
            if times < BLANKS_UNTIL_TAKEN:
                kept[i] = old[i]
                if times:
                    counters[reader.names[i]] = times
    if not kept:
        return values, counters
    return [kept.get(i, value) for i, value in enumerate(values)], counters


def _counts(kept: object) -> dict[str, int]:
    """How often each sticky field of a row was blank; what cannot be read counts as never."""
    if isinstance(kept, str):  # SQLite's driver gives JSON as it is stored
        kept = json_or_none(kept)
    if not isinstance(kept, dict):
        return {}
    return {name: times for name, times in kept.items() if type(times) is int}


def _absences(writer: _Writer, stored: _Index, seen: dict[str, None], abandoned: threading.Event | None) -> None:
    """After a clean whole read: absent once is missing, absent again is gone."""
    absent = (key for key in stored.hashes if key not in seen)
    for part in chunks(absent):
        check(abandoned)
        states = {key: stored.states.get(key, ORDINARY) for key in part}
        gone = [key for key, state in states.items() if state.missing and not (state.deleted or state.newer)]
        missing = [key for key, state in states.items() if not (state.missing or state.deleted or state.newer)]
        writer.mark(schema.MISSING_SINCE, missing)
        writer.mark(schema.DELETED_AT, gone)
        for key in gone:
            writer.log(key, ChangeKind.GONE)
        writer.flush()
        writer.tally.gone += len(gone)
        writer.tally.missing += len(missing)


def _unfilled(connection: sa.Connection, entity: str, account: str) -> frozenset[str]:
    statement = sa.select(UNFILLED.c.column).where(UNFILLED.c.entity == entity, UNFILLED.c.account == account)
    return frozenset(connection.scalars(statement))


# ------------------------------------------------------------------------------------------ what a read leaves


def known(connection: sa.Connection, entity: Entity, table: sa.Table, account: str) -> Known:
    """What the last applied whole read of this account found."""
    row = connection.execute(
        sa.select(
            READS.c.last_success, READS.c.rows, READS.c.seen_keys, READS.c.garbage, READS.c.number, READS.c.whole_number
        ).where(READS.c.entity == entity.name, READS.c.account == account)
    ).one_or_none()
    if row is None or row.seen_keys is None:
        return Known(number=0 if row is None else row.number)
    keys = frozenset(unpack_keys(row.seen_keys))
    columns = [table.c[name] for name in entity.natural_key]
    naturals: set[str] = set()
    statement = sa.select(table.c[schema.KEY], *columns).where(table.c[schema.ACCOUNT] == account)
    for part in connection.execute(statement).partitions(CHUNK):
        for key, *values in part:
            if key in keys:
                naturals.add(natural_key(entity, dict(zip(entity.natural_key, values, strict=True))))
    return Known(row.last_success, row.rows, keys, frozenset(naturals), row.garbage, row.number)
