"""Asks for passwords of the ERP that are not stored, one question at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from PySide6.QtWidgets import QInputDialog

from archisync_gui.ui.live.context import Context, problem
from archisync_gui.ui.live.services import Services
from archisync_gui.ui.shell.window import MainWindow
from archisync_gui.ui.text.i18n import tr
from archisync_gui.ui.widgets.basic import ask_text


class Passwords:
    """Finds missing passwords and asks the operator for them."""

    def __init__(self, context: Context, window: MainWindow) -> None:
        self._context, self._window = context, window
        self._already_asked: set[str] = set()
        """Accounts whose password was asked for: no more automatically."""
        self._question_lock = asyncio.Lock()
        """Held while a question is open."""
        self._wanted: set[str] = set()
        """Accounts whose question is open, or is to follow the open one."""

    async def find_missing(self, services: Services, notify: Callable[[], object]) -> None:
        """Find the accounts without stored password (without a keyring they are in memory only), and ask for these
        passwords as soon as the window is visible. ``notify`` is called if it is not: a notification leads there."""
        if services.has_password is None or services.set_password is None:
            return
        for account in self._context.settings().words("erp.accounts"):
            if not await services.has_password(account):
                self._context.without_password.add(account)
        shown = self._window.in_view
        if not shown:
            notify()
        await self.ask_all(shown)

    async def ask_all(self, shown: bool) -> None:
        """If the window is visible, ask once for each missing password. The header offers that question again."""
        async with self._question_lock:
            for account in sorted(self._context.without_password - self._already_asked) if shown else ():
                if account not in self._wanted:
                    with self._once(account):
                        await self._ask(account)

    async def ask_for(self, account: str) -> None:
        """Ask for the password of ``account`` on the operator's request, after the question that is open: that one
        comes to the front."""
        for question in self._window.findChildren(QInputDialog):
            if question.isVisible():
                question.raise_()
                question.activateWindow()
        if account not in self._wanted:
            with self._once(account):
                async with self._question_lock:
                    await self._ask(account)

    @contextmanager
    def _once(self, account: str) -> Iterator[None]:
        """Within this context the password of ``account`` is not asked for elsewhere."""
        self._already_asked.add(account)
        self._wanted.add(account)
        try:
            yield
        finally:
            self._wanted.discard(account)

    async def _ask(self, account: str) -> None:
        if not self._context.in_use(account):  # the account was removed meanwhile
            self._context.without_password.discard(account)
            return
        refused = self._was_refused(account)
        if not refused and await self.is_available(account):
            return
        question = tr("Password of {account} for the ERP (without it nothing is read):", account=account)
        if refused:
            question = tr("The ERP refused the password of {account}. The new password:", account=account)
        typed = await ask_text(self._window, question, secret=True, modal=False)
        if typed:
            self._context.say(tr("{account}: logging in…", account=account), "work")
            try:
                text, tone = await self._context.save_and_try(account, typed)
            except Exception as error:  # shown here, so that the other passwords are asked for, too
                text, tone = problem(error), "bad"
            again = (
                (tr("&Enter it again…"), partial(self._context.open, "password", account))
                if tone == "bad"
                else ("", None)
            )
            self._context.say(f"{account}: {text}", tone, *again)

    def _was_refused(self, account: str) -> bool:
        """True when the ERP has refused the stored password."""
        status = self._context.status
        known = None if status is None else next((a for a in status.accounts if a.id == account), None)
        return known is not None and known.stopped is not None and known.stopped.code != "password-missing"

    async def is_available(self, account: str) -> bool:
        """True when there is a password by now, in a keyring that did not answer or was locked before. The account's
        lists are read again then."""
        services = self._context.services
        if services is None or services.has_password is None or not await services.has_password(account):
            return False
        self._context.without_password.discard(account)
        services.orchestrator.credentials_changed(account)
        return True
