"""Accepting a refused read: shows ten of the records that would vanish; the operator types their number."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QLineEdit, QWidget

from archisync_gui.ui.text.i18n import number, tr
from archisync_gui.ui.widgets.basic import label
from archisync_gui.ui.widgets.dialog import Dialog

NAMED = 10
"""Most records that are named."""


class AcceptDialog(Dialog):
    """Enter, Space and Esc change nothing; *Accept* is enabled when the right number was typed."""

    def __init__(self, name: str, gone: int, names: Sequence[str], parent: QWidget | None = None) -> None:
        """``name``: of the list; ``gone``: number of rows that would vanish; ``names``: titles of some of them."""
        super().__init__(tr("Store the read of {type} as it is?", type=name), parent, 520)
        self._gone = gone
        explained = tr("%n record(s) that it does not have will count as gone. A backup is made first.", "", gone)
        self.body.addWidget(label(explained, wrap=True))
        if names:
            shown = [f"• {title}" for title in names[:NAMED]]
            if gone > len(shown):
                shown.append(tr("… and %n more", "", gone - len(shown)))
            self.body.addWidget(label(tr("Among them:"), "muted"))
            self.body.addWidget(label("\n".join(shown), wrap=True))
        self.body.addWidget(label(tr("To confirm, type the number of records: {count}", count=number(gone)), bold=True))
        self.typed = QLineEdit()
        self.typed.setAccessibleName(tr("Number of records that vanish"))
        self.body.addWidget(self.typed)
        self.yes = self.add_button(tr("&Accept"), self.accept, "danger")
        self.no = self.add_button(tr("&Leave as it is"), self.reject)
        self.no.setDefault(True)
        self.typed.textChanged.connect(self._check)
        self._check()
        self.no.setFocus()

    def _check(self, *_: object) -> None:
        digits = "".join(sign for sign in self.typed.text() if sign.isalnum())
        right = digits == str(self._gone)
        self.yes.setEnabled(right)
        self.yes.setToolTip("" if right else tr("Type the number of records first"))
