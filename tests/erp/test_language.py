"""The language of a session: which language the browser requests, and that records do not depend on the answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from archisync_gui.entities import INVOICES, ORDERS
from archisync_gui.erp.cells.rows import RowReader
from tests.syncs.erp_harness import USER, World, world

pytestmark = pytest.mark.one_browser


async def test_the_browser_asks_for_italian_in_three_ways(tmp_path: Path) -> None:
    """By the header for captions, by its own language for cells, and by its locale (``docs/erp.md``, Language)."""
    async with world(tmp_path) as here, here.erp.list(ORDERS, USER, (), lambda: None) as visit:
        page = visit.list.driver.page
        assert await page.evaluate("navigator.language") == "it-IT"
        assert await page.evaluate("Intl.DateTimeFormat().resolvedOptions().locale") == "it-IT"
        async with page.expect_request("**/DXX.axd*") as request:
            await page.evaluate("fetch('/Archibald/DXX.axd')")
        headers = await (await request.value).all_headers()
        assert headers["accept-language"].startswith("it")


async def _records(here: World) -> dict[str, list[dict[str, object]]]:
    found = {}
    for entity in (ORDERS, INVOICES):
        reader = RowReader(entity)
        async with here.erp.list(entity, USER, reader.fields, lambda: None) as visit:
            page = await visit.list.prepare(200)
            reader.learn(visit.list.words)
            found[entity.name] = [dict(row) for row in page.records(reader)]
    return found


async def test_a_session_in_another_language_gives_the_same_records(tmp_path: Path) -> None:
    """Decided by the header or by the user's profile: captions, presets, enum words, dates and numbers may be
    English."""
    async with world(tmp_path) as here:
        usual = await _records(here)
        for variation in ("english-session", "english-session=en"):
            here.demo.vary(variation)
            assert await _records(here) == usual, variation
            here.demo.clear_variations()
        assert all(usual.values())
