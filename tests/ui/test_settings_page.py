"""The settings page: many values of a wheel are one change, a refused change is undone, concurrent changes are kept."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from panel_fakes import MakePanel, World
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QSpinBox

from archisync_gui.model import FailureKind, SyncFailure
from archisync_gui.ui.pages.setting_field import Field
from archisync_gui.ui.pages.settings import SettingsPage
from archisync_gui.ui.shell.panel import Panel
from archisync_gui.ui.widgets.time_field import TimeField

pytestmark = pytest.mark.qasync


class Applied:
    """Replaces the function that applies settings: records its calls, and may refuse them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.calls: list[Mapping[str, object]] = []
        self.refuses: SyncFailure | None = None
        self._one_at_a_time = asyncio.Lock()

    async def __call__(self, changes: Any) -> None:
        if self.refuses is not None:
            raise self.refuses
        async with self._one_at_a_time:  # as in the core
            changed = changes(self.world.settings) if callable(changes) else changes
            self.calls.append(changed)
            await asyncio.sleep(0)
            self.world.settings = self.world.settings.with_(changed)


async def page_of(panel: Panel, applied: Applied) -> SettingsPage:
    assert panel.context.services is not None
    panel.context.services = replace(panel.context.services, apply_settings=applied, demo=False)
    panel.open("settings")
    (page,) = panel.window.findChildren(SettingsPage)
    page.show_settings()
    return page


def interval(page: SettingsPage) -> tuple[Field, QSpinBox]:
    field = page.fields["sync.orders.interval"]
    assert isinstance(field.control, QSpinBox)
    return field, field.control


async def applied_all(panel: Panel) -> None:
    while panel.context.background._tasks:
        await asyncio.wait(panel.context.background._tasks)


async def test_turning_a_wheel_is_one_change(make_panel: MakePanel, world: World) -> None:
    panel = await make_panel()
    applied = Applied(world)
    field, spin = interval(await page_of(panel, applied))
    for value in range(11, 23):
        spin.setValue(value)
    assert applied.calls == [], "applied while the wheel is turned"
    field.settle()
    await applied_all(panel)
    assert applied.calls == [{"sync.orders.interval": 22}]


async def test_leaving_the_control_or_closing_the_panel_applies_the_last_value(
    make_panel: MakePanel, world: World
) -> None:
    panel = await make_panel()
    applied = Applied(world)
    field, spin = interval(await page_of(panel, applied))
    spin.setValue(25)
    QCoreApplication.sendEvent(spin, QEvent(QEvent.Type.Hide))
    await applied_all(panel)
    spin.setValue(26)
    panel.context.ending.emit()
    await applied_all(panel)
    assert applied.calls == [{"sync.orders.interval": 25}, {"sync.orders.interval": 26}]
    assert not field._apply_timer.isActive()


async def test_after_a_refused_change_the_value_in_use_and_the_reason_are_shown(
    make_panel: MakePanel, world: World
) -> None:
    panel = await make_panel("it")
    applied = Applied(world)
    applied.refuses = SyncFailure(
        "settings-not-saved", FailureKind.PERMANENT, params={"reason": "No space left on device", "folder": "/d"}
    )
    field, spin = interval(await page_of(panel, applied))
    before = spin.value()
    spin.setValue(before + 5)
    field.settle()
    await applied_all(panel)
    assert spin.value() == before
    assert field.wrong.text().startswith("Le impostazioni non si possono salvare")


def typed(control: QLineEdit, text: str) -> None:
    """Replace the text by typing, and press Enter."""
    control.selectAll()
    QTest.keyClicks(control, text)
    QTest.keyClick(control, Qt.Key.Key_Return)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("21:30", "21:30"),
        ("2130", "21:30"),
        ("930", "09:30"),
        ("9", "09:00"),
        ("21", "21:00"),
        ("9.05", "09:05"),
        (" 7:15 ", "07:15"),
        ("00:00", "00:00"),
    ],
)
async def test_a_typed_time_is_understood(make_panel: MakePanel, world: World, text: str, time: str) -> None:
    panel = await make_panel()
    page = await page_of(panel, Applied(world))
    field = page.fields["notify.quiet_from"]
    assert isinstance(field.control, TimeField)
    typed(field.control, text)
    field.settle()
    await applied_all(panel)
    assert field.control.text() == time
    assert world.settings.text("notify.quiet_from") == time
    assert field.wrong.isHidden()


@pytest.mark.parametrize("text", ["24:00", "9:75", "99", "12345", "morning", "-1", ""])
async def test_an_invalid_time_is_reported_and_changes_nothing(make_panel: MakePanel, world: World, text: str) -> None:
    panel = await make_panel()
    page = await page_of(panel, Applied(world))
    field = page.fields["notify.quiet_from"]
    assert isinstance(field.control, TimeField)
    before = world.settings.text("notify.quiet_from")
    field.control.selectAll()
    QTest.keyClick(field.control, Qt.Key.Key_Delete)
    typed(field.control, text)
    field.settle()
    await applied_all(panel)
    assert world.settings.text("notify.quiet_from") == before
    assert not field.wrong.isHidden()


async def test_a_held_arrow_key_saves_the_last_time_once(make_panel: MakePanel, world: World) -> None:
    panel = await make_panel()
    applied = Applied(world)
    page = await page_of(panel, applied)
    field = page.fields["notify.quiet_from"]
    assert isinstance(field.control, TimeField)
    field.control.set_value("08:00")
    for _ in range(18):
        QTest.keyClick(field.control, Qt.Key.Key_Down)
    field.settle()
    await applied_all(panel)
    assert world.settings.text("notify.quiet_from") == "03:30"


async def test_there_is_a_warning_beside_a_daily_time_outside_office_hours(make_panel: MakePanel, world: World) -> None:
    panel = await make_panel("it")
    page = await page_of(panel, Applied(world))
    daily, closing = page.fields["sync.daily_time"], page.fields["sync.office_to"]
    assert daily.wrong.isHidden()
    assert isinstance(daily.control, TimeField)
    assert isinstance(closing.control, TimeField)
    daily.control.setFocus()
    typed(daily.control, "20:30")
    daily.settle()
    await applied_all(panel)
    assert "l'ufficio è chiuso (orario 07:00–20:00)" in daily.wrong.text(), "no warning for the accepted value"
    assert not daily.wrong.isHidden()
    assert world.settings.text("sync.daily_time") == "20:30"
    typed(closing.control, "21")
    closing.settle()
    daily.control.clearFocus()
    await applied_all(panel)
    page.show_settings()
    assert daily.wrong.isHidden(), "a warning for a time within office hours"


async def test_two_accounts_added_at_once_are_both_kept(make_panel: MakePanel, world: World) -> None:
    panel = await make_panel()
    applied = Applied(world)
    page = await page_of(panel, applied)
    for name in ("agente08", "agente09"):
        page.accounts.add_name.setText(name)
        page.accounts._add()
    await applied_all(panel)
    assert set(world.settings.words("erp.accounts")) >= {"agente08", "agente09"}
