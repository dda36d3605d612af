"""The whole panel on fakes: actions by mouse, keyboard, tray and menu."""

from __future__ import annotations

import asyncio
import dataclasses
import sys
from datetime import datetime, timedelta
from types import FrameType

import pytest
from panel_fakes import NOW, SILENT, MakePanel, World, account_type, ago, busy, calm, entry, overview, with_type
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QToolButton,
    QWidget,
)

from archisync_gui import zone
from archisync_gui.model import Event, EventKind, Origin, Outcome, Progress, RunView, Scope, SyncState
from archisync_gui.ui.dialogs.trouble import TroubleDialog
from archisync_gui.ui.live.services import Fault
from archisync_gui.ui.shell.demo_menu import DemoMenu
from archisync_gui.ui.shell.panel import Panel
from archisync_gui.ui.shell.window import FRAME
from archisync_gui.ui.text.i18n import clock
from archisync_gui.ui.widgets.dialog import Confirm
from archisync_gui.ui.widgets.timeline import Timeline
from tests.support.clock import settle
from tests.support.events import an_event
from tests.support.waiting import until

pytestmark = pytest.mark.qasync


async def test_the_first_window_fits_on_its_screen(qapp: QApplication) -> None:
    panel = Panel(qapp)
    try:
        room = panel.window.screen().availableSize()
        assert panel.window.width() <= room.width() - FRAME.width()
        assert panel.window.height() <= room.height() - FRAME.height()
    finally:
        await panel.aclose()
        panel.deleteLater()


async def test_the_first_paint_does_not_wait_for_services(qapp: object) -> None:
    panel = Panel(qapp)  # type: ignore[arg-type]
    panel.show()
    assert panel.window.isVisible()
    assert panel.window.header.title.text() == "Starting…"
    assert not panel.window.header.all.isEnabled()
    assert panel.window.header.all.toolTip()
    await panel.aclose()


async def test_the_window_has_all_parts_of_the_design_picture(make_panel: MakePanel, world: World) -> None:
    world.orchestrator.status = busy()
    panel = await make_panel("it")
    page = overview(panel)
    assert panel.window.header.title.text() == "Clienti, elenco intero · pagina 9 di 16 · 843 righe"
    assert panel.window.header.bar.value() == pytest.approx(550, abs=10)
    assert "2 schede" in panel.window.banner.accessibleName()
    assert page.types.rowCount() == 6
    assert page.queue.rowCount() == 3
    await until(lambda: bool(panel.past_runs.runs))
    assert panel.window.foot.findChildren(QLabel)
    texts = " ".join(label.text() for label in panel.window.foot.findChildren(QLabel))
    assert "127.0.0.1:47801" in texts
    assert "agente01" in texts
    assert "18 MB" in texts


async def test_a_thousand_waiting_requests_cost_no_more_than_fifty(make_panel: MakePanel, world: World) -> None:
    """Paired pages may have a thousand waiting requests for single records. Measured in calls of functions, which do
    not depend on the load of the computer."""
    panel = await make_panel("en")
    page = overview(panel)

    def cost(count: int) -> int:
        """Calls of functions for showing ``count`` more requests before the waiting ones, and all again a minute
        later."""
        made = 0

        def count_calls(frame: FrameType, event: str, argument: object) -> None:
            nonlocal made
            made += event == "call"

        queue = tuple(entry("customers", 4, 10 * n, id=f"q{count}-{n}") for n in range(count))
        sys.setprofile(count_calls)
        try:
            for status in (dataclasses.replace(busy(), queue=queue), dataclasses.replace(busy(), queue=queue[7:])):
                world.orchestrator.status = status
                page.show_status(status)
        finally:
            sys.setprofile(None)
        return made

    few, many = cost(60), cost(1000)
    assert many < 1.5 * few, f"a thousand took {many / few:.1f} times as many calls as sixty"
    assert page.queue.rowCount() == 50
    assert "… and 943 more" in [label.text() for label in page.findChildren(QLabel) if label.isVisible()]
    first, second = (page.queue_list.indexWidget(page.queue.index(at, 0)).findChildren(QToolButton) for at in (0, 1))
    assert [button.isEnabled() for button in first] == [False, True]
    assert [button.isEnabled() for button in second] == [True, True]
    page.show_status(busy())
    assert not [label for label in page.findChildren(QLabel) if label.isVisible() and "more" in label.text()]


async def test_a_request_during_a_run_is_queued_with_the_reason_and_run_anyway(
    make_panel: MakePanel, world: World
) -> None:
    world.orchestrator.status = busy()
    panel = await make_panel()
    page = overview(panel)
    holder = page.table.indexWidget(page.types.index(0, page.types.ACTION))
    assert holder is not None
    holder.findChild(QToolButton).click()
    await until(lambda: bool(panel.window.notice.text))
    assert panel.window.notice.text == "Orders is in the queue at place 1: form open."
    panel.window.notice.press()
    assert world.orchestrator.calls == [
        ("request_sync", ("orders", None, None)),
        ("run_anyway", ("q-orders",)),
    ]


async def test_enter_requests_nothing_where_no_account_reads(make_panel: MakePanel, world: World) -> None:
    """The button of such a row is disabled."""
    statuses = {name: dataclasses.replace(found, accounts=()) for name, found in calm().statuses.items()}
    world.orchestrator.status = dataclasses.replace(calm(), statuses=statuses)
    panel = await make_panel()
    page = overview(panel)
    page.table.setFocus()
    page.table.selectRow(2)
    QTest.keyClick(page.table, Qt.Key.Key_Return)
    await settle()
    assert world.orchestrator.calls == []


async def test_keyboard_alone_is_enough(make_panel: MakePanel, world: World) -> None:
    world.orchestrator.status = busy()
    panel = await make_panel()
    page = overview(panel)
    page.table.setFocus()
    page.table.selectRow(2)
    QTest.keyClick(page.table, Qt.Key.Key_Return)
    page.queue_list.setCurrentIndex(page.queue.index(1, 0))
    QTest.keyClick(page.queue_list, Qt.Key.Key_Home)
    QTest.keyClick(page.queue_list, Qt.Key.Key_Delete)
    panel.window.activateWindow()
    await until(panel.window.isActiveWindow)
    QTest.keyClick(panel.window, Qt.Key.Key_F5)
    QTest.keyClick(panel.window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    await until(lambda: len(world.orchestrator.calls) >= 4)
    names = [name for name, _ in world.orchestrator.calls]
    assert sorted(names) == sorted(["request_sync", "move_to_front", "remove", "request_full"])
    assert panel.window.stack.currentWidget() is panel.window.page("data")


async def test_escape_cancels_no_run(make_panel: MakePanel, world: World) -> None:
    world.orchestrator.status = busy()
    panel = await make_panel()
    page = overview(panel)
    page.queue_list.setCurrentIndex(page.queue.index(0, 0))
    for widget in (page.queue_list, page.table, panel.window):
        QTest.keyClick(widget, Qt.Key.Key_Escape)
    await settle()
    assert world.orchestrator.calls == []
    assert panel.window.isVisible()


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Customers: it has ended already. Nothing was cancelled."),
        ("it", "Clienti: l'aggiornamento è già finito. Non è stato interrotto nulla."),
    ],
)
async def test_cancel_applies_to_the_shown_run(make_panel: MakePanel, world: World, language: str, words: str) -> None:
    """The run in the header ends, another one begins, and Cancel is pressed before the header is updated."""
    world.orchestrator.status = busy()
    panel = await make_panel(language)
    run = world.orchestrator.status.current_run
    assert run is not None
    following = dataclasses.replace(run, id="r10", type="orders")
    world.orchestrator.status = dataclasses.replace(busy(), current_run=following)  # without an event
    panel.window.header.cancel.click()
    assert world.orchestrator.calls == [("cancel_run", (run.id,))]
    assert panel.window.notice.text == words


@pytest.mark.qt_log_ignore("grabbing the keyboard")  # a warning of the offscreen platform for an open menu
async def test_cancel_hold_release_and_their_texts(make_panel: MakePanel, world: World) -> None:
    world.orchestrator.status = busy()
    panel = await make_panel()
    header = panel.window.header
    header.cancel.click()
    header.hold.click()  # opens the menu of durations
    header.pause_menu.actions()[1].trigger()
    header.pause_menu.close()
    hour = NOW + timedelta(hours=1)
    world.orchestrator.become(dataclasses.replace(calm(), hold_since=NOW, hold_until=hour))
    await until(lambda: header.title.text() == "Paused")
    assert header.detail.text() == f"It ends by itself at {clock(hour)}, in 1 h 00 min."
    assert not header.cancel.isEnabled()
    assert header.cancel.toolTip() == "Nothing is running"
    assert header.hold.text() == "&Resume"
    header.hold.click()
    assert [name for name, _ in world.orchestrator.calls] == ["cancel_run", "hold", "release"]
    assert world.orchestrator.calls[1] == ("hold", (hour,))


async def test_removing_can_be_undone(make_panel: MakePanel, world: World) -> None:
    world.orchestrator.status = dataclasses.replace(calm(), queue=(entry("ddt", 4, 5),))
    panel = await make_panel()
    panel.context.remove(entry("ddt", 4, 5))
    panel.window.notice.press()
    await until(lambda: len(world.orchestrator.calls) >= 2)
    assert world.orchestrator.calls == [("remove", ("q-ddt",)), ("request_sync", ("ddt", "agente01", None))]


async def test_languages_switch_without_restart(make_panel: MakePanel, world: World) -> None:
    panel = await make_panel("en")
    await panel.context.services.apply_settings({"look.language": "it"})  # type: ignore[union-attr]
    panel.context.settings_changed.emit()
    await until(lambda: panel.window.header.all.text() == "Aggior&na tutto")
    await until(lambda: panel.window.header.title.text() == "Tutto aggiornato")
    assert overview(panel).types.headerData(0, Qt.Orientation.Horizontal) == "Elenco"
    assert overview(panel).types.index(1, 0).data() == "Clienti"
    await until(lambda: panel.tray.menu.actions()[0].text() == "&Apri Archisync")


async def test_actions_of_the_tray_menu(make_panel: MakePanel, world: World) -> None:
    panel = await make_panel()
    actions = {a.text(): a for a in panel.tray.menu.actions() if a.text()}
    actions["Up&date all"].trigger()
    pause = actions["&Pause all"].menu()
    assert isinstance(pause, QMenu)
    pause.actions()[1].trigger()
    one = next(a for a in panel.tray.menu.actions() if a.menu() is not None).menu().actions()  # type: ignore[union-attr]
    assert [a.text() for a in one] == [e.en for e in panel.context.services.entities]  # type: ignore[union-attr]
    one[0].trigger()
    await until(lambda: len(world.orchestrator.calls) >= 3)
    assert [n for n, _ in world.orchestrator.calls] == ["request_full", "hold", "request_sync"]
    assert world.orchestrator.calls[1] == ("hold", (NOW + timedelta(hours=1),))


async def test_closing_without_tray_minimises_with_a_message(make_panel: MakePanel, world: World) -> None:
    panel = await make_panel()
    panel.window.close()
    await until(lambda: world.settings.flag("look.tray_told"))
    assert panel.window.isMinimized()
    assert "tray" in panel.window.notice.text
    assert world.quits == 0


async def test_hidden_start_without_tray_is_minimised(qapp: object) -> None:
    panel = Panel(qapp)  # type: ignore[arg-type]
    panel.show(hidden=True)
    assert panel.window.isMinimized()
    panel.raise_window()
    assert not panel.window.isMinimized()
    await panel.aclose()


@pytest.mark.parametrize("size", [(1366, 768), (720, 480)])
async def test_a_notice_moves_nothing_and_is_inside_the_window(make_panel: MakePanel, size: tuple[int, int]) -> None:
    panel = await make_panel()
    window = panel.window
    window.resize(*size)
    await asyncio.sleep(0.05)
    page = window.go("overview")

    def places() -> dict[int, QPoint]:
        seen = [button for button in window.findChildren(QAbstractButton) if button.isVisible()]
        return {id(button): button.mapTo(window, button.rect().topLeft()) for button in seen}

    before: dict[int, QPoint] = {}
    while (found := places()) != before:  # the table's scroll bar appears a moment after the page
        before = found
        await asyncio.sleep(0.05)
    panel.context.say("A long sentence about what was refused and what can be done about it. " * 4, "bad", "&Do it")
    await until(window.notice.isVisible)
    await asyncio.sleep(0.05)  # the layout follows
    after = places()
    assert {key: after[key] for key in before} == before
    inside = window.rect().contains(window.notice.geometry().translated(window.centralWidget().pos()))
    assert inside, "the notice is cut"
    assert window.notice.geometry().bottom() <= window.centralWidget().height() - window.foot.height()
    assert page.isVisible()
    window.resize(1100, 700)
    await until(lambda: window.notice.geometry().right() <= window.centralWidget().width())


async def test_quitting_while_a_run_is_active_asks(make_panel: MakePanel, world: World) -> None:
    world.orchestrator.status = busy()
    panel = await make_panel()
    panel.ask_quit()
    box: Confirm | None = None

    def shown() -> bool:
        nonlocal box
        box = panel.window.findChild(Confirm)
        return box is not None and box.isVisible()

    await until(shown)
    assert box is not None
    QTest.keyClick(box, Qt.Key.Key_Escape)
    await until(lambda: not panel._quitting)
    assert world.quits == 0
    panel.ask_quit()
    await until(shown)
    assert box is not None
    assert box.yes.text() == "&Quit"
    box.yes.click()
    await until(lambda: world.quits == 1)


async def test_quitting_without_a_run_does_not_ask(make_panel: MakePanel, world: World) -> None:
    panel = await make_panel()
    panel.ask_quit()
    await until(lambda: world.quits == 1)


async def test_a_refusal_is_shown_with_its_reason(
    make_panel: MakePanel, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = await make_panel()

    def refuse(*args: object, **kwargs: object) -> None:
        raise ValueError("the archive is being restored")  # an unexpected kind of exception

    monkeypatch.setattr(world.orchestrator, "request_sync", refuse, raising=False)
    panel.context.sync("orders")
    await until(lambda: bool(panel.window.notice.text))
    assert panel.window.notice.text == (
        "Orders was not asked for: Something unexpected happened (ValueError: the archive is being restored). "
        "The stored data were not touched. Try again; if it happens again, make a diagnostics bundle in Settings → "
        "Assistance."
    )


def controls(root: QWidget) -> list[QWidget]:
    kinds = (QAbstractButton, QLineEdit)
    return [w for w in root.findChildren(QWidget) if isinstance(w, kinds) and not w.objectName().startswith("qt_")]


async def test_every_control_has_a_name_and_every_disabled_one_a_reason(make_panel: MakePanel, world: World) -> None:
    world.orchestrator.status = busy()
    panel = await make_panel()
    for name in ("overview", "data", "summary", "history", "settings"):
        panel.window.go(name)
    await asyncio.sleep(0.1)
    for control in controls(panel.window):
        text = control.accessibleName() or (control.text() if isinstance(control, QAbstractButton) else "")
        inside = isinstance(control.parent(), QWidget) and type(control.parent()).__name__.endswith("SpinBox")
        assert text or inside or not control.isVisibleTo(panel.window), (control, control.objectName())
        if not control.isEnabled() and control.isVisibleTo(panel.window):
            assert control.toolTip(), (text, control.objectName())


async def test_labels_from_outside_are_never_markup(make_panel: MakePanel, world: World) -> None:
    world.orchestrator.status = busy()
    panel = await make_panel()
    for found in panel.window.findChildren(QLabel):
        assert found.textFormat() is not Qt.TextFormat.RichText
        assert found.textFormat() is Qt.TextFormat.PlainText or not found.text(), found.text()


async def test_no_timer_runs_while_hidden(make_panel: MakePanel, world: World) -> None:
    panel = await make_panel()
    assert not panel.context.bridge.quiet
    panel.window.hide()
    await until(lambda: panel.context.bridge.quiet)


async def test_progress_reaches_the_header(make_panel: MakePanel, world: World) -> None:
    panel = await make_panel()
    run = RunView("r", "prices", "agente01", Scope.ALL, Origin.SCHEDULE, 1, NOW, Progress("read", 3, 50, 300, 4960), 60)
    world.orchestrator.become(dataclasses.replace(calm(), current_run=run, current_sync="prices"))
    await until(lambda: panel.window.header.title.text().startswith("Prices, whole list · page 3 of 50"))


async def test_activity_contains_events_from_before_the_last_start(make_panel: MakePanel, world: World) -> None:
    def read(revision: int, at: datetime, boot: str = "before") -> Event:
        return an_event(EventKind.SYNC_COMPLETED, boot, revision, at, {"type": "orders", "rows": revision})

    started = an_event(EventKind.SYNC_STARTED, "before", 1, ago(hours=2), {"type": "orders"})
    failed = [
        an_event(
            EventKind.SYNC_ERROR, "before", 5 + at, ago(hours=20 - 10 * at), {"type": "ddt", "account": "agente01"}
        )
        for at in range(2)
    ]
    many = [read(10 + at, ago(hours=8) + timedelta(seconds=at)) for at in range(1200)]
    shown_live = read(9, NOW, "b")
    world.store.kept = [failed[0], started, failed[1], *many, shown_live]
    panel = await make_panel()
    page = overview(panel)
    panel.context.bridge.happened.emit((shown_live,))
    await until(lambda: page.activity.rowCount() > 1)
    assert page.activity.rowCount() == 61
    texts = [page.activity.index(at, 0).data() for at in range(61)]
    assert texts[0].startswith("Orders: 9 rows")
    assert texts[1].startswith("Orders: 1,209 rows")
    assert page._activity_empty.isHidden()


async def test_after_a_quiet_weekend_activity_shows_older_events(make_panel: MakePanel, world: World) -> None:
    error = {"type": "ddt", "account": "agente01"}
    world.store.kept = [an_event(EventKind.SYNC_ERROR, "before", n, ago(days=3, hours=-n), error) for n in range(1, 4)]
    panel = await make_panel("it")
    page = overview(panel)
    await until(lambda: page.activity.rowCount() > 0)
    assert page.activity.index(0, 0).data().startswith("DDT: ")
    assert page.activity.rowCount() == 3


async def test_the_demo_menu_has_common_faults_first(make_panel: MakePanel, world: World) -> None:
    struck: list[str] = []

    def fault(name: str) -> Fault:
        async def start() -> None:
            struck.append(name)

        return Fault(name, f"guasto {name}", f"fault {name}", start)

    async def end() -> None:
        struck.append("end")

    faults = tuple(fault(n) for n in ("page-stuck", "slow", "truncated-list"))
    panel = await make_panel(faults=faults, end_faults=end)
    assert panel.window.sidebar.demo_button.isVisible()
    menu = DemoMenu(panel.context, panel.window).menu()
    texts = [a.text() for a in menu.actions() if not a.isSeparator()]
    assert texts == ["Two order forms are opened", "fault slow", "fault truncated-list", "&Other faults",
                     "All is &well again"]  # fmt: skip
    for at in (0, 1, 5):
        menu.actions()[at].trigger()
    await until(lambda: len(struck) == 2 and len(world.orchestrator.calls) == 2)
    assert struck == ["slow", "end"]
    assert {name for name, _ in world.orchestrator.calls} == {"smart_customer_sync"}
    menu.close()


async def test_trouble_names_the_button_that_helps(make_panel: MakePanel, world: World) -> None:
    panel = await make_panel()
    header = panel.window.header
    assert not header.fix.isVisible()
    item = account_type("ddt", state=SyncState.REFUSED, last_outcome=Outcome.REFUSED, last_error=SILENT)
    world.orchestrator.become(with_type(calm(), item))
    await until(lambda: header.fix.isVisible())
    assert header.fix.text() == "Chec&k the read…"
    header.fix.click()
    assert any(isinstance(d, TroubleDialog) for d in panel.dialogs.open_now.values())
    world.orchestrator.become(dataclasses.replace(calm(), accounts=()))
    await until(lambda: header.fix.text() == "Enter acco&unt…")
    header.fix.click()
    assert panel.window.stack.currentWidget() is panel.window.page("settings")
    assert header.all.toolTip() == "No ERP account: enter one in Settings"


@pytest.mark.parametrize("language", ["it", "en"])
async def test_mnemonics_of_the_frame_are_unique(make_panel: MakePanel, world: World, language: str) -> None:
    world.orchestrator.status = busy()
    panel = await make_panel(language, faults=(Fault("slow", "lento", "slow", _nothing),))
    panel.context.remove(entry("ddt", 4, 5))
    window = panel.window
    window.form_request.show()
    frame = [window.sidebar, window.header, window.form_request, window.banner, window.notice]
    texts = [b.text() for part in frame for b in part.findChildren(QPushButton) if b.isVisible()]
    keys = [text[text.index("&") + 1].casefold() for text in texts if "&" in text]
    assert len(keys) >= 8
    assert sorted(set(keys)) == sorted(keys), texts


async def _nothing() -> None:
    """A fault that does nothing."""


async def test_an_action_that_comes_too_late_shows_a_message(make_panel: MakePanel, world: World) -> None:
    """Between the painting of the queue and the click the request has started, or the run or the form has ended."""
    world.orchestrator.status = busy()
    panel = await make_panel()
    waiting = world.orchestrator.status.queue[0]
    world.orchestrator.found = False
    said = panel.window.notice
    for act in (panel.context.remove, panel.context.to_front, panel.context.run_anyway):
        act(waiting)
        assert said.text == "Orders: it does not wait any more. Nothing was changed."
        said.hide()
    panel.context.cancel()
    assert said.text == "Customers: it has ended already. Nothing was cancelled."
    panel.context.end_session("s-1a2b")
    assert said.text == "This order form is closed already."
    panel.context.end_sessions()
    assert said.text == "No order form is open."


async def test_a_cancelled_run_is_not_shown_as_ended_before_its_end(make_panel: MakePanel, world: World) -> None:
    world.orchestrator.status = busy()
    panel = await make_panel()
    panel.context.cancel()
    assert panel.window.notice.text == "Customers: being ended at the next safe point."


async def test_only_a_whole_list_can_be_put_back_into_the_queue(make_panel: MakePanel, world: World) -> None:
    world.orchestrator.status = busy()
    panel = await make_panel()
    waiting = world.orchestrator.status.queue[0]
    panel.context.remove(waiting)
    button = panel.window.notice.findChild(QPushButton)
    assert isinstance(button, QPushButton)
    assert button.text() == "Put it bac&k"
    panel.context.remove(dataclasses.replace(waiting, scope=Scope.ONE))
    assert button.isHidden(), "the read of one record would be put back as one of the whole list"


async def test_during_a_hold_ending_the_forms_does_not_announce_that_syncs_continue(
    make_panel: MakePanel, world: World
) -> None:
    world.orchestrator.status = dataclasses.replace(busy(), hold_since=NOW)
    panel = await make_panel()
    panel.context.end_sessions()
    assert panel.window.notice.text == (
        "The order form's tabs were told. The updates stay paused until you resume them."
    )


async def test_the_starting_window_shows_no_time_in_another_zone_than_the_offices(qapp: QApplication) -> None:
    """The office's zone is in the settings, which are not read yet."""
    panel = Panel(qapp, None, language="it", appearance="light")
    panel.show(hidden=False)
    try:
        pictures = []
        for name in ("UTC", "Asia/Kathmandu"):
            zone.use(name)
            (timeline,) = panel.window.findChildren(Timeline)
            pictures.append(timeline.grab().toImage())
        assert pictures[0] == pictures[1]
    finally:
        await panel.aclose()
        panel.deleteLater()
