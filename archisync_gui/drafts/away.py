"""The drafts of an office for one of its computers: on the server, and in this computer's file while the server cannot
be reached. Drafts saved here meanwhile are copied to the server afterwards (*handed in*)."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from archisync_gui.disk import read_json, replace_file
from archisync_gui.drafts.drafts import MOST_DRAFTS, Drafts, T
from archisync_gui.drafts.past import Past, PastOrder
from archisync_gui.drafts.schema import prepare_on_server, version_on_server
from archisync_gui.drafts.values import Draft, DraftConflict, DraftsFull, digest
from archisync_gui.model import AccountId, Clock, Json
from archisync_gui.store.connections import Connections
from archisync_gui.store.errors import AGAIN, RECOVERABLE, StoreError, translated

log = logging.getLogger(__name__)

FILE = "drafts-away.json"
"""File beside this computer's drafts: on which versions of the office's drafts they are based."""
TEMPORARY = RECOVERABLE | {"office-login", "office-tls", "newer-schema"}
"""Codes of errors during which drafts are saved here: they pass by themselves, or are repaired on the server or by an
update here. ``locked``: another computer migrates the office's tables, which takes long."""

Key = tuple[AccountId, str]


@dataclass(frozen=True, slots=True)
class _Base:
    """The office's draft on which a draft in this computer's file is based."""

    version: int
    """0: there was none; -1: not known."""
    texts: tuple[str, ...] = ()
    """Hashes (``digest``) that the office's draft may have unless another computer has changed it: of that version's
    text, and of a save whose answer was lost."""


NO_BASE = _Base(0)
"""For a draft that the office cannot have."""

UNKNOWN_BASE = _Base(-1)
"""For a draft whose base cannot be read any more: unless the office has the same text, both are kept."""


class OfficeDrafts(Drafts):
    """The office's drafts. While the server cannot be reached: those that were last seen, and those saved here.

    To be used after :meth:`begin`, which makes the first connection. ``own``: the drafts in this computer's file.
    """

    def __init__(self, database: Connections, clock: Clock) -> None:
        super().__init__(database, clock)
        self._own: Drafts | None = None
        self._file = Path()
        self._bases: dict[Key, _Base] = {}
        """The bases of the drafts in this computer's file."""
        self._seen: dict[Key, Draft] = {}
        """The office's drafts as they were seen last."""
        self._heads: dict[AccountId, str] = {}
        """The letterheads as they were seen last."""
        self._here: dict[Key, Draft] = {}
        """The drafts in this computer's file."""
        self._prepared = False
        """The server's tables were created or checked since the start."""
        self._away: asyncio.Task[None] | None = None
        """While the server cannot be reached: the task that tries again."""
        self._error: StoreError | None = None
        """The last error of :data:`TEMPORARY`."""
        self._saving = asyncio.Lock()
        self.handed_in: Callable[[int, int], object] = lambda count, copies: None
        """Called with the number of drafts that were handed in, and how many of them became copies."""

    async def begin(self, own: Drafts, folder: Path) -> None:
        """Hand in this computer's drafts. ``own`` is used while the server cannot be reached, also if that is so now;
        :meth:`close` closes it. Raises :class:`StoreError` for other errors than :data:`TEMPORARY`."""
        self._own, self._file = own, folder / FILE
        bases = await asyncio.to_thread(_read_bases, self._file)
        drafts, heads = await own.everything()
        self._here = {(draft.account, draft.id): draft for draft in drafts}
        known = dict.fromkeys(self._here, UNKNOWN_BASE) if bases is None else bases
        # A base without its draft (the program ended between the two, or it was deleted) is not that of a later one.
        self._bases = {key: base for key, base in known.items() if key in self._here}
        self._heads = dict(heads)
        try:
            await self._synchronize()
        except StoreError as error:
            self._lost(error)

    async def _synchronize(self) -> None:
        """Prepare the server's tables the first time, hand in the drafts of this computer, and load the office's."""
        if not self._prepared:
            await self._prepare(prepare_on_server)
            await self.take((), self._heads)
            self._prepared = True
        await self._hand_in()
        await self._move_past()
        await self._refresh()

    async def _move_past(self) -> None:
        """Move this computer's past orders to the office. They are removed here, so that a customer who is erased in
        the office does not come back from this computer."""
        assert self._own is not None
        orders = await self._own.past_orders()
        if orders:
            await self.take_past(orders)
            await self._own.forget_past(orders)

    async def _write(self, job: Callable[[sa.Connection], T]) -> T:
        """As :meth:`Drafts._write`; raises ``newer-schema`` if a later version has migrated the tables meanwhile."""

        def checked(connection: sa.Connection) -> T:
            version_on_server(connection, self._database.place)
            return job(connection)

        return await super()._write(checked)

    async def take_home(self) -> None:
        """Copy all drafts, letterheads and past orders of the office into this computer's file, when it leaves the
        office; :meth:`begin` has handed in what was saved here while the server could not be reached. The versions are
        saved as bases, in case the computer joins again. Raises :class:`StoreError`."""
        assert self._own is not None
        if self.away and self._error is not None:
            raise self._error
        drafts, letterheads = await self.everything()
        past = await self.past_orders()
        for draft in drafts:
            self._bases[draft.account, draft.id] = _Base(draft.version, (digest(draft.document),))
        await self._keep_bases()  # before the drafts
        await self._own.take(drafts, letterheads, newer_heads=True, revive=True)
        await self._own.take_past(past)

    @property
    def away(self) -> bool:
        """The server cannot be reached: drafts are saved on this computer."""
        return self._away is not None

    async def close(self) -> None:
        """Close both databases. Drafts in this computer's file are handed in at the next start."""
        if self._away is not None:
            self._away.cancel()
            await asyncio.gather(self._away, return_exceptions=True)
        try:
            if self._own is not None:
                await self._own.close()
        finally:
            await super().close()

    # ------------------------------------------------------------------------------------------------ loss of the
    # server

    def _lost(self, error: StoreError) -> None:
        """Begin to try again, if the server cannot be reached; raises other errors."""
        if error.code not in TEMPORARY:
            raise error
        self._error = error
        if self._away is None:
            log.warning("drafts are kept on this computer until the office can be reached: %s", error)
            self._away = asyncio.get_running_loop().create_task(self._retry())

    async def _retry(self) -> None:
        while True:
            await asyncio.sleep(AGAIN)
            try:
                async with self._saving:  # no draft may be saved here while they are handed in
                    await self._synchronize()
                    self._away = None
                return
            except StoreError as error:
                if error.code not in TEMPORARY:
                    log.error("drafts cannot be handed in to the office: %s", error)
            except Exception:
                log.exception("drafts cannot be handed in to the office")

    async def _hand_in(self) -> None:
        """Copy this computer's drafts to the office; each is removed here when the office has it."""
        count = copies = 0
        for key, draft in [*self._here.items()]:
            base = self._bases.get(key)
            kept = await super().hand_in(draft, base.version if base else None, base.texts if base else ())
            if kept is not None:
                self._note_seen(kept)
            count, copies = count + 1, copies + (kept is not None and kept.id != draft.id)
            assert self._own is not None
            await self._own.forget([draft])
            await self._own.forget_past([PastOrder(draft.account, draft.id, draft.updated_at, ())])
            del self._here[key]
            await self._remember(key, None)
        if count:
            log.info("%s drafts of this computer were handed in to the office, %s of them as copies", count, copies)
            self.handed_in(count, copies)

    async def _refresh(self) -> None:
        """Load all drafts and letterheads of the office."""
        drafts, heads = await self.everything()
        self._seen = {(draft.account, draft.id): draft for draft in drafts}
        self._heads = dict(heads)

    async def _remember(self, key: Key, base: _Base | None) -> None:
        """Store the base of a draft, unless it has one; ``None`` removes it."""
        if base is None:
            self._bases.pop(key, None)
        else:
            self._bases.setdefault(key, base)
        await self._keep_bases()

    async def _keep_bases(self) -> None:
        kept = [[account, draft, base.version, *base.texts] for (account, draft), base in self._bases.items()]
        with translated(self._file):
            await asyncio.to_thread(replace_file, self._file, json.dumps(kept))

    def _known(self, account: AccountId) -> dict[Key, Draft]:
        """An account's drafts as far as this computer knows them."""
        found = {key: draft for key, draft in self._seen.items() if key[0] == account}
        return found | {key: draft for key, draft in self._here.items() if key[0] == account}

    def _note_seen(self, *drafts: Draft) -> None:
        for draft in drafts:
            self._seen[draft.account, draft.id] = draft

    # ------------------------------------------------------------------------------------------------ the calls

    async def page(
        self, account: AccountId, limit: int, after: tuple[datetime, str] | None = None
    ) -> tuple[tuple[Draft, ...], int]:
        """As :meth:`Drafts.page`."""
        if not self.away:
            before = {key for key in self._seen if key[0] == account}
            try:
                found, total = await super().page(account, limit, after)
            except StoreError as error:
                self._lost(error)
            else:
                if after is None and len(found) == total:  # all: other computers have deleted or erased the rest
                    for key in before - {(draft.account, draft.id) for draft in found}:
                        self._seen.pop(key, None)
                self._note_seen(*found)
                return found, total
        known = self._known(account)
        rows = sorted(known.values(), key=lambda draft: (-draft.updated_at.timestamp(), draft.id))
        if after is not None:
            at, last = after
            rows = [row for row in rows if (-row.updated_at.timestamp(), row.id) > (-at.timestamp(), last)]
        return tuple(rows[:limit]), len(known)

    async def count(self, account: AccountId) -> int:
        """As :meth:`Drafts.count`."""
        if not self.away:
            try:
                return await super().count(account)
            except StoreError as error:
                self._lost(error)
        return len(self._known(account))

    async def get(self, account: AccountId, draft_id: str) -> Draft | None:
        """As :meth:`Drafts.get`."""
        if not self.away:
            try:
                found = await super().get(account, draft_id)
            except StoreError as error:
                self._lost(error)
            else:
                if found is not None:
                    self._note_seen(found)
                else:
                    self._seen.pop((account, draft_id), None)
                return found
        return self._known(account).get((account, draft_id))

    async def put(
        self, account: AccountId, draft_id: str, document: Mapping[str, Json], *, if_match: int | None = None
    ) -> Draft:
        """As :meth:`Drafts.put`; while the server cannot be reached, the draft is saved on this computer."""
        async with self._saving:
            unanswered = not self.away
            if not self.away:
                try:
                    saved = await super().put(account, draft_id, document, if_match=if_match)
                except StoreError as error:
                    self._lost(error)
                else:
                    self._note_seen(saved)
                    return saved
            return await self._put_here(account, draft_id, document, if_match, unanswered)

    async def _put_here(
        self, account: AccountId, draft_id: str, document: Mapping[str, Json], if_match: int | None, unanswered: bool
    ) -> Draft:
        """Save a draft in this computer's file. ``unanswered``: it was sent to the server, which may have saved it."""
        assert self._own is not None
        key = account, draft_id
        known = self._known(account).get(key)
        base = if_match or 0
        if known is not None and known.version != base:
            if known.version == base + 1 and known.document == document:
                return known
            raise DraftConflict(draft_id, known)
        now = self._clock.now()
        made = Draft(draft_id, account, base + 1, known.created_at if known else now, now, dict(document))
        if known is None and len(self._known(account)) >= MOST_DRAFTS:
            raise DraftsFull
        if key not in self._here:
            texts = [digest(known.document)] if known is not None else []
            texts += [digest(document)] if unanswered else []
            # Before the draft is saved: without its base it could overwrite another computer's change.
            await self._remember(key, _Base(base, tuple(texts)))
        await self._own.take([made], {}, revive=True)  # it may have been deleted here before joining
        self._here[key] = made
        return made

    async def delete(self, account: AccountId, draft_id: str, *, if_match: int | None = None) -> bool:
        """As :meth:`Drafts.delete`. While the server cannot be reached, only drafts that the office cannot have are
        deleted; for others it raises :class:`StoreError` ``office-unreachable``."""
        key = account, draft_id
        async with self._saving:
            if not self.away:
                try:
                    done = await super().delete(account, draft_id, if_match=if_match)
                except StoreError as error:
                    self._lost(error)
                    raise
                self._seen.pop(key, None)
                return done
            if key not in self._here or self._bases.get(key, NO_BASE) != NO_BASE:
                raise StoreError("office-unreachable", path=self._database.place, detail="drafts")
            here = self._here[key]
            if if_match is not None and here.version != if_match:
                raise DraftConflict(draft_id, here)
            assert self._own is not None
            await self._own.forget([here])
            del self._here[key]
            await self._remember(key, None)
            return True

    async def past(self, account: AccountId, customer: str) -> Past:
        """As :meth:`Drafts.past`; empty while the server cannot be reached."""
        if not self.away:
            try:
                return await super().past(account, customer)
            except StoreError as error:
                self._lost(error)
        return Past((), None, ())

    async def letterhead(self, account: AccountId) -> str:
        """As :meth:`Drafts.letterhead`; the one last seen while the server cannot be reached."""
        if not self.away:
            try:
                found = await super().letterhead(account)
            except StoreError as error:
                self._lost(error)
            else:
                self._heads[account] = found
                return found
        return self._heads.get(account, "")


def _read_bases(file: Path) -> dict[Key, _Base] | None:
    """The stored bases; ``None`` if the file exists and cannot be read."""
    try:
        return {
            (str(account), str(draft)): _Base(int(base), tuple(map(str, texts)))
            for account, draft, base, *texts in read_json(file)
        }
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError) as error:
        log.warning("%s cannot be read: a draft that differs from the office's becomes a copy: %s", file.name, error)
        return None
