"""The endpoint moves to another port or stops while somebody waits for an answer, calls, or reads along."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.endpoint.office import SESSION, Heard, Office, running
from tests.support.ports import free_port


@asynccontextmanager
async def form_that_waits(office: Office) -> AsyncIterator[asyncio.Task[Heard]]:
    """A form's call whose read does not end."""
    waits = asyncio.Event()

    async def slow(*_args: object, **_how: object) -> None:
        waits.set()
        await asyncio.Event().wait()

    office.orchestrator.smart_customer_sync = slow
    body = {"sessionId": SESSION}
    call = asyncio.ensure_future(office.page("POST", "/api/customers/smart-sync", body=body))
    await waits.wait()
    yield call
    await asyncio.gather(call, return_exceptions=True)


async def test_a_form_that_waits_is_told_that_the_endpoint_closes(tmp_path: Path) -> None:
    async with running(tmp_path) as office, form_that_waits(office) as call:
        await office.endpoint.move(free_port())
        answer = await call
        assert (answer.status, answer.code, answer.headers["Retry-After"]) == (503, "closing", "5")


async def test_a_click_during_a_move_does_not_keep_the_old_ports_gate(tmp_path: Path) -> None:
    async with running(tmp_path) as office:
        assert (await office.ask("GET", "/api/health")).status == 200
        closing, go_on = asyncio.Event(), asyncio.Event()
        http = await office.endpoint._load()
        close = http.close

        async def slow_close() -> None:
            closing.set()
            await go_on.wait()
            await close()

        http.close = slow_close  # type: ignore[method-assign]
        moving = asyncio.ensure_future(office.endpoint.move(free_port()))
        await closing.wait()
        assert office.endpoint.url == "", "there is no address to open"
        office.endpoint.order_form_url()
        # And a connection that the system had accepted before.
        loop = asyncio.get_running_loop()
        refused = await loop.create_server(office.endpoint._connection, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection("127.0.0.1", refused.sockets[0].getsockname()[1])
        try:
            assert await reader.read() == b""
        except ConnectionResetError:
            pass
        writer.close()
        refused.close()
        go_on.set()
        await moving
        assert (await office.ask("GET", "/api/health")).status == 200
        assert (await office.page("GET", "/api/sync/status")).status == 200


async def test_an_endpoint_that_is_stopped_while_it_moves_serves_no_more(tmp_path: Path) -> None:
    async with running(tmp_path) as office, form_that_waits(office):
        moving = asyncio.ensure_future(office.endpoint.move(free_port()))
        while office.endpoint.url and not moving.done():  # noqa: ASYNC110 (no event tells)
            await asyncio.sleep(0)  # each turn of the loop: the move is quick
        assert not moving.done()
        await asyncio.gather(moving, office.endpoint.stop())
        assert office.endpoint.url == ""
        assert office.endpoint._http is None
