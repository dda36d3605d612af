"""A complete environment for a sync: demo ERP, browser, store and runner, and a run control that tests can
influence."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from archisync_gui.demo_erp import DemoErp
from archisync_gui.entities import ENTITIES, Entity, Row
from archisync_gui.erp import IDLE, Erp, Limits
from archisync_gui.erp.user_views import UserViews
from archisync_gui.model import Clock, Finished, Origin, Progress, Run, Scope, Suspended, SystemClock
from archisync_gui.store import Store
from archisync_gui.syncs import SyncRunner
from tests.support import one_browser

USER = "agente01"
SAVED_VIEWS = "saved-views.json"
"""The file with the views that a killed process did not restore."""
QUICK = Limits(open=30, login=30, login_patience=2.0, callback=6, paint=1.5, dialog=6, restore=10)
"""Short limits, for a demo ERP without latency, so that a hang is noticed soon."""


@dataclass
class Control:
    """A run's control. ``on_progress`` is called with each progress, so that a test can disturb a run at a known
    point."""

    run: Run
    resume: object | None = None
    suspend: bool = False
    logins: int = 0
    seen: list[Progress] = field(default_factory=list)
    on_progress: Callable[[Progress], None] | None = None

    def suspend_requested(self) -> bool:
        return self.suspend

    def progress(self, progress: Progress) -> None:
        self.seen.append(progress)
        if self.on_progress is not None:
            self.on_progress(progress)

    def long_step(self, limit: float) -> AbstractContextManager[None]:
        return nullcontext()

    def logged_in(self) -> None:
        self.logins += 1


@dataclass
class World:
    """The parts of the environment."""

    demo: DemoErp
    erp: Erp
    store: Store
    runner: SyncRunner
    entities: Sequence[Entity]
    numbers: Any = field(default_factory=itertools.count)

    def control(
        self,
        type_: str,
        scope: Scope = Scope.ALL,
        key: str | None = None,
        *,
        origin: Origin = Origin.OPERATOR,
        **more: Any,
    ) -> Control:
        """A control for a new run."""
        return Control(Run(f"run{next(self.numbers)}", type_, USER, scope, key, origin, 5, 1), **more)

    async def sync(self, type_: str, scope: Scope = Scope.ALL, key: str | None = None, **more: Any) -> Finished:
        """Run one sync until it and its background work have ended."""
        ended = await self.runner(self.control(type_, scope, key, **more))
        assert isinstance(ended, Finished), ended
        await self.erp.settled()
        return ended

    def forget_views(self) -> None:
        """Drop all views that are still to be restored."""
        self.erp.user_views = UserViews(None, self.entities, self.erp._session, self.erp.clock, self.erp.ways)

    async def suspend(self, control: Control) -> Suspended:
        """Run until it is suspended."""
        ended = await self.runner(control)
        assert isinstance(ended, Suspended), ended
        return ended

    async def rows(self, type_: str) -> dict[str, Row]:
        """The living stored rows by key."""
        page = await self.store.rows(type_, USER, limit=100_000)
        return {row.key: dict(row.values) for row in page.rows}

    async def everything(self, type_: str) -> Any:
        """All stored rows with their state, for comparison."""
        page = await self.store.rows(type_, USER, limit=100_000, deleted=True)
        return [(r.key, dict(r.values), r.first_seen, r.last_changed, r.missing_since, r.deleted_at) for r in page.rows]

    def truth(self, type_: str) -> set[str]:
        """The keys that the ERP has now, without garbage."""
        entity = next(e for e in self.entities if e.name == type_)
        key = entity.column(entity.key[0]).field_name
        found = set()
        for row in self.demo.rows(type_, USER):
            if type_ == "ddt" and not row["PACKINGSLIPID"] and not row["BRASTRACKINGNUMBER"]:
                continue
            if row[key] not in (0, None, "") and row.get("BLOCKED") != "Yes":
                found.add(str(row[key]))
        return found


@asynccontextmanager
async def world(
    folder: Path,
    *,
    entities: Sequence[Entity] = ENTITIES,
    clock: Clock | None = None,
    limits: Limits = QUICK,
    demo: DemoErp | None = None,
    password: str = "demo",
    page_size: int = 20,
    open_until: Callable[[], datetime | None] = lambda: None,
    idle: float = IDLE,
    own_browser: bool = False,
    **options: Any,
) -> AsyncIterator[World]:
    """A running environment, removed at the end. ``own_browser``: does not share the browser of the module."""
    demo = demo or DemoErp(**{"scale": 0.05, **options})
    await demo.start()
    clock = clock or SystemClock()
    store = await Store.open(folder, entities, clock=clock)

    async def known(_: str) -> str:
        return password

    erp = Erp(
        address=lambda: demo.base_url,
        password=known,
        screenshots=folder / "screenshots",
        clock=clock,
        limits=limits,
        open_until=open_until,
        idle=idle,
    )
    shared = one_browser.of_this_loop()
    if shared is not None and not own_browser:
        shared.lend(erp._browser)
    try:
        yield World(demo, erp, store, SyncRunner(store, erp, entities, page_size=page_size), entities)
        assert not [action for action in demo.actions if action.writes], "there was an attempt to write to the ERP"
    finally:
        await erp.close()
        await store.close()
        await demo.stop()
