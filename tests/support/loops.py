"""A pytest plugin that selects a test's event loop: asyncio's own, or the panel's for tests marked ``qasync``.

Qt is imported only when a marked test (or a test that asks for ``qapp``) runs, so the core's tests run without Qt.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

LoopFactory = Callable[[], asyncio.AbstractEventLoop]


@functools.cache
def _application() -> QApplication:
    from archisync_gui.ui.system.application import application

    return application(["archisync-tests"])


def _qt_loop() -> asyncio.AbstractEventLoop:
    from archisync_gui.ui.system.loop import QtEventLoop

    loop: asyncio.AbstractEventLoop = QtEventLoop(_application())
    return loop


def pytest_asyncio_loop_factories(config: pytest.Config, item: pytest.Item) -> Mapping[str, LoopFactory]:
    """Called by pytest-asyncio for every asynchronous test."""
    if item.get_closest_marker("qasync") is not None:
        return {"qasync": _qt_loop}
    return {"asyncio": asyncio.new_event_loop}


@pytest.fixture(scope="session")
def qapp() -> QApplication:
    """The ``QApplication`` as the panel makes it; replaces pytest-qt's fixture of this name."""
    return _application()


@pytest.fixture(autouse=True)
def _collector_in_the_gui_thread(request: pytest.FixtureRequest) -> Iterator[None]:
    """In a ``qasync`` test Python's garbage collector runs in the GUI thread only, as in the panel."""
    if request.node.get_closest_marker("qasync") is None:
        yield
        return
    from archisync_gui.ui.system.loop import collecting_in_gui_thread

    with collecting_in_gui_thread():
        yield


OFFSCREEN_CANNOT = r"^This plugin does not support (raise|propagateSizeHints|createPlatformOpenGLContext)"
"""Harmless warnings that Qt's offscreen platform writes for every window."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Qt's warnings fail a test. Set by marks, since the configuration also has to work without pytest-qt."""
    if not config.pluginmanager.has_plugin("pytest-qt"):
        return
    for item in items:
        if item.get_closest_marker("qt_log_level_fail") is None:
            item.add_marker(pytest.mark.qt_log_level_fail("WARNING"))
        own = item.get_closest_marker("qt_log_ignore")
        item.add_marker(pytest.mark.qt_log_ignore(OFFSCREEN_CANNOT, *(own.args if own else ())), append=False)
