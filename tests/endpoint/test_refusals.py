"""Every refusal in one table: how it comes about, its status, its code, the header that its log line names.

The log is the panel's own file; no row leaves a secret in it.
"""

from __future__ import annotations

import asyncio
import base64
import json
import logging
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import aiohttp
import pytest

from archisync_gui import messages
from archisync_gui.app import logs
from archisync_gui.app.profile import open_profile
from archisync_gui.endpoint.gate import RETRY_AFTER, STATUS, Limits
from archisync_gui.endpoint.paired_pages import Access
from archisync_gui.model import FailureKind, SessionEnd, SyncFailure
from tests.endpoint.office import PAGE, QUICK, SESSION, STRANGER, Heard, Office, running
from tests.endpoint.test_malformed import head, sent, told

OPEN = "/api/customers/smart-sync"
CLOSE = "/api/smart-sessions/close"
DRAFT = "/api/drafts/" + "d" * 20
NOBODY = "x" * 32
PAIRING = "p" * 24
PASSWORD = "correct-horse-battery"
"""Stands in bodies that are refused: not even those are logged."""


@pytest.fixture
def log_file(tmp_path: Path) -> Iterator[Path]:
    """The panel's log, at its most talkative."""
    before = logging.getLogger().level
    profile = open_profile(str(tmp_path / "profile"), demo=True)
    handler = logs.to_file(profile, logging.DEBUG)
    yield profile.log_file
    logs.close(handler)
    logging.getLogger().setLevel(before)


# ------------------------------------------------------------------------------------------------ the ways


async def plain(office: Office, method: str, path: str, headers: dict[str, str], data: bytes = b"") -> tuple[int, str]:
    answer: Heard = await office.ask(method, path, headers, data=data or None)
    return answer.status, answer.code


Way = Callable[[Office], Awaitable[tuple[int, str]]]


def ask(method: str, path: str, body: object = None, **headers: str) -> Way:
    """A stranger's call."""

    async def way(office: Office) -> tuple[int, str]:
        filled = {name.replace("_", "-"): value.format(port=office.endpoint.port) for name, value in headers.items()}
        typed = {"Content-Type": "application/json"} if body is not None else {}
        data = b"" if body is None else json.dumps(body).encode()
        return await plain(office, method, path, typed | filled, data)

    return way


def page(method: str, path: str, body: object = None, data: bytes = b"", **headers: str) -> Way:
    """The paired page's call."""

    async def way(office: Office) -> tuple[int, str]:
        filled = {name.replace("_", "-"): value for name, value in headers.items()}
        sent_data = data if body is None else json.dumps(body).encode()
        typed = {"Content-Type": "application/json"} if sent_data else {}
        return await plain(office, method, path, office.paired | typed | filled, sent_data)

    return way


def raw(*lines: str, body: bytes = b"", path: str = OPEN) -> Way:
    """Bytes that no library sends."""

    async def way(office: Office) -> tuple[int, str]:
        return told(await sent(office, head(office, *lines, path=path) + body))

    return way


def absolute(target: str, method: str = "GET") -> Way:
    """A request target that names a host of its own."""

    async def way(office: Office) -> tuple[int, str]:
        host = f"Host: 127.0.0.1:{office.endpoint.port}"
        return told(await sent(office, f"{method} {target} HTTP/1.1\r\n{host}\r\n\r\n".encode()))

    return way


def line(first: dict[str, Any] | str, **headers: str) -> Way:
    """A WebSocket, and its first message."""

    async def way(office: Office) -> tuple[int, str]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            async with office.client.ws_connect(
                office.url + "/api/smart-sessions", headers={"Origin": PAGE} | named
            ) as socket:
                await socket.send_str(first if isinstance(first, str) else json.dumps(first))
                async with asyncio.timeout(60):
                    heard = await socket.receive_json()
                    await socket.receive()
                return socket.close_code or 0, heard["code"]
        except aiohttp.WSServerHandshakeError as refused:
            return refused.status, ""

    return way


def attach(token: str) -> dict[str, str]:
    return {"type": "attach", "token": token, "sessionId": SESSION}


async def revoked(office: Office) -> tuple[int, str]:
    (paired,) = [p for p in office.pages.pages() if p.origin == PAGE]
    office.let_in(PAGE)  # another page of the same origin stays
    office.endpoint.pairing.revoke(paired.id)
    return await page("GET", "/api/sync/status")(office)


async def of_another_page(office: Office) -> tuple[int, str]:
    other = office.let_in("http://other.example.test")
    return await page("GET", "/api/sync/status", Authorization=f"Bearer {other}")(office)


async def without_origin(office: Office) -> tuple[int, str]:
    return await plain(office, "GET", "/api/sync/status", {"Authorization": f"Bearer {office.token}"})


async def watching_only(office: Office) -> tuple[int, str]:
    token = office.let_in(PAGE, Access.WATCH)
    return await page("POST", "/api/sync/hold", Authorization=f"Bearer {token}")(office)


async def of_another_account(office: Office) -> tuple[int, str]:
    token = office.let_in(PAGE, account="agente2")
    return await page("POST", OPEN, {"userId": "agente1"}, Authorization=f"Bearer {token}")(office)


async def guessed_ids(office: Office) -> tuple[int, str]:
    for _ in range(10):
        await page("POST", "/api/smart-sessions/touch", {"sessionId": NOBODY})(office)
    return await page("POST", "/api/smart-sessions/touch", {"sessionId": NOBODY})(office)


async def guessed_pairings(office: Office) -> tuple[int, str]:
    office.endpoint.pairing.begin()
    for _ in range(10):
        await ask("POST", "/api/pair", {"pairingId": PAIRING}, Origin=STRANGER)(office)
    return await ask("POST", "/api/pair", {"pairingId": PAIRING}, Origin=STRANGER)(office)


async def replayed_pairing(office: Office) -> tuple[int, str]:
    office.endpoint.pairing.begin()
    asked = (await office.ask("POST", "/api/pair", {"Origin": STRANGER}, body={"name": "x"})).json
    office.endpoint.pairing.confirm(asked["digits"])
    again = ask("POST", "/api/pair", {"pairingId": asked["pairingId"]}, Origin=STRANGER)
    got = await office.ask("POST", "/api/pair", {"Origin": STRANGER}, body={"pairingId": asked["pairingId"]})
    assert got.json["token"]
    return await again(office)


async def flooded_pairing(office: Office) -> tuple[int, str]:
    office.endpoint.pairing.begin()
    answer = (0, "")
    for number in range(40):
        answer = await ask("POST", "/api/pair", {"name": "x"}, Origin=f"http://s{number}.example.test")(office)
    return answer


async def refused_pairing(office: Office) -> tuple[int, str]:
    office.endpoint.pairing.begin()
    asked = (await office.ask("POST", "/api/pair", {"Origin": STRANGER}, body={"name": "x"})).json
    office.endpoint.pairing.refuse(office.endpoint.pairing.pending()[0].id)
    return await ask("POST", "/api/pair", {"pairingId": asked["pairingId"]}, Origin=STRANGER)(office)


async def ended_session(office: Office) -> tuple[int, str]:
    office.orchestrator.ended[SESSION] = SessionEnd.OPERATOR
    return await page("POST", OPEN, {"sessionId": SESSION})(office)


async def one_draft_too_many(office: Office) -> tuple[int, str]:
    with patch("archisync_gui.drafts.drafts.MOST_DRAFTS", 0):
        return await page("PUT", DRAFT, {})(office)


async def overwritten_draft(office: Office) -> tuple[int, str]:
    assert (await office.page("PUT", DRAFT, body={})).status == 201
    return await page("PUT", DRAFT, {"note": PASSWORD})(office)


async def slow_body(office: Office) -> tuple[int, str]:
    held = (f"Origin: {PAGE}", f"Authorization: Bearer {office.token}", "Content-Type: application/json")
    return told(await sent(office, head(office, *held, "Content-Length: 10"), more=b"{"))


async def too_many_streams(office: Office) -> tuple[int, str]:
    (await office.endpoint._load())._streams._limit = 0
    return await page("GET", "/api/events")(office)


async def too_many_sessions(office: Office) -> tuple[int, str]:
    async def full(*_: object, **__: object) -> None:
        raise SyncFailure("too-many-sessions", FailureKind.TRANSIENT, params={"limit": 500})

    office.orchestrator.smart_customer_sync = full
    answer = await office.page("POST", OPEN, body={"sessionId": SESSION})
    assert answer.headers["Retry-After"] == "60"
    assert "500" in answer.json["error"]
    return answer.status, answer.code


async def removed_account(office: Office) -> tuple[int, str]:
    token = office.let_in(PAGE, account="removed")
    return await page("GET", "/api/customers", Authorization=f"Bearer {token}")(office)


async def flooded_line(office: Office) -> tuple[int, str]:
    assert (await office.page("POST", OPEN, body={"sessionId": SESSION})).status == 200
    async with office.client.ws_connect(office.url + "/api/smart-sessions", headers={"Origin": PAGE}) as socket:
        await socket.send_json(attach(office.token))
        for _ in range(30):
            await socket.send_json({"type": "touch"})
        async with asyncio.timeout(60):
            while (heard := await socket.receive_json())["type"] != "refused":
                pass
            await socket.receive()
        return socket.close_code or 0, heard["code"]


async def full_disk_at_pairing(office: Office) -> tuple[int, str]:
    office.endpoint.pairing.begin()
    asked = (await office.ask("POST", "/api/pair", {"Origin": STRANGER}, body={"name": "x"})).json
    office.endpoint.pairing.confirm(asked["digits"])

    def full(number: int, text: str) -> None:
        raise OSError(28, "No space left on device")

    office.pages._write = full  # type: ignore[method-assign]
    return await ask("POST", "/api/pair", {"pairingId": asked["pairingId"]}, Origin=STRANGER)(office)


def repeated(body: bytes, method: str = "POST", path: str = OPEN) -> Way:
    """A body that names a key twice."""
    return page(method, path, data=body)


@dataclass(frozen=True)
class Row:
    """One refusal."""

    name: str
    way: Way
    status: int
    code: str
    header: str = ""
    """The header that the log line has to name."""
    limits: Limits | None = None


FIRST_CURSOR, LAST_CURSOR = (
    base64.urlsafe_b64encode(f"{at} {'d' * 20}".encode()).decode().rstrip("=")
    for at in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00")
)
COOKIE = {"Cookie": "token=" + PASSWORD}
ROWS = (
    Row(
        "another host (rebound name)",
        ask("GET", "/api/health", Host="evil.example.test:{port}"),
        421,
        "host-refused",
        "Host",
    ),
    Row("host without port", ask("GET", "/api/health", Host="127.0.0.1"), 421, "host-refused", "Host"),
    Row("header twice (smuggling)", raw(f"Origin: {PAGE}", f"Origin: {STRANGER}"), 400, "header-repeated", "Origin"),
    Row("two lengths (smuggling)", raw("Content-Length: 1", "Content-Length: 2"), 400, "request-malformed"),
    Row(
        "length and chunks (smuggling)",
        raw("Content-Length: 5", "Transfer-Encoding: chunked"),
        400,
        "request-malformed",
    ),
    Row("foreign origin", ask("POST", OPEN, Origin=STRANGER), 403, "origin-refused", "Origin"),
    Row("null origin", ask("POST", OPEN, Origin="null"), 403, "origin-refused", "Origin"),
    Row("second local server", ask("POST", OPEN, Origin="http://127.0.0.1:5000"), 403, "origin-refused", "Origin"),
    Row(
        "own port by another name", ask("POST", OPEN, Origin="http://localhost:{port}"), 403, "origin-refused", "Origin"
    ),
    Row("no origin, no token", ask("GET", "/api/sync/status"), 401, "token-missing", "Authorization"),
    Row("no origin, a page's token", without_origin, 403, "token-origin", "Origin"),
    Row("cookies are no token", ask("GET", "/api/sync/status", **COOKIE), 401, "token-missing", "Authorization"),
    Row(
        "foreign fetch site",
        ask("GET", "/api/health", Sec_Fetch_Site="cross-site"),
        403,
        "fetch-site-refused",
        "Sec-Fetch-Site",
    ),
    Row(
        "unknown token",
        page("GET", "/api/drafts", Authorization=f"Bearer {PASSWORD}"),
        401,
        "token-unknown",
        "Authorization",
    ),
    Row("the key of our own pages", page("GET", "/api/drafts/browser-key"), 403, "own-pages-only", "Origin"),
    Row("revoked token", revoked, 401, "token-unknown", "Authorization"),
    Row("another page's token", of_another_page, 403, "token-origin", "Origin"),
    Row("scope", watching_only, 403, "scope-missing", "Authorization"),
    Row("another account", of_another_account, 403, "account-refused"),
    Row("unknown account", page("POST", OPEN, {"userId": PASSWORD}), 422, "account-missing"),
    Row("guessed ids", guessed_ids, 429, "too-many-failures"),
    Row("guessed pairings", guessed_pairings, 429, "too-many-failures"),
    Row(
        "preflight of a stranger",
        ask("OPTIONS", OPEN, Origin=STRANGER, Access_Control_Request_Method="POST"),
        403,
        "origin-refused",
        "Origin",
    ),
    Row("preflight that is none", page("OPTIONS", OPEN), 405, "method-refused"),
    Row(
        "form post",
        page("POST", OPEN, data=b"a=b", Content_Type="application/x-www-form-urlencoded"),
        415,
        "content-type-refused",
        "Content-Type",
    ),
    Row(
        "multipart post",
        page("POST", OPEN, data=b"--x--", Content_Type="multipart/form-data; boundary=x"),
        415,
        "content-type-refused",
        "Content-Type",
    ),
    Row(
        "text post",
        page("POST", OPEN, data=b"{}", Content_Type="text/plain"),
        415,
        "content-type-refused",
        "Content-Type",
    ),
    Row(
        "compressed post",
        page("POST", OPEN, data=b"{}", Content_Encoding="gzip"),
        415,
        "content-type-refused",
        "Content-Encoding",
    ),
    Row("large body", page("POST", OPEN, data=b" " * 70_000), 413, "body-too-large", "Content-Length"),
    Row("no JSON", page("POST", OPEN, data=PASSWORD.encode()), 400, "body-not-json"),
    Row("unknown field", page("POST", OPEN, {"password": PASSWORD}), 422, "body-invalid"),
    Row("wrong parameter", page("GET", "/api/customers?limit=0"), 422, "query-invalid"),
    Row("slow body", slow_body, 408, "request-slow", limits=QUICK),
    Row("ended session", ended_session, 410, "session-ended-operator"),
    Row(
        "unknown session",
        page("POST", "/api/smart-sessions/touch", {"sessionId": NOBODY}),
        410,
        "session-ended-unknown",
    ),
    Row("unknown handle", page("GET", "/api/smart-sessions/nobody"), 404, "no-such-session"),
    Row("beacon of a stranger", ask("POST", CLOSE, Origin=STRANGER), 403, "origin-refused", "Origin"),
    Row("beacon with a short id", page("POST", CLOSE, data=b"short", Content_Type="text/plain"), 422, "body-invalid"),
    Row("no window", ask("POST", "/api/pair", {"name": "x"}, Origin=STRANGER), 403, "pairing-closed", "Origin"),
    Row("replayed pairing", replayed_pairing, 410, "pairing-gone"),
    Row("flooded pairing", flooded_pairing, 429, "pairing-full"),
    Row("refused pairing", refused_pairing, 403, "pairing-refused"),
    Row("code of another page", page("POST", "/api/pair", {"code": PAIRING}), 403, "origin-refused", "Origin"),
    Row(
        "invented code",
        ask("POST", "/api/pair", {"code": PAIRING}, Origin="http://127.0.0.1:{port}"),
        410,
        "pairing-code",
    ),
    Row("unknown customer", page("GET", "/api/customers/0"), 404, "no-such-record"),
    Row("unknown draft", page("GET", DRAFT), 404, "no-such-draft"),
    Row("version that is none", page("PUT", DRAFT, {}, If_Match="*"), 400, "draft-precondition", "If-Match"),
    Row("one draft too many", one_draft_too_many, 409, "drafts-full"),
    Row("overwritten draft", overwritten_draft, 412, "draft-conflict", "If-Match"),
    Row("unknown ticket", page("GET", "/api/sync/tickets/0"), 404, "no-such-ticket"),
    Row("unknown type", page("POST", "/api/sync/nothing"), 404, "no-such-type"),
    Row("unknown path", page("GET", "/api/nothing"), 404, "no-such-path"),
    Row("line feed in a path", page("GET", "/api/sync/tickets/%0A%7B"), 404, "no-such-path"),
    Row("line feed in no path", page("POST", "/%0A"), 404, "no-such-path"),
    Row("cursor before all time", page("GET", f"/api/drafts?cursor={FIRST_CURSOR}"), 422, "query-invalid"),
    Row("cursor after all time", page("GET", f"/api/drafts?cursor={LAST_CURSOR}"), 422, "query-invalid"),
    Row("wrong method", page("DELETE", "/api/health"), 405, "method-refused"),
    Row("account no longer in use", removed_account, 403, "account-not-known", "Authorization"),
    Row("messages without end", flooded_line, 4429, "too-many-messages"),
    Row("a disk that is full", full_disk_at_pairing, 503, "pairing-not-saved"),
    Row("key twice", repeated(b'{"label": "a", "label": "b"}'), 400, "body-repeated-key"),
    Row(
        "nested key twice",
        repeated(b'{"intervals": {"ddt": 30, "ddt": 31}}', "PUT", "/api/sync/schedule"),
        400,
        "body-repeated-key",
    ),
    Row("absolute target of another host", absolute("http://evil.example.test/api/health"), 421, "host-refused"),
    Row("absolute target", absolute("http://127.0.0.1/api/health"), 421, "host-refused"),
    Row("tunnel", absolute("evil.example.test:443", "CONNECT"), 421, "host-refused"),
    Row(
        "very long origin",
        ask("POST", "/api/pair", {"name": "x"}, Origin="http://" + "a" * 6000),
        403,
        "origin-refused",
        "Origin",
    ),
    Row(
        "disfigured origin",
        ask("POST", "/api/pair", {"name": "x"}, Origin="http://a b.example.test"),
        403,
        "origin-refused",
        "Origin",
    ),
    Row("name of blanks", ask("POST", "/api/pair", {"name": "  \u202e "}), 422, "body-invalid"),
    Row("NUL in a search", page("GET", "/api/customers?search=%00"), 422, "query-invalid"),
    Row("digits of another alphabet", page("GET", "/api/customers?limit=%D9%A3"), 422, "query-invalid"),
    Row("number with an underscore", page("GET", "/api/sync/history?limit=1_0"), 422, "query-invalid"),
    Row("begin of the calendar", page("GET", "/api/sync/explain?at=0001-01-01T00:00:00%2B14:00"), 422, "query-invalid"),
    Row("end of the calendar", page("GET", "/api/sync/history?before=9999-12-31T23:59:59-14:00"), 422, "query-invalid"),
    Row("week instead of a date", page("GET", "/api/sync/explain?at=2026-W01-1T00:00:00Z"), 422, "query-invalid"),
    Row("superscript record", page("POST", "/api/customers/%C2%B2/refresh"), 404, "no-such-record"),
    Row("record with a line feed", page("GET", "/api/customers/50120%0A"), 404, "no-such-record"),
    Row("no WebSocket", page("GET", "/api/smart-sessions"), 426, "websocket-expected", "Upgrade"),
    Row("too many streams", too_many_streams, 503, "too-many-streams"),
    Row("one session too many", too_many_sessions, 429, "too-many-sessions"),
    Row("line of a stranger", line("", Origin=STRANGER), 403, "", "Origin"),
    Row("line of a null origin", line("", Origin="null"), 403, "", "Origin"),
    Row("line by a rebound name", line("", Host="evil.example.test"), 421, "", "Host"),
    Row("line with a wrong token", line(attach(PASSWORD)), 4401, "token-unknown"),
    Row("line with nonsense", line(PASSWORD), 4422, "message-invalid"),
)


def lines_of(log_file: Path) -> str:
    return log_file.read_text(encoding="utf-8")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
async def test_each_refusal(tmp_path: Path, log_file: Path, row: Row) -> None:
    async with running(tmp_path, limits=row.limits) as office:
        assert await row.way(office) == (row.status, row.code)
    written = lines_of(log_file)
    refusals = [entry for entry in written.splitlines() if "refused" in entry and row.code in entry]
    assert refusals, written
    if row.header:
        assert f"{row.header} at fault" in refusals[-1]
    for secret in (office.token, SESSION, NOBODY, PAIRING, PASSWORD):
        assert secret not in written


OF_THE_ORCHESTRATOR = [
    *(c for c in STATUS if c.startswith(("request-un", "request-bad", "request-cl", "interval-"))),
    "too-many-tickets",
    "too-many-records",
]


@pytest.mark.parametrize("code", [*OF_THE_ORCHESTRATOR, "disk-full"])
async def test_what_the_orchestrator_or_the_store_cannot_do(office: Office, code: str) -> None:
    def failing(*_: object, **__: object) -> None:
        raise SyncFailure(code, FailureKind.PERMANENT)

    office.orchestrator.request_sync = failing
    answer = await office.page("POST", "/api/sync/products")
    assert (answer.status, answer.code) == (STATUS.get(code, 503), code)
    assert answer.headers.get("Retry-After") == (str(RETRY_AFTER[code]) if code in RETRY_AFTER else None)


def test_no_refusal_is_left_out() -> None:
    sessions = {f"session-ended-{reason.value}" for reason in SessionEnd}
    elsewhere = {"internal", "closing", *OF_THE_ORCHESTRATOR} | sessions
    assert set(STATUS) - {row.code for row in ROWS} <= elsewhere
    assert {row.code for row in ROWS} - {""} <= messages.codes()
