"""The table of the data page: which rows and columns of a list are shown, and how they are read, page by page."""

from __future__ import annotations

from collections.abc import Sequence
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

from archisync_gui.entities.declaration import Column, Entity, Kind, Value
from archisync_gui.entities.views import TOTALS, View
from archisync_gui.ui.dialogs.columns import ColumnsDialog
from archisync_gui.ui.live.context import Context
from archisync_gui.ui.live.own_views import OwnView
from archisync_gui.ui.live.past_runs import question_of, since_of
from archisync_gui.ui.live.services import account_ids
from archisync_gui.ui.pages.data_lists import Lists
from archisync_gui.ui.pages.data_views import view_titles
from archisync_gui.ui.text import words
from archisync_gui.ui.text.i18n import plain, tr
from archisync_gui.ui.text.records import money
from archisync_gui.ui.text.values import right_aligned, title
from archisync_gui.ui.widgets.basic import Page, empty_label, label, set_look
from archisync_gui.ui.widgets.frozen import FrozenTable
from archisync_gui.ui.widgets.rows_model import BEFORE, OWNER, PAGE, RowsModel

NEWEST = {"orders": "created_at", "ddt": "delivery_date", "invoices": "invoice_date"}
"""The column by which a list is shown newest first."""

CHOSEN: dict[str, tuple[str, ...]] = {
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
"""The columns of each list that are shown until somebody asks for others, in their order."""

WIDE = frozenset({"name", "customer_name", "billing_name", "item_name", "description"})
"""Columns of names, which get more room than others."""


class StoredRows(Page):
    """The rows that are shown, of a list, a view of it, or what was looked for."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._reading = 0
        self.day: date | None = None
        """The office's day of the last reading."""
        self._placing = False
        self._columns_placed = False
        """False: the columns have to be shown, hidden and put in order anew."""
        self._sort: tuple[str, bool] | None = None
        self._hidden: dict[str, set[str]] = {}
        self._columns: ColumnsDialog | None = None
        self.model = RowsModel(self)
        self.view: View | None = None
        """The ready-made selection that is shown."""
        self.own: OwnView | None = None
        """The operator's own view that is shown; :attr:`view` is then the ready-made one that it narrows."""
        self.lists, self.account = Lists(), QComboBox()
        self.search = QLineEdit()
        self.columns, self.export = QPushButton(), QPushButton()
        self.open_sheet, self.again = QPushButton(), QPushButton()
        self.table = FrozenTable()
        self.empty = empty_label()
        """Why the table has no rows; in its place."""
        self._delay = QTimer(self, singleShot=True, interval=220)
        self._keep = QTimer(self, singleShot=True, interval=500)
        self._count = label(name="muted", wrap=True)

    def entity(self) -> Entity | None:
        """The list shown."""
        services, name = self._context.services, self.lists.name()
        return services.entity(name) if services is not None and name else None

    def _owners(self) -> tuple[str | None, ...]:
        """Whose rows are shown: of one account, or of all; ``None`` where the list is everybody's."""
        entity, status = self.entity(), self._context.status
        if entity is None or entity.spec.shared:
            return (None,)
        chosen = str(self.account.currentData() or "")
        return (chosen,) if chosen else account_ids(status) if status is not None else ()

    def _show_order(self, at: int) -> None:
        """Mark the column by which the table is ordered; -1: none is marked."""
        order = Qt.SortOrder.DescendingOrder if self._sort and self._sort[1] else Qt.SortOrder.AscendingOrder
        header = self.table.horizontalHeader()
        header.blockSignals(True)
        header.setSortIndicator(at, order)
        header.blockSignals(False)

    def _question(self) -> dict[str, Any]:
        question: dict[str, Any] = {"search": self.search.text()}
        if self._sort is not None:
            question |= {"sort": self._sort[0], "descending": self._sort[1]}
        elif self.view is not None and self.view.sort:
            question |= {"sort": self.view.sort, "descending": self.view.descending}
        elif (entity := self.entity()) is not None:
            question |= _usual_order(entity)
        if self.view is not None:
            question |= question_of(self.view, self._context.now())
        if others := self._owners()[1:]:
            question["others"] = others
        return question

    def read(self, *_: object) -> None:
        """Read the list anew from its first page."""
        if self.isVisible():
            self._reading += 1
            self.day = self._context.today()
            self._context.background.run(self._read(self._reading), "data")

    async def _read(self, number: int) -> None:
        services, entity, owners = self._context.services, self.entity(), self._owners()
        if services is None or services.store is None or entity is None:
            return
        if not owners:
            self._say_empty(tr("No account: nothing is stored."))
            return
        sum_of = TOTALS.get(entity.name) if TOTALS.get(entity.name) in {c.name for c in entity.columns} else None
        question = self._question() | ({"sum_of": sum_of} if sum_of else {})
        found = await services.store.rows(entity.name, owners[0], **question, offset=0, limit=PAGE)
        before = await self._values_before(entity)
        if number != self._reading:
            return
        columns = self._columns_of(entity)
        shown = [self.model.column(at) for at in range(self.model.columnCount())]
        same = self._columns_placed and shown == list(columns)
        self.model.start(columns, found.total, tuple(found.rows), before)
        if not same:
            self._widths(entity)
            self._hide_columns(entity)
            self._columns_placed = True
            if self._sort is not None:
                self._show_order(next((at for at, what in enumerate(columns) if what.name == self._sort[0]), -1))
        self._say_count(entity, found.total, found.sum)
        self._show_buttons()

    def _columns_of(self, entity: Entity) -> tuple[Column, ...]:
        """The list's columns; in a view of changed values the value before stands beside the present one."""
        columns = list(entity.columns)
        if self.view is not None and self.view.changed is not None and self.view.list == entity.name:
            at = next(i for i, column in enumerate(columns) if column.name == self.view.changed)
            now = columns[at]
            before = Column("", BEFORE, "Prima", "Before", now.kind, title_it="Prezzo prima", title_en="Price before")
            columns.insert(at, before)
        if len(self._owners()) > 1:
            columns.append(Column("", OWNER, "Utente", "Account", Kind.TEXT, title_it="Utente", title_en="Account"))
        return tuple(columns)

    async def _values_before(self, entity: Entity) -> dict[tuple[str, str], Value]:
        """What the changed values of the view were before their first change, by account and key."""
        services, view = self._context.services, self.view
        if services is None or services.store is None or view is None or view.changed is None:
            return {}
        now = self._context.now()
        log = await services.store.changes(
            since_of(view, now),
            now,
            [owner or "" for owner in self._owners()],
            entity=entity.name,
            fields=[view.changed],
            limit=5000,
        )
        return {(line.account, line.key): line.before for line in reversed(log)}

    def _say_count(self, entity: Entity, total: int, sum_: int | None) -> None:
        """Below the table: how many, and what they come to."""
        set_look(self._count, "total" if sum_ else "muted")
        self._say_empty("" if total else self._why_empty(entity))
        if not total:
            return
        text = words.rows_word(total)
        if sum_:
            text += " · " + (
                tr("{amount} to be paid", amount=money(sum_))
                if entity.name == "invoices"
                else tr("{amount} in all", amount=money(sum_))
            )
        self._count.setText(text)

    def _say_empty(self, why: str) -> None:
        """Say why there are no rows, in the place of the table; nothing: there are."""
        self.empty.setText(why)
        self.empty.setVisible(bool(why))
        self.table.setVisible(not why)
        self.export.setEnabled(not why)
        self.export.setToolTip(plain(why) or tr("Save what is shown as CSV or Excel file"))
        if why:
            self._count.setText("")

    def _why_empty(self, entity: Entity) -> str:
        """Why the table is empty."""
        name = words.type_name(entity.name)
        text = self.search.text().strip()
        if text:
            return tr("{list}: nothing found for “{text}”. Ctrl+K looks in all lists.", list=name, text=text)
        if self.view is not None:
            return tr("{list}: no record belongs to “{view}” now.", list=name, view=view_titles()[self.view.name])
        return tr("Nothing stored yet: the list is here after its first read.")

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
            row = model.place_of(chosen.account, chosen.key) if chosen is not None else None
            if row is not None:
                table.setCurrentIndex(model.index(row, 0))

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
        for at, what in enumerate(self._columns_of(entity)):
            wide = 34 if what.name in WIDE or what.kind is Kind.LINES else 13 if right_aligned(what.kind) else 17
            head = self.table.fontMetrics().horizontalAdvance(title(what)) + 34
            self.table.setColumnWidth(at, max(em * wide, min(head, em * 30)))
        own = self.own.columns if self.own is not None else ()
        self._in_order(own or self._usual(entity))

    def _in_order(self, names: Sequence[str]) -> None:
        """Put the chosen columns first."""
        header = self.table.horizontalHeader()
        places = {self.model.column(at).name: at for at in range(self.model.columnCount())}
        self._placing = True
        for to, name in enumerate(name for name in names if name in places):
            header.moveSection(header.visualIndex(places[name]), to)
        self._placing = False

    def _keep_columns(self, *_: object) -> None:
        entity = self.entity()
        if self._placing or self.own is not None:
            return  # a view of the operator's own is saved when that is asked for
        if entity is not None and self.model.columnCount() == len(entity.columns):
            state = bytes(self.table.horizontalHeader().saveState().toBase64().data()).decode()
            self._context.remember(f"data/{entity.name}/columns", state)

    def _usual(self, entity: Entity) -> tuple[str, ...]:
        """The columns that are shown until somebody asks for others, in their order."""
        first, *rest = CHOSEN.get(entity.name, (entity.columns[0].name,))
        return (first, OWNER, *rest)

    def _hidden_columns(self, entity: Entity) -> set[str]:
        """The columns that are not shown, as chosen; until somebody chooses, all but those that matter."""
        names = {column.name for column in self._columns_of(entity)}
        if self.own is not None and names & set(self.own.columns):
            return self._hidden.setdefault(own_place(self.own), names - set(self.own.columns))
        kept = self._context.recall(f"data/{entity.name}/hidden")
        at_first = {name for name in kept.split(",") if name} if kept else _hidden_at_first(entity)
        return self._hidden.setdefault(entity.name, at_first)

    def _hide_columns(self, entity: Entity) -> None:
        hidden = self._hidden_columns(entity)
        for at, what in enumerate(self._columns_of(entity)):
            self.table.setColumnHidden(at, what.name in hidden)
        if self._columns is not None:
            self._columns.close()  # its columns are another list's

    def _choose_columns(self) -> None:
        entity = self.entity()
        if entity is None or not self.model.columnCount():
            return
        if self._columns is not None:
            self._columns.close()
        offered = [(what.name, title(what)) for what in self._columns_of(entity)]
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

    def _wanted(self, page: int) -> None:
        self._context.background.run(self._read_page(page, self._reading), "data-page")

    async def _read_page(self, page: int, number: int) -> None:
        services, entity = self._context.services, self.entity()
        if services is None or services.store is None or entity is None:
            return
        try:
            found = await services.store.rows(
                entity.name, self._owners()[0], **self._question(), offset=page * PAGE, limit=PAGE
            )
        except Exception:
            self.model.forget(page)
            raise
        if number == self._reading:
            self.model.add(page, tuple(found.rows))

    def _show_buttons(self, *_: object) -> None:
        entity = self.entity()
        chosen = self.model.stored(self.table.currentIndex().row()) is not None
        self.again.setVisible(entity is not None and entity.spec.fast)
        for button in (self.again, self.open_sheet):
            button.setEnabled(chosen)
            button.setToolTip("" if chosen else tr("Choose a row first"))

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


def own_place(own: OwnView) -> str:
    """Where :attr:`Data._hidden` has the columns of a view of the operator's own."""
    return f"own view {own.name}"


def _hidden_at_first(entity: Entity) -> set[str]:
    """The columns that are not shown until somebody asks for them: all but those that matter."""
    names = {column.name for column in entity.columns}
    chosen = names & {*CHOSEN.get(entity.name, ()), BEFORE, OWNER}
    return names - chosen if len(chosen) > 3 else set()


def _usual_order(entity: Entity) -> dict[str, Any]:
    """Newest first, customers and articles by name."""
    name = NEWEST.get(entity.name) or entity.title
    if name not in {column.name for column in entity.columns} or entity.name not in CHOSEN:
        return {}
    return {"sort": name, "descending": entity.name in NEWEST}
