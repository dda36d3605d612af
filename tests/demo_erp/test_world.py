"""The demo data: a pure function of seed and time, with the real size, valid references, and changes over time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archisync_gui.demo_erp.clock import STOPPED_AT, DemoClock
from archisync_gui.demo_erp.columns import LISTS
from archisync_gui.demo_erp.world import World

FULL = World(seed=1)


def values(world: World, name: str, user: str = "agente01", at: datetime = STOPPED_AT) -> list[dict[str, object]]:
    return [dict(row.values) for row in world.rows(name, user, at).rows]


def test_lists_have_the_sizes_seen_at_the_real_erp() -> None:
    customers = values(FULL, "customers")
    assert sum(row["ID"] != 0 for row in customers) == 1_515
    assert sum(row["ID"] == 0 for row in customers) == 1_424
    assert len(values(FULL, "orders")) == 1_050
    assert abs(len(values(FULL, "ddt")) - 1_130) <= 5
    assert abs(len(values(FULL, "invoices")) - 280) <= 5
    assert len(values(FULL, "products")) == 4_540
    assert sum(row["BLOCKED"] == "No" for row in values(FULL, "prices")) == 4_960


def test_references_between_lists_are_valid() -> None:
    accounts = {row.get("ACCOUNTNUM") for row in values(FULL, "customers")} - {None}
    orders = {row["SALESID"]: row for row in values(FULL, "orders") if row["SALESID"]}
    assert all(row["CUSTACCOUNT"] in accounts for row in orders.values())
    for name in ("ddt", "invoices"):
        rows = values(FULL, name)
        assert all(row["SALESID"] in orders for row in rows)
        assert all(row["ORDERACCOUNT"] == orders[row["SALESID"]]["CUSTACCOUNT"] for row in rows)
    items = {row["ITEMID"]: row["NAME"] for row in values(FULL, "products")}
    prices = values(FULL, "prices")
    unknown = [row for row in prices if row["ITEMRELATIONID"] not in items]
    assert len(unknown) == 415  # articles that have a price but are not in the catalogue
    assert all(items[row["ITEMRELATIONID"]] == row["ITEMRELATIONTXT"] for row in prices if row not in unknown)


def test_the_data_have_the_peculiarities_of_the_erp() -> None:
    customers = [row for row in values(FULL, "customers") if row["ID"]]
    assert 0.10 < sum(bool(row["ACCOUNTNUM"]) for row in customers) / len(customers) < 0.20
    drafts = [row for row in values(FULL, "orders") if not row["SALESID"]]
    assert len(drafts) > 5
    assert all(row["SALESTYPE"] == "Journal" and row["CUSTACCOUNT"] is None for row in drafts)
    slips = values(FULL, "ddt")
    ghosts = [row for row in slips if not row["PACKINGSLIPID"]]
    assert ghosts
    assert not any(row["BRASTRACKINGNUMBER"] for row in ghosts)
    assert 0.30 < sum(bool(row["BRASTRACKINGNUMBER"]) for row in slips) / len(slips) < 0.40
    orders = [row for row in values(FULL, "orders") if row["SALESID"]]
    orders.sort(key=lambda row: row["CREATEDDATETIME"])
    numbers = [row["SALESID"].split("/")[1] for row in orders]
    assert len(set(numbers)) == len(numbers)
    assert numbers == sorted(numbers)  # numbers increase with CREATEDDATETIME, unlike the ids
    assert [row["ID"] for row in orders] != sorted(row["ID"] for row in orders)
    invoiced = [row for row in orders if row["SALESSTATUS"] == "Invoiced"]
    named = {row["SALESID"] for row in values(FULL, "invoices")}
    assert len(named) < len(invoiced) * 0.4  # invoices are collective and name one order each
    for row in values(FULL, "invoices"):
        assert (row["CLOSED"] is None) == (row["REMAINAMOUNTMST"] != 0)
        due = (row["DUEDATE"] - row["INVOICEDATE"]).days
        assert row["OVERDUEDAYS"] == (due if row["CLOSED"] is None else 0)
    credits = [row for row in values(FULL, "invoices") if str(row["INVOICEID"]).startswith("NC/")]
    assert len(credits) > 5
    assert all(row["INVOICEAMOUNTMST"] < 0 for row in credits)
    names = [row["NAME"] for row in values(FULL, "products")]
    assert len(set(names)) < len(names) * 0.9


def test_keys_are_unique_but_for_garbage() -> None:
    for name in LISTS:
        keys = [row.key for row in FULL.rows(name, "agente01", STOPPED_AT).rows if row.key != "0"]
        assert len(keys) == len(set(keys)), name
    accounts = {user: {row["ID"] for row in values(FULL, "customers", user)} - {0} for user in ("agente01", "agente02")}
    assert accounts["agente02"]
    assert not accounts["agente01"] & accounts["agente02"]


def test_the_small_account_sees_the_same_catalogue() -> None:
    assert len(values(FULL, "orders", "agente02")) < 150
    for name in ("products", "prices"):
        assert FULL.rows(name, "agente01", STOPPED_AT) is FULL.rows(name, "agente02", STOPPED_AT)


def test_the_data_change_over_time() -> None:
    later = STOPPED_AT + timedelta(hours=1)
    for name, least_new, least_changed in (
        ("customers", 4, 20),
        ("orders", 6, 0),
        ("prices", 0, 10),
        ("products", 0, 2),
    ):
        before = {row.key: row.values for row in FULL.rows(name, "agente01", STOPPED_AT).rows}
        after = {row.key: row.values for row in FULL.rows(name, "agente01", later).rows}
        assert len(set(after) - set(before)) >= least_new, name
        assert sum(after[key] != before[key] for key in set(after) & set(before)) >= least_changed, name


def test_a_new_order_changes_its_customer() -> None:
    newest = max((row for row in values(FULL, "orders") if row["SALESID"]), key=lambda row: row["CREATEDDATETIME"])
    customer = next(row for row in values(FULL, "customers") if row.get("ACCOUNTNUM") == newest["CUSTACCOUNT"])
    assert customer["LASTORDERDATE"] >= newest["CREATEDDATETIME"].date()


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.datetimes(datetime(2025, 2, 1), datetime(2028, 1, 1)).map(lambda at: at.replace(tzinfo=UTC)),  # noqa: DTZ001
        min_size=2,
        max_size=4,
    )
)
def test_the_data_of_a_time_do_not_depend_on_earlier_queries(moments: list[datetime]) -> None:
    travelled = World(seed=3, scale=0.02)
    for at in moments:
        for name in LISTS:
            seen = travelled.rows(name, "agente01", at)
            fresh = World(seed=3, scale=0.02).rows(name, "agente01", at)
            assert [(row.key, row.values) for row in seen.rows] == [(row.key, row.values) for row in fresh.rows]


def test_another_seed_gives_other_customers() -> None:
    assert values(World(seed=1, scale=0.02), "customers") != values(World(seed=2, scale=0.02), "customers")


def test_scales_up() -> None:
    assert sum(row["ID"] != 0 for row in values(World(seed=1, scale=3), "customers")) == 3 * 1_515


def test_hand_made_changes() -> None:
    world = World(seed=1, scale=0.05)
    before = {row.key for row in world.rows("orders", "agente01", STOPPED_AT).rows}
    new = world.insert("orders", "agente01", STOPPED_AT, {"SALESNAME": "Inventato"})
    gone = next(iter(before))
    world.delete("orders", "agente01", gone)
    after = {row.key: row for row in world.rows("orders", "agente01", STOPPED_AT).rows}
    assert set(after) == before - {gone} | {new}
    assert after[new].values["SALESNAME"] == "Inventato"
    world.change("orders", "agente01", STOPPED_AT, new, {"SALESNAME": "Cambiato"})
    assert {row.key: row for row in world.rows("orders", "agente01", STOPPED_AT).rows}[new].values[
        "SALESNAME"
    ] == "Cambiato"
    world.forget_edits()
    assert {row.key for row in world.rows("orders", "agente01", STOPPED_AT).rows} == before


def test_a_draft_keeps_its_id_and_gets_number_and_time_when_it_is_sent() -> None:
    world = World(seed=1, scale=0.5)
    drafts: dict[object, dict[str, object]] = {}
    sent = []
    for hour in range(24):
        rows = {row["ID"]: row for row in values(world, "orders", at=STOPPED_AT + timedelta(hours=hour))}
        sent += [(drafts[record], row) for record, row in rows.items() if record in drafts and row["SALESID"]]
        drafts = {record: row for record, row in rows.items() if not row["SALESID"]}
    assert sent
    for draft, row in sent:
        assert row["CREATEDDATETIME"] > draft["CREATEDDATETIME"]
        assert row["SALESTYPE"] == "SalesOrder"
    drafts = {row["ID"]: row for row in values(world, "orders") if not row["SALESID"]}
    key = str(next(iter(drafts)))
    number = world.send_draft("agente01", STOPPED_AT, key)
    row = next(row for row in values(world, "orders") if str(row["ID"]) == key)
    assert (row["SALESID"], row["TRANSFERSTATUS"]) == (number, "Transfered")


@pytest.mark.parametrize("scale", [0.05, 1.0])
def test_every_column_with_a_caption_has_a_value_somewhere(scale: float) -> None:
    """Only columns known by name alone (their caption is the field name) stay empty."""
    world, empty = World(seed=1, scale=scale), []
    for name, view in LISTS.items():
        rows = values(world, name)
        filled = {field for row in rows for field, value in row.items() if value is not None}
        explained = {column.field for column in view.columns if column.it != column.field or column.kind != "text"}
        empty += [f"{name} {field}" for field in sorted(explained - filled) if not field.startswith("InvoicePDF")]
    assert empty == []


def test_prices_and_products_have_the_values_seen() -> None:
    prices = [row for row in values(FULL, "prices") if row["BLOCKED"] == "No"]
    assert sum(row["ACCOUNTRELATIONID"] is None for row in prices) == 3
    assert sum(row["UNITID"] is None for row in prices) == 2
    assert len(prices) - len({row["ITEMRELATIONID"] for row in prices}) == 5
    assert {row["PRICEUNIT"] for row in values(FULL, "products")} == {0, 1}
    assert {row["STOPPED"] for row in values(FULL, "products")} == {"No", "Yes"}


def test_clock() -> None:
    clock = DemoClock.parse("2026-03-28T23:00")
    assert clock.now().isoformat() == "2026-03-28T23:00:00+01:00"
    clock.advance(timedelta(hours=24))
    assert clock.now().isoformat() == "2026-03-30T00:00:00+02:00"
    assert DemoClock.parse("stopped").now() == STOPPED_AT
    assert DemoClock.parse("live").live
