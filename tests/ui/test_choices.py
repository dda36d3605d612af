"""The selection in a table follows its row when rows move, and is empty when its row is removed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from panel_fakes import MakePanel, World, ago, busy, calm, entry, overview, soon
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from archisync_gui.model import QueueEntry, SessionView
from archisync_gui.ui.dialogs.sessions import SessionsDialog
from archisync_gui.ui.pages.overview_parts import QueueList
from archisync_gui.ui.shell.panel import Panel
from tests.support.waiting import until

pytestmark = pytest.mark.qasync


def tab(number: int) -> SessionView:
    name = f"Tab {number}"
    return SessionView(f"s-{number}", name, "agente01", ago(minutes=4), ago(seconds=20), soon(minutes=9), True, False)


async def sessions_of(make_panel: MakePanel, world: World, *numbers: int) -> tuple[Panel, SessionsDialog]:
    world.orchestrator.status = replace(busy(), session_count=len(numbers), sessions=tuple(map(tab, numbers)))
    panel = await make_panel()
    panel.open("sessions")
    found = panel.dialogs.open_now["sessions"]
    assert isinstance(found, SessionsDialog)
    return panel, found


def left(world: World, *numbers: int) -> None:
    world.orchestrator.become(replace(busy(), session_count=len(numbers), sessions=tuple(map(tab, numbers))))


async def test_when_the_selected_tab_closes_no_other_is_selected(make_panel: MakePanel, world: World) -> None:
    _, found = await sessions_of(make_panel, world, 0, 1, 2)
    found.table.selectRow(1)
    left(world, 0, 2)
    await until(lambda: found.table.model().rowCount() == 2)
    assert not found.one.isEnabled()
    assert found.one.toolTip() == "Choose a row first"
    found._end_one()  # a click at the same time
    assert world.orchestrator.calls == []
    found.table.selectRow(1)
    QTest.mouseClick(found.one, Qt.MouseButton.LeftButton)
    assert world.orchestrator.calls == [("end_session", ("s-2",))]


async def test_a_selected_tab_stays_selected_when_another_closes_or_moves(make_panel: MakePanel, world: World) -> None:
    _, found = await sessions_of(make_panel, world, 0, 1, 2)
    found.table.selectRow(2)
    left(world, 2, 1)
    await until(lambda: found.table.model().rowCount() == 2)
    QTest.mouseClick(found.one, Qt.MouseButton.LeftButton)
    assert world.orchestrator.calls == [("end_session", ("s-2",))]


def press(queue: QueueList, key: Qt.Key) -> None:
    QApplication.sendEvent(queue, QKeyEvent(QEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier))


ORDERS, CUSTOMERS, DDT = entry("orders", 6, 1), entry("customers", 4, 2), entry("ddt", 2, 3)


async def queue_of(make_panel: MakePanel, world: World) -> QueueList:
    world.orchestrator.status = replace(calm(), queue=(ORDERS, CUSTOMERS, DDT))
    page = overview(await make_panel())
    await until(lambda: page.queue.rowCount() == 3)
    return page.queue_list


async def waits(queue: QueueList, world: World, *entries: QueueEntry) -> None:
    world.orchestrator.become(replace(calm(), queue=entries))
    await until(lambda: [queue.model().item(at) for at in range(queue.model().rowCount())] == list(entries))


async def test_keys_act_on_the_selected_request_after_it_moved_to_the_front(
    make_panel: MakePanel, world: World
) -> None:
    queue = await queue_of(make_panel, world)
    queue.setCurrentIndex(queue.model().index(2, 0))
    press(queue, Qt.Key.Key_Home)
    await waits(queue, world, DDT, ORDERS, CUSTOMERS)
    press(queue, Qt.Key.Key_Delete)
    assert world.orchestrator.calls == [("move_to_front", ("q-ddt",)), ("remove", ("q-ddt",))]
    buttons = [queue.indexWidget(queue.model().index(at, 0)) for at in range(3)]
    assert all(buttons), "the buttons did not move with their rows"
    front = [b.isEnabled() for holder in buttons for b in holder.findChildren(object) if b.objectName() == "front"]
    assert front == [False, True, True]


async def test_delete_does_not_remove_the_next_request_when_the_selected_one_starts(
    make_panel: MakePanel, world: World
) -> None:
    queue = await queue_of(make_panel, world)
    queue.setCurrentIndex(queue.model().index(1, 0))
    await waits(queue, world, ORDERS, DDT)
    press(queue, Qt.Key.Key_Delete)
    press(queue, Qt.Key.Key_Home)
    assert world.orchestrator.calls == []
