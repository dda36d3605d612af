"""Writing the journal's entries, each once and in order; those that a full or protected disk refuses wait in memory."""

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
"""Entries that wait at most; the oldest is dropped then."""
UNFIT = (ValueError, TypeError, OverflowError, sa.exc.DataError)
"""What a database or its driver raises for values that it can never hold; nothing else is the entry's own fault."""

Job = Callable[[sa.Connection], None]


class Entries:
    """The entries on their way into the database."""

    def __init__(self, database: Connections) -> None:
        self._database = database
        self._pending: deque[Job] = deque(maxlen=PENDING_LIMIT)
        self._turn = asyncio.Lock()

    @property
    def pending(self) -> int:
        """How many wait."""
        return len(self._pending)

    async def flush(self) -> None:
        """Write what waits; raises :class:`StoreError` when that is still not possible."""
        async with self._turn:
            if self._pending:
                await self._write(None)

    async def write(self, job: Job) -> None:
        """Write what waits and then ``job``. Raises :class:`StoreError`; where it is one of ``RECOVERABLE``, ``job``
        waits from now on."""
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
            # It may be too late: whether it was committed decides what still waits. Written twice would be a lie, too.
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
        """Write what waits. An entry that can never be written is left out, or none would be written again."""
        for job in list(self._pending):
            try:
                with connection.begin_nested():
                    job(connection)
            except Exception as error:
                # A full disk ends the whole transaction; the error of the savepoint's own rollback hides it then.
                first: BaseException = error
                while first.__context__ is not None and not isinstance(first, UNFIT):
                    first = first.__context__
                if not isinstance(first, UNFIT):
                    raise first from None
                log.exception("an entry of the journal that waited cannot be written and is left out")
