"""The demo ERP's routes and what is common to every request: session, faults of the network, recording."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from importlib.resources import files
from urllib.parse import quote

from aiohttp import web

from archisync_gui.demo_erp import pages
from archisync_gui.demo_erp.callbacks import ListCallbacks
from archisync_gui.demo_erp.columns import LISTS, SIDEBAR, ListView
from archisync_gui.demo_erp.control import control
from archisync_gui.demo_erp.detail_page import detail_page
from archisync_gui.demo_erp.exchange import Hung, Visit, html, redirect
from archisync_gui.demo_erp.held import HeldErp
from archisync_gui.demo_erp.list_view import ListViews
from archisync_gui.demo_erp.login import Logins
from archisync_gui.demo_erp.pages import BASE
from archisync_gui.demo_erp.recorder import Action
from archisync_gui.demo_erp.serving import Serving
from archisync_gui.demo_erp.sessions import Session
from archisync_gui.demo_erp.streams import Row
from archisync_gui.demo_erp.texts import Speech

CLIENT_FILES = (
    "events.js", "controls.js", "transport.js", "grid.js", "editors.js", "combo.js", "view.js", "login.js", "page.js",
)  # fmt: skip
"""The client's scripts in the order of loading; they share one scope."""


class Server(Serving):
    """One running demo ERP's request handling. Lives in the demo's own loop."""

    def __init__(self, demo: HeldErp, idle_seconds: float, monotonic: Callable[[], float]) -> None:
        super().__init__(demo, idle_seconds, monotonic)
        self._views = ListViews(demo)
        self._logins = Logins(demo, self)
        self._lists = ListCallbacks(demo, self, self._views)
        client = files("archisync_gui.demo_erp").joinpath("client")
        script = "\n".join(client.joinpath(name).read_text("utf-8") for name in CLIENT_FILES)
        self._files = {
            "1_js": (f'(function () {{\n"use strict";\n{script}\n}})();\n', "text/javascript"),
            "1_css": (client.joinpath("grid.css").read_text("utf-8"), "text/css"),
        }

    def application(self) -> web.Application:
        """The routes."""
        app = web.Application(client_max_size=4 * 2**20)
        app.router.add_route("*", "/_control/{token}/{what:.*}", partial(control, self._demo))
        app.router.add_get(f"{BASE}/DXR.axd", self._static)
        app.router.add_route("*", f"{BASE}/{{path:.*}}", self._erp)
        app.router.add_get("/", self._home)
        return app

    async def _home(self, _request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound(f"{BASE}/")

    async def _static(self, request: web.Request) -> web.StreamResponse:
        body, kind = self._files.get(request.query.get("r", ""), ("", "text/plain"))
        return web.Response(text=body, content_type=kind, headers={"Cache-Control": "max-age=3600"})

    # --- every request

    async def _erp(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"].strip("/")
        visit = Visit(kind="callback" if request.method == "POST" else "page")
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
            if isinstance(response, Hung):
                hanging = time.perf_counter()
                await self._hang(response.until)
                visit.waited += time.perf_counter() - hanging
                response = web.Response(status=500)
            if fresh:
                self.set_cookie(response, "ASP.NET_SessionId", session.key)
            if faults.hit("other-certificate") is not None:
                response.force_close()
            return response
        finally:
            if visit.recorded:
                duration = max(0.0, time.perf_counter() - started - visit.waited) + visit.painting
                self._demo.recorder.add(
                    Action(visit.kind, visit.user, f"/{path}", visit.detail, datetime.now(UTC), duration, visit.writes)
                )

    # --- routes

    async def _route(self, request: web.Request, path: str, session: Session, visit: Visit) -> web.StreamResponse:
        lower = path.lower()
        if lower == "login.aspx":
            return await self._logins.answer(request, session, visit)
        if lower == "dxx.axd":
            visit.recorded = False
            return web.Response(text="")
        if session.user is None:
            visit.kind, visit.recorded = "redirect", True
            target = quote(f"{BASE}/{path}{'/' if path and not lower.endswith('.aspx') else ''}", safe="")
            target = target.replace("%2F", "%2f")
            return redirect(f"{BASE}/Login.aspx?ReturnUrl={target}")
        speech = self.speech(request, session)
        if lower == "error.aspx":
            return html(pages.error_page(speech))
        if lower in ("", "default.aspx"):
            return redirect(f"{BASE}/Announcements_ListView/")
        return await self._page(request, path, session, visit, speech)

    async def _page(
        self, request: web.Request, path: str, session: Session, visit: Visit, speech: Speech
    ) -> web.StreamResponse:
        """A list, a detail page or another page of the sidebar, for a user who is logged in."""
        user = session.user or ""
        name, _, rest = path.partition("/")
        if "NewObject" in request.query or request.query.get("mode") == "Edit":
            visit.kind, visit.writes = "write", True
            visit.detail = request.query_string
        for view in self._demo.lists.values():
            if name == view.path:
                if (leads := self._demo.board.strike("error-page", list_name=view.name, user=user)) is not None:
                    return redirect(f"{BASE}/{leads['to']}")
                return await self._lists.answer(request, view, session, visit)
            if view.detail and name == view.detail:
                return await self._detail(view, rest.strip("/"), session, visit, speech)
        for _, target, it, en in SIDEBAR:
            if name == target:
                await self.take(self.latency.page())
                return html(pages.plain_page(user, target, it, en, self.version(), speech))
        return web.Response(status=404, text="<h1>The resource cannot be found.</h1>", content_type="text/html")

    async def _detail(
        self, view: ListView, key: str, session: Session, visit: Visit, speech: Speech
    ) -> web.StreamResponse:
        visit.kind = "write" if visit.writes else "detail"
        visit.detail = visit.detail or key
        await self.take(self.latency.detail())
        user = session.user or ""
        row = self._record(view, user, key)
        if row is None or (view.name == "customers" and key == self._demo.corrupt_customer(user)):
            return redirect(f"{BASE}/Error.aspx")
        by_path = self._views.varied("details-by-path", view, user) is not None
        return html(detail_page(user, view, row, speech, self.version(), by_path))

    def _record(self, view: ListView, user: str, key: str) -> Row | None:
        """The record of that key, of any owner: a detail page does not look at it (docs/erp.md, Detail pages)."""
        users = [user]
        if self._views.varied("foreign-details-refused", view, user) is None:
            users += [other for other in self._demo.accounts if other != user]
        rows = (row for owner in users for row in self._views.rows(LISTS[view.name], owner).rows)
        return next((row for row in rows if row.key == key and row.key != "0"), None)
