"""Ready-made selections: what each comparison keeps, the sum over all rows, values that changed lately."""

from datetime import timedelta

import pytest
from store_samples import ManualClock, Reads, parcel

from archisync_gui.entities.views import Is
from archisync_gui.store import Selection, Store


@pytest.mark.parametrize(
    ("where", "kept"),
    [
        ((("cost", Is.ABOVE, 1_001),), {"2", "3"}),
        ((("cost", Is.EQUAL, 1_001),), {"1"}),
        ((("sent", Is.BEFORE, "2026-02-03"),), {"1"}),
        ((("sent", Is.EMPTY, None),), {"2", "3"}),
        ((("sent", Is.EMPTY, None), ("cost", Is.ABOVE, 1_002)), {"3"}),
    ],
)
async def test_comparisons(
    store: Store, reads: Reads, where: tuple[tuple[str, Is, int | str | None], ...], kept: set[str]
) -> None:
    rows = [parcel(1), parcel(2, sent=None), parcel(3, sent="")]
    await store.apply("parcels", "mario", reads.batch(rows))
    page = await store.rows("parcels", "mario", selection=Selection(where))
    assert {row.key for row in page.rows} == kept
    assert page.total == len(kept)


async def test_the_sum_is_that_of_all_rows_not_of_the_page(store: Store, reads: Reads) -> None:
    await store.apply("parcels", "mario", reads.batch([parcel(n, cost=n) for n in range(10)]))
    page = await store.rows("parcels", "mario", limit=3, sum_of="cost")
    assert (len(page.rows), page.total, page.sum) == (3, 10, 45)
    nothing = await store.rows("parcels", "mario", search="zzz", sum_of="cost")
    assert (nothing.total, nothing.sum) == (0, 0)
    assert (await store.rows("parcels", "mario")).sum is None


async def test_rows_whose_value_changed_since(store: Store, reads: Reads, clock: ManualClock) -> None:
    await store.apply("parcels", "mario", reads.batch([parcel(n) for n in range(4)]))
    clock.forward(days=2)
    await store.apply("parcels", "mario", reads.batch([parcel(0, cost=7), *(parcel(n) for n in (1, 2, 3))]))
    clock.forward(days=6)
    rows = [parcel(0, cost=7), parcel(1, cost=8), parcel(2, city="Roma"), parcel(3)]
    await store.apply("parcels", "mario", reads.batch(rows))
    since = clock.now() - timedelta(days=3)
    page = await store.rows("parcels", "mario", selection=Selection(changed=("cost", since)))
    assert [row.key for row in page.rows] == ["1"]  # a new row and another column are no changed value
    week = await store.rows("parcels", "mario", selection=Selection(changed=("cost", since - timedelta(days=5))))
    assert {row.key for row in week.rows} == {"0", "1"}


async def test_rows_first_seen_since(store: Store, reads: Reads, clock: ManualClock) -> None:
    await store.apply("parcels", "mario", reads.batch([parcel(1)]))
    clock.forward(days=2)
    since = clock.now()
    await store.apply("parcels", "mario", reads.batch([parcel(1), parcel(2)]))
    page = await store.rows("parcels", "mario", selection=Selection(first_seen_since=since))
    assert [row.key for row in page.rows] == ["2"]


async def test_an_unknown_column_is_refused(store: Store) -> None:
    with pytest.raises(KeyError):
        await store.rows("parcels", "mario", selection=Selection((("nothing", Is.EQUAL, 1),)))
    with pytest.raises(KeyError):
        await store.rows("parcels", "mario", sum_of="nothing")


async def test_rows_of_several_accounts_stand_in_one_order(store: Store, reads: Reads, clock: ManualClock) -> None:
    await store.apply("parcels", "mario", reads.batch([parcel(1, cost=1), parcel(3, cost=3)]))
    await store.apply("parcels", "anna", reads.batch([parcel(2, cost=2), parcel(3, cost=3)]))
    page = await store.rows("parcels", "mario", others=["anna"], sort="cost", sum_of="cost")
    assert [(row.account, row.key) for row in page.rows] == [
        ("mario", "1"), ("anna", "2"), ("anna", "3"), ("mario", "3"),
    ]  # fmt: skip
    assert (page.total, page.sum) == (4, 9)
    middle = await store.rows("parcels", "mario", others=["anna"], sort="cost", offset=1, limit=2)
    assert [(row.account, row.key) for row in middle.rows] == [("anna", "2"), ("anna", "3")]
    clock.forward(days=1)
    since = clock.now()
    await store.apply("parcels", "anna", reads.batch([parcel(2, cost=2), parcel(3, cost=4)]))
    changed = Selection(changed=("cost", since))
    found = await store.rows("parcels", "mario", others=["anna"], selection=changed)
    assert [(row.account, row.key) for row in found.rows] == [("anna", "3")], "mario's row of that key did not change"


async def test_an_export_keeps_to_the_dates_of_its_view(store: Store, reads: Reads) -> None:
    rows = [parcel(1, sent="2026-02-01"), parcel(2, sent="2026-02-08"), parcel(3, sent="2026-02-20")]
    await store.apply("parcels", "mario", reads.batch(rows))
    between = ("sent", "2026-02-05", "2026-02-12")
    parts = [part async for part in store.export("parcels", "mario", between=between)]
    assert [row.key for part in parts for row in part] == ["2"]
