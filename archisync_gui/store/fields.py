"""The JSON of a row's changed fields in a line of the change log.

A line has all fields that a read changed in a row. Up to version 0004 of the schema each field had a line of its own;
such lines are kept as long as others.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from archisync_gui.entities.declaration import Value
from archisync_gui.store.dialect import each_row
from archisync_gui.store.keys import percent_change
from archisync_gui.store.schema import CHANGES, columns_there


class FieldChange(NamedTuple):
    """One changed field."""

    field: str | None
    before: Value
    after: Value
    percent: int | None
    """Difference of an amount, in hundredths of a percent."""


_encode = json.JSONEncoder(default=repr, separators=(",", ":")).encode  # ``repr``: a damaged cell may contain bytes


def packed(changed: Sequence[FieldChange]) -> tuple[str, int | None]:
    """The columns ``fields`` and ``percent`` of a line; ``percent`` is the largest difference of an amount."""
    percents = [change.percent for change in changed if change.percent is not None]
    return _encode(changed), max(percents, key=abs) if percents else None


def differences(
    names: Sequence[str], amounts: Sequence[bool], fields: Sequence[int], old: Sequence[Value], new: Sequence[Value]
) -> tuple[str, int | None]:
    """As :func:`packed`, for two versions of a row that differ in the columns with the indices ``fields``. A large list
    whose rows have all changed has a million of these, so the JSON is built without tuples and mostly without the
    encoder: in two thirds of the time, for a single field in half of it."""
    texts: list[str] = []
    percents: list[int] = []
    for i in fields:
        before, after = old[i], new[i]
        percent = percent_change(before, after) if amounts[i] else None
        if percent is None:
            was = before if type(before) is int else _encode(before)
            now = after if type(after) is int else _encode(after)
            texts.append(f'["{names[i]}",{was},{now},null]')
        else:
            texts.append(f'["{names[i]}",{before},{after},{percent}]')
            percents.append(percent)
    return f"[{','.join(texts)}]", max(percents, key=abs) if percents else None


def lines(connection: sa.Connection) -> Iterator[sa.RowMapping]:
    """The whole change log, oldest first, line by line; also of a file whose schema is of an older version. Lines that
    were returned may be changed and removed meanwhile."""
    there = columns_there(connection, CHANGES.name)
    statement = sa.select(*(column for column in CHANGES.columns if column.name in there))
    yield from each_row(connection, statement.order_by(CHANGES.c.id))


def fields_of(line: sa.RowMapping) -> list[FieldChange]:
    """The changed fields of a stored line, in the order of the list's columns. For a line without fields, or with
    damaged ones, a single change without name."""
    text = line.get("fields")
    if text is None:
        return [FieldChange(line["field"], line["before"], line["after"], line["percent"])]
    try:
        kept = json.loads(text)
    except (ValueError, TypeError):
        kept = None
    found = [change for part in (kept if isinstance(kept, list) else []) if (change := _change(part)) is not None]
    return found or [FieldChange(None, None, None, None)]


def _change(kept: object) -> FieldChange | None:
    if not isinstance(kept, list) or len(kept) != 4 or not isinstance(kept[0], str):
        return None
    if kept[3] is not None and type(kept[3]) is not int:
        return None
    return FieldChange(*kept)


def has_field(wanted: Iterable[str]) -> sa.ColumnElement[bool]:
    """SQL condition: the line has one of these fields. A bracket with a quoted name occurs nowhere else in the JSON,
    since quotation marks within values are escaped."""
    c, several = CHANGES.c, list(wanted)
    kept = [c.fields.contains(f'["{name}",', autoescape=True) for name in several]
    return sa.or_(c.field.in_(several), *kept)
