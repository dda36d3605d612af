"""An open list as the syncs hold it; opening and restoring are done elsewhere (``erp``)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

from archisync_gui.erp import certificate
from archisync_gui.erp.background import finished
from archisync_gui.erp.failures import Navigated, transient
from archisync_gui.erp.lists.list_view import ListView
from archisync_gui.model import AccountId, SyncFailure

log = logging.getLogger(__name__)


class Visit:
    """An open list. ``keep`` set: leave the view as it is (the read is suspended and will come back)."""

    def __init__(self) -> None:
        self.view: ListView | None = None
        self.keep = False

    @property
    def list(self) -> ListView:
        """The opened list view."""
        assert self.view is not None
        return self.view


@asynccontextmanager
async def explaining_navigation(visit: Visit) -> AsyncIterator[None]:
    """A page that went away under a call: say where to (the login page ends the session)."""
    try:
        yield
    except Navigated as error:
        if visit.view is not None:
            await visit.view.where()
        raise transient("erp-navigates", path="") from error


@asynccontextmanager
async def explaining_certificates(
    address: Callable[[], str], pinned: Callable[[], str], account: AccountId
) -> AsyncIterator[None]:
    """Name an unknown certificate in the failure of a step, and say whether it is another one than the accepted
    one."""
    try:
        yield
    except SyncFailure as error:
        if error.code != "certificate-unknown":
            raise
        raise certificate.unknown(await certificate.look_at(address()), pinned(), account) from error


async def to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """Do what follows a failed visit, also when the visit is cancelled meanwhile. Raises nothing: the caller is told of
    the visit's own failure."""

    async def logged() -> None:
        try:
            await work
        except Exception as problem:
            log.warning("after a failed read: %s", problem)

    with suppress(asyncio.CancelledError):
        await finished(logged())
