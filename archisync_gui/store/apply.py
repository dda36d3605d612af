"""Applying a read to a data table in one transaction: added, changed, missing, gone and revived rows, sticky fields.

Whether a read may be applied is checked before (``syncs``). Rows are handled some hundred at a time, so that no step
holds the interpreter's lock for long and memory use stays constant.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import compress, count
from operator import ne
from typing import Any, NamedTuple

import sqlalchemy as sa

from archisync_gui.entities.declaration import Entity, Value
from archisync_gui.store import schema
from archisync_gui.store.ages import reads_row, remember
from archisync_gui.store.database import check, json_or_none
from archisync_gui.store.dialect import raw_rows
from archisync_gui.store.errors import Overtaken
from archisync_gui.store.fields import differences
from archisync_gui.store.keys import Reader, change_hash, is_blank, natural_key, row_key, search_text
from archisync_gui.store.schema import READS, TOUCHED, UNFILLED
from archisync_gui.store.seen_keys import CHUNK, chunks, unpack_keys
from archisync_gui.store.types import Batch, ChangeKind, Delta, Known
from archisync_gui.store.writing import Writer

BLANKS_UNTIL_TAKEN = 2
"""In how many clean whole reads a sticky field has to be blank until the blank is stored."""
ADDED, CHANGED, GONE, REVIVED = (
    kind.value for kind in (ChangeKind.ADDED, ChangeKind.CHANGED, ChangeKind.GONE, ChangeKind.REVIVED)
)
"""Constants, since ``.value`` took a hundredth of an apply in which all rows changed."""


class State(NamedTuple):
    """The state of a stored row; most rows are :data:`ORDINARY`."""

    missing: bool = False
    deleted: bool = False
    counted: bool = False
    """A sticky field was blank in a read (``row_blanks``)."""
    newer: bool = False
    """Written after this read began (by a fast read while this one was suspended): its values are kept."""


ORDINARY = State()


@dataclass(frozen=True)
class _Index:
    """The stored rows: mostly texts and bytes, which the garbage collector does not track."""

    hashes: dict[str, bytes]
    states: dict[str, State]
    """Only for rows that are not ordinary."""
    rows: Callable[[int], str]
    """The statement that selects so many rows, with the account and the keys as parameters. Its columns: row id, key,
    last change, blanks, search text, the entity's columns."""


def apply(
    connection: sa.Connection,
    entity: Entity,
    table: sa.Table,
    account: str,
    batch: Batch,
    *,
    abandoned: threading.Event | None = None,
) -> tuple[Delta, int]:
    """Change the stored rows of one account to those of ``batch``; returns the delta and the number of data rows
    written.

    Runs in the caller's transaction. Raises ``read-overtaken`` if the whole list was replaced after the read of
    ``batch`` began.
    """
    reader = Reader(entity)
    writer = Writer(connection, table, entity, account, batch)
    tally = writer.tally
    last = reads_row(connection, entity.name, account)
    if batch.base is not None and last.whole_number > batch.base:
        raise Overtaken(entity.name)
    first_load = last.all_as_of is None  # also after an unclean read: rows that it missed are not new in the ERP
    unfilled = _unfilled(connection, entity.name, account)
    after = last.number if batch.after is None else batch.after
    stored = _index(connection, table, account, reader.names, _touched_after(connection, entity.name, account, after))
    seen: dict[str, None] = {}
    for part in chunks(batch.rows):
        check(abandoned)
        added: list[tuple[Any, ...]] = []
        suspects: dict[str, tuple[tuple[Value, ...], bytes]] = {}
        for row in part:
            key = row_key(entity, row)
            if key in seen:  # an equal row once more; the checks refuse a read with different rows of one key
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
                    writer.log(key, ADDED)
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


def _index(
    connection: sa.Connection, table: sa.Table, account: str, names: Sequence[str], newer: frozenset[str]
) -> _Index:
    c = table.c
    states = sa.select(
        c[schema.KEY],
        c[schema.HASH],
        c[schema.MISSING_SINCE].is_not(None),
        c[schema.DELETED_AT].is_not(None),
        c[schema.BLANKS].is_not(None),
    ).where(c[schema.ACCOUNT] == account)
    values = sa.select(
        schema.row_id(table),
        c[schema.KEY],
        sa.type_coerce(c[schema.LAST_CHANGED], sa.String),
        c[schema.BLANKS],
        c[schema.SEARCH],
        *(c[name] for name in names),
    )

    @cache
    def rows(number: int) -> str:
        # Compiled once: SQLAlchemy expands the list of keys at each execution, which takes 0.7 ms for 400.
        statement = values.where(c[schema.ACCOUNT] == account, c[schema.KEY].in_([""] * number))
        return str(statement.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True}))

    index = _Index({}, {}, rows)
    for key, digest, missing, deleted, blanks in raw_rows(connection.execute(states)):
        index.hashes[key] = digest or b""  # no hash after a re-key or erasure: the row is compared by columns
        if missing or deleted or blanks or key in newer:
            index.states[key] = State(bool(missing), bool(deleted), bool(blanks), key in newer)
    return index


def _touched_after(connection: sa.Connection, entity: str, account: str, number: int) -> frozenset[str]:
    """Keys of the rows that were written by a change after that number (:data:`schema.TOUCHED`)."""
    c = TOUCHED.c
    mine = (c.entity == entity, c.account == account, c.number > number)
    return frozenset(connection.scalars(sa.select(c.row_key).where(*mine)))


def _compare(
    writer: Writer,
    reader: Reader,
    stored: _Index,
    suspects: dict[str, tuple[tuple[Value, ...], bytes]],
    unfilled: frozenset[str],
) -> None:
    """Compare the rows whose hash differs or whose state is not ordinary with the stored ones, column by column, and
    write the differences."""
    tally, batch, names = writer.tally, writer.batch, reader.names
    searched = {i for i, name in enumerate(names) if name in (*writer.entity.search, *writer.entity.key)}
    ordinary: list[tuple[Any, ...]] = []
    reappeared: list[tuple[Any, ...]] = []
    rewritten: set[int] = set()
    searched_anew = False
    found = writer.connection.exec_driver_sql(stored.rows(len(suspects)), (writer.account, *suspects))
    for row_id, key, last_changed, kept_blanks, search, *raw in raw_rows(found):
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
        fields = differing = list(compress(count(), map(ne, effective, old)))
        if unfilled:
            fields = [i for i in differing if not (old[i] is None and names[i] in unfilled)]
        if state.deleted:
            tally.revived += 1
            writer.log(key, REVIVED)
        elif fields:
            tally.changed += 1
        else:
            tally.unchanged += 1
        if fields or state.deleted:
            writer.written.append(key)
        if fields:
            writer.log(key, CHANGED, differences(names, reader.amounts, fields, old, effective))
        if stored.hashes[key] == digest and not state.missing and not state.deleted and blanks == counters:
            continue
        rewritten.update(differing)
        if unfilled or not stored.hashes[key] or not searched.isdisjoint(fields):
            search = search_text(writer.entity, dict(zip(names, effective, strict=True)))
            searched_anew = True
        at = writer.at if fields or state.deleted else last_changed
        row = (row_id, digest, at, json.dumps(counters) if counters else None, search, *effective)
        (reappeared if state.missing or state.deleted else ordinary).append(row)
    changed_columns = {names[i] for i in rewritten} | ({schema.SEARCH} if searched_anew else set())
    writer.update(ordinary, changed_columns, reappeared=False)
    writer.update(reappeared, changed_columns, reappeared=True)


def _with_sticky(
    reader: Reader, values: Sequence[Value], old: Sequence[Value], blanks: Mapping[str, int], *, clean_whole: bool
) -> tuple[Sequence[Value], dict[str, int]]:
    """``values``, in which sticky fields that were not blank often enough keep their stored values; and how often each
    of these was blank."""
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
    """How often each sticky field of a row was blank; damaged values count as never."""
    if isinstance(kept, str):  # SQLite's driver returns JSON as text
        kept = json_or_none(kept)
    if not isinstance(kept, dict):
        return {}
    return {name: times for name, times in kept.items() if type(times) is int}


def _absences(writer: Writer, stored: _Index, seen: dict[str, None], abandoned: threading.Event | None) -> None:
    """After a clean whole read: mark rows that it did not have as missing, and those missing before as gone."""
    absent = [key for key in stored.hashes if key not in seen]
    for part in chunks(absent):
        check(abandoned)
        states = {key: stored.states.get(key, ORDINARY) for key in part}
        gone = [key for key, state in states.items() if state.missing and not (state.deleted or state.newer)]
        missing = [key for key, state in states.items() if not (state.missing or state.deleted or state.newer)]
        writer.mark(schema.MISSING_SINCE, missing)
        writer.mark(schema.DELETED_AT, gone)
        for key in gone:
            writer.log(key, GONE)
        writer.flush()
        writer.tally.gone += len(gone)
        writer.tally.missing += len(missing)


def _unfilled(connection: sa.Connection, entity: str, account: str) -> frozenset[str]:
    statement = sa.select(UNFILLED.c.column).where(UNFILLED.c.entity == entity, UNFILLED.c.account == account)
    return frozenset(connection.scalars(statement))


# --------------------------------------------------------------------------------------- for the next read's checks


def known(connection: sa.Connection, entity: Entity, table: sa.Table, account: str) -> Known:
    """What the last applied whole read of this list and account found."""
    row = connection.execute(
        sa.select(
            READS.c.last_success, READS.c.rows, READS.c.seen_keys, READS.c.garbage, READS.c.number, READS.c.whole_number
        ).where(READS.c.entity == entity.name, READS.c.account == account)
    ).one_or_none()
    if row is None or row.seen_keys is None:
        return Known() if row is None else Known(number=row.number, replaced=row.whole_number)
    keys = frozenset(unpack_keys(row.seen_keys))
    columns = [table.c[name] for name in entity.natural_key]
    naturals: set[str] = set()
    statement = sa.select(table.c[schema.KEY], *columns).where(table.c[schema.ACCOUNT] == account)
    for part in connection.execute(statement).partitions(CHUNK):
        for key, *values in part:
            if key in keys:
                naturals.add(natural_key(entity, dict(zip(entity.natural_key, values, strict=True))))
    return Known(row.last_success, row.rows, keys, frozenset(naturals), row.garbage, row.number, row.whole_number)
