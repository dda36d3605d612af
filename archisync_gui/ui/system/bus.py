"""A connection to a D-Bus of this desktop, by jeepney: calls and signals.

Qt's own D-Bus classes cannot make a call with eight arguments from Python (seen with PySide6 6.11).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Literal

log = logging.getLogger(__name__)

LIMIT = 3.0
"""Seconds that a bus or a service on it may take to answer."""


class Bus:
    """A connection with a task for each signal. It must be closed in any case, also after a failed :meth:`connect`."""

    def __init__(self, kind: Literal["SESSION", "SYSTEM"]) -> None:
        self._kind = kind
        self._router: Any = None
        self._connection: Any = None
        self._listening: list[asyncio.Task[None]] = []

    async def connect(self) -> None:
        """Connect. Where there is no such bus it raises an error of jeepney's, ``OSError`` or ``TimeoutError``."""
        from jeepney.io.asyncio import DBusRouter, open_dbus_connection

        opening = asyncio.ensure_future(open_dbus_connection(self._kind))
        try:
            self._connection = await asyncio.wait_for(asyncio.shield(opening), LIMIT)
        except asyncio.CancelledError:
            with suppress(Exception):  # jeepney 0.9 leaves its socket open when it is cancelled: let it finish
                self._connection = await asyncio.wait_for(opening, LIMIT)
            raise
        self._router = DBusRouter(self._connection)
        await self._router.__aenter__()

    async def call(self, message: Any) -> tuple[Any, ...]:
        """Send a call; returns the body of the answer."""
        answer = await asyncio.wait_for(self._router.send_and_get_reply(message), LIMIT)
        return tuple(answer.body)

    async def listen(self, rule: Any, handle: Callable[[Any], None], name: str) -> None:
        """Call ``handle`` with every signal that matches ``rule``; ``name``: of the listening task."""
        from jeepney import message_bus
        from jeepney.io.asyncio import Proxy

        await asyncio.wait_for(Proxy(message_bus, self._router).AddMatch(rule), LIMIT)
        self._listening.append(asyncio.get_running_loop().create_task(self._dispatch(rule, handle), name=name))

    async def _dispatch(self, rule: Any, handle: Callable[[Any], None]) -> None:
        with self._router.filter(rule, bufsize=50) as queue:
            while True:
                handle(await queue.get())

    async def close(self) -> None:
        """Leave the bus."""
        listening, self._listening = self._listening, []
        for task in listening:
            task.cancel()
        await asyncio.gather(*listening, return_exceptions=True)
        router, self._router = self._router, None
        connection, self._connection = self._connection, None
        try:
            if router is not None:
                await router.__aexit__(None, None, None)
        except Exception as error:  # jeepney's receiver has failed, e.g. at the answer to a call just cancelled
            log.info("the bus was left after %r", error)
        finally:
            if connection is not None:
                await connection.close()
