"""Everything that is needed to draw one page of a grid, and what follows from it without any HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from archisync_gui.demo_erp.columns import Column, ListView
from archisync_gui.demo_erp.layout import GridColumn
from archisync_gui.demo_erp.query import Group, Listing
from archisync_gui.demo_erp.saved_views import ALL_ROWS, PAGE_SIZES, Preferences
from archisync_gui.demo_erp.streams import Row
from archisync_gui.demo_erp.texts import Speech


@dataclass(frozen=True, slots=True)
class Look:
    """How the grid's HTML is built, where this was not the same at every visit (see ``variations``)."""

    scrolling_headers: bool = False
    bands: bool = False
    indent_cells: bool = False
    detail_rows: bool = False
    template_row: bool = False
    footer_sign: str = ""
    """Group sign of the footer's numbers; empty: as in the cells."""
    filter_bar_for_all: bool = False
    sizes: tuple[int, ...] = PAGE_SIZES
    enum_null: str = "N/A"
    search_null: str = ""
    """Null text of the toolbar's search box; empty: the usual one in the page's language."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """One page of a grid. ``blank`` fields and, with ``all_blank``, all cells stay empty (faults)."""

    view: ListView
    grid: str
    columns: tuple[GridColumn, ...]
    listing: Listing
    preferences: Preferences
    speech: Speech
    filled: bool
    look: Look = Look()
    blank: frozenset[str] = frozenset()
    all_blank: bool = False

    @property
    def page_size(self) -> int:
        """Rows of a full page."""
        size = self.preferences.page_size
        return max(1, self.listing.length) if size == ALL_ROWS else size

    @property
    def page_count(self) -> int:
        """Pages at the page size in force; an empty list has one."""
        return max(1, -(-self.listing.length // self.page_size))

    @property
    def top(self) -> int:
        """Visible index of the page's first row."""
        return self.preferences.page_index * self.page_size

    @property
    def lines(self) -> list[Row | Group]:
        """The page's visible rows: data rows and group rows."""
        return self.listing.lines(self.top, self.top + self.page_size)

    @property
    def page_rows(self) -> list[Row]:
        """The page's data rows."""
        return [line for line in self.lines if isinstance(line, Row)]

    @property
    def shown(self) -> list[GridColumn]:
        """The columns that have cells, from left to right: visible and not grouped."""
        grouped = self.preferences.group_by
        columns = [c for c in self.columns if c.visible and (c.source is None or c.source.field not in grouped)]
        return sorted(columns, key=lambda column: column.visible_index)

    @property
    def indent(self) -> int:
        """Cells without id that lead each row."""
        return len(self.preferences.group_by) + self.look.indent_cells

    @property
    def filter_bar(self) -> str:
        """What the filter bar shows; empty where it does not stand.

        It stands for a filter of the filter builder, and for filters that no visible editor shows: those of columns
        without an editor. With ``filter_bar_for_all`` it stands for every row and header filter.
        """
        parts = [self.preferences.builder.expression] if self.preferences.builder else []
        editors = {c.source.field for c in self.editor_columns if c.source is not None}
        shown = {c.source.field for c in self.shown if c.source is not None}
        for entry in self.preferences.filter_row:
            if self.look.filter_bar_for_all or entry.field not in editors:
                parts.append(f"{entry.operator}([{entry.field}], '{entry.value}')")
        for field, texts in self.preferences.header_filters:
            if self.look.filter_bar_for_all or field not in shown:
                parts.append(f"[{field}] In ({', '.join(texts)})")
        return " And ".join(parts)

    @property
    def editor_columns(self) -> Sequence[GridColumn]:
        """The columns with an editor in the filter row: the shown ones, and hidden enum columns in a hidden cell."""
        hidden_enums = [c for c in self.columns if not c.visible and c.source is not None and c.source.kind == "enum"]
        return [c for c in self.shown if c.source is not None and has_editor(c.source)] + hidden_enums


def has_editor(column: Column) -> bool:
    """Whether the filter row can filter that column."""
    return column.kind not in ("file", "image")
