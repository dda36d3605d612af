"""Asks for passwords of the ERP that nothing keeps, one question at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from archisync_gui.ui.live.context import Context, problem
from archisync_gui.ui.live.services import Services
from archisync_gui.ui.shell.window import MainWindow
from archisync_gui.ui.text.i18n import tr
from archisync_gui.ui.widgets.basic import ask_text


class Passwords:
    """What is asked, and what was asked already."""

    def __init__(self, context: Context, window: MainWindow) -> None:
        self._context, self._window = context, window
        self._asked: set[str] = set()
        """Accounts whose password was asked for without being told to."""
        self._asking = asyncio.Lock()
        """One question for a password at a time."""

    async def look(self, services: Services, tell: Callable[[], object]) -> None:
        """Which passwords nothing keeps (without a keyring they are in memory only): ask for them as soon as the window
        is shown; until then a notification leads there (``tell``)."""
        if services.has_password is None or services.set_password is None:
            return
        for account in self._context.settings().words("erp.accounts"):
            if not await services.has_password(account):
                self._context.without_password.add(account)
        shown = self._window.looked_at
        if not shown:
            tell()
        await self.ask_all(shown)

    async def ask_all(self, shown: bool) -> None:
        """Ask once for each password that is missing; where that question was closed, the header leads to it."""
        async with self._asking:
            for account in sorted(self._context.without_password - self._asked) if shown else ():
                self._asked.add(account)
                await self._ask(account)

    async def asked(self, account: str) -> None:
        """Ask for the password of ``account``, because the operator wants to give it."""
        if self._asking.locked():
            return  # a question is on the screen already
        async with self._asking:
            await self._ask(account)

    async def _ask(self, account: str) -> None:
        if not self._context.in_use(account):  # it was removed since its password was missed
            self._context.without_password.discard(account)
            return
        refused = self._refused(account)
        if not refused and await self.found(account):
            return
        question = tr("Password of {account} for the ERP (without it nothing is read):", account=account)
        if refused:
            question = tr("The ERP refused the password of {account}. The new password:", account=account)
        typed = await ask_text(self._window, question, secret=True, modal=False)
        if typed:
            self._context.say(tr("{account}: logging in…", account=account), "work")
            try:
                text, tone = await self._context.save_and_try(account, typed)
            except Exception as error:  # told here, so that the other accounts are asked for, too
                text, tone = problem(error), "bad"
            again = (
                (tr("&Enter it again…"), partial(self._context.open, "password", account))
                if tone == "bad"
                else ("", None)
            )
            self._context.say(f"{account}: {text}", tone, *again)

    def _refused(self, account: str) -> bool:
        """True when the ERP refused the password that is kept."""
        status = self._context.status
        found = None if status is None else next((a for a in status.accounts if a.id == account), None)
        return found is not None and found.stopped is not None and found.stopped.code != "password-missing"

    async def found(self, account: str) -> bool:
        """True when there is a password by now, in a keyring that was silent or locked before: the account goes on."""
        services = self._context.services
        if services is None or services.has_password is None or not await services.has_password(account):
            return False
        self._context.without_password.discard(account)
        services.orchestrator.credentials_changed(account)
        return True
