"""The menu with the durations of a pause, for header and tray."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from PySide6.QtWidgets import QMenu

from archisync_gui import zone
from archisync_gui.ui.live.context import Context
from archisync_gui.ui.text.i18n import tr

MORNING = time(7, 0)
"""When a pause until tomorrow morning ends, in the office's time."""


def tomorrow_morning(now: datetime) -> datetime:
    """The next day's :data:`MORNING` in the office's time zone."""
    local = zone.local(now)
    return zone.local(datetime.combine(local.date() + timedelta(days=1), MORNING))


def fill(menu: QMenu, context: Context) -> None:
    """Fill ``menu`` with the durations; each entry starts the pause."""
    menu.clear()

    def pause(seconds: float | None) -> None:
        context.hold(None if seconds is None else context.now() + timedelta(seconds=seconds))

    menu.addAction(tr("For &15 minutes")).triggered.connect(lambda: pause(900))
    menu.addAction(tr("For &1 hour")).triggered.connect(lambda: pause(3600))
    morning = menu.addAction(tr("Until to&morrow at {time}", time=MORNING.strftime("%H:%M").lstrip("0")))
    morning.triggered.connect(lambda: context.hold(tomorrow_morning(context.now())))
    menu.addSeparator()
    menu.addAction(tr("Until I &resume")).triggered.connect(lambda: pause(None))
