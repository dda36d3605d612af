"""Connections that take up places: clients that read nothing, and requests that prove nothing."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from aiohttp import web

from archisync_gui.endpoint.connections import Connection
from archisync_gui.endpoint.gate import Limits
from tests.endpoint.office import QUICK, UPGRADE, Office, running
from tests.support.waiting import until

FEW = 10


def request_of(office: Office, path: str, more: str = "") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{office.endpoint.port}\r\n{more}\r\n".encode()


@pytest.fixture(autouse=True)
def sockets(monkeypatch: pytest.MonkeyPatch) -> list[asyncio.Transport]:
    """The server's side of all connections, whatever aiohttp or the limit still count."""
    seen: list[asyncio.Transport] = []
    made = Connection.connection_made

    def noted(self: Connection, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        seen.append(transport)
        made(self, transport)

    monkeypatch.setattr(Connection, "connection_made", noted)
    return seen


def still_open(sockets: list[asyncio.Transport]) -> int:
    return sum(transport.get_extra_info("socket").fileno() != -1 for transport in sockets)


def _ours(sockets: list[asyncio.Transport], line: socket.socket) -> asyncio.Transport | None:
    return next((t for t in sockets if t.get_extra_info("peername") == line.getsockname()), None)


def _served(server: web.Server, requests: int) -> bool:
    return server.requests_count >= requests


@asynccontextmanager
async def deaf(office: Office, sockets: list[asyncio.Transport], how_many: int, more: str = "") -> AsyncIterator[None]:
    """Clients that ask for more than the system's buffers hold, and read nothing of it. What is left in the server is
    less than what makes aiohttp wait for the client. ``more``: headers of their last request."""
    loop = asyncio.get_running_loop()
    server = (await office.endpoint._load())._runner.server
    assert server is not None
    lines: list[socket.socket] = []
    one, needed = request_of(office, "/order-form/texts.js"), 0
    try:
        for _ in range(how_many):
            line = socket.socket()
            lines.append(line)
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            line.setblocking(False)
            await loop.sock_connect(line, ("127.0.0.1", office.endpoint.port))
            ours = await until(partial(_ours, sockets, line))
            assert ours is not None
            before, asked = server.requests_count, 0
            while not ours.get_write_buffer_size():
                more_of_it = max(needed - 5 - asked, 1)
                asked += more_of_it
                await loop.sock_sendall(line, one * more_of_it)
                await until(partial(_served, server, before + asked))
                await asyncio.sleep(0.005)
            needed = asked
            assert ours.get_write_buffer_size() < 64 * 1024
            if more:
                await loop.sock_sendall(line, request_of(office, "/api/health", more))
        yield
    finally:
        for line in lines:
            line.close()


@pytest.mark.parametrize("more", ["", "Connection: close\r\n"])
async def test_a_client_that_reads_nothing_is_dropped(
    tmp_path: Path, sockets: list[asyncio.Transport], more: str
) -> None:
    async with running(tmp_path, limits=QUICK) as office, deaf(office, sockets, 3, more):
        await until(lambda: not still_open(sockets))


async def test_clients_that_read_nothing_stay_below_the_limit(tmp_path: Path, sockets: list[asyncio.Transport]) -> None:
    failed: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: failed.append(context))
    async with running(tmp_path, limits=replace(Limits(), connections=FEW, silence=0.5)) as office:
        async with deaf(office, sockets, FEW):
            await until(lambda: all(transport.is_closing() for transport in sockets))
            async with deaf(office, sockets, FEW):
                pass
            assert still_open(sockets) <= FEW
            assert (await office.ask("GET", "/api/health")).status == 200
        assert failed == []


async def test_handshakes_without_a_token_shut_nobody_out(tmp_path: Path) -> None:
    async with running(tmp_path, limits=replace(Limits(), connections=FEW, silence=300.0)) as office:
        lines = []
        for _ in range(2 * FEW):
            reader, writer = await asyncio.open_connection("127.0.0.1", office.endpoint.port)
            lines.append(writer)
            writer.write(request_of(office, "/api/smart-sessions", UPGRADE))
            assert (await reader.readline()).startswith(b"HTTP/1.1 101 ")
        assert (await office.page("GET", "/api/sync/status")).status == 200
        for writer in lines:
            writer.transport.abort()


async def test_who_asks_for_much_without_a_token_and_reads_nothing_shuts_nobody_out(
    tmp_path: Path, sockets: list[asyncio.Transport]
) -> None:
    async with running(tmp_path, limits=replace(Limits(), connections=FEW, silence=300.0)) as office:
        loop = asyncio.get_running_loop()
        lines = []
        for _ in range(2 * FEW):
            line = socket.socket()
            lines.append(line)
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            line.setblocking(False)
            await loop.sock_connect(line, ("127.0.0.1", office.endpoint.port))
            # So many answers that the server waits until some are read.
            await loop.sock_sendall(line, request_of(office, "/order-form/texts.js") * 300)
        await until(lambda: sum(t.get_write_buffer_size() > 64 * 1024 for t in sockets) >= FEW)
        assert (await office.page("GET", "/api/sync/status")).status == 200
        for line in lines:
            line.close()
