"""Connections of the endpoint's server, their limit, and which one is closed when there are too many."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from aiohttp import HttpVersion11, hdrs, web

from archisync_gui import messages
from archisync_gui.endpoint.answers import CSP_ANSWER, SAFE, text_parts

log = logging.getLogger(__name__)


class ConnectionLimit:
    """The open connections. Above ``limit`` the one that has been idle longest is closed. Idle is a connection that has
    sent no complete request with a valid token, or whose request was answered. If all others are being served, the
    new connection is closed, since it is idle itself."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._open: set[Connection] = set()
        self._idle: dict[Connection, None] = {}
        """The idle ones, longest first."""

    def opened(self, connection: Connection) -> None:
        """Add a new connection; closes the one that was idle longest if there are too many."""
        self._open.add(connection)
        self._idle[connection] = None
        if len(self._open) > self._limit:
            oldest = next(iter(self._idle))
            self.closed(oldest)
            oldest.abort()

    def authenticated(self, request: web.Request) -> None:
        """A complete request with a valid token was received: its connection is not closed before the answer was
        sent."""
        self._idle.pop(_connection_of(request), None)

    def idle(self, request: web.Request) -> None:
        """The request was answered, or has just come and has no valid token yet: its connection is idle from now on."""
        connection = _connection_of(request)
        if connection in self._open:
            self._idle.pop(connection, None)
            self._idle[connection] = None

    def closed(self, connection: Connection) -> None:
        """Remove a connection whose socket was closed."""
        self._open.discard(connection)
        self._idle.pop(connection, None)


def _connection_of(request: web.Request) -> Connection:
    connection = request.protocol
    assert isinstance(connection, Connection)
    return connection


class Connection(web.RequestHandler):
    """aiohttp's connection, but with errors answered as our JSON and logged without the request. Its socket is aborted
    ``abort_after`` seconds after closing began, also if the client has not read the last answer."""

    __slots__ = ("_abort_after", "_aborting", "_connections", "_open")

    def __init__(self, server: web.Server, connections: ConnectionLimit, abort_after: float, **options: Any) -> None:
        super().__init__(server, **options)
        self._connections = connections
        self._abort_after = abort_after
        self._open: asyncio.Transport | None = None
        """The transport until the socket is closed; aiohttp clears its own ``transport`` when closing *begins*."""
        self._aborting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count the connection."""
        assert isinstance(transport, asyncio.Transport)
        self._open = transport
        super().connection_made(transport)
        self._connections.opened(self)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Remove the connection."""
        self._open = None
        if self._aborting is not None:
            self._aborting.cancel()
        self._connections.closed(self)
        super().connection_lost(exc)

    def abort(self) -> None:
        """Close the socket at once; data that were not sent yet are lost."""
        if self._open is not None:
            self._open.abort()

    async def start(self) -> None:
        """Serve requests until aiohttp closes the connection."""
        try:
            await super().start()
        finally:
            self._end_soon()

    def force_close(self) -> None:
        """Close the connection: it was idle for too long, or the server stops."""
        super().force_close()
        self._end_soon()

    def _end_soon(self) -> None:
        """Abort the socket after a time limit: without it, it would stay open until the client has read all data."""
        if self._open is not None and self._open.is_closing() and self._aborting is None:
            self._aborting = asyncio.get_running_loop().call_later(self._abort_after, self.abort)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 (quotes the request)
    ) -> web.StreamResponse:
        """Answer a request that could not be parsed. ``message`` is not used."""
        if request.writer.output_size > 0:
            raise ConnectionError("the answer has begun already")
        code = "request-malformed" if status < 500 else "internal"
        log.info("refused a request: %s (%s)", code, type(exc).__name__)
        what, means, todo = text_parts(code, messages.system_language(), {})
        answer = {"success": False, "message": what, "error": f"{what} {means}".strip(), "code": code, "hint": todo}
        response = web.json_response(answer, status=status, headers=SAFE | {"Content-Security-Policy": CSP_ANSWER})
        response.force_close()
        return response

    def log_exception(self, *_args: Any, **kw: Any) -> None:
        """Log the error's type only: aiohttp's log would quote the request."""
        error = kw.get("exc_info")
        log.warning("a connection failed: %s", type(error).__name__ if error else "unknown")


async def expected(request: web.Request) -> None:
    """Answer ``Expect: 100-continue``. Other expectations are ignored, which HTTP allows: aiohttp would answer them
    before the checks of :class:`Gate`, with the header's text in its answer."""
    if request.headers.get(hdrs.EXPECT, "").lower() == "100-continue" and request.version == HttpVersion11:
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0  # so that this does not count as the begin of the answer
