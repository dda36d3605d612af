"""What a list view is made of: columns, preset options, toolbar items. The six lists themselves have a file each."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "text",
    "id",
    "int",
    "qty",
    "number",
    "amount",
    "percent",
    "date",
    "datetime",
    "bool",
    "enum",
    "link",
    "file",
    "image",
]
"""How a value is kept in the world and printed in a cell. ``amount`` has a euro sign; ``number`` has none and prints
its decimals as they fall; ``qty`` has two decimals always."""


@dataclass(frozen=True, slots=True)
class Column:
    """One grid column: its language-independent field name, its captions and how its cells are drawn.

    ``visible`` is the view as shipped. ``nested`` cells hold an inner table and a script (docs/erp.md, Cell texts).
    ``detail`` is the field's id on a detail page; None: the field name with underscores; empty: not on that page.
    """

    field: str
    it: str
    en: str
    kind: Kind = "text"
    visible: bool = True
    nested: bool = False
    detail: str | None = None

    @property
    def detail_id(self) -> str:
        """What stands between ``xaf_dvi`` and ``_View`` on a detail page; empty if the field is not there."""
        return self.field.replace(".", "_") if self.detail is None else self.detail


@dataclass(frozen=True, slots=True)
class FilterOption:
    """One option of a preset filter. ``word`` is the last part of the value, whose prefix holds a digit that counts."""

    word: str
    it: str
    en: str


@dataclass(frozen=True, slots=True)
class MenuItem:
    """One toolbar item at a fixed index ``DXI{index}``; ``writes`` items would change the ERP's data."""

    index: int
    name: str
    it: str
    en: str
    writes: bool = False


@dataclass(frozen=True, slots=True)
class ListView:
    """Everything fixed about one list view.

    ``combo`` and ``view_combo`` are the toolbar indexes of the preset filter and of the choice between views (-1:
    none); ``overflow`` is the index of the item that holds folded items.
    """

    name: str
    path: str
    it: str
    en: str
    record: str
    columns: tuple[Column, ...]
    system: tuple[str, ...]
    sort: tuple[tuple[str, str], ...]
    menu: tuple[MenuItem, ...]
    options: tuple[FilterOption, ...] = ()
    default_option: str = ""
    whole_option: str = ""
    combo: int = -1
    view_combo: int = -1
    overflow: int = 9
    footer: tuple[tuple[str, str], ...] = ()
    detail: str = ""
    shared: bool = False
    definition_order: tuple[str, ...] = ()
    page_sizes: tuple[int, ...] = ()
    """Page sizes offered if they are not the usual ones (from a structure report)."""

    def column(self, field: str) -> Column:
        """The column of that field name. KeyError: the list has none."""
        for column in self.columns:
            if column.field == field:
                return column
        raise KeyError(field)


def hidden(*names: str) -> tuple[Column, ...]:
    """Hidden columns without a known meaning: a caption like their field and, in this world, no content."""
    return tuple(Column(name, name, name, visible=False) for name in names)


def definition_order(columns: tuple[Column, ...], system: int, pinned: dict[str, int]) -> tuple[str, ...]:
    """The order in which the grid defines its columns: unlike the visible order, with ``pinned`` global indexes."""
    free = [column.field for column in columns if column.field not in pinned]
    random.Random(len(free)).shuffle(free)
    ordered: list[str] = []
    for index in range(system, system + len(columns)):
        name = next((field for field, at in pinned.items() if at == index), None)
        ordered.append(name if name is not None else free.pop())
    return tuple(ordered)


SELECT = ("select",)
SELECT_EDIT = ("select", "edit")
