"""The main job for a user whose name has a blank, an apostrophe and letters that the system's code page lacks."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from archisync_gui.app.profile_place import BELOW

NAME = "Nicolò D'Àngelo 李"
"""Windows' Western code page has no Chinese letter; a real home folder has such a name after an account's rename."""


@pytest.fixture
def environment() -> Iterator[dict[str, str]]:
    """That user's home and temporary folder, all the program knows of; short, since sockets lie in the second one."""
    folder = Path(tempfile.mkdtemp(prefix="e2e-", dir="/tmp" if os.name == "posix" else None))
    home = folder / NAME
    temporary = home / "Temp"
    temporary.mkdir(parents=True)
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "PYTHONUTF8"))}
    variables |= dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(temporary))
    yield {**variables, "HOME": str(home), "USERPROFILE": str(home), "WIN_PD_OVERRIDE_LOCAL_APPDATA": str(home)}
    shutil.rmtree(folder)


def run(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """A command, and what it printed, in whatever code page the system has."""
    command = [sys.executable, "-m", "archisync_gui", *arguments, "--demo"]
    return subprocess.run(command, env=environment, capture_output=True, timeout=300)


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS' file system stores such letters in another form")
def test_a_user_with_such_a_name_reads_looks_and_exports(environment: dict[str, str]) -> None:
    read = run(environment, "sync", "customers", "--demo-clock", "stopped", "--latency", "none", "--json")
    assert read.returncode == 0, (read.stdout, read.stderr)
    assert json.loads(read.stdout)["outcome"] == "completed"
    (database,) = Path(environment["HOME"]).rglob("archisync.db")

    below = [len(str(path.relative_to(database.parent))) for path in database.parent.rglob("*")]
    assert max(below) + len("-journal.new") < BELOW

    status = run(environment, "status", "--json")
    assert status.returncode == 0, status.stderr
    assert json.loads(status.stdout)

    # What is told to people names the folder: a letter that the code page lacks must not end the command.
    doctor = run(environment, "doctor")
    assert b"Traceback" not in doctor.stderr, doctor.stderr
    assert b"D'" in doctor.stdout, doctor.stdout
    found = {check["check"]: check["verdict"] for check in json.loads(run(environment, "doctor", "--json").stdout)}
    assert found["database"] == found["browser"] == "ok"

    assert [p.name for p in Path(environment["TMPDIR"]).iterdir() if "archisync" in p.name] == []
    assert not list(database.parent.glob("*.damaged*"))
