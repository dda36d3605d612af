"""Texts about records: their names, one line of details, the states of orders and invoices, amounts of money."""

from __future__ import annotations

from datetime import date

from archisync_gui.entities.declaration import Kind, Row, Value
from archisync_gui.entities.derived import OrderState
from archisync_gui.ui.text.i18n import tr
from archisync_gui.ui.text.values import shown

FACTS: dict[str, tuple[str, ...]] = {
    "customers": (
        "account_num",
        "vat_number",
        "fiscal_code",
        "phone",
        "mobile",
        "street",
        "postal_code",
        "city",
        "last_order_date",
        "sales_this_year",
    ),
    "orders": (
        "order_number",
        "customer_name",
        "created_at",
        "delivery_date",
        "total_amount",
        "description",
        "customer_reference",
        "delivery_address",
    ),
    "ddt": (
        "ddt_number",
        "customer_name",
        "order_number",
        "delivery_date",
        "courier",
        "tracking_number",
        "quantity",
        "delivery_address",
    ),
    "invoices": (
        "invoice_number",
        "billing_name",
        "invoice_date",
        "due_date",
        "amount",
        "remaining_amount",
        "order_number",
        "payment_terms",
    ),
    "products": ("item_id", "name", "description", "package_content", "min_quantity", "multiple_quantity", "unit"),
    "prices": ("item_id", "item_name", "price_group_name", "unit_price", "quantity_from", "valid_from", "valid_until"),
}
"""The important columns of each list, in the order in which they are shown."""


def money(cents: int) -> str:
    """``1.234,56 €``."""
    return f"{shown(cents, Kind.MONEY)} €"


def order_state_word(state: OrderState) -> str:
    """The text of an order's state."""
    return {
        OrderState.PLACED: tr("entered", "order state"),
        OrderState.AWAITING: tr("waiting for approval", "order state"),
        OrderState.EDIT: tr("to be corrected", "order state"),
        OrderState.TRANSFERRED: tr("sent on", "order state"),
        OrderState.TRANSFER_ERROR: tr("could not be sent on", "order state"),
        OrderState.OPEN: tr("to be shipped", "order state"),
        OrderState.SHIPPED: tr("shipped", "order state"),
        OrderState.DELIVERED: tr("delivered", "order state"),
        OrderState.INVOICED: tr("invoiced", "order state"),
        OrderState.OVERDUE: tr("invoice overdue", "order state"),
        OrderState.PAID: tr("paid", "order state"),
        OrderState.CANCELED: tr("cancelled", "order state"),
    }[state]


def owed(invoice: Row) -> int:
    """The unpaid amount of an invoice in cents; 0 for a closed one and for a credit note."""
    remaining = invoice.get("remaining_amount")
    return remaining if isinstance(remaining, int) and remaining > 0 and not invoice.get("closed_on") else 0


def credit(invoice: Row) -> int:
    """The open amount of a credit note in cents; 0 for a closed one and for an invoice."""
    remaining = invoice.get("remaining_amount")
    return -remaining if isinstance(remaining, int) and remaining < 0 and not invoice.get("closed_on") else 0


def invoice_state_word(invoice: Row, today: date) -> str:
    """``da pagare 120,00 €``, ``scaduta: 120,00 €``, ``pagata``."""
    rest = owed(invoice)
    if open_credit := credit(invoice):
        return tr("credit open: {amount}", amount=money(open_credit))
    if not rest:
        return tr("paid", "invoice")
    if str(invoice.get("due_date") or "9999") < today.isoformat():
        return tr("overdue: {amount}", amount=money(rest))
    return tr("to be paid: {amount}", amount=money(rest))


def record_name(list_: str, values: Row, fallback: str) -> str:
    """The name of a record: its own, or kind and number; ``fallback``: its key."""
    match list_:
        case "customers":
            return _text(values, "name") or fallback
        case "orders":
            number = _text(values, "order_number")
            return tr("Order {number}", number=number) if number else tr("Order not sent yet")
        case "ddt":
            return tr("Delivery note {number}", number=_text(values, "ddt_number") or fallback)
        case "invoices":
            number = _text(values, "invoice_number") or fallback
            if _is_credit_note(values):
                return tr("Credit note {number}", number=number)
            return tr("Invoice {number}", number=number)
        case "products":
            return _joined(_text(values, "item_id"), _text(values, "name")) or fallback
        case "prices":
            return _joined(_text(values, "item_id"), _text(values, "item_name")) or fallback
    return next((str(value) for name, value in values.items() if name == "name" and value), fallback)


def _is_credit_note(values: Row) -> bool:
    amount = values.get("amount")
    return isinstance(amount, int) and amount < 0


def record_kind(list_: str, values: Row) -> str:
    """The kind of a record, in the singular: ``Ordine``; empty for a list without a word for it."""
    match list_:
        case "customers":
            return tr("Customer")
        case "orders":
            return tr("Order")
        case "ddt":
            return tr("Delivery note")
        case "invoices":
            return tr("Credit note") if _is_credit_note(values) else tr("Invoice")
        case "products":
            return tr("Item")
        case "prices":
            return tr("Price")
    return ""


def record_line(list_: str, values: Row, today: date) -> str:
    """The important details of a record in one line, without its name."""
    match list_:
        case "customers":
            return _joined(_text(values, "city"), _text(values, "vat_number"), _text(values, "phone"))
        case "orders":
            day = shown(str(values.get("created_at") or "")[:10] or None, Kind.DATE)
            return _joined(_text(values, "customer_name"), day, _amount(values, "total_amount"))
        case "ddt":
            day = shown(values.get("delivery_date"), Kind.DATE)
            return _joined(_text(values, "customer_name"), day, parcel(values))
        case "invoices":
            day = shown(values.get("invoice_date"), Kind.DATE)
            name = _text(values, "billing_name")
            return _joined(name, invoice_state_word(values, today), day, _amount(values, "amount"))
        case "products":
            return _joined(_text(values, "description"), _text(values, "package_content"))
        case "prices":
            return _joined(_text(values, "price_group_name"), _amount(values, "unit_price"))
    return ""


def parcel(ddt: Row) -> str:
    """Courier and number of a delivery note's parcel: ``BRT 123456``."""
    return " ".join(filter(None, (_text(ddt, "courier").upper(), _text(ddt, "tracking_number")))) or _text(
        ddt, "tracking"
    )


def _amount(values: Row, name: str) -> str:
    value: Value = values.get(name)
    return money(value) if isinstance(value, int) else ""


def _text(values: Row, name: str) -> str:
    return str(values.get(name) or "").replace("\n", ", ")


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)
