"""The record sheet while the next record is late or cannot be read: its buttons act on the shown record."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from panel_fakes import NOW, MakePanel, World
from panel_office import CUSTOMER, Office
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from archisync_gui.entities import ENTITIES
from archisync_gui.model import EventKind
from archisync_gui.store import StoreError
from archisync_gui.ui.live.record import CHANGES
from archisync_gui.ui.shell.panel import Panel
from archisync_gui.ui.shell.sheet import RecordSheet
from tests.support.waiting import until

pytestmark = pytest.mark.qasync

SHOWN = ("customers", "agente01", "50120")
NEXT = ("orders", "agente01", "901")


async def sheet_of_customer(make_panel: MakePanel, office: Office) -> tuple[Panel, RecordSheet]:
    panel = await make_panel(store=office.store, entities=ENTITIES)
    sheet = panel.window.record_sheet()
    sheet.open(SHOWN)
    await until(lambda: sheet.sheet is not None and sheet.sheet.name == CUSTOMER["name"])
    return panel, sheet


def acts_on_the_customer(panel: Panel, sheet: RecordSheet) -> None:
    """Check that each button acts on the customer, and that there is no Back yet."""
    seen: list[tuple[object, object]] = []
    panel.context.open_requested.connect(lambda place, what: seen.append((place, what)))
    assert sheet.sheet is not None
    assert sheet.sheet.name == CUSTOMER["name"]
    assert not sheet.back.isVisible()
    QTest.mouseClick(sheet.watch, Qt.MouseButton.LeftButton)
    assert [watch.target for watch in panel.window.watches().all] == [SHOWN]
    asked: list[tuple[object, ...]] = []
    panel.context.sync = lambda *what: asked.append(what)  # type: ignore[method-assign]
    sheet.again.clicked.emit()
    assert asked == [SHOWN]
    sheet.data.clicked.emit()
    assert seen == [("data", {"type": "customers", "account": "agente01", "search": CUSTOMER["name"]})]


async def test_the_buttons_act_on_the_record_shown_when_the_next_cannot_be_read(
    make_panel: MakePanel, office: Office, monkeypatch: pytest.MonkeyPatch, expected_errors: Any
) -> None:
    expected_errors("ui:record failed")
    panel, sheet = await sheet_of_customer(make_panel, office)

    async def unreachable(*_: object, **__: object) -> Any:
        raise StoreError("office-unreachable", path="x", detail="y")

    with monkeypatch.context() as patch:
        patch.setattr(office.store, "row", unreachable)
        sheet.open(NEXT)
        await until(panel.window.notice.isVisible)
    acts_on_the_customer(panel, sheet)


async def test_the_buttons_act_on_the_record_shown_while_the_next_is_read(
    make_panel: MakePanel, office: Office, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel, sheet = await sheet_of_customer(make_panel, office)
    began, go, row = asyncio.Event(), asyncio.Event(), office.store.row

    async def slow(*asked: Any) -> Any:
        if asked[0] == NEXT[0]:
            began.set()
            await go.wait()
        return await row(*asked)

    monkeypatch.setattr(office.store, "row", slow)
    sheet.open(NEXT)
    await until(began.is_set)
    acts_on_the_customer(panel, sheet)
    world.orchestrator.tell(EventKind.SYNC_COMPLETED, {"type": "customers", "account": "agente01"})
    await asyncio.sleep(0.1)  # the end of a read of the shown list must not replace the requested record
    go.set()
    await until(lambda: sheet.sheet is not None and sheet.sheet.name == "Order ORD/26-001")
    QTest.mouseClick(sheet.back, Qt.MouseButton.LeftButton)
    await until(lambda: sheet.sheet is not None and sheet.sheet.name == CUSTOMER["name"])
    assert not sheet.back.isVisible()


@pytest.mark.parametrize("gone", [("orders", "agente01", "nothing"), ("no such list", "agente01", "901")])
async def test_a_link_to_a_missing_record_keeps_the_shown_one(
    make_panel: MakePanel, office: Office, gone: tuple[str, str, str]
) -> None:
    panel, sheet = await sheet_of_customer(make_panel, office)
    sheet.open(gone)
    await until(lambda: panel.window.notice.text == "This record is no longer stored.")
    acts_on_the_customer(panel, sheet)


async def test_a_sheet_shows_the_latest_changes_and_calls_them_so(make_panel: MakePanel, office: Office) -> None:
    for n in range(CHANGES + 3):
        changed = {**CUSTOMER, "phone": f"02 {n:07d}"}
        await office.read("customers", "agente01", [changed], NOW - timedelta(minutes=4))
    _, sheet = await sheet_of_customer(make_panel, office)
    texts = [found.text() for found in sheet.body.widget().findChildren(QLabel)]
    lines = [text for text in texts if " → " in text]
    assert len(lines) == CHANGES
    assert lines[0].endswith(f" → 02 {CHANGES + 2:07d}")
    assert texts[texts.index(lines[0]) - 1] == "Latest changes of this record"


async def test_back_past_a_record_that_is_gone(make_panel: MakePanel, office: Office) -> None:
    panel, sheet = await sheet_of_customer(make_panel, office)
    sheet.open(NEXT)
    await until(lambda: sheet.sheet is not None and sheet.sheet.name == "Order ORD/26-001")
    await office.store.clear("customers", "agente01")
    QTest.mouseClick(sheet.back, Qt.MouseButton.LeftButton)
    await until(lambda: panel.window.notice.text == "This record is no longer stored.")
    assert sheet.sheet is not None
    assert sheet.sheet.name == "Order ORD/26-001"
    assert not sheet.back.isVisible()
