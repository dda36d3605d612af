"""Subscribers to events: listeners are called at once, feeds are read at the reader's pace. Errors and slowness of
subscribers do not affect the orchestrator (rule 7)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from archisync_gui.model import Event, Listener
from archisync_gui.model.events import OfficeChanged, QueueUpdated, SyncProgress, subject

log = logging.getLogger(__name__)

FEED_LIMIT = 500
"""Number of events waiting for a slow reader from which older ones of the same subject are dropped."""


class Listeners:
    """All listeners and feeds."""

    def __init__(self) -> None:
        self._listeners: dict[object, Listener] = {}

    def add(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` with every event from now on. Returns a function that ends the subscription; calling it
        again does nothing."""
        key = object()
        self._listeners[key] = listener

        def stop() -> None:
            self._listeners.pop(key, None)

        return stop

    def publish(self, event: Event) -> None:
        """Pass the event to all listeners. If one raises, that is logged, and the others still get the event."""
        for listener in tuple(self._listeners.values()):
            try:
                listener(event)
            except Exception:
                log.exception("a listener failed at %s", event.kind)

    def __len__(self) -> int:
        return len(self._listeners)

    def feed(self, limit: int = FEED_LIMIT) -> Feed:
        """A feed of the events from now on, for one reader."""
        return Feed(self.add, limit)


class Feed:
    """The events from its creation on, for one reader, until the reader closes the feed. A slow reader misses outdated
    events, never the last one of a subject: events of progress and queue replace earlier ones at once, others replace
    earlier ones of their subject when too many wait."""

    def __init__(self, subscribe: Callable[[Listener], Callable[[], None]], limit: int) -> None:
        self._limit = limit
        self._waiting: dict[object, Event] = {}
        self._ready = asyncio.Event()
        self._stop = subscribe(self._add)

    def _add(self, event: Event) -> None:
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
    """Events of which only the last one matters share a key: progress of a run, the queue, the office's leader. Any
    other event has a key of its own. Its revision cannot be the key, since leader and member of an office send events
    with the same revision."""
    match event.data:
        case SyncProgress(run_id=run_id):
            return event.kind, run_id
        case QueueUpdated(account=account):
            return event.kind, account
        case OfficeChanged():
            return event.kind
    return object()


def _shorten(waiting: dict[object, Event], limit: int) -> None:
    """Keep only the last event of each kind and subject, and of these the latest ``limit``."""
    last: dict[object, Event] = {}
    for event in waiting.values():
        key = event.kind, subject(event.data)
        last.pop(key, None)
        last[key] = event
    waiting.clear()
    for event in list(last.values())[-limit:]:
        waiting[_merging_key(event)] = event
