"""Who may talk to the endpoint: paired pages and programs, their tokens, and how a new one is let in; no HTTP.

Tokens are 256 random bits, kept only as SHA-256. All texts given by a page (name, origin) are plain text.
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
"""Seconds in which unlisted pages may ask, after the operator pressed *Collega una pagina*."""
COLLECT = 60.0
"""Seconds a page has to fetch its token after the operator confirmed it."""
TRIES = 3
MAX_PENDING = 3
"""Waiting pages in one window: more would let a stranger's page fish for a mistyped number."""
OF_ONE_ORIGIN = 2
"""Of them by pages of one address: one, and the same page loaded again. Another page finds a place."""
MAX_ASKS = 20
"""Questions of one outside address in one window, and of our own form in :data:`WINDOW` seconds; also how many such
addresses may ask in one window."""

PairingState = Literal["waiting", "confirmed", "refused"]


@dataclass(frozen=True, slots=True)
class PendingPairing:
    """A page that asks to be let in, as the panel shows it. The six digits are on the page, not here."""

    id: str
    origin: str | None
    name: str
    scopes: frozenset[Access]
    asked: datetime
    seconds_left: float
    own: bool
    """Our own order form opened from a bookmark: one click lets it in, no digits."""
    needs_digits: bool = False
    """Two of our own forms asked at once: only the digits on the page tell which of them is in front of the operator
    (a program can send the same question)."""


@dataclass(frozen=True, slots=True)
class _Asked:
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
    """Monotonic: when its page last came back."""
    account: AccountId | None = None


@dataclass(frozen=True, slots=True)
class Collected:
    """What a page gets when it comes back with its pairing id."""

    state: PairingState
    seconds_left: float = 0.0
    digits: str | None = None
    """To be shown from now on, where that was not needed before."""
    page: Page | None = None
    token: str | None = None


class Asked(NamedTuple):
    """What a page gets that asks to be let in."""

    secret: str
    """The pairing id with which it comes back."""
    digits: str | None
    """Six digits to show; ``None`` for our own order form while no other one asks."""
    seconds: float
    """How long it may wait."""


class Pairing:
    """Letting pages in: the window, the digits, the one-time codes. One object per endpoint."""

    def __init__(self, store: PairingStore, *, clock: Clock, random: Random = secrets.token_bytes) -> None:
        self.store = store
        self._clock = clock
        self._random = random
        self._open_until = float("-inf")
        self._tries = 0
        self._own_tries = 0
        self._asks: Counter[str | None] = Counter()
        """Questions of this window by origin."""
        self._own_asks: deque[float] = deque()
        """When our own form asked, in the last :data:`WINDOW` seconds."""
        self._asked: dict[str, _Asked] = {}
        """By secret pairing id."""
        self._codes = Codes(clock, random)
        self._listeners: list[Callable[[], None]] = []

    # ---------------------------------------------------------------- for the panel

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Have ``listener`` called after each change of window, waiting pages or paired pages; returns the way out."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    def begin(self) -> float:
        """Open the window for :data:`WINDOW` seconds; returns these seconds."""
        self._open_until = self._clock.monotonic() + WINDOW
        self._tries = 0
        self._asks.clear()
        self._drop(lambda asked: not asked.own)
        self._changed()
        return WINDOW

    def cancel(self) -> None:
        """Close the window; waiting pages (not our own form) are refused."""
        self._open_until = float("-inf")
        self._refuse(lambda asked: not asked.own)
        self._changed()

    @property
    def seconds_left(self) -> float:
        """Seconds until the window closes, 0 when closed."""
        return max(0.0, self._open_until - self._clock.monotonic())

    @property
    def tries_left(self) -> int:
        """How many times digits may still be typed in this window."""
        return max(0, TRIES - self._tries)

    def pending(self) -> tuple[PendingPairing, ...]:
        """The pages that wait for the operator, oldest first."""
        self._expire()
        now = self._clock.monotonic()
        return tuple(
            PendingPairing(a.id, a.origin, a.name, a.scopes, a.asked, a.until - now, a.own, a.needs_digits)
            for a in self._asked.values()
            if a.state == "waiting"
        )

    def confirm(
        self, digits: str, *, account: AccountId | None = None, scopes: Iterable[str] | None = None
    ) -> PendingPairing:
        """Let in the page that shows ``digits``, for ``account``; ``scopes`` may narrow what it asked for.

        Raises :class:`PairingError`: ``pairing-closed`` (no window), ``pairing-digits`` (no page shows them; the third
        time ``pairing-tries``, which closes the window and refuses all that wait).
        """
        self._expire()
        if self.seconds_left <= 0:
            raise PairingError("pairing-closed")
        typed = _typed(digits)
        for waiting in self._asked.values():
            if waiting.state == "waiting" and not waiting.own and hmac.compare_digest(waiting.digits, typed):
                return self._confirmed(waiting, account, scopes)
        self._tries += 1
        if self._tries >= TRIES:
            self.cancel()
            raise PairingError("pairing-tries")
        self._changed()
        raise PairingError("pairing-digits", left=TRIES - self._tries)

    def approve(self, pending_id: str, *, account: AccountId | None = None) -> PendingPairing:
        """Let in our own order form, which was opened from a bookmark.

        Raises :class:`PairingError` ``pairing-gone`` if it no longer waits, and ``pairing-needs-digits`` when another
        one asked, too: then :meth:`confirm_own`.
        """
        asked = self._own(pending_id)
        if asked.needs_digits:
            raise PairingError("pairing-needs-digits")
        return self._confirmed(asked, account, None)

    def confirm_own(self, digits: str, *, account: AccountId | None = None) -> PendingPairing:
        """Let in that one of our own order forms which shows ``digits``; the others are refused.

        Raises :class:`PairingError` ``pairing-digits``, the third time ``pairing-tries`` (all of them are refused), and
        ``pairing-gone`` when none waits.
        """
        self._expire()
        waiting = [asked for asked in self._asked.values() if asked.own and asked.state == "waiting"]
        if not waiting:
            raise PairingError("pairing-gone")
        typed = _typed(digits)
        for asked in waiting:
            if hmac.compare_digest(asked.digits, typed):
                self._own_tries = 0
                confirmed = self._confirmed(asked, account, None)
                self._refuse(lambda other: other.own)
                self._changed()
                return confirmed
        self._own_tries += 1
        if self._own_tries >= TRIES:
            self._own_tries = 0
            self._refuse(lambda asked: asked.own)
            self._changed()
            raise PairingError("pairing-tries")
        raise PairingError("pairing-digits", left=TRIES - self._own_tries)

    def refuse(self, pending_id: str) -> None:
        """Refuse one waiting page."""
        self._refuse(lambda asked: asked.id == pending_id)
        self._changed()

    def revoke(self, page_id: str) -> bool:
        """Forget a paired page."""
        revoked = self.store.revoke(page_id)
        self._changed()
        return revoked

    def rows(self) -> tuple[Mapping[str, Json], frozenset[str]]:
        """As :meth:`PairingStore.rows`."""
        return self.store.rows()

    def take(self, rows: Mapping[str, Json]) -> None:
        """As :meth:`PairingStore.take`; the panel shows it, and open lines of revoked pages end."""
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
        """Whether an unlisted ``origin`` may call the pairing route now."""
        self._expire()
        return self.seconds_left > 0 or any(not a.own and a.origin == origin for a in self._asked.values())

    def ask(self, origin: str | None, name: str, scopes: Iterable[Access], *, own: bool) -> Asked:
        """A page asks to be let in.

        No question ever takes the place of another one, since the operator could not tell them apart. Raises
        ``pairing-closed`` or ``pairing-full``.
        """
        self._expire()
        if not own and self.seconds_left <= 0:
            raise PairingError("pairing-closed")
        self._count(origin, own=own)
        # A page that was loaded again has left its first question; one that still comes back for it keeps it.
        left = self._clock.monotonic() - OWN_SILENCE
        if origin is not None:
            self._drop(lambda a: a.origin == origin and a.state == "waiting" and a.seen <= left)
        rivals = [asked for asked in self._asked.values() if asked.own == own and asked.state != "refused"]
        if len(rivals) >= MAX_PENDING or (not own and sum(a.origin == origin for a in rivals) >= OF_ONE_ORIGIN):
            raise PairingError("pairing-full")
        seconds, now = WINDOW if own else self.seconds_left, self._clock.monotonic()
        asked = _Asked(
            id=as_text(self._random(6)),
            secret=as_text(self._random(24)),
            digits=self._digits(),
            origin=origin,
            name=name,
            scopes=frozenset(scopes),
            asked=self._clock.now(),
            until=now + seconds,
            own=own,
            needs_digits=not own or bool(rivals),
            seen=now,
        )
        if own:
            self._asked = {secret: replace(a, needs_digits=True) for secret, a in self._asked.items()}
            if not rivals:
                self._own_tries = 0
        self._asked[asked.secret] = asked
        self._changed()
        return Asked(asked.secret, asked.digits if asked.needs_digits else None, seconds)

    def _count(self, origin: str | None, *, own: bool) -> None:
        """Raise ``pairing-full`` for more questions than people ask."""
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

    def collect(self, secret: str, origin: str | None) -> Collected:
        """The page comes back. The token is given once; later, or for a stranger, ``pairing-gone``."""
        self._expire()
        asked = next((a for a in self._asked.values() if hmac.compare_digest(a.secret, secret)), None)
        if asked is None or asked.origin != origin:
            raise PairingError("pairing-gone")
        now = self._clock.monotonic()
        self._asked[asked.secret] = replace(asked, seen=now)
        match asked.state:
            case "waiting":
                return Collected("waiting", asked.until - now, digits=asked.digits if asked.needs_digits else None)
            case "refused":
                del self._asked[asked.secret]
                return Collected("refused")
            case "confirmed":
                page, token = self.store.add(asked.name, asked.origin, asked.scopes, asked.account, own=asked.own)
                del self._asked[asked.secret]
                log.info("paired %s %r for %s", page.id, page.origin, ",".join(sorted(page.scopes)))
                self._changed()
                return Collected("confirmed", page=page, token=token)

    def redeem(self, code: str, origin: str, name: str) -> tuple[Page, str]:
        """Our own order form exchanges its one-time code. ``pairing-code`` when it is used, too old or invented.

        A code that comes again has been read by somebody else, before or after the form: the token that it gave ends.
        """
        if (found := self._codes.find(code)).gave is not None:
            if self.revoke(found.gave):
                log.warning("revoked %s: its one-time code was presented again", found.gave)
            raise PairingError("pairing-code")
        page, token = self.store.add(name, origin, (Access.SESSIONS,), found.account, own=True)
        found.gave = page.id
        return page, token

    # ---------------------------------------------------------------- inside

    def _confirmed(self, asked: _Asked, account: AccountId | None, scopes: Iterable[str] | None) -> PendingPairing:
        until = self._clock.monotonic() + COLLECT
        granted = asked.scopes if scopes is None else asked.scopes & frozenset(map(Access, scopes))
        if not granted:
            raise PairingError("pairing-no-scope")
        done = replace(asked, state="confirmed", account=account, until=until, scopes=granted)
        self._asked[asked.secret] = done
        if not asked.own:
            # One pairing per press of the button: what else waits has not been asked for.
            self._open_until = float("-inf")
            self._refuse(lambda other: not other.own and other.state == "waiting")
        self._changed()
        return PendingPairing(
            done.id, done.origin, done.name, done.scopes, done.asked, COLLECT, done.own, done.needs_digits
        )

    def _own(self, pending_id: str) -> _Asked:
        self._expire()
        for asked in self._asked.values():
            if asked.id == pending_id and asked.own and asked.state == "waiting":
                return asked
        raise PairingError("pairing-gone")

    def _digits(self) -> str:
        while True:
            digits = f"{int.from_bytes(self._random(8)) % 1_000_000:06d}"
            if all(a.digits != digits for a in self._asked.values()):
                return digits

    def _expire(self) -> None:
        now = self._clock.monotonic()
        self._drop(lambda a: a.until <= now or (a.own and a.state == "waiting" and a.seen <= now - OWN_SILENCE))

    def _drop(self, which: Callable[[_Asked], bool]) -> None:
        self._asked = {secret: a for secret, a in self._asked.items() if not which(a)}

    def _refuse(self, which: Callable[[_Asked], bool]) -> None:
        self._asked = {
            secret: replace(a, state="refused") if a.state == "waiting" and which(a) else a
            for secret, a in self._asked.items()
        }

    def _changed(self) -> None:
        for listener in list(self._listeners):
            try:
                listener()
            except Exception:
                log.exception("a listener of the pairing failed")


def _typed(digits: str) -> str:
    """What was typed as six ASCII digits; other alphabets' digits are folded, everything else is left out."""
    return "".join(str(unicodedata.digit(c)) for c in digits if c.isdigit())
