"""Shared by benchmarks of the whole program: a demo ERP in its own process, an opened core, a screen."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from archisync_gui.app.core import Core
from archisync_gui.app.profile import Profile, open_profile
from archisync_gui.disk import replace_file
from archisync_gui.entities import ENTITIES
from archisync_gui.model import Outcome
from archisync_gui.settings import Settings
from tests.support.ports import free_port

ACCOUNT = "agente01"
"""The demo ERP's account with the full number of rows."""


@dataclass(frozen=True, slots=True)
class OtherErp:
    """A demo ERP in another process, so that its work is not measured."""

    url: str
    control: str

    def spent(self) -> float:
        """Seconds that the ERP has spent on calls so far."""
        with urllib.request.urlopen(f"{self.control}/spent", timeout=60) as answer:
            return float(json.load(answer)["spent"])


@contextmanager
def ended_after(process: subprocess.Popen[str]) -> Iterator[subprocess.Popen[str]]:
    """End a process at the end of the block."""
    try:
        yield process
    finally:
        process.terminate()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def program(*arguments: str, stdin: int | None = None) -> subprocess.Popen[str]:
    """Python with these arguments, its output readable line by line."""
    return subprocess.Popen([sys.executable, *arguments], stdin=stdin, stdout=subprocess.PIPE, text=True)


def line(pipe: IO[str] | None) -> str:
    """The next line of a process's output; ``RuntimeError`` when it has ended."""
    assert pipe is not None
    found = pipe.readline()
    if not found:
        raise RuntimeError("the other process ended before it was asked to")
    return found.strip()


async def measured(process: subprocess.Popen[str]) -> dict[str, object]:
    """End the measurement of another process by closing its input; returns the result that it prints."""
    assert process.stdin is not None
    process.stdin.close()
    found: dict[str, object] = json.loads(await asyncio.to_thread(line, process.stdout))
    return found


@contextmanager
def other_erp(latency: str, scale: float = 1.0, port: int = 0) -> Iterator[OtherErp]:
    """A demo ERP whose data do not change."""
    world = ("--latency", latency, "--scale", str(scale), "--demo-clock", "stopped", "--port", str(port))
    command = ("-m", "archisync_gui", "demo-erp", *world)
    with ended_after(program(*command)) as process:
        url = control = ""
        while not control:
            said = line(process.stdout)
            if said.startswith("Demo ERP: "):
                url = said.removeprefix("Demo ERP: ").rstrip("/")
            elif said.startswith("control: "):
                control = said.removeprefix("control: ")
        yield OtherErp(url, control)


@contextmanager
def folder() -> Iterator[Path]:
    """A temporary folder with a short name (Chromium puts a socket into it)."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        yield Path(name)


def office(place: Path, url: str, accounts: tuple[str, ...] = (ACCOUNT,)) -> Profile:
    """A real profile for the ERP at ``url``, without scheduled reads."""
    profile = open_profile(f"{place / 'profile'}{os.sep}", demo=False)
    quiet = {f"sync.{entity.name}.interval": 0 for entity in ENTITIES}
    settings = {"erp.url": url, "erp.accounts": list(accounts), "sync.daily": False, "look.first_run_done": True}
    Settings().with_({**settings, **quiet, "endpoint.port": free_port()}).save(profile.settings_file)
    replace_file(profile.folder / "passwords.json", json.dumps(dict.fromkeys(accounts, "demo")))
    return profile


@asynccontextmanager
async def core(profile: Profile) -> AsyncIterator[Core]:
    """The core of a profile, as a panel has it."""
    opened = await Core.open(profile, demo=None, password="demo", attended=True)
    try:
        yield opened
    finally:
        await opened.close()


async def read_all(core: Core) -> int:
    """Read all six lists; returns the number of rows. ``RuntimeError`` when a read was not applied."""
    results = await core.orchestrator.request_full()
    for result in results:
        if result.outcome not in (Outcome.COMPLETED, Outcome.UNCLEAN):
            raise RuntimeError(f"{result.type} ended {result.outcome}: {result.error}")
    return sum(result.rows for result in results)


@contextmanager
def screen() -> Iterator[dict[str, str]]:
    """Environment variables for a desktop without a screen: Xvfb with a window manager if installed, else Qt's
    offscreen platform."""
    plain = {k: v for k, v in os.environ.items() if not k.startswith("QT_")}
    if shutil.which("Xvfb") is None:
        yield {**plain, "QT_QPA_PLATFORM": "offscreen"}
        return
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1400x900x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=(write,), stderr=subprocess.DEVNULL)
    os.close(write)
    started = [server]
    try:
        with os.fdopen(read) as told:
            env = {**plain, "DISPLAY": f":{told.readline().strip()}", "QT_QPA_PLATFORM": "xcb"}
        env.pop("WAYLAND_DISPLAY", None)
        if shutil.which("openbox") is not None:
            started.append(subprocess.Popen(["openbox"], env=env, stderr=subprocess.DEVNULL))
        yield env
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait()


@contextmanager
def on_screen() -> Iterator[None]:
    """This process's own windows are shown on such a desktop."""
    before = dict(os.environ)
    with screen() as env:
        os.environ.clear()
        os.environ.update(env)
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)


def page_cache_dropped() -> bool:
    """Ask the system to drop our program's files from the page cache, so that the next start is a cold one."""
    if not hasattr(os, "posix_fadvise"):
        return False
    places = {Path(p) for p in sys.path if p and Path(p).is_dir()} | {Path(__file__).parents[2] / "archisync_gui"}
    wanted = (".so", ".py", ".pyc", ".qm", ".svg", ".toml")
    for place in places:
        for root, _, names in os.walk(place):
            for name in names:
                if name.endswith(wanted) or ".so." in name:
                    with contextlib.suppress(OSError):
                        file = os.open(Path(root, name), os.O_RDONLY)
                        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
                        os.close(file)
    return True
