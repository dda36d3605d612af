"""The office of several computers: creating, joining and leaving one; which computer reads the ERP, and the members.

The actions are those of ``archisync-gui office …``.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLineEdit, QWidget

from archisync_gui.model import Status
from archisync_gui.ui.live.context import Context, problem
from archisync_gui.ui.live.services import Office, OfficeChecked, OfficeSeen
from archisync_gui.ui.text.i18n import message, moment, plain, tr
from archisync_gui.ui.widgets.basic import column, label, set_look
from archisync_gui.ui.widgets.dialog import Dialog, confirm_loss
from archisync_gui.ui.widgets.password import PasswordField

log = logging.getLogger(__name__)

LOOK_INTERVAL = 5000
"""Milliseconds from one query of the office's state to the next."""
EXAMPLE = "postgresql://office@server:5432/office"


class OfficeDialog(Dialog):
    """For a single computer: a form to create or join an office, after a check that changes nothing. For a member: the
    state of its office, and leaving it."""

    def __init__(self, context: Context, office: Office, parent: QWidget | None = None) -> None:
        super().__init__(message("office-dialog.title"), parent, 600)
        self._context, self._office = context, office
        self._busy = ""
        """Text about the action that is under way; no other one can be started meanwhile. Empty: none is."""
        self._found: OfficeChecked | None = None
        self.form, self.state = QWidget(), QWidget()
        self._make_form()
        self._make_state()
        self.body.addWidget(self.form)
        self.body.addWidget(self.state)
        self.said = label(wrap=True)
        self.body.addWidget(self.said)
        self.upgrade = QCheckBox(message("office-dialog.upgrade"))
        self.body.addWidget(self.upgrade)
        self.check = self.add_button(message("office-dialog.check"), lambda: self._begin(self._check()))
        self.make = self.add_button(message("office-dialog.create"), lambda: self._begin(self._create()))
        self.join = self.add_button(message("office-dialog.join"), lambda: self._begin(self._join()), "primary")
        self.again = self.add_button(message("office-dialog.again"), self._show_form)
        self.leave = self.add_button(message("office-dialog.leave"), lambda: self._begin(self._leave()), "danger")
        close = self.add_button(tr("&Close"), self.close)
        self.check.setDefault(True)
        for field in (self.address, self.password.field):
            field.textChanged.connect(self._forget_check)
        self.upgrade.toggled.connect(self._show_buttons)
        context.bridge.status_changed.connect(self._status)
        self._timer = QTimer(self, interval=LOOK_INTERVAL)
        self._timer.timeout.connect(self._look_again)
        self._member = bool(office.address)
        self._show_part()
        if self._member:
            close.setFocus()
            self._look_again()
        else:
            self.address.setFocus()

    def _make_form(self) -> None:
        layout = column(self.form, gap=10)
        layout.addWidget(label(message("office-dialog.explained"), "muted", wrap=True))
        grid = QGridLayout()
        grid.setColumnStretch(1, 1)
        self.address, self.password = QLineEdit(self._office.address), PasswordField()
        self.address.setPlaceholderText(EXAMPLE)
        self.password.field.setPlaceholderText("")
        names = ("office-dialog.address", "office-dialog.password")
        for at, (code, control) in enumerate(zip(names, (self.address, self.password.field), strict=True)):
            name = label(message(code))
            name.setBuddy(control)
            control.setAccessibleName(message(code).replace("&", ""))
            grid.addWidget(name, at, 0)
            grid.addWidget(self.address if at == 0 else self.password, at, 1)
        layout.addLayout(grid)
        self.may_lead = QCheckBox(message("office-dialog.may-lead"))
        self.may_lead.setChecked(self._office.may_lead)
        layout.addWidget(self.may_lead)

    def _make_state(self) -> None:
        layout = column(self.state, gap=10)
        self.place = label(bold=True, wrap=True)
        self.members = label(wrap=True)
        self.without_copy = QCheckBox(message("office-dialog.without-copy"))
        for part in (self.place, self.members, self.without_copy):
            layout.addWidget(part)

    def _show_part(self) -> None:
        """Show the form, or the state of the office."""
        self.form.setVisible(not self._member)
        self.state.setVisible(self._member)
        self.check.setVisible(not self._member)
        self.join.setVisible(not self._member)
        self.again.setVisible(self._member)
        self.leave.setVisible(self._member)
        self._say("")
        self._show_buttons()

    def _show_form(self) -> None:
        """Let a member enter its office's address or password again."""
        self._timer.stop()
        self._member = False
        self._show_part()
        self.password.field.setFocus()

    # ------------------------------------------------------------------------------------------------ what is shown

    def _say(self, text: str, tone: str = "") -> None:
        self.said.setText(text)
        self.said.setVisible(bool(text))
        set_look(self.said, tone)

    def _forget_check(self, *_: object) -> None:
        """Drop the result of a check: it belongs to another address or password."""
        self._found = None
        if not self._busy:
            self._say("")
        self._show_buttons()

    def _status(self, _: Status) -> None:
        self._show_buttons()

    def _show_buttons(self, *_: object) -> None:
        found, status = self._found, self._context.status
        exists = found is not None and found.seen.exists
        older = found is not None and found.older
        self.upgrade.setVisible(not self._member and older)
        self.make.setVisible(not self._member and found is not None and not exists)
        missing = "" if self.address.text().strip() else message("office-dialog.address-first")
        self._enable(self.check, self._busy or missing)
        self._enable(self.make, self._busy)
        reading = status is not None and status.current_run is not None
        wait = tr("A list is being read: wait for its end, or cancel it") if reading else ""
        unready = "" if exists else message("office-dialog.check-first")
        old = message("office-dialog.upgrade-first") if older and not self.upgrade.isChecked() else ""
        self._enable(self.join, self._busy or unready or old or wait)
        self._enable(self.again, self._busy)
        self._enable(self.leave, self._busy or wait)

    def _enable(self, button: QWidget, hindrance: str) -> None:
        button.setEnabled(not hindrance)
        button.setToolTip(plain(hindrance))

    # ------------------------------------------------------------------------------------------------ doing

    def _begin(self, work: Awaitable[None]) -> None:
        """Start an action; only one runs at a time. Its error is shown here; it is cancelled with the dialog."""

        async def done() -> None:
            try:
                await work
            except Exception as error:
                log.info("the office: %s", error)
                self._busy = ""
                self._say(problem(error), "bad")
            else:
                self._busy = ""
            self._show_buttons()

        self._busy = message("office-dialog.working")
        self._show_buttons()
        self._context.background.run(done(), "office", self)

    def _typed(self) -> tuple[str, str]:
        return self.address.text().strip(), self.password.field.text()

    async def _check(self) -> None:
        typed = self._typed()
        self._found = None
        self._say(message("office-dialog.checking"), "muted")
        found = await self._office.check(*typed)
        if self._typed() != typed:
            self._say("")
            return
        self._found = found
        self.upgrade.setChecked(False)
        self._say("\n".join(found_lines(found)))
        if found.seen.exists:
            self.join.setFocus()

    async def _create(self) -> None:
        typed = self._typed()
        self._say(message("office-dialog.creating"), "muted")
        await self._office.create(*typed)
        await self._check()

    async def _join(self) -> None:
        found, typed = self._found, self._typed()
        if found is None:
            return
        question = message("office-dialog.join-question", path=found.seen.place)
        if await confirm_loss(self, question, joining_text(found), message("office-dialog.join-yes")):
            self._office.join(*typed, may_lead=self.may_lead.isChecked(), upgrade=self.upgrade.isChecked())

    async def _leave(self) -> None:
        copy = not self.without_copy.isChecked()
        question, yes = message("office-dialog.leave-question"), message("office-dialog.leave-yes")
        detail = message("office-dialog.leave-copying" if copy else "office-dialog.leave-without-copy")
        if await confirm_loss(self, question, detail, yes):
            self._office.leave(copy=copy)

    # ------------------------------------------------------------------------------------------------ looking

    def _look_again(self) -> None:
        if not self._busy and self._member:
            self._context.background.run(self._look(), "office-look", self)
            self._timer.stop()  # until the answer is there

    async def _look(self) -> None:
        try:
            seen = await self._office.look()
        except Exception as error:
            log.info("the office cannot be looked at: %s", error)
            self._show_state(None, problem(error))
        else:
            self._show_state(seen)
        if self._member:
            self._timer.start()

    def _show_state(self, seen: OfficeSeen | None, trouble: str = "") -> None:
        if not self._member or self._busy:
            return
        self._say(trouble, "bad")
        if seen is None:
            self.members.setText("")
            return
        self.place.setText(message("office-dialog.place", path=seen.place, version=seen.version))
        self.members.setText("\n".join(self._member_lines(seen)))

    def _member_lines(self, seen: OfficeSeen) -> list[str]:
        now = self._context.now()
        lines = [_leader_line(seen, moment(seen.since, now) if seen.since is not None else "")]
        for member in seen.members:
            since = moment(member.since, now)
            lines.append(message("office-dialog.member", name=member.name, time=since, version=member.version))
        lines += server_lines(seen)
        return lines

    def done(self, code: int) -> None:
        """Stop the queries of the server, however the dialog is closed."""
        self._timer.stop()
        super().done(code)


def _leader_line(seen: OfficeSeen, since: str) -> str:
    if seen.leader is None:
        return message("office-dialog.nobody-leads")
    return message("office-dialog.leads", name=seen.leader, time=since)


def server_lines(seen: OfficeSeen) -> list[str]:
    """Texts about the connection to the server."""
    lines = [message("office-dialog.encrypted" if seen.tls else "office-dialog.not-encrypted")]
    if not seen.room:
        lines.append(message("office-few-connections", path=seen.place, free=seen.free))
    return lines


def found_lines(found: OfficeChecked) -> list[str]:
    """The result of a check, and what can be done now."""
    seen = found.seen
    lines = [message("office-dialog.place", path=seen.place, version=seen.version), *server_lines(seen)]
    if not seen.exists:
        return [*lines, message("office-dialog.no-office")]
    names = ", ".join(member.name for member in seen.members)
    lines.append(message("office-dialog.takes-part", names=names) if names else message("office-dialog.nobody"))
    if found.older:
        lines.append(message("office-dialog.older"))
    return [*lines, joining_text(found)]


def joining_text(found: OfficeChecked) -> str:
    """What joining copies, and what stays on this computer."""
    return message("office-dialog.brings" if found.brings else "office-dialog.takes-over")
