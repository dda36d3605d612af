"""Checks where a profile must not be: on a network disk, in a folder that a cloud service synchronizes, or where the
paths of its files would be too long for Windows."""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from archisync_gui.disk import read_json
from archisync_gui.system import sys_platform

NETWORK_FILE_SYSTEMS = re.compile(
    r"^(nfs\d?|cifs|smb\w*|smbfs|afpfs|afs|ncpfs|9p|davfs|fuse\.(sshfs|rclone|davfs2?|s3fs))$"
)
"""File systems on which file locks of two computers do not work reliably."""

SYNCHRONISED = re.compile(
    r"(?P<service>OneDrive|Dropbox|Google Drive|GoogleDrive|My Drive|Box|Box Sync|iCloudDrive|Nextcloud|pCloudDrive)"
    r"( - .+| \(.+\))?",
    re.IGNORECASE,
)
"""Names of folders in a user's home folder that cloud services synchronize. They would copy an open database file by
file, and overwrite one computer's version by another's."""


WINDOWS_LIMIT = 259
"""The longest path in characters on Windows, unless an administrator has allowed longer ones."""

BELOW = 125
"""How many of these characters a profile needs for its files' names; the longest is that of a backup being written."""

FILE_SYSTEM_KEY = r"SYSTEM\CurrentControlSet\Control\FileSystem"


def too_long(folder: Path) -> bool:
    """Whether files of a profile in ``folder`` would have paths that are too long for this Windows."""
    path = str(folder.absolute())
    if sys_platform() != "win32" or path.startswith("\\\\?\\") or len(path) <= WINDOWS_LIMIT - BELOW:
        return False
    return not _long_paths_allowed()


def _long_paths_allowed() -> bool:
    """Whether Windows allows long paths to programs that declare them, as Python and the launchers do."""
    winreg: Any = importlib.import_module("winreg")
    try:
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, FILE_SYSTEM_KEY) as key:
            return bool(winreg.QueryValueEx(key, "LongPathsEnabled")[0])
    except OSError:  # older than Windows 10, version 1607
        return False


def network_file_system(folder: Path) -> str | None:
    """The type of the network file system of ``folder``; ``None`` on a local disk.

    The path is checked as given and with links resolved: on Windows a mapped drive (``Z:``) resolves to the server's
    name (``\\\\server\\share``), which is not in the system's list of drives.
    """
    import psutil

    path_as_given, resolved = str(folder), str(folder.resolve())
    if sys_platform() == "win32" and any(_is_unc(path) for path in (path_as_given, resolved)):
        return "UNC"
    disks = psutil.disk_partitions(all=True)
    for path in (path_as_given, resolved):
        if kind := _network_disk(path, disks):
            return kind
    return None


def _is_unc(path: str) -> bool:
    """True for ``\\\\server\\share`` and its long form ``\\\\?\\UNC\\server\\share``; a local drive's long form
    (``\\\\?\\C:\\``) and a device's (``\\\\.\\``) are none."""
    if path.upper().startswith("\\\\?\\UNC\\"):
        return True
    return path.startswith("\\\\") and path[2:4] not in ("?\\", ".\\")


def _network_disk(path: str, disks: Iterable[Any]) -> str | None:
    """The file system type of the disk of ``path``, if it is a network disk. ``disks``: psutil's list."""
    separator = "\\" if sys_platform() == "win32" else "/"

    def comparable(text: str) -> str:
        whole = text.rstrip(separator) + separator
        return whole.casefold() if sys_platform() == "win32" else whole

    best, kind, remote = "", "", False
    for disk in disks:
        point = comparable(disk.mountpoint)
        if comparable(path).startswith(point) and len(point) > len(best):
            best, kind, remote = point, disk.fstype, "remote" in disk.opts.split(",")
    return kind or "remote" if remote or NETWORK_FILE_SYSTEMS.match(kind.lower()) else None


def synchronised_folder(folder: Path) -> str | None:
    """The cloud service that synchronizes ``folder``; ``None``: no known one.

    OneDrive's client has its folders in the user's environment variables, Dropbox's in a file. Their folders, and those
    of Google Drive, Box and iCloud, are also recognized by their default names in the user's home folder
    (``OneDrive - Company``).
    """
    places = {folder, folder.resolve()}
    for service, root in _synchronised_roots():
        if any(_inside(place, root) for place in places):
            return service
    home = Path.home()
    for place in places:
        if not _inside(place, home) or len(parts := place.parts[len(home.parts) :]) < 1:
            continue
        if parts[:2] == ("Library", "Mobile Documents"):
            return "iCloud"
        if parts[:2] == ("Library", "CloudStorage") and len(parts) > 2:
            return parts[2].partition("-")[0]
        if found := SYNCHRONISED.fullmatch(parts[0]):
            return found["service"]
    return None


def _synchronised_roots() -> Iterator[tuple[str, Path]]:
    """Services and folders from the clients' own configuration."""
    for name in ("OneDrive", "OneDriveConsumer", "OneDriveCommercial"):
        if value := os.environ.get(name):
            yield "OneDrive", Path(value)
    files = [Path(value) / "Dropbox" / "info.json" for n in ("LOCALAPPDATA", "APPDATA") if (value := os.environ.get(n))]
    for file in (*files, Path.home() / ".dropbox" / "info.json"):
        try:
            accounts = read_json(file)
        except (OSError, ValueError):
            continue
        for account in accounts.values() if isinstance(accounts, dict) else ():
            if isinstance(account, dict) and isinstance(account.get("path"), str):
                yield "Dropbox", Path(account["path"])


def _inside(place: Path, root: Path) -> bool:
    """Whether ``place`` is ``root`` or below it; without regard to case on Windows and macOS."""
    if sys_platform() == "linux":
        return place.is_relative_to(root)
    return Path(str(place).casefold()).is_relative_to(str(root).casefold())
