"""The dialog *Office*: it requires a check first, loses nothing by focus, Esc or double clicks, and never blocks."""

from __future__ import annotations

import asyncio

import pytest
from office_fakes import ADDRESS, AT, LED, NONE, PLACE, FakeOffice, Found
from panel_fakes import MakePanel, World, busy, calm
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from archisync_gui.store import StoreError
from archisync_gui.ui.dialogs.office import LOOK_INTERVAL, OfficeDialog
from archisync_gui.ui.pages.settings import SettingsPage
from archisync_gui.ui.shell.panel import Panel
from archisync_gui.ui.text.i18n import clock
from archisync_gui.ui.widgets.dialog import Confirm
from tests.support.waiting import until

pytestmark = pytest.mark.qasync


async def opened(make_panel: MakePanel, office: FakeOffice, language: str = "en") -> OfficeDialog:
    panel: Panel = await make_panel(language=language)
    panel.context.office = office
    await until(lambda: panel.context.status is not None)
    page = panel.window.go("settings")
    assert isinstance(page, SettingsPage)
    page.office.click()
    (dialog,) = panel.window.findChildren(OfficeDialog)
    return dialog


async def checked(dialog: OfficeDialog, address: str = ADDRESS, password: str = "secret") -> None:
    dialog.address.setText(address)
    dialog.password.field.setText(password)
    QTest.keyClick(dialog.address, Qt.Key.Key_Return)
    await until(lambda: dialog.check.isEnabled() and bool(dialog.said.text()))


def questions() -> list[Confirm]:
    return [w for w in QApplication.topLevelWidgets() if isinstance(w, Confirm) and w.isVisible()]


async def test_an_office_can_be_joined_only_after_a_check(make_panel: MakePanel) -> None:
    office = FakeOffice()
    dialog = await opened(make_panel, office)
    assert not dialog.check.isEnabled()
    assert dialog.check.toolTip() == "Type the address first"
    assert not dialog.join.isEnabled()
    assert dialog.make.isHidden()
    await checked(dialog)
    assert office.asked == [(ADDRESS, "secret")]
    assert "PostgreSQL 15.4" in dialog.said.text()
    assert "are copied into the office" in dialog.said.text()
    assert dialog.join.isEnabled()
    dialog.address.setText(ADDRESS + "2")
    assert not dialog.join.isEnabled()  # another server than the checked one
    assert dialog.said.isHidden()
    assert office.moved == []
    dialog.close()


async def test_an_office_is_made_where_there_is_none(make_panel: MakePanel) -> None:
    office = FakeOffice(found=Found(NONE))
    dialog = await opened(make_panel, office)
    await checked(dialog)
    assert "can be created" in dialog.said.text()
    assert not dialog.join.isEnabled()
    assert not dialog.make.isHidden()
    dialog.make.click()
    dialog.make.click()
    await until(dialog.join.isEnabled)
    assert office.created == 1
    assert dialog.make.isHidden()
    dialog.close()


async def test_joining_is_confirmed_in_a_dialog_that_says_what_is_copied(make_panel: MakePanel) -> None:
    office = FakeOffice(found=Found(LED))
    dialog = await opened(make_panel, office)
    await checked(dialog)
    assert "Taking part now: PC-1 (default), PC-2 <b>(default)." in dialog.said.text()
    assert dialog.said.textFormat() is Qt.TextFormat.PlainText
    assert "not encrypted" in dialog.said.text()
    assert "only 5 more connections" in dialog.said.text()
    dialog.may_lead.setChecked(False)
    dialog.join.click()
    dialog.join.click()
    await until(lambda: bool(questions()))
    (question,) = questions()
    assert PLACE in question.headline.text()
    assert "uses the office's data" in question.detail.text()
    QTest.keyClick(question, Qt.Key.Key_Return)
    await until(lambda: not questions() and dialog.join.isEnabled())
    assert office.moved == []
    dialog.join.click()
    await until(lambda: bool(questions()))
    questions()[0].yes.click()
    await until(lambda: office.moved == [("join", ADDRESS, "secret", False, False)])
    dialog.close()


async def test_older_data_are_upgraded_only_after_consent(make_panel: MakePanel) -> None:
    office = FakeOffice(found=Found(LED, older=True))
    dialog = await opened(make_panel, office)
    assert dialog.upgrade.isHidden()
    await checked(dialog)
    assert "have to be upgraded" in dialog.said.text()
    assert not dialog.upgrade.isHidden()
    assert not dialog.join.isEnabled()
    assert dialog.join.toolTip() == "Choose to upgrade the data first"
    dialog.upgrade.setChecked(True)
    dialog.join.click()
    await until(lambda: bool(questions()))
    questions()[0].yes.click()
    await until(lambda: office.moved == [("join", ADDRESS, "secret", True, True)])
    dialog.close()


@pytest.mark.parametrize(
    ("language", "code", "words"),
    [
        ("en", "office-login", "refused the name or the password"),
        ("it", "office-login", "ha rifiutato nome o password"),
        ("it", "office-address", "non è scritto bene"),
        ("en", "office-pooler", "connection pooler"),
    ],
)
async def test_errors_are_shown_in_plain_words(make_panel: MakePanel, language: str, code: str, words: str) -> None:
    office = FakeOffice(error=StoreError(code, path=PLACE, detail="FATAL <i>"))
    dialog = await opened(make_panel, office, language)
    await checked(dialog)
    assert words in dialog.said.text()
    assert dialog.said.objectName() == "bad"
    assert not dialog.join.isEnabled()
    office.error = None
    dialog.check.click()
    await until(dialog.join.isEnabled)
    assert dialog.said.objectName() == ""
    dialog.close()


async def test_a_server_that_does_not_answer_does_not_block_the_window(make_panel: MakePanel, world: World) -> None:
    office = FakeOffice(silent=asyncio.Event())
    dialog = await opened(make_panel, office)
    dialog.address.setText(ADDRESS)
    dialog.check.click()
    dialog.check.click()
    QTest.mouseDClick(dialog.check, Qt.MouseButton.LeftButton)
    await until(lambda: len(office.asked) == 1)
    assert "Checking" in dialog.said.text()
    assert not dialog.check.isEnabled()
    world.orchestrator.become(busy())  # the rest of the panel works
    await until(lambda: "being read" in dialog.join.toolTip() or "One moment" in dialog.join.toolTip())
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    await until(lambda: not world.panels[0].window.findChildren(OfficeDialog))
    office.silent.set()  # type: ignore[union-attr]
    await asyncio.sleep(0)
    assert office.moved == []


async def test_an_answer_for_an_earlier_address_is_ignored(make_panel: MakePanel) -> None:
    office = FakeOffice(silent=asyncio.Event())
    dialog = await opened(make_panel, office)
    dialog.address.setText(ADDRESS)
    dialog.check.click()
    await until(lambda: bool(office.asked))
    dialog.address.setText("postgresql://office@other.example.test/office")
    office.silent.set()  # type: ignore[union-attr]
    await until(dialog.check.isEnabled)
    assert not dialog.join.isEnabled()
    dialog.close()


async def test_a_member_sees_leader_and_members(make_panel: MakePanel) -> None:
    office = FakeOffice(address=ADDRESS)
    dialog = await opened(make_panel, office)
    await until(lambda: "PC-1" in dialog.members.text())
    assert dialog.form.isHidden()
    lines = dialog.members.text().splitlines()
    assert lines[0] == f"Reads the ERP: PC-1 (default), since {clock(AT)}."
    assert lines[2] == f"• PC-2 <b>(default): takes part since {clock(AT)}, version 1.1"
    assert dialog.members.textFormat() is Qt.TextFormat.PlainText
    office.error = StoreError("office-unreachable", path=PLACE, detail="timeout")
    dialog._look_again()
    await until(lambda: "does not answer" in dialog.said.text())
    assert dialog.members.text() == ""  # the leader is unknown now
    office.error = None
    dialog._look_again()
    await until(lambda: "PC-1" in dialog.members.text())
    assert dialog.said.isHidden()
    assert dialog._timer.interval() == LOOK_INTERVAL
    dialog.close()


async def test_checks_do_not_accumulate_at_a_silent_server(make_panel: MakePanel) -> None:
    office = FakeOffice(address=ADDRESS, silent=asyncio.Event())
    dialog = await opened(make_panel, office)
    await until(lambda: office.looks == 1)
    assert not dialog._timer.isActive()
    office.silent.set()  # type: ignore[union-attr]
    await until(dialog._timer.isActive)
    dialog.close()


@pytest.mark.parametrize("copy", [True, False])
async def test_leaving_is_confirmed_in_a_dialog(make_panel: MakePanel, world: World, copy: bool) -> None:
    office = FakeOffice(address=ADDRESS)
    dialog = await opened(make_panel, office)
    await until(lambda: "PC-1" in dialog.members.text())
    assert not dialog.leave.autoDefault()
    assert dialog.focusWidget() is not dialog.leave
    world.orchestrator.become(busy())
    await until(lambda: not dialog.leave.isEnabled())
    assert "is being read" in dialog.leave.toolTip()
    world.orchestrator.become(calm())
    await until(dialog.leave.isEnabled)
    dialog.without_copy.setChecked(not copy)
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Space, Qt.Key.Key_Escape):
        dialog.leave.click()
        await until(lambda: bool(questions()))
        (question,) = questions()
        assert ("are copied to this computer" in question.detail.text()) is copy
        assert ("earlier archive" in question.detail.text()) is not copy
        QTest.keyClick(question.focusWidget() or question, key)
        await until(lambda: not questions() and dialog.leave.isEnabled())
        assert office.moved == []
    dialog.leave.click()
    await until(lambda: bool(questions()))
    questions()[0].yes.click()
    await until(lambda: office.moved == [("leave", copy)])
    dialog.close()


async def test_a_member_whose_password_changed_connects_again(make_panel: MakePanel) -> None:
    office = FakeOffice(address=ADDRESS, may_lead=False, error=StoreError("office-login", path=PLACE, detail="x"))
    dialog = await opened(make_panel, office)
    await until(lambda: "refused the name" in dialog.said.text())
    dialog.again.click()
    assert not dialog.form.isHidden()
    assert dialog.address.text() == ADDRESS
    assert not dialog.may_lead.isChecked()
    office.error, office.found = None, Found(LED)
    await checked(dialog, password="new")
    dialog.join.click()
    await until(lambda: bool(questions()))
    questions()[0].yes.click()
    await until(lambda: office.moved == [("join", ADDRESS, "new", False, False)])
    dialog.close()


async def test_before_the_panel_has_started_there_is_no_dialog(make_panel: MakePanel) -> None:
    panel = await make_panel()
    page = panel.window.go("settings")
    assert isinstance(page, SettingsPage)
    page.office.click()
    assert panel.window.findChildren(OfficeDialog) == []
