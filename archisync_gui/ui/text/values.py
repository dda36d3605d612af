"""Stored values as text in the panel's language, and as cells of an exported table, by the kind of their column."""

from __future__ import annotations

from datetime import date, datetime

from archisync_gui.entities.declaration import Column, Kind, Value
from archisync_gui.ui.text.i18n import language, number, tr

_SHORT = frozenset({"id", "iva", "pec", "sdi", "url", "cap", "ddt"})
"""Abbreviations, which are written in capitals."""


def title(column: Column) -> str:
    """A column's heading: the declared title, else the ERP's caption, in Italian without its capitals."""
    if language() != "it":
        return column.title_en or column.en
    if column.title_it:
        return column.title_it
    calm = column.it.rstrip(":").capitalize()
    return " ".join(word.upper() if word.casefold() in _SHORT else word for word in calm.split(" "))


def shown(value: Value, kind: Kind) -> str:
    """A value in the panel's language: ``123456`` cents → ``1.234,56``; ``None`` → empty."""
    if value is None:
        return ""
    match kind:
        case Kind.MONEY | Kind.PERCENT if isinstance(value, int):
            text = _fixed(value, 2)
            return f"{text} %" if kind is Kind.PERCENT else text
        case Kind.NUMBER if isinstance(value, int):
            text = _fixed(value, 3)
            return text.rstrip("0").rstrip(",.") if text[-4] in ",." else text
        case Kind.INTEGER if isinstance(value, int):
            return number(value)
        case Kind.BOOL:
            return tr("yes") if value else tr("no")
        case Kind.DATE:
            return _day(str(value))
        case Kind.ENUM:
            return enum_word(str(value))
        case Kind.DATETIME:
            day, _, time = str(value).partition("T")
            return f"{_day(day)} {time[:5]}".strip()
        case _:
            return str(value)


def exported(value: Value, kind: Kind) -> object:
    """A value as a typed cell: amounts as numbers, dates as dates, others as text; ``None`` stays."""
    if value is None:
        return None
    try:
        match kind:
            case Kind.MONEY if isinstance(value, int):
                return value / 100
            case Kind.PERCENT if isinstance(value, int):
                return value / 100
            case Kind.NUMBER if isinstance(value, int):
                return value / 1000
            case Kind.INTEGER if isinstance(value, int):
                return value
            case Kind.BOOL:
                return tr("yes") if value else tr("no")
            case Kind.ENUM:
                return enum_word(str(value))
            case Kind.DATE:
                return date.fromisoformat(str(value))
            case Kind.DATETIME:
                return datetime.fromisoformat(str(value))
    except ValueError:
        pass
    return str(value)


def right_aligned(kind: Kind) -> bool:
    """Whether values of this kind are right-aligned."""
    return kind in (Kind.MONEY, Kind.NUMBER, Kind.INTEGER, Kind.PERCENT)


def _fixed(value: int, digits: int) -> str:
    whole, rest = divmod(abs(value), 10**digits)
    point = "," if language() == "it" else "."
    return f"{'-' if value < 0 else ''}{number(whole)}{point}{rest:0{digits}d}"


def _day(text: str) -> str:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return text
    return found.strftime("%d/%m/%Y") if language() == "it" else text


def enum_word(value: str) -> str:
    """The text of a stored state; an unknown one is returned unchanged."""
    return {
        "none": "–",
        "open": tr("open", "state"),
        "delivered": tr("shipped", "state"),
        "invoiced": tr("invoiced", "state"),
        "completed": tr("completed", "state"),
        "canceled": tr("cancelled", "state"),
        "packing-slip": tr("delivery note", "state"),
        "invoice": tr("invoice", "state"),
        "quotation": tr("quotation", "state"),
        "confirmation": tr("confirmation", "state"),
        "picking-list": tr("picking list", "state"),
        "purchase-order": tr("purchase order", "state"),
        "free-text-invoice": tr("free invoice", "state"),
        "lost": tr("lost", "state"),
        "transferred": tr("sent on", "state"),
        "awaiting": tr("waiting for approval", "state"),
        "edit": tr("to be corrected", "state"),
        "error": tr("error", "state"),
        "order": tr("order", "state"),
        "draft": tr("draft", "state"),
        "subscription": tr("subscription", "state"),
        "return": tr("return", "state"),
    }.get(value, value)
