"""The main window: first a picture, then side bar, header, notice, banners, the stack of pages, status bar.

It is painted before most of the panel is imported: modules that only :meth:`MainWindow.fill` needs are imported there.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QEvent, QObject, QSettings, QSize, Signal
from PySide6.QtGui import QCloseEvent, QHideEvent, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QMainWindow

from archisync_gui.ui.shell.first_picture import FirstPicture

if TYPE_CHECKING:
    from archisync_gui.model import Status
    from archisync_gui.ui.live.context import Context
    from archisync_gui.ui.live.past_runs import PastRuns
    from archisync_gui.ui.live.watches import Watches
    from archisync_gui.ui.shell.find import Find
    from archisync_gui.ui.shell.sheet import RecordSheet
    from archisync_gui.ui.text import status_words
    from archisync_gui.ui.text.last_known import LastKnown
    from archisync_gui.ui.widgets.basic import Page

SIZE = QSize(1330, 780)
"""Size at the very first start, if the screen has room for it; later the window has its last size."""

MEMORY = "window.ini"
"""File in the profile with the window's place, columns, filters and so on."""

FRAME = QSize(16, 48)
"""Approximate size of a window's frame."""

NOTICE_WIDTH = 560
"""Largest width of a notice in pixels."""

NOTICE_EDGE = 16
"""Pixels between a notice and the edges of the page."""


class MainWindow(QMainWindow):
    """The main window. Its pages are made when they are first opened."""

    shown_changed = Signal(bool)
    close_asked = Signal()
    quit_asked = Signal()
    watch_fired = Signal(object, str)
    """Something happened to a watched record: the watch, and a text about it."""
    painted = Signal()
    """The window is being painted for the first time."""

    def __init__(self) -> None:
        super().__init__()
        self.was_painted = False
        self.known: LastKnown | None = None
        """The data of the first picture."""
        self._filled = False
        self._close_wanted = False
        self._demo = False
        self._find: Find | None = None
        self._sheet: RecordSheet | None = None
        self._watches: Watches | None = None
        self._title_kind = ""
        """The kind of the headline in the window's title."""
        self.setWindowTitle("Archisync")
        self.setMinimumSize(720, 480)
        self.resize(SIZE.boundedTo(self.screen().availableSize() - FRAME))
        self._factories: dict[str, Callable[[], Page]] = {}
        self._pages: dict[str, Page] = {}

    def show_picture(self, known: LastKnown | None, *, demo: bool) -> None:
        """Show the first picture with the last known data, until :meth:`fill`. ``demo``: the data are invented."""
        self.known, self._demo = known, demo
        self.setWindowTitle("Archisync [DEMO]" if demo else "Archisync")
        self.setCentralWidget(FirstPicture(known, demo=demo))
        self.show()

    def fill(self, context: Context, past_runs: PastRuns) -> None:
        """Replace the picture by the real parts of the window. Called once."""
        from PySide6.QtWidgets import QStackedWidget

        from archisync_gui.ui.look.icons import application_icon
        from archisync_gui.ui.shell.form_request import FormRequest
        from archisync_gui.ui.shell.header import Header
        from archisync_gui.ui.shell.window_parts import Banner, Foot, Sidebar
        from archisync_gui.ui.widgets.basic import Notice

        self.context, self.past_runs = context, past_runs
        self.was_painted = False
        self.setWindowIcon(application_icon())
        self.sidebar = Sidebar()
        self.header = Header(context)
        self.notice = Notice()
        self.form_request = FormRequest(context)
        self.banner = Banner(context)
        self.foot = Foot(context, past_runs)
        self.stack = QStackedWidget()
        self._build()
        self._actions()
        self.sidebar.chosen.connect(self.go)
        self.sidebar.form_button.clicked.connect(context.open_order_form)
        context.bridge.status_changed.connect(self._status)
        context.bridge.tick.connect(self._tick)
        context.notice_requested.connect(self._show_notice)
        context.services_changed.connect(self._services)
        self._filled = True

    def emit_earlier_events(self) -> None:
        """Emit the signals of events that happened while only the picture was shown."""
        if self.isVisible():
            self.shown_changed.emit(self.in_view)
        if self._close_wanted:
            self.close_asked.emit()

    def _build(self) -> None:
        from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

        from archisync_gui.ui.widgets.basic import column

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
        self.notice.setParent(center)  # above the pages and in no layout, so that it moves no other widget
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
        from PySide6.QtGui import QAction, QKeySequence

        from archisync_gui.ui.shell.window_parts import PAGES

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
        """Close what covers the page: the results, else a sheet with the focus, else the notice, else the sheet."""
        sheet = self._sheet if self._sheet is not None and self._sheet.isVisible() else None
        if self._find is not None and self._find.isVisible():
            self._find.close_results()
        elif sheet is not None and (not self.notice.isVisible() or sheet.isAncestorOf(self.focusWidget() or self)):
            sheet.close_sheet()
        else:
            self.notice.dismiss()

    def add_page(self, name: str, factory: Callable[[], Page]) -> None:
        """Add a page, which is made when it is first opened."""
        self._factories[name] = factory

    def page(self, name: str) -> Page:
        """The page of that name; it is made if necessary."""
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
        headline = self.header.headline
        # While the window is visible, the tick updates the title: progress comes many times a second, and each new
        # title is a call to the desktop.
        if not self.in_view or (headline is not None and headline.kind != self._title_kind):
            self._title()

    @property
    def in_view(self) -> bool:
        """True when the window is shown and not minimised."""
        return self.isVisible() and not self.isMinimized()

    def _title(self) -> None:
        """Show the header's headline in the window's title."""
        headline = self.header.headline
        if headline is None:
            return
        self._title_kind = headline.kind
        badge = " [DEMO]" if self._demo else ""
        title = f"{headline.title}{badge} – Archisync"
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
        """Show the profile's name, and whether it is the demo, in side bar and title."""
        self._demo = demo
        self.sidebar.set_profile(profile, demo)
        if self.context.status is None:
            self.setWindowTitle("Archisync [DEMO]" if demo else "Archisync")

    def _show_notice(self, text: str, tone: str, action: str, callback: object, other: object) -> None:
        second = other if isinstance(other, tuple) else ("", None)
        self.notice.say(text, tone, action, callback if callable(callback) else None, second)
        self._place_notice()

    def show_waiting(self, found: status_words.Headline | None, foot: str = "") -> None:
        """Show what the start waits for; ``None``: it continues."""
        self.header.waiting, self.foot.waiting = found, foot
        self.header.retranslate()
        self.foot.retranslate()

    def show_closing(self) -> None:
        """Show that Archisync is closing, and disable everything."""
        self.header.show_closing()
        self.stack.setEnabled(False)
        self.sidebar.setEnabled(False)
        self.form_request.detach()
        self.form_request.hide()
        self.banner.hide()

    def _arrange(self) -> None:
        self._around.setVisible(not self.form_request.isHidden())

    def _place_notice(self) -> None:
        """Place the notice at the lower right, above the status bar; long texts make it higher, not wider."""
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

    # ------------------------------------------------------------------------------------------- place and events

    def remember(self, memory: QSettings) -> None:
        """Save place and size."""
        memory.setValue("window/geometry", self.saveGeometry())

    def recall(self, memory: QSettings) -> None:
        """Restore place and size."""
        geometry = memory.value("window/geometry")
        if isinstance(geometry, QByteArray):
            self.restoreGeometry(geometry)

    def changeEvent(self, event: QEvent) -> None:
        match event.type():
            case QEvent.Type.LanguageChange if self._filled:
                for part in (self.sidebar, self.header, self.form_request, self.banner, self.foot):
                    part.retranslate()
                for later in (self._find, self._sheet):
                    if later is not None:
                        later.retranslate()
                if self.context.status is not None:
                    self._title()
            case QEvent.Type.WindowStateChange:
                self.shown_changed.emit(self.in_view)
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
        self._close_wanted = not self._filled
        self.close_asked.emit()
