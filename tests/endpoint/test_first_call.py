"""The HTTP server is loaded by the first connection: nothing before, and whoever calls meanwhile is answered."""

from __future__ import annotations

import asyncio
import importlib
from asyncio import selector_events
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from threading import Event
from types import ModuleType
from typing import Any

import pytest

from archisync_gui.endpoint import server
from tests.endpoint.office import Office, running
from tests.support.hygiene import ExpectedErrors
from tests.support.waiting import until

Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Loading:
    """Stands between the endpoint and the import of its server."""

    def __init__(self) -> None:
        self.may_end = Event()
        self.failures = 0
        self.begun = 0

    def __call__(self, name: str) -> ModuleType:
        self.begun += 1
        assert self.may_end.wait(60)
        if self.failures:
            self.failures -= 1
            raise ImportError("No module named 'aiohttp'")
        return importlib.import_module(name)


@pytest.fixture
def loading(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loading]:
    held = Loading()
    monkeypatch.setattr(server, "import_module", held)
    yield held
    held.may_end.set()


@asynccontextmanager
async def calls(office: Office, how_many: int) -> AsyncIterator[list[Line]]:
    """That many connections, one after the other, each with a whole request."""
    port = office.endpoint.port
    lines: list[Line] = []
    for _ in range(how_many):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET /api/health HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
        lines.append((reader, writer))
    try:
        yield lines
    finally:
        for _, writer in lines:
            writer.close()


async def answered(line: Line) -> bytes:
    """The first line of the answer; empty when the connection ended without one."""
    try:
        async with asyncio.timeout(60):
            return (await line[0].read()).partition(b"\r\n")[0]
    except ConnectionResetError:
        return b""


OK = b"HTTP/1.1 200 OK"


@pytest.fixture(params=["paused", "not paused"])
def reading(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """``not paused``: as Debian 12's Python (3.11.2), which begins to read a connection although that was paused in
    ``connection_made``."""

    def add_reader(transport: Any, fd: int, callback: Any, *arguments: Any) -> None:
        if not transport.is_closing():
            transport._loop._add_reader(fd, callback, *arguments)

    if request.param == "not paused":
        monkeypatch.setattr(selector_events._SelectorTransport, "_add_reader", add_reader)  # type: ignore[attr-defined]


@pytest.mark.usefixtures("reading")
async def test_calls_that_come_while_the_server_is_loaded_are_answered(tmp_path: Path, loading: Loading) -> None:
    async with running(tmp_path) as office:
        assert loading.begun == 0
        async with calls(office, 3) as lines:
            await until(lambda: len(office.endpoint._waiting) == 3)
            loading.may_end.set()
            assert [await answered(line) for line in lines] == [OK] * 3
        async with calls(office, 1) as lines:
            assert await answered(lines[0]) == OK
        assert loading.begun == 1
        assert not office.endpoint._waiting


async def test_the_form_that_the_panel_opens_finds_the_server_loaded(tmp_path: Path, loading: Loading) -> None:
    async with running(tmp_path) as office:
        office.endpoint.order_form_url()
        await until(lambda: loading.begun == 1)


async def test_a_server_that_cannot_be_loaded_is_tried_again(
    tmp_path: Path, loading: Loading, hygiene: ExpectedErrors
) -> None:
    hygiene("could not be loaded")
    loading.failures = 1
    loading.may_end.set()
    async with running(tmp_path) as office:
        async with calls(office, 1) as lines:
            assert await answered(lines[0]) == b""
        async with calls(office, 1) as lines:
            assert await answered(lines[0]) == OK


async def test_an_endpoint_that_stops_while_its_server_is_loaded_ends_who_waits(
    tmp_path: Path, loading: Loading
) -> None:
    async with running(tmp_path) as office:
        async with calls(office, 2) as lines:
            await until(lambda: len(office.endpoint._waiting) == 2)
            await office.endpoint.stop()
            assert [await answered(line) for line in lines] == [b"", b""]
        loading.may_end.set()
        await office.endpoint.start()  # and serves again
        async with calls(office, 1) as lines:
            assert await answered(lines[0]) == OK


async def test_of_too_many_that_wait_the_oldest_makes_room(
    tmp_path: Path, loading: Loading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "MOST_WAITING", 3)
    async with running(tmp_path) as office, calls(office, 5) as lines:
        assert [await answered(line) for line in lines[:2]] == [b"", b""]
        assert len(office.endpoint._waiting) == 3
        loading.may_end.set()
        assert [await answered(line) for line in lines[2:]] == [OK] * 3


async def test_a_caller_that_leaves_while_it_waits_leaves_nothing_behind(tmp_path: Path, loading: Loading) -> None:
    async with running(tmp_path) as office:
        async with calls(office, 1):
            await until(lambda: len(office.endpoint._waiting) == 1)
        loading.may_end.set()
        http = await office.endpoint._load()
        await until(lambda: not office.endpoint._waiting and not http._connections._open)
