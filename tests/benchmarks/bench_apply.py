"""How long the store takes to apply a read; the wider look at the store is ``bench_store``."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from archisync_gui.model import SystemClock
from archisync_gui.store import Store
from tests.benchmarks.bench_store import PRODUCTS, batch, make
from tests.benchmarks.result import Result, percentile


async def apply(quick: bool) -> list[Result]:
    """5,000 rows of 30 columns, all new and 1 % changed; in full also 100,000 new ones."""
    times = 3 if quick else 9
    with tempfile.TemporaryDirectory(prefix="archisync-bench-") as place:
        store = await Store.open(Path(place), [PRODUCTS], clock=SystemClock())

        async def spent(count: int, version: int = 0) -> float:
            rows = make(count, version)
            began = time.perf_counter()
            await store.apply("bench", "", batch(rows))
            return (time.perf_counter() - began) * 1000

        new, changed = [], []
        for _ in range(times):
            await store.clear("bench", "")
            new.append(await spent(5_000))
        for version in range(1, times + 1):
            changed.append(await spent(5_000, version))
        note = f"median of {times}"
        results = [
            Result(percentile(changed, 50), "ms", limit=100, note=note, what="5,000 rows, 1 % changed"),
            Result(percentile(new, 50), "ms", limit=300, note=note, what="5,000 rows, all new"),
        ]
        if not quick:
            await store.clear("bench", "")
            results.append(Result(await spent(100_000) / 1000, "s", limit=4, what="100,000 rows, all new"))
        await store.close()
    return results


BENCHMARKS = (("apply", apply),)
