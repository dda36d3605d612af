"""Parses a page's rows to records, strictly; garbage rows are dropped and counted; no page, no store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, ClassVar

from archisync_gui.entities.declaration import Column, Entity, Row, Value
from archisync_gui.erp.cells.parsers import Unreadable, parser, raw_text
from archisync_gui.erp.cells.typed import Typed, text_of, typed_parser
from archisync_gui.erp.cells.words import Learned, Words
from archisync_gui.model import Json

KEPT_EXAMPLES = 20
"""Maximum unreadable cells of a read that are kept with their text; the others are only counted."""


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
    """Rows in the grid, garbage included."""
    garbage: Counter[str] = field(default_factory=Counter)
    bad_rows: int = 0
    """Records with at least one unreadable cell."""
    bad: list[BadCell] = field(default_factory=list)
    foreign: BadCell | None = None
    """The first cell in another locale's notation."""
    unknown_words: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Enum texts that are not declared: (field, text)."""
    filled: Counter[str] = field(default_factory=Counter)
    """How many records have a value in each column."""
    records: int = 0
    """Rows that are not garbage."""
    nameless: int = 0
    """Records whose key is empty or cannot be read; they cannot be stored."""
    undecided: str | None = None
    """A column that was not read, although a garbage rule needs it."""

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


SHARED_LIMIT = 20_000
"""Maximum texts remembered for sharing equal ones. It need not be larger: most columns hold either a few words or
different texts only."""


class Record(Mapping[str, Value]):
    """One record: a tuple of values, and the positions of the columns, which all records of a list share. A read of
    100,000 products takes 100 MB like this, and 150 MB as dictionaries. Columns that were not read are left out."""

    __slots__ = ("_places", "_values")
    _last: ClassVar[tuple[Mapping[str, int], tuple[str, ...], Any]] = ({}, (), None)
    """Cache of :meth:`take`: the last positions, the last names, and the function that picks their values."""

    def __init__(self, places: Mapping[str, int], values: tuple[Any, ...]) -> None:
        self._places = places
        self._values = values

    def __getitem__(self, name: str) -> Value:
        value: Value = self._values[self._places[name]]
        return value

    def get(self, name: str, default: Any = None) -> Any:
        """The value of a column; ``default`` where it was not read."""
        at = self._places.get(name)
        return default if at is None else self._values[at]

    def take(self, names: tuple[str, ...]) -> tuple[Value, ...] | None:
        """The values of these columns at once; ``None`` if one of them was not read. Pass the same tuple object each
        time, since the last one is cached."""
        places, wanted, pick = Record._last
        if places is not self._places or wanted is not names:
            if any(name not in self._places for name in names):
                return None
            at = [self._places[name] for name in names]
            all_in_order = at == [*range(len(self._values))]
            pick = None if all_in_order else itemgetter(*at, 0)  # the extra 0: the result is a tuple for one name, too
            Record._last = self._places, names, pick
        values: tuple[Any, ...] = self._values if pick is None else pick(self._values)[:-1]
        return values

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def __repr__(self) -> str:
        return repr(dict(self))


@dataclass(frozen=True, slots=True)
class _Plan:
    """How rows with the same fields are parsed."""

    columns: tuple[tuple[Column, int, Callable[[Any], Value]], ...]
    """Each column with its position in the row and its parser."""
    places: Mapping[str, int]
    """The position of each column in a record whose cells can all be read."""
    typed: bool


class RowReader:
    """Parses the rows of one entity, page by page."""

    def __init__(self, entity: Entity) -> None:
        self.entity = entity
        self.findings = Findings()
        self.fields: tuple[str, ...] = tuple(dict.fromkeys(column.field_name for column in entity.columns))
        """The fields to ask the grid for, each once."""
        self._words = Words()
        self._plans: dict[tuple[tuple[str, ...], bool], _Plan] = {}
        self._places: dict[tuple[str, ...], Mapping[str, int]] = {}
        """By the columns of a record: the positions of their values."""
        self._shared: dict[str, str] = {}

    def learn(self, words: Learned) -> None:
        """Set the enum words that were learned from the page (``docs/erp.md``, Enum words)."""
        self._words = Words(words)
        self._plans.clear()

    def take(
        self, rows: Sequence[Sequence[Typed]], *, fields: Sequence[str] | None = None, typed: bool = False
    ) -> list[Row]:
        """Parse one page's rows.

        ``fields``: the fields in a row, in order (default: all of :attr:`fields`). ``typed``: the rows hold values of
        ``GetPageRowValues``, where ``None`` is an empty value; else cell texts, where ``None`` means that the column is
        not shown. Fields that were not read and cells that cannot be read are left out of the record, so that the
        stored value is kept.
        """
        plan = self._plan(tuple(fields) if fields is not None else self.fields, typed)
        records: list[Row] = []
        for row in rows:
            self.findings.raw += 1
            if (record := self._record(plan, row)) is not None:
                records.append(record)
        return records

    def _plan(self, fields: tuple[str, ...], typed: bool) -> _Plan:
        plan = self._plans.get((fields, typed))
        if plan is None:
            place = {name: i for i, name in enumerate(fields)}
            columns = tuple(
                (
                    column,
                    place[column.field_name],
                    typed_parser(column, self._words) if typed else parser(column, self._words),
                )
                for column in self.entity.columns
                if column.field_name in place
            )
            plan = _Plan(columns, self._places_of([column.name for column, _, _ in columns]), typed)
            self._plans[fields, typed] = plan
        return plan

    def _places_of(self, names: Iterable[str]) -> Mapping[str, int]:
        key = tuple(names)
        if key not in self._places:
            self._places[key] = {name: at for at, name in enumerate(key)}
        return self._places[key]

    def _record(self, plan: _Plan, row: Sequence[Typed]) -> Row | None:
        found = self.findings
        raw = _Raw(plan, row)
        if self._is_garbage(raw):
            return None
        found.records += 1
        values: list[Any] = []
        not_read: set[str] = set()
        bad = False
        if len(self._shared) > SHARED_LIMIT:
            self._shared.clear()
        for column, at, parse in plan.columns:
            cell = row[at]
            if cell is None and not plan.typed:
                not_read.add(column.name)
                continue
            if column.part is not None:
                cell = column.part(raw_text_whole(text_of(cell)))
            try:
                value = parse(cell)
            except Unreadable as error:
                bad = True
                not_read.add(column.name)
                self._unreadable(raw, column, error)
                continue
            if type(value) is str:
                value = self._shared.setdefault(value, value) if len(value) < 24 else value
                if column.words and value not in column.words.values():
                    found.unknown_words[column.name, value] += 1
            if value is not None:
                found.filled[column.name] += 1
            values.append(value)
        found.bad_rows += bad
        places = self._places_of(name for name in plan.places if name not in not_read) if not_read else plan.places
        record = Record(places, tuple(values))
        if any(record.get(name) is None for name in self.entity.key):
            found.nameless += 1
            return None
        return record

    def _is_garbage(self, raw: Mapping[str, str]) -> bool:
        found = self.findings
        for garbage in self.entity.garbage:
            try:
                if garbage.matches(raw):
                    found.garbage[garbage.name] += 1
                    return True
            except KeyError as not_read:
                found.undecided = found.undecided or str(not_read.args[0])
        return False

    def _unreadable(self, raw: Mapping[str, str], column: Column, error: Unreadable) -> None:
        found = self.findings
        row = " ".join(raw.get(name, "") for name in self.entity.key)
        cell = BadCell(row, column.name, "" if column.personal else error.text[:80])
        if len(found.bad) < KEPT_EXAMPLES:
            found.bad.append(cell)
        if error.foreign and found.foreign is None:
            found.foreign = cell


def raw_text_whole(text: str) -> str:
    """The text with each run of white space replaced by one blank."""
    return " ".join(text.split())


class _Raw(Mapping[str, str]):
    """The raw texts of one row by target name. Each is folded only when it is needed: garbage rules need few.

    ``KeyError``: the field was not read. A column that is not shown is not blank: a rule for blank texts would
    otherwise match every row.
    """

    def __init__(self, plan: _Plan, row: Sequence[Typed]) -> None:
        self._plan = plan
        self._row = row

    def __getitem__(self, name: str) -> str:
        for column, at, _ in self._plan.columns:
            if column.name == name and (self._plan.typed or self._row[at] is not None):
                return raw_text(column, text_of(self._row[at]))
        raise KeyError(name)

    def get(self, name: str, default: Any = None) -> Any:
        try:
            return self[name]
        except KeyError:
            return default

    def __iter__(self) -> Iterator[str]:
        return (column.name for column, _, _ in self._plan.columns)

    def __len__(self) -> int:
        return len(self._plan.columns)
