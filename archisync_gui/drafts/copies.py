"""Copies of the drafts' file among the backups of a profile: before a migration, one for each day, and the newest one
that can take a damaged file's place. Nothing is copied on an office's server, which its administrator backs up."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from archisync_gui.drafts.schema import SCHEMA, version_of
from archisync_gui.store import backups
from archisync_gui.store.errors import translated
from archisync_gui.store.file_checks import check_file

BEFORE_MIGRATION = "before-migration"
"""The reason of the copy that is made before the tables are migrated."""


def check_and_copy(connection: sa.Connection, path: Path, now: datetime) -> Path | None:
    """Check the whole file, and copy it if its tables have to be migrated; returns the copy's path. To be called
    outside a transaction. Raises ``StoreError`` ``damaged``, ``newer-schema``, and if no copy can be made: then nothing
    may be migrated."""
    check_file(connection, path, thorough=True)
    found = version_of(connection, str(path))
    return backups.make(connection, path, BEFORE_MIGRATION, now) if 0 < found < SCHEMA else None


def daily(path: Path, now: datetime) -> Path | None:
    """Make the day's copy of the drafts' file, which may be open, and remove old copies; returns its path, ``None`` if
    there is one of this day (UTC, by the wall clock), or no file. Blocking. Raises ``StoreError``."""
    try:
        with translated(path):
            if not path.exists() or backups.made_of_day(path, now):
                return None
            with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True)) as source:
                return backups.written(path, backups.DAILY, now, lambda part: backups.copied(source, part, path))
    finally:
        backups.prune_own(path)  # also on a full disk: this makes room for the next attempt


def offered(path: Path) -> Path | None:
    """The newest sound copy that this version can open (see :func:`backups.offered`). Blocking."""
    return backups.offered(path, _usable)


def _usable(raw: sqlite3.Connection) -> bool:
    (version,) = raw.execute("PRAGMA user_version").fetchone()
    raw.execute("SELECT account, id, document FROM drafts LIMIT 1")
    return bool(0 < version <= SCHEMA)
