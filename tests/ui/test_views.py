"""The Data page's predefined views with a real store: their rows, their totals, and how they end."""

from __future__ import annotations

from datetime import timedelta

import pytest
from panel_fakes import NOW, FakeStore, MakePanel
from panel_office import INVOICES, PRICES, Office
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from archisync_gui.entities import ENTITIES
from archisync_gui.store.types import Change, ChangeKind
from archisync_gui.ui.pages.data import Data
from tests.support.waiting import until

pytestmark = pytest.mark.qasync


async def data_of(make_panel: MakePanel, office: Office, language: str = "en") -> Data:
    panel = await make_panel(language=language, store=office.store, entities=ENTITIES)
    page = panel.window.go("data")
    assert isinstance(page, Data)
    await until(lambda: page.model.total > 0)
    return page


def counted(page: Data) -> str:
    return next((part.text() for part in page.findChildren(QLabel) if part.objectName() in ("total",)), "") or next(
        (part.text() for part in page.findChildren(QLabel) if "row" in part.text() or "now." in part.text()), ""
    )


def cells(page: Data, column: str) -> list[str]:
    model = page.model
    at = next((i for i in range(model.columnCount()) if model.column(i).name == column), -1)
    if at < 0:  # the previous list is still shown
        return []
    return [str(model.index(row, at, QModelIndex()).data()) for row in range(model.total)]


def click(page: Data, view: str) -> None:
    QTest.mouseClick(page.views[view], Qt.MouseButton.LeftButton)


async def test_unpaid_invoices_with_their_total(make_panel: MakePanel, office: Office) -> None:
    page = await data_of(make_panel, office)
    click(page, "unpaid")
    await until(lambda: cells(page, "invoice_number") == ["FT301", "FT302"])  # sorted by due date
    assert counted(page) == "2 rows · 623.45 € to be paid"
    click(page, "overdue")
    await until(lambda: page.model.total == 1)
    assert counted(page) == "1 row · 500.00 € to be paid"
    assert not page.views["unpaid"].isChecked()
    click(page, "overdue")  # a second click shows the whole list
    await until(lambda: page.model.total == len(INVOICES))


async def test_prices_changed_this_week_with_their_old_values(make_panel: MakePanel, office: Office) -> None:
    await office.read("prices", "", [{**PRICES[0], "unit_price": 1300}], NOW - timedelta(days=2))
    await office.read("prices", "", [{**PRICES[0], "unit_price": 1390}], NOW - timedelta(days=1))
    page = await data_of(make_panel, office)
    click(page, "changed")
    await until(lambda: cells(page, "before the change") == ["12.50"])
    assert cells(page, "unit_price") == ["13.90"]
    page.lists.choose("customers")  # another list ends the view
    await until(lambda: page.model.total == 21)
    assert not any(button.isChecked() for button in page.views.values())


async def test_the_earlier_value_is_shown_however_many_prices_have_changed(
    make_panel: MakePanel, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await office.read("prices", "", [{**PRICES[0], "unit_price": 1300}], NOW - timedelta(days=2))
    key = (await office.store.rows("prices", None)).rows[0].key
    day, log = NOW - timedelta(days=1), FakeStore()
    keys = [*(f"other {n}" for n in range(6000)), key]
    log.log = [
        Change(n, day, "r", "prices", "", k, ChangeKind.CHANGED, "unit_price", 777, 1300, None)
        for n, k in enumerate(keys)
    ]
    monkeypatch.setattr(office.store, "changes", log.changes)
    page = await data_of(make_panel, office)
    click(page, "changed")
    await until(lambda: cells(page, "before the change") == ["7.77"])


async def test_an_empty_view_says_so(make_panel: MakePanel, office: Office) -> None:
    page = await data_of(make_panel, office)
    click(page, "shipped-today")
    await until(lambda: counted(page) not in ("", "Loading…"))
    assert page.model.total == 0
    assert counted(page) == "Delivery notes: no record belongs to “Delivery notes of today” now."


async def test_states_are_in_the_panels_language(make_panel: MakePanel, office: Office) -> None:
    page = await data_of(make_panel, office, "it")
    click(page, "to-ship")
    await until(lambda: cells(page, "sales_status") == ["aperto"] * 3)


async def test_only_important_columns_are_shown_by_default(make_panel: MakePanel, office: Office) -> None:
    page = await data_of(make_panel, office)
    page.focus_on({"type": "invoices"})
    await until(lambda: page.model.columnCount() > 1 and page.model.column(1).name == "invoice_number")
    shown = [page.model.column(at).name for at in range(page.model.columnCount()) if not page.table.isColumnHidden(at)]
    assert len(shown) == 7
    assert "remaining_amount" in shown
