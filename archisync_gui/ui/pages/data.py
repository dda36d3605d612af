"""The data page: the stored rows of each list with views, search, sort, columns and export; a row opens its sheet.

Rows are read in pages when they come into sight; sorting and searching is the store's work.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QByteArray, QModelIndex, Qt, QTimer
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
from archisync_gui.entities.views import TOTALS, VIEWS, View
from archisync_gui.export import write
from archisync_gui.model import Event, EventKind
from archisync_gui.ui.dialogs.columns import ColumnsDialog
from archisync_gui.ui.live.context import Context
from archisync_gui.ui.live.feed import question_of, since_of
from archisync_gui.ui.live.own_views import LONGEST_NAME, OwnView, OwnViews
from archisync_gui.ui.live.services import account_ids
from archisync_gui.ui.live.work import Work
from archisync_gui.ui.pages.data_lists import Lists
from archisync_gui.ui.pages.data_views import ViewBar, view_titles
from archisync_gui.ui.text import words
from archisync_gui.ui.text.i18n import plain, tr
from archisync_gui.ui.text.records import money
from archisync_gui.ui.text.values import exported, right_aligned, title
from archisync_gui.ui.widgets.basic import Page, ask_text, card, column, empty_label, fill, label, row, set_look
from archisync_gui.ui.widgets.files import ask_where, say_saved
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


class Data(Page):
    """The stored rows."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._reading = 0
        self._placing = False
        self._columns_placed = False
        """False: the columns have to be shown, hidden and put in order anew."""
        self._sort: tuple[str, bool] | None = None
        self._hidden: dict[str, set[str]] = {}
        self._counts: dict[tuple[str, str], int] = {}
        """Rows stored, by list and account."""
        self._columns: ColumnsDialog | None = None
        self.model = RowsModel(self)
        self.view: View | None = None
        """The ready-made selection that is shown."""
        self.own: OwnView | None = None
        """The operator's own view that is shown; :attr:`view` is then the ready-made one that it narrows."""
        self.own_views, self.bar = OwnViews(context), ViewBar()
        self.views = self.bar.ready
        self.lists, self.account = Lists(), QComboBox()
        self.search = QLineEdit()
        self.columns, self.export = QPushButton(), QPushButton()
        self.open_sheet, self.again = QPushButton(), QPushButton()
        self.table = FrozenTable()
        self.empty = empty_label()
        """Why the table has no rows; in its place."""
        self._delay = QTimer(self, singleShot=True, interval=220)
        self._keep = QTimer(self, singleShot=True, interval=500)
        self._build()
        self.retranslate()
        self._delay.timeout.connect(self.read)
        self._connect_views()
        self.search.textChanged.connect(lambda _: self._delay.start())
        self.lists.changed.connect(self._list_chosen)
        self.account.currentIndexChanged.connect(self._account_chosen)
        self.model.wanted.connect(self._wanted)
        self.table.activated.connect(self._open_record)
        self.table.selectionModel().currentRowChanged.connect(self._show_buttons)
        self.table.horizontalHeader().sortIndicatorChanged.connect(self._sorted)
        self.table.horizontalHeader().sectionMoved.connect(self._keep_columns)
        self.table.horizontalHeader().sectionResized.connect(lambda *_: self._keep.start())
        self._keep.timeout.connect(self._keep_columns)
        self.columns.clicked.connect(self._choose_columns)
        self.export.clicked.connect(lambda: context.background.run(self._export(), "export-data"))
        self.open_sheet.clicked.connect(lambda: self._open_record(self.table.currentIndex()))
        self.again.clicked.connect(self._read_row_again)
        context.services_changed.connect(self.retranslate)
        context.bridge.happened.connect(self._happened)
        context.bridge.status_changed.connect(self._show_buttons)
        context.bridge.tick.connect(self._tick)

    def _build(self) -> None:
        top = row(gap=8)
        self.search.setClearButtonEnabled(True)
        self.search.setMinimumWidth(140)
        self.account.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        top.addWidget(self.search, 1)
        for part in (self.account, self.columns, self.export):
            top.addWidget(part)
        self._shape_table()
        frame = card()
        inside = column(frame, (1, 1, 1, 1))
        inside.addWidget(self.table, 1)
        inside.addWidget(self.empty, 1)
        self.empty.hide()
        bottom = row(gap=8)
        self._count = label(name="muted", wrap=True)
        bottom.addWidget(self._count, 1)
        bottom.addWidget(self.again)
        bottom.addWidget(self.open_sheet)
        right = column(gap=12)
        right.addLayout(top)
        right.addWidget(self.bar)
        right.addWidget(frame, 1)
        right.addLayout(bottom)
        left = card()
        column(left, (1, 1, 1, 1)).addWidget(self.lists)
        outer = row(self, (18, 14, 18, 14), 14)
        outer.addWidget(left)
        outer.addLayout(right, 1)

    def _connect_views(self) -> None:
        bar, run = self.bar, self._context.background.run
        bar.ready_clicked.connect(self._view_chosen)
        bar.own_clicked.connect(self._own_chosen)
        bar.save_wanted.connect(lambda: run(self._save_view(), "save-view", self))
        bar.rename_wanted.connect(lambda view: run(self._rename_view(view), "rename-view", self))
        bar.keep_wanted.connect(lambda view: self._save_look(view.name))
        bar.remove_wanted.connect(self._remove_view)
        self.own_views.changed.connect(self._offer_views)

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

    def retranslate(self) -> None:
        if self._columns is not None:
            self._columns.close()
        self.bar.retranslate()
        self._show_accounts()
        self._show_lists()
        self._offer_views()
        self.lists.setAccessibleName(tr("List"))
        self.account.setAccessibleName(tr("Account"))
        self.search.setPlaceholderText(tr("Search"))
        self.search.setAccessibleName(tr("Search"))
        self.columns.setText(tr("Co&lumns…"))
        self.export.setText(tr("E&xport…"))
        self.export.setToolTip(tr("Save what is shown as CSV or Excel file"))
        self.open_sheet.setText(tr("&Open record"))
        self.again.setText(tr("Read this record &again"))
        self.table.setAccessibleName(tr("Stored rows"))
        self.table.first.setAccessibleName(tr("Stored rows"))
        self._show_buttons()
        self._recount()
        self.read()

    def shown(self) -> None:
        self._show_accounts()
        self._show_lists()
        self._recount()
        self.read()

    def focus_on(self, what: object) -> None:
        """Show a list (and account)."""
        if isinstance(what, dict):
            self.lists.choose(str(what.get("type")))
            wanted = next((view for view in VIEWS if view.name == what.get("view")), None)
            if wanted is not None or self.view is not None or self.own is not None:
                self._show_view(wanted)
            at = self.account.findData(what.get("account"))
            if at >= 0:
                self.account.setCurrentIndex(at)
            if "search" in what:
                self.search.setText(str(what["search"]))

    def entity(self) -> Entity | None:
        """The list shown."""
        services, name = self._context.services, self.lists.name()
        return services.entity(name) if services is not None and name else None

    def _show_accounts(self) -> None:
        entity, status = self.entity(), self._context.status
        shared = entity is not None and entity.spec.shared
        names = account_ids(status) if status is not None else ()
        offered = [(name, name) for name in names] + ([("", tr("All accounts"))] if len(names) > 1 else [])
        fill(self.account, offered)
        self.account.setVisible(not shared and len(names) > 1)

    def _account_chosen(self, *_: object) -> None:
        self._show_lists()
        self.read()

    def _owners(self) -> tuple[str | None, ...]:
        """Whose rows are shown: of one account, or of all; ``None`` where the list is everybody's."""
        entity, status = self.entity(), self._context.status
        if entity is None or entity.spec.shared:
            return (None,)
        chosen = str(self.account.currentData() or "")
        return (chosen,) if chosen else account_ids(status) if status is not None else ()

    def _show_lists(self, *_: object) -> None:
        services = self._context.services
        names = [entity.name for entity in services.entities] if services is not None else []
        owners = {"", *(owner or "" for owner in self._owners())}
        counts: dict[str, int] = {}
        for (name, account), rows in self._counts.items():
            if account in owners:
                counts[name] = counts.get(name, 0) + rows
        chosen = str(self.account.currentData() or "")
        self.lists.show_lists(names, self._context.status, counts, chosen, self._context.now())

    def _tick(self) -> None:
        if self.isVisible():
            self._show_lists()

    def _recount(self) -> None:
        """Count the stored rows anew: when the page is opened and when a list was read."""
        if self.isVisible():
            self._context.background.run(self._count_rows(), "data-counts")

    async def _count_rows(self) -> None:
        services = self._context.services
        if services is not None and services.store is not None:
            self._counts = {(found.entity, found.account): found.rows for found in await services.store.counts()}
            self._show_lists()

    def _offer_views(self) -> None:
        """Show the views of the lists that are there; one that is not offered while it is shown."""
        services = self._context.services
        for view in VIEWS:
            there = services is not None and services.entity(view.list) is not None
            self.views[view.name].setVisible(there and (view.offered or view is self.view))
            self.views[view.name].setChecked(view is self.view and self.own is None)
        known = {entity.name for entity in services.entities} if services is not None else set()
        self.bar.show_own([own for own in self.own_views.all if own.list in known], self.own)

    def _view_chosen(self, name: str) -> None:
        """A view's button: show it, or the whole list again."""
        view = next(view for view in VIEWS if view.name == name)
        self._show_view(view if self.views[name].isChecked() else None)

    def _show_view(self, view: View | None) -> None:
        if self.own is not None:
            self._set_search("")  # it was the filter of the operator's own view
        self._set_views(view, None)
        if view is not None and self.lists.name() != view.list:
            self.lists.choose(view.list, quiet=True)
            self._set_search("")  # what was looked for in another list would hide all of this one
        self._list_changed()

    def _set_views(self, view: View | None, own: OwnView | None) -> None:
        """Which views are shown from now on; a view of the operator's own has its own columns."""
        if own is not self.own:
            self._columns_placed = False
            self._keep.stop()  # how the columns are now belongs to the view that is left
        self.view, self.own = view, own
        self._offer_views()

    def _set_search(self, text: str) -> None:
        self.search.blockSignals(True)
        self.search.setText(text)
        self.search.blockSignals(False)

    def _list_chosen(self) -> None:
        self._show_view(None)

    # ------------------------------------------------------------------------------------------------ own views

    def _own_chosen(self, name: str) -> None:
        """The button of a view of the operator's own: show it, or the whole list again."""
        own = self.own_views.of(name)
        if own is not None and self.bar.own[name].isChecked():
            self._show_own(own)
        else:
            self._show_view(None)

    def _show_own(self, own: OwnView) -> None:
        ready = next((view for view in VIEWS if view.name == own.ready and view.list == own.list), None)
        self._hidden.pop(_own_place(own), None)  # the columns as they were saved
        self._columns_placed = False
        self._set_views(ready, own)
        self.lists.choose(own.list, quiet=True)
        self._set_search(own.search)
        self._list_changed((own.sort, own.descending) if own.sort else None)
        at = self.account.findData(own.account)
        if at >= 0 and at != self.account.currentIndex():
            self.account.setCurrentIndex(at)

    def _look(self, name: str) -> OwnView:
        """What is shown now, as a view of that name."""
        header = self.table.horizontalHeader()
        places = [header.logicalIndex(at) for at in range(header.count())]
        columns = tuple(self.model.column(at).name for at in places if not header.isSectionHidden(at))
        sort, descending = self._sort or ("", False)
        owner = str(self.account.currentData() or "")
        ready = self.view.name if self.view is not None else ""
        return OwnView(name, self.lists.name() or "", ready, self.search.text(), owner, sort, descending, columns)

    async def _ask_name(self, question: str, given: str = "") -> str | None:
        """A name that no other view has; ``None``: none was given, and the reason was told."""
        typed = await ask_text(self, question, given=given)
        name = " ".join((typed or "").split())[:LONGEST_NAME]
        if not name:
            return None
        taken = self.own_views.of(name)
        if taken is not None and taken.name != given:
            self._context.say(tr("There is already a view “{name}”. Choose another name.", name=taken.name), "warn")
            return None
        return name

    async def _save_view(self) -> None:
        if self.entity() is None:
            return
        name = await self._ask_name(tr("Name of the new view:"))
        if name is not None:
            self._save_look(name)

    def _save_look(self, name: str) -> None:
        """Save what is shown now as the view of that name, and show it as that view."""
        self.own = own = self._look(name)
        self._hidden.pop(_own_place(own), None)
        self.own_views.put(own)
        self._context.say(tr("The view “{name}” is saved.", name=name), "ok")

    async def _rename_view(self, own: OwnView) -> None:
        name = await self._ask_name(tr("New name of “{name}”:", name=own.name), own.name)
        if name is not None and name != own.name:
            shown = self.own is not None and self.own.name == own.name
            renamed = self.own_views.rename(own.name, name)
            if shown:
                self.own = renamed
                self._offer_views()

    def _remove_view(self, own: OwnView) -> None:
        if self.own is not None and self.own.name == own.name:
            self._show_view(None)
        self.own_views.remove(own.name)
        self._context.say(
            tr("The view “{name}” is deleted.", name=own.name), "", tr("Put it bac&k"), lambda: self.own_views.put(own)
        )

    # ------------------------------------------------------------------------------------------------ the list

    def _list_changed(self, sort: tuple[str, bool] | None = None) -> None:
        """Another list or view is shown, in that order (column, descending) or in its usual one."""
        entity = self.entity()
        known = entity is not None and sort is not None and sort[0] in {column.name for column in entity.columns}
        self._sort = sort if known else None
        self._show_order(-1)
        self._show_accounts()
        self._show_buttons()
        self.read()

    def _show_order(self, at: int) -> None:
        """Mark the column by which the table is ordered; -1: none is marked."""
        order = Qt.SortOrder.DescendingOrder if self._sort and self._sort[1] else Qt.SortOrder.AscendingOrder
        header = self.table.horizontalHeader()
        header.blockSignals(True)
        header.setSortIndicator(at, order)
        header.blockSignals(False)

    def _sorted(self, at: int, order: Qt.SortOrder) -> None:
        if at >= 0:
            self._sort = (self.model.column(at).name, order is Qt.SortOrder.DescendingOrder)
            self.read()

    def _happened(self, events: Sequence[Event]) -> None:
        done = {event.data.get("type") for event in events if event.kind is EventKind.SYNC_COMPLETED}
        if done:
            self._recount()
        if self.isVisible() and self.lists.name() in done:
            self._reading += 1
            self._context.background.run(self._refresh(self._reading), "data")

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
            return self._hidden.setdefault(_own_place(self.own), names - set(self.own.columns))
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

    # ------------------------------------------------------------------------------------------------ one row

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
        entity = self.entity()
        chosen = self.model.stored(self.table.currentIndex().row()) is not None
        self.again.setVisible(entity is not None and entity.spec.fast)
        for button in (self.again, self.open_sheet):
            button.setEnabled(chosen)
            button.setToolTip("" if chosen else tr("Choose a row first"))

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
        hidden = self._hidden_columns(entity)
        columns = [c for c in self._columns_of(entity) if c.name not in hidden]
        before = await self._values_before(entity)
        rows: list[tuple[object, ...]] = []
        work, total = Work(self._context, tr("Export {type}", type=name)), max(1, self.model.total)
        async for part in services.store.export(entity.name, self._owners()[0], **self._question()):
            for r in part:
                values = {**r.values, BEFORE: before.get((r.account, r.key)), OWNER: r.account}
                rows.append(tuple(exported(values.get(c.name), c.kind) for c in columns))
            work.reached(len(rows) / total / 2)  # reading is about half of it, writing the other
        await write(path, [title(c) for c in columns], rows, name, lambda part: work.reached(0.5 + part / 2))
        say_saved(self._context.say, path)


def _own_place(own: OwnView) -> str:
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
