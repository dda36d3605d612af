"""The log file is private, each record is one line whatever its message, and a full disk does not stop the program."""

from __future__ import annotations

import errno
import logging
import os
import stat
from collections.abc import Iterator
from logging.handlers import RotatingFileHandler
from pathlib import Path

import pytest

from archisync_gui.app import logs
from archisync_gui.app.profile import Profile, open_profile
from archisync_gui.plaintext import ESCAPED


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    return open_profile(str(tmp_path / "p"), demo=True)


@pytest.fixture
def handler(profile: Profile) -> Iterator[RotatingFileHandler]:
    made = logs.to_file(profile, logging.INFO)
    yield made
    logs.close(made)


@pytest.mark.parametrize(
    "hostile",
    [
        "a\nb",
        "a\r\nb",
        "a\x1b[2Jb",
        "a\x00b",
        "a\u202egnp.exe",
        "a\u2028b",
        "a\x85b",
        "a\u200bb",
        "a\u2066b",
        "\ufeff",
        "a\udcffb",
    ],
)
def test_a_message_cannot_add_lines_to_the_log(
    profile: Profile, handler: RotatingFileHandler, hostile: str, capsys: pytest.CaptureFixture[str]
) -> None:
    logging.getLogger("test").info("refused %s", hostile)
    try:
        raise ValueError(f"{hostile}\n2026-01-01 00:00:00,000 INFO    forged: line")
    except ValueError:
        logging.getLogger("test").info("failed", exc_info=True)
    handler.close()
    text = profile.log_file.read_bytes().decode("utf-8")
    assert not set(text) & {chr(code) for code in ESCAPED if code != 0x0A}
    records = [line for line in text.split("\n") if line and not line.startswith("    ")]
    assert len(records) == 2
    assert capsys.readouterr().err == "", "a record could not be written"


@pytest.mark.skipif(os.name == "nt", reason="Linux and macOS: POSIX modes")
def test_the_log_is_private_by_its_own_mode(profile: Profile, handler: RotatingFileHandler) -> None:
    profile.log_file.touch(mode=0o644)
    logging.getLogger("test").info("x")
    assert stat.S_IMODE(profile.log_file.stat().st_mode) == 0o600
    handler.doRollover()
    logging.getLogger("test").info("y")
    modes = {stat.S_IMODE(file.stat().st_mode) for file in profile.log_file.parent.iterdir()}
    assert modes == {0o600}


@pytest.mark.skipif(os.name == "nt", reason="Linux and macOS: POSIX links")
def test_nothing_is_appended_through_a_link(
    profile: Profile, handler: RotatingFileHandler, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    profile.log_file.symlink_to(victim)
    logging.getLogger("test").info("x")
    assert victim.read_text() == "untouched"
    assert capsys.readouterr().err == ""


def test_a_full_disk_is_no_traceback_on_the_terminal(
    profile: Profile, handler: RotatingFileHandler, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(path: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(logs, "open_private", full)
    logging.getLogger("test").info("x")
    assert capsys.readouterr().err == ""
