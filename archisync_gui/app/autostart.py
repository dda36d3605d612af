"""Start at login: writes and removes an entry of the operating system for each profile; no Qt."""

from __future__ import annotations

import configparser
import importlib
import logging
import os
import plistlib
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any
from xml.parsers.expat import ExpatError

from archisync_gui.app.profile import Profile
from archisync_gui.app.profile_folder import profiles_folder
from archisync_gui.disk import replace_file
from archisync_gui.model import FailureKind, SyncFailure
from archisync_gui.settings import SettingsError, load_settings
from archisync_gui.system import sys_platform

log = logging.getLogger(__name__)

RUN_KEY = r"Software\Microsoft\Windows\CurrentVersion\Run"
"""Key under ``HKEY_CURRENT_USER`` with the programs that Windows starts when this user logs in."""

APPROVED_KEY = r"Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run"
"""Under ``HKEY_CURRENT_USER``: what was switched off in the task manager or in Windows' settings. A value has the name
of one in the Run key, which stays; an odd first byte says that Windows does not start it."""


def set_autostart(profile: Profile, on: bool) -> None:
    """Switch on or off that the panel of ``profile`` is started hidden at login. Blocking.

    Raises ``SyncFailure`` ``autostart-failed`` if the system does not allow it.
    """
    try:
        if sys_platform() == "win32":
            _set_registry(profile, on)
        elif on:
            content = _plist(profile) if sys_platform() == "darwin" else _desktop_entry(profile).encode()
            _write(_file(profile), content)
        else:
            _file(profile).unlink(missing_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise SyncFailure("autostart-failed", FailureKind.PERMANENT, params={"reason": reason}) from error


def is_on(profile: Profile) -> bool:
    """Whether there is an entry that starts this profile's panel at login, equal to the one that would be written
    now."""
    try:
        match sys_platform():
            case "win32":
                return _registry_value(profile) == subprocess.list2cmdline(command(profile))
            case "darwin":
                found = plistlib.loads(_file(profile).read_bytes())
                return found.get("ProgramArguments") == command(profile) and found.get("RunAtLoad") is True
            case _:
                parser = configparser.RawConfigParser(strict=False)
                parser.read_string(_file(profile).read_text(encoding="utf-8"))
                entry = parser["Desktop Entry"]
                hidden = entry.get("Hidden", "false") == "true"
                return not hidden and entry.get("Exec") == _exec(command(profile))
    except (OSError, UnicodeDecodeError, configparser.Error, KeyError, plistlib.InvalidFileException, ExpatError):
        return False


def follow_system(profile: Profile) -> None:
    """Set the setting to what the system does. Installers, the user in the system's own settings, or copying a profile
    to another computer may change one of them only. Blocking. A settings' file with errors is not changed."""
    try:
        loaded = load_settings(profile.settings_file)
        on = is_on(profile)
        if not loaded.troubles and loaded.settings.flag("look.autostart") != on:
            loaded.settings.with_({"look.autostart": on}).save(profile.settings_file)
    except (SettingsError, OSError) as error:  # shown where the settings are used
        log.warning("the setting of the start at login may be wrong: %s", error)


def command(profile: Profile) -> list[str]:
    """The command line that opens the panel of ``profile`` without a window."""
    named = profile.folder == profiles_folder() / profile.name
    where = profile.name if named else str(profile.folder)
    return [*program(), "--hidden", "--profile", where, *(["--demo"] if profile.demo else [])]


def program() -> list[str]:
    """The command that starts this program again."""
    if getattr(sys, "frozen", False):
        return [sys.executable]
    # The entry point without console beside this Python; the other one would open a console on Windows.
    suffix = ".exe" if sys_platform() == "win32" else ""
    script = Path(sys.executable).parent / f"archisync-gui-panel{suffix}"
    return [str(script)] if script.exists() else [sys.executable, "-m", "archisync_gui"]


def _title(profile: Profile) -> str:
    return "Archisync" if profile.name == "default" else f"Archisync ({profile.name})"


def _suffix(profile: Profile) -> str:
    """The suffix of the entry's name, so that each profile has its own entry; empty for the default profile."""
    default = profile.name == "default" and profile.folder == profiles_folder() / "default"
    return "" if default else f"-{profile.id}"


def _file(profile: Profile) -> Path:
    if sys_platform() == "darwin":
        return Path.home() / "Library" / "LaunchAgents" / f"{_label(profile)}.plist"
    configured = Path(os.environ.get("XDG_CONFIG_HOME", ""))
    # By the specification a relative path in it has to be ignored.
    config = configured if configured.is_absolute() else Path.home() / ".config"
    return config / "autostart" / f"archisync-gui{_suffix(profile)}.desktop"


def _write(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    replace_file(file, content)


# ------------------------------------------------------------------------------------------------------ Linux


def _desktop_entry(profile: Profile) -> str:
    lines = {
        "Type": "Application",
        "Version": "1.5",
        "Name": _value(_title(profile)),
        "Exec": _exec(command(profile)),
        "Icon": "archisync-gui",
        "Terminal": "false",
        "X-GNOME-Autostart-enabled": "true",
    }
    return "[Desktop Entry]\n" + "".join(f"{key}={value}\n" for key, value in lines.items())


def _exec(words: list[str]) -> str:
    """A command line, quoted by the Desktop Entry Specification (1.5, *The Exec key*)."""
    quoted = []
    for word in words:
        for special in '\\"`$':
            word = word.replace(special, f"\\{special}")
        quoted.append('"' + word.replace("%", "%%") + '"')
    return _value(" ".join(quoted))


def _value(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")


# ------------------------------------------------------------------------------------------------------ macOS


def _label(profile: Profile) -> str:
    return f"archisync-gui{_suffix(profile)}"


def _plist(profile: Profile) -> bytes:
    entry = {
        "Label": _label(profile),
        "ProgramArguments": command(profile),
        "RunAtLoad": True,
        "ProcessType": "Interactive",
        "LimitLoadToSessionType": "Aqua",
    }
    return plistlib.dumps(entry)


# ------------------------------------------------------------------------------------------------------ Windows


def _set_registry(profile: Profile, on: bool) -> None:
    winreg, name = _winreg(), f"Archisync{_suffix(profile)}"
    with winreg.CreateKeyEx(winreg.HKEY_CURRENT_USER, RUN_KEY, 0, winreg.KEY_SET_VALUE) as key:
        if on:
            winreg.SetValueEx(key, name, 0, winreg.REG_SZ, subprocess.list2cmdline(command(profile)))
        else:
            with suppress(FileNotFoundError):
                winreg.DeleteValue(key, name)
    with (
        suppress(FileNotFoundError),
        winreg.OpenKey(winreg.HKEY_CURRENT_USER, APPROVED_KEY, 0, winreg.KEY_SET_VALUE) as key,
    ):
        winreg.DeleteValue(key, name)  # what was switched off there before would count more


def _registry_value(profile: Profile) -> object:
    """The command line of the Run key; ``None``: it is switched off in the task manager or in Windows' settings."""
    winreg, name = _winreg(), f"Archisync{_suffix(profile)}"
    with winreg.OpenKey(winreg.HKEY_CURRENT_USER, RUN_KEY) as key:
        line = winreg.QueryValueEx(key, name)[0]
    try:
        with winreg.OpenKey(winreg.HKEY_CURRENT_USER, APPROVED_KEY) as key:
            approved = winreg.QueryValueEx(key, name)[0]
    except FileNotFoundError:
        return line
    return None if isinstance(approved, bytes) and approved[:1] and approved[0] % 2 else line


def _winreg() -> Any:
    return importlib.import_module("winreg")
