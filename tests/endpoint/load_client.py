"""A program that loads an endpoint with clients and event streams, and says what it saw; no test."""

from __future__ import annotations

import asyncio
import json
import sys
import textwrap
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psutil

CLIENTS, STREAMS, FORMS = 50, 20, 20

PROGRAM = textwrap.dedent(
    """
    import asyncio, json, secrets, sys, time
    import aiohttp

    async def main(url, headers, clients, streams, forms, seconds):
        times, drafts, seen, wrong = [], [], [[] for _ in range(streams)], 0
        broken = []
        limits = aiohttp.ClientTimeout(total=None)
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(headers=json.loads(headers), connector=connector, timeout=limits) as session:
            end, opened, all_open = 0.0, 0, asyncio.Event()

            async def client():
                nonlocal wrong
                await all_open.wait()
                while time.monotonic() < end:
                    began = time.perf_counter()
                    async with session.get(url + "/api/sync/status") as answer:
                        await answer.read()
                        wrong += answer.status != 200
                    times.append(time.perf_counter() - began)
                    await asyncio.sleep(0.05)

            async def form():
                nonlocal wrong
                await all_open.wait()
                session_id, draft, version = secrets.token_urlsafe(24), secrets.token_urlsafe(15), 0
                me = {"sessionId": session_id}
                async with session.post(url + "/api/customers/smart-sync?wait=false", json=me) as answer:
                    wrong += answer.status not in (200, 202)
                while time.monotonic() < end:
                    began = time.perf_counter()
                    seen_before = {"If-Match": f'"{version}"'} if version else {}
                    body = {"note": "x" * (version % 50)}
                    async with session.put(f"{url}/api/drafts/{draft}", json=body, headers=seen_before) as answer:
                        wrong += answer.status not in (200, 201)
                        version = (await answer.json())["draft"]["version"]
                    drafts.append(time.perf_counter() - began)
                    async with session.get(url + "/api/customers?search=a&limit=20") as answer:
                        wrong += answer.status != 200
                        await answer.read()
                    await asyncio.sleep(1.0)
                async with session.post(url + "/api/customers/resume-syncs", json=me) as answer:
                    wrong += answer.status != 200

            async def stream(place):
                nonlocal end, opened
                async with session.get(url + "/api/events") as answer:
                    opened += 1
                    if opened == streams:
                        end = time.monotonic() + seconds
                        all_open.set()
                    await all_open.wait()
                    while (left := end - time.monotonic()) > 0:
                        try:
                            async with asyncio.timeout(left):
                                line = await answer.content.readline()
                        except TimeoutError:
                            return
                        if not line:
                            broken.append(place)
                            return
                        if line.startswith(b"id: "):
                            seen[place].append(int(line.rpartition(b":")[2]))

            work = [*(client() for _ in range(clients)), *(form() for _ in range(forms))]
            await asyncio.gather(*work, *(stream(n) for n in range(streams)))
        times.sort()
        drafts.sort()
        # Every stream must have had every event of the time in which all of them were open.
        first, last = max(ids[0] for ids in seen), min(ids[-1] for ids in seen)
        shared = [[id for id in ids if first < id <= last] for ids in seen]
        print(json.dumps({"requests": len(times), "p50": times[len(times) // 2], "p99": times[len(times) * 99 // 100],
                          "worst": times[-1], "wrong": wrong,
                          "drafts": [drafts[len(drafts) * part // 100] for part in (50, 99)] if drafts else [0, 0],
                          "broken": broken, "events": len(shared[0]),
                          "same": all(ids == shared[0] for ids in shared)}))

    asyncio.run(main(*sys.argv[1:3], *map(int, sys.argv[3:7])))
    """
)


@dataclass(frozen=True)
class Load:
    """What was seen from outside and from inside."""

    seconds: int
    told: dict[str, Any]
    """What the program printed."""
    stalls: list[float]
    """Seconds by which each beat of 5 ms in our loop came late, sorted."""
    grown: float
    """MB by which our process is larger than when a third of the time had passed."""

    def __str__(self) -> str:
        t = self.told
        p99 = self.stalls[len(self.stalls) * 99 // 100]
        return (
            f"{CLIENTS} clients, {STREAMS} streams, {self.seconds} s: {t['requests'] / self.seconds:.0f} requests/s, "
            f"drafts p50 {t['drafts'][0] * 1000:.0f} ms, p99 {t['drafts'][1] * 1000:.0f} ms; status "
            f"p50 {t['p50'] * 1000:.1f} ms, p99 {t['p99'] * 1000:.1f} ms, worst {t['worst'] * 1000:.0f} ms; "
            f"{t['events']} events to each stream; loop late p99 {p99 * 1000:.1f} ms, "
            f"worst {self.stalls[-1] * 1000:.0f} ms; {self.grown:+.1f} MB"
        )


async def load(
    url: str, headers: dict[str, str], seconds: int, each_beat: Callable[[], object] = lambda: None, *, forms: int = 0
) -> Load:
    """Load the endpoint at ``url`` for so long; ``each_beat`` is called all the while, about 50 times a second.
    ``forms``: so many order forms, which save a draft and search a customer each second."""
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PROGRAM, url, json.dumps(headers)),
        *map(str, (CLIENTS, STREAMS, forms, seconds)),
        stdout=asyncio.subprocess.PIPE,
    )
    process, stalls, settled = psutil.Process(), [], 0
    began = last = time.perf_counter()
    ended = asyncio.create_task(program.communicate())
    while not ended.done():
        before = time.perf_counter()
        await asyncio.sleep(0.005)
        now = time.perf_counter()
        stalls.append(max(0.0, now - before - 0.005))
        if now - last >= 0.02:
            last = now
            each_beat()
        if not settled and now - began >= seconds / 3:
            settled = process.memory_info().rss
    said, _ = await ended
    assert program.returncode == 0, "the program that loads the endpoint failed, see its traceback above"
    told = json.loads(said)
    return Load(seconds, told, sorted(stalls), (process.memory_info().rss - settled) / 1e6)
