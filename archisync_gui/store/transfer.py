"""Copying a whole store between a server and a file: for backups of an office, and for joining and leaving one."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from archisync_gui.disk import PRIVATE
from archisync_gui.entities.declaration import Entity
from archisync_gui.store import backups, dialect, find_index, migrate, schema
from archisync_gui.store.database import json_or_none
from archisync_gui.store.errors import StoreError
from archisync_gui.store.schema import UtcTime
from archisync_gui.store.seen_keys import CHUNK

COPY_SECONDS = 120.0
"""Seconds for which a transaction may be idle on the office's server while this computer writes to its disk."""

HOLDS_DATA = "SELECT EXISTS (SELECT FROM runs) OR EXISTS (SELECT FROM reads) OR EXISTS (SELECT FROM notes)"
"""Query: whether an office has data that a member has brought or a leader has read."""


def copy_all(source: sa.Connection, target: sa.Connection, entities: Sequence[Entity]) -> int:
    """Replace everything in ``target``, whose schema is current, by the content of ``source``; returns the rows copied.

    Runs in the callers' transactions. Columns that only one of the two has are not copied. The order of insertion is
    kept. The caller has to update the index for *Find* (:func:`find_index.prepare`).
    """
    tables = [*schema.FIXED.sorted_tables, *(schema.data_table(entity) for entity in entities)]
    numbered = {"runs", "refused_reads", *(entity.name for entity in entities)}
    copied = 0
    for table in tables:
        target.execute(table.delete())
        if there := schema.columns_there(source, table.name):
            columns = [column for column in table.columns if column.name in there]
            for part in _parts(source, table, columns, in_order=table.name in numbered):
                target.execute(table.insert().inline(), part)
                copied += len(part)
    # That row is about the full-text index of the source's file.
    target.execute(schema.DECLARED.delete().where(schema.DECLARED.c.entity == find_index.PENDING))
    dialect.sequences_after(target, tables)
    return copied


def _parts(
    source: sa.Connection, table: sa.Table, columns: Sequence[sa.Column[Any]], *, in_order: bool
) -> Iterator[list[dict[str, Any]]]:
    order: list[sa.ColumnElement[Any]] = list(table.primary_key)
    if in_order:
        order = [schema.row_id(table)]
    statement = sa.select(*columns).select_from(table).order_by(*order)
    required = [column.name for column in columns if not column.nullable and isinstance(column.type, UtcTime)]
    result = source.execute(statement, execution_options={"yield_per": CHUNK})
    for part in result.partitions(CHUNK):
        rows = [dict(row._mapping) for row in part]
        # A row with a damaged time cannot be written; reading would leave it out as well.
        kept = [row for row in rows if all(row[name] is not None for name in required)]
        if kept:
            yield kept


def backup(connection: sa.Connection, path: Path, reason: str, now: datetime, entities: Sequence[Entity]) -> Path:
    """Make a backup of an office's store: a SQLite file among the backups of ``path``; returns its path."""
    return backups.written(path, reason, now, lambda part: into_file(connection, part, entities))


def into_file(source: sa.Connection, path: Path, entities: Sequence[Entity]) -> None:
    """Copy an office's store into a new SQLite file. Other members can read and write meanwhile.

    The server ends a transaction that is idle for some seconds. So the file's tables are created before the transaction
    and indexed after it, and between two chunks a slow disk may take ``COPY_SECONDS``.
    """
    source.rollback()
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, PRIVATE))
    engine = _file_engine(path)
    try:
        with engine.begin() as target:
            migrate.migrate(target, entities)
            source.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            source.exec_driver_sql(f"SET LOCAL idle_in_transaction_session_timeout = {COPY_SECONDS * 1000:.0f}")
            copy_all(source, target, entities)
            source.rollback()
            find_index.prepare(target, entities)
    finally:
        engine.dispose()


def from_file(path: Path, target: sa.Connection, entities: Sequence[Entity], place: str) -> int:
    """Fill the store of the new office ``place`` from a SQLite file, in the caller's transaction; returns the rows
    copied.

    The lock on the row in ``leader`` keeps members from becoming leader until the transaction ends. Raises
    :class:`StoreError` ``office-not-empty`` if there was a leader or another member's data, which would be lost.
    """
    epoch = target.scalar(sa.text("SELECT epoch FROM leader WHERE id = 1 FOR UPDATE"))
    if epoch or target.scalar(sa.text(HOLDS_DATA)):
        raise StoreError("office-not-empty", path=place)
    engine = _file_engine(path)
    try:
        with engine.connect() as source:
            migrate.refuse_newer(source, path)
            copied = copy_all(source, target, entities)
            find_index.prepare(target, entities)
            return copied
    finally:
        engine.dispose()


def _file_engine(path: Path) -> sa.Engine:
    url = sa.URL.create("sqlite+pysqlite", database=str(path))
    engine = sa.create_engine(url, poolclass=NullPool, json_deserializer=json_or_none)

    @sa.event.listens_for(engine, "connect")
    def _connected(raw: Any, _record: object) -> None:
        raw.isolation_level = None

    @sa.event.listens_for(engine, "begin")
    def _begun(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine
