"""The turn: one user of the browser at a time; the progress of the active one also counts for those that wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from archisync_gui.erp.turn import Hold, Turn, ignore_step
from archisync_gui.model import SyncFailure
from tests.support.clock import settle


class User:
    """A task that waits for the browser, and then uses it."""

    def __init__(self, turn: Turn, on_step: Callable[[], None] = ignore_step) -> None:
        self.hold: Hold | None = None
        self.may_end = asyncio.Event()
        self.task = asyncio.ensure_future(self._use(turn, on_step))

    async def _use(self, turn: Turn, on_step: Callable[[], None]) -> None:
        async with turn.take(on_step) as self.hold:
            await self.may_end.wait()

    async def end(self) -> None:
        self.may_end.set()
        await self.task


async def test_one_at_a_time_in_the_order_of_asking() -> None:
    turn = Turn()
    users = [User(turn) for _ in range(3)]
    for at, user in enumerate(users):
        await settle()
        assert [other.hold is not None for other in users] == [number <= at for number in range(3)]
        await user.end()
    assert not turn.is_taken


async def test_a_turn_that_is_taken_away_goes_to_the_next_user_and_never_comes_back() -> None:
    turn = Turn()
    users = [User(turn) for _ in range(3)]
    await settle()
    turn.take_away()
    await settle()
    first, second, third = users
    assert first.hold is not None
    assert first.hold.lost
    assert second.hold is not None, "it still waits for the turn that was taken away"
    assert not second.hold.lost
    await first.end()
    await settle()
    assert third.hold is None, "the end of the first user has ended the turn of the second"
    await second.end()
    await settle()
    assert third.hold is not None
    await third.end()
    assert not turn.is_taken


async def test_a_user_that_has_lost_the_turn_cannot_take_another_step() -> None:
    turn, told = Turn(), list[str]()
    async with turn.take() as hold:
        hold.begin_step()
        turn.take_away()
        next_one = User(turn, lambda: told.append("next"))
        with pytest.raises(SyncFailure, match="browser-lost"):
            hold.begin_step()
        assert not told, "a step of the earlier user was reported to the next"
        await settle()
    await next_one.end()


async def test_each_step_is_reported_to_all_that_wait() -> None:
    turn, told = Turn(), list[str]()
    async with turn.take() as hold:
        waiting = [User(turn, lambda name=name: told.append(name)) for name in "ab"]
        await settle()
        hold.begin_step()
        hold.begin_step()
    assert told == ["a", "b", "a", "b"]
    await settle()
    assert waiting[0].hold is not None
    waiting[1].task.cancel()
    await asyncio.wait([waiting[1].task])
    waiting[0].hold.begin_step()
    assert told[4:] == ["a"], "not only its own step; the other one no longer waits"
    await waiting[0].end()
