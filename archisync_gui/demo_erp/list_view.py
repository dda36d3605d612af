"""One list view of one user as the server serves it: state, faults and variations put together into a drawing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from archisync_gui.demo_erp.columns import FilterOption, ListView, MenuItem
from archisync_gui.demo_erp.drawing import Drawing, Look
from archisync_gui.demo_erp.editors import Combo, filter_conditions
from archisync_gui.demo_erp.grid_html import grid_html
from archisync_gui.demo_erp.held import HeldErp
from archisync_gui.demo_erp.layout import LAYOUT_FAULTS, GridColumn, layout
from archisync_gui.demo_erp.query import Listing, Query
from archisync_gui.demo_erp.saved_views import ALL_ROWS, PAGE_SIZES, Preferences, RowFilter
from archisync_gui.demo_erp.sessions import GridPage
from archisync_gui.demo_erp.streams import Row, RowSet
from archisync_gui.demo_erp.texts import Speech, cell_text

TEXT_COLUMN = {
    "customers": "CITY",
    "orders": "SALESNAME",
    "ddt": "DELIVERYNAME",
    "invoices": "INVOICINGNAME",
    "products": "DESCRIPTION",
    "prices": "ITEMRELATIONTXT",
}
"""A text column of each list, for faults and variations that filter by one."""


@dataclass(frozen=True, slots=True)
class Digits:
    """The digits in the ids of a page's controls: they count, so they differ between pages."""

    search: str = "a0"
    preset: str = "a1"
    view: str = "a1"


class ListViews:
    """Draws list views. Lives in the server's loop."""

    def __init__(self, demo: HeldErp) -> None:
        self._demo = demo
        self._query = Query()
        self._renumbered: dict[tuple[str, str], RowSet] = {}

    def varied(self, name: str, view: ListView, user: str) -> dict[str, str] | None:
        """The arguments of that variation if it is on for this list and user."""
        return self._demo.variations.hit(name, list_name=view.name, user=user)

    # --- rows and state

    def rows(self, view: ListView, user: str) -> RowSet:
        """Every record of the list at this moment."""
        rows = self._demo.world.rows(view.name, user, self._demo.clock.now())
        changed = self._demo.board.hit("ids-changed", list_name=view.name, user=user)
        if changed is None:
            return rows
        add, slot = int(changed["add"]), ("" if view.shared else user, view.name)
        token = ("ids", add, rows.token)
        cached = self._renumbered.get(slot)
        if cached is None or cached.token != token:
            cached = self._renumbered[slot] = RowSet(token, tuple(_renumber(row, add) for row in rows.rows))
        return cached

    def listing(self, view: ListView, user: str, preferences: Preferences, speech: Speech) -> Listing:
        """The rows that these preferences show."""
        now = self._demo.clock.now()
        listing = self._query.run(view, user, self.rows(view, user), preferences, speech, now)
        if (cut := self._demo.board.hit("truncated-list", list_name=view.name, user=user)) is not None:
            kept = int(len(listing.rows) * float(cut["keep"]))
            listing = Listing(listing.rows[:kept], listing.groups)
        return listing

    def _stuck(self, view: ListView, user: str, preferences: Preferences) -> Preferences:
        """The preferences as the faults have them."""
        board, where = self._demo.board, {"list_name": view.name, "user": user}
        if view.options and (fault := board.hit("stuck-preset", **where)) is not None:
            preferences = replace(preferences, preset=fault["option"] or other_option(view))
        if (fault := board.hit("stuck-filter-row", **where)) is not None:
            field = fault["column"] or TEXT_COLUMN[view.name]
            others = tuple(entry for entry in preferences.filter_row if entry.field != field)
            preferences = replace(preferences, filter_row=(*others, RowFilter(field, fault["text"], "Contains")))
        if (fault := board.hit("stuck-search", **where)) is not None:
            preferences = replace(preferences, search=fault["text"])
        if (fault := board.hit("stuck-header-filter", **where)) is not None:
            field = fault["column"] or TEXT_COLUMN[view.name]
            preferences = replace(preferences, header_filters=((field, (self.some_text(view, user, field),)),))
        if (fault := board.hit("stuck-grouping", **where)) is not None:
            preferences = replace(preferences, group_by=(fault["column"] or TEXT_COLUMN[view.name],))
        return preferences

    def some_text(self, view: ListView, user: str, field: str) -> str:
        """The text of the first record that has a value in that field."""
        rows = self._demo.world.rows(view.name, user, self._demo.clock.now()).rows
        row = next(row for row in rows if row.values.get(field))
        return cell_text(row, view.column(field), Speech("it", "it"))

    # --- drawing

    def columns(self, view: ListView, user: str, preferences: Preferences, speech: Speech) -> tuple[GridColumn, ...]:
        """The user's columns."""
        where = {"list_name": view.name, "user": user}
        faults = {name: args for name in LAYOUT_FAULTS if (args := self._demo.board.hit(name, **where)) is not None}
        added = self.varied("columns-added", view, user)
        return layout(view, speech, dict(preferences.columns), faults, int(added["count"]) if added else 0)

    def draw(self, view: ListView, page: GridPage, user: str, speech: Speech) -> Drawing:
        """The page as it is now. Keeps the page index inside the list, and keeps the view on the server."""
        preferences = self._stuck(view, user, page.preferences)
        listing = self.listing(view, user, preferences, speech)
        size = max(1, listing.length) if preferences.page_size == ALL_ROWS else preferences.page_size
        last = max(0, -(-listing.length // size) - 1)
        preferences = replace(preferences, page_index=min(preferences.page_index, last))
        page.preferences = preferences
        self._demo.preferences.put(user, view.name, preferences)
        empty = self._demo.board.hit("empty-cells", list_name=view.name, user=user)
        return Drawing(
            view=view,
            grid=page.grid,
            columns=self.columns(view, user, preferences, speech),
            listing=listing,
            preferences=preferences,
            speech=speech,
            filled=page.filled,
            look=self._look(view, user),
            blank=frozenset({empty["column"]} if empty and empty["column"] else ()),
            all_blank=bool(empty) and not (empty or {}).get("column"),
        )

    def _look(self, view: ListView, user: str) -> Look:
        def on(name: str) -> bool:
            return self.varied(name, view, user) is not None

        footer = self.varied("footer-separator", view, user)
        nulls = self.varied("other-null-texts", view, user)
        return Look(
            scrolling_headers=on("scrolling-headers"),
            bands=on("bands"),
            indent_cells=on("indent-cells"),
            detail_rows=on("detail-rows"),
            template_row=on("template-row"),
            footer_sign=footer["sign"] if footer else "",
            filter_bar_for_all=on("filter-bar-for-all"),
            sizes=self.sizes(view, user),
            enum_null=nulls["enum"] if nulls else "N/A",
            search_null=nulls["search"] if nulls else "",
        )

    def sizes(self, view: ListView, user: str) -> tuple[int, ...]:
        """The page sizes that the pager offers."""
        if (given := self.varied("sizes", view, user)) is not None:
            return tuple(ALL_ROWS if text.strip() == "All" else int(text) for text in given["offered"].split(","))
        sizes = view.page_sizes or PAGE_SIZES
        return (*sizes, ALL_ROWS) if self.varied("page-size-all", view, user) is not None else sizes

    def grid(self, drawing: Drawing, page: GridPage, user: str, paint: float) -> tuple[str, dict[str, Any]]:
        """The grid's inner HTML and the client's data of it: state, columns and the controls inside."""
        html, controls = grid_html(drawing)
        return html, {
            "name": page.grid,
            "unique": page.unique,
            "paint": paint,
            "state": self.state(drawing),
            "columns": self._client_columns(drawing, user),
            "controls": list(controls),
            "pageValues": self.varied("page-values-absent", drawing.view, user) is None,
        }

    def state(self, drawing: Drawing) -> dict[str, Any]:
        """What the client grid knows of its rows."""
        lines = drawing.lines
        # Invoices even deny having rows before they were filled (docs/erp.md, Presets).
        hide = not drawing.filled and drawing.view.name == "invoices"
        every = drawing.preferences.page_size == ALL_ROWS
        dotted = (self._demo.variations.hit("id-notation", list_name=drawing.view.name) or {}).get("keys") == "dotted"
        keys = [line.key if isinstance(line, Row) else None for line in lines]
        if dotted:
            keys = [f"{int(key):,}".replace(",", ".") if key else key for key in keys]
        return {
            "pageIndex": -1 if every else drawing.preferences.page_index,
            "pageCount": drawing.page_count,
            "pageRowSize": 20 if every else drawing.preferences.page_size,
            "pageSize": drawing.preferences.page_size,
            "sizes": list(drawing.look.sizes),
            "top": drawing.top,
            "pageRowCount": 0 if hide else len(lines),
            "keys": keys,
            "filterRowConditions": filter_conditions(drawing),
        }

    def _client_columns(self, drawing: Drawing, user: str) -> list[dict[str, Any]]:
        without = self.varied("no-visible-index", drawing.view, user) is not None
        sort = {field: (at, order) for at, (field, order) in enumerate(drawing.preferences.sort)}
        groups = drawing.preferences.group_by
        found: list[dict[str, Any]] = []
        for column in drawing.columns:
            place, order = sort.get(column.source.field if column.source else "", (-1, ""))
            data: dict[str, Any] = {
                "index": column.index,
                "fieldName": column.field,
                "name": column.field or column.system,
                "visible": column.visible,
                "sortIndex": place,
                "sortOrder": order,
                "groupIndex": groups.index(column.field) if column.field in groups else -1,
            }
            if not without:
                data["visibleIndex"] = column.visible_index
            found.append(data)
        if drawing.look.bands:
            found.append({"index": len(found), "fieldName": "", "name": "Band", "visible": True, "sortIndex": -1,
                          "sortOrder": "", "groupIndex": -1, "visibleIndex": 1})  # fmt: skip
        return found

    # --- toolbar

    def digits(self, view: ListView, user: str) -> Digits:
        """The digits in the ids of the page's controls."""
        if (other := self.varied("other-digits", view, user)) is not None:
            first, second = other["first"], other["second"]
            return Digits(other["search"], second if view.view_combo >= 0 else first, first)
        second_only = view.view_combo >= 0 or self.varied("toolbar-combo-a2", view, user) is not None
        return Digits("a0", "a2" if second_only else "a1", "a1")

    def prefix(self, view: ListView, user: str) -> str:
        """What the preset filter's values begin with."""
        changed = self._demo.board.hit("value-prefix", list_name=view.name, user=user)
        return f"xaf_xaf_{changed['prefix'] if changed else self.digits(view, user).preset}"

    def menu(self, view: ListView, user: str) -> tuple[tuple[MenuItem, ...], int]:
        """The toolbar items and by how much the items' indexes are shifted."""
        if self._demo.board.hit("extra-menu-item", list_name=view.name, user=user) is None:
            return view.menu, 0
        moved = tuple(replace(item, index=item.index + 1) for item in view.menu)
        return (MenuItem(0, "news", "Novità", "News"), *moved), 1

    def combos(self, view: ListView, user: str, preset: str, shift: int, speech: Speech) -> dict[int, Combo]:
        """The toolbar's combo boxes by toolbar index; the preset filter is the last."""
        digits, found = self.digits(view, user), {}
        if view.view_combo >= 0:
            prefix = f"xaf_xaf_{digits.view}"
            items = (
                (f"{prefix}CustomerListViewAgent", speech.of("Clienti", "Customers")),
                (f"{prefix}CustomersRoadmapAgent", speech.of("Mappa clienti", "Customer map")),
            )
            found[view.view_combo + shift] = _menu_combo(view.view_combo + shift, digits.view, items[0][0], items)
        if view.options:
            prefix = self.prefix(view, user)
            options = tuple((f"{prefix}{option.word}", speech.of(option.it, option.en)) for option in view.options)
            found[view.combo + shift] = _menu_combo(view.combo + shift, digits.preset, f"{prefix}{preset}", options)
        return found


def _menu_combo(index: int, digit: str, value: str, items: tuple[tuple[str, str], ...]) -> Combo:
    control = f"Vertical_mainMenu_Menu_ITCNT{index}_xaf_{digit}_Cb"
    return Combo(control, value, items, name=f"Vertical$mainMenu$Menu$ITCNT{index}$xaf_{digit}$Cb")


def other_option(view: ListView) -> str:
    """An option of the preset filter that neither shows everything nor is the one as shipped."""
    usual = (view.whole_option, view.default_option)
    return next(option.word for option in view.options if option.word not in usual)


def known_option(view: ListView, value: str, prefix: str) -> FilterOption | None:
    """The option of that posted value, or None."""
    word = value.removeprefix(prefix)
    return next((option for option in view.options if option.word == word and value.startswith(prefix)), None)


def _renumber(row: Row, add: int) -> Row:
    record = row.values.get("ID")
    if not record:
        return row
    return Row(str(record + add), {**row.values, "ID": record + add})


def arguments_of(mapping: Mapping[str, str] | None, name: str) -> str:
    """One argument of a switch that may be off; empty then."""
    return (mapping or {}).get(name, "")
