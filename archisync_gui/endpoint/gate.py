"""The checks before every route: host, origin, fetch site, token, scope and rate of failures."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import hdrs, web

from archisync_gui.endpoint.paired_pages import Access, Page
from archisync_gui.endpoint.pairing import Pairing
from archisync_gui.endpoint.port import PORTS_TRIED, own_origin
from archisync_gui.model import AccountId, Clock, SessionEnd

PAIR_PATH = "/api/pair"
BEACON_PATH = "/api/smart-sessions/close"
HEALTH_PATH = "/api/health"

ONCE = (hdrs.HOST, hdrs.ORIGIN, hdrs.AUTHORIZATION, hdrs.CONTENT_LENGTH, hdrs.CONTENT_TYPE, "Sec-Fetch-Site")
"""Headers that a request may have only once: parsers differ in which value they take (request smuggling)."""

ORIGIN_LENGTH = 300
ORIGIN_FORM = re.compile(r"null|[a-z][a-z0-9+.-]{0,30}://[A-Za-z0-9._~\[\]:-]+")
"""What a browser sends as ``Origin``: scheme, host (international names as ``xn--``) and port. Other texts, and longer
ones, are refused, since the pairing dialog shows the origin."""


@dataclass(frozen=True, slots=True)
class Limits:
    """All limits for callers."""

    body: int = 64 * 1024
    """Bytes of a request body."""
    silence: float = 10.0
    """Seconds that a client may take to send a request or the first message of a WebSocket, or to read an answer."""
    streams: int = 64
    """Open event streams and WebSockets together."""
    connections: int = 512
    """Open TCP connections, so that the panel has file descriptors for its own work; beyond it idle ones are closed."""
    failures: int = 10
    """Wrong tokens, pairing ids and session ids that a caller (:attr:`Caller.key`) may send in
    :attr:`failure_window`."""
    failure_window: float = 60.0
    """Seconds."""
    heartbeat: float = 15.0
    """Seconds between comments on an event stream."""
    attach_grace: float = 2.0
    """Seconds that a tab's WebSocket waits for the POST that opens its session."""


STATUS: Mapping[str, int] = {
    # Admission
    "host-refused": 421,
    "header-repeated": 400,
    "origin-refused": 403,
    "fetch-site-refused": 403,
    "token-missing": 401,
    "token-unknown": 401,
    "token-origin": 403,
    "scope-missing": 403,
    "own-pages-only": 403,
    "account-refused": 403,
    "account-missing": 422,
    "account-not-known": 403,
    "too-many-failures": 429,
    "too-many-streams": 503,
    # Pairing
    "pairing-closed": 403,
    "pairing-refused": 403,
    "pairing-gone": 410,
    "pairing-code": 410,
    "pairing-full": 429,
    "pairing-not-saved": 503,
    # Format of the request
    "request-malformed": 400,
    "request-slow": 408,
    "no-such-path": 404,
    "method-refused": 405,
    "content-type-refused": 415,
    "body-too-large": 413,
    "body-not-json": 400,
    "body-repeated-key": 400,
    "too-many-messages": 429,
    "body-invalid": 422,
    "query-invalid": 422,
    "websocket-expected": 426,
    "message-invalid": 422,
    # Sessions, records, drafts, syncs
    **{f"session-ended-{reason.value}": 410 for reason in SessionEnd},
    "no-such-session": 404,
    "no-such-record": 404,
    "no-such-draft": 404,
    "draft-precondition": 400,
    "draft-conflict": 412,
    "drafts-full": 409,
    "no-such-type": 404,
    "no-such-ticket": 404,
    "request-unknown-type": 422,
    "request-unknown-account": 422,
    "request-bad-scope": 422,
    "interval-range": 422,
    # Limits of the orchestrator for all callers together
    "too-many-sessions": 429,
    "too-many-tickets": 429,
    "too-many-records": 429,
    # The panel itself
    "closing": 503,
    "request-closing": 503,
    "internal": 500,
}
"""Code of a refusal → HTTP status; the OpenAPI document lists them. All other codes (failures) are answered with
503."""

RETRY_AFTER: Mapping[str, int] = {
    "too-many-sessions": 60,
    "too-many-tickets": 10,
    "too-many-records": 60,
    "too-many-streams": 10,
    "closing": 5,
}
"""Code of a refusal → seconds in ``Retry-After``, for codes where they are fixed."""


class Refusal(Exception):
    """A request is refused. ``code`` is one of :data:`STATUS`, or that of a :class:`SyncFailure`, and names its text in
    ``resources/messages``."""

    def __init__(
        self,
        code: str,
        *,
        header: str | None = None,
        field: str | None = None,
        params: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(code)
        self.status = STATUS.get(code, 503)
        self.code = code
        self.header = header
        """The header at fault, for the log."""
        self.field = field
        self.params = dict(params or {})
        wait = {"Retry-After": str(RETRY_AFTER[code])} if code in RETRY_AFTER else {}
        self.headers = wait | dict(headers or {})
        self.extra = dict(extra or {})
        """More members of the JSON answer."""


def field_error(code: str, field: str, problem: str, **values: object) -> Refusal:
    """422 for a wrong field. ``problem`` names a text ``problem.…``, ``values`` are its placeholders."""
    return Refusal(code, field=field, params={"field": field, "problem": problem} | values)


@dataclass(frozen=True, slots=True)
class Caller:
    """The sender of a request, as far as it was checked."""

    origin: str | None
    own: bool
    """The request comes from our own pages."""
    cors: bool
    """The answer gets CORS headers: a page of another origin may read it."""
    page: Page | None = None
    """The page of its valid token; ``None`` before :meth:`Gate.prove`."""

    @property
    def key(self) -> str:
        """The key by which failures are counted: the page of a valid token, so that each program has its own limit,
        else the origin."""
        return f"page {self.page.id}" if self.page else self.origin or "no origin"

    @property
    def token_id(self) -> str:
        """Public id of the token's page, for anonymous sessions and logs; an empty text without a token."""
        return self.page.id if self.page else ""

    @property
    def account(self) -> AccountId | None:
        """The token's account; ``None``: none in particular."""
        return self.page.account if self.page else None


class Gate:
    """The checks: first :meth:`caller`, then :meth:`admit`, then :meth:`account`."""

    def __init__(self, pairing: Pairing, *, clock: Clock, limits: Limits) -> None:
        self._pairing = pairing
        self._clock = clock
        self._limits = limits
        self._failures: dict[str, deque[float]] = {}
        self._hosts: frozenset[str] = frozenset()
        self.own_origin = ""

    def serve_at(self, port: int) -> None:
        """Set the port that the endpoint listens on."""
        self._hosts = frozenset(f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]"))
        self.own_origin = own_origin(port)

    def _is_nearby_port(self, origin: str | None) -> bool:
        """Whether an origin is 127.0.0.1 on a port so near to ours that the panel may have served there."""
        match = re.fullmatch(r"http://127\.0\.0\.1:([0-9]{1,5})", origin or "")
        return match is not None and abs(int(match[1]) - int(self.own_origin.rpartition(":")[2])) < PORTS_TRIED

    def caller(self, request: web.Request) -> Caller:
        """Check host, origin and fetch site; raises :class:`Refusal`."""
        for name in ONCE:
            if len(request.headers.getall(name, ())) > 1:
                raise Refusal("header-repeated", header=name, params={"header": name})
        if request.headers.get(hdrs.HOST, "").lower() not in self._hosts:
            raise Refusal("host-refused", header=hdrs.HOST)
        if not request.raw_path.startswith("/"):
            # The absolute form (``GET http://host/…``), which is for proxies, names another host beside the header.
            raise Refusal("host-refused")
        origin = request.headers.get(hdrs.ORIGIN)
        if origin is not None and not (len(origin) <= ORIGIN_LENGTH and ORIGIN_FORM.fullmatch(origin)):
            raise Refusal("origin-refused", header=hdrs.ORIGIN)
        own = origin == self.own_origin
        paired = origin is not None and not own and origin in self._pairing.store.origins()
        pairing = request.path == PAIR_PATH and origin != "null" and self._pairing.listens_to(origin)
        # Our own form, still open on an earlier port, looks for the panel's new port; health is public anyway.
        nearby = request.path == HEALTH_PATH and self._is_nearby_port(origin)
        if origin is not None and not (own or paired or pairing or nearby):
            if request.path == PAIR_PATH and origin != "null":
                raise Refusal("pairing-closed", header=hdrs.ORIGIN)
            raise Refusal("origin-refused", header=hdrs.ORIGIN)
        site = request.headers.get("Sec-Fetch-Site", "none")
        if site not in ("same-origin", "none") and (origin is None or own or not (paired or pairing or nearby)):
            raise Refusal("fetch-site-refused", header="Sec-Fetch-Site")
        readable = origin is not None and (paired or pairing or nearby)
        return Caller(origin, own or (origin is None and site == "same-origin"), cors=readable)

    def admit(self, request: web.Request, caller: Caller, access: Access) -> Caller:
        """Check the token and its scope; raises :class:`Refusal`."""
        scheme, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise self.failed(caller, Refusal("token-missing", header=hdrs.AUTHORIZATION))
        return self.prove(caller, token.strip(), access)

    def prove(self, caller: Caller, token: str, access: Access) -> Caller:
        """The caller with the page of its token; raises :class:`Refusal` if token, origin or scope is wrong."""
        page = self._pairing.store.find(token)
        if page is None:
            raise self.failed(caller, Refusal("token-unknown", header=hdrs.AUTHORIZATION))
        good = caller.own if page.own else page.origin == caller.origin and not caller.own
        if not good or (page.own and page.origin != self.own_origin):
            raise self.failed(caller, Refusal("token-origin", header=hdrs.ORIGIN))
        if access not in page.scopes:
            raise Refusal("scope-missing", header=hdrs.AUTHORIZATION, params={"scope": access.value})
        return Caller(caller.origin, caller.own, caller.cors, page)

    def failed(self, caller: Caller, refusal: Refusal) -> Refusal:
        """Count a wrong token or id; returns ``refusal``, or 429 when this caller has failed too often.

        Only failures are answered with 429: another program's failures cannot lock out a caller with a valid token.
        """
        now = self._clock.monotonic()
        window = self._limits.failure_window
        for key in [k for k, times in self._failures.items() if times[-1] <= now - window]:
            del self._failures[key]
        times = self._failures.setdefault(caller.key, deque(maxlen=self._limits.failures + 1))
        times.append(now)
        while times[0] <= now - window:
            times.popleft()
        if len(times) <= self._limits.failures:
            return refusal
        wait = str(max(1, round(times[0] + window - now)))
        return Refusal("too-many-failures", header=refusal.header, headers={"Retry-After": wait})

    def account(self, caller: Caller, wanted: AccountId | None, known: tuple[AccountId, ...]) -> AccountId:
        """The account a call works for: the token's, else ``wanted``, else the default. ``known`` are the enabled ones,
        the default first.

        Raises :class:`Refusal`: 403 if ``wanted`` is not the token's account or that one is not enabled, 422 if
        ``wanted`` is not enabled or there is no account.
        """
        if caller.account is not None:
            if wanted is not None and wanted != caller.account:
                raise Refusal("account-refused", field="userId")
            if caller.account not in known:
                raise Refusal("account-not-known", header=hdrs.AUTHORIZATION)
            return caller.account
        account = wanted or (known[0] if known else None)
        if account is None or account not in known:
            raise Refusal("account-missing", field="userId")
        if wanted is None and caller.page is not None and caller.page.own:  # paired before there was an account
            self._pairing.store.fix_account(caller.page, account)
        return account


def cors_headers(origin: str) -> dict[str, str]:
    """The headers that let a page of ``origin`` read an answer."""
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Expose-Headers": "ETag, Retry-After",
        "Vary": "Origin",
    }


def preflight_headers(origin: str) -> dict[str, str]:
    """The headers of the answer to a preflight request of an origin that may call."""
    return cors_headers(origin) | {
        "Access-Control-Allow-Methods": "GET, POST, PUT, DELETE",
        "Access-Control-Allow-Headers": "Authorization, Content-Type, If-Match, Last-Event-ID",
        "Access-Control-Allow-Private-Network": "true",
        "Access-Control-Max-Age": "600",
    }
