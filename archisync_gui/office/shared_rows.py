"""Rows that all computers of an office store and share (paired pages, watched records). On the server they are
settings, each with its own key. Changes made while the server cannot be reached are sent afterwards."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Protocol

from archisync_gui.model import Json
from archisync_gui.office.shared_settings import SharedSetting, is_behind
from archisync_gui.store.errors import AGAIN, RECOVERABLE, StoreError

log = logging.getLogger(__name__)

PAGES = "page."
WATCHES = "watch."
"""Prefixes of the keys of paired pages and of watched records in the office's settings."""

Shared = Mapping[str, SharedSetting]


class OwnRows(Protocol):
    """This computer's rows."""

    def rows(self) -> tuple[Mapping[str, Json], Collection[str]]:
        """The rows by key, and the keys of changes that the office does not have yet. A key without a row was removed
        here."""

    def take(self, rows: Mapping[str, Json]) -> None:
        """Take over rows of the office; ``None``: the office has removed the row. Other rows are not changed."""

    def told(self, keys: Collection[str]) -> None:
        """The office has the changes of these keys now."""


class SharedRows:
    """Synchronizes this computer's rows with the office's. If two computers change the same row, the later change wins.

    A row that the office has never had is sent to it: one from before this computer joined, or from an outage. A row
    that the office has removed is removed here, unless it is added here again.
    """

    def __init__(
        self,
        prefix: str,
        own: OwnRows,
        *,
        change: Callable[[Mapping[str, Json], Shared], Awaitable[Shared]],
        read: Callable[[], Awaitable[Shared]],
    ) -> None:
        """``prefix``: the prefix of these rows' keys in the settings. ``change`` is ``change_shared``, ``read`` is
        ``read_from``, for this office."""
        self._prefix, self._own, self._change, self._read = prefix, own, change, read
        self._heard: Shared | None = None
        """The office's settings as received last; ``None``: not yet."""
        self._known: Shared = {}
        """The office's settings with which the rows here were compared last."""
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
        """Stop; changes that the office does not have yet stay stored with the rows."""
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
                await self._share(await self._read() if is_behind(heard, self._known, self._prefix) else heard)
            except StoreError as error:
                log.warning("the office was not told of changes of %s: %s", self._prefix, error)
                if error.code in RECOVERABLE:
                    await asyncio.sleep(AGAIN)
                    self._wake.set()
            except Exception:
                log.exception("%s could not be shared with the office", self._prefix)

    async def _share(self, shared: Shared) -> None:
        self._known, office = shared, self._of_office(shared)
        self._take(office)  # before any await: a page that the office has revoked must be refused here at once
        rows, untold = self._own.rows()
        own: dict[str, Json] = {key: value for key, value in rows.items() if key not in office}
        own |= {key: rows.get(key) for key in untold}
        changes = {self._prefix + key: value for key, value in own.items() if office.get(key) != value}
        if changes:
            try:
                shared = await self._change(changes, shared)
            except StoreError as error:
                if error.code != "office-setting-conflict":
                    raise
                self._known = await self._read()  # another computer changed the row meanwhile: compare again
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
        """The office's rows, without the prefix. A damaged row counts as one that the office has never had."""
        return {
            key.removeprefix(self._prefix): setting.value
            for key, setting in shared.items()
            if key.startswith(self._prefix) and setting.readable
        }
