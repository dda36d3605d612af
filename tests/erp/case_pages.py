"""Serves small pages, each with one peculiarity of the ERP, and opens them in one browser."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from archisync_gui.entities.declaration import Column, Entity, FilterWish, Kind
from archisync_gui.erp import Browser
from archisync_gui.erp.driver.page_driver import Look, PageDriver, ReadPlan
from archisync_gui.erp.driver.session import Limits
from archisync_gui.erp.lists.list_view import ListView
from archisync_gui.erp.lists.ways import ReadingWays
from archisync_gui.model import SyncFailure, SyncTypeSpec, SystemClock

FOLDER = Path(__file__).with_name("cases")
FIELDS = ("ID", "NAME", "STATUS")
PATH = "CASE_ListView/"
OTHER_PATHS = ("OTHER_ListView/", "Login.aspx", "Error.aspx")
"""Other addresses at which the same page is served."""
LIMITS = Limits(open=10, callback=3, paint=0.3, values=1.0, dialog=2, restore=5)

SMALL = Entity(
    spec=SyncTypeSpec("case", priority=1, interval=30, stagger=0),
    it="Caso",
    en="Case",
    path=PATH,
    columns=(
        Column("ID", "id", "ID", "ID", Kind.ID),
        Column("NAME", "name", "NOME", "Name", optional=True),
        Column("STATUS", "status", "STATO", "Status", optional=True),
    ),
    key=("id",),
    natural_key=("name",),
)
WITH_PRESET = Entity(
    spec=SMALL.spec,
    it=SMALL.it,
    en=SMALL.en,
    path=PATH,
    columns=SMALL.columns,
    key=SMALL.key,
    natural_key=SMALL.natural_key,
    filter=FilterWish("packingslips", ("packingslipsall",), ("Tutti", "All")),
)


class _Session:
    """The part of a session that a list view needs: the current page."""

    limits = LIMITS

    def __init__(self, driver: PageDriver) -> None:
        self._driver = driver

    async def open(self, path: str, on_login: Callable[[], None]) -> PageDriver:
        await self._driver.go(path, LIMITS.open)
        return self._driver

    async def driver(self) -> PageDriver:
        return self._driver


@dataclass
class CasePages:
    """One browser page, in which cases are opened one after the other."""

    driver: PageDriver
    shown: dict[str, str] = field(default_factory=dict)
    """``name``: the case that is served; ``cache``: its ``Cache-Control`` header; ``status``: its HTTP status;
    ``redirect``: the address to which every request is redirected, except requests for ``localhost``."""

    async def open(self, name: str, script: str = "") -> PageDriver:
        """Open a case; ``script`` runs when it has loaded."""
        self.shown["name"] = name
        await self.driver.go(PATH, 10)
        if script:
            await self.run(script)
        return self.driver

    async def run(self, script: str, given: Any = None) -> Any:
        """Run a script of the test in the page."""
        return await self.driver.page.evaluate(script, given)

    async def cells(self, *fields: str) -> dict[str, Any]:
        """Read the page by its cells."""
        plan = ReadPlan("cells", fields or FIELDS, 1.0)
        answer = await self.driver.turn(None, plan, 3, 0.3)
        page: dict[str, Any] = answer["page"]
        return page

    async def state(self) -> dict[str, Any]:
        """The page's report of its view."""
        found: dict[str, Any] = await self.driver.look(Look.STATE)
        return found

    async def view(self, name: str, entity: Entity = SMALL) -> ListView:
        """Open the case as a list view, as a read does."""
        self.shown["name"] = name
        session: Any = _Session(self.driver)
        fields = tuple(dict.fromkeys(column.field_name for column in entity.columns))
        return await ListView.open(session, entity, fields, SystemClock(), ReadingWays(), lambda: None)


PLAIN = "19-no-visible-index"
BY_CELL = (("1", "Rossi", "Open"), ("2", "Bianchi", "Closed"))
"""The rows of ``PLAIN``, read by cells."""
GIVEN_UP = f"""const real = window.setTimeout.bind(window);
    window.given_up = 0;
    const limit = {LIMITS.paint * 1000};
    window.setTimeout = (handler, ms) => real(() => {{ given_up += ms === limit; handler(); }}, ms);"""
"""A script that counts in ``given_up`` how often rows or texts were waited for until the time limit."""


async def opened(cases: CasePages, script: str, entity: Entity = SMALL) -> ListView:
    """A list of two rows; ``script`` makes its page misbehave."""
    view = await cases.view(PLAIN, entity)
    await cases.run(f"() => {{ {script} }}")
    await view.look()
    return view


async def refusal(step: Awaitable[Any]) -> tuple[str, str]:
    """The code and the details of the failure that a step raises."""
    with pytest.raises(SyncFailure) as caught:
        await step
    return caught.value.code, str(caught.value.params.get("found", caught.value.params.get("rows", "")))


Check = Callable[[CasePages], Awaitable[None]]


def checks_of(module: Mapping[str, Any]) -> list[Check]:
    """The checks of a test module (its ``globals()``): all coroutine functions that it defines, except tests and
    functions whose names begin with an underscore."""
    own = (item for item in module.values() if getattr(item, "__module__", "") == module["__name__"])
    return [f for f in own if inspect.iscoroutinefunction(f) and not f.__name__.startswith(("test_", "_"))]


async def run_checks(checks: Sequence[Check]) -> None:
    """Run checks in one browser, since starting one takes longer than a check. A failure names its check."""
    assert checks
    wrong = []
    async with case_pages() as cases:
        for check in checks:
            try:
                await check(cases)
            except (Exception, pytest.fail.Exception) as error:
                wrong.append(f"{check.__name__}: {type(error).__name__}: {error}")
    assert not wrong, "\n\n".join(wrong)


@asynccontextmanager
async def case_pages() -> AsyncIterator[CasePages]:
    """Serve the cases on the loopback interface and start the browser."""
    shown: dict[str, str] = {}

    async def page(request: web.Request) -> web.Response:
        if "redirect" in shown and not request.host.startswith("localhost"):
            raise web.HTTPFound(shown["redirect"])
        text = (FOLDER / f"{shown['name']}.html").read_text("utf-8")
        status = int(shown.get("status", "200"))
        headers = {"Cache-Control": shown["cache"]} if "cache" in shown else None
        return web.Response(text=text, content_type="text/html", headers=headers, status=status)

    async def script(request: web.Request) -> web.Response:
        return web.Response(text=(FOLDER / "mini.js").read_text("utf-8"), content_type="text/javascript")

    app = web.Application()
    for path in (PATH, *OTHER_PATHS):
        app.router.add_get(f"/Archibald/{path}", page)
    app.router.add_get("/Archibald/{tail:(.*/)?mini.js}", script)
    runner = web.AppRunner(app, handle_signals=False, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    browser = Browser()
    try:
        driver = PageDriver(await browser.page("case"), f"http://127.0.0.1:{runner.addresses[0][1]}/Archibald")
        yield CasePages(driver, shown)
    finally:
        await browser.close()
        await runner.cleanup()
