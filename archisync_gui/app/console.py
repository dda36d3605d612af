"""The end of a console on Windows: its window is closed, Ctrl+Break, or the session ends while a command runs in it.

Windows calls a handler in a thread of its own and ends the process when that has returned, or after about five seconds.
Ctrl+C is not handled here: Python turns it into ``KeyboardInterrupt``, which ``asyncio.run`` ends cleanly.
"""

from __future__ import annotations

import asyncio
import ctypes
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from archisync_gui.system import sys_platform

CTRL_BREAK, CTRL_CLOSE, CTRL_LOGOFF, CTRL_SHUTDOWN = 1, 2, 5, 6

HANDLED = frozenset({CTRL_BREAK, CTRL_CLOSE, CTRL_LOGOFF, CTRL_SHUTDOWN})

LIMIT = 4.5
"""Seconds that the command gets to end: a little less than Windows grants."""


@contextmanager
def console_end(stop: Callable[[], object]) -> Iterator[None]:
    """While this is open the end of the console calls ``stop`` in the running loop, and Windows waits for the end of
    this context, for :data:`LIMIT` seconds at most. On other systems it does nothing: signals tell there."""
    if sys_platform() != "win32":
        yield
        return
    ended = threading.Event()
    loop = asyncio.get_running_loop()

    def told(event: int) -> bool:
        if event not in HANDLED:
            return False
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(stop)
        ended.wait(LIMIT)
        return True

    kernel32, handler = _handler(told)
    kernel32.SetConsoleCtrlHandler(handler, True)
    try:
        yield
    finally:
        ended.set()
        kernel32.SetConsoleCtrlHandler(handler, False)


def _handler(told: Callable[[int], bool]) -> tuple[Any, Any]:
    """Windows' functions, and ``told`` as one that Windows can call. The caller keeps it while it is registered."""
    kind: Any = getattr(ctypes, "WINFUNCTYPE")(ctypes.c_int, ctypes.c_uint32)  # noqa: B009  # unknown elsewhere to mypy
    kernel32: Any = getattr(ctypes, "WinDLL")("kernel32")  # noqa: B009
    return kernel32, kind(told)
