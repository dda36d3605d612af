"""Fixtures for the demo ERP's tests: small running ERPs, an HTTP client and a Chromium page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest_asyncio
from demo_visitor import Visitor
from playwright.async_api import Page, expect

from archisync_gui.demo_erp import DemoErp
from tests.support.one_browser import OneBrowser

# A limit for tests that fail, long enough for a machine under load; Playwright's default is 5 s.
expect.set_options(timeout=60_000)

Starter = Callable[..., Awaitable[DemoErp]]


@pytest_asyncio.fixture(loop_scope="module")
async def start_erp() -> AsyncIterator[Starter]:
    """Start demo ERPs (small by default) that end with the test."""
    running: list[DemoErp] = []

    async def start(**options: Any) -> DemoErp:
        erp = DemoErp(**{"scale": 0.05, **options})
        running.append(erp)
        await erp.start()
        return erp

    yield start
    for erp in running:
        await erp.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def erp(start_erp: Starter) -> DemoErp:
    """One small demo ERP with its clock stopped."""
    return await start_erp()


@pytest_asyncio.fixture(loop_scope="module")
async def visit() -> AsyncIterator[Callable[[DemoErp], Visitor]]:
    """Make independent HTTP sessions with a running demo ERP."""
    sessions: list[aiohttp.ClientSession] = []

    def make(erp: DemoErp, language: str = "it-IT,it;q=0.9") -> Visitor:
        session = aiohttp.ClientSession(
            cookie_jar=aiohttp.CookieJar(unsafe=True), headers={"Accept-Language": language}
        )
        sessions.append(session)
        return Visitor(erp.base_url, session)

    yield make
    for session in sessions:
        await session.close()


@pytest_asyncio.fixture(loop_scope="module")
async def open_page(one_browser: OneBrowser) -> AsyncIterator[Callable[..., Awaitable[Page]]]:
    """Open Chromium pages in contexts of their own, by default Italian and wide enough for the toolbar."""
    browser = await one_browser.chromium()

    async def open_(erp: DemoErp, path: str, **options: Any) -> Page:
        context = await browser.new_context(
            **{"locale": "it-IT", "viewport": {"width": 1440, "height": 900}, **options}
        )
        context.set_default_timeout(60_000)
        page = await context.new_page()
        await page.goto(f"{erp.base_url}/{path}", wait_until="domcontentloaded")
        await page.fill('input[id*="dviUserName_Edit_I"]', "agente01")
        await page.fill('input[id*="dviPassword_Edit_I"]', "demo")
        await page.click("#Logon_PopupActions_Menu_DXI0_T")
        await page.wait_for_url(lambda url: "Login.aspx" not in url.split("?")[0], wait_until="domcontentloaded")
        return page

    yield open_
    for context in browser.contexts:
        await context.close()


@pytest_asyncio.fixture(loop_scope="module")
async def pages(open_page):
    """Open pages that fail the test on any script error."""
    errors = []

    async def open_(erp, path, **options):
        page = await open_page(erp, path, **options)
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield open_
    assert errors == []
