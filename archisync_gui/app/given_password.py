"""The ERP password that a command is given, in the environment or on its standard input; ``credentials`` stores
passwords."""

from __future__ import annotations

import os
import sys
from codecs import BOM_UTF16_LE

from archisync_gui.model import FailureKind, SyncFailure
from archisync_gui.system import sys_platform

VARIABLE = "ARCHISYNC_PASSWORD"


def in_environment() -> str | None:
    """The password of the environment; an empty one counts as none, since the ERP would refuse it and the account would
    stop."""
    return os.environ.get(VARIABLE) or None


def on_standard_input() -> str:
    """The first line of the standard input. Raises ``SyncFailure`` ``given-password-empty`` and, where its encoding is
    not certain, ``given-password-unreadable``: a wrong guess would be a refused login."""
    line = sys.stdin.buffer.readline() if sys.stdin is not None else b""
    try:
        password = _text(line).rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise SyncFailure("given-password-unreadable", FailureKind.PERMANENT, params={"variable": VARIABLE}) from error
    if not password:
        raise SyncFailure("given-password-empty", FailureKind.PERMANENT, params={"variable": VARIABLE})
    return password


def _text(line: bytes) -> str:
    """Decode UTF-8, with or without a byte order mark, or UTF-16 as Windows' PowerShell writes it into a file. On other
    systems the terminal's encoding counts, too; on Windows the code page of a pipe depends on the program that writes
    to it and cannot be known."""
    if line.startswith(BOM_UTF16_LE):
        return _whole_line(line).removeprefix(BOM_UTF16_LE).decode("utf-16-le")
    try:
        return line.decode("utf-8-sig")
    except UnicodeDecodeError:
        if sys_platform() == "win32":
            raise
        return line.decode(sys.stdin.encoding)


def _whole_line(begun: bytes) -> bytes:
    """The line of UTF-16 that begins so: the byte of a line feed is also a half of other characters. Nothing behind the
    line is waited for, since the other end may keep the pipe open."""
    buffer = sys.stdin.buffer
    while begun.endswith(b"\n"):
        half = buffer.read(1) if len(begun) % 2 else b""
        if half == b"\0":
            return begun + half
        more = half + buffer.readline()
        if not more:
            break
        begun += more
    return begun
