"""One page of a list as it was read; ``list_view`` turns and reads pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from archisync_gui.entities.declaration import Entity, Row
from archisync_gui.erp.cells.parsers import Unreadable, parse_id
from archisync_gui.erp.cells.rows import RowReader
from archisync_gui.erp.cells.typed import Typed, text_of


@dataclass(frozen=True, slots=True)
class Page:
    """One page as it was read."""

    index: int
    count: int
    """Number of pages of the list."""
    size: int | None
    """Rows per page; ``None``: not known."""
    footer: int | None
    """The total in the footer, if the list has one."""
    rows: tuple[tuple[Typed, ...], ...]
    """Each in the order of ``fields``."""
    since: datetime
    """When the page was asked for: the data are current as of then."""
    fields: tuple[str, ...]
    """The fields that were read."""
    typed: bool
    """True: values of ``GetPageRowValues``; False: cell texts, where ``None`` means that the column is not shown."""

    @property
    def total(self) -> int | None:
        """Number of rows of the whole list: from the footer, or computed on the last page; else ``None``."""
        if self.footer is not None:
            return self.footer
        if self.index >= self.count - 1:
            return (self.size or 0) * max(self.count - 1, 0) + len(self.rows)
        return None

    def records(self, reader: RowReader, part: slice = slice(None)) -> list[Row]:
        """The rows, or a part of them, as records; the reader collects its findings."""
        return reader.take(self.rows[part], fields=self.fields, typed=self.typed)

    def column(self, field: str) -> tuple[Typed, ...]:
        """One field of all rows; ``None`` for each row if it was not read."""
        if field not in self.fields:
            return (None,) * len(self.rows)
        at = self.fields.index(field)
        return tuple(row[at] for row in self.rows)

    def keys(self, entity: Entity) -> tuple[str, ...]:
        """The rows' keys as plain texts, the same in both ways of reading."""
        parts = [
            tuple(plain_key(value) for value in self.column(entity.column(name).field_name)) for name in entity.key
        ]
        return tuple("|".join(row) for row in zip(*parts, strict=True))


def plain_key(value: Typed) -> str:
    """A key as text, an id without thousands separators: ``50.120`` and 50120 become equal."""
    text = " ".join(text_of(value).split())
    try:
        return parse_id(text) or ""
    except Unreadable:
        return text


def other_rows(keys: Sequence[str | None] | None, ids: Sequence[Typed]) -> int:
    """How many rows have another id than their row key in the grid. Rows without key or id are not compared."""
    if keys is None or len(keys) != len(ids):
        return 0 if keys is None else max(len(ids), 1)
    pairs = [(plain_key(key), plain_key(value)) for key, value in zip(keys, ids, strict=True)]
    return sum(1 for key, value in pairs if key and value and key != value)
