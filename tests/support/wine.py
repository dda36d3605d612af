"""What is Wine's own, and no fault of Windows or of ours."""

from __future__ import annotations

import ctypes
import functools
import sys

import psutil

PROGRAMS = frozenset({"explorer.exe"})
"""What Wine starts by itself below the first program that needs a desktop. On Windows it is nobody's child here."""

COMPLAINTS = ("Failed to obtain network adapter", "Failed to obtain connection cost")
"""Of Qt, where Wine says that it has not implemented what tells of the network."""


@functools.cache
def under_wine() -> bool:
    """True when this Windows is Wine."""
    return sys.platform == "win32" and hasattr(ctypes.WinDLL("ntdll"), "wine_get_version")


def wines_own(process: psutil.Process) -> bool:
    """Whether that process is a part of Wine and no work of a test."""
    return under_wine() and process.name().lower() in PROGRAMS
