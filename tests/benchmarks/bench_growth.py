"""How costs grow with customers, history, open order forms and accounts: figures, and a picture of the curves."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from archisync_gui.model import SystemClock
from archisync_gui.store import Store
from tests.benchmarks.__main__ import KEPT, number
from tests.benchmarks.bench_orchestrator import runs
from tests.benchmarks.bench_store import PRODUCTS, batch, make
from tests.benchmarks.result import Result
from tests.benchmarks.whole import folder

CUSTOMERS = 1_500
"""Of the demo ERP's full-size account."""

Curve = list[tuple[float, float]]
"""Pairs of a size and the milliseconds that it took."""


async def _best(job: Callable[[], Awaitable[Any]], times: int = 5) -> float:
    """Milliseconds of the best of several tries."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        await job()
        found.append((time.perf_counter() - began) * 1000)
    return min(found)


async def _customers(factors: Sequence[int]) -> dict[str, Curve]:
    curves: dict[str, Curve] = {name: [] for name in ("read all new", "read unchanged", "first page", "search")}
    for factor in factors:
        count = CUSTOMERS * factor
        rows = make(count)
        with folder() as place:
            store = await Store.open(place, [PRODUCTS], clock=SystemClock())
            jobs: dict[str, Callable[[], Awaitable[Any]]] = {
                "read all new": lambda store=store, rows=rows: store.apply("bench", "", batch(rows)),  # type: ignore[misc]
                "read unchanged": lambda store=store, rows=rows: store.apply("bench", "", batch(rows)),  # type: ignore[misc]
                "first page": lambda store=store: store.rows("bench", None, sort="name"),  # type: ignore[misc]
                "search": lambda store=store: store.search("bench", None, "prova 77"),  # type: ignore[misc]
            }
            for name, job in jobs.items():
                curves[name].append((count, await _best(job, 1 if name == "read all new" else 3)))
            await store.close()
    return curves


RECORDS = 50
"""Records in the change log. Each has more lines than are requested, so that all answers have the same length."""


def _fill(connection: sa.Connection, first: int, last: int) -> None:
    """Insert runs and change log with the numbers from ``first`` up to, but not including, ``last``."""
    numbers = f"WITH RECURSIVE n(x) AS (SELECT {first} UNION ALL SELECT x + 1 FROM n WHERE x < {last - 1}) "
    at = "strftime('%Y-%m-%dT%H:%M:%S.000000+00:00', 1700000000 + x * 60, 'unixepoch')"
    connection.exec_driver_sql(
        f"{numbers} INSERT INTO changes (at, run_id, entity, account, row_key, kind, field, before, after, percent) "
        f"SELECT {at}, 'run-' || (x / 50), 'bench', '', CAST(x % {RECORDS} AS TEXT), 'changed', 'f3', x, x + 1, 1 "
        "FROM n"
    )
    connection.exec_driver_sql(
        f"{numbers} INSERT INTO runs (id, type, account, scope, origin, attempt, asked, started, ended, outcome, rows, "
        f"added, changed, gone) SELECT 'run-' || x, 'bench', 'agent', 'all', 'schedule', 1, {at}, {at}, {at}, "
        "CASE x % 50 WHEN 0 THEN 'failed' ELSE 'completed' END, 5000, 1, 2, 0 FROM n"
    )


async def _history(sizes: Sequence[int]) -> dict[str, Curve]:
    curves: dict[str, Curve] = {name: [] for name in ("newest 200 runs", "one record's history", "read unchanged")}
    rows = make(5_000)
    with folder() as place:
        store = await Store.open(place, [PRODUCTS], clock=SystemClock())
        await store.apply("bench", "", batch(rows))
        filled = 0
        for size in sizes:
            await store._database.write(lambda c, first=filled, last=size: _fill(c, first, last))  # type: ignore[misc]
            filled = size
            curves["newest 200 runs"].append((size, await _best(store.runs)))
            curves["one record's history"].append(
                (size, await _best(lambda: store.row_history("bench", None, "0", limit=20)))
            )
            curves["read unchanged"].append((size, await _best(lambda: store.apply("bench", "", batch(rows)), 3)))
        await store.close()
    return curves


async def _dispatched(counts: Sequence[int], what: str, many: int) -> Curve:
    """Milliseconds of CPU for one run."""
    found = []
    for count in counts:
        used = min([(await runs(many, **{what: count}))[1] for _ in range(3)])
        found.append((float(count), used / many * 1000))
    return found


def _picture(charts: dict[str, dict[str, Curve]], place: Path) -> None:
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    import pyqtgraph as pg  # type: ignore[import-untyped]
    from pyqtgraph.exporters import ImageExporter  # type: ignore[import-untyped]

    pg.mkQApp()
    pg.setConfigOptions(background="w", foreground="k", antialias=True)
    layout = pg.GraphicsLayout()
    for at, (title, curves) in enumerate(charts.items()):
        plot = layout.addPlot(row=at // 2, col=at % 2, title=title)
        plot.setLogMode(x=True, y=True)
        plot.setLabel("left", "ms")
        plot.addLegend(offset=(10, 10))
        for color, (name, curve) in enumerate(curves.items()):
            pen = pg.mkPen(pg.intColor(color, max(4, len(curves))), width=2)
            plot.plot(*zip(*curve, strict=True), pen=pen, symbol="o", symbolSize=6, name=name)
    view = pg.GraphicsView()
    view.setCentralItem(layout)
    view.resize(1200, 800)
    view.show()
    pg.QtWidgets.QApplication.processEvents()
    place.parent.mkdir(parents=True, exist_ok=True)
    ImageExporter(layout).export(str(place))


def growth(quick: bool) -> list[Result]:
    """Checks for linear or constant cost: the cost per row (or in all, where it must not grow) at the largest size,
    compared with the smallest."""
    customers = asyncio.run(_customers((1, 10, 100)))
    history = asyncio.run(_history((1, 1_000, 100_000) if quick else (1, 1_000, 10_000, 100_000, 1_000_000)))
    many = 1_000 if quick else 5_000
    sessions = asyncio.run(_dispatched((1, 4, 16, 64), "sessions", many))
    accounts = asyncio.run(_dispatched((1, 2, 3, 5), "accounts", many))
    charts = {
        "customers": customers,
        "rows of history": history,
        "open order forms": {"CPU of one run": sessions},
        "accounts": {"CPU of one run": accounts},
    }
    picture = KEPT / "growth.png"
    _picture(charts, picture)
    results = []
    for title, curves in charts.items():
        for name, curve in curves.items():
            linear = title == "customers"
            # The answer has one row for a history of one row, and a full page for longer ones.
            (few, small), (lots, large) = curve[1 if title == "rows of history" else 0], curve[-1]
            grown = large / lots / (small / few) if linear else large / small
            steps = ", ".join(f"{count:,.0f}: {number(spent)}" for count, spent in curve)
            what = f"{name}, {'per row ' if linear else ''}at {lots:,.0f} {title} beside {few:,.0f}"
            results.append(Result(grown, "times", limit=2, note=f"ms at {steps}; {picture.name}", what=what))
    return results


BENCHMARKS = (("growth", growth),)
