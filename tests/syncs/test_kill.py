"""kill -9 of our process at random moments of a sync: the database is intact, its data are those of a complete run,
no browser is left, and the next process restores the user's view of the list."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from archisync_gui.demo_erp import DemoErp
from archisync_gui.entities import ENTITIES, ORDERS, PRICES, Entity
from archisync_gui.erp import Erp, try_browser
from archisync_gui.model import SystemClock
from archisync_gui.store import Store
from tests.syncs.erp_harness import QUICK, SAVED_VIEWS, USER

ROOT = Path(__file__).parents[2]

TEXT_FIELD = {
    "customers": "NAME",
    "orders": "SALESNAME",
    "ddt": "DELIVERYNAME",
    "invoices": "INVOICINGNAME",
    "prices": "ITEMRELATIONTXT",
    "products": "NAME",
}
USERS_OWN: dict[str, dict[str, Any]] = {
    "customers": {"preset": "Exclusiv_customers", "filter_row": [("NAME", "S", "BeginsWith")]},
    "orders": {"preset": "ListViewSalesTableOrdersThisMonth", "sort": (("SALESNAME", "ASC"),)},
    "ddt": {"preset": "ListViewPackingSlipsAll", "page_size": 10, "page_index": 1},
    "invoices": {"preset": "open_invoices", "search": "a"},
    "prices": {"search_panel": "a", "page_size": 50},
    "products": {"group_by": ("DESCRIPTION",), "sort": (("NAME", "DSC"), ("ITEMID", "ASC"))},
}
"""The user's view of each list; together they have every part that is restored."""


@pytest.mark.ci
async def test_killed_at_random_moments(tmp_path: Path) -> None:
    await _kill(tmp_path, ORDERS, 2)


@pytest.mark.nightly
async def test_killed_two_hundred_times(tmp_path: Path) -> None:
    await _kill(tmp_path, ORDERS, 200)


@pytest.mark.nightly
@pytest.mark.parametrize("entity", ENTITIES, ids=lambda e: e.name)
async def test_killed_while_each_list_is_read(entity: Entity, tmp_path: Path) -> None:
    await _kill(tmp_path, entity, 6)


async def _kill(folder: Path, entity: Entity, times: int) -> None:
    dice = random.Random(11)
    name, field = entity.name, TEXT_FIELD[entity.name]
    stored_as = next(column.name for column in entity.columns if column.field_name == field)
    demo = DemoErp(scale=0.05)
    await demo.start()
    for list_name, view in USERS_OWN.items():
        demo.set_preferences(USER, list_name, **view)
    left = demo.view_records()
    try:
        truths = [_truth(demo, entity)]
        for round_ in range(times):
            # A change before each run, so that a partly applied read would be visible.
            key = sorted(truths[0])[round_ % len(truths[0])]
            demo.change(name, USER, _row_key(demo, entity, key), {field: f"Studio {round_}"})
            truths.append(_truth(demo, entity))
            await _run_and_kill(folder, entity, demo, dice)
            store = await Store.open(folder, [entity], clock=SystemClock())
            try:
                await store.check()
                page = await store.rows(name, USER, limit=10_000)
                stored = {row.key: row.values[stored_as] for row in page.rows}
                assert not stored or stored in truths
            finally:
                await store.close()
        await _open_another_list(folder, entity, demo)
        assert demo.view_records() == left, "the views are not restored byte by byte"
    finally:
        await demo.stop()
    await try_browser()  # removes the temporary files of the killed processes


async def _open_another_list(folder: Path, entity: Entity, demo: DemoErp) -> None:
    """Open a list as a new process does."""

    async def password(_: str) -> str:
        return "demo"

    erp = Erp(
        address=lambda: demo.base_url,
        password=password,
        limits=QUICK,
        saved_views=folder / SAVED_VIEWS,
        entities=ENTITIES,
    )
    try:
        async with erp.list(ORDERS if entity is PRICES else PRICES, USER, (), lambda: None):
            pass
    finally:
        await erp.close()
    assert not (folder / SAVED_VIEWS).exists()


def _own(demo: DemoErp, entity: Entity) -> list[dict[str, Any]]:
    """The records that a read keeps: without system rows, references to back orders and closed prices."""
    key = entity.column(entity.key[0]).field_name
    return [
        row
        for row in demo.rows(entity.name, USER)
        if row[key] not in (0, None, "")
        and row.get("BLOCKED") != "Yes"
        and not (entity.name == "ddt" and not row["PACKINGSLIPID"] and not row["BRASTRACKINGNUMBER"])
    ]


def _truth(demo: DemoErp, entity: Entity) -> dict[str, object]:
    key = entity.column(entity.key[0]).field_name
    return {str(row[key]): row[TEXT_FIELD[entity.name]] for row in _own(demo, entity)}


def _row_key(demo: DemoErp, entity: Entity, key: str) -> str:
    """The grid's key of a record; for products it is not the code."""
    field = entity.column(entity.key[0]).field_name
    return next(str(row["ID"]) if row.get("ID") else key for row in _own(demo, entity) if str(row[field]) == key)


async def _run_and_kill(folder: Path, entity: Entity, demo: DemoErp, dice: random.Random) -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__).with_name("sync_child.py")),
        str(folder),
        demo.base_url,
        entity.name,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    seen = len(demo.actions)
    wanted = dice.randrange(0, 25)
    for _ in range(3000):
        if len(demo.actions) - seen >= wanted or child.returncode is not None:
            break
        await asyncio.sleep(0.005)
    await asyncio.sleep(dice.random() * 0.1)
    assert child.returncode is None, "the child ended before it was killed"
    family = psutil.Process(child.pid).children(recursive=True)
    child.kill()
    await child.wait()
    _, alive = await asyncio.to_thread(psutil.wait_procs, family, timeout=60)
    assert not alive, "the browser did not end with its process"
