"""The bridge: updates are coalesced, there are none without events, and no timer runs while the window is hidden."""

from __future__ import annotations

import asyncio

import pytest
from panel_fakes import FakeOrchestrator
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from archisync_gui.model import Event, EventKind
from archisync_gui.ui.live.bridge import Background, Bridge


def test_a_flood_of_progress_becomes_one_update(qtbot: QtBot, qapp: QApplication) -> None:
    orchestrator = FakeOrchestrator()
    bridge = Bridge()
    bridge.attach(orchestrator)
    bridge.set_shown(True)
    qapp.processEvents()
    told: list[tuple[Event, ...]] = []
    bridge.happened.connect(told.append)
    looked = orchestrator.looked
    for i in range(5000):
        orchestrator.tell(EventKind.SYNC_PROGRESS, {"rows": i})
    orchestrator.tell(EventKind.SYNC_COMPLETED, {"type": "orders"})
    qtbot.waitUntil(lambda: bool(told), timeout=20_000)
    assert [e.kind for e in told[0]] == [EventKind.SYNC_PROGRESS, EventKind.SYNC_COMPLETED]
    assert told[0][0].data.rows == 4999
    assert orchestrator.looked == looked + 1
    bridge.set_shown(False)
    bridge.detach()
    assert orchestrator.listeners == []


def test_nothing_ticks_while_hidden(qtbot: QtBot) -> None:
    orchestrator = FakeOrchestrator()
    bridge = Bridge()
    bridge.attach(orchestrator)
    assert bridge.quiet
    bridge.set_shown(True)
    assert not bridge.quiet
    bridge.set_shown(False)
    qtbot.waitUntil(lambda: bridge.quiet, timeout=20_000)
    bridge.detach()


async def test_closing_ends_although_a_task_has_just_finished() -> None:
    """The task is done when the panel closes, but its callbacks have not run yet. Since Python 3.12 ``asyncio.gather``
    does not yield then, so that a loop around it never ended."""

    async def nothing() -> None:
        pass

    background = Background()
    done = background.run(nothing())
    closing = asyncio.get_running_loop().create_task(background.close())  # runs directly after it
    await closing
    assert done.done()
    background.deleteLater()


def test_a_timer_that_fires_between_two_runs_of_the_loop_starts_its_work_in_the_next() -> None:
    """It fires while no loop runs; its coroutine has to be awaited later."""
    done: list[str] = []

    async def work(name: str) -> None:
        done.append(name)

    async def begin() -> None:
        await background.run(work("in the loop"))

    background = Background()
    loop = asyncio.new_event_loop()
    loop.run_until_complete(begin())
    between = background.run(work("between"))
    assert done == ["in the loop"]
    loop.run_until_complete(between)
    assert done == ["in the loop", "between"]
    loop.close()
    with pytest.raises(RuntimeError):
        background.run(work("after the end"))
    background.deleteLater()
