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
    """First seen within so many days."""
    changed: str | None = None
    """This column changed within :attr:`changed_days`."""
    changed_days: int = 7
    sort: str = ""
    """Column of the order; of this list's usual one when empty."""
    descending: bool = False


_UNPAID = (("remaining_amount", Is.ABOVE, 0), ("closed_on", Is.EMPTY, None))

VIEWS: tuple[View, ...] = (
    View("unpaid", "invoices", _UNPAID, sort="due_date"),
    View("overdue", "invoices", (*_UNPAID, ("due_date", Is.BEFORE, TODAY)), sort="due_date"),
    View("to-ship", "orders", (("sales_status", Is.EQUAL, "open"),), sort="created_at", descending=True),
    View("shipped-today", "ddt", (("delivery_date", Is.EQUAL, TODAY),)),
    View("changed", "prices", changed="unit_price", sort="item_id"),
    View("new", "customers", new_days=7, sort="name"),
)
"""In the order in which they are offered."""

TOTALS: Mapping[str, str] = {"invoices": "remaining_amount", "orders": "total_amount"}
"""The column of a list whose sum is shown below it."""
