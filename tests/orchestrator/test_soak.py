"""Simulates up to thirty days: no ticket is lost, memory and tasks do not grow, the history is bounded."""

from __future__ import annotations

import asyncio
import dataclasses
import gc
import random
import sys

import pytest

from archisync_gui.model import Account, Event, Finished, Outcome, RunControl, Scope, Suspended
from archisync_gui.orchestrator import Orchestrator, Rules
from tests.orchestrator.rig import TYPES, ListJournal
from tests.support.clock import VirtualClock, settle

DAY = 86_400


async def soak(requests: int, operations: int, days: int) -> None:
    """Make random requests with a runner that returns at once, and count results, tasks and memory."""
    chance = random.Random(7)
    clock = VirtualClock()
    journal = ListJournal()
    journal.keep = False
    rules = Rules(office=None, longest_sleep=3600.0)
    finished = 0
    told = 0

    async def runner(control: RunControl) -> Finished | Suspended:
        nonlocal finished
        finished += 1
        return Finished(Outcome.COMPLETED, as_of=clock.now(), rows=1)

    def listener(event: Event) -> None:
        nonlocal told
        told += 1

    accounts = (Account("anna", catalogue=True), Account("bruno"))
    orchestrator = Orchestrator(TYPES, runner, accounts, journal, clock=clock, rules=rules, ids=lambda: "soak")
    orchestrator.subscribe(listener)
    await orchestrator.start()
    steps = requests // 10
    resolved = 0
    tabs: list[str] = []
    blocks: list[int] = []
    tasks: list[int] = []
    for step in range(steps):
        tickets = [
            orchestrator.request_sync(chance.choice(TYPES).name, chance.choice(["anna", "bruno"])) for _ in range(10)
        ]
        for _ in range(round(operations / steps)):
            match chance.randrange(4):
                case 0:
                    tabs.append(f"tab-{step}-{chance.random()}")
                    await orchestrator.smart_customer_sync(tabs[-1], wait=False)
                case 1 if tabs:
                    orchestrator.touch(chance.choice(tabs))
                case _ if tabs:
                    orchestrator.resume_other_syncs(tabs.pop(chance.randrange(len(tabs))))
        await clock.advance(days * DAY / steps)
        while not all(t.done for t in tickets):  # open forms may delay them until their leases end
            await clock.advance(600)
        for ticket in tickets:
            assert (await ticket).outcome is Outcome.COMPLETED
            resolved += 1
        tabs = tabs[-20:]
        if step % (steps // 10) == steps // 10 - 1:
            journal.rows.clear()
            journal.started.clear()
            gc.collect()
            blocks.append(sys.getallocatedblocks())
            tasks.append(len(asyncio.all_tasks()))
    assert resolved == requests
    assert finished >= requests // 3
    assert told > finished
    assert max(tasks) <= 5, "more tasks than dispatcher, journal, alarm and this test"
    # The last thousand resolved tickets are kept, with thirteen blocks each.
    assert blocks[-1] - blocks[2] < 15_000, f"memory grows: {blocks}"
    state = orchestrator.state
    assert len(state.queue) <= 2 * len(TYPES) * 2
    assert len(orchestrator._waiters._tickets) <= 1010
    assert orchestrator._waiters._parts == {}
    assert orchestrator._waiters._forms == {}
    closing = asyncio.ensure_future(orchestrator.close())
    await settle()
    await closing


@pytest.mark.ci
async def test_a_short_soak() -> None:
    """Rules 5, 7: a day."""
    await soak(400, 100, 1)


@pytest.mark.nightly
async def test_a_long_soak() -> None:
    """Rules 5, 7: 100,000 requests and 20,000 session operations over 30 days."""
    await soak(100_000, 20_000, 30)


async def test_a_slow_reader_of_events_never_loses_the_last_state() -> None:
    """Coalescing: progress and queue merge, the rest by subject when too many wait."""
    from tests.orchestrator.rig import Rig

    async with Rig() as rig:
        feed = rig.o.events(limit=20)
        first = asyncio.ensure_future(anext(feed))
        await settle()
        for _ in range(30):
            rig.o.request_sync("orders")
            await settle()
            for rows in range(5):
                rig.active.control.progress(dataclasses.replace(rig.o.state.active.progress, rows=rows))  # type: ignore[union-attr]
            await rig.finish()
        rig.o.hold()
        heard = [await first]
        while heard[-1].revision < rig.events[-1].revision:
            heard.append(await anext(feed))
        await feed.aclose()
        assert len(heard) <= 21
        revisions = [e.revision for e in heard]
        assert revisions == sorted(revisions)
        for kind in {e.kind for e in rig.events}:
            assert next(e for e in reversed(heard) if e.kind is kind) == rig.of(kind)[-1]
        assert Scope.ALL.value in str(heard)
        assert len(rig.o._dispatcher.listeners) == 1
