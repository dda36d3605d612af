"""Answers other processes while a profile is locked and its core is not open; no command is served.

That is the case during the work between two lives of the panel, while the panel shows why it cannot go on, and in
commands that work on the files themselves.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from archisync_gui.app import exit_codes
from archisync_gui.app.channel import ChannelServer, Emit
from archisync_gui.app.commands import SecondStart, quit_panel, raised
from archisync_gui.app.profile import Profile

T = TypeVar("T")


@asynccontextmanager
async def answering(
    profile: Profile, second_start: SecondStart | None = None, quits: Callable[[], object] | None = None
) -> AsyncIterator[None]:
    """While this is open, a second start of the program and a request to quit are answered; every other call gets
    ``BUSY``. Without ``second_start`` and ``quits`` this process is a command, and others wait for its end. The
    caller holds the profile's lock, and the profile's channel is not served otherwise."""

    async def answer(name: str, args: dict[str, Any], _emit: Emit) -> tuple[int, Any]:
        match name:
            case "raise":
                return raised(second_start, args)
            case "quit":
                return await quit_panel(quits, None, args)
        return exit_codes.BUSY, None

    channel = ChannelServer(profile, answer)
    await channel.start()
    try:
        yield
    finally:
        await channel.stop()


def done_while_answering(profile: Profile, work: Callable[[], T]) -> T:
    """Run ``work`` in a thread, to its end, while other processes are told to wait for it. Blocking."""

    async def done() -> T:
        async with answering(profile):
            return await asyncio.to_thread(work)

    return asyncio.run(done())
