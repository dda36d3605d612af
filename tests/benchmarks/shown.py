"""Shared by benchmarks of the visible panel: the whole panel, and the time from an event to its paint."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication

from archisync_gui.app.core import Core
from archisync_gui.app.life import Life
from archisync_gui.app.opening import opened
from archisync_gui.app.profile import Profile
from archisync_gui.model import Event, EventKind
from archisync_gui.orchestrator import OrchestratorApi
from archisync_gui.ui.shell import panel as panel_module
from archisync_gui.ui.shell.panel import Panel
from archisync_gui.ui.shell.window import MainWindow


class Watched(MainWindow):
    """The window, with a signal at the end of each paint in it."""

    painted_now: Callable[[], None] = staticmethod(lambda: None)

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() is QEvent.Type.UpdateRequest:
            self.painted_now()
        return done


def watch_paints() -> None:
    """Panels made from now on have a :class:`Watched` window."""
    setattr(panel_module, "MainWindow", Watched)  # noqa: B010


class Paints:
    """Milliseconds from each progress event to the first paint after the panel received it."""

    def __init__(self, panel: Panel, orchestrator: OrchestratorApi) -> None:
        self.waits: list[float] = []
        self._unseen: list[float] = []
        self._handed: list[float] = []
        orchestrator.subscribe(self._heard)
        panel.context.bridge.status_changed.connect(self._shown)
        assert isinstance(panel.window, Watched)
        panel.window.painted_now = self._painted

    def _heard(self, event: Event) -> None:
        if event.kind is EventKind.SYNC_PROGRESS:
            self._unseen.append(time.perf_counter())

    def _shown(self, _: object) -> None:
        self._handed.extend(self._unseen)
        self._unseen.clear()

    def _painted(self) -> None:
        now = time.perf_counter()
        self.waits.extend((now - at) * 1000 for at in self._handed)
        self._handed.clear()


@asynccontextmanager
async def whole_panel(app: QApplication, profile: Profile) -> AsyncIterator[Panel]:
    """The panel with all its services, made as in the program."""
    async with panel_and_core(app, profile) as (panel, _):
        yield panel


@asynccontextmanager
async def panel_and_core(app: QApplication, profile: Profile) -> AsyncIterator[tuple[Panel, Core]]:
    """:func:`whole_panel`, and its core."""
    panel = Panel(app, profile=profile.name)
    panel.show()
    await panel.first_paint()
    try:
        async with opened(Life(profile, None, asyncio.Event()), panel) as core:
            assert panel.context.services is not None
            assert isinstance(core, Core)
            yield panel, core
            panel.closing()
    finally:
        await panel.aclose()
