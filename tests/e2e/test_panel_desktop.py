"""The whole panel on a desktop: window, tray, notifications, second start, failure and recovery, close and quit.

The desktop is Xvfb with a window manager, a tray and a session bus; the notification service is this test's own, so
that what is shown can be read.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

PROGRAMS = ("Xvfb", "openbox", "trayer", "dbus-daemon", "xdotool")
MISSING = [name for name in PROGRAMS if shutil.which(name) is None]

pytestmark = [
    pytest.mark.ci,
    pytest.mark.skipif(
        not sys.platform.startswith("linux") or bool(MISSING),
        reason=f"needs an X11 desktop: Linux with {', '.join(PROGRAMS)} (missing here: {', '.join(MISSING) or '-'})",
    ),
]


@asynccontextmanager
async def program(*command: str, env: dict[str, str], **more: Any) -> AsyncIterator[asyncio.subprocess.Process]:
    """A program that ends with the block."""
    process = await asyncio.create_subprocess_exec(*command, env=env, stderr=asyncio.subprocess.DEVNULL, **more)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def until(condition: Callable[[], Any], seconds: float = 30.0) -> Any:
    """Wait for a condition and return what it found."""
    async with asyncio.timeout(seconds):
        while not (found := condition()):  # noqa: ASYNC110  (another process tells by no event)
            await asyncio.sleep(0.1)
        return found


@dataclass
class Desktop:
    """The desktop and what was notified on it."""

    env: dict[str, str]
    notes: list[tuple[str, str]] = field(default_factory=list)

    def ask(self, *command: str) -> str:
        """Run a small program on the desktop."""
        found = subprocess.run(command, env=self.env, capture_output=True, text=True, timeout=60)
        return found.stdout

    def windows(self) -> list[str]:
        """Titles of the panel's visible windows."""
        ids = self.ask("xdotool", "search", "--onlyvisible", "--class", "archisync").split()
        return [t for t in (self.ask("xdotool", "getwindowname", i).strip() for i in ids) if "Archisync" in t]

    def key(self, keys: str) -> None:
        """Press keys in the panel's window."""
        ids = self.ask("xdotool", "search", "--onlyvisible", "--name", "– Archisync").split()
        assert ids, "no window to type into"
        self.ask("xdotool", "windowactivate", "--sync", ids[-1], "key", "--clearmodifiers", keys)

    def archisync(self, *arguments: str) -> tuple[int, str]:
        """Run the command line beside the panel."""
        found = subprocess.run(
            [sys.executable, "-m", "archisync_gui", *arguments],
            env=self.env,
            capture_output=True,
            text=True,
            timeout=120,
        )
        return found.returncode, found.stdout + found.stderr

    def status(self) -> dict[str, Any]:
        """The running panel's status."""
        code, text = self.archisync("status", "--demo", "--json")
        assert code == 0, text
        found: dict[str, Any] = json.loads(text)
        return found.get("status", found)


async def notifications(address: str, notes: list[tuple[str, str]], ready: asyncio.Event) -> None:
    """A notification service that keeps what it is asked to show."""
    from jeepney import MessageType, new_method_return
    from jeepney.bus_messages import message_bus
    from jeepney.io.asyncio import open_dbus_connection

    connection = await open_dbus_connection(address)
    try:
        serial = 0
        await connection.send(message_bus.RequestName("org.freedesktop.Notifications"))
        while True:
            message = await connection.receive()
            ready.set()
            if message.header.message_type is not MessageType.method_call:
                continue
            member = message.header.fields.get(3)
            if member == "GetCapabilities":
                await connection.send(new_method_return(message, "as", (["body", "actions"],)))
            elif member == "Notify":
                serial += 1
                notes.append((message.body[3], message.body[4]))
                await connection.send(new_method_return(message, "u", (serial,)))
    finally:
        await connection.close()


@pytest.fixture
async def desktop() -> AsyncIterator[Desktop]:
    # Chromium puts a socket into the temporary folder, whose path may not be longer than about 100 bytes.
    folder = Path(tempfile.mkdtemp(prefix="e2e-"))
    for name in ("home", "tmp", "run"):
        (folder / name).mkdir(mode=0o700)
    env = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("XDG_", "QT_", "DBUS_"))},
        "HOME": str(folder / "home"),
        "TMPDIR": str(folder / "tmp"),
        "XDG_RUNTIME_DIR": str(folder / "run"),
        "LANG": "it_IT.UTF-8",
        "QT_QPA_PLATFORM": "xcb",
        "PYTHONPATH": str(Path.cwd()),
    }
    async with AsyncExitStack() as stack:
        start = stack.enter_async_context
        pipe = asyncio.subprocess.PIPE
        size = ("-screen", "0", "1400x900x24", "-nolisten", "tcp")
        x = await start(program("Xvfb", "-displayfd", "1", *size, env=env, stdout=pipe))
        assert x.stdout is not None
        env["DISPLAY"] = ":" + (await asyncio.wait_for(x.stdout.readline(), 20)).decode().strip()
        bus = await start(
            program("dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address=1", env=env, stdout=pipe)
        )
        assert bus.stdout is not None
        env["DBUS_SESSION_BUS_ADDRESS"] = (await asyncio.wait_for(bus.stdout.readline(), 20)).decode().strip()
        await start(program("openbox", env=env))
        await start(program("trayer", "--edge", "top", "--align", "right", "--widthtype", "request", env=env))
        made = Desktop(env)
        ready = asyncio.Event()
        service = asyncio.create_task(notifications(env["DBUS_SESSION_BUS_ADDRESS"], made.notes, ready))
        await asyncio.wait_for(ready.wait(), 20)
        try:
            yield made
        finally:
            service.cancel()
            await asyncio.gather(service, return_exceptions=True)
    shutil.rmtree(folder)


async def test_a_day_with_the_panel(desktop: Desktop) -> None:
    command = (sys.executable, "-m", "archisync_gui", "--demo", "--latency", "none")
    async with program(*command, env=desktop.env) as panel:
        await until(desktop.windows)
        assert any("[DEMO]" in title for title in desktop.windows())

        # All six lists are read; the title then says so.
        await until(lambda: any(title.startswith("Tutto aggiornato") for title in desktop.windows()), 300)
        statuses = desktop.status()["statuses"]
        assert len(statuses) == 6
        assert all(entry["freshness"] == "fresh" for entry in statuses.values())

        # F5 asks for everything; a hold by the command line ends the run and is seen in the window at once.
        desktop.key("F5")
        await until(lambda: any("elenco intero" in title for title in desktop.windows()))
        assert desktop.archisync("hold", "--demo")[0] == 0
        await until(lambda: any(title.startswith("In pausa") for title in desktop.windows()))
        assert desktop.status()["currentSync"] is None

        # Closing goes to the tray and says so once; a second start brings the window back.
        desktop.key("alt+F4")
        await until(lambda: not desktop.windows())
        await until(lambda: any("accanto all'orologio" in title for title, _ in desktop.notes))
        assert panel.returncode is None
        code, text = desktop.archisync("--demo")
        assert code == 0, text
        await until(desktop.windows)

        # Quitting in peace asks nothing and leaves nothing behind.
        children = psutil.Process(panel.pid).children(recursive=True)
        desktop.key("ctrl+q")
        assert await asyncio.wait_for(panel.wait(), 30) == 0
        _, alive = psutil.wait_procs(children, timeout=10)
        assert alive == []
