"""Values of ``model`` from the JSON that ``model.as_json`` made of them. Unknown keys are passed over, and a missing
key takes the field's default, so that members of neighbouring versions understand each other."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from archisync_gui import model

T = TypeVar("T")


def from_json(kind: type[T], value: Any) -> T:
    """The value of a dataclass of ``model``. Raises ``ValueError``, ``TypeError`` or ``KeyError`` for anything else."""
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
        others = [one for one in inner if one is not type(None)]
        return _read(others[0], value) if len(others) == 1 else value  # of several: ``model.Json``
    wanted: type[Any] = dict if origin in (Mapping, dict) else list
    if not isinstance(value, wanted):
        raise TypeError(f"{value!r} is no {wanted.__name__}")
    if origin is tuple and inner[-1] is Ellipsis:
        return tuple(_read(inner[0], one) for one in value)
    if origin is tuple:
        return tuple(_read(one, part) for one, part in zip(inner, value, strict=True))
    if origin in (Mapping, dict):
        return {_read(inner[0], key): _read(inner[1], one) for key, one in value.items()}
    if origin in (Sequence, list):
        return [_read(inner[0], one) for one in value]
    raise TypeError(f"no value of {origin} can be read")


@cache
def _fields(kind: type[Any]) -> tuple[tuple[str, str, Any], ...]:
    """JSON key, name and type of each field."""
    hints = get_type_hints(kind)
    return tuple((model.camel(field.name), field.name, hints[field.name]) for field in dataclasses.fields(kind))
