"""A leader and members in one process: a real orchestrator and desk, and remote orchestrators on real lines."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from archisync_gui.app.commands import status_json
from archisync_gui.entities import ENTITIES
from archisync_gui.model import SystemClock, as_json
from archisync_gui.office.desk import Asked, Desk, Emit
from archisync_gui.office.leader_view import PREFIX
from archisync_gui.office.line import Line
from archisync_gui.office.remote import RemoteOrchestrator
from archisync_gui.office.served import Served
from archisync_gui.orchestrator import Orchestrator
from archisync_gui.store import Store
from archisync_gui.store.postgres import Postgres
from archisync_gui.store.postgres_server import Server


async def make_office(server: Server, folder: Any) -> None:
    """Make the office's tables."""
    store = await Store.join(Postgres(server), folder, ENTITIES, clock=SystemClock())
    await store.close()


@dataclass
class Led:
    """An orchestrator that leads an office under an epoch."""

    orchestrator: Orchestrator
    desk: Desk
    served: Served


@asynccontextmanager
async def leading(server: Server, orchestrator: Orchestrator, *, name: str = "PC-1") -> AsyncIterator[Led]:
    """Lead the office with this orchestrator, under the next epoch."""

    def lead() -> tuple[int, Any]:
        connection = server.connect("archisync leadership", autocommit=True)
        row = connection.execute(
            "UPDATE leader SET epoch = epoch + 1, member = %s, name = %s, since = clock_timestamp(), "
            "backend = pg_backend_pid() WHERE id = 1 RETURNING epoch",
            (name, name),
        ).fetchone()
        connection.execute("NOTIFY office_status")
        assert row is not None
        return int(row[0]), connection

    epoch, connection = await asyncio.to_thread(lead)
    served = Served(orchestrator)

    async def handler(asked: Asked, emit: Emit) -> tuple[int, Any]:
        return await served(asked, asked.name.removeprefix(PREFIX), emit)

    def status() -> Any:
        return status_json(served.status())

    desk = Desk(server, epoch, handler, status, lost=lambda _: None, present=lambda members: None)
    leave = orchestrator.subscribe(lambda event: desk.changed(as_json(served.event(event))))
    desk.start()
    try:
        yield Led(orchestrator, desk, served)
    finally:
        leave()
        await desk.stop()
        await asyncio.to_thread(connection.close)


@asynccontextmanager
async def member(server: Server, name: str = "PC-2") -> AsyncIterator[RemoteOrchestrator]:
    """A member's remote orchestrator, once it has received the office's status."""
    async with AsyncExitStack() as stack:
        face = RemoteOrchestrator([entity.spec for entity in ENTITIES], SystemClock(), member=name)
        line = Line(server, name, face.heard)
        face.use(line)
        line.start()
        stack.push_async_callback(line.stop)
        stack.push_async_callback(face.close)
        async with asyncio.timeout(30):
            await face.first.wait()
        yield face


async def until(face: RemoteOrchestrator, condition: Any, *, seconds: float = 30.0) -> None:
    """Wait until ``condition`` is true of the member's status."""
    changed = asyncio.Event()
    leave = face.subscribe(lambda event: changed.set())
    try:
        async with asyncio.timeout(seconds):
            while not condition(face.get_status()):
                changed.clear()
                await changed.wait()
    finally:
        leave()
