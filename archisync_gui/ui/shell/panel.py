"""The panel: connects window, tray and notifications, and implements closing, hiding and quitting.

It is made before the services are ready, so that the first paint does not wait for them; ``set_services`` follows. For
the same reason all pages but the overview, and the dialogs, are imported when they are first opened.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Literal

from PySide6.QtCore import QObject, QSettings
from PySide6.QtWidgets import QApplication

from archisync_gui.disk import open_private, replace_file
from archisync_gui.model import Status
from archisync_gui.ui.live.context import WATCHES, Context
from archisync_gui.ui.live.past_runs import PastRuns
from archisync_gui.ui.live.services import Services
from archisync_gui.ui.look.icons import application_icon
from archisync_gui.ui.look.theme import theme
from archisync_gui.ui.pages.log import LogFeed
from archisync_gui.ui.pages.overview import Overview
from archisync_gui.ui.shell.dialogs import Dialogs
from archisync_gui.ui.shell.notifications import Notifications
from archisync_gui.ui.shell.passwords import Passwords
from archisync_gui.ui.shell.tray import Tray
from archisync_gui.ui.shell.window import MainWindow
from archisync_gui.ui.shell.window_parts import PAGES
from archisync_gui.ui.system.message import Message
from archisync_gui.ui.text import status_words, words
from archisync_gui.ui.text.i18n import language, set_language, tr
from archisync_gui.ui.text.last_known import FILE, LastKnown, of_status
from archisync_gui.ui.widgets.accessible import install_descriptions
from archisync_gui.ui.widgets.basic import Page
from archisync_gui.ui.widgets.dialog import confirm_loss

log = logging.getLogger(__name__)

FIRST_PAINT = 1.0
"""Seconds for which the start of the services waits for the window's first paint."""

PARTS = {"timeline": ("history", "timeline"), "log": ("settings", "assistance")}
"""Places that are part of a page: that page, and what it should show."""


class _Memory(QSettings):
    """What the window remembers, in a private file: Qt keeps the mode of an existing file. Qt treats an invalid file as
    empty. If the file is gone nothing is saved: Qt would make file and folder again, readable for all users."""

    def __init__(self, path: Path) -> None:
        with suppress(OSError):
            open_private(path).close()
        super().__init__(str(path), QSettings.Format.IniFormat)

    def setValue(self, key: str, value: Any) -> None:
        if Path(self.fileName()).exists():
            super().setValue(key, value)


class Panel(QObject):
    """The panel; one per process."""

    def __init__(
        self,
        app: QApplication,
        services: Services | None = None,
        *,
        profile: str = "",
        demo: bool = False,
        memory: Path | None = None,
        language: str = "system",
        appearance: str = "system",
        window: MainWindow | None = None,
    ) -> None:
        """``memory``: the file for the window's place, columns and so on. ``window``: one that shows its first picture
        already. The other arguments are used until the services are ready."""
        super().__init__(app)
        self._memory = _Memory(memory) if memory is not None else None
        app.setWindowIcon(application_icon())
        install_descriptions()
        theme().choose(appearance)
        set_language(language)
        self.context = Context(self)
        self.context.memory = self._memory
        self.past_runs = PastRuns(self.context)
        self.window = window if window is not None else MainWindow()
        self.context.last_known = self.window.known
        self.window.fill(self.context, self.past_runs)
        self.tray = Tray(self.context, self)
        self._last_known_file = memory.with_name(FILE) if memory is not None else None
        self._last_known: LastKnown | None = None
        """The content of that file, perhaps not written yet."""
        self.quit_early: Callable[[], object] = app.quit
        """Quits before the services are ready; ``app.desktop`` replaces it. ``QApplication.quit`` would only hide the
        window: it closes all windows first, and this one hides instead."""
        self._closing = False
        self._quitting = False
        self._no_tray_notified = False
        self._morning: QObject | None = None
        self._writing = asyncio.Lock()
        self.log_feed = LogFeed()
        logging.getLogger().addHandler(self.log_feed)
        self.passwords = Passwords(self.context, self.window)
        self.dialogs = Dialogs(self.context, self.window, self.passwords)
        self.notifications = Notifications(self.context, self.window, self.passwords, self.tray.icon, self.raise_window)
        self._pages()
        if self._memory is not None and window is None:
            self.window.recall(self._memory)
        self.window.shown_changed.connect(self.context.bridge.set_shown)
        self.window.shown_changed.connect(self._shown)
        self.window.close_asked.connect(self._close_asked)
        self.window.quit_asked.connect(self.ask_quit)
        self.tray.opened.connect(self.raise_window)
        self.tray.quit_asked.connect(self.ask_quit)
        self.context.open_requested.connect(self.open)
        self.context.notice_requested.connect(self.notifications.report_unseen)
        self.context.bridge.status_changed.connect(self._keep_last_known)
        self.context.bridge.status_changed.connect(self.notifications.of_status)
        self.context.bridge.happened.connect(self.notifications.happened)
        self.context.settings_changed.connect(self._settings)
        self.window.watch_fired.connect(self.notifications.watch_fired)
        self.window.form_request.changed.connect(self.notifications.report_form_requests)
        self.window.show_profile(profile, demo)
        self.window.go("overview").setFocus()
        self.window.emit_earlier_events()
        if services is not None:
            self.set_services(services)

    def _pages(self) -> None:
        window = self.window
        for name in PAGES:
            window.add_page(name, partial(self._make_page, name))
        window.sidebar.demo_button.clicked.connect(self._demo_menu)

    def _demo_menu(self) -> None:
        from archisync_gui.ui.shell.demo_menu import DemoMenu

        DemoMenu(self.context, self.window).open()

    def _make_page(self, name: str) -> Page:
        context = self.context
        match name:
            case "overview":
                return Overview(context, self.past_runs)
            case "history":
                from archisync_gui.ui.pages.history import History

                return History(context, self.past_runs)
            case "data":
                from archisync_gui.ui.pages.data import Data

                return Data(context)
            case "summary":
                from archisync_gui.ui.pages.summary import SummaryPage

                return SummaryPage(context, self.past_runs)
            case "settings":
                from archisync_gui.ui.pages.settings import SettingsPage

                return SettingsPage(context, self.past_runs, self.window.watches(), self.log_feed)
        raise LookupError(name)

    # ------------------------------------------------------------------------------------------------ services

    def set_services(self, services: Services) -> None:
        """The services are ready: use them."""
        self.context.set_services(services)
        self._settings()
        if self.context.recall(WATCHES):
            self.window.watches()
        self.window.sidebar.demo_button.setVisible(bool(services.faults))
        if services.crash:
            from archisync_gui.ui.dialogs.crash import CrashDialog

            self.dialogs.show("crash", lambda: CrashDialog(services.crash, self.window))
        settings = self.context.settings()
        if not services.demo and not settings.flag("look.first_run_done") and not settings.words("erp.accounts"):
            self.open("first-run")
        if not services.demo:
            self.context.background.run(
                self.passwords.find_missing(services, self.notifications.report_missing_passwords), "passwords"
            )
        self.context.background.run(self.notifications.connect(), "notifications")

    def _settings(self) -> None:
        """Apply language, appearance and the automatic summary."""
        settings = self.context.settings()
        theme().choose(settings.text("look.theme"))
        if settings.text("summary.morning") != "off" and self._morning is None:
            from archisync_gui.ui.output.morning import Morning

            self._morning = Morning(self.context)
        self.set_language(settings.text("look.language"))

    def set_language(self, choice: str) -> None:
        """Switch the language without a restart."""
        before = language()
        set_language(choice)
        self.tray.retranslate()
        if language() != before:
            self.dialogs.remake_all()

    # ------------------------------------------------------------------------------------------------ window

    def show(self, hidden: bool = False) -> None:
        """Show the window; ``hidden``: only the tray icon, or the minimised window where there is no tray (yet)."""
        if not hidden:
            self.window.show()
        elif not self.tray.present:
            self.window.showMinimized()
            self.tray.appeared.connect(self._hide_minimised)

    def _shown(self, shown: bool) -> None:
        if shown and self.context.without_password:
            self.context.background.run(self.passwords.ask_all(shown), "passwords")

    async def first_paint(self) -> None:
        """Wait until the window, if shown, was painted; at most a second, since it may be covered."""
        if not self.window.isVisible() or self.window.was_painted:
            return
        painted = asyncio.Event()
        self.window.painted.connect(painted.set)
        with suppress(TimeoutError):
            await asyncio.wait_for(painted.wait(), FIRST_PAINT)

    def _hide_minimised(self) -> None:
        if self.window.isMinimized():
            self.window.hide()

    def raise_window(self) -> None:
        """Bring the window to the front, after a second start or a click on the tray."""
        self.window.showNormal() if self.window.isMinimized() else self.window.show()
        self.window.raise_()
        self.window.activateWindow()

    def second_start(self, hidden: bool, place: str) -> None:
        """Archisync was started again: open the place that it names, or else raise the window unless ``hidden``."""
        if place:
            self.open_place(place)
        elif not hidden:
            self.raise_window()

    def open_place(self, place: str) -> None:
        """Open what the command line names: a page, a dialog or ``order-form``."""
        if place == "order-form":
            self.context.open_order_form()
            return
        self.raise_window()
        self.open(place)

    def _close_asked(self) -> None:
        self._keep_memory()
        if not self.context.settings().flag("look.close_to_tray"):
            self.ask_quit()
            return
        self.tray.check_again()
        if self.tray.present:
            self.window.hide()
            self._notify_once(
                tr("Archisync goes on in the tray"),
                tr("The updates continue. Quit from the icon's menu, or with Ctrl+Q in the window."),
            )
        else:
            self.window.showMinimized()
            if not self._no_tray_notified:
                self._no_tray_notified = True
                self._notify_once(
                    tr("Archisync goes on, minimised"),
                    tr("This desktop shows no tray icons. The updates continue; quit with Ctrl+Q in the window."),
                )

    def _notify_once(self, title: str, text: str) -> None:
        if self.context.settings().flag("look.tray_told"):
            return
        self.notifications.send([Message("tray", title, text, "settings", "look")])
        change = partial(self.open, "settings", "look.close_to_tray")
        self.context.say(f"{title}. {text}", "", tr("Chan&ge…"), change)
        self.context.apply({"look.tray_told": True})

    def ask_quit(self) -> None:
        """Quit; ask first while a run is active or an order form is open."""
        if self._quitting:
            return
        self._quitting = True
        self.context.background.run(self._quit(), "quit")

    async def _quit(self) -> None:
        try:
            status = self.context.status
            run = status.current_run if status is not None else None
            if run is not None or (status is not None and status.session_count):
                self.raise_window()
                if run is not None:
                    question = tr("{title} is being read. Quit all the same?", title=words.type_name(run.type))
                    detail = tr("What was read so far is thrown away; the stored data stay as they are.")
                else:
                    question = tr("An order form is open. Quit all the same?")
                    detail = tr("It goes on with the stored data, as old as they are.")
                if not await confirm_loss(self.window, question, detail, tr("&Quit"), tr("&Stay")):
                    return
            services = self.context.services
            self._keep_memory()
            if services is not None:
                services.quit()
            else:
                self.quit_early()
        finally:
            self._quitting = False

    def _keep_memory(self) -> None:
        if self._memory is not None:
            self.window.remember(self._memory)
            self._memory.sync()

    # ------------------------------------------------------------------------------------------------ places

    def open(self, place: str, what: object = None) -> None:
        """Open a page or a dialog; ``what``: what it should show."""
        if self.dialogs.open(place, what):
            return
        if place in PARTS:
            place, what = PARTS[place]
        page = self.window.go(place)
        focus = getattr(page, "focus_on", None)
        if callable(focus) and what is not None:
            focus(what)

    # ------------------------------------------------------------------------------------------------ events

    def _keep_last_known(self, status: Status) -> None:
        """Write the data for the next start's first picture if they changed, and no list is read and no form open."""
        if status.current_run is not None or status.session_count:
            return
        known = of_status(status, words.type_name, language(), self.context.settings().text("look.theme"))
        if self._last_known_file is not None and known != self._last_known:
            self._last_known = known
            self.context.background.run(self._write_last_known(self._last_known_file, known), "last-known")

    async def _write_last_known(self, file: Path, known: LastKnown) -> None:
        async with self._writing:
            if known is not self._last_known:
                return  # a newer one follows at once
            try:
                await asyncio.to_thread(replace_file, file, known.text())
            except OSError as error:
                log.warning("what the next start shows first was not kept: %s", error)

    # ------------------------------------------------------------------------------------------------ end

    async def show_failure(
        self, error: BaseException, backup: Path | None = None, said: str = ""
    ) -> Path | Literal["empty"] | None:
        """See :func:`start_failure.show_failure`."""
        from archisync_gui.ui.shell.start_failure import show_failure

        self.raise_window()
        return await show_failure(self.window, error, backup, said)

    def show_waiting(self, found: status_words.Headline | None, foot: str = "") -> None:
        """Show what the start waits for; ``None``: it continues."""
        self.window.show_waiting(found, foot)
        self.tray.show_waiting(found)

    def closing(self) -> None:
        """The services are about to close: show it, and stop using them."""
        if self._closing:
            return
        self._closing = True
        self.context.ending.emit()
        self._keep_memory()
        self.context.bridge.set_shown(False)
        self.context.bridge.detach()
        self.past_runs.stop()
        self.window.show_closing()

    async def aclose(self) -> None:
        """End all parts of the panel: tasks, tray, window, subscriptions."""
        self.closing()
        for dialog in list(self.dialogs.open_now.values()):
            dialog.close()
        logging.getLogger().removeHandler(self.log_feed)
        await self.context.background.close()
        await self.notifications.close()
        self.tray.close()
        self.window.hide()
        self.window.deleteLater()

    def close(self) -> asyncio.Task[None]:
        """Start :meth:`aclose` as a task."""
        return asyncio.get_running_loop().create_task(self.aclose(), name="ui:close")
