"""Accessibility: names, roles and text alternatives for screen readers, use by keyboard, unique mnemonics."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from panel_fakes import MakePanel, World, account_type, busy, calm, with_type
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QCheckBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QProgressBar,
    QTabBar,
    QTextBrowser,
    QWidget,
)
from scenes import Stage, settled

import archisync_gui.ui
from archisync_gui.model import Freshness
from archisync_gui.ui.widgets.accessible import Pictured
from archisync_gui.ui.widgets.timeline import Timeline
from archisync_gui.ui.widgets.types_model import TypesModel

pytestmark = pytest.mark.qasync

CONTROLS = (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QProgressBar,
    QTextBrowser,
    Timeline,
)

MUTE = {QAccessible.Role.NoRole, QAccessible.Role.Client, QAccessible.Role.Border, QAccessible.Role.Pane}
"""Roles without information for a screen reader."""

LANGUAGES = ["it", "en"]


def within(root: QWidget) -> Iterator[QWidget]:
    """The visible parts of ``root`` that belong to its own window."""
    for widget in [root, *root.findChildren(QWidget)]:
        if widget.isVisible() and widget.window() is root.window():
            yield widget


def controls(root: QWidget) -> list[QWidget]:
    """All controls and readable parts, without the inner widgets of Qt's own controls."""
    return [
        w
        for w in within(root)
        if isinstance(w, CONTROLS)
        and not w.objectName().startswith("qt_")
        and not isinstance(w.parent(), (QAbstractSpinBox, QComboBox, QTabBar, QAbstractItemView))
        and not isinstance(w.parent(), QLineEdit)
    ]


def spoken(widget: QWidget, kind: QAccessible.Text = QAccessible.Text.Name) -> str:
    interface = QAccessible.queryAccessibleInterface(widget)
    return interface.text(kind) if interface is not None else ""


def mnemonics(root: QWidget) -> list[tuple[str, str]]:
    """The mnemonics (Alt and a letter) of this window, with their texts."""
    texts = [w.text() for w in within(root) if isinstance(w, QAbstractButton)]
    texts += [w.text() for w in within(root) if isinstance(w, QLabel) and w.buddy() is not None]
    texts += [w.tabText(at) for w in within(root) if isinstance(w, QTabBar) for at in range(w.count())]
    return [(found[1].casefold(), text) for text in texts if (found := re.search(r"(?<!&)&([^&\s])", text))]


def doubled(root: QWidget) -> list[str]:
    """Texts that share their mnemonic with another one."""
    found = mnemonics(root)
    counts = Counter(letter for letter, _ in found)
    return sorted(text for letter, text in found if counts[letter] > 1)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_control_has_name_and_role(
    make_panel: MakePanel, world: World, tmp_path: Path, language: str
) -> None:
    stage = await Stage.set(make_panel, world, tmp_path, language)
    nameless: set[str] = set()
    mute: set[str] = set()
    silent: set[str] = set()
    twice: dict[str, list[str]] = {}
    async for name, root in stage.all():
        for control in controls(root):
            what = f"{name}: {type(control).__name__} {control.objectName()}"
            if not spoken(control):
                nameless.add(what)
            interface = QAccessible.queryAccessibleInterface(control)
            if interface is None or interface.role() in MUTE:
                mute.add(what)
            if not control.isEnabled() and not control.toolTip() and isinstance(control, QAbstractButton):
                silent.add(f"{what} {control.text()}")
        for picture in within(root):
            if isinstance(picture, Pictured):
                if not spoken(picture):
                    nameless.add(f"{name}: {type(picture).__name__}")
                if not spoken(picture, QAccessible.Text.Description):
                    mute.add(f"{name}: {type(picture).__name__}")
        if not root.windowTitle():
            nameless.add(f"{name}: window")
        if found := doubled(root):
            twice[name] = found
    assert nameless == set()
    assert mute == set()
    assert silent == set(), "disabled without a reason"
    assert twice == {}


async def test_pictures_have_text_alternatives(make_panel: MakePanel, world: World, tmp_path: Path) -> None:
    stage = await Stage.set(make_panel, world, tmp_path, "it")
    async for name, window in stage.pages():
        if name == "history-charts":
            charts = [w for w in within(window) if isinstance(w, Pictured) and not isinstance(w, Timeline)]
            said = [spoken(chart, QAccessible.Text.Description) for chart in charts]
            assert len(said) == 3
            assert "Ordini: " in said[0]
            assert "10 mar: " in said[1]
            break
    window = await stage.become(busy())
    page = window.page("overview")  # type: ignore[attr-defined]
    assert spoken(page.strip, QAccessible.Text.Description).startswith("Ordini: 12 aggiornamenti, prossimo alle ")
    interface = QAccessible.queryAccessibleInterface(page.strip)
    assert interface.role() == QAccessible.Role.Chart
    model = page.table.model()
    said = [str(model.index(3, at).data(Qt.ItemDataRole.AccessibleTextRole)) for at in range(model.columnCount())]
    assert said[TypesModel.TODAY].startswith("Non riuscito · l'ERP non risponde, riprova alle ")
    assert said[TypesModel.FRESH] == "In ritardo · 1 h 12 min fa"


def reachable(window: QWidget) -> set[QWidget]:
    """The widgets that the Tab key reaches in one round."""
    window.activateWindow()
    QApplication.processEvents()
    window.setFocus()
    seen: list[QWidget] = []
    for _ in range(200):
        QTest.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_Tab)
        found = QApplication.focusWidget()
        if seen and found is seen[0]:
            break
        if found is not None:
            seen.append(found)
    return set(seen)


def to_look_at(control: QWidget) -> bool:
    """Controls without functions of their own: progress, and the timeline strip of the overview."""
    return isinstance(control, QProgressBar) or (
        isinstance(control, Timeline) and control.focusPolicy() is Qt.FocusPolicy.NoFocus
    )


def by_arrows(control: QWidget, there: set[QWidget]) -> bool:
    """In a group of buttons one is a tab stop; the others are reached with arrow keys."""
    beside = control.parentWidget().findChildren(QAbstractButton) if control.parentWidget() is not None else []
    return (
        isinstance(control, QAbstractButton)
        and control.autoExclusive()
        and any(b in there for b in beside if b.autoExclusive())
    )


async def test_tab_reaches_every_enabled_control(make_panel: MakePanel, world: World, tmp_path: Path) -> None:
    stage = await Stage.set(make_panel, world, tmp_path, "it")
    missed: dict[str, list[str]] = {}

    def look(name: str, root: QWidget) -> None:
        there = reachable(root)
        left = [
            f"{type(w).__name__} {w.objectName()} {spoken(w)}"
            for w in controls(root)
            if w.isEnabled() and w not in there and not to_look_at(w) and not by_arrows(w, there)
        ]
        if left:
            missed[name] = left

    wanted = {"overview-session", "overview-refused", "overview-notice"}
    async for name, root in stage.states():
        if name in wanted:
            look(name, root)
    async for name, root in stage.pages():
        look(name, root)
    async for name, root in stage.dialogs():
        look(name, root)
    assert missed == {}


async def test_f5_and_escape(make_panel: MakePanel, world: World, tmp_path: Path) -> None:
    stage = await Stage.set(make_panel, world, tmp_path, "it")
    window = await stage.become(busy())
    world.orchestrator.calls.clear()
    for name in ("why", "sessions", "diagnostics", "first-run", "pairing"):
        dialog = await stage._opened(name)
        QTest.keyClick(dialog, Qt.Key.Key_Escape)
        await settled()
        assert name not in stage.panel.dialogs.open_now, f"Esc does not close {name}"
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert world.orchestrator.calls == []
    assert window.isVisible()
    window.activateWindow()
    await settled()
    QTest.keyClick(window.sidebar, Qt.Key.Key_F5)  # type: ignore[attr-defined]
    await settled()
    assert [call for call, _ in world.orchestrator.calls] == ["request_full"]


async def test_check_boxes_have_their_state_and_the_title_has_demo(
    make_panel: MakePanel, world: World, tmp_path: Path
) -> None:
    stage = await Stage.set(make_panel, world, tmp_path, "it")
    window = await stage.become(busy())
    assert window.windowTitle() == "Clienti, elenco intero · pagina 9 di 16 · 843 righe [DEMO] – Archisync"
    assert stage.panel.tray.icon.toolTip() == "Archisync [DEMO]: Clienti, elenco intero · pagina 9 di 16 · 843 righe"
    window.go("settings").groups.setCurrentRow(4)  # type: ignore[attr-defined]
    await settled()
    box = next(w for w in controls(window) if isinstance(w, QCheckBox))
    interface = QAccessible.queryAccessibleInterface(box)
    assert interface.state().checked == box.isChecked()


async def test_a_screen_reader_is_told_the_headline_that_is_shown(
    make_panel: MakePanel, world: World, tmp_path: Path
) -> None:
    """Two lists fail one after the other: the kind of the headline stays the same."""
    stage = await Stage.set(make_panel, world, tmp_path, "en")
    header = stage.panel.window.header
    said = []
    for name in ("customers", "orders"):
        late = account_type(name, freshness=Freshness.LATE, last_run_time=None, new_as_of=None)
        await stage.become(with_type(calm(), late))
        assert header.headline is not None
        assert header.accessibleName() == f"{header.headline.title}. {header.headline.detail}"
        assert header.title.text() in header.accessibleName()
        said.append((header.headline.kind, header.accessibleName()))
    assert said[0][0] == said[1][0]
    assert said[0][1] != said[1][1]


def test_there_are_no_animations() -> None:
    """So the system's setting for reduced motion needs no support."""
    sources = [p.read_text(encoding="utf-8") for p in Path(archisync_gui.ui.__path__[0]).rglob("*.py")]
    moving = re.compile(r"QPropertyAnimation|QVariantAnimation|QTimeLine|QMovie|setAnimated\(True|setRange\(0, 0\)")
    assert [text[:60] for text in sources if moving.search(text)] == []
