"""The JSON form of values, and a warning of a run as one string."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from enum import Enum
from functools import cache
from typing import Any

from archisync_gui.model.kinds import Json

_PLAIN = frozenset({type(None), bool, int, float, str})
FIRST_READ = "first-read"
"""Warning of a list's first whole read: all its rows were stored, and none of them counts as new."""


def camel(name: str) -> str:
    """``last_run_time`` → ``lastRunTime``."""
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


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


def warning(code: str, **params: str | int) -> str:
    """A warning of a run as one string: ``code?name=value&…``. ``code`` names a text in ``resources/messages``."""
    from urllib.parse import urlencode

    return f"{code}?{urlencode(params)}" if params else code


def warning_parts(text: str) -> tuple[str, dict[str, str]]:
    """What :func:`warning` put together: the text's code and its parameters."""
    from urllib.parse import parse_qsl

    code, _, query = text.partition("?")
    return code, dict(parse_qsl(query, keep_blank_values=True))


def is_first_read(warnings: Iterable[Json]) -> bool:
    """True when these are the warnings of a list's first whole read."""
    return any(warning_parts(text)[0] == FIRST_READ for text in warnings if isinstance(text, str))
