"""The editors of a list page: filter row, search boxes and combo boxes, as HTML and as the client's control data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from typing import Any

from archisync_gui.demo_erp.columns import ENUM_SETS, Column
from archisync_gui.demo_erp.drawing import Drawing, has_editor
from archisync_gui.demo_erp.layout import GridColumn
from archisync_gui.demo_erp.texts import Speech, editor_text

ControlData = Mapping[str, Any]
"""What the client makes a control object of: ``type``, ``id`` and that type's own members."""

CONDITIONS = (
    "Default", "BeginsWith", "EndsWith", "Contains", "DoesNotContain", "Equals", "Less", "LessOrEqual", "Greater",
    "GreaterOrEqual", "NotEqual", "Like",
)  # fmt: skip
"""The filter row's conditions in the order of the client's numbers."""


def text_box(control: str, text: str, null_text: str = "", button: str = "") -> str:
    """A text editor. Without a value it holds its null text as the input's value (docs/erp.md, View state)."""
    nothing = bool(null_text) and not text
    css = "dxeTextBoxSys dxeTextBox_XafTheme" + (" dxeNullText_XafTheme" if nothing else "")
    end = (
        f'<td id="{control}_{button}" class="dxeButton dxeButtonEditButton_XafTheme"><img alt="Search"></td>'
        if button
        else ""
    )
    return (
        f'<table id="{control}" class="{css}" cellspacing="0"><tbody><tr><td class="dxic">'
        f'<input id="{control}_I" class="dxeEditArea_XafTheme dxeEditAreaSys" type="text" '
        f'value="{escape(null_text if nothing else text)}" onfocus="ASPx.EGotFocus(\'{control}\')" '
        f"onblur=\"ASPx.ELostFocus('{control}')\" onchange=\"ASPx.EValueChanged('{control}')\"></td>"
        f"{end}</tr></tbody></table>"
    )


@dataclass(frozen=True, slots=True)
class Combo:
    """A combo box with its options as value and text. ``name`` is its WebForms name; toolbars have one."""

    control: str
    value: str | None
    items: tuple[tuple[str | None, str], ...]
    null_text: str = ""
    name: str = ""

    @property
    def text(self) -> str:
        """The text of the chosen option; empty if none is chosen."""
        return "" if self.value is None else dict(self.items).get(self.value, self.value)

    def html(self) -> str:
        """The closed combo box. Its options are rendered by the client when the list opens."""
        control, name = self.control, self.name or self.control.replace("_", "$")
        nothing = bool(self.null_text) and self.value is None
        css = "dxeButtonEditSys dxeButtonEdit_XafTheme" + (" dxeNullText_XafTheme" if nothing else "")
        return (
            f'<table id="{control}" class="{css}" cellspacing="0"><tbody><tr><td style="display:none">'
            f'<input id="{control}_VI" name="{control}_VI" type="hidden" value="{escape(self.value or "")}"></td>'
            f'<td class="dxic"><input id="{control}_I" name="{name}" type="text" readonly '
            'class="dxeEditArea_XafTheme dxeEditAreaSys" '
            f'value="{escape(self.null_text if nothing else self.text)}"></td><td id="{control}_B-1" '
            'class="dxeButton dxeButtonEditButton_XafTheme"><img alt="v"></td></tr></tbody></table>'
            f'<div id="{control}_DDD_PW-1" class="dxpcDropDown_XafTheme" style="display:none">'
            f'<input type="hidden" id="{control}_DDD_LVI" name="{name}$DDD$L" value="">'
            f'<table id="{control}_DDD_L" class="dxeListBox_XafTheme"><tbody>'
            f'<tr class="dxeListBoxItemRow_XafTheme" style="display:none"><td id="{control}_DDD_L_LBI-1T0" '
            'class="dxeListBoxItem_XafTheme">&nbsp;</td></tr></tbody></table></div>'
        )

    def data(self, kind: str = "combo") -> ControlData:
        """The client's control data."""
        return {
            "type": kind,
            "id": self.control,
            "value": self.value,
            "items": self.items,
            "nullText": self.null_text,
        }


# --- the filter row


def filter_row_cells(drawing: Drawing) -> tuple[str, list[ControlData]]:
    """The cells of the filter row, in the order of the headers, and the controls of their editors."""
    html, controls = "", []
    for column in drawing.shown:
        if column.source is None or not has_editor(column.source):
            html += '<td class="dxgv">&nbsp;</td>'
            continue
        editor, data = _filter_editor(drawing, column, column.source)
        html += f'<td class="dxgv">{editor}</td>'
        controls.append(data)
    for column in drawing.editor_columns:
        if column.source is not None and not column.visible:
            editor, data = _filter_editor(drawing, column, column.source)
            html += f'<td class="dxgv" style="display:none">{editor}</td>'
            controls.append(data)
    return html, controls


def filter_conditions(drawing: Drawing) -> dict[str, int]:
    """The condition's number of each filtered column by column index, as the client knows it."""
    index = {column.source.field: column.index for column in drawing.columns if column.source is not None}
    return {
        str(index[entry.field]): CONDITIONS.index(entry.operator)
        for entry in drawing.preferences.filter_row
        if entry.field in index
    }


def _filter_editor(drawing: Drawing, column: GridColumn, source: Column) -> tuple[str, ControlData]:
    control = f"{drawing.grid}_DXFREditorcol{column.index}"
    entry = next((entry for entry in drawing.preferences.filter_row if entry.field == source.field), None)
    value, speech = entry.value if entry else None, drawing.speech
    if source.kind in ("enum", "bool"):
        combo = _filter_combo(control, source, value, speech, drawing.look.enum_null)
        return combo.html(), combo.data("filter-combo")
    text = editor_text(value, source, speech) if value is not None else ""
    if source.kind in ("date", "datetime"):
        day = _day(value)
        shown: Any = {"$date": [day.year, day.month - 1, day.day, 0, 0, 0]} if day else None
        return text_box(control, text, button="B-1"), {"type": "date", "id": control, "value": shown, "text": text}
    return text_box(control, text), {"type": "text", "id": control, "text": text}


def _filter_combo(control: str, source: Column, value: str | None, speech: Speech, null_text: str) -> Combo:
    if source.kind == "bool":
        items = (("true", speech.of("Sì", "Yes")), ("false", "No"))
        return Combo(control, value, ((None, ""), *items))
    words = tuple((name, editor_text(name, source, speech)) for name, _ in ENUM_SETS[source.field])
    return Combo(control, value, ((None, null_text), *words), null_text)


def _day(value: str | None) -> date | None:
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        return None


# --- search boxes


def search_box(control: str, text: str, null_text: str) -> tuple[str, ControlData]:
    """The search box of the toolbar: its button is the editor's ``_B1``."""
    data = {"type": "search", "id": control, "text": text, "nullText": null_text}
    return text_box(control, text, null_text, button="B1"), data


def search_panel(drawing: Drawing) -> tuple[str, ControlData]:
    """The grid's own search box; its null text is English in every session."""
    control, text = f"{drawing.grid}_DXSE", drawing.preferences.search_panel
    null_text = "Enter text to search..."
    html = f'<div class="dxgvSearchPanel_XafTheme">{text_box(control, text, null_text)}</div>'
    return html, {"type": "text", "id": control, "text": text, "nullText": null_text}


def control_data(controls: Sequence[ControlData]) -> list[ControlData]:
    """A list that can be sent as JSON."""
    return [dict(data) for data in controls]
