"""The lists that stay open for the next quick read, and whether a session of the ERP bears that; reads nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from archisync_gui.erp.browser import Browser
from archisync_gui.model import AccountId

ListKey = tuple[AccountId, str]
"""Account and path of a list: also the browser's name for the page that it is open in."""


class LeftOpenLists:
    """By account and path. ``until`` is asked until when a list may stay open (``None``: not at all)."""

    def __init__(self, browser: Browser, until: Callable[[], datetime | None]) -> None:
        self._browser = browser
        self.until = until
        self._lists: dict[ListKey, bool] = {}
        """True: another list of the account was opened since."""
        self._one_list_only: bool | None = None
        """Opening another list ends the calls of one left open (``docs/erp.md``, Session); ``None``: not known."""

    def __contains__(self, key: ListKey) -> bool:
        return key in self._lists

    @property
    def any_open(self) -> bool:
        """Whether the page of one of them is still there."""
        return any(self._browser.has_page(*key) for key in self._lists)

    def keep(self, key: ListKey) -> None:
        """Leave this list open, if that is allowed now."""
        if self.until() is not None:
            self._lists[key] = False

    def answered(self, key: ListKey) -> None:
        """A list that was left open has answered."""
        if self._lists.get(key):
            self._one_list_only = False

    async def failed(self, key: ListKey) -> None:
        """A list that was left open has not answered as it should: close it."""
        if self._lists.get(key):
            # One that had survived another list may have ended for another reason: twice is an answer.
            self._one_list_only = None if self._one_list_only is False else True
        await self.close(key)

    async def another_opens(self, account: AccountId) -> None:
        """Another page of the account is about to be opened: close what would not survive that."""
        for key in [key for key in self._lists if key[0] == account]:
            self._lists[key] = True
            if self._one_list_only or self.until() is None:
                await self.close(key)

    async def close(self, key: ListKey) -> None:
        """Close the page of this list."""
        self.forget(key)
        await self._browser.close_page(*key)

    def forget(self, key: ListKey) -> None:
        """Somebody else closes the page of this list."""
        self._lists.pop(key, None)

    def clear(self) -> None:
        """The browser closes."""
        self._lists.clear()
