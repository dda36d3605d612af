"""A calendar for date fields in the theme's colours; Qt's own has week numbers, red weekends and a blue head."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QLocale, Qt
from PySide6.QtGui import QIcon, QTextCharFormat
from PySide6.QtWidgets import QCalendarWidget, QDateTimeEdit, QToolButton, QWidget

from archisync_gui.ui.look.theme import color, theme
from archisync_gui.ui.text.i18n import language
from archisync_gui.ui.widgets.basic import inset


class Calendar(QCalendarWidget):
    """A calendar in the panel's colours and language, which follows their changes."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setVerticalHeaderFormat(QCalendarWidget.VerticalHeaderFormat.NoVerticalHeader)
        self.setHorizontalHeaderFormat(QCalendarWidget.HorizontalHeaderFormat.ShortDayNames)
        self.setMinimumWidth(self.fontMetrics().horizontalAdvance("00") * 7 * 3)
        self.setLocale(QLocale(language()))
        for name, sign in (("qt_calendar_prevmonth", "‹"), ("qt_calendar_nextmonth", "›")):
            button = self.findChild(QToolButton, name)
            if button is not None:  # Qt's own arrows are black in both themes
                button.setIcon(QIcon())
                button.setText(sign)
        self._paint()
        theme().changed.connect(self._paint)

    def _paint(self) -> None:
        head, days = QTextCharFormat(), QTextCharFormat()
        head.setForeground(color("muted"))
        head.setBackground(color("surface"))
        days.setForeground(color("text"))
        self.setHeaderTextFormat(head)
        for day in Qt.DayOfWeek:
            self.setWeekdayTextFormat(day, days)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() is QEvent.Type.LanguageChange:
            self.setLocale(QLocale(language()))
        super().changeEvent(event)


def with_calendar(edit: QDateTimeEdit) -> None:
    """Give ``edit`` a calendar that opens from it."""
    edit.setCalendarPopup(True)
    edit.setCalendarWidget(Calendar())
    inset(edit)
