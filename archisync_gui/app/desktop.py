"""The panel's process: locks the profile, shows the window, then opens core and endpoint in the background."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import TYPE_CHECKING, Any

from archisync_gui.app import exit_codes, logs
from archisync_gui.app.channel import NoAnswer, call
from archisync_gui.app.crash import CrashWatch
from archisync_gui.app.display import display_available, let_come_forward, windows_are_seen
from archisync_gui.app.life import Life
from archisync_gui.app.profile import Profile, ProfileLock
from archisync_gui.messages import system_language, text
from archisync_gui.system import on_end_signals

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from archisync_gui.app.core import Core
    from archisync_gui.app.demo import DemoOptions
    from archisync_gui.app.member import OfficeMember
    from archisync_gui.ui.shell.panel import Panel
    from archisync_gui.ui.shell.window import MainWindow

SILENT = 25.0
"""Seconds for which the process that holds the profile may not answer: one that has just started opens its channel a
little later, one that ends has closed it, and short commands may hold the profile one after the other."""

CLOSES = 60.0
"""Seconds to wait for a panel that answers that it is closing; its read, browser and data have their own time
limits."""

LOOK = 0.5
"""Seconds between two attempts to get the lock; there is no event when another process releases it."""

log = logging.getLogger(__name__)


def run_panel(
    profile: Profile, demo: DemoOptions | None, *, hidden: bool, place: str = "", window: MainWindow | None = None
) -> int:
    """Show the panel of ``profile`` until it is quit; if one runs already, pass the arguments to it. Returns the exit
    code.

    ``place``: what to open, see ``Panel.open_place``. ``window``: a window that is shown already.
    """
    language = system_language()
    if not display_available():
        show_problem(str(text("no-display", language)))
        return exit_codes.UNAVAILABLE
    lock = ProfileLock(profile)
    if not lock.acquire():
        if window is not None:
            window.hide()
        code = _hand_over(profile, lock, language, hidden, place)
        if code is not None:
            return code
    handler = logs.to_file(profile, logging.INFO)
    watch = CrashWatch(profile)
    try:
        crash_report = watch.begin(language)
        from archisync_gui.ui.system.loop import run

        start = partial(
            _main, profile=profile, demo=demo, hidden=hidden, place=place, crash_report=crash_report, window=window
        )
        code = run(partial(start, at_last=watch.end))
        watch.end()
        return code
    finally:
        logs.close(handler)
        lock.release()


def _hand_over(profile: Profile, lock: ProfileLock, language: str, hidden: bool, place: str) -> int | None:
    """Pass the arguments to the process that holds the profile; returns the exit code. ``None``: that process has ended
    meanwhile, and this one holds the profile now. Waits for a process without a window (``sync``, ``office run``)."""
    code: int | None = exit_codes.BUSY
    begun = time.monotonic()
    silent_at = begun + SILENT
    windowless = False

    def settled(within: float) -> bool:
        """Call the holder once, then wait for the lock. True: it is decided, or the time is over."""
        nonlocal code, silent_at, windowless
        if not hidden:
            let_come_forward()
        try:
            answer, more = asyncio.run(call(profile, "raise", {"hidden": hidden, "open": place}, lambda _event: None))
        except NoAnswer:
            windowless = False
        else:
            if answer != exit_codes.BUSY:
                code = answer
                return True
            windowless = more == {"window": False}
            silent_at = time.monotonic() + SILENT if windowless else begun + CLOSES
        if lock.acquire(within):
            code = None
            return True
        return time.monotonic() > silent_at

    while not settled(LOOK):
        if windowless:
            waits = text("panel-waits", language, {"name": profile.name, "pid": lock.holder() or "?"})
            if not _waited(settled, str(waits), text("panel-waits.cancel", language).what, shown=not hidden):
                return exit_codes.BUSY
            break
    if code == exit_codes.BUSY:
        show_problem(str(text("holder-silent", language, {"name": profile.name, "pid": lock.holder() or "?"})))
    return code


def _waited(over: Callable[[float], bool], why: str, cancel: str, *, shown: bool) -> bool:
    """Show why the panel does not open yet, and wait until ``over(seconds)``, which waits itself, returns true. False:
    the operator has cancelled."""
    print(why, file=sys.stderr)
    if not (shown and windows_are_seen()):
        while not over(LOOK):
            pass
        return True
    from PySide6.QtCore import Qt, QTimer
    from PySide6.QtWidgets import QMessageBox

    from archisync_gui.ui.system.application import application

    application()  # the panel's own, which follows
    box = QMessageBox(QMessageBox.Icon.Information, "Archisync", why)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.addButton(cancel, QMessageBox.ButtonRole.RejectRole)
    waited = False
    failed: list[Exception] = []

    def look() -> None:
        nonlocal waited
        try:
            waited = over(0.0)
        except Exception as error:  # else Qt would print it and call this again for ever
            failed.append(error)
        if waited or failed:
            box.accept()

    looks = QTimer(box, interval=int(LOOK * 1000))
    looks.timeout.connect(look)
    looks.start()
    box.exec()
    looks.stop()
    if failed:
        raise failed[0]
    return waited


def show_problem(sentences: str) -> None:
    """Show why the panel does not open: on standard error, and in a window if that is no terminal."""
    print(sentences, file=sys.stderr)
    if not windows_are_seen() or (sys.stderr is not None and sys.stderr.isatty()):
        return
    from PySide6.QtCore import Qt
    from PySide6.QtWidgets import QApplication, QMessageBox

    app = QApplication.instance() or QApplication(sys.argv[:1])
    box = QMessageBox(QMessageBox.Icon.Critical, "Archisync", sentences)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    box.exec()
    del app


async def _main(
    app: QApplication,
    *,
    profile: Profile,
    demo: DemoOptions | None,
    hidden: bool,
    place: str,
    crash_report: str,
    at_last: Callable[[], object],
    window: MainWindow | None,
) -> int:
    """Run the panel until it is quit. ``at_last``: to be called at the very end; when the user's session ends, there is
    no other time for it."""
    from archisync_gui.ui.system.session_end import SessionEnd
    from archisync_gui.ui.text.i18n import language as panel_language

    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_log_unhandled)
    on_end_signals(over.set)
    app.aboutToQuit.connect(over.set)
    session_end = SessionEnd(app, reason=lambda: text("session-ends", panel_language()).what, at_last=at_last)
    try:
        return await _lives(app, Life(profile, demo, over, crash_report, place), hidden, window)
    finally:
        session_end.panel_is_over()


def _opened(life: Life, panel: Panel) -> AbstractAsyncContextManager[Core | OfficeMember]:
    """The parts of that life. Their module is imported only here, after the first paint."""
    from archisync_gui.app.opening import opened

    return opened(life, panel)


async def _lives(app: QApplication, life: Life, hidden: bool, window: MainWindow | None = None) -> int:
    """Run lives of the panel, one after the other, until one ends without work on its closed profile, or the program
    has to end (after that work, if there is any, since it was confirmed). Returns the exit code."""
    from archisync_gui.ui.shell.panel import Panel
    from archisync_gui.ui.shell.window import MEMORY

    profile, over = life.profile, life.quit
    before: Life | None = None
    while True:
        known = window.known if window is not None else None
        if known is not None:
            language, appearance = known.language, known.appearance
        else:
            from archisync_gui.app.memory import share_one_heap

            share_one_heap()  # before the first thread: glibc ignores it once each thread has its own
            language, appearance = await asyncio.to_thread(_looks, profile)
        panel = Panel(
            app,
            profile=profile.name,
            demo=profile.demo,
            memory=profile.folder / MEMORY,
            language=language,
            appearance=appearance,
            window=window,
        )
        panel.quit_early = over.set
        panel.show(hidden=hidden)
        await panel.first_paint()  # modules that are slow to import come after it
        try:
            if before is not None and before.between is not None:
                if before.doing:
                    panel.context.say(before.doing, "work")
                async with life.answers(panel):
                    life.notice = await before.between()
                if over.is_set():
                    return exit_codes.OK
            code = await life.lived(panel, _opened)
        finally:
            await panel.aclose()
        if life.between is None:
            return code
        if over.is_set():  # the program ends: no further window
            async with life.answers(panel):
                await life.between()
            return code
        before, life = life, Life(profile, life.demo, over)
        hidden, window = False, None


def _looks(profile: Profile) -> tuple[str, str]:
    """The language and appearance in the settings, for the time until the services are open. Blocking."""
    from archisync_gui.settings import SettingsError, load_settings

    try:
        settings = load_settings(profile.settings_file).settings
    except SettingsError:  # shown when the profile is opened
        return "system", "system"
    return settings.text("look.language"), settings.text("look.theme")


def _log_unhandled(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    error = context.get("exception")
    log.error("in the loop: %s", context.get("message"), exc_info=error if isinstance(error, BaseException) else None)
