"""Painting of cells: chips, two lines, rows of queue and activity. The texts come from the models."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPen, QTextOption
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from archisync_gui.ui.look.icons import paint_shape
from archisync_gui.ui.look.theme import color, scaled
from archisync_gui.ui.widgets.snapshot_model import VALUE, Cell

PAD = 10
SMALL = 0.86
CHIP = 0.94
Index = QModelIndex | QPersistentModelIndex


def _background(painter: QPainter, option: QStyleOptionViewItem, line: bool = True) -> None:
    if option.state & QStyle.StateFlag.State_Selected:
        painter.fillRect(option.rect, color("selected"))
    if line:
        painter.setPen(QPen(color("border"), 1))
        painter.drawLine(option.rect.bottomLeft(), option.rect.bottomRight())


class CellDelegate(QStyledItemDelegate):
    """A cell of any table of :class:`Cell`: optional chip, text, smaller second line."""

    def __init__(self, parent: QObject | None = None, filled_chips: bool = True) -> None:
        super().__init__(parent)
        self._filled = filled_chips

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        cell = index.data(VALUE)
        painter.save()
        _background(painter, option)
        if isinstance(cell, Cell):
            rect: QRect = option.rect.adjusted(PAD + 14 * cell.indent, 0, -6, 0)
            if cell.chip is not None and not cell.text:
                paint_chip(painter, rect, cell, option.font)
            else:
                self._text(painter, rect, cell, option)
        painter.restore()

    def _text(self, painter: QPainter, rect: QRect, cell: Cell, option: QStyleOptionViewItem) -> None:
        font = scaled(option.font, 1.0, cell.bold)
        small = scaled(option.font, SMALL)
        metrics, fine = QFontMetrics(font), QFontMetrics(small)
        height = metrics.height() + (fine.height() + 1 if cell.detail else 0)
        top = rect.top() + (rect.height() - height) // 2
        left = rect.left()
        painter.setFont(font)
        tone = "text"
        if cell.chip is not None:
            if cell.chip.shape:
                side = metrics.ascent() * 0.72
                box = QRectF(left, top + (metrics.height() - side) / 2, side, side)
                paint_shape(painter, cell.chip.shape, box, color(cell.chip.tone))
                left += int(side) + 6
            tone = "text" if cell.chip.tone == "ok" else cell.chip.tone
        if cell.faded and tone == "text":
            tone = "muted"
        painter.setPen(color(tone))
        width = rect.right() - left - (4 if cell.right else 0)
        side_by_side = (Qt.AlignmentFlag.AlignRight if cell.right else Qt.AlignmentFlag.AlignLeft) | (
            Qt.AlignmentFlag.AlignVCenter
        )
        painter.drawText(
            QRect(left, top, width, metrics.height()),
            side_by_side,
            metrics.elidedText(cell.text, Qt.TextElideMode.ElideRight, width),
        )
        if cell.detail:
            painter.setFont(small)
            painter.setPen(color("muted"))
            painter.drawText(
                QRect(left, top + metrics.height() + 1, width, fine.height()),
                side_by_side,
                fine.elidedText(cell.detail, Qt.TextElideMode.ElideRight, width),
            )
            if cell.fold:
                sign = QRectF(left + fine.horizontalAdvance(cell.detail) + 5, top + metrics.height() + 1, 8, 0)
                sign.setHeight(fine.height())
                paint_fold(painter, sign, cell.fold == "open")

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        cell = index.data(VALUE)
        if not isinstance(cell, Cell):
            return super().sizeHint(option, index)
        metrics = QFontMetrics(scaled(option.font, 1.0, cell.bold))
        fine = QFontMetrics(scaled(option.font, SMALL))
        if cell.chip is not None and not cell.text:
            chip = QFontMetrics(scaled(option.font, CHIP))
            width = chip.horizontalAdvance(cell.chip.text) + int(chip.ascent() * 0.68) + 24 + PAD + 10
        else:
            detail = 0 if cell.elided else fine.horizontalAdvance(cell.detail)
            width = max(metrics.horizontalAdvance(cell.text), detail) + PAD + 8
            width += int(metrics.ascent() * 0.72) + 6 if cell.chip is not None and cell.chip.shape else 0
        width += 14 * cell.indent
        return QSize(width, metrics.height() + fine.height() + 18)


def paint_fold(painter: QPainter, box: QRectF, unfolded: bool) -> None:
    """Paint the sign of a row that can be unfolded; it points down when it is unfolded."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(color("muted"), 1.4, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    x, y = box.center().x(), box.center().y()
    corners = ((-3, -1.5), (0, 1.5), (3, -1.5)) if unfolded else ((-1.5, -3), (1.5, 0), (-1.5, 3))
    painter.drawPolyline([QPointF(x + dx, y + dy) for dx, dy in corners])


def paint_chip(painter: QPainter, rect: QRect, cell: Cell, font: QFont) -> None:
    """Paint a cell's chip: a rounded label with its shape."""
    chip = cell.chip
    assert chip is not None
    used = scaled(font, CHIP)
    metrics = QFontMetrics(used)
    side = metrics.ascent() * 0.68
    inner = int(side) + 6 + 18
    text = metrics.elidedText(chip.text, Qt.TextElideMode.ElideRight, max(10, rect.width() - inner))
    width = metrics.horizontalAdvance(text) + inner
    height = metrics.height() + 6
    box = QRectF(rect.left() - 2, rect.center().y() - height / 2 + 0.5, width, height)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color("raised"))
    painter.drawRoundedRect(box, height / 2, height / 2)
    paint_shape(painter, chip.shape, QRectF(box.left() + 9, box.center().y() - side / 2, side, side), color(chip.tone))
    painter.setFont(used)
    painter.setPen(color("text" if chip.tone == "muted" else chip.tone))
    painter.drawText(
        QRectF(box.left() + 15 + side, box.top(), width, height),
        int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter),
        text,
    )


class QueueDelegate(QStyledItemDelegate):
    """A waiting request: place, name, waiting time, second line; room at the right for its two buttons."""

    BUTTONS = 56

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        cell = index.data(VALUE)
        painter.save()
        _background(painter, option)
        if isinstance(cell, Cell) and cell.chip is not None:
            font = option.font
            bold, small = scaled(font, 1.0, True), scaled(font, SMALL)
            metrics, fine = QFontMetrics(font), QFontMetrics(small)
            rect: QRect = option.rect.adjusted(12, 7, -6 - self.BUTTONS, -7)
            painter.setFont(bold)
            painter.setPen(color("text"))
            painter.drawText(QRect(rect.left(), rect.top(), 18, metrics.height()), 0, cell.chip.text)
            left = rect.left() + 20
            waiting = cell.chip.shape
            room = metrics.horizontalAdvance(waiting)
            painter.setFont(font)
            width = rect.right() - left - room - 8
            painter.drawText(
                QRect(left, rect.top(), width, metrics.height()),
                0,
                metrics.elidedText(cell.text, Qt.TextElideMode.ElideRight, width),
            )
            painter.setPen(color("muted"))
            painter.drawText(
                QRect(rect.right() - room, rect.top(), room, metrics.height()), Qt.AlignmentFlag.AlignRight, waiting
            )
            painter.setFont(small)
            painter.drawText(
                QRect(left, rect.top() + metrics.height() + 2, rect.right() - left + self.BUTTONS, fine.height()),
                0,
                fine.elidedText(cell.detail, Qt.TextElideMode.ElideRight, rect.right() - left + self.BUTTONS),
            )
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        font = option.font
        return QSize(120, QFontMetrics(font).height() + QFontMetrics(scaled(font, SMALL)).height() + 17)


class ActivityDelegate(QStyledItemDelegate):
    """An event: time at the left, wrapped text; errors in the colour of errors."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        cell = index.data(VALUE)
        painter.save()
        _background(painter, option)
        if isinstance(cell, Cell) and cell.chip is not None:
            font = option.font
            metrics = QFontMetrics(font)
            rect: QRect = option.rect.adjusted(12, 7, -10, -7)
            painter.setFont(font)
            painter.setPen(color("muted"))
            painter.drawText(QRect(rect.left(), rect.top(), 60, metrics.height()), 0, cell.chip.text)
            tone = cell.chip.tone if cell.chip.tone in ("bad", "warn", "session") else "text"
            painter.setPen(color(tone))
            left = rect.left() + metrics.horizontalAdvance("00:00") + 9
            area = QRectF(left, rect.top(), rect.right() - left, rect.height() + 4)
            painter.drawText(area, _one_text(cell), _wrapped())
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        cell = index.data(VALUE)
        view = option.widget
        width = 260
        if isinstance(view, QListView):  # leave room for a scroll bar, so that no height changes when it appears
            beside = view.width() - view.verticalScrollBar().sizeHint().width()
            width = min(view.viewport().width(), beside)
        metrics = QFontMetrics(option.font)
        room = width - 22 - metrics.horizontalAdvance("00:00") - 9
        text = _one_text(cell) if isinstance(cell, Cell) else ""
        box = metrics.boundingRect(QRect(0, 0, max(40, room), 10000), int(Qt.TextFlag.TextWordWrap), text)
        return QSize(120, box.height() + 15)


def _one_text(cell: Cell) -> str:
    # No line break between the last word and the time.
    return f"{cell.text}\u00a0·\u00a0{cell.detail.replace(' ', chr(160))}" if cell.detail else cell.text


def _wrapped() -> QTextOption:
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WordWrap)
    return option
