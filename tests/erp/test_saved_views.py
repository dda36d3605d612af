"""Views that a killed process did not restore are restored by the next one, except parts that the user has changed."""

from __future__ import annotations

import asyncio
import json
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from archisync_gui.entities import ORDERS, PRICES, PRODUCTS
from archisync_gui.erp import Erp
from archisync_gui.erp.lists.restoring import merge_saved_view
from archisync_gui.erp.lists.saved_views import TRIES, RowFilter, SavedViews, View
from archisync_gui.model import Progress, Scope, SyncFailure
from tests.syncs.erp_harness import QUICK, SAVED_VIEWS, USER, World, world

pytestmark = pytest.mark.one_browser

THIS_MONTH = "xaf_xaf_a1ListViewSalesTableOrdersThisMonth"
USERS_OWN = View(
    preset=THIS_MONTH,
    filter_row=(RowFilter("SALESNAME", "Studio", "1"),),
    sort=(("SALESNAME", "ASC"),),
    size=50,
    size_text="50",
)
AS_A_READ_LEAVES_IT: dict[str, Any] = {
    "preset": "ListViewSalesTableOrdersAll",
    "sort": (("ID", "DSC"),),
    "page_size": 100,
}


async def _killed(here: World, folder: Path) -> Erp:
    """The next process after one that was killed while it read orders."""
    await SavedViews(folder / SAVED_VIEWS).save(USER, ORDERS.path, USERS_OWN)
    here.demo.set_preferences(USER, "orders", **AS_A_READ_LEAVES_IT)

    async def password(_: str) -> str:
        return "demo"

    return Erp(
        address=lambda: here.demo.base_url,
        password=password,
        limits=QUICK,
        saved_views=folder / SAVED_VIEWS,
        entities=[ORDERS, PRICES],
    )


@pytest.mark.parametrize("first", [ORDERS, PRICES], ids=lambda entity: entity.name)
async def test_the_next_process_restores_at_its_first_visit_of_any_list(tmp_path: Path, first: Any) -> None:
    async with world(tmp_path) as here:
        erp = await _killed(here, tmp_path)
        async with erp.list(first, USER, (), lambda: None) as visit:
            if first is ORDERS:
                await visit.list.prepare(20)
        await erp.close()
        left = here.demo.get_preferences(USER, "orders")
        assert left.preset == "ListViewSalesTableOrdersThisMonth"
        assert (left.sort, left.page_size) == (USERS_OWN.sort, 50)
        assert [(f.field, f.value, f.operator) for f in left.filter_row] == [("SALESNAME", "Studio", "BeginsWith")]
        assert not (tmp_path / SAVED_VIEWS).exists()


async def test_a_visit_that_ends_before_it_changes_anything_loses_no_saved_view(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        erp = await _killed(here, tmp_path)
        async with erp.list(ORDERS, USER, (), lambda: None):
            pass  # as if refused, held or cancelled before the list was prepared
        async with erp.list(PRICES, USER, (), lambda: None):
            pass
        await erp.close()
        left = here.demo.get_preferences(USER, "orders")
        assert (left.preset, left.sort, left.page_size) == ("ListViewSalesTableOrdersThisMonth", USERS_OWN.sort, 50)
        assert not (tmp_path / SAVED_VIEWS).exists()


async def test_a_process_that_may_no_longer_read_restores_nothing(tmp_path: Path, expected_errors: Any) -> None:
    """In an office another computer reads by then: views stay saved, and no second browser is started."""
    expected_errors.allow("asyncio", "playwright")
    async with world(tmp_path) as here:
        erp = await _killed(here, tmp_path)
        async with erp.list(PRICES, USER, (), lambda: None) as visit:
            await visit.list.prepare(20)
            assert await asyncio.to_thread(erp.kill_browser, for_good=True)
        asked = len(here.demo.actions)
        erp.warm_up(USER)
        await erp.close()
        assert len(here.demo.actions) == asked
        assert not erp._browser.running
        assert here.demo.get_preferences(USER, "orders").preset == AS_A_READ_LEAVES_IT["preset"]
        assert await SavedViews(tmp_path / SAVED_VIEWS).of(USER, ORDERS.path) == USERS_OWN
        assert await SavedViews(tmp_path / SAVED_VIEWS).of(USER, PRICES.path) is not None


async def test_later_choices_of_the_user_are_kept(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        erp = await _killed(here, tmp_path)
        here.demo.set_preferences(USER, "orders", preset="ListViewSalesTableOrdersToday", page_size=10)
        async with erp.list(PRICES, USER, (), lambda: None):
            pass
        await erp.close()
        left = here.demo.get_preferences(USER, "orders")
        assert (left.preset, left.page_size) == ("ListViewSalesTableOrdersToday", 10)
        assert left.sort == USERS_OWN.sort, "the sort by ID, which only a read sets, was kept"


@pytest.mark.parametrize("switch", ["other-digits", "value-prefix"])
async def test_views_are_restored_although_the_digits_in_ids_have_changed(tmp_path: Path, switch: str) -> None:
    async with world(tmp_path) as here:
        erp = await _killed(here, tmp_path)
        (here.demo.vary if switch == "other-digits" else here.demo.fault)(switch)
        async with erp.list(PRICES, USER, (), lambda: None):
            pass
        await erp.close()
        assert here.demo.get_preferences(USER, "orders").preset == "ListViewSalesTableOrdersThisMonth"
        assert not (tmp_path / SAVED_VIEWS).exists()


async def test_the_file_is_private(tmp_path: Path) -> None:
    file = tmp_path / SAVED_VIEWS
    await SavedViews(file).save(USER, ORDERS.path, USERS_OWN)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


async def test_a_damaged_file_is_only_a_warning(tmp_path: Path) -> None:
    file = tmp_path / SAVED_VIEWS
    await SavedViews(file).save(USER, ORDERS.path, USERS_OWN)
    assert await SavedViews(file).of(USER, ORDERS.path) == USERS_OWN
    lines = json.loads(file.read_text("utf-8"))
    file.write_text(json.dumps([{"account": USER}, *lines]))
    assert await SavedViews(file).of(USER, ORDERS.path) == USERS_OWN, "an intact entry was lost with a damaged one"
    file.write_text("[")
    assert await SavedViews(file).of(USER, ORDERS.path) is None


async def test_without_a_writable_place_views_are_kept_in_memory(tmp_path: Path) -> None:
    saved = SavedViews(tmp_path / "nowhere" / SAVED_VIEWS)
    await saved.save(USER, ORDERS.path, USERS_OWN)
    assert await saved.of(USER, ORDERS.path) == USERS_OWN
    await saved.restored(USER, ORDERS.path)
    assert not saved.known


async def test_changes_of_the_user_are_kept_in_the_same_process_too(tmp_path: Path) -> None:
    """A read fails and so does the restoration of the view; the user changes a part of it before the next read."""
    async with world(tmp_path) as here:
        here.demo.set_preferences(
            USER,
            "orders",
            preset="ListViewSalesTableOrdersThisMonth",
            filter_row=[("SALESNAME", "S", "BeginsWith")],
            sort=(("SALESNAME", "ASC"),),
            page_size=50,
        )

        async def broken_read() -> None:
            async with here.erp.list(ORDERS, USER, (), lambda: None) as visit:
                await visit.list.prepare(20)
                here.demo.fault("unavailable-503")
                await visit.list.turn_to(1)

        with pytest.raises(SyncFailure):
            await broken_read()
        here.demo.clear_faults()
        assert here.demo.get_preferences(USER, "orders").sort == (("ID", "DSC"),), "restored before the next read"
        here.demo.set_preferences(USER, "orders", sort=(("SALESID", "DSC"),), page_size=10)
        async with here.erp.list(ORDERS, USER, (), lambda: None) as visit:
            await visit.list.prepare(20)
        left = here.demo.get_preferences(USER, "orders")
        assert (left.sort, left.page_size) == ((("SALESID", "DSC"),), 10), "changed since: stays"
        assert left.preset == "ListViewSalesTableOrdersThisMonth"
        assert [(f.field, f.value) for f in left.filter_row] == [("SALESNAME", "S")], "removed by the read: restored"


async def test_a_visit_of_another_list_restores_the_view_of_a_failed_visit(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        here.demo.set_preferences(USER, "orders", sort=(("SALESID", "ASC"),), page_size=50)
        users_own = here.demo.view_record(USER, "orders")

        async def broken_read() -> None:
            async with here.erp.list(ORDERS, USER, (), lambda: None) as visit:
                await visit.list.prepare(20)
                here.demo.fault("unavailable-503")
                await visit.list.turn_to(1)

        with pytest.raises(SyncFailure):
            await broken_read()
        assert here.demo.view_record(USER, "orders") != users_own
        here.demo.clear_faults()
        async with here.erp.list(PRICES, USER, (), lambda: None):
            pass
        assert here.demo.view_record(USER, "orders") == users_own


@pytest.mark.parametrize("quick", [False, True], ids=["whole", "quick"])
async def test_a_visit_of_another_list_restores_a_view_whose_session_expired(tmp_path: Path, quick: bool) -> None:
    """The following login failed, so the read was not repeated."""
    async with world(tmp_path) as here:
        await here.sync("customers")
        here.demo.set_preferences(USER, "customers", sort=(("NAME", "ASC"),), page_size=50)
        users_own = here.demo.view_record(USER, "customers")
        control = here.control("customers", Scope.NEW if quick else Scope.ALL)

        def expire(now: Progress) -> None:
            if now.page == 1 and "login-fails" not in here.demo.board.active():
                here.demo.fault("login-fails")
                here.demo.fault("session-expired-now")

        if quick:  # the second sort of a fast read is one more call
            here.demo.insert("customers", USER, NAME="Studio Nuovo")
        control.on_progress = expire
        with pytest.raises(SyncFailure) as caught:
            await here.runner(control)
        await here.erp.settled()
        assert caught.value.code == "login-failed"
        assert here.demo.view_record(USER, "customers") != users_own
        assert not [page for page in here.erp._browser._pages.values() if not page.is_closed()]
        here.demo.clear_faults()
        async with here.erp.list(PRICES, USER, (), lambda: None):
            pass
        assert here.demo.view_record(USER, "customers") == users_own


async def test_restoring_a_list_is_tried_only_a_few_times() -> None:
    saved = SavedViews()
    await saved.save(USER, ORDERS.path, USERS_OWN)
    assert await saved.try_again(USER) == (), "tried during a visit"
    saved.not_restored(USER, ORDERS.path)
    tried = [await saved.try_again(USER) for _ in range(TRIES + 1)]
    assert tried == [(ORDERS.path,)] * TRIES + [()]
    assert await saved.of(USER, ORDERS.path) == USERS_OWN, "its own next visit restores it"


SAVED = View(
    filter_row=(RowFilter("NAME", "a", "1"), RowFilter("CODE", "b", "1")),
    search="s",
    group=(("NAME", "ASC"), ("CODE", "ASC")),
    sort=(("NAME", "ASC"), ("CODE", "DSC")),
    page=3,
    size=50,
    size_text="50",
)


ALL_SHOWN: dict[str, Any] = {
    "columns": [{"field": "ID", "sortOrder": None, "visible": True}],
    "filters": {"sort": []},
}


@pytest.mark.parametrize(
    "now",
    [
        View(sort=(("ID", "DSC"),), size=200, size_text="200"),
        View(filter_row=SAVED.filter_row[:1], group=SAVED.group[1:], sort=SAVED.sort[:1], size=50, size_text="50"),
        View(filter_row=SAVED.filter_row[1:], search="s", group=SAVED.group, sort=SAVED.sort, size=20, size_text="20"),
    ],
    ids=["as a read leaves it", "half restored", "half restored in another order"],
)
def test_the_view_is_restored_after_a_read_or_an_incomplete_restoration(now: View) -> None:
    assert merge_saved_view(SAVED, now, PRODUCTS, ALL_SHOWN) == SAVED


def test_a_sort_that_the_page_does_not_show_is_no_change_of_the_user() -> None:
    """A read sorts by the ID; if that column is hidden, the page may show no order afterwards."""
    now = View(size=20, size_text="20")
    for visible, sort in ((False, SAVED.sort), (True, ())):
        state = {**ALL_SHOWN, "columns": [{"field": "ID", "sortOrder": None, "visible": visible}]}
        assert merge_saved_view(SAVED, now, PRODUCTS, state) == replace(SAVED, sort=sort)


def test_each_part_that_the_user_changed_is_kept() -> None:
    now = View(sort=(("ID", "DSC"),), size=20, size_text="20")
    changes: tuple[dict[str, Any], ...] = (
        {"filter_row": (RowFilter("NAME", "x", "1"),), "page": 1},
        {"search": "x", "page": 1},
        {"bar": "x", "page": 1},
        {"group": (("CITY", "ASC"),), "page": 1},
        {"sort": (("CODE", "ASC"),)},
        {"sort": ()},
        {"size": 10, "size_text": "10"},
    )
    for changed in changes:
        merged = merge_saved_view(SAVED, replace(now, **changed), PRODUCTS, ALL_SHOWN)
        assert merged == replace(SAVED, **changed), changed
