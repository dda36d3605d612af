"""The office's settings: one set for all computers, and a change that collides with another one is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from remote_rig import make_office

from archisync_gui.app import core as core_module
from archisync_gui.app.member import OfficeMember, is_shared, taking_part
from archisync_gui.app.profile import ProfileLock, open_profile
from archisync_gui.model import SyncFailure
from archisync_gui.office.membership import Membership
from archisync_gui.office.shared_settings import change_shared, read_from
from archisync_gui.settings import DECLARATIONS, Settings, load_settings
from archisync_gui.store import StoreError
from archisync_gui.store.postgres import Server
from tests.support.postgres import on_a_server

pytestmark = on_a_server


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110  no event tells
            await asyncio.sleep(0.02)


async def joined(stack: AsyncExitStack, server: Server, folder: Path, **settings: object) -> OfficeMember:
    """A member that never leads, so that nothing is read."""
    profile = open_profile(str(folder), demo=False)
    lock = ProfileLock(profile)
    assert lock.acquire()
    stack.callback(lock.release)
    Settings().with_({key.replace("__", "."): value for key, value in settings.items()}).save(profile.settings_file)
    taking = taking_part(profile, None, Membership(server.url, may_lead=False), server)
    return await stack.enter_async_context(taking)


def test_what_concerns_one_computer_stays_there() -> None:
    own = {one.key for one in DECLARATIONS if not is_shared(one.key)}
    assert {"erp.browser", "endpoint.port", "look.language", "look.autostart"} <= own
    assert not {"erp.url", "erp.accounts", "sync.orders.interval", "session.quiet"} & own


async def test_all_members_have_the_first_ones_settings_and_hear_of_changes(office: Server, tmp_path: Path) -> None:
    await make_office(office, tmp_path / "made")
    async with AsyncExitStack() as stack:
        one = await joined(
            stack, office, tmp_path / "one", erp__url="https://erp.example.test/", erp__accounts=["agente01"],
            sync__orders__interval=25,
        )  # fmt: skip
        two = await joined(stack, office, tmp_path / "two", sync__orders__interval=40, look__theme="dark")
        assert two.settings.text("erp.url") == "https://erp.example.test"
        assert two.settings.words("erp.accounts") == ("agente01",)
        assert two.settings.number("sync.orders.interval") == 25
        assert two.settings.text("look.theme") == "dark"
        await two.apply_settings({"sync.orders.interval": 15, "look.theme": "light"})
        await until(lambda: one.settings.number("sync.orders.interval") == 15)
        assert one.settings.text("look.theme") == "system"
        kept = load_settings(one.profile.settings_file).settings
        assert kept.number("sync.orders.interval") == 15


async def test_a_file_that_cannot_be_written_leaves_the_start_at_login_as_it_was(
    office: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_office(office, tmp_path / "made")
    switched: list[bool] = []
    monkeypatch.setattr(core_module, "set_autostart", lambda profile, on: switched.append(on))

    def full(self: Settings, path: Path) -> None:
        raise OSError(28, "No space left on device", str(path))

    async with AsyncExitStack() as stack:
        member = await joined(stack, office, tmp_path / "one")
        with monkeypatch.context() as patched:
            patched.setattr(Settings, "save", full)
            with pytest.raises(SyncFailure) as failed:
                await member.apply_settings({"look.autostart": True})
        assert failed.value.code == "settings-not-saved"
        assert switched == [True, False]
        assert not member.settings.flag("look.autostart")


async def test_a_change_of_what_another_computer_changed_meanwhile_is_refused(office: Server, tmp_path: Path) -> None:
    await make_office(office, tmp_path / "made")
    before = change_shared(office, "PC-1", {"sync.orders.interval": 30, "sync.ddt.interval": 45}, {})
    change_shared(office, "PC-1", {"sync.orders.interval": 20}, before)
    with pytest.raises(StoreError, match="office-setting-conflict") as refused:
        change_shared(office, "PC-2", {"sync.ddt.interval": 60, "sync.orders.interval": 10}, before)
    assert refused.value.params["computer"] == "PC-1"
    found = read_from(office)
    assert {key: one.value for key, one in found.items()} == {"sync.orders.interval": 20, "sync.ddt.interval": 45}
    change_shared(office, "PC-2", {"sync.orders.interval": 20}, before)  # the same value is no conflict
    change_shared(office, "PC-2", {"sync.orders.interval": 10}, read_from(office))
    assert read_from(office)["sync.orders.interval"].value == 10
