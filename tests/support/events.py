"""Events for tests, from the few fields that a test is about."""

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
"""A value for each field that an event must have."""


def data_of(kind: EventKind, said: Mapping[str, Any] | None = None) -> EventData:
    """What an event of that kind says: the fields given (in their JSON form), and usual values for others it must have.
    Fields that the kind has not are refused."""
    fields = {camel(f.name): f for f in dataclasses.fields(KINDS[kind])}
    unknown = set(said or {}) - set(fields)
    if unknown:
        raise TypeError(f"{kind.value} has no {sorted(unknown)}")
    needed = [name for name, field in fields.items() if field.default is dataclasses.MISSING]
    told = {**{name: USUAL[name] for name in needed}, **(said or {})}
    if isinstance(told.get("error"), Mapping):
        told["error"] = {**USUAL["error"], **told["error"]}
    return data_from(kind, told)


def an_event(
    kind: EventKind, boot: str, revision: int, at: datetime | None = None, said: Mapping[str, Any] | None = None
) -> Event:
    """An event in its envelope; see :func:`data_of`."""
    return Event(boot, revision, at or datetime.now(UTC), data_of(kind, said))
