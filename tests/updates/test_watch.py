"""Asking for the list: once a day at most, only while the setting is on, and whatever the server does."""

from __future__ import annotations

import asyncio
import gzip
import json
import ssl
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from lists import PUBLIC_KEY, STRANGER, Server, document, entry, ok, serving, signature

from archisync_gui.demo_erp.certificate import load_new_certificate
from archisync_gui.messages import codes
from archisync_gui.updates import download
from archisync_gui.updates.download import MOST_BYTES, SIGNATURE_BYTES
from archisync_gui.updates.signed_list import Source, UpdatesError
from archisync_gui.updates.watch import News, Updates
from tests.support.clock import MONDAY, VirtualClock, settle
from tests.support.waiting import until

DAY = 24 * 3600.0


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with serving() as served:
        served.serve(document(MONDAY, 1, "0.2.0"))
        yield served


class Office:
    """A profile, its clock and its setting; programs start and end in it."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.file = folder / "updates.json"
        self.server = server
        self.clock = VirtualClock()
        self.on = True
        self.key = PUBLIC_KEY
        self.patience = 10.0

    def start(self, installed: str = "0.1.0") -> Updates:
        return Updates(
            self.file,
            Source(self.server.address, self.key),
            installed=installed,
            wanted=lambda: self.on,
            clock=self.clock,
            patience=self.patience,
        )


@pytest.fixture
def office(tmp_path: Path, server: Server) -> Office:
    return Office(tmp_path, server)


async def asked(updates: Updates) -> News:
    assert await updates.ask_if_due()
    news = updates.news()
    assert news.problem == "" or news.problem in codes()
    return news


async def test_a_good_list_shows_what_is_new(office: Office) -> None:
    news = await asked(office.start())
    assert [v.name for v in news.newer] == ["0.2.0"]
    assert (news.on, news.problem, news.asked) == (True, "", MONDAY)
    # Shown again after a restart, without a question.
    again = office.start()
    assert again.news() == news
    assert not await again.ask_if_due()
    assert len(office.server.requests) == 2
    # And no longer once it is installed.
    assert office.start("0.2.0").news().newer == ()


async def test_nothing_is_asked_or_told_while_the_setting_is_off_or_without_a_key(office: Office) -> None:
    updates = office.start()
    await asked(updates)
    office.on = False
    await office.clock.advance(10 * DAY)
    assert not await updates.ask_if_due()
    assert updates.news() == News(on=False)
    assert updates.unannounced() is None
    office.on, office.key = True, ""
    keyless = office.start()
    assert not await keyless.ask_if_due()
    assert keyless.news() == News(on=False)
    assert len(office.server.requests) == 2


async def test_nothing_that_identifies_is_sent(office: Office) -> None:
    await asked(office.start("0.1.0"))
    for request, path in zip(office.server.requests, ("/versions.json", "/versions.json.minisig"), strict=True):
        lines = request.decode().split("\r\n")
        assert lines[0] == f"GET {path} HTTP/1.1"
        headers = {line.split(": ")[0]: line.split(": ")[1] for line in lines[1:] if line}
        assert headers == {
            "Host": f"127.0.0.1:{office.server.port}",
            "User-Agent": "Archisync",
            "Accept": "*/*",
            "Accept-Encoding": "identity",
        }


@pytest.mark.parametrize("scheme", ["http://", ""])
async def test_an_office_behind_a_proxy_asks_through_it(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    """Windows' own settings, or the environment, which may name host and port only. Without it such an office was told
    each day to check its network."""
    asked: list[str] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readuntil(b"\r\n\r\n")).decode().splitlines()[0])
        writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(proxy, "127.0.0.1", 0) as serving:
        port = serving.sockets[0].getsockname()[1]
        named = {"https": f"{scheme}127.0.0.1:{port}"}
        monkeypatch.setattr(download, "getproxies", lambda: named)
        monkeypatch.setattr(download, "proxy_bypass", lambda host: host == "inside.example.test")
        with pytest.raises(UpdatesError) as refused:
            await download.fetch("https://updates.example.test/versions.json", 10.0)
    assert refused.value.code == "updates-unreachable"
    assert asked == ["CONNECT updates.example.test:443 HTTP/1.1"]
    assert download.proxy_for("https", "inside.example.test") is None
    assert download.proxy_for("https", "127.0.0.1") is None
    assert download.proxy_for("http", "updates.example.test") is None


async def test_once_a_day_at_most(office: Office) -> None:
    updates = office.start()
    await asked(updates)
    await office.clock.advance(DAY - 1)
    assert not await updates.ask_if_due()
    assert not await office.start().ask_if_due()
    await office.clock.advance(1)
    assert await updates.ask_if_due()
    # A clock that is set about does not make the running program ask again.
    for hours in (1000, -5000, 20_000):
        office.clock._wall += timedelta(hours=hours)
        assert not await updates.ask_if_due()
    assert len(office.server.requests) == 4


async def test_a_clock_that_was_years_ahead_does_not_end_the_questions(office: Office) -> None:
    office.clock._wall += timedelta(days=4000)
    assert (await asked(office.start())).problem == "updates-expired"
    office.clock._wall = MONDAY + timedelta(hours=1)
    assert (await asked(office.start())).problem == ""


async def test_a_question_that_was_cut_off_counts(office: Office) -> None:
    """A program that dies in the middle of each question must not ask at each start."""
    office.server.answer = lambda path: b""
    await asked(office.start())
    assert not await office.start().ask_if_due()


async def test_without_a_place_to_remember_nothing_is_asked(office: Office) -> None:
    office.file.mkdir()
    updates = office.start()
    assert not await updates.ask_if_due()
    assert office.server.requests == []
    assert (updates.news().asked, updates.news().answered) == (None, None)
    office.file.rmdir()
    assert (await asked(updates)).answered == MONDAY, "asked as soon as it can be remembered"


async def test_a_question_without_an_answer_is_no_answer(office: Office) -> None:
    """While it is under way, and for a program that ended in the middle of it."""
    office.server.silent = True
    updates = office.start()
    question = asyncio.ensure_future(updates.ask_if_due())
    await until(lambda: office.file.exists())
    for program in (updates, office.start()):
        news = program.news()
        assert (news.asked, news.answered, news.problem) == (MONDAY, None, "")
    question.cancel()
    await asyncio.gather(question, return_exceptions=True)
    office.server.silent = False
    await office.clock.advance(DAY + 1)
    later = office.clock.now()
    assert (await asked(office.start())).answered == later
    await office.clock.advance(DAY + 1)
    office.server.serve(b"no list")
    news = await asked(office.start())
    assert news.problem
    assert (news.asked, news.answered) == (office.clock.now(), later)


async def test_wrong_signature(office: Office) -> None:
    office.server.content = document(MONDAY, 2, "6.6.6")
    news = await asked(office.start())
    assert (news.newer, news.problem) == ((), "updates-wrong-signature")


async def test_wrong_key(office: Office) -> None:
    office.server.serve(document(MONDAY, 2, "6.6.6"), STRANGER)
    news = await asked(office.start())
    assert (news.newer, news.problem) == ((), "updates-wrong-key")


async def test_a_downgrade_is_refused_and_what_was_known_stays(office: Office) -> None:
    office.server.serve(document(MONDAY, 7, "0.3.0", "0.2.0"))
    await asked(office.start())
    office.server.serve(document(MONDAY, 6, "0.2.0"))
    await office.clock.advance(DAY)
    news = await asked(office.start())
    assert ([v.name for v in news.newer], news.problem) == (["0.3.0", "0.2.0"], "updates-older")


async def test_a_frozen_list_is_said_and_passes(office: Office) -> None:
    updates = office.start()
    await asked(updates)
    await office.clock.advance(91 * DAY)
    assert updates.news().problem == "updates-expired"  # also before the next question
    news = await asked(updates)
    assert ([v.name for v in news.newer], news.problem) == (["0.2.0"], "updates-expired")
    office.server.serve(document(office.clock.now(), 2, "0.2.0"))
    await office.clock.advance(DAY)
    assert (await asked(updates)).problem == ""


async def test_a_clock_set_back_cannot_make_an_old_list_good(office: Office) -> None:
    """The seen list's number counts, not the clock."""
    await asked(office.start())
    office.server.serve(document(MONDAY - timedelta(days=80), 0, "0.2.0"))
    office.clock._wall = MONDAY - timedelta(days=60)
    assert (await asked(office.start())).problem == "updates-older"


async def test_a_clock_that_is_behind_is_said(office: Office) -> None:
    office.clock._wall = MONDAY - timedelta(days=30)
    news = await asked(office.start())
    assert ([v.name for v in news.newer], news.problem) == (["0.2.0"], "updates-clock")


async def test_too_large(office: Office) -> None:
    office.server.answer = lambda path: ok(b" " * (MOST_BYTES + 1))
    assert (await asked(office.start())).problem == "updates-too-large"


async def test_an_answer_without_end_is_cut_off(office: Office, server: Server) -> None:
    """In pieces of unknown number, and as long as the connection lives."""
    piece = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    server.holds = True
    server.answer = lambda path: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + piece * 5
    assert (await asked(office.start())).problem == "updates-too-large"
    server.answer = lambda path: b"HTTP/1.1 200 OK\r\n\r\n" + b" " * (MOST_BYTES + 1)
    await office.clock.advance(DAY)
    assert (await asked(office.start())).problem == "updates-too-large"


async def test_a_signature_without_end_is_cut_off(office: Office, server: Server) -> None:
    def answer(path: str) -> bytes:
        return ok(b"x" * (SIGNATURE_BYTES + 1) if path.endswith(".minisig") else server.content)

    server.answer = answer
    assert (await asked(office.start())).problem == "updates-too-large"


async def test_a_head_without_end_is_cut_off(office: Office, server: Server) -> None:
    server.answer = lambda path: b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000
    assert (await asked(office.start())).problem == "updates-unreachable"


async def test_a_small_answer_does_not_unfold_into_a_large_one(office: Office, server: Server) -> None:
    """`identity` was asked for; what is sent compressed all the same is taken as it is, and is no signed list."""
    packed = gzip.compress(b" " * 10_000_000)
    assert len(packed) < MOST_BYTES
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    sign = signature(b" " * 10_000_000)
    server.answer = lambda path: ok(sign) if path.endswith(".minisig") else head + packed
    assert (await asked(office.start())).problem == "updates-wrong-signature"


@pytest.mark.parametrize("cut", [1, 30, -1])
async def test_an_answer_that_stops_in_the_middle_is_given_up(office: Office, server: Server, cut: int) -> None:
    """The patience is for both files together: a server cannot stretch it by a byte now and then."""
    server.holds, office.patience = True, 0.05
    server.answer = lambda path: ok(server.content)[:cut]
    assert (await asked(office.start())).problem == "updates-silent"


async def test_a_server_with_another_ones_certificate_is_not_believed(office: Office, tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    load_new_certificate(context)
    async with serving(context) as stranger:
        stranger.serve(document(MONDAY, 9, "6.6.6"))
        source = Source(stranger.address.replace("http:", "https:"), PUBLIC_KEY)
        updates = Updates(office.file, source, installed="0.1.0", wanted=lambda: True, clock=office.clock)
        assert (await asked(updates)).problem == "updates-unreachable"
        assert stranger.requests == []


async def test_cookies_are_neither_kept_nor_sent(office: Office, server: Server) -> None:
    def answer(path: str) -> bytes:
        body = signature(server.content) if path.endswith(".minisig") else server.content
        return ok(body).replace(b"\r\n", b"\r\nSet-Cookie: id=4711\r\n", 1)

    server.answer = answer
    assert (await asked(office.start())).problem == ""
    assert len(server.requests) == 2
    assert b"4711" not in b"".join(server.requests)
    assert "4711" not in office.file.read_text()


async def test_a_redirect_is_not_followed(office: Office, server: Server) -> None:
    async with serving() as elsewhere:
        elsewhere.serve(document(MONDAY, 9, "6.6.6"))
        there = elsewhere.address.encode()
        server.answer = lambda path: b"HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n" % there
        assert (await asked(office.start())).problem == "updates-redirect"
        assert elsewhere.requests == []


async def test_a_server_that_never_answers(office: Office, server: Server) -> None:
    server.silent, office.patience = True, 0.05
    assert (await asked(office.start())).problem == "updates-silent"


async def test_nobody_there(office: Office, tmp_path: Path) -> None:
    async with serving() as gone:
        office.server = gone
    assert (await asked(office.start())).problem == "updates-unreachable"


@pytest.mark.parametrize("cut", [0, 10, 200])
async def test_half_an_answer(office: Office, server: Server, cut: int) -> None:
    server.answer = lambda path: ok(server.content[:cut], len(server.content))
    assert (await asked(office.start())).problem == "updates-incomplete"


@pytest.mark.parametrize("answer", [b"", b"\x00\x01\x02", b"HTTP/1.1 200 OK\r\nContent-Len", b"<html>"])
async def test_what_is_no_http(office: Office, server: Server, answer: bytes) -> None:
    server.answer = lambda path: answer
    assert (await asked(office.start())).problem == "updates-unreachable"


@pytest.mark.parametrize("status", [404, 500, 204])
async def test_an_error_of_the_server(office: Office, server: Server, status: int) -> None:
    server.answer = lambda path: b"HTTP/1.1 %d No\r\nContent-Length: 0\r\n\r\n" % status
    assert (await asked(office.start())).problem == "updates-refused"


async def test_a_login_page_in_place_of_the_list(office: Office, server: Server) -> None:
    server.answer = lambda path: ok(b"<!doctype html><title>Hotel</title>")
    assert (await asked(office.start())).problem == "updates-signature-unreadable"


@pytest.mark.parametrize("content", [b"no JSON", b"[]", b"{}", b"\xff\xfe", b"[" * 100_000])
async def test_signed_but_no_list(office: Office, server: Server, content: bytes) -> None:
    server.serve(content)
    assert (await asked(office.start())).problem == "updates-unreadable"


async def test_an_address_that_anybody_could_answer_for_is_not_asked(office: Office) -> None:
    for address in ("http://archisync.example.test/versions.json", "ftp://127.0.0.1/", "nowhere", ""):
        updates = Updates(
            office.file.with_name("other.json"),
            Source(address, PUBLIC_KEY),
            installed="0.1.0",
            wanted=lambda: True,
            clock=office.clock,
        )
        if await updates.ask_if_due():
            assert updates.news().problem == "updates-address"
        office.file.with_name("other.json").unlink(missing_ok=True)


@pytest.mark.parametrize(
    "damage",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"asked": 5, "list": "", "signature": "", "problem": {"code": "", "params": {}}, "told": ""}',
        '{"asked": "2026-03-02", "list": "", "signature": "", "problem": {"code": "", "params": {}}, "told": ""}',
        '{"asked": null, "list": 1, "signature": "", "problem": {"code": "", "params": {}}, "told": ""}',
        '{"asked": null, "list": "", "signature": "", "problem": {"code": "", "params": []}, "told": ""}',
    ],
)
async def test_a_damaged_memory_counts_as_none(office: Office, damage: str) -> None:
    office.file.write_text(damage)
    assert [v.name for v in (await asked(office.start())).newer] == ["0.2.0"]


async def test_a_memory_that_somebody_changed_offers_nothing(office: Office) -> None:
    await asked(office.start())
    kept = json.loads(office.file.read_text())
    kept["list"] = document(MONDAY, 99, entry("6.6.6")).decode()
    office.file.write_text(json.dumps(kept))
    assert office.start().news().newer == ()


async def test_a_version_is_told_once(office: Office) -> None:
    updates = office.start()
    await asked(updates)
    version = updates.unannounced()
    assert version is not None
    await updates.mark_announced(version)
    assert updates.unannounced() is None
    assert office.start().unannounced() is None
    office.server.serve(document(MONDAY, 2, "0.3.0", "0.2.0"))
    await office.clock.advance(DAY)
    await asked(updates)
    newest = updates.unannounced()
    assert newest is not None
    assert newest.name == "0.3.0"


async def test_switching_the_setting_on_asks_at_once(office: Office) -> None:
    office.on = False
    updates = office.start()
    heard: list[News] = []
    updates.subscribe(heard.append)
    async with updates.at_work():
        await settle()
        assert office.server.requests == []
        office.on = True
        updates.settings_changed()
        await until(lambda: heard)
    assert [v.name for v in heard[0].newer] == ["0.2.0"]


async def test_no_fault_ends_the_daily_question_for_good(office: Office, expected_errors: Any) -> None:
    expected_errors(r"archisync_gui\.updates\.watch: the list of versions was not looked at")
    updates = office.start()
    heard: list[News] = []

    def fail_once(news: News) -> None:
        heard.append(news)
        if len(heard) == 1:
            raise ValueError("a panel that cannot show it")

    updates.subscribe(fail_once)
    async with updates.at_work():
        for count in (1, 2):
            await settle()
            updates.settings_changed()
            await until(lambda count=count: len(heard) == count)
