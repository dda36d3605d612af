"""The log file is private, each record is one line whatever its message, and a full disk does not stop the program."""

from __future__ import annotations

import errno
import logging
import os
import re
import stat
from collections.abc import Iterator
from logging import handlers
from logging.handlers import RotatingFileHandler
from pathlib import Path

import pytest

from archisync_gui.app import logs
from archisync_gui.app.profile import Profile, open_profile
from archisync_gui.disk import rename
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


def test_records_that_a_killed_process_had_put_aside_are_kept(profile: Profile, handler: RotatingFileHandler) -> None:
    handler.maxBytes = 300
    aside = profile.log_file.with_name("archisync.log.0")
    aside.write_text("record of before\n", encoding="utf-8")
    for number in range(8):
        logging.getLogger("test").info("record %03d %s", number, 40 * "x")
    assert not aside.exists()
    files = sorted(profile.log_file.parent.glob("archisync.log*"), key=lambda file: file.name, reverse=True)
    texts = [file.read_text("utf-8") for file in files]
    assert texts[0] == "record of before\n"
    assert re.findall(r"record (\d+)", "".join(texts)) == [f"{number:03}" for number in range(8)]


def held(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Another program has these files open: Windows lets nobody rename or replace them."""

    def refused(old: Path, new: Path, **how: bool) -> None:
        if {old.name, new.name} & set(names):
            raise PermissionError(13, "The process cannot access the file", str(old))
        rename(old, new, **how)

    def moved(old: str, new: str) -> None:
        refused(Path(old), Path(new))

    monkeypatch.setattr(logs, "rename", refused)
    monkeypatch.setattr(handlers.os, "rename", moved)


@pytest.mark.parametrize("name", ["archisync.log", "archisync.log.2"])
def test_a_log_that_another_program_has_open_loses_no_record_and_no_older_file(
    profile: Profile, handler: RotatingFileHandler, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A viewer, a backup program, or ``archisync-gui office status`` beside the panel; until they are done."""
    handler.maxBytes = 300
    log, folder, number = logging.getLogger("test"), profile.log_file.parent, iter(range(1000))

    def write(count: int) -> None:
        for _ in range(count):
            log.info("record %03d", next(number))

    def kept() -> list[int]:
        """The numbers of the records, oldest first."""
        files = sorted(folder.glob("archisync.log*"), key=lambda file: file.name, reverse=True)
        return [int(found) for file in files for found in re.findall(r"record (\d+)", file.read_text("utf-8"))]

    write(60)
    before = kept()
    assert len({file.name for file in folder.glob("archisync.log*")}) == 5
    with monkeypatch.context() as patch:
        held(patch, name)
        write(20)
        lost = set(before) - set(kept())
        assert set(range(60, 80)) <= set(kept())
        assert len(lost) <= 6, "at most the oldest file, whose turn it was"
        assert (lost == set()) is (name == "archisync.log")
    write(1)
    assert profile.log_file.stat().st_size < 300
    assert kept()[-21:] == list(range(60, 81))
