"""The open streams together: how many there may be, whose they are, and how they end; no protocol."""

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
    """One open event stream or tab line."""

    task: asyncio.Task[object]
    page_id: str | None
    """The paired page that holds it; ``None`` until its token is known."""
    over: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when it must end: the endpoint stops, or its page was revoked."""


class Streams:
    """Counts event streams and tab lines and ends them."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._open: set[Stream] = set()
        self.closing = asyncio.Event()
        """Set when the endpoint stops; every stream and every long wait ends then."""

    def __len__(self) -> int:
        return len(self._open)

    async def end(self, patience: float) -> None:
        """Tell all to end and give them ``patience`` seconds to say good-bye."""
        self.closing.set()
        for stream in self._open:
            stream.over.set()
        if self._open:
            await asyncio.wait({stream.task for stream in self._open}, timeout=patience)

    def keep(self, page_ids: Container[str]) -> None:
        """Tell all to end but those of the pages named: a token that was revoked opens nothing any longer."""
        for stream in self._open:
            if stream.page_id is not None and stream.page_id not in page_ids:
                stream.over.set()

    async def while_open(self, awaitable: Awaitable[T]) -> T:
        """Wait for something long, but not longer than the endpoint lives; raises :class:`Refusal` (503) then."""
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
    def one(self, page_id: str | None = None) -> Iterator[Stream]:
        """Take one of the places for the current task; raises :class:`Refusal` when there is none left."""
        if len(self._open) >= self._most:
            raise Refusal("too-many-streams")
        task = asyncio.current_task()
        assert task is not None
        stream = Stream(task, page_id)
        self._open.add(stream)
        try:
            yield stream
        finally:
            self._open.discard(stream)
