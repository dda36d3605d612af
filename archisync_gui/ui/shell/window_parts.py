"""The parts around the window's pages: side bar, banner, status bar. The header has a module of its own."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QPushButton, QWidget

from archisync_gui.model import Scope, Status
from archisync_gui.ui.live.context import Context
from archisync_gui.ui.live.past_runs import PastRuns
from archisync_gui.ui.live.services import endpoint_address
from archisync_gui.ui.look.icons import paint_shape
from archisync_gui.ui.look.theme import color, scaled
from archisync_gui.ui.text import status_words
from archisync_gui.ui.text.i18n import decimal, plain, tr
from archisync_gui.ui.widgets.basic import ElidedLabel, column, label, row

PAGES = ("overview", "data", "summary", "history", "settings")


class Sidebar(QFrame):
    """The program's name, the DEMO badge, and the buttons of the pages."""

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
        """Show the profile's name, and the badge if it is the demo."""
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
        bold = QFontMetrics(scaled(self.font(), 1.0, True))  # the button of the open page is bold
        widest = max(b.sizeHint().width() for b in (self._name, *self._buttons.values()))
        widest = max(widest, *(bold.horizontalAdvance(t.replace("&", "")) + 26 for t in titles.values()))
        below = max(b.sizeHint().width() for b in (self.demo_button, self.form_button))
        self.setFixedWidth(max(136, widest + 24, below + 16))


def page_titles() -> dict[str, str]:
    """Titles of the pages, without mnemonics: those are used on the pages; Ctrl and a digit open a page."""
    return {
        "overview": tr("Overview"),
        "data": tr("Data", "page"),
        "summary": tr("Summary", "page"),
        "history": tr("History", "page"),
        "settings": tr("Settings", "page"),
    }


class Banner(QFrame):
    """A line below the header while order forms are open."""

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
            reading = run is not None and run.type == status_words.CUSTOMERS and run.scope is Scope.ALL
            text = status_words.banner_line(status, self._context.now(), reading)
            if text != self._text.text():
                self._text.setText(text)
                self.setAccessibleName(f"{self._title.text()}: {text}")
        self.setVisible(active)


class Foot(QFrame):
    """The status bar: ERP and endpoint with signs, size of the archive, version."""

    def __init__(self, context: Context, past_runs: PastRuns, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context, self._past_runs = context, past_runs
        self.setObjectName("footer")
        layout = row(self, (18, 6, 18, 6), 22)
        self._erp, self._form = _Lamp(), _Lamp()
        self._form_words = "", "", "muted", "ring"
        self._fitted: object = None
        """The texts for which the widths were last fitted."""
        self.waiting = ""
        """The text in place of *starting* while the start waits for the office."""
        self._archive, self._version = label(name="muted", factor=0.93), label(name="muted", factor=0.93)
        layout.addWidget(self._erp)
        layout.addWidget(self._form)
        layout.addWidget(self._archive)
        layout.addStretch(1)
        layout.addWidget(self._version)
        past_runs.size_changed.connect(self.retranslate)
        context.services_changed.connect(self.retranslate)
        context.settings_changed.connect(self.retranslate)  # the order form may have another address
        self.retranslate()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Hide size and version if there is no room for them."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        long, short, tone, shape = self._form_words
        for text in (long, short):  # the short one leaves the address out
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
        if self._past_runs.size is not None:
            self._archive.setText(
                tr(
                    "Archive {size} MB",
                    size=decimal(self._past_runs.size / 1e6, 0 if self._past_runs.size > 1e7 else 1),
                )
            )
        if self._context.status is not None:
            self.show_status(self._context.status)
        else:
            self._erp.show(self.waiting or tr("ERP: starting"), "muted", "ring")
        self._fit()

    def show_status(self, status: Status) -> None:
        """Show this snapshot."""
        erp = status_words.erp_line(status, self._context.now())
        self._erp.show(*erp)
        endpoint = self._context.services.endpoint if self._context.services is not None else None
        address = endpoint_address(endpoint)
        if address:
            tabs = " · " + tr("%n tab(s)", "", status.session_count) if status.session_count else ""
            long, short = tr("Order form: {address}", address=address) + tabs, tr("Order form") + tabs
            self._form_words = long, short, "ok", "dot"
        else:
            off = tr("Order form: endpoint off")
            self._form_words = off, off, "muted", "ring"
        if (erp, self._form_words) != self._fitted:
            self._fitted = erp, self._form_words
            self._fit()


class _Lamp(QWidget):
    """A text with a small sign before it."""

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
