"""Joining and leaving an office with the panel: the whole panel with its dialog and a real server, and the steps."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TypeVar

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtWidgets import QApplication, QWidget

from archisync_gui.app import joining
from archisync_gui.app.demo import DemoOptions
from archisync_gui.app.desktop import _lives
from archisync_gui.app.joining import PASSWORD
from archisync_gui.app.life import Life
from archisync_gui.app.office_access import OfficeAccess
from archisync_gui.app.profile import Profile, ProfileLock, open_profile
from archisync_gui.drafts import Drafts
from archisync_gui.entities import ENTITIES
from archisync_gui.model import Json, SystemClock
from archisync_gui.office.membership import membership
from archisync_gui.settings import Settings
from archisync_gui.store import Batch, Store, StoreError
from archisync_gui.store.postgres import Postgres
from archisync_gui.store.postgres_server import Server
from archisync_gui.ui.dialogs.office import OfficeDialog
from archisync_gui.ui.pages.settings import SettingsPage
from archisync_gui.ui.shell.window import MainWindow
from archisync_gui.ui.text.i18n import set_language
from archisync_gui.ui.widgets.dialog import Confirm
from tests.support.ports import free_port
from tests.support.postgres import on_a_server
from tests.support.waiting import until

pytestmark = on_a_server

W = TypeVar("W", bound=QWidget)


@pytest.fixture(autouse=True)
def _english(office: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD, office.password)
    set_language("en")


async def filled(folder: Path, item: str) -> Profile:
    """A profile with one price and one draft."""
    profile = open_profile(str(folder), demo=True)
    settings = {"look.first_run_done": True, "look.language": "en", "sync.daily": False, "endpoint.port": free_port()}
    settings |= {f"sync.{entity.name}.interval": 0 for entity in ENTITIES}
    Settings().with_(settings).save(profile.settings_file)
    store = await Store.open(profile.folder, ENTITIES, clock=SystemClock())
    row = {"id": "1", "item_id": item, "item_name": "Fresa", "price_group_name": "Listino", "unit_price": 1250}
    await store.apply("prices", "", Batch("run-1", SystemClock().now(), [row], True, True))
    await store.close()
    drafts = await Drafts.open(profile.folder, clock=SystemClock())
    await drafts.put("agente01", f"draft-{item}", {"lines": []})
    await drafts.close()
    return profile


async def items(profile: Profile) -> list[object]:
    store = await Store.open(profile.folder, ENTITIES, clock=SystemClock())
    try:
        return [row.values["item_id"] for row in (await store.rows("prices", "")).rows]
    finally:
        await store.close()


async def noted(profile: Profile, key: str, value: str = "") -> Json:
    """The value of a note of the closed profile, after setting it to ``value``, if given."""
    store = await Store.open(profile.folder, ENTITIES, clock=SystemClock())
    try:
        if value:
            await store.journal.note(key, value)
        return (await store.journal.load()).notes.get(key)
    finally:
        await store.close()


async def moved(life: Life) -> tuple[str, str]:
    """Do the change for which the panel was restarted."""
    assert life.stop.is_set()
    assert life.between is not None
    return await life.between()


async def test_changes_requested_in_the_dialog_are_done_on_the_closed_profile(office: Server, tmp_path: Path) -> None:
    one, two = await filled(tmp_path / "one", "A"), await filled(tmp_path / "two", "B")
    life = Life(one, None, asyncio.Event())
    access = OfficeAccess(life, None)
    assert (access.address, access.may_lead) == ("", True)
    found = await access.check(office.url, "")
    assert (found.seen.exists, found.brings) == (False, True)
    with office.connect("tests", autocommit=True) as connection:  # the check makes no tables
        assert connection.execute("SELECT current_schema()").fetchone() == (None,)
    # Joining an office that does not exist changes nothing and is refused.
    access.join(office.url, "", may_lead=True, upgrade=False)
    said, tone = await moved(life)
    assert "has no office" in said
    assert tone == "bad"
    assert membership(one.folder) is None
    await access.create(office.url, "")
    with pytest.raises(StoreError, match="office-exists"):
        await access.create(office.url, "")
    access.join(office.url, "", may_lead=False, upgrade=False)
    said, tone = await moved(life)
    assert "Rows brought into the office: " in said
    assert tone == "ok"
    joined = membership(one.folder)
    assert joined is not None
    assert not joined.may_lead
    seen = await OfficeAccess(life, joined).look()
    assert (seen.exists, seen.empty, seen.members) == (True, False, ())
    # The second computer gets the data of the first, although no member has led yet.
    second = Life(two, None, asyncio.Event())
    other = OfficeAccess(second, None)
    found = await other.check(office.url, "")
    assert (found.seen.exists, found.brings, found.older) == (True, False, False)
    other.join(office.url, "", may_lead=True, upgrade=False)
    said, tone = await moved(second)
    assert "Rows brought into the office: 0" in said
    # Leaving takes the office's data, or restores those from before joining.
    await noted(two, "hold", "2026-03-02T09:00:00+00:00")
    third = Life(two, None, asyncio.Event())
    OfficeAccess(third, membership(two.folder)).leave(copy=True)
    said, tone = await moved(third)
    assert tone == "ok", said
    assert membership(two.folder) is None
    assert await items(two) == ["A"]
    assert await noted(two, "hold") is None, "a hold from before joining, though the office has none"
    OfficeAccess(life, joined).leave(copy=False)
    assert (await moved(life))[1] == "ok"
    assert await items(one) == ["A"]


@pytest.mark.parametrize("leads", [False, True])
async def test_of_two_computers_that_join_an_empty_office_at_once_one_brings_its_data(
    office: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, leads: bool
) -> None:
    """The second one has checked while the office was empty; when it copies its data, the first one is a member, or
    leads (``leads``)."""
    one, two = await filled(tmp_path / "one", "A"), await filled(tmp_path / "two", "B")
    await joining.create(two, office)
    check = joining.check

    async def check_before_the_other(profile: Profile, server: Server) -> joining.Checked:
        found = await check(profile, server)
        monkeypatch.undo()
        monkeypatch.setenv(PASSWORD, office.password)
        if leads:
            with office.connect("tests", autocommit=True) as connection:
                connection.execute("UPDATE leader SET epoch = epoch + 1")
        else:
            assert (await joining.join(one, office, may_lead=True, upgrade=False)).rows > 0
        return found

    monkeypatch.setattr(joining, "check", check_before_the_other)
    with pytest.raises(StoreError, match="office-not-empty"):
        await joining.join(two, office, may_lead=True, upgrade=False)
    assert membership(two.folder) is None
    assert await items(two) == ["B"]
    # Repeated, it gets the office's data.
    assert (await joining.join(two, office, may_lead=True, upgrade=False)).rows == 0
    store = await Store.join(Postgres(office), two.folder, ENTITIES, clock=SystemClock())
    found = [row.values["item_id"] for row in (await store.rows("prices", "")).rows]
    await store.close()
    assert found == ([] if leads else ["A"])


async def test_a_member_stays_one_when_leaving_fails(
    office: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await filled(tmp_path / "one", "A")
    life = Life(one, None, asyncio.Event())
    access = OfficeAccess(life, None)
    await access.create(office.url, "")
    access.join(office.url, "", may_lead=True, upgrade=False)
    await moved(life)
    monkeypatch.setenv(PASSWORD, "wrong")
    OfficeAccess(life, membership(one.folder)).leave(copy=True)
    said, tone = await moved(life)
    assert "refused the name or the password" in said
    assert tone == "bad"
    assert membership(one.folder) is not None
    assert await items(one) == ["A"]


def shown(kind: type[W]) -> W | None:
    """The visible widget of that kind, of the present panel."""
    found = [w for top in QApplication.topLevelWidgets() for w in (top, *top.findChildren(kind)) if isinstance(w, kind)]
    return next((w for w in found if w.isVisible()), None)


async def there(kind: type[W]) -> W:
    found = await until(lambda: shown(kind), 120)
    assert found is not None
    return found


def living_window(member: bool) -> MainWindow | None:
    """The window with open services, of a member or of a single computer."""
    window = shown(MainWindow)
    if window is None or window.context.services is None or window.context.office is None:
        return None
    return window if bool(window.context.office.address) is member else None


async def open_dialog(member: bool) -> OfficeDialog:
    """Open the dialog *Office* of that window."""
    window = await until(lambda: living_window(member), 120)
    assert window is not None
    page = window.go("settings")
    assert isinstance(page, SettingsPage)
    page.office.click()
    return await there(OfficeDialog)


@pytest.mark.ci
@pytest.mark.qasync
async def test_a_panel_joins_an_office_shows_it_and_leaves_it(
    qapp: QApplication, office: Server, tmp_path: Path
) -> None:
    profile = await filled(tmp_path / "one", "A")
    lock = ProfileLock(profile)
    assert lock.acquire()
    stop = asyncio.Event()
    living = asyncio.ensure_future(_lives(qapp, Life(profile, DemoOptions("none", "live"), stop), hidden=False))
    try:
        dialog = await open_dialog(member=False)
        dialog.address.setText(office.url)
        dialog.check.click()
        await until(lambda: not dialog.make.isHidden(), 60)
        dialog.make.click()
        await until(dialog.join.isEnabled, 60)
        dialog.join.click()
        (await there(Confirm)).yes.click()
        dialog = await open_dialog(member=True)
        await until(lambda: "Reads the ERP: " in dialog.members.text(), 60)
        assert membership(profile.folder) is not None
        dialog.leave.click()
        (await there(Confirm)).yes.click()
        await open_dialog(member=False)
        assert membership(profile.folder) is None
        stop.set()
        async with asyncio.timeout(120):
            assert await living == 0
    finally:
        stop.set()
        await asyncio.gather(living, return_exceptions=True)
        lock.release()
    assert await items(profile) == ["A"]
