"""The ``QApplication``, made for the first picture of the window, long before the event loop is imported.

This module is imported before all others of the panel, so that PySide6 reads no sources (:func:`_read_no_sources`).
"""

from __future__ import annotations

import sys

from PySide6.QtCore import QProcess, Qt
from PySide6.QtWidgets import QApplication


def _read_no_sources() -> None:
    """Keep PySide6 (6.11) from reading the source of every module that is imported after it.

    PySide6 searches each source for its own name, to offer ``snake_case`` names to modules that request them; ours do
    not. The sources stay in ``linecache``: 27 MB, and 0.1 s of the start. Nothing is changed in a version that works
    in another way.
    """
    feature = sys.modules.get("shibokensupport.feature")
    if hasattr(feature, "_mod_uses_pyside"):
        setattr(feature, "_mod_uses_pyside", lambda _module: False)  # noqa: B010  # a name that mypy does not know


_read_no_sources()


def application(arguments: list[str] | None = None) -> QApplication:
    """The only ``QApplication``, made at the first call. It does not quit with its last window: the tray stays."""
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        return existing
    QApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
    QApplication.setApplicationName("archisync-gui")
    QApplication.setDesktopFileName("archisync-gui")  # so that Wayland finds the icon of the desktop entry
    QApplication.setStyle("Fusion")  # the same metrics on all three systems; colours come from ui.look.theme
    app = QApplication(arguments if arguments is not None else sys.argv[:1])
    app.setQuitOnLastWindowClosed(False)
    return app


def started_apart(program: str, arguments: list[str]) -> bool:
    """Start a program that goes on when this one ends. False: the system did not start it."""
    started = QProcess.startDetached(program, arguments)
    return bool(started[0] if isinstance(started, tuple) else started)


def on_windows() -> bool:
    """Whether Qt draws on Windows' own desktop (and not offscreen, as in tests)."""
    return QApplication.platformName() == "windows"
