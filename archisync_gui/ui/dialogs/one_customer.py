"""One customer's data: showing what is stored, exporting it into a file, erasing it from the whole profile."""

from __future__ import annotations

import re

from PySide6.QtWidgets import QCheckBox, QLineEdit, QPushButton, QWidget

from archisync_gui.model import SyncFailure
from archisync_gui.store.personal import Holding
from archisync_gui.ui.live.context import Context, problem
from archisync_gui.ui.live.services import Services
from archisync_gui.ui.text import words
from archisync_gui.ui.text.i18n import message, plain, tr
from archisync_gui.ui.widgets.basic import label, row
from archisync_gui.ui.widgets.dialog import Dialog, confirm_loss
from archisync_gui.ui.widgets.files import ask_where


class OneCustomerDialog(Dialog):
    """Find a customer, see what is stored, export or erase it."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(message("one-customer.title"), parent)
        self._context = context
        self._holding: Holding | None = None
        self.body.addWidget(label(message("one-customer.explained"), "muted", wrap=True))
        self.wanted = QLineEdit()
        self.wanted.setPlaceholderText(message("one-customer.wanted"))
        self.wanted.setAccessibleName(message("one-customer.wanted"))
        self.look = QPushButton(message("one-customer.find"))
        self.look.setDefault(True)
        line = row(gap=8)
        line.addWidget(self.wanted, 1)
        line.addWidget(self.look)
        self.body.addLayout(line)
        self.said = label(wrap=True)
        self.body.addWidget(self.said)
        self.backups = QCheckBox()
        self.body.addWidget(self.backups)
        run = context.background.run
        self.export = self.add_button(
            message("one-customer.export"), lambda: run(self._export(), "export-customer", self)
        )
        self.erase = self.add_button(
            message("one-customer.erase"), lambda: run(self._erase(), "erase-customer", self), "danger"
        )
        self.add_button(tr("&Close"), self.close)
        self.look.clicked.connect(lambda: run(self._find(), "find-customer", self))
        self.wanted.textChanged.connect(lambda: self._show(None))
        context.bridge.status_changed.connect(self._show_buttons)
        self._show(None)
        self.wanted.setFocus()

    async def _find(self) -> None:
        services, wanted = self._context.services, self.wanted.text().strip()
        if services is None or services.find_customer is None or not wanted:
            return
        self._show(None, message("one-customer.finding"))
        try:
            holding = await services.find_customer(wanted)
        except Exception as error:
            self._show(None, problem(error))
            if not isinstance(error, SyncFailure | OSError):
                raise
            return
        if self.wanted.text().strip() == wanted:
            self._show(holding, found_text(holding))

    def _show(self, holding: Holding | None, said: str = "") -> None:
        self._holding = holding
        self.said.setText(said)
        self.backups.setChecked(False)
        count = len(holding.backups) if holding is not None else 0
        self.backups.setText(message("one-customer.backups", count=count))
        self.backups.setVisible(count > 0)
        self._show_buttons()

    def _show_buttons(self, *_: object) -> None:
        services, status = self._context.services, self._context.status
        here = services is not None and services.find_customer is not None
        self.look.setEnabled(here)
        self.look.setToolTip("" if here else tr("Not available here"))
        found = self._holding is not None
        missing = message("one-customer.find-first") if not found else ""
        self.export.setEnabled(found)
        self.export.setToolTip(plain(missing))
        running = status is not None and status.current_run is not None
        self.erase.setEnabled(found and not running)
        self.erase.setToolTip(tr("A list is being read: wait for its end, or cancel it") if running else plain(missing))

    def _services(self) -> Services:
        assert self._context.services is not None  # else the buttons are disabled
        return self._context.services

    async def _export(self) -> None:
        holding, export = self._holding, self._services().export_customer
        if holding is None or export is None:
            return
        path = await ask_where(self, message("one-customer.title"), file_name(holding), ("zip",))
        if path is not None:
            try:
                await export(holding, path)
            except (SyncFailure, OSError) as error:
                self.said.setText(problem(error))
            else:
                self.said.setText(message("one-customer.exported", name=path.name))

    async def _erase(self) -> None:
        holding, erase = self._holding, self._services().erase_customer
        if holding is None or erase is None:
            return
        question = message("one-customer.confirm", name=named(holding))
        detail, backups = message("one-customer.confirm-detail"), self.backups.isChecked()
        if self._context.office is not None and self._context.office.address:
            detail = f"{detail} {message('one-customer.confirm-office')}"
        if backups:
            detail = f"{detail} {message('one-customer.confirm-backups')}"
        if await confirm_loss(self, question, detail, message("one-customer.yes")):
            erase(holding, backups)


PARTS = (
    "changes",
    "kept_reads",
    "drafts",
    "past_orders",
    "runs",
    "events",
    "explanations",
    "notes",
    "watches",
    "office",
    "log",
)
"""The kinds of stored data about a customer besides the rows of the lists."""


def file_name(holding: Holding) -> str:
    """The export's proposed name without ending. The key may be a name as typed, with signs that no file may have."""
    return "archisync-" + re.sub(r"[^\w.-]+", "-", holding.key)


def named(holding: Holding) -> str:
    """The customer's name for a heading."""
    return holding.name or f"{message('one-customer.unnamed')} ({holding.key})"


def found_text(holding: Holding) -> str:
    """``Bar Sport (50120): Customers 1, Orders 4, Changes 12.``"""
    counts = ", ".join(f"{_kind(name)} {count}" for name, count in holding.counts.items())
    name = holding.name or message("one-customer.unnamed")
    return message("one-customer.found", name=name, key=holding.key, counts=counts or message("one-customer.nothing"))


def _kind(name: str) -> str:
    return message(f"one-customer.{name}") if name in PARTS else words.type_name(name)
