"""Refused whole reads: storing them, accepting a shrink, re-keying after the ERP renumbered its rows."""

from __future__ import annotations

import json
import logging
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, overload

import sqlalchemy as sa

from archisync_gui.entities.declaration import Entity, Row
from archisync_gui.store import schema
from archisync_gui.store.ages import ages
from archisync_gui.store.doubts import is_kept_doubtful
from archisync_gui.store.errors import StoreError
from archisync_gui.store.keys import natural_key, row_key
from archisync_gui.store.schema import CHANGES, READS, REFUSED, REFUSED_ROWS
from archisync_gui.store.seen_keys import chunks
from archisync_gui.store.types import Batch, ChangeKind, RefusedKind, RefusedRead

log = logging.getLogger(__name__)

KEPT = timedelta(hours=24)
REKEY_SHARE = 0.95
ROWS_IN_CHUNK = 200
TEMPORARY = "\x01"
"""Prefix of temporary keys while keys are exchanged; no key of the ERP begins with it."""


def keep(
    connection: sa.Connection, entity: Entity, account: str, batch: Batch, kind: RefusedKind, now: datetime
) -> None:
    """Store a refused read with its rows; an older one of the same list and account is removed."""
    older = sa.select(REFUSED.c.run_id).where(REFUSED.c.entity == entity.name, REFUSED.c.account == account)
    for run_id in [*connection.scalars(older), batch.run_id]:
        forget(connection, run_id)
    connection.execute(
        REFUSED.insert().values(
            run_id=batch.run_id,
            entity=entity.name,
            account=account,
            kind=kind.value,
            kept_at=now,
            as_of=batch.as_of,
            clean=batch.clean,
            rows=len(batch.rows),
            number=ages(connection, entity.name, account).number if batch.base is None else batch.base,
            after=batch.after,
            garbage=batch.garbage,
        )
    )
    names = [column.name for column in entity.columns]
    for number, part in enumerate(chunks(batch.rows, ROWS_IN_CHUNK)):
        text = json.dumps([[row.get(name) for name in names] for row in part])
        data = zlib.compress(json.dumps(names).encode() + b"\n" + text.encode())
        connection.execute(REFUSED_ROWS.insert().values(run_id=batch.run_id, chunk=number, data=data))


def forget(connection: sa.Connection, run_id: str) -> None:
    """Remove a kept read."""
    for table in (REFUSED_ROWS, REFUSED):
        connection.execute(table.delete().where(table.c.run_id == run_id))


def listed(connection: sa.Connection, now: datetime) -> tuple[RefusedRead, ...]:
    """The kept reads that can still be applied, newest first."""
    found = connection.execute(sa.select(REFUSED).order_by(schema.row_id(REFUSED).desc())).all()
    reads = [(_read(row), row.number) for row in found]
    return tuple(
        read for read, number in reads if read is not None and _unusable_reason(connection, read, number, now) is None
    )


def usable(connection: sa.Connection, run_id: str, kind: RefusedKind, now: datetime) -> tuple[RefusedRead, Batch]:
    """A kept read with its rows. Raises ``refused-read-unknown``, ``-unreadable``, ``-expired``, ``-void`` or
    ``-other-kind``."""
    row = connection.execute(sa.select(REFUSED).where(REFUSED.c.run_id == run_id)).one_or_none()
    if row is None:
        raise StoreError("refused-read-unknown", run=run_id)
    read = _read(row)
    if read is None:
        raise StoreError("refused-read-unreadable", run=run_id)
    if (reason := _unusable_reason(connection, read, row.number, now)) is not None:
        raise StoreError(reason, run=run_id)
    if read.kind is not kind:
        raise StoreError("refused-read-other-kind", run=run_id)
    rows = Rows(connection, run_id, read.rows)
    doubtful = is_kept_doubtful(connection, run_id)
    batch = Batch(run_id, read.as_of, rows, True, row.clean, after=row.after, garbage=row.garbage, doubtful=doubtful)
    return read, batch


def _unusable_reason(connection: sa.Connection, read: RefusedRead, number: int, now: datetime) -> str | None:
    """The code of the reason why a kept read cannot be applied any more; ``None``: it can. It does not expire while the
    clock shows a time before it was kept; whether a newer read was applied is decided by numbers, not times (rule
    30)."""
    if now - read.kept_at > KEPT:
        return "refused-read-expired"
    replaced = connection.scalar(
        sa.select(READS.c.whole_number).where(READS.c.entity == read.entity, READS.c.account == read.account)
    )
    return "refused-read-void" if replaced is not None and replaced > number else None


def _read(row: sa.Row[Any]) -> RefusedRead | None:
    """A kept read from its columns; ``None``, and a warning in the log, if this version cannot read it."""
    if not (isinstance(row.as_of, datetime) and isinstance(row.kept_at, datetime) and row.kind in set(RefusedKind)):
        log.warning("the kept read %r cannot be read and is left out", row.run_id)
        return None
    return RefusedRead(row.run_id, row.entity, row.account, RefusedKind(row.kind), row.as_of, row.kept_at, row.rows)


def unpacked(run_id: str, data: bytes | None) -> list[Row]:
    """The rows of one stored chunk of a kept read. Raises :class:`StoreError` ``refused-read-unreadable``."""
    try:
        head, _, body = zlib.decompress(data or b"").partition(b"\n")
        names = json.loads(head)
        return [dict(zip(names, values, strict=True)) for values in json.loads(body)]
    except (zlib.error, ValueError, TypeError, RecursionError) as error:
        raise StoreError("refused-read-unreadable", run=run_id) from error


class Rows(Sequence[Row]):
    """The rows of a kept read, loaded chunk by chunk while iterating. Iterating raises ``refused-read-unreadable`` if a
    chunk is damaged or missing."""

    def __init__(self, connection: sa.Connection, run_id: str, length: int) -> None:
        self._connection, self._run_id, self._length = connection, run_id, length

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Row]:
        c = REFUSED_ROWS.c
        numbers = list(self._connection.scalars(sa.select(c.chunk).where(c.run_id == self._run_id).order_by(c.chunk)))
        count = 0
        for number in numbers:
            for row in self._chunk(number):
                count += 1
                yield row
        if count != self._length:
            raise StoreError("refused-read-unreadable", run=self._run_id)

    def _chunk(self, number: int) -> list[Row]:
        c = REFUSED_ROWS.c
        data = self._connection.scalar(sa.select(c.data).where(c.run_id == self._run_id, c.chunk == number))
        return unpacked(self._run_id, data)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | Sequence[Row]:
        return list(self)[index]


# ------------------------------------------------------------------------------------------------------ re-key


def rekey(connection: sa.Connection, entity: Entity, table: sa.Table, account: str, batch: Batch) -> int:
    """Give stored rows the keys that ``batch`` has for the same natural keys, also in the change log.

    Returns how many rows got another key. A stored row without match whose key now belongs to another record is
    soft-deleted and gets a retired key (``key~run id``). Raises ``rekey-too-few`` if fewer than 95 % of the rows that
    are not deleted match, or there are none.
    """
    c = table.c
    stored = connection.execute(
        sa.select(c[schema.KEY], c[schema.DELETED_AT], *(c[name] for name in entity.natural_key)).where(
            c[schema.ACCOUNT] == account
        )
    ).all()
    old: dict[str, str] = {}
    naturals = Counter[str]()
    alive: dict[str, bool] = {}
    natural_of: dict[str, str] = {}
    for key, deleted_at, *values in stored:
        natural = natural_key(entity, dict(zip(entity.natural_key, values, strict=True)))
        natural_of[key], alive[key] = natural, deleted_at is None
        if alive[key]:
            naturals[natural] += 1
            old[natural] = key
    found: dict[str, str] = {}
    columns: dict[str, Row] = {}
    read = Counter[str]()
    natural_of_read: dict[str, str] = {}
    for row in batch.rows:
        natural, key = natural_key(entity, row), row_key(entity, row)
        if key in natural_of_read:
            continue
        read[natural] += 1
        found[natural] = key
        columns[key] = {name: row.get(name) for name in entity.key}
        natural_of_read[key] = natural
    # A natural key that occurs twice does not identify a row.
    pairs = {
        old[natural]: found[natural]
        for natural in old
        if natural in found and naturals[natural] == 1 and read[natural] == 1
    }
    living = sum(naturals.values())
    if not living or len(pairs) < REKEY_SHARE * living:
        raise StoreError("rekey-too-few", matched=len(pairs), rows=living)
    moves = {before: after for before, after in pairs.items() if before != after}
    taken = set(moves.values())
    retired = {
        key: f"{key}~{batch.run_id}"
        for key, natural in natural_of.items()
        if key not in pairs and (key in taken or natural_of_read.get(key, natural) != natural)
    }
    for key in retired:
        if alive[key]:
            _log(connection, entity, account, key, batch, ChangeKind.GONE)
    if retired:
        connection.execute(
            table.update()
            .where(c[schema.ACCOUNT] == account, c[schema.KEY] == sa.bindparam("_key"), c[schema.DELETED_AT].is_(None))
            .values({schema.DELETED_AT: batch.as_of}),
            [{"_key": key} for key in retired],
        )
    _rename(connection, entity, table, account, retired | moves)
    if moves:
        connection.execute(
            table.update()
            .where(c[schema.ACCOUNT] == account, c[schema.KEY] == sa.bindparam("_key"))
            .values({name: sa.bindparam(f"_{name}") for name in entity.key} | {schema.HASH: None}),
            [{"_key": key, **{f"_{name}": value for name, value in columns[key].items()}} for key in moves.values()],
        )
        connection.execute(
            CHANGES.insert(),
            [
                {
                    "at": batch.as_of,
                    "run_id": batch.run_id,
                    "entity": entity.name,
                    "account": account,
                    "row_key": after,
                    "kind": ChangeKind.REKEYED.value,
                    "before": before,
                    "after": after,
                }
                for before, after in moves.items()
            ],
        )
    return len(moves)


def _rename(connection: sa.Connection, entity: Entity, table: sa.Table, account: str, moves: dict[str, str]) -> None:
    """Change keys in two steps, over temporary keys, since a new key may be another row's old one."""
    if not moves:
        return
    stages = [
        [{"_from": before, "_to": f"{TEMPORARY}{after}"} for before, after in moves.items()],
        [{"_from": f"{TEMPORARY}{after}", "_to": after} for after in moves.values()],
    ]
    rows = (
        table.update()
        .where(table.c[schema.ACCOUNT] == account, table.c[schema.KEY] == sa.bindparam("_from"))
        .values({schema.KEY: sa.bindparam("_to")})
    )
    history = (
        CHANGES.update()
        .where(
            CHANGES.c.entity == entity.name,
            CHANGES.c.account == account,
            CHANGES.c.row_key == sa.bindparam("_from"),
        )
        .values(row_key=sa.bindparam("_to"))
    )
    for stage in stages:
        for part in chunks(stage):
            connection.execute(rows, part)
            connection.execute(history, part)


def _log(connection: sa.Connection, entity: Entity, account: str, key: str, batch: Batch, kind: ChangeKind) -> None:
    connection.execute(
        CHANGES.insert().values(
            at=batch.as_of,
            run_id=batch.run_id,
            entity=entity.name,
            account=account,
            row_key=key,
            kind=kind.value,
        )
    )
