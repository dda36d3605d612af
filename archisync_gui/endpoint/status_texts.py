"""The JSON text of the status, cached: order forms ask for it more often than it changes."""

from __future__ import annotations

from datetime import datetime

from archisync_gui import zone
from archisync_gui.conditions import Condition, conditions
from archisync_gui.conditions import text as text_of_condition
from archisync_gui.endpoint import contract
from archisync_gui.endpoint.account_view import AccountView
from archisync_gui.endpoint.contract import answer_text
from archisync_gui.entities import list_name
from archisync_gui.model import AccountId, Status, as_json


class StatusTexts:
    """The answer to ``GET /api/sync/status``, made once for each status, language and account: order forms ask for it
    many times before it changes, and making it takes longer than the rest of the request."""

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
