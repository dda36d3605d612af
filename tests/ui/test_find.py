"""Find and the record sheet in the real window with a real store: keys, mouse, results and sheets."""

from __future__ import annotations

import asyncio
import shutil
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from panel_fakes import NOW, MakePanel, World, calm
from panel_office import CUSTOMER, DDT, INVOICES, Office
from panel_printing import print_to_file
from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication, QKeyEvent
from PySide6.QtPrintSupport import QPrintDialog
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QLineEdit, QPushButton, QWidget

from archisync_gui.entities import ENTITIES
from archisync_gui.model import AccountStatus
from archisync_gui.store import StoreError
from archisync_gui.ui.look.theme import color, theme
from archisync_gui.ui.output.record import Sheet, sheet_html
from archisync_gui.ui.pages.types_table import TypesTable
from archisync_gui.ui.shell.find import Find
from archisync_gui.ui.shell.panel import Panel
from archisync_gui.ui.shell.sheet import RecordSheet
from archisync_gui.ui.text.i18n import moment
from tests.support.clock import settle
from tests.support.waiting import until

pytestmark = pytest.mark.qasync


async def typed(panel: Panel, text: str) -> Find:
    """Press Ctrl+K, replace the text, and wait for the results."""
    panel.window.activateWindow()  # shortcuts work only in the active window
    await until(panel.window.isActiveWindow)
    QTest.keyClick(panel.window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    assert panel.window.focusWidget() is panel.window.header.find_box
    find = panel.window.results()
    shown: list[str] = []
    find.shown_results.connect(shown.append)
    for char in text:  # QTest.keyClicks cannot type accents
        key = QKeyEvent(QEvent.Type.KeyPress, 0, Qt.KeyboardModifier.NoModifier, char)
        QApplication.sendEvent(panel.window.header.find_box, key)
    await until(lambda: shown[-1:] == [text])
    return find


def wanted(panel: Panel) -> list[tuple[object, object]]:
    """The requests to open something, from now on."""
    seen: list[tuple[object, object]] = []
    panel.context.open_requested.connect(lambda place, what: seen.append((place, what)))
    return seen


async def opened(panel: Panel) -> RecordSheet:
    """Press Enter on the selected result, and wait for the sheet."""
    sheet = panel.window.record_sheet()
    seen: list[object] = []
    sheet.opened.connect(seen.append)
    QTest.keyClick(panel.window.header.find_box, Qt.Key.Key_Return)
    await until(lambda: bool(seen))
    return sheet


def lines(find: Find) -> list[str]:
    return [f"{line.name} | {line.detail}" for line in find.model.lines]


def texts(sheet: RecordSheet) -> list[str]:
    found = [part.text() for part in sheet.findChildren(QLabel) if part.isVisibleTo(sheet)]
    return found + [part.text().replace("&&", "&") for part in sheet.findChildren(QPushButton)]


async def panel_of(make_panel: MakePanel, office: Office, language: str = "en") -> Panel:
    return await make_panel(language=language, store=office.store, entities=ENTITIES)


@pytest.mark.parametrize(
    "text", ["de rossi", "derossi", "àgricola", "01234567890", "0543123456", "55012", "forli", "FIGLI SRL"]
)
async def test_a_customer_is_found_however_it_is_typed(make_panel: MakePanel, office: Office, text: str) -> None:
    panel = await panel_of(make_panel, office)
    find = await typed(panel, text)
    assert any(str(CUSTOMER["name"]) in line for line in lines(find))


async def test_enter_opens_the_customer_with_orders_parcels_and_unpaid_invoices(
    make_panel: MakePanel, office: Office
) -> None:
    panel = await panel_of(make_panel, office)
    find = await typed(panel, "01234567890")
    sheet = await opened(panel)
    assert not find.isVisible()
    assert sheet.sheet is not None
    assert sheet.sheet.name == CUSTOMER["name"]
    shown = texts(sheet)
    assert "2 unpaid invoices: 623.45 €" in shown
    assert "Unpaid invoices: 2 · 623.45 €" in shown
    assert "Order ORD/26-002" in shown
    assert "Delivery note 4567" in shown
    assert any("BRT 998877" in text for text in shown)
    assert any("overdue: 500.00 €" in text for text in shown)
    assert "Customers: 5 min ago" in sheet.sheet.ages


async def test_ages_are_those_of_the_rows(make_panel: MakePanel, office: Office) -> None:
    panel = await panel_of(make_panel, office)
    office.clock.at += timedelta(hours=2)
    panel.context.services = replace(panel.context.services, clock=office.clock)  # type: ignore[type-var]
    await typed(panel, "55012")
    sheet = await opened(panel)
    assert sheet.sheet is not None
    assert "Orders: 2 h 5 min ago" in sheet.sheet.ages


async def test_part_of_an_order_number_finds_its_parcel(
    make_panel: MakePanel, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = await panel_of(make_panel, office)
    find = await typed(panel, "26 002")
    assert lines(find)[1].startswith("Order ORD/26-002")
    sheet = await opened(panel)
    gone: list[QUrl] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: not gone.append(url))
    assert sheet.follow.isVisible()
    QTest.mouseClick(sheet.follow, Qt.MouseButton.LeftButton)
    assert gone[0].toString() == "https://vas.brt.it/vas/sped_det_show.hsm?brtcode=998877"


@pytest.mark.parametrize(
    ("language", "note", "order", "invoice"),
    [
        ("en", "Other delivery notes of the order", "delivered", "Other invoices of the order"),
        ("it", "Altri DDT dell'ordine", "consegnato", "Altre fatture dell'ordine"),
    ],
)
async def test_the_sheets_of_note_and_invoice_show_the_same_state_of_their_order_as_its_own_sheet(
    make_panel: MakePanel, office: Office, language: str, note: str, order: str, invoice: str
) -> None:
    """In the sheet of a note or invoice, that one and the others of the order count for the order's state."""
    second = {**DDT[0], "id": "7002", "ddt_number": "4570", "delivery_date": "2026-03-06"}
    overdue = {**INVOICES[1], "erp_id": "310", "invoice_number": "FT310", "due_date": "2026-03-02"}
    await office.read("ddt", "agente01", [*DDT, second], NOW)
    await office.read("invoices", "agente01", [*INVOICES, overdue], NOW)
    panel = await panel_of(make_panel, office, language)
    sheet = panel.window.record_sheet()

    async def shown(name: str, key: str) -> Sheet:
        seen: list[Sheet] = []
        sheet.opened.connect(seen.append)
        sheet.open((name, "agente01", key))
        await until(lambda: bool(seen))
        return seen[0]

    def of_order(found: Sheet) -> str:
        (line,) = (line for part in found.sections for line in part.lines if line.target[0] == "orders")
        return line.detail.split(" · ")[1]

    for number, list_, key, section, others in (
        ("902", "ddt", "7001", note, ["7002"]),
        ("902", "ddt", "7002", note, ["7001"]),
        ("901", "invoices", "302", invoice, ["310"]),
        ("901", "invoices", "310", invoice, ["302"]),
    ):
        own = await shown("orders", number)
        found = await shown(list_, key)
        assert of_order(found) == own.state
        (part,) = (part for part in found.sections if part.title == section)
        assert [line.target[2] for line in part.lines] == others
    assert (await shown("orders", "902")).state == order


async def test_without_other_notes_there_is_no_heading_for_them(make_panel: MakePanel, office: Office) -> None:
    panel = await panel_of(make_panel, office)
    await typed(panel, "998877")
    sheet = await opened(panel)
    assert sheet.sheet is not None
    assert [part.title for part in sheet.sheet.sections] == ["Customer", "Order"]


async def test_links_lead_on_and_back(make_panel: MakePanel, office: Office) -> None:
    panel = await panel_of(make_panel, office)
    await typed(panel, "998877")
    sheet = await opened(panel)
    assert sheet.sheet is not None
    assert sheet.sheet.name == "Delivery note 4567"
    order = next(b for b in sheet.findChildren(QPushButton) if b.text() == "Order ORD/26-002")
    QTest.mouseClick(order, Qt.MouseButton.LeftButton)
    await until(lambda: sheet.sheet is not None and sheet.sheet.name == "Order ORD/26-002")
    QTest.mouseClick(sheet.back, Qt.MouseButton.LeftButton)
    await until(lambda: sheet.sheet is not None and sheet.sheet.name == "Delivery note 4567")
    QTest.keyClick(sheet.close_button, Qt.Key.Key_Escape)
    assert not sheet.isVisible()


async def test_arrows_pass_headings_and_escape_keeps_the_text(make_panel: MakePanel, office: Office) -> None:
    panel = await panel_of(make_panel, office)
    find = await typed(panel, "26-00")
    box = panel.window.header.find_box
    first = find.list.currentIndex().row()
    assert find.model.lines[first].row is not None
    for _ in range(20):
        QTest.keyClick(box, Qt.Key.Key_Down)
        assert find.model.lines[find.list.currentIndex().row()].row is not None
    for _ in range(20):
        QTest.keyClick(box, Qt.Key.Key_Up)
    assert find.list.currentIndex().row() == first
    QTest.keyClick(box, Qt.Key.Key_Escape)
    assert not find.isVisible()
    assert box.text() == "26-00"


async def test_messages_for_no_results_and_for_too_short_texts(make_panel: MakePanel, office: Office) -> None:
    panel = await panel_of(make_panel, office)
    find = await typed(panel, "zzzz")
    assert find.accessibleName() == "Nothing found for “zzzz”."
    find = await typed(panel, "z")
    assert find.accessibleName() == "Type at least two letters or digits."


async def test_an_answer_to_an_older_text_is_dropped(make_panel: MakePanel, office: Office) -> None:
    panel = await panel_of(make_panel, office)
    QTest.keyClick(panel.window, Qt.Key.Key_F3)
    find = panel.window.results()
    shown: list[str] = []
    find.shown_results.connect(shown.append)
    QTest.keyClicks(panel.window.header.find_box, "rossi")
    await until(lambda: "rossi" in shown)
    assert shown == ["rossi"]


class Slow:
    """Delays the store's answers to searches until ``go`` is set."""

    def __init__(self, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked, self.go = asyncio.Event(), asyncio.Event()
        find = office.store.find

        async def slow(*asked: Any) -> Any:
            self.asked.set()
            await self.go.wait()
            return await find(*asked)

        monkeypatch.setattr(office.store, "find", slow)


def scan(panel: Panel, text: str) -> None:
    """Enter a text and press Enter without a pause, as a barcode scanner does."""
    box = panel.window.header.find_box
    box.selectAll()
    box.insert(text)
    box.textEdited.emit(text)
    QTest.keyClick(box, Qt.Key.Key_Return)


async def test_enter_before_the_answer_opens_a_result_of_the_typed_text(
    make_panel: MakePanel, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = await panel_of(make_panel, office)
    find = await typed(panel, "rossi")
    slow, opened_now = Slow(office, monkeypatch), wanted(panel)
    scan(panel, "X10K2")
    await until(slow.asked.is_set)
    await settle()
    assert opened_now == [], "opened a result of the previous text"
    slow.go.set()
    await until(lambda: bool(opened_now))
    assert opened_now == [("record", ("products", "", "X10K2"))]
    assert not find.isVisible()


async def test_enter_before_any_result_is_not_lost_and_nothing_found_opens_nothing(
    make_panel: MakePanel, office: Office
) -> None:
    panel = await panel_of(make_panel, office)
    opened_now, find = wanted(panel), panel.window.results()
    panel.window.activateWindow()
    scan(panel, "26-002")
    await until(lambda: bool(opened_now))
    assert opened_now[0] == ("record", ("orders", "agente01", "902"))
    scan(panel, "nobody")
    await until(lambda: "Nothing found" in find.accessibleName())
    scan(panel, "")
    await typed(panel, "rossi")
    assert len(opened_now) == 1, "an Enter for another text opened a result"


async def test_enter_waits_for_the_account_just_chosen(
    make_panel: MakePanel, office: Office, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.orchestrator.status = calm(
        accounts=tuple(AccountStatus(name, True, True, None, 0, 15) for name in ("agente01", "agente02"))
    )
    await office.read("customers", "agente02", [{**CUSTOMER, "id": "70001"}], NOW)
    panel = await panel_of(make_panel, office)
    find = await typed(panel, "de rossi")
    slow, opened_now = Slow(office, monkeypatch), wanted(panel)
    find.account.setCurrentIndex(find.account.findData("agente02"))
    find.account.activated.emit(find.account.currentIndex())
    QTest.keyClick(panel.window.header.find_box, Qt.Key.Key_Return)
    slow.go.set()
    await until(lambda: bool(opened_now))
    assert opened_now == [("record", ("customers", "agente02", "70001"))]


@pytest.mark.parametrize(
    ("language", "words"), [("en", "“X10K2” could not be looked up: "), ("it", "Impossibile cercare «X10K2»: ")]
)
async def test_a_failed_search_leaves_no_results_of_the_previous_text(
    make_panel: MakePanel,
    office: Office,
    monkeypatch: pytest.MonkeyPatch,
    expected_errors: Any,
    language: str,
    words: str,
) -> None:
    expected_errors("ui:find failed")
    panel = await panel_of(make_panel, office, language)
    find = await typed(panel, "rossi")

    async def unreachable(*_: object) -> Any:
        raise StoreError("office-unreachable", path="x", detail="y")

    monkeypatch.setattr(office.store, "find", unreachable)
    opened_now = wanted(panel)
    scan(panel, "X10K2")
    await until(lambda: find.accessibleName().startswith(words))
    assert find.model.lines == []
    assert opened_now == []


async def test_rows_of_another_account_are_found_only_in_a_search_of_all(make_panel: MakePanel, office: Office) -> None:
    await office.read("customers", "agente02", [{**CUSTOMER, "name": "De Rossi di un altro"}], NOW)
    panel = await panel_of(make_panel, office)
    accounts = tuple(AccountStatus(name, True, True, None, 2, 15) for name in ("agente01", "agente02"))
    assert panel.context.services is not None
    panel.context.services.orchestrator.become(calm(accounts=accounts))  # type: ignore[attr-defined]
    find = await typed(panel, "de rossi")
    await until(lambda: find.account.count() == 3)
    find.account.setCurrentIndex(0)
    find.account.activated.emit(0)
    await until(lambda: not any("un altro" in line for line in lines(find)) and bool(lines(find)))
    find.account.setCurrentIndex(2)
    find.account.activated.emit(2)
    await until(lambda: any("agente02" in line for line in lines(find)))
    assert any("agente01" in line for line in lines(find))


async def test_the_sheet_is_copied_as_text(make_panel: MakePanel, office: Office) -> None:
    panel = await panel_of(make_panel, office, "it")
    await typed(panel, "55012")
    sheet = await opened(panel)
    QTest.mouseClick(sheet.copy, Qt.MouseButton.LeftButton)
    text = QGuiApplication.clipboard().text()
    assert "Fatture non pagate: 2 · 623,45 €" in text
    assert "https://vas.brt.it" in text


async def test_the_ages_in_a_sheet_increase_and_copies_have_day_and_time(make_panel: MakePanel, office: Office) -> None:
    panel = await panel_of(make_panel, office)
    await typed(panel, "55012")
    sheet = await opened(panel)
    office.clock.at += timedelta(hours=5)
    panel.context.services = replace(panel.context.services, clock=office.clock)  # type: ignore[type-var]
    panel.context.bridge.tick.emit()
    assert any("Orders: 5 h 5 min ago" in text for text in texts(sheet))
    sheet.copy.click()
    text = QGuiApplication.clipboard().text()
    assert f"Orders: {moment(NOW - timedelta(minutes=5))}" in text
    assert f"Sheet of {moment(office.clock.at)}" in text
    assert sheet.sheet is not None
    for said in (text, sheet_html(sheet.sheet)):
        assert " ago" not in said


async def test_an_open_sheet_follows_the_day(make_panel: MakePanel, office: Office) -> None:
    panel = await panel_of(make_panel, office)
    await typed(panel, "55012")
    sheet = await opened(panel)
    assert any("to be paid: 123.45 €" in text for text in texts(sheet))
    office.clock.at += timedelta(days=30)
    panel.context.services = replace(panel.context.services, clock=office.clock)  # type: ignore[type-var]
    panel.context.bridge.tick.emit()
    assert any("overdue: 123.45 €" in text for text in texts(sheet))


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="Windows and macOS show their own print dialog")
async def test_the_sheet_is_printed_with_the_real_dialog(make_panel: MakePanel, office: Office, tmp_path: Path) -> None:
    panel = await panel_of(make_panel, office, "it")
    await typed(panel, "55012")
    sheet = await opened(panel)
    file = tmp_path / "sheet.pdf"
    sheet.print.click()
    await print_to_file(sheet, file)
    await until(lambda: sheet.findChildren(QPrintDialog) == [])


async def test_the_sheet_is_exported_as_pdf_or_an_error_is_shown(
    make_panel: MakePanel, office: Office, tmp_path: Path, expected_errors: Any
) -> None:
    expected_errors("export-record failed")
    panel = await panel_of(make_panel, office)
    await typed(panel, "55012")
    sheet = await opened(panel)
    file = tmp_path / "folder" / "customer.pdf"
    file.parent.mkdir()
    for there in (True, False):
        panel.window.notice.dismiss()
        sheet.export.click()
        await until(lambda: sheet.findChild(QFileDialog) is not None)
        asked = sheet.findChild(QFileDialog)
        assert isinstance(asked, QFileDialog)
        name = asked.findChild(QLineEdit, "fileNameEdit")
        assert isinstance(name, QLineEdit)
        name.setText(str(file))
        if not there:
            shutil.rmtree(file.parent)
        asked.done(QFileDialog.DialogCode.Accepted)
        await until(lambda: panel.window.notice.text != "")
        assert (panel.window.notice.text == "Saved as customer.pdf.") is there
        assert file.exists() is there
        assert not there or file.read_bytes().startswith(b"%PDF")
        await until(lambda: sheet.findChildren(QFileDialog) == [])


async def test_a_row_of_data_opens_with_enter_and_double_click(make_panel: MakePanel, office: Office) -> None:
    panel = await panel_of(make_panel, office)
    page = panel.window.go("data")
    page.focus_on({"type": "orders"})  # type: ignore[attr-defined]
    model = page.model  # type: ignore[attr-defined]
    await until(lambda: model.rowCount() == 3 and model.columnCount() > 30)
    page.table.setCurrentIndex(model.index(0, 1))  # type: ignore[attr-defined]
    QTest.keyClick(page.table, Qt.Key.Key_Return)  # type: ignore[attr-defined]
    sheet = panel.window.record_sheet()
    await until(lambda: sheet.isVisible())
    assert sheet.sheet is not None
    assert sheet.sheet.kind == "Order"


async def test_for_a_record_that_is_gone_there_is_a_message(make_panel: MakePanel, office: Office) -> None:
    panel = await panel_of(make_panel, office)
    panel.open("record", ("orders", "agente01", "nothing"))
    await until(lambda: panel.window.notice.text == "This record is no longer stored.")


class Paints(QObject):
    """Counts the paint events of a widget."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.count = 0
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.count += event.type() is QEvent.Type.Paint
        return super().eventFilter(watched, event)


@pytest.mark.parametrize("appearance", ["light", "dark"])
async def test_results_are_painted_without_the_page_below(
    make_panel: MakePanel, office: Office, appearance: str
) -> None:
    """Painting the page took longer than painting the results."""
    panel = await panel_of(make_panel, office)
    find = await typed(panel, "derossi")
    theme().choose(appearance)  # a new style sheet resets the attribute on which this depends
    page = panel.window.findChild(TypesTable)
    assert page is not None
    corner = page.mapTo(panel.window, QPoint())
    assert (
        find.geometry()
        .translated(find.parentWidget().mapTo(panel.window, QPoint()))
        .intersects(QRect(corner, page.size()))
    )
    results, below = Paints(find.list.viewport()), Paints(page.viewport())
    panel.window.repaint()
    results.count = below.count = 0
    find.list.viewport().repaint()
    assert (results.count, below.count) == (1, 0)
    picture = find.grab().toImage()
    edges = [(0, find.height() // 2), (find.width() - 1, find.height() // 2), (find.width() // 2, 0)]
    assert {picture.pixelColor(*edge).name() for edge in edges} == {color("control").name()}
    find.hide()
    panel.window.repaint()
    assert below.count, "the paint events of the page are not counted, so the test shows nothing"
