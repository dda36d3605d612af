"""Windows' own messages at the end of a session, sent to a panel with a real window under Wine."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from wine import PYTHON, PYTHON_ENVIRONMENT, Wine, ready, store_folder

pytestmark = [
    pytest.mark.nightly,
    pytest.mark.skipif(
        not sys.platform.startswith("linux") or shutil.which("debootstrap") is None or shutil.which("Xvfb") is None,
        reason="needs Debian and root, with debootstrap, gcc-mingw-w64-x86-64-win32 and xvfb",
    ),
]

PATIENCE = 900.0
"""Seconds: a start under Wine takes 15 on an idle computer, and much longer on a busy one."""


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A display, since a panel that draws into memory only has no windows that Windows could ask."""
    with subprocess.Popen(
        ["Xvfb", "-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        assert server.stdout is not None
        monkeypatch.setenv("DISPLAY", f":{server.stdout.readline().strip()}")
        yield
        server.terminate()


@pytest.fixture
def windows(screen: None) -> Iterator[Wine]:
    ready(store_folder())
    wine = Wine(store_folder(), "test-session-end")
    shutil.rmtree(wine.home, ignore_errors=True)
    wine.make_prefix()
    yield wine
    shutil.rmtree(wine.home)


def until_true(condition: Callable[[], bool], log: Path) -> None:
    """Wait for what no event tells, with a bound for a test that fails; then show the panel's log."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, log.read_text("utf-8") if log.exists() else "the panel has no log"
        time.sleep(0.5)


@pytest.mark.parametrize("hidden", [["--hidden"], []], ids=["in the tray", "with its window"])
def test_the_panel_closes_its_data_before_windows_ends_it(windows: Wine, hidden: list[str]) -> None:
    logs = windows.home / "drive_c" / "profile" / "log"
    log = logs / "archisync.log"

    def said(words: str) -> bool:
        return log.exists() and words in log.read_text("utf-8")

    environment = {**PYTHON_ENVIRONMENT, "QT_QPA_PLATFORM": "windows"}
    panel = [PYTHON, "-m", "archisync_gui", "--demo", *hidden, "--profile", "C:\\profile\\"]
    with windows.session() as session:
        process = session.start(panel, env=environment)
        until_true(lambda: said("endpoint at"), log)
        assert (logs / "running").exists()
        assert session.run(["wineboot", "--end-session"])[0] == 0
        assert process.wait(PATIENCE) == 0
    assert said("the session ends: the panel is closed first")
    assert said("the panel is closed")
    assert not (logs / "running").exists()  # else the next start tells of an unclean end
