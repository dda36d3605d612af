"""The rows of the data page: reading them from the store page by page, and exporting them."""

from __future__ import annotations

from typing import Any

from archisync_gui.entities.declaration import Entity, Value
from archisync_gui.entities.views import TOTALS
from archisync_gui.export import write
from archisync_gui.store.types import Page as RowsPage
from archisync_gui.store.types import StoredRow
from archisync_gui.ui.live.context import problem
from archisync_gui.ui.live.past_runs import all_changes, query_of, since_of
from archisync_gui.ui.live.work import Work
from archisync_gui.ui.pages.data_table import USUAL_COLUMNS, RowsQuery, RowsTable
from archisync_gui.ui.pages.data_views import view_titles
from archisync_gui.ui.text import words
from archisync_gui.ui.text.i18n import plain, tr
from archisync_gui.ui.text.records import money
from archisync_gui.ui.text.values import exported, title
from archisync_gui.ui.widgets.basic import set_look
from archisync_gui.ui.widgets.files import ask_where, say_saved
from archisync_gui.ui.widgets.rows_model import BEFORE, OWNER, PAGE

NEWEST = {"orders": "created_at", "ddt": "delivery_date", "invoices": "invoice_date"}
"""The column by which a list is sorted, newest first."""


class StoredRows(RowsTable):
    """Reads and shows the rows of the chosen list, view and search."""

    def _arguments(self) -> dict[str, Any]:
        arguments: dict[str, Any] = {"search": self.search.text()}
        if self._sort is not None:
            arguments |= {"sort": self._sort[0], "descending": self._sort[1]}
        elif self.view is not None and self.view.sort:
            arguments |= {"sort": self.view.sort, "descending": self.view.descending}
        elif (entity := self.entity()) is not None:
            arguments |= _usual_order(entity)
        if self.view is not None:
            arguments |= query_of(self.view, self._context.now())
        if others := self._owners()[1:]:
            arguments["others"] = others
        return arguments

    def _wanted_query(self) -> RowsQuery | None:
        """The query for the present choice; ``None``: there is no such list or no account in use."""
        entity, owners = self.entity(), self._owners()
        if entity is None or not owners or self._unused_account:
            return None
        return RowsQuery(entity, owners, self.view, self._arguments(), self._columns_of(entity))

    def _why_no_query(self) -> str:
        """Why there is no query."""
        if self._unused_account and self.own is not None:
            return tr(
                "The view “{name}” is of {account}, which is not in use.",
                name=self.own.name,
                account=self._unused_account,
            )
        return tr("No account: nothing is stored.")

    def read(self, *_: object) -> None:
        """Read the list from its first page. Rows of another list, view or account are removed at once."""
        wanted = self._wanted_query()
        if self.shown_query is not None and (wanted is None or not wanted.same_rows(self.shown_query)):
            self._clear_rows()
        if self.isVisible():
            self._reading += 1
            self.day = self._context.today()
            self._context.background.run(self._read(self._reading), "data")

    def _clear_rows(self, why: str = "") -> None:
        """Remove all rows and show the reason. Without a reason they are being read; that is shown after a delay."""
        self._loading_timer.stop()
        self.shown_query = None
        self.model.clear()
        self._count.setText("")
        if why:
            self._say_empty(why)
        else:
            self.export.setEnabled(False)
            self._loading_timer.start()
        self._show_buttons()

    async def _read(self, number: int, again: bool = False) -> None:
        """Read and show the rows. ``number``: a later reading makes this one void. ``again``: the same rows are read
        again, so scroll position and selection are kept."""
        services, query = self._context.services, self._wanted_query()
        if services is None or services.store is None or self.entity() is None:
            self._loading_timer.stop()
            return
        if query is None:
            self._clear_rows(self._why_no_query())
            return
        try:
            first = await self._page(query, 0, summed=True)
            before = await self._values_before(query)
            more: dict[int, tuple[StoredRow, ...]] = {}
            while again and (missing := self._visible_pages() - {0, *more}):
                for page in missing:
                    more[page] = (await self._page(query, page)).rows
        except Exception as error:
            if number == self._reading and query != self.shown_query:
                self._clear_rows(tr("This cannot be shown now: {why}", why=problem(error)))
            raise
        if number != self._reading:
            return
        table = self.table
        chosen, place = self.model.stored(table.currentIndex().row()), table.verticalScrollBar().value()
        self._show_rows(query, first, before)
        for page, rows in more.items():
            self.model.add(page, rows)
        if again:
            table.verticalScrollBar().setValue(place)
            at = self.model.place_of(chosen.account, chosen.key) if chosen is not None else None
            if at is not None:
                table.setCurrentIndex(self.model.index(at, 0))
        self._show_buttons()

    async def _page(self, query: RowsQuery, page: int, summed: bool = False) -> RowsPage:
        """One page of rows; ``summed``: with the total that is shown below the table."""
        services, entity = self._context.services, query.entity
        assert services is not None
        assert services.store is not None
        arguments, sum_of = dict(query.arguments), TOTALS.get(entity.name)
        if summed and sum_of in {column.name for column in entity.columns}:
            arguments["sum_of"] = sum_of
        return await services.store.rows(entity.name, query.owners[0], **arguments, offset=page * PAGE, limit=PAGE)

    def _visible_pages(self) -> set[int]:
        """The numbers of the pages with the first and last visible row and with the selected one."""
        table = self.table
        seen = {table.rowAt(0), table.rowAt(table.viewport().height() - 1), table.currentIndex().row()}
        return {row // PAGE for row in seen if row >= 0}

    def _show_rows(self, query: RowsQuery, first: RowsPage, before: dict[tuple[str, str], Value]) -> None:
        self._loading_timer.stop()
        entity, columns = query.entity, query.columns
        shown = [self.model.column(at) for at in range(self.model.columnCount())]
        same = self._columns_placed and shown == list(columns)
        self.shown_query = query
        self.model.start(columns, first.total, tuple(first.rows), before)
        if not same:
            self._widths(entity)
            self._hide_columns(entity)
            self._columns_placed = True
            if self._sort is not None:
                self._show_order(next((at for at, what in enumerate(columns) if what.name == self._sort[0]), -1))
        self._say_count(entity, first.total, first.sum)

    async def _values_before(self, query: RowsQuery) -> dict[tuple[str, str], Value]:
        """The values that the view's changed values had before their first change, by account and key."""
        services, view = self._context.services, query.view
        if services is None or services.store is None or view is None or view.changed is None:
            return {}
        now = self._context.now()
        accounts = [owner or "" for owner in query.owners]
        log = all_changes(
            services.store, since_of(view, now), now, accounts, entity=query.entity.name, fields=[view.changed]
        )
        values: dict[tuple[str, str], Value] = {}
        async for line in log:
            values.setdefault((line.account, line.key), line.before)
        return values

    def _say_count(self, entity: Entity, total: int, sum_: int | None) -> None:
        """Show the number of rows and their total below the table."""
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
        """Show in the table's place why there are no rows; an empty text shows the table."""
        self.empty.setText(why)
        self.empty.setVisible(bool(why))
        self.table.setVisible(not why)
        self.export.setEnabled(not why)
        self.export.setToolTip(plain(why) or tr("Save what is shown as CSV or Excel file"))
        if why:
            self._count.setText("")

    def _why_empty(self, entity: Entity) -> str:
        """Why the table is empty."""
        name, query = words.type_name(entity.name), self.shown_query
        text = str(query.arguments["search"]).strip() if query is not None else ""
        if text:
            return tr("{list}: nothing found for “{text}”. Ctrl+K looks in all lists.", list=name, text=text)
        if query is not None and query.view is not None:
            return tr("{list}: no record belongs to “{view}” now.", list=name, view=view_titles()[query.view.name])
        return tr("Nothing stored yet: the list is here after its first read.")

    def _page_wanted(self, page: int) -> None:
        if self.shown_query is not None:
            self._context.background.run(self._read_page(page, self.shown_query), "data-page")

    async def _read_page(self, page: int, query: RowsQuery) -> None:
        """Read a page of the rows of ``query``; it is added if the table still shows that query."""
        try:
            found = await self._page(query, page)
        except Exception:
            if self.shown_query is query:
                self.model.forget(page)
            raise
        if self.shown_query is query:
            self.model.add(page, tuple(found.rows))

    async def _export(self) -> None:
        """Export all rows of the present query, even if another list is chosen while the operator names the file."""
        services, query = self._context.services, self.shown_query
        if services is None or services.store is None or query is None:
            return
        entity, total = query.entity, max(1, self.model.total)
        hidden = set(self._hidden_columns(entity))
        columns = [c for c in query.columns if c.name not in hidden]
        name = words.type_name(entity.name)
        demo = "DEMO-" if services.demo else ""
        path = await ask_where(self, tr("Export {type}", type=name), f"{demo}{name.lower()}", ("xlsx", "csv"))
        if path is None:
            return
        before = await self._values_before(query)
        rows: list[tuple[object, ...]] = []
        work = Work(self._context, tr("Export {type}", type=name))
        async for part in services.store.export(entity.name, query.owners[0], **query.arguments):
            for r in part:
                values = {**r.values, BEFORE: before.get((r.account, r.key)), OWNER: r.account}
                rows.append(tuple(exported(values.get(c.name), c.kind) for c in columns))
            work.reached(len(rows) / total / 2)  # reading is about half of the work, writing the other
        await write(path, [title(c) for c in columns], rows, name, lambda part: work.reached(0.5 + part / 2))
        say_saved(self._context.say, path)

    def _show_buttons(self, *_: object) -> None:
        entity = self.entity()
        chosen = self.model.stored(self.table.currentIndex().row()) is not None
        self.again.setVisible(entity is not None and entity.spec.fast)
        for button in (self.again, self.open_sheet):
            button.setEnabled(chosen)
            button.setToolTip("" if chosen else tr("Choose a row first"))


def _usual_order(entity: Entity) -> dict[str, Any]:
    """The sort arguments of a list: newest first, customers and articles by name."""
    name = NEWEST.get(entity.name) or entity.title
    if name not in {column.name for column in entity.columns} or entity.name not in USUAL_COLUMNS:
        return {}
    return {"sort": name, "descending": entity.name in NEWEST}
