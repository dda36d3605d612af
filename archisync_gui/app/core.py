"""Puts together what works without a window: store, ERP driver, syncs, orchestrator, local channel, demo ERP.

The panel (``desktop``) and the command line use the same core; nothing here knows Qt.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import time
from typing import TYPE_CHECKING, Any

from archisync_gui.app.channel import ChannelServer
from archisync_gui.app.commands import serve
from archisync_gui.app.credentials import Credentials
from archisync_gui.app.profile import Profile
from archisync_gui.entities import ENTITIES
from archisync_gui.erp import Erp
from archisync_gui.model import Account, SystemClock
from archisync_gui.orchestrator import Orchestrator, Rules
from archisync_gui.settings import Settings
from archisync_gui.store import Store
from archisync_gui.syncs import SyncRunner

if TYPE_CHECKING:
    from archisync_gui.cli import DemoOptions
    from archisync_gui.demo_erp import DemoErp

log = logging.getLogger(__name__)


class Core:
    """One opened profile at work. Made by :meth:`open`; the caller holds the profile's lock."""

    def __init__(
        self,
        profile: Profile,
        settings: Settings,
        store: Store,
        erp: Erp,
        syncs: SyncRunner,
        orchestrator: Orchestrator,
        credentials: Credentials,
        demo_erp: DemoErp | None,
        *,
        attended: bool,
    ) -> None:
        self.profile = profile
        self.settings = settings
        self.store = store
        self.orchestrator = orchestrator
        self.syncs = syncs
        self.credentials = credentials
        self.demo_erp = demo_erp
        self.raise_window: Callable[[], None] = lambda: None
        """What a second start does to the first one; the panel sets it."""
        self._erp = erp
        self._attended = attended
        self._channel = ChannelServer(profile, self._serve)

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
        Raises ``SyncFailure`` when the data cannot be opened (its code has a text).
        """
        clock = SystemClock()
        settings = Settings.load(profile.settings_file)
        store = await Store.open(profile.folder, ENTITIES, clock=clock)
        demo_erp: DemoErp | None = None
        try:
            passwords: dict[str, str] = {}
            if demo is not None and reads:
                from archisync_gui.demo_erp import DemoErp, DemoClock

                demo_erp = DemoErp(latency=demo.latency, clock=DemoClock.parse(demo.clock))
                await demo_erp.start()
                passwords = dict(demo_erp.accounts)
            credentials = Credentials(profile, passwords, password)
            erp = Erp(
                address=lambda: demo_erp.base_url if demo_erp else settings.text("erp.url"),
                password=credentials.password,
            )
            syncs = SyncRunner(store, erp, ENTITIES)
            orchestrator = Orchestrator(
                [entity.spec for entity in ENTITIES],
                syncs,
                accounts_of(settings, demo=profile.demo),
                store.journal,
                clock=clock,
                rules=rules_of(settings, demo=profile.demo, schedule=attended),
                preemptible=attended,
            )
            core = cls(profile, settings, store, erp, syncs, orchestrator, credentials, demo_erp, attended=attended)
            await orchestrator.start()
            await core._channel.start()
        except BaseException:
            if demo_erp is not None:
                await demo_erp.stop()
            await store.close()
            raise
        return core

    async def _serve(self, name: str, args: dict[str, Any], emit: Callable[[dict[str, Any]], None]) -> tuple[int, Any]:
        return await serve(self, name, args, emit)

    async def close(self, deadline: float = 10.0) -> None:
        """Stop everything in the order of the law: no new requests, the run ends, browser, demo ERP, store."""
        await self._channel.stop()
        await self.orchestrator.close(deadline)
        await self.syncs.close()
        await self._erp.close()
        if self.demo_erp is not None:
            await self.demo_erp.stop()
        await self.store.close()
