"""Fixtures of the store's tests: a clock, batches, an open store on a real file or a real server."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from store_samples import ENTITIES, ManualClock, OpenStore, Reads

from archisync_gui.store import Store
from archisync_gui.store.postgres import Postgres
from tests.support.postgres import Offices

BOTH = {
    "test_journal_contract",
    "test_store_delta",
    "test_store_find",
    "test_store_journal",
    "test_store_orders",
    "test_store_reading",
    "test_store_refused",
    "test_store_selection",
}
"""Modules whose tests run on both engines, except those marked ``sqlite``. The other modules need a file."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the tests of :data:`BOTH` on both engines."""
    name = metafunc.module.__name__.rpartition(".")[2]
    if name in BOTH and "engine" in metafunc.fixturenames and not metafunc.definition.get_closest_marker("sqlite"):
        metafunc.parametrize("engine", ["sqlite", "postgres"], indirect=True)


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> str:
    return getattr(request, "param", "sqlite")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def reads(clock: ManualClock) -> Reads:
    return Reads(clock)


@pytest.fixture
async def open_store(engine: str, tmp_path: Path, clock: ManualClock, offices: Offices) -> AsyncIterator[OpenStore]:
    """A function that opens the test's database; the test closes each store that it opened."""
    if engine == "sqlite":
        yield lambda: Store.open(tmp_path / "data", ENTITIES, clock=clock)
        return
    with offices.one() as server:
        yield lambda: Store.join(Postgres(server), tmp_path / "data", ENTITIES, clock=clock)


@pytest.fixture
async def store(open_store: OpenStore) -> AsyncIterator[Store]:
    opened = await open_store()
    yield opened
    await opened.close()
