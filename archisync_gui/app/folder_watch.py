"""Waits until a folder may have been removed or replaced: Linux tells it (inotify), elsewhere it has to be looked at.

A look every few seconds woke the idle panel 0.6 times a second; with the system's word one a minute is enough, for what
inotify does not see (a folder above that was renamed).
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
"""Seconds between two looks where the system tells nothing."""
SELDOM = 60.0
"""Seconds between two looks where it does."""

MOVED_FROM, MOVED_TO, DELETED, DELETED_SELF, MOVED_SELF, ONLY_FOLDERS = 0x40, 0x80, 0x200, 0x400, 0x800, 0x01000000
"""Of ``sys/inotify.h``."""
ABOUT_ITSELF = DELETED_SELF | MOVED_SELF
HEADER = struct.Struct("iIII")
"""Watch, events, cookie, length of the name that follows."""


@contextmanager
def folder_watch(folder: Path, *files: str) -> Iterator[Callable[[], Awaitable[None]]]:
    """Gives a function that waits until ``folder``, or one of ``files`` in it, should be looked at again. Needs
    a running event loop."""
    changed = asyncio.Event()
    loop = asyncio.get_running_loop()
    told = _told_of(folder)

    def read() -> None:
        with suppress(BlockingIOError):
            if told is not None and _concerns(os.read(told, 65536), files):
                changed.set()

    async def wait() -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(changed.wait(), OFTEN if told is None else SELDOM)
        changed.clear()

    try:
        if told is not None:
            loop.add_reader(told, read)
        yield wait
    finally:
        if told is not None:
            loop.remove_reader(told)
            os.close(told)


def _told_of(folder: Path) -> int | None:
    """A file that tells what happens to a folder; ``None`` where there is none."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    told = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    if told < 0:
        log.info("the system does not tell of changes: %s", os.strerror(ctypes.get_errno()))
        return None
    events = MOVED_FROM | MOVED_TO | DELETED | ABOUT_ITSELF | ONLY_FOLDERS
    if libc.inotify_add_watch(told, os.fsencode(folder), ctypes.c_uint32(events)) < 0:
        log.info("the system does not tell of changes in %s: %s", folder, os.strerror(ctypes.get_errno()))
        os.close(told)
        return None
    return int(told)


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
