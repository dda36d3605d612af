"""Requests and answers in the ERP's own form: a callback's envelope, redirects, and what is noted of a request."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web


@dataclass(slots=True)
class Visit:
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


class Hung(web.Response):
    """Stands for an answer that does not come before ``until``."""

    def __init__(self, until: asyncio.Event) -> None:
        super().__init__()
        self.until = until


@dataclass(frozen=True, slots=True)
class Posted:
    """A callback: who it is for, its command and arguments, and the browser's own language."""

    target: str
    command: str
    arguments: Mapping[str, Any]
    language: str


def redirect(location: str) -> web.Response:
    """An HTTP redirect."""
    return web.Response(status=302, headers={"Location": location})


def html(text: str) -> web.Response:
    """A page."""
    return web.Response(text=text, content_type="text/html", headers={"Cache-Control": "no-store"})


def result(value: Mapping[str, Any]) -> web.Response:
    """A callback's answer in the ERP's envelope (docs/erp.md, Waiting)."""
    view_state = secrets.token_hex(1_150)
    body = json.dumps({"result": value}, ensure_ascii=False)
    return web.Response(text=f"{len(view_state)}|{view_state}/*DX*/({body})", content_type="text/plain")


async def posted(request: web.Request) -> Posted:
    """The callback that was posted; an empty command if it cannot be read."""
    form = {key: str(value) for key, value in (await request.post()).items()}
    _, _, parameter = form.get("__CALLBACKPARAM", "").partition(":")
    try:
        command, arguments = json.loads(parameter)
    except ValueError:
        command, arguments = "", {}
    return Posted(form.get("__CALLBACKID", ""), str(command), dict(arguments), form.get("ClientServerParams", ""))
