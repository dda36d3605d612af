"""The real orchestrator, store and endpoint with a scripted ERP, and real Chromium tabs on them; no test."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import web
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Route, async_playwright, expect

from archisync_gui import messages
from archisync_gui.drafts import BrowserKeys
from archisync_gui.endpoint.gate import Limits
from archisync_gui.endpoint.paired_pages import Access
from archisync_gui.entities import ENTITIES
from archisync_gui.erp.launch import DISABLED_FEATURES
from archisync_gui.model import (
    Account,
    FailureKind,
    Finished,
    Outcome,
    Progress,
    RunControl,
    Scope,
    SessionView,
    Suspended,
    SyncFailure,
)
from archisync_gui.orchestrator import Orchestrator, Rules
from archisync_gui.store import Batch, Store
from tests.endpoint import office as offices
from tests.endpoint.office import Office
from tests.support.browsers import installed
from tests.support.ports import free_port
from tests.support.waiting import until

NO_SUGGESTIONS = f"--disable-features={','.join(DISABLED_FEATURES)}"
"""Without the process in which Chromium prepares its address bar: a third of the CPU of a start."""

# A bound for a test that fails, generous for machines under load; Playwright's own is 5 s.
expect.set_options(timeout=60_000)

REFUSED_FRAME = re.compile(r"(?:Framing|Refused to (?:frame|display)) '(http://[^']*)'")
"""What Chromium says of a page that may not be shown in a frame; the group is its address, of which it names the origin
only."""

RULES = Rules(schedule=False, office=None, daily_full=None, grace=0.7, shared_read=0.0)
"""The law's numbers but for a short grace, and every opening reads anew."""


class ScriptedErp:
    """A runner: fast reads bring one new customer each, whole reads turn page after page until told to stop."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.new = 0
        self.read: list[tuple[str, str, str]] = []
        """Type, scope and account of each run, in the order they began or went on."""
        self.pages: list[int] = []
        """Pages of products as they were read."""
        self.fast = asyncio.Event()
        """Fast reads wait for it."""
        self.fast.set()
        self.whole = asyncio.Event()
        """Whole reads turn pages until it is set."""
        self.failure: SyncFailure | None = None

    async def __call__(self, control: RunControl) -> Finished | Suspended:
        run = control.run
        self.read.append((run.type, run.scope.value, run.account))
        as_of = datetime.now(UTC)
        if run.scope is Scope.ALL and run.type != "customers":
            return await self._whole(control, as_of)
        if run.scope is Scope.ALL:
            return Finished(Outcome.COMPLETED, as_of, rows=6)
        await self.fast.wait()
        if self.failure is not None:
            raise self.failure
        self.new += 1
        declared = next(e for e in ENTITIES if e.name == "customers")
        row = {c.name: None for c in declared.columns} | {
            "id": str(60000 + self.new),
            "account_num": f"C{60000 + self.new}",
            "name": f"Nuovo Cliente {self.new}",
            "city": "Mestre",
        }
        batch = Batch(f"fast-{self.new}", as_of, [row], whole=False, clean=True)
        delta = await self._store.apply("customers", run.account, batch)
        return Finished(Outcome.COMPLETED, as_of, rows=1, added=delta.added)

    async def _whole(self, control: RunControl, as_of: datetime) -> Finished | Suspended:
        page = control.resume if isinstance(control.resume, int) else 0
        while not self.whole.is_set():
            if control.suspend_requested():
                return Suspended(page, Progress(page=page))
            page += 1
            self.pages.append(page)
            control.progress(Progress(page=page, pages=1000, rows=page * 100))
            await asyncio.sleep(0.02)
        return Finished(Outcome.COMPLETED, as_of, rows=page * 100)


def unreachable() -> SyncFailure:
    """What a fast read says when the ERP does not answer."""
    return SyncFailure("erp-unreachable", FailureKind.PERMANENT)


@dataclass
class Between:
    """Stands between pages and the panel and lets everything pass until it is told what to do instead. It is there
    before the page: Chromium tells a page that is open of a new route late, and under load requests passed by it."""

    instead: Callable[[Route], Awaitable[object]] | None = None

    async def __call__(self, route: Route) -> None:
        await (self.instead(route) if self.instead else route.continue_())


@dataclass
class Rig:
    """Everything at work, and the browser."""

    office: Office
    orchestrator: Orchestrator
    erp: ScriptedErp
    browser: Browser
    context: BrowserContext
    site: str
    """Origin of a foreign page, served from another port."""
    problems: list[str] = field(default_factory=list)
    """What pages complained of."""

    def served_at(self, *ports: int) -> None:
        """Another panel of this user, started later, serves the form on these ports too."""
        for port in ports:
            BrowserKeys(self.office.folder / "order-form.json").open(port)

    async def between(self, url: str, context: BrowserContext | None = None, *, patient: bool = False) -> Between:
        """Stand between pages opened from now on and that part of the panel. ``patient``: their calls have no deadline,
        for a test that keeps answers back until it has done something else."""
        made = Between()
        if patient:
            await (context or self.context).add_init_script(NO_DEADLINES)
        await (context or self.context).route(url, made)
        return made

    @property
    def sessions(self) -> tuple[SessionView, ...]:
        # Asked one by one: a status is made once per event, and a line that comes up is none.
        views = [self.orchestrator.session(s.handle) for s in self.orchestrator.get_status().sessions]
        return tuple(view for view in views if isinstance(view, SessionView))

    async def open_sessions(self, count: int, *, connected: bool = True) -> None:
        """Wait until exactly so many sessions are open, each with its line."""
        await until(lambda: len(self.sessions) == count and all(s.connected or not connected for s in self.sessions))

    async def move_on(self, seconds: float) -> None:
        """Have that much time pass, once no customers are being read: such a read would seem to stand still."""

        def calm() -> bool:
            status = self.orchestrator.get_status()
            return status.current_sync != "customers" and all(e.type != "customers" for e in status.queue)

        await until(calm)
        self.office.clock.ahead += seconds

    async def tab(self, url: str, context: BrowserContext | None = None) -> Page:
        """A new tab; what it complains of is kept."""
        page = await (context or self.context).new_page()
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", self._console)
        page.on("dialog", lambda dialog: self.problems.append(f"dialog {dialog.message}"))
        await page.goto(url)
        return page

    def _console(self, message: ConsoleMessage) -> None:
        """Keep errors, but for those about a server of a test beside this one: the form looks for the panel, and for
        orders stored under other ports, at the neighbouring ports too."""
        address = str(message.location.get("url", ""))
        ours = (f"{self.office.endpoint.url}/", f"{self.site}/")
        framed = REFUSED_FRAME.match(message.text)
        of_stranger = not framed[1].startswith(ours) if framed else message.text.startswith("Failed to load resource")
        if message.type == "error" and (address.startswith(ours) or not of_stranger):
            self.problems.append(f"{message.text} at {address}")

    async def form(self, account: str | None = None, context: BrowserContext | None = None) -> Page:
        """Our order form as the panel opens it, in its session."""
        page = await self.tab(self.office.endpoint.order_form_url(account), context)
        await page.locator("#freshness[data-state=fresh]").wait_for()
        return page

    async def foreign(self, name: str = "page") -> Page:
        """A tab of the foreign site."""
        return await self.tab(f"{self.site}/{name}.html")

    def paired_with(self, *scopes: Access, account: str | None = None) -> str:
        """A token for the foreign site."""
        return self.office.let_in(self.site, *scopes, account=account)


FOREIGN_PAGE = """<!doctype html><title>foreign</title><link rel="icon" href="data:,">
<script src="/archisync-client.js"></script><input id="field">
<script>
  addEventListener("pageshow", (event) => { window.persisted = event.persisted; });
  function start(base, token, more) {
    window.session = Archisync.openSession({ base, token, label: "Modulo <b>estraneo</b>", ...more });
    window.ended = []; window.states = [];
    session.onEnded((end) => ended.push(end.reason));
    session.onChange((f) => states.push(f.state));
    return session.ready.then((f) => f.state);
  }
</script>"""


NO_DEADLINES = "AbortSignal.timeout = () => new AbortController().signal"
"""Takes the deadlines from a page's calls: a busy computer answers later than a page waits."""


@asynccontextmanager
async def foreign_site() -> AsyncIterator[str]:
    """Another local server with a page that uses the client. As ``localhost`` it is another *site* than 127.0.0.1."""
    client = (messages.resources() / "web" / "archisync-client.js").read_text(encoding="utf-8")

    async def page(request: web.Request) -> web.Response:
        return web.Response(text=FOREIGN_PAGE, content_type="text/html")

    async def script(request: web.Request) -> web.Response:
        return web.Response(text=client, content_type="text/javascript")

    app = web.Application()
    app.router.add_get("/archisync-client.js", script)
    app.router.add_get("/{name}.html", page)
    runner = web.AppRunner(app, handle_signals=False, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "localhost", port).start()
    try:
        yield f"http://localhost:{port}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def chromium(temporary: str | None = None) -> AsyncIterator[Browser]:
    """A real browser with its back/forward cache, which Playwright switches off. ``temporary``: where it puts its own
    files, for one that will be killed and cannot tidy up."""
    async with async_playwright() as playwright:
        root = hasattr(os, "geteuid") and os.geteuid() == 0
        browser = await playwright.chromium.launch(
            **installed(),
            chromium_sandbox=not root,
            args=["--disable-gpu", "--no-first-run", NO_SUGGESTIONS],
            env={**os.environ, "TMPDIR": temporary} if temporary else None,
            ignore_default_args=["--disable-back-forward-cache"],
        )
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def rig(
    folder: Path, browser: Browser, *, rules: Rules = RULES, limits: Limits | None = None
) -> AsyncIterator[Rig]:
    """Everything at work in ``folder``, with a fresh browser profile."""
    clock = offices.TestClock()
    store = await offices.stocked(folder, clock)
    erp = ScriptedErp(store)
    accounts = [Account("agente1", catalogue=True), Account("agente2")]
    orchestrator = Orchestrator([e.spec for e in ENTITIES], erp, accounts, store.journal, clock=clock, rules=rules)
    await orchestrator.start()
    try:
        running = offices.running(folder, orchestrator, store=store, clock=clock, limits=limits)
        async with running as office, foreign_site() as site:
            made = Rig(office, orchestrator, erp, browser, await browser.new_context(locale="it-IT"), site)
            try:
                yield made
            finally:
                for context in browser.contexts:
                    await context.close()
    finally:
        erp.whole.set()
        erp.fast.set()
        await orchestrator.close(5.0)
        await store.close()


def state_of(page: Page, state: str) -> Any:
    """The order form's freshness when it is in that state."""
    return page.locator(f"#freshness[data-state={state}]")


async def article(page: Page, text: str, quantity: str) -> None:
    """Add an article by keyboard; the form is in the article box."""
    count = await page.locator("#lines tr").count()
    await page.keyboard.type(text)
    await page.keyboard.press("Enter")
    await expect(page.locator("#quantity")).to_be_focused()
    await page.keyboard.type(quantity)
    await page.keyboard.press("Enter")
    await expect(page.locator("#lines tr")).to_have_count(count + 1)


SCAN = """(code) => {
  const field = document.getElementById("product");
  let at = performance.now();
  field.focus();
  for (const key of [...code, "Enter"]) {
    at += 8;  // milliseconds: what a computer under load delivers late still bears the time of the key
    const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true });
    Object.defineProperty(event, "timeStamp", { value: at });
    field.dispatchEvent(event);
    if (key === "Enter") break;
    field.value += key;
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }
}"""
"""A scanner's digits and Enter in the article box, inside the page: keys every 8 ms, whatever the load."""
