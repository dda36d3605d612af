"""The endpoint under load while events come thick and fast, printed and not judged; ``tests/e2e`` has a real sync."""

from __future__ import annotations

from pathlib import Path

import pytest

from archisync_gui.model import EventKind
from tests.endpoint.load_client import load
from tests.endpoint.office import running


@pytest.mark.ci
async def test_nobody_is_dropped(tmp_path: Path) -> None:
    async with running(tmp_path) as office:
        seen = await load(office.url, office.paired, 2, lambda: office.orchestrator.tell(EventKind.SYNC_PROGRESS))
        print(f"\n{seen}")
        assert (seen.told["wrong"], seen.told["broken"], seen.told["same"]) == (0, [], True)
        assert seen.told["events"] > 0
        assert len(office.orchestrator.listeners) == 1
