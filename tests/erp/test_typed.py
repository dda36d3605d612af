"""Typed values of ``GetPageRowValues``: the result for each kind, and that both ways of reading agree."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archisync_gui.entities import ENTITIES, INVOICES, ORDERS, Column, Kind
from archisync_gui.erp.cells.compare import differing_columns
from archisync_gui.erp.cells.parsers import Unreadable, parser
from archisync_gui.erp.cells.rows import Record, RowReader
from archisync_gui.erp.cells.typed import typed_parser
from archisync_gui.erp.cells.words import Words, plain


def typed(kind: Kind, value: Any) -> Any:
    return typed_parser(Column("F", "f", "F", "F", kind), Words())(value)


@pytest.mark.parametrize(
    ("kind", "value", "stored"),
    [
        (Kind.ID, 50120, "50120"),
        (Kind.ID, 50120.0, "50120"),
        (Kind.ID, "50.120", "50120"),
        (Kind.TEXT, "  Studio \u00a0 Rossi ", "Studio Rossi"),
        (Kind.TEXT, "", None),
        (Kind.TEXT, 55, "55"),
        (Kind.TEXT, 55.0, "55"),
        (Kind.LINES, "Via Demo, 12\r\n80100 Napoli", "Via Demo, 12\n80100 Napoli"),
        (Kind.INTEGER, 1895, 1895),
        (Kind.INTEGER, 1895.0, 1895),
        (Kind.NUMBER, 5, 5000),
        (Kind.NUMBER, 0.125, 125),
        (Kind.MONEY, 1234.56, 123456),
        (Kind.MONEY, 0.1 + 0.2, 30),
        (Kind.MONEY, -360.65, -36065),
        (Kind.MONEY, 1650, 165000),
        (Kind.MONEY, 2.675, 268),
        (Kind.PERCENT, 21.49, 2149),
        (Kind.DATE, {"$date": "2026-01-31T00:00:00"}, "2026-01-31"),
        (Kind.DATE, "2026-01-31T00:00:00", "2026-01-31"),
        (Kind.DATE, {"$date": "0001-01-01T00:00:00"}, None),
        (Kind.DATE, {"$date": "1900-01-01T00:00:00"}, None),
        (Kind.DATE, {"$date": "2026-01-31T22:15:00"}, "2026-01-31"),
        (Kind.DATETIME, {"$date": "2026-01-20T12:00:05"}, "2026-01-20T12:00:05"),
        (Kind.DATETIME, {"$date": "2026-01-20T23:00:00"}, "2026-01-20T23:00:00"),
        (Kind.BOOL, True, True),
        (Kind.BOOL, False, False),
        (Kind.BOOL, 1, True),
        (Kind.BOOL, "No", False),
        (Kind.BOOL, None, None),
        (Kind.MONEY, None, None),
    ],
)
def test_each_kind_of_value(kind: Kind, value: Any, stored: Any) -> None:
    found = typed(kind, value)
    assert found == stored
    assert type(found) is type(stored)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Kind.ID, 1.5),
        (Kind.ID, True),
        (Kind.ID, -1),
        (Kind.INTEGER, 1.5),
        (Kind.NUMBER, True),
        (Kind.MONEY, {"$other": "[object Object]"}),
        (Kind.DATE, 20260131),
        (Kind.DATE, {"$other": "[object Object]"}),
        (Kind.DATE, {"$other": "Invalid Date"}),
        # The beginning of an Italian day as UTC writes it, in winter and in summer: it is on the day before.
        (Kind.DATE, {"$date": "2026-01-30T23:00:00"}),
        (Kind.DATE, "2026-06-29T22:00:00"),
        (Kind.BOOL, 2),
        (Kind.TEXT, {"$other": "[object Uint8Array]"}),
        (Kind.ENUM, {"$other": "[object Object]"}),
        (Kind.ENUM, {"$date": "2026-01-31T00:00:00"}),
        (Kind.MONEY, {"$other": "NaN"}),
        (Kind.MONEY, 1e300),
        (Kind.ID, 10**30),
    ],
)
def test_a_value_of_a_wrong_kind_is_unreadable(kind: Kind, value: Any) -> None:
    with pytest.raises(Unreadable):
        typed(kind, value)


@given(st.integers(-(10**12), 10**12))
def test_an_amount_is_exact_in_spite_of_binary_fractions(cents: int) -> None:
    assert typed(Kind.MONEY, cents / 100) == cents


@pytest.mark.parametrize("entity", ENTITIES, ids=lambda e: e.name)
def test_every_declared_word_means_the_same_by_value_and_by_cell(entity: Any) -> None:
    for column in entity.columns:
        for word, meaning in column.words.items():
            assert parser(column)(word) == meaning
            assert typed_parser(column, Words())(word.title().replace(" ", "")) == meaning, "the ERP's own enum name"


STATUS = ORDERS.column("sales_status")


def test_words_are_learned_from_the_page() -> None:
    """In another language, and with a value that is not declared."""
    words = Words({"SALESSTATUS": [("OpenOrder", "Offener Auftrag"), ("Frozen", "Congelato"), ("7", "Nuovo stato")]})
    assert parser(STATUS, words)("Offener Auftrag") == "open"
    assert parser(STATUS, words)("Congelato") == typed_parser(STATUS, words)("Frozen") == "frozen"
    assert parser(STATUS, words)("Nuovo stato") == typed_parser(STATUS, words)(7) == "nuovo stato"
    assert parser(STATUS, words)("Mai visto") == "mai visto", "an unknown word was not kept"
    assert parser(STATUS, words)("N/A") is None


def test_words_that_differ_in_their_signs_only_are_two_words() -> None:
    words = Words({"SALESSTATUS": [("1", "Classe A+"), ("-1", "Classe A-"), ("0", ""), ("Odd", "-")]})
    by_cell, by_value = parser(STATUS, words), typed_parser(STATUS, words)
    assert (by_cell("Classe A+"), by_cell(" classe  A- "), by_cell("Classe A")) == (
        "classe a+",
        "classe a-",
        "classe a+",
    )
    assert (by_value(1), by_value(-1), by_value(0)) == ("classe a+", "classe a-", None)
    assert by_cell("\u2014") == "\u2014", "a dash is not each other word of signs"


def test_an_unknown_word_is_kept_and_shown() -> None:
    reader = RowReader(ORDERS)
    reader.learn({"SALESSTATUS": [("Frozen", "Congelato")]})
    reader.take([(60450, "Frozen")], fields=("ID", "SALESSTATUS"), typed=True)
    assert dict(reader.findings.unknown_words) == {("sales_status", "frozen"): 1}
    assert not reader.findings.bad


def test_words_differ_by_more_than_case_and_signs() -> None:
    assert plain("Transfer_error") == plain("transfer error") == "transfererror"


def test_a_record_has_only_the_columns_that_were_read() -> None:
    reader = RowReader(INVOICES)
    (row,) = reader.take([(1610, None)], fields=("ID", "CLOSED"), typed=True)
    assert dict(row) == {"erp_id": "1610", "closed_on": None}, "not the id and the blank date that were read"


ROWS = [(n, 100.5 + n) for n in range(1, 6)]


def test_values_that_differ_from_their_cells_are_named() -> None:
    fields = ("ID", "GROSSAMOUNT")
    cells = [[str(n), f"{100 + n},50 €"] for n, _ in ROWS]
    assert differing_columns(ORDERS, fields, ROWS, cells, Words()) == []
    hundredfold = [(n, amount * 100) for n, amount in ROWS]
    assert differing_columns(ORDERS, fields, hundredfold, cells, Words()) == ["GROSSAMOUNT"]


def test_values_that_are_missing_where_the_cells_have_texts_are_named() -> None:
    """A field that the ERP does not give by values would else be stored as blank, at a first read for good."""
    fields = ("ID", "SALESNAME", "GROSSAMOUNT", "QUOTE", "DELIVERYDATE")
    values = [(n, None, None, None, None) for n in range(1, 6)]
    cells = [[str(n), f"Studio {n}", f"{n},50 €", "Sì", "01/02/2026"] for n in range(1, 6)]
    assert differing_columns(ORDERS, fields, values, cells, Words()) == [
        "SALESNAME",
        "DELIVERYDATE",
        "QUOTE",
        "GROSSAMOUNT",
    ]
    for name, empty, nothing, no in (
        ("N/A", "0,00 €", "No", "01/01/1900"),
        ("-", "", "Unchecked", ""),
        ("", "0", "", ""),
    ):
        cells = [[str(n), name, empty, nothing, no] for n in range(1, 6)]
        assert differing_columns(ORDERS, fields, values, cells, Words()) == [], "how a cell shows that there is nothing"


def test_cells_of_another_language_are_not_compared() -> None:
    fields = ("ID", "GROSSAMOUNT")
    english = [[str(n), f"${100 + n}.50"] for n, _ in ROWS]
    assert differing_columns(ORDERS, fields, ROWS, english, Words()) == []


ODD_NUMBERS = [float("nan"), float("inf"), float("-inf"), 1e308, -1e308, 5e-324, 2**63, 10**400, -(10**400), True]
HALF = "\ud83d"
"""The first half of an emoji, as left by a field that is cut after a number of UTF-16 units."""
ODD_TEXTS = [
    HALF,
    f"Rossi {HALF}",
    f"12{HALF}",
    f"01/01/2025 {HALF}",
    f"{HALF}\n{HALF}",
    "9" * 400,
    "NaN",
    "Infinity",
    "1e400",
]


@pytest.mark.parametrize("entity", ENTITIES, ids=lambda entity: entity.name)
def test_any_value_from_a_page_can_be_stored_or_is_unreadable(entity: Any) -> None:
    """One strange cell must affect only its own field, never the list."""
    for column in entity.columns:
        by_text, by_value = parser(column, Words()), typed_parser(column, Words())
        tries: list[tuple[Any, Any]] = [(by_value, value) for value in (*ODD_NUMBERS, *ODD_TEXTS)]
        tries += [(by_text, text) for text in ODD_TEXTS]
        for parse, value in tries:
            try:
                found = parse(value)
            except Unreadable as error:
                error.text.encode()
                str(error).encode()
                continue
            assert not isinstance(found, float), column.name
            if isinstance(found, int):
                assert abs(found) < 2**53, column.name
            str(found).encode()


def test_half_a_character_is_shown_as_a_replacement_character() -> None:
    assert parser(next(c for c in ORDERS.columns if c.kind is Kind.TEXT), Words())(f" Rossi {HALF} ") == "Rossi \ufffd"


def test_a_record_gives_several_values_at_once_unless_one_was_not_read() -> None:
    places = {"id": 0, "name": 1, "city": 2}
    names = ("city", "id")
    one, two = Record(places, ("1", "a", None)), Record({"id": 0, "city": 1}, ("2", "x"))
    assert [one.take(names), two.take(names)] == [(None, "1"), ("x", "2")]
    assert one.take(("id",)) == ("1",)
    assert two.take(("id", "name")) is None
    assert one.take(("id", "name", "city")) == ("1", "a", None)
    assert one.take(("id", "nowhere")) is None
    assert Record({"id": 1, "city": 0}, ("y", "3")).take(names) == ("y", "3"), "not by the positions of this list"


def test_a_cell_that_shortens_or_splits_a_text_counts_as_equal_to_its_value() -> None:
    """Otherwise the worse of the two would be stored."""
    fields = ("SALESNAME",)
    long = "Consegnare al piano terra, citofonare Bianchi"
    for cell in ("Consegnare al piano …", "Consegnare al piano...", "Consegnare al piano terra,\ncitofonare Bianchi"):
        assert differing_columns(ORDERS, fields, [(long,)] * 5, [(cell,)] * 5, Words()) == [], cell
    for cell in ("Consegnare altrove …", "…", "Consegnare al piano"):
        assert differing_columns(ORDERS, fields, [(long,)] * 5, [(cell,)] * 5, Words()) == ["SALESNAME"], cell
