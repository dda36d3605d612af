"""What painted widgets say to a screen reader: their role, and what the picture shows in words.

A widget takes part by being :class:`Pictured`; Qt's own widgets speak for themselves.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from PySide6.QtCore import QObject
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtWidgets import QAccessibleWidget, QWidget


@runtime_checkable
class Pictured(Protocol):
    """A widget that paints a picture and can say what is on it."""

    def summary(self) -> str:
        """The picture in words, in the panel's language."""


class _Picture(QAccessibleWidget):
    """A chart with its words as description, computed only when somebody listens."""

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


def speak() -> None:
    """Let painted widgets speak; once per process."""
    if not _installed:
        _installed.append(True)
        QAccessible.installFactory(_interface)
