"""An order form opens while products are being read: quiet, fresh customers, and products go on where they were."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from archisync_gui.app.core import Core
from archisync_gui.app.demo import DemoOptions
from archisync_gui.app.profile import ProfileLock, open_profile
from archisync_gui.demo_erp import DemoClock, DemoErp
from archisync_gui.drafts import Drafts
from archisync_gui.endpoint.paired_pages import Access, PairingStore
from archisync_gui.endpoint.server import Endpoint
from archisync_gui.model import Event, EventKind, Outcome
from archisync_gui.settings import Settings

SESSION = "s" * 32


class SmallDemo(DemoOptions):
    """Less data than the whole demo has: some pages of each list are enough to be disturbed in the middle."""

    def erp(self) -> DemoErp:
        return DemoErp(latency=self.latency, clock=DemoClock.parse(self.clock), scale=0.15)


class Office:
    """A running core with its endpoint, and one paired program."""

    def __init__(self, core: Core, endpoint: Endpoint, token: str) -> None:
        self.core = core
        self.endpoint = endpoint
        self.token = token
        self.events: list[Event] = []
        core.orchestrator.subscribe(self.events.append)

    async def post(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        headers = {"Authorization": f"Bearer {self.token}"}
        async with aiohttp.ClientSession(headers=headers) as client:
            async with client.post(f"{self.endpoint.url}{path}", json=body) as answer:
                return answer.status, await answer.json()

    async def until(self, kind: EventKind, sync_type: str, *, page: int = 0) -> Event:
        """The first event of that kind (and from that page on) for that type, past or future."""
        async with asyncio.timeout(120):
            while True:
                for event in self.events:
                    if event.kind is kind and getattr(event.data, "type", None) == sync_type:
                        at = getattr(event.data, "page", None)
                        if not page or (isinstance(at, int) and at >= page):
                            return event
                await asyncio.sleep(0.02)


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    folder = Path(tempfile.mkdtemp(prefix="e2e-"))
    profile = open_profile(str(folder / "profile"), demo=True)
    lock = ProfileLock(profile)
    assert lock.acquire()
    # The whole customers read just before would serve the form; here the fast read itself is to be seen.
    Settings().with_({"session.shared_read": 0}).save(profile.settings_file)
    core = await Core.open(profile, demo=SmallDemo("0.1", "stopped"), attended=True)
    core.orchestrator.hold()  # the schedule keeps still until the test releases it
    drafts = await Drafts.open(profile.folder, clock=core.clock)
    pages = PairingStore(profile.folder / "pages.json", clock=core.clock)
    _, token = pages.add("test", None, frozenset(Access), "agente01")
    endpoint = Endpoint(
        core.orchestrator, core.store, drafts, pages, profile_id=profile.id, port=0, demo=True, version="test"
    )
    await endpoint.start()
    yield Office(core, endpoint, token)
    await endpoint.stop()
    await drafts.close()
    await core.close()
    lock.release()
    shutil.rmtree(folder)


async def test_products_are_suspended_for_the_form_and_go_on_from_where_they_were(office: Office) -> None:
    orchestrator = office.core.orchestrator
    for entry in orchestrator.get_status().queue:
        orchestrator.remove(entry.id)
    whole = orchestrator.request_sync("customers")
    orchestrator.release()
    async with asyncio.timeout(100):
        assert (await whole).outcome is Outcome.COMPLETED
    for entry in orchestrator.get_status().queue:
        orchestrator.remove(entry.id)
    before = orchestrator.get_status().statuses["customers"].accounts[0].new_as_of
    assert before is not None
    ticket = orchestrator.request_sync("products")
    await office.until(EventKind.SYNC_PROGRESS, "products", page=3)

    status, opened = await office.post("/api/customers/smart-sync", {"sessionId": SESSION, "label": "Ordine"})
    assert status == 200, opened
    assert opened["success"]
    assert datetime.fromisoformat(opened["newAsOf"]) > before
    assert opened["sessionCount"] == 1
    assert len(await _customers(office)) > 0
    suspended = orchestrator.get_status().statuses["products"].accounts[0]
    assert suspended.state.value == "suspended"
    at = await office.until(EventKind.SYNC_SUSPENDED, "products")
    assert isinstance(at.data.page, int)
    assert at.data.page >= 3

    status, closed = await office.post("/api/customers/resume-syncs", {"sessionId": SESSION})
    assert (status, closed["closed"], closed["sessionCount"]) == (200, True, 0)
    async with asyncio.timeout(200):
        result = await ticket
    assert office.core.demo_erp is not None
    there = len(office.core.demo_erp.rows("products", "agente01"))
    assert (result.outcome, result.rows, result.added) == (Outcome.COMPLETED, there, 0), (
        "nothing is new in a first read"
    )
    resumed = office.events.index(await office.until(EventKind.SYNC_RESUMED, "products"))
    pages = [
        event.data.page
        for event in office.events[resumed:]
        if event.kind is EventKind.SYNC_PROGRESS and event.data.type == "products" and event.data.page
    ]
    assert min(pages) >= at.data.page, "products started over"
    record = await office.core.store.run(result.run_id or "")
    assert record is not None
    assert len(record.suspensions) == 1
    assert not [action for action in office.core.demo_erp.actions if action.writes]  # type: ignore[union-attr]


async def _customers(office: Office) -> tuple[Any, ...]:
    page = await office.core.store.rows("customers", "agente01", limit=10)
    return tuple(page.rows)


async def test_one_customer_is_read_from_its_detail_page_at_once(office: Office) -> None:
    """What a program asks for after it has changed a customer in the ERP, and what the panel's button asks for."""
    orchestrator, demo = office.core.orchestrator, office.core.demo_erp
    assert demo is not None
    for entry in orchestrator.get_status().queue:
        orchestrator.remove(entry.id)
    orchestrator.release()
    async with asyncio.timeout(120):  # only a customer of the account's own list can be refreshed
        await orchestrator.request_sync("customers", "agente01")
    demo.reset_counters()
    key = next(str(row["ID"]) for row in demo.rows("customers", "agente01") if row["ID"])
    demo.change("customers", "agente01", key, {"PHONE": "+390810001111"})
    view = demo.get_preferences("agente01", "customers")
    status, told = await office.post(f"/api/customers/{key}/refresh?wait=true", {})
    assert (status, told["success"]) == (200, True), told
    row = await office.core.store.row("customers", "agente01", key)
    assert row is not None
    assert row.values["phone"] == "+390810001111"
    demo.change("customers", "agente01", key, {"PHONE": "+390810002222"})
    ticket = orchestrator.request_sync("customers", "agente01", scope="one", key=key, priority=99)
    async with asyncio.timeout(60):
        result = await ticket
    assert (result.outcome, result.rows, result.changed) == (Outcome.COMPLETED, 1, 1)
    assert [a.detail for a in demo.actions if a.kind in ("detail", "callback")] == [key, key], "no list was touched"
    assert demo.get_preferences("agente01", "customers") == view
    status, refused = await office.post("/api/customers/999999999/refresh?wait=true", {})
    assert not refused["success"], (status, refused)
