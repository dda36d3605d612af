"""Notifications: which conditions are told, how often, and by what means. Showing a place is the panel's work.

One condition is told once: again only after its back-off has passed, and once more when it is resolved.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any, Protocol

from PySide6.QtWidgets import QSystemTrayIcon

from archisync_gui.model import Event, EventKind, FailureKind, Outcome, State, Status
from archisync_gui.settings import Settings
from archisync_gui.ui.system.bus import Bus
from archisync_gui.ui.text import words
from archisync_gui.ui.text.i18n import tr

log = logging.getLogger(__name__)

FIRST_PAUSE = timedelta(minutes=10)
"""A condition that lasts is told again after so long, then after twice as long, up to :data:`LONGEST_PAUSE`."""

LONGEST_PAUSE = timedelta(hours=4)

LONG_HOLD = timedelta(minutes=60)
"""A pause of the operator's own is called to mind after so long."""


@dataclass(frozen=True, slots=True)
class Message:
    """One notification."""

    key: str
    """The condition it is about: a newer message with the same key replaces the older."""
    title: str
    text: str
    place: str
    """What a click opens: the name of a page or dialog."""
    what: object = None
    urgent: bool = False


@dataclass(slots=True)
class _Told:
    last: datetime
    pause: timedelta
    resolved: bool = False


@dataclass(slots=True)
class Policy:
    """Decides what is told. Plain state: conditions that hold, and when each was told last."""

    told: dict[str, _Told] = field(default_factory=dict)
    open: dict[str, str] = field(default_factory=dict)
    """Conditions told and not resolved yet, with the name people know them by."""

    def of_status(
        self, status: Status, now: datetime, settings: Settings, without_password: Collection[str] = ()
    ) -> list[Message]:
        """Failures that last, recoveries, credentials, long holds. In quiet hours nothing is told or forgotten: what
        still holds when they end is told then. ``without_password``: accounts that need one before they are read."""
        if _quiet(now, settings):
            return []
        wanted: list[Message] = []
        holding: dict[str, str] = {}
        for type_status in status.statuses.values():
            name = words.type_name(type_status.type)
            failed = [
                a
                for a in type_status.accounts
                if a.last_outcome in (Outcome.FAILED, Outcome.REFUSED)
                and a.failures_in_a_row > 0
                and a.state not in (State.RUNNING, State.STOPPED)
            ]
            refused = [a for a in type_status.accounts if a.state is State.REFUSED]
            key = f"type:{type_status.type}"
            if refused:
                holding[key] = name
                wanted.append(
                    Message(
                        key,
                        tr("{type}: a read looked wrong", type=name),
                        tr("Nothing was changed. Look at what was found and decide."),
                        "trouble",
                        refused[0],
                        True,
                    )
                )
            elif failed:
                holding[key] = name
                why = words.failure_word(failed[0].last_error)
                wanted.append(
                    Message(
                        key,
                        tr("{type}: the sync failed", type=name),
                        tr("{why}. The data stay as they were.", why=why[:1].upper() + why[1:]),
                        "run",
                        failed[0].last_run_id,
                    )
                )
            elif key in self.open and any(
                a.is_running or a.last_outcome in (Outcome.FAILED, Outcome.REFUSED) for a in type_status.accounts
            ):
                holding[key] = name  # being tried again: neither failed anew nor resolved
        transient = [m for m in wanted if _kind(status, m.key) is FailureKind.TRANSIENT]
        if len(transient) > 1:
            names = ", ".join(holding[m.key] for m in transient)
            wanted = [m for m in wanted if m not in transient]
            for message in transient:
                holding.pop(message.key)
            holding["erp"] = tr("The ERP")
            wanted.append(
                Message(
                    "erp", tr("The ERP does not answer"), tr("{names}: tried again by itself.", names=names), "overview"
                )
            )
        for account in status.accounts:
            if account.stopped is not None:
                code = account.stopped.code
            elif account.id in without_password:
                code = "password-missing"
            else:
                continue
            key = f"account:{account.id}"
            holding[key] = account.id
            missing = code == "password-missing"
            wanted.append(
                Message(
                    key,
                    words.stopped_title(code, account.id),
                    tr("Nothing is read until you enter it.")
                    if missing
                    else tr("Nothing is tried until you correct it."),
                    "password" if missing else "trouble",
                    account.id,
                    True,
                )
            )
        if status.hold_since is not None and now - status.hold_since >= LONG_HOLD:
            key = "hold"
            holding[key] = tr("The pause")
            wanted.append(Message(key, tr("Still paused by you"), tr("Nothing is read until you release."), "overview"))
        found = [m for m in wanted if self._due(m, now) and _allowed(m, settings)]
        resolved = [
            Message(f"{key}", tr("{name}: resolved", name=name), tr("It works again."), "overview")
            for key, name in self.open.items()
            if key not in holding and key != "hold"
        ]
        for key in [k for k in self.open if k not in holding]:
            self.open.pop(key)
            # Kept with its time: what comes and goes and comes again is still told at most once in that time.
            self.told[key] = _Told(self.told[key].last, FIRST_PAUSE, resolved=True)
        for message in found:
            self.open[message.key] = holding.get(message.key, message.key)
            before = self.told.get(message.key)
            again = before is not None and not before.resolved
            pause = min(before.pause * 2, LONGEST_PAUSE) if before is not None and again else FIRST_PAUSE
            self.told[message.key] = _Told(now, pause)
        return [*found, *resolved] if settings.flag("notify.recovery") else found

    def of_events(self, events: Sequence[Event], now: datetime, settings: Settings) -> list[Message]:
        """Sessions that timed out."""
        if not settings.flag("notify.session_timeout") or _quiet(now, settings):
            return []
        message = Message(
            "session",
            tr("An order form was left open"),
            tr("No sign of life: the waiting syncs go on. The form starts again by itself at the next input."),
            "sessions",
        )
        if not any(e.kind is EventKind.SMART_SYNC_TIMEOUT for e in events) or not self._due(message, now):
            return []
        self.told[message.key] = _Told(now, FIRST_PAUSE)
        return [message]

    def of_requests(self, waiting: int, now: datetime, settings: Settings) -> list[Message]:
        """An order form that waits for consent; ``waiting``: how many do."""
        message = Message(
            "form-request",
            tr("An order form waits for your consent"),
            tr("It was opened from a bookmark. Allow it in the panel if it is yours."),
            "overview",
        )
        if not waiting:
            self.told.pop(message.key, None)
            return []
        if _quiet(now, settings) or not self._due(message, now):
            return []
        self.told[message.key] = _Told(now, FIRST_PAUSE)
        return [message]

    def _due(self, message: Message, now: datetime) -> bool:
        told = self.told.get(message.key)
        return told is None or now - told.last >= told.pause


def _kind(status: Status, key: str) -> FailureKind | None:
    found = status.statuses.get(key.removeprefix("type:"))
    errors = [a.last_error for a in found.accounts if a.last_error is not None] if found is not None else []
    return errors[0].kind if errors else None


def _allowed(message: Message, settings: Settings) -> bool:
    level = {"hold": "notify.long_hold", "account": "notify.credentials"}
    return settings.flag(level.get(message.key.split(":")[0], "notify.failure"))


def _quiet(now: datetime, settings: Settings) -> bool:
    start, end = (time.fromisoformat(settings.text(k)) for k in ("notify.quiet_from", "notify.quiet_to"))
    at = now.astimezone().time()
    if start == end:
        return False
    return start <= at < end if start < end else at >= start or at < end


# ------------------------------------------------------------------------------------------------------ means


class Means(Protocol):
    """A way to show notifications."""

    async def show(self, message: Message) -> None: ...
    async def close(self) -> None: ...


class Balloon:
    """Qt's own balloons at the tray icon (Windows, macOS, and Linux without a notification service)."""

    def __init__(self, icon: QSystemTrayIcon, opened: Callable[[Message], None]) -> None:
        self._icon = icon
        self._last: Message | None = None
        self._opened = opened
        icon.messageClicked.connect(self._clicked)

    def _clicked(self) -> None:
        if self._last is not None:
            self._opened(self._last)

    async def show(self, message: Message) -> None:
        """Show it at the icon; without a tray there is nowhere to."""
        self._last = message
        if self._icon.isVisible():
            kind = QSystemTrayIcon.MessageIcon
            self._icon.showMessage(
                message.title, message.text, kind.Critical if message.urgent else kind.Warning, 10000
            )

    async def close(self) -> None:
        """Nothing stays open."""


class FreeDesktop:
    """``org.freedesktop.Notifications`` on the session bus: replaced by condition, with a button and a click."""

    def __init__(self, opened: Callable[[Message], None]) -> None:
        self._opened = opened
        self._bus = Bus("SESSION")
        self._address: Any = None
        self._shown: dict[str, int] = {}
        self._messages: dict[int, Message] = {}
        self._markup = False

    async def connect(self) -> bool:
        """True when the session bus and a notification service are there."""
        try:
            from jeepney import DBusAddress, MatchRule, new_method_call

            await self._bus.connect()
            name = "org.freedesktop.Notifications"
            self._address = DBusAddress("/org/freedesktop/Notifications", name, name)
            (capabilities,) = await self._bus.call(new_method_call(self._address, "GetCapabilities"))
            self._markup = "body-markup" in capabilities
            await self._bus.listen(MatchRule(type="signal", interface=name), self._heard, "ui:notifications")
        except Exception as error:
            log.info("no notification service on the session bus: %s", error)
            await self.close()
            return False
        return True

    def _heard(self, signal: Any) -> None:
        match signal.header.fields.get(3):
            case "ActionInvoked":
                message = self._messages.get(signal.body[0])
                if message is not None:
                    self._opened(message)
            case "NotificationClosed":
                message = self._messages.pop(signal.body[0], None)
                if message is not None:
                    self._shown.pop(message.key, None)

    async def show(self, message: Message) -> None:
        """Show it, in place of an older one about the same condition."""
        from html import escape

        from jeepney import new_method_call

        text = escape(message.text, quote=False) if self._markup else message.text
        body = (
            "Archisync",
            self._shown.get(message.key, 0),
            "archisync-gui",
            message.title,
            text,
            ["default", tr("Open"), "open", tr("Open")],
            {"desktop-entry": ("s", "archisync-gui"), "urgency": ("y", 2 if message.urgent else 1)},
            -1,
        )
        (number,) = await self._bus.call(new_method_call(self._address, "Notify", "susssasa{sv}i", body))
        if isinstance(number, int):
            self._shown[message.key] = number
            self._messages[number] = message

    async def close(self) -> None:
        """Leave the bus."""
        await self._bus.close()


async def best_means(icon: QSystemTrayIcon, opened: Callable[[Message], None]) -> Means:
    """The way that does most on this system."""
    if sys.platform.startswith("linux"):
        bus = FreeDesktop(opened)
        if await bus.connect():
            return bus
    return Balloon(icon, opened)
