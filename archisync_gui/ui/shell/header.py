"""The header of the window: the headline with its sign, the box of Find, and buttons."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QMenu, QProgressBar, QPushButton, QWidget

from archisync_gui.model import Status
from archisync_gui.ui.live.context import Context
from archisync_gui.ui.look.icons import paint_shape
from archisync_gui.ui.look.theme import color, scaled
from archisync_gui.ui.shell.find_box import FindBox
from archisync_gui.ui.shell.pause import fill
from archisync_gui.ui.text import list_words, status_words
from archisync_gui.ui.text.i18n import tr
from archisync_gui.ui.text.last_known import status_sentence
from archisync_gui.ui.widgets.basic import ElidedLabel, column, row, set_look

LONG_TITLE = 48
"""Length, in average letters, of a title that must have room beside the buttons."""


class Header(QFrame):
    """The headline about the active run or the state of the lists, with progress and buttons."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self.waiting: status_words.Headline | None = None
        """The headline in place of *Starting* while the start waits for the office."""
        self.first_steps = False
        """The dialog of the first run is open: missing accounts are not reported meanwhile."""
        self.setObjectName("header")
        layout = QGridLayout(self)
        layout.setContentsMargins(18, 14, 18, 14)
        layout.setHorizontalSpacing(18)
        layout.setVerticalSpacing(4)
        layout.setColumnStretch(0, 1)
        self._layout = layout
        self._shape = ""
        self._first = first = row(gap=9)
        self._sign = _Sign()
        self.title = ElidedLabel()
        self.title.setFont(scaled(self.title.font(), 1.36, True))
        first.addWidget(self._sign)
        first.addWidget(self.title, 1)
        self.find_box = FindBox()
        first.addWidget(self.find_box)
        self.detail = ElidedLabel()
        self.detail.setObjectName("muted")
        self._second = texts = column(gap=7)
        texts.addWidget(self.detail)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 1000)
        self.bar.setFixedHeight(7)
        size = self.bar.sizePolicy()
        size.setRetainSizeWhenHidden(True)
        self.bar.setSizePolicy(size)
        texts.addWidget(self.bar)
        self.fix = QPushButton()
        self.fix.hide()
        self.headline: status_words.Headline | None = None
        """The present headline."""
        self.why = QPushButton()
        self.cancel = QPushButton()
        self.hold = QPushButton()
        self.all = QPushButton()
        self.all.setObjectName("primary")
        self._sample = QPushButton(self)
        """Measures texts; never shown."""
        self._sample.hide()
        self._sample.ensurePolished()
        self._buttons = QWidget()
        buttons = row(self._buttons, gap=6)
        for button in (self.fix, self.why, self.cancel, self.hold, self.all):
            buttons.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        self.why.clicked.connect(partial(context.open, "why"))
        self.fix.clicked.connect(self._fix)
        self.cancel.clicked.connect(context.cancel)
        self.hold.clicked.connect(self._hold_clicked)
        self.pause_menu = QMenu(self)
        self.all.clicked.connect(context.sync_all)
        self.retranslate()

    def retranslate(self) -> None:
        self.find_box.retranslate()
        self.why.setText(tr("&Why?"))
        self.why.setToolTip(tr("Why does this run, or why does nothing run?"))
        self.cancel.setText(tr("&Cancel"))
        self.all.setText(tr("Up&date all"))
        self.all.setToolTip(tr("Read all lists, one after the other (F5)"))
        self.bar.setAccessibleName(tr("Progress of the active run"))
        self._arrange()
        self._show(self._context.status)

    def show_status(self, status: Status) -> None:
        """Show this snapshot."""
        self._show(status)

    def _show(self, status: Status | None) -> None:
        if status is None:
            known = self._context.last_known
            detail = status_sentence(known) if known is not None else tr("opening the archive and the browser")
            starting = status_words.Headline(tr("Starting…"), detail, "muted", "starting")
            self._headline(self.waiting or starting)
            self.hold.setText(tr("&Pause all"))
            for button in (self.why, self.cancel, self.hold, self.all):
                button.setEnabled(False)
                button.setToolTip(tr("Archisync is still starting"))
            return
        if self.first_steps and not status.accounts:
            text = tr("nothing is read before they are finished")
            self._headline(status_words.Headline(tr("First steps"), text, "muted", "starting"))
        else:
            self._headline(status_words.headline(status, self._context.now()))
        running = status.current_run is not None
        self.cancel.setEnabled(running)
        self.cancel.setToolTip(
            tr("End the active run; the stored data stay as they are") if running else tr("Nothing is running")
        )
        held = status.hold_since is not None
        self.hold.setText(tr("&Resume") if held else tr("&Pause all"))
        self.hold.setToolTip(
            tr("Let the updates start again") if held else tr("End the active run and start nothing for a time")
        )
        self.hold.setEnabled(True)
        self.why.setEnabled(True)
        self.why.setToolTip(tr("Why does this run, or why does nothing run?"))
        has_account = any(a.enabled for a in status.accounts)
        self.all.setEnabled(has_account)
        self.all.setToolTip(
            tr("Read all lists, one after the other (F5)")
            if has_account
            else tr("No ERP account: enter one in Settings")
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Move the buttons if necessary."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        """Place the buttons: beside the title if a long title and the longest buttons have room there; else below it,
        beside the second line; in a very narrow window below that, with the box of *Find* beside the second line. This
        depends on the window's width only, not on the present texts, so that the buttons do not move with these."""
        room = self.width() - self._buttons_width() - 54
        line = QFontMetrics(self.font()).height()
        title = QFontMetrics(self.title.font()).averageCharWidth() * LONG_TITLE
        title += self._sign.width() + self.find_box.minimumWidth() + 24
        lower = room > 10 * line and self.width() - 36 > title
        shape = "beside" if room > title else "lower" if lower else "below"
        if shape == self._shape:
            return
        self._shape = shape
        for part in (self._first, self._second):
            self._layout.removeItem(part)
        self._layout.removeWidget(self._buttons)
        for layout in (self._first, self._layout):
            layout.removeWidget(self.find_box)
        if shape != "below":
            self._first.addWidget(self.find_box)
        self._layout.addLayout(self._first, 0, 0, 1, 1 if shape == "beside" else 2)
        self._layout.addLayout(self._second, 1, 0)
        top, right = Qt.AlignmentFlag.AlignTop, Qt.AlignmentFlag.AlignRight
        match shape:
            case "beside":
                self._layout.addWidget(self._buttons, 0, 1, 2, 1, top)
            case "lower":
                self._layout.addWidget(self._buttons, 1, 1, top)
            case _:
                self._layout.addWidget(self.find_box, 1, 1, top)
                self._layout.addWidget(self._buttons, 2, 0, 1, 2, right)
        self._layout.setRowMinimumHeight(2, 0)

    def _buttons_width(self) -> int:
        """The width of all buttons with the longest text that each can have."""
        choices = (
            list_words.remedies(),
            (tr("&Pause all"), tr("&Resume")),
            *((button.text(),) for button in (self.why, self.cancel, self.all)),
        )
        width = 6 * (len(choices) - 1)
        for texts in choices:
            found = []
            for text in texts:
                self._sample.setText(text)
                found.append(self._sample.sizeHint().width())
            width += max(found)
        return width

    def _emphasise(self) -> None:
        """Emphasise one button: the remedy if there is one, else *Resume* in a pause, else *Update all*."""
        held = self.headline is not None and self.headline.kind == "hold"
        mended = bool(self.fix.text())
        chosen = self.fix if mended else self.hold if held else self.all
        for button in (self.fix, self.hold, self.all):
            set_look(button, "primary" if button is chosen else "")

    def show_closing(self) -> None:
        """Show that Archisync is closing, and disable the buttons."""
        self._headline(
            status_words.Headline(tr("Closing…"), tr("the active run is ended cleanly"), "muted", "starting")
        )
        for button in (self.why, self.cancel, self.hold, self.all):
            button.setEnabled(False)
            button.setToolTip(tr("Archisync is closing"))

    def _hold_clicked(self) -> None:
        """End the pause, or open the menu of its durations."""
        status = self._context.status
        if status is not None and status.hold_since is not None:
            self._context.release()
            return
        fill(self.pause_menu, self._context)
        self.pause_menu.popup(self.hold.mapToGlobal(self.hold.rect().bottomLeft()))

    def _fix(self) -> None:
        found = self.headline
        if found is not None and found.place == "sync" and isinstance(found.what, tuple):
            for name in found.what:
                self._context.sync(name)
        elif found is not None and found.place:
            self._context.open(found.place, found.what)

    def _headline(self, found: status_words.Headline) -> None:
        self.headline = found
        if self.fix.text() != found.button:
            self.fix.setText(found.button)
        self.fix.setVisible(bool(found.button))
        self._emphasise()
        self.title.setText(found.title)
        self.detail.setText(found.detail)
        self._sign.show_kind(found)
        self._sign.setVisible(found.kind != "running")
        self.bar.setVisible(found.running or found.kind == "starting")
        if found.fraction is not None or self.bar.isVisible():
            self._fill(int((found.fraction or 0) * 1000))
        self.setAccessibleName(f"{found.title}. {found.detail}")  # Qt informs a screen reader if it differs

    def _fill(self, value: int) -> None:
        """Set the progress so that it is painted with everything else. Qt (6.11) paints a changed bar at once, together
        with everything that is waiting to be painted."""
        if value != self.bar.value():
            self.bar.setUpdatesEnabled(False)
            self.bar.setValue(value)
            self.bar.setUpdatesEnabled(True)


class _Sign(QWidget):
    """The shape beside the headline."""

    _SHAPES: ClassVar = {"fresh": "check", "session": "check", "late": "alert", "trouble": "alert", "hold": "pause"}

    def __init__(self) -> None:
        super().__init__()
        self._tone, self._shape = "muted", "ring"
        side = int(scaled(self.font(), 1.25).pointSizeF() * 1.35)
        self.setFixedSize(QSize(side, side))

    def show_kind(self, found: status_words.Headline) -> None:
        shape = self._SHAPES.get(found.kind, "ring")
        if (found.tone, shape) != (self._tone, self._shape):
            self._tone, self._shape = found.tone, shape
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint_shape(painter, self._shape, self.rect().toRectF().adjusted(1, 1, -1, -1), color(self._tone))
        painter.end()
