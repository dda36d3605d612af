"""The end of the user's session: when the system shuts down or logs off, the panel closes before it is terminated.

Windows asks every window (``WM_QUERYENDSESSION``; Qt emits ``commitDataRequest``), then reports that the session ends
(``WM_ENDSESSION``; Qt emits ``aboutToQuit`` while it handles that message) and terminates the process soon after the
message was handled. So the wait for the panel's end happens inside ``aboutToQuit``, in an event loop of its own: Qt
emits it between two callbacks of asyncio's, never within a coroutine. A session manager of X11 asks in the same way.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEventLoop, QObject, QTimer
from PySide6.QtGui import QGuiApplication, QSessionManager, QWindow

from archisync_gui.system import windows_library
from archisync_gui.ui.system.application import on_windows

log = logging.getLogger(__name__)

LIMIT = 30_000
"""Milliseconds that the panel may take to close. After about five seconds Windows shows a question of its own, with the
reason that it was given."""


class SessionEnd(QObject):
    """Closes the panel when the session ends. One per process; made before the first window and kept until the end."""

    def __init__(self, app: QGuiApplication, *, reason: Callable[[], str], at_last: Callable[[], object]) -> None:
        """``reason``: one sentence for Windows' list of programs that delay the shutdown. ``at_last`` is called when
        the panel has closed because the session ends: it does the work that usually follows the event loop, since the
        program does not get there then."""
        super().__init__(app)
        self._reason = reason
        self._at_last = at_last
        self._ending = False
        self._over = False
        self._waiting: QEventLoop | None = None
        self._window: QWindow | None = None
        if on_windows():
            # Windows asks windows only: a panel that started hidden in the tray has none.
            self._window = QWindow()
            self._window.create()
        app.commitDataRequest.connect(self._session_asks)
        app.aboutToQuit.connect(self._about_to_quit)

    def panel_is_over(self) -> None:
        """The panel has closed: its data are closed and the browser has ended."""
        self._over = True
        if self._waiting is not None:
            self._waiting.quit()

    def _session_asks(self, _manager: QSessionManager) -> None:
        self.session_asks()

    def session_asks(self) -> None:
        """The system asks whether the session may end. It may, though another program can still prevent it."""
        log.info("the session is about to end")
        self._ending = True
        if self._window is not None:
            _block_shutdown(int(self._window.winId()), self._reason())

    def _about_to_quit(self) -> None:
        if not self._ending or self._over or self._waiting is not None:
            return
        log.info("the session ends: the panel is closed first")
        self._waiting = QEventLoop()
        patience = QTimer(singleShot=True, interval=LIMIT)
        patience.timeout.connect(self._waiting.quit)
        patience.start()
        self._waiting.exec()
        self._waiting = None
        patience.stop()
        if self._over:
            self._at_last()
            log.info("the panel is closed")
        else:
            log.warning("the session ends before the panel could be closed")
        if self._window is not None:
            _unblock_shutdown(int(self._window.winId()))


def _user32() -> Any:
    return windows_library("user32") if sys.platform == "win32" else None


def _block_shutdown(window: int, reason: str) -> None:
    """Ask Windows to wait with the shutdown, and give the reason."""
    import ctypes

    if (user32 := _user32()) is not None:
        user32.ShutdownBlockReasonCreate(ctypes.c_void_p(window), ctypes.c_wchar_p(reason))


def _unblock_shutdown(window: int) -> None:
    import ctypes

    if (user32 := _user32()) is not None:
        user32.ShutdownBlockReasonDestroy(ctypes.c_void_p(window))
