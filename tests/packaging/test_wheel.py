"""The wheel alone, in an empty environment, as `pipx install` makes one: complete, and it does the main job."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest
from build_wheel import build_wheel

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.nightly


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture
def installed(wheel: Path, tmp_path: Path) -> Path:
    """The folder of programs of an environment that has the wheel and what it asks for, nothing else."""
    venv.create(tmp_path / "venv", with_pip=True)
    programs = tmp_path / "venv" / ("Scripts" if sys.platform == "win32" else "bin")
    pip = [programs / "python", "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
    # The versions that the tests have, as a person would get them who installs on the day of the release.
    subprocess.run([*pip, "--require-hashes", "--no-deps", "-r", ROOT / "packaging" / "locked" / "run.txt"], check=True)
    subprocess.run([*pip, wheel], check=True)
    return programs


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


def test_it_does_the_main_job(installed: Path, tmp_path: Path) -> None:
    outside = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV"))}
    program = installed / "archisync-gui"
    done = subprocess.run(
        [
            program,
            "sync",
            "all",
            "--demo",
            "--demo-clock",
            "stopped",
            "--json",
            "--profile",
            f"{tmp_path / 'profile'}{os.sep}",
        ],
        cwd=tmp_path,
        env=outside,
        capture_output=True,
        text=True,
    )
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr
    assert {r["type"]: r["outcome"] for r in results} == dict.fromkeys(
        ("customers", "orders", "ddt", "invoices", "prices", "products"), "completed"
    )
    checked = subprocess.run([installed / "python", "-m", "pip", "check"], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout
