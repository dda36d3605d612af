"""How long a form waits for fresh customers, with an open ERP session at the real ERP's speed: on an idle panel, and
during a read of the products.

The floor is the ERP's own time for the calls of the read, as measured by the demo ERP. It does not include work for
which the answer does not wait (the user's view is restored afterwards).
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
"""The most that a form may wait, as a multiple of the ERP's own time for the calls of its read."""
WITHIN = 5.0
"""The most seconds that a form may wait while products are read."""


@dataclass(frozen=True, slots=True)
class Opening:
    """The times of one opened form, in seconds."""

    took: float
    """From the request to the answer."""
    in_flight: float
    """The part of it that was the rest of the call under way."""
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
                # The recorded time of a call includes the paint after its end.
                in_flight = max(in_flight, ended + self.demo.latency.paint())
            else:
                floor += action.duration
        await asyncio.sleep(2.0)  # until the user's view is restored
        async with self._client.post(f"{self._url}/api/customers/resume-syncs", json=body) as answer:
            await answer.read()
        return Opening(took, in_flight, floor)


@asynccontextmanager
async def office() -> AsyncIterator[Office]:
    """A core with stored customers, an open session in the ERP, and no schedule."""
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
    """The 95th percentile and its floor, both without the call that was under way."""
    net = [o.took - o.in_flight for o in openings]
    floor = percentile([o.floor for o in openings], 50)
    calls = "without the rest of the call in flight" if any(o.in_flight for o in openings) else "nothing in flight"
    return Result(percentile(net, 95), "s", floor, LIMIT, f"p95 of {len(openings)}; {calls}", what)


async def smart(quick: bool) -> list[Result]:
    """Forms that open while nothing else runs, and forms that open while products are read."""
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
            # A random delay, so that forms open at different points of the call under way.
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
