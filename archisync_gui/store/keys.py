"""Keys, hash and search text of a record: pure functions over one row, no SQL."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from hashlib import blake2b

from archisync_gui.entities.declaration import Entity, Kind, Row, Value


def _joined(row: Row, names: Sequence[str]) -> str:
    if len(names) == 1:
        return _text(row[names[0]])
    return "|".join(_text(row[name]).replace("\\", "\\\\").replace("|", "\\|") for name in names)


def _text(value: Value) -> str:
    return "" if value is None else str(value)


def row_key(entity: Entity, row: Row) -> str:
    """The record's key as one text: the key column's value, or several joined by ``|``."""
    return _joined(row, entity.key)


def natural_key(entity: Entity, row: Row) -> str:
    """The natural key, which does not change when the ERP renumbers its rows, as one text."""
    return _joined(row, entity.natural_key)


def folded(text: str) -> str:
    """A text normalized for searching: without case and accents, with single blanks."""
    plain = text if text.isascii() else unicodedata.normalize("NFKD", text)
    if plain is not text:
        plain = "".join(c for c in plain if not unicodedata.combining(c))
    return " ".join(plain.casefold().split())


SEARCH_TEXT = 2
"""Version of :func:`search_text`; when it changes, the stored texts are computed again."""


def search_text(entity: Entity, row: Row) -> str:
    """The text in which searches look: the key and the columns declared for searching; then each of these texts that
    has blanks or punctuation again as one word, so that a missing blank or full stop does not matter (``rossi s.r.l.``
    is also ``rossisrl``)."""
    texts = [folded(row_key(entity, row)), *(folded(_text(row.get(name))) for name in entity.search)]
    texts = [text for text in texts if text]
    joined = ["".join(filter(str.isalnum, text)) for text in texts if not text.isalnum()]
    return " ".join([*texts, *dict.fromkeys(filter(None, joined))])


def is_blank(value: Value) -> bool:
    """Whether the cell is empty."""
    return value is None or value == ""


class Reader:
    """Extracts the values of one entity's columns from rows, in the order of the columns."""

    def __init__(self, entity: Entity) -> None:
        self.names = tuple(column.name for column in entity.columns)
        self._bools = tuple(i for i, column in enumerate(entity.columns) if column.kind is Kind.BOOL)
        self.sticky = tuple(i for i, column in enumerate(entity.columns) if column.sticky)
        self.amounts = tuple(column.kind is Kind.MONEY for column in entity.columns)

    def values(self, row: Row) -> tuple[Value, ...]:
        """The values; ``None`` for a column that the row does not have."""
        # A record of a read returns all values in one call: one by one they took a sixth of an apply.
        taken: tuple[Value, ...] | None = row.take(self.names) if hasattr(row, "take") else None
        if taken is not None and not self._bools:
            return taken
        values = [row.get(name) for name in self.names] if taken is None else list(taken)
        return tuple(self.with_bools(values))

    def with_bools(self, values: list[Value]) -> list[Value]:
        """``values`` with the numbers in boolean columns as ``bool``, since SQLite stores numbers. Changed in place."""
        for i in self._bools:
            if values[i] is not None:
                values[i] = bool(values[i])
        return values


def change_hash(values: Sequence[Value]) -> bytes:
    """A digest of all values. The separator cannot occur in a parsed text, since it counts as white space there."""
    return blake2b(
        "\x1f".join(["\x00" if v is None else f"{v}" for v in values]).encode(),
        digest_size=16,
    ).digest()


MOST_PERCENT = 10**15
"""The largest difference stored, in hundredths of a percent; JavaScript's numbers can represent it."""


def percent_change(before: Value, after: Value) -> int | None:
    """Difference of two whole numbers in hundredths of a percent of ``before``, at most ±:data:`MOST_PERCENT` (a
    database has 64 bits). ``None`` if ``before`` is 0 or one of them is no whole number."""
    if type(before) is not int or type(after) is not int or not before:
        return None
    percent = round((after - before) * 10_000 / abs(before))
    if -MOST_PERCENT <= percent <= MOST_PERCENT:  # a million times in a large read: max and min cost twice as much
        return percent
    return MOST_PERCENT if percent > 0 else -MOST_PERCENT
