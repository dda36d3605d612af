"""Notifications of Windows 10 and 11 with buttons, through Windows' own interface (Python/WinRT).

Windows shows notifications only for a program with a registered identity: :func:`register` enters it in the user's part
of the registry. A click reaches this process only while it runs; so the notifications that are left in the notification
centre are removed when the panel ends.
"""

from __future__ import annotations

import asyncio
import hashlib
import importlib
import logging
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from html import escape
from pathlib import Path
from typing import Any, Protocol

from archisync_gui.ui.system.message import Message
from archisync_gui.ui.text.i18n import tr

log = logging.getLogger(__name__)

IDENTITY = "Archisync"
"""The ``AppUserModelId`` under which Windows shows the notifications."""

IDENTITY_KEY = rf"Software\Classes\AppUserModelId\{IDENTITY}"
"""Under ``HKEY_CURRENT_USER``. The uninstaller removes it."""

TOAST = """\
<toast launch="open"><visual><binding template="ToastGeneric">\
<text>{title}</text><text>{text}</text></binding></visual>\
<actions><action content="{open}" arguments="open"/>\
<action content="" arguments="dismiss" activationType="system"/></actions></toast>"""
"""Windows' description of a notification. Text and function of the second button are Windows' own."""


class WinRT(Protocol):
    """The functions of Windows' interface that are used. All are blocking."""

    def notifier(self) -> Any:
        """The ``ToastNotifier`` of :data:`IDENTITY`."""

    def toast(self, xml: str) -> Any:
        """A ``ToastNotification`` of this description."""

    def forget(self, group: str) -> None:
        """Remove the notifications of ``group`` from the notification centre."""


class Toasts:
    """A means of notification (``notify.Means``): one toast per condition, which a newer one replaces."""

    def __init__(self, opened: Callable[[Message], None], load: Callable[[], WinRT] | None = None) -> None:
        """``opened`` is called in the event loop when a toast or its button was clicked; ``load`` returns Windows'
        interface, or a replacement in tests."""
        self._opened = opened
        self._load = load if load is not None else _load
        self._windows: WinRT | None = None
        self._notifier: Any = None
        self._group = str(os.getpid())
        self._shown: dict[str, Any] = {}
        """The last toast of each key: its callback works only as long as the object exists."""
        # Windows' objects belong to the thread that initialised COM for them.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="toasts")

    async def connect(self) -> bool:
        """True when Windows shows notifications to this user. Closes itself otherwise."""
        try:
            await self._on_thread(self._begin)
        except (ImportError, OSError) as error:
            log.info("Windows has no notifications with buttons: %s", error)
            await self.close()
            return False
        return True

    def _begin(self) -> None:
        self._windows = self._load()
        self._notifier = self._windows.notifier()

    async def show(self, message: Message) -> None:
        """Show a message in place of an older one about the same condition. Raises ``OSError`` when Windows refuses."""
        loop = asyncio.get_running_loop()

        def activated(*_: object) -> None:  # on a thread of Windows'
            loop.call_soon_threadsafe(self._clicked, message)

        await self._on_thread(lambda: self._show(message, activated))

    def _show(self, message: Message, activated: Callable[..., None]) -> None:
        assert self._windows is not None
        words = {"title": message.title, "text": message.text, "open": tr("Open")}
        toast = self._windows.toast(TOAST.format_map({name: escape(word) for name, word in words.items()}))
        toast.tag = hashlib.sha256(message.key.encode()).hexdigest()[:16]  # older Windows allows 16 characters
        toast.group = self._group
        toast.add_activated(activated)
        self._notifier.show(toast)
        self._shown[message.key] = toast

    def _clicked(self, message: Message) -> None:
        if message.key in self._shown:  # not after close()
            self._opened(message)

    async def close(self) -> None:
        """Remove the notifications that are still shown."""
        if self._shown:
            self._shown.clear()
            try:
                await self._on_thread(self._forget)
            except OSError as error:
                log.info("the notifications stay in Windows' centre: %s", error)
        self._windows = self._notifier = None
        self._thread.shutdown()

    def _forget(self) -> None:
        if self._windows is not None:
            self._windows.forget(self._group)

    async def _on_thread(self, work: Callable[[], None]) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, work)


def register() -> None:
    """Register the name and, where the program is installed, the icon that Windows shows above the notifications.
    Blocking. Raises ``OSError``."""
    winreg: Any = importlib.import_module("winreg")
    icon = Path(sys.executable).with_name("archisync.png")
    with winreg.CreateKey(winreg.HKEY_CURRENT_USER, IDENTITY_KEY) as key:
        winreg.SetValueEx(key, "DisplayName", 0, winreg.REG_SZ, "Archisync")
        if icon.exists():
            winreg.SetValueEx(key, "IconUri", 0, winreg.REG_SZ, str(icon))


def _load() -> WinRT:
    """Windows' own interface, for the calling thread. Raises ``OSError`` or ``ImportError`` where there is none."""
    runtime: Any = importlib.import_module("winrt.runtime")
    runtime.init_apartment(runtime.ApartmentType.MULTI_THREADED)
    register()
    return _Windows()


class _Windows:
    """Windows' own interface; see :class:`WinRT`."""

    def __init__(self) -> None:
        self._dom: Any = importlib.import_module("winrt.windows.data.xml.dom")
        self._notifications: Any = importlib.import_module("winrt.windows.ui.notifications")

    def notifier(self) -> Any:
        return self._notifications.ToastNotificationManager.create_toast_notifier(IDENTITY)

    def toast(self, xml: str) -> Any:
        document = self._dom.XmlDocument()
        document.load_xml(xml)
        return self._notifications.ToastNotification(document)

    def forget(self, group: str) -> None:
        self._notifications.ToastNotificationManager.history.remove_group(group, IDENTITY)
