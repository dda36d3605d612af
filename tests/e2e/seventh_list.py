"""A program with a seventh list: its declaration is added before anything else is imported. Walks it through the panel,
the settings, the endpoint, data, search, export, doctor and prints one word for each thing that worked."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import archisync_gui.entities as declared
from tests.support.seventh import SUPPLIERS

setattr(declared, "ENTITIES", (*declared.ENTITIES, SUPPLIERS))  # noqa: B010

import aiohttp  # noqa: E402
from PySide6.QtWidgets import QApplication  # noqa: E402

from archisync_gui import cli  # noqa: E402
from archisync_gui.app import exit_codes  # noqa: E402
from archisync_gui.app.demo import DemoOptions  # noqa: E402
from archisync_gui.app.life import Life  # noqa: E402
from archisync_gui.app.opening import opened  # noqa: E402
from archisync_gui.app.profile import Profile, open_profile  # noqa: E402
from archisync_gui.endpoint.paired_pages import Access  # noqa: E402
from archisync_gui.endpoint.server import Endpoint  # noqa: E402
from archisync_gui.model import Outcome  # noqa: E402
from archisync_gui.ui.live.services import Services  # noqa: E402
from archisync_gui.ui.pages.data import Data  # noqa: E402
from archisync_gui.ui.pages.overview import Overview  # noqa: E402
from archisync_gui.ui.shell.panel import Panel  # noqa: E402
from archisync_gui.ui.system.loop import run  # noqa: E402
from tests.support.waiting import until  # noqa: E402

NAME = SUPPLIERS.name


async def walk(app: QApplication, profile: Profile) -> int:
    """The panel with everything behind it."""
    panel = Panel(app, profile=profile.name)
    panel.show()
    await panel.first_paint()
    life = Life(profile, DemoOptions("none", "stopped"), asyncio.Event())
    try:
        async with opened(life, panel):
            services = panel.context.services
            assert services is not None
            await scheduled(services)
            await read(services)
            await shown(panel, services)
            await served(services)
            panel.closing()
    finally:
        await panel.aclose()
    return 0


async def scheduled(services: Services) -> None:
    assert services.settings().number("sync.suppliers.interval") == 60
    await services.apply_settings({"sync.suppliers.interval": 15})
    assert services.orchestrator.get_status().statuses[NAME].interval == 15
    print("settings")


async def read(services: Services) -> None:
    result = await services.orchestrator.request_sync(NAME)
    assert result.outcome is Outcome.COMPLETED, result
    assert result.rows > 0
    print("read")


async def shown(panel: Panel, services: Services) -> None:
    overview = panel.window.page("overview")
    assert isinstance(overview, Overview)
    names = [overview.types.index(at, 0).data() for at in range(overview.types.rowCount())]
    assert any("Suppliers" in str(name) for name in names), names
    print("overview")
    data = panel.window.go("data")
    assert isinstance(data, Data)
    data.focus_on({"type": NAME})
    await until(lambda: data.model.rowCount() > 0)
    print("data")
    assert services.store is not None
    account = services.orchestrator.get_status().accounts[0].id
    page = await services.store.rows(NAME, account, limit=1)
    word = str(page.rows[0].values["name"])
    found = await services.store.rows(NAME, account, search=word.split()[0].lower())
    assert page.rows[0].key in {row.key for row in found.rows}
    print("search")
    exported = [row async for part in services.store.export(NAME, account) for row in part]
    assert len(exported) == page.total
    print("export")


async def served(services: Services) -> None:
    endpoint = services.endpoint
    assert isinstance(endpoint, Endpoint)
    token = endpoint.pairing.store.add("Test", None, tuple(Access), None)[1]
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(endpoint.url, headers=headers) as client:
        async with client.put("/api/sync/schedule", json={"intervals": {NAME: 30}}) as answer:
            assert answer.status == 200, await answer.text()
        async with client.get("/api/sync/schedule") as answer:
            told = await answer.json()
            assert told["intervals"][NAME] == 30, told
        async with client.get("/api/sync/status") as answer:
            assert NAME in json.dumps(await answer.json())
    print("endpoint")


def main() -> int:
    profile = open_profile(sys.argv[1], demo=True)
    code = run(lambda app: walk(app, profile))
    if code:
        return code
    fresh = f"{sys.argv[1]}-of-the-doctor"
    report = Path(f"{sys.argv[1]}-report.json")
    open_profile(fresh, demo=True)
    code = cli.main(["doctor", "--erp", "--conformance", str(report), "--demo", "--profile", fresh])
    assert code in (0, exit_codes.UNAVAILABLE), code  # it declares fewer columns than that page has, and is told so
    assert NAME in report.read_text(encoding="utf-8")
    print("doctor")
    return 0


if __name__ == "__main__":
    sys.exit(main())
