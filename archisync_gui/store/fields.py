"""The changed fields of one row, as they stand in its line of the change log; no query.

A line names all fields that a read changed in a row; until version 0004 of the archive each field had a line of its
own, and such lines are kept as long as any.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from archisync_gui.entities.declaration import Value
from archisync_gui.store.keys import percent_change
from archisync_gui.store.schema import CHANGES, columns_there


class FieldChange(NamedTuple):
    """One changed field."""

    field: str | None
    before: Value
    after: Value
    percent: int | None
    """Difference of an amount, in hundredths of a percent."""


_encode = json.JSONEncoder(default=repr, separators=(",", ":")).encode  # a damaged cell may hold bytes


def packed(changed: Sequence[FieldChange]) -> tuple[str, int | None]:
    """The columns ``fields`` and ``percent`` of a line; the latter is that of the amount that moved most."""
    moved = [change.percent for change in changed if change.percent is not None]
    return _encode(changed), max(moved, key=abs) if moved else None


def differences(
    names: Sequence[str], amounts: Sequence[bool], fields: Sequence[int], old: Sequence[Value], new: Sequence[Value]
) -> tuple[str, int | None]:
    """The same of two rows that differ in ``fields``. There are a million of these when all rows of a large list
    changed, so they are written without tuples and the encoder: two thirds of the time, half of it for one field."""
    texts: list[str] = []
    moved: list[int] = []
    for i in fields:
        before, after = old[i], new[i]
        percent = percent_change(before, after) if amounts[i] else None
        if percent is None:
            was = before if type(before) is int else _encode(before)
            now = after if type(after) is int else _encode(after)
            texts.append(f'["{names[i]}",{was},{now},null]')
        else:
            texts.append(f'["{names[i]}",{before},{after},{percent}]')
            moved.append(percent)
    return f"[{','.join(texts)}]", max(moved, key=abs) if moved else None


def lines(connection: sa.Connection) -> list[sa.RowMapping]:
    """The whole change log, oldest first; also of a file that was not opened since it was version 0004."""
    there = columns_there(connection, CHANGES.name)
    statement = sa.select(*(column for column in CHANGES.columns if column.name in there))
    return list(connection.execute(statement.order_by(CHANGES.c.id)).mappings())


def fields_of(line: sa.RowMapping) -> list[FieldChange]:
    """The changed fields of a stored line, in the order of the list's columns; one without name where they cannot be
    read, and for a line that is not about fields."""
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


def about(wanted: Iterable[str]) -> sa.ColumnElement[bool]:
    """The line is about one of these fields. A list that begins with a name is found nowhere else in the text: inside
    of values the quotation marks are escaped."""
    c, several = CHANGES.c, list(wanted)
    kept = [c.fields.contains(f'["{name}",', autoescape=True) for name in several]
    return sa.or_(c.field.in_(several), *kept)
