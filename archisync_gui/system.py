"""Which system the program runs on, asked in a way that tests can answer."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable


def sys_platform() -> str:
    """``sys.platform``, as a call: so that mypy checks the code of all systems, and a test can ask for another one."""
    return sys.platform


def end_signals() -> tuple[signal.Signals, ...]:
    """What asks a program to end: Ctrl+C, the system, and the end of its terminal or SSH connection, unless ``nohup``
    has that ignored."""
    ends = (signal.SIGINT, signal.SIGTERM)
    hangup: signal.Signals | None = getattr(signal, "SIGHUP", None)  # Windows has none: ``app.console``
    return ends if hangup is None or signal.getsignal(hangup) is signal.SIG_IGN else (*ends, hangup)


def on_end_signals(stop: Callable[[], object]) -> Callable[[], None]:
    """Call ``stop`` in the running loop at each of :func:`end_signals`, until the function that this returns is called.
    Windows has none that a loop hears: Ctrl+C is ``KeyboardInterrupt`` there, and ``app.console`` hears the rest."""
    import asyncio  # the light commands do without it

    loop, handled = asyncio.get_running_loop(), list[int]()
    for number in end_signals() if sys_platform() != "win32" else ():
        loop.add_signal_handler(number, stop)
        handled.append(number)

    def end() -> None:
        for number in handled:
            loop.remove_signal_handler(number)

    return end
