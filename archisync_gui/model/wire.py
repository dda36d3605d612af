"""The JSON form of values."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum
from functools import cache
from typing import Any


def camel(name: str) -> str:
    """``last_run_time`` → ``lastRunTime``."""
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


_PLAIN = frozenset({type(None), bool, int, float, str})


def as_json(value: Any) -> Any:
    """The JSON form of any value of this module: keys in camelCase, times ISO 8601 with offset, enums by value."""
    if value.__class__ in _PLAIN:  # most are: progress comes thousands of times a second
        return value
    match value:
        case _ if dataclasses.is_dataclass(value):
            return {key: as_json(getattr(value, name)) for key, name in _json_keys(value.__class__)}
        case Enum():
            return value.value
        case int() | float() | str():
            return value
        case datetime() | date():
            return value.isoformat()
        case Mapping():
            return {str(k): as_json(v) for k, v in value.items()}
        case list() | tuple() | set() | frozenset():
            return [as_json(v) for v in value]
        case _:
            raise TypeError(f"no JSON form for {type(value).__name__}")


@cache
def _json_keys(kind: type[Any]) -> tuple[tuple[str, str], ...]:
    """JSON key and name of each field of a dataclass (cached: progress comes thousands of times a second)."""
    return tuple((camel(field.name), field.name) for field in dataclasses.fields(kind))
