"""Sleep and wake, network lost and found: detection, reports, and when reads are tried again."""

from __future__ import annotations

import asyncio
import errno
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import cast

import psutil
import pytest
from panel_fakes import FakeOrchestrator
from PySide6.QtNetwork import QNetworkInformation

from archisync_gui.app import opening
from archisync_gui.app.member import OfficeMember
from archisync_gui.model import EventKind, Reason
from archisync_gui.ui.system import interfaces
from archisync_gui.ui.system import power_and_network as surroundings
from archisync_gui.ui.system.interfaces import InterfaceChanges
from archisync_gui.ui.system.power_and_network import LOOK_AGAIN, PATIENCE, SETTLE, Logind, Surroundings
from tests.support.buses import bus, tell_sleep
from tests.support.waiting import until


@pytest.fixture
def around(qapp: object) -> Iterator[Surroundings]:
    made = Surroundings()
    yield made
    made._look.stop()


def told(around: Surroundings) -> list[Reason | None]:
    heard: list[Reason | None] = []
    around.changed.connect(heard.append)
    return heard


def test_a_computer_that_wakes_counts_as_awake_only_with_a_network(around: Surroundings) -> None:
    heard = told(around)
    around.sleeps(True)
    around.sleeps(True)
    assert heard == [Reason.ASLEEP]
    around.sleeps(False)
    assert heard == [Reason.ASLEEP]
    assert around._settle.isActive()
    assert around._settle.interval() == SETTLE
    around._settled()
    assert heard == [Reason.ASLEEP, None]
    assert not around._settle.isActive()
    assert not around._patience.isActive()


def test_the_wait_for_a_late_network_is_limited(around: Surroundings) -> None:
    heard = told(around)
    around.set_online(False)
    around.sleeps(True)
    around.sleeps(False)
    around._settle.stop()
    around._settled()
    assert heard == [Reason.OFFLINE, Reason.ASLEEP]
    assert around._patience.interval() == PATIENCE
    around.set_online(True)
    assert heard == [Reason.OFFLINE, Reason.ASLEEP, None]
    around.set_online(False)
    around.sleeps(True)
    around.sleeps(False)
    around._awake()
    assert heard[3:] == [Reason.OFFLINE, Reason.ASLEEP, Reason.OFFLINE]
    assert around.away is Reason.OFFLINE


def test_the_loss_and_the_return_of_a_network_are_reported_once_each(around: Surroundings) -> None:
    heard = told(around)
    for online in (True, False, False, True, True):
        around.set_online(online)
    assert heard == [Reason.OFFLINE, None]


def test_an_erp_on_this_computer_needs_no_network(qapp: object) -> None:
    around = Surroundings(needed=lambda: False)
    heard = told(around)
    around.set_online(False)
    assert heard == []
    around.sleeps(True)
    around.sleeps(False)
    around._settled()
    assert heard == [Reason.ASLEEP, None]


def test_disconnected_counts_only_when_no_interface_is_up(
    around: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    disconnected = QNetworkInformation.Reachability.Disconnected
    monkeypatch.setattr(surroundings, "interface_up", lambda: True)
    around._reachable(disconnected)
    assert around.away is None
    monkeypatch.setattr(surroundings, "interface_up", lambda: False)
    around._reachable(disconnected)
    assert around.away is Reason.OFFLINE
    around._reachable(QNetworkInformation.Reachability.Online)
    assert around.away is None


def test_an_interface_that_comes_back_is_found_without_a_signal_of_the_system(
    around: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A local network without access to the internet is "disconnected" before and after."""
    monkeypatch.setattr(surroundings, "interface_up", lambda: False)
    around._reachable(QNetworkInformation.Reachability.Disconnected)
    assert around._look.isActive()
    assert around._look.interval() == LOOK_AGAIN
    around._look.timeout.emit()
    assert around.away is Reason.OFFLINE
    monkeypatch.setattr(surroundings, "interface_up", lambda: True)
    around._look.timeout.emit()
    assert around.away is None
    assert not around._look.isActive()


async def test_qt_tells_of_the_network_where_the_system_is_not_linux(
    around: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(surroundings.sys, "platform", "win32")
    await around.connect_system()
    assert around._network is not None
    assert around._changes._socket is None
    await around.close()


async def test_a_system_may_forbid_to_listen_to_the_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object) -> socket.socket:
        raise PermissionError(errno.EACCES, "no netlink")

    monkeypatch.setattr(interfaces.socket, "socket", forbidden)
    assert InterfaceChanges(lambda: None).listen() is False


async def test_more_changes_than_the_kernel_keeps_are_one_change_and_an_error_ends_the_reports(
    caplog: pytest.LogCaptureFixture,
) -> None:
    heard: list[int] = []
    changes = InterfaceChanges(lambda: heard.append(1))
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    answers: list[OSError] = [OSError(errno.ENOBUFS, "full"), BlockingIOError()]
    with theirs:
        changes._socket = cast(socket.socket, _Failing(ours, answers))
        changes._heard()
        assert heard == [1]
        answers.append(OSError(errno.ENETDOWN, "gone"))
        changes._heard()
        assert heard == [1, 1]
        assert changes._socket is None
        assert "no longer reported" in caplog.text
    ours.close()


class _Failing:
    """A socket whose reads end with the errors of a list, one after the other."""

    def __init__(self, real: socket.socket, errors: list[OSError]) -> None:
        self.fileno, self.close, self._errors = real.fileno, real.close, errors

    def recv(self, size: int) -> bytes:
        raise self._errors.pop(0)


async def test_after_the_end_there_is_no_polling(around: Surroundings) -> None:
    around.set_online(False)
    await around.close()
    assert not around._look.isActive()


async def test_an_answer_of_the_erp_ends_being_offline(qapp: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator's reads are tried even without a network."""
    made: list[Surroundings] = []

    async def connect_system(around: Surroundings) -> None:
        made.append(around)
        around.set_online(False)

    monkeypatch.setattr(Surroundings, "connect_system", connect_system)
    heard: list[Reason | None] = []
    orchestrator = FakeOrchestrator()
    core = SimpleNamespace(erp_is_here=False, set_away=heard.append, orchestrator=orchestrator)
    async with opening._system_state(cast(OfficeMember, core)):
        (around,) = made
        for kind in (EventKind.SYNC_STARTED, EventKind.SYNC_ERROR, EventKind.SYNC_CANCELLED):
            orchestrator.tell(kind)
        await asyncio.sleep(0)
        assert heard == [Reason.OFFLINE]
        orchestrator.tell(EventKind.SYNC_COMPLETED)
        await until(lambda: heard == [Reason.OFFLINE, None])
    around.set_online(False)
    orchestrator.tell(EventKind.SYNC_COMPLETED)
    await asyncio.sleep(0)
    assert heard == [Reason.OFFLINE, None]
    await around.close()


def _interfaces(monkeypatch: pytest.MonkeyPatch, *found: tuple[str, bool, tuple[tuple[int, str], ...]]) -> None:
    """Names, whether the interface is up and connected, and addresses with their family, in place of the computer's."""
    states = {name: SimpleNamespace(isup=up) for name, up, _ in found}
    addresses = {
        name: [SimpleNamespace(family=family, address=address) for family, address in had] for name, _, had in found
    }
    monkeypatch.setattr(psutil, "net_if_stats", lambda: states)
    monkeypatch.setattr(psutil, "net_if_addrs", lambda: addresses)


LOOP = ("lo", True, ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")))
CARD = ((psutil.AF_LINK, "02:fc:00:00:00:01"),)


@pytest.mark.parametrize(
    ("found", "up"),
    [
        ((LOOP,), False),
        ((LOOP, ("eth0", True, CARD)), False),  # no address yet
        ((LOOP, ("eth0", False, ((socket.AF_INET, "192.0.2.2"), *CARD))), False),  # the cable is out
        ((LOOP, ("eth0", True, ((socket.AF_INET, "192.0.2.2"), *CARD))), True),
        ((LOOP, ("wlan0", True, ((socket.AF_INET6, "fe80::1%wlan0"),))), True),
        ((("eth0", True, ()), ("eth1", False, ((socket.AF_INET, "192.0.2.2"),))), False),
    ],
)
def test_an_interface_counts_that_is_connected_and_has_an_address_of_a_network(
    monkeypatch: pytest.MonkeyPatch, found: tuple[tuple[str, bool, tuple[tuple[int, str], ...]], ...], up: bool
) -> None:
    _interfaces(monkeypatch, *found)
    assert surroundings.interface_up() is up


def test_the_computers_own_interfaces_can_be_asked() -> None:
    assert surroundings.interface_up() in (True, False)


@pytest.mark.skipif(shutil.which("dbus-daemon") is None, reason="needs Linux with dbus-daemon")
async def test_signals_of_logind_are_received_from_the_system_bus(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: asyncio.Queue[bool] = asyncio.Queue()
    async with bus() as address:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
        logind = Logind(heard.put_nowait)
        assert await logind.connect()
        await tell_sleep(address, True)
        await tell_sleep(address, False)
        async with asyncio.timeout(60):
            assert [await heard.get(), await heard.get()] == [True, False]
        await logind.close()


async def test_without_a_system_bus_there_are_no_signals_and_no_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus")
    logind = Logind(lambda asleep: None)
    assert await logind.connect() is False


HEAR = """
import asyncio, subprocess, sys
from archisync_gui.ui.system import power_and_network
from archisync_gui.ui.system.loop import run
from archisync_gui.ui.system.power_and_network import Surroundings

power_and_network.LOOK_AGAIN = 100

async def main(app):
    around, heard = Surroundings(), asyncio.Queue()
    around.changed.connect(heard.put_nowait)
    await around.connect_system()
    for commands in (
        (),
        ("link add here type veth peer name there", "link set there up", "addr add 10.9.0.2/24 dev here",
         "link set here up", "route add default via 10.9.0.1"),
        ("link set here down",),
        ("link set here up",),
    ):
        for command in commands:
            subprocess.run(["ip", *command.split()], check=True)
        print(await asyncio.wait_for(heard.get(), 20), flush=True)
    await around.close()
    assert "PySide6.QtNetwork" not in sys.modules
    return 0

raise SystemExit(run(main))
"""


def _namespace() -> bool:
    if not sys.platform.startswith("linux") or not (shutil.which("unshare") and shutil.which("ip")):
        return False
    tried = "ip link add here type veth peer name there"
    return subprocess.run(["unshare", "-n", "sh", "-c", tried], capture_output=True).returncode == 0


@pytest.mark.skipif(
    not _namespace(), reason="needs Linux and the right to make a network namespace with a network in it"
)
def test_a_real_network_lost_and_found() -> None:
    """In a network namespace, empty at first: a network appears, disappears, and comes back without a route outside."""
    done = subprocess.run(
        ["unshare", "-n", sys.executable, "-c", HEAR], capture_output=True, text=True, timeout=90, check=False
    )
    assert done.stdout.split() == ["offline", "None", "offline", "None"], done.stderr
    assert done.returncode == 0, done.stderr
