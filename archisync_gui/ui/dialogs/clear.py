"""Clearing a list: the operator types its name, a backup is made, and the list is read again."""

from __future__ import annotations

from PySide6.QtWidgets import (
    QLineEdit,
    QWidget,
)

from archisync_gui.model import Status
from archisync_gui.ui.live.context import Context
from archisync_gui.ui.text import words
from archisync_gui.ui.text.i18n import message, plain, tr
from archisync_gui.ui.widgets.basic import label
from archisync_gui.ui.widgets.dialog import Dialog


def why_not(status: Status, sync_type: str, account: str) -> str:
    """Why a list cannot be cleared now (it could not be read again, or is being read); empty: it can. ``account``
    empty: a shared list, which any account can read."""
    readers = [known for known in status.accounts if known.enabled and account in ("", known.id)]
    if not readers:
        return tr("No account reads this list: enter one in Settings")
    if all(known.stopped is not None for known in readers):
        return message("clear.stopped", account=readers[0].id)
    if status.current_sync == sync_type:
        return tr("This list is being read: wait for its end, or cancel it")
    return ""


def _waits(status: Status) -> str:
    """Why the list would not be read again at once; empty: it would."""
    if status.hold_since is not None:
        return message("clear.held")
    return message("clear.behind-forms") if status.session_count else ""


class ClearDialog(Dialog):
    """Clear a list and read it again: the operator types the list's name; a backup is made first."""

    def __init__(
        self, context: Context, sync_type: str, account: str, rows: int, parent: QWidget | None = None
    ) -> None:
        name = words.type_name(sync_type)
        super().__init__(tr("Clear {type} and read again", type=name), parent)
        self._context, self._type, self._account, self._name = context, sync_type, account, name
        whose = tr(" of {account}", account=account) if account else ""
        self.body.addWidget(
            label(
                tr(
                    "%n stored row(s){whose} are removed and the list is read again from the ERP. Until that is done "
                    "the order form finds nothing of it. The change history stays, a backup is made first; nothing "
                    "in the ERP changes.",
                    "",
                    rows,
                    whose=whose,
                ),
                wrap=True,
            )
        )
        self.waits = label(name="warn", wrap=True)
        self.body.addWidget(self.waits)
        self.body.addWidget(label(tr("To confirm, type: {name}", name=name), bold=True))
        self.typed = QLineEdit()
        self.typed.setAccessibleName(tr("Name of the list"))
        self.body.addWidget(self.typed)
        self.yes = self.add_button(tr("Clear and &read again"), self.accept, "danger")
        leave = self.add_button(tr("&Leave as it is"), self.reject)
        leave.setDefault(True)
        self.typed.textChanged.connect(self._check)
        self._check()
        context.bridge.status_changed.connect(self._check)

    def _check(self, *_: object) -> None:
        right = self.typed.text().strip().casefold() == self._name.casefold()
        status = self._context.status
        why = why_not(status, self._type, self._account) if status is not None else ""
        self.waits.setText(_waits(status) if status is not None else "")
        self.waits.setVisible(bool(self.waits.text()))
        self.yes.setEnabled(right and not why)
        self.yes.setToolTip(plain(why) or ("" if right else tr("Type the list's name first")))
