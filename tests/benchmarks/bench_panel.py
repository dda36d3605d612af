"""The panel during one run: the time from an event to its paint, and the CPU for it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from PySide6.QtWidgets import QApplication

from archisync_gui.entities import ENTITIES
from archisync_gui.model import Account, Finished, Outcome, Progress, RunControl, SystemClock
from archisync_gui.orchestrator import Orchestrator
from archisync_gui.settings import Settings
from archisync_gui.ui.live.services import Services
from archisync_gui.ui.shell.panel import Panel
from archisync_gui.ui.system.loop import run
from tests.benchmarks.result import Result, percentile
from tests.benchmarks.shown import Paints, watch_paints
from tests.benchmarks.whole import on_screen
from tests.orchestrator.rig import QUIET, ListJournal

# ------------------------------------------------------------------------------------------------ event to paint


async def _paints(app: QApplication, rates: Sequence[int], seconds: float) -> list[Result]:
    watch_paints()
    panel = Panel(app, language="it")
    running: asyncio.Future[RunControl] = asyncio.get_running_loop().create_future()
    ended = asyncio.Event()
    clock = SystemClock()

    async def runner(control: RunControl) -> Finished:
        running.set_result(control)
        await ended.wait()
        return Finished(Outcome.COMPLETED, as_of=clock.now(), rows=1)

    journal = ListJournal()
    journal.keep = False
    specs = [entity.spec for entity in ENTITIES]
    orchestrator = Orchestrator(specs, runner, [Account("agente01", catalogue=True)], journal, clock=clock, rules=QUIET)
    await orchestrator.start()
    ticket = orchestrator.request_sync("products")
    control = await running
    alone = [await _report_progress(control, rate, seconds) for rate in rates]  # without a listener
    settings = Settings().with_({"look.first_run_done": True})
    panel.set_services(
        Services(
            orchestrator=orchestrator,
            entities=ENTITIES,
            settings=lambda: settings,
            apply_settings=_nothing,
            quit=lambda: None,
            clock=clock,
        )
    )
    panel.show()
    await panel.first_paint()
    paints = Paints(panel, orchestrator)
    results = []
    for rate, (_, without) in zip(rates, alone, strict=True):
        await asyncio.sleep(0.5)
        paints.waits.clear()
        sent, spent = await _report_progress(control, rate, seconds)
        waits = paints.waits
        note = f"{sent} events, {len(waits)} seen painted; p50 {percentile(waits, 50):.0f}, max {max(waits):.0f} ms"
        what = f"{rate:,} events/s"
        results.append(Result(percentile(waits, 99), "ms", limit=100, note=note, what=f"{what}, p99"))
        note = f"of one core; {spent:.1f} % with the orchestrator's own work, which needs {without:.1f} % with no panel"
        results.append(Result(spent - without, "%", limit=15, note=note, what=f"{what}, the panel's CPU"))
    ended.set()
    await ticket
    panel.closing()
    await orchestrator.close()
    await panel.aclose()
    return results


async def _report_progress(control: RunControl, rate: int, seconds: float) -> tuple[int, float]:
    """Report progress at that rate; returns the number of events, and the share of a core (%) that the process used."""
    began, cpu, sent = time.perf_counter(), time.process_time(), 0
    while (passed := time.perf_counter() - began) < seconds:
        for _ in range(int(passed * rate) - sent):
            sent += 1
            control.progress(Progress("read", sent // 20 + 1, 50_000, sent, 1_000_000))
        await asyncio.sleep(max(0.01, 1 / rate) if rate < 100 else 0.01)
    return sent, 100 * (time.process_time() - cpu) / (time.perf_counter() - began)


async def _nothing(changes: object) -> None:
    """Settings are not stored."""


def event_to_paint(quick: bool) -> list[Result]:
    """The progress of one run, at increasing rates, from the orchestrator to the screen."""
    rates = (1, 100, 5_000) if quick else (1, 10, 100, 1_000, 5_000)
    results: list[Result] = []

    async def main(app: QApplication) -> int:
        results.extend(await _paints(app, rates, 5 if quick else 15))
        return 0

    with on_screen():
        run(main)
    return results


BENCHMARKS = (("event to paint", event_to_paint),)
