"""The whole panel on a desktop: first run, order form tab, failure and recovery, sleep, second start, close and quit.

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
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import psutil
import pytest
from form_rig import chromium

from archisync_gui.app import exit_codes
from archisync_gui.demo_erp import DemoClock, DemoErp
from archisync_gui.messages import resources
from tests.support.buses import NotificationService, bus, tell_sleep
from tests.support.waiting import until

PROGRAMS = ("Xvfb", "openbox", "trayer", "dbus-daemon", "xdotool")
MISSING = [name for name in PROGRAMS if shutil.which(name) is None]

pytestmark = [
    pytest.mark.ci,
    pytest.mark.skipif(
        not sys.platform.startswith("linux") or bool(MISSING),
        reason=f"needs an X11 desktop: Linux with {', '.join(PROGRAMS)} (missing here: {', '.join(MISSING) or '-'})",
    ),
]


ITALIAN = {
    message.findtext("source"): message.findtext("translation") or ""
    for message in ElementTree.parse(resources() / "translations" / "archisync_it.ts").getroot().iter("message")
}


def it(source: str, **params: str) -> str:
    """What the panel says in Italian, without the mark of the letter."""
    return ITALIAN[source].replace("&", "").format(**params)


def alt(source: str) -> str:
    """The keys of a button."""
    text = ITALIAN[source]
    return f"alt+{text[text.index('&') + 1].lower()}"


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


@dataclass
class Desktop:
    """The desktop and what was notified on it."""

    env: dict[str, str]
    folder: Path
    service: NotificationService
    where: tuple[str, ...] = ("--demo",)
    """Arguments that name the profile."""

    @property
    def titles(self) -> list[str]:
        """Titles of what was notified."""
        return [title for title, _ in self.service.notes]

    def ask(self, *command: str) -> str:
        """Run a small program on the desktop."""
        found = subprocess.run(command, env=self.env, capture_output=True, text=True, timeout=60)
        return found.stdout

    def windows(self) -> list[str]:
        """Titles of the panel's visible windows."""
        ids = self.ask("xdotool", "search", "--onlyvisible", "--class", "archisync").split()
        return [t for t in (self.ask("xdotool", "getwindowname", i).strip() for i in ids) if "Archisync" in t]

    def has(self, name: str) -> bool:
        """True when a window of that name is visible."""
        return bool(self.ask("xdotool", "search", "--onlyvisible", "--name", name).split())

    def key(self, keys: str, window: str = "– Archisync") -> None:
        """Press keys in a window, the panel's own by default."""
        ids = self.ask("xdotool", "search", "--onlyvisible", "--name", window).split()
        assert ids, f"no window {window!r} to type into"
        self.ask("xdotool", "windowactivate", "--sync", ids[-1], "key", "--clearmodifiers", *keys.split())

    def type(self, *fields: str) -> None:
        """Type texts into the focused field and those after it."""
        for at, text in enumerate(fields):
            if at:
                self.ask("xdotool", "key", "Tab")
            self.ask("xdotool", "type", "--delay", "5", text)

    def archisync(self, *arguments: str) -> tuple[int, str]:
        """Run the command line beside the panel."""
        found = subprocess.run(
            [sys.executable, "-m", "archisync_gui", *arguments],
            env=self.env,
            capture_output=True,
            text=True,
            timeout=300,  # a bound for a busy computer
        )
        return found.returncode, found.stdout + found.stderr

    def status(self) -> dict[str, Any]:
        """The running panel's status."""
        code, text = self.archisync("status", *self.where, "--json")
        assert code == 0, text
        found: dict[str, Any] = json.loads(text)
        return found.get("status", found)


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
        env["DBUS_SESSION_BUS_ADDRESS"] = await start(bus(env))
        env["DBUS_SYSTEM_BUS_ADDRESS"] = await start(bus(env))
        await start(program("openbox", env=env))
        await start(program("trayer", "--edge", "top", "--align", "right", "--widthtype", "request", env=env))
        service = await start(NotificationService().at(env["DBUS_SESSION_BUS_ADDRESS"]))
        yield Desktop(env, folder, service)
    shutil.rmtree(folder)


@pytest.mark.nightly
async def test_a_day_with_the_panel(desktop: Desktop) -> None:
    """By day: the first start until the end, and the operator's questions, below."""
    command = (sys.executable, "-m", "archisync_gui", "--demo", "--latency", "none")
    async with program(*command, env=desktop.env) as panel:
        await until(desktop.windows)
        assert any("[DEMO]" in title for title in desktop.windows())

        # All six lists are read; the title then says so.
        await until(lambda: any(title.startswith(it("Everything up to date")) for title in desktop.windows()), 300)
        statuses = desktop.status()["statuses"]
        assert len(statuses) == 6
        assert all(entry["freshness"] == "fresh" for entry in statuses.values())

        # F5 asks for everything; a hold by the command line ends the run and is seen in the window at once.
        desktop.key("F5")
        await until(lambda: any(it("whole list") in title for title in desktop.windows()))
        assert desktop.archisync("hold", "--demo")[0] == 0
        await until(lambda: any(title.startswith("In pausa") for title in desktop.windows()))
        assert desktop.status()["currentSync"] is None

        # Closing goes to the tray and says so once; a second start brings the window back.
        desktop.key("alt+F4")
        await until(lambda: not desktop.windows())
        await until(lambda: any(it("Archisync goes on in the tray") in title for title in desktop.titles))
        assert panel.returncode is None
        code, text = desktop.archisync("--demo", "--hidden")  # as the system does at login
        assert code == 0, text
        assert not desktop.windows()
        code, text = desktop.archisync("--demo", "--open", "sessions")
        assert code == 0, text
        await until(desktop.windows)
        await until(lambda: desktop.has(it("Open order form tabs")))
        desktop.key("Escape", it("Open order form tabs"))

        # Quitting in peace asks nothing and leaves nothing behind.
        children = psutil.Process(panel.pid).children(recursive=True)
        desktop.key("ctrl+q")
        assert await asyncio.wait_for(panel.wait(), 30) == 0
        _, alive = psutil.wait_procs(children, timeout=10)
        assert alive == []


def stub_browser(desktop: Desktop) -> Path:
    """What the system opens web addresses with: it only notes them down in the file returned."""
    opened, tools = desktop.folder / "opened", desktop.folder / "bin"
    tools.mkdir()
    script = tools / "xdg-open"
    script.write_text(f'#!/bin/sh\necho "$1" >> {opened}\n', encoding="utf-8")
    script.chmod(0o755)
    desktop.env["PATH"] = f"{tools}{os.pathsep}{desktop.env['PATH']}"
    return opened


def quiet_settings(desktop: Desktop) -> None:
    """No schedule and no quiet hours, so that nothing depends on when the test runs."""
    folder = desktop.folder / "home/.local/share/archisync/profiles/default"
    folder.mkdir(parents=True)
    kinds = ("orders", "customers", "ddt", "invoices", "prices", "products")
    settings: dict[str, object] = {f"sync.{kind}.interval": 0 for kind in kinds}
    settings |= {"sync.daily": False, "notify.quiet_from": "00:00", "notify.quiet_to": "00:00"}
    document = {"version": 1, "settings": settings}
    (folder / "settings.json").write_text(json.dumps(document), encoding="utf-8")


async def test_from_the_first_start_through_trouble_to_the_end(desktop: Desktop) -> None:
    desktop.where = ()
    opened = stub_browser(desktop)
    quiet_settings(desktop)
    erp = DemoErp(latency="none", clock=DemoClock.parse("stopped"), scale=0.3)
    account, password = next(iter(erp.accounts.items()))
    address = await erp.start()
    try:
        async with program(sys.executable, "-m", "archisync_gui", env=desktop.env) as panel:
            await first_run(desktop, address, account, password)
            await read_well(desktop)
            await order_form_tab(desktop, opened)
            await sleep_and_wake(desktop)
            await fail_and_recover(desktop, erp)
            await put_back(desktop)
            children = psutil.Process(panel.pid).children(recursive=True)
            # No keyring kept the password: it is asked for. The panel has that title, too, until it has a status.
            await until(lambda: desktop.has("– Archisync") and desktop.has("^Archisync$"))
            desktop.type(password)
            desktop.key("Return", "^Archisync$")
            await until(lambda: not desktop.has("^Archisync$"))
            async with asyncio.timeout(60):
                while not any(it("whole list") in title for title in desktop.windows()):
                    desktop.key("F5")  # the command line is answered a moment before the window is
                    await asyncio.sleep(1)
            desktop.key("ctrl+q")  # a run is active: it asks, and Esc stays
            await until(lambda: desktop.has("^Archisync$"))
            desktop.key("Escape", "^Archisync$")
            await until(lambda: not desktop.has("^Archisync$"))
            assert panel.returncode is None
            desktop.key("ctrl+q")
            await until(lambda: desktop.has("^Archisync$"))
            desktop.key(alt("&Quit"), "^Archisync$")
            assert await asyncio.wait_for(panel.wait(), 30) == 0
            _, alive = psutil.wait_procs(children, timeout=10)
            assert alive == []
    finally:
        await erp.stop()


async def press(desktop: Desktop, keys: str, window: str) -> None:
    """Press a button by its letter; Qt shows it pressed for a tenth of a second before it acts."""
    desktop.key(keys, window)
    await asyncio.sleep(0.5)


async def first_run(desktop: Desktop, address: str, account: str, password: str) -> None:
    """Language, ERP and account, test, order form, intervals: by keyboard alone."""
    welcome = it("Welcome to Archisync")
    await until(lambda: desktop.has(welcome))
    await press(desktop, alt("&Skip"), welcome)  # the language is right
    desktop.type(address, account, password)
    desktop.key("Return", welcome)
    for keys in (alt("&Skip"), alt("&Skip"), alt("&Finish")):  # all is kept now, and the lists are read
        await press(desktop, keys, welcome)
    await until(lambda: not desktop.has(welcome))
    await until(lambda: [a["id"] for a in desktop.status()["accounts"]] == [account])


async def read_well(desktop: Desktop) -> None:
    code, text = desktop.archisync("sync", "all", "--json")
    assert code == 0, text


async def order_form_tab(desktop: Desktop, notes: Path) -> None:
    """A tab of the order form is a session as long as it is open."""
    desktop.key("ctrl+n")
    address = await until(lambda: notes.exists() and notes.read_text(encoding="utf-8").strip())
    async with chromium() as browser:
        page = await browser.new_page()
        await page.goto(address)
        await until(lambda: desktop.status()["sessionCount"] == 1)
        await page.close()
        await until(lambda: desktop.status()["sessionCount"] == 0)


async def put_back(desktop: Desktop) -> None:
    """A backup is made and put back by keyboard; the same process goes on with it."""
    assert desktop.archisync("--open", "settings")[0] == 0
    folder = desktop.folder / "home/.local/share/archisync/profiles/default"
    await press(desktop, "Down Down Down Down Down Down", "– Archisync")
    await press(desktop, alt("B&ack up now"), "– Archisync")
    (backup,) = await until(lambda: list((folder / "backups").glob("*operator.db")))
    await press(desktop, alt("&Restore this backup…"), "– Archisync")
    await until(lambda: desktop.has("^Archisync$"))
    await press(desktop, alt("&Restore"), "^Archisync$")
    await until(lambda: len(list((folder / "backups").glob("*replaced.db"))) == 1)
    await until(lambda: desktop.status()["statuses"]["invoices"]["freshness"] == "fresh")
    assert backup.exists()


async def sleep_and_wake(desktop: Desktop) -> None:
    """What logind tells is believed at once, and a few seconds after waking all is as before."""
    system = desktop.env["DBUS_SYSTEM_BUS_ADDRESS"]
    await tell_sleep(system, True)
    await until(lambda: desktop.status()["explanation"]["reason"] == "asleep")
    await tell_sleep(system, False)
    await until(lambda: desktop.status()["explanation"]["reason"] != "asleep")


async def fail_and_recover(desktop: Desktop, erp: DemoErp) -> None:
    """A list that is cut short: refused and notified; a click leads to the decision; the next good read resolves it."""
    await asyncio.to_thread(erp.fault, "truncated-list")
    code, text = desktop.archisync("sync", "invoices", "--json")
    assert code == exit_codes.REFUSED, text
    await until(lambda: any(it("{type}: a read looked wrong", type="Fatture") in title for title in desktop.titles))
    fact = "{type}: the ERP sent {now} rows of {before}. Nothing was changed."
    decision = it(fact, type="Fatture", now=".*", before=".*")
    async with asyncio.timeout(60):
        while not desktop.has(decision):
            await desktop.service.click("Fatture")  # the panel has to learn the number first; once more does no harm
            await asyncio.sleep(1)
    desktop.key("Escape", decision)
    await asyncio.to_thread(erp.clear_faults)
    code, text = desktop.archisync("sync", "invoices", "--json")
    assert code == 0, text
    await until(lambda: it("{name}: resolved", name="Fatture") in desktop.titles)


async def test_the_operators_questions_are_answered_on_a_real_screen(desktop: Desktop) -> None:
    """The walks of ``tests/ui/test_walks.py`` with a window of the desktop instead of an offscreen one."""
    walks = ("-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", "tests/ui/test_walks.py")
    # Without the desktop's buses: those are what the other tests here are about.
    env = {name: value for name, value in desktop.env.items() if not name.startswith(("PYTEST_", "DBUS_"))}
    pipe = asyncio.subprocess.PIPE
    async with program(sys.executable, *walks, env=env, stdout=pipe) as walking:
        assert walking.stdout is not None
        said = (await asyncio.wait_for(walking.stdout.read(), 300)).decode()
    print(said)
    assert "12 passed" in said
