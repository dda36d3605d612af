"""A read of one record that is overtaken or abandoned stores no old values."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from erp_harness import USER, Control

from archisync_gui.entities import CUSTOMERS
from archisync_gui.model import Origin, Progress, Run, Scope, SyncFailure
from archisync_gui.store import Batch, Store
from archisync_gui.syncs import SyncRunner
from tests.support.clock import VirtualClock, settle

KEY = "50001"
NAMES = [column.name for column in CUSTOMERS.columns]


@dataclass
class SlowErp:
    """An ERP that answers when the test allows it."""

    clock: VirtualClock = field(default_factory=VirtualClock)
    answer: asyncio.Event = field(default_factory=asyncio.Event)

    async def record(self, entity: Any, account: str, key: str, fields: Any, *told: Any) -> dict[str, str]:
        await self.answer.wait()
        return {CUSTOMERS.column("name").field_name: "Old"}


@dataclass
class Place:
    store: Store
    erp: SlowErp
    reads: int = 0

    async def stored(self, name: str, *, whole: bool = True) -> None:
        """Another read stores the record with that name."""
        self.reads += 1
        row = dict.fromkeys(NAMES) | {"id": KEY, "name": name}
        await self.store.apply("customers", USER, Batch(f"r{self.reads}", self.erp.clock.now(), [row], whole, True))

    def reading(self, control: Control) -> asyncio.Task[Any]:
        runner: Any = SyncRunner(self.store, self.erp, [CUSTOMERS])  # type: ignore[arg-type]
        return asyncio.ensure_future(runner(control))

    async def names(self) -> list[object]:
        return [row.values["name"] for row in (await self.store.rows("customers", USER)).rows]


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    erp = SlowErp()
    store = await Store.open(tmp_path, [CUSTOMERS], clock=erp.clock)
    yield Place(store, erp)
    await store.close()


def control() -> Control:
    return Control(Run("one", "customers", USER, Scope.ONE, KEY, Origin.OPERATOR, 1, 1))


async def begun(place: Place, mine: Control) -> asyncio.Task[Any]:
    opened = asyncio.Event()
    mine.on_progress = lambda progress: opened.set()
    task = place.reading(mine)
    await opened.wait()
    await settle()
    return task


@pytest.mark.parametrize("change", ["clear", "whole read"])
async def test_a_record_whose_list_was_replaced_meanwhile_is_not_stored(place: Place, change: str) -> None:
    await place.stored("Before")
    task = await begun(place, control())
    if change == "clear":
        await place.store.clear("customers", USER)
    else:
        await place.stored("New")
    place.erp.answer.set()
    with pytest.raises(SyncFailure, match="read-overtaken"):
        await task
    assert await place.names() == ([] if change == "clear" else ["New"])


async def test_a_record_written_by_a_later_read_keeps_its_values(place: Place) -> None:
    await place.stored("Before")
    task = await begun(place, control())
    await place.stored("New", whole=False)
    place.erp.answer.set()
    await task
    assert await place.names() == ["New"]


async def test_an_abandoned_read_of_one_record_stores_nothing(place: Place) -> None:
    """Rule 26: in an abandoned run each call of the run control raises."""
    await place.stored("Before")
    mine = control()
    task = await begun(place, mine)

    def abandoned(progress: Progress) -> None:
        raise asyncio.CancelledError("the run was abandoned")

    mine.on_progress = abandoned
    place.erp.answer.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await place.names() == ["Before"]


async def test_the_time_of_a_record_is_the_start_of_its_read_though_the_clock_was_set(place: Place) -> None:
    """Rule 30."""
    await place.stored("Before")
    task = await begun(place, control())
    place.erp.clock.jump(3600)
    await place.erp.clock.advance(5)
    place.erp.answer.set()
    assert (await task).as_of == place.erp.clock.now() - timedelta(seconds=5)
