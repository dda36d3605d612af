"""What a killed process owed: paid by the next one, but never over what its user has chosen since."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from archisync_gui.entities import ORDERS, PRICES
from archisync_gui.erp import Erp
from archisync_gui.erp.owed import OwedViews, View
from tests.syncs.erp_harness import OWED, QUICK, USER, World, world

THIS_MONTH = "xaf_xaf_a1ListViewSalesTableOrdersThisMonth"
USERS_OWN = View(preset=THIS_MONTH, filter_row=(("SALESNAME", "Studio"),), sort=(("SALESNAME", "ASC"),), size=50)
AS_A_READ_LEAVES_IT: dict[str, Any] = {
    "preset": "ListViewSalesTableOrdersAll",
    "sort": (("ID", "DSC"),),
    "page_size": 100,
}


async def _killed(here: World, folder: Path) -> Erp:
    """The next process after one that was killed in the middle of reading orders."""
    await OwedViews(folder / OWED).note(USER, ORDERS.path, USERS_OWN)
    here.demo.set_preferences(USER, "orders", **AS_A_READ_LEAVES_IT)

    async def password(_: str) -> str:
        return "demo"

    return Erp(
        address=lambda: here.demo.base_url,
        password=password,
        limits=QUICK,
        owed=folder / OWED,
        entities=[ORDERS, PRICES],
    )


@pytest.mark.parametrize("first", [ORDERS, PRICES], ids=lambda entity: entity.name)
async def test_the_next_process_pays_at_its_first_visit_of_any_list(tmp_path: Path, first: Any) -> None:
    async with world(tmp_path) as here:
        erp = await _killed(here, tmp_path)
        async with erp.list(first, USER, (), lambda: None) as visit:
            if first is ORDERS:
                await visit.list.prepare(20, columns=False)
        await erp.close()
        left = here.demo.get_preferences(USER, "orders")
        assert left.preset == "ListViewSalesTableOrdersThisMonth"
        assert (left.filter_row, left.sort, left.page_size) == (USERS_OWN.filter_row, USERS_OWN.sort, 50)
        assert not (tmp_path / OWED).exists()


async def test_what_the_user_has_chosen_since_stays(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        erp = await _killed(here, tmp_path)
        here.demo.set_preferences(USER, "orders", preset="ListViewSalesTableOrdersToday", page_size=10)
        async with erp.list(PRICES, USER, (), lambda: None):
            pass
        await erp.close()
        left = here.demo.get_preferences(USER, "orders")
        assert (left.preset, left.page_size) == ("ListViewSalesTableOrdersToday", 10)
        assert left.sort == USERS_OWN.sort, "nobody but us sorts by ID"


async def test_the_file_is_private_and_a_damaged_one_is_only_a_warning(tmp_path: Path) -> None:
    file = tmp_path / OWED
    await OwedViews(file).note(USER, ORDERS.path, USERS_OWN)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert await OwedViews(file).of(USER, ORDERS.path) == USERS_OWN
    file.write_text(json.dumps([{"account": USER}]))
    assert await OwedViews(file).of(USER, ORDERS.path) is None


async def test_without_a_writable_place_it_is_owed_in_memory(tmp_path: Path) -> None:
    owed = OwedViews(tmp_path / "nowhere" / OWED)
    await owed.note(USER, ORDERS.path, USERS_OWN)
    assert await owed.of(USER, ORDERS.path) == USERS_OWN
    await owed.paid(USER, ORDERS.path)
    assert not owed.known
