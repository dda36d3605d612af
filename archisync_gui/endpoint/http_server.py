"""The HTTP server of the endpoint: checks each request with the gate and dispatches it to its route.

This module loads aiohttp and pydantic: :class:`~archisync_gui.endpoint.server.Endpoint` imports it at the first call.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from aiohttp import hdrs, web

from archisync_gui import messages
from archisync_gui.endpoint import contract, files, openapi
from archisync_gui.endpoint.answers import CSP_ANSWER, CSP_PAGE, SAFE, response_of, text_parts
from archisync_gui.endpoint.connections import Connection, ConnectionLimit, expected
from archisync_gui.endpoint.gate import Caller, Gate, Limits, Refusal, cors_headers, preflight_headers
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
from archisync_gui.endpoint.status_texts import StatusTexts
from archisync_gui.endpoint.streams import Streams
from archisync_gui.model import SyncFailure

if TYPE_CHECKING:
    from archisync_gui.drafts import BrowserKeys, Drafts
    from archisync_gui.endpoint.caches import EventLog, TicketBook
    from archisync_gui.endpoint.pairing import Pairing
    from archisync_gui.model import Clock
    from archisync_gui.orchestrator import OrchestratorApi
    from archisync_gui.store import Store

log = logging.getLogger(__name__)

CALLER = web.RequestKey("caller", Caller)
BEGUN = web.RequestKey("begun", bool)
"""Set when the status line and headers of an answer were written."""
ORDER_FORM = "/order-form"


class HttpServer:
    """Serves the connections that were made by :meth:`connection`, from :meth:`open` to :meth:`close`."""

    def __init__(
        self,
        *,
        orchestrator: OrchestratorApi,
        store: Store,
        drafts: Drafts,
        browser_keys: BrowserKeys,
        pairing: Pairing,
        events: EventLog,
        tickets: TicketBook,
        form_origins: Callable[[], Iterable[str]],
        profile_id: str,
        version: str,
        demo: bool,
        clock: Clock,
        language: Callable[[], str],
        set_intervals: Callable[[Mapping[str, int | None]], Awaitable[object]],
        form_opened: Callable[[], None],
        limits: Limits | None = None,
    ) -> None:
        """See :class:`~archisync_gui.endpoint.server.Endpoint` and :class:`Services`."""
        self._limits = limits or Limits()
        self._language = language
        self._form_opened = form_opened
        self._form_origins = form_origins
        self._pairing = pairing
        self._gate = Gate(pairing, clock=clock, limits=self._limits)
        self._streams = Streams(self._limits.streams)
        self._connections = ConnectionLimit(self._limits.connections)
        self._services = Services(
            orchestrator=orchestrator,
            store=store,
            drafts=drafts,
            browser_keys=browser_keys,
            form_origins=form_origins,
            pairing=pairing,
            gate=self._gate,
            streams=self._streams,
            authenticated=self._connections.authenticated,
            events=events,
            status=StatusTexts(),
            tickets=tickets,
            limits=self._limits,
            profile_id=profile_id,
            version=version,
            demo=demo,
            clock=clock,
            say=text_parts,
            set_intervals=set_intervals,
        )
        self._files: Mapping[str, files.StaticFile] = {}
        self._making: asyncio.Task[tuple[files.StaticFile, files.StaticFile]] | None = None
        app = web.Application(middlewares=[self._guard], client_max_size=self._limits.body)
        app.on_response_prepare.append(self._finish)
        self._route(app)
        self._runner = web.AppRunner(app, handle_signals=False, access_log=None, shutdown_timeout=1.0)
        self._unsubscribe: Callable[[], object] = lambda: None

    # ---------------------------------------------------------------- open and close

    async def open(self, port: int) -> None:
        """Be ready for connections to ``port``."""
        self._files = await asyncio.to_thread(files.load, messages.resources() / "web", demo=self._services.demo)
        self._gate.serve_at(port)
        await self._runner.setup()
        self._unsubscribe = self._pairing.subscribe(lambda: self._streams.end_others(self._pairing.store.ids()))

    async def close(self) -> None:
        """End all streams, finish short answers, close all connections."""
        self._unsubscribe()
        await self._streams.end(seconds=1.0)
        await self._runner.cleanup()
        if self._making is not None:
            await asyncio.wait({self._making})

    def connection(self) -> asyncio.Protocol:
        """The protocol of a new connection."""
        server = self._runner.server
        assert server is not None
        # ``keepalive_timeout`` also bounds how long the head of a request may take (aiohttp from 3.14 on).
        return Connection(
            server,
            self._connections,
            self._limits.silence,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=self._limits.silence,
            # The body of a refused request is read and dropped: closing a socket with unread data would reset the
            # connection, and Windows discards an answer that the client has not read by then.
            lingering_time=self._limits.silence,
            access_log=None,  # no access log: its lines would contain paths
            auto_decompress=False,
        )

    def _route(self, app: web.Application) -> None:
        add = partial(app.router.add_route, expect_handler=expected)
        # Paths without variables first, each with a catch-all for other methods: else ``GET`` on one of them would
        # match a route like ``/api/customers/{id}``.
        for path in sorted({route.path: None for route in ROUTES}, key=lambda path: "{" in path):
            for route in ROUTES:
                if route.path == path:
                    add(route.method, path, self._served(route))
            add("*", path, self._static)
        app.router.add_get("/openapi.json", self._openapi, expect_handler=expected)
        app.router.add_get("/docs", self._docs, expect_handler=expected)
        add("*", r"/{path:[\s\S]*}", self._static)  # any path, also one with line feeds

    # ---------------------------------------------------------------- every request

    @web.middleware
    async def _guard(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if not request.body_exists:
            self._connections.idle(request)
        try:
            response = await self._passed(request, handler)
        except (asyncio.CancelledError, ConnectionError):
            raise
        except Exception as error:
            response = self._refused(request, _refusal_of(request, error))
        sent = await self._sent(request, response)
        self._connections.idle(request)
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
        request[BEGUN] = True
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
                body = raw if route.body is None else parse_body(route.body, raw)
            if caller.page is not None:  # only now: a client that sends half a body must not keep its connection
                self._connections.authenticated(request)
            query = parse_query(route.query or contract.Query, request)
            call = Call(self._services, request, caller, self._language_of(request), body, query)
            made = await route.handler(call)
            return response_of(made) if isinstance(made, Reply) else made

        return serve

    def _refused(self, request: web.Request, refusal: Refusal) -> web.Response:
        """The answer to a refused request. If another answer has begun already (event stream, WebSocket), the
        connection is aborted and :class:`ConnectionResetError` raised."""
        caller: Caller | None = request.get(CALLER)
        log.info(
            "refused %s %s: %s%s (%s)",
            request.method,
            _path(request),
            refusal.code,
            f", {refusal.header} at fault" if refusal.header else "",
            request.headers.get(hdrs.ORIGIN, "no origin")[:200],
        )
        if request.get(BEGUN):
            if request.transport is not None:
                request.transport.abort()
            raise ConnectionResetError("the answer had begun")
        what, means, todo = text_parts(refusal.code, self._language_of(request), refusal.params)
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
            # The unread rest of such a request must not be parsed as the next request.
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
        return self._page(request, file)

    def _unknown(self, request: web.Request) -> Refusal:
        exact = {r.method for r in ROUTES if r.path == request.path}
        methods = sorted(exact or {r.method for r in ROUTES if _matches(r.path, request.path)})
        if methods and request.method not in methods:  # else a variable part is not valid (a brace in an id)
            return Refusal("method-refused", headers={hdrs.ALLOW: ", ".join(methods)})
        return Refusal("no-such-path")

    async def _openapi(self, request: web.Request) -> web.StreamResponse:
        return _file(request, (await self._documents())[0])

    async def _docs(self, request: web.Request) -> web.StreamResponse:
        return self._page(request, (await self._documents())[1])

    async def _documents(self) -> tuple[files.StaticFile, files.StaticFile]:
        """The OpenAPI document as JSON and as an HTML page. Made once, in a thread: they need no token, and take a
        third of a second."""
        if self._making is None or (self._making.done() and self._making.exception() is not None):
            self._making = asyncio.ensure_future(asyncio.to_thread(_described, self._services.version))
        return await asyncio.shield(self._making)

    def _page(self, request: web.Request, file: files.StaticFile) -> web.StreamResponse:
        if file.type.startswith("text/html") and request.headers[hdrs.HOST] != self._gate.own_origin.partition("//")[2]:
            # Redirect ``localhost`` to 127.0.0.1: what the form stores (drafts, token) belongs to one origin.
            return web.Response(status=307, headers={hdrs.LOCATION: self._gate.own_origin + request.path})
        policy = CSP_PAGE.format(
            socket=self._gate.own_origin.replace("http", "ws", 1), addresses=" ".join(self._form_origins())
        )
        return _file(request, file, {"Content-Security-Policy": policy})


def _file(
    request: web.Request, file: files.StaticFile, headers: Mapping[str, str] = MappingProxyType({})
) -> web.StreamResponse:
    """The file, or 304 when the caller has this version already."""
    sent = {hdrs.CACHE_CONTROL: "no-cache", hdrs.ETAG: file.etag, **headers}
    if request.headers.get(hdrs.IF_NONE_MATCH) == file.etag:
        return web.Response(status=304, headers=sent)
    return web.Response(body=file.body, headers=sent | {hdrs.CONTENT_TYPE: file.type})


def _described(version: str) -> tuple[files.StaticFile, files.StaticFile]:
    document = openapi.document(ROUTES, version)
    text, page = json.dumps(document).encode(), openapi.page(document).encode()
    return files.static_file(text, ".json"), files.static_file(page, ".html")


def _refusal_of(request: web.Request, error: Exception) -> Refusal:
    if isinstance(error, Refusal):
        return error
    if isinstance(error, SyncFailure):  # from orchestrator or store; its code has a text
        return Refusal(error.code, params=error.params)
    # The traceback, not the request: headers and bodies hold secrets.
    log.error("%s %s failed", request.method, _path(request), exc_info=error)
    return Refusal("internal")


def _path(request: web.Request) -> str:
    """The path as it was sent, for the log: not decoded, and without the query, which may contain secrets."""
    return request.raw_path.partition("?")[0][:200]


def _matches(pattern: str, path: str) -> bool:
    expected_parts, parts = pattern.split("/"), path.split("/")
    return len(expected_parts) == len(parts) and all(
        e == p or e.startswith("{") for e, p in zip(expected_parts, parts, strict=True)
    )
