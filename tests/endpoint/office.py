"""Puts an endpoint together for a test: real aiohttp server on loopback, real store with invented rows, real drafts."""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import aiohttp

from archisync_gui.drafts import BrowserKeys, Drafts
from archisync_gui.endpoint.gate import Limits
from archisync_gui.endpoint.paired_pages import Access, PairingStore
from archisync_gui.endpoint.server import Endpoint
from archisync_gui.entities import ENTITIES
from archisync_gui.model import SystemClock
from archisync_gui.store import Batch, Store
from tests.endpoint import stand_in
from tests.support.ports import free_port

PAGE = "http://forms.example.test"
"""Origin of a paired page."""
STRANGER = "http://stranger.example.test"
SESSION = "s" * 32
UPGRADE = (
    "Upgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
)
"""The headers that ask for a WebSocket."""
QUICK = Limits(silence=0.5, heartbeat=0.2, attach_grace=0.2)
"""Limits that let a test see a slow client dropped without waiting long."""


class TestClock(SystemClock):
    """The computer's clocks, moved on by a test."""

    __test__ = False

    def __init__(self) -> None:
        self.ahead = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead


@dataclass(frozen=True)
class Heard:
    """An answer, read whole."""

    status: int
    headers: Any
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def code(self) -> str:
        return str(self.json["code"])


@dataclass
class Office:
    """A running endpoint and what a test needs around it."""

    endpoint: Endpoint
    orchestrator: Any
    store: Store
    drafts: Drafts
    pages: PairingStore
    clock: TestClock
    client: aiohttp.ClientSession
    folder: Path
    token: str = field(repr=False, default="")
    """Of the paired page, all scopes, for no special account."""

    make: Callable[[int], Endpoint] | None = field(repr=False, default=None)

    @property
    def url(self) -> str:
        return self.endpoint.url

    async def restart(self) -> None:
        """The panel starts anew: another endpoint on the same port, with the pages of the same file."""
        assert self.make is not None
        port = self.endpoint.port
        await self.endpoint.stop()
        self.endpoint = self.make(port)
        await self.endpoint.start()

    @property
    def paired(self) -> dict[str, str]:
        """Headers of the paired page."""
        return {"Origin": PAGE, "Authorization": f"Bearer {self.token}"}

    def let_in(self, origin: str | None = PAGE, *scopes: Access, account: str | None = None) -> str:
        """A token for another page or program."""
        return self.pages.add("Pagina di prova", origin, scopes or tuple(Access), account)[1]

    async def ask(
        self, method: str, path: str, headers: dict[str, str] | None = None, *, body: object = None, data: Any = None
    ) -> Heard:
        """One request as it is given: no header is added but those aiohttp needs."""
        sent = dict(headers or {})
        if body is not None:
            data, sent = json.dumps(body), {"Content-Type": "application/json"} | sent
        async with self.client.request(method, self.url + path, headers=sent, data=data, allow_redirects=False) as got:
            return Heard(got.status, got.headers, await got.text())

    async def page(self, method: str, path: str, **how: Any) -> Heard:
        """One request of the paired page."""
        return await self.ask(method, path, self.paired | how.pop("headers", {}), **how)


_TEMPLATE: dict[str, bytes] = {}
"""The database with the invented rows, made once for all tests."""


async def stocked(folder: Path, clock: SystemClock) -> Store:
    """A store with the invented rows, read whole when the tests began."""
    for name, content in _TEMPLATE.items():
        (folder / name).write_bytes(content)
    store = await Store.open(folder, ENTITIES, clock=clock)
    if _TEMPLATE:
        return store
    for entity, account, rows in (
        ("customers", "agente1", stand_in.customers()),
        ("products", "", stand_in.products()),
        ("prices", "", stand_in.prices()),
    ):
        declared = next(e for e in ENTITIES if e.name == entity)
        full = [{c.name: None for c in declared.columns} | row for row in rows]
        await store.apply(entity, account, Batch(f"run-{entity}", datetime.now(UTC), full, whole=True, clean=True))
    await store.close()
    _TEMPLATE[store.path.name] = store.path.read_bytes()
    return await Store.open(folder, ENTITIES, clock=clock)


@asynccontextmanager
async def running(
    folder: Path,
    orchestrator: Any = None,
    *,
    limits: Limits | None = None,
    port: int | None = None,
    random: Callable[[int], bytes] | None = None,
    store: Store | None = None,
    clock: TestClock | None = None,
    demo: bool = True,
    form_opened: Callable[[], None] = lambda: None,
) -> AsyncIterator[Office]:
    """An endpoint at work in ``folder``."""
    clock = clock or TestClock()
    own_store = store is None
    store = store or await stocked(folder, clock)
    drafts = await Drafts.open(folder, clock=clock)
    pages = PairingStore(folder / "pages.json", clock=clock)
    face = orchestrator or stand_in.StandIn()
    port = port or free_port()

    def make(port: int) -> Endpoint:
        return Endpoint(
            cast(Any, face),
            store,
            drafts,
            pages,
            profile_id="profile-1",
            port=port,
            demo=demo,
            version="0.1.0",
            clock=clock,
            language=lambda: "it",
            form_opened=form_opened,
            browser_keys=BrowserKeys(folder / "order-form.json"),
            limits=limits,
            random=random or secrets.token_bytes,
        )

    endpoint = make(port)
    await endpoint.start()
    token = pages.add("Modulo di prova", PAGE, tuple(Access), None)[1]
    async with aiohttp.ClientSession() as client:
        office = Office(endpoint, face, store, drafts, pages, clock, client, folder, token, make)
        try:
            yield office
        finally:
            await office.endpoint.stop()
            await drafts.close()
            if own_store:
                await store.close()
