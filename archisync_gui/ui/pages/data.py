"""The data page: the stored rows of each list with views, search, sort, columns and export; a row opens its sheet.

Rows are read in pages when they become visible; the store sorts and searches.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import (
    QComboBox,
    QWidget,
)

from archisync_gui.entities.views import VIEWS, View
from archisync_gui.model import AccountId, Event, Status
from archisync_gui.model.events import SyncCompleted
from archisync_gui.ui.live.bridge import rows_replaced
from archisync_gui.ui.live.context import Context
from archisync_gui.ui.live.own_views import LONGEST_NAME, OwnView, OwnViews
from archisync_gui.ui.live.services import account_ids
from archisync_gui.ui.pages.data_rows import StoredRows
from archisync_gui.ui.pages.data_table import own_view_key
from archisync_gui.ui.pages.data_views import ViewBar
from archisync_gui.ui.text.i18n import tr
from archisync_gui.ui.widgets.basic import ask_text, card, column, fill, row


class Data(StoredRows):
    """The data page: choice of list, view and account, and the operator's own views."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.own_views, self.bar = OwnViews(context), ViewBar()
        self.views = self.bar.ready
        self._counts: dict[tuple[str, str], int] = {}
        """Number of stored rows, by list and account."""
        self._in_use: tuple[AccountId, ...] = ()
        self._build()
        self.retranslate()
        self._search_timer.timeout.connect(self.read)
        self._connect_views()
        self.search.textChanged.connect(lambda _: self._search_timer.start())
        self.lists.changed.connect(self._list_chosen)
        self.account.currentIndexChanged.connect(self._account_chosen)
        self.model.page_wanted.connect(self._page_wanted)
        self.table.activated.connect(self._open_record)
        self.table.selectionModel().currentRowChanged.connect(self._show_buttons)
        self.table.horizontalHeader().sortIndicatorChanged.connect(self._sorted)
        self.table.horizontalHeader().sectionMoved.connect(self._save_columns)
        self.table.horizontalHeader().sectionResized.connect(lambda *_: self._columns_timer.start())
        self._columns_timer.timeout.connect(self._save_columns)
        self._loading_timer.timeout.connect(lambda: self._say_empty(tr("Loading…")))
        self.columns.clicked.connect(self._choose_columns)
        self.export.clicked.connect(lambda: context.background.run(self._export(), "export-data"))
        self.open_sheet.clicked.connect(lambda: self._open_record(self.table.currentIndex()))
        self.again.clicked.connect(self._read_row_again)
        context.services_changed.connect(self.retranslate)
        context.bridge.happened.connect(self._happened)
        context.bridge.status_changed.connect(self._status)
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
        bar.keep_wanted.connect(lambda view: self._save_present_view(view.name))
        bar.remove_wanted.connect(self._remove_view)
        self.own_views.changed.connect(self._offer_views)

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
        """Show a list. ``what``: a dictionary with ``type``, and optionally ``view``, ``account`` and ``search``."""
        if not isinstance(what, dict):
            return
        wanted = next((view for view in VIEWS if view.name == what.get("view")), None)
        self._set_views(wanted, None)
        self.lists.choose(str(what.get("type")), quiet=True)
        self._set_search(str(what.get("search") or ""))
        self._show_accounts()
        if what.get("account") is not None:
            self._choose_account(str(what["account"]))
        self._show_lists()
        self._list_changed()

    def _show_accounts(self) -> None:
        entity, status = self.entity(), self._context.status
        shared = entity is not None and entity.spec.shared
        names = account_ids(status) if status is not None else ()
        offered = [(name, name) for name in names] + ([("", tr("All accounts"))] if len(names) > 1 else [])
        fill(self.account, offered)
        if self._unused_account and self._choose_account(self._unused_account):
            self._unused_account = ""  # the account is in use again
        self.account.setVisible(not shared and len(names) > 1)

    def _choose_account(self, account: str) -> bool:
        """Choose the account (empty: all) whose rows are shown. False: it is not in use. True for shared lists."""
        entity, at = self.entity(), self.account.findData(account)
        if entity is None or entity.spec.shared:
            return True
        if at >= 0 or account:
            self.account.blockSignals(True)
            self.account.setCurrentIndex(at)
            self.account.blockSignals(False)
        return at >= 0 or not account

    def _status(self, status: Status) -> None:
        """Offer the accounts that are in use now: the page may be open before they are known."""
        before, self._in_use = self._in_use, account_ids(status)
        if self._in_use != before and self.isVisible():
            self.shown()
        self._show_buttons()

    def _account_chosen(self, *_: object) -> None:
        self._unused_account = ""
        self._show_lists()
        self.read()

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
        if not self.isVisible():
            return
        self._show_lists()
        if self.view is not None and self.day not in (None, self._context.today()):
            self.day = self._context.today()
            self._read_again()  # views of today have other rows after midnight

    def _recount(self) -> None:
        """Count the stored rows again."""
        if self.isVisible():
            self._context.background.run(self._count_rows(), "data-counts")

    async def _count_rows(self) -> None:
        services = self._context.services
        if services is not None and services.store is not None:
            self._counts = {(found.entity, found.account): found.rows for found in await services.store.counts()}
            self._show_lists()

    def _offer_views(self) -> None:
        """Show the buttons of the offered views whose lists exist; of a view that is not offered, while it is shown."""
        services = self._context.services
        for view in VIEWS:
            there = services is not None and services.entity(view.list) is not None
            self.views[view.name].setVisible(there and (view.offered or view is self.view))
            self.views[view.name].setChecked(view is self.view and self.own is None)
        known = {entity.name for entity in services.entities} if services is not None else set()
        self.bar.show_own([own for own in self.own_views.all if own.list in known], self.own)

    def _view_chosen(self, name: str) -> None:
        """A view's button was clicked: show the view, or the whole list again."""
        view = next(view for view in VIEWS if view.name == name)
        self._show_view(view if self.views[name].isChecked() else None)

    def _show_view(self, view: View | None) -> None:
        if self.own is not None:
            self._set_search("")  # the search belonged to the operator's own view
        self._set_views(view, None)
        if view is not None and self.lists.name() != view.list:
            self.lists.choose(view.list, quiet=True)
            self._set_search("")  # a search for something in another list would find nothing in this one
        self._list_changed()

    def _set_views(self, view: View | None, own: OwnView | None) -> None:
        """Set the shown views; a view of the operator's own has its own columns."""
        if own is not self.own:
            self._columns_placed = False
            self._columns_timer.stop()  # the present columns belong to the previous view
        self.view, self.own, self._unused_account = view, own, ""
        self._offer_views()

    def _set_search(self, text: str) -> None:
        self.search.blockSignals(True)
        self.search.setText(text)
        self.search.blockSignals(False)

    def _list_chosen(self) -> None:
        self._show_view(None)

    # ------------------------------------------------------------------------------------------------ own views

    def _own_chosen(self, name: str) -> None:
        """The button of a view of the operator's own was clicked: show the view, or the whole list again."""
        own = self.own_views.of(name)
        if own is not None and self.bar.own[name].isChecked():
            self._show_own(own)
        else:
            self._show_view(None)

    def _show_own(self, own: OwnView) -> None:
        ready = next((view for view in VIEWS if view.name == own.ready and view.list == own.list), None)
        self._hidden.pop(own_view_key(own), None)  # the columns as they were saved
        self._columns_placed = False
        self._set_views(ready, own)
        self.lists.choose(own.list, quiet=True)
        self._set_search(own.search)
        self._show_accounts()
        self._unused_account = "" if self._choose_account(own.account) else own.account
        self._show_lists()
        self._list_changed((own.sort, own.descending) if own.sort else None)

    def _present_view(self, name: str) -> OwnView:
        """The present list, filter, columns and order, as a view of that name."""
        header = self.table.horizontalHeader()
        places = [header.logicalIndex(at) for at in range(header.count())]
        # While the table shows another list, the view gets the usual columns.
        there = self.shown_query is not None and self.shown_query.entity is self.entity()
        columns = tuple(self.model.column(at).name for at in places if there and not header.isSectionHidden(at))
        sort, descending = self._sort or ("", False)
        owner = self._unused_account or str(self.account.currentData() or "")
        ready = self.view.name if self.view is not None else ""
        return OwnView(name, self.lists.name() or "", ready, self.search.text(), owner, sort, descending, columns)

    async def _ask_name(self, question: str, initial: str = "") -> str | None:
        """Ask for a name that no other view has; ``None``: none was entered, or it is taken, which is shown."""
        typed = await ask_text(self, question, initial=initial)
        name = " ".join((typed or "").split())[:LONGEST_NAME]
        if not name:
            return None
        taken = self.own_views.of(name)
        if taken is not None and taken.name != initial:
            self._context.say(tr("There is already a view “{name}”. Choose another name.", name=taken.name), "warn")
            return None
        return name

    async def _save_view(self) -> None:
        if self.entity() is None:
            return
        name = await self._ask_name(tr("Name of the new view:"))
        if name is not None:
            self._save_present_view(name)

    def _save_present_view(self, name: str) -> None:
        """Save the present view under that name, and show it as that view."""
        self.own = own = self._present_view(name)
        self._hidden.pop(own_view_key(own), None)
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
        """Show the chosen list or view, sorted by ``sort`` (column, descending) or in its usual order."""
        entity = self.entity()
        known = entity is not None and sort is not None and sort[0] in {column.name for column in entity.columns}
        self._sort = sort if known else None
        self._show_order(-1)
        self._show_accounts()
        self._show_buttons()
        self.read()

    def _sorted(self, at: int, order: Qt.SortOrder) -> None:
        if at >= 0 and self.shown_query is not None and self.shown_query.entity is self.entity():
            self._sort = (self.model.column(at).name, order is Qt.SortOrder.DescendingOrder)
            self.read()
        elif at >= 0:  # a column of rows that are not shown any more
            self._show_order(-1)

    def _happened(self, events: Sequence[Event]) -> None:
        done = {event.data.type for event in events if isinstance(event.data, SyncCompleted)}
        replaced = rows_replaced(events)
        if done or replaced:
            self._recount()
        if self.shown_query is not None and self.shown_query.entity.name in replaced:
            self._clear_rows()
            self.read()
        elif self.isVisible() and self.lists.name() in done:
            self._reading += 1
            self._read_again()

    def _read_again(self) -> None:
        """Read the shown rows again, keeping scroll position and selection."""
        self._context.background.run(self._read(self._reading, again=True), "data")

    # ------------------------------------------------------------------------------------------------ one row

    def _open_record(self, index: QModelIndex) -> None:
        """Open a row's sheet, after a double click or Enter."""
        query, found = self.shown_query, self.model.stored(index.row())
        if query is not None and found is not None:
            self._context.open("record", (query.entity.name, found.account, found.key))

    def _read_row_again(self) -> None:
        query = self.shown_query
        found = self.model.stored(self.table.currentIndex().row())
        if query is not None and found is not None:
            self._context.sync(query.entity.name, found.account or None, found.key)
