"""Opens the parts that the panel shows, and closes them: one life of the panel, for a profile."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from archisync_gui import __version__
from archisync_gui.app import exit_codes
from archisync_gui.app.panel_services import endpoint_of, served, services_of
from archisync_gui.app.profile import Profile
from archisync_gui.messages import line, text
from archisync_gui.model import FailureKind, SyncFailure

if TYPE_CHECKING:
    from archisync_gui.app.core import Core
    from archisync_gui.app.demo import DemoOptions
    from archisync_gui.app.member import OfficeMember
    from archisync_gui.drafts import Drafts
    from archisync_gui.endpoint.server import Endpoint
    from archisync_gui.ui.shell.panel import Panel
    from archisync_gui.updates.watch import Updates


log = logging.getLogger(__name__)


@dataclass
class Life:
    """One life of the panel, from opening the profile to closing it."""

    profile: Profile
    demo: DemoOptions | None
    stop: asyncio.Event
    told: str = ""
    """What is left of the life before: see ``CrashWatch``."""
    place: str = ""
    """What to open."""
    said: tuple[str, str] = ("", "")
    """What to say, and in what tone."""
    between: Callable[[], Awaitable[tuple[str, str]]] | None = None
    """Work on the closed profile, done behind the next window before the profile is opened again: it returns what to
    say then, and in what tone."""
    doing: str = ""
    """What to say while that work is being done."""
    ran_before: bool = field(init=False)
    """The panel ran on this profile before: its window was kept. Looked at before the panel is made, which keeps it."""

    def __post_init__(self) -> None:
        from archisync_gui.ui.shell.window import MEMORY

        self.ran_before = (self.profile.folder / MEMORY).exists()

    async def lived(self, panel: Panel) -> int:
        """Live until the panel is quit. Exit code."""
        try:
            async with opened(self, panel) as core:
                if self.said[0]:
                    panel.context.say(*self.said)
                if self.place:
                    panel.open_place(self.place)
                await self._until_over(core)
                panel.closing()
        except NotOpened:
            return exit_codes.OK
        except Exception as error:
            log.exception("the panel could not go on")
            from archisync_gui.store import Store

            telling = asyncio.ensure_future(panel.show_failure(error, Store.backups_in(self.profile.folder)))
            stopping = asyncio.ensure_future(self.stop.wait())  # the session may end before it is read
            await asyncio.wait({telling, stopping}, return_when=asyncio.FIRST_COMPLETED)
            backup = telling.result() if telling.done() else None
            self.between = partial(put_back, self.profile, backup) if backup is not None else None
            for task in (telling, stopping):
                task.cancel()
            await asyncio.gather(telling, stopping, return_exceptions=True)
            return exit_codes.CONFIG
        return exit_codes.OK

    async def _until_over(self, core: Core | OfficeMember) -> None:
        """Until the operator quits. Raises ``SyncFailure`` when nothing can be read any more."""
        from archisync_gui.app.core import until_over

        await until_over(self.stop, core.broken)

    def move(self, work: Callable[[], Awaitable[tuple[str, str]]], doing: str) -> None:
        """End this life, do ``work`` on the closed profile, begin the next."""
        self.between, self.doing = work, doing
        self.stop.set()

    def put_back(self, backup: Path) -> None:
        """End this life; the next one has that backup."""
        self.between = partial(put_back, self.profile, backup)
        self.stop.set()

    def erase(self, customer: str, backups: bool) -> None:
        """End this life, erase the customer's data (``backups``: also the backups that hold them), begin the next."""
        self.between = partial(erase, self.profile, customer, backups)
        self.stop.set()


class NotOpened(Exception):
    """The operator quit while the panel was waiting for its office's server."""


@asynccontextmanager
async def opened(life: Life, panel: Panel) -> AsyncIterator[Core | OfficeMember]:
    """Core (or this computer's part in its office), drafts and endpoint, open; the panel has its services. What was
    opened is closed, however it ends."""
    for name in BEHIND:
        await asyncio.to_thread(import_module, name)
    from archisync_gui.app.office_access import OfficeAccess
    from archisync_gui.office.membership import membership
    from archisync_gui.ui.text.i18n import language as panel_language

    async with AsyncExitStack() as stack:
        joined = await asyncio.to_thread(membership, life.profile.folder)
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
        if joined is not None:  # before the endpoint answers: a page that the office has revoked is not let in
            await stack.enter_async_context(_shared_with_office(core, endpoint, panel))
        no_endpoint = await served(endpoint)
        updates = await asyncio.to_thread(_updates, core)  # may import cryptography and check a signature
        panel.set_services(
            services_of(
                core,
                endpoint,
                updates,
                leave=life.stop.set,
                crash=life.told,
                put_back=life.put_back,
                erase=life.erase,
            )
        )
        if joined is None:
            await _watches_brought_home(life.profile.folder, panel)
        troubles = [*core.troubles, *lost]
        told = [str(text(trouble.code, panel_language(), trouble.params)) for trouble in troubles]
        if no_endpoint:
            told.append(no_endpoint)
        if told:
            panel.context.say("\n".join(told), "bad")
        await stack.enter_async_context(_surroundings(core))
        updates.subscribe(lambda _news: _tell_of_version(panel, updates))
        await stack.enter_async_context(updates.at_work())
        yield core


@asynccontextmanager
async def _shared_with_office(core: Core | OfficeMember, endpoint: Endpoint, panel: Panel) -> AsyncIterator[None]:
    """Paired pages and watched records are those of the whole office while the panel is open."""
    from archisync_gui.app.core import Core
    from archisync_gui.app.joining import PAGES, WATCHES

    assert not isinstance(core, Core)
    pairing, watches = endpoint.pairing, panel.window.watches()
    watches.shared = True
    pages, watched = core.share(PAGES, pairing), core.share(WATCHES, watches)
    forget = pairing.subscribe(pages.changed_here)
    watches.changed.connect(watched.changed_here)
    try:
        yield
    finally:
        forget()
        watches.changed.disconnect(watched.changed_here)
        await pages.close()
        await watched.close()


async def _watches_brought_home(folder: Path, panel: Panel) -> None:
    """After leaving an office: watch what it watched."""
    from archisync_gui.office.membership import forget_watches, left_watches

    rows = await asyncio.to_thread(left_watches, folder)
    if rows is not None:
        panel.window.watches().bring_home(rows)
        await asyncio.to_thread(forget_watches, folder)


async def _opened_core(life: Life, panel: Panel, stack: AsyncExitStack) -> Core | OfficeMember:
    """The profile of a single computer."""
    from archisync_gui.app.core import Core

    core = await Core.open(life.profile, demo=life.demo, attended=True, second_start=panel.second_start)
    stack.push_async_callback(core.close)
    core.quit = life.stop.set
    return core


async def _opened_drafts(core: Core | OfficeMember, ran_before: bool, panel: Panel) -> tuple[Drafts, list[SyncFailure]]:
    from archisync_gui.app.core import Core

    if isinstance(core, Core):
        return await open_drafts(core, ran_before)
    from archisync_gui.app.office_panel import office_drafts

    lost: list[SyncFailure] = []
    return await office_drafts(core, lost, partial(panel.context.say, tone="warn")), lost


async def open_drafts(core: Core | OfficeMember, ran_before: bool) -> tuple[Drafts, list[SyncFailure]]:
    """The drafts, and what was wrong with their file. A damaged one is kept aside: it stops neither reads nor forms.

    ``ran_before``: the panel ran on this profile before, so that there must be a file."""
    from archisync_gui.drafts import Drafts
    from archisync_gui.drafts.drafts import FILE
    from archisync_gui.store import StoreError
    from archisync_gui.store.backups import restore

    folder, lost = core.profile.folder, []
    path = folder / FILE
    if ran_before and not path.exists():
        lost.append(SyncFailure("drafts-missing", FailureKind.PERMANENT, params={"path": str(path)}))
    try:
        return await Drafts.open(folder, clock=core.clock), lost
    except StoreError as error:
        if error.code != "damaged":
            raise
        log.exception("the drafts cannot be read")
    kept = await asyncio.to_thread(restore, path, None, core.clock.now())
    lost.append(SyncFailure("drafts-damaged", FailureKind.PERMANENT, params={"kept": str(kept)}))
    return await Drafts.open(folder, clock=core.clock), lost


@asynccontextmanager
async def _surroundings(core: Core | OfficeMember) -> AsyncIterator[None]:
    """The orchestrator hears of sleep and of the network."""
    from archisync_gui.app.core import Core
    from archisync_gui.ui.system.power_and_network import Surroundings

    around = Surroundings(needed=lambda: not core.erp_is_here)
    set_away = core.orchestrator.set_away if isinstance(core, Core) else core.set_away
    around.changed.connect(set_away)
    await around.connect_system()
    try:
        yield
    finally:
        around.changed.disconnect(set_away)
        await around.close()


def _updates(core: Core | OfficeMember) -> Updates:
    """Asks for newer versions while the setting is on; never in the demo."""
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


def _tell_of_version(panel: Panel, updates: Updates) -> None:
    """A notice in the window, once for each version; it leads to *About*."""
    from archisync_gui.ui.text.i18n import language as panel_language

    version = updates.untold()
    if version is None:
        return
    told = line("updates-available", panel_language(), {"version": version.name, "installed": __version__})
    show = text("about.open", panel_language()).what
    panel.context.say(told, "", show, partial(panel.context.open, "about"))
    panel.context.background.run(updates.told(version), "version-told")


log = logging.getLogger(__name__)

BEHIND = (
    "archisync_gui.app.core",
    "archisync_gui.app.data_care",
    "archisync_gui.drafts",
    "archisync_gui.endpoint.server",
    "archisync_gui.updates.watch",
)
"""What stands behind the window. Importing it takes half a second: in a thread, so that the window does not freeze."""


async def put_back(profile: Profile, wanted: Path | Literal["empty"]) -> tuple[str, str]:
    """Put a backup, or an empty file, in the archive's place, which no process has open now; what to say of it, and in
    what tone."""
    from archisync_gui.model import SystemClock
    from archisync_gui.store import Store
    from archisync_gui.ui.text.i18n import language

    backup = None if wanted == "empty" else wanted
    try:
        kept = await Store.restore(profile.folder, backup, clock=SystemClock())
    except SyncFailure as error:
        log.exception("%s could not be put back", wanted)
        return str(text(error.code, language(), error.params)), "bad"
    log.info("%s was put back; the archive before it is %s", wanted, kept)
    return str(text("backup-put-back" if backup is not None else "archive-emptied", language())), "ok"


async def erase(profile: Profile, customer: str, backups: bool) -> tuple[str, str]:
    """Erase one customer's data from the profile, which no process has open now; the notice for it and its tone."""
    from archisync_gui.app import data_care
    from archisync_gui.ui.text.i18n import language

    try:
        erased = await asyncio.to_thread(data_care.erase_customer, profile, customer, from_backups=backups)
    except SyncFailure as error:
        return str(text(error.code, language(), error.params)), "bad"
    except OSError as error:
        log.exception("a customer's data could not be erased")
        return str(text("data-erase-failed", language(), {"reason": error.strerror or str(error)})), "bad"
    log.info("a customer's data were erased")
    return data_care.erased_text(erased, language()), "bad" if erased.left else "ok"
