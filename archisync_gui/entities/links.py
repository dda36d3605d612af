"""Links between lists: which column of one list refers to records of another; no query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Link:
    """Links a record to the rows of ``list`` whose ``column`` equals the record's ``own`` column."""

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
"""By list, its links to other lists. Collective invoices name one order each, or none. The link of a delivery note or
invoice to its own list leads to all those of its order, itself included: the order's state depends on them."""
