"""The pages on fakes: contents, queries to the store, and exports."""

from __future__ import annotations

import csv
import dataclasses
import logging
import shutil
import stat
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from panel_fakes import (
    NOW,
    SILENT,
    FakeStore,
    MakePanel,
    World,
    account_type,
    ago,
    busy,
    calm,
    overview,
    run_record,
    with_type,
)
from panel_printing import print_to_file
from PySide6.QtCore import QPointF, Qt
from PySide6.QtPrintSupport import QPrintDialog
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QInputDialog, QLabel, QLineEdit, QPushButton, QTableView

from archisync_gui.endpoint.paired_pages import Access, PairingStore
from archisync_gui.endpoint.pairing import Pairing
from archisync_gui.entities import ENTITIES
from archisync_gui.export import csv_cell, write_csv, write_excel
from archisync_gui.model import (
    AccountStatus,
    ErrorInfo,
    Event,
    EventKind,
    Explanation,
    FailureKind,
    Forecast,
    Origin,
    Outcome,
    Reason,
    Scope,
    SyncState,
)
from archisync_gui.settings import DECLARATIONS, Settings
from archisync_gui.store.errors import StoreError
from archisync_gui.store.types import Change, ChangeKind, Counts, Page, StoredEvent
from archisync_gui.ui.dialogs import run_details as details
from archisync_gui.ui.dialogs.accept import AcceptDialog
from archisync_gui.ui.dialogs.clear import ClearDialog
from archisync_gui.ui.dialogs.columns import ColumnsDialog
from archisync_gui.ui.dialogs.crash import CrashDialog
from archisync_gui.ui.dialogs.first_run import FirstRun, complete_address
from archisync_gui.ui.dialogs.pairing import PairingDialog
from archisync_gui.ui.dialogs.sessions import SessionsDialog
from archisync_gui.ui.dialogs.trouble import TroubleDialog
from archisync_gui.ui.dialogs.vanishing import BARS, GroupPicture, cause_line, sentence, vanishing_of
from archisync_gui.ui.dialogs.why import WhyDialog
from archisync_gui.ui.live.failures import forms_sentence
from archisync_gui.ui.live.past_runs import kept_events, session_spans
from archisync_gui.ui.look.theme import color, theme
from archisync_gui.ui.output.summary import PAPER, summary_html
from archisync_gui.ui.pages.data import Data
from archisync_gui.ui.pages.history import History
from archisync_gui.ui.pages.log import KEPT, LogFeed, LogModel
from archisync_gui.ui.pages.setting_field import TOO_BUSY, load
from archisync_gui.ui.pages.settings import SettingsPage
from archisync_gui.ui.pages.summary import SummaryPage
from archisync_gui.ui.shell.panel import Panel
from archisync_gui.ui.text.values import exported, shown
from archisync_gui.ui.widgets import charts
from archisync_gui.ui.widgets.rows_model import PAGE
from archisync_gui.ui.widgets.timeline import Timeline
from archisync_gui.ui.widgets.timeline_bars import Picture, bars_of
from archisync_gui.ui.widgets.types_model import TypeRow
from tests.support.events import an_event
from tests.support.waiting import until

pytestmark = pytest.mark.qasync


def dialog(panel: Panel, kind: type[QDialog]) -> QDialog | None:
    return next((d for d in panel.dialogs.open_now.values() if isinstance(d, kind)), None)


# ---------------------------------------------------------------------------------------------------- history


async def test_history_filters_and_opens_a_run(make_panel: MakePanel, world: World) -> None:
    panel = await make_panel()
    page = panel.window.go("history")
    assert isinstance(page, History)
    await until(lambda: page.model.rowCount() > 0)
    everything = page.model.rowCount()
    page.type.setCurrentIndex(page.type.findData("invoices"))
    await until(lambda: 0 < page.model.rowCount() < everything)
    page.outcome.setCurrentIndex(page.outcome.findData(Outcome.FAILED))
    await until(lambda: page.model.rowCount() == 2)
    page.table.selectRow(0)
    QTest.keyClick(page.table, Qt.Key.Key_Return)
    await until(lambda: dialog(panel, details.RunDetails) is not None)
    found = dialog(panel, details.RunDetails)
    assert isinstance(found, details.RunDetails)
    assert "Timeout 30000 ms" in details.as_text(found.run)
    page.period.setCurrentIndex(page.period.findData("own"))
    assert page.since.isVisibleTo(page)


async def test_filters_survive_opening_a_row(make_panel: MakePanel, world: World) -> None:
    panel = await make_panel()
    page = panel.window.go("history")
    assert isinstance(page, History)
    page.type.setCurrentIndex(page.type.findData("prices"))
    panel.window.go("overview")
    panel.window.go("history")
    assert page.type.currentData() == "prices"


async def test_the_history_of_a_row_is_of_its_account(make_panel: MakePanel, world: World) -> None:
    accounts = ("agente01", "agente02")
    both = tuple(AccountStatus(name, True, True, None, 0, 15) for name in accounts)
    world.orchestrator.status = with_type(calm(accounts=both), *(account_type("orders", name) for name in accounts))
    world.store.all_runs = tuple(run_record("orders", ago(minutes=5), 10, account=name, id=name) for name in accounts)
    panel = await make_panel()
    table, shown = overview(panel).table, []
    for account, runs in (("agente02", {"agente02"}), (None, {"agente01", "agente02"})):
        menu = table.menu(TypeRow("orders", account, None))
        next(action for action in menu.actions() if action.text() == "&History").trigger()
        page = panel.window.stack.currentWidget()
        assert isinstance(page, History)
        await until(lambda page=page, runs=runs: {run.id for run in page._runs} == runs)
        shown.append((page.account.isVisible(), page.account.currentText()))
    assert shown == [(True, "agente02"), (True, "All accounts")]


async def test_an_open_history_offers_the_accounts_that_are_in_use_now(make_panel: MakePanel, world: World) -> None:
    """It may be opened before the accounts are known, and one may be removed on another computer."""
    accounts = ("agente01", "agente02")
    world.store.all_runs = tuple(run_record("orders", ago(minutes=5), 10, account=name, id=name) for name in accounts)
    panel = await make_panel()
    page = panel.window.go("history")
    assert isinstance(page, History)
    assert not page.account.isVisible()
    both = tuple(AccountStatus(name, True, True, None, 0, 15) for name in accounts)
    world.orchestrator.become(calm(accounts=both))
    await until(page.account.isVisible)
    page.account.setCurrentIndex(page.account.findData("agente02"))
    await until(lambda: [run.id for run in page._runs] == ["agente02"])
    world.orchestrator.become(calm(accounts=both[:1]))
    await until(lambda: not page.account.isVisible())
    await until(lambda: {run.id for run in page._runs} == set(accounts))


async def test_charts_count_by_day(make_panel: MakePanel, world: World) -> None:
    runs = [
        run_record("orders", NOW, 10),
        run_record("orders", NOW - timedelta(minutes=5), 10, outcome=Outcome.FAILED, error=SILENT, added=0, changed=0),
        run_record("orders", NOW - timedelta(days=1), 10, outcome=Outcome.CANCELLED, added=0, changed=0),
    ]
    assert list(charts.success_by_day(runs).values()) == [(1, 2)]
    assert list(charts.changes_by_day(runs).values()) == [0, 24]
    panel = await make_panel()
    page = panel.window.go("history")
    assert isinstance(page, History)
    page.charts_button.setChecked(True)
    assert page.charts is not None
    assert page.charts.isVisible()


async def test_charts_show_the_values_at_the_pointer_and_a_double_click_ends_a_zoom(make_panel: MakePanel) -> None:
    runs = [run_record("orders", NOW - timedelta(minutes=30 * n), 10 + n) for n in range(8)]
    found = charts.Charts()
    found.resize(1200, 260)
    found.show()
    found.show_runs(runs)
    plot, pointer = found._plots[0], found._pointers[0]
    view = plot.plotItem.vb
    await until(lambda: view.viewRange()[0][0] > (NOW - timedelta(days=1)).timestamp())  # the scale fits the runs
    there = view.mapViewToScene(QPointF(runs[3].started.timestamp(), 13))
    plot.scene().sigMouseMoved.emit(there)
    assert pointer._heading.text().startswith("Duration, seconds · Orders, ")
    assert pointer._heading.text().endswith(": 13 s")
    plot.scene().sigMouseMoved.emit(QPointF(-500, -500))
    assert pointer._heading.text() == "Duration, seconds"
    day = found._pointers[1]
    assert "8 of 8" in next(text for _, _, text in day._points)
    before = view.viewRange()
    view.scaleBy((0.1, 0.1))
    assert view.viewRange() != before

    class Double:
        def double(self) -> bool:
            return True

    plot.scene().sigMouseClicked.emit(Double())
    await until(lambda: view.viewRange()[0] == pytest.approx(before[0]))
    found.close()
    found.deleteLater()


async def test_log_lines_of_one_run_only(tmp_path: Path) -> None:
    file = tmp_path / "archisync.log"
    file.write_text(
        "2026-03-10 14:00:00 INFO    a: run r1 starts\n"
        "2026-03-10 14:00:01 ERROR   a: run r1 failed\nTraceback:\n  boom\n"
        "2026-03-10 14:00:02 INFO    a: run r2 starts\n",
        encoding="utf-8",
    )
    found = details.log_lines(file, "r1").splitlines()
    assert found[1:] == ["2026-03-10 14:00:01 ERROR   a: run r1 failed", "Traceback:", "  boom"]
    assert len(found) == 4


# ---------------------------------------------------------------------------------------------------- data


async def test_a_hundred_thousand_rows_are_read_in_pages(make_panel: MakePanel, world: World) -> None:
    world.store = FakeStore(size=100_000)
    panel = await make_panel()
    page = panel.window.go("data")
    assert isinstance(page, Data)
    await until(lambda: page.model.rowCount() == 100_000)
    before = world.store.asked
    page.table.scrollToBottom()
    page.table.viewport().repaint()
    await until(lambda: page.model.stored(99_999) is not None)
    assert world.store.asked - before <= 2
    assert page.model.stored(50_000) is None
    assert page.model.index(0, 1).data() == "Ferramenta Demo 0000"
    assert page.model.stored(PAGE * 3) is None


async def test_a_list_that_was_never_read_says_so(make_panel: MakePanel, world: World) -> None:
    world.store.data = []
    panel = await make_panel()
    page = panel.window.go("data")
    assert isinstance(page, Data)
    await until(lambda: page.empty.text().startswith("Nothing stored yet"))
    page.search.setText("demo")
    await until(lambda: page.empty.text() == "Orders: nothing found for “demo”. Ctrl+K looks in all lists.")


async def test_ages_and_counts_of_lists_are_updated_only_while_visible(make_panel: MakePanel, world: World) -> None:
    panel = await make_panel()
    page = panel.window.go("data")
    assert isinstance(page, Data)
    await until(lambda: page.model.rowCount() == 1000)
    shown, counted = [0], [0]
    show_lists, counts = page.lists.show_lists, world.store.counts

    def dated(*about: Any) -> None:
        shown[0] += 1
        show_lists(*about)

    async def count() -> tuple[Counts, ...]:
        counted[0] += 1
        return await counts()

    page.lists.show_lists, world.store.counts = dated, count  # type: ignore[method-assign]
    before = shown[0]  # the panel's own timer may have run meanwhile
    panel.context.bridge.tick.emit()
    assert shown[0] == before + 1
    page.search.setText("demo 0007")
    await until(lambda: page.model.rowCount() == 1)
    assert counted == [0], "counted again after a search"
    panel.window.go("history")
    before = shown[0]
    panel.context.bridge.tick.emit()
    assert shown[0] == before, "the ages were updated while hidden"
    panel.window.go("data")
    assert shown[0] > before
    await until(lambda: counted == [1])


async def test_search_sort_and_history_of_a_row(make_panel: MakePanel, world: World) -> None:
    panel = await make_panel("it")
    page = panel.window.go("data")
    assert isinstance(page, Data)
    await until(lambda: page.model.rowCount() == 1000)
    page.search.setText("demo 0007")
    await until(lambda: page.model.rowCount() == 1)
    page.search.clear()
    await until(lambda: page.model.rowCount() == 1000)
    page.table.horizontalHeader().setSortIndicator(1, Qt.SortOrder.DescendingOrder)
    await until(lambda: page.model.index(0, 1).data() == "Ferramenta Demo 0999")
    page.table.selectRow(0)
    page.open_sheet.click()
    sheet = panel.window.record_sheet()
    await until(lambda: sheet.sheet is not None)
    assert "030 → 031" in " ".join(found.text() for found in sheet.findChildren(QLabel))


async def test_the_position_and_selection_are_kept_when_the_list_is_read(make_panel: MakePanel, world: World) -> None:
    panel = await make_panel()
    page = panel.window.go("data")
    assert isinstance(page, Data)
    await until(lambda: page.model.rowCount() == 1000)
    page.table.verticalScrollBar().setValue(600)
    await until(lambda: page.model.stored(600) is not None)
    page.table.selectRow(603)
    place = page.table.verticalScrollBar().value()
    world.store.data.insert(0, {**world.store.data[0], "id": "60000"})  # a new record before all others
    world.orchestrator.tell(EventKind.SYNC_COMPLETED, {"type": "orders", "account": "agente01"})
    await until(lambda: page.model.rowCount() == 1001)
    await until(lambda: page.table.currentIndex().row() == 604)
    assert page.model.stored(604).key == "50603"
    assert abs(page.table.verticalScrollBar().value() - place) <= 1


async def test_the_first_column_stays_while_the_others_are_scrolled(make_panel: MakePanel, world: World) -> None:
    panel = await make_panel()
    page = panel.window.go("data")
    assert isinstance(page, Data)
    await until(lambda: page.model.rowCount() == 1000)
    table = page.table
    for at in range(page.model.columnCount()):
        table.setColumnWidth(at, 500)
    bar = table.horizontalScrollBar()
    await until(lambda: bar.maximum() > 300)
    assert not table.first.isVisible()
    bar.setValue(300)
    kept = table.first_column()
    assert table.first.isVisible()
    assert [at for at in range(page.model.columnCount()) if not table.first.isColumnHidden(at)] == [kept]
    assert table.first.width() >= table.columnWidth(kept)
    table.verticalScrollBar().setValue(40)
    assert table.first.verticalScrollBar().value() == 40
    table.scrollTo(page.model.index(40, kept + 1))
    assert table.columnViewportPosition(kept + 1) >= table.columnWidth(kept), "hidden behind the first column"
    table.first.horizontalHeader().sectionClicked.emit(kept)
    assert table.horizontalHeader().sortIndicatorSection() == kept
    bar.setValue(0)
    assert not table.first.isVisible()


async def test_rows_of_all_accounts_show_their_account(make_panel: MakePanel, world: World) -> None:
    accounts = tuple(AccountStatus(name, True, True, None, 0, 15) for name in ("agente01", "agente02"))
    world.orchestrator.status = calm(accounts=accounts)
    asked: list[tuple[str | None, object]] = []
    rows = world.store.rows

    async def spied(entity: str, account: str | None, **kwargs: Any) -> Page:
        asked.append((account, kwargs.get("others")))
        return await rows(entity, account, **kwargs)

    world.store.rows = spied  # type: ignore[method-assign]
    panel = await make_panel()
    page = panel.window.go("data")
    assert isinstance(page, Data)
    await until(lambda: page.model.rowCount() == 1000)
    assert ("agente01", None) in asked
    page.account.setCurrentIndex(page.account.findData(""))
    await until(lambda: page.model.columnCount() == 6)
    assert asked[-1] == ("agente01", ("agente02",))
    headings = [page.model.headerData(at, Qt.Orientation.Horizontal) for at in range(6)]
    assert page.model.index(0, headings.index("Account")).data() == "agente01"


async def test_columns_are_chosen_in_a_dialog_and_one_always_stays(make_panel: MakePanel, world: World) -> None:
    panel = await make_panel()
    page = panel.window.go("data")
    assert isinstance(page, Data)
    await until(lambda: page.model.rowCount() == 1000)
    page.columns.click()
    (found,) = page.findChildren(ColumnsDialog)
    found.search.setText("phone")
    items = [found.list.item(at) for at in range(found.list.count())]
    assert [item.text() for item in items if not item.isHidden()] == ["Phone"]
    for item in items:
        item.setCheckState(Qt.CheckState.Unchecked)
    hidden = [page.table.isColumnHidden(at) for at in range(page.model.columnCount())]
    assert hidden.count(False) == 1
    found.reset.click()
    assert not any(page.table.isColumnHidden(at) for at in range(page.model.columnCount()))
    found.close()


async def test_read_this_customer_again(make_panel: MakePanel, world: World) -> None:
    panel = await make_panel()
    page = panel.window.go("data")
    assert isinstance(page, Data)
    page.lists.choose("customers")
    await until(lambda: page.model.rowCount() == 1000)
    assert not page.again.isEnabled()
    assert page.again.toolTip()
    page.table.selectRow(3)
    page.again.click()
    await until(lambda: bool(world.orchestrator.calls))
    assert world.orchestrator.calls == [("request_sync", ("customers", "agente01", "50003"))]
    page.lists.choose("ddt")
    assert not page.again.isVisibleTo(page)


async def test_clearing_requires_the_typed_name_and_no_run(make_panel: MakePanel, world: World) -> None:
    cleared: list[tuple[str, str]] = []

    async def clear(type: str, account: str) -> None:
        cleared.append((type, account))

    panel = await make_panel(clear_and_read=clear)
    settings = panel.window.go("settings")
    assert isinstance(settings, SettingsPage)
    settings.focus_on("data")
    page = settings.clear_list
    page.clear.click()
    await until(lambda: page.findChild(ClearDialog) is not None)
    found = page.findChild(ClearDialog)
    assert not found.yes.isEnabled()
    found.typed.setText("orders")
    assert found.yes.isEnabled()
    found.yes.click()
    await until(lambda: bool(cleared))
    assert cleared == [("orders", "agente01")]
    page.list.setCurrentIndex(page.list.findData("customers"))
    world.orchestrator.become(busy())
    await until(lambda: not page.clear.isEnabled())
    assert "being read" in page.clear.toolTip()


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("@cmd", "'@cmd"),
        ("-2+3", "'-2+3"),
        ("+39 02 123", "\t+39 02 123"),
        ("0123", "\t0123"),
        ("Rossi", "Rossi"),
        (1234.5, "1234,5"),
        (7, "7"),
        (None, ""),
    ],
)
async def test_csv_cells_are_never_formulas_and_phones_stay_text(value: object, cell: str) -> None:
    assert csv_cell(value) == cell


async def test_csv_has_the_format_of_italian_excel(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", ["Nome", "Totale"], [["Caffè; bar", 1.5]])
    raw = path.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file, delimiter=";")) == [["Nome", "Totale"], ["Caffè; bar", "1,5"]]


async def test_excel_keeps_text_as_text(tmp_path: Path) -> None:
    path = write_excel(tmp_path / "a.xlsx", ["Telefono", "Totale"], [["0301234", 12.5], ["=1+1", None]], "A/B")
    sheet = load_workbook(path).worksheets[0]
    assert [c.value for c in sheet[2]] == ["0301234", 12.5]
    assert sheet["A3"].value == "=1+1"
    assert sheet["A3"].data_type == "s"


async def test_values_are_shown_in_the_notation_of_the_language(make_panel: MakePanel) -> None:
    from archisync_gui.entities import CUSTOMERS
    from archisync_gui.entities.declaration import Kind
    from archisync_gui.ui.text.i18n import set_language
    from archisync_gui.ui.text.values import title

    set_language("it")
    assert shown(-123456, Kind.MONEY) == "-1.234,56"
    assert shown(5000, Kind.NUMBER) == "5"
    assert shown(2149, Kind.PERCENT) == "21,49 %"
    assert shown("2026-03-09", Kind.DATE) == "09/03/2026"
    assert shown(None, Kind.MONEY) == ""
    assert exported(123456, Kind.MONEY) == 1234.56
    assert exported("not a day", Kind.DATE) == "not a day"
    headings = {title(column) for column in CUSTOMERS.columns}
    assert {"ID", "PEC", "SDI", "CAP", "Partita IVA", "Codice fiscale"} <= headings


# ---------------------------------------------------------------------------------------------------- day


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="Windows and macOS show their own print dialog")
async def test_the_summary_is_printed_with_the_real_dialog(make_panel: MakePanel, tmp_path: Path) -> None:
    panel = await make_panel()
    page = panel.window.go("summary")
    assert isinstance(page, SummaryPage)
    await until(lambda: page.content is not None)
    file = tmp_path / "sheet.pdf"
    page.print.click()
    await print_to_file(page, file)
    page.print.click()
    await until(lambda: any(found.isVisible() for found in page.findChildren(QPrintDialog)))
    next(found for found in page.findChildren(QPrintDialog) if found.isVisible()).reject()
    await until(lambda: page.findChildren(QPrintDialog) == [])
    assert panel.window.notice.text == ""


@pytest.mark.parametrize("appearance", ["light", "dark"])
async def test_calendars_can_be_read(make_panel: MakePanel, appearance: str) -> None:
    """Each day's number fits into its cell, and every colour of the calendar is one of the theme's."""
    panel = await make_panel()
    theme().choose(appearance)
    panel.open("why")
    asked = dialog(panel, WhyDialog)
    assert isinstance(asked, WhyDialog)
    calendar = asked.at.calendarWidget()
    for day in Qt.DayOfWeek:
        assert calendar.weekdayTextFormat(day).foreground().color() == color("text")
    assert calendar.headerTextFormat().foreground().color() == color("muted")
    calendar.show()
    calendar.resize(calendar.sizeHint())
    table = calendar.findChild(QTableView)
    assert isinstance(table, QTableView)
    assert table.columnWidth(1) >= table.fontMetrics().horizontalAdvance("00") + 8
    calendar.hide()
    theme().choose("system")


async def test_the_summary_has_new_customers_and_changed_prices(make_panel: MakePanel, world: World) -> None:
    noon = NOW.replace(hour=11)
    world.store.log = [
        Change(1, noon, "r", "customers", "agente01", "50001", ChangeKind.ADDED, None, None, None, None, "A"),
        Change(2, noon, "r", "prices", "", "9", ChangeKind.CHANGED, "total", 1000, 1200, 2000, "Vite <b>"),
        Change(3, noon, "r", "prices", "", "8", ChangeKind.CHANGED, "total", 1000, 1010, 100, "Dado"),
    ]
    panel = await make_panel("it")
    page = panel.window.go("summary")
    assert isinstance(page, SummaryPage)
    page.choose("today")
    await until(lambda: page.content is not None and page.content.period.name == "today")
    assert page.content is not None
    text = page.view.toPlainText()
    assert "Ferramenta Demo 0001" in text
    assert "Vite <b>" in text
    assert "Dado" not in text
    assert "+20,0 %" in text
    assert "<b>Vite" not in summary_html(page.content, PAPER)
    assert "Vite &lt;b&gt;" in summary_html(page.content, PAPER)
    page.threshold.setCurrentIndex(0)
    await until(lambda: "Dado" in page.view.toPlainText())


async def test_the_cost_of_the_forms() -> None:
    opened = an_event(EventKind.SESSION_OPENED, "b", 1, NOW, {})
    fast = run_record("customers", NOW, 2.1, origin=Origin.ORDER_FORM, scope=Scope.NEW)
    held = run_record("prices", NOW, 90, suspensions=((NOW, NOW + timedelta(seconds=40)),))
    assert forms_sentence([opened], [fast, held]) == "1 form, customers in 2.1 s, others put off by 40 s"
    assert forms_sentence([], [held]) == "No order form was opened."


async def test_the_newest_sessions_are_shown_however_many_there_were(make_panel: MakePanel, world: World) -> None:
    kinds = (EventKind.SESSION_OPENED, EventKind.SESSION_CLOSED)
    world.store.kept = [
        an_event(kind, "b", n, ago(seconds=7000 - n), {"sessionCount": 1 - n % 2})
        for n, kind in enumerate(kinds * 3000)
    ]
    panel = await make_panel()
    await until(lambda: bool(panel.past_runs.sessions))
    assert len(panel.past_runs.sessions) == 3000
    assert panel.past_runs.sessions[-1] == (ago(seconds=1002), ago(seconds=1001))


async def test_kept_events_go_on_after_one_that_this_version_cannot_read() -> None:
    class Later(FakeStore):
        async def events(self, since: datetime, until: datetime, *args: Any, **how: Any) -> tuple[StoredEvent, ...]:
            page = await super().events(since, until, *args, **how)
            return tuple(stored for stored in page if stored.id != 3)

    store = Later()
    store.kept = [an_event(EventKind.HOLD_CHANGED, "b", n, ago(minutes=1), {"hold": True}) for n in range(2500)]
    found = await kept_events(store, ago(minutes=2), NOW, (EventKind.HOLD_CHANGED,))
    assert len(found) == 2499


async def test_past_sessions_from_kept_events() -> None:
    def told(kind: EventKind, minutes: int, count: int, boot: str = "b") -> Event:
        return an_event(kind, boot, 1, ago(minutes=minutes), {"sessionCount": count})

    events = [
        told(EventKind.SESSION_OPENED, 100, 1, "old"),
        told(EventKind.SESSION_OPENED, 60, 1),
        told(EventKind.SESSION_OPENED, 50, 2),
        told(EventKind.SESSION_CLOSED, 40, 1),
        told(EventKind.SESSION_CLOSED, 30, 0),
    ]
    spans = session_spans(events, [(ago(minutes=5), None)])
    assert spans == [
        (ago(minutes=100), ago(minutes=100)),
        (ago(minutes=60), ago(minutes=30)),
        (ago(minutes=5), None),
    ]


# ---------------------------------------------------------------------------------------------------- log


async def test_log_filters_and_stays_bounded(make_panel: MakePanel) -> None:
    feed = LogFeed()
    logger = logging.Logger("x")
    logger.addHandler(feed)
    model = LogModel(feed)
    for i in range(KEPT + 50):
        logger.info("line %d", i)
    logger.error("it broke")
    model.filter(logging.INFO, "")
    assert model.rowCount() == KEPT
    model.filter(logging.ERROR, "")
    assert [model.index(0, 0).data()[-8:]] == ["it broke"]
    logger.error("again")
    assert model.catch_up()
    assert model.rowCount() == 2
    assert not model.catch_up()


async def test_the_log_shows_reads_in_plain_words_and_technical_lines_on_request(
    make_panel: MakePanel, world: World
) -> None:
    panel = await make_panel()
    world.store.kept = [an_event(EventKind.SYNC_COMPLETED, "earlier", 1, ago(days=2), {"type": "orders", "rows": 7})]
    logging.getLogger("archisync_gui.syncs").warning("orders: page 1 of 2 was slow")
    panel.open("log")
    page = panel.window.page("settings")
    assert isinstance(page, SettingsPage)
    log = page.log

    def lines() -> list[str]:
        return [log.model.index(at, 0).data() for at in range(log.model.rowCount())]

    await until(lambda: len(lines()) == 1)
    assert lines()[0].endswith("Orders: 7 rows, nothing new")
    world.orchestrator.tell(EventKind.SYNC_ERROR, {"type": "ddt", "error": {"kind": "transient", "code": "erp-slow"}})
    await until(lambda: len(lines()) == 2)
    assert "the ERP does not answer" in lines()[1]
    log.technical.setChecked(True)
    assert any("page 1 of 2" in line for line in lines())
    assert "Orders: 7 rows" in lines()[0], "not sorted by time"
    log.level.setCurrentIndex(2)
    assert len(lines()) == 1
    assert "the ERP does not answer" in lines()[0]


# ---------------------------------------------------------------------------------------------------- settings


async def test_every_declared_setting_has_a_control(make_panel: MakePanel, world: World) -> None:
    panel = await make_panel()
    page = panel.window.go("settings")
    assert isinstance(page, SettingsPage)
    declared = {d.key for d in DECLARATIONS if d.group != "hidden"} - {"erp.accounts"}
    assert set(page.fields) == declared
    for field in page.fields.values():
        assert field.control.accessibleName()


async def test_a_change_is_checked_and_applied_at_once(make_panel: MakePanel, world: World) -> None:
    panel = await make_panel()
    page = panel.window.go("settings")
    assert isinstance(page, SettingsPage)
    page.focus_on("sync.orders.interval")
    field = page.fields["sync.orders.interval"]
    field.control.setValue(25)  # type: ignore[attr-defined]
    await until(lambda: world.settings.number("sync.orders.interval") == 25)
    field.control.setValue(3)  # type: ignore[attr-defined]
    assert field.wrong.isVisibleTo(page)
    assert field.wrong.text()
    assert world.settings.number("sync.orders.interval") == 25
    url = page.fields["erp.url"]
    url.control.setText("ftp://x")  # type: ignore[attr-defined]
    url._changed()
    assert url.wrong.text()
    assert world.settings.text("erp.url") == ""


async def test_appearance_changes_at_once(make_panel: MakePanel, world: World) -> None:
    from archisync_gui.ui.look.theme import theme

    panel = await make_panel()
    page = panel.window.go("settings")
    assert isinstance(page, SettingsPage)
    box = page.fields["look.theme"].control
    box.setCurrentIndex(box.findData("dark"))  # type: ignore[attr-defined]
    await until(lambda: theme().dark)
    language = page.fields["look.language"].control
    language.setCurrentIndex(language.findData("it"))  # type: ignore[attr-defined]
    await until(lambda: panel.window.header.all.text() == "Aggior&na tutto")


async def test_a_warning_is_shown_for_too_much_load() -> None:
    slow = [run_record("orders", ago(hours=h), 400) for h in range(3)]
    assert load(ENTITIES, slow, Settings({"sync.orders.interval": 5}), 1) > TOO_BUSY
    assert load(ENTITIES, slow, Settings({"sync.orders.interval": 60}), 1) < TOO_BUSY
    assert load(ENTITIES, slow, Settings({"sync.orders.interval": 0}), 1) == 0


# ---------------------------------------------------------------------------------------------------- dialogs


async def test_sessions_are_listed_and_ended(make_panel: MakePanel, world: World) -> None:
    world.orchestrator.status = busy()
    panel = await make_panel()
    panel.window.banner.list.click()
    found = dialog(panel, SessionsDialog)
    assert isinstance(found, SessionsDialog)
    found.one.click()
    found.all.click()
    assert world.orchestrator.calls == [("end_session", ("s-1a2b",)), ("end_sessions", ())]
    world.orchestrator.become(calm())
    await until(lambda: not found.one.isEnabled())
    assert found.one.toolTip()


async def test_why_names_one_reason_and_what_comes_next(make_panel: MakePanel, world: World) -> None:
    forecast = (Forecast("orders", "agente01", NOW + timedelta(minutes=10), 70),)
    status = dataclasses.replace(calm(), explanation=Explanation(NOW, Reason.OFFICE_HOURS, {}, forecast))
    world.orchestrator.status = status
    panel = await make_panel()
    panel.window.header.why.click()
    found = dialog(panel, WhyDialog)
    assert isinstance(found, WhyDialog)
    await until(lambda: "Orders" in found.next.text())
    assert found.reason.text()


async def test_for_a_run_that_is_gone_there_is_a_message(make_panel: MakePanel) -> None:
    panel = await make_panel()
    panel.open("run", "no such run")
    await until(lambda: "no longer" in panel.window.notice.text)


REFUSED = ErrorInfo(
    "shrink",
    FailureKind.REFUSED,
    "shrink",
    params={"list": "orders", "before": 1000, "now": 400, "gone": 600},
    evidence={"filtersAfter": {"preset": "Questo mese", "search": ""}},
)


async def test_a_refused_read_is_shown_with_a_chart_and_its_likely_cause(make_panel: MakePanel, world: World) -> None:
    accepted: list[str] = []

    async def accept(run_id: str) -> None:
        accepted.append(run_id)

    for at, row in enumerate(world.store.data):
        row["day"] = "2024-05-01" if at < 600 else "2025-05-01"
    world.store.refused_read = frozenset(str(50000 + at) for at in range(600, 1000))
    item = account_type(
        "orders", state=SyncState.REFUSED, last_outcome=Outcome.REFUSED, last_error=REFUSED, last_run_id="r7"
    )
    world.orchestrator.status = with_type(calm(), item)
    panel = await make_panel(accept_read=accept)
    found = await vanishing_of(panel.context.services, item)  # type: ignore[arg-type]
    assert found is not None
    assert sentence(found) == "These 600 rows would vanish: all of 2024."
    assert cause_line(found) == ("Cause: in the ERP the filter of this list says “Questo mese”.", True)
    assert cause_line(dataclasses.replace(found, filters={}))[1] is False
    panel.open("trouble", item)
    shown_dialog = dialog(panel, TroubleDialog)
    assert isinstance(shown_dialog, TroubleDialog)
    await until(lambda: shown_dialog.picture is not None)
    assert shown_dialog.picture is not None
    assert shown_dialog.picture.summary() == "2024: 600 of 600, 2025: 0 of 400"
    shown_dialog.by.setCurrentIndex(1)
    assert shown_dialog.picture.summary() == "F: 600 of 1,000"
    buttons = {b.text(): b for b in shown_dialog.findChildren(QPushButton)}
    said = " ".join(part.text() for part in shown_dialog.findChildren(QLabel) if part.isVisible())
    assert shown_dialog.headline.text() == "Orders: the ERP sent 400 rows of 1,000. Nothing was changed."
    assert "600" in said
    assert "Questo mese" in said
    assert shown_dialog.focusWidget() is buttons["&Read again"], "Enter and Space are not harmless"
    accept = buttons["It is right so, &accept…"]
    first = shown_dialog.buttons.itemAt(0)
    assert first is not None
    assert first.widget() is accept, "near the buttons that are usually pressed"

    async def asked() -> AcceptDialog:
        accept.click()
        await until(lambda: any(found.isVisible() for found in shown_dialog.findChildren(AcceptDialog)))
        return next(found for found in shown_dialog.findChildren(AcceptDialog) if found.isVisible())

    for key in (Qt.Key.Key_Return, Qt.Key.Key_Space, Qt.Key.Key_Escape):
        question = await asked()
        assert question.focusWidget() is question.no
        assert not question.yes.isEnabled()
        QTest.keyClick(question.no, key)
        await until(lambda: not any(found.isVisible() for found in shown_dialog.findChildren(AcceptDialog)))
        assert accepted == []
    question = await asked()
    text = " ".join(part.text() for part in question.findChildren(QLabel))
    assert text.count("•") == 10
    assert "… and 590 more" in text
    QTest.keyClicks(question.typed, "60")
    assert not question.yes.isEnabled()
    QTest.keyClicks(question.typed, "0")
    assert question.yes.isEnabled()
    question.yes.click()
    await until(lambda: accepted == ["r7"])


async def test_a_refused_read_that_is_gone_meanwhile_cannot_be_accepted(
    make_panel: MakePanel, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(run_id: str) -> frozenset[str]:
        raise StoreError("refused-read-unknown", run=run_id)

    async def accept(run_id: str) -> None:
        raise AssertionError("accepted without being asked")

    monkeypatch.setattr(world.store, "refused_keys", gone)
    item = account_type(
        "orders", state=SyncState.REFUSED, last_outcome=Outcome.REFUSED, last_error=REFUSED, last_run_id="r7"
    )
    world.orchestrator.status = with_type(calm(), item)
    panel = await make_panel(accept_read=accept)
    said: list[str] = []
    panel.context.notice_requested.connect(lambda text, *_: said.append(text))
    panel.open("trouble", item)
    shown = dialog(panel, TroubleDialog)
    assert isinstance(shown, TroubleDialog)
    next(b for b in shown.findChildren(QPushButton) if b.text() == "It is right so, &accept…").click()
    await until(lambda: said)
    assert not shown.findChildren(AcceptDialog)


async def test_the_chart_keeps_its_height_and_shows_the_largest_losses(make_panel: MakePanel) -> None:
    await make_panel()
    picture = GroupPicture()
    picture.show_group({"2024": 5}, {"2024": 5, "2025": 9})
    height = picture.sizeHint().height()
    names = {f"customer {at:02}": at for at in range(40)}
    picture.show_group(names, dict.fromkeys(names, 100))
    assert picture.sizeHint().height() == height
    bars = picture.summary().split(", ")
    assert len(bars) == BARS
    assert bars[0] == "customer 39: 39 of 100"
    assert bars[-1] == f"{40 - BARS + 1} others: {sum(range(40 - BARS + 1))} of {100 * (40 - BARS + 1):,}"


async def test_the_usual_preset_is_not_named_as_a_cause(make_panel: MakePanel, world: World) -> None:
    usual = next(e for e in ENTITIES if e.filter is not None and e.name == "orders")
    assert usual.filter is not None
    evidence = {"filtersAfter": {"preset": usual.filter.texts[0]}}
    error = dataclasses.replace(REFUSED, evidence=evidence)
    item = account_type("orders", state=SyncState.REFUSED, last_outcome=Outcome.REFUSED, last_error=error)
    panel = await make_panel()
    services = dataclasses.replace(panel.context.services, entities=ENTITIES)  # type: ignore[type-var]
    found = await vanishing_of(services, item)  # type: ignore[arg-type]
    assert found is not None
    assert "preset" not in found.filters


async def test_only_a_shrink_can_be_accepted(make_panel: MakePanel, world: World) -> None:
    error = dataclasses.replace(REFUSED, code="filter-preset")
    panel = await make_panel()
    panel.open(
        "trouble", account_type("orders", state=SyncState.REFUSED, last_outcome=Outcome.REFUSED, last_error=error)
    )
    found = dialog(panel, TroubleDialog)
    assert found is not None
    texts = [b.text() for b in found.findChildren(QPushButton)]
    assert "&Read again" in texts
    assert "It is right so, &accept…" not in texts


async def test_refused_credentials_offer_one_more_try(make_panel: MakePanel, world: World) -> None:
    error = ErrorInfo("login-refused", FailureKind.CREDENTIALS, "refused")
    panel = await make_panel()
    panel.open("trouble", account_type("orders", state=SyncState.STOPPED, last_error=error))
    found = dialog(panel, TroubleDialog)
    assert found is not None
    next(b for b in found.findChildren(QPushButton) if b.text() == "Try the same &once").click()
    assert world.orchestrator.calls == [("retry_login", ("agente01",))]


async def test_a_certificate_is_shown_and_accepted(make_panel: MakePanel, world: World) -> None:
    seen = {"name": "CN=erp.example.test", "fingerprint": "AB:CD", "expires": "31/12/2027", "key": "c2VlbiBrZXk="}
    error = ErrorInfo("certificate-unknown", FailureKind.CREDENTIALS, "unknown", seen)
    panel = await make_panel()
    panel.open("trouble", account_type("orders", state=SyncState.STOPPED, last_error=error))
    found = dialog(panel, TroubleDialog)
    assert found is not None
    assert found.windowTitle() == "The ERP's certificate is not accepted yet"
    shown = " ".join(part.text() for part in found.findChildren(QLabel))
    assert all(seen[what] in shown for what in ("name", "fingerprint", "expires"))
    buttons = {b.text(): b for b in found.findChildren(QPushButton)}
    assert "&Enter password…" not in buttons
    buttons["Accept this certi&ficate…"].click()
    await until(lambda: any(b.text() == "&Accept" for b in found.findChildren(QPushButton)))
    next(b for b in found.findChildren(QPushButton) if b.text() == "&Accept").click()
    await until(lambda: world.settings.text("erp.pinned_key") == seen["key"])
    assert any(name == "request_sync" for name, _ in world.orchestrator.calls), "no read was requested"


async def test_a_password_that_is_not_stored_is_asked_for_at_the_start(make_panel: MakePanel, world: World) -> None:
    world.settings = world.settings.with_({"erp.accounts": ["anna", "bruno"], "look.first_run_done": True})
    given: list[tuple[str, str]] = []

    async def has(account: str) -> bool:
        return account == "anna"

    async def give(account: str, password: str) -> bool:
        given.append((account, password))
        return False

    panel = await make_panel(demo=False, has_password=has, set_password=give)
    await until(lambda: bool(panel.window.findChildren(QInputDialog)))
    (asked,) = panel.window.findChildren(QInputDialog)
    assert "bruno" in asked.labelText()
    assert asked.textEchoMode() is QLineEdit.EchoMode.Password
    assert not asked.isModal()  # the rest of the window can be used meanwhile
    asked.setTextValue("segreto")
    asked.accept()
    await until(lambda: given == [("bruno", "segreto")])


async def test_a_crash_is_shown_at_the_next_start(make_panel: MakePanel) -> None:
    panel = await make_panel(crash="Fatal Python error: Segmentation fault")
    found = dialog(panel, CrashDialog)
    assert isinstance(found, CrashDialog)
    assert "Segmentation" in found.report.toPlainText()


async def test_first_run_can_be_skipped_through(make_panel: MakePanel, world: World) -> None:
    panel = await make_panel(demo=False)
    found = dialog(panel, FirstRun)
    assert isinstance(found, FirstRun)
    before = world.settings
    found.url.setText("not an address")
    found.skip.click()
    found.next.click()
    await until(lambda: bool(found.url_wrong.text()))
    assert found.stack.currentIndex() == 1, "the message is not beside the field"
    found.url.setText("erp.example.test/Archibald/Default.aspx?login=1")
    found.account.setText("agente07")
    found.next.click()
    await until(lambda: found.stack.currentIndex() == 2)
    assert found.url.text() == "https://erp.example.test/Archibald"
    assert world.settings == before, "settings were kept before the last step"
    for _ in range(2):
        found.skip.click()
    found.next.click()
    await until(lambda: world.settings.flag("look.first_run_done"))
    assert world.settings.words("erp.accounts") == ("agente07",)
    assert world.settings.text("erp.url") == "https://erp.example.test/Archibald"
    await until(lambda: ("request_full", ()) in world.orchestrator.calls)


async def test_no_failure_is_shown_behind_the_first_steps(make_panel: MakePanel, world: World) -> None:
    world.orchestrator.status = dataclasses.replace(calm(), accounts=())
    panel = await make_panel(demo=False)
    found = dialog(panel, FirstRun)
    assert found is not None
    await until(lambda: panel.window.header.title.text() == "First steps")
    found.close()
    await until(lambda: panel.window.header.title.text() == "No ERP account")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("", ""),
        ("erp.example.test/Archibald", "https://erp.example.test/Archibald"),
        ("http://erp.example.test/Archibald/Login.aspx?x=1", "http://erp.example.test/Archibald"),
        ("https://erp.example.test/archibald#top", "https://erp.example.test/archibald"),
        ("https://erp.example.test/ArchibaldTest", "https://erp.example.test/ArchibaldTest"),
        (" https://erp.example.test ", "https://erp.example.test"),
    ],
)
def test_a_typed_address_is_completed(typed: str, meant: str) -> None:
    assert complete_address(typed) == meant


class PairingEndpoint:
    """An endpoint with the real pairing and nothing else."""

    url = "http://127.0.0.1:47801"

    def __init__(self, folder: Path, world: World) -> None:
        self.pairing = Pairing(PairingStore(folder / "pages.json", clock=world.clock), clock=world.clock)

    def ask(self, *scopes: Access, name: str = "<b>Gestionale</b>") -> str:
        """A page requests these scopes; returns the digits that it shows."""
        digits = self.pairing.ask("https://gestionale.example.test", name, scopes, own=False).digits
        assert digits is not None
        return digits


async def test_pairing_accepts_typed_digits(make_panel: MakePanel, world: World, tmp_path: Path) -> None:
    endpoint = PairingEndpoint(tmp_path, world)
    panel = await make_panel(endpoint=endpoint)
    panel.open("pairing")
    found = dialog(panel, PairingDialog)
    assert isinstance(found, PairingDialog)
    digits = endpoint.ask(Access.SESSIONS)
    assert not found.connect_button.isEnabled()
    found.digits.setText("111 112" if digits == "111111" else "111 111")
    found.connect_button.click()
    assert found.message.text().startswith("No page shows these digits")
    found.digits.setText(f"{digits[:3]} {digits[3:]}")
    found.connect_button.click()
    assert panel.window.notice.text == "<b>Gestionale</b> is connected."
    assert all(w.textFormat() is Qt.TextFormat.PlainText for w in panel.window.notice.findChildren(QLabel))


async def test_pairing_shows_the_scopes_of_a_page_and_grants_the_least(
    make_panel: MakePanel, world: World, tmp_path: Path
) -> None:
    endpoint = PairingEndpoint(tmp_path, world)
    panel = await make_panel("it", endpoint=endpoint)
    panel.open("pairing")
    found = dialog(panel, PairingDialog)
    assert isinstance(found, PairingDialog)
    assert not any(box.isVisible() for box in found.scopes.values()), "scopes are shown before a request"
    digits = endpoint.ask(*Access)
    assert {scope for scope, box in found.scopes.items() if box.isVisible()} == {"sessions", "watch", "operate"}
    assert [scope for scope, box in found.scopes.items() if box.isChecked()] == ["sessions"]
    assert "per tutto l'ufficio" in found.meanings["operate"].text()
    assert "agente01" in found.whose.text()
    found.digits.setText(digits)
    found.scopes["sessions"].setChecked(False)
    assert not found.connect_button.isEnabled()
    found.scopes["watch"].setChecked(True)
    endpoint.pairing.refuse("nobody")  # a change of other requests does not change the operator's choice
    assert found.scopes["watch"].isChecked()
    found.connect_button.click()
    (waiting,) = endpoint.pairing._requests.values()
    assert (waiting.state, waiting.scopes) == ("confirmed", {Access.WATCH})


async def test_pairing_for_all_accounts_has_to_be_chosen(make_panel: MakePanel, world: World, tmp_path: Path) -> None:
    endpoint = PairingEndpoint(tmp_path, world)
    panel = await make_panel(endpoint=endpoint)
    panel.open("pairing")
    found = dialog(panel, PairingDialog)
    assert isinstance(found, PairingDialog)
    assert found.account.currentData() is not None, "the default is all accounts"
    if found.account.count() > 1:
        found.account.setCurrentIndex(found.account.count() - 1)
        assert found.account.currentData() is None
        assert "all accounts" in found.whose.text()


# ---------------------------------------------------------------------------------------------------- timeline


async def test_timeline_shows_suspensions_and_failures_with_tooltips(make_panel: MakePanel) -> None:
    run = run_record(
        "prices", ago(minutes=30), 300, suspensions=((ago(minutes=29), ago(minutes=27)),), outcome=Outcome.FAILED,
        error=SILENT,
    )  # fmt: skip
    bars = bars_of([run], NOW)
    assert [b.kind for b in bars] == ["bad", "pause", "bad"]
    assert "the ERP does not answer" in bars[0].tip


async def test_timeline_zooms_within_bounds(make_panel: MakePanel) -> None:
    line = Timeline(interactive=True)
    line.resize(800, 300)
    line.show_picture(Picture(("orders",), (), (), NOW))
    for _ in range(80):
        line.zoom(0.8)
    first, last = line.span
    assert last - first >= timedelta(minutes=10)
    for _ in range(80):
        line.zoom(1.25)
    first, last = line.span
    assert last - first <= timedelta(weeks=5)


async def test_a_click_on_a_bar_opens_its_run(make_panel: MakePanel, world: World) -> None:
    panel = await make_panel()
    await until(lambda: bool(panel.past_runs.runs))
    page = panel.window.page("overview")
    strip = page.strip  # type: ignore[attr-defined]
    bar = next(b for b in strip._picture.bars if b.run_id and b.start > ago(minutes=110))
    QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=strip._box(bar, strip._scale()).center().toPoint())
    await until(lambda: dialog(panel, details.RunDetails) is not None)


async def test_a_panel_makes_no_folder_that_was_removed(qapp: object, world: World, tmp_path: Path) -> None:
    """Qt would make a removed profile's folder anew, readable for all users, and the next start would use it. While the
    folder exists, the file in it is private."""
    memory = tmp_path / "profile" / "window.ini"
    memory.parent.mkdir()
    panel = Panel(qapp, memory=memory)  # type: ignore[arg-type]
    panel.show()
    panel.set_services(world.services())
    panel.context.remember("data/orders/hidden", "phone")
    panel._keep_memory()
    assert stat.S_IMODE(memory.stat().st_mode) == 0o600 or sys.platform == "win32"
    shutil.rmtree(memory.parent)
    panel.context.remember("data/orders/hidden", "")
    await panel.aclose()
    panel.deleteLater()
    assert not memory.parent.exists()


async def test_filters_and_columns_are_remembered(qapp: object, world: World, tmp_path: Path) -> None:
    async def once(act: Callable[[Panel], None]) -> None:
        panel = Panel(qapp, memory=tmp_path / "window.ini")  # type: ignore[arg-type]
        panel.show()
        panel.set_services(world.services())
        act(panel)
        await panel.aclose()
        panel.deleteLater()

    seen: list[object] = []

    def choose(panel: Panel) -> None:
        page = panel.window.go("history")
        assert isinstance(page, History)
        page.type.setCurrentIndex(page.type.findData("prices"))
        data = panel.window.go("data")
        assert isinstance(data, Data)
        data._show_column("orders", "phone", False)

    def look(panel: Panel) -> None:
        page = panel.window.go("history")
        assert isinstance(page, History)
        seen.append(page.type.currentData())
        seen.append(panel.context.recall("data/orders/hidden"))

    await once(choose)
    await once(look)
    assert seen == ["prices", "phone"]
