"""A table model that is filled from snapshots and notifies its views of the differences only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView

from archisync_gui.ui.text.i18n import plain
from archisync_gui.ui.text.words import Chip

Index: TypeAlias = QModelIndex | QPersistentModelIndex
ItemRole = Qt.ItemDataRole

VALUE = int(Qt.ItemDataRole.UserRole)
"""The cell's :class:`Cell`, for delegates."""
ROW = VALUE + 1
"""The object that the row shows (a :class:`TypeRow`, a queue entry, an activity line)."""


@dataclass(frozen=True, slots=True)
class Cell:
    """The content of one cell, for a delegate."""

    text: str = ""
    detail: str = ""
    """A second, smaller line."""
    chip: Chip | None = None
    tooltip: str | Callable[[], str] = field(default="", compare=False)
    """The tooltip, or a function that makes it: making it for every cell at every progress of a run would take more
    time than the cells themselves. It is not compared: cells that differ only in it are not painted again."""
    bold: bool = False
    indent: int = 0
    right: bool = False
    """Right-aligned: figures below each other."""
    fold: str = ""
    """``open`` or ``shut``: rows below it can be folded or unfolded."""
    faded: bool = False
    """Muted, because something else needs attention."""
    elided: bool = False
    """The second line may end in …; the tooltip has the whole text."""

    @property
    def spoken(self) -> str:
        """The text for a screen reader."""
        chip = self.chip.text if self.chip is not None and self.chip.text != self.text else ""
        parts = [chip, self.text if self.text not in chip else "", self.detail]
        return ", ".join(p for p in parts if p)


class SnapshotModel(QAbstractTableModel):
    """Rows of cells with keys; :meth:`replace` emits the smallest changes (ranges, insertions, removals, moves)."""

    leaving = Signal(int, int)
    """First and last of rows that are about to be removed; emitted before a view selects a neighbour instead."""

    def __init__(self, columns: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._columns = columns
        self._keys: list[object] = []
        self._rows: list[tuple[Cell, ...]] = []
        self._items: list[object] = []

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else self._columns

    def data(self, index: Index, role: int = ItemRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        if role == ROW:
            return self._items[index.row()]
        cell = self._rows[index.row()][index.column()]
        if role == VALUE:
            return cell
        if role == ItemRole.DisplayRole:
            return cell.chip.text if cell.chip and not cell.text else cell.text
        if role == ItemRole.ToolTipRole:
            tip = cell.tooltip() if callable(cell.tooltip) else cell.tooltip
            return plain(tip) if tip else None
        if role == ItemRole.AccessibleTextRole:
            return cell.spoken
        return None

    def headers(self) -> Sequence[str]:
        """Column titles in the panel's language."""
        return ()

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = ItemRole.DisplayRole) -> Any:
        if orientation is Qt.Orientation.Horizontal:
            if role == ItemRole.DisplayRole:
                titles = self.headers()
                return titles[section] if section < len(titles) else None
            if role == ItemRole.TextAlignmentRole:
                right = bool(self._rows) and section < self._columns and self._rows[0][section].right
                side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
                return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None

    def item(self, row: int) -> Any:
        """The object that a row shows."""
        return self._items[row]

    def replace(self, rows: Sequence[tuple[object, object, tuple[Cell, ...]]]) -> None:
        """Show these rows, each ``(key, item, cells)``."""
        keys = [key for key, _, _ in rows]
        if keys != self._keys:
            self._align(keys, rows)
        together: list[tuple[int, list[int]]] = []
        """Rows below each other that changed, each with its changed columns."""
        for at, (_, item, cells) in enumerate(rows):
            self._items[at] = item
            before, self._rows[at] = self._rows[at], cells
            if before != cells:
                together.append((at, [column for column in range(self._columns) if before[column] != cells[column]]))
            elif together:
                self._emit_changed(together)
                together = []
        if together:
            self._emit_changed(together)

    def replace_cells(self, row: int, cells: tuple[Cell, ...]) -> None:
        """Show these cells in a row."""
        before, self._rows[row] = self._rows[row], cells
        if before != cells:
            self._emit_changed([(row, [column for column in range(self._columns) if before[column] != cells[column]])])

    def _emit_changed(self, changed: Sequence[tuple[int, Sequence[int]]]) -> None:
        """Emit the smallest range: painting unchanged cells would be most of the cost of an update of progress."""
        left, right = min(columns[0] for _, columns in changed), max(columns[-1] for _, columns in changed)
        self.dataChanged.emit(self.index(changed[0][0], left), self.index(changed[-1][0], right))

    def _align(self, keys: list[object], rows: Sequence[tuple[object, object, tuple[Cell, ...]]]) -> None:
        """Remove, move and insert rows until the keys are ``keys``; adjacent rows in one step."""
        wanted, end = set(keys), len(self._keys)
        while end:
            first = end
            while first and self._keys[first - 1] not in wanted:
                first -= 1
            if first < end:
                self._remove(first, end - 1)
            end = max(first - 1, 0)
        at = 0
        known = set(self._keys)
        while at < len(keys):
            if at < len(self._keys) and self._keys[at] == keys[at]:
                at += 1
                continue
            last = at
            if keys[at] in known:
                self._move(self._keys.index(keys[at], at), at)
            else:
                while last + 1 < len(keys) and keys[last + 1] not in known:
                    last += 1
                self._insert(at, rows[at : last + 1])
            at = last + 1

    def _move(self, at: int, to: int) -> None:
        """Move a row up; it stays selected if it was."""
        self.beginMoveRows(QModelIndex(), at, at, QModelIndex(), to)
        self._keys.insert(to, self._keys.pop(at))
        self._items.insert(to, self._items.pop(at))
        self._rows.insert(to, self._rows.pop(at))
        self.endMoveRows()

    def _insert(self, at: int, rows: Sequence[tuple[object, object, tuple[Cell, ...]]]) -> None:
        self.beginInsertRows(QModelIndex(), at, at + len(rows) - 1)
        self._keys[at:at] = [key for key, _, _ in rows]
        self._items[at:at] = [item for _, item, _ in rows]
        self._rows[at:at] = [cells for _, _, cells in rows]
        self.endInsertRows()

    def _remove(self, first: int, last: int) -> None:
        self.leaving.emit(first, last)
        self.beginRemoveRows(QModelIndex(), first, last)
        del self._keys[first : last + 1], self._items[first : last + 1], self._rows[first : last + 1]
        self.endRemoveRows()


def deselect_removed_rows(view: QAbstractItemView, model: SnapshotModel) -> None:
    """Select nothing when the selected row is removed: a key or button meant for it must not act on its neighbour."""

    def leaving(first: int, last: int) -> None:
        if first <= view.currentIndex().row() <= last:
            view.selectionModel().clear()

    model.leaving.connect(leaving)
