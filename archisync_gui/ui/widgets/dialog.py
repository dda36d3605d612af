"""The base class of the dialogs, and the question before something is lost."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import (
    QDialog,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from archisync_gui.ui.text.i18n import tr
from archisync_gui.ui.widgets.basic import ask, label, row

LETTER = 17
"""Usual height of a line of text, in pixels."""


class Dialog(QDialog):
    """A dialog with a headline, room for content and buttons at the bottom; not modal by itself."""

    def __init__(self, title: str, parent: QWidget | None = None, width: int = 560) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        # ``width`` is for text of the usual height; larger text needs more in proportion.
        self.setMinimumWidth(round(width * max(1.0, self.fontMetrics().height() / LETTER)))
        outer = QVBoxLayout(self)
        outer.setContentsMargins(20, 18, 20, 16)
        outer.setSpacing(12)
        self.headline = label(title, factor=1.15, bold=True, wrap=True)
        outer.addWidget(self.headline)
        self.body = QVBoxLayout()
        self.body.setSpacing(10)
        outer.addLayout(self.body, 1)
        self.buttons = row(gap=8)
        self.buttons.addStretch(1)
        outer.addLayout(self.buttons)

    def event(self, event: QEvent) -> bool:
        """Become higher when a text became longer: a layout with wrapped text does not do so by itself."""
        kind = event.type()  # before super(): the event may delete the dialog
        done = super().event(event)
        layout = self.layout() if kind in (QEvent.Type.LayoutRequest, QEvent.Type.Show) else None
        if layout is not None and layout.hasHeightForWidth():
            needed = layout.totalHeightForWidth(self.width())
            if needed > self.height():
                self.resize(self.width(), needed)
        return done

    def add_button(self, text: str, act: Callable[[], object], name: str = "") -> QPushButton:
        """Add a button at the right; ``name``: its style, e.g. ``primary`` or ``danger``."""
        button = QPushButton(text)
        if name:
            button.setObjectName(name)
        button.setAutoDefault(False)
        button.clicked.connect(lambda: act())
        self.buttons.addWidget(button)
        return button


class Confirm(Dialog):
    """A question before something is lost: the harmless answer has the focus, and Enter, Space and Esc choose it."""

    def __init__(self, question: str, detail: str, yes: str, no: str, parent: QWidget | None = None) -> None:
        super().__init__(question, parent, 480)
        self.setWindowTitle("Archisync")
        self.detail = label(detail, wrap=True)
        self.body.addWidget(self.detail)
        self.yes = self.add_button(yes, self.accept, "danger")
        self.no = self.add_button(no, self.reject)
        self.no.setDefault(True)
        self.no.setFocus()


async def confirm_loss(parent: QWidget, question: str, detail: str, yes: str, no: str = "") -> bool:
    """Ask before something is lost; True only if ``yes`` was pressed."""
    return await ask(Confirm(question, detail, yes, no or tr("&Leave as it is"), parent)) == QDialog.DialogCode.Accepted
