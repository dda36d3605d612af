"""Chrome and Edge of a Windows computer, found through the registry; nothing here starts them.

Playwright knows three fixed folders. A browser that was installed elsewhere (on another drive, a 32-bit one on 64-bit
Windows, for one user only) is registered under *App Paths*, of the user or of the computer, in the registry view of its
own bitness.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from archisync_gui.system import sys_platform

APP_PATHS = r"Software\Microsoft\Windows\CurrentVersion\App Paths"

PROGRAMS = ("chrome.exe", "msedge.exe")
"""In order of preference."""


def registered_browsers() -> list[str]:
    """Paths of registered programs that exist, each once; none on other systems."""
    if sys_platform() != "win32":
        return []
    found = (path for program in PROGRAMS for path in _registered(importlib.import_module("winreg"), program))
    return list(dict.fromkeys(path for path in found if Path(path).is_file()))


def _registered(winreg: Any, program: str) -> Iterator[str]:
    """Paths registered for ``program``: the user's entry before the computer's, 64-bit before 32-bit."""
    for root in (winreg.HKEY_CURRENT_USER, winreg.HKEY_LOCAL_MACHINE):
        for view in (winreg.KEY_WOW64_64KEY, winreg.KEY_WOW64_32KEY):
            try:
                with winreg.OpenKey(root, rf"{APP_PATHS}\{program}", 0, winreg.KEY_READ | view) as key:
                    value, kind = winreg.QueryValueEx(key, "")
            except OSError:  # no such entry, or one that this user may not read
                continue
            if isinstance(value, str) and value.strip():
                path = winreg.ExpandEnvironmentStrings(value) if kind == winreg.REG_EXPAND_SZ else value
                yield path.strip().strip('"')
