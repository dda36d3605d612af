"""The ERP accounts in the settings: one card each, with its state, its password, and where that is kept."""

from __future__ import annotations

from PySide6.QtWidgets import QLineEdit, QPushButton, QWidget

from archisync_gui.model import Status
from archisync_gui.settings import Settings
from archisync_gui.ui.live.context import Context, problem
from archisync_gui.ui.text import status_words
from archisync_gui.ui.text.choices import place_word
from archisync_gui.ui.text.i18n import language, plain, tr
from archisync_gui.ui.widgets.basic import Flow, card, column, label, row, set_look
from archisync_gui.ui.widgets.dialog import confirm_loss
from archisync_gui.ui.widgets.password import PasswordField


class AccountCard(QWidget):
    """One account: its dated state, a field for a new password, one button that keeps it and really logs in."""

    def __init__(self, context: Context, name: str, demo: bool) -> None:
        super().__init__()
        self._context, self._name, self._demo = context, name, demo
        frame = card()
        column(self).addWidget(frame)
        inside = column(frame, (14, 10, 14, 12), 6)
        first = row(gap=8)
        first.addWidget(label(name, bold=True))
        self.state = label(wrap=True)
        first.addWidget(self.state, 1)
        inside.addLayout(first)
        self.forms = label(name="session", wrap=True)
        """Which order forms are open for it, and where."""
        inside.addWidget(self.forms)
        self.password = PasswordField()
        self.password.field.setAccessibleName(tr("Password of {account}", account=name))
        self.save = QPushButton(tr("Save and try"))
        self.save.setAccessibleName(tr("Save the password of {account} and try it", account=name))
        self.test = QPushButton(tr("Test login"))
        self.test.setAccessibleName(tr("Test login of {account}", account=name))
        self.keep = QPushButton(tr("Keep in a file"))
        self.keep.setAccessibleName(tr("Keep the password of {account} in a file", account=name))
        self.keep.setToolTip(
            tr("A file in the data folder that only you can read; whoever has your disk can read it too")
        )
        self.keep.hide()
        self.remove = QPushButton(tr("Remove"))
        self.remove.setAccessibleName(tr("Remove {account}", account=name))
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
        self.show_status(context.status)

    def _connect(self) -> None:
        services, run = self._context.services, self._context.background.run
        can_keep = services is not None and services.set_password is not None and not self._demo
        why = "" if can_keep else tr("The demo's accounts have their passwords")
        for part in (self.password.field, self.password.show_box, self.save):
            part.setEnabled(can_keep)
            part.setToolTip(plain(why))
        can_test = services is not None and services.test_login is not None
        self.test.setEnabled(can_test)
        self.test.setToolTip(
            tr("Really logs in to the ERP, once, with the stored password") if can_test else tr("Not available here")
        )
        self.remove.setVisible(not self._demo)
        self.save.clicked.connect(lambda: run(self._save(), "password", self))
        self.password.field.returnPressed.connect(self.save.click)
        self.keep.clicked.connect(lambda: run(self._keep(), "keep-password", self))
        self.test.clicked.connect(lambda: run(self._test(), "test-login", self))
        self.remove.clicked.connect(lambda: run(self._remove(), "remove-account"))
        if self._demo:
            self.place.setText(tr("demo account"))
        elif services is not None and services.password_place is not None:
            run(self._show_place(), "password-place", self)
        self.place.setVisible(bool(self.place.text()))

    def show_status(self, status: Status | None) -> None:
        """The account's state with its time."""
        text, tone = status_words.account_line(status, self._name, self._context.now())
        self.state.setText(text)
        set_look(self.state, tone)
        forms = status_words.forms_line(status, self._name, self._context.now())
        self.forms.setText(forms)
        self.forms.setVisible(bool(forms))

    def _say(self, text: str, tone: str = "muted") -> None:
        """The result of the last action."""
        self.result.setText(text)
        self.result.setVisible(bool(text))
        set_look(self.result, tone)

    async def _show_place(self) -> None:
        services = self._context.services
        if services is not None and services.password_place is not None:
            place = await services.password_place(self._name)
            self.place.setText(place_word(place))
            self.place.show()
            self.keep.setVisible(place == "memory" and services.keep_in_file is not None)

    async def _save(self) -> None:
        typed = self.password.field.text()
        if not typed:
            self._say(tr("Type the password first."), "warn")
            self.password.field.setFocus()
            return
        self.save.setEnabled(False)
        self.save.setToolTip(tr("The test is running"))
        self._say(tr("logging in…"))
        try:
            text, tone = await self._context.save_and_try(self._name, typed)
            if tone != "bad":
                self.password.field.clear()
            self._say(text, tone)
        except Exception as error:
            self._say(problem(error), "bad")
        finally:
            self.save.setEnabled(True)
            self.save.setToolTip("")
        await self._show_place()

    async def _keep(self) -> None:
        services = self._context.services
        if services is None or services.keep_in_file is None:
            return
        try:
            await services.keep_in_file(self._name)
        except Exception as error:
            self._say(problem(error), "bad")
            return
        await self._show_place()

    async def _test(self) -> None:
        services = self._context.services
        if services is None or services.test_login is None:
            return
        self.test.setEnabled(False)
        self.test.setToolTip(tr("The test is running"))
        self._say(tr("logging in…"))
        try:
            found = await services.test_login(self._name, None)
            self._say(found.text, "ok" if found.ok else "bad")
        except Exception as error:
            self._say(problem(error), "bad")
        finally:
            self.test.setEnabled(True)
            self.test.setToolTip(tr("Really logs in to the ERP, once, with the stored password"))

    async def _remove(self) -> None:
        name = self._name
        question = tr("Remove the account {account}?", account=name)
        detail = tr(
            "Its stored data stay, but are no longer read again. Its password is removed from this computer. "
            "The account in the ERP is not touched."
        )
        if await confirm_loss(self, question, detail, tr("&Remove")):
            self._context.apply(
                lambda now: {"erp.accounts": [kept for kept in now.words("erp.accounts") if kept != name]}
            )


class Accounts(QWidget):
    """All cards, and a line to add an account."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._made: tuple[str, tuple[str, ...]] = ("", ())
        """Language and names of the cards."""
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
        if (language(), names) == self._made:
            return
        self._made = language(), names
        while self._rows.count():
            item = self._rows.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.deleteLater()
        self.cards = {name: AccountCard(self._context, name, demo) for name in names}
        for made in self.cards.values():
            self._rows.addWidget(made)

    def _add(self) -> None:
        name = self.add_name.text().strip()
        if not name:
            self._context.say(tr("Type the user name first."))
            return
        self.add_name.clear()
        # Of the settings when they are changed, not of those shown: two changes at once are both kept.
        self._context.apply(lambda now: {"erp.accounts": [*now.words("erp.accounts"), name]})
