"""Drafts as a table for spreadsheets, one row for each line; ``archisync_gui.export`` writes the file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from archisync_gui.drafts import Draft
from archisync_gui.drafts.amounts import line_amount

HEADS = {
    "it": (
        "bozza salvata cliente codice_cliente data listino articolo nome quantità prezzo per sconto omaggio IVA_% "
        "importo nota_di_riga nota consegna data_desiderata"
    ),
    "en": (
        "draft saved customer customer_code date price_list article name quantity price per discount free VAT_% amount "
        "line_note note delivery desired_date"
    ),
}


def table(drafts: Sequence[Draft], language: str) -> tuple[list[str], list[list[object]]]:
    """Column headings and rows. A draft without lines has one row; so has one whose content cannot be read, with its id
    and time only."""
    heads = [head.replace("_", " ") for head in HEADS["it" if language == "it" else "en"].split()]
    rows: list[list[object]] = []
    for draft in drafts:
        try:
            rows.extend(_rows(draft))
        except (KeyError, TypeError, ValueError, AttributeError):
            rows.append([draft.id, draft.updated_at, *[None] * (len(heads) - 2)])
    return heads, rows


def _rows(draft: Draft) -> Iterator[list[object]]:
    d: Any = draft.document
    customer = d.get("customer") or {}
    begin = [draft.id, draft.updated_at, customer.get("name"), customer.get("accountNum"), _day(d.get("date"))]
    begin.append(d.get("priceGroup"))
    end = [d.get("note"), d.get("deliveryAddress"), _day(d.get("desiredDate"))]
    lines = [_cells(line) for line in d.get("lines") or ()]
    for cells in lines or [[None] * 10]:
        yield [*begin, *cells, *end]


def _cells(line: Any) -> list[object]:
    discounts = "+".join(f"{discount / 100:g}".replace(".", ",") for discount in line.get("discounts") or ())
    return [
        line["itemId"],
        line["name"],
        _scaled(line["quantity"], 3),
        _scaled(line["unitPrice"], 2),
        _scaled(line.get("priceUnit") or 1000, 3),
        discounts or None,
        "x" if line.get("free") else None,
        _scaled(line.get("vatPercent"), 2),
        _scaled(line_amount(line), 2),
        line.get("note"),
    ]


def _scaled(value: int | None, digits: int) -> Decimal | None:
    return None if value is None else Decimal(value).scaleb(-digits)


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
