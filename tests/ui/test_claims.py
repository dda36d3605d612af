"""The panel shows only known facts: a failure is over after a read of the same scope, "none" requires a read, and times
of other days have their date."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest
from panel_fakes import NOW, SILENT, FakeStore, MakePanel, World, account_type, ago, calm, run_record, with_type
from panel_office import INVOICES, PRICES, Office

from archisync_gui.entities import ENTITIES
from archisync_gui.entities.declaration import Kind as ColumnKind
from archisync_gui.entities.declaration import Value
from archisync_gui.model import AccountStatus, EventKind, Freshness, Outcome, Scope
from archisync_gui.ui.live import past_runs, summary
from archisync_gui.ui.live.failures import failure_spans, span_sentence
from archisync_gui.ui.live.record import read_record
from archisync_gui.ui.live.summary import Section, period_of, read_summary
from archisync_gui.ui.output.record import Sheet, make_sheet, plain_text, sheet_html
from archisync_gui.ui.text.i18n import clock, day, moment
from archisync_gui.ui.text.records import owed
from archisync_gui.ui.text.values import exported, shown
from tests.support.events import an_event
from tests.support.waiting import until

pytestmark = pytest.mark.qasync


# ------------------------------------------------------------------------------------------------------ failures


def test_a_failure_that_ended_on_another_day_shows_the_day() -> None:
    bad = run_record("orders", NOW - timedelta(days=3), 30, outcome=Outcome.FAILED, error=SILENT)
    good = run_record("orders", NOW - timedelta(hours=1), 30)
    (span,) = failure_spans([bad, good])
    assert f"fine again at {day(NOW)}" in span_sentence(span, NOW)
    soon = run_record("orders", NOW - timedelta(days=3, minutes=-5), 30)
    (span,) = failure_spans([bad, soon])
    assert f"fine again at {clock(soon.ended or NOW)}" in span_sentence(span, NOW)


@pytest.mark.parametrize(("scope", "key"), [(Scope.NEW, None), (Scope.ONE, "7")])
def test_a_read_of_a_part_does_not_end_a_failure_of_the_whole_list(scope: Scope, key: str | None) -> None:
    def failed(minute: int) -> object:
        return run_record("orders", NOW + timedelta(minutes=minute), 30, outcome=Outcome.FAILED, error=SILENT)

    part = run_record("orders", NOW + timedelta(minutes=1), 3, scope=scope, key=key)
    (span,) = failure_spans([failed(0), part, failed(5)])  # type: ignore[list-item]
    assert (span.reads, span.over) == (2, None)
    whole = run_record("orders", NOW + timedelta(minutes=9), 30)
    (span,) = failure_spans([failed(0), part, whole])  # type: ignore[list-item]
    assert span.over == whole.ended
    bad_part = replace(part, outcome=Outcome.FAILED, error=SILENT)
    (span,) = failure_spans([bad_part, part])
    assert span.over == part.ended, "not over, though the same scope was read again"


# ------------------------------------------------------------------------------------------------------- nothing


async def sections(make_panel: MakePanel, office: Office, *accounts: str) -> dict[str, Section]:
    panel = await make_panel(store=office.store, entities=ENTITIES)
    assert panel.context.services is not None
    found = await read_summary(panel.context.services, accounts, period_of("today", NOW, None), 500, NOW)
    return {section.name: section for section in found.sections}


async def store_run(office: Office, name: str, account: str, scope: Scope, key: str | None = None) -> None:
    run = run_record(name, NOW - timedelta(minutes=1), 20, id=f"{account}-{scope}", account=account, scope=scope)
    await office.keep(replace(run, key=key))


async def test_a_read_of_one_record_does_not_count_as_a_read_of_the_list(make_panel: MakePanel, office: Office) -> None:
    await store_run(office, "ddt", "agente01", Scope.ONE, "7001")
    shipped = (await sections(make_panel, office, "agente01"))["ddt"]
    assert (shipped.tile, shipped.sentence) == ("–", "No data: this list was not read in this time.")


async def test_none_names_the_account_that_was_not_read(make_panel: MakePanel, office: Office) -> None:
    await store_run(office, "ddt", "agente01", Scope.NEW)
    shipped = (await sections(make_panel, office, "agente01", "agente02"))["ddt"]
    assert (shipped.tile, shipped.sentence) == ("–", "None. Not read in this time: agente02.")
    await store_run(office, "ddt", "agente02", Scope.ALL)
    shipped = (await sections(make_panel, office, "agente01", "agente02"))["ddt"]
    assert (shipped.tile, shipped.sentence) == ("0", "None.")


async def test_invoices_that_were_never_read_are_not_none(make_panel: MakePanel, office: Office) -> None:
    due = (await sections(make_panel, office, "agente01", "agente02"))["invoices"]
    as_of = moment(NOW - timedelta(minutes=5))
    assert (due.tile, due.sentence) == ("–", f"Data as of: {as_of}. Never read: agente02.")
    due = (await sections(make_panel, office, "agente01"))["invoices"]
    assert (due.tile, due.sentence) == ("0.00 €", f"None. Data as of: {as_of}.")
    await office.store.clear("invoices", "agente01")
    due = (await sections(make_panel, office, "agente01"))["invoices"]
    assert (due.tile, due.sentence) == ("–", "No data: this list was never read.")


async def test_a_number_of_today_is_not_of_one_account_alone(make_panel: MakePanel, office: Office) -> None:
    panel = await make_panel(store=office.store, entities=ENTITIES)
    assert panel.context.services is not None
    past = panel.past_runs
    await until(lambda: "due" in {number.view for number in past.numbers})
    both = tuple(AccountStatus(name, True, True, None, 2, 15) for name in ("agente01", "agente02"))
    never = account_type("invoices", "agente02", last_run_time=None, freshness=Freshness.NEVER)
    half = with_type(calm(accounts=both), account_type("invoices"), never)
    panel.context.services.orchestrator.become(half)  # type: ignore[attr-defined]
    await until(lambda: "due" not in {number.view for number in past.numbers})


# -------------------------------------------------------------------------------------------------- all, or how many


async def test_a_section_with_the_first_records_says_how_many_there_are(
    make_panel: MakePanel, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(summary, "MOST", 3)
    monkeypatch.setattr(past_runs, "ENTRIES", 2)
    for amount in (1000, 2000):
        items = [{**PRICES[0], "id": f"x{n}", "item_id": f"X{n}", "unit_price": amount} for n in range(5)]
        await office.read("prices", "", items, NOW - timedelta(minutes=1))
    for account, due in (("agente01", "2026-03-14"), ("agente02", "2026-03-12")):
        bill = {**INVOICES[0], "remaining_amount": 100, "due_date": due}
        bills = [{**bill, "erp_id": str(n), "invoice_number": f"FT{n}"} for n in range(2)]
        await office.read("invoices", account, bills, NOW - timedelta(minutes=1))
    found = await sections(make_panel, office, "agente01", "agente02")
    prices, due_soon = found["prices"], found["invoices"]
    assert (len(prices.lines), prices.tile, prices.sentence) == (3, "5", "The first 3 of 5.")
    assert [line.target for line in due_soon.lines] == [
        ("invoices", "agente02", "0"),
        ("invoices", "agente02", "1"),
        ("invoices", "agente01", "0"),
    ]
    assert due_soon.total == ("4 invoices", "", "", "4.00 €")
    assert due_soon.sentence.startswith("The first 3 of 4. Data as of: ")


async def test_the_summary_counts_all_order_forms(
    make_panel: MakePanel, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = FakeStore()
    events.kept = [an_event(EventKind.SESSION_OPENED, "b", n, ago(hours=1), {"sessionCount": 1}) for n in range(20_001)]
    monkeypatch.setattr(office.store, "events", events.events)
    await store_run(office, "ddt", "agente01", Scope.ALL)
    assert (await sections(make_panel, office, "agente01"))["work"].sentence == "20,001 forms"


async def test_numbers_of_today_contain_all_reads_of_the_day(make_panel: MakePanel, world: World) -> None:
    world.store.all_runs = tuple(run_record("orders", ago(seconds=10 * n), 5, added=1) for n in range(1, 3101))
    panel = await make_panel()
    await until(lambda: bool(panel.past_runs.news(NOW)))
    assert panel.past_runs.news(NOW)["orders", "agente01"].added == 3100


async def test_entries_that_cannot_be_read_do_not_hide_later_ones(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(past_runs, "ENTRIES", 2)
    monkeypatch.setattr(past_runs, "RUNS", 2)
    await office.keep(*(run_record("ddt", NOW - timedelta(minutes=n + 1), 20, id=f"r{n}") for n in range(5)))
    for amount in (1000, 2000):
        items = [{**PRICES[0], "id": f"x{n}", "item_id": f"X{n}", "unit_price": amount} for n in range(5)]
        await office.read("prices", "", items, NOW - timedelta(minutes=1))
    with closing(sqlite3.connect(office.store.path)) as raw, raw:
        raw.execute("UPDATE runs SET asked = 'damaged' WHERE id = 'r1'")
        (first,) = raw.execute("SELECT min(id) FROM changes WHERE fields LIKE '%unit_price%'").fetchone()
        raw.execute("UPDATE changes SET fields = fields || 'damaged' WHERE id = ?", (first,))
    runs = await past_runs.all_runs(office.store, {"sync_type": "ddt"})
    assert [run.id for run in runs] == ["r0", "r2", "r3", "r4"]
    log = past_runs.all_changes(office.store, ago(hours=1), NOW, [], entity="prices", fields=["unit_price"])
    assert len([change async for change in log]) == 4


def test_files_have_the_same_words_for_states_as_the_screen() -> None:
    for stored in ("delivered", "invoice", "none", "a new one"):
        assert exported(stored, ColumnKind.ENUM) == shown(stored, ColumnKind.ENUM)
    assert exported("delivered", ColumnKind.ENUM) == "shipped"


# -------------------------------------------------------------------------------------------------------- sheets


async def sheet_of(office: Office, *bills: dict[str, Value]) -> Sheet:
    await office.read("invoices", "agente01", list(bills), NOW - timedelta(minutes=1))
    entity = next(e for e in ENTITIES if e.name == "customers")
    record = await read_record(office.store, entity, "agente01", "50120")
    assert record is not None
    return make_sheet(record, NOW)


async def test_an_open_credit_note_is_not_paid(office: Office) -> None:
    note = {**INVOICES[2], "erp_id": "400", "amount": -5000, "remaining_amount": -5000, "closed_on": None}
    sheet = await sheet_of(office, *INVOICES, note)
    titles = [section.title for section in sheet.sections]
    assert "Open credit notes: 1 · 50.00 €" in titles
    assert "Paid invoices: 1" in titles
    assert "credit open: 50.00 €" in plain_text(sheet)


async def test_a_sheet_counts_and_adds_up_all_invoices_of_a_customer(office: Office) -> None:
    """The sum of the newest 500 was called the sum of all."""
    open_ = next(bill for bill in INVOICES if owed(bill))
    many = [{**open_, "erp_id": str(n), "invoice_number": f"FT{n}", "remaining_amount": 100} for n in range(700)]
    sheet = await sheet_of(office, *many)
    assert "Unpaid invoices: 700 · 700.00 €" in [section.title for section in sheet.sections]
    assert sheet.state == "700 unpaid invoices: 700.00 €"


async def test_a_copied_sheet_says_how_many_lines_it_leaves_out(office: Office) -> None:
    many = [{**INVOICES[2], "erp_id": str(n), "invoice_number": f"FT{n}"} for n in range(400, 412)]
    sheet = await sheet_of(office, *many)
    left = next(section.left_out for section in sheet.sections if section.title.startswith("Paid invoices"))
    assert left >= 7
    for said in (plain_text(sheet), sheet_html(sheet)):
        assert f"… and {left} more, not listed here" in said
