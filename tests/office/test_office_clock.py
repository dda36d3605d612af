"""The office's clock on one computer: it follows the server's, and a slow answer does not set it back."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archisync_gui.model import Finished, Outcome
from archisync_gui.office.clock import OfficeClock
from archisync_gui.orchestrator import Orchestrator
from tests.orchestrator.rig import QUIET, TWO, TYPES, ListJournal
from tests.support.clock import MONDAY, VirtualClock, settle

SECONDS = st.floats(0, 11, allow_nan=False)


def told(clock: OfficeClock, own: VirtualClock, before: float, after: float) -> None:
    """The server answers a question that takes ``before`` seconds to reach it; its answer takes ``after`` seconds. Its
    clock is the computer's wall clock here."""
    asked = clock.monotonic()
    own._move(before)
    server = own.now()
    own._move(after)
    clock.set_server_time(server, asked, clock.monotonic())


@given(first=st.tuples(SECONDS, SECONDS), others=st.lists(st.tuples(SECONDS, SECONDS, st.floats(0, 5)), max_size=20))
def test_it_is_never_ahead_of_the_server_and_never_set_back(
    first: tuple[float, float], others: list[tuple[float, float, float]]
) -> None:
    own = VirtualClock()
    clock = OfficeClock(own)
    told(clock, own, *first)
    behind = own.now() - clock.now()
    for before, after, pause in others:
        own._move(pause)
        told(clock, own, before, after)
        now = own.now() - clock.now()
        assert timedelta(microseconds=-50) <= now <= behind + timedelta(microseconds=50)
        behind = now


def test_it_follows_a_server_whose_clock_is_set() -> None:
    own = VirtualClock()
    clock = OfficeClock(own)
    for shift in (0, 3600, -7200):
        own.jump(shift)
        told(clock, own, 0.01, 0.01)
        assert abs(own.now() - clock.now()) <= timedelta(seconds=0.02)


@pytest.mark.parametrize(("before", "after"), [(8, 0.01), (0.01, 8)], ids=["question", "answer"])
async def test_a_loss_of_some_seconds_puts_no_age_in_doubt(before: float, after: float) -> None:
    """The leader's clock would otherwise go back by half of it, and every list would be of unknown age (rule 30)."""

    async def read(control: object) -> Finished:
        return Finished(Outcome.COMPLETED, rows=1, as_of=clock.now())

    own = VirtualClock()
    clock = OfficeClock(own)
    told(clock, own, 0.01, 0.01)
    journal = ListJournal()
    leader = Orchestrator(TYPES, read, TWO, journal, clock=clock, rules=QUIET)
    await leader.start()
    leader.request_sync("orders", "anna")
    await settle()
    told(clock, own, before, after)
    leader.get_status()
    await own.advance(0.5)
    told(clock, own, 0.01, 0.01)
    leader.get_status()
    await own.advance(60)
    part = leader.get_status().statuses["orders"].accounts[0]
    assert part.freshness == "fresh"
    assert part.all_as_of == MONDAY + timedelta(seconds=0.01)
    assert not journal.doubted
    closing = asyncio.ensure_future(leader.close())
    await own.advance(20)
    await closing
