"""The Data page with late or failed answers: rows are never shown for another list, search or account."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from panel_fakes import NOW, MakePanel, World, calm, overview
from panel_office import CUSTOMER, ORDERS, Office, other_customer
from PySide6.QtCore import Qt

from archisync_gui.entities import ENTITIES
from archisync_gui.model import AccountStatus, EventKind
from archisync_gui.store import StoreError
from archisync_gui.ui.live.own_views import OwnView
from archisync_gui.ui.pages.data import Data
from archisync_gui.ui.shell.panel import Panel
from tests.support.clock import settle
from tests.support.waiting import until

pytestmark = pytest.mark.qasync

TWO = tuple(AccountStatus(name, True, True, None, 0, 15) for name in ("agente01", "agente02"))


class Server:
    """The office's store as a slow or unreachable server: delays or refuses queries of rows."""

    def __init__(self, office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
        self.held: Callable[[str, dict[str, Any]], bool] = lambda *_: False
        self.refused: Callable[[str, dict[str, Any]], bool] = lambda *_: False
        self.open = asyncio.Event()
        self.waiting = self.answered = 0
        rows = office.store.rows

        async def answer(name: str, account: str | None, **question: Any) -> Any:
            page = "offset" in question  # the Data page queries in pages; other queries only count
            if page and self.refused(name, question):
                raise StoreError("office-unreachable", path="x", detail="y")
            held = page and self.held(name, question)
            if held:
                self.waiting += 1
                await self.open.wait()
            found = await rows(name, account, **question)
            self.answered += held
            return found

        monkeypatch.setattr(office.store, "rows", answer)


@pytest.fixture
def server(office: Office, monkeypatch: pytest.MonkeyPatch) -> Server:
    return Server(office, monkeypatch)


async def data_of(make_panel: MakePanel, office: Office, language: str = "en") -> tuple[Panel, Data]:
    """The page with the customers."""
    panel = await make_panel(language=language, store=office.store, entities=ENTITIES)
    page = panel.window.go("data")
    assert isinstance(page, Data)
    page.lists.choose("customers")
    await until(lambda: page.model.total == 21 and page.model.column(0).name in names(page, "customers"))
    return panel, page


async def data_with(make_panel: MakePanel, office: Office, customers: int) -> tuple[Panel, Data]:
    panel = await make_panel(store=office.store, entities=ENTITIES)
    page = panel.window.go("data")
    assert isinstance(page, Data)
    page.lists.choose("customers")
    await until(lambda: page.model.total == customers)
    return panel, page


def names(page: Data, of: str) -> set[str]:
    entity = page._context.services.entity(of)  # type: ignore[union-attr]
    assert entity is not None
    return {column.name for column in entity.columns}


def keys(page: Data) -> list[str]:
    return [row.key for at in range(page.model.total) if (row := page.model.stored(at)) is not None]


def wanted(panel: Panel) -> list[object]:
    seen: list[object] = []
    panel.context.open_requested.connect(lambda place, what: seen.append((place, what)))
    return seen


async def test_actions_do_not_use_rows_of_the_previous_list(
    make_panel: MakePanel, office: Office, server: Server
) -> None:
    panel, page = await data_of(make_panel, office)
    page.table.setCurrentIndex(page.model.index(0, 0))
    server.held = lambda name, _: name == "orders"
    seen = wanted(panel)
    page.lists.choose("orders")
    await until(lambda: server.waiting > 0)
    assert keys(page) == []
    assert not page.open_sheet.isEnabled()
    assert not page.export.isEnabled()
    page.table.activated.emit(page.model.index(0, 0))
    page.again.clicked.emit()
    assert seen == []
    assert page._context.services.orchestrator.calls == []  # type: ignore[union-attr]
    await until(lambda: page.empty.isVisible())
    assert page.empty.text() == "Loading…"
    server.open.set()
    await until(lambda: sorted(keys(page)) == [str(order["id"]) for order in ORDERS])
    assert page.table.isVisible()
    assert page.export.isEnabled()


@pytest.mark.parametrize(
    ("language", "words"), [("en", "This cannot be shown now: "), ("it", "Ora non si può mostrare: ")]
)
async def test_a_list_that_cannot_be_read_shows_no_rows_of_another(
    make_panel: MakePanel, office: Office, server: Server, language: str, words: str, expected_errors: Any
) -> None:
    _, page = await data_of(make_panel, office, language)
    expected_errors("ui:data failed")
    server.refused = lambda name, _: name == "orders"
    page.lists.choose("orders")
    await until(lambda: page.empty.text().startswith(words))
    assert page.empty.isVisible()
    assert keys(page) == []
    assert page._count.text() == ""
    page.lists.choose("customers")
    await until(lambda: page.model.total == 21)
    assert page.table.isVisible()


async def test_a_failed_search_leaves_no_rows_of_the_previous_one(
    make_panel: MakePanel, office: Office, server: Server, expected_errors: Any
) -> None:
    _, page = await data_of(make_panel, office)
    expected_errors("ui:data failed")
    server.refused = lambda _, question: question["search"] == "rossi"
    page.search.setText("rossi")
    await until(lambda: page.empty.text().startswith("This cannot be shown now: "))
    assert keys(page) == []
    server.refused = lambda *_: True
    page.search.setText("")
    await until(lambda: page.empty.isVisible())


async def test_rows_that_could_not_be_refreshed_stay(
    make_panel: MakePanel, office: Office, server: Server, world: World, expected_errors: Any
) -> None:
    """They are the requested rows; the notice says that they could not be refreshed."""
    panel, page = await data_of(make_panel, office)
    expected_errors("ui:data failed")
    server.refused = lambda *_: True
    world.orchestrator.tell(EventKind.SYNC_COMPLETED, {"type": "customers", "account": "agente01"})
    await until(lambda: panel.window.notice.isVisible())
    assert page.model.total == 21
    assert page.table.isVisible()


async def test_another_account_shows_no_rows_of_the_previous_one(
    make_panel: MakePanel, office: Office, server: Server, world: World
) -> None:
    world.orchestrator.status = calm(accounts=TWO)
    _, page = await data_of(make_panel, office)
    server.held = lambda *_: True
    page.account.setCurrentIndex(page.account.findData("agente02"))
    await until(lambda: server.waiting > 0)
    assert keys(page) == []


async def test_the_shown_rows_are_exported_although_another_search_is_typed(
    make_panel: MakePanel, office: Office, server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    _, page = await data_of(make_panel, office)
    path = tmp_path / "shown.csv"

    async def asked(*_: object) -> Any:
        page.search.setText("rossi")  # while the dialog for the file is open
        return path

    monkeypatch.setattr("archisync_gui.ui.pages.data_rows.ask_where", asked)
    page.export.click()
    await until(path.exists)
    await until(lambda: len(path.read_text(encoding="utf-8-sig").splitlines()) == 22)


async def test_a_selection_made_while_the_list_is_refreshed_is_kept(
    make_panel: MakePanel, office: Office, server: Server, world: World
) -> None:
    _, page = await data_of(make_panel, office)
    page.table.setCurrentIndex(page.model.index(2, 0))
    server.held = lambda *_: True
    world.orchestrator.tell(EventKind.SYNC_COMPLETED, {"type": "customers", "account": "agente01"})
    await until(lambda: server.waiting > 0)
    assert page.table.updatesEnabled(), "the rows are not painted during a slow answer"
    page.table.setCurrentIndex(page.model.index(7, 0))
    clicked, shown = page.model.stored(7), page.shown_query
    server.open.set()
    await until(lambda: page.shown_query is not shown)
    assert page.table.currentIndex().row() == 7
    assert page.model.stored(7).key == clicked.key


async def test_pages_belong_to_the_search_that_is_shown(make_panel: MakePanel, office: Office, server: Server) -> None:
    """After scrolling between typing and the query, the visible page belongs to the rows that are still shown."""
    many = [CUSTOMER, *({**other_customer(n), "name": f"Ferramenta {n:04d}"} for n in range(900))]
    zeta = [{**other_customer(n), "name": f"Zeta {n:04d}"} for n in range(1000, 1900)]
    await office.read("customers", "agente01", [*many, *zeta], NOW)
    panel = await make_panel(store=office.store, entities=ENTITIES)
    page = panel.window.go("data")
    assert isinstance(page, Data)
    page.lists.choose("customers")
    await until(lambda: page.model.total == 1801)
    page.search.blockSignals(True)  # as before the end of its delay
    page.search.setText("zeta")
    page.model.page_wanted.emit(2)
    await until(lambda: page.model.stored(400) is not None)
    assert str(page.model.stored(400).values["name"]).startswith("Ferramenta")


async def test_a_page_of_the_previous_search_is_not_added_to_the_new_one(
    make_panel: MakePanel, office: Office, server: Server
) -> None:
    many = [CUSTOMER, *({**other_customer(n), "name": f"Ferramenta {n:04d}"} for n in range(900))]
    await office.read("customers", "agente01", many, NOW)
    panel = await make_panel(store=office.store, entities=ENTITIES)
    page = panel.window.go("data")
    assert isinstance(page, Data)
    page.lists.choose("customers")
    await until(lambda: page.model.total == 901)
    server.held = lambda _, question: question["offset"] > 0
    page.model.page_wanted.emit(2)
    await until(lambda: server.waiting == 1)
    keys_before = page.model.stored(0).key
    page.table.horizontalHeader().setSortIndicator(0, Qt.SortOrder.DescendingOrder)
    await until(lambda: page.model.total == 901 and page.model.stored(0).key != keys_before)
    server.open.set()
    await until(lambda: server.answered == 1)
    await settle()  # the page gets the answer in the next turns of the loop
    assert page.model.stored(400) is None


async def test_a_number_of_today_leads_to_all_its_rows(make_panel: MakePanel, office: Office, world: World) -> None:
    """An earlier search and an earlier choice of an account do not hide rows that were counted."""
    world.orchestrator.status = calm(accounts=TWO)
    new = {**CUSTOMER, "id": "50999", "name": "Colorificio Nuovo"}
    await office.read("customers", "agente01", [CUSTOMER, *(other_customer(n) for n in range(20)), new], NOW)
    await office.read("customers", "agente02", [CUSTOMER], NOW)
    await office.read("customers", "agente02", [CUSTOMER, {**new, "id": "51000"}, {**new, "id": "51001"}], NOW)
    panel, page = await data_with(make_panel, office, 22)
    page.account.setCurrentIndex(page.account.findData("agente01"))
    page.search.setText("zzz")
    await until(lambda: page.empty.text().startswith("Customers: nothing found"))
    panel.window.go("overview")
    number = overview(panel).today.numbers["new-today"]
    await until(lambda: number.text() == "3 new customers")
    number.click()
    await until(lambda: sorted(keys(page)) == ["50999", "51000", "51001"])
    assert page.search.text() == ""
    assert page.account.currentData() == ""


async def test_an_open_page_offers_the_accounts_that_are_in_use_now(
    make_panel: MakePanel, office: Office, world: World
) -> None:
    """It may be opened before the accounts are known, and one may be removed on another computer."""
    world.orchestrator.status = calm(accounts=())
    await office.read("customers", "agente02", [{**CUSTOMER, "id": "51000"}], NOW)
    panel = await make_panel(store=office.store, entities=ENTITIES)
    page = panel.window.go("data")
    assert isinstance(page, Data)
    page.lists.choose("customers")
    world.orchestrator.become(calm(accounts=TWO))
    await until(page.account.isVisible)
    page.account.setCurrentIndex(page.account.findData("agente02"))
    await until(lambda: keys(page) == ["51000"])
    world.orchestrator.become(calm(accounts=TWO[:1]))
    await until(lambda: not page.account.isVisible())
    await until(lambda: keys(page) == [])


async def test_a_record_of_a_shared_list_does_not_change_the_chosen_account(
    make_panel: MakePanel, office: Office, world: World
) -> None:
    world.orchestrator.status = calm(accounts=TWO)
    _, page = await data_of(make_panel, office)
    page.focus_on({"type": "products", "account": "", "search": "X10K2"})
    await until(lambda: keys(page) == ["X10K2"])
    page.lists.choose("customers")
    assert page.account.currentData() == "agente01"


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "The view “Theirs” is of agente02, which is not in use."),
        ("it", "La vista «Theirs» è di agente02, che non è in uso."),
    ],
)
async def test_a_view_of_a_removed_account_shows_no_rows_of_other_accounts(
    make_panel: MakePanel, office: Office, world: World, language: str, words: str
) -> None:
    _, page = await data_of(make_panel, office, language)
    own = OwnView("Theirs", "customers", "", "", "agente02", "", False, ())
    page.own_views.put(own)
    page.bar.own["Theirs"].click()
    await until(lambda: page.empty.text() == words)
    assert keys(page) == []
    page.shown()
    assert page._present_view("Theirs").account == "agente02", "saved again it is still that account's"
    page.bar.own["Theirs"].click()
    await until(lambda: page.model.total == 21)
    page.bar.own["Theirs"].click()
    await until(lambda: page.empty.text() == words)
    await office.read("customers", "agente02", [CUSTOMER], NOW)
    world.orchestrator.become(calm(accounts=TWO))
    await until(lambda: len(page._context.status.accounts) == 2)  # type: ignore[union-attr]
    page.shown()
    await until(lambda: keys(page) == ["50120"])
