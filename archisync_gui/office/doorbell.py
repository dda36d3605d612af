"""Waiting on a thread for the server's notifications and for other threads at once, without polling."""

from __future__ import annotations

import select
import socket
from typing import Self

import psycopg

from archisync_gui.store.postgres_server import Connection


class Doorbell:
    """Wakes a thread that waits for notifications. Close it when the thread has ended."""

    def __init__(self) -> None:
        self._hears, self._rings = socket.socketpair()
        self._hears.setblocking(False)
        self._rings.setblocking(False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ring(self) -> None:
        """Wake the thread; from any thread. What rings after :meth:`close` is not heard."""
        try:
            self._rings.send(b"\0")
        except (BlockingIOError, OSError):
            pass  # it rings already, or nobody waits any more

    def wait(self, connection: Connection | None, seconds: float) -> list[psycopg.Notify]:
        """Wait for a ring or a notification, at most so long; the notifications that came. Raises psycopg's errors when
        the connection is lost."""
        if connection is None:
            select.select([self._hears], [], [], max(seconds, 0.0))
            self._stop_ringing()
            return []
        found = list(connection.notifies(timeout=0))  # those that came with the answer to a statement
        if not found:
            select.select([self._hears.fileno(), connection.fileno()], [], [], max(seconds, 0.0))
            found = list(connection.notifies(timeout=0))
        self._stop_ringing()
        return found

    def _stop_ringing(self) -> None:
        try:
            while self._hears.recv(4096):
                pass
        except BlockingIOError:
            pass

    def close(self) -> None:
        """Let nobody ring any more."""
        self._hears.close()
        self._rings.close()
