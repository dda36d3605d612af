"""A list view's page and the answers to its callbacks: grid commands, presets and searches, row values, menu clicks."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from aiohttp import web

from archisync_gui.demo_erp.columns import ListView
from archisync_gui.demo_erp.commands import next_view
from archisync_gui.demo_erp.dialogs import column_boxes, header_popup
from archisync_gui.demo_erp.drawing import Drawing
from archisync_gui.demo_erp.exchange import Posted, Visit, html, posted, result
from archisync_gui.demo_erp.held import HeldErp
from archisync_gui.demo_erp.layout import GridColumn
from archisync_gui.demo_erp.list_view import ListViews, known_option
from archisync_gui.demo_erp.pages import BASE, ListPage, grid_root, list_page
from archisync_gui.demo_erp.serving import Serving
from archisync_gui.demo_erp.sessions import GridPage, Session
from archisync_gui.demo_erp.streams import Row
from archisync_gui.demo_erp.texts import Speech, client_value

_FOLD_BELOW = 1_300
"""Width in pixels below which the toolbar folds when the page loads."""

_OF_THE_PAGE = ("PRESET", "SEARCH")
"""Commands that the page's own callback control answers, not the grid."""


class ListCallbacks:
    """Answers the requests of list views."""

    def __init__(self, demo: HeldErp, server: Serving, views: ListViews) -> None:
        self._demo = demo
        self._server = server
        self._views = views

    async def answer(self, request: web.Request, view: ListView, session: Session, visit: Visit) -> web.StreamResponse:
        """The list page (GET) or the answer to one of its callbacks (POST)."""
        if request.method != "POST":
            return await self._page(view, session, visit, self._server.speech(request, session))
        call = await posted(request)
        speech = self._server.speech(request, session, call.language)
        shown = json.dumps(call.arguments, ensure_ascii=False) if call.arguments else ""
        visit.detail = f"{view.name} {call.command} {shown}".strip()
        user = session.user or ""
        if call.command == "XAF":
            return await self._menu_click(view, call, user, visit)
        if call.command == "VIEW":
            await self._server.take(self._server.latency.callback(0))
            roadmap = str(call.arguments["value"]).endswith("CustomersRoadmapAgent")
            return result({"redirect": f"{BASE}/{'CUSTTABLE_ListView_RoadMap' if roadmap else view.path}/"})
        page = session.used_page(call.target) or _newest(session, view)
        if page is None:
            return result({"generalError": "The page's state is no longer valid."})
        if (fault := self._fault(view, page, session)) is not None:
            return fault
        return await self._command(view, page, session, call, speech, visit)

    # --- the page

    async def _page(self, view: ListView, session: Session, visit: Visit, speech: Speech) -> web.StreamResponse:
        user, board, views = session.user or "", self._demo.board, self._views
        where = {"list_name": view.name, "user": user}
        await self._server.take(self._server.latency.page())
        empty = views.varied("loads-empty", view, user)
        loads_empty = empty is not None and (bool(empty.get("list")) or view.name in ("ddt", "invoices"))
        page = session.open_page(view, self._demo.preferences.get(user, view.name), not loads_empty)
        drawing = views.draw(view, page, user, speech)
        grid_html, grid_data = views.grid(drawing, page, user, self._paint())
        menu, shift = views.menu(view, user)
        combos = views.combos(view, user, drawing.preferences.preset, shift, speech)
        folded = board.hit("toolbar-folded", **where) is not None
        stale = views.varied("stale-control", view, user) is not None
        visit.detail = view.name
        return html(
            list_page(
                ListPage(
                    view=view,
                    user=user,
                    grid=page.grid,
                    grid_html=grid_html,
                    grid_data=grid_data,
                    menu=menu,
                    combos=combos,
                    preset=list(combos.values())[-1].control if view.options else "",
                    search=f"Vertical_SearchAC_Menu_ITCNT0_xaf_{views.digits(view, user).search}_Ed",
                    search_text=drawing.preferences.search,
                    search_null=drawing.look.search_null
                    or speech.of("Inserire testo di ricerca", "Enter text to search"),
                    fold_below=1_000_000 if folded else _FOLD_BELOW,
                    forced=board.hit("other-locale") is not None,
                    busy=board.hit("never-idle", **where) is not None,
                    accepts_early=views.varied("preset-accepted-early", view, user) is not None,
                    version=self._server.version(),
                    stale="Vertical_v1_111_LE_v1" if stale else "",
                ),
                speech,
            )
        )

    def _paint(self) -> float:
        """Seconds from the end of a callback until the cells show their text."""
        late = self._demo.board.hit("late-paint")
        if late is not None:
            return float(late["seconds"])
        return self._server.latency.paint() if self._demo.late_paint else 0.0

    def _late_cell(self, drawing: Drawing) -> int:
        """The only cell of each row that gets its text late; -1: all do."""
        column = (self._demo.board.hit("late-paint") or {}).get("column")
        fields = [column.field for column in drawing.shown]
        return drawing.indent + fields.index(column) if column and column in fields else -1

    # --- callbacks

    def _fault(self, view: ListView, page: GridPage, session: Session) -> web.StreamResponse | None:
        """The answer that a fault gives instead of the right one, if any."""
        board, where = self._demo.board, {"list_name": view.name, "user": session.user or ""}
        if page.serial < session.serial and board.hit("second-list-ends-first", user=where["user"]) is not None:
            return result({"generalError": "The view state of this page was replaced by another page."})
        if board.strike("hung-callback", **where) is not None:
            return self._server.hung()
        if board.strike("callback-error", **where) is not None:
            return result({"generalError": "Object reference not set to an instance of an object."})
        return None

    async def _command(
        self, view: ListView, page: GridPage, session: Session, call: Posted, speech: Speech, visit: Visit
    ) -> web.StreamResponse:
        user, server = session.user or "", self._server
        match call.command:
            case "ROWVALUES":
                return await self._row_values(view, page, user, call, speech)
            case "PAGEVALUES":
                return await self._page_values(view, page, user, call, speech)
            case "CUSTDIALOG":
                await server.take(server.latency.callback(0))
                return result({"boxes": column_boxes(self._views.draw(view, page, user, speech))})
            case "HFPOPUP":
                await server.take(server.latency.callback(0))
                drawing = self._views.draw(view, page, user, speech)
                return result({"popup": header_popup(drawing, int(call.arguments["column"]))})
        page.drawn_keys = tuple(row.key for row in self._views.draw(view, page, user, speech).page_rows)
        self._perform(view, page, user, call, speech)
        drawing = self._views.draw(view, page, user, speech)
        rows = len(drawing.lines)
        latency = server.latency
        await server.take(latency.search(rows) if call.command.startswith("SEARCH") else latency.callback(rows))
        visit.painting = self._paint()
        answer = self._answer(view, page, session, call, drawing, visit.painting)
        if self._demo.board.hit("never-idle", list_name=view.name, user=user) is not None:
            answer["busy"] = True
        return result(answer)

    def _answer(
        self, view: ListView, page: GridPage, session: Session, call: Posted, drawing: Drawing, paint: float
    ) -> dict[str, Any]:
        """The new grid, and what the server holds of preset and search."""
        user, views = session.user or "", self._views
        late = self._late_cell(drawing)
        answer: dict[str, Any] = {"paint": paint, "late": late, "search": drawing.preferences.search}
        if view.options:
            answer["preset"] = f"{views.prefix(view, user)}{drawing.preferences.preset}"
        if call.command in _OF_THE_PAGE and views.varied("grid-kept", view, user) is None:
            if views.varied("grid-renumbered", view, user) is not None:
                session.renumber(page)
                drawing = replace(drawing, grid=page.grid)
            inner, data = views.grid(drawing, page, user, paint)
            return {**answer, "view": grid_root(page.grid, inner), "grid": data}
        inner, data = views.grid(drawing, page, user, paint)
        return {**answer, "html": inner, "grid": data}

    def _perform(self, view: ListView, page: GridPage, user: str, call: Posted, speech: Speech) -> None:
        """Change the page's view as one command asks, as far as the faults let it."""
        board, where = self._demo.board, {"list_name": view.name, "user": user}
        if call.command == "PAGE" and (moving := board.strike("rows-move", **where)) is not None:
            self._move_rows(view, user, page, int(moving["insert"]), int(moving["delete"]))
        ignored = {"PAGE": "page-stuck", "PAGESIZE": "page-size-ignored", "SORT": "sort-ignored"}.get(call.command)
        if ignored is not None and board.hit(ignored, **where) is not None:
            return
        if call.command == "PRESET":
            self._choose_preset(view, page, user, str(call.arguments["value"]))
            return
        columns = self._views.columns(view, user, page.preferences, speech)
        sizes = self._views.sizes(view, user)
        page.preferences = next_view(view, columns, sizes, page.preferences, call.command, call.arguments)

    def _choose_preset(self, view: ListView, page: GridPage, user: str, value: str) -> None:
        option = known_option(view, value, self._views.prefix(view, user))
        if option is None:
            return
        if option.word != page.preferences.preset:
            page.filled = True
        page.preferences = replace(page.preferences, preset=option.word, page_index=0)

    def _move_rows(self, view: ListView, user: str, page: GridPage, insert: int, delete: int) -> None:
        """New rows appear and rows of the first page go, so that everything behind them slides."""
        now, world = self._demo.clock.now(), self._demo.world
        listing = self._views.listing(view, user, page.preferences, Speech("it", "it"))
        for row in [row for row in listing.rows if row.key != "0"][:delete]:
            world.delete(view.name, user, row.key)
        for _ in range(insert):
            world.insert(view.name, user, now)

    async def _menu_click(self, view: ListView, call: Posted, user: str, visit: Visit) -> web.StreamResponse:
        visit.kind = "menu"
        menu, _ = self._views.menu(view, user)
        index = str(call.arguments.get("argument", ""))
        item = next((item for item in menu if str(item.index) == index), None)
        if call.arguments.get("target") == "edit":
            visit.detail, visit.writes = f"{view.name} edit", True
        elif item is not None:
            visit.detail, visit.writes = f"{view.name} {item.name}", item.writes
        if visit.writes:
            visit.kind = "write"
        await self._server.take(self._server.latency.callback(0))
        return result({})

    # --- row values

    async def _row_values(
        self, view: ListView, page: GridPage, user: str, call: Posted, speech: Speech
    ) -> web.StreamResponse:
        """GetRowValues: one row, by its index over all pages; the bare value where one field was asked for."""
        if self._demo.board.strike("getrowvalues-dead", list_name=view.name, user=user) is not None:
            return self._server.hung()
        await self._server.take(self._server.latency.row_values())
        drawing = self._views.draw(view, page, user, speech)
        index = int(call.arguments["row"])
        lines = drawing.listing.lines(index, index + 1) if index >= 0 else []
        row = lines[0] if lines and isinstance(lines[0], Row) else None
        return result({"values": self._values(row, drawing.columns, _fields(call), view, user, speech)})

    async def _page_values(
        self, view: ListView, page: GridPage, user: str, call: Posted, speech: Speech
    ) -> web.StreamResponse:
        """GetPageRowValues: all data rows of the page, visible and hidden columns alike."""
        variations, where = self._demo.variations, {"list_name": view.name, "user": user}
        if variations.strike("page-values-silent", **where) is not None:
            return self._server.hung()
        drawing, fields = self._views.draw(view, page, user, speech), _fields(call)
        rows = drawing.page_rows
        if variations.strike("page-values-stale", **where) is not None:
            rows = self._stale_rows(drawing, page)
        if (short := variations.strike("page-values-short", **where)) is not None:
            rows = rows[: max(0, len(rows) - int(short["missing"]))]
        kinds = {column.field: column.source.kind for column in drawing.columns if column.source is not None}
        images = sum(kinds.get(name) == "image" for name in fields)
        await self._server.take(self._server.latency.page_values(len(rows), images))
        if variations.strike("page-values-error", **where) is not None:
            return result({"generalError": "Invalid field name or the row values cannot be serialized."})
        return result({"values": [self._values(row, drawing.columns, fields, view, user, speech) for row in rows]})

    def _stale_rows(self, drawing: Drawing, page: GridPage) -> list[Row]:
        """The rows drawn before the present ones, or, where they are the same, those of the next page."""
        by_key = {row.key: row for row in drawing.listing.rows}
        now = [row.key for row in drawing.page_rows]
        if page.drawn_keys and list(page.drawn_keys) != now:
            return [by_key[key] for key in page.drawn_keys if key in by_key]
        start = drawing.top + drawing.page_size
        return [line for line in drawing.listing.lines(start, start + drawing.page_size) if isinstance(line, Row)]

    def _values(
        self,
        row: Row | None,
        columns: tuple[GridColumn, ...],
        fields: list[str],
        view: ListView,
        user: str,
        speech: Speech,
    ) -> Any:
        words = self._views.varied("enum-words", view, user) is not None
        sources = {column.field: column.source for column in columns}
        values: list[Any] = []
        for name in fields:
            source = sources.get(name)
            if row is None or source is None:
                values.append(None)
            else:
                values.append(client_value(row.values.get(source.field), source, speech, words))
        return values[0] if len(values) == 1 else values


def _fields(call: Posted) -> list[str]:
    return [name for name in str(call.arguments["fields"]).split(";") if name]


def _newest(session: Session, view: ListView) -> GridPage | None:
    """The newest page of that list: what the page's own callbacks mean, which name no grid."""
    same = [page for page in session.pages.values() if page.view.name == view.name]
    return max(same, key=lambda page: page.serial, default=None)
