"""Which columns a user's grid has, in which order and at which index."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from archisync_gui.demo_erp.columns import Column, ListView
from archisync_gui.demo_erp.texts import Speech

LAYOUT_FAULTS = (
    "moved-columns", "renamed-captions", "renamed-column", "missing-column", "new-column", "new-system-column",
)  # fmt: skip
"""Faults that change the columns."""


@dataclass(frozen=True, slots=True)
class GridColumn:
    """A column of one user's grid. ``source`` is None for a system column. Hidden columns have a ``visible_index``
    behind the visible ones. ``band`` is the index of the column's band, None if it has none."""

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
    switched: Mapping[str, bool],
    fault: Mapping[str, Mapping[str, str]],
    added: int = 0,
) -> tuple[GridColumn, ...]:
    """All columns by index.

    ``switched`` are the user's own choices of columns, ``fault`` the layout faults that are on, ``added`` the number
    of columns that came with an update of the ERP: the first of them is visible, all stand before the others.
    """
    fields = [column.field for column in view.columns if column.visible and switched.get(column.field, True)]
    # A column shown again goes to the end, not back to its place (docs/erp.md, List view page).
    fields += [name for name, on in switched.items() if on and not view.column(name).visible]
    system = [*view.system, *(["status"] if "new-system-column" in fault else [])]
    definition = list(view.definition_order)
    if "missing-column" in fault:
        gone = fault["missing-column"]["column"] or fields[2]
        fields = [name for name in fields if name != gone]
        definition = [name for name in definition if name != gone]
    if "moved-columns" in fault:
        fields = fields[3:] + fields[:3][::-1]
        definition = definition[5:] + definition[:5]
    news = {f"BRASUPDATE{number}": f"NUOVO {number}" for number in range(1, added + 1)}
    fields = [*list(news)[:1], *fields]
    hidden = [name for name in (*news, *definition) if name not in fields]
    place = {name: len(system) + at for at, name in enumerate((*fields, *hidden))}
    renamed = fault["renamed-column"]["column"] or fields[2] if "renamed-column" in fault else None
    columns = [GridColumn(index, "", "", None, True, index, kind) for index, kind in enumerate(system)]
    for name in (*news, *definition):
        source = Column(name, news[name], news[name]) if name in news else view.column(name)
        caption = speech.of(source.it, source.en)
        if "renamed-captions" in fault:
            caption = f"{caption.rstrip(':')} (NUOVO)"
        shown_as = f"{name}2" if name == renamed else name
        columns.append(GridColumn(len(columns), shown_as, caption, source, name in fields, place[name]))
    if "new-column" in fault:
        columns = _with_new_column(columns, len(system) + 1)
    return tuple(columns)


def _with_new_column(columns: list[GridColumn], at: int) -> list[GridColumn]:
    shifted = [
        replace(column, visible_index=column.visible_index + 1) if column.visible_index >= at else column
        for column in columns
    ]
    extra = Column("BRASNEWFIELD", "CAMPO NUOVO", "NEW FIELD")
    return [*shifted, GridColumn(len(columns), extra.field, extra.it, extra, True, at)]
