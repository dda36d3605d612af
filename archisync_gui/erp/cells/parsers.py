"""Strict parsers for the texts of the ERP's cells (``docs/erp.md``, Cell texts). Nothing is guessed: a text that an
Italian session would not write raises :class:`Unreadable`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date

from archisync_gui.entities.declaration import Column, Kind, Value
from archisync_gui.erp.cells.words import Words, plain, written


class Unreadable(ValueError):
    """A cell's text is not what its column should hold. ``foreign``: it looks like another locale's notation."""

    def __init__(self, text: str, kind: Kind, *, foreign: bool = False) -> None:
        text = encodable(text)
        super().__init__(f"{text!r} is no {kind.value}")
        self.text = text
        self.kind = kind
        self.foreign = foreign


LARGEST = 10**15 - 1
"""Largest absolute value of a stored number, in its stored unit (cents, thousandths, hundredths of a percent).
SQLite holds 64 bits and JavaScript 53, so anything larger is damage rather than data."""

LONGEST_ID = 20
"""Maximum digits of a record id."""


_SURROGATE = re.compile("[\ud800-\udfff]")


def encodable(text: str) -> str:
    """The text with ``\ufffd`` for each lone surrogate. A page's text has one where it was cut within an emoji; UTF-8
    cannot encode it, so neither files nor databases accept it."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


PICTURE = "\ufffc"
"""The text that ``cells.js`` returns for a cell that shows only an unknown image."""

_MARKS = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ufffc]")
"""Invisible characters: soft hyphen, zero width space, direction marks, byte order mark; and :data:`PICTURE`."""


def fold(text: str) -> str:
    """Replace each run of white space (no-break spaces and line ends too) by one blank and drop invisible characters.
    The result is always :func:`encodable`."""
    visible = text if text.isascii() else _MARKS.sub("", text)
    return encodable(" ".join(visible.split()))


def first_line(text: str) -> str:
    """The first line that is not empty: in an enum cell, script text follows it."""
    for line in text.splitlines():
        if folded := fold(line.partition("<!--")[0]):
            return folded
    return ""


def parse_text(text: str) -> str | None:
    """White space folded; ``None`` where nothing is left."""
    return fold(text) or None


def parse_lines(text: str) -> str | None:
    """Lines kept, white space folded within each, empty lines dropped."""
    return "\n".join(line for line in map(fold, text.splitlines()) if line) or None


_ID = re.compile(r"[1-9][0-9]{0,2}(?:[.,][0-9]{3})+|[0-9]+")


def parse_id(text: str) -> str | None:
    """``50.120`` → ``"50120"``. Never through a float: ``55.22`` (which a float made of 55.220) is unreadable."""
    text = fold(text)
    if not text:
        return None
    digits = text.replace(".", "").replace(",", "").lstrip("0") or "0"
    if not _ID.fullmatch(text) or len(digits) > LONGEST_ID:
        raise Unreadable(text, Kind.ID)
    return digits


_WHOLE = r"[1-9][0-9]{0,2}(?:\.[0-9]{3})+|[0-9]+"
"""No group of thousands begins with a zero: ``0.125`` is one eighth in another language's notation, not 125."""
_INTEGER = re.compile(rf"(-?)({_WHOLE})")
_DECIMAL = re.compile(rf"({_WHOLE})(?:,([0-9]+))?")


def parse_integer(text: str) -> int | None:
    """``1.895`` → 1895 (the dot groups thousands in an Italian session); ``5,00`` → 5."""
    text = fold(text)
    if not text:
        return None
    sign, digits, fraction = _signed(text, Kind.INTEGER)
    if fraction.strip("0"):
        raise Unreadable(text, Kind.INTEGER)
    return sign * _bounded(digits, text, Kind.INTEGER)


def parse_number(text: str) -> int | None:
    """A quantity in thousandths: ``5,00`` → 5000, ``100.000.000`` → 100000000000."""
    text = fold(text)
    return _scaled(text, 3, Kind.NUMBER) if text else None


def parse_money(text: str) -> int | None:
    """Cents: ``1.234,56 €`` → 123456; credit notes as ``-360,65``, ``360,65-`` or ``(360,65)``."""
    text = fold(text)
    if not text:
        return None
    return _scaled(text.removesuffix("€").rstrip(), 2, Kind.MONEY, shown=text)


def parse_percent(text: str) -> int | None:
    """Hundredths of a percent: ``21,49 %`` → 2149."""
    text = fold(text)
    if not text:
        return None
    return _scaled(text.removesuffix("%").rstrip(), 2, Kind.PERCENT, shown=text)


_AMBIGUOUS = re.compile(r"[1-9][0-9]{0,2},[0-9]{3}")
"""A comma before three digits: thousands in another language, decimals in Italian. The ERP writes two decimals, or as
many as the value has, so the number of digits does not show which of the two is meant."""

_FOREIGN = re.compile(r"[€$]?(?:[\d,]*\.\d{1,2}|0\.\d+)")
"""A decimal point, which an Italian session never writes."""


def _signed(text: str, kind: Kind, shown: str | None = None) -> tuple[int, str, str]:
    sign, bare = 1, text
    if bare.startswith("-"):
        sign, bare = -1, bare[1:].lstrip()
    elif bare.endswith("-"):
        sign, bare = -1, bare[:-1].rstrip()
    elif bare.startswith("(") and bare.endswith(")"):
        sign, bare = -1, bare[1:-1].strip()
    found = _DECIMAL.fullmatch(bare)
    if found is None or _AMBIGUOUS.fullmatch(bare):
        raise Unreadable(shown or text, kind, foreign=bool(_FOREIGN.fullmatch(bare)))
    return sign, found[1].replace(".", ""), found[2] or ""


def _scaled(text: str, places: int, kind: Kind, shown: str | None = None) -> int:
    sign, whole, fraction = _signed(text, kind, shown)
    if fraction[places:].strip("0"):
        raise Unreadable(shown or text, kind)
    return sign * _bounded(whole + fraction[:places].ljust(places, "0"), shown or text, kind)


def _bounded(digits: str, shown: str, kind: Kind) -> int:
    """The number written as ``digits``. Raises :class:`Unreadable` if it is larger than :data:`LARGEST`."""
    significant = digits.lstrip("0")
    if len(significant) > len(str(LARGEST)):  # before int(), which raises for texts of some thousand digits
        raise Unreadable(shown, kind)
    return int(significant or "0")


NO_DATE = frozenset([date(1, 1, 1), date(1900, 1, 1)])
"""Values that mean "no date" (assumed; their cells are usually empty)."""

_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_PADDED = re.compile(r"\d\d/\d\d/\d{4}")
_TIME = re.compile(r"(\d{1,2}/\d{1,2}/\d{4}) (\d{1,2}):(\d{2}):(\d{2})( ?[AP]M)?", re.IGNORECASE)


def parse_date(text: str) -> str | None:
    """``31/01/2026`` → ``"2026-01-31"``; strictly day/month/year, day and month with two digits. ``00:00:00`` may
    follow. ``5/12/2026`` counts as foreign, since an American session writes 12 May like that."""
    text = fold(text)
    if not text:
        return None
    return _day(text.removesuffix(" 00:00:00"), text, Kind.DATE)


def _day(text: str, shown: str, kind: Kind) -> str | None:
    found = _DATE.fullmatch(text)
    if found is None:
        raise Unreadable(shown, kind)
    if not _PADDED.fullmatch(text):
        raise Unreadable(shown, kind, foreign=True)
    day, month, year = (int(part) for part in found.groups())
    try:
        found_day = date(year, month, day)
    except ValueError:
        raise Unreadable(shown, kind, foreign=month > 12 and day <= 12) from None
    return None if found_day in NO_DATE else found_day.isoformat()


def parse_datetime(text: str) -> str | None:
    """``20/01/2026 12:00:05`` → ``"2026-01-20T12:00:05"``, local time of the ERP."""
    text = fold(text)
    if not text:
        return None
    found = _TIME.fullmatch(text)
    if found is None:
        day = _day(text, text, Kind.DATETIME)
        return day and f"{day}T00:00:00"
    if found[5]:
        raise Unreadable(text, Kind.DATETIME, foreign=True)
    hour, minute, second = int(found[2]), int(found[3]), int(found[4])
    if hour > 23 or minute > 59 or second > 59:
        raise Unreadable(text, Kind.DATETIME)
    day = _day(found[1], text, Kind.DATETIME)
    return day and f"{day}T{hour:02}:{minute:02}:{second:02}"


_TRUE = frozenset(("sì", "si", "yes", "true", "1", "checked", "vero"))
_FALSE = frozenset(("no", "false", "0", "unchecked", "falso"))


def parse_bool(text: str) -> bool | None:
    """Yes or no in either language, or the class of the image that stands for it (``Checked``, ``Unchecked``). Any
    other image is unreadable, since it may mean either."""
    if PICTURE in text:
        raise Unreadable(text, Kind.BOOL)
    text = first_line(text)
    if not text:
        return None
    word = text.casefold()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise Unreadable(text, Kind.BOOL)


def parse_enum(text: str, meaning: Mapping[str, str]) -> str | None:
    """The value stored for a word (``meaning``: see :meth:`Words.meaning`). An unknown word is kept as the ERP writes
    it, in lower case."""
    word = first_line(text).rstrip(":").rstrip()
    if not word or word == NO_VALUE:
        return None
    return meaning.get(written(word)) or meaning.get(plain(word), word.casefold()) or None


NO_VALUE = "N/A"
"""The text of an enum cell without a value."""


_BY_KIND: Mapping[Kind, Callable[[str], Value]] = {
    Kind.ID: parse_id,
    Kind.TEXT: parse_text,
    Kind.LINES: parse_lines,
    Kind.INTEGER: parse_integer,
    Kind.NUMBER: parse_number,
    Kind.MONEY: parse_money,
    Kind.PERCENT: parse_percent,
    Kind.DATE: parse_date,
    Kind.DATETIME: parse_datetime,
    Kind.BOOL: parse_bool,
}


def parser(column: Column, words: Words = Words()) -> Callable[[str], Value]:  # noqa: B008 - frozen
    """The parser for a column's cell texts; it raises :class:`Unreadable`. ``words``: enum words learned from the
    page."""
    if column.kind is Kind.ENUM:
        meaning = words.meaning(column)
        return lambda text: parse_enum(text, meaning)
    return _BY_KIND[column.kind]


def raw_text(column: Column, text: str) -> str:
    """A cell's text as garbage rules get it: folded, and reduced to the column's part."""
    folded = fold(text)
    return column.part(folded) if column.part else folded
