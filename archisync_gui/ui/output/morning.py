"""The automatic summary of the day before, written to a folder or printed each morning at a set time."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QTextDocument

from archisync_gui import zone
from archisync_gui.model import SyncFailure
from archisync_gui.ui.live.context import Context, problem
from archisync_gui.ui.live.past_runs import midnight
from archisync_gui.ui.live.services import Services, account_ids
from archisync_gui.ui.text.i18n import tr

if TYPE_CHECKING:
    from archisync_gui.settings import Settings

MADE = "summary/made"
"""Key, in the window's memory, of the last day on which it was made."""

AGAIN = timedelta(minutes=10)
"""Time until the next attempt: a network drive or a printer may be ready later than the panel that starts at login."""


class Morning(QObject):
    """Makes the summary once a day, as soon as a status or a tick comes after the set time."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._context = context
        self._made = context.recall(MADE)
        self._tried: datetime | None = None
        """When the summary was tried last; ``None``: not since the panel was opened."""
        self._failure_shown_on = ""
        """The day on which the panel has said that the summary could not be made."""
        context.bridge.status_changed.connect(self.make_if_due)
        context.bridge.tick.connect(self.make_if_due)

    def make_if_due(self, *_: object) -> None:
        """Make the summary if it is due."""
        services, now = self._context.services, self._context.now()
        today = zone.local(now).date().isoformat()
        if services is None or services.store is None or self._made == today or not is_due(services.settings(), now):
            return
        if self._tried is not None and abs(now - self._tried) < AGAIN:
            return
        self._tried = now
        self._context.background.run(self._make_and_note(services, now, today), "morning-summary")

    async def _make_and_note(self, services: Services, now: datetime, today: str) -> None:
        """Make the summary and note the day, or say once a day why it could not be made."""
        try:
            why = await self._make(services, now)
        except (OSError, RuntimeError, SyncFailure) as error:  # RuntimeError: a home folder that the system lacks
            why = tr("The summary was not written. {why}", why=problem(error))
        if not why:
            self._made = today
            self._context.remember(MADE, today)
        elif self._failure_shown_on != today:
            self._failure_shown_on = today
            self._context.say(why, "bad")

    async def _make(self, services: Services, now: datetime) -> str:
        """Make the summary. Returns why it could not be printed, or nothing. Raises ``OSError`` and ``SyncFailure``."""
        from archisync_gui.ui.live.summary import THRESHOLD, Period, read_summary, threshold_of
        from archisync_gui.ui.output.paper import print_at_once, write_pdf
        from archisync_gui.ui.output.summary import PAPER, summary_html

        settings, status = services.settings(), self._context.status
        period = Period("morning", midnight(now, 1), midnight(now))
        accounts = account_ids(status) if status is not None else ()
        threshold = threshold_of(self._context.recall(THRESHOLD))
        found = await read_summary(services, accounts, period, threshold, now)
        document = QTextDocument()
        document.setHtml(summary_html(found, PAPER))
        if settings.text("summary.morning") == "print":
            printed = print_at_once(document)
            return "" if printed else tr("The summary could not be printed: this computer has no usual printer.")
        await write_pdf(document, file_of(settings, period.start))
        return ""


def file_of(settings: Settings, day: datetime) -> Path:
    """The file for the summary of a day."""
    return Path(settings.text("summary.folder")).expanduser() / f"archisync-{zone.local(day):%Y-%m-%d}.pdf"


def is_due(settings: Settings, now: datetime) -> bool:
    """True from the set time of a day on, if the summary is switched on and, for files, a folder is set."""
    wanted = settings.text("summary.morning")
    if wanted == "off" or (wanted == "folder" and not settings.text("summary.folder").strip()):
        return False
    return zone.local(now).time() >= time.fromisoformat(settings.text("summary.time"))
