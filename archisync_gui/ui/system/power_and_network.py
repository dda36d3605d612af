"""The computer's sleep and network: reports when the ERP cannot be reached, and why.

On Linux, logind reports sleep over D-Bus and the kernel reports the network; elsewhere Qt reports the network. Where
sleep is not reported, the orchestrator detects it from its clocks.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from archisync_gui.model import Reason
from archisync_gui.ui.system.bus import Bus
from archisync_gui.ui.system.interfaces import InterfaceChanges, interface_up

if TYPE_CHECKING:
    from PySide6.QtNetwork import QNetworkInformation

log = logging.getLogger(__name__)

SETTLE = 3000
"""Milliseconds after waking until the network's state is trusted: until then it may be that from before the sleep."""

PATIENCE = 30_000
"""Milliseconds after waking after which reads are tried even if the network is not reported as back."""

LOOK_AGAIN = 15_000
"""Milliseconds between two checks for an interface while there is no network: where the internet cannot be reached
before and after, Qt does not report that an interface comes up."""


class Surroundings(QObject):
    """Sleep and network of the computer. One per panel. ``changed``: why the ERP cannot be reached (a ``Reason``), or
    ``None``: it can."""

    changed = Signal(object)

    def __init__(self, parent: QObject | None = None, needed: Callable[[], bool] = lambda: True) -> None:
        """``needed`` returns False when the ERP is on this computer: then a missing network does not matter."""
        super().__init__(parent)
        self._needed = needed
        self._asleep = False
        self._online = True
        self.away: Reason | None = None
        """Why the ERP cannot be reached now; ``None``: it can."""
        self._settle = QTimer(self, singleShot=True, interval=SETTLE)
        self._settle.timeout.connect(self._settled)
        self._patience = QTimer(self, singleShot=True, interval=PATIENCE)
        self._patience.timeout.connect(self._awake)
        self._look = QTimer(self, interval=LOOK_AGAIN)
        self._look.timeout.connect(self._look_again)
        self._network: QNetworkInformation | None = None
        """The object whose signal is connected; not on Linux."""
        self._changes = InterfaceChanges(self._interfaces_changed)
        self._logind = Logind(self.sleeps)

    async def connect_system(self) -> None:
        """Begin to listen to this system's reports."""
        if sys.platform.startswith("linux"):
            # Qt's module and the GLib that it loads here take 6 MB.
            if self._changes.listen():
                self._interfaces_changed()
            await self._logind.connect()
        else:
            self._connect_qt()

    def _connect_qt(self) -> None:
        from PySide6.QtNetwork import QNetworkInformation

        if QNetworkInformation.loadDefaultBackend():
            network = self._network = QNetworkInformation.instance()
            network.reachabilityChanged.connect(self._reachable)
            self._reachable(network.reachability())

    async def close(self) -> None:
        """Stop listening."""
        for timer in (self._settle, self._patience, self._look):
            timer.stop()
        if self._network is not None:
            self._network.reachabilityChanged.disconnect(self._reachable)
            self._network = None
        self._changes.close()
        await self._logind.close()

    # ------------------------------------------------------------------------------------------------ reports

    def sleeps(self, asleep: bool) -> None:
        """The computer is about to sleep, or has just woken."""
        if asleep:
            log.info("the computer goes to sleep")
            self._settle.stop()
            self._patience.stop()
            self._asleep = True
            self._emit_change()
        elif self._asleep:
            log.info("the computer woke")
            self._settle.start()
            self._patience.start()

    def set_online(self, online: bool) -> None:
        """The network was lost or found."""
        if online is not self._online:
            log.info("the network was %s", "found" if online else "lost")
            self._online = online
            if online:
                self._look.stop()
            else:
                self._look.start()
            self._emit_change()
            if self._asleep and self._patience.isActive() and not self._settle.isActive():
                self._settled()

    def _reachable(self, reachability: QNetworkInformation.Reachability) -> None:
        # "Disconnected" is also reported where only the internet is missing: an ERP in the local network can be reached
        # as long as an interface is up.
        self.set_online(reachability is not type(reachability).Disconnected or interface_up())

    def _interfaces_changed(self) -> None:
        self.set_online(interface_up())

    def _look_again(self) -> None:
        if interface_up():
            self.set_online(True)

    def _settled(self) -> None:
        if self._online or not self._needed():
            self._awake()

    def _awake(self) -> None:
        self._settle.stop()
        self._patience.stop()
        self._asleep = False
        self._emit_change()

    def _emit_change(self) -> None:
        offline = not self._online and self._needed()
        why = Reason.ASLEEP if self._asleep else Reason.OFFLINE if offline else None
        if why is not self.away:
            self.away = why
            self.changed.emit(why)


class Logind:
    """Listens to the signal ``PrepareForSleep`` of ``org.freedesktop.login1`` on the system bus."""

    def __init__(self, on_sleep: Callable[[bool], None]) -> None:
        self._on_sleep = on_sleep
        self._bus = Bus("SYSTEM")

    async def connect(self) -> bool:
        """True when there is a system bus to listen to."""
        try:
            from jeepney import MatchRule

            await self._bus.connect()
            rule = MatchRule(
                type="signal",
                interface="org.freedesktop.login1.Manager",
                member="PrepareForSleep",
                path="/org/freedesktop/login1",
            )
            await self._bus.listen(rule, lambda signal: self._on_sleep(bool(signal.body[0])), "ui:sleep")
        except asyncio.CancelledError:
            await self.close()
            raise
        except Exception as error:
            log.info("the computer's sleep is not reported: %s", error)
            await self.close()
            return False
        return True

    async def close(self) -> None:
        """Leave the bus."""
        await self._bus.close()
