"""Two whole panels of one office as processes: the order form of each works, also when the other panel is killed."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from members import made_member

from archisync_gui.app import exit_codes
from archisync_gui.app.profile import Profile, open_profile
from archisync_gui.demo_erp import DemoErp
from archisync_gui.endpoint.paired_pages import Access, PairingStore
from archisync_gui.entities import ENTITIES
from archisync_gui.model import SystemClock
from archisync_gui.store import Store
from archisync_gui.store.postgres import Postgres
from archisync_gui.store.postgres_server import Server
from tests.support.ports import free_port
from tests.support.postgres import on_a_server

pytestmark = [
    pytest.mark.ci,
    on_a_server,
]

ACCOUNT = "agente01"
PATIENCE = 120.0


@dataclass
class Computer:
    """A panel in its own process, used through its endpoint."""

    name: str
    profile: Profile
    port: int
    token: str
    client: aiohttp.ClientSession
    process: asyncio.subprocess.Process

    async def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self.token}"}
        url = f"http://127.0.0.1:{self.port}/api{path}"
        async with self.client.request(method, url, json=body, headers=headers) as answer:
            return answer.status, await answer.json()

    async def status(self) -> dict[str, Any]:
        """The status; empty before the endpoint is open."""
        try:
            code, told = await self.ask("GET", "/sync/status")
        except aiohttp.ClientError:
            return {}
        assert code == 200, told
        found: dict[str, Any] = told["status"]
        return found

    async def end(self) -> None:
        """Ask it to end."""
        if sys.platform != "win32":
            self.process.terminate()
            return
        command = (sys.executable, "-m", "archisync_gui", "quit", "--profile", str(self.profile.folder))
        assert await (await asyncio.create_subprocess_exec(*command)).wait() == exit_codes.OK

    async def leads(self) -> bool:
        return bool(((await self.status()).get("office") or {}).get("leads"))

    async def follows(self) -> bool:
        office = (await self.status()).get("office") or {}
        return office.get("leader") is not None and not office["leads"]


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Poll a condition about another process."""
    async with asyncio.timeout(PATIENCE):
        while not await condition():  # noqa: ASYNC110  no event tells
            await asyncio.sleep(0.2)


@asynccontextmanager
async def computer(
    name: str, folder: Path, server: Server, erp: DemoErp, client: aiohttp.ClientSession
) -> AsyncIterator[Computer]:
    """Start the panel of a member without a screen."""
    profile = open_profile(str(folder / name), demo=False)
    port = free_port()
    made_member(profile, server, {"erp.url": erp.base_url, "erp.accounts": [ACCOUNT], "endpoint.port": port})
    pages = PairingStore(profile.folder / "pages.json", clock=SystemClock())
    _, token = pages.add("test", None, [Access.SESSIONS, Access.WATCH, Access.OPERATE], ACCOUNT)
    environment = {
        **os.environ,
        "QT_QPA_PLATFORM": "offscreen",
        "ARCHISYNC_OFFICE_PASSWORD": server.password,
        "ARCHISYNC_PASSWORD": erp.accounts[ACCOUNT],
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "archisync_gui", "--hidden", "--profile", str(profile.folder)),
        env=environment,
        stderr=asyncio.subprocess.DEVNULL,
    )
    found = Computer(name, profile, port, token, client, process)
    try:
        yield found
    finally:
        if process.returncode is None:
            process.terminate()
        await asyncio.wait_for(process.wait(), PATIENCE)


async def test_an_order_form_works_on_every_computer_and_through_a_takeover(office: Server, tmp_path: Path) -> None:
    store = await Store.join(Postgres(office), tmp_path / "made", ENTITIES, clock=SystemClock())
    await store.close()
    erp = DemoErp(latency="none", scale=0.05)
    await erp.start()
    form = {"sessionId": "f" * 32, "label": "Modulo"}
    try:
        async with (
            aiohttp.ClientSession() as client,
            computer("one", tmp_path, office, erp, client) as one,
        ):
            await until(one.leads)
            async with computer("two", tmp_path, office, erp, client) as two:
                await until(two.follows)
                # A form on the computer that does not read: the other one reads for it, and shows where the form is.
                code, told = await two.ask("POST", "/customers/smart-sync", form)
                assert code in (200, 202), told
                (session,) = (await one.status())["sessions"]
                assert session["label"] == "Modulo"
                assert "two" in session["computer"]
                assert session["handle"] == told["handle"]
                one.process.kill()
                await until(two.leads)
                # The same panel continues, its form is still open, and this computer reads for later requests.
                (session,) = (await two.status())["sessions"]
                assert session["handle"] == told["handle"]
                code, told = await two.ask("POST", "/customers/resume-syncs", {"sessionId": form["sessionId"]})
                assert (code, told["closed"]) == (200, True)
                code, told = await two.ask("POST", "/sync/prices?wait=true")
                assert (code, told["result"]["outcome"]) == (200, "completed"), json.dumps(told)
                code, told = await two.ask("GET", "/prices?limit=1")
                assert code == 200
                await two.end()
                assert await asyncio.wait_for(two.process.wait(), PATIENCE) == exit_codes.OK
    finally:
        await erp.stop()
