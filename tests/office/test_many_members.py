"""Fifty members on one server: one leads, all see the same status, each gets its answers, and another takes over."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from members import Candidate
from remote_rig import make_office

from archisync_gui.office.checks import look
from archisync_gui.office.desk import Asked, Desk, Emit
from archisync_gui.office.line import Line
from archisync_gui.office.news import News
from archisync_gui.store.postgres_server import Server
from tests.support.postgres import on_a_server
from tests.support.waiting import until

pytestmark = [pytest.mark.ci, on_a_server]

MANY = 50


class Follower:
    """A member's line, and the last status that it received."""

    def __init__(self, server: Server, id: str) -> None:
        self.leader: str | None = None
        self.status: Any = None
        self.line = Line(server, id, self._heard)
        self.line.start()

    def _heard(self, news: News) -> None:
        self.leader = news.leader
        self.status = self.status if news.status is None else news.status


async def answer(asked: Asked, emit: Emit) -> tuple[int, Any]:
    return 0, [asked.computer, asked.args["n"]]


async def led(stack: AsyncExitStack, server: Server, candidates: list[Candidate]) -> Candidate:
    """Wait until one of the candidates leads; it serves the others, with its epoch as the status."""
    found = await until(lambda: next((one for one in candidates if one.leadership.epoch is not None), None))
    assert found is not None
    epoch = found.leadership.epoch
    assert epoch is not None
    desk = Desk(server, epoch, answer, lambda: {"epoch": epoch}, lost=lambda epoch: None)
    desk.start()
    stack.push_async_callback(desk.stop)
    return found


async def test_fifty_members(office: Server, tmp_path: Path) -> None:
    await make_office(office, tmp_path / "made")
    async with AsyncExitStack() as stack:
        candidates = [Candidate(office, f"{number:04x}", f"pc{number}") for number in range(MANY)]
        running = set(candidates)

        async def stop() -> None:
            await asyncio.gather(*(one.stop() for one in running))

        for one in candidates:
            one.leadership.start()
        stack.push_async_callback(stop)
        followers = [Follower(office, one.leadership.member.id) for one in candidates]
        for follower in followers:
            stack.push_async_callback(follower.line.stop)
        first = await led(stack, office, candidates)
        await until(lambda: all(one.status == {"epoch": 1} for one in followers))
        assert {one.leader for one in followers} == {first.leadership.member.name}
        sent = [one.line.send("echo", {"n": number}) for number, one in enumerate(followers)]
        async with asyncio.timeout(60):
            answers = await asyncio.gather(*(command.future for command in sent))
        assert answers == [(0, [f"pc{number}", number]) for number in range(MANY)]
        seen = await asyncio.to_thread(look, office)
        assert (len(seen.members), sum(one.leads for one in seen.members)) == (MANY, 1)
        running.discard(first)
        await first.stop()
        second = await led(stack, office, candidates)
        await until(lambda: all(one.status == {"epoch": 2} for one in followers))
        assert {one.leader for one in followers} == {second.leadership.member.name}
        told = sorted(epoch for one in candidates for epoch in one.epochs if epoch is not None)
        assert told == [1, 2]
