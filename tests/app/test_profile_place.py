"""Folders that are refused as a profile because other computers write there, too; also with paths of Windows and
macOS."""

from __future__ import annotations

import json
import os
import sys
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from archisync_gui.app import profile_place as module
from archisync_gui.app.profile import ProfileError, open_profile
from archisync_gui.app.profile_place import (
    BELOW,
    WINDOWS_LIMIT,
    _is_unc,
    _network_disk,
    network_file_system,
    synchronised_folder,
    too_long,
)
from archisync_gui.disk import beside
from archisync_gui.messages import text
from archisync_gui.store import backups


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder without any cloud service."""
    for name in ("OneDrive", "OneDriveConsumer", "OneDriveCommercial", "LOCALAPPDATA", "APPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    return tmp_path


WINDOWS_DISKS = [
    SimpleNamespace(mountpoint="C:\\", fstype="NTFS", opts="rw,fixed"),
    SimpleNamespace(mountpoint="D:\\", fstype="FAT32", opts="rw,removable"),
    SimpleNamespace(mountpoint="Z:\\", fstype="NTFS", opts="rw,remote"),
    SimpleNamespace(mountpoint="Y:\\", fstype="", opts="remote"),
]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (r"C:\Dati\Anna\profile", None),
        (r"c:\dati\anna\profile", None),
        (r"D:\profile", None),
        (r"Z:\ufficio\profile", "NTFS"),
        (r"z:\profile", "NTFS"),
        ("Z:\\", "NTFS"),
        (r"Y:\profile", "remote"),
        (r"Q:\nowhere", None),
    ],
)
def test_a_mapped_drive_of_windows_is_a_network_disk(
    path: str, kind: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "sys_platform", lambda: "win32")
    assert _network_disk(path, WINDOWS_DISKS) == kind


@pytest.mark.parametrize(
    ("path", "unc"),
    [
        (r"\\server\share\profile", True),
        (r"\\?\UNC\server\share\profile", True),
        (r"\\?\unc\server\share", True),
        (r"\\?\C:\Dati\Anna", False),
        (r"\\.\C:\Dati", False),
        (r"C:\Dati\Anna", False),
    ],
)
def test_the_name_of_a_server_is_distinguished_from_a_long_local_path(path: str, unc: bool) -> None:
    assert _is_unc(path) is unc


def test_a_mapped_drive_that_resolves_to_its_server_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python resolves Z: to \\\\server\\share on Windows, which matches no disk in the list."""

    class Mapped(type(tmp_path)):  # type: ignore[misc]
        def resolve(self, strict: bool = False) -> Path:
            return Path(r"\\server\share\profile")

    monkeypatch.setattr(module, "sys_platform", lambda: "win32")
    assert network_file_system(Mapped("Z:/profile")) == "UNC"


def test_the_longest_mount_point_counts_and_a_name_with_the_same_beginning_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "sys_platform", lambda: "linux")
    disks = [
        SimpleNamespace(mountpoint="/", fstype="ext4", opts="rw"),
        SimpleNamespace(mountpoint="/srv/office", fstype="nfs4", opts="rw"),
        SimpleNamespace(mountpoint="/srv/office/local", fstype="xfs", opts="rw"),
    ]
    assert _network_disk("/srv/office/profile", disks) == "nfs4"
    assert _network_disk("/srv/office", disks) == "nfs4"
    assert _network_disk("/srv/office2", disks) is None
    assert _network_disk("/srv/office/local/profile", disks) is None


@pytest.mark.parametrize(
    ("below_home", "service"),
    [
        ("OneDrive/Archisync", "OneDrive"),
        ("OneDrive - Rossi S.r.l./Archisync", "OneDrive"),
        ("onedrive/x", "onedrive"),
        ("Dropbox/profile", "Dropbox"),
        ("Dropbox (Rossi)/profile", "Dropbox"),
        ("Google Drive/profile", "Google Drive"),
        ("Library/Mobile Documents/com~apple~CloudDocs/p", "iCloud"),
        ("Library/CloudStorage/OneDrive-Rossi/p", "OneDrive"),
        ("Documents/OneDrive notes/p", None),
        ("OneDriveTemp/p", None),
        ("Boxes/p", None),
        (".local/share/archisync/profiles/default", None),
    ],
)
def test_a_folder_of_a_cloud_service_is_refused(below_home: str, service: str | None, home: Path) -> None:
    assert synchronised_folder(home / below_home) == service


def test_a_onedrive_folder_at_another_place_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "D" / "Cloud").mkdir(parents=True)
    monkeypatch.setenv("OneDriveCommercial", str(home / "D" / "Cloud"))
    assert synchronised_folder(home / "D" / "Cloud" / "p") == "OneDrive"
    assert synchronised_folder(home / "D" / "Cloudy" / "p") is None


@pytest.mark.skipif(sys.platform == "win32", reason="Linux and macOS: only administrators make links on Windows")
def test_a_link_into_a_folder_of_a_cloud_service_is_refused(home: Path) -> None:
    (home / "OneDrive").mkdir()
    (home / "link").symlink_to(home / "OneDrive")
    assert synchronised_folder(home / "link" / "p") == "OneDrive"


def test_a_dropbox_folder_at_another_place_is_refused(home: Path) -> None:
    (home / ".dropbox").mkdir()
    (home / ".dropbox" / "info.json").write_text(json.dumps({"personal": {"path": str(home / "D" / "Drop")}, "x": 1}))
    assert synchronised_folder(home / "D" / "Drop" / "p") == "Dropbox"
    (home / ".dropbox" / "info.json").write_text("{")
    assert synchronised_folder(home / "D" / "Drop" / "p") is None


def test_the_refusal_makes_nothing_and_says_what_to_do(home: Path) -> None:
    folder = home / "OneDrive" / "p"
    with pytest.raises(ProfileError, match="profile-synchronised") as refused:
        open_profile(str(folder), demo=True)
    assert not (home / "OneDrive").exists()
    for language in ("it", "en"):
        said = text(refused.value.code, language, refused.value.params)
        assert "OneDrive" in said.what
        assert said.todo


def registry(long_paths: int | None) -> SimpleNamespace:
    """Windows' registry with its setting for long paths; ``None`` for a Windows without it."""

    def query(key: object, name: str) -> tuple[int, int]:
        if long_paths is None:
            raise FileNotFoundError(name)
        return long_paths, 4

    return SimpleNamespace(HKEY_LOCAL_MACHINE=0, OpenKey=lambda root, key: nullcontext(key), QueryValueEx=query)


@pytest.mark.parametrize(("long_paths", "refused"), [(None, True), (0, True), (1, False)])
def test_a_path_that_windows_finds_too_long_is_refused_before_anything_is_made(
    long_paths: int | None, refused: bool, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "winreg", registry(long_paths))
    longest = WINDOWS_LIMIT - BELOW
    folder = home / ("l" * (longest - len(str(home)) - 1))
    beyond = folder.with_name(folder.name + "l")
    assert len(str(folder)) == longest
    assert not too_long(beyond) or sys.platform == "win32"
    monkeypatch.setattr(module, "sys_platform", lambda: "win32")
    assert not too_long(folder)
    assert too_long(beyond) is refused
    if refused:
        with pytest.raises(ProfileError, match="profile-long") as error:
            open_profile(f"{beyond}{os.sep}", demo=True)
        assert not beyond.exists()
        assert str(longest) in text(error.value.code, "it", error.value.params).what


def test_a_long_path_in_windows_long_form_has_no_such_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    class Long(type(Path())):  # type: ignore[misc]
        def absolute(self) -> Path:
            return self

    monkeypatch.setitem(sys.modules, "winreg", registry(0))
    monkeypatch.setattr(module, "sys_platform", lambda: "win32")
    assert not too_long(Long("\\\\?\\C:\\" + "l" * 300))
    assert too_long(Long("C:\\" + "l" * 300))


def test_the_limit_leaves_space_for_the_longest_name_below_a_profile(tmp_path: Path) -> None:
    """A backup that is being written, with the longest reason, the longest process id and SQLite's suffix."""
    backup = backups._new_name(tmp_path / "archisync.db", backups._word("x" * 100), datetime.now(UTC))
    part = f"{beside(backup).relative_to(tmp_path)}-journal"
    assert len(part) - len(str(os.getpid())) + len(str(2**32)) < BELOW
