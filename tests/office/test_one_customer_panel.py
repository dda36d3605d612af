"""The dialog about one customer's data in the panel of an office's computer: find, export, erase, and go on."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from care_samples import OTHER, PERSON, fill, living, move_to_office, named_in
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from test_office_access import living_window, there

from archisync_gui.app.demo import DemoOptions
from archisync_gui.app.desktop import _lives
from archisync_gui.app.joining import PASSWORD
from archisync_gui.app.life import Life
from archisync_gui.app.profile import ProfileLock, open_profile
from archisync_gui.entities import ENTITIES
from archisync_gui.messages import text
from archisync_gui.settings import Settings
from archisync_gui.store.postgres_server import Server
from archisync_gui.ui.dialogs.one_customer import OneCustomerDialog
from archisync_gui.ui.pages.settings import SettingsPage
from archisync_gui.ui.text.i18n import set_language
from archisync_gui.ui.widgets.dialog import Confirm
from tests.support.ports import free_port
from tests.support.postgres import on_a_server
from tests.support.waiting import until

pytestmark = [on_a_server, pytest.mark.qasync]


async def test_the_panel_of_an_office_exports_and_erases(
    qapp: QApplication, office: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSWORD, office.password)
    set_language("en")
    profile = open_profile(f"{tmp_path / 'one'}{os.sep}", demo=True)
    settings = {"look.first_run_done": True, "look.language": "en", "sync.daily": False, "endpoint.port": free_port()}
    settings |= {f"sync.{entity.name}.interval": 0 for entity in ENTITIES}
    Settings().with_(settings).save(profile.settings_file)
    await fill(profile, PERSON)
    await move_to_office(profile, office)
    target = tmp_path / "c.zip"

    async def where(*_: object) -> Path:
        return target

    monkeypatch.setattr("archisync_gui.ui.dialogs.one_customer.ask_where", where)
    lock = ProfileLock(profile)
    assert lock.acquire()
    stop = asyncio.Event()
    living_panel = asyncio.ensure_future(_lives(qapp, Life(profile, DemoOptions("none", "live"), stop), hidden=False))
    try:
        window = await until(lambda: living_window(True), 120)
        assert window is not None
        page = window.go("settings")
        assert isinstance(page, SettingsPage)
        page.one_customer.click()
        dialog = await there(OneCustomerDialog)
        dialog.wanted.setText(PERSON["id"])
        QTest.keyClick(dialog.wanted, Qt.Key.Key_Return)
        await until(dialog.export.isEnabled)
        assert PERSON["name"] in dialog.said.text()
        dialog.export.click()
        await until(target.exists)
        await until(dialog.erase.isEnabled)
        dialog.erase.click()
        box = await there(Confirm)
        assert text("one-customer.confirm-office", "en").what in box.detail.text()
        box.yes.click()
        said = str(text("data-in-office", "en", {"computers": text("data-no-other-computer", "en").what}))
        await until(lambda: (found := living_window(True)) is not None and said in found.notice.text, 120)
        stop.set()
        async with asyncio.timeout(120):
            assert await living_panel == 0
    finally:
        stop.set()
        await asyncio.gather(living_panel, return_exceptions=True)
        lock.release()
    assert named_in(profile.folder, PERSON) == []
    customers = await asyncio.to_thread(living, profile)
    assert [row.key for row in customers["customers"]] == [OTHER["id"]]
