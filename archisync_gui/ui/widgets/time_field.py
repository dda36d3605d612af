"""A field for a time of day that accepts several formats: ``21:30``, ``2130``, ``21.30``, ``9``."""

from __future__ import annotations

import re

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

STEP = 15
"""Minutes by which an arrow key changes the time."""

PAGE = 60
"""Minutes by which Page Up and Page Down change it."""

_TYPED = re.compile(r"(?:([01]?\d|2[0-3])(?:[:.,hH ]([0-5]\d))?|([01]?\d|2[0-3])([0-5]\d))")


def parse_time(text: str) -> str | None:
    """``text`` as ``HH:MM``; ``None`` if it is not a time of day. ``930`` is 09:30, ``9`` is 09:00."""
    found = _TYPED.fullmatch(text.strip())
    if found is None:
        return None
    hours, minutes = found[1] or found[3], found[2] or found[4] or "00"
    return f"{int(hours):02}:{minutes}"


class TimeField(QLineEdit):
    """Arrow keys and Page keys change the time. A text that is not a time stays as it was typed."""

    changed = Signal()
    """The value may have changed: the operator finished typing, or pressed an arrow key."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMaxLength(8)
        self.setMaximumWidth(110)
        self.editingFinished.connect(self._ended)

    def value(self) -> str:
        """``HH:MM``; the typed text if it is not a time, so that the setting's check can reject it."""
        return parse_time(self.text()) or self.text().strip()

    def set_value(self, value: str) -> None:
        """Show ``value`` (``HH:MM``)."""
        self.setText(value)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Up: STEP,
            Qt.Key.Key_Down: -STEP,
            Qt.Key.Key_PageUp: PAGE,
            Qt.Key.Key_PageDown: -PAGE,
        }
        minutes = steps.get(Qt.Key(event.key()))
        now = parse_time(self.text())
        if minutes is None or now is None:
            super().keyPressEvent(event)
            return
        hours, rest = now.split(":")
        at = (int(hours) * 60 + int(rest) + minutes) % (24 * 60)
        self.setText(f"{at // 60:02}:{at % 60:02}")
        self.changed.emit()

    def _ended(self) -> None:
        typed = parse_time(self.text())
        if typed is not None and typed != self.text():
            self.setText(typed)
        self.changed.emit()
