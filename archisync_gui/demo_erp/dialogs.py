"""The grid's dialogs: the customization dialog with its column chooser, and the popup of a header filter."""

from __future__ import annotations

from html import escape

from archisync_gui.demo_erp.drawing import Drawing
from archisync_gui.demo_erp.texts import cell_text


def column_dialog(drawing: Drawing) -> str:
    """The customization dialog, closed. It is in the page from the start; its two buttons are numbered after the
    rows' own buttons; the boxes of the columns come when the fourth tab is clicked (docs/erp.md, List view page)."""
    window = f"{drawing.grid}_DXCDWindow"
    tabs = "".join(
        f'<li id="{window}_DXCDPageControl_T{index}"><a id="{window}_DXCDPageControl_T{index}T" '
        f'href="javascript:;">{text}</a></li>'
        for index, text in enumerate(("Sort", "Group", "Filter", "Column Chooser"))
    )
    has_buttons = any(column.system == "edit" for column in drawing.columns)
    close = len(drawing.page_rows) if has_buttons else 0
    return (
        f'<div id="{window}_PW-1" class="gvCOWindow dxpcLite_XafTheme" style="display:none">'
        f'<a id="{window}_DXCBtn{close}" class="dxbButton_XafTheme" href="javascript:;" '
        'data-args="[[\'CustDialogClose\'],0]"><img class="gvCOClose_XafTheme"></a>'
        f'<a id="{window}_DXCBtn{close + 1}" class="dxbButton_XafTheme dxbDisabled_XafTheme" href="javascript:;" '
        'data-args="[[\'CustDialogApply\'],1]"><img class="gvCOApply_XafTheme"></a>'
        f'<ul>{tabs}</ul><div id="{window}_FieldChooserPage"></div></div>'
    )


def column_boxes(drawing: Drawing) -> str:
    """The boxes of the column chooser."""
    control, boxes = f"{drawing.grid}_DXCDWindow_DXCDPageControl_drag", ""
    for column in drawing.columns:
        if column.source is None:
            continue
        state = "Checked" if column.visible else "Unchecked"
        action = "gvCOColumnHide" if column.visible else "gvCOColumnShow"
        boxes += (
            f'<div class="gvCOColumn"><span id="{control}_C{column.index}Chk5_D" class="dxICheckBox_XafTheme '
            f'{action}_XafTheme dxWeb_edtCheckBox{state}_XafTheme"></span> <span>{escape(column.caption)}</span></div>'
        )
    return boxes


def header_popup(drawing: Drawing, index: int) -> str:
    """The popup of one header's filter: the texts of that column."""
    column = drawing.columns[index].source
    texts: list[str] = []
    if column is not None:
        seen = {cell_text(row, column, drawing.speech) for row in drawing.listing.rows[:5_000]}
        texts = sorted(text for text in seen if text)[:200]
    items = "".join(f'<div data-hf="one" data-column="{index}">{escape(text)}</div>' for text in texts)
    everything = drawing.speech.of("(Tutti)", "(All)")
    return (
        f'<div id="{drawing.grid}_DXHFP" class="dxgvHFP"><div data-hf="all" data-column="{index}">{everything}</div>'
        f"{items}</div>"
    )
