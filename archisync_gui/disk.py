"""Writes files that only their owner may read, and replaces files as a whole; knows nothing about their contents."""

from __future__ import annotations

import errno
import json
import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from archisync_gui.system import sys_platform

PRIVATE = 0o600
"""Mode of every file of a profile: only its owner may read it, whatever the mode of the folder."""

TEMPORARY = ".new"
"""Suffix of a file that is being written. A killed process leaves such a file; :func:`remove_leftovers` deletes it."""

RETRIES = 20
RETRY_PAUSE = 0.05
"""Seconds between two attempts on Windows, where a virus scanner or indexer may hold a file open for a moment."""

_NO_FOLLOW: int = getattr(os, "O_NOFOLLOW", 0)


def replace_file(path: Path, content: str | bytes) -> None:
    """Replace ``path`` by a file with ``content`` (text as UTF-8), completely or not at all. Blocking.

    The new file is private. It is written under a unique name and flushed to the disk before it gets the name ``path``,
    so several writers cannot mix their contents: the last one wins. Raises ``OSError``; ``path`` is unchanged then.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    with replacing(path) as part:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_FOLLOW, PRIVATE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)


def put_in_place(temporary: Path, path: Path) -> None:
    """Rename a finished file, made under a name of :func:`beside`, to ``path``, replacing a file of that name.

    The content is flushed to the disk before the rename. Blocking. Raises ``OSError``; ``path`` is unchanged then.
    """
    descriptor = os.open(temporary, os.O_RDWR | _NO_FOLLOW)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    rename(temporary, path)
    _sync_folder(path.parent)


def beside(path: Path) -> Path:
    """A name for a temporary file in the same folder that no other writer of ``path`` uses."""
    return path.with_name(f".{path.name}.{os.getpid()}-{os.urandom(6).hex()}{TEMPORARY}")


def discard(temporary: Path) -> None:
    """Remove a file that was made under a name of :func:`beside`, if it is there. An error is ignored: it would replace
    the one that is being handled, and name a file that people do not know. Blocking."""
    with suppress(OSError):
        temporary.unlink(missing_ok=True)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """The name of a temporary file that the block writes. At its end the file replaces ``path``; after an exception it
    is removed, and ``path`` is unchanged. Blocking. Raises ``OSError``."""
    part = beside(path)
    try:
        yield part
        put_in_place(part, path)
    finally:
        discard(part)


def rename(old: Path, new: Path, *, patient: bool = True) -> None:
    """Rename ``old`` to ``new``, replacing a file of that name. Blocking. Raises ``OSError``.

    On Windows another program (a virus scanner, an indexer, a viewer) may hold either file open for a moment, and a
    read-only file cannot be replaced: the rename is tried for a second, and the read-only flag is removed. ``patient``
    False: it is tried once, for callers that must not wait.
    """
    if patient:
        _with_retries(lambda: old.replace(new), new)
    else:
        old.replace(new)


def remove_file(path: Path) -> None:
    """Remove a file, if it exists. Retries as :func:`rename` does. Blocking. Raises ``OSError``."""
    _with_retries(lambda: path.unlink(missing_ok=True), path)


def _with_retries(change: Callable[[], object], path: Path) -> None:
    attempts = RETRIES if sys_platform() == "win32" else 1
    for attempt in range(1, attempts + 1):
        try:
            change()
        except PermissionError:
            if attempt == attempts:
                raise
            with suppress(OSError):
                path.chmod(stat.S_IREAD | stat.S_IWRITE)  # removes the read-only flag
            time.sleep(RETRY_PAUSE)
        else:
            return


def _sync_folder(folder: Path) -> None:
    """Flush a folder to the disk, so that a rename survives a power failure, where the system can do that."""
    if sys.platform == "win32":
        return
    with suppress(OSError):  # some file systems refuse it; the file itself is flushed already
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def read_text(path: Path) -> str:
    """The text of a file, without the byte order mark that some editors write. Blocking. Raises ``OSError``, also for a
    named pipe or a device, which could be read for ever, or ``ValueError`` if it is not UTF-8."""
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), str(path))
    return path.read_text(encoding="utf-8-sig")


def read_json(path: Path) -> Any:
    """The value in a JSON file. Blocking. Raises as :func:`read_text`, and ``ValueError`` if it is not JSON or is
    nested too deeply."""
    try:
        return json.loads(read_text(path))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def open_private(path: Path) -> TextIOWrapper:
    """Open a text file for appending, and make it private. Lines end with a line feed, also on Windows; characters that
    UTF-8 cannot encode are written as escapes. Raises ``OSError``, also for a symbolic link."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | _NO_FOLLOW, PRIVATE)
    try:
        make_private(path, descriptor)
        binary = os.fdopen(descriptor, "ab")
        return TextIOWrapper(binary, "utf-8", errors="backslashreplace", newline="\n", line_buffering=True)
    except BaseException:
        os.close(descriptor)
        raise


def make_private(path: Path, descriptor: int | None = None) -> None:
    """Let only the owner read and write ``path``. Raises ``OSError``. Does nothing on Windows, where the folder's
    rights decide."""
    if sys.platform == "win32":
        return
    if descriptor is not None:
        os.fchmod(descriptor, PRIVATE)
    else:
        path.chmod(PRIVATE, follow_symlinks=os.chmod not in os.supports_follow_symlinks)


def keep_copy(path: Path) -> Path | None:
    """Copy a damaged file to another name in its folder and return the copy; the same content is copied once.

    ``None``: it could not be read or copied.
    """
    import hashlib  # not at the top: it loads OpenSSL, which would delay the first paint of the panel

    try:
        content = path.read_bytes()
        kept = path.with_name(f"{path.name}.damaged-{hashlib.sha256(content).hexdigest()[:8]}")
        if not kept.exists():
            replace_file(kept, content)
    except OSError:
        return None
    return kept


def file_of(error: OSError) -> str:
    """The file that an error is about, for people: of a rename the new name, since the old one is often that of a
    temporary file. ``–``: it names none."""
    return str(error.filename2 or error.filename or "–")


def remove_leftovers(folder: Path, named: str = "") -> None:
    """Delete temporary files that killed writers have left, as far as possible. Only the holder of the folder's lock
    may call this. ``named``: only those of files whose names begin so, since others may be being written."""
    with suppress(OSError):  # if the folder cannot be listed, the next access to it reports that
        for path in folder.glob(f".{named}*{TEMPORARY}"):
            with suppress(OSError):
                path.unlink()
