"""One account's session with the ERP: login, its renewal, and the page at hand; no lists."""

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
"""What the ERP answers when nothing reached it (``docs/erp.md``, Login): it says nothing about the password."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long the ERP may take for each kind of step, in seconds (``docs/erp.md``, Waiting)."""

    open: float = 90.0
    login: float = 60.0
    login_patience: float = 5.0
    """After a login's click: quiet for so long without an error text or a new page means that it failed."""
    callback: float = 45.0
    paint: float = 8.0
    values: float = 20.0
    """For the values of one page (``GetPageRowValues``): seven times what 200 rows took."""
    page: float = LIMIT
    """For one script of ours in a page, its own limits included."""
    dialog: float = 4.0
    restore: float = 8.0
    """For restoring the user's view after a failure or a cancellation."""
    background: float = 300.0
    """For restoring the user's view in the background. The next read waits for it: half of what the shortest read may
    take (rule 24)."""


class ErpSession:
    """An account's logged-in page. Made and used by one task at a time."""

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
        """The turn in which it is used."""

    @property
    def key(self) -> tuple[AccountId, str]:
        """The browser's name for the page."""
        return self.account, self._purpose

    async def driver(self) -> PageDriver:
        """The driver of the account's page; starts browser and page if need be."""
        self.hold.moved()
        page = await self._browser.page(*self.key)
        return PageDriver(page, self._address, self.limits.page, self.hold.moved)

    def close(self) -> Coroutine[Any, Any, None]:
        """Close the page, as :meth:`Browser.close_page` does. In a turn that was taken away the page is another's."""
        return asyncio.sleep(0) if self.hold.lost else self._browser.close_page(*self.key)

    async def open(self, path: str, logged_in: Callable[[], None]) -> PageDriver:
        """Open a page of the ERP, logging in when the ERP asks for it. ``logged_in`` is told of each real login.

        Going straight to the wanted page is the cheapest way to learn whether the session lives.
        """
        driver = await self.driver()
        logged = again = False
        while True:
            try:
                at_erp(await self._go(driver, path), path)
            except SessionExpired as error:
                if logged:
                    raise SyncFailure("login-failed", FailureKind.LOGIN, params={"account": self.user}) from error
                logged = True
                if not shows(await self.login(driver, logged_in), path):
                    # Somewhere else than asked for: whether the login took, only the page that needs it can tell.
                    continue
            except SyncFailure as error:
                if again or error.code != "erp-other-page":
                    raise
                again = True
                continue
            if logged:
                await self._browser.remember(self.account)
            return driver

    async def _go(self, driver: PageDriver, path: str) -> str:
        try:
            return await driver.go(path, self.limits.open)
        except Navigated:
            return await driver.arrived(self.limits.open)

    async def login(self, driver: PageDriver, logged_in: Callable[[], None]) -> str:
        """Log in on the login page on show; returns the address where that led. ``logged_in`` is told of every
        attempt that reached the ERP: it is their number that the ERP's owner minds.

        Refused is only what the page itself calls refused (:func:`_refusal`). Everything else is a failed login, which
        says nothing about the password; nor does a refusal of a password that was replaced meanwhile
        (``login-password-changed``). Once the password was sent, whatever goes wrong is a failed login: a refusal that
        nobody saw must not be repeated at once.
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
            logged_in()
            try:
                where, refusal = await self._sent(driver, password, before)
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

    async def _sent(self, driver: PageDriver, password: str, before: str) -> tuple[str, str]:
        """Send what was typed. Returns the address where that led and the page's refusal."""
        limits = self.limits
        given = self.user, password, limits.login, limits.login_patience
        answer: Mapping[str, Any] | None = None
        try:
            await driver.click(Target.LOGIN, "Logon_PopupActions_Menu_DXI0_T", limits.callback)
            answer = await driver.look(Look.LOGIN_OUTCOME, *given, step="login")
        except Navigated:
            pass
        where = await driver.arrived(limits.open)
        if answer is None and shows(where, LOGIN_PAGE):
            with suppress(Navigated):
                answer = await driver.look(Look.LOGIN_OUTCOME, *given, step="login")
        return where, _refusal(answer, before)


def _refusal(answer: Mapping[str, Any] | None, before: str) -> str:
    """The text with which the login page refuses the credentials; empty: it does not.

    The login page is still on show with both fields as typed, and a text came after the login was sent. Or it was
    loaded anew, with another text than ``before``. The text of an empty login is none.
    """
    if answer is None:
        return ""
    text = str(answer["error"])
    came = answer["held"] if answer["sent"] else text != before
    return text if came and not _EMPTY_LOGIN.search(text) else ""
