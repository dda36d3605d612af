"""Copies of the database file: making, listing, restoring and pruning them; whole files only."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa

from archisync_gui.disk import PRIVATE, beside, put_in_place, remove_file, remove_leftovers, rename
from archisync_gui.store.database import SIDES, make_empty, only_read, unsound
from archisync_gui.store.decided import bring_into, decided_in
from archisync_gui.store.errors import StoreError, code_of, translated

FOLDER = "backups"
KEPT = 10
"""How many backups are kept, whatever their reason; older ones go at maintenance."""
DAILY = "daily"
"""The reason of the backup that is made once a day."""
DAYS_KEPT = 7
"""The newest daily backups of so many days are kept, too: many steps of one day push out no earlier day."""
REPLACED = "replaced"
"""Why the file is there that lay in the database's place before a backup."""


def make(connection: sa.Connection, path: Path, reason: str, now: datetime) -> Path:
    """A consistent copy of the open database beside it, private to its owner; returns where it is.

    The copy is written under another name first, so that a backup is either complete or not there.
    """

    def copy(part: Path) -> None:
        connection.rollback()  # SQLite copies nothing out of a write transaction
        copied(connection.connection.driver_connection, part, path)

    return written(path, reason, now, copy)


def written(path: Path, reason: str, now: datetime, write: Callable[[Path], None]) -> Path:
    """A new backup of ``path`` whose file ``write`` makes; returns where it is."""
    with translated(path):
        target = _new_name(path, _word(reason), now)
        part = beside(target)
        try:
            write(part)
            put_in_place(part, target)
        except BaseException:
            remove(part)
            raise
    return target


def copied(source: Any, part: Path, path: Path) -> None:
    """Copy an open database of :mod:`sqlite3`, its write-ahead log included, to a new file."""
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, PRIVATE))
    with closing(sqlite3.connect(part)) as copy:
        source.backup(copy, pages=1024)
        if unsound(copy) is not None:
            raise StoreError("damaged", path=str(path), detail="the copy is not sound")
        copy.execute("PRAGMA journal_mode = DELETE")


def listed(path: Path) -> tuple[Path, ...]:
    """The backups of a database, newest first.

    The order is that of their numbers, since a wall clock that was set back dates new backups before old ones. Backups
    of earlier versions have none and come last, by the time at which they were written.
    """
    found = [
        (_number(path, file), file.stat().st_mtime, file)
        for file in _folder(path).glob(f"{path.stem}-*.db")
        if file.is_file()
    ]
    return tuple(file for _, _, file in sorted(found, reverse=True))


class Restored(NamedTuple):
    """What putting a backup in place did."""

    kept: Path | None
    """Where the file from before is; ``None``: there was none."""
    decisions_known: bool
    """The file from before could be asked for them; if not, the new one holds all reads (rule 31)."""


def offered(path: Path) -> Path | None:
    """The backup to be offered for a database that cannot be used: the newest that can be. What a backup has replaced,
    perhaps because it was damaged, comes only after all others. Blocking: it looks through whole files."""
    for file in sorted(listed(path), key=was_replaced):
        with suppress(sqlite3.Error, OSError), closing(only_read(file)) as raw:
            if unsound(raw) is None and raw.execute("SELECT version_num FROM alembic_version").fetchone():
                return file
    return None


def day_of(backup: Path) -> str | None:
    """The day (in UTC, as the clock showed it, ``YYYYMMDD``) whose daily backup that file is; ``None``: it is another
    kind of backup."""
    found = re.fullmatch(rf".*-([0-9]{{8}})T[0-9]{{6}}Z-{DAILY}", backup.stem)
    return found[1] if found else None


def last_made(path: Path) -> datetime | None:
    """When the newest backup was made, as the clock showed it; ``None``: there is none."""
    for file in listed(path):
        if not was_replaced(file) and (found := re.search(r"-([0-9]{8}T[0-9]{6})Z-", file.name)):
            with suppress(ValueError):
                return datetime.strptime(found[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    return None


def was_replaced(backup: Path) -> bool:
    """Whether that file was the database until a backup took its place."""
    return backup.stem.endswith(f"Z-{REPLACED}")


def restore(path: Path, backup: Path | None, now: datetime, *, decided: bool = True) -> Restored:
    """Put a backup in the place of a database that nobody has open; the present file is kept.

    ``backup`` ``None``: an empty database, which the next opening fills with its tables. ``decided``: pause, stopped
    accounts and the day's logins stay as they are (rules 9, 22), whatever they were at the backup. Works for a damaged
    file too, which could not be opened. A kill at any moment leaves the present file or the backup in place, and the
    present one among the backups or still in place. Raises ``damaged`` when the backup itself is not sound.
    """
    part = beside(path)
    found = decided_in(path, now) if decided else None
    try:
        with translated(backup or path):
            if backup is None:
                make_empty(part)
            else:
                with closing(only_read(backup)) as source:
                    if unsound(source) is not None:
                        raise StoreError("damaged", path=str(backup), detail="quick_check")
                    copied(source, part, backup)
        with translated(path):
            if found is not None:
                bring_into(part, found)
            kept = _kept(path, now)
            for suffix in SIDES:  # before the new file comes: it must not meet the old one's log
                remove_file(path.with_name(path.name + suffix))
            put_in_place(part, path)
    except BaseException:
        remove(part)
        raise
    return Restored(kept, found is None or found.known)


def _kept(path: Path, now: datetime) -> Path | None:
    """Keep what lies at ``path``, with its write-ahead log, among the backups; ``None``: nothing does.

    It is copied, since the file in place must stay whole until the new one has its name.
    """
    if not os.path.lexists(path):
        return None
    kept = _new_name(path, REPLACED, now)
    log = path.with_name(path.name + "-wal")
    if path.is_dir() or path.is_symlink():
        rename(path, kept)
        return kept
    try:
        if log.exists():
            _copy(log, kept.with_name(kept.name + "-wal"))
        _copy(path, kept)
    except OSError as error:
        if code_of(error) == "disk-full":
            raise
        rename(path, kept)  # it cannot be read, but whoever repairs disks may want it
    return kept


def _copy(path: Path, name: Path) -> None:
    part = beside(name)
    try:
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, PRIVATE))
        shutil.copyfile(path, part)
        put_in_place(part, name)
    except BaseException:
        remove(part)
        raise


def prune(path: Path) -> int:
    """Remove all but the newest backups and the last days' own, and what a killed process left half made."""
    folder = _folder(path)
    remove_leftovers(folder)
    found = listed(path)
    days: dict[str, Path] = {}
    for file in found:
        if (day := day_of(file)) is not None:
            days.setdefault(day, file)
    daily = set(list(days.values())[:DAYS_KEPT])
    old = [file for file in found[KEPT:] if file not in daily]
    old += _old_of_others(path, found)
    for file in old:
        remove(file)
    return len(old)


def _old_of_others(path: Path, found: Sequence[Path]) -> list[Path]:
    """Set-aside files of other databases (damaged drafts) that are older than the tenth newest backup, and logs whose
    database is not there: a full disk leaves these."""
    folder = _folder(path)
    tenth = min((file.stat().st_mtime for file in found[:KEPT]), default=0.0) if len(found) >= KEPT else 0.0
    aside = (file for file in folder.glob(f"*-{REPLACED}.db") if file not in found)
    return [*(file for file in aside if file.stat().st_mtime < tenth), *sorted(lone_logs(folder))]


def lone_logs(folder: Path) -> set[Path]:
    """Databases of a folder of which only a log is there."""
    named = {file.with_name(file.name.removesuffix(side)) for side in SIDES for file in folder.glob(f"*.db{side}")}
    return {database for database in named if not os.path.lexists(database)}


def remove(file: Path) -> None:
    """Remove a database file with all that SQLite keeps beside it."""
    for name in (file.name, *(f"{file.name}{suffix}" for suffix in (*SIDES, "-journal"))):
        with suppress(OSError):
            remove_file(file.with_name(name))


def _folder(path: Path) -> Path:
    return path.parent / FOLDER


def _number(path: Path, file: Path) -> int:
    """The number of a backup, higher for newer ones; 0 for a backup of an earlier version."""
    found = re.fullmatch(rf"{re.escape(path.stem)}-([0-9]{{6}})-[0-9]{{8}}T.*", file.name)
    return int(found[1]) if found else 0


def _new_name(path: Path, reason: str, now: datetime) -> Path:
    """A name that no backup has had so far, in the folder of the backups."""
    folder = _folder(path)
    folder.mkdir(mode=0o700, exist_ok=True)
    number = 1 + max((_number(path, file) for file in folder.iterdir()), default=0)
    return folder / f"{path.stem}-{number:06}-{now.astimezone(UTC):%Y%m%dT%H%M%S}Z-{reason}.db"


def _word(reason: str) -> str:
    return "".join(c if c.isascii() and c.isalnum() else "-" for c in reason.lower())[:40].strip("-") or "backup"
