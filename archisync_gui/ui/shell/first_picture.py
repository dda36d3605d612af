"""The first picture of the window, painted before most of the panel is imported: the last known data and ages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QWidget

from archisync_gui.ui.look.theme import DARK, LIGHT, scaled
from archisync_gui.ui.text.last_known import (
    BUTTONS,
    GREY_BARS,
    LISTS,
    PAGES,
    TALLEST,
    WORDS,
    LastKnown,
    language_of,
    lines,
    status_sentence,
    words_of,
)

NARROW = 64
"""Width in heights of a line below which the window shows the lists over its whole width."""

TALL, VERY_TALL = 36, 55
"""Heights in lines of text from which the timeline below the lists has all its lanes, and lanes twice as high."""


class Places(NamedTuple):
    """The places of the real window's parts, in pixels from its upper left corner; a test compares the two."""

    side: int
    """Width of the side bar."""
    nav: int
    """Top of the first page's button."""
    title: float
    """Vertical middle of the headline."""
    detail: float
    """Vertical middle of the line below it."""
    header: int
    """Lower edge of the header."""
    foot: int
    """Upper edge of the status bar."""
    card: QRect
    """The card with the table of lists."""
    head: int
    """Height of the table's header."""
    row: int
    """Height of a row."""
    second: int
    """Left edge of the second column."""
    age: int
    """Left edge of the ages: after the sign that the window shows before each."""


def places(size: QSize, font: QFont, language: str, shown: Sequence[tuple[str, str]]) -> Places:
    """The places in a window of that size. ``shown``: name and age of each list."""
    line, fine = QFontMetrics(font).height(), QFontMetrics(scaled(font, 0.86)).height()  # heights of usual, small text
    normal, bold = QFontMetrics(font), QFontMetrics(scaled(font, 1.0, True))
    wide = [bold.horizontalAdvance(page) + 50 for page in PAGES[language]]
    side = max(136, *wide, *(normal.horizontalAdvance(button) + 43 for button in BUTTONS[language]))
    nav = 16 + QFontMetrics(scaled(font, 1.12, True)).height() + 1 + 2 + 6 + line + 2 + 10 + 2
    first = line + 16  # the box of Find, beside the title
    detail = 14 + first + 4 + line / 2 + 1
    header = 14 + first + 4 + line + 2 + 7 + 7 + 14 + 1
    foot = size.height() - max(line, 14) - 12
    width, beside = size.width() - side - 36, size.width() - side >= NARROW * line
    if not beside:
        width -= 10  # the scroll bar
    else:
        width -= 14 + max(round((width - 14) * 0.21), round(17.5 * line))
    titles, base, height = line + 21, line + fine + 14, foot - header
    row = base
    rows, lanes = len(shown) or LISTS, 6 if beside and height > TALL * line else 1
    band = lanes * max(18, QFontMetrics(scaled(font, 0.85)).height() + 5) + 28
    if beside:
        room = height - 64 - line - band * (2 if lanes > 1 and height > VERY_TALL * line else 1)
        row = max(base, min((room - titles - 2) // rows, round(base * TALLEST)))
    card = QRect(side + 18, header + 14, width, height - 28 if beside else titles + rows * row + band + line + 32)
    names = [bold.horizontalAdvance(name) + 18 for name, _ in shown]
    second = card.left() + 2 + max([normal.horizontalAdvance(WORDS[language]["list"]) + 24, *names])
    age = second + 10 + int(normal.ascent() * 0.72) + 6
    return Places(side, nav, 14 + first / 2, detail, header, foot, card, titles, row, second, age)


class FirstPicture(QWidget):
    """Paints side bar, header and table of lists as the real window shows them, without any function."""

    def __init__(self, known: LastKnown | None, *, demo: bool = False) -> None:
        """``demo``: the data are invented, and the picture has the DEMO badge."""
        super().__init__()
        self._known, self._demo = known, demo
        self._language = language_of(known)
        self._words = words_of(known)
        system_dark = QApplication.styleHints().colorScheme() is Qt.ColorScheme.Dark
        appearance = known.appearance if known is not None else "system"
        self._colors = DARK if appearance == "dark" or (appearance == "system" and system_dark) else LIGHT
        name = "DEMO. " if demo else ""
        self.setAccessibleName(f"{name}{self._words['starting']} {status_sentence(known)}")

    def places(self) -> Places:
        """The places at the present size."""
        return places(self.size(), self.font(), self._language, lines(self._known))

    def paintEvent(self, event: QPaintEvent) -> None:
        colors, at = self._colors, self.places()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(colors.page))
        for bar in (QRect(0, 0, at.side, self.height()), QRect(at.side, 0, self.width(), at.header)):
            painter.fillRect(bar, QColor(colors.surface))
        painter.fillRect(at.side, at.foot, self.width(), self.height(), QColor(colors.surface))
        painter.fillRect(at.side - 1, 0, 1, self.height(), QColor(colors.border))
        for edge in (at.header - 1, at.foot):
            painter.fillRect(at.side, edge, self.width(), 1, QColor(colors.border))
        self._side_bar(painter, at)
        self._write(painter, scaled(self.font(), 1.36, True), "text", at.side + 42, at.title, self._words["starting"])
        self._write(painter, self.font(), "muted", at.side + 18, at.detail, status_sentence(self._known))
        self._table(painter, at)
        painter.end()

    def _write(self, painter: QPainter, font: QFont, role: str, x: float, middle: float, text: str) -> None:
        """Paint ``text`` from ``x`` on, vertically centred at ``middle``."""
        painter.setFont(font)
        painter.setPen(QColor(getattr(self._colors, role)))
        metrics = QFontMetrics(font)
        painter.drawText(round(x), round(middle + (metrics.ascent() - metrics.descent()) / 2), text)

    def _side_bar(self, painter: QPainter, at: Places) -> None:
        font, line = self.font(), QFontMetrics(self.font()).height()
        name = QFontMetrics(scaled(font, 1.12, True)).height() + 1
        self._write(painter, scaled(font, 1.12, True), "text", 17, 16 + name / 2, "Archisync")
        if self._demo:
            self._badge(painter, scaled(font, 0.8, True), QRectF(18, 16 + name + 8, 0, line + 2))
        y, height = at.nav, line + 18
        for number, page in enumerate(PAGES[self._language]):
            if number == 0:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(self._colors.raised))
                painter.drawRoundedRect(QRectF(8, y, at.side - 17, height), 6, 6)
            weight = scaled(font, 1.0, number == 0)
            self._write(painter, weight, "muted" if number else "text", 19, y + height / 2, page)
            y += height + 2

    def _badge(self, painter: QPainter, font: QFont, place: QRectF) -> None:
        painter.setPen(QColor(self._colors.warn))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        place.setWidth(QFontMetrics(font).horizontalAdvance("DEMO") + 16)
        painter.drawRoundedRect(place.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        self._write(painter, font, "warn", place.left() + 8, place.center().y(), "DEMO")

    def _table(self, painter: QPainter, at: Places) -> None:
        font, line, card = self.font(), QFontMetrics(self.font()).height(), QRectF(at.card)
        painter.setPen(QColor(self._colors.border))
        painter.setBrush(QColor(self._colors.surface))
        painter.drawRoundedRect(card.adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
        left, top = card.left() + 12, at.card.top() + 2 + at.head
        for x, title in ((left, "list"), (at.second + 10, "read")):
            self._write(painter, font, "muted", x, top - at.head / 2, self._words[title])
        painter.fillRect(QRectF(card.left() + 2, top - 1, card.width() - 4, 1), QColor(self._colors.border))
        shown = lines(self._known)
        for number in range(len(shown) or LISTS):
            middle = top + (number + 0.5) * at.row
            if shown:
                self._write(painter, scaled(font, 1.0, True), "text", left, middle, shown[number][0])
                self._write(painter, font, "muted", at.age, middle, shown[number][1])
            else:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(self._colors.raised))
                for begin, wide in GREY_BARS:
                    bar = QRectF(left + begin * card.width(), middle - line / 2, wide * card.width(), line)
                    painter.drawRoundedRect(bar, 4, 4)
