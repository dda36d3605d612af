"""The daily backup: one for each day of the clock, also when the clock is set."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from store_samples import ENTITIES, ManualClock, Reads, parcel

from archisync_gui.store import Store


async def test_one_backup_a_day(store: Store, clock: ManualClock, reads: Reads) -> None:
    await store.apply("parcels", "agent", reads.batch([parcel(1)]))
    first = await store.daily_backup()
    assert first is not None
    with closing(sqlite3.connect(first)) as copy:
        assert copy.execute("SELECT count(*) FROM parcels").fetchone() == (1,)
    clock.forward(hours=5)
    assert await store.daily_backup() is None
    await store.backup("operator")  # another kind of backup does not count as the daily one
    clock.forward(days=1)
    second = await store.daily_backup()
    assert second is not None
    clock.forward(days=-400)
    third = await store.daily_backup()
    assert third is not None
    assert await store.daily_backup() is None
    assert store.backups()[0] == third
    clock.forward(days=400)
    assert await store.daily_backup() is None


async def test_daily_backups_are_pruned_like_the_others(store: Store, clock: ManualClock) -> None:
    for _ in range(14):
        clock.forward(days=1)
        assert await store.daily_backup() is not None
    await store.maintain()
    assert len(store.backups()) == 10


async def test_a_restored_archive_gets_a_daily_backup_of_its_own(
    store: Store, clock: ManualClock, reads: Reads, tmp_path: Path
) -> None:
    """Yesterday's backup has replaced the archive, while today's backup has the rows of the replaced archive."""
    await store.apply("parcels", "agent", reads.batch([parcel(1)]))
    yesterday = await store.daily_backup()
    clock.forward(days=1)
    await store.apply("parcels", "agent", reads.batch([parcel(1), parcel(2)]))
    assert await store.daily_backup() is not None
    await store.close()
    await Store.restore(tmp_path / "data", yesterday, clock=clock)
    store = await Store.open(tmp_path / "data", ENTITIES, clock=clock)
    try:
        anew = await store.daily_backup()
        assert anew is not None
        with closing(sqlite3.connect(anew)) as copy:
            assert copy.execute("SELECT count(*) FROM parcels").fetchone() == (1,)
        assert await store.daily_backup() is None
    finally:
        await store.close()


async def test_many_backups_of_one_day_push_out_no_earlier_day(store: Store, clock: ManualClock, reads: Reads) -> None:
    """Clearing a list makes one each time; the earlier copies, with all lists, are kept."""
    lists = [f"agent{n}" for n in range(14)]
    for account in lists:
        await store.apply("parcels", account, reads.batch([parcel(1)]))
    days = []
    for _ in range(9):
        clock.forward(days=1)
        days.append(await store.daily_backup())
    for account in lists:
        clock.forward(minutes=1)
        await store.clear("parcels", account)
    await store.maintain()
    left = store.backups()
    assert set(days) & set(left) == set(days[-7:])
    assert len(left) == 17
    assert [file.stem.endswith("-before-clear-parcels") for file in left] == [True] * 10 + [False] * 7
    for _ in range(9):
        clock.forward(days=1)
        await store.daily_backup()
        await store.maintain()
    assert len(store.backups()) <= 17


async def test_a_clock_that_repeats_a_day_keeps_no_more_backups_than_usual(store: Store, clock: ManualClock) -> None:
    for _ in range(3):
        for day in range(9):
            clock.forward(days=1)
            assert await store.backup("daily"), day
        clock.forward(days=-9)
    await store.maintain()
    assert len(store.backups()) == 10


async def test_other_files_among_the_backups_are_removed_with_them(store: Store, clock: ManualClock) -> None:
    """Damaged drafts that were set aside, and a write-ahead log without its file, contain personal data, too."""
    folder = store.path.parent / "backups"
    folder.mkdir()
    drafts = folder / "drafts-000001-20260301T090000Z-replaced.db"
    for name in (drafts.name, f"{drafts.name}-wal", "archisync-000001-20260301T090000Z-replaced.db-wal", "note.txt"):
        (folder / name).write_bytes(b"x")
        os.utime(folder / name, (1_000, 1_000))
    for count in range(1, 11):
        clock.forward(days=1)
        await store.daily_backup()
        await store.maintain()
        assert drafts.exists() is (count < 10), count
    assert {file.name for file in folder.iterdir()} == {"note.txt", *(file.name for file in store.backups())}
    assert len(store.backups()) == 10


async def test_copies_of_drafts_go_with_the_last_backup_of_their_time(store: Store, clock: ManualClock) -> None:
    """Drafts that an office's server has are not copied here any more: the copies of before do not stay for ever. Those
    that are newer than the oldest kept backup stay, however many backups of the archive one day has."""
    folder = store.path.parent / "backups"
    folder.mkdir()
    before, after = (folder / f"drafts-00000{n}-20260301T090000Z-daily.db" for n in (1, 2))
    own = folder / "of-somebody.db"
    for file in (before, after, own):
        file.write_bytes(b"x")
        os.utime(file, (1_000, 1_000))
    clock.forward(days=1)
    daily = await store.daily_backup()
    assert daily is not None
    os.utime(daily, (2_000, 2_000))
    os.utime(after, (3_000, 3_000))
    for _ in range(12):
        clock.forward(minutes=1)
        await store.backup("operator")
    await store.maintain()
    assert (before.exists(), after.exists(), own.exists()) == (False, True, True)
