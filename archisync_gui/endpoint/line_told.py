"""What the tab's line says, as schemas for the contract's document; the line itself is in ``tab_line``."""

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

SAID: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "attached": (
        "First. `fresh`: the session's customers were read since it was opened.",
        {"handle": TEXT, "deadline": TIME, "fresh": {"type": "boolean"}, **AGES},
    ),
    "touched": ("Answers `touch`: when the session ends without another sign.", {"deadline": TIME}),
    "progress": (
        "How far the read of the account's customers is.",
        {"step": TEXT, "page": COUNT, "pages": COUNT, "rows": NUMBER, "total": COUNT},
    ),
    "fresh": ("There are newer customers of the session's account.", AGES),
    "ages": ("The ages have changed otherwise: an older whole list was read, or they are not known any more.", AGES),
    "failed": ("No fresh customers for now.", {**WHY, **AGES}),
    "held": ("No fresh customers during the operator's pause.", {**WHY, **AGES}),
    "ended": ("The session has ended; the line is closed.", {"reason": TEXT}),
    "refused": ("What the page sent is refused; the line is closed.", WHY),
}
"""Kind of a message → what it means, and its fields beside ``type``. All of them are always there."""


def schemas(reference: str) -> dict[str, Any]:
    """One message of the line, ``LineMessage``, and each kind of it; ``reference``: what stands before a name."""
    kinds = {f"Line{kind.capitalize()}": _message(kind) for kind in SAID}
    about = f"What the tab's line says: one of {', '.join(f'`{name}`' for name in kinds)}."
    return kinds | {"LineMessage": {"description": about, "oneOf": [{"$ref": reference + name} for name in kinds]}}


def _message(kind: str) -> dict[str, Any]:
    about, fields = SAID[kind]
    properties = {"type": {"const": kind}, **fields}
    return {"type": "object", "description": about, "properties": properties, "required": [*properties]}
