"""An abandoned read that ends late (rule 26) does not affect browser, pages and lists of the next read."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from archisync_gui.entities import CUSTOMERS, Entity
from archisync_gui.erp.failures import SessionExpired, transient
from archisync_gui.erp.lists.list_view import ListView
from archisync_gui.model import SyncFailure
from tests.support.waiting import until
from tests.syncs.erp_harness import USER, World, world

pytestmark = pytest.mark.one_browser

FIELDS = tuple(dict.fromkeys(column.field_name for column in CUSTOMERS.columns))

ENDS: dict[str, BaseException | None] = {
    "well": None,
    "suspended": None,
    "cancelled": asyncio.CancelledError(),
    "failed": transient("erp-slow", step="read"),
    "lost": transient("browser-lost", step="read"),
    "expired": SessionExpired(),
}


TOUCHED = ("well", "cancelled", "lost")
"""The ends of reads that have changed the view; after the others there is nothing to restore."""

KEY = USER, CUSTOMERS.path


def opened(here: World, entity: Entity, quick: bool) -> Any:
    if quick:
        return here.erp.quick_list(entity, USER, FIELDS, lambda: None, leave_open=True)
    return here.erp.list(entity, USER, FIELDS, lambda: None)


@pytest.mark.parametrize("quick", [False, True], ids=["whole", "quick"])
async def test_an_abandoned_read_that_ends_late_does_not_affect_the_next_one(tmp_path: Path, quick: bool) -> None:
    async with world(tmp_path, open_until=lambda: here.erp.clock.now()) as here:
        await here.sync("customers")
        before = here.demo.get_preferences(USER, "customers")
        for end, error in ENDS.items():
            may_end, is_open = asyncio.Event(), asyncio.Event()

            async def abandoned(
                end: str = end,
                error: BaseException | None = error,
                may_end: asyncio.Event = may_end,
                is_open: asyncio.Event = is_open,
            ) -> None:
                async with opened(here, CUSTOMERS, quick) as visit:
                    if end in TOUCHED:
                        await visit.list.prepare(20)
                    is_open.set()
                    await may_end.wait()
                    visit.suspended = end == "suspended"
                    if error is not None:
                        raise error

            late = asyncio.ensure_future(abandoned())
            await is_open.wait()
            await here.erp.close_browser()
            async with opened(here, CUSTOMERS, quick) as visit:
                page = visit.list.driver.page
                here.erp._left_open.keep(KEY)  # as after an earlier read for a form
                may_end.set()
                with suppress(SyncFailure, SessionExpired, asyncio.CancelledError):
                    await late
                await asyncio.sleep(0)  # its background work begins
                assert not page.is_closed(), end
                assert here.erp._browser.running, end
                assert here.erp._timer._timer is None, f"{end}: the browser counts as unused"
                assert page in here.erp._browser._pages.values(), end
                assert KEY in here.erp._left_open, end
                assert await here.erp.user_views.is_saved(*KEY), (
                    f"{end}: the view that the next read will change is not saved"
                )
                read = await visit.list.prepare(20)
                assert read.rows, end
            assert await here.erp.settled() == set()
            if quick:
                assert KEY in here.erp._left_open, end
            await here.sync("invoices")
            assert here.demo.get_preferences(USER, "customers") == before, end
            assert not here.erp._turn.is_taken


async def test_an_abandoned_restoration_that_ends_late_does_not_affect_the_next_read(tmp_path: Path) -> None:
    async with world(tmp_path, open_until=lambda: here.erp.clock.now()) as here:
        await here.sync("customers")
        may_end, begun, restore = asyncio.Event(), asyncio.Event(), here.erp.user_views.restore

        async def once(account: str, view: ListView) -> None:
            setattr(here.erp.user_views, "restore", restore)  # noqa: B010  (a method of that one object)
            begun.set()
            await may_end.wait()
            await restore(account, view)

        setattr(here.erp.user_views, "restore", once)  # noqa: B010
        async with opened(here, CUSTOMERS, quick=True) as visit:
            await visit.list.prepare(20)
        await begun.wait()
        await here.erp.close_browser()
        async with opened(here, CUSTOMERS, quick=True) as visit:
            page = visit.list.driver.page
            here.erp._left_open.keep(KEY)
            may_end.set()
            await until(lambda: len(here.erp._background._tasks) == 0)
            assert not page.is_closed()
            assert KEY in here.erp._left_open
