"""The end of the user's session: the panel has ended before the system's message returns."""

from __future__ import annotations

import asyncio

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from archisync_gui.ui.system import session_end
from archisync_gui.ui.system.application import application
from archisync_gui.ui.system.session_end import SessionEnd

pytestmark = pytest.mark.qasync


class Rig:
    """A panel that ends some steps of asyncio after the request, as the real one does."""

    def __init__(self, *, ends: bool = True) -> None:
        self.app = application()
        assert isinstance(self.app, QApplication)
        self.happened: list[str] = []
        self.stop = asyncio.Event()
        self.ends = ends
        self.app.aboutToQuit.connect(self.stop.set)
        self.end = SessionEnd(self.app, reason=lambda: "", at_last=lambda: self.happened.append("at last"))

    async def panel(self) -> None:
        await self.stop.wait()
        for _ in range(3):
            await asyncio.sleep(0)
        if self.ends:
            self.happened.append("panel over")
            self.end.panel_is_over()

    async def message(self) -> None:
        """Send the system's message, which Qt handles between two callbacks."""
        returned = asyncio.Event()

        def arrives() -> None:
            self.app.aboutToQuit.emit()
            self.happened.append("message returned")
            returned.set()

        QTimer.singleShot(0, arrives)
        await returned.wait()

    def away(self) -> None:
        self.app.aboutToQuit.disconnect(self.stop.set)
        self.end.setParent(None)
        self.end.deleteLater()


async def test_the_message_returns_when_the_panel_has_ended() -> None:
    rig = Rig()
    panel = asyncio.ensure_future(rig.panel())
    rig.end.session_asks()
    await rig.message()
    await panel
    assert rig.happened == ["panel over", "at last", "message returned"]
    rig.away()


async def test_an_ordinary_end_does_not_wait() -> None:
    rig = Rig()
    panel = asyncio.ensure_future(rig.panel())
    await rig.message()
    assert rig.happened[0] == "message returned"
    await panel
    assert rig.happened == ["message returned", "panel over"]
    rig.away()


async def test_after_a_cancelled_end_of_the_session_the_next_end_is_not_delayed() -> None:
    rig = Rig()
    rig.end.session_asks()  # and another program cancels the end
    panel = asyncio.ensure_future(rig.panel())
    rig.stop.set()
    await panel
    await rig.message()
    assert rig.happened == ["panel over", "message returned"]
    rig.away()


async def test_a_panel_that_does_not_end_delays_the_session_for_a_limited_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(session_end, "LIMIT", 1)
    rig = Rig(ends=False)
    panel = asyncio.ensure_future(rig.panel())
    rig.end.session_asks()
    await rig.message()
    await panel
    assert rig.happened == ["message returned"]
    rig.away()
