"""Delays the opening of the store, so that a test sees what the start does before."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from archisync_gui.store import Store


def slow_opening(monkeypatch: pytest.MonkeyPatch) -> tuple[asyncio.Event, asyncio.Event]:
    """Make ``Store.open`` wait. Returns two events: the opening has begun (set here); it may continue (set by the
    test)."""
    opening, go_on = asyncio.Event(), asyncio.Event()
    real = Store.open

    async def slow(*args: Any, **how: Any) -> Any:
        opening.set()
        await go_on.wait()
        return await real(*args, **how)

    monkeypatch.setattr(Store, "open", slow)
    return opening, go_on
