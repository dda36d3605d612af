"""Parsers for the typed values of ``GetPageRowValues`` (``docs/erp.md``, Reading by values); no page, no store.

The page's script encodes a value as text, number, boolean, ``None`` (empty), ``{"$date": local time}``, or
``{"$other": type}`` for any other type. Both ways of reading give equal records: a test compares them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from math import isfinite
from typing import TypeAlias, TypeGuard

from archisync_gui.entities.declaration import Column, Kind, Value
from archisync_gui.erp.cells.parsers import LARGEST, NO_DATE, Unreadable, fold, parse_id, parse_text, parser
from archisync_gui.erp.cells.words import Words

Typed: TypeAlias = str | int | float | bool | Mapping[str, str] | None

_ITALIAN_MIDNIGHT = (22, 23)
"""UTC hours at which an Italian day begins, in summer and in winter; the UTC date is the day before."""

_NOISE = Decimal("1e-6")
"""Rounding errors of binary fractions are far below this; a larger difference means further decimals."""

_PLACES = {Kind.MONEY: 2, Kind.PERCENT: 2, Kind.NUMBER: 3, Kind.INTEGER: 0}


def text_of(value: Typed) -> str:
    """The value as plain text, for garbage rules and keys."""
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return value.get("$date", "")
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _scaled(value: int | float, kind: Kind) -> int:
    exact = Decimal(repr(value)).scaleb(_PLACES[kind])
    whole = exact.to_integral_value(ROUND_HALF_UP)
    # The ERP computes amounts, which may have more decimals than money has; its cells show them rounded, too.
    if kind is not Kind.MONEY and abs(exact - whole) > _NOISE:
        raise Unreadable(repr(value), kind)
    if abs(whole) > LARGEST:
        raise Unreadable(repr(value), kind)
    return int(whole)


def _is_number(value: Typed) -> TypeGuard[int | float]:
    """True for finite numbers; a bool is not one."""
    if isinstance(value, float):
        return isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool)


def _number(value: Typed, kind: Kind) -> int:
    if not _is_number(value):
        raise Unreadable(text_of(value) or str(value), kind)
    return _scaled(value, kind)


def _timestamp(value: Typed, kind: Kind) -> datetime | None:
    text = value.get("$date") if isinstance(value, Mapping) else None
    if text is None:
        raise Unreadable(str(value), kind)
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise Unreadable(text, kind) from None
    return None if parsed.date() in NO_DATE else parsed


def _date(value: Typed) -> str | None:
    parsed = _timestamp(value, Kind.DATE)
    if parsed is None:
        return None
    if parsed.hour in _ITALIAN_MIDNIGHT and not (parsed.minute or parsed.second):
        raise Unreadable(parsed.isoformat(), Kind.DATE)
    return parsed.date().isoformat()


def _datetime(value: Typed) -> str | None:
    parsed = _timestamp(value, Kind.DATETIME)
    return None if parsed is None else parsed.replace(microsecond=0).isoformat()


def _bool(value: Typed) -> bool:
    if isinstance(value, bool):
        return value
    if value in (0, 1):
        return value == 1
    raise Unreadable(str(value), Kind.BOOL)


def _id(value: Typed) -> str | None:
    if not _is_number(value):
        raise Unreadable(str(value), Kind.ID)
    if value != int(value) or value < 0:
        raise Unreadable(str(value), Kind.ID)
    return parse_id(str(int(value)))


def _text(value: Typed) -> str | None:
    if isinstance(value, Mapping) and "$date" not in value:
        raise Unreadable(str(value), Kind.TEXT)
    return parse_text(text_of(value))


_BY_KIND: Mapping[Kind, Callable[[Typed], Value]] = {
    Kind.ID: _id,
    Kind.TEXT: _text,
    Kind.LINES: _text,
    Kind.INTEGER: lambda value: _number(value, Kind.INTEGER),
    Kind.NUMBER: lambda value: _number(value, Kind.NUMBER),
    Kind.MONEY: lambda value: _number(value, Kind.MONEY),
    Kind.PERCENT: lambda value: _number(value, Kind.PERCENT),
    Kind.DATE: _date,
    Kind.DATETIME: _datetime,
    Kind.BOOL: _bool,
}

_ISO = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d+)?)?")


def typed_parser(column: Column, words: Words) -> Callable[[Typed], Value]:
    """The parser for a column's typed values; it raises :class:`Unreadable`. A text in a column that should hold
    numbers, dates or booleans is parsed like a cell text."""
    from_text = parser(column, words)
    if column.kind is Kind.ENUM:

        def word(value: Typed) -> Value:
            if isinstance(value, Mapping):
                raise Unreadable(str(value), Kind.ENUM)
            return from_text(text_of(value))

        return word
    from_value = _BY_KIND[column.kind]
    dated = column.kind in (Kind.DATE, Kind.DATETIME)

    def parse(value: Typed) -> Value:
        if value is None:
            return None
        if isinstance(value, str):
            if dated and _ISO.fullmatch(fold(value)):
                return from_value({"$date": fold(value)})
            return from_text(value)
        return from_value(value)

    return parse
