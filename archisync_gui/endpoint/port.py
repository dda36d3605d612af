"""The endpoint's listening socket and origin; no HTTP."""

from __future__ import annotations

import errno
import socket
import sys

from archisync_gui.model import FailureKind, SyncFailure

PORTS_TRIED = 10
"""How many ports the panel tries, from the default or configured one on."""


def own_origin(port: int) -> str:
    """The origin of our own pages.

    Not with ``localhost``: under that name a browser may reach another user's program that listens on ``::1``.
    """
    return f"http://127.0.0.1:{port}"


def listen(first: int) -> socket.socket:
    """A listening socket on the first free of ten ports from ``first`` on; 0: on any free port. Raises
    :class:`EndpointError` ``ports-taken``."""
    for port in range(first, min(first + PORTS_TRIED, 65536)) if first > 0 else (0,):
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            if sys.platform == "win32":
                # Without this another program could bind the same port.
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
            else:
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(("127.0.0.1", port))
            listening.listen(256)
        except OSError as error:
            listening.close()
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
        else:
            return listening
    raise EndpointError("ports-taken", first=first, last=first + PORTS_TRIED - 1)


class EndpointError(SyncFailure):
    """The endpoint cannot start; ``code`` has a text in ``resources/messages/endpoint.toml``."""

    def __init__(self, code: str, **params: str | int) -> None:
        super().__init__(code, FailureKind.PERMANENT, params=params)
