"""A second start while a process holds the profile: the window is shown, or the reason why there is none."""

from __future__ import annotations

import asyncio
import ctypes
import locale
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMessageBox

from archisync_gui import system
from archisync_gui.app import desktop, display, exit_codes
from archisync_gui.app.channel import NoAnswer, call
from archisync_gui.app.core import Core
from archisync_gui.app.demo import DemoOptions
from archisync_gui.app.life import Life
from archisync_gui.app.profile import Profile, ProfileError, ProfileLock, open_profile
from archisync_gui.entities import ENTITIES
from archisync_gui.messages import system_language, text
from archisync_gui.settings import Settings
from tests.support.opening import slow_opening

CALM = {"look.first_run_done": True, "look.language": "en", "sync.daily": False} | {
    f"sync.{entity.name}.interval": 0 for entity in ENTITIES
}
"""Settings of a profile without scheduled reads."""


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    found = open_profile(f"{tmp_path / 'p'}{os.sep}", demo=True)
    Settings().with_(CALM).save(found.settings_file)
    return found


@asynccontextmanager
async def command_at_work(profile: Profile) -> AsyncIterator[Core]:
    """The parts that ``sync`` has open, without a window."""
    lock = ProfileLock(profile)
    assert lock.acquire()
    core = await Core.open(profile, demo=DemoOptions("none", "stopped"), attended=False, reads=False)
    try:
        yield core
    finally:
        await core.close()
        lock.release()


async def asks(profile: Profile, name: str, args: dict[str, Any] | None = None) -> int | None:
    """The holder's answer; ``None`` without one."""
    with suppress(NoAnswer):
        async with asyncio.timeout(20):
            return (await call(profile, name, args or {}, lambda _event: None))[0]
    return None


async def a_window(profile: Profile) -> None:
    """Wait until a panel answers a start."""
    async with asyncio.timeout(120):
        while await asks(profile, "raise") != exit_codes.OK:  # noqa: ASYNC110 (another process begins)
            await asyncio.sleep(0.05)


ENVIRONMENT = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}


SEEN = """
from archisync_gui.app import desktop
from archisync_gui.start import main
from tests.support.opening import slow_opening
desktop.windows_are_seen = lambda: True
code = main()
from PySide6.QtWidgets import QApplication
raise SystemExit(code or int(QApplication.quitOnLastWindowClosed()))
"""
"""The program, as if its windows were visible; its exit code is 1 if the box did not belong to the panel's
application."""


def command(profile: Profile, *arguments: str, seen: bool = False) -> list[str]:
    program = ["-c", SEEN] if seen else ["-m", "archisync_gui"]
    return [sys.executable, *program, "--demo", "--profile", f"{profile.folder}{os.sep}", *arguments]


@asynccontextmanager
async def panel(profile: Profile, *arguments: str, seen: bool = False) -> AsyncIterator[asyncio.subprocess.Process]:
    """The panel's process, without a desktop; ended by the test or at the end of the block."""
    process = await asyncio.create_subprocess_exec(
        *command(profile, *arguments, seen=seen),
        env=ENVIRONMENT,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_a_command_answers_that_it_has_no_window(profile: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also before the data are open."""
    opening, go_on = slow_opening(monkeypatch)

    async def ask() -> None:
        await opening.wait()
        assert await asks(profile, "raise") == exit_codes.BUSY

    asking = asyncio.ensure_future(ask())
    asking.add_done_callback(lambda _: go_on.set())
    async with command_at_work(profile):
        await asking
        assert await asks(profile, "raise") == exit_codes.BUSY


@pytest.mark.parametrize("how", ["icon", "login", "box"])
async def test_the_panel_waits_for_a_command_and_then_opens(profile: Profile, how: str) -> None:
    """A scheduled ``sync`` holds the profile for minutes; the operator clicks the icon, or logs in."""
    async with AsyncExitStack() as at_work:
        await at_work.enter_async_context(command_at_work(profile))
        async with panel(profile, *(["--hidden"] if how == "login" else []), seen=how == "box") as started:
            assert started.stderr is not None
            said = (await started.stderr.readline()).decode(locale.getencoding()).strip()
            assert said == str(text("panel-waits", system_language(), {"name": profile.name, "pid": os.getpid()}))
            await at_work.aclose()
            await a_window(profile)
            assert await asks(profile, "quit") == exit_codes.OK
            assert await started.wait() == exit_codes.OK


async def test_of_two_waiting_panels_one_opens_and_the_other_ends(profile: Profile) -> None:
    async with AsyncExitStack() as at_work:
        await at_work.enter_async_context(command_at_work(profile))
        async with panel(profile) as one, panel(profile) as two:
            for started in (one, two):
                assert started.stderr is not None
                assert await started.stderr.readline()
            await at_work.aclose()
            await asyncio.wait(
                {asyncio.ensure_future(each.wait()) for each in (one, two)}, return_when=asyncio.FIRST_COMPLETED
            )
            ended, opened = (one, two) if one.returncode is not None else (two, one)
            assert ended.returncode == exit_codes.OK
            assert opened.returncode is None
            assert await asks(profile, "quit") == exit_codes.OK
            assert await opened.wait() == exit_codes.OK


@pytest.mark.qasync
async def test_a_start_while_the_panel_closes_opens_it_anew(
    profile: Profile, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The operator quits and then clicks the icon again: the closing window must not count as the answer."""
    closing, go_on, asked = asyncio.Event(), asyncio.Event(), asyncio.Event()
    real_close, real_start = Core.close, Life.second_start

    async def slow(core: Core, deadline: float = 10.0) -> None:
        closing.set()
        await go_on.wait()
        await real_close(core, deadline)

    def noted(life: Life, *what: Any) -> bool:
        asked.set()
        return real_start(life, *what)

    monkeypatch.setattr(Core, "close", slow)
    monkeypatch.setattr(Life, "second_start", noted)
    lock = ProfileLock(profile)
    assert lock.acquire()
    life = Life(profile, DemoOptions("none", "stopped"), asyncio.Event())
    living = asyncio.ensure_future(desktop._lives(qapp, life, hidden=True))
    async with asyncio.timeout(120), AsyncExitStack() as stack:
        await a_window(profile)
        life.quit.set()
        await closing.wait()
        asked.clear()
        started = await asyncio.to_thread(subprocess.Popen, command(profile), env=ENVIRONMENT)
        stack.callback(started.wait)
        stack.callback(started.kill)
        await asked.wait()
        assert started.poll() is None
        go_on.set()
        assert await living == exit_codes.OK
        lock.release()
        await a_window(profile)
        assert await asks(profile, "quit") == exit_codes.OK
        assert await asyncio.to_thread(started.wait) == exit_codes.OK


@pytest.mark.parametrize("hidden", [False, True])
def test_on_windows_a_second_start_lets_the_panel_come_to_the_front(
    profile: Profile, monkeypatch: pytest.MonkeyPatch, hidden: bool
) -> None:
    """Only the program that a person has just started may: the panel's button in the taskbar blinked, no more."""
    done: list[str] = []

    class User32:
        def AllowSetForegroundWindow(self, process: ctypes.c_uint32) -> int:
            assert process.value == display.ANY_PROCESS
            done.append("allowed")
            return 1

    async def raised(*_: object, **__: object) -> tuple[int, None]:
        done.append("asked")
        return exit_codes.OK, None

    monkeypatch.setattr(system, "sys_platform", lambda: "win32")
    monkeypatch.setattr(system, "windows_library", lambda _name: User32())
    monkeypatch.setattr(desktop, "call", raised)
    assert desktop._hand_over(profile, ProfileLock(profile), "en", hidden, "") == exit_codes.OK
    assert done == (["asked"] if hidden else ["allowed", "asked"])


@pytest.mark.parametrize("work", [False, True])
def test_a_closing_panel_accepts_a_second_start_only_if_it_opens_again(profile: Profile, work: bool) -> None:
    class Raised:
        def __init__(self) -> None:
            self.asked: list[tuple[bool, str]] = []

        def second_start(self, hidden: bool, place: str) -> None:
            self.asked.append((hidden, place))

    panel: Any = Raised()
    life = Life(profile, None, asyncio.Event())
    assert life.second_start(panel, False, "log")
    life.put_back(profile.folder) if work else life.stop.set()
    assert life.second_start(panel, True, "") is work
    life.quit.set()
    assert not life.second_start(panel, False, "")
    assert panel.asked == [(False, "log"), *([(True, "")] if work else [])]


def test_the_operator_can_close_the_box(profile: Profile, qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    """The box closes with its button, or when the profile is free."""
    monkeypatch.setattr(desktop, "windows_are_seen", lambda: True)
    monkeypatch.setattr(desktop, "LOOK", 0.01)
    asked: list[float] = []

    def over(within: float) -> bool:
        asked.append(within)
        return len(asked) == 5

    assert desktop._waited(over, "at work", "&Do not wait", shown=True)
    assert asked == [0.0] * 5, "a check has blocked the box"
    QTimer.singleShot(0, lambda: shown_box().buttons()[0].click())
    assert not desktop._waited(lambda within: False, "at work", "&Do not wait", shown=True)


def test_a_folder_that_disappears_while_the_box_is_shown_ends_the_wait(
    profile: Profile, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desktop, "windows_are_seen", lambda: True)
    monkeypatch.setattr(desktop, "LOOK", 0.01)

    def over(within: float) -> bool:
        raise ProfileError("profile-gone", name=profile.name)

    with pytest.raises(ProfileError):
        desktop._waited(over, "at work", "&Do not wait", shown=True)


def shown_box() -> QMessageBox:
    return next(box for box in QApplication.topLevelWidgets() if isinstance(box, QMessageBox) and box.isVisible())
