"""The one ``QApplication``: made for the first picture of the window, long before the loop is imported."""

from __future__ import annotations

import sys

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication


def application(arguments: list[str] | None = None) -> QApplication:
    """The one ``QApplication``, named and told not to quit with its last window (the tray stays)."""
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        return existing
    QApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
    QApplication.setApplicationName("archisync-gui")
    QApplication.setDesktopFileName("archisync-gui")  # so that Wayland finds the icon of the desktop entry
    QApplication.setStyle("Fusion")  # the same metrics on all three systems; colours come from ui.theme
    app = QApplication(arguments if arguments is not None else sys.argv[:1])
    app.setQuitOnLastWindowClosed(False)
    return app
