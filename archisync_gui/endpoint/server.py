"""The endpoint itself: takes a port, has its HTTP server loaded when somebody calls, moves to another port, stops."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING

from archisync_gui import messages
from archisync_gui.drafts import BrowserKeys
from archisync_gui.endpoint.caches import EventLog, TicketBook
from archisync_gui.endpoint.paired_pages import PairingStore, Random, as_text
from archisync_gui.endpoint.pairing import Pairing
from archisync_gui.endpoint.port import PORTS_TRIED, EndpointError, listen, own_origin
from archisync_gui.model import AccountId, Clock, SystemClock

if TYPE_CHECKING:
    from archisync_gui.drafts import Drafts
    from archisync_gui.endpoint.gate import Limits
    from archisync_gui.endpoint.http_server import HttpServer
    from archisync_gui.orchestrator import OrchestratorApi
    from archisync_gui.store import Store

log = logging.getLogger(__name__)

PORT, DEMO_PORT = 47800, 47801
HTTP = "archisync_gui.endpoint.http_server"
"""With aiohttp and pydantic: 20 MB, and a third of a second to import (docs/benchmarks.md)."""

FORM_GAP = 5.0
"""Seconds between two calls of ``form_opened`` for pages that are asked for."""

MOST_WAITING = 256
"""Connections that may wait for the server at once."""


class Waiting(asyncio.Protocol):
    """A connection that has come before its server was loaded: nothing is read from it until then."""

    def __init__(self, server: asyncio.Task[HttpServer], others: dict[Waiting, None]) -> None:
        """``server``: done when it is loaded; ends the connection when it fails or is cancelled. ``others``: those that
        wait for it as well, the oldest first: it makes room when there are too many."""
        self._server = server
        self._others = others
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is open."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.pause_reading()
        self._others[self] = None
        if len(self._others) > MOST_WAITING:
            next(iter(self._others)).abort()
        self._server.add_done_callback(self._go_on)

    def connection_lost(self, exc: BaseException | None) -> None:  # noqa: ARG002 (asyncio's name)
        """It has ended."""
        self._others.pop(self, None)

    def abort(self) -> None:
        """End it without an answer."""
        self._others.pop(self, None)
        if self._transport is not None:
            self._transport.abort()

    def _go_on(self, server: asyncio.Task[HttpServer]) -> None:
        self._others.pop(self, None)
        transport = self._transport
        assert transport is not None
        if transport.is_closing():
            return
        if server.cancelled() or server.exception() is not None:
            self.abort()
            return
        protocol = server.result().connection()
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        transport.resume_reading()


class Refused(asyncio.Protocol):
    """A connection that is closed at once."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is open."""
        assert isinstance(transport, asyncio.Transport)
        transport.abort()


class Endpoint:
    """The local HTTP endpoint of one profile."""

    def __init__(
        self,
        orchestrator: OrchestratorApi,
        store: Store,
        drafts: Drafts,
        pairing: PairingStore,
        *,
        profile_id: str,
        port: int,
        demo: bool,
        version: str,
        clock: Clock | None = None,
        random: Random = secrets.token_bytes,
        language: Callable[[], str] = messages.system_language,
        set_intervals: Callable[[Mapping[str, int | None]], Awaitable[object]] | None = None,
        form_opened: Callable[[], None] = lambda: None,
        browser_keys: BrowserKeys | None = None,
        limits: Limits | None = None,
    ) -> None:
        """``port`` 0: the usual one (47800, demo 47801) or the next free of ten. ``language``: for callers that name
        none. ``set_intervals`` changes and keeps the intervals of some types, all or none; without it only the
        orchestrator is told. ``form_opened`` is called when somebody opens our order form, from the panel or in a tab:
        a little before it asks for a session. ``browser_keys``: for what the form keeps in the browser; without
        them keys last as long as this endpoint.
        """
        self._clock = clock or SystemClock()
        self._limits = limits
        self._usual_port = DEMO_PORT if demo else PORT
        self._wanted_port = port or self._usual_port
        self._language = language
        self._form_opened = form_opened
        self._orchestrator = orchestrator
        self._store = store
        self._drafts = drafts
        self._profile_id, self._version, self._demo = profile_id, version, demo
        self._set_intervals = set_intervals or self._tell_orchestrator
        self.pairing = Pairing(pairing, clock=self._clock, random=random)
        """Windows, digits, paired pages: see :class:`Pairing`."""
        self._browser_keys = browser_keys or BrowserKeys(None)
        self._events = EventLog(as_text(random(6)))
        self._tickets = TicketBook()
        self._listening: asyncio.Server | None = None
        self._http: asyncio.Task[HttpServer] | None = None
        """Loads the server, and holds it; ``None`` until somebody calls."""
        self._waiting: dict[Waiting, None] = {}
        self._forget: Callable[[], object] | None = None
        """Ends the subscription of the events, which outlives a move."""
        self._next_form = float("-inf")
        self._changing = asyncio.Lock()
        """Held while it starts, stops or moves: one after the other."""
        self.port = 0
        """The port taken; 0 while not started."""

    async def start(self) -> int:
        """Take a port and serve; returns the port. Raises :class:`EndpointError` ``ports-taken``."""
        async with self._changing:
            return await self._start()

    async def _start(self) -> int:
        listening = listen(self._wanted_port)
        self.port = listening.getsockname()[1]
        await asyncio.to_thread(self._browser_keys.open, self.port)
        if self._forget is None:
            self._forget = self._orchestrator.subscribe(self._events.add)
        loop = asyncio.get_running_loop()
        self._listening = await loop.create_server(self._connection, sock=listening, backlog=256)
        log.info("endpoint at %s", self.url)
        return self.port

    async def stop(self) -> None:
        """End all streams, finish short answers, free the port. Harmless when not started."""
        async with self._changing:
            if self._forget is not None:
                self._forget()
                self._forget = None
                self._events.interrupt()
            await self._stop()

    async def _stop(self) -> None:
        if self._listening is None:
            return
        # At once, not when all have been answered: a call that comes meanwhile would load another server, with the gate
        # of the old port.
        listening, self._listening = self._listening, None
        listening.close()
        http, self._http = self._http, None
        if http is not None:
            http.cancel()
            await asyncio.wait({http})
            if not http.cancelled() and http.exception() is None:
                await http.result().close()

    async def move(self, port: int) -> int:
        """Serve at another port from now on (0: the usual one); returns the port. Open lines end, their tabs have to
        learn the new address. Raises :class:`EndpointError` ``ports-taken``, and serves where it did."""
        async with self._changing:
            before = self.port
            await self._stop()
            self._wanted_port = port or self._usual_port
            try:
                return await self._start()
            except EndpointError:
                if before:
                    self._wanted_port = before
                    await self._start()
                raise

    @property
    def url(self) -> str:
        """``http://127.0.0.1:47800``; an empty text while nothing is served."""
        return own_origin(self.port) if self._listening is not None else ""

    def order_form_url(self, account: AccountId | None = None) -> str:
        """The order form's address with a one-time code (30 s) that lets it in; for ``account``, else the default."""
        self._form_opened()
        if self._listening is not None:
            self._load()  # the browser will call in a moment
        return f"{self.url}/order-form#code={self.pairing.one_time_code(account)}"

    # ---------------------------------------------------------------- inside

    def _form_asked_for(self) -> None:
        """Somebody asks for the form's page, which needs no token: told at most every :data:`FORM_GAP` seconds."""
        now = self._clock.monotonic()
        if now >= self._next_form:
            self._next_form = now + FORM_GAP
            self._form_opened()

    def _form_origins(self) -> list[str]:
        """Where the order form may be or have been served: the ports that are tried, and earlier ones."""
        tried = range(self._wanted_port, min(self._wanted_port + PORTS_TRIED, 65536))
        return [own_origin(port) for port in dict.fromkeys((self.port, *tried, *self._browser_keys.ports))]

    def _connection(self) -> asyncio.Protocol:
        if self._listening is None:
            return Refused()  # accepted just before the endpoint stopped
        http = self._load()
        return http.result().connection() if http.done() else Waiting(http, self._waiting)

    def _load(self) -> asyncio.Task[HttpServer]:
        """The server, or that it is being loaded. One that could not be loaded is tried again."""
        if self._http is None or (self._http.done() and self._http.exception() is not None):
            self._http = asyncio.ensure_future(self._loaded())
        return self._http

    async def _loaded(self) -> HttpServer:
        try:
            await asyncio.to_thread(import_module, HTTP)
            from archisync_gui.endpoint.http_server import HttpServer

            http = HttpServer(
                orchestrator=self._orchestrator,
                store=self._store,
                drafts=self._drafts,
                browser_keys=self._browser_keys,
                pairing=self.pairing,
                events=self._events,
                tickets=self._tickets,
                form_origins=self._form_origins,
                profile_id=self._profile_id,
                version=self._version,
                demo=self._demo,
                clock=self._clock,
                language=self._language,
                set_intervals=self._set_intervals,
                form_opened=self._form_asked_for,
                limits=self._limits,
            )
            await http.open(self.port)
        except Exception:
            log.exception("the HTTP server could not be loaded")
            raise
        return http

    async def _tell_orchestrator(self, intervals: Mapping[str, int | None]) -> None:
        for name, minutes in intervals.items():
            self._orchestrator.set_schedule(name, minutes)
