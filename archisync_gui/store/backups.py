"""Copies of the database file: making, listing, restoring and pruning them; whole files only."""

from __future__ import annotations

import os
import shutil
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from archisync_gui.store.errors import StoreError, translated

FOLDER = "backups"
KEPT = 10
"""How many backups are kept; older ones go at maintenance."""


def make(connection: sa.Connection, path: Path, reason: str, now: datetime) -> Path:
    """A consistent copy of the open database beside it, private to its owner; returns where it is.

    The copy is written under another name first, so that a backup is either complete or not there.
    """
    folder = path.parent / FOLDER
    stem = f"{path.stem}-{now.astimezone(UTC):%Y%m%dT%H%M%S}Z-{_word(reason)}"
    with translated(path):
        folder.mkdir(mode=0o700, exist_ok=True)
        target = next(t for n in range(1000) if not (t := folder / f"{stem}{f'-{n}' if n else ''}.db").exists())
        part = target.with_suffix(".part")
        os.close(os.open(part, os.O_CREAT | os.O_RDWR | os.O_TRUNC, 0o600))
        try:
            connection.rollback()  # SQLite copies nothing out of a write transaction
            raw: Any = connection.connection.driver_connection
            copy = sqlite3.connect(part)
            try:
                raw.backup(copy, pages=1024)
                if copy.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
                    raise StoreError("damaged", path=str(path), detail="the copy is not sound")
                copy.execute("PRAGMA journal_mode = DELETE")
            finally:
                copy.close()
            part.replace(target)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    return target


def listed(path: Path) -> tuple[Path, ...]:
    """The backups of a database, newest first."""
    return tuple(
        sorted((path.parent / FOLDER).glob(f"{path.stem}-*.db"), key=lambda p: p.stat().st_mtime, reverse=True)
    )


def restore(path: Path, backup: Path, now: datetime) -> Path | None:
    """Put a backup in the place of a database that nobody has open; the present file is kept and its place returned.

    Works for a damaged file too, which could not be opened. Raises ``damaged`` when the backup itself is not sound.
    """
    with translated(backup):
        source = sqlite3.connect(f"{backup.resolve().as_uri()}?mode=ro", uri=True)
        try:
            if source.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
                raise StoreError("damaged", path=str(backup), detail="quick_check")
        finally:
            source.close()
    with translated(path):
        part = path.with_suffix(".part")
        shutil.copyfile(backup, part)
        part.chmod(0o600)
        kept = None
        if path.exists():
            folder = path.parent / FOLDER
            folder.mkdir(mode=0o700, exist_ok=True)
            kept = folder / f"{path.stem}-{now.astimezone(UTC):%Y%m%dT%H%M%S}Z-replaced.db"
            # The write-ahead log belongs to the file; without it the newest transactions would be lost.
            for suffix in ("-wal", "-shm"):
                side = path.with_name(path.name + suffix)
                if side.exists():
                    side.replace(kept.with_name(kept.name + suffix))
            path.replace(kept)
        part.replace(path)
    return kept


def prune(path: Path) -> int:
    """Remove all but the newest backups."""
    old = listed(path)[KEPT:]
    for file in old:
        for name in (file.name, f"{file.name}-wal", f"{file.name}-shm"):
            file.with_name(name).unlink(missing_ok=True)
    return len(old)


def _word(reason: str) -> str:
    return "".join(c if c.isascii() and c.isalnum() else "-" for c in reason.lower())[:40].strip("-") or "backup"
