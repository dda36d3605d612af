"""D-Bus for tests: a private bus, a notification service, and logind's signal for sleep."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@asynccontextmanager
async def bus(env: dict[str, str] | None = None) -> AsyncIterator[str]:
    """A message bus that ends with the block; yields its address."""
    process = await asyncio.create_subprocess_exec(
        "dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address=1",
        env=env, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        yield (await asyncio.wait_for(process.stdout.readline(), 20)).decode().strip()
    finally:
        process.terminate()
        await process.wait()


@dataclass
class NotificationService:
    """``org.freedesktop.Notifications``: records the notifications it receives, and can simulate clicks."""

    capabilities: tuple[str, ...] = ("body", "actions")
    notes: list[tuple[str, str]] = field(default_factory=list)
    """Title and text of each, in order."""
    numbers: list[int] = field(default_factory=list)
    """The id of each notification; one that replaces an older one has the same id."""
    _connection: Any = None
    _ready: asyncio.Event = field(default_factory=asyncio.Event)

    @asynccontextmanager
    async def at(self, address: str) -> AsyncIterator[NotificationService]:
        """Serve on that bus."""
        from jeepney.io.asyncio import open_dbus_connection

        self._connection = await open_dbus_connection(address)
        serving = asyncio.create_task(self._serve())
        try:
            await asyncio.wait_for(self._ready.wait(), 20)
            yield self
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)
            await self._connection.close()

    async def click(self, title: str, action: str = "default") -> None:
        """Click the newest notification whose title contains ``title``."""
        at = max(i for i, (t, _) in enumerate(self.notes) if title in t)
        await self._signal("ActionInvoked", "us", (self.numbers[at], action))

    async def close(self, number: int) -> None:
        """Report that the user has closed a notification (reason 2)."""
        await self._signal("NotificationClosed", "uu", (number, 2))

    async def _signal(self, name: str, signature: str, body: tuple[object, ...]) -> None:
        from jeepney import DBusAddress, new_signal

        emitter = DBusAddress("/org/freedesktop/Notifications", interface="org.freedesktop.Notifications")
        await self._connection.send(new_signal(emitter, name, signature, body))

    async def _serve(self) -> None:
        from jeepney import MessageType, new_method_return
        from jeepney.bus_messages import message_bus

        await self._connection.send(message_bus.RequestName("org.freedesktop.Notifications"))
        while True:
            message = await self._connection.receive()
            self._ready.set()
            if message.header.message_type is not MessageType.method_call:
                continue
            match message.header.fields.get(3):
                case "GetCapabilities":
                    answer = new_method_return(message, "as", (list(self.capabilities),))
                case "Notify":
                    number = message.body[1] or len(self.notes) + 1
                    answer = new_method_return(message, "u", (number,))
                case _:
                    continue
            await self._connection.send(answer)
            if message.header.fields.get(3) == "Notify":
                # Recorded after the answer with its id is sent: before that a click could not be matched.
                self.numbers.append(number)
                self.notes.append((message.body[3], message.body[4]))


async def tell_sleep(address: str, asleep: bool) -> None:
    """Send logind's signal ``PrepareForSleep``: ``asleep`` is true before the computer sleeps, false after it woke."""
    from jeepney import DBusAddress, message_bus, new_signal
    from jeepney.io.asyncio import DBusRouter, Proxy, open_dbus_router

    async with open_dbus_router(address) as router:
        assert isinstance(router, DBusRouter)
        await Proxy(message_bus, router).GetId()
        logind = DBusAddress("/org/freedesktop/login1", interface="org.freedesktop.login1.Manager")
        await router.send(new_signal(logind, "PrepareForSleep", "b", (asleep,)))
