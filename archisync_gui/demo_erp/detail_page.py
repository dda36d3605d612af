"""The HTML of a detail page: the fields of one record and the nested grids that stand below them."""

from __future__ import annotations

import secrets
from html import escape

from archisync_gui.demo_erp.columns import Column, ListView
from archisync_gui.demo_erp.pages import document, footer, frame
from archisync_gui.demo_erp.streams import Row
from archisync_gui.demo_erp.texts import Speech, cell_text

_NESTED = {"customers": ("xaf_dviADDRESSes", "xaf_dviCONTACTs"), "orders": ("xaf_dviSALESLINEs", "xaf_dviDOCUMENTs")}
"""The collections that the detail pages of a list show in grids of their own."""


def detail_page(user: str, view: ListView, row: Row, speech: Speech, version: str, by_path: bool = False) -> str:
    """The read-only page of one record: each field in an element whose id holds ``xaf_dvi{FIELD}_View``.

    Most lookups are named without their sub-path there; with ``by_path`` none is.
    """
    number = 100_000_000 + secrets.randbelow(900_000_000)
    layout = f"Vertical_v3_{number}_MainLayoutView_xaf_l1"
    fields = ""
    for column in view.columns:
        name = column.field.replace(".", "_") if by_path else column.detail_id
        if name:
            fields += _field(f"{layout}_xaf_dvi{name}_View", row, column, speech)
    grids = [f"{layout}_{name}_LE_v{4 + at}" for at, name in enumerate(_NESTED.get(view.name, ()))]
    title = f"{row.values.get('NAME') or row.values.get('SALESID') or row.key} - {speech.of(view.it, view.en)}"
    body = (
        f"{frame(user, view.path, speech)}<h1 class='ViewCaption'>{escape(title)}</h1>"
        f"<table class='detail'>{fields}</table>{''.join(_nested_grid(grid) for grid in grids)}"
        '<div id="Vertical_PopupWindow_PW-1" class="dxpcLite_XafTheme" style="display:none"></div>'
        f"{footer(version)}"
    )
    boot = {"kind": "plain", "locale": speech.cells, "nested": grids}
    return document(title, body, boot, "VerticalTemplate", "./", speech)


def _field(element: str, row: Row, column: Column, speech: Speech) -> str:
    caption = escape(speech.of(column.it, column.en))
    if column.kind == "bool":
        # A yes/no box shows its own caption instead of a word.
        value = row.values.get(column.field)
        state = "Grayed" if value is None else "Checked" if value else "Unchecked"
        text = (
            f'<span id="{element}_S_D" class="dxWeb_edtCheckBox{state}_XafTheme dxICheckBox_XafTheme dxichSys"></span>'
            f'<label for="{element}">{caption}</label>'
        )
    else:
        text = escape(cell_text(row, column, speech)).replace("\n", "<br>\n")
    return f'<tr><td class="Caption">{caption}</td><td id="{element}">{text}</td></tr>'


def _nested_grid(grid: str) -> str:
    return (
        f'<table id="{grid}" class="dxgvControl_XafTheme"><tbody><tr><td><table id="{grid}_DXMainTable"><tbody>'
        f'<tr id="{grid}_DXHeadersRow0"><td id="{grid}_col0" class="dxgvHeader_XafTheme">ID</td></tr>'
        f'<tr id="{grid}_DXDataRow0" class="dxgvDataRow_XafTheme"><td class="dxgv">1</td></tr></tbody></table></td>'
        "</tr></tbody></table>"
    )
