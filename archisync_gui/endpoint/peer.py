"""The user whose program is at the other end of a connection within this computer; no HTTP."""

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
"""Matches a row of the kernel's tables: local and remote address and port, state, user id."""
TIME_WAIT = "06"
"""State of a closed connection; such a row has no user id any more."""


def may_know(theirs: tuple[str, int], ours: tuple[str, int]) -> bool:
    """Whether the program at ``theirs`` runs as the panel's user or as root; ``ours`` is the panel's end.

    On Linux all users can read a program's arguments, and so the address (with its code) that a browser was started
    with. Windows shows them to the same user and to administrators only, and macOS passes addresses without arguments:
    always true there. False if the connection is not in the kernel's tables. Blocking: reads files.
    """
    if sys.platform != "linux":
        return True
    return user_of(theirs, ours, _rows()) in (os.getuid(), 0)


def user_of(theirs: tuple[str, int], ours: tuple[str, int], rows: Iterable[str]) -> int | None:
    """The user id of the end ``theirs`` of a connection to ``ours`` (IPv4 addresses); ``None``: not found."""
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
        with suppress(OSError):  # there is no tcp6 table without IPv6
            yield from table.read_text("ascii").splitlines()


def _address(digits: str) -> str:
    """The IPv4 address in hexadecimal digits. An IPv6 socket has it in its last 32-bit word; the kernel writes words in
    the computer's byte order."""
    return socket.inet_ntoa(int(digits[-8:], 16).to_bytes(4, sys.byteorder))
