"""Ports for servers of tests, outside those that the system gives to connections."""

from __future__ import annotations

import secrets
import socket
import sys

from archisync_gui.endpoint.port import PORTS_TRIED

NEIGHBOURS = 32
"""Distance between the ports that :func:`free_port` chooses from: no panel asks the neighbours of another one's."""


def free_port() -> int:
    """A port that was free a moment ago, as were the nine after it, which a panel and its pages try, too.

    Below the ports that systems give to connections: one in use by a client, or closed by it a minute ago, cannot be
    bound.
    """
    for first in secrets.SystemRandom().sample(range(10_000, 32_000, NEIGHBOURS), 200):
        if all(_is_free(port) for port in range(first, first + PORTS_TRIED)):
            return first
    raise OSError("no ten free ports in a row")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        if sys.platform != "win32":  # there it would take a port that is in use
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
