"""Starting the browser: also with a long temporary folder, and with a limit for a start that hangs."""

from __future__ import annotations

import asyncio
import gc
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import playwright
import psutil
import pytest

from archisync_gui.conditions import Cause, cause
from archisync_gui.erp import browser, launch
from archisync_gui.model import ErrorInfo, FailureKind, SyncFailure
from tests.support.clock import settle
from tests.support.waiting import until

posix = pytest.mark.skipif(sys.platform == "win32", reason="neither such sockets nor shell scripts on Windows")


@posix
async def test_a_browser_starts_where_the_temporary_folder_is_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / ("long" * 12)
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    assert await browser.try_browser()
    assert list(folder.iterdir()) == []


def test_features_that_playwright_switches_off_stay_off() -> None:
    """Chromium uses only the last of two lists, which is ours."""
    bundle = Path(playwright.__file__).parent / "driver" / "package" / "lib" / "coreBundle.js"
    found = re.search(r"disabledFeatures = \[(.*?)\]", bundle.read_text("utf-8"), re.DOTALL)
    assert found, "Playwright's list is no longer found at this place"
    features = re.findall(r'^\s*"(\w+)"', found[1], re.MULTILINE)
    assert len(features) > 10
    assert sorted(features) == sorted(launch.PLAYWRIGHTS_DISABLED)


async def test_no_process_is_started_for_the_invisible_address_bar() -> None:
    started = browser.Browser()
    try:
        page = await started.page("agente01")
        await page.goto("about:blank")
        assert page.context.browser is not None
        session = await page.context.browser.new_browser_cdp_session()
        targets = (await session.send("Target.getTargets", {"filter": [{}]}))["targetInfos"]
        assert "about:blank" in {target["url"] for target in targets}
        assert [target["url"] for target in targets if "omnibox" in target["url"]] == []
    finally:
        await started.close()


def test_a_short_temporary_folder_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", os.sep + "t")
    assert browser._temporary_base() == Path(os.sep + "t")


async def test_a_browser_that_makes_no_context_does_not_block_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    class Hung:
        def is_connected(self) -> bool:
            return True

        async def new_context(self, **options: object) -> None:
            await asyncio.Event().wait()

        async def close(self) -> None:
            return None

    monkeypatch.setattr(browser, "START_LIMIT", 0.01)
    hung: Any = browser.Browser()
    hung._chromium = Hung()
    with pytest.raises(SyncFailure) as caught:
        await hung.page("agente01")
    assert (caught.value.code, caught.value.kind) == ("browser-silent", FailureKind.TRANSIENT)
    await hung.close()
    assert not hung.running


async def test_a_driver_that_cannot_be_loaded_is_reported_as_a_fault_of_the_browser(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """For example an incomplete installation, or a DLL that an antivirus program blocks."""

    def cannot_load(name: str) -> object:
        raise ImportError("DLL load failed while importing _greenlet")

    monkeypatch.setattr(browser, "import_module", cannot_load)
    ours = browser.Browser()
    with pytest.raises(SyncFailure) as caught:
        await ours.page("agente01")
    assert caught.value.code == "browser-driver"
    assert "_greenlet" in str(caught.value.params["reason"])
    assert cause(ErrorInfo(caught.value.code, caught.value.kind, str(caught.value))) is Cause.BROWSER


async def test_a_temporary_folder_that_cannot_be_written_is_reported_as_a_fault_of_the_browser(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browser, "_temporary_base", lambda: tmp_path / "gone")
    ours = browser.Browser()
    with pytest.raises(SyncFailure) as caught:
        await ours.page("agente01")
    assert caught.value.code == "browser-does-not-start"
    assert "gone" in str(caught.value.params["tried"])


def test_temporary_files_of_a_process_that_is_gone_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser, "_temporary_base", lambda: tmp_path)
    monkeypatch.setattr(psutil, "pid_exists", lambda pid: pid != 4711)
    for name in ("4711-abc", "4712-abc", "x-abc"):
        (tmp_path / f"{browser.PREFIX}{name}").mkdir()
    made = browser._temporary_folder()
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == sorted([f"{browser.PREFIX}4712-abc", f"{browser.PREFIX}x-abc", Path(made).name])


NO_SANDBOX = (
    "[1:1:1129/024055.5:ERROR:content/zygote_host_impl_linux.cc:130] No usable sandbox! If this is a Debian system, "
    "please install the chromium-sandbox package to solve this problem."
)


@posix
@pytest.mark.parametrize(
    ("prints", "status", "code", "reason"),
    [
        (NO_SANDBOX, 1, "browser-sandbox", "No usable sandbox! If this is a Debian system"),
        (
            "chromium: error while loading libnss3.so\n====",
            127,
            "browser-does-not-start",
            "chromium: error while loading libnss3.so",
        ),
        (
            "[7:7:ERROR:x.cc(1)] Missing X server or \\$DISPLAY",
            1,
            "browser-does-not-start",
            "Missing X server or $DISPLAY",
        ),
        ("[7:7:FATAL:x.cc(1)] No space left\n#0 0x5581abcd", 134, "browser-does-not-start", "No space left"),
        ("", 3, "browser-does-not-start", "exitCode=3"),
    ],
    ids=["sandbox", "library", "display", "crash", "silent"],
)
async def test_a_browser_that_ends_at_once_is_quoted(
    tmp_path: Path, prints: str, status: int, code: str, reason: str
) -> None:
    """The error quotes the browser's own last output, not a line of `====` or Playwright's advice to developers."""
    program = tmp_path / "ends-at-once"
    program.write_text(f"#!/bin/sh\ncat >&2 <<EOF\n{prints}\nEOF\nexit {status}\n")
    program.chmod(0o755)
    ours = browser.Browser(program=lambda: str(program))
    with pytest.raises(SyncFailure) as caught:
        await ours.page("agente01")
    await ours.close()
    assert (caught.value.code, caught.value.kind) == (code, FailureKind.PERMANENT)
    assert str(caught.value.params["tried"]).startswith(f"{program}: {reason}")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (
            "BrowserType.launch: Failed to launch: Error: spawn EACCES\nCall log:\n  - <launching> /x --y",
            "spawn EACCES",
        ),
        ("BrowserType.launch: closed\nBrowser logs:\n\n╔════╗\n║ Looks wrong. ║\n╚════╝\nCall log:", "Looks wrong."),
        (
            "BrowserType.launch: closed\n<launching> /x --y\n<launched> pid=4\n════\nCall log:",
            "BrowserType.launch: closed",
        ),
        ("x\nCall log:\n  - [pid=4][err] cannot load\r\n  - [pid=4] <kill>", "cannot load"),
        ("", "?"),
        ("════\n", "?"),
    ],
)
def test_the_reason_is_a_readable_text(error: str, reason: str) -> None:
    assert launch.reason_of(error).endswith(reason)


PROGRAM_THAT_HANGS = "#!/bin/sh\nexec sleep 600\n"


@pytest.fixture
def hanging(tmp_path: Path) -> str:
    """A browser that starts and never answers."""
    program = tmp_path / "hanging-browser"
    program.write_text(PROGRAM_THAT_HANGS)
    program.chmod(0o755)
    return str(program)


def sleeping() -> list[psutil.Process]:
    """The running processes of the hanging program, without zombies."""
    ours = psutil.Process().children(recursive=True)
    return [one for one in ours if "sleep" in one.name() and one.status() != psutil.STATUS_ZOMBIE]


@posix
async def test_a_launch_that_hangs_has_a_deadline_and_is_reported_as_a_fault_of_the_browser(
    hanging: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch, "ATTEMPT_LIMIT", 0.5)
    ours = browser.Browser(program=lambda: hanging)
    with pytest.raises(SyncFailure) as caught:
        await ours.page("agente01")
    assert (caught.value.code, caught.value.kind) == ("browser-silent", FailureKind.TRANSIENT)
    assert cause(ErrorInfo(caught.value.code, caught.value.kind, str(caught.value))) is Cause.BROWSER
    assert not sleeping()
    await ours.close()


@posix
async def test_closing_ends_a_launch_that_hangs(hanging: str) -> None:
    ours = browser.Browser(program=lambda: hanging)
    starting = asyncio.ensure_future(ours.page("agente01"))
    await until(lambda: bool(sleeping()))
    await ours.close()
    with pytest.raises(SyncFailure) as caught:
        await starting
    assert caught.value.code == "browser-silent"
    assert not ours.running
    assert not sleeping()


@posix
async def test_a_start_that_is_cancelled_leaves_no_process(hanging: str) -> None:
    ours = browser.Browser(program=lambda: hanging)
    starting = asyncio.ensure_future(ours.page("agente01"))
    await until(lambda: bool(sleeping()))
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert not sleeping()
    await ours.close()


@pytest.mark.parametrize("patience", [5.0, 0.0], ids=["stopped", "killed"])
@pytest.mark.parametrize("ending", ["close", "cancel"])
async def test_a_driver_that_is_given_up_while_it_starts_leaves_nothing(
    ending: str, patience: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a process nor an exception that is never retrieved, which asyncio would log."""
    monkeypatch.setattr(launch, "STOP_PATIENCE", patience)
    ours = browser.Browser()
    starting = asyncio.ensure_future(ours.page("agente01"))
    await until(lambda: bool(browser._started_in(ours._folder)))
    folder = ours._folder
    if ending == "close":
        await ours.close()
        with pytest.raises(SyncFailure) as caught:
            await starting
        assert caught.value.code == "browser-silent"
    else:
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
    assert browser._started_in(folder) == []
    assert gone(folder)
    del starting
    gc.collect()
    await asyncio.sleep(0)
    await ours.close()


async def test_a_browser_that_opens_no_page_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    class Context:
        async def new_page(self) -> None:
            await asyncio.Event().wait()

        async def cookies(self) -> list[object]:
            return []

    class Hung:
        def is_connected(self) -> bool:
            return True

        async def close(self) -> None:
            return None

    monkeypatch.setattr(browser, "START_LIMIT", 0.01)
    hung: Any = browser.Browser()
    hung._chromium, hung._contexts = Hung(), {"agente01": Context()}
    with pytest.raises(SyncFailure) as caught:
        await hung.page("agente01")
    assert caught.value.code == "browser-silent"
    assert not hung.running


def gone(folder: str) -> bool:
    """True when no file of that name exists."""
    return not Path(folder).exists()


@pytest.mark.parametrize("step", ["driver", "launch", "context"])
@pytest.mark.parametrize("ending", ["limit", "close"])
async def test_a_start_that_hangs_ends_at_its_limit_and_when_the_browser_is_closed(
    step: str, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging, stopped = asyncio.Event(), []

    async def hang_at(name: str) -> None:
        if name == step:
            hanging.set()
            await asyncio.Event().wait()

    class Chromium:
        version = "1"

        def is_connected(self) -> bool:
            return True

        async def new_context(self, **options: object) -> None:
            await hang_at("context")

        async def close(self) -> None:
            stopped.append("chromium")

    class Playwright:
        chromium = None

        async def stop(self) -> None:
            stopped.append("driver")

    async def driver(starting: object, kill: object) -> Playwright:
        await hang_at("driver")
        return Playwright()

    async def started(*args: object) -> Chromium:
        await hang_at("launch")
        return Chromium()

    monkeypatch.setattr(browser, "start_driver", driver)
    monkeypatch.setattr(browser, "launch", started)
    # The step that hangs has to be reached within the limit, so the list of all processes, slow on Windows, is left
    # out.
    monkeypatch.setattr(browser, "_job_of_what_started_in", lambda folder: None)
    monkeypatch.setattr(browser, "START_LIMIT", 1.0 if ending == "limit" else 3600.0)
    mine = browser.Browser()
    page = asyncio.ensure_future(mine.page("agente01"))
    async with asyncio.timeout(60):
        await hanging.wait()
        folder = mine._folder
        if ending == "close":
            await asyncio.gather(mine.close(), mine.close())
        with pytest.raises(SyncFailure, match="browser-silent"):
            await page
        await mine.close()
    assert not mine.running
    assert not mine._starting.locked()
    assert stopped == {"driver": [], "launch": ["driver"], "context": ["chromium", "driver"]}[step]
    assert gone(folder)


async def test_a_driver_that_never_answers_leaves_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[str] = []

    class Starting:
        async def start(self) -> None:
            await asyncio.Event().wait()

        async def __aexit__(self, *args: object) -> None:
            closed.append("driver")

    monkeypatch.setattr(launch, "CLOSE_LIMIT", 0.01)
    monkeypatch.setattr(launch, "STOP_PATIENCE", 0.01)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(launch.start_driver(Starting()), 0.01)
    assert closed == ["driver"]


class Silent:
    """A browser, driver or context that never answers."""

    async def _never(self, **_: object) -> None:
        await asyncio.Event().wait()

    close = stop = cookies = _never


@posix
async def test_a_browser_that_does_not_answer_is_killed_even_if_its_closing_is_abandoned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rule 26: the dispatcher waits for a while, and then takes the lock from the run."""
    monkeypatch.setattr(browser, "CLOSE_LIMIT", 0.05)
    monkeypatch.setattr(launch, "CLOSE_LIMIT", 0.05)
    monkeypatch.setattr(browser, "_temporary_base", lambda: tmp_path)
    hung: Any = browser.Browser()
    hung._folder = browser._temporary_folder()
    hung._chromium = hung._playwright = Silent()
    hung._contexts = {f"agente0{number}": Silent() for number in range(4)}
    process = await asyncio.create_subprocess_exec("sleep", "600", env={**os.environ, "TMPDIR": hung._folder})
    folder = hung._folder
    try:
        closing = asyncio.ensure_future(hung.close())
        await settle()
        for _ in range(3):
            closing.cancel()
            await settle()
        with pytest.raises(asyncio.CancelledError):
            await closing
        assert await asyncio.wait_for(process.wait(), 60)
        assert gone(folder)
        assert not hung._starting.locked()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_the_sessions_of_all_accounts_are_saved_concurrently(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each may take long in a slow browser; all together take no longer than one."""
    asked: list[None] = []
    all_asked = asyncio.Event()

    class Context:
        async def cookies(self) -> list[object]:
            asked.append(None)
            if len(asked) == 3:
                all_asked.set()
            await all_asked.wait()
            return []

    monkeypatch.setattr(browser, "CLOSE_LIMIT", 1.0)
    mine: Any = browser.Browser()
    mine._contexts = {name: Context() for name in "abc"}
    await mine.close()
    assert set(mine._kept) == {"a", "b", "c"}


@pytest.mark.parametrize("error", [psutil.AccessDenied(1), OSError(22, "Invalid parameter")], ids=["named", "as it is"])
async def test_no_read_fails_where_the_memory_of_a_process_is_unknown(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """psutil does not wrap most errors of Windows; a browser whose size is unknown stays open."""
    started = browser.Browser()
    try:
        await started.page("agente01")

        def refuse(_: psutil.Process) -> None:
            raise error

        monkeypatch.setattr(psutil.Process, "memory_full_info", refuse)
        assert await asyncio.to_thread(started.memory) == 0
        assert started.running
    finally:
        await started.close()
