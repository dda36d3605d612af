"""Watched records: messages about their changes from the change log of a run, and where they are shown."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from panel_fakes import NOW, MakePanel, World, run_record
from panel_office import DDT, INVOICES, ORDERS, Office
from PySide6.QtWidgets import QApplication, QPushButton

from archisync_gui.entities import ENTITIES
from archisync_gui.model import EventKind
from archisync_gui.ui.live import past_runs
from archisync_gui.ui.live.context import WATCHES
from archisync_gui.ui.live.seen_reads import SEEN_READS, SeenReads
from archisync_gui.ui.live.watches import Watch, Watches
from archisync_gui.ui.shell.panel import Panel
from tests.support.waiting import until

pytestmark = pytest.mark.qasync

CUSTOMER = Watch("customers", "agente01", "50120", "De Rossi", "55012")
ORDER = Watch("orders", "agente01", "903", "ORD/26-003", "ORD/26-003")


async def watching(make_panel: MakePanel, office: Office, *watches: Watch) -> tuple[Panel, list[tuple[str, str]]]:
    panel = await make_panel(store=office.store, entities=ENTITIES)
    told: list[tuple[str, str]] = []
    found = panel.window.watches()
    found.fired.connect(lambda watch, said: told.append((watch.name, f"{watch.name}: {said}")))
    for watch in watches:
        found.add(watch)
    return panel, told


def ended(world: World, office: Office, name: str) -> None:
    """Send the event of the end of a read of that list."""
    world.orchestrator.tell(EventKind.SYNC_COMPLETED, {"type": name, "runId": f"run-{office._runs}"}, NOW)


async def test_a_watched_order_that_ships_is_reported_once(make_panel: MakePanel, world: World, office: Office) -> None:
    panel, told = await watching(make_panel, office, ORDER, CUSTOMER)
    shipped = {**DDT[0], "id": "7002", "ddt_number": "4568", "order_number": "ORD/26-003", "tracking": "BRT 1"}
    await office.read("ddt", "agente01", [*DDT, shipped], NOW - timedelta(seconds=30))
    ended(world, office, "ddt")
    await until(lambda: len(told) == 2)
    assert told == [
        ("ORD/26-003", "ORD/26-003: shipped, delivery note 4568"),
        ("De Rossi", "De Rossi: shipped, delivery note 4568"),
    ]
    await until(lambda: "De Rossi: shipped, delivery note 4568." in panel.window.notice.text)
    await office.read("ddt", "agente01", [*DDT, shipped], NOW)
    ended(world, office, "ddt")
    await office.read("orders", "agente01", [*ORDERS[:2], {**ORDERS[2], "total_amount": 1}], NOW)
    ended(world, office, "orders")
    await until(lambda: len(told) > 2)
    assert [name for name, _ in told[2:]] == ["ORD/26-003", "De Rossi"], "a message after a read without changes"
    assert told[2][1].startswith("ORD/26-003: changed: ")


async def test_a_paid_invoice_and_a_new_order_of_a_watched_customer_are_reported(
    make_panel: MakePanel, world: World, office: Office
) -> None:
    _, told = await watching(make_panel, office, CUSTOMER)
    paid = {**INVOICES[0], "remaining_amount": 0, "closed_on": "2026-03-10"}
    await office.read("invoices", "agente01", [paid, *INVOICES[1:]], NOW)
    ended(world, office, "invoices")
    await until(lambda: bool(told))
    assert told == [("De Rossi", "De Rossi: invoice FT301 is paid")]
    new = {**ORDERS[0], "id": "904", "order_number": "ORD/26-004"}
    other = {**new, "id": "905", "order_number": "ORD/26-005", "customer_account": "1"}
    await office.read("orders", "agente01", [*ORDERS, new, other], NOW)
    ended(world, office, "orders")
    await until(lambda: len(told) == 2)
    assert told[1] == ("De Rossi", "De Rossi: new order ORD/26-004"), "a message about another customer"


async def test_watched_records_are_found_among_very_many_changes(
    make_panel: MakePanel, world: World, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(past_runs, "ENTRIES", 7)
    _, told = await watching(make_panel, office, ORDER)
    many = [{**ORDERS[0], "id": str(2000 + n), "order_number": f"ORD/27-{n}"} for n in range(50)]
    await office.read("orders", "agente01", [*ORDERS[:2], {**ORDERS[2], "total_amount": 1}, *many], NOW)
    ended(world, office, "orders")
    await until(lambda: bool(told))
    assert told[0][1].startswith("ORD/26-003: changed: ")


async def test_a_record_is_watched_from_its_sheet_and_removed_in_the_settings(
    make_panel: MakePanel, office: Office
) -> None:
    panel, _ = await watching(make_panel, office)
    panel.open("record", ("customers", "agente01", "50120"))
    sheet = panel.window.record_sheet()
    await until(sheet.isVisible)
    sheet.watch.click()
    kept = panel.window.watches()
    assert [(watch.list, watch.key, watch.number) for watch in kept.all] == [("customers", "50120", "55012")]
    assert sheet.watch.isChecked()
    page = panel.window.go("settings")

    def removes() -> list[QPushButton]:
        return [b for b in page.findChildren(QPushButton) if b.accessibleName().startswith("Remove Società")]

    await until(lambda: len(removes()) == 1)  # the old lines are deleted in the event loop
    removes()[0].click()
    assert kept.all == ()
    assert not sheet.watch.isChecked()


@pytest.mark.parametrize("kept", ["", "{", "[1]", '[{"list": "orders"}]', '{"a": 1}', "null"])
async def test_unreadable_watches_are_ignored(make_panel: MakePanel, kept: str) -> None:
    panel = await make_panel()
    panel.context.recall = lambda key: kept if key == WATCHES else ""  # type: ignore[method-assign]
    assert Watches(panel.context).all == ()


async def journaled(office: Office, name: str, ended: datetime) -> None:
    """Write the run of the last read as another computer of the office does, without an event here."""
    run = run_record(name, ended - timedelta(seconds=20), 20, id=f"run-{office._runs}")
    await office.keep(run)


class Computer:
    """A panel with its own settings file, which can be opened and closed."""

    def __init__(self, world: World, office: Office, memory: Path) -> None:
        self._world, self._office, self._memory = world, office, memory
        self.told: list[str] = []

    async def open(self, qapp: QApplication) -> Panel:
        panel = Panel(qapp, memory=self._memory)
        self._world.panels.append(panel)
        panel.show()
        panel.window.watches().fired.connect(lambda watch, said: self.told.append(f"{watch.name}: {said}"))
        panel.set_services(self._world.services(store=self._office.store, entities=ENTITIES))
        return panel

    async def close(self, panel: Panel) -> None:
        self._world.panels.remove(panel)
        await panel.aclose()
        panel.deleteLater()


async def test_changes_read_by_another_computer_while_this_one_was_off_are_reported_at_the_start(
    qapp: QApplication, world: World, office: Office, tmp_path: Path
) -> None:
    computer = Computer(world, office, tmp_path / "window.ini")
    panel = await computer.open(qapp)
    panel.window.watches().add(ORDER)
    await computer.close(panel)
    shipped = {**DDT[0], "id": "7002", "ddt_number": "4568", "order_number": "ORD/26-003"}
    for minutes, rows in ((10, [*DDT, shipped]), (20, [*DDT, {**shipped, "courier": "GLS"}])):
        office.clock.at = world.clock.at = NOW + timedelta(minutes=minutes)
        await office.read("ddt", "agente01", rows, NOW + timedelta(minutes=minutes, seconds=-15))
        await journaled(office, "ddt", NOW + timedelta(minutes=minutes))
    panel = await computer.open(qapp)
    await until(lambda: bool(computer.told))
    (said,) = computer.told
    assert said.startswith("ORD/26-003: shipped, delivery note 4568; 4568 changed: ")
    await computer.close(panel)
    panel = await computer.open(qapp)
    world.orchestrator.tell(EventKind.SYNC_COMPLETED, {"type": "ddt", "runId": f"run-{office._runs}"}, world.clock.at)
    await office.read("orders", "agente01", [*ORDERS[:2], {**ORDERS[2], "total_amount": 1}], world.clock.at)
    world.orchestrator.tell(
        EventKind.SYNC_COMPLETED, {"type": "orders", "runId": f"run-{office._runs}"}, world.clock.at
    )
    await until(lambda: len(computer.told) > 1)
    assert computer.told[1].startswith("ORD/26-003: changed: "), "a change was reported twice"


async def test_changes_of_a_read_missed_during_sleep_are_reported_with_the_next_one(
    make_panel: MakePanel, world: World, office: Office
) -> None:
    _, told = await watching(make_panel, office, ORDER)
    shipped = {**DDT[0], "id": "7002", "ddt_number": "4568", "order_number": "ORD/26-003"}
    await office.read("ddt", "agente01", [*DDT, shipped], NOW + timedelta(minutes=5))
    await journaled(office, "ddt", NOW + timedelta(minutes=6))
    await office.read("ddt", "agente01", [*DDT, shipped], NOW + timedelta(minutes=10))
    await journaled(office, "ddt", NOW + timedelta(minutes=11))
    ended(world, office, "ddt")
    await until(lambda: bool(told))
    assert told == [("ORD/26-003", "ORD/26-003: shipped, delivery note 4568")]


async def test_changes_from_before_a_new_watch_are_not_reported(
    make_panel: MakePanel, world: World, office: Office
) -> None:
    shipped = {**DDT[0], "id": "7002", "ddt_number": "4568", "order_number": "ORD/26-003"}
    await office.read("ddt", "agente01", [*DDT, shipped], NOW - timedelta(minutes=2))
    await journaled(office, "ddt", NOW - timedelta(minutes=1))
    _, told = await watching(make_panel, office, ORDER)
    await office.read("ddt", "agente01", [*DDT, {**shipped, "courier": "GLS"}], NOW)
    ended(world, office, "ddt")
    await until(lambda: bool(told))
    assert told[0][1].startswith("ORD/26-003: 4568 changed: ")


async def test_the_rows_of_watched_records_are_looked_up_once_for_all_missed_reads(
    make_panel: MakePanel, world: World, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a long absence there are hundreds of reads."""
    _, told = await watching(make_panel, office, ORDER)
    shipped = {**DDT[0], "id": "7002", "ddt_number": "4568", "order_number": "ORD/26-003"}
    for minutes, courier in ((5, "BRT"), (10, "GLS"), (15, "BRT")):
        await office.read("ddt", "agente01", [*DDT, {**shipped, "courier": courier}], NOW + timedelta(minutes=minutes))
        await journaled(office, "ddt", NOW + timedelta(minutes=minutes + 1))
    asked: list[str] = []
    related = office.store.related

    async def counted(entity: str, *args: Any, **kwargs: Any) -> Any:
        asked.append(entity)
        return await related(entity, *args, **kwargs)

    monkeypatch.setattr(office.store, "related", counted)
    ended(world, office, "ddt")
    await until(lambda: bool(told))
    assert told[0][1].startswith("ORD/26-003: shipped, delivery note 4568; 4568 changed: ")
    assert asked == ["ddt"]


@pytest.mark.parametrize("kept", ["", "{", "[1]", '{"ddt": []}', '{"ddt": ["x"]}', '{"ddt": ["2026-03-09"]}', "null"])
async def test_an_unreadable_list_of_checked_reads_is_ignored(make_panel: MakePanel, kept: str) -> None:
    panel = await make_panel()
    panel.context.recall = lambda key: kept if key == SEEN_READS else ""  # type: ignore[method-assign]
    looked = SeenReads(panel.context)
    assert not looked.has("ddt", "run-1")
    looked.skip_earlier("ddt")
    looked.put("ddt", [("run-1", NOW)])
    assert looked.has("ddt", "run-1")
