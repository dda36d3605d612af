"""Reads on the panel's loop, with a browser of their own: what Playwright holds stays on the loop it was started on."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from archisync_gui.model import Finished, Outcome
from tests.syncs.erp_harness import world


@pytest.mark.qasync
async def test_the_same_on_the_panels_loop(tmp_path: Path) -> None:
    """Suspended, resumed, cancelled and fast reads on Qt's loop, whose timers are early at times."""
    async with world(tmp_path) as here:
        control = here.control("orders")
        control.on_progress = lambda p: setattr(control, "suspend", p.page == 1)
        suspended = await here.suspend(control)
        control.resume, control.on_progress, control.suspend = suspended.state, None, False
        ended = await here.runner(control)
        assert isinstance(ended, Finished)
        assert ended.outcome is Outcome.COMPLETED
        task = asyncio.ensure_future(here.sync("invoices"))
        await asyncio.sleep(0.3)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await here.sync("invoices")).outcome is Outcome.COMPLETED
        assert set(await here.rows("orders")) == here.truth("orders")
