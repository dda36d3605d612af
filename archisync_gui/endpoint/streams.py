"""The open streams together: how many there may be, and how they all end when the endpoint stops; no protocol."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from archisync_gui.endpoint.gate import Refusal


class Streams:
    """Counts event streams and tab lines and ends them."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._tasks: set[asyncio.Task[object]] = set()
        self.closing = asyncio.Event()
        """Set when the endpoint stops; every stream and every long wait ends then."""

    def __len__(self) -> int:
        return len(self._tasks)

    async def end(self, patience: float) -> None:
        """Tell all to end and give them ``patience`` seconds to say good-bye."""
        self.closing.set()
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=patience)

    @contextmanager
    def one(self) -> Iterator[None]:
        """Take one of the places for the current task; raises :class:`Refusal` when there is none left."""
        if len(self._tasks) >= self._most:
            raise Refusal(503, "too-many-streams", headers={"Retry-After": "10"})
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            yield
        finally:
            self._tasks.discard(task)
