"""The structure of an ERP's list pages as a report: columns, presets, page sizes, toolbar; never any contents.

The demo ERP reads it (schema ``archisync-erp-structure/1``); nothing here asks a page.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
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
    ("pdf", ("pdf",)),
    ("export", ("esporta", "export")),
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
        "presets": [
            _bare(value)
            for combo in grid["presets"]
            for value in combo["values"]
            if not value.startswith("CUSTTABLE_") and "_ListView" not in value
        ],
        "page_sizes": [int(size) if size.isdigit() else size for size in grid["sizes"]],
        "toolbar": [{"index": item["index"], "name": _item(item)} for item in grid["toolbar"]],
    }


def _type(field: str, kind: Kind | None, editor: str) -> str:
    if field.endswith("FileName"):
        return "file"
    if field.startswith("Image"):
        return "image"
    if kind is not None:
        return _TYPES[kind]
    # A column that Archisync does not know: the kind of its filter editor tells most.
    return "date" if "Date" in editor else "text"


def _bare(value: str) -> str:
    """A preset's value without the prefix whose digit changes (``xaf_xaf_a1``)."""
    return re.sub(r"^xaf_xaf_a\d+", "", value)


def _item(item: Mapping[str, Any]) -> str:
    if item["combo"]:
        return "preset"
    text = str(item["text"]).casefold()
    for name, words in _TOOLBAR:
        if any(word in text for word in words):
            return name
    return "overflow"
