"""The operator's actions on a core: passwords, refused reads, clearing. One at a time, each finished even if its caller
is cancelled."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Coroutine
from contextlib import asynccontextmanager
from contextvars import Context
from typing import Any, TypeVar

from archisync_gui.app.credentials import Credentials
from archisync_gui.erp import Erp
from archisync_gui.model import (
    ErrorInfo,
    FailureKind,
    Origin,
    SyncFailure,
)
from archisync_gui.orchestrator import Orchestrator, Ticket
from archisync_gui.store import Store, StoreError
from archisync_gui.store.errors import AGAIN, UNREACHABLE
from archisync_gui.syncs import SyncRunner

log = logging.getLogger(__name__)

ACTION = 300.0
"""Seconds that a run may wait for an operator's action that changes its list after a backup."""

T = TypeVar("T")


class OperatorActions:
    """The part of ``Core`` with the operator's actions."""

    def __init__(self, store: Store, credentials: Credentials) -> None:
        self.store = store
        self.credentials = credentials
        self.erp: Erp
        self.syncs: SyncRunner
        self.orchestrator: Orchestrator
        self._closing = False
        self._acting = asyncio.Lock()
        """Held by one action of the operator at a time, so that what it has checked cannot change meanwhile."""
        self._later: set[asyncio.Task[object]] = set()
        """Background tasks; cancelled when the core is closed."""
        self._list_locks: defaultdict[tuple[str, str], asyncio.Lock] = defaultdict(asyncio.Lock)
        """Held by an operator's action that changes the rows of that list and account."""
        self._read_by: dict[tuple[str, str], str] = {}
        """List and account → id of the run that reads them."""

    def _start_later(self, work: Coroutine[Any, Any, object]) -> None:
        # With a context of its own, since it may last longer than the action that started it.
        task = asyncio.get_running_loop().create_task(work, context=Context())
        self._later.add(task)
        task.add_done_callback(self._later_done)

    def _later_done(self, task: asyncio.Task[object]) -> None:
        self._later.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("background work failed", exc_info=error)

    async def _end_later(self) -> None:
        while self._later:
            for task in self._later:
                task.cancel()
            await asyncio.wait(self._later)

    @asynccontextmanager
    async def _list_at_rest(self, sync_type: str, account: str) -> AsyncIterator[None]:
        """Within this context no run of that list begins. Raises ``SyncFailure`` ``clear-while-running`` if the list is
        being read. An abandoned run does not count, since it may never end (rule 26)."""
        place = sync_type, self.store.account_of(sync_type, account)
        lock = self._list_locks[place]
        abandoned = {run.id for run in self.orchestrator.get_status().abandoned}
        if lock.locked() or self._read_by.get(place, "") not in {"", *abandoned}:
            raise SyncFailure("clear-while-running", FailureKind.PERMANENT, params={"type": sync_type})
        async with lock:
            yield

    async def _act(self, work: Coroutine[Any, Any, T]) -> T:
        """Run an action of the operator: one at a time, and to its end even if the caller is cancelled.

        Raises ``SyncFailure`` ``request-closing`` when the core is being closed.
        """

        async def alone() -> T:
            async with self._acting:
                if self._closing:
                    work.close()
                    raise SyncFailure("request-closing", FailureKind.PERMANENT)
                return await work

        task = asyncio.ensure_future(alone())
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(_log_failure)
            raise

    async def set_password(self, account: str, password: str) -> bool:
        """Use and store a password, and let the account log in again. False: it is in memory only (no keyring). Raises
        ``SyncFailure`` and ``OSError`` if it could not be stored; it is used all the same."""
        return await self._act(self._set_password(account, password))

    async def _set_password(self, account: str, password: str) -> bool:
        require_account(account, [known.id for known in self.orchestrator.get_status().accounts])
        try:
            return await self.credentials.keep(account, password)
        finally:
            # In the background: it runs before the next read, but after the present one, which may take minutes.
            self._start_later(self.erp.forget(account))
            self.orchestrator.credentials_changed(account)

    async def keep_in_file(self, account: str) -> None:
        """Store the account's password in the private file. Raises ``SyncFailure`` and ``OSError``."""
        await self._act(self.credentials.keep_in_file(account))

    async def test_login(self, account: str, password: str | None) -> None:
        """Log in to the ERP once, with ``password`` or the stored one; raises ``SyncFailure`` as a login does.

        It counts in the day's login budget. If the ERP refuses the stored password, no run tries it again.
        """
        tried = password if password is not None else await self.credentials.password(account)
        try:
            await self.syncs.login_test(account, tried, lambda: self.orchestrator.logged_in(account))
        except SyncFailure as error:
            if password is None and await self._is_password(account, tried):
                self.login_failed(account, error)
            raise

    async def _is_password(self, account: str, tried: str) -> bool:
        """Whether ``tried`` is still the account's password, which may have been changed during the login."""
        try:
            return await self.credentials.password(account) == tried
        except SyncFailure:
            return False

    def login_failed(self, account: str, error: SyncFailure) -> None:
        """Stop the account if a login with its stored password, outside a run, was refused with ``error``."""
        if error.kind is FailureKind.CREDENTIALS:
            self.orchestrator.login_refused(account, ErrorInfo.of(error))

    async def accept_read(self, run_id: str) -> None:
        """Apply a read that was refused for a shrink, after a backup. Raises ``clear-while-running`` while that list is
        read."""
        await self._act(self._change_rows(run_id, self.store.accept_read))

    async def rekey(self, run_id: str) -> None:
        """Give the stored rows the ERP's new keys, after a backup. Raises ``clear-while-running`` while that list is
        read."""
        await self._act(self._change_rows(run_id, self.store.rekey))

    async def _change_rows(self, run_id: str, change: Callable[[str], Awaitable[object]]) -> None:
        run = await self.store.run(run_id)
        if run is None:
            await change(run_id)  # raises the store's error
            return
        async with self._list_at_rest(run.type, run.account):
            async with self._perhaps_changed(run.type, run.account):
                await change(run_id)
            await self._publish_ages(run.type, run.account)

    async def clear_and_read(self, sync_type: str, account: str) -> Ticket:
        """Remove the stored rows of a type, after a backup, and request them again. Raises ``clear-while-running``
        while that list is read."""
        return await self._act(self._clear_and_read(sync_type, account))

    async def _clear_and_read(self, sync_type: str, account: str) -> Ticket:
        async with self._list_at_rest(sync_type, account):
            async with self._perhaps_changed(sync_type, account):
                await self.store.clear(sync_type, account)
            self.orchestrator.rows_changed(sync_type, account, last_success=None, new_as_of=None, all_as_of=None)
        return self.orchestrator.request_sync(sync_type, account or None, origin=Origin.OPERATOR)

    @asynccontextmanager
    async def _perhaps_changed(self, sync_type: str, account: str) -> AsyncIterator[None]:
        """The block changes the rows of a list. If an office's server is lost before it has confirmed the commit, the
        change may be stored, and an empty list would still be shown as fresh: its ages are read again as soon as the
        server answers."""
        try:
            yield
        except StoreError as error:
            if error.code in UNREACHABLE:
                self._start_later(self._publish_ages_later(sync_type, account))
            raise

    async def _publish_ages_later(self, sync_type: str, account: str) -> None:
        while True:
            try:
                await self._publish_ages(sync_type, account)
            except StoreError as error:
                if error.code not in UNREACHABLE:
                    raise
                await asyncio.sleep(AGAIN)
            else:
                return

    async def _publish_ages(self, sync_type: str, account: str) -> None:
        ages = await self.store.ages(sync_type, account)
        self.orchestrator.rows_changed(
            sync_type,
            account,
            last_success=ages.last_success,
            new_as_of=ages.new_as_of,
            all_as_of=ages.all_as_of,
            doubtful=ages.doubtful,
        )


def require_account(account: str, known: Collection[str]) -> None:
    """Raise ``SyncFailure`` ``account-removed`` if the account was removed, as may happen while its password is
    typed."""
    if account not in known:
        raise SyncFailure("account-removed", FailureKind.PERMANENT, params={"account": account})


def _log_failure(task: asyncio.Task[Any]) -> None:
    """Log the error of an action whose caller was cancelled."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.warning("an action failed: %s", error)
