"""The model of a table of stored rows. It requests pages of rows when they become visible; the data page reads them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt, Signal

from archisync_gui.entities.declaration import Column, Value
from archisync_gui.ui.text.i18n import plain
from archisync_gui.ui.text.values import right_aligned, shown, title
from archisync_gui.ui.widgets.snapshot_model import Index

PAGE = 200
"""Rows of a page."""

BEFORE = "before the change"
"""Name of the column with the value before a change; no list has a column of that name."""

OWNER = "whose it is"
"""Name of the column with the account of a row; no list has a column of that name."""

KEPT = 40
"""Pages kept in memory: 8,000 rows, however long the list."""


class RowsModel(QAbstractTableModel):
    """The rows of a stored list: knows their number, and requests the pages that are displayed."""

    page_wanted = Signal(int)
    """Number of a page that is displayed and has to be read."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._columns: tuple[Column, ...] = ()
        self._total = 0
        self._pages: OrderedDict[int, tuple[Any, ...]] = OrderedDict()
        self._asked: set[int] = set()
        self._before: Mapping[tuple[str, str], Value] = {}

    def start(
        self,
        columns: tuple[Column, ...],
        total: int,
        first: tuple[Any, ...],
        before: Mapping[tuple[str, str], Value] | None = None,
    ) -> None:
        """Show another list, search or order: its columns, number of rows and first page. ``before``: the values of the
        column :data:`BEFORE`, by account and key."""
        self.beginResetModel()
        self._columns, self._total = columns, total
        self._before = before or {}
        self._pages = OrderedDict({0: first})
        self._asked = {0}
        self.endResetModel()

    def clear(self) -> None:
        """Show no rows; the columns stay until the next :meth:`start`."""
        self.start(self._columns, 0, ())

    def add(self, number: int, rows: tuple[Any, ...]) -> None:
        """Add a requested page."""
        self._pages[number] = rows
        while len(self._pages) > KEPT:
            gone, _ = self._pages.popitem(last=False)
            self._asked.discard(gone)
        first = number * PAGE
        last = min(first + PAGE, self._total) - 1
        if last >= first and self._columns:
            self.dataChanged.emit(self.index(first, 0), self.index(last, len(self._columns) - 1))

    def forget(self, number: int) -> None:
        """A page could not be read: it may be requested again."""
        self._asked.discard(number)

    def stored(self, at: int) -> Any | None:
        """The stored row at that place, if it is loaded."""
        page = self._pages.get(at // PAGE)
        return page[at % PAGE] if page is not None and at % PAGE < len(page) else None

    def place_of(self, account: str, key: str) -> int | None:
        """The place of that row, if it is on a loaded page."""
        return next(
            (
                page * PAGE + at
                for page, rows in self._pages.items()
                for at, row in enumerate(rows)
                if (row.account, row.key) == (account, key)
            ),
            None,
        )

    def column(self, at: int) -> Column:
        """The declaration of a column."""
        return self._columns[at]

    @property
    def total(self) -> int:
        """Rows of the whole list."""
        return self._total

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else self._total

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        declared = self._columns[index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if right_aligned(declared.kind) else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return None
        found = self.stored(index.row())
        if found is None:
            number = index.row() // PAGE
            if number not in self._asked:
                self._asked.add(number)
                self.page_wanted.emit(number)
            return "…"
        match declared.name:
            case x if x == BEFORE:
                value = self._before.get((found.account, found.key))
            case x if x == OWNER:
                value = found.account
            case name:
                value = found.values.get(name)
        text = shown(value, declared.kind).replace("\n", " · ")
        return plain(text) if role == Qt.ItemDataRole.ToolTipRole else text

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is Qt.Orientation.Horizontal and section < len(self._columns):
            if role == Qt.ItemDataRole.DisplayRole:
                return title(self._columns[section])
            if role == Qt.ItemDataRole.TextAlignmentRole:
                right = right_aligned(self._columns[section].kind)
                side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
                return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None
