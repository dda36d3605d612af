"""Which event loop a test runs on: asyncio's own, or the panel's for tests marked ``qasync``. A pytest plugin.

Qt is imported only when a marked test (or a test that asks for ``qapp``) runs, so the core's tests run without Qt.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

LoopFactory = Callable[[], asyncio.AbstractEventLoop]


def _qt_loop() -> asyncio.AbstractEventLoop:
    from archisync_gui.ui.loop import QtEventLoop

    loop: asyncio.AbstractEventLoop = QtEventLoop()
    return loop


def pytest_asyncio_loop_factories(config: pytest.Config, item: pytest.Item) -> Mapping[str, LoopFactory]:
    """Asked by pytest-asyncio for every asynchronous test."""
    if item.get_closest_marker("qasync") is not None:
        return {"qasync": _qt_loop}
    return {"asyncio": asyncio.new_event_loop}


@pytest.fixture(scope="session")
def qapp() -> QApplication:
    """The application's own ``QApplication``, as the panel makes it (in place of pytest-qt's)."""
    from archisync_gui.ui.loop import application

    return application(["archisync-tests"])


@pytest.fixture(autouse=True)
def _application_for_the_qt_loop(request: pytest.FixtureRequest) -> Iterator[None]:
    """A marked test finds the application made, and the collector in the GUI thread, as in the panel."""
    if request.node.get_closest_marker("qasync") is None:
        yield
        return
    request.getfixturevalue("qapp")
    from archisync_gui.ui.loop import collecting_in_gui_thread

    with collecting_in_gui_thread():
        yield


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Qt's warnings fail a test. By a mark, not in the configuration, which has to work without pytest-qt too."""
    if config.pluginmanager.has_plugin("pytest-qt"):
        for item in items:
            if item.get_closest_marker("qt_log_level_fail") is None:
                item.add_marker(pytest.mark.qt_log_level_fail("WARNING"))
