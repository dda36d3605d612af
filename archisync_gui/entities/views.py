"""Predefined selections of the lists, such as unpaid invoices and changed prices: their definitions, no query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from archisync_gui.entities.declaration import Value


class Is(StrEnum):
    """How a column is compared."""

    EQUAL = "equal"
    ABOVE = "above"
    BEFORE = "before"
    """Less than the value, and not empty."""
    EMPTY = "empty"


TODAY = "today"
"""As a value: the office's present date."""


@dataclass(frozen=True, slots=True)
class View:
    """A selection of one list's rows: those that meet all given conditions."""

    name: str
    list: str
    where: tuple[tuple[str, Is, Value], ...] = ()
    """Column, comparison, value."""
    new_days: int | None = None
    """New in the ERP within this number of days (0: today); the rows of a list's first read do not count as new."""
    changed: str | None = None
    """This column changed within :attr:`changed_days`."""
    changed_days: int = 7
    """Number of days; 0: today."""
    within: tuple[str, int] | None = None
    """A date column, and the maximum number of days from today until its date."""
    sort: str = ""
    """The column to sort by; empty: the list's usual order."""
    descending: bool = False
    offered: bool = True
    """False: not among the offered views; a number on the overview leads to it."""


_UNPAID = (("remaining_amount", Is.ABOVE, 0), ("closed_on", Is.EMPTY, None))

VIEWS: tuple[View, ...] = (
    View("unpaid", "invoices", _UNPAID, sort="due_date"),
    View("overdue", "invoices", (*_UNPAID, ("due_date", Is.BEFORE, TODAY)), sort="due_date"),
    View("to-ship", "orders", (("sales_status", Is.EQUAL, "open"),), sort="created_at", descending=True),
    View("shipped-today", "ddt", (("delivery_date", Is.EQUAL, TODAY),)),
    View("changed", "prices", changed="unit_price", sort="item_id"),
    View("new", "customers", new_days=7, sort="name"),
    View("due", "invoices", _UNPAID, within=("due_date", 7), sort="due_date", offered=False),
    View("changed-today", "prices", changed="unit_price", changed_days=0, sort="item_id", offered=False),
    View("new-today", "customers", new_days=0, sort="name", offered=False),
)
"""In the order in which they are offered."""

NUMBERS_OF_TODAY = ("new-today", "shipped-today", "changed-today", "due")
"""The views whose counts the overview shows."""

TOTALS: Mapping[str, str] = {"invoices": "remaining_amount", "orders": "total_amount"}
"""By list: the column whose sum is shown below the list."""
