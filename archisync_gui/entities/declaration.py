"""The types of an entity declaration: columns, kinds, wanted filter, garbage rules; no declaration itself.

Schema, parser, change hash, data browser and export follow from one declaration.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from archisync_gui.model import SyncTypeSpec

Value: TypeAlias = str | int | bool | None
"""A stored value. See :class:`Kind` for the unit of each."""

Row: TypeAlias = Mapping[str, Value]
"""One parsed record: target name → value."""


class Kind(StrEnum):
    """How a cell's text is parsed and what is stored."""

    ID = "id"
    """Internal record id; digits only as text (``50.120`` → ``"50120"``)."""
    TEXT = "text"
    """Text, white space folded; empty → ``None``."""
    LINES = "lines"
    """Text of several lines; white space folded within lines, lines joined by ``\\n``."""
    INTEGER = "integer"
    """Whole number (``1.895`` → 1895)."""
    NUMBER = "number"
    """Quantity, stored in thousandths (``5,00`` → 5000)."""
    MONEY = "money"
    """Amount in cents (``1.234,56 €`` → 123456; credit notes in three notations)."""
    PERCENT = "percent"
    """Hundredths of a percent (``21,49 %`` → 2149)."""
    DATE = "date"
    """ISO date text (``YYYY-MM-DD``)."""
    DATETIME = "datetime"
    """ISO local time text without offset (``YYYY-MM-DDTHH:MM:SS``)."""
    BOOL = "bool"
    """True / False (stored 1 / 0)."""
    ENUM = "enum"
    """One of a declared set of words, stored as its canonical (language independent) word."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of an ERP list that is read and stored."""

    field_name: str
    """The grid's ``fieldName``: language independent."""
    name: str
    """Target name: snake_case, English."""
    it: str
    """The ERP's Italian caption (colon and case as seen)."""
    en: str
    """Our English caption (the ERP's own where it is known)."""
    kind: Kind = Kind.TEXT
    sticky: bool = False
    """True: a stored value becomes blank only after two clean whole reads with a blank."""
    optional: bool = False
    """True: the read is not refused if the grid lacks it (columns that the ERP got later)."""
    personal: bool = False
    """Personal data: removed from diagnostics."""
    hidden: bool = False
    """True: hidden in the view as shipped. Only a read by values reads it; a read by cells keeps the stored value."""
    words: Mapping[str, str] = field(default_factory=dict)
    """For ``ENUM``: the ERP's word (Italian, English, its own enum name) → canonical word."""
    part: Callable[[str], str] | None = None
    """Extracts this column's text from the cell's text, where several columns share one field (courier and number of a
    tracking cell). ``None``: the whole text."""
    title_it: str = ""
    """Italian title in the panel and exports, since some of the ERP's captions are wrong; empty: ``it``."""
    title_en: str = ""
    """The same in English; empty: ``en``."""


@dataclass(frozen=True, slots=True)
class FilterWish:
    """Which preset filter a list must be read with (``docs/erp.md``, Presets)."""

    family: str
    """A word the internal value must contain, case folded (``packingslips``)."""
    ending: tuple[str, ...]
    """How the wanted internal value may end, case folded."""
    texts: tuple[str, ...]
    """Texts of the wanted option in the languages seen."""
    detour: tuple[str, ...] = ()
    """Texts of another option to choose first when the list loads with empty cells."""


@dataclass(frozen=True, slots=True)
class Garbage:
    """A rule for rows of the ERP that are not records; they are counted and reported, never stored."""

    name: str
    it: str
    en: str
    matches: Callable[[Mapping[str, str]], bool]
    """Returns whether a row is garbage, from its raw cell texts by target name."""


@dataclass(frozen=True, slots=True)
class Entity:
    """One of the ERP's lists, declared once."""

    spec: SyncTypeSpec
    it: str
    """Plural name for people, Italian: ``Clienti``."""
    en: str
    path: str
    """List path below the ERP's base URL, with its trailing slash."""
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    """Target names of the key (unique within one account, or globally in a shared list)."""
    natural_key: tuple[str, ...]
    """Target names that identify a record after the ERP has given its rows new ids."""
    filter: FilterWish | None = None
    view: str = ""
    """If the toolbar offers several views: the end of the internal value, in lower case, of the one that is the list
    (``docs/erp.md``, Presets)."""
    garbage: tuple[Garbage, ...] = ()
    title: str = ""
    """Target name of the column that names a record for people."""
    detail_path: str | None = None
    """``CUSTTABLE_DetailView/{id}/?mode=View`` where scope ``ONE`` is offered."""
    newest: tuple[str, ...] = ()
    """Fields by which the fast read sorts, descending, in order (``ID``, ``LASTORDERDATE``)."""
    row_key: str = "ID"
    """The field whose value is the grid's row key (``docs/erp.md``, Identity)."""
    search: tuple[str, ...] = ()
    """Target names of the columns in which people search."""

    @property
    def name(self) -> str:
        """The sync type's name, also the table's."""
        return self.spec.name

    def column(self, name: str) -> Column:
        """The column with that target name; ``KeyError`` if there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)
