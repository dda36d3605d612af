"""The automatic summary of the day before, written to a folder or printed each morning at a set time. The summaries of
earlier days on which the panel was not open at that time follow, too."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
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
"""Key, in the window's memory, of the last day on which it was made: it is then there for all days before."""

AGAIN = timedelta(minutes=10)
"""Time until the next attempt: a network drive or a printer may be ready later than the panel that starts at login."""

DAYS = 7
"""The most days whose summaries are made at once."""


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
        if services is None or services.store is None:
            return
        if not is_wanted(services.settings()):
            self._note("")  # so that it begins with yesterday's when it is switched on again
        if self._made == today or not is_due(services.settings(), now):
            return
        if self._tried is not None and abs(now - self._tried) < AGAIN:
            return
        self._tried = now
        self._context.background.run(self._make_and_note(services, now, today), "morning-summary")

    async def _make_and_note(self, services: Services, now: datetime, today: str) -> None:
        """Make the summaries and note the day after each, or say once a day why one could not be made."""
        for back in range(days_missing(self._made, today), 0, -1):
            try:
                why = await self._make(services, now, back)
            except (OSError, RuntimeError, SyncFailure) as error:  # RuntimeError: a home folder that the system lacks
                why = tr("The summary was not written. {why}", why=problem(error))
            if why:
                if self._failure_shown_on != today:
                    self._failure_shown_on = today
                    self._context.say(why, "bad")
                return
            self._note(zone.local(midnight(now, back - 1)).date().isoformat())

    def _note(self, made: str) -> None:
        if made != self._made:
            self._made = made
            self._context.remember(MADE, made)

    async def _make(self, services: Services, now: datetime, back: int) -> str:
        """Make the summary of the day ``back`` days before today; not of one without reads, unless it was yesterday.
        Returns why it could not be printed, or nothing. Raises ``OSError`` and ``SyncFailure``."""
        from archisync_gui.ui.live.summary import THRESHOLD, Period, read_summary, threshold_of
        from archisync_gui.ui.output.paper import print_at_once, write_pdf
        from archisync_gui.ui.output.summary import PAPER, summary_html

        settings, status = services.settings(), self._context.status
        period = Period("morning" if back == 1 else "day", midnight(now, back), midnight(now, back - 1))
        assert services.store is not None
        if back > 1 and not await services.store.runs(since=period.start, before=period.end, limit=1):
            return ""
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


def days_missing(made: str, today: str) -> int:
    """The number of days before ``today`` whose summary is due if it was last made on the day ``made`` (both as
    ``2026-03-10``; empty: never), at most :data:`DAYS`."""
    try:
        days = (date.fromisoformat(today) - date.fromisoformat(made)).days
    except ValueError:
        return 1
    return min(days, DAYS) if days > 0 else 1


def is_wanted(settings: Settings) -> bool:
    """True if the summary is switched on and, for files, a folder is set."""
    wanted = settings.text("summary.morning")
    return wanted == "print" or (wanted == "folder" and bool(settings.text("summary.folder").strip()))


def is_due(settings: Settings, now: datetime) -> bool:
    """True from the set time of a day on, if the summary is wanted."""
    return is_wanted(settings) and zone.local(now).time() >= time.fromisoformat(settings.text("summary.time"))
