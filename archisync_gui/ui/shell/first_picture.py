"""The first picture in the window, painted before most of the panel is imported: the last known data with their age."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QWidget

from archisync_gui.messages import system_language
from archisync_gui.ui.look.theme import DARK, LIGHT, scaled
from archisync_gui.ui.text.last_known import LISTS, TALLEST, WORDS, LastKnown, lines, said, words_of

BELOW = 220
"""Pixels that the window has below the table of lists: the last hours and the foot."""


class FirstPicture(QWidget):
    """Paints side bar, header and the table of lists as the window shows them; nothing in it can be pressed."""

    def __init__(self, known: LastKnown | None, *, demo: bool = False) -> None:
        """``demo``: the data are invented, and the picture says so as the side bar does."""
        super().__init__()
        self._known, self._demo = known, demo
        language = known.language if known is not None else system_language()
        self._words = words_of(known)
        self._pages = WORDS[language]["pages"]
        system_dark = QApplication.styleHints().colorScheme() is Qt.ColorScheme.Dark
        appearance = known.appearance if known is not None else "system"
        self._colors = DARK if appearance == "dark" or (appearance == "system" and system_dark) else LIGHT
        name = "DEMO. " if demo else ""
        self.setAccessibleName(f"{name}{self._words['starting']} {said(known)}")

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font, colors = self.font(), self._colors
        line = QFontMetrics(font).height()
        painter.fillRect(self.rect(), QColor(colors.page))
        side = self._side_bar(painter, font, line)
        top = self._header(painter, font, line, side)
        self._table(painter, font, line, QRectF(side + 18, top + 14, self.width() - side - 36, 0))
        painter.end()

    def _write(self, painter: QPainter, font: QFont, role: str, x: float, middle: float, text: str) -> None:
        """``text`` from ``x`` on, its middle at the height ``middle``."""
        painter.setFont(font)
        painter.setPen(QColor(getattr(self._colors, role)))
        metrics = QFontMetrics(font)
        painter.drawText(round(x), round(middle + (metrics.ascent() - metrics.descent()) / 2), text)

    def _side_bar(self, painter: QPainter, font: QFont, line: int) -> int:
        """Paint it; its width."""
        bold = scaled(font, 1.0, True)
        width = max(136, max(QFontMetrics(bold).horizontalAdvance(page) for page in self._pages) + 52)
        painter.fillRect(0, 0, width, self.height(), QColor(self._colors.surface))
        painter.fillRect(width - 1, 0, 1, self.height(), QColor(self._colors.border))
        self._write(painter, scaled(font, 1.12, True), "text", 17, 16 + line / 2, "Archisync")
        if self._demo:
            self._badge(painter, scaled(font, 0.8, True), 18, 16 + 1.12 * line + 8)
        y = 16 + 1.12 * line + 36
        for at, page in enumerate(self._pages):
            height = line + 18
            if at == 0:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(self._colors.raised))
                painter.drawRoundedRect(QRectF(8, y, width - 17, height), 6, 6)
            self._write(painter, bold if at == 0 else font, "muted" if at else "text", 19, y + height / 2, page)
            y += height + 2
        return width

    def _badge(self, painter: QPainter, font: QFont, x: float, y: float) -> None:
        metrics = QFontMetrics(font)
        painter.setPen(QColor(self._colors.warn))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        place = QRectF(x + 0.5, y + 0.5, metrics.horizontalAdvance("DEMO") + 10, metrics.height())
        painter.drawRoundedRect(place, 4, 4)
        self._write(painter, font, "warn", place.left() + 5, place.center().y(), "DEMO")

    def _header(self, painter: QPainter, font: QFont, line: int, side: int) -> int:
        """Paint it; where it ends."""
        first = max(1.36 * line, line + 14)  # the field of Find stands beside the title
        height = round(14 + first + 4 + line + 4 + 7 + 7 + 14)
        painter.fillRect(side, 0, self.width() - side, height, QColor(self._colors.surface))
        painter.fillRect(side, height - 1, self.width() - side, 1, QColor(self._colors.border))
        self._write(painter, scaled(font, 1.36, True), "text", side + 42, 14 + first / 2, self._words["starting"])
        self._write(painter, font, "muted", side + 18, 14 + first + 6 + line / 2, said(self._known))
        return height

    def _table(self, painter: QPainter, font: QFont, line: int, place: QRectF) -> None:
        shown = lines(self._known)
        small, head, base = scaled(font, 0.93), line + 21, round(1.86 * line) + 14
        room = self.height() - place.top() - head - BELOW
        height = max(base, min(room // (len(shown) or LISTS), round(base * TALLEST)))
        place.setHeight(head + (len(shown) or LISTS) * height)
        painter.setPen(QColor(self._colors.border))
        painter.setBrush(QColor(self._colors.surface))
        painter.drawRoundedRect(place.adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
        left, second = place.left() + 12, place.left() + max(150, place.width() * 0.16)
        self._write(painter, small, "muted", left, place.top() + head / 2, self._words["list"])
        self._write(painter, small, "muted", second, place.top() + head / 2, self._words["read"])
        for at in range(len(shown) or LISTS):
            middle = place.top() + head + (at + 0.5) * height
            if shown:
                self._write(painter, scaled(font, 1.0, True), "text", left, middle, shown[at][0])
                self._write(painter, font, "muted", second, middle, shown[at][1])
            else:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(self._colors.raised))
                for x, wide in ((left, 0.09), (second, 0.14)):
                    painter.drawRoundedRect(QRectF(x, middle - line / 2, place.width() * wide, line), 4, 4)
