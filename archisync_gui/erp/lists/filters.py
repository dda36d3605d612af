"""Filters of a list: finds the wanted preset among the options, refuses filters that could not be restored, and checks
that no other filter is set. Pure functions over the state of a list (``Look.STATE``); no page.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from archisync_gui.entities.declaration import Entity, FilterWish, Kind
from archisync_gui.erp.failures import layout, refused
from archisync_gui.erp.lists.saved_views import RowFilter, View
from archisync_gui.model import Json, SyncFailure

State = Mapping[str, Any]
"""The state of a list, as ``view_state.js`` returns it."""

Combo = Mapping[str, Any]


def find_preset(wish: FilterWish, combos: Sequence[Combo]) -> tuple[str, str]:
    """The id of the preset filter's combo box and the internal value of the wanted option.

    Values begin with a prefix that changes now and then, so they are matched by family and ending. There may be other
    combo boxes (customers have a view selector). If not exactly one value matches, the option's text decides. Raises
    ``preset-missing`` if that does not leave exactly one option, either (``docs/erp.md``, Presets).
    """
    options = [
        (str(combo["id"]), str(value), str(text).strip())
        for combo in combos
        if any(wish.family in str(value).casefold() for value, _ in combo["items"])
        for value, text in combo["items"]
    ]
    by_value = [option for option in options if any(_ends_with_words(option[1], ending) for ending in wish.ending)]
    by_text = [option for option in by_value or options if option[2] in wish.texts]
    found = by_value if len(by_value) == 1 else by_text
    if len(found) != 1:
        raise layout("preset-missing", wanted=wish.texts[0])
    combo_id, value, _ = found[0]
    return combo_id, value


def _ends_with_words(value: str, ending: str) -> bool:
    """Whether a value ends with ``ending``, at the start of a word: ``InactivePrices`` does not (*activeprices*)."""
    if not value.casefold().endswith(ending):
        return False
    before, first = value[: -len(ending)][-1:], value[-len(ending)]
    return not before.isalpha() or (before.islower() and first.isupper())


def find_option(texts: Sequence[str], combos: Sequence[Combo], combo: str) -> str:
    """The value of the option with one of these texts, else of the first option that is not chosen now."""
    found = combo_of(combos, combo)
    for value, text in found["items"]:
        if text.strip() in texts:
            return str(value)
    for value, _ in found["items"]:
        if value != found["value"]:
            return str(value)
    raise layout("preset-missing", wanted=texts[0] if texts else "?")


def plain_preset(value: str | None) -> str | None:
    """A preset's value without its prefix, whose digit differs between pages (``docs/erp.md``, Presets)."""
    return None if value is None else re.sub(r"^xaf_xaf_a\d+", "", value)


def combo_of(combos: Sequence[Combo], name: str) -> Combo:
    """The combo box with that id; raises ``preset-missing`` if the page no longer has it."""
    for combo in combos:
        if combo["id"] == name:
            return combo
    raise layout("preset-missing", wanted=name)


def view_of(state: State, wish: FilterWish | None) -> View:
    """The list's present view."""
    filters = state["filters"]
    preset = None
    if wish is not None:
        combo, _ = find_preset(wish, filters["combos"])
        preset = str(combo_of(filters["combos"], combo)["value"])
    return View(
        preset=preset,
        filter_row=tuple(RowFilter(f["field"], f["value"], f["operator"]) for f in filters["row"]),
        search=filters["search"],
        bar=filters["bar"],
        group=tuple((field, order) for field, order in filters["group"]),
        sort=tuple((field, order) for field, order in filters["sort"]),
        page=state["index"],
        size=state["size"],
        size_text=state["sizeText"] or "",
    )


def refuse_what_cannot_be_restored(entity: Entity, state: State) -> None:
    """Raise for a filter or a sort order that could be cleared but not restored exactly."""
    filters = state["filters"]
    found: tuple[str, str] | None = None
    if filters["builder"]:
        found = "filter-builder", filters["builder"]
    elif filters["header"]:
        found = "filter-header", ", ".join(filters["header"])
    elif filters["unknown"]:
        found = "filter-unknown", ", ".join(filters["unknown"])
    elif odd := [f for f in filters["row"] if not _usual_operator(entity, f)]:
        found = "filter-operator", ", ".join(f"{f['field']}: {f['text']}" for f in odd)
    elif any(not field for field, _ in filters["group"]):
        found = "filter-grouping", "?"
    elif not filters["sortSure"]:
        found = "sort-unknown", ", ".join(field for field, _ in filters["sort"])
    elif preset := _preset_not_offered(entity, filters["combos"]):
        found = "preset-not-offered", preset
    elif view := _other_view(entity, filters["combos"]):
        found = "filter-view", view
    if found is not None:
        raise _refusal(entity, found, evidence_of(entity, filters))


def _preset_not_offered(entity: Entity, combos: Sequence[Mapping[str, Any]]) -> str:
    """The chosen preset, if it is not among the options and so could not be chosen again. Empty: it is offered."""
    if entity.filter is None:
        return ""
    shown = combo_of(combos, find_preset(entity.filter, combos)[0])
    return "" if shown["value"] in dict(shown["items"]) else str(shown["value"])


def _other_view(entity: Entity, combos: Sequence[Combo]) -> str:
    """The text of the view that is chosen instead of the list's own; empty: its own, or there is no choice."""
    for combo in combos:
        items = dict(combo["items"])
        own = [value for value in items if entity.view and _ends_with_words(str(value), entity.view)]
        if own and combo["value"] in items and combo["value"] not in own:
            return str(items[combo["value"]])
    return ""


_BEGINS_WITH = frozenset(("1", "beginswith"))
_EQUALS = frozenset(("5", "equals"))


def _usual_operator(entity: Entity, row_filter: Mapping[str, Any]) -> bool:
    """Whether a row filter has the operator that the ERP uses when the value is set again, since no call can set
    another one (``docs/erp.md``, View state). False if the page does not show the operator."""
    operator = str(row_filter["operator"] or "").casefold()
    kinds = {column.kind for column in entity.columns if column.field_name == row_filter["field"]}
    if kinds & {Kind.TEXT, Kind.LINES}:
        return operator in _BEGINS_WITH
    return operator in (_EQUALS if kinds else _BEGINS_WITH)


def check_filters(entity: Entity, state: State) -> dict[str, Json]:
    """All filters, as evidence. Raises a ``REFUSED`` failure for the first that is not as wanted."""
    filters = state["filters"]
    evidence = evidence_of(entity, filters)
    found: tuple[str, str] | None = None
    wish = entity.filter
    if wish is not None:
        combo, value = find_preset(wish, filters["combos"])
        shown = combo_of(filters["combos"], combo)
        if shown["value"] != value:
            found = "filter-preset", f"{evidence['preset']} ≠ {dict(shown['items'])[value]}"
    if found is None and filters["row"]:
        found = "filter-row", ", ".join(f"{f['field']}: {f['text']}" for f in filters["row"])
    if found is None and (filters["search"] or filters["bar"]):
        found = "filter-search", filters["search"] or filters["bar"]
    if found is None and filters["group"]:
        found = "filter-grouping", ", ".join(field for field, _ in filters["group"]) or "?"
    if found is not None:
        raise _refusal(entity, found, evidence)
    refuse_what_cannot_be_restored(entity, {**state, "filters": {**filters, "sortSure": True}})
    return evidence


def evidence_of(entity: Entity, filters: Mapping[str, Any]) -> dict[str, Json]:
    """The filters as JSON, for a failure or a finished read."""
    evidence: dict[str, Json] = {key: filters[key] for key in ("row", "search", "bar", "header", "group", "builder")}
    if entity.filter is not None:
        combo, _ = find_preset(entity.filter, filters["combos"])
        shown = combo_of(filters["combos"], combo)
        evidence["preset"] = dict(shown["items"]).get(shown["value"], shown["value"])
    return evidence


def _refusal(entity: Entity, found: tuple[str, str], evidence: dict[str, Json]) -> SyncFailure:
    failure = refused(found[0], list=entity.name, found=found[1])
    failure.evidence = {"filters": evidence}
    return failure
