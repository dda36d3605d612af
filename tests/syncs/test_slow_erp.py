"""An ERP whose answers all take long: no run counts as stalled (rule 24)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from archisync_gui.entities import ENTITIES
from archisync_gui.erp.driver.page_driver import PageDriver
from archisync_gui.model import Account, Outcome, RunResult, Scope
from archisync_gui.orchestrator import Orchestrator
from archisync_gui.orchestrator.rules import Rules
from archisync_gui.store import Store
from archisync_gui.syncs.runner import STORING
from tests.support.clock import VirtualClock
from tests.syncs.erp_harness import USER, World, world

pytestmark = pytest.mark.one_browser

LONG = 90.0
"""Seconds of each answer: less than each limit of the driver, and two of them are more than the watchdog's limit."""

RULES = Rules(schedule=False, daily_full=None, office=None, retry_pauses=())

SPECS = [replace(entity.spec, deadline=1e9) for entity in ENTITIES]
"""No deadline, since the watchdog is tested."""

VIEW = {
    "page_size": 10,
    "sort": (("NAME", "DSC"), ("CITY", "ASC")),
    "filter_row": (("STREET", "a"),),
}
"""A view of customers: restoring it takes more than one call for each part."""


@asynccontextmanager
async def office(folder: Path) -> AsyncIterator[tuple[World, VirtualClock, Orchestrator]]:
    """Customers that were read once, and an orchestrator on a virtual clock."""
    clock = VirtualClock()
    async with world(folder, clock=clock) as here:
        await here.sync("customers")
        here.demo.set_preferences(USER, "customers", **VIEW)
        account = Account(USER, catalogue=True)
        orchestrator = Orchestrator(SPECS, here.runner, [account], here.store.journal, clock=clock, rules=RULES)
        await orchestrator.start()
        try:
            yield here, clock, orchestrator
        finally:
            await orchestrator.close()


def slow(monkeypatch: pytest.MonkeyPatch, clock: VirtualClock, owner: object, *names: str) -> list[str]:
    """Make each of these calls take long; the returned list gets the name of each call."""
    made: list[str] = []
    for name in names:
        monkeypatch.setattr(owner, name, _slow(getattr(owner, name), name, clock, made))
    return made


def _slow(call: Callable[..., Any], name: str, clock: VirtualClock, made: list[str]) -> Callable[..., Any]:
    async def slowly(*args: Any, **named: Any) -> Any:
        made.append(name)
        await clock.advance(LONG)
        return await call(*args, **named)

    return slowly


@pytest.mark.parametrize("scope", [Scope.ALL, Scope.NEW, Scope.ONE])
async def test_a_run_whose_steps_all_take_long_does_not_count_as_stalled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scope: Scope
) -> None:
    async with office(tmp_path) as (here, clock, orchestrator):
        before = here.demo.get_preferences(USER, "customers")
        await here.erp._browser.close()
        await here.erp._browser.forget(USER)  # so that the run logs in, too
        new = here.demo.insert("customers", USER, NAME="Studio Nuovo")
        key = min(await here.rows("customers")) if scope is Scope.ONE else None
        # All calls that wait for the ERP or the page. Reading the state of a page is a part of them.
        made = slow(monkeypatch, clock, PageDriver, "act", "turn", "click", "_goto", "arrived", "type_login")
        result = await orchestrator.request_sync("customers", USER, scope, key)
        assert isinstance(result, RunResult)
        assert result.outcome is Outcome.COMPLETED, result.error
        assert len(made) * LONG > 3 * RULES.watchdog
        assert (new in await here.rows("customers")) is (key is None)
        monkeypatch.undo()
        assert await here.erp.settled() == set()
        assert here.demo.get_preferences(USER, "customers") == before


async def test_a_slow_store_loses_no_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with office(tmp_path) as (_, clock, orchestrator):
        apply = Store.apply

        async def slowly(*args: Any) -> Any:
            await clock.advance(STORING - 1)
            return await apply(*args)

        monkeypatch.setattr(Store, "apply", slowly)
        result = await orchestrator.request_sync("customers", USER)
        assert isinstance(result, RunResult)
        assert result.outcome is Outcome.COMPLETED, result.error


async def test_a_stalled_run_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The watchdog ends a run that no limit of the driver ends."""
    async with office(tmp_path) as (here, clock, orchestrator):
        hangs = asyncio.Event()

        async def hang(*args: Any) -> None:
            hangs.set()
            await asyncio.Event().wait()

        monkeypatch.setattr(here.erp.user_views, "begin", hang)
        ticket = orchestrator.request_sync("customers", USER)
        await hangs.wait()
        await clock.advance(RULES.watchdog + 1)
        result = await ticket
        assert isinstance(result, RunResult)
        assert result.error is not None
        assert result.error.code == "run-watchdog"
