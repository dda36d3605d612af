"""Connections of the endpoint's server: how many there may be, and which one makes room."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from aiohttp import HttpVersion11, hdrs, web

from archisync_gui import messages
from archisync_gui.endpoint.answers import CSP_ANSWER, SAFE, said

log = logging.getLogger(__name__)


class Crowd:
    """The open connections. Above ``limit`` the one that has been idle longest is closed: it has sent no request yet,
    or half of one, or one without a valid token, or has had its answer. If all the others are being served, the new
    one is closed."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._open: set[Connection] = set()
        self._silent: dict[Connection, None] = {}

    def come(self, connection: Connection) -> None:
        """It is open now."""
        self._open.add(connection)
        self._silent[connection] = None
        if len(self._open) > self._limit:
            oldest = next(iter(self._silent))
            self.left(oldest)
            oldest.abort()

    def proved(self, request: web.Request) -> None:
        """A whole request with a valid token has come on its connection, which is kept until the answer was sent."""
        self._silent.pop(_of(request), None)

    def idle(self, request: web.Request) -> None:
        """Its request was answered, or has come and has proved nothing: others make room before it."""
        connection = _of(request)
        if connection in self._open:
            self._silent.pop(connection, None)
            self._silent[connection] = None

    def left(self, connection: Connection) -> None:
        """Its socket is closed."""
        self._open.discard(connection)
        self._silent.pop(connection, None)


def _of(request: web.Request) -> Connection:
    connection = request.protocol
    assert isinstance(connection, Connection)
    return connection


class Connection(web.RequestHandler):
    """aiohttp's connection, whose errors are answered in our JSON and logged without the request, and whose socket is
    closed at the latest ``patience`` seconds after its last answer, though the client has not read that."""

    __slots__ = ("_aborting", "_crowd", "_open", "_patience")

    def __init__(self, server: web.Server, crowd: Crowd, patience: float, **how: Any) -> None:
        super().__init__(server, **how)
        self._crowd = crowd
        self._patience = patience
        self._open: asyncio.Transport | None = None
        """Until the socket is closed; aiohttp forgets its own ``transport`` when it *begins* to close it."""
        self._aborting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is open."""
        assert isinstance(transport, asyncio.Transport)
        self._open = transport
        super().connection_made(transport)
        self._crowd.come(self)

    def connection_lost(self, exc: BaseException | None) -> None:
        """It has ended."""
        self._open = None
        if self._aborting is not None:
            self._aborting.cancel()
        self._crowd.left(self)
        super().connection_lost(exc)

    def abort(self) -> None:
        """Close the socket at once, without what was not sent yet."""
        if self._open is not None:
            self._open.abort()

    async def start(self) -> None:
        """Serve its requests; then aiohttp closes it."""
        try:
            await super().start()
        finally:
            self._end_soon()

    def force_close(self) -> None:
        """Close it: it was idle for too long, or the server stops."""
        super().force_close()
        self._end_soon()

    def _end_soon(self) -> None:
        """Do not wait for ever for a client that reads nothing: a socket that has something to send stays open until
        that is sent."""
        if self._open is not None and self._open.is_closing() and self._aborting is None:
            self._aborting = asyncio.get_running_loop().call_later(self._patience, self.abort)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 (quotes the request)
    ) -> web.StreamResponse:
        """Answer a request that could not be read at all. ``message`` is not used."""
        if request.writer.output_size > 0:
            raise ConnectionError("the answer has begun already")
        code = "request-malformed" if status < 500 else "internal"
        log.info("refused a request: %s (%s)", code, type(exc).__name__)
        what, means, todo = said(code, messages.system_language(), {})
        answer = {"success": False, "message": what, "error": f"{what} {means}".strip(), "code": code, "hint": todo}
        response = web.json_response(answer, status=status, headers=SAFE | {"Content-Security-Policy": CSP_ANSWER})
        response.force_close()
        return response

    def log_exception(self, *_args: Any, **kw: Any) -> None:
        """What aiohttp would log quotes the request; its kind is enough."""
        error = kw.get("exc_info")
        log.warning("a connection failed: %s", type(error).__name__ if error else "unknown")


async def expected(request: web.Request) -> None:
    """Let a client that waits for it send its body. Any other expectation is passed over, as HTTP allows: aiohttp would
    answer it before the checks of :class:`Gate`, with the header in its answer."""
    if request.headers.get(hdrs.EXPECT, "").lower() == "100-continue" and request.version == HttpVersion11:
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0  # the answer itself has not begun
