"""One account's session with the ERP: login, renewal of the login, and the account's page; no lists."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from archisync_gui.erp.browser import Browser
from archisync_gui.erp.driver.page_driver import LIMIT, LOGIN_PAGE, Look, PageDriver, Target, at_erp, shows
from archisync_gui.erp.failures import BROWSER_GONE, Navigated, SessionExpired, transient
from archisync_gui.erp.turn import Hold
from archisync_gui.model import AccountId, FailureKind, SyncFailure

log = logging.getLogger(__name__)

_EMPTY_LOGIN = re.compile(r"must not be empty|(?:non (?:può|deve|possono|devono) essere vuot)|obbligatori", re.I)
"""The ERP's error text for an empty login (``docs/erp.md``, Login), which says nothing about the password."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long the ERP may take for each kind of step, in seconds (``docs/erp.md``, Waiting)."""

    open: float = 90.0
    login: float = 60.0
    login_patience: float = 5.0
    """The login has failed if for this time after the click nothing happens: no callback, error text or new page."""
    callback: float = 45.0
    paint: float = 8.0
    values: float = 20.0
    """For the values of one page (``GetPageRowValues``): seven times as long as 200 rows took."""
    page: float = LIMIT
    """For one script of ours in a page, its own limits included."""
    dialog: float = 4.0
    restore: float = 8.0
    """For restoring the user's view after a failure or a cancellation."""
    background: float = 300.0
    """For restoring the user's view in the background. The next read waits for it, so this is half of the shortest
    deadline of a run (rule 24)."""


class ErpSession:
    """An account's session with the ERP, on one page. Used by one task at a time."""

    def __init__(
        self,
        browser: Browser,
        account: AccountId,
        address: str,
        password: Callable[[AccountId], Awaitable[str]],
        limits: Limits,
        login_lock: asyncio.Lock,
        hold: Hold,
        purpose: str = "",
    ) -> None:
        """``purpose``: which of the account's pages, see :meth:`Browser.page`."""
        self.account = account
        self.user = account
        """The name to log in with."""
        self.limits = limits
        self._browser = browser
        self._address = address
        self._password = password
        self._login_lock = login_lock
        self._purpose = purpose
        self.hold = hold
        """The turn in which this session is used."""

    @property
    def key(self) -> tuple[AccountId, str]:
        """Account and purpose, by which the browser finds the page."""
        return self.account, self._purpose

    async def driver(self) -> PageDriver:
        """The driver of the account's page; starts browser and page if necessary."""
        self.hold.begin_step()
        page = await self._browser.page(*self.key)
        return PageDriver(page, self._address, self.limits.page, self.hold.begin_step)

    def close(self) -> Coroutine[Any, Any, None]:
        """Close the page, as :meth:`Browser.close_page` does. After the turn was taken away, does nothing: the page may
        belong to the next holder."""
        return asyncio.sleep(0) if self.hold.lost else self._browser.close_page(*self.key)

    async def open(self, path: str, on_login: Callable[[], None]) -> PageDriver:
        """Open a page of the ERP, and log in if the ERP asks for it. ``on_login`` is called at each real login.

        It goes to the wanted page directly, which is the cheapest way to find out whether the session is still valid.
        """
        driver = await self.driver()
        logged_in = retried = False
        while True:
            try:
                at_erp(await self._go(driver, path), path)
            except SessionExpired as error:
                if logged_in:
                    raise SyncFailure("login-failed", FailureKind.LOGIN, params={"account": self.user}) from error
                logged_in = True
                if not shows(await self.login(driver, on_login), path):
                    # The login led to another page: only opening the wanted one shows whether it succeeded.
                    continue
            except SyncFailure as error:
                if retried or error.code != "erp-other-page":
                    raise
                retried = True
                continue
            if logged_in:
                await self._browser.remember(self.account)
            return driver

    async def _go(self, driver: PageDriver, path: str) -> str:
        try:
            return await driver.go(path, self.limits.open)
        except Navigated:
            return await driver.arrived(self.limits.open)

    async def login(self, driver: PageDriver, on_login: Callable[[], None]) -> str:
        """Log in on the login page that is shown; returns the address of the page that follows. ``on_login`` is called
        at every attempt, before it is sent: the supplier of the ERP objects to many logins a day.

        ``login-refused`` is raised only if the page itself refuses the credentials (:func:`_refusal`) and the password
        was not replaced meanwhile (else ``login-password-changed``). Any other failure after the password was sent
        becomes ``login-failed``, which says nothing about the password and is not repeated at once: a refusal may have
        been missed.
        """
        password = await self._password(self.user)
        failed = SyncFailure("login-failed", FailureKind.LOGIN, params={"account": self.user})
        async with self._login_lock:
            log.info("login of %s", self.user)
            try:
                before = await driver.type_login(self.user, password)
            except Navigated:
                before = None
            if before is None:
                raise SyncFailure("login-page-unknown", FailureKind.LOGIN)
            on_login()
            try:
                where, refusal = await self._send_login(driver, password, before)
            except SyncFailure as error:
                if error.code in BROWSER_GONE:
                    raise
                raise failed from error
        if not shows(where, LOGIN_PAGE):
            return where
        if not refusal or not password:
            raise failed
        if await self._password(self.user) != password:
            raise transient("login-password-changed", account=self.user)
        raise SyncFailure(
            "login-refused", FailureKind.CREDENTIALS, params={"account": self.user, "error": refusal[:300]}
        )

    async def _send_login(self, driver: PageDriver, password: str, before: str) -> tuple[str, str]:
        """Send the login. Returns the address of the page that follows and the text of a refusal (empty: none)."""
        limits = self.limits
        arguments = self.user, password, limits.login, limits.login_patience
        answer: Mapping[str, Any] | None = None
        try:
            await driver.click(Target.LOGIN, "Logon_PopupActions_Menu_DXI0_T", limits.callback)
            answer = await driver.look(Look.LOGIN_OUTCOME, *arguments, step="login")
        except Navigated:
            pass
        where = await driver.arrived(limits.open)
        if answer is None and shows(where, LOGIN_PAGE):
            with suppress(Navigated):
                answer = await driver.look(Look.LOGIN_OUTCOME, *arguments, step="login")
        return where, _refusal(answer, before)


def _refusal(answer: Mapping[str, Any] | None, before: str) -> str:
    """The text with which the login page refuses the credentials; empty: it does not.

    It is a refusal if the login page is still shown with both fields as typed and a text that came after the login was
    sent, or if the page was loaded again and shows another text than ``before``. The text for an empty login is not a
    refusal.
    """
    if answer is None:
        return ""
    text = str(answer["error"])
    is_new = answer["held"] if answer["sent"] else text != before
    return text if is_new and not _EMPTY_LOGIN.search(text) else ""
