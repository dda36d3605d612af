"""A profile: the folder with one office's data, its kind (real or demo, from birth), and the lock on it.

Nothing here opens what lies in the folder.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from archisync_gui.model import FailureKind, SyncFailure

Kind = Literal["real", "demo"]

NETWORK_FILE_SYSTEMS = re.compile(
    r"^(nfs\d?|cifs|smb\w*|smbfs|afpfs|afs|ncpfs|9p|davfs|fuse\.(sshfs|rclone|davfs2?|s3fs))$"
)
"""File systems on which an OS lock cannot be trusted over two computers."""


BIRTH = "profile.json"
"""File in the folder that says what the profile was born as."""


class ProfileError(SyncFailure):
    """The profile cannot be opened. ``code`` is one of ``profile-…`` in ``resources/messages/app.toml``."""

    def __init__(self, code: str, **params: str | int) -> None:
        super().__init__(code, FailureKind.PERMANENT, params=params)


@dataclass(frozen=True, slots=True)
class Profile:
    """A folder of ours. Made by :func:`open_profile`."""

    id: str
    """Random, for life; names the keyring service and is told by the endpoint's health."""
    name: str
    kind: Kind
    folder: Path

    @property
    def demo(self) -> bool:
        return self.kind == "demo"

    @property
    def settings_file(self) -> Path:
        return self.folder / "settings.json"

    @property
    def screenshots(self) -> Path:
        return self.folder / "screenshots"

    @property
    def log_file(self) -> Path:
        return self.folder / "log" / "archisync.log"

    @property
    def crash_file(self) -> Path:
        return self.folder / "log" / "crash.txt"

    @property
    def keyring_service(self) -> str:
        return f"archisync-{self.id}"


def profiles_folder() -> Path:
    """Where named profiles live: platformdirs' data folder of this user."""
    import platformdirs

    return platformdirs.user_data_path("archisync", appauthor=False) / "profiles"


def profile_names() -> list[str]:
    """The named profiles of this user, sorted."""
    return sorted(file.parent.name for file in profiles_folder().glob(f"*/{BIRTH}"))


def open_profile(name_or_folder: str | None, *, demo: bool, make: bool = True) -> Profile:
    """Find or make the profile. A text with a path separator is a folder, anything else a name. ``make`` False: one
    that is named must be there, since a slip of the pen is no reason to show an empty office.

    Raises :class:`ProfileError`: ``profile-kind`` (a demo profile opened as real or the reverse), ``profile-name``,
    ``profile-unknown``, ``profile-folder`` (cannot be made or written), ``profile-network`` (on a network file
    system), ``profile-damaged``.
    """
    wanted: Kind = "demo" if demo else "real"
    given = name_or_folder or ("demo" if demo else "default")
    if os.sep in given or (os.altsep and os.altsep in given):
        folder = Path(given).expanduser().absolute()
        name = folder.name
    else:
        if not re.fullmatch(r"[\w][\w .-]{0,60}", given):
            raise ProfileError("profile-name", name=given)
        folder, name = profiles_folder() / given, given
    if name_or_folder and not make and not (folder / BIRTH).exists():
        raise ProfileError("profile-unknown", name=given, known=", ".join(profile_names()) or "–")
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (folder / "log").mkdir(exist_ok=True, mode=0o700)
    except OSError as error:
        raise ProfileError("profile-folder", folder=str(folder), error=error.strerror or str(error)) from error
    if kind := network_file_system(folder):
        raise ProfileError("profile-network", folder=str(folder), kind=kind)
    birth = folder / BIRTH
    if not birth.exists():
        return _made(birth, name, wanted, folder)
    try:
        document = json.loads(birth.read_text(encoding="utf-8"))
        profile = Profile(document["id"], name, document["kind"], folder)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ProfileError("profile-damaged", file=str(birth)) from error
    if profile.kind != wanted:
        raise ProfileError("profile-kind-demo" if profile.demo else "profile-kind-real", name=name)
    return profile


def _made(birth: Path, name: str, kind: Kind, folder: Path) -> Profile:
    profile = Profile(secrets.token_hex(8), name, kind, folder)
    try:
        # Written whole, then named: two first starts at once must not both believe in an id of their own.
        temporary = birth.with_suffix(f".{profile.id}")
        temporary.write_text(json.dumps({"id": profile.id, "kind": kind}) + "\n", encoding="utf-8")
        try:
            os.link(temporary, birth)
        except FileExistsError:
            return open_profile(str(folder) + os.sep, demo=kind == "demo")
        except OSError:
            temporary.replace(birth)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise ProfileError("profile-folder", folder=str(folder), error=error.strerror or str(error)) from error
    return profile


def network_file_system(folder: Path) -> str | None:
    """The kind of network file system that ``folder`` lies on, ``None`` on a local disk."""
    import psutil

    if sys.platform == "win32" and str(folder).startswith("\\\\"):
        return "UNC"
    best, kind, remote = "", "", False
    resolved = str(folder.resolve())
    for part in psutil.disk_partitions(all=True):
        point = part.mountpoint.rstrip(os.sep) + os.sep
        if (resolved + os.sep).startswith(point) and len(point) > len(best):
            best, kind, remote = point, part.fstype, "remote" in part.opts.split(",")
    return kind or "remote" if remote or NETWORK_FILE_SYSTEMS.match(kind.lower()) else None


class ProfileLock:
    """The OS lock on a profile, held for life by exactly one process (rule 1).

    The lock is the operating system's, so it dies with its process; the pid beside it is only for the message.
    """

    def __init__(self, profile: Profile) -> None:
        from filelock import FileLock

        self._lock = FileLock(str(profile.folder / "profile.lock"), timeout=0, thread_local=False)
        self._holder = profile.folder / "holder.json"

    def acquire(self) -> bool:
        """True when this process is now the holder."""
        from filelock import Timeout

        try:
            self._lock.acquire()
        except Timeout:
            return False
        self._holder.write_text(json.dumps({"pid": os.getpid()}) + "\n", encoding="utf-8")
        return True

    def holder(self) -> int | None:
        """The pid that the last holder wrote; for a message only."""
        try:
            pid = json.loads(self._holder.read_text(encoding="utf-8"))["pid"]
        except (OSError, ValueError, KeyError):
            return None
        return pid if isinstance(pid, int) else None

    def release(self) -> None:
        """Give the profile free. Harmless when not held."""
        if self._lock.is_locked:
            self._holder.unlink(missing_ok=True)
            self._lock.release()
