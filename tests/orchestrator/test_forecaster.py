"""The forecast of a status is computed once for each state, and equals a newly computed one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from rig import Rig, settle

from archisync_gui.model import Forecast, Progress
from archisync_gui.orchestrator import Rules, explain
from archisync_gui.orchestrator.explain import INEXACT, forecasts

ALWAYS = Rules(office=None)


@pytest.fixture
def simulated(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Counts the simulations of the future."""
    times = [0]
    real = explain.simulated

    def counted(*args: Any) -> Iterator[Any]:
        times[0] += 1
        return real(*args)

    monkeypatch.setattr(explain, "simulated", counted)
    return times


def assert_is_right(rig: Rig) -> None:
    """Check that the forecast in the status equals one made now, within ``2 * INEXACT`` seconds."""
    shown = rig.o.get_status().explanation.forecast
    now = rig.o._dispatcher.now()
    new = forecasts(rig.o.state, now)
    assert [(f.type, f.account, f.after) for f in shown] == [(f.type, f.account, f.after) for f in new]
    for old, made in zip(shown, new, strict=True):
        assert abs((old.starts - made.starts).total_seconds()) <= 2 * INEXACT, (old, made)


async def test_progress_causes_no_new_simulation(simulated: list[int]) -> None:
    async with Rig(rules=ALWAYS) as rig:
        await rig.drain()
        rig.o.request_sync("orders")
        await settle()
        rig.o.get_status()
        simulated[0] = 0
        for rows in range(1, 41):
            rig.active.control.progress(Progress("read", 1, 50, rows))
            rig.o.get_status()
        assert simulated[0] == 0


async def test_each_state_is_simulated_at_most_once(simulated: list[int]) -> None:
    async with Rig(rules=ALWAYS) as rig:
        await rig.drain()
        rig.o.hold()
        rig.o.get_status()
        assert simulated[0] <= 1 + len(rig.events)
        simulated[0] = 0
        for _ in range(20):
            rig.o._dispatcher.revision += 1  # a new status of the same state
            rig.o.get_status()
        assert simulated[0] == 0


async def test_a_change_or_a_passed_time_makes_a_new_forecast() -> None:
    async with Rig(rules=ALWAYS) as rig:
        await rig.drain()
        assert_is_right(rig)
        for step in (
            lambda: rig.o.set_schedule("orders", 60),
            lambda: rig.o.request_sync("products"),
            lambda: rig.o.hold(),
            lambda: rig.o.hold(rig.clock.now() + timedelta(hours=1)),
            lambda: rig.o.hold(rig.clock.now() + timedelta(hours=3)),
            lambda: rig.o.hold(),
            lambda: rig.o.release(),
            lambda: rig.o.set_rules(Rules(office=None, daily_full=None)),
            lambda: rig.o.set_schedule("ddt", None),
        ):
            step()
            assert_is_right(rig)
            await settle()
            assert_is_right(rig)
        for minutes in (1, 3, 10, 47, 90, 700):
            if rig.o.state.active is not None:
                rig.active.finish()
            await rig.clock.advance(minutes * 60)
            assert_is_right(rig)


async def test_a_clock_that_is_set_makes_a_new_forecast() -> None:
    async with Rig(rules=ALWAYS) as rig:
        await rig.drain()
        rig.o.get_status()
        rig.clock.jump(3600)
        rig.o._dispatcher.notice_time()
        assert_is_right(rig)


async def test_a_run_that_takes_longer_moves_what_comes_after_it() -> None:
    """The progress in rows shows that a list is slower than usual, so the next list is expected later."""
    async with Rig(rules=ALWAYS) as rig:
        await rig.drain()
        rig.o.request_sync("orders")
        rig.o.request_sync("products")
        await settle()
        await rig.clock.advance(60)
        rig.active.control.progress(Progress("read", 1, 50, 10, 1000))
        assert_is_right(rig)
        coming = {f.type: f for f in rig.o.get_status().explanation.forecast}
        assert isinstance(coming["products"], Forecast)
        assert coming["products"].starts - rig.clock.now() > timedelta(minutes=30)
