"""The main window: side bar, header, notice, banners, the stack of pages, foot. It shows; the context acts."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from PySide6.QtCore import QByteArray, QEvent, QObject, QSettings, QSize, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QCloseEvent,
    QFontMetrics,
    QHideEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QMainWindow,
    QMenu,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from archisync_gui.model import Scope, Status
from archisync_gui.ui.live.context import Context
from archisync_gui.ui.live.feed import Feed
from archisync_gui.ui.live.services import endpoint_address
from archisync_gui.ui.look.icons import application_icon, paint_shape
from archisync_gui.ui.look.theme import color, scaled
from archisync_gui.ui.shell.find_box import FindBox
from archisync_gui.ui.shell.form_request import FormRequest
from archisync_gui.ui.shell.pause import fill
from archisync_gui.ui.text import words
from archisync_gui.ui.text.i18n import decimal, plain, tr
from archisync_gui.ui.widgets.basic import ElidedLabel, Notice, Page, column, label, row, set_look

if TYPE_CHECKING:
    from archisync_gui.ui.live.watches import Watches
    from archisync_gui.ui.shell.find import Find
    from archisync_gui.ui.shell.sheet import RecordSheet

SIZE = QSize(1330, 780)
"""Of the first window ever, where the screen has room for it; later ones have the size of the last."""

FRAME = QSize(16, 48)
"""What the desktop puts around a window, about."""

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
            starting = words.Headline(tr("Starting…"), tr("opening the archive and the browser"), "muted", "starting")
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
        in a tiny window below all. The window's width decides, never the words: the buttons do not move with them."""
        room = self.width() - self._buttons_width() - 54
        line = QFontMetrics(self.font()).height()
        title = QFontMetrics(self.title.font()).averageCharWidth() * LONG_TITLE
        beside = room > title + self._sign.width() + self.find_box.minimumWidth() + 24
        shape = "beside" if beside else "lower" if room > 10 * line else "below"
        if shape == self._shape:
            return
        self._shape = shape
        for part in (self._first, self._second):
            self._layout.removeItem(part)
        self._layout.removeWidget(self._buttons)
        self._layout.addLayout(self._first, 0, 0, 1, 1 if shape == "beside" else 2)
        self._layout.addLayout(self._second, 1, 0, 1, 2 if shape == "below" else 1)
        top, right = Qt.AlignmentFlag.AlignTop, Qt.AlignmentFlag.AlignRight
        match shape:
            case "beside":
                self._layout.addWidget(self._buttons, 0, 1, 2, 1, top)
            case "lower":
                self._layout.addWidget(self._buttons, 1, 1, top)
            case _:
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


NOTICE_WIDTH = 560
"""Pixels; the most that a notice is wide."""

NOTICE_EDGE = 16
"""Pixels between a notice and the edges of the page."""


class MainWindow(QMainWindow):
    """The window. Pages are made when they are first opened."""

    shown_changed = Signal(bool)
    close_asked = Signal()
    quit_asked = Signal()
    watch_fired = Signal(object, str)
    """Something happened to a watched record: the watch, and what in one sentence."""
    painted = Signal()
    """The window is being painted for the first time."""

    def __init__(self, context: Context, feed: Feed) -> None:
        super().__init__()
        self.context, self.feed = context, feed
        self.was_painted = False
        self._demo = False
        self._find: Find | None = None
        self._sheet: RecordSheet | None = None
        self._watches: Watches | None = None
        self._titled = ""
        """The kind of headline that the title says."""
        self.setWindowTitle("Archisync")
        self.setWindowIcon(application_icon())
        self.setMinimumSize(720, 480)
        self.resize(SIZE.boundedTo(self.screen().availableSize() - FRAME))
        self._factories: dict[str, Callable[[], Page]] = {}
        self._pages: dict[str, Page] = {}
        self.sidebar = Sidebar()
        self.header = Header(context)
        self.notice = Notice()
        self.form_request = FormRequest(context)
        self.banner = Banner(context)
        self.foot = Foot(context, feed)
        self.stack = QStackedWidget()
        self._build()
        self._actions()
        self.sidebar.chosen.connect(self.go)
        self.sidebar.form_button.clicked.connect(context.open_order_form)
        context.bridge.status_changed.connect(self._status)
        context.bridge.tick.connect(self._tick)
        context.said.connect(self._said)
        context.services_changed.connect(self._services)

    def _build(self) -> None:
        center = QWidget()
        center.setObjectName("page")
        outer = QHBoxLayout(center)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self.sidebar)
        right = QVBoxLayout()
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(0)
        right.addWidget(self.header)
        right.addWidget(self.banner)
        self._around = QWidget()
        around = column(self._around, (18, 12, 18, 0), 10)
        around.addWidget(self.form_request)
        right.addWidget(self._around)
        right.addWidget(self.stack, 1)
        right.addWidget(self.foot)
        outer.addLayout(right, 1)
        self.setCentralWidget(center)
        self._around.hide()
        self._center = center
        self.notice.setParent(center)  # above the pages, in no layout: it never moves what is under the pointer
        self.notice.hide()
        center.installEventFilter(self)
        self.form_request.changed.connect(self._arrange)
        self.header.find_box.entered.connect(self.results)

    def results(self) -> Find:
        """The results of Find, made when it is first used."""
        if self._find is None:
            from archisync_gui.ui.shell.find import Find

            self._find = Find(self.context, self.header.find_box, self._center)
        return self._find

    def record_sheet(self) -> RecordSheet:
        """The record sheet, made when it is first used."""
        if self._sheet is None:
            from archisync_gui.ui.shell.sheet import RecordSheet

            self._sheet = RecordSheet(self.context, self.watches(), self.stack)
        return self._sheet

    def watches(self) -> Watches:
        """The watched records, made when they are first needed."""
        if self._watches is None:
            from archisync_gui.ui.live.watches import Watches

            self._watches = Watches(self.context)
            self._watches.fired.connect(self.watch_fired)
        return self._watches

    def open_record(self, target: object) -> None:
        """Show a record, named by list, account and key."""
        if isinstance(target, tuple) and len(target) == 3:
            self.record_sheet().open(target)

    def _actions(self) -> None:
        def add(keys: str, act: Callable[[], object]) -> None:
            action = QAction(self)
            action.setShortcut(QKeySequence(keys))
            action.triggered.connect(act)
            self.addAction(action)

        for at, name in enumerate(PAGES):
            add(f"Ctrl+{at + 1}", partial(self.go, name))
        for keys in ("Ctrl+K", "F3"):
            add(keys, lambda: self.results().focus())
        add("F5", self.context.sync_all)
        add("Ctrl+N", self.context.open_order_form)
        add("Ctrl+Q", self.quit_asked.emit)
        add("Ctrl+W", self.close)
        add("F1", partial(self.context.open, "why"))
        add("Escape", self._escape)

    def _escape(self) -> None:
        """Take away what lies over the page: results, then the sheet that has the keyboard, the notice, the sheet."""
        sheet = self._sheet if self._sheet is not None and self._sheet.isVisible() else None
        if self._find is not None and self._find.isVisible():
            self._find.close_results()
        elif sheet is not None and (not self.notice.isVisible() or sheet.isAncestorOf(self.focusWidget() or self)):
            sheet.close_sheet()
        else:
            self.notice.dismiss()

    def add_page(self, name: str, factory: Callable[[], Page]) -> None:
        """Declare a page; it is made when it is first opened."""
        self._factories[name] = factory

    def page(self, name: str) -> Page:
        """The page of that name, made if need be."""
        if name not in self._pages:
            self._pages[name] = made = self._factories[name]()
            self.stack.addWidget(made)
        return self._pages[name]

    def go(self, name: str) -> Page:
        """Open a page."""
        found = self.page(name)
        self.stack.setCurrentWidget(found)
        self.sidebar.check(name)
        found.shown()
        if self._sheet is not None and self._sheet.isVisible():
            self._sheet.raise_()
        return found

    def _status(self, status: Status) -> None:
        self.header.show_status(status)
        self.banner.show_status(status)
        self.foot.show_status(status)
        self._arrange()
        said = self.header.found
        # While it is looked at, the tick does it: progress comes many times a second, each title is a trip to the
        # desktop.
        if not self.looked_at or (said is not None and said.kind != self._titled):
            self._title()

    @property
    def looked_at(self) -> bool:
        """True when the window is shown and not minimised."""
        return self.isVisible() and not self.isMinimized()

    def _title(self) -> None:
        """Say in the title what the header says."""
        said = self.header.found
        if said is None:
            return
        self._titled = said.kind
        badge = " [DEMO]" if self._demo else ""
        title = f"{said.title}{badge} – Archisync"
        if title != self.windowTitle():
            self.setWindowTitle(title)

    def _tick(self) -> None:
        status = self.context.status
        if status is not None:
            self.header.show_status(status)
            self._title()
            if status.session_count:
                self.banner.show_status(status)

    def _services(self) -> None:
        services = self.context.services
        if services is not None:
            self.show_profile(services.profile, services.demo)

    def show_profile(self, profile: str, demo: bool) -> None:
        """Show which profile this is, and the demo as a demo, in side bar and title."""
        self._demo = demo
        self.sidebar.set_profile(profile, demo)
        if self.context.status is None:
            self.setWindowTitle("Archisync [DEMO]" if demo else "Archisync")

    def _said(self, text: str, tone: str, action: str, callback: object, other: object) -> None:
        second = other if isinstance(other, tuple) else ("", None)
        self.notice.say(text, tone, action, callback if callable(callback) else None, second)
        self._place_notice()

    def show_waiting(self, found: words.Headline | None, foot: str = "") -> None:
        """Say what the start waits for; ``None``: it goes on."""
        self.header.waiting, self.foot.waiting = found, foot
        self.header.retranslate()
        self.foot.retranslate()

    def show_closing(self) -> None:
        """Say that Archisync is closing; nothing can be pressed any more."""
        self.header.show_closing()
        self.stack.setEnabled(False)
        self.sidebar.setEnabled(False)
        self.form_request.detach()
        self.form_request.hide()
        self.banner.hide()

    def _arrange(self) -> None:
        self._around.setVisible(not self.form_request.isHidden())

    def _place_notice(self) -> None:
        """Put the notice at the lower right, above the status bar; long texts make it higher, not wider."""
        room = self._center.size()
        width = max(240, min(NOTICE_WIDTH, room.width() - self.sidebar.width() - 2 * NOTICE_EDGE))
        self.notice.resize(width, self.notice.heightForWidth(width))
        top = room.height() - self.foot.height() - self.notice.height() - NOTICE_EDGE
        self.notice.move(room.width() - width - NOTICE_EDGE, max(NOTICE_EDGE, top))
        self.notice.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Resize and watched is self._center:
            self._place_notice()
            if self._find is not None and self._find.isVisible():
                self._find.place()
        return super().eventFilter(watched, event)

    # ------------------------------------------------------------------------------------------- window things

    def remember(self, memory: QSettings) -> None:
        """Keep place and size."""
        memory.setValue("window/geometry", self.saveGeometry())

    def recall(self, memory: QSettings) -> None:
        """Take place and size of last time."""
        geometry = memory.value("window/geometry")
        if isinstance(geometry, QByteArray):
            self.restoreGeometry(geometry)

    def changeEvent(self, event: QEvent) -> None:
        match event.type():
            case QEvent.Type.LanguageChange:
                for part in (self.sidebar, self.header, self.form_request, self.banner, self.foot):
                    part.retranslate()
                for later in (self._find, self._sheet):
                    if later is not None:
                        later.retranslate()
                if self.context.status is not None:
                    self._title()
            case QEvent.Type.WindowStateChange:
                self.shown_changed.emit(self.looked_at)
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self.was_painted:
            self.was_painted = True
            self.painted.emit()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.shown_changed.emit(not self.isMinimized())

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.shown_changed.emit(False)

    def closeEvent(self, event: QCloseEvent) -> None:
        event.ignore()
        self.close_asked.emit()
