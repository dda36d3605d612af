"""Descriptions of painted widgets for screen readers: their role, and their content in words.

They are used for each widget that is :class:`Pictured`. Qt describes its own widgets.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from PySide6.QtCore import QObject
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtWidgets import QAccessibleWidget, QWidget


@runtime_checkable
class Pictured(Protocol):
    """A widget that paints its content and can describe it."""

    def summary(self) -> str:
        """The painted content in words, in the panel's language."""


class _Picture(QAccessibleWidget):
    """A chart with a description, which is made only when a screen reader requests it."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget, QAccessible.Role.Chart)

    def text(self, kind: QAccessible.Text) -> str:
        widget = self.object()
        if kind == QAccessible.Text.Description and isinstance(widget, Pictured):
            return widget.summary()
        return super().text(kind)


def _interface(_key: str, found: QObject | None) -> QAccessibleInterface | None:
    return _Picture(found) if isinstance(found, QWidget) and isinstance(found, Pictured) else None


_installed: list[bool] = []


def install_descriptions() -> None:
    """Give screen readers the descriptions of painted widgets; once per process."""
    if not _installed:
        _installed.append(True)
        QAccessible.installFactory(_interface)
