"""An open list, as the syncs get it; ``erp`` opens and restores it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

from archisync_gui.erp import certificate
from archisync_gui.erp.background import run_to_end
from archisync_gui.erp.failures import Navigated, transient
from archisync_gui.erp.lists.list_view import ListView
from archisync_gui.model import AccountId, SyncFailure

log = logging.getLogger(__name__)


class Visit:
    """An open list. ``suspended`` True: the view is not restored at the end, since the suspended read goes on later."""

    def __init__(self) -> None:
        self.view: ListView | None = None
        self.suspended = False

    @property
    def list(self) -> ListView:
        """The opened list view."""
        assert self.view is not None
        return self.view


@asynccontextmanager
async def explaining_navigation(visit: Visit) -> AsyncIterator[None]:
    """Convert :class:`Navigated`: to :class:`SessionExpired` if the login page is shown, else to a transient
    failure."""
    try:
        yield
    except Navigated as error:
        if visit.view is not None:
            await visit.view.check_page()
        raise transient("erp-navigates", path="") from error


@asynccontextmanager
async def explaining_certificates(
    address: Callable[[], str], pinned: Callable[[], str], account: AccountId
) -> AsyncIterator[None]:
    """Add the details of an unknown certificate to the failure of a step, which becomes ``certificate-changed`` if
    another one was accepted."""
    try:
        yield
    except SyncFailure as error:
        if error.code != "certificate-unknown":
            raise
        raise certificate.unknown(await certificate.look_at(address()), pinned(), account) from error


async def run_to_end_logged(work: Coroutine[Any, Any, None]) -> None:
    """Run the clean-up of a failed visit to its end, even if the visit is cancelled meanwhile. Errors are only logged,
    since the caller gets the visit's own failure."""

    async def logged() -> None:
        try:
            await work
        except Exception as problem:
            log.warning("after a failed read: %s", problem)

    with suppress(asyncio.CancelledError):
        await run_to_end(logged())
