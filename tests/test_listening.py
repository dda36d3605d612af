"""Connections are accepted whatever others do; real sockets."""

from __future__ import annotations

import asyncio
import errno
import socket
import struct
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from archisync_gui import listening
from archisync_gui.listening import Listener


@pytest.fixture(autouse=True, params=[False, True], ids=["own", "asyncio"])
def how(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param and not listening.ASYNCIO_ACCEPTS:
        pytest.skip("Windows: there asyncio's server is not used")
    monkeypatch.setattr(listening, "ASYNCIO_ACCEPTS", request.param)


RESET = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
"""The value of ``SO_LINGER`` with which closing a socket resets the connection."""


class Echo(asyncio.Protocol):
    """Sends back what it receives, and closes the connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(data)
        self.transport.close()


@asynccontextmanager
async def listener(protocol: Any = Echo) -> AsyncIterator[int]:
    """A listener; yields its port."""
    made = socket.create_server(("127.0.0.1", 0), backlog=256)
    port = made.getsockname()[1]
    served = Listener(made, protocol)
    await served.start()
    try:
        yield port
    finally:
        await served.close()


async def echoed(port: int) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(b"there?")
        async with asyncio.timeout(60):
            return await reader.read()
    finally:
        writer.close()


async def test_connections_that_are_reset_before_they_are_accepted_shut_nobody_out() -> None:
    """With ``asyncio.start_server`` on Windows the first one was the last connection."""
    async with listener() as port:
        for turn in range(300):
            with socket.socket() as client:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                client.connect(("127.0.0.1", port))
            if turn % 7 == 0:
                await asyncio.sleep(0.001)
        assert await echoed(port) == b"there?"


@pytest.mark.parametrize("how", [False], ids=["own"], indirect=True)
@pytest.mark.parametrize("number", [errno.EINVAL, errno.ECONNABORTED, errno.EMFILE])
async def test_an_error_of_the_system_does_not_end_accepting(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    accept, errors = socket.socket.accept, [OSError(number, "lost")] * 3

    def failing(sock: socket.socket) -> Any:
        if errors:
            raise errors.pop()
        return accept(sock)

    monkeypatch.setattr(socket.socket, "accept", failing)
    monkeypatch.setattr(listening, "PAUSE", 0.01)
    async with listener() as port:
        assert await echoed(port) == b"there?"
        assert errors == []


@pytest.mark.parametrize("how", [False], ids=["own"], indirect=True)
async def test_a_connection_that_cannot_be_served_does_not_end_accepting(expected_errors: Any) -> None:
    expected_errors("a connection could not be served")
    made = 0

    def protocol() -> Echo:
        nonlocal made
        made += 1
        if made == 1:
            raise RuntimeError("no protocol")
        return Echo()

    async with listener(protocol) as port:
        try:
            assert await echoed(port) == b""
        except ConnectionError:
            pass
        assert await echoed(port) == b"there?"


async def test_a_closed_listener_frees_its_port_and_keeps_its_connections() -> None:
    async with listener() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        before = await echoed(port)  # so that the first connection was accepted, too
    with pytest.raises(OSError, match=r"."):
        await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"still there?")
    async with asyncio.timeout(60):
        assert (before, await reader.read()) == (b"there?", b"still there?")
    writer.close()
