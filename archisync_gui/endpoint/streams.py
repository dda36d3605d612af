"""The open event streams and WebSockets: their number, the page of each, and how they are ended."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Container, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from archisync_gui.endpoint.gate import Refusal

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class Stream:
    """One open event stream or WebSocket of a tab."""

    task: asyncio.Task[object]
    page_id: str | None
    """The paired page that opened it; ``None``: it is not ended when a page is revoked."""
    over: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the stream has to end: the endpoint stops, or its page was revoked."""


class Streams:
    """Counts the open event streams and WebSockets and ends them."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._open: set[Stream] = set()
        self.closing = asyncio.Event()
        """Set when the endpoint stops: all streams and long waits end."""

    def __len__(self) -> int:
        return len(self._open)

    async def end(self, seconds: float) -> None:
        """Ask all streams to end, and wait for that, at most so many seconds."""
        self.closing.set()
        for stream in self._open:
            stream.over.set()
        if self._open:
            await asyncio.wait({stream.task for stream in self._open}, timeout=seconds)

    def end_others(self, page_ids: Container[str]) -> None:
        """End the streams of all pages but ``page_ids``, since their tokens were revoked."""
        for stream in self._open:
            if stream.page_id is not None and stream.page_id not in page_ids:
                stream.over.set()

    async def while_open(self, awaitable: Awaitable[T]) -> T:
        """The result of ``awaitable``. If the endpoint stops first, cancels it and raises :class:`Refusal` (503)."""
        work = asyncio.ensure_future(awaitable)
        closing = asyncio.ensure_future(self.closing.wait())
        try:
            await asyncio.wait((work, closing), return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                raise Refusal("closing")
            return work.result()
        finally:
            work.cancel()
            closing.cancel()

    @contextmanager
    def opened(self, page_id: str | None = None) -> Iterator[Stream]:
        """Count a stream, served by the current task, while the context lasts. Raises :class:`Refusal` when there are
        as many as allowed."""
        if len(self._open) >= self._limit:
            raise Refusal("too-many-streams")
        task = asyncio.current_task()
        assert task is not None
        stream = Stream(task, page_id)
        self._open.add(stream)
        try:
            yield stream
        finally:
            self._open.discard(stream)
