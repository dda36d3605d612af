"""Find: searches all lists while the operator types, and shows the results below the box in the header.

Only the newest text counts: the search for an older one is cancelled, and its results are dropped.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from PySide6.QtCore import QAbstractListModel, QEvent, QModelIndex, QObject, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPainterPath, QPaintEvent, QPen, QRegion, QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOption,
    QStyleOptionViewItem,
    QWidget,
)

from archisync_gui.model import Event
from archisync_gui.store.types import FoundList, StoredRow
from archisync_gui.ui.live.bridge import rows_replaced
from archisync_gui.ui.live.context import Context, problem
from archisync_gui.ui.live.services import account_ids
from archisync_gui.ui.look.theme import color, scaled
from archisync_gui.ui.shell.find_box import FindBox
from archisync_gui.ui.text import words
from archisync_gui.ui.text.i18n import tr
from archisync_gui.ui.text.records import record_line, record_name
from archisync_gui.ui.widgets.basic import column, label, row
from archisync_gui.ui.widgets.delegates import Index

PER_LIST = 6
"""Results shown of each list."""

ORDER = {name: at for at, name in enumerate(("customers", "orders", "ddt", "invoices", "products", "prices"))}
"""Order of the lists in the results; lists with an exact hit come first."""

WIDTH = 620
"""Largest width of the results in pixels."""

MASK_RADIUS = 6
"""Radius in pixels of the corners that are left out: less than the border's in ``panel.qss`` (8), to cut nothing of
it."""

ITEM = Qt.ItemDataRole.UserRole + 1

Query = tuple[str, tuple[str, ...]]
"""The text, and the accounts whose rows are searched."""


@dataclass(frozen=True)
class Item:
    """One line of the results: a list's heading, or a record."""

    name: str
    detail: str = ""
    list: str = ""
    row: StoredRow | None = None
    """``None``: a heading."""


def items(found: tuple[FoundList, ...], today: date, accounts: int) -> list[Item]:
    """The results as lines, each list with its heading; with several accounts each line names its account."""
    lines: list[Item] = []
    for hits in sorted(found, key=lambda hits: (not hits.exact, ORDER.get(hits.entity, len(ORDER)))):
        heading = words.type_name(hits.entity)
        lines.append(
            Item(tr("{list} · the first {count}", list=heading, count=len(hits.rows)) if hits.more else heading)
        )
        for stored in hits.rows:
            name = record_name(hits.entity, stored.values, stored.key)
            detail = record_line(hits.entity, stored.values, today)
            if accounts > 1 and stored.account:
                detail = f"{detail} · {stored.account}" if detail else stored.account
            lines.append(Item(name, detail, hits.entity, stored))
    return lines


class _Model(QAbstractListModel):
    """The lines of the results; headings cannot be selected."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.lines: list[Item] = []

    def show(self, lines: list[Item]) -> None:
        self.beginResetModel()
        self.lines = lines
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.lines)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        line = self.lines[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.AccessibleTextRole:
                return f"{line.name} {line.detail}".strip()
            case x if x == ITEM:
                return line
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        if index.isValid() and self.lines[index.row()].row is not None:
            return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return Qt.ItemFlag.NoItemFlags


class _Delegate(QStyledItemDelegate):
    """Paints the bold name and muted details on one line; headings small."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        line = index.data(ITEM)
        if not isinstance(line, Item):
            return
        painter.save()
        rect: QRect = option.rect.adjusted(12, 0, -12, 0)
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        if line.row is None:
            painter.setFont(scaled(option.font, 0.86, True))
            painter.setPen(color("muted"))
            painter.drawText(rect.adjusted(0, 4, 0, 0), middle, line.name)
        else:
            if option.state & QStyle.StateFlag.State_Selected:
                painter.fillRect(option.rect, color("selected"))
                painter.setPen(QPen(color("focus"), 2))
                painter.drawLine(option.rect.topLeft(), option.rect.bottomLeft())
            bold = scaled(option.font, 1.0, True)
            painter.setFont(bold)
            painter.setPen(color("text"))
            metrics = QFontMetrics(bold)
            room = rect.width() if not line.detail else int(rect.width() * 0.62)
            name = metrics.elidedText(line.name, Qt.TextElideMode.ElideRight, room)
            painter.drawText(rect, middle, name)
            rest = rect.adjusted(metrics.horizontalAdvance(name) + 12, 0, 0, 0)
            painter.setFont(option.font)
            painter.setPen(color("muted"))
            plain = QFontMetrics(option.font)
            detail = plain.elidedText(line.detail, Qt.TextElideMode.ElideRight, rest.width())
            painter.drawText(rest, middle, detail)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(10, QFontMetrics(option.font).height() + 13)


class Find(QFrame):
    """The results, over the page. Made once; visible while there is a text in the box."""

    shown_results = Signal(str)
    """The results for that text are shown."""

    def __init__(self, context: Context, box: FindBox, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("find")
        self._context, self.box, self._window = context, box, parent
        self._task: asyncio.Task[object] | None = None
        self._query: Query | None = None
        """The present query, running or shown; ``None``: the results are closed."""
        self._answered_query: Query | None = None
        """The query of the shown lines; ``None``: there are none."""
        self._enter = False
        """Enter was pressed before the results were there: the first one is opened when they are."""
        self.model = _Model(self)
        self.list = QListView()
        self.list.setModel(self.model)
        self.list.setItemDelegate(_Delegate(self.list))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the box keeps the focus
        self.list.setMouseTracking(True)
        self.list.setUniformItemSizes(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setSelectionMode(QListView.SelectionMode.SingleSelection)
        self.account = QComboBox()
        self.account.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._hint = label(name="muted")
        self._below = below = row(margins=(12, 6, 8, 6), gap=8)
        below.addWidget(self._hint, 1)
        below.addWidget(self.account)
        inside = column(self, (1, 6, 1, 1))
        inside.addWidget(self.list, 1)
        inside.addLayout(below)
        self.hide()
        box.textEdited.connect(self.search)
        box.moved.connect(self.move_by)
        box.chosen.connect(self.open_chosen)
        box.left.connect(self.close_results)
        box.installEventFilter(self)
        self.list.clicked.connect(lambda index: self._open(index.row()))
        self.list.entered.connect(self.list.setCurrentIndex)
        self.account.activated.connect(self._account_chosen)
        context.services_changed.connect(self._accounts)
        context.bridge.status_changed.connect(self._accounts)
        context.bridge.happened.connect(self._happened)
        self.retranslate()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, option = QPainter(self), QStyleOption()
        painter.fillRect(event.rect(), color("surface"))
        option.initFrom(self)  # Qt paints the style sheet's border by itself only for a widget that is not opaque
        self.style().drawPrimitive(QStyle.PrimitiveElement.PE_Widget, option, painter, self)

    def resizeEvent(self, event: QResizeEvent) -> None:
        outline = QPainterPath()
        outline.addRoundedRect(self.rect(), MASK_RADIUS, MASK_RADIUS)
        self.setMask(QRegion(outline.toFillPolygon().toPolygon()))
        self._set_opaque()
        super().resizeEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.StyleChange:
            self._set_opaque()

    def _set_opaque(self) -> None:
        """Say that it fills its whole area, of which the mask leaves out the round corners: else Qt paints the page
        below it, too, whenever the results change. Style sheets reset this."""
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def retranslate(self) -> None:
        """Set all texts in the present language."""
        self.box.retranslate()
        self.list.setAccessibleName(tr("Results"))
        self.account.setAccessibleName(tr("Account"))
        self.account.clear()
        self._accounts()
        if self.isVisible():
            self.search(self.box.text())

    # ------------------------------------------------------------------------------------------------ accounts

    def _accounts(self, *_: object) -> None:
        status = self._context.status
        names = account_ids(status) if status is not None else ()
        have = [self.account.itemData(at) for at in range(self.account.count())]
        if len(names) < 2:
            self.account.clear()
        elif have != [*names, ""]:
            wanted = self._context.recall("find/account")
            self.account.clear()
            for name in names:
                self.account.addItem(name, name)
            self.account.addItem(tr("All accounts"), "")
            self.account.setCurrentIndex(max(0, self.account.findData(wanted)) if wanted != "*" else len(names))
        self.account.setVisible(len(names) > 1)

    def accounts(self) -> tuple[str, ...]:
        """The accounts whose rows are searched: the chosen one, or all if *All accounts* is chosen."""
        status = self._context.status
        names = account_ids(status) if status is not None else ()
        chosen = self.account.currentData() if self.account.count() else ""
        return (chosen,) if chosen else names

    def _account_chosen(self, *_: object) -> None:
        self._context.remember("find/account", str(self.account.currentData() or "*"))
        self.box.setFocus()
        self.search(self.box.text())

    # ------------------------------------------------------------------------------------------------ searching

    def focus(self) -> None:
        """Give the box the focus and select its text; search for that text again."""
        self.box.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.box.selectAll()
        if self.box.text().strip():
            self.search(self.box.text())

    def search(self, text: str) -> None:
        """Search for ``text``; a search under way is cancelled."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self._enter = False
        if not text.strip():
            self._query = None
            self.hide()
            return
        self._query = query = (text, self.accounts())
        self._task = self._context.background.run(self._search(query), "find")

    async def _search(self, query: Query) -> None:
        services, (text, accounts) = self._context.services, query
        if services is None or services.store is None:
            self._show_lines([], tr("Archisync is still starting. Try again in a moment."))
            return
        try:
            found = await services.store.find(text, accounts, PER_LIST)
        except Exception as error:
            if query == self._query:
                self._show_lines(
                    [], tr("“{text}” could not be looked up: {why}", text=text.strip(), why=problem(error))
                )
            raise
        if query != self._query:
            return
        lines = items(found, self._context.today(), len(accounts))
        if lines:
            hint = tr("↑ ↓ choose · Enter opens · Esc closes")
        elif len("".join(filter(str.isalnum, text))) < 2:
            hint = tr("Type at least two letters or digits.")
        else:
            hint = tr("Nothing found for “{text}”.", text=text.strip())
        self._show_lines(lines, hint)
        self._answered_query = query
        enter, self._enter = self._enter, False
        self.shown_results.emit(text)
        if enter:
            self.open_chosen()

    def _happened(self, events: Sequence[Event]) -> None:
        """Search again after rows were replaced: the keys of the lines may belong to other records now."""
        if self.isVisible() and rows_replaced(events):
            self.model.show([])
            self._answered_query = None
            self.search(self.box.text())

    def _show_lines(self, lines: list[Item], hint: str) -> None:
        self._answered_query, self._enter = None, self._enter and bool(lines)
        self.model.show(lines)
        self._hint.setText(hint)
        self.setAccessibleName(hint)
        first = next((at for at, line in enumerate(lines) if line.row is not None), None)
        if first is not None:
            self.list.setCurrentIndex(self.model.index(first))
        self.place()
        self.show()
        self.raise_()

    def place(self) -> None:
        """Move below the box, with the height of the results, inside the window."""
        window = self._window
        corner = self.box.mapTo(window, QPoint(self.box.width(), self.box.height() + 4))
        width = min(WIDTH, window.width() - 24)
        height = self.list.sizeHintForRow(0) * len(self.model.lines) + 8 if self.model.lines else 0
        below = self._below.sizeHint().height() + 10
        self.list.setVisible(bool(self.model.lines))
        room = window.height() - corner.y() - 12
        self.setGeometry(max(12, corner.x() - width), corner.y(), width, min(room, height + below))

    # ------------------------------------------------------------------------------------------------ choosing

    def move_by(self, step: int) -> None:
        """Select the next or previous record, skipping headings."""
        records = [at for at, line in enumerate(self.model.lines) if line.row is not None]
        if not records:
            return
        at = self.list.currentIndex().row()
        place = records.index(at) + step if at in records else 0
        self.list.setCurrentIndex(self.model.index(records[max(0, min(place, len(records) - 1))]))

    def open_chosen(self) -> None:
        """Open the selected record's sheet; while the shown lines belong to another text, wait for the right ones."""
        if self._query is not None and self._query != self._answered_query:
            self._enter = True
        else:
            self._open(self.list.currentIndex().row())

    def _open(self, at: int) -> None:
        if self.isVisible() and 0 <= at < len(self.model.lines):
            line = self.model.lines[at]
            if line.row is not None:
                self.close_results()
                self._context.open("record", (line.list, line.row.account, line.row.key))

    def close_results(self) -> None:
        """Close the results; the text stays in the box."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self._query = self._answered_query = None
        self._enter = False
        self.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.box and event.type() is QEvent.Type.FocusOut and self.isVisible():
            inside = self.isAncestorOf(self.window().focusWidget() or self.window())
            if not inside and not self.account.view().isVisible() and self.window().isActiveWindow():
                self.close_results()
        return super().eventFilter(watched, event)
