"""Files that only their owner may read, and their replacement as a whole; nothing here knows what a file contains."""

from __future__ import annotations

import errno
import json
import os
import stat
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from archisync_gui.system import sys_platform

PRIVATE = 0o600
"""Mode of every file of a profile: readable by its owner, whatever the mode of the folder."""

TEMPORARY = ".new"
"""Suffix of a file that is being written. A killed process leaves one; :func:`remove_leftovers` deletes it."""

RETRIES = 20
RETRY_PAUSE = 0.05
"""Seconds between two attempts on Windows, where a virus scanner or indexer may hold a file open for a moment."""

_NO_FOLLOW: int = getattr(os, "O_NOFOLLOW", 0)


def replace_file(path: Path, content: str | bytes) -> None:
    """Replace ``path`` by a file with ``content`` (text as UTF-8), completely or not at all. Blocking.

    The new file is private, is on the disk before it takes the name, and is written under a name of its own, so that
    several writers cannot mix their contents: the last one wins. Raises ``OSError``; ``path`` is unchanged then.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    temporary = beside(path)
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_FOLLOW, PRIVATE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        put_in_place(temporary, path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def put_in_place(temporary: Path, path: Path) -> None:
    """Give a finished file, made under a name of :func:`beside`, the name ``path``; what had it is replaced.

    The content is on the disk before the name is. Blocking. Raises ``OSError``; ``path`` is unchanged then.
    """
    descriptor = os.open(temporary, os.O_RDWR | _NO_FOLLOW)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    rename(temporary, path)
    _sync_folder(path.parent)


def beside(path: Path) -> Path:
    """A name in the same folder that no other writer of ``path`` uses."""
    return path.with_name(f".{path.name}.{os.getpid()}-{os.urandom(6).hex()}{TEMPORARY}")


def rename(old: Path, new: Path) -> None:
    """Give ``old`` the name ``new``; a file that had it is replaced. Blocking. Raises ``OSError``.

    On Windows another program (a virus scanner, an indexer, a viewer) may hold either file open for a moment, and a
    read-only file refuses to be replaced: it is tried for a second, and the flag is taken off.
    """
    _patiently(lambda: old.replace(new), new)


def remove_file(path: Path) -> None:
    """Remove a file; one that is gone already is no error. As patient as :func:`rename`. Blocking. Raises
    ``OSError``."""
    _patiently(lambda: path.unlink(missing_ok=True), path)


def _patiently(change: Callable[[], object], path: Path) -> None:
    attempts = RETRIES if sys_platform() == "win32" else 1
    for attempt in range(1, attempts + 1):
        try:
            change()
        except PermissionError:
            if attempt == attempts:
                raise
            with suppress(OSError):
                path.chmod(stat.S_IREAD | stat.S_IWRITE)  # takes off the read-only flag
            time.sleep(RETRY_PAUSE)
        else:
            return


def _sync_folder(folder: Path) -> None:
    """Make a rename survive a power failure, where the system can."""
    if sys.platform == "win32":
        return
    with suppress(OSError):  # some file systems refuse it; the file itself is on the disk
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def read_text(path: Path) -> str:
    """The text of a file. Blocking. Raises ``OSError``, also for a named pipe or a device, on which reading would wait
    for ever, or ``ValueError`` for what is not UTF-8. An editor may have put a byte order mark before it."""
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), str(path))
    return path.read_text(encoding="utf-8-sig")


def read_json(path: Path) -> Any:
    """The value in a JSON file. Blocking. Raises as :func:`read_text`, and ``ValueError`` for whatever is not JSON
    (nested too deeply, too)."""
    try:
        return json.loads(read_text(path))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def open_private(path: Path) -> TextIOWrapper:
    """Open a text file for appending; a new one is private and an old one becomes so. Lines end with a line feed, also
    on Windows; what UTF-8 cannot hold is written as an escape. Raises ``OSError``, also for a link."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | _NO_FOLLOW, PRIVATE)
    try:
        make_private(path, descriptor)
        binary = os.fdopen(descriptor, "ab")
        return TextIOWrapper(binary, "utf-8", errors="backslashreplace", newline="\n", line_buffering=True)
    except BaseException:
        os.close(descriptor)
        raise


def make_private(path: Path, descriptor: int | None = None) -> None:
    """Let only the owner read and write ``path``. Raises ``OSError``. On Windows the folder's rights decide."""
    if sys.platform == "win32":
        return
    if descriptor is not None:
        os.fchmod(descriptor, PRIVATE)
    else:
        path.chmod(PRIVATE, follow_symlinks=os.chmod not in os.supports_follow_symlinks)


def keep_copy(path: Path) -> Path | None:
    """Copy a file that cannot be used beside itself and return the copy; the same content is copied once.

    ``None``: it could not be read or copied.
    """
    import hashlib  # loads OpenSSL, which the first picture does not wait for

    try:
        content = path.read_bytes()
        kept = path.with_name(f"{path.name}.damaged-{hashlib.sha256(content).hexdigest()[:8]}")
        if not kept.exists():
            replace_file(kept, content)
    except OSError:
        return None
    return kept


def remove_leftovers(folder: Path) -> None:
    """Delete what writers that were killed left behind, as far as possible. Only the holder of the folder's lock may
    call this."""
    with suppress(OSError):  # a folder that cannot be listed: whoever needs it says so
        for path in folder.glob(f".*{TEMPORARY}"):
            with suppress(OSError):
                path.unlink()
