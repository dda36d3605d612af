"""A separate program that calls a local endpoint as order forms do, and prints how long each answer took.

``python callers.py URL TOKEN CLIENTS STREAMS PAUSE`` runs until its standard input is closed. ``PAUSE``: seconds
between two calls of a client.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable

import aiohttp


async def main(url: str, token: str, clients: int, streams: int, pause: float) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    times: list[float] = []
    events = 0
    over = asyncio.Event()

    async def client(number: int) -> None:
        await asyncio.sleep(pause * number / max(1, clients))
        while not over.is_set():
            began = time.perf_counter()
            async with session.get(f"{url}/api/sync/status") as answer:
                await answer.read()
                answer.raise_for_status()
            times.append((time.perf_counter() - began) * 1000)
            await asyncio.sleep(pause)

    async def stream() -> None:
        nonlocal events
        async with session.get(f"{url}/api/events", timeout=aiohttp.ClientTimeout(total=None)) as answer:
            answer.raise_for_status()
            async for line in answer.content:
                events += line.startswith(b"event:")

    async with aiohttp.ClientSession(headers=headers, connector=aiohttp.TCPConnector(limit=0)) as session:
        work: list[Awaitable[None]] = [client(n) for n in range(clients)]
        calling = [asyncio.ensure_future(one) for one in work]
        listening = [asyncio.ensure_future(stream()) for _ in range(streams)]
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.read)
        over.set()
        await asyncio.gather(*calling)
        for task in listening:
            if task.done():
                task.result()  # a stream must not end before
            task.cancel()
        await asyncio.gather(*listening, return_exceptions=True)
    print(json.dumps({"times": times, "events": events}), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5])))
