"""What each grid command does to a user's view: pure functions from one view to the next. No HTTP, no faults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from archisync_gui.demo_erp.columns import Column, ListView
from archisync_gui.demo_erp.layout import GridColumn
from archisync_gui.demo_erp.saved_views import ALL_ROWS, Preferences, RowFilter, default_operator
from archisync_gui.demo_erp.texts import filter_value

Arguments = Mapping[str, Any]


def next_view(
    view: ListView,
    columns: Sequence[GridColumn],
    sizes: Sequence[int],
    now: Preferences,
    command: str,
    arguments: Arguments,
) -> Preferences:
    """The view after that command; the same view where the command or its column is unknown."""
    column = _column(columns, arguments)
    if column is not None:
        now = _with_column(view, now, command, column, arguments)
    match command:
        case "PAGE":
            return replace(now, page_index=max(0, int(arguments["index"])))
        case "PAGESIZE":
            return _with_size(now, int(arguments["size"]), sizes)
        case "CLEARFILTER":
            return replace(now, filter_row=(), header_filters=(), builder=None, page_index=0)
        case "CLEARBUILDER":
            return replace(now, builder=None, page_index=0)
        case "SEARCHPANEL":
            return replace(now, search_panel=str(arguments.get("text") or ""), page_index=0)
        case "SEARCH":
            return replace(now, search=str(arguments.get("text") or ""), page_index=0)
        case "EXPAND":
            return replace(now, expanded=bool(arguments.get("on")), page_index=0)
        case "RESET":
            return Preferences.of(view)
        case "COLUMNS":
            return replace(now, columns=_switched(columns, now.columns, arguments["shown"]))
        case _:
            return now


def _with_column(view: ListView, now: Preferences, command: str, column: Column, arguments: Arguments) -> Preferences:
    """The view after a command that concerns one column; the same view after any other command."""
    others = tuple(name for name in now.group_by if name != column.field)
    match command:
        case "SORT":
            return replace(now, sort=_sorted_by(now.sort, column.field, arguments))
        case "FILTERROW":
            return _with_row_filter(view, now, column, arguments)
        case "HEADERFILTER":
            kept = tuple(item for item in now.header_filters if item[0] != column.field)
            value = arguments.get("text")
            chosen = kept if value is None else (*kept, (column.field, (str(value),)))
            return replace(now, header_filters=chosen, page_index=0)
        case "GROUP":
            return replace(now, group_by=(*others, column.field), page_index=0)
        case "UNGROUP":
            return replace(now, group_by=others, page_index=0)
        case _:
            return now


def _column(columns: Sequence[GridColumn], arguments: Arguments) -> Column | None:
    index = arguments.get("column")
    if not isinstance(index, int) or not 0 <= index < len(columns):
        return None
    return columns[index].source


def _with_size(now: Preferences, size: int, sizes: Sequence[int]) -> Preferences:
    if size not in sizes:
        return now
    if size == ALL_ROWS or now.page_size == ALL_ROWS:
        return replace(now, page_size=size, page_index=0)
    return replace(now, page_size=size, page_index=now.page_index * now.page_size // size)


def _with_row_filter(view: ListView, now: Preferences, column: Column, arguments: Arguments) -> Preferences:
    old = next((entry for entry in now.filter_row if entry.field == column.field), None)
    kept = tuple(entry for entry in now.filter_row if entry.field != column.field)
    posted = str(arguments.get("text") or "")
    if not posted:
        return replace(now, filter_row=kept, page_index=0)
    operator = old.operator if old else default_operator(view, column.field)
    entry = RowFilter(column.field, filter_value(posted, column), operator)
    return replace(now, filter_row=(*kept, entry), page_index=0)


def _switched(
    columns: Sequence[GridColumn], switched: Sequence[tuple[str, bool]], shown: Mapping[str, bool]
) -> tuple[tuple[str, bool], ...]:
    choices = dict(switched)
    for index, on in shown.items():
        column = columns[int(index)]
        if column.source is not None and on != column.visible:
            choices.pop(column.source.field, None)
            if on != column.source.visible:
                choices[column.source.field] = bool(on)
    return tuple(choices.items())


def _sorted_by(sort: Sequence[tuple[str, str]], name: str, arguments: Arguments) -> tuple[tuple[str, str], ...]:
    """The new sort after ``SortBy(column, order, reset, sortIndex)``; no order means: the other way round."""
    order = str(arguments.get("order") or "")
    if order not in ("ASC", "DSC", "NONE"):
        order = "DSC" if dict(sort).get(name) == "ASC" else "ASC"
    rest = [] if arguments.get("reset", True) else [item for item in sort if item[0] != name]
    if order == "NONE":
        return tuple(rest)
    at = int(arguments.get("sortIndex", -1))
    rest.insert(at if 0 <= at <= len(rest) else len(rest), (name, order))
    return tuple(rest)
