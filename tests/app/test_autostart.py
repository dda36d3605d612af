"""Start at login on each system: one entry for each profile, which opens that profile and is removed completely."""

from __future__ import annotations

import plistlib
import subprocess
import sys
import uuid
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from archisync_gui.app import autostart
from archisync_gui.app.arguments import build_parser
from archisync_gui.app.autostart import APPROVED_KEY, RUN_KEY, command, follow_system, is_on, set_autostart
from archisync_gui.app.core import Core
from archisync_gui.app.demo import DemoOptions
from archisync_gui.app.profile import Profile, ProfileLock, open_profile
from archisync_gui.model import SyncFailure
from archisync_gui.settings import Settings, load_settings

SWITCHED_OFF = bytes.fromhex("0300000090f6c6b3a161dc01")
"""As the task manager writes it: 3, and since when. Where it is on, the first byte is 2, and no time follows."""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setattr(autostart, "profiles_folder", lambda: tmp_path / "profiles")
    monkeypatch.setattr(autostart, "sys_platform", lambda: "linux")
    return tmp_path


def real(home: Path, name: str = "default") -> Profile:
    return Profile(f"id-{name}", name, "real", home / "profiles" / name)


def test_switching_on_and_off(home: Path) -> None:
    profile = real(home)
    file = home / "config" / "autostart" / "archisync-gui.desktop"
    assert not is_on(profile)
    set_autostart(profile, False)
    assert not file.exists()
    set_autostart(profile, True)
    assert is_on(profile)
    assert file.read_text(encoding="utf-8").startswith("[Desktop Entry]\nType=Application\n")
    set_autostart(profile, False)
    assert not is_on(profile)
    assert list(file.parent.iterdir()) == []


def test_profiles_do_not_touch_each_other(home: Path) -> None:
    first, second = real(home), real(home, "filiale")
    set_autostart(first, True)
    set_autostart(second, True)
    set_autostart(first, False)
    assert (is_on(first), is_on(second)) == (False, True)


def test_the_command_line_opens_that_profile_hidden(home: Path) -> None:
    demo = Profile("x", "demo", "demo", home / "some where")
    options = build_parser().parse_args(command(demo)[command(demo).index("--hidden") :])
    assert (options.hidden, options.demo, options.profile) == (True, True, str(home / "some where"))
    usual = build_parser().parse_args(command(real(home))[command(real(home)).index("--hidden") :])
    assert (usual.hidden, usual.profile, hasattr(usual, "demo")) == (True, "default", False)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux: the entry is run by a POSIX shell's rules")
def test_the_entry_works_for_folders_with_special_characters(home: Path) -> None:
    folder = home / 'a "b" $HOME `c` 100% \\d'
    profile = Profile("y", folder.name, "real", folder)
    set_autostart(profile, True)
    assert is_on(profile)
    text = next((home / "config" / "autostart").iterdir()).read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.startswith("Exec="))
    # Decoded in the order of the specification: string escapes, then field codes, then the quoting of a shell.
    quoted = line.removeprefix("Exec=").replace("\\\\", "\\").replace("%%", "%")
    words = subprocess.run(["/bin/sh", "-c", f"printf '%s\\n' {quoted}"], capture_output=True, text=True, check=True)
    assert words.stdout.splitlines() == command(profile)


def test_an_entry_switched_off_in_the_desktops_settings_counts_as_off(home: Path) -> None:
    profile = real(home)
    set_autostart(profile, True)
    file = home / "config" / "autostart" / "archisync-gui.desktop"
    file.write_text(file.read_text(encoding="utf-8") + "Hidden=true\n", encoding="utf-8")
    assert not is_on(profile)
    file.write_bytes(b"\xff\xfe")
    assert not is_on(profile)


def test_without_or_with_a_relative_config_home_the_usual_folder_is_taken(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", "relative")
    set_autostart(real(home), True)
    assert (home / ".config" / "autostart" / "archisync-gui.desktop").exists()


def test_macos_gets_a_launch_agent(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(autostart, "sys_platform", lambda: "darwin")
    profile = real(home)
    set_autostart(profile, True)
    file = home / "Library" / "LaunchAgents" / "archisync-gui.plist"
    entry = plistlib.loads(file.read_bytes())
    assert (entry["Label"], entry["ProgramArguments"], entry["RunAtLoad"]) == (file.stem, command(profile), True)
    assert is_on(profile)
    file.write_bytes(b"<plist>")
    assert not is_on(profile)
    set_autostart(profile, False)
    assert not file.exists()


Key = dict[str, object]


class Registry:
    """A replacement of Windows' registry with two keys."""

    HKEY_CURRENT_USER, KEY_SET_VALUE, REG_SZ = "HKCU", 2, 1

    def __init__(self) -> None:
        self.keys: dict[str, Key] = {}

    @property
    def values(self) -> Key:
        return self.keys.get(RUN_KEY, {})

    def CreateKeyEx(self, root: str, path: str, *rights: int) -> AbstractContextManager[Key]:
        self.keys.setdefault(path, {})
        return self.OpenKey(root, path, *rights)

    def OpenKey(self, root: str, path: str, *rights: int) -> AbstractContextManager[Key]:
        assert root == "HKCU"
        if path not in self.keys:
            raise FileNotFoundError(path)
        return nullcontext(self.keys[path])

    def SetValueEx(self, key: Key, name: str, reserved: int, kind: int, value: str) -> None:
        assert (reserved, kind) == (0, self.REG_SZ)
        key[name] = value

    def DeleteValue(self, key: Key, name: str) -> None:
        if name not in key:
            raise FileNotFoundError(name)
        del key[name]

    def QueryValueEx(self, key: Key, name: str) -> tuple[object, int]:
        if name not in key:
            raise FileNotFoundError(name)
        return key[name], self.REG_SZ


@pytest.mark.skipif(sys.platform != "win32", reason="needs Windows' own registry")
def test_the_real_registry_of_windows_stores_the_entry(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(autostart, "sys_platform", lambda: "win32")
    profile = Profile(f"test-{uuid.uuid4().hex}", "con spazio", "demo", home / "Società è" / "con spazio")
    assert not is_on(profile)
    set_autostart(profile, True)
    try:
        assert is_on(profile)
        said = subprocess.run(
            ["reg", "query", rf"HKCU\{RUN_KEY}", "/v", f"Archisync-{profile.id}"], capture_output=True, check=True
        ).stdout
        assert b"REG_SZ" in said
        assert b"con spazio" in said
    finally:
        set_autostart(profile, False)
    assert not is_on(profile)
    set_autostart(profile, False)  # removing a missing entry is no error
    winreg = autostart._winreg()
    with winreg.CreateKeyEx(winreg.HKEY_CURRENT_USER, APPROVED_KEY, 0, winreg.KEY_SET_VALUE) as key:
        winreg.SetValueEx(key, f"Archisync-{profile.id}", 0, winreg.REG_BINARY, SWITCHED_OFF)
    set_autostart(profile, True)
    try:
        assert is_on(profile)
        with winreg.CreateKeyEx(winreg.HKEY_CURRENT_USER, APPROVED_KEY, 0, winreg.KEY_SET_VALUE) as key:
            winreg.SetValueEx(key, f"Archisync-{profile.id}", 0, winreg.REG_BINARY, SWITCHED_OFF)
        assert not is_on(profile)
    finally:
        set_autostart(profile, False)


def test_windows_gets_a_value_of_its_run_key(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    registry = Registry()
    monkeypatch.setitem(sys.modules, "winreg", registry)
    monkeypatch.setattr(autostart, "sys_platform", lambda: "win32")
    first, second = real(home), Profile("z", "con spazio", "demo", home / "con spazio")
    set_autostart(first, False)
    set_autostart(first, True)
    set_autostart(second, True)
    assert set(registry.values) == {"Archisync", "Archisync-z"}
    assert str(registry.values["Archisync-z"]).endswith(f'--profile "{home / "con spazio"}" --demo')
    assert (is_on(first), is_on(second)) == (True, True)
    set_autostart(first, False)
    assert (is_on(first), is_on(second)) == (False, True)


def test_what_the_task_manager_has_switched_off_is_off_until_it_is_switched_on_here(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The entry in the Run key stays. The setting said that Archisync starts with the computer, and switching it off
    and on again changed nothing."""
    registry = Registry()
    monkeypatch.setitem(sys.modules, "winreg", registry)
    monkeypatch.setattr(autostart, "sys_platform", lambda: "win32")
    profile, other = real(home), real(home, "filiale")
    for one in (profile, other):
        set_autostart(one, True)
    approved = registry.keys[APPROVED_KEY] = {"Archisync": bytes([2]) + bytes(11), "Archisync-id-filiale": b""}
    assert is_on(profile)
    assert is_on(other)
    approved["Archisync"] = SWITCHED_OFF
    assert (is_on(profile), is_on(other)) == (False, True)
    set_autostart(profile, True)
    assert is_on(profile)
    approved["Archisync"] = SWITCHED_OFF
    set_autostart(profile, False)
    assert (set(registry.values), set(approved)) == ({"Archisync-id-filiale"}, {"Archisync-id-filiale"})


def test_the_packaged_program_starts_itself(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = str(home / "archisync-gui")
    monkeypatch.setattr(autostart, "sys", SimpleNamespace(frozen=True, executable=program))
    assert command(real(home))[:2] == [program, "--hidden"]


async def test_the_setting_makes_the_entry_and_a_refusal_changes_nothing(home: Path, tmp_path: Path) -> None:
    profile = open_profile(str(tmp_path / "p"), demo=True)
    lock = ProfileLock(profile)
    assert lock.acquire()
    core = await Core.open(profile, demo=DemoOptions("none", "stopped"), attended=False, reads=False)
    try:
        await core.apply_settings({"look.autostart": True})
        assert is_on(profile)
        await core.apply_settings({"look.autostart": False})
        assert not is_on(profile)
        folder = home / "config" / "autostart"
        folder.rmdir()
        folder.write_text("a file in the way", encoding="utf-8")
        with pytest.raises(SyncFailure) as refused:
            await core.apply_settings({"look.autostart": True, "sync.orders.interval": 25})
        assert refused.value.code == "autostart-failed"
        assert not core.settings.flag("look.autostart")
        assert core.settings.number("sync.orders.interval") != 25
    finally:
        await core.close()
        lock.release()


@pytest.mark.parametrize("on", [True, False])
def test_the_setting_follows_the_system(tmp_path: Path, on: bool) -> None:
    """An installer has switched it on; or the profile was copied from another computer, or a user switched it off."""
    profile = open_profile(str(tmp_path / "p"), demo=False)
    Settings().with_({"look.autostart": not on, "sync.orders.interval": 25}).save(profile.settings_file)
    set_autostart(profile, on)
    for _ in range(2):
        follow_system(profile)
        found = load_settings(profile.settings_file).settings
        assert (found.flag("look.autostart"), found.number("sync.orders.interval")) == (on, 25)
        assert is_on(profile) is on


def test_damaged_settings_are_not_overwritten_for_the_start_at_login(tmp_path: Path) -> None:
    profile = open_profile(str(tmp_path / "p"), demo=False)
    set_autostart(profile, True)
    profile.settings_file.write_text("{", encoding="utf-8")
    follow_system(profile)
    assert profile.settings_file.read_text(encoding="utf-8") == "{"


def test_a_profile_of_the_same_name_in_another_folder_has_its_own_entry(home: Path) -> None:
    usual = real(home)
    other = replace(usual, id="other", folder=home / "elsewhere" / "default")
    set_autostart(other, True)
    assert (is_on(usual), is_on(other)) == (False, True)
