"""More of what the panel claims: pictures of the time asked for, words of the list and the moment they are about."""

from __future__ import annotations

from datetime import timedelta

import pytest
from panel_fakes import NOW, MakePanel, account_type, calm, run_record, with_type
from panel_office import Office

from archisync_gui.entities import ENTITIES
from archisync_gui.model import Freshness, SyncState
from archisync_gui.ui.pages.history import History
from archisync_gui.ui.pages.timeline import TimelineBand
from archisync_gui.ui.text import list_words
from archisync_gui.ui.widgets.snapshot_model import VALUE
from archisync_gui.ui.widgets.types_model import TypesModel
from tests.support.waiting import until

pytestmark = pytest.mark.qasync


async def band_of(make_panel: MakePanel, office: Office) -> TimelineBand:
    for n in range(150):
        run = run_record("orders", NOW - timedelta(minutes=30 * n + 5), 30, id=f"o{n}")
        await office.store.journal.run_started(run)
        await office.store.journal.run_ended(run)
    await office.store.journal.flush()
    panel = await make_panel(store=office.store, entities=ENTITIES)
    page = panel.window.go("history")
    assert isinstance(page, History)
    page._fold_chosen(True)
    await until(lambda: shown_runs(page.band) > 0)
    return page.band


def shown_runs(band: TimelineBand) -> int:
    first, last = band.timeline.span
    return sum(first <= run.started <= last for run in band._runs)


async def test_the_timeline_moved_back_to_now_has_its_runs(make_panel: MakePanel, office: Office) -> None:
    band = await band_of(make_panel, office)
    at_first = shown_runs(band)
    for _ in range(20):
        band.timeline._offset -= timedelta(hours=2)
        band.timeline.moved.emit()
    await until(lambda: shown_runs(band) > 0, 5)
    band.spans[0].click()
    await until(lambda: shown_runs(band) == at_first, 5)


async def test_a_timeline_of_too_many_runs_says_since_when(
    make_panel: MakePanel, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archisync_gui.ui.pages.timeline.MOST", 10)
    band = await band_of(make_panel, office)
    assert "runs since" not in band._range.text()
    band.spans[2].click()
    await until(lambda: "runs since" in band._range.text(), 5)


def test_the_row_of_several_accounts_tells_the_oldest_data_and_the_state_of_the_busiest() -> None:
    queued = account_type("orders", state=SyncState.QUEUED, last_run_time=NOW - timedelta(minutes=3), queue_position=1)
    late = account_type("orders", "agente02", freshness=Freshness.LATE, last_run_time=NOW - timedelta(days=2))
    model = TypesModel()
    model.show_status(with_type(calm(), queued, late), NOW)
    row = next(n for n in range(model.rowCount()) if model.item(n).type == "orders")
    age, state = (model.index(row, at).data(VALUE) for at in (1, 2))
    assert age.text == list_words.freshness_chip(Freshness.LATE, late.last_run_time, NOW).text
    assert state.text == list_words.list_line(queued, None, list_words.News(), NOW).chip.text
