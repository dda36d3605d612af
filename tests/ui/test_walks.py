"""Tasks of an operator in the real window by keyboard and mouse: the number of actions until the answer is visible.

An action is a click, a shortcut, a key that opens something, or a typed text. The time is only printed.
"""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from panel_fakes import (
    NOW,
    SILENT,
    MakePanel,
    World,
    account_type,
    ago,
    busy,
    calm,
    overview,
    run_record,
    with_type,
)
from panel_office import PRICES, Office
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QInputDialog,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QTableView,
    QTextBrowser,
    QWidget,
)

from archisync_gui.entities import ENTITIES
from archisync_gui.model import ErrorInfo, FailureKind, Freshness, Outcome, SyncState
from archisync_gui.ui.dialogs.sessions import SessionsDialog
from archisync_gui.ui.live.services import LoginTest
from archisync_gui.ui.pages.data import Data
from archisync_gui.ui.shell.panel import Panel
from archisync_gui.ui.text.i18n import clock
from archisync_gui.ui.widgets.snapshot_model import VALUE, Cell
from tests.orchestrator.rig import Rig
from tests.support.waiting import until

pytestmark = pytest.mark.qasync


class Walk:
    """One task: counts the operator's actions, and reads the texts on the screen."""

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
        """Send a shortcut to the window, another key to the widget with the focus."""
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
        """All visible texts, including those in tables."""
        window = self.panel.window
        texts = [
            part.text() for kind in (QLabel, QPushButton) for part in window.findChildren(kind) if part.isVisible()
        ]
        for table in window.findChildren(QTableView):
            model = table.model()
            if table.isVisible() and model is not None:
                rows, columns = range(min(model.rowCount(), 30)), range(model.columnCount())
                cells = [model.index(r, c) for r in rows for c in columns if not table.isColumnHidden(c)]
                texts += [str(cell.data()) for cell in cells]
                texts += [found.detail for cell in cells if isinstance(found := cell.data(VALUE), Cell)]
        texts += [view.toPlainText() for view in window.findChildren(QTextBrowser) if view.isVisible()]
        return "\n".join(texts)

    async def answered(self, *parts: str, within: int) -> None:
        """Wait until the answer is visible; ``within`` is the limit of the number of actions."""
        await until(lambda: all(part in self.seen() for part in parts))
        seconds = time.perf_counter() - self._begun
        print(f"{self.actions} action(s), {seconds:.2f} s")
        assert self.actions <= within


async def walk(make_panel: MakePanel, office: Office, **changes: object) -> Walk:
    panel = await make_panel(store=office.store, entities=ENTITIES, **changes)
    panel.window.activateWindow()  # shortcuts work only in the active window
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
    await walked.answered("Order ORD/26-002", "BRT 998877", "Follow the parcel", within=3)


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


@pytest.mark.qt_log_ignore("grabbing the keyboard")  # a warning of the offscreen platform for an open menu
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


async def test_is_the_customer_list_fresh(make_panel: MakePanel, world: World, office: Office) -> None:
    item = account_type("customers", last_run_time=ago(minutes=18), new_as_of=ago(seconds=20))
    world.orchestrator.status = with_type(calm(), item)
    walked = await walk(make_panel, office)
    await walked.answered("Everything up to date", "Customers", "18 min ago", "new ones: now", within=0)


async def test_why_is_orders_not_updated(make_panel: MakePanel, world: World, office: Office) -> None:
    item = account_type(
        "orders", last_outcome=Outcome.FAILED, last_error=SILENT, failures_in_a_row=2, freshness=Freshness.LATE,
        last_run_time=ago(hours=1, minutes=12), last_attempt=ago(minutes=2), last_run_id="r1",
    )  # fmt: skip
    world.orchestrator.status = with_type(calm(), item)
    walked = await walk(make_panel, office)
    await walked.answered(
        "Orders: the ERP did not answer in time", "Late · 1 h 12 min ago", "Failed · ERP silent", "tried again at",
        "Try again now", within=0,
    )  # fmt: skip
    assert "Everything up to date" not in walked.seen()


async def test_what_happened_last_night(make_panel: MakePanel, office: Office) -> None:
    night = NOW.replace(hour=2, minute=10, second=0)
    journal = office.store.journal
    for minutes, outcome in (
        (0, Outcome.COMPLETED),
        (60, Outcome.FAILED),
        (75, Outcome.FAILED),
        (90, Outcome.COMPLETED),
    ):
        started = night + timedelta(minutes=minutes)
        error = SILENT if outcome is Outcome.FAILED else None
        run = run_record("orders", started, 30, id=f"night-{minutes}", outcome=outcome, error=error)
        await journal.run_started(replace(run, ended=None, outcome=None))
        await journal.run_ended(run)
    await journal.flush()
    walked = await walk(make_panel, office)
    walked.click(walked.nav("Summary"))
    first, last = (clock(night + timedelta(minutes=m)) for m in (60, 75))
    await walked.answered(
        "Since I last looked", "How Archisync worked", f"{first}–{last}", "the ERP does not answer", "fine again at",
        within=1,
    )  # fmt: skip


@pytest.mark.qt_log_ignore("grabbing the keyboard")
async def test_orders_every_five_minutes(make_panel: MakePanel, world: World, office: Office) -> None:
    walked = await walk(make_panel, office)
    table = overview(walked.panel).table
    walked.actions += 1  # a right click on the row
    table.customContextMenuRequested.emit(table.visualRect(table.model().index(0, 0)).center())
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    action = next(a for a in menu.actions() if a.text() == "&Interval…")
    walked.actions += 1
    QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(action).center())
    await until(lambda: isinstance(walked.panel.window.focusWidget(), QWidget) and "Orders: every" in walked.seen())
    walked.type("5")
    walked.key(Qt.Key.Key_Return)
    await until(lambda: world.settings.number("sync.orders.interval") == 5)
    await walked.answered("With these intervals the ERP is busy", within=4)


async def test_a_form_left_open(make_panel: MakePanel, world: World, office: Office) -> None:
    status = busy()
    elsewhere = tuple(replace(session, computer="PC-2") for session in status.sessions)
    world.orchestrator.status = replace(status, sessions=elsewhere)
    walked = await walk(make_panel, office)
    assert "(PC-2)" in walked.seen(), "the computer of the form is not visible at once"
    walked.click(walked.panel.window.banner.list)
    await until(lambda: "sessions" in walked.panel.dialogs.open_now)
    dialog = walked.panel.dialogs.open_now["sessions"]
    assert isinstance(dialog, SessionsDialog)
    await until(lambda: dialog.table.currentIndex().isValid())
    assert "Ordine Ferramenta Demo" in walked.seen(), "the first one is not selected"
    assert "on PC-2" in walked.seen()
    walked.click(dialog.one)
    assert world.orchestrator.calls == [("end_session", ("s-1a2b",))]
    assert walked.actions <= 3


async def test_the_list_in_excel(make_panel: MakePanel, office: Office, tmp_path: Path) -> None:
    walked = await walk(make_panel, office)
    walked.click(walked.nav("Data"))
    page = walked.panel.window.page("data")
    assert isinstance(page, Data)
    await until(lambda: page.model.rowCount() > 0)
    walked.click(page.export)
    await until(lambda: page.findChild(QFileDialog) is not None)
    asked = page.findChild(QFileDialog)
    assert isinstance(asked, QFileDialog)
    asked.setDirectory(str(tmp_path))
    walked.actions += 1  # Save
    asked.done(QFileDialog.DialogCode.Accepted)
    await walked.answered("Saved as DEMO-orders.xlsx.", "&Open", "Show in &folder", within=3)
    assert (tmp_path / "DEMO-orders.xlsx").read_bytes().startswith(b"PK")


async def test_the_erp_password_changed(make_panel: MakePanel, world: World, office: Office) -> None:
    refused = ErrorInfo("login-refused", FailureKind.CREDENTIALS, "refused", {"account": "agente01", "error": "no"})
    account = replace(calm().accounts[0], stopped=refused)
    stopped = with_type(calm(), account_type("orders", state=SyncState.STOPPED, last_error=refused))
    world.orchestrator.status = replace(stopped, accounts=(account,))
    kept: dict[str, str] = {}

    async def has(account: str) -> bool:
        return True  # the old one

    async def keeps(account: str, password: str) -> bool:
        kept[account] = password
        return True

    async def tries(account: str, password: str | None) -> LoginTest:
        return LoginTest(True, f"Login of {account} works.")

    walked = await walk(make_panel, office, set_password=keeps, has_password=has, test_login=tries)
    walked.click(walked.panel.window.header.fix)
    await until(lambda: walked.panel.window.findChild(QInputDialog) is not None)
    asked = walked.panel.window.findChild(QInputDialog)
    assert isinstance(asked, QInputDialog)
    assert "refused" in asked.labelText()
    field = asked.findChild(QLineEdit)
    assert isinstance(field, QLineEdit)
    walked.actions += 2  # typed, and Enter
    QTest.keyClicks(field, "new secret")
    QTest.keyClick(field, Qt.Key.Key_Return)
    await walked.answered("agente01: Login of agente01 works. The password is kept.", within=3)
    assert kept == {"agente01": "new secret"}
