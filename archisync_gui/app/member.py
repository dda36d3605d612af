"""A member of an office on this computer, with a panel or without: it leads or follows another leader.

Panel, endpoint and local commands use :attr:`OfficeMember.orchestrator`, which sends calls to the leader, whichever
computer that is. The parts that read the ERP (``Core``) are open only while this computer leads.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING, Any

from archisync_gui import zone
from archisync_gui.app.commands import status_json
from archisync_gui.app.core import Changes, Core, save_settings
from archisync_gui.app.credentials import Credentials
from archisync_gui.app.demo import DEMO_ACCOUNT
from archisync_gui.app.folder_watch import folder_watch
from archisync_gui.app.given_password import in_environment
from archisync_gui.app.joining import is_shared, setting_as_json, this_member, usable_settings
from archisync_gui.app.leading import allow_known, require_memory, serve_member, unfit_for
from archisync_gui.app.letting_go import let_go
from archisync_gui.app.member_actions import MemberActions
from archisync_gui.app.profile import Profile, ProfileError, ProfileIdentity
from archisync_gui.app.profile_folder import LOCK
from archisync_gui.entities import ENTITIES
from archisync_gui.model import Json, Reason, SyncFailure, as_json
from archisync_gui.office.clock import OfficeClock
from archisync_gui.office.desk import Asked, Desk, Emit
from archisync_gui.office.leadership import YIELD, Leadership, Term
from archisync_gui.office.line import Line
from archisync_gui.office.membership import Membership
from archisync_gui.office.news import News
from archisync_gui.office.remote import RemoteOrchestrator
from archisync_gui.office.served import Served
from archisync_gui.office.shared_rows import OwnRows, SharedRows
from archisync_gui.office.shared_settings import SharedSetting, change_shared, is_behind, read_from
from archisync_gui.settings import Settings, SettingsError, interval_key
from archisync_gui.store import Store, StoreError
from archisync_gui.store.migrate import HEAD
from archisync_gui.store.postgres import Postgres
from archisync_gui.store.postgres_server import Server

if TYPE_CHECKING:
    from archisync_gui.app.demo import DemoOptions

log = logging.getLogger(__name__)

ADOPT_AGAIN = 60.0
"""Seconds between two attempts to save the office's settings on this computer."""
FIRST_STATUS = 5.0
"""Seconds to wait for the office's first status when the member is opened."""
Say = Callable[..., object]
"""Called with a text's code and its parameters."""


class OfficeMember(MemberActions):
    """An open member; made by :func:`taking_part`. Has those members of ``Core`` that panel and endpoint use."""

    def __init__(
        self,
        profile: Profile,
        demo: DemoOptions | None,
        membership: Membership,
        server: Server,
        clock: OfficeClock,
        settings: Settings,
        store: Store,
        say: Say,
    ) -> None:
        self.profile, self.server, self.clock, self.store = profile, server, clock, store
        self.troubles: tuple[SettingsError | SyncFailure, ...] = ()
        self.core: Core | None = None
        """Open while this computer leads."""
        self.credentials = Credentials(profile, {}, in_environment())
        self.broken: asyncio.Future[SyncFailure] = asyncio.get_running_loop().create_future()
        """Done with the reason when the member cannot go on (its folder was removed)."""
        self.only_reads = StoreError("office-newer", path=str(server)) if store.is_newer else None
        """Why this member must not write to the office (its tables are of a later version); ``None``: it may."""
        self._demo, self._show = demo, say
        self._settings = settings
        zone.use(settings.text("sync.timezone"))
        me = this_member(profile)
        accounts = (DEMO_ACCOUNT,) if profile.demo else settings.words("erp.accounts")
        self.orchestrator = RemoteOrchestrator(
            [entity.spec for entity in ENTITIES], clock, member=me.id, accounts=accounts
        )
        self.line = Line(server, me.id, self._heard)
        self.line.barred = self.only_reads
        self._computer = me.name
        self._shared: dict[str, SharedSetting] = {}
        """The office's settings as received last."""
        self._rows: list[SharedRows] = []
        self._adopting: set[asyncio.Task[None]] = set()
        self._adoptions = 0
        """Number of the last task that adopts settings of the office."""
        self._turn = asyncio.Event()
        self._turn.set()
        loop = asyncio.get_running_loop()
        self._leadership = Leadership(
            server,
            me,
            changed=lambda epoch: loop.call_soon_threadsafe(self._turn.set),
            clock=clock,
            may_lead=membership.may_lead,
            ask=loop.call_soon_threadsafe,
            hung=lambda: self.core and self.core.erp.kill_browser(for_good=True),
        )
        self._away: Reason | None = None
        self._ending = asyncio.Event()
        self._work: list[asyncio.Task[None]] = []
        self._acting = asyncio.Lock()

    async def begin(self) -> None:
        """Follow the leader, and try to become it."""
        shared = await asyncio.to_thread(read_from, self.server)
        none = not any(map(is_shared, shared))
        if none and self.only_reads is None and (self.settings.text("erp.url") or self.profile.demo):
            first = {key: setting_as_json(self.settings[key]) for key in self.settings if is_shared(key)}
            with suppress(StoreError):  # another member has set them meanwhile
                await asyncio.to_thread(change_shared, self.server, self._computer, first, {})
            shared = await asyncio.to_thread(read_from, self.server)
        await self._adopt(shared)  # before this member leads
        self.orchestrator.use(self.line)
        self.line.start()
        if self.only_reads is None:
            self._leadership.start()
        self._work = [asyncio.create_task(self._alternate()), asyncio.create_task(self._watch_folder())]
        with suppress(TimeoutError):
            async with asyncio.timeout(FIRST_STATUS):
                await self.orchestrator.first.wait()

    async def close(self) -> None:
        """Give up the leadership and close everything."""
        for rows in self._rows:
            await rows.close()
        self._ending.set()
        self._turn.set()
        if self._work:
            alternate, watch = self._work
            watch.cancel()
            await asyncio.gather(alternate, watch, return_exceptions=True)
            await asyncio.to_thread(self._leadership.stop)
        await self.orchestrator.close()
        if self._work:
            await self.line.stop()
        while self._adopting:  # not cancelled: they may write a file
            await asyncio.wait(self._adopting)
        self.broken.cancel()

    # ------------------------------------------------------------------------------------------------ leading

    async def _alternate(self) -> None:
        """Lead while this member has the leadership, wait while another one has."""
        while not self._ending.is_set():
            self._turn.clear()
            epoch = self._leadership.epoch
            if epoch is None:
                self._say("office-follows", path=str(self.server))
                await self._turn.wait()
                continue
            try:
                with self._leadership.in_use():
                    await self._lead(epoch)
            except (SyncFailure, SettingsError) as error:
                log.warning("this member cannot lead: %s", error)
                self._say(error.code, **error.params)
                self._leadership.abstain(epoch, unfit_for(error))
            except Exception as error:
                log.exception("this member cannot lead")
                self._leadership.abstain(epoch, unfit_for(error))

    def _say(self, code: str, **params: object) -> None:
        try:
            self._show(code, **params)
        except OSError as error:  # the output was closed: this member goes on without it
            log.warning("%s could not be shown: %s", code, error)

    async def _lead(self, epoch: int) -> None:
        """Lead with that epoch until it has ended or the program ends."""
        self._say("office-leads", path=str(self.server), epoch=epoch)
        leadership = self._leadership
        database = Postgres(self.server, fence=Term(leadership, epoch))
        async with AsyncExitStack() as stack:

            async def open_store() -> Store:
                return await Store.join(database, self.profile.folder, ENTITIES, clock=self.clock, upgrade=False)

            core = await Core.open(
                self.profile,
                demo=self._demo,
                password=in_environment(),
                attended=True,
                clock=self.clock,
                open_store=open_store,
                # Without a keyring passwords are in memory only: keep them when this leadership ends.
                credentials=None if self.profile.demo else self.credentials,
                channel=False,
            )

            def is_over() -> bool:
                return leadership.epoch != epoch

            def kill() -> bool:
                return core.erp.kill_browser(for_good=True)

            async def close() -> None:
                self.core = None
                closing = core.close(YIELD if is_over() else 10.0)
                await let_go(closing, kill, is_over=is_over, break_off=database.break_off)

            stack.push_async_callback(close)
            require_memory(core)
            core.orchestrator.set_away(self._away)
            await allow_known(core)
            self.core = core
            self._settings = core.settings
            self._adopt_later(self._shared)  # they may have changed since Core has read the file
            served = Served(core.orchestrator)

            async def handler(asked: Asked, emit: Emit) -> tuple[int, Any]:
                return await serve_member(core, served, asked, emit)

            def status() -> Any:
                return status_json(served.status())

            desk = Desk(self.server, epoch, handler, status, lost=leadership.lost, present=served.present)
            stack.callback(core.orchestrator.subscribe(lambda event: desk.changed(as_json(served.event(event)))))
            desk.start()

            async def stop_desk() -> None:
                await let_go(desk.stop(), kill, is_over=is_over, break_off=desk.break_off)

            stack.push_async_callback(stop_desk)
            broken = asyncio.ensure_future(asyncio.shield(core.broken))
            broken.add_done_callback(self._core_broken)
            stack.callback(broken.cancel)
            while not is_over() and not self._ending.is_set():
                await self._turn.wait()
                self._turn.clear()
            if is_over():  # close the browser first, without waiting for a server that may not answer
                desk.break_off()
                await close()

    def _core_broken(self, future: asyncio.Future[SyncFailure]) -> None:
        if not future.cancelled() and not self.broken.done():
            self.broken.set_result(future.result())

    async def _watch_folder(self) -> None:
        identity = ProfileIdentity.of(self.profile)
        with folder_watch(self.profile.folder, LOCK) as changed:
            while True:
                try:
                    await asyncio.to_thread(identity.check)
                except ProfileError as error:
                    log.error("this computer takes part no more: %s", error)
                    if not self.broken.done():
                        self.broken.set_result(error)
                    return
                await changed()

    def set_away(self, reason: Reason | None) -> None:
        """This computer has no network or is about to sleep (``None``: neither); has an effect while it leads."""
        self._away = reason
        if self.core is not None:
            self.core.orchestrator.set_away(reason)

    # ------------------------------------------------------------------------------------------------ settings

    def _heard(self, news: News) -> None:
        if news.schema not in (None, HEAD) and self.only_reads is None:  # another computer has migrated the tables
            self.only_reads = self.line.barred = StoreError("office-newer", path=str(self.server))
            self._leadership.lead_no_more()
            self.orchestrator.refused(self.only_reads)
        if news.settings is not None and news.settings != self._shared:
            self._adopt_later(news.settings)
        self.orchestrator.heard(news)

    def _adopt_later(self, shared: Mapping[str, SharedSetting]) -> None:
        self._adoptions += 1
        task = asyncio.get_running_loop().create_task(self._adopt_at_last(shared, self._adoptions))
        self._adopting.add(task)
        task.add_done_callback(self._adopting.discard)

    async def _adopt_at_last(self, shared: Mapping[str, SharedSetting], number: int) -> None:
        """Use the office's settings; on an error (a full disk) try again until it succeeds or newer settings come. The
        line reports them only once, and a leader would continue to read with the old ones."""
        while True:
            try:
                await self._adopt(shared)
            except Exception as error:
                log.error("the office's settings could not be used here: %s", error)
            else:
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(ADOPT_AGAIN):
                    await self._ending.wait()
            if self._ending.is_set() or number != self._adoptions:  # a newer task does it
                return
            shared = self._shared

    async def _adopt(self, shared: Mapping[str, SharedSetting]) -> None:
        """Use the office's settings here, and save them in this computer's file. Settings that were read before a
        change made here are read again: they would undo it, and remove a new account with its password."""
        async with self._acting:
            if is_behind(shared, self._shared):
                shared = await asyncio.to_thread(read_from, self.server)
            self._set_shared(shared)
            values = usable_settings(self.settings, shared)
            if any(setting_as_json(self.settings[key]) != value for key, value in values.items()):
                await self._apply(values)

    def _set_shared(self, shared: Mapping[str, SharedSetting]) -> None:
        self._shared = dict(shared)
        for rows in self._rows:
            rows.heard(shared)

    def share(self, prefix: str, own: OwnRows) -> SharedRows:
        """Share rows with the office until :meth:`close`. The caller has to call ``changed_here`` of the returned
        object when the rows have changed on this computer."""

        async def change(
            changes: Mapping[str, Json], known: Mapping[str, SharedSetting]
        ) -> Mapping[str, SharedSetting]:
            if self.only_reads is not None:
                raise self.only_reads
            return await asyncio.to_thread(change_shared, self.server, self._computer, changes, known)

        rows = SharedRows(prefix, own, change=change, read=lambda: asyncio.to_thread(read_from, self.server))
        self._rows.append(rows)
        rows.heard(self._shared)
        return rows

    async def apply_settings(self, changes: Changes) -> None:
        """As :meth:`Core.apply_settings`; shared settings (:func:`is_shared`) are changed for the whole office.

        Raises :class:`StoreError`, with ``office-setting-conflict`` if another computer has changed one meanwhile, and
        the errors of :meth:`Core.apply_settings`; then neither the settings here nor the office's are changed.
        """
        task = asyncio.get_running_loop().create_task(self._change(changes))
        self._adopting.add(task)
        task.add_done_callback(self._adopting.discard)
        await asyncio.shield(task)  # also if the caller is cancelled, both places must be changed together

    async def _change(self, changes: Changes) -> None:
        async with self._acting:
            before = self.settings
            changed = before.with_(changes(before) if callable(changes) else changes)
            values = {key: changed[key] for key in changed if changed[key] != before[key]}
            shared = {key: setting_as_json(value) for key, value in values.items() if is_shared(key)}
            if not shared:
                await self._apply(values)
                return
            if self.only_reads is not None:
                raise self.only_reads
            loop = asyncio.get_running_loop()
            applied = False

            async def apply() -> None:
                nonlocal applied
                await self._apply(values)
                applied = True

            def before_commit() -> None:
                asyncio.run_coroutine_threadsafe(apply(), loop).result()

            try:
                after = await asyncio.to_thread(
                    change_shared, self.server, self._computer, shared, self._shared, before_commit=before_commit
                )
            except Exception:
                # The connection was lost before the commit was confirmed. If it was done, the news will contain it.
                if applied:
                    await self._apply({key: before[key] for key in values})
                raise
            self._set_shared(after)
            self._adopt_later(after)  # including what other computers have changed since the last news

    async def _apply(self, changes: Mapping[str, object]) -> None:
        """Save and use changed settings on this computer."""
        before = self.settings
        if self.core is not None:
            await self.core.apply_settings(changes)
            self._settings = self.core.settings
        else:
            await save_settings(self.profile, before, before.with_(changes))
            self._settings = before.with_(changes)
            zone.use(self._settings.text("sync.timezone"))
        await self.credentials.forget_removed(before, self._settings)

    async def set_intervals(self, minutes: Mapping[str, int | None]) -> None:
        """As :meth:`Core.set_intervals`."""
        await self.apply_settings({interval_key(name): value or 0 for name, value in minutes.items()})

    @property
    def erp_is_here(self) -> bool:
        """True if this computer leads and the ERP is on it; see :attr:`Core.erp_is_here`."""
        return self.core is not None and self.core.erp_is_here
