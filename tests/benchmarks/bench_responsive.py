"""The panel under full load: Data with 100,000 rows is scrolled while all six lists are read, with 5,000 events a
second. Measures the delay of a 16 ms timer (with the same timer in another process), event to paint, and CPU."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtWidgets import QApplication

from archisync_gui.app.profile import Profile
from archisync_gui.entities import ENTITIES
from archisync_gui.entities.declaration import Entity, Kind, Row, Value
from archisync_gui.model import Finished, Outcome, Progress, RunControl, Suspended, SystemClock
from archisync_gui.orchestrator import OrchestratorApi
from archisync_gui.store import Batch, Store
from archisync_gui.syncs.runner import SyncRunner
from archisync_gui.ui.shell.panel import Panel
from archisync_gui.ui.system.loop import run
from tests.benchmarks.beat import Beat
from tests.benchmarks.result import Result, percentile
from tests.benchmarks.shown import Paints, watch_paints, whole_panel
from tests.benchmarks.whole import ACCOUNT, ended_after, folder, line, measured, office, on_screen, other_erp, program

if TYPE_CHECKING:
    from archisync_gui.ui.pages.data import Data

ROWS = 100_000
RATE = 5_000
"""Events a second."""

ARCHIVE = "archivio"
"""An account that is never read; its rows are shown."""

SHOWN = "orders"
BURST = 0.01
"""Seconds between two bursts of events."""

SCROLL = 0.25
"""Seconds between two jumps in the table."""

_VALUES: Mapping[Kind, Value] = {
    Kind.DATE: "2026-03-09",
    Kind.DATETIME: "2026-03-09T10:20:30",
    Kind.BOOL: True,
    Kind.INTEGER: 12,
    Kind.NUMBER: 5_000,
    Kind.MONEY: 123_456,
    Kind.PERCENT: 2_149,
}


def _rows(entity: Entity) -> Sequence[Row]:
    """Invented rows of a list; each has its own key and texts."""
    return [
        {
            column.name: str(n) if column.name in entity.key else _VALUES.get(column.kind, f"{column.name} {n}")
            for column in entity.columns
        }
        for n in range(ROWS)
    ]


async def _fill(profile: Profile) -> None:
    """Store the rows to show."""
    entity = next(e for e in ENTITIES if e.name == SHOWN)
    store = await Store.open(profile.folder, ENTITIES, clock=SystemClock())
    try:
        batch = Batch("bench-run", datetime.now(UTC), _rows(entity), whole=True, clean=True)
        await store.apply(SHOWN, ARCHIVE, batch)
    finally:
        await store.close()


class Loud(SyncRunner):
    """An ordinary runner whose runs also report progress 5,000 times a second."""

    async def __call__(self, control: RunControl) -> Finished | Suspended:
        shouting = asyncio.ensure_future(self._shout(control))
        try:
            return await super().__call__(control)
        finally:
            shouting.cancel()
            with suppress(asyncio.CancelledError):
                await shouting

    async def _shout(self, control: RunControl) -> None:
        before, sent = time.perf_counter(), 0
        while True:
            await asyncio.sleep(BURST)
            now = time.perf_counter()
            # A late iteration does not make up for missed events: their burst would cause the next stall.
            for _ in range(int(min(now - before, 2 * BURST) * RATE)):
                sent += 1
                control.progress(Progress("read", sent // 5_000 + 1, 1_000, sent, ROWS))
            before = now


@dataclass(frozen=True)
class _Found:
    """The measurements of one read of all lists."""

    ours: Sequence[float]
    work: Sequence[float]
    """See ``Beat.work``."""
    theirs: Sequence[float]
    waits: Sequence[float]
    cpu: float
    """Per cent of one core."""
    seconds: float


async def _read_all(orchestrator: OrchestratorApi) -> None:
    """Read the six lists of the demo account."""
    tickets = [orchestrator.request_sync(e.name, ACCOUNT) for e in ENTITIES]
    for result in [await ticket for ticket in tickets]:
        if result.outcome not in (Outcome.COMPLETED, Outcome.UNCLEAN):
            raise RuntimeError(f"{result.type} ended {result.outcome}: {result.error}")


async def _scroll(data: Data) -> None:
    """Jump through the table; each jump loads new rows."""
    bar = data.table.verticalScrollBar()
    place = 0
    while True:
        await asyncio.sleep(SCROLL)
        place = (place + 7_919) % max(1, bar.maximum())
        bar.setValue(place)


async def _measured(panel: Panel, paints: Paints, orchestrator: OrchestratorApi, limit: float | None) -> _Found:
    """Read once, for at most ``limit`` seconds; a longer read is ended with the panel."""
    data = cast("Data", panel.window.page("data"))
    with ended_after(program(str(Path(__file__).with_name("beat.py")), stdin=subprocess.PIPE)) as control:
        await asyncio.to_thread(line, control.stdout)
        paints.waits.clear()
        began, cpu, beat = time.perf_counter(), time.process_time(), Beat()
        scrolling = asyncio.ensure_future(_scroll(data))
        reading = asyncio.ensure_future(_read_all(orchestrator))
        done, _ = await asyncio.wait({reading}, timeout=limit)
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
        ours = beat.stop()
        theirs = list((await measured(control))["late"])  # type: ignore[call-overload]
    for task in (scrolling, *({reading} - done)):
        task.cancel()
    await asyncio.gather(scrolling, return_exceptions=True)
    if done:
        reading.result()
    return _Found(ours, beat.work, theirs, tuple(paints.waits), 100 * cpu / seconds, seconds)


async def _stretches(
    app: QApplication, latency: str, scale: float, times: int, limit: float | None
) -> tuple[list[_Found], int]:
    with folder() as place, other_erp(latency, scale) as erp:
        profile = office(place, erp.url, (ACCOUNT, ARCHIVE))
        await _fill(profile)
        async with whole_panel(app, profile) as panel:
            services = panel.context.services
            assert services is not None
            orchestrator = services.orchestrator
            paints = Paints(panel, orchestrator)
            data = cast("Data", panel.window.go("data"))
            there = asyncio.Event()
            data.model.modelReset.connect(there.set)
            data.focus_on({"type": SHOWN, "account": ARCHIVE})
            await there.wait()
            found = [await _measured(panel, paints, orchestrator, limit) for _ in range(times)]
            return found, data.model.total


def _results(what: str, found: Sequence[_Found], shown: int) -> list[Result]:
    worse = [percentile(f.ours, 99) - percentile(f.theirs, 99) for f in found]
    sides = []
    for lists in ([f.ours for f in found], [f.theirs for f in found]):
        together = [late for one in lists for late in one]
        sides.append(f"{percentile(together, 50):.1f} / {percentile(together, 99):.1f} / {max(together):.0f}")
    waits = [wait for f in found for wait in f.waits]
    seconds = sum(f.seconds for f in found)
    stall = f"p50 / p99 / max ms: {sides[0]} here, {sides[1]} in another process; {shown:,} rows shown, {seconds:.0f} s"
    paint = f"{len(waits):,} events painted, {len(waits) / seconds:,.0f} a second; p50 {percentile(waits, 50):.0f}"
    work = [ms for f in found for ms in f.work]
    own = f"of the panel's thread; p50 {percentile(work, 50):.1f}, max {max(work):.0f} ms"
    cpu = sum(f.cpu * f.seconds for f in found) / seconds
    return [
        Result(percentile(worse, 50), "ms", limit=16, note=stall, what=f"{what}, p99 more than beside"),
        Result(percentile(work, 99), "ms", limit=16, note=own, what=f"{what}, p99 of work between two beats"),
        Result(percentile(waits, 99), "ms", limit=100, note=f"{paint}, max {max(waits):.0f} ms", what=f"{what}, paint"),
        Result(cpu, "%", note="of one core: reading, storing and scrolling, too", what=f"{what}, CPU"),
    ]


def responsiveness(quick: bool) -> list[Result]:
    """All six lists without latency and with the real ERP's (quick: the first part of it), with the browser's start."""
    results: list[Result] = []

    async def main(app: QApplication) -> int:
        watch_paints()
        for latency, scale, times, limit in (
            ("none", 0.1 if quick else 0.5, 2 if quick else 5, None),
            ("real", 0.2, 1, 60.0 if quick else None),
        ):
            results.extend(_results(f"latency {latency}", *await _stretches(app, latency, scale, times, limit)))
        return 0

    from archisync_gui.app import core

    setattr(core, "SyncRunner", Loud)  # noqa: B010
    with on_screen():
        run(main)
    return results


BENCHMARKS = (("responsiveness", responsiveness),)
