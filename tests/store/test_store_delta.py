"""Applying reads: which rows are added, changed, missing, gone, revived or held, and what is logged."""

import asyncio
import json
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from store_samples import ENTITIES, START, ManualClock, Reads, parcel, tariff

from archisync_gui.entities.declaration import Entity
from archisync_gui.model import SyncFailure
from archisync_gui.store import ChangeKind, Delta, Store, StoreError, find_index, row_key
from archisync_gui.store.fields import FieldChange, differences, packed
from archisync_gui.store.keys import MOST_PERCENT, change_hash, percent_change


async def keys(store: Store, account: str = "agent", **options: bool) -> list[str]:
    return [row.key for row in (await store.rows("parcels", account, **options)).rows]


async def history(store: Store, key: str) -> list[tuple[str, str | None, object, object]]:
    changes = await store.row_history("parcels", "agent", key)
    return [(change.kind.value, change.field, change.before, change.after) for change in changes]


async def test_the_same_read_again_writes_no_row(store: Store, reads: Reads) -> None:
    rows = [parcel(n) for n in range(50)]
    assert await store.apply("parcels", "agent", reads.batch(rows)) == Delta(added=50, first=True)
    assert store.rows_written == 50
    assert await store.apply("parcels", "agent", reads.batch(rows)) == Delta(unchanged=50)
    assert store.rows_written == 50
    assert (await store.ages("parcels", "agent")).all_as_of == reads.clock.now()


async def test_values_are_stored_unchanged(store: Store, reads: Reads) -> None:
    row = parcel(3, name="Panificio È & C.\n«Nord»", cost=-36_065, open=True, sent=None)
    await store.apply("parcels", "agent", reads.batch([row]))
    stored = await store.row("parcels", "agent", "3")
    assert stored is not None
    assert stored.values == row
    assert stored.values["open"] is True


async def test_a_change_is_logged_with_before_after_run_and_percent(store: Store, reads: Reads) -> None:
    await store.apply("parcels", "agent", reads.batch([parcel(1), parcel(2)]))
    delta = await store.apply("parcels", "agent", reads.batch([parcel(1, cost=1_101, city="Rimini"), parcel(2)]))
    assert delta == Delta(changed=1, unchanged=1)
    by_field = {change.field: change for change in await store.row_history("parcels", "agent", "1")}
    assert set(by_field) == {"cost", "city"}
    cost = by_field["cost"]
    assert (cost.before, cost.after, cost.percent, cost.run_id) == (1_001, 1_101, 999, "run-2")
    assert (by_field["city"].before, by_field["city"].after, by_field["city"].percent) == ("Forlì", "Rimini", None)
    assert store.rows_written == 3


async def test_rows_that_differ_in_different_columns_are_each_written_whole(store: Store, reads: Reads) -> None:
    """Also where one of them has a new search text, one is revived, and one keeps its tracking number: they are written
    together."""
    await store.apply("parcels", "agent", reads.batch([parcel(n) for n in range(1, 8)]))
    await store.apply("parcels", "agent", reads.batch([parcel(n) for n in range(1, 7)]))
    rows = [
        parcel(1, cost=5),
        parcel(2, city="Rimini"),
        parcel(3, name="Altra Insegna"),
        parcel(4, open=True, sent=None),
        parcel(5),
        parcel(6, tracking=None),
        parcel(7, cost=None),
    ]
    assert await store.apply("parcels", "agent", reads.batch(rows)) == Delta(changed=5, unchanged=2)
    rows[5] = parcel(6)  # its sticky field is held
    assert [row.values for row in (await store.rows("parcels", "agent")).rows] == rows
    for text, key in (("insegna", "3"), ("rimini", "2"), ("prova 1", "1")):
        (found,) = await store.find(text, ["agent"])
        assert [row.key for row in found.rows] == [key]
    assert await store.find("prova 3", ["agent"]) == ()
    assert await history(store, "4") == [("changed", "sent", "2026-02-05", None), ("changed", "open", False, True)]
    assert await store.apply("parcels", "agent", reads.batch(rows)) == Delta(unchanged=7)


def test_differences_are_written_as_the_json_encoder_writes_them() -> None:
    """Damaged cells contain bytes and fractions, also in columns of amounts."""
    values: list[Any] = [7, -36_065, 0, True, False, None, "", 'Ditta "Nord"\\\n', "È «x»", 1.5, b"\xff", 2**70]
    old, new = [a for a in values for _ in values], [b for _ in values for b in values]
    names, places = [f"f{n}" for n in range(len(old))], range(len(old))
    texts = [FieldChange(name, *both, None) for name, *both in zip(names, old, new, strict=True)]
    assert differences(names, [False] * len(old), places, old, new) == packed(texts)
    amounts = [change._replace(percent=percent_change(change.before, change.after)) for change in texts]
    written = differences(names, [True] * len(old), places, old, new)
    assert written == packed(amounts)
    assert json.loads(written[0])[1] == ["f1", 7, -36_065, -51_531_429]
    assert [change.percent for change in amounts if bool in (type(change.before), type(change.after))] == [None] * 44
    assert differences(["a", "b"], [True, True], [0, 1], [4, 4], [1, 7])[1] == -7_500, "not the first of two equal ones"


def test_a_stored_row_keeps_its_digest_from_version_to_version() -> None:
    """A changed digest would rewrite every row at the first read after an update."""
    row = (None, "", "Panificio È & C.", 0, -36_065, True, False)
    assert change_hash(row).hex() == "1715d306f4b7dafe5d07c5496d2eedc3"


async def test_rows_of_the_first_read_are_not_new_and_later_ones_are(store: Store, reads: Reads) -> None:
    await store.apply("parcels", "agent", reads.batch([parcel(1)], whole=False))
    await store.apply("parcels", "agent", reads.batch([parcel(1), parcel(2)]))
    await store.apply("parcels", "agent", reads.batch([parcel(1), parcel(2), parcel(3)]))
    changes = await store.changes(START, reads.clock.forward(minutes=1), ["agent"])
    assert [(change.kind, change.key, change.title) for change in changes] == [(ChangeKind.ADDED, "3", "Ditta Prova 3")]


async def test_rows_that_an_unclean_first_read_missed_are_not_new(store: Store, reads: Reads) -> None:
    unclean = await store.apply("parcels", "agent", reads.batch([parcel(1)], clean=False))
    fast = await store.apply("parcels", "agent", reads.batch([parcel(1), parcel(5)], whole=False))
    clean = await store.apply("parcels", "agent", reads.batch([parcel(n) for n in range(1, 6)]))
    assert [delta.first for delta in (unclean, fast, clean)] == [True, True, True]
    assert (await store.changes(START, reads.clock.forward(minutes=1), ["agent"])) == ()
    later = await store.apply("parcels", "agent", reads.batch([parcel(n) for n in range(1, 8)], clean=False))
    assert (later.first, later.added) == (False, 2)
    assert len(await store.changes(START, reads.clock.forward(minutes=1), ["agent"])) == 2


async def test_an_amount_that_grows_beyond_any_percent_is_stored(store: Store, reads: Reads) -> None:
    """The largest amount that the ERP can show, after the smallest."""
    most = 999_999_999_999_999
    await store.apply("parcels", "agent", reads.batch([parcel(1, cost=1), parcel(2, cost=-1)]))
    await store.apply("parcels", "agent", reads.batch([parcel(1, cost=most), parcel(2, cost=-most)]))
    found = {row.key: row.values["cost"] for row in (await store.rows("parcels", "agent")).rows}
    assert found == {"1": most, "2": -most}
    for key, sign in (("1", 1), ("2", -1)):
        assert (await store.row_history("parcels", "agent", key))[0].percent == sign * MOST_PERCENT


async def test_a_row_absent_once_is_missing_absent_twice_is_gone_and_is_revived_when_it_returns(
    store: Store, reads: Reads
) -> None:
    both, one = [parcel(1), parcel(2)], [parcel(1)]
    await store.apply("parcels", "agent", reads.batch(both))
    assert await store.apply("parcels", "agent", reads.batch(one)) == Delta(missing=1, unchanged=1)
    missing = await store.row("parcels", "agent", "2")
    assert missing is not None
    assert (missing.missing_since, missing.deleted_at) == (reads.clock.now(), None)
    assert await keys(store) == ["1", "2"]
    assert await store.apply("parcels", "agent", reads.batch(one)) == Delta(gone=1, unchanged=1)
    assert await keys(store) == ["1"]
    assert await keys(store, deleted=True) == ["1", "2"]
    assert await store.apply("parcels", "agent", reads.batch(one)) == Delta(unchanged=1)
    assert await store.apply("parcels", "agent", reads.batch([parcel(1), parcel(2, cost=5)])) == Delta(
        unchanged=1, revived=1
    )
    assert await keys(store) == ["1", "2"]
    assert await history(store, "2") == [
        ("changed", "cost", 1_002, 5),
        ("revived", None, None, None),
        ("gone", None, None, None),
    ]


async def test_a_sighting_between_two_absences_starts_the_count_anew(store: Store, reads: Reads) -> None:
    both, one = [parcel(1), parcel(2)], [parcel(1)]
    for rows in (both, one, both, one):
        await store.apply("parcels", "agent", reads.batch(rows))
    assert await keys(store) == ["1", "2"]


@pytest.mark.parametrize(("whole", "clean"), [(True, False), (False, True), (False, False)])
async def test_unclean_and_partial_reads_never_remove(store: Store, reads: Reads, whole: bool, clean: bool) -> None:
    await store.apply("parcels", "agent", reads.batch([parcel(n) for n in range(5)]))
    for _ in range(3):
        delta = await store.apply("parcels", "agent", reads.batch([parcel(0, cost=1)], whole=whole, clean=clean))
        assert (delta.missing, delta.gone) == (0, 0)
    assert len(await keys(store)) == 5
    assert (await store.row("parcels", "agent", "0")).values["cost"] == 1  # type: ignore[union-attr]


async def test_an_unclean_read_between_two_absences_neither_counts_nor_resets(store: Store, reads: Reads) -> None:
    one = [parcel(1)]
    await store.apply("parcels", "agent", reads.batch([parcel(1), parcel(2)]))
    await store.apply("parcels", "agent", reads.batch(one))
    await store.apply("parcels", "agent", reads.batch(one, clean=False))
    assert await keys(store) == ["1", "2"]
    assert (await store.apply("parcels", "agent", reads.batch(one))).gone == 1


async def test_a_sticky_field_turns_blank_only_after_two_clean_whole_reads(store: Store, reads: Reads) -> None:
    blank = [parcel(1, tracking=None)]

    async def tracking() -> object:
        row = await store.row("parcels", "agent", "1")
        assert row is not None
        return row.values["tracking"]

    await store.apply("parcels", "agent", reads.batch([parcel(1)]))
    assert await store.apply("parcels", "agent", reads.batch(blank)) == Delta(unchanged=1)
    assert await tracking() == "TRK1"
    await store.apply("parcels", "agent", reads.batch(blank, clean=False))
    await store.apply("parcels", "agent", reads.batch(blank, whole=False))
    assert await tracking() == "TRK1"
    assert await store.apply("parcels", "agent", reads.batch(blank)) == Delta(changed=1)
    assert await tracking() is None
    assert await history(store, "1") == [("changed", "tracking", "TRK1", None)]
    written = store.rows_written
    await store.apply("parcels", "agent", reads.batch(blank))
    assert store.rows_written == written


async def test_a_sticky_field_seen_again_starts_the_count_anew(store: Store, reads: Reads) -> None:
    full, blank = [parcel(1)], [parcel(1, tracking="")]
    for rows in (full, blank, full, blank):
        await store.apply("parcels", "agent", reads.batch(rows))
    row = await store.row("parcels", "agent", "1")
    assert row is not None
    assert row.values["tracking"] == "TRK1"
    assert await history(store, "1") == []


async def test_other_changes_of_a_row_are_taken_while_its_sticky_field_is_held(store: Store, reads: Reads) -> None:
    await store.apply("parcels", "agent", reads.batch([parcel(1)]))
    assert (await store.apply("parcels", "agent", reads.batch([parcel(1, tracking=None, cost=7)]))).changed == 1
    row = await store.row("parcels", "agent", "1")
    assert row is not None
    assert (row.values["tracking"], row.values["cost"]) == ("TRK1", 7)


async def test_a_suspended_whole_read_does_not_overwrite_a_later_fast_read(store: Store, reads: Reads) -> None:
    await store.apply("parcels", "agent", reads.batch([parcel(1), parcel(2)]))
    began, after = reads.clock.forward(minutes=1), (await store.ages("parcels", "agent")).number
    await store.apply("parcels", "agent", reads.batch([parcel(1, cost=9), parcel(3)], whole=False))
    fast = reads.clock.now()
    whole = reads.batch([parcel(1), parcel(2, cost=8)], as_of=began, after=after)
    delta = await store.apply("parcels", "agent", whole)
    assert delta == Delta(changed=1, unchanged=1)
    rows = {row.key: row for row in (await store.rows("parcels", "agent")).rows}
    assert {key: row.values["cost"] for key, row in rows.items()} == {"1": 9, "2": 8, "3": 1_003}
    assert rows["3"].missing_since is None
    ages = await store.ages("parcels", "agent")
    assert (ages.all_as_of, ages.new_as_of) == (began, fast)


@pytest.mark.parametrize("clean", [True, False])
async def test_a_suspended_whole_read_does_not_overwrite_a_later_whole_read(
    store: Store, reads: Reads, clean: bool
) -> None:
    """Its rows are older: neither they nor its time are stored, even if it was compared after the other read."""
    await store.apply("parcels", "agent", reads.batch([parcel(1), parcel(2)], clean=False))
    began, after = reads.clock.forward(minutes=1), (await store.ages("parcels", "agent")).number
    await store.apply("parcels", "agent", reads.batch([parcel(1, cost=9), parcel(3)]))
    stored, ages = await store.rows("parcels", "agent"), await store.ages("parcels", "agent")
    known = await store.known("parcels", "agent")
    whole = replace(
        reads.batch([parcel(1), parcel(2)], clean=clean, as_of=began, after=after), compared_with=known.number
    )
    with pytest.raises(SyncFailure, match="read-overtaken"):
        await store.apply("parcels", "agent", whole)
    assert await store.rows("parcels", "agent") == stored
    assert await store.ages("parcels", "agent") == ages
    await store.keep_refused("parcels", "agent", whole)
    assert await store.refused() == (), "the operator could accept it"
    with pytest.raises(StoreError, match="refused-read-void"):
        await store.accept_read(whole.run_id)


async def test_times_of_a_clock_that_was_ahead_do_not_hold_rows_back(
    store: Store, reads: Reads, clock: ManualClock
) -> None:
    now = clock.now()
    clock.forward(days=400)
    await store.apply("parcels", "agent", reads.batch([parcel(1)]))
    clock.time = now
    assert (await store.apply("parcels", "agent", reads.batch([parcel(1, cost=9)]))).changed == 1
    assert (await store.ages("parcels", "agent")).new_as_of == clock.now()


async def test_which_times_each_kind_of_read_sets(store: Store, reads: Reads) -> None:
    never = await store.ages("parcels", "agent")
    assert (never.last_success, never.new_as_of, never.all_as_of) == (None, None, None)
    await store.apply("parcels", "agent", reads.batch([parcel(1)], whole=False, single=True))
    ages = await store.ages("parcels", "agent")
    assert (ages.last_success, ages.new_as_of, ages.all_as_of) == (None, None, None)
    # Before the first clean whole read a fast read has no base, so it sets no time (rule 12).
    await store.apply("parcels", "agent", reads.batch([parcel(1)], whole=False))
    ages = await store.ages("parcels", "agent")
    assert (ages.last_success, ages.new_as_of, ages.all_as_of) == (None, None, None)
    await store.apply("parcels", "agent", reads.batch([parcel(1)], clean=False))
    unclean = reads.clock.now()
    ages = await store.ages("parcels", "agent")
    assert (ages.last_success, ages.new_as_of, ages.all_as_of) == (unclean, None, None)
    await store.apply("parcels", "agent", reads.batch([parcel(1)], whole=False))
    ages = await store.ages("parcels", "agent")
    assert (ages.last_success, ages.new_as_of, ages.all_as_of) == (unclean, None, None)
    await store.apply("parcels", "agent", reads.batch([parcel(1)]))
    clean = reads.clock.now()
    ages = await store.ages("parcels", "agent")
    assert (ages.last_success, ages.new_as_of, ages.all_as_of) == (clean, clean, clean)
    await store.apply("parcels", "agent", reads.batch([parcel(1)], whole=False))
    fast = reads.clock.now()
    ages = await store.ages("parcels", "agent")
    assert (ages.last_success, ages.new_as_of, ages.all_as_of) == (clean, fast, clean)
    await store.apply("parcels", "agent", reads.batch([parcel(1)], clean=False))
    unclean = reads.clock.now()
    ages = await store.ages("parcels", "agent")
    assert (ages.last_success, ages.new_as_of, ages.all_as_of) == (unclean, fast, clean)


async def test_known_is_exactly_the_last_applied_whole_read(store: Store, reads: Reads) -> None:
    assert (await store.known("parcels", "agent")).keys == frozenset()
    await store.apply("parcels", "agent", reads.batch([parcel(n) for n in range(1, 5)]))
    await store.apply("parcels", "agent", reads.batch([parcel(9)], whole=False))
    await store.apply("parcels", "agent", reads.batch([parcel(1), parcel(2)], clean=False))
    known = await store.known("parcels", "agent")
    assert (known.rows, known.keys) == (2, {"1", "2"})
    assert known.natural_keys == {"Ditta Prova 1|Forlì", "Ditta Prova 2|Milano"}
    assert known.as_of == reads.clock.now()


async def test_a_key_of_several_columns(store: Store, reads: Reads) -> None:
    rows = [tariff("A|1", 1000, 50), tariff("A", 1000, 60), tariff("A", 5000, 55)]
    assert (await store.apply("tariffs", "agent", reads.batch(rows))).added == 3
    found = await store.rows("tariffs", None)
    assert {row.key for row in found.rows} == {"A|1000", "A|5000", "A\\|1|1000"}
    assert {row.account for row in found.rows} == {""}


def test_keys_of_several_columns_never_collide() -> None:
    from store_samples import TARIFFS

    made = {
        row_key(TARIFFS, tariff(item, quantity, 0)) for item in ("a", "a|1", "a\\", "a\\|1") for quantity in (1, 11)
    }
    assert len(made) == 8


async def test_accounts_never_see_each_others_rows(store: Store, reads: Reads) -> None:
    await store.apply("parcels", "agent", reads.batch([parcel(1), parcel(2)]))
    await store.apply("parcels", "other", reads.batch([parcel(2, name="Altra Ditta")]))
    assert await keys(store) == ["1", "2"]
    assert await keys(store, "other") == ["2"]
    assert (await store.apply("parcels", "other", reads.batch([]))).missing == 1
    assert (await store.apply("parcels", "agent", reads.batch([parcel(1), parcel(2)]))).unchanged == 2
    assert await store.row("parcels", "other", "1") is None
    assert (await store.search("parcels", "other", "ditta prova")).rows == ()
    assert (await store.known("parcels", "other")).keys == frozenset()
    assert await store.row_history("parcels", "other", "1") == ()
    await store.apply("parcels", "agent", reads.batch([parcel(1, cost=3), parcel(2)]))
    assert await store.changes(START, reads.clock.forward(hours=1), ["other"]) == ()
    exported = [row.key async for part in store.export("parcels", "other") for row in part]
    assert exported == ["2"]
    for account in (None, ""):
        with pytest.raises(ValueError, match="name one"):
            await store.rows("parcels", account)
        with pytest.raises(ValueError, match="name one"):
            await store.apply("parcels", account or "", reads.batch([]))


async def test_shared_rows_are_stored_once_whoever_reads_them(store: Store, reads: Reads) -> None:
    await store.apply("tariffs", "agent", reads.batch([tariff("A", 1000, 50)]))
    assert await store.apply("tariffs", "other", reads.batch([tariff("A", 1000, 50)])) == Delta(unchanged=1)


async def test_a_cancelled_apply_changes_nothing(store: Store, reads: Reads) -> None:
    """The caller is cancelled while the worker writes the rows."""
    begun = threading.Event()
    go_on = threading.Event()

    class Rows(list):  # type: ignore[type-arg]
        def __iter__(self):  # type: ignore[no-untyped-def]
            for n, row in enumerate(super().__iter__()):
                if n == 450:
                    begun.set()
                    assert go_on.wait(10)
                yield row

    batch = reads.batch(Rows(parcel(n) for n in range(2_000)))
    task = asyncio.create_task(store.apply("parcels", "agent", batch))
    await asyncio.to_thread(begun.wait, 10)
    task.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await store.rows("parcels", "agent")).total == 0
    assert (await store.ages("parcels", "agent")).last_success is None
    assert (await store.apply("parcels", "agent", reads.batch([parcel(1)]))).added == 1


@pytest.mark.parametrize("times", [1, 3])
async def test_an_apply_cancelled_before_its_commit_changes_nothing(
    store: Store, reads: Reads, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    """All rows are written, but not yet the search index, which takes as long."""
    began, go_on = threading.Event(), threading.Event()
    real = find_index.catch_up

    def slow(connection: sa.Connection, entities: Sequence[Entity]) -> None:
        began.set()
        assert go_on.wait(10)
        real(connection, entities)

    monkeypatch.setattr(find_index, "catch_up", slow)
    task = asyncio.create_task(store.apply("parcels", "agent", reads.batch([parcel(1)])))
    await asyncio.to_thread(began.wait, 10)
    for _ in range(times):  # the orchestrator repeats a cancellation until the run ends
        task.cancel()
        await asyncio.sleep(0)
    assert not task.done()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await store.rows("parcels", "agent")).total == 0
    assert (await store.ages("parcels", "agent")).last_success is None


@pytest.mark.parametrize("times", [1, 3])
async def test_an_apply_cancelled_during_its_commit_returns_its_result(
    store: Store, reads: Reads, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    """From here on the rows are stored; the outcome *cancelled* would mean that they are not."""
    began, go_on = threading.Event(), threading.Event()
    real = sa.engine.RootTransaction.commit

    def slow(transaction: sa.engine.RootTransaction) -> None:
        began.set()
        assert go_on.wait(10)
        real(transaction)

    monkeypatch.setattr(sa.engine.RootTransaction, "commit", slow)
    task = asyncio.create_task(store.apply("parcels", "agent", reads.batch([parcel(1)])))
    await asyncio.to_thread(began.wait, 10)
    for _ in range(times):
        task.cancel()
        await asyncio.sleep(0)
    go_on.set()
    assert (await task).added == 1
    assert (await store.rows("parcels", "agent")).total == 1
    assert (await store.ages("parcels", "agent")).last_success is not None


async def test_an_apply_that_raises_changes_nothing(store: Store, reads: Reads) -> None:
    rows = [parcel(n) for n in range(900)] + [{"name": "a row without its key"}]
    with pytest.raises(KeyError):
        await store.apply("parcels", "agent", reads.batch(rows))
    assert (await store.rows("parcels", "agent")).total == 0


async def test_writes_keep_their_order_and_close_drains_them(store: Store) -> None:
    done: list[int] = []
    tasks = [asyncio.create_task(store._database.write(lambda _c, n=n: done.append(n))) for n in range(50)]
    await asyncio.sleep(0)
    await store.close()
    await asyncio.gather(*tasks)
    assert done == list(range(50))
    assert not [t for t in threading.enumerate() if t.name.startswith("archisync")]


async def test_a_long_query_can_be_cancelled_and_the_next_is_answered(store: Store, reads: Reads) -> None:
    from sqlalchemy import text

    await store.apply("parcels", "agent", reads.batch([parcel(1)]))
    endless = text("WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n")
    begun = threading.Event()

    def ask(connection: object) -> None:
        begun.set()
        connection.execute(endless)  # type: ignore[attr-defined]

    task = asyncio.create_task(store._database.read(ask))
    await asyncio.to_thread(begun.wait, 10)
    task.cancel()
    async with asyncio.timeout(60):
        with pytest.raises(asyncio.CancelledError):
            await task
    assert (await store.rows("parcels", "agent")).total == 1


@pytest.mark.qasync
async def test_the_store_works_on_the_panels_loop(tmp_path: Path) -> None:
    clock = ManualClock()
    store = await Store.open(tmp_path, ENTITIES, clock=clock)
    reads = Reads(clock)
    assert (await store.apply("parcels", "agent", reads.batch([parcel(n) for n in range(1_000)]))).added == 1_000
    task = asyncio.create_task(store.rows("parcels", "agent", search="prova"))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await store.rows("parcels", "agent")).total == 1_000
    await store.close()
