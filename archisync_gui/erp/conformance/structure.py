"""The structure of an ERP's list pages as a report: columns, presets, page sizes, toolbar; never any contents.

The demo ERP reads the report (schema ``archisync-erp-structure/1``). Does not access the page.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from typing import Any

from archisync_gui.entities import ENTITIES
from archisync_gui.entities.declaration import Kind
from archisync_gui.model import Json

SCHEMA = "archisync-erp-structure/1"

_TYPES = {
    Kind.ID: "number",
    Kind.INTEGER: "number",
    Kind.NUMBER: "number",
    Kind.MONEY: "number",
    Kind.PERCENT: "number",
    Kind.DATE: "date",
    Kind.DATETIME: "datetime",
    Kind.BOOL: "bool",
    Kind.ENUM: "enum",
    Kind.TEXT: "text",
    Kind.LINES: "text",
}

_TOOLBAR = (
    ("copy", ("copia", "copy")),
    ("message", ("messaggio", "message")),
    ("send", ("invia", "send")),
    ("new", ("nuovo", "new")),
    ("delete", ("elimina", "delete")),
    ("edit", ("modifica", "edit")),
    ("refresh", ("aggiorna", "refresh")),
    ("reset", ("ripristina", "reimposta", "reset")),
    ("export", ("esporta", "export")),
    ("pdf", ("pdf",)),
)


def structure_report(pages: Mapping[str, Mapping[str, Any]]) -> dict[str, Json]:
    """The report without facts: the version, and the structure of each list."""
    versions = [str(page["version"]) for page in pages.values() if page.get("version")]
    return {
        "schema": SCHEMA,
        "version": versions[0] if versions else "",
        "lists": {name: _list(name, page["grid"]) for name, page in pages.items() if page.get("grid")},
    }


def _list(name: str, grid: Mapping[str, Any]) -> Json:
    presets = [combo for combo in grid["presets"] if _is_preset(name, combo["values"])]
    names = {combo["id"] for combo in presets}
    kinds = {c.field_name: c.kind for e in ENTITIES if e.name == name for c in e.columns if c.part is None}
    return {
        "columns": [
            {
                "field": column["field"],
                "visible": column["visible"],
                "type": _type(column["field"], kinds.get(column["field"]), grid["editors"].get(column["field"], "")),
            }
            for column in grid["columns"]
            if column["field"]
        ],
        "presets": [_bare(value) for combo in presets for value in combo["values"]],
        "page_sizes": [int(size) if size.isdigit() else size for size in grid["sizes"]],
        "toolbar": [{"index": item["index"], "name": _item(item, names)} for item in grid["toolbar"]],
    }


def _type(field: str, kind: Kind | None, editor: str) -> str:
    if field.endswith("FileName"):
        return "file"
    if field.startswith("Image"):
        return "image"
    if kind is not None:
        return _TYPES[kind]
    # A column that Archisync does not know: its filter editor gives the best hint.
    return "date" if "Date" in editor else "text"


def _bare(value: str) -> str:
    """A preset's value without its prefix (``xaf_xaf_a1``), whose digit changes."""
    return re.sub(r"^xaf_xaf_a\d+", "", value)


def _is_preset(name: str, values: Sequence[str]) -> bool:
    """Whether a combo box holds the preset filter; customers have another one that selects the view."""
    wish = next((entity.filter for entity in ENTITIES if entity.name == name), None)
    return wish is not None and any(value.casefold().endswith(wish.ending) for value in values)


def _item(item: Mapping[str, Any], presets: Set[str]) -> str:
    if item["combo"]:
        return "preset" if item["combo"] in presets else "view"
    text = str(item["text"]).casefold()
    for name, words in _TOOLBAR:
        if any(word in text for word in words):
            return name
    return "overflow"
