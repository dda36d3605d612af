"""Fixtures for the demo ERP's own tests: small running ERPs, a plain HTTP visitor and a Chromium page."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from demo_visitor import Visitor
from playwright.async_api import Page, async_playwright, expect

from archisync_gui.demo_erp import DemoErp
from archisync_gui.erp.launch import DISABLED_FEATURES
from tests.support.browsers import installed

# A bound for a test that fails, generous for machines under load; Playwright's own is 5 s.
expect.set_options(timeout=60_000)

Starter = Callable[..., Awaitable[DemoErp]]


@pytest.fixture
async def start_erp() -> AsyncIterator[Starter]:
    """Start demo ERPs (small unless told otherwise) that end with the test."""
    running: list[DemoErp] = []

    async def start(**options: Any) -> DemoErp:
        erp = DemoErp(**{"scale": 0.05, **options})
        running.append(erp)
        await erp.start()
        return erp

    yield start
    for erp in running:
        await erp.stop()


@pytest.fixture
async def erp(start_erp: Starter) -> DemoErp:
    """One small demo ERP with its clock stopped."""
    return await start_erp()


@pytest.fixture
async def visit() -> AsyncIterator[Callable[[DemoErp], Visitor]]:
    """Make independent visitors of a running demo ERP."""
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


@pytest.fixture
async def open_page() -> AsyncIterator[Callable[..., Awaitable[Page]]]:
    """Open Chromium pages in contexts of their own, by default Italian and wide enough for the toolbar."""
    async with async_playwright() as playwright:
        root = hasattr(os, "geteuid") and os.geteuid() == 0
        browser = await playwright.chromium.launch(
            **installed(),
            chromium_sandbox=not root,
            args=[f"--disable-features={','.join(DISABLED_FEATURES)}"],  # a third of the CPU of a start
        )

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
        await browser.close()


@pytest.fixture
async def pages(open_page):
    """Open pages that fail the test on any script error."""
    errors = []

    async def open_(erp, path, **options):
        page = await open_page(erp, path, **options)
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield open_
    assert errors == []
