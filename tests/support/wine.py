"""Peculiarities of Wine that are no fault of Windows or of our code."""

from __future__ import annotations

import ctypes
import functools
import sys

import psutil

PROGRAMS = frozenset({"explorer.exe"})
"""Programs that Wine starts as children of the first program that needs a desktop. On Windows they are not children of
ours."""

COMPLAINTS = ("Failed to obtain network adapter", "Failed to obtain connection cost")
"""Qt's warnings about network functions that Wine does not implement."""


@functools.cache
def under_wine() -> bool:
    """True when this Windows is Wine."""
    return sys.platform == "win32" and hasattr(ctypes.WinDLL("ntdll"), "wine_get_version")


def wines_own(process: psutil.Process) -> bool:
    """Whether the process is a part of Wine and not started by a test."""
    return under_wine() and process.name().lower() in PROGRAMS
