"""A profile is real or demo from its creation, and exactly one process holds it."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from archisync_gui.app import exit_codes, profile_folder
from archisync_gui.app import profile as module
from archisync_gui.app.profile import ProfileError, ProfileIdentity, ProfileLock, open_profile
from archisync_gui.cli import main
from archisync_gui.messages import text

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
def test_a_name_cannot_lead_out_of_the_profiles_folder(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(profile_folder, "profiles_folder", lambda: tmp_path)
    monkeypatch.setattr(module, "profiles_folder", lambda: tmp_path)
    with pytest.raises(ProfileError, match="profile-name"):
        open_profile(name, demo=True)


def test_a_damaged_profile_file_is_refused_and_not_changed(tmp_path: Path) -> None:
    (tmp_path / "profile.json").write_text("{")
    with pytest.raises(ProfileError, match="profile-damaged"):
        open_profile(str(tmp_path), demo=True)
    assert (tmp_path / "profile.json").read_text() == "{"


def test_a_folder_that_cannot_be_made_is_one_message(tmp_path: Path) -> None:
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


def test_rule_1_a_stale_lock_file_does_not_block_a_start(tmp_path: Path) -> None:
    profile = open_profile(str(tmp_path / "p"), demo=True)
    (profile.folder / "profile.lock").write_text("4711")
    (profile.folder / "holder.json").write_text(json.dumps({"pid": 4711}))
    lock = ProfileLock(profile)
    assert lock.acquire()
    lock.release()
    assert lock.holder() is None


@pytest.mark.skipif(sys.platform == "win32", reason="Windows supposes other users' folders beside this user's")
def test_a_home_folder_that_nobody_knows_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    given = f"~nobody-of-that-name{os.sep}p"
    assert main(["--profile", given, "status"]) == exit_codes.CONFIG
    assert given in capsys.readouterr().err


def test_a_scanner_that_holds_the_first_file_of_a_profile_stops_no_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On Windows a file that another program has open cannot be removed."""

    def held(path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "The process cannot access the file", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", held)
        made = open_profile(str(tmp_path / "p"), demo=True)
    assert open_profile(str(tmp_path / "p"), demo=True).id == made.id


def test_a_command_with_a_misspelt_profile_is_refused_and_makes_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(profile_folder, "profiles_folder", lambda: tmp_path)
    monkeypatch.setattr(module, "profiles_folder", lambda: tmp_path)
    open_profile("milano", demo=False)
    with pytest.raises(ProfileError, match="profile-unknown"):
        open_profile("milan", demo=False, make=False)
    assert main(["--profile", "milan", "status"]) == exit_codes.CONFIG
    assert "milano" in capsys.readouterr().err
    assert sorted(folder.name for folder in tmp_path.iterdir()) == ["milano"]
    assert open_profile("milan", demo=False).folder == tmp_path / "milan"  # the panel makes one
    assert open_profile(None, demo=False, make=False).name == "default"  # the default needs no existing profile


def state_of(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Mode and content of everything in a folder and of the folder itself."""
    paths = [folder, *sorted(folder.rglob("*"))]
    return {str(p): (p.lstat().st_mode, p.read_bytes() if p.is_file() else b"") for p in paths}


@pytest.mark.skipif(sys.platform == "win32", reason="Linux and macOS: POSIX owners")
@pytest.mark.parametrize("with_profile", [True, False])
def test_the_folder_of_another_user_is_refused_before_anything_is_written(
    with_profile: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "p"
    if with_profile:
        open_profile(str(folder), demo=True)
    else:
        folder.mkdir(mode=0o755)
    before = state_of(folder)
    uid = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: uid + 1)
    with pytest.raises(ProfileError, match="profile-owner"):
        open_profile(str(folder), demo=True)
    assert state_of(folder) == before


@pytest.mark.skipif(sys.platform == "win32", reason="Linux and macOS: POSIX owners")
@pytest.mark.parametrize("name", ["holder.json", "profile.lock", "log/archisync.log", "archisync.db"])
def test_a_file_or_link_that_another_user_put_into_the_folder_is_refused(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile = open_profile(str(tmp_path / "p"), demo=True)
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    planted = profile.folder / name
    planted.symlink_to(victim)
    real = module._owner
    monkeypatch.setattr(module, "_owner", lambda path: os.geteuid() + 1 if path == planted else real(path))
    with pytest.raises(ProfileError, match="profile-owner") as refused:
        open_profile(str(profile.folder), demo=True)
    assert refused.value.params["file"] == str(planted)
    assert victim.read_text() == "untouched"


@pytest.mark.skipif(sys.platform == "win32", reason="Linux and macOS: POSIX modes")
def test_a_folder_with_files_of_others_does_not_become_a_profile(tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    folder.mkdir(mode=0o755)
    (folder / "letter.txt").write_text("x")
    before = state_of(folder)
    with pytest.raises(ProfileError, match="profile-not-empty") as refused:
        open_profile(str(folder), demo=True)
    assert refused.value.params["file"] == "letter.txt"
    assert state_of(folder) == before


def test_data_without_a_profile_file_are_neither_demo_nor_real(tmp_path: Path) -> None:
    profile = open_profile(str(tmp_path / "p"), demo=False)
    (profile.folder / "archisync.db").write_text("data")
    (profile.folder / "profile.json").unlink()
    with pytest.raises(ProfileError, match="profile-damaged"):
        open_profile(str(profile.folder), demo=True)


def test_settings_may_exist_before_the_first_start(tmp_path: Path) -> None:
    folder = tmp_path / "p"
    folder.mkdir()
    (folder / "settings.json").write_text("{}")
    assert open_profile(str(folder), demo=True).demo


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, "profile-full"),
        (errno.EROFS, "profile-read-only"),
        (errno.EACCES, "profile-read-only"),
        (errno.EIO, "profile-folder"),
    ],
)
@pytest.mark.parametrize(
    ("command", "language"),
    [
        (("status",), "it_IT"),
        (("sync", "orders"), "en_US"),
        (("explain",), "it_IT"),
        (("hold",), "en_US"),
        (("release",), "en_US"),
        (("retry",), "en_US"),
        (("doctor",), "it_IT"),
        ((), "en_US"),
    ],
)
def test_a_disk_that_refuses_the_lock_is_one_message_and_an_exit_code(
    number: int,
    code: str,
    command: tuple[str, ...],
    language: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    import filelock

    profile = open_profile(str(tmp_path / "p"), demo=True)

    def refuse(self: object, timeout: float) -> None:
        raise OSError(number, os.strerror(number), str(profile.folder / "profile.lock"))

    monkeypatch.setattr(filelock.FileLock, "acquire", refuse)
    monkeypatch.setenv("LC_ALL", f"{language}.UTF-8")
    assert main([*command, "--demo", "--profile", str(profile.folder)]) in (exit_codes.CONFIG, exit_codes.UNAVAILABLE)
    said = capsys.readouterr()
    assert "Traceback" not in said.out + said.err
    what = text(code, language[:2], {"folder": str(profile.folder), "error": os.strerror(number)}).what
    assert what in said.out + said.err


def test_a_full_disk_prevents_only_the_holders_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    profile = open_profile(str(tmp_path / "p"), demo=True)

    def full(path: Path, content: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module, "replace_file", full)
    lock = ProfileLock(profile)
    assert lock.acquire()
    assert lock.holder() is None
    lock.release()


@pytest.mark.parametrize("content", ["", "{", "[]", "[1]", '{"pid": "7"}', '{"pid": true}', "\x00\x01", "[" * 100_000])
def test_any_content_of_the_holders_note_is_tolerated(content: str, tmp_path: Path) -> None:
    profile = open_profile(str(tmp_path / "p"), demo=True)
    (profile.folder / "holder.json").write_text(content)
    assert ProfileLock(profile).holder() is None


def test_a_folder_or_lock_that_was_replaced_is_noticed(tmp_path: Path) -> None:
    profile = open_profile(str(tmp_path / "p"), demo=True)
    lock = ProfileLock(profile)
    assert lock.acquire()
    held = ProfileIdentity.of(profile)
    held.check()
    (profile.folder / "profile.lock").rename(tmp_path / "moved.lock")
    with pytest.raises(ProfileError, match="profile-gone"):
        held.check()
    (profile.folder / "profile.lock").touch()
    with pytest.raises(ProfileError, match="profile-gone"):
        held.check()
    (tmp_path / "moved.lock").replace(profile.folder / "profile.lock")
    held.check()
    profile.folder.rename(tmp_path / "elsewhere")
    with pytest.raises(ProfileError, match="profile-gone"):
        held.check()
    open_profile(str(tmp_path / "p"), demo=True)
    with pytest.raises(ProfileError, match="profile-gone"):
        held.check()
    lock.release()


def test_the_lock_works_in_a_folder_that_cannot_be_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    profile = open_profile(str(tmp_path / "p"), demo=False)

    def broken(self: Path, pattern: str) -> list[Path]:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "glob", broken)
        lock = ProfileLock(profile)
        assert lock.acquire()
        lock.release()
    other = ProfileLock(profile)
    assert other.acquire()
    other.release()
