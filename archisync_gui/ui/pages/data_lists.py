"""The lists at the left of the data page: name, number of stored rows, and their age."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QSizePolicy, QWidget

from archisync_gui.model import AccountTypeStatus, Freshness, Status
from archisync_gui.ui.text import words
from archisync_gui.ui.text.i18n import ago, number, tr
from archisync_gui.ui.widgets.delegates import CellDelegate
from archisync_gui.ui.widgets.snapshot_model import Cell, Index, SnapshotModel


class Lists(QListView):
    """A view of all lists, one of which is chosen."""

    changed = Signal()
    """Another list was chosen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows = SnapshotModel(1, self)
        self._quiet = False
        self.setModel(self._rows)
        self.setItemDelegate(CellDelegate(self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.setTabKeyNavigation(False)

    def name(self) -> str | None:
        """The chosen list."""
        index = self.currentIndex()
        return str(self._rows.item(index.row())) if index.isValid() else None

    def choose(self, name: str, quiet: bool = False) -> None:
        """Choose a list, if it exists; ``quiet``: without a signal."""
        for at in range(self._rows.rowCount()):
            if self._rows.item(at) == name:
                self._quiet = quiet
                self.setCurrentIndex(self._rows.index(at, 0))
                self._quiet = False

    def show_lists(
        self, names: Sequence[str], status: Status | None, counts: Mapping[str, int], account: str, now: datetime
    ) -> None:
        """Show these lists with number of rows and age, for ``account`` or, where it is empty, for all accounts."""
        self._quiet = True
        cells = [(name, name, (_cell(name, status, counts.get(name), account, now),)) for name in names]
        self._rows.replace(cells)
        if not self.currentIndex().isValid() and names:
            self.setCurrentIndex(self._rows.index(0, 0))
        self._quiet = False
        widest = max((self.sizeHintForIndex(self._rows.index(at, 0)).width() for at in range(len(names))), default=0)
        self.setFixedWidth(max(widest, self.fontMetrics().averageCharWidth() * 20) + 8)

    def currentChanged(self, current: Index, previous: Index) -> None:
        super().currentChanged(current, previous)
        if not self._quiet and current.isValid() and current != previous:
            self.changed.emit()


def _cell(name: str, status: Status | None, count: int | None, account: str, now: datetime) -> Cell:
    known = status.statuses.get(name) if status is not None else None
    own = [item for item in known.accounts if account in ("", item.account) or not item.account] if known else []
    parts = [number(count) if count is not None else "", _age(own, now)]
    return Cell(words.type_name(name), " · ".join(filter(None, parts)), bold=True)


def _age(items: Sequence[AccountTypeStatus], now: datetime) -> str:
    """The age of the oldest copy as text; empty where there is none."""
    if any(item.freshness is Freshness.UNKNOWN for item in items):
        return tr("age unknown")
    reads = [item.last_run_time for item in items if item.last_run_time is not None]
    if len(reads) < len(items):
        return tr("never updated")
    return ago((now - min(reads)).total_seconds()) if reads else ""
