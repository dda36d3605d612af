"""Waiting on a thread for the server's notifications and for a signal from other threads, without polling."""

from __future__ import annotations

import select
import socket
from typing import Self

import psycopg

from archisync_gui.store.postgres_server import Connection


class Waker:
    """Wakes a thread that waits for notifications. To be closed when the thread has ended."""

    def __init__(self) -> None:
        self._receiver, self._sender = socket.socketpair()
        self._receiver.setblocking(False)
        self._sender.setblocking(False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def wake(self) -> None:
        """Wake the waiting thread; from any thread. Does nothing after :meth:`close`."""
        try:
            self._sender.send(b"\0")
        except (BlockingIOError, OSError):
            pass  # a signal is pending already, or it was closed

    def wait(self, connection: Connection | None, seconds: float) -> list[psycopg.Notify]:
        """Wait for a signal or a notification, at most so many seconds; returns the notifications received. Raises
        psycopg's errors when the connection is lost."""
        if connection is None:
            select.select([self._receiver], [], [], max(seconds, 0.0))
            self._clear()
            return []
        found = list(connection.notifies(timeout=0))  # received together with the answer to a statement
        if not found:
            select.select([self._receiver.fileno(), connection.fileno()], [], [], max(seconds, 0.0))
            found = list(connection.notifies(timeout=0))
        self._clear()
        return found

    def _clear(self) -> None:
        try:
            while self._receiver.recv(4096):
                pass
        except BlockingIOError:
            pass

    def close(self) -> None:
        """Close the sockets."""
        self._receiver.close()
        self._sender.close()
