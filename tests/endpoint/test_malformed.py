"""Requests that no HTTP library sends: malformed, smuggled, slow, and very many at once; over plain sockets."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from archisync_gui.endpoint import http_server
from archisync_gui.endpoint.gate import Limits
from archisync_gui.endpoint.routing import read_body
from archisync_gui.model import FailureKind, SyncFailure
from tests.endpoint.office import PAGE, QUICK, SESSION, UPGRADE, Office, running
from tests.support.waiting import until

SECRET = "very-secret-token-that-no-log-may-hold"

CROWDED = replace(Limits(), connections=50)


async def sent(office: Office, raw: bytes, *, more: bytes = b"") -> bytes:
    """All that comes back for these bytes until the server closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", office.endpoint.port)
    try:
        writer.write(raw)
        await writer.drain()
        if more:
            writer.write(more)
        async with asyncio.timeout(60):
            return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.transport.abort()


def head(office: Office, *lines: str, method: str = "POST", path: str = "/api/customers/smart-sync") -> bytes:
    host = f"Host: 127.0.0.1:{office.endpoint.port}"
    return "\r\n".join([f"{method} {path} HTTP/1.1", host, "Connection: close", *lines, "", ""]).encode("latin-1")


def told(raw: bytes) -> tuple[int, str]:
    first, _, body = raw.partition(b"\r\n\r\n")
    return int(first.split()[1]), json.loads(body)["code"] if body else ""


@pytest.mark.parametrize(
    "raw",
    [
        b"\r\n\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost\r\n\r\n",
        b"GET / HTTP/1.1\r\n Host: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + SECRET.encode() + b"\x00\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + SECRET.encode() + b"y" * 20_000 + b"\r\n\r\n",
        b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(500)) + b"\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
async def test_what_is_no_request_is_answered_in_json_and_not_logged(
    tmp_path: Path, raw: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with running(tmp_path, limits=QUICK) as office:
        answer = await sent(office, raw)
        if answer:
            status, code = told(answer)
            assert (status, code) in ((400, "request-malformed"), (421, "host-refused"))
            assert SECRET.encode() not in answer
    assert SECRET not in caplog.text


@pytest.mark.parametrize("name", ["Host", "Origin", "Authorization", "Content-Type", "Sec-Fetch-Site"])
async def test_a_header_that_comes_twice(office: Office, name: str) -> None:
    values = {"Host": f"127.0.0.1:{office.endpoint.port}", "Origin": PAGE, "Authorization": "Bearer x"}
    value = values.get(name, "application/json")
    lines = [f"{name}: {value}"] * (1 if name == "Host" else 2)
    status, code = told(await sent(office, head(office, *lines)))
    assert (status, code) in ((400, "header-repeated"), (400, "request-malformed"))


@pytest.mark.parametrize(
    "lines",
    [
        ("Content-Length: 5", "Transfer-Encoding: chunked"),
        ("Content-Length: 5", "Content-Length: 6"),
        ("Content-Length: -1",),
        ("Content-Length: 5, 5",),
        ("Transfer-Encoding: chunked, identity",),
        ("Transfer-Encoding: xchunked", "Content-Length: 3"),
    ],
)
async def test_smuggled_requests_are_not_run(office: Office, lines: tuple[str, ...]) -> None:
    inner = head(office, f"Authorization: Bearer {office.token}", f"Origin: {PAGE}", path="/api/sync/hold")
    held = (f"Origin: {PAGE}", f"Authorization: Bearer {office.token}", "Content-Type: application/json")
    raw = head(office, *held, *lines).replace(b"Connection: close", b"Connection: keep-alive")
    answer = await sent(office, raw + b"0\r\n\r\n" + inner)
    assert not answer or told(answer)[0] == 400
    assert not office.orchestrator.held


@pytest.mark.parametrize("token", ["", "x" * 43])
async def test_the_body_of_a_refused_request_is_read_before_the_connection_is_closed(
    office: Office, token: str
) -> None:
    """Windows discards an answer that the client has not read yet when the server closes a socket with unread data."""
    lines = [f"Origin: {PAGE}", "Content-Length: 60000", "Content-Type: application/json"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    raw = head(office, *lines, path="/api/sync/release").replace(b"Connection: close\r\n", b"")
    reader, writer = await asyncio.open_connection("127.0.0.1", office.endpoint.port)
    try:
        for _ in range(2):  # the second answer shows that the connection was not closed after the first one
            writer.write(raw)
            async with asyncio.timeout(60):
                first = await reader.readuntil(b"\r\n\r\n")
                (length,) = (int(line[16:]) for line in first.split(b"\r\n") if line.startswith(b"Content-Length: "))
                await reader.readexactly(length)
            assert first.startswith(b"HTTP/1.1 401")
            writer.write(b"x" * 60_000)
            await writer.drain()
    finally:
        writer.transport.abort()


async def test_what_follows_a_refused_request_is_not_read_as_the_next(office: Office) -> None:
    inner = head(office, f"Authorization: Bearer {office.token}", f"Origin: {PAGE}", path="/api/sync/hold")
    raw = head(office, "Content-Type: application/json", f"Origin: {PAGE}", f"Content-Length: {10**6}")
    answer = await sent(office, raw.replace(b"Connection: close\r\n", b""), more=inner)
    assert told(answer)[0] in (401, 413)
    assert not office.orchestrator.held


@pytest.mark.parametrize("expectation", ["100-continue", "200-maybe", "<b>", "\xff\xfe"])
@pytest.mark.parametrize(
    ("host", "origin", "status"), [("evil.example.test", PAGE, 421), ("", "http://x.test", 403), ("", PAGE, 200)]
)
async def test_what_a_request_expects_is_no_way_past_the_checks(
    office: Office, expectation: str, host: str, origin: str, status: int
) -> None:
    raw = head(office, f"Expect: {expectation}", f"Origin: {origin}", method="GET", path="/api/health")
    if host:
        raw = raw.replace(f"Host: 127.0.0.1:{office.endpoint.port}".encode(), f"Host: {host}".encode())
    answer = await sent(office, raw)
    final = answer.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")
    assert int(final.split()[1]) == status
    assert b"<b>" not in final
    assert json.loads(final.partition(b"\r\n\r\n")[2])


async def test_the_whole_address_in_the_request_line_does_not_fool_the_host_check(office: Office) -> None:
    raw = head(office, method="GET", path=f"http://127.0.0.1:{office.endpoint.port}/api/health").replace(
        f"Host: 127.0.0.1:{office.endpoint.port}".encode(), b"Host: evil.example.test"
    )
    assert told(await sent(office, raw)) == (421, "host-refused")


@pytest.mark.parametrize(
    "begun", [b"", b"GET", b"GET /api/health HTTP/1.1\r\nHost: 127", b"POST / HTTP/1.1\r\nA: b\r\n"]
)
async def test_a_head_that_never_ends_is_dropped(tmp_path: Path, begun: bytes) -> None:
    async with running(tmp_path, limits=QUICK) as office:
        assert await sent(office, begun) == b""


async def test_a_head_that_trickles_is_dropped(tmp_path: Path) -> None:
    async with running(tmp_path, limits=QUICK) as office:
        reader, writer = await asyncio.open_connection("127.0.0.1", office.endpoint.port)
        writer.write(b"GET /api/health HTTP/1.1\r\n")
        async with asyncio.timeout(60):
            ended = asyncio.create_task(reader.read())
            while not ended.done():
                writer.write(b"X: y\r\n")
                await asyncio.wait({ended}, timeout=0.05)
        assert ended.exception() is not None or ended.result() == b""
        writer.transport.abort()


async def test_a_body_that_never_comes_is_answered_and_dropped(tmp_path: Path) -> None:
    async with running(tmp_path, limits=QUICK) as office:
        held = (f"Origin: {PAGE}", f"Authorization: Bearer {office.token}", "Content-Type: application/json")
        answer = await sent(office, head(office, *held, "Content-Length: 10"), more=b"{")
        assert told(answer) == (408, "request-slow")


async def test_a_second_request_that_never_ends_is_dropped_too(tmp_path: Path) -> None:
    async with running(tmp_path, limits=QUICK) as office:
        good = head(office, method="GET", path="/api/health").replace(b"Connection: close\r\n", b"")
        answer = await sent(office, good + b"GET /api/hea")
        assert answer.count(b"HTTP/1.1 ") == 1


async def test_a_thousand_connections_that_ask_for_nothing_shut_nobody_out(tmp_path: Path) -> None:
    # Nothing is dropped for its silence here: a busy computer may need long for a thousand connections.
    async with running(tmp_path, limits=replace(CROWDED, silence=300.0)) as office:
        at_work = aiohttp.ClientSession()
        async with at_work, at_work.ws_connect(f"{office.url}/api/smart-sessions", headers={"Origin": PAGE}) as line:
            await office.page("POST", "/api/customers/smart-sync?wait=false", body={"sessionId": SESSION})
            await line.send_json({"type": "attach", "token": office.token, "sessionId": SESSION})
            assert (await line.receive_json())["type"] == "attached"
            crowd = [await asyncio.open_connection("127.0.0.1", office.endpoint.port) for _ in range(60)]
            for _, writer in crowd[:30]:
                writer.write(b"GET /api/health HTTP/1.1\r\n")
            flood = (asyncio.open_connection("127.0.0.1", office.endpoint.port) for _ in range(1000))
            crowd += [c for c in await asyncio.gather(*flood, return_exceptions=True) if isinstance(c, tuple)]
            answers = await asyncio.gather(*(office.ask("GET", "/api/health") for _ in range(20)))
            assert {answer.status for answer in answers} == {200}
            assert len((await office.endpoint._load())._runner.server.connections) <= 50  # type: ignore[union-attr]
            async with asyncio.timeout(120):
                gone = await asyncio.gather(*(reader.read() for reader, _ in crowd[:10]), return_exceptions=True)
            assert all(isinstance(what, ConnectionResetError) or what == b"" for what in gone), "the oldest made room"
            await line.send_json({"type": "touch"})
            assert (await line.receive_json())["type"] == "touched", "who has shown a token is never dropped"
            for _, writer in crowd:
                writer.transport.abort()


async def test_a_connection_that_was_lost_before_its_request_is_handled_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by the limit of connections. An error in the log would fail this test."""
    raised: list[type[BaseException]] = []

    async def closed(request: web.Request, limits: Limits, *, text: bool) -> bytes:
        assert request.transport is not None
        request.transport.abort()
        await until(lambda: request.transport is None)
        # aiohttp marks only a request that it handles already when the connection is lost.
        request._payload._exception = None  # type: ignore[attr-defined]
        try:
            return await read_body(request, limits, text=text)
        except BaseException as error:
            raised.append(type(error))
            raise

    monkeypatch.setattr(http_server, "read_body", closed)
    async with running(tmp_path) as office:
        lines = (f"Origin: {PAGE}", f"Authorization: Bearer {office.token}", "Content-Type: text/plain")
        half = head(office, *lines, "Content-Length: 40", path="/api/customers/resume-syncs") + b"half a body"
        assert await sent(office, half) == b""
    assert raised == [ConnectionResetError]


async def test_half_a_beacon_sent_again_and_again_shuts_nobody_out(tmp_path: Path) -> None:
    """Clients that open a close with half a body, are dropped, and open it again at once: more of them than places."""
    async with running(tmp_path, limits=CROWDED) as office:
        lines = (f"Origin: {PAGE}", f"Authorization: Bearer {office.token}", "Content-Type: text/plain")
        half = head(office, *lines, "Content-Length: 40", path="/api/customers/resume-syncs") + b"half a body"
        opened = 0

        async def again_and_again() -> None:
            nonlocal opened
            while True:
                with contextlib.suppress(OSError):
                    reader, writer = await asyncio.open_connection("127.0.0.1", office.endpoint.port)
                    opened += 1
                    try:
                        writer.write(half)
                        await reader.read()
                    finally:
                        writer.transport.abort()

        crowd = [asyncio.ensure_future(again_and_again()) for _ in range(60)]
        try:
            async with asyncio.timeout(60):
                while opened < 60:  # noqa: ASYNC110  (the crowd is to be there first)
                    await asyncio.sleep(0)
                for turn in range(20):
                    body = {"sessionId": f"{turn:032}"}
                    answers = await asyncio.gather(
                        office.ask("GET", "/api/health"),
                        office.page("POST", "/api/customers/smart-sync?wait=false", body=body),
                        office.page("POST", "/api/customers/resume-syncs", body=body),
                    )
                    assert {answer.status for answer in answers} <= {200, 202, 410}, [a.text for a in answers]
        finally:
            for task in crowd:
                task.cancel()
            await asyncio.gather(*crowd, return_exceptions=True)
        assert opened > 60, "those that were dropped came again"


async def test_a_handler_that_fails_says_so_and_no_more(
    office: Office, caplog: pytest.LogCaptureFixture, expected_errors: object
) -> None:
    expected_errors("GET /api/sync/status failed")  # type: ignore[operator]

    def broken() -> None:
        raise RuntimeError("inner workings")

    office.orchestrator.get_status = broken
    answer = await office.page("GET", "/api/sync/status")
    assert (answer.status, answer.code) == (500, "internal")
    assert "inner workings" not in answer.text
    assert office.token not in caplog.text


@pytest.mark.parametrize(
    "failure", [RuntimeError("inner workings"), SyncFailure("office-no-leader", FailureKind.TRANSIENT)]
)
@pytest.mark.parametrize("path", ["/api/events", "/api/smart-sessions"])
async def test_an_answer_that_has_begun_is_broken_off_and_not_answered_again(
    office: Office, path: str, failure: Exception, expected_errors: object
) -> None:
    if isinstance(failure, RuntimeError):
        expected_errors(f"GET {path} failed")  # type: ignore[operator]
    await office.page("POST", "/api/customers/smart-sync?wait=false", body={"sessionId": SESSION})
    reader, writer = await asyncio.open_connection("127.0.0.1", office.endpoint.port)
    ours = (f"Origin: {PAGE}", f"Authorization: Bearer {office.token}")
    raw = head(office, *ours, *(UPGRADE.splitlines() if path == "/api/smart-sessions" else ()), method="GET", path=path)
    events = office.orchestrator.events

    def broken(*_args: object) -> None:
        office.orchestrator.events = events
        raise failure

    office.orchestrator.events = broken
    writer.write(raw.replace(b"Connection: close\r\n", b""))
    answer = b""
    async with asyncio.timeout(60):
        if path == "/api/smart-sessions":
            answer = await reader.readuntil(b"\r\n\r\n")
            attach = json.dumps({"type": "attach", "token": office.token, "sessionId": SESSION}).encode()
            writer.write(b"\x81" + bytes([0x80 | 126]) + len(attach).to_bytes(2, "big") + bytes(4) + attach)
        with contextlib.suppress(ConnectionResetError):
            while more := await reader.read(1000):
                answer += more
    assert answer.count(b"HTTP/1.1 ") <= 1
    assert b'"success"' not in answer
    writer.transport.abort()
