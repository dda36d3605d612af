"""Keeping drafts: list, read, put under a version, delete; what a draft's document means is the endpoint's matter.

The file is apart from the ERP's copy, so that clearing, restoring or re-keying that copy never touches a draft, and
``synchronous=FULL`` makes an acknowledged draft survive a power failure.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

import sqlalchemy as sa

from archisync_gui.model import AccountId, Clock, Json
from archisync_gui.store.database import Database
from archisync_gui.store.errors import StoreError
from archisync_gui.store.schema import UtcTime

FILE = "drafts.db"
SCHEMA = 1
"""Kept in ``PRAGMA user_version``."""
TOMBSTONES_KEPT = timedelta(days=90)

METADATA = sa.MetaData()
DRAFTS = sa.Table(
    "drafts",
    METADATA,
    sa.Column("account", sa.String, primary_key=True),
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("updated_at", UtcTime, nullable=False),
    sa.Column("deleted_at", UtcTime),
    sa.Column("document", sa.Text),
    sa.Index("drafts_by_time", "account", "updated_at"),
)
"""A deleted draft leaves its id without its document, so that a late retry of an old save does not bring it back."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An order that is being written."""

    id: str
    """Made by the client."""
    account: AccountId
    version: int
    """1 for the first save, one more with each; the ``ETag`` of the endpoint."""
    created_at: datetime
    updated_at: datetime
    document: Mapping[str, Json]


class DraftConflict(Exception):
    """The version given is not the present one. ``current`` is what is stored, ``None`` when there is nothing."""

    def __init__(self, id: str, current: Draft | None) -> None:
        super().__init__(f"draft {id}: {'no such draft' if current is None else f'is at version {current.version}'}")
        self.current = current


class Drafts:
    """The drafts of one data folder. Every method may raise ``StoreError``."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    @classmethod
    async def open(cls, folder: Path, *, clock: Clock) -> Self:
        """Open the drafts in ``folder``; makes the file. Raises ``newer-schema`` for a file of a later program."""
        path = folder / FILE
        database = Database(path, synchronous="FULL")
        limit = clock.now() - TOMBSTONES_KEPT

        def prepare(connection: sa.Connection) -> None:
            found = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
            if found > SCHEMA:
                raise StoreError("newer-schema", path=str(path), found=found, known=SCHEMA)
            METADATA.create_all(connection)
            connection.exec_driver_sql(f"PRAGMA user_version = {SCHEMA}")
            connection.execute(DRAFTS.delete().where(DRAFTS.c.deleted_at < limit))

        try:
            await database.create()
            await database.write(prepare)
        except BaseException:
            await database.close()
            raise
        return cls(database, clock)

    async def close(self) -> None:
        """Finish what was asked for and close the file."""
        await self._database.close()

    async def list(self, account: AccountId) -> tuple[Draft, ...]:
        """All drafts of an account, last saved first."""

        def job(connection: sa.Connection) -> tuple[Draft, ...]:
            statement = (
                sa.select(DRAFTS)
                .where(DRAFTS.c.account == account, DRAFTS.c.deleted_at.is_(None))
                .order_by(DRAFTS.c.updated_at.desc(), DRAFTS.c.id)
            )
            return tuple(_draft(row) for row in connection.execute(statement))

        return await self._database.read(job)

    async def get(self, account: AccountId, id: str) -> Draft | None:
        """One draft, or ``None``."""

        def job(connection: sa.Connection) -> Draft | None:
            row = _find(connection, account, id)
            return None if row is None or row.deleted_at is not None else _draft(row)

        return await self._database.read(job)

    async def put(
        self, account: AccountId, id: str, document: Mapping[str, Json], *, if_match: int | None = None
    ) -> Draft:
        """Save a draft and return it once it is on the disk.

        ``if_match``: the version the client has seen, ``None`` for a new draft. The same save sent again (an answer
        was lost) gives the same draft and changes nothing. Raises :class:`DraftConflict` for any other version, and
        for a draft that was deleted.
        """
        text = json.dumps(document, ensure_ascii=False, sort_keys=True)
        now = self._clock.now()

        def job(connection: sa.Connection) -> Draft:
            row = _find(connection, account, id)
            if row is None:
                if if_match is not None:
                    raise DraftConflict(id, None)
                values = {"version": 1, "created_at": now, "updated_at": now, "document": text}
                connection.execute(DRAFTS.insert().values(account=account, id=id, **values))
            else:
                if row.deleted_at is not None:
                    raise DraftConflict(id, None)
                if row.version != if_match:
                    if row.version == (if_match or 0) + 1 and row.document == text:
                        return _draft(row)
                    raise DraftConflict(id, _draft(row))
                connection.execute(
                    DRAFTS.update()
                    .where(DRAFTS.c.account == account, DRAFTS.c.id == id)
                    .values(version=row.version + 1, updated_at=now, document=text)
                )
            return _draft(_find(connection, account, id))

        return await self._database.write(job)

    async def delete(self, account: AccountId, id: str, *, if_match: int | None = None) -> bool:
        """Delete a draft; ``False`` when there was none (any more), so that a retry is harmless.

        Raises :class:`DraftConflict` when ``if_match`` is given and is not the present version.
        """
        now = self._clock.now()

        def job(connection: sa.Connection) -> bool:
            row = _find(connection, account, id)
            if row is None or row.deleted_at is not None:
                return False
            if if_match is not None and row.version != if_match:
                raise DraftConflict(id, _draft(row))
            connection.execute(
                DRAFTS.update()
                .where(DRAFTS.c.account == account, DRAFTS.c.id == id)
                .values(deleted_at=now, updated_at=now, document=None)
            )
            return True

        return await self._database.write(job)


def _find(connection: sa.Connection, account: AccountId, id: str) -> Any:
    return connection.execute(sa.select(DRAFTS).where(DRAFTS.c.account == account, DRAFTS.c.id == id)).one_or_none()


def _draft(row: Any) -> Draft:
    return Draft(row.id, row.account, row.version, row.created_at, row.updated_at, json.loads(row.document))
