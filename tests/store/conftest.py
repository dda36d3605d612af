"""Fixtures of the store's tests: a clock, batches, an open store on a real file."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from store_samples import ENTITIES, ManualClock, Reads

from archisync_gui.store import Store


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def reads(clock: ManualClock) -> Reads:
    return Reads(clock)


@pytest.fixture
async def store(tmp_path: Path, clock: ManualClock) -> AsyncIterator[Store]:
    opened = await Store.open(tmp_path / "data", ENTITIES, clock=clock)
    yield opened
    await opened.close()
