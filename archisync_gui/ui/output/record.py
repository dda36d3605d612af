"""The sheet of a record: its fields, related records and their ages; also as plain text and as HTML for printing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from html import escape

from archisync_gui import zone
from archisync_gui.entities.declaration import Column, Kind, Row
from archisync_gui.entities.derived import order_state
from archisync_gui.store.types import Ages, Page, StoredRow
from archisync_gui.ui.live.record import Record
from archisync_gui.ui.text import words
from archisync_gui.ui.text.i18n import ago, moment, tr
from archisync_gui.ui.text.records import (
    FACTS,
    credit,
    invoice_state_word,
    money,
    order_state_word,
    owed,
    parcel,
    record_kind,
    record_line,
    record_name,
)
from archisync_gui.ui.text.values import shown, title

AT_MOST = 40
"""Most lines of one section; the Data page shows the others."""


@dataclass(frozen=True)
class Line:
    """A related record."""

    name: str
    detail: str
    target: tuple[str, str, str]
    """List, account, key."""
    link: str = ""
    """Address of the courier's page about its parcel."""
    indent: bool = False
    tone: str = ""


@dataclass(frozen=True)
class Section:
    """Related records of one kind."""

    title: str
    lines: tuple[Line, ...]
    left_out: int = 0


@dataclass(frozen=True)
class Sheet:
    """Everything that is shown of a record."""

    kind: str
    name: str
    state: str
    facts: tuple[tuple[str, str], ...]
    rest: tuple[tuple[str, str], ...]
    """The other fields that have a value."""
    sections: tuple[Section, ...]
    ages: str
    """How old the data are now, for the screen."""
    link: str
    """Address of the courier's page about the record's own or newest parcel."""
    read_at: str = ""
    """When the data were read, with day and time: for copies and prints, which are read later."""
    made: str = ""
    """When this sheet was made."""


def make_sheet(record: Record, now: datetime, *, accounts: int = 1) -> Sheet:
    """The sheet of a record. ``accounts``: number of accounts in use; with several the sheet names the record's one."""
    entity, row = record.entity, record.row
    today = zone.local(now).date()
    columns = {column.name: column for column in entity.columns}
    important = [name for name in FACTS.get(entity.name, ()) if name in columns] or list(columns)[:8]
    facts = _fields(row.values, (columns[name] for name in important))
    rest = _fields(row.values, (column for name, column in columns.items() if name not in important))
    sections = tuple(section for section in _sections(record, today) if section.lines)
    links = [str(row.values.get("tracking_link") or ""), *(line.link for part in sections for line in part.lines)]
    own = row.account if accounts > 1 else ""
    kind = " · ".join(filter(None, (record_kind(entity.name, row.values) or words.type_name(entity.name), own)))
    return Sheet(
        kind=kind,
        name=record_name(entity.name, row.values, row.key),
        state=_state(record, today, now),
        facts=facts,
        rest=rest,
        sections=sections,
        ages=ages_line(record, now),
        link=next(filter(_is_page, links), ""),
        read_at=" · ".join(f"{words.type_name(name)}: {_read_at(ages)}" for name, ages in record.ages.items()),
        made=moment(now),
    )


def _fields(values: Row, columns: Iterable[Column]) -> tuple[tuple[str, str], ...]:
    found = []
    for column in columns:
        value = values.get(column.name)
        text = money(value) if column.kind is Kind.MONEY and isinstance(value, int) else shown(value, column.kind)
        if text:
            found.append((title(column), text))
    return tuple(found)


def _state(record: Record, today: date, now: datetime) -> str:
    row, related = record.row, record.related
    if row.deleted_at is not None:
        return tr("No longer in the ERP since {time}", time=moment(row.deleted_at, now))
    match record.entity.name:
        case "orders":
            return order_state_word(order_state(row.values, _rows(related, "ddt"), _rows(related, "invoices"), today))
        case "invoices":
            return invoice_state_word(row.values, today)
        case "ddt":
            return parcel(row.values)
        case "customers":
            total, count = _unpaid(related)
            if not count:
                return ""
            return tr("%n unpaid invoice(s): {total}", "", count, total=money(total))
    return ""


def _rows(related: Mapping[str, Page], name: str) -> list[Row]:
    return [row.values for row in related[name].rows] if name in related else []


def _unpaid(related: Mapping[str, Page]) -> tuple[int, int]:
    amounts = [rest for rest in map(owed, _rows(related, "invoices")) if rest]
    return sum(amounts), len(amounts)


def _sections(record: Record, today: date) -> list[Section]:
    related = record.related
    found: list[Section] = []
    name = record.entity.name
    if page := related.get("customers"):
        found.append(_section(tr("Customer"), [_line("customers", row, today) for row in page.rows], page))
    if name == "customers":
        found += _invoices(related.get("invoices"), today)
        found.append(_orders_with_parcels(related, today))
        return found
    if page := related.get("orders"):
        lines = [_order(row, _rows(related, "ddt"), _rows(related, "invoices"), today) for row in page.rows]
        found.append(_section(tr("Order"), lines, page))
    if page := _others(record, "ddt"):
        heading = tr("Other delivery notes of the order") if name == "ddt" else tr("Delivery notes and parcels")
        found.append(_section(heading, [_line("ddt", row, today) for row in page.rows], page))
    if page := _others(record, "invoices"):
        heading = tr("Other invoices of the order") if name == "invoices" else tr("Invoices")
        found.append(_section(heading, [_line("invoices", row, today) for row in page.rows], page))
    if page := related.get("prices"):
        found.append(_section(tr("Prices"), [_line("prices", row, today) for row in page.rows], page))
    if page := related.get("products"):
        found.append(_section(tr("Product"), [_line("products", row, today) for row in page.rows], page))
    return found


def _others(record: Record, name: str) -> Page | None:
    """The related rows of a list, without the record itself."""
    page = record.related.get(name)
    if page is None or name != record.entity.name:
        return page
    rows = tuple(row for row in page.rows if row.key != record.row.key)
    return Page(rows, page.total - (len(page.rows) - len(rows)))


def _invoices(page: Page | None, today: date) -> list[Section]:
    if page is None:
        return []
    newest = sorted(page.rows, key=lambda row: str(row.values.get("invoice_date") or ""), reverse=True)
    open_ = [row for row in newest if owed(row.values)]
    open_.sort(key=lambda row: str(row.values.get("due_date") or "9999"))
    credits_ = [row for row in newest if credit(row.values)]
    other = [row for row in newest if not owed(row.values) and not credit(row.values)]
    total = sum(owed(row.values) for row in open_)
    heading = tr("Unpaid invoices: {count} · {total}", count=len(open_), total=money(total))
    count = page.total - len(open_) - len(credits_)
    paid = tr("Paid invoices: {count}", count=count)
    open_credit = sum(credit(row.values) for row in credits_)
    credited = tr("Open credit notes: {count} · {total}", count=len(credits_), total=money(open_credit))
    return [
        Section(heading, tuple(_line("invoices", row, today) for row in open_[:AT_MOST]), _over(len(open_))),
        Section(credited, tuple(_line("invoices", row, today) for row in credits_[:AT_MOST]), _over(len(credits_))),
        Section(paid, tuple(_line("invoices", row, today) for row in other[:5]), max(0, count - 5)),
    ]


def _orders_with_parcels(related: Mapping[str, Page], today: date) -> Section:
    """Each order with its delivery notes and parcels below it; at the end the notes whose order is not stored."""
    orders = list(related["orders"].rows) if "orders" in related else []
    notes = list(related["ddt"].rows) if "ddt" in related else []
    bills: dict[str, list[Row]] = {}
    for bill in _rows(related, "invoices"):
        bills.setdefault(str(bill.get("order_number") or ""), []).append(bill)
    orders.sort(key=lambda row: str(row.values.get("created_at") or ""), reverse=True)
    by_order: dict[str, list[StoredRow]] = {}
    for note in notes:
        by_order.setdefault(str(note.values.get("order_number") or ""), []).append(note)
    lines: list[Line] = []
    for order in orders:
        number = str(order.values.get("order_number") or "")
        own = by_order.pop(number, []) if number else []
        mine = bills.get(number, []) if number else []
        lines.append(_order(order, [note.values for note in own], mine, today))
        lines += [_line("ddt", note, today, indent=True) for note in own]
    lines += [_line("ddt", note, today) for rest in by_order.values() for note in rest]
    total = related["orders"].total if "orders" in related else 0
    return Section(tr("Orders: {count}", count=total), tuple(lines[:AT_MOST]), _over(len(lines)))


def _order(row: StoredRow, notes: Sequence[Row], bills: Sequence[Row], today: date) -> Line:
    values = row.values
    state = order_state_word(order_state(values, notes, bills, today))
    day = shown(str(values.get("created_at") or "")[:10] or None, Kind.DATE)
    total = values.get("total_amount")
    detail = " · ".join(filter(None, (day, state, money(total) if isinstance(total, int) else "")))
    return Line(record_name("orders", values, row.key), detail, ("orders", row.account, row.key))


def _line(name: str, row: StoredRow, today: date, indent: bool = False) -> Line:
    values = row.values
    detail = record_line(name, values, today)
    if name in ("ddt", "invoices"):  # the sheet shows the customer's name already
        detail = record_line(name, {**values, "customer_name": None, "billing_name": None}, today)
    link = str(values.get("tracking_link") or "") if name == "ddt" else ""
    late = name == "invoices" and owed(values) and str(values.get("due_date") or "9999") < today.isoformat()
    return Line(
        record_name(name, values, row.key),
        detail,
        (name, row.account, row.key),
        link if _is_page(link) else "",
        indent,
        "bad" if late else "",
    )


def _section(heading: str, lines: Sequence[Line], page: Page) -> Section:
    return Section(heading, tuple(lines[:AT_MOST]), max(0, page.total - AT_MOST))


def _over(count: int) -> int:
    return max(0, count - AT_MOST)


def _is_page(link: str) -> bool:
    return link.startswith(("https://", "http://"))


def ages_line(record: Record, now: datetime) -> str:
    """How old the data of a sheet are: ``Ordini: 5 min fa · DDT: mai letti``."""
    return " · ".join(f"{words.type_name(name)}: {_age(ages, now)}" for name, ages in record.ages.items())


def _age(ages: Ages, now: datetime) -> str:
    at = _known(ages)
    return ago((now - at).total_seconds()) if at is not None else _unknown(ages)


def _read_at(ages: Ages) -> str:
    at = _known(ages)
    return moment(at) if at is not None else _unknown(ages)


def _known(ages: Ages) -> datetime | None:
    name = "all_as_of" if ages.all_as_of else "last_success"
    return None if name in ages.doubtful else ages.all_as_of or ages.last_success


def _unknown(ages: Ages) -> str:
    return tr("age unknown") if ages.all_as_of or ages.last_success else tr("never read")


def _foot(sheet: Sheet) -> str:
    """``Dati di: Ordini: 30 nov 2026 12:04``, and when the sheet was made."""
    return tr("Data as of: {ages}", ages=sheet.read_at) + " · " + tr("Sheet of {time}", time=sheet.made)


def _more(section: Section) -> str:
    """A line about the lines that are left out, so that a copy does not look complete."""
    return tr("… and %n more, not listed here", "", section.left_out)


def plain_text(sheet: Sheet) -> str:
    """The sheet as plain text, to be pasted into a message."""
    lines = [f"{sheet.name} ({sheet.kind})"]
    lines += [sheet.state] if sheet.state else []
    lines += [f"{name}: {value}".replace("\n", ", ") for name, value in sheet.facts]
    for section in sheet.sections:
        lines += ["", section.title]
        for line in section.lines:
            lines.append(f"{'    ' if line.indent else '  '}{line.name} · {line.detail}".rstrip(" ·"))
            lines += [f"    {line.link}"] if line.link else []
        lines += [f"  {_more(section)}"] if section.left_out else []
    return "\n".join([*lines, "", _foot(sheet)])


def sheet_html(sheet: Sheet) -> str:
    """The sheet as HTML for printing."""
    parts = [f"<h2>{escape(sheet.name)}</h2><p>{escape(sheet.kind)} {escape(sheet.state)}</p><table>"]
    parts += [
        f"<tr><td>{escape(name)}&nbsp;&nbsp;</td><td>{escape(value).replace(chr(10), '<br>')}</td></tr>"
        for name, value in (*sheet.facts, *sheet.rest)
    ]
    parts.append("</table>")
    for section in sheet.sections:
        parts.append(f"<h3>{escape(section.title)}</h3><table width='100%'>")
        for line in section.lines:
            indent = "&nbsp;&nbsp;&nbsp;&nbsp;" if line.indent else ""
            parts.append(f"<tr><td>{indent}{escape(line.name)}</td><td>{escape(line.detail)}</td></tr>")
        parts.append("</table>")
        parts.append(f"<p>{escape(_more(section))}</p>" if section.left_out else "")
    parts.append(f"<p>{escape(_foot(sheet))}</p>")
    return "".join(parts)
