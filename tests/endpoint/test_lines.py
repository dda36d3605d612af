"""The tab's own line and the event stream: attach, news, ends, limits, slow and silent clients."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from archisync_gui.endpoint import line_messages
from archisync_gui.endpoint.gate import Limits
from archisync_gui.endpoint.paired_pages import Access
from archisync_gui.endpoint.tab_line import MESSAGES_AT_ONCE
from archisync_gui.model import EventKind, SessionEnd, as_json
from tests.endpoint.office import PAGE, QUICK, SESSION, STRANGER, Office, running
from tests.endpoint.stand_in import AS_OF
from tests.support.events import an_event
from tests.support.ports import free_port
from tests.support.waiting import until

LINE = "/api/smart-sessions"
SOON = 60.0
"""Seconds after which a test gives up waiting for what must come."""


@asynccontextmanager
async def line(office: Office, **headers: str) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    async with office.client.ws_connect(office.url + LINE, headers={"Origin": PAGE} | headers) as socket:
        yield socket


async def hear(socket: aiohttp.ClientWebSocketResponse) -> Any:
    """What the line says next, which the contract describes."""
    async with asyncio.timeout(SOON):
        message = await socket.receive_json()
    assert set(message) == {"type", *line_messages.MESSAGES[message["type"]][1]}
    return message


async def closed_with(socket: aiohttp.ClientWebSocketResponse) -> int | None:
    async with asyncio.timeout(SOON):
        message = await socket.receive()
    assert message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)
    return socket.close_code


async def opened(office: Office, session: str = SESSION) -> None:
    assert (await office.page("POST", "/api/customers/smart-sync", body={"sessionId": session})).status == 200


def attach(office: Office, session: str = SESSION, token: str | None = None) -> dict[str, str]:
    return {"type": "attach", "token": token or office.token, "sessionId": session}


@pytest.mark.parametrize(
    ("read", "fresh"),
    [(None, False), (AS_OF - timedelta(seconds=1), False), (AS_OF, True), (AS_OF + timedelta(1), True)],
)
async def test_a_line_tells_whether_its_session_was_read_for(
    office: Office, read: datetime | None, fresh: bool
) -> None:
    office.orchestrator.new_as_of = read
    await opened(office)
    async with line(office) as socket:
        await socket.send_json(attach(office))
        assert (await hear(socket))["fresh"] is fresh


async def test_a_line_attaches_lives_and_closes(office: Office) -> None:
    await opened(office)
    async with line(office) as socket:
        await socket.send_json(attach(office))
        ages = {"newAsOf": AS_OF.isoformat(), "allAsOf": AS_OF.isoformat()}
        deadline = (AS_OF + timedelta(minutes=10)).isoformat()
        attached = {"type": "attached", "handle": "handle-1", "deadline": deadline, "fresh": True}
        assert await hear(socket) == {**attached, **ages}
        await socket.send_json({"type": "touch"})
        assert await hear(socket) == {"type": "touched", "deadline": deadline}
        await socket.send_json({"type": "close"})
        assert await hear(socket) == {"type": "ended", "reason": "closed"}
        assert await closed_with(socket) == 1000
    assert office.orchestrator.open == {}


CUSTOMERS = {"type": "customers", "account": "agente1"}
LATER = AS_OF + timedelta(minutes=1)
EARLIER = AS_OF - timedelta(hours=1)


@pytest.mark.parametrize(
    ("read", "ages", "told"),
    [
        ({}, (LATER, AS_OF), "fresh"),
        ({}, (EARLIER, EARLIER), "fresh"),  # the wall clock was set back before the read
        ({}, (AS_OF, LATER), "ages"),  # of the whole list, while a fast read began after it
        ({"outcome": "unclean"}, (None, None), "ages"),  # the operator cleared the list
        ({}, (None, LATER), "ages"),
        ({"account": "agente2"}, (None, None), None),
        ({"account": "agente2"}, (LATER, LATER), None),
        ({}, (AS_OF, AS_OF), None),
    ],
)
async def test_fresh_is_said_of_newer_customers_only(
    office: Office, read: dict[str, str], ages: tuple[datetime | None, datetime | None], told: str | None
) -> None:
    """Rules 12, 30."""
    await opened(office)
    async with line(office) as socket:
        await socket.send_json(attach(office))
        await hear(socket)
        office.orchestrator.new_as_of, office.orchestrator.all_as_of = ages
        office.orchestrator.tell(EventKind.SYNC_COMPLETED, CUSTOMERS | read)
        office.orchestrator.tell(EventKind.SESSION_UNSERVED, {"handle": "handle-1"})
        first = await hear(socket)
        if told is None:
            assert first["type"] == "failed"
        else:
            new, whole = (None if at is None else at.isoformat() for at in ages)
            assert first == {"type": told, "newAsOf": new, "allAsOf": whole}


async def test_a_line_that_falls_behind_tells_of_the_failure_and_of_the_repeat(office: Office) -> None:
    """The connection to an office's server was cut, or the tab is slow: both are heard of together."""
    await opened(office)
    async with line(office) as socket:
        await socket.send_json(attach(office))
        await hear(socket)
        office.orchestrator.new_as_of = LATER
        office.orchestrator.tell(EventKind.SESSION_UNSERVED, {"handle": "handle-1"})
        office.orchestrator.tell(EventKind.SYNC_COMPLETED, CUSTOMERS)
        assert [(await hear(socket))["type"] for _ in range(2)] == ["failed", "fresh"]


async def test_news_reach_the_tab(office: Office) -> None:
    await opened(office)
    async with line(office) as socket:
        await socket.send_json(attach(office))
        await hear(socket)
        office.orchestrator.tell(EventKind.SYNC_COMPLETED, {"type": "orders"})
        whose = {"type": "customers", "account": "agente1", "step": "read", "page": 2, "pages": 16, "rows": 200}
        for _ in range(3):
            office.orchestrator.tell(EventKind.SYNC_PROGRESS, {**whose, "total": None})
        told = {"step": "read", "page": 2, "pages": 16, "rows": 200, "total": None}
        assert await hear(socket) == {"type": "progress", **told}
        office.orchestrator.new_as_of = AS_OF + timedelta(minutes=1)
        office.orchestrator.tell(EventKind.SYNC_COMPLETED, CUSTOMERS)
        fresh = await hear(socket)
        assert (fresh["type"], fresh["newAsOf"]) == ("fresh", (AS_OF + timedelta(minutes=1)).isoformat())
        error = {"code": "no-such-path", "params": {}}
        office.orchestrator.tell(
            EventKind.SESSION_UNSERVED, {"handle": "handle-2", "error": {**error, "code": "other"}}
        )
        office.orchestrator.tell(EventKind.SESSION_UNSERVED, {"handle": "handle-1", "error": error})
        failed = await hear(socket)
        assert (failed["type"], failed["code"]) == ("failed", "no-such-path")
        assert failed["newAsOf"] == fresh["newAsOf"]
        office.orchestrator.tell(EventKind.SESSION_UNSERVED, {"handle": "handle-1", "error": {**error, "code": "held"}})
        assert (await hear(socket))["type"] == "held"


@pytest.mark.parametrize("reason", [SessionEnd.OPERATOR, SessionEnd.TIMEOUT, SessionEnd.CLOSED])
async def test_the_tab_hears_of_its_end_and_of_no_other(office: Office, reason: SessionEnd) -> None:
    other = "o" * 32
    await opened(office)
    await opened(office, other)
    async with line(office) as socket:
        await socket.send_json(attach(office))
        await hear(socket)
        office.orchestrator.end(other, SessionEnd.OPERATOR)
        office.orchestrator.end(SESSION, reason)
        assert (await hear(socket))["type"] == "ended"
        assert await closed_with(socket) == 4410


async def test_a_tab_that_is_slow_still_hears_of_its_end(office: Office) -> None:
    """However many events come before the tab takes one, the last state of its session is among what it gets."""
    await opened(office)
    async with line(office) as socket:
        await socket.send_json(attach(office))
        await hear(socket)
        for number in range(3_000):
            office.orchestrator.tell(EventKind.SYNC_STARTED, {"runId": f"r{number}", "type": "orders", "account": "x"})
        office.orchestrator.end(SESSION, SessionEnd.OPERATOR)
        assert (await hear(socket))["type"] == "ended"


async def test_a_broken_line_is_reported_once(office: Office) -> None:
    await opened(office)
    async with line(office) as socket:
        await socket.send_json(attach(office))
        await hear(socket)
        assert office.orchestrator.open[SESSION].connected
    await until(lambda: ("disconnected", SESSION) in office.orchestrator.calls)
    assert office.orchestrator.calls.count(("disconnected", SESSION)) == 1
    assert office.orchestrator.listeners == [office.orchestrator.listeners[0]]


async def test_a_line_may_come_before_its_session(office: Office) -> None:
    async with line(office) as socket:
        await socket.send_json(attach(office))
        await opened(office)
        assert (await hear(socket))["type"] == "attached"


async def test_an_unknown_or_ended_session_is_told(tmp_path: Path) -> None:
    async with running(tmp_path, limits=replace(Limits(), attach_grace=0.2)) as office:
        async with line(office) as socket:
            await socket.send_json(attach(office))
            assert await hear(socket) == {"type": "ended", "reason": "unknown"}
            assert await closed_with(socket) == 4410
        office.orchestrator.ended[SESSION] = SessionEnd.OPERATOR
        async with line(office) as socket:
            await socket.send_json(attach(office))
            assert await hear(socket) == {"type": "ended", "reason": "operator"}


async def test_a_wrong_token_is_refused_and_counted(office: Office) -> None:
    await opened(office)
    codes = []
    for token in ["wrong"] * 11 + [office.let_in(PAGE, Access.WATCH)]:
        async with line(office) as socket:
            await socket.send_json(attach(office, token=token))
            refused = await hear(socket)
            assert refused["type"] == "refused"
            codes.append(refused["code"])
            assert await closed_with(socket) == 4401
    assert codes == ["token-unknown"] * 10 + ["too-many-failures", "scope-missing"]
    assert not office.orchestrator.open[SESSION].connected


@pytest.mark.parametrize(
    "headers",
    [{"Origin": STRANGER}, {"Origin": "null"}, {"Origin": "http://localhost"}, {"Host": "evil.example.test"}],
)
async def test_handshakes_are_checked_like_requests(office: Office, headers: dict[str, str]) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        async with line(office, **headers):
            pass
    assert refused.value.status in (403, 421)


async def test_a_handshake_without_origin_from_a_page_is_refused(office: Office) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await office.client.ws_connect(office.url + LINE, headers={"Sec-Fetch-Site": "cross-site"})


@pytest.mark.parametrize(
    "message", ["", "{", "[]", '{"type":"attach"}', '{"type":"touch"}', '{"type":"attach","token":"x","sessionId":"y"}']
)
async def test_a_wrong_first_message(office: Office, message: str) -> None:
    async with line(office) as socket:
        await socket.send_str(message)
        assert (await hear(socket))["code"] == "message-invalid"
        assert await closed_with(socket) == 4422


async def test_a_wrong_later_message_and_a_large_one(office: Office) -> None:
    await opened(office)
    for message, code in (('{"type":"open"}', 4422), ("x" * 5000, 1009)):
        async with line(office) as socket:
            await socket.send_json(attach(office))
            await hear(socket)
            await socket.send_str(message)
            if code == 4422:
                assert (await hear(socket))["code"] == "message-invalid"
            assert await closed_with(socket) == code


async def test_a_silent_line_is_dropped(tmp_path: Path) -> None:
    async with running(tmp_path, limits=QUICK) as office, line(office) as socket:
        assert await closed_with(socket) == 1006


async def test_lines_end_when_the_panel_stops(office: Office) -> None:
    await opened(office)
    async with line(office) as socket:
        await socket.send_json(attach(office))
        await hear(socket)
        stopping = asyncio.create_task(office.endpoint.stop())
        assert await hear(socket) == {"type": "ended", "reason": "lost"}
        assert await closed_with(socket) == 1001
        await stopping


# ------------------------------------------------------------------------------------------------ events


class Stream:
    """A reader of server-sent events."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response

    async def next(self) -> dict[str, str]:
        """The next block, a comment under ``:``."""
        block: dict[str, str] = {}
        async with asyncio.timeout(SOON):
            while raw := await self.response.content.readline():
                text = raw.decode().rstrip("\n")
                if not text:
                    return block
                name, _, value = text.partition(": ")
                block[name or ":"] = value
        raise EOFError


@asynccontextmanager
async def events(
    office: Office, last: str | None = None, caller: dict[str, str] | None = None
) -> AsyncIterator[Stream]:
    headers = (caller or office.paired) | ({"Last-Event-ID": last} if last else {})
    async with office.client.get(office.url + "/api/events", headers=headers) as response:
        assert response.status == 200
        assert response.headers["Content-Type"] == "text/event-stream"
        yield Stream(response)


async def test_events_begin_with_a_status(office: Office) -> None:
    async with events(office) as stream:
        first = await stream.next()
        assert first["event"] == "status"
        life, _, number = first["id"].rpartition(":")
        assert json.loads(first["data"])["sessionCount"] == 0
        started = office.orchestrator.tell(EventKind.SYNC_STARTED, {"type": "orders"})
        event = await stream.next()
        assert (event["event"], event["id"]) == ("sync-started", f"{life}:{int(number) + 1}")
        assert json.loads(event["data"])["data"] == as_json(started.data)


async def test_a_stream_goes_on_where_it_broke(office: Office) -> None:
    async with events(office) as stream:
        begun = await stream.next()
        told = [office.orchestrator.tell(EventKind.HOLD_CHANGED) for _ in range(3)]
        ids = [(await stream.next())["id"] for _ in told]
    assert len({begun["id"], *ids}) == 4
    for last, missed in ((begun["id"], 3), (ids[0], 2), (ids[1], 1)):
        async with events(office, last) as stream:
            # A break after the status must not skip what was missed, so the status names no place to go on from.
            first = await stream.next()
            assert (first["event"], "id" in first) == ("status", False)
            assert [(await stream.next())["id"] for _ in range(missed)] == ids[-missed:]
    async with events(office, ids[-1]) as stream:
        assert (await stream.next())["id"] == ids[-1]
    life = begun["id"].rpartition(":")[0]
    for last in ("other:0", "boot:2", f"{life}:nonsense", f"{life}:{'9' * 30}", "nonsense", f"{life}:-1"):
        async with events(office, last) as stream:
            assert (await stream.next())["event"] == "status"
            office.orchestrator.tell(EventKind.HOLD_CHANGED)
            assert (await stream.next())["event"] == "hold-changed"


async def test_a_stream_goes_on_over_a_change_of_the_port(office: Office) -> None:
    async with events(office) as stream:
        last = (await stream.next())["id"]
    http = await office.endpoint._load()
    close = http.close

    async def slow_close() -> None:
        office.orchestrator.tell(EventKind.SYNC_COMPLETED)
        await close()

    http.close = slow_close  # type: ignore[method-assign]
    await office.endpoint.move(free_port())
    async with events(office, last) as stream:
        assert [(await stream.next())["event"] for _ in range(2)] == ["status", "sync-completed"]


async def test_a_stream_goes_on_over_a_change_of_the_offices_leader(office: Office) -> None:
    """Revisions begin anew with each leader, and its members tell events of their own with the same ones."""
    now = datetime.now(UTC)
    kinds = (EventKind.SYNC_STARTED, EventKind.SYNC_COMPLETED, EventKind.OFFICE_CHANGED, EventKind.HOLD_CHANGED)
    places = (("old", 8), ("old", 9), ("old", 9), ("new", 2))

    def tell() -> None:
        for (boot, revision), kind in zip(places, kinds, strict=True):
            event = an_event(kind, boot, revision, now)
            for listener in list(office.orchestrator.listeners):
                listener(event)

    async with events(office) as stream:
        await stream.next()
        tell()
        ids = [(await stream.next())["id"] for _ in kinds]
    for number, id_ in enumerate(ids[:-1], start=1):
        async with events(office, id_) as stream:
            await stream.next()
            assert [(await stream.next())["event"] for _ in kinds[number:]] == list(kinds[number:])


async def test_an_endpoint_that_was_stopped_does_not_hide_what_it_missed(office: Office) -> None:
    port = office.endpoint.port
    office.orchestrator.tell(EventKind.HOLD_CHANGED)
    async with events(office) as stream:
        last = (await stream.next())["id"]
    await office.endpoint.stop()
    office.orchestrator.tell(EventKind.SYNC_COMPLETED)
    await office.endpoint.start()
    assert office.endpoint.port == port
    office.orchestrator.tell(EventKind.HOLD_CHANGED)
    async with events(office, last) as stream:
        assert (await stream.next())["id"] not in ("", last), "begins anew, as for an id that is too old"


async def test_a_revoked_page_loses_its_line_and_its_stream_and_nobody_elses(office: Office) -> None:
    program = {"Authorization": f"Bearer {office.let_in(None)}"}
    await opened(office)
    async with line(office) as socket, events(office, caller=program) as kept, events(office) as ended:
        await socket.send_json(attach(office))
        assert (await hear(socket))["type"] == "attached"
        assert {(await stream.next())["event"] for stream in (kept, ended)} == {"status"}
        (revoked,) = [page.id for page in office.pages.pages() if page.origin == PAGE]
        office.endpoint.pairing.revoke(revoked)
        told = await hear(socket)
        assert (told["type"], told["code"]) == ("refused", "token-unknown")
        assert await closed_with(socket) == 4401
        with pytest.raises(EOFError):
            await ended.next()
        office.orchestrator.tell(EventKind.HOLD_CHANGED)
        assert (await kept.next())["event"] == "hold-changed"
    assert ("disconnected", SESSION) in office.orchestrator.calls


async def test_a_quiet_stream_shows_that_it_lives(tmp_path: Path) -> None:
    async with running(tmp_path, limits=QUICK) as office, events(office) as stream:
        await stream.next()
        assert await stream.next() == {":": "still here"}


async def test_there_are_only_so_many_streams(tmp_path: Path) -> None:
    async with running(tmp_path, limits=replace(Limits(), streams=2)) as office:
        await opened(office)
        async with events(office) as one, line(office) as other:
            await one.next()
            await other.send_json(attach(office))
            await hear(other)
            answer = await office.page("GET", "/api/events")
            assert (answer.status, answer.code) == (503, "too-many-streams")
            async with line(office) as socket:
                await socket.send_json(attach(office))
                assert (await hear(socket))["code"] == "too-many-streams"
                assert await closed_with(socket) == 1013


async def test_silent_strangers_take_no_places(tmp_path: Path) -> None:
    async with running(tmp_path, limits=replace(Limits(), streams=2)) as office, AsyncExitStack() as stack:
        for _ in range(5):
            await stack.enter_async_context(line(office))
        await opened(office)
        async with line(office) as honest:
            await honest.send_json(attach(office))
            assert (await hear(honest))["type"] == "attached"


async def test_a_line_that_sends_too_much_is_closed(office: Office) -> None:
    await opened(office)
    async with line(office) as socket:
        await socket.send_json(attach(office))
        await hear(socket)
        for _ in range(MESSAGES_AT_ONCE + 5):
            await socket.send_json({"type": "touch"})
        answers = [await hear(socket) for _ in range(MESSAGES_AT_ONCE + 1)]
        assert [answer["type"] for answer in answers] == ["touched"] * MESSAGES_AT_ONCE + ["refused"]
        assert answers[-1]["code"] == "too-many-messages"
        assert await closed_with(socket) == 4429


async def test_streams_end_when_the_panel_stops(office: Office) -> None:
    async with events(office) as stream:
        await stream.next()
        await office.endpoint.stop()
        with pytest.raises(EOFError):
            await stream.next()


async def test_a_stream_that_is_not_read_is_dropped(tmp_path: Path) -> None:
    async with running(tmp_path, limits=QUICK) as office:
        reader, writer = await asyncio.open_connection("127.0.0.1", office.endpoint.port, limit=1024)
        head = f"GET /api/events HTTP/1.1\r\nHost: 127.0.0.1:{office.endpoint.port}\r\nOrigin: {PAGE}\r\n"
        writer.write((head + f"Authorization: Bearer {office.token}\r\n\r\n").encode())
        await reader.readline()
        listening = len(office.orchestrator.listeners)
        async with asyncio.timeout(60):
            while len(office.orchestrator.listeners) == listening:
                office.orchestrator.tell(EventKind.SYNC_PROGRESS, {"step": "x" * 60_000})
                await asyncio.sleep(0)
        writer.transport.abort()
