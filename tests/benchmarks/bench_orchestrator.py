"""How fast the orchestrator starts runs that do nothing, with a listener; also with many sessions and accounts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable

from archisync_gui.model import Account, Event, Finished, Outcome, Progress, RunControl, SystemClock
from archisync_gui.orchestrator import Orchestrator
from tests.benchmarks.result import Result, percentile
from tests.orchestrator.rig import QUIET, TYPES, ListJournal


async def runs(count: int, accounts: int = 1, sessions: int = 0) -> tuple[float, float, list[float]]:
    """Seconds for ``count`` runs, one after the other, their seconds of CPU, and the milliseconds from each request to
    the start of its runner.

    ``sessions`` order forms are open; they need no more reads, and the requested runs serve them.
    """
    asked = 0.0
    waits: list[float] = []
    heard = 0
    clock = SystemClock()

    async def runner(control: RunControl) -> Finished:
        waits.append((time.perf_counter() - asked) * 1000)
        return Finished(Outcome.COMPLETED, as_of=clock.now(), rows=1)

    def listener(event: Event) -> None:
        nonlocal heard
        heard += 1

    journal = ListJournal()
    journal.keep = False
    names = [f"agente{n}" for n in range(accounts)]
    everyone = [Account(name, catalogue=name == names[0]) for name in names]
    orchestrator = Orchestrator(TYPES, runner, everyone, journal, clock=clock, rules=QUIET)
    orchestrator.subscribe(listener)
    await orchestrator.start()
    for n in range(sessions):
        await orchestrator.smart_customer_sync(f"tab-{n}-{'x' * 24}", names[0])
    waits.clear()
    # While forms are open only runs that serve them start at once.
    scope, wanted = ("new", ["customers"]) if sessions else ("all", [spec.name for spec in TYPES])
    began, cpu = time.perf_counter(), time.process_time()
    for n in range(count):
        asked = time.perf_counter()
        account = names[0] if sessions else names[n % accounts]
        await orchestrator.request_sync(wanted[n % len(wanted)], account, scope=scope)
        if n % 1000 == 0:
            journal.rows.clear()
            journal.started.clear()
    spent, used = time.perf_counter() - began, time.process_time() - cpu
    assert len(waits) == count
    assert heard >= 2 * count
    await orchestrator.close()
    return spent, used, waits


async def dispatch(quick: bool) -> Iterable[Result]:
    """100,000 runs (quick: 20,000 in a fifth of the time)."""
    count = 20_000 if quick else 100_000
    spent, used, waits = await runs(count)
    note = f"{used / count * 1e6:.0f} µs of CPU a run; from request to start p50 {percentile(waits, 50):.2f} ms"
    return [
        Result(spent, "s", limit=30 * count / 100_000, note=note, what=f"{count:,} runs"),
        Result(percentile(waits, 99), "ms", limit=2, note=f"max {max(waits):.1f}", what="wake to start, p99"),
    ]


async def status(quick: bool) -> Iterable[Result]:
    """CPU of one status while a fast read runs: 100 single records wait, 20 order forms are open."""
    given: asyncio.Future[RunControl] = asyncio.get_running_loop().create_future()
    go_on = asyncio.Event()

    async def runner(control: RunControl) -> Finished:
        if not given.done():
            given.set_result(control)
        await go_on.wait()
        return Finished(Outcome.COMPLETED, as_of=SystemClock().now(), rows=1)

    accounts = [Account(f"agente{n}", catalogue=n == 0) for n in range(5)]
    orchestrator = Orchestrator(TYPES, runner, accounts, ListJournal(), rules=QUIET)
    await orchestrator.start()
    tabs = [f"tab-{n}-{'x' * 24}" for n in range(20)]
    for tab in tabs:
        await orchestrator.smart_customer_sync(tab, "agente0", wait=False)
    for n in range(100):
        orchestrator.request_sync("customers", "agente1", scope="one", key=str(n))
    running = await given
    count = 100 if quick else 1000

    def spent(change: Callable[[int], object]) -> float:
        times = []
        for n in range(count):
            change(n)
            began = time.process_time()
            orchestrator.get_status()
            times.append((time.process_time() - began) * 1000)
        return percentile(times, 50)

    progress = spent(lambda n: running.progress(Progress("read", n + 1, count, n)))
    touched = spent(lambda n: orchestrator.touch(tabs[n % len(tabs)]))
    go_on.set()
    await orchestrator.close()
    return [
        Result(progress, "ms", limit=0.3, what="after progress of a run"),
        Result(touched, "ms", note="reasons and forecasts are made anew", what="after a form's sign of life"),
    ]


BENCHMARKS = (("dispatch", dispatch), ("status", status))
