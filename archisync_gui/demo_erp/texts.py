"""The text of one value: in a cell, in an editor, and as the plain value of a row filter. No HTML here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from archisync_gui.demo_erp.columns import Column, enum_text
from archisync_gui.demo_erp.streams import Row


@dataclass(frozen=True, slots=True)
class Speech:
    """Languages of one answer (``it`` or ``en``): ``captions`` of texts, ``cells`` of dates and numbers.

    ``ids`` is the notation of internal ids: ``dotted``, ``plain`` or ``comma``. ``yes_no`` says what a yes/no cell
    holds: an ``image`` or a ``word``. ``signed``: amounts of invoices carry the currency sign, too.
    """

    captions: str
    cells: str
    ids: str = "dotted"
    yes_no: str = "image"
    signed: bool = False

    def of(self, it: str, en: str) -> str:
        """The caption in the page's language."""
        return it if self.captions == "it" else en


def grouped(number: int, locale: str) -> str:
    """A whole number with thousands separators."""
    text = f"{number:,}"
    return text.replace(",", ".") if locale == "it" else text


def decimal_text(value: Decimal, locale: str, places: int = 2) -> str:
    """A number with that many decimals."""
    text = f"{value:,.{places}f}"
    return text.translate(str.maketrans(",.", ".,")) if locale == "it" else text


def date_text(value: date, locale: str) -> str:
    """A day as the cells print it."""
    return f"{value:%d/%m/%Y}" if locale == "it" else f"{value.month}/{value.day}/{value.year}"


def cell_text(row: Row, column: Column, speech: Speech) -> str:
    """The text of one cell as a human reads it (a yes/no cell usually shows an image instead)."""
    value = row.values.get(column.field)
    if column.kind == "file":
        return "N/A" if value is None else str(value)
    if value is None:
        return ""
    return value_text(value, column, speech)


def value_text(value: Any, column: Column, speech: Speech) -> str:
    """The text of a value that is not None."""
    locale = speech.cells
    match column.kind:
        case "id":
            return _id_text(value, speech)
        case "int":
            return grouped(value, locale)
        case "amount":
            return _amount(value, locale)
        case "number":
            return _amount(Decimal(value), locale) if speech.signed else _bare(Decimal(value), locale)
        case "percent":
            return f"{decimal_text(value, locale)} %" if locale == "it" else f"{decimal_text(value, locale)}%"
        case "qty":
            return decimal_text(value, locale)
        case "date":
            return date_text(value, locale)
        case "datetime":
            if locale == "it":
                return f"{value:%d/%m/%Y %H:%M:%S}"
            hour, half = value.hour % 12 or 12, "AM" if value.hour < 12 else "PM"
            return f"{date_text(value, locale)} {hour}:{value:%M:%S} {half}"
        case "bool":
            return speech.of("Sì", "Yes") if value else "No"
        case "enum":
            return enum_text(column.field, value, speech.captions)
        case _:
            return str(value)


def _id_text(value: int, speech: Speech) -> str:
    match speech.ids:
        case "plain":
            return str(value)
        case "comma":
            return f"{value:,}"
        case _:
            return grouped(value, speech.cells)


def _amount(value: Decimal, locale: str) -> str:
    sign = "-" if value < 0 else ""
    positive = decimal_text(abs(value), locale)
    return f"{sign}{positive} €" if locale == "it" else f"{sign}€{positive}"


def _bare(value: Decimal, locale: str) -> str:
    """A number without sign of a currency, its decimals as they fall: ``0``, ``1.650``, ``94,5``."""
    places = max(0, -int(value.normalize().as_tuple().exponent)) if value else 0
    return decimal_text(value, locale, min(places, 2))


# --- values of row filters


def plain_value(value: Any) -> str:
    """A record's value as a row filter holds it: an enum's name, ``YYYY-MM-DD``, ``true``, digits, else the text."""
    match value:
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.date().isoformat()
        case date():
            return value.isoformat()
        case Decimal():
            return f"{value.normalize():f}"
        case _:
            return str(value)


def filter_value(posted: str, column: Column) -> str:
    """What the server makes of a value that the client posted for a row filter: dates in the notations that the
    editors post; everything else as it came (a value that the enum does not have simply finds nothing)."""
    if column.kind not in ("date", "datetime"):
        return posted
    for notation in ("%d/%m/%Y", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"):
        try:
            return datetime.strptime(posted[:19], notation).replace(tzinfo=UTC).date().isoformat()
        except ValueError:
            continue
    return posted


def editor_text(value: str, column: Column, speech: Speech) -> str:
    """What a filter row editor shows for a row filter's value."""
    match column.kind:
        case "enum":
            return enum_text(column.field, value, speech.captions)
        case "bool":
            return speech.of(*{"true": ("Sì", "Yes"), "false": ("No", "No")}.get(value, (value, value)))
        case "date" | "datetime":
            try:
                return date_text(date.fromisoformat(value), speech.cells)
            except ValueError:
                return value
        case _:
            return value


def client_value(value: Any, column: Column, speech: Speech, enum_words: bool = False) -> Any:
    """A value as GetRowValues and GetPageRowValues give it: numbers, booleans and texts as they are, dates as the
    parts of a local ``Date`` (month from 0), an enum's own name (or its word, where ``enum_words``), None for nothing.
    """
    match value:
        case None:
            return None
        case datetime():
            return {"$date": [value.year, value.month - 1, value.day, value.hour, value.minute, value.second]}
        case date():
            return {"$date": [value.year, value.month - 1, value.day, 0, 0, 0]}
        case Decimal():
            return float(value)
        case _ if column.kind == "enum" and enum_words:
            return enum_text(column.field, value, speech.captions)
        case _:
            return value
