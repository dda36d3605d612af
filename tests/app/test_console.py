"""The end of Windows' console: a command ends cleanly before Windows ends it."""

from __future__ import annotations

import asyncio
import ctypes
import io
import subprocess
import sys
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from archisync_gui.app import console
from archisync_gui.app.console import CTRL_BREAK, CTRL_CLOSE, CTRL_LOGOFF, CTRL_SHUTDOWN, console_end


class Windows:
    """Stores the handler, and calls it as Windows does, in a thread of its own."""

    def __init__(self) -> None:
        self.handler: Callable[[int], bool] | None = None

    def functions(self, told: Callable[[int], bool]) -> tuple[Any, Any]:
        def register(handler: Callable[[int], bool], add: bool) -> None:
            self.handler = handler if add else None

        return SimpleNamespace(SetConsoleCtrlHandler=register), told

    async def ends(self, event: int) -> bool:
        assert self.handler is not None
        return await asyncio.to_thread(self.handler, event)


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> Windows:
    found = Windows()
    monkeypatch.setattr(console, "sys_platform", lambda: "win32")
    monkeypatch.setattr(console, "_handler", found.functions)
    return found


@pytest.mark.parametrize("event", [CTRL_BREAK, CTRL_CLOSE, CTRL_LOGOFF, CTRL_SHUTDOWN])
async def test_windows_waits_until_the_command_has_ended(windows: Windows, event: int) -> None:
    happened: list[str] = []
    stop = asyncio.Event()
    in_loop = threading.get_ident()

    def told_to_stop() -> None:
        assert threading.get_ident() == in_loop
        stop.set()

    async def command() -> None:
        with console_end(told_to_stop):
            await stop.wait()
            await asyncio.sleep(0)
            happened.append("ended")

    running = asyncio.ensure_future(command())
    await asyncio.sleep(0)
    assert await windows.ends(event)
    happened.append("Windows may end the process")
    await running
    assert happened == ["ended", "Windows may end the process"]
    assert windows.handler is None


async def test_ctrl_c_is_left_to_python(windows: Windows) -> None:
    stopped: list[bool] = []
    with console_end(lambda: stopped.append(True)):
        assert not await windows.ends(0)
    assert stopped == []


async def test_the_wait_for_a_command_that_does_not_end_is_limited(
    windows: Windows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console, "LIMIT", 0.01)
    stopped: list[bool] = []
    with console_end(lambda: stopped.append(True)):
        assert await windows.ends(CTRL_CLOSE)
        await asyncio.sleep(0)
        assert stopped == [True]


COMMAND = """
import asyncio
from archisync_gui.app.console import console_end

async def main():
    stop = asyncio.Event()
    with console_end(stop.set):
        print("runs", flush=True)
        await stop.wait()
        print("ended cleanly", flush=True)

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "win32", reason="Windows: console events")
def test_a_command_ends_at_ctrl_break() -> None:
    group: int = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP")  # noqa: B009  # known to mypy on Windows only
    process = subprocess.Popen([sys.executable, "-c", COMMAND], stdout=subprocess.PIPE, text=True, creationflags=group)
    assert process.stdout is not None
    assert process.stdout.readline() == "runs\n"
    process.send_signal(1)  # CTRL_BREAK_EVENT
    assert process.stdout.read() == "ended cleanly\n"
    assert process.wait(30) == 0
    process.stdout.close()


class Console:
    """Windows' functions about a console's mode."""

    def __init__(self, mode: int | None, *, old: bool = False) -> None:
        self.mode, self._old = mode, old

    def GetStdHandle(self, number: int) -> int:
        assert number == console.STANDARD_ERROR
        return 7

    def GetConsoleMode(self, handle: ctypes.c_void_p, mode: Any) -> int:
        assert handle.value == 7
        if self.mode is None:
            return 0
        mode._obj.value = self.mode
        return 1

    def SetConsoleMode(self, handle: ctypes.c_void_p, mode: int) -> int:
        if self._old:
            return 0
        self.mode = mode
        return 1


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("found", "moves", "mode"),
    [
        (Console(0x3), True, 0x7),  # cmd.exe in Windows' console
        (Console(0x7), True, 0x7),  # Windows Terminal
        (Console(0x3, old=True), False, 0x3),  # before Windows 10
        (Console(None), False, None),  # no console of Windows'
    ],
)
def test_a_console_that_shows_escapes_as_letters_gets_plain_lines(
    monkeypatch: pytest.MonkeyPatch, found: Console, moves: bool, mode: int | None
) -> None:
    functions = SimpleNamespace(
        GetStdHandle=lambda number: found.GetStdHandle(number),  # one that takes a type of its result
        GetConsoleMode=found.GetConsoleMode,
        SetConsoleMode=found.SetConsoleMode,
    )
    monkeypatch.setattr(console, "sys_platform", lambda: "win32")
    monkeypatch.setattr(console, "windows_library", lambda _name: functions)
    assert console.moves_cursor(Terminal()) is moves
    assert found.mode == mode
    assert not console.moves_cursor(io.StringIO())
    assert not console.moves_cursor(None)
    monkeypatch.setattr(console, "sys_platform", lambda: "linux")
    assert console.moves_cursor(Terminal())
