"""Pairing: how a page or program gets a token, after the operator has confirmed it or with a one-time code; no HTTP.

Tokens are 256 random bits, stored only as SHA-256. A page's texts (name, origin) are to be shown as plain text.
"""

from __future__ import annotations

import hmac
import logging
import secrets
import unicodedata
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, NamedTuple

from archisync_gui.endpoint.codes import Codes
from archisync_gui.endpoint.paired_pages import OWN_SILENCE, Access, Page, PairingError, PairingStore, Random, as_text
from archisync_gui.model import AccountId, Clock, Json

log = logging.getLogger(__name__)

WINDOW = 120.0
"""Seconds in which pages that are not paired may ask, after the operator pressed *Collega una pagina*."""
COLLECT = 60.0
"""Seconds a page has to fetch its token after the operator confirmed it."""
TRIES = 3
"""How many times wrong digits may be typed."""
MAX_PENDING = 3
"""Pages that may wait at once: with more it would be likelier that mistyped digits are those of a malicious page."""
OF_ONE_ORIGIN = 2
"""Waiting pages of one origin: a page, and the same page loaded again. So one origin cannot take all places."""
MAX_ASKS = 20
"""Requests of one origin in one window, and of our own form in :data:`WINDOW` seconds; also the number of origins that
may ask in one window."""

PairingState = Literal["waiting", "confirmed", "refused"]


@dataclass(frozen=True, slots=True)
class PendingPairing:
    """A page that waits to be paired, as the panel shows it. Without the six digits, which only the page shows."""

    id: str
    origin: str | None
    name: str
    scopes: frozenset[Access]
    asked: datetime
    seconds_left: float
    own: bool
    """Our own order form, opened from a bookmark: one click pairs it, unless :attr:`needs_digits`."""
    needs_digits: bool = False
    """The operator has to type the digits. For our own form: when two of them wait, since only the digits distinguish
    them (another program can send the same request)."""


@dataclass(frozen=True, slots=True)
class _Request:
    id: str
    secret: str
    digits: str
    origin: str | None
    name: str
    scopes: frozenset[Access]
    asked: datetime
    until: float
    own: bool
    state: PairingState = "waiting"
    needs_digits: bool = True
    seen: float = 0.0
    """Monotonic time at which the page last asked for the result."""
    account: AccountId | None = None


@dataclass(frozen=True, slots=True)
class CollectResult:
    """The answer to a page that asks with its pairing id."""

    state: PairingState
    seconds_left: float = 0.0
    digits: str | None = None
    """The digits for the page to show; for our own form ``None`` until they are needed."""
    page: Page | None = None
    token: str | None = None


class AskResult(NamedTuple):
    """The answer to a page that asks to be paired."""

    secret: str
    """The pairing id, with which the page asks for the result."""
    digits: str | None
    """Six digits to show; ``None`` for our own order form while no other one waits."""
    seconds: float
    """Seconds until the request expires."""


class Pairing:
    """The pairing window, the requests with their digits, and the one-time codes. One object per endpoint."""

    def __init__(self, store: PairingStore, *, clock: Clock, random: Random = secrets.token_bytes) -> None:
        self.store = store
        self._clock = clock
        self._random = random
        self._open_until = float("-inf")
        self._tries = 0
        self._own_tries = 0
        self._asks: Counter[str | None] = Counter()
        """Number of requests in this window, by origin."""
        self._own_asks: deque[float] = deque()
        """Monotonic times of our own form's requests in the last :data:`WINDOW` seconds."""
        self._requests: dict[str, _Request] = {}
        """By secret pairing id."""
        self._codes = Codes(clock, random)
        self._listeners: list[Callable[[], None]] = []

    # ---------------------------------------------------------------- for the panel

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call ``listener`` after each change of window, waiting or paired pages; returns what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    def begin(self) -> float:
        """Open the window for :data:`WINDOW` seconds (returned). Requests but our own form's are dropped."""
        self._open_until = self._clock.monotonic() + WINDOW
        self._tries = 0
        self._asks.clear()
        self._drop(lambda request: not request.own)
        self._changed()
        return WINDOW

    def cancel(self) -> None:
        """Close the window and refuse the waiting pages, but our own form."""
        self._open_until = float("-inf")
        self._refuse(lambda request: not request.own)
        self._changed()

    @property
    def seconds_left(self) -> float:
        """Seconds until the window closes, 0 when closed."""
        return max(0.0, self._open_until - self._clock.monotonic())

    @property
    def tries_left(self) -> int:
        """How many times wrong digits may still be typed in this window."""
        return max(0, TRIES - self._tries)

    def pending(self) -> tuple[PendingPairing, ...]:
        """The pages that wait for the operator, oldest first."""
        self._expire()
        now = self._clock.monotonic()
        return tuple(
            PendingPairing(a.id, a.origin, a.name, a.scopes, a.asked, a.until - now, a.own, a.needs_digits)
            for a in self._requests.values()
            if a.state == "waiting"
        )

    def confirm(
        self, digits: str, *, account: AccountId | None = None, scopes: Iterable[str] | None = None
    ) -> PendingPairing:
        """Confirm the page that shows ``digits``, for ``account``. ``scopes`` may narrow the scopes it asked for.

        Raises :class:`PairingError`: ``pairing-closed`` (no window), ``pairing-digits`` (no page shows them),
        ``pairing-tries`` instead for the third wrong try, which closes the window and refuses all waiting pages, and
        ``pairing-no-scope`` (no scope is left).
        """
        self._expire()
        if self.seconds_left <= 0:
            raise PairingError("pairing-closed")
        typed = _ascii_digits(digits)
        for waiting in self._requests.values():
            if waiting.state == "waiting" and not waiting.own and hmac.compare_digest(waiting.digits, typed):
                return self._confirmed(waiting, account, scopes)
        self._tries += 1
        if self._tries >= TRIES:
            self.cancel()
            raise PairingError("pairing-tries")
        self._changed()
        raise PairingError("pairing-digits", left=TRIES - self._tries)

    def approve(self, pending_id: str, *, account: AccountId | None = None) -> PendingPairing:
        """Confirm our own order form, which was opened from a bookmark.

        Raises :class:`PairingError` ``pairing-gone`` if it no longer waits, and ``pairing-needs-digits`` when two of
        them wait: then call :meth:`confirm_own`.
        """
        request = self._own(pending_id)
        if request.needs_digits:
            raise PairingError("pairing-needs-digits")
        return self._confirmed(request, account, None)

    def confirm_own(self, digits: str, *, account: AccountId | None = None) -> PendingPairing:
        """Confirm the one of our own order forms that shows ``digits``, and refuse the others.

        Raises :class:`PairingError` ``pairing-digits``, for the third wrong try ``pairing-tries`` instead (all of them
        are refused), and ``pairing-gone`` when none waits.
        """
        self._expire()
        waiting = [request for request in self._requests.values() if request.own and request.state == "waiting"]
        if not waiting:
            raise PairingError("pairing-gone")
        typed = _ascii_digits(digits)
        for request in waiting:
            if hmac.compare_digest(request.digits, typed):
                self._own_tries = 0
                confirmed = self._confirmed(request, account, None)
                self._refuse(lambda other: other.own)
                self._changed()
                return confirmed
        self._own_tries += 1
        if self._own_tries >= TRIES:
            self._own_tries = 0
            self._refuse(lambda request: request.own)
            self._changed()
            raise PairingError("pairing-tries")
        raise PairingError("pairing-digits", left=TRIES - self._own_tries)

    def refuse(self, pending_id: str) -> None:
        """Refuse one waiting page."""
        self._refuse(lambda request: request.id == pending_id)
        self._changed()

    def revoke(self, page_id: str) -> bool:
        """Revoke a paired page's token; false if there is no such page. See :meth:`PairingStore.revoke`."""
        revoked = self.store.revoke(page_id)
        self._changed()
        return revoked

    def rows(self) -> tuple[Mapping[str, Json], frozenset[str]]:
        """As :meth:`PairingStore.rows`."""
        return self.store.rows()

    def take(self, rows: Mapping[str, Json]) -> None:
        """As :meth:`PairingStore.take`; listeners are called, so that open streams of revoked pages end."""
        if self.store.take(rows):
            self._changed()

    def told(self, keys: Iterable[str]) -> None:
        """As :meth:`PairingStore.told`."""
        self.store.told(keys)

    def one_time_code(self, account: AccountId | None = None) -> str:
        """A code that our own order form exchanges for a token within :data:`.codes.CODE_LIFE` seconds, once."""
        return self._codes.new(account)

    # ---------------------------------------------------------------- for the routes

    def listens_to(self, origin: str | None) -> bool:
        """Whether an ``origin`` that is not paired may call the pairing route now."""
        self._expire()
        return self.seconds_left > 0 or any(not a.own and a.origin == origin for a in self._requests.values())

    def ask(self, origin: str | None, name: str, scopes: Iterable[Access], *, own: bool) -> AskResult:
        """A page asks to be paired.

        A new request never replaces one whose page still waits, since the operator could not distinguish them. Raises
        :class:`PairingError` ``pairing-closed`` or ``pairing-full``.
        """
        self._expire()
        if not own and self.seconds_left <= 0:
            raise PairingError("pairing-closed")
        self._count(origin, own=own)
        # A page that was loaded again does not ask for its first request's result any more: that request is dropped.
        oldest = self._clock.monotonic() - OWN_SILENCE
        if origin is not None:
            self._drop(lambda a: a.origin == origin and a.state == "waiting" and a.seen <= oldest)
        others = [request for request in self._requests.values() if request.own == own and request.state != "refused"]
        if len(others) >= MAX_PENDING or (not own and sum(a.origin == origin for a in others) >= OF_ONE_ORIGIN):
            raise PairingError("pairing-full")
        seconds, now = WINDOW if own else self.seconds_left, self._clock.monotonic()
        request = _Request(
            id=as_text(self._random(6)),
            secret=as_text(self._random(24)),
            digits=self._digits(),
            origin=origin,
            name=name,
            scopes=frozenset(scopes),
            asked=self._clock.now(),
            until=now + seconds,
            own=own,
            needs_digits=not own or bool(others),
            seen=now,
        )
        if own:
            self._requests = {secret: replace(a, needs_digits=True) for secret, a in self._requests.items()}
            if not others:
                self._own_tries = 0
        self._requests[request.secret] = request
        self._changed()
        return AskResult(request.secret, request.digits if request.needs_digits else None, seconds)

    def _count(self, origin: str | None, *, own: bool) -> None:
        """Count a request; raises ``pairing-full`` beyond :data:`MAX_ASKS`."""
        if not own:
            if self._asks[origin] >= MAX_ASKS or (not self._asks[origin] and len(self._asks) >= MAX_ASKS):
                raise PairingError("pairing-full")
            self._asks[origin] += 1
            return
        now = self._clock.monotonic()
        while self._own_asks and self._own_asks[0] <= now - WINDOW:
            self._own_asks.popleft()
        if len(self._own_asks) >= MAX_ASKS:
            raise PairingError("pairing-full")
        self._own_asks.append(now)

    def collect(self, secret: str, origin: str | None) -> CollectResult:
        """The state of the page's request; when it was confirmed, the token, which is returned only once. Raises
        ``pairing-gone`` for a request that has expired or was collected, and for another origin's."""
        self._expire()
        request = next((a for a in self._requests.values() if hmac.compare_digest(a.secret, secret)), None)
        if request is None or request.origin != origin:
            raise PairingError("pairing-gone")
        now = self._clock.monotonic()
        self._requests[request.secret] = replace(request, seen=now)
        match request.state:
            case "waiting":
                digits = request.digits if request.needs_digits else None
                return CollectResult("waiting", request.until - now, digits=digits)
            case "refused":
                del self._requests[request.secret]
                return CollectResult("refused")
            case "confirmed":
                page, token = self.store.add(
                    request.name, request.origin, request.scopes, request.account, own=request.own
                )
                del self._requests[request.secret]
                log.info("paired %s %r for %s", page.id, page.origin, ",".join(sorted(page.scopes)))
                self._changed()
                return CollectResult("confirmed", page=page, token=token)

    def redeem(self, code: str, origin: str, name: str) -> tuple[Page, str]:
        """Exchange our own form's one-time code for a token. Raises ``pairing-code``: it was used, is old or wrong.

        A code presented twice was read by another program, which may have been first: its token is revoked.
        """
        if (found := self._codes.find(code)).page_id is not None:
            if self.revoke(found.page_id):
                log.warning("revoked %s: its one-time code was presented again", found.page_id)
            raise PairingError("pairing-code")
        page, token = self.store.add(name, origin, (Access.SESSIONS,), found.account, own=True)
        found.page_id = page.id
        return page, token

    # ---------------------------------------------------------------- inside

    def _confirmed(self, request: _Request, account: AccountId | None, scopes: Iterable[str] | None) -> PendingPairing:
        until = self._clock.monotonic() + COLLECT
        granted = request.scopes if scopes is None else request.scopes & frozenset(map(Access, scopes))
        if not granted:
            raise PairingError("pairing-no-scope")
        done = replace(request, state="confirmed", account=account, until=until, scopes=granted)
        self._requests[request.secret] = done
        if not request.own:
            # Each press of the button allows one pairing: the other waiting pages are refused.
            self._open_until = float("-inf")
            self._refuse(lambda other: not other.own and other.state == "waiting")
        self._changed()
        return PendingPairing(
            done.id, done.origin, done.name, done.scopes, done.asked, COLLECT, done.own, done.needs_digits
        )

    def _own(self, pending_id: str) -> _Request:
        self._expire()
        for request in self._requests.values():
            if request.id == pending_id and request.own and request.state == "waiting":
                return request
        raise PairingError("pairing-gone")

    def _digits(self) -> str:
        while True:
            digits = f"{int.from_bytes(self._random(8)) % 1_000_000:06d}"
            if all(a.digits != digits for a in self._requests.values()):
                return digits

    def _expire(self) -> None:
        now = self._clock.monotonic()
        self._drop(lambda a: a.until <= now or (a.own and a.state == "waiting" and a.seen <= now - OWN_SILENCE))

    def _drop(self, matches: Callable[[_Request], bool]) -> None:
        self._requests = {secret: a for secret, a in self._requests.items() if not matches(a)}

    def _refuse(self, matches: Callable[[_Request], bool]) -> None:
        self._requests = {
            secret: replace(a, state="refused") if a.state == "waiting" and matches(a) else a
            for secret, a in self._requests.items()
        }

    def _changed(self) -> None:
        for listener in list(self._listeners):
            try:
                listener()
            except Exception:
                log.exception("a listener of the pairing failed")


def _ascii_digits(digits: str) -> str:
    """The digits in a typed text as ASCII digits, also those of other scripts; other characters are left out."""
    return "".join(str(unicodedata.digit(c)) for c in digits if c.isdigit())
