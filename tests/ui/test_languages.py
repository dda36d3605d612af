"""The language is switched without a restart: no text of the other one is left on any page, dialog, menu or icon."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from panel_fakes import MakePanel, World, busy
from PySide6.QtCore import QAbstractListModel, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QComboBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QListWidget,
    QMenu,
    QPlainTextEdit,
    QTabWidget,
    QTextBrowser,
    QWidget,
)
from scenes import Stage, settled

from archisync_gui import messages
from archisync_gui.entities import ENTITIES
from archisync_gui.settings import DECLARATIONS
from archisync_gui.ui.shell.window_parts import PAGES

pytestmark = pytest.mark.qasync


def pairs() -> list[tuple[str, str]]:
    """All texts that differ in English and Italian; ``{…}`` and ``%n`` are placeholders."""
    found = []
    for message in ET.parse(messages.resources() / "translations" / "archisync_it.ts").getroot().iter("message"):
        translation = message.find("translation")
        assert translation is not None
        forms = [f.text or "" for f in translation.iter("numerusform")] or [translation.text or ""]
        found += [(message.findtext("source") or "", form) for form in forms]
    for declared in DECLARATIONS:
        found += [(declared.en, declared.it), (declared.help_en, declared.help_it)]
    found += [(e.en, e.it) for e in ENTITIES]
    return [(english, italian) for english, italian in found if english != italian and italian]


def pattern(text: str) -> re.Pattern[str] | None:
    """Matches ``text`` with filled placeholders; ``None`` when it has almost no fixed part."""
    plain = text.replace("&", "")
    fixed = re.sub(r"\{\w+\}|%n|[\W\d]", "", plain)
    if len(fixed) < 3:
        return None
    fixed_parts = re.split(r"\{\w+\}|%n", plain)
    placeholders = re.findall(r"\{\w+\}|%n", plain)
    filled = [r"\S*\d\S*" if name in ("{number}", "%n") else ".+" for name in placeholders]
    pairs = zip([re.escape(part) for part in fixed_parts], [*filled, ""], strict=True)
    return re.compile(r"\s*" + "".join(part + value for part, value in pairs) + r"\s*")


def texts(root: QWidget) -> set[str]:
    """All texts in ``root``, including those for screen readers."""
    found: list[str] = []
    for widget in [root, *root.findChildren(QWidget)]:
        found += [widget.toolTip(), widget.accessibleName(), widget.accessibleDescription(), widget.windowTitle()]
        match widget:
            case QLabel() | QAbstractButton():
                found.append(widget.text())
            case QLineEdit():
                found.append(widget.placeholderText())
            case QPlainTextEdit() | QTextBrowser():
                found += widget.toPlainText().splitlines()
            case QComboBox():
                found += [widget.itemText(at) for at in range(widget.count())]
            case QTabWidget():
                found += [widget.tabText(at) for at in range(widget.count())]
            case QListWidget():
                found += [widget.item(at).text() for at in range(widget.count())]
            case QMenu():
                found += [action.text() for action in widget.actions()]
            case QHeaderView() if widget.model() is not None and widget.orientation() is Qt.Orientation.Horizontal:
                found += [str(widget.model().headerData(at, widget.orientation())) for at in range(widget.count())]
            case QAbstractItemView() if widget.objectName() == "" and widget.model() is not None:
                model = widget.model()
                for row in range(min(model.rowCount(), 40)):
                    for column in range(1 if isinstance(model, QAbstractListModel) else model.columnCount()):
                        for role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
                            found.append(str(model.index(row, column).data(role) or ""))
    return {line.replace("&", "").strip() for text in found for line in text.split(" · ")} - {""}


@pytest.mark.parametrize(("first", "then"), [("it", "en"), pytest.param("en", "it", marks=pytest.mark.nightly)])
async def test_no_text_of_the_other_language_is_left(
    make_panel: MakePanel, world: World, tmp_path: Path, first: str, then: str
) -> None:
    stage = await Stage.set(make_panel, world, tmp_path, first)
    panel = stage.panel
    await stage.become(busy())
    for name in PAGES:
        panel.window.go(name)
        await settled()
    panel.window.page("history").charts_button.setChecked(True)  # type: ignore[attr-defined]
    panel.open("why")
    panel.open("sessions")
    panel.open("diagnostics")
    panel.open("first-run")
    panel.open("run", "invoices-0")
    await settled()
    before = texts(panel.window)
    world.settings = world.settings.with_({"look.language": then})
    panel.context.settings_changed.emit()
    for name in PAGES:
        panel.window.go(name)
        await settled()
    spoken = texts(panel.window)
    for dialog in panel.dialogs.open_now.values():
        spoken |= texts(dialog)
    spoken |= {a.text().replace("&", "") for a in panel.tray.menu.actions()} | {panel.tray.icon.toolTip()}
    theirs = [(e, i) if then == "it" else (i, e) for e, i in pairs()]
    """Pairs of a text in the other language and in ours."""
    ours = {text.replace("&", "").strip() for _, text in theirs}
    left = {
        text
        for other, _ in theirs
        if (found := pattern(other)) is not None
        for text in spoken
        if found.fullmatch(text) and text not in ours
    }
    ours_too = [p for _, text in theirs if (p := pattern(text)) is not None]
    left = {text for text in left if not any(p.fullmatch(text) for p in ours_too)}
    assert len(before) > 300
    assert left == set()
