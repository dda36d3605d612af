"""The endpoint: listens on a port, loads its HTTP server at the first connection, moves to another port, stops."""

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
from archisync_gui.listening import Listener
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
"""Imports aiohttp and pydantic: 20 MB, and a third of a second (docs/benchmarks.md)."""

FORM_GAP = 5.0
"""Least seconds between two calls of ``form_opened`` for requests of the form's page."""

MOST_WAITING = 256
"""Connections that may wait for the HTTP server at once."""


class Waiting(asyncio.Protocol):
    """A connection made before the HTTP server was loaded: nothing is read from it until the server takes over."""

    def __init__(self, server: asyncio.Task[HttpServer], waiting: dict[Waiting, None]) -> None:
        """``server`` loads the HTTP server; if it fails or is cancelled, the connection is aborted. ``waiting``: all
        waiting connections, oldest first; beyond :data:`MOST_WAITING` the oldest is aborted."""
        self._server = server
        self._all_waiting = waiting
        self._transport: asyncio.Transport | None = None
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the server."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.pause_reading()
        self._all_waiting[self] = None
        if len(self._all_waiting) > MOST_WAITING:
            next(iter(self._all_waiting)).abort()
        self._server.add_done_callback(self._hand_over)

    def data_received(self, data: bytes) -> None:
        """Keep what is read although that was paused, and pause it again: Debian 12's Python (3.11.2) begins to read
        after :meth:`connection_made`, whatever was called there."""
        assert self._transport is not None
        self._received += data
        self._transport.resume_reading()
        self._transport.pause_reading()

    def connection_lost(self, exc: BaseException | None) -> None:  # noqa: ARG002 (asyncio's name)
        """Stop waiting."""
        self._all_waiting.pop(self, None)

    def abort(self) -> None:
        """Close the connection without an answer."""
        self._all_waiting.pop(self, None)
        if self._transport is not None:
            self._transport.abort()

    def _hand_over(self, server: asyncio.Task[HttpServer]) -> None:
        self._all_waiting.pop(self, None)
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
        if self._received:
            protocol.data_received(self._received)
        transport.resume_reading()


class Refused(asyncio.Protocol):
    """A connection that is closed at once."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Close it."""
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
        """``port`` is the first port to try, of ten; 0: the default one (47800, demo 47801). ``language`` is used for
        callers that name none. ``set_intervals`` changes and stores the intervals of the named types, all or none;
        without it the orchestrator gets them and they are not stored. ``form_opened`` is called when our order form is
        opened from the panel or its page is requested: shortly before the form opens a session. ``browser_keys`` are
        the keys of what the form stores in the browser; without them new keys are made, which last as long as this
        endpoint.
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
        self._set_intervals = set_intervals or self._set_schedule
        self.pairing = Pairing(pairing, clock=self._clock, random=random)
        """Pairs pages; see :class:`Pairing`."""
        self._browser_keys = browser_keys or BrowserKeys(None)
        self._events = EventLog(as_text(random(6)))
        self._tickets = TicketBook()
        self._listening: Listener | None = None
        self._http: asyncio.Task[HttpServer] | None = None
        """Loads the HTTP server and has it as its result; ``None`` until the first connection."""
        self._waiting: dict[Waiting, None] = {}
        self._unsubscribe: Callable[[], object] | None = None
        """Ends the subscription to the orchestrator's events, which continues over a move."""
        self._next_form = float("-inf")
        """Monotonic: before this, a request of the form's page does not call ``form_opened``."""
        self._changing = asyncio.Lock()
        """Held during start, stop and move, which must not overlap."""
        self.port = 0
        """The port it listens on, or listened on last; 0 before the first start."""

    async def start(self) -> int:
        """Listen and serve; returns the port. Raises :class:`EndpointError` ``ports-taken``."""
        async with self._changing:
            return await self._start()

    async def _start(self) -> int:
        listening = listen(self._wanted_port)
        self.port = listening.getsockname()[1]
        await asyncio.to_thread(self._browser_keys.open, self.port)
        if self._unsubscribe is None:
            self._unsubscribe = self._orchestrator.subscribe(self._events.add)
        self._listening = Listener(listening, self._connection)
        await self._listening.start()
        log.info("endpoint at %s", self.url)
        return self.port

    async def stop(self) -> None:
        """End all streams, finish short answers, free the port. Harmless when not started."""
        async with self._changing:
            if self._unsubscribe is not None:
                self._unsubscribe()
                self._unsubscribe = None
                self._events.interrupt()
            await self._stop()

    async def _stop(self) -> None:
        if self._listening is None:
            return
        # Set to ``None`` before the first await: a connection that comes meanwhile would load another server, for the
        # old port.
        listening, self._listening = self._listening, None
        await listening.close()
        http, self._http = self._http, None
        if http is not None:
            http.cancel()
            await asyncio.wait({http})
            if not http.cancelled() and http.exception() is None:
                await http.result().close()

    async def move(self, port: int) -> int:
        """Serve on another port from now on (0: the default one); returns the port. Open connections end, and their
        tabs have to find the new address. On :class:`EndpointError` ``ports-taken`` it serves on the old port again."""
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
        """The order form's address with a one-time code (30 s) that it exchanges for a token. ``account``: the account
        of that token; ``None``: the default one."""
        self._form_opened()
        if self._listening is not None:
            self._load()  # the browser will connect shortly
        return f"{self.url}/order-form#code={self.pairing.one_time_code(account)}"

    # ---------------------------------------------------------------- inside

    def _form_requested(self) -> None:
        """The form's page was requested, which needs no token. Calls ``form_opened`` at most once in :data:`FORM_GAP`
        seconds."""
        now = self._clock.monotonic()
        if now >= self._next_form:
            self._next_form = now + FORM_GAP
            self._form_opened()

    def _form_origins(self) -> list[str]:
        """The origins under which the order form may be served or was served: of the ports tried, and earlier ports."""
        tried = range(self._wanted_port, min(self._wanted_port + PORTS_TRIED, 65536))
        return [own_origin(port) for port in dict.fromkeys((self.port, *tried, *self._browser_keys.ports))]

    def _connection(self) -> asyncio.Protocol:
        if self._listening is None:
            return Refused()  # accepted just before the endpoint stopped listening
        http = self._load()
        return http.result().connection() if http.done() else Waiting(http, self._waiting)

    def _load(self) -> asyncio.Task[HttpServer]:
        """The task that loads the HTTP server, running or done; a new one when the last one failed."""
        if self._http is None or (self._http.done() and self._http.exception() is not None):
            self._http = asyncio.ensure_future(self._load_server())
        return self._http

    async def _load_server(self) -> HttpServer:
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
                form_opened=self._form_requested,
                limits=self._limits,
            )
            await http.open(self.port)
        except Exception:
            log.exception("the HTTP server could not be loaded")
            raise
        return http

    async def _set_schedule(self, intervals: Mapping[str, int | None]) -> None:
        for name, minutes in intervals.items():
            self._orchestrator.set_schedule(name, minutes)
