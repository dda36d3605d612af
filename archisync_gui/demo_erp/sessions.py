"""Sessions, login tickets and what the ERP remembers of each user's list views; no HTTP lives here."""

from __future__ import annotations

import asyncio
import secrets
import string
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from archisync_gui.demo_erp.columns import LISTS, ListView

PAGE_SIZES = (10, 20, 50, 100, 200)
"""The page sizes the pager offers."""


@dataclass(frozen=True, slots=True)
class Preferences:
    """What the ERP remembers of one user's list view: shared by all sessions of that user, the human's own included."""

    preset: str = ""
    """The wanted word of the preset filter, e.g. ``ListViewPackingSlipsAll``; empty where a list has none."""
    filter_row: tuple[tuple[str, str], ...] = ()
    """Field and text of each filled editor of the filter row."""
    search: str = ""
    header_filters: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Field and chosen cell texts of each filtered header."""
    group_by: tuple[str, ...] = ()
    sort: tuple[tuple[str, str], ...] = ()
    """Field and ``ASC`` or ``DSC``, most significant first."""
    page_index: int = 0
    page_size: int = 20

    @classmethod
    def of(cls, view: ListView) -> Preferences:
        """A fresh profile's."""
        return cls(preset=view.default_option, sort=view.sort)


class PreferenceStore:
    """The preferences of all users. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stored: dict[tuple[str, str], Preferences] = {}

    def get(self, user: str, list_name: str) -> Preferences:
        with self._lock:
            return self._stored.get((user, list_name)) or Preferences.of(LISTS[list_name])

    def put(self, user: str, list_name: str, preferences: Preferences) -> None:
        with self._lock:
            self._stored[user, list_name] = preferences

    def update(self, user: str, list_name: str, **changes: Any) -> Preferences:
        """Set some of them, as the human would in another browser, and return all."""
        new = replace(self.get(user, list_name), **{key: _frozen(value) for key, value in changes.items()})
        self.put(user, list_name, new)
        return new


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return tuple((key, _frozen(item)) for key, item in value.items())
    if isinstance(value, list | tuple):
        return tuple(_frozen(item) for item in value)
    return value


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
    tracker: str
    seen: float
    user: str | None = None
    ticket: str = ""
    counter: int = 1
    serial: int = 0
    pages: dict[str, GridPage] = field(default_factory=dict)
    shown: dict[str, dict[str, bool]] = field(default_factory=dict)
    """Columns switched on or off in the column chooser, per list, in the order of switching."""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def open_page(self, view: ListView, preferences: Preferences) -> GridPage:
        """A new page of that list, with ids never used before."""
        self.counter += 1 + secrets.randbelow(3)
        self.serial += 1
        number = 100_000_000 + secrets.randbelow(900_000_000)
        page = GridPage(view, self.counter, number, self.serial, preferences, not view.empty_first)
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
        alphabet = string.ascii_lowercase + string.digits[:6]
        key = "".join(secrets.choice(alphabet) for _ in range(24))
        now = self._monotonic()
        for old in [name for name, other in self._sessions.items() if now - other.seen > 2 * self.idle_seconds]:
            del self._sessions[old]
        session = Session(key, str(uuid.uuid4()), now)
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
        session.shown.clear()

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
