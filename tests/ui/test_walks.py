"""An operator's questions, walked on the real window by keyboard and mouse: how many actions the answer takes.

An action is a click, a shortcut or a key that opens something, or a text that is typed. The time is printed only.
"""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta

import pytest
from panel_fakes import NOW, MakePanel
from panel_office import PRICES, Office
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton, QTableView, QWidget

from archisync_gui.entities import ENTITIES
from archisync_gui.ui.pages.data import Data
from archisync_gui.ui.shell.panel import Panel
from tests.orchestrator.rig import Rig
from tests.support.waiting import until

pytestmark = pytest.mark.qasync


class Walk:
    """One question: counts what the operator does, and reads what is on the screen."""

    def __init__(self, panel: Panel) -> None:
        self.panel = panel
        self.actions = 0
        self._begun = time.perf_counter()

    def click(self, widget: QWidget) -> None:
        assert widget.isVisible()
        assert widget.isEnabled()
        self.actions += 1
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton)

    def key(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """A shortcut goes to the window, another key to what has the keyboard."""
        self.actions += 1
        shortcut = modifier is not Qt.KeyboardModifier.NoModifier
        focus = None if shortcut else self.panel.window.focusWidget()
        QTest.keyClick(focus or self.panel.window, key, modifier)

    def type(self, text: str) -> None:
        self.actions += 1
        focus = self.panel.window.focusWidget()
        assert focus is not None
        QTest.keyClicks(focus, text)

    def nav(self, title: str) -> QPushButton:
        """A page's button in the side bar."""
        buttons = self.panel.window.sidebar.findChildren(QPushButton)
        return next(button for button in buttons if button.text().replace("&", "") == title)

    def seen(self) -> str:
        """All texts that are on the screen, tables included."""
        window = self.panel.window
        texts = [
            part.text() for kind in (QLabel, QPushButton) for part in window.findChildren(kind) if part.isVisible()
        ]
        for table in window.findChildren(QTableView):
            model = table.model()
            if table.isVisible() and model is not None:
                rows, columns = range(min(model.rowCount(), 30)), range(model.columnCount())
                texts += [str(model.index(r, c).data()) for r in rows for c in columns if not table.isColumnHidden(c)]
        return "\n".join(texts)

    async def answered(self, *parts: str, within: int) -> None:
        """Wait until the answer can be read; the bound is on what the operator had to do."""
        await until(lambda: all(part in self.seen() for part in parts))
        seconds = time.perf_counter() - self._begun
        print(f"{self.actions} action(s), {seconds:.2f} s")
        assert self.actions <= within


async def walk(make_panel: MakePanel, office: Office) -> Walk:
    panel = await make_panel(store=office.store, entities=ENTITIES)
    panel.window.activateWindow()  # a window that is not the active one takes no shortcuts
    await until(lambda: panel.context.status is not None and panel.window.isActiveWindow())
    return Walk(panel)


async def test_is_it_working(make_panel: MakePanel, office: Office) -> None:
    walked = await walk(make_panel, office)
    await walked.answered("Everything up to date", "last answer of the ERP", within=0)


async def test_a_customers_order_and_its_parcel(make_panel: MakePanel, office: Office) -> None:
    walked = await walk(make_panel, office)
    walked.key(Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    walked.type("rossi 26-002")
    find = walked.panel.window.results()
    await until(lambda: any("ORD/26-002" in line.name for line in find.model.lines))
    walked.key(Qt.Key.Key_Return)
    await walked.answered("Order ORD/26-002", "BRT 998877", "&Follow the parcel", within=3)


async def test_unpaid_invoices_of_a_customer(make_panel: MakePanel, office: Office) -> None:
    walked = await walk(make_panel, office)
    walked.key(Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    walked.type("agricola de rossi")
    find = walked.panel.window.results()
    await until(lambda: any(line.list == "customers" for line in find.model.lines))
    walked.key(Qt.Key.Key_Return)
    await walked.answered("Unpaid invoices: 2 · 623.45 €", "Invoice FT301", "Invoice FT302", within=3)


async def test_did_prices_change_this_week(make_panel: MakePanel, office: Office) -> None:
    await office.read("prices", "", [{**PRICES[0], "unit_price": 1390}], NOW - timedelta(days=1))
    walked = await walk(make_panel, office)
    walked.click(walked.nav("Data"))
    page = walked.panel.window.page("data")
    assert isinstance(page, Data)
    walked.click(page.views["changed"])
    await walked.answered("Fresa conica", "12.50", "13.90", "1 row", within=2)


@pytest.mark.qt_log_ignore("grabbing the keyboard")  # what the offscreen platform says of an open menu
async def test_pause_for_an_hour(make_panel: MakePanel, office: Office) -> None:
    walked = await walk(make_panel, office)
    rig = Rig()
    await rig.o.start()
    try:
        context = walked.panel.context
        assert context.services is not None
        context.services = replace(context.services, orchestrator=rig.o, clock=rig.clock)
        context.bridge.attach(rig.o)
        header = walked.panel.window.header
        walked.click(header.hold)
        menu = header.pause_menu
        await until(menu.isVisible)
        walked.actions += 1
        place = menu.actionGeometry(menu.actions()[1]).center()
        QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=place)
        await walked.answered("Paused", "It ends by itself at", within=2)
        until_ = rig.o.get_status().hold_until
        assert until_ is not None
        assert until_ - rig.clock.now() <= timedelta(hours=1)
    finally:
        context.bridge.detach()
        await rig.close()
