"""Waiting for what no event tells, with a bound; used by tests of all parts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def until(condition: Callable[[], T], seconds: float = 60.0) -> T:
    """Wait until ``condition`` answers something true, and return that. ``TimeoutError`` after ``seconds``: a bound for
    a test that fails, generous for machines under load."""
    async with asyncio.timeout(seconds):
        while not (found := condition()):  # noqa: ASYNC110  (no event tells)
            await asyncio.sleep(0.01)
        return found
