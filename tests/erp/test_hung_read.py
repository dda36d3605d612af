"""A read that never ends keeps no other waiting once its browser was closed (rule 26)."""

from __future__ import annotations

import asyncio

from archisync_gui.erp import Erp
from tests.support.clock import settle


async def test_closing_the_browser_frees_the_turn_of_a_read_that_hangs() -> None:
    async def password(_: str) -> str:
        return "x"

    erp = Erp(address=lambda: "http://erp.example.test", password=password)
    over = asyncio.Event()

    async def hang() -> None:
        async with erp._using(), erp._login_lock:
            await over.wait()

    hung = asyncio.ensure_future(hang())
    await settle()
    await erp.close_browser()
    async with asyncio.timeout(5), erp._using(), erp._login_lock:
        assert not hung.done()
    over.set()
    await hung
    await erp.close()
