"""An agent's visit from end to end: opens the form, reads "adesso", enters five orders, leaves; the panel resumes.

Real Chromium on the running core with the demo ERP; the times are printed, never asserted.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from archisync_gui.app.core import Core
from archisync_gui.app.demo import DemoOptions
from archisync_gui.app.orchestrator_settings import rules_of
from archisync_gui.app.profile import ProfileLock, open_profile
from archisync_gui.demo_erp import DemoClock, DemoErp
from archisync_gui.drafts import Drafts
from archisync_gui.endpoint.paired_pages import PairingStore
from archisync_gui.endpoint.server import Endpoint
from archisync_gui.model import EventKind, Outcome
from archisync_gui.orchestrator import Rules
from archisync_gui.settings import Settings
from tests.endpoint.form_rig import chromium, state_of

USER = "agente01"
GRACE = Rules().grace
CRASH_EVERY = 10
"""One tab in so many crashes instead of being closed."""
VISITS = (
    pytest.param(2, 2, 2.0, 2, marks=pytest.mark.ci),
    pytest.param(100, CRASH_EVERY, GRACE, 5, marks=pytest.mark.nightly),
)
"""How many, which of them crash, the seconds after which the panel gives up a tab whose line broke, and the orders in
each: the sample waits less and enters fewer."""
SLOW = 60_000.0
"""Milliseconds for what a busy machine does late."""

SAID = """
window.said = [];
addEventListener("DOMContentLoaded", () => {
  const line = document.getElementById("freshness-text");
  if (line) new MutationObserver(() => said.push(line.textContent)).observe(line, { childList: true });
});
"""
"""What the line about the customers said, one after the other."""


class SmallDemo(DemoOptions):
    """A little of the data: what is read before a visit is not what is looked at here."""

    def erp(self) -> DemoErp:
        return DemoErp(latency=self.latency, clock=DemoClock.parse(self.clock), scale=0.03)


@dataclass
class Office:
    """A panel's core with its endpoint, and an agent's browser."""

    core: Core
    endpoint: Endpoint
    context: BrowserContext

    @property
    def demo(self) -> DemoErp:
        assert self.core.demo_erp is not None
        return self.core.demo_erp

    def clear_queue(self) -> None:
        """Nothing is to wait but what a test asks for."""
        for entry in self.core.orchestrator.get_status().queue:
            self.core.orchestrator.remove(entry.id)

    async def read(self, *types: str) -> None:
        """Whole reads."""
        for name in types:
            ticket = self.core.orchestrator.request_sync(name)
            async with asyncio.timeout(120):
                assert (await ticket).outcome is Outcome.COMPLETED


@asynccontextmanager
async def office(browser: Browser, latency: str, grace: float = GRACE) -> AsyncIterator[Office]:
    folder = Path(tempfile.mkdtemp(prefix="e2e-"))
    profile = open_profile(str(folder / "profile"), demo=True)
    lock = ProfileLock(profile)
    assert lock.acquire()
    # Each visit is to read for itself, and no type but those asked for.
    off = {f"sync.{name}.interval": 0 for name in ("customers", "orders", "ddt", "invoices", "prices", "products")}
    Settings().with_({"session.shared_read": 0, "sync.daily": False, **off}).save(profile.settings_file)
    core = await Core.open(profile, demo=SmallDemo(latency, "stopped"), attended=True)
    core.orchestrator.set_rules(replace(rules_of(core.settings, attended=True, demo=core.profile.demo), grace=grace))
    drafts = await Drafts.open(profile.folder, clock=core.clock)
    pages = PairingStore(profile.folder / "pages.json", clock=core.clock)
    endpoint = Endpoint(
        core.orchestrator,
        core.store,
        drafts,
        pages,
        profile_id=profile.id,
        port=0,
        demo=True,
        version="test",
        form_opened=core.expect_form,
    )
    await endpoint.start()
    try:
        made = Office(core, endpoint, await browser.new_context(locale="it-IT"))
        made.clear_queue()
        yield made
    finally:
        for context in browser.contexts:
            await context.close()
        await endpoint.stop()
        await drafts.close()
        await core.close()
        lock.release()
        shutil.rmtree(folder)


async def opened(here: Office) -> tuple[Page, float]:
    """A new tab with the order form, and the seconds until it says that the customers are those of now."""
    page = await here.context.new_page()
    page.set_default_timeout(SLOW)
    began = time.perf_counter()
    await page.goto(here.endpoint.order_form_url())
    await state_of(page, "fresh").wait_for()
    await expect(page.locator("#freshness-text")).to_contain_text("Nuovi clienti: adesso")
    return page, time.perf_counter() - began


async def orders_of(page: Page, customer: str, articles: list[str]) -> None:
    """One of each article, by keyboard alone."""
    before = await page.locator("#saved").text_content()
    for article in articles:
        await expect(page.locator("#customer")).to_be_focused()
        await page.keyboard.type(customer)
        await expect(page.locator("[role=option]").first).to_contain_text(customer)
        await page.keyboard.press("Enter")
        await expect(page.locator("#product")).to_be_focused()
        await page.keyboard.type(article)
        await page.keyboard.press("Enter")
        await expect(page.locator("#quantity")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.locator("#lines tr")).to_have_count(1)
        await page.keyboard.press("Control+Enter")
        await expect(page.locator("#lines tr")).to_have_count(0)
        await expect(page.locator("#saved")).not_to_have_text(before or "")
        before = await page.locator("#saved").text_content()


async def left(here: Office, page: Page, *, crash: bool) -> float:
    """Close the tab, or let it crash, and say after how many seconds the panel goes on with what had to wait."""
    orchestrator = here.core.orchestrator
    resumed = asyncio.Event()
    stop = orchestrator.subscribe(
        lambda e: resumed.set() if e.kind is EventKind.SYNC_STARTED and e.data.type == "invoices" else None
    )
    ticket = orchestrator.request_sync("invoices")
    assert orchestrator.get_status().smart_customer_sync_active
    assert not resumed.is_set()
    began = time.perf_counter()
    if crash:
        with pytest.raises(Exception, match="crash"):
            await page.goto("chrome://crash")
    await page.close()
    async with asyncio.timeout(60):
        await resumed.wait()
    took = time.perf_counter() - began
    stop()
    async with asyncio.timeout(120):
        assert (await ticket).outcome is Outcome.COMPLETED
    assert not orchestrator.get_status().smart_customer_sync_active
    return took


async def visits(here: Office, count: int, crash_every: int = CRASH_EVERY, each: int = 5) -> Iterator[str]:
    """So many visits with so many orders each, one after the other; lines that say how long things took."""
    await here.read("customers", "products", "prices")
    articles = [row.key for row in (await here.core.store.rows("products", USER, limit=each)).rows]
    view = here.demo.get_preferences(USER, "customers")
    opening, orders, closing, crashing = [], [], [], []
    for number in range(count):
        # In letters: digits would be found in other customers' numbers.
        name = "Studio " + "".join("abcdefghij"[int(digit)] for digit in f"{number:04}").title()
        here.demo.insert("customers", USER, NAME=name)
        page, took = await opened(here)
        opening.append(took)
        began = time.perf_counter()
        await orders_of(page, name, articles)
        orders.append(time.perf_counter() - began)
        crash = number % crash_every == crash_every - 1
        (crashing if crash else closing).append(await left(here, page, crash=crash))
        assert here.demo.get_preferences(USER, "customers") == view
    assert not [action for action in here.demo.actions if action.writes]
    return iter(
        f"{what}: {len(s)} times, median {s[len(s) // 2]:.2f} s, most {s[-1]:.2f} s"
        for what, s in (
            ("form opened until «Nuovi clienti: adesso»", sorted(opening)),
            (f"{each} orders by keyboard", sorted(orders)),
            ("tab closed until the panel went on", sorted(closing)),
            ("tab crashed until the panel went on", sorted(crashing)),
        )
        if s
    )


@pytest.mark.parametrize(("count", "crash_every", "grace", "each"), VISITS)
async def test_an_agents_visits(
    count: int, crash_every: int, grace: float, each: int, capsys: pytest.CaptureFixture[str]
) -> None:
    expect.set_options(timeout=SLOW)
    async with chromium() as browser, office(browser, "0.05", grace) as here:
        said = await visits(here, count, crash_every, each)
    with capsys.disabled():
        print("", *said, sep="\n  ")


@pytest.mark.real
async def test_an_agents_visits_at_the_real_erps_speed(capsys: pytest.CaptureFixture[str]) -> None:
    expect.set_options(timeout=SLOW)
    async with chromium() as browser, office(browser, "real") as here:
        said = [*await visits(here, CRASH_EVERY)]
        await here.context.add_init_script(SAID)
        for what in ("the ERP's session", "the ERP's session and the browser"):
            await here.core.erp.forget(USER)
            if "browser" in what:
                await here.core.erp.close()
            page, took = await opened(here)
            said.append(f"form opened until «Nuovi clienti: adesso», without {what}: {took:.2f} s")
            shown = await page.evaluate("said")
            assert any("accesso all’ERP" in text for text in shown), shown
            await left(here, page, crash=False)
    with capsys.disabled():
        print("", *said, sep="\n  ")
