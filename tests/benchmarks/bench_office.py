"""An office on PostgreSQL: the time until another member takes over, until all have the status, and until an answer.

The members are processes (``tests/office/office_child.py``) on a temporary server on this computer, so the network is
the loopback interface.
"""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import psutil

from archisync_gui.model import SystemClock
from archisync_gui.office.desk import Asked, Desk
from archisync_gui.store import Store
from archisync_gui.store.postgres import Postgres
from archisync_gui.store.postgres_server import Server
from tests.benchmarks.bench_store import PRODUCTS, batch, make
from tests.benchmarks.result import Result, percentile
from tests.office.members import Proxy, leader_of, start
from tests.support.postgres import Cluster, programs

ROWS = 20_000
MEMBERS = (20, 50)


async def _on_a_server(work: Callable[[Server, Cluster], Awaitable[list[Result]]]) -> list[Result]:
    found = programs()
    if found is None:
        return [Result(0, "s", note="no PostgreSQL server is installed")]
    cluster = await asyncio.to_thread(Cluster, found)
    try:
        server = cluster.office("bench")
        with tempfile.TemporaryDirectory(prefix="archisync-bench-") as place:
            store = await Store.join(Postgres(server), Path(place), [PRODUCTS], clock=SystemClock())
            await store.close()
        with server.connect("bench", autocommit=True) as connection:
            connection.execute("CREATE TABLE audit (id bigserial, epoch bigint, member text)")
        return await work(server, cluster)
    finally:
        await asyncio.to_thread(cluster.stop)


async def takeover(quick: bool) -> list[Result]:
    """From the end of the leader to the first epoch of its successor."""

    async def work(server: Server, cluster: Cluster) -> list[Result]:
        results = []
        for number, what, limit in ((signal.SIGTERM, "clean end", 2), (signal.SIGKILL, "kill", 15)):
            times = []
            for _ in range(5 if quick else 20):
                members = [await start(server, "one"), await start(server, "two")]
                first = await leader_of(members)
                await asyncio.sleep(1)
                began = time.perf_counter()
                ending = asyncio.ensure_future(first.end(number))
                second = await leader_of(members, besides=first)
                times.append(time.perf_counter() - began)
                await ending
                await second.end()
            note = f"of {len(times)}; median {percentile(times, 50):.2f}, longest {max(times):.2f}"
            results.append(Result(percentile(times, 95), "s", limit=limit, note=note, what=f"after {what}, p95"))
        return [*results, await _after_a_power_failure(server, 2 if quick else 6)]

    return await _on_a_server(work)


async def _after_a_power_failure(server: Server, count: int) -> Result:
    """The leader's packets stop without the end of its connection."""
    times = []
    for number in range(count):
        proxy = Proxy(server)
        async with proxy as behind:
            first = await start(behind, "one")
            await leader_of([first])
            second = await start(server, "two")
            await asyncio.sleep(3 + number / 10)  # a different time between two heartbeats
            proxy.set("silent")
            began = time.perf_counter()
            await leader_of([second])
            times.append(time.perf_counter() - began)
            await first.end(signal.SIGKILL)
            await second.end()
    note = f"of {count}; median {percentile(times, 50):.2f}"
    return Result(max(times), "s", limit=15, note=note, what="after a power failure, longest")


async def status(quick: bool) -> list[Result]:
    """From a new revision at the leader to its arrival at all members, over their own lines."""

    async def work(server: Server, cluster: Cluster) -> list[Result]:
        return [await _status(server, count, 20 if quick else 100) for count in MEMBERS]

    return await _on_a_server(work)


async def _status(server: Server, members: int, count: int) -> Result:
    from archisync_gui.office.line import Line
    from archisync_gui.office.news import News

    revision, began, times = 0, 0.0, list[float]()
    arrived = asyncio.Event()

    async def handle(asked: Asked, emit: object) -> tuple[int, object]:
        return 0, None

    def heard(news: News) -> None:
        if news.status is not None and news.status[0] == revision:
            times.append((time.perf_counter() - began) * 1000)
            if len(times) % members == 0:
                arrived.set()

    async def all_have_it() -> None:
        async with asyncio.timeout(60):
            await arrived.wait()
        arrived.clear()

    value = "x" * 20_000
    with server.connect("bench", autocommit=True) as connection:
        row = connection.execute("UPDATE leader SET epoch = epoch + 1 WHERE id = 1 RETURNING epoch").fetchone()
        assert row is not None
    desk = Desk(server, row[0], handle, lambda: [revision, value], lost=lambda epoch: None)
    desk.start()
    lines = [Line(server, os.urandom(8).hex(), heard) for _ in range(members)]
    for line in lines:
        line.start()
    await all_have_it()
    times.clear()
    for _ in range(count):
        revision, began = revision + 1, time.perf_counter()
        desk.changed()
        await all_have_it()
        await asyncio.sleep(0.15)
    await asyncio.gather(*(line.stop() for line in lines))
    await desk.stop()
    note = f"{len(times)} arrivals, 20 kB each; median {percentile(times, 50):.0f}, longest {max(times):.0f}"
    return Result(percentile(times, 95), "ms", limit=300, note=note, what=f"status at each of {members} members, p95")


async def smart(quick: bool) -> list[Result]:
    """A form requests new customers, on the computer that reads and on another one. The read itself takes no time, and
    both members are in this process, so the difference is the communication through the database."""
    from archisync_gui.entities import ENTITIES
    from archisync_gui.model import Account, Finished, Outcome, RunControl
    from archisync_gui.orchestrator import Orchestrator, Rules
    from tests.office.remote_rig import leading, member

    async def read(control: RunControl) -> Finished:
        return Finished(Outcome.COMPLETED, as_of=None, rows=1)

    async def work(server: Server, cluster: Cluster) -> list[Result]:
        own, asked = list[float](), list[float]()
        with tempfile.TemporaryDirectory(prefix="archisync-bench-") as place:
            store = await Store.open(Path(place), ENTITIES, clock=SystemClock())
            orchestrator = Orchestrator(
                [entity.spec for entity in ENTITIES],
                read,
                [Account("agente01", catalogue=True)],
                store.journal,
                rules=Rules(schedule=False),
            )
            await orchestrator.start()
            async with leading(server, orchestrator), member(server) as elsewhere:
                for _ in range(20 if quick else 100):
                    for face, times in ((orchestrator, own), (elsewhere, asked)):
                        id = os.urandom(16).hex()
                        began = time.perf_counter()
                        answer = await face.smart_customer_sync(id, "agente01")
                        times.append((time.perf_counter() - began) * 1000)
                        assert answer.code != "failed", answer
                        face.resume_other_syncs(id)
                        await asyncio.sleep(0.05)
            await orchestrator.close()
            await store.close()
        there, here = percentile(asked, 95), percentile(own, 95)
        note = f"{len(asked)} each; p95 {there:.0f} ms there, {here:.0f} ms at the leader"
        return [Result(there - here, "ms", limit=100, note=note, what="smart read asked on another PC, p95 more")]

    return await _on_a_server(work)


async def idle(quick: bool) -> list[Result]:
    """CPU of the server's processes while members are idle: each takes part in the election and listens for news on its
    connection."""

    async def work(server: Server, cluster: Cluster) -> list[Result]:
        return [await _idle(server, cluster, count, 10 if quick else 60) for count in MEMBERS]

    return await _on_a_server(work)


async def _idle(server: Server, cluster: Cluster, count: int, seconds: float) -> Result:
    from archisync_gui.office.leadership import Leadership, Member
    from archisync_gui.office.line import Line

    ids = [os.urandom(8).hex() for _ in range(count)]
    members = [
        Leadership(server, Member(id, f"pc{at}", "bench"), changed=lambda epoch: None) for at, id in enumerate(ids)
    ]
    lines = [Line(server, id, lambda news: None) for id in ids]
    for member, line in zip(members, lines, strict=True):
        member.start()
        line.start()
    await asyncio.sleep(5)
    master = int((cluster.data / "postmaster.pid").read_text().split()[0])

    def used() -> dict[int, float]:
        processes = [psutil.Process(master), *psutil.Process(master).children()]
        return {one.pid: sum(one.cpu_times()[:2]) for one in processes}

    before, began = used(), time.perf_counter()
    await asyncio.sleep(seconds)
    after, spent = used(), time.perf_counter() - began
    share = 100 * sum(cpu - before.get(pid, 0.0) for pid, cpu in after.items()) / spent
    await asyncio.gather(*(line.stop() for line in lines))
    await asyncio.gather(*(asyncio.to_thread(member.stop) for member in members))
    return Result(
        share, "%", limit=2 if count <= 20 else None, note="of one core", what=f"{count} idle members, server"
    )


async def rows(quick: bool) -> list[Result]:
    """A first read and one with 1 % changed rows, on both engines."""

    async def work(server: Server, cluster: Cluster) -> list[Result]:
        results = []
        with tempfile.TemporaryDirectory(prefix="archisync-bench-") as place:
            folder = Path(place)
            file = await Store.open(folder / "file", [PRODUCTS], clock=SystemClock())
            office = await Store.join(Postgres(server), folder / "office", [PRODUCTS], clock=SystemClock())
            for what, version in (("all new", 0), ("1 % changed", 1)):
                rates = []
                for store in (file, office):
                    read = batch(make(ROWS, version))
                    began = time.perf_counter()
                    await store.apply("bench", "", read)
                    rates.append(ROWS / (time.perf_counter() - began))
                results.append(Result(rates[1], "1/s", floor=rates[0], what=f"{ROWS:,} rows, {what}, beside SQLite"))
            await file.close()
            await office.close()
        return results

    return await _on_a_server(work)


BENCHMARKS = [
    ("office-takeover", takeover),
    ("office-status", status),
    ("office-smart", smart),
    ("office-idle", idle),
    ("office-rows", rows),
]
