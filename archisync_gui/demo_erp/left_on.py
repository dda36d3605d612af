"""Variations that leave something on in the users' saved views: what a person forgot before the next visit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archisync_gui.demo_erp.columns import ListView
from archisync_gui.demo_erp.held import HeldErp
from archisync_gui.demo_erp.list_view import TEXT_COLUMN, other_option
from archisync_gui.demo_erp.saved_views import ALL_ROWS, Builder, RowFilter
from archisync_gui.demo_erp.texts import Speech, cell_text


def leave_on(demo: HeldErp, name: str, arguments: Mapping[str, str]) -> None:
    """Change the saved views of the accounts and lists that the variation concerns."""
    users = [arguments["user"]] if arguments.get("user") else list(demo.accounts)
    lists = [arguments["list"]] if arguments.get("list") else list(demo.lists)
    for user in users:
        for list_name in lists:
            changes = _changes(demo, demo.lists[list_name], user, name, arguments)
            if changes:
                demo.set_preferences(user, list_name, **changes)


def _changes(demo: HeldErp, view: ListView, user: str, name: str, arguments: Mapping[str, str]) -> dict[str, Any]:
    field = arguments.get("column") or TEXT_COLUMN[view.name]
    match name:
        case "preset-left-on":
            return {"preset": arguments["option"] or other_option(view)} if view.options else {}
        case "row-filter-left-on":
            return {"filter_row": (RowFilter(field, arguments["value"], arguments["operator"]),)}
        case "search-left-on":
            return {"search": arguments["text"]}
        case "search-panel-left-on":
            return {"search_panel": arguments["text"]}
        case "header-filter-left-on":
            return {"header_filters": ((field, (_some_text(demo, view, user, field),)),)}
        case "builder-left-on":
            text = _some_text(demo, view, user, field)
            return {"builder": Builder(f"[{field}] <> '{text}'", field, text, negated=True)}
        case "grouping-left-on":
            return {"group_by": (field,), "expanded": bool(arguments["expanded"])}
        case _:
            return {"page_size": ALL_ROWS, "page_index": 0}


def _some_text(demo: HeldErp, view: ListView, user: str, field: str) -> str:
    rows = demo.world.rows(view.name, user, demo.clock.now()).rows
    row = next(row for row in rows if row.values.get(field))
    return cell_text(row, view.column(field), Speech("it", "it"))
