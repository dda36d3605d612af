"""Sessions, login tickets and the list pages that a session has loaded. No HTTP and no saved views here."""

from __future__ import annotations

import asyncio
import secrets
import string
from collections.abc import Callable
from dataclasses import dataclass, field

from archisync_gui.demo_erp.columns import ListView
from archisync_gui.demo_erp.saved_views import Preferences


@dataclass(slots=True)
class GridPage:
    """One loaded list page: its grid's ids and its own state, which only this page's callbacks move."""

    view: ListView
    counter: int
    number: int
    serial: int
    preferences: Preferences
    filled: bool
    """False while a list that loads empty still shows empty cells."""
    drawn_keys: tuple[str, ...] = ()
    """Row keys of the rows drawn before the present ones (what a stale answer is made of)."""

    @property
    def grid(self) -> str:
        """The grid's client id."""
        return f"Vertical_v{self.counter}_{self.number}_LE_v{self.counter}"

    @property
    def unique(self) -> str:
        """The grid's WebForms name."""
        return f"Vertical$v{self.counter}_{self.number}$LE_v{self.counter}"


PAGES_KEPT = 12
"""Pages that a session remembers; the one that was used longest ago is forgotten."""


@dataclass(slots=True)
class Session:
    """One browser's server session. Its requests are served one at a time, under ``lock``."""

    key: str
    seen: float
    locale: str = ""
    """The browser's own language as its callbacks tell it; empty before the first one."""
    user: str | None = None
    ticket: str = ""
    counter: int = 1
    serial: int = 0
    pages: dict[str, GridPage] = field(default_factory=dict)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def open_page(self, view: ListView, preferences: Preferences, filled: bool = True) -> GridPage:
        """A new page of that list, with ids never used before."""
        self.counter += 1 + secrets.randbelow(3)
        self.serial += 1
        number = 100_000_000 + secrets.randbelow(900_000_000)
        page = GridPage(view, self.counter, number, self.serial, preferences, filled)
        self.pages[page.unique] = page
        while len(self.pages) > PAGES_KEPT:
            del self.pages[next(iter(self.pages))]
        return page

    def used_page(self, name: str) -> GridPage | None:
        """The page of that WebForms name, if the session still has it; from now on the last to be forgotten."""
        page = self.pages.pop(name, None)
        if page is not None:
            self.pages[name] = page
        return page

    def renumber(self, page: GridPage) -> None:
        """Give a page's grid an id never used before."""
        self.pages.pop(page.unique, None)
        page.number = 100_000_000 + secrets.randbelow(900_000_000)
        self.pages[page.unique] = page


class SessionStore:
    """All sessions by their cookie, with idle expiry. Only ``expire`` may be called from another thread."""

    def __init__(self, idle_seconds: float, monotonic: Callable[[], float]) -> None:
        self.idle_seconds = idle_seconds
        self._monotonic = monotonic
        self._sessions: dict[str, Session] = {}

    def find(self, key: str | None, ticket: str | None) -> Session | None:
        """The session of that cookie; its user is None when the ticket is missing, wrong or expired."""
        session = self._sessions.get(key or "")
        if session is None:
            return None
        now = self._monotonic()
        if session.user is not None and (ticket != session.ticket or now - session.seen > self.idle_seconds):
            self.end(session)
        session.seen = now
        return session

    def create(self) -> Session:
        """A new session with an id that cannot be guessed."""
        alphabet = string.ascii_lowercase + string.digits[:6]
        key = "".join(secrets.choice(alphabet) for _ in range(24))
        now = self._monotonic()
        for old in [name for name, other in self._sessions.items() if now - other.seen > 2 * self.idle_seconds]:
            del self._sessions[old]
        session = Session(key, now)
        self._sessions[key] = session
        return session

    def login(self, session: Session, user: str) -> str:
        """Give the session a user and a fresh ticket of about 352 bytes."""
        session.user, session.ticket = user, secrets.token_hex(176).upper()
        return session.ticket

    def end(self, session: Session) -> None:
        """Expire one session: its cookies stay, its ticket is void."""
        session.user, session.ticket = None, ""
        session.pages.clear()

    def expire(self, user: str = "", but: Session | None = None) -> int:
        """End all sessions (of one user, but one) and return how many there were."""
        ended = [
            session
            for session in list(self._sessions.values())
            if session.user is not None and session is not but and (not user or session.user == user)
        ]
        for session in ended:
            self.end(session)
        return len(ended)
