"""The interface of the dialog *Office*: the fake of the dialog's tests behaves as the real access with a real server.

The dialog's appearance is tested with the fake, and the data copied at joining with the real access.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import pytest
from members import Proxy
from memory_keyring import MemoryKeyring, in_place
from office_fakes import ADDRESS, NONE, PLACE, WRONG, FakeOffice, Found

from archisync_gui.app.joining import PASSWORD
from archisync_gui.app.life import Life
from archisync_gui.app.office_access import OfficeAccess
from archisync_gui.app.profile import open_profile
from archisync_gui.entities import ENTITIES
from archisync_gui.model import SyncFailure, SystemClock
from archisync_gui.office.membership import membership
from archisync_gui.store import Batch, Store, StoreError
from archisync_gui.store.postgres_server import Server
from archisync_gui.ui.live.services import Office
from tests.support.postgres import on_a_server


class Rig(Protocol):
    """Computers, and a server without an office."""

    address: str
    password: str

    async def computer(self) -> Office:
        """Another computer without an office, with its own archive."""

    async def next_life(self, office: Office) -> tuple[Office, str]:
        """Restart the panel so that it does the requested change; returns its new access, and the tone of its
        message."""

    def make_older(self) -> None:
        """Change the office's tables to those of an earlier program."""

    def go_away(self) -> None:
        """From now on the server does not answer."""


class RealRig:
    """``app.office_access`` and PostgreSQL behind a proxy."""

    def __init__(self, office: Server, behind: Server, proxy: Proxy, folder: Path) -> None:
        self.address, self.password = behind.url, office.password
        self._office, self._proxy, self._folder = office, proxy, folder
        self._lives: dict[Office, Life] = {}

    async def computer(self) -> Office:
        profile = open_profile(str(self._folder / f"pc{len(self._lives)}"), demo=False)
        store = await Store.open(profile.folder, ENTITIES, clock=SystemClock())
        row = {"id": "1", "item_id": "A", "item_name": "Fresa", "price_group_name": "Listino", "unit_price": 1250}
        await store.apply("prices", "", Batch("run-1", SystemClock().now(), [row], True, True))
        await store.close()
        return self._access(Life(profile, None, asyncio.Event()))

    def _access(self, life: Life) -> Office:
        found = OfficeAccess(life, membership(life.profile.folder))
        self._lives[found] = life
        return found

    async def next_life(self, office: Office) -> tuple[Office, str]:
        life = self._lives[office]
        assert life.stop.is_set()
        assert life.between is not None
        _, tone = await life.between()
        return self._access(Life(life.profile, None, asyncio.Event())), tone

    def make_older(self) -> None:
        with self._office.connect("tests", autocommit=True) as connection:
            connection.execute("ALTER TABLE prices DROP COLUMN currency")

    def go_away(self) -> None:
        self._proxy.set("cut")


class FakeRig:
    """The fake of the dialog's tests."""

    def __init__(self) -> None:
        self.address, self.password = ADDRESS, "secret"
        self._lives: list[FakeOffice] = []

    async def computer(self) -> Office:
        found = replace(self._lives[-1].found, member=False) if self._lives else Found(NONE)
        self._lives.append(FakeOffice(found=found))
        return self._lives[-1]

    async def next_life(self, office: Office) -> tuple[Office, str]:
        assert isinstance(office, FakeOffice)
        after, tone = await office.next_life()
        self._lives.append(after)
        return after, tone

    def make_older(self) -> None:
        for one in self._lives:
            one.found = replace(one.found, older=True)

    def go_away(self) -> None:
        for one in self._lives:
            one.error = StoreError("office-unreachable", path=PLACE, detail="connection refused")


@pytest.fixture(params=["fake", pytest.param("real", marks=on_a_server)])
async def rig(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Rig]:
    if request.param == "fake":
        yield FakeRig()
        return
    monkeypatch.delenv(PASSWORD, raising=False)
    office: Server = request.getfixturevalue("office")
    async with AsyncExitStack() as stack:
        stack.enter_context(in_place(MemoryKeyring()))
        proxy = Proxy(office)
        behind = await stack.enter_async_context(proxy)
        yield RealRig(office, behind, proxy, tmp_path)


async def made(rig: Rig) -> Office:
    """A computer that has made an office and does not take part yet."""
    office = await rig.computer()
    await office.create(rig.address, rig.password)
    return office


async def joined(rig: Rig, office: Office, *, may_lead: bool = True, upgrade: bool = False) -> Office:
    """The access of that computer after it has joined."""
    office.join(rig.address, rig.password, may_lead=may_lead, upgrade=upgrade)
    after, tone = await rig.next_life(office)
    assert tone == "ok"
    return after


def elsewhere(rig: Rig) -> str:
    """The address of another office on the same server."""
    return replace(Server.from_url(rig.address), schema="elsewhere").url


async def test_a_single_computer_has_no_office_to_look_at(rig: Rig) -> None:
    office = await rig.computer()
    assert (office.address, office.may_lead) == ("", True)
    with pytest.raises(SyncFailure, match="office-not-joined"):
        await office.look()


async def test_a_check_changes_nothing(rig: Rig) -> None:
    office = await rig.computer()
    for _ in range(2):
        found = await office.check(rig.address, rig.password)
        assert (found.seen.exists, found.older, found.brings) == (False, False, True)
        assert (found.seen.leader, found.seen.since, found.seen.members) == (None, None, ())
        assert found.seen.room
    assert office.address == ""


async def test_an_office_that_does_not_exist_cannot_be_joined(rig: Rig) -> None:
    office = await rig.computer()
    office.join(rig.address, rig.password, may_lead=True, upgrade=False)
    after, tone = await rig.next_life(office)
    assert (after.address, tone) == ("", "bad")
    assert not (await after.check(rig.address, rig.password)).seen.exists


async def test_an_office_is_made_once(rig: Rig) -> None:
    office = await made(rig)
    with pytest.raises(SyncFailure, match="office-exists"):
        await office.create(rig.address, rig.password)
    found = await office.check(rig.address, rig.password)
    assert (found.seen.exists, found.older, found.brings, found.seen.members) == (True, False, True, ())
    assert office.address == ""


@pytest.mark.parametrize("may_lead", [True, False])
async def test_joining_is_done_at_the_restart_of_the_panel(rig: Rig, may_lead: bool) -> None:
    office = await made(rig)
    place = (await office.check(rig.address, rig.password)).seen.place
    office.join(rig.address, rig.password, may_lead=may_lead, upgrade=False)
    assert office.address == ""
    after, tone = await rig.next_life(office)
    assert tone == "ok"
    assert Server.from_url(after.address).schema_key == Server.from_url(rig.address).schema_key
    assert rig.password not in after.address
    assert after.may_lead is may_lead
    seen = await after.look()
    assert (seen.exists, seen.place) == (True, place)


async def test_a_member_checks_its_own_office_only(rig: Rig) -> None:
    office = await joined(rig, await made(rig), may_lead=False)
    found = await office.check(rig.address, rig.password)
    assert (found.seen.exists, found.brings) == (True, False)
    with pytest.raises(SyncFailure, match="office-joined-already"):
        await office.check(elsewhere(rig), rig.password)
    # It can join its own office again, to connect anew or to change whether it may lead.
    assert (await joined(rig, office, may_lead=True)).may_lead
    office.join(elsewhere(rig), rig.password, may_lead=True, upgrade=False)
    after, tone = await rig.next_life(office)
    assert tone == "bad"
    assert after.address == office.address


async def test_the_second_computer_gets_the_data_of_the_first(rig: Rig) -> None:
    await joined(rig, await made(rig))
    second = await rig.computer()
    found = await second.check(rig.address, rig.password)
    assert (found.seen.exists, found.brings) == (True, False)
    assert (await joined(rig, second)).address


async def test_older_data_are_upgraded_only_after_consent(rig: Rig) -> None:
    await joined(rig, await made(rig))
    second = await rig.computer()
    rig.make_older()
    assert (await second.check(rig.address, rig.password)).older
    second.join(rig.address, rig.password, may_lead=True, upgrade=False)
    after, tone = await rig.next_life(second)
    assert (after.address, tone) == ("", "bad")
    assert (await after.check(rig.address, rig.password)).older
    after = await joined(rig, after, upgrade=True)
    assert not (await after.check(rig.address, rig.password)).older


async def test_a_wrong_password_and_a_misspelt_address_are_reported(rig: Rig) -> None:
    office = await made(rig)
    for password, address, code in ((WRONG, rig.address, "office-login"), (rig.password, "server", "office-address")):
        with pytest.raises(SyncFailure, match=code):
            await office.check(address, password)
        with pytest.raises(SyncFailure, match=code):
            await office.create(address, password)
        office.join(address, password, may_lead=True, upgrade=False)
        office, tone = await rig.next_life(office)
        assert (office.address, tone) == ("", "bad")


async def test_without_the_server_a_computer_leaves_without_a_copy(rig: Rig) -> None:
    office = await joined(rig, await made(rig))
    rig.go_away()
    with pytest.raises(SyncFailure, match="office-unreachable"):
        await office.look()
    with pytest.raises(SyncFailure, match="office-unreachable"):
        await office.check(rig.address, rig.password)
    office.leave(copy=True)
    member, tone = await rig.next_life(office)
    assert (member.address, tone) == (office.address, "bad")
    member.leave(copy=False)
    single, tone = await rig.next_life(member)
    assert (single.address, single.may_lead, tone) == ("", True, "ok")


async def test_a_computer_leaves_with_a_copy(rig: Rig) -> None:
    office = await joined(rig, await made(rig), may_lead=False)
    office.leave(copy=True)
    assert office.address
    single, tone = await rig.next_life(office)
    assert (single.address, single.may_lead, tone) == ("", True, "ok")
    with pytest.raises(SyncFailure, match="office-not-joined"):
        await single.look()
