"""Closing what reads the ERP after a member has lost the leadership."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

AGAIN = 0.5
"""Seconds between two attempts to kill the browser: one that was being started appears a little later."""


async def let_go(closing: Coroutine[Any, Any, None], kill_browser: Callable[[], object]) -> None:
    """Await ``closing``, and kill the browser at once and repeatedly until that is done: another member reads the ERP
    by now, so this one must not, whatever its parts still wait for."""
    task = asyncio.ensure_future(closing)
    try:
        while not task.done():
            await asyncio.to_thread(kill_browser)
            await asyncio.wait({task}, timeout=AGAIN)
    finally:
        await task
