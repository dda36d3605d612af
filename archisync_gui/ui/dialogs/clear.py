"""Clearing a list: the list's name is typed, a backup is made, and the list is read again."""

from __future__ import annotations

from PySide6.QtWidgets import (
    QLineEdit,
    QWidget,
)

from archisync_gui.ui.live.context import Context
from archisync_gui.ui.text import words
from archisync_gui.ui.text.i18n import plain, tr
from archisync_gui.ui.widgets.basic import label
from archisync_gui.ui.widgets.dialog import Dialog


class ClearDialog(Dialog):
    """Clear a list and read it again: the operator types the list's name; a backup is made first."""

    def __init__(
        self, context: Context, sync_type: str, account: str, rows: int, parent: QWidget | None = None
    ) -> None:
        name = words.type_name(sync_type)
        super().__init__(tr("Clear {type} and read again", type=name), parent)
        self._context, self._type, self._name = context, sync_type, name
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
        running = status is not None and status.current_sync == self._type
        self.yes.setEnabled(right and not running)
        why = tr("This list is being read: wait for its end, or cancel it") if running else ""
        self.yes.setToolTip(plain(why) or ("" if right else tr("Type the list's name first")))
