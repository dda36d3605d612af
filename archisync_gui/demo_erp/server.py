"""The demo ERP's routes: login, list views, callbacks, detail pages, control path; no data and no HTML here."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from aiohttp import web

from archisync_gui.demo_erp import pages
from archisync_gui.demo_erp.columns import BY_PATH, LISTS, SIDEBAR, ListView, MenuItem
from archisync_gui.demo_erp.grid import Drawing, GridColumn, Listing, Query, Speech, cell_text, grid_html, layout
from archisync_gui.demo_erp.latency import Latency
from archisync_gui.demo_erp.pages import BASE, Combo, ListPage
from archisync_gui.demo_erp.recorder import Action
from archisync_gui.demo_erp.sessions import PAGE_SIZES, GridPage, Preferences, Session, SessionStore
from archisync_gui.demo_erp.world import Row, RowSet

if TYPE_CHECKING:
    from archisync_gui.demo_erp.demo import DemoErp

_LAYOUT_FAULTS = (
    "moved-columns", "renamed-captions", "renamed-column", "missing-column", "new-column", "new-system-column",
)  # fmt: skip
_FOLD_BELOW = 1_300
_WHOLE = (
    "All_Customers", "ListViewSalesTableOrdersAll", "ListViewPackingSlipsAll", "All_invoices", "ActivePrices",
)  # fmt: skip
_SET_VALUE_NOTHING, _SET_VALUE_CALLBACK, _SET_VALUE_NAVIGATES = "nothing", "callback", "navigate"
_QUICK_ROW_VALUES = ("products",)


@dataclass(slots=True)
class _Visit:
    """One request being served: what the record of it will say."""

    kind: str = "page"
    detail: str = ""
    user: str = ""
    writes: bool = False
    waited: float = 0.0
    """Seconds of this request that were not the ERP's own work."""
    painting: float = 0.0
    """Seconds that the browser needs after the answer until the cells show their text."""
    recorded: bool = True


class Server:
    """One running demo ERP's request handling. Lives in the demo's own loop."""

    def __init__(self, demo: DemoErp, idle_seconds: float, monotonic: Callable[[], float]) -> None:
        self._demo = demo
        self.sessions = SessionStore(idle_seconds, monotonic)
        self.closing = asyncio.Event()
        self._released = asyncio.Event()
        self._query = Query()
        self._renumbered: dict[tuple[str, str], RowSet] = {}
        self._files = {
            "1_js": (files("archisync_gui.demo_erp").joinpath("client.js").read_text("utf-8"), "text/javascript"),
            "1_css": (files("archisync_gui.demo_erp").joinpath("grid.css").read_text("utf-8"), "text/css"),
        }

    def application(self) -> web.Application:
        """The routes."""
        app = web.Application(client_max_size=4 * 2**20)
        app.router.add_route("*", "/_control/{token}/{what:.*}", self._control)
        app.router.add_get(f"{BASE}/DXR.axd", self._static)
        app.router.add_route("*", f"{BASE}/{{path:.*}}", self._erp)
        app.router.add_get("/", self._home)
        return app

    def release(self) -> None:
        """Let every hung request go on."""
        self._released.set()
        self._released = asyncio.Event()

    async def _home(self, request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound(f"{BASE}/")

    async def _static(self, request: web.Request) -> web.StreamResponse:
        body, kind = self._files.get(request.query.get("r", ""), ("", "text/plain"))
        return web.Response(text=body, content_type=kind, headers={"Cache-Control": "max-age=3600"})

    # --- every request ------------------------------------------------------------------------------------------------

    async def _erp(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"].strip("/")
        visit = _Visit(kind="callback" if request.method == "POST" else "page")
        started = time.perf_counter()
        faults = self._demo.board
        response: web.StreamResponse
        try:
            if faults.strike("connection-dropped") is not None:
                visit.detail = "connection-dropped"
                if request.transport is not None:
                    request.transport.abort()
                return web.Response(status=500)
            if faults.strike("unavailable-503") is not None:
                visit.detail = "unavailable-503"
                return web.Response(status=503, text="<h1>Service Unavailable</h1>", content_type="text/html")
            session = self.sessions.find(request.cookies.get("ASP.NET_SessionId"), request.cookies.get("Login"))
            fresh = session is None
            if session is None:
                session = self.sessions.create()
            waiting = time.perf_counter()
            async with session.lock:
                visit.waited += time.perf_counter() - waiting
                visit.user = session.user or ""
                response = await self._route(request, path, session, visit)
            if isinstance(response, _Hung):
                hanging = time.perf_counter()
                await self._hang(response.until)
                visit.waited += time.perf_counter() - hanging
                response = web.Response(status=500)
            if fresh:
                self._set_cookie(response, "ASP.NET_SessionId", session.key, httponly=True)
                self._set_cookie(response, session.tracker, "000000", httponly=False)
            if faults.hit("other-certificate") is not None:
                response.force_close()
            return response
        finally:
            if visit.recorded:
                duration = max(0.0, time.perf_counter() - started - visit.waited) + visit.painting
                self._demo.recorder.add(
                    Action(visit.kind, visit.user, f"/{path}", visit.detail, datetime.now(UTC), duration, visit.writes)
                )

    def _set_cookie(self, response: web.StreamResponse, name: str, value: str, httponly: bool, days: int = 0) -> None:
        response.set_cookie(
            name,
            value,
            path="/",
            httponly=httponly,
            secure=self._demo.https and httponly,
            samesite="Lax",
            max_age=days * 86_400 if days else None,
        )

    async def _hang(self, until: asyncio.Event) -> None:
        """Wait until the fault is cleared or the demo stops; the session is free meanwhile."""
        waits = [asyncio.ensure_future(until.wait()), asyncio.ensure_future(self.closing.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _take(self, seconds: float) -> None:
        """Spend the ERP's own time."""
        if seconds > 0 and not self.closing.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self.closing.wait(), seconds)

    @property
    def latency(self) -> Latency:
        """The model in force."""
        slow = self._demo.board.hit("slow")
        base = self._demo.latency
        return Latency(max(base.factor, 0.1) * float(slow["factor"])) if slow else base

    def _speech(self, request: web.Request, session: Session, posted: str = "") -> Speech:
        other = self._demo.board.hit("other-locale")
        if other is not None:
            word = "it" if other["locale"].lower().startswith("it") else "en"
            return Speech(word, word)
        captions = "it" if request.headers.get("Accept-Language", "").lower().startswith("it") else "en"
        language = posted or request.cookies.get(session.tracker, "")
        if not language or language == "000000":
            return Speech(captions, captions)
        return Speech(captions, "it" if language.lower().startswith("it") else "en")

    async def _route(self, request: web.Request, path: str, session: Session, visit: _Visit) -> web.StreamResponse:
        lower = path.lower()
        if lower == "login.aspx":
            return await self._login(request, session, visit)
        if lower == "dxx.axd":
            visit.recorded = False
            return web.Response(text="")
        if session.user is None:
            visit.kind, visit.recorded = "redirect", True
            target = quote(f"{BASE}/{path}{'/' if path and not lower.endswith('.aspx') else ''}", safe="")
            target = target.replace("%2F", "%2f")
            return _redirect(f"{BASE}/Login.aspx?ReturnUrl={target}")
        speech = self._speech(request, session)
        if lower == "error.aspx":
            return _html(pages.error_page(speech))
        if lower in ("", "default.aspx"):
            return _redirect(f"{BASE}/Announcements_ListView/")
        name, _, rest = path.partition("/")
        if "NewObject" in request.query or request.query.get("mode") == "Edit":
            visit.kind, visit.writes = "write", True
            visit.detail = request.query_string
        if name in BY_PATH:
            view = BY_PATH[name]
            if self._demo.board.strike("error-page", list_name=view.name, user=session.user) is not None:
                return _redirect(f"{BASE}/Error.aspx")
            if request.method == "POST":
                return await self._callback(request, view, session, visit)
            return await self._list(request, view, session, visit, speech)
        for view in LISTS.values():
            if view.detail and name == view.detail:
                return await self._detail(view, rest, session, visit, speech)
        for _, target, it, en in SIDEBAR:
            if name == target:
                await self._take(self.latency.page())
                return _html(pages.plain_page(session.user, target, it, en, speech))
        return web.Response(status=404, text="<h1>The resource cannot be found.</h1>", content_type="text/html")

    # --- login --------------------------------------------------------------------------------------------------------

    async def _login(self, request: web.Request, session: Session, visit: _Visit) -> web.StreamResponse:
        return_url = request.query.get("ReturnUrl") or f"{BASE}/Default.aspx"
        speech = self._speech(request, session)
        if request.method != "POST":
            visit.detail = "login page"
            await self._take(self.latency.page())
            return _html(
                pages.login_page(return_url, secrets.randbelow(900_000_000) + 100_000_000, session.tracker, speech)
            )
        _, arguments, _ = await _posted(request)
        user, password = str(arguments.get("user", "")), str(arguments.get("password", ""))
        await self._take(self.latency.login())
        visit.user, visit.kind = user, "login-failed"
        board = self._demo.board
        if (failing := board.strike("login-fails", user=user)) is not None:
            visit.detail = "login-fails"
            if failing["how"] == "error-page":
                return _result({"redirect": f"{BASE}/Error.aspx"})
            return web.Response(status=500, text="Runtime Error")
        if not user and not password:
            # An empty post just leaves the page as it is (docs/erp.md, login: filling).
            visit.detail = "empty"
            return _result({"error": ""})
        refused = board.strike("login-refused", user=user) is not None
        if refused or self._demo.accounts.get(user) != password:
            visit.detail = "refused"
            return _result(
                {
                    "error": speech.of(
                        "Accesso non riuscito: il nome utente o la password non sono corretti.",
                        "Login failed: the user name or the password is not correct.",
                    )
                }
            )
        if board.hit("second-login-ends-first", user=user) is not None:
            self.sessions.expire(user, but=session)
        ticket = self.sessions.login(session, user)
        visit.kind = "login"
        target = unquote(return_url)
        response = _result({"redirect": target if target.startswith(f"{BASE}/") else f"{BASE}/Default.aspx"})
        self._set_cookie(response, "Login", ticket, httponly=True)
        self._set_cookie(response, "xafkidemovbUserName", user, httponly=True, days=30)
        return response

    # --- detail -------------------------------------------------------------------------------------------------------

    async def _detail(
        self, view: ListView, rest: str, session: Session, visit: _Visit, speech: Speech
    ) -> web.StreamResponse:
        key = rest.strip("/")
        visit.kind = "write" if visit.writes else "detail"
        visit.detail = visit.detail or key
        await self._take(self.latency.page())
        user = session.user or ""
        rows = self._rows(view, user)
        row = next((row for row in rows.rows if row.key == key and row.key != "0"), None)
        if row is None or (view.name == "customers" and key == self._demo.corrupt_customer(user)):
            return _redirect(f"{BASE}/Error.aspx")
        return _html(pages.detail_page(user, view, row, speech))

    # --- list views ---------------------------------------------------------------------------------------------------

    def _rows(self, view: ListView, user: str) -> RowSet:
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

    def _stuck(self, view: ListView, user: str, preferences: Preferences) -> Preferences:
        """The preferences as the faults have them."""
        board, where = self._demo.board, {"list_name": view.name, "user": user}
        if view.options and (fault := board.hit("stuck-preset", **where)) is not None:
            others = [option.word for option in view.options if option.word not in _WHOLE]
            preferences = replace(preferences, preset=fault["option"] or others[0])
        if (fault := board.hit("stuck-filter-row", **where)) is not None:
            field = fault["column"] or _text_column(view)
            others_set = tuple(item for item in preferences.filter_row if item[0] != field)
            preferences = replace(preferences, filter_row=(*others_set, (field, fault["text"])))
        if (fault := board.hit("stuck-search", **where)) is not None:
            preferences = replace(preferences, search=fault["text"])
        if (fault := board.hit("stuck-header-filter", **where)) is not None:
            field = fault["column"] or _text_column(view)
            now = self._demo.clock.now()
            row = next(row for row in self._demo.world.rows(view.name, user, now).rows if row.values.get(field))
            text = cell_text(row, view.column(field), Speech("it", "it"))
            preferences = replace(preferences, header_filters=((field, (text,)),))
        if (fault := board.hit("stuck-grouping", **where)) is not None:
            preferences = replace(preferences, group_by=(fault["column"] or _text_column(view),))
        return preferences

    def _draw(self, view: ListView, page: GridPage, session: Session, speech: Speech) -> Drawing:
        user, board = session.user or "", self._demo.board
        where = {"list_name": view.name, "user": user}
        faults = {name: args for name in _LAYOUT_FAULTS if (args := board.hit(name, **where)) is not None}
        preferences = self._stuck(view, user, page.preferences)
        listing = self._query.run(view, user, self._rows(view, user), preferences, speech, self._demo.clock.now())
        if (cut := board.hit("truncated-list", **where)) is not None:
            kept = int(len(listing.rows) * float(cut["keep"]))
            listing = Listing(listing.rows[:kept], listing.groups)
        empty = board.hit("empty-cells", **where)
        last = max(0, -(-listing.length // preferences.page_size) - 1)
        preferences = replace(preferences, page_index=min(preferences.page_index, last))
        page.preferences = preferences
        self._demo.preferences.put(user, view.name, preferences)
        return Drawing(
            view,
            page.grid,
            layout(view, speech, session.shown.get(view.name, {}), faults),
            listing,
            preferences,
            speech,
            page.filled,
            frozenset({empty["column"]} if empty and empty["column"] else ()),
            bool(empty) and not (empty or {}).get("column"),
        )

    def _state(self, drawing: Drawing) -> dict[str, Any]:
        rows = drawing.rows_drawn
        # Invoices even deny having rows before they were filled (docs/erp.md, lists that load empty).
        hide = not drawing.filled and drawing.view.name == "invoices"
        return {
            "pageIndex": drawing.preferences.page_index,
            "pageCount": drawing.page_count,
            "pageSize": drawing.preferences.page_size,
            "top": drawing.top,
            "visibleRowsOnPage": 0 if hide else rows,
            "keys": [row.key for row in drawing.page_rows],
        }

    def _combos(self, view: ListView, word: str, shift: int, speech: Speech) -> list[Combo]:
        combos = []
        prefix = self._prefix(view)
        if view.view_combo >= 0:
            items = (
                ("CUSTTABLE_ListView_Agent", speech.of("Clienti", "Customers")),
                ("CUSTTABLE_ListView_RoadMap", speech.of("Mappa clienti", "Customer map")),
            )
            combos.append(Combo(view.view_combo + shift, items[0][0], items, _SET_VALUE_CALLBACK, "view"))
        if view.options:
            mode = _SET_VALUE_NOTHING if view.click_only else _SET_VALUE_CALLBACK
            if view.set_value_navigates:
                mode = _SET_VALUE_NAVIGATES
            choices = tuple((f"{prefix}{option.word}", speech.of(option.it, option.en)) for option in view.options)
            combos.append(Combo(view.combo + shift, f"{prefix}{word}", choices, mode, "preset"))
        return combos

    def _prefix(self, view: ListView) -> str:
        changed = self._demo.board.hit("value-prefix", list_name=view.name)
        return f"xaf_xaf_{changed['prefix'] if changed else 'a1'}"

    def _menu(self, view: ListView, user: str) -> tuple[tuple[MenuItem, ...], int]:
        if self._demo.board.hit("extra-menu-item", list_name=view.name, user=user) is None:
            return view.menu, 0
        moved = tuple(replace(item, index=item.index + 1) for item in view.menu)
        return (MenuItem(0, "news", "Novità", "News"), *moved), 1

    async def _list(
        self, request: web.Request, view: ListView, session: Session, visit: _Visit, speech: Speech
    ) -> web.StreamResponse:
        user, board = session.user or "", self._demo.board
        await self._take(self.latency.page())
        page = session.open_page(view, self._demo.preferences.get(user, view.name))
        drawing = self._draw(view, page, session, speech)
        menu, shift = self._menu(view, user)
        folded = board.hit("toolbar-folded", list_name=view.name, user=user) is not None
        html = pages.list_page(
            ListPage(
                view=view,
                user=user,
                grid=page.grid,
                unique=page.unique,
                grid_html=grid_html(drawing),
                state=self._state(drawing),
                columns=_client_columns(drawing.columns),
                menu=menu,
                combos=self._combos(view, drawing.preferences.preset, shift, speech),
                search=drawing.preferences.search,
                paint=self._paint(),
                fold_below=1_000_000 if folded else _FOLD_BELOW,
                tracker=session.tracker,
                forced=board.hit("other-locale") is not None,
                busy=board.hit("never-idle", list_name=view.name, user=user) is not None,
            ),
            speech,
        )
        visit.detail = view.name
        return _html(html)

    def _paint(self) -> float:
        late = self._demo.board.hit("late-paint")
        if late is not None:
            return float(late["seconds"])
        return self.latency.paint() if self._demo.late_paint else 0.0

    # --- callbacks ----------------------------------------------------------------------------------------------------

    async def _callback(
        self, request: web.Request, view: ListView, session: Session, visit: _Visit
    ) -> web.StreamResponse:
        command, arguments, form = await _posted(request)
        speech = self._speech(request, session, form.get("ClientServerParams", ""))
        user, board = session.user or "", self._demo.board
        where = {"list_name": view.name, "user": user}
        visit.detail = f"{view.name} {command} {json.dumps(arguments, ensure_ascii=False) if arguments else ''}".strip()
        target = form.get("__CALLBACKID", "")
        if command == "XAF":
            return await self._menu_click(view, arguments, user, visit)
        if command == "VIEW":
            await self._take(self.latency.callback(0))
            return _result({"redirect": f"{BASE}/{arguments['value']}/"})
        page = session.used_page(target)
        if page is None:
            # The toolbar's own callbacks name no grid: they mean the newest page of this list.
            same = [p for p in session.pages.values() if p.view is view]
            page = max(same, key=lambda p: p.serial, default=None)
        if page is None:
            return _result({"generalError": "The page's state is no longer valid."})
        if page.serial < session.serial and board.hit("second-list-ends-first", user=user) is not None:
            return _result({"generalError": "The view state of this page was replaced by another page."})
        if board.strike("hung-callback", **where) is not None:
            return _Hung(self._released)
        if board.strike("callback-error", **where) is not None:
            return _result({"generalError": "Object reference not set to an instance of an object."})
        if command == "ROWVALUES":
            return await self._row_values(view, page, session, arguments, speech, visit)
        if command == "CUSTDIALOG":
            await self._take(self.latency.callback(0))
            return _result({"dialog": _column_dialog(self._draw(view, page, session, speech))})
        if command == "HFPOPUP":
            await self._take(self.latency.callback(0))
            return _result({"popup": _header_popup(self._draw(view, page, session, speech), int(arguments["column"]))})
        self._perform(view, page, session, command, arguments, user)
        drawing = self._draw(view, page, session, speech)
        rows = drawing.rows_drawn
        await self._take(self.latency.search(rows) if command == "SEARCH" else self.latency.callback(rows))
        _, shift = self._menu(view, user)
        paint = visit.painting = self._paint()
        result: dict[str, Any] = {
            "html": grid_html(drawing),
            "state": self._state(drawing),
            "columns": _client_columns(drawing.columns),
            "combos": [
                {"id": combo.control, "value": combo.value}
                for combo in self._combos(view, drawing.preferences.preset, shift, speech)
            ],
            "search": drawing.preferences.search,
            "paint": paint,
        }
        if board.hit("never-idle", **where) is not None:
            result["busy"] = True
        return _result(result)

    async def _menu_click(
        self, view: ListView, arguments: Mapping[str, Any], user: str, visit: _Visit
    ) -> web.StreamResponse:
        visit.kind = "menu"
        menu, _ = self._menu(view, user)
        index = str(arguments.get("argument", ""))
        item = next((item for item in menu if str(item.index) == index), None)
        if arguments.get("target") == "edit":
            visit.detail, visit.writes = f"{view.name} edit", True
        elif item is not None:
            visit.detail, visit.writes = f"{view.name} {item.name}", item.writes
        if visit.writes:
            visit.kind = "write"
        await self._take(self.latency.callback(0))
        return _result({})

    def _perform(
        self, view: ListView, page: GridPage, session: Session, command: str, arguments: Mapping[str, Any], user: str
    ) -> None:
        """Change the page's state as one grid command asks."""
        board, now = self._demo.board, page.preferences
        where = {"list_name": view.name, "user": user}

        def field() -> str | None:
            columns = self._columns_of(view, session, user)
            index = int(arguments["column"])
            source = columns[index].source if 0 <= index < len(columns) else None
            return source.field if source is not None else None

        match command:
            case "PAGE":
                if (moving := board.strike("rows-move", **where)) is not None:
                    self._move_rows(view, user, page, int(moving["insert"]), int(moving["delete"]))
                if board.hit("page-stuck", **where) is None:
                    now = replace(now, page_index=max(0, int(arguments["index"])))
            case "PAGESIZE":
                size = int(arguments["size"])
                if size in PAGE_SIZES and board.hit("page-size-ignored", **where) is None:
                    top = now.page_index * now.page_size
                    now = replace(now, page_size=size, page_index=top // size)
            case "SORT" if (name := field()) is not None and board.hit("sort-ignored", **where) is None:
                now = replace(now, sort=_sorted_by(now.sort, name, arguments))
            case "FILTERROW" if (name := field()) is not None:
                kept = tuple(item for item in now.filter_row if item[0] != name)
                text = str(arguments.get("text") or "")
                now = replace(now, filter_row=(*kept, (name, text)) if text else kept, page_index=0)
            case "HEADERFILTER" if (name := field()) is not None:
                kept_filters = tuple(item for item in now.header_filters if item[0] != name)
                value = arguments.get("text")
                chosen = (*kept_filters, (name, (str(value),))) if value is not None else kept_filters
                now = replace(now, header_filters=chosen, page_index=0)
            case "CLEARFILTER":
                now = replace(now, filter_row=(), header_filters=(), page_index=0)
            case "SEARCH":
                now = replace(now, search=str(arguments.get("text") or ""), page_index=0)
            case "GROUP" if (name := field()) is not None:
                now = replace(now, group_by=(*(g for g in now.group_by if g != name), name), page_index=0)
            case "UNGROUP" if (name := field()) is not None:
                now = replace(now, group_by=tuple(g for g in now.group_by if g != name), page_index=0)
            case "PRESET":
                word = str(arguments["value"]).removeprefix(self._prefix(view))
                if any(option.word == word for option in view.options):
                    if word != now.preset:
                        page.filled = True
                    now = replace(now, preset=word, page_index=0)
            case "RESET":
                now = Preferences.of(view)
            case "COLUMNS":
                columns = self._columns_of(view, session, user)
                shown = session.shown.setdefault(view.name, {})
                for index, on in arguments["shown"].items():
                    source = columns[int(index)].source
                    if source is not None and on != columns[int(index)].visible:
                        shown.pop(source.field, None)
                        if on != source.visible:
                            shown[source.field] = bool(on)
            case _:
                pass
        page.preferences = now

    def _columns_of(self, view: ListView, session: Session, user: str) -> tuple[GridColumn, ...]:
        where = {"list_name": view.name, "user": user}
        faults = {name: args for name in _LAYOUT_FAULTS if (args := self._demo.board.hit(name, **where)) is not None}
        return layout(view, Speech("it", "it"), session.shown.get(view.name, {}), faults)

    def _move_rows(self, view: ListView, user: str, page: GridPage, insert: int, delete: int) -> None:
        """New rows appear and rows of the first page go, so that everything behind them slides."""
        now, world = self._demo.clock.now(), self._demo.world
        listing = self._query.run(view, user, self._rows(view, user), page.preferences, Speech("it", "it"), now)
        for row in [row for row in listing.rows if row.key != "0"][:delete]:
            world.delete(view.name, user, row.key)
        for _ in range(insert):
            world.insert(view.name, user, now)

    async def _row_values(
        self,
        view: ListView,
        page: GridPage,
        session: Session,
        arguments: Mapping[str, Any],
        speech: Speech,
        visit: _Visit,
    ) -> web.StreamResponse:
        user = session.user or ""
        if self._demo.board.strike("getrowvalues-dead", list_name=view.name, user=user) is not None:
            return _Hung(self._released)
        await self._take(self.latency.row_values(view.name in _QUICK_ROW_VALUES))
        drawing = self._draw(view, page, session, speech)
        by_field = {column.field: column.source for column in drawing.columns if column.source is not None}
        index, fields = int(arguments["row"]), str(arguments["fields"]).split(";")
        rows = drawing.listing.rows if drawing.listing.groups is None else ()
        row = rows[index] if 0 <= index < len(rows) else None
        values = [
            _client_value(row.values.get(source.field)) if row is not None and source is not None else None
            for source in (by_field.get(name) for name in fields)
        ]
        return _result({"values": values[0] if len(values) == 1 else values})

    # --- control path -------------------------------------------------------------------------------------------------

    async def _control(self, request: web.Request) -> web.StreamResponse:
        """What a test in another process can do; JSON in and out, 404 without the token, 400 with a reason.

        ``faults``: GET what is on, POST ``{name, arguments}``, DELETE ``{names}`` (none: all).
        ``actions``: GET, DELETE. ``spent``: GET. ``clock``: GET, POST ``{at, advance}`` (ISO moment, seconds).
        ``preferences``: GET ``?user&list``, POST ``{user, list, changes}``. ``rows``: GET ``?user&list`` (the truth),
        POST ``{user, list}`` with one of ``insert: {field: value}``, ``delete: key``, ``change: {key, values}``.
        """
        demo = self._demo
        if not secrets.compare_digest(request.match_info["token"], demo.control_token):
            raise web.HTTPNotFound
        body: dict[str, Any] = await request.json() if request.can_read_body else {}
        answer: Any
        try:
            match request.method, request.match_info["what"]:
                case "GET", "faults":
                    answer = demo.board.active()
                case "POST", "faults":
                    demo.fault(body["name"], **body.get("arguments", {}))
                    answer = demo.board.active()
                case "DELETE", "faults":
                    demo.clear_faults(*body.get("names", ()))
                    answer = demo.board.active()
                case "GET", "actions":
                    answer = [
                        {
                            "kind": action.kind,
                            "user": action.user,
                            "path": action.path,
                            "detail": action.detail,
                            "when": action.when.isoformat(),
                            "duration": action.duration,
                            "writes": action.writes,
                        }
                        for action in demo.actions
                    ]
                case "DELETE", "actions":
                    demo.reset_counters()
                    answer = {}
                case "GET", "spent":
                    answer = {"spent": demo.spent()}
                case "GET", "clock":
                    answer = {"now": demo.clock.now().isoformat()}
                case "POST", "clock":
                    if "at" in body:
                        demo.clock.set(datetime.fromisoformat(body["at"]))
                    demo.clock.advance(timedelta(seconds=float(body.get("advance", 0))))
                    answer = {"now": demo.clock.now().isoformat()}
                case "POST", "preferences":
                    demo.set_preferences(body["user"], body["list"], **body["changes"])
                    answer = {}
                case "GET", "preferences":
                    answer = asdict(demo.get_preferences(request.query["user"], request.query["list"]))
                case "POST", "rows" if "insert" in body:
                    answer = {"key": demo.insert(body["list"], body["user"], **body["insert"])}
                case "POST", "rows" if "delete" in body:
                    demo.delete(body["list"], body["user"], str(body["delete"]))
                    answer = {}
                case "POST", "rows":
                    demo.change(body["list"], body["user"], str(body["change"]["key"]), body["change"]["values"])
                    answer = {}
                case "GET", "rows":
                    rows = demo.rows(request.query["list"], request.query["user"])
                    answer = json.loads(json.dumps(rows, default=str))
                case _:
                    raise web.HTTPNotFound
        except (KeyError, ValueError, TypeError) as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response(answer)


class _Hung(web.Response):
    """Stands for an answer that does not come before ``until``."""

    def __init__(self, until: asyncio.Event) -> None:
        super().__init__()
        self.until = until


def _redirect(location: str) -> web.Response:
    return web.Response(status=302, headers={"Location": location})


def _html(text: str) -> web.Response:
    return web.Response(text=text, content_type="text/html", headers={"Cache-Control": "no-store"})


def _result(result: Mapping[str, Any]) -> web.Response:
    """A callback's answer in the ERP's envelope (docs/erp.md, callback protocol)."""
    view_state = secrets.token_hex(1_150)
    body = json.dumps({"result": result}, ensure_ascii=False)
    return web.Response(text=f"{len(view_state)}|{view_state}/*DX*/({body})", content_type="text/plain")


async def _posted(request: web.Request) -> tuple[str, dict[str, Any], dict[str, str]]:
    """Command, arguments and the whole form of a callback."""
    form = {key: str(value) for key, value in (await request.post()).items()}
    _, _, parameter = form.get("__CALLBACKPARAM", "").partition(":")
    try:
        command, arguments = json.loads(parameter)
    except ValueError:
        return "", {}, form
    return str(command), dict(arguments), form


def _renumber(row: Row, add: int) -> Row:
    record = row.values.get("ID")
    if not record:
        return row
    return Row(str(record + add), {**row.values, "ID": record + add})


def _text_column(view: ListView) -> str:
    return {
        "customers": "CITY",
        "orders": "SALESNAME",
        "ddt": "DELIVERYNAME",
        "invoices": "INVOICINGNAME",
        "products": "DESCRIPTION",
        "prices": "ITEMRELATIONTXT",
    }[view.name]


def _sorted_by(
    sort: tuple[tuple[str, str], ...], name: str, arguments: Mapping[str, Any]
) -> tuple[tuple[str, str], ...]:
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


def _client_columns(columns: tuple[GridColumn, ...]) -> list[dict[str, Any]]:
    return [
        {
            "index": column.index,
            "fieldName": column.field,
            "name": column.field or column.system,
            "caption": column.caption,
            "visible": column.visible,
            "visibleIndex": column.visible_index,
        }
        for column in columns
    ]


def _client_value(value: Any) -> Any:
    match value:
        case datetime():
            return {"$date": round(value.replace(tzinfo=UTC).timestamp() * 1_000)}
        case date():
            return {"$date": round(datetime(value.year, value.month, value.day, tzinfo=UTC).timestamp() * 1_000)}
        case Decimal():
            return float(value)
        case _:
            return value


def _column_dialog(drawing: Drawing) -> str:
    """The customization dialog; its fourth tab is the column chooser (docs/erp.md, column chooser)."""
    control = f"{drawing.grid}_DXCDPageControl"
    tabs = "".join(
        f'<li id="{control}_T{index}"><a id="{control}_T{index}T" href="javascript:;">{text}</a></li>'
        for index, text in enumerate(("Sort", "Group", "Filter", "Column Chooser"))
    )
    boxes = ""
    for column in drawing.columns:
        if column.source is None:
            continue
        state = "Checked" if column.visible else "Unchecked"
        action = "gvCOColumnHide" if column.visible else "gvCOColumnShow"
        boxes += (
            f'<div class="gvCOColumn"><span id="{control}_C{column.index}Chk5_D" class="dxICheckBox_XafTheme {action} '
            f'dxWeb_edtCheckBox{state}_XafTheme"></span> <span>{escape(column.caption)}</span></div>'
        )
    return (
        f'<div id="{drawing.grid}_DXCDWindow" class="gvCOWindow"><ul>{tabs}</ul>'
        f'<div id="{control}_C3" style="display:none">{boxes}</div>'
        f'<div><a id="{drawing.grid}_DXCDWindow_DXCBtn201" href="javascript:;">Apply</a></div>'
        "</div>"
    )


def _header_popup(drawing: Drawing, index: int) -> str:
    column = drawing.columns[index].source
    texts: list[str] = []
    if column is not None:
        seen = {cell_text(row, column, drawing.speech) for row in drawing.listing.rows[:5_000]}
        texts = sorted(text for text in seen if text)[:200]
    items = "".join(f'<div data-hf="one" data-column="{index}">{escape(text)}</div>' for text in texts)
    everything = drawing.speech.of("(Tutti)", "(All)")
    return (
        f'<div id="{drawing.grid}_DXHFP" class="dxgvHFP"><div data-hf="all" data-column="{index}">{everything}</div>'
        f"{items}</div>"
    )
