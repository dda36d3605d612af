"""What the endpoint remembers between requests: the last events, status texts, and whose ticket is whose."""

from __future__ import annotations

import re
from collections import OrderedDict, deque
from datetime import datetime

from archisync_gui import zone
from archisync_gui.conditions import Condition, conditions
from archisync_gui.conditions import text as text_of_condition
from archisync_gui.endpoint import contract
from archisync_gui.endpoint.account_view import AccountView
from archisync_gui.endpoint.contract import answer_text
from archisync_gui.entities import list_name
from archisync_gui.model import AccountId, Event, Status, as_json

REMEMBERED_TICKETS = 2000

REMEMBERED_EVENTS = 1000
"""Events kept so that a stream that broke can go on where it was."""


class StatusTexts:
    """The answer to ``GET /api/sync/status``, put together once for each status and language: order forms ask for it
    many times before it changes, and it costs more than all else about a request."""

    def __init__(self) -> None:
        self._status: Status | None = None
        self._texts: dict[tuple[str, AccountId | None], str] = {}

    def text(self, status: Status, message: str, language: str, view: AccountView | None) -> str:
        """The JSON text of the answer."""
        if status is not self._status:
            self._status, self._texts = status, {}
        key = language, view.account if view is not None else None
        found = self._texts.get(key)
        if found is None:
            seen = status if view is None else view.status(status)
            shown = [_condition(condition, language, seen.at) for condition in conditions(seen)]
            found = answer_text(contract.StatusAnswer(message=message, status=as_json(seen), conditions=shown))
            self._texts[key] = found
        return found


def _condition(condition: Condition, language: str, now: datetime) -> contract.ConditionView:
    found = condition.as_json()
    said = text_of_condition(found, language, lambda name: list_name(name, language), lambda at: zone.clock(at, now))
    return contract.ConditionView.model_validate({**found, "kind": condition.kind, "text": str(said)})


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
