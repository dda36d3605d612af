"""How a record is identified, hashed and found: pure functions over one row, no SQL."""

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
    """The key that survives a renumbering, as one text."""
    return _joined(row, entity.natural_key)


def folded(text: str) -> str:
    """A text as it is searched: case, accents and runs of white space do not matter."""
    plain = text if text.isascii() else unicodedata.normalize("NFKD", text)
    if plain is not text:
        plain = "".join(c for c in plain if not unicodedata.combining(c))
    return " ".join(plain.casefold().split())


SEARCH_TEXT = 2
"""Version of :func:`search_text`; with another one the stored texts are made again."""


def search_text(entity: Entity, row: Row) -> str:
    """What a search looks through: the key and the columns declared for it, then those of several words in one word, so
    that a forgotten space or full stop does not matter (``rossi s.r.l.`` is also ``rossisrl``)."""
    texts = [folded(row_key(entity, row)), *(folded(_text(row.get(name))) for name in entity.search)]
    texts = [text for text in texts if text]
    joined = ["".join(filter(str.isalnum, text)) for text in texts if not text.isalnum()]
    return " ".join([*texts, *dict.fromkeys(filter(None, joined))])


def is_blank(value: Value) -> bool:
    """Nothing in the cell."""
    return value is None or value == ""


class Reader:
    """Takes the mapped values out of rows of one entity, in the order of its columns."""

    def __init__(self, entity: Entity) -> None:
        self.names = tuple(column.name for column in entity.columns)
        self._bools = tuple(i for i, column in enumerate(entity.columns) if column.kind is Kind.BOOL)
        self.sticky = tuple(i for i, column in enumerate(entity.columns) if column.sticky)
        self.amounts = tuple(column.kind is Kind.MONEY for column in entity.columns)

    def values(self, row: Row) -> tuple[Value, ...]:
        """The effective values; what the row does not have is ``None``."""
        # A record of a read gives all its values at once: name by name they took a sixth of an apply.
        taken: tuple[Value, ...] | None = row.take(self.names) if hasattr(row, "take") else None
        if taken is not None and not self._bools:
            return taken
        values = [row.get(name) for name in self.names] if taken is None else list(taken)
        return tuple(self.with_bools(values))

    def with_bools(self, values: list[Value]) -> list[Value]:
        """``values``, in which numbers in the place of truth values became these: SQLite has numbers only."""
        for i in self._bools:
            if values[i] is not None:
                values[i] = bool(values[i])
        return values


def change_hash(values: Sequence[Value]) -> bytes:
    """A digest over every mapped value. The separator cannot occur in a parsed text (it counts as white space)."""
    return blake2b(
        "\x1f".join(["\x00" if v is None else f"{v}" for v in values]).encode(),
        digest_size=16,
    ).digest()


MOST_PERCENT = 10**15
"""In hundredths of a percent; JavaScript's numbers hold it, too."""


def percent_change(before: Value, after: Value) -> int | None:
    """Difference of two amounts in hundredths of a percent of the first; ``None`` where there is no first. What is more
    than :data:`MOST_PERCENT` counts as that: a database keeps 64 bits."""
    if type(before) is not int or type(after) is not int or not before:
        return None
    percent = round((after - before) * 10_000 / abs(before))
    if -MOST_PERCENT <= percent <= MOST_PERCENT:  # a million times in a large read: max and min cost twice as much
        return percent
    return MOST_PERCENT if percent > 0 else -MOST_PERCENT
