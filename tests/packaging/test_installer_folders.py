"""Which folders the Windows installer and uninstaller take for Archisync's: their script by day; at night, under Wine,
with a small program.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import build_windows
import pytest
from small_setup import HOME, SCRIPT, UNINSTALL_KEY, USER, block, needs_wine, place, version
from wine import Session


def test_a_second_installation_is_refused_before_anything_is_written_and_takes_no_entries_along() -> None:
    section, uninstall = block("Section", "SectionEnd"), block("Section Uninstall", "SectionEnd")
    refused = section.index('${If} $Elsewhere != ""')
    assert section.index("Call FindElsewhere") < refused < section.index("Abort") < section.index("SetOutPath")
    own = uninstall.index('${If} $Elsewhere == ""')
    assert uninstall.index("Call un.FindElsewhere") < own < uninstall.index("${EndIf}", own)
    entries = [found.start() for found in re.finditer(r"DeleteRegKey|\.lnk", uninstall)]
    assert len(entries) == 3
    assert all(own < entry < uninstall.index("${EndIf}", own) for entry in entries)
    assert "Abort" in block("Function DirectoryLeave", "FunctionEnd")


def test_a_folder_of_another_program_is_refused_before_anything_is_changed() -> None:
    section, uninstall = block("Section", "SectionEnd"), block("Section Uninstall", "SectionEnd")
    looked = block("Function ${UN}FindForeign", "FunctionEnd")
    assert re.findall(r'StrCpy \$R1 "\$INSTDIR\\(.*)"', looked) == ["app.new", "app.old", "app"]
    for text, un, change in ((section, "", "SetOutPath"), (uninstall, "un.", "Call un.EndPanels")):
        found = text.index(f"Call {un}FindForeign")
        refused = text.index('${If} $Foreign != ""')
        assert text.index(f"Call {un}FindElsewhere") < found < refused < text.index(change)
        assert "SetErrorLevel 2\n    Abort" in text[refused : text.index(change)]
    leave = block("Function DirectoryLeave", "FunctionEnd")
    assert leave.index("Call FindElsewhere") < leave.index("Call FindForeign") < leave.rindex("Abort")
    # The refusal calls this function, too.
    failed = block("Function .onInstFailed", "FunctionEnd")
    assert failed.index("${If} $Began == 1") < failed.index("Call RemoveNew") < failed.index("${EndIf}")
    assert section.rindex("Abort", 0, section.index("StrCpy $Began 1")) > section.index('${If} $Foreign != ""')
    assert "${If} $EXEFILE !=" in uninstall[: uninstall.index(r'Delete "$INSTDIR\uninstall.exe"')]


def test_what_an_interrupted_installation_or_removal_leaves_is_known_as_archisync_s() -> None:
    """Nothing is registered then; the folder may lack most of its files."""
    assert set(re.findall(r"RMDir /r (.*)", SCRIPT)) == {'"$R1"', '"${DATA}"'}
    assert SCRIPT.count('RMDir /r "$R1"') == 1
    removed = block("Function ${UN}Removed", "FunctionEnd")
    assert removed.index('RMDir /r "$R1"') < removed.index(r'FileOpen $R2 "$R1\${REMAINS}" w')
    known = re.findall(
        r'AndIfNot} \${FileExists} "\$R1\\(.*)"', block("Function ${UN}LookAt   ; at the folder $R1", "FunctionEnd")
    )
    assert {"${REMAINS}", *(f"{name}.exe" for name in build_windows.LAUNCHERS)} == set(known)
    first = re.search(r'^  File .*"\$\{APP\}/(.*)"', block("Section", "SectionEnd"), re.MULTILINE)
    assert first is not None
    assert first[1] in known


@needs_wine
@pytest.mark.nightly
def test_another_folder_is_refused_while_archisync_is_installed_in_the_first(
    setups: dict[str, str], windows: Session, home: Path
) -> None:
    assert windows.run([setups["0.1.0"], "/S"])[0] == 0
    other = rf"{USER}\Other"
    assert windows.run([setups["0.2.0"], "/S", rf"/D={other}"])[0] == 2
    assert not place(windows, other).exists()
    assert version(home) == "0.1.0"
    assert windows.run([setups["0.2.0"], "/S", rf"/D={HOME.upper()}\."])[0] == 0  # the same one, written otherwise
    assert version(home) == "0.2.0"
    shutil.rmtree(home)
    assert windows.run([setups["0.2.0"], "/S", rf"/D={other}"])[0] == 0
    assert version(place(windows, other)) == "0.2.0"
    assert other in windows.run(["reg", "query", UNINSTALL_KEY, "/v", "InstallLocation"])[1]

    # The uninstaller of a copy, such as one that was brought along from another computer, takes no entry away.
    copy = rf"{USER}\Copy"
    shutil.copytree(place(windows, other), place(windows, copy))
    menu = place(windows, rf"{USER}\AppData\Roaming\Microsoft\Windows\Start Menu\Programs\Archisync.lnk")
    for folder, registered in ((copy, True), (other, False)):
        assert windows.run([rf"{folder}\uninstall.exe", "/S", rf"_?={folder}"])[0] == 0
        assert not (place(windows, folder) / "app").exists()
        assert menu.exists() is registered
        assert (windows.run(["reg", "query", UNINSTALL_KEY])[0] == 0) is registered


@needs_wine
@pytest.mark.nightly
@pytest.mark.parametrize("name", ["app", "app.old", "app.new"])
def test_a_folder_of_another_program_is_not_touched(
    setups: dict[str, str], windows: Session, home: Path, name: str
) -> None:
    other = rf"{USER}\Foreign"
    there = place(windows, other)
    (there / name / "data").mkdir(parents=True)
    (there / name / "data" / "work.txt").write_text("of another program")
    (there / "uninstall.exe").write_text("of another program")
    before = sorted(there.rglob("*"))
    assert windows.run([setups["0.1.0"], "/S", rf"/D={other}"])[0] == 2
    assert sorted(there.rglob("*")) == before
    assert windows.run(["reg", "query", UNINSTALL_KEY])[0] != 0
    assert windows.run([setups["0.1.0"], "/S"])[0] == 0
    assert windows.run([rf"{HOME}\uninstall.exe", "/S", rf"_?={other}"])[0] == 2
    assert sorted(there.rglob("*")) == before
    assert windows.run(["reg", "query", UNINSTALL_KEY])[0] == 0
    shutil.rmtree(there)


@needs_wine
@pytest.mark.nightly
def test_an_installation_of_which_files_are_missing_is_repaired_and_remains_are_replaced(
    setups: dict[str, str], windows: Session, home: Path
) -> None:
    assert windows.run([setups["0.1.0"], "/S"])[0] == 0
    for program in (home / "app").glob("*.exe"):
        program.unlink()
    assert windows.run([setups["0.1.0"], "/S"])[0] == 0  # registered here
    assert (home / "app" / "archisync-gui.exe").exists()
    assert windows.run([rf"{HOME}\uninstall.exe", "/S", rf"_?={HOME}"])[0] == 0
    (home / "app.new").mkdir()
    (home / "app.new" / "archisync-gui.exe").touch()  # as it is when the computer was switched off
    (home / "app.old").mkdir()
    (home / "app.old" / "archisync-remains.txt").touch()
    assert windows.run([setups["0.2.0"], "/S"])[0] == 0
    assert version(home) == "0.2.0"
    assert [p.name for p in home.iterdir() if p.name.startswith("app.")] == []
