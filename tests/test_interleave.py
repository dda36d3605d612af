"""The helper that runs coroutines in all orders finds lost updates and deadlocks, and nothing where a lock protects."""

from __future__ import annotations

import asyncio

import pytest

from tests.support import interleave
from tests.support.interleave import Deadlock, Turns, in_all_orders

pytestmark = pytest.mark.ci


class Disk:
    """A value that is read and written by awaited calls."""

    def __init__(self) -> None:
        self.value = 0
        self.lock = asyncio.Lock()

    async def read(self) -> int:
        return self.value

    async def write(self, value: int) -> None:
        self.value = value

    async def add(self) -> None:
        await self.write(await self.read() + 1)

    async def add_locked(self) -> None:
        async with self.lock:
            await self.add()


async def test_every_order_is_run_once() -> None:
    traces = set()

    async def scenario(turns: Turns) -> None:
        disk = Disk()
        turns.watch(disk, "write")
        await turns.run(lambda: disk.write(1), lambda: disk.write(2))
        traces.add(tuple(turns.trace))

    # Two actors with three turns each: 6 over 3.
    assert await in_all_orders(scenario) == 20 == len(traces)


async def test_a_lost_update_is_found() -> None:
    seen = set()

    async def scenario(turns: Turns) -> None:
        disk = Disk()
        turns.watch(disk, "read", "write")
        await turns.run(disk.add, disk.add)
        seen.add(disk.value)

    await in_all_orders(scenario, switches=2)
    assert seen == {1, 2}


async def test_a_lock_is_respected_in_every_order() -> None:
    async def scenario(turns: Turns) -> None:
        disk = Disk()
        turns.watch(disk, "read", "write")
        await turns.run(disk.add_locked, disk.add_locked)
        assert disk.value == 2, turns.trace

    assert await in_all_orders(scenario) > 2


async def test_a_deadlock_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interleave, "PATIENCE", 0.1)
    one, two = asyncio.Lock(), asyncio.Lock()

    class Step:
        async def take(self) -> None:
            return None

    async def both(first: asyncio.Lock, second: asyncio.Lock, step: Step) -> None:
        async with first:
            await step.take()
            async with second:
                pass

    async def scenario(turns: Turns) -> None:
        step = Step()
        turns.watch(step, "take")
        await turns.run(lambda: both(one, two, step), lambda: both(two, one, step))

    with pytest.raises(Deadlock):
        await in_all_orders(scenario)


async def test_failures_of_an_actor_are_given_back() -> None:
    async def scenario(turns: Turns) -> None:
        async def fails() -> None:
            raise ValueError("no")

        first, second = await turns.run(fails, asyncio.Lock().acquire)
        assert isinstance(first, ValueError)
        assert second is True

    await in_all_orders(scenario)
