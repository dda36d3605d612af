"""The facts that follow from one page of a list: pure functions over what was read; does not access the page."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from datetime import date
from typing import Any

from archisync_gui.entities.declaration import Entity, Kind, Row
from archisync_gui.erp.cells.parsers import Unreadable, fold, parser
from archisync_gui.erp.cells.rows import RowReader
from archisync_gui.erp.cells.typed import text_of, typed_parser
from archisync_gui.erp.cells.words import Words, plain
from archisync_gui.erp.conformance.facts import Fact, fact
from archisync_gui.erp.lists.filters import State, combo_of, find_preset
from archisync_gui.erp.lists.list_view import ListView
from archisync_gui.erp.lists.page import Page
from archisync_gui.erp.lists.saved_views import View
from archisync_gui.model import SyncFailure

USUAL_MS, USUAL_MS_PER_ROW, SLOW = 300, 16, 2.5
"""The usual time of a callback in ms, with the ms for each row, and from how many times as long the fact differs."""

SHARE = 0.70
"""A list with a smaller share of its earlier rows would be refused as cut short (``docs/erp.md``, Checks)."""

SIZES = ("10", "20", "50", "100", "200")

Structure = Mapping[str, Any]


# --- the page as it opens ---------------------------------------------------------------------------------------------


def as_opened(entity: Entity, state: State, structure: Structure, view: View) -> list[Fact]:
    """The facts that are known before the list is changed."""
    name, grid = entity.name, structure["grid"] or {}
    found = [
        fact("fact-version", bool(state["version"]), name, version=state["version"] or "–"),
        fact("fact-grid-name", bool(re.search(r"_LE_v\d+$", str(state["name"]))), name, name=shape(state["name"])),
        _header(name, grid),
        fact("fact-visible-index", all(c["at"] is not None for c in state["columns"]), name),
        fact("fact-null-texts", bool(grid.get("nullTexts")) if _has_enums(entity) else None, name),
        fact("fact-page-size-box", state["sizeText"] is not None, name),
        fact("fact-page-size-told", grid.get("pageRowSize") is not None, name, size=grid.get("pageRowSize") or "–"),
        fact("fact-page-sizes", _usual_sizes(grid), name, sizes=", ".join(grid.get("sizes", ())) or "–"),
        fact("fact-view-state", 1_000 <= (state["viewState"] or 0) <= 30_000, name, size=state["viewState"]),
        _filter_bar(name, state, grid),
        fact("fact-sort-told", any(c["sortOrder"] is not None for c in state["columns"]), name),
        *_presets(entity, state, grid),
        _columns(entity, state),
        _words_told(entity, state),
    ]
    if name == "orders":
        sort = ", ".join(f"{field} {order}" for field, order in view.sort)
        found.append(fact("fact-default-sort", view.sort == (("CREATEDDATETIME", "DSC"),), name, sort=sort or "–"))
    return found


def _has_enums(entity: Entity) -> bool:
    """Whether the list has enum columns: only their filter editors show a null text, others are empty."""
    return any(column.kind is Kind.ENUM for column in entity.columns)


def _usual_sizes(grid: Structure) -> bool | None:
    sizes = [size for size in grid.get("sizes", ()) if size.isdigit()]
    return set(sizes) <= set(SIZES) and "100" in sizes if sizes else None


def _filter_bar(name: str, state: State, grid: Structure) -> Fact:
    """Whether the filter bar shows only for a filter of the filter builder (``docs/erp.md``, View state): neither
    without a filter nor for filters of the filter row or the headers."""
    filters = state["filters"]
    shown = "+" if grid.get("filterBar") else "–"
    if not grid.get("filterBar"):
        return fact("fact-filter-bar", True, name, bar=shown)
    others = bool(filters["row"] or filters["header"])
    return fact("fact-filter-bar", filters["builder"] not in ("", "?") and not others, name, bar=shown)


def _header(name: str, grid: Structure) -> Fact:
    """Whether there is one header row with as many cells as the rows have. It may be in a table of its own."""
    numbers, cells = grid.get("numbers", ()), grid.get("cells")
    right = not grid.get("problem") and (cells is None or cells == len(numbers))
    return fact(
        "fact-header",
        right,
        name,
        rows=len(grid.get("headerRows", ())),
        blanks=sum(1 for number in numbers if number < 0),
        cells=f"{len(numbers)} / {cells if cells is not None else '–'}",
        table="+" if grid.get("headerTable") else "–",
    )


def _presets(entity: Entity, state: State, grid: Structure) -> list[Fact]:
    wish, combos = entity.filter, state["filters"]["combos"]
    if wish is None:
        own = [combo for combo in combos if any("xaf_xaf" in value for value, _ in combo["items"])]
        return [fact("fact-no-preset", not own, entity.name)]
    try:
        combo, value = find_preset(wish, combos)
    except SyncFailure:
        return [fact("fact-preset", False, entity.name, wanted=wish.texts[0])]
    shown = dict(combo_of(combos, combo)["items"])[value]
    digits = re.search(r"_xaf_(a\d+)_Cb$", combo)
    prefix = re.match(r"xaf_xaf_(a\d+)", value)
    return [
        fact("fact-preset", True, entity.name, wanted=shown),
        fact(
            "fact-preset-digits",
            digits is not None,
            entity.name,
            digits=digits[1] if digits else shape(combo),
            prefix=prefix[1] if prefix else value[:12],
        ),
        fact("fact-options-late", not grid.get("optionsRendered"), entity.name),
        fact("fact-language", shown.strip() == wish.texts[0], entity.name, text=shown),
    ]


def _columns(entity: Entity, state: State) -> Fact:
    there = {column["field"] for column in state["columns"] if column["field"]}
    visible = {column["field"] for column in state["columns"] if column["visible"] and column["field"]}
    declared = {column.field_name for column in entity.columns}
    missing = sorted({c.field_name for c in entity.columns if not c.optional} - there)
    absent = sorted({c.field_name for c in entity.columns if c.optional} - there)
    # Columns of files or images are never read.
    extra = sorted(f for f in visible - declared if not f.endswith(".FileName") and not f.startswith("Image"))
    return fact(
        "fact-columns",
        not missing and not extra,
        entity.name,
        missing=", ".join(missing) or "–",
        unknown=", ".join(extra) or "–",
        absent=", ".join(absent) or "–",
        hidden=len(declared - visible),
        count=len(there),
    )


def _words_told(entity: Entity, state: State) -> Fact:
    """Whether the filter row lists the words of all enum columns, and whether all of them are declared."""
    enums = [column for column in entity.columns if column.kind is Kind.ENUM]
    if not enums:
        return fact("fact-words-told", None, entity.name)
    listed = state["words"]
    missing = [column.field_name for column in enums if column.field_name not in listed]
    unknown = sorted(
        f"{column.name}: {value}"
        for column in enums
        for value, word in listed.get(column.field_name, ())
        if not {plain(value), plain(word)} & {plain(known) for known in column.words}
    )
    return fact(
        "fact-words-told",
        not missing and not unknown,
        entity.name,
        missing=", ".join(missing) or "–",
        unknown="; ".join(unknown[:8]) or "–",
    )


# --- prepared for reading ---------------------------------------------------------------------------------------------


def as_prepared(entity: Entity, view: ListView, state: State, page: Page, wanted: int, before: Set[str]) -> list[Fact]:
    """The facts that are known once filters, order and page size are set for a read."""
    name = entity.name
    most = page.footer if page.footer is not None else page.count * (page.size or 0)
    found = [
        fact("fact-page-size", page.size == wanted, name, size=page.size),
        fact("fact-footer", (page.footer is not None) == (name in ("orders", "ddt")), name, total=page.footer or "–"),
        # Without a footer, ``most`` is the maximum number of rows that the pages can hold.
        fact("fact-rows", most >= SHARE * len(before) if before and most else None, name, now=most, before=len(before)),
        _numbers(entity, page, before),
        fact("fact-sort", view.newest_first if _sortable(state) else None, name),
    ]
    if entity.filter is not None:
        proof = view.preset_proof
        found.append(fact("fact-preset-proof", None if proof is None else proof == "noted", name))
    return found


def _sortable(state: State) -> bool:
    return any(column["field"] == "ID" for column in state["columns"])


def _numbers(entity: Entity, page: Page, before: Set[str]) -> Fact:
    """Whether enough of the shown records have keys that are stored; else the ERP may have renumbered them."""
    now = {key for key in page.keys(entity) if key not in ("", "0")}
    known = len(now & before)
    right = known >= (1 - SHARE) * len(now) if before and now and len(entity.key) == 1 else None
    return fact("fact-numbers", right, entity.name, known=known, shown=len(now))


def callback_time(name: str, ms: int, rows: int) -> Fact:
    """Whether a page turn took about the usual time."""
    times = ms / (USUAL_MS + USUAL_MS_PER_ROW * rows)
    return fact("fact-callback-time", times < SLOW if rows else None, name, ms=ms, rows=rows, times=round(times, 1))


# --- contents ---------------------------------------------------------------------------------------------------------


def contents(entity: Entity, reader: RowReader, page: Page) -> list[Fact]:
    """Whether the rows' contents can be parsed. The facts contain only notations, never contents."""
    bad: dict[str, str] = {}
    for column in entity.columns:
        if column.part is not None:
            continue
        read: Any = typed_parser(column, Words()) if page.typed else parser(column)
        for cell in page.column(column.field_name):
            if cell is None:
                continue
            try:
                read(cell)
            except Unreadable:
                bad.setdefault(column.field_name, shape(text_of(cell)))
    rows = page.records(reader)
    words = sorted(f"{name}: {word}" for name, word in reader.findings.unknown_words)
    examples = "; ".join(f"{name} {example}" for name, example in sorted(bad.items())[:5])
    return [
        fact("fact-notation", not bad if page.rows else None, entity.name, examples=examples),
        fact(
            "fact-words",
            not words if page.rows and _has_enums(entity) else None,
            entity.name,
            words="; ".join(words[:8]),
        ),
        *_meanings(entity, page, rows),
    ]


def as_shown(entity: Entity, fields: Sequence[str], cells: Sequence[Sequence[str | None]]) -> list[Fact]:
    """The facts that only cell texts show: the notations of yes and no, and of amounts. ``cells``: rows in the order of
    ``fields``; images of check boxes are ``Checked`` or ``Unchecked``."""

    def texts(kind: Kind) -> set[str]:
        places = [fields.index(c.field_name) for c in entity.columns if c.kind is kind and c.field_name in fields]
        return {fold(row[at] or "") for row in cells for at in places} - {""}

    boxes, amounts = texts(Kind.BOOL), texts(Kind.MONEY)
    signed = {text for text in amounts if "€" in text}
    # A minus is in front of the amount; brackets, or a minus behind it, were reported but never seen.
    odd = {text for text in amounts if text.endswith("-") or "(" in text}
    usual = not signed if entity.name == "invoices" else signed == amounts
    shapes = ", ".join(sorted({shape(text) for text in amounts})[:6])
    return [
        fact("fact-yes-no", boxes <= {"Checked", "Unchecked"} if boxes else None, entity.name),
        fact("fact-amounts", usual and not odd if amounts else None, entity.name, shapes=shapes or "–"),
    ]


def _meanings(entity: Entity, page: Page, rows: Sequence[Row]) -> list[Fact]:
    """Whether columns whose meaning was once misunderstood have the meaning that ``docs/erp.md`` says."""

    def shapes(name: str) -> str:
        cells = page.column(entity.column(name).field_name)
        return ", ".join(sorted({shape(fold(text_of(cell))) for cell in cells})[:6])

    if entity.name == "customers":
        readable = any(isinstance(row.get("sales_this_year"), int) for row in rows)
        return [fact("fact-sales-act", readable if rows else None, entity.name, shapes=shapes("sales_this_year"))]
    if entity.name == "invoices":
        open_terms = [
            (date.fromisoformat(str(row["due_date"])) - date.fromisoformat(str(row["invoice_date"]))).days
            == row["overdue_days"]
            for row in rows
            if row.get("due_date")
            and row.get("invoice_date")
            and row.get("overdue_days") is not None
            and not row.get("closed_on")
        ]
        closed = [row for row in rows if "closed_on" in row]
        return [
            fact("fact-closed", len(closed) == len(rows) if rows else None, entity.name, shapes=shapes("closed_on")),
            fact(
                "fact-overdue-days",
                sum(open_terms) * 2 > len(open_terms) if open_terms else None,
                entity.name,
                of=len(open_terms),
            ),
        ]
    return []


def shape(found: object) -> str:
    """The notation of a text without its contents: letters become ``a``, digits ``9``; at most 60 characters."""
    return re.sub(r"\d", "9", re.sub(r"[^\W\d_]", "a", str(found)))[:60]
