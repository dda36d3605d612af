"""Starts Playwright's driver and a Chromium, and makes contexts in it; ``browser`` holds what was started."""

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

from archisync_gui.erp.windows_browsers import forbidden_browsers, is_one_of, registered_browsers
from archisync_gui.model import FailureKind, SyncFailure

if TYPE_CHECKING:
    from playwright.async_api import Browser as Chromium
    from playwright.async_api import BrowserContext, BrowserType, Playwright

log = logging.getLogger(__name__)

ATTEMPT_LIMIT = 20.0
"""Seconds that one browser may take to start."""

STOP_PATIENCE = 5.0
"""Seconds that a driver whose start was cancelled may go on starting before it is killed."""

CLOSE_LIMIT = 5.0
"""Seconds for one call that closes a page, a context, the browser or the driver."""

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
"""Browsers that Playwright finds in their standard folders."""

CALLED = {"chrome": "Chrome", "msedge": "Edge"}
"""The names of these browsers in messages."""

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
"""Features of Chromium that Playwright 1.65 switches off. If ``--disable-features`` is given twice, Chromium takes the
last one, which is ours: it has to name these too. A test compares them with Playwright's own list."""

DISABLED_FEATURES = (*PLAYWRIGHTS_DISABLED, "WebUIOmniboxPopup", "WebUIOmniboxAimPopup")
"""The last two load the suggestions of the address bar, which is not used here, in a process of their own. They take
half of the CPU time of a start (1.5 s with them, 0.7 s without) and at least 50 MB (four starts with Chromium 156)."""

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
    """Wait for a closing call for at most :data:`CLOSE_LIMIT`. Its errors are only logged: what it closes may have
    ended already."""
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
    """Start Playwright's driver. ``kill`` ends the processes of a driver whose start was cancelled and does not end.
    Raises ``browser-driver``; where the driver's program cannot run (seen: a system without libatomic), the reason
    only says that the connection was closed."""
    task = asyncio.ensure_future(starting.start())
    try:
        playwright = cast("Playwright", await asyncio.shield(task))
    except asyncio.CancelledError:
        await _stop_when_started(task, starting, kill)
        raise
    except Exception as error:
        await quietly(starting.__aexit__(None, None, None))  # ends its process, if there is one
        raise SyncFailure("browser-driver", FailureKind.TRANSIENT, params={"reason": str(error)[:200]}) from error
    # A driver that crashes later sets an exception on a future that Playwright never retrieves (seen with 1.65): the
    # loop would log it as an error, long after we have noticed the crash.
    with suppress(AttributeError):
        _ignore_exception(starting._client._transport.on_error_future)  # noqa: SLF001
    return playwright


async def _stop_when_started(
    task: asyncio.Task[Any], starting: Any, kill: Callable[[], Awaitable[object]] | None
) -> None:
    """End a driver whose start was cancelled. It may go on starting for :data:`STOP_PATIENCE`, then it is killed. The
    start itself is not cancelled before: after that there would be no way to stop the driver, and an exception of a
    Playwright task would never be retrieved (seen with 1.65)."""
    _ignore_exception(task)
    with suppress(AttributeError):
        _ignore_exception(_client_of(task)._transport.on_error_future)  # noqa: SLF001
    try:
        await asyncio.wait([task], timeout=STOP_PATIENCE)
        if not task.done() and kill is not None:
            await kill()
            await asyncio.wait([task], timeout=CLOSE_LIMIT)
    finally:
        task.cancel()
        await quietly(starting.__aexit__(None, None, None))


def _client_of(task: asyncio.Task[Any]) -> Any:
    """Playwright's own client object of a start in progress. ``None``: it does not exist yet, or Playwright has another
    version."""
    coroutine: Any = task.get_coro()
    while coroutine is not None:
        client = getattr(getattr(coroutine, "cr_frame", None), "f_locals", {}).get("client")
        if client is not None:
            return client
        coroutine = getattr(coroutine, "cr_await", None)
    return None


def _ignore_exception(future: asyncio.Future[Any]) -> None:
    """Retrieve the future's exception once it is done, so that the loop does not log it as never retrieved."""
    future.add_done_callback(lambda done: done.cancelled() or done.exception())


def _as_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


async def launch(chromium: BrowserType, program: str, args: list[str], headless: bool) -> Chromium:
    """Try the browsers in order (the setting's, the system's, Playwright's own) and return the first that starts. One
    that hangs is ended after :data:`ATTEMPT_LIMIT`, and the next one is tried. Raises ``browser-silent``,
    ``browser-sandbox``, ``browser-does-not-start``, ``browser-missing`` or ``browser-not-there``."""
    from playwright.async_api import Error
    from playwright.async_api import TimeoutError as TimedOut

    # Chromium's sandbox does not work as root; everywhere else it is on (Playwright would switch it off).
    common: dict[str, Any] = {"args": args, "headless": headless, "chromium_sandbox": not _as_root()}
    # Our own process handles signals; the driver must not end the browser on its own.
    common |= {"handle_sigint": False, "handle_sigterm": False, "handle_sighup": False, "timeout": ATTEMPT_LIMIT * 1000}
    failed: dict[str, str] = {}
    hung = False
    forbidden = forbidden_browsers()
    for attempt in _attempts(program):
        if is_one_of(forbidden, attempt):  # it would hang until the limit
            log.info("browser %s may not be driven by programs (RemoteDebuggingAllowed)", attempt)
            continue
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
    if forbidden:
        params = {"browsers": ", ".join(sorted(CALLED[name] for name in forbidden))}
        raise SyncFailure("browser-forbidden", FailureKind.PERMANENT, params=params)
    raise SyncFailure("browser-missing", FailureKind.PERMANENT)


# Below 1300 px the ERP collapses its toolbar, which it decides while a page loads (docs/erp.md, List view page).
VIEWPORT = {"width": 1440, "height": 900}
ACCEPT_LANGUAGE = "it-IT,it;q=0.9,en-US;q=0.8,en;q=0.7"

NO_WINDOWS = "window.open = () => null;"
"""Windows that a page opens would stay open until the browser closes, and use the session at the same time."""


async def new_context(chromium: Chromium, session: Any) -> BrowserContext:
    """A browser context in Italian; ``session``: the account's stored session (``None``: there is none)."""
    context = await chromium.new_context(
        locale="it-IT",
        timezone_id="Europe/Rome",
        viewport=VIEWPORT,  # type: ignore[arg-type]
        extra_http_headers={"Accept-Language": ACCEPT_LANGUAGE},
        storage_state=session,
        service_workers="block",
    )
    await context.add_init_script(NO_WINDOWS)
    return context


def _attempts(program: str) -> list[dict[str, Any]]:
    """Playwright's arguments for each browser to try, in order; ``program``: the setting, the only one if it is set."""
    if program:
        if not os.path.isfile(program):  # noqa: PTH113 - one look at a local path
            raise SyncFailure("browser-not-there", FailureKind.PERMANENT, params={"path": program})
        return [{"executable_path": program}]
    on_path = dict.fromkeys(filter(None, map(shutil.which, NAMES)))
    found: list[dict[str, Any]] = [{"executable_path": path} for path in on_path]
    channels: list[dict[str, Any]] = [{"channel": channel} for channel in CHANNELS]
    # On Linux browsers are on the path; elsewhere they are in the folders that the channels and the registry name.
    if sys.platform == "linux":
        return [*found, *channels, {}]
    return [*channels, *({"executable_path": path} for path in registered_browsers()), *found, {}]


def reason_of(error: str) -> str:
    """Why a browser did not start: one readable line from the text of Playwright's error. In this order: the browser's
    fatal error, its last line, the last of the further lines of Playwright's message, the browser's exit code, the
    message's first line."""
    head, _, calls = error.partition("Call log:")
    printed = re.findall(r"\[pid=\d+\]\[(?:err|out)\] (.*)", calls)
    ended = re.findall(r"process did exit: (.*?)>", calls)
    # Playwright repeats its log in the message; a line of `<launching> ...` is a command of 2,000 characters.
    words = [line for line in head.splitlines() if not re.match(r"\s*(<launch|\[pid=|Browser logs:)", line)]
    fatal = [line for line in printed if ":FATAL:" in line]  # stack addresses follow it
    for lines in (fatal, printed, [*ended, *words[1:]], words):
        readable = [line for line in lines if any(map(str.isalpha, line))]
        if readable:
            # Chromium's lines begin with process, date, level and source file in brackets.
            return re.sub(r"^\[[^\]]*\]\s*(?=\S)", "", readable[-1].strip().strip("║ "))
    return "?"


def _without_sandbox(error: str) -> bool:
    """Whether Chromium refused to run because it cannot create a sandbox (texts of Playwright 1.65)."""
    return "sandboxing failed" in error or "No usable sandbox" in error


def _absent(error: str) -> bool:
    return "is not found at" in error or "Executable doesn't exist" in error
