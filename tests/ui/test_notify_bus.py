"""Notifications over a real session bus: shown, replaced by later ones of their condition, and opened by clicks."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
import pytest_asyncio
from PySide6.QtWidgets import QSystemTrayIcon

from archisync_gui.ui.system.message import Message
from archisync_gui.ui.system.notify import Balloon, FreeDesktop, best_means
from tests.support.buses import NotificationService, bus
from tests.support.waiting import until

pytestmark = pytest.mark.skipif(shutil.which("dbus-daemon") is None, reason="needs Linux with dbus-daemon")

FAILED = Message("type:orders", "Orders: the sync failed", "a < b & c", "run", "r1", urgent=True)


class Desk:
    """A notification service and the panel's client on one bus."""

    def __init__(self, service: NotificationService) -> None:
        self.service = service
        self.opened: asyncio.Queue[Message] = asyncio.Queue()
        self.means = FreeDesktop(self.opened.put_nowait)

    async def place(self) -> Message:
        return await asyncio.wait_for(self.opened.get(), 10)


@pytest_asyncio.fixture(params=[("body", "actions"), ("body", "body-markup", "actions")])
async def desk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    async with bus() as address, NotificationService(request.param).at(address) as service:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        made = Desk(service)
        assert await made.means.connect()
        yield made
        await made.means.close()


async def test_a_click_and_the_button_open_the_place(desk: Desk) -> None:
    await desk.means.show(FAILED)
    await desk.service.click("Orders")
    assert await desk.place() is FAILED
    await desk.service.click("Orders", "open")
    assert await desk.place() is FAILED


async def test_the_text_is_escaped_for_services_with_markup(desk: Desk) -> None:
    await desk.means.show(FAILED)
    markup = "body-markup" in desk.service.capabilities
    assert desk.service.notes == [("Orders: the sync failed", "a &lt; b &amp; c" if markup else "a < b & c")]


async def test_a_notification_replaces_the_older_one_of_its_condition(desk: Desk) -> None:
    solved = Message("type:orders", "Orders: resolved", "", "overview")
    other = Message("account:anna", "The ERP refused the password of anna", "", "trouble", "anna")
    for message in (FAILED, other, solved):
        await desk.means.show(message)
    assert desk.service.numbers == [1, 2, 1]
    await desk.service.click("resolved")
    assert await desk.place() is solved


async def test_a_closed_one_is_not_replaced_and_clicks_on_those_of_other_programs_are_ignored(desk: Desk) -> None:
    await desk.means.show(FAILED)
    await desk.service.close(1)
    desk.service.notes.append(("Mail", ""))
    desk.service.numbers.append(77)
    await desk.service.click("Mail")  # of another program
    other = Message("hold", "Still paused by you", "", "overview")
    await desk.means.show(other)
    await desk.service.click("Still paused")
    assert await desk.place() is other
    await desk.means.show(FAILED)
    assert desk.service.numbers[-1] != 1
    assert desk.opened.empty()


async def test_without_a_service_the_tray_shows_balloons(qapp: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
    opened: list[Message] = []
    icon = QSystemTrayIcon()
    means = await best_means(icon, opened.append)
    assert isinstance(means, Balloon)
    await means.show(FAILED)
    icon.messageClicked.emit()
    assert opened == [FAILED]
    await means.close()


async def test_a_panel_that_ends_while_it_connects_leaves_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cancelled after each possible number of steps of the loop, no socket stays open."""
    # When a call is cancelled as its answer arrives, jeepney 0.9 leaves an exception that is never retrieved.
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    async with bus() as address, NotificationService(("body",)).at(address):
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        at_first = set(asyncio.all_tasks())
        sockets = open_sockets()
        connected = False
        steps = 0
        while not connected:
            steps += 1
            means = FreeDesktop(lambda message: None)
            connecting = asyncio.ensure_future(means.connect())
            for _ in range(steps):
                await asyncio.sleep(0)
            connected = connecting.done()
            connecting.cancel()
            if await asyncio.gather(connecting, return_exceptions=True) == [True]:
                await means.close()  # it was ready before the cancellation
            await until(lambda: open_sockets() == sockets and set(asyncio.all_tasks()) == at_first)
        assert steps > 5


def open_sockets() -> int:
    """The number of open sockets of this process."""
    found = 0
    for file in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # the descriptor of the listing itself
            found += str(file.readlink()).startswith("socket:")
    return found
