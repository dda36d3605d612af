"""From raw cell texts to parsed records: garbage dropped and counted, every text parsed strictly; no page, no store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from archisync_gui.entities.declaration import Column, Entity, Row, Value
from archisync_gui.erp.parsers import Unreadable, parser, raw_text
from archisync_gui.model import Json

KEPT_EXAMPLES = 20
"""So many unreadable cells are remembered word by word; the rest is counted."""


@dataclass(frozen=True, slots=True)
class BadCell:
    """A cell that could not be read. ``row`` is the record's key text; ``text`` is empty for personal data."""

    row: str
    field: str
    text: str


@dataclass(slots=True)
class Findings:
    """What was found in the rows of one read so far. Filled only by :class:`RowReader`."""

    raw: int = 0
    """Rows as they stood in the grid, garbage included."""
    garbage: Counter[str] = field(default_factory=Counter)
    bad_rows: int = 0
    """Records with at least one unreadable cell."""
    bad: list[BadCell] = field(default_factory=list)
    foreign: BadCell | None = None
    """The first cell written as another locale writes it."""
    unknown_words: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Enum texts that are not declared: (field, text)."""
    filled: Counter[str] = field(default_factory=Counter)
    """How many records have something in each column."""
    records: int = 0
    """Rows that are no garbage."""
    nameless: int = 0
    """Records whose key cannot be read: they cannot be stored."""

    def evidence(self) -> dict[str, Json]:
        """As JSON."""
        return {
            "rawRows": self.raw,
            "records": self.records,
            "garbage": dict(self.garbage),
            "unreadableRows": self.bad_rows,
            "unreadable": [{"row": c.row, "field": c.field, "text": c.text} for c in self.bad],
            "withoutKey": self.nameless,
        }


class RowReader:
    """Reads the rows of one entity. Feed it page by page."""

    def __init__(self, entity: Entity) -> None:
        self.entity = entity
        self.findings = Findings()
        self.fields: tuple[str, ...] = tuple(dict.fromkeys(column.field_name for column in entity.columns))
        """What to ask the grid for, each field once."""
        place = {name: i for i, name in enumerate(self.fields)}
        self._columns: tuple[tuple[Column, int, Callable[[str], Value]], ...] = tuple(
            (column, place[column.field_name], parser(column)) for column in entity.columns
        )
        self._interned: dict[str, str] = {}

    def take(self, rows: Sequence[Sequence[str | None]]) -> list[Row]:
        """Parse one page's rows (texts in the order of :attr:`fields`; ``None``: the grid does not show the column).

        A column that the grid does not show, or a cell that cannot be read, is left out of the record: what is
        stored stays.
        """
        records: list[Row] = []
        for texts in rows:
            self.findings.raw += 1
            if (record := self._record(texts)) is not None:
                records.append(record)
        return records

    def _record(self, texts: Sequence[str | None]) -> Row | None:
        found = self.findings
        raw = _Raw(self._columns, texts)
        for garbage in self.entity.garbage:
            if garbage.matches(raw):
                found.garbage[garbage.name] += 1
                return None
        found.records += 1
        record: dict[str, Value] = {}
        bad = False
        for column, at, parse in self._columns:
            text = texts[at]
            if text is None:
                continue
            if column.part is not None:
                text = column.part(raw_text_whole(text))
            try:
                value = parse(text)
            except Unreadable as error:
                bad = True
                self._unreadable(raw, column, error)
                continue
            if type(value) is str:
                value = self._interned.setdefault(value, value) if len(value) < 24 else value
                if column.words and value not in column.words.values():
                    found.unknown_words[column.name, value] += 1
            if value is not None:
                found.filled[column.name] += 1
            record[column.name] = value
        found.bad_rows += bad
        if any(record.get(name) is None for name in self.entity.key):
            found.nameless += 1
            return None
        return record

    def _unreadable(self, raw: Mapping[str, str], column: Column, error: Unreadable) -> None:
        found = self.findings
        row = " ".join(raw[name] for name in self.entity.key)
        cell = BadCell(row, column.name, "" if column.personal else error.text[:80])
        if len(found.bad) < KEPT_EXAMPLES:
            found.bad.append(cell)
        if error.foreign and found.foreign is None:
            found.foreign = cell


def raw_text_whole(text: str) -> str:
    """White space folded, for cutting a part out of it."""
    return " ".join(text.split())


class _Raw(Mapping[str, str]):
    """The raw texts of one row by target name, folded when they are looked at (garbage rules look at few)."""

    def __init__(
        self, columns: Sequence[tuple[Column, int, Callable[[str], Value]]], texts: Sequence[str | None]
    ) -> None:
        self._columns = columns
        self._texts = texts

    def __getitem__(self, name: str) -> str:
        for column, at, _ in self._columns:
            if column.name == name:
                return raw_text(column, self._texts[at] or "")
        raise KeyError(name)

    def __iter__(self):  # type: ignore[no-untyped-def]
        return (column.name for column, _, _ in self._columns)

    def __len__(self) -> int:
        return len(self._columns)
