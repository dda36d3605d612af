"""The end of the user's session: when the system shuts down or logs off, the panel ends cleanly before it is ended.

Windows asks every window (``WM_QUERYENDSESSION``; Qt emits ``commitDataRequest``), then tells them that the session
ends (``WM_ENDSESSION``; Qt emits ``aboutToQuit`` from within that message) and ends the process soon after the message
has returned. So the wait for the panel's end happens inside ``aboutToQuit``, in an event loop of its own: Qt emits it
between two callbacks of asyncio's, never within a coroutine. A session manager of X11 asks in the same way.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QEventLoop, QObject, QTimer
from PySide6.QtGui import QGuiApplication, QSessionManager, QWindow

from archisync_gui.ui.system.application import on_windows

log = logging.getLogger(__name__)

LIMIT = 30_000
"""Milliseconds that the panel may take to end. Windows shows its own question after about five seconds: the reason
that is given to it stands there."""


class SessionEnd(QObject):
    """One per panel's process. Made before the first window; the caller keeps it until the program's end."""

    def __init__(self, app: QGuiApplication, *, reason: Callable[[], str], at_last: Callable[[], object]) -> None:
        """``reason``: one sentence for Windows' list of programs that hold the end up. ``at_last`` is called when the
        panel has ended within a session's end: what else would come after the event loop, which is not reached then."""
        super().__init__(app)
        self._reason = reason
        self._at_last = at_last
        self._asked = False
        self._over = False
        self._waiting: QEventLoop | None = None
        self._window: QWindow | None = None
        if on_windows():
            # Windows asks windows: a panel that started hidden in the tray has none that it could ask.
            self._window = QWindow()
            self._window.create()
        app.commitDataRequest.connect(self._session_asks)
        app.aboutToQuit.connect(self._about_to_quit)

    def panel_is_over(self) -> None:
        """The panel has ended: data are closed and the browser is gone."""
        self._over = True
        if self._waiting is not None:
            self._waiting.quit()

    def _session_asks(self, _manager: QSessionManager) -> None:
        self.session_asks()

    def session_asks(self) -> None:
        """The system asks whether the session may end. It may; another program can still cancel it."""
        log.info("the session is about to end")
        self._asked = True
        if self._window is not None:
            _hold_up(int(self._window.winId()), self._reason())

    def _about_to_quit(self) -> None:
        if not self._asked or self._over or self._waiting is not None:
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
            _let_go(int(self._window.winId()))


def _user32() -> Any:
    import ctypes

    return getattr(ctypes, "WinDLL")("user32") if sys.platform == "win32" else None  # noqa: B009  # unknown elsewhere


def _hold_up(window: int, reason: str) -> None:
    """Give Windows the reason why the end has to wait for a moment."""
    import ctypes

    if (user32 := _user32()) is not None:
        user32.ShutdownBlockReasonCreate(ctypes.c_void_p(window), ctypes.c_wchar_p(reason))


def _let_go(window: int) -> None:
    import ctypes

    if (user32 := _user32()) is not None:
        user32.ShutdownBlockReasonDestroy(ctypes.c_void_p(window))
