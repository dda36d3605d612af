"""No text is cut: every text on a page or dialog has enough space, in both languages, also with large letters."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from panel_fakes import MakePanel, World
from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QFontMetrics
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QHeaderView,
    QLabel,
    QListWidget,
    QPushButton,
    QScrollArea,
    QTableView,
    QTabWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from scenes import Stage

from archisync_gui.ui.pages.types_table import TypesTable
from archisync_gui.ui.widgets.basic import ElidedLabel

pytestmark = pytest.mark.qasync

SLACK = 2
"""Pixels that a text may lack by rounding."""

MAY_END_IN_DOTS = ("muted",)
"""Names of labels whose text may end in … (the tooltip has the whole text): the header's second line, the profile."""


def cut(root: QWidget) -> list[str]:
    """The texts that have less space than they need."""
    return [
        f"{type(widget).__name__} {text!r}: {widget.size().toTuple()}"
        for widget in [root, *root.findChildren(QWidget)]
        if widget.isVisible() and widget.width() > 0
        for text in _cut(widget)
    ]


def _cut(widget: QWidget) -> list[str]:
    match widget:
        case ElidedLabel():
            shortened = widget.toolTip() and widget.objectName() not in MAY_END_IN_DOTS
            return [widget.text()] if shortened else []
        case QLabel() if widget.text():
            need = widget.heightForWidth(widget.width()) if widget.wordWrap() else widget.sizeHint().height()
            wide = _longest_word(widget) if widget.wordWrap() else widget.sizeHint().width()
            return [widget.text()] if widget.height() + SLACK < need or widget.width() + SLACK < wide else []
        case QToolButton() if widget.text() and widget.toolButtonStyle() is Qt.ToolButtonStyle.ToolButtonIconOnly:
            return []
        case QAbstractButton() if widget.text():
            hint = widget.minimumSizeHint()
            short = widget.width() + SLACK < hint.width() or widget.height() + SLACK < hint.height()
            return [widget.text()] if short else []
        case QComboBox() if widget.currentText():
            need = QFontMetrics(widget.font()).horizontalAdvance(widget.currentText()) + 42
            return [widget.currentText()] if widget.width() + SLACK < need else []
        case QTabWidget():
            bar = widget.tabBar()
            short_of = range(bar.count()) if bar.sizeHint().width() > widget.width() + SLACK else ()
            return [bar.tabText(at) for at in short_of]
        case QListWidget():
            room = widget.viewport().width() + SLACK
            return [widget.item(at).text() for at in range(widget.count()) if widget.sizeHintForColumn(0) > room]
        case QHeaderView() if widget.orientation() is Qt.Orientation.Horizontal:
            return _cut_headings(widget)
        case QScrollArea() if widget.horizontalScrollBar().maximum() > SLACK:
            return [f"wider than its room by {widget.horizontalScrollBar().maximum()}"]
        case TypesTable():
            return cut_cells(widget, (0, 1, 2, 3))
    return []


def _longest_word(widget: QLabel) -> int:
    metrics = QFontMetrics(widget.font())
    parts = re.split(r"[\s\u200b]+", widget.text())  # lines may break paths at zero-width spaces
    return max(map(metrics.horizontalAdvance, parts))


def _cut_headings(header: QHeaderView) -> list[str]:
    metrics = QFontMetrics(header.font())
    titles = [str(header.model().headerData(at, Qt.Orientation.Horizontal) or "") for at in range(header.count())]
    return [
        title
        for at, title in enumerate(titles)
        if not header.isSectionHidden(at)
        and header.sectionSize(at) + SLACK < metrics.horizontalAdvance(title) + (20 if title else 0)
    ]


def cut_cells(table: QTableView, columns: tuple[int, ...]) -> list[str]:
    """Cells of these columns that are shortened."""
    model = table.model()
    return [
        str(model.index(at, column).data())
        for at in range(model.rowCount())
        for column in columns
        if table.sizeHintForIndex(model.index(at, column)).width() > table.columnWidth(column) + SLACK
    ]


@pytest.fixture
def letters(qapp: QApplication) -> Iterator[Callable[[float], None]]:
    """A function that enlarges all letters until the end of the test."""
    before = QFont(qapp.font())

    def scale(factor: float) -> None:
        larger = QFont(before)
        larger.setPointSizeF(before.pointSizeF() * factor)
        qapp.setFont(larger)

    yield scale
    qapp.setFont(before)


@pytest.mark.parametrize(
    ("language", "scale", "size"),
    [
        pytest.param("it", 1.0, (1024, 640), marks=pytest.mark.nightly),
        ("it", 2.0, (1680, 1000)),
        pytest.param("en", 1.0, (1024, 640), marks=pytest.mark.nightly),
        pytest.param("en", 2.0, (1680, 1000), marks=pytest.mark.nightly),
        pytest.param("it", 1.25, (1280, 800), marks=pytest.mark.nightly),
        pytest.param("en", 1.25, (1280, 800), marks=pytest.mark.nightly),
    ],
)
async def test_nothing_is_cut(
    make_panel: MakePanel,
    world: World,
    tmp_path: Path,
    letters: Callable[[float], None],
    language: str,
    scale: float,
    size: tuple[int, int],
) -> None:
    letters(scale)
    stage = await Stage.set(make_panel, world, tmp_path, language, size=size)
    assert {name: found async for name, widget in stage.all() if (found := cut(widget))} == {}


def test_a_cut_text_would_be_found(qapp: QApplication) -> None:
    root = QWidget()
    layout = QVBoxLayout(root)
    button = QPushButton("Synchronise all lists")
    button.setFixedWidth(40)
    label = QLabel("A sentence that is longer than its room")
    label.setFixedWidth(60)
    for widget in (button, label):
        layout.addWidget(widget)
    root.show()
    assert len(cut(root)) == 2
    root.hide()
