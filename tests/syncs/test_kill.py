"""kill -9 of our own process at random moments of a sync: the database is sound, its data are those of a complete run,
no browser is left, and the next process leaves the list as its user had it."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from pathlib import Path

import psutil
import pytest

from archisync_gui.demo_erp import DemoErp
from archisync_gui.entities import ORDERS, PRICES
from archisync_gui.erp import Erp, try_browser
from archisync_gui.model import SystemClock
from archisync_gui.store import Store
from tests.syncs.erp_harness import QUICK, SAVED_VIEWS, USER

ROOT = Path(__file__).parents[2]


@pytest.mark.ci
async def test_killed_at_random_moments(tmp_path: Path) -> None:
    await _kill(tmp_path, 4)


@pytest.mark.nightly
async def test_killed_two_hundred_times(tmp_path: Path) -> None:
    await _kill(tmp_path, 200)


async def _kill(folder: Path, times: int) -> None:
    dice = random.Random(11)
    demo = DemoErp(scale=0.05)
    await demo.start()
    demo.set_preferences(USER, "orders", preset="ListViewSalesTableOrdersThisMonth", sort=(("SALESNAME", "ASC"),))
    left = demo.get_preferences(USER, "orders")
    try:
        truths = [_truth(demo)]
        for round_ in range(times):
            # A change before each run, so that a half applied read would show.
            key = sorted(truths[0])[round_ % len(truths[0])]
            demo.change("orders", USER, key, {"SALESNAME": f"Studio {round_}"})
            truths.append(_truth(demo))
            await _run_and_kill(folder, demo, dice)
            store = await Store.open(folder, [ORDERS], clock=SystemClock())
            try:
                await store.check()
                page = await store.rows("orders", USER, limit=10_000)
                stored = {row.key: row.values["customer_name"] for row in page.rows}
                assert not stored or stored in truths
            finally:
                await store.close()
        await _open_another_list(folder, demo)
        assert demo.get_preferences(USER, "orders") == left
    finally:
        await demo.stop()
    await try_browser()  # removes what the killed ones left in the temporary folder


async def _open_another_list(folder: Path, demo: DemoErp) -> None:
    """As a new process does."""

    async def password(_: str) -> str:
        return "demo"

    erp = Erp(
        address=lambda: demo.base_url,
        password=password,
        limits=QUICK,
        saved_views=folder / SAVED_VIEWS,
        entities=[ORDERS, PRICES],
    )
    try:
        async with erp.list(PRICES, USER, (), lambda: None):
            pass
    finally:
        await erp.close()
    assert not (folder / SAVED_VIEWS).exists()


def _truth(demo: DemoErp) -> dict[str, object]:
    return {str(row["ID"]): row["SALESNAME"] for row in demo.rows("orders", USER)}


async def _run_and_kill(folder: Path, demo: DemoErp, dice: random.Random) -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__).with_name("sync_child.py")),
        str(folder),
        demo.base_url,
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
    assert child.returncode is None, "the child ended by itself"
    family = psutil.Process(child.pid).children(recursive=True)
    child.kill()
    await child.wait()
    _, alive = await asyncio.to_thread(psutil.wait_procs, family, timeout=10)
    assert not alive, "the browser outlived us"
