"""Commands of members through the database: events in order, one answer, also after broken connections and
takeovers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from members import Proxy

from archisync_gui.model import FailureKind, SyncFailure, SystemClock
from archisync_gui.office import desk as module
from archisync_gui.office import line as line_module
from archisync_gui.office.desk import Asked, Desk, Emit
from archisync_gui.office.line import Line, call
from archisync_gui.office.news import News
from archisync_gui.office.shown import shown
from archisync_gui.store import Store, StoreError
from archisync_gui.store.postgres import Postgres
from archisync_gui.store.postgres_server import Connection, Server
from tests.support.clock import VirtualClock
from tests.support.postgres import on_a_server
from tests.support.waiting import until

pytestmark = on_a_server


@pytest.fixture
async def made(office: Server, tmp_path: Path) -> Server:
    store = await Store.join(Postgres(office), tmp_path / "data", [], clock=SystemClock())
    await store.close()
    return office


class Leader:
    """A desk whose handler records its calls."""

    def __init__(self, server: Server, epoch: int = 0) -> None:
        self.asked: list[tuple[str, Any]] = []
        self.cancelled: list[str] = []
        self.go = asyncio.Event()
        self.began = asyncio.Event()
        self.lost = asyncio.Event()
        self.revision = 1
        loop = asyncio.get_running_loop()
        self.desk = Desk(
            server,
            epoch,
            self.handle,
            lambda: {"n": self.revision},
            lost=lambda _: loop.call_soon_threadsafe(self.lost.set),
        )
        self.desk.start()

    async def handle(self, asked: Asked, emit: Emit) -> tuple[int, Any]:
        name, args = asked.name, asked.args
        self.asked.append((name, args))
        self.began.set()
        match name:
            case "events":
                for number in range(args["count"]):
                    emit({"kind": "step", "n": number})
                return 0, {"è": args["count"]}
            case "wait":
                try:
                    await self.go.wait()
                except asyncio.CancelledError:
                    self.cancelled.append(name)
                    raise
                return 3, None
            case "odd answer":
                return 0, {"at": object()}
            case "odd event":
                emit({"at": object()})
            case "refused":
                raise SyncFailure("request-closing", FailureKind.PERMANENT, params={"a": 1})
        raise RuntimeError(name)


@pytest.fixture
async def leader(made: Server) -> AsyncIterator[Leader]:
    found = Leader(made)
    yield found
    await found.desk.stop()


async def test_events_come_in_order_before_the_answer(made: Server, leader: Leader) -> None:
    events: list[dict[str, Any]] = []
    assert await call(made, "pc", "events", {"count": 40}, events.append) == (0, {"è": 40})
    await asyncio.sleep(0)
    assert [event["n"] for event in events] == list(range(40))
    assert leader.asked == [("events", {"count": 40})]


async def test_a_call_with_the_same_id_is_served_once_and_answered_again(made: Server, leader: Leader) -> None:
    first = await call(made, "pc", "events", {"count": 1}, lambda _: None, id="same")
    again = await call(made, "pc", "events", {"count": 1}, lambda _: None, id="same")
    assert first == again
    assert len(leader.asked) == 1


async def test_many_calls_at_once_get_their_own_answers(made: Server, leader: Leader) -> None:
    wanted = range(1, 13)
    answers = await asyncio.gather(*(call(made, "pc", "events", {"count": n}, lambda _: None) for n in wanted))
    assert [answer for _, answer in answers] == [{"è": n} for n in wanted]


async def test_a_refusal_is_answered_with_its_code(made: Server, leader: Leader, expected_errors: Any) -> None:
    assert await call(made, "pc", "refused", {}, lambda _: None) == (
        1,
        {"error": "request-closing", "params": {"a": 1}},
    )
    code, answer = await call(made, "pc", "unknown", {}, lambda _: None)
    assert (code, answer["error"]) == (1, "office-command-failed")
    expected_errors("a command of a member failed: unknown")


async def test_a_faulty_command_or_answer_affects_no_other(made: Server, leader: Leader, expected_errors: Any) -> None:
    with made.connect("tests", autocommit=True) as connection:
        connection.execute("INSERT INTO commands (id, member, name, args) VALUES ('bad', 'pc', 'events', 'no JSON')")
    for name in ("odd answer", "odd event"):
        code, answer = await call(made, "pc", name, {}, lambda _: None)
        assert (code, answer["error"]) == (1, "office-command-failed")
        expected_errors(f"a command of a member failed: {name}")
    expected_errors("a command of a member failed: events")
    assert (await call(made, "pc", "events", {"count": 1}, lambda _: None))[0] == 0
    assert (await call(made, "pc", "events", {"count": 1}, lambda _: None, id="bad"))[0] == 1


async def test_a_caller_that_gives_up_ends_its_command(made: Server, leader: Leader) -> None:
    asking = asyncio.ensure_future(call(made, "pc", "wait", {}, lambda _: None))
    await leader.began.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await until(lambda: leader.cancelled, 30)
    with made.connect("tests", autocommit=True) as connection:  # an open command would be checked again without end
        assert connection.execute("SELECT count(*) FROM commands WHERE done IS NULL").fetchone() == (0,)


async def test_without_a_leader_a_call_fails(made: Server) -> None:
    with pytest.raises(StoreError, match="office-no-leader"):
        await call(made, "pc", "events", {"count": 1}, lambda _: None, patience=1)
    # A call that no leader took is not done later, when the caller is gone.
    leader = Leader(made)
    assert await call(made, "pc", "events", {"count": 2}, lambda _: None) == (0, {"è": 2})
    await leader.desk.stop()
    assert leader.asked == [("events", {"count": 2})]


@pytest.mark.parametrize(
    ("before", "waited", "served"),
    [(None, 240, True), (None, 301, False), (0, 301, True), (0, 2 * 3600, False)],
    ids=["in time", "late", "begun by another leader", "begun long ago"],
)
async def test_a_command_whose_caller_no_longer_waits_is_not_begun(
    made: Server, before: int | None, waited: float, served: bool
) -> None:
    """The caller may have gone hours ago, for example a panel that was closed in the evening."""
    line = Line(made, "a" * 16)
    line.start()
    command = line.send("events", {"count": 1}, patience=300)
    await until(lambda: command.inserted)
    await line.stop()
    with made.connect("tests", autocommit=True) as connection:
        connection.execute(
            "UPDATE commands SET asked = asked - make_interval(secs => %s), epoch = %s", (waited, before)
        )
        connection.execute("UPDATE leader SET epoch = 1")
    leader = Leader(made, epoch=1)
    assert await call(made, "pc", "events", {"count": 2}, lambda _: None) == (0, {"è": 2})
    await leader.desk.stop()
    assert leader.asked == [("events", {"count": 1})] * served + [("events", {"count": 2})]
    with made.connect("tests", autocommit=True) as connection:
        assert connection.execute("SELECT count(*) FROM commands WHERE done IS NULL").fetchone() == (0,)


@pytest.mark.parametrize("stops", [False, True])
async def test_a_command_given_up_without_the_server_is_withdrawn_when_it_is_back(
    made: Server, monkeypatch: pytest.MonkeyPatch, stops: bool
) -> None:
    monkeypatch.setattr(line_module, "RETRY", 3600.0 if stops else 0.05)
    proxy = Proxy(made)
    async with proxy as behind:
        line = Line(behind, "a" * 16)
        line.start()
        command = line.send("wait", {}, patience=None)
        await until(lambda: command.inserted)
        proxy.set("cut")
        line.cancel(command)
        with pytest.raises(StoreError, match="office-unreachable"):
            await command.future
        proxy.set("open")
        if stops:
            await line.stop()
        with made.connect("tests", autocommit=True) as connection:
            await until(lambda: connection.execute("SELECT cancelled FROM commands").fetchone() == (True,))
        leader = Leader(made)
        assert await call(made, "pc", "events", {"count": 2}, lambda _: None) == (0, {"è": 2})
        await leader.desk.stop()
        assert leader.asked == [("events", {"count": 2})]
        await line.stop()


async def test_a_command_that_is_too_old_for_the_leader_fails(made: Server) -> None:
    """An earlier leader had begun it without ending it; the caller gets the failure at once."""
    first = Leader(made)
    asking = asyncio.ensure_future(call(made, "pc", "wait", {}, lambda _: None, id="x"))
    await first.began.wait()
    await first.desk.stop()
    with made.connect("tests", autocommit=True) as connection:
        connection.execute("UPDATE commands SET asked = asked - interval '1 day'")
        connection.execute("UPDATE leader SET epoch = 1")
    second = Leader(made, epoch=1)
    async with asyncio.timeout(30):
        with pytest.raises(StoreError, match="office-no-leader"):
            await asking
    await second.desk.stop()
    assert second.asked == []


async def test_a_command_is_answered_after_a_takeover_and_a_lost_connection(made: Server) -> None:
    proxy = Proxy(made)
    async with proxy as behind:
        first = Leader(made)
        asking = asyncio.ensure_future(call(behind, "pc", "wait", {}, lambda _: None, id="x"))
        await first.began.wait()
        proxy.set("cut")
        await first.desk.stop()
        with made.connect("tests", autocommit=True) as connection:
            connection.execute("UPDATE leader SET epoch = 1")
        second = Leader(made, epoch=1)
        second.go.set()
        proxy.set("open")
        assert await asking == (3, None)
        await second.desk.stop()
    assert first.asked == second.asked == [("wait", {})]


async def test_no_answer_is_lost_with_the_leaders_connection(made: Server) -> None:
    proxy = Proxy(made)
    async with proxy as behind:
        leader = Leader(behind)
        wanted = range(1, 31)
        asking = [asyncio.ensure_future(call(made, "pc", "events", {"count": n}, lambda _: None)) for n in wanted]
        for _ in range(4):
            await asyncio.sleep(0.4)
            proxy.set("cut")
            await asyncio.sleep(0.1)
            proxy.set("open")
        async with asyncio.timeout(120):
            answers = await asyncio.gather(*asking)
        assert answers == [(0, {"è": n}) for n in wanted]
        assert len(leader.asked) == len(wanted)
        await leader.desk.stop()


class LosesAnswers:
    """A server that commits a transaction and is lost before its client hears of it, once: when ``lost`` says so, or
    after a ``statement`` that begins so."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.lost: Callable[[], bool] | None = None
        self.statement = ""

    def connect(self, *args: Any, **more: Any) -> Connection:
        connection = self.server.connect(*args, **more)
        transaction, execute = connection.transaction, connection.execute

        def lossy_execute(query: Any, *args: Any, **more: Any) -> Any:
            done = execute(query, *args, **more)
            if self.statement and query.startswith(self.statement):
                self.statement = ""
                connection.close()
                raise psycopg.OperationalError("lost after the commit")
            return done

        @contextmanager
        def lossy() -> Iterator[None]:
            with transaction():
                yield
            if self.lost is not None and self.lost():
                self.lost = None
                connection.close()
                raise psycopg.OperationalError("lost after the commit")

        connection.transaction = lossy  # type: ignore[method-assign, assignment]
        connection.execute = lossy_execute  # type: ignore[method-assign]
        return connection

    def one(self, query: str) -> Any:
        with self.server.connect("tests", autocommit=True) as connection:
            row = connection.execute(query).fetchone()
        return None if row is None else row[0]


@pytest.fixture
def lossy(made: Server, monkeypatch: pytest.MonkeyPatch) -> LosesAnswers:
    monkeypatch.setattr(module, "RETRY", 0.05)
    return LosesAnswers(made)


async def test_a_status_that_was_committed_though_the_connection_broke_is_followed_by_another_number(
    made: Server, lossy: LosesAnswers
) -> None:
    """Members would take the next status for the one that they have, and show for hours a read that ended a second
    later. Its events are announced once."""
    news: list[News] = []
    line = Line(made, "a" * 16, news.append)
    leader = Leader(lossy)  # type: ignore[arg-type]
    line.start()
    await until(lambda: any(one.status == {"n": 1} for one in news))

    def lost() -> bool:
        if lossy.one("SELECT revision FROM status") != 2:
            return False
        leader.revision = 3
        return True

    lossy.lost = lost
    leader.revision = 2
    leader.desk.changed({"kind": "step"})
    await until(lambda: any(one.status == {"n": 3} for one in news))
    assert lossy.lost is None
    assert [event for one in news for event in one.events] == [{"kind": "step"}]
    assert lossy.one("SELECT revision FROM status") == 3
    await line.stop()
    await leader.desk.stop()


async def test_an_event_of_a_command_comes_once_though_the_connection_broke(made: Server, lossy: LosesAnswers) -> None:
    """``sync --json`` would print the result of a list twice."""
    lossy.statement = "INSERT INTO command_events"
    leader = Leader(lossy)  # type: ignore[arg-type]
    events: list[dict[str, Any]] = []
    assert await call(made, "pc", "events", {"count": 3}, events.append) == (0, {"è": 3})
    await asyncio.sleep(0)
    assert lossy.statement == ""
    assert [event["n"] for event in events] == [0, 1, 2]
    await leader.desk.stop()


async def test_a_command_that_was_withdrawn_ends_though_the_connection_broke(made: Server, lossy: LosesAnswers) -> None:
    leader = Leader(lossy)  # type: ignore[arg-type]
    asking = asyncio.ensure_future(call(made, "pc", "wait", {}, lambda _: None))
    await leader.began.wait()
    lossy.lost = lambda: bool(lossy.one("SELECT count(*) FROM commands WHERE cancelled AND done IS NOT NULL"))
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    await until(lambda: leader.cancelled == ["wait"])
    assert lossy.lost is None
    await leader.desk.stop()


async def test_what_is_given_up_before_the_connection_is_there_again_is_withdrawn(made: Server) -> None:
    line = Line(made, "a" * 16)  # its thread is the test
    with made.connect("tests", autocommit=True) as connection:
        command = line.send("wait", {}, patience=None)
        line._send_commands(connection)
        command.inserted = False  # the connection was lost, and is there again
        line.cancel(command)
        line._send_commands(connection)
        line._read_answers(connection)
        assert connection.execute("SELECT cancelled FROM commands").fetchall() == [(True,)]
    with pytest.raises(StoreError, match="office-no-leader"):
        await command.future
    await asyncio.to_thread(line._waker.close)


@pytest.mark.parametrize(("asleep", "repeated"), [(5, True), (3600, False)])
async def test_a_command_is_not_asked_for_again_after_a_night(
    made: Server, monkeypatch: pytest.MonkeyPatch, asleep: float, repeated: bool
) -> None:
    """Its row may have been answered and removed by then: a list would be cleared twice."""
    clock = VirtualClock()
    monkeypatch.setattr(line_module, "CLOCK", clock)
    line = Line(made, "a" * 16)  # its thread is the test
    with made.connect("tests", autocommit=True) as connection:
        command = line.send("clear", {}, patience=120)
        line._send_commands(connection)
        connection.execute("DELETE FROM commands")
        command.inserted = False
        clock._move(asleep)
        line._send_commands(connection)
        line._read_answers(connection)
        assert connection.execute("SELECT count(*) FROM commands").fetchone() == (repeated,)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert command.future.done() is not repeated
    if repeated:
        command.future.cancel()
    else:
        with pytest.raises(StoreError, match="office-command-failed"):
            await command.future
    await asyncio.to_thread(line._waker.close)


async def test_a_member_hears_events_after_an_earlier_state_of_the_database_took_its_place(made: Server) -> None:
    news: list[News] = []

    def told() -> list[Any]:
        return [event for one in news for event in one.events]

    def announce(*numbers: int, anew: bool = False) -> None:
        with made.connect("tests", autocommit=True) as connection, connection.transaction():
            if anew:
                connection.execute("TRUNCATE announced RESTART IDENTITY")
            for number in numbers:
                connection.execute("INSERT INTO announced (epoch, event) VALUES (0, %s)", (str(number),))
            connection.execute("NOTIFY office_status")

    line = Line(made, "a" * 16, news.append)
    line.start()
    await until(lambda: news)
    announce(1, 2, 3)
    await until(lambda: told() == [1, 2, 3])
    announce(anew=True)  # as a backup of the server that was put back
    await until(lambda: line._seen.event == 0)
    announce(4)
    await until(lambda: told() == [1, 2, 3, 4])
    await line.stop()


async def test_a_desk_of_an_old_epoch_takes_nothing(made: Server) -> None:
    with made.connect("tests", autocommit=True) as connection:
        connection.execute("UPDATE leader SET epoch = 5")
    old = Leader(made, epoch=4)
    async with asyncio.timeout(30):
        await old.lost.wait()
    with pytest.raises(StoreError, match="office-no-leader"):
        await call(made, "pc", "events", {"count": 1}, lambda _: None, patience=1)
    await old.desk.stop()
    assert old.asked == []
    with made.connect("tests", autocommit=True) as connection:
        assert shown(connection) is None


async def test_the_status_is_shown_once_for_each_revision(made: Server, leader: Leader) -> None:
    def look() -> Any:
        with made.connect("tests", autocommit=True) as connection:
            return shown(connection)

    async def revision(wanted: int) -> None:
        async with asyncio.timeout(30):
            while (found := await asyncio.to_thread(look)) is None or found.revision != wanted:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            assert found.value == {"n": wanted}

    await revision(1)
    leader.revision = 2
    leader.desk.changed()
    await revision(2)


async def test_an_answer_does_not_wait_for_the_pause_between_two_statuses(
    made: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SHOW_GAP", 3600.0)
    leader = Leader(made)

    def revision() -> Any:
        with made.connect("tests", autocommit=True) as connection:
            found = shown(connection)
        return None if found is None else found.value["n"]

    try:
        await until(lambda: revision() == 1)
        leader.revision = 2
        assert await call(made, "pc", "events", {"count": 1}, lambda _: None) == (0, {"è": 1})
        await until(lambda: revision() == 2)
    finally:
        await leader.desk.stop()
