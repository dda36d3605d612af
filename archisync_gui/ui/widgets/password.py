"""A password field whose text can be shown."""

from __future__ import annotations

from PySide6.QtWidgets import QCheckBox, QLineEdit, QWidget

from archisync_gui.ui.text.i18n import tr
from archisync_gui.ui.widgets.basic import row


class PasswordField(QWidget):
    """A password field with a check box that shows the text."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = QLineEdit()
        self.field.setEchoMode(QLineEdit.EchoMode.Password)
        self.show_box = QCheckBox()
        layout = row(self, gap=8)
        layout.addWidget(self.field, 1)
        layout.addWidget(self.show_box)
        self.setFocusProxy(self.field)
        self.show_box.toggled.connect(self._show)
        self.retranslate()

    def retranslate(self) -> None:
        """Set all texts in the present language."""
        self.show_box.setText(tr("Show", "password"))
        self.field.setPlaceholderText(tr("New password"))

    def _show(self, shown: bool) -> None:
        mode = QLineEdit.EchoMode.Normal if shown else QLineEdit.EchoMode.Password
        self.field.setEchoMode(mode)
