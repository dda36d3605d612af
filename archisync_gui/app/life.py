"""One life of the panel, from opening the profile to closing it, and the work between two lives."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from archisync_gui.app import exit_codes
from archisync_gui.app.profile import Profile
from archisync_gui.messages import text
from archisync_gui.model import SyncFailure

if TYPE_CHECKING:
    from archisync_gui.app.core import Core
    from archisync_gui.app.demo import DemoOptions
    from archisync_gui.app.member import OfficeMember
    from archisync_gui.ui.shell.panel import Panel

    Opened = Callable[["Life", Panel], AbstractAsyncContextManager[Core | OfficeMember]]


log = logging.getLogger(__name__)


@dataclass
class Life:
    """One life of the panel, from opening the profile to closing it."""

    profile: Profile
    demo: DemoOptions | None
    quit: asyncio.Event
    """The program is to end: with this life, or after the work that follows it."""
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
    stop: asyncio.Event = field(init=False, default_factory=asyncio.Event)
    """This life is to end; :attr:`between` says whether another one follows."""
    ran_before: bool = field(init=False)
    """The panel ran on this profile before: its window was kept. Looked at before the panel is made, which keeps it."""

    def __post_init__(self) -> None:
        from archisync_gui.ui.shell.window import MEMORY

        self.ran_before = (self.profile.folder / MEMORY).exists()

    async def lived(self, panel: Panel, opened: Opened) -> int:
        """Live until the panel is quit, with the parts that ``opened`` opens. Exit code."""
        quitting = asyncio.ensure_future(self.quit.wait())
        quitting.add_done_callback(lambda _done: self.stop.set())
        try:
            return await self._lived(panel, opened)
        finally:
            quitting.cancel()

    async def _lived(self, panel: Panel, opened: Opened) -> int:
        try:
            async with opened(self, panel) as core:
                if self.said[0]:
                    panel.context.say(*self.said)
                if self.place:
                    panel.open_place(self.place)
                from archisync_gui.app.panel_services import offer_tasks

                offer_tasks(panel, self.profile)
                await self._until_over(core)
                panel.closing()
        except NotOpened:
            return exit_codes.OK
        except Exception as error:
            log.exception("the panel could not go on")
            if self.between is not None:  # confirmed, and the profile is closed: the failure of a part stops no work
                return exit_codes.CONFIG
            telling = asyncio.ensure_future(self._told_of(error, panel))
            stopping = asyncio.ensure_future(self.stop.wait())  # the session may end before it is read
            await asyncio.wait({telling, stopping}, return_when=asyncio.FIRST_COMPLETED)
            backup = telling.result() if telling.done() else None
            self.between = partial(put_back, self.profile, backup) if backup is not None else None
            for task in (telling, stopping):
                task.cancel()
            await asyncio.gather(telling, stopping, return_exceptions=True)
            return exit_codes.CONFIG
        return exit_codes.OK

    async def _told_of(self, error: Exception, panel: Panel) -> Path | Literal["empty"] | None:
        """Tell the operator why this life is none, and what the work before it said; what to put in the archive's
        place."""
        from archisync_gui.store import backups
        from archisync_gui.store.errors import LOST
        from archisync_gui.store.store import FILE

        backup = None
        if getattr(error, "code", None) in LOST:
            backup = await asyncio.to_thread(backups.offered, self.profile.folder / FILE)
        return await panel.show_failure(error, backup, self.said[0])

    async def _until_over(self, core: Core | OfficeMember) -> None:
        """Until the operator quits. Raises ``SyncFailure`` when nothing can be read any more."""
        from archisync_gui.app.core import until_over

        await until_over(self.stop, core.broken)

    def second_start(self, panel: Panel, hidden: bool, place: str) -> bool:
        """Have the panel do what a second start of the program asks for; ``False``: no window is left for it, since
        the program ends."""
        if self.quit.is_set() or (self.stop.is_set() and self.between is None):
            return False
        panel.second_start(hidden, place)
        return True

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


async def put_back(profile: Profile, wanted: Path | Literal["empty"]) -> tuple[str, str]:
    """Put a backup, or an empty file, in the archive's place, which no process has open now; what to say of it, and in
    what tone."""
    from archisync_gui.model import SystemClock
    from archisync_gui.store import Store
    from archisync_gui.ui.live.context import problem
    from archisync_gui.ui.text.i18n import language

    backup = None if wanted == "empty" else wanted
    try:
        done = await Store.restore(profile.folder, backup, clock=SystemClock())
    except Exception as error:  # the next life says it, whatever it is
        log.exception("%s could not be put back", wanted)
        return problem(error), "bad"
    log.info("%s was put back; the archive before it is %s", wanted, done.kept)
    said = [text("backup-put-back" if backup is not None else "archive-emptied", language())]
    if not done.decisions_known:
        said.append(text("restored-on-hold", language()))
    return "\n".join(map(str, said)), "ok" if done.decisions_known else "warn"


async def erase(profile: Profile, customer: str, backups: bool) -> tuple[str, str]:
    """Erase one customer's data from the profile, which no process has open now; the notice for it and its tone."""
    from archisync_gui.app import data_care
    from archisync_gui.ui.text.i18n import language

    try:
        erased = await asyncio.to_thread(data_care.erase_customer, profile, customer, from_backups=backups)
    except SyncFailure as error:
        return str(text(error.code, language(), error.params)), "bad"
    except Exception as error:
        log.exception("a customer's data could not be erased")
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return str(text("data-erase-failed", language(), {"reason": reason})), "bad"
    log.info("a customer's data were erased")
    return data_care.erased_text(erased, language()), "bad" if erased.left or erased.unread else "ok"
