"""Writes the journal's entries, each once and in order. While the database cannot be written (full or read-only disk),
they wait in memory."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable

import sqlalchemy as sa

from archisync_gui.store.connections import Connections
from archisync_gui.store.errors import RECOVERABLE, StoreError

log = logging.getLogger(__name__)

PENDING_LIMIT = 20_000
"""The most entries that wait; beyond it the oldest is dropped."""
UNFIT = (ValueError, TypeError, OverflowError, sa.exc.DataError)
"""Errors of a database or its driver for values that it can never store; all other errors are not due to the entry."""

Job = Callable[[sa.Connection], None]


class Entries:
    """The entries that are being written or wait to be written."""

    def __init__(self, database: Connections) -> None:
        self._database = database
        self._pending: deque[Job] = deque(maxlen=PENDING_LIMIT)
        self._turn = asyncio.Lock()

    @property
    def pending(self) -> int:
        """Number of waiting entries."""
        return len(self._pending)

    async def flush(self) -> None:
        """Write the waiting entries; raises :class:`StoreError` when that is still not possible."""
        async with self._turn:
            if self._pending:
                await self._write(None)

    async def write(self, job: Job) -> None:
        """Write the waiting entries and then ``job``. Raises :class:`StoreError`; for a code of ``RECOVERABLE``,
        ``job`` is added to the waiting entries."""
        async with self._turn:
            await self._write(job)

    async def _write(self, job: Job | None) -> None:
        def both(connection: sa.Connection) -> None:
            self._catch_up(connection)
            if job is not None:
                job(connection)

        writing = asyncio.ensure_future(self._database.write(both))
        writing.add_done_callback(lambda done: self._ended(done, job))
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            # Wait for the end: only then it is known whether the entries were committed. None may be written twice.
            await asyncio.wait({writing})
            raise

    def _ended(self, done: asyncio.Future[None], job: Job | None) -> None:
        if done.cancelled():
            return
        error = done.exception()
        if error is None:
            self._pending.clear()
        elif job is not None and isinstance(error, StoreError) and error.code in RECOVERABLE:
            if not self._pending:
                log.warning("the journal cannot be written, its entries wait in memory: %s", error)
            self._pending.append(job)

    def _catch_up(self, connection: sa.Connection) -> None:
        """Write the waiting entries. One that can never be written is left out, since it would block all others."""
        for job in list(self._pending):
            try:
                with connection.begin_nested():
                    job(connection)
            except Exception as error:
                # A full disk ends the whole transaction; the savepoint's rollback then fails and hides that error.
                first: BaseException = error
                while first.__context__ is not None and not isinstance(first, UNFIT):
                    first = first.__context__
                if not isinstance(first, UNFIT):
                    raise first from None
                log.exception("an entry of the journal that waited cannot be written and is left out")
