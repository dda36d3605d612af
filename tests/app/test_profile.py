"""A profile is real or demo from birth, and exactly one process holds it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from archisync_gui.app import exit_codes
from archisync_gui.app import profile as module
from archisync_gui.app.profile import ProfileError, ProfileLock, open_profile
from archisync_gui.cli import main

HOLD = """
import sys
from archisync_gui.app.profile import ProfileLock, open_profile
lock = ProfileLock(open_profile(sys.argv[1], demo=True))
assert lock.acquire()
print("held", flush=True)
sys.stdin.read()
"""


def holder(folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, f"{folder}{os.sep}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def end(process: subprocess.Popen[str], number: int) -> None:
    process.send_signal(number)
    process.communicate()


def test_a_profile_keeps_its_id_and_kind(tmp_path: Path) -> None:
    first = open_profile(f"{tmp_path / 'p'}{os.sep}", demo=True)
    again = open_profile(str(tmp_path / "p"), demo=True)
    assert first == again
    assert first.demo
    with pytest.raises(ProfileError, match="profile-kind-demo"):
        open_profile(str(tmp_path / "p"), demo=False)


def test_a_real_profile_is_never_opened_as_a_demo(tmp_path: Path) -> None:
    open_profile(str(tmp_path / "p"), demo=False)
    with pytest.raises(ProfileError, match="profile-kind-real"):
        open_profile(str(tmp_path / "p"), demo=True)


@pytest.mark.parametrize("name", ["", ".", "..", "-x", "a\nb", "x" * 80])
def test_a_name_is_no_way_out_of_the_profiles_folder(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(module, "profiles_folder", lambda: tmp_path)
    if name == "":
        assert open_profile(name, demo=True).folder == tmp_path / "demo"
        return
    with pytest.raises(ProfileError, match="profile-name"):
        open_profile(name, demo=True)


def test_a_damaged_birth_certificate_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "profile.json").write_text("{")
    with pytest.raises(ProfileError, match="profile-damaged"):
        open_profile(str(tmp_path), demo=True)
    assert (tmp_path / "profile.json").read_text() == "{"


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ProfileError, match="profile-folder"):
        open_profile(str(tmp_path / "file" / "p"), demo=True)


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "smb3", "fuse.sshfs"])
def test_rule_1_network_file_systems_are_refused(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import psutil

    disks = [
        SimpleNamespace(mountpoint="/", fstype="ext4", opts="rw"),
        SimpleNamespace(mountpoint=str(tmp_path), fstype=kind, opts="rw"),
    ]
    monkeypatch.setattr(psutil, "disk_partitions", lambda all: disks)
    with pytest.raises(ProfileError, match="profile-network") as refused:
        open_profile(str(tmp_path / "p"), demo=True)
    assert refused.value.params["kind"] == kind


def test_rule_1_one_process_holds_a_profile(tmp_path: Path) -> None:
    profile = open_profile(str(tmp_path / "p"), demo=True)
    other = holder(profile.folder)
    try:
        lock = ProfileLock(profile)
        assert not lock.acquire()
        assert lock.holder() == other.pid
    finally:
        end(other, signal.SIGTERM)


def test_rule_1_the_lock_dies_with_its_killed_holder(tmp_path: Path) -> None:
    profile = open_profile(str(tmp_path / "p"), demo=True)
    end(holder(profile.folder), signal.SIGKILL)
    lock = ProfileLock(profile)
    assert lock.acquire()
    assert lock.holder() == os.getpid()
    lock.release()


def test_rule_1_a_stale_lock_file_holds_nobody_up(tmp_path: Path) -> None:
    profile = open_profile(str(tmp_path / "p"), demo=True)
    (profile.folder / "profile.lock").write_text("4711")
    (profile.folder / "holder.json").write_text(json.dumps({"pid": 4711}))
    lock = ProfileLock(profile)
    assert lock.acquire()
    lock.release()
    assert lock.holder() is None


def test_a_misspelt_profile_is_not_shown_as_an_empty_office(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "profiles_folder", lambda: tmp_path)
    open_profile("milano", demo=False)
    with pytest.raises(ProfileError, match="profile-unknown"):
        open_profile("milan", demo=False, make=False)
    assert main(["--profile", "milan", "status"]) == exit_codes.CONFIG
    assert "milano" in capsys.readouterr().err
    assert sorted(folder.name for folder in tmp_path.iterdir()) == ["milano"]
    assert open_profile("milan", demo=False).folder == tmp_path / "milan"  # the panel makes one
    assert open_profile(None, demo=False, make=False).name == "default"  # nobody named it
