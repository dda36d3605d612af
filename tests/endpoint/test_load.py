"""The endpoint under load, printed and not judged: 50 clients on status, 20 event streams, while events come."""

from __future__ import annotations

import asyncio
import json
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest

from archisync_gui.model import EventKind
from tests.endpoint.office import PAGE, Office, running

CLIENTS, STREAMS = 50, 20

CALLER = textwrap.dedent(
    """
    import asyncio, json, sys, time
    import aiohttp

    async def main(url, token, origin, clients, streams, seconds):
        headers = {"Authorization": "Bearer " + token, "Origin": origin}
        times, events, wrong = [], [0] * streams, 0
        async with aiohttp.ClientSession(headers=headers, connector=aiohttp.TCPConnector(limit=0)) as session:
            end = time.monotonic() + seconds

            async def client():
                nonlocal wrong
                while time.monotonic() < end:
                    began = time.perf_counter()
                    async with session.get(url + "/api/sync/status") as answer:
                        await answer.read()
                        wrong += answer.status != 200
                    times.append(time.perf_counter() - began)
                    await asyncio.sleep(0.05)

            async def stream(place):
                async with session.get(url + "/api/events", timeout=aiohttp.ClientTimeout(total=None)) as answer:
                    while time.monotonic() < end:
                        try:
                            async with asyncio.timeout(1):
                                line = await answer.content.readline()
                        except TimeoutError:
                            continue
                        if not line:
                            wrong_streams.append(place)
                            return
                        events[place] += line.startswith(b"event: sync-progress")

            wrong_streams = []
            await asyncio.gather(*(client() for _ in range(clients)), *(stream(n) for n in range(streams)))
        times.sort()
        print(json.dumps({"requests": len(times), "p50": times[len(times) // 2], "p99": times[len(times) * 99 // 100],
                          "wrong": wrong, "dropped": wrong_streams, "events": [min(events), max(events)]}))

    asyncio.run(main(*sys.argv[1:4], *map(int, sys.argv[4:7])))
    """
)


@pytest.mark.ci
async def test_nobody_is_dropped_for_a_moment(tmp_path: Path) -> None:
    async with running(tmp_path) as office:
        await load(office, 2)


@pytest.mark.nightly
async def test_nobody_is_dropped_for_a_minute(tmp_path: Path) -> None:
    async with running(tmp_path) as office:
        await load(office, 60)


async def load(office: Office, seconds: int) -> None:
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", CALLER, office.url, office.token, PAGE, str(CLIENTS), str(STREAMS), str(seconds)),
        stdout=asyncio.subprocess.PIPE,
    )
    process, sent, worst, before = psutil.Process(), 0, 0.0, psutil.Process().memory_info().rss
    ended = asyncio.create_task(program.communicate())
    while not ended.done():
        began = time.perf_counter()
        await asyncio.wait({ended}, timeout=0.02)
        worst = max(worst, time.perf_counter() - began - 0.02)
        office.orchestrator.tell(EventKind.SYNC_PROGRESS, {"type": "orders", "rows": sent})
        sent += 1
    told = json.loads((await ended)[0])
    grown = (process.memory_info().rss - before) / 1e6
    print(
        f"\n{told['requests'] / seconds:.0f} requests/s, p50 {told['p50'] * 1000:.1f} ms, "
        f"p99 {told['p99'] * 1000:.1f} ms; "
        f"{sent} events to {STREAMS} streams; longest wait {worst * 1000:.0f} ms; {grown:+.1f} MB"
    )
    assert (told["wrong"], told["dropped"]) == (0, [])
    assert told["events"][0] > 0
    assert len(office.orchestrator.listeners) == 1
