"""Chrome and Edge in Windows' registry: 32 and 64 bits, of the user and of the computer; and the job they run in."""

from __future__ import annotations

import subprocess
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
from playwright.async_api import Error

from archisync_gui.conditions import Cause, cause
from archisync_gui.erp import job, launch, windows_browsers
from archisync_gui.erp.job import Job, job_of
from archisync_gui.erp.windows_browsers import APP_PATHS, POLICIES, forbidden_browsers, registered_browsers
from archisync_gui.model import ErrorInfo, SyncFailure

USER, COMPUTER, VIEW_64, VIEW_32 = "HKCU", "HKLM", 0x100, 0x200

Entries = dict[tuple[str, int, str], tuple[object, int]]
"""By root, view and program: value and kind."""


class Registry(SimpleNamespace):
    """A replacement of `winreg` with these entries."""

    HKEY_CURRENT_USER, HKEY_LOCAL_MACHINE = USER, COMPUTER
    KEY_WOW64_64KEY, KEY_WOW64_32KEY, KEY_READ = VIEW_64, VIEW_32, 1
    REG_SZ, REG_EXPAND_SZ = 1, 2

    def __init__(self, entries: Entries) -> None:
        super().__init__()
        self.entries = entries

    def OpenKey(self, root: str, name: str, _reserved: int, access: int) -> AbstractContextManager[object]:
        folder, _, program = name.rpartition("\\")
        assert folder == APP_PATHS
        try:
            return nullcontext(self.entries[root, access - self.KEY_READ, program])
        except KeyError:
            raise FileNotFoundError(name) from None

    def QueryValueEx(self, key: tuple[object, int], name: str) -> tuple[object, int]:
        assert name == ""
        return key

    def ExpandEnvironmentStrings(self, text: str) -> str:
        return text.replace("%ProgramFiles%", self.program_files)


@pytest.fixture
def windows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    registry = Registry({})
    registry.program_files = str(tmp_path)
    monkeypatch.setattr(windows_browsers, "sys_platform", lambda: "win32")
    monkeypatch.setitem(sys.modules, "winreg", registry)
    return registry


def program(folder: Path, name: str) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("")
    return str(folder / name)


def test_32_and_64_bit_entries_of_user_and_computer_are_found_in_order(windows: Registry, tmp_path: Path) -> None:
    chrome_32, chrome_64, chrome_own, edge = (
        program(tmp_path / where, name)
        for where, name in (("x86", "chrome.exe"), ("x64", "chrome.exe"), ("own", "chrome.exe"), ("e", "msedge.exe"))
    )
    windows.entries = {
        (COMPUTER, VIEW_32, "msedge.exe"): (edge, 1),
        (COMPUTER, VIEW_32, "chrome.exe"): (chrome_32, 1),
        (COMPUTER, VIEW_64, "chrome.exe"): (f'"{chrome_64}"', 1),
        (USER, VIEW_64, "chrome.exe"): (chrome_own, 1),
        (USER, VIEW_32, "chrome.exe"): (chrome_own, 1),  # the user's entries are the same in both views
    }
    assert registered_browsers() == [chrome_own, chrome_64, chrome_32, edge]


def test_variables_are_expanded_and_paths_that_are_no_files_are_left_out(windows: Registry, tmp_path: Path) -> None:
    edge = program(tmp_path / "Edge", "msedge.exe")
    windows.entries = {
        (USER, VIEW_64, "chrome.exe"): (str(tmp_path / "gone.exe"), 1),
        (COMPUTER, VIEW_64, "chrome.exe"): (7, 4),
        (COMPUTER, VIEW_32, "chrome.exe"): ("  ", 1),
        (COMPUTER, VIEW_64, "msedge.exe"): (str(Path("%ProgramFiles%") / "Edge" / "msedge.exe"), 2),
    }
    assert registered_browsers() == [edge]


def test_a_registry_without_browsers_finds_none(windows: Registry) -> None:
    assert registered_browsers() == []


class Policies(SimpleNamespace):
    """The part of ``winreg`` that reads policies. ``set``: their values by root and key; ``None``: a key without the
    policy."""

    HKEY_CURRENT_USER, HKEY_LOCAL_MACHINE, KEY_WOW64_64KEY, KEY_READ = USER, COMPUTER, VIEW_64, 1

    def OpenKey(self, root: str, name: str, _reserved: int, _access: int) -> AbstractContextManager[object]:
        if (root, name) not in self.set:
            raise FileNotFoundError(name)
        return nullcontext(self.set[root, name])

    def QueryValueEx(self, key: object, name: str) -> tuple[object, int]:
        assert name == "RemoteDebuggingAllowed"
        if key is None:
            raise FileNotFoundError(name)
        return key, 4


CHROME, EDGE = POLICIES["chrome"], POLICIES["msedge"]


@pytest.mark.parametrize(
    ("policies", "forbidden"),
    [
        ({}, set()),
        ({(COMPUTER, CHROME): 0}, {"chrome"}),
        ({(USER, CHROME): 0, (COMPUTER, EDGE): 0}, {"chrome", "msedge"}),
        ({(COMPUTER, CHROME): 1, (USER, CHROME): 0}, set()),  # the computer's counts
        ({(COMPUTER, CHROME): None, (USER, EDGE): 1}, set()),  # other policies
    ],
)
def test_a_policy_that_forbids_to_drive_a_browser_is_known(
    monkeypatch: pytest.MonkeyPatch, policies: dict[tuple[str, str], int | None], forbidden: set[str]
) -> None:
    monkeypatch.setattr(windows_browsers, "sys_platform", lambda: "win32")
    monkeypatch.setitem(sys.modules, "winreg", Policies(set=policies))
    assert forbidden_browsers() == forbidden


class Starts:
    """Stands in for Playwright's browser type and notes which browsers are started."""

    def __init__(self) -> None:
        self.tried: list[str] = []

    async def launch(self, **how: Any) -> str:
        name = how.get("channel") or how["executable_path"]
        self.tried.append(name)
        if name == "msedge":
            raise Error("Chromium distribution 'msedge' is not found at ...")
        return str(name)


async def test_a_browser_that_may_not_be_driven_is_passed_over_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """It starts, but does not answer: each start waited for 20 s, and then said that the computer may be busy."""
    own = r"D:\Chromium\chrome.exe"
    chrome = [{"channel": "chrome"}, {"executable_path": r"C:\Program Files\Google\Chrome\Application\chrome.exe"}]
    found = [*chrome, {"channel": "msedge"}, {"executable_path": own}]
    monkeypatch.setattr(launch, "_attempts", lambda _program: found)
    monkeypatch.setattr(launch, "forbidden_browsers", lambda: frozenset({"chrome"}))
    starts: Any = Starts()
    assert await launch.launch(starts, "", [], True) == own
    assert starts.tried == ["msedge", own]
    found.pop()
    with pytest.raises(SyncFailure) as refused:
        await launch.launch(starts, "", [], True)
    assert (refused.value.code, refused.value.params["browsers"]) == ("browser-forbidden", "Chrome")
    assert cause(ErrorInfo.of(refused.value)) is Cause.BROWSER


@pytest.mark.skipif(sys.platform == "win32", reason="other systems than Windows: there is a registry")
def test_other_systems_have_no_registry_and_no_jobs() -> None:
    assert registered_browsers() == []
    assert forbidden_browsers() == frozenset()
    assert job_of([1]) is None


def test_where_windows_refuses_a_job_there_is_only_a_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuses(self: Job) -> None:
        raise OSError("CreateJobObject failed: error 5")

    monkeypatch.setattr(job, "sys_platform", lambda: "win32")
    monkeypatch.setattr(Job, "__init__", refuses)
    assert job_of([1]) is None
    assert "in no job" in caplog.text


PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import sys; print(1, flush=True); sys.stdin.read()"],
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
sys.stdin.read()
"""

ENDED_HARD = """
import os, sys
from archisync_gui.erp.job import job_of
job = job_of([int(sys.argv[1])])
assert job is not None
print("in a job", flush=True)
sys.stdin.read()
os._exit(3)
"""


@pytest.mark.skipif(sys.platform != "win32", reason="Windows: job objects")
def test_a_job_ends_children_of_its_processes_even_if_their_parent_has_ended() -> None:
    starter = subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.readline()\n" + PARENT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert starter.stdin is not None
    assert starter.stdout is not None
    found = job_of([starter.pid])
    assert found is not None
    starter.stdin.write("go\n")
    starter.stdin.flush()
    child = psutil.Process(int(starter.stdout.readline()))
    starter.kill()
    starter.wait()
    assert child.is_running()
    found.end()
    found.end()
    child.wait(30)
    assert not child.is_running()
    starter.stdin.close()
    starter.stdout.close()


@pytest.mark.skipif(sys.platform != "win32", reason="Windows: job objects")
def test_a_job_ends_with_the_process_that_made_it() -> None:
    member = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    maker = subprocess.Popen(
        [sys.executable, "-c", ENDED_HARD, str(member.pid)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert maker.stdin is not None
    assert maker.stdout is not None
    assert maker.stdout.readline() == "in a job\n"
    maker.stdin.close()
    assert maker.wait(30) == 3
    member.wait(30)
    assert member.stdin is not None
    member.stdin.close()
    maker.stdout.close()
