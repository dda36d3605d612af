"""A store that is opened when a test says so: what a start does in its first moments."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from archisync_gui.store import Store


def slow_opening(monkeypatch: pytest.MonkeyPatch) -> tuple[asyncio.Event, asyncio.Event]:
    """Two events: the opening has begun (set here), and it may go on (set by the test)."""
    opening, go_on = asyncio.Event(), asyncio.Event()
    real = Store.open

    async def slow(*args: Any, **how: Any) -> Any:
        opening.set()
        await go_on.wait()
        return await real(*args, **how)

    monkeypatch.setattr(Store, "open", slow)
    return opening, go_on
