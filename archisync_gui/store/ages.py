"""How old the stored rows of a list and account are: last success, ``newAsOf``, ``allAsOf``; and which rows a later
read has to treat specially (:data:`schema.TOUCHED`)."""

from __future__ import annotations

from collections.abc import Sequence, Set
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from archisync_gui.store.schema import READS, TOUCHED
from archisync_gui.store.seen_keys import chunks, pack_keys, unpack_keys
from archisync_gui.store.types import Ages, Batch


class ReadsRow(NamedTuple):
    """The row of ``reads`` for one list and account."""

    last_success: datetime | None = None
    new_as_of: datetime | None = None
    all_as_of: datetime | None = None
    number: int = 0
    new_number: int = 0
    whole_number: int = 0
    doubtful: frozenset[str] = frozenset()


STAMPS = ("last_success", "new_as_of", "all_as_of")


def reads_row(connection: sa.Connection, entity: str, account: str) -> ReadsRow:
    """The row of ``reads`` for one list and account; an empty one if there is none."""
    names = [name for name in ReadsRow._fields if name != "doubtful"]
    row = connection.execute(
        sa.select(*(READS.c[name] for name in names), READS.c.doubtful).where(
            READS.c.entity == entity, READS.c.account == account
        )
    ).one_or_none()
    if row is None:
        return ReadsRow()
    return ReadsRow(*row[:-1], doubtful=names_of(row.doubtful))  # type: ignore[misc]


def names_of(doubtful: object) -> frozenset[str]:
    """The names of doubtful times in a value of the column ``doubtful``."""
    return frozenset(doubtful if isinstance(doubtful, list) else ()) & frozenset(STAMPS)


def ages(connection: sa.Connection, entity: str, account: str) -> Ages:
    """The times as of which the rows of one list and account are current."""
    last = reads_row(connection, entity, account)
    return Ages(entity, account, last.last_success, last.new_as_of, last.all_as_of, last.number, last.doubtful)


def unproven(connection: sa.Connection, entity: str, account: str) -> frozenset[str]:
    """Keys of the rows at which a fast read may not stop (:data:`schema.TOUCHED`)."""
    c = TOUCHED.c
    mine = (c.entity == entity, c.account == account, c.proven.is_(False))
    return frozenset(connection.scalars(sa.select(c.row_key).where(*mine)))


def replaced(connection: sa.Connection, entity: str, account: str) -> None:
    """Count a change of the whole list by the operator: reads that were compared with it before are not applied any
    more (``read-overtaken``)."""
    last = reads_row(connection, entity, account)
    number = last.number + 1
    _put(connection, entity, account, {"number": number, "whole_number": number})


def emptied(connection: sa.Connection, entity: str, account: str) -> None:
    """Mark the list as never read."""
    connection.execute(TOUCHED.delete().where(TOUCHED.c.entity == entity, TOUCHED.c.account == account))
    nothing = dict.fromkeys((*STAMPS, "run_id", "seen_keys", "garbage", "doubtful"))
    _put(connection, entity, account, {**nothing, "rows": 0})
    replaced(connection, entity, account)


def _put(connection: sa.Connection, entity: str, account: str, values: dict[str, Any]) -> None:
    where = (READS.c.entity == entity, READS.c.account == account)
    if connection.execute(READS.update().where(*where).values(values)).rowcount == 0:
        connection.execute(READS.insert().values({"entity": entity, "account": account, "rows": 0} | values))


def remember(
    connection: sa.Connection,
    entity: str,
    account: str,
    batch: Batch,
    last: ReadsRow,
    seen: dict[str, None],
    written: Sequence[str],
) -> None:
    """Store the times as of which the rows are current after applying ``batch``, and which rows a later read has to
    treat specially. ``seen``: all keys of the batch; ``written``: keys of rows that it changed."""
    number = last.number + 1
    values: dict[str, Any] = {"number": number}
    renewed: set[str] = set()
    proves = _proves(batch, last)
    if not batch.single:
        values["run_id"] = batch.run_id
    if batch.whole:
        values |= {"last_success": batch.as_of, "rows": len(seen), "seen_keys": pack_keys(seen), "whole_number": number}
        values["garbage"] = batch.garbage
        renewed.add("last_success")
        if proves:
            values["all_as_of"] = batch.as_of
            renewed.add("all_as_of")
    # A fast read that was applied while this whole read was suspended has a later ``new_as_of``.
    overtaken = batch.whole and batch.after is not None and last.new_number > batch.after
    if proves and not (overtaken and last.new_as_of is not None):
        values |= {"new_as_of": batch.as_of, "new_number": number}
        renewed.add("new_as_of")
    values["doubtful"] = sorted(last.doubtful | renewed if batch.doubtful else last.doubtful - renewed) or None
    _put(connection, entity, account, values)
    touch(connection, entity, account, batch, last, written)


def _proves(batch: Batch, last: ReadsRow) -> bool:
    """Whether no record created before the read is missing after it: a clean whole read, or a clean fast one on top of
    such a base."""
    return batch.clean and not batch.single and (batch.whole or last.new_as_of is not None)


def touch(
    connection: sa.Connection, entity: str, account: str, batch: Batch, last: ReadsRow, written: Sequence[str]
) -> None:
    """Store which rows were written by a read that is not a clean whole one (:data:`schema.TOUCHED`)."""
    c = TOUCHED.c
    mine = (c.entity == entity, c.account == account)
    number, proves = last.number + 1, _proves(batch, last)
    if batch.whole:
        # No read that began before this one can be applied any more, so rows that are proven can be dropped.
        connection.execute(TOUCHED.delete().where(*mine, *(() if proves else (c.proven.is_(True),))))
        if proves:
            return
    elif proves:
        connection.execute(TOUCHED.update().where(*mine).values(proven=True))
    if batch.whole and last.new_as_of is None:
        return  # without ``new_as_of`` the next fast read does not stop at known rows anyway
    for part in chunks(written):
        connection.execute(TOUCHED.delete().where(*mine, c.row_key.in_(part)))
        connection.execute(
            TOUCHED.insert(),
            [
                {"entity": entity, "account": account, "row_key": key, "number": number, "proven": proves}
                for key in part
            ],
        )


def forget_seen(connection: sa.Connection, entity: str, account: str, gone: Set[str]) -> None:
    """Remove the keys of erased rows from those of the last whole read: for the next read they are new rows."""
    place = (READS.c.entity == entity, READS.c.account == account)
    row = connection.execute(sa.select(READS.c.rows, READS.c.seen_keys).where(*place)).one_or_none()
    if row is None or row.seen_keys is None:
        return
    seen = unpack_keys(row.seen_keys)
    left = [key for key in seen if key not in gone]
    rows = max(0, row.rows - (len(seen) - len(left)))
    connection.execute(READS.update().where(*place).values(rows=rows, seen_keys=pack_keys(left)))
