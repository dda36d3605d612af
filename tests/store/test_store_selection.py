"""Views with conditions: the rows of each comparison, the sum over all rows, values that changed lately."""

from datetime import datetime, timedelta

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


async def test_the_sum_is_of_all_rows_and_not_of_the_page(store: Store, reads: Reads) -> None:
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
    assert [row.key for row in page.rows] == ["1"]  # a new row and another column do not count as changed
    week = await store.rows("parcels", "mario", selection=Selection(changed=("cost", since - timedelta(days=5))))
    assert {row.key for row in week.rows} == {"0", "1"}


async def new_rows(store: Store, since: datetime, until: datetime | None = None) -> list[tuple[str, str]]:
    selection = Selection(added=(since, until))
    page = await store.rows("parcels", "mario", others=["anna"], selection=selection)
    assert page.total == len(page.rows)
    return [(row.account, row.key) for row in page.rows]


async def test_rows_of_the_first_read_of_a_list_are_not_new(store: Store, reads: Reads, clock: ManualClock) -> None:
    begin = clock.now()
    alone = await store.apply("parcels", "mario", reads.batch([parcel(1)], whole=False, single=True))
    assert (alone.added, alone.first) == (1, True)
    first = await store.apply("parcels", "mario", reads.batch([parcel(1), parcel(2)]))
    assert (first.added, first.first) == (1, True)
    assert await new_rows(store, begin) == []
    clock.forward(days=1)
    then = clock.now()
    second = await store.apply("parcels", "mario", reads.batch([parcel(1), parcel(2), parcel(3)]))
    assert (second.added, second.first) == (1, False)
    assert await new_rows(store, begin) == [("mario", "3")]
    assert await new_rows(store, begin, then) == []
    await store.apply("parcels", "anna", reads.batch([parcel(3), parcel(4)]))
    assert await new_rows(store, begin) == [("mario", "3")], "rows of another account's first read are listed"
    await store.apply("parcels", "anna", reads.batch([parcel(3), parcel(4), parcel(5)]))
    assert await new_rows(store, then) == [("mario", "3"), ("anna", "5")]


async def test_a_row_that_came_back_is_not_new_and_one_that_is_gone_is_not_shown(
    store: Store, reads: Reads, clock: ManualClock
) -> None:
    begin = clock.now()
    await store.apply("parcels", "mario", reads.batch([parcel(1), parcel(2)]))
    for _ in range(2):
        await store.apply("parcels", "mario", reads.batch([parcel(1)]))
    back = await store.apply("parcels", "mario", reads.batch([parcel(1), parcel(2), parcel(3)]))
    assert (back.added, back.revived, back.first) == (1, 1, False)
    assert await new_rows(store, begin) == [("mario", "3")]
    for _ in range(2):
        await store.apply("parcels", "mario", reads.batch([parcel(1), parcel(2)]))
    assert await new_rows(store, begin) == []


@pytest.mark.sqlite
async def test_a_list_that_was_cleared_and_read_again_has_no_new_rows(
    store: Store, reads: Reads, clock: ManualClock
) -> None:
    await store.apply("parcels", "mario", reads.batch([parcel(1), parcel(2)]))
    clock.forward(days=1)
    begin = clock.now()
    await store.clear("parcels", "mario")
    again = await store.apply("parcels", "mario", reads.batch([parcel(1), parcel(2)]))
    assert (again.added, again.first) == (2, True)
    assert await new_rows(store, begin) == []


async def test_an_unknown_column_is_refused(store: Store) -> None:
    with pytest.raises(KeyError):
        await store.rows("parcels", "mario", selection=Selection((("nothing", Is.EQUAL, 1),)))
    with pytest.raises(KeyError):
        await store.rows("parcels", "mario", sum_of="nothing")


async def test_rows_of_several_accounts_are_sorted_together(store: Store, reads: Reads, clock: ManualClock) -> None:
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
    assert [(row.account, row.key) for row in found.rows] == [("anna", "3")], "mario's row with that key is listed"


async def test_an_export_has_only_the_dates_of_its_view(store: Store, reads: Reads) -> None:
    rows = [parcel(1, sent="2026-02-01"), parcel(2, sent="2026-02-08"), parcel(3, sent="2026-02-20")]
    await store.apply("parcels", "mario", reads.batch(rows))
    between = ("sent", "2026-02-05", "2026-02-12")
    parts = [part async for part in store.export("parcels", "mario", between=between)]
    assert [row.key for part in parts for row in part] == ["2"]
