"""Programs of other users that listen where a page looks for the panel, and say all that is public of it; no test."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import WSMsgType, web

from tests.endpoint.office import Office

ACCOUNT = "agente1"


@asynccontextmanager
async def listening(port: int, serve: Any, *, keepalive: float = 3630.0) -> AsyncIterator[web.TCPSite]:
    """A program on that port which answers everything by ``serve``. ``keepalive``: seconds for which it keeps unused
    connections open (aiohttp's default). A site that is stopped gives up the port and keeps open connections."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", serve)
    runner = web.AppRunner(
        app, handle_signals=False, access_log=None, shutdown_timeout=0.1, keepalive_timeout=keepalive
    )
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    try:
        yield site
    finally:
        await runner.cleanup()


class Stranger:
    """Answers like the panel as far as it can, lets every page read that, and keeps what it is sent."""

    def __init__(self, *, knows_tokens: bool = True, relay: Office | None = None) -> None:
        """``knows_tokens`` false: it says that it knows none. ``relay``: a panel that it passes each question on to."""
        self.seen: list[tuple[str, str, str, str]] = []
        """Method, path, token and body of each request; what came on a line is a body, too."""
        self._knows_tokens = knows_tokens
        self._relay = relay

    @property
    def told(self) -> list[tuple[str, str, str, str]]:
        """Requests that hold a token or an order."""
        return [one for one in self.seen if one[2] or "segreto" in one[3] or "token" in one[3]]

    def asked(self, path: str, method: str = "GET") -> int:
        return sum(one[:2] == (method, path) for one in self.seen)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        allowed = {"Access-Control-Allow-Origin": request.headers.get("Origin", "*")}
        if request.method == "OPTIONS":
            methods = {"Access-Control-Allow-Methods": "GET, POST, PUT, DELETE"}
            names = {"Access-Control-Allow-Headers": "Authorization, Content-Type, If-Match"}
            return web.Response(status=204, headers=allowed | methods | names)
        if request.headers.get("Upgrade") == "websocket":
            return await self._line(request)
        body = await request.text()
        self.seen.append((request.method, request.path, request.headers.get("Authorization", ""), body))
        status, said = await self._answer(request, body)
        return web.Response(status=status, text=said, content_type="application/json", headers=allowed)

    async def _line(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                self.seen.append(("LINE", request.path, "", message.data))
        return socket

    async def _answer(self, request: web.Request, body: str) -> tuple[int, str]:
        if self._relay is not None:
            own = {"Host": f"127.0.0.1:{self._relay.endpoint.port}"}
            answer = await self._relay.ask(request.method, request.path_qs, own)
            return answer.status, answer.text
        said: dict[str, Any] = {"success": True, "message": "ok", "status": "ok", "version": "1", "total": 1}
        said |= {"profileId": "profile-1", "rows": [], "drafts": [], "proof": "0" * 64, "account": ACCOUNT, "key": None}
        said |= {"addresses": [], "scopes": ["sessions"], "name": "x", "added": 1, "newAsOf": "2026-01-01T00:00:00Z"}
        if request.path == "/api/health" and not self._knows_tokens:
            return 401, json.dumps(said | {"success": False, "code": "token-unknown", "error": "?", "hint": ""})
        if request.path == "/api/pair":
            said |= {"token": "of-the-stranger", "pairingId": "p", "digits": None}
        if request.method != "PUT":
            return 200, json.dumps(said)
        moment = "2026-01-01T00:00:00Z"
        draft = {"id": request.path.rsplit("/", 1)[1], "version": 1, "createdAt": moment, "updatedAt": moment}
        return 201, json.dumps(said | {"draft": draft | {"document": json.loads(body)}})
