"""Schemas of the messages that the panel sends on a tab's WebSocket, for the OpenAPI document. ``tab_line`` sends
them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TEXT = {"type": "string"}
NUMBER = {"type": "integer"}
COUNT = {"anyOf": [NUMBER, {"type": "null"}]}
TIME = {"type": "string", "format": "date-time"}
AGE = {"anyOf": [TIME, {"type": "null"}], "description": "null: not known"}
AGES = {"newAsOf": AGE, "allAsOf": AGE}
WHY = {"code": TEXT, "error": TEXT, "hint": TEXT}

MESSAGES: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "attached": (
        "The first message. `fresh`: the account's customers were read after the session was opened.",
        {"handle": TEXT, "deadline": TIME, "fresh": {"type": "boolean"}, **AGES},
    ),
    "touched": ("Answer to `touch`: when the session ends without another sign of life.", {"deadline": TIME}),
    "progress": (
        "How far the read of the account's customers is.",
        {"step": TEXT, "page": COUNT, "pages": COUNT, "rows": NUMBER, "total": COUNT},
    ),
    "fresh": ("There are newer customers of the session's account.", AGES),
    "ages": (
        "The ages have changed without newer customers: an older whole list was read, or they are not known any more.",
        AGES,
    ),
    "failed": ("No fresh customers for now, with the reason.", {**WHY, **AGES}),
    "held": ("No fresh customers during the operator's pause.", {**WHY, **AGES}),
    "ended": ("The session has ended; the line is closed.", {"reason": TEXT}),
    "refused": ("The page's message or token was refused; the line is closed.", WHY),
}
"""Type of a message → its description, and its fields beside ``type``, all of them required."""


def schemas(reference: str) -> dict[str, Any]:
    """The schema ``LineMessage`` and one for each type of message; ``reference``: the prefix of a ``$ref``."""
    kinds = {f"Line{kind.capitalize()}": _message(kind) for kind in MESSAGES}
    about = f"A message to the tab: one of {', '.join(f'`{name}`' for name in kinds)}."
    return kinds | {"LineMessage": {"description": about, "oneOf": [{"$ref": reference + name} for name in kinds]}}


def _message(kind: str) -> dict[str, Any]:
    about, fields = MESSAGES[kind]
    properties = {"type": {"const": kind}, **fields}
    return {"type": "object", "description": about, "properties": properties, "required": [*properties]}
