"""The crash report of the previous run."""

from __future__ import annotations

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QPlainTextEdit,
    QWidget,
)

from archisync_gui.ui.text.i18n import tr
from archisync_gui.ui.widgets.basic import label
from archisync_gui.ui.widgets.dialog import Dialog


class CrashDialog(Dialog):
    """The report about a crash or unclean exit that was found at this start, with a button that copies it."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(tr("Archisync did not close properly last time"), parent, 640)
        explained = tr(
            "The stored data were checked and are sound. If this happens again, copy the report and send it to whoever "
            "looks after Archisync; it holds no passwords."
        )
        self.body.addWidget(label(explained, wrap=True))
        self.report = QPlainTextEdit(text)
        self.report.setReadOnly(True)
        self.report.setAccessibleName(tr("Report"))
        self.body.addWidget(self.report, 1)
        self.copy = self.add_button(tr("C&opy the report"), self._copy, "primary")
        self.add_button(tr("&Close"), self.close)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.report.toPlainText())
        self.copy.setText(tr("Copied"))
