"""The Windows installer around `small_program.c`: its script, its keys and folders under Wine, for the tests beside
it. The fixtures are in `conftest.py`.
"""

from __future__ import annotations

import re
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

import build_windows
import pytest
from wine import Session

SCRIPT = (build_windows.SOURCES / "installer.nsi").read_text("utf-8")
HERE = Path(__file__).parent

needs_wine = pytest.mark.skipif(
    not sys.platform.startswith("linux") or shutil.which("debootstrap") is None or shutil.which("makensis") is None,
    reason="needs Debian and root, with debootstrap, nsis and gcc-mingw-w64-x86-64-win32",
)

USER = "\\".join(("C:", "users", "root"))
"""The home folder of Wine's user, who is always root here."""

HOME = rf"{USER}\AppData\Local\Programs\Archisync"
UNINSTALL_KEY = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Uninstall\Archisync"
RUN_KEY = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Run"
APPROVED_KEY = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run"
PATIENCE = 300.0
"""Seconds, for a test that fails."""


def block(begin: str, end: str) -> str:
    """The lines of the script from the one that is ``begin`` to the next that is ``end``, without comments."""
    found = re.search(rf"^{re.escape(begin)}\n(.*?)^{re.escape(end)}$", SCRIPT, re.MULTILINE | re.DOTALL)
    assert found is not None, begin
    return "\n".join(line for line in found[1].splitlines() if not line.strip().startswith(";"))


def place(windows: Session, path: str) -> Path:
    """Where a path of drive C lies here."""
    return windows.wine.home / "drive_c" / path.removeprefix("C:\\").replace("\\", "/")


def until_true(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.2)


def version(folder: Path) -> str:
    """Of the program in ``folder``."""
    return (folder / "app" / "version.txt").read_text()
