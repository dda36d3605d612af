"""Who may talk to the endpoint: paired pages and programs, their tokens, and how a new one is let in; no HTTP.

Tokens are 256 random bits, kept only as SHA-256. All texts given by a page (name, origin) are plain text.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import logging
import secrets
import unicodedata
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from threading import Lock
from typing import Literal, NamedTuple

from archisync_gui.disk import keep_copy, read_json, replace_file
from archisync_gui.model import AccountId, Clock, Json

log = logging.getLogger(__name__)

FILE = "pages.json"
"""In the profile's folder."""
WINDOW = 120.0
"""Seconds in which unlisted pages may ask, after the operator pressed *Collega una pagina*."""
COLLECT = 60.0
"""Seconds a page has to fetch its token after the operator confirmed it."""
CODE_LIFE = 30.0
"""Seconds a one-time code of the order form is good for."""
TRIES = 3
MAX_PENDING = 3
"""Waiting pages in one window: more would let a stranger's page fish for a mistyped number."""
OWN_TOKEN_DAYS = 7
"""Days after which an unused token of our own order form (it lives in one tab) is forgotten."""
MAX_OWN_TOKENS = 200
MAX_ASKS = 20
"""Questions in one window of outside pages, and of our own form in :data:`WINDOW` seconds."""
OWN_SILENCE = 15.0
"""Seconds after which a question of our own form is dropped when its page has not come back: it was closed."""
LAST_USE_STEP = 60.0
"""Seconds between two writes of *last use*."""

Random = Callable[[int], bytes]


class Access(StrEnum):
    """What a token may do."""

    SESSIONS = "sessions"
    """The session calls; read customers, products, prices; read and write drafts."""
    WATCH = "watch"
    """Look: status, history, tickets, explain, events."""
    OPERATE = "operate"
    """Start, cancel, hold, change the schedule."""


class PairingError(Exception):
    """A pairing step was refused. ``code`` names its text in ``resources/messages/endpoint.toml``."""

    def __init__(self, code: str, **params: str | int) -> None:
        super().__init__(f"{code} {params}")
        self.code = code
        self.params = params


@dataclass(frozen=True, slots=True)
class Page:
    """A paired page or program."""

    id: str
    """Public; names it in logs and in the panel."""
    name: str
    origin: str | None
    """The only origin its token is good for; ``None``: a program, good only without an ``Origin`` header."""
    scopes: frozenset[Access]
    account: AccountId | None
    """The only ERP account it may name; ``None``: the default account."""
    created: datetime
    last_used: datetime
    own: bool = False
    """One of our own order form's tabs."""


class PairingStore:
    """The paired pages, kept in one small file that only this user can read."""

    VERSION = 1

    def __init__(self, path: Path, *, clock: Clock, random: Random = secrets.token_bytes) -> None:
        """Read ``path``. Entries that cannot be read are skipped; of a file with such entries a copy is kept."""
        self._revoked: set[bytes] = set()
        """SHA-256 of tokens that were revoked here, of which no office was :meth:`told`. Remembered by a single
        computer, too: the office that it joins (again) may still know them."""
        self._path = path
        self._clock = clock
        self._random = random
        self._pages: dict[bytes, Page] = {}
        """By SHA-256 of the token."""
        self._changes = self._written = 0
        """Numbers of the latest change and of the one in the file."""
        self._writing = Lock()
        self._load()

    def pages(self) -> tuple[Page, ...]:
        """All paired pages and programs, oldest first; our own order form's tabs left out."""
        return tuple(p for p in self._pages.values() if not p.own)

    def ids(self) -> frozenset[str]:
        """The ids of all pages, programs and own tabs whose tokens are good."""
        return frozenset(p.id for p in self._pages.values())

    def origins(self) -> frozenset[str]:
        """The outside origins that have a token."""
        return frozenset(p.origin for p in self._pages.values() if p.origin is not None and not p.own)

    def find(self, token: str) -> Page | None:
        """The page that this token belongs to, whatever origin presents it; remembers the use.

        A token of our own order form that was not used for :data:`OWN_TOKEN_DAYS` days is refused, but not forgotten:
        the computer's clock may be wrong.
        """
        wanted = _digest(token)
        for digest, page in self._pages.items():
            if hmac.compare_digest(digest, wanted):
                now = self._clock.now()
                unused = now - page.last_used
                if page.own and unused > timedelta(days=OWN_TOKEN_DAYS):
                    return None
                if unused.total_seconds() >= LAST_USE_STEP:  # never back: a clock that was set back is no sign of age
                    page = replace(page, last_used=now)
                    self._pages[digest] = page
                    self._save_later()
                return page
        return None

    def add(
        self,
        name: str,
        origin: str | None,
        scopes: Iterable[Access],
        account: AccountId | None,
        *,
        own: bool = False,
    ) -> tuple[Page, str]:
        """Let a page in; its token is returned here and never again. Raises :class:`PairingError`
        ``pairing-not-saved``; then no page was paired."""
        token = _text(self._random(32))
        now = self._clock.now()
        page = Page(_text(self._random(6)), name, origin, frozenset(scopes), account, now, now, own)
        before = dict(self._pages)
        self._pages[_digest(token)] = page
        if own:
            self._forget_own(MAX_OWN_TOKENS)
        try:
            self._save()
        except PairingError:
            self._pages = before
            raise
        return page, token

    def revoke(self, page_id: str) -> bool:
        """Forget a page; its token is refused from now on. False if there is none of that id. Raises
        :class:`PairingError` ``pairing-not-saved`` when the file still holds it."""
        kept = {digest: page for digest, page in self._pages.items() if page.id != page_id}
        if len(kept) == len(self._pages):
            return False
        self._revoked |= {digest for digest, page in self._pages.items() if digest not in kept and not page.own}
        self._pages = kept  # also when the disk refuses it: the token is not good any more in this process
        self._save()
        return True

    # ---------------------------------------------------------------- for an office (``office.shared_rows.OwnRows``)

    def rows(self) -> tuple[Mapping[str, Json], frozenset[str]]:
        """The outside pages and programs by the SHA-256 of their tokens, and those revoked since the office was told.
        Our own form's tabs belong to this computer, as does when a page was last used."""
        pages = {digest.hex(): _shown_to_office(page) for digest, page in self._pages.items() if not page.own}
        return pages, frozenset(digest.hex() for digest in self._revoked)

    def take(self, rows: Mapping[str, Json]) -> bool:
        """Let in what the office has let in, and forget what it has revoked (``None``). A row that cannot be read lets
        nobody in. True when that changed something."""
        before = dict(self._pages)
        for key, row in rows.items():
            try:
                digest = bytes.fromhex(key)
                if row is None:
                    self._pages.pop(digest, None)
                elif isinstance(row, dict) and len(digest) == hashlib.sha256().digest_size:
                    page = _page({**row, "lastUsed": row["created"], "own": False})
                    self._pages.setdefault(digest, page)
                else:
                    raise ValueError("page")
            except (ValueError, KeyError, TypeError, OverflowError):
                log.warning("paired pages: the office's page %.64s cannot be read and is not let in", key)
        changed = self._pages != before
        if changed:
            self._keep()
        return changed

    def told(self, keys: Iterable[str]) -> None:
        """The office knows that these were revoked."""
        self._revoked -= {bytes.fromhex(key) for key in keys}
        self._keep()

    def _keep(self) -> None:
        """Write what the office holds, too: where the disk refuses it, it comes again with the next start."""
        try:
            self._save()
        except PairingError as error:
            log.warning("the office's pages are not kept on this computer: %s", error)

    def _forget_own(self, most: int) -> None:
        own = [(digest, page) for digest, page in self._pages.items() if page.own]
        for digest, _ in own[: max(0, len(own) - most)]:
            del self._pages[digest]

    def _load(self) -> None:
        try:
            document = read_json(self._path)
            entries = document["pages"]
            if not isinstance(entries, list):
                raise TypeError("pages")
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.error("paired pages: %s is unreadable (%s), kept as %s", self._path, error, keep_copy(self._path))
            return
        unreadable = 0
        revoked = document.get("revoked", [])
        for text in revoked if isinstance(revoked, list) else [revoked]:
            try:
                self._revoked.add(bytes.fromhex(text))
            except (ValueError, TypeError):
                unreadable += 1
        for entry in entries:
            try:
                self._pages[bytes.fromhex(entry["hash"])] = _page(entry)
            except (ValueError, KeyError, TypeError, OverflowError):
                unreadable += 1
        if unreadable or document.get("version") != self.VERSION:
            kept = keep_copy(self._path)
            log.warning("paired pages: %d of %s are unreadable, the file is kept as %s", unreadable, self._path, kept)

    def _save(self) -> None:
        """Write the file before the answer is sent. Raises :class:`PairingError` where the disk refuses it."""
        try:
            self._write(*self._snapshot())
        except OSError as error:
            raise PairingError("pairing-not-saved", reason=error.strerror or str(error)) from error

    def _save_later(self) -> None:
        """Write in a thread what may be lost: when a page was last used."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # no loop to be held up
            self._write(*self._snapshot())
            return
        writing = loop.run_in_executor(None, self._write, *self._snapshot())
        writing.add_done_callback(_log_refusal)

    def _snapshot(self) -> tuple[int, str]:
        entries = [
            {
                "hash": digest.hex(),
                **_shown_to_office(page),
                "lastUsed": page.last_used.isoformat(),
                "own": page.own,
            }
            for digest, page in self._pages.items()
        ]
        self._changes += 1
        document: dict[str, object] = {"version": self.VERSION, "pages": entries}
        if self._revoked:
            document["revoked"] = sorted(digest.hex() for digest in self._revoked)
        text = json.dumps(document, ensure_ascii=False, indent=1)
        return self._changes, text

    def _write(self, number: int, text: str) -> None:
        with self._writing:
            if number < self._written:
                return  # a newer one was faster
            replace_file(self._path, text)
            self._written = number


def _log_refusal(writing: asyncio.Future[None]) -> None:
    if not writing.cancelled() and (error := writing.exception()) is not None:
        log.warning("when a page was last used is not kept: %s", error)


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
        self._asks = 0
        self._own_asks: deque[float] = deque()
        """When our own form asked, in the last :data:`WINDOW` seconds."""
        self._asked: dict[str, _Asked] = {}
        """By secret pairing id."""
        self._codes: dict[bytes, tuple[float, AccountId | None]] = {}
        self._listeners: list[Callable[[], None]] = []

    # ---------------------------------------------------------------- for the panel

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Have ``listener`` called after each change of window, waiting pages or paired pages; returns the way out."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    def begin(self) -> float:
        """Open the window for :data:`WINDOW` seconds; returns these seconds."""
        self._open_until = self._clock.monotonic() + WINDOW
        self._tries = self._asks = 0
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
        """A code that our own order form exchanges for a token within :data:`CODE_LIFE` seconds, once."""
        now = self._clock.monotonic()
        self._codes = {c: entry for c, entry in self._codes.items() if entry[0] > now}
        code = _text(self._random(24))
        self._codes[_digest(code)] = (now + CODE_LIFE, account)
        return code

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
        self._count(own=own)
        # A page that was loaded again has left its first question; one that still comes back for it keeps it.
        left = self._clock.monotonic() - OWN_SILENCE
        if origin is not None:
            self._drop(lambda a: a.origin == origin and a.state == "waiting" and a.seen <= left)
        rivals = [asked for asked in self._asked.values() if asked.own == own and asked.state != "refused"]
        if len(rivals) >= MAX_PENDING:
            raise PairingError("pairing-full")
        seconds, now = WINDOW if own else self.seconds_left, self._clock.monotonic()
        asked = _Asked(
            id=_text(self._random(6)),
            secret=_text(self._random(24)),
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

    def _count(self, *, own: bool) -> None:
        """Raise ``pairing-full`` for more questions than people ask."""
        if not own:
            self._asks += 1
            if self._asks > MAX_ASKS:
                raise PairingError("pairing-full")
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
        """Our own order form exchanges its one-time code. ``pairing-code`` when it is used, too old or invented."""
        entry = self._codes.pop(_digest(code), None)
        if entry is None or entry[0] <= self._clock.monotonic():
            raise PairingError("pairing-code")
        return self.store.add(name, origin, (Access.SESSIONS,), entry[1], own=True)

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


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _text(random: bytes) -> str:
    return base64.urlsafe_b64encode(random).rstrip(b"=").decode("ascii")


def _page(entry: Mapping[str, object]) -> Page:
    scopes, created, used = entry["scopes"], entry["created"], entry["lastUsed"]
    origin, account = entry["origin"], entry["account"]
    if not isinstance(scopes, list) or not isinstance(created, str) or not isinstance(used, str):
        raise ValueError("page")
    # A value that is no text is not taken for none: that would be a token good for more than it was given for.
    if not isinstance(origin, str | None) or not isinstance(account, str | None):
        raise ValueError("page")
    return Page(
        id=str(entry["id"]),
        name=str(entry["name"]),
        origin=origin,
        scopes=frozenset(Access(scope) for scope in scopes),
        account=account,
        created=_moment(created),
        last_used=_moment(used),
        own=entry["own"] is True,
    )


def _shown_to_office(page: Page) -> dict[str, Json]:
    return {
        "id": page.id,
        "name": page.name,
        "origin": page.origin,
        "scopes": [str(scope) for scope in sorted(page.scopes)],
        "account": page.account,
        "created": page.created.isoformat(),
    }


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("without offset")
    return moment.astimezone(UTC)
