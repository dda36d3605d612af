"""What the Debian package does with running panels when it is upgraded or removed; in a bare Debian: ``test_deb``."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from archisync_gui.app.arguments import build_parser

DEBIAN = Path(__file__).parents[2] / "packaging" / "debian"

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux only: looks into /proc")

PROGRAM = """
import os, pathlib, signal, sys
stubborn = "--stubborn" in sys.argv
signal.signal(signal.SIGTERM, signal.SIG_IGN if stubborn else lambda *_: sys.exit(0))
pathlib.Path(os.environ["NOTES"], f"{os.getpid()}.txt").touch()
while True:
    signal.pause()
"""


@pytest.fixture
def panels() -> Iterator[ModuleType]:
    """The package's script, as a module."""
    spec = importlib.util.spec_from_file_location("debian_panels", DEBIAN / "panels.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts a program of the package: ``python`` is a link, as in the package, and the first argument."""
    python = tmp_path / "python"
    python.symlink_to(Path(sys.executable).resolve())
    (tmp_path / "notes").mkdir()
    started: list[subprocess.Popen[bytes]] = []

    def call(name: str, *arguments: str) -> subprocess.Popen[bytes]:
        (tmp_path / name).write_text(PROGRAM)
        command = [str(python), "-I", str(tmp_path / name), *arguments]
        process = subprocess.Popen(command, env={"NOTES": str(tmp_path / "notes")})
        started.append(process)
        until_true(lambda: (tmp_path / "notes" / f"{process.pid}.txt").exists())
        return process

    yield call
    for process in started:
        process.kill()
        process.wait()


def until_true(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


HIDDEN = ["--hidden"]


@pytest.mark.parametrize(
    ("name", "given", "again"),
    [
        ("archisync-gui-panel", ["--profile", "with space"], ["--profile", "with space", "--hidden"]),
        ("archisync-gui", [], HIDDEN),
        ("archisync-gui", ["--hidden"], HIDDEN),
        ("archisync-gui", ["--open", "order-form"], HIDDEN),
        ("archisync-gui", ["--open=log", "--demo"], ["--demo", "--hidden"]),
        ("archisync-gui", ["--profile", "all", "--latency=1"], ["--profile", "all", "--latency=1", "--hidden"]),
        ("archisync-gui", ["--prof", "x", "--lat", "1", "--hid"], ["--profile", "x", "--latency", "1", "--hidden"]),
        ("archisync-gui", ["--profile", "x", "office", "run"], ["--profile", "x", "office", "run"]),
        ("archisync-gui-panel", ["office", "run", "--demo"], ["office", "run", "--demo"]),
    ],
    ids=" ".join,
)  # fmt: skip
def test_panels_are_ended_and_started_again_and_a_command_is_only_ended(
    panels: ModuleType,
    start: Callable[..., subprocess.Popen[bytes]],
    tmp_path: Path,
    name: str,
    given: list[str],
    again: list[str],
) -> None:
    panel = start(name, *given)
    command = start("archisync-gui", "sync", "all")
    found = panels.running(python=str(tmp_path / "python"))
    assert {process.pid for process in found} == {panel.pid, command.pid}
    assert [process.pid for process in found if process.starts_again] == [panel.pid]
    assert {process.uid for process in found} == {os.getuid()}

    notes = tmp_path / "panels.json"
    panels.note(found, notes)
    assert notes.stat().st_mode & 0o777 == 0o600
    assert panels.end(found, patience=30) == []
    assert (panel.wait(30), command.wait(30)) == (0, 0)
    for file in (tmp_path / "notes").iterdir():
        file.unlink()

    panels.begin(notes)
    assert not notes.exists()
    until_true(lambda: [*(tmp_path / "notes").glob("*.txt")] != [])
    (started,) = panels.running(python=str(tmp_path / "python"))
    assert started.words[3:] == again
    assert started.environment == {"NOTES": str(tmp_path / "notes")}
    assert started.folder == str(Path.cwd())
    assert panels.end([started], patience=30) == []
    panels.begin(notes)  # nothing is noted any more


@pytest.mark.parametrize(
    "words",
    ["sync all --demo", "office status", "office join run", "--profile office run", "--demo demo-erp", "data export 1"],
)
def test_a_command_is_not_started_again(panels: ModuleType, words: str) -> None:
    command = [panels.PYTHON, "-I", "/usr/bin/archisync-gui", *words.split()]
    assert not panels.Process(1, "2", 3, 4, command, {}, False).starts_again


def test_the_options_are_those_of_the_command_line_and_of_the_menu(panels: ModuleType) -> None:
    flags, valued = set(), set()
    for action in build_parser()._actions:
        if action.option_strings and not {"--help", "--version"} & set(action.option_strings):
            (flags if action.nargs == 0 else valued).update(action.option_strings)
    assert (flags, valued) == (set(panels.FLAGS), set(panels.VALUED))
    entry = (DEBIAN.parent / "archisync-gui.desktop").read_text("utf-8")
    lines = [line.removeprefix("Exec=").split() for line in entry.splitlines() if line.startswith("Exec=")]
    assert len(lines) == 3
    for line in lines:
        assert panels.Process(1, "2", 3, 4, [panels.PYTHON, "-I", *line], {}, False).is_panel


def test_the_list_of_an_earlier_version_can_be_read(panels: ModuleType) -> None:
    """In an upgrade it is written by the old version's script and read by the new one's."""
    noted = {"pid": 1, "born": "2", "uid": 3, "gid": 4, "words": [], "environment": {}, "by_unit": False}
    assert panels.Process(**noted).folder == "/"


def test_one_that_does_not_end_is_named_and_not_killed(
    panels: ModuleType, start: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    stubborn = start("archisync-gui-panel", "--stubborn")
    found = panels.running(python=str(tmp_path / "python"))
    assert panels.end(found, patience=0.0) == found
    assert stubborn.poll() is None


def test_the_unit_s_panel_is_given_back_to_the_unit(
    panels: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = [panels.PYTHON, "-I", "/usr/bin/archisync-gui-panel", "--hidden"]
    noted = [
        panels.Process(1, "2", 3, 4, words, {"XDG_RUNTIME_DIR": "/run/user/3"}, by_unit) for by_unit in (True, False)
    ]
    panels.note(noted, tmp_path / "notes.json")
    started: list[tuple[object, list[str]]] = []
    monkeypatch.setattr(panels, "_start", lambda panel, command: started.append((panel, command)))
    panels.note([], tmp_path / "notes.json")  # a second prerm, of a failed upgrade, finds them ended
    panels.begin(tmp_path / "notes.json")
    assert started == [
        (noted[0], ["/usr/bin/systemctl", "--user", "start", "archisync-gui.service"]),
        (noted[1], words),
    ]


def test_the_scripts_ask_for_it_and_a_package_without_its_files_can_be_removed() -> None:
    prerm, postinst = ((DEBIAN / name).read_text("utf-8") for name in ("prerm", "postinst"))
    assert "panels.py note" in prerm
    assert "panels.py end" in prerm
    assert "panels.py begin" in postinst
    for argument in ("remove", "upgrade"):
        gone = prerm.replace("/usr/lib/archisync-gui", "/nowhere/archisync-gui")
        assert gone != prerm
        done = subprocess.run(["sh", "-c", gone, "prerm", argument], capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
