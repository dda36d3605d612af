"""The demo's menu *Try a fault*: starts faults of the demo ERP, and opens order forms."""

from __future__ import annotations

import secrets
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu

from archisync_gui.ui.live.context import Context
from archisync_gui.ui.live.services import Fault
from archisync_gui.ui.shell.window import MainWindow
from archisync_gui.ui.text.i18n import language, tr

FIRST_FAULTS = (
    "session-expired-now",
    "slow",
    "truncated-list",
    "browser-killed",
    "unavailable-503",
    "connection-dropped",
    "login-refused",
)
"""The faults in the menu itself; the others are in its submenu."""


def _fault_word(fault: Fault) -> str:
    return fault.it if language() == "it" else fault.en


class DemoMenu:
    """Starts faults of the demo ERP and shows a notice about each."""

    def __init__(self, context: Context, window: MainWindow) -> None:
        self._context, self._window = context, window

    def menu(self) -> QMenu:
        """The menu *Try a fault*."""
        menu = QMenu(self._window)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        services = self._context.services
        if services is None:
            return menu
        first = [f for name in FIRST_FAULTS for f in services.faults if f.name == name]
        rest = [f for f in services.faults if f not in first]
        forms = menu.addAction(tr("Two order forms are opened"))
        forms.triggered.connect(lambda: self._context.background.run(self._two_forms(), "two-forms"))
        for fault in first:
            menu.addAction(_fault_word(fault)).triggered.connect(partial(self._start_fault, fault))
        if rest:
            others = menu.addMenu(tr("&Other faults"))
            for fault in rest:
                others.addAction(_fault_word(fault)).triggered.connect(partial(self._start_fault, fault))
        if services.end_faults is not None:
            menu.addSeparator()
            menu.addAction(tr("All is &well again")).triggered.connect(
                lambda: self._context.background.run(self._end_faults(), "end-faults")
            )
        return menu

    async def _two_forms(self) -> None:
        services = self._context.services
        if services is None:
            return
        for number in (1, 2):
            label = tr("Demo form {number}", number=number)
            await services.orchestrator.smart_customer_sync(secrets.token_urlsafe(24), label=label, wait=False)

    async def _end_faults(self) -> None:
        services = self._context.services
        if services is not None and services.end_faults is not None:
            await services.end_faults()
            self._context.say(tr("Demo: all is well again."))

    def _start_fault(self, fault: Fault) -> None:
        async def work() -> None:
            await fault.start()
            self._context.say(tr("Demo: {fault}", fault=_fault_word(fault)))

        self._context.background.run(work(), f"fault-{fault.name}")

    def open(self) -> None:
        button = self._window.sidebar.demo_button
        self.menu().popup(button.mapToGlobal(button.rect().topLeft()))
