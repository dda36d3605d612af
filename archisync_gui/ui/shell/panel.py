"""The panel: window, tray and notifications put together, and what closing, hiding and quitting mean.

Made before the services are ready, so that the first paint waits for nothing; ``set_services`` follows. For the same
reason pages and dialogs but the overview are imported when they are first opened.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtCore import QObject, QSettings, Qt
from PySide6.QtWidgets import QApplication, QDialog, QMenu, QMessageBox

from archisync_gui.disk import open_private, replace_file
from archisync_gui.model import AccountTypeStatus, Event, EventKind, Status
from archisync_gui.ui.live.context import WATCHES, Context, problem
from archisync_gui.ui.live.feed import Feed
from archisync_gui.ui.live.services import Fault, Services, endpoint_address
from archisync_gui.ui.look.icons import application_icon
from archisync_gui.ui.look.theme import theme
from archisync_gui.ui.pages.log import LogFeed
from archisync_gui.ui.pages.overview import Overview
from archisync_gui.ui.shell.tray import Tray
from archisync_gui.ui.shell.window import MainWindow
from archisync_gui.ui.shell.window_parts import PAGES
from archisync_gui.ui.system.notify import Balloon, Means, Message, Policy, best_means
from archisync_gui.ui.text import status_words, words
from archisync_gui.ui.text.activity import WHILE_AWAY, missed_lists, missed_sentence
from archisync_gui.ui.text.i18n import language, set_language, tr
from archisync_gui.ui.text.last_known import FILE, LastKnown, of_status
from archisync_gui.ui.widgets.accessible import speak
from archisync_gui.ui.widgets.basic import Page, ask, ask_text
from archisync_gui.ui.widgets.dialog import confirm_loss

if TYPE_CHECKING:
    from archisync_gui.ui.live.watches import Watch

log = logging.getLogger(__name__)

FIRST_PAINT = 1.0
"""Seconds that the services wait for the window's first paint."""

PARTS = {"timeline": ("history", "timeline"), "log": ("settings", "assistance")}
"""What stands on another page: that page, and what it is asked to show."""

FIRST_FAULTS = (
    "session-expired-now",
    "slow",
    "truncated-list",
    "browser-killed",
    "unavailable-503",
    "connection-dropped",
    "login-refused",
)
"""The demo's faults that stand in the menu itself; the others below it."""


def _fault_word(fault: Fault) -> str:
    return fault.it if language() == "it" else fault.en


class _Memory(QSettings):
    """What the window remembers, in a private file: Qt keeps the mode of one that is there. A file that is no such
    memory is taken as empty by Qt. Where the file is gone nothing is kept: Qt would make it anew, and its folder,
    for everybody to read."""

    def __init__(self, path: Path) -> None:
        with suppress(OSError):
            open_private(path).close()
        super().__init__(str(path), QSettings.Format.IniFormat)

    def setValue(self, key: str, value: Any) -> None:
        if Path(self.fileName()).exists():
            super().setValue(key, value)


class Panel(QObject):
    """One per process."""

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
        """``memory``: a file for window place and columns. ``window``: one that shows its picture already. The rest
        serves until the services are there."""
        super().__init__(app)
        self._memory = _Memory(memory) if memory is not None else None
        app.setWindowIcon(application_icon())
        speak()
        theme().choose(appearance)
        set_language(language)
        self.context = Context(self)
        self.context.memory = self._memory
        self.feed = Feed(self.context)
        self.window = window if window is not None else MainWindow()
        self.context.last_known = self.window.known
        self.window.fill(self.context, self.feed)
        self.tray = Tray(self.context, self)
        self.policy = Policy()
        self._last_known_file = memory.with_name(FILE) if memory is not None else None
        self._last_known: LastKnown | None = None
        """What that file says, or will say soon."""
        self._means: Means | None = None
        self.quit_early: Callable[[], object] = app.quit
        """What quits before the services are there. Qt's own closes the windows first, and ours only hides."""
        self._closing = False
        self._quitting = False
        self._told_no_tray = False
        self._asked: set[str] = set()
        """Accounts whose password was asked for without being told to."""
        self._told_of: Collection[str] = ()
        """Accounts without password that notifications speak of: started hidden, nothing else would."""
        self._morning: QObject | None = None
        self._writing = asyncio.Lock()
        self._asking = asyncio.Lock()
        """One question for a password at a time."""
        self._dialogs: dict[str, Callable[[object], object]] = {}
        self._open_dialogs: dict[str, QDialog] = {}
        self._makers: dict[str, Callable[[], QDialog]] = {}
        self.log_feed = LogFeed()
        logging.getLogger().addHandler(self.log_feed)
        self._pages()
        if self._memory is not None and window is None:
            self.window.recall(self._memory)
        self.window.shown_changed.connect(self.context.bridge.set_shown)
        self.window.shown_changed.connect(self._shown)
        self.window.close_asked.connect(self._close_asked)
        self.window.quit_asked.connect(self.ask_quit)
        self.tray.opened.connect(self.raise_window)
        self.tray.quit_asked.connect(self.ask_quit)
        self.context.wanted.connect(self.open)
        self.context.said.connect(self._said)
        self.context.bridge.status_changed.connect(self._status)
        self.context.bridge.happened.connect(self._happened)
        self.context.settings_changed.connect(self._settings)
        self.window.watch_fired.connect(self._watch_fired)
        self.window.form_request.changed.connect(self._form_waits)
        self.window.show_profile(profile, demo)
        self.window.go("overview").setFocus()
        self.window.told_before()
        if services is not None:
            self.set_services(services)

    def _pages(self) -> None:
        window = self.window
        for name in PAGES:
            window.add_page(name, partial(self._make_page, name))
        self._dialogs = {
            "run": self._open_run,
            "why": self._open_why,
            "sessions": lambda _: self._open_sessions(),
            "trouble": self._open_trouble,
            "pairing": lambda _: self._open_pairing(),
            "diagnostics": lambda _: self._open_diagnostics(),
            "first-run": lambda _: self._open_first_run(),
            "password": self._open_password,
            "record": window.open_record,
            "about": lambda _: self._open_about(),
            "one-customer": lambda _: self._open_one_customer(),
            "office": lambda _: self._open_office(),
        }
        window.sidebar.demo_button.clicked.connect(self._demo_menu)

    def _make_page(self, name: str) -> Page:
        context = self.context
        match name:
            case "overview":
                return Overview(context, self.feed)
            case "history":
                from archisync_gui.ui.pages.history import History

                return History(context, self.feed)
            case "data":
                from archisync_gui.ui.pages.data import Data

                return Data(context)
            case "summary":
                from archisync_gui.ui.pages.summary import SummaryPage

                return SummaryPage(context)
            case "settings":
                from archisync_gui.ui.pages.settings import SettingsPage

                return SettingsPage(context, self.feed, self.window.watches(), self.log_feed)
        raise LookupError(name)

    def _show_dialog(self, name: str, make: Callable[[], QDialog]) -> QDialog:
        """Open a dialog, or raise the one that is open already."""
        found = self._open_dialogs.get(name)
        if found is None:
            found = self._open_dialogs[name] = make()
            self._makers[name] = make
            found.destroyed.connect(partial(self._forget_dialog, name, found))
        found.show()
        found.raise_()
        found.activateWindow()
        return found

    def _open_sessions(self) -> None:
        from archisync_gui.ui.dialogs.sessions import SessionsDialog

        self._show_dialog("sessions", lambda: SessionsDialog(self.context, self.window))

    def _open_first_run(self) -> None:
        from archisync_gui.ui.dialogs.first_run import FirstRun

        found = self._show_dialog("first-run", lambda: FirstRun(self.context, self.window))
        self._first_steps(True)
        found.destroyed.connect(partial(self._first_steps, False))

    def _first_steps(self, shown: bool, *_: object) -> None:
        header = self.window.header
        header.first_steps = shown
        if self.context.status is not None and not self._closing:
            header.show_status(self.context.status)

    def _open_about(self) -> None:
        from archisync_gui.ui.dialogs.about import AboutDialog

        self._show_dialog("about", lambda: AboutDialog(self.context, self.window))

    def _open_one_customer(self) -> None:
        from archisync_gui.ui.dialogs.one_customer import OneCustomerDialog

        self._show_dialog("one-customer", lambda: OneCustomerDialog(self.context, self.window))

    def _open_office(self) -> None:
        office = self.context.office
        if office is None:
            self.context.say(tr("Archisync is still starting. Try again in a moment."))
            return
        from archisync_gui.ui.dialogs.office import OfficeDialog

        self._show_dialog("office", lambda: OfficeDialog(self.context, office, self.window))

    def _open_password(self, what: object) -> None:
        self.context.background.run(self._asked_password(str(what)), "password")

    def _open_why(self, what: object) -> None:
        from archisync_gui.ui.dialogs.why import WhyDialog

        dialog = self._show_dialog("why", lambda: WhyDialog(self.context, self.window))
        if isinstance(dialog, WhyDialog) and isinstance(what, datetime):
            dialog.explain(what)

    def _forget_dialog(self, name: str, dialog: QDialog, *_: object) -> None:
        if self._open_dialogs.get(name) is dialog:
            del self._open_dialogs[name], self._makers[name]

    def _dialogs_again(self) -> None:
        """Open dialogs say their words anew; the first run does so by itself, at the step where it is."""
        for name, dialog in list(self._open_dialogs.items()):
            if name != "first-run":
                place, make = dialog.geometry(), self._makers[name]
                self._forget_dialog(name, dialog)
                dialog.close()
                self._show_dialog(name, make).setGeometry(place)

    def _open_run(self, what: object) -> None:
        self.context.background.run(self._run_details(str(what)), "run-details")

    async def _run_details(self, run_id: str) -> None:
        services = self.context.services
        if services is None or services.store is None:
            return
        run = await services.store.run(run_id)
        if run is None:
            self.context.say(tr("This run is no longer in the history."))
            return
        from archisync_gui.ui.dialogs.run_details import RunDetails

        self._show_dialog(f"run:{run_id}", lambda: RunDetails(self.context, run, self.window))

    def _open_trouble(self, what: object) -> None:
        from archisync_gui.ui.dialogs.trouble import TroubleDialog

        item = what if isinstance(what, AccountTypeStatus) else self._trouble_of(str(what))
        if item is None:
            self.window.go("overview")
            return
        key = f"trouble:{item.type}:{item.account}"
        self._show_dialog(key, lambda: TroubleDialog(self.context, item, self.window))

    def _trouble_of(self, account: str) -> AccountTypeStatus | None:
        status = self.context.status
        if status is None:
            return None
        mine = [a for t in status.statuses.values() for a in t.accounts if a.account == account]
        stopped = next((a.stopped for a in status.accounts if a.id == account), None)
        if stopped is not None and mine:
            # What stopped the account may have come from a test login, which no type knows of.
            return next((a for a in mine if a.last_error == stopped), replace(mine[0], last_error=stopped))
        return next((a for a in mine if a.last_error is not None), None)

    def _open_pairing(self) -> None:
        services = self.context.services
        if services is None or services.endpoint is None or not endpoint_address(services.endpoint):
            self.context.say(tr("Pages cannot be connected: the local endpoint is not running."), "bad")
            return
        from archisync_gui.ui.dialogs.pairing import PairingDialog

        pairing = services.endpoint.pairing
        self._show_dialog("pairing", lambda: PairingDialog(self.context, pairing, self.window))

    def _open_diagnostics(self) -> None:
        services = self.context.services
        if services is None:
            self.context.say(tr("Archisync is still starting. Try again in a moment."))
            return
        from archisync_gui.ui.dialogs.diagnostics import DiagnosticsDialog
        from archisync_gui.ui.output.diagnostics import Diagnostics

        bundle = Diagnostics(services, lambda: self.context.status)
        self._show_dialog("diagnostics", lambda: DiagnosticsDialog(self.context, bundle, self.window))

    def demo_menu(self) -> QMenu:
        """The demo's menu *Prova un guasto*."""
        menu = QMenu(self.window)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        services = self.context.services
        if services is None:
            return menu
        first = [f for name in FIRST_FAULTS for f in services.faults if f.name == name]
        rest = [f for f in services.faults if f not in first]
        forms = menu.addAction(tr("Two order forms are opened"))
        forms.triggered.connect(lambda: self.context.background.run(self._two_forms(), "two-forms"))
        for fault in first:
            menu.addAction(_fault_word(fault)).triggered.connect(partial(self._start_fault, fault))
        if rest:
            others = menu.addMenu(tr("&Other faults"))
            for fault in rest:
                others.addAction(_fault_word(fault)).triggered.connect(partial(self._start_fault, fault))
        if services.end_faults is not None:
            menu.addSeparator()
            menu.addAction(tr("All is &well again")).triggered.connect(
                lambda: self.context.background.run(self._end_faults(), "end-faults")
            )
        return menu

    async def _two_forms(self) -> None:
        services = self.context.services
        if services is None:
            return
        for number in (1, 2):
            label = tr("Demo form {number}", number=number)
            await services.orchestrator.smart_customer_sync(secrets.token_urlsafe(24), label=label, wait=False)

    async def _end_faults(self) -> None:
        services = self.context.services
        if services is not None and services.end_faults is not None:
            await services.end_faults()
            self.context.say(tr("Demo: all is well again."))

    def _demo_menu(self) -> None:
        button = self.window.sidebar.demo_button
        self.demo_menu().popup(button.mapToGlobal(button.rect().topLeft()))

    def _start_fault(self, fault: Fault) -> None:
        async def work() -> None:
            await fault.start()
            self.context.say(tr("Demo: {fault}", fault=_fault_word(fault)))

        self.context.background.run(work(), f"fault-{fault.name}")

    # ------------------------------------------------------------------------------------------------ services

    def set_services(self, services: Services) -> None:
        """The services are ready."""
        self.context.set_services(services)
        self._settings()
        if self.context.recall(WATCHES):
            self.window.watches()
        self.window.sidebar.demo_button.setVisible(bool(services.faults))
        if services.crash:
            from archisync_gui.ui.dialogs.crash import CrashDialog

            self._show_dialog("crash", lambda: CrashDialog(services.crash, self.window))
        settings = self.context.settings()
        if not services.demo and not settings.flag("look.first_run_done") and not settings.words("erp.accounts"):
            self.open("first-run")
        if not services.demo:
            self.context.background.run(self._look_for_passwords(services), "passwords")
        self.context.background.run(self._connect_notifications(), "notifications")

    async def _look_for_passwords(self, services: Services) -> None:
        """Which passwords nothing keeps (without a keyring they are in memory only): ask for them as soon as the window
        is shown; until then a notification leads there."""
        if services.has_password is None or services.set_password is None:
            return
        for account in self.context.settings().words("erp.accounts"):
            if not await services.has_password(account):
                self.context.without_password.add(account)
        shown = self.window.looked_at
        if not shown:
            self._told_of = self.context.without_password
            if self.context.status is not None:
                self._status(self.context.status)
        await self._ask_passwords(shown)

    async def _ask_passwords(self, shown: bool) -> None:
        """Ask once for each password that is missing; where that question was closed, the header leads to it."""
        async with self._asking:
            for account in sorted(self.context.without_password - self._asked) if shown else ():
                self._asked.add(account)
                await self._ask_password(account)

    async def _asked_password(self, account: str) -> None:
        """Ask for the password of ``account``, because the operator wants to give it."""
        if self._asking.locked():
            return  # a question is on the screen already
        async with self._asking:
            await self._ask_password(account)

    async def _ask_password(self, account: str) -> None:
        refused = self._password_refused(account)
        if not refused and await self._password_found(account):
            return
        question = tr("Password of {account} for the ERP (without it nothing is read):", account=account)
        if refused:
            question = tr("The ERP refused the password of {account}. The new password:", account=account)
        typed = await ask_text(self.window, question, secret=True, modal=False)
        if typed:
            self.context.say(tr("{account}: logging in…", account=account), "work")
            text, tone = await self.context.save_and_try(account, typed)
            again = (tr("&Enter it again…"), partial(self.open, "password", account)) if tone == "bad" else ("", None)
            self.context.say(f"{account}: {text}", tone, *again)

    def _password_refused(self, account: str) -> bool:
        """True when the ERP refused the password that is kept."""
        status = self.context.status
        found = None if status is None else next((a for a in status.accounts if a.id == account), None)
        return found is not None and found.stopped is not None and found.stopped.code != "password-missing"

    async def _password_found(self, account: str) -> bool:
        """True when there is a password by now, in a keyring that was silent or locked before: the account goes on."""
        services = self.context.services
        if services is None or services.has_password is None or not await services.has_password(account):
            return False
        self.context.without_password.discard(account)
        services.orchestrator.credentials_changed(account)
        return True

    async def _connect_notifications(self) -> None:
        self._means = means = await best_means(self.tray.icon, self._message_opened)
        # What held before anything could be shown is told now.
        now, settings = self.context.now(), self.context.settings()
        waiting = len(self.window.form_request.waiting)
        messages = self.policy.of_requests(waiting, now, settings)
        if self.context.status is not None:
            messages += self.policy.of_status(self.context.status, now, settings, self._told_of)
        for message in messages:
            await self._show(means, message)

    def _settings(self) -> None:
        """Put language and appearance into effect, at once."""
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
            self._dialogs_again()

    # ------------------------------------------------------------------------------------------------ window

    def show(self, hidden: bool = False) -> None:
        """Show the window; ``hidden``: the tray alone, or minimised where there is no tray (yet)."""
        if not hidden:
            self.window.show()
        elif not self.tray.present:
            self.window.showMinimized()
            self.tray.appeared.connect(self._hide_minimised)

    def _shown(self, shown: bool) -> None:
        if shown and self.context.without_password:
            self.context.background.run(self._ask_passwords(shown), "passwords")

    async def first_paint(self) -> None:
        """Wait until the window, if it is shown, was painted: at most a second (a desktop may keep it covered)."""
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
        """Bring the window to the front (a second start, a click on the tray)."""
        self.window.showNormal() if self.window.isMinimized() else self.window.show()
        self.window.raise_()
        self.window.activateWindow()

    def second_start(self, hidden: bool, place: str) -> None:
        """Archisync was started again: do what that start was asked to. Hidden (at login), it asks for nothing."""
        if place:
            self.open_place(place)
        elif not hidden:
            self.raise_window()

    def open_place(self, place: str) -> None:
        """Open what the command line names: a page, a dialog, or ``order-form``."""
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
        self.tray.look()
        if self.tray.present:
            self.window.hide()
            self._tell_once(
                tr("Archisync goes on in the tray"),
                tr("The updates continue. Quit from the icon's menu, or with Ctrl+Q in the window."),
            )
        else:
            self.window.showMinimized()
            if not self._told_no_tray:
                self._told_no_tray = True
                self._tell_once(
                    tr("Archisync goes on, minimised"),
                    tr("This desktop shows no tray icons. The updates continue; quit with Ctrl+Q in the window."),
                )

    def _tell_once(self, title: str, text: str) -> None:
        if self.context.settings().flag("look.tray_told"):
            return
        self._notify([Message("tray", title, text, "settings", "look")])
        change = partial(self.open, "settings", "look.close_to_tray")
        self.context.say(f"{title}. {text}", "", tr("Chan&ge…"), change)
        self.context.apply({"look.tray_told": True})

    def ask_quit(self) -> None:
        """Quit; while a run is active, ask first."""
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
        """Open a page or a dialog, at what it should show."""
        if place in self._dialogs:
            self._dialogs[place](what)
            return
        if place in PARTS:
            place, what = PARTS[place]
        page = self.window.go(place)
        focus = getattr(page, "focus_on", None)
        if callable(focus) and what is not None:
            focus(what)

    def _message_opened(self, message: Message) -> None:
        self.raise_window()
        self.open(message.place, message.what)

    # ------------------------------------------------------------------------------------------------ events

    def _keep_last_known(self, status: Status) -> None:
        """Write for the next start's first picture what changed of it; between the runs, for none changes it."""
        if status.current_run is not None or status.session_count:
            return
        known = of_status(status, words.type_name, language(), self.context.settings().text("look.theme"))
        if self._last_known_file is not None and known != self._last_known:
            self._last_known = known
            self.context.background.run(self._write_last_known(self._last_known_file, known), "last-known")

    async def _write_last_known(self, file: Path, known: LastKnown) -> None:
        async with self._writing:
            if known is not self._last_known:
                return  # a newer one follows
            try:
                await asyncio.to_thread(replace_file, file, known.text())
            except OSError as error:
                log.warning("what the next start shows first was not kept: %s", error)

    def _status(self, status: Status) -> None:
        self._keep_last_known(status)
        if self._means is not None:  # asked only when there is a way to show the answer: it counts as told
            now, settings = self.context.now(), self.context.settings()
            self._notify(self.policy.of_status(status, now, settings, self._told_of))

    def _happened(self, events: Sequence[Event]) -> None:
        if self._means is not None:
            self._notify(self.policy.of_events(events, self.context.now(), self.context.settings()))
        missed = [e for e in events if e.kind is EventKind.SCHEDULE_MISSED]
        said = "".join(missed_sentence(missed_lists(e.data, WHILE_AWAY)) for e in missed[-1:])
        if said:
            self.context.say(said + ".", "", tr("Up&date all"), self.context.sync_all)

    def _said(self, text: str, tone: str) -> None:
        """What was asked for from the tray and did not go is told where it is seen."""
        if tone == "bad" and not self.window.looked_at:
            self._notify([Message("said", "Archisync", text, "overview", urgent=True)])

    def _watch_fired(self, watch: Watch, said: str) -> None:
        """Something happened to a watched record: told in the window, and as a notification outside quiet hours."""
        self.context.say(said + ".", "work", tr("&Open"), partial(self.open, "record", watch.target))
        key = "watch:" + ":".join(watch.target)
        message = Message(key, watch.name, said.removeprefix(f"{watch.name}: ") + ".", "record", watch.target)
        self._notify(self.policy.of_watch(message, self.context.now(), self.context.settings()))

    def _form_waits(self) -> None:
        waiting = len(self.window.form_request.waiting)
        if self._means is not None:
            self._notify(self.policy.of_requests(waiting, self.context.now(), self.context.settings()))

    def _notify(self, messages: Sequence[Message]) -> None:
        means = self._means
        if means is None:
            return
        for message in messages:
            self.context.background.run(self._show(means, message), "notify")

    async def _show(self, means: Means, message: Message) -> None:
        if message.place == "password" and await self._password_found(str(message.what)):
            self.policy.open.discard(message.key)  # nobody was told of it
            return
        try:
            await means.show(message)
        except Exception as error:
            log.warning("a notification could not be shown, the tray shows it: %s", error)
            if not isinstance(means, Balloon):
                self._means = balloon = Balloon(self.tray.icon, self._message_opened)
                await means.close()
                await balloon.show(message)

    # ------------------------------------------------------------------------------------------------ end

    async def show_failure(self, error: BaseException, backups: Sequence[Path] = ()) -> Path | Literal["empty"] | None:
        """Archisync could not start: say what happened and wait until it was read. Where the archive is damaged or
        gone: the backup to be put in its place, or ``empty``, if the operator wants one of the two."""
        box = QMessageBox(self.window)
        box.setWindowTitle("Archisync")
        box.setIcon(QMessageBox.Icon.Critical)
        box.setTextFormat(Qt.TextFormat.PlainText)
        gone = getattr(error, "code", None) == "profile-gone"
        box.setText(tr("Archisync cannot go on.") if gone else tr("Archisync could not start."))
        box.setInformativeText(problem(error))
        box.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        box.addButton(tr("&Quit"), QMessageBox.ButtonRole.RejectRole)
        from archisync_gui.ui.pages.backups import backup_word

        lost = getattr(error, "code", None) in ("damaged", "data-file-missing")
        newest = next(iter(backups), None) if lost else None
        empty = box.addButton(tr("Begin with an &empty archive"), QMessageBox.ButtonRole.ActionRole) if lost else None
        restore = None
        if newest is not None:
            last = tr("The last backup: {backup}.", backup=backup_word(newest))
            box.setInformativeText(f"{problem(error)}\n\n{last}")
            restore = box.addButton(tr("&Restore the last backup"), QMessageBox.ButtonRole.AcceptRole)
        self.raise_window()
        await ask(box)
        if empty is not None and box.clickedButton() is empty:
            return "empty"
        return newest if restore is not None and box.clickedButton() is restore else None

    def show_waiting(self, found: status_words.Headline | None, foot: str = "") -> None:
        """Say what the start waits for; ``None``: it goes on."""
        self.window.show_waiting(found, foot)
        self.tray.show_waiting(found)

    def closing(self) -> None:
        """The services are about to close: say so, and ask them nothing more."""
        if self._closing:
            return
        self._closing = True
        self.context.ending.emit()
        self._keep_memory()
        self.context.bridge.set_shown(False)
        self.context.bridge.detach()
        self.feed.stop()
        self.window.show_closing()

    async def aclose(self) -> None:
        """End everything of the panel: tasks, tray, window, subscription."""
        self.closing()
        for dialog in list(self._open_dialogs.values()):
            dialog.close()
        logging.getLogger().removeHandler(self.log_feed)
        await self.context.background.close()
        if self._means is not None:
            await self._means.close()
        self.tray.close()
        self.window.hide()
        self.window.deleteLater()

    def close(self) -> asyncio.Task[None]:
        """Start :meth:`aclose`; await what it returns."""
        return asyncio.get_running_loop().create_task(self.aclose(), name="ui:close")
