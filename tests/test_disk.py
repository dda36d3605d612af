"""Files replaced and removed beside programs that hold them open for a moment, as Windows has them."""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from archisync_gui import disk
from archisync_gui.disk import RETRIES, open_private, remove_file, rename, replace_file
from archisync_gui.settings import SettingsError, load_settings

ROOT = Path(disk.__file__).parent


class Held:
    """The first attempts at a change meet a sharing violation."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.times = 0
        self.pauses: list[float] = []
        for name in ("replace", "unlink"):
            monkeypatch.setattr(Path, name, self._held(getattr(Path, name)))
        monkeypatch.setattr(disk.time, "sleep", self.pauses.append)

    def _held(self, real: Callable[..., object]) -> Callable[..., object]:
        def change(path: Path, *arguments: object, **named: object) -> object:
            if self.times:
                self.times -= 1
                raise PermissionError(13, "The process cannot access the file", str(path))
            return real(path, *arguments, **named)

        return change


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Held:
    monkeypatch.setattr(disk, "sys_platform", lambda: "win32")
    return Held(monkeypatch)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "settings.json"
    path.write_text("before")
    return path


@pytest.mark.parametrize("times", [1, RETRIES - 1])
def test_a_file_that_is_held_for_a_moment_is_replaced(held: Held, file: Path, times: int) -> None:
    held.times = times
    replace_file(file, "after")
    assert file.read_text() == "after"
    assert len(held.pauses) == times
    assert [path.name for path in file.parent.iterdir()] == ["settings.json"]


def test_a_file_that_stays_held_is_left_as_it_was(held: Held, file: Path) -> None:
    held.times = RETRIES
    with pytest.raises(PermissionError):
        replace_file(file, "after")
    assert file.read_text() == "before"
    assert [path.name for path in file.parent.iterdir()] == ["settings.json"]


def test_a_file_that_is_held_for_a_moment_is_removed(held: Held, file: Path) -> None:
    held.times = 3
    remove_file(file)
    assert not file.exists()
    remove_file(file)


def test_the_read_only_flag_is_taken_off(held: Held, file: Path, tmp_path: Path) -> None:
    (tmp_path / "new").write_text("after")
    file.chmod(stat.S_IREAD)
    held.times = 1
    rename(tmp_path / "new", file)
    assert file.read_text() == "after"


def test_other_systems_are_not_asked_twice(held: Held, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "sys_platform", lambda: "linux")
    held.times = 1
    with pytest.raises(PermissionError):
        remove_file(file)
    assert held.pauses == []


def test_files_of_the_profile_are_renamed_through_this_module_only() -> None:
    """`Path.rename` fails on Windows where the target exists, and no other rename is patient there."""
    change = re.compile(
        r"\bos\.(rename|replace)\(|shutil\.move\(|(file|path|temporary|part|kept)\.(rename|replace)\(\w"
    )
    found = [
        f"{source.relative_to(ROOT)}: {line.strip()}"
        for source in ROOT.rglob("*.py")
        if source.name != "disk.py"
        for line in source.read_text("utf-8").splitlines()
        if change.search(line)
    ]
    assert found == []


def test_a_byte_order_mark_before_json_is_passed_over(tmp_path: Path) -> None:
    """Notepad may write one into every file that a person edits."""
    (tmp_path / "edited.json").write_bytes(b'\xef\xbb\xbf{"lists": ["\xc3\xa0"]}')
    assert disk.read_json(tmp_path / "edited.json") == {"lists": ["\u00e0"]}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes among its files")
@pytest.mark.parametrize("read", [disk.read_text, disk.read_json, load_settings])
def test_a_named_pipe_in_the_place_of_a_file_holds_nothing_up(read: Callable[[Path], object], tmp_path: Path) -> None:
    """Nobody writes to it: reading would wait for ever."""
    os.mkfifo(tmp_path / "settings.json")
    with pytest.raises((OSError, SettingsError)):
        read(tmp_path / "settings.json")


def test_a_private_text_file_takes_what_is_no_text(tmp_path: Path) -> None:
    """Names of files hold bytes that no encoding has; a line with one is written all the same."""
    with open_private(tmp_path / "x.log") as file:
        file.write("name \udcff\nnext\n")
    assert (tmp_path / "x.log").read_bytes() == b"name \\udcff\nnext\n"
