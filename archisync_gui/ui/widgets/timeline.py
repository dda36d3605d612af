"""The timeline: runs, suspensions and failures over time, with shaded sessions and dotted expected runs.

The same widget is used below the overview's table (two hours) and on the history page (a day, a week). Its content is
passed to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from PySide6.QtCore import QEvent, QLineF, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFontMetrics,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from archisync_gui import zone
from archisync_gui.model.events import Missed
from archisync_gui.ui.look.theme import color, scaled
from archisync_gui.ui.text import words
from archisync_gui.ui.text.i18n import clock, day, plain, tr
from archisync_gui.ui.text.i18n import moment as moment_word
from archisync_gui.ui.widgets.timeline_bars import Bar, Picture

_STEPS = (60, 300, 600, 1200, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800)


@dataclass(frozen=True, slots=True)
class _Scale:
    """Conversion between times and pixels."""

    left: int
    """Pixel of ``first``; the names of the lanes are left of it."""
    width: int
    first: datetime
    last: datetime

    def x(self, moment: datetime) -> float:
        return self.left + self.width * ((moment - self.first) / (self.last - self.first))

    def moment(self, x: float) -> datetime:
        return self.first + (self.last - self.first) * ((x - self.left) / self.width)


class Timeline(QWidget):
    """Lanes over time. The wheel zooms at the pointer, dragging and arrow keys move, tooltips describe the bars, clicks
    are signals."""

    clicked = Signal(str)
    """The id of the run that was clicked."""
    miss_clicked = Signal(object)
    """The due time of a miss that was clicked."""
    moved = Signal()
    """The operator changed the visible span."""

    def __init__(self, parent: QWidget | None = None, interactive: bool = False) -> None:
        super().__init__(parent)
        self._picture = Picture()
        self._painted: object = None
        """The visible content when it was last painted; see :meth:`_visible`."""
        self._interactive = interactive
        self._back, self._ahead = timedelta(hours=2), timedelta(hours=1)
        self._offset = timedelta()
        self._folded = False
        self._drag: QPoint | None = None
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        if interactive:
            self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def set_folded(self, folded: bool) -> None:
        """Show all lists in one lane without names, or a lane for each."""
        if folded != self._folded:
            self._folded = folded
            self.updateGeometry()
            self.update()

    def _lanes(self) -> int:
        return 1 if self._folded else len(self._picture.lanes)

    def set_span(self, back: timedelta, ahead: timedelta) -> None:
        """Show this much time before and after now."""
        self._back, self._ahead, self._offset = back, ahead, timedelta()
        self.update()

    @property
    def span(self) -> tuple[datetime, datetime]:
        """The first and last time shown."""
        now = self._picture.now or zone.now()
        return now - self._back + self._offset, now + self._ahead + self._offset

    def summary(self) -> str:
        """The content in words: for each list the number of runs and of failures, and the next expected run."""
        first, last = self.span
        lines = []
        for lane in self._picture.lanes:
            bars = [b for b in self._picture.bars if b.type == lane and b.end >= first and b.start <= last]
            runs = {b.run_id: b.kind for b in bars if b.run_id}
            bad = sum(kind == "bad" for kind in runs.values())
            coming = min((b.start for b in bars if b.kind == "next"), default=None)
            parts = [tr("%n run(s)", "", len(runs))]
            if bad:
                parts.append(tr("%n failed", "", bad))
            if coming is not None:
                parts.append(tr("next at {time}", time=moment_word(coming, self._picture.now)))
            lines.append(f"{words.type_name(lane)}: {', '.join(parts)}")
        return "; ".join(lines)

    def show_picture(self, picture: Picture) -> None:
        """Show this content; painted again only when the difference is visible. While a list is read, the end of its
        bar and the expected runs move many times a second, by less than a pixel."""
        self._picture = picture
        seen = self._visible()
        if seen != self._painted:
            self._painted = seen
            self.update()

    def _visible(self) -> object:
        """The visible content: its times in whole pixels."""
        first, last = self.span
        pixel = (last - first).total_seconds() / max(1.0, self.width() * self.devicePixelRatioF())

        def at(moment: datetime) -> int:
            return int(moment.timestamp() // pixel)

        picture = self._picture
        return (
            [words.type_name(lane) for lane in picture.lanes],
            [(bar.type, bar.kind, at(bar.start), at(bar.end)) for bar in picture.bars],
            [(at(start), at(end)) for start, end in picture.sessions],
            at(picture.now) if picture.now is not None else None,
        )

    def _lane_height(self) -> int:
        wanted = max(18, QFontMetrics(scaled(self.font(), 0.85)).height() + 5)
        lanes = max(1, self._lanes())
        most = self.height() if self._interactive else 40
        return max(wanted, min(most, (self.height() - 30) // lanes))

    def sizeHint(self) -> QSize:
        lanes = 1 if self._folded else max(6, len(self._picture.lanes))
        return QSize(640, lanes * max(18, QFontMetrics(scaled(self.font(), 0.85)).height() + 5) + 28)

    def minimumSizeHint(self) -> QSize:
        return QSize(240, self.sizeHint().height())

    def _left(self) -> int:
        if self._folded:
            return 8
        metrics = QFontMetrics(scaled(self.font(), 0.85))
        return max([56, *(metrics.horizontalAdvance(words.type_name(t)) for t in self._picture.lanes)]) + 14

    def _scale(self) -> _Scale:
        left = self._left()
        return _Scale(left, max(1, self.width() - left - 8), *self.span)

    def _box(self, bar: Bar, scale: _Scale) -> QRectF:
        lane = 0 if self._folded else self._picture.lanes.index(bar.type)
        height = self._lane_height()
        left, right = scale.x(bar.start), scale.x(bar.end)
        tall = min(20.0 if self._interactive else 14.0, height * 0.62)
        return QRectF(left, lane * height + (height - tall) / 2, max(4.0, right - left), tall)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        small = scaled(self.font(), 0.85)
        painter.setFont(small)
        metrics = QFontMetrics(small)
        height = self._lane_height()
        scale = self._scale()
        left, first, last = scale.left, scale.first, scale.last
        bottom = self._lanes() * height
        plot = QRectF(left, 0, self.width() - left - 8, bottom)
        for start, end in self._picture.sessions:
            if end > first and start < last:
                x0, x1 = max(plot.left(), scale.x(start)), min(plot.right(), scale.x(end))
                box = QRectF(x0, 0, max(2.0, x1 - x0), bottom)
                painter.fillRect(box, color("session_fill"))
                painter.setPen(QPen(color("session"), 1))
                painter.drawLine(box.topLeft(), box.bottomLeft())
                painter.drawLine(box.topRight(), box.bottomRight())
        if self._picture.lanes:  # until the settings are read, the office's time zone is not known
            self._paint_axis(painter, metrics, plot, bottom, scale)
        for at, lane in enumerate(() if self._folded else self._picture.lanes):
            if self._interactive:
                painter.setPen(QPen(color("border"), 1))
                painter.drawLine(0, (at + 1) * height, int(plot.right()), (at + 1) * height)
            painter.setPen(color("muted"))
            painter.drawText(
                QRectF(0, at * height, left - 8, height),
                int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter),
                words.type_name(lane),
            )
        painter.setClipRect(plot.adjusted(-3, 0, 3, 0))
        for bar in self._picture.bars:
            if bar.type in self._picture.lanes and bar.end >= first and bar.start <= last:
                self._paint_bar(painter, bar, scale)
        if self._picture.now is not None:
            painter.setPen(QPen(color("muted"), 1.5))
            x = scale.x(self._picture.now)
            painter.drawLine(int(x), 0, int(x), bottom)
        if self.hasFocus():
            painter.setClipping(False)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(color("focus"), 1))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.end()

    def _paint_bar(self, painter: QPainter, bar: Bar, scale: _Scale) -> None:
        box = self._box(bar, scale)
        painter.setPen(Qt.PenStyle.NoPen)
        match bar.kind:
            case "run":
                painter.setBrush(color("accent"))
            case "bad":
                painter.setBrush(color("bar_bad"))
            case "pause":
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(color("warn"), 1.4))
                y = box.center().y()
                painter.drawLine(int(box.left()), int(y), int(box.right()), int(y))
                return
            case "skip":
                painter.setBrush(color("bar"))
            case "miss":
                painter.setPen(QPen(color("warn"), 1.6))
                y, arm = box.center().y(), 3.5
                first, last = scale.x(bar.start), scale.x(bar.end)
                if last - first > 2 * arm:
                    painter.drawLine(QLineF(first + arm, y, last, y))
                painter.drawLine(QLineF(first - arm, y - arm, first + arm, y + arm))
                painter.drawLine(QLineF(first - arm, y + arm, first + arm, y - arm))
                return
            case _:
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(color("muted"), 1.2, Qt.PenStyle.DotLine))
        painter.drawRoundedRect(box, 2.5, 2.5)

    def _paint_axis(self, painter: QPainter, metrics: QFontMetrics, plot: QRectF, bottom: int, scale: _Scale) -> None:
        first, last = scale.first, scale.last
        seconds = (last - first).total_seconds()
        room = max(1.0, plot.width() / (metrics.horizontalAdvance("00:00") * 2.0))
        step = next((s for s in _STEPS if seconds / s <= room), 604800)
        local = zone.local(first)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        at = midnight + timedelta(seconds=step * (int((local - midnight).total_seconds() // step) + 1))
        painter.setPen(color("muted"))
        while at < last:
            x = scale.x(at)
            text = clock(at) if step < 86400 else day(at)
            if step < 86400 and at.hour == 0 and at.minute == 0:
                text = day(at)
            width = metrics.horizontalAdvance(text)
            if self._interactive:
                painter.setPen(QPen(color("border"), 1))
                painter.drawLine(int(x), 0, int(x), bottom)
                painter.setPen(color("muted"))
            if x + width / 2 < plot.right() + 8:
                painter.drawText(int(x - width / 2), bottom + metrics.height() + 4, text)
            at += timedelta(seconds=step)

    # ------------------------------------------------------------------------------------------- mouse and keys

    def bar_at(self, point: QPoint) -> Bar | None:
        """The bar at that point, or up to 3 pixels from it."""
        scale = self._scale()
        for bar in reversed(self._picture.bars):
            if bar.type in self._picture.lanes and self._box(bar, scale).adjusted(-3, -3, 3, 3).contains(point):
                return bar
        return None

    def _session_at(self, point: QPoint) -> str:
        scale = self._scale()
        if point.x() < scale.left:
            return ""
        moment = scale.moment(point.x())
        spans = (
            f"{moment_word(a, self._picture.now)} – {moment_word(b, a)}"
            for a, b in self._picture.sessions
            if a <= moment <= b
        )
        found = next(spans, "")
        return tr("Order form open, {span}", span=found) if found else ""

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            bar = self.bar_at(event.pos())
            if bar is not None:
                QToolTip.showText(event.globalPos(), plain(bar.tip), self)
            elif session := self._session_at(event.pos()):
                QToolTip.showText(event.globalPos(), plain(session), self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._drag is not None:
            scale = self._scale()
            self._offset += scale.moment(self._drag.x()) - scale.moment(event.position().x())
            self._drag = event.position().toPoint()
            self.update()
            self.moved.emit()
            return
        bar = self.bar_at(event.position().toPoint())
        opens = bar is not None and (bar.run_id or isinstance(bar.source, Missed))
        self.setCursor(Qt.CursorShape.PointingHandCursor if opens else Qt.CursorShape.ArrowCursor)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        bar = self.bar_at(event.position().toPoint())
        if event.button() is Qt.MouseButton.LeftButton:
            if bar is not None and bar.run_id:
                self.clicked.emit(bar.run_id)
            elif bar is not None and isinstance(bar.source, Missed):
                self.miss_clicked.emit(bar.source.due)
            elif self._interactive:
                self._drag = event.position().toPoint()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._drag = None

    def wheelEvent(self, event: QWheelEvent) -> None:
        if not self._interactive:
            event.ignore()
            return
        self.zoom(0.8 if event.angleDelta().y() > 0 else 1.25, self._scale().moment(event.position().x()))
        event.accept()

    def zoom(self, factor: float, around: datetime | None = None) -> None:
        """Show less (``factor`` below 1) or more time, between 10 minutes and 5 weeks; ``around`` keeps its place."""
        first, last = self.span
        whole = (last - first) * factor
        if not timedelta(minutes=10) <= whole <= timedelta(weeks=5):
            return
        center = around or first + (last - first) / 2
        new_first = center - (center - first) * factor
        now = self._picture.now or zone.now()
        self._offset = timedelta()
        self._back = now - new_first
        self._ahead = new_first + whole - now
        self.update()
        self.moved.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        first, last = self.span
        match event.key():
            case Qt.Key.Key_Left:
                self._offset -= (last - first) / 10
            case Qt.Key.Key_Right:
                self._offset += (last - first) / 10
            case Qt.Key.Key_Plus | Qt.Key.Key_Equal:
                self.zoom(0.8)
            case Qt.Key.Key_Minus:
                self.zoom(1.25)
            case _:
                super().keyPressEvent(event)
                return
        self.update()
        self.moved.emit()
