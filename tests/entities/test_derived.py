"""What is derived from stored rows: order states, a price's product; and that the declarations hold together."""

from __future__ import annotations

from datetime import date

import pytest

from archisync_gui.entities import ENTITIES, Entity, Kind, Row
from archisync_gui.entities.derived import OrderState, order_state, product_of

TODAY = date(2026, 3, 10)
ORDER: Row = {
    "order_number": "ORD/26000001",
    "sales_status": "open",
    "sales_type": "order",
    "transfer_status": "transferred",
}
INVOICE: Row = {"amount": 11536, "remaining_amount": 11536, "closed_on": None, "due_date": "2026-03-31"}


@pytest.mark.parametrize(
    ("order", "ddt", "invoices", "state"),
    [
        (ORDER, (), (), OrderState.OPEN),
        ({**ORDER, "sales_status": "delivered"}, (), (), OrderState.SHIPPED),
        ({**ORDER, "sales_status": "a word nobody declared"}, (), (), OrderState.TRANSFERRED),
        ({**ORDER, "transfer_status": "error"}, (), (), OrderState.TRANSFER_ERROR),
        ({**ORDER, "transfer_status": "edit", "order_number": None}, (), (), OrderState.EDIT),
        ({"order_number": None, "sales_type": "draft"}, (), (), OrderState.PLACED),
        (ORDER, ({"delivery_date": "2026-03-10"},), (), OrderState.DELIVERED),
        (ORDER, ({"delivery_date": "2026-03-11"},), (), OrderState.SHIPPED),
        (ORDER, ({"delivery_date": None},), (), OrderState.SHIPPED),
        (ORDER, ({"delivery_date": "2026-03-10"},), (INVOICE,), OrderState.INVOICED),
        (ORDER, (), ({**INVOICE, "due_date": "2026-03-09"},), OrderState.OVERDUE),
        (ORDER, (), ({**INVOICE, "due_date": "2026-03-09", "remaining_amount": 0},), OrderState.PAID),
        (ORDER, (), ({**INVOICE, "closed_on": "2026-03-01"},), OrderState.PAID),
        # Most invoices are collective and name one order each: the order's own word beats delivery notes.
        ({**ORDER, "sales_status": "invoiced"}, (), (), OrderState.INVOICED),
        ({**ORDER, "sales_status": "invoiced"}, ({"delivery_date": "2026-03-11"},), (), OrderState.INVOICED),
        ({**ORDER, "sales_status": "completed"}, ({"delivery_date": None},), (), OrderState.INVOICED),
        ({**ORDER, "sales_status": "canceled"}, (), (), OrderState.CANCELED),
        # A credit note alone is no bill.
        (ORDER, (), ({**INVOICE, "amount": -100},), OrderState.OPEN),
    ],
)
def test_order_states(order: Row, ddt: tuple[Row, ...], invoices: tuple[Row, ...], state: OrderState) -> None:
    assert order_state(order, ddt, invoices, TODAY) is state


def test_a_price_finds_its_product() -> None:
    two = [{"item_id": "012345K2", "name": "H1"}, {"item_id": "012345K3", "name": "H1"}]
    assert product_of({"item_id": "012345K3", "item_name": "H1"}, two) is two[1]
    assert product_of({"item_id": "999999K2", "item_name": "H1"}, two) is two[0]
    assert product_of({"item_id": "999999", "item_name": "H1"}, two) is None, "two variants answer to that name"
    assert product_of({"item_id": "999999", "item_name": "other"}, two) is None


@pytest.mark.parametrize("entity", ENTITIES, ids=lambda e: e.name)
def test_declarations_hold_together(entity: Entity) -> None:
    names = [column.name for column in entity.columns]
    assert len(names) == len(set(names))
    for name in (*entity.key, *entity.natural_key, *entity.search, entity.title):
        assert name in names
    assert not any(entity.column(name).optional for name in entity.key), "a key cannot be missing"
    fields = {column.field_name for column in entity.columns}
    assert entity.row_key in fields
    keys = [entity.column(name) for name in entity.key]
    assert all(not c.hidden or c.field_name == entity.row_key for c in keys), "a hidden key is told by the row key only"
    assert all(column.words for column in entity.columns if column.kind is Kind.ENUM)
    assert entity.path.endswith("/")
    assert 1 <= entity.spec.priority <= 99


def test_the_schedule_is_the_law() -> None:
    specs = {e.name: (e.spec.priority, e.spec.interval, e.spec.stagger, e.spec.shared) for e in ENTITIES}
    assert specs == {
        "orders": (6, 10, 0, False),
        "customers": (5, 30, 5, False),
        "ddt": (4, 45, 20, False),
        "invoices": (3, 30, 15, False),
        "prices": (2, 30, 10, True),
        "products": (1, 90, 30, True),
    }
