"""Accepts the connections of the endpoint, and on Windows those of the local channel.

On Windows asyncio's own server closes its listening socket for good when a client resets a connection before it is
accepted (python/cpython#93821): any program or web page could make it unreachable. There a thread accepts them.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from archisync_gui.system import sys_platform

log = logging.getLogger(__name__)

ASYNCIO_ACCEPTS = sys_platform() != "win32"

EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
"""Errors of a system that has no file or memory left for another connection."""

PAUSE = 1.0
"""Seconds until the next attempt after such an error, or after :data:`MANY` other ones in a row."""

MANY = 1000


class Listener:
    """A listening socket. Each connection to it gets a protocol, until it is closed."""

    def __init__(self, listening: socket.socket, protocol: Callable[[], asyncio.BaseProtocol]) -> None:
        """``protocol`` makes a connection's protocol. The listener closes the socket."""
        self._socket = listening
        self._protocol = protocol
        self._server: asyncio.Server | None = None
        """Accepts the connections, but on Windows."""
        self._thread: threading.Thread | None = None
        """Accepts them on Windows."""
        self._serving: set[asyncio.Task[None]] = set()
        """Make the transports of connections that the thread has accepted."""
        self._closed = False

    async def start(self) -> None:
        """Accept connections from now on."""
        loop = asyncio.get_running_loop()
        if ASYNCIO_ACCEPTS:
            self._server = await loop.create_server(self._protocol, sock=self._socket, backlog=256)
        else:
            self._thread = threading.Thread(target=self._accept, args=(loop,), name="listener", daemon=True)
            self._thread.start()

    async def close(self) -> None:
        """Accept no more connections, and free the port. Connections stay open."""
        self._closed = True
        if self._server is not None:
            self._server.close()
        if self._thread is not None:
            await asyncio.to_thread(self._end, self._thread)
            await asyncio.gather(*self._serving)
        self._socket.close()

    # ---------------------------------------------------------------- the thread

    def _accept(self, loop: asyncio.AbstractEventLoop) -> None:
        failures = 0
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError as error:  # this connection is lost; others may come
                if self._closed:
                    return
                log.info("a connection could not be accepted: %s", error)
                failures += 1
                if error.errno in EXHAUSTED or failures % MANY == 0:
                    time.sleep(PAUSE)
                continue
            failures = 0
            if not self._closed:
                with suppress(RuntimeError):  # the loop has ended without closing this listener
                    loop.call_soon_threadsafe(self._begin, connection)
                    continue
            connection.close()
            return

    def _end(self, thread: threading.Thread) -> None:
        """End the thread by a connection, which is closed unused."""
        with suppress(OSError):
            socket.create_connection(self._socket.getsockname(), timeout=1.0).close()
        thread.join(5.0)

    # ---------------------------------------------------------------- its connections, in the loop

    def _begin(self, connection: socket.socket) -> None:
        if self._closed:
            connection.close()
            return
        task = asyncio.get_running_loop().create_task(self._serve(connection), name="connection")
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _serve(self, connection: socket.socket) -> None:
        try:
            await asyncio.get_running_loop().connect_accepted_socket(self._protocol, connection)
        except OSError as error:  # the client has closed it already
            connection.close()
            log.info("a connection was lost: %s", error)
        except Exception:
            connection.close()
            log.exception("a connection could not be served")
