"""What a grid shows: which rows in which order (filters, search, sort, groups) and its HTML; no routes, no sessions."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from html import escape
from typing import Any
from zlib import crc32

from archisync_gui.demo_erp.columns import ENUMS, Column, ListView
from archisync_gui.demo_erp.sessions import PAGE_SIZES, Preferences
from archisync_gui.demo_erp.world import Row, RowSet

_COURIERS = {
    "fedex": "https://www.example.test/fedextrack/?trknbr=",
    "ups": "https://www.example.test/track?loc=it_IT&amp;tracknum=",
}


@dataclass(frozen=True, slots=True)
class Speech:
    """Languages of one answer: ``captions`` follow Accept-Language, ``cells`` the browser's own locale."""

    captions: str
    cells: str

    def of(self, it: str, en: str) -> str:
        """The caption in the page's language."""
        return it if self.captions == "it" else en


@dataclass(frozen=True, slots=True)
class GridColumn:
    """A column as this session's grid has it. ``source`` is None for a system column."""

    index: int
    field: str
    caption: str
    source: Column | None
    visible: bool
    visible_index: int
    system: str = ""


def layout(
    view: ListView,
    speech: Speech,
    shown: Mapping[str, bool],
    fault: Mapping[str, Mapping[str, str]],
) -> tuple[GridColumn, ...]:
    """All columns by index. ``shown`` is the session's column chooser; ``fault`` the layout faults that are on."""
    fields = [column.field for column in view.columns if column.visible and shown.get(column.field, True)]
    # A column shown again goes to the end, not back to its place (docs/erp.md, column chooser).
    fields += [name for name, on in shown.items() if on and not view.column(name).visible]
    system = [*view.system, *(["status"] if "new-system-column" in fault else [])]
    definition = list(view.definition_order)
    if "missing-column" in fault:
        gone = fault["missing-column"]["column"] or fields[2]
        fields = [name for name in fields if name != gone]
        definition = [name for name in definition if name != gone]
    if "moved-columns" in fault:
        fields = fields[3:] + fields[:3][::-1]
        definition = definition[5:] + definition[:5]
    columns: list[GridColumn] = [
        GridColumn(index, "", "", None, True, index, kind) for index, kind in enumerate(system)
    ]
    place = {name: len(system) + at for at, name in enumerate(fields)}
    renamed = fault["renamed-column"]["column"] or fields[2] if "renamed-column" in fault else None
    for offset, name in enumerate(definition):
        source = view.column(name)
        caption = speech.of(source.it, source.en)
        if "renamed-captions" in fault:
            caption = f"{caption.rstrip(':')} (NUOVO)"
        columns.append(
            GridColumn(
                len(system) + offset,
                f"{name}2" if name == renamed else name,
                caption,
                source,
                name in place,
                place.get(name, -1),
            )
        )
    if "new-column" in fault:
        at = len(system) + 1
        columns = [
            replace(column, visible_index=column.visible_index + 1) if column.visible_index >= at else column
            for column in columns
        ]
        extra = Column("BRASNEWFIELD", "CAMPO NUOVO", "NEW FIELD")
        columns.append(GridColumn(len(columns), extra.field, extra.it, extra, True, at))
    return tuple(columns)


# --- texts ------------------------------------------------------------------------------------------------------------


def _grouped(number: int, locale: str) -> str:
    text = f"{number:,}"
    return text.replace(",", ".") if locale == "it" else text


def _decimal(value: Decimal, locale: str) -> str:
    text = f"{value:,.2f}"
    return text.translate(str.maketrans(",.", ".,")) if locale == "it" else text


def cell_text(row: Row, column: Column, speech: Speech) -> str:
    """The text of one cell as a human reads it."""
    value = row.values.get(column.field)
    if column.kind == "file":
        return "N/A" if value is None else str(value)
    if value is None:
        return ""
    locale = speech.cells
    match column.kind:
        case "id" | "int":
            return _grouped(value, locale)
        case "amount":
            return _amount(value, row.key, locale)
        case "percent":
            return f"{_decimal(value, locale)} %" if locale == "it" else f"{_decimal(value, locale)}%"
        case "qty":
            return _decimal(value, locale)
        case "date":
            return _date(value, locale)
        case "datetime":
            if locale == "it":
                return f"{value:%d/%m/%Y %H:%M:%S}"
            return f"{_date(value, locale)} {value.hour % 12 or 12}:{value:%M:%S} {'AM' if value.hour < 12 else 'PM'}"
        case "bool":
            return speech.of("Sì", "Yes") if value else "No"
        case "enum":
            return speech.of(*ENUMS[value])
        case _:
            return str(value)


def _date(value: date, locale: str) -> str:
    return f"{value:%d/%m/%Y}" if locale == "it" else f"{value.month}/{value.day}/{value.year}"


def _amount(value: Decimal, key: str, locale: str) -> str:
    if value >= 0:
        return f"{_decimal(value, locale)} €" if locale == "it" else f"€{_decimal(value, locale)}"
    positive = _decimal(-value, locale)
    if locale != "it":
        return f"-€{positive}"
    # Three notations of a negative amount have been seen; which one a row uses is the ERP's secret.
    match crc32(key.encode()) % 3:
        case 0:
            return f"-{positive} €"
        case 1:
            return f"{positive}-"
        case _:
            return f"({positive})"


def cell_html(row: Row, column: Column, speech: Speech) -> str:
    """One data cell."""
    text = cell_text(row, column, speech)
    side = "dx-ar" if column.kind in ("id", "int", "amount", "percent", "qty") else "dx-al"
    body = escape(text, quote=False).replace("\n", "<br>\n") if text else "&nbsp;"
    if column.kind == "link" and text:
        courier = _COURIERS.get(text.split()[0].lower(), "https://www.example.test/track?n=")
        body = f'<a class="dxeHyperlink_XafTheme" href="{courier}{escape(text.split()[-1])}" target="_blank">{body}</a>'
    elif "." in column.field and text and not column.nested:
        body = f'<a class="dxeHyperlink_XafTheme" href="javascript:;">{body}</a>'
    if column.nested:
        body = (
            f'<table class="dxeTextBox" role="presentation"><tr><td class="dxic">{body}</td></tr></table>\n'
            '<script type="text/dx-startup"><!--\nASPx.createControl(ASPxClientTextBox);\n//--></script>'
        )
    return f'<td class="dxgv {side}">{body}</td>'


def empty_cell_html(column: Column) -> str:
    """A cell of a list that has not been filled yet."""
    return f'<td class="dxgv dx-al">{"N/A" if column.kind == "file" else "&nbsp;"}</td>'


# --- rows -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Group:
    """One collapsed group row."""

    text: str
    count: int


@dataclass(frozen=True, slots=True)
class Listing:
    """The filtered, sorted rows behind a grid, before paging. With ``groups`` the rows are hidden inside them."""

    rows: Sequence[Row]
    groups: Sequence[Group] | None = None

    @property
    def length(self) -> int:
        """Rows (or collapsed groups) to be paged."""
        return len(self.rows) if self.groups is None else len(self.groups)


class Query:
    """Filters and sorts, and remembers the last answers. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[Hashable, Listing] = {}

    def run(
        self, view: ListView, user: str, rows: RowSet, preferences: Preferences, speech: Speech, now: datetime
    ) -> Listing:
        """What the grid shows for these preferences at this moment."""
        wanted = replace(preferences, page_index=0, page_size=0)
        key = (view.name, user, rows.token, wanted, speech, now.date())
        with self._lock:
            found = self._known.get(key)
            if found is None:
                if len(self._known) > 60:
                    self._known.clear()
                found = self._known[key] = _select(view, rows.rows, preferences, speech, now)
            return found


def _select(view: ListView, rows: Sequence[Row], preferences: Preferences, speech: Speech, now: datetime) -> Listing:
    chosen = [row for row in rows if in_preset(view, row, preferences.preset, now.date())]
    for field, text in preferences.filter_row:
        column, needle = view.column(field), text.casefold()
        chosen = [row for row in chosen if needle in cell_text(row, column, speech).casefold()]
    for field, texts in preferences.header_filters:
        column = view.column(field)
        chosen = [row for row in chosen if cell_text(row, column, speech) in texts]
    if preferences.search:
        needle = preferences.search.casefold()
        columns = [column for column in view.columns if column.visible]
        chosen = [row for row in chosen if any(needle in cell_text(row, c, speech).casefold() for c in columns)]
    for field, order in reversed((*((name, "ASC") for name in preferences.group_by), *preferences.sort)):
        filled = [row for row in chosen if row.values.get(field) is not None]
        blank = [row for row in chosen if row.values.get(field) is None]
        filled.sort(key=lambda row, name=field: _sortable(row.values[name]), reverse=order == "DSC")  # type: ignore[misc]
        chosen = filled + blank if order == "DSC" else blank + filled
    if not preferences.group_by:
        return Listing(chosen)
    column = view.column(preferences.group_by[0])
    counts: dict[str, int] = {}
    for row in chosen:
        text = cell_text(row, column, speech)
        counts[text] = counts.get(text, 0) + 1
    return Listing(chosen, [Group(text, count) for text, count in counts.items()])


def _sortable(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def in_preset(view: ListView, row: Row, word: str, today: date) -> bool:
    """Whether a row belongs to that preset filter."""
    values = row.values
    match view.name:
        case "customers":
            exclusive = values.get("EXCLUSIVACTIVE") is not None
            return word == "All_Customers" or exclusive == (word == "Exclusive_Customers")
        case "orders":
            match word.removeprefix("ListViewSalesTableOrders"):
                case "Entered":
                    return bool(values["SALESTYPE"] == "journal")
                case "Completed":
                    return bool(values["SALESSTATUS"] in ("invoiced", "completed"))
                case "Awaiting":
                    return bool(values["TRANSFERSTATUS"] == "awaiting")
                case period:
                    return _within(values["CREATEDDATETIME"].date(), period, today)
        case "ddt":
            return _within(values["DELIVERYDATE"], word.removeprefix("ListViewPackingSlips"), today)
        case "invoices":
            match word:
                case "Open_invoices":
                    return not values["CLOSED"]
                case "Overdue_invoices":
                    return not values["CLOSED"] and values["DUEDATE"] < today
                case _:
                    return word == "All_invoices" or _within(values["INVOICEDATE"], "Last3Month", today)
        case "prices":
            return bool((values.get("BLOCKED") == "Yes") == (word == "BlockedPrices"))
        case _:
            return True


def _within(day: date, period: str, today: date) -> bool:
    match period:
        case "Today":
            return day == today
        case "ThisWeek":
            monday = today - timedelta(days=today.weekday())
            return monday <= day < monday + timedelta(days=7)
        case "ThisMonth":
            return (day.year, day.month) == (today.year, today.month)
        case "Last3Month":
            return today - timedelta(days=92) <= day
        case _:
            return True


# --- HTML -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Drawing:
    """Everything needed to draw one page of a grid."""

    view: ListView
    grid: str
    columns: tuple[GridColumn, ...]
    listing: Listing
    preferences: Preferences
    speech: Speech
    filled: bool
    blank: frozenset[str] = frozenset()
    """Fields whose cells stay empty (a fault)."""
    all_blank: bool = False

    @property
    def page_count(self) -> int:
        """Pages at the page size in force; an empty list has one."""
        return max(1, -(-self.listing.length // self.preferences.page_size))

    @property
    def top(self) -> int:
        """Visible index of the page's first row."""
        return self.preferences.page_index * self.preferences.page_size

    @property
    def visible(self) -> list[GridColumn]:
        """The visible columns from left to right."""
        return sorted((column for column in self.columns if column.visible), key=lambda column: column.visible_index)

    @property
    def page_rows(self) -> Sequence[Row]:
        """The data rows of the page (none where groups are collapsed)."""
        if self.listing.groups is not None:
            return ()
        return self.listing.rows[self.top : self.top + self.preferences.page_size]

    @property
    def rows_drawn(self) -> int:
        """How many rows the page draws, group rows included."""
        return min(self.preferences.page_size, max(0, self.listing.length - self.top))


_layouts: dict[Hashable, int] = {}


def grid_html(drawing: Drawing) -> str:
    """The grid's inner HTML: group panel, headers, filter row, rows, footer, pager, loading panel."""
    grid, speech = drawing.grid, drawing.speech
    columns = drawing.visible
    parts = [
        _group_panel(drawing),
        f'<table id="{grid}_DXMainTable" class="dxgvTable_XafTheme" cellspacing="0"><tbody>',
        f'<tr id="{grid}_DXHeadersRow0">',
        *(_header(drawing, column) for column in columns),
        f'</tr><tr id="{grid}_DXFilterRow" class="dxgvFilterRow_XafTheme">',
        *(_filter_editor(drawing, column) for column in columns),
        "</tr>",
    ]
    if drawing.listing.groups is not None:
        top = drawing.top
        for offset, group in enumerate(drawing.listing.groups[top : top + drawing.preferences.page_size]):
            caption = drawing.view.column(drawing.preferences.group_by[0])
            parts.append(
                f'<tr id="{grid}_DXGroupRow{top + offset}" class="dxgvGroupRow_XafTheme"><td class="dxgv" '
                f'colspan="{len(columns)}"><img class="dxGridView_gvCollapsedButton_XafTheme" alt="[Expand]">'
                f"{escape(speech.of(caption.it, caption.en))}: {escape(group.text)} ({group.count})</td></tr>"
            )
    parts += _rows(drawing, columns)
    if not drawing.rows_drawn:
        parts.append(
            f'<tr id="{grid}_DXEmptyRow" class="dxgvEmptyDataRow_XafTheme"><td class="dxgv" colspan="{len(columns)}">'
            "<div>No data to display</div></td></tr>"
        )
    if drawing.view.footer:
        parts.append(_footer(drawing, columns))
    parts += ["</tbody></table>", _pager(drawing)]
    parts.append(
        f'<table id="{grid}_LPV" class="dxgvLoadingPanel_XafTheme" style="display:none">'
        "<tr><td>Loading…</td></tr></table>"
    )
    return "".join(parts)


def _rows(drawing: Drawing, columns: Sequence[GridColumn]) -> list[str]:
    grid, speech, view = drawing.grid, drawing.speech, drawing.view
    sources = [column.source for column in columns if column.source is not None]
    look = (view.name, tuple(source.field for source in sources), speech, drawing.blank, drawing.all_blank)
    look_id = _layouts.setdefault(look, len(_layouts))
    system = [column.system for column in columns if column.source is None]
    blank = "".join(empty_cell_html(source) for source in sources)
    html: list[str] = []
    for index, row in enumerate(drawing.page_rows, drawing.top):
        if not drawing.filled or drawing.all_blank:
            cells = blank
        else:
            cached = row.cells.get(look_id)
            if cached is None:
                if len(row.cells) > 3:
                    row.cells.clear()
                cached = row.cells[look_id] = "".join(
                    empty_cell_html(source) if source.field in drawing.blank else cell_html(row, source, speech)
                    for source in sources
                )
            cells = cached
        html.append(f'<tr id="{grid}_DXDataRow{index}" class="dxgvDataRow_XafTheme">')
        for kind in system:
            if kind == "select":
                html.append(
                    f'<td class="dxgvCommandColumn_XafTheme dxgv"><span id="{grid}_DXSelBtn{index}_D" '
                    'class="dxWeb_edtCheckBoxUnchecked_XafTheme dxICheckBox_XafTheme dxichSys"></span></td>'
                )
            elif kind == "edit":
                html.append(
                    f'<td class="dxgvCommandColumn_XafTheme dxgv"><a id="{grid}_DXCBtn{index}" '
                    'class="dxbButton_XafTheme" href="javascript:;" data-command="edit"><img alt="Edit"></a></td>'
                )
            else:
                html.append('<td class="dxgvCommandColumn_XafTheme dxgv"><span class="dxIcon"></span></td>')
        html.append(cells)
        html.append("</tr>")
    return html


def _group_panel(drawing: Drawing) -> str:
    grid, preferences = drawing.grid, drawing.preferences
    if not preferences.group_by:
        inner = "Drag a column header here to group by that column"
    else:
        inner = ""
        for field in preferences.group_by:
            column = next((c for c in drawing.columns if c.source and c.source.field == field), None)
            if column is not None:
                inner += (
                    f'<table class="dxgvHeader_XafTheme" id="{grid}_groupcol{column.index}"><tr>'
                    f"<td>{escape(column.caption)}</td></tr></table>"
                )
    return (
        f'<div id="{grid}_grouppanel" class="dxgvGroupPanel_XafTheme">{inner}</div>'
        f'<div class="dxgvSearchPanel_XafTheme"><input id="{grid}_DXSE_I" class="dxeEditArea_XafTheme" type="text" '
        f'value="{escape(preferences.search)}" onchange="ASPx.EValueChanged(\'{grid}_DXSE\')"></div>'
    )


def _header(drawing: Drawing, column: GridColumn) -> str:
    cell = f'<td id="{drawing.grid}_col{column.index}" class="dxgvHeader_XafTheme">'
    images = "&nbsp;"
    if column.source is not None:
        field = column.source.field
        order = dict(drawing.preferences.sort).get(field)
        if order:
            word = "Ascending" if order == "ASC" else "Descending"
            images = f'<img class="dxGridView_gvHeaderSort{"Up" if order == "ASC" else "Down"}_XafTheme" alt="{word}">'
        else:
            images = ""
        on = field in dict(drawing.preferences.header_filters)
        images += (
            f'<img class="dxGridView_gvHeaderFilter{"Active" if on else ""}_XafTheme" '
            f'alt="{"Filtered" if on else "Not filtered"}" data-filter="{column.index}">'
        )
    caption = escape(column.caption) or "&nbsp;"
    return f'{cell}<table role="presentation"><tr><td>{caption}</td><td>{images}</td></tr></table></td>'


def _filter_editor(drawing: Drawing, column: GridColumn) -> str:
    if column.source is None:
        return '<td class="dxgv">&nbsp;</td>'
    text = dict(drawing.preferences.filter_row).get(column.source.field, "")
    editor = f"{drawing.grid}_DXFREditorcol{column.index}"
    return (
        f'<td class="dxgv"><input id="{editor}_I" class="dxeEditArea_XafTheme dxeEditAreaSys" type="text" '
        f'value="{escape(text)}" onchange="ASPx.EValueChanged(\'{editor}\')"></td>'
    )


def _footer(drawing: Drawing, columns: Sequence[GridColumn]) -> str:
    wanted = dict(drawing.view.footer)
    cells = ""
    for column in columns:
        kind = wanted.get(column.source.field) if column.source is not None else None
        text = ""
        rows = drawing.listing.rows
        if kind == "count":
            text = f"Count={_grouped(len(rows), drawing.speech.cells)}"
        elif kind == "sum" and column.source is not None:
            total = sum((row.values[column.source.field] for row in rows), start=Decimal(0))
            plain = _grouped(round(total), drawing.speech.cells)
            text = f"Sum={plain if column.source.kind == 'int' else _decimal(total, drawing.speech.cells)}"
        cells += f'<td class="dxgv">{text or "&nbsp;"}</td>'
    return f'<tr id="{drawing.grid}_DXFooterRow" class="dxgvFooter_XafTheme">{cells}</tr>'


def _pager(drawing: Drawing) -> str:
    pager, last = f"{drawing.grid}_DXPagerBottom", drawing.page_count - 1
    current = drawing.preferences.page_index
    numbers = sorted({0, 1, 2, last - 2, last - 1, last, current - 1, current, current + 1} & set(range(last + 1)))
    html, before = "", -1
    for number in numbers:
        if number > before + 1:
            html += '<b class="dxp-ellip">…</b>'
        if number == current:
            html += f'<b class="dxp-num dxp-current">{number + 1}</b>'
        else:
            html += f'<a class="dxp-num" href="javascript:;" data-page="{number}">{number + 1}</a>'
        before = number

    def arrow(to: int, name: str, on: bool) -> str:
        css, image = "dxp-button dxp-bi", f'<img class="dxWeb_p{name}_XafTheme" alt="{name}">'
        if on:
            return f'<a class="{css}" href="javascript:;" data-page="{to}">{image}</a>'
        return f'<b class="{css} dxp-disabledButton dxp-disabled">{image}</b>'

    sizes = "".join(f'<li class="dxm-item" data-size="{size}">{size}</li>' for size in PAGE_SIZES)
    return (
        f'<div id="{pager}" class="dxgvPagerBottomPanel_XafTheme dxpLite_XafTheme">'
        f"{arrow(current - 1, 'Prev', current > 0)}{html}{arrow(current + 1, 'Next', current < last)}"
        f'<span class="dxp-pageSizeItem"><span>{drawing.speech.of("Dimensione pagina:", "Page size:")}</span>'
        f'<input id="{pager}_PSI" type="text" value="{drawing.preferences.page_size}" '
        f"onblur=\"ASPx.POnPageSizeBlur('{pager}', event)\">"
        f'<span id="{pager}_DDB" class="dxp-dropDownButton" data-sizes="1">▾</span></span>'
        f'<ul id="{pager}_PSP" class="dxm-popup" style="display:none">{sizes}</ul></div>'
    )
