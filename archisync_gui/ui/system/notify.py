"""Notifications: for which conditions, how often, and by what means they are shown. The panel opens the clicked place.

A condition is shown once; again only after a pause that grows, and once more when it is resolved.
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
"""A condition that lasts is shown again after this time, then after twice as long, up to :data:`LONGEST_PAUSE`."""

LONGEST_PAUSE = timedelta(hours=4)

LONG_HOLD = timedelta(minutes=60)
"""Time after which the operator is reminded of a pause."""


@dataclass(slots=True)
class _Notified:
    last: datetime
    pause: timedelta
    first: datetime
    """When it was first shown since it was last resolved."""
    resolved: bool = False


@dataclass(slots=True)
class Policy:
    """Decides which notifications are shown. Its state: which conditions were shown, and when."""

    notified: dict[str, _Notified] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)
    """Keys of conditions that were shown and are not resolved yet."""
    about: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    """For an open key of a list: the lists and accounts that had the condition."""

    def of_status(
        self, status: Status, now: datetime, settings: Settings, without_password: Collection[str] = ()
    ) -> list[Message]:
        """Messages about lasting failures, recoveries, credentials and long pauses. None in quiet hours: conditions
        that still hold when these end are shown then. ``without_password``: accounts that need a password before they
        can be read."""
        if _in_quiet_hours(now, settings):
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
            Message(key, tr("{name}: resolved", name=_subject(key)), tr("It works again."), "overview")
            for key in self._resolved(status, holding)
        ]
        for message in found:
            self._mark_notified(message.key, now)
        self.about = {key: value for key, value in self.about.items() if key in holding | self.open}
        return [*found, *resolved] if settings.flag("notify.recovery") else found

    def _mark_notified(self, key: str, now: datetime) -> None:
        """Note that a condition is shown now; the pause until it is shown again grows while it is not resolved."""
        before = self.notified.get(key)
        again = before is not None and not before.resolved
        pause = min(before.pause * 2, LONGEST_PAUSE) if before is not None and again else FIRST_PAUSE
        self.notified[key] = _Notified(now, pause, before.first if before is not None and again else now)
        self.open.add(key)

    def _resolved(self, status: Status, holding: Collection[str]) -> list[str]:
        """The keys whose subject works again, as a read has shown. A condition can also end without that: because no
        read was tried yet (its key stays open), or because its account is no longer in use (its key is dropped)."""
        works = []
        for key in sorted(self.open - set(holding)):
            notified = self.notified[key]
            proved = _is_resolved(key, self.about.get(key, set()), notified.first, status)
            if proved is None or proved:
                self.open.discard(key)
                # Its time is kept, so that a condition that comes and goes is shown at most once in FIRST_PAUSE.
                self.notified[key] = _Notified(notified.last, FIRST_PAUSE, notified.first, resolved=True)
            if proved:
                works.append(key)
        return works

    def of_events(self, events: Sequence[Event], now: datetime, settings: Settings) -> list[Message]:
        """The message about sessions that timed out."""
        if not settings.flag("notify.session_timeout") or _in_quiet_hours(now, settings):
            return []
        message = Message(
            "session",
            tr("An order form was left open"),
            tr("No sign of life: the waiting updates go on. The form starts again by itself at the next input."),
            "sessions",
        )
        if not any(e.kind is EventKind.SMART_SYNC_TIMEOUT for e in events) or not self._due(message, now):
            return []
        self.notified[message.key] = _Notified(now, FIRST_PAUSE, now)
        return [message]

    def of_watch(self, message: Message, now: datetime, settings: Settings) -> list[Message]:
        """The message about a watched record. It is about an event, not a condition, so it is shown each time."""
        return [] if _in_quiet_hours(now, settings) or not settings.flag("notify.watches") else [message]

    def of_requests(self, waiting: int, now: datetime, settings: Settings) -> list[Message]:
        """The message about order forms that wait for consent; ``waiting``: their number."""
        message = Message(
            "form-request",
            tr("An order form waits for your consent"),
            tr("It was opened from a bookmark. Allow it in the panel if it is yours."),
            "overview",
        )
        if not waiting:
            self.notified.pop(message.key, None)
            return []
        if _in_quiet_hours(now, settings) or not self._due(message, now):
            return []
        self.notified[message.key] = _Notified(now, FIRST_PAUSE, now)
        return [message]

    def _due(self, message: Message, now: datetime) -> bool:
        notified = self.notified.get(message.key)
        return notified is None or now - notified.last >= notified.pause


def _keys(condition: Condition) -> set[str]:
    """Keys of the messages that a condition keeps open. A list's failure is not resolved when the whole ERP does not
    answer any more, so that condition keeps it open, too."""
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


def _is_resolved(key: str, about: Collection[tuple[str, str]], since: datetime, status: Status) -> bool | None:
    """True: a read has shown that the subject of ``key`` works again; ``None``: the subject does not exist any more.
    ``since``: when the condition was first shown."""
    part, _, name = key.partition(":")
    used = {account.id for account in status.accounts if account.enabled}
    items = [i for t in status.statuses.values() for i in t.accounts if i.account in used or not i.account]
    match part:
        case "hold":
            return None  # needs no message: the operator has resumed
        case "type":
            mine = [i for i in items if (i.type, i.account) in about]
            return all(i.last_outcome in STORED and not i.failures_in_a_row for i in mine) if mine else None
        case "account":
            return any(_read_since(i, since) for i in items if i.account == name) if name in used else None
        case _:
            return any(_read_since(i, since) for i in items) if used else None


def _read_since(item: AccountTypeStatus, since: datetime) -> bool:
    """True when a successful read of the list, whole or fast, began after ``since``."""
    times = [item.last_run_time, item.new_as_of, item.last_attempt if item.last_outcome in STORED else None]
    return any(at is not None and at > since for at in times)


_OF_LISTS = frozenset({Kind.REFUSED, Kind.FAILED, Kind.SILENT, Kind.BROWSER})
"""Kinds with a message for each list, or which keep such messages open."""


def _messages(condition: Condition, now: datetime) -> Iterator[Message]:
    """The messages about a condition. A failure has one when all its attempts have failed and none is under way."""
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
            found = words.code_text(error.code, error.params) if error and error.kind is FailureKind.PERMANENT else None
            text = f"{found.what} {found.todo}" if found else tr("{names}: tried again by itself.", names=names)
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


def _subject(key: str) -> str:
    """The name of a key's subject, in the panel's present language."""
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


def _in_quiet_hours(now: datetime, settings: Settings) -> bool:
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
    """Qt's messages at the tray icon: on macOS, and where there is no notification service."""

    def __init__(self, icon: QSystemTrayIcon, opened: Callable[[Message], None]) -> None:
        self._icon = icon
        self._last: Message | None = None
        self._opened = opened
        icon.messageClicked.connect(self._clicked)

    def _clicked(self) -> None:
        if self._last is not None:
            self._opened(self._last)

    async def show(self, message: Message) -> None:
        """Show a message at the icon; without a tray nothing is shown."""
        self._last = message
        if self._icon.isVisible():
            kind = QSystemTrayIcon.MessageIcon
            self._icon.showMessage(
                message.title, message.text, kind.Critical if message.urgent else kind.Warning, 10000
            )

    async def close(self) -> None:
        """Nothing stays open."""


class FreeDesktop:
    """``org.freedesktop.Notifications`` on the session bus, with a button and a click; a newer message about the same
    condition replaces the older one."""

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
            await self._bus.listen(MatchRule(type="signal", interface=name), self._on_signal, "ui:notifications")
        except asyncio.CancelledError:
            await self.close()
            raise
        except Exception as error:
            log.info("no notification service on the session bus: %s", error)
            await self.close()
            return False
        return True

    def _on_signal(self, signal: Any) -> None:
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
        """Show a message, in place of an older one about the same condition."""
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
    """The most capable means on this system."""
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
