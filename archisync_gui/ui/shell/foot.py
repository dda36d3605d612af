"""The status bar below the pages, and its lamps."""

from __future__ import annotations

from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QWidget

from archisync_gui.model import Status
from archisync_gui.ui.live.context import Context
from archisync_gui.ui.live.feed import Feed
from archisync_gui.ui.live.services import endpoint_address
from archisync_gui.ui.look.icons import paint_shape
from archisync_gui.ui.look.theme import color
from archisync_gui.ui.text import status_words
from archisync_gui.ui.text.i18n import decimal, tr
from archisync_gui.ui.widgets.basic import label, row


class Foot(QFrame):
    """ERP, endpoint, archive, version: each with a sign."""

    def __init__(self, context: Context, feed: Feed, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context, self._feed = context, feed
        self.setObjectName("footer")
        layout = row(self, (18, 6, 18, 6), 22)
        self._erp, self._form = _Lamp(), _Lamp()
        self._form_words = "", "", "muted", "ring"
        self.waiting = ""
        """What is said instead of *starting* while the office is waited for."""
        self._archive, self._version = label(name="muted", factor=0.93), label(name="muted", factor=0.93)
        layout.addWidget(self._erp)
        layout.addWidget(self._form)
        layout.addWidget(self._archive)
        layout.addStretch(1)
        layout.addWidget(self._version)
        feed.size_changed.connect(self.retranslate)
        context.services_changed.connect(self.retranslate)
        context.settings_changed.connect(self.retranslate)  # the order form may have another address
        self.retranslate()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is no room for all, size and version give way: nobody needs them at a glance."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        long, short, tone, shape = self._form_words
        for text in (long, short):  # the address is in the settings, too
            self._form.show(text, tone, shape)
            room = self.width() - 36 - sum(p.sizeHint().width() + 22 for p in (self._erp, self._form))
            if room >= 0:
                break
        for part in (self._version, self._archive):
            room -= part.sizeHint().width() + 22
            part.setVisible(room >= 0)

    def retranslate(self) -> None:
        services = self._context.services
        if services is not None:
            self._version.setText(f"v{services.version}" if services.version else "")
        if self._feed.size is not None:
            self._archive.setText(
                tr("Archive {size} MB", size=decimal(self._feed.size / 1e6, 0 if self._feed.size > 1e7 else 1))
            )
        if self._context.status is not None:
            self.show_status(self._context.status)
        else:
            self._erp.show(self.waiting or tr("ERP: starting"), "muted", "ring")

    def show_status(self, status: Status) -> None:
        """Show this snapshot."""
        self._erp.show(*status_words.erp_line(status, self._context.now()))
        endpoint = self._context.services.endpoint if self._context.services is not None else None
        address = endpoint_address(endpoint)
        if address:
            tabs = " · " + tr("%n tab(s)", "", status.session_count) if status.session_count else ""
            long, short = tr("Order form: {address}", address=address) + tabs, tr("Order form") + tabs
            self._form_words = long, short, "ok", "dot"
        else:
            off = tr("Order form: endpoint off")
            self._form_words = off, off, "muted", "ring"
        self._fit()


class _Lamp(QWidget):
    """A small sign with a text."""

    def __init__(self) -> None:
        super().__init__()
        self._tone, self._shape = "muted", "ring"
        layout = row(self, (16, 0, 0, 0), 0)
        self._text = label(name="muted", factor=0.93)
        layout.addWidget(self._text)

    def show(self, text: str = "", tone: str = "muted", shape: str = "ring") -> None:
        """Show ``text`` with its sign."""
        if (text, tone, shape) != (self._text.text(), self._tone, self._shape):
            self._text.setText(text)
            self.setAccessibleName(text)
            self._tone, self._shape = tone, shape
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        side = 10.0
        box = self.rect().toRectF()
        box.setRect(0, (self.height() - side) / 2, side, side)
        paint_shape(painter, self._shape, box, color(self._tone))
        painter.end()
