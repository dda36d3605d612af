"""The box of Find in the header. The results (``find``) are made when it is first used."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit

from archisync_gui.ui.text.i18n import tr


class FindBox(QLineEdit):
    """The box in the header. Arrow keys, Enter and Esc are emitted as signals for the results."""

    moved = Signal(int)
    chosen = Signal()
    left = Signal()
    entered = Signal()
    """The box got the keyboard focus."""

    def retranslate(self) -> None:
        """Set all texts in the present language."""
        self.setPlaceholderText(tr("Find… (Ctrl+K)"))
        self.setAccessibleName(tr("Find in all lists"))
        self.setToolTip(tr("Customers, orders, delivery notes, parcels, invoices, articles: name, number or phone"))
        self.setFixedWidth(self.fontMetrics().horizontalAdvance("0") * 26)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.entered.emit()
        super().focusInEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        match event.key():
            case Qt.Key.Key_Down:
                self.moved.emit(1)
            case Qt.Key.Key_Up:
                self.moved.emit(-1)
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self.chosen.emit()
            case Qt.Key.Key_Escape:
                self.left.emit()
            case _:
                super().keyPressEvent(event)
                return
        event.accept()
