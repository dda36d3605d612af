"""A profile: the folder with one office's data, its kind (real or demo, which never changes), and the lock on it."""

from __future__ import annotations

import errno
import json
import logging
import os
import re
import secrets
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from archisync_gui.app.profile_folder import BIRTH, LOCK, folder_of, is_folder, profiles_folder
from archisync_gui.app.profile_place import BELOW, WINDOWS_LIMIT, network_file_system, synchronised_folder, too_long
from archisync_gui.disk import PRIVATE, beside, discard, read_json, remove_leftovers, rename, replace_file
from archisync_gui.model import FailureKind, SyncFailure

log = logging.getLogger(__name__)

Kind = Literal["real", "demo"]


class ProfileError(SyncFailure):
    """The profile cannot be opened. ``code`` is one of ``profile-…`` in ``resources/messages/app.toml``."""

    def __init__(self, code: str, **params: str | int) -> None:
        super().__init__(code, FailureKind.PERMANENT, params=params)


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile's folder and kind. Made by :func:`open_profile`."""

    id: str
    """Random, never changes; part of the keyring service's name, and in the endpoint's answer to ``health``."""
    name: str
    kind: Kind
    folder: Path

    @property
    def demo(self) -> bool:
        """Whether it reads the demo ERP."""
        return self.kind == "demo"

    @property
    def settings_file(self) -> Path:
        """The settings."""
        return self.folder / "settings.json"

    @property
    def screenshots(self) -> Path:
        """Folder of the screenshots of the ERP's pages that are made when a read fails."""
        return self.folder / "screenshots"

    @property
    def log_file(self) -> Path:
        """The log of the last days."""
        return self.folder / "log" / "archisync.log"

    @property
    def crash_file(self) -> Path:
        """Stack traces of a crash."""
        return self.folder / "log" / "crash.txt"

    @property
    def shared_folder(self) -> Path:
        """Folder of files that all named profiles of this user share; for a profile in another folder its own
        folder."""
        return self.folder.parent if self.folder.parent == profiles_folder() else self.folder

    @property
    def keyring_service(self) -> str:
        """The name of the keyring service of its passwords."""
        return f"archisync-{self.id}"


def profile_names() -> list[str]:
    """The named profiles of this user, sorted."""
    return sorted(file.parent.name for file in profiles_folder().glob(f"*/{BIRTH}"))


OURS = frozenset(
    {
        BIRTH,
        LOCK,
        "holder.json",
        "settings.json",
        "settings.previous.json",
        "window.ini",
        "log",
        "screenshots",
    }
)
"""Names that a folder may contain before it becomes a profile: settings and a log may exist before the first start."""


def open_profile(name_or_folder: str | None, *, demo: bool, make: bool = True) -> Profile:
    """Find or create the profile. A text with a path separator is a folder, any other text a name. ``make`` False: a
    profile that is named must exist, so that a typing error does not create one.

    Nothing is written before the folder was checked. Raises :class:`ProfileError`: ``profile-kind-…`` (a demo profile
    opened as real or the reverse), ``profile-name``, ``profile-unknown``, ``profile-folder``, ``profile-full`` and
    ``profile-read-only`` (cannot be created or written), ``profile-owner`` (the folder or a file in it belongs to
    another user), ``profile-not-empty`` (has other files), ``profile-network`` (on a network file system),
    ``profile-synchronised`` (in a folder that a cloud service synchronizes), ``profile-long`` (too long a path for this
    Windows), ``profile-damaged``.
    """
    wanted: Kind = "demo" if demo else "real"
    # An empty name is refused, too: an empty variable in a script must not open the default profile.
    named = name_or_folder if name_or_folder is not None and not is_folder(name_or_folder) else None
    if named is not None and not re.fullmatch(r"[\w][\w .-]{0,60}", named):
        raise ProfileError("profile-name", name=named)
    folder = Path(name_or_folder or "")
    try:
        folder = folder_of(name_or_folder, demo=demo)
        return _opened(folder, folder.name, wanted, must_exist=name_or_folder is not None and not make)
    except (OSError, ValueError, RuntimeError) as error:  # a NUL in the path; no home folder is known
        raise folder_error(folder, error) from error


def _opened(folder: Path, name: str, wanted: Kind, *, must_exist: bool) -> Profile:
    birth = folder / BIRTH
    if must_exist and not birth.exists():
        raise ProfileError("profile-unknown", name=name, known=", ".join(profile_names()) or "–")
    if too_long(folder):
        length = len(str(folder.absolute()))
        raise ProfileError("profile-long", folder=str(folder), length=length, limit=WINDOWS_LIMIT - BELOW)
    _check_ours(folder)
    if kind := network_file_system(folder):
        raise ProfileError("profile-network", folder=str(folder), kind=kind)
    if service := synchronised_folder(folder):
        raise ProfileError("profile-synchronised", folder=str(folder), service=service)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    (folder / "log").mkdir(exist_ok=True, mode=0o700)
    if not birth.exists():
        _make(birth, Profile(secrets.token_hex(8), name, wanted, folder))
    try:
        document = read_json(birth)
        profile = Profile(document["id"], name, document["kind"], folder)
        if not isinstance(profile.id, str) or profile.kind not in ("demo", "real"):
            raise TypeError("profile")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ProfileError("profile-damaged", file=str(birth)) from error
    if profile.kind != wanted:
        raise ProfileError("profile-kind-demo" if profile.demo else "profile-kind-real", name=name)
    return profile


def _check_ours(folder: Path) -> None:
    """Raise :class:`ProfileError` unless the folder is missing, or belongs to this user and is a profile or empty."""
    if not folder.exists():
        return
    entries = sorted(folder.iterdir())  # raises NotADirectoryError for a file
    if (folder / "log").is_dir():
        entries += sorted((folder / "log").iterdir())
    # The owner of a link itself, not of its target: another user's link must be refused.
    owners = {folder: folder.stat().st_uid} | {path: _owner(path) for path in entries}
    for path, owner in owners.items():
        if sys.platform != "win32" and owner not in (os.geteuid(), None):
            raise ProfileError("profile-owner", folder=str(folder), file=str(path))
    if (folder / BIRTH).exists():
        return
    foreign = sorted(path.name for path in folder.iterdir() if not _may_come_first(path.name))
    if any(name.endswith(".db") for name in foreign):
        raise ProfileError("profile-damaged", file=str(folder / BIRTH))  # not known whether it is real or demo
    if foreign:
        raise ProfileError("profile-not-empty", folder=str(folder), file=foreign[0])


def _may_come_first(name: str) -> bool:
    return name in OURS or name.startswith(f".{BIRTH}")


def _owner(path: Path) -> int | None:
    """The user id of the owner; ``None`` if the path was removed meanwhile (by another process of this program)."""
    try:
        return path.lstat().st_uid
    except FileNotFoundError:
        return None


def _make(birth: Path, profile: Profile) -> None:
    """Write ``profile.json``, unless another first start at the same time has done so: both must use the same id."""
    temporary = beside(birth)
    replace_file(temporary, json.dumps({"id": profile.id, "kind": profile.kind}) + "\n")
    try:
        os.link(temporary, birth)
    except FileExistsError:
        pass
    except OSError:  # a file system without hard links
        if not birth.exists():
            rename(temporary, birth)
    finally:
        discard(temporary)


def folder_error(folder: Path, error: OSError | ValueError | RuntimeError) -> ProfileError:
    """An error of the profile's folder as a :class:`ProfileError`."""
    number = error.errno if isinstance(error, OSError) else None
    if number in (errno.ENOSPC, errno.EDQUOT):
        return ProfileError("profile-full", folder=str(folder))
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    code = "profile-read-only" if number in (errno.EROFS, errno.EACCES, errno.EPERM) else "profile-folder"
    return ProfileError(code, folder=str(folder), error=reason)


class ProfileLock:
    """The lock on a profile, which one process holds while it uses the profile (rule 1).

    The operating system releases it when the process ends. The pid in ``holder.json`` is for messages only.
    """

    def __init__(self, profile: Profile) -> None:
        from filelock import FileLock

        self._folder = profile.folder
        self._lock = FileLock(str(profile.folder / LOCK), thread_local=False, mode=PRIVATE)
        self._holder = profile.folder / "holder.json"

    def acquire(self, within: float = 0.0) -> bool:
        """Try to get the lock for ``within`` seconds; true if this process holds it now. Blocking. Raises
        :class:`ProfileError` if the folder cannot be written."""
        from filelock import Timeout

        try:
            self._lock.acquire(timeout=within)
        except Timeout:
            return False
        except OSError as error:
            raise folder_error(self._folder, error) from error
        remove_leftovers(self._folder)
        try:
            replace_file(self._holder, json.dumps({"pid": os.getpid()}) + "\n")
        except OSError as error:
            # Not an error: it is for messages only, and a full disk is reported by the parts that need it.
            log.warning("holder.json cannot be written: %s", error)
        return True

    def holder(self) -> int | None:
        """The pid that the holder wrote, for messages only."""
        try:
            pid = read_json(self._holder)["pid"]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return pid if isinstance(pid, int) and not isinstance(pid, bool) else None

    def release(self) -> None:
        """Release the lock, if it is held."""
        if self._lock.is_locked:
            try:
                self._holder.unlink(missing_ok=True)
            except OSError as error:
                log.warning("holder.json cannot be removed: %s", error)
            self._lock.release()


@dataclass(frozen=True, slots=True)
class ProfileIdentity:
    """The identity (device, inode) of the folder and lock file that this process uses."""

    profile: Profile
    folder: tuple[int, int]
    lock: tuple[int, int] | None

    @classmethod
    def of(cls, profile: Profile) -> ProfileIdentity:
        """The present identity of the profile's folder and lock file. Raises :class:`ProfileError`."""
        try:
            folder = _identity(profile.folder)
            return cls(profile, folder, _identity(profile.folder / LOCK) if (profile.folder / LOCK).exists() else None)
        except OSError as error:
            raise folder_error(profile.folder, error) from error

    def check(self) -> None:
        """Raise :class:`ProfileError` ``profile-gone`` if folder or lock file was removed or replaced. Blocking."""
        try:
            same = _identity(self.profile.folder) == self.folder
            if same and self.lock is not None:
                same = _identity(self.profile.folder / LOCK) == self.lock
        except (FileNotFoundError, NotADirectoryError):
            same = False
        except OSError as error:
            log.warning("the profile's folder could not be looked at: %s", error)
            return
        if not same:
            raise ProfileError("profile-gone", folder=str(self.profile.folder))


def _identity(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino
