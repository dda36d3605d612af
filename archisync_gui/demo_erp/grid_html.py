"""The HTML of a grid: group panel, headers, filter row, rows, footer, filter bar, pager and the closed dialogs."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from decimal import Decimal
from html import escape

from archisync_gui.demo_erp.columns import Column
from archisync_gui.demo_erp.dialogs import column_dialog
from archisync_gui.demo_erp.drawing import Drawing
from archisync_gui.demo_erp.editors import ControlData, filter_row_cells, search_panel
from archisync_gui.demo_erp.layout import GridColumn
from archisync_gui.demo_erp.query import Group
from archisync_gui.demo_erp.saved_views import ALL_ROWS
from archisync_gui.demo_erp.streams import Row
from archisync_gui.demo_erp.texts import Speech, cell_text, decimal_text, grouped

_COURIERS = {
    "fedex": "https://www.example.test/fedextrack/?trknbr=",
    "ups": "https://www.example.test/track?loc=it_IT&amp;tracknum=",
}


def grid_html(drawing: Drawing) -> tuple[str, list[ControlData]]:
    """The grid's inner HTML (it fills the root table's cell) and the controls in it."""
    grid = drawing.grid
    panel, panel_control = search_panel(drawing)
    editors, controls = filter_row_cells(drawing)
    scrolling = drawing.look.scrolling_headers
    end = '<td class="dxgv">&nbsp;</td>' if scrolling else ""
    indent = '<td class="dxgvIndentCell dxgv">&nbsp;</td>' * drawing.indent
    filter_row = f'<tr id="{grid}_DXFilterRow" class="dxgvFilterRow_XafTheme">{indent}{editors}{end}</tr>'
    heads = _headers(drawing, indent, end) + filter_row
    rows = [*_lines(drawing, indent, "<td></td>" if scrolling else "")]
    if drawing.view.footer:
        rows.append(f'<tr id="{grid}_DXFooterRow" class="dxgvFooter_XafTheme">{indent}{_footer(drawing)}{end}</tr>')
    table = 'class="dxgvTable_XafTheme" cellspacing="0"'
    if scrolling:
        tables = (
            f'<div class="dxgvHSDC"><table id="{grid}_DXHeaderTable" {table}><tbody>{heads}</tbody></table></div>'
            f'<div class="dxgvCSD"><table id="{grid}_DXMainTable" {table}><tbody>{"".join(rows)}</tbody></table></div>'
        )
    else:
        tables = f'<table id="{grid}_DXMainTable" {table}><tbody>{heads}{"".join(rows)}</tbody></table>'
    html = (
        f"{_group_panel(drawing)}{panel}{tables}{_filter_bar(drawing)}{_pager(drawing)}"
        f'<table id="{grid}_LPV" class="dxgvLoadingPanel_XafTheme" style="display:none"><tbody>'
        f"<tr><td>Loading…</td></tr></tbody></table>{column_dialog(drawing)}"
    )
    return html, [panel_control, *controls]


# --- cells


def _check_box(value: object) -> str:
    state = "Grayed" if value is None else "Checked" if value else "Unchecked"
    return f'<span class="dxWeb_edtCheckBox{state}_XafTheme dxICheckBox_XafTheme dxichSys"></span>'


def cell_html(row: Row, column: Column, speech: Speech) -> str:
    """One data cell."""
    side = "dx-ar" if column.kind in ("id", "int", "amount", "number", "percent", "qty") else "dx-al"
    if column.kind == "bool" and speech.yes_no == "image":
        return f'<td class="dxgv dx-ac">{_check_box(row.values.get(column.field))}</td>'
    if column.kind == "file":
        return empty_cell_html(column)
    if column.kind == "image":
        return '<td class="dxgv dx-ac"><img class="dxeImage_XafTheme" alt=""></td>'
    text = cell_text(row, column, speech)
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
    """A cell without content; a file cell says N/A and holds a script even then."""
    if column.kind != "file":
        return '<td class="dxgv dx-al">&nbsp;</td>'
    return (
        '<td class="dxgv dx-al"><div><table><tr><td>N/A</td><td>&nbsp;</td></tr></table>'
        '<script type="text/dx-startup">ASPx.createControl(ASPxClientFileDataEdit);</script></div></td>'
    )


def _system_cell(drawing: Drawing, kind: str, index: int, number: int) -> str:
    grid, script = drawing.grid, ""
    match kind:
        case "select":
            body = (
                f'<span id="{grid}_DXSelBtn{index}_D" class="dxWeb_edtCheckBoxUnchecked_XafTheme '
                'dxICheckBox_XafTheme dxichSys"></span>'
            )
        case "edit":
            button = f"{grid}_DXCBtn{number}"
            body = (
                f'<a id="{button}" class="dxbButton_XafTheme" href="javascript:;" data-command="edit">'
                '<img alt="Edit"></a>'
            )
            script = f"ASPx.AddDisabledItems('{button}',[[['dxbDisabled_XafTheme'],[''],['']]]);"
        case _:
            body = '<span class="dxIcon"></span>'
    if script:
        body += f'<script type="text/dx-startup">{script}</script>'
    return f'<td class="dxgvCommandColumn_XafTheme dxgv">{body}</td>'


# --- rows

_looks: dict[Hashable, int] = {}
"""A number for each way to draw a row's data cells: what a row caches its cells under."""


def _lines(drawing: Drawing, indent: str, end: str) -> list[str]:
    grid, columns = drawing.grid, drawing.shown
    width = len(columns) + drawing.indent
    html: list[str] = []
    if drawing.look.template_row:
        cells = '<td class="dxgv">&nbsp;</td>' * len(columns)
        html.append(
            f'<tr id="{grid}_DXDataRownew" class="dxgvDataRow_XafTheme" style="display:none">{indent}{cells}{end}</tr>'
        )
    data_rows = 0
    for index, line in enumerate(drawing.lines, drawing.top):
        if isinstance(line, Group):
            html.append(_group_row(drawing, index, line, width))
            continue
        system = "".join(_system_cell(drawing, c.system, index, data_rows) for c in columns if c.source is None)
        html.append(
            f'<tr id="{grid}_DXDataRow{index}" class="dxgvDataRow_XafTheme">{indent}{system}'
            f"{_data_cells(drawing, columns, line)}{end}</tr>"
        )
        if drawing.look.detail_rows and data_rows < 2:
            html.append(_detail_row(grid, index, width))
        data_rows += 1
    if not drawing.lines:
        html.append(
            f'<tr id="{grid}_DXEmptyRow" class="dxgvEmptyDataRow_XafTheme"><td class="dxgv" colspan="{width}">'
            f"<div>No data to display</div></td>{end}</tr>"
        )
    return html


def _data_cells(drawing: Drawing, columns: Sequence[GridColumn], row: Row) -> str:
    sources = [column.source for column in columns if column.source is not None]
    if not drawing.filled or drawing.all_blank:
        return "".join(empty_cell_html(source) for source in sources)
    look = (drawing.view.name, tuple(source.field for source in sources), drawing.speech, drawing.blank)
    look_id = _looks.setdefault(look, len(_looks))
    cached = row.cells.get(look_id)
    if cached is None:
        if len(row.cells) > 3:
            row.cells.clear()
        cached = row.cells[look_id] = "".join(
            empty_cell_html(source) if source.field in drawing.blank else cell_html(row, source, drawing.speech)
            for source in sources
        )
    return cached


def _group_row(drawing: Drawing, index: int, group: Group, width: int) -> str:
    caption = drawing.view.column(drawing.preferences.group_by[0])
    button, word = ("Expanded", "Collapse") if drawing.listing.expanded else ("Collapsed", "Expand")
    return (
        f'<tr id="{drawing.grid}_DXGroupRow{index}" class="dxgvGroupRow_XafTheme"><td class="dxgv" '
        f'colspan="{width}"><img class="dxGridView_gv{button}Button_XafTheme" alt="[{word}]">'
        f"{escape(drawing.speech.of(caption.it, caption.en))}: {escape(group.text)} ({group.count})</td></tr>"
    )


def _detail_row(grid: str, index: int, width: int) -> str:
    """A master-detail row with a grid of its own."""
    inner = f"{grid}_dxdt{index}_sub"
    return (
        f'<tr id="{grid}_DXDRow{index}" class="dxgvDetailRow_XafTheme"><td colspan="{width}"><table id="{inner}">'
        f'<tbody><tr><td><table id="{inner}_DXMainTable"><tbody>'
        f'<tr id="{inner}_DXDataRow0" class="dxgvDataRow_XafTheme">'
        "<td>9</td><td>line</td></tr></tbody></table></td></tr></tbody></table></td></tr>"
    )


# --- head and foot


def _headers(drawing: Drawing, indent: str, end: str) -> str:
    grid, columns = drawing.grid, drawing.shown
    if not drawing.look.bands:
        cells = "".join(_header(drawing, column) for column in columns)
        return f'<tr id="{grid}_DXHeadersRow0">{indent}{cells}{end}</tr>'
    plain = [column for column in columns if column.source is None]
    alone, *banded = [column for column in columns if column.source is not None]
    first = "".join(_header(drawing, column, ' rowspan="2"') for column in (*plain, alone))
    band = f'<td id="{grid}_col{len(drawing.columns)}" class="dxgvHeader_XafTheme" colspan="{len(banded)}">Band</td>'
    second = "".join(_header(drawing, column) for column in banded)
    return f'<tr id="{grid}_DXHeadersRow0">{indent}{first}{band}{end}</tr><tr id="{grid}_DXHeadersRow1">{second}</tr>'


def _header(drawing: Drawing, column: GridColumn, span: str = "") -> str:
    cell = f'<td id="{drawing.grid}_col{column.index}" class="dxgvHeader_XafTheme"{span}>'
    images = "&nbsp;"
    if column.source is not None:
        field = column.source.field
        order = dict(drawing.preferences.sort).get(field)
        images = ""
        if order:
            word = "Ascending" if order == "ASC" else "Descending"
            images = f'<img class="dxGridView_gvHeaderSort{"Up" if order == "ASC" else "Down"}_XafTheme" alt="{word}">'
        on = field in dict(drawing.preferences.header_filters)
        images += (
            f'<img class="dxGridView_gvHeaderFilter{"Active" if on else ""}_XafTheme" '
            f'alt="{"Filtered" if on else "Not filtered"}" data-filter="{column.index}">'
        )
    caption = escape(column.caption) or "&nbsp;"
    return f'{cell}<table role="presentation"><tr><td>{caption}</td><td>{images}</td></tr></table></td>'


def _group_panel(drawing: Drawing) -> str:
    inner = ""
    for field in drawing.preferences.group_by:
        column = next((c for c in drawing.columns if c.source and c.source.field == field), None)
        if column is not None:
            inner += (
                f'<table class="dxgvHeader_XafTheme" id="{drawing.grid}_groupcol{column.index}"><tr>'
                f"<td>{escape(column.caption)}</td></tr></table>"
            )
    inner = inner or "Drag a column header here to group by that column"
    return f'<div id="{drawing.grid}_grouppanel" class="dxgvGroupPanel_XafTheme">{inner}</div>'


def _footer(drawing: Drawing) -> str:
    wanted, rows, speech = dict(drawing.view.footer), drawing.listing.rows, drawing.speech
    cells = ""
    for column in drawing.shown:
        source = column.source
        kind = wanted.get(source.field) if source is not None else None
        text = ""
        if kind == "count":
            text = f"Count={_footer_number(drawing, len(rows))}"
        elif kind == "sum" and source is not None:
            total = sum((row.values[source.field] for row in rows), start=Decimal(0))
            whole = source.kind == "int"
            text = f"Sum={_footer_number(drawing, round(total)) if whole else decimal_text(total, speech.cells)}"
        cells += f'<td class="dxgv">{text or "&nbsp;"}</td>'
    return cells


def _footer_number(drawing: Drawing, number: int) -> str:
    sign = drawing.look.footer_sign
    return f"{number:,}".replace(",", sign) if sign else grouped(number, drawing.speech.cells)


def _filter_bar(drawing: Drawing) -> str:
    expression = drawing.filter_bar
    if not expression:
        return ""
    bar = f"{drawing.grid}_DXFilterBar"
    return (
        f'<table id="{bar}" class="dxgvFilterBar_XafTheme"><tbody><tr><td><span id="{bar}_CBFilterEnabled">'
        f'<input id="{bar}_CBFilterEnabled_S" type="hidden" value="C"></span></td><td><a class="dxgvFilterBarLink" '
        f'href="javascript:;">{escape(expression)}</a></td><td><a href="javascript:;" data-clear-builder="1">Clear</a>'
        "</td></tr></tbody></table>"
    )


def size_text(size: int) -> str:
    """A page size as the pager writes it."""
    return "All" if size == ALL_ROWS else str(size)


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
    sizes = "".join(
        f'<li class="dxm-item" data-size="{size_text(size)}">{size_text(size)}</li>' for size in drawing.look.sizes
    )
    return (
        f'<div id="{pager}" class="dxgvPagerBottomPanel_XafTheme dxpLite_XafTheme">'
        f"{_arrow(current - 1, 'Prev', current > 0)}{html}{_arrow(current + 1, 'Next', current < last)}"
        f'<span class="dxp-pageSizeItem"><span>PAGE SIZE</span>'
        f'<input id="{pager}_PSI" type="text" value="{size_text(drawing.preferences.page_size)}" '
        f"onblur=\"ASPx.POnPageSizeBlur('{pager}', event)\">"
        f'<span id="{pager}_DDB" class="dxp-dropDownButton" data-sizes="1">▾</span></span>'
        f'<ul id="{pager}_PSP" class="dxm-popup" style="display:none">{sizes}</ul></div>'
    )


def _arrow(to: int, name: str, on: bool) -> str:
    css, image = "dxp-button dxp-bi", f'<img class="dxWeb_p{name}_XafTheme" alt="{name}">'
    if on:
        return f'<a class="{css}" href="javascript:;" data-page="{to}">{image}</a>'
    return f'<b class="{css} dxp-disabledButton dxp-disabled">{image}</b>'
