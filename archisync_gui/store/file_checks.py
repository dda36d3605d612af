"""What is looked at of SQLite's file before it is trusted, or without opening it for work."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from archisync_gui.entities.declaration import Entity
from archisync_gui.store import backups, migrate, schema
from archisync_gui.store.database import HEADER, only_read, unsound
from archisync_gui.store.errors import StoreError, translated


def is_new_file(path: Path) -> bool:
    """Whether there is no file yet. Raises ``data-file-missing`` where there was one."""
    with translated(path):
        if path.exists():
            return False
        if backups.listed(path):
            raise StoreError("data-file-missing", path=str(path))
        return True


def has_log(path: Path) -> bool:
    """Whether the file was not closed cleanly: SQLite empties its log at a clean end."""
    log = path.with_name(f"{path.name}-wal")
    return log.exists() and log.stat().st_size > 0


def check_file(connection: sa.Connection, path: Path, *, thorough: bool) -> None:
    """A file that was not closed cleanly is looked through before it is trusted; any other is only opened."""
    if thorough:
        found = unsound(connection.connection.driver_connection)
        if found is not None:
            raise StoreError("damaged", path=str(path), detail=found)
    connection.exec_driver_sql("SELECT count(*) FROM sqlite_master")


class Look(NamedTuple):
    """What an archive that nobody has open is like."""

    rows: int
    """Living rows of all lists."""
    current: bool
    """Its tables are those of this version; if not, the next start of the panel changes them, after a backup."""


def look(path: Path, entities: Sequence[Entity]) -> Look | None:
    """Look through a whole archive that nobody has open; ``None``: there is none yet. Blocking.

    It makes, migrates and repairs nothing, whatever it finds. Raises :class:`StoreError` ``damaged``,
    ``data-file-missing`` (there are backups of a file, but not the file), ``newer-schema``.
    """
    if is_new_file(path):
        return None
    engine = sa.create_engine("sqlite+pysqlite://", creator=lambda: only_read(path), poolclass=NullPool)
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
