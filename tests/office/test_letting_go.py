"""A member that has lost the leadership stops using the ERP at once, also when the server no longer answers."""

from __future__ import annotations

import asyncio

import pytest
import sqlalchemy as sa
from members import Proxy

from archisync_gui.app import letting_go
from archisync_gui.app.letting_go import let_go
from archisync_gui.store import StoreError
from archisync_gui.store.postgres import Postgres
from archisync_gui.store.postgres_server import Server
from tests.support.postgres import on_a_server
from tests.support.waiting import until


@on_a_server
async def test_breaking_off_the_database_ends_its_work_without_a_call_to_the_server(office: Server) -> None:
    proxy = Proxy(office)
    async with proxy as behind:
        database = Postgres(behind)
        await database.create()
        assert await database.read(lambda connection: connection.scalar(sa.text("SELECT 1"))) == 1
        proxy.set("deaf")
        reading = asyncio.ensure_future(database.read(lambda connection: connection.scalar(sa.text("SELECT 1"))))
        writing = asyncio.ensure_future(database.write(lambda connection: connection.scalar(sa.text("SELECT 1"))))
        await asyncio.sleep(0)
        database.break_off()
        for work in (reading, writing):
            with pytest.raises(StoreError, match="broken off by its owner"):
                await work
        came = len(proxy.ports)
        for ask in (database.read, database.write):
            with pytest.raises(StoreError, match="broken off by its owner"):
                await ask(lambda connection: connection.scalar(sa.text("SELECT 1")))
        assert len(proxy.ports) == came
        await database.close()


async def test_the_browser_is_ended_at_once_and_again_until_all_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(letting_go, "AGAIN", 0.01)
    loop = asyncio.get_running_loop()
    killed: asyncio.Queue[None] = asyncio.Queue()

    async def closing() -> None:
        async with asyncio.timeout(10):
            for _ in range(3):  # like a part that waits for the browser and starts it again
                await killed.get()

    def kill() -> None:
        loop.call_soon_threadsafe(killed.put_nowait, None)

    await let_go(closing(), kill, is_over=lambda: True, break_off=lambda: None)


async def test_an_error_while_closing_is_raised() -> None:
    async def closing() -> None:
        raise RuntimeError("closing")

    with pytest.raises(RuntimeError, match="closing"):
        await let_go(closing(), lambda: None, is_over=lambda: True, break_off=lambda: None)


async def test_what_closes_while_the_leadership_ends_breaks_off_then(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that is quit while the server is silent: the next leader reads before its last entries are written."""
    monkeypatch.setattr(letting_go, "AGAIN", 0.01)
    done: list[str] = []
    turns = iter([False, False])

    def is_over() -> bool:
        no_more = next(turns, None) is None
        assert no_more or not done
        return no_more

    async def closing() -> None:
        await until(lambda: done)

    await let_go(closing(), lambda: done.append("killed"), is_over=is_over, break_off=lambda: done.append("broken off"))
    assert done[:2] == ["broken off", "killed"]
