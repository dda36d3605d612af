"""Declaration of a route, the arguments and results of its handler, and the validation of bodies and queries."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from aiohttp import hdrs, web
from pydantic import BaseModel, ValidationError

from archisync_gui.endpoint.contract import Answer
from archisync_gui.endpoint.gate import Caller, Gate, Limits, Refusal, field_error
from archisync_gui.endpoint.paired_pages import Access
from archisync_gui.endpoint.pairing import Pairing
from archisync_gui.model import Clock

if TYPE_CHECKING:
    from archisync_gui.drafts import BrowserKeys, Drafts
    from archisync_gui.endpoint.caches import EventLog, TicketBook
    from archisync_gui.endpoint.status_texts import StatusTexts
    from archisync_gui.endpoint.streams import Streams
    from archisync_gui.orchestrator import OrchestratorApi
    from archisync_gui.store import Store

FORM_TYPES = ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data")

PROBLEMS = {
    "missing": "missing",
    "extra_forbidden": "unknown",
    "string_pattern_mismatch": "pattern",
    "string_too_short": "short",
    "string_too_long": "long",
    "too_short": "few",
    "too_long": "many",
    "greater_than_equal": "least",
    "less_than_equal": "most",
    "literal_error": "choice",
}
"""Pydantic's type of error → our text ``problem.…``; all others become ``type`` or ``value``."""

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Services:
    """The objects that handlers use."""

    orchestrator: OrchestratorApi
    store: Store
    drafts: Drafts
    browser_keys: BrowserKeys
    form_origins: Callable[[], Iterable[str]]
    """The origins under which the order form may be served or was served: of the ports tried, and earlier ports."""
    pairing: Pairing
    gate: Gate
    streams: Streams
    authenticated: Callable[[web.Request], None]
    """To be called for a request with a valid token: its connection is not closed for others until it was answered."""
    events: EventLog
    status: StatusTexts
    tickets: TicketBook
    limits: Limits
    profile_id: str
    version: str
    demo: bool
    clock: Clock
    set_intervals: Callable[[Mapping[str, int | None]], Awaitable[object]]
    """Changes and stores the intervals of the named types, all or none."""
    say: Callable[[str, str, Mapping[str, object]], tuple[str, str, str]]
    """Code, language, params → what happened, what it means, what to do."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request that has passed the gate, with its validated body and query."""

    services: Services
    request: web.Request
    caller: Caller
    language: str
    body: Any = None
    """An instance of the route's ``body`` model; bytes for a text body."""
    query: Any = None

    @property
    def path(self) -> Mapping[str, str]:
        """The variable parts of the path."""
        return self.request.match_info

    def say(self, code: str, **params: object) -> str:
        """The first sentence of a text, in the caller's language."""
        return self.services.say(code, self.language, params)[0]


@dataclass(frozen=True, slots=True)
class Reply:
    """A handler's answer: a model to be sent as JSON, or a JSON text, with status and headers."""

    answer: Answer | str | None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Call], Awaitable[Reply | web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Route:
    """One call of the contract."""

    method: str
    path: str
    handler: Handler
    summary: str
    access: Access | None
    """``None``: no token."""
    answers: Mapping[int, type[Answer] | None]
    """Status → model; ``None``: no body."""
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    tag: str = "sessions"
    text_body: bool = False
    """Takes a ``text/plain`` body (the beacon)."""
    patterns: Mapping[str, str] = field(default_factory=dict)
    """Variable part of the path → regular expression (for the OpenAPI document; the handler checks)."""
    headers: Mapping[str, tuple[str, Mapping[str, str]]] = field(default_factory=dict)
    """Request header → description and schema (for the OpenAPI document only)."""
    stream: str = ""
    """Media types of a stream or file, or ``websocket``: answers that have no model."""


async def read_body(request: web.Request, limits: Limits, *, text: bool) -> bytes:
    """The whole body. Raises :class:`Refusal` when its size, type, encoding or slowness is not allowed, and
    ``ConnectionResetError`` when the caller has left."""
    kind = request.headers.get(hdrs.CONTENT_TYPE, "").split(";")[0].strip().lower()
    wanted = "text/plain" if text else "application/json"
    if (request.content_length or 0) > limits.body:
        raise Refusal("body-too-large", header=hdrs.CONTENT_LENGTH)
    if request.headers.get(hdrs.CONTENT_ENCODING, "identity").lower() != "identity":
        raise Refusal("content-type-refused", header=hdrs.CONTENT_ENCODING)
    try:
        async with asyncio.timeout(limits.silence):
            body = await request.read()
    except TimeoutError:
        raise Refusal("request-slow", headers={hdrs.CONNECTION: "close"}) from None
    except web.HTTPRequestEntityTooLarge:
        raise Refusal("body-too-large", header=hdrs.CONTENT_LENGTH) from None
    except web.RequestPayloadError:
        raise Refusal("request-malformed") from None
    except RuntimeError as error:  # aiohttp's error for a connection that was lost before the request was handled
        if request.transport is not None:
            raise
        raise ConnectionResetError("the connection was lost before its body came") from error
    # An empty body may have any type but those that a page of another origin can send without a preflight.
    if kind != wanted and (body or kind in FORM_TYPES):
        raise Refusal("content-type-refused", header=hdrs.CONTENT_TYPE)
    return body


def parse_body(model: type[M], body: bytes) -> M:
    """``body`` as ``model``; an empty body counts as ``{}``. Raises :class:`Refusal` that names the field."""
    body = body.strip() or b"{}"
    try:
        parsed = model.model_validate_json(body)
    except ValidationError as error:
        raise _invalid(error, "body-invalid") from None
    refuse_repeated_keys(body)
    return parsed


def refuse_repeated_keys(text: str | bytes) -> None:
    """Raise :class:`Refusal` when an object in a valid JSON text has a key twice: parsers differ in which one they
    take."""

    def pairs(found: list[tuple[str, object]]) -> None:
        names = set()
        for name, _ in found:
            if name in names:
                raise Refusal("body-repeated-key", field=name[:100], params={"field": name[:100]})
            names.add(name)

    json.loads(text, object_pairs_hook=pairs)


def parse_query(model: type[M], request: web.Request) -> M:
    """The query parameters as ``model``; raises :class:`Refusal` that names the field."""
    parameters = request.query
    for name in parameters:
        if len(parameters.getall(name)) > 1:
            raise field_error("query-invalid", name, "repeated")
    try:
        return model.model_validate(dict(parameters))
    except ValidationError as error:
        raise _invalid(error, "query-invalid") from None


def _invalid(error: ValidationError, code: str) -> Refusal:
    first = error.errors(include_url=False, include_input=False)[0]
    kind: str = first["type"]
    if kind == "json_invalid":
        return Refusal("body-not-json")
    name = ".".join(str(part) for part in first["loc"])[:100]
    problem = PROBLEMS.get(kind, "type" if kind.endswith(("_type", "_parsing")) else "value")
    return field_error(code, name, problem, **first.get("ctx", {}))
