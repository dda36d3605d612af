"""Reads on the panel's loop, with their own browser, since Playwright's objects belong to the loop that started it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from archisync_gui.model import Finished, Outcome
from tests.syncs.erp_harness import world


@pytest.mark.qasync
async def test_reads_work_on_the_panels_loop(tmp_path: Path) -> None:
    """Suspended, resumed, cancelled and fast reads on Qt's loop, whose timers sometimes fire early."""
    async with world(tmp_path) as here:
        control = here.control("orders")
        control.on_progress = lambda p: setattr(control, "suspend", p.page == 1)
        suspended = await here.suspend(control)
        control.resume, control.on_progress, control.suspend = suspended.state, None, False
        ended = await here.runner(control)
        assert isinstance(ended, Finished)
        assert ended.outcome is Outcome.COMPLETED
        control = here.control("invoices")
        task = asyncio.ensure_future(here.runner(control))
        control.on_progress = lambda _: task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await here.sync("invoices")).outcome is Outcome.COMPLETED
        assert set(await here.rows("orders")) == here.truth("orders")
