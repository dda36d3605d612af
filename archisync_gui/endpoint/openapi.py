"""The OpenAPI 3.1 document and an HTML page of it, both made from the table of routes and its models."""

from __future__ import annotations

import dataclasses
import html
import re
import types
import typing
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from typing import Any, get_args, get_origin, get_type_hints

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from archisync_gui import messages, model
from archisync_gui.endpoint import contract, gate, line_messages
from archisync_gui.endpoint.routing import Route
from archisync_gui.model import camel, events

REF = "#/components/schemas/"
VIEWS = (model.Status, model.RunResult, model.RunRecord, model.Explanation)
"""The dataclasses that answers contain as JSON of ``model.as_json``."""
REFUSALS = {
    400: "Cannot be read",
    401: "Token missing or unknown",
    403: "Origin, fetch site, scope or account refused",
    413: "Body above 64 KiB",
    415: "Wrong content type",
    421: "Host is not this computer",
    422: "A field is wrong; it is named",
    429: "Too many failures or requests; see Retry-After",
}
SERVER_SENT_EVENT = {
    "type": "object",
    "description": "A `status` first, then each event; `data` is JSON (a `Status`, then an `Event`). With an `id` in "
    "Last-Event-ID the missed events follow the status, unless it is too long ago.",
    "properties": {name: {"type": "string"} for name in ("id", "event", "data")},
    "required": ["data"],
}
PARAMS = ("account", "field", "header", "high", "limit", "low", "problem", "reason", "scope", "type", "types")
"""Placeholders in the texts of refusals."""
TAGS = {
    "sessions": "The order form's sessions",
    "watch": "Status and history",
    "operate": "Control of syncs",
    "data": "Stored data",
    "drafts": "Drafts of orders",
    "access": "Health and pairing",
}


ABOUT = """\
A token is paired for one page or program, for some scopes, and for one account or for none in particular.
*For one account*: status, history, events, explanations and stored rows show that account and the lists that belong to
none (products, prices), but no names, runs, requests or forms of other accounts. What concerns all accounts is shown:
how many forms are open, whether all reads are held, the schedule. A request for all types asks for that account's
lists. `userId`, where given, must be that account.
*For no account in particular*: everything is shown, and a call without `userId` works for the default account.
Only the page that asked for a ticket can see or cancel it; a session can be closed by any caller that has its id.
Holding, releasing and changing the schedule (scope `operate`) concern the whole office, whatever the account.
Limits: at most 500 open sessions, 1,000 waiting requests for one list, 1,000 waiting reads of single records, 64 open
streams; beyond them 429 or 503 with `Retry-After`. A time that cannot be trusted, since the computer's clock was set
back, is null, and `freshness` is then `unknown`.
While the panel is closed, any program of this computer can listen on its port and answer like it. Before a token or an
order is sent, and again after each failed call, call `GET /api/health?name=…&nonce=…`. With the key SHA-256(token),
`name` is the HMAC-SHA256 of the text `archisync name`, and only the panel can answer with `proof`: the HMAC-SHA256 of
`archisync proof http://127.0.0.1:47800 ` (the address that was called) followed by the `nonce` (22 to 128 random
characters of base64url, new each time). Both in lowercase hexadecimal digits. 401: the program that answers does not
know the token; do not send it. A panel that is too old for this call answers 422. Example:
`token` = `example-token`, `nonce` = `b64-or-any-22-to-128-signs`,
`name` = `50b296499561ab628686a3bba6c0be6d3c3fc520e00d6af8f15f2af04ab2b002`,
`proof` = `93c4d9dcbec9dc419c088d5e0679daa92708b7ff24af6fca68a556117728c1b0`."""
"""What concerns more than one call."""


def document(routes: Sequence[Route], version: str) -> dict[str, Any]:
    """The OpenAPI document as a JSON value."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Archisync", "version": version, "description": ABOUT},
        "servers": [{"url": "http://127.0.0.1:47800"}],
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": _schemas(routes) | {"RefusalCode": _codes()},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(route: Route) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": f"{route.method.lower()}{re.sub(r'[^A-Za-z0-9]+', ' ', route.path).title().replace(' ', '')}",
        "summary": route.summary,
        "tags": [route.tag],
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"} | _pattern(route, name)}
            for name in re.findall(r"{(\w+)}", route.path)
        ]
        + [*_query(route), *_headers(route)],
        "responses": {str(status): _answer(route, status, made) for status, made in route.answers.items()},
    }
    if route.stream == "websocket":
        operation["description"] = (
            f"Scope: {route.access.value if route.access else ''}; the token is in the first message (`Attach`). "
            "Later messages of the page: `Sign`; messages of the panel: `LineMessage`."
        )
    elif route.access is not None:
        operation["security"] = [{"token": []}]
        operation["description"] = f"Scope: {route.access.value}."
    if route.text_body:
        schema = {"type": "string", "pattern": contract.SESSION_ID}
        operation["requestBody"] = {"content": {"text/plain": {"schema": schema}}, "required": True}
    elif route.body is not None:
        operation["requestBody"] = {"content": _json(route.body.__name__), "required": _needed(route.body)}
    for status, text in REFUSALS.items():
        operation["responses"].setdefault(str(status), {"description": text, "content": _json("Refused")})
    operation["responses"]["default"] = {"description": "Any other refusal", "content": _json("Refused")}
    return operation


def _needed(body: type[BaseModel]) -> bool:
    """Whether a request without body is refused, since a field has no default."""
    schema = body.model_json_schema()
    return bool(schema.get("required") or schema.get("anyOf"))


def _pattern(route: Route, name: str) -> dict[str, str]:
    return {"pattern": route.patterns[name]} if name in route.patterns else {}


def _query(route: Route) -> list[dict[str, Any]]:
    if route.query is None:
        return []
    schema = route.query.model_json_schema(by_alias=True)
    return [
        {"name": name, "in": "query", "required": name in schema.get("required", ()), "schema": described}
        for name, described in schema.get("properties", {}).items()
    ]


def _headers(route: Route) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "header", "required": False, "description": text, "schema": schema}
        for name, (text, schema) in route.headers.items()
    ]


def _answer(route: Route, status: int, made: type[BaseModel] | None) -> dict[str, Any]:
    if made is None:
        media = {
            kind: {
                "schema": SERVER_SENT_EVENT if kind == "text/event-stream" else {"type": "string", "format": "binary"}
            }
            for kind in route.stream.split(", ")
            if "/" in kind
        }
        described: dict[str, Any] = {"description": "The stream" if route.stream else "Done"}
        return described | ({"content": media} if media else {})
    described = {"description": (made.__doc__ or "").strip(), "content": _json(made.__name__)}
    if status == 503 and made is not contract.Refused:  # a failure of the panel itself is answered without its fields
        described["content"]["application/json"]["schema"] = {"anyOf": [_ref(made.__name__), _ref("Refused")]}
    return described


def _json(name: str) -> dict[str, Any]:
    return {"application/json": {"schema": _ref(name)}}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": REF + name}


def _schemas(routes: Sequence[Route]) -> dict[str, Any]:
    used: dict[str, type[BaseModel]] = {"Refused": contract.Refused, "Attach": contract.Attach, "Sign": contract.Sign}
    for route in routes:
        for made in (route.body, *route.answers.values()):
            if made is not None:
                used[made.__name__] = made
    _, made_schemas = models_json_schema(
        [(m, "serialization" if issubclass(m, contract.Answer) else "validation") for m in used.values()],
        by_alias=True,
        ref_template=REF + "{model}",
    )
    schemas: dict[str, Any] = _resolved(made_schemas["$defs"])
    schemas["Refused"]["properties"]["code"] = {"$ref": REF + "RefusalCode"}
    for view in VIEWS:
        _dataclass(view, schemas)
    schemas["Event"] = _event(schemas)
    schemas |= line_messages.schemas(REF)
    return dict(sorted(schemas.items()))


def _event(schemas: dict[str, Any]) -> dict[str, Any]:
    """The schema of an event; ``x-data`` has the schema of ``data`` for each kind."""
    data = {kind.value: _dataclass(type_, schemas) for kind, type_ in events.KINDS.items()}
    time = {"type": "string", "format": "date-time"}
    fields = {
        "kind": {"type": "string", "enum": [*data]},
        "boot": {"type": "string", "description": "Names one start of the panel."},
        "revision": {"type": "integer", "description": "Grows within one boot."},
        "at": time,
        "data": {"anyOf": [*data.values()]},
    }
    about = "One event of the stream `GET /api/events`."
    return {"type": "object", "description": about, "properties": fields, "required": [*fields], "x-data": data}


def _resolved(value: Any) -> Any:
    """``value`` with the marks of :func:`contract.model_ref` turned into references."""
    match value:
        case {"schema": str() as name, **rest}:
            return {"$ref": REF + name} | {key: rest[key] for key in rest if key == "description"}
        case dict():
            return {key: _resolved(inner) for key, inner in value.items()}
        case list():
            return [_resolved(inner) for inner in value]
    return value


def _codes() -> dict[str, Any]:
    """The schema of a refusal's code; ``x-codes`` has the status and the texts of each code, in both languages."""
    described = {}
    names = {name: f"{{{name}}}" for name in PARAMS}
    for code, status in gate.STATUS.items():
        texts = {language: messages.text(code, language, names) for language in messages.LANGUAGES}
        described[code] = {"status": status} | {
            language: {"error": f"{text.what} {text.means}".strip(), "hint": text.todo}
            for language, text in texts.items()
        }
    about = "Stable word for programs. A read that failed, and what the panel cannot do, has a code of its own (503)."
    return {"type": "string", "description": about, "examples": list(described), "x-codes": described}


def _dataclass(kind: type, schemas: dict[str, Any]) -> dict[str, Any]:
    """A reference to the schema of a dataclass's JSON (``model.as_json``); adds it and those it refers to to
    ``schemas``."""
    if kind.__name__ not in schemas:
        schemas[kind.__name__] = {}
        hints = get_type_hints(kind)
        fields = {camel(f.name): _type(hints[f.name], schemas) for f in dataclasses.fields(kind)}
        schemas[kind.__name__] = {
            "type": "object",
            "description": (kind.__doc__ or "").strip(),
            "properties": fields,
            "required": list(fields),
        }
    return {"$ref": REF + kind.__name__}


def _type(hint: Any, schemas: dict[str, Any]) -> dict[str, Any]:
    origin, args = get_origin(hint), get_args(hint)
    if origin in (typing.Union, types.UnionType):
        if any(isinstance(arg, typing.ForwardRef) for arg in args):
            return {}  # ``model.Json``: anything
        return {"anyOf": [_type(arg, schemas) for arg in args]}
    if origin is tuple:
        item = args[0] if len(args) == 2 and args[1] is Ellipsis else None
        return {"type": "array", "items": _type(item, schemas) if item is not None else {}}
    if origin is not None and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": _type(args[1], schemas)}
    if isinstance(hint, type):
        if dataclasses.is_dataclass(hint):
            return _dataclass(hint, schemas)
        if issubclass(hint, Enum):
            return {"type": "string", "enum": [member.value for member in hint]}
        simple = {bool: "boolean", int: "integer", float: "number", str: "string", type(None): "null"}
        if hint in simple:
            return {"type": simple[hint]}
        if issubclass(hint, datetime):
            return {"type": "string", "format": "date-time"}
        if issubclass(hint, date):
            return {"type": "string", "format": "date"}
    return {}


# ------------------------------------------------------------------------------------------------ the page


def page(described: Mapping[str, Any]) -> str:
    """The document as one HTML page, which uses files of the panel only."""
    parts = [
        "<!doctype html><html lang='en'><head><meta charset='utf-8'><title>Archisync API</title>",
        "<meta name='viewport' content='width=device-width, initial-scale=1'>",
        "<link rel='icon' href='/order-form/icon.svg'>",
        "<link rel='stylesheet' href='/docs.css'></head><body><main>",
        f"<h1>Archisync API <small>{_text(described['info']['version'])}</small></h1>",
        "<p>Loopback only. JSON in camelCase, times ISO 8601 with offset. Every call but those marked <em>open</em> "
        "needs <code>Authorization: Bearer …</code> from pairing. Machine-readable: "
        "<a href='/openapi.json'>openapi.json</a>; "
        "<a href='/CHANGES.md'>what changed</a>; <a href='/README.md'>the client, with examples</a>; "
        "<a href='/connect'>the browser's question</a>.</p>",
        f"<h2>Tokens, accounts, limits</h2><p>{_text(described['info']['description'])}</p>",
    ]
    for tag in described["tags"]:
        parts.append(f"<h2>{_text(tag['description'])}</h2>")
        for path, operations in described["paths"].items():
            for method, operation in operations.items():
                if tag["name"] in operation["tags"]:
                    parts.append(_section(path, method, operation))
    codes = described["components"]["schemas"]["RefusalCode"]
    parts.append(f"<h2 id='RefusalCode'>Refusals</h2><p>{_text(codes['description'])}</p>")
    parts.extend(_refusal(code, texts) for code, texts in codes["x-codes"].items())
    parts.append("<h2>Shapes</h2>")
    for name, schema in described["components"]["schemas"].items():
        if name != "RefusalCode":
            parts.append(_shape(name, schema))
    return "".join(parts) + "</main></body></html>"


def _section(path: str, method: str, operation: Mapping[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{_text(p['name'])}</code></td><td>{_text(p['in'])}</td><td>{_kind(p['schema'])}</td></tr>"
        for p in operation["parameters"]
    )
    body = operation.get("requestBody", {}).get("content", {})
    takes = "".join(f"<p>Takes {_text(media)}: {_kind(content['schema'])}</p>" for media, content in body.items())
    answers = "".join(
        f"<li><b>{_text(status)}</b> {_text(answer['description'])}"
        + "".join(f" {_kind(content['schema'])}" for content in answer.get("content", {}).values())
        + "</li>"
        for status, answer in operation["responses"].items()
        if status.startswith(("1", "2")) or status in ("410", "412", "503")
    )
    scope = operation.get("description", "<em>open</em>")
    return (
        f"<section><h3><span class='{method}'>{method.upper()}</span> <code>{_text(path)}</code></h3>"
        f"<p>{_text(operation['summary'])}. {scope}</p>"
        + (f"<table>{rows}</table>" if rows else "")
        + f"{takes}<ul>{answers}</ul></section>"
    )


def _refusal(code: str, texts: Mapping[str, Any]) -> str:
    parts = "".join(
        f"<dd lang='{language}'>{_text(texts[language]['error'])} <em>{_text(texts[language]['hint'])}</em></dd>"
        for language in messages.LANGUAGES
    )
    return f"<dl><dt><b>{texts['status']}</b> <code>{_text(code)}</code></dt>{parts}</dl>"


def _shape(name: str, schema: Mapping[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{_text(field)}</code></td><td>{_kind(described)}</td>"
        f"<td>{_text(described.get('description', ''))}</td></tr>"
        for field, described in schema.get("properties", {}).items()
    )
    about = _text(schema.get("description", ""))
    return f"<section id='{_text(name)}'><h3>{_text(name)}</h3><p>{about}</p><table>{rows}</table></section>"


def _kind(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        name = _text(schema["$ref"].rpartition("/")[2])
        return f"<a href='#{name}'>{name}</a>"
    if "anyOf" in schema:
        return " | ".join(_kind(part) for part in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    if "const" in schema:
        return f"<code>{_text(str(schema['const']).lower())}</code>"
    if "enum" in schema:
        return " | ".join(f"<code>{_text(str(value))}</code>" for value in schema["enum"])
    return _text(str(schema.get("format") or schema.get("type") or "any"))


def _text(text: str) -> str:
    marked = re.sub(r"(``|`)(.+?)\1", r"<code>\2</code>", html.escape(text))
    return re.sub(r"\*([^*]+)\*", r"<em>\1</em>", marked)
