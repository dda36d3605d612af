"""A pytest plugin: all tests of a module share one Chromium, each with contexts of its own. Starting the driver and a
browser costs 0.9 s of CPU, a new context almost nothing.

A module takes part with ``pytestmark = pytest.mark.one_browser``. Its asynchronous tests then run on one loop of the
module, since Playwright's objects belong to the loop on which they were made; asynchronous fixtures that they use need
``loop_scope="module"``. A test there with an ``asyncio`` or ``qasync`` mark keeps a loop and a browser of its own.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import pytest
import pytest_asyncio

from archisync_gui.erp.browser import Browser
from archisync_gui.erp.launch import FLAGS, quietly
from tests.support.browsers import installed

if TYPE_CHECKING:
    from playwright.async_api import Browser as Chromium
    from playwright.async_api import Playwright


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(collector: pytest.Collector, name: str, obj: object) -> None:
    """Run the asynchronous tests of a module with the mark on the module's loop."""
    if not name.startswith("test") or not inspect.iscoroutinefunction(obj) or not hasattr(collector, "iter_markers"):
        return
    own = {mark.name for mark in getattr(obj, "pytestmark", [])}
    if next(collector.iter_markers("one_browser"), None) is not None and not own & {"asyncio", "qasync"}:
        pytest.mark.asyncio(loop_scope="module")(obj)
        pytest.mark.usefixtures("one_browser")(obj)


async def threads_ready(count: int = 4) -> None:
    """Start the threads of the loop's executor before the first test. They live as long as the loop, which outlives a
    test, and would otherwise count as a leak of the test that used them first."""
    executor = ThreadPoolExecutor(count)
    asyncio.get_running_loop().set_default_executor(executor)
    meeting = threading.Barrier(count)
    await asyncio.gather(*(asyncio.to_thread(meeting.wait) for _ in range(count)))


class OneBrowser:
    """The browser of a module; started when first needed, and again after a test has killed it."""

    def __init__(self, playwright: Playwright) -> None:
        self._playwright = playwright
        self._chromium: Chromium | None = None

    async def chromium(self) -> Chromium:
        """The running browser, started if necessary."""
        if self._chromium is None or not self._chromium.is_connected():
            root = hasattr(os, "geteuid") and os.geteuid() == 0
            self._chromium = await self._playwright.chromium.launch(
                **installed(), chromium_sandbox=not root, args=list(FLAGS)
            )
        return self._chromium

    async def close(self) -> None:
        """End the browser."""
        if self._chromium is not None:
            await quietly(self._chromium.close())

    def lend(self, to: Browser) -> None:
        """Let ``to`` open its contexts here instead of starting a browser; ending ``to`` closes only its contexts."""

        async def start() -> None:
            to._chromium = await self.chromium()

        async def end() -> None:
            contexts = list(to._contexts.values())
            to._chromium = None
            to._contexts.clear()
            to._pages.clear()
            for context in contexts:
                await quietly(context.close())

        setattr(to, "_start", start)  # noqa: B010  (a method of that one object)
        setattr(to, "_end", end)  # noqa: B010


_by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, OneBrowser] = WeakKeyDictionary()


def of_this_loop() -> OneBrowser | None:
    """The shared browser of the running loop; ``None`` where each test starts its own."""
    return _by_loop.get(asyncio.get_running_loop())


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def one_browser() -> AsyncIterator[OneBrowser]:
    """The browser of the module."""
    from playwright.async_api import async_playwright

    await threads_ready()
    async with async_playwright() as playwright:
        browser = OneBrowser(playwright)
        _by_loop[asyncio.get_running_loop()] = browser
        try:
            yield browser
        finally:
            await browser.close()
