"""The buttons of the views above the data page's table: ready-made ones, the operator's own, and the menu for these."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QMenu, QPushButton, QWidget

from archisync_gui.entities.views import VIEWS
from archisync_gui.ui.live.own_views import OwnView
from archisync_gui.ui.text import words
from archisync_gui.ui.text.i18n import plain, tr
from archisync_gui.ui.widgets.basic import Flow, row

WIDEST = 28
"""Width of a view's button at most, in average letters; a longer name is cut, and complete in the tooltip."""


class ViewBar(QWidget):
    """The buttons of the views. They show the chosen one; the page handles the clicks."""

    ready_clicked = Signal(str)
    own_clicked = Signal(str)
    save_wanted = Signal()
    keep_wanted, rename_wanted, remove_wanted = Signal(object), Signal(object), Signal(object)
    """With an :class:`OwnView`: save the present view under its name, rename it, delete it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.ready: dict[str, QPushButton] = {}
        """Buttons of the ready-made views, by name."""
        self.own: dict[str, QPushButton] = {}
        """Buttons of the operator's own views, by name."""
        self._shown: OwnView | None = None
        chips = QWidget()
        self._flow = Flow(chips, gap=6)
        for view in VIEWS:
            button = self.ready[view.name] = self._chip()
            button.clicked.connect(partial(self.ready_clicked.emit, view.name))
        self.more = QPushButton()
        self.more.setObjectName("link")
        self.menu = QMenu(self.more)
        self.menu.aboutToShow.connect(lambda: self._fill(self.menu, self._shown))
        self.more.setMenu(self.menu)
        outer = row(self, gap=6)
        outer.addWidget(chips, 1)
        outer.addWidget(self.more, 0, Qt.AlignmentFlag.AlignTop)

    def _chip(self) -> QPushButton:
        button = QPushButton()
        button.setObjectName("chip")
        button.setCheckable(True)
        self._flow.addWidget(button)
        return button

    def retranslate(self) -> None:
        """Set all texts in the present language."""
        for name, text in view_titles().items():
            self.ready[name].setText(text)
        self.more.setText(tr("My views"))
        self.more.setToolTip(tr("Save what is shown here under a name: filter, columns and order"))

    def show_own(self, views: Sequence[OwnView], shown: OwnView | None) -> None:
        """Show the buttons of these saved views; ``shown``: the one that is shown."""
        self._shown = shown
        if list(self.own) != [view.name for view in views]:
            for button in self.own.values():
                self._flow.removeWidget(button)
                button.hide()
                button.deleteLater()
            self.own = {view.name: self._own_chip(view) for view in views}
        for name, button in self.own.items():
            button.setChecked(shown is not None and shown.name == name)

    def _own_chip(self, view: OwnView) -> QPushButton:
        button = self._chip()
        metrics = button.fontMetrics()
        cut = metrics.elidedText(view.name, Qt.TextElideMode.ElideRight, metrics.averageCharWidth() * WIDEST)
        button.setText(cut.replace("&", "&&"))
        button.setAccessibleName(view.name)
        button.setToolTip(plain(f"{view.name} · {words.type_name(view.list)}"))
        button.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        button.customContextMenuRequested.connect(partial(self._menu_at, button, view.name))
        button.clicked.connect(partial(self.own_clicked.emit, view.name))
        button.show()
        return button

    def _menu_at(self, button: QPushButton, name: str, at: QPoint) -> None:
        """Open the menu of a saved view, after a right click on its button or the keyboard's menu key."""
        if not button.isChecked():
            button.click()  # the menu is always about the shown view
        if self._shown is not None and self._shown.name == name:
            menu = QMenu(self)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            self._fill(menu, self._shown)
            menu.popup(button.mapToGlobal(at))

    def _fill(self, menu: QMenu, shown: OwnView | None) -> None:
        menu.clear()
        menu.addAction(tr("&Save as a new view…")).triggered.connect(self.save_wanted)
        if shown is None:
            return
        name = shown.name.replace("&", "&&")
        menu.addSeparator()
        for text, wanted in (
            (tr("&Keep the present look in “{name}”", name=name), self.keep_wanted),
            (tr("&Rename “{name}”…", name=name), self.rename_wanted),
            (tr("&Delete “{name}”", name=name), self.remove_wanted),
        ):
            menu.addAction(text).triggered.connect(partial(wanted.emit, shown))


def view_titles() -> dict[str, str]:
    """The titles of the ready-made views, by name."""
    return {
        "unpaid": tr("Unpaid invoices"),
        "overdue": tr("Overdue invoices"),
        "to-ship": tr("Orders to be shipped"),
        "shipped-today": tr("Delivery notes of today"),
        "changed": tr("Prices changed in 7 days"),
        "new": tr("New customers in 7 days"),
        "due": tr("Invoices due in 7 days"),
        "changed-today": tr("Prices changed today"),
        "new-today": tr("New customers of today"),
    }
