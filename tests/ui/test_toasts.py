"""Notifications through Windows' interface, with a fake of it, and the balloon where Windows has none."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QSystemTrayIcon

from archisync_gui.ui.system import toasts
from archisync_gui.ui.system.message import Message
from archisync_gui.ui.system.notify import Balloon, best_means
from archisync_gui.ui.system.toasts import Toasts
from archisync_gui.ui.text.i18n import set_language

FAILED = Message("type:orders", 'Orders: "a < b"', "c & d", "run", "r1", urgent=True)


class FakeWindows:
    """Records its calls; its callbacks run in another thread, as on Windows."""

    def __init__(self) -> None:
        self.shown: dict[tuple[str, str], Any] = {}
        self.refuses = False
        self.threads: set[str] = set()

    def notifier(self) -> Any:
        return SimpleNamespace(show=self._show)

    def _show(self, toast: Any) -> None:
        self.threads.add(threading.current_thread().name)
        if self.refuses:
            raise OSError(-2147467259, "refused")
        self.shown[toast.group, toast.tag] = toast

    def toast(self, xml: str) -> Any:
        made = SimpleNamespace(xml=xml, activated=None)
        made.add_activated = lambda handler: setattr(made, "activated", handler)
        return made

    def forget(self, group: str) -> None:
        self.shown = {key: toast for key, toast in self.shown.items() if key[0] != group}

    def click(self) -> None:
        """A click on the only toast, reported in another thread."""
        (toast,) = self.shown.values()
        thread = threading.Thread(target=toast.activated, args=(toast, object()))
        thread.start()
        thread.join()


async def connected(windows: FakeWindows) -> tuple[Toasts, asyncio.Queue[Message]]:
    opened: asyncio.Queue[Message] = asyncio.Queue()
    means = Toasts(opened.put_nowait, lambda: windows)
    assert await means.connect()
    return means, opened


async def test_a_click_opens_the_place_in_the_event_loop() -> None:
    windows = FakeWindows()
    means, opened = await connected(windows)
    await means.show(FAILED)
    windows.click()
    assert await asyncio.wait_for(opened.get(), 10) is FAILED
    assert windows.threads != {threading.current_thread().name}
    await means.close()


async def test_the_text_is_escaped_and_the_button_is_in_the_panels_language(qapp: object) -> None:
    windows = FakeWindows()
    means, _ = await connected(windows)
    set_language("it")
    await means.show(FAILED)
    set_language("en")
    (toast,) = windows.shown.values()
    found = ET.fromstring(toast.xml)
    assert [text.text for text in found.iter("text")] == ['Orders: "a < b"', "c & d"]
    buttons = [(action.get("content"), action.get("arguments")) for action in found.iter("action")]
    assert buttons == [("Apri", "open"), ("", "dismiss")]
    assert len(toast.tag) <= 16
    await means.close()


async def test_a_toast_replaces_the_older_one_of_its_condition() -> None:
    windows = FakeWindows()
    means, opened = await connected(windows)
    solved = Message("type:orders", "Orders: resolved", "", "overview")
    await means.show(FAILED)
    await means.show(solved)
    windows.click()
    assert await asyncio.wait_for(opened.get(), 10) is solved
    await means.show(Message("account:anna", "The ERP refused the password of anna", "", "trouble", "anna"))
    assert len(windows.shown) == 2
    await means.close()


async def test_at_the_end_all_toasts_are_removed() -> None:
    windows = FakeWindows()
    windows.shown["another process", "x"] = object()
    means, opened = await connected(windows)
    await means.show(FAILED)
    toast = next(t for (group, _), t in windows.shown.items() if group != "another process")
    await means.close()
    assert list(windows.shown) == [("another process", "x")]
    toast.activated(toast, object())  # a click that arrives after the panel's end
    await asyncio.sleep(0)
    assert opened.empty()


async def test_a_refused_toast_raises_so_that_the_panel_uses_the_balloon() -> None:
    windows = FakeWindows()
    means, _ = await connected(windows)
    windows.refuses = True
    with pytest.raises(OSError, match="refused"):
        await means.show(FAILED)
    await means.close()


@pytest.mark.parametrize("error", [OSError(-2147221164, "class not registered"), ModuleNotFoundError("no winrt")])
async def test_without_windows_notifications_the_tray_shows_them(
    error: Exception, qapp: object, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def load() -> Any:
        raise error

    monkeypatch.setattr(toasts, "_load", load)
    monkeypatch.setattr(QGuiApplication, "platformName", lambda: "windows")
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
    caplog.set_level(logging.INFO, toasts.__name__)
    icon = QSystemTrayIcon()
    assert isinstance(await best_means(icon, lambda _: None), Balloon)
    assert "no notifications with buttons" in caplog.text


@pytest.mark.skipif(sys.platform != "win32", reason="needs Windows: its registry")
async def test_the_real_interface_of_windows_works_or_reports_that_it_is_missing() -> None:
    """The shipped library on this Windows: Wine and a Windows without a desktop have no notifications."""
    import winreg

    means = Toasts(lambda _: None)
    await means.connect()
    with winreg.OpenKey(winreg.HKEY_CURRENT_USER, toasts.IDENTITY_KEY) as key:
        assert winreg.QueryValueEx(key, "DisplayName")[0] == "Archisync"
    await means.close()
