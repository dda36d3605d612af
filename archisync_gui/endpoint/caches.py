"""What the endpoint remembers from its start on: the last events, and whose ticket is whose."""

from __future__ import annotations

import re
from collections import OrderedDict, deque

from archisync_gui.model import Event

REMEMBERED_TICKETS = 2000

REMEMBERED_EVENTS = 1000
"""Events kept so that a stream that broke can go on where it was."""


class TicketBook:
    """Which page asked for which ticket: nobody else may look at it or withdraw it, even if the id was guessed."""

    def __init__(self) -> None:
        self._pages: OrderedDict[str, str] = OrderedDict()

    def note(self, ticket_id: str, page_id: str) -> None:
        """That page has asked for that ticket."""
        self._pages[ticket_id] = page_id
        while len(self._pages) > REMEMBERED_TICKETS:
            self._pages.popitem(last=False)

    def belongs(self, ticket_id: str, page_id: str) -> bool:
        """Whether that page asked for it."""
        return self._pages.get(ticket_id) == page_id


class EventLog:
    """The last events of this process, for streams that come back."""

    def __init__(self) -> None:
        self._events: deque[Event] = deque(maxlen=REMEMBERED_EVENTS)

    def add(self, event: Event) -> None:
        """Remember one (called by the orchestrator)."""
        self._events.append(event)

    def since(self, last_id: str) -> tuple[Event, ...]:
        """What came after ``boot:revision``; nothing for another process's id or one too old to bridge the gap."""
        boot, _, revision = last_id.rpartition(":")
        if not self._events or not re.fullmatch("[0-9]{1,15}", revision):
            return ()
        first = self._events[0]
        if boot != first.boot or int(revision) < first.revision - 1:
            return ()
        return tuple(event for event in self._events if event.revision > int(revision))
