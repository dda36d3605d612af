"""The endpoint under load while a full sync runs, on the panel's loop: figures printed, dropping nobody judged."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from archisync_gui.app.core import Core
from archisync_gui.app.demo import DemoOptions
from archisync_gui.app.profile import ProfileLock, open_profile
from archisync_gui.drafts import Drafts
from archisync_gui.endpoint.paired_pages import Access, PairingStore
from archisync_gui.endpoint.server import Endpoint
from archisync_gui.model import Origin
from tests.endpoint.load_client import FORMS, Load, load
from tests.support.waiting import until

pytestmark = pytest.mark.qasync


@pytest.fixture
async def panel() -> AsyncIterator[tuple[Core, Endpoint, str]]:
    """A core on the demo ERP and its endpoint, with a program's token."""
    folder = Path(tempfile.mkdtemp(prefix="load-"))
    profile = open_profile(str(folder / "profile"), demo=True)
    lock = ProfileLock(profile)
    assert lock.acquire()
    core = await Core.open(profile, demo=DemoOptions("0.05", "stopped"), attended=True)
    drafts = await Drafts.open(profile.folder, clock=core.clock)
    pages = PairingStore(profile.folder / "pages.json", clock=core.clock)
    _, token = pages.add("load", None, frozenset(Access), "agente01")
    endpoint = Endpoint(
        core.orchestrator, core.store, drafts, pages, profile_id=profile.id, port=0, demo=True, version="test"
    )
    await endpoint.start()
    yield core, endpoint, token
    await endpoint.stop()
    await drafts.close()
    await core.close()
    lock.release()
    shutil.rmtree(folder)


@pytest.mark.nightly
async def test_nobody_is_dropped_while_all_lists_are_read(panel: tuple[Core, Endpoint, str]) -> None:
    """By day: ``tests/endpoint/test_load.py``, the same callers without a sync beside them."""
    await under_load(panel, 4)


@pytest.mark.nightly
async def test_nobody_is_dropped_for_a_minute_of_full_syncs(panel: tuple[Core, Endpoint, str]) -> None:
    """By day: ``tests/endpoint/test_load.py``."""
    # The first lists that are read cost memory that stays: growth is what a second time still adds.
    for _ in range(2):
        seen = await under_load(panel, 60)
    assert seen.told["events"] > 0


async def under_load(panel: tuple[Core, Endpoint, str], seconds: int) -> Load:
    core, endpoint, token = panel
    orchestrator = core.orchestrator
    listeners = len(orchestrator._dispatcher.listeners._listeners)

    def keep_reading() -> None:
        if orchestrator.get_status().current_sync is None:
            orchestrator.request_full(Origin.API)

    keep_reading()
    await until(lambda: (run := orchestrator.get_status().current_run) and run.progress and run.progress.page)
    seen = await load(endpoint.url, {"Authorization": f"Bearer {token}"}, seconds, keep_reading, forms=FORMS)
    print(f"\n{seen}")
    assert (seen.told["wrong"], seen.told["broken"], seen.told["same"]) == (0, [], True)
    http = await endpoint._load()
    await until(lambda: len(http._streams) == 0)
    assert len(orchestrator._dispatcher.listeners._listeners) == listeners
    return seen
