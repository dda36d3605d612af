"""The ERP as the syncs use it: opens a list or a record of an account and restores the user's view; no checks."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from functools import partial
from pathlib import Path

from archisync_gui.entities.declaration import Entity
from archisync_gui.erp import certificate
from archisync_gui.erp.background import Background, IdleTimer
from archisync_gui.erp.browser import Browser, SessionMemory
from archisync_gui.erp.certificate import Certificate
from archisync_gui.erp.driver.page_driver import ERROR_PAGE, Act, shows
from archisync_gui.erp.driver.session import ErpSession, Limits
from archisync_gui.erp.evidence import keep_evidence
from archisync_gui.erp.failures import BROWSER_GONE, SessionExpired, StalePage, transient
from archisync_gui.erp.left_open import LeftOpenLists, ListKey
from archisync_gui.erp.lists.detail import detail_path, read_record
from archisync_gui.erp.lists.list_view import STILL_OPEN_PATIENCE, ListView
from archisync_gui.erp.lists.ways import ReadingWays
from archisync_gui.erp.turn import Hold, Turn, ignore_step
from archisync_gui.erp.user_views import UserViews
from archisync_gui.erp.visit import Visit, explaining_certificates, explaining_navigation, run_to_end_logged
from archisync_gui.model import AccountId, Clock, FailureKind, SyncFailure, SystemClock

log = logging.getLogger(__name__)

LARGEST = 1_500_000_000
"""Bytes of memory above which the browser is restarted between two reads. A page with a large list takes about
300 MB."""

IDLE = 20 * 60.0
"""Seconds that an unused browser stays open: after this time the ERP ends the session (``docs/erp.md``, Session)."""


class Erp:
    """The ERP through one browser.

    ``address`` is called at each use (base URL up to ``/Archibald``), ``password`` gives an account's password,
    ``browser`` and ``pinned_key`` are settings (empty: find one; none). ``screenshots``: folder for screenshots of
    failures. ``memory`` stores sessions over restarts. ``saved_views``: the file of views that are still to be
    restored, also by the next process; ``entities``: the lists that it may name. ``ways``: the file that keeps how each
    list is read. ``open_until`` returns until when a list that a quick read used may stay open (``None``: not at all).
    One list at a time is read; a second caller waits. Its callback ``on_step`` is called at each step, also of the
    reads that it waits for.
    """

    def __init__(
        self,
        *,
        address: Callable[[], str],
        password: Callable[[AccountId], Awaitable[str]],
        browser: Callable[[], str] = lambda: "",
        open_until: Callable[[], datetime | None] = lambda: None,
        pinned_key: Callable[[], str] = lambda: "",
        screenshots: Path | None = None,
        clock: Clock | None = None,
        limits: Limits = Limits(),  # noqa: B008 - frozen
        idle: float = IDLE,
        largest: int = LARGEST,
        headless: bool = True,
        memory: SessionMemory | None = None,
        saved_views: Path | None = None,
        ways: Path | None = None,
        entities: Iterable[Entity] = (),
    ) -> None:
        self.clock = clock or SystemClock()
        self.limits = limits
        self._address = address
        self._password = password
        self._pinned_key = pinned_key
        self._screenshots = screenshots
        self._browser = Browser(program=browser, pinned_key=pinned_key, headless=headless, memory=memory)
        self._idle = idle
        self._largest = largest
        self._explaining_certificates = partial(explaining_certificates, self._base, self._pinned_key)
        self._turn = Turn()
        self._login_lock = asyncio.Lock()
        self.ways = ReadingWays(ways)
        """How each list is read."""
        self.user_views = UserViews(saved_views, entities, self._session, self.clock, self.ways)
        """The views that are still to be restored."""
        self._left_open = LeftOpenLists(self._browser, open_until)
        self._background = Background()
        self._timer = IdleTimer(self._idle_for, self._close_idle)

    @property
    def address(self) -> str:
        """The ERP's address from the settings; empty: none is set."""
        return self._address().rstrip("/")

    def kill_browser(self, for_good: bool = False) -> bool:
        """Kill the browser, as a crash would (the demo shows what happens then); False: none runs. ``for_good``: none
        is started any more, and views that are still to be restored stay saved for the next :class:`Erp`. Blocking."""
        return self._browser.kill(for_good)

    def browser_memory(self) -> int:
        """Bytes that the browser uses; 0 while none runs. Blocking."""
        return self._browser.memory()

    # --- lists --------------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def list(
        self,
        entity: Entity,
        account: AccountId,
        fields: Sequence[str],
        on_login: Callable[[], None],
        on_step: Callable[[], None] = ignore_step,
    ) -> AsyncIterator[Visit]:
        """Open a list view. At the end, also after a failure, the user's own view is restored; if that fails, it is
        restored at the end of the account's next visit to any list. Raises :class:`SessionExpired` where the caller
        should open the list again."""
        async with self._using(on_step) as hold:
            visit, session = Visit(), self._session(account, hold)
            await self._left_open.another_opens(account)
            try:
                async with self._explaining_certificates(account), explaining_navigation(visit):
                    visit.view = view = await self._open(session, entity, fields, on_login)
                    yield visit
                    hold.check()
                if visit.suspended:
                    # In the background: the form for which the read was suspended is waiting.
                    self._background.start(session.close())
                else:
                    await self.user_views.restore(account, view)
                    await self.user_views.restore_others(account, hold)
            except BaseException as error:
                await self._after(error, visit, session)
                raise

    @asynccontextmanager
    async def quick_list(
        self,
        entity: Entity,
        account: AccountId,
        fields: Sequence[str],
        on_login: Callable[[], None],
        on_step: Callable[[], None] = ignore_step,
        *,
        leave_open: bool = False,
    ) -> AsyncIterator[Visit]:
        """As :meth:`list`, for a read whose result a person waits for (:meth:`ListView.newest`): on a page of its own,
        which may still be open from the last visit; the view is restored in the background, after the visit.

        ``leave_open``: keep the page for the next visit. A failure in a page that was left open raises
        :class:`StalePage`: the page is closed, and the caller should open the list again.
        """
        key = account, entity.path
        async with self._using(on_step) as hold:
            visit = Visit()
            still_open = self._browser.has_page(*key)
            session = self._session(account, hold, entity.path)
            try:
                async with self._explaining_certificates(account), explaining_navigation(visit):
                    visit.view = view = await self._open(session, entity, fields, None if still_open else on_login)
                    yield visit
                    hold.check()
            except BaseException as error:
                if still_open and isinstance(error, SyncFailure) and not hold.lost:
                    log.info("%s, left open, does not answer: %s", entity.name, error)
                    await self._left_open.failed(key)
                    raise StalePage from error
                await self._after(error, visit, session)
                raise
            if still_open:
                self._left_open.answered(key)
            if leave_open:
                self._left_open.keep(key)
            self._background.start(self._restore_afterwards(key, view))

    def warm_up(self, account: AccountId) -> None:
        """Start the browser with an empty page for the account, in the background, since a read is likely to follow.
        Sends nothing to the ERP. If the browser does not start, the read will say so."""

        async def start() -> None:
            async with self._using():
                with suppress(SyncFailure):
                    await self._browser.page(account)

        if not self._browser.running and not self._turn.is_taken:
            self._background.start(start())

    async def survives_another(
        self, entity: Entity, other: Entity, account: AccountId, on_login: Callable[[], None]
    ) -> bool:
        """Whether an open list still answers after another one was opened in the same session (``docs/erp.md``,
        Session). Changes nothing in either list, so nothing has to be restored."""
        async with self._using() as hold, self._explaining_certificates(account):
            session, second = self._session(account, hold, "survives"), self._session(account, hold, "another")
            try:
                view = await ListView.open(session, entity, (), self.clock, self.ways, on_login)
                await ListView.open(second, other, (), self.clock, self.ways, on_login)
                try:
                    await view.driver.act(Act.REFRESH, STILL_OPEN_PATIENCE)
                except SyncFailure as failure:
                    log.info("%s does not survive that %s is opened: %s", entity.name, other.name, failure)
                    return False
            except SessionExpired as error:
                raise transient("session-not-kept") from error
            finally:
                await session.close()
                await second.close()
            return True

    async def settled(self, limit: float | None = None) -> set[asyncio.Task[None]]:
        """Wait for the background tasks. Returns those that are not done within ``limit`` seconds."""
        return await self._background.settled(limit)

    async def _restore_afterwards(self, key: ListKey, view: ListView) -> None:
        async with self._using() as hold:
            view.driver.on_step = hold.begin_step
            await self.user_views.restore_within(self.limits.background, key[0], view)
            if (await self.user_views.is_saved(*key) or key not in self._left_open) and not hold.lost:
                await self._left_open.close(key)

    async def _open(
        self, session: ErpSession, entity: Entity, fields: Sequence[str], on_login: Callable[[], None] | None
    ) -> ListView:
        """Open a list (``on_login`` None: use the one left open), and save its view before anything is changed."""
        if on_login is None:
            view = await ListView.still_open(session, entity, fields, self.clock, self.ways)
        else:
            view = await ListView.open(session, entity, fields, self.clock, self.ways, on_login)
        await self.user_views.begin(session.account, view)
        return view

    async def _after(self, error: BaseException, visit: Visit, session: ErpSession) -> None:
        """Clean up after a failure: take a screenshot, restore the view within a time limit, and close the page, in
        which a request may still be in progress. After an expired session the list is not shown, so it is restored
        later. After an abandoned read, browser and pages belong to its successor and are left alone."""
        account, hold = session.account, session.hold
        lost = isinstance(error, SyncFailure) and error.code in BROWSER_GONE
        is_shown = not lost and not isinstance(error, SessionExpired)
        if not hold.lost:
            self._left_open.forget(session.key)

        async def clean_up() -> None:
            if visit.view is not None and is_shown and not hold.lost:
                if isinstance(error, SyncFailure):
                    await keep_evidence(error, visit.view, self._screenshots, self.clock.now())
                # Shorter after a cancellation: its caller waits for the end.
                limit = self.limits.restore if isinstance(error, SyncFailure) else min(self.limits.restore, 6.0)
                with suppress(Exception):
                    await self.user_views.restore_within(limit, account, visit.view)
            if visit.view is not None:
                await self.user_views.mark_not_restored(account, visit.view)
            await session.close()
            if lost and not hold.lost:
                await self._browser.close()

        # A cancelled run still leaves the ERP as it found it, and no page open.
        await run_to_end_logged(clean_up())

    # --- records ------------------------------------------------------------------------------------------------------

    async def record(
        self,
        entity: Entity,
        account: AccountId,
        key: str,
        fields: Sequence[str],
        on_login: Callable[[], None],
        on_step: Callable[[], None] = ignore_step,
    ) -> Mapping[str, str]:
        """The texts of one record's detail page by field; fields without a value on that page are left out.

        Raises ``record-unknown`` for a key that is no id, ``record-other`` where the page shows another record.
        """
        detail_path(entity, key)
        async with self._using(on_step) as hold, self._explaining_certificates(account):
            await self._left_open.another_opens(account)
            return await read_record(self._session(account, hold), entity, key, fields, on_login)

    # --- login --------------------------------------------------------------------------------------------------------

    async def login_test(self, account: AccountId, password: str, on_login: Callable[[], None] = lambda: None) -> None:
        """Log in once with these credentials. Raises as a login does.

        Uses a browser context of its own: the account's context may be logged in already, whatever the password.
        """
        name = f"{account}\x00test"

        async def tested_password(_: AccountId) -> str:
            return password

        async with self._using() as hold, self._explaining_certificates(account):
            await self._browser.forget(name)
            session = self._session(name, hold, password=tested_password)
            session.user = account
            try:
                driver = await session.driver()
                await driver.go("Login.aspx", self.limits.open)
                if shows(await session.login(driver, on_login), ERROR_PAGE):
                    raise SyncFailure("login-failed", FailureKind.LOGIN, params={"account": account})
            finally:
                await self._browser.forget(name)

    async def forget(self, account: AccountId) -> None:
        """Drop the account's session: its credentials changed, or the operator wants a real login."""
        async with self._turn.take():
            await self._browser.forget(account)

    async def certificate(self) -> Certificate:
        """The certificate that the ERP presents now."""
        return await certificate.look_at(self._base())

    # --- life ---------------------------------------------------------------------------------------------------------

    async def close(self) -> None:
        """Restore the saved views where that is quick, then end the browser; no process is left. A read that does not
        end delays each step by at most ``limits.restore`` seconds."""
        await self._background.end(self.limits.restore)
        self._timer.stop()
        try:
            async with asyncio.timeout(self.limits.restore) as patience, self._turn.take() as hold:
                patience.reschedule(None)
                if self._browser.running:
                    await self.user_views.restore_all(hold)
                self._left_open.clear()
                await self._browser.close()
        except TimeoutError:
            log.warning("a read does not end; its browser is closed")
            await self.close_browser()
        await self._timer.end()

    async def close_browser(self) -> None:
        """Close the browser at once, also while a read hangs in it: the next read opens a new one.

        Does not wait for the end of the read that hangs (rule 26)."""
        self._turn.take_away()
        self._login_lock = asyncio.Lock()
        self._left_open.clear()
        await self._browser.close()

    def _session(
        self,
        account: AccountId,
        hold: Hold,
        purpose: str = "",
        password: Callable[[AccountId], Awaitable[str]] | None = None,
    ) -> ErpSession:
        shared = self._browser, account, self._base(), password or self._password, self.limits, self._login_lock
        return ErpSession(*shared, hold, purpose)

    def _base(self) -> str:
        address = self.address
        if not address:
            raise SyncFailure("erp-no-address", FailureKind.PERMANENT)
        return address

    @asynccontextmanager
    async def _using(self, on_step: Callable[[], None] = ignore_step) -> AsyncIterator[Hold]:
        async with self._turn.take(on_step) as hold:
            self._timer.stop()
            try:
                yield hold
            finally:
                if not hold.lost:
                    self._timer.start()
                    if self._browser.running:
                        self._background.start(self._close_if_large())

    def _idle_for(self) -> float:
        """Seconds that the unused browser stays open."""
        until = self._left_open.until() if self._left_open.any_open else None
        return self._idle if until is None else min(self._idle, (until - self.clock.now()).total_seconds())

    async def _close_idle(self) -> None:
        async with self._turn.take():
            if self._form_may_need_it:
                self._timer.start()
                return
            self._left_open.clear()
            await self._browser.close()

    @property
    def _form_may_need_it(self) -> bool:
        return self._left_open.any_open and self._left_open.until() is not None

    async def _close_if_large(self) -> None:
        """Close a browser that uses too much memory; the next read starts a new one, without a login. While a list is
        left open for a form, the browser stays open and is checked again after the form's next read."""
        used = await asyncio.to_thread(self.browser_memory)
        if used <= self._largest:
            return
        async with self._turn.take():
            if self._form_may_need_it or not self._browser.running:
                return
            log.info("the browser uses %d MB of memory: it is closed and started again at the next read", used // 10**6)
            self._left_open.clear()
            await self._browser.close()
