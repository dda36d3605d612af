"""Conversion of values to JSON and back, and warnings of a run as strings."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from archisync_gui.model.kinds import Json

T = TypeVar("T")

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


def from_json(kind: type[T], value: Any) -> T:
    """A value of a dataclass of ``model`` from the JSON made by :func:`as_json`. Unknown keys are ignored, and a
    missing key takes the field's default, so that versions can differ a little. Raises ``ValueError``, ``TypeError``
    or ``KeyError`` for anything else."""
    found: T = _read(kind, value)
    return found


def _read(kind: Any, value: Any) -> Any:
    if kind is Any or kind is object:
        return value
    if isinstance(kind, type):
        if dataclasses.is_dataclass(kind):
            return kind(**{name: _read(hint, value[key]) for key, name, hint in _fields(kind) if key in value})
        if issubclass(kind, Enum):
            return kind(value)
        if issubclass(kind, datetime | date):
            return kind.fromisoformat(value)
        if kind is float:
            return float(value)
        if not isinstance(value, kind):
            raise TypeError(f"{value!r} is no {kind.__name__}")
        return value
    return _read_generic(get_origin(kind), get_args(kind), value)


def _read_generic(origin: Any, inner: tuple[Any, ...], value: Any) -> Any:
    if origin in (Union, types.UnionType):
        if value is None and type(None) in inner:
            return None
        others = [kind for kind in inner if kind is not type(None)]
        return _read(others[0], value) if len(others) == 1 else value  # several: the type is ``model.Json``
    wanted: type[Any] = dict if origin in (Mapping, dict) else list
    if not isinstance(value, wanted):
        raise TypeError(f"{value!r} is no {wanted.__name__}")
    if origin is tuple and inner[-1] is Ellipsis:
        return tuple(_read(inner[0], item) for item in value)
    if origin is tuple:
        return tuple(_read(kind, item) for kind, item in zip(inner, value, strict=True))
    if origin in (Mapping, dict):
        return {_read(inner[0], key): _read(inner[1], item) for key, item in value.items()}
    if origin in (Sequence, list):
        return [_read(inner[0], item) for item in value]
    raise TypeError(f"no value of {origin} can be read")


@cache
def _fields(kind: type[Any]) -> tuple[tuple[str, str, Any], ...]:
    """JSON key, name and type of each field."""
    hints = get_type_hints(kind)
    return tuple((camel(field.name), field.name, hints[field.name]) for field in dataclasses.fields(kind))


def warning(code: str, **params: str | int) -> str:
    """A warning of a run, as a string ``code?name=value&…``. ``code`` names a text in ``resources/messages``."""
    from urllib.parse import urlencode

    return f"{code}?{urlencode(params)}" if params else code


def warning_parts(text: str) -> tuple[str, dict[str, str]]:
    """The code and the parameters of a string made by :func:`warning`."""
    from urllib.parse import parse_qsl

    code, _, query = text.partition("?")
    return code, dict(parse_qsl(query, keep_blank_values=True))


def is_first_read(warnings: Iterable[Json]) -> bool:
    """True if these are the warnings of a list's first whole read."""
    return any(warning_parts(text)[0] == FIRST_READ for text in warnings if isinstance(text, str))
