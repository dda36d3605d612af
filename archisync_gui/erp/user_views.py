"""Leaves every list as its user had it: saves the view before a read changes it, restores it afterwards, and tries
again where that failed or was interrupted (``docs/erp.md``, View state)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from pathlib import Path

from archisync_gui.entities.declaration import Entity
from archisync_gui.erp.driver.page_driver import LOGIN_PAGE, shows
from archisync_gui.erp.driver.session import ErpSession
from archisync_gui.erp.failures import SessionExpired
from archisync_gui.erp.lists.filters import view_of
from archisync_gui.erp.lists.list_view import ListView
from archisync_gui.erp.lists.restoring import hidden_sort, merge_saved_view
from archisync_gui.erp.lists.saved_views import SavedViews
from archisync_gui.erp.lists.ways import ReadingWays
from archisync_gui.erp.turn import Hold
from archisync_gui.model import AccountId, Clock, SyncFailure

log = logging.getLogger(__name__)


class UserViews:
    """The views of all accounts. ``file`` keeps them over restarts (``None``: they are not kept); ``entities``: the
    lists that it may name; ``session`` gives an account's session with the ERP in a turn. One task at a time uses
    it."""

    def __init__(
        self,
        file: Path | None,
        entities: Iterable[Entity],
        session: Callable[[AccountId, Hold], ErpSession],
        clock: Clock,
        ways: ReadingWays,
    ) -> None:
        self._saved = SavedViews(file)
        self._entities = {entity.path: entity for entity in entities}
        self._session = session
        self._clock = clock
        self._ways = ways

    async def begin(self, account: AccountId, view: ListView) -> None:
        """Save the user's view of a list that was opened, before anything is changed."""
        self._entities[view.entity.path] = view.entity
        await self._take_saved(account, view)
        await self._saved.save(account, view.entity.path, view.users_view)

    async def restore(self, account: AccountId, view: ListView) -> None:
        """Restore a list. If that fails, the view stays saved for the account's next visit to any list."""
        path = view.entity.path
        if view.left_changed and not view.touched:
            # This visit ended before it changed anything: the view of the earlier visit is still to be restored.
            self._saved.not_restored(account, path)
            return
        try:
            await view.restore()
        except SessionExpired:
            self._saved.not_restored(account, path)
        except SyncFailure as error:
            log.info("the view of %s could not be restored: %s", view.entity.name, error)
            state_is_current = error.code == "view-not-restored"  # raised after the page was asked for its state
            left = view_of(view.state, view.entity.filter) if state_is_current else None
            self._saved.not_restored(account, path, left)
        else:
            view.left_changed = False
            await self._saved.restored(account, path)

    async def restore_within(self, limit: float, account: AccountId, view: ListView) -> None:
        """As :meth:`restore`; cancelled after ``limit`` seconds."""
        try:
            async with asyncio.timeout(limit):
                await self.restore(account, view)
        except TimeoutError:
            log.info("restoring the view of %s took longer than %d s", view.entity.name, limit)
            await self.mark_not_restored(account, view)

    async def mark_not_restored(self, account: AccountId, view: ListView) -> None:
        """After a visit that failed: if the list's view is still saved, the next visit tries to restore it."""
        if await self.is_saved(account, view.entity.path):
            self._saved.not_restored(account, view.entity.path)

    async def is_saved(self, account: AccountId, path: str) -> bool:
        """Whether a list is still to be restored."""
        return await self._saved.of(account, path) is not None

    async def restore_others(self, account: AccountId, hold: Hold) -> None:
        """Try again to restore the lists that earlier visits of the account, or an earlier process, did not restore."""
        for path in await self._saved.try_again(account):
            await self._restore_anew(account, path, hold)

    async def restore_all(self, hold: Hold) -> None:
        """Restore every list that is still to be restored, if that is quick and costs no login."""
        for account, path in self._saved.known:
            await self._restore_anew(account, path, hold)

    async def _take_saved(self, account: AccountId, view: ListView) -> None:
        """If an earlier visit did not restore the list, the view to restore is the one that was saved then, except for
        the parts that the user has changed since."""
        saved = await self._saved.of(account, view.entity.path)
        if saved is not None:
            view.left_changed = True
            view.sorted_by = hidden_sort(view.entity, view.state)
            left = self._saved.left(account, view.entity.path)
            view.users_view = merge_saved_view(saved, view.users_view, view.entity, view.state, left)

    async def _restore_anew(self, account: AccountId, path: str, hold: Hold) -> None:
        """Open a list and restore it, if that is quick and costs no login. The page is closed after a failure, since it
        may hang."""
        entity = self._entities.get(path)
        if entity is None or not await self.is_saved(account, path):
            return

        def no_login() -> None:
            raise AssertionError

        session = self._session(account, hold)
        try:
            async with asyncio.timeout(session.limits.restore):
                driver = await session.driver()
                if shows(await driver.go(path, session.limits.open), LOGIN_PAGE):
                    return
                view = await ListView.open(session, entity, (), self._clock, self._ways, no_login)
                await self._take_saved(account, view)
                view.must_be_restored()
                await self.restore(account, view)
        except Exception as error:
            log.info("the view of %s is still to be restored: %r", entity.name, error)
            await session.close()
