"""The panel shows only known facts (continued): timelines of the requested time, texts of the right list and time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from panel_fakes import NOW, MakePanel, World, account_type, calm, run_record, with_type
from panel_office import Office

from archisync_gui.entities import ENTITIES
from archisync_gui.model import Forecast, Freshness, Reason, SyncState
from archisync_gui.model.events import Missed
from archisync_gui.store import StoreError
from archisync_gui.ui.dialogs.run_details import RunDetails, facts
from archisync_gui.ui.dialogs.why import WhyDialog
from archisync_gui.ui.pages.data_lists import _cell
from archisync_gui.ui.pages.history import History
from archisync_gui.ui.pages.timeline import TimelineBand
from archisync_gui.ui.text import list_words, status_words
from archisync_gui.ui.text.i18n import day, took
from archisync_gui.ui.widgets.snapshot_model import VALUE
from archisync_gui.ui.widgets.timeline_bars import forecast_bars, miss_tip
from archisync_gui.ui.widgets.types_model import TypesModel
from tests.support.waiting import until

pytestmark = pytest.mark.qasync


async def band_of(make_panel: MakePanel, office: Office) -> TimelineBand:
    await office.keep(*(run_record("orders", NOW - timedelta(minutes=30 * n + 5), 30, id=f"o{n}") for n in range(150)))
    panel = await make_panel(store=office.store, entities=ENTITIES)
    page = panel.window.go("history")
    assert isinstance(page, History)
    page._fold_chosen(True)
    await until(lambda: shown_runs(page.band) > 0)
    return page.band


def shown_runs(band: TimelineBand) -> int:
    first, last = band.timeline.span
    return sum(first <= run.started <= last for run in band._runs)


async def test_a_timeline_that_returns_to_now_shows_its_runs(make_panel: MakePanel, office: Office) -> None:
    band = await band_of(make_panel, office)
    at_first = shown_runs(band)
    for _ in range(20):
        band.timeline._offset -= timedelta(hours=2)
        band.timeline.moved.emit()
    await until(lambda: shown_runs(band) > 0)
    band.spans[0].click()
    await until(lambda: shown_runs(band) == at_first)


async def test_a_timeline_with_too_many_runs_says_since_when_it_is_complete(
    make_panel: MakePanel, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archisync_gui.ui.pages.timeline.MOST", 10)
    band = await band_of(make_panel, office)
    assert "runs since" not in band._range.text()
    band.spans[2].click()
    await until(lambda: "runs since" in band._range.text())


def test_the_row_of_several_accounts_shows_the_oldest_data_and_the_most_active_state() -> None:
    queued = account_type("orders", state=SyncState.QUEUED, last_run_time=NOW - timedelta(minutes=3), queue_position=1)
    late = account_type("orders", "agente02", freshness=Freshness.LATE, last_run_time=NOW - timedelta(days=2))
    model = TypesModel()
    model.show_status(with_type(calm(), queued, late), NOW)
    row = next(n for n in range(model.rowCount()) if model.item(n).type == "orders")
    age, state = (model.index(row, at).data(VALUE) for at in (1, 2))
    assert age.text == list_words.freshness_chip(Freshness.LATE, late.last_run_time, NOW).text
    assert state.text == list_words.list_line(queued, None, list_words.News(), NOW).chip.text


def test_times_of_another_day_are_shown_with_the_day() -> None:
    later = NOW + timedelta(days=2)
    forecast = Forecast("orders", "agente01", later, 30)
    due = account_type("orders", state=SyncState.IDLE, expected=forecast)
    assert day(later) in list_words.expected_line(due, calm(), NOW)
    assert day(later) in forecast_bars([forecast])[0].tip
    early = NOW - timedelta(days=1)
    assert day(early) in miss_tip(Missed("orders", "agente01", early, early, 1, Reason.HOLD))
    known = account_type("customers", new_as_of=early)
    assert day(early) in status_words.banner_line(with_type(calm(), known), NOW)


async def test_an_open_history_of_today_follows_the_day(make_panel: MakePanel, world: World) -> None:
    world.store.all_runs = (run_record("orders", NOW - timedelta(minutes=5), 30, id="r1"),)
    panel = await make_panel()
    page = panel.window.go("history")
    assert isinstance(page, History)
    page.period.setCurrentIndex(page.period.findData("1"))
    await until(lambda: page.model.rowCount() == 1)
    world.clock.at += timedelta(days=1)
    panel.context.bridge.tick.emit()
    await until(lambda: page.model.rowCount() == 0)


async def test_the_duration_of_an_active_run_grows_in_the_history(make_panel: MakePanel, world: World) -> None:
    run = run_record("orders", NOW - timedelta(minutes=2), 0, id="r1", ended=None, outcome=None)
    world.store.all_runs = (run,)
    panel = await make_panel()
    page = panel.window.go("history")
    assert isinstance(page, History)
    await until(lambda: page.model.rowCount() == 1)
    duration = page.model.index(0, 4)
    assert duration.data() == took(120)
    world.clock.at += timedelta(minutes=1)
    panel.context.bridge.tick.emit()
    assert duration.data() == took(180)


def test_an_unknown_age_is_not_shown_as_now() -> None:
    ahead = account_type("orders", freshness=Freshness.UNKNOWN, last_run_time=NOW + timedelta(hours=20))
    assert _cell("orders", with_type(calm(), ahead), 3, "agente01", NOW).spoken == "Orders, 3 · age unknown"


async def test_each_request_for_why_gets_a_new_answer(make_panel: MakePanel, world: World) -> None:
    panel = await make_panel()
    panel.open("why", None)
    dialog = panel.dialogs.open_now["why"]
    assert isinstance(dialog, WhyDialog)
    await until(lambda: dialog.reason.text() != "")
    assert dialog.reason.text().startswith("At ")
    dialog.reason.setText("of nine o'clock")
    panel.open("why", None)
    assert panel.dialogs.open_now["why"] is dialog
    await until(lambda: dialog.reason.text().startswith("At "))
    dialog.explain(NOW - timedelta(hours=1))
    assert dialog.windowTitle() == "Why, at that moment"


async def test_a_failed_older_request_does_not_replace_the_newer_answer(
    make_panel: MakePanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = await make_panel()
    panel.open("why", None)
    dialog = panel.dialogs.open_now["why"]
    assert isinstance(dialog, WhyDialog)
    await until(lambda: dialog.reason.text() != "")
    answer = dialog.reason.text()

    async def fails(at: object = None) -> object:
        raise StoreError("office-unreachable", path="x", detail="y")

    assert panel.context.services is not None
    monkeypatch.setattr(panel.context.services.orchestrator, "explain", fails)
    await dialog._explain(0, None)
    assert dialog.reason.text() == answer


async def test_details_opened_again_show_the_ended_run(make_panel: MakePanel, office: Office) -> None:
    run = run_record("customers", NOW - timedelta(minutes=1), 20, id="c9", added=1)
    await office.store.journal.run_started(replace(run, ended=None, outcome=None))
    await office.store.journal.flush()
    panel = await make_panel(store=office.store, entities=ENTITIES)
    panel.open("run", "c9")
    await until(lambda: "run:c9" in panel.dialogs.open_now)
    shown = panel.dialogs.open_now["run:c9"]
    assert isinstance(shown, RunDetails)
    assert "Rows" not in dict(facts(shown.run)), "rows are shown before they are counted"
    await office.store.journal.run_ended(run)
    await office.store.journal.flush()
    panel.open("run", "c9")
    await until(lambda: panel.dialogs.open_now["run:c9"] is not shown)
    again = panel.dialogs.open_now["run:c9"]
    assert isinstance(again, RunDetails)
    assert again.run.ended is not None
    assert "Rows" in dict(facts(again.run))
