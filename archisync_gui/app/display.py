"""Whether there is a display, to be checked before Qt is loaded, which ends the process if there is none; and which
program may bring its window to the front."""

from __future__ import annotations

import os
import sys


def display_available() -> bool:
    """True when a window can be shown."""
    if os.environ.get("QT_QPA_PLATFORM", "").startswith(("offscreen", "minimal")):
        return True
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def windows_are_seen() -> bool:
    """True when a person can see a window: there is a display, and Qt does not draw into memory only."""
    return display_available() and not os.environ.get("QT_QPA_PLATFORM", "").startswith(("offscreen", "minimal"))


ANY_PROCESS = 0xFFFFFFFF
"""``ASFW_ANY``."""


def let_come_forward() -> None:
    """Let the process that is called next bring its window to the front. Windows allows that only to the program that
    the user has just started, which is this one; the other one's button in the taskbar would only blink."""
    from archisync_gui.system import sys_platform, windows_library  # not before the first picture

    if sys_platform() == "win32":
        import ctypes

        windows_library("user32").AllowSetForegroundWindow(ctypes.c_uint32(ANY_PROCESS))
