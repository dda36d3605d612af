"""Connections of the endpoint's server: how many, which one makes room, and the socket it listens at."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import sys
from typing import Any

from aiohttp import HttpVersion11, hdrs, web

from archisync_gui import messages
from archisync_gui.endpoint.answers import CSP_ANSWER, SAFE, said
from archisync_gui.endpoint.gate import (
    PORTS_TRIED,
)
from archisync_gui.model import FailureKind, SyncFailure

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


def listen(first: int) -> socket.socket:
    """A listening socket on the first free of ten ports."""
    for port in range(first, min(first + PORTS_TRIED, 65536)) if first > 0 else (0,):
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            if sys.platform == "win32":
                # Without it another program could bind the same port beside us.
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
            else:
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(("127.0.0.1", port))
            listening.listen(256)
        except OSError as error:
            listening.close()
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
        else:
            return listening
    raise EndpointError("ports-taken", first=first, last=first + PORTS_TRIED - 1)


class EndpointError(SyncFailure):
    """The endpoint cannot start; ``code`` has a text in ``resources/messages/endpoint.toml``."""

    def __init__(self, code: str, **params: str | int) -> None:
        super().__init__(code, FailureKind.PERMANENT, params=params)
