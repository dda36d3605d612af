"""Which rows a grid shows, in which order: preset, filters, searches, sort and groups. No HTML, no sessions."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any

from archisync_gui.demo_erp.columns import Column, ListView
from archisync_gui.demo_erp.saved_views import Builder, Preferences, RowFilter
from archisync_gui.demo_erp.streams import Row, RowSet
from archisync_gui.demo_erp.texts import Speech, cell_text, plain_value


@dataclass(frozen=True, slots=True)
class Group:
    """One group row and the rows under it (as positions in the listing)."""

    text: str
    first: int
    count: int


@dataclass(frozen=True, slots=True)
class Listing:
    """The filtered, sorted rows behind a grid, before paging. With ``groups`` the rows stand under group rows."""

    rows: Sequence[Row]
    groups: Sequence[Group] | None = None
    expanded: bool = False

    @property
    def length(self) -> int:
        """Visible rows to be paged: data rows and group rows."""
        if self.groups is None:
            return len(self.rows)
        return len(self.groups) + (len(self.rows) if self.expanded else 0)

    def lines(self, start: int, stop: int) -> list[Row | Group]:
        """The visible rows from ``start`` to before ``stop``."""
        if self.groups is None:
            return list(self.rows[start:stop])
        if not self.expanded:
            return list(self.groups[start:stop])
        lines: list[Row | Group] = []
        for group in self.groups:
            lines.append(group)
            lines += self.rows[group.first : group.first + group.count]
        return lines[start:stop]


class Query:
    """Filters and sorts, and remembers the latest answers. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[Hashable, Listing] = {}

    def run(
        self, view: ListView, user: str, rows: RowSet, preferences: Preferences, speech: Speech, now: datetime
    ) -> Listing:
        """What the grid shows for these preferences at this moment."""
        wanted = replace(preferences, page_index=0, page_size=0)
        key = (view.name, user, rows.token, wanted, speech, now.date())
        with self._lock:
            found = self._known.get(key)
            if found is None:
                if len(self._known) > 60:
                    self._known.clear()
                found = self._known[key] = _select(view, rows.rows, preferences, speech, now)
            return found


def _select(view: ListView, rows: Sequence[Row], preferences: Preferences, speech: Speech, now: datetime) -> Listing:
    chosen = [row for row in rows if in_preset(view, row, preferences.preset, now.date())]
    for row_filter in preferences.filter_row:
        passes = _row_filter(view.column(row_filter.field), row_filter, speech)
        chosen = [row for row in chosen if passes(row)]
    for field, texts in preferences.header_filters:
        column = view.column(field)
        chosen = [row for row in chosen if cell_text(row, column, speech) in texts]
    if preferences.builder is not None:
        chosen = [row for row in chosen if _built(preferences.builder, row)]
    for needle in filter(None, (preferences.search.casefold(), preferences.search_panel.casefold())):
        columns = [column for column in view.columns if column.visible]
        chosen = [row for row in chosen if any(needle in cell_text(row, c, speech).casefold() for c in columns)]
    groups = [(name, "ASC") for name in preferences.group_by]
    for field, order in reversed((*groups, *preferences.sort)):
        chosen = _sorted(chosen, field, order)
    if not preferences.group_by:
        return Listing(chosen)
    return Listing(chosen, _groups(chosen, view.column(preferences.group_by[0]), speech), preferences.expanded)


def _sorted(rows: Sequence[Row], field: str, order: str) -> list[Row]:
    filled = [row for row in rows if row.values.get(field) is not None]
    blank = [row for row in rows if row.values.get(field) is None]
    filled.sort(key=lambda row: _sortable(row.values[field]), reverse=order == "DSC")
    return filled + blank if order == "DSC" else blank + filled


def _sortable(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _groups(rows: Sequence[Row], column: Column, speech: Speech) -> list[Group]:
    groups: list[Group] = []
    for at, row in enumerate(rows):
        text = cell_text(row, column, speech)
        if groups and groups[-1].text == text:
            groups[-1] = replace(groups[-1], count=groups[-1].count + 1)
        else:
            groups.append(Group(text, at, 1))
    return groups


_TEXT_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "BeginsWith": str.startswith,
    "Contains": lambda text, wanted: wanted in text,
    "DoesNotContain": lambda text, wanted: wanted not in text,
    "EndsWith": str.endswith,
    "Equals": str.__eq__,
    "NotEqual": str.__ne__,
    "Less": str.__lt__,
    "LessOrEqual": str.__le__,
    "Greater": str.__gt__,
    "GreaterOrEqual": str.__ge__,
    "Like": lambda text, wanted: fnmatchcase(text, wanted.replace("%", "*").replace("_", "?")),
}


def _row_filter(column: Column, row_filter: RowFilter, speech: Speech) -> Callable[[Row], bool]:
    compare = _TEXT_OPERATORS[row_filter.operator]
    wanted = row_filter.value.casefold()
    by_text = column.kind in ("text", "link") or row_filter.operator in ("BeginsWith", "Contains", "EndsWith")

    def passes(row: Row) -> bool:
        value = row.values.get(column.field)
        if by_text and column.kind not in ("enum", "bool", "date", "datetime"):
            return compare(cell_text(row, column, speech).casefold(), wanted)
        return value is not None and compare(plain_value(value).casefold(), wanted)

    return passes


def _built(builder: Builder, row: Row) -> bool:
    value = row.values.get(builder.field)
    return (value is not None and plain_value(value) == builder.value) != builder.negated


def in_preset(view: ListView, row: Row, word: str, today: date) -> bool:
    """Whether a row belongs to that option of the preset filter. An option nobody knows shows everything."""
    values = row.values
    match view.name:
        case "customers":
            exclusive = values.get("EXCLUSIVACTIVE") is not None
            return {"Exclusiv_customers": exclusive, "Free_customers": not exclusive}.get(word, True)
        case "orders":
            return _order_in(values, word, today)
        case "ddt":
            period = word.removeprefix("ListViewPackingSlips").removeprefix("PackingSlips")
            return _within(values["DELIVERYDATE"], period, today)
        case "invoices":
            is_open = values["CLOSED"] is None
            match word:
                case "open_invoices":
                    return is_open
                case "OverDued":
                    return is_open and values["DUEDATE"] < today
                case "InvoicesLast3Month":
                    return _within(values["INVOICEDATE"], "Last3Month", today)
                case _:
                    return True
        case "prices":
            return bool((values.get("BLOCKED") == "Yes") == (word == "ClosedPrices"))
        case _:
            return True


def _order_in(values: Any, word: str, today: date) -> bool:
    if word == "ListViewSalesTableQuote":
        return bool(values["QUOTE"])
    match word.removeprefix("ListViewSalesTableOrders"):
        case "Entered":
            return bool(values["SALESTYPE"] == "Journal")
        case "Completed":
            return bool(values["SALESSTATUS"] in ("Invoiced", "CompletedOrder"))
        case "ApprovalRM":
            return bool(values["TRANSFERSTATUS"] == "Approvel_regionalmanager")
        case "Transferred":
            return bool(values["TRANSFERSTATUS"] == "Transfered")
        case period:
            return _within(values["CREATEDDATETIME"].date(), period, today)


def _within(day: date, period: str, today: date) -> bool:
    match period:
        case "Today":
            return day == today
        case "ThisWeek":
            monday = today - timedelta(days=today.weekday())
            return monday <= day < monday + timedelta(days=7)
        case "ThisMonth":
            return (day.year, day.month) == (today.year, today.month)
        case "Last3Month":
            return today - timedelta(days=92) <= day
        case _:
            return True
