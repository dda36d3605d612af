"""The keyring of the tests behaves as the real ones (gnome-keyring on a private bus; Windows' Credential Manager)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from keyring_contract import PASSWORDS, observe
from memory_keyring import MemoryKeyring, in_place

HERE = Path(__file__).parent
PROGRAMS = ("dbus-run-session", "gnome-keyring-daemon")
MISSING = "password-missing"


def expected() -> list[object]:
    seen: list[object] = [f"NoPassword {MISSING}"]
    for password in PASSWORDS:
        seen += [True, password]
    seen += [True, PASSWORDS[-1], "second", f"NoPassword {MISSING}"]
    seen += [f"NoPassword {MISSING}", f"NoPassword {MISSING}", "second"]
    return [*seen, {"cookies": ["è"]}, None, None, False]


async def test_the_keyring_of_the_tests(tmp_path: Path) -> None:
    with in_place(MemoryKeyring()):
        assert await observe(tmp_path) == expected()


@pytest.mark.skipif(
    not all(map(shutil.which, PROGRAMS)), reason="needs a Linux desktop's gnome-keyring-daemon and dbus-run-session"
)
def test_the_secret_service_of_a_linux_desktop(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    program = f"'{sys.executable}' '{HERE / 'keyring_contract.py'}' '{tmp_path / 'profiles'}'"
    unlocked = "printf secret | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1"
    places = {"HOME": str(home), "XDG_RUNTIME_DIR": str(home), "PYTHONPATH": str(HERE.parents[1])}
    ended = subprocess.run(
        ["dbus-run-session", "--", "sh", "-c", f"{unlocked}; {program}"],
        env={name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "DBUS_"))}
        | places
        | {"PYTHON_KEYRING_BACKEND": "keyring.backends.SecretService.Keyring"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout) == expected()


@pytest.mark.skipif(sys.platform != "win32", reason="needs Windows' Credential Manager")
def test_the_credential_manager_of_windows(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, str(HERE / "keyring_contract.py"), str(tmp_path / "profiles")],
        env={
            **os.environ,
            "PYTHONPATH": str(HERE.parents[1]),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.Windows.WinVaultKeyring",
        },
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout) == expected()
