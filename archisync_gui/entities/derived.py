"""Values computed from stored rows: an order's state, a price's product; pure functions, no storage."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from enum import StrEnum

from archisync_gui.entities.declaration import Row


class OrderState(StrEnum):
    """Where an order stands (``docs/erp.md``, Order states)."""

    PLACED = "placed"
    """Entered, not yet transferred."""
    AWAITING = "awaiting"
    EDIT = "edit"
    TRANSFERRED = "transferred"
    TRANSFER_ERROR = "transfer-error"
    OPEN = "open"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    INVOICED = "invoiced"
    OVERDUE = "overdue"
    PAID = "paid"
    CANCELED = "canceled"


_TRANSFER = {
    "awaiting": OrderState.AWAITING,
    "edit": OrderState.EDIT,
    "error": OrderState.TRANSFER_ERROR,
}
_SALES = {
    "open": OrderState.OPEN,
    # The ERP's word means: given to the courier.
    "delivered": OrderState.SHIPPED,
}


def order_state(order: Row, ddt: Iterable[Row], invoices: Iterable[Row], today: date) -> OrderState:
    """The state of an order with its own delivery notes and invoices (those with its order number).

    Invoices decide first. Most are collective and name one order only, so an order with the ERP's status invoiced is
    invoiced even if no invoice names it. Then delivery notes decide, then the order's other states.
    """
    bills = [invoice for invoice in invoices if (invoice.get("amount") or 0) >= 0]  # type: ignore[operator]
    if bills:
        if all(_paid(invoice) for invoice in bills):
            return OrderState.PAID
        late = any(
            not _paid(invoice) and str(invoice.get("due_date") or "9999") < today.isoformat() for invoice in bills
        )
        return OrderState.OVERDUE if late else OrderState.INVOICED
    if order.get("sales_status") in ("invoiced", "completed"):
        return OrderState.INVOICED
    if order.get("sales_status") == "canceled":
        return OrderState.CANCELED
    notes = [str(note.get("delivery_date") or "") for note in ddt]
    if notes:
        return OrderState.DELIVERED if all(day and day <= today.isoformat() for day in notes) else OrderState.SHIPPED
    transfer = order.get("transfer_status")
    if transfer in _TRANSFER:
        return _TRANSFER[str(transfer)]
    if not order.get("order_number") or order.get("sales_type") == "draft":
        return OrderState.PLACED
    if (state := _SALES.get(str(order.get("sales_status")))) is not None:
        return state
    return OrderState.TRANSFERRED if transfer == "transferred" else OrderState.PLACED


def _paid(invoice: Row) -> bool:
    remaining = invoice.get("remaining_amount")
    return bool(invoice.get("closed_on")) or (isinstance(remaining, int) and remaining <= 0)


_VARIANT = re.compile(r"[KR]\d+$")


def product_of(price: Row, products: Sequence[Row]) -> Row | None:
    """The product that a price belongs to: by article id; else by name (and variant), if exactly one product matches.

    ``products``: those with the price's article id or with its article name.
    """
    wanted = str(price.get("item_id") or "")
    for product in products:
        if product.get("item_id") == wanted and wanted:
            return product
    named = [product for product in products if product.get("name") and product.get("name") == price.get("item_name")]
    variant = _VARIANT.search(wanted)
    if variant is not None:
        named = [product for product in named if str(product.get("item_id") or "").endswith(variant[0])]
    return named[0] if len(named) == 1 else None


VAT_PERCENT = {"5": 22, "1": 4}
"""VAT in percent by a product's tax group; for other groups it is not known (``docs/erp.md``, Products)."""
