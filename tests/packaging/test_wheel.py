"""The wheel alone, installed by pipx into an empty environment: complete, and it does the main job."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from build_wheel import build_wheel

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.nightly


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


LOCKED = ROOT / "packaging" / "locked"
OUTSIDE = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
"""This environment without what would let the installed program find the checkout."""


@pytest.fixture
def pipx(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs pipx, which keeps what it makes in the test's folder: the environments, and the programs in `bin`."""
    venv.create(tmp_path / "pipx", with_pip=True)
    python = tmp_path / "pipx" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    how = ["--quiet", "--disable-pip-version-check", "--require-hashes", "--no-deps", "-r", str(LOCKED / "pipx.txt")]
    subprocess.run([python, "-m", "pip", "install", *how], check=True)
    homes = {f"PIPX_{name}_DIR": str(tmp_path / name.lower()) for name in ("BIN", "MAN", "COMPLETION")}
    environment = {**OUTSIDE, "PIPX_HOME": str(tmp_path / "home"), **homes}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [python, "-m", "pipx", *words], cwd=tmp_path, env=environment, capture_output=True, text=True
        )

    return run


@pytest.fixture
def locked(tmp_path: Path) -> Path:
    """The versions that the tests have, which a person gets who installs on the day of the release."""
    lines = (LOCKED / "run.txt").read_text("utf-8").splitlines()
    versions = tmp_path / "versions.txt"
    names = [line.removesuffix("\\").rstrip() for line in lines if "==" in line]
    versions.write_text("\n".join(names) + "\n", "utf-8")
    return versions


def test_every_file_of_the_package_is_in_the_wheel(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    listed = subprocess.run(
        ["git", "ls-files", "archisync_gui", "resources"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    wanted = {
        name if name.startswith("archisync_gui/") else f"archisync_gui/_resources/{name.removeprefix('resources/')}"
        for name in listed.stdout.splitlines()
    }
    assert wanted - names == set()
    assert "archisync_gui/py.typed" in names


def test_it_does_the_main_job(
    wheel: Path, pipx: Callable[..., subprocess.CompletedProcess[str]], locked: Path, tmp_path: Path
) -> None:
    done = pipx("install", str(wheel), "--python", sys.executable, f"--pip-args=--constraint={locked}")
    assert done.returncode == 0, done.stdout + done.stderr
    profile = f"{tmp_path / 'profile'}{os.sep}"
    program = [str(tmp_path / "bin" / "archisync-gui"), "sync", "all", "--demo", "--demo-clock", "stopped"]
    done = subprocess.run(
        [*program, "--json", "--profile", profile], cwd=tmp_path, env=OUTSIDE, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert {r["type"]: r["outcome"] for r in results} == dict.fromkeys(
        ("customers", "orders", "ddt", "invoices", "prices", "products"), "completed"
    )
    checked = pipx("runpip", "archisync-gui", "check")
    assert checked.returncode == 0, checked.stdout

    assert pipx("uninstall", "archisync-gui").returncode == 0
    assert not (tmp_path / "bin" / "archisync-gui").exists()
    assert (tmp_path / "profile" / "archisync.db").exists()
