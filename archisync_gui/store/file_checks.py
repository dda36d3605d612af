"""Checks of SQLite's file before it is used, and checks that do not open it for use."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from archisync_gui.entities.declaration import Entity
from archisync_gui.store import backups, migrate, schema
from archisync_gui.store.database import HEADER, damage_in, open_read_only
from archisync_gui.store.errors import StoreError, translated


def is_new_file(path: Path) -> bool:
    """Whether there is no file yet. Raises ``data-file-missing`` if there is none but backups of it exist."""
    with translated(path):
        if path.exists():
            return False
        if backups.listed(path):
            raise StoreError("data-file-missing", path=str(path))
        return True


def has_log(path: Path) -> bool:
    """Whether there is a write-ahead log with data: then the file was not closed cleanly."""
    log = path.with_name(f"{path.name}-wal")
    return log.exists() and log.stat().st_size > 0


def check_file(connection: sa.Connection, path: Path, *, thorough: bool) -> None:
    """Raise an error if the file cannot be read; with ``thorough`` check all of it, and raise ``damaged``."""
    if thorough:
        found = damage_in(connection.connection.driver_connection)
        if found is not None:
            raise StoreError("damaged", path=str(path), detail=found)
    connection.exec_driver_sql("SELECT count(*) FROM sqlite_master")


class Look(NamedTuple):
    """The state of an archive that is not open."""

    rows: int
    """Rows of all lists that are not deleted."""
    current: bool
    """Its schema is that of this version; if not, the next start of the panel migrates it, after a backup."""


def look(path: Path, entities: Sequence[Entity]) -> Look | None:
    """Check a whole archive that is not open; ``None``: there is none yet. Blocking.

    Creates, migrates and repairs nothing. Raises :class:`StoreError` ``damaged``, ``data-file-missing`` (there are
    backups of a file, but not the file), ``newer-schema``.
    """
    if is_new_file(path):
        return None
    engine = sa.create_engine("sqlite+pysqlite://", creator=lambda: open_read_only(path), poolclass=NullPool)
    with translated(path):
        if path.is_dir() or path.stat().st_size < HEADER:
            raise StoreError("damaged", path=str(path), detail="no database file is in its place")
        with engine.connect() as connection:
            check_file(connection, path, thorough=True)
            migrate.refuse_newer(connection, path)
            current = migrate.form(connection, entities) is migrate.Form.CURRENT
            if current:
                migrate.require_tables(connection, path)
            names = set(sa.inspect(connection).get_table_names())
            alive = sa.column(schema.DELETED_AT).is_(None)
            counts = [
                connection.scalar(sa.select(sa.func.count()).select_from(sa.table(entity.name)).where(alive)) or 0
                for entity in entities
                if entity.name in names
            ]
    return Look(sum(counts), current)
