"""The login page's two requests: showing it and answering an attempt."""

from __future__ import annotations

import secrets
from urllib.parse import quote, unquote

from aiohttp import web

from archisync_gui.demo_erp import pages
from archisync_gui.demo_erp.exchange import Visit, html, posted, result
from archisync_gui.demo_erp.held import HeldErp
from archisync_gui.demo_erp.pages import BASE
from archisync_gui.demo_erp.serving import Serving
from archisync_gui.demo_erp.sessions import Session
from archisync_gui.demo_erp.texts import Speech


class Logins:
    """Answers Login.aspx."""

    def __init__(self, demo: HeldErp, server: Serving) -> None:
        self._demo = demo
        self._server = server

    async def answer(self, request: web.Request, session: Session, visit: Visit) -> web.StreamResponse:
        """The login page, or the outcome of an attempt: a text in the page, or the way to the page wanted."""
        server, board = self._server, self._demo.board
        return_url = request.query.get("ReturnUrl") or f"{BASE}/Default.aspx"
        if request.method != "POST":
            visit.detail = "login page"
            await server.take(server.latency.page())
            number = secrets.randbelow(900_000_000) + 100_000_000
            speech = server.speech(request, session)
            notice = (self._demo.variations.hit("login-notice") or {}).get("text", "")
            if "refused" in request.query:
                notice = _refusal(speech)
            return html(pages.login_page(return_url, number, server.version(), speech, notice))
        call = await posted(request)
        speech = server.speech(request, session, call.language)
        user, password = str(call.arguments.get("user", "")), str(call.arguments.get("password", ""))
        await server.take(server.latency.login())
        visit.user, visit.kind = user, "login-failed"
        if (failing := board.strike("login-fails", user=user)) is not None:
            visit.detail = "login-fails"
            if failing["how"] == "error-page":
                return result({"redirect": f"{BASE}/Error.aspx"})
            return web.Response(status=500, text="Runtime Error")
        if not user:
            visit.detail = "empty"
            return result(
                {"error": speech.of("Il nome utente non deve essere vuoto.", "The user name must not be empty.")}
            )
        refused = board.strike("login-refused", user=user)
        if refused is not None or self._demo.accounts.get(user) != password:
            visit.detail = "refused"
            if refused is not None and refused["how"] == "reload":
                return result({"redirect": f"{BASE}/Login.aspx?ReturnUrl={quote(return_url, safe='')}&refused=1"})
            return result({"error": _refusal(speech)})
        if board.hit("second-login-ends-first", user=user) is not None:
            server.sessions.expire(user, but=session)
        ticket = server.sessions.login(session, user)
        visit.kind = "login"
        target = unquote(return_url)
        response = result({"redirect": target if target.startswith(f"{BASE}/") else f"{BASE}/Default.aspx"})
        server.set_cookie(response, "Login", ticket)
        server.set_cookie(response, "xafkidemovbUserName", user, days=30)
        return response


def _refusal(speech: Speech) -> str:
    italian = "Accesso non riuscito: il nome utente o la password non sono corretti."
    return speech.of(italian, "Login failed: the user name or the password is not correct.")
