"""Structure reports: what the lists of a real ERP look like, without any content, to shape the demo ERP after them.

A report is one JSON object (``doctor --erp --conformance`` writes it); every member but ``lists`` may be missing::

    {
      "schema": "archisync-erp-structure/1",
      "version": "2.0.48",
      "variations": ["other-digits=search:a1,first:a0,second:a3"],
      "faults": [],
      "lists": {
        "orders": {
          "columns": [{"field": "ID", "visible": true, "type": "number"}],
          "presets": ["ListViewSalesTableOrdersAll"],
          "page_sizes": [10, 20, 50, "All"],
          "toolbar": [{"index": 0, "name": "new"}, {"index": 8, "name": "preset"}]
        }
      }
    }

``lists`` goes by the names customers, orders, ddt, invoices, products, prices. ``columns`` stand in the order of the
client's indexes without the system columns; the visible ones are shown in that order. Of ``page_sizes``, a
word in any language means all rows. ``type`` is one of text, number,
date, datetime, bool, enum, file, image. A column that the demo does not know gets no content; one that the report does
not have is left out. ``presets`` are the last parts of the options' values. ``toolbar`` names are those of
``MenuItem``, ``preset``, ``view`` and ``overflow``; it moves known items and leaves out the others.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from archisync_gui.demo_erp.lists.view import Column, FilterOption, Kind, ListView, MenuItem
from archisync_gui.demo_erp.saved_views import ALL_ROWS

SCHEMA = "archisync-erp-structure/1"

_KINDS: Mapping[str, Kind] = {
    "text": "text", "number": "number", "date": "date", "datetime": "datetime", "bool": "bool", "enum": "text",
    "file": "file", "image": "image",
}  # fmt: skip
"""What a column of that type is drawn as where the demo does not know it."""


@dataclass(frozen=True, slots=True)
class Structure:
    """A structure report that was read. ``lists`` is the report's own member."""

    lists: Mapping[str, Mapping[str, Any]]
    version: str = ""
    faults: tuple[str, ...] = ()
    variations: tuple[str, ...] = ()

    @classmethod
    def read(cls, path: Path) -> Structure:
        """Read a report. OSError: no such file; ValueError: not a structure report."""
        return cls.parse(json.loads(path.read_text(encoding="utf-8")))

    @classmethod
    def parse(cls, report: Any) -> Structure:
        """Take a report apart. ValueError: it is none, or of another schema."""
        if not isinstance(report, dict) or not isinstance(report.get("lists", {}), dict):
            raise ValueError("a structure report is a JSON object with the member lists")
        if report.get("schema", SCHEMA) != SCHEMA:
            raise ValueError(f"the report's schema is {report['schema']!r}, this demo reads {SCHEMA!r}")
        structure = cls(
            report.get("lists", {}),
            str(report.get("version", "")),
            tuple(str(fault) for fault in report.get("faults", ())),
            tuple(str(variation) for variation in report.get("variations", ())),
        )
        for name, entry in structure.lists.items():
            for column in entry.get("columns", ()):
                if not isinstance(column.get("field"), str) or column.get("type", "text") not in _KINDS:
                    raise ValueError(f"list {name}: not a column: {column!r} (types: {', '.join(_KINDS)})")
        return structure

    def shape(self, lists: Mapping[str, ListView]) -> dict[str, ListView]:
        """The list views as the report has them; lists that it does not name stay as they are."""
        return {name: _shaped(view, self.lists[name]) if name in self.lists else view for name, view in lists.items()}


def _shaped(view: ListView, entry: Mapping[str, Any]) -> ListView:
    if columns := entry.get("columns"):
        known = {column.field: column for column in view.columns}
        shaped = tuple(_column(known.get(each["field"]), each) for each in columns if each["field"])
        fields = [column.field for column in shaped]
        view = replace(
            view,
            columns=shaped,
            definition_order=tuple(fields),
            sort=tuple(item for item in view.sort if item[0] in fields),
            footer=tuple(item for item in view.footer if item[0] in fields),
        )
    if presets := entry.get("presets"):
        options = {option.word: option for option in view.options}
        words = [str(word) for word in presets]
        default = view.default_option if view.default_option in words else words[0]
        view = replace(
            view,
            options=tuple(options.get(word, FilterOption(word, word, word)) for word in words),
            default_option=default,
        )
    if sizes := entry.get("page_sizes"):
        view = replace(view, page_sizes=tuple(int(size) if str(size).isdigit() else ALL_ROWS for size in sizes))
    if toolbar := entry.get("toolbar"):
        view = _with_toolbar(view, {str(item["name"]): int(item["index"]) for item in toolbar})
    return view


def _column(known: Column | None, each: Mapping[str, Any]) -> Column:
    visible = bool(each.get("visible", True))
    if known is not None:
        return replace(known, visible=visible)
    field = str(each["field"])
    return Column(field, field, field, _KINDS[each.get("type", "text")], visible)


def _with_toolbar(view: ListView, places: Mapping[str, int]) -> ListView:
    menu: tuple[MenuItem, ...] = tuple(
        replace(item, index=places[item.name]) for item in view.menu if item.name in places
    )
    return replace(
        view,
        menu=menu,
        combo=places.get("preset", view.combo),
        view_combo=places.get("view", view.view_combo),
        overflow=places.get("overflow", view.overflow),
    )
