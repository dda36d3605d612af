"""Whether there is a display. To be checked before Qt is loaded, which ends the process if there is none."""

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
