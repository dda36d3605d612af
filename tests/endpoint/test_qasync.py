"""The endpoint on Qt's loop, where the panel runs it: a request, a line and a stream."""

from __future__ import annotations

from pathlib import Path

import pytest

from archisync_gui.model import EventKind
from tests.endpoint.office import running
from tests.endpoint.test_lines import attach, events, hear, line, opened


@pytest.mark.qasync
async def test_the_endpoint_works_on_qts_loop(tmp_path: Path) -> None:
    async with running(tmp_path) as office:
        await opened(office)
        async with line(office) as socket, events(office) as stream:
            await socket.send_json(attach(office))
            assert (await hear(socket))["type"] == "attached"
            assert (await stream.next())["event"] == "status"
            office.orchestrator.tell(EventKind.HOLD_CHANGED)
            assert (await stream.next())["event"] == "hold-changed"
            await socket.send_json({"type": "close"})
            assert await hear(socket) == {"type": "ended", "reason": "closed"}
