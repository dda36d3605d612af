"""The overview's table of lists, with a button in each row."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QModelIndex, QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QAction, QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QMenu,
    QPushButton,
    QTableView,
    QToolButton,
    QWidget,
)

from archisync_gui.model import Outcome, QueueEntry, Status, SyncState
from archisync_gui.settings import interval_key
from archisync_gui.ui.live.context import Context
from archisync_gui.ui.look.theme import color, scaled
from archisync_gui.ui.text import list_words, words
from archisync_gui.ui.text.i18n import tr
from archisync_gui.ui.text.last_known import GREY_BARS, LISTS, TALLEST, lines
from archisync_gui.ui.widgets.basic import IconButton, row
from archisync_gui.ui.widgets.delegates import CellDelegate
from archisync_gui.ui.widgets.snapshot_model import ROW
from archisync_gui.ui.widgets.types_model import TypeRow, TypesModel

REFRESH = 54
"""Pixels of the column with the refresh button."""


class TypesTable(QTableView):
    """The table of lists: Enter or a row's button updates its list, the context menu has all actions."""

    def __init__(self, context: Context, model: TypesModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._types = model
        self.setModel(model)
        self.setItemDelegate(CellDelegate(self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().hide()
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setSectionsClickable(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._menu_at)
        self.clicked.connect(self._clicked)
        self.doubleClicked.connect(self._double_clicked)
        model.rowsInserted.connect(self._rows_changed)
        model.rowsRemoved.connect(self._rows_changed)
        model.dataChanged.connect(lambda first, last: self._update_buttons(range(first.row(), last.row() + 1)))
        model.dataChanged.connect(self._fit_if_wider)
        self._sample = QPushButton(self)
        self._sample.setObjectName("help")  # the style of the buttons whose width it measures
        self._sample.hide()
        self._sample.ensurePolished()
        self._roomy = True
        """There is room for buttons with text."""
        self._measure()

    def _measure(self) -> None:
        self.verticalHeader().setDefaultSectionSize(self._base_height())
        header = self.horizontalHeader()
        header.setMinimumSectionSize(30)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self._widest: dict[int, int] = {}
        self._fit_columns()

    def spread(self, room: int) -> None:
        """Make the rows higher, within limits, if the height ``room`` allows it."""
        rows = self._expected_rows()
        base = self._base_height()
        height = max(base, min((room - self.horizontalHeader().sizeHint().height() - 2) // rows, round(base * TALLEST)))
        if height != self.verticalHeader().defaultSectionSize():
            self.verticalHeader().setDefaultSectionSize(height)
            self.updateGeometry()

    def _expected_rows(self) -> int:
        """Number of rows, or until the first status the number that it will probably have."""
        return self._types.rowCount() or len(lines(self._context.last_known)) or LISTS

    def _base_height(self) -> int:
        return QFontMetrics(self.font()).height() + QFontMetrics(scaled(self.font(), 0.86)).height() + 14

    def sign(self) -> int:
        """Width in pixels of the sign before an age."""
        return int(QFontMetrics(self.font()).ascent() * 0.72) + 6

    def forget_widths(self) -> None:
        """Measure the columns again, because the texts changed."""
        self._widest.clear()
        self._fit_columns()

    def _fit_if_wider(self, first: QModelIndex, last: QModelIndex) -> None:
        """Fit the columns again if a changed row has a longer text than any before. Not at every change: progress
        changes a row many times a second, and fitting takes as long as everything else that the panel does then."""
        index, hint = self._types.index, self.sizeHintForIndex
        for number in range(first.row(), last.row() + 1):
            columns = range(first.column(), last.column() + 1)
            if any(hint(index(number, at)).width() > self._widest[at] for at in columns if at in self._widest):
                self._fit_columns()
                return

    def _fit_columns(self, *_: object) -> None:
        """Give each column the width of its texts, and the remaining width to the column *Today*. Measured widths only
        grow, so that no column jumps. If there is room, the column of buttons has the width of its longest button."""
        header = self.horizontalHeader()
        room = self.viewport().width()
        metrics = QFontMetrics(self.font())
        for at in range(4):
            title = metrics.horizontalAdvance(self._types.headers()[at]) + 24
            self._widest[at] = max(self._widest.get(at, title), self.sizeHintForColumn(at))
        if not self._types.rowCount():  # the last known data are shown
            bold = QFontMetrics(scaled(self.font(), 1.0, True))
            for name, age in lines(self._context.last_known):
                self._widest[0] = max(self._widest[0], bold.horizontalAdvance(name) + 18)
                self._widest[1] = max(self._widest[1], metrics.horizontalAdvance(age) + 18 + self.sign())
        needed = dict(self._widest)
        longest = max(self._button_width(text) for text in list_words.remedies())
        spare = room - sum(needed.values())
        roomy = spare >= longest
        if roomy != self._roomy:
            self._roomy = roomy
            self._update_buttons()
        action = longest if roomy else REFRESH
        spare -= action
        shrinking = (TypesModel.FRESH, TypesModel.TODAY, TypesModel.EXPECTED)
        if spare >= 0:
            needed[TypesModel.TODAY] += spare
        else:
            for at in shrinking:
                needed[at] = max(90, needed[at] + spare * needed[at] // sum(needed[c] for c in shrinking))
        for at, width in {**needed, TypesModel.ACTION: action}.items():
            if header.sectionSize(at) != width:
                header.resizeSection(at, width)

    def _button_width(self, text: str) -> int:
        """The width of the column with a button of that text."""
        if self._sample.text() != text:
            self._sample.setText(text)
        return self._sample.sizeHint().width() + 28

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_columns()

    def sizeHint(self) -> QSize:
        rows = self._expected_rows() * self.verticalHeader().defaultSectionSize()
        return QSize(640, rows + self.horizontalHeader().sizeHint().height() + 2)

    def minimumSizeHint(self) -> QSize:
        rows = self._expected_rows() * self._base_height()
        return QSize(360, rows + self.horizontalHeader().sizeHint().height() + 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Until the first status, paint the last known reads, or grey bars, in the places of the lists."""
        super().paintEvent(event)
        if self._types.rowCount():
            return
        painter = QPainter(self.viewport())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color("raised"))
        height, tall = self.verticalHeader().defaultSectionSize(), QFontMetrics(self.font()).ascent()
        known = lines(self._context.last_known)
        for at, texts in enumerate(known):
            for place, text in enumerate(texts):
                painter.setPen(color("muted" if place else "text"))
                painter.setFont(scaled(self.font(), 1.0, not place))
                begin = self.horizontalHeader().sectionViewportPosition(place) + 10 + (self.sign() if place else 0)
                top = at * height + (height - QFontMetrics(self.font()).height()) / 2
                painter.drawText(QRectF(begin, top, self.viewport().width(), height), text)
        for at in range(0 if known else LISTS):
            y = at * height + (height - tall) / 2
            for left, wide in GREY_BARS:
                x = 10 + self.viewport().width() * left
                painter.drawRoundedRect(QRectF(x, y, self.viewport().width() * wide, tall), 4, 4)
        painter.end()

    def _rows_changed(self, parent: QModelIndex, first: int, last: int) -> None:
        for at in range(self._types.rowCount()):
            index = self._types.index(at, TypesModel.ACTION)
            if self.indexWidget(index) is None:
                self.setIndexWidget(index, self._button(self._types.item(at)))
        self._update_buttons()
        self._fit_columns()
        self.updateGeometry()

    def _button(self, type_row: TypeRow) -> QWidget:
        """The row's two buttons, of which one is shown: a remedy if something is wrong with this list alone, else
        *refresh*."""
        holder = QWidget(self)
        layout = row(holder, (4, 0, 8, 0))
        button = IconButton("refresh", "sync")
        button.clicked.connect(partial(self._context.sync, type_row.type, type_row.account))
        helps = QPushButton()
        helps.setObjectName("help")
        helps.clicked.connect(partial(self._help, type_row.type, type_row.account))
        helps.hide()
        layout.addStretch(1)
        layout.addWidget(helps)
        layout.addWidget(button)
        return holder

    def _help(self, sync_type: str, account: str | None) -> None:
        rows = (self._types.item(at) for at in range(self._types.rowCount()))
        type_row = next((r for r in rows if (r.type, r.account) == (sync_type, account)), None)
        _, place, target = list_words.row_remedy(type_row.condition if type_row is not None else None)
        if place == "sync":
            self._context.sync(sync_type, account)
        elif place:
            self._context.open(place, target)

    def _update_buttons(self, rows: range | None = None) -> None:
        """Set the texts and states of the buttons in these rows (``None``: in all)."""
        for at in rows if rows is not None else range(self._types.rowCount()):
            holder = self.indexWidget(self._types.index(at, TypesModel.ACTION))
            button = holder.findChild(QToolButton) if holder is not None else None
            helps = holder.findChild(QPushButton, "help") if holder is not None else None
            type_row: TypeRow = self._types.item(at)
            # Without a mnemonic: the header's button of the same text has it.
            text = list_words.row_remedy(type_row.condition)[0].replace("&", "") if self._roomy else ""
            if isinstance(helps, QPushButton):
                if helps.text() != text:
                    helps.setText(text)
                    helps.setAccessibleName(f"{text} · {words.type_name(type_row.type)}")
                helps.setVisible(bool(text))
            if isinstance(button, IconButton):
                button.say(*_sync_words(type_row))
                button.setEnabled(type_row.status is not None)
                button.setVisible(not text)

    def current(self) -> TypeRow | None:
        """The selected row."""
        index = self.currentIndex()
        return index.data(ROW) if index.isValid() else None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        type_row = self.current()
        if type_row is not None:
            match event.key():
                case Qt.Key.Key_Return | Qt.Key.Key_Enter | Qt.Key.Key_Space:
                    if type_row.status is not None:
                        self._context.sync(type_row.type, type_row.account)
                    return
                case Qt.Key.Key_Right | Qt.Key.Key_Left if type_row.account is None and type_row.accounts > 1:
                    if type_row.unfolded == (event.key() == Qt.Key.Key_Left):
                        self._types.toggle(type_row.type)
                    return
                case Qt.Key.Key_Menu:
                    self._menu_at(self.visualRect(self.currentIndex()).center())
                    return
        super().keyPressEvent(event)

    def _clicked(self, index: QModelIndex) -> None:
        type_row: TypeRow = index.data(ROW)
        if type_row.account is None and type_row.accounts > 1 and index.column() == TypesModel.TYPE:
            self._types.toggle(type_row.type)
        elif index.column() == TypesModel.TODAY and type_row.status is not None:
            item = type_row.status
            backing_off = item.state is SyncState.BACKING_OFF and item.last_outcome is Outcome.REFUSED
            if item.state in (SyncState.REFUSED, SyncState.STOPPED) or item.unclean_in_a_row >= 2 or backing_off:
                self._context.open("trouble", item)
            elif (
                item.state in (SyncState.IDLE, SyncState.BACKING_OFF)
                and item.last_outcome is Outcome.FAILED
                and item.last_run_id
            ):
                self._context.open("run", item.last_run_id)

    def _double_clicked(self, index: QModelIndex) -> None:
        type_row: TypeRow = index.data(ROW)
        self._context.open("history", {"type": type_row.type, "account": type_row.account})

    def _menu_at(self, point: QPoint) -> None:
        index = self.indexAt(point)
        if index.isValid():
            self.menu(index.data(ROW)).popup(self.viewport().mapToGlobal(point))

    def menu(self, type_row: TypeRow) -> QMenu:
        """The menu of all actions for a row."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        context = self._context
        item = type_row.status

        def add(text: str, act: object, enabled: bool = True, why: str = "") -> None:
            action = QAction(text, menu)
            action.setEnabled(enabled)
            if not enabled:
                action.setText(f"{text} ({why})")
            action.triggered.connect(act)
            menu.addAction(action)

        add(
            tr("&Update now"),
            partial(context.sync, type_row.type, type_row.account),
            item is not None,
            tr("no account"),
        )
        entry = _waiting(context.status, type_row)
        if entry is not None:
            add(
                tr("&Run anyway"),
                partial(context.run_anyway, entry),
                entry.run_anyway_possible,
                tr("its turn comes by itself"),
            )
            add(tr("&Move to the front"), partial(context.to_front, entry))
            add(tr("&Take out of the queue"), partial(context.remove, entry))
        if item is not None and item.last_outcome is Outcome.REFUSED:  # also while the list waits or is read again
            add(tr("&Check the refused read"), partial(context.open, "trouble", item))
        if item is not None and item.state is SyncState.STOPPED:
            add(tr("&Password…"), partial(context.open, "trouble", item))
        menu.addSeparator()
        add(tr("&History"), partial(context.open, "history", {"type": type_row.type, "account": type_row.account}))
        add(tr("&Data"), partial(context.open, "data", {"type": type_row.type, "account": type_row.account}))
        if item is not None and item.last_run_id:
            add(tr("&Last run…"), partial(context.open, "run", item.last_run_id))
        add(tr("&Interval…"), partial(context.open, "settings", interval_key(type_row.type)))
        return menu


def _waiting(status: Status | None, type_row: TypeRow) -> QueueEntry | None:
    if status is None:
        return None
    for entry in status.queue:
        if entry.type == type_row.type and type_row.account in (None, entry.account):
            return entry
    return None


def _sync_words(type_row: TypeRow) -> tuple[str, str]:
    name = words.type_name(type_row.type) + (f", {type_row.account}" if type_row.account else "")
    say = tr("Update {type} now", type=name)
    if type_row.status is None:
        return say, tr("No account reads this list: enter one in Settings")
    if type_row.status.is_running:
        return say, tr("Update {type} once more after the run that is active", type=name)
    if type_row.status.queue_position:
        return say, tr("{type} waits already; asking again keeps its place", type=name)
    return say, say
