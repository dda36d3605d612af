"""A table whose first column stays visible while the others are scrolled sideways."""

from __future__ import annotations

from PySide6.QtCore import QAbstractItemModel, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QTableView, QWidget

from archisync_gui.ui.widgets.snapshot_model import Index


class FrozenTable(QTableView):
    """A table with a second view of its first column, which covers it as soon as the table is scrolled sideways."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.first = QTableView(self)
        """The view of the first column; it accepts the mouse, but never the keyboard focus."""
        first, header = self.first, self.horizontalHeader()
        first.setObjectName("frozen")
        first.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        first.setFrameShape(QFrame.Shape.NoFrame)
        first.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        first.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        first.verticalHeader().hide()
        first.horizontalHeader().setSectionsClickable(True)
        first.horizontalHeader().setHighlightSections(False)
        first.hide()
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.horizontalScrollBar().valueChanged.connect(self._place)
        self.verticalScrollBar().valueChanged.connect(lambda at: first.verticalScrollBar().setValue(at))
        first.verticalScrollBar().valueChanged.connect(lambda at: self.verticalScrollBar().setValue(at))
        for changed in (header.sectionResized, header.sectionMoved, header.geometriesChanged):
            changed.connect(self._place)
        header.sortIndicatorChanged.connect(lambda at, order: first.horizontalHeader().setSortIndicator(at, order))
        first.horizontalHeader().sectionClicked.connect(self._sort_by)
        first.pressed.connect(lambda _: self.setFocus())
        first.activated.connect(lambda index: self.activated.emit(index))

    def setModel(self, model: QAbstractItemModel | None) -> None:
        super().setModel(model)
        self.first.setModel(model)
        self.first.setSelectionModel(self.selectionModel())
        if model is not None:
            model.modelReset.connect(self._place)

    def first_column(self) -> int:
        """The column that stays: the leftmost visible one; -1 for none."""
        header = self.horizontalHeader()
        places = (header.logicalIndex(at) for at in range(header.count()))
        return next((at for at in places if not header.isSectionHidden(at)), -1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def scrollTo(
        self, index: Index, hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible
    ) -> None:
        """Scroll to a cell, so that the first column does not cover it."""
        super().scrollTo(index, hint)
        at = self.first_column()
        covered = self.columnWidth(at) - self.columnViewportPosition(index.column())
        if index.column() != at and covered > 0:
            bar = self.horizontalScrollBar()
            bar.setValue(bar.value() - covered)

    def _place(self, *_: object) -> None:
        """Show the first column over the table when it is scrolled out of view."""
        first, at = self.first, self.first_column()
        if at < 0 or self.horizontalScrollBar().value() <= 0:
            first.hide()
            return
        for column in range(self.horizontalHeader().count()):
            first.setColumnHidden(column, column != at)
        width = self.columnWidth(at)
        first.setColumnWidth(at, width)
        first.setShowGrid(self.showGrid())
        first.setWordWrap(self.wordWrap())
        first.setAlternatingRowColors(self.alternatingRowColors())
        first.setSelectionBehavior(self.selectionBehavior())
        first.setSelectionMode(self.selectionMode())
        first.setVerticalScrollMode(self.verticalScrollMode())
        first.verticalHeader().setDefaultSectionSize(self.verticalHeader().defaultSectionSize())
        head = self.horizontalHeader().height()
        first.horizontalHeader().setFixedHeight(head)
        edge = self.frameWidth()
        first.setGeometry(edge, edge, width + 1, head + self.viewport().height())
        first.show()
        first.raise_()
        first.verticalScrollBar().setValue(self.verticalScrollBar().value())

    def _sort_by(self, at: int) -> None:
        """Sort by a click on the first column's heading, as by one on the table's own."""
        header = self.horizontalHeader()
        down = header.sortIndicatorSection() == at and header.sortIndicatorOrder() is Qt.SortOrder.AscendingOrder
        header.setSortIndicator(at, Qt.SortOrder.DescendingOrder if down else Qt.SortOrder.AscendingOrder)
