"""Makes events for tests from the few fields that a test is about."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from archisync_gui.model import Event, EventKind, camel
from archisync_gui.model.events import KINDS, EventData, data_from

USUAL: Mapping[str, Any] = {
    "runId": "r",
    "type": "orders",
    "account": "agente01",
    "scope": "all",
    "origin": "schedule",
    "attempt": 1,
    "requestId": "q",
    "priority": 50,
    "outcome": "completed",
    "error": {"code": "erp-slow", "kind": "transient", "message": "slow"},
    "cause": "operator",
    "seconds": 5.0,
    "handle": "s",
    "label": "Modulo",
    "hold": True,
    "missed": [],
}
"""A default for each required field of an event."""


def data_of(kind: EventKind, values: Mapping[str, Any] | None = None) -> EventData:
    """The data of an event of that kind: ``values`` (field names and values as in JSON), and defaults for the other
    required fields. ``TypeError`` for a field that the kind does not have."""
    fields = {camel(f.name): f for f in dataclasses.fields(KINDS[kind])}
    unknown = set(values or {}) - set(fields)
    if unknown:
        raise TypeError(f"{kind.value} has no {sorted(unknown)}")
    required = [name for name, field in fields.items() if field.default is dataclasses.MISSING]
    data = {**{name: USUAL[name] for name in required}, **(values or {})}
    if isinstance(data.get("error"), Mapping):
        data["error"] = {**USUAL["error"], **data["error"]}
    return data_from(kind, data)


def an_event(
    kind: EventKind, boot: str, revision: int, at: datetime | None = None, values: Mapping[str, Any] | None = None
) -> Event:
    """An event in its envelope; see :func:`data_of`."""
    return Event(boot, revision, at or datetime.now(UTC), data_of(kind, values))
