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
from archisync_gui.store.database import SIDES, damage_in, make_empty, open_read_only
from archisync_gui.store.decided import decisions_in, write_decisions
from archisync_gui.store.errors import StoreError, code_of, translated

FOLDER = "backups"
KEPT = 10
"""The newest backups are kept, whatever their reason; maintenance removes older ones."""
DAILY = "daily"
"""The reason of the backup that is made once a day."""
DAYS_KEPT = 7
"""Days of which the newest daily backup is kept as well, so that many backups of one day do not displace them."""
REPLACED = "replaced"
"""The reason of a file that was the database until a backup replaced it."""


def make(connection: sa.Connection, path: Path, reason: str, now: datetime) -> Path:
    """Make a backup: a consistent copy of the open database, private to its owner; returns its path.

    It is written under another name first, so that a backup is either complete or does not exist.
    """

    def copy(part: Path) -> None:
        connection.rollback()  # SQLite cannot make a backup within a write transaction
        copied(connection.connection.driver_connection, part, path)

    return written(path, reason, now, copy)


def written(path: Path, reason: str, now: datetime, write: Callable[[Path], None]) -> Path:
    """Make a backup of ``path`` whose file is written by ``write``; returns its path."""
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
    """Copy the database of an open :mod:`sqlite3` connection, including its write-ahead log, to a new file. Raises
    ``damaged`` if the copy is not sound."""
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, PRIVATE))
    with closing(sqlite3.connect(part)) as copy:
        source.backup(copy, pages=1024)
        if damage_in(copy) is not None:
            raise StoreError("damaged", path=str(path), detail="the copy is not sound")
        copy.execute("PRAGMA journal_mode = DELETE")


def listed(path: Path) -> tuple[Path, ...]:
    """The backups of a database, newest first.

    They are ordered by their numbers, since their times may be wrong after the wall clock was set back. Backups of
    earlier versions of the program have no number and come last, by the time of writing.
    """
    found = [
        (_number(path, file), file.stat().st_mtime, file)
        for file in _folder(path).glob(f"{path.stem}-*.db")
        if file.is_file()
    ]
    return tuple(file for _, _, file in sorted(found, reverse=True))


class Restored(NamedTuple):
    """The result of :func:`restore`."""

    kept: Path | None
    """The path of the replaced file; ``None``: there was none."""
    decisions_known: bool
    """The notes of :mod:`.decided` could be read from the replaced file; if not, all reads are held (rule 31)."""


def _has_version(raw: sqlite3.Connection) -> bool:
    return raw.execute("SELECT version_num FROM alembic_version").fetchone() is not None


def offered(path: Path, usable: Callable[[sqlite3.Connection], bool] = _has_version) -> Path | None:
    """The backup to offer for a database that cannot be used: the newest one that is sound. Files that were replaced by
    a backup, perhaps because they were damaged, are considered last. ``usable``: whether a sound file has the tables of
    such a database; may raise ``sqlite3.Error``. Blocking: checks whole files."""
    for file in sorted(listed(path), key=was_replaced):
        with suppress(sqlite3.Error, OSError), closing(open_read_only(file)) as raw:
            if damage_in(raw) is None and usable(raw):
                return file
    return None


def made_of_day(path: Path, now: datetime) -> bool:
    """Whether there is a daily backup of the day of ``now`` (UTC) that was made of this database, that is, since it was
    replaced last. Blocking."""
    today = f"{now.astimezone(UTC):%Y%m%d}"
    for file in listed(path):
        if was_replaced(file):
            return False
        if day_of(file) == today:
            return True
    return False


def day_of(backup: Path) -> str | None:
    """The day (UTC, by the wall clock, ``YYYYMMDD``) of a daily backup; ``None`` for other backups."""
    found = re.fullmatch(rf".*-([0-9]{{8}})T[0-9]{{6}}Z-{DAILY}", backup.stem)
    return found[1] if found else None


def last_made(path: Path) -> datetime | None:
    """When the newest backup was made, by the wall clock; ``None``: there is none."""
    times = (made_at(file) for file in listed(path) if not was_replaced(file))
    return next((time for time in times if time is not None), None)


def made_at(backup: Path) -> datetime | None:
    """When a backup was made, by the wall clock; ``None``: its name does not say that."""
    if found := re.search(r"-([0-9]{8}T[0-9]{6})Z-", backup.name):
        with suppress(ValueError):
            return datetime.strptime(found[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    return None


def was_replaced(backup: Path) -> bool:
    """Whether that file was the database until a backup replaced it."""
    return backup.stem.endswith(f"Z-{REPLACED}")


def restore(path: Path, backup: Path | None, now: datetime, *, decided: bool = True) -> Restored:
    """Replace a database that is not open by a backup; the replaced file is kept among the backups.

    ``backup`` ``None``: replace it by an empty database, whose tables are created when it is opened. ``decided``: keep
    the present hold, stopped accounts and logins of the day (rules 9, 22) instead of the backup's. Works also if the
    present file is damaged. If the process is killed, the path leads to either file, and the present one is not lost.
    Raises ``damaged`` if the backup is not sound.
    """
    part = beside(path)
    found = decisions_in(path, now) if decided else None
    try:
        with translated(backup or path):
            if backup is None:
                make_empty(part)
            else:
                with closing(open_read_only(backup)) as source:
                    if damage_in(source) is not None:
                        raise StoreError("damaged", path=str(backup), detail="quick_check")
                    copied(source, part, backup)
        with translated(path):
            if found is not None:
                write_decisions(part, found)
            kept = _kept(path, now)
            for suffix in SIDES:  # before the new file is in place, else SQLite would replay the old log into it
                remove_file(path.with_name(path.name + suffix))
            put_in_place(part, path)
    except BaseException:
        remove(part)
        raise
    return Restored(kept, found is None or found.known)


def _kept(path: Path, now: datetime) -> Path | None:
    """Copy the file at ``path`` and its write-ahead log to the backups; returns the copy's path, ``None`` without a
    file.

    A copy, since the file must stay in place until the new one replaces it. A file that cannot be copied is moved.
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
        rename(path, kept)  # it cannot be read, but parts of it may be recoverable
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
    """Remove all but the newest backups and the last daily ones, incomplete files of killed processes, and files of
    other databases that are too old; returns the number of backups and other database files removed."""
    old = [*_old(path), *_old_of_others(path, listed(path))]
    for file in old:
        remove(file)
    return len(old)


def prune_own(path: Path) -> int:
    """As :func:`prune`, without files of other databases."""
    old = _old(path)
    for file in old:
        remove(file)
    return len(old)


def _old(path: Path) -> list[Path]:
    """The backups of a database that :func:`prune` removes. Removes its incomplete ones."""
    remove_leftovers(_folder(path), f"{path.stem}-")
    found = listed(path)
    days: dict[str, Path] = {}
    for file in found:
        if (day := day_of(file)) is not None:
            days.setdefault(day, file)
    daily = set(list(days.values())[:DAYS_KEPT])
    return [file for file in found[KEPT:] if file not in daily]


def _old_of_others(path: Path, found: Sequence[Path]) -> list[Path]:
    """Replaced files of other databases (damaged drafts) that are older than the tenth newest backup, their other
    backups that are older than all kept ones (those of a database that is not used any more: of drafts that an office's
    server has now), and databases of which only a log exists (which happens on a full disk)."""
    folder = _folder(path)
    full = len(found) >= KEPT
    tenth = min((file.stat().st_mtime for file in found[:KEPT]), default=0.0) if full else 0.0
    gone = _old(path)
    oldest = min((file.stat().st_mtime for file in found if file not in gone), default=0.0) if full else 0.0
    others = [file for file in folder.glob("*.db") if file not in found and _number_of_any(file)]
    old = (file for file in others if file.stat().st_mtime < (tenth if was_replaced(file) else oldest))
    return [*old, *sorted(lone_logs(folder))]


def lone_logs(folder: Path) -> set[Path]:
    """Paths of databases in a folder of which only a log exists."""
    named = {file.with_name(file.name.removesuffix(side)) for side in SIDES for file in folder.glob(f"*.db{side}")}
    return {database for database in named if not os.path.lexists(database)}


def remove(file: Path) -> None:
    """Remove a database file with SQLite's files beside it, as far as possible."""
    for name in (file.name, *(f"{file.name}{suffix}" for suffix in (*SIDES, "-journal"))):
        with suppress(OSError):
            remove_file(file.with_name(name))


def _folder(path: Path) -> Path:
    return path.parent / FOLDER


def _number(path: Path, file: Path) -> int:
    """The number of a backup, higher for newer ones; 0 for a backup of an earlier version."""
    found = re.fullmatch(rf"{re.escape(path.stem)}-([0-9]{{6}})-[0-9]{{8}}T.*", file.name)
    return int(found[1]) if found else 0


def _number_of_any(file: Path) -> bool:
    """Whether a file has the name of a backup of whichever database."""
    return re.fullmatch(r"[a-z]+-[0-9]{6}-[0-9]{8}T[0-9]{6}Z-.*\.db", file.name) is not None


def _new_name(path: Path, reason: str, now: datetime) -> Path:
    """A path in the folder of the backups, with a number higher than that of all backups there."""
    folder = _folder(path)
    folder.mkdir(mode=0o700, exist_ok=True)
    number = 1 + max((_number(path, file) for file in folder.iterdir()), default=0)
    return folder / f"{path.stem}-{number:06}-{now.astimezone(UTC):%Y%m%dT%H%M%S}Z-{reason}.db"


def _word(reason: str) -> str:
    return "".join(c if c.isascii() and c.isalnum() else "-" for c in reason.lower())[:40].strip("-") or "backup"
