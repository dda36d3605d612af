"""The panel's dialogs: opened by name, one of each, made when they are first needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial

from PySide6.QtWidgets import QDialog

from archisync_gui.model import AccountTypeStatus
from archisync_gui.ui.live.context import Context
from archisync_gui.ui.live.services import endpoint_address
from archisync_gui.ui.shell.passwords import Passwords
from archisync_gui.ui.shell.window import MainWindow
from archisync_gui.ui.text.i18n import tr


class Dialogs:
    """Opens the dialogs, and knows which are open."""

    def __init__(self, context: Context, window: MainWindow, passwords: Passwords) -> None:
        self._context, self._window, self._passwords = context, window, passwords
        self.open_now: dict[str, QDialog] = {}
        """Dialogs by name; the names ``run:…`` and ``trouble:…`` contain their subject."""
        self._makers: dict[str, Callable[[], QDialog]] = {}
        self._closing = False
        context.ending.connect(self._on_ending)
        self._places: dict[str, Callable[[object], object]]
        self._places = {
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

    def _on_ending(self) -> None:
        self._closing = True

    def open(self, place: str, what: object) -> bool:
        """Open the dialog of that place; ``what``: what it should show. False: the place is not a dialog."""
        opens = self._places.get(place)
        if opens is None:
            return False
        opens(what)
        return True

    def show(
        self, name: str, make: Callable[[], QDialog], is_outdated: Callable[[QDialog], bool] | None = None
    ) -> QDialog:
        """Open a dialog, or raise the open one of that name; if ``is_outdated`` says so, replace that by a new one."""
        found = self.open_now.get(name)
        if found is not None and is_outdated is not None and is_outdated(found):
            self._makers[name] = make
            found = self._remake(name, found)
        if found is None:
            found = self.open_now[name] = make()
            self._makers[name] = make
            found.destroyed.connect(partial(self._forget, name, found))
        found.show()
        found.raise_()
        found.activateWindow()
        return found

    def _open_sessions(self) -> None:
        from archisync_gui.ui.dialogs.sessions import SessionsDialog

        self.show("sessions", lambda: SessionsDialog(self._context, self._window))

    def _open_first_run(self) -> None:
        from archisync_gui.ui.dialogs.first_run import FirstRun

        found = self.show("first-run", lambda: FirstRun(self._context, self._window))
        self._first_steps(True)
        found.destroyed.connect(partial(self._first_steps, False))

    def _first_steps(self, shown: bool, *_: object) -> None:
        header = self._window.header
        header.first_steps = shown
        if self._context.status is not None and not self._closing:
            header.show_status(self._context.status)

    def _open_about(self) -> None:
        from archisync_gui.ui.dialogs.about import AboutDialog

        self.show("about", lambda: AboutDialog(self._context, self._window))

    def _open_one_customer(self) -> None:
        from archisync_gui.ui.dialogs.one_customer import OneCustomerDialog

        self.show("one-customer", lambda: OneCustomerDialog(self._context, self._window))

    def _open_office(self) -> None:
        office = self._context.office
        if office is None:
            self._context.say(tr("Archisync is still starting. Try again in a moment."))
            return
        from archisync_gui.ui.dialogs.office import OfficeDialog

        self.show("office", lambda: OfficeDialog(self._context, office, self._window))

    def _open_password(self, what: object) -> None:
        self._context.background.run(self._passwords.ask_for(str(what)), "password")

    def _open_why(self, what: object) -> None:
        from archisync_gui.ui.dialogs.why import WhyDialog

        before = self.open_now.get("why")
        dialog = self.show("why", lambda: WhyDialog(self._context, self._window))
        if isinstance(dialog, WhyDialog) and isinstance(what, datetime):
            dialog.explain(what)
        elif isinstance(dialog, WhyDialog) and dialog is before:
            dialog.explain_now()

    def _forget(self, name: str, dialog: QDialog, *_: object) -> None:
        if self.open_now.get(name) is dialog:
            del self.open_now[name], self._makers[name]

    def remake_all(self) -> None:
        """Make all open dialogs again, for another language, except the first run, which changes its texts itself."""
        for name, dialog in list(self.open_now.items()):
            if name != "first-run":
                self._remake(name, dialog)

    def _remake(self, name: str, dialog: QDialog) -> QDialog:
        """Replace a dialog by a new one at the same place."""
        place, make = dialog.geometry(), self._makers[name]
        self._forget(name, dialog)
        dialog.close()
        made = self.show(name, make)
        made.setGeometry(place)
        return made

    def _open_run(self, what: object) -> None:
        self._context.background.run(self._run_details(str(what)), "run-details")

    async def _run_details(self, run_id: str) -> None:
        services = self._context.services
        if services is None or services.store is None:
            return
        run = await services.store.run(run_id)
        if run is None:
            self._context.say(tr("This run is no longer in the history."))
            return
        from archisync_gui.ui.dialogs.run_details import RunDetails

        self.show(
            f"run:{run_id}",
            lambda: RunDetails(self._context, run, self._window),
            lambda shown: isinstance(shown, RunDetails) and shown.run != run,
        )

    def _open_trouble(self, what: object) -> None:
        from archisync_gui.ui.dialogs.trouble import TroubleDialog

        item = what if isinstance(what, AccountTypeStatus) else self._trouble_of(str(what))
        if item is None:
            self._window.go("overview")
            return
        key = f"trouble:{item.type}:{item.account}"
        self.show(
            key,
            lambda: TroubleDialog(self._context, item, self._window),
            lambda shown: isinstance(shown, TroubleDialog) and shown.item.last_run_id != item.last_run_id,
        )

    def _trouble_of(self, account: str) -> AccountTypeStatus | None:
        status = self._context.status
        if status is None:
            return None
        mine = [a for t in status.statuses.values() for a in t.accounts if a.account == account]
        stopped = next((a.stopped for a in status.accounts if a.id == account), None)
        if stopped is not None and mine:
            # The error that stopped the account may come from a test login, which is in no list's status.
            return next((a for a in mine if a.last_error == stopped), replace(mine[0], last_error=stopped))
        return next((a for a in mine if a.last_error is not None), None)

    def _open_pairing(self) -> None:
        services = self._context.services
        if services is None or services.endpoint is None or not endpoint_address(services.endpoint):
            self._context.say(tr("Pages cannot be connected: the local endpoint is not running."), "bad")
            return
        from archisync_gui.ui.dialogs.pairing import PairingDialog

        pairing = services.endpoint.pairing
        self.show("pairing", lambda: PairingDialog(self._context, pairing, self._window))

    def _open_diagnostics(self) -> None:
        services = self._context.services
        if services is None:
            self._context.say(tr("Archisync is still starting. Try again in a moment."))
            return
        from archisync_gui.ui.dialogs.diagnostics import DiagnosticsDialog
        from archisync_gui.ui.output.diagnostics import Diagnostics

        bundle = Diagnostics(services, lambda: self._context.status)
        self.show("diagnostics", lambda: DiagnosticsDialog(self._context, bundle, self._window))
