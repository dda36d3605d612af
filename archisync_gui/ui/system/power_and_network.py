"""The computer around the panel: sleep and wake, network lost and found. It says when nothing can be reached and why.

Linux tells of sleep over D-Bus (logind), Qt of the network on all systems. Where nobody tells of sleep, the
orchestrator sees it by its clocks.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtNetwork import QNetworkInformation, QNetworkInterface

from archisync_gui.model import Reason
from archisync_gui.ui.system.bus import Bus

log = logging.getLogger(__name__)

SETTLE = 3000
"""Milliseconds after waking before the network is believed: what is known of it then is from before the sleep."""

PATIENCE = 30_000
"""Milliseconds after waking after which reads are tried without having heard that the network is back."""


LOOK_AGAIN = 15_000
"""Milliseconds between two looks for an interface while there is no network: Qt tells of none where the way out of the
house is missing before and after it."""


class Surroundings(QObject):
    """One per panel. ``changed`` tells why nothing can be reached (a ``Reason``), or ``None``: it can."""

    changed = Signal(object)

    def __init__(self, parent: QObject | None = None, needed: Callable[[], bool] = lambda: True) -> None:
        """``needed`` False: the ERP is on this computer, so a missing network stops nothing."""
        super().__init__(parent)
        self._needed = needed
        self._asleep = False
        self._online = True
        self.away: Reason | None = None
        """Why nothing can be reached now."""
        self._settle = QTimer(self, singleShot=True, interval=SETTLE)
        self._settle.timeout.connect(self._settled)
        self._patience = QTimer(self, singleShot=True, interval=PATIENCE)
        self._patience.timeout.connect(self._awake)
        self._look = QTimer(self, interval=LOOK_AGAIN)
        self._look.timeout.connect(self._look_again)
        self._network: QNetworkInformation | None = None
        """Whose signal is listened to."""
        self._logind = Logind(self.sleeps)

    async def connect_system(self) -> None:
        """Listen to what this system tells."""
        if QNetworkInformation.loadDefaultBackend():
            network = self._network = QNetworkInformation.instance()
            network.reachabilityChanged.connect(self._reachable)
            self._reachable(network.reachability())
        if sys.platform.startswith("linux"):
            await self._logind.connect()

    async def close(self) -> None:
        """Listen no more."""
        for timer in (self._settle, self._patience, self._look):
            timer.stop()
        if self._network is not None:
            self._network.reachabilityChanged.disconnect(self._reachable)
            self._network = None
        await self._logind.close()

    # ------------------------------------------------------------------------------------------------ what is heard

    def sleeps(self, asleep: bool) -> None:
        """The computer is about to sleep, or has just woken."""
        if asleep:
            log.info("the computer goes to sleep")
            self._settle.stop()
            self._patience.stop()
            self._asleep = True
            self._tell()
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
            self._tell()
            if self._asleep and self._patience.isActive() and not self._settle.isActive():
                self._settled()

    def _reachable(self, reachability: QNetworkInformation.Reachability) -> None:
        # "Disconnected" is also said where only the way out of the house is missing (GLib, Qt 6.11): an ERP in the
        # house may still be reached as long as an interface is up.
        lost = reachability is QNetworkInformation.Reachability.Disconnected and not interface_up()
        self.set_online(not lost)

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
        self._tell()

    def _tell(self) -> None:
        offline = not self._online and self._needed()
        why = Reason.ASLEEP if self._asleep else Reason.OFFLINE if offline else None
        if why is not self.away:
            self.away = why
            self.changed.emit(why)


def interface_up() -> bool:
    """True when a network interface other than the computer's own loop is up and has an address."""
    flag = QNetworkInterface.InterfaceFlag
    return any(
        (found.flags() & flag.IsUp) and (found.flags() & flag.IsRunning) and found.addressEntries()
        for found in QNetworkInterface.allInterfaces()
        if not found.flags() & flag.IsLoopBack
    )


class Logind:
    """``PrepareForSleep`` of ``org.freedesktop.login1``, heard on the system bus."""

    def __init__(self, heard: Callable[[bool], None]) -> None:
        self._heard = heard
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
            await self._bus.listen(rule, lambda signal: self._heard(bool(signal.body[0])), "ui:sleep")
        except asyncio.CancelledError:
            await self.close()
            raise
        except Exception as error:
            log.info("nobody tells when the computer sleeps: %s", error)
            await self.close()
            return False
        return True

    async def close(self) -> None:
        """Leave the bus."""
        await self._bus.close()
