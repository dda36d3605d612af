"""What the endpoint keeps in memory: the last events, and which page asked for which ticket."""

from __future__ import annotations

import re
from collections import OrderedDict, deque

from archisync_gui.model import Event

REMEMBERED_TICKETS = 2000

REMEMBERED_EVENTS = 1000
"""Events kept so that a stream that broke can be resumed (``Last-Event-ID``)."""


class TicketBook:
    """Which page asked for which ticket: no other page may see or cancel it, even with the right id."""

    def __init__(self) -> None:
        self._pages: OrderedDict[str, str] = OrderedDict()

    def note(self, ticket_id: str, page_id: str) -> None:
        """Store that the page asked for the ticket; beyond :data:`REMEMBERED_TICKETS` the oldest is dropped."""
        self._pages[ticket_id] = page_id
        while len(self._pages) > REMEMBERED_TICKETS:
            self._pages.popitem(last=False)

    def belongs(self, ticket_id: str, page_id: str) -> bool:
        """Whether that page asked for that ticket."""
        return self._pages.get(ticket_id) == page_id


class EventLog:
    """The last events that this endpoint received, for streams that are resumed. It numbers them itself: revisions are
    not unique in an office, and begin again with each leader."""

    def __init__(self, instance: str) -> None:
        """``instance``: names this endpoint in ids; ids of another one are not known here."""
        self._instance = instance
        self._events: deque[Event] = deque(maxlen=REMEMBERED_EVENTS)
        self._count = 0

    def add(self, event: Event) -> None:
        """Add an event (called by the orchestrator)."""
        self._events.append(event)
        self._count += 1

    def interrupt(self) -> None:
        """From now on events are missed: forget all, so that no stream is resumed over this gap."""
        self._events.clear()
        self._count += 1

    @property
    def last_id(self) -> str:
        """The id of a stream that has received all events so far."""
        return f"{self._instance}:{self._count}"

    def id_of(self, event: Event) -> str:
        """The id of a stream that has received all up to ``event``; an empty text when that is too long ago."""
        for back, kept in enumerate(reversed(self._events)):
            if kept is event:
                return f"{self._instance}:{self._count - back}"
        return ""

    def since(self, last_id: str) -> tuple[Event, ...]:
        """The events after that id; none for an id that is of another endpoint, malformed or too old."""
        instance, _, number = last_id.rpartition(":")
        if instance != self._instance or not re.fullmatch("[0-9]{1,15}", number):
            return ()
        missed = self._count - int(number)
        return tuple(self._events)[-missed:] if 0 < missed <= len(self._events) else ()
