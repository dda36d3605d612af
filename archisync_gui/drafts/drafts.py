"""Storage of drafts: list, read, save with a version, delete; past orders; the text printed above drafts.

They have their own file, so that clearing, restoring or re-keying the copy of the ERP's data never changes a draft.
With ``synchronous=FULL`` a saved draft survives a power failure. In an office of several computers the drafts are on
its server, where every member reads and writes them.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeVar

import sqlalchemy as sa

from archisync_gui.drafts.copies import check_and_copy
from archisync_gui.drafts.past import Past, PastOrder, forget_past, past_of, past_orders, take_past
from archisync_gui.drafts.schema import (
    DRAFTS,
    LETTERHEADS,
    forget_oldest,
    is_draft,
    prepare,
    prepare_on_server,
    read_document,
    remember_lines,
)
from archisync_gui.drafts.values import Draft, DraftConflict, DraftsFull, digest, text_of
from archisync_gui.model import AccountId, Clock, Json
from archisync_gui.store.connections import Connections
from archisync_gui.store.database import Database

FILE = "drafts.db"
TOMBSTONES_KEPT = 10_000
"""How many ids of deleted drafts are kept for an account."""
PAST_KEPT = 5_000
"""How many past orders are kept for an account. A number, not an age, so that a clock that is wrong for a day does not
delete them."""
MOST_DRAFTS = 1000
MOST_BYTES = 32 * 1024 * 1024
"""The most drafts of an account, and bytes of their documents: only a faulty program makes more."""
T = TypeVar("T")
HANDED_IN = uuid.UUID("5f0b5c1e-6f0a-4b6e-9a53-0c7f3a0e9d11")
"""Namespace for the ids of copies of drafts that were changed in two places."""


class Drafts:
    """The drafts of one data folder or one office. Every method may raise ``StoreError``."""

    def __init__(self, database: Connections, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    @classmethod
    async def open(cls, folder: Path, *, clock: Clock) -> Self:
        """Open the drafts in ``folder``: create the file, or migrate it after a copy, if necessary. Raises
        ``newer-schema`` for a file of a later version, ``damaged`` for a damaged one."""
        path = folder / FILE
        database, now = Database(path, synchronous="FULL"), clock.now()
        check = partial(check_and_copy, path=path, now=now)
        return await cls._opened(database, clock, prepare, check)

    @classmethod
    async def join(cls, database: Connections, *, clock: Clock) -> Self:
        """Open the drafts of an office (``store.postgres.Postgres`` without a fence, since every member writes them),
        creating the tables if necessary. When this raises, the database was closed. Raises ``newer-schema`` for tables
        of a later version."""
        return await cls._opened(database, clock, prepare_on_server)

    @classmethod
    async def _opened(
        cls,
        database: Connections,
        clock: Clock,
        prepared: Callable[[sa.Connection, str], None],
        check: Callable[[sa.Connection], object] | None = None,
    ) -> Self:
        found = cls(database, clock)
        try:
            await found._prepare(prepared, check)
        except BaseException:
            await database.close()
            raise
        return found

    async def _prepare(
        self,
        prepared: Callable[[sa.Connection, str], None],
        check: Callable[[sa.Connection], object] | None = None,
    ) -> None:
        """Create or migrate the tables (``check`` is called before, outside a transaction), and remove what is too
        old."""

        def ready(connection: sa.Connection) -> None:
            prepared(connection, self._database.place)
            forget_oldest(connection, tombstones=TOMBSTONES_KEPT, past=PAST_KEPT)

        await self._database.create()
        if check is not None:
            await self._database.exclusive(check)
        await self._database.change_schema(ready)

    async def _write(self, job: Callable[[sa.Connection], T]) -> T:
        """Run ``job`` in one write transaction."""
        return await self._database.write(job)

    async def everything(self) -> tuple[tuple[Draft, ...], Mapping[AccountId, str]]:
        """The drafts and the letterheads of all accounts, to be copied elsewhere (:meth:`take`)."""

        def job(connection: sa.Connection) -> tuple[tuple[Draft, ...], Mapping[AccountId, str]]:
            rows = connection.execute(sa.select(DRAFTS).where(DRAFTS.c.deleted_at.is_(None))).all()
            heads = {row.account: row.text for row in connection.execute(sa.select(LETTERHEADS)).all()}
            return tuple(_draft(row) for row in rows), heads

        return await self._database.read(job)

    async def take(
        self,
        drafts: Iterable[Draft],
        letterheads: Mapping[AccountId, str],
        *,
        newer_heads: bool = False,
        revive: bool = False,
    ) -> tuple[Draft, ...]:
        """Copy drafts and letterheads from elsewhere: drafts that are not here or have a lower version here, and
        letterheads of accounts that have none here; with ``newer_heads`` all letterheads. Drafts that were deleted here
        are not copied, except with ``revive``. Returns the drafts that were copied."""
        incoming = tuple(drafts)

        def job(connection: sa.Connection) -> tuple[Draft, ...]:
            taken = tuple(draft for draft in incoming if _take(connection, draft, revive=revive))
            known = set() if newer_heads else set(connection.scalars(sa.select(LETTERHEADS.c.account)))
            for account in letterheads.keys() - known:
                connection.execute(LETTERHEADS.delete().where(LETTERHEADS.c.account == account))
                connection.execute(LETTERHEADS.insert().values(account=account, text=letterheads[account]))
            return taken

        return await self._write(job)

    async def past_orders(self) -> tuple[PastOrder, ...]:
        """The past orders of all accounts, to be copied elsewhere (:meth:`take_past`)."""
        return await self._database.read(past_orders)

    async def take_past(self, orders: Iterable[PastOrder]) -> None:
        """Copy past orders from elsewhere: those that are not here, or are older here."""
        incoming = tuple(orders)

        def job(connection: sa.Connection) -> None:
            take_past(connection, incoming)
            forget_oldest(connection, tombstones=TOMBSTONES_KEPT, past=PAST_KEPT)

        await self._write(job)

    async def forget_past(self, orders: Iterable[PastOrder]) -> None:
        """Remove past orders that were copied elsewhere, unless they have changed since."""
        incoming = tuple(orders)
        await self._write(lambda connection: forget_past(connection, incoming))

    async def hand_in(self, draft: Draft, base: int | None, texts: Collection[str] = ()) -> Draft | None:
        """Save a draft that was written elsewhere, based on version ``base`` of the one here (``None``: not known), or
        on a text with one of these hashes (:func:`digest`).

        If the draft here was changed or deleted meanwhile, both are kept: the incoming one becomes a copy with an id
        that is derived from its content, so that a repeated call changes nothing. The version of the draft here is then
        raised above the incoming one, so that no form that knows the latter overwrites it without a conflict. If the
        incoming draft has the version ``base``, it was not changed and is ignored. If ``base`` is not known and the
        draft was deleted here, it stays deleted. Returns the draft here; ``None`` if it stays deleted.
        """
        text = text_of(draft.document)

        def job(connection: sa.Connection) -> Draft | None:
            row = _find(connection, draft.account, draft.id, to_change=True)
            known = draft
            if row is not None:
                if row.document == text:
                    return _draft(row)
                deleted = row.deleted_at is not None
                if base == draft.version or (deleted and base is None):
                    return None if deleted else _draft(row)
                if not deleted and (row.version == base or digest(row.document) in texts):
                    known = replace(draft, version=max(draft.version, row.version + 1))
                else:
                    copy = uuid.uuid5(HANDED_IN, f"{draft.account}/{draft.id}/{text}")
                    known = replace(draft, id=copy.hex, version=1)
                    _raise_version(connection, draft, row.version)
            _take(connection, known)
            return _draft(_find(connection, known.account, known.id))

        return await self._write(job)

    async def forget(self, drafts: Iterable[Draft]) -> None:
        """Remove drafts that were copied elsewhere, without keeping their ids, so that they can be saved here again."""
        incoming = tuple(drafts)

        def job(connection: sa.Connection) -> None:
            for draft in incoming:
                same = is_draft(draft.account, draft.id), DRAFTS.c.version == draft.version
                connection.execute(DRAFTS.delete().where(*same))

        await self._write(job)

    async def close(self) -> None:
        """Finish the jobs in the queue and close the database."""
        await self._database.close()

    async def list(self, account: AccountId) -> tuple[Draft, ...]:
        """All drafts of an account, last saved first."""
        return (await self.page(account, MOST_DRAFTS + 1))[0]

    async def page(
        self, account: AccountId, limit: int, after: tuple[datetime, str] | None = None
    ) -> tuple[tuple[Draft, ...], int]:
        """A page of an account's drafts, last saved first, and the number of all of them.

        ``after``: time of saving and id of the last draft of the previous page.
        """

        def job(connection: sa.Connection) -> tuple[tuple[Draft, ...], int]:
            c = DRAFTS.c
            statement = sa.select(DRAFTS).where(c.account == account, c.deleted_at.is_(None))
            if after is not None:
                at, id_ = after
                statement = statement.where(sa.or_(c.updated_at < at, sa.and_(c.updated_at == at, c.id > id_)))
            rows = connection.execute(statement.order_by(c.updated_at.desc(), c.id).limit(limit))
            return tuple(_draft(row) for row in rows), _used(connection, account)[0]

        return await self._database.read(job)

    async def count(self, account: AccountId) -> int:
        """The number of an account's drafts."""
        return await self._database.read(lambda connection: _used(connection, account)[0])

    async def get(self, account: AccountId, draft_id: str) -> Draft | None:
        """A draft; ``None``: there is none with that id."""

        def job(connection: sa.Connection) -> Draft | None:
            row = _find(connection, account, draft_id)
            return None if row is None or row.deleted_at is not None else _draft(row)

        return await self._database.read(job)

    async def put(
        self, account: AccountId, draft_id: str, document: Mapping[str, Json], *, if_match: int | None = None
    ) -> Draft:
        """Save a draft and return it when it was written to the disk.

        ``if_match``: the version that the client has seen; ``None`` for a new draft. If the same save is sent again
        (since the answer was lost), it returns the same draft and changes nothing. Raises :class:`DraftConflict` for
        another version and for a deleted draft, :class:`DraftsFull` if the account has too many.
        """
        text = text_of(document)
        size = len(text.encode())
        now = self._clock.now()

        def job(connection: sa.Connection) -> Draft:
            row = _find(connection, account, draft_id, to_change=True)
            if row is None:
                if if_match is not None:
                    raise DraftConflict(draft_id, None)
                _make_room(connection, account, 1, size)
                values = {"version": 1, "created_at": now, "updated_at": now, "document": text, "size": size}
                connection.execute(DRAFTS.insert().values(account=account, id=draft_id, **values))
            else:
                if row.deleted_at is not None:
                    raise DraftConflict(draft_id, None)
                if row.version != if_match:
                    if row.version == (if_match or 0) + 1 and row.document == text:
                        return _draft(row)
                    raise DraftConflict(draft_id, _draft(row))
                _make_room(connection, account, 0, size - row.size)
                values = {"version": row.version + 1, "updated_at": now, "document": text, "size": size}
                connection.execute(DRAFTS.update().where(is_draft(account, draft_id)).values(values))
            remember_lines(connection, account, draft_id, now, document)
            return _draft(_find(connection, account, draft_id))

        return await self._write(job)

    async def delete(self, account: AccountId, draft_id: str, *, if_match: int | None = None) -> bool:
        """Delete a draft; ``False`` if there is none (any more), so that it can be repeated.

        Raises :class:`DraftConflict` if ``if_match`` is not ``None`` and not the present version.
        """
        now = self._clock.now()

        def job(connection: sa.Connection) -> bool:
            row = _find(connection, account, draft_id, to_change=True)
            if row is None or row.deleted_at is not None:
                return False
            if if_match is not None and row.version != if_match:
                raise DraftConflict(draft_id, _draft(row))
            gone = {"deleted_at": now, "updated_at": now, "document": None, "size": 0}
            connection.execute(DRAFTS.update().where(is_draft(account, draft_id)).values(gone))
            return True

        return await self._write(job)

    async def past(self, account: AccountId, customer: str) -> Past:
        """A customer's last order and the articles ordered most often."""
        return await self._database.read(lambda connection: past_of(connection, account, customer))

    async def letterhead(self, account: AccountId) -> str:
        """The text printed above an account's drafts."""

        def job(connection: sa.Connection) -> str:
            statement = sa.select(LETTERHEADS.c.text).where(LETTERHEADS.c.account == account)
            return str(connection.scalar(statement) or "")

        return await self._database.read(job)

    async def set_letterhead(self, account: AccountId, text: str) -> None:
        """Store the text printed above an account's drafts."""

        def job(connection: sa.Connection) -> None:
            connection.execute(LETTERHEADS.delete().where(LETTERHEADS.c.account == account))
            connection.execute(LETTERHEADS.insert().values(account=account, text=text))

        await self._write(job)


def _used(connection: sa.Connection, account: AccountId) -> tuple[int, int]:
    """Number of an account's drafts, and bytes of their documents; read from an index only."""
    statement = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(DRAFTS.c.size), 0)).where(
        DRAFTS.c.account == account, DRAFTS.c.deleted_at.is_(None)
    )
    count, size = connection.execute(statement).one()
    return int(count), int(size)


def _make_room(connection: sa.Connection, account: AccountId, drafts: int, size: int) -> None:
    """Raise :class:`DraftsFull` if so many more drafts or bytes would be too many."""
    count, used = _used(connection, account)
    if count + drafts > MOST_DRAFTS or (size > 0 and used + size > MOST_BYTES):
        raise DraftsFull


def _find(connection: sa.Connection, account: AccountId, draft_id: str, *, to_change: bool = False) -> Any:
    """The row of a draft. ``to_change``: lock it, so that no other member changes it before the transaction's end."""
    statement = sa.select(DRAFTS).where(is_draft(account, draft_id))
    return connection.execute(statement.with_for_update() if to_change else statement).one_or_none()


def _take(connection: sa.Connection, draft: Draft, *, revive: bool = False) -> bool:
    row = _find(connection, draft.account, draft.id, to_change=True)
    if row is not None and (not revive if row.deleted_at is not None else row.version >= draft.version):
        return False
    text = text_of(draft.document)
    values = {
        "deleted_at": None,
        "version": draft.version,
        "created_at": draft.created_at,
        "updated_at": draft.updated_at,
        "document": text,
        "size": len(text.encode()),
    }
    if row is None:
        connection.execute(DRAFTS.insert().values(account=draft.account, id=draft.id, **values))
    else:
        connection.execute(DRAFTS.update().where(is_draft(draft.account, draft.id)).values(values))
    remember_lines(connection, draft.account, draft.id, draft.updated_at, draft.document)
    return True


def _raise_version(connection: sa.Connection, draft: Draft, version: int) -> None:
    """Give the row of a draft, whose present version is ``version``, a higher version than ``draft`` has."""
    if version <= draft.version:
        place = is_draft(draft.account, draft.id)
        connection.execute(DRAFTS.update().where(place).values(version=draft.version + 1))


def _draft(row: Any) -> Draft:
    return Draft(row.id, row.account, row.version, row.created_at, row.updated_at, read_document(row.document))
