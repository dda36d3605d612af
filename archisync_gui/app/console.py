"""A console on Windows: handles its end while a command runs in it, and turns its escape sequences on.

The end is that its window is closed, Ctrl+Break, or logging off. Windows calls a handler in a new thread and ends the
process when the handler returns, or after about five seconds. Ctrl+C is not handled here: Python turns it into
``KeyboardInterrupt``, which ``asyncio.run`` handles.
"""

from __future__ import annotations

import asyncio
import ctypes
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from archisync_gui.system import on_end_signals, sys_platform, windows_library

CTRL_BREAK, CTRL_CLOSE, CTRL_LOGOFF, CTRL_SHUTDOWN = 1, 2, 5, 6

HANDLED = frozenset({CTRL_BREAK, CTRL_CLOSE, CTRL_LOGOFF, CTRL_SHUTDOWN})

LIMIT = 4.5
"""Seconds that the command has to end: a little less than Windows waits."""


@contextmanager
def console_end(stop: Callable[[], object]) -> Iterator[None]:
    """Within this context the end of the console calls ``stop`` in the running event loop, and Windows waits for the
    end of the context, at most :data:`LIMIT` seconds. Does nothing on other systems, which send signals."""
    if sys_platform() != "win32":
        yield
        return
    ended = threading.Event()
    loop = asyncio.get_running_loop()

    def on_event(event: int) -> bool:
        if event not in HANDLED:
            return False
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(stop)
        ended.wait(LIMIT)
        return True

    kernel32, handler = _handler(on_event)
    kernel32.SetConsoleCtrlHandler(handler, True)
    try:
        yield
    finally:
        ended.set()
        kernel32.SetConsoleCtrlHandler(handler, False)


@contextmanager
def ended_by_signals(stop: Callable[[], object]) -> Iterator[None]:
    """Within this context ``stop`` is called by signals that end a process, and by the end of Windows' console."""
    end = on_end_signals(stop)
    try:
        with console_end(stop):
            yield
    finally:
        end()


STANDARD_ERROR = -12
VIRTUAL_TERMINAL = 0x4
"""Console mode in which escape sequences are interpreted; without it older consoles of Windows print them as text."""


def moves_cursor(stream: TextIO | None) -> bool:
    """Whether ``stream``, the standard error, is a terminal that interprets escape sequences. On Windows turns them
    on."""
    if stream is None or not stream.isatty():
        return False
    if sys_platform() != "win32":
        return True
    kernel32, mode = windows_library("kernel32"), ctypes.c_uint32()
    kernel32.GetStdHandle.restype = ctypes.c_void_p
    console = ctypes.c_void_p(kernel32.GetStdHandle(STANDARD_ERROR))
    if not kernel32.GetConsoleMode(console, ctypes.byref(mode)):
        return False  # not a console of Windows: Git Bash, for example
    return bool(mode.value & VIRTUAL_TERMINAL or kernel32.SetConsoleMode(console, mode.value | VIRTUAL_TERMINAL))


def _handler(on_event: Callable[[int], bool]) -> tuple[Any, Any]:
    """The library kernel32, and ``on_event`` as a function that Windows can call. The caller has to keep a reference to
    it while it is registered."""
    kind: Any = getattr(ctypes, "WINFUNCTYPE")(ctypes.c_int, ctypes.c_uint32)  # noqa: B009  # unknown elsewhere to mypy
    return windows_library("kernel32"), kind(on_event)
