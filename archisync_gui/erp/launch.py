"""Starts Playwright's driver and the first Chromium that starts; what runs is held by ``browser``."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import shutil
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from archisync_gui.erp.windows_browsers import registered_browsers
from archisync_gui.model import FailureKind, SyncFailure

if TYPE_CHECKING:
    from playwright.async_api import Browser as Chromium
    from playwright.async_api import BrowserType, Playwright

log = logging.getLogger(__name__)

ATTEMPT_LIMIT = 20.0
"""Seconds that one browser may take to start."""

STOP_PATIENCE = 5.0
"""Seconds that a driver which is not wanted any more may go on starting before it is killed."""

CLOSE_LIMIT = 5.0
"""Seconds for closing one thing of the browser."""

NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "microsoft-edge",
    "microsoft-edge-stable",
    "chrome",
    "brave-browser",
)
"""Programs to look for on the path; Playwright's own channel ``chromium`` never means the system's."""

CHANNELS = ("chrome", "msedge")
"""Browsers that Playwright finds at their fixed places."""

PLAYWRIGHTS_DISABLED = (
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable",
    "LensOverlay",
    "MediaRouter",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "TcpPortRandomizationWin",
    "OptimizationHints",
    "NetworkTimeServiceQuerying",
    "AimEnabled",
    "PreconnectToSearch",
    "msForceBrowserSignIn",
    "msEdgeUpdateLaunchServicesPreferredVersion",
)
"""Features of Chromium that Playwright 1.65 switches off. Of two such flags Chromium takes the last one, ours, so it
has to name these too; a test compares them with Playwright's own list."""

DISABLED_FEATURES = (*PLAYWRIGHTS_DISABLED, "WebUIOmniboxPopup", "WebUIOmniboxAimPopup")
"""The last two load the suggestions of the address bar, which nobody sees here, in a process of their own: half of the
CPU of a start (1.5 s, 0.7 s without) and at least 50 MB (four starts with Chromium 156)."""

FLAGS = (
    f"--disable-features={','.join(DISABLED_FEATURES)}",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-gpu",
    "--disable-quic",
    # Text of dates and numbers inside grid cells follows the browser's own language (docs/erp.md, Language).
    "--lang=it-IT",
    "--accept-lang=it-IT",
    "--blink-settings=imagesEnabled=false",
)


async def quietly(closing: Any) -> None:
    """Wait for a closing call, not for ever, and whatever it says: what it closes may be dead already."""
    task = asyncio.ensure_future(closing)
    try:
        await asyncio.wait([task], timeout=CLOSE_LIMIT)
    except asyncio.CancelledError:
        # Being cancelled must not leave a process behind.
        await asyncio.wait([task], timeout=CLOSE_LIMIT)
        raise
    finally:
        if not task.done():
            task.cancel()
        elif not task.cancelled() and (error := task.exception()) is not None:
            log.debug("closing: %s", error)


async def start_driver(starting: Any, kill: Callable[[], Awaitable[object]] | None = None) -> Playwright:
    """Start Playwright's driver. Where its program cannot run (seen: a system without libatomic) it says no more than
    that the connection was closed. ``kill`` ends the processes of a driver that starts too slowly to be stopped."""
    task = asyncio.ensure_future(starting.start())
    try:
        playwright = cast("Playwright", await asyncio.shield(task))
    except asyncio.CancelledError:
        await _stop_when_started(task, starting, kill)
        raise
    except Exception as error:
        await quietly(starting.__aexit__(None, None, None))  # its process, if there is one, must not stay
        raise SyncFailure("browser-driver", FailureKind.TRANSIENT, params={"reason": str(error)[:200]}) from error
    # A driver that dies later sets an exception on a future of Playwright's that nobody ever looks at (seen with
    # 1.65): the loop would log it as an error long after we have noticed.
    with suppress(AttributeError):
        _looked_at(starting._client._transport.on_error_future)  # noqa: SLF001
    return playwright


async def _stop_when_started(
    task: asyncio.Task[Any], starting: Any, kill: Callable[[], Awaitable[object]] | None
) -> None:
    """End a driver that nobody wants any more. It may go on starting for :data:`STOP_PATIENCE`, is killed then, and
    its start is not cancelled before: a start that is cancelled half-way leaves no way to stop the driver, and a
    task of Playwright's whose error nobody looks at (seen with 1.65)."""
    _looked_at(task)
    with suppress(AttributeError):
        _looked_at(_client_of(task)._transport.on_error_future)  # noqa: SLF001
    try:
        await asyncio.wait([task], timeout=STOP_PATIENCE)
        if not task.done() and kill is not None:
            await kill()
            await asyncio.wait([task], timeout=CLOSE_LIMIT)
    finally:
        task.cancel()
        await quietly(starting.__aexit__(None, None, None))


def _client_of(task: asyncio.Task[Any]) -> Any:
    """Playwright's own object of a start that goes on; ``None``: not there yet, or another version of Playwright."""
    at: Any = task.get_coro()
    while at is not None:
        client = getattr(getattr(at, "cr_frame", None), "f_locals", {}).get("client")
        if client is not None:
            return client
        at = getattr(at, "cr_await", None)
    return None


def _looked_at(future: asyncio.Future[Any]) -> None:
    """An error of it is no news for the loop's log."""
    future.add_done_callback(lambda done: done.cancelled() or done.exception())


def _as_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


async def launch(chromium: BrowserType, program: str, args: list[str], headless: bool) -> Chromium:
    """Start the first browser that starts: the setting's, the system's, Playwright's own. One that hangs is ended after
    :data:`ATTEMPT_LIMIT`, and the next one is tried."""
    from playwright.async_api import Error
    from playwright.async_api import TimeoutError as TimedOut

    # Chromium's sandbox does not work as root; everywhere else it is on (Playwright would switch it off).
    common: dict[str, Any] = {"args": args, "headless": headless, "chromium_sandbox": not _as_root()}
    # Our own process handles signals; the driver must not end the browser behind its back.
    common |= {"handle_sigint": False, "handle_sigterm": False, "handle_sighup": False, "timeout": ATTEMPT_LIMIT * 1000}
    failed: dict[str, str] = {}
    hung = False
    for attempt in _attempts(program):
        try:
            return await chromium.launch(**common, **attempt)
        except Error as error:
            where = str(attempt.get("executable_path") or attempt.get("channel") or "Playwright")
            log.info("browser %s does not start: %s", where, reason_of(str(error)))
            hung = hung or isinstance(error, TimedOut)
            if not _absent(str(error)):
                failed[where] = str(error)
    if hung:
        raise SyncFailure("browser-silent", FailureKind.TRANSIENT)
    if failed:
        code = "browser-sandbox" if all(map(_without_sandbox, failed.values())) else "browser-does-not-start"
        tried = "; ".join(f"{where}: {reason_of(error)[:200]}" for where, error in failed.items())
        raise SyncFailure(code, FailureKind.PERMANENT, params={"tried": tried[:600]})
    raise SyncFailure("browser-missing", FailureKind.PERMANENT)


def _attempts(program: str) -> list[dict[str, Any]]:
    """Playwright's arguments for each browser to try, in order; ``program``: the setting, the only one if it is set."""
    if program:
        if not os.path.isfile(program):  # noqa: PTH113 - one look at a local path
            raise SyncFailure("browser-not-there", FailureKind.PERMANENT, params={"path": program})
        return [{"executable_path": program}]
    on_path = dict.fromkeys(filter(None, map(shutil.which, NAMES)))
    found: list[dict[str, Any]] = [{"executable_path": path} for path in on_path]
    channels: list[dict[str, Any]] = [{"channel": channel} for channel in CHANNELS]
    # On Linux the path tells at once; elsewhere browsers are at the places that the channels and the registry know.
    if sys.platform == "linux":
        return [*found, *channels, {}]
    return [*channels, *({"executable_path": path} for path in registered_browsers()), *found, {}]


def reason_of(error: str) -> str:
    """Why a browser did not start, in one line with words, from the text of Playwright's error: the browser's own last
    line (its fatal error, if it names one), else the last of Playwright's words, else the browser's exit code."""
    head, _, calls = error.partition("Call log:")
    printed = re.findall(r"\[pid=\d+\]\[(?:err|out)\] (.*)", calls)
    ended = re.findall(r"process did exit: (.*?)>", calls)
    # Playwright repeats its log in the words before; a line of `<launching> ...` is a command of 2,000 characters.
    words = [line for line in head.splitlines() if not re.match(r"\s*(<launch|\[pid=|Browser logs:)", line)]
    fatal = [line for line in printed if ":FATAL:" in line]  # a list of stack addresses follows it
    for lines in (fatal, printed, [*ended, *words[1:]], words):
        readable = [line for line in lines if any(map(str.isalpha, line))]
        if readable:
            # Chromium begins a line with process, date, level and source file in brackets.
            return re.sub(r"^\[[^\]]*\]\s*(?=\S)", "", readable[-1].strip().strip("║ "))
    return "?"


def _without_sandbox(error: str) -> bool:
    """Whether Chromium refused to run because the system lets it make no sandbox (Playwright's words, 1.65)."""
    return "sandboxing failed" in error or "No usable sandbox" in error


def _absent(error: str) -> bool:
    return "is not found at" in error or "Executable doesn't exist" in error
