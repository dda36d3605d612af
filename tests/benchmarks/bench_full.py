"""Full syncs of the six lists with a real browser, compared with the ERP's own time and with a script that only turns
pages; and the writes and the cost of a second sync without changes."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from statistics import median

from archisync_gui.app.core import Core
from archisync_gui.entities import ENTITIES
from archisync_gui.erp.driver.page_driver import Act, Look, ReadPlan
from archisync_gui.erp.lists.restoring import PAGE_SIZE
from tests.benchmarks.result import Result
from tests.benchmarks.whole import ACCOUNT, core, folder, office, other_erp, read_all
from tests.support.ports import free_port


def _ignore() -> None:
    """A login was made."""


async def _turned(opened: Core) -> float:
    """Seconds to open the same lists in the same browser and to turn all their pages once, with the order, the page
    size and the values of a sync. Setting up that order and restoring it is not counted, nor are the pages that a sync
    reads twice to see whether the list has changed."""
    seconds = 0.0
    for entity in ENTITIES:
        fields = tuple(dict.fromkeys(column.field_name for column in entity.columns))
        async with opened.erp.list(entity, ACCOUNT, fields, _ignore) as visit:
            driver, limits = visit.list.driver, opened.erp.limits
            began = time.perf_counter()
            await driver.go(entity.path, limits.callback)
            await driver.look(Look.READY, limits.callback)
            seconds += time.perf_counter() - began
            count = (await visit.list.prepare(PAGE_SIZE)).count
            plan = ReadPlan("values", fields, limits.values)
            began = time.perf_counter()
            for index in (*range(1, count), 0):
                await driver.turn(Act.PAGE, plan, limits.callback, limits.paint, index=index)
            seconds += time.perf_counter() - began
    return seconds


async def full_sync(quick: bool) -> list[Result]:
    """All six lists at the real ERP's speed (quick: a fifth of its rows), and with an ERP without latency.

    Quick uses fewer rows and not a faster ERP, since then Chromium's own time for a page would dominate. Without
    latency that time differs by a fifth between two runs, so sync and script alternate, and medians are compared."""
    results = []
    latency, scale = "real", 0.2 if quick else 1.0
    with folder() as place:
        with other_erp(latency, scale) as erp:
            async with core(office(place / "slow", erp.url)) as opened:
                before, cpu, began = erp.spent(), time.process_time(), time.perf_counter()
                rows = await read_all(opened)
                spent, floor = time.perf_counter() - began, erp.spent() - before
                used = 100 * (time.process_time() - cpu) / spent
        note = f"{rows:,} rows, login and browser's start included; floor: the ERP's own time; our CPU {used:.0f} %"
        results.append(Result(spent, "s", floor=floor, limit=1.05, note=note, what=f"latency {latency}"))
        with other_erp("none", 1.0) as erp:
            async with core(office(place / "fast", erp.url)) as opened:
                await read_all(opened)  # browser started, logged in, store filled
                ours, floors = [], []
                for _ in range(1 if quick else 5):
                    began = time.perf_counter()
                    await read_all(opened)
                    ours.append(time.perf_counter() - began)
                    floors.append(await _turned(opened))
        spent, floor = median(ours), median(floors)
        each = " ".join(f"{a:.1f}/{b:.1f}" for a, b in zip(ours, floors, strict=True))
        note = f"floor: a script that turns the same pages and asks for the same values; medians of {each}"
        results.append(Result(spent, "s", floor=floor, limit=1.2, note=note, what="latency none"))
    return results


def _watch(database: Path, tables: Sequence[str]) -> None:
    """Count every row written to these tables with triggers in SQLite."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("CREATE TABLE bench_written (name TEXT)")
        for table in tables:
            for act in ("INSERT", "UPDATE", "DELETE"):
                connection.execute(
                    f"CREATE TRIGGER bench_{table}_{act} AFTER {act} ON {table} "
                    f"BEGIN INSERT INTO bench_written VALUES ('{table}'); END"
                )


def _written(database: Path) -> int:
    with closing(sqlite3.connect(database)) as connection:
        return int(connection.execute("SELECT count(*) FROM bench_written").fetchone()[0])


async def no_change(quick: bool) -> list[Result]:
    """A second full sync of unchanged data."""
    latency, scale = ("0.1", 0.1) if quick else ("real", 1.0)
    port = free_port()
    with folder() as place:
        with other_erp("none", scale, port) as erp:
            profile = office(place, erp.url)
            async with core(profile) as opened:
                await read_all(opened)
                database = opened.store.path
                _watch(database, [entity.name for entity in ENTITIES])
        with other_erp(latency, scale, port):
            async with core(profile) as opened:
                began, cpu = time.perf_counter(), time.process_time()
                rows = await read_all(opened)
                used, spent = time.process_time() - cpu, time.perf_counter() - began
                written = _written(database)
    return [
        Result(written, "rows", limit=0, note=f"of {rows:,} read; counted by SQLite", what="written"),
        Result(
            100 * used / spent,
            "%",
            limit=10,
            note=f"{used:.1f} s of {spent:.0f} s at latency {latency}; without browser and driver",
            what="CPU of our process",
        ),
    ]


BENCHMARKS = (("full sync", full_sync), ("no change", no_change))
