"""The Windows installer around a small program: its script by day; at night, under Wine, what it does when a folder
cannot be renamed or the disk is full. test_installer_folders.py has what it does with folders that are not its own,
test_windows_installer.py the real program.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import build_windows
import pytest
from small_setup import (
    APPROVED_KEY,
    HOME,
    PATIENCE,
    SCRIPT,
    USER,
    block,
    needs_wine,
    place,
    until_true,
    version,
)
from wine import Session

from archisync_gui.app import autostart
from archisync_gui.app.arguments import build_parser

ROOT = Path(__file__).parents[2]


def test_each_rename_is_tried_for_a_while_and_its_failure_is_looked_at() -> None:
    """By one function, in the installer and in the uninstaller."""
    assert len(re.findall(r"^\s*Rename ", SCRIPT, re.MULTILINE)) == 1
    assert re.search(r"^\s*Rename ", block("Function ${UN}Renamed", "FunctionEnd"), re.MULTILINE)
    section = block("Section", "SectionEnd")
    after = re.findall(r"!insertmacro RENAMED .*\n\s*(.*)", section)
    assert len(after) >= 3
    assert set(after) == {"${If} ${Errors}"}


def test_there_is_room_before_a_file_is_unpacked_and_no_remains_after_a_failure() -> None:
    section = block("Section", "SectionEnd")
    asked, refused = section.index("${DriveSpace}"), section.index("${NEEDED_MB}")
    assert asked < refused < section.index("Abort", refused) < section.index("File /r")
    assert "Call RemoveNew" in block("Function .onInstFailed", "FunctionEnd")
    assert r'StrCpy $R1 "$INSTDIR\app.new"' in block("Function ${UN}RemoveNew", "FunctionEnd")


def test_what_quit_is_asked_for_is_what_the_program_knows() -> None:
    asked = re.findall(r"""ExecTo\w+ '"[^"]+archisync-gui.exe" (.*)'""", SCRIPT)
    assert asked
    for words in asked:
        options = build_parser().parse_args(words.replace('"', "").split())
        assert (options.command, options.all, options.restart_list) == ("quit", True, Path("$Restart"))


@pytest.mark.parametrize(("name", "un"), [("Section", ""), ("Section Uninstall", "un.")])
def test_panels_that_were_ended_are_started_again_where_the_program_stays(name: str, un: str) -> None:
    section = block(name, "SectionEnd")
    ended = section[section.index(f"Call {un}EndPanels") :]
    given_up = [part.splitlines() for part in ended.split("Abort")[:-1]]
    assert given_up
    for lines in given_up:
        stays = not any("$(NO_WAY_BACK)" in line for line in lines) and "first installation" not in lines[-2]
        assert (f"Call {un}StartAgain" in [line.strip() for line in lines[-4:]]) is stays, lines


def test_whether_the_data_are_gone_is_looked_at() -> None:
    uninstall = block("Section Uninstall", "SectionEnd")
    removed = uninstall.index('RMDir /r "${DATA}"')
    looked = uninstall.index(r'${If} ${FileExists} "${DATA}\*.*"', removed)
    assert uninstall.index("SetErrorLevel 3", looked)


def test_what_the_task_manager_has_switched_off_goes_with_the_entry_and_with_a_new_choice() -> None:
    """It has the entry's name: it would count for the next installation. An upgrade without a choice leaves it."""
    assert rf'!define APPROVED_KEY "{autostart.APPROVED_KEY}"' in SCRIPT
    gone = 'DeleteRegValue HKCU "${APPROVED_KEY}"'
    assert f"{gone} $1" in block("Function un.Autostarts", "FunctionEnd")
    section = block("Section", "SectionEnd")
    assert section.index("${If} $Chosen == 1") < section.index(f'{gone} "Archisync"')


def test_the_manual_gives_administrators_the_exit_code_of_the_removal() -> None:
    """Without ``_?=`` an uninstaller of NSIS returns 0 before it has done anything."""
    for language in ("en", "it"):
        manual = (ROOT / "docs" / "manual" / language / "install.md").read_text("utf-8")
        commands = re.findall(r"`uninstall\.exe /[^`]*`", manual)
        assert len(commands) == 2
        assert all("_?=" in command for command in commands)


@pytest.mark.skipif(shutil.which("makensis") is None, reason="needs makensis (Debian: nsis)")
def test_the_script_compiles_without_a_warning(tmp_path: Path) -> None:
    app = tmp_path / "app"
    app.mkdir()
    (app / "archisync-gui.exe").write_bytes(b"MZ")
    target = tmp_path / "Archisync-0.1.0-setup.exe"
    build_windows.installer(app, "0.1.0", target, quick=True)
    assert target.read_bytes()[:2] == b"MZ"


# ------------------------------------------------------------------------------------------- under Wine


@needs_wine
@pytest.mark.nightly
@pytest.mark.parametrize("held", ["app", "app.new"])
def test_a_folder_that_is_held_for_some_seconds_delays_and_harms_nothing(
    setups: dict[str, str], windows: Session, home: Path, held: str
) -> None:
    assert windows.run([setups["0.1.0"], "/S"])[0] == 0
    (home / "hold.txt").write_text(f"{held} 4000\n")
    assert windows.run([setups["0.2.0"], "/S"])[0] == 0
    assert version(home) == "0.2.0"
    assert not (home / "app.new").exists()
    assert not (home / "app.old").exists()


@needs_wine
@pytest.mark.nightly
def test_a_new_version_that_cannot_take_its_place_leaves_the_old_one(
    setups: dict[str, str], windows: Session, home: Path
) -> None:
    assert windows.run([setups["0.1.0"], "/S"])[0] == 0
    (home / "hold.txt").write_text("app.new 40000\n")
    assert windows.run([setups["0.2.0"], "/S"])[0] == 2
    assert version(home) == "0.1.0"
    assert not (home / "app.old").exists()
    assert not (home / "app.new" / "version.txt").exists()  # the folder itself is held


@needs_wine
@pytest.mark.nightly
def test_a_way_back_that_fails_is_said_and_mended_by_the_next_installation(
    setups: dict[str, str], windows: Session, home: Path
) -> None:
    assert windows.run([setups["0.1.0"], "/S"])[0] == 0
    (home / "hold.txt").write_text("app.new 60000\napp.old 60000\n")
    assert windows.run([setups["0.2.0"], "/S"])[0] == 3
    assert not (home / "app").exists()
    assert (home / "app.old" / "version.txt").read_text() == "0.1.0"
    (home / "hold.txt").unlink()
    until_true(lambda: windows.run([setups["0.2.0"], "/S"])[0] == 0)
    assert version(home) == "0.2.0"
    assert [p.name for p in home.iterdir() if p.name.startswith("app.")] == []
    assert (home / "asked.txt").exists()


@needs_wine
@pytest.mark.nightly
@pytest.mark.parametrize("setup", ["0.2.0", "tiny"], ids=["seen before", "while a file is written"])
def test_a_full_disk_is_code_2_and_nothing_is_left_on_it(
    setups: dict[str, str], windows: Session, home: Path, setup: str
) -> None:
    place(windows, r"C:\full").mkdir(exist_ok=True)
    inside = f"/store/{windows.wine.prefix}/drive_c/full"
    assert windows.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", inside], windows=False)[0] == 0
    try:
        assert windows.run([setups[setup], "/S", r"/D=C:\full\Archisync"])[0] == 2
        assert windows.run(["find", inside, "-mindepth", "1"], windows=False) == (0, "")
    finally:
        windows.run(["umount", inside], windows=False)


@needs_wine
@pytest.mark.nightly
def test_panels_are_started_again_whatever_the_user_is_called_and_nothing_else_is(
    setups: dict[str, str], windows: Session, home: Path
) -> None:
    """More of them than one string of the installer holds, in a folder with letters that no single code page has."""
    folder = rf"{USER}\Łukasz-Ελένη"
    program = rf"{folder}\app\archisync-gui-panel.exe"
    there = place(windows, folder)
    assert windows.run([setups["0.1.0"], "/S", rf"/D={folder}"])[0] == 0
    lines = [f'"{program}" --hidden --profile number-{number}' for number in range(20)]
    other = rf'"C:\windows\system32\cmd.exe" /c echo > "{folder}\other.txt"'
    (there / "restart.txt").write_bytes("".join(f"{line}\r\n" for line in [other, *lines]).encode("utf-16-le"))
    assert windows.run([setups["0.2.0"], "/S", rf"/D={folder}"])[0] == 0
    assert version(there) == "0.2.0"
    noted = there / "started.txt"
    until_true(lambda: noted.exists() and len(noted.read_bytes().decode("utf-16-le").splitlines()) == 20)
    assert sorted(noted.read_bytes().decode("utf-16-le").splitlines()) == sorted(lines)
    assert not (there / "other.txt").exists()


@needs_wine
@pytest.mark.nightly
def test_what_the_task_manager_has_switched_off_stays_off_until_something_else_is_chosen(
    setups: dict[str, str], windows: Session, home: Path
) -> None:
    def switch_off() -> None:
        value = ["/v", "Archisync", "/t", "REG_BINARY", "/d", autostart_off, "/f"]
        assert windows.run(["reg", "add", APPROVED_KEY, *value])[0] == 0

    def is_switched_off() -> bool:
        return windows.run(["reg", "query", APPROVED_KEY, "/v", "Archisync"])[0] == 0

    autostart_off = "0300000090f6c6b3a161dc01"
    switch_off()
    assert windows.run([setups["0.1.0"], "/S"])[0] == 0  # of an installation that is gone
    assert not is_switched_off()
    switch_off()
    assert windows.run([setups["0.2.0"], "/S"])[0] == 0
    assert is_switched_off()
    assert windows.run([setups["0.2.0"], "/S", "/AUTOSTART=1"])[0] == 0
    assert not is_switched_off()
    switch_off()
    assert windows.run([rf"{HOME}\uninstall.exe", "/S", rf"_?={HOME}"])[0] == 0
    assert not is_switched_off()


@needs_wine
@pytest.mark.nightly
def test_data_that_could_not_be_removed_is_code_3(setups: dict[str, str], windows: Session, home: Path) -> None:
    data = rf"{USER}\AppData\Local\archisync"
    place(windows, rf"{data}\profiles").mkdir(parents=True)
    assert windows.run([setups["0.1.0"], "/S"])[0] == 0
    shutil.copy(home / "app" / "archisync-gui.exe", place(windows, r"C:\viewer.exe"))
    remove = [rf"{HOME}\uninstall.exe", "/S", "/DATA=remove", rf"_?={HOME}"]
    viewer = windows.start([r"C:\viewer.exe", "hold", rf"{data}\profiles", "600000"])
    until_true(lambda: place(windows, r"C:\holds.txt").exists())
    assert windows.run(remove)[0] == 3
    assert not (home / "app").exists()
    assert place(windows, data).exists()
    windows.run(["taskkill", "/f", "/im", "viewer.exe"])
    viewer.wait(PATIENCE)
    assert windows.run([setups["0.1.0"], "/S"])[0] == 0
    assert windows.run(remove)[0] == 0
    assert not place(windows, data).exists()


@needs_wine
@pytest.mark.nightly
def test_a_removal_that_is_given_up_starts_the_panels_again(
    setups: dict[str, str], windows: Session, home: Path
) -> None:
    assert windows.run([setups["0.1.0"], "/S"])[0] == 0
    line = rf"{HOME}\app\archisync-gui-panel.exe --hidden"
    (home / "restart.txt").write_bytes(f"{line}\r\n".encode("utf-16-le"))
    (home / "hold.txt").write_text("app 40000\n")
    assert windows.run([rf"{HOME}\uninstall.exe", "/S", rf"_?={HOME}"])[0] == 2
    assert version(home) == "0.1.0"
    until_true(lambda: (home / "started.txt").exists() and (home / "started.txt").read_bytes().endswith(b"\n\0"))
    assert (home / "started.txt").read_bytes().decode("utf-16-le").splitlines() == [line]
