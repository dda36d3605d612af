"""The summary: its periods, texts for unknown facts, failures as spans, and links to records."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from panel_fakes import NOW, SILENT, MakePanel, World, account_type, calm, run_record, with_type
from panel_office import CUSTOMER, DDT, PRICES, Office, other_customer
from PySide6.QtCore import QSettings, QUrl

from archisync_gui.entities import ENTITIES
from archisync_gui.model import EventKind, Freshness, Outcome, RunRecord
from archisync_gui.settings import Settings
from archisync_gui.store import StoreError
from archisync_gui.ui.live.failures import failure_spans, span_sentence
from archisync_gui.ui.live.past_runs import midnight
from archisync_gui.ui.live.summary import earlier_day, period_of
from archisync_gui.ui.output.morning import DAYS, MADE, Morning, days_missing, is_due
from archisync_gui.ui.pages.data import Data
from archisync_gui.ui.pages.history import History
from archisync_gui.ui.pages.overview import Overview
from archisync_gui.ui.pages.overview_parts import TodayCard
from archisync_gui.ui.pages.summary import SummaryPage
from archisync_gui.ui.shell.panel import Panel
from archisync_gui.ui.text.i18n import clock
from archisync_gui.ui.widgets.types_model import TypesModel
from archisync_gui.zone import local
from tests.support.events import an_event
from tests.support.waiting import until

pytestmark = pytest.mark.qasync

ENDED_READ = {
    "runId": "c9", "type": "customers", "account": "agente01", "outcome": "completed", "rows": 2, "added": 1,
    "changed": 0, "gone": 0, "durationMs": 1, "scope": "all",
}  # fmt: skip


def announce(panel: Panel, run: RunRecord) -> None:
    """The panel hears that a run was completed."""
    ended = {"type": run.type, "account": run.account, "runId": run.id, "outcome": "completed"}
    panel.context.bridge.happened.emit((an_event(EventKind.SYNC_COMPLETED, "b", 1, NOW, ended),))


def test_periods_are_the_offices_days() -> None:
    today = period_of("today", NOW, None)
    assert (today.start, today.end) == (midnight(NOW), NOW)
    yesterday = period_of("yesterday", NOW, None)
    assert yesterday.end == midnight(NOW)
    assert yesterday.end - yesterday.start == timedelta(days=1)
    assert (today.last_day - yesterday.last_day, yesterday.last_day) == (
        timedelta(days=1),
        local(yesterday.start).date(),
    )
    assert period_of("week", NOW, None).start == midnight(NOW, 6)
    looked = NOW - timedelta(days=3)
    assert period_of("since", NOW, looked).start == looked
    assert period_of("since", NOW, None).start == midnight(NOW, 1), "not since yesterday before the first look"


@pytest.mark.parametrize(
    ("kept", "known"),
    [("", False), ("x", False), ("2026-03-09T18:02:00", False), ("2027-01-01T00:00:00+00:00", False)],
)
def test_an_impossible_time_of_the_last_look_is_ignored(kept: str, known: bool) -> None:
    assert (earlier_day(kept, NOW) is not None) is known


def test_the_last_look_of_an_earlier_day_counts_and_one_of_today_does_not() -> None:
    evening = midnight(NOW) - timedelta(hours=6)
    assert earlier_day(evening.isoformat(), NOW) == evening
    assert earlier_day((NOW - timedelta(minutes=1)).isoformat(), NOW) is None
    assert earlier_day((NOW - timedelta(days=60)).isoformat(), NOW) is None


def test_failures_in_a_row_are_one_span_that_ends_with_the_next_good_read() -> None:
    start = NOW.replace(hour=3, minute=10, second=0)

    def read(minutes: int, outcome: Outcome) -> object:
        error = SILENT if outcome is Outcome.FAILED else None
        return run_record("orders", start + timedelta(minutes=minutes), 30, outcome=outcome, error=error)

    bad, good = Outcome.FAILED, Outcome.COMPLETED
    runs = [read(0, bad), read(5, Outcome.CANCELLED), read(15, bad), read(16, good), read(30, good), read(60, bad)]
    first, second = failure_spans(runs)  # type: ignore[arg-type]
    assert (first.reads, second.reads) == (2, 1)
    assert second.over is None
    assert span_sentence(first, NOW) == "03:10–03:25 (the ERP does not answer), fine again at 03:26"
    assert span_sentence(second, NOW) == "04:10 (the ERP does not answer), not read since"
    assert failure_spans([]) == []


async def test_unknown_facts_are_not_shown_as_none(make_panel: MakePanel, office: Office) -> None:
    at = NOW - timedelta(hours=1)
    await office.keep(*(run_record(name, at, 20, id=f"{name}-1") for name in ("customers", "ddt")))
    new = {**CUSTOMER, "id": "50999", "name": "Colorificio Nuovo"}
    await office.read("customers", "agente01", [CUSTOMER, new], NOW - timedelta(hours=1))
    await office.read("prices", "", [{**PRICES[0], "unit_price": 1390}], NOW - timedelta(days=1))
    panel = await make_panel(store=office.store, entities=ENTITIES)
    page = panel.window.go("summary")
    assert isinstance(page, SummaryPage)
    page.choose("today")
    await until(lambda: page.content is not None and page.content.period.name == "today")
    assert page.content is not None
    said = {section.name: section for section in page.content.sections}
    assert "Colorificio Nuovo" in [line.cells[0] for line in said["customers"].lines]
    assert said["ddt"].sentence == "None.", "not none, though the list was read and has no deliveries"
    assert said["prices"].sentence == "No data: this list was not read in this time."
    assert said["prices"].tile == "–"
    lines = [line for section in page.content.sections for line in section.lines]
    at = next(n for n, line in enumerate(lines) if line.cells[0] == "Colorificio Nuovo")
    page.view.anchorClicked.emit(QUrl(f"record:{at}"))
    await until(panel.window.record_sheet().isVisible)
    page.choose("yesterday")
    await until(lambda: page.content is not None and page.content.period.name == "yesterday")
    assert page.content is not None
    assert {section.name for section in page.content.sections} == {"customers", "ddt", "prices", "work"}
    changed = next(section for section in page.content.sections if section.name == "prices")
    assert changed.lines[0].cells == ("X10K2 · Fresa conica", "12.50", "13.90", "+11.2 %")


async def test_an_open_summary_is_updated_when_a_read_ends_and_shows_its_time(
    make_panel: MakePanel, office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = await make_panel(store=office.store, entities=ENTITIES)
    page = panel.window.go("summary")
    assert isinstance(page, SummaryPage)
    page.choose("today")
    await until(lambda: page.content is not None and page.content.period.name == "today")
    assert f"as of {clock(NOW)}" in page.view.toPlainText()
    first = page.content
    office.clock.at = NOW + timedelta(hours=3)
    assert panel.context.services is not None
    panel.context.services = replace(panel.context.services, clock=office.clock)
    new = {**CUSTOMER, "id": "50999", "name": "Colorificio Nuovo"}
    await office.read("customers", "agente01", [CUSTOMER, new], office.clock.at - timedelta(minutes=1))
    panel.context.bridge.happened.emit([an_event(EventKind.SYNC_COMPLETED, "b", 9, office.clock.at, ENDED_READ)])
    await until(lambda: page.content is not first)
    assert "Colorificio Nuovo" in page.view.toPlainText()
    assert f"as of {clock(office.clock.at)}" in page.view.toPlainText()

    office.clock.at += timedelta(hours=1)
    out = tmp_path / "x.csv"

    async def where(*_: object) -> Path:
        return out

    monkeypatch.setattr("archisync_gui.ui.pages.summary.ask_where", where)
    await page._export()
    assert f"as of {clock(office.clock.at)}" in out.read_text(encoding="utf-8-sig"), "not updated for the file"


async def test_the_due_invoices_have_a_total(make_panel: MakePanel, office: Office) -> None:
    panel = await make_panel(store=office.store, entities=ENTITIES)
    page = panel.window.go("summary")
    assert isinstance(page, SummaryPage)
    page.choose("today")
    await until(lambda: page.content is not None and page.content.period.name == "today")
    assert page.content is not None
    due = next(section for section in page.content.sections if section.name == "invoices")
    assert due.lines == (), "one is overdue, one is due in three weeks, one is paid"
    assert due.tile == "0.00 €"
    office.clock.at = NOW + timedelta(days=16)  # 26 March
    assert panel.context.services is not None
    panel.context.services = replace(panel.context.services, clock=office.clock)
    page.read()
    await until(lambda: page.content is not None and page.content.period.end > NOW)
    due = next(section for section in page.content.sections if section.name == "invoices")
    assert [line.cells[0] for line in due.lines] == ["FT302"]
    assert due.total == ("1 invoice", "", "", "123.45 €")


async def test_the_mornings_summary_is_written_once_a_day(
    make_panel: MakePanel, world: World, office: Office, tmp_path: Path
) -> None:
    folder = tmp_path / "sheets"
    folder.mkdir()
    wanted = {"summary.morning": "folder", "summary.time": "08:00", "summary.folder": str(folder)}
    world.clock.at = NOW.replace(hour=5)
    world.settings = world.settings.with_(wanted)
    panel = await make_panel(store=office.store, entities=ENTITIES)
    await until(lambda: panel.context.status is not None)
    panel.context.bridge.tick.emit()
    assert list(folder.iterdir()) == [], "written before its time"
    world.clock.at = NOW
    panel.context.bridge.tick.emit()
    file = folder / "archisync-2026-03-09.pdf"
    await until(file.exists)
    assert file.read_bytes().startswith(b"%PDF")
    await until(lambda: not panel.context.background._tasks)
    file.unlink()
    panel.context.bridge.tick.emit()
    assert not [task for task in panel.context.background._tasks if "morning" in task.get_name()], "written twice a day"


async def test_the_summaries_of_days_without_the_panel_follow(
    make_panel: MakePanel, world: World, office: Office, tmp_path: Path
) -> None:
    """Monday's start writes Friday's; the weekend, on which nothing was read, has none."""
    folder = tmp_path / "sheets"
    folder.mkdir()
    world.settings = world.settings.with_({"summary.morning": "folder", "summary.folder": str(folder)})
    friday = NOW - timedelta(days=4)
    run = run_record("customers", friday, 20, rows=22, added=1)
    await office.store.journal.run_started(run)
    await office.store.journal.run_ended(run)
    await office.store.journal.flush()
    panel = await make_panel(store=office.store, entities=ENTITIES)
    panel.context.memory = QSettings(str(tmp_path / "memory.ini"), QSettings.Format.IniFormat)
    newest = folder / "archisync-2026-03-09.pdf"
    await until(newest.exists)
    await until(lambda: not panel.context.background._tasks)
    assert [file.name for file in folder.iterdir()] == [newest.name], "the first one is yesterday's"
    newest.unlink()
    panel.context.remember(MADE, "2026-03-06")
    Morning(panel.context).make_if_due()
    await until(newest.exists)
    await until(lambda: not panel.context.background._tasks)
    assert {file.name for file in folder.iterdir()} == {"archisync-2026-03-06.pdf", newest.name}
    assert panel.context.recall(MADE) == "2026-03-10"
    world.settings = world.settings.with_({"summary.morning": "off"})
    Morning(panel.context).make_if_due()
    assert panel.context.recall(MADE) == "", "switched on again it would write those of the time without it"


@pytest.mark.parametrize(
    ("made", "days"),
    [("", 1), ("never", 1), ("2026-03-09", 1), ("2026-03-06", 4), ("2025-01-01", DAYS), ("2026-03-12", 1)],
)
def test_as_many_summaries_are_missing_as_days_have_passed(made: str, days: int) -> None:
    assert days_missing(made, "2026-03-10") == days


async def test_a_summary_that_cannot_be_written_is_reported(
    make_panel: MakePanel, world: World, office: Office, tmp_path: Path
) -> None:
    """And made as soon as it can be: at login a panel starts before the network drive is there."""
    folder, said = tmp_path / "later", list[str]()
    wanted = {"summary.morning": "folder", "summary.folder": str(folder)}
    world.settings = world.settings.with_(wanted)
    panel = await make_panel(store=office.store, entities=ENTITIES)
    panel.context.notice_requested.connect(lambda text, *_: said.append(text))
    await until(lambda: panel.window.notice.text.startswith("The summary was not written. "))
    told, at = len(said), world.clock.at
    for minutes in (9, 10):
        world.clock.at = at + timedelta(minutes=minutes)
        panel.context.bridge.tick.emit()
        await until(lambda: not panel.context.background._tasks)
    assert len(said) == told, "once a day"
    folder.mkdir()
    world.clock.at = at + timedelta(minutes=19)
    panel.context.bridge.tick.emit()
    await until(lambda: not panel.context.background._tasks)
    assert list(folder.iterdir()) == []
    world.clock.at = at + timedelta(minutes=20)
    panel.context.bridge.tick.emit()
    await until(lambda: list(folder.glob("*.pdf")) != [])


@pytest.mark.parametrize(
    ("mode", "folder", "hour", "due"),
    [("off", "/x", 12, False), ("folder", "", 12, False), ("folder", "/x", 5, False), ("print", "", 12, True)],
)
def test_when_the_mornings_summary_is_due(mode: str, folder: str, hour: int, due: bool) -> None:
    settings = Settings().with_({"summary.morning": mode, "summary.folder": folder, "summary.time": "08:00"})
    assert is_due(settings, NOW.replace(hour=hour)) is due


async def test_the_overview_counts_nothing_of_a_list_that_was_never_read(
    make_panel: MakePanel, office: Office, world: World
) -> None:
    never = account_type("customers", freshness=Freshness.NEVER, last_run_time=None)
    world.orchestrator.status = with_type(calm(), never)
    panel = await make_panel(store=office.store, entities=ENTITIES)
    card = panel.window.findChild(TodayCard)
    assert isinstance(card, TodayCard)
    await until(lambda: card.numbers["changed-today"].text() == "0 prices changed")
    assert card.numbers["new-today"].text() == "…", "shows 0 new customers"
    assert card.numbers["new-today"].accessibleName() == "not counted yet"
    world.orchestrator.become(calm())
    panel.context.bridge.flush()
    panel.past_runs.read()
    await until(lambda: card.numbers["new-today"].text() == "0 new customers")  # all 21 are of the first read


async def test_after_midnight_numbers_of_yesterday_are_not_shown_for_today(
    make_panel: MakePanel, office: Office, world: World
) -> None:
    """At night and on Sundays there are no events; the change of the day is known only from the clock."""
    panel = await make_panel(store=office.store, entities=ENTITIES)
    card = panel.window.findChild(TodayCard)
    overview = panel.window.page("overview")
    assert isinstance(card, TodayCard)
    assert isinstance(overview, Overview)
    run = run_record("customers", NOW - timedelta(minutes=3), 20, rows=22, added=1)
    await office.keep(run)
    await office.read("customers", "agente01", [CUSTOMER, other_customer(100)], NOW - timedelta(minutes=3))
    panel.past_runs.read()

    def column() -> str:
        model = overview.types
        row = next(at for at in range(model.rowCount()) if model.item(at).type == "customers")
        return str(model.index(row, TypesModel.TODAY).data())

    await until(lambda: "1 new" in column())
    await until(lambda: card.numbers["new-today"].text() == "1 new customer")
    world.clock.at += timedelta(days=1)
    panel.context.bridge.tick.emit()
    assert "new" not in column()
    assert card.numbers["new-today"].text() != "1 new customer"
    await until(lambda: card.numbers["new-today"].text() == "0 new customers")
    assert "new" not in column()


async def test_after_midnight_views_and_summary_are_of_the_new_day(
    make_panel: MakePanel, office: Office, world: World
) -> None:
    """Pages that stay open over the night."""
    panel = await make_panel(store=office.store, entities=ENTITIES)
    await office.read(
        "customers", "agente01", [CUSTOMER, *map(other_customer, (*range(20), 100))], NOW - timedelta(minutes=3)
    )
    data = panel.window.go("data")
    assert isinstance(data, Data)
    data.focus_on({"type": "customers", "view": "new-today"})
    await until(lambda: data.model.total == 1)
    world.clock.at += timedelta(days=1)
    panel.context.bridge.tick.emit()
    await until(lambda: data.model.total == 0)
    summary = panel.window.go("summary")
    assert isinstance(summary, SummaryPage)
    summary.choose("today")
    await until(lambda: summary.content is not None and summary.content.period.start == midnight(world.clock.at))
    world.clock.at += timedelta(days=1)
    panel.context.bridge.tick.emit()
    await until(lambda: summary.content is not None and summary.content.period.start == midnight(world.clock.at))


async def test_a_run_whose_row_is_written_late_is_counted(make_panel: MakePanel, office: Office, world: World) -> None:
    """For example because of a backup on the writing thread, or a disk that was full for a while."""
    panel = await make_panel(store=office.store, entities=ENTITIES)
    await until(lambda: panel.past_runs.size is not None)  # the first query has ended
    run = run_record("customers", NOW - timedelta(minutes=3), 20, rows=22, added=1)
    reads = 0
    real = office.store.runs

    async def counted(**how: Any) -> Any:
        nonlocal reads
        found = await real(**how)
        reads += 1
        return found

    office.store.runs = counted  # type: ignore[method-assign]
    announce(panel, run)
    await until(lambda: reads > 0)
    await office.keep(run)
    await until(lambda: any(found.id == run.id for found in panel.past_runs.runs))
    await until(lambda: not panel.past_runs._reading)
    assert not panel.past_runs._soon.isActive()  # after the row was found, no more queries follow


async def test_the_open_summary_contains_a_read_whose_row_is_written_late(
    make_panel: MakePanel, office: Office
) -> None:
    panel = await make_panel(store=office.store, entities=ENTITIES)
    await until(lambda: panel.past_runs.size is not None)  # the first query has ended
    page = panel.window.go("summary")
    assert isinstance(page, SummaryPage)
    page.choose("today")

    def said() -> str:
        sections = page.content.sections if page.content is not None and page.content.period.name == "today" else ()
        return next((section.sentence for section in sections if section.name == "ddt"), "")

    await until(lambda: said() == "No data: this list was not read in this time.")
    first = page.content
    run = run_record("ddt", NOW - timedelta(minutes=3), 20)
    announce(panel, run)
    await until(lambda: page.content is not first)
    assert said() == "No data: this list was not read in this time."
    await office.keep(run)
    await until(lambda: said() == "None.")


async def test_the_open_history_contains_a_read_whose_row_is_written_late(
    make_panel: MakePanel, office: Office
) -> None:
    panel = await make_panel(store=office.store, entities=ENTITIES)
    await until(lambda: panel.past_runs.size is not None)  # the first query has ended
    page = panel.window.go("history")
    assert isinstance(page, History)
    run = run_record("ddt", NOW - timedelta(minutes=3), 20)
    reads = 0

    def count_reads() -> None:
        nonlocal reads
        reads += 1

    panel.past_runs.runs_changed.connect(count_reads)
    announce(panel, run)
    await until(lambda: reads > 0)
    assert page.model.rowCount() == 0
    await office.keep(run)
    await until(lambda: page.model.rowCount() == 1)


async def test_a_file_is_current_although_the_summary_is_updated_meanwhile(
    make_panel: MakePanel, office: Office, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = await make_panel(store=office.store, entities=ENTITIES)
    page = panel.window.go("summary")
    assert isinstance(page, SummaryPage)
    page.choose("today")
    await until(lambda: page.content is not None and page.content.period.name == "today")
    out, real, told = tmp_path / "x.csv", office.store.events, False

    async def where(*_: object) -> Path:
        return out

    async def meanwhile(*asked: Any, **how: Any) -> Any:
        nonlocal told
        if not told:
            told = True
            panel.past_runs.runs_changed.emit()
        return await real(*asked, **how)

    monkeypatch.setattr("archisync_gui.ui.pages.summary.ask_where", where)
    monkeypatch.setattr(office.store, "events", meanwhile)
    world.clock.at += timedelta(hours=1)
    await page._export()
    assert told
    assert f"as of {clock(world.clock.at)}" in out.read_text(encoding="utf-8-sig")


async def test_a_failed_query_of_runs_is_retried(
    make_panel: MakePanel, office: Office, world: World, expected_errors: Any
) -> None:
    """The office's server is away when a run ends."""
    expected_errors("ui:runs failed")
    panel = await make_panel(store=office.store, entities=ENTITIES)
    await until(lambda: panel.past_runs.size is not None)
    run = run_record("customers", NOW - timedelta(minutes=3), 20, rows=22, added=1)
    await office.keep(run)
    real, tries = office.store.runs, 0

    async def fails_first(**how: Any) -> Any:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise StoreError("office-unreachable", path="office")
        return await real(**how)

    office.store.runs = fails_first  # type: ignore[method-assign]
    announce(panel, run)
    await until(lambda: any(found.id == run.id for found in panel.past_runs.runs))
    await until(lambda: not panel.past_runs._reading)
    assert tries == 4  # the failed one, that of the bars, and two of the day: its runs, and an empty part at their end


async def test_overview_view_and_summary_count_the_same_new_customers(
    make_panel: MakePanel, office: Office, world: World
) -> None:
    others = [other_customer(n) for n in range(20)]
    panel = await make_panel(store=office.store, entities=ENTITIES)
    card = panel.window.findChild(TodayCard)
    assert isinstance(card, TodayCard)

    data = panel.window.go("data")
    summary = panel.window.go("summary")
    assert isinstance(summary, SummaryPage)
    assert isinstance(data, Data)
    summary.choose("today")

    def tile() -> str:
        sections = summary.content.sections if summary.content is not None else ()
        return next((section.tile for section in sections if section.name == "customers"), "")

    for new, counted in enumerate(["0 new customers", "1 new customer", "2 new customers"]):
        more = [other_customer(100 + n) for n in range(new)]
        await office.read("customers", "agente01", [CUSTOMER, *others, *more], NOW - timedelta(minutes=3 - new))
        panel.past_runs.read()
        await until(lambda counted=counted: card.numbers["new-today"].text() == counted)
        panel.window.go("data")
        data.focus_on({"type": "customers", "view": "new"})
        await until(lambda new=new: data.model.total == new and data.lists.name() == "customers")
        panel.window.go("summary")
        await until(lambda new=new: tile() == (str(new) if new else "–"))  # without a stored run there is no 0


async def test_delivery_notes_are_counted_by_their_date_in_overview_and_summary(
    make_panel: MakePanel, office: Office
) -> None:
    today = local(NOW).date().isoformat()
    await office.read("ddt", "agente01", [{**DDT[0], "delivery_date": today}], NOW - timedelta(minutes=2))
    panel = await make_panel(store=office.store, entities=ENTITIES)
    card = panel.window.findChild(TodayCard)
    assert isinstance(card, TodayCard)
    await until(lambda: card.numbers["shipped-today"].text() == "1 delivery note of today")
    page = panel.window.go("summary")
    assert isinstance(page, SummaryPage)
    page.choose("today")
    await until(lambda: page.content is not None and page.content.period.name == "today")
    assert page.content is not None
    assert next(section.tile for section in page.content.sections if section.name == "ddt") == "1"
