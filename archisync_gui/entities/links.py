"""How records of the lists belong together: which column of one list names a record of another; no query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Link:
    """Rows of ``list`` whose ``column`` equals the record's ``own`` column belong to the record."""

    own: str
    list: str
    column: str


_TO_CUSTOMER = Link("customer_account", "customers", "account_num")

LINKS: Mapping[str, tuple[Link, ...]] = {
    "customers": (
        Link("account_num", "orders", "customer_account"),
        Link("account_num", "ddt", "customer_account"),
        Link("account_num", "invoices", "customer_account"),
    ),
    "orders": (
        _TO_CUSTOMER,
        Link("order_number", "ddt", "order_number"),
        Link("order_number", "invoices", "order_number"),
    ),
    "ddt": (
        _TO_CUSTOMER,
        Link("order_number", "orders", "order_number"),
        Link("order_number", "ddt", "order_number"),
        Link("order_number", "invoices", "order_number"),
    ),
    "invoices": (
        _TO_CUSTOMER,
        Link("order_number", "orders", "order_number"),
        Link("order_number", "ddt", "order_number"),
        Link("order_number", "invoices", "order_number"),
    ),
    "products": (Link("item_id", "prices", "item_id"),),
    "prices": (Link("item_id", "products", "item_id"),),
}
"""By list, one link to each list that belongs to it. Collective invoices name one order each, or none. The link of a
delivery note or invoice to its own list leads to all of its order's, itself included: the order's state needs them."""
