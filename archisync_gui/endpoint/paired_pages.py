"""The paired pages and their tokens' digests, in a file of the profile. How a page gets paired is in ``pairing``."""

from __future__ import annotations

import asyncio
import base64
import errno
import hashlib
import hmac
import json
import logging
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from operator import itemgetter
from pathlib import Path
from threading import Lock

from archisync_gui.disk import keep_copy, read_json, replace_file
from archisync_gui.model import AccountId, Clock, Json

log = logging.getLogger(__name__)

FILE = "pages.json"
"""In the profile's folder."""

OWN_TOKEN_DAYS = 7
"""Days without use after which a token of our own order form (which belongs to one tab) is refused."""
MAX_OWN_TOKENS = 200

OWN_SILENCE = 15.0
"""Seconds after which a pairing request is dropped if its page does not ask for the result: the tab was closed."""
LAST_USE_STEP = 60.0
"""Least seconds between two writes of ``last_used`` of a page."""

Random = Callable[[int], bytes]


class Access(StrEnum):
    """What a token may do."""

    SESSIONS = "sessions"
    """The session calls; read customers, products, prices; read and write drafts."""
    WATCH = "watch"
    """Read status, history, tickets, explanations, events."""
    OPERATE = "operate"
    """Start and cancel reads, hold them, change the schedule."""


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
    """Public id, for logs and the panel."""
    name: str
    origin: str | None
    """The only origin from which its token is accepted; ``None``: a program, accepted only without ``Origin``
    header."""
    scopes: frozenset[Access]
    account: AccountId | None
    """The only ERP account that it may use; ``None``: any, by default the default account at the time of the call. A
    tab of our own order form keeps the account with which it began (:meth:`PairingStore.fix_account`)."""
    created: datetime
    last_used: datetime
    own: bool = False
    """A tab of our own order form."""


class PairingStore:
    """The paired pages, stored in a small file that only this user can read."""

    VERSION = 1

    def __init__(self, path: Path, *, clock: Clock, random: Random = secrets.token_bytes) -> None:
        """Read ``path``. Entries that cannot be read are skipped, and a copy of such a file is kept."""
        self._revoked: set[bytes] = set()
        """SHA-256 of tokens that were revoked here and that no office has stored as revoked yet (:meth:`told`). Also
        kept by a single computer, since an office that it joins (again) may still have them."""
        self._path = path
        self._clock = clock
        self._random = random
        self._known: dict[bytes, Page] = {}
        """The pages by SHA-256 of the token."""
        self._changes = self._written = 0
        """Number of the last snapshot made, and of the one in the file."""
        self._writing = Lock()
        self._unread = False
        """The file exists but could not be read yet (another program holds it): it may be in order, so it is not
        overwritten."""
        self._office_revoked: set[bytes] = set()
        """SHA-256 of tokens that the office has revoked while the file could not be read."""
        self._load()

    def pages(self) -> tuple[Page, ...]:
        """All paired pages and programs, oldest first; our own order form's tabs left out."""
        return tuple(p for p in self._pages.values() if not p.own)

    def ids(self) -> frozenset[str]:
        """The ids of all pages, programs and own tabs that were not revoked."""
        return frozenset(p.id for p in self._pages.values())

    def digests(self) -> tuple[bytes, ...]:
        """The SHA-256 of all tokens, also of those that :meth:`find` refuses since they are too old."""
        return tuple(self._pages)

    def origins(self) -> frozenset[str]:
        """The origins of paired pages, without our own."""
        return frozenset(p.origin for p in self._pages.values() if p.origin is not None and not p.own)

    def find(self, token: str) -> Page | None:
        """The page of this token, whatever origin presents it; updates ``last_used``.

        ``None`` for a token of our own order form that was not used for :data:`OWN_TOKEN_DAYS` days. It is not deleted,
        since the computer's clock may be wrong.
        """
        wanted = digest_of(token)
        for digest, page in self._pages.items():
            if hmac.compare_digest(digest, wanted):
                now = self._clock.now()
                unused = now - page.last_used
                if page.own and unused > timedelta(days=OWN_TOKEN_DAYS):
                    return None
                if unused.total_seconds() >= LAST_USE_STEP:  # not when the clock was set back: never an earlier time
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
        """Pair a page; returns it and its token, which is not stored. Raises :class:`PairingError`
        ``pairing-not-saved``; then the page is not paired."""
        token = as_text(self._random(32))
        now = self._clock.now()
        page = Page(as_text(self._random(6)), name, origin, frozenset(scopes), account, now, now, own)
        before = dict(self._pages)
        self._pages[digest_of(token)] = page
        if own:
            self._forget_own(MAX_OWN_TOKENS - 1, but=page)
        try:
            self._save()
        except PairingError:
            self._known = before
            raise
        return page, token

    def fix_account(self, page: Page, account: AccountId) -> Page:
        """Set the account of a tab of our own order form, so that it does not change with the default account."""
        fixed = replace(page, account=account)
        self._known = {digest: fixed if known.id == page.id else known for digest, known in self._pages.items()}
        self._save_later()
        return fixed

    def revoke(self, page_id: str) -> bool:
        """Delete a page; its token is refused from now on. False if there is none with that id. Raises
        :class:`PairingError` ``pairing-not-saved`` when it could not be deleted from the file."""
        kept = {digest: page for digest, page in self._pages.items() if page.id != page_id}
        if len(kept) == len(self._pages):
            return False
        self._revoked |= {digest for digest, page in self._pages.items() if digest not in kept and not page.own}
        self._known = kept  # also when writing fails: this process refuses the token at once
        self._save()
        return True

    # ---------------------------------------------------------------- for an office (``office.shared_rows.OwnRows``)

    def rows(self) -> tuple[Mapping[str, Json], frozenset[str]]:
        """The paired pages and programs by the SHA-256 of their tokens, and the digests of those revoked here that the
        office has not stored yet. Not shared: our own form's tabs, and when a page was last used."""
        pages = {digest.hex(): _shown_to_office(page) for digest, page in self._pages.items() if not page.own}
        return pages, frozenset(digest.hex() for digest in self._revoked)

    def take(self, rows: Mapping[str, Json]) -> bool:
        """Add the pages of the office's rows, and delete those that it has revoked (``None``). Rows that cannot be read
        are skipped. True when that changed something."""
        before = dict(self._pages)
        for key, row in rows.items():
            try:
                digest = bytes.fromhex(key)
                if row is None:
                    self._pages.pop(digest, None)
                    if self._unread:
                        self._office_revoked.add(digest)
                elif isinstance(row, dict) and len(digest) == hashlib.sha256().digest_size:
                    page = _page({**row, "lastUsed": row["created"], "own": False})
                    self._pages.setdefault(digest, page)
                else:
                    raise ValueError("page")
            except (ValueError, KeyError, TypeError, OverflowError):
                log.warning("paired pages: the office's page %.64s cannot be read and is not let in", key)
        changed = self._pages != before
        if changed:
            self._save_office_rows()
        return changed

    def told(self, keys: Iterable[str]) -> None:
        """The office has stored that these were revoked."""
        self._revoked -= {bytes.fromhex(key) for key in keys}
        self._save_office_rows()

    def _save_office_rows(self) -> None:
        """Write what the office has as well; a failure is logged only, since the next start gets it again."""
        try:
            self._save()
        except PairingError as error:
            log.warning("the office's pages are not kept on this computer: %s", error)

    def _forget_own(self, most: int, but: Page) -> None:
        """Delete own tabs' tokens, the least recently used first, until there are ``most`` beside ``but``. ``but`` is
        the new one, which would look old beside tokens that were used while the clock was ahead."""
        others = ((page.last_used, digest) for digest, page in self._pages.items() if page.own and page is not but)
        own = sorted(others, key=itemgetter(0))
        for _, digest in own[: max(0, len(own) - most)]:
            del self._pages[digest]

    @property
    def _pages(self) -> dict[bytes, Page]:
        """The pages by digest. If the file could not be read so far, it is tried again, and pages that were added
        meanwhile are kept."""
        if self._unread:
            added = dict(self._known)
            self._load()
            if not self._unread:
                self._known = {k: page for k, page in (self._known | added).items() if k not in self._office_revoked}
                self._office_revoked.clear()
        return self._known

    def _load(self) -> None:
        unread, self._unread = self._unread, False
        try:
            document = read_json(self._path)
            entries = document["pages"]
            if not isinstance(entries, list):
                raise TypeError("pages")
        except FileNotFoundError:
            return
        except OSError as error:
            self._unread = True
            if not unread:
                log.error("paired pages: %s cannot be read and stays as it is: %s", self._path, error)
            return
        except (ValueError, KeyError, TypeError) as error:
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
                self._known[bytes.fromhex(entry["hash"])] = _page(entry)
            except (ValueError, KeyError, TypeError, OverflowError):
                unreadable += 1
        if unreadable or document.get("version") != self.VERSION:
            kept = keep_copy(self._path)
            log.warning("paired pages: %d of %s are unreadable, the file is kept as %s", unreadable, self._path, kept)

    def _save(self) -> None:
        """Write the file, blocking. Raises :class:`PairingError` ``pairing-not-saved`` when that fails."""
        try:
            self._write(*self._snapshot())
        except OSError as error:
            raise PairingError("pairing-not-saved", reason=error.strerror or str(error)) from error

    def _save_later(self) -> None:
        """Write the file in a thread; for changes that may be lost: ``last_used`` and the account of a tab."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # there is no loop that would be blocked
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
            if self._unread:
                raise OSError(errno.EBUSY, "it could not be read yet", str(self._path))
            if number < self._written:
                return  # another thread has written a newer snapshot
            replace_file(self._path, text)
            self._written = number


def _log_refusal(writing: asyncio.Future[None]) -> None:
    if not writing.cancelled() and (error := writing.exception()) is not None:
        log.warning("when a page was last used is not kept: %s", error)


def digest_of(token: str) -> bytes:
    """The SHA-256 of a token, which is stored in its place."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def as_text(random: bytes) -> str:
    """Random bytes as base64url."""
    return base64.urlsafe_b64encode(random).rstrip(b"=").decode("ascii")


def _page(entry: Mapping[str, object]) -> Page:
    scopes, created, used = entry["scopes"], entry["created"], entry["lastUsed"]
    origin, account = entry["origin"], entry["account"]
    if not isinstance(scopes, list) or not isinstance(created, str) or not isinstance(used, str):
        raise ValueError("page")
    # A value of another type is an error: taken for ``None`` it would give the token more rights than it had.
    if not isinstance(origin, str | None) or not isinstance(account, str | None):
        raise ValueError("page")
    return Page(
        id=str(entry["id"]),
        name=str(entry["name"]),
        origin=origin,
        scopes=frozenset(Access(scope) for scope in scopes),
        account=account,
        created=_time(created),
        last_used=_time(used),
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


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError("without offset")
    return time.astimezone(UTC)
