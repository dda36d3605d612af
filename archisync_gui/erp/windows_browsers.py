"""Chrome and Edge of a Windows computer, found through the registry; nothing here starts them.

Playwright knows three fixed folders. A browser that was installed elsewhere (on another drive, a 32-bit one on 64-bit
Windows, for one user only) is registered under *App Paths*, of the user or of the computer, in the registry view of its
own bitness.
"""

from __future__ import annotations

import importlib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from archisync_gui.system import sys_platform

APP_PATHS = r"Software\Microsoft\Windows\CurrentVersion\App Paths"

PROGRAMS = ("chrome.exe", "msedge.exe")
"""In order of preference."""

POLICIES = {"chrome": r"Software\Policies\Google\Chrome", "msedge": r"Software\Policies\Microsoft\Edge"}
"""The registry key of each browser's policies, which administrators set for the computer or for the user; by
Playwright's name of the browser."""

FOLDERS = {"chrome": r"\google\chrome", "msedge": r"\microsoft\edge"}
"""Part of the paths of these browsers' programs, in lower case. The name of the program would not be enough: other
browsers have a ``chrome.exe``, too."""


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


def forbidden_browsers() -> frozenset[str]:
    """The browsers of :data:`POLICIES` that an administrator's policy forbids programs to control: they start, but
    neither answer nor end. Empty on other systems."""
    if sys_platform() != "win32":
        return frozenset()
    winreg = importlib.import_module("winreg")
    return frozenset(name for name, place in POLICIES.items() if _policy(winreg, place) == 0)


def _policy(winreg: Any, place: str) -> object:
    """The value of ``RemoteDebuggingAllowed``, the computer's before the user's; ``None``: neither is set."""
    for root in (winreg.HKEY_LOCAL_MACHINE, winreg.HKEY_CURRENT_USER):
        try:
            with winreg.OpenKey(root, place, 0, winreg.KEY_READ | winreg.KEY_WOW64_64KEY) as key:
                return winreg.QueryValueEx(key, "RemoteDebuggingAllowed")[0]
        except OSError:
            continue
    return None


def is_one_of(names: Collection[str], attempt: Mapping[str, str]) -> bool:
    """Whether Playwright would start one of these browsers (names as in :data:`FOLDERS`) with these arguments."""
    path = attempt.get("executable_path", "").lower()
    return attempt.get("channel") in names or any(FOLDERS[name] in path for name in names)
