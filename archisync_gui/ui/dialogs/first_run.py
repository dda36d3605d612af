"""The first run: language, ERP and account (or the demo), test, order form, intervals. Every step can be skipped."""

from __future__ import annotations

import re
from typing import Any

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QLineEdit, QPushButton, QSpinBox, QStackedWidget, QWidget
from shiboken6 import isValid

from archisync_gui import messages
from archisync_gui.settings import Settings, SettingsError, interval_key, setting
from archisync_gui.ui.live.context import Context, problem
from archisync_gui.ui.text import words
from archisync_gui.ui.text.choices import choice_word, no_keyring
from archisync_gui.ui.text.i18n import language, tr
from archisync_gui.ui.widgets.basic import column, inset, label, row
from archisync_gui.ui.widgets.dialog import Dialog
from archisync_gui.ui.widgets.password import PasswordField


def complete_address(typed: str) -> str:
    """The typed address with ``https://``, and without the part after ``/Archibald`` that the address of a page has."""
    text = typed.strip()
    if not text:
        return ""
    if "://" not in text:
        text = f"https://{text}"
    found = re.match(r"(?i)(https?://[^/?#]+/archibald)(?=[/?#]|$)", text)
    return found[1] if found else text


class FirstRun(Dialog):
    """The steps of the first run. Before *Finish* only the language is saved, and the address when the login is
    tested."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(tr("Welcome to Archisync"), parent, 600)
        self._context = context
        self.stack = QStackedWidget()
        self.body.addWidget(self.stack, 1)
        self.wrong = label(name="bad", wrap=True)
        self.body.addWidget(self.wrong)
        self.step = label(name="muted")
        self.buttons.insertWidget(0, self.step)
        self.back = self.add_button("", self._go_back)
        self.skip = self.add_button("", self._skip)
        self.next = self.add_button("", self._next, "primary")
        self.language = QComboBox()
        self.url, self.account = QLineEdit(), QLineEdit()
        self.url_wrong = label(name="bad", wrap=True)
        self.secret = PasswordField()
        self.password = self.secret.field
        self.read_now = QCheckBox()
        self.read_now.setChecked(True)
        self.test = QPushButton()
        self.outcome = label(wrap=True)
        self.form, self.demo = QPushButton(), QPushButton()
        self.intervals: dict[str, QSpinBox] = {}
        self._lists: list[tuple[str, QLabel, QSpinBox]] = []
        self._names: list[QLabel] = []
        """Labels above the fields of the ERP step; the placeholders inside them vanish at the first letter."""
        self._texts: list[tuple[Any, str]] = []
        for make in (self._language_step, self._erp_step, self._test_step, self._form_step, self._intervals_step):
            self.stack.addWidget(make())
        self.language.currentIndexChanged.connect(self._language_chosen)
        self.test.clicked.connect(lambda: context.background.run(self._test(), "first-test", self))
        self.form.clicked.connect(context.open_order_form)
        self.demo.clicked.connect(self._open_demo)
        self._retranslate()
        self._go_to(0)

    # ------------------------------------------------------------------------------------------------ steps

    def _page(self, *parts: QWidget) -> QWidget:
        page = QWidget()
        inside = column(page, (0, 4, 0, 4), 10)
        for part in parts:
            inside.addWidget(part)
        inside.addStretch(1)
        return page

    def _language_step(self) -> QWidget:
        for choice in setting("look.language").choices:
            self.language.addItem(choice_word(choice), choice)
        self.language.setCurrentIndex(max(0, self.language.findData(self._context.settings().text("look.language"))))
        self._welcome = label(wrap=True)
        return self._page(self._welcome, self.language)

    def _erp_step(self) -> QWidget:
        self._erp_text, self._demo_text = label(wrap=True), label(name="muted", wrap=True)
        self.url.setText(self._context.settings().text("erp.url"))
        line = QWidget()
        inside = row(line)
        inside.addWidget(self._demo_text, 1)
        inside.addWidget(self.demo)
        fields = QWidget()
        form = column(fields, gap=4)
        for part, field in ((self.url, self.url), (self.account, self.account), (self.secret, self.password)):
            name = label(name="muted")
            name.setBuddy(field)
            self._names.append(name)
            form.addWidget(name)
            form.addWidget(part)
            if field is self.url:
                form.addWidget(self.url_wrong)
            form.addSpacing(6)
        return self._page(self._erp_text, fields, line)

    def _test_step(self) -> QWidget:
        self._test_text = label(wrap=True)
        line = QWidget()
        inside = row(line)
        inside.addWidget(self.test)
        inside.addStretch(1)
        return self._page(self._test_text, line, self.outcome)

    def _form_step(self) -> QWidget:
        self._form_text = label(wrap=True)
        line = QWidget()
        inside = row(line)
        inside.addWidget(self.form)
        inside.addStretch(1)
        return self._page(self._form_text, line)

    def _intervals_step(self) -> QWidget:
        self._intervals_text = label(wrap=True)
        parts: list[QWidget] = [self._intervals_text]
        services = self._context.services
        for entity in services.entities if services is not None else ():
            key = interval_key(entity.name)
            declared = setting(key)
            spin = QSpinBox()
            spin.setRange(0, declared.high)
            spin.setValue(self._context.settings().number(key))
            inset(spin)
            self.intervals[key] = spin
            line = QWidget()
            inside = row(line)
            name = label()
            name.setBuddy(spin)
            self._lists.append((entity.name, name, spin))
            name.setMinimumWidth(140)
            inside.addWidget(name)
            inside.addWidget(spin)
            inside.addStretch(1)
            parts.append(line)
        parts.append(self.read_now)
        return self._page(*parts)

    def changeEvent(self, event: QEvent) -> None:
        """The language may also be changed elsewhere while this dialog is open."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.LanguageChange:
            self._retranslate()
            self._show()

    def _retranslate(self) -> None:
        for at in range(self.language.count()):
            self.language.setItemText(at, choice_word(str(self.language.itemData(at))))
        for sync_type, name, spin in self._lists:
            name.setText(words.type_name(sync_type))
            spin.setAccessibleName(words.type_name(sync_type))
            spin.setSuffix(" " + tr("min"))
        self.setWindowTitle(tr("Welcome to Archisync"))
        self.headline.setText(tr("Welcome to Archisync"))
        self.back.setText(tr("&Back"))
        self.skip.setText(tr("&Skip"))
        self._welcome.setText(
            tr(
                "Archisync keeps a fresh copy of the office's data from the ERP and gives it to the order form. It "
                "only reads: nothing in the ERP is ever changed. Which language do you prefer?"
            )
        )
        self.language.setAccessibleName(tr("Language"))
        self._erp_text.setText(tr("Where is the ERP, and with which account are the lists read?"))
        for name, text in zip(
            self._names, (tr("Address of the ERP"), tr("User name in the ERP"), tr("Password")), strict=True
        ):
            name.setText(text)
        self.url.setPlaceholderText("https://erp.example.test/Archibald")
        self.url.setAccessibleName(tr("Address of the ERP"))
        self.account.setAccessibleName(tr("User name in the ERP"))
        self.password.setAccessibleName(tr("Password"))
        self._demo_text.setText(tr("Just looking? The demo has invented data and an ERP of its own, nothing real."))
        self.demo.setText(tr("Open the &demo"))
        self._test_text.setText(tr("Try it: Archisync logs in to the ERP once, for real, and says what it found."))
        self.test.setText(tr("&Test login"))
        self._form_text.setText(
            tr(
                "The order form opens in your browser and gets fresh customers by itself. Pages of your own can be "
                "connected later in Settings, Connected pages."
            )
        )
        self.form.setText(tr("Open order &form"))
        self.secret.retranslate()
        self.read_now.setText(tr("Read all lists now, which takes some minutes, whatever the hour"))
        self._intervals_text.setText(
            tr("How often is each list read, in minutes? 0: only on request. The usual values suit most offices.")
        )

    # ------------------------------------------------------------------------------------------------ moving on

    def _show(self) -> None:
        at, last = self.stack.currentIndex(), self.stack.count() - 1
        self.step.setText(tr("Step {at} of {all}", at=at + 1, all=last + 1))
        self.back.setEnabled(at > 0)
        self.back.setToolTip("" if at else tr("This is the first step"))
        self.skip.setVisible(at < last)
        self.next.setText(tr("&Finish") if at == last else tr("&Next"))
        self.next.setDefault(True)

    def _go_to(self, step: int) -> None:
        self.stack.setCurrentIndex(step)
        self.wrong.setText("")
        self._show()
        self._focus_first()

    def _focus_first(self) -> None:
        """Give the keyboard focus to the first field of the step."""
        page = self.stack.currentWidget()
        fields = page.findChildren(QWidget) if page is not None else []
        first = next((f for f in fields if isinstance(f, (QLineEdit, QComboBox, QPushButton, QSpinBox))), None)
        if first is not None:
            first.setFocus()

    def _go_back(self) -> None:
        self._go_to(max(0, self.stack.currentIndex() - 1))

    def _skip(self) -> None:
        self._go_to(min(self.stack.count() - 1, self.stack.currentIndex() + 1))

    def _open_demo(self) -> None:
        services = self._context.services
        if services is None or services.open_demo is None:
            self.wrong.setText(tr("The demo cannot be opened from here."))
        elif services.open_demo():
            self._context.say(tr("The demo opens in a window of its own. This one waits here."))
            self.close()
        else:
            self.wrong.setText(tr("The system did not start the demo. Start it by hand: archisync-gui --demo"))

    def _language_chosen(self, *_: object) -> None:
        self._context.background.run(self._keep({"look.language": self.language.currentData()}, ""), "first-language")

    def _next(self) -> None:
        self.next.setEnabled(self.stack.currentIndex() < self.stack.count() - 1)  # one click finishes, not two
        self._context.background.run(self._step(), "first-run")

    async def _step(self) -> None:
        try:
            await self._keep_step()
        finally:
            if isValid(self):  # it may have been closed meanwhile
                self.next.setEnabled(True)

    async def _keep_step(self) -> None:
        """Check the fields of this step and go to the next one; in the last step save everything."""
        if self.stack.currentIndex() == 1 and not self._address_is_good():
            return
        if self.stack.currentIndex() < self.stack.count() - 1:
            self._skip()
            return
        changes: dict[str, object] = {key: spin.value() for key, spin in self.intervals.items()}
        changes["look.first_run_done"] = True
        account, password, read_now = self.account.text().strip(), self.password.text(), self.read_now.isChecked()
        if self.url.text().strip() or account:
            if not self._address_is_good():
                self._go_to(1)
                self._address_is_good()
                return
            changes["erp.url"] = self.url.text()
        if not await self._keep(changes, account) or not await self._keep_password(account, password):
            return
        if read_now and self._context.settings().words("erp.accounts"):
            self._context.sync_all()
        if isValid(self):
            self.close()

    def _address_is_good(self) -> bool:
        """Complete the typed address, and show what is wrong with it. Empty fields are accepted (a skipped step)."""
        typed = complete_address(self.url.text())
        self.url.setText(typed)
        self.url_wrong.setText("")
        if not typed and not self.account.text().strip():
            return True
        try:
            if not typed:
                raise SettingsError("erp.url", "setting-url")
            setting("erp.url").check(typed)
        except SettingsError as error:
            self.url_wrong.setText(str(messages.text(error.code, language(), error.params)))
            self.url.setFocus()
            return False
        return True

    async def _keep(self, changes: dict[str, object], account: str) -> bool:
        """Save changed settings and, unless empty, one more account. False: they were refused; the reason is shown."""

        def changed(now: Settings) -> dict[str, object]:
            return changes | {"erp.accounts": [*now.words("erp.accounts"), *([account] if account else [])]}

        services = self._context.services
        if services is None:
            self.wrong.setText(tr("Archisync is still starting."))
            return False
        try:
            await services.apply_settings(changed)
        except SettingsError as error:
            self._say_wrong(str(messages.text(error.code, language(), error.params)))
            return False
        except Exception as error:
            self._say_wrong(problem(error))
            return False
        self._context.settings_changed.emit()
        if isValid(self):
            self.wrong.setText("")
            self._retranslate()
            self._show()
        return True

    def _say_wrong(self, text: str) -> None:
        """Show an error in the dialog, or as a notice if the dialog was closed meanwhile."""
        if isValid(self):
            self.wrong.setText(text)
        else:
            self._context.say(text, "bad")

    async def _keep_password(self, name: str, password: str) -> bool:
        services = self._context.services
        if services is None or services.set_password is None or not (name and password):
            return True
        try:
            kept = await self._context.set_password(name, password)
        except Exception as error:
            self._say_wrong(problem(error))
            return False
        if isValid(self):
            no_keyring_text = tr("{no_keyring} Settings can keep it in a file.", no_keyring=no_keyring())
            self.outcome.setText("" if kept else no_keyring_text)
            self.password.clear()
        return True

    async def _test(self) -> None:
        services = self._context.services
        name = self.account.text().strip() or next(iter(self._context.settings().words("erp.accounts")), "")
        if services is None or services.test_login is None or not name:
            self.outcome.setText(tr("Enter address and account in the step before."))
            return
        self.test.setEnabled(False)
        self.test.setToolTip(tr("The test is running"))
        self.outcome.setText(tr("logging in…"))
        try:
            # The only setting but the language that is saved before the end: without it no login is possible.
            if address := complete_address(self.url.text()):
                await services.apply_settings({"erp.url": address})
                self._context.settings_changed.emit()
            found = await services.test_login(name, self.password.text() or None)
            self.outcome.setText(found.text)
        except Exception as error:
            self.outcome.setText(problem(error))
        finally:
            if isValid(self):  # the dialog may have been closed meanwhile
                self.test.setEnabled(True)
                self.test.setToolTip("")
