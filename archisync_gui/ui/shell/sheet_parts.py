"""Small parts of the record sheet."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QPushButton

from archisync_gui.ui.widgets.basic import label


def facts_grid(facts: Sequence[tuple[str, str]]) -> QGridLayout:
    """A grid with names and values of a record; the values can be selected."""
    grid = QGridLayout()
    grid.setHorizontalSpacing(14)
    grid.setVerticalSpacing(3)
    grid.setColumnStretch(1, 1)
    for at, (name, value) in enumerate(facts):
        caption = label(name, "muted")
        text = label(value, wrap=True)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        grid.addWidget(caption, at, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(text, at, 1, Qt.AlignmentFlag.AlignTop)
    return grid


def link_button(text: str) -> QPushButton:
    """A button that looks like a link."""
    made = QPushButton(text.replace("&", "&&"))
    made.setObjectName("link")
    return made


def without_letter(text: str) -> str:
    """A button's text without mnemonic: the page below the sheet uses the same letters for its buttons."""
    return text.replace("&", "")
