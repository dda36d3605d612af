"""Small general widgets and layouts: cards, elided labels, notices, dialogs that a coroutine awaits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFrame,
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QLayout,
    QLayoutItem,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from archisync_gui.ui.look.icons import icon
from archisync_gui.ui.look.theme import scaled, theme
from archisync_gui.ui.text.i18n import plain, tr


class ElidedLabel(QLabel):
    """A label of one line that ends in … when there is no room; its tooltip then has the whole text. Plain text."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setText(text)

    def setText(self, text: str) -> None:
        """Show ``text``; repainted only when it differs."""
        if text != self.text():
            super().setText(text)
            self._tip()

    def minimumSizeHint(self) -> QSize:
        return QSize(20, QFontMetrics(self.font()).height() + 2)

    def sizeHint(self) -> QSize:
        metrics = QFontMetrics(self.font())
        return QSize(metrics.horizontalAdvance(self.text()) + 2, metrics.height() + 2)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._tip()

    def _tip(self) -> None:
        cut = QFontMetrics(self.font()).horizontalAdvance(self.text()) > self.width()
        self.setToolTip(plain(self.text()) if cut else "")

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(self.font())
        painter.setPen(self.palette().color(self.foregroundRole()))
        text = QFontMetrics(self.font()).elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), text)
        painter.end()


def label(text: str = "", name: str = "", factor: float = 1.0, bold: bool = False, wrap: bool = False) -> QLabel:
    """A plain text label with an object name for the style sheet and a relative size."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(wrap)
    if name:
        made.setObjectName(name)
    if factor != 1.0 or bold:
        made.setFont(scaled(made.font(), factor, bold))
    return made


def card(parent: QWidget | None = None) -> QFrame:
    """A surface with a thin border."""
    made = QFrame(parent)
    made.setObjectName("card")
    return made


def line() -> QFrame:
    """A thin horizontal line."""
    made = QFrame()
    made.setObjectName("line")
    made.setFixedHeight(1)
    return made


class IconButton(QToolButton):
    """A small button with an icon of ``resources/icons`` in the theme's colours; its name is for screen reader and
    tooltip."""

    def __init__(self, picture: str, name: str = "", parent: QWidget | None = None, role: str = "text") -> None:
        super().__init__(parent)
        self._picture, self._role = picture, role
        if name:
            self.setObjectName(name)
        self.setIconSize(QSize(16, 16))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        theme().changed.connect(self._paint_icon)
        self._paint_icon()

    def _paint_icon(self) -> None:
        self.setIcon(icon(self._picture, self._role))

    def say(self, name: str, tip: str = "") -> None:
        """Set the accessible name, and the tooltip (by default the name)."""
        self.setAccessibleName(name)
        self.setToolTip(plain(tip or name))


class Notice(QFrame):
    """A message about something that was just done or refused, with at most two buttons; it closes by itself."""

    SHOWN = 9000
    """Milliseconds until it closes; messages of tone ``bad`` or ``work`` stay until they are closed."""

    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("notice")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 6, 6, 6)
        self._text = label(wrap=True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._action, self._other = QPushButton(), QPushButton()
        self._action.clicked.connect(lambda: self._act(self._callback))
        self._other.clicked.connect(lambda: self._act(self._second))
        self._close = IconButton("close")
        self._close.clicked.connect(self.dismiss)
        layout.addWidget(self._text, 1)
        layout.addWidget(self._action)
        layout.addWidget(self._other)
        layout.addWidget(self._close)
        self._callback: Callable[[], object] | None = None
        self._second: Callable[[], object] | None = None
        self._timer = QTimer(self, singleShot=True, interval=self.SHOWN)
        self._timer.timeout.connect(self.dismiss)
        self.hide()

    def say(
        self,
        text: str,
        tone: str = "",
        action: str = "",
        callback: Callable[[], object] | None = None,
        other: tuple[str, Callable[[], object] | None] = ("", None),
    ) -> None:
        """Show ``text``; ``tone`` is ``bad`` or ``work`` (both stay), ``ok`` or empty; ``other``: a second button."""
        self._text.setText(text)
        self.setAccessibleName(text)
        self._close.say(tr("Close this message"))
        self._callback, self._second = callback, other[1]
        for button, words in ((self._action, action), (self._other, other[0])):
            button.setText(words)
            button.setVisible(bool(words))
        self.setProperty("tone", tone)
        restyle(self)
        self.show()
        if tone in ("bad", "work"):
            self._timer.stop()
        else:
            self._timer.start()

    @property
    def text(self) -> str:
        """The text that is shown, or an empty text."""
        return self._text.text() if not self.isHidden() else ""

    def press(self) -> None:
        """Press the first button."""
        self._action.click()

    def _act(self, callback: Callable[[], object] | None) -> None:
        self.dismiss()
        if callback is not None:
            callback()

    def dismiss(self) -> None:
        """Close the notice."""
        self._timer.stop()
        self.hide()
        self.closed.emit()


def breakable(path: str) -> str:
    """``path`` with places where a line may break; only for display, not for copying."""
    return path.replace("/", "/\u200b").replace("\\", "\\\u200b")


def inset(control: QWidget) -> None:
    """Add room at the left of the text in a spin box or date field, which the style sheet cannot do (Qt 6.11)."""
    inside = control.findChild(QLineEdit)
    if inside is not None:
        inside.setTextMargins(6, 0, 0, 0)


def empty_label() -> QLabel:
    """A label for the place of a list or table, which says why that is empty."""
    found = label(name="muted", wrap=True)
    found.setAlignment(Qt.AlignmentFlag.AlignCenter)
    found.setContentsMargins(20, 20, 20, 20)
    return found


async def ask(dialog: QDialog, modal: bool = True) -> int:
    """Show ``dialog`` without a nested event loop and wait for its result code. ``modal`` False: the window can be used
    meanwhile."""
    done: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def finished(code: int) -> None:
        if not done.done():
            done.set_result(code)

    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)  # callers read its fields after it was closed
    dialog.finished.connect(finished)
    if modal:
        QDialog.open(dialog)  # QPrintDialog and QFileDialog have an open() of their own that wants a receiver
    else:
        dialog.show()
        dialog.activateWindow()
    try:
        return await done
    finally:
        dialog.hide()
        dialog.deleteLater()


async def ask_text(
    parent: QWidget, question: str, *, initial: str = "", secret: bool = False, modal: bool = True
) -> str | None:
    """Ask for a text; ``None``: the dialog was closed. ``question``: plain text; ``initial``: the text in the field at
    first."""
    dialog = QInputDialog(parent)
    dialog.setWindowTitle("Archisync")
    dialog.setLabelText(plain(question))
    dialog.setTextValue(initial)
    if secret:
        dialog.setTextEchoMode(QLineEdit.EchoMode.Password)
    accepted = await ask(dialog, modal)
    # Read at once: the dialog is destroyed as soon as the caller awaits something else.
    return dialog.textValue() if accepted else None


def set_look(part: QWidget, name: str) -> None:
    """Give a widget another style of the style sheet (its object name), if it differs."""
    if part.objectName() != name:
        part.setObjectName(name)
        restyle(part)


def restyle(part: QWidget) -> None:
    """Apply the style sheet again after a name or property was changed: Qt evaluates these only once."""
    part.style().unpolish(part)
    part.style().polish(part)


def fill(box: QComboBox, items: Sequence[tuple[object, str]]) -> None:
    """Set the items (data and text) of a combo box. Keeps the choice if it is still offered; emits no signal."""
    chosen = box.currentData()
    box.blockSignals(True)
    box.clear()
    for data, text in items:
        box.addItem(text, data)
    box.setCurrentIndex(next((at for at, (data, _) in enumerate(items) if data == chosen), 0 if items else -1))
    box.blockSignals(False)


class Page(QWidget):
    """A page of the window, with methods that are called when it is opened and when the language changes."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)

    def retranslate(self) -> None:
        """Set all texts in the present language."""

    def shown(self) -> None:
        """The page was opened: read what it shows."""

    def changeEvent(self, event: QEvent) -> None:
        if event.type() is QEvent.Type.LanguageChange:
            self.retranslate()
        super().changeEvent(event)


class Flow(QLayout):
    """A layout of one line, or of several where there is no room; widgets added after :meth:`push_right` are at the
    right."""

    def __init__(self, parent: QWidget | None = None, gap: int = 8) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self._gap = gap
        self._right = -1
        self.setContentsMargins(0, 0, 0, 0)

    def push_right(self) -> None:
        """Put the widgets that are added from now on at the right end of the last line."""
        self._right = len(self._items)

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._place(QRect(0, 0, width, 0), False)

    def sizeHint(self) -> QSize:
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        sizes = [item.sizeHint() for item in self._items]
        return QSize(max((s.width() for s in sizes), default=0), max((s.height() for s in sizes), default=0))

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._place(rect, True)

    def _place(self, rect: QRect, move: bool) -> int:
        x, y, tall = rect.left(), rect.top(), 0
        rest = self._items[self._right :] if self._right >= 0 else []
        needed = sum(item.sizeHint().width() + self._gap for item in rest) - self._gap
        for at, item in enumerate(self._items):
            if item.isEmpty():  # hidden
                continue
            size = item.sizeHint()
            together = needed if at == self._right else size.width()
            if x > rect.left() and x + together > rect.left() + rect.width():
                x, y, tall = rect.left(), y + tall + self._gap, 0
            if at == self._right:
                x = max(x, rect.left() + rect.width() - needed)
            if move:
                item.setGeometry(QRect(QPoint(x, y), size))
            x += size.width() + self._gap
            tall = max(tall, size.height())
        return y + tall - rect.top()


def column(
    parent: QWidget | None = None, margins: tuple[int, int, int, int] = (0, 0, 0, 0), gap: int = 0
) -> QVBoxLayout:
    """A vertical layout with these margins and gap."""
    made = QVBoxLayout(parent) if parent is not None else QVBoxLayout()
    made.setContentsMargins(*margins)
    made.setSpacing(gap)
    return made


def row(parent: QWidget | None = None, margins: tuple[int, int, int, int] = (0, 0, 0, 0), gap: int = 8) -> QHBoxLayout:
    """A horizontal layout with these margins and gap."""
    made = QHBoxLayout(parent) if parent is not None else QHBoxLayout()
    made.setContentsMargins(*margins)
    made.setSpacing(gap)
    return made
