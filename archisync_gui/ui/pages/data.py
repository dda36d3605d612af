"""The data page: the stored rows of each list with search, sort, columns, each row's history, and export.

Rows are read in pages when they come into sight; sorting and searching is the store's work.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QByteArray, QModelIndex, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDialog,
    QFrame,
    QHeaderView,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QPushButton,
    QSplitter,
    QTableView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from archisync_gui.entities.declaration import Column, Entity, Kind
from archisync_gui.export import write
from archisync_gui.model import Event, EventKind
from archisync_gui.ui.dialogs.clear import ClearDialog
from archisync_gui.ui.live.context import Context, problem
from archisync_gui.ui.live.services import account_ids
from archisync_gui.ui.live.work import Work
from archisync_gui.ui.text import words
from archisync_gui.ui.text.changes import change_line
from archisync_gui.ui.text.i18n import absolute, ago, tr
from archisync_gui.ui.text.plain import plain
from archisync_gui.ui.text.values import exported, right_aligned, shown, title
from archisync_gui.ui.widgets.basic import Page, ask, card, column, label, row
from archisync_gui.ui.widgets.files import ask_where, saved_sentence
from archisync_gui.ui.widgets.models import Index

PAGE = 200
"""Rows read at once."""

KEPT = 40
"""Pages kept in memory: 8,000 rows, however long the list."""


class RowsModel(QAbstractTableModel):
    """A window on a stored list: knows how many rows there are, reads the pages that are looked at."""

    wanted = Signal(int)
    """A page number that is looked at and not there."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._columns: tuple[Column, ...] = ()
        self._total = 0
        self._pages: OrderedDict[int, tuple[Any, ...]] = OrderedDict()
        self._asked: set[int] = set()

    def start(self, columns: tuple[Column, ...], total: int, first: tuple[Any, ...]) -> None:
        """Another list, search or order: its columns, its size and its first page."""
        self.beginResetModel()
        self._columns, self._total = columns, total
        self._pages = OrderedDict({0: first})
        self._asked = {0}
        self.endResetModel()

    def add(self, number: int, rows: tuple[Any, ...]) -> None:
        """A page that was wanted."""
        self._pages[number] = rows
        while len(self._pages) > KEPT:
            gone, _ = self._pages.popitem(last=False)
            self._asked.discard(gone)
        first = number * PAGE
        last = min(first + PAGE, self._total) - 1
        if last >= first and self._columns:
            self.dataChanged.emit(self.index(first, 0), self.index(last, len(self._columns) - 1))

    def forget(self, number: int) -> None:
        """A page could not be read: it may be wanted again."""
        self._asked.discard(number)

    def stored(self, at: int) -> Any | None:
        """The stored row at that place, if it is there."""
        page = self._pages.get(at // PAGE)
        return page[at % PAGE] if page is not None and at % PAGE < len(page) else None

    def place_of(self, key: str) -> int | None:
        """Where that row is, if it is on a page that is there."""
        return next(
            (page * PAGE + at for page, rows in self._pages.items() for at, row in enumerate(rows) if row.key == key),
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
        what = self._columns[index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if right_aligned(what.kind) else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return None
        found = self.stored(index.row())
        if found is None:
            number = index.row() // PAGE
            if number not in self._asked:
                self._asked.add(number)
                self.wanted.emit(number)
            return "…"
        text = shown(found.values.get(what.name), what.kind).replace("\n", " · ")
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


class Data(Page):
    """The stored rows."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._reading = 0
        self._sort: tuple[str, bool] | None = None
        self._hidden: dict[str, set[str]] = {}
        self.model = RowsModel(self)
        self.type, self.account = QComboBox(), QComboBox()
        self.search = QLineEdit()
        self.columns = QToolButton()
        self.export, self.again, self.clear = QPushButton(), QPushButton(), QPushButton()
        self.table = QTableView()
        self.changes = QPlainTextEdit()
        self._delay = QTimer(self, singleShot=True, interval=220)
        self._keep = QTimer(self, singleShot=True, interval=500)
        self._build()
        self.retranslate()
        self._delay.timeout.connect(self.read)
        self.search.textChanged.connect(lambda _: self._delay.start())
        self.type.currentIndexChanged.connect(self._type_chosen)
        self.account.currentIndexChanged.connect(self.read)
        self.model.wanted.connect(self._wanted)
        self.table.activated.connect(self._open_record)
        self.table.selectionModel().currentRowChanged.connect(self._row_chosen)
        self.table.horizontalHeader().sortIndicatorChanged.connect(self._sorted)
        self.table.horizontalHeader().sectionMoved.connect(self._keep_columns)
        self.table.horizontalHeader().sectionResized.connect(lambda *_: self._keep.start())
        self._keep.timeout.connect(self._keep_columns)
        self.export.clicked.connect(lambda: context.background.run(self._export(), "export-data"))
        self.again.clicked.connect(self._read_row_again)
        self.clear.clicked.connect(lambda: context.background.run(self._clear(), "clear"))
        context.services_changed.connect(self.retranslate)
        context.bridge.happened.connect(self._happened)
        context.bridge.status_changed.connect(self._show_buttons)

    def _build(self) -> None:
        top = row(gap=8)
        for box in (self.type, self.account):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
            top.addWidget(box)
        self.search.setClearButtonEnabled(True)
        self.search.setMinimumWidth(180)
        top.addWidget(self.search, 1)
        self.columns.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.columns.setObjectName("sync")
        top.addWidget(self.columns)
        top.addWidget(self.export)
        table = self.table
        table.setModel(self.model)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setFrameShape(QFrame.Shape.NoFrame)
        table.setShowGrid(False)
        table.setAlternatingRowColors(True)
        table.setWordWrap(False)
        table.setTabKeyNavigation(False)
        table.verticalHeader().hide()
        table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        table.verticalHeader().setDefaultSectionSize(table.fontMetrics().height() + 12)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionsMovable(True)
        header.setDefaultSectionSize(table.fontMetrics().horizontalAdvance("0") * 18)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.setSortIndicatorShown(True)
        header.setSectionsClickable(True)
        self.changes.setReadOnly(True)
        self.changes.setMinimumHeight(70)
        frame = card()
        inside = column(frame, (1, 1, 1, 1))
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(table)
        below = QWidget()
        below_layout = column(below, (12, 8, 8, 6), 4)
        self._changes_title = label(name="muted")
        below_layout.addWidget(self._changes_title)
        below_layout.addWidget(self.changes, 1)
        splitter.addWidget(below)
        splitter.setStretchFactor(0, 4)
        splitter.setStretchFactor(1, 1)
        inside.addWidget(splitter)
        bottom = row(gap=8)
        self._count = label(name="muted")
        bottom.addWidget(self._count, 1)
        bottom.addWidget(self.again)
        self.clear.setObjectName("danger")
        bottom.addWidget(self.clear)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(18, 14, 18, 14)
        outer.setSpacing(12)
        outer.addLayout(top)
        outer.addWidget(frame, 1)
        outer.addLayout(bottom)

    def retranslate(self) -> None:
        services = self._context.services
        chosen = self.type.currentData()
        self.type.blockSignals(True)
        self.type.clear()
        for entity in services.entities if services is not None else ():
            self.type.addItem(words.type_name(entity.name), entity.name)
        self.type.setCurrentIndex(max(0, self.type.findData(chosen)))
        self.type.blockSignals(False)
        self.type.setAccessibleName(tr("List"))
        self.account.setAccessibleName(tr("Account"))
        self.search.setPlaceholderText(tr("Search"))
        self.search.setAccessibleName(tr("Search"))
        self.columns.setText(tr("Co&lumns"))
        self.columns.setAccessibleName(tr("Columns"))
        self.export.setText(tr("E&xport…"))
        self.export.setToolTip(tr("Save what is shown as CSV or Excel file"))
        self.again.setText(tr("Read this record &again"))
        self.clear.setText(tr("Clear an&d read again…"))
        self.table.setAccessibleName(tr("Stored rows"))
        self.changes.setAccessibleName(tr("Changes of this record"))
        self._changes_title.setText(tr("Changes of the selected record"))
        self._show_accounts()
        self._show_buttons()
        if self.isVisible():
            self.read()

    def shown(self) -> None:
        self._show_accounts()
        self.read()

    def focus_on(self, what: object) -> None:
        """Show a list (and account)."""
        if isinstance(what, dict):
            self.type.setCurrentIndex(max(0, self.type.findData(what.get("type"))))
            at = self.account.findData(what.get("account"))
            if at >= 0:
                self.account.setCurrentIndex(at)
            if "search" in what:
                self.search.setText(str(what["search"]))

    def entity(self) -> Entity | None:
        """The list shown."""
        services = self._context.services
        name = self.type.currentData()
        return services.entity(name) if services is not None and name else None

    def _show_accounts(self) -> None:
        entity, status = self.entity(), self._context.status
        shared = entity is not None and entity.spec.shared
        names = account_ids(status) if status is not None else ()
        if [self.account.itemData(i) for i in range(self.account.count())] != list(names):
            self.account.blockSignals(True)
            self.account.clear()
            for name in names:
                self.account.addItem(name, name)
            self.account.blockSignals(False)
        self.account.setVisible(not shared and len(names) > 1)

    def _type_chosen(self, *_: object) -> None:
        self._sort = None
        header = self.table.horizontalHeader()
        header.blockSignals(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.blockSignals(False)
        self._show_accounts()
        self._show_buttons()
        self.read()

    def _sorted(self, at: int, order: Qt.SortOrder) -> None:
        if at >= 0:
            self._sort = (self.model.column(at).name, order is Qt.SortOrder.DescendingOrder)
            self.read()

    def _happened(self, events: Sequence[Event]) -> None:
        name = self.type.currentData()
        if self.isVisible() and any(e.kind is EventKind.SYNC_COMPLETED and e.data.get("type") == name for e in events):
            self._reading += 1
            self._context.background.run(self._refresh(self._reading), "data")

    def _owner(self) -> str | None:
        entity = self.entity()
        if entity is None or entity.spec.shared:
            return None
        return str(self.account.currentData() or "") or None

    def _question(self) -> dict[str, Any]:
        question: dict[str, Any] = {"search": self.search.text()}
        if self._sort is not None:
            question |= {"sort": self._sort[0], "descending": self._sort[1]}
        return question

    def read(self, *_: object) -> None:
        """Read the list anew from its first page."""
        if self.isVisible():
            self._reading += 1
            self._context.background.run(self._read(self._reading), "data")

    async def _read(self, number: int) -> None:
        services, entity, owner = self._context.services, self.entity(), self._owner()
        if services is None or services.store is None or entity is None:
            return
        if owner is None and not entity.spec.shared:
            self._count.setText(tr("No account: nothing is stored."))
            return
        found = await services.store.rows(entity.name, owner, **self._question(), offset=0, limit=PAGE)
        if number != self._reading:
            return
        same = self.model.columnCount() and self.model.column(0) is entity.columns[0]
        self.model.start(entity.columns, found.total, tuple(found.rows))
        if not same:
            self._widths(entity)
            self._columns_menu(entity)
        if found.total or self.search.text():
            searched = tr("found") if self.search.text() else tr("stored")
            self._count.setText(f"{words.rows_word(found.total)} · {searched}")
        else:
            self._count.setText(tr("Nothing stored yet: the list is here after its first read."))
        self.changes.setPlainText("")

    async def _refresh(self, number: int) -> None:
        """The list was read from the ERP meanwhile: show what is new where the operator is, with the chosen row."""
        table, model = self.table, self.model
        at, place = table.currentIndex().row(), table.verticalScrollBar().value()
        chosen = model.stored(at)
        seen = {table.rowAt(0), table.rowAt(table.viewport().height() - 1), at}
        table.setUpdatesEnabled(False)  # nobody sees the beginning of the list in between
        try:
            await self._read(number)
            for page in sorted({row // PAGE for row in seen if row >= PAGE}):
                await self._read_page(page, number)
        finally:
            table.setUpdatesEnabled(True)
        if number == self._reading:
            table.verticalScrollBar().setValue(place)
            row = model.place_of(chosen.key) if chosen is not None else None
            if row is not None:
                table.setCurrentIndex(model.index(row, 0))

    def _widths(self, entity: Entity) -> None:
        state = self._context.recall(f"data/{entity.name}/columns")
        if state and self.table.horizontalHeader().restoreState(QByteArray.fromBase64(state.encode())):
            return
        em = self.table.fontMetrics().horizontalAdvance("0")
        for at, what in enumerate(entity.columns):
            wide = (
                30 if what.name == entity.title or what.kind is Kind.LINES else 13 if right_aligned(what.kind) else 17
            )
            head = self.table.fontMetrics().horizontalAdvance(title(what)) + 34
            self.table.setColumnWidth(at, max(em * wide, min(head, em * 30)))

    def _keep_columns(self, *_: object) -> None:
        entity = self.entity()
        if entity is not None and self.model.columnCount() == len(entity.columns):
            state = bytes(self.table.horizontalHeader().saveState().toBase64().data()).decode()
            self._context.remember(f"data/{entity.name}/columns", state)

    def _columns_menu(self, entity: Entity) -> None:
        menu = QMenu(self.columns)
        kept = self._context.recall(f"data/{entity.name}/hidden")
        hidden = self._hidden.setdefault(entity.name, {name for name in kept.split(",") if name})
        for at, what in enumerate(entity.columns):
            action = QAction(title(what), menu, checkable=True)
            action.setChecked(what.name not in hidden)
            action.toggled.connect(lambda on, at=at, name=what.name: self._show_column(entity.name, at, name, on))
            menu.addAction(action)
            self.table.setColumnHidden(at, what.name in hidden)
        self.columns.setMenu(menu)

    def _show_column(self, type: str, at: int, name: str, on: bool) -> None:
        hidden = self._hidden.setdefault(type, set())
        (hidden.discard if on else hidden.add)(name)
        self._context.remember(f"data/{type}/hidden", ",".join(sorted(hidden)))
        self.table.setColumnHidden(at, not on)

    def _wanted(self, page: int) -> None:
        self._context.background.run(self._read_page(page, self._reading), "data-page")

    async def _read_page(self, page: int, number: int) -> None:
        services, entity = self._context.services, self.entity()
        if services is None or services.store is None or entity is None:
            return
        try:
            found = await services.store.rows(
                entity.name, self._owner(), **self._question(), offset=page * PAGE, limit=PAGE
            )
        except Exception:
            self.model.forget(page)
            raise
        if number == self._reading:
            self.model.add(page, tuple(found.rows))

    # ------------------------------------------------------------------------------------------------ one row

    def _row_chosen(self, *_: object) -> None:
        self._show_buttons()
        self._context.background.run(self._read_changes(), "row-history")

    async def _read_changes(self) -> None:
        services, entity = self._context.services, self.entity()
        at = self.table.currentIndex().row()
        found = self.model.stored(at)
        if services is None or services.store is None or entity is None or found is None:
            return
        changes = await services.store.row_history(entity.name, self._owner(), found.key)
        if self.table.currentIndex().row() == at:
            now = self._context.now()
            first = tr("First seen {time}", time=absolute(found.first_seen))
            lines = [change_line(c, entity) + f"   ({ago((now - c.at).total_seconds())})" for c in changes]
            self.changes.setPlainText("\n".join([*lines, first]))

    def _open_record(self, index: QModelIndex) -> None:
        """Double click or Enter on a row: its sheet."""
        entity, found = self.entity(), self.model.stored(index.row())
        if entity is not None and found is not None:
            self._context.open("record", (entity.name, found.account, found.key))

    def _read_row_again(self) -> None:
        entity = self.entity()
        found = self.model.stored(self.table.currentIndex().row())
        if entity is not None and found is not None:
            self._context.sync(entity.name, found.account or None, found.key)

    def _show_buttons(self, *_: object) -> None:
        entity, status = self.entity(), self._context.status
        chosen = self.table.currentIndex().isValid()
        fast = entity is not None and entity.spec.fast
        self.again.setVisible(fast)
        self.again.setEnabled(chosen)
        self.again.setToolTip("" if chosen else tr("Choose a row first"))
        services = self._context.services
        running = status is not None and entity is not None and status.current_sync == entity.name
        can = services is not None and services.clear_and_read is not None
        self.clear.setEnabled(can and not running)
        self.clear.setToolTip(
            tr("This list is being read: wait for its end, or cancel it")
            if running
            else tr("Removes the stored rows (with a backup) and reads the list anew")
            if can
            else tr("Not available here")
        )

    async def _clear(self) -> None:
        services, entity = self._context.services, self.entity()
        if services is None or services.clear_and_read is None or entity is None:
            return
        owner = self._owner() or ""
        dialog = ClearDialog(self._context, entity.name, owner, self.model.total, self)
        if await ask(dialog) != QDialog.DialogCode.Accepted:
            return
        try:
            await services.clear_and_read(entity.name, owner)
        except Exception as error:
            self._context.say(problem(error), "bad")
            return
        self._context.say(tr("{type}: cleared; it is being read again.", type=words.type_name(entity.name)), "ok")
        self.read()

    # ------------------------------------------------------------------------------------------------ export

    async def _export(self) -> None:
        services, entity = self._context.services, self.entity()
        if services is None or services.store is None or entity is None:
            return
        name = words.type_name(entity.name)
        demo = "DEMO-" if services.demo else ""
        path = await ask_where(self, tr("Export {type}", type=name), f"{demo}{name.lower()}", ("xlsx", "csv"))
        if path is None:
            return
        hidden = self._hidden.get(entity.name, set())
        columns = [c for c in entity.columns if c.name not in hidden]
        rows: list[tuple[object, ...]] = []
        work, total = Work(self._context, tr("Export {type}", type=name)), max(1, self.model.total)
        async for part in services.store.export(entity.name, self._owner(), **self._question()):
            rows += [tuple(exported(r.values.get(c.name), c.kind) for c in columns) for r in part]
            work.reached(len(rows) / total / 2)  # reading is about half of it, writing the other
        await write(path, [title(c) for c in columns], rows, name, lambda part: work.reached(0.5 + part / 2))
        self._context.say(saved_sentence(path), "ok")
