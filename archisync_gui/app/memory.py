"""Asks the C library (glibc) for less memory: one heap for all threads, and free parts of it back to the system.

Elsewhere (musl, macOS, Windows) nothing is done: their allocators keep less, or offer nothing of the kind.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Any

M_ARENA_MAX = -8
"""Of ``malloc.h``."""


def _glibc() -> Any | None:
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "malloc_trim") else None


def share_one_heap() -> None:
    """Threads that are started from now on take memory from the same heap. Each would get one of its own, which keeps
    what was freed; the interpreter's lock lets only one of them work at a time anyway."""
    library = _glibc()
    if library is not None:
        library.mallopt(M_ARENA_MAX, 1)


def give_back() -> None:
    """Return memory that is free. Blocking: some milliseconds."""
    library = _glibc()
    if library is not None:
        library.malloc_trim(0)
