"""The table of the data page: which rows and columns of a list are shown, and how they are read, page by page."""

from __future__ import annotations

from typing import Any

from archisync_gui.entities.declaration import Entity, Value
from archisync_gui.entities.views import TOTALS
from archisync_gui.export import write
from archisync_gui.store.types import Page as RowsPage
from archisync_gui.store.types import StoredRow
from archisync_gui.ui.live.context import problem
from archisync_gui.ui.live.past_runs import query_of, since_of
from archisync_gui.ui.live.work import Work
from archisync_gui.ui.pages.data_table import CHOSEN, Asked, RowsTable
from archisync_gui.ui.pages.data_views import view_titles
from archisync_gui.ui.text import words
from archisync_gui.ui.text.i18n import plain, tr
from archisync_gui.ui.text.records import money
from archisync_gui.ui.text.values import exported, title
from archisync_gui.ui.widgets.basic import set_look
from archisync_gui.ui.widgets.files import ask_where, say_saved
from archisync_gui.ui.widgets.rows_model import BEFORE, OWNER, PAGE

NEWEST = {"orders": "created_at", "ddt": "delivery_date", "invoices": "invoice_date"}
"""The column by which a list is shown newest first."""


class StoredRows(RowsTable):
    """The rows that are shown, of a list, a view of it, or what was looked for."""

    def _question(self) -> dict[str, Any]:
        question: dict[str, Any] = {"search": self.search.text()}
        if self._sort is not None:
            question |= {"sort": self._sort[0], "descending": self._sort[1]}
        elif self.view is not None and self.view.sort:
            question |= {"sort": self.view.sort, "descending": self.view.descending}
        elif (entity := self.entity()) is not None:
            question |= _usual_order(entity)
        if self.view is not None:
            question |= query_of(self.view, self._context.now())
        if others := self._owners()[1:]:
            question["others"] = others
        return question

    def _asked(self) -> Asked | None:
        """What is to be shown now; ``None``: there is no such list or no account."""
        entity, owners = self.entity(), self._owners()
        if entity is None or not owners or self._gone:
            return None
        return Asked(entity, owners, self.view, self._question(), self._columns_of(entity))

    def _why_not(self) -> str:
        """Why nothing is asked of the store."""
        if self._gone and self.own is not None:
            return tr("The view “{name}” is of {account}, which is not in use.", name=self.own.name, account=self._gone)
        return tr("No account: nothing is stored.")

    def read(self, *_: object) -> None:
        """Read the list anew from its first page. Rows of another list, view or account are taken away at once."""
        wanted = self._asked()
        if self.shown_of is not None and (wanted is None or not wanted.same_rows(self.shown_of)):
            self._take_away()
        if self.isVisible():
            self._reading += 1
            self.day = self._context.today()
            self._context.background.run(self._read(self._reading), "data")

    def _take_away(self, why: str = "") -> None:
        """Show no rows, and say why; without a reason: they are being read, which is said if it takes a while."""
        self._slow.stop()
        self.shown_of = None
        self.model.clear()
        self._count.setText("")
        if why:
            self._say_empty(why)
        else:
            self.export.setEnabled(False)
            self._slow.start()
        self._show_buttons()

    async def _read(self, number: int, again: bool = False) -> None:
        """``again``: the list was read from the ERP meanwhile; the operator stays where he is."""
        services, asked = self._context.services, self._asked()
        if services is None or services.store is None or self.entity() is None:
            self._slow.stop()
            return
        if asked is None:
            self._take_away(self._why_not())
            return
        try:
            first = await self._page(asked, 0, summed=True)
            before = await self._values_before(asked)
            more: dict[int, tuple[StoredRow, ...]] = {}
            while again and (missing := self._pages_seen() - {0, *more}):
                for page in missing:
                    more[page] = (await self._page(asked, page)).rows
        except Exception as error:
            if number == self._reading and asked != self.shown_of:
                self._take_away(tr("This cannot be shown now: {why}", why=problem(error)))
            raise
        if number != self._reading:
            return
        table = self.table
        chosen, place = self.model.stored(table.currentIndex().row()), table.verticalScrollBar().value()
        self._show_rows(asked, first, before)
        for page, rows in more.items():
            self.model.add(page, rows)
        if again:
            table.verticalScrollBar().setValue(place)
            at = self.model.place_of(chosen.account, chosen.key) if chosen is not None else None
            if at is not None:
                table.setCurrentIndex(self.model.index(at, 0))
        self._show_buttons()

    async def _page(self, asked: Asked, page: int, summed: bool = False) -> RowsPage:
        """One page of rows; ``summed``: with the sum that is shown below the table."""
        services, entity = self._context.services, asked.entity
        assert services is not None
        assert services.store is not None
        question, sum_of = dict(asked.question), TOTALS.get(entity.name)
        if summed and sum_of in {column.name for column in entity.columns}:
            question["sum_of"] = sum_of
        return await services.store.rows(entity.name, asked.owners[0], **question, offset=page * PAGE, limit=PAGE)

    def _pages_seen(self) -> set[int]:
        """The pages with the rows that are in sight and with the chosen one."""
        table = self.table
        seen = {table.rowAt(0), table.rowAt(table.viewport().height() - 1), table.currentIndex().row()}
        return {row // PAGE for row in seen if row >= 0}

    def _show_rows(self, asked: Asked, first: RowsPage, before: dict[tuple[str, str], Value]) -> None:
        self._slow.stop()
        entity, columns = asked.entity, asked.columns
        shown = [self.model.column(at) for at in range(self.model.columnCount())]
        same = self._columns_placed and shown == list(columns)
        self.shown_of = asked
        self.model.start(columns, first.total, tuple(first.rows), before)
        if not same:
            self._widths(entity)
            self._hide_columns(entity)
            self._columns_placed = True
            if self._sort is not None:
                self._show_order(next((at for at, what in enumerate(columns) if what.name == self._sort[0]), -1))
        self._say_count(entity, first.total, first.sum)

    async def _values_before(self, asked: Asked) -> dict[tuple[str, str], Value]:
        """What the changed values of the view were before their first change, by account and key."""
        services, view = self._context.services, asked.view
        if services is None or services.store is None or view is None or view.changed is None:
            return {}
        now = self._context.now()
        log = await services.store.changes(
            since_of(view, now),
            now,
            [owner or "" for owner in asked.owners],
            entity=asked.entity.name,
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
        name, asked = words.type_name(entity.name), self.shown_of
        text = str(asked.question["search"]).strip() if asked is not None else ""
        if text:
            return tr("{list}: nothing found for “{text}”. Ctrl+K looks in all lists.", list=name, text=text)
        if asked is not None and asked.view is not None:
            return tr("{list}: no record belongs to “{view}” now.", list=name, view=view_titles()[asked.view.name])
        return tr("Nothing stored yet: the list is here after its first read.")

    def _wanted(self, page: int) -> None:
        if self.shown_of is not None:
            self._context.background.run(self._read_page(page, self.shown_of), "data-page")

    async def _read_page(self, page: int, asked: Asked) -> None:
        """A page of the rows that are shown, whatever is typed or chosen meanwhile."""
        try:
            found = await self._page(asked, page)
        except Exception:
            if self.shown_of is asked:
                self.model.forget(page)
            raise
        if self.shown_of is asked:
            self.model.add(page, tuple(found.rows))

    async def _export(self) -> None:
        """Write the rows that are shown now, all of them, whatever is chosen while the file is named."""
        services, asked = self._context.services, self.shown_of
        if services is None or services.store is None or asked is None:
            return
        entity, total = asked.entity, max(1, self.model.total)
        hidden = set(self._hidden_columns(entity))
        columns = [c for c in asked.columns if c.name not in hidden]
        name = words.type_name(entity.name)
        demo = "DEMO-" if services.demo else ""
        path = await ask_where(self, tr("Export {type}", type=name), f"{demo}{name.lower()}", ("xlsx", "csv"))
        if path is None:
            return
        before = await self._values_before(asked)
        rows: list[tuple[object, ...]] = []
        work = Work(self._context, tr("Export {type}", type=name))
        async for part in services.store.export(entity.name, asked.owners[0], **asked.question):
            for r in part:
                values = {**r.values, BEFORE: before.get((r.account, r.key)), OWNER: r.account}
                rows.append(tuple(exported(values.get(c.name), c.kind) for c in columns))
            work.reached(len(rows) / total / 2)  # reading is about half of it, writing the other
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
    """Newest first, customers and articles by name."""
    name = NEWEST.get(entity.name) or entity.title
    if name not in {column.name for column in entity.columns} or entity.name not in CHOSEN:
        return {}
    return {"sort": name, "descending": entity.name in NEWEST}
