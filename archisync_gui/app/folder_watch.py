"""Waits until a folder may have been removed or replaced: by inotify on Linux, by polling on other systems.

Polling every few seconds woke the idle panel 0.6 times in a second. With inotify it is enough to poll once in a minute,
for changes that inotify does not report (a parent folder that was renamed).
"""

from __future__ import annotations

import asyncio
import ctypes
import logging
import os
import struct
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

log = logging.getLogger(__name__)

OFTEN = 5.0
"""Seconds between two checks without inotify."""
SELDOM = 60.0
"""Seconds between two checks with inotify."""

MOVED_FROM, MOVED_TO, DELETED, DELETED_SELF, MOVED_SELF, ONLY_FOLDERS = 0x40, 0x80, 0x200, 0x400, 0x800, 0x01000000
"""Constants of ``sys/inotify.h``."""
ABOUT_ITSELF = DELETED_SELF | MOVED_SELF
HEADER = struct.Struct("iIII")
"""Header of an inotify event: watch, mask, cookie, length of the name that follows."""


@contextmanager
def folder_watch(folder: Path, *files: str) -> Iterator[Callable[[], Awaitable[None]]]:
    """Yields a function that waits until ``folder``, or one of ``files`` in it, should be checked again. Needs a
    running event loop."""
    changed = asyncio.Event()
    loop = asyncio.get_running_loop()
    inotify = _inotify(folder)

    def read() -> None:
        with suppress(BlockingIOError):
            if inotify is not None and _concerns(os.read(inotify, 65536), files):
                changed.set()

    async def wait() -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(changed.wait(), OFTEN if inotify is None else SELDOM)
        changed.clear()

    try:
        if inotify is not None:
            loop.add_reader(inotify, read)
        yield wait
    finally:
        if inotify is not None:
            loop.remove_reader(inotify)
            os.close(inotify)


def _inotify(folder: Path) -> int | None:
    """An inotify file descriptor that watches a folder; ``None`` if the system has no inotify or refuses."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    inotify = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    if inotify < 0:
        log.info("the system does not tell of changes: %s", os.strerror(ctypes.get_errno()))
        return None
    events = MOVED_FROM | MOVED_TO | DELETED | ABOUT_ITSELF | ONLY_FOLDERS
    if libc.inotify_add_watch(inotify, os.fsencode(folder), ctypes.c_uint32(events)) < 0:
        log.info("the system does not tell of changes in %s: %s", folder, os.strerror(ctypes.get_errno()))
        os.close(inotify)
        return None
    return int(inotify)


def _concerns(events: bytes, files: tuple[str, ...]) -> bool:
    """Whether one of the events is about the folder itself or one of those files."""
    at = 0
    while at < len(events):
        _, mask, _, length = HEADER.unpack_from(events, at)
        at += HEADER.size
        name = os.fsdecode(events[at : at + length].rstrip(b"\0"))
        at += length
        if mask & ABOUT_ITSELF or name in files:
            return True
    return False
