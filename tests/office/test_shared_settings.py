"""The office's settings: one set for all computers; a change that conflicts with another one is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from memory_keyring import MemoryKeyring, in_place
from remote_rig import make_office

from archisync_gui.app import core as core_module
from archisync_gui.app import member as member_module
from archisync_gui.app.core import Core
from archisync_gui.app.joining import is_shared
from archisync_gui.app.member import OfficeMember
from archisync_gui.app.profile import ProfileLock, open_profile
from archisync_gui.app.taking_part import taking_part
from archisync_gui.model import FailureKind, SyncFailure
from archisync_gui.office.membership import Membership
from archisync_gui.office.news import News
from archisync_gui.office.shared_settings import SharedSetting, change_shared, read_from
from archisync_gui.settings import DECLARATIONS, Settings, load_settings
from archisync_gui.store import StoreError
from archisync_gui.store.postgres_server import Server
from tests.support.postgres import on_a_server

pytestmark = on_a_server


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110  no event tells
            await asyncio.sleep(0.02)


async def joined(
    stack: AsyncExitStack, server: Server, folder: Path, *, may_lead: bool = False, **settings: object
) -> OfficeMember:
    """A member that never leads, so that nothing is read, or that has no account to read with."""
    profile = open_profile(str(folder), demo=False)
    lock = ProfileLock(profile)
    assert lock.acquire()
    stack.callback(lock.release)
    Settings().with_({key.replace("__", "."): value for key, value in settings.items()}).save(profile.settings_file)
    taking = taking_part(profile, None, Membership(server.url, may_lead=may_lead), server)
    return await stack.enter_async_context(taking)


def test_settings_of_one_computer_are_not_shared() -> None:
    own = {one.key for one in DECLARATIONS if not is_shared(one.key)}
    assert {"erp.browser", "endpoint.port", "look.language", "look.autostart"} <= own
    assert not {"erp.url", "erp.accounts", "sync.orders.interval", "session.quiet"} & own


async def test_all_members_get_the_settings_of_the_first_and_later_changes(office: Server, tmp_path: Path) -> None:
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


async def test_an_account_removed_for_the_office_leaves_no_password_on_any_computer(
    office: Server, tmp_path: Path
) -> None:
    await make_office(office, tmp_path / "made")
    async with AsyncExitStack() as stack:
        ring = stack.enter_context(in_place(MemoryKeyring()))
        names = ["agente01", "agente02"]
        one = await joined(stack, office, tmp_path / "one", erp__url="https://erp.example.test/", erp__accounts=names)
        two = await joined(stack, office, tmp_path / "two")
        for account in names:
            await two.set_password(account, f"of {account}")
        await one.apply_settings({"erp.accounts": ["agente02"]})
        await until(lambda: len(ring.kept) == 1)
        assert ring.kept == {(two.profile.keyring_service, "agente02"): "of agente02"}
        assert not await two.credentials.knows("agente01")
        with pytest.raises(SyncFailure, match="account-removed"):
            await two.set_password("agente01", "late")


def heard(settings: Mapping[str, SharedSetting]) -> News:
    return News(None, None, None, settings=settings)


async def test_news_from_before_a_change_remove_no_account_and_no_password(office: Server, tmp_path: Path) -> None:
    """Another computer has paired a page at that moment: what this one hears of it was read before its own change."""
    await make_office(office, tmp_path / "made")
    async with AsyncExitStack() as stack:
        ring = stack.enter_context(in_place(MemoryKeyring()))
        one = await joined(
            stack, office, tmp_path / "one", erp__url="https://erp.example.test/", erp__accounts=["agente01"]
        )
        change_shared(office, "PC-2", {"page.x": {"label": "Ufficio"}}, {})
        before = read_from(office)
        await one.apply_settings({"erp.accounts": ["agente01", "agente02"]})
        await one.set_password("agente02", "secret")
        one._heard(heard(before))
        await until(lambda: not one._adopting)
        assert one.settings.words("erp.accounts") == ("agente01", "agente02")
        assert ring.kept == {(one.profile.keyring_service, "agente02"): "secret"}
        # What the server has now counts, also where it is an earlier state of the office.
        with office.connect("tests", autocommit=True) as connection:
            connection.execute("UPDATE settings SET version = 1, value = '[\"agente01\"]' WHERE key = 'erp.accounts'")
        one._heard(heard(read_from(office)))
        await until(lambda: one.settings.words("erp.accounts") == ("agente01",))


async def test_a_change_brings_what_another_computer_changed_just_before_it(office: Server, tmp_path: Path) -> None:
    """The answer to the change has both; the news after it have nothing that is not known already."""
    await make_office(office, tmp_path / "made")
    async with AsyncExitStack() as stack:
        one = await joined(stack, office, tmp_path / "one", erp__url="https://erp.example.test/")
        deaf = stack.enter_context(pytest.MonkeyPatch.context())
        deaf.setattr(one.line, "_heard", lambda news: None)
        change_shared(office, "PC-2", {"sync.ddt.interval": 60}, read_from(office))
        versions = sum(one.version for one in read_from(office).values())
        await until(lambda: one.line._seen.settings == versions)
        deaf.undo()
        assert one.settings.number("sync.ddt.interval") == 45
        await one.apply_settings({"sync.orders.interval": 15})
        await until(lambda: one.settings.number("sync.ddt.interval") == 60)
        assert one.settings.number("sync.orders.interval") == 15


async def test_settings_that_change_while_a_member_begins_to_lead_are_used(
    office: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It reads its file first and opens the archive then."""
    await make_office(office, tmp_path / "made")
    opened = Core.open
    member: list[OfficeMember] = []

    async def slowly(*args: Any, **more: Any) -> Core:
        core = await opened(*args, **more)
        await until(lambda: bool(member))
        change_shared(office, "PC-2", {"sync.ddt.interval": 60}, read_from(office))
        await until(lambda: member[0].settings.number("sync.ddt.interval") == 60)
        return core

    monkeypatch.setattr(Core, "open", slowly)
    async with AsyncExitStack() as stack:
        member.append(
            await joined(stack, office, tmp_path / "one", may_lead=True, erp__url="https://erp.example.test/")
        )
        await until(lambda: member[0].core is not None)
        await until(lambda: member[0].settings.number("sync.ddt.interval") == 60)
        assert member[0].core is not None
        assert member[0].core.orchestrator.get_status().statuses["ddt"].interval == 60


async def test_settings_that_a_full_disk_refuses_are_used_as_soon_as_there_is_room(
    office: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expected_errors: Any
) -> None:
    """The news of them come once: a leader would go on reading an account that the office has removed."""
    expected_errors(r"archisync_gui\.app\.member: the office's settings could not be used here: .*")
    monkeypatch.setattr(member_module, "ADOPT_AGAIN", 0.05)
    await make_office(office, tmp_path / "made")
    tries: list[int] = []
    save = member_module.save_settings

    async def refuses(*args: Any) -> None:
        tries.append(1)
        if len(tries) < 3:
            raise SyncFailure("settings-not-saved", FailureKind.PERMANENT, params={"reason": "full", "folder": "x"})
        await save(*args)

    async with AsyncExitStack() as stack:
        one = await joined(stack, office, tmp_path / "one", erp__url="https://erp.example.test/")
        monkeypatch.setattr(member_module, "save_settings", refuses)
        change_shared(office, "PC-2", {"sync.ddt.interval": 60}, read_from(office))
        await until(lambda: one.settings.number("sync.ddt.interval") == 60)
        assert len(tries) == 3
        assert load_settings(one.profile.settings_file).settings.number("sync.ddt.interval") == 60
        tries[:] = []
        change_shared(office, "PC-2", {"sync.ddt.interval": 75}, read_from(office))
        await until(lambda: bool(tries))
    # It ends although the disk is full.


async def test_a_value_of_another_version_costs_no_other_setting(office: Server, tmp_path: Path) -> None:
    await make_office(office, tmp_path / "made")
    odd = {"sync.orders.interval": "seldom", "sync.daily": 5, "sync.unheard": True, "session.quiet": 9}
    await asyncio.to_thread(change_shared, office, "PC-9", odd, {})
    async with AsyncExitStack() as stack:
        one = await joined(stack, office, tmp_path / "one", sync__orders__interval=25)
        assert (one.settings.number("session.quiet"), one.settings.number("sync.orders.interval")) == (9, 25)
        assert one.settings["sync.daily"] == Settings()["sync.daily"]


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


async def test_a_file_that_cannot_be_written_leaves_the_offices_settings_as_they_were(
    office: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_office(office, tmp_path / "made")
    change_shared(office, "PC-1", {"sync.orders.interval": 30}, {})

    def full(self: Settings, path: Path) -> None:
        raise OSError(28, "No space left on device", str(path))

    async with AsyncExitStack() as stack:
        one = await joined(stack, office, tmp_path / "one")
        two = await joined(stack, office, tmp_path / "two")
        with monkeypatch.context() as patched:
            patched.setattr(Settings, "save", full)
            with pytest.raises(SyncFailure) as failed:
                await one.apply_settings({"sync.orders.interval": 15})
        assert failed.value.code == "settings-not-saved"
        assert read_from(office)["sync.orders.interval"].value == 30
        assert one.settings.number("sync.orders.interval") == 30
        # Neither of them takes the next change for a conflict.
        await one.apply_settings({"sync.orders.interval": 20})
        await until(lambda: two.settings.number("sync.orders.interval") == 20)
        await two.apply_settings({"sync.orders.interval": 25})
        await until(lambda: one.settings.number("sync.orders.interval") == 25)


async def test_when_the_server_is_lost_before_it_confirms_the_local_settings_are_unchanged(
    office: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_office(office, tmp_path / "made")
    change_shared(office, "PC-1", {"sync.orders.interval": 30}, {})
    async with AsyncExitStack() as stack:
        one = await joined(stack, office, tmp_path / "one", look__theme="dark")
        kept = one.profile.settings_file

        def cut_off(*args: Any, before_commit: Callable[[], object]) -> Any:
            def then_cut() -> None:
                before_commit()
                assert load_settings(kept).settings.number("sync.orders.interval") == 15
                with office.connect("tests", autocommit=True) as connection:
                    connection.execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        "WHERE application_name = 'archisync settings'"
                    )

            return change_shared(*args, before_commit=then_cut)

        with monkeypatch.context() as patched:
            patched.setattr(member_module, "change_shared", cut_off)
            with pytest.raises(StoreError, match="office-unreachable"):
                await one.apply_settings({"sync.orders.interval": 15, "look.theme": "light"})
        assert read_from(office)["sync.orders.interval"].value == 30
        assert load_settings(kept).settings.number("sync.orders.interval") == 30
        assert (one.settings.number("sync.orders.interval"), one.settings.text("look.theme")) == (30, "dark")


async def test_a_change_is_completed_when_its_caller_is_cancelled(
    office: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_office(office, tmp_path / "made")
    began, go = asyncio.Event(), asyncio.Event()
    save = member_module.save_settings

    async def slow(*args: Any) -> None:
        began.set()
        await go.wait()
        await save(*args)

    async with AsyncExitStack() as stack:
        one = await joined(stack, office, tmp_path / "one")
        monkeypatch.setattr(member_module, "save_settings", slow)
        asking = asyncio.ensure_future(one.apply_settings({"sync.orders.interval": 15}))
        async with asyncio.timeout(30):
            await began.wait()
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        go.set()
        await until(lambda: one.settings.number("sync.orders.interval") == 15)
    assert read_from(office)["sync.orders.interval"].value == 15
    assert load_settings(one.profile.settings_file).settings.number("sync.orders.interval") == 15


async def test_a_change_of_a_setting_that_another_computer_has_changed_is_refused(
    office: Server, tmp_path: Path
) -> None:
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
