"""Prints the memory and time of a run over 100,000 products, without the ERP's own time; has no assertions.

Run it by hand: ``python tests/benchmarks/bench_sync.py``.
"""

from __future__ import annotations

import asyncio
import gc
import tempfile
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil

from archisync_gui.entities import PRODUCTS
from archisync_gui.erp import Limits
from archisync_gui.erp.lists.page import Page
from archisync_gui.model import Origin, Run, Scope, SystemClock
from archisync_gui.store import Store
from archisync_gui.syncs import SyncRunner

ROWS, SIZE = 100_000, 100
SAMPLE = {
    "NAME": "H1.104.010", "DESCRIPTION": "Fresa demo", "PRODUCTGROUPID.ID": "55", "BRASPACKINGCONTENTS": "5",
    "SEARCHNAME": "H1.104.010", "PRICEUNIT": "1,00", "PRODUCTGROUPID.PRODUCTGROUPID": "10000", "LOWESTQTY": "5,00",
    "PRODUCTGROUPID.PRODUCTGROUP1": "STRUMENTI DEMO", "MULTIPLEQTY": "5,00", "HIGHESTQTY": "500,00",
    "BRASFIGURE": "104", "CREATEDDATETIME": "12/02/2026 20:30:00", "DATAAREAID": "kit", "STOPPED": "No",
}  # fmt: skip


class Pages:
    """A list view of invented products."""

    warnings: tuple[str, ...] = ()
    words: Mapping[str, Any] = {}

    def __init__(self, fields: tuple[str, ...], clock: SystemClock) -> None:
        self.fields, self.clock = fields, clock

    def page(self, index: int) -> Page:
        rows = []
        for number in range(index * SIZE, (index + 1) * SIZE):
            values = {**SAMPLE, "ITEMID": f"{number:06}K2", "ID": f"{number:,}".replace(",", ".")}
            values["DESCRIPTION"] = f"Fresa demo numero {number}"
            rows.append(tuple(values.get(name, "") for name in self.fields))
        return Page(index, ROWS // SIZE, SIZE, ROWS, tuple(rows), self.clock.now(), self.fields, typed=False)

    async def prepare(self, *_: Any, **__: Any) -> Page:
        return self.page(0)

    async def verify_filters(self) -> dict[str, Any]:
        return {}

    async def again(self) -> Page:
        return self.page(0)

    async def pages(self, first: Page, stop: Callable[[], bool]) -> AsyncGenerator[Page, None]:
        for index in range(ROWS // SIZE):
            yield self.page(index)
            await asyncio.sleep(0)


class Source:
    """Takes the place of the ERP."""

    limits = Limits()
    clock = SystemClock()

    @asynccontextmanager
    async def list(self, entity: Any, account: str, fields: tuple[str, ...], _: Any) -> AsyncIterator[Any]:
        yield SimpleNamespace(list=Pages(fields, self.clock), keep=False)


async def main() -> None:
    process = psutil.Process()
    peak = [process.memory_info().rss]
    with tempfile.TemporaryDirectory() as folder:
        store = await Store.open(Path(folder), [PRODUCTS], clock=SystemClock())
        sync = SyncRunner(store, Source(), [PRODUCTS])  # type: ignore[arg-type]
        begin = process.memory_info().rss
        steps: dict[str, float] = {}

        def progress(step: Any) -> None:
            steps.setdefault(step.step, time.perf_counter())
            peak[0] = max(peak[0], process.memory_info().rss)

        async def watch() -> None:
            while True:
                peak[0] = max(peak[0], process.memory_info().rss)
                await asyncio.sleep(0.05)

        for round_ in ("first", "second"):
            steps.clear()
            peak[0] = process.memory_info().rss
            watcher = asyncio.ensure_future(watch())
            control = SimpleNamespace(
                run=Run(round_, "products", "a", Scope.ALL, None, Origin.OPERATOR, 1, 1),
                resume=None,
                suspend_requested=lambda: False,
                progress=progress,
                long_step=lambda _: nullcontext(),
                on_login=lambda: None,
            )
            ended: Any = await sync(control)
            over = time.perf_counter()
            watcher.cancel()
            print(
                f"{round_:6}: {ended.rows} rows, read {steps['check'] - steps['filter']:.1f} s, "
                f"check {steps['apply'] - steps['check']:.1f} s, apply {over - steps['apply']:.1f} s, "
                f"peak {peak[0] / 1e6:.0f} MB ({(peak[0] - begin) / 1e6:.0f} MB more than before)"
            )
            gc.collect()
        await store.close()


if __name__ == "__main__":
    asyncio.run(main())
