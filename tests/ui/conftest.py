"""Fixtures of the panel's tests: a panel on fakes, in either language, closed after the test."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
import pytest_asyncio
from panel_fakes import FakeClock, MakePanel, World
from panel_office import Office
from PySide6.QtWidgets import QApplication

from archisync_gui.ui.look.theme import theme
from archisync_gui.ui.shell.panel import Panel
from archisync_gui.ui.shell.window import SIZE
from archisync_gui.ui.text.i18n import set_language

QApplication.setStyle("Fusion")  # as the program does; the default on Windows and macOS is another style


@pytest.fixture(autouse=True)
def _plain(qapp: QApplication) -> Iterator[None]:
    """Every test starts in English and with the light theme."""
    set_language("en")
    theme().choose("light")
    yield
    set_language("en")


@pytest.fixture
def world() -> World:
    return World()


@pytest_asyncio.fixture
async def make_panel(qapp: QApplication, world: World) -> AsyncIterator[MakePanel]:
    """Makes panels; all are closed at the end."""
    made = world.panels

    async def make(language: str = "en", appearance: str = "light", hidden: bool = False, **changes: object) -> Panel:
        world.settings = world.settings.with_({"look.language": language, "look.theme": appearance})
        panel = Panel(qapp, None, language=language, appearance=appearance)
        made.append(panel)
        panel.window.resize(SIZE)  # the screen of the offscreen platform is small
        panel.show(hidden)
        panel.set_services(world.services(**changes))
        return panel

    yield make
    await _closed(made)


async def _closed(made: list[Panel]) -> None:
    while made:
        panel = made.pop()
        await panel.aclose()
        panel.deleteLater()


@pytest_asyncio.fixture
async def office(tmp_path: Path, world: World) -> AsyncIterator[Office]:
    """A real store with an office's data; it is closed after the panels that read from it."""
    opened = await Office.open(tmp_path, FakeClock())
    yield opened
    await _closed(world.panels)
    await opened.store.close()
