"""The whole panel while all lists are read: the delay of Qt's timers, and the endpoint's answer times."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtWidgets import QApplication

from archisync_gui.endpoint.paired_pages import Access
from archisync_gui.endpoint.server import Endpoint
from archisync_gui.model import Outcome
from archisync_gui.ui.live.services import Services
from archisync_gui.ui.system.loop import run
from tests.benchmarks.beat import Beat
from tests.benchmarks.result import Result, percentile
from tests.benchmarks.shown import whole_panel
from tests.benchmarks.whole import ended_after, folder, line, measured, office, on_screen, other_erp, program

HERE = Path(__file__).parent


@contextmanager
def _callers(services: Services, clients: int, streams: int, pause: float = 1.0) -> Iterator[subprocess.Popen[str]]:
    """Clients in another process that act as order forms; it ends with the block."""
    assert isinstance(services.endpoint, Endpoint)
    token = services.endpoint.pairing.store.add("Benchmark", None, tuple(Access), None)[1]
    arguments = (services.endpoint.url, token, str(clients), str(streams), str(pause))
    with ended_after(program(str(HERE / "callers.py"), *arguments, stdin=subprocess.PIPE)) as calling:
        yield calling


async def _read_all(services: Services) -> float:
    """Seconds of a full sync."""
    began = time.perf_counter()
    for result in await services.orchestrator.request_full():
        if result.outcome not in (Outcome.COMPLETED, Outcome.UNCLEAN):
            raise RuntimeError(f"{result.type} ended {result.outcome}: {result.error}")
    return time.perf_counter() - began


async def _stalls(app: QApplication, latency: str, scale: float, rounds: int) -> list[Result]:
    ours: list[list[float]] = []
    theirs: list[list[float]] = []
    spent = 0.0
    with folder() as place, other_erp(latency, scale) as erp:
        async with whole_panel(app, office(place, erp.url)) as panel:
            services = panel.context.services
            assert services is not None
            with _callers(services, 0, 20) as calling:
                await asyncio.to_thread(line, calling.stdout)
                await _read_all(services)  # browser started, logged in, store filled
                for _ in range(rounds):
                    with ended_after(program(str(HERE / "beat.py"), stdin=subprocess.PIPE)) as control:
                        await asyncio.to_thread(line, control.stdout)
                        beat = Beat()
                        spent += await _read_all(services)
                        ours.append(beat.stop())
                        theirs.append(list((await measured(control))["late"]))  # type: ignore[call-overload]
                heard = await measured(calling)
    worse = [percentile(a, 99) - percentile(b, 99) for a, b in zip(ours, theirs, strict=True)]
    figures = []
    for side in (ours, theirs):
        together = [late for one in side for late in one]
        figures.append(f"{percentile(together, 50):.1f} / {percentile(together, 99):.1f} / {max(together):.0f}")
    note = (
        f"p50 / p99 / max ms: {figures[0]} here, {figures[1]} in another process; "
        f"{rounds} syncs of {spent / rounds:.0f} s, {heard['events']} events to 20 streams"
    )
    return [Result(percentile(worse, 50), "ms", limit=16, note=note, what=f"latency {latency}, p99 more than beside")]


def stall(quick: bool) -> list[Result]:
    """A 16 ms timer in the panel's process and one in an idle process, at the same time."""
    results: list[Result] = []

    async def main(app: QApplication) -> int:
        results.extend(await _stalls(app, "none", 0.1 if quick else 0.5, 5))
        results.extend(await _stalls(app, "0.1" if quick else "real", 0.1, 3 if quick else 5))
        return 0

    with on_screen():
        run(main)
    return results


async def _answers(app: QApplication, latency: str, scale: float, pauses: Sequence[float]) -> list[Result]:
    results = []
    with folder() as place, other_erp(latency, scale) as erp:
        async with whole_panel(app, office(place, erp.url)) as panel:
            services = panel.context.services
            assert services is not None
            await _read_all(services)  # browser started, logged in, store filled
            for pause in pauses:
                with _callers(services, 50, 0, pause) as calling:
                    await asyncio.to_thread(line, calling.stdout)
                    spent = await _read_all(services)
                    times = list((await measured(calling))["times"])  # type: ignore[call-overload]
                note = (
                    f"{len(times)} answers in {spent:.0f} s; p50 {percentile(times, 50):.1f}, max {max(times):.0f} ms"
                )
                what = f"latency {latency}, 50 clients, a question each {pause} s, p99"
                results.append(Result(percentile(times, 99), "ms", limit=20, note=note, what=what))
    return results


def endpoint(quick: bool) -> list[Result]:
    """Fifty clients ask for the status while all lists are read: once a second each at the real ERP's speed, and once
    and ten times with one ten times as fast."""
    results: list[Result] = []

    async def main(app: QApplication) -> int:
        results.extend(await _answers(app, "real", 0.1, (1.0,)))
        results.extend(await _answers(app, "0.1", 0.2 if quick else 1.0, (1.0, 0.1)))
        return 0

    with on_screen():
        run(main)
    return results


BENCHMARKS = (("stall", stall), ("endpoint", endpoint))
