"""Folders refused as a profile because other computers write there, too; also as Windows and macOS name them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from archisync_gui.app import profile_place as module
from archisync_gui.app.profile import ProfileError, open_profile
from archisync_gui.app.profile_place import _is_unc, _network_disk, network_file_system, synchronised_folder
from archisync_gui.messages import text


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
def test_a_servers_name_is_told_from_a_long_local_path(path: str, unc: bool) -> None:
    assert _is_unc(path) is unc


def test_a_mapped_drive_that_resolves_to_its_server_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python resolves Z: to \\\\server\\share on Windows, which no disk in the list begins with."""

    class Mapped(type(tmp_path)):  # type: ignore[misc]
        def resolve(self, strict: bool = False) -> Path:
            return Path(r"\\server\share\profile")

    monkeypatch.setattr(module, "sys_platform", lambda: "win32")
    assert network_file_system(Mapped("Z:/profile")) == "UNC"


def test_the_longest_mount_point_counts_and_a_name_that_begins_alike_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_a_folder_that_onedrive_names_elsewhere_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "D" / "Cloud").mkdir(parents=True)
    monkeypatch.setenv("OneDriveCommercial", str(home / "D" / "Cloud"))
    assert synchronised_folder(home / "D" / "Cloud" / "p") == "OneDrive"
    assert synchronised_folder(home / "D" / "Cloudy" / "p") is None


@pytest.mark.skipif(sys.platform == "win32", reason="Linux and macOS: only administrators make links on Windows")
def test_a_link_into_a_folder_of_a_cloud_service_is_refused(home: Path) -> None:
    (home / "OneDrive").mkdir()
    (home / "link").symlink_to(home / "OneDrive")
    assert synchronised_folder(home / "link" / "p") == "OneDrive"


def test_a_folder_that_dropbox_names_elsewhere_is_refused(home: Path) -> None:
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
