"""The day's backup: one for each day that the clock shows, whatever the clock does."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from store_samples import ManualClock, Reads, parcel

from archisync_gui.store import Store


async def test_one_backup_a_day(store: Store, clock: ManualClock, reads: Reads) -> None:
    await store.apply("parcels", "agent", reads.batch([parcel(1)]))
    first = await store.daily_backup()
    assert first is not None
    with closing(sqlite3.connect(first)) as copy:
        assert copy.execute("SELECT count(*) FROM parcels").fetchone() == (1,)
    clock.forward(hours=5)
    assert await store.daily_backup() is None
    await store.backup("operator")  # another kind of backup is not the day's
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


async def test_the_days_backups_are_pruned_like_the_others(store: Store, clock: ManualClock) -> None:
    for _ in range(14):
        clock.forward(days=1)
        assert await store.daily_backup() is not None
    await store.maintain()
    assert len(store.backups()) == 10
