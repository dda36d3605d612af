"""The operating system and its signals, behind functions that tests can replace."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from typing import Any


def sys_platform() -> str:
    """``sys.platform``. A function, so that mypy checks the code of all systems and a test can replace the answer."""
    return sys.platform


def windows_library(name: str) -> Any:
    """A library of Windows, for example ``kernel32``. Each call returns its own object, so that the types of arguments
    and results that one caller sets do not concern others."""
    import ctypes  # not at the top: the panel's first picture does not need it

    return getattr(ctypes, "WinDLL")(name, use_last_error=True)  # noqa: B009  # unknown elsewhere to mypy


def end_signals() -> tuple[signal.Signals, ...]:
    """The signals that ask a program to end: Ctrl+C, SIGTERM, and SIGHUP (the end of its terminal or SSH connection),
    unless ``nohup`` makes it ignore SIGHUP."""
    ends = (signal.SIGINT, signal.SIGTERM)
    hangup: signal.Signals | None = getattr(signal, "SIGHUP", None)  # Windows has none: ``app.console``
    return ends if hangup is None or signal.getsignal(hangup) is signal.SIG_IGN else (*ends, hangup)


def on_end_signals(stop: Callable[[], object]) -> Callable[[], None]:
    """Call ``stop`` in the running loop at each of :func:`end_signals`, until the returned function is called. On
    Windows a loop gets no signals: Ctrl+C raises ``KeyboardInterrupt`` there, and ``app.console`` handles the rest."""
    import asyncio  # not at the top: simple commands do not need it

    loop, handled = asyncio.get_running_loop(), list[int]()
    for number in end_signals() if sys_platform() != "win32" else ():
        loop.add_signal_handler(number, stop)
        handled.append(number)

    def end() -> None:
        for number in handled:
            loop.remove_signal_handler(number)

    return end
