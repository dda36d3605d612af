"""Polls, with a time limit, for conditions that no event reports."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def until(condition: Callable[[], T], seconds: float = 60.0) -> T:
    """Wait until ``condition`` returns something true, and return that. ``TimeoutError`` after ``seconds``: a limit for
    tests that fail, long enough for a machine under load."""
    async with asyncio.timeout(seconds):
        while not (found := condition()):  # noqa: ASYNC110  (no event reports it)
            await asyncio.sleep(0.01)
        return found


async def until_answered(ask: Callable[[], Awaitable[T]], seconds: float = 60.0) -> T:
    """Like :func:`until`, for a condition that has to be awaited, such as a question to a browser's page."""
    async with asyncio.timeout(seconds):
        while not (found := await ask()):  # noqa: ASYNC110  (no event reports it)
            await asyncio.sleep(0.01)
        return found
