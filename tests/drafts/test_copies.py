"""Migrates drafts of each earlier version after a copy, and makes the daily copies of the drafts' file.

The files in `released` were made by the program of each version: three drafts of two accounts, one of them saved twice,
and a deleted one. A new version of the drafts needs a file of the version before it, made with the program of that
version, ``VACUUM INTO`` and xz.
"""

from __future__ import annotations

import asyncio
import lzma
import os
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archisync_gui.drafts import DraftConflict, Drafts
from archisync_gui.drafts.copies import daily, offered
from archisync_gui.drafts.drafts import FILE
from archisync_gui.drafts.schema import SCHEMA
from archisync_gui.messages import text
from archisync_gui.model import SystemClock
from archisync_gui.store import StoreError, backups

RELEASED = Path(__file__).with_name("released")
SUFFIX = ".db.xz"
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def released(folder: Path, version: int) -> Path:
    """Write the drafts' file of that version into ``folder``."""
    folder.mkdir(exist_ok=True)
    path = folder / FILE
    path.write_bytes(lzma.decompress((RELEASED / f"{version}{SUFFIX}").read_bytes()))
    assert version_of(path) == version
    return path


def version_of(file: Path) -> int:
    with closing(sqlite3.connect(file)) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)], file
        return int(raw.execute("PRAGMA user_version").fetchone()[0])


def documents(file: Path) -> dict[tuple[str, str], str | None]:
    """The stored documents in a file of whichever version."""
    with closing(sqlite3.connect(file)) as raw:
        rows = raw.execute("SELECT account, id, document FROM drafts").fetchall()
    return {(account, draft): document for account, draft, document in rows}


def copies(path: Path, reason: str = "") -> list[Path]:
    return [file for file in backups.listed(path) if file.stem.endswith(reason)]


async def notes(folder: Path) -> dict[str, object]:
    drafts = await Drafts.open(folder, clock=SystemClock())
    try:
        found = [draft for account in ("agente01", "agente02") for draft in await drafts.list(account)]
        return {f"{draft.account} {draft.id} {draft.version}": draft.document["note"] for draft in found}
    finally:
        await drafts.close()


KEPT = {
    "agente01 draft-one 1": "primo",
    "agente01 draft-two 2": "secondo, cambiato: perché sì",
    "agente02 draft-one 1": "senza cliente",
}
"""The drafts in the file of version 1."""


def test_each_earlier_version_has_a_file() -> None:
    assert sorted(int(file.name.removesuffix(SUFFIX)) for file in RELEASED.iterdir()) == [*range(1, SCHEMA)]


async def test_drafts_of_version_1_are_migrated_without_loss_after_a_copy(tmp_path: Path) -> None:
    path = await asyncio.to_thread(released, tmp_path / "data", 1)
    before = documents(path)
    assert await notes(path.parent) == KEPT
    assert version_of(path) == SCHEMA
    assert documents(path) == before
    with closing(sqlite3.connect(path)) as raw:
        sizes = raw.execute("SELECT size, coalesce(length(CAST(document AS BLOB)), 0) FROM drafts").fetchall()
    assert [size for size, _ in sizes] == [wanted for _, wanted in sizes]
    (copy,) = copies(path)
    assert copy.stem.endswith("-before-migration")
    assert version_of(copy) == 1
    assert documents(copy) == before

    drafts = await Drafts.open(path.parent, clock=SystemClock())
    try:
        past = await drafts.past("agente01", "50121")
        assert [line["itemId"] for line in past.lines] == ["A3"]
        with pytest.raises(DraftConflict):  # its id is still that of a deleted draft
            await drafts.put("agente01", "draft-gone", {})
    finally:
        await drafts.close()
    assert copies(path) == [copy], "a file of the present version was copied"


async def test_nothing_is_migrated_without_its_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = await asyncio.to_thread(released, tmp_path / "data", 1)

    def full(*_: object) -> None:
        raise StoreError("disk-full", path=str(path))

    with monkeypatch.context() as broken:
        broken.setattr(backups, "copied", full)
        with pytest.raises(StoreError, match="disk-full"):
            await Drafts.open(path.parent, clock=SystemClock())
    assert (version_of(path), copies(path)) == (1, [])
    assert await notes(path.parent) == KEPT


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from archisync_gui.drafts import Drafts, schema
from archisync_gui.model import SystemClock

def die(*_):
    os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))

schema.remember_lines = die
asyncio.run(Drafts.open(Path(sys.argv[1]), clock=SystemClock()))
"""


async def test_a_migration_that_was_killed_is_repeated(tmp_path: Path) -> None:
    path = await asyncio.to_thread(released, tmp_path / "data", 1)
    killed = await asyncio.create_subprocess_exec(sys.executable, "-c", KILLED, str(path.parent))
    await killed.communicate()
    assert killed.returncode != 0
    assert [version_of(copy) for copy in copies(path)] == [1]
    assert await notes(path.parent) == KEPT
    assert version_of(path) == SCHEMA
    assert [version_of(copy) for copy in copies(path)] == [1, 1]


async def test_a_later_version_is_refused_with_its_sentence_and_not_changed(tmp_path: Path) -> None:
    await notes(tmp_path)
    with closing(sqlite3.connect(tmp_path / FILE)) as raw:
        raw.execute(f"PRAGMA user_version = {SCHEMA + 1}")
    with pytest.raises(StoreError) as refused:
        await Drafts.open(tmp_path, clock=SystemClock())
    assert refused.value.code == "newer-schema"
    for language in ("it", "en"):
        said = text(refused.value.code, language, refused.value.params)
        assert FILE in said.what
        assert str(SCHEMA) in said.means
    assert version_of(tmp_path / FILE) == SCHEMA + 1
    assert copies(tmp_path / FILE) == []


async def test_damage_within_the_file_is_found_when_it_is_opened(tmp_path: Path) -> None:
    drafts = await Drafts.open(tmp_path, clock=SystemClock())
    for number in range(200):
        await drafts.put("agente01", f"draft-{number}", {"note": "x" * 900})
    await drafts.close()
    whole = await asyncio.to_thread((tmp_path / FILE).read_bytes)
    middle = len(whole) // 2 // 4096 * 4096
    await asyncio.to_thread((tmp_path / FILE).write_bytes, whole[:middle] + b"\x07" * 8192 + whole[middle + 8192 :])
    with pytest.raises(StoreError, match="damaged"):
        await Drafts.open(tmp_path, clock=SystemClock())


# ------------------------------------------------------------------------------------------------ daily copies


async def test_one_copy_a_day_while_the_drafts_are_open(tmp_path: Path) -> None:
    path = tmp_path / FILE
    assert daily(path, NOW) is None, "a file that does not exist was copied"
    drafts = await Drafts.open(tmp_path, clock=SystemClock())
    try:
        await drafts.put("agente01", "draft-one", {"note": "primo"})
        first = daily(path, NOW)
        assert first is not None
        assert documents(first) == documents(path)
        assert daily(path, NOW + timedelta(hours=5)) is None
        await drafts.put("agente01", "draft-two", {"note": "secondo"})
        second = daily(path, NOW + timedelta(days=1))
        assert second is not None
        assert len(documents(second)) == 2
        assert copies(path, "-daily") == [second, first]
    finally:
        await drafts.close()
    assert os.name == "nt" or second.stat().st_mode & 0o777 == 0o600


async def test_copies_are_removed_by_their_own_number_and_no_backup_of_the_archive(tmp_path: Path) -> None:
    await notes(tmp_path)
    folder = tmp_path / "backups"
    folder.mkdir()
    others = [folder / f"archisync-{n:06}-20260101T090000Z-replaced.db" for n in range(1, 13)]
    writing = folder / ".archisync-000013-20260101T090000Z-operator.db.1-ab.new"
    left = folder / ".drafts-000013-20260101T090000Z-daily.db.1-ab.new"
    for file in (*others, writing, left):
        file.write_bytes(b"x")
        os.utime(file, (1_000, 1_000))
    made = [daily(tmp_path / FILE, NOW + timedelta(days=day)) for day in range(14)]
    assert copies(tmp_path / FILE) == made[:3:-1]
    assert all(file.exists() for file in (*others, writing))
    assert not left.exists()


async def test_a_restored_file_gets_a_copy_of_the_day_of_its_own(tmp_path: Path) -> None:
    await notes(tmp_path)
    path = tmp_path / FILE
    assert daily(path, NOW) is not None
    backups.restore(path, None, NOW, decided=False)
    assert daily(path, NOW) is not None
    assert daily(path, NOW) is None


async def test_a_damaged_file_is_not_copied_over_the_sound_copies(tmp_path: Path) -> None:
    await notes(tmp_path)
    path = tmp_path / FILE
    first = daily(path, NOW)
    path.write_bytes(path.read_bytes()[:4096] + b"\x07" * 8192)
    with pytest.raises(StoreError, match="damaged"):
        daily(path, NOW + timedelta(days=1))
    assert copies(path) == [first]


async def test_only_a_sound_copy_of_a_known_version_is_offered(tmp_path: Path) -> None:
    path = tmp_path / FILE
    assert offered(path) is None
    await notes(tmp_path)
    first, second, third = (daily(path, NOW + timedelta(days=day)) for day in range(3))
    assert first is not None
    assert second is not None
    assert third is not None
    with closing(sqlite3.connect(third)) as raw:
        raw.execute(f"PRAGMA user_version = {SCHEMA + 1}")
    assert offered(path) == second
    second.write_bytes(second.read_bytes()[:5000])
    assert offered(path) == first
    first.unlink()
    assert offered(path) is None
