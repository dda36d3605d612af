"""The fakes of the panel's tests behave as the real orchestrator, store and core. mypy checks that they have the same
methods, since they are subclasses."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from panel_fakes import ENTITIES, NOW, FakeOrchestrator, FakeStore, World, history

from archisync_gui.app.core import Core
from archisync_gui.app.profile import ProfileLock, open_profile
from archisync_gui.model import Event, EventKind, Origin, Outcome, Status
from archisync_gui.settings import Settings, SettingsError
from archisync_gui.store import Batch, Store
from tests.support.clock import VirtualClock
from tests.support.events import an_event

ACCOUNT = "agente01"
ROWS = 30


# ------------------------------------------------------------------------------------------------ the orchestrator


async def test_a_listener_gets_events_until_it_is_removed(tmp_path: Path) -> None:
    async with opened(tmp_path) as core:
        for face, make in (
            (core.orchestrator, core.orchestrator.hold),
            (fake := FakeOrchestrator(), lambda: fake.tell(EventKind.HOLD_CHANGED)),
        ):
            heard: list[Event] = []
            stop = face.subscribe(heard.append)
            make()
            assert [event.kind for event in heard if event.kind is EventKind.HOLD_CHANGED] == [EventKind.HOLD_CHANGED]
            revisions = [event.revision for event in heard]
            assert revisions == sorted(revisions)
            stop()
            heard.clear()
            fake.tell(EventKind.HOLD_CHANGED)
            core.orchestrator.release()
            assert heard == []
            assert isinstance(face.get_status(), Status)


async def test_a_ticket_has_the_place_of_its_request(tmp_path: Path) -> None:
    async with opened(tmp_path) as core:
        core.orchestrator.hold()
        real = core.orchestrator
        fake = FakeOrchestrator()
        fake.status = core.orchestrator.get_status()
        for _ in range(2):
            tickets = [face.request_sync("orders", None, origin=Origin.OPERATOR) for face in (real, fake)]
            fake.become(real.get_status())
            assert [t.type for t in tickets] == ["orders", "orders"]
            assert [face.position(t) for face, t in zip((real, fake), tickets, strict=True)] == [1, 1]
            assert fake.position(fake.request_sync("ddt")) is None
        real.cancel(tickets[0])


# ------------------------------------------------------------------------------------------------ the store


@dataclass
class Stores:
    """A fake and a real store with the same rows."""

    fake: FakeStore
    real: Store

    async def same(self, ask: Callable[[Any], Any]) -> Any:
        told = [await ask(store) for store in (self.fake, self.real)]
        assert told[0] == told[1]
        return told[0]


@pytest.fixture
async def stores(tmp_path: Path) -> AsyncIterator[Stores]:
    fake = FakeStore(history(), size=ROWS)
    real = await Store.open(tmp_path, ENTITIES, clock=VirtualClock(NOW))
    await real.apply("customers", ACCOUNT, Batch("r", NOW, fake.data, whole=True, clean=True))
    for run in reversed(fake.all_runs):
        await real.journal.run_ended(run)
    for minutes, kind in enumerate([EventKind.HOLD_CHANGED, EventKind.SESSION_OPENED, EventKind.HOLD_CHANGED]):
        event = an_event(kind, "b", minutes, NOW - timedelta(minutes=minutes))
        fake.kept.insert(0, event)
    for event in fake.kept:
        await real.journal.event(event)
    yield Stores(fake, real)
    await real.close()


def _of_page(page: Any) -> Any:
    return page.total, [(row.key, row.account, dict(row.values)) for row in page.rows]


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"limit": 7},
        {"offset": 25, "limit": 10},
        {"offset": 100},
        {"search": "demo 0012"},
        {"search": "FERRAMENTA"},
        {"search": "nobody"},
        {"sort": "name", "descending": True, "limit": 5},
        {"sort": "phone", "offset": 3, "limit": 4},
    ],
    ids=str,
)
async def test_rows_are_searched_sorted_and_paged_alike(how: dict[str, Any], stores: Stores) -> None:
    async def ask(store: Any) -> Any:
        return _of_page(await store.rows("customers", ACCOUNT, **how))

    await stores.same(ask)


async def test_rows_by_key_and_export_are_alike(stores: Stores) -> None:
    async def by_key(store: Any) -> Any:
        found = await store.rows_by_key("customers", ACCOUNT, ["50003", "50001", "nothing"])
        return sorted((row.key, row.values["name"]) for row in found)

    async def export(store: Any) -> Any:
        parts = [part async for part in store.export("customers", ACCOUNT, search="demo", sort="name")]
        return [row.key for part in parts for row in part]

    assert len(await stores.same(by_key)) == 2
    assert len(await stores.same(export)) == ROWS


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"limit": 3},
        {"sync_type": "orders"},
        {"outcome": Outcome.FAILED},
        {"outcome": (Outcome.FAILED, Outcome.COMPLETED), "limit": 500},
        {"origin": Origin.OPERATOR},
        {"since": NOW - timedelta(hours=2)},
        {"before": NOW - timedelta(hours=2), "limit": 5},
        {"after": history()[7], "limit": 5},
        {"sync_type": "invoices", "outcome": Outcome.COMPLETED, "since": NOW - timedelta(hours=6)},
    ],
    ids=str,
)
async def test_runs_are_filtered_alike(how: dict[str, Any], stores: Stores) -> None:
    async def ask(store: Any) -> Any:
        found = await store.runs(**{"limit": 100, **how})
        return sorted((run.started, run.type, run.outcome, run.origin, run.scope) for run in found)

    async def order(store: Any) -> Any:
        return [run.started for run in await store.runs(**{"limit": 100, **how})]

    await stores.same(ask)
    assert await stores.same(order) == sorted(await order(stores.real), reverse=True), "not the newest first"


async def test_one_run_is_found_by_its_id(stores: Stores) -> None:
    known = stores.fake.all_runs[5].id

    async def ask(store: Any) -> Any:
        found = [await store.run(run_id) for run_id in (known, "none")]
        return [None if run is None else (run.id, run.type, run.outcome, run.rows) for run in found]

    assert await stores.same(ask) == [
        (known, stores.fake.all_runs[5].type, stores.fake.all_runs[5].outcome, 1604),
        None,
    ]


@pytest.mark.parametrize("kinds", [None, [EventKind.HOLD_CHANGED], [EventKind.SESSION_OPENED], []])
@pytest.mark.parametrize("limit", [1, 1000])
async def test_events_are_filtered_alike(kinds: Any, limit: int, stores: Stores) -> None:
    async def ask(store: Any) -> Any:
        found = await store.events(NOW - timedelta(minutes=2), NOW, kinds=kinds, limit=limit)
        return [(stored.event.kind, stored.event.at, stored.event.data) for stored in found]

    async def rest(store: Any) -> Any:
        first = await store.events(NOW - timedelta(minutes=2), NOW, kinds=kinds, limit=limit)
        after = first[0].id if first else None
        found = await store.events(NOW - timedelta(minutes=2), NOW, kinds=kinds, after=after)
        return [stored.event.at for stored in found]

    await stores.same(ask)
    await stores.same(rest)


async def test_changes_are_filtered_alike(stores: Stores) -> None:
    changed = [{**row, "phone": "1"} if at < 3 else row for at, row in enumerate(stores.fake.data)]
    more = NOW + timedelta(minutes=1)
    await stores.real.apply("customers", ACCOUNT, Batch("r2", more, changed, whole=True, clean=True))
    since, until = NOW, NOW + timedelta(hours=1)
    stores.fake.log = list(await stores.real.changes(since, until, [ACCOUNT]))
    assert len(stores.fake.log) == 3
    first = stores.fake.log[0].id
    lists = ({"entity": "customers"}, {"entity": "orders"}, {"kinds": ["changed"]}, {"kinds": ["added"]})
    parts = ({"limit": 2}, {"after": first}, {"after": first, "limit": 1}, {"fields": ["phone"]}, {"fields": ["city"]})
    for how in ({}, *lists, *parts):

        async def ask(store: Any, how: Any = how) -> Any:
            return [change.id for change in await store.changes(since, until, [ACCOUNT], **how)]

        await stores.same(ask)


# ------------------------------------------------------------------------------------------------ settings


def opened(folder: Path) -> Any:
    return _Opened(folder)


class _Opened:
    """A new core as a context manager."""

    def __init__(self, folder: Path) -> None:
        self._profile = open_profile(str(folder / "p"), demo=True)
        self._lock = ProfileLock(self._profile)

    async def __aenter__(self) -> Core:
        assert self._lock.acquire()
        self._core = await Core.open(self._profile, demo=None, attended=False, reads=False)
        return self._core

    async def __aexit__(self, *error: object) -> None:
        await self._core.close()
        self._lock.release()


def _one_more(now: Settings) -> dict[str, object]:
    return {"erp.accounts": [*now.words("erp.accounts"), "agente07"]}


async def test_settings_are_applied_or_refused_alike(tmp_path: Path) -> None:
    async with opened(tmp_path) as core:
        world = World()
        apply = world.services().apply_settings
        for changes in (
            {"sync.orders.interval": 25},
            {"sync.orders.interval": 1},
            {"sync.ddt.interval": 60, "look.theme": "blue"},
            _one_more,
            _one_more,
            {"no.such": 1},
            lambda now: {"look.theme": "dark", "sync.timezone": "Nowhere/Atlantis"},
        ):
            codes = []
            for give in (apply, core.apply_settings):
                try:
                    await give(changes)  # type: ignore[arg-type]
                except SettingsError as error:
                    codes.append((error.code, error.key))
                else:
                    codes.append(None)
            assert codes[0] == codes[1]
            assert dict(world.settings) == dict(core.settings)
        assert world.settings.words("erp.accounts") == ("agente07",)
