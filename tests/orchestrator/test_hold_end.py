"""A hold with an end time: it ends at that time, survives a restart, can be changed, and resists wrong clocks."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from archisync_gui.model import EventKind
from tests.orchestrator.rig import Rig


def told(rig: Rig) -> list[object]:
    return [getattr(e.data, "hold", None) for e in rig.events if e.kind is EventKind.HOLD_CHANGED]


async def test_it_ends_at_its_time_and_waiting_requests_run() -> None:
    async with Rig() as rig:
        end = rig.clock.now() + timedelta(hours=1)
        rig.o.hold(end)
        rig.o.request_sync("orders", "anna")
        await rig.clock.advance(59 * 60)
        assert rig.o.get_status().hold_until == end
        assert rig.runs == []
        await rig.clock.advance(61)
        status = rig.o.get_status()
        assert (status.hold_since, status.hold_until) == (None, None)
        assert rig.active.type == "orders"
        rig.active.finish()
        assert told(rig) == [True, False]
        assert not {"hold", "hold-until"} & set(rig.journal.notes)


async def test_it_ends_with_an_empty_queue() -> None:
    async with Rig() as rig:
        rig.o.hold(rig.clock.now() + timedelta(minutes=15))
        await rig.clock.advance(15 * 60 + 1)
        assert rig.o.get_status().hold_since is None


async def test_it_survives_a_restart() -> None:
    async with Rig() as rig:
        end = rig.clock.now() + timedelta(hours=1)
        rig.o.hold(end)
        await rig.clock.advance(60)
        await rig.restart()
        assert rig.o.get_status().hold_until == end
        await rig.clock.advance(3600)
        assert rig.o.get_status().hold_since is None


async def test_it_ends_while_the_program_is_closed() -> None:
    async with Rig() as rig:
        rig.o.hold(rig.clock.now() + timedelta(hours=1))
        await rig.close()
        await rig.clock.advance(2 * 3600)
        rig.build()
        await rig.o.start()
        await rig.clock.advance(1)
        assert rig.o.get_status().hold_since is None


async def test_its_end_can_be_changed_and_removed() -> None:
    async with Rig() as rig:
        rig.o.hold()
        since = rig.o.get_status().hold_since
        end = rig.clock.now() + timedelta(minutes=5)
        rig.o.hold(end)
        rig.o.hold(end)
        assert (rig.o.get_status().hold_since, rig.o.get_status().hold_until) == (since, end)
        rig.o.hold()
        await rig.clock.advance(3600)
        assert rig.o.get_status().hold_since == since
        rig.o.hold(rig.clock.now())  # an end that has passed: no hold
        assert rig.o.get_status().hold_since is None
        assert told(rig) == [True, True, True, False]


async def test_released_early_it_does_not_end_again() -> None:
    async with Rig() as rig:
        rig.o.hold(rig.clock.now() + timedelta(minutes=5))
        rig.o.release()
        rig.o.hold()
        await rig.clock.advance(3600)
        assert rig.o.get_status().hold_since is not None


async def test_a_clock_set_back_makes_it_no_longer() -> None:
    async with Rig() as rig:
        rig.o.hold(rig.clock.now() + timedelta(hours=1))
        await rig.clock.advance(60)
        rig.clock.jump(-2 * 86_400)
        await rig.clock.advance(3600)
        assert rig.o.get_status().hold_since is None


async def test_a_time_without_offset_is_refused() -> None:
    async with Rig() as rig:
        with pytest.raises(ValueError, match="offset"):
            rig.o.hold(datetime(2026, 1, 1))  # noqa: DTZ001
        assert rig.o.get_status().hold_since is None


@pytest.mark.parametrize("back", [timedelta(minutes=30), timedelta(hours=5), timedelta(days=400)])
async def test_a_clock_set_back_before_a_restart_makes_it_no_shorter(back: timedelta) -> None:
    async with Rig() as rig:
        rig.o.hold(rig.clock.now() + timedelta(hours=1))
        await rig.clock.advance(60)
        rig.clock.jump(-back.total_seconds())
        await rig.clock.advance(60)
        await rig.restart()
        await rig.clock.advance(57 * 60)
        assert rig.o.get_status().hold_since is not None
        await rig.clock.advance(2 * 60)
        assert rig.o.get_status().hold_since is None


async def test_a_hold_stored_by_a_clock_that_was_ahead_lasts_no_longer_than_intended() -> None:
    """The clock is corrected while the program is closed."""
    async with Rig() as rig:
        rig.clock.jump(365 * 86_400)
        rig.o.hold(rig.clock.now() + timedelta(hours=1))
        await rig.clock.advance(60)
        await rig.close()
        rig.clock.jump(-365 * 86_400)
        rig.build()
        await rig.o.start()
        assert rig.o.get_status().hold_since is not None
        await rig.clock.advance(3601)
        assert rig.o.get_status().hold_since is None
