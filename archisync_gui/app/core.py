"""Puts together what works without a window: store, ERP driver, syncs, orchestrator, local channel, demo ERP.

The panel (``desktop``) and the command line use the same core; nothing here knows Qt.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from contextvars import Context
from datetime import datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar
from urllib.parse import urlsplit

from archisync_gui import zone
from archisync_gui.app import exit_codes
from archisync_gui.app.autostart import set_autostart
from archisync_gui.app.channel import ChannelServer, Emit
from archisync_gui.app.commands import serve
from archisync_gui.app.credentials import Credentials, NoPassword
from archisync_gui.app.demo import DEMO_ACCOUNT, DemoOptions
from archisync_gui.app.event_log import event_logger
from archisync_gui.app.kept_sessions import KeptSessions
from archisync_gui.app.profile import Profile, ProfileError, ProfileIdentity, ProfileLock
from archisync_gui.entities import ENTITIES
from archisync_gui.erp import IDLE, Erp
from archisync_gui.messages import LANGUAGES, system_language, text
from archisync_gui.model import (
    Account,
    Clock,
    ErrorInfo,
    FailureKind,
    Finished,
    Origin,
    RunControl,
    Suspended,
    SyncFailure,
    SystemClock,
)
from archisync_gui.office.membership import refuse_member
from archisync_gui.orchestrator import OfficeHours, Orchestrator, Rules, Ticket
from archisync_gui.orchestrator.office_hours import closes
from archisync_gui.settings import LoadedSettings, Settings, SettingsError, interval_key, open_settings
from archisync_gui.store import Store
from archisync_gui.syncs import SyncRunner

if TYPE_CHECKING:
    from archisync_gui.demo_erp import DemoErp

log = logging.getLogger(__name__)

MAINTENANCE = 24 * 3600.0
"""Seconds between two clean-ups of old history."""

BACKUP_AFTER = 600.0
"""Seconds from a clean-up, also the one at the start, to the day's backup: the start has more urgent work."""

FOLDER_CHECK = 5.0
"""Seconds between two looks whether the profile's folder is still the one that was opened."""

T = TypeVar("T")


Changes: TypeAlias = Mapping[str, object] | Callable[[Settings], Mapping[str, object]]
"""Settings and their new values; or a function of the settings in use, for what depends on them (add an account)."""


async def save_settings(profile: Profile, before: Settings, changed: Settings) -> None:
    """Start at login and file, both or neither. Raises ``SyncFailure`` ``settings-not-saved``, and what
    :func:`set_autostart` raises."""
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
    """Wait until the operator quits (``stop``). Raises what ``broken`` says when nothing can be read any more."""
    stopping = asyncio.ensure_future(stop.wait())
    waits: set[asyncio.Future[Any]] = {stopping, broken}
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        if not stopping.done():
            raise broken.result()
    finally:
        stopping.cancel()


def _no_window(hidden: bool, place: str) -> None:
    """No panel is there to be raised."""


class Core:
    """One opened profile at work. Made by :meth:`open`; the caller holds the profile's lock."""

    def __init__(
        self, profile: Profile, loaded: LoadedSettings, store: Store, credentials: Credentials, clock: Clock
    ) -> None:
        self.profile = profile
        self.settings = loaded.settings
        zone.use(self.settings.text("sync.timezone"))
        self.troubles: tuple[SettingsError | SyncFailure, ...] = loaded.troubles
        """What of settings file and archive could not be used at this start; each has a text."""
        if store.is_new and self.settings.flag("look.first_run_done"):
            missing = SyncFailure("archive-new", FailureKind.PERMANENT, params={"path": str(store.path)})
            self.troubles = (*self.troubles, missing)
        self.store = store
        self.credentials = credentials
        self.clock = clock
        self.second_start: Callable[[bool, str], None] = _no_window
        """What a second start asks of this one: whether hidden, and what to open; the panel sets it."""
        self.quit: Callable[[], None] | None = None
        """Ends the panel; ``None`` in a process that is none, which ends when its command has."""
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
            # The demo ERP forgets its sessions when it ends, and it ends with us.
            memory=None if profile.demo else KeptSessions(profile, lifetime=IDLE),
        )
        self.syncs = SyncRunner(store, self.erp, ENTITIES)
        self.orchestrator: Orchestrator
        self.broken: asyncio.Future[SyncFailure] = asyncio.get_running_loop().create_future()
        """Done when nothing may be read any more (the folder is gone): why. Panel and commands end then."""
        self._identity = ProfileIdentity.of(profile)
        self._attended = False
        self._stack = AsyncExitStack()
        self._deadline = 10.0
        self._closing = False
        self._closed = asyncio.Event()
        self._acting = asyncio.Lock()
        """Held by one action of the operator at a time: what it has looked at stays so until it has acted."""
        self._later: set[asyncio.Task[object]] = set()
        """Background work; cancelled when the core closes."""
        self._lists: defaultdict[tuple[str, str], asyncio.Lock] = defaultdict(asyncio.Lock)
        """Held by an action of the operator that changes the rows of that list and account."""
        self._reading: dict[tuple[str, str], str] = {}
        """The run that reads that list and account."""

    @classmethod
    async def open(
        cls,
        profile: Profile,
        *,
        demo: DemoOptions | None,
        password: str | None = None,
        attended: bool,
        reads: bool = True,
        second_start: Callable[[bool, str], None] = _no_window,
        clock: Clock | None = None,
        open_store: Callable[[], Awaitable[Store]] | None = None,
        channel: bool = True,
    ) -> Core:
        """Open the profile whose lock the caller holds.

        ``attended``: a panel looks on, so the schedule runs and reads can be pre-empted. ``reads`` False: nothing will
        be asked of the ERP (``status``), so no demo ERP is started. ``password``: one for every account (command line).
        ``second_start``: see the attribute. ``clock`` and ``open_store``: those of an office, for the member that leads
        it; without them the profile of a member is refused (``office-profile``). ``channel`` False: the caller answers
        other processes of this profile itself. Whatever was opened is closed again
        when a later part fails. Raises ``SyncFailure`` when the data cannot be opened (its code has a text) and
        ``SettingsError``.
        """
        if open_store is None:
            await asyncio.to_thread(refuse_member, profile.folder)
        clock = clock or SystemClock()
        demo_erp = demo.erp() if demo is not None and reads else None
        passwords = dict(demo_erp.accounts) if demo_erp is not None else {}
        async with AsyncExitStack() as stack:
            # First of all, so that a second start in these seconds is heard: its calls wait until all is open.
            ready: asyncio.Future[Core] = asyncio.get_running_loop().create_future()
            stack.callback(ready.cancel)

            async def answer(name: str, args: dict[str, Any], emit: Emit) -> tuple[int, Any]:
                if name == "raise" and second_start is not _no_window:
                    second_start(bool(args.get("hidden")), str(args.get("open") or ""))
                    return exit_codes.OK, None
                core = await asyncio.shield(ready)
                return await core.serve(name, args, emit)

            if channel:
                serving = ChannelServer(profile, answer)
                stack.push_async_callback(serving.stop)
                await serving.start()
            loaded = await asyncio.to_thread(open_settings, profile.settings_file)
            store = await (open_store() if open_store else Store.open(profile.folder, ENTITIES, clock=clock))
            stack.push_async_callback(store.close)
            core = cls(profile, loaded, store, Credentials(profile, passwords, password), clock)
            core.second_start = second_start
            if demo_erp is not None:
                stack.push_async_callback(demo_erp.stop)
                await demo_erp.start()
                core.demo_erp = demo_erp
            stack.push_async_callback(core.erp.close)
            stack.push_async_callback(core.syncs.close)
            stack.push_async_callback(core._end_later)
            core._attended = attended
            core.orchestrator = Orchestrator(
                [entity.spec for entity in ENTITIES],
                core._run,
                core._accounts(),
                store.journal,
                clock=core.clock,
                rules=core._rules(),
                preemptible=attended,
                close_browser=core.erp.close_browser,
            )
            core._tell_schedule(before=None)
            stack.push_async_callback(core._close_orchestrator)
            core.orchestrator.subscribe(event_logger(core.language))
            await core.orchestrator.start()
            core._start_later(core._watch_folder())
            if attended:
                core._start_later(core._keep_house())
            core._stack = stack.pop_all()
            ready.set_result(core)
        return core

    async def _close_orchestrator(self) -> None:
        await self.orchestrator.close(self._deadline)

    @property
    def erp_is_here(self) -> bool:
        """True when the ERP is on this computer, so that it is reached without a network."""
        host = urlsplit(self.settings.text("erp.url")).hostname or ""
        return self.demo_erp is not None or host == "localhost" or host.startswith("127.") or host == "::1"

    async def close(self, deadline: float = 10.0) -> None:
        """Stop everything in the order of the law: no new requests, the run ends; then browser, demo ERP, store.

        An action of the operator that is under way is finished first, if it takes no longer than ``deadline`` seconds.
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
        if self._closing:
            raise SyncFailure("request-closing", FailureKind.PERMANENT)
        return await serve(self, name, args, emit)

    # ------------------------------------------------------------------------------------------------ background

    def _start_later(self, work: Coroutine[Any, Any, object]) -> None:
        # In a separate context: it outlives the action that started it.
        task = asyncio.get_running_loop().create_task(work, context=Context())
        self._later.add(task)
        task.add_done_callback(self._later_done)

    def _later_done(self, task: asyncio.Task[object]) -> None:
        self._later.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("background work failed", exc_info=error)

    async def _end_later(self) -> None:
        while self._later:
            for task in self._later:
                task.cancel()
            await asyncio.wait(self._later)

    async def _keep_house(self) -> None:
        while True:
            try:
                await self.store.maintain(self.profile.screenshots)
            except (SyncFailure, OSError) as error:
                log.warning("old history could not be removed: %s", error)
            await asyncio.sleep(BACKUP_AFTER)
            if not self.profile.demo:
                try:
                    await self.store.daily_backup()
                except SyncFailure as error:
                    log.warning("the daily backup could not be made: %s", error)
            # Whether a day has passed is seen by the store itself; a timer that is early or late does no harm.
            await asyncio.sleep(MAINTENANCE - BACKUP_AFTER)

    async def _watch_folder(self) -> None:
        while await self._folder_is_there():  # noqa: ASYNC110  not all systems report it by an event
            await asyncio.sleep(FOLDER_CHECK)
        self.orchestrator.cancel_run()  # every later one is refused in ``_run``

    async def _folder_is_there(self) -> bool:
        try:
            await asyncio.to_thread(self._identity.check)
        except ProfileError as error:
            if not self.broken.done():
                log.error("nothing is read any more: %s", error)
                self.broken.set_result(error)
            return False
        return True

    # ------------------------------------------------------------------------------------------------ runs

    async def _run(self, control: RunControl) -> Finished | Suspended:
        """One run, while nothing else changes its list; before and after it the profile's folder must be there."""
        run = control.run
        place = run.type, self.store.account_of(run.type, run.account)
        async with self._lists[place]:
            self._reading[place] = run.id
        try:
            await self._require_folder()
            done = await self.syncs(control)
            await self._require_folder()
            return done
        finally:
            if self._reading.get(place) == run.id:
                del self._reading[place]

    async def _require_folder(self) -> None:
        if not await self._folder_is_there():
            raise self.broken.result()

    @asynccontextmanager
    async def _list_at_rest(self, sync_type: str, account: str) -> AsyncIterator[None]:
        """No run of that list begins inside. Raises ``SyncFailure`` ``clear-while-running`` while one is at work. One
        that was abandoned counts no more: it may never end (rule 26)."""
        place = sync_type, self.store.account_of(sync_type, account)
        lock = self._lists[place]
        abandoned = {run.id for run in self.orchestrator.get_status().abandoned}
        if lock.locked() or self._reading.get(place, "") not in {"", *abandoned}:
            raise SyncFailure("clear-while-running", FailureKind.PERMANENT, params={"type": sync_type})
        async with lock:
            yield

    # ------------------------------------------------------------------------------------------------ settings

    async def _act(self, work: Coroutine[Any, Any, T]) -> T:
        """An action of the operator: one at a time, and to its end even if the caller is cancelled.

        Raises ``SyncFailure`` ``request-closing`` once the core is being closed.
        """

        async def alone() -> T:
            async with self._acting:
                if self._closing:
                    work.close()
                    raise SyncFailure("request-closing", FailureKind.PERMANENT)
                return await work

        task = asyncio.ensure_future(alone())
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(_log_failure)
            raise

    async def apply_settings(self, changes: Changes) -> None:
        """Check, save and put into effect, without a restart.

        Raises ``SettingsError``, or ``SyncFailure`` when they cannot be saved or when the system refuses to start us at
        login; then nothing changed.
        """
        await self._act(self._apply_settings(changes))

    async def _apply_settings(self, changes: Changes) -> None:
        before = self.settings
        changed = before.with_(changes(before) if callable(changes) else changes)
        await save_settings(self.profile, before, changed)
        self.settings = changed
        zone.use(changed.text("sync.timezone"))
        self.orchestrator.set_rules(self._rules())
        self._tell_schedule(before)
        if any(before[key] != changed[key] for key in ("erp.accounts", "erp.catalogue_account")):
            self.orchestrator.set_accounts(self._accounts())
        if any(before[key] != changed[key] for key in ("erp.url", "erp.browser", "erp.pinned_key")):
            self._start_anew(everywhere=before["erp.url"] != changed["erp.url"])
        for account in set(before.words("erp.accounts")) - set(changed.words("erp.accounts")):
            # The session waits for the end of a run that is at work; the password must not, or a close would keep it.
            self._start_later(self.erp.forget(account))
            await self._forget_password(account)

    async def _forget_password(self, account: str) -> None:
        """A removed account leaves no password."""
        try:
            await self.credentials.forget(account)
        except (NoPassword, OSError) as error:
            log.warning("the password of a removed account is still kept: %s", error)

    def _start_anew(self, *, everywhere: bool) -> None:
        """Sessions of before are forgotten. ``everywhere``: it is another ERP, where refused credentials may be good;
        else only what a certificate had stopped goes on."""
        stopped = {account.id: account.stopped for account in self.orchestrator.get_status().accounts}
        for account in self._accounts():
            self._start_later(self.erp.forget(account.id))
            error = stopped.get(account.id)
            if everywhere or (error is not None and error.code.startswith("certificate-")):
                self.orchestrator.credentials_changed(account.id)

    def _accounts(self) -> list[Account]:
        names = (DEMO_ACCOUNT,) if self.profile.demo else self.settings.words("erp.accounts")
        catalogue = self.settings.text("erp.catalogue_account") or (names[0] if names else "")
        return [Account(name, catalogue=name == catalogue) for name in names]

    def _rules(self) -> Rules:
        settings = self.settings
        hours = settings.flag("sync.office_hours") and not self.profile.demo
        office = OfficeHours(
            start=time.fromisoformat(settings.text("sync.office_from")),
            end=time.fromisoformat(settings.text("sync.office_to")),
            days=frozenset(int(day) - 1 for day in settings.text("sync.office_days")),
        )
        return Rules(
            schedule=self._attended,
            zone=settings.text("sync.timezone"),
            office=office if hours else None,
            daily_full=time.fromisoformat(settings.text("sync.daily_time")) if settings.flag("sync.daily") else None,
            quiet=settings.number("session.quiet") * 60.0,
            lease=settings.number("session.lease") * 60.0,
            shared_read=float(settings.number("session.shared_read")),
            login_budget=settings.number("erp.login_budget"),
        )

    def _office_closes(self) -> datetime | None:
        """Until when the list that serves order forms may stay open."""
        rules = self._rules()
        return closes(self.clock.now(), rules.office, rules.zone)

    def _tell_schedule(self, before: Settings | None) -> None:
        for entity in ENTITIES:
            key = interval_key(entity.name)
            if before is None or before[key] != self.settings[key]:
                self.orchestrator.set_schedule(entity.name, self.settings.number(key) or None)

    async def set_intervals(self, minutes: Mapping[str, int | None]) -> None:
        """Change the intervals of some types (``None`` = off) and keep them, all or none."""
        await self.apply_settings({interval_key(name): value or 0 for name, value in minutes.items()})

    def expect_form(self) -> None:
        """An order form is being loaded: its read is to find a browser that runs."""
        status = self.orchestrator.get_status()
        account = next((account for account in status.accounts if account.enabled), None)
        if account is not None and account.stopped is None and status.hold_since is None:
            self.erp.warm_up(account.id)

    def language(self) -> str:
        """The operator's language: ``it`` or ``en``."""
        chosen = self.settings.text("look.language")
        return chosen if chosen in LANGUAGES else system_language()

    # ------------------------------------------------------------------------------------------------ operator

    async def set_password(self, account: str, password: str) -> bool:
        """Use a password from now on, keep it, and let the account log in again. False: kept in memory only (no
        keyring). Raises ``SyncFailure`` and ``OSError`` when it could not be kept; it is used all the same."""
        return await self._act(self._set_password(account, password))

    async def _set_password(self, account: str, password: str) -> bool:
        try:
            return await self.credentials.keep(account, password)
        finally:
            # Not waited for: it comes before the next read, but after the one at work, which may take minutes.
            self._start_later(self.erp.forget(account))
            self.orchestrator.credentials_changed(account)

    async def keep_in_file(self, account: str) -> None:
        """Keep the account's password in the private file, because there is no keyring. Raises ``SyncFailure`` and
        ``OSError``."""
        await self._act(self.credentials.keep_in_file(account))

    async def test_login(self, account: str, password: str | None) -> None:
        """Really log in once, with ``password`` or the stored one; raises ``SyncFailure`` as a login does.

        It counts in the day's budget; where the ERP refuses the stored password, no run tries it again.
        """
        tried = password if password is not None else await self.credentials.password(account)
        try:
            await self.syncs.login_test(account, tried, lambda: self.orchestrator.logged_in(account))
        except SyncFailure as error:
            if password is None and await self._is_password(account, tried):
                self.login_failed(account, error)
            raise

    async def _is_password(self, account: str, tried: str) -> bool:
        """Whether ``tried`` is still the account's password: another one may have been given during a login."""
        try:
            return await self.credentials.password(account) == tried
        except SyncFailure:
            return False

    def login_failed(self, account: str, error: SyncFailure) -> None:
        """A login with the stored password, outside a run, ended so."""
        if error.kind is FailureKind.CREDENTIALS:
            self.orchestrator.login_refused(account, ErrorInfo.of(error))

    async def accept_read(self, run_id: str) -> None:
        """Apply a refused read that the operator accepts (only a shrink), after a backup. Refused while that list is
        read."""
        await self._act(self._change_rows(run_id, self.store.accept_read))

    async def rekey(self, run_id: str) -> None:
        """Give the stored rows the ERP's new numbers, after a backup. Refused while that list is read."""
        await self._act(self._change_rows(run_id, self.store.rekey))

    async def _change_rows(self, run_id: str, change: Callable[[str], Awaitable[object]]) -> None:
        run = await self.store.run(run_id)
        if run is None:
            await change(run_id)  # the store says what is wrong with it
            return
        async with self._list_at_rest(run.type, run.account):
            await change(run_id)
            await self._tell_ages(run.type, run.account)

    async def clear_and_read(self, sync_type: str, account: str) -> Ticket:
        """Remove the stored rows of a type (backup first) and read them again. Refused while that list is read."""
        return await self._act(self._clear_and_read(sync_type, account))

    async def _clear_and_read(self, sync_type: str, account: str) -> Ticket:
        async with self._list_at_rest(sync_type, account):
            await self.store.clear(sync_type, account)
            self.orchestrator.rows_changed(sync_type, account, last_success=None, new_as_of=None, all_as_of=None)
        return self.orchestrator.request_sync(sync_type, account or None, origin=Origin.OPERATOR)

    async def _tell_ages(self, sync_type: str, account: str) -> None:
        ages = await self.store.ages(sync_type, account)
        self.orchestrator.rows_changed(
            sync_type,
            account,
            last_success=ages.last_success,
            new_as_of=ages.new_as_of,
            all_as_of=ages.all_as_of,
            doubtful=ages.doubtful,
        )


def _log_failure(task: asyncio.Task[Any]) -> None:
    """What went wrong in an action whose caller is gone."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.warning("an action failed: %s", error)


async def look_at_erp(profile: Profile, demo: DemoOptions | None, *, conformance: str | None, language: str) -> int:
    """``doctor --erp``: log in once and look at each uncertain fact, reading only. ``conformance``: also the slower
    questions, and a report without contents in that file (``-``: in the profile's folder).
    0: all as expected; 69: something differs; 75: another process holds the profile; 78: nothing to look at.
    """
    lock = ProfileLock(profile)
    if not lock.acquire():
        # Two processes on one account would end each other's lists.
        print(text("doctor-busy", language, {"name": profile.name, "pid": lock.holder() or "?"}))
        return exit_codes.BUSY
    try:
        core = await Core.open(profile, demo=demo, attended=False)
    except SyncFailure as error:
        print(text(error.code, language, error.params))
        return exit_codes.CONFIG
    else:
        try:
            return await _look_at_erp(core, conformance=conformance, language=language)
        finally:
            await core.close()
    finally:
        lock.release()


async def _look_at_erp(core: Core, *, conformance: str | None, language: str) -> int:
    from archisync_gui.erp.conformance import doctor

    accounts = core.orchestrator.get_status().accounts
    if not accounts:
        print(text("no-account", language))
        return exit_codes.CONFIG
    account = accounts[0]
    if account.stopped is not None:
        # Credentials that were refused are not tried again, least of all by a program that only looks.
        print(text(account.stopped.code, language, account.stopped.params))
        return exit_codes.CREDENTIALS
    file = None
    if conformance is not None:
        usual = core.profile.folder / "conformance.json"
        file = usual if conformance == "-" else Path(conformance)
    try:
        good = await doctor(
            core.erp,
            account.id,
            ENTITIES,
            language=language,
            conformance=conformance is not None,
            save_to=file,
            logged_in=lambda: core.orchestrator.logged_in(account.id),
            keys={entity.name: (await core.store.known(entity.name, account.id)).keys for entity in ENTITIES},
        )
    except SyncFailure as error:
        core.login_failed(account.id, error)
        print(text(error.code, language, error.params))
        return exit_codes.CREDENTIALS if error.kind is FailureKind.CREDENTIALS else exit_codes.UNAVAILABLE
    if file is not None:
        print(text("conformance-saved", language, {"file": file}))
    return exit_codes.OK if good else exit_codes.UNAVAILABLE
