"""Puts together what works without a window: store, ERP driver, syncs, orchestrator, local channel, demo ERP.

The panel (``desktop``) and the command line use the same core; nothing here knows Qt.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from datetime import datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from archisync_gui.app import exit_codes
from archisync_gui.app.autostart import set_autostart
from archisync_gui.app.channel import ChannelServer
from archisync_gui.app.commands import serve
from archisync_gui.app.credentials import Credentials
from archisync_gui.app.demo import DEMO_ACCOUNT, DemoOptions
from archisync_gui.app.kept_sessions import KeptSessions
from archisync_gui.app.profile import Profile, ProfileLock
from archisync_gui.entities import ENTITIES
from archisync_gui.erp import IDLE, Erp
from archisync_gui.messages import text
from archisync_gui.model import Account, ErrorInfo, FailureKind, Origin, SyncFailure, SystemClock
from archisync_gui.orchestrator import OfficeHours, Orchestrator, Rules, Ticket
from archisync_gui.orchestrator.office_hours import closes
from archisync_gui.settings import Settings, SettingsError
from archisync_gui.store import Store
from archisync_gui.syncs import SyncRunner

if TYPE_CHECKING:
    from archisync_gui.demo_erp import DemoErp

log = logging.getLogger(__name__)

MAINTENANCE = 24 * 3600.0
"""Seconds between two clean-ups of old history."""


class Core:
    """One opened profile at work. Made by :meth:`open`; the caller holds the profile's lock."""

    def __init__(self, profile: Profile, settings: Settings, store: Store, credentials: Credentials) -> None:
        self.profile = profile
        self.settings = settings
        self.store = store
        self.credentials = credentials
        self.clock = SystemClock()
        self.second_start: Callable[[bool, str], None] = lambda hidden, place: None
        self.quit: Callable[[], None] | None = None
        """Ends the panel; ``None`` where the process is none, and ends when its command has."""
        """What a second start asks of this one: whether hidden, and what to open; the panel sets it."""
        self.demo_erp: DemoErp | None = None
        self.erp = Erp(
            address=lambda: self.demo_erp.base_url if self.demo_erp else self.settings.text("erp.url"),
            password=credentials.password,
            browser=lambda: self.settings.text("erp.browser"),
            open_until=self._office_closes,
            pinned_key=lambda: self.settings.text("erp.pinned_key"),
            screenshots=profile.screenshots,
            clock=self.clock,
            owed=None if profile.demo else profile.folder / "owed-views.json",
            entities=ENTITIES,
            # The demo ERP forgets its sessions when it ends, and it ends with us.
            memory=None if profile.demo else KeptSessions(profile, lifetime=IDLE),
        )
        self.syncs = SyncRunner(store, self.erp, ENTITIES)
        self.orchestrator: Orchestrator
        self._attended = False
        self._stack = AsyncExitStack()

    @classmethod
    async def open(
        cls,
        profile: Profile,
        *,
        demo: DemoOptions | None,
        password: str | None = None,
        attended: bool,
        reads: bool = True,
    ) -> Core:
        """Open the profile whose lock the caller holds.

        ``attended``: a panel looks on, so the schedule runs and reads can be pre-empted. ``reads`` False: nothing will
        be asked of the ERP (``status``), so no demo ERP is started. ``password``: one for every account (command line).
        Raises ``SyncFailure`` when the data cannot be opened (its code has a text) and ``SettingsError``.
        """
        settings = Settings.load(profile.settings_file)
        demo_erp = demo.erp() if demo is not None and reads else None
        passwords = dict(demo_erp.accounts) if demo_erp is not None else {}
        async with AsyncExitStack() as stack:
            store = await Store.open(profile.folder, ENTITIES, clock=SystemClock())
            stack.push_async_callback(store.close)
            core = cls(profile, settings, store, Credentials(profile, passwords, password))
            if demo_erp is not None:
                await demo_erp.start()
                stack.push_async_callback(demo_erp.stop)
                core.demo_erp = demo_erp
            stack.push_async_callback(core.erp.close)
            stack.push_async_callback(core.syncs.close)
            core._attended = attended
            core.orchestrator = Orchestrator(
                [entity.spec for entity in ENTITIES],
                core.syncs,
                core._accounts(),
                store.journal,
                clock=core.clock,
                rules=core._rules(),
                preemptible=attended,
            )
            core._tell_schedule(before=None)
            await core.orchestrator.start()
            channel = ChannelServer(profile, core._serve)
            await channel.start()
            stack.push_async_callback(channel.stop)
            if attended:
                housekeeping = asyncio.ensure_future(core._keep_house())
                stack.push_async_callback(_cancelled, housekeeping)
            core._stack = stack.pop_all()
        return core

    @property
    def erp_is_here(self) -> bool:
        """True when the ERP is on this computer, so that it is reached without a network."""
        host = urlsplit(self.settings.text("erp.url")).hostname or ""
        return self.demo_erp is not None or host == "localhost" or host.startswith("127.") or host == "::1"

    async def close(self, deadline: float = 10.0) -> None:
        """Stop everything in the order of the law: no new requests, the run ends; then browser, demo ERP, store."""
        try:
            await self.orchestrator.close(deadline)
        finally:
            await self._stack.aclose()

    async def _serve(self, name: str, args: dict[str, Any], emit: Callable[[dict[str, Any]], None]) -> tuple[int, Any]:
        return await serve(self, name, args, emit)

    async def _keep_house(self) -> None:
        while True:
            try:
                await self.store.maintain(self.profile.screenshots)
            except SyncFailure as error:
                log.warning("old history could not be removed: %s", error)
            # Whether a day has passed is seen by the store itself; a timer that is early or late does no harm.
            await asyncio.sleep(MAINTENANCE)

    # ------------------------------------------------------------------------------------------------ settings

    async def apply_settings(self, changes: Mapping[str, object]) -> None:
        """Check, save and put into effect, without a restart.

        Raises ``SettingsError``, or ``SyncFailure`` when the system refuses to start us at login; then nothing changed.
        """
        before, changed = self.settings, self.settings.with_(changes)
        _check_zone(changed)
        if before["look.autostart"] != changed["look.autostart"]:
            await asyncio.to_thread(set_autostart, self.profile, changed.flag("look.autostart"))
        await asyncio.to_thread(changed.save, self.profile.settings_file)
        self.settings = changed
        self.orchestrator.set_rules(self._rules())
        self._tell_schedule(before)
        accounts = ("erp.accounts", "erp.catalogue_account")
        if any(before[key] != changed[key] for key in accounts):
            self.orchestrator.set_accounts(self._accounts())
        if any(before[key] != changed[key] for key in ("erp.url", "erp.browser", "erp.pinned_key")):
            await self._start_anew(everywhere=before["erp.url"] != changed["erp.url"])

    async def _start_anew(self, *, everywhere: bool) -> None:
        """Sessions of before are forgotten. ``everywhere``: it is another ERP, where refused credentials may be good;
        else only what a certificate had stopped goes on."""
        stopped = {account.id: account.stopped for account in self.orchestrator.get_status().accounts}
        for account in self._accounts():
            await self.erp.forget(account.id)
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
            key = f"sync.{entity.name}.interval"
            if key in self.settings and (before is None or before[key] != self.settings[key]):
                self.orchestrator.set_schedule(entity.name, self.settings.number(key) or None)

    async def set_interval(self, sync_type: str, minutes: int | None) -> None:
        """Change one type's interval (``None`` = off) and keep it."""
        await self.apply_settings({f"sync.{sync_type}.interval": minutes or 0})

    def expect_form(self) -> None:
        """An order form is being loaded: its read is to find a browser that runs."""
        status = self.orchestrator.get_status()
        account = next((account for account in status.accounts if account.enabled), None)
        if account is not None and account.stopped is None and status.hold_since is None:
            self.erp.warm_up(account.id)

    # ------------------------------------------------------------------------------------------------ operator

    async def set_password(self, account: str, password: str, *, file: bool = False) -> bool:
        """Keep a password and let the account log in again. False: kept in memory only (no keyring)."""
        kept = await self.credentials.keep(account, password, file=file)
        await self.erp.forget(account)
        self.orchestrator.credentials_changed(account)
        return kept

    async def has_password(self, account: str) -> bool:
        """True when a password is known for the account."""
        try:
            await self.credentials.password(account)
        except SyncFailure:
            return False
        return True

    async def test_login(self, account: str, password: str | None) -> None:
        """Really log in once, with ``password`` or the stored one; raises ``SyncFailure`` as a login does.

        It counts in the day's budget; where the ERP refuses the stored password, no run tries it again.
        """
        stored = password is None
        tried = password if password is not None else await self.credentials.password(account)
        try:
            await self.syncs.login_test(account, tried, lambda: self.orchestrator.logged_in(account))
        except SyncFailure as error:
            if stored:
                self.login_failed(account, error)
            raise

    def login_failed(self, account: str, error: SyncFailure) -> None:
        """A login with the stored password, outside a run, ended so."""
        if error.kind is FailureKind.CREDENTIALS:
            self.orchestrator.login_refused(account, ErrorInfo(error.code, error.kind, str(error), error.params))

    async def accept_read(self, run_id: str) -> None:
        """Apply a refused read that the operator accepts (only a shrink), after a backup."""
        await self.store.accept_read(run_id)
        await self._tell_ages(run_id)

    async def rekey(self, run_id: str) -> None:
        """Give the stored rows the ERP's new numbers, after a backup."""
        await self.store.rekey(run_id)
        await self._tell_ages(run_id)

    async def clear_and_read(self, sync_type: str, account: str) -> Ticket:
        """Remove the stored rows of a type (backup first) and read them again. Refused while that type is read."""
        current = self.orchestrator.get_status().current_run
        if current is not None and current.type == sync_type:
            raise SyncFailure("clear-while-running", FailureKind.PERMANENT, params={"type": sync_type})
        await self.store.clear(sync_type, account)
        self.orchestrator.rows_changed(sync_type, account, last_success=None, new_as_of=None, all_as_of=None)
        return self.orchestrator.request_sync(sync_type, account or None, origin=Origin.OPERATOR)

    async def _tell_ages(self, run_id: str) -> None:
        run = await self.store.run(run_id)
        if run is None:
            return
        ages = await self.store.ages(run.type, run.account)
        self.orchestrator.rows_changed(
            run.type,
            run.account,
            last_success=ages.last_success,
            new_as_of=ages.new_as_of,
            all_as_of=ages.all_as_of,
        )


def _check_zone(settings: Settings) -> None:
    try:
        ZoneInfo(settings.text("sync.timezone"))
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise SettingsError("sync.timezone", "setting-zone") from error


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


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
