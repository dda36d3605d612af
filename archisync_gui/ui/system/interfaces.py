"""The computer's network interfaces: whether one is up, and reports of their changes on Linux."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import sys
from collections.abc import Callable

log = logging.getLogger(__name__)

LINKS, ADDRESSES, ADDRESSES_6 = 0x1, 0x10, 0x100
"""Groups of rtnetlink (``linux/rtnetlink.h``): changes of interfaces, of their IPv4 and of their IPv6 addresses."""


def interface_up() -> bool:
    """Whether a network interface other than the loopback is up, has a connection, and has an IP address."""
    import psutil

    addressed = {
        name
        for name, addresses in psutil.net_if_addrs().items()
        if any(one.family in (socket.AF_INET, socket.AF_INET6) and not _is_loopback(one.address) for one in addresses)
    }
    return any(state.isup and name in addressed for name, state in psutil.net_if_stats().items())


def _is_loopback(address: str) -> bool:
    return address == "::1" or address.startswith("127.")


class InterfaceChanges:
    """Calls ``changed`` in the event loop when a network interface or one of its addresses has changed (Linux)."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._socket: socket.socket | None = None

    def listen(self) -> bool:
        """Begin to listen; False if the system does not allow it, as in some sandboxes, or is not Linux."""
        if sys.platform != "linux":
            return False
        try:
            reports = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.NETLINK_ROUTE)
            try:
                reports.bind((0, LINKS | ADDRESSES | ADDRESSES_6))
            except OSError:
                reports.close()
                raise
        except OSError as error:
            log.info("changes of the network are not reported: %s", error)
            return False
        self._socket = reports
        asyncio.get_running_loop().add_reader(reports.fileno(), self._heard)
        return True

    def close(self) -> None:
        """Stop listening."""
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket.fileno())
            self._socket.close()
            self._socket = None

    def _heard(self) -> None:
        assert self._socket is not None
        while True:
            try:
                self._socket.recv(65536)  # what changed is not read: the interfaces are asked anew
            except BlockingIOError:
                break
            except OSError as error:
                if error.errno != errno.ENOBUFS:  # that one: more came than the queue holds
                    log.warning("changes of the network are no longer reported: %s", error)
                    self.close()
                    break
        self._changed()
