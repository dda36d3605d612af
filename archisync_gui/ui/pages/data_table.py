"""The table of the data page: its widgets, and the visibility, width and order of the columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from PySide6.QtCore import QByteArray, Qt, QTimer
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFrame,
    QHeaderView,
    QLineEdit,
    QPushButton,
    QWidget,
)

from archisync_gui.entities.declaration import Column, Entity, Kind
from archisync_gui.entities.views import View
from archisync_gui.ui.dialogs.columns import ColumnsDialog
from archisync_gui.ui.live.context import Context
from archisync_gui.ui.live.own_views import OwnView
from archisync_gui.ui.live.services import account_ids
from archisync_gui.ui.pages.data_lists import Lists
from archisync_gui.ui.text import words
from archisync_gui.ui.text.values import right_aligned, title
from archisync_gui.ui.widgets.basic import Page, empty_label, label
from archisync_gui.ui.widgets.frozen import FrozenTable
from archisync_gui.ui.widgets.rows_model import BEFORE, OWNER, RowsModel

LOADING_DELAY = 250
"""Milliseconds until *Loading* is shown while another list is read."""

USUAL_COLUMNS: dict[str, tuple[str, ...]] = {
    "customers": ("name", "city", "phone", "vat_number", "account_num", "last_order_date", "sales_this_year"),
    "orders": ("order_number", "customer_name", "created_at", "sales_status", "total_amount", "delivery_date"),
    "ddt": ("ddt_number", "customer_name", "order_number", "delivery_date", "courier", "tracking_number"),
    "invoices": (
        "invoice_number",
        "billing_name",
        "invoice_date",
        "due_date",
        "amount",
        "remaining_amount",
        "order_number",
    ),
    "products": ("item_id", "name", "description", "package_content", "product_group_name"),
    "prices": ("item_id", "item_name", BEFORE, "unit_price", "price_group_name", "quantity_from", "valid_from"),
}
"""The columns of each list that are shown by default, in their order."""

WIDE = frozenset({"name", "customer_name", "billing_name", "item_name", "description"})
"""Columns of long texts, which are wider than others."""


@dataclass(frozen=True)
class RowsQuery:
    """A query for rows of a list."""

    entity: Entity
    owners: tuple[str | None, ...]
    """The accounts whose rows are shown; ``None``: the list is shared."""
    view: View | None
    arguments: Mapping[str, Any]
    """Arguments of ``Store.rows``."""
    columns: tuple[Column, ...]

    def same_rows(self, other: RowsQuery) -> bool:
        """True for the same list, view and accounts; search and order may differ."""
        return (self.entity, self.owners, self.view) == (other.entity, other.owners, other.view)


class RowsTable(Page):
    """The widgets of the data page, and the columns of its table."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._reading = 0
        self.day: date | None = None
        """The office's day when rows were last read."""
        self._placing = False
        self._columns_placed = False
        """False: visibility and order of the columns have to be set again."""
        self._sort: tuple[str, bool] | None = None
        self._hidden: dict[str, set[str]] = {}
        self._columns: ColumnsDialog | None = None
        self.model = RowsModel(self)
        self.shown_query: RowsQuery | None = None
        """The query of the rows in the table. The chosen list or search may differ while its rows are being read."""
        self.view: View | None = None
        """The shown ready-made view."""
        self.own: OwnView | None = None
        """The operator's own view that is shown; :attr:`view` is then the ready-made one that it is based on."""
        self._unused_account = ""
        """The account of :attr:`own` if it is not in use: then no rows are shown."""
        self.lists, self.account = Lists(), QComboBox()
        self.search = QLineEdit()
        self.columns, self.export = QPushButton(), QPushButton()
        self.open_sheet, self.again = QPushButton(), QPushButton()
        self.table = FrozenTable()
        self.empty = empty_label()
        """Shown in the table's place: why there are no rows."""
        self._search_timer = QTimer(self, singleShot=True, interval=220)
        self._loading_timer = QTimer(self, singleShot=True, interval=LOADING_DELAY)
        """Runs until *Loading* is shown."""
        self._columns_timer = QTimer(self, singleShot=True, interval=500)
        self._count = label(name="muted", wrap=True)

    def entity(self) -> Entity | None:
        """The chosen list."""
        services, name = self._context.services, self.lists.name()
        return services.entity(name) if services is not None and name else None

    def _owners(self) -> tuple[str | None, ...]:
        """The accounts whose rows are shown: one, or all; ``None`` for a shared list."""
        entity, status = self.entity(), self._context.status
        if entity is None or entity.spec.shared:
            return (None,)
        chosen = str(self.account.currentData() or "")
        return (chosen,) if chosen else account_ids(status) if status is not None else ()

    def _show_order(self, at: int) -> None:
        """Mark the column by which the table is sorted; -1: none."""
        order = Qt.SortOrder.DescendingOrder if self._sort and self._sort[1] else Qt.SortOrder.AscendingOrder
        header = self.table.horizontalHeader()
        header.blockSignals(True)
        header.setSortIndicator(at, order)
        header.blockSignals(False)

    def _columns_of(self, entity: Entity) -> tuple[Column, ...]:
        """The list's columns; in a view of changed values also the earlier value, with several accounts the account."""
        columns = list(entity.columns)
        if self.view is not None and self.view.changed is not None and self.view.list == entity.name:
            at = next(i for i, column in enumerate(columns) if column.name == self.view.changed)
            now = columns[at]
            before = Column("", BEFORE, "Prima", "Before", now.kind, title_it="Prezzo prima", title_en="Price before")
            columns.insert(at, before)
        if len(self._owners()) > 1:
            columns.append(Column("", OWNER, "Utente", "Account", Kind.TEXT, title_it="Utente", title_en="Account"))
        return tuple(columns)

    def _widths(self, entity: Entity) -> None:
        state = self._context.recall(f"data/{entity.name}/columns")
        if (
            state
            and self.own is None
            and self._columns_of(entity) == entity.columns
            and self.table.horizontalHeader().restoreState(QByteArray.fromBase64(state.encode()))
        ):
            return
        em = self.table.fontMetrics().horizontalAdvance("0")
        for at, declared in enumerate(self._columns_of(entity)):
            wide = (
                34
                if declared.name in WIDE or declared.kind is Kind.LINES
                else 13
                if right_aligned(declared.kind)
                else 17
            )
            head = self.table.fontMetrics().horizontalAdvance(title(declared)) + 34
            self.table.setColumnWidth(at, max(em * wide, min(head, em * 30)))
        own = self.own.columns if self.own is not None else ()
        self._in_order(own or self._usual(entity))

    def _in_order(self, names: Sequence[str]) -> None:
        """Move these columns to the front, in this order."""
        header = self.table.horizontalHeader()
        places = {self.model.column(at).name: at for at in range(self.model.columnCount())}
        self._placing = True
        for to, name in enumerate(name for name in names if name in places):
            header.moveSection(header.visualIndex(places[name]), to)
        self._placing = False

    def _save_columns(self, *_: object) -> None:
        if self._placing or self.own is not None or self.shown_query is None:
            return  # a view of the operator's own is saved only on request
        entity = self.shown_query.entity
        if self.model.columnCount() == len(entity.columns):
            state = bytes(self.table.horizontalHeader().saveState().toBase64().data()).decode()
            self._context.remember(f"data/{entity.name}/columns", state)

    def _usual(self, entity: Entity) -> tuple[str, ...]:
        """The columns that are shown by default, in their order."""
        first, *rest = USUAL_COLUMNS.get(entity.name, (entity.columns[0].name,))
        return (first, OWNER, *rest)

    def _hidden_columns(self, entity: Entity) -> set[str]:
        """The hidden columns, as chosen; until the operator chooses, all but the usual ones."""
        names = {column.name for column in self._columns_of(entity)}
        if self.own is not None and names & set(self.own.columns):
            return self._hidden.setdefault(own_view_key(self.own), names - set(self.own.columns))
        kept = self._context.recall(f"data/{entity.name}/hidden")
        at_first = {name for name in kept.split(",") if name} if kept else _hidden_at_first(entity)
        return self._hidden.setdefault(entity.name, at_first)

    def _hide_columns(self, entity: Entity) -> None:
        hidden = self._hidden_columns(entity)
        for at, declared in enumerate(self._columns_of(entity)):
            self.table.setColumnHidden(at, declared.name in hidden)
        if self._columns is not None:
            self._columns.close()  # the dialog has the columns of another list

    def _choose_columns(self) -> None:
        entity = self.entity()
        if entity is None or not self.model.columnCount():
            return
        if self._columns is not None:
            self._columns.close()
        offered = [(declared.name, title(declared)) for declared in self._columns_of(entity)]
        usual = {name for name, _ in offered} - _hidden_at_first(entity)
        name = words.type_name(entity.name)
        show = partial(self._show_column, entity.name)
        self._columns = ColumnsDialog(name, offered, self._hidden_columns(entity), usual, show, self)
        self._columns.finished.connect(self._columns_chosen)
        self._columns.show()

    def _columns_chosen(self, _: int) -> None:
        self._columns = None

    def _show_column(self, sync_type: str, name: str, on: bool) -> None:
        entity = self._context.services.entity(sync_type) if self._context.services is not None else None
        if entity is None:
            return
        hidden = self._hidden_columns(entity)
        (hidden.discard if on else hidden.add)(name)
        if hidden is self._hidden.get(sync_type):  # not the columns of a view of the operator's own
            self._context.remember(f"data/{sync_type}/hidden", ",".join(sorted(hidden)) or ",")
        for at in range(self.model.columnCount()):
            if self.model.column(at).name == name:
                self.table.setColumnHidden(at, not on)

    def _shape_table(self) -> None:
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
        header.setStretchLastSection(True)
        header.setSectionsMovable(True)
        header.setDefaultSectionSize(table.fontMetrics().horizontalAdvance("0") * 18)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.setSortIndicatorShown(True)
        header.setSectionsClickable(True)


def own_view_key(own: OwnView) -> str:
    """The key of an own view's hidden columns in :attr:`RowsTable._hidden`."""
    return f"own view {own.name}"


def _hidden_at_first(entity: Entity) -> set[str]:
    """The columns that are hidden by default: all but the usual ones."""
    names = {column.name for column in entity.columns}
    chosen = names & {*USUAL_COLUMNS.get(entity.name, ()), BEFORE, OWNER}
    return names - chosen if len(chosen) > 3 else set()
