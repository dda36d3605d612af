"""Painted signs: the shapes beside state words, the tray's pictures, and the icons from ``resources``.

Every state has a shape of its own, so that its meaning does not depend on colour.
"""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QByteArray, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPainterPath, QPen, QPixmap, QPolygonF
from PySide6.QtSvg import QSvgRenderer

from archisync_gui import messages
from archisync_gui.ui.look.theme import LIGHT, color

TRAY_SIZES = (16, 22, 24, 32, 48, 64)

_TRAY_TONES = {
    "starting": "muted",
    "fresh": "ok",
    "running": "accent",
    "session": "session",
    "hold": "warn",
    "late": "warn",
    "trouble": "bad",
}
"""Kinds of :class:`~archisync_gui.ui.text.status_words.Headline` and the colour role of their tray picture."""


def paint_shape(painter: QPainter, shape: str, box: QRectF, tone: QColor) -> None:
    """Paint the small sign of a state into ``box``."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    side = min(box.width(), box.height())
    center = box.center()
    area = QRectF(center.x() - side / 2, center.y() - side / 2, side, side)
    pen = QPen(tone, max(1.4, side / 6), Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(tone)
    inner = area.adjusted(side * 0.08, side * 0.08, -side * 0.08, -side * 0.08)
    match shape:
        case "dot":
            painter.drawEllipse(area.adjusted(side * 0.2, side * 0.2, -side * 0.2, -side * 0.2))
        case "check":
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(pen)
            painter.drawPolyline(
                [_at(inner, 0.05, 0.55), _at(inner, 0.38, 0.88), _at(inner, 0.98, 0.15)],
            )
        case "play":
            painter.drawPolygon(QPolygonF([_at(inner, 0.12, 0.0), _at(inner, 1.0, 0.5), _at(inner, 0.12, 1.0)]))
        case "pause":
            for left in (0.1, 0.6):
                painter.drawRoundedRect(QRectF(_at(inner, left, 0.05), _at(inner, left + 0.3, 0.95)), 1, 1)
        case "ring":
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(pen)
            painter.drawEllipse(inner.adjusted(1, 1, -1, -1))
        case "square":
            painter.drawRoundedRect(inner.adjusted(side * 0.06, side * 0.06, -side * 0.06, -side * 0.06), 1.5, 1.5)
        case "again":
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(pen)
            painter.drawArc(inner.adjusted(1, 1, -1, -1), 50 * 16, 280 * 16)
            painter.drawPolyline([_at(inner, 0.72, -0.02), _at(inner, 0.92, 0.3), _at(inner, 0.58, 0.36)])
        case _:  # alert
            painter.drawPolygon(QPolygonF([_at(area, 0.5, 0.02), _at(area, 1.0, 0.95), _at(area, 0.0, 0.95)]))
            painter.setPen(QPen(color("surface"), max(1.2, side / 9), Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawLine(_at(area, 0.5, 0.38), _at(area, 0.5, 0.62))
            painter.drawPoint(_at(area, 0.5, 0.8))
    painter.restore()


def _at(box: QRectF, x: float, y: float) -> QPointF:
    return QPointF(box.left() + box.width() * x, box.top() + box.height() * y)


@lru_cache(maxsize=64)
def _svg(name: str) -> bytes:
    return (messages.resources() / "icons" / f"{name}.svg").read_bytes()


def icon(name: str, role: str = "text") -> QIcon:
    """An icon of ``resources/icons`` in the colour of a role; sharp at every scale."""
    return _colored(name, color(role).name(), color("muted").name())


@lru_cache(maxsize=128)
def _colored(name: str, normal: str, disabled: str) -> QIcon:
    """Drawn once: two icons for each waiting request took half of the time that the queue needs when all lists are
    requested."""
    result = QIcon()
    for mode, colored in ((QIcon.Mode.Normal, normal), (QIcon.Mode.Disabled, disabled)):
        data = _svg(name).replace(b"currentColor", colored.encode())
        renderer = QSvgRenderer(QByteArray(data))
        for side in (16, 24, 32, 48):
            pixmap = QPixmap(QSize(side, side))
            pixmap.fill(Qt.GlobalColor.transparent)
            painter = QPainter(pixmap)
            renderer.render(painter)
            painter.end()
            result.addPixmap(pixmap, mode)
    return result


@lru_cache(maxsize=1)
def application_icon() -> QIcon:
    """The program's icon."""
    result = QIcon()
    renderer = QSvgRenderer(QByteArray(_svg("archisync")))
    for side in (16, 24, 32, 48, 64, 128, 256):
        pixmap = QPixmap(QSize(side, side))
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        renderer.render(painter)
        painter.end()
        result.addPixmap(pixmap)
    return result


@lru_cache(maxsize=256)
def tray_icon(kind: str, tenths: int = -1) -> QIcon:
    """The tray's picture: a filled shape with a white rim, visible on dark and on light panels.

    ``kind`` as in :class:`.status_words.Headline`; ``tenths``: progress of the active run (-1: unknown).
    """
    result = QIcon()
    for side in TRAY_SIZES:
        result.addPixmap(_tray_pixmap(kind, tenths, side))
    return result


def _tray_pixmap(kind: str, tenths: int, side: int) -> QPixmap:
    pixmap = QPixmap(side, side)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    tone = QColor(getattr(LIGHT, _TRAY_TONES.get(kind, "muted")))
    white = QColor("#ffffff")
    box = QRectF(0.5, 0.5, side - 1, side - 1)
    path = _outline(kind, box)
    painter.setPen(QPen(white, max(1.0, side / 16)))
    painter.setBrush(tone)
    painter.drawPath(path)
    solid, cap, join = Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin
    stroke = QPen(white, max(1.6, side / 9), solid, cap, join)
    painter.setPen(stroke)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    match kind:
        case "fresh":
            painter.drawPolyline([_at(box, 0.27, 0.52), _at(box, 0.44, 0.69), _at(box, 0.74, 0.33)])
        case "running":
            ring = box.adjusted(side * 0.24, side * 0.24, -side * 0.24, -side * 0.24)
            turn = 360 if tenths < 0 else max(18, tenths * 36)
            painter.setOpacity(0.35)
            painter.drawEllipse(ring)
            painter.setOpacity(1.0)
            painter.drawArc(ring, 90 * 16, -(270 if tenths < 0 else turn) * 16)
        case "session":
            for y in (0.34, 0.52, 0.7):
                painter.drawLine(_at(box, 0.28, y), _at(box, 0.72 if y < 0.6 else 0.55, y))
        case "hold":
            for x in (0.38, 0.62):
                painter.drawLine(_at(box, x, 0.32), _at(box, x, 0.68))
        case "late":
            painter.drawPolyline([_at(box, 0.5, 0.3), _at(box, 0.5, 0.53), _at(box, 0.64, 0.62)])
        case "trouble":
            painter.drawLine(_at(box, 0.5, 0.4), _at(box, 0.5, 0.62))
            painter.drawPoint(_at(box, 0.5, 0.79))
        case _:
            painter.drawPoint(_at(box, 0.5, 0.5))
    painter.end()
    return pixmap


def _outline(kind: str, box: QRectF) -> QPainterPath:
    path = QPainterPath()
    match kind:
        case "trouble":
            path.addPolygon(QPolygonF([_at(box, 0.5, 0.04), _at(box, 0.98, 0.92), _at(box, 0.02, 0.92)]))
            path.closeSubpath()
        case "hold":
            path.addRoundedRect(box.adjusted(1, 1, -1, -1), box.width() * 0.12, box.width() * 0.12)
        case "session":
            inset = box.width() * 0.1
            path.addRoundedRect(box.adjusted(inset, 0, -inset, 0), box.width() * 0.16, box.width() * 0.16)
        case "late":
            path.addPolygon(QPolygonF([_at(box, 0.5, 0.0), _at(box, 1.0, 0.5), _at(box, 0.5, 1.0), _at(box, 0.0, 0.5)]))
            path.closeSubpath()
        case _:
            path.addEllipse(box)
    return path
