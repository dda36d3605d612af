"""A closed terminal or a lost SSH connection ends the program cleanly."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import archisync_gui
from archisync_gui.app.profile import open_profile

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows: consoles are told by events (test_console)")


@pytest.fixture(autouse=True)
def _not_ignored() -> Iterator[None]:
    """Programs started here do not ignore the signal, even if the tests were started with ``nohup``."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


IN_A_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, "-m", "archisync_gui", *sys.argv[1:]])
"""


@pytest.mark.parametrize("words", [["--hidden"], ["sync", "all"]], ids=["panel", "sync"])
def test_the_end_of_the_terminal_ends_the_program_cleanly(tmp_path: Path, words: list[str]) -> None:
    profile = open_profile(str(tmp_path / "p"), demo=True)
    terminal, inside = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", IN_A_TERMINAL, *words, "--demo", "--profile", str(profile.folder)],
        stdin=inside, stdout=inside, stderr=inside, start_new_session=True,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )  # fmt: skip
    os.close(inside)
    try:
        database = profile.folder / "archisync.db-wal"  # exists from the opening until a clean end
        limit = time.monotonic() + 60
        while not database.exists() and process.poll() is None and time.monotonic() < limit:
            time.sleep(0.05)
        assert database.exists()
        os.close(terminal)
        assert process.wait(60) in (0, 130)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    left = {path.name for path in profile.folder.rglob("*")}
    assert not left & {"running", "holder.json", "channel.sock", "archisync.db-wal"}


def test_all_programs_end_at_the_same_signals() -> None:
    package = Path(archisync_gui.__file__).parent
    named = {
        str(path.relative_to(package)) for path in package.rglob("*.py") if "signal.SIG" in path.read_text("utf-8")
    }
    assert named == {"system.py"}


def test_a_signal_ignored_by_nohup_stays_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    from archisync_gui.system import end_signals

    assert signal.SIGHUP in end_signals()
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert signal.SIGHUP not in end_signals()
        assert {signal.SIGINT, signal.SIGTERM} <= set(end_signals())
    finally:
        signal.signal(signal.SIGHUP, before)
