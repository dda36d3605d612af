"""The panel's process: takes the profile, shows the window first, then opens core and endpoint behind it."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from archisync_gui import __version__
from archisync_gui.app import exit_codes, logs
from archisync_gui.app.channel import NoAnswer, call
from archisync_gui.app.crash import CrashWatch
from archisync_gui.app.doctor import display_available
from archisync_gui.app.profile import Profile, ProfileLock
from archisync_gui.messages import system_language, text

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from archisync_gui.app.core import Core
    from archisync_gui.cli import DemoOptions
    from archisync_gui.ui.panel import Panel

log = logging.getLogger(__name__)


def run_panel(profile: Profile, demo: DemoOptions | None, *, hidden: bool) -> int:
    """Show the panel of ``profile`` until it is quit; beside a running one raise that one's window. Exit code."""
    language = system_language()
    if not display_available():
        print(text("no-display", language), file=sys.stderr)
        return exit_codes.UNAVAILABLE
    lock = ProfileLock(profile)
    if not lock.acquire():
        return _raise_the_other(profile, lock, language)
    handler = logs.to_file(profile, logging.INFO)
    watch = CrashWatch(profile)
    try:
        told = watch.begin(language)
        from archisync_gui.ui.loop import run

        code = run(partial(_main, profile=profile, demo=demo, hidden=hidden, told=told))
        watch.end()
        return code
    finally:
        logs.close(handler)
        lock.release()


def _raise_the_other(profile: Profile, lock: ProfileLock, language: str) -> int:
    try:
        code, _ = asyncio.run(call(profile, "raise", {}, lambda event: None))
    except NoAnswer:
        print(text("holder-silent", language, {"name": profile.name, "pid": lock.holder() or "?"}), file=sys.stderr)
        return exit_codes.BUSY
    return code


async def _main(app: QApplication, *, profile: Profile, demo: DemoOptions | None, hidden: bool, told: str) -> int:
    from archisync_gui.ui.panel import Panel

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_log_unhandled)
    if sys.platform != "win32":
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
    app.aboutToQuit.connect(stop.set)
    panel = Panel(app, profile=profile.name, demo=profile.demo)
    panel.show(hidden=hidden)
    await asyncio.sleep(0)  # the window paints before anything heavy is imported
    try:
        opened = await _open(profile, demo, panel, stop, told)
    except Exception as error:
        log.exception("the panel could not be opened")
        await panel.show_failure(error)
        panel.close()
        return exit_codes.CONFIG
    try:
        await stop.wait()
    finally:
        panel.closing()
        await opened.close()
        panel.close()
    return exit_codes.OK


def _log_unhandled(loop: asyncio.AbstractEventLoop, context: Mapping[str, object]) -> None:
    error = context.get("exception")
    log.error("in the loop: %s", context.get("message"), exc_info=error if isinstance(error, BaseException) else None)


if TYPE_CHECKING:

    class Opened:
        core: Core

        async def close(self) -> None: ...
