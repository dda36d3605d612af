"""The endpoint itself: takes a port, runs each request through the gate to its route, stops; does no route's work."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from aiohttp import hdrs, web

from archisync_gui import messages
from archisync_gui.drafts import BrowserKeys
from archisync_gui.endpoint import contract, files, openapi
from archisync_gui.endpoint.answers import CSP_ANSWER, CSP_PAGE, SAFE, response_of, said
from archisync_gui.endpoint.caches import EventLog, StatusTexts, TicketBook
from archisync_gui.endpoint.connections import Connection, Crowd, EndpointError, expected, listen
from archisync_gui.endpoint.gate import (
    PORTS_TRIED,
    Caller,
    Gate,
    Limits,
    Refusal,
    cors_headers,
    preflight_headers,
)
from archisync_gui.endpoint.paired_pages import PairingStore, Random
from archisync_gui.endpoint.pairing import Pairing
from archisync_gui.endpoint.routes import ROUTES
from archisync_gui.endpoint.routing import (
    Call,
    Reply,
    Route,
    Services,
    parse_body,
    parse_query,
    read_body,
)
from archisync_gui.endpoint.streams import Streams
from archisync_gui.model import AccountId, Clock, SyncFailure, SystemClock

if TYPE_CHECKING:
    from archisync_gui.drafts import Drafts
    from archisync_gui.orchestrator import OrchestratorApi
    from archisync_gui.store import Store

log = logging.getLogger(__name__)

CALLER = web.RequestKey("caller", Caller)
PORT, DEMO_PORT = 47800, 47801
ORDER_FORM = "/order-form"


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
        self._limits = limits or Limits()
        self._usual_port = DEMO_PORT if demo else PORT
        self._wanted_port = port or self._usual_port
        self._language = language
        self._form_opened = form_opened
        self._orchestrator = orchestrator
        self.pairing = Pairing(pairing, clock=self._clock, random=random)
        """Windows, digits, paired pages: see :class:`Pairing`."""
        self._gate = Gate(self.pairing, clock=self._clock, limits=self._limits)
        self._browser_keys = browser_keys or BrowserKeys(None)
        self._streams = Streams(self._limits.streams)
        self._events = EventLog()

        async def tell_orchestrator(intervals: Mapping[str, int | None]) -> None:
            for name, minutes in intervals.items():
                orchestrator.set_schedule(name, minutes)

        self._services = Services(
            orchestrator=orchestrator,
            store=store,
            drafts=drafts,
            browser_keys=self._browser_keys,
            form_origins=self._form_origins,
            pairing=self.pairing,
            gate=self._gate,
            streams=self._streams,
            events=self._events,
            status=StatusTexts(),
            tickets=TicketBook(),
            limits=self._limits,
            profile_id=profile_id,
            version=version,
            demo=demo,
            clock=self._clock,
            say=said,
            set_intervals=set_intervals or tell_orchestrator,
        )
        self._runner: web.AppRunner | None = None
        self._server: asyncio.Server | None = None
        self._unsubscribe: Callable[[], object] = lambda: None
        self._files: Mapping[str, files.StaticFile] = {}
        self._crowd = Crowd(self._limits.connections)
        self.port = 0
        """The port taken; 0 while not started."""

    # ---------------------------------------------------------------- life

    async def start(self) -> int:
        """Take a port and serve; returns the port. Raises :class:`EndpointError` ``ports-taken``."""
        self._files = await asyncio.to_thread(files.load, messages.resources() / "web", demo=self._services.demo)
        app = web.Application(middlewares=[self._guard], client_max_size=self._limits.body)
        app.on_response_prepare.append(self._finish)
        add = partial(app.router.add_route, expect_handler=expected)
        # Fixed addresses first, each with an answer for its wrong methods: else ``GET`` on one would be taken for
        # ``/api/customers/{id}``.
        for path in sorted({route.path: None for route in ROUTES}, key=lambda path: "{" in path):
            for route in ROUTES:
                if route.path == path:
                    add(route.method, path, self._served(route))
            add("*", path, self._static)
        app.router.add_get("/openapi.json", self._openapi, expect_handler=expected)
        app.router.add_get("/docs", self._docs, expect_handler=expected)
        add("*", r"/{path:[\s\S]*}", self._static)  # whatever it holds, line feeds too
        runner = web.AppRunner(app, handle_signals=False, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            listening = listen(self._wanted_port)
        except EndpointError:
            await runner.cleanup()
            raise
        self._runner = runner
        self._streams.closing.clear()
        self.port = listening.getsockname()[1]
        self._gate.serve_at(self.port)
        await asyncio.to_thread(self._browser_keys.open, self.port)
        forget = self._orchestrator.subscribe(self._events.add)
        ignore = self.pairing.subscribe(self._pages_changed)
        self._unsubscribe = lambda: (forget(), ignore())
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connection, sock=listening, backlog=256)
        log.info("endpoint at %s", self.url)
        return self.port

    async def stop(self) -> None:
        """End all streams, finish short answers, free the port. Harmless when not started."""
        if self._runner is None:
            return
        self._unsubscribe()
        if self._server is not None:
            self._server.close()
        await self._streams.end(patience=1.0)
        await self._runner.cleanup()
        self._runner = self._server = None

    async def move(self, port: int) -> int:
        """Serve at another port from now on (0: the usual one); returns the port. Open lines end, their tabs have to
        learn the new address. Raises :class:`EndpointError` ``ports-taken``, and serves where it did."""
        before = self.port
        await self.stop()
        self._wanted_port = port or self._usual_port
        try:
            return await self.start()
        except EndpointError:
            if before:
                self._wanted_port = before
                await self.start()
            raise

    @property
    def url(self) -> str:
        """``http://127.0.0.1:47800``; an empty text while nothing is served."""
        return f"http://127.0.0.1:{self.port}" if self._runner is not None else ""

    def _form_origins(self) -> list[str]:
        """Where the order form may be or have been served: the ports that are tried, and earlier ones."""
        tried = range(self._wanted_port, min(self._wanted_port + PORTS_TRIED, 65536))
        ports = dict.fromkeys((self.port, *tried, *self._browser_keys.ports))
        return [f"http://127.0.0.1:{port}" for port in ports]

    def order_form_url(self, account: AccountId | None = None) -> str:
        """The order form's address with a one-time code (30 s) that lets it in; for ``account``, else the default."""
        self._form_opened()
        return f"{self.url}{ORDER_FORM}#code={self.pairing.one_time_code(account)}"

    def _pages_changed(self) -> None:
        self._streams.keep(self.pairing.store.ids())

    def _connection(self) -> asyncio.Protocol:
        assert self._runner is not None
        assert self._runner.server is not None
        server = self._runner.server
        # ``keepalive_timeout`` also bounds how long the head of a request may take (aiohttp from 3.14 on).
        return Connection(
            server,
            self._crowd,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=self._limits.silence,
            lingering_time=0.0,
            access_log=None,  # aiohttp's way to say: none; its lines would name paths
            auto_decompress=False,
        )

    # ---------------------------------------------------------------- every request

    @web.middleware
    async def _guard(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if not request.body_exists:
            self._crowd.asked(request.protocol)
        try:
            response = await self._passed(request, handler)
        except Refusal as refusal:
            response = self._refused(request, refusal)
        except (asyncio.CancelledError, ConnectionError):
            raise
        except SyncFailure as failure:
            # Failures of the orchestrator and the store have their own texts.
            response = self._refused(request, Refusal(failure.code, params=failure.params))
        except Exception:
            # The traceback, not the request: headers and bodies hold secrets.
            log.exception("%s %s failed", request.method, _path(request))
            response = self._refused(request, Refusal("internal"))
        sent = await self._sent(request, response)
        self._crowd.idle(request.protocol)
        return sent

    async def _passed(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        caller = self._gate.caller(request)
        request[CALLER] = caller
        if request.method == hdrs.METH_OPTIONS:
            return self._preflight(request, caller)
        return await handler(request)

    async def _sent(self, request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
        if response.prepared:
            return response
        try:
            async with asyncio.timeout(self._limits.silence):
                await response.prepare(request)
                await response.write_eof()
        except TimeoutError:
            log.info("%s: client did not take its answer", _path(request))
            if request.transport is not None:
                request.transport.abort()
        return response

    async def _finish(self, request: web.Request, response: web.StreamResponse) -> None:
        for name, value in SAFE.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault(hdrs.CACHE_CONTROL, "no-store")
        response.headers.setdefault("Content-Security-Policy", CSP_ANSWER)
        response.headers.popall(hdrs.SERVER, None)
        caller: Caller | None = request.get(CALLER)
        if caller is not None and caller.cors and caller.origin is not None:
            response.headers.update(cors_headers(caller.origin))

    def _preflight(self, request: web.Request, caller: Caller) -> web.Response:
        if caller.origin is None or "Access-Control-Request-Method" not in request.headers:
            raise Refusal("method-refused")
        return web.Response(status=204, headers=preflight_headers(caller.origin))

    def _served(self, route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def serve(request: web.Request) -> web.StreamResponse:
            caller: Caller = request[CALLER]
            if route.access is not None and route.stream != "websocket":
                caller = self._gate.admit(request, caller, route.access)
            body: Any = None
            if route.text_body or route.body is not None:
                raw = await read_body(request, self._limits, text=route.text_body)
                self._crowd.asked(request.protocol)
                body = raw if route.body is None else parse_body(route.body, raw)
            query = parse_query(route.query or contract.Query, request)
            call = Call(self._services, request, caller, self._language_of(request), body, query)
            made = await route.handler(call)
            return response_of(made) if isinstance(made, Reply) else made

        return serve

    def _refused(self, request: web.Request, refusal: Refusal) -> web.Response:
        caller: Caller | None = request.get(CALLER)
        log.info(
            "refused %s %s: %s%s (%s)",
            request.method,
            _path(request),
            refusal.code,
            f", {refusal.header} at fault" if refusal.header else "",
            request.headers.get(hdrs.ORIGIN, "no origin")[:200],
        )
        what, means, todo = said(refusal.code, self._language_of(request), refusal.params)
        answer = {
            "success": False,
            "message": what,
            "error": f"{what} {means}".strip(),
            "code": refusal.code,
            "hint": todo,
            "field": refusal.field or refusal.header,
        }
        response = web.json_response(answer | refusal.extra, status=refusal.status, headers=refusal.headers)
        if caller is None or refusal.status in (400, 408, 413):
            # What is left of such a request on the line must not be read as the next one.
            response.force_close()
        return response

    def _language_of(self, request: web.Request) -> str:
        for part in request.headers.get(hdrs.ACCEPT_LANGUAGE, "").lower().split(","):
            tag = part.strip()[:2]
            if tag in messages.LANGUAGES:
                return tag
        return self._language()

    # ---------------------------------------------------------------- files and documents

    async def _static(self, request: web.Request) -> web.StreamResponse:
        path = request.path
        file = self._files.get(path)
        if file is None or request.method not in (hdrs.METH_GET, hdrs.METH_HEAD):
            if file is None:
                raise self._unknown(request)
            raise Refusal("method-refused", headers={hdrs.ALLOW: "GET, HEAD"})
        if path == ORDER_FORM:
            self._form_opened()
        return self._page(request, file.body, file.type, file.etag)

    def _unknown(self, request: web.Request) -> Refusal:
        exact = {r.method for r in ROUTES if r.path == request.path}
        methods = sorted(exact or {r.method for r in ROUTES if _matches(r.path, request.path)})
        if methods and request.method not in methods:  # else a part of the path is none (a brace in an id)
            return Refusal("method-refused", headers={hdrs.ALLOW: ", ".join(methods)})
        return Refusal("no-such-path")

    async def _openapi(self, _request: web.Request) -> web.StreamResponse:
        document = openapi.document(ROUTES, self._services.version)
        return web.json_response(document, headers={hdrs.CACHE_CONTROL: "no-cache"})

    async def _docs(self, request: web.Request) -> web.StreamResponse:
        body = openapi.page(openapi.document(ROUTES, self._services.version)).encode()
        return self._page(request, body, files.TYPES[".html"], "")

    def _page(self, request: web.Request, body: bytes, type_: str, etag: str) -> web.StreamResponse:
        headers = {
            hdrs.CACHE_CONTROL: "no-cache",
            "Content-Security-Policy": CSP_PAGE.format(
                socket=self._gate.own_origin.replace("http", "ws", 1), addresses=" ".join(self._form_origins())
            ),
        }
        if etag:
            headers[hdrs.ETAG] = etag
        if type_.startswith("text/html") and request.headers[hdrs.HOST] != self._gate.own_origin.partition("//")[2]:
            # One name only: what the form keeps (drafts, token) belongs to one origin.
            return web.Response(status=307, headers={hdrs.LOCATION: self._gate.own_origin + request.path})
        if etag and request.headers.get(hdrs.IF_NONE_MATCH) == etag:
            return web.Response(status=304, headers=headers)
        return web.Response(body=body, headers=headers | {hdrs.CONTENT_TYPE: type_})


def _path(request: web.Request) -> str:
    """The path as it was sent, for the log: nothing decoded, and no query, which may hold anything."""
    return request.raw_path.partition("?")[0][:200]


def _matches(pattern: str, path: str) -> bool:
    wanted, given = pattern.split("/"), path.split("/")
    return len(wanted) == len(given) and all(w == g or w.startswith("{") for w, g in zip(wanted, given, strict=True))
