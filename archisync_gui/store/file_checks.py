"""What is looked at of SQLite's file before it is trusted."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from archisync_gui.store import backups
from archisync_gui.store.database import unsound
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
