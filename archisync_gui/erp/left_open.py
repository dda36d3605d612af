"""The lists that are left open for the next quick read, and whether the ERP allows that beside another open list."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from archisync_gui.erp.browser import Browser
from archisync_gui.model import AccountId

ListKey = tuple[AccountId, str]
"""Account and path of a list. The browser finds the page in which the list is open by the same key."""


class LeftOpenLists:
    """Lists left open, by account and path. ``until`` returns until when a list may stay open (``None``: not at
    all)."""

    def __init__(self, browser: Browser, until: Callable[[], datetime | None]) -> None:
        self._browser = browser
        self.until = until
        self._lists: dict[ListKey, bool] = {}
        """Value True: another page of the account was opened since."""
        self._one_list_only: bool | None = None
        """True: a list left open stops answering once another one is opened (``docs/erp.md``, Session); ``None``: not
        known."""

    def __contains__(self, key: ListKey) -> bool:
        return key in self._lists

    @property
    def any_open(self) -> bool:
        """Whether the page of at least one of them is still open."""
        return any(self._browser.has_page(*key) for key in self._lists)

    def keep(self, key: ListKey) -> None:
        """Leave this list open if that is allowed now."""
        if self.until() is not None:
            self._lists[key] = False

    def answered(self, key: ListKey) -> None:
        """A list that was left open has answered. If another page was opened since, that did no harm."""
        if self._lists.get(key):
            self._one_list_only = False

    async def failed(self, key: ListKey) -> None:
        """A list that was left open has not answered as it should: close it."""
        if self._lists.get(key):
            # After an answer beside another list, one failure may have another cause: only the second one decides.
            self._one_list_only = None if self._one_list_only is False else True
        await self.close(key)

    async def another_opens(self, account: AccountId) -> None:
        """Another page of the account is about to be opened: close the lists that would stop answering."""
        for key in [key for key in self._lists if key[0] == account]:
            self._lists[key] = True
            if self._one_list_only or self.until() is None:
                await self.close(key)

    async def close(self, key: ListKey) -> None:
        """Close the page of this list."""
        self.forget(key)
        await self._browser.close_page(*key)

    def forget(self, key: ListKey) -> None:
        """The caller closes the page of this list."""
        self._lists.pop(key, None)

    def clear(self) -> None:
        """The caller closes the browser."""
        self._lists.clear()
