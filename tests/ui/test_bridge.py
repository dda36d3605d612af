"""The bridge: coalesced, silent when nothing happens, no timer while hidden."""

from __future__ import annotations

from panel_fakes import FakeOrchestrator
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from archisync_gui.model import Event, EventKind
from archisync_gui.ui.live.bridge import Bridge


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
    assert told[0][0].data["rows"] == 4999
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
