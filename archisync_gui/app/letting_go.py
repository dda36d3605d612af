"""A member lets its leadership go: what reads the ERP closes, however long it takes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

AGAIN = 0.5
"""Seconds between two times that the browser is ended: one that was just being started appears a little later."""


async def let_go(closing: Coroutine[Any, Any, None], kill_browser: Callable[[], object]) -> None:
    """Close what reads the ERP, and end its browser without a word, at once and again until all is closed: another
    member reads by now, whatever this one's parts still do or wait for."""
    task = asyncio.ensure_future(closing)
    try:
        while not task.done():
            await asyncio.to_thread(kill_browser)
            await asyncio.wait({task}, timeout=AGAIN)
    finally:
        await task
