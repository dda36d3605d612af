"""Rows that every computer of an office keeps and all share (paired pages, watched records): they lie among the
office's settings, each under a key of its own. What is changed while the server is away is handed in afterwards."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Protocol

from archisync_gui.model import Json
from archisync_gui.office.shared_settings import SharedSetting
from archisync_gui.store.errors import AGAIN, RECOVERABLE, StoreError

log = logging.getLogger(__name__)

Shared = Mapping[str, SharedSetting]


class OwnRows(Protocol):
    """The rows as this computer keeps them."""

    def rows(self) -> tuple[Mapping[str, Json], Collection[str]]:
        """The rows by key, and the keys that were changed here since the office was told last. One of these that has no
        row was removed."""

    def take(self, rows: Mapping[str, Json]) -> None:
        """The office has these rows; ``None``: it has removed that one. Rows that are not named stay."""

    def told(self, keys: Collection[str]) -> None:
        """The office knows of the changes of these."""


class SharedRows:
    """Keeps this computer's rows and the office's equal. Of two computers that change the same row, the later counts.

    A row that the office has never had is handed in: one from before this computer joined, or from an outage. A row
    that the office has removed stays removed, unless it is added here again.
    """

    def __init__(
        self,
        prefix: str,
        own: OwnRows,
        *,
        change: Callable[[Mapping[str, Json], Shared], Awaitable[Shared]],
        read: Callable[[], Awaitable[Shared]],
    ) -> None:
        """``prefix`` begins the keys of these rows. ``change`` as ``change_shared``, ``read`` as ``read_from``."""
        self._prefix, self._own, self._change, self._read = prefix, own, change, read
        self._heard: Shared | None = None
        """What was heard of the office last; ``None``: nothing yet."""
        self._known: Shared = {}
        """What the rows here were compared with last."""
        self._wake = asyncio.Event()
        self._work = asyncio.get_running_loop().create_task(self._keep_equal())

    def heard(self, shared: Shared) -> None:
        """The office's settings have changed."""
        self._heard = shared
        self._wake.set()

    def changed_here(self) -> None:
        """This computer's rows have changed."""
        self._wake.set()

    async def close(self) -> None:
        """Tell the office nothing any more; what it was not told is kept with the rows."""
        self._work.cancel()
        await asyncio.gather(self._work, return_exceptions=True)

    async def _keep_equal(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            heard = self._heard
            if heard is None:
                continue
            try:
                await self._tell(await self._read() if self._is_behind(heard) else heard)
            except StoreError as error:
                log.warning("the office was not told of changes of %s: %s", self._prefix, error)
                if error.code in RECOVERABLE:
                    await asyncio.sleep(AGAIN)
                    self._wake.set()
            except Exception:
                log.exception("%s could not be shared with the office", self._prefix)

    def _is_behind(self, heard: Shared) -> bool:
        """What was heard was read before something that is known: news and the answers to changes come on two ways."""
        mine = (key for key in self._known if key.startswith(self._prefix))
        return any(key not in heard or heard[key].version < self._known[key].version for key in mine)

    async def _tell(self, shared: Shared) -> None:
        self._known, office = shared, self._of_office(shared)
        self._take(office)  # before any wait: whom the office has shut out is shut out here
        rows, untold = self._own.rows()
        mine: dict[str, Json] = {key: value for key, value in rows.items() if key not in office}
        mine |= {key: rows.get(key) for key in untold}
        changes = {self._prefix + key: value for key, value in mine.items() if office.get(key) != value}
        if changes:
            try:
                shared = await self._change(changes, shared)
            except StoreError as error:
                if error.code != "office-setting-conflict":
                    raise
                self._known = await self._read()  # another computer was faster: compare with what it has made of it
                self._wake.set()
                return
            self._known, office = shared, self._of_office(shared)
        rows, untold = self._own.rows()  # may have been changed again meanwhile
        known = {key for key in untold if office.get(key) == rows.get(key)}
        if known:
            self._own.told(known)
        self._take(office)

    def _take(self, office: Mapping[str, Json]) -> None:
        rows, untold = self._own.rows()
        news = {key: value for key, value in office.items() if key not in untold and rows.get(key) != value}
        if news:
            self._own.take(news)

    def _of_office(self, shared: Shared) -> dict[str, Json]:
        """What the office has. A row that is damaged there counts as one that it has never had."""
        return {
            key.removeprefix(self._prefix): one.value
            for key, one in shared.items()
            if key.startswith(self._prefix) and one.readable
        }
