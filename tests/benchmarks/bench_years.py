"""A database after five simulated years: its size and the time to open it, compared with a new one."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from archisync_gui.entities import ENTITIES
from archisync_gui.store import Batch, Store
from tests.benchmarks.bench_find import rows
from tests.benchmarks.result import Result
from tests.benchmarks.whole import folder
from tests.support.clock import VirtualClock

BEGAN = datetime(2021, 3, 1, 6, 0, tzinfo=UTC)
YEARS = 5
RUNS, CHANGES, EVENTS, EXPLANATIONS = 320, 600, 1_500, 600
"""The rows of one day, for six lists that are read every 10 to 90 minutes for twelve hours."""
TYPE = "CASE x % 6 " + " ".join(f"WHEN {at} THEN '{entity.name}'" for at, entity in enumerate(ENTITIES)) + " END"
"""SQL that gives the lists in turn."""
OPENED = 7
"""How often each database is opened."""


def _live(connection: sa.Connection, day: int) -> None:
    """Insert the rows of one day into the tables that grow."""
    start = int((BEGAN + timedelta(days=day)).timestamp())

    def numbers(count: int) -> str:
        return f"WITH RECURSIVE n(x) AS (SELECT 0 UNION ALL SELECT x + 1 FROM n WHERE x < {count - 1}) "

    def at(count: int) -> str:
        return f"strftime('%Y-%m-%dT%H:%M:%S.000000+00:00', {start} + x * {43_200 // count}, 'unixepoch')"

    fields = '[["f3",1,2,null],["phone","0301","0302",null]]'
    connection.exec_driver_sql(
        f"{numbers(CHANGES)} INSERT INTO changes (at, run_id, entity, account, row_key, kind, fields) SELECT "
        f"{at(CHANGES)}, 'run-{day}-' || (x / 2), 'orders', 'agente01', CAST(x AS TEXT), 'changed', '{fields}' FROM n"
    )
    connection.exec_driver_sql(
        f"{numbers(RUNS)} INSERT INTO runs (id, type, account, scope, origin, attempt, asked, started, ended, "
        f"outcome, rows, added, changed, gone) SELECT 'run-{day}-' || x, {TYPE}, 'agente01', 'all', 'schedule', 1, "
        f"{at(RUNS)}, {at(RUNS)}, {at(RUNS)}, CASE x % 50 WHEN 0 THEN 'failed' ELSE 'completed' END, 5000, 1, 2, 0 "
        "FROM n"
    )
    connection.exec_driver_sql(
        f"{numbers(EVENTS)} INSERT INTO events (at, boot, revision, kind, data) SELECT {at(EVENTS)}, 'boot-{day}', x, "
        """'sync-progress', '{"type":"orders","account":"agente01","page":7,"pages":16,"rows":700}' FROM n"""
    )
    connection.exec_driver_sql(
        f"{numbers(EXPLANATIONS)} INSERT INTO explanations (at, reason, params, forecast) SELECT {at(EXPLANATIONS)}, "
        """'nothing-due', '{}', '[{"type":"orders","account":"agente01","seconds":20}]' FROM n"""
    )


async def _opened(place: Path, clock: VirtualClock) -> float:
    """Milliseconds of the fastest of several openings, with all queries to the journal at a start."""
    spent = []
    for _ in range(OPENED):
        began = time.perf_counter()
        store = await Store.open(place, ENTITIES, clock=clock)
        await store.journal.load()
        spent.append((time.perf_counter() - began) * 1000)
        await store.close()
    return min(spent)


async def _lived(years: int) -> list[Result]:
    clock = VirtualClock(BEGAN)
    with folder() as place:
        store = await Store.open(place, ENTITIES, clock=clock)
        for entity in ENTITIES:
            account = "" if entity.spec.shared else "agente01"
            await store.apply(
                entity.name, account, Batch(f"first-{entity.name}", clock.now(), rows(entity.name, 2_000), True, True)
            )
        sizes: list[float] = []
        new = 0.0
        for day in range(years * 365):
            clock.jump((BEGAN + timedelta(days=day, hours=14) - clock.now()).total_seconds())
            await store._database.write(lambda connection, day=day: _live(connection, day))  # type: ignore[misc]
            await store.maintain()
            if day == 0:
                await store.close()
                new = await _opened(place, clock)
                store = await Store.open(place, ENTITIES, clock=clock)
            if day % 365 == 364:
                await store.close()  # writes the write-ahead log into the file
                sizes.append(store.size_on_disk().database / 1e6)
                store = await Store.open(place, ENTITIES, clock=clock)
        await store.close()
        old = await _opened(place, clock)
    each = ", ".join(f"{size:.0f}" for size in sizes)
    bound = sizes[min(2, years - 1)]
    return [
        Result(old, "ms", new, 1.1, f"beside the same after one day; best of {OPENED}", "opening after the years"),
        Result(sizes[-1], "MB", bound, 1.05, f"at each year's end: {each} MB", "size, beside the third year's"),
    ]


def years(quick: bool) -> list[Result]:
    """Simulate day after day with the daily clean-up; the change log is kept the longest, two years."""
    return asyncio.run(_lived(2 if quick else YEARS))


BENCHMARKS = (("years", years),)
