"""One customer's data in the panel: found first, then exported, or erased after a confirmation."""

from __future__ import annotations

import asyncio
import os
import zipfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from care_samples import AGENT, OTHER, PERSON, START, named_in, opened_drafts, opened_store, row
from office_fakes import ADDRESS, FakeOffice
from panel_fakes import MakePanel, World, busy, calm
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from archisync_gui.app import data_care
from archisync_gui.app.life import Life
from archisync_gui.app.profile import Profile, open_profile
from archisync_gui.store import Batch, StoreError
from archisync_gui.store.personal import Holding
from archisync_gui.ui.dialogs.one_customer import OneCustomerDialog, file_name
from archisync_gui.ui.pages.settings import SettingsPage
from archisync_gui.ui.widgets.dialog import Confirm
from tests.support.waiting import until

pytestmark = pytest.mark.qasync

COUNTS = {"customers": 1, "orders": 4, "changes": 12}
BAR = Holding("50120", "Bar <b>Sport</b>", COUNTS, (Path("a.db"), Path("b.db")), "bar sport")


class DataCare:
    """Replaces ``app.data_care``: has one customer, and records the calls."""

    def __init__(self) -> None:
        self.exported: list[tuple[Holding, Path]] = []
        self.erased: list[tuple[Holding, bool]] = []
        self.full = False

    async def find(self, wanted: str) -> Holding:
        if wanted != "bar sport":
            raise StoreError("customer-unknown", wanted=wanted)
        return BAR

    async def export(self, customer: Holding, target: Path) -> None:
        if self.full:
            raise OSError(28, "No space left on device", str(target))
        self.exported.append((customer, target))

    def erase(self, customer: Holding, backups: bool) -> None:
        self.erased.append((customer, backups))


class RealCare(DataCare):
    """Looks for customers in a profile; the erasing is recorded."""

    def __init__(self, profile: Profile) -> None:
        super().__init__()
        self.profile = profile

    async def find(self, wanted: str) -> Holding:
        return await asyncio.to_thread(data_care.found, self.profile, wanted)

    async def export(self, customer: Holding, target: Path) -> None:
        export = data_care.export_customer
        await asyncio.to_thread(export, self.profile, customer.asked, target, "en", customer.key)


async def opened(make_panel: MakePanel, care: DataCare) -> OneCustomerDialog:
    services = {"find_customer": care.find, "export_customer": care.export, "erase_customer": care.erase}
    panel = await make_panel(**services)
    page = panel.window.go("settings")
    assert isinstance(page, SettingsPage)
    page.one_customer.click()
    (dialog,) = panel.window.findChildren(OneCustomerDialog)
    return dialog


async def look_for(dialog: OneCustomerDialog, wanted: str) -> None:
    dialog.wanted.setText(wanted)
    QTest.keyClick(dialog.wanted, Qt.Key.Key_Return)
    await until(lambda: bool(dialog.said.text()) and "Looking" not in dialog.said.text())


def to(path: Path) -> Callable[..., Awaitable[Path]]:
    async def where(*_: object) -> Path:
        return path

    return where


async def test_an_error_of_the_search_is_shown_in_the_dialog(make_panel: MakePanel, expected_errors: Any) -> None:
    expected_errors("no such column")

    class Breaks(DataCare):
        async def find(self, wanted: str) -> Holding:
            raise LookupError("no such column")

    dialog = await opened(make_panel, Breaks())
    await look_for(dialog, "bar sport")
    assert "LookupError: no such column" in dialog.said.text()
    assert dialog.look.isEnabled()
    assert not dialog.erase.isEnabled()


async def test_the_buttons_are_disabled_before_the_customer_is_found(make_panel: MakePanel) -> None:
    dialog = await opened(make_panel, DataCare())
    assert not dialog.export.isEnabled()
    assert not dialog.erase.isEnabled()
    await look_for(dialog, "nobody")
    assert "No customer “nobody” was found" in dialog.said.text()
    assert not dialog.erase.isEnabled()
    await look_for(dialog, "bar sport")
    assert dialog.said.text() == "Bar <b>Sport</b> (50120): Customers 1, Orders 4, Changes 12."
    assert dialog.said.textFormat() is Qt.TextFormat.PlainText
    assert dialog.export.isEnabled()
    assert dialog.erase.isEnabled()
    dialog.wanted.setText("bar sport 2")
    assert not dialog.erase.isEnabled()  # the shown customer and the typed text may differ now
    dialog.close()


async def test_the_export_is_written_to_the_chosen_folder_and_a_full_disk_is_reported(
    make_panel: MakePanel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    care = DataCare()
    dialog = await opened(make_panel, care)
    monkeypatch.setattr("archisync_gui.ui.dialogs.one_customer.ask_where", to(tmp_path / "bar.zip"))
    await look_for(dialog, "bar sport")
    dialog.export.click()
    await until(lambda: "not encrypted" in dialog.said.text())
    assert care.exported == [(BAR, tmp_path / "bar.zip")]
    care.full = True
    dialog.export.click()
    await until(lambda: "No space left on device" in dialog.said.text())
    dialog.close()


@pytest.mark.parametrize(
    ("key", "name"),
    [("50120", "archisync-50120"), ("Bar/Più: a\\b", "archisync-Bar-Più-a-b"), ("../x", "archisync-..-x")],
)
async def test_a_key_as_typed_makes_a_proper_file_name(key: str, name: str) -> None:
    assert file_name(Holding(key, "", {}, (), key)) == name


@pytest.mark.parametrize("backups", [False, True])
async def test_erasing_is_confirmed_and_backups_are_deleted_only_when_ticked(
    make_panel: MakePanel, backups: bool
) -> None:
    care = DataCare()
    dialog = await opened(make_panel, care)
    assert not dialog.backups.isVisible()
    await look_for(dialog, "bar sport")
    assert "(2)" in dialog.backups.text()
    dialog.backups.setChecked(backups)
    for yes in (False, True):
        dialog.erase.click()
        await until(lambda: any(b.isVisible() for b in dialog.findChildren(Confirm)))
        box = next(b for b in dialog.findChildren(Confirm) if b.isVisible())
        assert "Bar <b>Sport</b>" in box.headline.text()
        assert "the next read brings it back" in box.detail.text()
        assert ("other data of that time" in box.detail.text()) is backups
        if not yes:
            QTest.keyClick(box, Qt.Key.Key_Return)  # the harmless answer is the default
            await until(lambda: not any(b.isVisible() for b in dialog.findChildren(Confirm)))
            assert care.erased == []
        else:
            box.yes.click()
    await until(lambda: care.erased == [(BAR, backups)])
    dialog.close()


@pytest.mark.parametrize("address", ["", ADDRESS])
async def test_a_computer_of_an_office_says_that_the_others_have_files_of_their_own(
    make_panel: MakePanel, address: str
) -> None:
    care = DataCare()
    dialog = await opened(make_panel, care)
    dialog._context.office = FakeOffice(address)
    await look_for(dialog, "bar sport")
    dialog.erase.click()
    await until(lambda: any(b.isVisible() for b in dialog.findChildren(Confirm)))
    box = next(b for b in dialog.findChildren(Confirm) if b.isVisible())
    assert ("this counts for all computers" in box.detail.text()) is bool(address)
    box.yes.click()
    await until(lambda: care.erased == [(BAR, False)])
    dialog.close()


async def test_a_customer_who_left_the_list_is_exported_and_erased_and_not_another(
    make_panel: MakePanel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only a draft says the id, which is the account number of another customer: it finds that one."""
    profile = open_profile(f"{tmp_path / 'profile'}{os.sep}", demo=True)
    other = OTHER | {"account_num": PERSON["id"]}
    async with opened_store(profile) as store:
        listed = Batch("customers", START, [row("customers", other["id"], **other)], whole=True, clean=True)
        await store.apply("customers", AGENT, listed)
        order = row("orders", "71", customer_account=PERSON["account_num"], customer_name=PERSON["name"])
        await store.apply("orders", AGENT, Batch("orders", START, [order], whole=True, clean=True))
    async with opened_drafts(profile) as drafts:
        await drafts.put(AGENT, "mine", {"customer": {"id": PERSON["id"], "name": PERSON["name"]}})
    care = RealCare(profile)
    dialog = await opened(make_panel, care)
    await look_for(dialog, PERSON["account_num"])
    assert f"({PERSON['id']})" in dialog.said.text()
    monkeypatch.setattr("archisync_gui.ui.dialogs.one_customer.ask_where", to(tmp_path / "c.zip"))
    dialog.export.click()
    await until(lambda: "not encrypted" in dialog.said.text())
    with zipfile.ZipFile(tmp_path / "c.zip") as made:
        assert set(made.namelist()) == {"README.txt", "everything.json", "orders.csv"}
    dialog.erase.click()
    await until(lambda: any(b.isVisible() for b in dialog.findChildren(Confirm)))
    next(b for b in dialog.findChildren(Confirm) if b.isVisible()).yes.click()
    await until(lambda: care.erased)
    dialog.close()
    life = Life(profile, None, asyncio.Event())
    life.erase(*care.erased[0])
    assert life.between is not None
    await life.between()
    assert named_in(profile.folder, PERSON) == []
    async with opened_store(profile) as store:
        assert [found.key for found in (await store.rows("customers", AGENT)).rows] == [OTHER["id"]]


async def test_nothing_is_erased_while_a_list_is_read(make_panel: MakePanel, world: World) -> None:
    dialog = await opened(make_panel, DataCare())
    await look_for(dialog, "bar sport")
    world.orchestrator.become(busy())
    await until(lambda: not dialog.erase.isEnabled())
    assert "is being read" in dialog.erase.toolTip()
    world.orchestrator.become(calm())
    await until(dialog.erase.isEnabled)
    dialog.close()
