"""Opens and closes a member of an office on this computer, with or without a window."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

from archisync_gui.app.channel import ChannelServer
from archisync_gui.app.commands import SecondStart, quit_panel, raised
from archisync_gui.app.joining import address
from archisync_gui.app.member import OfficeMember, Say
from archisync_gui.app.profile import Profile
from archisync_gui.entities import ENTITIES
from archisync_gui.model import SyncFailure
from archisync_gui.office.clock import OfficeClock
from archisync_gui.office.desk import Emit
from archisync_gui.office.membership import Membership
from archisync_gui.settings import open_settings
from archisync_gui.store import Store, StoreError
from archisync_gui.store.errors import AGAIN, RECOVERABLE
from archisync_gui.store.postgres import Postgres
from archisync_gui.store.postgres_server import Server

if TYPE_CHECKING:
    from archisync_gui.app.demo import DemoOptions


log = logging.getLogger(__name__)


@asynccontextmanager
async def taking_part_at_last(
    profile: Profile,
    demo: DemoOptions | None,
    membership: Membership,
    *,
    stop: asyncio.Event,
    waits: Callable[[SyncFailure], object],
    passing: Collection[str] = RECOVERABLE,
    say: Say = lambda code, **params: None,
    second_start: SecondStart | None = None,
) -> AsyncIterator[OfficeMember | None]:
    """Open the member as soon as the server allows it; yields ``None`` if ``stop`` was set before.

    The caller holds the profile's lock. After an error with one of the codes ``passing`` it tries again every
    :data:`AGAIN` seconds; ``waits`` is called with the error when its code has changed. ``say``: as for
    :func:`taking_part`. Meanwhile a second start of the program and a request to quit are answered. Raises
    ``SyncFailure`` for other errors.
    """
    found: OfficeMember | None = None

    async def answer(name: str, args: dict[str, Any], emit: Emit) -> tuple[int, Any]:
        if name == "raise":
            return raised(second_start, args)
        if name == "quit":
            core = found.core if found is not None else None  # a member reads only while it leads
            return await quit_panel(stop.set, None if core is None else core.orchestrator, args)
        if found is None:
            raise StoreError("office-unreachable", path=membership.place, detail=last_code)
        return await found.line.send(name, args, emit).future

    last_code = ""
    async with AsyncExitStack() as stack:
        channel = ChannelServer(profile, answer)
        stack.push_async_callback(channel.stop)
        await channel.start()
        while found is None and not stop.is_set():
            try:
                server = await address(profile, membership.url)
                found = await stack.enter_async_context(taking_part(profile, demo, membership, server, say=say))
            except SyncFailure as error:
                if error.code not in passing:
                    raise
                log.warning("this computer cannot take part in its office yet, trying again: %s", error)
                if last_code != error.code:
                    last_code = error.code
                    try:
                        waits(error)
                    except OSError as closed:  # the output was closed: this member goes on without it
                        log.warning("%s could not be shown: %s", error.code, closed)
                with suppress(TimeoutError):
                    async with asyncio.timeout(AGAIN):
                        await stop.wait()
        yield found


@asynccontextmanager
async def taking_part(
    profile: Profile,
    demo: DemoOptions | None,
    membership: Membership,
    server: Server,
    *,
    say: Say = lambda code, **params: None,
) -> AsyncIterator[OfficeMember]:
    """Open the member; the caller holds the profile's lock. ``say`` is called with ``office-leads`` and
    ``office-follows`` when this computer becomes the leader or follows another one. Raises ``SyncFailure`` if the
    office's data cannot be opened."""
    clock = OfficeClock()
    async with AsyncExitStack() as stack:
        loaded = await asyncio.to_thread(open_settings, profile.settings_file)
        # A store for reading, beside the leader's: it stays open when the leadership changes.
        store = await Store.join(
            Postgres(server, fence=_NeverLeads()), profile.folder, ENTITIES, clock=clock, upgrade=False, newer=True
        )
        stack.push_async_callback(store.close)
        member = OfficeMember(profile, demo, membership, server, clock, loaded.settings, store, say)
        member.troubles = (*loaded.troubles, *filter(None, [member.only_reads]))
        stack.push_async_callback(member.close)
        await member.begin()
        yield member


class _NeverLeads:
    """The fence of a store that must not write."""

    epoch: int | None = None
    holder = ""

    def lost(self, epoch: int) -> None:
        """Never called: there is no epoch."""
