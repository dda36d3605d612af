"""The parts around the window's pages: side bar, header, banner, foot. The window puts them together."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QMenu, QProgressBar, QPushButton, QWidget

from archisync_gui.model import Scope, Status
from archisync_gui.ui.live.context import Context
from archisync_gui.ui.live.feed import Feed
from archisync_gui.ui.live.services import endpoint_address
from archisync_gui.ui.look.icons import paint_shape
from archisync_gui.ui.look.theme import color, scaled
from archisync_gui.ui.shell.find_box import FindBox
from archisync_gui.ui.shell.pause import fill
from archisync_gui.ui.text import words
from archisync_gui.ui.text.i18n import decimal, plain, tr
from archisync_gui.ui.text.last_known import said
from archisync_gui.ui.widgets.basic import ElidedLabel, column, label, row, set_look

LONG_TITLE = 48
"""Average letters of a title that has room beside the buttons."""

PAGES = ("overview", "data", "summary", "history", "settings")


class Sidebar(QFrame):
    """The name, the DEMO badge and the way to each page."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("sidebar")
        layout = column(self, (8, 16, 8, 12), 2)
        self._name = label("Archisync", factor=1.12, bold=True)
        self._name.setContentsMargins(9, 0, 0, 0)
        layout.addWidget(self._name)
        self.badge = label("DEMO", "demo", factor=0.8, bold=True)
        self._profile = ElidedLabel()
        self._profile.setObjectName("muted")
        badge_row = row(margins=(10, 6, 0, 10))
        badge_row.addWidget(self.badge)
        badge_row.addWidget(self._profile, 1)
        layout.addLayout(badge_row)
        self.badge.hide()
        self._buttons: dict[str, QPushButton] = {}
        for name in PAGES:
            button = QPushButton()
            button.setObjectName("nav")
            button.setCheckable(True)
            button.setAutoExclusive(True)
            button.clicked.connect(partial(self.chosen.emit, name))
            layout.addWidget(button)
            self._buttons[name] = button
        layout.addStretch(1)
        self.form_button = QPushButton()
        layout.addWidget(self.form_button)
        self.demo_button = QPushButton()
        self.demo_button.hide()
        layout.addSpacing(4)
        layout.addWidget(self.demo_button)
        self.retranslate()

    def set_profile(self, profile: str, demo: bool) -> None:
        """Show which profile this is."""
        self.badge.setVisible(demo)
        self._profile.setText("" if profile in ("", "default") or (demo and profile == "demo") else profile)

    def check(self, name: str) -> None:
        """Mark a page as the open one."""
        if name in self._buttons:
            self._buttons[name].setChecked(True)

    def retranslate(self) -> None:
        titles = page_titles()
        for at, (name, button) in enumerate(self._buttons.items()):
            button.setText(titles[name])
            button.setAccessibleName(titles[name])
            button.setToolTip(plain(f"{titles[name]} (Ctrl+{at + 1})"))
        self.form_button.setText(tr("Order form", "button"))
        self.form_button.setToolTip(tr("Open the order form in the browser (Ctrl+N)"))
        self.demo_button.setText(tr("Try a &fault"))
        bold = QFontMetrics(scaled(self.font(), 1.0, True))  # the open page's button is bold
        widest = max(b.sizeHint().width() for b in (self._name, *self._buttons.values()))
        widest = max(widest, *(bold.horizontalAdvance(t.replace("&", "")) + 26 for t in titles.values()))
        below = max(b.sizeHint().width() for b in (self.demo_button, self.form_button))
        self.setFixedWidth(max(136, widest + 24, below + 16))


def page_titles() -> dict[str, str]:
    """Titles of the pages. Ctrl and a figure open them; the letters are for what stands on the pages."""
    return {
        "overview": tr("Overview"),
        "data": tr("Data", "page"),
        "summary": tr("Summary", "page"),
        "history": tr("History", "page"),
        "settings": tr("Settings", "page"),
    }


class Header(QFrame):
    """What runs now or how things are, in large; and the three things to press."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._kind = "starting"
        self.waiting: words.Headline | None = None
        """What is said instead of *Starting* while the office is waited for."""
        self.first_steps = False
        """The first run is on the screen: what it asks for is not called missing meanwhile."""
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
        self.found: words.Headline | None = None
        """What is said now."""
        self.why = QPushButton()
        self.cancel = QPushButton()
        self.hold = QPushButton()
        self.all = QPushButton()
        self.all.setObjectName("primary")
        self._sample = QPushButton(self)
        """Measures words; never shown."""
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
        self._kind = ""  # its accessible name is said anew
        self._show(self._context.status)

    def show_status(self, status: Status) -> None:
        """Show this snapshot."""
        self._show(status)

    def _show(self, status: Status | None) -> None:
        if status is None:
            known = self._context.last_known
            detail = said(known) if known is not None else tr("opening the archive and the browser")
            starting = words.Headline(tr("Starting…"), detail, "muted", "starting")
            self._headline(self.waiting or starting)
            self.hold.setText(tr("&Pause all"))
            for button in (self.why, self.cancel, self.hold, self.all):
                button.setEnabled(False)
                button.setToolTip(tr("Archisync is still starting"))
            return
        if self.first_steps and not status.accounts:
            text = tr("nothing is read before they are finished")
            self._headline(words.Headline(tr("First steps"), text, "muted", "starting"))
        else:
            self._headline(words.headline(status, self._context.now()))
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
        """The less room, the lower the buttons stand."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        """Beside the title where a long title and the longest button have room; else below it, beside the second line;
        in a tiny window below all, and the box of *Find* beside the second line, so that the title has a line of its
        own. The window's width decides, never the words: the buttons do not move with them."""
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
        """The width of all buttons with the longest words that each may have."""
        choices = (
            words.remedies(),
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
        """One filled button: what mends things, else what lets them go on, else *Update all*."""
        held = self.found is not None and self.found.kind == "hold"
        mended = bool(self.fix.text())
        chosen = self.fix if mended else self.hold if held else self.all
        for button in (self.fix, self.hold, self.all):
            set_look(button, "primary" if button is chosen else "")

    def show_closing(self) -> None:
        """Nothing can be asked any more."""
        self._headline(words.Headline(tr("Closing…"), tr("the active run is ended cleanly"), "muted", "starting"))
        for button in (self.why, self.cancel, self.hold, self.all):
            button.setEnabled(False)
            button.setToolTip(tr("Archisync is closing"))

    def _hold_clicked(self) -> None:
        """Release, or ask how long to pause."""
        status = self._context.status
        if status is not None and status.hold_since is not None:
            self._context.release()
            return
        fill(self.pause_menu, self._context)
        self.pause_menu.popup(self.hold.mapToGlobal(self.hold.rect().bottomLeft()))

    def _fix(self) -> None:
        found = self.found
        if found is not None and found.place == "sync" and isinstance(found.what, tuple):
            for name in found.what:
                self._context.sync(name)
        elif found is not None and found.place:
            self._context.open(found.place, found.what)

    def _headline(self, found: words.Headline) -> None:
        self.found = found
        if self.fix.text() != found.button:
            self.fix.setText(found.button)
        self.fix.setVisible(bool(found.button))
        self._emphasise()
        self.title.setText(found.title)
        self.detail.setText(found.detail)
        self._sign.show_kind(found)
        self._sign.setVisible(found.kind != "running")
        self.bar.setVisible(found.running or found.kind == "starting")
        if found.fraction is None and self.bar.isVisible():
            self.bar.setRange(0, 1000)
            self.bar.setValue(0)
        elif found.fraction is not None:
            self.bar.setRange(0, 1000)
            self.bar.setValue(int(found.fraction * 1000))
        if self._kind != found.kind:
            self._kind = found.kind
            self.setAccessibleName(f"{found.title}. {found.detail}")


class _Sign(QWidget):
    """The shape beside the headline."""

    _SHAPES: ClassVar = {"fresh": "check", "session": "check", "late": "alert", "trouble": "alert", "hold": "pause"}

    def __init__(self) -> None:
        super().__init__()
        self._tone, self._shape = "muted", "ring"
        side = int(scaled(self.font(), 1.25).pointSizeF() * 1.35)
        self.setFixedSize(QSize(side, side))

    def show_kind(self, found: words.Headline) -> None:
        shape = self._SHAPES.get(found.kind, "ring")
        if (found.tone, shape) != (self._tone, self._shape):
            self._tone, self._shape = found.tone, shape
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint_shape(painter, self._shape, self.rect().toRectF().adjusted(1, 1, -1, -1), color(self._tone))
        painter.end()


class Banner(QFrame):
    """One line below the header while order forms are open."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self.setObjectName("strip")
        layout = row(self, (15, 2, 14, 2), 10)
        self._title = label(name="bannerTitle", bold=True)
        self._text = ElidedLabel()
        self._text.setObjectName("muted")
        self.list = QPushButton()
        self.end = QPushButton()
        for button in (self.list, self.end):
            button.setObjectName("link")
        layout.addWidget(self._title)
        layout.addWidget(self._text, 1)
        layout.addWidget(self.list)
        layout.addWidget(self.end)
        self.list.clicked.connect(partial(context.open, "sessions"))
        self.end.clicked.connect(context.end_sessions)
        self.hide()
        self.retranslate()

    def retranslate(self) -> None:
        self._title.setText(tr("Order form open"))
        self.list.setText(tr("Ta&bs…"))
        self.list.setToolTip(tr("Which tabs are open, since when, and their last sign of life"))
        self.end.setText(tr("End &now"))
        self.end.setToolTip(tr("End all sessions: the waiting updates go on"))
        if self._context.status is not None:
            self.show_status(self._context.status)

    def show_status(self, status: Status) -> None:
        """Show this snapshot."""
        active = status.session_count > 0
        if active:
            run = status.current_run
            reading = run is not None and run.type == words.CUSTOMERS and run.scope is Scope.ALL
            text = words.banner_line(status, self._context.now(), reading)
            if text != self._text.text():
                self._text.setText(text)
                self.setAccessibleName(f"{self._title.text()}: {text}")
        self.setVisible(active)


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
        self._erp.show(*words.erp_line(status, self._context.now()))
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
