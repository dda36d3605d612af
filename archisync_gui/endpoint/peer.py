"""Which user's program is at the other end of a connection within this computer; no HTTP."""

from __future__ import annotations

import os
import re
import socket
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
ROW = re.compile(r"\s*\d+: ([0-9A-F]+):([0-9A-F]{4}) ([0-9A-F]+):([0-9A-F]{4}) ([0-9A-F]{2}) \S+ \S+ \S+\s+(\d+) ")
"""Local and remote address, state and user of a connection in the kernel's tables."""
TIME_WAIT = "06"
"""The state after the end; such a row names no user any more."""


def may_know(theirs: tuple[str, int], ours: tuple[str, int]) -> bool:
    """Whether the program at ``theirs`` runs for the panel's user, or for root; ``ours``: the panel's end.

    On Linux a program's arguments, and so an address that it was told to open, can be read by all users. Windows shows
    them to the same user and to administrators only, and macOS passes addresses on without arguments: no check there.
    False where the kernel's tables do not have the connection. Reads files: not in the loop.
    """
    if sys.platform != "linux":
        return True
    return user_of(theirs, ours, _rows()) in (os.getuid(), 0)


def user_of(theirs: tuple[str, int], ours: tuple[str, int], rows: Iterable[str]) -> int | None:
    """The user who has the end ``theirs`` of a connection to ``ours`` (addresses as of IPv4)."""
    for row in rows:
        found = ROW.match(row)
        if found is None or found[5] == TIME_WAIT:
            continue
        ends = (_address(found[1]), int(found[2], 16)), (_address(found[3]), int(found[4], 16))
        if ends == (theirs, ours):
            return int(found[6])
    return None


def _rows() -> Iterable[str]:
    for table in TABLES:
        with suppress(OSError):  # without IPv6 there is no table of it
            yield from table.read_text("ascii").splitlines()


def _address(digits: str) -> str:
    """An IPv4 address, which a socket of IPv6 has in its last word; the kernel writes words in the computer's order."""
    return socket.inet_ntoa(int(digits[-8:], 16).to_bytes(4, sys.byteorder))
