"""How long the store takes to apply a read, and the delay of the event loop meanwhile; more in ``bench_store``."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtWidgets import QApplication

from archisync_gui.entities.declaration import Row
from archisync_gui.model import SystemClock
from archisync_gui.store import Store
from archisync_gui.ui.system.loop import run
from tests.benchmarks.beat import Beat
from tests.benchmarks.bench_store import PRODUCTS, batch, make, record
from tests.benchmarks.result import Result, percentile
from tests.benchmarks.whole import ended_after, line, program

MANY = 100_000


def one_column(rows: Sequence[Row], version: int) -> Sequence[Row]:
    """The same rows, with another amount in one column of each."""
    return [record({**row, "f0": n * 7 + version}) for n, row in enumerate(rows)]


async def _spent(store: Store, rows: Sequence[Row]) -> float:
    began = time.perf_counter()
    await store.apply("bench", "", batch(rows))
    return (time.perf_counter() - began) * 1000


async def _five_thousand(store: Store, times: int) -> list[Result]:
    new, changed = [], []
    for _ in range(times):
        await store.clear("bench", "")
        new.append(await _spent(store, make(5_000)))
    for version in range(1, times + 1):
        changed.append(await _spent(store, make(5_000, version)))
    note = f"median of {times}"
    return [
        Result(percentile(changed, 50), "ms", limit=100, note=note, what="5,000 rows, 1 % changed"),
        Result(percentile(new, 50), "ms", limit=300, note=note, what="5,000 rows, all new"),
    ]


async def _many(store: Store) -> list[Result]:
    first = make(MANY)
    reads = (
        ("all new", first, ""),
        ("all changed in one column", one_column(first, 1), f"{MANY:,} lines of the change log"),
        ("all changed in ten columns", make(MANY, 2, 1), f"{MANY:,} lines of the change log, ten fields each"),
        ("nothing changed", make(MANY, 2, 1), ""),
    )
    await store.clear("bench", "")
    results = []
    for what, rows, note in reads:
        cpu = time.process_time()
        with ended_after(program(str(Path(__file__).with_name("beat.py")), stdin=subprocess.PIPE)) as control:
            await asyncio.to_thread(line, control.stdout)
            beat = Beat()
            spent = await _spent(store, rows)
            ours = beat.stop()
            assert control.stdin is not None
            control.stdin.close()
            theirs = json.loads(await asyncio.to_thread(line, control.stdout))["late"]
        note = f"{note + '; ' if note else ''}CPU {time.process_time() - cpu:.1f} s"
        results.append(Result(spent / 1000, "s", limit=4, note=note, what=f"{MANY:,} rows, {what}"))
        here, there = percentile(ours, 99), percentile(theirs, 99)
        note = f"p99 {here:.1f}, max {max(ours):.0f} ms; in the other process {there:.1f}, {max(theirs):.0f}"
        results.append(Result(here - there, "ms", limit=16, note=note, what=f"{what}: loop gap p99 more than beside"))
    return results


def apply(quick: bool) -> list[Result]:
    """5,000 and 100,000 rows of 30 columns, beside a control process that only checks the clock."""
    results: list[Result] = []

    async def main(app: QApplication) -> int:
        with tempfile.TemporaryDirectory(prefix="archisync-bench-") as place:
            store = await Store.open(Path(place), [PRODUCTS], clock=SystemClock())
            results.extend(await _five_thousand(store, 3 if quick else 9))
            results.extend(await _many(store))
            await store.close()
        return 0

    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    run(main)
    return results


BENCHMARKS = (("apply", apply),)
