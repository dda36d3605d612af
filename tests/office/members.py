"""Members of an office as real processes, and a proxy that simulates network faults between them and the server."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import pytest

from archisync_gui.app.profile import Profile
from archisync_gui.entities import ENTITIES
from archisync_gui.office.leadership import Leadership, Member
from archisync_gui.office.membership import Membership, keep
from archisync_gui.settings import Settings
from archisync_gui.store.postgres_server import Server

CHILD = Path(__file__).parent / "office_child.py"
PATIENCE = 60.0
"""Seconds after which a wait fails; more than a takeover takes on a busy machine."""


@dataclass
class Process:
    """A member in its own process, and the epochs in which it led."""

    name: str
    process: asyncio.subprocess.Process
    epoch: int | None = None
    epochs: list[int] = field(default_factory=list)
    told: asyncio.Event = field(default_factory=asyncio.Event)
    reading: asyncio.Task[None] | None = None

    async def read(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            self.epoch = json.loads(line)["epoch"]
            self.epochs += [] if self.epoch is None else [self.epoch]
            self.told.set()

    def send(self, number: signal.Signals) -> None:
        os.kill(self.process.pid, number)

    async def until(self, condition: Callable[[int | None], bool]) -> int | None:
        """Wait until ``condition`` is true of the member's epoch; returns that epoch."""
        async with asyncio.timeout(PATIENCE):
            while not condition(self.epoch):
                self.told.clear()
                await self.told.wait()
        return self.epoch

    async def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End the process and wait for it."""
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self.send(signal.SIGCONT)
                self.send(number)
        async with asyncio.timeout(PATIENCE):
            await self.process.wait()
        if self.reading is not None:
            await self.reading


async def start(server: Server, name: str) -> Process:
    """Start a member."""
    if sys.platform == "win32":
        pytest.skip("Linux and macOS: a member is ended and stopped by Unix signals")
    url = server.url.replace("@", f":{server.password}@", 1)
    # A session of its own, since the system continues stopped processes when their shell ends.
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(CHILD),
        url,
        name,
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[2],
        start_new_session=True,
    )
    member = Process(name, process)
    member.reading = asyncio.ensure_future(member.read())
    return member


async def leader_of(members: list[Process], besides: Process | None = None) -> Process:
    """Wait until one of the members (but not ``besides``) leads."""
    others = [member for member in members if member is not besides]
    waits = {asyncio.ensure_future(member.until(lambda epoch: epoch is not None)): member for member in others}
    try:
        done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        found = done.pop()
        found.result()
        return waits[found]
    finally:
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)


async def until_one_ends(*works: Coroutine[Any, Any, object]) -> None:
    """Run these concurrently; when one ends, cancel the others."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def made_member(profile: Profile, server: Server, settings: Mapping[str, object]) -> None:
    """Make a profile a member of the office, with these settings and no scheduled reads."""
    quiet = {"look.first_run_done": True, "sync.office_hours": False, "sync.daily": False}
    intervals = {f"sync.{entity.name}.interval": 0 for entity in ENTITIES}
    Settings().with_({**quiet, **intervals, **settings}).save(profile.settings_file)
    keep(profile.folder, Membership(server.url))


class Candidate:
    """A member in this process that tries to lead, and the epochs reported to it."""

    def __init__(self, server: Server, letter: str, name: str, **more: Any) -> None:
        """``letter``: repeated, it is the member's id. ``more``: arguments of ``Leadership``."""
        self._loop = asyncio.get_running_loop()
        self.epochs: list[int | None] = []
        self.turned = asyncio.Event()
        """Set when an epoch was reported."""
        self.leadership = Leadership(server, Member(letter * 16, name, "1"), changed=self._changed, **more)

    def _changed(self, epoch: int | None) -> None:
        self.epochs.append(epoch)
        self._loop.call_soon_threadsafe(self.turned.set)

    async def stop(self) -> None:
        await asyncio.to_thread(self.leadership.stop)


SLOW = 0.2
"""Seconds by which a slow network delays each packet."""
Mode = Literal["open", "silent", "mute", "deaf", "slow", "cut"]


class Proxy:
    """A TCP proxy before the server. Modes: ``open`` forwards; ``slow`` forwards with a delay; ``silent`` holds back
    all data (``mute``: only those of the member, ``deaf``: only those of the server); ``cut`` closes and refuses
    connections."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._mode: Mode = "open"
        self._pairs: set[asyncio.Task[None]] = set()
        self._there, self._back = asyncio.Event(), asyncio.Event()
        """Set while data pass to the server, and back."""
        self._there.set()
        self._back.set()
        self.ports: set[int] = set()
        """The local ports of its connections to the server."""
        self._listening: asyncio.Server | None = None

    async def __aenter__(self) -> Server:
        self._listening = await asyncio.start_server(self._accepted, "127.0.0.1", 0)
        return replace(self._server, port=self._listening.sockets[0].getsockname()[1])

    async def __aexit__(self, *_: object) -> None:
        assert self._listening is not None
        self._listening.close()
        self._end_all()
        await asyncio.gather(*self._pairs, return_exceptions=True)
        await self._listening.wait_closed()

    def set(self, mode: Mode) -> None:
        """Set the mode."""
        self._mode = mode
        for way, held in ((self._there, ("silent", "mute")), (self._back, ("silent", "deaf"))):
            if mode in held:
                way.clear()
            else:
                way.set()
        if mode == "cut":
            self._end_all()

    def to(self, server: Server) -> None:
        """Connect new connections to another server."""
        self._server = server

    def _end_all(self) -> None:
        for pair in self._pairs:
            pair.cancel()

    def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        pair = asyncio.ensure_future(self._serve(reader, writer))
        self._pairs.add(pair)
        pair.add_done_callback(self._pairs.discard)
        pair.add_done_callback(
            lambda _: writer.transport.abort()
        )  # also if the task is cancelled before its first step

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there: asyncio.StreamWriter | None = None
        try:
            if self._mode != "cut":
                back, there = await asyncio.open_connection(self._server.host, self._server.port)
                self.ports.add(there.get_extra_info("sockname")[1])
                await until_one_ends(self._pass(reader, there, self._there), self._pass(back, writer, self._back))
        except OSError:
            pass
        finally:
            if there is not None:
                there.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: asyncio.Event) -> None:
        while data := await reader.read(65536):
            await way.wait()
            if self._mode == "slow":
                await asyncio.sleep(SLOW)
            writer.write(data)
            await writer.drain()
