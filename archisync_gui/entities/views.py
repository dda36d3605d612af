"""Ready-made selections of the lists: unpaid invoices, prices changed this week. What they ask for, no query."""

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
    """Less than the value, and there."""
    EMPTY = "empty"


TODAY = "today"
"""As a value: the office's date."""


@dataclass(frozen=True, slots=True)
class View:
    """A selection of one list's rows. All that is given must hold."""

    name: str
    list: str
    where: tuple[tuple[str, Is, Value], ...] = ()
    """Column, comparison, value."""
    new_days: int | None = None
    """New in the ERP within so many days (0: today); the rows of a list's first read are not."""
    changed: str | None = None
    """This column changed within :attr:`changed_days`."""
    changed_days: int = 7
    """0: today."""
    within: tuple[str, int] | None = None
    """A column of dates, and how many days after today its date may be at most."""
    sort: str = ""
    """Column of the order; of this list's usual one when empty."""
    descending: bool = False
    offered: bool = True
    """False: shown where a number leads to it, and not among the choices."""


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
"""The column of a list whose sum is shown below it."""
