"""A whole member in this process that becomes the leader, cannot lead, or loses the leadership."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from keyring.backends.fail import Keyring as NoKeyring
from members import made_member
from memory_keyring import in_place
from remote_rig import make_office

from archisync_gui.app import commands, exit_codes
from archisync_gui.app import leading as leading_module
from archisync_gui.app import taking_part as taking_part_module
from archisync_gui.app.channel import call
from archisync_gui.app.core import Core
from archisync_gui.app.joining import PASSWORD
from archisync_gui.app.leading import UNFIT
from archisync_gui.app.member import OfficeMember, Say
from archisync_gui.app.profile import Profile, ProfileLock, open_profile
from archisync_gui.app.taking_part import taking_part, taking_part_at_last
from archisync_gui.erp import Erp
from archisync_gui.model import Finished, Outcome, Remembered, RunControl, SyncFailure, SystemClock
from archisync_gui.office import leadership
from archisync_gui.office.desk import Desk
from archisync_gui.office.leadership import Leadership
from archisync_gui.office.membership import Membership
from archisync_gui.orchestrator import OrchestratorApi
from archisync_gui.settings import SettingsError
from archisync_gui.store import StoreError
from archisync_gui.store.errors import AGAIN, EpochLost
from archisync_gui.store.journal import StoreJournal
from archisync_gui.store.postgres_server import Server
from tests.support.clock import settle
from tests.support.postgres import on_a_server
from tests.support.waiting import until

pytestmark = on_a_server


async def taken_part(
    stack: AsyncExitStack,
    server: Server,
    folder: Path,
    settings: Mapping[str, object] | None = None,
    say: Say = lambda code, **_: None,
) -> OfficeMember:
    """A member that may lead, without accounts unless the settings name them; nothing is read."""
    profile = await locked_profile(stack, server, folder, settings or {})
    return await stack.enter_async_context(taking_part(profile, None, Membership(server.url), server, say=say))


async def locked_profile(
    stack: AsyncExitStack, server: Server, folder: Path, settings: Mapping[str, object]
) -> Profile:
    """The locked profile of the only member of an office."""
    await make_office(server, folder / "made")
    profile = open_profile(str(folder / "one"), demo=False)
    lock = ProfileLock(profile)
    assert lock.acquire()
    stack.callback(lock.release)
    made_member(profile, server, settings)
    return profile


async def test_a_leader_that_lost_its_epoch_ends_its_browser_before_it_tries_again(
    office: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expected_errors: Any
) -> None:
    expected_errors.allow("the journal failed")  # its store is broken off
    killed: list[tuple[bool, bool]] = []
    async with AsyncExitStack() as stack:
        member = await taken_part(stack, office, tmp_path)
        await until(lambda: member.core)
        leading, epoch = member._leadership, member._leadership.epoch
        assert epoch is not None
        before = member.core

        def kill(erp: Erp, for_good: bool = False) -> bool:
            killed.append((for_good, leading._in_use))
            return False

        monkeypatch.setattr(Erp, "kill_browser", kill)
        leading.lost(epoch)
        await until(lambda: member.core not in (None, before))
        assert killed
        assert set(killed) == {(True, True)}
        assert leading.epoch == epoch + 1


def freeze(until: Callable[[], object]) -> None:
    """Block this thread, so that neither the loop nor the window works."""
    limit = time.monotonic() + 30
    while not until() and time.monotonic() < limit:
        time.sleep(0.01)


async def test_a_leader_whose_loop_hangs_loses_leadership_and_browser_and_can_lead_again(
    office: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expected_errors: Any
) -> None:
    expected_errors.allow("this program has not answered")
    expected_errors.allow("the journal failed")  # its store is broken off
    killed: list[int | None] = []

    def kill(erp: Erp, for_good: bool = False) -> bool:
        assert for_good
        killed.append(member._leadership.epoch)
        return False

    async with AsyncExitStack() as stack:
        member = await taken_part(stack, office, tmp_path)
        await until(lambda: member.core)
        epoch, before = member._leadership.epoch, member.core
        assert epoch is not None
        monkeypatch.setattr(Erp, "kill_browser", kill)
        with monkeypatch.context() as quick:
            quick.setattr(leadership, "HANGS", 0.5)
            freeze(until=lambda: killed)
        assert killed == [None]
        await until(lambda: member.core not in (None, before))
        assert member._leadership.epoch == epoch + 1


@pytest.mark.parametrize(
    ("trouble", "seconds"),
    [
        (StoreError("office-unreachable", path="office", detail="tests"), AGAIN),
        (StoreError("locked", path="office", detail="tests"), AGAIN),
        (EpochLost(1, path="office"), AGAIN),
        (StoreError("damaged", path="office", detail="tests"), UNFIT),
        (SettingsError("sync.orders.interval", "interval-range"), UNFIT),
    ],
    ids=lambda given: getattr(given, "code", ""),
)
async def test_a_member_that_cannot_open_gives_up_the_leadership_for_long_only_after_a_lasting_error(
    office: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: Exception, seconds: float
) -> None:
    abstained: list[float] = []
    said: list[str] = []

    async def fail(*_: object, **__: object) -> Core:
        raise trouble

    def abstain(self: Leadership, epoch: int, for_seconds: float) -> None:
        abstained.append(for_seconds)
        real(self, epoch, for_seconds)

    real = Leadership.abstain
    monkeypatch.setattr(Core, "open", fail)
    monkeypatch.setattr(Leadership, "abstain", abstain)
    async with AsyncExitStack() as stack:
        member = await taken_part(stack, office, tmp_path, say=lambda code, **_: said.append(code))
        await until(lambda: abstained)
        assert member.core is None
    assert set(abstained) == {seconds}
    assert getattr(trouble, "code", "") in said


async def test_a_member_whose_output_was_closed_leads_all_the_same(office: Server, tmp_path: Path) -> None:
    """``office run | head``: else it would hold the leadership and read nothing."""

    def say(code: str, **_: object) -> None:
        raise BrokenPipeError

    async with AsyncExitStack() as stack:
        member = await taken_part(stack, office, tmp_path, say=say)
        await until(lambda: member.core)


async def test_a_member_whose_output_was_closed_waits_for_its_server_all_the_same(
    office: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, codes = taking_part_module.address, list[str]()

    async def unreachable_at_first(profile: Profile, url: str) -> Server:
        if not codes:
            raise StoreError("office-unreachable", path=url, detail="")
        return await address(profile, url)

    def waits(error: SyncFailure) -> None:
        codes.append(error.code)
        raise BrokenPipeError

    monkeypatch.setattr(taking_part_module, "AGAIN", 0.01)
    monkeypatch.setattr(taking_part_module, "address", unreachable_at_first)
    monkeypatch.setenv(PASSWORD, office.password)
    async with AsyncExitStack() as stack:
        profile = await locked_profile(stack, office, tmp_path, {})
        taking = taking_part_at_last(profile, None, Membership(office.url), stop=asyncio.Event(), waits=waits)
        assert await stack.enter_async_context(taking) is not None
    assert codes == ["office-unreachable"]


async def test_a_member_that_runs_while_the_office_is_migrated_stops_writing(
    office: Server, tmp_path: Path, expected_errors: Any
) -> None:
    expected_errors.allow("the journal failed")  # its store is broken off
    refused: list[str] = []
    async with AsyncExitStack() as stack:
        member = await taken_part(stack, office, tmp_path)
        member.orchestrator.refused = lambda error: refused.append(error.code)
        await until(lambda: member.core)
        with office.connect("tests", autocommit=True) as connection, connection.transaction():
            connection.execute("UPDATE alembic_version SET version_num = '9999'")
            connection.execute("UPDATE leader SET epoch = epoch + 1, member = NULL")
            connection.execute("NOTIFY office_status")
        await until(lambda: member.only_reads)
        await until(lambda: member.core is None)
        assert refused == ["office-newer"]
        assert not member._leadership._may_lead
        member.orchestrator.hold()
        await until(lambda: refused == ["office-newer"] * 2)
        with pytest.raises(StoreError, match="office-newer"):
            await member.apply_settings({"sync.orders.interval": 15})


async def test_a_member_that_cannot_read_the_offices_memory_for_a_moment_tries_again_and_holds_nothing(
    office: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expected_errors: Any
) -> None:
    """Nobody may be there to end a pause that no operator began."""
    expected_errors(r"archisync_gui\.orchestrator\.memory: the journal failed.*")
    monkeypatch.setattr(leading_module, "AGAIN", 0.1)
    read, loads = StoreJournal.load, list[int]()

    async def load(journal: StoreJournal) -> Remembered:
        loads.append(1)
        if len(loads) == 1:
            raise StoreError("office-slow", path="office", detail="tests")
        return await read(journal)

    monkeypatch.setattr(StoreJournal, "load", load)
    async with AsyncExitStack() as stack:
        member = await taken_part(stack, office, tmp_path)
        await until(lambda: member.core)
        assert member.core is not None
        status = member.core.orchestrator.get_status()
        assert (status.hold_since, status.unreadable, len(loads)) == (None, (), 2)


async def test_a_leader_that_quits_for_an_installer_ends_its_read_first(
    office: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_end, waits, stop = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def read(_core: Core, _control: RunControl) -> Finished:
        await may_end.wait()
        return Finished(Outcome.COMPLETED, as_of=SystemClock().now(), rows=1)

    async def run_ended(orchestrator: OrchestratorApi, seconds: float) -> None:
        waits.set()
        await wait(orchestrator, seconds)

    wait = commands._run_ended
    monkeypatch.setattr(commands, "_run_ended", run_ended)
    monkeypatch.setattr(Core, "_run", read)
    monkeypatch.setenv(PASSWORD, office.password)
    async with AsyncExitStack() as stack:
        profile = await locked_profile(stack, office, tmp_path, {"erp.accounts": ["agente01"]})
        taking = taking_part_at_last(profile, None, Membership(office.url), stop=stop, waits=lambda _error: None)
        member = await stack.enter_async_context(taking)
        assert member is not None
        await until(lambda: member.core)
        assert member.core is not None
        orchestrator = member.core.orchestrator
        ticket = orchestrator.request_sync("customers")
        await until(lambda: orchestrator.get_status().current_run)
        quits = asyncio.ensure_future(call(profile, "quit", {"finish": 60.0}, lambda _event: None))
        await until(waits.is_set)
        for _ in range(100):
            await settle()
        assert not quits.done()
        assert not stop.is_set()
        may_end.set()
        assert await quits == (exit_codes.OK, None)
        assert (await ticket).outcome is Outcome.COMPLETED
        await until(stop.is_set)


@pytest.mark.parametrize(("part", "name"), [(Desk, "stop"), (Core, "close")], ids=["desk", "core"])
async def test_a_leader_that_loses_its_epoch_while_its_program_ends_ends_its_browser(
    office: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expected_errors: Any, part: type, name: str
) -> None:
    """Its last entries wait for a silent server while another member reads: it must not restore views then."""
    expected_errors.allow("the journal failed")  # its store is broken off
    killed: list[bool] = []

    def kill(erp: Erp, for_good: bool = False) -> bool:
        killed.append(for_good)
        return False

    close = getattr(part, name)

    async def slowly(self: Any, *how: Any) -> None:
        leading.lost(epoch)
        await until(lambda: killed)
        await close(self, *how)

    async with AsyncExitStack() as stack:
        member = await taken_part(stack, office, tmp_path)
        await until(lambda: member.core)
        leading = member._leadership
        assert leading.epoch is not None
        epoch = leading.epoch
        monkeypatch.setattr(Erp, "kill_browser", kill)
        monkeypatch.setattr(part, name, slowly)
    assert set(killed) == {True}


async def test_a_password_that_is_in_memory_only_outlives_a_leadership(
    office: Server, tmp_path: Path, expected_errors: Any
) -> None:
    """A computer without a keyring: else the account would be stopped for the whole office."""
    expected_errors.allow("the journal failed")  # its store is broken off
    async with AsyncExitStack() as stack:
        stack.enter_context(in_place(NoKeyring()))
        member = await taken_part(stack, office, tmp_path, {"erp.accounts": ["agente01"]})
        await until(lambda: member.core)
        epoch, before = member._leadership.epoch, member.core
        assert epoch is not None
        assert not await member.set_password("agente01", "secret")
        member._leadership.lost(epoch)
        await until(lambda: member.core not in (None, before))
        assert member.core is not None
        assert await member.core.credentials.password("agente01") == "secret"
        assert await member.credentials.place("agente01") == "memory"
