"""The day sheet: what a day brought, from the change log; to read, print and export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from html import escape

from PySide6.QtCore import QDate
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import QDateEdit, QPushButton, QTextBrowser, QVBoxLayout, QWidget

from archisync_gui import zone
from archisync_gui.entities.declaration import Kind
from archisync_gui.export import write
from archisync_gui.model import Event, EventKind, Origin, Outcome, RunRecord, Scope
from archisync_gui.ui.live.context import Context
from archisync_gui.ui.live.services import Services, account_ids
from archisync_gui.ui.look.theme import theme, tokens
from archisync_gui.ui.output.paper import print_document, write_pdf
from archisync_gui.ui.text.i18n import date_format, decimal, lasting, tr
from archisync_gui.ui.text.i18n import day as day_word
from archisync_gui.ui.text.values import shown
from archisync_gui.ui.text.values import title as title_of
from archisync_gui.ui.widgets.basic import Page, card, column, row
from archisync_gui.ui.widgets.calendar import with_calendar
from archisync_gui.ui.widgets.files import ask_where, saved_sentence

PRICE_MOVED = 500
"""Hundredths of a percent: price changes above 5 %."""

MOST = 400
"""Lines of one section: more is a first read, told as a number."""


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the sheet: heads and rows of text, or one sentence."""

    title: str
    heads: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A day."""

    day: date
    sections: tuple[Section, ...]
    demo: bool = False
    made: datetime | None = None


def sheet_html(sheet: Sheet, colors: Mapping[str, str]) -> str:
    """The sheet as a page; every text from outside is escaped."""
    head = tr("Day sheet")
    parts = [
        f"<h2 style='color:{colors['text']}'>{escape(head)} · {escape(day_word(sheet.day))}"
        + (" · DEMO" if sheet.demo else "")
        + "</h2>"
    ]
    for section in sheet.sections:
        count = f" ({len(section.rows)})" if section.rows else ""
        parts.append(f"<h3 style='color:{colors['text']}'>{escape(section.title)}{count}</h3>")
        if section.sentence:
            parts.append(f"<p style='color:{colors['muted']}'>{escape(section.sentence)}</p>")
        if section.rows:
            heads = "".join(
                f"<td style='color:{colors['muted']};padding:3px 14px 3px 0'>{escape(h)}</td>" for h in section.heads
            )
            body = "".join(
                "<tr>" + "".join(f"<td style='padding:3px 14px 3px 0'>{escape(c)}</td>" for c in cells) + "</tr>"
                for cells in section.rows
            )
            parts.append(f"<table cellspacing='0'><tr>{heads}</tr>{body}</table>")
    return "".join(parts)


def forms_sentence(events: Sequence[Event], runs: Sequence[RunRecord]) -> str:
    """What the forms cost: ``3 moduli, clienti in 2,1 s, altri rimandati di 40 s``."""
    opened = sum(e.kind is EventKind.SESSION_OPENED for e in events)
    if not opened:
        return tr("No order form was opened.")
    taken = [
        (r.ended - r.started).total_seconds()
        for r in runs
        if r.origin is Origin.ORDER_FORM
        and r.scope is Scope.NEW
        and r.ended is not None
        and r.outcome is Outcome.COMPLETED
    ]
    late = sum((end - begin).total_seconds() for r in runs for begin, end in r.suspensions if end is not None)
    parts = [tr("%n form(s)", "", opened)]
    if taken:
        parts.append(tr("customers in {seconds} s", seconds=decimal(sum(taken) / len(taken))))
    if late >= 1:
        parts.append(tr("others put off by {time}", time=lasting(late)))
    return ", ".join(parts)


@dataclass(slots=True)
class Reader:
    """Reads a day from the store."""

    services: Services
    accounts: tuple[str, ...]
    start: datetime
    end: datetime
    sections: list[Section] = field(default_factory=list)

    async def read(self) -> tuple[Section, ...]:
        """All sections, in order."""
        self.sections = [
            await self._added("customers", tr("New customers"), ("name", "vat_number", "city")),
            await self._added("ddt", tr("Orders shipped"), ("ddt_number", "order_number", "customer_name", "tracking")),
            await self._prices(),
            await self._due(),
            await self._forms(),
        ]
        return tuple(s for s in self.sections if s.title)

    async def _added(self, type: str, title: str, wanted: Sequence[str]) -> Section:
        store, entity = self.services.store, self.services.entity(type)
        if store is None or entity is None:
            return Section("")
        found = await store.changes(self.start, self.end, self.accounts, entity=type, kinds=["added"], limit=MOST + 1)
        if len(found) > MOST:
            return Section(title, sentence=tr("More than {count}: this was a first read.", count=MOST))
        names = [c for c in entity.columns if c.name in wanted] or [c for c in entity.columns if c.name == entity.title]
        rows: list[tuple[str, ...]] = []
        for account in dict.fromkeys(c.account for c in found):
            keys = [c.key for c in found if c.account == account]
            stored = await store.rows_by_key(type, account or None, keys)
            rows += [tuple(shown(r.values.get(n.name), n.kind) for n in names) for r in stored]
        return Section(title, tuple(title_of(n) for n in names), tuple(rows), "" if rows else tr("None."))

    async def _prices(self) -> Section:
        store, entity = self.services.store, self.services.entity("prices")
        if store is None or entity is None:
            return Section("")
        found = await store.changes(
            self.start, self.end, self.accounts, entity="prices", percent=PRICE_MOVED, limit=MOST
        )
        rows = tuple(
            (
                str(c.title or c.key),
                shown(c.before, Kind.MONEY),
                shown(c.after, Kind.MONEY),
                f"{'+' if (c.percent or 0) > 0 else ''}{decimal((c.percent or 0) / 100)} %",
            )
            for c in found
        )
        heads = (tr("Item"), tr("Before"), tr("Now"), tr("Change"))
        return Section(tr("Price changes above 5 %"), heads, rows, "" if rows else tr("None."))

    async def _due(self) -> Section:
        store, entity = self.services.store, self.services.entity("invoices")
        if store is None or entity is None or not any(c.name == "due_date" for c in entity.columns):
            return Section("")
        wanted = ("invoice_number", "billing_name", "amount", "due_date")
        names = [c for c in entity.columns if c.name in wanted]
        today = zone.local(self.start).date()
        last = (today + timedelta(days=7)).isoformat()
        rows: list[tuple[str, ...]] = []
        for account in self.accounts:
            page = await store.rows(
                "invoices", account, between=("due_date", today.isoformat(), last), sort="due_date", limit=MOST
            )
            rows += [
                tuple(shown(r.values.get(n.name), n.kind) for n in names)
                for r in page.rows
                if not r.values.get("closed_on")
            ]
        title = tr("Invoices due within 7 days")
        return Section(title, tuple(title_of(n) for n in names), tuple(rows), "" if rows else tr("None."))

    async def _forms(self) -> Section:
        store = self.services.store
        if store is None:
            return Section("")
        found = await store.events(self.start, self.end, limit=20000)
        events = [e.event for e in found]
        runs = await store.runs(since=self.start, before=self.end, limit=2000)
        return Section(tr("What the order forms cost"), sentence=forms_sentence(events, runs))


class DaySheet(Page):
    """One day, read from the store."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._reading = 0
        self.sheet: Sheet | None = None
        today = zone.now()
        self.day = QDateEdit(QDate(today.year, today.month, today.day))
        with_calendar(self.day)
        self.before, self.after = QPushButton(), QPushButton()
        self.print, self.export = QPushButton(), QPushButton()
        self.view = QTextBrowser()
        self.view.setOpenLinks(False)
        self.view.document().setDocumentMargin(16)
        top = row(gap=8)
        top.addWidget(self.before)
        top.addWidget(self.day)
        top.addWidget(self.after)
        top.addStretch(1)
        top.addWidget(self.print)
        top.addWidget(self.export)
        frame = card()
        column(frame, (1, 1, 1, 1)).addWidget(self.view)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(18, 14, 18, 14)
        outer.setSpacing(12)
        outer.addLayout(top)
        outer.addWidget(frame, 1)
        self.retranslate()
        self.before.clicked.connect(lambda: self.day.setDate(self.day.date().addDays(-1)))
        self.after.clicked.connect(lambda: self.day.setDate(self.day.date().addDays(1)))
        self.day.dateChanged.connect(self._read_day)
        self.print.clicked.connect(lambda: context.background.run(print_document(self._document(), self), "print-day"))
        self.export.clicked.connect(lambda: context.background.run(self._export(), "export-day"))
        theme().changed.connect(self._show)

    def retranslate(self) -> None:
        self.before.setText(tr("&Day before"))
        self.after.setText(tr("Day &after"))
        self.print.setText(tr("Pr&int…"))
        self.export.setText(tr("E&xport…"))
        self.export.setToolTip(tr("Save as PDF, Excel or CSV file"))
        self.day.setAccessibleName(tr("Day"))
        self.day.setDisplayFormat(date_format())
        self.view.setAccessibleName(tr("Day sheet"))
        if self.isVisible():
            self._read_day()

    def shown(self) -> None:
        self._read_day()

    def _read_day(self, *_: object) -> None:
        self._reading += 1
        self._context.background.run(self._read(self._reading), "day")

    async def _read(self, number: int) -> None:
        services, status = self._context.services, self._context.status
        if services is None or services.store is None:
            self.view.setPlainText(tr("Archisync is still starting."))
            return
        shown_day = self.day.date()
        chosen = date(shown_day.year(), shown_day.month(), shown_day.day())
        start = zone.local(datetime.combine(chosen, datetime.min.time()))
        end = zone.local(datetime.combine(chosen + timedelta(days=1), datetime.min.time()))
        accounts = account_ids(status) if status is not None else ()
        sections = await Reader(services, accounts, start, end).read()
        if number == self._reading:
            self.sheet = Sheet(chosen, sections, services.demo, self._context.now())
            self._show()

    def _show(self) -> None:
        if self.sheet is not None:
            found = tokens()
            self.view.setHtml(sheet_html(self.sheet, {"text": found.text, "muted": found.muted}))

    def _document(self) -> QTextDocument:
        document = QTextDocument()
        if self.sheet is not None:
            document.setHtml(sheet_html(self.sheet, {"text": "#000000", "muted": "#444444"}))
        return document

    async def _export(self) -> None:
        if self.sheet is None:
            return
        name = f"archisync-{self.sheet.day.isoformat()}"
        path = await ask_where(self, tr("Export day sheet"), name, ("pdf", "xlsx", "csv"))
        if path is None:
            return
        if path.suffix == ".pdf":
            write_pdf(self._document(), path)
        else:
            await write(path, (tr("Part"), "", "", "", ""), sheet_rows(self.sheet), tr("Day sheet"))
        self._context.say(saved_sentence(path), "ok")


def sheet_rows(sheet: Sheet) -> list[tuple[object, ...]]:
    """The sheet as rows of one table."""
    rows: list[tuple[object, ...]] = []
    for section in sheet.sections:
        rows.append((section.title, section.sentence))
        if section.rows:
            rows.append(("", *section.heads))
            rows += [("", *cells) for cells in section.rows]
    return rows
