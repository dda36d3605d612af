"""Pairing a page: the operator types the code that the page shows, and chooses what the page may do."""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QLineEdit,
    QWidget,
)

from archisync_gui.ui.live.context import Context, problem
from archisync_gui.ui.live.services import Pairing, account_ids
from archisync_gui.ui.text.i18n import lasting, tr
from archisync_gui.ui.widgets.basic import label, row
from archisync_gui.ui.widgets.dialog import Dialog

SCOPES = ("sessions", "watch", "operate")
"""The scopes that a page may ask for, the least first."""


def scope_words(scope: str) -> tuple[str, str]:
    """A scope's short name, and what it allows."""
    return {
        "sessions": (tr("Order form"), tr("Read customers, products and prices, keep drafts, make other reads wait")),
        "watch": (tr("Look"), tr("See what is read, what waits and what happened")),
        "operate": (
            tr("Operate"),
            tr("Start and cancel reads; pause, resume and change intervals for the whole office"),
        ),
    }[scope]


class PairingDialog(Dialog):
    """Pairs a page within two minutes: the operator types its six digits (three attempts) and chooses its scopes."""

    def __init__(self, context: Context, pairing: Pairing, parent: QWidget | None = None) -> None:
        super().__init__(tr("Connect a page"), parent, 520)
        self._context, self._pairing = context, pairing
        self._done = False
        explained = tr("In the page that wants to connect, press Connect. It shows six digits: type them here.")
        self.body.addWidget(label(explained, wrap=True))
        self.waiting = label(name="muted", wrap=True)
        self.body.addWidget(self.waiting)
        self.digits = QLineEdit()
        self.digits.setMaxLength(9)
        self.digits.setPlaceholderText("000 000")
        self.digits.setAccessibleName(tr("Six digits"))
        font = self.digits.font()
        font.setPointSizeF(font.pointSizeF() * 1.6)
        self.digits.setFont(font)
        self.account = QComboBox()
        self.account.setAccessibleName(tr("For which account"))
        names = account_ids(context.status) if context.status is not None else ()
        for name in names:
            self.account.addItem(name, name)
        if len(names) > 1:
            self.account.addItem(tr("all accounts"), None)
        self.account.currentIndexChanged.connect(self._show_whose)
        line = row(gap=8)
        line.addWidget(self.digits, 1)
        line.addWidget(self.account)
        self.body.addLayout(line)
        self.whose = label(name="muted", wrap=True)
        self.body.addWidget(self.whose)
        self.may = label(tr("What it may do:"), bold=True)
        self.body.addWidget(self.may)
        self.scopes = {scope: QCheckBox(scope_words(scope)[0]) for scope in SCOPES}
        self.meanings = {scope: label(scope_words(scope)[1], "muted", 0.92, wrap=True) for scope in SCOPES}
        self._suggested: frozenset[str] = frozenset()
        """The requested scopes when the choice was last preset; the operator's choice stays until these change."""
        for scope, box in self.scopes.items():
            self.body.addWidget(box)
            self.body.addWidget(self.meanings[scope])
            box.setAccessibleDescription(self.meanings[scope].text())
            box.toggled.connect(self._show_button)
        self.message = label(name="bad", wrap=True)
        self.body.addWidget(self.message)
        self.left = label(name="muted")
        self.body.addWidget(self.left)
        self.connect_button = self.add_button(tr("C&onnect"), self._confirm, "primary")
        self.add_button(tr("&Cancel"), self.close)
        self.digits.returnPressed.connect(self._confirm)
        self.digits.textChanged.connect(self._show_button)
        self._second = QTimer(self, interval=1000)
        self._second.timeout.connect(self._show)
        self._second.start()
        self._unsubscribe = pairing.subscribe(self._show)
        pairing.begin()
        self._show_whose()
        for part in (*self.scopes.values(), *self.meanings.values()):
            part.hide()
        self.may.hide()
        self._show()
        self._show_button()

    def _show_button(self, *_: object) -> None:
        typed = sum(c.isdigit() for c in self.digits.text()) == 6
        chosen = any(box.isChecked() for box in self.scopes.values() if not box.isHidden())
        self.connect_button.setEnabled(typed and chosen)
        self.connect_button.setToolTip(
            tr("Type the six digits first") if not typed else "" if chosen else tr("Choose what it may do first")
        )

    def _show_whose(self, *_: object) -> None:
        name = self.account.currentData()
        self.whose.setText(
            tr("It sees and asks for the data of {account} only, and the lists that all share.", account=name)
            if name is not None
            else tr("It sees and asks for the data of all accounts.")
        )
        self.whose.setVisible(self.account.count() > 0)

    def _show_scopes(self, requested: frozenset[str]) -> None:
        """Offer the scopes that the waiting pages ask for. Only the least is preselected."""
        if requested == self._suggested:
            return
        self._suggested = requested
        least = next((scope for scope in SCOPES if scope in requested), "")
        for scope, box in self.scopes.items():
            box.setVisible(scope in requested)
            self.meanings[scope].setVisible(scope in requested)
            box.setChecked(scope == least)
        self.may.setVisible(bool(requested))

    def _show(self) -> None:
        if self._done:
            return
        pages = [p for p in self._pairing.pending() if not p.own]
        if pages:
            nameless, program = tr("a page without a name"), tr("a program")
            names = "\n".join(f"{p.name or nameless} · {p.origin or program}" for p in pages)
            self.waiting.setText(tr("Waiting to be let in:") + "\n" + names)
        else:
            self.waiting.setText(tr("No page has asked yet."))
        self._show_scopes(frozenset(str(scope) for p in pages for scope in p.scopes))
        seconds = self._pairing.seconds_left
        if seconds <= 0:
            self.left.setText(tr("The time is over. Close this window and start again."))
            self.digits.setEnabled(False)
            self.digits.setToolTip(tr("The time is over"))
        else:
            self.left.setText(
                tr("{time} left · %n attempt(s) left", "", self._pairing.tries_left, time=lasting(seconds))
            )

    def _confirm(self) -> None:
        if not self.connect_button.isEnabled():
            return
        try:
            chosen = [scope for scope, box in self.scopes.items() if box.isChecked() and not box.isHidden()]
            page = self._pairing.confirm(self.digits.text(), account=self.account.currentData(), scopes=chosen)
        except Exception as error:
            self.message.setText(problem(error))
            self.digits.selectAll()
            self._show()
            return
        self._done = True
        self._context.say(tr("{name} is connected.", name=page.name or page.origin or ""), "ok")
        self.close()

    def done(self, code: int) -> None:
        """End the pairing, however the dialog is closed (button, Esc, the window's cross)."""
        self._second.stop()
        self._unsubscribe()
        if not self._done:
            self._pairing.cancel()
        super().done(code)
