"""Which system the program runs on, asked in a way that tests can answer."""

from __future__ import annotations

import sys


def sys_platform() -> str:
    """``sys.platform``, as a call: so that mypy checks the code of all systems, and a test can ask for another one."""
    return sys.platform
