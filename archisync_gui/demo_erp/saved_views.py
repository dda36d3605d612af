"""What the ERP keeps of each user's list views, on the server and across sessions, and the record of it for tests."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from archisync_gui.demo_erp.columns import LISTS, ListView

PAGE_SIZES = (10, 20, 50, 100, 200)
"""The page sizes that the pager offers by default."""

ALL_ROWS = -1
"""The page size of a pager set to "All"."""

OPERATORS = (
    "BeginsWith", "Contains", "DoesNotContain", "EndsWith", "Equals", "NotEqual", "Less", "LessOrEqual", "Greater",
    "GreaterOrEqual", "Like",
)  # fmt: skip
"""The conditions of a filter row editor (docs/erp.md, List view page)."""


@dataclass(frozen=True, slots=True)
class RowFilter:
    """One filled editor of the filter row. ``value`` is what the grid takes, not the text that the editor shows:
    an enum's own name, a date as ``YYYY-MM-DD``, ``true`` or ``false``, else the text."""

    field: str
    value: str
    operator: str


@dataclass(frozen=True, slots=True)
class Builder:
    """A filter made in the filter builder: ``expression`` is what the filter bar shows, and the rows that remain are
    those whose ``field`` is (or, negated, is not) ``value``."""

    expression: str
    field: str
    value: str
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Preferences:
    """What the ERP keeps of one user's list view. All sessions of that user share it, the human's own included."""

    preset: str = ""
    """The last part of the preset filter's value, e.g. ``ListViewPackingSlipsAll``; empty where a list has none."""
    filter_row: tuple[RowFilter, ...] = ()
    search: str = ""
    """The text of the search box in the toolbar."""
    search_panel: str = ""
    """The text of the grid's own search box."""
    header_filters: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Field and chosen cell texts of each filtered header."""
    builder: Builder | None = None
    group_by: tuple[str, ...] = ()
    expanded: bool = False
    """Whether groups show their rows."""
    sort: tuple[tuple[str, str], ...] = ()
    """Field and ``ASC`` or ``DSC``, most significant first."""
    page_index: int = 0
    page_size: int = 20
    columns: tuple[tuple[str, bool], ...] = ()
    """Columns switched on or off against the view as shipped, in the order of switching."""

    @classmethod
    def of(cls, view: ListView) -> Preferences:
        """The view as shipped."""
        return cls(preset=view.default_option, sort=view.sort)

    def record(self, user: str, view: ListView) -> str:
        """Everything kept, as canonical JSON: equal texts mean equal views, byte for byte."""
        shown = dict(self.columns)
        visible = [c.field for c in view.columns if c.visible and shown.get(c.field, True)]
        visible += [name for name, on in self.columns if on and name not in visible]
        return json.dumps(
            {
                "user": user,
                "list": view.name,
                "preset": self.preset,
                # All of them apply, so their order means nothing.
                "row_filters": sorted([f.field, f.value, f.operator] for f in self.filter_row),
                "search": self.search,
                "search_panel": self.search_panel,
                "header_filters": [[name, list(texts)] for name, texts in self.header_filters],
                "builder": self.builder.expression if self.builder else "",
                "grouping": list(self.group_by),
                "expanded": self.expanded,
                "sort": [list(item) for item in self.sort],
                "page_index": self.page_index,
                "page_size": self.page_size,
                "columns": visible,
            },
            ensure_ascii=False,
            sort_keys=True,
        )


class PreferenceStore:
    """The saved views of all users. Thread-safe."""

    def __init__(self, view: Callable[[str], ListView] = LISTS.__getitem__) -> None:
        self._view = view
        self._lock = threading.Lock()
        self._stored: dict[tuple[str, str], Preferences] = {}

    def get(self, user: str, list_name: str) -> Preferences:
        """The saved view; as shipped while that user has changed nothing."""
        with self._lock:
            return self._stored.get((user, list_name)) or Preferences.of(self._view(list_name))

    def put(self, user: str, list_name: str, preferences: Preferences) -> None:
        """Keep that view."""
        with self._lock:
            self._stored[user, list_name] = preferences

    def update(self, user: str, list_name: str, changes: Mapping[str, Any]) -> Preferences:
        """Set some members, as the human would in another browser, and return all. TypeError: no such member."""
        frozen = {name: _member(self._view(list_name), name, value) for name, value in changes.items()}
        new = replace(self.get(user, list_name), **frozen)
        self.put(user, list_name, new)
        return new

    def reset(self) -> None:
        """Forget every user's changes."""
        with self._lock:
            self._stored.clear()

    def record(self, user: str, list_name: str) -> str:
        """The canonical text of one saved view (see ``Preferences.record``)."""
        return self.get(user, list_name).record(user, self._view(list_name))


def default_operator(view: ListView, name: str) -> str:
    """The condition that a filter row editor has while nobody has chosen another."""
    return "BeginsWith" if view.column(name).kind in ("text", "link") else "Equals"


def _member(view: ListView, name: str, value: Any) -> Any:
    """A member of ``Preferences`` from plain data: JSON's lists and mappings, or pairs without an operator."""
    match name:
        case "filter_row":
            return tuple(_row_filter(view, item) for item in _items(value))
        case "builder":
            return value if value is None or isinstance(value, Builder) else Builder(**value)
        case _:
            return _frozen(value)


def _row_filter(view: ListView, item: Any) -> RowFilter:
    if isinstance(item, RowFilter):
        return item
    if isinstance(item, Mapping):
        return RowFilter(**item)
    field, value, *operator = item
    return RowFilter(field, value, operator[0] if operator else default_operator(view, field))


def _items(value: Any) -> Iterable[Any]:
    return value.items() if isinstance(value, Mapping) else value


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return tuple((key, _frozen(item)) for key, item in value.items())
    if isinstance(value, list | tuple):
        return tuple(_frozen(item) for item in value)
    return value
