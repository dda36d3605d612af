"""Subscribers to events: listeners are called at once, feeds are read at the reader's pace. Neither can harm the
orchestrator (rule 7)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from archisync_gui.model import Event, Listener
from archisync_gui.model.events import OfficeChanged, QueueUpdated, SyncProgress, subject

log = logging.getLogger(__name__)

FEED_LIMIT = 500
"""Events that wait for a slow reader before older ones of the same subject give way."""


class Listeners:
    """All listeners and feeds."""

    def __init__(self) -> None:
        self._listeners: dict[object, Listener] = {}

    def add(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` with every event from now on. Returns a function that ends it and may be called twice."""
        key = object()
        self._listeners[key] = listener

        def stop() -> None:
            self._listeners.pop(key, None)

        return stop

    def tell(self, event: Event) -> None:
        """Pass the event to all. What a listener raises is logged; the others still get the event."""
        for listener in tuple(self._listeners.values()):
            try:
                listener(event)
            except Exception:
                log.exception("a listener failed at %s", event.kind)

    def __len__(self) -> int:
        return len(self._listeners)

    def feed(self, limit: int = FEED_LIMIT) -> Feed:
        """Events from now on for one reader at its own pace."""
        return Feed(self.add, limit)


class Feed:
    """Events as they come, for one reader, until it closes the feed. A reader that is slow misses repetition, never the
    last state: progress and queue merge at once, the rest by subject when too many wait."""

    def __init__(self, subscribe: Callable[[Listener], Callable[[], None]], limit: int) -> None:
        self._limit = limit
        self._waiting: dict[object, Event] = {}
        self._ready = asyncio.Event()
        self._stop = subscribe(self._hear)

    def _hear(self, event: Event) -> None:
        key = _merging_key(event)
        self._waiting.pop(key, None)
        self._waiting[key] = event
        if len(self._waiting) > self._limit:
            _shorten(self._waiting, self._limit)
        self._ready.set()

    def __aiter__(self) -> Feed:
        return self

    async def __anext__(self) -> Event:
        while not self._waiting:
            self._ready.clear()
            await self._ready.wait()
        return self._waiting.pop(next(iter(self._waiting)))

    async def aclose(self) -> None:
        """End the subscription."""
        self._stop()

    async def __aenter__(self) -> Feed:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


def _merging_key(event: Event) -> object:
    """Events of which only the last says anything have one key: progress of a run, the queue, who leads. Each other one
    has its own; its revision is none, since an office's leader and member tell events of the same one."""
    match event.data:
        case SyncProgress(run_id=run_id):
            return event.kind, run_id
        case QueueUpdated(account=account):
            return event.kind, account
        case OfficeChanged():
            return event.kind
    return object()


def _shorten(waiting: dict[object, Event], limit: int) -> None:
    """Keep the last event of each kind and subject; beyond that, the latest ones."""
    last: dict[object, Event] = {}
    for event in waiting.values():
        key = event.kind, subject(event.data)
        last.pop(key, None)
        last[key] = event
    waiting.clear()
    for event in list(last.values())[-limit:]:
        waiting[_merging_key(event)] = event
