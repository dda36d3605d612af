"""Closing what reads the ERP after a member has lost the leadership."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

AGAIN = 0.5
"""Seconds between two attempts to kill the browser: one that was being started appears a little later."""


async def let_go(
    closing: Coroutine[Any, Any, None],
    kill_browser: Callable[[], object],
    *,
    is_over: Callable[[], bool],
    break_off: Callable[[], object],
) -> None:
    """Await ``closing``. If the leadership ``is_over``, or as soon as it is, call ``break_off``, so that nothing waits
    for the office's server, and kill the browser repeatedly until ``closing`` is done: another member reads the ERP by
    now, so this one must not, whatever its parts still wait for."""
    task = asyncio.ensure_future(closing)
    try:
        while not task.done():
            if is_over():
                break_off()
                await asyncio.to_thread(kill_browser)
            await asyncio.wait({task}, timeout=AGAIN)
    finally:
        await task
