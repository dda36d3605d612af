"""Prints how fast the store is: apply, big lists, long history, and the delay of the event loop; has no assertions.

Run from the checkout: ``python tests/benchmarks/bench_store.py [--big]``.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from archisync_gui.entities.declaration import Column, Entity, Kind, Row, Value
from archisync_gui.erp.cells.rows import Record
from archisync_gui.model import EventKind, Origin, Outcome, RunRecord, Scope, SyncTypeSpec, SystemClock
from archisync_gui.store import Batch, Store
from tests.support.events import an_event

WIDTH = 30
PRODUCTS = Entity(
    spec=SyncTypeSpec("bench", priority=1, interval=90, stagger=30, shared=True),
    it="Articoli",
    en="Products",
    path="X/",
    columns=(
        Column("ID", "id", "ID", "ID", Kind.ID),
        Column("NAME", "name", "NOME", "Name"),
        *(
            Column(f"F{n}", f"f{n}", f"F{n}", f"F{n}", Kind.MONEY if n % 3 == 0 else Kind.TEXT, sticky=n == 1)
            for n in range(WIDTH - 2)
        ),
    ),
    key=("id",),
    natural_key=("name",),
    title="name",
    search=("name", "f2"),
)


_PLACES = {column.name: at for at, column in enumerate(PRODUCTS.columns)}


def record(row: Row) -> Record:
    """The row in the form that a read keeps in memory."""
    return Record(_PLACES, tuple(row[name] for name in _PLACES))


def make(count: int, version: int = 0, every: int = 100) -> Sequence[Row]:
    """Invented rows; each ``every``-th differs between versions. Many texts repeat, as in the ERP."""
    rows: list[Row] = []
    for n in range(count):
        row: dict[str, Value] = {"id": str(n), "name": f"Articolo di prova numero {n}"}
        for f in range(WIDTH - 2):
            if f % 3 == 0:
                row[f"f{f}"] = n * 7 + f + (version if n % every == 0 else 0)
            elif f % 3 == 1:
                row[f"f{f}"] = f"Gruppo {f}" if n % 4 else None
            else:
                row[f"f{f}"] = f"testo {n % 1000} {f}"
        rows.append(record(row))
    return rows


class Beats:
    """Measures the delay of a 5 ms timer in the event loop during other work."""

    def __init__(self) -> None:
        self.gaps: list[float] = []

    @contextlib.asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        async def beat() -> None:
            last = time.perf_counter()
            while True:
                await asyncio.sleep(0.005)
                now = time.perf_counter()
                self.gaps.append((now - last) * 1000)
                last = now

        task = asyncio.create_task(beat())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def __str__(self) -> str:
        if len(self.gaps) < 2:
            return "gap -"
        cuts = statistics.quantiles(self.gaps, n=100)
        return f"loop gap p50 {cuts[49]:.0f} p99 {cuts[98]:.0f} max {max(self.gaps):.0f} ms"


def memory() -> float:
    """Highest resident size so far, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def say(what: str, values: list[float], more: object = "") -> None:
    print(f"{what:<46} {min(values):8.1f} … {max(values):8.1f} ms   {more}", flush=True)


async def timed(job: Callable[[], Awaitable[Any]], times: int = 5) -> tuple[list[float], Beats]:
    beats, spent = Beats(), []
    for _ in range(times):
        async with beats.watched():
            begun = time.perf_counter()
            await job()
            spent.append((time.perf_counter() - begun) * 1000)
    return spent, beats


def batch(rows: Sequence[Row]) -> Batch:
    return Batch("bench-run", datetime.now(UTC), rows, whole=True, clean=True)


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


async def five_thousand() -> None:
    print(f"-- 5,000 rows × {WIDTH} columns")
    with folder() as place:
        store = await Store.open(place, [PRODUCTS], clock=SystemClock())
        rows = make(5_000)
        spent = []
        beats = Beats()
        for _ in range(5):
            await store.clear("bench", "")
            async with beats.watched():
                begun = time.perf_counter()
                await store.apply("bench", "", batch(rows))
                spent.append((time.perf_counter() - begun) * 1000)
        say("apply, all new", spent, beats)
        say("apply, nothing changed", *await timed(lambda: store.apply("bench", "", batch(rows))))
        for share, every in (("1 %", 100), ("100 %", 1)):
            spent = []
            beats = Beats()
            for version in range(1, 6):
                changed = make(5_000, version, every)
                async with beats.watched():
                    begun = time.perf_counter()
                    await store.apply("bench", "", batch(changed))
                    spent.append((time.perf_counter() - begun) * 1000)
            say(f"apply, {share} changed", spent, beats)
        say("known", *await timed(lambda: store.known("bench", "")))
        event = an_event(EventKind.SYNC_PROGRESS, "boot", 1, datetime.now(UTC), {"page": 3, "rows": 600})

        async def hundred() -> None:
            for _ in range(100):
                await store.journal.event(event)

        say("100 events", *await timed(hundred))
        await store.close()

        async def reopen() -> None:
            await (await Store.open(place, [PRODUCTS], clock=SystemClock())).close()

        say("open and close again", *await timed(reopen))


async def big() -> None:
    print(f"-- 100,000 products × {WIDTH} columns, 1,000,000 lines of change log, 200,000 runs")
    with folder() as place:
        store = await Store.open(place, [PRODUCTS], clock=SystemClock())
        empty = memory()
        rows = make(100_000)
        print(f"   memory: {empty:.0f} MB before, {memory():.0f} MB with the read's rows in memory")
        say("apply, all new", *await timed(lambda: store.apply("bench", "", batch(rows)), 1))
        print(f"   memory: highest {memory():.0f} MB")
        say("apply, nothing changed", *await timed(lambda: store.apply("bench", "", batch(rows)), 3))
        del rows
        rows = make(100_000, 1)
        say("apply, 1 % changed", *await timed(lambda: store.apply("bench", "", batch(rows)), 1))
        del rows
        rows = make(100_000, 2, 1)
        say("apply, all changed (10 amounts each)", *await timed(lambda: store.apply("bench", "", batch(rows)), 1))
        print(f"   memory: highest {memory():.0f} MB")

        def fill(connection: sa.Connection) -> None:
            connection.exec_driver_sql("DELETE FROM changes")
            connection.exec_driver_sql(
                "WITH RECURSIVE n(x) AS (SELECT 0 UNION ALL SELECT x + 1 FROM n WHERE x < 999999) "
                "INSERT INTO changes (at, run_id, entity, account, row_key, kind, field, before, after, percent) "
                "SELECT strftime('%Y-%m-%dT%H:%M:%S.000000+00:00', 1700000000 + x * 60, 'unixepoch'), "
                "'run-' || (x / 50), 'bench', '', CAST(x % 100000 AS TEXT), 'changed', 'f3', x, x + 1, 1 FROM n"
            )
            connection.exec_driver_sql(
                "WITH RECURSIVE n(x) AS (SELECT 0 UNION ALL SELECT x + 1 FROM n WHERE x < 199999) "
                "INSERT INTO runs (id, type, account, scope, origin, attempt, asked, started, ended, outcome, rows, "
                "added, changed, gone) SELECT 'run-' || x, CASE x % 6 WHEN 0 THEN 'bench' ELSE 'type' || (x % 6) END, "
                "'agent', 'all', 'schedule', 1, t, t, t, CASE x % 50 WHEN 0 THEN 'failed' ELSE 'completed' END, "
                "5000, 1, 2, 0 FROM (SELECT x, strftime('%Y-%m-%dT%H:%M:%S.000000+00:00', 1700000000 + x * 60, "
                "'unixepoch') t FROM n)"
            )

        await store._database.write(fill)
        sizes = store.size_on_disk()
        print(f"   on disk: {sizes.database / 1e6:.0f} MB")
        say("data: first 200 rows, with total", *await timed(lambda: store.rows("bench", None)))
        for sort in ("name", "f3", "f2"):
            say(f"data: by {sort}", *await timed(lambda sort=sort: store.rows("bench", None, sort=sort)))  # type: ignore[misc]
        say(
            "data: search 'numero 77'", *await timed(lambda: store.rows("bench", None, search="numero 77", sort="name"))
        )
        say("data: row 90,000 by name", *await timed(lambda: store.rows("bench", None, sort="name", offset=90_000)))
        say("form: search, 50", *await timed(lambda: store.search("bench", None, "prova 77")))
        say("data: history of one row", *await timed(lambda: store.row_history("bench", None, "777")))
        since, until = datetime(2024, 6, 1, tzinfo=UTC), datetime(2024, 6, 2, tzinfo=UTC)
        say("day sheet: changes of a day", *await timed(lambda: store.changes(since, until, ["agent"])))
        say("history: newest 200 runs", *await timed(lambda: store.runs()))
        failed = await timed(lambda: store.runs(sync_type="bench", outcome=Outcome.FAILED))
        say("history: newest failed of a type", *failed)
        say("history: of an origin with none", *await timed(lambda: store.runs(origin=Origin.ORDER_FORM)))
        say("counts", *await timed(store.counts))
        say("journal.load", *await timed(store.journal.load, 2))
        say("backup", *await timed(lambda: store.backup("bench"), 1))

        async def export() -> None:
            async for _ in store.export("bench", None, sort="name"):
                pass

        say("export of everything", *await timed(export, 1))
        # A write during the longest query.
        task = asyncio.create_task(store.rows("bench", None, search="no such text at all", deleted=True))
        await asyncio.sleep(0)
        now = datetime.now(UTC)
        record = RunRecord("x", "bench", "a", Scope.ALL, None, Origin.API, 1, now, now)
        say("a journal write beside a full search", (await timed(lambda: store.journal.run_started(record), 1))[0])
        await task
        await store.close()


async def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--big", action="store_true", help="also 100,000 rows and a million lines of history")
    arguments.add_argument("--switch", type=float, help="sys.setswitchinterval in seconds")
    options = arguments.parse_args()
    if options.switch:
        sys.setswitchinterval(options.switch)
    await five_thousand()
    if options.big:
        await big()


if __name__ == "__main__":
    asyncio.run(main())
