"""Leadership with a real server and real processes: one leader at a time, and nothing written under an old epoch."""

from __future__ import annotations

import asyncio
import random
import signal
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from members import Candidate, Process, Proxy, leader_of, start

from archisync_gui.model import SystemClock
from archisync_gui.office import leadership
from archisync_gui.office.clock import OfficeClock
from archisync_gui.office.leadership import Leadership, Member, Term
from archisync_gui.store import Store
from archisync_gui.store.errors import EpochLost
from archisync_gui.store.postgres import Postgres
from archisync_gui.store.postgres_server import Connection, Server
from tests.support.postgres import Cluster, Offices, on_a_server
from tests.support.waiting import until

pytestmark = on_a_server

AUDIT = """CREATE TABLE audit (
    id bigint GENERATED ALWAYS AS IDENTITY, epoch bigint NOT NULL, member text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
)"""


@pytest.fixture
async def made(office: Server, tmp_path: Path) -> Server:
    """An office with its tables and the table in which the members of these tests write."""
    store = await Store.join(Postgres(office), tmp_path / "data", [], clock=SystemClock())
    await store.close()
    with office.connect("tests", autocommit=True) as connection:
        connection.execute(AUDIT)
        connection.execute("UPDATE leader SET member = 'y'")
    return office


@pytest.fixture
async def members(made: Server) -> AsyncIterator[list[Process]]:
    """The processes of a test, ended after it."""
    started: list[Process] = []
    yield started
    for member in started:
        await member.end(signal.SIGKILL)


def check_writes(server: Server) -> list[int]:
    """Check that no write under an epoch came after the beginning of the next one, and that each epoch has one member;
    returns the epochs."""
    with server.connect("tests", autocommit=True) as connection:
        rows = connection.execute("SELECT epoch, member FROM audit ORDER BY id").fetchall()
    epochs = [epoch for epoch, _ in rows]
    assert epochs == sorted(epochs)
    owners: dict[int, set[str]] = {}
    for epoch, member in rows:
        owners.setdefault(epoch, set()).add(member)
    assert all(len(names) == 1 for names in owners.values())
    return sorted(owners)


@pytest.mark.parametrize("end", ["SIGTERM", "SIGKILL"])
async def test_another_member_takes_over(made: Server, members: list[Process], end: str) -> None:
    members += [await start(made, "one"), await start(made, "two")]
    first = await leader_of(members)
    await first.end(signal.Signals[end])
    second = await leader_of(members, besides=first)
    assert second.epochs[0] > first.epochs[0]
    await second.end()
    check_writes(made)


async def test_a_stopped_leader_writes_nothing_when_it_continues(made: Server, members: list[Process]) -> None:
    members += [await start(made, "one"), await start(made, "two")]
    first = await leader_of(members)
    first.send(signal.SIGSTOP)
    second = await leader_of(members, besides=first)
    first.send(signal.SIGCONT)
    await first.until(lambda epoch: epoch is None)
    assert second.epoch is not None
    assert second.epoch > first.epochs[0]
    await first.end()
    await second.end()
    check_writes(made)


@pytest.mark.parametrize("mode", ["silent", "cut"])
async def test_a_leader_without_network_loses_the_leadership(made: Server, members: list[Process], mode: str) -> None:
    proxy = Proxy(made)
    async with proxy as behind:
        members.append(await start(behind, "one"))
        first = await leader_of(members)
        members.append(await start(made, "two"))
        proxy.set(mode)  # type: ignore[arg-type]
        second = await leader_of(members, besides=first)
        await first.until(lambda epoch: epoch is None)
        proxy.set("open")
        await second.end()
        again = await first.until(lambda epoch: epoch is not None)
        assert again is not None
        assert again > second.epochs[0]
        await first.end()
    check_writes(made)


async def test_a_silence_of_some_seconds_does_not_change_the_leader(made: Server, members: list[Process]) -> None:
    proxy = Proxy(made)
    async with proxy as behind:
        members += [await start(behind, "one")]
        first = await leader_of(members)
        members.append(await start(made, "two"))
        proxy.set("silent")
        await asyncio.sleep(6)
        proxy.set("open")
        await asyncio.sleep(6)
        assert first.epoch == first.epochs[0]
        assert members[1].epochs == []
        await members[1].end()
        await first.end()
    assert check_writes(made) == first.epochs


@pytest.mark.parametrize("over", ["epoch = epoch + 1", "member = 'z'"], ids=["the next epoch", "the same number"])
async def test_a_write_after_the_epoch_is_over_changes_nothing(made: Server, over: str) -> None:
    class Believes:
        epoch: int | None = 0
        holder = "y"
        gone: int | None = None

        def lost(self, epoch: int) -> None:
            self.gone = epoch

    fence = Believes()
    database = Postgres(made, fence=fence)
    write = sa.text("INSERT INTO audit (epoch, member) VALUES (1, 'x')")
    await database.write(lambda connection: connection.execute(write))
    with made.connect("tests", autocommit=True) as connection:
        connection.execute(f"UPDATE leader SET {over}")
    with pytest.raises(EpochLost):
        await database.write(lambda connection: connection.execute(write))
    assert fence.gone == 0
    fence.epoch = None
    with pytest.raises(EpochLost):
        await database.write(lambda connection: connection.execute(write))
    assert await database.read(lambda connection: connection.scalar(sa.text("SELECT count(*) FROM audit"))) == 1
    await database.close()


async def test_the_next_leader_waits_for_a_write_under_way(made: Server) -> None:
    class Leads:
        epoch: int | None = 0
        holder = "y"

        def lost(self, epoch: int) -> None:
            raise AssertionError

    database = Postgres(made, fence=Leads())
    loop = asyncio.get_running_loop()
    began, go = asyncio.Event(), asyncio.Event()

    def job(connection: sa.Connection) -> None:
        loop.call_soon_threadsafe(began.set)
        asyncio.run_coroutine_threadsafe(go.wait(), loop).result()
        connection.execute(sa.text("INSERT INTO audit (epoch, member) VALUES (0, 'old')"))

    def take_over() -> None:
        with made.connect("tests", autocommit=True) as connection:
            connection.execute("UPDATE leader SET epoch = 1")
            connection.execute("INSERT INTO audit (epoch, member) VALUES (1, 'new')")

    writing = asyncio.ensure_future(database.write(job))
    await began.wait()
    taking = asyncio.ensure_future(asyncio.to_thread(take_over))
    await asyncio.sleep(0.3)
    assert not taking.done()
    go.set()
    await asyncio.gather(writing, taking)
    assert check_writes(made) == [0, 1]
    await database.close()


async def test_a_store_of_an_earlier_epoch_writes_nothing_under_a_later_one(made: Server) -> None:
    candidate = Candidate(made, "6", "one")
    candidate.leadership.start()
    try:
        await until(lambda: candidate.epochs == [1])
        database = Postgres(made, fence=Term(candidate.leadership, 1))
        write = sa.text("INSERT INTO audit (epoch, member) VALUES (1, 'x')")
        await database.write(lambda connection: connection.execute(write))
        candidate.leadership.lost(1)
        await until(lambda: candidate.epochs == [1, None, 2])
        with pytest.raises(EpochLost):
            await database.write(lambda connection: connection.execute(write))
        await database.close()
        assert candidate.leadership.epoch == 2
    finally:
        await candidate.stop()


async def test_a_member_that_may_not_lead_never_does(made: Server) -> None:
    epochs: list[int | None] = []
    watching = Leadership(made, Member("0" * 16, "watcher", "1"), changed=epochs.append, may_lead=False)
    watching.start()
    leading = asyncio.Event()
    loop = asyncio.get_running_loop()
    other = Leadership(
        made, Member("1" * 16, "leader", "1"), changed=lambda epoch: loop.call_soon_threadsafe(leading.set)
    )
    other.start()
    async with asyncio.timeout(30):
        await leading.wait()
    await asyncio.to_thread(other.stop)
    await asyncio.to_thread(watching.stop)
    assert epochs == []


async def test_a_member_does_not_try_to_lead_again_before_its_core_is_closed(
    made: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leadership, "BEAT", 0.05)
    monkeypatch.setattr(leadership, "TURN", 0.05)
    first, second = Candidate(made, "4", "one"), Candidate(made, "5", "two")
    lives: list[Connection] = []
    show_life = first.leadership._show_life

    def showing(connection: Connection) -> None:
        show_life(connection)
        lives.append(connection)

    monkeypatch.setattr(first.leadership, "_show_life", showing)
    first.leadership.start()
    try:
        await until(lambda: first.epochs == [1])
        with first.leadership.in_use():
            first.leadership.lost(1)
            seen = len(lives)
            await until(lambda: len(lives) > seen + 5)  # rounds of the election in which the leadership is free
            assert first.epochs == [1, None]
            second.leadership.start()
            await until(lambda: second.epochs == [2])
            await second.stop()
        await until(lambda: first.epochs == [1, None, 3])
    finally:
        await first.stop()


async def test_a_leader_whose_program_hangs_loses_the_leadership_until_it_answers(
    made: Server, monkeypatch: pytest.MonkeyPatch, expected_errors: Any
) -> None:
    expected_errors.allow("this program has not answered")
    monkeypatch.setattr(leadership, "HANGS", 0.5)
    monkeypatch.setattr(leadership, "TURN", 0.05)
    unanswered: list[Callable[[], None]] = []
    hung: list[tuple[int | None, list[int | None]]] = []
    hangs = threading.Event()

    def ask(answered: Callable[[], None]) -> None:
        if hangs.is_set():
            unanswered.append(answered)
        else:
            answered()

    second = Candidate(made, "7", "two")
    first = Candidate(
        made, "6", "one", ask=ask, hung=lambda: hung.append((first.leadership.epoch, list(second.epochs)))
    )
    first.leadership.start()
    try:
        await until(lambda: first.epochs == [1])
        second.leadership.start()
        await asyncio.sleep(1.0)
        assert first.epochs == [1]  # it answers the checks of its program
        hangs.set()
        await until(lambda: second.epochs == [2])
        assert first.epochs == [1, None]
        assert hung == [(None, [])]  # called before another one leads, when it may no longer write
        await second.stop()
        await asyncio.sleep(0.5)  # ten rounds of the election in which the leadership is free
        assert first.epochs == [1, None]
        assert len(unanswered) == 1
        hangs.clear()
        unanswered.pop()()
        await until(lambda: first.epochs == [1, None, 3])
    finally:
        await first.stop()


async def test_the_offices_clock_is_the_servers(made: Server) -> None:
    class Wrong(SystemClock):
        def now(self):  # type: ignore[no-untyped-def]
            return super().now().replace(year=2001)

    clock = OfficeClock(Wrong())
    assert clock.now().year == 2001
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    member = Leadership(
        made, Member("2" * 16, "x", "1"), changed=lambda _: loop.call_soon_threadsafe(told.set), clock=clock
    )
    member.start()
    async with asyncio.timeout(30):
        await told.wait()
    await asyncio.to_thread(member.stop)
    assert abs((clock.now() - SystemClock().now()).total_seconds()) < 60


async def test_epochs_increase_over_a_failover(made: Server, members: list[Process], offices: Offices) -> None:
    programs = offices.cluster.programs
    proxy = Proxy(made)
    async with proxy as behind:
        members.append(await start(behind, "one"))
        first = await leader_of(members)
        before = first.epochs[0]
        standby = await asyncio.to_thread(Cluster, programs, standby_of=offices.cluster)
        try:
            await until(lambda: check_writes(standby.office(made.schema)) == [before])
            proxy.set("cut")
            await first.until(lambda epoch: epoch is None)
            await asyncio.to_thread(standby.promote)
            proxy.to(standby.office(made.schema))
            proxy.set("open")
            after = await first.until(lambda epoch: epoch is not None)
            assert after is not None
            assert after > before
            async with asyncio.timeout(60):
                while check_writes(standby.office(made.schema))[-1] != after:  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
            await first.end()
            assert check_writes(standby.office(made.schema)) == [before, after]
        finally:
            await asyncio.to_thread(standby.stop)


async def test_on_a_read_only_standby_no_member_leads(made: Server, offices: Offices) -> None:
    programs = offices.cluster.programs
    standby = await asyncio.to_thread(Cluster, programs, standby_of=offices.cluster)
    try:
        epochs: list[int | None] = []
        member = Leadership(standby.office(made.schema), Member("3" * 16, "x", "1"), changed=epochs.append)
        member.start()
        async with asyncio.timeout(30):
            while member.trouble is None:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        await asyncio.to_thread(member.stop)
        assert epochs == []
    finally:
        await asyncio.to_thread(standby.stop)


FAULTS = ("kill", "end", "stop", "silent", "cut", "crash")


async def rounds(made: Server, members: list[Process], offices: Offices, count: int, seed: int) -> None:
    """Three members behind proxies; each round has a fault at a random moment, which is ended again. All faults occur
    once before one is repeated."""
    chance = random.Random(seed)
    print(f"seed {seed}")
    faults: list[str] = []
    async with AsyncExitStack() as stack:
        proxies = [Proxy(made) for _ in range(3)]
        servers = [await stack.enter_async_context(proxy) for proxy in proxies]
        for number, server in enumerate(servers):
            members.append(await start(server, f"pc{number}"))
        for step in range(count):
            leader = await leader_of(members)
            at = members.index(leader) if chance.random() < 0.8 else chance.randrange(3)
            faults = faults or chance.sample(FAULTS, len(FAULTS))
            what = faults.pop()
            print(step, members[at].name, what)
            await asyncio.sleep(chance.random())
            match what:
                case "kill" | "end":
                    await members[at].end(signal.SIGKILL if what == "kill" else signal.SIGTERM)
                    members[at] = await start(servers[at], f"pc{at}-{step}")
                case "stop":
                    members[at].send(signal.SIGSTOP)
                    await asyncio.sleep(chance.choice((0.5, 5, 17)))
                    members[at].send(signal.SIGCONT)
                case "silent" | "cut":
                    proxies[at].set(what)
                    await asyncio.sleep(chance.choice((0.5, 5, 17)))
                    proxies[at].set("open")
                case "crash":
                    await asyncio.to_thread(offices.cluster.halt, "immediate")
                    await asyncio.to_thread(offices.cluster.start)
        await leader_of(members)
        for member in members:
            await member.end()
    check_writes(made)


@pytest.mark.ci
async def test_after_any_fault_only_the_leader_writes(made: Server, members: list[Process], offices: Offices) -> None:
    await rounds(made, members, offices, len(FAULTS), random.randrange(10**9))


@pytest.mark.nightly
async def test_after_many_faults_only_the_leader_writes(made: Server, members: list[Process], offices: Offices) -> None:
    await rounds(made, members, offices, 200, random.randrange(10**9))
