"""The core: opens store, ERP driver, syncs, orchestrator, local channel and demo ERP, which need no window and no Qt.

The panel (``desktop``) and the command line use the same core.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar
from urllib.parse import urlsplit

from archisync_gui import zone
from archisync_gui.app.actions import ACTION, OperatorActions
from archisync_gui.app.autostart import set_autostart
from archisync_gui.app.backing_up import back_up
from archisync_gui.app.channel import ChannelServer, Emit
from archisync_gui.app.commands import SecondStart, raised, serve
from archisync_gui.app.credentials import Credentials
from archisync_gui.app.demo import DemoOptions
from archisync_gui.app.event_log import event_logger
from archisync_gui.app.folder_watch import folder_watch
from archisync_gui.app.kept_sessions import KeptSessions
from archisync_gui.app.memory import give_back
from archisync_gui.app.orchestrator_settings import accounts_of, rules_of
from archisync_gui.app.profile import Profile, ProfileError, ProfileIdentity
from archisync_gui.app.profile_folder import LOCK
from archisync_gui.entities import ENTITIES
from archisync_gui.entities.declaration import Entity
from archisync_gui.erp import IDLE, Erp
from archisync_gui.messages import LANGUAGES, system_language
from archisync_gui.model import (
    Clock,
    FailureKind,
    Finished,
    RunControl,
    Suspended,
    SyncFailure,
    SystemClock,
)
from archisync_gui.office.membership import refuse_member
from archisync_gui.orchestrator import Orchestrator
from archisync_gui.orchestrator.office_hours import closes
from archisync_gui.settings import LoadedSettings, Settings, SettingsError, interval_key, open_settings
from archisync_gui.store import Store, StoreError
from archisync_gui.store.store import FILE
from archisync_gui.syncs import SyncRunner

if TYPE_CHECKING:
    from archisync_gui.demo_erp import DemoErp

log = logging.getLogger(__name__)

LOOK = 3600.0
"""Seconds between two checks whether a new day has begun, for maintenance and backup. Timers stop while the computer
sleeps, so a timer for a whole day would be late."""

BACKUP_AFTER = 600.0
"""Seconds from the start to the first backup, since other work is more urgent."""

OPENED_AFTER = 5.0
"""Seconds from the start until free memory is returned to the system."""

T = TypeVar("T")


Changes: TypeAlias = Mapping[str, object] | Callable[[Settings], Mapping[str, object]]
"""Keys and new values; or a function that makes them from the present settings (to add an account, for example)."""


async def save_settings(profile: Profile, before: Settings, changed: Settings) -> None:
    """Save the settings' file and set the start at login, both or neither. Raises ``SyncFailure``
    ``settings-not-saved``, and the errors of :func:`set_autostart`."""
    autostart = changed.flag("look.autostart")
    switched = before.flag("look.autostart") != autostart
    if switched:
        await asyncio.to_thread(set_autostart, profile, autostart)
    try:
        await asyncio.to_thread(changed.save, profile.settings_file)
    except OSError as error:
        if switched:
            await asyncio.to_thread(set_autostart, profile, not autostart)
        reason = {"reason": error.strerror or str(error), "folder": str(profile.folder)}
        raise SyncFailure("settings-not-saved", FailureKind.PERMANENT, params=reason) from error


async def until_over(stop: asyncio.Event, broken: asyncio.Future[SyncFailure]) -> None:
    """Wait until the operator quits (``stop``). Raises the result of ``broken`` when nothing can be read any more."""
    stopping = asyncio.ensure_future(stop.wait())
    waits: set[asyncio.Future[Any]] = {stopping, broken}
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        if not stopping.done():
            raise broken.result()
    finally:
        stopping.cancel()


class Core(OperatorActions):
    """The core of an open profile. Made by :meth:`open`; the caller holds the profile's lock."""

    def __init__(
        self, profile: Profile, loaded: LoadedSettings, store: Store, credentials: Credentials, clock: Clock
    ) -> None:
        self.profile = profile
        self.settings = loaded.settings
        zone.use(self.settings.text("sync.timezone"))
        self.troubles: tuple[SettingsError | SyncFailure, ...] = loaded.troubles
        """Errors of the settings' file and the archive at this start; each has a text."""
        if store.is_new and self.settings.flag("look.first_run_done"):
            self.troubles += (SyncFailure("archive-new", FailureKind.PERMANENT, params={"path": str(store.path)}),)
        super().__init__(store, credentials)
        self.clock = clock
        self.memory_error: Exception | None = None
        """Why the journal could not be read at this start, so that all reads are held; ``None``: it was read."""
        self.quit: Callable[[], None] | None = None
        """Ends the panel; ``None`` in a process without panel, which ends with its command."""
        self.demo_erp: DemoErp | None = None
        self.erp = Erp(
            address=lambda: self.demo_erp.base_url if self.demo_erp else self.settings.text("erp.url"),
            password=credentials.password,
            browser=lambda: self.settings.text("erp.browser"),
            open_until=self._office_closes,
            pinned_key=lambda: self.settings.text("erp.pinned_key"),
            screenshots=profile.screenshots,
            clock=self.clock,
            saved_views=None if profile.demo else profile.folder / "saved-views.json",
            ways=None if profile.demo else profile.folder / "reading-ways.json",
            entities=ENTITIES,
            # The demo ERP loses its sessions when it ends with this process.
            memory=None if profile.demo else KeptSessions(profile, lifetime=IDLE),
        )
        self.syncs = SyncRunner(store, self.erp, ENTITIES)
        self.broken: asyncio.Future[SyncFailure] = asyncio.get_running_loop().create_future()
        """Done with the reason when nothing may be read any more (the folder was removed). Panel and commands end
        then."""
        self._identity = ProfileIdentity.of(profile)
        self._attended = False
        self._stack = AsyncExitStack()
        self._deadline = 10.0
        self._closed = asyncio.Event()

    @classmethod
    async def open(
        cls,
        profile: Profile,
        *,
        demo: DemoOptions | None,
        password: str | None = None,
        attended: bool,
        reads: bool = True,
        second_start: SecondStart | None = None,
        clock: Clock | None = None,
        open_store: Callable[[], Awaitable[Store]] | None = None,
        credentials: Credentials | None = None,
        channel: bool = True,
    ) -> Core:
        """Open the profile whose lock the caller holds.

        ``attended``: a panel is open, so that the schedule runs and reads can be pre-empted. ``reads`` False: the ERP
        is not used (``status``), so no demo ERP is started. ``password``: for all accounts (command line).
        ``second_start``: handles a second start of the program; ``None``: there is no window. ``clock``, ``open_store``
        and ``credentials``: those of an office, for the member that leads it; without ``open_store`` the profile of a
        member is refused (``office-profile``). ``channel`` False: the caller answers other processes of this profile
        itself. On an error everything that was opened is closed. Raises ``SyncFailure`` if the data cannot be opened
        (its code has a text), ``SettingsError``.
        """
        if open_store is None:
            await asyncio.to_thread(refuse_member, profile.folder)
        clock = clock or SystemClock()
        demo_erp = demo.erp() if demo is not None and reads else None
        passwords = dict(demo_erp.accounts) if demo_erp is not None else {}
        async with AsyncExitStack() as stack:
            # First, so that a second start of the program is answered at once; other calls wait until all is open.
            ready: asyncio.Future[Core] = asyncio.get_running_loop().create_future()
            stack.callback(ready.cancel)

            async def answer(name: str, args: dict[str, Any], emit: Emit) -> tuple[int, Any]:
                if name == "raise":
                    return raised(second_start, args)
                core = await asyncio.shield(ready)
                return await core.serve(name, args, emit)

            if channel:
                serving = ChannelServer(profile, answer)
                stack.push_async_callback(serving.stop)
                await serving.start()
            loaded = await asyncio.to_thread(open_settings, profile.settings_file)
            store = await (open_store() if open_store else Store.open(profile.folder, ENTITIES, clock=clock))
            stack.push_async_callback(store.close)
            core = cls(profile, loaded, store, credentials or Credentials(profile, passwords, password), clock)
            if demo_erp is not None:
                stack.push_async_callback(demo_erp.stop)
                await demo_erp.start()
                core.demo_erp = demo_erp
            stack.push_async_callback(core.erp.close)
            stack.push_async_callback(core.syncs.close)
            stack.push_async_callback(core._end_later)
            core._attended = attended
            core.orchestrator = Orchestrator(
                [replace(entity.spec, interval=core._interval(entity)) for entity in ENTITIES],
                core._run,
                accounts_of(core.settings, demo=profile.demo),
                store.journal,
                clock=core.clock,
                rules=rules_of(core.settings, attended=core._attended, demo=profile.demo),
                preemptible=attended,
                close_browser=core.erp.close_browser,
            )
            stack.push_async_callback(core._close_orchestrator)
            core.orchestrator.subscribe(event_logger(core.language))
            core.memory_error = await core.orchestrator.start()
            core._start_later(core._watch_folder())
            core._start_later(core.credentials.forget_left())
            if attended:
                core._start_later(core._maintain())
                core._start_later(core._give_memory_back(OPENED_AFTER))
            core._stack = stack.pop_all()
            ready.set_result(core)
        return core

    async def _close_orchestrator(self) -> None:
        await self.orchestrator.close(self._deadline)

    @property
    def erp_is_here(self) -> bool:
        """Whether the ERP is on this computer, so that no network is needed."""
        host = urlsplit(self.settings.text("erp.url")).hostname or ""
        return self.demo_erp is not None or host == "localhost" or host.startswith("127.") or host == "::1"

    async def close(self, deadline: float = 10.0) -> None:
        """Close everything: first the orchestrator with its run, then browser, demo ERP and store.

        An operator's action that runs is finished before, if that takes no longer than ``deadline`` seconds.
        """
        if self._closing:
            await self._closed.wait()
            return
        self._closing, self._deadline = True, deadline
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(deadline), self._acting:
                    pass
            await self._stack.aclose()
        finally:
            self.broken.cancel()
            self._closed.set()

    async def serve(self, name: str, args: dict[str, Any], emit: Emit) -> tuple[int, Any]:
        """Run one command for another process of this profile; see :func:`commands.serve`."""
        if self._closing:
            raise SyncFailure("request-closing", FailureKind.PERMANENT)
        return await serve(self, name, args, emit)

    # ------------------------------------------------------------------------------------------------ background

    async def _maintain(self) -> None:
        """Once on each day of the clock: remove old history; and make a backup unless there is one of the day."""
        cleaned: date | None = None
        pause = BACKUP_AFTER
        while True:
            today = self.clock.now().astimezone(UTC).date()
            if cleaned != today:
                try:
                    accounts = [account.id for account in accounts_of(self.settings, demo=self.profile.demo)]
                    await self.store.maintain(self.profile.screenshots, accounts)
                    cleaned = today
                except Exception as error:  # whatever it is: later clean-ups and backups must go on
                    log.warning("old history could not be removed: %r", error)
            await asyncio.sleep(pause)
            pause = LOOK
            if not self.profile.demo:
                await back_up(self.store, self.orchestrator, self.clock)

    async def _give_memory_back(self, after: float = 0.0) -> None:
        await asyncio.sleep(after)
        await asyncio.to_thread(give_back)

    async def _watch_folder(self) -> None:
        with folder_watch(self.profile.folder, LOCK, FILE) as changed:
            while await self._folder_is_there():
                await changed()
        self.orchestrator.cancel_run()  # ``_run`` refuses all later ones

    def _look_at_place(self) -> None:
        try:
            self.store.require_place()
        finally:
            self._identity.check()  # if the whole folder was removed, this error replaces the store's

    async def _folder_is_there(self) -> bool:
        try:
            await asyncio.to_thread(self._look_at_place)
        except (ProfileError, StoreError) as error:
            if not self.broken.done():
                log.error("nothing is read any more: %s", error)
                self.broken.set_result(error)
            return False
        return True

    # ------------------------------------------------------------------------------------------------ runs

    async def _run(self, control: RunControl) -> Finished | Suspended:
        """Execute a run, while no operator's action changes its list; the profile's folder is checked before and
        after."""
        run = control.run
        place = run.type, self.store.account_of(run.type, run.account)
        with control.long_step(ACTION):
            async with self._list_locks[place]:
                self._read_by[place] = run.id
        try:
            await self._require_folder()
            done = await self.syncs(control)
            with suppress(asyncio.CancelledError):  # too late: the read was stored
                await self._require_folder()
            return done
        finally:
            if self._read_by.get(place) == run.id:
                del self._read_by[place]
            if self._attended and not self._closing:
                self._start_later(self._give_memory_back())

    async def _require_folder(self) -> None:
        if not await self._folder_is_there():
            raise self.broken.result()

    # ------------------------------------------------------------------------------------------------ settings

    async def apply_settings(self, changes: Changes) -> None:
        """Check, save and use changed settings, without a restart.

        Raises ``SettingsError``, or ``SyncFailure`` if they cannot be saved or the system refuses the start at login;
        then nothing is changed.
        """
        await self._act(self._apply_settings(changes))

    async def _apply_settings(self, changes: Changes) -> None:
        before = self.settings
        changed = before.with_(changes(before) if callable(changes) else changes)
        await save_settings(self.profile, before, changed)
        self.settings = changed
        zone.use(changed.text("sync.timezone"))
        self.orchestrator.set_rules(rules_of(self.settings, attended=self._attended, demo=self.profile.demo))
        self._set_schedule(before)
        if any(before[key] != changed[key] for key in ("erp.accounts", "erp.catalogue_account")):
            self.orchestrator.set_accounts(accounts_of(self.settings, demo=self.profile.demo))
        if any(before[key] != changed[key] for key in ("erp.url", "erp.browser", "erp.pinned_key")):
            self._reset_sessions(everywhere=before["erp.url"] != changed["erp.url"])
        for account in set(before.words("erp.accounts")) - set(changed.words("erp.accounts")):
            # In the background, since it waits for the end of a run. The password is removed at once, since a close
            # would cancel background work.
            self._start_later(self.erp.forget(account))
        await self.credentials.forget_removed(before, changed)

    def _reset_sessions(self, *, everywhere: bool) -> None:
        """Discard the ERP sessions. ``everywhere``: enable all stopped accounts, since it is another ERP; else only
        those that were stopped because of a certificate."""
        stopped = {account.id: account.stopped for account in self.orchestrator.get_status().accounts}
        for account in accounts_of(self.settings, demo=self.profile.demo):
            self._start_later(self.erp.forget(account.id))
            error = stopped.get(account.id)
            if everywhere or (error is not None and error.code.startswith("certificate-")):
                self.orchestrator.credentials_changed(account.id)

    def _office_closes(self) -> datetime | None:
        """Until when the list that serves order forms may stay open in the browser: the end of the present office
        hours; ``None`` outside of them."""
        rules = rules_of(self.settings, attended=self._attended, demo=self.profile.demo)
        return closes(self.clock.now(), rules.office, rules.zone)

    def _set_schedule(self, before: Settings) -> None:
        for entity in ENTITIES:
            key = interval_key(entity.name)
            if before[key] != self.settings[key]:
                self.orchestrator.set_schedule(entity.name, self._interval(entity))

    def _interval(self, entity: Entity) -> int | None:
        return self.settings.number(interval_key(entity.name)) or None

    async def set_intervals(self, minutes: Mapping[str, int | None]) -> None:
        """Change and save the intervals of the named types (``None`` = off), all or none."""
        await self.apply_settings({interval_key(name): value or 0 for name, value in minutes.items()})

    def expect_form(self) -> None:
        """An order form is being loaded: start the browser for its read."""
        status = self.orchestrator.get_status()
        account = next((account for account in status.accounts if account.enabled), None)
        if account is not None and account.stopped is None and status.hold_since is None:
            self.erp.warm_up(account.id)

    def language(self) -> str:
        """The operator's language: ``it`` or ``en``."""
        chosen = self.settings.text("look.language")
        return chosen if chosen in LANGUAGES else system_language()
