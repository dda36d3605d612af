"""How long a form waits for fresh customers, with a warm session at the real ERP's speed: alone, and amid products.

The floor is what the ERP itself took for the calls that the read made, as the demo ERP timed them. What the answer does
not wait for (the user's view, put back afterwards) is no part of it.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from archisync_gui.app.core import Core
from archisync_gui.app.demo import DEMO_ACCOUNT, DemoOptions
from archisync_gui.app.profile import ProfileLock, open_profile
from archisync_gui.demo_erp import DemoErp
from archisync_gui.drafts import Drafts
from archisync_gui.endpoint.paired_pages import Access, PairingStore
from archisync_gui.endpoint.server import Endpoint
from archisync_gui.model import Event
from archisync_gui.model.events import SyncProgress
from archisync_gui.settings import Settings
from tests.benchmarks.result import Result, percentile

TYPES = ("customers", "orders", "ddt", "invoices", "prices", "products")
LIMIT = 1.2
"""Of the ERP's own time for the calls that the read made."""
WITHIN = 5.0
"""Seconds, while products are being read."""


@dataclass(frozen=True, slots=True)
class Opening:
    """One form that opened; all in seconds."""

    took: float
    """From the request to the answer."""
    in_flight: float
    """Of it, the rest of the call that was under way."""
    floor: float
    """The ERP's own time for the calls made."""


class Office:
    """A running core with its endpoint, and one paired program."""

    def __init__(self, core: Core, url: str, client: aiohttp.ClientSession) -> None:
        self.core = core
        self._url = url
        self._client = client
        self._number = 0

    @property
    def demo(self) -> DemoErp:
        """The ERP."""
        assert self.core.demo_erp is not None
        return self.core.demo_erp

    async def open_and_close(self) -> Opening:
        """Open a form, wait for its customers, close it."""
        self._number += 1
        body = {"sessionId": f"{self._number:032}"}
        asked, began = time.time(), time.perf_counter()
        async with self._client.post(f"{self._url}/api/customers/smart-sync", json=body) as answer:
            said = await answer.json()
        took = time.perf_counter() - began
        if answer.status != 200:
            raise RuntimeError(f"no fresh customers: {said}")
        in_flight = floor = 0.0
        for action in self.demo.actions:
            ended = action.when.timestamp() - asked
            if not 0 <= ended <= took:
                continue
            if " products" in f" {action.detail}":
                # What is recorded as the call's time holds the paint that follows its end.
                in_flight = max(in_flight, ended + self.demo.latency.paint())
            else:
                floor += action.duration
        await asyncio.sleep(2.0)  # the user's view is put back
        async with self._client.post(f"{self._url}/api/customers/resume-syncs", json=body) as answer:
            await answer.read()
        return Opening(took, in_flight, floor)


@asynccontextmanager
async def office() -> AsyncIterator[Office]:
    """Customers are stored, the ERP's session is warm, nothing is scheduled."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        profile = open_profile(str(Path(folder) / "profile"), demo=True)
        lock = ProfileLock(profile)
        if not lock.acquire():
            raise RuntimeError("somebody has the new profile")
        off = {f"sync.{name}.interval": 0 for name in TYPES}
        Settings().with_({"session.shared_read": 0, "sync.daily": False, **off}).save(profile.settings_file)
        core = await Core.open(profile, demo=DemoOptions("real", "stopped"), attended=True)
        drafts = await Drafts.open(profile.folder, clock=core.clock)
        pages = PairingStore(profile.folder / "pages.json", clock=core.clock)
        _, token = pages.add("bench", None, frozenset(Access), DEMO_ACCOUNT)
        endpoint = Endpoint(
            core.orchestrator, core.store, drafts, pages, profile_id=profile.id, port=0, demo=True, version="bench"
        )
        await endpoint.start()
        try:
            for entry in core.orchestrator.get_status().queue:
                core.orchestrator.remove(entry.id)
            await core.orchestrator.request_sync("customers")
            async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as client:
                yield Office(core, endpoint.url, client)
        finally:
            await endpoint.stop()
            await drafts.close()
            await core.close()
            lock.release()


def results(openings: list[Opening], what: str) -> Result:
    """The 95th percentile against the floor; the call in flight is no part of either."""
    net = [o.took - o.in_flight for o in openings]
    floor = percentile([o.floor for o in openings], 50)
    calls = "without the rest of the call in flight" if any(o.in_flight for o in openings) else "nothing in flight"
    return Result(percentile(net, 95), "s", floor, LIMIT, f"p95 of {len(openings)}; {calls}", what)


async def smart(quick: bool) -> list[Result]:
    """Forms that open while nothing else goes on, and forms that open while products are being read."""
    alone, beside = (8, 4) if quick else (40, 20)
    async with office() as here:
        first = await here.open_and_close()
        calm = [await here.open_and_close() for _ in range(alone)]
        reading = asyncio.Event()

        def progressed(event: Event) -> None:
            if isinstance(event.data, SyncProgress) and event.data.type == "products" and event.data.page:
                reading.set()

        stop = here.core.orchestrator.subscribe(progressed)
        ticket = here.core.orchestrator.request_sync("products")
        amid = []
        for number in range(beside):
            reading.clear()
            async with asyncio.timeout(60):
                await reading.wait()
            # Not always at the same point of the call that is under way.
            await asyncio.sleep(1.9 * number / beside)
            amid.append(await here.open_and_close())
        stop()
        here.core.orchestrator.cancel(ticket.id)
    whole = [o.took for o in amid]
    note = f"call in flight included; {sum(o.in_flight > 0 for o in amid)} of {beside} had one"
    return [
        Result(first.took, "s", first.floor, LIMIT, "the list had to be opened", "first form of the day"),
        results(calm, "warm"),
        results(amid, "while products are read"),
        Result(percentile(whole, 95), "s", None, WITHIN, note, "while products are read, in all"),
    ]


BENCHMARKS = [("smart read", smart)]
