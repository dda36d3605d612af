"""A member's line while the server is silent: when the outage is reported, and which commands are given up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from members import Proxy
from remote_rig import make_office

from archisync_gui.office import line as module
from archisync_gui.office.line import DISTURBED, Line
from archisync_gui.office.news import News
from archisync_gui.store.errors import StoreError
from archisync_gui.store.postgres_server import Server
from tests.support.postgres import on_a_server
from tests.support.waiting import until

AWAY = StoreError("office-unreachable", path="office", detail="no answer")


class ManualTime:
    """A monotonic clock that only the test advances."""

    def __init__(self) -> None:
        self.now = time.monotonic()

    def monotonic(self) -> float:
        return self.now


class Heard:
    """A line that records its news and how often it failed."""

    def __init__(self, server: Server) -> None:
        self.news: list[News] = []
        self.failures = 0
        self.line = Line(server, "a" * 16, self.news.append)
        self._failed, self._loop = self.line._failed, asyncio.get_running_loop()
        self.line._failed = self.failed  # type: ignore[method-assign]

    def failed(self, error: StoreError) -> None:
        self._failed(error)
        self._loop.call_soon_threadsafe(self._count)  # after the news of this failure

    def _count(self) -> None:
        self.failures += 1

    @property
    def troubles(self) -> list[str]:
        return [news.trouble.code for news in self.news if news.trouble is not None]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> ManualTime:
    found = ManualTime()
    monkeypatch.setattr(module, "CLOCK", found)
    return found


@pytest.fixture
async def still(clock: ManualTime) -> AsyncIterator[Heard]:
    """A line that is not started: the test takes the place of its thread."""
    found = Heard(Server("127.0.0.1", "office", "office"))
    yield found
    if found.line._late is not None:
        found.line._late.cancel()
    found.line._waker.close()


async def told() -> None:
    """Let the loop run the callbacks of the line."""
    for _ in range(3):
        await asyncio.sleep(0)


async def test_a_silence_is_counted_from_the_first_unanswered_query(still: Heard, clock: ManualTime) -> None:
    still.line._asked = clock.now
    clock.now += DISTURBED
    still.failed(AWAY)
    await told()
    assert still.troubles == ["office-unreachable"]


async def test_an_outage_is_not_reported_before_it_has_lasted(still: Heard, clock: ManualTime) -> None:
    still.line._asked = clock.now
    clock.now += DISTURBED - 0.1
    still.failed(AWAY)
    await told()
    assert still.troubles == []
    clock.now += 0.1
    still.failed(AWAY)
    await told()
    assert still.troubles == ["office-unreachable"]


async def test_a_fault_of_this_computer_is_reported_at_once(still: Heard) -> None:
    still.failed(StoreError("office-login", path="office", user="office"))
    await told()
    assert still.troubles == ["office-login"]


@pytest.mark.parametrize("patience", [30.0, None])
async def test_a_command_that_was_taken_long_ago_is_given_up_after_the_silence(
    still: Heard, clock: ManualTime, patience: float | None
) -> None:
    command = still.line.send("wait", {}, patience=patience)
    still.line._take_new()
    command.taken = True
    clock.now += 3600  # a long read
    still.line._asked = clock.now
    clock.now += 10
    still.failed(AWAY)
    await told()
    assert not command.future.done(), "given up, though the answer may be there when the server is back"
    clock.now += 21
    still.failed(AWAY)
    await told()
    assert command.future.done() is (patience is not None)
    if command.future.done():
        assert command.future.exception() is AWAY
    else:
        command.future.cancel()


async def test_the_time_limit_of_a_command_begins_when_it_is_sent(still: Heard, clock: ManualTime) -> None:
    """The thread may be waiting for a silent server at that time."""
    command = still.line.send("ask", {}, patience=10)
    clock.now += 9.9
    still.failed(AWAY)
    await told()
    assert not command.future.done()
    clock.now += 0.1
    still.failed(AWAY)
    await told()
    assert command.future.exception() is AWAY


async def test_what_the_server_never_heard_of_is_not_kept_to_be_withdrawn(still: Heard, clock: ManualTime) -> None:
    """A form's signs of life are many in a night without the server."""
    unsent, sent = still.line.send("touch", {}, patience=10), still.line.send("touch", {}, patience=10)
    sent.sent = clock.now
    clock.now += 10
    still.failed(AWAY)
    await told()
    assert (unsent.future.exception(), sent.future.exception()) == (AWAY, AWAY)
    assert still.line._given_up == {sent.id}


@pytest.fixture
async def made(office: Server, tmp_path: Path) -> Server:
    await make_office(office, tmp_path / "made")
    return office


@asynccontextmanager
async def listening(server: Server) -> AsyncIterator[tuple[Heard, Proxy]]:
    """A line with a connection through a proxy, after its first news."""
    proxy = Proxy(server)
    async with proxy as behind:
        heard = Heard(behind)
        heard.line.start()
        try:
            await until(lambda: heard.news)
            yield heard, proxy
        finally:
            await heard.line.stop()


@on_a_server
async def test_an_answered_query_begins_no_silence(made: Server, clock: ManualTime) -> None:
    async with listening(made) as (heard, proxy):
        await until(lambda: heard.line._asked is None)
        clock.now += 3600  # without a query
        proxy.set("cut")
        await until(lambda: heard.failures)
        assert heard.troubles == []


@on_a_server
async def test_an_outage_is_reported_while_a_new_connection_is_tried(
    made: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The attempt, with its pause and its limit, may take longer than the report may wait."""
    monkeypatch.setattr(module, "DISTURBED", 0.5)
    async with listening(made) as (heard, proxy):
        proxy.set("cut")
        await until(lambda: heard.failures)
        proxy.set("silent")
        await until(lambda: heard.troubles)
        assert heard.failures == 1
        proxy.set("open")
        await until(lambda: heard.news[-1].trouble is None)


@on_a_server
async def test_a_silence_is_over_before_the_next_news_are_delivered(
    made: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise its timer could report it after them."""
    monkeypatch.setattr(module, "RETRY", 0.05)
    async with listening(made) as (heard, proxy):
        tell, silences = heard.line._tell, list[float | None]()

        def telling(news: News) -> None:
            silences.append(heard.line._silent_since)
            tell(news)

        monkeypatch.setattr(heard.line, "_tell", telling)
        proxy.set("cut")
        await until(lambda: heard.failures)
        proxy.set("open")
        seen = len(heard.news)
        await until(lambda: len(heard.news) > seen)
        assert heard.troubles == []
        assert silences
        assert silences == [None] * len(silences)


@on_a_server
async def test_it_is_reported_when_the_offices_tables_are_gone(made: Server) -> None:
    """Not as an outage, since the server answers."""
    async with listening(made) as (heard, _):
        with made.connect("test", autocommit=True) as connection:
            connection.execute("DROP TABLE status CASCADE")
        await until(lambda: heard.troubles)
        assert set(heard.troubles) == {"office-missing"}
