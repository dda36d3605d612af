"""The store's queries: rows, their ages and history, runs and events. Methods that write are in ``store``."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TypeVar, Unpack

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from archisync_gui.entities.declaration import Entity, Value
from archisync_gui.model import AccountId, Origin, Outcome, RunRecord, Scope, SyncType
from archisync_gui.store import ages, find, find_index, log_reading, reading, schema
from archisync_gui.store.connections import Connections
from archisync_gui.store.errors import StoreError
from archisync_gui.store.reading import Question, Wanted
from archisync_gui.store.types import (
    Ages,
    Change,
    Counts,
    FoundList,
    Page,
    SearchPage,
    StoredEvent,
    StoredRow,
)

log = logging.getLogger(__name__)

T = TypeVar("T")

EXPORT_CHUNK = 500
MOST_RELATED = 100_000
"""Rows that belong to one record. Its sheet counts and adds them up, so all are read; no customer has so many."""


class Questions:
    """The queries; the only thing they may write is a damaged full-text index."""

    def __init__(self, database: Connections, path: Path, entities: Sequence[Entity]) -> None:
        self._database = database
        self._path = path
        self._tables = {entity.name: (entity, schema.data_table(entity)) for entity in entities}

    @property
    def path(self) -> Path:
        """The database file; for an office a path whose folder and name are used for its backups on this computer."""
        return self._path

    def account_of(self, entity: SyncType, account: AccountId | None) -> AccountId:
        """The account under which rows are stored: ``account``, or an empty text for a shared entity.

        Raises ``ValueError`` if ``account`` is missing for an entity that belongs to accounts.
        """
        if self._entity(entity).spec.shared:
            return ""
        if not account:
            raise ValueError(f"{entity} belongs to accounts: name one")
        return account

    def has(self, entity: SyncType) -> bool:
        """Whether this store has a list of that name."""
        return entity in self._tables

    def _entity(self, name: SyncType) -> Entity:
        return self._tables[name][0]

    def _entities(self) -> tuple[Entity, ...]:
        return tuple(entity for entity, _ in self._tables.values())

    def _question(self, entity: SyncType, account: AccountId | None, wanted: Wanted) -> Question:
        declared, table = self._tables[entity]
        return Question(declared, table, self.account_of(entity, account), **wanted)

    def require_place(self) -> None:
        """Raise :class:`StoreError` ``file-replaced`` if the open file was moved, replaced or deleted. Blocking."""
        self._database.require_place()

    async def rows(
        self,
        entity: SyncType,
        account: AccountId | None,
        *,
        offset: int = 0,
        limit: int = 200,
        sum_of: str | None = None,
        **wanted: Unpack[Wanted],
    ) -> Page:
        """A page of the stored rows of one account (``None`` only for shared entities), selected and sorted by
        :class:`Wanted`. ``sum_of``: a column of whole numbers to be summed over all rows of the query."""
        question = self._question(entity, account, wanted)
        return await self._database.read(lambda connection: question.page(connection, offset, limit, sum_of))

    async def row(self, entity: SyncType, account: AccountId | None, key: str) -> StoredRow | None:
        """One stored row, deleted or not."""
        found = await self.rows_by_key(entity, account, [key])
        return found[0] if found else None

    async def rows_by_key(
        self, entity: SyncType, account: AccountId | None, keys: Collection[str]
    ) -> tuple[StoredRow, ...]:
        """The stored rows with those keys, deleted or not, in the order of the keys."""
        question = self._question(entity, account, {"deleted": True})
        return tuple(await self._database.read(lambda connection: question.by_keys(connection, keys)))

    async def export(
        self, entity: SyncType, account: AccountId | None, **wanted: Unpack[Wanted]
    ) -> AsyncIterator[tuple[StoredRow, ...]]:
        """All rows of a selection, some hundred at a time, so that other queries can run in between.

        Selection and order are determined at the beginning; rows that are removed meanwhile are left out.
        """
        question = self._question(entity, account, wanted)
        places = await self._database.read(question.places)
        for start in range(0, len(places), EXPORT_CHUNK):
            part = places[start : start + EXPORT_CHUNK]

            def job(connection: sa.Connection, part: list[tuple[str, str]] = part) -> tuple[StoredRow, ...]:
                return tuple(question.at(connection, part))

            yield await self._database.read(job)

    async def search(
        self,
        entity: SyncType,
        account: AccountId | None,
        text: str = "",
        limit: int = 50,
        cursor: str | None = None,
        *,
        where: Mapping[str, Value] | None = None,
    ) -> SearchPage:
        """A page of the rows that are not deleted, sorted by title, with their ages. ``cursor``: the page after the one
        that had this cursor, also when rows were added or removed meanwhile. Raises ``ValueError`` if it is not
        valid."""
        question = self._question(entity, account, {"search": text, "where": where})
        return await self._database.read(lambda connection: question.after(connection, cursor, limit))

    async def best(
        self, entity: SyncType, account: AccountId | None, text: str, limit: int, codes: Sequence[str]
    ) -> SearchPage:
        """Rows that are not deleted, sorted by how well they match: first an exact code, then codes and titles that
        begin with the text, then words that do, then the rest; within each by title. ``codes``: the columns with
        codes."""
        question = self._question(entity, account, {"search": text})
        return await self._database.read(lambda connection: question.best(connection, text, limit, codes))

    async def find(self, text: str, accounts: Collection[AccountId], limit: int = 8) -> tuple[FoundList, ...]:
        """Rows of all lists for a typed text, at most ``limit`` of each, without deleted ones: rows of ``accounts`` and
        of the shared lists. Lists with an exact match come first; lists without a match are left out.

        A damaged index is rebuilt, which takes about 1 s for 100,000 rows and is logged.
        """

        def job(connection: sa.Connection) -> tuple[FoundList, ...]:
            found = []
            for entity, table in self._tables.values():
                owners = [""] if entity.spec.shared else list(accounts)
                keys, exact = find.rows_with(connection, entity, table, owners, text, limit + 1)
                rows = [row for owner in owners for row in self._found_rows(connection, entity, owner, keys[:limit])]
                place = {key: at for at, key in enumerate(keys)}
                rows.sort(key=lambda row, place=place: place[row.account, row.key])  # type: ignore[misc]
                if rows:
                    found.append(FoundList(entity.name, tuple(rows), len(keys) > limit, exact))
            return tuple(sorted(found, key=lambda matches: not matches.exact))

        return await self._with_index(job)

    def _found_rows(
        self, connection: sa.Connection, entity: Entity, owner: AccountId, keys: Sequence[tuple[AccountId, str]]
    ) -> list[StoredRow]:
        mine = [key for account, key in keys if account == owner]
        return self._question(entity.name, owner or None, {}).by_keys(connection, mine) if mine else []

    async def related(
        self, entity: SyncType, account: AccountId | None, column: str, value: str, limit: int = MOST_RELATED
    ) -> Page:
        """Rows of one account whose ``column`` is ``value``, without deleted ones, the newest first."""
        question = self._question(entity, account, {})
        return await self._with_index(lambda connection: question.related(connection, column, value, limit))

    async def _with_index(self, job: Callable[[sa.Connection], T]) -> T:
        """Run a query that needs the full-text index; if it is damaged, rebuild it and run the query again."""
        try:
            return await self._database.read(job)
        except (DBAPIError, StoreError) as error:
            if not find_index.is_damaged(error):
                raise
            log.warning("the full-text index of %s is damaged and is built again: %s", self.path.name, error)
        await self._database.write(lambda connection: find_index.rebuild(connection, self._entities()))
        return await self._database.read(job)

    async def ages(self, entity: SyncType, account: AccountId | None) -> Ages:
        """The times as of which the stored rows are current."""
        owner = self.account_of(entity, account)
        return await self._database.read(lambda connection: ages.ages(connection, entity, owner))

    async def unproven(self, entity: SyncType, account: AccountId | None) -> frozenset[str]:
        """Keys of stored rows at which a fast read may not stop, since the reads that wrote them do not prove that the
        rows next to them are known (rule 12)."""
        owner = self.account_of(entity, account)
        return await self._database.read(lambda connection: ages.unproven(connection, entity, owner))

    async def counts(self) -> tuple[Counts, ...]:
        """The number of rows by entity and account, for those that have rows."""

        def job(connection: sa.Connection) -> tuple[Counts, ...]:
            return tuple(
                count for entity, table in self._tables.values() for count in reading.counts(connection, entity, table)
            )

        return await self._database.read(job)

    async def row_history(
        self, entity: SyncType, account: AccountId | None, key: str, *, limit: int = 200, before: int | None = None
    ) -> tuple[Change, ...]:
        """The changes of one row, newest first; ``before``: the id of the last change of the previous page."""
        owner = self.account_of(entity, account)
        return await self._database.read(
            lambda connection: log_reading.row_history(connection, entity, owner, key, limit, before)
        )

    async def changes(
        self,
        since: datetime,
        until: datetime,
        accounts: Sequence[AccountId],
        *,
        entity: SyncType | None = None,
        kinds: Sequence[str] | None = None,
        fields: Sequence[str] | None = None,
        percent: int | None = None,
        run_id: str | None = None,
        after: int | None = None,
        limit: int = 1000,
    ) -> tuple[Change, ...]:
        """The change log of ``accounts`` and of the shared entities in the order of writing, from ``since`` on and
        before ``until``.

        ``percent``: only amounts that changed by at least so many hundredths of a percent. ``after``: the id of the
        last change of the previous page.
        """
        return await self._database.read(
            lambda connection: log_reading.changes(
                connection,
                self._tables,
                accounts,
                since=since,
                until=until,
                entity=entity,
                kinds=kinds,
                fields=fields,
                percent=percent,
                run_id=run_id,
                after=after,
                limit=limit,
            )
        )

    async def runs(
        self,
        sync_type: SyncType | None = None,
        outcome: Outcome | Sequence[Outcome] | None = None,
        origin: Origin | None = None,
        since: datetime | None = None,
        before: datetime | None = None,
        limit: int = 200,
        *,
        account: AccountId | None = None,
        shared: Collection[SyncType] = (),
        scope: Scope | None = None,
        after: RunRecord | None = None,
    ) -> tuple[RunRecord, ...]:
        """Runs that started from ``since`` on and before ``before``, newest first. ``account``: only those of that
        account and of the types in ``shared``. ``after``: only those that follow that run in this order; runs that
        started at the same time are ordered by id."""
        outcomes = None
        if outcome is not None:
            outcomes = [outcome] if isinstance(outcome, str) else list(outcome)
        return await self._database.read(
            lambda connection: log_reading.runs(
                connection,
                sync_type=sync_type,
                account=account,
                shared=shared,
                outcome=outcomes,
                origin=origin,
                scope=scope,
                since=since,
                before=before,
                after=after,
                limit=limit,
            )
        )

    async def run(self, run_id: str) -> RunRecord | None:
        """One run, or ``None``."""
        return await self._database.read(lambda connection: log_reading.run(connection, run_id))

    async def events(
        self,
        since: datetime,
        until: datetime,
        kinds: Sequence[str] | None = None,
        *,
        after: int | None = None,
        limit: int = 1000,
    ) -> tuple[StoredEvent, ...]:
        """Stored events in the order of writing; ``after``: the id of the last event of the previous page."""
        return await self._database.read(
            lambda connection: log_reading.events(
                connection, since=since, until=until, kinds=kinds, after=after, limit=limit
            )
        )
