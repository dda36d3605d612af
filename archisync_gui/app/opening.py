"""Opens and closes the parts of one life of the panel."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from archisync_gui import __version__
from archisync_gui.app.drafts_file import open_drafts
from archisync_gui.app.memory import share_one_heap
from archisync_gui.app.panel_services import endpoint_of, served, services_of
from archisync_gui.messages import line, text
from archisync_gui.model import Event, EventKind, SyncFailure

if TYPE_CHECKING:
    from archisync_gui.app.core import Core
    from archisync_gui.app.life import Life
    from archisync_gui.app.member import OfficeMember
    from archisync_gui.drafts import Drafts
    from archisync_gui.endpoint.server import Endpoint
    from archisync_gui.office.membership import Membership
    from archisync_gui.ui.shell.panel import Panel
    from archisync_gui.updates.watch import Updates


SERVICES = (
    "archisync_gui.app.core",
    "archisync_gui.drafts",
    "archisync_gui.endpoint.server",
    "archisync_gui.updates.watch",
)
"""Modules to import in a thread after the first paint: they take half a second, in which the window would freeze."""


@asynccontextmanager
async def opened(life: Life, panel: Panel) -> AsyncIterator[Core | OfficeMember]:
    """Open core (or member of an office), drafts and endpoint, and give the panel its services. On leaving the context,
    and on errors, everything that was opened is closed."""
    share_one_heap()  # before the services start threads
    for name in SERVICES:
        await asyncio.to_thread(import_module, name)
    from archisync_gui.app.autostart import follow_system
    from archisync_gui.app.office_access import OfficeAccess
    from archisync_gui.office.membership import membership
    from archisync_gui.ui.text.i18n import language as panel_language

    def looked() -> Membership | None:
        follow_system(life.profile)  # before the settings are read
        return membership(life.profile.folder)

    async with AsyncExitStack() as stack:
        joined = await asyncio.to_thread(looked)
        panel.context.office = OfficeAccess(life, joined)
        if joined is None:
            core = await _opened_core(life, panel, stack)
        else:
            from archisync_gui.app.office_panel import opened_member  # loads psycopg

            core = await opened_member(life, panel, stack, joined)
        drafts, lost = await _opened_drafts(core, life.ran_before, panel)
        stack.push_async_callback(drafts.close)
        endpoint = endpoint_of(core, drafts)
        stack.push_async_callback(endpoint.stop)
        if joined is not None:  # before the endpoint starts, so that pages that the office has revoked are refused
            await stack.enter_async_context(_shared_with_office(core, endpoint, panel))
        no_endpoint = await served(endpoint)
        updates = await asyncio.to_thread(_updates, core)  # may import cryptography and check a signature
        panel.set_services(
            services_of(
                core,
                endpoint,
                updates,
                leave=life.quit.set,
                crash=life.crash_report,
                put_back=life.put_back,
                erase=life.erase,
            )
        )
        if joined is None:
            await _restore_watches(life.profile.folder, panel)
        troubles = [*core.troubles, *lost]
        sentences = [str(text(trouble.code, panel_language(), trouble.params)) for trouble in troubles]
        if no_endpoint:
            sentences.append(no_endpoint)
        if sentences:
            panel.context.say("\n".join(sentences), "bad")
        await stack.enter_async_context(_system_state(core))
        updates.subscribe(lambda _news: _announce_version(panel, updates))
        await stack.enter_async_context(updates.at_work())
        yield core


@asynccontextmanager
async def _shared_with_office(core: Core | OfficeMember, endpoint: Endpoint, panel: Panel) -> AsyncIterator[None]:
    """Within this context, paired pages and watched records are shared with the office."""
    from archisync_gui.app.core import Core
    from archisync_gui.office.shared_rows import PAGES, WATCHES

    assert not isinstance(core, Core)
    pairing, watches = endpoint.pairing, panel.window.watches()
    watches.shared = True
    pages, watched = core.share(PAGES, pairing), core.share(WATCHES, watches)
    unsubscribe = pairing.subscribe(pages.changed_here)
    watches.changed.connect(watched.changed_here)
    try:
        yield
    finally:
        unsubscribe()
        watches.changed.disconnect(watched.changed_here)
        await pages.close()
        await watched.close()


async def _restore_watches(folder: Path, panel: Panel) -> None:
    """After leaving an office: take over its watched records."""
    from archisync_gui.office.membership import forget_watches, left_watches

    rows = await asyncio.to_thread(left_watches, folder)
    if rows is not None:
        panel.window.watches().take_from_left_office(rows)
        await asyncio.to_thread(forget_watches, folder)


async def _opened_core(life: Life, panel: Panel, stack: AsyncExitStack) -> Core | OfficeMember:
    """Open the core of a single computer's profile."""
    from archisync_gui.app.core import Core

    second_start = partial(life.second_start, panel)
    core = await Core.open(life.profile, demo=life.demo, attended=True, second_start=second_start)
    stack.push_async_callback(core.close)
    core.quit = life.quit.set
    return core


async def _opened_drafts(core: Core | OfficeMember, ran_before: bool, panel: Panel) -> tuple[Drafts, list[SyncFailure]]:
    from archisync_gui.app.core import Core

    if isinstance(core, Core):
        return await open_drafts(core, ran_before)
    from archisync_gui.app.office_panel import office_drafts

    lost: list[SyncFailure] = []
    return await office_drafts(core, lost, partial(panel.context.say, tone="warn")), lost


@asynccontextmanager
async def _system_state(core: Core | OfficeMember) -> AsyncIterator[None]:
    """Within this context, the orchestrator is informed when the computer sleeps or has no network."""
    from archisync_gui.app.core import Core
    from archisync_gui.ui.system.power_and_network import Surroundings

    around = Surroundings(needed=lambda: not core.erp_is_here)
    set_away = core.orchestrator.set_away if isinstance(core, Core) else core.set_away
    around.changed.connect(set_away)
    await around.connect_system()
    loop = asyncio.get_running_loop()

    def heard(event: Event) -> None:
        if event.kind is EventKind.SYNC_COMPLETED:  # the ERP was reached, whatever the system reports about the network
            loop.call_soon(around.set_online, True)

    unsubscribe = core.orchestrator.subscribe(heard)
    try:
        yield
    finally:
        unsubscribe()
        around.changed.disconnect(set_away)
        await around.close()


def _updates(core: Core | OfficeMember) -> Updates:
    """The check for newer versions: while the setting is on, never in the demo. Blocking."""
    from archisync_gui.messages import resources
    from archisync_gui.updates.signed_list import read_source
    from archisync_gui.updates.watch import FILE, Updates

    return Updates(
        core.profile.folder / FILE,
        read_source(resources() / "updates.toml"),
        installed=__version__,
        wanted=lambda: core.settings.flag("updates.ask") and not core.profile.demo,
        clock=core.clock,
    )


def _announce_version(panel: Panel, updates: Updates) -> None:
    """Show a notice about a newer version, once for each version; it leads to *About*."""
    from archisync_gui.ui.text.i18n import language as panel_language

    version = updates.unannounced()
    if version is None:
        return
    news = line("updates-available", panel_language(), {"version": version.name, "installed": __version__})
    show = text("about.open", panel_language()).what
    panel.context.say(news, "", show, partial(panel.context.open, "about"))
    panel.context.background.run(updates.mark_announced(version), "version-told")
