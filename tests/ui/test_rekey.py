"""After *Re-key* a number belongs to another record: records shown, opened or watched before are not confused with
it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from panel_fakes import NOW, MakePanel, World
from panel_office import CUSTOMER, ORDERS, Office

from archisync_gui.entities import ENTITIES
from archisync_gui.entities.declaration import Value
from archisync_gui.model import EventKind
from archisync_gui.store import Batch
from archisync_gui.store.types import RefusedKind
from archisync_gui.ui.live.watches import Watch
from archisync_gui.ui.pages.data import Data
from archisync_gui.ui.shell.panel import Panel
from tests.support.waiting import until

pytestmark = pytest.mark.qasync

PEOPLE: list[dict[str, Value]] = [
    {
        **CUSTOMER,
        "id": str(70_000 + n),
        "account_num": f"9{n:04d}",
        "name": f"Cliente {n:02d}",
        "vat_number": f"IT{10_000_000_000 + n}",
        "fiscal_code": f"F{n}",
    }
    for n in range(40)
]
MOVED = [{**one, "id": str(int(str(one["id"])) + 1)} for one in PEOPLE]
"""All ids are increased by one, so each was the id of the next record before."""


async def rekeyed(office: Office, world: World) -> None:
    await office.store.keep_refused(
        "customers", "agente01", Batch("rekey", NOW, MOVED, True, True), RefusedKind.KEYS_CHANGED
    )
    await office.store.rekey("rekey")
    tell_replaced(world)


def tell_replaced(world: World) -> None:
    """Send the event of the core, as on every computer of an office, and an ordinary event after it."""
    world.orchestrator.tell(EventKind.QUEUE_UPDATED, {"waiting": 0, "type": "customers", "account": "agente01"})
    world.orchestrator.tell(EventKind.QUEUE_UPDATED, {"waiting": 0})


@pytest.fixture
async def people(office: Office) -> Office:
    for hours in (2, 1):
        await office.read("customers", "agente01", PEOPLE, NOW - timedelta(hours=hours))
    return office


async def panel_of(make_panel: MakePanel, office: Office) -> Panel:
    return await make_panel(store=office.store, entities=ENTITIES)


async def test_data_removes_its_rows_and_loads_them_anew(
    make_panel: MakePanel, people: Office, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = await panel_of(make_panel, people)
    page = panel.window.go("data")
    assert isinstance(page, Data)
    page.lists.choose("customers")
    await until(lambda: page.model.place_of("agente01", "70003") is not None)
    at = page.model.place_of("agente01", "70003")
    assert at is not None
    page.table.setCurrentIndex(page.model.index(at, 0))
    go, rows = asyncio.Event(), people.store.rows

    async def slow(*asked: Any, **question: Any) -> Any:
        await go.wait()
        return await rows(*asked, **question)

    monkeypatch.setattr(people.store, "rows", slow)
    await rekeyed(people, world)
    await until(lambda: page.shown_query is None)
    assert page.model.stored(at) is None
    assert not page.open_sheet.isEnabled()
    go.set()
    await until(lambda: page.shown_query is not None)
    assert page.model.stored(at).values["name"] == "Cliente 03"
    assert page.model.stored(at).key == "70004"
    assert not page.table.currentIndex().isValid(), "the selection is kept though its key belongs to another record"


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Customers: the stored rows were replaced. Open the record again."),
        ("it", "Clienti: le righe in archivio sono state sostituite. Riaprire la scheda."),
    ],
)
async def test_an_open_sheet_is_closed(
    make_panel: MakePanel, people: Office, world: World, language: str, words: str
) -> None:
    panel = await make_panel(language=language, store=people.store, entities=ENTITIES)
    sheet = panel.window.record_sheet()
    sheet.open(("customers", "agente01", "70003"))
    await until(lambda: sheet.sheet is not None)
    await rekeyed(people, world)
    await until(lambda: not sheet.isVisible())
    assert panel.window.notice.text == words


async def test_back_does_not_open_another_record(make_panel: MakePanel, people: Office, world: World) -> None:
    panel = await panel_of(make_panel, people)
    sheet = panel.window.record_sheet()
    sheet.open(("customers", "agente01", "70003"))
    await until(lambda: sheet.sheet is not None and sheet.sheet.name == "Cliente 03")
    sheet.open(("orders", "agente01", "901"))
    await until(sheet.back.isVisible)
    await rekeyed(people, world)
    await until(lambda: not sheet.back.isVisible())
    assert sheet.isVisible()


async def test_the_search_of_find_is_repeated(make_panel: MakePanel, people: Office, world: World) -> None:
    panel = await panel_of(make_panel, people)
    find, box = panel.window.results(), panel.window.header.find_box

    def key() -> str | None:
        return next((line.row.key for line in find.model.lines if line.row and line.name == "Cliente 03"), None)

    panel.window.activateWindow()
    box.setFocus()
    box.setText("cliente 03")
    find.search("cliente 03")
    await until(lambda: key() == "70003")
    await rekeyed(people, world)
    await until(lambda: key() == "70004")


async def test_a_watch_follows_its_record(make_panel: MakePanel, people: Office, world: World) -> None:
    panel = await panel_of(make_panel, people)
    kept = panel.window.watches()
    order = Watch("orders", "agente01", "901", "ORD/26-001", "ORD/26-001")
    for watch in (order, Watch("customers", "agente01", "70003", "Cliente 03", "90003")):
        kept.add(watch)
    told: list[tuple[str, str]] = []
    kept.fired.connect(lambda watch, said: told.append((watch.key, f"{watch.name}: {said}")))
    await rekeyed(people, world)
    await until(lambda: {watch.key for watch in kept.all} == {"901", "70004"})
    other = [{**one, "phone": "999"} if one["name"] == "Cliente 02" else one for one in MOVED]
    await people.read("customers", "agente01", other, NOW)
    world.orchestrator.tell(EventKind.SYNC_COMPLETED, {"type": "customers", "runId": f"run-{people._runs}"}, NOW)
    own = [{**one, "city": "Rimini"} if one["name"] == "Cliente 03" else one for one in other]
    await people.read("customers", "agente01", own, NOW)
    world.orchestrator.tell(EventKind.SYNC_COMPLETED, {"type": "customers", "runId": f"run-{people._runs}"}, NOW)
    await until(lambda: bool(told))
    assert [key for key, _ in told] == ["70004"], "a message about the customer who has the number now"
    assert told[0][1].startswith("Cliente 03: changed: ")


async def test_a_watch_follows_a_record_re_keyed_while_this_panel_was_away(
    make_panel: MakePanel, people: Office, world: World
) -> None:
    """There was no event; the watch is corrected before the next read is checked."""
    panel = await panel_of(make_panel, people)
    kept = panel.window.watches()
    kept.add(Watch("customers", "agente01", "70003", "Cliente 03", "90003"))
    told: list[str] = []
    kept.fired.connect(lambda watch, said: told.append(f"{watch.name}: {said}"))
    await people.store.keep_refused(
        "customers", "agente01", Batch("rekey", NOW, MOVED, True, True), RefusedKind.KEYS_CHANGED
    )
    await people.store.rekey("rekey")
    changed = [{**one, "phone": "999"} if one["name"] == "Cliente 03" else one for one in MOVED]
    await people.read("customers", "agente01", changed, NOW)
    world.orchestrator.tell(EventKind.SYNC_COMPLETED, {"type": "customers", "runId": f"run-{people._runs}"}, NOW)
    await until(lambda: bool(told))
    assert [watch.key for watch in kept.all] == ["70004"]
    assert told[0].startswith("Cliente 03: changed: ")


async def test_a_watch_without_a_row_of_its_number_is_not_changed(
    make_panel: MakePanel, people: Office, world: World
) -> None:
    panel = await panel_of(make_panel, people)
    kept = panel.window.watches()
    watches = (
        Watch("orders", "agente01", "901", "Order not sent yet", ""),
        Watch("customers", "agente01", "79999", "Gone", "99999"),
    )
    for watch in watches:
        kept.add(watch)
    await rekeyed(people, world)
    await people.read("orders", "agente01", [{**ORDERS[0], "total_amount": 1}, *ORDERS[1:]], NOW)
    told: list[str] = []
    kept.fired.connect(lambda watch, said: told.append(f"{watch.name}: {said}"))
    world.orchestrator.tell(EventKind.SYNC_COMPLETED, {"type": "orders", "runId": f"run-{people._runs}"}, NOW)
    await until(lambda: bool(told))
    assert kept.all == watches
