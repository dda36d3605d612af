"""A member lets its leadership go: what reads the ERP closes, however long it takes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from archisync_gui.office.leadership import YIELD

BROWSER_GRACE = YIELD
"""Seconds that the ERP's browser may live when the leadership is lost."""


log = logging.getLogger(__name__)


async def let_go(closing: Coroutine[Any, Any, None], kill_browser: Callable[[], object]) -> None:
    """Close what reads the ERP, and end the browser without a word when that takes longer than :data:`BROWSER_GRACE`:
    another member reads by now, whatever this one's parts still wait for."""
    task = asyncio.ensure_future(closing)
    try:
        await asyncio.wait({task}, timeout=BROWSER_GRACE)
        if not task.done():
            log.warning("the browser is ended: this member does not lead any more and closing takes long")
            await asyncio.to_thread(kill_browser)
    finally:
        await task
