"""No text is cut: every button, label and table cell has the room it needs, in both languages, with 150 % letters."""

from __future__ import annotations

import asyncio

import pytest
from panel_fakes import MakePanel, World, busy
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QTableView, QToolButton, QWidget

from archisync_gui.ui.widgets import ElidedLabel
from archisync_gui.ui.window import PAGES

pytestmark = pytest.mark.qasync


def cut(root: QWidget) -> list[str]:
    """The texts that have less room than they need."""
    found = []
    for widget in root.findChildren(QWidget):
        if not widget.isVisible() or widget.width() == 0:
            continue
        if isinstance(widget, QLabel) and not isinstance(widget, ElidedLabel) and widget.text():
            need = widget.heightForWidth(widget.width()) if widget.wordWrap() else widget.sizeHint().height()
            wide = 0 if widget.wordWrap() else widget.sizeHint().width()
            if widget.height() + 2 < need or widget.width() + 2 < wide:
                found.append(f"label {widget.text()!r}: {widget.size().toTuple()} < {wide}, {need}")
        elif isinstance(widget, QAbstractButton) and not isinstance(widget, QToolButton) and widget.text():
            hint = widget.minimumSizeHint()
            if widget.width() + 2 < hint.width() or widget.height() + 2 < hint.height():
                found.append(f"button {widget.text()!r}: {widget.size().toTuple()} < {hint.toTuple()}")
    return found


def cut_cells(table: QTableView, columns: tuple[int, ...]) -> list[str]:
    """Cells of these columns that are shortened."""
    model = table.model()
    return [
        str(model.index(at, column).data())
        for at in range(model.rowCount())
        for column in columns
        if table.sizeHintForIndex(model.index(at, column)).width() > table.columnWidth(column) + 4
    ]


@pytest.mark.parametrize("language", ["it", "en"])
@pytest.mark.parametrize(("scale", "width"), [(1.0, 960), (1.0, 1330), (1.5, 1330)])
async def test_nothing_is_cut(make_panel: MakePanel, world: World, language: str, scale: float, width: int) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    before = QFont(app.font())
    larger = QFont(before)
    larger.setPointSizeF(before.pointSizeF() * scale)
    app.setFont(larger)
    try:
        world.orchestrator.status = busy()
        panel = await make_panel(language)
        panel.window.resize(width, 860)
        for name in PAGES:
            panel.window.go(name)
            await asyncio.sleep(0.06)
            assert cut(panel.window) == [], name
        panel.window.go("overview")
        await asyncio.sleep(0.05)
        table = panel.window.page("overview").table  # type: ignore[attr-defined]
        assert cut_cells(table, (0, 1, 2, 3)) == []
        assert panel.window.header.title.toolTip() == ""
    finally:
        app.setFont(before)
