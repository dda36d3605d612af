"""Reduces the memory that the C library (glibc) keeps: one heap for all threads, and free memory returned to the
system.

Does nothing elsewhere (musl, macOS, Windows): their allocators keep less, or have no such functions.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Any

M_ARENA_MAX = -8
"""Constant of ``malloc.h``."""


def _glibc() -> Any | None:
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "malloc_trim") else None


def share_one_heap() -> None:
    """Make threads that are started from now on use one heap. Otherwise each has its own, which keeps freed memory;
    they gain nothing by that, since the interpreter's lock lets only one of them run at a time."""
    library = _glibc()
    if library is not None:
        library.mallopt(M_ARENA_MAX, 1)


def give_back() -> None:
    """Return free memory to the system. Blocking for some milliseconds."""
    library = _glibc()
    if library is not None:
        library.malloc_trim(0)
