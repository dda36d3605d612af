"""During a run's progress the panel paints and rebuilds only what has changed, and only once."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from panel_fakes import NOW, MakePanel, World, account_type, ago, busy, calm, overview, run_record, soon, with_type
from PySide6.QtCore import QEvent, QObject, QRect, Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QApplication, QWidget

from archisync_gui.model import AccountTypeStatus, EventKind, Forecast, Outcome, Progress, RunRecord, Status
from archisync_gui.ui.shell.panel import Panel
from archisync_gui.ui.shell.window_parts import Foot
from archisync_gui.ui.widgets import types_model
from archisync_gui.ui.widgets.basic import IconButton
from archisync_gui.ui.widgets.timeline import Timeline
from archisync_gui.ui.widgets.timeline_bars import Picture, bars_of, forecast_bars
from archisync_gui.ui.widgets.types_model import TypesModel
from tests.support.waiting import until

pytestmark = pytest.mark.qasync


class Watch(QObject):
    """Records each paint, with the painted part of the widget, and each layout request."""

    def __init__(self) -> None:
        super().__init__()
        self.painted: list[tuple[QObject, QRect]] = []
        self.laid_out: list[QObject] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QPaintEvent):
            self.painted.append((watched, event.rect()))
        elif event.type() is QEvent.Type.LayoutRequest:
            self.laid_out.append(watched)
        return False

    def of(self, widget: QWidget) -> list[QRect]:
        """The painted parts of a widget."""
        return [part for painted, part in self.painted if painted is widget]


@contextmanager
def watched(app: QApplication) -> Iterator[Watch]:
    """Record paints and layout requests within the block."""
    watch = Watch()
    app.installEventFilter(watch)
    try:
        yield watch
    finally:
        app.removeEventFilter(watch)


def reading(page: int) -> Status:
    """A status in which ``page`` pages of customers are read; the next list is expected a little later with each
    page."""
    status = busy()
    assert status.current_run is not None
    progress = Progress("read", page, 16, 100 * page, 1512)
    run = dataclasses.replace(status.current_run, progress=progress, remaining=20.0 - page)
    customers = dataclasses.replace(status.statuses["customers"].accounts[0], progress=progress)
    orders = dataclasses.replace(
        status.statuses["orders"].accounts[0],
        expected=Forecast("orders", "agente01", soon(seconds=60 + page / 100), 20, "customers"),
    )
    status = dataclasses.replace(status, current_run=run)
    return with_type(with_type(status, customers), orders)


async def at_rest(app: QApplication) -> None:
    """Wait until no paint or layout came for 150 ms."""
    quiet = 0
    with watched(app) as watch:
        async with asyncio.timeout(60):
            while quiet < 3:
                before = len(watch.painted) + len(watch.laid_out)
                app.processEvents()
                await asyncio.sleep(0.05)
                quiet = quiet + 1 if len(watch.painted) + len(watch.laid_out) == before else 0


async def read_page(panel: Panel, world: World, page: int) -> None:
    """Report a page as read, and wait until the panel is painted."""
    world.orchestrator.status = status = reading(page)
    world.orchestrator.tell(EventKind.SYNC_PROGRESS, {"rows": 100 * page})
    await until(lambda: panel.context.status is status)
    await at_rest(QApplication.instance())  # type: ignore[arg-type]


async def shown(make_panel: MakePanel, world: World) -> Panel:
    """A panel with a run that has read five pages."""
    world.orchestrator.status = reading(5)
    panel = await make_panel()
    await until(lambda: bool(panel.past_runs.runs))
    await read_page(panel, world, 5)
    return panel


async def test_progress_paints_the_header_and_what_changed_in_the_table(
    make_panel: MakePanel, world: World, qapp: QApplication
) -> None:
    panel = await shown(make_panel, world)
    page, header = overview(panel), panel.window.header
    with watched(qapp) as watch:
        await read_page(panel, world, 6)
    assert len(watch.of(header.title)) == 1, "not painted once together with the rest"
    assert len(watch.of(header.bar)) == 1
    table = page.table
    changed = table.visualRect(page.types.index(0, TypesModel.TODAY)).united(
        table.visualRect(page.types.index(1, TypesModel.EXPECTED))
    )
    parts = watch.of(table.viewport())
    assert parts
    assert all(changed.adjusted(0, 0, 1, 1).contains(part) for part in parts), "other cells were painted, too"
    for still in (page.strip, page.queue_list.viewport(), page.activity_list.viewport(), panel.window.foot):
        assert not watch.of(still), still
    assert page not in watch.laid_out
    assert panel.window.foot not in watch.laid_out


async def test_nothing_is_painted_before_the_update_is_complete(
    make_panel: MakePanel, world: World, qapp: QApplication
) -> None:
    """Qt's progress bar paints itself and everything pending as soon as its value changes."""
    panel = await shown(make_panel, world)
    world.orchestrator.status = reading(9)
    with watched(qapp) as watch:
        panel.context.bridge.flush()
        assert watch.painted == []
        await at_rest(qapp)
        assert watch.of(panel.window.header.bar)
    assert panel.window.header.bar.value() == 590


# ------------------------------------------------------------------------------------------------------ the strip


@contextmanager
def strip(app: QApplication) -> Iterator[Timeline]:
    """The timeline strip of the overview: three hours on 1,080 pixels, ten seconds each."""
    line = Timeline()
    line.resize(round(1080 / line.devicePixelRatioF()), 160)
    line.show()
    app.processEvents()
    try:
        yield line
    finally:
        line.hide()
        line.deleteLater()


def picture(seconds: float, outcome: Outcome | None = None) -> Picture:
    """The picture ``seconds`` after :data:`NOW`: orders are read (or were, with that outcome), delivery notes are
    expected."""
    now = NOW + timedelta(seconds=seconds)
    run = dataclasses.replace(run_record("orders", ago(seconds=100), 100), outcome=outcome)
    if outcome is None:
        run = dataclasses.replace(run, ended=None)
    coming = forecast_bars([Forecast("ddt", "agente01", soon(minutes=9, seconds=seconds / 10), 20)])
    return Picture(("orders", "ddt"), bars_of([run], now) + coming, (), now)


async def test_the_strip_is_painted_again_when_something_moved_by_a_pixel(qapp: QApplication) -> None:
    with strip(qapp) as line:
        line.show_picture(picture(0))
        await at_rest(qapp)
        with watched(qapp) as watch:
            for seconds in (1, 2, 5, 9):
                line.show_picture(picture(seconds))
                await at_rest(qapp)
            assert watch.painted == []
            line.show_picture(picture(10))
            await at_rest(qapp)
            assert len(watch.of(line)) == 1
            line.show_picture(picture(10, Outcome.FAILED))
            await at_rest(qapp)
            assert len(watch.of(line)) == 2


async def test_the_tooltip_of_the_strip_is_current_though_the_picture_looks_the_same(qapp: QApplication) -> None:
    with strip(qapp) as line:
        line.show_picture(picture(0))
        line.show_picture(picture(5))
        bar = line._picture.bars[0]
        assert line.bar_at(line._box(bar, line._scale()).center().toPoint()) is bar
        assert bar.end == NOW + timedelta(seconds=5)


# ------------------------------------------------------------------------------------------------------ the table


def test_texts_of_tooltips_are_made_only_when_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    real = types_model._fresh_tip

    def counted(item: AccountTypeStatus, good: RunRecord | None) -> str:
        asked.append(item.type)
        return real(item, good)

    monkeypatch.setattr(types_model, "_fresh_tip", counted)
    model = TypesModel()
    model.show_status(calm(), NOW)
    told: list[object] = []
    model.dataChanged.connect(lambda *_: told.append(1))
    model.show_status(with_type(calm(), account_type("orders", rows=7)), NOW)
    assert (asked, told) == ([], []), "a tooltip was made, or a cell signalled, without a visible change"
    tip = model.index(0, TypesModel.FRESH).data(Qt.ItemDataRole.ToolTipRole)
    assert asked == ["orders"]
    assert tip.startswith("7 rows"), "the tooltip is not current"


async def test_the_buttons_of_an_unchanged_row_are_not_updated(
    make_panel: MakePanel, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = await shown(make_panel, world)
    said: list[str] = []
    real = IconButton.say

    def say(self: IconButton, name: str, tip: str = "") -> None:
        said.append(name)
        real(self, name, tip)

    monkeypatch.setattr(IconButton, "say", say)
    await read_page(panel, world, 6)
    assert set(said) == {"Update Customers now", "Update Orders now"}, "buttons of other rows were updated"


async def test_the_foot_is_laid_out_when_its_texts_changed(
    make_panel: MakePanel, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = await shown(make_panel, world)
    foot, fitted = panel.window.foot, []
    real = Foot._fit
    monkeypatch.setattr(Foot, "_fit", lambda self: (fitted.append(1), real(self)))
    await read_page(panel, world, 6)
    assert fitted == []
    panel.past_runs.size = 123_456_789
    panel.past_runs.size_changed.emit()
    assert fitted
    assert foot._archive.text() == "Archive 123 MB"
