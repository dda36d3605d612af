"""Notifications: which conditions are told, how often, and by what means. Showing a place is the panel's work.

One condition is told once: again only after its back-off has passed, and once more when it is resolved.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any, Protocol

from PySide6.QtWidgets import QSystemTrayIcon

from archisync_gui import zone
from archisync_gui.conditions import Condition, Kind, conditions
from archisync_gui.model import STORED, AccountTypeStatus, Event, EventKind, FailureKind, Status
from archisync_gui.settings import Settings
from archisync_gui.system import sys_platform
from archisync_gui.ui.system.application import on_windows
from archisync_gui.ui.system.bus import Bus
from archisync_gui.ui.system.message import Message
from archisync_gui.ui.text import words
from archisync_gui.ui.text.i18n import tr

log = logging.getLogger(__name__)

FIRST_PAUSE = timedelta(minutes=10)
"""A condition that lasts is told again after so long, then after twice as long, up to :data:`LONGEST_PAUSE`."""

LONGEST_PAUSE = timedelta(hours=4)

LONG_HOLD = timedelta(minutes=60)
"""A pause of the operator's own is called to mind after so long."""


@dataclass(slots=True)
class _Told:
    last: datetime
    pause: timedelta
    first: datetime
    """When it was told for the first time since it was resolved last."""
    resolved: bool = False


@dataclass(slots=True)
class Policy:
    """Decides what is told. Plain state: conditions that hold, and when each was told last."""

    told: dict[str, _Told] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)
    """Keys of conditions told and not resolved yet."""
    about: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    """Of an open key of a list: the lists and accounts that had the condition."""

    def of_status(
        self, status: Status, now: datetime, settings: Settings, without_password: Collection[str] = ()
    ) -> list[Message]:
        """Failures that last, recoveries, credentials, long holds. In quiet hours nothing is told or forgotten: what
        still holds when they end is told then. ``without_password``: accounts that need one before they are read."""
        if _quiet(now, settings):
            return []
        wanted: list[Message] = []
        holding: set[str] = set()
        for condition in conditions(status):
            keys = _keys(condition)
            holding |= keys
            wanted += _messages(condition, now)
            for key in keys:
                concerned = {(i.type, i.account) for i in condition.items if key == f"type:{i.type}"}
                self.about[key] = self.about.get(key, set()) | concerned
        for account in without_password:
            key = f"account:{account}"
            if key not in holding:
                holding.add(key)
                wanted.append(_password_missing(account))
        found = [m for m in wanted if self._due(m, now) and _allowed(m, settings)]
        resolved = [
            Message(key, tr("{name}: resolved", name=_name(key)), tr("It works again."), "overview")
            for key in self._over(status, holding)
        ]
        for message in found:
            self._tell(message.key, now)
        self.about = {key: value for key, value in self.about.items() if key in holding | self.open}
        return [*found, *resolved] if settings.flag("notify.recovery") else found

    def _tell(self, key: str, now: datetime) -> None:
        """Told now: the same is told again after a pause that grows while it is not resolved."""
        before = self.told.get(key)
        again = before is not None and not before.resolved
        pause = min(before.pause * 2, LONGEST_PAUSE) if before is not None and again else FIRST_PAUSE
        self.told[key] = _Told(now, pause, before.first if before is not None and again else now)
        self.open.add(key)

    def _over(self, status: Status, holding: Collection[str]) -> list[str]:
        """The keys of which a read shows that they work again. A condition may also end because nothing was tried yet
        or its account is not in use any more: the former stays open, the latter is forgotten without a word."""
        works = []
        for key in sorted(self.open - set(holding)):
            told = self.told[key]
            proved = _works(key, self.about.get(key, set()), told.first, status)
            if proved is None or proved:
                self.open.discard(key)
                # Kept with its time: what comes and goes and comes again is still told at most once in that time.
                self.told[key] = _Told(told.last, FIRST_PAUSE, told.first, resolved=True)
            if proved:
                works.append(key)
        return works

    def of_events(self, events: Sequence[Event], now: datetime, settings: Settings) -> list[Message]:
        """Sessions that timed out."""
        if not settings.flag("notify.session_timeout") or _quiet(now, settings):
            return []
        message = Message(
            "session",
            tr("An order form was left open"),
            tr("No sign of life: the waiting updates go on. The form starts again by itself at the next input."),
            "sessions",
        )
        if not any(e.kind is EventKind.SMART_SYNC_TIMEOUT for e in events) or not self._due(message, now):
            return []
        self.told[message.key] = _Told(now, FIRST_PAUSE, now)
        return [message]

    def of_watch(self, message: Message, now: datetime, settings: Settings) -> list[Message]:
        """Something happened to a watched record. It is an event and no condition, so it is told each time."""
        return [] if _quiet(now, settings) or not settings.flag("notify.watches") else [message]

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
        self.told[message.key] = _Told(now, FIRST_PAUSE, now)
        return [message]

    def _due(self, message: Message, now: datetime) -> bool:
        told = self.told.get(message.key)
        return told is None or now - told.last >= told.pause


def _keys(condition: Condition) -> set[str]:
    """Keys of the messages that a condition keeps open: a list that fails is not resolved because the whole ERP is
    silent now, nor while it is read again."""
    keys = {f"type:{name}" for name in condition.lists} if condition.kind in _OF_LISTS else set()
    match condition.kind:
        case Kind.STOPPED:
            return {f"account:{account}" for account in condition.accounts}
        case Kind.SILENT:
            return keys | {"erp"}
        case Kind.BROWSER:
            return keys | {"browser"}
        case Kind.HOLD:
            return {"hold"}
        case _:
            return keys


def _works(key: str, about: Collection[tuple[str, str]], told: datetime, status: Status) -> bool | None:
    """True: a read proves that the subject of ``key`` works again; ``None``: there is no such subject any more."""
    part, _, name = key.partition(":")
    used = {account.id for account in status.accounts if account.enabled}
    items = [i for t in status.statuses.values() for i in t.accounts if i.account in used or not i.account]
    match part:
        case "hold":
            return None  # who resumes knows it
        case "type":
            mine = [i for i in items if (i.type, i.account) in about]
            return all(i.last_outcome in STORED and not i.failures_in_a_row for i in mine) if mine else None
        case "account":
            return any(_read_since(i, told) for i in items if i.account == name) if name in used else None
        case _:
            return any(_read_since(i, told) for i in items) if used else None


def _read_since(item: AccountTypeStatus, told: datetime) -> bool:
    """True when a good read of the list began after ``told``, be it a fast one."""
    times = [item.last_run_time, item.new_as_of, item.last_attempt if item.last_outcome in STORED else None]
    return any(at is not None and at > told for at in times)


_OF_LISTS = frozenset({Kind.REFUSED, Kind.FAILED, Kind.SILENT, Kind.BROWSER})
"""Kinds that are told list by list, or keep such messages open."""


def _messages(condition: Condition, now: datetime) -> Iterator[Message]:
    """The messages about a condition. A failure is told when its attempts are used up and none is under way."""
    lasting = [item for item in condition.items if item.failures_in_a_row > 0 and not item.is_running]
    names = ", ".join(words.type_name(item) for item in condition.lists)
    match condition.kind:
        case Kind.STOPPED:
            for account in condition.accounts:
                yield _stopped(condition.error.code if condition.error is not None else "", account)
        case Kind.REFUSED:
            for name in condition.lists:
                item = next(i for i in condition.items if i.type == name)
                title = tr("{type}: a read looked wrong", type=words.type_name(name))
                text = tr("Nothing was changed. Look at what was found and decide.")
                yield Message(f"type:{name}", title, text, "trouble", item, True)
        case Kind.SILENT if lasting:
            text = tr("{names}: tried again by itself.", names=names)
            yield Message("erp", tr("The ERP does not answer"), text, "overview")
        case Kind.BROWSER if lasting:
            error = condition.error
            said = words.code_text(error.code, error.params) if error and error.kind is FailureKind.PERMANENT else None
            text = f"{said.what} {said.todo}" if said else tr("{names}: tried again by itself.", names=names)
            yield Message("browser", tr("Archisync's browser does not work"), text, "overview")
        case Kind.FAILED:
            for item in {i.type: i for i in lasting}.values():
                why = words.failure_word(item.last_error)
                title = tr("{type}: the update failed", type=words.type_name(item.type))
                text = tr("{why}. The data stay as they were.", why=why[:1].upper() + why[1:])
                yield Message(f"type:{item.type}", title, text, "run", item.last_run_id)
        case Kind.HOLD if condition.since is not None and now - condition.since >= LONG_HOLD:
            yield Message("hold", tr("Still paused by you"), tr("Nothing is read until you resume."), "overview")


def _stopped(code: str, account: str) -> Message:
    if code == "password-missing":
        return _password_missing(account)
    text = tr("The lists that need it wait until you correct it.")
    return Message(f"account:{account}", words.stopped_title(code, account), text, "trouble", account, True)


def _password_missing(account: str) -> Message:
    title = words.stopped_title("password-missing", account)
    return Message(
        f"account:{account}", title, tr("The lists that need it wait until you enter it."), "password", account, True
    )


def _name(key: str) -> str:
    """What people call the subject of a message, in the language of this moment."""
    part, _, name = key.partition(":")
    match part:
        case "type":
            return words.type_name(name)
        case "account":
            return name
        case "browser":
            return tr("Archisync's browser")
        case "hold":
            return tr("The pause")
        case _:
            return tr("The ERP")


def _allowed(message: Message, settings: Settings) -> bool:
    level = {"hold": "notify.long_hold", "account": "notify.credentials"}
    return settings.flag(level.get(message.key.split(":")[0], "notify.failure"))


def _quiet(now: datetime, settings: Settings) -> bool:
    start, end = (time.fromisoformat(settings.text(k)) for k in ("notify.quiet_from", "notify.quiet_to"))
    at = zone.local(now).time()
    if start == end:
        return False
    return start <= at < end if start < end else at >= start or at < end


# ------------------------------------------------------------------------------------------------------ means


class Means(Protocol):
    """A way to show notifications."""

    async def show(self, message: Message) -> None: ...
    async def close(self) -> None: ...


class Balloon:
    """Qt's own balloons at the tray icon: macOS, and where there is no notification service."""

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
        except asyncio.CancelledError:
            await self.close()
            raise
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
    if sys_platform() == "linux":
        bus = FreeDesktop(opened)
        if await bus.connect():
            return bus
    if on_windows():
        from archisync_gui.ui.system.toasts import Toasts

        toasts = Toasts(opened)
        if await toasts.connect():
            return toasts
    return Balloon(icon, opened)
