"""The operator's own views of Data: saved as they look, shown again after a restart, renamed, deleted, restored."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from panel_fakes import MakePanel, calm
from panel_office import CUSTOMER, INVOICES, Office
from PySide6.QtCore import QPoint, QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QInputDialog, QMenu, QPushButton

from archisync_gui.entities import ENTITIES
from archisync_gui.model import AccountStatus
from archisync_gui.ui.live.own_views import OwnView, read_views
from archisync_gui.ui.pages.data import Data
from tests.support.waiting import until

pytestmark = pytest.mark.qasync


async def data_with(make_panel: MakePanel, office: Office, memory: Path, language: str = "en") -> Data:
    """The page Data of a new window whose settings are in that file."""
    panel = await make_panel(language=language, store=office.store, entities=ENTITIES)
    panel.context.memory = QSettings(str(memory), QSettings.Format.IniFormat)
    page = panel.window.go("data")
    assert isinstance(page, Data)
    await until(lambda: page.model.total > 0)
    return page


def shown_columns(page: Data) -> list[str]:
    header = page.table.horizontalHeader()
    places = [header.logicalIndex(at) for at in range(header.count())]
    return [page.model.column(at).name for at in places if not header.isSectionHidden(at)]


def rows(page: Data) -> list[str]:
    return [row.key for at in range(page.model.total) if (row := page.model.stored(at)) is not None]


def press(page: Data, text: str) -> None:
    """Choose an entry of the menu of views."""
    page.bar.menu.aboutToShow.emit()
    next(action for action in page.bar.menu.actions() if action.text().startswith(text)).trigger()


async def answer(page: Data, name: str) -> None:
    """Type a name into the dialog and press Enter."""
    await until(lambda: any(asked.isVisible() for asked in page.findChildren(QInputDialog)))
    asked = next(asked for asked in page.findChildren(QInputDialog) if asked.isVisible())
    asked.setTextValue(name)
    asked.accept()
    await until(lambda: not page.findChildren(QInputDialog))


def click(button: QPushButton) -> None:
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


async def saved(page: Data) -> None:
    """Filter the unpaid invoices by a customer, sort, change the columns, and save the view."""
    click(page.views["unpaid"])
    await until(lambda: page.lists.name() == "invoices" and page.model.total == 2)
    page.search.setText("de rossi")
    at = next(at for at in range(page.model.columnCount()) if page.model.column(at).name == "remaining_amount")
    page.table.horizontalHeader().setSortIndicator(at, Qt.SortOrder.AscendingOrder)
    await until(lambda: rows(page) == ["302", "301"])
    page._show_column("invoices", "order_number", False)
    header = page.table.horizontalHeader()
    header.moveSection(header.visualIndex(at), 0)
    press(page, "&Save as a new view")
    await answer(page, "  De Rossi,  unpaid ")
    await until(lambda: "De Rossi, unpaid" in page.bar.own)


async def test_a_view_is_shown_again_after_a_restart(make_panel: MakePanel, office: Office, tmp_path: Path) -> None:
    memory = tmp_path / "window.ini"
    page = await data_with(make_panel, office, memory)
    await saved(page)
    columns = shown_columns(page)
    assert columns[0] == "remaining_amount"
    assert "order_number" not in columns
    assert page.bar.own["De Rossi, unpaid"].isChecked()
    assert not page.views["unpaid"].isChecked(), "two views are shown as active"
    page._context.memory.sync()  # type: ignore[union-attr]
    again = await data_with(make_panel, office, memory)
    usual = shown_columns(again)
    click(again.bar.own["De Rossi, unpaid"])
    await until(lambda: again.lists.name() == "invoices" and rows(again) == ["302", "301"])
    assert shown_columns(again) == columns
    assert again.search.text() == "de rossi"
    header = again.table.horizontalHeader()
    assert again.model.column(header.sortIndicatorSection()).name == "remaining_amount"
    click(again.bar.own["De Rossi, unpaid"])  # a second click shows the whole list, as it was before
    await until(lambda: again.model.total == len(INVOICES))
    assert again.search.text() == ""
    assert "order_number" not in shown_columns(again), "a column hidden in the list itself is shown"
    again.lists.choose("customers")
    await until(lambda: again.model.total == 21)
    assert not any(button.isChecked() for button in (*again.views.values(), *again.bar.own.values()))
    assert usual


async def test_changes_of_a_view_are_kept_only_when_saved(
    make_panel: MakePanel, office: Office, tmp_path: Path
) -> None:
    page = await data_with(make_panel, office, tmp_path / "window.ini")
    await saved(page)
    page._show_column("invoices", "invoice_date", False)
    assert "invoice_date" not in shown_columns(page)
    page.lists.choose("orders")
    await until(lambda: "created_at" in shown_columns(page))
    page.lists.choose("invoices")
    await until(lambda: "due_date" in shown_columns(page))
    assert "invoice_date" in shown_columns(page), "the list's own columns were changed"
    click(page.bar.own["De Rossi, unpaid"])
    await until(lambda: rows(page) == ["302", "301"])
    assert "invoice_date" in shown_columns(page), "a change was kept without saving"
    page._show_column("invoices", "invoice_date", False)
    page.search.setText("")
    press(page, "&Keep the present look")
    click(page.views["overdue"])
    await until(lambda: rows(page) == ["301"])
    click(page.bar.own["De Rossi, unpaid"])
    await until(lambda: rows(page) == ["302", "301"])
    assert page.search.text() == ""
    assert "invoice_date" not in shown_columns(page)


async def test_views_are_renamed_deleted_and_restored(make_panel: MakePanel, office: Office, tmp_path: Path) -> None:
    page = await data_with(make_panel, office, tmp_path / "window.ini")
    await saved(page)
    press(page, "&Rename")
    await answer(page, "Rossi & <b>Co</b>")
    await until(lambda: list(page.bar.own) == ["Rossi & <b>Co</b>"])
    button = page.bar.own["Rossi & <b>Co</b>"]
    assert button.isChecked()
    assert button.text() == "Rossi && <b>Co</b>", "a letter is underlined"
    assert "&lt;b&gt;" in button.toolTip(), "the tooltip has markup"
    press(page, "&Save as a new view")
    await answer(page, "rossi & <B>co</b>")
    notice = page.window().notice  # type: ignore[attr-defined]
    await until(lambda: notice.text.startswith("There is already a view"))
    assert list(page.bar.own) == ["Rossi & <b>Co</b>"]
    press(page, "&Delete")
    await until(lambda: not page.bar.own)
    assert page.search.text() == ""
    await until(lambda: page.model.total == len(INVOICES))
    await until(lambda: notice.text == "The view “Rossi & <b>Co</b>” is deleted.")
    click(notice._action)
    await until(lambda: list(page.bar.own) == ["Rossi & <b>Co</b>"])
    assert not page.bar.own["Rossi & <b>Co</b>"].isChecked()


@pytest.mark.qt_log_ignore("grabbing the keyboard")  # a warning of the offscreen platform for an open menu
async def test_a_views_own_menu_is_about_that_view(make_panel: MakePanel, office: Office, tmp_path: Path) -> None:
    page = await data_with(make_panel, office, tmp_path / "window.ini")
    page.own_views.put(OwnView("One", "customers", search="demo"))
    page.own_views.put(OwnView("Two", "orders"))
    for name in ("One", "One", "Two"):  # the second time the view is already shown, and stays so
        page.bar.own[name].customContextMenuRequested.emit(QPoint(1, 1))
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        texts = [action.text() for action in menu.actions()]
        assert f"&Rename “{name}”…" in texts
        assert [own for own, button in page.bar.own.items() if button.isChecked()] == [name]
        menu.close()


async def test_a_closed_dialog_saves_nothing(make_panel: MakePanel, office: Office, tmp_path: Path) -> None:
    page = await data_with(make_panel, office, tmp_path / "window.ini")
    for name in ("", "   "):
        press(page, "&Save as a new view")
        await answer(page, name)
    assert page.own_views.all == ()


async def test_a_view_keeps_its_account(make_panel: MakePanel, office: Office, tmp_path: Path) -> None:
    await office.read("customers", "agente02", [CUSTOMER], office.clock.at)
    page = await data_with(make_panel, office, tmp_path / "window.ini")
    both = [AccountStatus(name, True, name == "agente01", None, 2, 15) for name in ("agente01", "agente02")]
    page._context.status = calm(accounts=tuple(both))
    page.lists.choose("customers")
    page._show_accounts()
    page.account.setCurrentIndex(page.account.findData(""))
    await until(lambda: page.model.total == 22)
    press(page, "&Save as a new view")
    await answer(page, "Everybody's")
    await until(lambda: "Everybody's" in page.bar.own)
    page.account.setCurrentIndex(page.account.findData("agente02"))
    page.lists.choose("orders")
    click(page.bar.own["Everybody's"])
    await until(lambda: page.lists.name() == "customers" and page.model.total == 22)


WHOLE = {"name": "A", "list": "orders", "ready": "", "search": "x", "account": "", "sort": "", "descending": False}


@pytest.mark.parametrize(
    "kept",
    [
        "", "x", "{}", "[1]", "null", json.dumps([{"name": "A"}]), json.dumps([{**WHOLE, "columns": "id"}]),
        json.dumps([{**WHOLE, "columns": [1]}]), json.dumps([{**WHOLE, "search": None}]),
        json.dumps([{**WHOLE, "name": ""}]),
    ],
)  # fmt: skip
def test_unreadable_views_are_left_out(kept: str) -> None:
    assert read_views(kept) == ()


def test_one_damaged_view_does_not_affect_others() -> None:
    good = {**WHOLE, "columns": ["id", "gone"], "later": "version"}
    kept = json.dumps([{"name": 1}, good, {**good, "name": "a", "search": "y"}])
    assert read_views(kept) == (OwnView("A", "orders", search="x", columns=("id", "gone")),)


async def test_a_view_with_removed_columns_shows_the_others(
    make_panel: MakePanel, office: Office, tmp_path: Path
) -> None:
    page = await data_with(make_panel, office, tmp_path / "window.ini")
    own = OwnView("Old", "customers", ready="no-such", sort="gone", columns=("gone", "name"))
    none = OwnView("None of them", "orders", columns=("gone",))
    page.own_views.put(own)
    page.own_views.put(none)
    page.own_views.put(OwnView("Of no list", "parcels"))
    assert list(page.bar.own) == ["Old", "None of them"]
    click(page.bar.own["Old"])
    await until(lambda: page.model.total == 21 and shown_columns(page) == ["name"])
    click(page.bar.own["None of them"])
    await until(lambda: page.model.total == 3 and "order_number" in shown_columns(page))
