"""The ERP accounts in the settings: a card for each, with its state, its password, and where that is stored."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtWidgets import QLineEdit, QPushButton, QWidget
from shiboken6 import isValid

from archisync_gui.model import Status
from archisync_gui.settings import Settings
from archisync_gui.ui.live.context import Context, problem
from archisync_gui.ui.text import status_words
from archisync_gui.ui.text.choices import place_word
from archisync_gui.ui.text.i18n import message, plain, tr
from archisync_gui.ui.widgets.basic import Flow, card, column, label, row, set_look
from archisync_gui.ui.widgets.dialog import confirm_loss
from archisync_gui.ui.widgets.password import PasswordField


class AccountCard(QWidget):
    """One account: its state with time, a field for a new password, and a button that tries and saves the password."""

    def __init__(self, context: Context, name: str, demo: bool) -> None:
        super().__init__()
        self._context, self._name, self._demo = context, name, demo
        frame = card()
        column(self).addWidget(frame)
        inside = column(frame, (14, 10, 14, 12), 6)
        first = row(gap=8)
        first.addWidget(label(name, bold=True))
        self._busy: set[QPushButton] = set()
        """Buttons whose action is under way."""
        self._password_place: str | None = None
        """Where the password is stored; ``None``: not known yet."""
        self.state = label(wrap=True)
        first.addWidget(self.state, 1)
        inside.addLayout(first)
        self.forms = label(name="session", wrap=True)
        """The order forms that are open for the account, with their computers."""
        inside.addWidget(self.forms)
        self.password = PasswordField()
        self.save, self.test, self.keep, self.remove = QPushButton(), QPushButton(), QPushButton(), QPushButton()
        self.keep.hide()
        inside.addWidget(self.password)
        buttons = Flow()
        for button in (self.save, self.test, self.keep, self.remove):
            buttons.addWidget(button)
        inside.addLayout(buttons)
        self.result = label(wrap=True)
        self.result.hide()
        inside.addWidget(self.result)
        self.place = label(name="muted", wrap=True)
        inside.addWidget(self.place)
        self._connect()
        self.retranslate()

    def retranslate(self) -> None:
        """Set all texts in the present language; typed text stays."""
        name = self._name
        self.password.retranslate()
        self.password.field.setAccessibleName(tr("Password of {account}", account=name))
        self.save.setText(tr("Save and try"))
        self.save.setAccessibleName(tr("Save the password of {account} and try it", account=name))
        self.test.setText(tr("Test login"))
        self.test.setAccessibleName(tr("Test login of {account}", account=name))
        self.keep.setText(tr("Keep in a file"))
        self.keep.setAccessibleName(tr("Keep the password of {account} in a file", account=name))
        self.keep.setToolTip(
            tr("A file in the data folder that only you can read; whoever has your disk can read it too")
        )
        self.remove.setText(tr("Remove"))
        self.remove.setAccessibleName(tr("Remove {account}", account=name))
        self._show_buttons()
        self._show_place()
        self.show_status(self._context.status)

    def _show_buttons(self) -> None:
        services, running = self._context.services, tr("The test is running")
        can_keep = services is not None and services.set_password is not None and not self._demo
        why = "" if can_keep else tr("The demo's accounts have their passwords")
        for part in (self.password.field, self.password.show_box):
            part.setEnabled(can_keep)
            part.setToolTip(plain(why))
        self.save.setEnabled(can_keep and self.save not in self._busy)
        self.save.setToolTip(plain(running if self.save in self._busy else why))
        can_test = services is not None and services.test_login is not None
        why = tr("Really logs in to the ERP, once, with the stored password") if can_test else tr("Not available here")
        self.test.setEnabled(can_test and self.test not in self._busy)
        self.test.setToolTip(plain(running if self.test in self._busy else why))

    @contextmanager
    def _working(self, button: QPushButton) -> Iterator[None]:
        """Mark ``button``'s action as under way. The card may be deleted before it ends."""
        self._busy.add(button)
        self._show_buttons()
        self._say(tr("logging in…"))
        try:
            yield
        finally:
            self._busy.discard(button)
            if isValid(self):
                self._show_buttons()

    def _connect(self) -> None:
        services, run = self._context.services, self._context.background.run
        self.remove.setVisible(not self._demo)
        # Without an owner: the typed password is saved even if the card is deleted before the login has ended.
        self.save.clicked.connect(lambda: run(self._save(), "password"))
        self.password.field.returnPressed.connect(self.save.click)
        self.keep.clicked.connect(lambda: run(self._keep(), "keep-password", self))
        self.test.clicked.connect(lambda: run(self._test(), "test-login", self))
        self.remove.clicked.connect(lambda: run(self._remove(), "remove-account"))
        if not self._demo and services is not None and services.password_place is not None:
            run(self._show_password_place(), "password-place", self)

    def show_status(self, status: Status | None) -> None:
        """Show the account's state with its time."""
        text, tone = status_words.account_line(status, self._name, self._context.now())
        self.state.setText(text)
        set_look(self.state, tone)
        forms = status_words.forms_line(status, self._name, self._context.now())
        self.forms.setText(forms)
        self.forms.setVisible(bool(forms))

    def _say(self, text: str, tone: str = "muted") -> None:
        """Show the result of the last action."""
        self.result.setText(text)
        self.result.setVisible(bool(text))
        set_look(self.result, tone)

    async def _show_password_place(self) -> None:
        services = self._context.services
        if services is not None and services.password_place is not None:
            self._password_place = await services.password_place(self._name)
            if isValid(self):
                self._show_place()

    def _show_place(self) -> None:
        services, kept_in = self._context.services, self._password_place
        self.place.setText(tr("demo account") if self._demo else "" if kept_in is None else place_word(kept_in))
        self.place.setVisible(self._demo or kept_in is not None)
        self.keep.setVisible(kept_in == "memory" and services is not None and services.keep_in_file is not None)

    async def _save(self) -> None:
        typed = self.password.field.text()
        if not typed:
            self._say(tr("Type the password first."), "warn")
            self.password.field.setFocus()
            return
        with self._working(self.save):
            try:
                text, tone = await self._context.save_and_try(self._name, typed)
            except Exception as error:
                text, tone = problem(error), "bad"
        if not isValid(self):
            self._context.say(f"{self._name}: {text}", tone)
            return
        if tone != "bad" and self.password.field.text() == typed:
            self.password.field.clear()
        self._say(text, tone)
        await self._show_password_place()

    async def _keep(self) -> None:
        services = self._context.services
        if services is None or services.keep_in_file is None:
            return
        try:
            await services.keep_in_file(self._name)
        except Exception as error:
            self._say(problem(error), "bad")
            return
        await self._show_password_place()

    async def _test(self) -> None:
        services = self._context.services
        if services is None or services.test_login is None:
            return
        with self._working(self.test):
            try:
                found = await services.test_login(self._name, None)
                self._say(found.text, "ok" if found.ok else "bad")
            except Exception as error:
                self._say(problem(error), "bad")

    async def _remove(self) -> None:
        name = self._name
        question = tr("Remove the account {account}?", account=name)
        detail = tr(
            "Its stored data stay, but are no longer read again. Its password is removed from this computer. "
            "The account in the ERP is not touched."
        )
        services = self._context.services
        if services is None or not await confirm_loss(self, question, detail, tr("&Remove")):
            return
        await services.apply_settings(
            lambda now: {"erp.accounts": [kept for kept in now.words("erp.accounts") if kept != name]}
        )
        self._context.settings_changed.emit()
        if services.password_left is not None and await services.password_left(name):
            self._context.say(message("password-left", account=name), "bad")


class Accounts(QWidget):
    """The cards of all accounts, and a line to add one."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self.cards: dict[str, AccountCard] = {}
        self._rows = column(gap=8)
        self.add_name = QLineEdit()
        self.add_button = QPushButton()
        outer = column(self, gap=10)
        outer.addLayout(self._rows)
        line = row(gap=8)
        line.addWidget(self.add_name, 1)
        line.addWidget(self.add_button)
        outer.addLayout(line)
        self.add_button.clicked.connect(self._add)
        self.add_name.returnPressed.connect(self._add)
        context.bridge.status_changed.connect(self._status)
        self.retranslate()

    def retranslate(self) -> None:
        self.add_name.setPlaceholderText(tr("User name in the ERP"))
        self.add_name.setAccessibleName(tr("User name in the ERP"))
        self.add_button.setText(tr("Add &account"))
        for made in self.cards.values():
            made.retranslate()
        self.show_settings(self._context.settings(), self._context.status)

    def _status(self, status: Status) -> None:
        if self.isVisible():
            for made in self.cards.values():
                made.show_status(status)

    def show_settings(self, settings: Settings, status: Status | None) -> None:
        """Show the accounts in use."""
        services = self._context.services
        demo = services is not None and services.demo
        names = tuple(a.id for a in status.accounts) if demo and status is not None else settings.words("erp.accounts")
        self.add_name.setVisible(not demo)
        self.add_button.setVisible(not demo)
        for made in self.cards.values():
            made.show_status(status)
        if tuple(self.cards) == names:
            return
        before = self.cards  # cards that stay are reused: they keep typed text and actions under way
        self.cards = {name: before.get(name) or AccountCard(self._context, name, demo) for name in names}
        for gone in before.keys() - self.cards.keys():
            self._rows.removeWidget(before[gone])
            before[gone].deleteLater()
        for made in self.cards.values():
            self._rows.addWidget(made)

    def _add(self) -> None:
        name = self.add_name.text().strip()
        if not name:
            self._context.say(tr("Type the user name first."))
            return
        self.add_name.clear()
        # A function of the settings at the time of the change: two changes at once are both kept.
        self._context.apply(lambda now: {"erp.accounts": [*now.words("erp.accounts"), name]})
