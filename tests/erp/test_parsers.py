"""The strict parsers: every example of the ERP reference, notations of other locales, and round trips."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archisync_gui.entities import DDT, ENTITIES, ORDERS, Column, Kind, Value
from archisync_gui.entities.tracking import courier_of, link_of, number_of
from archisync_gui.erp.cells.parsers import Unreadable, parse_text, parser

NBSP = "\xa0"


def parse(kind: Kind, text: str, **more: object) -> Value:
    return parser(Column("F", "f", "F", "F", kind, **more))(text)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Kind.ID, "50.120", "50120"),
        (Kind.ID, "50,120", "50120"),
        (Kind.ID, "50120", "50120"),
        (Kind.ID, "5", "5"),
        (Kind.ID, "0", "0"),
        (Kind.ID, "1.610", "1610"),
        (Kind.ID, "", None),
        (Kind.TEXT, f" Studio{NBSP} Rossi\n Demo ", "Studio Rossi Demo"),
        (Kind.TEXT, NBSP, None),
        (Kind.TEXT, "1,650", "1,650"),
        (Kind.LINES, "Via Demo,  12\n\n80100 Napoli Na ", "Via Demo, 12\n80100 Napoli Na"),
        (Kind.INTEGER, "1.895", 1895),
        (Kind.INTEGER, "4", 4),
        (Kind.INTEGER, "-3", -3),
        (Kind.INTEGER, "5,00", 5),
        (Kind.NUMBER, "5,00", 5000),
        (Kind.NUMBER, "100.000.000", 100_000_000_000),
        (Kind.NUMBER, "50", 50_000),
        (Kind.NUMBER, "0,125", 125),
        (Kind.NUMBER, "1.650,500", 1_650_500),
        (Kind.MONEY, "1650,500", 165050),
        (Kind.MONEY, "1.650", 165000),
        (Kind.MONEY, "1.234,56 €", 123456),
        (Kind.MONEY, f"2.215,40{NBSP}€", 221540),
        (Kind.MONEY, "1.946,36 €", 194636),
        (Kind.MONEY, "0,00 €", 0),
        (Kind.MONEY, "-360,65", -36065),
        (Kind.MONEY, "-360,65 €", -36065),
        (Kind.MONEY, "360,65-", -36065),
        (Kind.MONEY, "(360,65)", -36065),
        (Kind.MONEY, "94,56", 9456),
        (Kind.MONEY, "", None),
        (Kind.PERCENT, "21,49 %", 2149),
        (Kind.PERCENT, "0,00 %", 0),
        (Kind.DATE, "23/06/2025", "2025-06-23"),
        (Kind.DATE, "31/12/2154", "2154-12-31"),
        # No date, as the typed values write it, too.
        (Kind.DATE, "01/01/1900", None),
        (Kind.DATE, "01/01/0001 00:00:00", None),
        (Kind.DATETIME, "01/01/1900 00:00:00", None),
        (Kind.DATETIME, "01/01/0001", None),
        (Kind.DATETIME, "20/01/2026 12:00:05", "2026-01-20T12:00:05"),
        (Kind.BOOL, "No", False),
        (Kind.BOOL, "Sì", True),
        (Kind.BOOL, "Yes", True),
        (Kind.BOOL, "Checked", True),
        (Kind.BOOL, "Unchecked", False),
        (Kind.BOOL, "No\nASPx.createControl(…)", False),
        (Kind.BOOL, "", None),
    ],
)
def test_examples_of_the_reference(kind: Kind, text: str, value: Value) -> None:
    assert parse(kind, text) == value


@pytest.mark.parametrize(
    ("kind", "text", "foreign"),
    [
        (Kind.ID, "55.22", False),  # 55.220 after a conversion to float
        (Kind.ID, "50.12", False),
        (Kind.ID, "Count=57", False),
        (Kind.DATE, "5/13/2026", True),
        (Kind.DATE, "5/12/2026", True),  # an American date that could be read as the fifth of December
        (Kind.DATE, "05/13/2026", True),
        (Kind.DATETIME, "5/12/2026 16:05:06", True),
        (Kind.DATE, "31/02/2026", False),
        (Kind.DATE, "2026-01-31", False),
        (Kind.DATETIME, "5/12/2026 4:05:06 PM", True),
        (Kind.ID, "0.123", False),
        (Kind.NUMBER, "0.125", True),  # an eighth, not 125
        (Kind.MONEY, "0.500 €", True),
        (Kind.PERCENT, "0.125 %", True),
        (Kind.MONEY, "1'234,50", False),
        (Kind.MONEY, "1 234,50 €", False),
        (Kind.MONEY, "1.234.50", False),
        (Kind.MONEY, "1,234,567", False),
        (Kind.NUMBER, "\u22125,00", False),  # another minus
        (Kind.MONEY, "€1,234.56", True),
        (Kind.MONEY, "1,234.56", True),
        (Kind.MONEY, "94.56", True),
        (Kind.MONEY, "--5,00", False),
        (Kind.MONEY, "12,345 €", False),
        (Kind.INTEGER, "1,895", False),
        # Whole numbers of another language, or decimals of this one: 1650 or 1.65.
        (Kind.INTEGER, "1,000", False),
        (Kind.MONEY, "1,650", False),
        (Kind.MONEY, "-12,340 €", False),
        (Kind.MONEY, "(1,650)", False),
        (Kind.NUMBER, "1,650", False),
        (Kind.NUMBER, "100,000-", False),
        (Kind.PERCENT, "1,500 %", False),
        (Kind.INTEGER, "1.89", True),
        (Kind.NUMBER, "1.00", True),
        (Kind.PERCENT, "21.49%", True),
        (Kind.BOOL, "forse", False),
    ],
)
def test_another_notation_is_not_guessed(kind: Kind, text: str, foreign: bool) -> None:
    with pytest.raises(Unreadable) as caught:
        parse(kind, text)
    assert caught.value.foreign is foreign


def _grouped(number: int) -> str:
    return f"{number:,}".replace(",", ".")


@given(st.integers(0, 10**12))
def test_ids_round_trip(number: int) -> None:
    assert parse(Kind.ID, _grouped(number)) == str(number)


@given(st.integers(-(10**12), 10**12), st.sampled_from(["-{}", "{}-", "({})", "-{} €"]))
def test_amounts_round_trip(cents: int, negative: str) -> None:
    text = f"{_grouped(abs(cents) // 100)},{abs(cents) % 100:02}"
    assert parse(Kind.MONEY, negative.format(text) if cents < 0 else f"{text} €") == cents


@given(st.integers(-(10**9), 10**9))
def test_whole_numbers_round_trip(number: int) -> None:
    text = _grouped(abs(number))
    assert parse(Kind.INTEGER, f"-{text}" if number < 0 else text) == number
    assert parse(Kind.NUMBER, f"-{text}" if number < 0 else text) == number * 1000


@given(st.dates(date(1900, 1, 2)))
def test_dates_round_trip(day: date) -> None:
    assert parse(Kind.DATE, f"{day.day:02}/{day.month:02}/{day.year}") == day.isoformat()


@given(st.datetimes().filter(lambda moment: moment.year > 1900).map(lambda moment: moment.replace(microsecond=0)))
def test_times_round_trip(moment: datetime) -> None:
    assert parse(Kind.DATETIME, f"{moment:%d/%m/}{moment.year} {moment:%H:%M:%S}") == moment.isoformat()


@given(st.sampled_from(list(Kind)), st.text(max_size=30))
def test_any_text_is_parsed_or_refused_without_a_crash(kind: Kind, text: str) -> None:
    try:
        value = parse(kind, text)
    except Unreadable:
        return
    assert value is None or isinstance(value, str | int | bool)


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("sales_status", {"open": ("Ordine aperto", "Open order"), "invoiced": ("Fatturato", "Invoiced")}),
        ("document_status", {"invoice": ("Fattura:", "Fattura", "Invoice"), "none": ("Nessuno", "None")}),
        ("transfer_status", {"awaiting": ("In attesa di approvazione", "Awaiting approval"), "edit": ("Modifica",)}),
        ("sales_type", {"draft": ("Giornale", "Journal"), "order": ("Ordine di vendita", "Sales order")}),
    ],
)
def test_enum_words_do_not_depend_on_the_language(name: str, texts: dict[str, tuple[str, ...]]) -> None:
    read = parser(ORDERS.column(name))
    for word, spellings in texts.items():
        assert {read(text) for text in spellings} == {word}


def test_an_unknown_enum_word_is_kept_as_it_is() -> None:
    assert parser(ORDERS.column("sales_status"))("Sospeso  dal cliente\n<!-- x -->") == "sospeso dal cliente"


@pytest.mark.parametrize(
    ("text", "courier", "number"),
    [
        ("fedex 440000000001", "FEDEX", "440000000001"),
        ("Ups 1Z000000000000001", "UPS", "1Z000000000000001"),
        ("fidex 440000000001", "FEDEX", "440000000001"),
        ("440000000001", "", "440000000001"),
        ('<a href="https://example.test/?trknbr=\n440000000001">fedex 440000000001</a>', "FEDEX", "440000000001"),
        ("1,650", "", "1,650"),
        ("gls 440.000.000", "GLS", "440.000.000"),
        ("gls 4400,4401", "GLS", "4401"),
        ("bartolini 123ABC", "BRT", "123ABC"),
        ("", "", ""),
        ("in preparazione", "", ""),
    ],
)
def test_tracking(text: str, courier: str, number: str) -> None:
    assert (courier_of(text), number_of(text)) == (courier, number)
    assert bool(link_of(text)) == bool(courier and number)
    assert number in link_of(text) or not courier


def test_a_tracking_cell_fills_four_columns() -> None:
    assert {c.name for c in DDT.columns if c.field_name == "BRASTRACKINGNUMBER"} == {
        "tracking",
        "courier",
        "tracking_number",
        "tracking_link",
    }


@pytest.mark.parametrize("entity", ENTITIES, ids=lambda e: e.name)
def test_every_column_has_a_parser_that_returns_none_for_an_empty_text(entity: object) -> None:
    for column in entity.columns:  # type: ignore[attr-defined]
        assert parser(column)("") is None


@pytest.mark.parametrize("kind", [Kind.INTEGER, Kind.NUMBER, Kind.MONEY, Kind.PERCENT, Kind.ID])
@pytest.mark.parametrize("digits", [22, 25, 5_000])
def test_a_number_out_of_range_is_unreadable(kind: Kind, digits: int) -> None:
    # Beyond 64 bits SQLite raises, and the whole list would fail at each read.
    with pytest.raises(Unreadable):
        parser(Column("F", "f", "", "", kind))("9" * digits)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [(Kind.MONEY, "9999999999999,99", 10**15 - 1), (Kind.INTEGER, "0" * 30 + "7", 7), (Kind.NUMBER, "-1", -1000)],
)
def test_the_largest_numbers_and_leading_zeros_are_read(kind: Kind, text: str, value: int) -> None:
    assert parser(Column("F", "f", "", "", kind))(text) == value


@pytest.mark.parametrize("kind", [Kind.INTEGER, Kind.MONEY, Kind.ID])
def test_digits_of_another_script_are_unreadable(kind: Kind) -> None:
    with pytest.raises(Unreadable):
        parser(Column("F", "f", "", "", kind))("\u0661\u0662\u0663")


def test_invisible_characters_are_removed() -> None:
    assert parse_text("\u200eABC\u200b") == "ABC"
    assert parse_text("\u200b") is None
    assert parse_text("A\u200dB") == "A\u200dB"  # joins letters of some scripts
