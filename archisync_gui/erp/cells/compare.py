"""Compares the values of a page with its cells, column by column; no page, no store."""

from __future__ import annotations

from collections.abc import Sequence

from archisync_gui.entities.declaration import Column, Entity, Value
from archisync_gui.erp.cells.parsers import NO_VALUE, Unreadable, parser
from archisync_gui.erp.cells.rows import raw_text_whole
from archisync_gui.erp.cells.typed import Typed, text_of, typed_parser
from archisync_gui.erp.cells.words import Words

SAMPLE = 20
"""Rows that are compared."""

FEWEST = 3
"""A column is compared only if at least this number of rows has both a value and a cell text."""


def differing_columns(
    entity: Entity,
    fields: Sequence[str],
    values: Sequence[Sequence[Typed]],
    cells: Sequence[Sequence[str | None]],
    words: Words,
) -> list[str]:
    """Names of the fields whose values differ from their cells in at least half of the compared rows.

    ``values`` and ``cells`` hold the same rows, both in the order of ``fields``. A column with a cell that cannot be
    read, such as one in another language's notation, is not compared.
    """
    found = []
    for column in entity.columns:
        if column.field_name not in fields or column.part is not None:
            continue
        at = fields.index(column.field_name)
        if _differs(column, [(row[at], texts[at]) for row, texts in zip(values, cells, strict=True)], words):
            found.append(column.field_name)
    return found


def _differs(column: Column, pairs: Sequence[tuple[Typed, str | None]], words: Words) -> bool:
    from_value, from_text = typed_parser(column, words), parser(column, words)
    compared = different = 0
    for value, cell in pairs[:SAMPLE]:
        if cell is None or not cell.strip():
            continue
        try:
            shown = from_text(cell)
            typed = from_value(value)
        except Unreadable:
            return False
        if shown is None or (typed is None and not _says_something(shown)):
            continue
        compared += 1
        different += shown != typed and (typed is None or not _shows(cell, text_of(value)))
    return compared >= FEWEST and different * 2 >= compared


def _says_something(shown: Value) -> bool:
    """Whether a parsed cell shows a value. The cell of a record without a value may show 0, No, ``N/A`` or a dash."""
    return bool(shown) and shown != NO_VALUE and any(sign.isalnum() for sign in str(shown))


def _shows(cell: str, value: str) -> bool:
    """Whether a cell shows that text: whole, or cut off with an ellipsis. White space does not count."""
    shown, whole = ("".join(raw_text_whole(text).split()) for text in (cell, value))
    cut = shown.removesuffix("...").removesuffix("\u2026")
    return shown == whole or (cut != shown and bool(cut) and whole.startswith(cut))
