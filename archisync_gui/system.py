"""Which system the program runs on, asked in a way that tests can answer."""

from __future__ import annotations

import signal
import sys


def sys_platform() -> str:
    """``sys.platform``, as a call: so that mypy checks the code of all systems, and a test can ask for another one."""
    return sys.platform


def end_signals() -> tuple[signal.Signals, ...]:
    """What asks a program to end: Ctrl+C, the system, and the end of its terminal or SSH connection, unless ``nohup``
    has that ignored."""
    ends = (signal.SIGINT, signal.SIGTERM)
    hangup: signal.Signals | None = getattr(signal, "SIGHUP", None)  # Windows has none: ``app.console``
    return ends if hangup is None or signal.getsignal(hangup) is signal.SIG_IGN else (*ends, hangup)
