"""The tray icon: shape and colour for the state, a tooltip, a menu. It appears late where the tray does."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from archisync_gui.model import Status
from archisync_gui.ui.live.context import Context
from archisync_gui.ui.look.icons import tray_icon
from archisync_gui.ui.shell.pause import fill
from archisync_gui.ui.text import status_words, words
from archisync_gui.ui.text.i18n import plain, tr

CHECK_DELAYS = (0.5, 1, 2, 4, 8, 15, 30, 60)
"""Seconds between the checks for a tray after a start (a desktop may start its panel after the programs)."""


class Tray(QObject):
    """The tray icon; one per panel."""

    opened = Signal()
    """The operator wants to see the window."""
    appeared = Signal()
    """There is a tray, and the icon is shown."""
    quit_asked = Signal()

    def __init__(self, context: Context, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._icon = QSystemTrayIcon(self)
        self._icon.activated.connect(self._activated)
        self._icon.messageClicked.connect(self.opened)
        self._menu = QMenu()
        self._types = QMenu(self._menu)
        self._kind: tuple[str, int] = ("", 0)
        self._check_delays = iter(CHECK_DELAYS)
        self._check_timer = QTimer(self, singleShot=True)
        self._check_timer.timeout.connect(self._check_for_tray)
        self._open = self._add(self.opened.emit)
        self._all = self._add(context.sync_all)
        self._menu.addMenu(self._types)
        self._hold = self._add(context.toggle_hold)
        self._pause = QMenu(self._menu)
        self._menu.addMenu(self._pause)
        self._form = self._add(context.open_order_form)
        self._menu.addSeparator()
        self._quit = self._add(self.quit_asked.emit)
        self._icon.setContextMenu(self._menu)
        self.retranslate()
        context.bridge.status_changed.connect(self.show_status)
        context.services_changed.connect(self._list_types)
        self._paint("starting", -1)
        self._check_for_tray()

    @property
    def present(self) -> bool:
        """True when the icon is in a tray."""
        return self._icon.isVisible() and QSystemTrayIcon.isSystemTrayAvailable()

    @property
    def icon(self) -> QSystemTrayIcon:
        """The icon itself, for its messages."""
        return self._icon

    @property
    def menu(self) -> QMenu:
        """The icon's menu."""
        return self._menu

    def _add(self, act: object) -> QAction:
        action = QAction(self._menu)
        action.triggered.connect(act)
        self._menu.addAction(action)
        return action

    def check_again(self) -> None:
        """Check once more whether there is a tray."""
        if not self.present and QSystemTrayIcon.isSystemTrayAvailable():
            self._check_timer.stop()
            self._check_for_tray()

    def _check_for_tray(self) -> None:
        if QSystemTrayIcon.isSystemTrayAvailable():
            self._icon.show()
            self.appeared.emit()
            return
        wait = next(self._check_delays, None)
        if wait is not None:
            self._check_timer.start(int(wait * 1000))

    def _list_types(self) -> None:
        self._types.clear()
        services = self._context.services
        for entity in services.entities if services is not None else ():
            action = QAction(words.type_name(entity.name), self._types)
            action.triggered.connect(partial(self._context.sync, entity.name, None))
            self._types.addAction(action)

    def retranslate(self) -> None:
        """Set all texts in the present language."""
        self._open.setText(tr("&Open Archisync"))
        self._all.setText(tr("Up&date all"))
        self._pause.setTitle(tr("&Pause all"))
        fill(self._pause, self._context)
        self._types.setTitle(tr("Update &one list"))
        self._form.setText(tr("Open order &form"))
        self._quit.setText(tr("&Quit"))
        self._list_types()
        if self._context.status is not None:
            self._kind = ("", 0)
            self.show_status(self._context.status)
        else:
            self._hold.setVisible(False)
            self._icon.setToolTip("Archisync: " + tr("Starting…"))

    def show_waiting(self, found: status_words.Headline | None) -> None:
        """Show what the start waits for; ``None``: it continues."""
        self._paint("starting" if found is None else found.kind, -1)
        state = tr("Starting…") if found is None else f"{found.title}: {found.detail}"
        self._icon.setToolTip(plain(f"Archisync: {state}"))

    def show_status(self, status: Status) -> None:
        """Show icon and tooltip for this status."""
        found = status_words.headline(status, self._context.now())
        kind = found.kind
        if kind in ("running", "late", "fresh") and status.session_count and kind != "trouble":
            kind = "session" if kind != "running" else "running"
        tenths = -1 if found.fraction is None else int(found.fraction * 10)
        self._paint(kind, tenths)
        demo = self._context.services is not None and self._context.services.demo
        tip = f"Archisync{' [DEMO]' if demo else ''}: {found.title}"
        if self._icon.toolTip() != plain(tip):
            self._icon.setToolTip(plain(tip))
        held = status.hold_since is not None
        self._hold.setText(tr("&Resume"))
        self._hold.setVisible(held)
        self._pause.menuAction().setVisible(not held)

    def _paint(self, kind: str, tenths: int) -> None:
        if (kind, tenths) != self._kind:
            self._kind = (kind, tenths)
            self._icon.setIcon(tray_icon(kind, tenths))

    def _activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason in (QSystemTrayIcon.ActivationReason.Trigger, QSystemTrayIcon.ActivationReason.DoubleClick):
            self.opened.emit()

    def close(self) -> None:
        """Remove the icon."""
        self._check_timer.stop()
        self._icon.hide()
        self._menu.deleteLater()
