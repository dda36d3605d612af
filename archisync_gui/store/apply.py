"""Applying a read to a data table in one transaction: added, changed, missing, gone, revived, sticky; no checks.

Whether a read may be applied at all is decided before (``syncs``). Rows are handled some hundred at a time, so that
no step holds the interpreter's lock for long and memory stays flat.
"""

from __future__ import annotations

import json
import threading
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import compress, count
from operator import itemgetter, ne
from typing import Any, NamedTuple, TypeVar, cast

import sqlalchemy as sa

from archisync_gui.entities.declaration import Entity, Value
from archisync_gui.store import schema
from archisync_gui.store.database import check
from archisync_gui.store.keys import Reader, change_hash, is_blank, natural_key, percent_change, row_key, search_text
from archisync_gui.store.schema import CHANGES, READS, UNFILLED, utc_text
from archisync_gui.store.types import Ages, Batch, ChangeKind, Delta, Known

T = TypeVar("T")
CHUNK = 400
BLANKS_UNTIL_TAKEN = 2
KEY_SEPARATOR = "\x1e"


class State(NamedTuple):
    """What is out of the ordinary about a stored row."""

    missing: bool = False
    deleted: bool = False
    counted: bool = False
    """A sticky field of it was blank once."""
    newer: bool = False
    """Changed by a read that began after the one being applied (a fast read during a suspension): its values stay."""


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
        self._insert = _Statement(self.table.insert().compile(dialect=dialect, column_keys=row), row)
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
        line = [column.name for column in CHANGES.columns if column.name != "id"]
        self._log = _Statement(CHANGES.insert().compile(dialect=dialect, column_keys=line), LOG_ORDER)
        self._lines: list[Sequence[Any]] = []
        self.at = utc_text(self.batch.as_of)

    def insert(self, rows: Sequence[Sequence[Any]]) -> None:
        """Add rows: the values of ``schema.META``, then those of the columns."""
        self._many(self._insert, rows)

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
            self._counted(lambda: self.connection.execute(statement, [{"_key": key} for key in keys]))

    def log(
        self,
        key: str,
        kind: ChangeKind,
        name: str | None = None,
        before: Value = None,
        after: Value = None,
        percent: int | None = None,
    ) -> None:
        """Add a line to the change log (:data:`LOG_ORDER`)."""
        self._lines.append(
            (
                self.at,
                self.batch.run_id,
                self.entity.name,
                self.account,
                key,
                kind.value,
                name,
                _json(before),
                _json(after),
                percent,
            )
        )

    def flush(self) -> None:
        """Write the lines of the change log."""
        if self._lines:
            pick = self._log.pick
            self.connection.exec_driver_sql(self._log.sql, [pick(line) for line in self._lines])
            self._lines = []

    def _many(self, statement: _Statement, rows: Sequence[Sequence[Any]]) -> None:
        if rows:
            values = [statement.pick(row) for row in rows]
            self._counted(lambda: self.connection.exec_driver_sql(statement.sql, values))

    def _counted(self, statement: Any) -> None:
        raw: Any = self.connection.connection.driver_connection
        before = raw.total_changes
        statement()
        self.tally.written += raw.total_changes - before


LOG_ORDER = ("at", "run_id", "entity", "account", "row_key", "kind", "field", "before", "after", "percent")


def _json(value: Value) -> str | None:
    """As JSON; numbers, the most frequent, without the encoder."""
    if value is None:
        return None
    return str(value) if type(value) is int else json.dumps(value)


def chunks(items: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """The items in lists of at most ``size``."""
    part: list[T] = []
    for item in items:
        part.append(item)
        if len(part) == size:
            yield part
            part = []
    if part:
        yield part


def apply(
    connection: sa.Connection,
    entity: Entity,
    table: sa.Table,
    account: str,
    batch: Batch,
    *,
    now: datetime,
    abandoned: threading.Event | None = None,
) -> tuple[Delta, int]:
    """Bring the stored rows of one account to what ``batch`` found; returns the delta and the data rows written.

    Runs inside the caller's transaction. ``now`` only protects against stored times from a wrong clock.
    """
    reader = Reader(entity)
    writer = _Writer(connection, table, entity, account, batch)
    tally = writer.tally
    before = ages(connection, entity.name, account)
    first_load = before.last_success is None
    unfilled = _unfilled(connection, entity.name, account)
    stored = _index(connection, table, account, batch.as_of, now)
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
    _remember(connection, entity.name, account, batch, before, seen, now)
    delta = Delta(tally.added, tally.changed, tally.gone, tally.missing, tally.revived, tally.unchanged)
    return delta, tally.written


def _index(connection: sa.Connection, table: sa.Table, account: str, as_of: datetime, now: datetime) -> _Index:
    c = table.c
    newer = sa.and_(c[schema.LAST_CHANGED] > as_of, c[schema.LAST_CHANGED] <= now)
    result = connection.execute(
        sa.select(
            c[schema.KEY],
            c[schema.HASH],
            c[schema.MISSING_SINCE].is_not(None),
            c[schema.DELETED_AT].is_not(None),
            c[schema.BLANKS].is_not(None),
            sa.case((newer, 1), else_=0),
        ).where(c[schema.ACCOUNT] == account)
    )
    index = _Index({}, {})
    for part in result.partitions(CHUNK):
        for key, digest, missing, deleted, blanks, newer_ in part:
            index.hashes[key] = digest or b""  # none since its key was changed: compared column by column
            if missing or deleted or blanks or newer_:
                index.states[key] = State(bool(missing), bool(deleted), bool(blanks), bool(newer_))
    return index


def _compare(
    writer: _Writer,
    reader: Reader,
    stored: _Index,
    suspects: dict[str, tuple[tuple[Value, ...], bytes]],
    unfilled: frozenset[str],
) -> None:
    """Compare rows whose hash or state differs with the stored ones, column by column, and write what differs."""
    table, tally, batch, names = writer.table, writer.tally, writer.batch, reader.names
    clean_whole = batch.whole and batch.clean
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
    for key, last_changed, blanks, search, *old in writer.connection.execute(statement).all():
        values, digest = suspects[key]
        state = stored.states.get(key, ORDINARY)
        if state.newer and not state.deleted:
            tally.unchanged += 1
            continue
        effective = list(values)
        counters: dict[str, int] = {}
        held = False
        for i in reader.sticky:
            if is_blank(values[i]) and not is_blank(old[i]):
                times = (blanks or {}).get(names[i], 0) + (1 if clean_whole else 0)
                if times < BLANKS_UNTIL_TAKEN:
                    effective[i], held = old[i], True
                    if times:
                        counters[names[i]] = times
        if held:
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
        for i in fields:
            percent = percent_change(old[i], effective[i]) if reader.percent[i] else None
            writer.log(key, ChangeKind.CHANGED, names[i], old[i], effective[i], percent)
        if stored.hashes[key] == digest and not state.missing and not state.deleted and (blanks or {}) == counters:
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


def ages(connection: sa.Connection, entity: str, account: str) -> Ages:
    """Since when the rows of one account are current."""
    row = connection.execute(
        sa.select(READS.c.last_success, READS.c.new_as_of, READS.c.all_as_of).where(
            READS.c.entity == entity, READS.c.account == account
        )
    ).one_or_none()
    return Ages(entity, account) if row is None else Ages(entity, account, *row)


def _remember(
    connection: sa.Connection,
    entity: str,
    account: str,
    batch: Batch,
    before: Ages,
    seen: dict[str, None],
    now: datetime,
) -> None:
    if batch.single:
        return
    new = before.new_as_of
    if not batch.whole or batch.clean:
        # A fast read during a suspension may have moved it further already; a time in the future is a wrong clock's.
        new = max(batch.as_of, new) if new is not None and new <= now else batch.as_of
    values: dict[str, Any] = {"run_id": batch.run_id, "new_as_of": new}
    if batch.whole:
        values |= {"last_success": batch.as_of, "rows": len(seen), "seen_keys": _packed(seen)}
        if batch.clean:
            values["all_as_of"] = batch.as_of
    where = (READS.c.entity == entity, READS.c.account == account)
    if connection.execute(READS.update().where(*where).values(values)).rowcount == 0:
        connection.execute(READS.insert().values({"entity": entity, "account": account, "rows": 0} | values))


def _packed(keys: Iterable[str]) -> bytes:
    packer = zlib.compressobj(6)
    return b"".join([packer.compress((KEY_SEPARATOR.join(part) + KEY_SEPARATOR).encode()) for part in chunks(keys)]) + (
        packer.flush()
    )


def _unpacked(data: bytes) -> list[str]:
    return zlib.decompress(data).decode().split(KEY_SEPARATOR)[:-1]


def known(connection: sa.Connection, entity: Entity, table: sa.Table, account: str) -> Known:
    """What the last applied whole read of this account found."""
    row = connection.execute(
        sa.select(READS.c.last_success, READS.c.rows, READS.c.seen_keys).where(
            READS.c.entity == entity.name, READS.c.account == account
        )
    ).one_or_none()
    if row is None or row.last_success is None:
        return Known()
    keys = frozenset(_unpacked(row.seen_keys))
    columns = [table.c[name] for name in entity.natural_key]
    naturals: set[str] = set()
    statement = sa.select(table.c[schema.KEY], *columns).where(table.c[schema.ACCOUNT] == account)
    for part in connection.execute(statement).partitions(CHUNK):
        for key, *values in part:
            if key in keys:
                naturals.add(natural_key(entity, dict(zip(entity.natural_key, values, strict=True))))
    return Known(row.last_success, row.rows, keys, frozenset(naturals))
