"""Choosing the columns of a list: a dialog that stays open and changes the table at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QListWidget, QListWidgetItem, QWidget

from archisync_gui.ui.text.i18n import tr
from archisync_gui.ui.widgets.dialog import Dialog

NAME = Qt.ItemDataRole.UserRole


class ColumnsDialog(Dialog):
    """All columns of a list with check boxes, and a search among them."""

    def __init__(
        self,
        list_name: str,
        columns: Sequence[tuple[str, str]],
        hidden: Collection[str],
        usual: Collection[str],
        show: Callable[[str, bool], object],
        parent: QWidget | None = None,
    ) -> None:
        """``columns``: name and title of each. ``usual``: those shown by default. ``show``: called at each change with
        a column's name and whether it is shown."""
        super().__init__(tr("Columns of {list}", list=list_name), parent, 380)
        self._show_column, self._usual = show, frozenset(usual)
        self.search = QLineEdit()
        self.search.setClearButtonEnabled(True)
        self.search.setPlaceholderText(tr("Search"))
        self.search.setAccessibleName(tr("Search in the columns"))
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Columns"))
        self.list.setMinimumHeight(self.fontMetrics().height() * 16)
        for name, title in columns:
            item = QListWidgetItem(title)
            item.setData(NAME, name)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Unchecked if name in hidden else Qt.CheckState.Checked)
            self.list.addItem(item)
        self.body.addWidget(self.search)
        self.body.addWidget(self.list, 1)
        self.reset = self.add_button(tr("As at &first"), self._reset)
        close = self.add_button(tr("&Close"), self.accept, "primary")
        close.setDefault(True)
        self.search.textChanged.connect(self._narrow)
        self.list.itemChanged.connect(self._ticked)
        self.list.itemActivated.connect(self._toggle)
        self.search.setFocus()

    def _items(self) -> list[QListWidgetItem]:
        return [self.list.item(at) for at in range(self.list.count())]

    def _narrow(self, text: str) -> None:
        wanted = text.casefold().split()
        for item in self._items():
            item.setHidden(not all(word in item.text().casefold() for word in wanted))

    def _ticked(self, item: QListWidgetItem) -> None:
        """Show or hide a column; the last visible one stays."""
        on = item.checkState() is Qt.CheckState.Checked
        if not on and not any(other.checkState() is Qt.CheckState.Checked for other in self._items()):
            item.setCheckState(Qt.CheckState.Checked)
            return
        self._show_column(str(item.data(NAME)), on)

    def _toggle(self, item: QListWidgetItem) -> None:
        on = item.checkState() is Qt.CheckState.Checked
        item.setCheckState(Qt.CheckState.Unchecked if on else Qt.CheckState.Checked)

    def _reset(self) -> None:
        """Show the usual columns only."""
        for item in sorted(self._items(), key=lambda item: item.data(NAME) not in self._usual):
            on = item.data(NAME) in self._usual
            item.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
