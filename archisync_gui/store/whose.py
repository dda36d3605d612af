"""Whether a stored text names a customer: matching of names and numbers in all forms of writing; no query.

A name is found as whole words, with any case, accents and apostrophes, and also as quoted in JSON, Python and INI
files. It is not found within the longer name of another customer.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from archisync_gui.entities.declaration import Entity, Kind
from archisync_gui.store.keys import folded

SHORTEST = 4
"""Shorter values are only compared with a column's whole content: within texts they would be found everywhere."""
DATE_LIKE = re.compile(
    r"(?:19|20)\d\d(?:(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))?"
    r"|(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])(?:19|20)\d\d"
    r"|\d{1,4}(?:[-/.:]\d{1,4}){1,2}"
)
"""The same holds for values that look like a year, a date or a time (an account number ``2026``)."""

CUSTOMERS = "customers"
CODES = ("customer_account", "order_account")
"""Columns of the other lists with the customer's account number."""
IDENTIFYING = ("account_num", "name", "vat_number", "fiscal_code")
"""Columns of the list of customers that identify a customer."""
OWN = (*IDENTIFYING, "pec", "phone", "mobile")
"""Columns of the list of customers whose values are searched everywhere, unless another customer has the same value. A
street, an SDI code (which belongs to the customer's provider) or *attention: purchasing* do not identify a customer."""
CALLED = ("customer_name", "billing_name")
"""Columns of the other lists with the full name of the customer whose account number is in ``customer_account``."""
NAMES = (*CALLED, "delivery_name")
"""Columns of the other lists that contain a full name and are compared as a whole: another customer's name may contain
this one's, as *Rossi & Bianchi* contains *Rossi*."""
FREE = ("description", "customer_reference", "purchase_order", "internal_note", "external_note", "tracking")
"""Columns of the other lists with free text, which are searched for the customer, like those with personal data. The
other columns contain numbers, dates, places and the agent; a customer may have the name of a place or an agent."""

STATE = frozenset(
    [
        "account",
        "accounts",
        "asof",
        "at",
        "attempt",
        "away",
        "cause",
        "clock",
        "code",
        "day",
        "due",
        "handle",
        "kind",
        "last",
        "origin",
        "outcome",
        "pauseduntil",
        "reason",
        "requestid",
        "runid",
        "scope",
        "screenshot",
        "since",
        "step",
        "type",
        "until",
    ]
)
"""Fields of an event, an error or an explanation that never name a customer, in lower case and without underscores
(``runId`` and ``run_id`` are ``runid``)."""

_APOSTROPHES = "'’‘`´ʼ"
_ONE_APOSTROPHE = dict.fromkeys(map(ord, _APOSTROPHES), "'")
_ESCAPED = r"\\+[ux][0-9a-f]{2,4}"
_DIGITS_ALONE = 8
"""A number with at most so many digits is not found as a part of a date or an amount."""


def word(value: object) -> str:
    """A value normalized for comparing: without case and accents, with one kind of apostrophe and single blanks."""
    return folded(str(value).translate(_ONE_APOSTROPHE))


def searched(value: str) -> bool:
    """Whether the value is searched within texts."""
    return len(value) >= SHORTEST and DATE_LIKE.fullmatch(value) is None


def naming(entity: Entity) -> frozenset[str]:
    """The columns of a list in which another customer's row may name this customer."""
    if entity.name == CUSTOMERS or entity.spec.shared:
        return frozenset()
    return frozenset(
        column.name
        for column in entity.columns
        if column.kind in (Kind.TEXT, Kind.LINES)
        and column.name not in entity.key
        and (column.personal or column.name in FREE)
    )


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer, with all values by which the files may name them."""

    ids: frozenset[str]
    """Present and former keys in the list of customers."""
    codes: frozenset[str]
    """Account numbers."""
    values: frozenset[str]
    """Present and former names, numbers and addresses (:data:`OWN`)."""
    others: frozenset[str] = frozenset()
    """Names of other customers that contain one of the values."""
    present: frozenset[str] = frozenset()
    """Ids of the customers in the list, if nothing is known of this one but what a person typed, which may be a common
    word: drafts and past orders of those are kept although they contain it."""

    def owns(self, value: object) -> bool:
        """Whether a column's whole content is one of the values."""
        return isinstance(value, str) and word(value) in _words(self.values)

    def called(self, value: object) -> bool:
        """Whether a column's whole content is one of the values or an account number."""
        return self.owns(value) or value in self.codes

    def mentioned(self, value: object) -> bool:
        """Whether a stored value (a text, or JSON with texts in it) names the customer. Numbers never do."""
        match value:
            case str():
                pattern = _pattern(self)
                return pattern is not None and any(found[1] is not None for found in pattern.finditer(value))
            case Mapping():
                return any(self.mentioned(part) for pair in value.items() for part in pair)
            case list() | tuple():
                return any(self.mentioned(part) for part in value)
        return False

    def blanked(self, text: str) -> str:
        """``text`` with ``[…]`` in place of what names the customer."""
        pattern = _pattern(self)
        return text if pattern is None else pattern.sub(lambda found: found[0] if found[1] is None else "[…]", text)

    def without(self, value: Any) -> Any:
        """JSON of an event, an error or an explanation, with ``[…]`` in place of what names the customer in its
        texts."""
        match value:
            case str():
                return self.blanked(value)
            case Mapping():
                return dict(self._part(name, part) for name, part in value.items())
            case list() | tuple():
                return [self.without(part) for part in value]
        return value

    def _part(self, name: str, part: Any) -> tuple[str, Any]:
        if name.replace("_", "").lower() in STATE:
            return name, part
        return self.blanked(name), self.without(part)

    def watched(self, watch: Mapping[str, Any], orders: frozenset[str]) -> bool:
        """Whether a watched record (``ui.live.watches.Watch``) is the customer's, or one of the ``orders``."""
        of, key = watch.get("list"), str(watch.get("key"))
        if (of == "customers" and key in self.ids) or (of == "orders" and key in orders):
            return True
        return watch.get("number") in self.codes or self.owns(watch.get("name"))

    def unsearched(self) -> tuple[str, ...]:
        """Values that are not searched within texts: too short, or like a date."""
        return tuple(sorted(value for value in self.values | self.codes if not searched(value)))


def containing(names: Iterable[str], values: Iterable[str]) -> frozenset[str]:
    """The names that contain one of the values, but are not equal to one."""
    own = frozenset(values)
    inner = _pattern(Customer(frozenset(), frozenset(), own))
    if inner is None:
        return frozenset()
    return frozenset(name for name in names if word(name) not in _words(own) and inner.search(name))


@lru_cache(maxsize=64)
def _words(values: frozenset[str]) -> frozenset[str]:
    return frozenset(word(value) for value in values)


@lru_cache(maxsize=64)
def _pattern(customer: Customer) -> re.Pattern[str] | None:
    """A pattern that matches what names the customer as its first group, and longer names of others without group."""
    values = sorted((v for v in customer.values | customer.codes if searched(v)), key=lambda v: (-len(v), v))
    if not values:
        return None
    others = sorted(customer.others, key=lambda v: (-len(v), v))
    own = "|".join(map(_written, values))
    skipped = "".join(f"{_written(value)}|" for value in others)
    # ``\n``, ``\r`` and ``\t`` in a quoted text end with a letter: a name may follow.
    return re.compile(rf"(?:(?<!\w)|(?<=\\[nrt]))(?:{skipped}({own}))(?!\w)", re.IGNORECASE)


def _written(value: str) -> str:
    """The pattern of one value."""
    text = unicodedata.normalize("NFC", " ".join(value.split()))
    found = "".join(_character(character) for character in text)
    return rf"(?<!\d[-/.,:]){found}(?![-/.,:]\d)" if text.isdigit() and len(text) <= _DIGITS_ALONE else found


@lru_cache(maxsize=1024)
def _character(character: str) -> str:
    """The pattern of one character in all forms of writing and quoting."""
    if character == " ":
        return r"(?:\s|\\+[nrt])+"
    if character in _APOSTROPHES:
        return rf"(?:\\*[{_APOSTROPHES}]|&#39;|{_ESCAPED})"
    if character in '"\\&':
        return {'"': r'(?:\\*"|&quot;)', "\\": r"\\+", "&": rf"(?:&amp;|&|{_ESCAPED})"}[character]
    alike = _alike().get(folded(character), "") if character.isalpha() else ""
    if alike:
        return rf"(?:[{alike}]|{_ESCAPED})[\u0300-\u036f]*"
    return re.escape(character) if character.isascii() else f"(?:{re.escape(character)}|{_ESCAPED})"


@lru_cache(maxsize=1)
def _alike() -> dict[str, str]:
    """Each Latin letter (lower case, without accent) with all letters that differ from it by case or accent only."""
    found: dict[str, str] = {}
    for code in (*range(0x41, 0x5B), *range(0x61, 0x7B), *range(0xC0, 0x250), *range(0x1E00, 0x1F00)):
        if chr(code).isalpha() and len(base := folded(chr(code))) == 1:
            found[base] = found.get(base, "") + chr(code)
    return found
