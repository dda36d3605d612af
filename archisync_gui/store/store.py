"""The public class of the store: one object for a data folder or an office; other modules do the work."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path
from typing import Self, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from archisync_gui.entities.declaration import Entity
from archisync_gui.model import AccountId, Clock, SyncType
from archisync_gui.store import ages, backups, dialect, doubts, find_index, maintenance, refused, schema, transfer
from archisync_gui.store import apply as applying
from archisync_gui.store import migrate as migrating
from archisync_gui.store.connections import Connections
from archisync_gui.store.database import Database, check
from archisync_gui.store.errors import StoreError
from archisync_gui.store.file_checks import check_file, has_log, is_new_file
from archisync_gui.store.journal import StoreJournal
from archisync_gui.store.keys import row_key
from archisync_gui.store.migrate import Form
from archisync_gui.store.questions import Questions
from archisync_gui.store.types import (
    Accepted,
    Batch,
    Delta,
    Known,
    RefusedKind,
    RefusedRead,
    Removed,
    Sizes,
)

T = TypeVar("T")

FILE = "archisync.db"


class Store(Questions):
    """The local copy of the ERP's data, and the orchestrator's journal. Made by :meth:`open` or :meth:`join`; to be
    closed with :meth:`close`.

    Every method may raise :class:`StoreError`: ``disk-full``, ``read-only``, ``damaged``, ``locked``, ``disk-error``,
    and in an office the codes of its server.
    """

    def __init__(self, database: Connections, path: Path, entities: Sequence[Entity], clock: Clock) -> None:
        super().__init__(database, path, entities)
        self._server_bytes: int | None = None
        self._clock = clock
        self._rows_written = 0
        self.is_new = False
        """The file was created by this call of :meth:`open`."""
        self.is_newer = False
        """The tables of this office are of a later version: this store may only be read."""
        self.journal = StoreJournal(database, clock)
        """The orchestrator's journal."""

    # ------------------------------------------------------------------------------------------- open and close

    @classmethod
    async def open(cls, folder: Path, entities: Sequence[Entity], *, clock: Clock) -> Self:
        """Open the database in ``folder``; create it, or migrate it after a backup, if necessary.

        Raises :class:`StoreError`; also ``newer-schema`` for a file of a later version and ``data-file-missing`` if
        there are backups of a file, but not the file.
        """
        path = folder / FILE
        database = Database(path)
        try:
            new = await asyncio.to_thread(is_new_file, path)
            await database.create()
            unclean = has_log(path)
            await database.exclusive(lambda connection: check_file(connection, path, thorough=unclean))

            def prepare(connection: sa.Connection) -> Form:
                migrating.refuse_newer(connection, path)
                found = migrating.form(connection, entities)
                if found is Form.OUTDATED:
                    backups.make(connection, path, "before-migration", clock.now())
                return found

            bring = find_index.prepare if await database.exclusive(prepare) is Form.CURRENT else migrating.migrate

            def begin(connection: sa.Connection) -> None:
                bring(connection, entities)
                doubts.catch_up(connection)

            await database.write(begin)
            await database.read(lambda connection: migrating.require_tables(connection, path))
        except DBAPIError as error:  # tables or a schema version that no version of this program writes
            await database.close()
            raise StoreError("damaged", path=str(path), detail=str(error.orig)) from error
        except BaseException:
            await database.close()
            raise
        store = cls(database, path, entities, clock)
        store.is_new = new
        return store

    @classmethod
    async def join(
        cls,
        database: Connections,
        folder: Path,
        entities: Sequence[Entity],
        *,
        clock: Clock,
        upgrade: bool = True,
        newer: bool = False,
    ) -> Self:
        """Open the store of an office (``postgres.Postgres``); create or migrate its tables if necessary. Its backups
        go into ``folder``. When this raises, the database was closed.

        Raises :class:`StoreError`; also ``newer-schema`` for tables of a later version (with ``newer`` they are opened
        for reading instead), and ``office-older`` if they would have to be migrated and ``upgrade`` is false.
        """
        path = folder / FILE
        is_newer = False

        def prepare(connection: sa.Connection) -> bool:
            nonlocal is_newer
            try:
                migrating.refuse_newer(connection, database.place)
            except StoreError:
                if not newer:
                    raise
                is_newer = True
                return False
            found = migrating.form(connection, entities)
            if found is Form.OUTDATED and not upgrade:
                raise StoreError("office-older", path=database.place)
            if found is Form.OUTDATED:
                transfer.backup(connection, path, "before-migration", clock.now(), entities)
            return found is not Form.CURRENT

        try:
            await asyncio.to_thread(folder.mkdir, mode=0o700, parents=True, exist_ok=True)
            await database.create()
            if await database.exclusive(prepare):
                await database.change_schema(lambda connection: migrating.migrate(connection, entities))
            await database.read(lambda connection: migrating.require_tables(connection, database.place))
            store = cls(database, path, entities, clock)
            store.is_newer = is_newer
            await store._measure()
        except BaseException:
            await database.close()
            raise
        return store

    @staticmethod
    async def outdated(database: Connections, entities: Sequence[Entity]) -> bool:
        """Whether the tables of an office would have to be migrated; changes nothing and closes the database. Raises
        :class:`StoreError`, ``newer-schema`` for tables of a later version."""

        def job(connection: sa.Connection) -> bool:
            migrating.refuse_newer(connection, database.place)
            return migrating.form(connection, entities) is Form.OUTDATED

        try:
            return await database.read(job)
        finally:
            await database.close()

    async def _measure(self) -> None:
        """Get the size of an office's tables from its server."""

        def job(connection: sa.Connection) -> int | None:
            return dialect.size(connection) if dialect.is_postgres(connection) else None

        self._server_bytes = await self._database.read(job)

    @staticmethod
    async def restore(folder: Path, backup: Path | None, *, clock: Clock, decided: bool = True) -> backups.Restored:
        """See :func:`backups.restore`; for the database in ``folder``. Drafts, which have their own file, are not
        changed."""
        return await asyncio.to_thread(backups.restore, folder / FILE, backup, clock.now(), decided=decided)

    async def close(self) -> None:
        """Write the journal's waiting entries, finish the jobs in the queue, and close the database."""
        try:
            await self.journal.flush()
        except StoreError:
            pass  # still not writable: the waiting entries are lost
        finally:
            await self._database.close()

    @property
    def rows_written(self) -> int:
        """Rows of data tables inserted or changed since the store was opened, as the database counted them."""
        return self._rows_written

    # --------------------------------------------------------------------------------------- for the sync runner

    async def known(self, entity: SyncType, account: AccountId) -> Known:
        """What the last applied whole read found, for the checks of the next one."""
        declared, table = self._tables[entity]
        owner = self.account_of(entity, account)
        return await self._database.read(lambda connection: applying.known(connection, declared, table, owner))

    async def apply(self, entity: SyncType, account: AccountId, batch: Batch) -> Delta:
        """Apply a checked read, in one transaction. If the caller is cancelled, nothing is changed and
        ``CancelledError`` is raised; if that comes too late, the read is applied and the result returned.

        Raises :class:`SyncFailure` ``read-overtaken`` when the whole list was replaced (by another whole read, or
        accepted, re-keyed, cleared) after the read began.
        """
        declared, table = self._tables[entity]
        owner = self.account_of(entity, account)
        abandoned = threading.Event()

        def job(connection: sa.Connection) -> tuple[Delta, int]:
            return applying.apply(connection, declared, table, owner, batch, abandoned=abandoned)

        delta, written = await self._write_rows(job, abandoned)
        self._rows_written += written
        return delta

    async def keep_refused(
        self, entity: SyncType, account: AccountId, batch: Batch, kind: RefusedKind = RefusedKind.SHRINK
    ) -> None:
        """Keep a refused whole read for 24 hours, so that the operator can decide whether to apply exactly this one."""
        declared, _ = self._tables[entity]
        owner = self.account_of(entity, account)
        now = self._clock.now()
        await self._database.write(
            lambda connection: refused.keep(connection, declared, owner, batch, RefusedKind(kind), now)
        )

    async def accept_read(self, run_id: str) -> Accepted:
        """Apply a kept read that was refused for a shrink, after a backup.

        Raises :class:`StoreError` ``refused-read-unknown``, ``refused-read-unreadable``, ``refused-read-expired``,
        ``refused-read-void`` (a newer whole read was applied) or ``refused-read-other-kind``.
        """
        return await self._decide(run_id, RefusedKind.SHRINK)

    async def rekey(self, run_id: str) -> Accepted:
        """After a backup, give stored rows the keys that a kept read (refused for changed keys) has for them, with
        their history, then apply the read. Raises as :meth:`accept_read`, and ``rekey-too-few`` if fewer than 95 % of
        the rows match."""
        return await self._decide(run_id, RefusedKind.KEYS_CHANGED)

    async def _decide(self, run_id: str, kind: RefusedKind) -> Accepted:
        now = self._clock.now()
        await self._database.read(lambda connection: refused.usable(connection, run_id, kind, now))
        backup = await self.backup("before-accept" if kind is RefusedKind.SHRINK else "before-rekey")

        def job(connection: sa.Connection) -> tuple[Delta, int, int]:
            read, batch = refused.usable(connection, run_id, kind, now)
            declared, table = self._tables[read.entity]
            moved = 0
            if kind is RefusedKind.KEYS_CHANGED:
                moved = refused.rekey(connection, declared, table, read.account, batch)
                ages.replaced(connection, read.entity, read.account)
            delta, written = applying.apply(connection, declared, table, read.account, batch)
            refused.forget(connection, run_id)
            return delta, written + moved, moved

        delta, written, moved = await self._write_rows(job)
        self._rows_written += written
        return Accepted(delta, backup, moved)

    async def refused(self) -> tuple[RefusedRead, ...]:
        """The kept reads that can still be applied, newest first."""
        now = self._clock.now()
        return await self._database.read(lambda connection: refused.listed(connection, now))

    async def refused_keys(self, run_id: str) -> frozenset[str]:
        """The keys of a kept read, to show which rows it lacks. Raises ``refused-read-unknown``, ``-unreadable``,
        ``-expired`` or ``-void``."""
        now = self._clock.now()

        def job(connection: sa.Connection) -> frozenset[str]:
            kind = next((read.kind for read in refused.listed(connection, now) if read.run_id == run_id), None)
            read, batch = refused.usable(connection, run_id, kind or RefusedKind.SHRINK, now)
            declared, _ = self._tables[read.entity]
            return frozenset(row_key(declared, row) for row in batch.rows)

        return await self._database.read(job)

    async def clear(self, entity: SyncType, account: AccountId) -> Path:
        """After a backup, whose path is returned, remove the rows of one list and account; the list counts as never
        read. Change log and runs are kept."""
        _, table = self._tables[entity]
        owner = self.account_of(entity, account)
        backup = await self.backup(f"before-clear-{entity}")

        def job(connection: sa.Connection) -> int:
            written = connection.execute(table.delete().where(table.c[schema.ACCOUNT] == owner)).rowcount
            unfilled, kept = schema.UNFILLED, schema.REFUSED
            connection.execute(unfilled.delete().where(unfilled.c.entity == entity, unfilled.c.account == owner))
            mine = sa.select(kept.c.run_id).where(kept.c.entity == entity, kept.c.account == owner)
            for run_id in list(connection.scalars(mine)):
                refused.forget(connection, run_id)
            ages.emptied(connection, entity, owner)
            return written

        self._rows_written += await self._write_rows(job)
        return backup

    async def _write_rows(self, job: Callable[[sa.Connection], T], abandoned: threading.Event | None = None) -> T:
        """Run a job that changes stored rows, and update the full-text index in the same transaction."""

        def both(connection: sa.Connection) -> T:
            done = job(connection)
            with find_index.rebuilt_if_damaged(connection, self._entities()):
                find_index.catch_up(connection, self._entities())
            check(abandoned)
            return done

        return await self._database.write(both, abandoned=abandoned)

    # --------------------------------------------------------------------------------------------- maintenance

    async def backup(self, reason: str) -> Path:
        """Copy the whole database, check the copy, and return its path. The backup of an office is a SQLite file as
        well, on the computer that made it."""
        now = self._clock.now()

        def job(connection: sa.Connection) -> Path:
            if dialect.is_postgres(connection):
                return transfer.backup(connection, self.path, reason, now, self._entities())
            return backups.make(connection, self.path, reason, now)

        return await self._database.exclusive(job)

    async def daily_backup(self) -> Path | None:
        """Make a daily backup and return its path; ``None`` if there is one of this day (see
        :func:`backups.made_of_day`)."""
        if await asyncio.to_thread(backups.made_of_day, self.path, self._clock.now()):
            return None
        return await self.backup(backups.DAILY)

    def backups(self) -> tuple[Path, ...]:
        """The existing backups, newest first."""
        return backups.listed(self.path)

    async def maintain(self, screenshots: Path | None = None, accounts: Collection[AccountId] | None = None) -> Removed:
        """Remove what is too old (rule 31), in small transactions, so that syncs can go on, and merge the index of
        *Find*. Once a day is enough.

        ``screenshots`` is the folder of the failures' screenshots, ``accounts`` are those in the settings. Files are
        removed first: on a full disk nothing can be written to the archive before.
        """
        clock = self._clock.now()
        times = await self._database.read(lambda connection: maintenance.times(connection, clock))
        now, lists = times.retention, tuple(self._tables.values())

        def files(_connection: sa.Connection) -> tuple[int, int]:
            pruned = backups.prune(self.path)
            return (0 if screenshots is None else maintenance.forget_screenshots(screenshots, now)), pruned

        pictures, pruned = await self._database.exclusive(files)
        await self._database.write(lambda connection: maintenance.keep_retention_time(connection, now, clock))
        total = Removed(screenshots=pictures, backups=pruned)
        while step := await self._write_rows(lambda c: maintenance.forget_some(c, times, lists, accounts)):
            total += step
        for entity in self._entities():
            await self._database.write(partial(find_index.merge, entity=entity, entities=self._entities()))
        await self._measure()
        return total

    async def check(self) -> None:
        """Check the whole database; raises ``damaged`` if it is not sound."""

        def job(connection: sa.Connection) -> None:
            if dialect.is_postgres(connection):
                dialect.check_rows(connection)
            else:
                check_file(connection, self.path, thorough=True)

        await self._database.read(job)

    async def filled_from(self, file: Path) -> int:
        """Fill the store of a new office with the content of a SQLite file (the store of its first member), in one
        transaction; returns the rows copied. Raises :class:`StoreError` ``office-not-empty`` if the office has data."""
        return await self._database.change_schema(
            lambda connection: transfer.from_file(file, connection, self._entities(), self._database.place)
        )

    def size_on_disk(self) -> Sizes:
        """Bytes used by the database and by all files in the folder of its backups, those of the drafts included; for
        an office's database as of opening or the last maintenance."""
        files = [self.path, self.path.with_name(f"{self.path.name}-wal")]
        own = sum(file.stat().st_size for file in files if file.exists())
        return Sizes(
            own if self._server_bytes is None else self._server_bytes,
            sum(file.stat().st_size for file in self.path.with_name(backups.FOLDER).glob("*.db")),
        )
