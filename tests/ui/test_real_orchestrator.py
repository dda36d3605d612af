"""The panel with the real orchestrator: its messages about the queue match the orchestrator."""

from __future__ import annotations

from dataclasses import replace

import pytest
from panel_fakes import MakePanel

from tests.orchestrator.rig import Rig
from tests.support.waiting import until

pytestmark = pytest.mark.qasync


async def test_the_shown_place_is_that_of_the_request_itself(make_panel: MakePanel) -> None:
    """A read of one customer waits before the whole list is requested: both are customers, and the list's place is
    2."""
    panel = await make_panel()
    rig = Rig()
    await rig.o.start()
    try:
        assert panel.context.services is not None
        panel.context.services = replace(panel.context.services, orchestrator=rig.o)
        rig.o.hold()
        rig.o.request_sync("customers", "anna", scope="one", key="50120", priority=99)
        panel.context.sync("customers")
        await until(lambda: "in the queue" in panel.window.notice.text)
        assert panel.window.notice.text == "Customers is in the queue at place 2: paused by you."
    finally:
        await rig.close()
