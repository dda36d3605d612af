"""The summary of a span of time, read from the store: new customers, shipped orders, changed prices, invoices due, and
how Archisync worked. Values and words only; ``output.summary`` makes pages and files of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from archisync_gui import zone
from archisync_gui.entities.declaration import Column, Entity, Kind
from archisync_gui.model import STORED, UNSUCCESSFUL, EventKind, RunRecord, Scope
from archisync_gui.ui.live.failures import failure_spans, forms_sentence, span_sentence
from archisync_gui.ui.live.past_runs import all_changes, all_runs, countable, kept_events, midnight, query_of
from archisync_gui.ui.live.services import Services
from archisync_gui.ui.text import words
from archisync_gui.ui.text.i18n import day, decimal, moment, number, tr
from archisync_gui.ui.text.records import money
from archisync_gui.ui.text.values import right_aligned, shown
from archisync_gui.ui.text.values import title as title_of

if TYPE_CHECKING:
    from archisync_gui.store.store import Store
    from archisync_gui.store.types import Change, Page

PERIODS = ("today", "yesterday", "week", "since")

MOST = 400
"""Most lines of one section."""

SHIPPED_ON = "delivery_date"
"""The column of a delivery note's date."""

SPANS = 3
"""Most spans of failures that are shown of one list."""

USUAL_THRESHOLD = 500
"""Hundredths of a percent from which a changed price is listed, until the operator chooses another threshold."""

THRESHOLD = "summary/threshold"
"""Key of the operator's choice in the window's memory."""

Target = tuple[str, str, str]
"""List, account (empty for a shared list), key."""


@dataclass(frozen=True, slots=True)
class Period:
    """A span of time and its name: one of :data:`PERIODS`; of the automatic summaries, ``morning`` (yesterday) or
    ``day`` (an earlier day)."""

    name: str
    start: datetime
    end: datetime

    @property
    def last_day(self) -> date:
        """The office's day in which the span ends; files are named after it."""
        return zone.local(self.end - timedelta(microseconds=1)).date()


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a section's table."""

    cells: tuple[str, ...]
    target: Target | None = None
    """The record that its first cell links to."""


@dataclass(frozen=True, slots=True)
class Section:
    """One part of a summary: a table, or one sentence where there are no lines."""

    name: str
    title: str
    heads: tuple[str, ...] = ()
    right: frozenset[int] = frozenset()
    """Columns of figures, which are right-aligned."""
    lines: tuple[Line, ...] = ()
    total: tuple[str, ...] = ()
    sentence: str = ""
    tile: str = ""
    """The number on the section's tile; empty: it has no tile."""
    tile_word: str = ""


@dataclass(frozen=True, slots=True)
class Summary:
    """The summary of a span of time."""

    period: Period
    sections: tuple[Section, ...]
    demo: bool = False
    as_of: datetime | None = None
    """When it was read from the store."""


def period_of(name: str, now: datetime, since: datetime | None) -> Period:
    """The span of that name. ``since``: when the operator last looked at the summary on an earlier day."""
    match name:
        case "yesterday":
            return Period(name, midnight(now, 1), midnight(now))
        case "week":
            return Period(name, midnight(now, 6), now)
        case "since":
            return Period(name, since or midnight(now, 1), now)
        case _:
            return Period("today", midnight(now), now)


def period_title(period: Period) -> str:
    """The name of the span, with its days."""
    first, last = zone.local(period.start).date(), zone.local(period.end).date()
    match period.name:
        case "yesterday" | "morning":
            return tr("Yesterday") + " · " + day(first)
        case "day":
            return day(first)
        case "week":
            return f"{day(first)} – {day(last)}"
        case "since":
            return tr("Since {time}", time=moment(period.start, period.end))
        case _:
            return tr("Today") + " · " + day(first)


def heading(summary: Summary) -> str:
    """The name of the span; for one that is not over, with the time at which it was read."""
    title = period_title(summary.period)
    if summary.as_of is None or summary.period.end < summary.as_of:
        return title
    return title + " · " + tr("as of {time}", time=moment(summary.as_of, summary.period.end))


def threshold_of(kept: str) -> int:
    """The kept threshold, or the usual one."""
    return int(kept) if kept.isdecimal() else USUAL_THRESHOLD


async def read_summary(
    services: Services, accounts: Sequence[str], period: Period, threshold: int, now: datetime
) -> Summary:
    """All sections. ``threshold``: hundredths of a percent from which a changed price is listed; 0: all."""
    store = services.store
    if store is None:
        return Summary(period, ())
    runs = list(reversed(await all_runs(store, {"since": period.start, "before": period.end})))
    read = {(run.type, run.account) for run in runs if run.outcome in STORED and run.scope is not Scope.ONE}
    reader = _Reader(services, store, tuple(accounts), period, read)
    found = [
        await reader.added("customers", tr("New customers"), ("name", "vat_number", "city")),
        await reader.shipped(),
        await reader.prices(threshold),
    ]
    if period.name not in ("yesterday", "day"):
        found.append(await reader.due(now))
    events = await kept_events(store, period.start, period.end, (EventKind.SESSION_OPENED,))
    found.append(_work(services, runs, forms_sentence(events, runs), now))
    return Summary(period, tuple(section for section in found if section is not None), services.demo, now)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the sections about the office's data."""

    services: Services
    store: Store
    accounts: tuple[str, ...]
    period: Period
    read: set[tuple[str, str]]
    """Lists and accounts that were read in the span, wholly or only for new records."""

    def _unread_accounts(self, name: str) -> tuple[str, ...] | None:
        """The accounts for which the list was not read in the span; ``None``: it was read for none."""
        entity = self.services.entity(name)
        seen = {account for type_, account in self.read if type_ == name}
        if entity is not None and entity.spec.shared:
            return () if seen else None
        missing = tuple(account for account in self.accounts if account not in seen)
        return None if len(missing) == len(self.accounts) else missing

    def _why_empty(self, name: str) -> str:
        """Why a section is empty: there is nothing, or the list was not read."""
        missing = self._unread_accounts(name)
        if missing is None:
            return tr("No data: this list was not read in this time.")
        return " ".join(filter(None, (tr("None."), _not_read(missing))))

    async def added(self, name: str, title: str, wanted: Sequence[str]) -> Section | None:
        """Records that were added in the span; the overview and the view of new records count the same ones."""
        from archisync_gui.store.types import Selection

        return await self._rows(name, title, wanted, selection=Selection(added=(self.period.start, self.period.end)))

    async def shipped(self) -> Section | None:
        """Delivery notes dated within the span, as the overview counts them. ``since`` is not a span of whole days:
        there it is those that were added in the span."""
        title, wanted = tr("Shipped"), ("ddt_number", "order_number", "customer_name", "tracking")
        entity = self.services.entity("ddt")
        dated = entity is not None and any(column.name == SHIPPED_ON for column in entity.columns)
        if not dated or self.period.name == "since":
            return await self.added("ddt", title, wanted)
        first = zone.local(self.period.start).date()
        return await self._rows(
            "ddt", title, wanted, between=(SHIPPED_ON, first.isoformat(), self.period.last_day.isoformat())
        )

    async def _rows(self, name: str, title: str, wanted: Sequence[str], **arguments: Any) -> Section | None:
        """A section with the rows of all accounts for these ``arguments`` of ``Store.rows``."""
        entity = self.services.entity(name)
        if entity is None:
            return None
        page = await self._page(entity, **arguments)
        columns = _columns(entity, wanted)
        lines = _lines(name, columns, page)
        tile = number(page.total) if lines else self._empty_tile(name)
        made = _table(name, title, columns, lines, self._why_empty(name), tile)
        if not lines:
            return made
        notes = (_cut(len(lines), page.total), _not_read(self._unread_accounts(name) or ()))
        return replace(made, sentence=" ".join(filter(None, notes)))

    async def _page(self, entity: Entity, **arguments: Any) -> Page:
        """The first rows of all accounts for these ``arguments`` of ``Store.rows``."""
        from archisync_gui.store.types import Page

        owners: tuple[str | None, ...] = (None,) if entity.spec.shared else self.accounts
        if not owners:
            return Page((), 0)
        others = [owner for owner in owners[1:] if owner]
        return await self.store.rows(entity.name, owners[0], others=others, limit=MOST, **arguments)

    def _empty_tile(self, name: str) -> str:
        """The number on the tile of a section without lines: 0 if the list was read for every account."""
        return number(0) if self._unread_accounts(name) == () else "–"

    async def prices(self, threshold: int) -> Section | None:
        """Prices that changed by at least the threshold."""
        entity = self.services.entity("prices")
        if entity is None:
            return None
        start, end = self.period.start, self.period.end
        log = all_changes(
            self.store, start, end, self.accounts, entity="prices", kinds=["changed"], percent=max(1, threshold)
        )
        listed: list[Change] = []
        total = 0
        async for change in log:
            total += 1
            if total <= MOST:
                listed.append(change)
        rows = await self.store.rows_by_key("prices", None, list(dict.fromkeys(change.key for change in listed)))
        names = {row.key: str(row.values.get("item_name") or "") for row in rows}
        lines = tuple(
            Line(
                (
                    " · ".join(part for part in (str(c.title or c.key), names.get(c.key, "")) if part),
                    shown(c.before, Kind.MONEY),
                    shown(c.after, Kind.MONEY),
                    f"{'+' if (c.percent or 0) > 0 else '−'}{decimal(abs(c.percent or 0) / 100)} %",
                ),
                ("prices", "", c.key),
            )
            for c in listed
        )
        percent = decimal(threshold / 100, 0)
        title = tr("Prices changed by {percent} % or more", percent=percent) if threshold else tr("Changed prices")
        tile = number(total) if total else self._empty_tile("prices")
        if not lines:
            return Section(
                "prices", title, sentence=self._why_empty("prices"), tile=tile, tile_word=tr("Changed prices")
            )
        heads = (tr("Item"), tr("Before"), tr("Now"), tr("Change"))
        right, cut = frozenset({1, 2, 3}), _cut(len(lines), total)
        return Section("prices", title, heads, right, lines, (), cut, tile, tr("Changed prices"))

    async def due(self, now: datetime) -> Section | None:
        """Unpaid invoices that are due within a week from today."""
        entity = self.services.entity("invoices")
        view = next((view for view in countable(self.services) if view.name == "due"), None)
        if entity is None or view is None:
            return None
        columns = _columns(entity, ("invoice_number", "billing_name", "due_date", "remaining_amount"))
        page = await self._page(entity, sort="due_date", sum_of="remaining_amount", **query_of(view, now))
        lines, total = _lines("invoices", columns, page), money(page.sum or 0)
        title = tr("Invoices due within 7 days")
        never, age = await self._age_of_invoices()
        if never and not lines:
            return Section("invoices", title, sentence=age, tile="–", tile_word=title)
        made = _table("invoices", title, columns, lines, tr("None.") + " " + age, total)
        if not lines:
            return made
        foot = (tr("%n invoice(s)", "", page.total), *[""] * (len(columns) - 2), total)
        return replace(made, total=foot, sentence=" ".join(filter(None, (_cut(len(lines), page.total), age))))

    async def _age_of_invoices(self) -> tuple[bool, str]:
        """Whether the invoices of an account were never read, and a sentence with the age of the others."""
        ages = [await self.store.ages("invoices", account) for account in self.accounts]
        never = tuple(age.account for age in ages if age.last_success is None)
        read = [age.all_as_of or age.last_success for age in ages if age.last_success is not None]
        if not ages or len(never) == len(ages):
            return True, tr("No data: this list was never read.")
        doubtful = any(age.doubtful & {"all_as_of", "last_success"} for age in ages)
        oldest = tr("age unknown") if doubtful else moment(min(at for at in read if at is not None))
        notes = [tr("Never read: {accounts}.", accounts=", ".join(never)) if never else ""]
        return bool(never), " ".join(filter(None, (tr("Data as of: {ages}", ages=oldest) + ".", *notes)))


def _not_read(accounts: Sequence[str]) -> str:
    return tr("Not read in this time: {accounts}.", accounts=", ".join(accounts)) if accounts else ""


def _cut(lines: int, total: int) -> str:
    """How many of all records are listed; empty if all are."""
    return tr("The first {count} of {total}.", count=number(lines), total=number(total)) if total > lines else ""


def _columns(entity: Entity, wanted: Sequence[str]) -> tuple[Column, ...]:
    """The wanted columns in that order, if the list has them; if it has none of them, the column of its titles."""
    by_name = {column.name: column for column in entity.columns}
    found = tuple(by_name[name] for name in wanted if name in by_name)
    return found or tuple(column for column in entity.columns if column.name == entity.title)


def _lines(name: str, columns: Sequence[Column], page: Page) -> list[Line]:
    return [
        Line(tuple(shown(row.values.get(column.name), column.kind) for column in columns), (name, row.account, row.key))
        for row in page.rows
    ]


def _table(name: str, title: str, columns: Sequence[Column], lines: Sequence[Line], nothing: str, tile: str) -> Section:
    if not lines:
        return Section(name, title, sentence=nothing, tile=tile, tile_word=title)
    right = frozenset(at for at, column in enumerate(columns) if right_aligned(column.kind))
    heads = tuple(title_of(column) for column in columns)
    return Section(name, title, heads, right, tuple(lines), tile=tile, tile_word=title)


# ------------------------------------------------------------------------------------------ how Archisync worked


def _work(services: Services, runs: Sequence[RunRecord], forms: str, now: datetime) -> Section:
    """The section about reads, failures with their spans, and order forms."""
    lines: list[Line] = []
    for entity in services.entities:
        own = [run for run in runs if run.type == entity.name]
        spans = [s for account in dict.fromkeys(r.account for r in own)
                 for s in failure_spans(r for r in own if r.account == account)]  # fmt: skip
        good, bad = sum(r.outcome in STORED for r in own), sum(r.outcome in UNSUCCESSFUL for r in own)
        sentences = [span_sentence(span, now) for span in spans[:SPANS]]
        if len(spans) > SPANS:
            sentences.append(tr("%n more", "", len(spans) - SPANS))
        lines.append(
            Line((words.type_name(entity.name), number(good), number(bad) if bad else "–", "; ".join(sentences)))
        )
    heads = (tr("List"), tr("Updates"), tr("Failed"), tr("When and why"))
    title = tr("How Archisync worked")
    if not runs:
        return Section("work", title, sentence=tr("Nothing was read in this time: Archisync was closed or paused."))
    return Section("work", title, heads, frozenset({1, 2}), tuple(lines), sentence=forms)


def earlier_day(text: str, now: datetime) -> datetime | None:
    """The time in ``text``, if it can be parsed and is on an earlier day of the office, at most 31 days ago."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    if at.tzinfo is None or not midnight(now) - timedelta(days=31) <= at < midnight(now):
        return None
    return at
