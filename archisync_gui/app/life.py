"""A *life* of the panel: from opening the profile to closing it; and the work on the closed profile between two
lives."""

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
    from archisync_gui.store.personal import Holding
    from archisync_gui.ui.shell.panel import Panel

    Opened = Callable[["Life", Panel], AbstractAsyncContextManager[Core | OfficeMember]]


log = logging.getLogger(__name__)


@dataclass
class Life:
    """One life of the panel, from opening the profile to closing it."""

    profile: Profile
    demo: DemoOptions | None
    quit: asyncio.Event
    """Set when the program has to end: with this life, or after the work that follows it."""
    crash_report: str = ""
    """The report about a crash of the last process, see ``CrashWatch``; empty: none."""
    place: str = ""
    """What to open in the panel."""
    notice: tuple[str, str] = ("", "")
    """A message to show, and its tone."""
    between: Callable[[], Awaitable[tuple[str, str]]] | None = None
    """Work on the closed profile, done while the next window is shown, before the profile is opened again. It returns
    the next life's :attr:`notice`."""
    doing: str = ""
    """The message to show during that work."""
    stop: asyncio.Event = field(init=False, default_factory=asyncio.Event)
    """Set when this life has to end; if there is :attr:`between`, another one follows."""
    ran_before: bool = field(init=False)
    """The panel ran on this profile before: the file of the window's state exists. Checked before the panel creates
    it."""

    def __post_init__(self) -> None:
        from archisync_gui.ui.shell.window import MEMORY

        self.ran_before = (self.profile.folder / MEMORY).exists()

    async def lived(self, panel: Panel, opened: Opened) -> int:
        """Run until the panel is quit, with the parts that ``opened`` opens. Returns the exit code."""
        quitting = asyncio.ensure_future(self.quit.wait())
        quitting.add_done_callback(lambda _done: self.stop.set())
        try:
            return await self._lived(panel, opened)
        finally:
            quitting.cancel()

    async def _lived(self, panel: Panel, opened: Opened) -> int:
        try:
            async with opened(self, panel) as core:
                if self.notice[0]:
                    panel.context.say(*self.notice)
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
            if self.between is not None:  # the work was confirmed and the profile is closed: it is done all the same
                return exit_codes.CONFIG
            async with self.answers(panel):
                backup = await self._decided(error, panel)
            self.between = partial(put_back, self.profile, backup) if backup is not None else None
            return exit_codes.CONFIG
        return exit_codes.OK

    async def _decided(self, error: Exception, panel: Panel) -> Path | Literal["empty"] | None:
        """Show the failure until the operator has answered or the program ends; returns what shall replace the archive,
        if the operator wants that."""
        telling = asyncio.ensure_future(self._show_failure(error, panel))
        stopping = asyncio.ensure_future(self.stop.wait())  # the user's session may end before an answer
        await asyncio.wait({telling, stopping}, return_when=asyncio.FIRST_COMPLETED)
        backup = telling.result() if telling.done() else None
        for task in (telling, stopping):
            task.cancel()
        await asyncio.gather(telling, stopping, return_exceptions=True)
        return backup

    async def _show_failure(self, error: Exception, panel: Panel) -> Path | Literal["empty"] | None:
        """Show the operator why the profile cannot be opened, and :attr:`notice`; returns what shall replace the
        archive, if the operator wants that."""
        from archisync_gui.store import backups
        from archisync_gui.store.errors import LOST
        from archisync_gui.store.store import FILE

        backup = None
        if getattr(error, "code", None) in LOST:
            backup = await asyncio.to_thread(backups.offered, self.profile.folder / FILE)
        return await panel.show_failure(error, backup, self.notice[0])

    async def _until_over(self, core: Core | OfficeMember) -> None:
        """Wait until the operator quits. Raises ``SyncFailure`` when nothing can be read any more."""
        from archisync_gui.app.core import until_over

        await until_over(self.stop, core.broken)

    def second_start(self, panel: Panel, hidden: bool, place: str) -> bool:
        """Handle a second start of the program: show the window and open a place. False: the program ends, so that
        there is no window."""
        if self.quit.is_set() or (self.stop.is_set() and self.between is None):
            return False
        panel.second_start(hidden, place)
        return True

    def answers(self, panel: Panel) -> AbstractAsyncContextManager[None]:
        """Other processes are answered while no part is open: a second start of the program brings this window to the
        front; what that start is to open is opened by the next life."""
        from archisync_gui.app.answering import answering

        def second_start(hidden: bool, place: str) -> bool:
            self.place = place or self.place
            return self.second_start(panel, hidden, "")

        return answering(self.profile, second_start, self.quit.set)

    def move(self, work: Callable[[], Awaitable[tuple[str, str]]], doing: str) -> None:
        """End this life, do ``work`` on the closed profile, begin the next life."""
        self.between, self.doing = work, doing
        self.stop.set()

    def put_back(self, backup: Path) -> None:
        """End this life, replace the archive by that backup, begin the next life."""
        self.between = partial(put_back, self.profile, backup)
        self.stop.set()

    def erase(self, customer: Holding, backups: bool) -> None:
        """End this life, erase the customer's data (``backups``: also the backups that contain them), begin the
        next."""
        self.between = partial(erase, self.profile, customer, backups)
        self.stop.set()


class NotOpened(Exception):
    """The operator quit while the panel was waiting for its office's server."""


async def put_back(profile: Profile, wanted: Path | Literal["empty"]) -> tuple[str, str]:
    """Replace the archive, which is not open now, by a backup or an empty file; returns the message and its tone."""
    from archisync_gui.model import SystemClock
    from archisync_gui.store import Store
    from archisync_gui.ui.live.context import problem
    from archisync_gui.ui.text.i18n import language

    backup = None if wanted == "empty" else wanted
    try:
        done = await Store.restore(profile.folder, backup, clock=SystemClock())
    except Exception as error:  # shown by the next life
        log.exception("%s could not be put back", wanted)
        return problem(error), "bad"
    log.info("%s was put back; the archive before it is %s", wanted, done.kept)
    sentences = [text("backup-put-back" if backup is not None else "archive-emptied", language())]
    if not done.decisions_known:
        sentences.append(text("restored-on-hold", language()))
    return "\n".join(map(str, sentences)), "ok" if done.decisions_known else "warn"


async def erase(profile: Profile, customer: Holding, backups: bool) -> tuple[str, str]:
    """Erase one customer's data from the profile, which is not open now; returns the message and its tone."""
    from archisync_gui.app import data_care
    from archisync_gui.ui.text.i18n import language

    def work() -> data_care.Erased:
        data_care.prepare(profile)
        return data_care.erase_customer(profile, customer.asked, customer.key, from_backups=backups)

    try:
        erased = await asyncio.to_thread(work)
    except SyncFailure as error:
        return str(text(error.code, language(), error.params)), "bad"
    except Exception as error:
        log.exception("a customer's data could not be erased")
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return str(text("data-erase-failed", language(), {"reason": reason})), "bad"
    log.info("a customer's data were erased")
    return data_care.erased_text(erased, language()), "bad" if erased.left or erased.unread else "ok"
