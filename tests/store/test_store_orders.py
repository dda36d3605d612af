"""Actions of the operator during reads, in every order of the store's steps: no data are lost or invented."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from store_samples import ENTITIES, ManualClock, Reads, parcel

from archisync_gui.model import SyncFailure
from archisync_gui.store import Batch, RefusedKind, Store
from tests.support.interleave import Turns, in_all_orders

pytestmark = pytest.mark.ci

Action = Callable[[Store], Awaitable[Any]]


def whole(clock: ManualClock, run: str, keys: range) -> Action:
    """A whole read as the runner does it: begin, compare, apply."""

    async def act(store: Store) -> None:
        after = (await store.ages("parcels", "agent")).number
        known = await store.known("parcels", "agent")
        rows = [parcel(n, name=run) for n in keys]
        await store.apply(
            "parcels", "agent", Batch(run, clock.now(), rows, True, True, after=after, compared_with=known.number)
        )

    return act


def fast(clock: ManualClock, run: str, key: int) -> Action:
    """A fast read as the runner does it: compare a page with the stored rows, stop there, apply."""

    async def act(store: Store) -> None:
        base = await store.ages("parcels", "agent")
        stored = await store.rows_by_key("parcels", "agent", ["1", "2"])
        clean = base.new_as_of is not None and len(stored) == 2
        batch = Batch(run, clock.now(), [parcel(key)], False, clean, after=base.number, compared_with=base.number)
        await store.apply("parcels", "agent", batch)

    return act


async def clear(store: Store) -> None:
    await store.clear("parcels", "agent")


async def accept(store: Store) -> None:
    await store.accept_read("kept")


async def rekey(store: Store) -> None:
    await store.rekey("kept")


async def doubt(store: Store) -> None:
    await store.journal.clock_doubted()


ACTIONS: dict[str, Action] = {"clear": clear, "accept": accept, "rekey": rekey, "doubt": doubt}


@pytest.mark.parametrize("reader", ["whole", "fast"])
@pytest.mark.parametrize("name", ACTIONS)
async def test_an_action_during_a_read(name: str, reader: str) -> None:
    """In no order is a time wrong, and a read that was overtaken leaves no rows."""
    outcomes = set()

    async def scenario(turns: Turns) -> None:
        with TemporaryDirectory() as folder:
            clock = ManualClock()
            store = await Store.open(Path(folder) / "data", ENTITIES, clock=clock)
            try:
                reads = Reads(clock)
                await store.apply("parcels", "agent", reads.batch([parcel(n) for n in range(1, 9)]))
                base = await store.known("parcels", "agent")
                kind = RefusedKind.KEYS_CHANGED if name == "rekey" else RefusedKind.SHRINK
                renumbered = [parcel(n) | {"id": str(100 + n)} for n in range(1, 9)]
                rows = renumbered if name == "rekey" else [parcel(1), parcel(2)]
                kept = Batch(
                    "kept", clock.forward(minutes=1), rows, True, True, after=base.number, compared_with=base.number
                )
                await store.keep_refused("parcels", "agent", kept, kind)
                clock.forward(minutes=1)
                read = whole(clock, "read", range(1, 10)) if reader == "whole" else fast(clock, "read", 50)
                turns.watch(store._database, "read", "write", "exclusive")
                first, second = await turns.run(lambda: ACTIONS[name](store), lambda: read(store))
                for end in (first, second):
                    assert end is None or isinstance(end, SyncFailure), end
                found = (await store.rows("parcels", "agent", limit=50, deleted=True)).rows
                alive = frozenset(row.key for row in found if row.deleted_at is None and row.missing_since is None)
                ages = await store.ages("parcels", "agent")
                outcomes.add((alive, getattr(first, "code", None), getattr(second, "code", None)))
                if name == "clear" and second is not None:
                    assert not alive, "a read that was overtaken left rows"
                if ages.new_as_of is not None:
                    assert ages.all_as_of is not None, "a time without a clean base"
                    assert len(alive) >= 2
                if reader == "fast" and name == "clear":
                    assert ages.new_as_of is None or "1" in alive, "a fast read of a cleared list has set a time"
            finally:
                await store.close()

    count = await in_all_orders(scenario, switches=1)
    assert count > 3
    assert outcomes


async def test_a_list_cleared_during_a_forms_read_is_not_called_fresh() -> None:
    """This order failed once: the fast read compares its page, the list is cleared, the read is applied."""

    async def scenario(turns: Turns) -> None:
        with TemporaryDirectory() as folder:
            clock = ManualClock()
            store = await Store.open(Path(folder) / "data", ENTITIES, clock=clock)
            try:
                await store.apply("parcels", "agent", Reads(clock).batch([parcel(1), parcel(2)]))
                turns.watch(store._database, "read", "write", "exclusive")
                await turns.run(lambda: clear(store), lambda: fast(clock, "read", 3)(store))
                ages = await store.ages("parcels", "agent")
                keys = {row.key for row in (await store.rows("parcels", "agent")).rows}
                assert ages.new_as_of is None or keys >= {"1", "2"}, turns.trace
            finally:
                await store.close()

    await in_all_orders(scenario, switches=2, limit=500)
