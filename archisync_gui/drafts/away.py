"""The drafts of an office as one of its computers has them: on the server, and in this computer's file while the server
cannot be reached. What was saved here meanwhile is handed in afterwards."""

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
from archisync_gui.drafts.drafts import MOST_DRAFTS, Draft, DraftConflict, Drafts, DraftsFull, T, digest
from archisync_gui.drafts.past import Past, PastOrder
from archisync_gui.drafts.schema import prepare_on_server, version_on_server
from archisync_gui.model import AccountId, Clock, Json
from archisync_gui.store.connections import Connections
from archisync_gui.store.errors import AGAIN, RECOVERABLE, StoreError

log = logging.getLogger(__name__)

FILE = "drafts-away.json"
"""Beside this computer's drafts: upon which version of the office's drafts they were written."""
PASSING = RECOVERABLE | {"office-login", "office-tls", "newer-schema"}
"""Codes during which drafts are kept here: they pass by themselves, or are mended on the server or by an update here.
``locked``: another computer changes the office's tables for long."""

Key = tuple[AccountId, str]


@dataclass(frozen=True, slots=True)
class _Base:
    """Upon what of the office a draft in this computer's file was written."""

    version: int
    """0: nothing; -1: not known."""
    texts: tuple[str, ...] = ()
    """What the office's draft may be (``digest``) while no other computer has changed it: that version's text, and that
    of a save whose answer was lost."""


ALONE = _Base(0)
"""Of a draft that the office cannot have."""

NOT_KNOWN = _Base(-1)
"""Of a draft whose base cannot be read any more: unless the office has the same, both stay."""


class OfficeDrafts(Drafts):
    """The office's drafts. While the server is away: those that were last seen, and what is saved here.

    Usable after :meth:`begin`; no server is asked before. ``own`` are the drafts in this computer's file.
    """

    def __init__(self, database: Connections, clock: Clock) -> None:
        super().__init__(database, clock)
        self._own: Drafts | None = None
        self._file = Path()
        self._bases: dict[Key, _Base] = {}
        """By draft in this computer's file."""
        self._seen: dict[Key, Draft] = {}
        """The office's drafts as they were seen last."""
        self._heads: dict[AccountId, str] = {}
        self._here: dict[Key, Draft] = {}
        """What is in this computer's file."""
        self._met = False
        """The server's tables were prepared by this program."""
        self._away: asyncio.Task[None] | None = None
        self._saving = asyncio.Lock()
        self.handed_in: Callable[[int, int], object] = lambda count, copies: None
        """Is told how many drafts were handed in, and how many of them became copies."""

    async def begin(self, own: Drafts, folder: Path) -> None:
        """Hand in what this computer has, and use ``own`` while the server is away, also if it is so now; it is closed
        with this one. Raises :class:`StoreError` for any other trouble."""
        self._own, self._file = own, folder / FILE
        bases = await asyncio.to_thread(_read_bases, self._file)
        drafts, heads = await own.everything()
        self._here = {(draft.account, draft.id): draft for draft in drafts}
        self._bases = dict.fromkeys(self._here, NOT_KNOWN) if bases is None else bases
        self._heads = dict(heads)
        try:
            await self._meet()
        except StoreError as error:
            self._lost(error)

    async def _meet(self) -> None:
        """The server answers: prepare its tables the first time, hand in what lies here, and see what it has."""
        if not self._met:
            await self._prepare(prepare_on_server)
            await self.take((), self._heads)
            self._met = True
        await self._hand_in()
        await self._bring_past()
        await self._look()

    async def _bring_past(self) -> None:
        """Give the office what was ordered here before. It goes from this computer then: a customer who is erased in
        the office must not come back from here."""
        assert self._own is not None
        orders = await self._own.past_orders()
        if orders:
            await self.take_past(orders)
            await self._own.forget_past(orders)

    async def _write(self, job: Callable[[sa.Connection], T]) -> T:
        """As :meth:`Drafts._write`, unless a later program has changed the tables since: raises ``newer-schema``."""

        def checked(connection: sa.Connection) -> T:
            version_on_server(connection, self._database.place)
            return job(connection)

        return await super()._write(checked)

    @property
    def away(self) -> bool:
        """The server cannot be reached: what is saved stays on this computer until it can."""
        return self._away is not None

    async def close(self) -> None:
        """Close both. What is still here is handed in at the next start."""
        if self._away is not None:
            self._away.cancel()
            await asyncio.gather(self._away, return_exceptions=True)
        try:
            if self._own is not None:
                await self._own.close()
        finally:
            await super().close()

    # ------------------------------------------------------------------------------------------------ away and back

    def _lost(self, error: StoreError) -> None:
        """The server cannot be reached. Raises any other trouble."""
        if error.code not in PASSING:
            raise error
        if self._away is None:
            log.warning("drafts are kept on this computer until the office can be reached: %s", error)
            self._away = asyncio.get_running_loop().create_task(self._come_back())

    async def _come_back(self) -> None:
        while True:
            await asyncio.sleep(AGAIN)
            try:
                async with self._saving:  # nothing is saved here while the last of it is handed in
                    await self._meet()
                    self._away = None
                return
            except StoreError as error:
                if error.code not in PASSING:
                    log.error("drafts cannot be handed in to the office: %s", error)
            except Exception:
                log.exception("drafts cannot be handed in to the office")

    async def _hand_in(self) -> None:
        """Give the office what lies here. A draft is forgotten here once the office has it."""
        count = copies = 0
        for key, draft in [*self._here.items()]:
            base = self._bases.get(key)
            kept = await super().hand_in(draft, base.version if base else None, base.texts if base else ())
            if kept is not None:
                self._saw(kept)
            count, copies = count + 1, copies + (kept is not None and kept.id != draft.id)
            assert self._own is not None
            await self._own.forget([draft])
            await self._own.forget_past([PastOrder(draft.account, draft.id, draft.updated_at, ())])
            del self._here[key]
            await self._remember(key, None)
        if count:
            log.info("%s drafts of this computer were handed in to the office, %s of them as copies", count, copies)
            self.handed_in(count, copies)

    async def _look(self) -> None:
        """See all drafts of the office."""
        drafts, heads = await self.everything()
        self._seen = {(draft.account, draft.id): draft for draft in drafts}
        self._heads = dict(heads)

    async def _remember(self, key: Key, base: _Base | None) -> None:
        if base is None:
            self._bases.pop(key, None)
        else:
            self._bases.setdefault(key, base)
        kept = [[account, draft, base.version, *base.texts] for (account, draft), base in self._bases.items()]
        await asyncio.to_thread(replace_file, self._file, json.dumps(kept))

    def _known(self, account: AccountId) -> dict[Key, Draft]:
        """The drafts of an account as far as this computer knows them."""
        found = {key: draft for key, draft in self._seen.items() if key[0] == account}
        return found | {key: draft for key, draft in self._here.items() if key[0] == account}

    def _saw(self, *drafts: Draft) -> None:
        for draft in drafts:
            self._seen[draft.account, draft.id] = draft

    # ------------------------------------------------------------------------------------------------ the calls

    async def page(
        self, account: AccountId, limit: int, after: tuple[datetime, str] | None = None
    ) -> tuple[tuple[Draft, ...], int]:
        """As :meth:`Drafts.page`."""
        if not self.away:
            try:
                found, total = await super().page(account, limit, after)
            except StoreError as error:
                self._lost(error)
            else:
                self._saw(*found)
                return found, total
        known = self._known(account)
        rows = sorted(known.values(), key=lambda draft: (-draft.updated_at.timestamp(), draft.id))
        if after is not None:
            at, last = after
            rows = [one for one in rows if (-one.updated_at.timestamp(), one.id) > (-at.timestamp(), last)]
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
                    self._saw(found)
                else:
                    self._seen.pop((account, draft_id), None)
                return found
        return self._known(account).get((account, draft_id))

    async def put(
        self, account: AccountId, draft_id: str, document: Mapping[str, Json], *, if_match: int | None = None
    ) -> Draft:
        """As :meth:`Drafts.put`. While the server is away, the draft is on this computer's disk when this returns."""
        async with self._saving:
            unanswered = not self.away
            if not self.away:
                try:
                    saved = await super().put(account, draft_id, document, if_match=if_match)
                except StoreError as error:
                    self._lost(error)
                else:
                    self._saw(saved)
                    return saved
            return await self._put_here(account, draft_id, document, if_match, unanswered)

    async def _put_here(
        self, account: AccountId, draft_id: str, document: Mapping[str, Json], if_match: int | None, unanswered: bool
    ) -> Draft:
        """``unanswered``: the office was asked to save it, and may have done so."""
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
            # Before the draft: one without its base could take another one's place.
            await self._remember(key, _Base(base, tuple(texts)))
        await self._own.take([made], {})
        self._here[key] = made
        return made

    async def delete(self, account: AccountId, draft_id: str, *, if_match: int | None = None) -> bool:
        """As :meth:`Drafts.delete`. While the server is away only what is known to this computer alone is deleted; for
        the others :class:`StoreError` ``office-unreachable``."""
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
            if key not in self._here or self._bases.get(key, ALONE) != ALONE:
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
        """As :meth:`Drafts.past`; nothing is known of earlier orders while the server is away."""
        if not self.away:
            try:
                return await super().past(account, customer)
            except StoreError as error:
                self._lost(error)
        return Past((), None, ())

    async def letterhead(self, account: AccountId) -> str:
        """As :meth:`Drafts.letterhead`; the one last seen while the server is away."""
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
    """What was noted; ``None`` where the file is there and cannot be read."""
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
