"""The control path: what a test in another process can ask the demo ERP for. JSON in and out."""

from __future__ import annotations

import json
import secrets
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from archisync_gui.demo_erp.held import HeldErp


async def control(demo: HeldErp, request: web.Request) -> web.StreamResponse:
    """Answer one control request; 404 without the token, 400 with a reason for what makes no sense.

    - ``faults``, ``variations``: GET what is on, POST ``{name, arguments}``, DELETE ``{names}`` (none: all).
    - ``actions``: GET, DELETE. ``spent``: GET. ``clock``: GET, POST ``{at, advance}`` (ISO moment, seconds).
    - ``views``: GET ``?user&list`` the server's record of that saved view (``?`` nothing: of all), DELETE: as shipped.
    - ``preferences``: GET ``?user&list``, POST ``{user, list, changes}``: change a saved view as the human would.
    - ``rows``: GET ``?user&list`` (the truth), POST ``{user, list}`` with one of ``insert: {field: value}``,
      ``delete: key``, ``change: {key, values}``, ``send: key`` (a draft order).
    """
    if not secrets.compare_digest(request.match_info["token"], demo.control_token):
        raise web.HTTPNotFound
    body: dict[str, Any] = await request.json() if request.can_read_body else {}
    what, method = request.match_info["what"], request.method
    try:
        match what:
            case "faults" | "variations":
                answer = _switches(demo, what, method, body)
            case "actions" | "spent" | "clock":
                answer = _happened(demo, what, method, body)
            case "views" | "preferences":
                answer = _views(demo, what, method, request, body)
            case "rows":
                answer = _rows(demo, method, request, body)
            case _:
                raise web.HTTPNotFound
    except (KeyError, ValueError, TypeError) as error:
        return web.json_response({"error": str(error)}, status=400)
    return web.json_response(answer)


def _switches(demo: HeldErp, what: str, method: str, body: dict[str, Any]) -> Any:
    board = demo.board if what == "faults" else demo.variations
    if method == "POST":
        (demo.fault if what == "faults" else demo.vary)(body["name"], **body.get("arguments", {}))
    elif method == "DELETE":
        board.clear(*body.get("names", ()))
    return board.active()


def _happened(demo: HeldErp, what: str, method: str, body: dict[str, Any]) -> Any:
    if what == "spent":
        return {"spent": demo.spent()}
    if what == "clock":
        if "at" in body:
            demo.clock.set(datetime.fromisoformat(body["at"]))
        if method == "POST":
            demo.clock.advance(timedelta(seconds=float(body.get("advance", 0))))
        return {"now": demo.clock.now().isoformat()}
    if method == "DELETE":
        demo.reset_counters()
        return {}
    return [
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


def _views(demo: HeldErp, what: str, method: str, request: web.Request, body: dict[str, Any]) -> Any:
    if method == "DELETE":
        demo.preferences.reset()
        return {}
    if method == "POST":
        demo.set_preferences(body["user"], body["list"], **body["changes"])
        return {}
    if what == "views" and "list" not in request.query:
        return demo.view_records()
    record = demo.view_record(request.query["user"], request.query["list"])
    return record if what == "views" else json.loads(record)


def _rows(demo: HeldErp, method: str, request: web.Request, body: dict[str, Any]) -> Any:
    if method == "GET":
        return json.loads(json.dumps(demo.rows(request.query["list"], request.query["user"]), default=str))
    name, user = body["list"], body["user"]
    if "insert" in body:
        return {"key": demo.insert(name, user, **body["insert"])}
    if "delete" in body:
        demo.delete(name, user, str(body["delete"]))
    elif "send" in body:
        return {"number": demo.send_draft(user, str(body["send"]))}
    else:
        demo.change(name, user, str(body["change"]["key"]), body["change"]["values"])
    return {}
