"""Text from outside is shown as plain text: no label, tooltip, list or dialog of the panel interprets it as markup."""

from __future__ import annotations

import ast
import logging
from pathlib import Path

import pytest
from panel_fakes import MakePanel, World
from PySide6.QtCore import QAbstractListModel, Qt
from PySide6.QtGui import Qt as GuiQt
from PySide6.QtWidgets import QAbstractItemView, QLabel, QMessageBox, QWidget

import archisync_gui.ui
from archisync_gui.app.logs import OneLineFormatter
from archisync_gui.ui.pages.log import LogFeed, LogModel
from archisync_gui.ui.text.i18n import plain

pytestmark = pytest.mark.qasync

HOSTILE = "<b>x</b><img src='file:///etc/hostname'>"
UI = Path(archisync_gui.ui.__path__[0])
SHOWN_AS_MARKUP = {"setToolTip": 0, "setLabelText": 0, "showText": 1}
"""Calls whose text Qt interprets as markup, and the position of that argument."""


@pytest.mark.parametrize("text", ["", "a < b", "Rossi & Figli", "two\nlines", "Studio Bianchi"])
def test_ordinary_text_is_not_changed(text: str) -> None:
    assert plain(text) == text


@pytest.mark.parametrize("text", [HOSTILE, f"a\n{HOSTILE}", "<qt>x", "<!DOCTYPE html><p>"])
def test_text_that_looks_like_markup_is_escaped(text: str) -> None:
    assert not loads_pictures(plain(text))
    assert not loads_pictures(plain(text).removeprefix("<qt>").removesuffix("</qt>"))


def loads_pictures(text: str) -> bool:
    """Whether Qt would interpret the text as markup. It looks for a tag in the first line."""
    return GuiQt.mightBeRichText(text) and any(tag in text for tag in ("<img", "<b>", "<p>"))


def harmless(node: ast.expr) -> bool:
    """Whether an expression has no text from outside, or escapes it."""
    match node:
        case ast.Constant():
            return True
        case ast.IfExp():
            return harmless(node.body) and harmless(node.orelse)
        case ast.BoolOp():
            return all(map(harmless, node.values))
        case ast.BinOp():
            return harmless(node.left) and harmless(node.right)
        case ast.Call(func=ast.Name(id="plain")):
            return True
        case ast.Call(func=ast.Name(id="tr")):
            return not node.keywords and all(isinstance(a, ast.Constant) for a in node.args)
    return False


@pytest.mark.parametrize("path", sorted(UI.rglob("*.py")), ids=lambda path: path.relative_to(UI).as_posix())
def test_every_text_that_qt_interprets_as_markup_is_ours_or_escaped(path: Path) -> None:
    wrong = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in SHOWN_AS_MARKUP
        and not harmless(node.args[SHOWN_AS_MARKUP[node.func.attr]])
    ]
    assert wrong == [], f"{path.name}: wrap the text in plain(…)"


@pytest.mark.parametrize("path", sorted(UI.rglob("*.py")), ids=lambda path: path.relative_to(UI).as_posix())
def test_no_label_guesses_whether_its_text_is_markup(path: Path) -> None:
    """``QLabel(text)`` guesses; ``label(text)`` and ``ElidedLabel`` do not."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    made = [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "QLabel" and node.args
    ]
    assert path.name == "basic.py" or made == []


async def test_no_widget_of_any_page_reads_markup(make_panel: MakePanel, world: World) -> None:
    panel = await make_panel()
    for name in ("overview", "data", "summary", "history", "settings"):
        panel.open(name)
    panel.open("log")
    panel.context.say(HOSTILE, "bad")
    widgets = panel.window.findChildren(QWidget)
    assert len(widgets) > 100
    for widget in widgets:
        tip = widget.toolTip()
        assert not loads_pictures(tip)
        if isinstance(widget, QLabel | QMessageBox) and not _of_qt(widget):
            assert widget.textFormat() is Qt.TextFormat.PlainText, widget.text()
        if isinstance(widget, QAbstractItemView) and widget.model() is not None:
            for row in range(min(20, widget.model().rowCount())):
                columns = 1 if isinstance(widget.model(), QAbstractListModel) else widget.model().columnCount()
                for column in range(columns):
                    shown = widget.model().index(row, column).data(Qt.ItemDataRole.ToolTipRole)
                    assert shown is None or not loads_pictures(str(shown))


def _of_qt(widget: QWidget) -> bool:
    """A label inside one of Qt's own widgets (spin box, calendar, dialog), without text from outside."""
    return isinstance(widget, QLabel) and not widget.text()


def test_the_live_log_shows_a_record_as_one_line_and_its_tooltip_as_text() -> None:
    feed = LogFeed()
    assert isinstance(feed.formatter, OneLineFormatter)
    model = LogModel(feed)
    feed.handle(logging.makeLogRecord({"levelno": logging.INFO, "levelname": "INFO", "msg": f"a\n{HOSTILE}\u202e"}))
    try:
        raise ValueError(HOSTILE)
    except ValueError as error:
        feed.handle(
            logging.makeLogRecord(
                {
                    "levelno": logging.ERROR,
                    "levelname": "ERROR",
                    "msg": "failed",
                    "exc_info": (ValueError, error, error.__traceback__),
                }
            )
        )
    model.filter(logging.INFO, "")
    first, second = model.index(0), model.index(1)
    assert "\\x0a" in first.data()
    assert "\u202e" not in first.data()
    assert first.data(Qt.ItemDataRole.ToolTipRole) is None
    assert not loads_pictures(second.data(Qt.ItemDataRole.ToolTipRole))
