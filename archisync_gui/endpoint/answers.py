"""Security headers of all answers, the conversion of a reply to HTTP, and messages in a caller's language."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from archisync_gui import messages
from archisync_gui.endpoint.contract import answer_text
from archisync_gui.endpoint.routing import Reply

SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
CSP_ANSWER = "default-src 'none'; frame-ancestors 'none'"
CSP_PAGE = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self' {socket} {addresses}; "
    "frame-src {addresses}; worker-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def response_of(reply: Reply) -> web.Response:
    """A route's reply as an HTTP response with JSON."""
    if reply.answer is None:
        return web.Response(status=reply.status, headers=reply.headers)
    text = reply.answer if isinstance(reply.answer, str) else answer_text(reply.answer)
    return web.Response(text=text, status=reply.status, headers=reply.headers, content_type="application/json")


def text_parts(code: str, language: str, params: Mapping[str, object]) -> tuple[str, str, str]:
    """A message in that language: what happened, what it means, what to do."""
    if "problem" in params:
        problem = messages.text(f"problem.{params['problem']}", language, params).what
        params = {**params, "problem": problem}
    text = messages.text(code, language, params)
    return text.what, text.means, text.todo
