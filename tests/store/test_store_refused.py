"""Refused reads: kept for a day, accepted unchanged, void once a newer read was applied; re-keying; clearing."""

import pytest
from store_samples import START, ManualClock, Reads, parcel

from archisync_gui.store import Batch, Delta, RefusedKind, Store, StoreError


async def living(store: Store, account: str = "agent") -> dict[str, object]:
    return {row.key: row.values["name"] for row in (await store.rows("parcels", account)).rows}


async def refused(store: Store, reads: Reads, kind: RefusedKind = RefusedKind.SHRINK) -> Batch:
    """A list of 40 rows, and a read of 450 others refused after it (several chunks)."""
    await store.apply("parcels", "agent", reads.batch([parcel(n) for n in range(40)]))
    batch = reads.batch([parcel(n, open=None) for n in range(30, 480)])
    await store.keep_refused("parcels", "agent", batch, kind)
    return batch


async def test_accepting_applies_exactly_the_kept_read_after_a_backup(store: Store, reads: Reads) -> None:
    batch = await refused(store, reads)
    assert (await living(store)).keys() == {str(n) for n in range(40)}
    kept = await store.refused()
    assert [(read.run_id, read.rows, read.kind, read.account) for read in kept] == [
        (batch.run_id, 450, RefusedKind.SHRINK, "agent")
    ]
    accepted = await store.accept_read(batch.run_id)
    assert accepted.delta == Delta(added=440, changed=10, missing=30)
    assert accepted.backup in store.backups()
    assert await store.refused() == ()
    stored = {row.key: row.values for row in (await store.rows("parcels", "agent", limit=1000)).rows}
    assert all(stored[str(row["id"])] == row for row in batch.rows)
    ages = await store.ages("parcels", "agent")
    assert ages.all_as_of == batch.as_of
    assert (await store.known("parcels", "agent")).rows == 450


@pytest.mark.parametrize("kind", RefusedKind)
async def test_accepting_a_read_from_before_the_clock_was_set_back_ends_no_doubt(
    store: Store, reads: Reads, clock: ManualClock, kind: RefusedKind
) -> None:
    """Rule 30: its time is one of the doubtful ones, so the age of the list stays unknown."""
    await store.apply("parcels", "agent", reads.batch([parcel(n) for n in range(40)]))
    clock.forward(hours=4)
    batch = reads.batch([parcel(n) | {"id": str(100 + n)} for n in range(40)])
    await store.keep_refused("parcels", "agent", batch, kind)
    clock.forward(hours=-4)
    await store.journal.clock_doubted()
    clock.forward(hours=6)
    await (store.accept_read if kind is RefusedKind.SHRINK else store.rekey)(batch.run_id)
    assert (await store.ages("parcels", "agent")).doubtful == {"last_success", "new_as_of", "all_as_of"}
    await store.keep_refused("parcels", "agent", reads.batch(batch.rows))
    await store.accept_read(f"run-{reads.count}")
    assert (await store.ages("parcels", "agent")).doubtful == frozenset(), "a later read has not ended the doubt"


async def test_the_next_clean_read_after_an_accepted_shrink_removes(store: Store, reads: Reads) -> None:
    batch = await refused(store, reads)
    await store.accept_read(batch.run_id)
    assert (await store.apply("parcels", "agent", reads.batch(batch.rows))).gone == 30


@pytest.mark.parametrize("clean", [True, False])
async def test_a_newer_applied_read_makes_it_void(store: Store, reads: Reads, clean: bool) -> None:
    batch = await refused(store, reads)
    await store.apply("parcels", "other", reads.batch([parcel(1)]))
    await store.apply("parcels", "agent", reads.batch([parcel(1)], whole=False))
    assert len(await store.refused()) == 1
    await store.apply("parcels", "agent", reads.batch([parcel(n) for n in range(40)], clean=clean))
    assert await store.refused() == ()
    with pytest.raises(StoreError) as void:
        await store.accept_read(batch.run_id)
    assert void.value.code == "refused-read-void"
    assert store.backups() == ()


async def test_after_a_day_it_has_expired(store: Store, reads: Reads, clock: ManualClock) -> None:
    batch = await refused(store, reads)
    clock.forward(hours=24)
    assert len(await store.refused()) == 1
    clock.forward(seconds=1)
    with pytest.raises(StoreError) as expired:
        await store.accept_read(batch.run_id)
    assert expired.value.code == "refused-read-expired"
    assert (await store.maintain()).refused == 0, "deleted after the clock advanced in a single step"
    clock.forward(days=1)
    assert (await store.maintain()).refused == 1
    with pytest.raises(StoreError) as unknown:
        await store.accept_read(batch.run_id)
    assert unknown.value.code == "refused-read-unknown"


async def test_a_clock_that_is_ahead_for_an_afternoon_deletes_no_refused_read(
    store: Store, reads: Reads, clock: ManualClock
) -> None:
    """Rule 30: it is expired while the clock is wrong, and can be accepted again once the clock is corrected."""
    batch = await refused(store, reads)
    clock.forward(days=2)
    assert await store.refused() == ()
    await store.maintain()
    clock.forward(days=-2)
    await store.maintain()
    assert [read.run_id for read in await store.refused()] == [batch.run_id]
    assert (await store.accept_read(batch.run_id)).delta.added == 440


async def test_a_newer_refused_read_takes_the_place_of_the_older(store: Store, reads: Reads) -> None:
    older = await refused(store, reads)
    newer = reads.batch([parcel(1)])
    await store.keep_refused("parcels", "agent", newer)
    assert [read.run_id for read in await store.refused()] == [newer.run_id]
    with pytest.raises(StoreError):
        await store.accept_read(older.run_id)


@pytest.mark.parametrize("kind", list(RefusedKind))
async def test_only_a_shrink_is_accepted_and_only_changed_keys_are_re_keyed(
    store: Store, reads: Reads, kind: RefusedKind
) -> None:
    batch = await refused(store, reads, kind)
    wrong = store.rekey if kind is RefusedKind.SHRINK else store.accept_read
    with pytest.raises(StoreError) as other:
        await wrong(batch.run_id)
    assert other.value.code == "refused-read-other-kind"
    assert len(await store.refused()) == 1


async def test_re_key_changes_ids_and_keeps_history(store: Store, reads: Reads) -> None:
    """Ids move in a ring (each new id is another row's old one), two rows vanish, one is new."""
    count = 60
    await store.apply("parcels", "agent", reads.batch([parcel(n) for n in range(count)]))
    await store.apply("parcels", "agent", reads.batch([parcel(n, cost=n) for n in range(count)]))
    await store.apply("parcels", "other", reads.batch([parcel(n) for n in range(5)]))
    others = await living(store, "other")
    # Old number n is now n + 1; 58 and 59 are no more, so that number 59 belongs to what was 58 - 1 …
    after = [parcel(n, cost=n) | {"id": str(n + 1)} for n in range(count - 2)]
    after.append(parcel(900) | {"id": "59"})
    batch = reads.batch(after)
    await store.keep_refused("parcels", "agent", batch, RefusedKind.KEYS_CHANGED)
    done = await store.rekey(batch.run_id)
    assert done.rekeyed == count - 2
    assert done.delta == Delta(added=1, unchanged=count - 2)
    assert await living(store) == {str(row["id"]): row["name"] for row in after}
    assert await living(store, "other") == others
    for n in range(1, count - 2):
        changes = await store.row_history("parcels", "agent", str(n + 1))
        assert [(c.kind.value, c.field, c.before, c.after) for c in changes] == [
            ("rekeyed", None, str(n), str(n + 1)),
            ("changed", "cost", 1_000 + n, n),
        ]
    found = await store.rows("parcels", "agent", search="58")
    assert "58" in {row.key for row in found.rows}, "a row is found by its new number"
    first_seen = {row.first_seen for row in (await store.rows("parcels", "agent")).rows if row.key != "59"}
    assert first_seen == {START.replace(minute=1)}
    everything = await store.rows("parcels", "agent", deleted=True)
    assert everything.total == count + 1
    assert await store.apply("parcels", "agent", reads.batch(after)) == Delta(unchanged=count - 1)
    assert done.backup in store.backups()


async def test_re_key_is_refused_when_too_few_rows_are_recognised(store: Store, reads: Reads) -> None:
    await store.apply("parcels", "agent", reads.batch([parcel(n) for n in range(100)]))
    batch = reads.batch([parcel(n) | {"id": str(n + 500)} for n in range(94)])
    await store.keep_refused("parcels", "agent", batch, RefusedKind.KEYS_CHANGED)
    before = await living(store)
    with pytest.raises(StoreError) as few:
        await store.rekey(batch.run_id)
    assert few.value.code == "rekey-too-few"
    assert (few.value.params["matched"], few.value.params["rows"]) == (94, 100)
    assert await living(store) == before


async def test_rows_that_share_a_natural_key_are_not_matched(store: Store, reads: Reads) -> None:
    rows = [parcel(n) for n in range(100)]
    twins = [parcel(200, name="Gemelli", city="Bari"), parcel(201, name="Gemelli", city="Bari")]
    await store.apply("parcels", "agent", reads.batch(rows + twins))
    batch = reads.batch([row | {"id": f"7{row['id']}"} for row in rows + twins])  # type: ignore[operator]
    await store.keep_refused("parcels", "agent", batch, RefusedKind.KEYS_CHANGED)
    done = await store.rekey(batch.run_id)
    assert done.rekeyed == 100
    assert (done.delta.added, done.delta.missing) == (2, 2)


async def test_clearing_makes_a_backup_and_the_list_counts_as_never_read(store: Store, reads: Reads) -> None:
    batch = await refused(store, reads)
    await store.apply("parcels", "other", reads.batch([parcel(1)]))
    backup = await store.clear("parcels", "agent")
    assert backup in store.backups()
    assert await living(store) == {}
    assert (await store.ages("parcels", "agent")).last_success is None
    assert (await store.known("parcels", "agent")).rows == 0
    assert len(await living(store, "other")) == 1
    with pytest.raises(StoreError):
        await store.accept_read(batch.run_id)
    assert (await store.apply("parcels", "agent", reads.batch([parcel(1)]))).added == 1


@pytest.mark.parametrize("kind", list(RefusedKind))
async def test_the_keys_of_a_refused_read_can_be_queried(store: Store, reads: Reads, kind: RefusedKind) -> None:
    batch = await refused(store, reads, kind)
    assert await store.refused_keys(batch.run_id) == {str(n) for n in range(30, 480)}
    with pytest.raises(StoreError) as error:
        await store.refused_keys("another")
    assert error.value.code == "refused-read-unknown"
