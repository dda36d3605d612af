"""A page of the ERP that hangs (a script in an endless loop) or is slow for long does not block later reads."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from archisync_gui.entities import CUSTOMERS, INVOICES
from archisync_gui.erp.driver.page_driver import LIMIT, PageDriver
from archisync_gui.erp.lists import list_view
from archisync_gui.erp.lists.list_view import ListView
from archisync_gui.model import Finished, Origin, Outcome, Scope, SyncFailure
from archisync_gui.orchestrator.rules import Rules
from archisync_gui.syncs.reading import REPEAT_AFTER
from tests.support.clock import VirtualClock
from tests.support.waiting import until
from tests.syncs.erp_harness import QUICK, USER, World, world

pytestmark = pytest.mark.one_browser

BOUND = 60.0
"""Seconds; without this limit a failing test would never end."""

WATCHDOG = Rules().watchdog


async def hang(driver: PageDriver) -> None:
    """Make the page hang; later calls to it get a short time limit."""
    await driver.page.evaluate("() => { setTimeout(() => { for (;;); }, 0); }")
    driver.limit = 0.5


def hanging_at(monkeypatch: pytest.MonkeyPatch, function: str) -> list[PageDriver]:
    """Make the first page hang that calls this function of the page scripts."""
    call: Callable[..., Awaitable[Any]] = PageDriver._call
    hung: list[PageDriver] = []

    async def hanging(driver: PageDriver, name: str, *given: Any, **more: Any) -> Any:
        if name == function and not hung:
            hung.append(driver)
            await hang(driver)
        return await call(driver, name, *given, **more)

    monkeypatch.setattr(PageDriver, "_call", hanging)
    return hung


def restoring(here: World, instead: Callable[[ListView], Awaitable[None]]) -> None:
    """Call ``instead`` before the next view is restored."""
    restore = here.erp.user_views.restore

    async def once(account: str, view: ListView) -> None:
        setattr(here.erp.user_views, "restore", restore)  # noqa: B010  (a method of that one object)
        await instead(view)
        await restore(account, view)

    setattr(here.erp.user_views, "restore", once)  # noqa: B010


async def form(here: World) -> None:
    """A form's read, without the following restoration of the view."""
    ended = await here.runner(here.control("customers", Scope.NEW, origin=Origin.ORDER_FORM))
    assert isinstance(ended, Finished)


async def test_a_page_that_hangs_while_the_view_is_restored_stops_no_later_read(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        await here.sync("customers")
        before = here.demo.get_preferences(USER, "customers")
        restoring(here, lambda view: hang(view.driver))
        await form(here)
        assert here.demo.get_preferences(USER, "customers") != before
        control = here.control("customers")
        async with asyncio.timeout(BOUND):
            whole = await here.runner(control)
        assert isinstance(whole, Finished)
        assert (whole.outcome, control.logins) == (Outcome.COMPLETED, 0)
        assert here.demo.get_preferences(USER, "customers") == before, "the next visit has not restored the view"


async def test_an_endless_restoration_is_ended_and_done_later(tmp_path: Path) -> None:
    async with world(tmp_path, limits=replace(QUICK, background=0.2)) as here:
        await here.sync("customers")
        before = here.demo.get_preferences(USER, "customers")

        async def for_ever(view: ListView) -> None:
            while True:
                view.driver.on_step()
                await asyncio.sleep(0.01)

        restoring(here, for_ever)
        await form(here)
        async with asyncio.timeout(BOUND):
            assert (await here.sync("orders")).outcome is Outcome.COMPLETED
        assert here.demo.get_preferences(USER, "customers") == before


async def test_a_read_that_waits_for_a_slow_restoration_does_not_count_as_stalled(tmp_path: Path) -> None:
    clock = VirtualClock()
    async with world(tmp_path, clock=clock) as here:
        await here.sync("customers")
        before = here.demo.get_preferences(USER, "customers")
        waits = asyncio.Event()

        async def slow(view: ListView) -> None:
            await waits.wait()
            for _ in range(4):
                await clock.advance(WATCHDOG / 3)
                view.driver.on_step()

        restoring(here, slow)
        await form(here)
        told: list[float] = []

        def progress(_: object) -> None:
            told.append(clock.monotonic())
            waits.set()

        control = here.control("orders", on_progress=progress)
        async with asyncio.timeout(BOUND):
            assert isinstance(await here.runner(control), Finished)
        assert told[-1] - told[0] > WATCHDOG
        assert max(later - earlier for earlier, later in pairwise(told)) < WATCHDOG
        assert here.demo.get_preferences(USER, "customers") == before


async def test_a_list_left_open_whose_page_hangs_is_opened_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_view, "STILL_OPEN_PATIENCE", 0.5)
    far = VirtualClock().now().replace(year=2100)
    async with world(tmp_path, open_until=lambda: far) as here:
        await here.sync("customers")
        await form(here)
        await here.erp.settled()
        page = here.erp._browser._pages[USER, CUSTOMERS.path]
        await page.evaluate("() => { setTimeout(() => { for (;;); }, 0); }")
        new = here.demo.insert("customers", USER, NAME="Studio Nuovo")
        async with asyncio.timeout(BOUND):
            await form(here)
        assert page.is_closed()
        assert new in await here.rows("customers")


async def test_a_test_of_a_password_whose_page_hangs_blocks_no_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world(tmp_path) as here:
        hung = hanging_at(monkeypatch, "login")
        async with asyncio.timeout(BOUND):
            with pytest.raises(SyncFailure, match="erp-slow"):
                await here.runner.login_test(USER, "demo")
            assert hung
            assert (await here.sync("invoices")).outcome is Outcome.COMPLETED


async def test_after_a_record_whose_page_hangs_the_next_read_gets_a_new_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world(tmp_path) as here:
        await here.sync("customers")
        hung = hanging_at(monkeypatch, "detail")
        async with asyncio.timeout(BOUND):
            with pytest.raises(SyncFailure, match="erp-slow"):
                await here.sync("customers", Scope.ONE, min(await here.rows("customers")))
            assert hung[0].page.is_closed()
            assert (await here.sync("invoices")).outcome is Outcome.COMPLETED


async def test_of_two_open_lists_one_that_hangs_blocks_no_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with world(tmp_path) as here:
        hung = hanging_at(monkeypatch, "act")
        async with asyncio.timeout(BOUND):
            assert not await here.erp.survives_another(CUSTOMERS, INVOICES, USER, lambda: None)
            assert hung[0].page.is_closed()
            assert (await here.sync("invoices")).outcome is Outcome.COMPLETED


async def test_after_a_second_restoration_that_hangs_the_next_read_gets_a_new_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world(tmp_path) as here:
        await here.sync("customers")
        before = here.demo.get_preferences(USER, "customers")
        restoring(here, lambda view: hang(view.driver))
        await form(here)
        assert await here.erp.settled(BOUND) == set()
        hung: list[PageDriver] = []
        go = PageDriver.go

        async def hanging(driver: PageDriver, path: str, limit: float) -> str:
            where = await go(driver, path, limit)
            if path == CUSTOMERS.path and not hung:
                hung.append(driver)
                await hang(driver)
            return where

        monkeypatch.setattr(PageDriver, "go", hanging)
        async with asyncio.timeout(BOUND):
            assert (await here.sync("invoices")).outcome is Outcome.COMPLETED
            await until(lambda: bool(hung))
            assert hung[0].page.is_closed()
            assert (await here.sync("invoices")).outcome is Outcome.COMPLETED
        assert here.demo.get_preferences(USER, "customers") == before


def test_a_page_is_given_up_before_its_run_is() -> None:
    """Rule 24: so the failure names the page, and a read that waits for the browser continues."""
    assert LIMIT + REPEAT_AFTER < WATCHDOG
    assert QUICK.page == LIMIT
