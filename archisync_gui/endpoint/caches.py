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
    """The last events that this endpoint heard, for streams that come back. Their numbers are its own: revisions are
    not unique in an office, and begin anew with each leader."""

    def __init__(self, life: str) -> None:
        """``life``: names this endpoint; numbers of another one mean nothing here."""
        self._life = life
        self._events: deque[Event] = deque(maxlen=REMEMBERED_EVENTS)
        self._heard = 0

    def add(self, event: Event) -> None:
        """Remember one (called by the orchestrator)."""
        self._events.append(event)
        self._heard += 1

    def interrupt(self) -> None:
        """Events that come now are not heard: nobody can go on over this gap."""
        self._events.clear()
        self._heard += 1

    @property
    def last_id(self) -> str:
        """What a stream goes on after that has heard everything."""
        return f"{self._life}:{self._heard}"

    def id_of(self, event: Event) -> str:
        """What a stream goes on after that has heard all up to ``event``; an empty text when that is too long ago."""
        for back, kept in enumerate(reversed(self._events)):
            if kept is event:
                return f"{self._life}:{self._heard - back}"
        return ""

    def since(self, last_id: str) -> tuple[Event, ...]:
        """What came after that id; nothing for another endpoint's id or one too old to bridge the gap."""
        life, _, number = last_id.rpartition(":")
        if life != self._life or not re.fullmatch("[0-9]{1,15}", number):
            return ()
        missed = self._heard - int(number)
        return tuple(self._events)[-missed:] if 0 < missed <= len(self._events) else ()
