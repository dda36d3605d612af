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
    or half of one, or has had its answer. If all are being served, the new one is closed."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._open: set[web.RequestHandler] = set()
        self._silent: dict[web.RequestHandler, None] = {}

    def come(self, connection: web.RequestHandler) -> None:
        """It is open now."""
        self._open.add(connection)
        self._silent[connection] = None
        if len(self._open) > self._limit:
            oldest = next(iter(self._silent))
            self.left(oldest)
            assert oldest.transport is not None
            oldest.transport.abort()

    def asked(self, connection: web.RequestHandler) -> None:
        """A whole request has come on it."""
        self._silent.pop(connection, None)

    def idle(self, connection: web.RequestHandler) -> None:
        """Its request was answered."""
        if connection in self._open:
            self._silent.pop(connection, None)
            self._silent[connection] = None

    def left(self, connection: web.RequestHandler) -> None:
        """It counts no more."""
        self._open.discard(connection)
        self._silent.pop(connection, None)


class Connection(web.RequestHandler):
    """aiohttp's connection, whose errors are answered in our JSON and logged without the request."""

    __slots__ = ("_crowd",)

    def __init__(self, server: web.Server, crowd: Crowd, **how: Any) -> None:
        super().__init__(server, **how)
        self._crowd = crowd

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is open."""
        super().connection_made(transport)
        self._crowd.come(self)

    def connection_lost(self, exc: BaseException | None) -> None:
        """It has ended."""
        self._crowd.left(self)
        super().connection_lost(exc)

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
